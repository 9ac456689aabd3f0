"""Weeks before against weeks after, pair by pair: NAP, Tau and, opt-in, the two that correct a baseline trend.

Sources and formulas: docs/method.md#single-case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from outcomes.analysis.estimates import TIE_DECIMALS, Estimate, Values
from outcomes.errors import PlanError

Improvement = Literal["decrease", "increase"]

#: Methods that draw a line through the baseline and carry it on need at least this many weeks of it.
MIN_BASELINE_FOR_TREND = 8

INDEPENDENT_WEEKS = "independent_weeks: the interval takes the weeks to be independent"


@dataclass(frozen=True)
class BaselineCorrected:
    """Tau after the baseline's line (Theil–Sen) was taken out of both periods, improvement counted as positive.

    `slope` and `intercept` are in the unit of the values, per week and at week 0 (the first is week 1). `tau`
    is the share of pairs of weeks that improved minus the share that got worse, `tau_b` Kendall's with ties.
    """

    slope: float
    intercept: float
    tau: float
    tau_b: float | None
    standard_error: float | None


def nap(
    baseline: ArrayLike,
    treatment: ArrayLike,
    improvement: Improvement = "decrease",
    confidence: float = 0.95,
) -> Estimate:
    """Non-overlap of all pairs (Parker and Vannest 2009): how often a week after was better than one before.

    From 0 to 1; 0.5 is no difference; a tie counts half. Interval: Newcombe's (2006) method 5, which stays
    inside 0 to 1 and exists at NAP 0 and 1 too. The interval takes the weeks to be independent.
    """
    method = "NAP, Newcombe's method 5"
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    if missing := missing_period(before, after):
        return Estimate(None, None, None, None, method, (missing,))
    value = float(_better(before, after, improvement).mean())
    low = _newcombe_5(value, len(before), len(after), confidence)
    # The equation is the same seen from the other end, so the upper limit is the lower one of 1 − NAP.
    high = 1.0 - _newcombe_5(1.0 - value, len(before), len(after), confidence)
    return Estimate(value, low, high, None, method, (INDEPENDENT_WEEKS,))


def nap_standard_errors(
    baseline: ArrayLike, treatment: ArrayLike, improvement: Improvement = "decrease"
) -> tuple[float | None, float | None]:
    """Standard error of NAP: unbiased (Sen 1967; Mee 1990), and Hanley and McNeil's (1982).

    None for both below two weeks in a period; the unbiased one is None where its variance comes out below 0.
    """
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    m, n = len(before), len(after)
    if min(m, n) < 2:
        return None, None
    better = _better(before, after, improvement)
    value = float(better.mean())
    by_after = float(np.square(better.sum(axis=0)).sum()) / (m * m * n)
    by_before = float(np.square(better.sum(axis=1)).sum()) / (m * n * n)
    squares = float(np.square(better).sum()) / (m * n)
    unbiased = (value - (m + n - 1) * value**2 + n * by_before + m * by_after - 2 * squares) / (
        (m - 1) * (n - 1)
    )
    hanley = (value * (1 - value) + (n - 1) * (by_before - value**2) + (m - 1) * (by_after - value**2)) / (
        m * n
    )
    # Rounding may leave a variance of 0 a hair below it.
    unbiased, hanley = (0.0 if abs(item) < 1e-15 else item for item in (unbiased, hanley))
    return (math.sqrt(unbiased) if unbiased >= 0 else None), (math.sqrt(hanley) if hanley >= 0 else None)


def tau(
    baseline: ArrayLike,
    treatment: ArrayLike,
    improvement: Improvement = "decrease",
    confidence: float = 0.95,
) -> Estimate:
    """Tau = 2·NAP − 1: pairs of weeks that improved minus pairs that got worse, as a share; −1 to 1."""
    found = nap(baseline, treatment, improvement, confidence)
    if found.value is None or found.low is None or found.high is None:
        return Estimate(None, None, None, None, "2 NAP − 1", found.notes)
    low, high = 2 * found.low - 1, 2 * found.high - 1
    return Estimate(2 * found.value - 1, low, high, None, "2 NAP − 1", found.notes)


def tau_u(
    baseline: ArrayLike,
    treatment: ArrayLike,
    improvement: Improvement = "decrease",
    least_baseline: int = MIN_BASELINE_FOR_TREND,
) -> Estimate:
    """Tau-U (Parker and others 2011): Tau with the baseline's own pairs subtracted. Opt-in, beside NAP.

    (S_AB − S_AA)/(m·n), improvement positive. Not bounded by 1. Undefined below `least_baseline` weeks before.
    No interval: none holds for it.
    """
    method = "Tau-U, baseline trend subtracted"
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    if short := _short_baseline(before, after, least_baseline):
        return Estimate(None, None, None, None, method, (short,))
    between = float(_direction(before, after, improvement).sum())
    within = float(np.triu(_direction(before, before, improvement), 1).sum())
    value = (between - within) / (len(before) * len(after))
    notes = ["no_interval: read it beside NAP"]
    if abs(value) > 1:
        notes.append("beyond_one: Tau-U is not bounded by 1, so this is no share")
    return Estimate(value, None, None, None, method, tuple(notes))


def tau_bc(
    baseline: ArrayLike,
    treatment: ArrayLike,
    improvement: Improvement = "decrease",
    least_baseline: int = MIN_BASELINE_FOR_TREND,
) -> Estimate:
    """Baseline-corrected Tau (Tarlow 2017), always corrected, as 2·NAP − 1. Opt-in, beside NAP.

    Carries the baseline's line on through the weeks after, however long. Undefined below `least_baseline` weeks.
    """
    method = "Tau, Theil–Sen baseline line removed"
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    if short := _short_baseline(before, after, least_baseline):
        return Estimate(None, None, None, None, method, (short,))
    found = baseline_corrected(before, after, improvement)
    carried = f"extrapolated: a slope of {found.slope:.3g} a week is carried {len(after)} weeks on"
    return Estimate(found.tau, None, None, None, method, (carried, "no_interval: read it beside NAP"))


def baseline_corrected(
    baseline: ArrayLike, treatment: ArrayLike, improvement: Improvement = "decrease"
) -> BaselineCorrected:
    """The numbers behind Tau-BC. Needs two weeks before and one after; raises PlanError below."""
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    if len(before) < 2 or not len(after):
        raise PlanError("A line through the baseline needs two weeks before and one after.")
    week = np.arange(1, len(before) + len(after) + 1, dtype=np.float64)
    first, second = np.triu_indices(len(before), 1)
    slope = float(np.median((before[second] - before[first]) / (week[second] - week[first])))
    intercept = float(np.median(before - slope * week[: len(before)]))
    rest = np.concatenate([before, after]) - intercept - slope * week
    rest_before, rest_after = rest[: len(before)], rest[len(before) :]
    tau_a = 2 * float(_better(rest_before, rest_after, improvement).mean()) - 1
    tau_b = _kendall_with_period(rest_before, rest_after, improvement)
    error = None if tau_b is None else math.sqrt(2 / len(rest) * (1 - tau_b**2))
    return BaselineCorrected(slope, intercept, tau_a, tau_b, error)


def series_of(values: ArrayLike) -> Values:
    """The weeks in the order of time, with NaN for a week without a value; what is not finite is none."""
    series = np.asarray(values, dtype=np.float64).ravel()
    return np.where(np.isfinite(series), series, np.nan)


def weeks_with_value(values: ArrayLike) -> Values:
    """The weeks that have a value."""
    series = series_of(values)
    return series[~np.isnan(series)]


def _sign(improvement: Improvement) -> float:
    if improvement not in ("decrease", "increase"):
        raise PlanError("improvement must be 'decrease' or 'increase'.")
    return 1.0 if improvement == "increase" else -1.0


def missing_period(before: Values, after: Values) -> str | None:
    """A note where a period has no week at all."""
    if len(before) and len(after):
        return None
    return f"no_weeks: no week {'after' if len(before) else 'before'} has a value"


def _short_baseline(before: Values, after: Values, least: int) -> str | None:
    if missing := missing_period(before, after):
        return missing
    if len(before) < max(2, least):
        return f"short_baseline: {len(before)} weeks before, {max(2, least)} needed for a line through them"
    return None


def _direction(earlier: Values, later: Values, improvement: Improvement) -> Values:
    """1 where the later week was better, −1 where worse, 0 where alike; one row per earlier week.

    Rounded first: 7·h/n rarely comes out exact, and alike must be found alike.
    """
    difference = np.round(later[None, :] - earlier[:, None], TIE_DECIMALS)
    direction: Values = np.sign(_sign(improvement) * difference)
    return direction


def _better(before: Values, after: Values, improvement: Improvement) -> Values:
    """1 where the week after was better than the week before, ½ where alike."""
    return (_direction(before, after, improvement) + 1) / 2


def _newcombe_5(value: float, m: int, n: int, confidence: float) -> float:
    """Lower limit: the root below NAP of mn(N − x)²(2 − x)(1 + x) = z²x(1 − x)(2 + h + (1 + 2h)x(1 − x))."""
    if value <= 0:
        return 0.0
    z = float(ndtri(0.5 + confidence / 2))
    h = (m + n) / 2 - 1
    low, high = 0.0, value
    while (middle := (low + high) / 2) not in (low, high):
        spread = middle * (1 - middle)
        distance = m * n * (value - middle) ** 2 * (2 - middle) * (1 + middle)
        if distance > z * z * spread * (2 + h + (1 + 2 * h) * spread):
            low = middle
        else:
            high = middle
    return middle


def _kendall_with_period(before: Values, after: Values, improvement: Improvement) -> float | None:
    """Kendall's tau-b between value and period; None where all values are alike."""
    concordant = float(_direction(before, after, improvement).sum())
    values = np.round(np.concatenate([before, after]), TIE_DECIMALS)
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    pairs = len(values) * (len(values) - 1) / 2
    untied = pairs - float((counts * (counts - 1) / 2).sum())
    if untied == 0:
        return None
    return concordant / math.sqrt(untied * len(before) * len(after))
