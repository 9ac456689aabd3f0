"""Sheets of a typed paper diary as rows of text, from a workbook or a CSV, and one day of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outcomes.errors import FileProblem, InvalidRecords
from outcomes.records.archives import plain_copy
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.delimited import header_under, read_bytes, read_text

_ZIPPED = (".xlsx", ".xlsm", ".ods")
_WORKBOOKS = (*_ZIPPED, ".xls")
_MOST_CELLS = 2_000_000
#: An old workbook is one stream that nothing needs to inflate.
_MOST_XLS_BYTES = 50_000_000
_TICKED = frozenset(("x", "✓", "✔", "☑", "☒", "✗", "1", "yes", "y", "true"))
_EMPTY = frozenset(("", "0", "no", "n", "false", "☐", "-"))
NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True)
class Sheet:
    """One sheet: what messages call it, its own name, and its rows as text from row 1."""

    file: str
    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PaperDay:
    """One day as written. `unclear` says why it cannot be used; `cells` are columns of the dictionary."""

    file: str
    row: int
    day: str
    cells: Mapping[str, str] = field(default_factory=dict)
    unclear: str = ""
    key_is_day: bool = False


def ticked(text: str) -> bool | None:
    """Whether a box is ticked; None where something else stands in it."""
    plain = text.strip().casefold()
    return True if plain in _TICKED else False if plain in _EMPTY else None


def number(text: str, most: float) -> float | None:
    """A number from 0; None where it is not one, or higher than it can be."""
    text = text.strip()
    return float(text) if NUMBER.fullmatch(text) and float(text) <= most else None


def read_sheets(path: Path, settings: ImportSettings) -> list[Sheet]:
    """The sheets of one file; the one that the option `sheet` names, where it does."""
    if path.suffix.lower() not in _WORKBOOKS:
        return [_text_sheet(path)]
    data = read_bytes(path)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"sheet{path.suffix.lower()}"
        if path.suffix.lower() in _ZIPPED:
            plain_copy(path, copy, path.name).close()
        elif len(data) > _MOST_XLS_BYTES:
            raise InvalidRecords(
                [f"{path.name}: too large for a diary. Save it as .xlsx with the diary alone."]
            )
        else:
            copy.write_bytes(data)
        sheets = _workbook_sheets(path.name, copy)
    wanted = settings.options.get("sheet")
    if wanted is None:
        return sheets
    named = [sheet for sheet in sheets if sheet.name == wanted]
    if not named:
        raise InvalidRecords([f"{path.name}: has no sheet of the name given with --option sheet."])
    return named


def _text_sheet(path: Path) -> Sheet:
    text = read_text(path)
    widths = {mark: len(header_under(text, mark) or ()) for mark in (",", ";", "\t")}
    proven = [mark for mark, width in widths.items() if width > 1]
    if len(proven) != 1:
        raise InvalidRecords(
            [f"{path.name}: not a table with a header. Save the diary as CSV or a workbook."]
        )
    try:
        rows = tuple(
            tuple(cell.strip() for cell in row)
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=proven[0], strict=True)
        )
    except csv.Error:
        raise InvalidRecords(
            [f"{path.name}: a quotation mark is opened and not closed. Save it again."]
        ) from None
    return Sheet(path.name, path.stem, rows)


def _workbook_sheets(file: str, copy: Path) -> list[Sheet]:
    import python_calamine

    sheets = []
    try:
        with python_calamine.CalamineWorkbook.from_path(copy) as workbook:
            for position, name in enumerate(workbook.sheet_names, start=1):
                sheet = workbook.get_sheet_by_name(name)
                if sheet.total_height * sheet.total_width > _MOST_CELLS:
                    raise InvalidRecords([f"{file}: sheet {position} is too large for a diary."])
                # Empty rows at the head count as rows: positions are those that a spreadsheet shows.
                rows = sheet.to_python(skip_empty_area=False)
                cells = tuple(tuple(_text(cell) for cell in row) for row in rows)
                sheets.append(Sheet(f"{file} › sheet {position}", name, cells))
    except InvalidRecords:
        raise
    except OSError as error:
        raise FileProblem(f"{file}: cannot be read ({type(error).__name__}).") from None
    except BaseException as error:
        # The library is written in another language, whose faults come out as bare exceptions.
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise InvalidRecords([f"{file}: not a workbook, or not whole. Save it again."]) from None
    return sheets


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time(0) else cell.isoformat(" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()
