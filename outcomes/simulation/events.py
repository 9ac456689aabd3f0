"""What the clinic writes down between sessions: changes of drugs, courses that end, and what went wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.cohort import Cohort
from outcomes.simulation.courses import REASONS, Courses
from outcomes.simulation.draws import Draws, Flags, Wholes
from outcomes.simulation.levels import NEVER, Turns
from outcomes.simulation.sessions import GRADES, Treatments
from outcomes.simulation.truth import ClinicTruth

# Details are made of words that the privacy gate lists: any other would have to be shared by several patients.
_PREVENTIVE = np.array(["started", "stopped", "dose_changed"], dtype=object)
_PREVENTIVE_SHARES = (0.5, 0.2, 0.3)

#: From this grade on, an adverse event is also an event of its own.
_REPORTED_FROM = int(np.flatnonzero(GRADES == "significant")[0])

#: Treated again, elsewhere, so many days after the last session.
_RESUMED_AFTER_DAYS = (28, 112)

#: How the events of one day are ordered.
_ORDER = {
    "preventive_change": 0,
    "diagnosis_change": 1,
    "red_flag": 2,
    "adverse_event": 3,
    "drop_out": 4,
    "treatment_ended": 5,
    "treatment_resumed": 6,
}


def record_events(
    truth: ClinicTruth,
    cohort: Cohort,
    courses: Courses,
    turns: Turns,
    treated: Treatments,
    dates: NDArray[Any],
) -> pd.DataFrame:
    """The `events` table; one row per event, in the order of patients and days.

    Preventive drugs that change at a session stand in `sessions.co_interventions`; here stand those that change
    between visits. Mild adverse events stand in `sessions` alone.
    """
    draws = Draws(truth.seed, "events")
    size = truth.patients
    detail = _PREVENTIVE[draws.pick(_PREVENTIVE_SHARES, size)]
    known = turns.preventive >= cohort.contact - cohort.first_session
    parts = [
        _rows("preventive_change", turns.preventive, (turns.preventive < NEVER) & known, detail),
        _some(truth, draws, "diagnosis_change", truth.diagnosis_change_share, (7, 84), "review"),
        _some(truth, draws, "red_flag", truth.red_flag_share, (0, 56), "referred"),
        _adverse_events(treated),
        *_endings(truth, courses, draws),
    ]
    table = pd.concat(parts, ignore_index=True)
    patient, day = table["patient"].to_numpy(np.int64), table["day"].to_numpy(np.int64)
    calendar = cohort.first_session[patient] + day
    # What happens once a patient is lost, or after the data end, nobody writes down.
    seen = (
        (calendar >= 0)
        & (calendar < truth.days)
        & (day <= np.maximum(cohort.drop_out, courses.last_day)[patient])
    )
    table = table[seen].assign(
        patient_id=cohort.patient_ids[patient[seen]],
        date=dates[calendar[seen]],
        order=table["kind"].map(_ORDER),
    )
    table = table.sort_values(["patient", "day", "order"], kind="stable")
    columns = ["patient_id", "date", "kind", "detail", "grade", "expected"]
    return table[columns].reset_index(drop=True)


def _rows(
    kind: str, day: Wholes, there: Flags, detail: Any = None, patient: Any = None, **more: Any
) -> pd.DataFrame:
    patient = np.arange(len(day)) if patient is None else patient
    empty = {"grade": None, "expected": None}
    rows = pd.DataFrame({"patient": patient, "day": day, "kind": kind, "detail": detail, **empty, **more})
    return rows[there].astype(dict.fromkeys(("kind", "detail", "grade", "expected"), object))


def _some(
    truth: ClinicTruth, draws: Draws, kind: str, share: float, days: tuple[int, int], detail: str
) -> pd.DataFrame:
    day = draws.whole(*days, truth.patients)
    return _rows(kind, day, draws.uniform(truth.patients) < share, detail)


def _adverse_events(treated: Treatments) -> pd.DataFrame:
    """Every event from `significant` on, whether or not it was asked for at the next visit: the patient calls."""
    return _rows(
        "adverse_event",
        treated.day,
        treated.event >= _REPORTED_FROM,
        patient=treated.patient,
        grade=GRADES[treated.event],
        expected="no",
    )


def _endings(truth: ClinicTruth, courses: Courses, draws: Draws) -> list[pd.DataFrame]:
    """Courses that ended, those that were broken off, and treatment taken up again elsewhere."""
    size = truth.patients
    reason = courses.reason
    lost = reason == REASONS[2]
    ended = np.isin(reason, REASONS[:2])
    resumed = (ended | lost) & (draws.uniform(size) < truth.resumed_elsewhere_share)
    later = courses.last_day + draws.whole(*_RESUMED_AFTER_DAYS, size)
    return [
        _rows("drop_out", courses.last_day, lost, reason),
        _rows("treatment_ended", courses.last_day, ended, reason),
        _rows("treatment_resumed", later, resumed, "other"),
    ]
