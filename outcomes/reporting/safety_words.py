"""Safety in one sentence: how many sessions had an event, of those asked about, and what was not ruled out."""

from __future__ import annotations

from outcomes.reporting.disclosure import TOO_FEW, Disclosure, SafeAnswers, carried_words
from outcomes.reporting.formatting import percent, percent_decimals, percent_interval

WORST = "worst_of_both"


def nobody_asked(answers: SafeAnswers) -> bool:
    """Whether no session is in it at all."""
    found = answers.find("asked_either")
    return found is None or found.nobody


def event_share(answers: SafeAnswers, grade: str, disclosure: Disclosure) -> tuple[str, str]:
    """(share of sessions with an event of a grade, its interval and n), in `share` only where patients may be shown."""
    row = answers.find(f"sessions_{grade}", group=WORST)
    if row is None or row.nobody:
        return "–", "nobody was asked"
    if not disclosure.exact and not _patients_may_be_shown(answers, grade):
        return "–", TOO_FEW
    shown = row.shown
    if shown.value is None:
        return "–", shown.reason
    places = percent_decimals(shown.high if shown.high is not None else shown.value)
    asked = f"of {'' if disclosure.exact else 'about '}{shown.n_text} sessions asked about"
    bounds = f"{percent_interval(shown.low, shown.high, places)} " if shown.low is not None else ""
    carried = carried_words((shown.carried_from,))
    return percent(shown.value, places), f"{bounds}{asked}" + (f", {carried}" if carried else "")


def serious_words(answers: SafeAnswers, disclosure: Disclosure) -> str:
    """`serious: none seen, at most 0.3%`; where there was one, its share with its interval."""
    row = answers.find("sessions_serious", group=WORST)
    if row is None or row.nobody:
        return "serious: nobody was asked"
    shown = row.shown
    if disclosure.exact and shown.count_text != "0":
        between = percent_interval(shown.low, shown.high, percent_decimals(shown.high))
        value = percent(shown.value, percent_decimals(shown.high))
        return f"serious: {shown.count_text} of {shown.n_text} ({value}; {between})"
    found = answers.none_seen("sessions_serious", group=WORST)
    if found.value is None:
        return f"serious: {found.reason}"
    carried = carried_words((found.carried_from,))
    words = f"serious: none seen, at most {_in_words(found.value)}"
    return f"{words}, {carried}" if carried else words


def _in_words(most: float | None) -> str:
    return percent(most, percent_decimals(most))


def asked_again(answers: SafeAnswers, disclosure: Disclosure) -> str:
    """At what share of the sessions events were asked for again after 72 hours."""
    row = answers.find("asked_at_72h")
    if row is None or row.nobody:
        return ""
    shown = row.shown
    if disclosure.exact:
        return f"asked again at 72 hours: {percent(shown.value)} of {shown.n_text} sessions"
    if shown.value is None:
        return ""
    carried = carried_words((shown.carried_from,))
    words = f"asked again at 72 hours: {percent(shown.value)} of sessions"
    return f"{words}, {carried}" if carried else words


def _patients_may_be_shown(answers: SafeAnswers, grade: str) -> bool:
    row = answers.find(f"patients_{grade}")
    return row is not None and row.shown.value is not None
