"""Sessions beside the diary: how many fell into each 28 days of a patient, and who gave them."""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.day_counts import period_counts
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD


def session_days(periods: Periods, *columns: str) -> pd.DataFrame:
    """One row per used session: `patient_id`, `relative_day` (0 is the first session), `practitioner_id`.

    `practitioner_id` is missing where the records do not name one. Further `columns` of `sessions` come as they stand
    there, missing where the records do not hold them. Patients whose day 0 is not known have no rows. Raises PlanError
    where the records hold no sessions.
    """
    records = periods.records
    if not records.has("sessions"):
        raise PlanError("These records hold no sessions.")
    sessions = records.frame("sessions")
    first = records.engine.frame("SELECT patient_id, first_day FROM first_sessions").set_index("patient_id")
    start = sessions["patient_id"].map(first["first_day"])
    if records.uses_dates:
        relative = (pd.to_datetime(sessions["date"]) - pd.to_datetime(start)).dt.days.astype("float64")
    else:
        # Day 0 is built into records that count in days, unless a patient has an index day.
        relative = sessions["day"].astype("float64") - start.astype("float64").fillna(0)
    named = sessions["practitioner_id"] if "practitioner_id" in sessions else pd.Series(None, sessions.index)
    found = pd.DataFrame(
        {
            "patient_id": sessions["patient_id"],
            "relative_day": relative,
            "practitioner_id": named.astype("object"),
        }
    )
    for name in columns:
        found[name] = sessions.get(name)
    found = found[found["relative_day"].notna()].astype({"relative_day": "int64"})
    return found.sort_values(["patient_id", "relative_day"], kind="stable", ignore_index=True)


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
    given = session_days(periods)
    given = given[given["relative_day"] <= periods.plan.followup_last_day]
    total = given.groupby("patient_id").size()
    by_one = given.groupby(["patient_id", "practitioner_id"]).size().reset_index(name="sessions")
    more_than_half = 2 * by_one["sessions"].to_numpy() > total.reindex(by_one["patient_id"]).to_numpy()
    most = by_one[more_than_half].set_index("patient_id")["practitioner_id"]
    return most.reindex(total.index).rename("practitioner_id")
