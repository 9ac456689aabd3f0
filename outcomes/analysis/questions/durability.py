"""Does a response last, and when is it lost?

Loss of response, relapse and the return of headache as Kaplan–Meier curves by window; the whole cohort in weeks 21
to 24, by which a claim of lasting relief is judged; and headache before the next session. Definitions and sources:
docs/method.md#durability.

Frames: `curve` (`of`, the event and its patients, then the columns of `KaplanMeier.to_frame`: one row per time in
days), `at_risk` (`of`, `time` every 28 days, `at_risk` patients) and `ended` (`of`, `reason` why observation ended
without the event, `patients`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.day_counts import anchored_counts, days_over
from outcomes.analysis.durability_events import (
    Followed,
    loss_after_first_response,
    loss_among_responders,
    relapse,
    return_of_headache,
)
from outcomes.analysis.estimates import Estimate, mean_interval, paired_change
from outcomes.analysis.interval_censoring import interval_censored_check
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.responders import responder_shares
from outcomes.analysis.response_course import HEADACHE_DAYS, ResponseCourse, response_course, window_pairs
from outcomes.analysis.results import Statistic
from outcomes.analysis.survival import KaplanMeier, kaplan_meier
from outcomes.analysis.wearing_off import wearing_off
from outcomes.analysis.window_events import window_grid
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

_BY_WINDOW = (
    "events are seen by 28-day windows: set to the end of the window in which they began the curve as a rule lies "
    "high, set to its start low, and what is asked for lies between the two, give or take their intervals; where many "
    "diaries end in between, the two can cross"
)
_INFORMATIVE = (
    "who is treated again or stops the diary is no longer observed: where that is because headaches came back, or "
    "stayed away, these curves are wrong and cannot be put right"
)
_JUDGED = (
    "a claim of lasting change is judged by everyone who started, in the late window; curves of responders are not "
    "about everyone"
)
_CONDITIONED = (
    "conditioned on response: followed because they responded, so that the curve begins high by definition"
)
_NEVER_LEFT = "who never left the level of the baseline counts from the first window on"
_CHANCE = "a first response is in part chance, and is then lost by chance"
_NO_SESSIONS = "These records hold no sessions: relapse and wearing off cannot be told."


@dataclass(frozen=True)
class _Event:
    """One curve: what happens, to whom, from when on, and what must stand beside it."""

    of: str
    name: str
    group: str
    notes: tuple[str, ...]


_LOSS = _Event("loss_responders", "loss", "responders", (_CONDITIONED,))
_FIRST_LOSS = _Event("loss_first_responders", "loss", "first_responders", (_CONDITIONED, _CHANCE))
_RELAPSE = _Event("relapse_responders", "relapse", "responders", (_CONDITIONED,))
_RELAPSE_ALL = _Event("relapse_all", "relapse", "all", (_NEVER_LEFT,))
_RETURN = _Event("return_headache_free", "return", "headache_free", (_CONDITIONED, _CHANCE))


def ask_durability(periods: Periods) -> Answers:
    """Raises PlanError where the records hold no daily diary."""
    course = response_course(periods)
    has_sessions = periods.records.has("sessions")
    followed = {
        _LOSS: loss_among_responders(periods, course),
        _FIRST_LOSS: loss_after_first_response(periods, course),
        _RETURN: return_of_headache(periods, course),
    }
    if has_sessions:
        followed[_RELAPSE] = relapse(periods, course, responders_only=True)
        followed[_RELAPSE_ALL] = relapse(periods, course, responders_only=False)
    statistics = list(_late_rows(periods))
    for event, who in followed.items():
        statistics += _event_rows(event, who, course)
    if has_sessions:
        statistics += _wearing_off_rows(periods, course)
    notes = (_JUDGED, _BY_WINDOW, _INFORMATIVE, *(() if has_sessions else (_NO_SESSIONS,)))
    frames = _frames(followed, periods.plan)
    return Answers("durability", tuple(statistics), periods.plan, _labels(periods.plan), notes, frames)


def _late_rows(periods: Periods) -> Iterator[Statistic]:
    """The whole cohort in the late window: change from baseline, and responders of all who started."""
    plan = periods.plan
    pairs = window_pairs(periods)
    anchors = pd.DataFrame({"patient_id": pairs.index, "anchor": plan.late_window_first_day})
    minimum = plan.min_recorded_in_course(DAYS_PER_PERIOD)
    grid = window_grid(
        anchored_counts(periods, anchors), "number", [str(one) for one in pairs.index], minimum, 1
    )
    pairs["followup"] = grid.values[:, 0]
    complete = pairs.dropna()
    sides = [complete[name].to_numpy(np.float64) for name in ("baseline", "followup")]
    change = paired_change(sides[0], sides[1], plan.confidence)
    treated = _treated_late(periods, complete.index)
    yield statistic_of(
        change, plan, endpoint=HEADACHE_DAYS.name, statistic="late_change", n=len(complete),
        n_left_out=len(pairs) - len(complete), unit=HEADACHE_DAYS.unit, notes=treated,
    )  # fmt: skip
    over = days_over(periods).reindex(pairs.index) >= plan.late_window_first_day + DAYS_PER_PERIOD
    due = pairs[over | pairs["followup"].notna()]
    yield from _late_shares(pairs, pairs, plan, "")
    yield from _late_shares(due, pairs, plan, "_due")


def _late_shares(
    chosen: pd.DataFrame, pairs: pd.DataFrame, plan: AnalysisPlan, ending: str
) -> Iterator[Statistic]:
    """`responder_shares` in the late window; of the patients due only the rows of all who started."""
    for name, found, total, count in responder_shares(chosen, HEADACHE_DAYS, plan):
        if not ending or name.endswith("_all_started"):
            yield statistic_of(
                found, plan, endpoint=HEADACHE_DAYS.name, statistic=f"late_{name}{ending}", n=total,
                n_left_out=len(pairs) - total, count=count, unit="share",
            )  # fmt: skip


def _treated_late(periods: Periods, patients: pd.Index) -> tuple[str, ...]:
    """How many of the patients had a session after the follow-up window and before the late one was over."""
    plan = periods.plan
    if not periods.records.has("sessions"):
        return ()
    given = session_days(periods)
    last_day = plan.late_window_first_day + DAYS_PER_PERIOD - 1
    between = given[given["relative_day"].between(plan.followup_last_day + 1, last_day)]
    n = int(among(patients, between["patient_id"]).sum())
    return (
        f"{n} of the {len(patients)} had a session after day {plan.followup_last_day}, up to day {last_day}",
    )


def _event_rows(event: _Event, who: Followed, course: ResponseCourse) -> Iterator[Statistic]:
    """The share without the event at the day of the restricted mean, the mean itself, and its other readings."""
    plan = course.plan
    times, tau = who.times, plan.restricted_mean_days
    curve = _curve(who, plan)
    check = interval_censored_check(times.left, times.right, float(tau), plan.confidence)

    def row(name: str, found: Estimate, unit: str, *notes: str) -> Statistic:
        return statistic_of(
            found, plan, endpoint=HEADACHE_DAYS.name, statistic=f"{event.name}_{name}", n=len(who),
            n_left_out=course.n_looked_at - len(who), unit=unit, by=None if event.group == "all" else "response",
            group=event.group, notes=notes,
        )  # fmt: skip

    yield row("free", curve.at(tau), "share", _told(who), *event.notes)
    yield row("free_early", kaplan_meier(times.left, times.seen, plan.confidence).at(tau), "share")
    yield row("median_days", curve.median, "days")
    yield row("free_days", check.late, "days", *check.notes)
    yield row("free_days_early", check.early, "days")
    limits = "Turnbull, limit without a choice of day"
    for name, value in (("least", check.least), ("greatest", check.greatest)):
        notes = () if value is not None else ("no_patients: nobody was observed",)
        yield row(f"free_days_{name}", Estimate(value, None, None, None, limits, notes), "days")


def _told(who: Followed) -> str:
    """How many had the event and why the others' observation ended, in words."""
    ended = Counter(reason for reason in who.reasons if reason)
    others = "".join(f"; {reason} {n}" for reason, n in sorted(ended.items()))
    not_followed = f"; {who.n_not_followed} without a window to judge them by" if who.n_not_followed else ""
    return f"{int(who.times.seen.sum())} of {len(who)} had the event{others}{not_followed}"


