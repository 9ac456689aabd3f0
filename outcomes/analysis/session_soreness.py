"""The days after a session: soreness by day, and the change counted without them.

Docs: docs/method.md#safety. A day without a soreness written down is not a day without soreness.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.day_counts import day_rows, window_counts
from outcomes.analysis.estimates import mean_interval
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

_PACKAGE = "outcomes.analysis"

#: The course is followed up to so many days after a session: to the next weekly one.
LAST_COURSE_DAY = 7

COURSE_COLUMNS = ("day", "mean", "low", "high", "share_any", "n")


def soreness_days(periods: Periods) -> pd.DataFrame:
    """One row per recorded soreness on days 0 to 7 after a session, before the next one.

    Columns: `patient_id`, `day` (0 is the day of the session), `soreness` (0–10). Raises PlanError where the
    records hold no sessions, or no soreness in a daily diary.
    """
    if periods.segments is None or "soreness" not in periods.records.columns("diary"):
        raise PlanError("These records hold no soreness in the diary.")
    engine = periods.records.engine
    contradicting = (
        "AND NOT EXISTS (SELECT 1 FROM repeated_days WHERE n_different > 1 AND repeated_days.patient_id = "
        "placed.patient_id AND repeated_days.relative_day = placed.relative_day)"
    )
    statement = engine.statement(
        _PACKAGE,
        "soreness_days",
        standing=periods.tables["standing"],
        not_contradicting=contradicting if engine.has("repeated_days") else "",
    )
    days = engine.frame(statement).astype({"relative_day": "int64", "soreness": "float64"})
    days["day"] = days_since_session(days, session_days(periods))
    found = days[days["day"].between(0, LAST_COURSE_DAY)].astype({"day": "int64"})
    return found[["patient_id", "day", "soreness"]].reset_index(drop=True)


def soreness_course(days: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row per day 0 to 7 after a session: `COURSE_COLUMNS`, NaN where nothing was recorded.

    `days` comes from `soreness_days`. Each patient's sessions are put into one mean first, then patients: `mean`
    (0–10) with its t interval over patients, and `share_any`, the mean share of the patient's recorded days with
    any soreness; `n` patients.
    """
    own = days.assign(any=days["soreness"] > 0).groupby(["patient_id", "day"])[["soreness", "any"]].mean()
    rows = []
    for day in range(LAST_COURSE_DAY + 1):
        here = own[own.index.get_level_values("day") == day]
        found = mean_interval(here["soreness"].to_numpy(np.float64), confidence, (0.0, 10.0))
        share = float(here["any"].mean()) if len(here) else None
        rows.append((day, found.value, found.low, found.high, share, len(here)))
    frame = pd.DataFrame(rows, columns=list(COURSE_COLUMNS))
    return frame.astype(dict.fromkeys(("mean", "low", "high", "share_any"), "float64"))


def days_since_session(days: pd.DataFrame, sessions: pd.DataFrame) -> pd.Series:
    """For each row of `days` (`patient_id`, `relative_day`) the days since the patient's last session, which is 0
    on the day of one; NaN before the first."""
    given = sessions[["patient_id", "relative_day"]].drop_duplicates()
    given = given.assign(session_day=given["relative_day"]).sort_values("relative_day", kind="stable")
    asked = days[["patient_id", "relative_day"]].assign(row=np.arange(len(days)))
    met = pd.merge_asof(
        asked.sort_values("relative_day", kind="stable"), given, on="relative_day", by="patient_id"
    )
    since = (met["relative_day"] - met["session_day"]).set_axis(met["row"]).sort_index()
    return pd.Series(since.to_numpy(np.float64), index=days.index)


def headache_pairs(periods: Periods, last_day: int | None) -> pd.DataFrame:
    """Headache days per 28 of both windows without days 0 to `last_day` after each session; None: with all days.

    One row per patient looked at, indexed by `patient_id`: `baseline`, `followup`, NaN where too little is left and
    for patients with episodic cluster headache, who are never compared (docs/method.md#diagnosis).
    A window of W days that loses L of them needs the plan's share of the W − L others: with all days it is the
    planned comparison. Raises PlanError without a daily diary or sessions.
    """
    windows = window_counts(periods).set_index("patient_id")
    sessions = session_days(periods)
    lost = pd.DataFrame(columns=["patient_id", "period", "headache"])
    if last_day is not None:
        days = day_rows(periods)
        lost = days[days_since_session(days, sessions) <= last_day]
    counted = lost.groupby(["patient_id", "period"])["headache"].agg(["size", "sum"])
    pairs = {}
    for period, (first, last) in periods.plan.windows.items():
        length = last - first + 1
        left = length - _days_lost(sessions, first, last, last_day).reindex(windows.index).fillna(0)
        share = periods.plan.min_recorded_in(length) / length
        least = np.maximum(np.ceil(share * left - 1e-9), 1)
        gone = counted[counted.index.get_level_values("period") == period].droplevel("period")
        gone = gone.reindex(windows.index).fillna(0).astype("float64")
        recorded = windows[f"{period}_recorded_days"] - gone["size"]
        headache = windows[f"{period}_headache_days"] - gone["sum"]
        pairs[period] = (DAYS_PER_PERIOD * headache / recorded).where(recorded >= least)
    found = pd.DataFrame(pairs, index=windows.index)
    return found.where(windows["standing"] != "episodic_cluster")


def _days_lost(sessions: pd.DataFrame, first: int, last: int, last_day: int | None) -> pd.Series:
    """Days of a window that lie 0 to `last_day` days after a session, per patient with any."""
    if last_day is None:
        return pd.Series(dtype="float64")
    near = sessions[sessions["relative_day"].between(first - last_day, last)]
    after = near[["patient_id", "relative_day"]].merge(
        pd.DataFrame({"later": range(last_day + 1)}), how="cross"
    )
    after["lost"] = after["relative_day"] + after["later"]
    inside = after[after["lost"].between(first, last)].drop_duplicates(["patient_id", "lost"])
    return inside.groupby("patient_id").size().astype("float64")
