"""Answers to a topic in words, as a table and as a figure, for the analyst's own eyes."""

from __future__ import annotations

import importlib
import itertools
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from outcomes.analysis.answers import Answers
from outcomes.analysis.questions import TOPICS
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError
from outcomes.reporting.formatting import interval, number, percent, percent_decimals, percent_interval
from outcomes.reporting.tables import GROUP_NAMES
from outcomes.reporting.wording import mode_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Columns that numbers are cut by, where their name is not a word.
BY_NAMES = {
    "practitioner_id": "practitioner",
    "site_id": "site",
    "asked_when": "when it was asked",
    "ichd3_code": "ICHD-3 code",
    "concurrent": "change of a preventive drug",
    "kind": "kind of event",
}

#: Units of plain counts, which have no decimals.
COUNTED = ("events",)

#: Topic → the module and the function that draws its answers.
FIGURES: dict[str, tuple[str, str]] = {
    "response": ("figures_topics", "draw_response"),
    "durability": ("figures_topics", "draw_durability"),
    "states": ("figures_topics", "draw_states"),
    "dose": ("figures_topics", "draw_dose_of"),
    "within_session": ("figures_topics", "draw_within"),
    "safety": ("figures_topics", "draw_safety"),
    "practitioners": ("figures_topics", "draw_practitioners"),
    "strata": ("figures_topics", "draw_strata"),
    "questionnaires": ("figures_topics", "draw_questionnaires"),
}


def draw_answers(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """The figure of the topic. Raises PlanError where it has none."""
    if answers.topic not in FIGURES:
        raise PlanError(f"There is no figure of '{answers.topic}'.")
    module, function = FIGURES[answers.topic]
    drawn: Axes = getattr(importlib.import_module(f"outcomes.reporting.{module}"), function)(answers, ax=ax)
    return drawn


def value_words(row: Statistic) -> str:
    """The value with its interval; shares as percent with their numerator."""
    if row.value is None:
        return "–"
    if row.unit == "share":
        # Two different counts, such as 0 and 1 of 1,200, must not read alike.
        largest = max(abs(one) for one in (row.low, row.high, row.value) if one is not None)
        decimals = percent_decimals(largest)
        bounds = f" ({percent_interval(row.low, row.high, decimals)})" if row.low is not None else ""
        count = f"{row.count}/{row.n} = " if row.count is not None else ""
        return f"{count}{percent(row.value, decimals)}{bounds}"
    decimals = 2 if row.unit in ("ratio", "correlation", "probability") else 0 if row.unit in COUNTED else 1
    bounds = f" ({interval(row.low, row.high, decimals)})" if row.low is not None else ""
    return f"{number(row.value, decimals)}{bounds}"


def answers_text(answers: Answers) -> str:
    """The question, a line for each number under its heading, and what must stand beside them."""
    sections = _sections(answers)
    lines = [TOPICS[answers.topic].question if answers.topic in TOPICS else answers.topic, ""]
    for section in sections:
        lines += [section.heading] if section.heading else []
        rows = [_cells(answers, row, section) for row in section.rows]
        widths = [max(len(cells[place]) for cells in rows) for place in range(4)]
        for cells, notes in zip(rows, _notes_said_once(answers, section), strict=True):
            padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            lines.append(f"  {padded}".rstrip())
            lines += [f"      {note}" for note in notes]
    lines += ["", *answers.notes] if answers.notes else []
    return "\n".join(lines)


@dataclass(frozen=True)
class _Section:
    """Numbers that follow one another, of one endpoint or cut by one column."""

    heading: str
    rows: tuple[Statistic, ...]


def _sections(answers: Answers) -> list[_Section]:
    """The statistics in their order, parted where the column they are cut by, the mode or the endpoint changes."""
    endpoints = {row.endpoint for row in answers.statistics}
    headed = len(endpoints) > 1 or bool(endpoints & set(answers.labels))
    cut = any(row.by is not None for row in answers.statistics)
    sections: list[_Section] = []
    for _, grouped in itertools.groupby(answers.statistics, _section_key):
        rows = tuple(grouped)
        first = rows[0]
        several = len({row.endpoint for row in rows}) > 1
        words = [answers.label(first.endpoint)] if headed and not several else []
        words += [f"by {BY_NAMES.get(first.by, first.by.replace('_', ' '))}"] if first.by else []
        words = words or (["all patients"] if cut and sections else [])
        heading = f"{', '.join(words)}{mode_name(first.mode)}".removeprefix(", ")
        sections.append(_Section(heading, rows))
    return sections


def _section_key(row: Statistic) -> tuple[str, ...]:
    # Numbers cut by one column stand together, whatever they are about: how often it was so, and the change then.
    recalled = mode_name(row.mode)
    return (row.by, recalled) if row.by else ("", row.endpoint, recalled)


def _cells(answers: Answers, row: Statistic, section: _Section) -> tuple[str, str, str, str]:
    where = "" if row.group == "all" else f"{GROUP_NAMES.get(row.group, row.group.replace('_', ' '))}: "
    left = f", {row.n_left_out} left out" if row.n_left_out else ""
    unit = "" if row.unit == "share" else row.unit
    apart = row.endpoint != section.rows[0].endpoint
    about = f" ({answers.label(row.endpoint)})" if apart else ""
    return f"{where}{answers.label(row.statistic)}{about}", value_words(row), unit, f"n {row.n}{left}"


def answers_html(answers: Answers) -> str:
    """The same as a table for a notebook."""
    body = ""
    for section in _sections(answers):
        body += f'<tr><th colspan="4">{escape(section.heading)}</th></tr>' if section.heading else ""
        for row, said in zip(section.rows, _notes_said_once(answers, section), strict=True):
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in _cells(answers, row, section))
            body += f"<tr>{cells}</tr>"
            body += "".join(f'<tr><td colspan="4"><small>{escape(note)}</small></td></tr>' for note in said)
    notes = "".join(f"<p>{escape(note)}</p>" for note in answers.notes)
    return f"<table><tbody>{body}</tbody></table>{notes}"


def _notes_said_once(answers: Answers, section: _Section) -> list[list[str]]:
    """The notes of each number: what stands beside several of one section is said at the first of them."""
    said, told = set(answers.notes), []
    for row in section.rows:
        told.append([note for note in row.notes if note not in said])
        said |= set(row.notes)
    return told
