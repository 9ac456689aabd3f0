"""Headache days that patients recall at their visits, put beside the windows of the plan.

Which visit stands for which window: docs/method.md#recalled-outcomes. A recall is paired with a recall of the same
span and with nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: Mode → the column of `sessions` and the days that it reaches back.
RECALLS = {"recall_28": ("recalled_headache_days_28", 28), "recall_7": ("recalled_headache_days_7", 7)}

#: Under this name the modes of an endpoint table that come from visits, and not from summaries alone.
VISITS_ATTRIBUTE = "outcomes_recalled_at_visits"


def visit_days(plan: AnalysisPlan, span: int) -> dict[str, tuple[int, int]]:
    """First and last day of the visits that stand for each window.

    The day of a visit is not among the days recalled: at a visit on day v they are v − span to v − 1.
    """
    return {
        "baseline": (-plan.baseline_days, 0),
        "followup": (plan.followup_first_day + span, plan.followup_last_day + span),
    }


@once
def recalled_visits(periods: Periods, mode: str) -> pd.DataFrame:
    """One row per session of that mode: `patient_id`, `relative_day`, `recalled` (days; NaN where not asked).

    Where two sessions of a day were told different numbers neither is used; the columns are empty where the records
    hold no such column.
    """
    column, _ = RECALLS[mode]
    if column not in periods.records.columns("sessions"):
        return pd.DataFrame({"patient_id": [], "relative_day": [], "recalled": []})
    visits = session_days(periods, column).rename(columns={column: "recalled"})
    visits["recalled"] = visits["recalled"].astype("float64")
    of_day = visits.groupby(["patient_id", "relative_day"])["recalled"]
    visits.loc[of_day.transform("nunique") > 1, "recalled"] = np.nan
    return visits[["patient_id", "relative_day", "recalled"]]


@once
def recall_rows(periods: Periods, mode: str) -> pd.DataFrame:
    """One row per patient and window that has a recall, by `patient_id`.

    Columns: `patient_id`, `period`, `visit_day` and `headache_days_per_28`, the days recalled × 28 ÷ span. Baseline is
    the latest recall up to the first session, follow-up the first one whose days begin within the follow-up window.
    """
    span = RECALLS[mode][1]
    visits = recalled_visits(periods, mode).dropna()
    visits = visits.drop_duplicates(["patient_id", "relative_day"])
    parts = []
    for period, (first, last) in visit_days(periods.plan, span).items():
        inside = visits[visits["relative_day"].between(first, last)].sort_values(
            "relative_day", kind="stable"
        )
        parts.append(
            inside.drop_duplicates("patient_id", keep="last" if period == "baseline" else "first").assign(
                period=period
            )
        )
    rows = pd.concat(parts, ignore_index=True).rename(columns={"relative_day": "visit_day"})
    rows["headache_days_per_28"] = DAYS_PER_PERIOD / span * rows.pop("recalled").astype("float64")
    return rows.sort_values(["patient_id", "period"], ignore_index=True)[
        ["patient_id", "period", "visit_day", "headache_days_per_28"]
    ]


def has_recalls(periods: Periods, mode: str) -> bool:
    """Whether the records hold the column of that mode."""
    return RECALLS[mode][0] in periods.records.columns("sessions")
