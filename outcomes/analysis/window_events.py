"""When something began to last, seen only window by window: who, between which days, and until when looked at.

A diary is judged in windows of 28 days. An event (a response, its loss, a relapse) is a state that holds in so
many valid windows in a row; it began in the first of them, somewhere after the last window that was free of it.
A window that is not valid breaks the row. Definitions and sources: docs/method.md#durability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.among import among
from outcomes.analysis.estimates import Values
from outcomes.plan import DAYS_PER_PERIOD

Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WindowGrid:
    """Days per patient (row) and window (column), window 0 first. 0 where nothing was recorded.

    A window is valid from `minimum` recorded days on.
    """

    patients: tuple[str, ...]
    recorded: NDArray[np.int64]
    headache: NDArray[np.int64]
    minimum: int

    @property
    def valid(self) -> Marks:
        marks: Marks = self.recorded >= self.minimum
        return marks

    @property
    def values(self) -> Values:
        """Headache days per 28, NaN where the window is not valid."""
        counted = np.where(self.valid, self.recorded, 1)
        values: Values = np.where(self.valid, DAYS_PER_PERIOD * self.headache / counted, np.nan)
        return values


def window_grid(
    counts: pd.DataFrame, number: str, patients: Sequence[str], minimum: int, n_windows: int | None = None
) -> WindowGrid:
    """Counts of days as a grid of windows 0, 1, … of the patients named, in their order.

    `counts` has one row per `patient_id` and window `number`, with `recorded_days` and `headache_days`. Without
    `n_windows` the grid ends with the last window in which anybody recorded a day.
    """
    place = pd.Series(np.arange(len(patients)), index=list(patients), dtype="int64")
    rows = counts[among(counts["patient_id"], place.index) & (counts[number] >= 0)]
    if n_windows is None:
        n_windows = int(rows[number].max()) + 1 if len(rows) else 0
    rows = rows[rows[number] < n_windows]
    at = place.loc[rows["patient_id"]].to_numpy(), rows[number].to_numpy()
    recorded, headache = (np.zeros((len(patients), n_windows), dtype=np.int64) for _ in range(2))
    recorded[at] = rows["recorded_days"]
    headache[at] = rows["headache_days"]
    return WindowGrid(tuple(patients), recorded, headache, minimum)


def in_a_row(marks: Marks, length: int) -> Marks:
    """Whether a window and the `length` − 1 after it are all marked; those too near the end are not."""
    found = np.zeros_like(marks)
    whole = marks.shape[1] - length + 1
    if whole > 0:
        found[:, :whole] = np.all([marks[:, step : step + whole] for step in range(length)], axis=0)
    return found


@dataclass(frozen=True, eq=False)
class EventTimes:
    """Per patient, days from the origin: the event lies after `left` and not later than `right`.

    `right` is infinite where no event was seen; `left` is then the end of observation. `left` is NaN where no
    window could be judged at all.
    """

    left: Values
    right: Values

    @property
    def judged(self) -> Marks:
        marks: Marks = ~np.isnan(self.left)
        return marks

    @property
    def seen(self) -> Marks:
        marks: Marks = np.isfinite(self.right)
        return marks

    @property
    def time(self) -> Values:
        """The end of the window in which the event began, or the end of observation: for Kaplan–Meier."""
        times: Values = np.where(self.seen, self.right, self.left)
        return times


def times_of(valid: Marks, state: Marks, lasting: int = 1) -> EventTimes:
    """When a state that lasts for `lasting` valid windows in a row began, from window 0 on.

    A window is judged where it and the `lasting` − 1 after it are valid: only there could a beginning be seen,
    whichever way it went, so observation ends with the last window that was judged. The event lies after the
    last valid window before it that was not in the state.
    """
    judged, hit = in_a_row(valid, lasting), in_a_row(valid & state, lasting)
    free = valid & ~state
    ends = DAYS_PER_PERIOD * np.arange(1, valid.shape[1] + 1, dtype=np.float64)
    seen = hit.any(axis=1)
    right = np.where(hit, ends, np.inf).min(axis=1, initial=np.inf)
    free_until = np.where(free & (ends < right[:, None]), ends, 0.0).max(axis=1, initial=0.0)
    judged_until = np.where(judged, ends, np.nan)
    observed = np.where(judged.any(axis=1), np.nan_to_num(judged_until).max(axis=1, initial=0.0), np.nan)
    return EventTimes(np.where(seen, free_until, observed), right)
