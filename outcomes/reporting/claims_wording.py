"""Claims in words: what is judged, in place of what is promised, and what the design allows to be said of the cause.

The restatement is built from the declared keys alone and names no cause. Rules: docs/claims.md.
"""

from __future__ import annotations

import datetime as dt

from outcomes.analysis.catalogue import Endpoint, find_endpoint
from outcomes.analysis.claims.cohorts import ALL, Span
from outcomes.analysis.claims.judging import NOT_A_QUESTION, Judged
from outcomes.analysis.claims.set_against import BAD_MONTH, CONCURRENT, NO_GROUP, RANDOMISED, REPEAT_BASELINE
from outcomes.analysis.instruments.definitions import INSTRUMENTS
from outcomes.claims.declared import DEFAULT_MARGIN, Claim
from outcomes.claims.kept import ADDED_LATER, DATE_MOVED, EDITED, PLAN_CHANGED
from outcomes.claims.rules import CANNOT_BE_TOLD, CONSISTENT, NOT_SUPPORTED
from outcomes.plan import AnalysisPlan
from outcomes.reporting.formatting import percent
from outcomes.reporting.wording import mode_name, windows_phrase
from outcomes.reporting.words import Mark, Tone

#: A sign beside the word, so that nothing hangs on colour.
SIGNS = {CONSISTENT: "●", NOT_SUPPORTED: "○", CANNOT_BE_TOLD: "–"}

_TONES: dict[str, Tone] = {CONSISTENT: "recorded", NOT_SUPPORTED: "expected", CANNOT_BE_TOLD: "quiet"}

#: "Due to treatment?", by design.
DUE_TO_TREATMENT = {
    NO_GROUP: "Not shown: no comparison group.",
    BAD_MONTH: (
        "Not shown: no comparison group. Averages from outside speak to entering in a bad month, as far as they "
        "fit the patients of this clinic, and to nothing else."
    ),
    REPEAT_BASELINE: (
        "Not shown: no comparison group. A second baseline after the booking speaks to entering in a bad month, and to "
        "nothing else."
    ),
    CONCURRENT: (
        "Not shown: patients were not drawn by lot into the groups, which may differ in what was not recorded."
    ),
    RANDOMISED: (
        "Patients were drawn by lot into the groups. How that was done, who knew of it and who was lost decides what "
        "the difference can say, and is not in these records."
    ),
}

_HARM_CAUSE = "Not shown: no comparison group; events after sessions are counted whatever caused them."
_DRAWN_FROM_TYPES = "Not shown: types of headache are not drawn by lot, and differ in more than their name."

_TYPES = {
    "migraine": "migraine",
    "tension_type": "tension-type headache",
    "cluster": "chronic cluster headache",
    "cervicogenic": "cervicogenic headache",
    "sinus": "headache from a disorder of nose or sinuses that was shown",
}
_GRADES = {
    "any": "any adverse event",
    "significant": "an adverse event that needed care or disturbed activity",
    "serious": "a serious adverse event",
    "soreness_beyond_72h": "soreness for more than 72 hours",
}
_RESTARTED = {
    EDITED: "The claim was edited, and starts again: it counts as declared on {day}.",
    ADDED_LATER: (
        "The claim was not in the file when it was last looked at, and cannot have been declared before: it counts as "
        "declared on {day}."
    ),
    PLAN_CHANGED: (
        "The plan measures the claim otherwise than when it was last looked at, and it starts again: it counts as "
        "declared on {day}."
    ),
    DATE_MOVED: "The date of the claim was moved back; it counts as declared on {day}, as before.",
}


def verdict_mark(judged: Judged) -> Mark:
    """Sign and word of the verdict, such as ● consistent with our records."""
    word = judged.verdict.word if judged.is_question else NOT_A_QUESTION
    return Mark(SIGNS[judged.verdict.word], word, _TONES[judged.verdict.word])


def due_to_treatment(judged: Judged) -> str:
    """What the design of the records allows to be said about the cause."""
    if not judged.is_question:
        return "Not a question for these records."
    if judged.claim.kind == "harm":
        return _HARM_CAUSE
    if judged.claim.kind == "contrast":
        return _DRAWN_FROM_TYPES
    return DUE_TO_TREATMENT[judged.design]


