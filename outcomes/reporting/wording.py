"""Honest sentences. An uncontrolled before/after difference is a change, never an effect.

The design of the data decides what may be said; nothing here can print "because of", "effect" or "works".
"""

from __future__ import annotations

from outcomes.analysis.catalogue import CATALOGUE, Endpoint
from outcomes.analysis.comparison import DESCRIBED
from outcomes.analysis.questions.care import INCLUDING, is_care_including
from outcomes.analysis.recalls import RECALLS, visit_days
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan
from outcomes.reporting.disclosure import HELD_BACK, Disclosure, Shown, carried_words
from outcomes.reporting.formatting import confidence_name, day_name, number, percent
from outcomes.reporting.language import ENGLISH, Said, say, speaking, spoken, translated

#: Source: outcome-definitions, section 8 (docs/method.md#limitations). On every page, word for word.
LIMITATION = (
    "Uncontrolled before/after audit. Change may reflect regression to the mean, natural fluctuation, context "
    "effects, other treatments and missing diaries. It does not show that dry needling caused the change."
)

#: Where headache days are recalled at visits, whoever does not come back is not asked.
NOT_ASKED = (
    "Patients who do not come back to a visit are not asked and are not in the change. Whether they stay away because "
    "they are well or because they are not, nobody knows."
)

#: Marks every page of numbers that rest on memory.
RECALLED = "recalled at visits, not recorded day by day"

