"""What one entry of the endpoint catalogue says: name, unit and range, what it needs, and how a day is valued.

It stands with the data dictionary because `summaries` may carry every endpoint, with its unit and range.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

#: How the days of a period are put together. `k` known days: those on which the day's value is not NULL.
#: - days: 28 × true days ÷ k; sum: 28 × total ÷ k; week: 7 × total ÷ k; mean: total ÷ k; peak: the greatest.
#:   All of these need k to reach the minimum of recorded days of the period.
#: - headache_mean: total ÷ k of a value that only headache days have; the period must be covered and k above 0.
#: - product: of the endpoints in `product_of`; 0 where the first of them is 0.
Together = Literal["days", "sum", "week", "mean", "peak", "headache_mean", "product"]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. `needs` are the diary columns without which it cannot be computed, each a name or several
    names of which one is enough. `also` are columns that the rule uses where the diary asks for them: what a diary
    never asks for cannot be met, and the arm of the rule that rests on it is left out, which `not_asked` tells.

    `day` is SQL over the columns of `analysis/sql/further_endpoints.sql` that gives the value of one recorded day:
    TRUE, FALSE or NULL where `together` is days, else a number or NULL. NULL is "not known", never "no".
    `core`: comes from the bit masks in every run; the others are measured when asked for.
    `counts_days`: its baseline is a number of days, so `responder_min_baseline` applies.
    `conditional`: defined only for patients with headache in both periods, so it is never the headline.
    `no_inference`: why it has neither intervals nor p; empty where it has them.
    """

    name: str
    label: str
    unit: str
    improvement: Literal["decrease", "increase"] = "decrease"
    needs: tuple[str | tuple[str, ...], ...] = ("headache",)
    also: tuple[str | tuple[str, ...], ...] = ()
    counts_days: bool = False
    conditional: bool = False
    lowest: float = 0.0
    highest: float | None = None
    definition: str = ""
    source: str = ""
    day: str = ""
    together: Together = "days"
    product_of: tuple[str, ...] = ()
    core: bool = False
    no_inference: str = ""

    def held_by(self, columns: Collection[str]) -> bool:
        """Whether a diary with these columns can give it."""
        return all(_is_held(need, columns) for need in self.needs)

    def not_asked(self, columns: Collection[str]) -> list[str]:
        """Columns of `also` that a diary with these columns does not have."""
        return [_in_words(one) for one in self.also if not _is_held(one, columns)]

    @property
    def needs_in_words(self) -> str:
        """`duration_hours, intensity or severity`."""
        return ", ".join(_in_words(need) for need in self.needs)


def _is_held(need: str | tuple[str, ...], columns: Collection[str]) -> bool:
    return need in columns if isinstance(need, str) else any(one in columns for one in need)


def _in_words(need: str | tuple[str, ...]) -> str:
    return need if isinstance(need, str) else " or ".join(need)
