"""Figures of the report, for frames that are already disclosure-safe.

Each function draws a frame on an Axes and gives the Axes back; it computes nothing but places. Change is
follow-up − baseline. NaN is a gap: hidden or nobody, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.drawings import figure_block
from outcomes.reporting.figures_course import draw_course, week_ticks
from outcomes.reporting.figures_paper import (
    NARROWER_MM,
    around_zero,
    axes_of,
    figure_svg,
    letters_across,
    panels_of,
    quiet_scale,
    row_heights,
    say_nothing,
    styled,
    width_mm,
    wrapped,
    write_beside,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_before_after",
    "draw_by_group",
    "draw_completeness",
    "draw_course",
    "draw_paired_change",
    "draw_responders",
    "figure_block",
    "figure_svg",
]


# ---- before and after ----


@styled
def draw_before_after(frame: pd.DataFrame, *, ax: Axes | None = None) -> tuple[Axes, ...]:
    """Baseline and follow-up with intervals, one row per endpoint, each on its own scale from 0.

    `frame`: `label`, `unit`, then `baseline`, `baseline_low`, `baseline_high` and the same for `followup`, in
    the endpoint's unit. About 20 mm high per endpoint.
    """
    count = len(frame)
    ax = axes_of(ax, 20.0 * max(1, count))
    if count == 0:
        return (say_nothing(ax, "no endpoint to draw"),)
    panels = panels_of(ax, [1.0] * count, hspace=0.2)
    for panel, (_, endpoint) in zip(panels, frame.iterrows(), strict=True):
        _draw_endpoint(panel, endpoint)
    return panels


def _draw_endpoint(ax: Axes, endpoint: pd.Series) -> None:
    lines = (("baseline", 1.0, style.QUIET, "white"), ("followup", 0.0, style.RECORDED, style.RECORDED))
    for period, height, colour, fill in lines:
        value, low, high = (float(endpoint[f"{period}{part}"]) for part in ("", "_low", "_high"))
        if not math.isfinite(value):
            ax.text(0, height, " not shown", va="center", color=style.QUIET)
            continue
        ax.plot([low, high], [height, height], color=colour, linewidth=1.4)
        ax.plot([value], [height], "o", color=colour, markerfacecolor=fill, markersize=5, markeredgewidth=1.2)
    values = endpoint.drop(["label", "unit"]).to_numpy(dtype=float)
    highest = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    ax.set(xlim=(0, 1.08 * max(highest, 1e-9)), ylim=(-0.6, 1.6), yticks=[0, 1])
    ax.set_yticklabels(["follow-up", "baseline"])
    ax.locator_params(axis="x", nbins=7 if width_mm(ax) > NARROWER_MM else 5, steps=[1, 2, 5, 10])
    ax.grid(axis="x")
    unit = f", {endpoint['unit']}" if endpoint["unit"] else ""
    ax.set_title(f"{endpoint['label']}{unit}", loc="left", color=style.INK, pad=3)


# ---- groups ----


@styled
def draw_by_group(frame: pd.DataFrame, xlabel: str, *, ax: Axes | None = None) -> Axes:
    """Change with interval per group, and no change as a line.

    `frame`: `label`, `value`, `low`, `high`, `n_text` (right of the row), `reason` (there instead, where
    value is NaN). About 6 mm high per line of label, and 14 mm.
    """
    ax = axes_of(ax, 6.0 * len(frame) + 14, style.HALF_WIDTH_MM)
    narrow = width_mm(ax) < NARROWER_MM
    labels = [wrapped(label, 20 if narrow else 40) for label in frame["label"]]
    heights = row_heights(labels)
    for height, (_, group) in zip(heights, frame.iterrows(), strict=True):
        known = math.isfinite(float(group["value"]))
        if known:
            ax.plot([group["low"], group["high"]], [height, height], color=style.RECORDED, linewidth=1.4)
            ax.plot([group["value"]], [height], "s", color=style.RECORDED, markersize=4.5)
        write_beside(ax, str(group["n_text"] if known else group["reason"]), height)
    ax.axvline(0, color=style.INK, linewidth=0.8, zorder=1.5)
    ax.set_yticks(heights, labels, color=style.INK, linespacing=1.1)
    ax.set(xlim=around_zero(frame), ylim=(heights[-1] - 0.7, 0.7))
    ax.set_xlabel(wrapped(xlabel, 34 if narrow else 80))
    ax.locator_params(axis="x", nbins=5, steps=[1, 2, 5, 10])
    ax.grid(axis="x")
    return ax


# ---- how many improved by how much ----


@styled
def draw_responders(
    frame: pd.DataFrame, *, ax: Axes | None = None, expected_name: str = "", of_what: str = "headache days"
) -> Axes:
    """Share of patients whose headache days fell by at least this much, with intervals.

    `frame`: `reduction`, `share`, `low`, `high`, all in percent; `expected` (percent) where it is known.
    About 50 mm high.
    """
    ax = axes_of(ax, 50, style.HALF_WIDTH_MM)
    rows = frame.sort_values("reduction")
    place, share = rows["reduction"].to_numpy(dtype=float), rows["share"].to_numpy(dtype=float)
    low, high = rows["low"].to_numpy(dtype=float), rows["high"].to_numpy(dtype=float)
    ax.plot(place, share, color=style.RECORDED, linewidth=0.8)
    ax.vlines(place, low, high, color=style.RECORDED, linewidth=1.4)
    ax.plot(place, share, "o", color=style.RECORDED, markersize=5)
    for where, value in zip(place, share, strict=True):
        if math.isfinite(value):
            ax.annotate(
                f"{value:.0f}%", (where, value), (4, 4), textcoords="offset points", color=style.RECORDED
            )
    if "expected" in rows:
        _draw_expected_share(ax, place, rows["expected"].to_numpy(dtype=float), expected_name)
    finite = high[np.isfinite(high)]
    top = min(100.0, 20 * math.ceil((float(finite.max()) + 4) / 20)) if finite.size else 100.0
    ax.set(xlim=(place.min() - 8, place.max() + 14), ylim=(0, top), xticks=place)
    ax.set_yticks(np.arange(0, top + 1, 20))
    quiet_scale(ax, "patients (%)")
    ax.set_xlabel(f"at least this reduction in {of_what} (%)")
    return ax


def _draw_expected_share(ax: Axes, place: np.ndarray, expected: np.ndarray, name: str) -> None:
    ax.plot(place, expected, color=style.EXPECTED, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.plot(place, expected, "o", color=style.EXPECTED, markerfacecolor="white", markersize=4)
    # The line falls: left of and below its second point nothing is drawn.
    if name and len(place) > 1 and math.isfinite(expected[1]):
        where = (place[1], expected[1])
        ax.annotate(
            name, where, (-4, -2), textcoords="offset points", ha="right", va="top", color=style.EXPECTED
        )


# ---- for the analyst's eyes ----


@styled
def draw_paired_change(
    pairs: pd.DataFrame, summary: Mapping[str, float], *, unit: str = "", ax: Axes | None = None
) -> Axes:
    """Every patient as a line from baseline to follow-up, the means with intervals over them.

    Patients who rose are dashed, and counted above. Shows individuals: for the analyst, never in a report that
    leaves the clinic. `pairs`: one row per patient, `baseline`, `followup`. `summary`: `baseline`,
    `baseline_low`, `baseline_high`, and the same for `followup`.
    """
    ax = axes_of(ax, 75, style.HALF_WIDTH_MM)
    if pairs.empty:
        return say_nothing(ax, "no patient with both periods")
    rose = (pairs["followup"] > pairs["baseline"]).to_numpy()
    _draw_patients_lines(ax, pairs, rose)
    _draw_means(ax, summary)
    ax.set(xlim=(-0.2, 1.2), xticks=[0, 1], xlabel="", ylabel="")
    ax.set_xticklabels(["baseline", "follow-up"])
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    ax.locator_params(axis="y", nbins=7, steps=[1, 2, 5, 10])
    told = [unit, f"n {len(pairs):,}", f"{rose.sum():,} rose (dashed)" if rose.any() else ""]
    quiet_scale(ax, wrapped(", ".join(part for part in told if part), letters_across(ax, 0.9)))
    return ax


def _draw_patients_lines(ax: Axes, pairs: pd.DataFrame, rose: np.ndarray) -> None:
    """A thin line per patient, the fainter the more there are."""
    import seaborn

    tall = pairs[["baseline", "followup"]].reset_index(drop=True)
    tall.columns = pd.Index([0, 1])
    tall = (
        tall.assign(rose=rose)
        .rename_axis("patient")
        .reset_index()
        .melt(["patient", "rose"], var_name="period")
    )
    tall["period"] = tall["period"].astype(int)
    faint = float(np.clip(6 / math.sqrt(len(pairs)), 0.3, 0.9))
    looks = ((False, style.EVERYONE, "solid", 0.6), (True, style.QUIET, (0, (3, 2)), 0.8))
    for kind, colour, dashes, width in looks:
        seaborn.lineplot(
            tall[tall["rose"] == kind], x="period", y="value", units="patient", estimator=None, color=colour,
            linewidth=width, linestyle=dashes, alpha=faint, ax=ax,
        )  # fmt: skip


def _draw_means(ax: Axes, summary: Mapping[str, float]) -> None:
    places, periods = (-0.06, 1.06), ("baseline", "followup")
    ax.plot(places, [summary[period] for period in periods], color=style.RECORDED, linewidth=1.6)
    for place, period in zip(places, periods, strict=True):
        interval = (summary[f"{period}_low"], summary[f"{period}_high"])
        ax.plot([place, place], interval, color=style.RECORDED, linewidth=1.6)
        ax.plot([place], [summary[period]], "o", color=style.RECORDED, markersize=5)


@styled
def draw_completeness(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of days with an entry, by week from the first session.

    `frame`: one row per week, `week` (0 = the seven days from the first session), `share` from 0 to 1.
    """
    ax = axes_of(ax, 45)
    shown = frame.assign(place=frame["week"].astype(float) + 0.5, percent=100 * frame["share"].astype(float))
    ax.plot(shown["place"], shown["percent"], color=style.RECORDED)
    ax.axvline(0, color=style.INK, linewidth=0.9)
    ax.annotate("first session", (0, 0), (3, 3), textcoords="offset points", va="bottom", color=style.INK)
    first, last = float(shown["week"].min()), float(shown["week"].max()) + 1
    ax.set(xlim=(first, last), ylim=(0, 104), yticks=[0, 50, 100], ylabel="")
    quiet_scale(ax, "days with an entry (%)")
    week_ticks(ax, last - first)
    return ax
