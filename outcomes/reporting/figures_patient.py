"""One patient: every day of the diary as a calendar, and the weeks with their sessions. For the clinic's eyes only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_course import week_ticks
from outcomes.reporting.figures_paper import (
    LETTER_MM,
    axes_of,
    panels_of,
    place_mm,
    quiet_scale,
    say_nothing,
    styled,
)
from outcomes.reporting.formatting import day_name, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WEEKS_MM = 70.0

#: What a day may be, as the frame says it.
HEADACHE, FREE, NOT_RECORDED = "headache", "no headache", "not recorded"

_CELL_MM = 5.2  # room for a number in the figures' one size of text
_LEAST_CELL_MM = 4.4
_LABELS_MM, _ABOVE_MM, _WEEK_NAMES_MM, _KEY_LINE_MM = 11.0, 5.0, 5.0, 6.5
_DAYS = 7
_WHITE_FROM = 6  # from this intensity on white letters stand out more than dark ones

_HEADACHE_KEY, _FREE_KEY, _BARE_KEY = "headache, worst pain 0–10", "no headache", "bare: not recorded"


def _strips(days: pd.DataFrame, width: float) -> list[tuple[int, int]]:
    """The weeks cut into rows of the calendar that fit the width, as even as can be: first and last week of each."""
    relative = days["relative_day"].astype(int)
    first, last = int(relative.min()) // _DAYS, int(relative.max()) // _DAYS
    count = last - first + 1
    rows = math.ceil(count / max(4, int((width - _LABELS_MM) / _LEAST_CELL_MM)))
    each = math.ceil(count / rows)
    return [(start, min(start + each - 1, last)) for start in range(first, last + 1, each)]


def calendar_height_mm(days: pd.DataFrame, width: float) -> float:
    """Height of `draw_calendar` at that width in millimetres, with square days."""
    if days.empty:
        return 20.0
    strips = _strips(days, width)
    key_lines = len(_key_lines(width, with_sessions=True))
    return len(strips) * _strip_mm(_cell_mm(strips, width)) + _WEEK_NAMES_MM + key_lines * _KEY_LINE_MM + 2


def _cell_mm(strips: Sequence[tuple[int, int]], width: float) -> float:
    longest = max(last - first + 1 for first, last in strips)
    return min(_CELL_MM, (width - _LABELS_MM) / longest)


def _strip_mm(cell: float) -> float:
    return _ABOVE_MM + _DAYS * cell + _WEEK_NAMES_MM


@styled
def draw_calendar(
    days: pd.DataFrame,
    session_days: Sequence[int] = (),
    windows: Mapping[str, tuple[int, int]] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """A column per week, a field per day from above down; the first day of week 0 is the first session.

    `days`: `relative_day`, `state` (headache, no headache, not recorded), `intensity` (0–10 or NaN). A headache
    is a full field, darker with intensity and with its number (hatched where it has none); a day without headache
    an empty frame with a dot; a day that was not recorded is bare paper. Sessions have a thick frame. `windows`:
    name → first and last day, a line above the weeks. The height for a width: `calendar_height_mm`. Shows one
    person: internal only.
    """
    ax = axes_of(ax, calendar_height_mm(days, style.PAGE_WIDTH_MM))
    if days.empty:
        return say_nothing(ax, "no day to draw")
    width = place_mm(ax)
    strips = _strips(days, width)
    cell = _cell_mm(strips, width)
    week = days["relative_day"].astype(int) // _DAYS
    step = _ABOVE_MM / cell
    top = step
    for first, last in strips:
        _draw_days(ax, days[week.between(first, last)], session_days, (first, top))
        _draw_windows(ax, windows or {}, (first, last), top)
        _name_fields(ax, (first, last), top, cell)
        top += _strip_mm(cell) / cell
    below = top - step + 0.35 * _WEEK_NAMES_MM / cell
    ax.text(0, below, "weeks from first session", va="center", color=style.QUIET)
    lines = _key_lines(width, with_sessions=len(session_days) > 0)
    for at_line, line in enumerate(lines):
        _draw_key_line(ax, line, below + (0.6 * _WEEK_NAMES_MM + at_line * _KEY_LINE_MM) / cell, cell)
    bottom = below + (0.6 * _WEEK_NAMES_MM + len(lines) * _KEY_LINE_MM) / cell
    ax.set(xlim=(-_LABELS_MM / cell, (width - _LABELS_MM) / cell + 0.1), ylim=(bottom, 0))
    ax.set_aspect("equal", anchor="NW")
    ax.set_axis_off()
    return ax


def _draw_days(ax: Axes, days: pd.DataFrame, session_days: Sequence[int], corner: tuple[int, float]) -> None:
    first, top = corner
    columns = ["relative_day", "state", "intensity"]
    for day, state, intensity in days[columns].itertuples(index=False):
        _draw_day(ax, int(day) // _DAYS - first, top + int(day) % _DAYS, str(state), float(intensity))
    shown = set(days["relative_day"].astype(int))
    for day in session_days:
        if day in shown:
            _frame(ax, day // _DAYS - first, top + day % _DAYS, 1.6, style.INK)


def _draw_windows(
    ax: Axes, windows: Mapping[str, tuple[int, int]], weeks: tuple[int, int], top: float
) -> None:
    """A line above the weeks of each window, with its name."""
    for name, (first, last) in windows.items():
        start = max(first / _DAYS, weeks[0]) - weeks[0]
        end = min((last + 1) / _DAYS, weeks[1] + 1) - weeks[0]
        if end > start:
            line = ax.plot(
                [start + 0.06, end - 0.06], [top - 0.15, top - 0.15], color=style.INK, linewidth=1.2
            )
            line[0].set_solid_capstyle("butt")
            ax.text(start + 0.06, top - 0.28, name, va="bottom", color=style.INK)


def _name_fields(ax: Axes, weeks: tuple[int, int], top: float, cell: float) -> None:
    """The weeks' numbers under the columns, as many as there is room for, and the first and last day beside."""
    apart = next((step for step in (1, 2, 4) if step * cell >= 8.0), 4)
    for week in range(weeks[0], weeks[1] + 1):
        if week % apart == 0:
            ax.text(
                week - weeks[0] + 0.5, top + _DAYS + 0.35 * _WEEK_NAMES_MM / cell, day_name(week), ha="center",
                va="center", color=style.QUIET,
            )  # fmt: skip
    for at_day in (1, _DAYS):
        ax.text(-0.2, top + at_day - 0.5, f"day {at_day}", ha="right", va="center", color=style.QUIET)


