"""The whole course around the first session, by week and by 28 days, and how complete the diaries are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.estimates import grouped_mean_interval
from outcomes.analysis.periods import Periods
from outcomes.analysis.results import Course
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

_PACKAGE = "outcomes.analysis"
_WEEK = 7


def measure_course(periods: Periods, first_day: int = -168, last_day: int = 363) -> Course:
    """Mean headache days per week and per 28 days, over the headline cohort and over all patients.

    A week or 28-day period of a patient counts when it holds the plan's share of recorded days; day 0 counts
    nowhere. The course mixes patients: who is behind each point changes, and `n` says how many there are.
    Raises PlanError where the records hold no daily diary.
    """
    if periods.segments is None:
        raise PlanError("These records hold no daily diary, so there is no course to show.")
    engine, plan = periods.records.engine, periods.plan
    weekly = _weekly(periods, first_day, last_day)
    cohorts = engine.statement(_PACKAGE, "cohorts", **periods.tables)
    weeks = engine.statement(
        _PACKAGE, "course_weeks", weekly=weekly, minimum=plan.min_recorded_in_course(_WEEK), cohorts=cohorts
    )
    months = engine.statement(
        _PACKAGE,
        "course_periods",
        segments=periods.segments,
        first_day=first_day,
        last_day=last_day,
        minimum=plan.min_recorded_in_course(DAYS_PER_PERIOD),
        cohorts=cohorts,
    )
    return Course(
        weeks=_means(periods, weeks, "week", _WEEK),
        periods=_means(periods, months, "period", DAYS_PER_PERIOD),
        completeness=_completeness(periods, weekly),
        plan=plan,
    )


def _weekly(periods: Periods, first_day: int, last_day: int) -> str:
    return periods.records.engine.statement(
        _PACKAGE, "weekly", segments=str(periods.segments), first_day=first_day, last_day=last_day
    )


def _means(periods: Periods, statement: str, step: str, days: int) -> pd.DataFrame:
    counts = periods.records.engine.frame(statement)
    rows = []
    for (cohort, at), table in counts.groupby(["cohort", "step"], sort=True):
        rates = (
            days * table["headache_days"].to_numpy(np.float64) / table["recorded_days"].to_numpy(np.float64)
        )
        weights = table["patients"].to_numpy(np.int64)
        n, mean, low, high = grouped_mean_interval(rates, weights, periods.plan.confidence)
        rows.append((cohort, at, mean, low, high, n))
    frame = pd.DataFrame(rows, columns=["cohort", step, "mean", "low", "high", "n"])
    return frame.astype({"mean": "float64", "low": "float64", "high": "float64", "n": "int64"})


def _completeness(periods: Periods, weekly: str) -> pd.DataFrame:
    """Share of days recorded per week: `week`, `patients` who could record it, `share` from 0 to 1."""
    newest = "(SELECT max(date) FROM diary_usable)"
    # Records without calendar dates do not say when they end: everyone could have recorded every week.
    # The offset makes the division round down for days before the records end as well as after.
    week_over = (
        f"({newest} - first_day - 6 + 700000) // 7 - 100000" if periods.records.uses_dates else "100000"
    )
    statement = periods.records.engine.statement(
        _PACKAGE, "completeness", weekly=weekly, week_over=week_over, **periods.tables
    )
    frame = periods.records.engine.frame(statement)
    days = np.where(frame["week"] == 0, _WEEK - 1, _WEEK)
    frame["share"] = frame["recorded_days"] / (frame["patients"] * days)
    return frame[["week", "patients", "share"]]
