"""Workbook, CSV and figure files: what the page shows and nothing else, no formula, no metadata, the same bytes."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
from typing import Any

import openpyxl
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from outcomes.reporting import exports, page
from outcomes.reporting.language import speaking
from outcomes.reporting.typesetting import PageMarks

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="40pt"><metadata>made 2026 by anna</metadata>'
    b'<rect width="9" height="9"/></svg>'
)
MARKS = PageMarks("share: small numbers hidden", "It does not show a cause.")
TABLE = page.TableBlock(
    ("", "mean", "share", "interval", "patients"),
    (
        ("=HYPERLINK(1)", "−2.6", "27%", "−4.8 to −2.7", "1,234"),
        ("007", "0.0", "28.5%", "–", "≤7"),
        ("+sum", "@x", "=1+1", "-5", "12"),
    ),
    caption="Before and after",
    notes=("=cmd|' /C calc'!A0",),
)
KEY = page.KeyFigures(
    (page.KeyFigure("Days", "12.4 → 8.6", ("−3.8", "110 patients")), page.KeyFigure("Halved", "32%"))
)
FIGURE = page.FigureBlock(SVG, "Mean days fell from 12 to 9.", "A caption")


def run_of(*blocks: page.Block) -> Any:
    outputs = [new_output("display_data", block._repr_mimebundle_()) for block in blocks]
    return new_notebook(cells=[new_code_cell("", outputs=outputs)])


@pytest.fixture(scope="module")
def run() -> Any:
    side = page.Columns(page.Heading("Beside"), (page.Sentence("words"), TABLE))
    return run_of(page.Masthead("Title", "month"), KEY, page.Heading("Course"), FIGURE, TABLE, side)


def forms(run: Any) -> dict[str, bytes]:
    return exports.other_forms(run, exports.FORMS, title="Headache outcomes", marks=MARKS)


def test_every_table_is_there_in_the_order_of_the_page(run: Any) -> None:
    tables = exports.shown_tables(run)
    assert [table.name for table in tables] == ["01-at-a-glance", "02-course", "03-beside"]
    assert tables[0].rows == (("Days", "12.4 → 8.6", "−3.8; 110 patients"), ("Halved", "32%", ""))
    assert tables[1].rows == tables[2].rows == TABLE.rows


def test_a_number_is_a_number_as_shown_and_all_else_is_text(run: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(forms(run)["report.xlsx"]))
    assert book.sheetnames == ["about", "01-at-a-glance", "02-course", "03-beside"]
    rows = [list(row) for row in book["02-course"].iter_rows(min_row=4, max_row=7)]
    assert [cell.value for cell in rows[1]] == ["=HYPERLINK(1)", -2.6, 0.27, "−4.8 to −2.7", 1234]
    assert [cell.value for cell in rows[2]] == ["007", 0, 0.285, "–", "≤7"]
    assert [cell.value for cell in rows[3]] == ["+sum", "@x", "=1+1", -5, 12]
    assert [cell.number_format for cell in rows[1]] == ["@", "#,##0.0", "0%", "@", "#,##0"]
    assert rows[2][2].number_format == "0.0%"


def test_no_sheet_holds_a_formula_a_link_or_a_hidden_part(run: Any) -> None:
    packed = zipfile.ZipFile(io.BytesIO(forms(run)["report.xlsx"]))
    for name in packed.namelist():
        content = packed.read(name)
        assert b"<f>" not in content and b"<f " not in content, name
        assert b"<hyperlink " not in content and b"relationships/hyperlink" not in content, name
        assert b'state="hidden"' not in content and b"definedName" not in content
    about = packed.read("docProps/core.xml").decode()
    assert "<dc:creator>outcomes</dc:creator>" in about
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[^<]*", about)) == {"2000-01-01T00:00:00Z"}


def test_mark_and_limitation_stand_on_every_sheet(run: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(forms(run)["report.xlsx"]))
    for sheet in book:
        said = {str(cell.value) for row in sheet.iter_rows() for cell in row}
        assert {MARKS.header, MARKS.footer} <= said, sheet.title


def test_a_csv_is_read_back_by_a_program_and_worked_out_by_none(run: Any) -> None:
    text = forms(run)["tables/02-course.csv"].decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["row", "mean", "share", "interval", "patients"],
        ["'=HYPERLINK(1)", "-2.6", "27%", "−4.8 to −2.7", "1234"],
        ["007", "0.0", "28.5%", "–", "≤7"],
        ["'+sum", "'@x", "'=1+1", "-5", "12"],
    ]
    about = forms(run)["tables/about.txt"].decode("utf-8-sig")
    assert MARKS.header in about and MARKS.footer in about and "02-course.csv" in about


def test_figures_carry_their_words_and_no_metadata(run: Any) -> None:
    files = forms(run)
    svg = files["figures/01-course.svg"].decode()
    assert "<title>Mean days fell from 12 to 9.</title>" in svg
    assert "metadata" not in svg and "anna" not in svg
    assert FIGURE.alt in files["figures/about.txt"].decode("utf-8-sig")
    png, place, kinds = files["figures/01-course.png"], 8, []
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        kinds.append(kind)
        place += 12 + length
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}


def test_the_same_notebook_gives_the_same_bytes(run: Any) -> None:
    assert forms(run) == forms(run)


def test_a_notebook_without_tables_gives_a_workbook_that_says_what_it_is() -> None:
    files = forms(run_of(page.Masthead("Title", "month")))
    assert list(files) == ["report.xlsx"]
    assert openpyxl.load_workbook(io.BytesIO(files["report.xlsx"])).sheetnames == ["about"]


def test_control_characters_reach_no_file() -> None:
    table = page.TableBlock(("a\x00", "b"), (("\x1b[31m", "\ud800"),))
    files = forms(run_of(table))
    sheet = openpyxl.load_workbook(io.BytesIO(files["report.xlsx"]))["01-at-a-glance"]
    assert sheet["A5"].value == "□[31m"


def test_numbers_of_a_language_with_a_decimal_comma() -> None:
    table = page.TableBlock(("", "x"), (("a", "−1\u202f234,5"), ("b", "27\u202f%"), ("c", "1,234")))
    with speaking("de"):
        run = run_of(table)
    text = exports.build_csv_tables(run, title="t", marks=MARKS)["tables/01-at-a-glance.csv"].decode(
        "utf-8-sig"
    )
    assert list(csv.reader(io.StringIO(text)))[1:] == [["a", "-1234.5"], ["b", "27%"], ["c", "1.234"]]
