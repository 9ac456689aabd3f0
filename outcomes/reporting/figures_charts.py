"""Control charts: months as points, the centre and the limits they are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import (
    axes_of,
    letters_across,
    quiet_scale,
    say_nothing,
    styled,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHART_MM = 46.0


@styled
def draw_control_chart(
    frame: pd.DataFrame, scale_name: str, *, factor: float = 1.0, ax: Axes | None = None
) -> Axes:
    """Points in the order of time with their centre and limits; points beyond a limit are ringed.

    `frame`: `at` (month as a date), `value`, `centre`, `lower`, `upper` (NaN where there are no limits), `outside`
    (bool or NA). `factor` 100 draws shares in percent. A month without a value is a gap. About 46 mm high.
    """
    ax = axes_of(ax, CHART_MM, style.HALF_WIDTH_MM)
    if not frame["value"].notna().any():
        return say_nothing(ax, "no month to draw")
    place = np.arange(len(frame), dtype=float)
    value, centre, lower, upper = (
        factor * frame[name].to_numpy(dtype=float) for name in ("value", "centre", "lower", "upper")
    )
    if np.isfinite(upper).any():
        ax.fill_between(place, lower, upper, step="mid", color=style.WINDOW, linewidth=0)
        ax.plot(place, centre, color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.plot(place, value, color=style.RECORDED, linewidth=1.2, marker="o", markersize=3)
    outside = frame["outside"].fillna(False).to_numpy(dtype=bool)
    ax.plot(
        place[outside], value[outside], "o", color=style.INK, markerfacecolor="none", markersize=8, markeredgewidth=1.0
    )  # fmt: skip
    every = max(1, int(np.ceil(len(frame) / 5)))
    ticks = place[::every]
    ax.set_xticks(ticks, [pd.Timestamp(frame["at"].iloc[int(at)]).strftime("%b %y") for at in ticks])
    ax.set_xlim(-0.6, len(frame) - 0.4)
    ax.locator_params(axis="y", nbins=5)
    quiet_scale(ax, wrapped(scale_name, letters_across(ax, 0.92)))
    return ax
