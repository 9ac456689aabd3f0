"""What was done in whole quarters, half-years or years, patient by patient: for reports in which a month is too small.

Activity counts what stands in the records; it says nothing of how patients fared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from outcomes.analysis.among import texts_of
from outcomes.analysis.month_activity import people_by_month, sessions_by_month
from outcomes.analysis.periods import Periods

#: Months of a span, the shortest first.
SPAN_MONTHS = (3, 6, 12)


@dataclass(frozen=True)
class SpanActivity:
    """One span of whole calendar months, `first` to `last` (YYYY-MM), with who is behind each number.

    `starters` had their first session in it; `sessions` were given, by patient; the follow-up of `closed` ended in it,
    and `complete` of them have both windows; `asked` are sessions asked about events, and `with_event` those of them
    with one, by patient.
    """

    first: str
    last: str
    starters: frozenset[str]
    sessions: Mapping[str, int]
    closed: frozenset[str]
    complete: frozenset[str]
    asked: Mapping[str, int]
    with_event: Mapping[str, int]


def spans_until(everyone: Periods, month: str, length: int) -> tuple[SpanActivity, ...]:
    """The whole spans of `length` months up to the end of `month`, the oldest first; from the first session on.

    Spans follow the calendar: quarters, halves, years. Empty without a daily diary, dates and sessions.
    """
    records = everyone.records
    if everyone.segments is None or not records.uses_dates or not records.has("sessions"):
        return ()
    sessions = sessions_by_month(everyone)
    people = people_by_month(everyone)
    if sessions.empty:
        return ()
    edges = _edges(sessions["month"].min(), pd.Period(month, "M"), length)
    starts = sessions.groupby("patient_id")["month"].min()
    return tuple(_span(first, first + (length - 1), sessions, starts, people) for first in edges)


def _edges(first: pd.Period, last: pd.Period, length: int) -> list[pd.Period]:
    """The first months of the spans that are over by the end of `last`."""
    at = pd.Period(year=first.year, month=1 + (first.month - 1) // length * length, freq="M")
    found = []
    while at + (length - 1) <= last:
        found.append(at)
        at = at + length
    return found


def _span(
    first: pd.Period, last: pd.Period, sessions: pd.DataFrame, starts: pd.Series, people: pd.DataFrame
) -> SpanActivity:
    given = sessions[(sessions["month"] >= first) & (sessions["month"] <= last)]
    asked = given[given["asked"].to_numpy(dtype=bool)]
    over = people[
        people["window_over"]
        & (people["standing"] != "episodic_cluster")
        & (people["closed"] >= first)
        & (people["closed"] <= last)
    ]
    both = over["baseline"].notna() & over["followup"].notna()
    return SpanActivity(
        str(first),
        str(last),
        frozenset(texts_of(starts.index[(starts >= first) & (starts <= last)])),
        _by_patient(given),
        frozenset(texts_of(over.index)),
        frozenset(texts_of(over.index[both])),
        _by_patient(asked),
        _by_patient(asked[asked["any"].to_numpy(dtype=bool)]),
    )


def _by_patient(sessions: pd.DataFrame) -> dict[str, int]:
    counted = sessions.groupby("patient_id").size()
    return dict(zip(texts_of(counted.index), counted.tolist(), strict=True))
