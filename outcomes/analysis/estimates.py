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
from scipy.special import ndtri, stdtr, stdtrit

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


def mean_interval(values: Values | Sample, confidence: float) -> Estimate:
    """Mean with its t interval."""
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
    return Estimate(sample.mean, sample.mean - half, sample.mean + half, None, method)


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


def rate_ratio(
    baseline: Values | Sample, followup: Values | Sample, confidence: float, change: Estimate | None = None
) -> Estimate:
    """Ratio of the mean follow-up to the mean baseline, with Fieller's interval and the paired t's p.

    `change` is the paired change of the same values, where it is known already. At a ratio of 1 Fieller's
    statistic is the paired t, so difference and ratio never contradict. Where the baseline mean cannot be
    told from 0 Fieller's interval is unbounded, and the log-delta interval stands in its place under its
    own name.
    """
    method = "Fieller"
    before, after = Sample.of(baseline), Sample.of(followup)
    n = len(before)
    if n == 0:
        return Estimate(None, None, None, None, method, ("no_pairs: no patient has both periods",))
    m0, m1 = before.mean, after.mean
    if m0 <= 0 or m1 < 0:
        why = (
            "no_ratio: the baseline mean is not above 0"
            if m0 <= 0
            else "no_ratio: the follow-up mean is below 0"
        )
        return Estimate(None, None, None, None, method, (why,))
    change = change if change is not None else paired_change(before, after, confidence)
    if not np.round(after.values, TIE_DECIMALS).any():
        notes = (*change.notes, "all_zero_followup: no interval for a ratio of 0")
        return Estimate(0.0, None, None, change.p, method, notes)
    if n == 1 or change.low is None:
        return Estimate(m1 / m0, None, None, change.p, method, change.notes)
    t = t_quantile(confidence, n - 1)
    v0, v1, c = before.variance / n, after.variance / n, before.covariance(after) / n
    a, b, k = m0 * m0 - t * t * v0, m0 * m1 - t * t * c, m1 * m1 - t * t * v1
    if a <= 0:
        return _log_delta(before, after, t, change)
    root = math.sqrt(max(0.0, b * b - a * k))
    return Estimate(m1 / m0, max(0.0, (b - root) / a), (b + root) / a, change.p, method, change.notes)


def share(count: int, total: int, confidence: float) -> Estimate:
    """A proportion with Wilson's interval; undefined out of none."""
    method = "Wilson"
    if total == 0:
        return Estimate(None, None, None, None, method, ("no_patients: nobody to count",))
    z = float(ndtri(0.5 + confidence / 2))
    p = count / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == total else min(1.0, centre + half)
    return Estimate(p, low, high, None, method)


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


def _log_delta(before: Sample, after: Sample, t: float, change: Estimate) -> Estimate:
    m0, m1, n = before.mean, after.mean, len(before)
    relative = (after.values - m1) / m1 - (before.values - m0) / m0
    half = t * math.sqrt(math.fsum(np.square(relative)) / (n * (n - 1)))
    log_ratio = math.log(m1 / m0)
    note = "fieller_unbounded: the baseline mean cannot be told from 0; the interval is the log-delta one"
    return Estimate(
        m1 / m0,
        math.exp(log_ratio - half),
        math.exp(log_ratio + half),
        change.p,
        "log-delta t (Fieller unbounded)",
        (*change.notes, note),
    )


def _paired_p(t: float, n: int) -> tuple[float | None, tuple[str, ...]]:
    if n < MIN_PAIRS_FOR_P:
        return None, (f"insufficient_n: {n} pairs are too few for a p value",)
    notes: tuple[str, ...] = ()
    if n == MIN_PAIRS_FOR_P:
        notes = ("five pairs: an exact rank test could not go below p = 0.0625",)
    return float(2 * stdtr(n - 1, -abs(t))), notes
