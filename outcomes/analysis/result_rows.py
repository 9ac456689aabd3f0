"""One number in its place: the row that every table of results is made of, and such a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pandas as pd

#: Columns of every table of results, in order.
ROW_FIELDS = (
    "endpoint",
    "by",
    "group",
    "statistic",
    "value",
    "low",
    "high",
    "p",
    "n",
    "n_left_out",
    "count",
    "unit",
    "mode",
    "confidence",
    "method",
    "notes",
)


_IN_ORDER = attrgetter(*ROW_FIELDS)


@dataclass(frozen=True)
class Statistic:
    """One number. `n` patients stand behind it, `n_left_out` of the same group do not.

    `by` names the column of `patients` that `group` is a category of; None for `all`.

    `count` is the numerator of a share. `low` and `high` bound the interval at `confidence`. None is
    undefined, and `notes` say why. A change is follow-up − baseline: fewer headaches is negative.
    """

    endpoint: str
    by: str | None
    group: str
    statistic: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    n_left_out: int
    count: int | None
    unit: str
    mode: str
    confidence: float
    method: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {name: getattr(self, name) for name in ROW_FIELDS}
        row["notes"] = list(self.notes)
        return row


def statistics_frame(statistics: Iterable[Statistic]) -> pd.DataFrame:
    """One row per statistic. Undefined numbers are NaN; notes are joined into one text."""
    frame = pd.DataFrame.from_records([_IN_ORDER(row) for row in statistics], columns=list(ROW_FIELDS))
    return with_types_of_rows(frame)


def with_types_of_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of the columns `ROW_FIELDS` in the types that every such table has, its notes joined."""
    frame["notes"] = ["; ".join(notes) for notes in frame["notes"]]
    numbers = ["value", "low", "high", "p"]
    frame[numbers] = frame[numbers].astype("float64")
    frame["count"] = frame["count"].astype("Int64")
    return frame
