"""What is true of each patient, for tests to hold an answer against. It is never written to a file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.simulation.cohort import Cohort
from outcomes.simulation.courses import Courses
from outcomes.simulation.draws import Floats, Wholes
from outcomes.simulation.levels import NEVER, Turns
from outcomes.simulation.practitioners import own_practitioner, own_site, spread_days_per_28
from outcomes.simulation.scores import level_days_per_28, score_change_points
from outcomes.simulation.truth import ClinicTruth


def truth_of_patients(
    truth: ClinicTruth, cohort: Cohort, courses: Courses, turns: Turns, days: Wholes, probability: Floats
) -> pd.DataFrame:
    """One row per patient. Days count from the first session, NaN where there is no such day; the others are
    headache days per 28.

    `change_days_per_28` is the real change in full, the parts of practitioner and site in it. `dose_change_days_per_28`
    is what all sessions received add. `level_before` and `level_after` are the likely headache days of the 28 days
    before the first session and of days 56 to 83, with everything that moved them, the bad month included.
    `NAME_change_points` is the real change of an instrument's score, dose and relapse aside.
    """
    practitioners, sites = spread_days_per_28(truth)
    own = own_practitioner(truth)
    zero = np.zeros(truth.patients, dtype=np.int64)
    columns = {
        "patient_id": cohort.patient_ids,
        "headache_type": np.array([kind.name for kind in truth.types], dtype=object)[cohort.kind],
        "usual_days_per_28": 28 * cohort.usual,
        "change_days_per_28": cohort.change_days_per_28,
        "sessions": courses.received,
        "last_session_day": courses.last_day,
        "dose_change_days_per_28": truth.dose_slope_days_per_28_per_session * courses.received,
        "relapse_day": _or_nan(turns.relapse),
        "preventive_change_day": _or_nan(turns.preventive),
        "bout_end_day": _or_nan(turns.bout_end),
        "practitioner_id": [f"PR-{number + 1}" for number in own],
        "practitioner_days_per_28": practitioners[own],
        "site_id": [f"S-{number + 1}" for number in own_site(truth)],
        "site_days_per_28": sites[own_site(truth)],
        "level_before": level_days_per_28(probability, days, zero),
        "level_after": level_days_per_28(probability, days, zero + 84),
    }
    for score in truth.scores:
        columns[f"{score.instrument}_change_points"] = score_change_points(truth, cohort, score)
    return pd.DataFrame(columns)


def _or_nan(day: Wholes) -> Floats:
    return np.where(day < NEVER, day, np.nan)
