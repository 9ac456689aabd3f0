"""Bands before and after as flows: how many patients went from which band to which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.figures_paper import (
    LINE_MM,
    MM_PER_INCH,
    NARROWER_MM,
    axes_of,
    letters_across,
    panels_of,
    root_figure,
    say_nothing,
    spread,
    styled,
    width_mm,
    wrapped,
)
from outcomes.reporting.formatting import percent
from outcomes.reporting.words import in_typeface

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_MM = 46.0

#: Bands from the least burdened up, where their order is known; others stand as they first come.
BAND_ORDER = (
    "freedom", "optimal", "modest", "insufficient", "none", "no", "little", "mild", "some", "moderate", "substantial",
    "severe", "complete", "episodic", "chronic", "below", "in the range", "yes",
)  # fmt: skip

_NOT_RECORDED = ("not_recorded", "not recorded")
_NODE = 0.05  # width of a band's bar, of the Axes' width


def flows_height_mm(frame: pd.DataFrame, by: str, *, narrow: bool = False) -> float:
    """Height at which every part of `draw_flows` has room."""
    count = max(1, frame[by].nunique())
    return PANEL_MM * (count if narrow else math.ceil(count / 2))


@styled
def draw_flows(
    frame: pd.DataFrame,
    by: str,
    names: Mapping[str, str] | None = None,
    *,
    ax: Axes | None = None,
    order: Sequence[str] = BAND_ORDER,
) -> tuple[Axes, ...]:
    """One part per state or instrument: bars of bands before (left) and after (right), and the patients between.

    `frame`: `by` (state or instrument), `before`, `after` (bands), `n` patients. Bands stand in the order of
    `order`, the least burdened lowest and lightest; not recorded is white with a dotted edge, at the bottom.
    About 46 mm high for two parts side by side, or for one on a phone.
    """
    known = frame[frame["n"].fillna(0) > 0]
    kinds = list(pd.unique(known[by]))
    ax = axes_of(ax, flows_height_mm(known, by))
    if not kinds:
        return (say_nothing(ax, "nobody with both periods"),)
    columns = 1 if len(kinds) == 1 or width_mm(ax) < NARROWER_MM else 2
    rows = math.ceil(len(kinds) / columns)
    panels = panels_of(ax, [1.0] * rows, columns=columns, hspace=0.05)
    for spare in panels[len(kinds) :]:
        spare.set_axis_off()
    for panel, kind in zip(panels, kinds, strict=False):
        flows = known[known[by] == kind]
        _draw_flow(panel, flows, order, rows)
        title = (names or {}).get(kind, _words(kind))
        panel.set_title(
            wrapped(f"{title}, n {flows['n'].sum():,.0f}", letters_across(panel, 0.9)), color=style.INK, pad=3
        )
    return panels[: len(kinds)]


def _words(code: object) -> str:
    text = str(code).replace("_", " ")
    return text[:1].upper() + text[1:]


def _draw_flow(ax: Axes, flows: pd.DataFrame, order: Sequence[str], rows: int) -> None:
    bands = _in_order([*flows["before"], *flows["after"]], order)
    tones = dict(zip(bands, _tones(bands), strict=True))
    total = float(flows["n"].sum())
    gap = 0.05 * total
    starts = {side: _stack(flows.groupby(side)["n"].sum(), bands, gap) for side in ("before", "after")}
    _draw_ribbons(ax, flows, bands, tones, starts)
    top = max(place + size for stack in starts.values() for place, size in stack.values())
    tall = max(15.0, float(root_figure(ax).get_figheight()) * MM_PER_INCH / rows - 10)
    for side, edge in (("before", 0.0), ("after", 1.0)):
        _draw_bars(ax, starts[side], tones, edge, total, LINE_MM * 1.05 / tall * top)
    ax.set(xlim=(0, 1), ylim=(-0.01 * top, 1.01 * top), yticks=[])
    ax.set_xticks([_NODE / 2, 1 - _NODE / 2], ["before", "after"])
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)


def _in_order(found: Sequence[object], order: Sequence[str]) -> list[str]:
    """Bands from the lowest up: not recorded, then those known in their order, then others as they come."""
    distinct = list(dict.fromkeys(str(one) for one in found))
    place = {band: number for number, band in enumerate(order)}
    return sorted(
        distinct,
        key=lambda band: -1 if band in _NOT_RECORDED else place.get(band, len(place) + distinct.index(band)),
    )


def _tones(bands: Sequence[str]) -> list[str]:
    """Shades of the recorded colour, each band darker than the one under it; they stay apart in grey."""
    from matplotlib.colors import to_hex, to_rgb

    recorded = [band for band in bands if band not in _NOT_RECORDED]
    light, dark = (np.array(to_rgb(colour)) for colour in (style.SHADE_LIGHT, style.SHADE_DARK))
    steps = np.linspace(0, 1, len(recorded)) if len(recorded) > 1 else [0.5]
    shades = iter([to_hex(light + (dark - light) * step) for step in steps])
    return ["#ffffff" if band in _NOT_RECORDED else next(shades) for band in bands]


def _stack(sizes: pd.Series, bands: Sequence[str], gap: float) -> dict[str, tuple[float, float]]:
    """Band → (lower edge, height), from the bottom up; bands of nobody take no place."""
    stack: dict[str, tuple[float, float]] = {}
    height = 0.0
    named = {str(band): float(size) for band, size in sizes.items()}
    for band in bands:
        if named.get(band, 0) > 0:
            stack[band] = (height, named[band])
            height += named[band] + gap
    return stack


def _draw_ribbons(
    ax: Axes,
    flows: pd.DataFrame,
    bands: Sequence[str],
    tones: Mapping[str, str],
    starts: Mapping[str, Mapping[str, tuple[float, float]]],
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    columns = ("before", "after", "n")
    sizes = {
        (str(before), str(after)): float(n)
        for before, after, n in zip(*(flows[name].tolist() for name in columns), strict=True)
    }
    used = {side: dict.fromkeys(bands, 0.0) for side in starts}
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    for before in bands:
        for after in bands:
            size = sizes.get((before, after), 0.0)
            if not size:
                continue
            left = starts["before"][before][0] + used["before"][before]
            right = starts["after"][after][0] + used["after"][after]
            used["before"][before] += size
            used["after"][after] += size
            a, b = _NODE, 1 - _NODE
            corners = [
                (a, left), (0.5, left), (0.5, right), (b, right), (b, right + size), (0.5, right + size),
                (0.5, left + size), (a, left + size), (a, left),
            ]  # fmt: skip
            ax.add_patch(
                PathPatch(
                    Path(corners, curve),
                    facecolor=tones[before],
                    alpha=0.55,
                    edgecolor=style.QUIET,
                    linewidth=0.4,
                )
            )


def _draw_bars(
    ax: Axes,
    stack: Mapping[str, tuple[float, float]],
    tones: Mapping[str, str],
    edge: float,
    total: float,
    needed: float,
) -> None:
    from matplotlib.patches import Rectangle

    centres = spread([place + size / 2 for place, size in stack.values()], needed)
    for (band, (place, size)), centre in zip(stack.items(), centres, strict=True):
        dotted = band in _NOT_RECORDED
        ax.add_patch(
            Rectangle(
                (edge - (_NODE if edge else 0), place), _NODE, size, facecolor=tones[band], edgecolor=style.INK,
                linewidth=0.7, linestyle=(0, (1, 1.5)) if dotted else "solid", clip_on=False,
            )
        )  # fmt: skip
        words = f"{in_typeface(_words(band).lower())} {size:,.0f} ({percent(size / total)})"
        ax.annotate(
            words, (edge, centre), (4 if edge else -4, 0), textcoords="offset points", va="center",
            ha="left" if edge else "right", color=style.INK, annotation_clip=False,
        )  # fmt: skip
