"""Arrays in, estimates out: the closed forms behind every number, and what each does at its edges.

Each is defined once, for many groups at a time (`mean_intervals`, `paired_changes`, …); the comparison of one sample
(`mean_interval`, `paired_change`, …) is that of one group. Only `scipy.special` is imported: it starts in a third of
the time of `scipy.stats` and holds the same distribution functions. Formulas and edge cases: docs/method.md#statistics.
R values: tests/reference.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from outcomes.analysis.estimate_columns import Deciding, Estimates, Notes
from outcomes.analysis.estimate_columns import Estimate as Estimate
from outcomes.analysis.samples import TIE_DECIMALS as TIE_DECIMALS
from outcomes.analysis.samples import Sample as Sample
from outcomes.analysis.samples import Samples, undefined_is_nan
from outcomes.analysis.samples import Values as Values

#: Below this many pairs a p value would say more than the data can.
MIN_PAIRS_FOR_P = 5

_NOT_COMPLETE = ("not_complete: a value is missing among those to be counted",)


def t_quantile(confidence: float, df: int) -> float:
    """Two-sided quantile of Student's t."""
    return float(stdtrit(df, 0.5 + confidence / 2))


def t_quantiles(confidence: float, samples: Samples) -> Values:
    """Two-sided quantile of Student's t with n − 1 degrees of freedom for each group; NaN below two."""
    df = np.where(samples.n > 1, samples.n - 1.0, np.nan)
    return np.asarray(stdtrit(df, 0.5 + confidence / 2), dtype=np.float64)


def mean_interval(
    values: Values | Sample, confidence: float, possible: tuple[float, float] = (-math.inf, math.inf)
) -> Estimate:
    """Mean with its t interval, cut where it leaves the `possible` range of the values, which the mean cannot.

    A range that the values themselves leave is not one, and cuts nothing.
    """
    return mean_intervals(Samples.of(values), confidence, possible)[0]


def mean_intervals(
    samples: Samples, confidence: float, possible: tuple[float, float] = (-math.inf, math.inf)
) -> Estimates:
    """`mean_interval` of each group."""
    found = Deciding(len(samples), "mean, t interval")
    means = samples.means
    found.settle(samples.n == 0, ("no patients",))
    found.settle(np.isnan(means), _NOT_COMPLETE)
    found.settle(samples.n == 1, ("one patient: no interval",), value=means)
    found.settle(~samples.varies, ("zero_variance: every patient has the same value",), value=means)
    if not found.open.any():
        return found.found()
    half = t_quantiles(confidence, samples) * samples.sds / np.sqrt(samples.n)
    low, high = means - half, means + half
    least, greatest = samples.extremes
    lowest, highest = np.minimum(possible[0], least), np.maximum(possible[1], greatest)
    with undefined_is_nan():
        leaves = (low < lowest) | (high > highest)
    cut = ("cut_to_range: the interval is cut where it would leave what such a mean can be",)
    found.settle(leaves, cut, value=means, low=np.maximum(low, lowest), high=np.minimum(high, highest))
    found.settle(True, value=means, low=low, high=high)
    return found.found()


#: Range of what cannot be below 0 and has no upper end.
AT_LEAST_ZERO = (0.0, math.inf)


def standard_deviation(values: Values | Sample) -> Estimate:
    """Standard deviation with n − 1 in the denominator; undefined below two values."""
    return standard_deviations(Samples.of(values))[0]


def standard_deviations(samples: Samples) -> Estimates:
    """`standard_deviation` of each group."""
    found = Deciding(len(samples), "standard deviation")
    found.settle(samples.n < 2, ("fewer than two patients",))
    found.settle(True, value=samples.sds)
    return found.found()


def median(values: Values | Sample) -> Estimate:
    """Median."""
    return medians(Samples.of(values))[0]


def medians(samples: Samples) -> Estimates:
    """Median of each group."""
    found = Deciding(len(samples), "median")
    found.settle(samples.n == 0, ("no patients",))
    found.settle(True, value=samples.medians)
    return found.found()


def correlation(baseline: Values | Sample, followup: Values | Sample) -> Estimate:
    """Pearson correlation of baseline and follow-up; undefined where one of them does not vary."""
    return correlations(Samples.of(baseline), Samples.of(followup))[0]


def correlations(baseline: Samples, followup: Samples) -> Estimates:
    """`correlation` of each group."""
    found = Deciding(len(baseline), "Pearson correlation")
    undefined = (baseline.n < 3) | ~baseline.varies | ~followup.varies
    found.settle(undefined, ("too few patients, or no variation",))
    with undefined_is_nan():
        r = baseline.covariances(followup) / np.sqrt(baseline.variances * followup.variances)
    found.settle(True, value=np.clip(r, -1.0, 1.0))
    return found.found()


def paired_change(baseline: Values | Sample, followup: Values | Sample, confidence: float) -> Estimate:
    """Mean within-patient change, follow-up − baseline, each patient with weight 1: paired t.

    Small and degenerate samples keep the estimate and lose what they cannot carry: the interval below two
    pairs or without variation, p below five pairs.
    """
    return paired_changes(Samples.of(followup).minus(Samples.of(baseline)), confidence)[0]


def paired_changes(changes: Samples, confidence: float) -> Estimates:
    """`paired_change` of each group, from the changes of its patients."""
    found = Deciding(len(changes), "paired t")
    n, means = changes.n, changes.means
    found.settle(n == 0, ("no_pairs: no patient has both periods",))
    found.settle(np.isnan(means), _NOT_COMPLETE)
    found.settle(n == 1, ("insufficient_n: one patient, no interval",), value=means)
    found.settle(changes.all_zero, ("no_change: every patient's change is 0",), value=0.0, p=1.0)
    found.settle(~changes.varies, ("zero_variance: every patient changed by the same",), value=means)
    if not found.open.any():
        return found.found()
    with undefined_is_nan():
        error = changes.sds / np.sqrt(n)
        p = 2 * stdtr(n - 1, -np.abs(means / error))
    half = t_quantiles(confidence, changes) * error
    low, high = means - half, means + half
    found.settle(n < MIN_PAIRS_FOR_P, lambda group: _too_few(int(n[group])), value=means, low=low, high=high)
    five = ("five pairs: an exact rank test could not go below p = 0.0625",)
    found.settle(n == MIN_PAIRS_FOR_P, five, value=means, low=low, high=high, p=p)
    found.settle(True, value=means, low=low, high=high, p=p)
    return found.found()


def _too_few(n: int) -> Notes:
    return (f"insufficient_n: {n} pairs are too few for a p value",)


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
