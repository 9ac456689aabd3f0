"""What a source holds before anything is known about it: tables as found, their headers, and where rows stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outcomes.records.findings import Finding
from outcomes.records.scanning import TextScan


@dataclass(frozen=True)
class RawColumn:
    """A column as found: its name in the engine, the header as written, and its type in the engine."""

    name: str
    written: str
    sql_type: str


@dataclass(frozen=True)
class RawTable:
    """One table as found.

    `name` is what its source calls it (file stem, sheet, database table) and what a mapping refers to;
    `label` is what messages call it (`clinic.xlsx › Diary`); `container` the file it came in, if any. `scan`
    is what stands after FROM. `row_number` is SQL for the row as messages count it, or for the n-th record
    where `text` turns that into the row of the spreadsheet. `paths` are the files that were read. A table that
    lies elsewhere has no order: where `keyed`, `row_number` is text that tells a row by its month and a digest.
    """

    name: str
    label: str
    container: str
    scan: str
    columns: tuple[RawColumn, ...]
    row_number: str
    text: TextScan | None = None
    paths: tuple[Path, ...] = ()
    keyed: bool = False

    def row_shown(self, row: int | str) -> int | str:
        """Row of a message for the value of `row_number`."""
        return self.text.spreadsheet_row(row) if self.text and isinstance(row, int) else row


@dataclass
class Opened:
    """What opening a source gave: its tables, what was found on the way, and what stops the reading.

    `further` are tables beside them that are not read as records: the privacy gate looks at them as well.

    `findings` are told and do not stop (level "mended", "warning") or are the privacy gate's (level
    "identity"), which stop everything. `problems` are sentences that each stop the reading with exit 4.
    """

    tables: list[RawTable] = field(default_factory=list)
    further: list[RawTable] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Opened) -> None:
        self.tables += other.tables
        self.further += other.further
        self.findings += other.findings
        self.problems += other.problems


#: What a folder made by `outcomes deidentify` says of itself.
PROVENANCE_FILE = "provenance.json"

#: Texts that a spreadsheet shows in place of a value that could not be worked out, and one of ours for a
#: formula that has no value. A cell with one of them is broken whatever its column holds.
ERROR_CELLS: Sequence[str] = (
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#GETTING_DATA",
    "#FORMULA!",
    "#UNREADABLE!",
)
FORMULA_WITHOUT_VALUE = "#FORMULA!"
#: What a mapping makes of a cell that it cannot turn into the dictionary's form.
UNREADABLE = "#UNREADABLE!"
