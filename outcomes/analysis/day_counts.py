"""Days behind the endpoints: recorded days, and headache days among them, for methods that need the counts.

A day that was not recorded has no row and is in no count: it is never a day without headache.
"""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.periods import Periods
from outcomes.engine import Engine
from outcomes.errors import PlanError

_PACKAGE = "outcomes.analysis"

#: No calendar, no weekday.
NO_WEEKDAY = -1

#: Days from 1970-01-01, the engine's day 0, to the Monday after it.
_FIRST_MONDAY = 4


def window_counts(periods: Periods) -> pd.DataFrame:
    """One row per patient of the cohort, in the order of `patient_id`.

    Columns: `patient_id`; `standing` (`analysed`, or the reason why not: `outcomes.analysis.periods.REASONS`);
    `first_weekday`, the weekday of day 0 (0 = Monday, −1 where the records hold no calendar); and for
    `baseline` and `followup` `…_recorded_days` and `…_headache_days`, whole numbers, 0 where nothing was
    recorded. Raises PlanError where the records hold no daily diary.
    """
    engine = _diary_engine(periods)
    statement = engine.statement(_PACKAGE, "window_counts", first_day=_first_day(periods), **periods.tables)
    frame = engine.frame(statement)
    days = frame.pop("first_day").astype("float64")
    weekday = ((days - _FIRST_MONDAY) % 7).fillna(NO_WEEKDAY).astype("int64")
    frame.insert(2, "first_weekday", weekday)
    return frame.astype({name: "int64" for name in frame.columns if name.endswith("_days")})


def day_rows(periods: Periods) -> pd.DataFrame:
    """One row per recorded patient-day of the two windows, by `patient_id` and `relative_day`.

    Columns: `patient_id`; `period` (baseline, followup); `relative_day` (day 0 is the first session);
    `weekday` (0 = Monday, −1 where the records hold no calendar); `headache` (bool). Patients without a first
    session have no rows. Raises PlanError where the records hold no daily diary.
    """
    engine = _diary_engine(periods)
    edges = {
        f"{name}_{edge}": day
        for name, days in periods.plan.windows.items()
        for edge, day in zip(("first", "last"), days, strict=True)
    }
    statement = engine.statement(
        _PACKAGE,
        "day_rows",
        segments=str(periods.segments),
        standing=periods.tables["standing"],
        people=periods.tables["people"],
        first_day=_first_day(periods),
        **edges,
    )
    frame = engine.frame(statement)
    return frame.astype({"relative_day": "int64", "weekday": "int64", "headache": "bool"})


def period_counts(periods: Periods, first_day: int = -28, last_day: int = 167) -> pd.DataFrame:
    """One row per patient and 28-day period with any recorded day.

    Columns: `patient_id`; `period` (−1 is days −28 to −1; 0 is days 1 to 27, since day 0 is the first session;
    1 is days 28 to 55, and so on); `recorded_days`, `headache_days`. Raises PlanError where the records hold
    no daily diary.
    """
    engine = _diary_engine(periods)
    frame = engine.frame(
        engine.statement(
            _PACKAGE,
            "period_counts",
            segments=str(periods.segments),
            standing=periods.tables["standing"],
            first_day=first_day,
            last_day=last_day,
        )
    )
    return frame.astype({"period": "int64", "recorded_days": "int64", "headache_days": "int64"})


def _first_day(periods: Periods) -> str:
    """SQL: days from 1970-01-01 to a patient's day 0; NULL where the records hold no calendar."""
    if periods.records.uses_dates:
        return "CAST(people.first_day - DATE '1970-01-01' AS INTEGER)"
    return "CAST(NULL AS INTEGER)"


def _diary_engine(periods: Periods) -> Engine:
    if periods.segments is None:
        raise PlanError("These records hold no daily diary, so no days can be counted.")
    return periods.records.engine
