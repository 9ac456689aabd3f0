"""A report's tables as a workbook and as CSV, its figures as files: the very words that its page shows.

Each form takes an executed notebook and reads what its blocks say of themselves (`BLOCK_MIME`), so nothing can
reach a file that the page does not show, rounded and disclosure-safe as it stands there. The same notebook
gives the same bytes. docs/decisions/report-forms.md says why.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outcomes.errors import ReportStopped
from outcomes.files import slug, without_formula
from outcomes.reporting import style
from outcomes.reporting.formatting import read_number
from outcomes.reporting.typesetting import PageMarks, report_outputs
from outcomes.reporting.words import BLOCK_MIME, escape_html, typst_data

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: The forms of this module, as `--format` names them.
FORMS = ("xlsx", "csv", "figures")
#: What they write into the report's folder, a folder with a stroke behind its name.
NAMES = ("report.xlsx", "tables/", "figures/")

AUTHOR = "outcomes"
#: Spreadsheets keep when they were made; a fixed day gives the same bytes on every day.
_CREATED = dt.datetime(2000, 1, 1)
_LONGEST_SHEET_NAME = 31
_FIGURE_PPI = 200.0
_WIDEST_COLUMN = 60


@dataclass(frozen=True)
class ShownTable:
    """One table as the page shows it: texts only. `heading` is the last one above it."""

    number: int
    heading: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    language: str

    @property
    def name(self) -> str:
        """`03-before-and-after`: for its file and its sheet."""
        return f"{self.number:02d}-{slug(self.heading, 'table')}"

    @property
    def title(self) -> str:
        return f"{self.heading}: {self.caption}" if self.caption else self.heading


@dataclass(frozen=True)
class ShownFigure:
    """One figure as the page shows it, drawn for the paper's width."""

    number: int
    heading: str
    svg: str
    alt: str
    caption: str

    @property
    def name(self) -> str:
        return f"{self.number:02d}-{slug(self.heading, 'figure')}"


def other_forms(
    run: NotebookNode, formats: Sequence[str], *, title: str, marks: PageMarks
) -> dict[str, bytes]:
    """The files of every form in `formats` that is one of this module's; `tables/…` lies in a folder."""
    files: dict[str, bytes] = {}
    if "xlsx" in formats:
        files["report.xlsx"] = build_workbook(run, title=title, marks=marks)
    if "csv" in formats:
        files |= build_csv_tables(run, title=title, marks=marks)
    if "figures" in formats:
        files |= build_figures(run, title=title, marks=marks)
    return files


# ---- what the notebook shows ----


def shown_tables(run: NotebookNode) -> tuple[ShownTable, ...]:
    """Every table and every row of key figures, in the order of the page."""
    tables: list[ShownTable] = []
    for heading, block in _with_headings(run):
        if block["kind"] not in ("table", "key_figures"):
            continue
        columns, rows = _cells(block)
        tables.append(
            ShownTable(
                len(tables) + 1,
                heading,
                block.get("caption", ""),
                columns,
                rows,
                tuple(block.get("notes", ())),
                block["language"],
            )
        )
    return tuple(tables)


def shown_figures(run: NotebookNode) -> tuple[ShownFigure, ...]:
    """Every figure, in the order of the page."""
    found = [(heading, block) for heading, block in _with_headings(run) if block["kind"] == "figure"]
    return tuple(
        ShownFigure(number, heading, block["svg"], block["alt"], block["caption"])
        for number, (heading, block) in enumerate(found, start=1)
    )


def _cells(block: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    if block["kind"] == "table":
        return tuple(block["columns"]), tuple(tuple(row) for row in block["rows"])
    rows = ((item["label"], item["value"], "; ".join(item["lines"])) for item in block["items"])
    return ("", "value", "with it"), tuple(rows)


def _with_headings(run: NotebookNode) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each block's own account, with the heading that it stands under."""
    heading = "At a glance"
    for data in report_outputs(run):
        for block in _flat(data.get(BLOCK_MIME)):
            if block["kind"] == "heading":
                heading = block["text"]
            yield heading, block


def _flat(told: object) -> Iterator[dict[str, Any]]:
    """The block, or those that stand side by side in it."""
    # A notebook read from a file holds the same thing as JSON text.
    block = json.loads(told) if isinstance(told, str) else told
    if not isinstance(block, dict):
        return
    if block["kind"] != "columns":
        yield block
        return
    for inner in block["blocks"]:
        yield from _flat(inner)


# ---- a workbook ----


def build_workbook(run: NotebookNode, *, title: str, marks: PageMarks) -> bytes:
    """`report.xlsx`: what it is on the first sheet, then a sheet per table. No formula, no link, no hidden part.

    A cell that shows a number holds that number, as rounded as it is shown; every other cell is text.
    """
    import xlsxwriter

    tables = shown_tables(run)
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": title, "author": AUTHOR, "created": _CREATED})
    looks = _looks(book)
    _write_about(book, looks, tables, title, marks)
    for table in tables:
        _write_table(book, looks, table, marks)
    book.close()
    return buffer.getvalue()


def _looks(book: Any) -> dict[str, Any]:
    wanted: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 14, "font_color": style.INK},
        "header": {"font_color": style.QUIET, "bottom": 1, "text_wrap": True, "valign": "bottom"},
        "text": {"num_format": "@", "text_wrap": True, "valign": "top"},
        "quiet": {"font_color": style.QUIET, "num_format": "@"},
    }
    return {name: book.add_format(look) for name, look in wanted.items()}


