"""Figures drawn beside the computing: the same picture in the place of its ticket, in every form of a block."""

from __future__ import annotations

import base64
import decimal
import functools
import io
import os
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ReportStopped
from outcomes.reporting import drawings, figures
from outcomes.reporting.language import Said
from outcomes.reporting.words import HTML_MIME, TYPST_MIME, typst_data

FRAME = pd.DataFrame({"week": range(-8, 9), "share": 0.9})
DRAW = partial(figures.draw_completeness, FRAME)


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(drawings, "_publish", messages.append)
    yield messages


def notebook_of(messages: list[dict[str, Any]], shown: dict[str, Any]) -> Any:
    """A run of one cell that published these messages and then showed this."""
    outputs = [nbformat.v4.new_output("display_data", data) for data in (*messages, shown)]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("figure", outputs=outputs)])


def test_a_figure_drawn_elsewhere_is_the_one_drawn_here(handed_on, monkeypatch) -> None:
    there = drawings.figure_block(DRAW, alt="a line", height_mm=45, width="half")
    assert len(handed_on) == 1 and b"svg" not in there.svg
    run, done = notebook_of(handed_on, there._repr_mimebundle_()), []
    with drawings.DrawingRoom() as room:
        room.take(run.cells[0])
        room.hang(lambda: done.append(len(run.cells)))
        room.wait()
    assert done == [1]
    monkeypatch.setattr(drawings, "_publish", None)
    here = drawings.figure_block(DRAW, alt="a line", height_mm=45, width="half")
    assert [dict(output["data"]) for output in run.cells[0].outputs] == [here._repr_mimebundle_()]
    shown = run.cells[0].outputs[0]["data"]
    assert base64.b64encode(here.svg).decode() in shown[HTML_MIME]
    assert typst_data(here.svg.decode()) in shown[TYPST_MIME]


def test_both_widths_have_a_ticket_of_their_own(handed_on) -> None:
    block = drawings.figure_block(DRAW, alt="a line", height_mm=45)
    assert len(handed_on) == 2 and block.svg != block.narrow_svg


def test_what_no_other_process_could_know_is_drawn_at_once(handed_on) -> None:
    block = drawings.figure_block(
        lambda ax: figures.draw_completeness(FRAME, ax=ax), alt="a line", height_mm=45, width="half"
    )
    assert not handed_on and block.svg.startswith(b"<?xml")


def broken(*_: object, ax: Any) -> None:
    raise ValueError("patient P-0001 cannot be drawn")


def test_a_figure_that_cannot_be_drawn_stops_the_report_and_quotes_nothing(handed_on, monkeypatch) -> None:
    block = drawings.figure_block(DRAW, alt="a line", height_mm=45, width="half")
    monkeypatch.setattr(figures, "draw_completeness", broken)
    run = notebook_of(handed_on, block._repr_mimebundle_())
    with drawings.DrawingRoom() as room:
        room.take(run.cells[0])
        with pytest.raises(ReportStopped, match="could not be drawn: ValueError") as stopped:
            room.hang(lambda: pytest.fail("there is nothing to go on with"))
            room.wait()
    assert "P-0001" not in str(stopped.value) and stopped.value.__context__ is None


def test_a_ticket_without_a_picture_stops_the_report(handed_on) -> None:
    blocks = [drawings.figure_block(DRAW, alt="a line", height_mm=45, width="half") for _ in range(2)]
    shown = {HTML_MIME: "".join(block.as_html() for block in blocks), TYPST_MIME: blocks[1].as_typst()}
    run = notebook_of(handed_on[:1], shown)
    with drawings.DrawingRoom() as room:
        room.take(run.cells[0])
        with pytest.raises(ReportStopped, match="no picture"):
            room.hang(lambda: pytest.fail("there is nothing to go on with"))
            room.wait()


@pytest.mark.parametrize("named", [os.system, eval, pd.read_pickle, pd.eval, print, np.load])
def test_a_message_can_have_nothing_run_but_what_draws(named: object) -> None:
    """Pickling a function says its name; taking it in is where code would be reached."""
    told = base64.b64encode(pickle.dumps((functools.partial(named, "x"), 80.0, 50.0, None))).decode("ascii")
    with pytest.raises(pickle.UnpicklingError, match="neither ours nor a table"):
        drawings._drawn(told)


def test_tables_of_every_kind_of_column_arrive_as_they_were_sent() -> None:
    frame = pd.DataFrame(
        {
            "number": [1.5, None],
            "whole": pd.array([1, None], dtype="Int64"),
            "yes": pd.array([True, None], dtype="boolean"),
            "text": ["a", None],
            "category": pd.Categorical(["x", "y"]),
            "date": pd.to_datetime(["2026-01-05", None]),
            "month": pd.PeriodIndex(["2026-01", "2026-02"], freq="M"),
            "thing": [("a", 1), {"b": 2.0}],
        },
        index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
    )
    said = Said("Kopfschmerz", "de")
    sent = pickle.dumps((frame, {"of": np.float64(2.0)}, pd.Timestamp("2026-01-05"), frozenset({1}), said))
    arrived = drawings._Drawings(io.BytesIO(sent)).load()
    pd.testing.assert_frame_equal(arrived[0], frame)
    assert arrived[1:] == ({"of": 2.0}, pd.Timestamp("2026-01-05"), frozenset({1}), said)
    assert isinstance(arrived[-1], Said)


def _told(module: str, name: str, *arguments: object) -> str:
    """A message by hand: what the name stands for, called with texts and numbers."""

    def text(of: str) -> bytes:
        return b"\x8c" + bytes([len(of)]) + of.encode("ascii")

    parts = b"".join(
        text(one) if isinstance(one, str) else b"K" + bytes([int(str(one))]) for one in arguments
    )
    body = text(module) + text(name) + b"\x93(" + parts + b"tR."
    return base64.b64encode(b"\x80\x04" + body).decode("ascii")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy.f2py.crackfortran", "_eval_scalar"),
        ("outcomes.reporting.kernels", "subprocess.Popen"),
        ("outcomes.reporting.figures", "draw_completeness.__builtins__.get"),
        ("pandas", "_testing.contexts.os.system"),
        ("numpy", "memmap"),
        ("pyarrow.lib", "OSFile"),
        ("outcomes.files", "write_private"),
    ],
)
def test_a_message_reaches_nothing_by_a_way_round(module: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match="neither ours nor a table"):
        drawings._drawn(_told(module, name, str(tmp_path / "made"), "w"))
    assert not list(tmp_path.iterdir())


def test_a_table_that_a_message_may_not_hold_is_drawn_where_it_is(handed_on) -> None:
    odd = FRAME.assign(share=[decimal.Decimal("0.9")] * len(FRAME))
    block = drawings.figure_block(
        partial(figures.draw_completeness, odd), alt="a line", height_mm=45, width="half"
    )
    assert b"<svg" in block.svg and not handed_on
