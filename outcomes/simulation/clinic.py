"""The steps that make a clinic, in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.cohort import describe_patients, gather_patients
from outcomes.simulation.diary import day_range, keep_diary, live_days
from outcomes.simulation.faults import PlantedFault, plant_faults
from outcomes.simulation.sessions import treat_patients
from outcomes.simulation.truth import ClinicTruth


class Clinic(dict[str, pd.DataFrame]):
    """The tables by name, as a clinic's files would hold them, and what was put into them.

    `planted` lists the data errors; `realised_change_days_per_28` is the mean of the patients' own real
    changes, which differs from the planted mean because the patients are a sample.
    """

    planted: tuple[PlantedFault, ...] = ()
    realised_change_days_per_28: float = 0.0


def simulate_clinic(truth: ClinicTruth) -> Clinic:
    """Make a clinic with that truth: the tables `diary` (one row per patient-day that was written down),
    `sessions` (per treatment) and `patients` (per patient), columns and codes as in the data dictionary.

    Dates and codes are text, numbers are nullable, missing is missing. The same truth gives the same tables
    on every system.
    """
    dates = _dates(truth)
    cohort = gather_patients(truth)
    patients = describe_patients(truth, cohort, dates)
    days = day_range(truth, cohort)
    headache = live_days(truth, cohort, days)
    planned = patients["planned_sessions"].to_numpy()
    clinic = Clinic(
        diary=keep_diary(truth, cohort, days, headache, dates),
        sessions=treat_patients(truth, cohort, planned, days, headache, dates),
        patients=patients,
    )
    clinic.realised_change_days_per_28 = float(np.mean(cohort.change_days_per_28))
    if truth.faults:
        clinic.planted = plant_faults(clinic, truth)
    return clinic


def _dates(truth: ClinicTruth) -> NDArray[Any]:
    """Every calendar day of the clinic as text, made once and looked up."""
    first = np.datetime64(truth.first_day, "D")
    return (first + np.arange(truth.days)).astype(str).astype(object)
