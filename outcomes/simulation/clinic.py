"""The steps that make a clinic, in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.records.schema import TABLES
from outcomes.simulation.cohort import describe_patients, gather_patients
from outcomes.simulation.courses import plan_courses
from outcomes.simulation.diagnoses import diagnoses
from outcomes.simulation.diary import day_range, keep_diary
from outcomes.simulation.events import record_events
from outcomes.simulation.faults import PlantedFault, plant_faults
from outcomes.simulation.features import felt_features, felt_soreness
from outcomes.simulation.levels import daily_probability, draw_turns, live_days
from outcomes.simulation.per_patient import truth_of_patients
from outcomes.simulation.scores import fill_in_scores
from outcomes.simulation.session_details import session_details
from outcomes.simulation.sessions import treat_patients
from outcomes.simulation.truth import ClinicTruth


class Clinic(dict[str, pd.DataFrame]):
    """The tables by name, as a clinic's files would hold them, and what was put into them.

    `planted` lists the data errors; `realised_change_days_per_28` is the mean of the patients' own real
    changes, which differs from the planted mean because the patients are a sample. `truth_per_patient` has one
    row per patient, faults aside (per_patient.py), and is never written to a file.
    """

    planted: tuple[PlantedFault, ...] = ()
    realised_change_days_per_28: float = 0.0
    truth_per_patient: pd.DataFrame


def simulate_clinic(truth: ClinicTruth) -> Clinic:
    """Make a clinic with that truth: the tables `diary` (one row per patient-day that was written down; none
    where the clinic keeps no diaries), `sessions` (per treatment), `patients` (per patient), `scores` (per
    questionnaire) and `events` (per event), columns and codes as in the data dictionary.

    Dates and codes are text, numbers are nullable, missing is missing. The same truth gives the same tables
    on every system.
    """
    dates = _dates(truth)
    cohort = gather_patients(truth)
    patients = describe_patients(truth, cohort, dates)
    courses = plan_courses(truth, cohort, patients["planned_sessions"].to_numpy())
    turns = draw_turns(truth, cohort, courses)
    days = day_range(truth, cohort)
    probability = daily_probability(truth, cohort, courses, turns, days)
    headache = live_days(truth, probability)
    treated = treat_patients(truth, cohort, courses, days, headache, dates)
    diary = keep_diary(truth, cohort, days, headache, dates)
    diary_table = diary.table.assign(
        **felt_features(truth, cohort, diary, headache), **felt_soreness(truth, courses, treated, diary)
    )
    tables = {
        "diary": diary_table,
        "sessions": treated.table.assign(**session_details(truth, treated, days, headache)),
        "patients": patients.assign(**diagnoses(truth, cohort, turns, dates)),
        "scores": fill_in_scores(truth, cohort, days, probability, dates),
        "events": record_events(truth, cohort, courses, turns, treated, dates),
    }
    if not truth.diaries:
        del tables["diary"]
    clinic = Clinic({name: _in_order(name, table) for name, table in tables.items()})
    clinic.realised_change_days_per_28 = float(np.mean(cohort.change_days_per_28))
    clinic.truth_per_patient = truth_of_patients(truth, cohort, courses, turns, days, probability)
    if truth.faults and truth.diaries:
        clinic.planted = plant_faults(clinic, truth)
    return clinic


def _in_order(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The columns in the order of the data dictionary."""
    return table[[column.name for column in TABLES[name].columns if column.name in table]]


def _dates(truth: ClinicTruth) -> NDArray[Any]:
    """Every calendar day of the clinic as text, made once and looked up."""
    first = np.datetime64(truth.first_day, "D")
    return (first + np.arange(truth.days)).astype(str).astype(object)
