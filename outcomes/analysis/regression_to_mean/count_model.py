"""Headache days of patients whom nothing changes: beta-binomial months around each patient's own usual rate.

A patient's usual probability of a headache day is Beta-distributed over people, with mean μ and intra-class
correlation `patient_icc`; a month's probability is Beta-distributed around it with `day_icc`; so a month's
count is beta-binomial. How a patient came to begin decides which month the baseline is (`Rule`). Everything here
is exact: sums over counts, and Gauss–Jacobi quadrature over usual rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, roots_jacobi

from outcomes.analysis.estimates import Values
from outcomes.plan import DAYS_PER_PERIOD

#: Exact for polynomials of degree 255 in the rate: a month's likelihood under `any` or `at_least_D` times a
#: month's prediction has degree 56, under `worst_of_8` 252.
_NODES = 128


@dataclass(frozen=True)
class Rule:
    """How patients came to begin: in any month, in the worst of `months`, or with `least_days` per 28 or more."""

    name: str
    months: int = 1
    least_days: int = 0

    @classmethod
    def named(cls, name: str) -> Rule:
        """The rule of the plan's `enrolment_rules` by its name, which the plan has checked."""
        if name.startswith("worst_of_"):
            return cls(name, months=int(name.removeprefix("worst_of_")))
        if name.startswith("at_least_"):
            return cls(name, least_days=int(name.removeprefix("at_least_")))
        return cls(name)


@dataclass(frozen=True)
class UsualRates:
    """Usual probabilities of a headache day over people: quadrature nodes with their weights, which add to 1."""

    rates: Values
    weights: Values


def usual_rates(mean: float, patient_icc: float) -> UsualRates:
    """Beta-distributed usual probabilities with that mean and variance `patient_icc · mean · (1 − mean)`."""
    total = (1 - patient_icc) / patient_icc
    nodes, weights = roots_jacobi(_NODES, (1 - mean) * total - 1, mean * total - 1)
    return UsualRates((1 + nodes) / 2, weights / weights.sum())


def month_counts(days: int, rates: Values, day_icc: float) -> Values:
    """P(headache days = 0 … `days`) in a month with that usual rate: beta-binomial; rates × counts."""
    total = (1 - day_icc) / day_icc
    count = np.arange(days + 1)
    alpha, beta = rates[:, None] * total, (1 - rates[:, None]) * total
    log_ways = gammaln(days + 1) - gammaln(count + 1) - gammaln(days - count + 1)
    rising = gammaln(alpha + count) - gammaln(alpha) + gammaln(beta + days - count) - gammaln(beta)
    found = np.exp(log_ways + rising + gammaln(total) - gammaln(total + days))
    # Rounding of large gamma functions shows in the tenth digit of the sum; a distribution adds up to 1.
    return found / found.sum(axis=1, keepdims=True)


def entering_counts(days: int, rates: Values, day_icc: float, rule: Rule) -> Values:
    """P(the month at which a patient begins has 0 … `days` headache days, and the patient begins).

    Under `worst_of_K` the month is the one with the most days of K; under `at_least_D` the rows add up to the
    chance of having D or more per 28, which is how patients with few headaches come to be rare.
    """
    found = month_counts(days, rates, day_icc)
    if rule.months > 1:
        up_to = np.cumsum(found, axis=1)
        below = np.concatenate([np.zeros((len(rates), 1)), up_to[:, :-1]], axis=1)
        # a^k − b^k = (a − b)(a^(k−1) + … + b^(k−1)): the difference of two nearly equal powers keeps its digits.
        powers = sum(up_to**k * below ** (rule.months - 1 - k) for k in range(rule.months))
        return np.asarray(found * powers)
    if rule.least_days:
        count = np.arange(days + 1)
        enough = count * DAYS_PER_PERIOD >= rule.least_days * days
        return np.where(enough, found, 0.0)
    return found


def thinning(days: int, recorded: int) -> Values:
    """P(h headache days among `recorded` days drawn from `days`, of which H had headache): H × h, hypergeometric."""
    true, seen = np.arange(days + 1)[:, None], np.arange(recorded + 1)[None, :]
    possible = (seen <= true) & (recorded - seen <= days - true)
    other = np.where(possible, recorded - seen, 0)
    seen = np.where(possible, seen, 0)
    logs = (
        _log_ways(true, seen) + _log_ways(days - true, other) - _log_ways(np.array(days), np.array(recorded))
    )
    return np.where(possible, np.exp(np.where(possible, logs, 0.0)), 0.0)


def _log_ways(of: NDArray[np.int64], chosen: NDArray[np.int64]) -> Values:
    free = np.maximum(of - chosen, 0)
    return np.asarray(gammaln(of + 1) - gammaln(chosen + 1) - gammaln(free + 1))


@dataclass(frozen=True)
class Spreads:
    """Intra-class correlations: of days within a patient's month (`day_icc`), of usual rates (`patient_icc`)."""

    day_icc: float
    patient_icc: float


@dataclass(frozen=True)
class WindowDays:
    """Length of the baseline window, and the recorded days per patient in both windows."""

    baseline_length: int
    baseline: NDArray[np.int64]
    followup: NDArray[np.int64]


def implied_variances(mean: float, spreads: Spreads, rule: Rule, windows: WindowDays) -> tuple[float, float]:
    """Variances of the change and of the baseline, of rates per day, that the model gives to those who begin."""
    people = usual_rates(mean, spreads.patient_icc)
    length, rates = windows.baseline_length, people.rates
    joint = entering_counts(length, rates, spreads.day_icc, rule)
    entering = joint.sum(axis=1)
    weights = people.weights * entering
    weights = weights / weights.sum()
    share = np.arange(length + 1) / length
    counts = joint / np.where(entering > 0, entering, 1.0)[:, None]
    before = counts @ share
    # Leaving days out at random adds the variance of a draw without replacement.
    thin = float(np.mean((length - windows.baseline) / windows.baseline)) / max(1, length - 1)
    noise_before = counts @ share**2 - before**2 + thin * (counts @ (share * (1 - share)))
    per_day = float(np.mean((1 + (windows.followup - 1) * spreads.day_icc) / windows.followup))
    noise_after = rates * (1 - rates) * per_day
    baseline = _variance(before, weights) + float(weights @ noise_before)
    change = _variance(rates - before, weights) + float(weights @ (noise_before + noise_after))
    return change, baseline


def _variance(values: Values, weights: Values) -> float:
    mean = float(weights @ values)
    return math.fsum(weights * (values - mean) ** 2)
