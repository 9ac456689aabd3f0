"""Sessions: the change by planned dose, and pain before and after each session. Association and course, no more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures import draw_by_group
from outcomes.reporting.figures_paper import (
    LETTER_MM,
    axes_of,
    letters_across,
    numbers_row,
    panels_of,
    place_mm,
    quiet_scale,
    say_nothing,
    styled,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOSE_MM, WITHIN_MM = 60.0, 85.0


@styled
def draw_dose(frame: pd.DataFrame, ylabel: str, *, ax: Axes | None = None) -> Axes:
    """The change with its interval by planned number of sessions, and the patients behind each.

    `frame`: `planned_sessions` (label), `value`, `low`, `high`, `n`, in the order in which they stand. Labels
    that find no room beside each other stand one under the other instead. About 60 mm high.
    """
    ax = axes_of(ax, DOSE_MM, style.HALF_WIDTH_MM)
    if not frame["value"].notna().any():
        return say_nothing(ax, "no change to draw")
    labels = [wrapped(label, 10) for label in frame["planned_sessions"]]
    longest = max(len(line) for label in labels for line in label.split("\n"))
    if len(labels) * (longest + 2) * LETTER_MM > place_mm(ax) - 20:
        return draw_by_group(_as_groups(frame), f"{ylabel}, by planned sessions (association only)", ax=ax)
    ax, strip = panels_of(ax, (6, 1), sharex=True)
    place = np.arange(len(frame), dtype=float)
    value, low, high = (frame[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    ax.axhline(0, color=style.INK, linewidth=0.8, zorder=1.5)
    ax.vlines(place, low, high, color=style.RECORDED, linewidth=1.4)
    ax.plot(place, value, "s", color=style.RECORDED, markersize=4.5)
    ax.set_xticks(place, labels)
    ax.set(xlim=(-0.6, len(frame) - 0.4), ylim=_with_zero(value, low, high))
    ax.locator_params(axis="y", nbins=6, steps=[1, 2, 5, 10])
    ax.set_xlabel(wrapped("sessions planned (association only)", letters_across(ax, 0.8)))
    quiet_scale(ax, wrapped(ylabel, letters_across(ax, 0.95)))
    numbers_row(strip, list(place), list(frame["n"].astype(float)), "patients")
    return ax


def _as_groups(frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame.rename(columns={"planned_sessions": "label"})[["label", "value", "low", "high"]]
    counts = [f"n {count:,.0f}" if math.isfinite(count) else "" for count in frame["n"].astype(float)]
    return rows.assign(n_text=counts, reason=counts)


def _with_zero(*parts: np.ndarray) -> tuple[float, float]:
    drawn = np.concatenate(parts)
    finite = drawn[np.isfinite(drawn)]
    low, high = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


@styled
def draw_within_session(frame: pd.DataFrame, *, ax: Axes | None = None) -> tuple[Axes, Axes, Axes]:
    """Pain before (hollow) and after (full) by session number, then the change with its interval, then the sessions.

    `frame`: `session_number`, `before`, `after` (mean 0–10), `change`, `low`, `high` (after − before), `n`.
    About 85 mm high.
    """
    ax = axes_of(ax, WITHIN_MM, style.HALF_WIDTH_MM)
    upper, lower, strip = panels_of(ax, (5, 3.6, 1), sharex=True)
    rows = frame.sort_values("session_number")
    if not rows["change"].notna().any():
        for part in (lower, strip):
            part.set_axis_off()
        say_nothing(upper, "no session with pain before and after")
        return upper, lower, strip
    place = rows["session_number"].to_numpy(dtype=float)
    _draw_pain(upper, place, rows)
    change, low, high = (rows[name].to_numpy(dtype=float) for name in ("change", "low", "high"))
    lower.axhline(0, color=style.INK, linewidth=0.8, zorder=1.5)
    lower.vlines(place, low, high, color=style.RECORDED, linewidth=1.4)
    lower.plot(place, change, "s", color=style.RECORDED, markersize=4)
    lower.set_ylim(_with_zero(change, low, high))
    lower.locator_params(axis="y", nbins=4, steps=[1, 2, 5, 10])
    quiet_scale(lower, wrapped("change within the session, no comparison group", letters_across(lower, 0.9)))
    step = max(1, math.ceil((place.max() - place.min() + 1) / max(4.0, place_mm(ax) / 9)))
    lower.set_xticks(np.arange(place.min(), place.max() + 1, step))
    lower.set_xlabel("session number")
    numbers_row(strip, list(place), list(rows["n"].astype(float)), "n")
    return upper, lower, strip


def _draw_pain(ax: Axes, place: np.ndarray, rows: pd.DataFrame) -> None:
    before, after = (rows[name].to_numpy(dtype=float) for name in ("before", "after"))
    ax.vlines(place, before, after, color=style.RULE, linewidth=1.2, zorder=1)
    ax.plot(place, before, "o", color=style.QUIET, markerfacecolor="white", markersize=5, markeredgewidth=1.2)
    ax.plot(place, after, "o", color=style.RECORDED, markersize=5)
    known = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    last = known[-1]
    lower_first = after[last] <= before[last]
    gap = abs(after[last] - before[last])
    # Beside the last session; moved apart where the two dots are close.
    push = max(0.0, 0.9 - gap) / 2
    for name, value, colour, up in (
        ("before", before[last], style.QUIET, lower_first),
        ("after", after[last], style.RECORDED, not lower_first),
    ):
        ax.annotate(
            name, (1, value + (push if up else -push)), (4, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", color=colour, annotation_clip=False,
        )  # fmt: skip
    ax.set(xlim=(place.min() - 0.6, place.max() + 0.6), ylim=(0, 10.4), yticks=[0, 5, 10])
    ax.tick_params(axis="x", length=0, labelbottom=False)
    quiet_scale(ax, "pain before and after the session (0–10)")
