"""Changes by group, group by group of a patient's characteristics, with the test of their differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import (
    NARROWER_MM,
    around_zero,
    axes_of,
    panels_of,
    row_heights,
    say_nothing,
    styled,
    width_mm,
    wrapped,
    write_beside,
)
from outcomes.reporting.formatting import p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_MM, _HEADING_MM, _SCALE_MM = 5.4, 7.0, 12.0
_LETTERS, _NARROW_LETTERS = 30, 16  # in a line of a group's name


def forest_height_mm(frame: pd.DataFrame, *, narrow: bool = False) -> float:
    """Height at which every row of `draw_forest` has room."""
    parts = _parts(frame)
    return sum(_part_mm(by, rows, narrow=narrow) for by, rows in parts) + _SCALE_MM + (4 if narrow else 0)


def _parts(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Everybody first, without a heading, then the groups of each characteristic."""
    everybody = frame["by"].isna() | (frame["by"] == "all")
    parts = [("", frame[everybody])] if everybody.any() else []
    return parts + [(str(by), rows) for by, rows in frame[~everybody].groupby("by", sort=False)]


def _part_mm(by: str, rows: pd.DataFrame, *, narrow: bool) -> float:
    heading = _HEADING_MM + (5.5 if narrow else 0) if by else 1.0
    return _ROW_MM * (1 - row_heights(_labels(by, rows, narrow=narrow))[-1]) + heading


def _labels(by: str, rows: pd.DataFrame, *, narrow: bool) -> list[str]:
    names = [_name(str(group)) for group in rows["group"]] if by else ["All patients"] * len(rows)
    return [wrapped(name, _NARROW_LETTERS if narrow else _LETTERS) for name in names]


@styled
def draw_forest(frame: pd.DataFrame, xlabel: str, *, ax: Axes | None = None) -> tuple[Axes, ...]:
    """One part per characteristic: the change in each of its groups, and p for whether they differ.

    `frame`: `by` (None or `all`: everybody), `group`, `value`, `low`, `high`, `n`; `p`, `p_adjusted` for the
    heterogeneity of the groups of `by`, the same on each of their rows or on the first. Groups without a value
    are named and say so. Dashed: the change of everybody, where it is in the frame.
    """
    ax = axes_of(ax, forest_height_mm(frame) if len(frame) else 20.0)
    if not len(frame):
        return (say_nothing(ax, "no group to draw"),)
    parts = _parts(frame)
    narrow = width_mm(ax) < NARROWER_MM
    panels = panels_of(ax, [_part_mm(by, rows, narrow=narrow) for by, rows in parts], sharex=True)
    overall = float("nan") if parts[0][0] else float(parts[0][1]["value"].iloc[0])
    for panel, (by, rows) in zip(panels, parts, strict=True):
        _draw_part(panel, rows, overall, _labels(by, rows, narrow=narrow))
        if by:
            # On a phone the name has a line of its own.
            apart = "\n" if narrow else " "
            told = f"{wrapped(_name(by), 40)}:{apart}{_heterogeneity(rows)}"
            panel.set_title(told, loc="left", color=style.INK, pad=2, linespacing=1.1)
        if panel is not panels[-1]:
            panel.tick_params(axis="x", length=0, labelbottom=False)
            panel.spines["bottom"].set_visible(False)
    ax.set_xlim(around_zero(frame))
    ax.locator_params(axis="x", nbins=5 if narrow else 9, steps=[1, 2, 5, 10])
    panels[-1].set_xlabel(wrapped(f"{xlabel}; exploratory", 32 if narrow else 80))
    return panels


def _name(code: str) -> str:
    words = code.replace("_", " ")
    return words[:1].upper() + words[1:]


def _heterogeneity(rows: pd.DataFrame) -> str:
    """`heterogeneity p 0.210, adjusted 0.420`."""
    known = rows["p"].dropna()
    if known.empty:
        return "heterogeneity not tested"
    adjusted = rows["p_adjusted"].dropna() if "p_adjusted" in rows else known.iloc[:0]
    more = f", adjusted {_plain_p(float(adjusted.iloc[0]))}" if len(adjusted) else ""
    return f"heterogeneity p {_plain_p(float(known.iloc[0]))}{more}"


def _plain_p(p: float) -> str:
    return p_value(p).replace("< ", "<\u00a0")


def _draw_part(ax: Axes, rows: pd.DataFrame, overall: float, labels: list[str]) -> None:
    heights = row_heights(labels)
    for height, (_, group) in zip(heights, rows.iterrows(), strict=True):
        known = math.isfinite(float(group["value"]))
        if known:
            ax.plot([group["low"], group["high"]], [height, height], color=style.RECORDED, linewidth=1.4)
            ax.plot([group["value"]], [height], "s", color=style.RECORDED, markersize=4.5)
        beside = f"n {group['n']:,.0f}" if math.isfinite(float(group["n"])) else "n not shown"
        write_beside(ax, beside if known else f"{beside}, no value", height)
    ax.axvline(0, color=style.INK, linewidth=0.8, zorder=1.5)
    if math.isfinite(overall):
        ax.axvline(overall, color=style.EVERYONE, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1.4)
    ax.set_yticks(heights, labels, color=style.INK, linespacing=1.0)
    ax.set_ylim(heights[-1] - 0.6, 0.6)
    ax.grid(axis="x")
