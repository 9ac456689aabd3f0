"""What stands beside a change: what a bad month alone would give, a repeat baseline, how small a change could be seen.

None of them is ever taken off the change.
"""

from __future__ import annotations

from outcomes.analysis.planning import smallest_detectable_change
from outcomes.analysis.regression_to_mean.null_simulation import LABEL, NullSimulation
from outcomes.analysis.regression_to_mean.repeat_baseline import NO_FALL, RepeatBaseline
from outcomes.analysis.results import PairedChange
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.formatting import confidence_name, interval, number, percent

#: Why the change may be less than it looks, and what would be needed to say by how much.
NO_COMPARISON = (
    "Patients start treatment when headaches are bad, so fewer headaches afterwards are to be expected even if "
    "nothing had changed except entering in a bad month. How many fewer cannot be computed from these records: "
    "that needs the average of a population from outside (external_means in the plan), or a second baseline "
    "recorded after booking. Natural recovery, attention and placebo response come on top."
)

#: The same where the second baseline is there.
SECOND_BASELINE = (
    "Patients start treatment when headaches are bad, so fewer headaches afterwards are to be expected even if "
    "nothing had changed except entering in a bad month. What a second baseline, recorded after booking, shows of "
    "that stands under 'Before and after'. Natural recovery, attention and placebo response come on top."
)

_POWER = 0.8


def expectation_words(
    found: NullSimulation | None, repeat: RepeatBaseline | None, disclosure: Disclosure
) -> str:
    """What these patients would be expected to show had nothing changed, or that it cannot be computed."""
    change = found.change_range if found is not None else None
    if found is None or change is None or found.n < disclosure.least_for_mean:
        return SECOND_BASELINE if repeat is not None and repeat.qualifies else NO_COMPARISON
    means = " or ".join(f"{mean:g}" for mean in found.plan.external_means)
    rules = ", ".join(rule.replace("_", " ") for rule in found.plan.enrolment_rules)
    halved = found.responder_range(50.0)
    half = ""
    if halved is not None and found.n_eligible >= disclosure.least_for_mean:
        half = f", and headache days halved in {_range(percent(halved[0]), percent(halved[1]))} of patients"
    return (
        f"To be expected {LABEL}: a change of {_range(number(change[0]), number(change[1]))} headache days per 28"
        f"{half}. Computed for these patients' own baselines, with an average of {means} days per 28 elsewhere and "
        f"patients entering in: {rules}. It is a second number beside the change, and is not taken off it."
    )


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def repeat_baseline_words(found: RepeatBaseline, disclosure: Disclosure) -> str:
    """What a second baseline after booking shows of the bad month, or why there is none."""
    least = found.plan.repeat_baseline_min_patients
    if not found.qualifies:
        if disclosure.exact:
            start = "A repeat baseline without a fall" if found.status == NO_FALL else "No repeat baseline"
            return f"{start}: {found.reason}."
        why = (
            "headache days did not fall from the month of booking to it"
            if found.status == NO_FALL
            else f"fewer than {least} patients have a month of booking and a whole baseline after it"
        )
        return f"No repeat baseline counts: {why}."
    expected, beyond = disclosure.mean(found.expected), disclosure.mean(found.beyond)
    people = disclosure.people(found.n)
    if expected.value is None or beyond.value is None:
        return f"A repeat baseline after booking ({people}) is {expected.reason or beyond.reason}."
    clear = beyond.low is not None and beyond.high is not None and not beyond.low <= 0 <= beyond.high
    says = "changed beyond what the repeat baseline shows" if clear else "no change beyond it is shown"
    return (
        f"Repeat baseline, between booking and first session ({people}): from the month of booking to it headache days "
        f"changed by {number(expected.value)} per 28 ({interval(expected.low, expected.high)}), before any treatment. "
        f"From it to the follow-up: {number(beyond.value)} ({interval(beyond.low, beyond.high)}): {says}. If bad "
        "months run on into the next, part of that is still the bad month."
    )


def precision_words(change: PairedChange, disclosure: Disclosure) -> str:
    """The smallest change that a group like this one could detect."""
    name = f"{change.endpoint.label[0].lower()}{change.endpoint.label[1:]}"
    smallest = smallest_detectable_change(change, _POWER).value
    hidden = disclosure.mean(change.change).value is None
    if smallest is None or hidden:
        return f"The smallest change in {name} that this clinic could detect cannot be told from so few patients."
    level = confidence_name(change.plan.confidence)
    return (
        f"The smallest change this clinic could detect: with as many patients as here, who differ as much, a true "
        f"mean change in {name} of {number(smallest)} ({change.endpoint.unit}) would be found in 4 of 5 such audits "
        f"(a {level} interval that excludes 0). Smaller changes may be there and not be seen."
    )
