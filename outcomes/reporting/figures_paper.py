"""The paper figures are drawn on: final size in millimetres, one size of text, the same bytes each time.

matplotlib is imported when something is drawn, for its import takes longer than the drawing.
"""

from __future__ import annotations

import functools
import io
import math
import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
import pandas as pd

from outcomes.reporting import style
from outcomes.reporting.lean_svg import lean
from outcomes.reporting.words import in_typeface

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

MM_PER_INCH = 25.4
LETTER_MM, LINE_MM = 1.62, 3.4  # a letter's mean width and a line's height at the figures' one size of text
NARROWER_MM = 120.0  # below this, half-width figures and phones, there is room for fewer ticks and words


class Draw(Protocol):
    """Something that draws on the Axes that it is given; what of the package alone it holds can be handed on."""

    def __call__(self, *, ax: Axes) -> object: ...


def figure_svg(draw: Draw, width_mm: float, height_mm: float) -> bytes:
    """SVG of what `draw` puts on the Axes it is given. The same drawing gives the same bytes."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with style.figure_style():
        figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")
        fill_the_page(figure)
        draw(ax=figure.add_subplot())
        written = io.BytesIO()
        # Without date and version, which would make the bytes differ between days and machines.
        FigureCanvasSVG(figure).print_svg(written, metadata={"Date": None, "Creator": None})
    return lean(written.getvalue().decode("utf-8")).encode("utf-8")


def ready_to_draw() -> None:
    """Import what drawing needs, before the first drawing comes."""
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401


def fill_the_page(figure: Figure) -> None:
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.01, h_pad=0.02, wspace=0.0, hspace=0.0)


def styled(draw: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Draws in the report's look, also on the Axes of somebody whose settings differ."""

    @functools.wraps(draw)
    def drawn(frame: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        with style.figure_style():
            return draw(frame, *args, **kwargs)

    return drawn


def axes_of(ax: Axes | None, height_mm: float, width_mm: float = style.PAGE_WIDTH_MM) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    size = (width_mm / MM_PER_INCH, height_mm / MM_PER_INCH)
    # White paper: on none, dark notebooks would swallow the labels.
    figure, new = pyplot.subplots(figsize=size, layout="constrained", facecolor="white")
    fill_the_page(figure)
    return new


def width_mm(ax: Axes) -> float:
    """Width of the place that the Axes was given, its labels included."""
    return float(root_figure(ax).get_figwidth()) * MM_PER_INCH * float(ax.get_position(original=True).width)


def place_mm(ax: Axes) -> float:
    """Width in millimetres that the Axes and its labels may fill once the layout has stretched it."""
    margins = root_figure(ax).subplotpars
    return width_mm(ax) / (margins.right - margins.left)


def root_figure(ax: Axes) -> Figure:
    # Also from inside a subfigure; `get_figure(root=True)` came only with matplotlib 3.10.
    return ax.figure.canvas.figure


def quiet_scale(ax: Axes, name: str) -> None:
    """Light horizontal grid, no vertical line, the scale's name above it where it reads without turning."""
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)
    ax.set_title(name, loc="left", color=style.QUIET, pad=4)


# ---- panels, numbers and words that several figures share ----


def panels_of(
    ax: Axes, heights: Sequence[float], *, columns: int = 1, hspace: float = 0.0, sharex: bool = False
) -> tuple[Axes, ...]:
    """The place of the Axes divided into rows of these relative heights, row by row; the Axes is the first.

    Raises ValueError for an Axes that was not made by subplots, which has no place that could be divided.
    """
    spec, figure = ax.get_subplotspec(), ax.get_figure()
    if spec is None or figure is None:
        raise ValueError("this figure has several parts: it needs an Axes made by subplots")
    grid = spec.subgridspec(len(heights), columns, height_ratios=list(heights), hspace=hspace)
    places = [grid[row, column] for row in range(len(heights)) for column in range(columns)]
    ax.set_subplotspec(places[0])
    shared = ax if sharex else None
    return ax, *(figure.add_subplot(place, sharex=shared) for place in places[1:])


def say_nothing(ax: Axes, words: str = "nothing to draw") -> Axes:
    """Words where the drawing would be, so that an empty figure is no accident."""
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, color=style.QUIET)
    ax.set_axis_off()
    return ax


def numbers_row(ax: Axes, places: Sequence[float], counts: Sequence[float], name: str) -> None:
    """Numbers under their places on the horizontal scale, with the row's name left of them; NaN is a dash.

    Where they would touch, every second (third, …) is left out.
    """
    texts = ["–" if not math.isfinite(count) else f"{count:,.0f}" for count in counts]
    left, right = ax.get_xlim()
    # The row's name and the scale's labels take their part of the width.
    per_mm = (right - left) / max(10.0, place_mm(ax) - 24)
    needed = (max((len(text) for text in texts), default=1) + 1.2) * LETTER_MM * per_mm
    last = -math.inf
    for place, text in zip(places, texts, strict=True):
        if place - last >= needed:
            ax.text(place, 0.5, text, ha="center", va="center", color=style.QUIET)
            last = place
    ax.set(ylim=(0, 1), yticks=[0.5])
    ax.set_yticklabels([name])
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.spines["bottom"].set_visible(False)


def letters_across(ax: Axes, share: float = 1.0) -> int:
    """How many letters find room in this share of the Axes' width."""
    return max(8, int(share * place_mm(ax) / LETTER_MM))


def wrapped(text: object, letters: int) -> str:
    """A label in lines of at most so many letters, of characters that the typeface has."""
    return textwrap.fill(in_typeface(str(text)), max(6, letters), break_on_hyphens=False)


def row_heights(labels: list[str]) -> list[float]:
    """Places of the rows from 0 down, further apart where labels take several lines."""
    lines = [max(1.0, 0.66 * (label.count("\n") + 1)) for label in labels]
    gaps = [(above + below) / 2 for above, below in pairwise(lines)]
    return [0.0, *(-float(place) for place in np.cumsum(gaps))]


def write_beside(ax: Axes, words: str, height: float) -> None:
    ax.annotate(
        words,
        (1, height),
        (4, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=style.QUIET,
        annotation_clip=False,
    )


def around_zero(frame: pd.DataFrame) -> tuple[float, float]:
    drawn = frame[["value", "low", "high"]].to_numpy(dtype=float)
    finite = drawn[np.isfinite(drawn)]
    low, high = (min(0.0, finite.min()), max(0.0, finite.max())) if finite.size else (-1.0, 1.0)
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def spread(places: Sequence[float], needed: float) -> list[float]:
    """Places of labels in ascending order, moved apart as little as needed so that none touches the next."""
    # Neighbours that touch become one block around the mean of what they stand for.
    blocks: list[list[float]] = []
    for place in places:
        blocks.append([place])
        while len(blocks) > 1 and _first(blocks[-1], needed) - _last(blocks[-2], needed) < needed - 1e-12:
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [_first(block, needed) + number * needed for block in blocks for number in range(len(block))]


def _first(block: list[float], needed: float) -> float:
    return sum(block) / len(block) - needed * (len(block) - 1) / 2


def _last(block: list[float], needed: float) -> float:
    return sum(block) / len(block) + needed * (len(block) - 1) / 2
