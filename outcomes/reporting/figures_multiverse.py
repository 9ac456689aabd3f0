"""The specification curve: every estimate in order of size, and below which choices made it.

Source: Simonsohn, Simmons and Nelson 2020 (docs/method.md#multiverse).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import NARROWER_MM, axes_of, panels_of, say_nothing, styled, width_mm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVE_MM, _ROW_MM, _AROUND_MM = 58.0, 4.1, 10.0

#: With fewer estimates than this a dot has room; with more, a stroke.
_DOTS_BELOW = 70


@styled
def draw_multiverse(
    frame: pd.DataFrame, choices: Mapping[str, str], scale_name: str, *, ax: Axes | None = None
) -> Axes:
    """Estimates with their intervals in order of size, and one row of strokes per option of each choice.

    `frame`: one row per estimate, `value`, `low`, `high` (NaN: no interval), `is_default`, `is_bound`, and a column
    per choice. `choices`: column → heading, in order; options stand in the order in which they first come.
    Dark: the interval holds no 0; light: it holds 0, or there is none; hollow: a bound. The planned analysis has a
    line through both parts, and its options darker names. About 68 mm high, and 4 mm per option and choice.
    """
    if frame.empty:
        return say_nothing(axes_of(ax, _AROUND_MM), "no estimate to draw")
    rows = _option_rows(frame, choices)
    ax = axes_of(ax, _CURVE_MM + _AROUND_MM + _ROW_MM * len(rows))
    # Where no choice varies there is a curve of one point, and a strip without names.
    heights = (_CURVE_MM, _ROW_MM * max(1, len(rows)))
    ax, below = panels_of(ax, heights, hspace=0.04, sharex=True)
    ordered = frame.sort_values(["value", *choices], kind="stable", ignore_index=True)
    _draw_curve(ax, ordered, scale_name)
    _draw_choices(below, ordered, rows)
    _mark_planned(ax, below, ordered)
    return ax


def _option_rows(frame: pd.DataFrame, choices: Mapping[str, str]) -> list[tuple[str, str | None, str]]:
    """(column, option, text) from above downwards; a choice's heading has no option."""
    rows: list[tuple[str, str | None, str]] = []
    for column, heading in choices.items():
        rows.append((column, None, heading))
        rows += [(column, str(option), str(option)) for option in pd.unique(frame[column])]
    return rows


def _draw_curve(ax: Axes, ordered: pd.DataFrame, scale_name: str) -> None:
    place = ordered.index.to_numpy(dtype=float)
    one_sided = ((ordered["low"] > 0) | (ordered["high"] < 0)).to_numpy()
    is_bound = ordered["is_bound"].to_numpy(dtype=bool)
    size = 3.2 if len(ordered) < _DOTS_BELOW else 1.7
    width = 1.1 if len(ordered) < _DOTS_BELOW else 0.55
    kinds = (
        (~is_bound & one_sided, style.RECORDED, style.RECORDED),
        (~is_bound & ~one_sided, style.EVERYONE, style.EVERYONE),
        (is_bound, style.EXPECTED, "white"),
    )
    for chosen, colour, fill in kinds:
        some = ordered[chosen]
        ax.vlines(place[chosen], some["low"], some["high"], color=colour, linewidth=width, alpha=0.55)
        ax.plot(
            place[chosen], some["value"], "o", color=colour, markerfacecolor=fill, markersize=size,
            markeredgewidth=0.6, zorder=3,
        )  # fmt: skip
    ax.axhline(0, color=style.INK, linewidth=0.8, zorder=1.5)
    ax.grid(axis="y")
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.locator_params(axis="y", nbins=7)
    ax.set_xlim(-0.02 * len(ordered) - 0.5, 1.02 * len(ordered) - 0.5)
    letters = 32 if width_mm(ax) < NARROWER_MM else 88
    ax.set_title(textwrap.fill(scale_name, letters), loc="left", color=style.QUIET, pad=4)


def _draw_choices(ax: Axes, ordered: pd.DataFrame, rows: Sequence[tuple[str, str | None, str]]) -> None:
    is_bound = ordered["is_bound"].to_numpy(dtype=bool)
    marker, size = ("o", 2.6) if len(ordered) < _DOTS_BELOW else ("|", 5.0)
    for height, (column, option, _) in enumerate(rows):
        if option is None:
            continue
        chosen = (ordered[column] == option).to_numpy()
        for which, colour in ((chosen & ~is_bound, style.INK), (chosen & is_bound, style.EXPECTED)):
            places = np.flatnonzero(which)
            level = np.full(len(places), height)
            ax.plot(places, level, marker, color=colour, markersize=size, markeredgewidth=0.6)
        ax.axhline(height, color=style.GRID, linewidth=0.6, zorder=0)
    ax.set_yticks(range(len(rows)), [text for _, _, text in rows])
    ax.set_ylim(len(rows) - 0.5, -0.7)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.spines["bottom"].set_visible(False)
    default = ordered[ordered["is_default"]]
    for label, (column, option, _) in zip(ax.get_yticklabels(), rows, strict=True):
        planned = len(default) > 0 and option is not None and default.iloc[0][column] == option
        label.set_color(style.INK if planned or option is None else style.QUIET)
        label.set_fontweight(700 if option is None else 500 if planned else 400)


def _mark_planned(upper: Axes, lower: Axes, ordered: pd.DataFrame) -> None:
    default = np.flatnonzero(ordered["is_default"].to_numpy(dtype=bool))
    if not len(default):
        return
    place = float(default[0])
    for ax in (upper, lower):
        ax.axvline(place, color=style.INK, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    value = float(ordered["value"].iloc[default[0]])
    upper.plot([place], [value], "D", color=style.INK, markersize=4.2, zorder=4)
    left = place > 0.6 * len(ordered)
    # On the side of the drawing that the line of no change is not on.
    low, high = upper.get_ylim()
    at_top = low + high > 0
    upper.annotate(
        "as planned", (place, float(at_top)), (-4 if left else 4, -2 if at_top else 2),
        xycoords=("data", "axes fraction"), textcoords="offset points", ha="right" if left else "left",
        va="top" if at_top else "bottom", color=style.INK,
    )  # fmt: skip
