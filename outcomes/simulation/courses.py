"""When the patients come, how often, and why they stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from outcomes.simulation.cohort import Cohort, to_weekday
from outcomes.simulation.draws import Draws, Floats, Wholes
from outcomes.simulation.truth import ClinicTruth

#: Days between sessions and how often each gap comes: about weekly, with holidays and illness.
_GAPS_DAYS = np.array([6, 7, 8, 10, 14])
_GAP_SHARES = (0.10, 0.60, 0.12, 0.08, 0.10)

#: Nobody stops for feeling better before this session.
_LEAST_SESSIONS = 3

#: Better = the month's probability is below this share of the probability when the patient booked.
_FELT_BETTER = 0.6

#: Why a course ended: as planned, feeling better, or lost; `still_treated` where the data end before it does.
REASONS = ("planned_course_end", "better", "stopped", "still_treated")


@dataclass(frozen=True)
class Courses:
    """The sessions of each patient. `day`: patients × sessions, days from the first one; −1 where there was none.
    `reason`: why no more came, one of REASONS for each patient."""

    day: Wholes
    reason: NDArray[Any]

    @property
    def received(self) -> Wholes:
        return (self.day >= 0).sum(axis=1)

    @property
    def last_day(self) -> Wholes:
        return self.day.max(axis=1)

    def received_before(self, days: Wholes) -> Floats:
        """Sessions received before each day; patients × days."""
        return (self._received_until(days - 1) + 1).astype(np.float64)

    def last_session(self, days: Wholes) -> tuple[Wholes, Wholes]:
        """Number of the last session up to each day, from 0 (−1 before the first), and the days since then."""
        number = self._received_until(days)
        since = days[None, :] - np.take_along_axis(self.day, np.maximum(number, 0), axis=1)
        return number, since

    def _received_until(self, days: Wholes) -> Wholes:
        number = np.full((len(self.day), len(days)), -1)
        for session in range(self.day.shape[1]):
            day = self.day[:, session, None]
            number += (day >= 0) & (day <= days[None, :])
        return number


def plan_courses(truth: ClinicTruth, cohort: Cohort, planned: Wholes) -> Courses:
    """Draw the sessions of each patient.

    Those who feel better may stop, which is why the number of sessions says nothing about what they do.
    """
    draws = Draws(truth.seed, "schedule")
    size = truth.patients
    schedule = np.full((size, truth.planned_sessions_most), -1)
    schedule[:, 0] = day = np.zeros(size, dtype=np.int64)
    coming = np.ones(size, dtype=bool)
    reason = np.full(size, REASONS[0], dtype=object)
    for number in range(1, truth.planned_sessions_most):
        later = cohort.first_session + day + _GAPS_DAYS[draws.pick(_GAP_SHARES, size)]
        day = to_weekday(truth, later) - cohort.first_session
        now = cohort.monthly[np.arange(size), cohort.month_of(np.arange(size), day)]
        stops = draws.uniform(size) < truth.improver_stop_share_per_session
        stops &= (number >= _LEAST_SESSIONS) & (now < _FELT_BETTER * cohort.flare)
        ends = (
            (number >= planned, REASONS[0]),
            (stops, REASONS[1]),
            (day > cohort.drop_out, REASONS[2]),
            (cohort.first_session + day >= truth.days, REASONS[3]),
        )
        for ending, why in ends:
            reason[coming & ending] = why
            coming = coming & ~ending
        schedule[coming, number] = day[coming]
    return Courses(schedule, reason)
