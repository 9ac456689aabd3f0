"""Figures drawn by another process than the one that computes: two cores draw and compute at the same time.

The notebook's process hands each drawing on as a message and puts a ticket where the picture will stand; the process
that runs the notebook draws while the next cells compute, and puts each picture in the place of its ticket. Without
somebody to hand on to (a notebook run by hand, Python) a figure is drawn where it is asked for. The same drawing gives
the same bytes on either road.
"""

from __future__ import annotations

import base64
import gc
import io
import pickle
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from outcomes.errors import ReportStopped
from outcomes.reporting import style
from outcomes.reporting.figures_paper import Draw, figure_svg, ready_to_draw
from outcomes.reporting.language import speaking, spoken
from outcomes.reporting.page import FigureBlock, Width
from outcomes.reporting.words import HTML_MIME, TYPST_MIME, typst_data

if TYPE_CHECKING:
    from nbformat import NotebookNode

DRAWING_MIME = "application/vnd.outcomes.drawing+json"
_TICKET = "picture-of-outcomes-{number:06d}-comes-here"
_ANY_TICKET = re.compile("picture-of-outcomes-[0-9]{6}-comes-here")

#: Seconds after which a thread lets another one go on: the one that draws is busy, the one that talks to the notebook
#: has little to do and should not wait for it.
_TURN_SECONDS = 0.0005

#: What a message may name beside functions of ours that draw: what tables are made of, and plain values.
_FIGURES = "outcomes.reporting.figures"
_NAMED = {
    "builtins": "bytearray complex frozenset range set slice",
    "collections": "OrderedDict",
    "datetime": "date datetime time timedelta timezone",
    "functools": "partial",
    "numpy": "dtype ndarray",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy._core.numeric": "_frombuffer",
    "outcomes.reporting.language": "Said",
    "pandas": "BooleanDtype Categorical CategoricalDtype DataFrame DatetimeIndex DatetimeTZDtype Float64Dtype Index "
    "Int32Dtype Int64Dtype MultiIndex NA NaT Period PeriodDtype PeriodIndex RangeIndex Series StringDtype Timedelta "
    "Timestamp",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.missing": "NA NAType",
    "pandas._libs.tslibs.nattype": "_nat_unpickle",
    "pandas._libs.tslibs.offsets": "Day MonthEnd",
    "pandas._libs.tslibs.period": "Period",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp",
    "pandas.arrays": "ArrowStringArray BooleanArray Categorical DatetimeArray FloatingArray IntegerArray PeriodArray "
    "StringArray TimedeltaArray",
    "pandas.core.indexes.base": "_new_Index",
    "pandas.core.indexes.datetimes": "_new_DatetimeIndex",
    "pandas.core.indexes.period": "_new_PeriodIndex",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pyarrow.lib": "_restore_array py_buffer type_for_alias",
}

_publish: Callable[[dict[str, Any]], None] | None = None
_handed_on = 0


def figure_block(
    draw: Draw,
    *,
    alt: str,
    height_mm: float,
    caption: str = "",
    width: Width = "full",
    narrow_height_mm: float | None = None,
) -> FigureBlock:
    """A figure for the report: for the paper's width, and where that is the full width also for a phone's."""
    if width == "half":
        return FigureBlock(_picture(draw, style.HALF_WIDTH_MM, height_mm), alt, caption, width)
    narrow = _picture(draw, style.NARROW_WIDTH_MM, narrow_height_mm or height_mm)
    return FigureBlock(_picture(draw, style.PAGE_WIDTH_MM, height_mm), alt, caption, width, narrow)


# ---- in the notebook's process ----


def hand_drawings_on(publish: Callable[[dict[str, Any]], None]) -> None:
    """From now on drawings are published as messages and not drawn here."""
    global _publish
    _publish = publish


def _picture(draw: Draw, width_mm: float, height_mm: float) -> bytes:
    """The drawing as SVG, or its ticket where drawings are handed on."""
    global _handed_on
    if _publish is None:
        return figure_svg(draw, width_mm, height_mm)
    try:
        told = pickle.dumps((draw, width_mm, height_mm, spoken()))
        _Drawings(io.BytesIO(told)).load()
    except (pickle.PickleError, AttributeError, TypeError):
        # Drawn by, or from, something that lives in this process alone, or that the other one would refuse.
        return figure_svg(draw, width_mm, height_mm)
    _handed_on += 1
    ticket = _TICKET.format(number=_handed_on)
    _publish({DRAWING_MIME: {"ticket": ticket, "drawing": base64.b64encode(told).decode("ascii")}})
    return ticket.encode("ascii")


