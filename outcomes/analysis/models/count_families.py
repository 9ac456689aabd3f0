"""Log densities of counts of days, with their derivatives by the linear predictor η and the dispersion.

Derivatives by the dispersion are by its logarithm. They are written out so that the likelihood of a model with
random effects needs no numerical derivative of its integrand: docs/method.md#days-out-of-recorded-days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.special import expit, gammaln, polygamma, psi

from outcomes.analysis.estimates import Values

#: Above this many days per row the sums below would be slower than the functions they stand for.
_MOST_SUMMED = 120

FamilyName = Literal["beta_binomial", "binomial", "poisson", "negative_binomial"]


@dataclass(frozen=True, eq=False)
class Curves:
    """Derivatives by η up to the third, and of the first two by the logarithm of the dispersion."""

    first: Values
    second: Values
    third: Values
    first_by_dispersion: Values
    second_by_dispersion: Values


class Family(Protocol):
    """A distribution of counts `y`, out of `n` trials where it has a bound."""

    #: Whether there is a dispersion parameter.
    dispersed: bool

    def log_density(self, y: Values, n: Values, eta: Values, dispersion: float) -> Values: ...

    def slopes(self, y: Values, n: Values, eta: Values, dispersion: float) -> tuple[Values, Values]:
        """First derivatives by η and by the logarithm of the dispersion."""

    def curves(self, y: Values, n: Values, eta: Values, dispersion: float) -> Curves: ...


class Binomial:
    """Days with headache out of `n` days that do not depend on each other."""

    dispersed = False

    def log_density(self, y: Values, n: Values, eta: Values, dispersion: float) -> Values:
        return _log_choose(n, y) + y * eta - n * np.logaddexp(0.0, eta)

    def slopes(self, y: Values, n: Values, eta: Values, dispersion: float) -> tuple[Values, Values]:
        return y - n * expit(eta), np.zeros_like(eta)

    def curves(self, y: Values, n: Values, eta: Values, dispersion: float) -> Curves:
        share = expit(eta)
        v = n * share * (1 - share)
        none = np.zeros_like(eta)
        return Curves(y - n * share, -v, -v * (1 - 2 * share), none, none)


class BetaBinomial:
    """Days with headache out of `n` days of a month that has a rate of its own.

    The variance is n·μ(1 − μ)·(1 + (n − 1)/(φ + 1)); the dispersion is φ, as in R's glmmTMB.
    """

    dispersed = True

    def log_density(self, y: Values, n: Values, eta: Values, dispersion: float) -> Values:
        a, b = _shapes(eta, dispersion)
        # What does not depend on η is worked out once per row, not once per node.
        constant = _log_choose(n, y) - gammaln(n + dispersion) + gammaln(dispersion)
        found: Values = gammaln(y + a) - gammaln(a) + gammaln(n - y + b) - gammaln(b) + constant
        return found

    def slopes(self, y: Values, n: Values, eta: Values, dispersion: float) -> tuple[Values, Values]:
        a, b = _shapes(eta, dispersion)
        share = a / dispersion
        yes, no = psi(y + a) - psi(a), psi(n - y + b) - psi(b)
        every = psi(n + dispersion) - psi(dispersion)
        first = dispersion * share * (1 - share) * (yes - no)
        return first, dispersion * (share * yes + (1 - share) * no - every)

    def curves(self, y: Values, n: Values, eta: Values, dispersion: float) -> Curves:
        a, b = _shapes(eta, dispersion)
        share = a / dispersion
        v = share * (1 - share)
        v1, v2 = v * (1 - 2 * share), v * (1 - 6 * v)
        (f1, f2, f3), (g1, g2, g3) = _up(y, a), _up(n - y, b)
        phi = dispersion
        gap = f1 - g1
        gap1 = phi * v * (f2 + g2)
        gap2 = phi * v1 * (f2 + g2) + (phi * v) ** 2 * (f3 - g3)
        by_phi = share * f2 - (1 - share) * g2
        gap1_by_phi = v * (f2 + g2) + phi * v * (share * f3 + (1 - share) * g3)
        return Curves(
            first=phi * v * gap,
            second=phi * (v1 * gap + v * gap1),
            third=phi * (v2 * gap + 2 * v1 * gap1 + v * gap2),
            first_by_dispersion=phi * (v * gap + phi * v * by_phi),
            second_by_dispersion=phi * (v1 * gap + v * gap1 + phi * (v1 * by_phi + v * gap1_by_phi)),
        )


class Poisson:
    """Counts without a bound (attacks); `n` is not used."""

    dispersed = False

    def log_density(self, y: Values, n: Values, eta: Values, dispersion: float) -> Values:
        return y * eta - np.exp(eta) - gammaln(y + 1)

    def slopes(self, y: Values, n: Values, eta: Values, dispersion: float) -> tuple[Values, Values]:
        return y - np.exp(eta), np.zeros_like(eta)

    def curves(self, y: Values, n: Values, eta: Values, dispersion: float) -> Curves:
        mean, none = np.exp(eta), np.zeros_like(eta)
        return Curves(y - mean, -mean, -mean, none, none)


class NegativeBinomial:
    """Counts without a bound, with variance μ + μ²/k; the dispersion is k (R's theta)."""

    dispersed = True

    def log_density(self, y: Values, n: Values, eta: Values, dispersion: float) -> Values:
        k = dispersion
        return (
            gammaln(y + k)
            - gammaln(k)
            - gammaln(y + 1)
            - (y + k) * np.log1p(np.exp(eta) / k)
            + y * (eta - np.log(k))
        )

    def slopes(self, y: Values, n: Values, eta: Values, dispersion: float) -> tuple[Values, Values]:
        k, mean = dispersion, np.exp(eta)
        by_k = psi(y + k) - psi(k) - np.log1p(mean / k) - (y - mean) / (k + mean)
        return (y - mean) * k / (k + mean), k * by_k

    def curves(self, y: Values, n: Values, eta: Values, dispersion: float) -> Curves:
        k, mean = dispersion, np.exp(eta)
        total = k + mean
        second = -k * mean * (y + k) / total**2
        by_k = (y - mean) * mean / total**2
        second_by_k = -mean * ((y + 2 * k) * total - 2 * k * (y + k)) / total**3
        return Curves(
            first=(y - mean) * k / total,
            second=second,
            third=-k * mean * (y + k) * (k - mean) / total**3,
            first_by_dispersion=k * by_k,
            second_by_dispersion=k * second_by_k,
        )


FAMILIES: dict[FamilyName, Family] = {
    "beta_binomial": BetaBinomial(),
    "binomial": Binomial(),
    "poisson": Poisson(),
    "negative_binomial": NegativeBinomial(),
}


def _log_choose(n: Values, y: Values) -> Values:
    found: Values = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    return found


def _shapes(eta: Values, dispersion: float) -> tuple[Values, Values]:
    # Kept off 0 and 1, where the beta distribution ends.
    return dispersion * np.maximum(expit(eta), 1e-12), dispersion * np.maximum(expit(-eta), 1e-12)


def _up(count: Values, shape: Values) -> tuple[Values, Values, Values]:
    """polygamma(k, shape + count) − polygamma(k, shape) for k = 0, 1, 2."""
    most = int(count.max(initial=0))
    if most > _MOST_SUMMED:
        return tuple(polygamma(k, shape + count) - polygamma(k, shape) for k in range(3))  # type: ignore[return-value]
    # For whole counts these are sums of powers of 1/(shape + j): exact, and ten times faster.
    first, second, third = np.zeros_like(shape), np.zeros_like(shape), np.zeros_like(shape)
    for j in range(most):
        one = (count > j) / (shape + j)
        square = one * one
        first += one
        second -= square
        third += 2 * square * one
    return first, second, third
