"""Each weekday weighs one seventh: for diaries in which weekends are missing more often than weekdays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from outcomes.analysis.estimates import Estimate, Values, mean_interval, paired_change
from outcomes.analysis.missing_diaries.day_grid import DayGrid
from outcomes.analysis.missing_diaries.started import Answer
from outcomes.plan import DAYS_PER_PERIOD

_METHOD = "each weekday weighs 1/7"


def weekday_rates(baseline: DayGrid, followup: DayGrid, confidence: float) -> tuple[Answer, ...]:
    """Level and change of the patients analysed with each weekday of a patient's window at the same weight.

    28 · mean over weekdays of (headache days ÷ recorded days on that weekday). Where a weekday has no recorded
    day in a patient's window, the patient's other weekdays share its weight, and a note counts such patients.
    Rows: `weekday_baseline`, `weekday_followup`, `weekday_change`.
    """
    before, after = weekday_level(baseline), weekday_level(followup)
    n = len(before)
    notes = (*_gaps("baseline", baseline), *_gaps("follow-up", followup))

    def row(name: str, found: Estimate) -> Answer:
        found = replace(found, method=f"{_METHOD}; {found.method}", notes=(*found.notes, *notes))
        return Answer(name, found, n)

    return (
        row("weekday_baseline", mean_interval(before, confidence)),
        row("weekday_followup", mean_interval(after, confidence)),
        row("weekday_change", paired_change(before, after, confidence)),
    )


def weekday_level(grid: DayGrid) -> Values:
    """Headache days per 28 of each patient, each weekday with recorded days at the same weight."""
    total = np.zeros(len(grid.recorded))
    weekdays = np.zeros(len(grid.recorded))
    for weekday in range(7):
        here = grid.weekday == weekday
        recorded = (grid.recorded & here).sum(axis=1)
        headache = (grid.headache & here).sum(axis=1)
        total += np.divide(headache, recorded, out=np.zeros(len(recorded)), where=recorded > 0)
        weekdays += recorded > 0
    return DAYS_PER_PERIOD * total / np.where(weekdays > 0, weekdays, np.nan)


def _gaps(name: str, grid: DayGrid) -> tuple[str, ...]:
    has_all = np.ones(len(grid.recorded), dtype=np.bool_)
    for weekday in range(7):
        has_all &= (grid.recorded & (grid.weekday == weekday)).any(axis=1)
    without = int((~has_all).sum())
    if not without:
        return ()
    who = "patient has" if without == 1 else "patients have"
    return (f"weekday_without_days: {without} {who} a weekday without a recorded day ({name})",)
