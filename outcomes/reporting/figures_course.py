"""The course around the first session, and the patients behind each week."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import (
    MM_PER_INCH,
    axes_of,
    panels_of,
    quiet_scale,
    root_figure,
    styled,
    width_mm,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADLINE = "headline"
EVERYBODY = "all"
_LINE_NAMES = {HEADLINE: "patients\ncompared", EVERYBODY: "all\npatients"}


@styled
def draw_course(
    frame: pd.DataFrame,
    windows: Mapping[str, tuple[float, float]],
    *,
    ax: Axes | None = None,
    expected: tuple[float, float] | None = None,
    expected_name: str = "",
) -> Axes:
    """Mean headache days per week of the patients compared and of all, with the patients behind each week.

    `frame`: one row per week and cohort ("headline", "all"); `week` (0 = the seven days from the first
    session), `mean`, `low`, `high` in days per week, `n` patients. A week is drawn at its middle. `windows`:
    name → first and last edge in weeks, e.g. baseline (−4, 0). `expected`: range in days per week after the
    first session. About 75 mm high.
    """
    ax = axes_of(ax, 75)
    upper, strip = _with_strip(ax)
    weeks = pd.to_numeric(frame["week"])
    left, right = float(weeks.min()), float(weeks.max()) + 1
    top = _course_top(frame, expected)
    _shade_windows(upper, windows)
    if expected is not None:
        _draw_expected(upper, expected, frame, expected_name)
    ends = [_draw_cohort(upper, frame, cohort) for cohort in (EVERYBODY, HEADLINE)]
    _name_lines(upper, [end for end in ends if end is not None], top)
    upper.axvline(0, color=style.INK, linewidth=0.9)
    upper.annotate("first session", (0, top), (3, -1), textcoords="offset points", va="top", color=style.INK)
    upper.set(xlim=(left, right), ylim=(0, top))
    quiet_scale(upper, "headache days per week")
    _draw_patients(strip, frame)
    week_ticks(strip, right - left)
    return upper


def _with_strip(ax: Axes) -> tuple[Axes, Axes]:
    """The Axes split into the drawing and a low strip under it, with a common horizontal scale."""
    ax, strip = panels_of(ax, (4.6, 1), sharex=True)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    return ax, strip


def _course_top(frame: pd.DataFrame, expected: tuple[float, float] | None) -> float:
    drawn = frame[["mean", "low", "high"]].to_numpy(dtype=float)
    highest = np.nanmax(drawn, initial=0.0) if np.isfinite(drawn).any() else 1.0
    return min(7.6, 1.2 * max(highest, *(expected or (0.0,)), 1.0))


def _shade_windows(ax: Axes, windows: Mapping[str, tuple[float, float]]) -> None:
    for name, (first, last) in windows.items():
        ax.axvspan(first, last, color=style.WINDOW, linewidth=0, zorder=0)
        # A window that ends at the first session has its name left of that line, not across it.
        place, side, shift = (last, "right", -3) if last <= 0 else ((first + last) / 2, "center", 0)
        ax.annotate(
            name, (place, 0), (shift, 3), textcoords="offset points", ha=side, va="bottom", color=style.QUIET
        )


def _draw_expected(ax: Axes, expected: tuple[float, float], frame: pd.DataFrame, name: str) -> None:
    low, high = expected
    right = float(frame["week"].max()) + 1
    ax.fill_between([0, right], low, high, color=style.EXPECTED_LIGHT, linewidth=0, zorder=1)
    # Its name stands under everything drawn in that half, clear of lines and bands.
    late = frame.loc[frame["week"] >= right / 2, ["mean", "low"]].to_numpy(dtype=float)
    lowest = min(low, float(np.nanmin(late, initial=low)))
    colour = style.EXPECTED
    ax.annotate(
        name, (right, lowest), (0, -3), textcoords="offset points", ha="right", va="top", color=colour
    )


def _draw_cohort(ax: Axes, frame: pd.DataFrame, cohort: str) -> tuple[str, float, float] | None:
    """Draws one line with its band; gives name and last point, or None where nothing can be shown."""
    rows = _every_week(frame[frame["cohort"] == cohort])
    place, mean = rows.index.to_numpy(dtype=float) + 0.5, rows["mean"].to_numpy(dtype=float)
    known = np.flatnonzero(np.isfinite(mean))
    if known.size == 0:
        return None
    colour, width = (style.RECORDED, 1.8) if cohort == HEADLINE else (style.EVERYONE, 0.9)
    if cohort == HEADLINE:
        low, high = rows["low"].to_numpy(dtype=float), rows["high"].to_numpy(dtype=float)
        ax.fill_between(place, low, high, color=style.RECORDED, alpha=0.16, linewidth=0, zorder=2)
    alone = ~(np.isfinite(np.roll(mean, 1)) | np.isfinite(np.roll(mean, -1)))
    ax.plot(place, mean, color=colour, linewidth=width, zorder=3)
    # A week between two gaps has no line; a dot keeps it visible.
    ax.plot(place[alone], mean[alone], "o", color=colour, markersize=2.5, zorder=3)
    return cohort, float(place[known[-1]]), float(mean[known[-1]])


def _every_week(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per week from first to last, so that a week that is not in the frame is a gap."""
    indexed = rows.set_index(rows["week"].astype(int)).sort_index()
    if indexed.empty:
        return indexed
    return indexed.reindex(range(int(indexed.index.min()), int(indexed.index.max()) + 1))


