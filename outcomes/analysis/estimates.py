"""Arrays in, estimates out: the closed forms behind every number, and what each does at its edges.

Only `scipy.special` is imported: it starts in a third of the time of `scipy.stats` and holds the same
distribution functions. Formulas and edge cases: docs/method.md#statistics. R values: tests/reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

Values = NDArray[np.float64]

#: 28·h/n rarely comes out exact: differences are rounded to this many places before ties are looked for.
TIE_DECIMALS = 9

#: Below this many pairs a p value would say more than the data can.
MIN_PAIRS_FOR_P = 5


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


def mean_interval(values: Values, confidence: float) -> Estimate:
    """Mean with its t interval."""
    method = "mean, t interval"
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, None, method, ("no patients",))
    mean = _mean(values)
    if n == 1:
        return Estimate(mean, None, None, None, method, ("one patient: no interval",))
    if _does_not_vary(values):
        return Estimate(mean, None, None, None, method, ("zero_variance: every patient has the same value",))
    half = t_quantile(confidence, n - 1) * _sd(values) / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, None, method)


def standard_deviation(values: Values) -> Estimate:
    """Standard deviation with n − 1 in the denominator; undefined below two values."""
    if len(values) < 2:
        return Estimate(None, None, None, None, "standard deviation", ("fewer than two patients",))
    return Estimate(_sd(values), None, None, None, "standard deviation")


def median(values: Values) -> Estimate:
    """Median."""
    value = float(np.median(values)) if len(values) else None
    return Estimate(value, None, None, None, "median", () if len(values) else ("no patients",))


def correlation(baseline: Values, followup: Values) -> Estimate:
    """Pearson correlation of baseline and follow-up; undefined where one of them does not vary."""
    method = "Pearson correlation"
    if len(baseline) < 3 or _does_not_vary(baseline) or _does_not_vary(followup):
        return Estimate(None, None, None, None, method, ("too few patients, or no variation",))
    together = _covariance(baseline, followup)
    r = together / math.sqrt(_covariance(baseline, baseline) * _covariance(followup, followup))
    return Estimate(min(1.0, max(-1.0, r)), None, None, None, method)


def paired_change(baseline: Values, followup: Values, confidence: float) -> Estimate:
    """Mean within-patient change, follow-up − baseline, each patient with weight 1: paired t.

    Small and degenerate samples keep the estimate and lose what they cannot carry: the interval below two
    pairs or without variation, p below five pairs.
    """
    method = "paired t"
    differences = np.round(followup - baseline, TIE_DECIMALS)
    n = len(differences)
    if n == 0:
        return Estimate(None, None, None, None, method, ("no_pairs: no patient has both periods",))
    change = _mean(followup - baseline)
    if n == 1:
        return Estimate(change, None, None, None, method, ("insufficient_n: one patient, no interval",))
    if not differences.any():
        return Estimate(0.0, None, None, 1.0, method, ("no_change: every patient's change is 0",))
    if _does_not_vary(differences):
        return Estimate(
            change, None, None, None, method, ("zero_variance: every patient changed by the same",)
        )
    error = _sd(followup - baseline) / math.sqrt(n)
    half = t_quantile(confidence, n - 1) * error
    p, notes = _paired_p(change / error, n)
    return Estimate(change, change - half, change + half, p, method, notes)


def rate_ratio(baseline: Values, followup: Values, confidence: float) -> Estimate:
    """Ratio of the mean follow-up to the mean baseline, with Fieller's interval and the paired t's p.

    At a ratio of 1 Fieller's statistic is the paired t, so difference and ratio never contradict. Where the
    baseline mean cannot be told from 0 Fieller's interval is unbounded, and the log-delta interval stands
    in its place under its own name.
    """
    method = "Fieller"
    n = len(baseline)
    if n == 0:
        return Estimate(None, None, None, None, method, ("no_pairs: no patient has both periods",))
    m0, m1 = _mean(baseline), _mean(followup)
    if m0 <= 0 or m1 < 0:
        why = (
            "no_ratio: the baseline mean is not above 0"
            if m0 <= 0
            else "no_ratio: the follow-up mean is below 0"
        )
        return Estimate(None, None, None, None, method, (why,))
    change = paired_change(baseline, followup, confidence)
    ratio = m1 / m0
    if not np.round(followup, TIE_DECIMALS).any():
        return Estimate(
            0.0,
            None,
            None,
            change.p,
            method,
            (*change.notes, "all_zero_followup: no interval for a ratio of 0"),
        )
    if n == 1 or change.low is None:
        return Estimate(ratio, None, None, change.p, method, change.notes)
    t = t_quantile(confidence, n - 1)
    v0, v1 = _covariance(baseline, baseline) / n, _covariance(followup, followup) / n
    c = _covariance(baseline, followup) / n
    a, b, k = m0 * m0 - t * t * v0, m0 * m1 - t * t * c, m1 * m1 - t * t * v1
    if a <= 0:
        return _log_delta(baseline, followup, t, change)
    root = math.sqrt(max(0.0, b * b - a * k))
    return Estimate(ratio, max(0.0, (b - root) / a), (b + root) / a, change.p, method, change.notes)


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


def _log_delta(baseline: Values, followup: Values, t: float, change: Estimate) -> Estimate:
    m0, m1, n = _mean(baseline), _mean(followup), len(baseline)
    relative = (followup - m1) / m1 - (baseline - m0) / m0
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


def _does_not_vary(values: Values) -> bool:
    rounded = np.round(values, TIE_DECIMALS)
    return bool((rounded == rounded[0]).all())


def _mean(values: Values) -> float:
    # fsum rounds once, so that the order of the patients cannot move the last digit.
    return math.fsum(values) / len(values)


def _covariance(first: Values, second: Values) -> float:
    return math.fsum((first - _mean(first)) * (second - _mean(second))) / (len(first) - 1)


def _sd(values: Values) -> float:
    return math.sqrt(_covariance(values, values))
