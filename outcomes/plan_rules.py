"""The rules that a plan must keep, in words: every key by its kind and its bounds, then keys against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outcomes.plan import AnalysisPlan

#: Raised when the meaning of a key or a default changes, so that an old result says which rules made it
#: (docs/decisions/plan-version.md).
PLAN_VERSION = 1

#: Length of the reported month: four of each weekday (docs/method.md#period).
DAYS_PER_PERIOD = 28

#: Keys that hold one word of a list.
WORDS = {
    # What becomes of rows that contradict each other about one day: none is used, or they are put together.
    "duplicate_day": ("set_aside", "max", "sum", "last"),
    "migraine_drug_days": ("always", "effective"),
    "month_limits": ("unscaled", "scaled"),
    "language": ("en", "es", "de"),
}

_ENROLMENT = re.compile(r"any|worst_of_([2-9]|1[0-2])|at_least_([1-9]|1\d|2[0-8])")

#: Keys that hold a list, by what it is a list of.
PERCENT_LISTS = ("responder_reductions", "worsening_increases")
NUMBER_LISTS = (*PERCENT_LISTS, "external_means", "flare_correlations", "tipping_odds", "severity_bounds")
WHOLE_LISTS = ("sensitivity_min_recorded",)
NAME_LISTS = ("key_secondaries", "enrolment_rules", "strata")
#: Keys that hold a number for each of some names.
PAIR_LISTS = ("important_changes", "reliabilities", "eq5d_value_set")

#: Least and greatest of whole numbers and of other numbers.
_WHOLE_BOUNDS = {
    "null_draws": (100, 1_000_000),
    "repeat_baseline_min_patients": (20, 1000),
    "bootstrap_resamples": (999, 1_000_000),
    "imputations": (20, 1000),
    "quadrature_points": (1, 50),
    "headache_day_min_minutes": (1, 1440),
    "migraine_day_min_minutes": (1, 1440),
    "attack_free_days": (1, 2),
    "chronic_persistence_periods": (1, 12),
    "overuse_persistence_periods": (1, 12),
    "response_periods": (1, 26),
    "sustained_periods": (1, 12),
    "loss_periods": (1, 6),
    "restricted_mean_days": (28, 3660),
    "retreatment_gap_days": (7, 366),
    "late_window_first_day": (28, 3632),
    "wearing_off_weeks": (1, 12),
    "soreness_last_day": (0, 14),
    "concurrent_change_days": (0, 366),
    "score_baseline_first_day": (-366, 0),
    "score_followup_first_day": (1, 3660),
    "score_followup_last_day": (1, 3660),
    "ndi_missing_items": (0, 2),
}
_NUMBER_BOUNDS = {
    "moderate_severe_min_hours": (0, 24),
    "chronic_days": (1, 28),
    "loss_reduction": (0, 50),
    "relapse_within_days": (0, 28),
    "relapse_baseline_percent": (50, 100),
    "wearing_off_days_per_week": (0.1, 7),
    "still_in_care_share": (0.05, 1),
}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def is_number(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and -1e15 < value < 1e15  # type: ignore[operator]


def problems_of(plan: AnalysisPlan) -> list[str]:
    """Every rule of the plan that is broken, in words."""
    whole = (
        "plan_version",
        "baseline_days",
        "followup_first_day",
        "followup_last_day",
        "minimum_cell",
        "seed",
        *_WHOLE_BOUNDS,
    )
    wrong_type = [f"{name} must be a whole number." for name in whole if not _is_whole(getattr(plan, name))]
    if plan.min_recorded_days is not None and not _is_whole(plan.min_recorded_days):
        wrong_type.append("min_recorded_days must be a whole number.")
    for name in ("confidence", "responder_min_baseline", "set_aside_limit", *_NUMBER_BOUNDS):
        if not is_number(getattr(plan, name)):
            wrong_type.append(f"{name} must be a number.")
    for names, is_right, what in (
        (NUMBER_LISTS, is_number, "numbers"),
        (WHOLE_LISTS, _is_whole, "whole numbers"),
        (NAME_LISTS, _is_name, "names"),
    ):
        for name in names:
            values = getattr(plan, name)
            if not isinstance(values, tuple) or not all(is_right(value) for value in values):
                percent = " in percent" if name in PERCENT_LISTS else ""
                wrong_type.append(f"{name} must be a list of {what}{percent}.")
    for name, words in WORDS.items():
        if getattr(plan, name) not in words:
            wrong_type.append(f"{name} must be one of: {', '.join(words)}.")
    for name in PAIR_LISTS:
        if not _are_pairs(getattr(plan, name)):
            wrong_type.append(f"[{name}] must give a number for each name, such as  hit6 = 6.")
    if not isinstance(plan.eq5d_value_set_name, str):
        wrong_type.append("eq5d_value_set_name must be a text, the name and version of the value set.")
    for name in ("primary_endpoint", "summary_baseline", "summary_followup"):
        if not isinstance(getattr(plan, name), str) or not getattr(plan, name):
            wrong_type.append(f"{name} must be a name.")
    return wrong_type or [*_window_problems(plan), *_range_problems(plan), *_method_problems(plan)]


def _window_problems(plan: AnalysisPlan) -> list[str]:
    problems = []
    if not 7 <= plan.baseline_days <= 366:
        problems.append("baseline_days must lie between 7 and 366.")
    if plan.followup_first_day < 1:
        problems.append(
            "followup_first_day must be 1 or later: day 0, the first session, is in neither window."
        )
    if plan.followup_last_day < plan.followup_first_day:
        problems.append("followup_last_day must not come before followup_first_day.")
    if plan.followup_last_day > 3660:
        problems.append("followup_last_day must be 3660 or earlier.")
    shortest = min(plan.baseline_days, plan.followup_days)
    if plan.min_recorded_days is not None and not 1 <= plan.min_recorded_days <= shortest:
        problems.append(
            f"min_recorded_days must lie between 1 and {shortest}, the length of the shorter window; "
            "leave it out for 20 of every 28 days."
        )
    return problems


def _range_problems(plan: AnalysisPlan) -> list[str]:
    problems = []
    if plan.plan_version != PLAN_VERSION:
        problems.append(f"plan_version must be {PLAN_VERSION}; this version follows no other.")
    if not 0.5 <= plan.confidence < 1:
        problems.append("confidence must be at least 0.5 and below 1, such as 0.95.")
    if not 8 <= plan.minimum_cell <= 100:
        problems.append("minimum_cell must lie between 8 and 100 patients: fewer than 8 could be found.")
    if not 0 <= plan.set_aside_limit <= 1:
        problems.append("set_aside_limit must be a share from 0 to 1.")
    if not 0 <= plan.seed < 2**63:
        problems.append("seed must be 0 or more, and below 2^63.")
    if plan.responder_min_baseline < 0:
        problems.append("responder_min_baseline must be 0 or more.")
    if any(not 0 < value <= 100 for value in plan.responder_reductions):
        problems.append("responder_reductions must lie above 0 and up to 100 percent.")
    if any(not 0 < value <= 1000 for value in plan.worsening_increases):
        problems.append("worsening_increases must lie above 0 percent.")
    for name in (*NUMBER_LISTS, *WHOLE_LISTS, *NAME_LISTS):
        if len(set(getattr(plan, name))) < len(getattr(plan, name)):
            problems.append(f"{name} must not hold the same entry twice.")
    if plan.summary_baseline == plan.summary_followup:
        problems.append("summary_baseline and summary_followup must name two different time points.")
    return problems


def _method_problems(plan: AnalysisPlan) -> list[str]:
    """Choices of the methods behind the sensitivity analyses."""
    problems = []
    if any(not 1 <= days <= 28 for days in plan.sensitivity_min_recorded):
        problems.append("sensitivity_min_recorded must lie between 1 and 28 days of 28.")
    if any(not 0 < mean < DAYS_PER_PERIOD for mean in plan.external_means):
        problems.append("external_means must lie above 0 and below 28 headache days per 28.")
    if not plan.enrolment_rules or not all(_ENROLMENT.fullmatch(rule) for rule in plan.enrolment_rules):
        problems.append(
            "enrolment_rules must be 'any', 'worst_of_K' (2 to 12) or 'at_least_D' (1 to 28 days)."
        )
    if any(not 0 <= value < 1 for value in plan.flare_correlations):
        problems.append("flare_correlations must be at least 0 and below 1.")
    if not plan.tipping_odds or any(not 1 <= odds <= 1000 for odds in plan.tipping_odds):
        problems.append("tipping_odds must lie from 1 to 1000.")
    elif list(plan.tipping_odds) != sorted(plan.tipping_odds):
        problems.append("tipping_odds must rise.")
    for name, (least, most) in {**_WHOLE_BOUNDS, **_NUMBER_BOUNDS}.items():
        if not least <= getattr(plan, name) <= most:
            problems.append(f"{name} must lie between {least} and {most}.")
    return [*problems, *_outcome_problems(plan)]


def _outcome_problems(plan: AnalysisPlan) -> Iterator[str]:
    """Choices of the definitions of outcomes."""
    if plan.sustained_periods > plan.response_periods:
        yield "sustained_periods must not be above response_periods, in which a response is looked for."
    if plan.score_followup_last_day < plan.score_followup_first_day:
        yield "score_followup_last_day must not come before score_followup_first_day."
    if any(change <= 0 for _, change in plan.important_changes):
        yield "[important_changes] must lie above 0; the direction of each instrument is known."
    if any(not 0 < value < 1 for _, value in plan.reliabilities):
        yield "[reliabilities] must lie between 0 and 1."
    if any(not -2 <= value <= 2 for _, value in plan.eq5d_value_set):
        yield "[eq5d_value_set] must lie between -2 and 2."
    if plan.eq5d_value_set and not plan.eq5d_value_set_name:
        yield "[eq5d_value_set] needs eq5d_value_set_name, the country and version of the value set."
    bounds = plan.severity_bounds
    if len(bounds) != 2 or not 0 < bounds[0] < bounds[1] <= 10:
        yield "severity_bounds must be two numbers that rise, above 0 and up to 10."


def _are_pairs(values: object) -> bool:
    return isinstance(values, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and _is_name(pair[0]) and is_number(pair[1])
        for pair in values
    )
