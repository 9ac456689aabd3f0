"""Answers to topics as rows of a report: words for what `SafeAnswers` gives out, and nothing that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from outcomes.reporting.disclosure import (
    NOT_SHOWN,
    TOO_FEW,
    Disclosure,
    SafeAnswers,
    SafeRow,
    Shown,
    carried_words,
)
from outcomes.reporting.formatting import interval, number, percent, percent_decimals, percent_interval
from outcomes.reporting.page import Block, Notes, Sentence, TableBlock
from outcomes.reporting.report_base import plain_note


def notes_of(answers: SafeAnswers, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The notes of the answers as sentences, without those that begin so."""
    return tuple(plain_note(note) for note in answers.notes if not (without and note.startswith(without)))


def value_text(shown: Shown, decimals: int = 1, *, with_unit: bool = False) -> str:
    """The value with its interval in brackets and the month it is carried forward from, or why it is not there."""
    unit = (
        "" if not with_unit or shown.unit in ("share", "ratio") or shown.value is None else f" {shown.unit}"
    )
    carried = carried_words((shown.carried_from,)) if shown.value is not None else ""
    return f"{_value_text(shown, decimals)}{unit}" + (f", {carried}" if carried else "")


def _value_text(shown: Shown, decimals: int) -> str:
    if shown.value is None:
        return shown.reason or "–"
    if shown.unit == "share":
        places = percent_decimals(shown.high if shown.high is not None else shown.value)
        bounds = f" ({percent_interval(shown.low, shown.high, places)})" if shown.low is not None else ""
        return f"{percent(shown.value, places)}{bounds}"
    places = 2 if shown.unit in ("ratio", "correlation") else decimals
    bounds = f" ({interval(shown.low, shown.high, places)})" if shown.low is not None else ""
    return f"{number(shown.value, places)}{bounds}"


def answers_table(
    answers: SafeAnswers,
    rows: Sequence[SafeRow],
    disclosure: Disclosure,
    *,
    caption: str = "",
    labels: Sequence[str] = (),
    notes: tuple[str, ...] = (),
    unit_of_n: str = "patients",
) -> Block:
    """One line per statistic: its words, value with interval, and n. Nothing where there are no rows."""
    named = list(zip(rows, labels or [row.label for row in rows], strict=True))
    if disclosure.exact:
        named = [(row, label) for row, label in named if not row.nobody]
    if not named:
        return Sentence(f"{caption}: nobody to look at.") if caption else Notes(())
    months = {row.shown.carried_from for row, _ in named if row.shown.value is not None}
    # One note where all rows are of one earlier report.
    carried = carried_words(tuple(months)) if len(months) == 1 else ""
    notes = (*notes, *([f"{carried[0].upper()}{carried[1:]}."] if carried else []))
    lines = []
    for row, label in named:
        shown = replace(row.shown, carried_from="") if carried else row.shown
        lines.append((f"{label[:1].upper()}{label[1:]}", value_text(shown, with_unit=True), shown.n_text))
    if not disclosure.exact and all(line[1] in (TOO_FEW, NOT_SHOWN) for line in lines):
        return Sentence(f"{caption or answers.topic.capitalize()}: {TOO_FEW}.")
    return TableBlock(
        ("", "in the records", unit_of_n), tuple(lines), caption, ("left", "right", "right"), notes
    )
