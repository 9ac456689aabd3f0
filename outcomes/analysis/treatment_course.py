"""When a patient's first course of treatment ended, and what came after it that ends the observation.

Sessions follow each other in one course until a gap of the plan's `retreatment_gap_days`; a session after that
begins another. Definitions and sources: docs/method.md#durability.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.models.session_rows import relative_days, session_days
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods

#: Why observation ended, in words.
TREATED_AGAIN = "treated again"
PREVENTIVE_CHANGED = "preventive changed"

#: What else ends the observation, by the kind of an event.
_EVENTS = {"treatment_resumed": TREATED_AGAIN, "preventive_change": PREVENTIVE_CHANGED}

#: Co-interventions of a session that are a change of a preventive drug.
_PREVENTIVE = frozenset({"preventive_started", "preventive_stopped", "preventive_changed"})


@once
def course_starts(periods: Periods) -> pd.DataFrame:
    """One row per patient and course of treatment: `patient_id`, `course` (0 is the first), `first`, `last`.

    `first` and `last` are the days of its first and last session. No rows where the records hold no sessions.
    """
    if not periods.records.has("sessions"):
        return pd.DataFrame({"patient_id": [], "course": [], "first": [], "last": []})
    given = session_days(periods)
    gap = given.groupby("patient_id")["relative_day"].diff()
    given["course"] = (gap >= periods.plan.retreatment_gap_days).groupby(given["patient_id"]).cumsum()
    day = given.groupby(["patient_id", "course"])["relative_day"]
    return day.agg(first="min", last="max").reset_index()


def last_sessions(periods: Periods) -> pd.Series:
    """Day of the last session of the first course, indexed by `patient_id`; no entry without sessions."""
    courses = course_starts(periods)
    first = courses[courses["course"] == 0]
    return first.set_index("patient_id")["last"].astype("float64")


def observation_ends(periods: Periods, origin: pd.Series) -> pd.DataFrame:
    """What ends each patient's observation after the origin, the diary aside: `day` and `reason`.

    `origin` is a day per `patient_id`. One row per patient of `origin`: the first day after it on which another
    course began, treatment was resumed or a preventive drug changed; infinite and empty where none did.
    """
    known = _interruptions(periods)
    known["origin"] = known["patient_id"].map(origin)
    after = known[known["day"] > known["origin"]].sort_values(["patient_id", "day", "reason"])
    first = after.drop_duplicates("patient_id").set_index("patient_id").reindex(origin.index)
    return pd.DataFrame({"day": first["day"].fillna(np.inf), "reason": first["reason"].fillna("")})


@once
def _interruptions(periods: Periods) -> pd.DataFrame:
    """One row per patient and thing that interrupts: `patient_id`, `day`, `reason`."""
    courses = course_starts(periods)
    again = courses[courses["course"] > 0]
    parts = [
        pd.DataFrame({"patient_id": again["patient_id"], "day": again["first"], "reason": TREATED_AGAIN}),
        _preventive_sessions(periods),
        _told_events(periods),
    ]
    columns = {"patient_id": "object", "day": "float64", "reason": "object"}
    return pd.concat([part.astype(columns) for part in parts], ignore_index=True)


def _preventive_sessions(periods: Periods) -> pd.DataFrame:
    records = periods.records
    if not records.has("sessions") or "co_interventions" not in records.columns("sessions"):
        return pd.DataFrame({"patient_id": [], "day": [], "reason": []})
    sessions = records.frame("sessions")
    codes = sessions["co_interventions"].astype("object")
    # Few different cells stand for all of them.
    tells = {cell: bool(_PREVENTIVE & _codes(cell)) for cell in codes.dropna().unique()}
    changed = sessions[codes.map(tells).eq(True).to_numpy(dtype=bool)]
    day = relative_days(periods, changed)
    return pd.DataFrame({"patient_id": changed["patient_id"], "day": day, "reason": PREVENTIVE_CHANGED})


def _told_events(periods: Periods) -> pd.DataFrame:
    if not periods.records.has("events"):
        return pd.DataFrame({"patient_id": [], "day": [], "reason": []})
    events = periods.records.frame("events")
    told = events[events["kind"].isin(list(_EVENTS))]
    day = relative_days(periods, told)
    return pd.DataFrame({"patient_id": told["patient_id"], "day": day, "reason": told["kind"].map(_EVENTS)})


def _codes(cell: object) -> set[str]:
    return set(cell.split(";")) if isinstance(cell, str) else set()
