"""Kaplan–Meier curves, each with its interval and the patients still at risk under the axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
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
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height of one curve with its row of numbers, in millimetres.
CURVE_MM = 48.0

_STEPS_DAYS = (7, 14, 28, 56, 84, 168, 364)


@styled
def draw_survival(
    frame: pd.DataFrame,
    at_risk: pd.DataFrame,
    names: Mapping[str, str] | None = None,
    *,
    ax: Axes | None = None,
    time_name: str = "days",
) -> tuple[Axes, ...]:
    """One curve per kind of event, each for itself, since their patients differ, on a common scale of time.

    `frame`: `of` (kind of event), `time`, `survival`, `low`, `high` (0 to 1). `at_risk`: `of`, `time`,
    `at_risk`. `names`: kind → what the curve is the share of. The curve keeps its height up to the next time
    and begins at 1. On the page
    two stand side by side. About 48 mm high per curve or pair of curves.
    """
    kinds = [
        kind for kind in pd.unique(frame["of"]) if frame.loc[frame["of"] == kind, "survival"].notna().any()
    ]
    ax = axes_of(ax, CURVE_MM * max(1, len(kinds)), style.HALF_WIDTH_MM)
    columns = 1 if len(kinds) == 1 or width_mm(ax) < NARROWER_MM else 2
    if not kinds:
        return (say_nothing(ax, "no curve to draw"),)
    rows = math.ceil(len(kinds) / columns)
    panels = panels_of(ax, [5.2, 1.0] * rows, columns=columns, sharex=True)
    last = float(max(frame["time"].max(), at_risk["time"].max() if len(at_risk) else 0))
    curves: list[Axes] = []
    for number, kind in enumerate(kinds):
        at = 2 * columns * (number // columns) + number % columns
        curve, strip = panels[at], panels[at + columns]
        curves.append(curve)
        _draw_curve(curve, frame[frame["of"] == kind].sort_values("time"))
        quiet_scale(curve, wrapped((names or {}).get(kind, _still_without(kind)), letters_across(curve, 0.9)))
        curve.set(xlim=(-0.04 * last, 1.02 * last or 1.0))
        _time_ticks(curve, last, time_name)
        curve.set_xlabel(time_name if number >= len(kinds) - columns else "")
        counts = _at_ticks(at_risk[at_risk["of"] == kind].sort_values("time"), curve)
        numbers_row(
            strip, list(counts["time"].astype(float)), list(counts["at_risk"].astype(float)), "at risk"
        )
    for spare in (panels[-1], panels[-1 - columns]) if len(kinds) < rows * columns else ():
        spare.set_axis_off()
    return tuple(curves)


def survival_height_mm(frame: pd.DataFrame, *, narrow: bool = False) -> float:
    """Height at which every curve of `draw_survival` has room: two side by side on the page."""
    count = max(1, frame["of"].nunique())
    return CURVE_MM * (count if narrow else math.ceil(count / 2))


def _still_without(kind: str) -> str:
    return f"without {str(kind).replace('_', ' ')} (%)"


def _draw_curve(ax: Axes, rows: pd.DataFrame) -> None:
    time = rows["time"].to_numpy(dtype=float)
    survival, low, high = (100 * rows[name].to_numpy(dtype=float) for name in ("survival", "low", "high"))
    if time.size and time[0] > 0:
        # Everybody is at risk, and nothing has happened, at the beginning.
        time = np.concatenate([[0.0], time])
        survival, low, high = (np.concatenate([[100.0], part]) for part in (survival, low, high))
    ax.fill_between(time, low, high, step="post", color=style.RECORDED, alpha=0.16, linewidth=0)
    ax.plot(time, survival, color=style.RECORDED, linewidth=1.8, drawstyle="steps-post")
    known = np.flatnonzero(np.isfinite(survival))
    end = known[-1]
    ax.plot([time[end]], [survival[end]], "o", color=style.RECORDED, markersize=3.5, clip_on=False)
    ax.annotate(
        f"{survival[end]:.0f}%",
        (time[end], survival[end]),
        (5, 0),
        textcoords="offset points",
        # At the bottom it stands on the axis, not across it.
        va="center" if survival[end] > 8 else "bottom",
        color=style.RECORDED,
        annotation_clip=False,
    )
    ax.set(ylim=(0, 104), yticks=[0, 50, 100])


def _time_ticks(ax: Axes, last: float, name: str) -> None:
    room = max(4.0, width_mm(ax) / 16)
    if name == "days":
        step = next((step for step in _STEPS_DAYS if last / step <= room), 728)
        ax.set_xticks(np.arange(0, last + 0.01, step))
    else:
        ax.locator_params(axis="x", nbins=int(room), integer=True)


def _at_ticks(counts: pd.DataFrame, ax: Axes) -> pd.DataFrame:
    """The numbers at the times that the scale names, where there are such; else all of them."""
    named = counts[counts["time"].isin(ax.get_xticks())]
    return named if len(named) > 1 else counts
