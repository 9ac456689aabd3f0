"""How many patients improved, by how much, and for how long in a row.

Shares reaching each reduction in the follow-up window, sustained response, the time to the first response, and
responders per 28-day period. Definitions and sources: docs/method.md#response-over-time.

Frames: `staircase` (one row per whole percent of reduction from 0 to 100: `reduction`, the `share` of the
evaluable patients reaching at least it, `low`, `high`, `n`) and `periods` (one row per 28-day period from the
first session: `period`, `first_day`, `last_day`, `n` patients with a valid period, `n_over` for whom it was over
when the records end, then `share_30`, `low_30`, `high_30` and so on for each reduction).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.comparison import compare, pair_by_patient
from outcomes.analysis.endpoints import measure_endpoints
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.responders import eligible_baselines, improved_share, reaches
from outcomes.analysis.response_course import (
    HEADACHE_DAYS,
    RESPONSE,
    ResponseCourse,
    first_periods,
    response_course,
)
from outcomes.analysis.results import Statistic
from outcomes.analysis.survival import kaplan_meier
from outcomes.analysis.window_events import EventTimes, in_a_row, times_of
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: Lengths of a sustained response that are shown beside the plan's.
SUSTAINED_BESIDE = (2, 3, 6)

#: Reductions, in percent, that the share per period is always given for.
PERIOD_REDUCTIONS = (30.0, 50.0, 75.0)

_UNCONTROLLED = (
    "a response is a change by so much, whatever brought it about: some patients reach it by chance alone"
)
_NO_DAYS = "These records hold no daily diary and no summaries of one, so no response can be counted."
_NO_COURSE = "no daily diary: response in a row, its time and the periods cannot be counted from summaries"
_BY_WINDOW = (
    "seen at the end of 28-day periods: a first response lies up to 28 days, after a missing period longer, "
    "before the time given"
)


def ask_response(periods: Periods) -> Answers:
    """Raises PlanError where the records hold neither a daily diary nor summaries of one."""
    plan = periods.plan
    endpoints = measure_endpoints(periods)
    summarised = "diary" in set(endpoints["mode"]) and HEADACHE_DAYS.name in endpoints
    if periods.segments is None and not summarised:
        raise PlanError(_NO_DAYS)
    change = compare(endpoints, HEADACHE_DAYS.name, plan, mode="diary")
    shares = [row for row in change.statistics if row.statistic.startswith(("responders_", "worsened_"))]
    frames = {
        "staircase": staircase(pair_by_patient(endpoints, HEADACHE_DAYS.name, "diary"), plan),
        "periods": pd.DataFrame(),
    }
    notes: tuple[str, ...] = (_UNCONTROLLED,)
    if periods.segments is None:
        notes = (*notes, _NO_COURSE)
        statistics: tuple[Statistic, ...] = tuple(shares)
    else:
        course = response_course(periods)
        statistics = (*shares, *_sustained_rows(course), *_first_response_rows(course), *_period_rows(course))
        frames["periods"] = period_frame(course)
    return Answers("response", statistics, plan, _labels(plan), notes, frames)


def staircase(pairs: pd.DataFrame, plan: AnalysisPlan) -> pd.DataFrame:
    """The share of the evaluable patients reaching at least each whole percent of reduction, 0 to 100."""
    baseline, followup = (pairs[name].to_numpy(np.float64) for name in ("baseline", "followup"))
    evaluable = eligible_baselines(baseline, HEADACHE_DAYS, plan) & ~np.isnan(followup)
    improved = improved_share(baseline[evaluable], followup[evaluable], HEADACHE_DAYS)
    rows = []
    for reduction in range(101):
        found = share(int(reaches(improved, reduction).sum()), len(improved), plan.confidence)
        rows.append((reduction, found.value, found.low, found.high, len(improved)))
    frame = pd.DataFrame(rows, columns=["reduction", "share", "low", "high", "n"])
    return frame.astype(dict.fromkeys(("share", "low", "high"), "float64"))


def period_frame(course: ResponseCourse) -> pd.DataFrame:
    """Responders per 28-day period, of the eligible patients whose period is valid."""
    plan = course.plan
    values = first_periods(course, plan.response_periods)
    improved = course.improved(values)
    reductions = sorted({*PERIOD_REDUCTIONS, *plan.responder_reductions})
    rows = []
    for period in range(plan.response_periods):
        valid = ~np.isnan(values[:, period])
        row: dict[str, float | int | None] = {
            "period": period,
            "first_day": max(1, DAYS_PER_PERIOD * period),
            "last_day": DAYS_PER_PERIOD * (period + 1) - 1,
            "n": int(valid.sum()),
            "n_over": int((course.over > period).sum()),
        }
        for reduction in reductions:
            count = int(reaches(improved[:, period], reduction).sum())
            found = share(count, int(valid.sum()), plan.confidence)
            row |= {f"share_{reduction:g}": found.value, f"low_{reduction:g}": found.low}
            row |= {f"high_{reduction:g}": found.high}
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype({name: "float64" for name in frame.columns if "_" in name and name[-1].isdigit()})


def _lengths(plan: AnalysisPlan) -> list[int]:
    """The plan's length first, then the others."""
    lengths = dict.fromkeys((plan.sustained_periods, *SUSTAINED_BESIDE))
    return [length for length in lengths if length <= plan.response_periods]


