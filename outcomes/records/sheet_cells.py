"""A look at every cell of a workbook's XML before a library reads it.

The library lays a sheet out as one rectangle: a cell in the first row and one in the last column of the last
row would fill the memory. It also reads an error and a formula without a value as if nothing stood there.
This finds how far the cells reach, and which of them hold no value that can be read.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

from outcomes.errors import InvalidRecords
from outcomes.records.raw import ERROR_CELLS, FORMULA_WITHOUT_VALUE

#: The rectangle of one sheet: a million rows of twelve columns.
MAX_AREA = 12_600_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
#: Elements that are looked at one by one; past them, the time would be too long.
_MAX_ELEMENTS = 15_000_000
_CHUNK = 1 << 20
_TEXTS = tuple(ERROR_CELLS)
_CODES = {text: code for code, text in enumerate(_TEXTS)}


@dataclass
class SheetCells:
    """How far the cells of a sheet reach (from 0; −1 for none), and the text of those without a value."""

    last_row: int = -1
    last_column: int = -1
    merged_rows: list[int] = field(default_factory=list)
    _keys: array[int] = field(default_factory=lambda: array("q"))
    _codes: array[int] = field(default_factory=lambda: array("B"))
    _sorted: bool = True

    def reach(self, row: int, column: int) -> None:
        """A cell stands there. Raises ValueError where the rectangle of the sheet becomes too large."""
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)
        if (
            self.last_row >= MAX_ROWS
            or self.last_column >= MAX_COLUMNS
            or (self.last_row + 1) * (self.last_column + 1) > MAX_AREA
        ):
            raise ValueError("too far apart")

    def without_value(self, row: int, column: int, text: str) -> None:
        """The cell shows an error, or is a formula that nobody has worked out."""
        key = row * MAX_COLUMNS + column
        self._sorted = self._sorted and (not self._keys or self._keys[-1] < key)
        self._keys.append(key)
        self._codes.append(_CODES.get(text, _CODES["#VALUE!"]))

    def in_row(self, row: int) -> Iterator[tuple[int, str]]:
        """Column and text of the row's cells without a value."""
        if not self._keys:
            return
        if not self._sorted:
            order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
            self._codes = array("B", (self._codes[place] for place in order))
            self._keys = array("q", sorted(self._keys))
            self._sorted = True
        place = bisect_left(self._keys, row * MAX_COLUMNS)
        while place < len(self._keys) and self._keys[place] < (row + 1) * MAX_COLUMNS:
            yield self._keys[place] % MAX_COLUMNS, _TEXTS[self._codes[place]]
            place += 1


def parse(file: IO[bytes], parser: Any, label: str) -> None:
    """Feed a file to an XML parser. Raises InvalidRecords where it is not XML, or goes too far."""

    def refuse_declarations(*_: Any) -> None:
        raise ValueError("a declaration")

    parser.StartDoctypeDeclHandler = refuse_declarations
    parser.buffer_text = True
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InvalidRecords([f"{label}: {_reason(error)}"]) from None


def _reason(error: Exception) -> str:
    told = {
        "too far apart": "its cells lie too far apart, or are too many. Delete what stands beside and below "
        "the table, or save the sheet as CSV.",
        "too many": "holds too many cells with formulas or errors. Replace formulas by their values, or save "
        "the sheet as CSV.",
    }
    return told.get(str(error), "the sheet cannot be read. Save it again in the spreadsheet program.")


def scan_xlsx_sheet(open_part: Callable[[], IO[bytes]], label: str) -> SheetCells:
    """Scan one sheet: quickly where every cell is plain, else element by element."""
    with open_part() as file:
        plain = _scan_plain(file)
    if plain is not None:
        return plain
    with open_part() as file:
        return _XlsxScan(label).scan(file)


#: A cell as spreadsheet programs write it, holding neither a formula nor an error.
_PLAIN_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="[0-9]+")?(?: t="(?:s|n|b|str|inlineStr)")?(?: s="[0-9]+")?/?>'
)
_CELL_STARTS = (b"<c ", b"<c>", b"<c/", b"<c\n", b"<c\r", b"<c\t")
_NOT_PLAIN = re.compile(rb"<f[\s/>]|<[^\s<>:]+:(?:c|f|row)[\s/>]|<!")


def _scan_plain(file: IO[bytes]) -> SheetCells | None:
    """How far the cells reach, from the bytes alone; None where they are not all plain."""
    cells = SheetCells()
    tail = b""
    while chunk := file.read(_CHUNK):
        whole, mark, rest = (tail + chunk).rpartition(b"<")
        tail = mark + rest
        found = _PLAIN_CELL.findall(whole)
        if len(found) != sum(map(whole.count, _CELL_STARTS)) or _NOT_PLAIN.search(whole):
            return None
        if not found:
            continue
        letters, digits = zip(*found, strict=True)
        try:
            cells.reach(max(map(int, set(digits))) - 1, max(map(_column, set(letters))))
        except ValueError:
            return None
    return cells


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


class _XlsxScan:
    """Reads the elements of one sheet of an .xlsx workbook."""

    def __init__(self, label: str):
        self.label = label
        self.cells = SheetCells()
        self.row, self.column = -1, -1
        self.kind, self.is_formula, self.has_value, self.text = "", False, False, ""
        self.left = _MAX_ELEMENTS
        self.parser = expat.ParserCreate()

    def scan(self, file: IO[bytes]) -> SheetCells:
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        parse(file, self.parser, self.label)
        return self.cells

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.left -= 1
        if not self.left:
            raise ValueError("too many")
        name = name.rpartition(":")[2]
        if name == "c":
            self.row, self.column = self.place(attributes.get("r", ""))
            self.kind = attributes.get("t", "")
            self.is_formula, self.has_value, self.text = False, False, ""
        elif name in ("v", "is"):
            self.has_value = True
            self.parser.CharacterDataHandler = self.keep
        elif name == "f":
            self.is_formula = True
        elif name == "row":
            self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
            self.column = -1

    def place(self, written: str) -> tuple[int, int]:
        if not written:
            return max(self.row, 0), self.column + 1
        letters = written.rstrip("0123456789")
        column = _column(letters.upper().encode("ascii"))
        row = int(written[len(letters) :]) - 1
        if not (0 <= row < MAX_ROWS and 0 <= column < MAX_COLUMNS):
            raise ValueError("too far apart")
        return row, column

    def keep(self, text: str) -> None:
        if len(self.text) < 100:
            self.text += text

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name in ("v", "is"):
            self.parser.CharacterDataHandler = None
        elif name == "c":
            if self.kind == "e":
                self.mark(self.text.strip())
            elif self.is_formula and not (self.has_value and (self.text or self.kind == "str")):
                self.mark(FORMULA_WITHOUT_VALUE)
            elif self.has_value:
                self.cells.reach(self.row, self.column)

    def mark(self, text: str) -> None:
        self.cells.reach(self.row, self.column)
        self.cells.without_value(self.row, self.column, text)