def _wearing_off_rows(periods: Periods, course: ResponseCourse) -> Iterator[Statistic]:
    plan = periods.plan
    found = wearing_off(periods, course.patients)
    n, n_left_out = len(found.patients), course.n_looked_at - len(found.patients)
    gap = 2 * plan.wearing_off_weeks
    notes = (
        f"gaps between sessions of at least {gap} weeks that could be judged: {found.n_gaps}; patients without such a "
        f"gap: {found.n_without_gap}; with too few recorded days in theirs: {found.n_not_recorded}",
        "the best of several earlier stretches is in part the luckiest, so that a rise is expected by chance alone",
    )
    count = int(found.wore_off.sum())
    worn = share(count, n, plan.confidence)
    yield statistic_of(
        worn, plan, endpoint=HEADACHE_DAYS.name, statistic="wearing_off", n=n, n_left_out=n_left_out, count=count,
        unit="share", notes=notes,
    )  # fmt: skip
    yield statistic_of(
        mean_interval(found.rise, plan.confidence), plan, endpoint=HEADACHE_DAYS.name,
        statistic="wearing_off_rise", n=n, n_left_out=n_left_out, unit="days per 7",
    )  # fmt: skip


def _curve(who: Followed, plan: AnalysisPlan) -> KaplanMeier:
    return kaplan_meier(who.times.time, who.times.seen, plan.confidence)


