"""Quarters, half-years or years in words and as a table, for reports in which a month is too small."""

from __future__ import annotations

from collections.abc import Sequence

from outcomes.reporting.disclosure import SafeSpan, Shown, carried_words
from outcomes.reporting.disclosure.counts import Count
from outcomes.reporting.formatting import month_words, percent
from outcomes.reporting.page import TableBlock

#: Months of a span → what it is called.
SPAN_NAMES = {3: "quarter", 6: "half-year", 12: "year"}

_WIDENED = {
    3: "Told in whole quarters, since a month may be of too few patients.",
    6: "Told in whole half-years, since a quarter is of too few patients.",
    12: "Told in whole years, since a half-year is of too few patients.",
}


def span_months(span: SafeSpan) -> int:
    """How many months a span has."""
    (_year, first), (_, last) = (map(int, text.split("-")) for text in (span.first, span.last))
    return last - first + 1


def span_words(span: SafeSpan) -> str:
    """`July to September 2026`, `2026`."""
    first, last = month_words(span.first), month_words(span.last)
    return span.last[:4] if span_months(span) == 12 else f"{first.rsplit(' ', 1)[0]} to {last}"


def spans_table(spans: Sequence[SafeSpan]) -> TableBlock:
    """First sessions, sessions given, completeness and events of each span, the newest last."""
    rows = tuple(
        (
            span_words(one),
            _count_text(one.starters),
            _count_text(one.treated),
            _count_text(one.sessions),
            _share_text(one.complete),
            _share_text(one.events),
        )
        for one in spans
    )
    columns = (SPAN_NAMES[span_months(spans[-1])], "first sessions", "patients treated", "sessions", "both windows",
               "sessions with an event")  # fmt: skip
    notes = (
        f"{_WIDENED[span_months(spans[-1])]} Counts to the nearest 5. Both windows: of the patients whose follow-up "
        "closed in it, those with enough diary before and after. Events: of the sessions asked about.",
    )
    return TableBlock(columns, rows, align=("left", *("right",) * 5), notes=notes)


def last_span_words(span: SafeSpan) -> str:
    """The newest span whose first sessions are told, in one sentence for the first page."""
    ended = "" if span.sessions.drawn is None else f" Sessions given: about {_count_text(span.sessions)},"
    to = (
        f" to about {_count_text(span.treated)} patients." if ended and span.treated.drawn is not None else ""
    )
    return f"{span_words(span)}. First session: about {_count_text(span.starters)} patients.{ended}{to}"


def _count_text(count: Count) -> str:
    carried = carried_words((count.carried_from,))
    return f"{count.text}, {carried}" if carried else count.text


def _share_text(shown: Shown) -> str:
    if shown.value is None:
        return shown.reason or "–"
    carried = carried_words((shown.carried_from,))
    return f"{percent(shown.value)}, {carried}" if carried else percent(shown.value)
