"""A mean over units that differ, and each unit drawn towards it: random-effects meta-analysis.

y_k = μ + u_k + e_k, u_k ~ N(0, τ²), e_k ~ N(0, v_k) with v_k known. The interval of μ is Hartung and Knapp's
(2001). R's metafor is the reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from outcomes.analysis.estimates import Estimate, Values, t_quantile
from outcomes.errors import PlanError

Estimator = Literal["paule_mandel", "dersimonian_laird", "reml"]

_WORDS = {"paule_mandel": "Paule–Mandel", "dersimonian_laird": "DerSimonian–Laird", "reml": "REML"}


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """The mean with Hartung–Knapp's interval, τ², and each unit's prediction with its standard error.

    `standard_error` of the mean is the classical one, 1/√Σw; `knapp_hartung_error` is behind the interval.
    `q` is Cochran's Q, `i_squared` Higgins and Thompson's I² in percent.
    """

    mean: Estimate
    standard_error: float
    knapp_hartung_error: float
    tau_squared: float
    q: float
    i_squared: float
    predictions: Values
    prediction_errors: Values


def random_effects(
    estimates: Values, variances: Values, confidence: float = 0.95, estimator: Estimator = "paule_mandel"
) -> RandomEffects:
    """Pool at least two estimates with known variances above 0; predictions are metafor's `blup`.

    Raises PlanError for fewer than two, for variances that are not above 0, and for an unknown estimator.
    """
    y, v = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if len(y) < 2 or len(y) != len(v) or not (v > 0).all() or not np.isfinite([*y, *v]).all():
        raise PlanError("Random effects need at least two estimates with variances above 0.")
    tau_squared = _tau_squared(y, v, estimator)
    weights = 1 / (v + tau_squared)
    mean = math.fsum(weights * y) / math.fsum(weights)
    error = 1 / math.sqrt(math.fsum(weights))
    spread = math.fsum(weights * (y - mean) ** 2) / (len(y) - 1)
    wide = error * math.sqrt(spread)
    half = t_quantile(confidence, len(y) - 1) * wide
    method = f"random effects, {_WORDS[estimator]}, Hartung–Knapp"
    found = (
        Estimate(mean, mean - half, mean + half, None, method)
        if half > 0
        else Estimate(mean, None, None, None, method, ("zero_variance: all estimates are alike",))
    )
    pull = v / (v + tau_squared)
    predictions = pull * mean + (1 - pull) * y
    errors = np.sqrt(pull * tau_squared + pull**2 * error**2)
    q, i_squared = _heterogeneity(y, v, tau_squared)
    return RandomEffects(
        found, error, wide, tau_squared, q, i_squared,
        predictions, errors,
    )  # fmt: skip


def _tau_squared(y: Values, v: Values, estimator: Estimator) -> float:
    if estimator == "reml":
        return _reml(y, v)
    if estimator not in _WORDS:
        raise PlanError(f"estimator: one of {', '.join(_WORDS)}.")
    if estimator == "dersimonian_laird":
        weights = 1 / v
        scale = weights.sum() - (weights**2).sum() / weights.sum()
        return max(0.0, _excess(0.0, y, v) / float(scale))
    return _paule_mandel(y, v)


def _paule_mandel(y: Values, v: Values) -> float:
    """The τ² at which the generalised Q is what it is expected to be; 0 where it is too small already."""
    from scipy.optimize import brentq

    if _excess(0.0, y, v) <= 0:
        return 0.0
    high = float(np.var(y, ddof=1)) + float(v.max())
    while _excess(high, y, v) > 0:
        high *= 2
    return float(brentq(_excess, 0.0, high, args=(y, v), xtol=1e-14, rtol=1e-13))


def _excess(tau_squared: float, y: Values, v: Values) -> float:
    """Paule and Mandel's equation: the generalised Q less its expectation."""
    weights = 1 / (v + tau_squared)
    mean = (weights @ y) / weights.sum()
    return float(weights @ (y - mean) ** 2) - (len(y) - 1)


def _reml(y: Values, v: Values) -> float:
    """Fisher scoring on the restricted likelihood (Viechtbauer 2005), never below 0."""
    found = max(0.0, float(np.var(y, ddof=1) - v.mean()))
    for _ in range(500):
        weights = 1 / (v + found)
        total = weights.sum()
        mean = (weights @ y) / total
        squares = weights**2
        trace = total - squares.sum() / total
        information = squares.sum() - 2 * (weights**3).sum() / total + (squares.sum() / total) ** 2
        step = (float(squares @ (y - mean) ** 2) - trace) / information
        before, found = found, max(0.0, found + step)
        if abs(found - before) <= 1e-13 * (1 + found):
            break
    return float(found)


def _heterogeneity(y: Values, v: Values, tau_squared: float) -> tuple[float, float]:
    weights = 1 / v
    mean = (weights @ y) / weights.sum()
    q = float(weights @ (y - mean) ** 2)
    typical = (len(y) - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum())
    return q, float(100 * tau_squared / (tau_squared + typical))