def _frames(followed: dict[_Event, Followed], plan: AnalysisPlan) -> dict[str, pd.DataFrame]:
    curves, at_risk, ended = [], [], []
    for event, who in followed.items():
        curve = _curve(who, plan).to_frame()
        curve.insert(0, "of", event.of)
        curves.append(curve)
        last = who.times.time.max(initial=0.0)
        for time in np.arange(0, last + 1, DAYS_PER_PERIOD):
            at_risk.append((event.of, float(time), int((who.times.time >= time).sum())))
        counted = Counter(reason for reason in who.reasons if reason)
        ended += [(event.of, reason, n) for reason, n in sorted(counted.items())]
    return {
        "curve": pd.concat(curves, ignore_index=True),
        "at_risk": pd.DataFrame(at_risk, columns=["of", "time", "at_risk"]),
        "ended": pd.DataFrame(ended, columns=["of", "reason", "patients"]),
    }


def _labels(plan: AnalysisPlan) -> dict[str, str]:
    first, last = plan.late_window_first_day, plan.late_window_first_day + DAYS_PER_PERIOD - 1
    late = f"days {first} to {last}"
    labels = {
        "late_change": f"change of headache days, {late}",
        "wearing_off": "more headache days before the next session than earlier",
        "wearing_off_rise": "rise before the next session, headache days per week",
    }
    for reduction in plan.responder_reductions:
        reached = "no headache day" if reduction == 100 else f"{reduction:g}% fewer headache days or more"
        labels[f"late_responders_{reduction:g}"] = f"{reached}, {late}, of those with both"
        labels[f"late_responders_{reduction:g}_all_started"] = f"{reached}, {late}, of all who started"
        due = f"{reached}, {late}, of all who started and for whom they are over"
        labels[f"late_responders_{reduction:g}_all_started_due"] = due
    for increase in plan.worsening_increases:
        labels[f"late_worsened_{increase:g}"] = f"{increase:g}% more headache days or more, {late}"
    tau = plan.restricted_mean_days
    for name, what in (
        ("loss", "loss of response"),
        ("relapse", "relapse towards the baseline"),
        ("return", "a new headache"),
    ):
        labels |= {
            f"{name}_free": f"without {what} at day {tau} (Kaplan–Meier)",
            f"{name}_free_early": "… with each event at the start of its window",
            f"{name}_median_days": f"median days to {what}",
            f"{name}_free_days": f"mean days without {what}, of the first {tau}",
            f"{name}_free_days_early": "… with each event at the start of its window",
            f"{name}_free_days_least": "… least that the windows allow",
            f"{name}_free_days_greatest": "… most that the windows allow",
        }
    return labels
