"""What the clinic writes down at each treatment session."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.cohort import Cohort, to_weekday
from outcomes.simulation.draws import Draws, Flags, Floats, Wholes
from outcomes.simulation.truth import ClinicTruth

#: Days between sessions and how often each gap comes: about weekly, with holidays and illness.
_GAPS_DAYS = np.array([6, 7, 8, 10, 14])
_GAP_SHARES = (0.10, 0.60, 0.12, 0.08, 0.10)

#: Nobody stops for feeling better before this session.
_LEAST_SESSIONS = 3

#: Better = the month's probability is below this share of the probability when the patient booked.
_FELT_BETTER = 0.6

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

# Of the sessions that were asked about. Mild about one in five: Brady 2014, 19.18 % of 7,629 treatments.
_ADVERSE_EVENTS = np.array(["none", "mild", "significant"], dtype=object)
_ADVERSE_EVENT_SHARES = (0.798, 0.20, 0.002)


def treat_patients(
    truth: ClinicTruth, cohort: Cohort, planned: Wholes, days: Wholes, headache: Flags, dates: NDArray[Any]
) -> pd.DataFrame:
    """The `sessions` table; one row per treatment session."""
    schedule = _schedule(truth, cohort, planned)
    patient, number = np.nonzero(schedule >= 0)
    day = schedule[patient, number]
    draws = Draws(truth.seed, "sessions")
    practitioners = [f"PR-{number}" for number in range(1, truth.practitioners + 1)]
    aching = headache[patient, np.minimum(day, days[-1]) - days[0]]
    return pd.DataFrame(
        {
            "patient_id": cohort.patient_ids[patient],
            "date": dates[cohort.first_session[patient] + day],
            "practitioner_id": np.array(practitioners, dtype=object)[_practitioner(truth, patient, draws)],
            **_needling(truth, patient, draws),
            **_pain(truth, cohort, patient, aching, draws),
            "co_interventions": _CO_INTERVENTIONS[draws.pick(_CO_INTERVENTION_SHARES, len(day))],
            "aftercare": _AFTERCARE[draws.pick(_AFTERCARE_SHARES, len(day))],
            **_afterwards(truth, draws, len(day)),
            "recalled_headache_days_28": _recalled(cohort, patient, number, day, draws),
        }
    )


def _schedule(truth: ClinicTruth, cohort: Cohort, planned: Wholes) -> Wholes:
    """Day of each session from the first one, patients × sessions; −1 where there was none.

    Those who feel better may stop, which is why the number of sessions says nothing about what they do.
    """
    draws = Draws(truth.seed, "schedule")
    size = truth.patients
    schedule = np.full((size, truth.planned_sessions_most), -1)
    schedule[:, 0] = day = np.zeros(size, dtype=np.int64)
    coming = np.ones(size, dtype=bool)
    for number in range(1, truth.planned_sessions_most):
        later = cohort.first_session + day + _GAPS_DAYS[draws.pick(_GAP_SHARES, size)]
        day = to_weekday(truth, later) - cohort.first_session
        month = np.minimum(cohort.month_of(np.arange(size), day), cohort.monthly.shape[1] - 1)
        now = cohort.monthly[np.arange(size), month]
        stops = draws.uniform(size) < truth.improver_stop_share_per_session
        stops &= (number >= _LEAST_SESSIONS) & (now < _FELT_BETTER * cohort.flare)
        coming &= ~stops & (number < planned) & (day <= cohort.drop_out)
        coming &= cohort.first_session + day < truth.days
        schedule[coming, number] = day[coming]
    return schedule


def _practitioner(truth: ClinicTruth, patient: Wholes, draws: Draws) -> Wholes:
    """The patient's own practitioner, now and then a colleague. The first ones see more patients."""
    shares = [1 / (2 + number) for number in range(truth.practitioners)]
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
    after = np.maximum(before - draws.pick((0.30, 0.35, 0.25, 0.10), size), 0)
    missing = draws.uniform(size) < 0.03
    return {
        "pain_before": pd.arrays.IntegerArray(before, missing),
        "pain_after": pd.arrays.IntegerArray(after, missing | (draws.uniform(size) < 0.03)),
    }


def _afterwards(truth: ClinicTruth, draws: Draws, size: int) -> dict[str, Any]:
    """Adverse event and soreness, both asked for at the next visit: what was not asked is not `none`."""
    asked = draws.uniform(size) >= truth.adverse_event_not_asked_share
    event = _ADVERSE_EVENTS[draws.pick(_ADVERSE_EVENT_SHARES, size)]
    soreness = draws.pick((0.25, 0.22, 0.20, 0.14, 0.09, 0.06, 0.03, 0.01), size)
    return {
        "adverse_event": np.where(asked, event, "not_asked"),
        "soreness": pd.arrays.IntegerArray(soreness, ~asked),
    }


def _recalled(cohort: Cohort, patient: Wholes, number: Wholes, day: Wholes, draws: Draws) -> Any:
    """Headache days of the last 28 from memory: a tenth too many, and often rounded to fives."""
    size = len(patient)
    asked = ((number == 0) | (number % 4 == 3)) & (draws.uniform(size) < 0.85)
    true_days: Floats = 28 * cohort.monthly[patient, cohort.month_of(patient, day - 1)]
    felt = true_days * 1.1 + 1.5 * draws.normal(size)
    felt = np.where(draws.uniform(size) < 0.4, 5 * np.rint(felt / 5), np.rint(felt))
    return pd.arrays.IntegerArray(np.clip(felt, 0, 28).astype(np.int64), ~asked)


def _words(flags: Flags) -> NDArray[Any]:
    return np.where(flags, "yes", "no").astype(object)