def _draw_day(ax: Axes, column: float, row: float, state: str, intensity: float) -> None:
    from matplotlib.patches import Rectangle

    if state == NOT_RECORDED:
        return
    if state == FREE:
        _frame(ax, column, row, 0.6, style.EVERYONE)
        ax.plot([column + 0.5], [row + 0.5], "o", color=style.EVERYONE, markersize=1.6)
        return
    known = math.isfinite(intensity)
    shade = _shade(intensity if known else 5.0)
    ax.add_patch(
        Rectangle(
            (column + 0.06, row + 0.06), 0.88, 0.88, facecolor=shade, edgecolor="white" if not known else shade,
            linewidth=0, hatch=None if known else "////",
        )
    )  # fmt: skip
    if known:
        colour = "white" if intensity >= _WHITE_FROM else style.INK
        ax.text(column + 0.5, row + 0.53, number(intensity, 0), ha="center", va="center", color=colour)


def _shade(intensity: float) -> str:
    from matplotlib.colors import to_hex, to_rgb

    light, dark = (np.array(to_rgb(colour)) for colour in (style.SHADE_LIGHT, style.SHADE_DARK))
    return to_hex(light + (dark - light) * min(1.0, max(0.0, intensity / 10)))


def _frame(ax: Axes, column: float, row: float, width: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle(
            (column + 0.06, row + 0.06), 0.88, 0.88, fill=False, edgecolor=colour, linewidth=width, zorder=3
        )
    )


def _key_lines(width: float, *, with_sessions: bool) -> list[list[str]]:
    """The key's words in lines that fit the width."""
    lines: list[list[str]] = [[]]
    used = 0.0
    for words in (_HEADACHE_KEY, _FREE_KEY, _BARE_KEY, *(["session"] if with_sessions else [])):
        size = len(words) * LETTER_MM + _CELL_MM + 6
        if lines[-1] and used + size > width - _LABELS_MM:
            lines.append([])
            used = 0.0
        lines[-1].append(words)
        used += size
    return lines


