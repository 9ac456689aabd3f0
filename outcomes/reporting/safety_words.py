"""Safety in one sentence: how many sessions had an event, of those asked about, and what was not ruled out."""

from __future__ import annotations

from outcomes.analysis.answers import Answers
from outcomes.analysis.proportions import most_if_none
from outcomes.analysis.results import Statistic
from outcomes.reporting.disclosure import MIN_ROWS_FOR_SHARE, TOO_FEW, Disclosure, carried_words
from outcomes.reporting.formatting import percent, percent_decimals, percent_interval
from outcomes.reporting.topic_blocks import first, shown_row

WORST = "worst_of_both"


def event_share(answers: Answers, grade: str, disclosure: Disclosure) -> tuple[str, str]:
    """(share of sessions with an event of a grade, its interval and n), in `share` only where patients may be shown."""
    row = first(answers, f"sessions_{grade}", group=WORST)
    if row is None or not row.n:
        return "–", "nobody was asked"
    if not disclosure.exact and not _patients_may_be_shown(answers, grade, disclosure):
        return "–", TOO_FEW
    shown = shown_row(row, disclosure, of_sessions=True, topic=answers.topic)
    if shown.value is None:
        return "–", shown.reason
    places = percent_decimals(shown.high if shown.high is not None else shown.value)
    asked = f"of {shown.n_text} sessions asked about"
    bounds = f"{percent_interval(shown.low, shown.high, places)} " if shown.low is not None else ""
    carried = carried_words((shown.carried_from,))
    return percent(shown.value, places), f"{bounds}{asked}" + (f", {carried}" if carried else "")


def serious_words(answers: Answers, disclosure: Disclosure) -> str:
    """`serious: none seen, at most 0.3%`; where there was one, its share with its interval."""
    row = first(answers, "sessions_serious", group=WORST)
    if row is None or not row.n:
        return "serious: nobody was asked"
    if not disclosure.exact and row.n < MIN_ROWS_FOR_SHARE:
        return f"serious: {TOO_FEW}"
    if row.count == 0:
        words = f"serious: none seen, at most {_at_most(row, disclosure)}"
        found = disclosure.cell("safety/serious events", "all", words)
        carried = carried_words((found.carried_from,))
        return f"{found.content or 'serious: held back'}" + (f", {carried}" if carried else "")
    if not disclosure.exact:
        return "serious: not shown"
    places = percent_decimals(row.high)
    between = percent_interval(row.low, row.high, places)
    return f"serious: {row.count} of {row.n:,} ({percent(row.value, places)}; {between})"


def _at_most(row: Statistic, disclosure: Disclosure) -> str:
    """The exact upper limit where none was seen, in `share` from a rounded number of sessions."""
    n = row.n if disclosure.exact else 5 * round(row.n / 5)
    most = most_if_none(n, row.confidence).value
    return percent(most, percent_decimals(most))


def asked_again(answers: Answers, disclosure: Disclosure) -> str:
    """At what share of the sessions events were asked for again after 72 hours."""
    row = first(answers, "asked_at_72h")
    if row is None or not row.n:
        return ""
    if disclosure.exact:
        return f"asked again at 72 hours: {percent(row.value)} of {row.n:,} sessions"
    again = disclosure.rows(row.count or 0, row.n)
    if again == TOO_FEW:
        return ""
    found = disclosure.cell("safety/asked again", "all", f"asked again at 72 hours: {again} of sessions")
    carried = carried_words((found.carried_from,))
    return (found.content or "") + (f", {carried}" if carried else "")


def _patients_may_be_shown(answers: Answers, grade: str, disclosure: Disclosure) -> bool:
    row = first(answers, f"patients_{grade}")
    return row is not None and disclosure.share(row, answers.topic).value is not None
