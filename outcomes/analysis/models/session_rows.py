"""Sessions beside the diary: how many fell into each 28 days of a patient, where and by whom they were given."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.day_counts import period_counts
from outcomes.analysis.once import once, once_for_records
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD


@once
def session_table(periods: Periods) -> pd.DataFrame:
    """One row per used session of the patients looked at, by patient and day, with every column of the records.

    Added are `relative_day` (0 is the first session) and `session_number` (1 is the first), both NaN where day 0
    of the patient is not known. `date` and `day` are left out. Sessions of patients outside the cohort are not
    in it. Raises PlanError where the records hold no sessions.
    """
    sessions = _placed_sessions(periods)
    people = people_looked_at(periods)
    sessions = sessions[among(sessions["patient_id"], people)].reset_index(drop=True)
    # A session whose day is not known may have been the first: then no session of the patient has a number.
    number = sessions.groupby("patient_id").cumcount() + 1
    sessions["session_number"] = number.where(sessions["relative_day"].notna()).astype("float64")
    return sessions.drop(columns=["date", "day"], errors="ignore")


@once
def people_looked_at(periods: Periods) -> pd.Index:
    """The patients named in the records, of the cohort where there is one, in the order of `patient_id`."""
    engine = periods.records.engine
    if periods.segments is None:
        found = engine.frame("SELECT patient_id FROM named_patients ORDER BY patient_id")
    else:
        found = engine.frame(
            f"SELECT patient_id FROM {periods.tables['standing']} WHERE standing <> 'outside_cohort' "
            "ORDER BY patient_id"
        )
    return pd.Index(found["patient_id"])


def other_groups(periods: Periods, sessions: pd.DataFrame) -> tuple[str, ...]:
    """A note where sessions of `session_table` were given to patients of groups other than `treated`, such as sham."""
    if "group" not in periods.records.columns("patients"):
        return ()
    group = periods.records.frame("patients").set_index("patient_id")["group"].dropna()
    n = int(among(group.index[group != "treated"], sessions["patient_id"]).sum())
    if not n:
        return ()
    who = "patient" if n == 1 else "patients"
    return (f"other_groups: sessions of {n} {who} of groups other than 'treated' are among them",)


def relative_days(periods: Periods, rows: pd.DataFrame) -> pd.Series:
    """The days of `rows` (`patient_id`, and `date` or `day`) from each patient's day 0; NaN where not known.

    Day 0 is what the diary is placed by. Records without a diary have none: then it is the first used session.
    Raises PlanError where the rows have no day that the diary's days can be set beside.
    """
    uses_dates = day_column(periods, rows.columns) == "date"
    if periods.segments is not None:
        start = rows["patient_id"].map(first_days(periods))
    else:
        start = _first_sessions(periods, rows)
    if uses_dates:
        return (pd.to_datetime(rows["date"]) - pd.to_datetime(start)).dt.days.astype("float64")
    # Day 0 is built into records that count in days, unless a patient has an index day.
    return rows["day"].astype("float64") - start.astype("float64").fillna(0)


def day_column(periods: Periods, columns: Collection[str]) -> str:
    """The column, `date` or `day`, by which rows with these columns are set beside the diary. Raises PlanError."""
    uses_dates = periods.records.uses_dates if periods.segments is not None else "date" in columns
    day = "date" if uses_dates else "day"
    if day not in columns:
        raise PlanError("The diary and this table count days in different ways: one by date, one by number.")
    return day


@once_for_records
def first_days(periods: Periods) -> pd.Series:
    """Day 0 of each patient of whom the diary knows it, indexed by `patient_id`."""
    known = periods.records.engine.frame("SELECT patient_id, first_day FROM first_sessions")
    return known.set_index("patient_id")["first_day"]


def _first_sessions(periods: Periods, rows: pd.DataFrame) -> pd.Series:
    """Day 0 of the patient of each row where there is no diary."""
    if "date" not in rows:
        return pd.Series(0.0, index=rows.index)
    sessions = periods.records.frame("sessions")
    first = sessions.groupby("patient_id")["date"].min() if "date" in sessions else pd.Series(dtype="object")
    return rows["patient_id"].map(first)


@once_for_records
def _placed_sessions(periods: Periods) -> pd.DataFrame:
    """One row per used session, by patient and day, with `relative_day`. Raises PlanError where there are none."""
    if not periods.records.has("sessions"):
        raise PlanError("These records hold no sessions.")
    sessions = periods.records.frame("sessions")
    sessions["relative_day"] = relative_days(periods, sessions)
    return sessions.sort_values(["patient_id", "relative_day"], kind="stable", ignore_index=True)


def session_days(periods: Periods, *columns: str) -> pd.DataFrame:
    """One row per used session: `patient_id`, `relative_day` (0 is the first session), `practitioner_id`.

    `practitioner_id` is missing where the records do not name one. Further `columns` of `sessions` come as they stand
    there, missing where the records do not hold them. Patients whose day 0 is not known have no rows. Raises PlanError
    where the records hold no sessions.
    """
    return _unit_days(periods, "practitioner_id", *columns)


def _unit_days(periods: Periods, unit: str, *columns: str) -> pd.DataFrame:
    sessions = _placed_sessions(periods)
    named = sessions[unit] if unit in sessions else pd.Series(None, sessions.index)
    found = sessions[["patient_id", "relative_day"]].assign(**{unit: named.astype("object")})
    for name in columns:
        found[name] = sessions.get(name)
    return found[found["relative_day"].notna()].astype({"relative_day": "int64"}).reset_index(drop=True)


def dose_rows(periods: Periods, last_day: int = 167) -> pd.DataFrame:
    """One row per patient and 28-day period from the first session on, where enough days are recorded.

    Columns: `patient_id`, `period` (0 is days 0 to 27), `sessions` given in those days, `recorded_days`,
    `headache_days` and `value`, headache days per 28. All patients of the cohort with a diary, compared or not; a
    period needs the plan's share of recorded days. Raises PlanError without a daily diary or sessions.
    """
    counts = period_counts(periods, first_day=1, last_day=last_day)
    enough = periods.plan.min_recorded_in_course(DAYS_PER_PERIOD)
    counts = counts[(counts["recorded_days"] >= enough) & (counts["period"] >= 0)].reset_index(drop=True)
    given = session_days(periods)
    given["period"] = given["relative_day"] // DAYS_PER_PERIOD
    dose = given.groupby(["patient_id", "period"]).size().rename("sessions").reset_index()
    rows = counts.merge(dose, on=["patient_id", "period"], how="left")
    rows["sessions"] = rows["sessions"].fillna(0).astype("int64")
    rows["value"] = DAYS_PER_PERIOD * rows["headache_days"] / rows["recorded_days"]
    return rows.sort_values(["patient_id", "period"], ignore_index=True)


def main_practitioner(periods: Periods) -> pd.Series:
    """For each patient the practitioner of more than half of the sessions up to the end of follow-up.

    Indexed by `patient_id`. Missing where nobody gave more than half, or the sessions name nobody: such a
    patient belongs to no practitioner's figure.
    """
    return main_unit(periods, "practitioner_id")


def main_site(periods: Periods) -> pd.Series:
    """For each patient the site of more than half of the sessions up to the end of follow-up, as above."""
    return main_unit(periods, "site_id")


def main_unit(periods: Periods, unit: str) -> pd.Series:
    """For each patient what stands in `unit`, a column of sessions, in more than half of them up to the end of
    follow-up. Indexed by `patient_id`; missing where nothing does, sessions without an entry counted among all."""
    given = _unit_days(periods, unit)
    given = given[given["relative_day"] <= periods.plan.followup_last_day]
    total = given.groupby("patient_id").size()
    by_one = given.groupby(["patient_id", unit]).size().reset_index(name="sessions")
    more_than_half = 2 * by_one["sessions"].to_numpy() > total.reindex(by_one["patient_id"]).to_numpy()
    most = by_one[more_than_half].set_index("patient_id")[unit]
    return most.reindex(total.index).rename(unit)
