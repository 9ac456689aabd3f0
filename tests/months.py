"""Diaries drawn by the month: headache days out of 28, for questions that are answered month by month."""

from __future__ import annotations

import pandas as pd
from diaries import drawn

#: Headache days of a 28-day period; a pair of headache days and recorded days; None, nothing recorded.
Month = int | tuple[int, int] | None


def month(days: Month, length: int = 28) -> str:
    """A period as characters: first the headache days, then those without, then what was not recorded."""
    if days is None:
        return "." * length
    headaches, recorded = days if isinstance(days, tuple) else (days, length)
    return "3" * headaches + "0" * (recorded - headaches) + "." * (length - recorded)


def line(name: str, baseline: Month, *months: Month) -> str:
    """One patient: 28 days before the first session, nothing on its day, then 27 days, 28 days, and so on."""
    after = "".join(month(days, 27 if place == 0 else 28) for place, days in enumerate(months))
    return f"{name} : {month(baseline)} | .{after}"


def by_month(patients: dict[str, tuple[Month, ...]], **options: str) -> dict[str, pd.DataFrame]:
    """Tables for `load_records`. Each patient: the baseline, then period 0 (27 days), 1, 2 (the follow-up), …"""
    return drawn("\n".join(line(name, *months) for name, months in patients.items()), **options)


def sessions_on(days: dict[str, list[int]], **columns: list[str]) -> pd.DataFrame:
    """A table of sessions with day numbers; `columns` in the order of the rows."""
    rows = [(name, day) for name, given in days.items() for day in given]
    return pd.DataFrame(rows, columns=["patient_id", "day"]).assign(**columns)