def _draw_key_line(ax: Axes, line: Sequence[str], top: float, cell: float) -> None:
    """What the fields mean, each shown as it is drawn."""
    place = 0.0
    for words in line:
        if words == "session":
            _frame(ax, place, top, 1.6, style.INK)
        elif words != _BARE_KEY:
            _draw_day(ax, place, top, HEADACHE if words == _HEADACHE_KEY else FREE, 3.0)
        shift = 0.0 if words == _BARE_KEY else 1.2
        ax.text(place + shift, top + 0.53, words, va="center", color=style.QUIET)
        place += shift + (len(words) * LETTER_MM + 5) / cell


# ---- the weeks ----


@styled
def draw_patient_weeks(
    weeks: pd.DataFrame,
    session_days: Sequence[int] = (),
    windows: Mapping[str, tuple[int, int]] | None = None,
    *,
    ax: Axes | None = None,
) -> tuple[Axes, Axes]:
    """Headache days per 7 of one patient, week by week, with the sessions marked, over the days recorded.

    `weeks`: `week` (0 = the seven days from the first session), `recorded_days`, `headache_days`, `value`
    (headache days per 7; NaN where too few days are recorded: a gap). Shows one person: internal only. About 70
    mm high.
    """
    ax = axes_of(ax, WEEKS_MM)
    if weeks.empty:
        upper, lower = panels_of(ax, (4, 1))
        lower.set_axis_off()
        return say_nothing(upper, "no week to draw"), lower
    upper, lower = panels_of(ax, (4, 1.2), sharex=True)
    rows = weeks.set_index(weeks["week"].astype(int)).sort_index()
    rows = rows.reindex(range(int(rows.index.min()), int(rows.index.max()) + 1))
    place, value = rows.index.to_numpy(dtype=float) + 0.5, rows["value"].to_numpy(dtype=float)
    edges = (place[0] - 0.5, place[-1] + 0.5)
    _shade_windows(upper, windows or {}, edges)
    upper.plot(place, value, color=style.RECORDED, linewidth=1.2, zorder=3)
    upper.plot(place, value, "o", color=style.RECORDED, markersize=3.6, zorder=3)
    _mark_sessions(upper, [day for day in session_days if edges[0] <= day / _DAYS <= edges[1]])
    upper.set(xlim=edges, ylim=(-0.75, 7.9), yticks=[0, 2, 4, 6])
    upper.tick_params(axis="x", length=0, labelbottom=False)
    quiet_scale(upper, "headache days per 7")
    lower.bar(place, rows["recorded_days"].to_numpy(dtype=float), width=0.78, color=style.RULE)
    lower.set(ylim=(0, 7.6), yticks=[0, 7])
    quiet_scale(lower, "days recorded of 7")
    week_ticks(lower, place[-1] - place[0] + 1)
    return upper, lower


def _shade_windows(ax: Axes, windows: Mapping[str, tuple[int, int]], edges: tuple[float, float]) -> None:
    """The part of each window that the weeks reach, with its name."""
    for name, (first, last) in windows.items():
        left, right = max(first / _DAYS, edges[0]), min((last + 1) / _DAYS, edges[1])
        if right <= left:
            continue
        ax.axvspan(left, right, color=style.WINDOW, linewidth=0, zorder=0)
        side, shift, edge = ("right", -3, right) if last < 0 else ("left", 3, left)
        ax.annotate(
            name, (edge, 7.75), (shift, 0), textcoords="offset points", ha=side, va="top", color=style.QUIET
        )


def _mark_sessions(ax: Axes, session_days: Sequence[int]) -> None:
    """A triangle under the line of 0 for each session, named once."""
    if not len(session_days):
        return
    places = [day / _DAYS for day in session_days]
    ax.plot(places, [-0.42] * len(places), "^", color=style.INK, markersize=4.2, clip_on=False)
    ax.annotate(
        "sessions", (1, -0.42), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
        color=style.INK, annotation_clip=False,
    )  # fmt: skip