def _write_about(
    book: Any, looks: Mapping[str, Any], tables: Sequence[ShownTable], title: str, marks: PageMarks
) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, title, looks["title"])
    for row, line in enumerate((marks.header, marks.footer), start=1):
        sheet.write_string(row, 0, line, looks["text"])
    for row, table in enumerate(tables, start=4):
        sheet.write_string(row, 0, f"{_sheet_name(table)}: {table.title}", looks["quiet"])


def _write_table(book: Any, looks: Mapping[str, Any], table: ShownTable, marks: PageMarks) -> None:
    sheet = book.add_worksheet(_sheet_name(table))
    sheet.write_string(0, 0, table.title, looks["title"])
    sheet.write_string(1, 0, marks.header, looks["quiet"])
    top = 3
    for column, name in enumerate(table.columns):
        sheet.write_string(top, column, name, looks["header"])
        longest = max((len(row[column]) for row in table.rows), default=0)
        sheet.set_column(column, column, min(_WIDEST_COLUMN, max(10, longest + 2, len(name) + 2)))
    for row, cells in enumerate(table.rows, start=top + 1):
        for column, text in enumerate(cells):
            _write_cell(book, sheet, looks, row, column, text, table.language)
    below = top + len(table.rows) + 2
    for row, note in enumerate((*table.notes, marks.footer), start=below):
        sheet.write_string(row, 0, note, looks["quiet"])
    sheet.freeze_panes(top + 1, 1)


def _write_cell(
    book: Any, sheet: Any, looks: Mapping[str, Any], row: int, column: int, text: str, language: str
) -> None:
    found = None if column == 0 else read_number(text, language)
    if found is None:
        sheet.write_string(row, column, text, looks["text"])
        return
    places = "." + "0" * found.decimals if found.decimals else ""
    shape = f"0{places}%" if found.is_percent else f"#,##0{places}"
    value = float(found.value / 100 if found.is_percent else found.value)
    sheet.write_number(row, column, value, book.add_format({"num_format": shape, "valign": "top"}))


def _sheet_name(table: ShownTable) -> str:
    return table.name[:_LONGEST_SHEET_NAME].rstrip("-")


# ---- CSV ----


def build_csv_tables(run: NotebookNode, *, title: str, marks: PageMarks) -> dict[str, bytes]:
    """`tables/NN-name.csv` for each table, and `tables/about.txt` with what a table alone does not say.

    UTF-8 with the mark that spreadsheets need. Numbers have a point and no separator of thousands; a percentage
    keeps its sign; a text that a spreadsheet would work out begins with an apostrophe.
    """
    tables = shown_tables(run)
    files = {f"tables/{table.name}.csv": _csv(table) for table in tables}
    lines = [title, marks.header, marks.footer]
    for table in tables:
        lines += ["", f"{table.name}.csv: {table.title}", *table.notes]
    return {**files, "tables/about.txt": _text(lines)} if files else {}


def _csv(table: ShownTable) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    # A column of names has no heading on the page; programs want one.
    writer.writerow([without_formula(name or "row") for name in table.columns])
    for cells in table.rows:
        writer.writerow(
            [
                without_formula(cells[0]),
                *(_csv_cell(text, table.language) for text in cells[1:]),
            ]
        )
    return written.getvalue().encode("utf-8-sig")


def _csv_cell(text: str, language: str) -> str:
    found = read_number(text, language)
    if found is None:
        return without_formula(text)
    return f"{found.value:f}%" if found.is_percent else f"{found.value:f}"


# ---- figures ----


def build_figures(run: NotebookNode, *, title: str, marks: PageMarks) -> dict[str, bytes]:
    """`figures/NN-name.svg` and `.png`, and `figures/about.txt` with captions and text alternatives.

    Neither holds metadata; the SVG carries its text alternative, the PNG is white paper at 200 dots per inch.
    """
    files: dict[str, bytes] = {}
    lines = [title, marks.header, marks.footer]
    for figure in shown_figures(run):
        files[f"figures/{figure.name}.svg"] = plain_svg(figure.svg, figure.alt).encode("utf-8")
        files[f"figures/{figure.name}.png"] = png_of(figure.svg)
        lines += ["", f"{figure.name}: {figure.alt}", *([figure.caption] if figure.caption else [])]
    return {**files, "figures/about.txt": _text(lines)} if files else {}


_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_OPENING = re.compile(r"<svg\b[^>]*>")


def plain_svg(svg: str, alt: str) -> str:
    """The drawing without what it says about its making, with its words for those who do not see it."""
    named = _METADATA.sub("", svg)
    return _OPENING.sub(lambda found: f"{found.group()}\n <title>{escape_html(alt)}</title>", named, count=1)


def png_of(svg: str) -> bytes:
    """The drawing in dots. Its letters are outlines, so no typeface is asked for."""
    import typst

    page = "#set page(width: auto, height: auto, margin: 4pt, fill: white)\n"
    source = f'{page}#image(bytes({typst_data(svg)}), format: "svg")'
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(style.font_folder())]
    )
    try:
        return bytes(typst.compile(source.encode("utf-8"), font_paths=fonts, format="png", ppi=_FIGURE_PPI))
    except typst.TypstError:
        pass
    raise ReportStopped("a figure of the report could not be written as PNG; nothing was written")


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8-sig")
