"""Where the rows of an import went: counted while reading, so that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from outcomes.records.importers.contract import Dropped, Imported, NotRead

if TYPE_CHECKING:
    import pandas as pd


class Tally:
    """Counts what comes in and where it goes; `imported` makes the result that has to come out even."""

    def __init__(self) -> None:
        self.rows_in = 0
        self.rows_used = 0
        self.out_of_scope = 0
        self.warnings: list[str] = []
        self._not_read: dict[tuple[str, str], list[int]] = {}
        self._dropped: dict[tuple[str, str, str], int] = {}

    def came_in(self, rows: int = 1) -> None:
        self.rows_in += rows

    def used(self, rows: int = 1) -> None:
        self.rows_used += rows

    def beside(self, rows: int = 1) -> None:
        """Rows that are about something else."""
        self.out_of_scope += rows

    def not_read(self, file: str, why: str, row: int) -> None:
        self._not_read.setdefault((file, why), []).append(row)

    def dropped(self, file: str, column: str, why: str, cells: int) -> None:
        """Count cells of a column that is not imported; columns without a filled cell are not told."""
        if cells:
            key = (file, column, why)
            self._dropped[key] = self._dropped.get(key, 0) + cells

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def imported(self, tables: Mapping[str, pd.DataFrame]) -> Imported:
        return Imported(
            tables=tables,
            rows_in=self.rows_in,
            rows_used=self.rows_used,
            out_of_scope=self.out_of_scope,
            not_read=tuple(
                NotRead(file, why, tuple(sorted(rows))) for (file, why), rows in self._not_read.items()
            ),
            dropped=tuple(
                Dropped(file, column, why, cells) for (file, column, why), cells in self._dropped.items()
            ),
            warnings=tuple(self.warnings),
        )


def file_labels(files: Sequence[Path]) -> list[str]:
    """What to call each file: its name, numbered where two folders hold files of one name."""
    labels: list[str] = []
    for path in files:
        label, number = path.name, 1
        while label in labels:
            number += 1
            label = f"{path.name} ({number})"
        labels.append(label)
    return labels
