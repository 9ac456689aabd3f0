"""What stands beside a change: what a bad month alone would give, a repeat baseline, how small a change could be seen.

None of them is ever taken off the change.
"""

from __future__ import annotations

import math

from outcomes.analysis.periods import REASONS
from outcomes.analysis.planning import smallest_detectable_change
from outcomes.analysis.regression_to_mean.null_simulation import LABEL, NullSimulation
from outcomes.analysis.regression_to_mean.repeat_baseline import NO_FALL, RepeatBaseline
from outcomes.analysis.results import PairedChange
from outcomes.reporting.disclosure import NOT_SHOWN, Disclosure
from outcomes.reporting.formatting import confidence_name, interval, number, percent, rounded

_BAD_MONTH = (
    "Patients start treatment when headaches are bad, so fewer headaches afterwards are to be expected even if "
    "nothing had changed except entering in a bad month."
)
_ON_TOP = "Natural recovery, attention and placebo response come on top."

#: Why the change may be less than it looks, and what would be needed to say by how much.
NO_COMPARISON = (
    f"{_BAD_MONTH} How many fewer cannot be computed from these records: that needs the average of a population from "
    f"outside (external_means in the plan), or a second baseline recorded after booking. {_ON_TOP}"
)

#: The same where the second baseline is there.
SECOND_BASELINE = (
    f"{_BAD_MONTH} What a second baseline, recorded after booking, shows of that stands below. {_ON_TOP}"
)

#: The same where the average from outside is there, and too few patients.
TOO_FEW_PATIENTS = f"{_BAD_MONTH} How many fewer cannot be told from so few patients. {_ON_TOP}"

#: The same where there are no headache days of a daily diary: no average from outside would help.
NO_DAILY_DIARY = (
    f"{_BAD_MONTH} How many fewer cannot be computed here: that needs headache days from a daily diary as the "
    f"primary endpoint. {_ON_TOP}"
)

_POWER = 0.8


def expectation_words(
    found: NullSimulation | None, repeat: RepeatBaseline | None, disclosure: Disclosure
) -> str:
    """What these patients would be expected to show had nothing changed, or why it cannot be computed.

    `found` is None where the headline is not headache days of a daily diary.
    """
    change = _expected_range(found, disclosure)
    if found is None or change is None:
        return _why_not(found, repeat, disclosure)
    means = " or ".join(f"{mean:g}" for mean in found.plan.external_means)
    *rules, last = (_rule_words(rule) for rule in found.plan.enrolment_rules)
    entering = f"{', '.join(rules)} or {last}" if rules else last
    halved = found.responder_range(50.0)
    half = ""
    if halved is not None and (disclosure.exact or found.n_eligible >= disclosure.least_for_mean):
        half = f", and headache days halved in {_range(percent(halved[0]), percent(halved[1]))} of patients"
    return (
        f"To be expected {LABEL}: a change of {_range(number(change[0]), number(change[1]))} headache days per 28"
        f"{half}. Computed for these patients' own baselines, with an average of {means} days per 28 elsewhere and "
        f"patients entering {entering}. It is a second number beside the change, and is not taken off it."
    )


def glance_words(found: NullSimulation | None, repeat: RepeatBaseline | None, disclosure: Disclosure) -> str:
    """The same in two lines for the first page; the whole of it stands in its own section."""
    change = _expected_range(found, disclosure)
    if change is None and repeat is not None and repeat.qualifies and not _why_hidden(repeat, disclosure):
        already = disclosure.mean(repeat.expected)
        return (
            f"Patients start treatment when headaches are bad. A second baseline of {already.people}, "
            f"recorded after booking and before any treatment, had already changed by {number(already.value)} headache "
            f"days per 28 ({interval(already.low, already.high)}). {_ON_TOP}"
        )
    if change is None:
        return _why_not(found, repeat, disclosure)
    return (
        f"To be expected if nothing had changed except entering in a bad month: a change of "
        f"{_range(number(change[0]), number(change[1]))} headache days per 28. {_ON_TOP} It is a second number beside "
        "the change, and is not taken off it."
    )


