"""Arrays in, estimates out: the closed forms behind every number, and what each does at its edges.

Only `scipy.special` is imported: it starts in a third of the time of `scipy.stats` and holds the same
distribution functions. Formulas and edge cases: docs/method.md#statistics. R values: tests/reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Values = NDArray[np.float64]

#: 28·h/n rarely comes out exact: differences are rounded to this many places before ties are looked for.
TIE_DECIMALS = 9

#: Below this many pairs a p value would say more than the data can.
MIN_PAIRS_FOR_P = 5


@dataclass(frozen=True, eq=False)
class Sample:
    """Values with their moments, each worked out once. Sums round once (fsum), so that the order of the
    patients cannot move the last digit."""

    values: Values

    @classmethod
    def of(cls, values: Values | Sample) -> Sample:
        return values if isinstance(values, Sample) else cls(np.asarray(values, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self)

    @cached_property
    def variance(self) -> float:
        """With n − 1 in the denominator."""
        return math.fsum(np.square(self.values - self.mean)) / (len(self) - 1)

    @property
    def sd(self) -> float:
        return math.sqrt(self.variance)

    @property
    def varies(self) -> bool:
        rounded = np.round(self.values, TIE_DECIMALS)
        return bool((rounded != rounded[0]).any())

    def covariance(self, other: Sample) -> float:
        together = (self.values - self.mean) * (other.values - other.mean)
        return math.fsum(together) / (len(self) - 1)


@dataclass(frozen=True)
class Estimate:
    """A number with its interval. None means undefined, and a note says why. Never rounded."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    method: str
    notes: tuple[str, ...] = ()


def t_quantile(confidence: float, df: int) -> float:
    """Two-sided quantile of Student's t."""
    return float(stdtrit(df, 0.5 + confidence / 2))


def mean_interval(
    values: Values | Sample, confidence: float, possible: tuple[float, float] = (-math.inf, math.inf)
) -> Estimate:
    """Mean with its t interval, cut where it leaves the `possible` range of the values, which the mean cannot.

    A range that the values themselves leave is not one, and cuts nothing.
    """
    method = "mean, t interval"
    sample = Sample.of(values)
    n = len(sample)
    if n == 0:
        return Estimate(None, None, None, None, method, ("no patients",))
    if n == 1:
        return Estimate(sample.mean, None, None, None, method, ("one patient: no interval",))
    if not sample.varies:
        note = "zero_variance: every patient has the same value"
        return Estimate(sample.mean, None, None, None, method, (note,))
    half = t_quantile(confidence, n - 1) * sample.sd / math.sqrt(n)
    low, high = sample.mean - half, sample.mean + half
    lowest, highest = (
        min(possible[0], float(sample.values.min())),
        max(possible[1], float(sample.values.max())),
    )
    notes: tuple[str, ...] = ()
    if low < lowest or high > highest:
        low, high = max(low, lowest), min(high, highest)
        notes = ("cut_to_range: the interval is cut where it would leave what such a mean can be",)
    return Estimate(sample.mean, low, high, None, method, notes)


#: Range of what cannot be below 0 and has no upper end.
AT_LEAST_ZERO = (0.0, math.inf)


def standard_deviation(values: Values | Sample) -> Estimate:
    """Standard deviation with n − 1 in the denominator; undefined below two values."""
    sample = Sample.of(values)
    if len(sample) < 2:
        return Estimate(None, None, None, None, "standard deviation", ("fewer than two patients",))
    return Estimate(sample.sd, None, None, None, "standard deviation")


def median(values: Values | Sample) -> Estimate:
    """Median."""
    sample = Sample.of(values)
    if not len(sample):
        return Estimate(None, None, None, None, "median", ("no patients",))
    return Estimate(float(np.median(sample.values)), None, None, None, "median")


def correlation(baseline: Values | Sample, followup: Values | Sample) -> Estimate:
    """Pearson correlation of baseline and follow-up; undefined where one of them does not vary."""
    method = "Pearson correlation"
    first, second = Sample.of(baseline), Sample.of(followup)
    if len(first) < 3 or not first.varies or not second.varies:
        return Estimate(None, None, None, None, method, ("too few patients, or no variation",))
    r = first.covariance(second) / math.sqrt(first.variance * second.variance)
    return Estimate(min(1.0, max(-1.0, r)), None, None, None, method)


