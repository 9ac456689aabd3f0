"""Answers to topics under the rules of a profile: the one place where rows of `Answers` become rows of a report.

Each row is held against what earlier reports showed, under the name of its topic. Who stands behind most rows of
topics is not known one by one: then everyone looked at stands for them. Sources: docs/method.md#disclosure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from outcomes.analysis.answers import Answers
from outcomes.analysis.results import Statistic
from outcomes.reporting.disclosure import (
    MIN_ROWS_FOR_SHARE,
    NOT_SHOWN,
    TOO_FEW,
    Disclosure,
    Shown,
    carried_words,
)
from outcomes.reporting.disclosure.topics import from_enough, share_without_count
from outcomes.reporting.formatting import (
    interval,
    number,
    percent,
    percent_decimals,
    percent_interval,
    rounded,
)
from outcomes.reporting.page import Block, Notes, Sentence, TableBlock
from outcomes.reporting.report_base import plain_note

#: Modes in which n counts sessions and not patients; a statistic of these may still be about patients.
_SESSION_MODE = "sessions"

#: Methods that give one patient's own value: shown only to the clinic.
_ORDERED = ("median", "quantile")


def shown_row(row: Statistic, disclosure: Disclosure, *, of_sessions: bool = False, topic: str = "") -> Shown:
    """A row of the answers to `topic` as it may be shown. `of_sessions`: n counts sessions."""
    if disclosure.exact:
        shown = disclosure.share(row) if row.unit == "share" else disclosure.mean(row)
        return replace(shown, reason="not known") if row.value is None and row.n else shown
    if of_sessions:
        return disclosure.released(_sessions(row, disclosure), row, topic)
    if row.unit == "share" and row.count is not None:
        return disclosure.share(row, topic)
    if row.unit == "share":
        return share_without_count(row, disclosure, topic)
    if any(word in row.method for word in _ORDERED):
        # With whom a quantile lies is not told here: the middle alone has as many on both sides.
        hidden = replace(disclosure.statistic_alone(row), reason=NOT_SHOWN)
        return disclosure.quantile(row, 0.5, topic) if "median" in row.method else hidden
    return disclosure.mean(row, topic)


def _sessions(row: Statistic, disclosure: Disclosure) -> Shown:
    """A share of sessions in whole percent, without the exact counts and without an interval that tells them."""
    sessions = 5 * round(row.n / 5)
    text = f"about {sessions:,}" if row.n >= MIN_ROWS_FOR_SHARE else TOO_FEW
    blank = Shown(None, None, None, None, text, "", row.unit, row.confidence, TOO_FEW)
    value = row.value
    if value is None or row.n < MIN_ROWS_FOR_SHARE or (row.unit == "share" and not 0.01 <= value <= 0.99):
        return blank
    if not _of_enough_patients(row, disclosure):
        return replace(blank, n_text=TOO_FEW)
    digits = 2 if row.unit == "share" else 1
    low, high = (None if one is None else float(rounded(one, digits)) for one in (row.low, row.high))
    value = float(rounded(value, digits))
    return replace(blank, value=value, low=low, high=high, n=float(sessions), reason="")


def _of_enough_patients(row: Statistic, disclosure: Disclosure) -> bool:
    """Where reports follow one another: whether the counted sessions, and the others, are surely of enough patients."""
    behind = disclosure.release.behind() if disclosure.release is not None else None
    if behind is None or row.count is None:
        return True
    parts = (row.count, row.n - row.count)
    return all(from_enough(part, behind.sessions_per_patient, disclosure) for part in parts)


def notes_of(answers: Answers, disclosure: Disclosure, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The notes of the answers as sentences; of those with a number in them only what was not told otherwise before."""
    told = []
    for note in answers.notes:
        if without and note.startswith(without):
            continue
        words = plain_note(note)
        if any(sign.isdigit() for sign in words):
            found = disclosure.cell(f"{answers.topic}/note", note.split(":", 1)[0], words)
            if found.content is None or found.carried_from:
                continue
        told.append(words)
    return tuple(told)


def value_text(shown: Shown, decimals: int = 1) -> str:
    """The value with its interval in brackets and the month it is carried forward from, or why it is not there."""
    carried = carried_words((shown.carried_from,))
    return f"{_value_text(shown, decimals)}, {carried}" if carried else _value_text(shown, decimals)


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
    answers: Answers,
    rows: Sequence[Statistic],
    disclosure: Disclosure,
    *,
    caption: str = "",
    of_sessions: Iterable[str] = (),
    labels: Sequence[str] = (),
    notes: tuple[str, ...] = (),
    unit_of_n: str = "patients",
) -> Block:
    """One line per statistic: its words, value with interval, and n. Nothing where there are no rows."""
    named = list(zip(rows, labels or [answers.label(row.statistic) for row in rows], strict=True))
    if disclosure.exact:
        named = [(row, label) for row, label in named if row.n]
    if not named:
        return Sentence(f"{caption}: nobody to look at.") if caption else Notes(())
    sessions = set(of_sessions)
    lines = []
    for row, label in named:
        shown = shown_row(row, disclosure, of_sessions=row.statistic in sessions, topic=answers.topic)
        unit = "" if row.unit in ("share", "ratio") or shown.value is None else f" {row.unit}"
        lines.append((f"{label[:1].upper()}{label[1:]}", f"{value_text(shown)}{unit}", shown.n_text))
    if not disclosure.exact and all(line[1] in (TOO_FEW, NOT_SHOWN) for line in lines):
        return Sentence(f"{caption or answers.topic.capitalize()}: {TOO_FEW}.")
    return TableBlock(
        ("", "in the records", unit_of_n), tuple(lines), caption, ("left", "right", "right"), notes
    )


def chosen(answers: Answers, names: Sequence[str], **where: str) -> list[Statistic]:
    """The statistics of these names that the answers hold, in this order."""
    found = []
    for name in names:
        for row in answers.statistics:
            if row.statistic == name and all(getattr(row, key) == value for key, value in where.items()):
                found.append(row)
    return found


def first(answers: Answers | str, name: str, **where: str) -> Statistic | None:
    """The first statistic of that name, or None."""
    if isinstance(answers, str):
        return None
    return next(iter(chosen(answers, [name], **where)), None)