def halved_expected(found: NullSimulation | None, disclosure: Disclosure) -> str:
    """`13 to 20%` of patients whose days would halve by entering in a bad month alone; empty where not computable."""
    if found is None or _expected_range(found, disclosure) is None:
        return ""
    halved = found.responder_range(50.0)
    if halved is None or not (disclosure.exact or found.n_eligible >= disclosure.least_for_mean):
        return ""
    return _range(percent(halved[0]), percent(halved[1]))


def assumption_words(found: NullSimulation | None, disclosure: Disclosure) -> tuple[str, ...]:
    """On what the expected change rests, where it is told."""
    if found is None or _expected_range(found, disclosure) is None:
        return ()
    return (f"What is expected of entering in a bad month assumes: {'; '.join(found.assumptions)}.",)


def _expected_range(found: NullSimulation | None, disclosure: Disclosure) -> tuple[float, float] | None:
    """Least and greatest expected change, where there is one and it may be shown."""
    if found is None or (not disclosure.exact and found.n < disclosure.least_for_mean):
        return None
    return found.change_range


def _why_not(found: NullSimulation | None, repeat: RepeatBaseline | None, disclosure: Disclosure) -> str:
    if repeat is not None and repeat.qualifies and not _why_hidden(repeat, disclosure):
        return SECOND_BASELINE
    if found is None:
        return NO_DAILY_DIARY
    return TOO_FEW_PATIENTS if found.plan.external_means else NO_COMPARISON


def _rule_words(rule: str) -> str:
    """`in any month`, `in the worst of 2 months`, `with at least 8 days per 28`."""
    if rule.startswith("worst_of_"):
        return f"in the worst of {rule.removeprefix('worst_of_')} months"
    if rule.startswith("at_least_"):
        return f"with at least {rule.removeprefix('at_least_')} days per 28"
    return "in any month"


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
    hidden = _why_hidden(found, disclosure)
    people = disclosure.mean(found.expected).people
    if hidden:
        return f"Repeat baseline, between booking and first session ({people}): {hidden}."
    expected, beyond = disclosure.mean(found.expected), disclosure.mean(found.beyond)
    clear = beyond.low is not None and beyond.high is not None and not beyond.low <= 0 <= beyond.high
    says = "changed beyond what the repeat baseline shows" if clear else "no change beyond it is shown"
    return (
        f"Repeat baseline, between booking and first session ({people}): from the month of booking to it headache days "
        f"changed by {number(expected.value)} per 28 ({interval(expected.low, expected.high)}), before any treatment. "
        f"From it to the follow-up: {number(beyond.value)} ({interval(beyond.low, beyond.high)}): {says}. If bad "
        "months run on into the next, part of that is still the bad month."
    )


def _why_hidden(found: RepeatBaseline, disclosure: Disclosure) -> str:
    """Why a repeat baseline that qualifies may not be shown; empty where it may."""
    without = sum(patients for reason, patients in found.left_out if reason not in REASONS)
    # Shown beside all who are compared, it would give away the few by whom the two differ.
    if not disclosure.exact and 0 < without < disclosure.minimum_cell:
        return NOT_SHOWN
    parts = (disclosure.mean(found.expected), disclosure.mean(found.beyond))
    return next((part.reason for part in parts if part.value is None), "")


def precision_words(change: PairedChange, disclosure: Disclosure) -> str:
    """The smallest change that a group like this one could detect."""
    name = f"{change.endpoint.label[0].lower()}{change.endpoint.label[1:]}"
    smallest = smallest_detectable_change(change, _POWER).value
    start = f"The smallest change this clinic could detect in {name}"
    if smallest is None or disclosure.mean(change.change).value is None:
        few = change.n < (2 if disclosure.exact else disclosure.least_for_mean)
        return (
            f"{start} cannot be told{' from so few patients' if few else ': the patients differ too little'}."
        )
    level = confidence_name(change.plan.confidence)
    return (
        f"{start}: {_size(smallest, disclosure)} ({change.endpoint.unit}). With as many patients as here, who differ "
        f"as much, a true mean change that large would be found in 80% of such audits (a {level} interval that "
        "excludes 0). Smaller changes may be there and not be seen."
    )


def _size(smallest: float, disclosure: Disclosure) -> str:
    """The size in words. In `share` two digits: with more, beside the change's interval, it would tell n."""
    if disclosure.exact or smallest < 10:
        return number(smallest)
    return number(float(rounded(smallest, 1 - math.floor(math.log10(smallest)))), 0)
