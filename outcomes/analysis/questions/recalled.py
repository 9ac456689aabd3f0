"""What patients recall at their visits, where there is no diary. Definitions: docs/method.md#recalled-outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.comparison import compare
from outcomes.analysis.endpoints import measure_endpoints, people_of
from outcomes.analysis.estimates import Estimate, mean_interval
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.recalls import RECALLS, has_recalls, recall_rows, recalled_visits, visit_days
from outcomes.analysis.results import Statistic
from outcomes.errors import InvalidRecords, PlanError
from outcomes.plan import DAYS_PER_PERIOD

ENDPOINT = "headache_days_per_28"

LABELS = {
    "sessions_asked": "sessions at which headache days were asked for",
    "patients_asked": "patients asked at least once",
    "level_baseline": "recalled up to the first session, mean",
    "level_followup": "recalled about the follow-up, mean",
    "baseline_mean": "recalled before, mean of those with both",
    "followup_mean": "recalled after, mean of those with both",
    "change": "change of what was recalled",
    "rate_ratio": "ratio of what was recalled",
    "responders_50": "recalled days reduced by half or more",
    "responders_50_all_started": "the same, of all with a recall up to the first session",
    "worsened_50": "recalled days up by half or more",
}

#: Statistics of the comparison that stand in the answer; the rest is in `compare`.
_FROM_COMPARISON = (
    "baseline_mean",
    "followup_mean",
    "change",
    "rate_ratio",
    "responders_50",
    "responders_50_all_started",
    "worsened_50",
)


def ask_recalled(periods: Periods) -> Answers:
    """Recalled headache days by span: how often asked for, the levels before and after, the change of those with both.

    Every row has the mode recall_28 or recall_7. `frames["levels"]`: `mode`, `period`, `value`, `low`, `high`, `n`.
    Raises PlanError where the records hold no recalled headache days.
    """
    modes = _modes(periods)
    if not modes:
        raise PlanError(
            "These records hold no recalled headache days: sessions need recalled_headache_days_28 (or _7), or "
            "summaries the mode recall_28."
        )
    rows: list[Statistic] = []
    for mode in modes:
        rows += _asked(periods, mode)
        rows += _levels(periods, mode)
        rows += _compared(periods, mode)
    levels = [row for row in rows if row.statistic.startswith("level_")]
    frame = pd.DataFrame(
        [
            (row.mode, row.statistic.removeprefix("level_"), row.value, row.low, row.high, row.n)
            for row in levels
        ],
        columns=["mode", "period", "value", "low", "high", "n"],
    )
    return Answers("recalled", tuple(rows), periods.plan, LABELS, _notes(periods, rows), {"levels": frame})


def _modes(periods: Periods) -> list[str]:
    return [mode for mode in RECALLS if has_recalls(periods, mode) or mode in _measured_modes(periods)]


def _measured_modes(periods: Periods) -> set[str]:
    """Recall modes of the endpoint table."""
    try:
        return set(measure_endpoints(periods)["mode"]) & set(RECALLS)
    except InvalidRecords:
        return set()


def _asked(periods: Periods, mode: str) -> list[Statistic]:
    """How many sessions were asked, and how many patients ever; the denominator of the first is sessions."""
    if not has_recalls(periods, mode):
        return []
    plan, people = periods.plan, people_of(periods)["patient_id"]
    visits = recalled_visits(periods, mode)
    visits = visits[among(visits["patient_id"], people)]
    asked = visits[visits["recalled"].notna()]
    with_sessions = visits["patient_id"].nunique()
    rows = []
    for name, count, of, notes in (
        ("sessions_asked", len(asked), len(visits), ("n counts sessions, not patients",)),
        ("patients_asked", asked["patient_id"].nunique(), with_sessions, ()),
    ):
        left_out = 0 if name == "sessions_asked" else len(people) - of
        rows.append(
            statistic_of(
                share(count, of, plan.confidence), plan, endpoint=ENDPOINT, statistic=name, n=of, n_left_out=left_out,
                count=count, unit="share", mode=mode, notes=notes,
            )
        )  # fmt: skip
    return rows


def _levels(periods: Periods, mode: str) -> list[Statistic]:
    """Mean recalled days per 28 in each window, of everyone who has a recall there, with or without a partner."""
    people = people_of(periods)["patient_id"]
    values = _values(periods, mode)
    values = values[among(values["patient_id"], people)]
    rows = []
    for period in ("baseline", "followup"):
        found = values.loc[values["period"] == period, ENDPOINT].dropna().to_numpy(dtype=np.float64)
        estimate = mean_interval(found, periods.plan.confidence, (0.0, DAYS_PER_PERIOD))
        if not len(found):
            estimate = Estimate(None, None, None, None, estimate.method, (_missing(periods, mode, period),))
        rows.append(
            statistic_of(
                estimate, periods.plan, endpoint=ENDPOINT, statistic=f"level_{period}", n=len(found),
                n_left_out=len(people) - len(found), unit="days per 28", mode=mode,
            )
        )  # fmt: skip
    return rows


def _values(periods: Periods, mode: str) -> pd.DataFrame:
    """`patient_id`, `period` and the days per 28 of one mode, as the endpoint table has them or from the visits."""
    if mode in _measured_modes(periods):
        endpoints = measure_endpoints(periods)
        if ENDPOINT in endpoints:
            return endpoints.loc[endpoints["mode"] == mode, ["patient_id", "period", ENDPOINT]]
    return recall_rows(periods, mode)[["patient_id", "period", ENDPOINT]]


def _missing(periods: Periods, mode: str, period: str) -> str:
    first, last = visit_days(periods.plan, RECALLS[mode][1])[period]
    if period == "baseline":
        return "no_baseline: nobody was asked at the first session"
    return f"no_followup: nobody was asked at a visit on days {first} to {last}"


def _compared(periods: Periods, mode: str) -> list[Statistic]:
    """The comparison of recall with recall, where anybody has both."""
    if mode not in _measured_modes(periods):
        return []
    endpoints = measure_endpoints(periods)
    if ENDPOINT not in endpoints:
        return []
    change = compare(endpoints, ENDPOINT, periods.plan, mode=mode)
    return [row for row in change.statistics if row.statistic in _FROM_COMPARISON] if change.n else []


def _notes(periods: Periods, rows: list[Statistic]) -> tuple[str, ...]:
    notes = [
        "From memory, not recorded day by day. Recall is set against recall alone, never against a diary, and fills no "
        "gap in one."
    ]
    told = {
        period: sum(row.n for row in rows if row.statistic == f"level_{period}")
        for period in ("baseline", "followup")
    }
    first, last = visit_days(periods.plan, RECALLS[rows[0].mode][1])["followup"]
    if not told["baseline"]:
        notes.append(
            "There is no baseline, so no change can be told. From today: ask every patient at the first session, "
            "before it begins, for the headache days of the last 28, and write the number into that session's row."
        )
    if not told["followup"]:
        notes.append(
            f"There is no follow-up. From today: see or ask each patient again on days {first} to {last} after the "
            "first session, whether treatment has ended or not."
        )
    if any(row.statistic == "change" for row in rows):
        notes.append("Who comes back to a visit is asked; who stays away, well or unwell, is not.")
    return tuple(notes)
