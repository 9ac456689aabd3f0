"""Adverse events by grade with exact intervals, and soreness in the days after a session."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import (
    NARROWER_MM,
    axes_of,
    letters_across,
    numbers_row,
    panels_of,
    quiet_scale,
    say_nothing,
    styled,
    width_mm,
    wrapped,
    write_beside,
)
from outcomes.reporting.formatting import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_MM, _HEADING_MM, _SCALE_MM, SORENESS_MM = 5.2, 7.5, 12.0, 70.0


def events_height_mm(frame: pd.DataFrame) -> float:
    """Height at which every row of `draw_events` has room."""
    return _ROW_MM * len(frame) + _HEADING_MM * frame["unit"].nunique() + _SCALE_MM


@styled
def draw_events(frame: pd.DataFrame, *, ax: Axes | None = None) -> tuple[Axes, ...]:
    """Share of sessions, and of patients, with an event of each grade, with exact intervals.

    `frame`: `grade`, `unit` (session, patient), `count`, `of`, `share`, `low`, `high` (0 to 1). Where none was
    seen no dot stands at 0: a bar runs to the upper limit, and the words say `at most`.
    """
    ax = axes_of(ax, events_height_mm(frame) if len(frame) else 20.0)
    if not frame["high"].notna().any():
        return (say_nothing(ax, "no session was asked about"),)
    parts = [(str(unit), rows) for unit, rows in frame.groupby("unit", sort=False)]
    panels = panels_of(ax, [_ROW_MM * len(rows) + _HEADING_MM for _, rows in parts], sharex=True)
    letters = letters_across(ax, 0.22)
    for panel, (unit, rows) in zip(panels, parts, strict=True):
        _draw_unit(panel, rows, letters)
        panel.set_title(f"{unit}s with an event", loc="left", color=style.INK, pad=2)
        if panel is not panels[-1]:
            panel.tick_params(axis="x", length=0, labelbottom=False)
            panel.spines["bottom"].set_visible(False)
    highest = 100 * float(np.nanmax(frame[["share", "high"]].to_numpy(dtype=float)))
    ax.set_xlim(0, min(102.0, 1.06 * highest) or 1.0)
    ax.locator_params(axis="x", nbins=6 if width_mm(ax) > NARROWER_MM else 4, steps=[1, 2, 5, 10])
    panels[-1].set_xlabel(wrapped("share (%), of those asked", letters_across(ax, 0.5)))
    return panels


def _draw_unit(ax: Axes, rows: pd.DataFrame, letters: int) -> None:
    heights = -np.arange(len(rows), dtype=float)
    for height, (_, row) in zip(heights, rows.iterrows(), strict=True):
        share, low, high = (100 * float(row[name]) for name in ("share", "low", "high"))
        if math.isfinite(high) and row["count"] == 0:
            ax.plot([0, high], [height, height], color=style.QUIET, linewidth=1.2, linestyle=(0, (1.2, 1.6)))
            ax.plot(
                [high], [height], "|", color=style.QUIET, markersize=7, markeredgewidth=1.4, clip_on=False
            )
        elif math.isfinite(share):
            ax.plot([low, high], [height, height], color=style.RECORDED, linewidth=1.4)
            ax.plot([share], [height], "o", color=style.RECORDED, markersize=5, clip_on=False)
        write_beside(ax, _beside(row), height)
    labels = [wrapped(str(grade).replace("_", " "), letters) for grade in rows["grade"]]
    ax.set_yticks(heights, labels, color=style.INK, linespacing=1.0)
    ax.set_ylim(heights[-1] - 0.6, 0.6)
    ax.grid(axis="x")


def _beside(row: pd.Series) -> str:
    """`223 of 1,240`, `0 of 1,240, at most 0.3%`, or `none asked`."""
    if not float(row["of"]) > 0:
        return "none asked" if float(row["of"]) == 0 else "not shown"
    if not math.isfinite(float(row["high"])):
        return "not shown"
    counts = f"{row['count']:,.0f} of {row['of']:,.0f}"
    return f"{counts}, at most {small_percent(float(row['high']))}" if row["count"] == 0 else counts


def small_percent(share: float) -> str:
    """Percent with a decimal below 10%, where whole percent would make rare events alike; rounded up for a limit."""
    return f"{number(100 * share, 1 if share < 0.1 else 0)}%"


# ---- soreness ----


@styled
def draw_soreness(frame: pd.DataFrame, *, ax: Axes | None = None) -> tuple[Axes, Axes, Axes]:
    """Mean soreness on the days after a session with intervals, the share with any, and the sessions behind.

    `frame`: `day` (0 = the day of the session), `mean`, `low`, `high` (0–10), `share_any` (0 to 1), `n`.
    About 70 mm high.
    """
    ax = axes_of(ax, SORENESS_MM, style.HALF_WIDTH_MM)
    upper, lower, strip = panels_of(ax, (4.6, 3, 1), sharex=True)
    rows = frame.sort_values("day")
    if not rows["mean"].notna().any():
        for part in (lower, strip):
            part.set_axis_off()
        say_nothing(upper, "no soreness recorded")
        return upper, lower, strip
    day = rows["day"].to_numpy(dtype=float)
    mean, low, high = (rows[name].to_numpy(dtype=float) for name in ("mean", "low", "high"))
    upper.plot(day, mean, color=style.RECORDED, linewidth=0.8)
    upper.vlines(day, low, high, color=style.RECORDED, linewidth=1.4)
    # Small, so that a short interval is not behind its dot.
    upper.plot(day, mean, "o", color=style.RECORDED, markersize=2.8, clip_on=False, zorder=3)
    upper.set(xlim=(day.min() - 0.5, day.max() + 0.5), ylim=(0, 10.4), yticks=[0, 5, 10])
    upper.tick_params(axis="x", length=0, labelbottom=False)
    quiet_scale(upper, "mean soreness (0–10)")
    lower.bar(day, 100 * rows["share_any"].to_numpy(dtype=float), width=0.5, color=style.EVERYONE)
    lower.set(ylim=(0, 104), yticks=[0, 50, 100])
    lower.set_xticks(day, [f"{one:.0f}" for one in day])
    lower.set_xlabel("days after the session")
    quiet_scale(lower, "sore at all (%)")
    numbers_row(strip, list(day), list(rows["n"].astype(float)), "n")
    return upper, lower, strip
