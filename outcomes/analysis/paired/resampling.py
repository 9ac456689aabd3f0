"""Resampling for before and after: sign flips and the studentised bootstrap. What is resampled are patients.

Changes are put in ascending order before anything is drawn, so that neither the order nor the names of the
patients can move a result. Sources: docs/method.md#resampling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from outcomes.analysis.estimates import MIN_PAIRS_FOR_P, TIE_DECIMALS, Estimate, Sample, Values
from outcomes.analysis.paired.changes import (
    NO_CHANGE,
    NO_PAIRS,
    changes_of,
    rounded,
    too_few_for_p,
    without_variation,
)

#: Up to this many changes other than 0 every pattern of signs is counted: two halves of 2^15 sums each.
MAX_EXACT_FLIPS = 30

#: Two sums are equal when they differ by less than this share of the sum of all sizes: 28·h/n is not exact.
_EQUAL = 1e-12

#: Draws held in memory at a time.
_AT_A_TIME = 4_000_000


def sign_flip(baseline: Values | Sample, followup: Values | Sample, flips: int, seed: int) -> Estimate:
    """Fisher's randomisation test of the mean change: how often random signs give a mean as far from 0.

    `value` is the mean change, follow-up − baseline. Up to 30 changes other than 0 all patterns are counted
    and p is exact; above, `flips` patterns are drawn and p = (b + 1) / (flips + 1), b of them as far from 0.
    No p below five pairs; 1 where nobody changed.
    """
    changes = np.sort(changes_of(baseline, followup))
    n = len(changes)
    if n == 0:
        return Estimate(None, None, None, None, "sign flips", (NO_PAIRS,))
    moved = changes[rounded(changes) != 0]
    if not len(moved):
        return Estimate(0.0, None, None, 1.0, "sign flips, exact", (NO_CHANGE,))
    exact = len(moved) <= MAX_EXACT_FLIPS
    method = "sign flips, exact" if exact else f"sign flips, {flips:,} drawn"
    mean = math.fsum(changes) / n
    if n < MIN_PAIRS_FOR_P:
        return Estimate(mean, None, None, None, method, (too_few_for_p(n),))
    p = _exact_p(moved) if exact else _drawn_p(moved, flips, seed)
    return Estimate(mean, None, None, p, method)


def bootstrap_t(
    baseline: Values | Sample, followup: Values | Sample, confidence: float, resamples: int, seed: int
) -> Estimate:
    """Mean change with the studentised bootstrap interval over patients (Efron and Tibshirani 1993, 12.5).

    The quantiles of t* = (mean* − mean) / SE* over `resamples` draws stand where the paired t interval has
    Student's. A draw that holds one value only has no SE and counts as infinitely far on its side; where too
    many do, the interval has no end and is left out, as where the resamples are too few for the level. No p.
    """
    method = f"bootstrap-t, {resamples:,} resamples"
    changes = np.sort(changes_of(baseline, followup))
    n = len(changes)
    if n == 0:
        return Estimate(None, None, None, None, method, (NO_PAIRS,))
    mean = math.fsum(changes) / n
    if n == 1:
        return Estimate(mean, None, None, None, method, ("insufficient_n: one patient, no interval",))
    if same := without_variation(changes):
        value, note = same
        return Estimate(value, None, None, None, method, (note,))
    # (resamples + 1)·α/2 is a whole number for 999, 1999, 9999 …, and then the level is exact.
    tail = math.floor((resamples + 1) * (1 - confidence) / 2 + 1e-9)
    if tail == 0:
        note = f"not_computed: {resamples:,} resamples are too few for an interval at {100 * confidence:g}%"
        return Estimate(mean, None, None, None, method, (note,))
    error = Sample(changes).sd / math.sqrt(n)
    studentised = np.sort(_studentised(changes - mean, resamples, seed))
    lowest, highest = float(studentised[tail - 1]), float(studentised[-tail])
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        note = "unbounded: too many resamples hold one value only, no interval"
        return Estimate(mean, None, None, None, method, (note,))
    return Estimate(mean, mean - highest * error, mean - lowest * error, None, method)


def _exact_p(changes: Values) -> float:
    """Share of all sign patterns whose sum is as far from 0, from the sums of two halves."""
    size = float(np.abs(changes).sum())
    far = abs(math.fsum(changes)) - _EQUAL * size
    if far <= 0:
        return 1.0
    first, second = _all_sums(changes[::2]), np.sort(_all_sums(changes[1::2]))
    # Each pattern has a mirror image of the same size: the upper tail is half of both.
    upper = len(second) - np.searchsorted(second, far - first, "left")
    return min(1.0, 2 * int(upper.sum()) / (len(first) * len(second)))


def _all_sums(changes: Values) -> Values:
    """The sums of all sign patterns."""
    sums = np.zeros(1)
    for change in changes.tolist():
        sums = np.concatenate((sums + change, sums - change))
    return sums


def _drawn_p(changes: Values, flips: int, seed: int) -> float:
    total = math.fsum(changes)
    far = abs(total) - _EQUAL * float(np.abs(changes).sum())
    generator = Generator(PCG64(seed))
    as_far = 0
    for rows in _batches(flips, len(changes)):
        # One bit per patient and pattern; a whole number of bytes per pattern.
        drawn = generator.integers(0, 256, (rows, -(-len(changes) // 8)), dtype=np.uint8)
        upward = np.unpackbits(drawn, axis=1, count=len(changes)).astype(np.float64)
        as_far += int((np.abs(2 * (upward @ changes) - total) >= far).sum())
    return (as_far + 1) / (flips + 1)


def _studentised(centred: Values, resamples: int, seed: int) -> Values:
    """t* of each resample of changes whose mean is 0; ± infinity where the resample does not vary."""
    n = len(centred)
    generator = Generator(PCG64(seed))
    return np.concatenate([_t_of(centred[_draw(generator, rows, n)]) for rows in _batches(resamples, n)])


def _draw(generator: Generator, rows: int, n: int) -> NDArray[np.int32]:
    return generator.integers(0, n, (rows, n), dtype=np.int32)


def _t_of(drawn: Values) -> Values:
    n = drawn.shape[1]
    means = drawn.mean(axis=1)
    squares = np.einsum("ij,ij->i", drawn, drawn) / n
    variances = np.maximum(squares - means**2, 0.0) * n / (n - 1)
    # Squares lose their last digits against each other: where little is left of them, look at the values.
    flat = variances <= 1e-6 * squares
    closer = drawn[flat]
    variances[flat] = closer.var(axis=1, ddof=1)
    flat[flat] = np.ptp(closer, axis=1) < 10.0**-TIE_DECIMALS
    apart = np.sqrt(np.where(flat, 1.0, variances / n))
    # Flat at the mean itself is 0/0, and as near to it as can be.
    endless = np.where(means > 0, np.inf, np.where(means < 0, -np.inf, 0.0))
    return np.where(flat, endless, means / apart)


def _batches(rows: int, columns: int) -> Iterator[int]:
    """Rows per batch, so that the memory does not grow with the number of draws."""
    most = max(1, _AT_A_TIME // columns)
    for start in range(0, rows, most):
        yield min(most, rows - start)
