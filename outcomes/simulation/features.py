"""What the diary says about each headache beside its strength, and how sore the needles left the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from outcomes.simulation.cohort import Cohort
from outcomes.simulation.courses import Courses
from outcomes.simulation.diary import Diary
from outcomes.simulation.draws import Draws, Flags, Wholes, yes_no
from outcomes.simulation.sessions import Treatments
from outcomes.simulation.truth import ClinicTruth

#: Yes/no columns of the diary, in the order of their draws; each has a share of that name in FeatureTruth.
FEATURES = (
    "self_labelled_migraine",
    "unilateral",
    "pulsating",
    "worse_with_activity",
    "nausea_or_vomiting",
    "photophobia",
    "phonophobia",
    "aura",
)

#: No day has more attacks: a cluster headache has up to eight a day (ICHD-3 3.1).
_MOST_ATTACKS = 8

#: Soreness falls to so much of itself from day to day, and is at least 1 while there is any.
_SORENESS_KEPT_PER_DAY = 0.65


def felt_features(truth: ClinicTruth, cohort: Cohort, diary: Diary, headache: Flags) -> dict[str, Any]:
    """The columns on each headache: empty without one, and in diaries that do not ask for features."""
    draws = Draws(truth.seed, "features")
    kind = cohort.kind[diary.patient]
    size = len(kind)
    asked = (draws.uniform(truth.patients) < truth.features_asked_share)[diary.patient] & diary.ill
    columns: dict[str, Any] = {
        "acute_medication_helped": yes_no(
            draws.uniform(size) < _share(truth, "medication_helped")[kind], diary.taken & diary.ill
        ),
        "attacks": _attacks(truth, diary, headache, kind, asked),
    }
    for name in FEATURES:
        columns[name] = yes_no(draws.uniform(size) < _share(truth, name)[kind], asked)
    return columns


def felt_soreness(truth: ClinicTruth, courses: Courses, treated: Treatments, diary: Diary) -> dict[str, Any]:
    """The column `soreness`: written down on the days of the planted course, from a session on; 0 = none left."""
    last_day = sore_until_day(truth, treated)
    # Rows of sessions lie in the order of patients and numbers, so a session's row can be counted out.
    before = np.cumsum(courses.received) - courses.received
    first, span = int(diary.day.min(initial=0)), int(diary.day.max(initial=0))
    number, since = courses.last_session(np.arange(first, span + 1))
    number, since = number[diary.patient, diary.day - first], since[diary.patient, diary.day - first]
    due = (number >= 0) & (since < len(truth.soreness_share_by_day)) & ~diary.blank
    session = np.where(due, before[diary.patient] + number, 0)
    since = np.where(due, since, 0)
    worst = treated.worst_soreness[session] * _SORENESS_KEPT_PER_DAY**since
    left = np.maximum(np.rint(worst), 1).astype(np.int64)
    sore = np.where(since <= last_day[session], left, 0)
    return {"soreness": pd.arrays.IntegerArray(sore, ~due)}


def sore_until_day(truth: ClinicTruth, treated: Treatments) -> Wholes:
    """Last day after each session with any soreness; −1 where there was none.

    Soreness goes on to a day with the planted share of that day, so the shares fall as planted.
    """
    shares = np.array(truth.soreness_share_by_day)
    place = Draws(truth.seed, "soreness").uniform(len(treated.day)) * shares[0]
    until = (place[:, None] < shares[None, :]).sum(axis=1) - 1
    return np.where(treated.worst_soreness > 0, until, -1)


def _attacks(truth: ClinicTruth, diary: Diary, headache: Flags, kind: Wholes, asked: Flags) -> Any:
    """Attacks that began on the day. After a headache day, one may have gone on and none begun."""
    draws = Draws(truth.seed, "attacks")
    size = len(kind)
    ached = headache[diary.patient, np.maximum(diary.column - 1, 0)] & (diary.column > 0)
    goes_on = ached & (draws.uniform(size) < _share(truth, "attack_goes_on")[kind])
    mean = np.array([a_type.days_are.further_attacks_per_day for a_type in truth.types])[kind]
    # Geometric from 0 with that mean: each further one with chance mean / (1 + mean).
    further = np.floor(np.log1p(-draws.uniform(size)) / np.log(np.maximum(mean, 1e-9) / (1 + mean)))
    attacks = np.minimum(np.where(goes_on, 0, 1) + further, _MOST_ATTACKS).astype(np.int64)
    return pd.arrays.IntegerArray(attacks, ~asked)


def _share(truth: ClinicTruth, name: str) -> Any:
    """The planted share of each type."""
    return np.array([getattr(kind.days_are, f"{name}_share") for kind in truth.types])
