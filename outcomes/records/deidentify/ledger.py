"""Where every row and every cell went, so that nothing leaves or is lost without being counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from outcomes.errors import OutcomesError

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Ledger:
    """Counts by table: rows that came in, rows that a declared span filled in, rows not written by reason,
    cells emptied or changed by reason; and what else somebody should know: `told` is shown on the screen as
    well. `declared_days` are the filled-in rows that are written."""

    rows_in: dict[str, int] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)
    dropped: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    told: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    declared_days: int = 0

    def begin(self, table: str, rows: int) -> None:
        self.rows_in[table] = rows

    def fill(self, table: str, rows: int) -> None:
        if rows:
            self.filled[table] += rows

    def keep(self, table: str, frame: pd.DataFrame, kept: pd.Series, why: str) -> pd.DataFrame:
        """The rows that stay; those that go are counted under their reason."""
        gone = int((~kept).sum())
        if gone:
            self.dropped[table][why] += gone
        return frame[kept].copy()

    def cell(self, table: str, why: str, count: int) -> None:
        if count:
            self.cells[table][why] += int(count)

    def check(self, table: str, written: int) -> None:
        """Rows come out even, or nothing is written."""
        dropped = sum(self.dropped[table].values())
        came = self.rows_in[table] + self.filled[table]
        if written + dropped != came:
            raise OutcomesError(
                f"{table}: {came} rows came in or were filled in and {written + dropped} are accounted for. "
                "This is a fault of the program; nothing was written."
            )

    def to_dict(self, written: Mapping[str, int]) -> dict[str, Any]:
        """Rows of each table: in, filled in where any were, written, and not written by reason."""
        return {
            table: {
                "rows_in": rows,
                **({"filled_in": self.filled[table]} if self.filled[table] else {}),
                "written": written.get(table, 0),
                "not_written": _sorted(self.dropped[table]),
            }
            for table, rows in self.rows_in.items()
        }

    def lines(self, written: Mapping[str, int]) -> Iterable[str]:
        for table, rows in self.rows_in.items():
            filled = f" + {self.filled[table]} days of declared spans" if self.filled[table] else ""
            yield f"{table}: {rows} rows in{filled} = {written.get(table, 0)} written" + "".join(
                f" + {count} not written ({why})" for why, count in self.dropped[table].items()
            )
            for why, count in self.cells[table].items():
                yield f"  {count} cells: {why}"


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
