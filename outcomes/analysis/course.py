"""The whole course around the first session, by week and by 28 days."""

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
    return Course(
        weeks=_course(periods, "course_weeks", "week", _WEEK, first_day, last_day),
        periods=_course(periods, "course_periods", "period", DAYS_PER_PERIOD, first_day, last_day),
        plan=periods.plan,
    )


def _course(periods: Periods, file: str, step: str, days: int, first_day: int, last_day: int) -> pd.DataFrame:
    engine, plan = periods.records.engine, periods.plan
    counts = engine.frame(
        engine.statement(
            _PACKAGE,
            file,
            segments=str(periods.segments),
            first_day=first_day,
            last_day=last_day,
            minimum=plan.min_recorded_in_course(days),
        )
    )
    rows = []
    for (cohort, at), table in counts.groupby(["cohort", "step"], sort=True):
        rates = days * table["headache_days"].to_numpy(np.float64) / table["recorded_days"].to_numpy(np.float64)
        weights = table["patients"].to_numpy(np.int64)
        n, mean, low, high = grouped_mean_interval(rates, weights, plan.confidence)
        rows.append((cohort, int(at), mean, low, high, n))
    frame = pd.DataFrame(rows, columns=["cohort", step, "mean", "low", "high", "n"])
    return frame.astype({"mean": "float64", "low": "float64", "high": "float64", "n": "int64"})
