"""What disclosure gives out and renderers take: a value as it may be shown, and a table of such values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from outcomes.reporting.disclosure.rules import HELD_BACK_WORDS, TOO_FEW, Profile
from outcomes.reporting.formatting import month_words


@dataclass(frozen=True)
class Shown:
    """A statistic as it may be shown. `value`, `low`, `high` are None where hidden or undefined.

    `n` is the number of patients as may be drawn (None where hidden), `n_text` as may be written;
    `reason` says why a value is not there. `carried_from` is the month of the earlier report whose value this is.
    """

    value: float | None
    low: float | None
    high: float | None
    n: float | None
    n_text: str
    count_text: str
    unit: str
    confidence: float
    reason: str
    people: str = ""
    carried_from: str = ""


class SafeTable:
    """A frame that went through the rules of a profile: the only kind that a figure or an export takes.

    Only functions of `reporting/disclosure` make one. `frame` is a copy: NaN and None are hidden or undefined.
    `carried_from` names the months of earlier reports whose values are in it; `held_back` says that it is empty because
    too few patients differ from what was shown before.
    """

    __slots__ = ("__frame", "carried_from", "held_back", "profile")

    def __init__(
        self,
        frame: pd.DataFrame,
        profile: Profile,
        carried_from: tuple[str, ...] = (),
        *,
        held_back: bool = False,
        made_by: object,
    ) -> None:
        if made_by is not _OURS:
            raise TypeError("a SafeTable is made by the functions of outcomes.reporting.disclosure alone")
        self.__frame = frame
        self.profile = profile
        self.carried_from = carried_from
        self.held_back = held_back

    @property
    def frame(self) -> pd.DataFrame:
        return self.__frame.copy()

    def __len__(self) -> int:
        return len(self.__frame)

    def __repr__(self) -> str:
        return f"SafeTable({self.profile}, {len(self)} rows)"

    def to_rows(self) -> list[dict[str, Any]]:
        """The rows as plain values, None where hidden or undefined, for an export."""
        plain = self.__frame.astype(object).where(self.__frame.notna(), None)
        return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]

    @property
    def why_empty(self) -> str:
        """Why there is nothing in it, in words."""
        return HELD_BACK_WORDS if self.held_back else TOO_FEW

    @property
    def note(self) -> str:
        """From when values are that are carried forward; nothing where none are."""
        return carried_words(self.carried_from)


_OURS = object()


def safe_table(
    frame: pd.DataFrame, profile: Profile, carried_from: tuple[str, ...] = (), *, held_back: bool = False
) -> SafeTable:
    """For the functions of this package alone: a test holds that nobody else imports it."""
    return SafeTable(frame.reset_index(drop=True), profile, carried_from, held_back=held_back, made_by=_OURS)


def needs_safe(table: object, profile: Profile) -> pd.DataFrame:
    """The frame of a safe table of this profile. Raises TypeError for anything else, before it is drawn."""
    if not isinstance(table, SafeTable):
        raise TypeError(f"a figure or an export takes a SafeTable, not a {type(table).__name__}")
    if table.profile != profile:
        raise TypeError(f"a SafeTable of the profile {table.profile} was given for {profile}")
    return table.frame


def carried_words(months: tuple[str, ...]) -> str:
    """`as of September 2026`, or nothing: what is carried forward from the report of a month."""
    told = sorted({month for month in months if month})
    return f"as of {' and '.join(month_words(_month(one)) for one in told)}" if told else ""


def is_carried(words: str) -> bool:
    """Whether a figure in words was carried forward when it was told."""
    return "as of " in words


def _month(period: str) -> str | None:
    return None if period == "all" else period
