"""Whole windows of 28 days: which days of a diary may be told, and who can still be compared by them.

The grid counts from day 0. A window leaves where the diary goes over all of it; days within it that were not
recorded tell nothing of where the diary ends. The window in which a diary ends leaves only where the day of the
end says nothing of the calendar: the window was over when the diaries were exported, no other diaries end close
to that day, and no month ends on it, as sheets do. Then what is told depends on the grid alone, and the missing
days are like any others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.risk import BASELINE, FOLLOWUP, LEAST_RECORDED

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

WINDOW_DAYS = 28
#: So many diaries that end so many days apart end for one reason, and the day of it may be known.
ENDING_TOGETHER, DAYS_APART = 3, 3


@dataclass(frozen=True)
class Bounds:
    """First and last day of a patient's diary that are told, by patient."""

    begin: pd.Series
    end: pd.Series


def bounds_of(diary: pd.DataFrame, zero: Mapping[str, int], exported: int) -> Bounds:
    """The bounds of diaries told by `day`. `zero`: patient → day 0 as an ordinal, where the calendar is known."""
    own = diary.groupby("patient_id")["day"]
    last = own.max()
    end = (last + 1) // WINDOW_DAYS * WINDOW_DAYS - 1
    further = _over_before_export(last, end + WINDOW_DAYS, zero, exported)
    further &= _well_recorded(diary, end)
    return Bounds(-(-own.min() // WINDOW_DAYS) * WINDOW_DAYS, end.where(~further, end + WINDOW_DAYS))


def _over_before_export(
    last: pd.Series, window_end: pd.Series, zero: Mapping[str, int], exported: int
) -> pd.Series:
    """Whether the window in which a diary ends was over at the export, and no other diaries end with it."""
    import numpy as np

    day_zero = last.index.to_series().map(zero).astype("Float64")
    ends = (last + day_zero).dropna()
    if not len(ends):
        return day_zero.notna()
    days = ends.to_numpy(dtype="int64")
    in_order = np.sort(days)
    low = np.searchsorted(in_order, days - DAYS_APART, "left")
    high = np.searchsorted(in_order, days + DAYS_APART, "right")
    alone = ends.notna() & (high - low < ENDING_TOGETHER) & ~_ends_a_month(days)
    # One wrong date must not make the records seem newer: the second newest end counts.
    over = window_end + day_zero <= min(exported, int(in_order[-2:][0]))
    return over.fillna(False).astype(bool) & alone.reindex(last.index, fill_value=False).astype(bool)


def _ends_a_month(days: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each day, an ordinal, is the last of a calendar month, as where diaries are kept on monthly sheets."""
    import numpy as np

    last = dt.date.max.toordinal() - 1
    return np.array([dt.date.fromordinal(min(int(day), last) + 1).day == 1 for day in days], dtype=bool)


def _well_recorded(diary: pd.DataFrame, end: pd.Series) -> pd.Series:
    """Whether the window after `end` has days enough to be compared. If not, it would tell its end for nothing."""
    behind = diary["day"] - diary["patient_id"].map(end)
    told = diary[behind.between(1, WINDOW_DAYS) & diary["headache"].notna()]
    days = told.groupby("patient_id")["day"].nunique()
    return (days >= LEAST_RECORDED).reindex(end.index, fill_value=False).astype(bool)


def comparable(diary: pd.DataFrame) -> set[str]:
    """Patients with days enough, by the plan's defaults, in the windows before and after."""
    told = diary[diary["headache"].notna()]
    found = []
    for first, last in (BASELINE, FOLLOWUP):
        days = told[told["day"].between(first, last)].groupby("patient_id")["day"].nunique()
        found.append({str(patient) for patient in days[days >= LEAST_RECORDED].index})
    return found[0] & found[1]


def tell_comparable(before: set[str], after: set[str], advice: str, ledger: Ledger) -> None:
    """For the screen and the report: how many patients the output can no longer compare, and what to do."""
    lost = len(before - after)
    if not before:
        return
    told = (
        f"Before and after: {len(before)} patients of the raw records can be compared ({LEAST_RECORDED} recorded "
        f"days in each of {BASELINE[0]} to {BASELINE[1]} and {FOLLOWUP[0]} to {FOLLOWUP[1]}), "
    )
    told += f"{lost} of them no longer in the output. {advice}" if lost else "and all of them in the output."
    ledger.told.append(told.strip())
