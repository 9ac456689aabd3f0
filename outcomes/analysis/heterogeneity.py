"""Whether groups of patients differ in a mean: Welch's analysis of variance, and means at one baseline.

Formulas and sources: docs/method.md#strata. R values: tests/spec/test_strata.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from outcomes.analysis.estimates import Estimate, Sample, Values, t_quantile

WELCH_ANOVA = "Welch's analysis of variance"
ADJUSTED_MEAN = "mean at the mean baseline (analysis of covariance), t interval"
COVARIANCE_TEST = "F test of the groups at one baseline (analysis of covariance)"


@dataclass(frozen=True)
class Heterogeneity:
    """A test of equal means: F with its degrees of freedom, and p. None where it is not defined; `notes` say why."""

    f: float | None
    df_between: int
    df_within: float | None
    p: float | None
    method: str
    notes: tuple[str, ...] = ()


def welch_anova(groups: Sequence[Values]) -> Heterogeneity:
    """Test that the means of two or more groups are equal, whatever their variances (Welch 1951).

    With two groups it is Welch's t test: F = t². Undefined for fewer than two groups, for a group of one, and where a
    group does not vary.
    """
    samples = [Sample.of(group) for group in groups]
    k = len(samples)
    if k < 2:
        return Heterogeneity(
            None, max(k - 1, 0), None, None, WELCH_ANOVA, ("one_group: nothing to test between",)
        )
    if any(len(sample) < 2 or not sample.varies for sample in samples):
        note = "zero_variance: a group of one, or whose patients all changed alike, has no weight"
        return Heterogeneity(None, k - 1, None, None, WELCH_ANOVA, (note,))
    weights = [len(sample) / sample.variance for sample in samples]
    total = math.fsum(weights)
    mean = math.fsum(w * sample.mean for w, sample in zip(weights, samples, strict=True)) / total
    between = math.fsum(w * (sample.mean - mean) ** 2 for w, sample in zip(weights, samples, strict=True))
    spread = math.fsum(
        (1 - w / total) ** 2 / (len(sample) - 1) for w, sample in zip(weights, samples, strict=True)
    )
    f = between / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    df = (k**2 - 1) / (3 * spread)
    return Heterogeneity(f, k - 1, df, float(fdtrc(k - 1, df, f)), WELCH_ANOVA)


def adjusted_means(
    baselines: Sequence[Values], values: Sequence[Values], confidence: float
) -> tuple[list[Estimate], Heterogeneity]:
    """The mean of each group at the mean baseline of all, with one slope and one variance for all; and the test that
    these means are equal. Undefined without degrees of freedom, or where no group varies in its baseline."""
    k = len(values)
    before = [np.asarray(group, dtype=np.float64) for group in baselines]
    after = [np.asarray(group, dtype=np.float64) for group in values]
    n = sum(len(group) for group in after)
    df = n - k - 1
    within = math.fsum(math.fsum((x - x.mean()) ** 2) for x in before)
    if k < 2 or df < 1 or within <= 1e-12:
        note = "one_group" if k < 2 else "insufficient_n"
        why = f"{note}: no groups that differ at one baseline can be told from these patients"
        none = Estimate(None, None, None, None, ADJUSTED_MEAN, (why,))
        return [none] * k, Heterogeneity(None, max(k - 1, 0), None, None, COVARIANCE_TEST, (why,))
    crossed = math.fsum(
        math.fsum((x - x.mean()) * (y - y.mean())) for x, y in zip(before, after, strict=True)
    )
    slope = crossed / within
    rest = math.fsum(math.fsum((y - y.mean()) ** 2) for y in after) - slope * crossed
    middle = math.fsum(np.concatenate(before)) / n
    variance = max(rest, 0.0) / df
    quantile = t_quantile(confidence, df)
    means = []
    for x, y in zip(before, after, strict=True):
        away = x.mean() - middle
        value = float(y.mean() - slope * away)
        half = quantile * math.sqrt(variance * (1 / len(x) + away**2 / within))
        low, high = (value - half, value + half) if half > 0 else (None, None)
        means.append(Estimate(value, low, high, None, ADJUSTED_MEAN))
    return means, _covariance_test(np.concatenate(before), np.concatenate(after), rest, k, df)


def _covariance_test(before: Values, after: Values, rest: float, k: int, df: int) -> Heterogeneity:
    """The groups' share of what one line through all patients leaves unexplained."""
    x, y = before - before.mean(), after - after.mean()
    spread = math.fsum(x * x)
    one_line = math.fsum(y * y) - (math.fsum(x * y) ** 2 / spread)
    if rest <= 1e-12 * max(1.0, math.fsum(y * y)):
        note = "zero_variance: the baseline explains every change"
        return Heterogeneity(None, k - 1, df, None, COVARIANCE_TEST, (note,))
    f = max(one_line - rest, 0.0) / (k - 1) / (rest / df)
    return Heterogeneity(f, k - 1, df, float(fdtrc(k - 1, df, f)), COVARIANCE_TEST)
