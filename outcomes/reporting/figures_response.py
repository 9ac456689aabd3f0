"""The responder staircase: share of patients whose headache days fell by at least each size of reduction."""

from __future__ import annotations

import math
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
    numbers_row,
    panels_of,
    place_mm,
    quiet_scale,
    root_figure,
    say_nothing,
    styled,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT_MM = 62.0

#: Reductions in percent at which the share is written beside the step.
NAMED_REDUCTIONS = (30.0, 50.0, 75.0, 100.0)

#: Shares at fewer reductions than this are points, not steps: a step would claim to know what lies between.
_FEWEST_FOR_STEPS = 8


@styled
def draw_staircase(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    expected: pd.DataFrame | None = None,
    expected_name: str = "expected from entering in a bad month alone",
    of_what: str = "headache days",
) -> Axes:
    """Share of patients with at least each reduction, as falling steps with the interval as a band.

    `frame`: `reduction` (percent, 0 to 100), `share`, `low`, `high` (0 to 1), `n`. A step holds up to its own
    reduction and falls behind it. `expected`: `reduction`, `share` of what was to be expected, a dashed line.
    About 62 mm high.
    """
    ax = axes_of(ax, HEIGHT_MM, style.HALF_WIDTH_MM)
    rows = frame.sort_values("reduction")
    if not rows["share"].notna().any():
        return say_nothing(ax, "no share to draw")
    place = _column(rows, "reduction")
    share, low, high = (_percent(rows, name) for name in _SHARES)
    if len(rows) < _FEWEST_FOR_STEPS:
        ax.vlines(place, low, high, color=style.RECORDED, linewidth=1.4)
    else:
        ax.fill_between(place, low, high, step="pre", color=style.RECORDED, alpha=0.16, linewidth=0)
        ax.plot(place, share, color=style.RECORDED, linewidth=1.8, drawstyle="steps-pre")
    _name_steps(ax, place, share, "recorded" if expected is not None else "")
    room = 6 if expected is None else 14
    top = min(100.0, 20 * math.ceil((float(np.nanmax([*high, *share])) + room) / 20))
    ax.set(xlim=(min(0.0, place.min()), 108), ylim=(0, top))
    ax.set_xticks([0, 25, 50, 75, 100])
    ax.set_yticks(np.arange(0, top + 1, 20))
    if expected is not None and expected["share"].notna().any():
        _draw_expected(ax, expected.sort_values("reduction"), expected_name, (place, np.fmax(high, share)))
    quiet_scale(ax, f"patients (%){_people(rows)}")
    ax.set_xlabel(wrapped(f"at least this reduction in {of_what} (%)", letters_across(ax, 0.85)))
    return ax


_SHARES = ("share", "low", "high")


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    return rows[name].to_numpy(dtype=float)


def _percent(rows: pd.DataFrame, name: str) -> np.ndarray:
    return 100 * _column(rows, name)


def _people(rows: pd.DataFrame) -> str:
    """`, n 104`, where one number stands behind every step."""
    counts = list(rows["n"].dropna().unique()) if "n" in rows else []
    return f", n {counts[0]:,.0f}" if len(counts) == 1 else ""


def _name_steps(ax: Axes, place: np.ndarray, share: np.ndarray, name: str) -> None:
    """A dot and the percentage at the reductions that people name; above and right of a falling line is room."""
    for named in NAMED_REDUCTIONS:
        at = np.flatnonzero(np.isclose(place, named))
        if at.size and math.isfinite(share[at[0]]):
            value = float(share[at[0]])
            ax.plot([named], [value], "o", color=style.RECORDED, markersize=4)
            words = f"{name}\n{value:.0f}%".strip() if named == NAMED_REDUCTIONS[0] else f"{value:.0f}%"
            ax.annotate(words, (named, value), (3, 3), textcoords="offset points", color=style.RECORDED)


def _draw_expected(ax: Axes, rows: pd.DataFrame, name: str, above: tuple[np.ndarray, np.ndarray]) -> None:
    place, share = _column(rows, "reduction"), _percent(rows, "share")
    ax.plot(place, share, color=style.EXPECTED, linewidth=1.4, linestyle=(0, (4, 2.5)), drawstyle="steps-pre")
    text = wrapped(name, 17)
    lines = text.count("\n") + 1
    per_mm = ax.get_ylim()[1] / (float(root_figure(ax).get_figheight()) * MM_PER_INCH * 0.68)
    needed = (lines * LINE_MM + 3) * per_mm
    longest = max(len(line) for line in text.split("\n"))
    reach = 108 * longest * LETTER_MM / max(20.0, place_mm(ax) - 10)
    within = share[(place <= reach + 4) & np.isfinite(share)]
    if within.size and within.min() > needed:
        # Under the left part of the line nothing is drawn.
        where, shift, side, edge = (0.0, float(within.min())), (4, -4), "left", "top"
    else:
        beyond = above[1][(above[0] >= 100 - reach) & np.isfinite(above[1])]
        where = (108.0, float(beyond.max(initial=0)) + 8 * per_mm)
        shift, side, edge = (0, 0), "right", "bottom"
    ax.annotate(
        text,
        where,
        shift,
        textcoords="offset points",
        ha=side,
        va=edge,
        color=style.EXPECTED,
        linespacing=1.1,
    )


# ---- response over the periods ----


@styled
def draw_periods(frame: pd.DataFrame, *, ax: Axes | None = None, reduction: float = 50.0) -> Axes:
    """Share of patients with a response in each 28-day period, with intervals and the patients behind it.

    `frame`: `period` (0 = days 1 to 27 after the first session), `share`, `low`, `high` (0 to 1), `n`.
    About 55 mm high.
    """
    ax = axes_of(ax, 55.0, style.HALF_WIDTH_MM)
    rows = frame.sort_values("period")
    if not rows["share"].notna().any():
        return say_nothing(ax, "no share to draw")
    ax, strip = panels_of(ax, (5.5, 1), sharex=True)
    place = _column(rows, "period")
    share, low, high = (_percent(rows, name) for name in _SHARES)
    ax.vlines(place, low, high, color=style.RECORDED, linewidth=1.4)
    ax.plot(place, share, "o", color=style.RECORDED, markersize=4.5)
    ax.set(xlim=(place.min() - 0.6, place.max() + 0.6), ylim=(0, 104))
    ax.set_yticks([0, 25, 50, 75, 100])
    ax.set_xticks(place, [f"{4 * period + 1:.0f}–{4 * period + 4:.0f}" for period in place])
    ax.set_xlabel("weeks from first session")
    name = f"patients with ≥{reduction:g}% fewer headache days (%)"
    quiet_scale(ax, wrapped(name, letters_across(ax, 0.9)))
    numbers_row(strip, list(place), list(_column(rows, "n")), "patients")
    return ax
