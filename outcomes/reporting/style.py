"""The report's look, in one place: colours, sizes in millimetres and points, and matplotlib's settings.

Page, PDF and figures read it from here. Blue is what was recorded, sand what was to be expected; they differ
in lightness too, so that they stay apart in grey print and for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

RECORDED: Final = "#0b5c92"
RECORDED_LIGHT: Final = "#c3d9e7"
EXPECTED: Final = "#9a5b12"
EXPECTED_LIGHT: Final = "#ecdcc5"
INK: Final = "#1b2330"
QUIET: Final = "#5b6573"  # 5.9:1 on white
RULE: Final = "#c5ced8"
GRID: Final = "#e6eaef"
WINDOW: Final = "#eef1f5"
EVERYONE: Final = "#8a94a1"
# The two ends of an ordered scale (bands, intensities): apart in lightness, so that the order is seen in grey too.
SHADE_LIGHT: Final = "#cfe1ed"
SHADE_DARK: Final = "#06304f"

PAGE_WIDTH_MM: Final = 170.0
HALF_WIDTH_MM: Final = 82.0
NARROW_WIDTH_MM: Final = 86.0  # a phone's 360 pixels less the margins
GUTTER_MM: Final = PAGE_WIDTH_MM - 2 * HALF_WIDTH_MM

FONT_FAMILY: Final = "Inter"
FONT_WEIGHTS: Final = {"Regular": 400, "Medium": 500, "Bold": 700}
FIGURE_TEXT_PT: Final = 8.0

# The PDF's sizes in points, and the colours, as page_template/page.typ names them.
LOOK: Final[dict[str, str | float]] = {
    "ink": INK,
    "quiet": QUIET,
    "rule": RULE,
    "recorded": RECORDED,
    "expected": EXPECTED,
    "body": 9.5,
    "small": 8.0,
    "about": 7.6,
    "table": 8.8,
    "lead": 12.0,
    "heading": 11.0,
    "title": 15.0,
    "value": 17.0,
    "half": HALF_WIDTH_MM,
    "gutter": GUTTER_MM,
}

_MATPLOTLIB: Final[dict[str, object]] = {
    "font.family": [FONT_FAMILY],
    "font.size": FIGURE_TEXT_PT,
    "axes.labelsize": FIGURE_TEXT_PT,
    "axes.titlesize": FIGURE_TEXT_PT,
    "xtick.labelsize": FIGURE_TEXT_PT,
    "ytick.labelsize": FIGURE_TEXT_PT,
    "figure.titlesize": FIGURE_TEXT_PT,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0.0,
    "axes.grid": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "figure.dpi": 96.0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "text.parse_math": False,
    "text.usetex": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "outcomes",
    "path.simplify": False,
}


def font_folder() -> Path:
    """Folder of the shipped typeface: .ttf for the PDF and the figures, .woff2 for the HTML."""
    return Path(__file__).parent / "fonts"


def page_template_folder() -> Path:
    return Path(__file__).parent / "page_template"


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib in the report's look, from its defaults; the caller's settings are back afterwards."""
    import matplotlib
    from matplotlib import font_manager

    _register_typeface(font_manager.fontManager)
    interactive = matplotlib.is_interactive()
    try:
        with matplotlib.rc_context():
            # From the defaults, not from what the person at this machine has set.
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(cast(Any, _MATPLOTLIB))
            yield
            # The first figure of a notebook turns interactive drawing on; the settings' return would undo it.
            interactive = matplotlib.is_interactive()
    finally:
        matplotlib.interactive(interactive)


def _register_typeface(manager: Any) -> None:
    known = {entry.fname for entry in manager.ttflist}
    for weight in FONT_WEIGHTS:
        path = font_folder() / f"{FONT_FAMILY}-{weight}.ttf"
        if str(path) not in known:
            manager.addfont(path)
