"""How likely headache is on each day of each patient, once courses, relapses, drugs and bouts have had their part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcomes.simulation.cohort import DAYS_PER_MONTH, Cohort, share_of_change
from outcomes.simulation.courses import Courses
from outcomes.simulation.draws import Draws, Flags, Floats, Wholes, beta_quantile, exponential
from outcomes.simulation.truth import ClinicTruth

#: Beyond every diary.
NEVER = 10**6

#: Chance of a headache day between two bouts.
BETWEEN_BOUTS = 0.003

#: A preventive drug may change from 84 days before the first session to 168 after it (both included).
PREVENTIVE_DAYS = (-84, 168)

_LEAST, _MOST = 0.01, 0.99


@dataclass(frozen=True)
class Turns:
    """The day on which something turns in each patient, from the first session; `NEVER` where it does not.

    `episodic` says whether a cluster headache comes in bouts, whether or not one ends within the diary.
    """

    relapse: Wholes
    preventive: Wholes
    bout_end: Wholes
    episodic: Flags


def draw_turns(truth: ClinicTruth, cohort: Cohort, courses: Courses) -> Turns:
    """When patients relapse, when their preventive drugs change, and when their bouts end by themselves."""
    size = truth.patients
    draws = Draws(truth.seed, "relapses")
    later = exponential(draws.uniform(size), truth.relapse_median_days_after_last_session)
    relapses = draws.uniform(size) < truth.relapse_share
    draws = Draws(truth.seed, "preventives")
    day = draws.whole(*PREVENTIVE_DAYS, size)
    changes = draws.uniform(size) < truth.preventive_change_share
    names = np.array([kind.name for kind in truth.types])[cohort.kind]
    draws = Draws(truth.seed, "bouts")
    episodic = (draws.uniform(size) < truth.cluster_episodic_share) & (names == "cluster")
    ends = exponential(draws.uniform(size), truth.cluster_bout_median_days_after_first_session)
    ending = episodic & (truth.cluster_bout_median_days_after_first_session > 0)
    return Turns(
        relapse=np.where(relapses, courses.last_day + 1 + _days(later), NEVER),
        preventive=np.where(changes, day, NEVER),
        bout_end=np.where(ending, 1 + _days(ends), NEVER),
        episodic=episodic,
    )


def _days(days: Floats) -> Wholes:
    return np.minimum(days, NEVER / 2).astype(np.int64)


def daily_probability(
    truth: ClinicTruth, cohort: Cohort, courses: Courses, turns: Turns, days: Wholes
) -> Floats:
    """The probability of headache of each patient on each day; patients × days.

    What is added to a month moves the mean of its Beta distribution and leaves its luck as it was, so that the
    planted days per 28 come in full, bounds aside.
    """
    patient = np.arange(truth.patients)[:, None]
    month = cohort.month_of(patient, days[None, :])
    probability = np.take_along_axis(cohort.monthly, month, axis=1)
    moved_by = added_days_per_28(truth, cohort, courses, turns, days)
    who, when = np.nonzero(moved_by)
    if len(who):
        share = share_of_change(truth, days[when])
        mean = cohort.usual[who] + share * cohort.change_days_per_28[who] / DAYS_PER_MONTH
        mean = np.clip(mean + moved_by[who, when] / DAYS_PER_MONTH, _LEAST, _MOST)
        luck = cohort.month_uniform[who, month[who, when]]
        probability[who, when] = beta_quantile(luck, mean, truth.day_icc)
    return np.where(days[None, :] >= turns.bout_end[:, None], BETWEEN_BOUTS, probability)


def added_days_per_28(
    truth: ClinicTruth, cohort: Cohort, courses: Courses, turns: Turns, days: Wholes
) -> Floats:
    """What comes on top of the usual days and the real change: patients × days, 0 where nothing does."""
    added = np.zeros((truth.patients, len(days)))
    if truth.dose_slope_days_per_28_per_session:
        added += truth.dose_slope_days_per_28_per_session * courses.received_before(days)
    if truth.relapse_share:
        lost = days[None, :] >= turns.relapse[:, None]
        come = share_of_change(truth, days)[None, :] * cohort.change_days_per_28[:, None]
        added -= np.where(lost, come, 0.0)
    if truth.preventive_change_days_per_28:
        on = days[None, :] >= turns.preventive[:, None]
        added += np.where(on, truth.preventive_change_days_per_28, 0.0)
    return added


def live_days(truth: ClinicTruth, probability: Floats) -> Flags:
    """Whether each patient has a headache on each day, written down or not; patients × days."""
    return Draws(truth.seed, "headache").uniform(*probability.shape) < probability
