"""Loss of response, relapse and the return of headache, window by window after an origin of each patient's own.

Definitions and sources: docs/method.md#durability.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.day_counts import anchored_counts
from outcomes.analysis.estimates import Values
from outcomes.analysis.periods import Periods
from outcomes.analysis.responders import TIE_TOLERANCE, improved_share, reaches
from outcomes.analysis.response_course import HEADACHE_DAYS, RESPONSE, ResponseCourse
from outcomes.analysis.treatment_course import last_sessions, observation_ends
from outcomes.analysis.window_events import EventTimes, Marks, WindowGrid, times_of, window_grid
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

DIARY_ENDED = "diary ended"


@dataclass(frozen=True, eq=False)
class Followed:
    """Patients followed from an origin until an event, or until something else ended the observation.

    `times` in days from the origin, one entry per patient; `reasons` why observation ended where no event was
    seen, else empty. `n_not_followed` patients had the condition to be followed but no window to judge them by.
    """

    patients: tuple[str, ...]
    times: EventTimes
    reasons: tuple[str, ...]
    n_not_followed: int

    def __len__(self) -> int:
        return len(self.patients)


def loss_among_responders(periods: Periods, course: ResponseCourse) -> Followed:
    """Loss of response of the responders of 50% in the follow-up window, from the end of that window."""
    origin = np.where(course.responded_at_followup, float(periods.plan.followup_last_day), np.nan)
    return _loss(periods, course, origin)


def loss_after_first_response(periods: Periods, course: ResponseCourse) -> Followed:
    """Loss of response of all first responders, from the end of the first valid period with a response."""
    responded = reaches(course.improved(course.grid.values), RESPONSE)
    return _loss(periods, course, _end_of_first(responded, periods.plan))


def relapse(periods: Periods, course: ResponseCourse, *, responders_only: bool) -> Followed:
    """Return nearer to the baseline than to half of it, from the last session of the first course of treatment.

    Of responders in the follow-up window only what begins in a window that ends after it can be a relapse.
    """
    plan = periods.plan
    last = last_sessions(periods).reindex(list(course.patients)).to_numpy(np.float64)
    if responders_only:
        last = np.where(course.responded_at_followup, last, np.nan)
    ahead = _ahead(periods, course, last)
    state = _near_baseline(ahead.grid.values, ahead.baseline[:, None], plan)
    if not responders_only:
        return _followed(ahead, times_of(ahead.valid, state, plan.loss_periods))
    responding = np.maximum(plan.followup_last_day - ahead.origin, 0.0)
    times = times_of(ahead.valid, state & (ahead.window_ends > responding[:, None]), plan.loss_periods)
    known = np.where(times.seen, np.maximum(times.left, responding), times.left)
    return _followed(ahead, replace(times, left=known))


def return_of_headache(periods: Periods, course: ResponseCourse) -> Followed:
    """The first period with a headache day after the first valid 28-day period without any, of `response_periods`.

    A headache day that was written down is one, however few days of its period were recorded.
    """
    free = course.grid.valid & (course.grid.headache == 0)
    ahead = _ahead(periods, course, _end_of_first(free, periods.plan))
    headache = ahead.allowed & (ahead.grid.headache > 0)
    return _followed(ahead, times_of(ahead.valid | headache, headache))


def _loss(periods: Periods, course: ResponseCourse, origin: Values) -> Followed:
    plan = periods.plan
    ahead = _ahead(periods, course, origin)
    improved = improved_share(ahead.baseline[:, None], ahead.grid.values, HEADACHE_DAYS)
    lost = ~reaches(improved, plan.loss_reduction)
    return _followed(ahead, times_of(ahead.valid, lost, plan.loss_periods))


def _near_baseline(values: Values, baseline: Values, plan: AnalysisPlan) -> Marks:
    """Within so many days of the baseline, or at so many percent of it."""
    near = values >= baseline - plan.relapse_within_days - TIE_TOLERANCE
    at_share = values >= plan.relapse_baseline_percent / 100 * baseline - TIE_TOLERANCE
    marks: Marks = near | at_share
    return marks


def _end_of_first(given: Marks, plan: AnalysisPlan) -> Values:
    """Last day of the first marked 28-day period after the first session, NaN where none is.

    Looked for where a response is: a longer diary has more periods, and more by chance alone.
    """
    marks = given[:, : plan.response_periods]
    if not marks.shape[1]:
        return np.full(len(marks), np.nan)
    last_day = DAYS_PER_PERIOD * (1.0 + marks.argmax(axis=1)) - 1
    return np.where(marks.any(axis=1), last_day, np.nan)


@dataclass(frozen=True, eq=False)
class _Ahead:
    """The windows of 28 days from the day after each origin, of the patients who have one.

    `end_day` is the day on which another treatment or a change of a preventive drug ends the observation.
    """

    grid: WindowGrid
    baseline: Values
    origin: Values
    end_day: Values
    end_reason: tuple[str, ...]

    @property
    def window_ends(self) -> Values:
        """Days from the origin to the end of each window."""
        return DAYS_PER_PERIOD * np.arange(1.0, self.grid.recorded.shape[1] + 1)

    @property
    def allowed(self) -> Marks:
        """Windows that were over before anything ended the observation."""
        marks: Marks = self.origin[:, None] + self.window_ends < self.end_day[:, None]
        return marks

    @property
    def valid(self) -> Marks:
        return self.grid.valid & self.allowed


def _ahead(periods: Periods, course: ResponseCourse, origin: Values) -> _Ahead:
    has_origin = ~np.isnan(origin)
    patients = tuple(one for one, has in zip(course.patients, has_origin, strict=True) if has)
    days = origin[has_origin]
    anchors = pd.DataFrame({"patient_id": patients, "anchor": (days + 1).astype("int64")})
    minimum = periods.plan.min_recorded_in_course(DAYS_PER_PERIOD)
    grid = window_grid(anchored_counts(periods, anchors), "number", patients, minimum)
    ends = observation_ends(periods, pd.Series(days, index=list(patients), dtype="float64"))
    return _Ahead(
        grid=grid,
        baseline=course.baseline[has_origin],
        origin=days,
        end_day=ends["day"].to_numpy(np.float64),
        end_reason=tuple(ends["reason"]),
    )


def _followed(ahead: _Ahead, times: EventTimes) -> Followed:
    """Those who could be judged at all, and why the others' observation ended."""
    judged = times.judged
    diary_end = ahead.origin + np.where(ahead.grid.valid, ahead.window_ends, 0.0).max(axis=1, initial=0.0)
    # What began in the window after the last valid one ended the observation, for that window cannot count.
    interrupted = ahead.end_day <= diary_end + DAYS_PER_PERIOD
    told = [
        "" if event else reason if cut else DIARY_ENDED
        for event, reason, cut in zip(times.seen, ahead.end_reason, interrupted, strict=True)
    ]
    return Followed(
        patients=tuple(one for one, kept in zip(ahead.grid.patients, judged, strict=True) if kept),
        times=EventTimes(times.left[judged], times.right[judged]),
        reasons=tuple(one for one, kept in zip(told, judged, strict=True) if kept),
        n_not_followed=int((~judged).sum()),
    )
