"""The Hodges–Lehmann pseudomedian with its exact interval, without building all n(n + 1)/2 averages.

Formulas and sources: docs/method.md#rank-methods. R values: tests/reference/test_paired_against_r.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from outcomes.analysis.estimates import Estimate, Sample, Values
from outcomes.analysis.paired.changes import (
    NO_PAIRS,
    changes_of,
    rank_sum_chances,
    rounded,
    without_variation,
)

#: Up to this many pairs the null distribution of the signed-rank sum is counted out; above, it is expanded.
MAX_COUNTED_PAIRS = 400

#: Up to this many different changes all their sums are simply sorted.
_MAX_LISTED = 400

_METHOD = "Hodges–Lehmann pseudomedian, signed-rank interval"


def hodges_lehmann(baseline: Values | Sample, followup: Values | Sample, confidence: float) -> Estimate:
    """Pseudomedian of the changes: the median of all averages of two changes, each with itself included.

    Changes of 0 count like any other. The interval runs from the k-th smallest to the k-th largest average,
    k being the quantile of the signed-rank sum (R's `qsignrank`), so that its level is at least `confidence`;
    at 95% five pairs or fewer have none. It is not the mean, and for skewed changes does not estimate it.
    """
    changes = changes_of(baseline, followup)
    n = len(changes)
    if n == 0:
        return Estimate(None, None, None, None, _METHOD, (NO_PAIRS,))
    if same := without_variation(changes):
        value, note = same
        return Estimate(value, None, None, None, _METHOD, (note,))
    averages = _Averages.of(changes)
    total = n * (n + 1) // 2
    k = signed_rank_quantile(n, (1 - confidence) / 2)
    ranks = ((total + 1) // 2, total // 2 + 1, max(k, 1), total + 1 - max(k, 1))
    below, above, low, high = averages.smallest(*ranks)
    value = (below + above) / 2
    if k == 0:
        note = f"insufficient_n: {n} pairs are too few for a rank interval at {100 * confidence:g}%"
        return Estimate(value, None, None, None, _METHOD, (note,))
    notes = (
        ("no_width: so many patients changed by the same that both limits are one number",)
        if low == high
        else ()
    )
    return Estimate(value, low, high, None, _METHOD, notes)


def signed_rank_quantile(n: int, tail: float) -> int:
    """Smallest q with P(signed-rank sum of n untied pairs ≤ q) at least `tail`: R's `qsignrank(tail, n)`."""
    if n <= MAX_COUNTED_PAIRS:
        cumulative = np.cumsum(rank_sum_chances(range(1, n + 1)))
        return int(np.searchsorted(cumulative, tail - 1e-14))
    mean, spread = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    q = math.floor(mean + float(ndtri(tail)) * spread) - 3
    while _expanded_cdf(q, n) < tail:
        q += 1
    while _expanded_cdf(q - 1, n) >= tail:
        q -= 1
    return q


def _expanded_cdf(q: int, n: int) -> float:
    """P(signed-rank sum ≤ q) by the Edgeworth expansion to the sixth cumulant (Fellingham and Stoker 1964).

    The sum over whole numbers, smeared evenly over ± ½, has exactly this distribution at q + ½: its variance
    is larger by 1/12.
    """
    variance = n * (n + 1) * (2 * n + 1) / 24 + 1 / 12
    fourth = -n * (n + 1) * (2 * n + 1) * (3 * n * n + 3 * n - 1) / 240
    sixth = n * (n + 1) * (2 * n + 1) * (3 * n**4 + 6 * n**3 - 3 * n + 1) / 168
    z = (q + 0.5 - n * (n + 1) / 4) / math.sqrt(variance)
    third_h, fifth_h = z**3 - 3 * z, z**5 - 10 * z**3 + 15 * z
    seventh_h = z**7 - 21 * z**5 + 105 * z**3 - 105 * z
    correction = (
        fourth / (24 * variance**2) * third_h
        + sixth / (720 * variance**3) * fifth_h
        + fourth**2 / (1152 * variance**4) * seventh_h
    )
    return float(ndtr(z)) - math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * correction


@dataclass(frozen=True, eq=False)
class _Cut:
    """The pairs whose sum is at most `most`: how many, and for each row where its partners end."""

    most: float
    pairs: int
    reach: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Averages:
    """All averages of two changes, by rank. `changes` are the different ones, ascending; `before[i]` patients
    changed by less than `changes[i]`, and `weights[i]` by as much.

    A pair is a row i and a partner j ≥ i. `counted[i]` is what the rows above i would count too much if each
    patient of a row were paired with all patients from the first on.
    """

    changes: Values
    weights: NDArray[np.int64]
    before: NDArray[np.int64]
    counted: NDArray[np.int64]

    @classmethod
    def of(cls, changes: Values) -> _Averages:
        ordered = np.sort(changes)
        first = np.flatnonzero(np.concatenate(([True], np.diff(rounded(ordered)) != 0)))
        before = np.append(first, len(ordered)).astype(np.int64)
        weights = np.diff(before)
        twice = weights * before[:-1] + weights * (weights - 1) // 2
        return cls(ordered[first], weights, before, np.concatenate(([0], np.cumsum(twice))))

    def smallest(self, *ranks: int) -> tuple[float, ...]:
        """The averages of these ranks, counted from 1 for the smallest."""
        size = len(self.changes)
        nothing = _Cut(2 * float(self.changes[0]), 0, np.zeros(0, dtype=np.int64))
        n = int(self.before[-1])
        everything = _Cut(2 * float(self.changes[-1]), n * (n + 1) // 2, np.full(size, size))
        cuts = [nothing, everything]
        return tuple(self._smallest(rank, cuts) for rank in ranks)

    def _smallest(self, rank: int, cuts: list[_Cut]) -> float:
        """The average of one rank, from the cuts made so far, to which it adds its own.

        Halves the range of sums until what is left in it can be listed: sums that are equal are half of `size`
        pairs at most.
        """
        size = len(self.changes)
        low = max((cut for cut in cuts if cut.pairs < rank), key=lambda cut: cut.pairs)
        high = min((cut for cut in cuts if cut.pairs >= rank), key=lambda cut: cut.pairs)
        while size > _MAX_LISTED and self._listed(low.reach, high.reach) > size:
            middle = low.most + (high.most - low.most) / 2
            if not low.most < middle < high.most:
                break
            reach = self._reach(middle)
            cut = _Cut(middle, self._pairs(reach), reach)
            cuts.append(cut)
            low, high = (low, cut) if cut.pairs >= rank else (cut, high)
        return self._listed_rank(low.reach, high.reach, rank - low.pairs)

    def _reach(self, most: float) -> NDArray[np.int64]:
        """For each row with any partner such that the sum is at most `most`: where its partners end."""
        rows = int(np.searchsorted(self.changes, most / 2, "right"))
        reach = np.searchsorted(self.changes, most - self.changes[:rows], "right")
        return np.maximum(reach, np.arange(1, rows + 1))

    def _pairs(self, reach: NDArray[np.int64]) -> int:
        """Pairs of patients, each with itself included, whose partners end at `reach`."""
        rows = len(reach)
        return int(self.weights[:rows] @ self.before[reach]) - int(self.counted[rows])

    @staticmethod
    def _listed(below: NDArray[np.int64], within: NDArray[np.int64]) -> int:
        """Pairs of different changes between two reaches."""
        more = len(within) - len(below)
        return int(within.sum() - below.sum()) - more * (len(within) + len(below) - 1) // 2

    def _listed_rank(self, below: NDArray[np.int64], within: NDArray[np.int64], rank: int) -> float:
        """The average of that rank among the pairs between two reaches alone."""
        start = np.concatenate((below, np.arange(len(below), len(within))))
        counts = within - start
        first = np.repeat(np.arange(len(counts)), counts)
        second = np.arange(len(first)) + np.repeat(start - np.cumsum(counts) + counts, counts)
        own, other = self.weights[first], self.weights[second]
        weights = np.where(first == second, own * (own + 1) // 2, own * other)
        sums = self.changes[first] + self.changes[second]
        order = np.argsort(sums, kind="stable")
        at = np.searchsorted(np.cumsum(weights[order]), rank)
        return float(sums[order[at]]) / 2
