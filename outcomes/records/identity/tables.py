"""What the gate looks at: the tables of a source with every column they hold, known, unknown or left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from outcomes.records.findings import MAX_POSITIONS, Position
from outcomes.records.schema import TABLES, Column

#: How a column can leak. closed: only in a cell that breaks its rule; date: in old dates too; wide: a number
#: without an upper bound; id: by its form; words: codes without a list; open: anything.
Leaks = Literal["closed", "date", "wide", "id", "words", "open"]

_OF_THE_DICTIONARY = frozenset(column for table in TABLES.values() for column in table.columns)


@dataclass(frozen=True)
class GateColumn:
    """One column of a source.

    `position` counts from 1; `written` is the header as written and is never shown. `text` is SQL over the
    table's scan that gives the cell as trimmed text, NULL where it is missing. `column` is what it feeds, None
    where it feeds nothing; `ignored` says that it feeds nothing on purpose. `raw` and `sql_type` are the
    column's own SQL and engine type: cells are then looked at as they stand, and turned into text only where
    something is odd, which is several times faster. `held` is the column of the table's `held` that it was read
    into just as it stands, where there is one.
    """

    position: int
    written: str
    text: str
    column: Column | None
    ignored: bool
    raw: str = ""
    sql_type: str = "VARCHAR"
    held: str = ""

    @property
    def shown(self) -> str:
        """What messages call it: its name in the dictionary, else its position."""
        if self.column is not None:
            return self.column.name
        return f"column {self.position}"

    @property
    def leaks(self) -> Leaks:
        column = self.column
        if column is None:
            return "open"
        if column.kind == "id":
            return "id"
        if column.kind == "date":
            return "date"
        if column.kind == "day" or (column.kind in ("number", "whole") and column.maximum is None):
            return "wide"
        return "words" if column.kind in ("code", "codes") and not column.codes else "closed"

    @property
    def is_told_by_value(self) -> bool:
        """Whether the value it was read into, no rule broken, is all that a cell can say.

        A number without an upper bound and a code without a list may say more: 00012 is 12. So may a code that
        a plan declares: SW1A 1AA is read as sw1a_1aa.
        """
        if self.leaks == "closed" and self.column not in _OF_THE_DICTIONARY:
            return False
        return bool(self.held) and self.leaks in ("closed", "date", "id")

    @property
    def is_typed(self) -> bool:
        """Whether its cells are numbers, dates or truth values and not text."""
        return bool(self.raw) and self.sql_type != "VARCHAR" and not self.sql_type.startswith("ENUM")


@dataclass(frozen=True)
class GateTable:
    """One table of a source.

    `label` is what messages call it, `container` the file it came in, `table` the dictionary's table that it
    becomes ("" where none), `scan` what stands after FROM, `row_number` SQL for the row, `row_shown` the row
    that messages show for it. `held` is the table of the engine that all its rows were read into without one
    that breaks a rule, "" where that is not so. `positions` are told of a finding at most.
    """

    label: str
    container: str
    table: str
    scan: str
    row_number: str
    row_shown: Callable[[Position], Position]
    columns: tuple[GateColumn, ...]
    held: str = ""
    positions: int = MAX_POSITIONS

    def feeding(self, name: str) -> GateColumn | None:
        """The column that feeds a column of the dictionary."""
        for item in self.columns:
            if item.column is not None and item.column.name == name:
                return item
        return None
