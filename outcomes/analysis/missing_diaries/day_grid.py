"""The two windows day by day: patients × days, what was recorded, what it said, and on which weekday."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.day_counts import NO_WEEKDAY
from outcomes.analysis.missing_diaries.started import Flags, Started
from outcomes.plan import AnalysisPlan


@dataclass(frozen=True, eq=False)
class DayGrid:
    """One window, a row per patient and a column per day.

    `headache` is False on days that are not recorded: look at `recorded` first. `weekday` is 0 (Monday) to 6;
    where the records hold no calendar (`has_calendar` False) it counts from day 0 instead, which makes the same
    seven strata within a patient but says nothing across patients.
    """

    recorded: Flags
    headache: Flags
    weekday: NDArray[np.int8]
    has_calendar: bool


def day_grids(rows: pd.DataFrame, started: Started, plan: AnalysisPlan) -> dict[str, DayGrid]:
    """`baseline` and `followup` of the patients in `started`, out of `day_rows(periods)`."""
    patient = pd.Index(started.patient_id).get_indexer(pd.Index(rows["patient_id"]))
    known = patient >= 0
    day = rows["relative_day"].to_numpy(np.int64)
    headache = rows["headache"].to_numpy(np.bool_)
    grids = {}
    for name, (first, last) in plan.windows.items():
        here = known & (day >= first) & (day <= last)
        cells = (patient[here], day[here] - first)
        recorded = np.zeros((len(started), last - first + 1), dtype=np.bool_)
        said = recorded.copy()
        recorded[cells] = True
        said[cells] = headache[here]
        grids[name] = DayGrid(recorded, said, *_weekdays(started, first, last))
    return grids


def _weekdays(started: Started, first: int, last: int) -> tuple[NDArray[np.int8], bool]:
    has_calendar = bool((started.first_weekday != NO_WEEKDAY).all())
    from_day = started.first_weekday if has_calendar else np.zeros(len(started), dtype=np.int64)
    days = np.arange(first, last + 1)
    return ((from_day[:, None] + days[None, :]) % 7).astype(np.int8), has_calendar
