"""A look at the content of an .ods workbook before a library reads it: its cells, and what it holds beside them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from outcomes.records.raw import FORMULA_WITHOUT_VALUE
from outcomes.records.sheet_cells import MAX_COLUMNS, MAX_ROWS, SheetCells, parse

_MAX_ELEMENTS = 10_000_000
#: Cells that repeats may make of one that is written, as for bytes in an archive; a small table may do as it likes.
_MAX_REPEATED = 100
_REPEATED_FROM = 200_000
#: Elements that hold something beside the cells, and what kind of thing.
_BESIDE = {
    "annotation": "comment",
    "named-range": "defined name",
    "named-expression": "defined name",
    "data-pilot-table": "pivot cache",
    "table-source": "external link",
    "cell-range-source": "external link",
    "dde-link": "external link",
    "tracked-changes": "change history",
}


@dataclass
class OdsContent:
    """The sheets in order with their cells, which of them are hidden, and how often each thing beside them is."""

    names: list[str] = field(default_factory=list)
    sheets: list[SheetCells] = field(default_factory=list)
    hidden: int = 0
    beside: Counter[str] = field(default_factory=Counter)


def scan_ods(file: IO[bytes], label: str) -> OdsContent:
    """Scan content.xml once, with all its repeats counted. Raises InvalidRecords."""
    return _OdsScan(label).scan(file)


class _OdsScan:
    """Reads the elements of content.xml. Cells and rows may stand for many, by a number that is only written."""

    def __init__(self, label: str):
        self.label = label
        self.content = OdsContent()
        self.style = ""
        self.hidden_styles: set[str] = set()
        self.depth = 0
        self.row, self.column, self.row_repeats, self.column_repeats = 0, 0, 1, 1
        self.reached, self.marks = -1, list[tuple[int, str]]()
        self.kind, self.formula, self.text, self.has_text, self.in_note = "", False, "", False, 0
        self.left = _MAX_ELEMENTS
        self.written, self.expanded, self.in_line = 0, 0, 0
        self.parser = expat.ParserCreate()

    def scan(self, file: IO[bytes]) -> OdsContent:
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.keep
        parse(file, self.parser, self.label)
        return self.content

    def start(self, name: str, given: dict[str, str]) -> None:
        self.left -= 1
        if not self.left:
            raise ValueError("too many")
        name = name.rpartition(":")[2]
        if name in ("table-cell", "covered-table-cell"):
            self.start_cell(given)
        elif name == "table-row":
            self.row_repeats = _repeats(given, "table:number-rows-repeated")
            self.column, self.reached, self.marks, self.in_line = 0, -1, [], 0
        elif name == "p":
            self.has_text = True
        elif name == "style":
            self.style = given.get("style:name", "")
        elif name == "table-properties" and given.get("table:display") == "false":
            self.hidden_styles.add(self.style)
        elif name == "table":
            self.start_table(given)
        elif name == "a" and given.get("xlink:href", "").partition("#")[0]:
            self.content.beside["external link"] += 1
        elif what := _BESIDE.get(name):
            self.content.beside[what] += 1
            self.in_note += name == "annotation"

    def start_table(self, given: dict[str, str]) -> None:
        if self.depth:
            raise ValueError("a table within a table")
        self.depth += 1
        self.row = 0
        self.content.names.append(given.get("table:name", ""))
        self.content.sheets.append(SheetCells())
        self.content.hidden += given.get("table:style-name", "") in self.hidden_styles

    def start_cell(self, given: dict[str, str]) -> None:
        self.column_repeats = _repeats(given, "table:number-columns-repeated")
        self.formula = "table:formula" in given
        self.kind = given.get("calcext:value-type", "") or given.get("office:value-type", "")
        self.text, self.has_text = "", False
        spans = (given.get(f"table:number-{way}-spanned", "1") for way in ("columns", "rows"))
        if any(span != "1" for span in spans) and self.content.sheets:
            self.content.sheets[-1].merged_rows.append(self.row)

    def keep(self, text: str) -> None:
        if self.has_text and not self.in_note and len(self.text) < 100:
            self.text += text

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name in ("table-cell", "covered-table-cell"):
            self.end_cell()
        elif name == "table-row":
            self.end_row()
        elif name == "table":
            self.depth -= 1
        elif name == "annotation":
            self.in_note -= 1

    def end_cell(self) -> None:
        first, self.column = self.column, self.column + self.column_repeats
        shown = ""
        if self.kind == "error" or (
            self.formula and self.text.startswith("#") and self.text.endswith(("!", "?", "A"))
        ):
            shown = self.text
        elif self.formula and not self.kind:
            shown = FORMULA_WITHOUT_VALUE
        if not (self.kind or self.formula or self.text):
            return
        if self.column > MAX_COLUMNS:
            raise ValueError("too far apart")
        self.reached = self.column - 1
        self.written += 1
        self.in_line += self.column_repeats
        if shown:
            self.marks += [(column, shown) for column in range(first, self.column)]

    def end_row(self) -> None:
        first, self.row = self.row, self.row + self.row_repeats
        if self.reached < 0:
            return
        if not self.content.sheets or self.row > MAX_ROWS:
            raise ValueError("too far apart")
        cells = self.content.sheets[-1]
        cells.reach(self.row - 1, self.reached)
        self.expanded += self.in_line * self.row_repeats
        if self.expanded > max(_REPEATED_FROM, _MAX_REPEATED * self.written):
            raise ValueError("too far apart")
        for row in range(first, self.row) if self.marks else ():
            for column, text in self.marks:
                cells.without_value(row, column, text)


def _repeats(given: dict[str, str], name: str) -> int:
    number = int(given.get(name, "1"))
    if not 1 <= number <= MAX_ROWS + MAX_COLUMNS:
        raise ValueError("a repeat that cannot be")
    return number