def _sustained_rows(course: ResponseCourse) -> Iterator[Statistic]:
    """Responders in so many valid periods in a row: each reduction for the plan's length, 50% for the others."""
    plan = course.plan
    values = first_periods(course, plan.response_periods)
    improved = course.improved(values)
    for length in _lengths(plan):
        reductions = plan.responder_reductions if length == plan.sustained_periods else ()
        possible = course.over >= length
        with_run = possible & in_a_row(~np.isnan(values), length).any(axis=1)
        notes = (
            f"{int(with_run.sum())} of the {int(possible.sum())} have {length} valid periods in a row at all",
        )
        for reduction in dict.fromkeys((RESPONSE, *reductions)):
            lasting = in_a_row(reaches(improved, reduction), length).any(axis=1)
            name, count = f"sustained_{reduction:g}_over_{length}", int(lasting.sum())
            seen = int((lasting & possible).sum())
            yield _share_row(course, name, seen, int(possible.sum()), notes=notes)
            missing = (f"{int((~possible).sum())} for whom {length} periods were not over count as not",)
            yield _share_row(course, f"{name}_all_started", count, len(course), notes=missing)


def first_response_times(course: ResponseCourse) -> EventTimes:
    """Days from the first session to the end of the first valid period with a reduction of 50% or more."""
    values = first_periods(course, course.plan.response_periods)
    return times_of(~np.isnan(values), reaches(course.improved(values), RESPONSE))


def _first_response_rows(course: ResponseCourse) -> Iterator[Statistic]:
    plan, times = course.plan, first_response_times(course)
    curve = kaplan_meier(times.time, times.seen, plan.confidence)
    early = kaplan_meier(times.left, times.seen, plan.confidence)
    method = f"{curve.n_events} of {curve.n} had a first response, the others left observation without one"
    left_out = course.n_looked_at - curve.n

    def row(name: str, found: Estimate, unit: str, *notes: str) -> Statistic:
        return statistic_of(
            found, plan, endpoint=HEADACHE_DAYS.name, statistic=name, n=curve.n, n_left_out=left_out,
            unit=unit, notes=notes,
        )  # fmt: skip

    by_end = _turned(curve.at(plan.followup_last_day + 1))
    yield row("first_response_by_followup_end", by_end, "share", method, _BY_WINDOW)
    yield row("first_response_median_days", curve.median, "days", _BY_WINDOW)
    yield row("first_response_median_days_early", early.median, "days")
    yield from _kept_rows(course, times)


def _kept_rows(course: ResponseCourse, times: EventTimes) -> Iterator[Statistic]:
    """How many first responders were responders in the very next period too."""
    values = first_periods(course, course.plan.response_periods + 1)
    responded = reaches(course.improved(values), RESPONSE)
    seen = np.flatnonzero(times.seen)
    following = (times.right[seen] / DAYS_PER_PERIOD).astype(np.int64)
    kept = int(responded[seen, following].sum())
    valid = int((~np.isnan(values[seen, following])).sum())
    by_chance = "a first response by chance is likely, for the first of several periods is taken"
    yield _share_row(course, "first_response_kept", kept, valid, notes=(by_chance,))
    missing = f"{len(seen) - valid} without a valid next period counted as not kept"
    yield _share_row(course, "first_response_kept_all", kept, len(seen), notes=(missing,))


def _period_rows(course: ResponseCourse) -> Iterator[Statistic]:
    values = first_periods(course, course.plan.response_periods)
    improved = course.improved(values)
    for period in range(values.shape[1]):
        valid = int((~np.isnan(values[:, period])).sum())
        count = int(reaches(improved[:, period], RESPONSE).sum())
        days = f"days {max(1, DAYS_PER_PERIOD * period)} to {DAYS_PER_PERIOD * (period + 1) - 1}"
        yield _share_row(course, "responders_50_of_period", count, valid, by="period", group=days)


def _share_row(
    course: ResponseCourse,
    name: str,
    count: int,
    total: int,
    *,
    notes: tuple[str, ...] = (),
    by: str | None = None,
    group: str = "all",
) -> Statistic:
    return statistic_of(
        share(count, total, course.plan.confidence), course.plan, endpoint=HEADACHE_DAYS.name, statistic=name,
        n=total, n_left_out=course.n_looked_at - total, count=count, unit="share", by=by, group=group,
        notes=notes,
    )  # fmt: skip


def _turned(found: Estimate) -> Estimate:
    """The share with the event, from the share without."""

    def other(part: float | None) -> float | None:
        return None if part is None else 1 - part

    return Estimate(other(found.value), other(found.high), other(found.low), None, found.method, found.notes)


def _labels(plan: AnalysisPlan) -> dict[str, str]:
    labels = {}
    for reduction in dict.fromkeys((RESPONSE, *plan.responder_reductions)):
        reached = "no headache day" if reduction == 100 else f"{reduction:g}% fewer headache days or more"
        labels[f"responders_{reduction:g}"] = f"{reached}, of those with both windows"
        labels[f"responders_{reduction:g}_all_started"] = f"{reached}, of all who started"
        for length in _lengths(plan):
            lasting = f"{reached}, in {length} periods in a row"
            labels[f"sustained_{reduction:g}_over_{length}"] = f"{lasting}, of those it could be seen in"
            labels[f"sustained_{reduction:g}_over_{length}_all_started"] = f"{lasting}, of all who started"
    for increase in plan.worsening_increases:
        labels[f"worsened_{increase:g}"] = f"{increase:g}% more headache days or more"
    return labels | {
        "first_response_by_followup_end": "first 50% response by the end of follow-up (Kaplan–Meier)",
        "first_response_median_days": "median days to a first 50% response",
        "first_response_median_days_early": "… read at the start of its period",
        "first_response_kept": "first responders who kept it in the next period, where it is valid",
        "first_response_kept_all": "first responders who kept it in the next period, of all of them",
        "responders_50_of_period": "50% fewer headache days or more",
    }
