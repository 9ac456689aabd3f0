"""Rank methods for before and after: Wilcoxon–Pratt, rank-biserial, probability of improvement.

Every function takes complete pairs. Ranks are taken of the changes rounded to nine places, because 28·h/n
seldom comes out exact. The Hodges–Lehmann pseudomedian stands in `pseudomedian.py`.
Formulas and sources: docs/method.md#rank-methods. R values: tests/reference/test_paired_against_r.py.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from outcomes.analysis.estimates import MIN_PAIRS_FOR_P, Estimate, Sample, Values
from outcomes.analysis.paired.changes import (
    NO_CHANGE,
    NO_PAIRS,
    changes_of,
    rank_sum_chances,
    rounded,
    too_few_for_p,
)
from outcomes.analysis.proportions import share

#: Up to this many pairs the exact distribution takes a few milliseconds; above it the normal one is as good.
MAX_EXACT_PAIRS = 200


def wilcoxon_pratt(baseline: Values | Sample, followup: Values | Sample) -> Estimate:
    """Wilcoxon's signed-rank test with Pratt's (1959) rule: changes of 0 are ranked, then left out.

    `value` is the standardised statistic Z, without continuity correction, as R's `coin` prints it: above 0
    where follow-up lies above baseline. Up to 200 pairs p is exact, given the ranks, with ties and zeros;
    above, it comes from the normal distribution, and the method says which. p has no meaning below five
    pairs and is left out; where nobody changed p is 1 and Z undefined.
    """
    changes = rounded(changes_of(baseline, followup))
    n = len(changes)
    exact = n <= MAX_EXACT_PAIRS
    method = f"Wilcoxon–Pratt, {'exact' if exact else 'asymptotic'}"
    if n == 0:
        return Estimate(None, None, None, None, method, (NO_PAIRS,))
    if not changes.any():
        return Estimate(None, None, None, 1.0, method, (NO_CHANGE,))
    doubled = _doubled_midranks(np.abs(changes))
    moved, upward = doubled[changes != 0], int(doubled[changes > 0].sum())
    z = (2 * upward - int(moved.sum())) / math.sqrt(int(np.square(moved).sum()))
    notes = _zero_notes(n - len(moved), "ranked and then left out")
    if n < MIN_PAIRS_FOR_P:
        notes = (*notes, too_few_for_p(n))
        return Estimate(z, None, None, None, method, notes)
    p = _exact_p(moved, upward) if exact else float(2 * ndtr(-abs(z)))
    return Estimate(z, None, None, p, method, notes)


def rank_biserial(baseline: Values | Sample, followup: Values | Sample, confidence: float = 0.95) -> Estimate:
    """Matched-pairs rank-biserial correlation (Kerby 2014): rank sum upwards − downwards, over both.

    From −1 (all who changed went down) to 1 (up). Changes of 0 are left out before ranking. The interval is
    the normal one on the atanh scale with the null variance of the rank sum over the pairs that changed; at
    −1 and 1 it would have no width and is left out.
    """
    method = "matched-pairs rank-biserial, atanh interval"
    changes = rounded(changes_of(baseline, followup))
    if not len(changes):
        return Estimate(None, None, None, None, method, (NO_PAIRS,))
    moved = changes[changes != 0]
    if not len(moved):
        return Estimate(None, None, None, None, method, (NO_CHANGE,))
    notes = _zero_notes(len(changes) - len(moved), "left out")
    ranks = _doubled_midranks(np.abs(moved))
    upward, total = int(ranks[moved > 0].sum()), int(ranks.sum())
    value = (2 * upward - total) / total
    if abs(value) == 1.0:
        note = "one_direction: all who changed went the same way, no interval"
        return Estimate(value, None, None, None, method, (*notes, note))
    n = len(moved)
    error = math.sqrt((2 * n**3 + 3 * n**2 + n) / 6) / (n * (n + 1) / 2)
    half = float(ndtri(0.5 + confidence / 2)) * error
    centre = math.atanh(value)
    return Estimate(value, math.tanh(centre - half), math.tanh(centre + half), None, method, notes)


def probability_of_improvement(
    baseline: Values | Sample,
    followup: Values | Sample,
    confidence: float,
    improvement: Literal["decrease", "increase"] = "decrease",
) -> Estimate:
    """Share of patients who improved by however little, those unchanged counted as one half.

    The interval is Wilson's with that count, which may end in a half. ½ is no tendency.
    """
    method = "share improved + ½ share unchanged, Wilson-type"
    changes = rounded(changes_of(baseline, followup))
    if not len(changes):
        return Estimate(None, None, None, None, method, (NO_PAIRS,))
    better = changes < 0 if improvement == "decrease" else changes > 0
    unchanged = int((changes == 0).sum())
    found = share(int(better.sum()) + unchanged / 2, len(changes), confidence)
    notes = _zero_notes(unchanged, "counted as one half each")
    return Estimate(found.value, found.low, found.high, None, method, notes)


def _zero_notes(zeros: int, treated: str) -> tuple[str, ...]:
    return (f"zero_changes: {zeros} unchanged, {treated}",) if zeros else ()


def _doubled_midranks(sizes: Values) -> NDArray[np.int64]:
    """Twice the mean rank of each value among all: whole numbers, so that sums of them are exact."""
    _, group, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((2 * last - counts + 1)[group], dtype=np.int64)


def _exact_p(doubled: NDArray[np.int64], upward: int) -> float:
    """Two-sided p: every sign of every nonzero change equally likely, given the ranks."""
    chances = rank_sum_chances(np.sort(doubled).tolist())
    tail = math.fsum(chances[max(upward, int(doubled.sum()) - upward) :])
    return min(1.0, 2 * tail)
