"""The likelihood of counts with a random intercept per patient, by adaptive Gauss–Hermite quadrature.

Each patient's integral over the intercept is taken at nodes around its own mode, spread by its own curvature
(Pinheiro & Bates 1995; with one node it is Laplace's approximation). The gradient is that of the approximation
itself, the movement of the nodes included, so that it is exact for any number of nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.count_families import Curves, Family

_NEWTON_STEPS = 60

#: Least curvature at a mode: the normal distribution of the intercept itself gives 1.
_LEAST_CURVATURE = 0.05


@dataclass(frozen=True, eq=False)
class CountRows:
    """Rows by patient: counts `y` out of `n`, orthogonal columns, offset; `first` is where a patient begins."""

    y: Values
    n: Values
    columns: Values
    offset: Values
    first: NDArray[np.int64]
    patient: NDArray[np.int64]


class CountLikelihood:
    """−log likelihood and its gradient in (coefficients, log sd of the intercept, log dispersion)."""

    def __init__(self, family: Family, rows: CountRows, points: int):
        self.family, self.rows = family, rows
        nodes, weights = np.polynomial.hermite.hermgauss(points)
        self.nodes, self.log_weights = nodes * math.sqrt(2), np.log(weights) + nodes**2
        self.p = rows.columns.shape[1]
        self.size = self.p + 1 + int(family.dispersed)
        self._modes = np.zeros(len(rows.first))

    def value_and_gradient(self, at: Values) -> tuple[float, Values]:
        rows, family = self.rows, self.family
        fixed = rows.columns @ at[: self.p] + rows.offset
        sd = math.exp(at[self.p])
        dispersion = math.exp(at[self.p + 1]) if family.dispersed else math.inf
        mode, curves, bend = self._find_modes(fixed, sd, dispersion)
        tau = 1 / np.sqrt(bend)
        u = mode + tau * self.nodes[:, None]
        eta = fixed + sd * u[:, rows.patient]
        density = family.log_density(rows.y, rows.n, eta, dispersion)
        terms = self._sum(density) - 0.5 * u**2 + self.log_weights[:, None]
        top = terms.max(axis=0)
        share = np.exp(terms - top)
        total = share.sum(axis=0)
        share /= total
        # √2·τ from the change of variable, 1/√(2π) from the intercept's own density.
        value = top + np.log(total) + np.log(tau) - 0.5 * math.log(math.pi)
        slope, by_dispersion = family.slopes(rows.y, rows.n, eta, dispersion)
        gradient = self._gradient(share, slope, by_dispersion, u, sd, tau, mode, curves)
        return -math.fsum(value), -gradient

    @property
    def modes(self) -> Values:
        """Each patient's most likely standardised intercept at the parameters asked for last."""
        return self._modes

    def gradient(self, at: Values) -> Values:
        return self.value_and_gradient(at)[1]

    def _sum(self, values: Values) -> Values:
        """Over the rows of each patient."""
        found: Values = np.add.reduceat(values, self.rows.first, axis=-1)
        return found

    def _gradient(
        self, share: Values, slope: Values, by_dispersion: Values, u: Values, sd: float, tau: Values,
        mode: Values, curves: Curves,
    ) -> Values:  # fmt: skip
        rows, patient = self.rows, self.rows.patient
        slope_sums = self._sum(slope)
        by_row = (share[:, patient] * slope).sum(axis=0)
        # How the log integral moves when a patient's mode, and its spread, move.
        by_u = share * (sd * slope_sums - u)
        move = by_u.sum(axis=0)
        widen = (by_u * self.nodes[:, None]).sum(axis=0) + 1 / tau
        bend3 = sd**3 * self._sum(curves.third)
        # The mode moves by τ²·∂h'/∂θ; the spread by ½τ³·(∂h''/∂θ + h'''·movement of the mode).
        narrow = 0.5 * tau**3 * widen
        shift = tau**2 * (move + narrow * bend3)
        weight = by_row + (shift[patient] * sd * curves.second) + narrow[patient] * sd**2 * curves.third
        found = np.empty(self.size)
        found[: self.p] = weight @ rows.columns
        first, second = self._sum(curves.first), self._sum(curves.second)
        by_sd = (share * slope_sums * u).sum(axis=0) * sd
        by_sd += shift * (sd * first + sd**2 * mode * second)
        by_sd += narrow * (2 * sd**2 * second + mode * bend3)
        found[self.p] = by_sd.sum()
        if self.family.dispersed:
            own = (share * self._sum(by_dispersion)).sum(axis=0)
            own += shift * sd * self._sum(curves.first_by_dispersion)
            own += narrow * sd**2 * self._sum(curves.second_by_dispersion)
            found[self.p + 1] = own.sum()
        return found

    def _find_modes(self, fixed: Values, sd: float, dispersion: float) -> tuple[Values, Curves, Values]:
        """Each patient's most likely standardised intercept, by Newton's steps, halved where they overshoot."""
        u = self._modes
        height = self._height(fixed, sd, dispersion, u)
        curves, bend, step = self._newton(fixed, sd, dispersion, u)
        for _ in range(_NEWTON_STEPS):
            if np.abs(step).max() < 1e-11:
                break
            scale = np.ones(len(u))
            for _ in range(30):
                higher = self._height(fixed, sd, dispersion, u + scale * step)
                falls = ~(higher >= height - 1e-10 * (1 + np.abs(height)))
                if not falls.any():
                    break
                scale[falls] /= 2
            u, height = u + scale * step, higher
            curves, bend, step = self._newton(fixed, sd, dispersion, u)
        self._modes = u
        return u, curves, bend

    def _height(self, fixed: Values, sd: float, dispersion: float, u: Values) -> Values:
        rows = self.rows
        eta = fixed + sd * u[rows.patient]
        return self._sum(self.family.log_density(rows.y, rows.n, eta, dispersion)) - 0.5 * u**2

    def _newton(
        self, fixed: Values, sd: float, dispersion: float, u: Values
    ) -> tuple[Curves, Values, Values]:
        rows = self.rows
        curves = self.family.curves(rows.y, rows.n, fixed + sd * u[rows.patient], dispersion)
        bend = np.maximum(1 - sd**2 * self._sum(curves.second), _LEAST_CURVATURE)
        return curves, bend, np.clip((sd * self._sum(curves.first) - u) / bend, -2.0, 2.0)
