"""What the clinic writes down at each treatment session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.records.code_lists import ADVERSE_EVENTS
from outcomes.simulation.cohort import Cohort
from outcomes.simulation.courses import Courses
from outcomes.simulation.draws import Draws, Flags, Floats, Wholes
from outcomes.simulation.practitioners import practitioner_shares
from outcomes.simulation.truth import ClinicTruth

#: Grades of the worst event of a session that was asked about: none, mild, significant, serious.
GRADES = np.array([grade for grade in ADVERSE_EVENTS if grade != "not_asked"], dtype=object)

_TECHNIQUES = np.array(["deep", "superficial", "fast_in_fast_out", "electrical", "mixed"], dtype=object)
_TECHNIQUE_SHARES = (0.52, 0.14, 0.20, 0.09, 0.05)
_SHALLOWEST_MM = np.array([15, 5, 12, 15, 8])
_DEEPEST_MM = np.array([35, 10, 30, 35, 30])
_TWITCH_SHARE = np.array([0.70, 0.10, 0.80, 0.45, 0.50])

_MUSCLES = np.array(
    [
        "upper_trapezius",
        "sternocleidomastoid",
        "suboccipital",
        "splenius_capitis",
        "semispinalis_capitis",
        "levator_scapulae",
        "temporalis",
        "masseter",
        "frontalis",
    ],
    dtype=object,
)
_MUSCLE_SHARES = np.array([0.70, 0.30, 0.60, 0.30, 0.15, 0.25, 0.35, 0.12, 0.08])

_CO_INTERVENTIONS = np.array(
    [
        "none",
        "advice",
        "exercise",
        "manual_therapy",
        "manual_therapy;exercise",
        "exercise;advice",
        "preventive_started",
        "preventive_changed",
    ],
    dtype=object,
)
_CO_INTERVENTION_SHARES = (0.46, 0.15, 0.13, 0.10, 0.07, 0.07, 0.012, 0.008)
_AFTERCARE = np.array(
    ["none", "advice", "home_exercise", "heat", "advice;home_exercise", "advice;heat"], dtype=object
)
_AFTERCARE_SHARES = (0.10, 0.40, 0.18, 0.08, 0.17, 0.07)

#: Soreness of 1 to 7 at its worst, of the sessions with any.
_SORENESS_SHARES = (0.22, 0.20, 0.14, 0.09, 0.06, 0.03, 0.01)


@dataclass(frozen=True)
class Treatments:
    """The sessions, one element per session in every array, in the order of patients and days.

    `event` and `worst_soreness` are what happened, whether or not anybody asked.
    """

    patient: Wholes
    number: Wholes
    day: Wholes
    practitioner: Wholes
    event: Wholes
    worst_soreness: Wholes
    table: pd.DataFrame


def treat_patients(
    truth: ClinicTruth, cohort: Cohort, courses: Courses, days: Wholes, headache: Flags, dates: NDArray[Any]
) -> Treatments:
    """Draw the sessions and write the `sessions` table; one row per treatment session."""
    patient, number = np.nonzero(courses.day >= 0)
    day = courses.day[patient, number]
    draws = Draws(truth.seed, "sessions")
    practitioners = [f"PR-{number}" for number in range(1, truth.practitioners + 1)]
    aching = headache[patient, np.minimum(day, days[-1]) - days[0]]
    practitioner = _practitioner(truth, patient, draws)
    needling = _needling(truth, patient, draws)
    pain = _pain(truth, cohort, patient, aching, draws)
    co_interventions = _CO_INTERVENTIONS[draws.pick(_CO_INTERVENTION_SHARES, len(day))]
    aftercare = _AFTERCARE[draws.pick(_AFTERCARE_SHARES, len(day))]
    asked, event, soreness = _afterwards(truth, draws, len(day))
    table = pd.DataFrame(
        {
            "patient_id": cohort.patient_ids[patient],
            "date": dates[cohort.first_session[patient] + day],
            "practitioner_id": np.array(practitioners, dtype=object)[practitioner],
            **needling,
            **pain,
            "co_interventions": co_interventions,
            "aftercare": aftercare,
            "adverse_event": np.where(asked, GRADES[event], "not_asked"),
            "soreness": pd.arrays.IntegerArray(soreness, ~asked),
            "recalled_headache_days_28": _recalled(truth, cohort, patient, number, day, draws),
        }
    )
    return Treatments(patient, number, day, practitioner, event, soreness, table)


def _practitioner(truth: ClinicTruth, patient: Wholes, draws: Draws) -> Wholes:
    """The patient's own practitioner, now and then a colleague. The first ones see more patients."""
    shares = practitioner_shares(truth)
    own = draws.pick(shares, truth.patients)[patient]
    colleague = draws.pick(shares, len(patient))
    return np.where(draws.uniform(len(patient)) < 0.1, colleague, own)


