"""What the check found, in words a clinic can act on, and the counts that must come out even."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from outcomes.errors import OutcomesError

#: identity: nothing is read. set aside, collapsed: rows. mended: read in another form, without loss. warning: told.
Level = Literal["identity", "set aside", "collapsed", "mended", "warning"]

#: Row positions kept per finding; the count is always the whole count.
MAX_POSITIONS = 10_000
SHOWN_POSITIONS = 20

#: A position: the row as a file counts it, or of a table elsewhere the month and a digest of the row's key.
Position = int | str


@dataclass(frozen=True)
class Finding:
    """One broken rule in one column of one file: how often, in which rows, and what to do.

    `rows` are positions as a spreadsheet shows them (the header is row 1); in Parquet files and frames,
    which no spreadsheet shows, the first row is row 1. A table elsewhere has no rows to count: there they are
    the month of the row and a digest of its key, of a few rows. Never a value, never a patient.
    """

    level: Level
    rule: str
    table: str
    file: str
    column: str
    problem: str
    remedy: str
    count: int
    rows: tuple[Position, ...]

    def sentence(self, shown: int = SHOWN_POSITIONS) -> str:
        """The finding as one line."""
        where = f"{self.file}, {_rows(self.rows, self.count, shown)}" if self.rows else self.file
        column = f" '{self.column}'" if self.column else ""
        if column and (self.rule.startswith("PRV-") or self.problem[:1].isdigit()):
            column += ":"
        return f"{where}:{column} {self.problem} {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "rule": self.rule,
            "table": self.table,
            "file": self.file,
            "column": self.column or None,
            "problem": self.problem,
            "remedy": self.remedy,
            "count": self.count,
            "rows": list(self.rows),
        }


def _rows(rows: tuple[Position, ...], count: int, shown: int) -> str:
    first = ", ".join(str(row) for row in rows[:shown])
    more = f" (+{count - min(shown, len(rows))} more)" if count > min(shown, len(rows)) else ""
    what = "key" if isinstance(rows[0], str) else "row"
    return f"{what}{'s' if count > 1 else ''} {first}{more}"


@dataclass(frozen=True)
class TableCounts:
    """Where the rows of one table went. `rows_in` is always the sum of the others."""

    table: str
    file: str
    rows_in: int
    used: int
    not_recorded: int
    collapsed: int
    set_aside: int
    blank: int

    def __post_init__(self) -> None:
        total = self.used + self.not_recorded + self.collapsed + self.set_aside + self.blank
        if total != self.rows_in:
            # A count that does not come out even means a row was lost: nothing may be reported from it.
            raise OutcomesError(
                f"{self.table}: {self.rows_in} rows came in and {total} are accounted for. "
                "This is a fault of the program; nothing was computed."
            )

    def to_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "file": self.file,
            "rows_in": self.rows_in,
            "used": self.used,
            "not_recorded": self.not_recorded,
            "collapsed": self.collapsed,
            "set_aside": self.set_aside,
            "blank": self.blank,
        }


def total_set_aside(counts: Iterable[TableCounts]) -> int:
    """Rows set aside over all tables."""
    return sum(count.set_aside for count in counts)


def tables_over_limit(counts: Iterable[TableCounts], limit: float) -> list[TableCounts]:
    """Tables that lost too many rows: where all tables together lost more than `limit` of theirs, each that
    lost any; else each that lost more than `limit` of its own, and more than one row.

    A small table that is all wrong must not hide behind a large diary, and one slip in it is no reason to stop.
    """
    counts = list(counts)
    if total_set_aside(counts) > limit * sum(count.rows_in for count in counts):
        return [count for count in counts if count.set_aside]
    return [count for count in counts if count.set_aside > max(limit * count.rows_in, 1)]
