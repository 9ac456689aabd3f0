"""Answers to a topic in words, as a table and as a figure, for the analyst's own eyes."""

from __future__ import annotations

import importlib
from html import escape
from typing import TYPE_CHECKING

from outcomes.analysis.answers import Answers
from outcomes.analysis.questions import TOPICS
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError
from outcomes.reporting.formatting import interval, number, percent, percent_decimals, percent_interval
from outcomes.reporting.tables import GROUP_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
        decimals = percent_decimals(row.value if row.high is None else row.high)
        bounds = f" ({percent_interval(row.low, row.high, decimals)})" if row.low is not None else ""
        count = f"{row.count}/{row.n} = " if row.count is not None else ""
        return f"{count}{percent(row.value, decimals)}{bounds}"
    decimals = 2 if row.unit in ("ratio", "correlation", "probability") else 1
    bounds = f" ({interval(row.low, row.high, decimals)})" if row.low is not None else ""
    return f"{number(row.value, decimals)}{bounds}"


def answers_text(answers: Answers) -> str:
    """The question, a line for each number under its endpoint, and what must stand beside them."""
    rows = [_cells(answers, row) for row in answers.statistics]
    widths = [max((len(row[place]) for row in rows), default=0) for place in range(4)]
    lines = [TOPICS[answers.topic].question if answers.topic in TOPICS else answers.topic, ""]
    endpoints = {row.endpoint for row in answers.statistics}
    headed = len(endpoints) > 1 or bool(endpoints & set(answers.labels))
    told, said = "", set(answers.notes)
    for row, cells in zip(answers.statistics, rows, strict=True):
        if headed and row.endpoint != told:
            told, said = row.endpoint, set(answers.notes)
            lines.append(answers.label(told))
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        lines.append(f"  {line}")
        lines += [f"      {note}" for note in row.notes if note not in said]
        # What stands beside several numbers of one endpoint is said at the first of them.
        said |= set(row.notes) if headed else set()
    lines += ["", *answers.notes] if answers.notes else []
    return "\n".join(lines)


def _cells(answers: Answers, row: Statistic) -> tuple[str, str, str, str]:
    where = "" if row.group == "all" else f"{GROUP_NAMES.get(row.group, row.group.replace('_', ' '))}: "
    left = f", {row.n_left_out} left out" if row.n_left_out else ""
    unit = "" if row.unit == "share" else row.unit
    return f"{where}{answers.label(row.statistic)}", value_words(row), unit, f"n {row.n}{left}"


def answers_html(answers: Answers) -> str:
    """The same as a table for a notebook."""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(answers, row)) + "</tr>"
        for row in answers.statistics
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in answers.notes)
    return f"<table><tbody>{body}</tbody></table>{notes}"
