"""Relapses seen only at the next window: how far does the width of the windows move the answer?

A relapse between two windows is known to lie after the one and not later than the other. Kaplan–Meier needs
one time and takes the later; here stands what the earlier would give, and what needs no choice: Turnbull's
estimate (1976), which puts its weight on intervals and says nothing about where in them.
Formulas and sources: docs/method.md#survival.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.survival import restricted_mean
from outcomes.errors import PlanError

#: Self-consistency is reached when no interval asks for more than this share beyond the weight it has.
TOLERANCE = 1e-6
_MOST_STEPS = 2_000


@dataclass(frozen=True)
class Turnbull:
    """Turnbull's estimate: the innermost intervals (left, right], and the share of patients in each.

    `right` is infinite where nobody was seen to have the event after `left`. `converged` says whether no other
    shares would fit better (within `TOLERANCE`).
    """

    left: tuple[float, ...]
    right: tuple[float, ...]
    shares: tuple[float, ...]
    converged: bool
    n: int

    def survival(self, time: float) -> tuple[float, float]:
        """Least and greatest share with the event later than a time that these intervals allow."""
        rows = list(zip(self.left, self.right, self.shares, strict=True))
        least = math.fsum(share for left, right, share in rows if left >= time and right > time)
        most = math.fsum(share for _, right, share in rows if right > time)
        return least, most

    def restricted_mean(self, tau: float) -> tuple[float, float]:
        """Least and greatest mean time without the event up to `tau`."""
        least = math.fsum(min(left, tau) * share for left, share in zip(self.left, self.shares, strict=True))
        most = math.fsum(
            min(right, tau) * share for right, share in zip(self.right, self.shares, strict=True)
        )
        return least, most

    def to_frame(self) -> pd.DataFrame:
        """One row per interval."""
        return pd.DataFrame({"left": self.left, "right": self.right, "share": self.shares})


@dataclass(frozen=True)
class IntervalCensoredCheck:
    """The restricted mean to `tau` under three readings of the same windows.

    `late` and `early` put every relapse at the right and at the left end of its interval (Kaplan–Meier, with
    its interval). They are two readings, not bounds: where patients are censored in between, the curve of the
    truth may leave their band. `least` and `greatest` are the limits that Turnbull's estimate allows.
    """

    tau: float
    late: Estimate
    early: Estimate
    least: float | None
    greatest: float | None
    turnbull: Turnbull
    notes: tuple[str, ...]

    @property
    def moved_by(self) -> float | None:
        """Days by which reading the relapses early instead of late moves the restricted mean."""
        if self.late.value is None or self.early.value is None:
            return None
        return self.early.value - self.late.value

    def to_frame(self) -> pd.DataFrame:
        """One row per reading: method, value, low, high."""
        rows = [
            ("Kaplan–Meier, relapse at the end of its interval", self.late),
            ("Kaplan–Meier, relapse at the start of its interval", self.early),
        ]
        table = [(name, found.value, found.low, found.high) for name, found in rows]
        table.append(("Turnbull, limits", None, self.least, self.greatest))
        frame = pd.DataFrame(table, columns=["method", "value", "low", "high"])
        return frame.astype({"value": "float64", "low": "float64", "high": "float64"})


def interval_censored_check(
    left: ArrayLike, right: ArrayLike, tau: float, confidence: float
) -> IntervalCensoredCheck:
    """The restricted mean to `tau` days with relapses at either end of their windows, and by Turnbull.

    `left` is the last day known to be without relapse, `right` the first day known to be after it: infinite or
    missing where none was seen. Entries without a `left`, or with `right` before `left`, are left out and
    counted in a note. Raises PlanError unless tau > 0.
    """
    if not tau > 0:
        raise PlanError("tau must be above 0 days.")
    lower, upper, notes = _usable(left, right)
    seen = np.isfinite(upper)
    late = restricted_mean(np.where(seen, upper, lower), seen, tau, confidence)
    early = restricted_mean(lower, seen, tau, confidence)
    found = turnbull(lower, upper)
    if found.n == 0:
        return IntervalCensoredCheck(tau, late, early, None, None, found, notes)
    if not found.converged:
        notes = (*notes, "not_converged: Turnbull's shares still moved when the steps ran out")
    least, greatest = found.restricted_mean(tau)
    return IntervalCensoredCheck(tau, late, early, least, greatest, found, notes)


def turnbull(left: ArrayLike, right: ArrayLike) -> Turnbull:
    """Turnbull's nonparametric maximum likelihood of times known to lie in (left, right], by self-consistency.

    Equal ends are a time known exactly. `right` is infinite or missing where the event was not seen.
    """
    lower, upper, _ = _usable(left, right)
    if not len(lower):
        return Turnbull((), (), (), True, 0)
    pairs, patients = np.unique(np.column_stack([lower, upper]), axis=0, return_counts=True)
    starts, ends = _innermost(pairs)
    holds = (pairs[:, :1] <= starts) & (ends <= pairs[:, 1:])
    # An exact time is the closed interval [t, t]; every other one is open to the left and cannot hold it there.
    opens = pairs[:, :1] < pairs[:, 1:]
    holds &= ~(opens & (starts == ends) & (pairs[:, :1] == starts))
    shares, converged = _self_consistent(holds, patients)
    return Turnbull(
        tuple(starts.tolist()), tuple(ends.tolist()), tuple(shares.tolist()), converged, len(lower)
    )


def _usable(left: ArrayLike, right: ArrayLike) -> tuple[Values, Values, tuple[str, ...]]:
    lower = np.asarray(left, dtype=np.float64)
    upper = np.asarray(right, dtype=np.float64)
    upper = np.where(np.isnan(upper), np.inf, upper)
    usable = np.isfinite(lower) & (lower >= 0) & (upper >= lower)
    left_out = int((~usable).sum())
    notes = (f"{left_out} left out: no last day without relapse, or it comes after the relapse",)
    return lower[usable], upper[usable], notes if left_out else ()


def _innermost(pairs: Values) -> tuple[Values, Values]:
    """The intervals in which a left end is followed by a right end with no other end between them."""
    exact = pairs[:, 0] == pairs[:, 1]
    # At one day: an exact time begins, then intervals end there, then intervals begin after it.
    begin = [(float(day), -1 if known else 1) for day, known in zip(pairs[:, 0], exact, strict=True)]
    finish = [(float(day), 0) for day in pairs[:, 1]]
    ends = sorted({*begin, *finish})
    found = [(one[0], next_one[0]) for one, next_one in pairwise(ends) if one[1] != 0 and next_one[1] == 0]
    return np.array([pair[0] for pair in found]), np.array([pair[1] for pair in found])


def _self_consistent(holds: NDArray[np.bool_], patients: NDArray[np.int64]) -> tuple[Values, bool]:
    """Shares that reproduce themselves when each patient is spread over the intervals that could hold the time.

    Plain steps creep where intervals overlap much, so every second one is lengthened along the way it is going
    (SQUAREM, Varadhan and Roland 2008) and taken back where the likelihood would fall.
    """
    within = holds.astype(np.float64)
    weights = patients / patients.sum()
    shares = np.full(holds.shape[1], 1 / holds.shape[1])
    for _ in range(_MOST_STEPS):
        chance = within @ shares
        asked = (weights / chance) @ within
        if asked.max() <= 1 + TOLERANCE:
            return shares, True
        once = shares * asked
        twice = once * ((weights / (within @ once)) @ within)
        longer = _lengthened(shares, once, twice)
        better = weights @ np.log(within @ longer) >= weights @ np.log(chance)
        shares = longer if better else twice
    return shares, False


def _lengthened(start: Values, once: Values, twice: Values) -> Values:
    """Where two steps point to, kept above 0: a share at 0 could never grow again."""
    first, bend = once - start, twice - 2 * once + start
    size = float(np.sqrt(np.square(bend).sum()))
    if size == 0:
        return twice
    length = max(1.0, float(np.sqrt(np.square(first).sum())) / size)
    longer = np.maximum(start + 2 * length * first + length * length * bend, 0.01 * twice)
    moved: Values = longer / longer.sum()
    return moved
