"""States, response over time and durability, followed patient by patient from the definitions in docs/method.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from recount_outcomes import (
    OVERUSE_LIMITS,
    WINDOWS,
    Maybe,
    Told,
    codes,
    further,
    headache_days,
    needed_in,
    needed_in_course,
    window,
)

TIE = 1e-9
#: A month of 30.44 days in 28 days.
SCALED = 28 / 30.44
#: The course of the states runs 24 weeks before and after day 0: periods −6 to −1 and 0 to 5.
BEFORE, AFTER = range(-6, 0), range(6)


class Spell(NamedTuple):
    """From an origin: the event lies after `left` and by `right` (days); infinite where none was seen."""

    left: float
    right: float


def compared(told: Told) -> list[str]:
    """Patients who may be compared: a known day 0, and no cluster headache that nobody called chronic."""
    return [name for name in told.known if not episodic(told.patients[name])]


def episodic(row: dict[str, object]) -> bool:
    if row.get("ichd3_code") in ("3.1", "3.1.1"):
        return True
    return row.get("headache_type") == "cluster" and row.get("ichd3_code") != "3.1.2"


def pairs(told: Told) -> dict[str, tuple[float, float]]:
    """Headache days per 28 in both windows, of all who may be compared."""
    found = {}
    for name in compared(told):
        values = []
        for period in WINDOWS:
            first, last = window(told.plan, period)
            values.append(headache_days(told, name, first, last, needed_in(told.plan, last - first + 1)))
        found[name] = (values[0], values[1])
    return found


def eligible(told: Told) -> dict[str, tuple[float, float]]:
    least = told.plan.responder_min_baseline
    return {name: pair for name, pair in pairs(told).items() if pair[0] > 0 and pair[0] >= least - TIE}


def reduction(baseline: float, value: float) -> float:
    return 100 * (baseline - value) / baseline


def reaches(baseline: float, value: float, percent: float) -> bool:
    return not math.isnan(value) and reduction(baseline, value) >= percent - TIE * 100


def period_days(number: int) -> tuple[int, int]:
    return 28 * number, 28 * number + 27


def course(told: Told, name: str, numbers: Sequence[int]) -> list[float]:
    needed = needed_in_course(told.plan, 28)
    return [headache_days(told, name, *period_days(number), needed) for number in numbers]


def run(marks: Sequence[bool], length: int) -> int | None:
    """Place of the first `length` yeses in a row."""
    for start in range(len(marks) - length + 1):
        if all(marks[start : start + length]):
            return start
    return None


# ---------------------------------------------------------------- response over time


def sustained(told: Told, percent: float, length: int) -> tuple[int, int, int]:
    """(patients with a sustained response, those who could have been seen, all who started)."""
    got = could = 0
    numbers = range(told.plan.response_periods)
    who = eligible(told)
    for name, (baseline, _) in who.items():
        values = course(told, name, numbers)
        over = 0
        for number in numbers:
            if told.is_over(name, period_days(number)[1]) or not math.isnan(values[number]):
                over = number + 1
        could += over >= length
        got += run([reaches(baseline, value, percent) for value in values], length) is not None
    return got, could, len(who)


def first_responses(told: Told) -> dict[str, Spell]:
    """Days from the first session to the end of the first valid period with half of the baseline or less."""
    found = {}
    for name, (baseline, _) in eligible(told).items():
        values = course(told, name, range(told.plan.response_periods))
        valid = [number for number, value in enumerate(values) if not math.isnan(value)]
        if not valid:
            continue
        hits = [number for number in valid if reaches(baseline, values[number], 50)]
        if not hits:
            found[name] = Spell(28.0 * (valid[-1] + 1), math.inf)
            continue
        before = [number for number in valid if number < hits[0]]
        found[name] = Spell(28.0 * (before[-1] + 1) if before else 0.0, 28.0 * (hits[0] + 1))
    return found


def kept(told: Told) -> tuple[int, int, int]:
    """(first responders who responded in the next period too, those with a valid next period, all of them).

    The period after the last in which a response is looked for may be the next one.
    """
    again = valid = responders = 0
    for name, spell in first_responses(told).items():
        if spell.right == math.inf:
            continue
        following = int(spell.right // 28)
        responders += 1
        value = course(told, name, [following])[0]
        valid += not math.isnan(value)
        again += reaches(eligible(told)[name][0], value, 50)
    return again, valid, responders


# ---------------------------------------------------------------- durability


def last_session(told: Told, name: str) -> int | None:
    """Of the first course: before the first gap of `retreatment_gap_days`."""
    days = [row["day"] for row in told.sessions.get(name, [])]
    last = None
    for day in days:
        if last is not None and day - last >= told.plan.retreatment_gap_days:
            break
        last = day
    return last


def interrupted(told: Told, name: str, origin: int) -> float:
    """First day after the origin of a new treatment or a change of a preventive drug."""
    days = []
    previous = None
    for row in told.sessions.get(name, []):
        if previous is not None and row["day"] - previous >= told.plan.retreatment_gap_days:
            days.append(row["day"])
        if any(code.startswith("preventive_") for code in codes(row.get("co_interventions"))):
            days.append(row["day"])
        previous = row["day"]
    for event in told.events:
        if event["patient_id"] == name and event["kind"] in ("treatment_resumed", "preventive_change"):
            days.append(event["day"])
    return min((day for day in days if day is not None and day > origin), default=math.inf)


def _windows(told: Told, name: str, origin: int) -> list[tuple[float, bool]]:
    """(days per 28, any headache written) of each window of 28 days after the origin, until something ends it."""
    stop = interrupted(told, name, origin)
    newest = max(told.days[name], default=origin)
    found = []
    first = origin + 1
    while first <= newest and first + 27 < stop:
        value = headache_days(told, name, first, first + 27, needed_in_course(told.plan, 28))
        rows = [told.days[name].get(day) for day in range(first, first + 28)]
        found.append((value, any(row is not None and bool(row["headache"]) for row in rows)))
        first += 28
    return found


def follow(
    told: Told,
    name: str,
    origin: int,
    state: Callable[[float], bool],
    lasting: int,
    from_day: float = -math.inf,
) -> Spell | None:
    """From the origin to the first of `lasting` valid windows in a row in the state; None: never judged.

    Only windows that end after `from_day` (counted from the first session) may be in the state.
    """
    values = [value for value, _ in _windows(told, name, origin)]
    valid = [not math.isnan(value) for value in values]
    into = [
        valid[number] and state(values[number]) and origin + 28 * (number + 1) > from_day
        for number in range(len(values))
    ]
    hit = run(into, lasting)
    judged = [n for n in range(len(values) - lasting + 1) if all(valid[n : n + lasting])]
    if hit is None:
        return Spell(28.0 * (judged[-1] + 1), math.inf) if judged else None
    out = [number for number in range(hit) if valid[number] and not into[number]]
    left = 28.0 * (out[-1] + 1) if out else 0.0
    return Spell(max(left, from_day - origin), 28.0 * (hit + 1))


def losses_of_responders(told: Told) -> dict[str, Spell]:
    plan = told.plan
    found = {}
    for name, (baseline, followup) in eligible(told).items():
        if reaches(baseline, followup, 50):
            lost = lambda value, b=baseline: reduction(b, value) < plan.loss_reduction - 100 * TIE  # noqa: E731
            found[name] = follow(told, name, plan.followup_last_day, lost, plan.loss_periods)
    return {name: spell for name, spell in found.items() if spell is not None}


def losses_of_first_responders(told: Told) -> dict[str, Spell]:
    plan = told.plan
    found = {}
    for name, spell in first_responses(told).items():
        if spell.right < math.inf:
            baseline = eligible(told)[name][0]
            lost = lambda value, b=baseline: reduction(b, value) < plan.loss_reduction - 100 * TIE  # noqa: E731
            found[name] = follow(told, name, int(spell.right) - 1, lost, plan.loss_periods)
    return {name: spell for name, spell in found.items() if spell is not None}


def relapses(told: Told, *, responders_only: bool) -> dict[str, Spell]:
    plan = told.plan
    found = {}
    for name, (baseline, followup) in eligible(told).items():
        origin = last_session(told, name)
        if origin is None or (responders_only and not reaches(baseline, followup, 50)):
            continue

        def back(value: float, baseline: float = baseline) -> bool:
            near = value >= baseline - plan.relapse_within_days - TIE
            return near or value >= plan.relapse_baseline_percent / 100 * baseline - TIE

        since = plan.followup_last_day if responders_only else -math.inf
        found[name] = follow(told, name, origin, back, plan.loss_periods, since)
    return {name: spell for name, spell in found.items() if spell is not None}


def returns_of_headache(told: Told) -> dict[str, Spell]:
    found = {}
    for name in eligible(told):
        values = course(told, name, range(told.plan.response_periods))
        free = [number for number, value in enumerate(values) if value == 0]
        if not free:
            continue
        rows = _windows(told, name, period_days(free[0])[1])
        hit = next((number for number, (_, any_day) in enumerate(rows) if any_day), None)
        valid = [number for number, (value, _) in enumerate(rows) if not math.isnan(value)]
        if hit is not None:
            before = [number for number in valid if number < hit]
            found[name] = Spell(28.0 * (before[-1] + 1) if before else 0.0, 28.0 * (hit + 1))
        elif valid:
            found[name] = Spell(28.0 * (valid[-1] + 1), math.inf)
    return found


def surviving(spells: Sequence[Spell], day: float, *, early: bool = False) -> float:
    """Kaplan–Meier share without the event beyond a day, events at the late (or early) end."""
    times = [
        ((s.left if early else s.right), True) if s.right < math.inf else (s.left, False) for s in spells
    ]
    share = 1.0
    for time in sorted({time for time, event in times if event and time <= day}):
        at_risk = sum(other >= time for other, _ in times)
        share *= 1 - sum(event and other == time for other, event in times) / at_risk
    return share


def late_pairs(told: Told) -> dict[str, tuple[float, float]]:
    first = told.plan.late_window_first_day
    needed = needed_in_course(told.plan, 28)
    return {
        name: (pair[0], headache_days(told, name, first, first + 27, needed))
        for name, pair in pairs(told).items()
    }


def wearing_off(told: Told) -> dict[str, list[float]]:
    """Rise in headache days per week of each gap between two sessions that could be judged."""
    length = 7 * told.plan.wearing_off_weeks
    needed = needed_in_course(told.plan, length)
    found: dict[str, list[float]] = {}
    for name in eligible(told):
        days = sorted({row["day"] for row in told.sessions.get(name, [])})
        for one, other in pairwise(days):
            last = headache_days(told, name, other - length, other - 1, needed)
            earlier = []
            start = other - 2 * length
            while start > one:
                earlier.append(headache_days(told, name, start, start + length - 1, needed))
                start -= 7
            earlier = [value for value in earlier if not math.isnan(value)]
            if not math.isnan(last) and earlier:
                found.setdefault(name, []).append((last - min(earlier)) / 4)  # 28 days are 4 weeks
    return found


# ---------------------------------------------------------------- states


def limit(told: Told, days: float) -> float:
    return days * SCALED if told.plan.month_limits == "scaled" else days


def reached(value: float, least: float) -> Maybe:
    return None if math.isnan(value) else value >= least - TIE


def overuse(told: Told, values: dict[str, float]) -> dict[str, Maybe]:
    """`single` classes overused, several together, and either."""
    alone = {
        name: reached(values[f"{name}_days_per_28"], limit(told, least))
        for name, least in OVERUSE_LIMITS.items()
    }
    together = reached(values["overuse_class_days_per_28"], limit(told, 10))
    if together is None or None in alone.values():
        return {**alone, "several": None, "any": None}
    used = sum(values[f"{name}_days_per_28"] > 0 for name in OVERUSE_LIMITS)
    several = together and used >= 2 and not any(alone.values())
    return {**alone, "several": several, "any": several or any(alone.values())}


def band(value: float) -> str | None:
    if math.isnan(value):
        return None
    if value <= TIE:
        return "freedom"
    return "optimal" if value < 4 - TIE else "modest" if value <= 6 + TIE else "insufficient"


def lastingly_episodic(told: Told) -> tuple[int, int, int]:
    """(lastingly no longer chronic, those in whom it is known, all chronic at baseline)."""
    yes = known = chronic = 0
    length = told.plan.chronic_persistence_periods
    least = limit(told, told.plan.chronic_days)
    for name, (baseline, _) in pairs(told).items():
        if not reached(baseline, least):
            continue
        chronic += 1
        states = [reached(value, least) for value in course(told, name, AFTER)]
        known += run([state is not None for state in states], length) is not None
        yes += run([state is False for state in states], length) is not None
    return yes, known, chronic


def criteria_met(told: Told, numbers: Sequence[int]) -> dict[str, Maybe]:
    """Overuse range and chronic in so many valid periods in a row; None where no such row is valid."""
    found: dict[str, Maybe] = {}
    needed, length = needed_in_course(told.plan, 28), told.plan.overuse_persistence_periods
    for name in compared(told):
        states: list[Maybe] = []
        for number in numbers:
            days = course(told, name, [number])[0]
            in_range = overuse(told, further(told, name, *period_days(number), needed))["any"]
            chronic = reached(days, limit(told, told.plan.chronic_days))
            states.append(None if None in (in_range, chronic) else bool(in_range and chronic))
        known = run([state is not None for state in states], length) is not None
        found[name] = run([state is True for state in states], length) is not None if known else None
    return found
