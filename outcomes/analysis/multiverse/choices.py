"""What may be cut otherwise than planned: one table, `CUT_CHOICES`, one entry per choice.

To add a choice write a function like those here, from what is asked to a `Choice`, and name it in the table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from outcomes.analysis.catalogue import CATALOGUE, Endpoint
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan


@dataclass(frozen=True)
class MinimumShare:
    """The share of a window's days that must be recorded, in each of the two windows."""

    baseline: float
    followup: float

    def days(self, plan: AnalysisPlan) -> dict[str, int]:
        """Recorded days that each window of `plan` needs."""
        return {
            "baseline_minimum": _at_least(self.baseline * plan.baseline_days),
            "followup_minimum": _at_least(self.followup * plan.followup_days),
        }


@dataclass(frozen=True)
class Option:
    """One way to take a choice: keys of the plan with other values, another minimum, or another endpoint."""

    name: str
    is_default: bool = False
    plan: Mapping[str, int | str] = field(default_factory=dict)
    minimum: MinimumShare | None = None
    endpoint: str | None = None


@dataclass(frozen=True)
class Choice:
    """A choice with its options, the default first. `not_varied` says why there is only one, where that needs
    saying: it becomes a row of the table."""

    name: str
    options: tuple[Option, ...]
    not_varied: str = ""


@dataclass(frozen=True)
class Asked:
    """What the choices are made for. `from_days`: the endpoint comes from the daily diary, cut by the plan.
    `columns`: those of the diary."""

    plan: AnalysisPlan
    endpoint: Endpoint
    from_days: bool
    columns: frozenset[str] = frozenset()


def followup_window(asked: Asked) -> Choice:
    """As planned; the first 28 days; days 28 to 167, which is everything from the fifth to the 24th week."""
    name = "followup_window"
    if not asked.from_days:
        return _as_summarised(name, asked.plan.summary_followup)
    planned = (asked.plan.followup_first_day, asked.plan.followup_last_day)
    windows = dict.fromkeys((planned, (1, 28), (28, 167)))
    return Choice(
        name,
        tuple(
            Option(
                f"days {first} to {last}",
                (first, last) == planned,
                {"followup_first_day": first, "followup_last_day": last},
            )
            for first, last in windows
        ),
    )


def baseline_window(asked: Asked) -> Choice:
    """As planned; the last 28 days before day 0; the last 14."""
    name = "baseline_window"
    if not asked.from_days:
        return _as_summarised(name, asked.plan.summary_baseline)
    planned = asked.plan.baseline_days
    return Choice(
        name,
        tuple(
            Option(f"{days} days", days == planned, {"baseline_days": days})
            for days in dict.fromkeys((planned, 28, 14))
        ),
    )


def minimum_days(asked: Asked) -> Choice:
    """As planned, and `sensitivity_min_recorded` of 28 days; in a window of another length the same share."""
    plan = asked.plan
    planned = {
        "baseline_minimum": plan.min_recorded_in(plan.baseline_days),
        "followup_minimum": plan.min_recorded_in(plan.followup_days),
    }
    others = {days: _share_of_28(days) for days in plan.sensitivity_min_recorded}
    same = [days for days, share in others.items() if share.days(plan) == planned]
    if same:
        # The planned minimum is one of those listed: it is tried once, under that name.
        default = Option(f"{same[0]} of 28", True, minimum=others[same[0]])
    else:
        share = MinimumShare(
            planned["baseline_minimum"] / plan.baseline_days, planned["followup_minimum"] / plan.followup_days
        )
        default = Option(_planned_name(planned, plan), True, minimum=share)
    rest = [Option(f"{days} of 28", minimum=share) for days, share in others.items() if days not in same]
    return Choice("minimum_days", (default, *rest))


#: What the days may be counted by, each with the endpoint that counts them.
_ANY, _TRIAL, _MIGRAINE = "headache_days_per_28", "headache_days_trial_rule_per_28", "migraine_days_per_28"


def headache_day_rule(asked: Asked) -> Choice | None:
    """Which days count: any headache, the trial rule, migraine days by rule, where the diary asks for the features."""
    if asked.endpoint.name not in (_ANY, _TRIAL, _MIGRAINE):
        return None
    planned = _planned_rule(asked)
    if not asked.from_days or not all(CATALOGUE[name].held_by(asked.columns) for name in (_TRIAL, _MIGRAINE)):
        why = (
            "not_varied: the records do not hold duration, pain features and what comes with the pain of each day, so "
            "a migraine-day rule cannot be tried"
        )
        return Choice("headache_day_rule", (planned,), why)
    others = [option for option in _day_rules(asked) if option.name != planned.name]
    return Choice("headache_day_rule", (planned, *others))


def _planned_rule(asked: Asked) -> Option:
    """The endpoint asked for, under the plan's own keys."""
    plan = asked.plan
    if asked.endpoint.name == _ANY:
        return Option("any headache", True)
    if asked.endpoint.name == _TRIAL:
        return Option(_trial_name(plan.headache_day_min_minutes), True, endpoint=_TRIAL)
    name = _migraine_name(plan.migraine_day_min_minutes, plan.migraine_drug_days)
    return Option(name, True, endpoint=_MIGRAINE)


def _day_rules(asked: Asked) -> Iterator[Option]:
    """Every rule that days with their features can be counted by."""
    yield Option("any headache", endpoint=_ANY)
    for minutes in (30, 240):
        keys = {"headache_day_min_minutes": minutes}
        yield Option(_trial_name(minutes), plan=keys, endpoint=_TRIAL)
    told = {"acute_medication_class", "acute_medication_helped"} <= asked.columns
    drug_days = ("always", "effective") if told else (asked.plan.migraine_drug_days,)
    for minutes, drugs in itertools.product((30, 240), drug_days):
        moved: dict[str, int | str] = {"migraine_day_min_minutes": minutes, "migraine_drug_days": drugs}
        yield Option(_migraine_name(minutes, drugs), plan=moved, endpoint=_MIGRAINE)


def _trial_name(minutes: int) -> str:
    return f"headache of {minutes} minutes, or a drug"


def _migraine_name(minutes: int, drugs: str) -> str:
    return f"migraine, {minutes} minutes, drugs {drugs}"


#: Every choice that decides which days of which patients are looked at, in the order of the table's columns.
CUT_CHOICES: tuple[Callable[[Asked], Choice | None], ...] = (
    followup_window,
    baseline_window,
    minimum_days,
    headache_day_rule,
)


def cut_choices(asked: Asked) -> tuple[Choice, ...]:
    """The choices that these records and this endpoint have."""
    return tuple(choice for make in CUT_CHOICES if (choice := make(asked)) is not None)


def _as_summarised(name: str, time_point: str) -> Choice:
    why = f"not_varied: the values come from summaries, whose days cannot be cut otherwise ({time_point})"
    return Choice(name, (Option(f"as summarised ({time_point})", True),), why)


def _share_of_28(days: int) -> MinimumShare:
    return MinimumShare(days / DAYS_PER_PERIOD, days / DAYS_PER_PERIOD)


def _planned_name(planned: Mapping[str, int], plan: AnalysisPlan) -> str:
    before = f"{planned['baseline_minimum']} of {plan.baseline_days}"
    after = f"{planned['followup_minimum']} of {plan.followup_days}"
    return before if before == after else f"{before}, {after}"


def _at_least(days: float) -> int:
    # 20/28 × 28 is 20.000000000000004 on some roads to it; a tolerance keeps it 20.
    return max(1, math.ceil(days - 1e-9))
