"""Workbooks (.xlsx, .xls, .ods): which sheets are read, and their cells as text, each row under its own number.

A workbook is looked at twice. First the container: sizes, hidden things, how far the cells reach. Then the
sheets that are wanted, cell by cell as they are shown; formulas are never worked out.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.engine import Engine
from outcomes.errors import InvalidRecords
from outcomes.files import opened_for_reading, scratch
from outcomes.records.archives import plain_copy
from outcomes.records.hidden_contents import found_beside, look_into_ods, look_into_xlsx, warning
from outcomes.records.loading import ROW_NUMBER, cell_text, load_rows
from outcomes.records.ods_cells import scan_ods
from outcomes.records.old_workbooks import old_rows, old_sheets
from outcomes.records.raw import Opened, RawTable
from outcomes.records.schema import EXPLAINED_SHEET, TABLES
from outcomes.records.sheet_cells import SheetCells, scan_xlsx_sheet

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK"
_SHOWN = 20

Rows = Iterator[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class _Readable:
    """A sheet that can be read: `merged` gives rows (from 1) with merged cells, `rows` every row from row 1."""

    name: str
    rows: Callable[[str], tuple[list[int], Rows]]


def open_workbook(path: Path, engine: Engine, wanted: Collection[str] | None) -> Opened:
    """Read the wanted sheets of a workbook; `wanted` None: those named like tables of the data dictionary.

    A wanted name is a sheet's, or `clinic.xlsx › Sheet`; the file's own name takes the sheet of a workbook that
    has only one. Raises FileProblem where the file cannot be opened at all; everything else is in `problems`.
    """
    opened = Opened()
    names = TABLES.keys() if wanted is None else wanted
    try:
        with opened_for_reading(path) as file:
            first = file.read(8)
        kind = _kind(path, first)
        with scratch() as folder:
            if kind == ".xls":
                _open_old(path, engine, names, opened)
            else:
                with plain_copy(path, folder / f"copy{kind}", path.name) as archive:
                    open_kind = _open_xlsx if kind == ".xlsx" else _open_ods
                    open_kind(path, folder / f"copy{kind}", archive, engine, names, opened)
    except InvalidRecords as error:
        opened.problems += error.problems
    return opened


def _kind(path: Path, first: bytes) -> str:
    """The suffix, where the first bytes bear it out. Raises InvalidRecords."""
    suffix = path.suffix.lower()
    problem = ""
    if not first:
        problem = "the file is empty. Save it again with a header row and its records."
    elif suffix == ".xlsm":
        problem = "a workbook that may hold programs (macros). Save it as an .xlsx workbook."
    elif suffix == ".xls" and not first.startswith(_OLE):
        problem = "not an old workbook, whatever its name says. Open it and save it as .xlsx."
    elif suffix in (".xlsx", ".ods") and first.startswith(_OLE):
        problem = (
            "protected by a password, or an old .xls workbook under another name. Save it as .xlsx without "
            "a password."
        )
    elif suffix not in (".xlsx", ".xls", ".ods") or (suffix != ".xls" and not first.startswith(_ZIP)):
        problem = "not a workbook, whatever its name says. Open it and save it as .xlsx."
    if problem:
        raise InvalidRecords([f"{path.name}: {problem}"])
    return suffix


def _open_xlsx(
    path: Path, copy: Path, archive: zipfile.ZipFile, engine: Engine, names: Collection[str], opened: Opened
) -> None:
    sheets, findings = look_into_xlsx(archive, path.name)
    opened.findings += findings
    members = {name.casefold(): name for name in archive.namelist()}

    def cells_of(part: str, label: str) -> SheetCells:
        member = members.get(part.casefold())
        if member is None or "worksheets/" not in member.casefold():
            raise InvalidRecords([f"{label}: not a sheet of cells. Give a sheet that holds a table."])
        return scan_xlsx_sheet(lambda: archive.open(member), label)

    readable = []
    for sheet in sheets:

        def rows(label: str, name: str = sheet.name, part: str = sheet.part) -> tuple[list[int], Rows]:
            return _library_rows(copy, name, cells_of(part, label), label)

        readable.append(_Readable(sheet.name, rows))
    _read_wanted(path, readable, engine, names, opened)


def _open_ods(
    path: Path, copy: Path, archive: zipfile.ZipFile, engine: Engine, names: Collection[str], opened: Opened
) -> None:
    opened.findings += look_into_ods(archive, path.name)
    with archive.open("content.xml") as file:
        content = scan_ods(file, path.name)
    content.beside["hidden sheet"] += content.hidden
    opened.findings += found_beside(content.beside, path.name)
    if len({name.casefold() for name in content.names}) < len(content.names):
        raise InvalidRecords([f"{path.name}: two sheets have the same name. Name them apart."])
    readable = []
    for name, cells in zip(content.names, content.sheets, strict=True):

        def rows(label: str, name: str = name, cells: SheetCells = cells) -> tuple[list[int], Rows]:
            return _library_rows(copy, name, cells, label)

        readable.append(_Readable(name, rows))
    _read_wanted(path, readable, engine, names, opened)


def _open_old(path: Path, engine: Engine, names: Collection[str], opened: Opened) -> None:
    sheets = old_sheets(path, path.name)
    hidden = sum(1 for sheet in sheets if not sheet.visible)
    opened.findings += found_beside(Counter({"hidden sheet": hidden}), path.name)
    problem = (
        "an old .xls workbook: only its sheets can be looked at, not its comments, names, links and caches; and "
        "a cell with an error, or a formula without a value, reads as empty."
    )
    opened.findings.append(
        warning("PRV-OLD-FORMAT", path.name, problem, "Save it as .xlsx, of which everything is looked at.")
    )
    readable = []
    for position, sheet in enumerate(sheets):

        def rows(label: str, position: int = position) -> tuple[list[int], Rows]:
            lines = old_rows(path, label, position)
            return [row + 1 for row in next(lines, [])], enumerate(lines, start=1)

        if sheet.of_cells:
            readable.append(_Readable(sheet.name, rows))
    _read_wanted(path, readable, engine, names, opened)


def _read_wanted(
    path: Path, sheets: Sequence[_Readable], engine: Engine, names: Collection[str], opened: Opened
) -> None:
    """Read the sheets whose names are wanted, and count the others."""
    if any(finding.level == "identity" for finding in opened.findings):
        # The gate has stopped it: nothing of such a workbook is loaded.
        return
    known = {name.casefold() for name in names}
    chosen = [
        sheet for sheet in sheets if known & {sheet.name.casefold(), f"{path.name} › {sheet.name}".casefold()}
    ]
    only = not chosen and len(sheets) == 1 and bool(known & {path.stem.casefold(), path.name.casefold()})
    for sheet in sheets if only else chosen:
        name = path.stem if only else sheet.name
        label = path.name if only else f"{path.name} › {sheet.name}"
        try:
            opened.tables.append(_read_sheet(path, sheet, name, label, engine))
        except InvalidRecords as error:
            opened.problems += error.problems
    if not (chosen or only):
        many = {0: "it has no sheet with", 1: "its sheet does not have"}.get(
            len(sheets), f"none of its {len(sheets)} sheets has"
        )
        opened.problems.append(
            f"{path.name}: {many} the name of a table. The sheet must be named: {', '.join(TABLES)}; or say in "
            "mapping.toml which sheet is which."
        )
    elif left := len(
        [one for one in sheets if one not in chosen and one.name != EXPLAINED_SHEET] if chosen else []
    ):
        what = "1 further sheet was" if left == 1 else f"{left} further sheets were"
        remedy = "Name sheets after their tables, or say in mapping.toml which is which."
        opened.findings.append(warning("not_read", path.name, f"{what} not read.", remedy, left))


def _read_sheet(path: Path, sheet: _Readable, name: str, label: str, engine: Engine) -> RawTable:
    """Load one sheet: row 1 is the header, blank rows are left out, and every row keeps its number."""
    merged, rows = sheet.rows(label)
    if merged:
        first = ", ".join(str(row) for row in merged[:_SHOWN])
        more = f" (+{len(merged) - _SHOWN} more)" if len(merged) > _SHOWN else ""
        raise InvalidRecords(
            [
                f"{label}, row{'s' if len(merged) > 1 else ''} {first}{more}: merged cells, of which only one holds "
                "the value. Unmerge them and fill each cell."
            ]
        )
    header = [cell_text(cell) or "" for cell in next(rows, (1, []))[1]]
    if not any(written.strip() for written in header):
        raise InvalidRecords([f"{label}, row 1: no header. The first row must hold the column names."])
    loaded = load_rows(engine, label, header, ((number, row) for number, row in rows if not _is_blank(row)))
    return RawTable(name, label, path.name, loaded.name, loaded.columns, ROW_NUMBER, None, (path,))


def _is_blank(row: Sequence[Any]) -> bool:
    for cell in row:
        if cell is None or cell == "" or (isinstance(cell, str) and cell.isspace()):
            continue
        return False
    return True


def _library_rows(copy: Path, name: str, cells: SheetCells, label: str) -> tuple[list[int], Rows]:
    """The merged rows and all rows of a sheet, its errors and formulas without a value put back."""
    from python_calamine import load_workbook

    with _words_of_the_library(label):
        book = load_workbook(copy)
        sheet = book.get_sheet_by_name(name)
        merged = set(cells.merged_rows)
        for (row, column), _ in sheet.merged_cell_ranges or ():
            if row <= cells.last_row and column <= cells.last_column:
                merged.add(row)
    return [row + 1 for row in sorted(merged)], _laid_out(sheet, cells, label)


def _laid_out(sheet: Any, cells: SheetCells, label: str) -> Rows:
    """Every row from row 1, from column A on, as wide as the sheet."""
    width = cells.last_column + 1
    offset = sheet.start[1] if sheet.start else 0
    lines = iter(sheet.iter_rows()) if sheet.start else iter(())
    row = -1
    with _words_of_the_library(label):
        while (line := next(lines, None)) is not None or row < cells.last_row:
            row += 1
            whole: list[Any] = [None] * offset + line if offset and line else line or []
            if len(whole) < width:
                whole += [None] * (width - len(whole))
            for column, text in cells.in_row(row):
                whole[column] = text
            yield row + 1, whole


@contextmanager
def _words_of_the_library(label: str) -> Iterator[None]:
    """The library's own messages quote the workbook; its panics are no ordinary exceptions."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, InvalidRecords):
            raise
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise InvalidRecords(
            [f"{label}: cannot be read as a sheet. Open it in the spreadsheet program and save it again."]
        ) from None
