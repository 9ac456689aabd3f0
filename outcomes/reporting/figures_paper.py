"""The paper figures are drawn on: final size in millimetres, one size of text, the same bytes each time.

matplotlib is imported when something is drawn, for its import takes longer than the drawing.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from outcomes.reporting import style
from outcomes.reporting.page import FigureBlock, Width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

MM_PER_INCH = 25.4
NARROWER_MM = 120.0  # below this, half-width figures and phones, there is room for fewer ticks and words


def figure_block(
    draw: Callable[[Axes], object],
    *,
    alt: str,
    height_mm: float,
    caption: str = "",
    width: Width = "full",
    narrow_height_mm: float | None = None,
) -> FigureBlock:
    """A figure for the report: for the paper's width, and where that is the full width also for a phone's."""
    if width == "half":
        return FigureBlock(figure_svg(draw, style.HALF_WIDTH_MM, height_mm), alt, caption, width)
    narrow = figure_svg(draw, style.NARROW_WIDTH_MM, narrow_height_mm or height_mm)
    return FigureBlock(figure_svg(draw, style.PAGE_WIDTH_MM, height_mm), alt, caption, width, narrow)


def figure_svg(draw: Callable[[Axes], object], width_mm: float, height_mm: float) -> bytes:
    """SVG of what `draw` puts on the Axes it is given. The same drawing gives the same bytes."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with style.figure_style():
        figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")
        _fill_the_page(figure)
        draw(figure.add_subplot())
        written = io.BytesIO()
        # Without date and version, which would make the bytes differ between days and machines.
        FigureCanvasSVG(figure).print_svg(written, metadata={"Date": None, "Creator": None})
    return written.getvalue()


def _fill_the_page(figure: Figure) -> None:
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
    _fill_the_page(figure)
    return new


def width_mm(ax: Axes) -> float:
    """Width of the place that the Axes was given, its labels included."""
    return float(root_figure(ax).get_figwidth()) * MM_PER_INCH * float(ax.get_position(original=True).width)


def root_figure(ax: Axes) -> Figure:
    # Also from inside a subfigure; `get_figure(root=True)` came only with matplotlib 3.10.
    return ax.figure.canvas.figure


def quiet_scale(ax: Axes, name: str) -> None:
    """Light horizontal grid, no vertical line, the scale's name above it where it reads without turning."""
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)
    ax.set_title(name, loc="left", color=style.QUIET, pad=4)
