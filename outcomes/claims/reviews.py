"""When claims are judged: half-yearly, on patients whose follow-up closed in that half year, who are then judged once.

Why not monthly: docs/claims.md#reviews.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class HalfYear:
    """January to June (`half` 1) or July to December (2) of a year."""

    year: int
    half: int

    @classmethod
    def of(cls, day: dt.date) -> HalfYear:
        """The half year that holds the day."""
        return cls(day.year, 1 if day.month <= 6 else 2)

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def last(self) -> dt.date:
        return dt.date(self.year, 6, 30) if self.half == 1 else dt.date(self.year, 12, 31)

    @property
    def name(self) -> str:
        months = [calendar.month_name[day.month] for day in (self.first, self.last)]
        return f"{months[0]} to {months[1]} {self.year}"

    def after(self) -> HalfYear:
        return HalfYear(self.year, 2) if self.half == 1 else HalfYear(self.year + 1, 1)

    def before(self) -> HalfYear:
        return HalfYear(self.year, 1) if self.half == 2 else HalfYear(self.year - 1, 2)


def last_review(before: dt.date) -> HalfYear:
    """The last half year that was over when `before` began."""
    return HalfYear.of(before).before()


def first_review(declared_on: dt.date) -> HalfYear:
    """The first half year that begins after the claim was declared: no patient of it had a follow-up closed by then."""
    return HalfYear.of(declared_on).after()
