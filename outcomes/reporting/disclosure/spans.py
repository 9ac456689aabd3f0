"""What was done, in quarters as it may leave the clinic: where a quarter is too small, in half-years or in years."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from outcomes.analysis.answers import statistic_of
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.proportions import share as share_of
from outcomes.analysis.results import Statistic
from outcomes.analysis.span_activity import SPAN_MONTHS, SpanActivity
from outcomes.plan import AnalysisPlan
from outcomes.reporting.disclosure.counts import Count
from outcomes.reporting.disclosure.release import Place
from outcomes.reporting.disclosure.rules import HELD_BACK, ROUND_COUNTS_TO, TOO_FEW
from outcomes.reporting.disclosure.shown import Shown
from outcomes.reporting.formatting import rounded

if TYPE_CHECKING:
    from outcomes.reporting.disclosure.profiles import Disclosure


@dataclass(frozen=True)
class SafeSpan:
    """One span (`first` to `last`, YYYY-MM) with its numbers as they may be shown."""

    first: str
    last: str
    starters: Count
    treated: Count
    sessions: Count
    complete: Shown
    events: Shown


def safe_spans(
    spans_of: Callable[[int], Sequence[SpanActivity]], plan: AnalysisPlan, disclosure: Disclosure
) -> tuple[SafeSpan, ...]:
    """The spans of the shortest length whose newest one is large enough; none where a year is too small."""
    for length in SPAN_MONTHS:
        spans = spans_of(length)
        if spans and _is_large_enough(spans[-1], disclosure):
            return tuple(_safe_span(span, plan, disclosure) for span in spans)
    return ()


def _is_large_enough(span: SpanActivity, disclosure: Disclosure) -> bool:
    few = [disclosure.is_small(len(group)) for group in (span.starters, span.closed)]
    return not any(few) and of_enough_patients(span.sessions, disclosure)


def of_enough_patients(sessions: Mapping[str, int], disclosure: Disclosure) -> bool:
    """Whether sessions, told by patient, are of enough patients, none of whom has too many of them."""
    if disclosure.exact:
        return True
    rules = disclosure.rules
    if len(sessions) < max(rules.session_patients, disclosure.least_cell):
        return False
    return max(sessions.values()) <= rules.largest_patient * sum(sessions.values())


def _safe_span(span: SpanActivity, plan: AnalysisPlan, disclosure: Disclosure) -> SafeSpan:
    name = f"{span.first} to {span.last}"
    starters = disclosure.count("first sessions", name, len(span.starters), dict.fromkeys(span.starters))
    treated = disclosure.count("treated", name, len(span.sessions), dict(span.sessions))
    sessions = Count(TOO_FEW, None)
    if of_enough_patients(span.sessions, disclosure):
        sessions = disclosure.count("sessions given", name, sum(span.sessions.values()), dict(span.sessions))
    counted = _counted(len(span.complete), len(span.closed), plan, "both windows", name)
    parts = tuple(dict.fromkeys(group) for group in (span.closed, span.complete, span.closed - span.complete))
    complete = disclosure.share(counted, "spans", parts)
    return SafeSpan(
        span.first, span.last, starters, treated, sessions, complete, _events(span, plan, disclosure)
    )


def _events(span: SpanActivity, plan: AnalysisPlan, disclosure: Disclosure) -> Shown:
    """The share of sessions with an event, of those asked about, from rounded numbers of sessions."""
    n, count = sum(span.asked.values()), sum(span.with_event.values())
    name = f"{span.first} to {span.last}"
    row = _counted(count, n, plan, "sessions with an event", name)
    if disclosure.exact:
        return disclosure.share(row)
    alone = replace(
        disclosure.statistic_alone(row), n=None, n_text="–", count_text="", people="", reason=TOO_FEW
    )
    without = {
        patient: of - span.with_event.get(patient, 0)
        for patient, of in span.asked.items()
        if of > span.with_event.get(patient, 0)
    }
    if not all(of_enough_patients(one, disclosure) for one in (span.asked, span.with_event, without)):
        return alone
    fives = [ROUND_COUNTS_TO * int(rounded(one / ROUND_COUNTS_TO, 0)) for one in (count, n)]
    value = share_of(min(fives), fives[1], plan.confidence).value
    shown = replace(
        alone, value=None if value is None else float(rounded(value, 2)), n=float(fives[1]), n_text=f"{fives[1]:,}",
        count_text=f"{fives[0]:,}", reason="",
    )  # fmt: skip
    if disclosure.release is None:
        return shown
    given = {patient: (of, span.with_event.get(patient, 0)) for patient, of in span.asked.items()}
    found = disclosure.release.judge(
        Place("sessions with an event", name, (given,), rounded=True), asdict(shown)
    )
    if found.content is None:
        return replace(alone, reason=HELD_BACK)
    return replace(Shown(**found.content), carried_from=found.carried_from)


def _counted(count: int, of: int, plan: AnalysisPlan, what: str, name: str) -> Statistic:
    found = share_of(count, of, plan.confidence) if of else Estimate(None, None, None, None, "count")
    return statistic_of(
        found, plan, endpoint=what, statistic="counted", n=of, count=count, unit="share", group=name
    )