def what_is_in_it(judged: Judged) -> str:
    """What a consistent verdict holds besides, where nobody was left untreated at the same time; empty elsewhere."""
    told = judged.verdict.word == CONSISTENT and judged.claim.kind in ("change", "lasting", "score")
    if not told or judged.design not in (BAD_MONTH, REPEAT_BASELINE):
        return ""
    return (
        "Natural recovery, other care, attention and the wish to please are in this change, and may be all of what is "
        "beyond a bad month."
    )


def restatement(claim: Claim, plan: AnalysisPlan) -> str:
    """What is judged, from the declared keys alone; without a verb that names a cause."""
    if claim.kind == "mechanism":
        return "How something might act is not in a diary."
    if claim.kind == "dose":
        return (
            "Who feels worse is given more sessions, and who feels better stops coming: these records cannot tell how "
            "many to give."
        )
    if claim.kind == "harm":
        most = 100 * (claim.at_most or 0.0)
        return f"Fewer than {most:g}% of patients{_who(claim)} had {_GRADES[claim.grade]}, of those asked."
    own = Span.of(claim, plan).plan
    before, after = windows_phrase(own)
    if claim.kind == "score":
        instrument = INSTRUMENTS[claim.instrument]
        turn = "lower" if instrument.improvement == "decrease" else "higher"
        return (
            f"{instrument.label} of patients{_who(claim)} was {turn} by more than {claim.margin:g} {instrument.unit} "
            "on average after the first session than before it, on the days that count for it."
        )
    endpoint = find_endpoint(claim.endpoint, plan)
    margin = DEFAULT_MARGIN if claim.margin is None else claim.margin
    recalled = mode_name(claim.mode)
    less, name = _less(endpoint), _name(endpoint)
    verb = "reported" if recalled else "recorded"
    between = f"{after} than {before}"
    if claim.kind == "share":
        return (
            f"More than {percent(claim.at_least)} of the patients{_who(claim)} who started {verb} {less} {name} "
            f"{between}, by {claim.reduction:g}% or more{recalled}; a missing follow-up counts as not reached."
        )
    if claim.kind == "contrast":
        others = (
            "patients with other types"
            if claim.against == "rest"
            else f"patients with {_type(claim.against)}"
        )
        return (
            f"The change in {name} of patients{_who(claim)} lay {_below(endpoint)} that of {others}, by more than "
            f"{margin:g} ({endpoint.unit}), {after}{recalled}."
        )
    if endpoint.counts_days:
        by = f"by more than {margin:g} on average{recalled}"
        return f"Patients{_who(claim)} {verb} {less} {name} per 28 {between}, {by}."
    return (
        f"{endpoint.label} that patients{_who(claim)} {verb} was {less} {between}, by more than {margin:g} "
        f"({endpoint.unit}) on average{recalled}."
    )


def review_words(judged: Judged) -> str:
    """The date of the verdict: on whose patients it rests, or when there will be one."""
    declared = f"Declared on {day_words(judged.standing.declared_on)}."
    if not judged.is_question:
        return ""
    if judged.review is None:
        return f"{declared} First review: {judged.first_review.name}."
    ended = "last day for a questionnaire lay" if judged.claim.kind == "score" else "follow-up closed"
    ended = "weeks 21 to 24 ended" if judged.claim.window == "weeks_21_24" else ended
    return f"{declared} Reviewed on the patients whose {ended} in {judged.review.name}."


def restarted_words(judged: Judged) -> str:
    """That the claim does not count from the day the file says; empty where it does."""
    why = _RESTARTED.get(judged.standing.why, "")
    return why.format(day=day_words(judged.standing.declared_on))


def day_words(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _who(claim: Claim) -> str:
    return "" if claim.population == ALL else f" with {_type(claim.population)}"


def _type(code: str) -> str:
    return _TYPES.get(code, code.replace("_", " "))


def _name(endpoint: Endpoint) -> str:
    return endpoint.label[0].lower() + endpoint.label[1:]


def _less(endpoint: Endpoint) -> str:
    less, more = ("fewer", "more") if endpoint.counts_days else ("lower", "higher")
    return less if endpoint.improvement == "decrease" else more


def _below(endpoint: Endpoint) -> str:
    return "below" if endpoint.improvement == "decrease" else "above"
