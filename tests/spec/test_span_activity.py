"""What was done in quarters, half-years and years, and how a report that is handed on widens them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from diaries import load

from outcomes import split_periods
from outcomes.analysis.span_activity import SpanActivity, spans_until
from outcomes.plan import AnalysisPlan
from outcomes.reporting.disclosure import Disclosure, safe_spans
from outcomes.reporting.disclosure.release import Release
from outcomes.reporting.disclosure.session import release_session
from outcomes.reporting.span_blocks import last_span_words, span_words, spans_table

SHARE = Disclosure("share", 8)


def clinic(firsts: list[dt.date], sessions: int = 3, recorded_after: int = 84) -> dict[str, pd.DataFrame]:
    """Patients with whole diaries from 28 days before the first session, and sessions a week apart."""
    diary, given = [], []
    for number, first in enumerate(firsts):
        days = [first + dt.timedelta(days=day) for day in range(-28, recorded_after)]
        diary += [
            {
                "patient_id": f"P{number:03d}",
                "date": day.isoformat(),
                "headache": "yes" if day.day % 3 else "no",
            }
            for day in days
        ]
        given += [
            {
                "patient_id": f"P{number:03d}",
                "date": (first + dt.timedelta(days=7 * one)).isoformat(),
                "adverse_event": "mild" if one == 0 else "none" if one == 1 else "not_asked",
            }
            for one in range(sessions)
        ]
    return {"diary": pd.DataFrame(diary), "sessions": pd.DataFrame(given)}


def test_a_quarter_counts_starts_sessions_and_closed_windows_by_patient() -> None:
    """83 days after the first session the window closes: on 29 March, 5 April and 21 June."""
    firsts = [dt.date(2026, 1, 5), dt.date(2026, 1, 12), dt.date(2026, 3, 30)]
    spans = spans_until(split_periods(load(clinic(firsts))), "2026-06", 3)
    assert [(span.first, span.last) for span in spans] == [("2026-01", "2026-03"), ("2026-04", "2026-06")]
    winter, spring = spans
    assert winter.starters == {"P000", "P001", "P002"} and spring.starters == frozenset()
    # The third patient's second and third session fall in April.
    assert winter.sessions == {"P000": 3, "P001": 3, "P002": 1} and spring.sessions == {"P002": 2}
    assert winter.asked == {"P000": 2, "P001": 2, "P002": 1} and winter.with_event == dict.fromkeys(
        winter.asked, 1
    )
    assert winter.closed == winter.complete == {"P000"}
    assert spring.closed == spring.complete == {"P001", "P002"}


def test_a_quarter_that_is_not_over_is_not_told() -> None:
    periods = split_periods(load(clinic([dt.date(2026, 1, 5)])))
    assert [span.last for span in spans_until(periods, "2026-05", 3)] == ["2026-03"]
    assert spans_until(periods, "2026-05", 6) == ()


def span(first: str, last: str, patients: int, start: int = 0) -> SpanActivity:
    names = [f"P{number:03d}" for number in range(start, start + patients)]
    return SpanActivity(
        first, last, frozenset(names), dict.fromkeys(names, 4), frozenset(names), frozenset(names[: patients // 2]),
        dict.fromkeys(names, 4), dict.fromkeys(names, 1),
    )  # fmt: skip


@pytest.mark.parametrize(("in_a_quarter", "length"), [(8, 3), (7, 6), (4, 6), (3, 12), (2, 12), (1, 0)])
def test_a_span_that_is_too_small_is_widened_until_it_is_not(in_a_quarter: int, length: int) -> None:
    def spans(months: int) -> list[SpanActivity]:
        return [span(f"2026-{13 - months:02d}", "2026-12", in_a_quarter * months // 3)]

    found = safe_spans(spans, AnalysisPlan(), SHARE)
    names = {3: "October to December 2026", 6: "July to December 2026", 12: "2026"}
    assert [span_words(one) for one in found] == ([names[length]] if length else [])


def test_counts_are_to_the_nearest_five_and_few_events_are_hidden() -> None:
    [found] = safe_spans(lambda months: [span("2026-10", "2026-12", 23)], AnalysisPlan(), SHARE)
    assert (found.starters.text, found.treated.text, found.sessions.text) == ("25", "25", "90")
    assert found.events.value == 0.28  # 25 of 90
    assert found.complete.value == 0.4  # 10 of 25
    row = spans_table([found]).rows[0]
    assert row == ("October to December 2026", "25", "25", "90", "40%", "28%")
    assert last_span_words(found) == (
        "October to December 2026. First session: about 25 patients. Sessions given: about 90, to about 25 patients."
    )


def test_one_patient_is_not_told_as_the_clinic() -> None:
    """Half of the sessions, and no more, may be one patient's."""
    few = span("2026-10", "2026-12", 10)
    for most, shown in ((36, True), (37, False)):
        own = SpanActivity(**{**vars(few), "sessions": {**few.sessions, "P000": most}})
        assert bool(safe_spans(lambda months, own=own: [own], AnalysisPlan(), SHARE)) is shown


def test_a_quarter_that_is_told_again_with_a_late_patient_stays_as_it_was(tmp_path: Path) -> None:
    """The same quarter with one patient more is carried forward; the next quarter is of others, and new."""

    def told(month: str, spans: list[SpanActivity]) -> list[tuple[str, str]]:
        with release_session(tmp_path, month) as session:
            disclosure = Disclosure("share", 8, Release(session.folder, "share", month))
            found = safe_spans(lambda months: spans, AnalysisPlan(), disclosure)
            with session.placed({"share": {"report.html": b"page"}}):
                folder = session.place_of("share")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "report.html").write_bytes(b"page")
        return [(one.starters.text, one.starters.carried_from) for one in found]

    assert told("2026-03", [span("2026-01", "2026-03", 22)]) == [("20", "")]
    later = [span("2026-01", "2026-03", 23), span("2026-04", "2026-06", 18, start=40)]
    assert told("2026-06", later) == [("20", "2026-03"), ("20", "")]


def test_a_half_year_does_not_give_away_the_quarter_that_was_too_small(tmp_path: Path) -> None:
    """The first quarter was told; three patients with all events make the second, so that the half-year is tried.
    Less the first quarter, each of its numbers would be these three."""
    few = span("2026-04", "2026-06", 3, start=200)
    tens = {name: dict.fromkeys(few.sessions, 10) for name in ("sessions", "asked", "with_event")}
    few = SpanActivity(**{**vars(few), **tens})
    winter = span("2026-01", "2026-03", 40)
    half = SpanActivity(
        "2026-01", "2026-06", winter.starters | few.starters, {**winter.sessions, **few.sessions},
        winter.closed | few.closed, winter.complete | few.complete, {**winter.asked, **few.asked},
        {**winter.with_event, **few.with_event},
    )  # fmt: skip
    told = []
    for month, tables in (("2026-03", {3: (winter,)}), ("2026-06", {3: (winter, few), 6: (half,)})):
        with release_session(tmp_path, month) as session:
            disclosure = Disclosure("share", 8, Release(session.folder, "share", month))
            told.append(safe_spans(lambda months, t=tables: t.get(months, ()), AnalysisPlan(), disclosure))
            with session.placed({"share": {"report.html": b"page"}}):
                folder = session.place_of("share")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "report.html").write_bytes(b"page")
    [first], second = told
    assert first.treated.text == "40" and first.sessions.text == "160" and first.events.value is not None
    [one] = second
    assert one.last == "2026-06"
    assert one.starters.drawn is one.treated.drawn is one.sessions.drawn is None
    assert one.events.value is one.complete.value is None