def _needling(truth: ClinicTruth, patient: Wholes, draws: Draws) -> dict[str, Any]:
    size = len(patient)
    usual = draws.pick(_TECHNIQUE_SHARES, truth.patients)[patient]
    technique = np.where(draws.uniform(size) < 0.15, draws.pick(_TECHNIQUE_SHARES, size), usual)
    chosen = draws.uniform(size, len(_MUSCLES)) < _MUSCLE_SHARES
    chosen[:, 0] |= ~chosen.any(axis=1)
    muscles = chosen.sum(axis=1)
    needles = muscles + np.floor(draws.uniform(size) * (muscles + 2)).astype(np.int64)
    depth = _SHALLOWEST_MM + draws.uniform(size)[:, None] * (_DEEPEST_MM - _SHALLOWEST_MM)
    stimulated = (technique == 3) | ((technique == 4) & (draws.uniform(size) < 0.3))
    twitched = draws.uniform(size) < _TWITCH_SHARE[technique]
    dwell = 5 * draws.whole(2, 4, size)
    return {
        "technique": _TECHNIQUES[technique],
        "muscles": np.array([";".join(_MUSCLES[row]) for row in chosen], dtype=object),
        "needles_inserted": needles,
        "needles_removed": needles,
        "depth_mm": np.rint(depth[np.arange(size), technique]).astype(np.int64),
        "dwell_minutes": np.where(technique == 2, 0, dwell),
        "electrical": _words(stimulated),
        "local_twitch_response": _words(twitched),
    }


def _pain(truth: ClinicTruth, cohort: Cohort, patient: Wholes, aching: Flags, draws: Draws) -> dict[str, Any]:
    """Headache at the session: that of the day if there is one, else none or a trace; a little less after."""
    size = len(patient)
    typical = np.array([kind.intensity_nrs for kind in truth.types])[cohort.kind[patient]]
    before = np.where(aching, np.rint(typical - 0.5 + 1.8 * draws.normal(size)), draws.whole(-1, 2, size))
    before = np.clip(before, 0, 10).astype(np.int64)
    after = np.maximum(before - draws.pick(truth.pain_fall_shares_0_to_3_nrs, size), 0)
    missing = draws.uniform(size) < 0.03
    return {
        "pain_before": pd.arrays.IntegerArray(before, missing),
        "pain_after": pd.arrays.IntegerArray(after, missing | (draws.uniform(size) < 0.03)),
    }


def _afterwards(truth: ClinicTruth, draws: Draws, size: int) -> tuple[Flags, Wholes, Wholes]:
    """Whether anybody asked at the next visit, the worst event as a place in GRADES, and the worst soreness."""
    asked = draws.uniform(size) >= truth.adverse_event_not_asked_share
    mild, significant, serious = adverse_event_shares(truth)
    event = draws.pick((1 - mild - significant - serious, mild, significant, serious), size)
    any_soreness = truth.soreness_share_by_day[0]
    scaled = [any_soreness * share / sum(_SORENESS_SHARES) for share in _SORENESS_SHARES]
    return asked, event, draws.pick((1 - any_soreness, *scaled), size)


def adverse_event_shares(truth: ClinicTruth) -> tuple[float, float, float]:
    """Planted shares of sessions by the grade of their worst event: mild, significant, serious."""
    return (
        truth.adverse_event_mild_per_session,
        truth.adverse_event_significant_per_session,
        truth.adverse_event_serious_per_session,
    )


def _recalled(
    truth: ClinicTruth, cohort: Cohort, patient: Wholes, number: Wholes, day: Wholes, draws: Draws
) -> Any:
    """Headache days of the last 28 from memory: a tenth too many, and often rounded to fives."""
    size = len(patient)
    due = (number == 0) | (number % 4 == 3) if truth.diaries else np.ones(size, dtype=bool)
    asked = due & (draws.uniform(size) < 0.85)
    true_days: Floats = 28 * cohort.monthly[patient, cohort.month_of(patient, day - 1)]
    felt = true_days * 1.1 + 1.5 * draws.normal(size)
    felt = np.where(draws.uniform(size) < 0.4, 5 * np.rint(felt / 5), np.rint(felt))
    return pd.arrays.IntegerArray(np.clip(felt, 0, 28).astype(np.int64), ~asked)


def _words(flags: Flags) -> NDArray[Any]:
    return np.where(flags, "yes", "no").astype(object)
