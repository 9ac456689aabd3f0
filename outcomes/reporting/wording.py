"""Honest sentences. An uncontrolled before/after difference is a change, never an effect.

The design of the data decides what may be said; nothing here can print "because of", "effect" or "works".
"""

from __future__ import annotations

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.results import PairedChange
from outcomes.plan import AnalysisPlan
from outcomes.reporting.disclosure import Disclosure, Shown
from outcomes.reporting.formatting import confidence_name, day_name, number, percent, percent_interval

#: Source: outcome-definitions, section 8 (docs/method.md#limitations). On every page, word for word.
LIMITATION = (
    "Uncontrolled before/after audit. Change may reflect regression to the mean, natural fluctuation, context "
    "effects, other treatments and missing diaries. It does not show that dry needling caused the change."
)

NO_COMPARISON = (
    "Patients start treatment when headaches are bad, so fewer headaches afterwards are to be expected even if "
    "nothing had changed except entering in a bad month. How many fewer cannot be computed from these records: "
    "that needs the average of a population from outside, or a second baseline recorded after booking. Natural "
    "recovery, attention and placebo response come on top."
)

DROP_OUT = (
    "Patients who stop their diary are not in the change. Those who do worse tend to stop first, so the patients "
    "who remain may look better than all who started."
)

_MODE_NAMES = {
    "diary": "",
    "recall_28": ", recalled over 28 days",
    "recall_7": ", recalled over 7 days",
}


def describe_change(change: PairedChange) -> str:
    """What changed, from what to what, with interval and patients; exact, for the analyst's own eyes."""
    return change_sentence(change, Disclosure("internal", change.plan.minimum_cell))


def change_sentence(change: PairedChange, disclosure: Disclosure) -> str:
    """One honest sentence on one comparison, under the rules of a profile."""
    endpoint, plan = change.endpoint, change.plan
    shown = disclosure.mean(change["change"])
    windows = windows_phrase(plan, change.mode)
    if change.n == 0:
        return f"{endpoint.label}: no patient has a value both {windows[0]} and {windows[1]}. Nothing can be said."
    if shown.value is None:
        return f"{endpoint.label}: {shown.reason}; patients with both periods: {shown.n_text}."
    before, after = disclosure.mean(change["baseline_mean"]), disclosure.mean(change["followup_mean"])
    patients = f"{disclosure.patients(change.n)} patient{'s' if change.n != 1 else ''}"
    left_out = disclosure.patients(change.n_left_out)
    only = " Only patients with headache in both periods have a value." if endpoint.conditional else ""
    return (
        f"{_recorded(endpoint, shown, change.mode)} {windows[1]} than {windows[0]}"
        f"{_mode_name(change.mode)}: from {number(before.value)} to {number(after.value)} "
        f"({interval_phrase(endpoint, shown)}; {patients}, {left_out} left out).{only} "
        "This is a change, not proof of its cause: there is no comparison group."
    )


def _mode_name(mode: str) -> str:
    return _MODE_NAMES.get(mode, "")


def _recorded(endpoint: Endpoint, shown: Shown, mode: str) -> str:
    verb = "recalled" if mode.startswith("recall") else "recorded"
    value = shown.value or 0.0
    size = number(abs(value))
    if endpoint.name == "headache_days_per_28":
        return f"Patients {verb} {size} {_more_or_fewer(value)} headache days per 28"
    if endpoint.name == "acute_medication_days_per_28":
        return f"Patients {verb} {size} {_more_or_fewer(value)} days with acute medication per 28"
    return f"{endpoint.label} was {size} {'lower' if value <= 0 else 'higher'} ({endpoint.unit})"


def _more_or_fewer(value: float) -> str:
    return "fewer" if value <= 0 else "more"


def interval_phrase(endpoint: Endpoint, shown: Shown) -> str:
    """`95% interval 2.6 to 4.6 fewer`, or the plain interval where it holds both directions."""
    name = f"{confidence_name(shown.confidence)} interval"
    if shown.low is None or shown.high is None:
        return f"no {name}"
    fewer, more = ("fewer", "more") if endpoint.counts_days else ("lower", "higher")
    if shown.high < 0:
        return f"{name} {number(-shown.high)} to {number(-shown.low)} {fewer}"
    if shown.low > 0:
        return f"{name} {number(shown.low)} to {number(shown.high)} {more}"
    return f"{name} {number(-shown.low)} {fewer} to {number(shown.high)} {more}, which includes no change"


def share_phrase(shown: Shown) -> str:
    """`27% (20 to 36%)`, or why not."""
    if shown.value is None:
        return f"{shown.count_text} of {shown.n_text}" if shown.reason and shown.count_text else shown.reason
    return f"{percent(shown.value)} ({percent_interval(shown.low, shown.high)})"


def windows_phrase(plan: AnalysisPlan, mode: str = "diary") -> tuple[str, str]:
    """The two windows in words: before, after."""
    if mode != "diary" or plan.summary_baseline != "baseline" or plan.summary_followup != "followup":
        return (
            f"at {plan.summary_baseline.replace('_', ' ')}",
            f"at {plan.summary_followup.replace('_', ' ')}",
        )
    weeks, rest = divmod(plan.baseline_days, 7)
    before = f"in the {weeks} weeks before it" if not rest else f"in the {plan.baseline_days} days before it"
    return before, f"{followup_phrase(plan)} after their first session"


def followup_phrase(plan: AnalysisPlan) -> str:
    """`in weeks 9 to 12`, or the days where the window is not made of weeks."""
    first, last = plan.followup_first_day, plan.followup_last_day
    if first % 7 == 0 and (last + 1) % 7 == 0:
        return f"in weeks {first // 7 + 1} to {(last + 1) // 7}"
    return f"on days {first} to {last}"


def definitions(plan: AnalysisPlan) -> tuple[str, ...]:
    """The definitions in force, in plain words, with the numbers of the plan."""
    baseline, followup = plan.windows["baseline"], plan.windows["followup"]
    return (
        f"Baseline: days {day_name(baseline[0])} to {day_name(baseline[1])}; follow-up: days {followup[0]} to "
        f"{followup[1]}; day 0 is the first session and is in neither.",
        "A day is a headache day, a headache-free day, or not recorded. A day that is not recorded is never "
        "counted as headache-free.",
        f"Headache days per 28 = 28 × headache days ÷ recorded days, for patients with at least "
        f"{plan.min_recorded_in(plan.baseline_days)} recorded days at baseline and "
        f"{plan.min_recorded_in(plan.followup_days)} at follow-up.",
        "Change = follow-up − baseline, the mean over patients, each with the same weight: fewer headaches is "
        f"negative. Interval: t, {confidence_name(plan.confidence)}.",
        f"Responder: reduction by at least the stated share, from a baseline of at least "
        f"{plan.responder_min_baseline:g} days. Interval: Wilson.",
    )
