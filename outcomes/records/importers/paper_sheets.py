"""Sheets of a typed paper diary as rows of text, from a workbook or a CSV, and one day of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outcomes.errors import InvalidRecords
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.delimited import header_under, read_text

_WORKBOOKS = (".xlsx", ".xlsm", ".ods", ".xls")
_MOST_ROWS = 20_000
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
    sheets = _workbook_sheets(path)
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


def _workbook_sheets(path: Path) -> list[Sheet]:
    """All sheets, through the doors by which records come in: workbooks can be traps."""
    from outcomes.engine import Engine, identifier
    from outcomes.records.every_table import tables_in

    engine, problems = Engine(), list[str]()
    sheets = []
    for position, (raw, _) in enumerate(tables_in(path, engine, problems), start=1):
        listed = ", ".join(identifier(column.name) for column in raw.columns)
        lines = {1: tuple(column.written.strip() for column in raw.columns)}
        found = engine.rows(f"SELECT {raw.row_number}, {listed} FROM {raw.scan} ORDER BY 1")
        if len(found) > _MOST_ROWS:
            problems.append(f"{path.name}: sheet {position} is too large for a diary.")
            continue
        for row, *cells in found:
            lines[row] = tuple(str(cell or "").strip() for cell in cells)
        empty = ("",) * len(raw.columns)
        rows = tuple(lines.get(row, empty) for row in range(1, max(lines) + 1))
        sheets.append(Sheet(f"{path.name} › sheet {position}", raw.name, rows))
    if problems:
        raise InvalidRecords(problems)
    return sheets