# ---- in the process that runs the notebook ----


class DrawingRoom:
    """Draws what the cells of a notebook hand on, one after the other, beside everything else."""

    def __init__(self) -> None:
        self._draughtsman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outcomes-drawing")
        self._pictures: list[tuple[NotebookNode, str, Future[bytes]]] = []
        self._hung: list[Future[None]] = []
        self._turn = sys.getswitchinterval()

    def __enter__(self) -> DrawingRoom:
        sys.setswitchinterval(_TURN_SECONDS)
        return self

    def __exit__(self, *raised: object) -> None:
        gc.unfreeze()
        sys.setswitchinterval(self._turn)
        self._draughtsman.shutdown(wait=False, cancel_futures=True)

    def prepare(self) -> None:
        """Import what drawing needs before the first drawing comes."""
        self._draughtsman.submit(ready_to_draw)
        # A drawing leaves much to clear away; the modules need not be looked through each time.
        self._draughtsman.submit(gc.freeze)

    def take(self, cell: NotebookNode) -> None:
        """Take the drawings out of what a cell gave, and begin with them."""
        kept = []
        for output in cell.get("outputs", ()):
            told = output.get("data", {}).get(DRAWING_MIME)
            if told is None:
                kept.append(output)
                continue
            future = self._draughtsman.submit(_drawn, told["drawing"])
            self._pictures.append((cell, told["ticket"], future))
        if "outputs" in cell:
            cell.outputs = kept

    def hang(self, then: Callable[[], None]) -> None:
        """Put every picture taken so far in the place of its ticket once it is drawn, and then go on as told."""
        pictures, self._pictures = self._pictures, []

        def hung() -> None:
            _hang(pictures)
            then()

        self._hung.append(self._draughtsman.submit(hung))

    def wait(self) -> None:
        """Until all that hangs is done. Raises what went wrong; ReportStopped where a picture could not be drawn."""
        for future in self._hung:
            future.result()
        self._hung.clear()


def _hang(pictures: Sequence[tuple[NotebookNode, str, Future[bytes]]]) -> None:
    for cell, ticket, future in pictures:
        svg, problem = b"", None
        try:
            svg = future.result()
        except Exception as error:
            problem = ReportStopped(f"a figure of the report could not be drawn: {type(error).__name__}")
        # Raised out here: inside `except` it would carry the library's error, which quotes records.
        if problem is not None:
            raise problem
        for output in cell.outputs:
            output["data"] = _with_picture(output.get("data", {}), ticket, svg.decode("utf-8"))
    if any(_ANY_TICKET.search(repr(output)) for cell, _, _ in pictures for output in cell.outputs):
        raise ReportStopped("a figure of the report has no picture")


class _Drawings(pickle.Unpickler):
    """Takes in what a drawing is made of, our functions that draw and tables, and nothing else.

    A message comes from the notebook's process, which is ours and runs templates of the package alone; should
    anything else ever speak there, it must not be able to have code run here.
    """

    def find_class(self, module: str, name: str) -> Any:
        ours = module.startswith(_FIGURES) and name.startswith("draw_")
        # A name with a dot would walk on from what is listed to what is not.
        if "." not in name and (ours or name in _NAMED.get(module, "").split()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError("a drawing holds something that is neither ours nor a table")


def _drawn(told: str) -> bytes:
    draw, width_mm, height_mm, language = _Drawings(io.BytesIO(base64.b64decode(told))).load()
    with speaking(language):
        return figure_svg(draw, width_mm, height_mm)


def _with_picture(data: Any, ticket: str, svg: str) -> dict[str, Any]:
    """What a block offers in each of its forms, the picture in the place of the ticket."""
    forms = {
        HTML_MIME: (_base64(ticket), _base64(svg)),
        TYPST_MIME: (ticket, typst_data(svg)[1:-1]),
    }
    return {mime: _replaced(value, *forms.get(mime, (ticket, svg))) for mime, value in data.items()}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {name: _replaced(one, old, new) for name, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, old, new) for one in value]
    return value