def paired_change(baseline: Values | Sample, followup: Values | Sample, confidence: float) -> Estimate:
    """Mean within-patient change, follow-up − baseline, each patient with weight 1: paired t.

    Small and degenerate samples keep the estimate and lose what they cannot carry: the interval below two
    pairs or without variation, p below five pairs.
    """
    method = "paired t"
    change = Sample(Sample.of(followup).values - Sample.of(baseline).values)
    n = len(change)
    if n == 0:
        return Estimate(None, None, None, None, method, ("no_pairs: no patient has both periods",))
    if n == 1:
        return Estimate(change.mean, None, None, None, method, ("insufficient_n: one patient, no interval",))
    if not np.round(change.values, TIE_DECIMALS).any():
        return Estimate(0.0, None, None, 1.0, method, ("no_change: every patient's change is 0",))
    if not change.varies:
        note = "zero_variance: every patient changed by the same"
        return Estimate(change.mean, None, None, None, method, (note,))
    error = change.sd / math.sqrt(n)
    half = t_quantile(confidence, n - 1) * error
    p, notes = _paired_p(change.mean / error, n)
    return Estimate(change.mean, change.mean - half, change.mean + half, p, method, notes)


def welch(first: Values, second: Values, confidence: float) -> Estimate:
    """Mean of `first` − mean of `second` with Welch's t interval (Welch 1947): two groups of any variances.

    p from five in each group. Groups that do not vary, or of one, have the difference alone.
    """
    method = "difference of means, Welch t"
    one, other = Sample.of(first), Sample.of(second)
    if not len(one) or not len(other):
        return Estimate(None, None, None, None, method, ("no_patients: one of the groups is empty",))
    value = one.mean - other.mean
    if len(one) < 2 or len(other) < 2:
        return Estimate(
            value, None, None, None, method, ("insufficient_n: one value in a group, no interval",)
        )
    if not one.varies and not other.varies:
        return Estimate(value, None, None, None, method, ("zero_variance: no variation in either group",))
    error, df = welch_error(one, other)
    half = float(stdtrit(df, 0.5 + confidence / 2)) * error
    p: float | None = float(2 * stdtr(df, -abs(value / error)))
    notes: tuple[str, ...] = ()
    if min(len(one), len(other)) < MIN_PAIRS_FOR_P:
        p, notes = None, ("insufficient_n: fewer than five values in a group, no p value",)
    return Estimate(value, value - half, value + half, p, method, notes)


def welch_error(first: Sample, second: Sample) -> tuple[float, float]:
    """(standard error, degrees of freedom) of a difference of two means of at least two values each."""
    parts = first.variance / len(first), second.variance / len(second)
    total = sum(parts)
    df = total**2 / (parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1))
    return math.sqrt(total), df


def grouped_mean_interval(
    values: Values, weights: NDArray[np.int64], confidence: float
) -> tuple[int, float | None, float | None, float | None]:
    """(n, mean, low, high) of values that come as a table of counts: `weights` patients have each value."""
    n = int(weights.sum())
    if n == 0:
        return 0, None, None, None
    mean = math.fsum(values * weights) / n
    if n == 1:
        return n, mean, None, None
    variance = math.fsum(weights * (values - mean) ** 2) / (n - 1)
    half = t_quantile(confidence, n - 1) * math.sqrt(variance / n)
    return n, mean, mean - half, mean + half


def _paired_p(t: float, n: int) -> tuple[float | None, tuple[str, ...]]:
    if n < MIN_PAIRS_FOR_P:
        return None, (f"insufficient_n: {n} pairs are too few for a p value",)
    notes: tuple[str, ...] = ()
    if n == MIN_PAIRS_FOR_P:
        notes = ("five pairs: an exact rank test could not go below p = 0.0625",)
    return float(2 * stdtr(n - 1, -abs(t))), notes