#: What stands wherever patients with cluster headache may have been left out.
CLUSTER_NOT_COMPARED = (
    "Patients with cluster headache that is not known to be chronic are in no change: bouts end by themselves, so "
    "before and after cannot be compared as for other types."
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
    before, after, shown = disclosure.before_after(change)
    windows = windows_phrase(plan, daily=change.daily)
    if change.n == 0 and (described := described_words(change, disclosure)):
        return described
    if change.n == 0 and disclosure.exact:
        return f"{endpoint.label}: no patient has a value both {windows[1]} and {windows[0]}. Nothing can be said."
    if shown.value is None:
        return f"{endpoint.label}: {shown.reason}; patients with both periods: {shown.n_text}."
    start, message, end = change_words(endpoint, shown.value, change.mode, windows)
    left_out = say("counts.left_out", n=disclosure.patients(change.n_left_out)) if disclosure.exact else ""
    carried = carried_words((shown.carried_from,))
    carried = f"; {carried}" if carried else ""
    return say(
        "change.sentence",
        what=f"{start}{message}{end}{mode_name(change.mode)}",
        before=number(before.value),
        after=number(after.value),
        interval=interval_phrase(endpoint, shown),
        patients=shown.people,
        left_out=f"{left_out}{carried}",
        only=say("change.only") if endpoint.conditional else "",
    )


def described_words(change: PairedChange, disclosure: Disclosure) -> str:
    """The levels of patients who are not compared, each period by itself; nothing where there are none to show."""
    if f"{DESCRIBED}baseline_mean" not in change:
        return ""
    told = []
    for period, when in zip(("baseline", "followup"), _described_windows(change), strict=True):
        row = change[f"{DESCRIBED}{period}_mean"]
        shown = disclosure.mean(row)
        if shown.value is not None:
            told.append(f"{number(shown.value)} {when} ({shown.people})")
    if not told:
        return ""
    return (
        "Cluster headache that is not known to be chronic is described and not compared, since bouts end by "
        f"themselves. {change.endpoint.label} ({change.endpoint.unit}){mode_name(change.mode)}: {'; '.join(told)}."
    )


def _described_windows(change: PairedChange) -> tuple[str, str]:
    # In English as the sentence around it.
    with speaking(ENGLISH):
        before, after = windows_phrase(change.plan, daily=change.daily)
    return before.replace("before it", "before the first session"), after.replace("their first", "the first")


def care_words(still: Statistic | None, plan: AnalysisPlan, disclosure: Disclosure) -> str:
    """That most patients were still treated in the follow-up window; nothing where fewer were than the plan asks for.

    Source: docs/method.md#care-in-force.
    """
    if still is None or not is_care_including(still, plan.still_in_care_share):
        return ""
    shown = disclosure.share(still)
    who = say("care.most" if (still.value or 0) >= 0.5 else "care.many")
    if shown.value is not None:
        who = say("care.share", share=percent(shown.value))
    return say("care.sentence", who=who, when=followup_phrase(plan), care=translated(INCLUDING))


def mode_name(mode: str) -> str:
    """`, recalled over 28 days` behind a name; nothing for the diary."""
    return translated(_MODE_NAMES.get(mode, ""))


def change_words(
    endpoint: Endpoint, value: float, mode: str, windows: tuple[str, str]
) -> tuple[str, str, str]:
    """What was recorded after, against before: how it begins, the words that carry it, and how it ends."""
    before, after = windows
    size = number(abs(value))
    same = size == number(0.0)
    end = say("change.as" if same else "change.than", after=after, before=before)
    if endpoint.counts_days:
        # Behind a recall stands how far it goes back: see `mode_name`.
        start = say("change.reported" if mode.startswith("recall") else "change.recorded")
        amount = "as_many" if same else "fewer" if value < 0 else "more"
        return start, say(f"change.{amount}", size=size, endpoint=_in_a_sentence(endpoint)), end
    level = "the_same" if same else "lower" if value < 0 else "higher"
    # A name from the plan may be singular or plural.
    in_catalogue = endpoint.name in CATALOGUE
    name = translated(endpoint.label) if in_catalogue else _in_a_sentence(endpoint)
    start = say("change.was" if in_catalogue else "change.mean_was", name=name)
    return (
        start,
        say(f"change.{level}", size=size),
        say("change.in_unit", unit=translated(endpoint.unit), end=end),
    )


def _in_a_sentence(endpoint: Endpoint) -> str:
    name = translated(endpoint.label)
    # German writes its nouns large everywhere.
    return name if isinstance(name, Said) and spoken() == "de" else name[0].lower() + name[1:]


def interval_phrase(endpoint: Endpoint, shown: Shown) -> str:
    """`95% interval 2.6 to 4.6 fewer`, or the plain interval where it holds both directions."""
    name = confidence_name(shown.confidence)
    if shown.low is None or shown.high is None:
        return say("interval.none", confidence=name)
    fewer, more = ("fewer", "more") if endpoint.counts_days else ("lower", "higher")
    if shown.high < 0:
        key, low, high = fewer, -shown.high, -shown.low
    elif shown.low > 0:
        key, low, high = more, shown.low, shown.high
    else:
        key, low, high = f"{fewer}_to_{more}", -shown.low, shown.high
    return say(f"interval.{key}", confidence=name, low=number(low), high=number(high))


def share_phrase(shown: Shown) -> str:
    """`27% of 120`, or the two counts where the share is hidden."""
    if shown.value is None:
        return shown.reason if shown.reason == HELD_BACK else counts_phrase(shown)
    return say("counts.of", share=percent(shown.value), n=shown.n_text)


def counts_phrase(shown: Shown) -> str:
    """`32 of 120`; where even the patients are too few to count, that alone."""
    if shown.n is None:
        return shown.n_text
    return say("counts.of", share=shown.count_text, n=shown.n_text)


def windows_phrase(plan: AnalysisPlan, *, daily: bool = True) -> tuple[str, str]:
    """The two windows in words: before, after.

    A daily diary is cut by the plan's days; summaries have the time points that the plan names.
    """
    if not daily:
        points = (plan.summary_baseline, plan.summary_followup)
        before, after = (say("windows.at", point=_time_point(point)) for point in points)
        return before, after
    weeks, rest = divmod(plan.baseline_days, 7)
    key = "before_days" if rest else "before_week" if weeks == 1 else "before_weeks"
    before = say(f"windows.{key}", days=plan.baseline_days, weeks=weeks)
    return before, say("windows.after", window=followup_phrase(plan))


def _time_point(name: str) -> str:
    return translated("follow-up" if name == "followup" else name.replace("_", " "))


def followup_phrase(plan: AnalysisPlan) -> str:
    """`in weeks 9 to 12`, or the days where the window is not made of weeks."""
    first, last = plan.followup_first_day, plan.followup_last_day
    if first % 7 == 0 and (last + 1) % 7 == 0:
        first_week, last_week = first // 7 + 1, (last + 1) // 7
        key = "in_week" if first_week == last_week else "in_weeks"
        return say(f"windows.{key}", week=first_week, first=first_week, last=last_week)
    return say("windows.on_day" if first == last else "windows.on_days", day=first, first=first, last=last)


def definitions(change: PairedChange, *, at_visits: bool = False) -> tuple[str, ...]:
    """The definitions in force for the main comparison, in plain words, with the numbers of the plan.

    `at_visits`: its values were recalled at visits, and not handed in as summaries.
    """
    plan, endpoint = change.plan, change.endpoint
    name = confidence_name(plan.confidence)
    fewer = " Fewer headaches is negative." if endpoint.improvement == "decrease" else ""
    turn = "reduction" if endpoint.improvement == "decrease" else "rise"
    return (
        *(
            _daily_definitions(plan)
            if change.daily
            else _visit_definitions(plan, change.mode)
            if at_visits
            else _summary_definitions(plan, change.mode)
        ),
        f"Change = follow-up − baseline, the mean over patients, each with the same weight.{fewer} Interval: t, "
        f"{name}.",
        f"Responder: {turn} by at least the stated share of the patient's own baseline, {least_baseline(change)}. "
        f"Interval: Wilson, {name}.",
    )


def _daily_definitions(plan: AnalysisPlan) -> tuple[str, ...]:
    baseline, followup = plan.windows["baseline"], plan.windows["followup"]
    return (
        f"Baseline: days {day_name(baseline[0])} to {day_name(baseline[1])}; follow-up: days {followup[0]} to "
        f"{followup[1]}; day 0 is the first session and is in neither.",
        "A day is a headache day, a headache-free day, or not recorded. A day that is not recorded is never "
        "counted as headache-free.",
        "Headache days per 28 = 28 × headache days ÷ recorded days, for patients with enough recorded days: at "
        f"least {plan.min_recorded_in(plan.baseline_days)} at baseline and "
        f"{plan.min_recorded_in(plan.followup_days)} at follow-up.",
    )


def _summary_definitions(plan: AnalysisPlan, mode: str) -> tuple[str, ...]:
    before, after = _time_point(plan.summary_baseline), _time_point(plan.summary_followup)
    return (
        f"Baseline and follow-up: the time points '{before}' and '{after}' of the summaries{mode_name(mode)}, as "
        "the records give them.",
    )


def _visit_definitions(plan: AnalysisPlan, mode: str) -> tuple[str, ...]:
    span = RECALLS[mode][1]
    days = visit_days(plan, span)["followup"]
    scaled = "" if span == DAYS_PER_PERIOD else f", times {DAYS_PER_PERIOD // span}"
    return (
        f"Headache days of the last {span}, as the patient recalled them at a visit{scaled}. Baseline: the latest "
        f"answer up to the first session. Follow-up: the first answer at a visit on day {days[0]} to {days[1]}, whose "
        f"{span} days begin within days {plan.followup_first_day} to {plan.followup_last_day}.",
        "Recall is compared with recall of the same span alone, never with a diary, and fills no gap in one. Where the "
        "summaries hold a patient's recall, they are used and the visits are not.",
    )


def least_baseline(change: PairedChange) -> str:
    """Which baseline a patient needs to be counted among responders or not."""
    least = change.plan.responder_min_baseline
    if change.endpoint.counts_days and least > 0:
        return f"from a baseline of at least {least:g} day{'s' if least != 1 else ''}"
    return "from a baseline above 0"
