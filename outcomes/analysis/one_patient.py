"""The page of one patient: days, weeks, sessions, and how far the weeks after treatment lie from those before.

For the clinic's own eyes: nothing here is disclosure-controlled. Definitions: docs/method.md#one-patient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import find_endpoint
from outcomes.analysis.endpoints import PERIODS, endpoint_names, measure_endpoints
from outcomes.analysis.models.session_rows import relative_days, session_days
from outcomes.analysis.models.time_series import weekly_series
from outcomes.analysis.periods import REASONS, Periods
from outcomes.analysis.single_case import SingleCase, single_case, weeks_of_patient
from outcomes.analysis.week_overlap import MIN_BASELINE_FOR_TREND
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan

#: What a day may be, in the frame of days.
HEADACHE, NO_HEADACHE, NOT_RECORDED = "headache", "no headache", "not recorded"

_WEEK = 7


@dataclass(frozen=True, eq=False)
class OnePatient:
    """What the records hold of one patient around the first session, day 0. Internal: not to leave the clinic.

    `endpoints`: one row per mode and endpoint, `mode`, `endpoint`, `label`, `unit`, `baseline`, `followup`,
    `change`; NaN where a window is not covered or the endpoint not defined. `weeks`: one row per week from the
    first to the last with a recorded day, `week` (0 is days 1 to 6), `recorded_days`, `headache_days` and
    `value`, headache days per 7, NaN below the plan's share of recorded days. `days`: one row per day from the
    first to the last that is recorded, `relative_day`, `state` (headache, no headache, not recorded),
    `intensity` (0–10, NaN where none was written). `standing` says how far the patient came in the comparison.
    """

    patient_id: str
    standing: str
    recorded_days: dict[str, int]
    session_days: tuple[int, ...]
    endpoints: pd.DataFrame = field(repr=False)
    single_case: SingleCase
    weeks: pd.DataFrame = field(repr=False)
    days: pd.DataFrame = field(repr=False)
    plan: AnalysisPlan = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, unrounded; None for what is not known."""
        return {
            "profile": "internal",
            "patient_id": self.patient_id,
            "standing": self.standing,
            "recorded_days": self.recorded_days,
            "session_days": list(self.session_days),
            "endpoints": _plain(self.endpoints),
            "single_case": _plain(self.single_case.to_frame()),
            "weeks": _plain(self.weeks),
            "days": _plain(self.days),
            "notes": [*self.single_case.notes, *self.notes],
            "plan": self.plan.to_dict(),
        }


def one_patient(periods: Periods, patient_id: str, first_day: int = -56, last_day: int = 167) -> OnePatient:
    """The page of one patient. `first_day` and `last_day` bound the weeks and days that are looked at.

    Raises PlanError where the records hold no daily diary, no such patient, or no first session of theirs; the
    message never repeats the pseudonym.
    """
    row = _standing(periods, patient_id)
    weeks = weekly_series(periods, first_day, last_day, analysed_only=False)
    counted = weeks[weeks["patient_id"] == patient_id].drop(columns="patient_id")
    minimum = periods.plan.min_recorded_in_course(_WEEK)
    before, after = weeks_of_patient(counted, minimum)
    enough = int((~np.isnan(before)).sum()) >= MIN_BASELINE_FOR_TREND
    return OnePatient(
        patient_id=patient_id,
        standing=str(row["standing"]),
        recorded_days={name: int(row[f"{name}_recorded"]) for name in periods.plan.windows},
        session_days=_session_days(periods, patient_id),
        endpoints=_endpoints(periods, patient_id),
        single_case=single_case(before, after, confidence=periods.plan.confidence, baseline_trend=enough),
        weeks=_weeks(counted, minimum),
        days=_days(periods, patient_id, first_day, last_day),
        plan=periods.plan,
        notes=_notes(str(row["standing"]), enough),
    )


def _standing(periods: Periods, patient_id: str) -> pd.Series:
    if periods.segments is None:
        raise PlanError("These records hold no daily diary, so there is no page of one patient.")
    people = periods.records.engine.frame(f"SELECT * FROM {periods.tables['standing']}")
    found = people[people["patient_id"] == patient_id]
    if found.empty:
        raise PlanError("These records hold no patient of that pseudonym.")
    row = found.iloc[0]
    if row["standing"] == "no_first_session":
        raise PlanError("The first session of that patient is not known, so no day can be set around it.")
    if row["standing"] == "outside_cohort":
        raise PlanError("That patient's follow-up window closed outside the months that are looked at.")
    return row


def _session_days(periods: Periods, patient_id: str) -> tuple[int, ...]:
    if not periods.records.has("sessions"):
        return ()
    given = session_days(periods)
    return tuple(int(day) for day in given.loc[given["patient_id"] == patient_id, "relative_day"])


def _endpoints(periods: Periods, patient_id: str) -> pd.DataFrame:
    table = measure_endpoints(periods)
    own = table[table["patient_id"] == patient_id]
    rows = []
    for mode, of_mode in own.groupby("mode", sort=False):
        sides = of_mode.set_index("period")
        for name in endpoint_names(table):
            endpoint = find_endpoint(name, periods.plan)
            pair = [float(sides[name].loc[period]) for period in PERIODS]
            if mode == "diary" or not all(math.isnan(value) for value in pair):
                rows.append((mode, name, endpoint.label, endpoint.unit, *pair, pair[1] - pair[0]))
    columns = ["mode", "endpoint", "label", "unit", "baseline", "followup", "change"]
    return pd.DataFrame(rows, columns=columns)


def _weeks(counted: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Every week from the first to the last with a recorded day; those between without one have 0 recorded."""
    by_week = counted.set_index("week")
    span = range(int(by_week.index.min()), int(by_week.index.max()) + 1) if len(by_week) else range(0)
    weeks = by_week.reindex(pd.RangeIndex(span.start, span.stop, name="week"), fill_value=0).reset_index()
    value = _WEEK * weeks["headache_days"] / weeks["recorded_days"].where(weeks["recorded_days"] >= minimum)
    return weeks.assign(value=value.astype("float64"))


def _days(periods: Periods, patient_id: str, first_day: int, last_day: int) -> pd.DataFrame:
    diary = periods.records.frame("diary", patient_id)
    diary["relative_day"] = relative_days(periods, diary)
    diary = diary[diary["headache"].notna() & diary["relative_day"].between(first_day, last_day)]
    diary = diary.astype({"relative_day": "int64"}).set_index("relative_day")
    edges = (int(diary.index.min()), int(diary.index.max()) + 1) if len(diary) else (0, 0)
    every = pd.RangeIndex(*edges, name="relative_day")
    headache = diary["headache"].astype("boolean").reindex(every)
    state = np.select(
        [headache.isna(), headache.fillna(False).astype(bool)], [NOT_RECORDED, HEADACHE], NO_HEADACHE
    )
    intensity = diary["intensity"] if "intensity" in diary else pd.Series(np.nan, diary.index)
    days = pd.DataFrame(
        {"state": state, "intensity": intensity.astype("float64").reindex(every)}, index=every
    )
    # An intensity beside a day without headache says nothing about a headache.
    days["intensity"] = days["intensity"].where(days["state"] == HEADACHE)
    return days.reset_index().astype({"relative_day": "int64", "state": "object"})


def _notes(standing: str, trend: bool) -> tuple[str, ...]:
    notes = []
    if standing != "analysed":
        notes.append(f"not in the comparison: {REASONS[standing]}")
    if not trend:
        notes.append(f"a trend before treatment needs {MIN_BASELINE_FOR_TREND} weeks, so none is taken out")
    return tuple(notes)


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
