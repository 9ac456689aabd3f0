"""Days behind the endpoints: recorded days, and headache days among them, for methods that need the counts.

A day that was not recorded has no row and is in no count: it is never a day without headache.
"""

from __future__ import annotations

import itertools

import pandas as pd

from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods
from outcomes.engine import Engine
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

_PACKAGE = "outcomes.analysis"

#: No calendar, no weekday.
NO_WEEKDAY = -1

#: Days from 1970-01-01, the engine's day 0, to the Monday after it.
_FIRST_MONDAY = 4

#: Every set of anchors stands in the engine under a name of its own while it is counted.
_numbers = itertools.count(1)


@once
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


@once
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


def anchored_counts(periods: Periods, anchors: pd.DataFrame, days: int = DAYS_PER_PERIOD) -> pd.DataFrame:
    """One row per patient, anchor and window with any recorded day, by these three.

    `anchors` has one row per `patient_id` and `anchor`, the relative day on which window 0 begins; a patient may
    have several. Windows of `days` (7 to 28) follow each other in both directions: `number` −1 ends on the day
    before the anchor. Patients outside the cohort, or without a day 0, have no rows. Columns: `patient_id`,
    `anchor`, `number`, `recorded_days`, `headache_days`. Raises PlanError where the records hold no daily diary.
    """
    import pyarrow as pa

    engine = _diary_engine(periods)
    name = f"anchors_{next(_numbers)}"
    ids = pa.array([str(one) for one in anchors["patient_id"]], pa.string())
    engine.register(
        name, pa.table({"patient_id": ids, "anchor": pa.array(anchors["anchor"].astype("int64"), pa.int64())})
    )
    try:
        frame = engine.frame(
            engine.statement(
                _PACKAGE,
                "anchored_counts",
                segments=str(periods.segments),
                anchors=name,
                standing=periods.tables["standing"],
                days=days,
                whole_window=2**days - 1,
            )
        )
    finally:
        engine.unregister(name)
    whole = ("anchor", "number", "recorded_days", "headache_days")
    return frame.astype(dict.fromkeys(whole, "int64"))


@once
def days_over(periods: Periods) -> pd.Series:
    """Days from day 0 on, itself counted, that were over when the records end; indexed by `patient_id`.

    The records end with the newest diary day of anybody. Records without calendar dates do not say when they
    end: everybody could have recorded every day, and the number is infinite. Patients whose day 0 is not known,
    and those outside the cohort, have no entry. Raises PlanError where the records hold no daily diary.
    """
    engine = _diary_engine(periods)
    over = "CAST('infinity' AS DOUBLE)"
    if periods.records.uses_dates:
        over = "CAST(greatest(0, (SELECT max(date) FROM diary_usable) - first_day + 1) AS DOUBLE)"
    frame = engine.frame(
        f"SELECT people.patient_id, {over} AS days_over FROM {periods.tables['people']} AS people "
        f"JOIN {periods.tables['standing']} AS standing USING (patient_id) "
        "WHERE standing.standing NOT IN ('outside_cohort', 'no_first_session') ORDER BY people.patient_id"
    )
    return frame.set_index("patient_id")["days_over"]


def _first_day(periods: Periods) -> str:
    """SQL: days from 1970-01-01 to a patient's day 0; NULL where the records hold no calendar."""
    if periods.records.uses_dates:
        return "CAST(people.first_day - DATE '1970-01-01' AS INTEGER)"
    return "CAST(NULL AS INTEGER)"


def _diary_engine(periods: Periods) -> Engine:
    if periods.segments is None:
        raise PlanError("These records hold no daily diary, so no days can be counted.")
    return periods.records.engine
