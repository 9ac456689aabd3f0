"""Answers in words: what stands over which numbers, what is said once, and how many digits are shown."""

from __future__ import annotations

from typing import Any

import pytest

from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.results import Statistic
from outcomes.reporting.answers import answers_html, answers_text, value_words


def row(statistic: str, value: float | None = 1.0, **more: Any) -> Statistic:
    given: dict[str, Any] = {
        "endpoint": "days", "by": None, "group": "all", "low": None, "high": None, "p": None, "n": 5, "n_left_out": 0,
        "count": None, "unit": "days per 28", "mode": "diary", "confidence": 0.95, "method": "drawn", "notes": (),
    }  # fmt: skip
    return Statistic(statistic=statistic, value=value, **{**given, **more})


def answers(*rows: Statistic, **labels: str) -> Answers:
    return Answers("dose", rows, AnalysisPlan(), labels)


def headings(told: Answers) -> list[str]:
    return [line for line in answers_text(told).splitlines()[2:] if line and not line.startswith(" ")]


def test_what_one_column_cuts_stands_under_one_heading() -> None:
    """How often each technique was used, in sessions, and the change then, in days: not a heading for each line."""
    told = answers(
        row("planned", endpoint="sessions"),
        *(
            row(name, endpoint=endpoint, by="technique", group=group)
            for group in ("deep", "superficial")
            for name, endpoint in (("used", "sessions"), ("change", "days"))
        ),
        row("change"),
        days="headache days per 28",
    )
    assert headings(told) == ["sessions", "by technique", "headache days per 28"]
    lines = [" ".join(line.split()) for line in answers_text(told).splitlines()]
    assert lines[4:8] == [
        "by technique",
        "deep: used 1.0 days per 28 n 5",
        "deep: change (headache days per 28) 1.0 days per 28 n 5",
        "superficial: used 1.0 days per 28 n 5",
    ]


def test_the_strata_and_the_spans_of_recall_are_told_apart() -> None:
    told = answers(*(row("change", by=by, group="yes") for by in ("sex", "preventive_use")))
    assert headings(told) == ["by sex", "by preventive use"]
    recalled = answers(*(row("change", mode=mode) for mode in ("diary", "recall_28", "recall_7")))
    assert headings(recalled) == ["recalled over 28 days", "recalled over 7 days"]


def test_a_note_is_said_once_under_each_heading_in_text_and_in_the_notebook() -> None:
    note = "two were too young"
    told = answers(
        *(row(name, by=by, notes=(note,)) for by in ("sex", "age") for name in ("before", "after"))
    )
    assert answers_text(told).count(note) == 2
    assert answers_html(told).count(note) == 2 and "by age" in answers_html(told)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        # A difference of shares of which one end lies near 0 is not known to a hundredth of a point.
        (row("x", -0.0657, low=-0.1278, high=-0.0089, unit="share"), "−7% (−13 to −1%)"),
        (row("x", 0.004, low=0.001, high=0.0099, unit="share"), "0.40% (0.10 to 0.99%)"),
        (row("x", 0.0, low=0.0, high=0.004, count=0, n=900, unit="share"), "0/900 = 0.00% (0.00 to 0.40%)"),
        (row("x", 5.0, unit="events"), "5"),
        (row("x", None), "–"),
    ],
)
def test_digits(given: Statistic, words: str) -> None:
    assert value_words(given) == words
