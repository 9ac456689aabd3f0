"""One table of the dictionary as a source holds it: the tables that feed it, and the SQL that reads each column."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.engine import identifier
from outcomes.records.converting import as_text, header_key
from outcomes.records.findings import Position
from outcomes.records.mapping import MappedTable, ReadColumn
from outcomes.records.raw import RawColumn, RawTable
from outcomes.records.schema import Column, Table

#: Rows of the second and further parts of a table are told apart from those of the first by high bits.
_PART_SHIFT = 40
#: Where rows have no number, so many digits in front of their key do the same.
_PART_SIGNS = 3


@dataclass(frozen=True)
class SourceColumn:
    """A column that is known: what it is, the SQL that reads it from its part, and its type in the engine."""

    column: Column
    expression: str
    sql_type: str
    constant: bool = False


@dataclass(frozen=True)
class Part:
    """One table as found, and how it feeds a table of the dictionary."""

    raw: RawTable
    columns: tuple[SourceColumn, ...]
    mapped: MappedTable

    def read(self, name: str) -> ReadColumn | None:
        """What the mapping says of one of our columns, if anything."""
        return dict(self.mapped.columns).get(name)

    def raw_column(self, name: str) -> RawColumn | None:
        """The column as found that one of our columns is read from, where it is one."""
        read = self.read(name)
        key = header_key(read.source) if read else header_key(name)
        return next((raw for raw in self.raw.columns if header_key(raw.written) == key), None)


@dataclass(frozen=True)
class TableSource:
    """One table of the dictionary as a source holds it: its parts, and its columns over all of them.

    `missing` are the texts that stand for an empty cell and that the parts have not already taken out.
    """

    table: Table
    label: str
    parts: tuple[Part, ...]
    columns: tuple[SourceColumn, ...]
    missing: tuple[str, ...]

    def has(self, name: str) -> bool:
        return any(item.column.name == name for item in self.columns)

    @property
    def is_text(self) -> bool:
        """Whether all cells are text of which the engine keeps the values: read once, and never again."""
        return any(
            part.raw.text is not None
            or (
                part.raw.row_number == "outcomes_row_number"
                and all(column.sql_type == "VARCHAR" for column in part.raw.columns)
            )
            for part in self.parts
        )

    @property
    def keyed(self) -> bool:
        """Whether the rows lie elsewhere, where they have no number."""
        return any(part.raw.keyed for part in self.parts)

    @property
    def trimmed(self) -> bool:
        """Whether no cell can have outer spaces."""
        return all(part.raw.text is not None and not part.raw.text.spaced for part in self.parts)

    @property
    def is_one_text(self) -> bool:
        """Whether all rows come from one text file, in which the n-th row read is the n-th record."""
        return len(self.parts) == 1 and self.parts[0].raw.text is not None

    @property
    def origin(self) -> str:
        """SELECT of `source_row` and the known columns under their dictionary names, over all parts."""
        return self._origin(numbered=True)

    @property
    def unnumbered_origin(self) -> str:
        """The same, with 0 for every row: counting rows keeps the engine from reading with all its threads."""
        return self._origin(numbered=False)

    def _origin(self, *, numbered: bool) -> str:
        selects = []
        for index, part in enumerate(self.parts):
            held = {item.column.name: item for item in part.columns}
            columns = []
            for item in self.columns:
                own = held.get(item.column.name)
                value = f"CAST(NULL AS {_plain_type(item.sql_type)})"
                if own is not None:
                    alike = own.sql_type == item.sql_type
                    value = own.expression if alike else as_text(own.expression, own.sql_type)
                columns.append(f"{value} AS {identifier(item.column.name)}")
            offset = f" + {index << _PART_SHIFT}" if index and not self.keyed else ""
            number = part.raw.row_number if numbered else "CAST(0 AS BIGINT)"
            if self.keyed:
                number = f"'{index:0{_PART_SIGNS}d} ' || {number}"
            selects.append(
                f"SELECT {number}{offset} AS source_row, {', '.join(columns)} FROM {part.raw.scan}"
            )
        return " UNION ALL ".join(selects)

    def place_of(self, source_row: Position) -> tuple[str, Position]:
        """(what messages call the file, row as it shows) of a `source_row`."""
        if isinstance(source_row, str):
            return self.parts[int(source_row[:_PART_SIGNS])].raw.label, source_row[_PART_SIGNS + 1 :]
        part = self.parts[source_row >> _PART_SHIFT]
        return part.raw.label, part.raw.row_shown(source_row & ((1 << _PART_SHIFT) - 1))

    @property
    def part_of_row(self) -> str:
        """SQL: which part a row came from."""
        if self.keyed:
            return f"CAST(substring(source_row, 1, {_PART_SIGNS}) AS INTEGER)"
        return f"(source_row >> {_PART_SHIFT})"


def _plain_type(sql_type: str) -> str:
    return "VARCHAR" if sql_type in ('"NULL"', "NULL") else sql_type