def _name_lines(ax: Axes, ends: Sequence[tuple[str, float, float]], top: float) -> None:
    """Names at the lines' ends, moved apart where the lines end close together."""
    height_mm = float(root_figure(ax).get_figheight()) * MM_PER_INCH * 0.6
    needed = 8.0 / height_mm * top  # two lines of text
    places = {cohort: value for cohort, _, value in ends}
    if len(places) == 2 and abs(places[HEADLINE] - places[EVERYBODY]) < needed:
        middle = sum(places.values()) / 2
        above = HEADLINE if places[HEADLINE] >= places[EVERYBODY] else EVERYBODY
        places = {cohort: middle + (needed / 2 if cohort == above else -needed / 2) for cohort in places}
    colours = {HEADLINE: style.RECORDED, EVERYBODY: style.QUIET}
    for cohort, _, _ in ends:
        ax.annotate(
            _LINE_NAMES[cohort],
            (1, places[cohort]),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=colours[cohort],
            linespacing=1.1,
            annotation_clip=False,
        )


def _draw_patients(ax: Axes, frame: pd.DataFrame) -> None:
    counted = frame[np.isfinite(frame["n"].to_numpy(dtype=float))]
    quiet_scale(ax, "patients")
    if counted.empty:
        ax.set(yticks=[], ylim=(0, 1))
        ax.text(0, 0.5, "not shown", transform=ax.transAxes, va="center", color=style.QUIET)
        return
    for cohort, colour in ((EVERYBODY, style.GRID), (HEADLINE, style.RULE)):
        rows = counted[counted["cohort"] == cohort]
        ax.bar(rows["week"].astype(float) + 0.5, rows["n"].astype(float), width=0.78, color=colour)
    most = float(counted["n"].max())
    # The scale's end is a round number inside the strip, clear of the drawing above.
    ax.set(ylim=(0, 1.12 * most), yticks=[0, _round_below(most)])


def _round_below(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(step * power for step in (8, 6, 5, 4, 3, 2, 1) if step * power <= value) if value > 0 else 1.0


def week_ticks(ax: Axes, span: float) -> None:
    """Ticks at every week, second week, month or quarter, as the width allows, 0 among them."""
    room = max(4.0, width_mm(ax) / 14)
    step = next((step for step in (1, 2, 4, 8, 13, 26, 52) if span / step <= room), 104)
    left, right = ax.get_xlim()
    ax.set_xticks(np.arange(math.ceil(left / step) * step, right + 0.01, step))
    ax.set_xlabel("weeks from first session")
