"""Practitioners or sites against the number of their patients, with the limits of chance around the mean. No ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import (
    LETTER_MM,
    LINE_MM,
    MM_PER_INCH,
    axes_of,
    letters_across,
    panels_of,
    place_mm,
    quiet_scale,
    root_figure,
    say_nothing,
    styled,
    wrapped,
)
from outcomes.reporting.words import in_typeface

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FUNNEL_MM = 72.0


@styled
def draw_funnel(frame: pd.DataFrame, ylabel: str, *, ax: Axes | None = None) -> tuple[Axes, ...]:
    """One part per kind (practitioner, site): change as observed and shrunken, over the number of patients.

    `frame`: `by`, `name`, `n`, `adjusted` (as observed, adjusted for baseline; hollow), `shrunken` with `low`,
    `high` (full), `funnel_low`, `funnel_high`, `outer_low`, `outer_high` (limits at that number of patients),
    `outside` (bool: beyond the outer limits; a ring around the dot). About 72 mm high per kind.
    """
    rows = frame[frame["adjusted"].notna() | frame["shrunken"].notna()]
    kinds = list(pd.unique(rows["by"]))
    ax = axes_of(ax, FUNNEL_MM * max(1, len(kinds)), style.HALF_WIDTH_MM)
    if not kinds:
        return (say_nothing(ax, "nobody with enough patients to draw"),)
    panels = panels_of(ax, [1.0] * len(kinds), hspace=0.05)
    for panel, kind in zip(panels, kinds, strict=True):
        _draw_kind(panel, rows[rows["by"] == kind].sort_values(["n", "name"]), len(kinds))
        plural = str(kind).replace("_id", "").replace("_", " ") + "s"
        title = f"{plural}: {ylabel}. Hollow: observed; full: shrunken"
        quiet_scale(panel, wrapped(title, letters_across(panel, 0.92)))
    panels[-1].set_xlabel("patients")
    return panels


def _draw_kind(ax: Axes, rows: pd.DataFrame, parts: int) -> None:
    n = rows["n"].to_numpy(dtype=float)
    _draw_limits(ax, rows, n)
    # The two dots of one practitioner stand a little apart, so that neither hides the other.
    span = max(8.0, float(n.max() - n.min()))
    beside = n + 0.012 * span
    adjusted, shrunken, low, high = (
        rows[name].to_numpy(dtype=float) for name in ("adjusted", "shrunken", "low", "high")
    )
    ax.vlines(beside, low, high, color=style.RECORDED, linewidth=1.0, alpha=0.7)
    ax.plot(beside, shrunken, "o", color=style.RECORDED, markersize=4)
    ax.plot(n, adjusted, "o", color=style.INK, markerfacecolor="white", markersize=4.5, markeredgewidth=0.9)
    outside = rows["outside"].fillna(False).to_numpy(dtype=bool)
    ax.plot(
        n[outside], adjusted[outside], "o", color=style.INK, markerfacecolor="none", markersize=9,
        markeredgewidth=0.9,
    )  # fmt: skip
    ax.axhline(0, color=style.INK, linewidth=0.6, zorder=1)
    drawn = rows[["adjusted", "low", "high", "funnel_low", "funnel_high", "outer_low", "outer_high"]]
    finite = drawn.to_numpy(dtype=float)[np.isfinite(drawn.to_numpy(dtype=float))]
    bottom, top = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    margin = 0.08 * (top - bottom) or 1.0
    ax.set(xlim=(max(0.0, n.min() - 0.2 * span), n.max() + 0.2 * span), ylim=(bottom - margin, top + margin))
    ax.locator_params(axis="both", nbins=6, steps=[1, 2, 5, 10])
    ax.locator_params(axis="x", integer=True)
    _write_names(ax, rows, outside, parts)


def _draw_limits(ax: Axes, rows: pd.DataFrame, n: np.ndarray) -> None:
    """The limits as lines over the numbers of patients; with one number only, short lines at it."""
    styles = (("funnel", (0, (4, 2.5)), 1.0), ("outer", "solid", 0.8))
    reach = np.array([n[0] - 1, n[0] + 1]) if len(np.unique(n)) == 1 else n
    for name, dashes, width in styles:
        for side in ("low", "high"):
            limit = rows[f"{name}_{side}"].to_numpy(dtype=float)
            drawn = np.repeat(limit[0], 2) if len(reach) != len(limit) or len(np.unique(n)) == 1 else limit
            ax.plot(
                reach[: len(drawn)], drawn, color=style.EVERYONE, linewidth=width, linestyle=dashes, zorder=1
            )


def _write_names(ax: Axes, rows: pd.DataFrame, outside: np.ndarray, parts: int) -> None:
    """Names beside their dots where there is room; those beyond the limits first, and always."""
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    wide = max(20.0, place_mm(ax) - 8)
    tall = max(20.0, float(root_figure(ax).get_figheight()) * MM_PER_INCH / parts - 18)
    x = (rows["n"].to_numpy(dtype=float) - left) / (right - left) * wide
    heights = {
        name: (rows[name].to_numpy(dtype=float) - bottom) / (top - bottom) * tall
        for name in ("adjusted", "shrunken", "low", "high")
    }
    taken = [(at, y - 1, at + 2, y + 1) for at, y in zip(x, heights["adjusted"], strict=True)]
    taken += [
        (at, low, at + 2, high) for at, low, high in zip(x, heights["low"], heights["high"], strict=True)
    ]
    for number in sorted(range(len(rows)), key=lambda one: not outside[one]):
        name = in_typeface(str(rows["name"].iloc[number]))
        size = len(name) * LETTER_MM + 0.8
        at, y = x[number], heights["adjusted"][number]
        if not np.isfinite(y):
            continue
        choices = [
            (at - 2.2 - size, y),
            (at + 2.6, y),
            (at - 1.5 - size, y + 2.6),
            (at - 1.5 - size, y - 2.6),
        ]
        boxes = [(one, two - LINE_MM / 2, one + size, two + LINE_MM / 2) for one, two in choices]
        free = [box for box in boxes if _is_free(box, taken, wide, tall)]
        if not free and not outside[number]:
            continue
        box = free[0] if free else boxes[1]
        taken.append(box)
        place = (
            box[0] / wide * (right - left) + left,
            (box[1] + box[3]) / 2 / tall * (top - bottom) + bottom,
        )
        ax.text(*place, name, ha="left", va="center", color=style.INK if outside[number] else style.QUIET)


Box = tuple[float, float, float, float]


def _is_free(box: Box, taken: list[Box], wide: float, tall: float) -> bool:
    inside = box[0] >= 0 and box[2] <= wide and box[1] >= 0 and box[3] <= tall
    return inside and not any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken
    )
