"""Where the cells of a table come from, so that a message can name file, column and row, and never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outcomes.records.findings import MAX_POSITIONS, Finding, Position

if TYPE_CHECKING:
    import pandas as pd

    from outcomes.records.table_source import TableSource


@dataclass(frozen=True)
class Origin:
    """The origin of one table. `source`: its files, where it was read from any. `rows`: the row of each cell, by
    the index of the frame. `words`: column → different words that its list of codes does not hold."""

    table: str
    source: TableSource | None = None
    rows: pd.Series | None = None
    words: Mapping[str, int] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The header of one of our columns as the file has it, else our own name."""
        parts = self.source.parts if self.source is not None else ()
        found = (part.raw_column(name) for part in parts)
        return next((raw.written.strip() for raw in found if raw is not None), name)

    def sentences(self, rule: str, name: str, chosen: pd.Series, problem: str, remedy: str) -> list[str]:
        """One sentence for each file, about those cells of a column."""
        places: dict[str, list[Position]] = {}
        if self.source is not None and self.rows is not None:
            for row in self.rows[chosen[chosen].index]:
                file, shown = self.source.place_of(int(row))
                places.setdefault(file, []).append(shown)
        if not places:
            return [
                Finding(
                    "warning", rule, self.table, self.table, name, problem, remedy, int(chosen.sum()), ()
                ).sentence()
            ]
        return [
            Finding(
                "warning",
                rule,
                self.table,
                file,
                self.header(name),
                problem,
                remedy,
                len(rows),
                tuple(sorted(rows)[:MAX_POSITIONS]),
            ).sentence()
            for file, rows in places.items()
        ]


@dataclass(frozen=True)
class Origins:
    """The origins of all tables."""

    sources: Mapping[str, TableSource] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, table: str, frame: pd.DataFrame) -> Origin:
        return Origin(table, self.sources.get(table), frame.get("source_row"), self.words.get(table, {}))
