"""The likelihood of a mixed logit: each patient's integral over the patient's own effects.

With u ~ N(0, I) and effects Λu, the integrand of a patient is exp(Σ y·η − m·log(1 + exp η) − u'u/2), η = Xβ +
ZΛu. Its mode is found by Newton's steps, all patients at once; the nodes stand around it, scaled by the
curvature there (adaptive Gauss–Hermite; Liu and Pierce 1994). Equal days of a patient are counted together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.patient_rows import PatientRows

_NEWTON_STEPS = 60


@dataclass(eq=False)
class PatientIntegrals:
    """Log-likelihood as a function of the parameters: fixed effects, then Λ's lower triangle by rows."""

    successes: Values
    trials: Values
    fixed: Values
    random: Values
    first_rows: NDArray[np.int64]
    patient: NDArray[np.int64]
    nodes: Values
    log_weights: Values
    _last_modes: Values = field(init=False)

    def __post_init__(self) -> None:
        self._last_modes = np.zeros((len(self.first_rows), self.random_effects))

    @classmethod
    def of(cls, design: PatientRows, points: int) -> PatientIntegrals:
        """Equal rows of a patient become one, with a count."""
        keys = np.column_stack([design.patient, design.fixed, design.random])
        unique, where = np.unique(keys, axis=0, return_inverse=True)
        where = where.reshape(-1)
        patient = unique[:, 0].astype(np.int64)
        p = design.fixed.shape[1]
        nodes, log_weights = _product_rule(points, design.random.shape[1])
        return cls(
            np.bincount(where, design.outcome).astype(np.float64),
            np.bincount(where).astype(np.float64),
            unique[:, 1 : p + 1],
            unique[:, p + 1 :],
            np.flatnonzero(np.r_[True, np.diff(patient) > 0]),
            patient,
            nodes,
            log_weights,
        )

    @property
    def fixed_effects(self) -> int:
        return int(self.fixed.shape[1])

    @property
    def random_effects(self) -> int:
        return int(self.random.shape[1])

    def start(self) -> Values:
        """The logit without random effects, and a spread of about 1 in what each effect does to the log odds."""
        beta = np.zeros(self.fixed_effects)
        for _ in range(25):
            share = expit(self.fixed @ beta)
            weight = self.trials * share * (1 - share) + 1e-6
            slope = self.fixed.T @ (self.successes - self.trials * share)
            curvature = (self.fixed * weight[:, None]).T @ self.fixed
            step = np.linalg.solve(curvature, slope)
            beta = beta + np.clip(step, -5, 5)
            if np.abs(step).max() < 1e-8:
                break
        beta = np.clip(beta, -10, 10)
        size = np.sqrt((self.random**2).mean(axis=0))
        triangle = np.diag(1.0 / np.maximum(size, 1e-9))
        return np.r_[beta, triangle[np.tril_indices(self.random_effects)]]

    def random_covariance(self, parameters: Values) -> Values:
        triangle = self._triangle(parameters)
        return triangle @ triangle.T

    def modes(self, parameters: Values) -> Values:
        """Each patient's most likely effects, on the scale of the log odds."""
        centre, scaled = self._predictor(parameters)
        u, _ = self._modes(centre, scaled)
        return u @ self._triangle(parameters).T

    def log_likelihood(self, parameters: Values) -> float:
        """The log-likelihood of the days as they came, one by one (no binomial coefficients)."""
        centre, scaled = self._predictor(parameters)
        modes, curvature = self._modes(centre, scaled)
        root = np.linalg.cholesky(curvature)
        log_size = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        # From a standard node z to the patient's: u = mode + √2 · L⁻ᵀ z.
        spread = np.sqrt(2.0) * np.linalg.inv(root).transpose(0, 2, 1)
        heights = np.stack([self._height(centre, scaled, modes + spread @ node)[0] for node in self.nodes])
        heights += (self.log_weights + (self.nodes**2).sum(axis=1))[:, None]
        top = heights.max(axis=0)
        sums = top + np.log(np.exp(heights - top).sum(axis=0))
        constant = 0.5 * self.random_effects * np.log(np.pi)
        return float(np.sum(sums - log_size - constant))

    def _triangle(self, parameters: Values) -> Values:
        triangle = np.zeros((self.random_effects, self.random_effects))
        triangle[np.tril_indices(self.random_effects)] = parameters[self.fixed_effects :]
        return triangle

    def _predictor(self, parameters: Values) -> tuple[Values, Values]:
        return self.fixed @ parameters[: self.fixed_effects], self.random @ self._triangle(parameters)

    def _height(self, centre: Values, scaled: Values, u: Values) -> tuple[Values, Values]:
        """The log integrand per patient, and the linear predictor per row."""
        eta = centre + (scaled * u[self.patient]).sum(axis=1)
        rows = self.successes * eta - self.trials * np.logaddexp(0.0, eta)
        return np.add.reduceat(rows, self.first_rows) - 0.5 * (u * u).sum(axis=1), eta

    def _modes(self, centre: Values, scaled: Values) -> tuple[Values, Values]:
        """Newton's steps, halved for the patients whose integrand would fall; it has a single peak."""
        u = self._last_modes
        height, eta = self._height(centre, scaled, u)
        for _ in range(_NEWTON_STEPS):
            slope, curvature = self._derivatives(scaled, eta, u)
            step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0].astype(np.float64)
            u, height, eta = self._uphill(centre, scaled, u, step, height)
            if np.abs(step).max() < 1e-8:
                break
        self._last_modes = u
        return u, self._derivatives(scaled, eta, u)[1]

    def _uphill(
        self, centre: Values, scaled: Values, u: Values, step: Values, height: Values
    ) -> tuple[Values, Values, Values]:
        share = np.ones((len(u), 1))
        for _ in range(30):
            higher, eta = self._height(centre, scaled, u + share * step)
            falls = higher < height - 1e-9 * (1 + np.abs(height))
            if not falls.any():
                break
            share[falls] /= 2
        return u + share * step, higher, eta

    def _derivatives(self, scaled: Values, eta: Values, u: Values) -> tuple[Values, Values]:
        share = expit(eta)
        slope = np.add.reduceat(scaled * (self.successes - self.trials * share)[:, None], self.first_rows) - u
        weighted = scaled * (self.trials * share * (1 - share))[:, None]
        outer = weighted[:, :, None] * scaled[:, None, :]
        return slope, np.add.reduceat(outer, self.first_rows) + np.eye(self.random_effects)


def _product_rule(points: int, effects: int) -> tuple[Values, Values]:
    """Gauss–Hermite nodes in as many dimensions as there are effects, with the logarithms of their weights."""
    at, weights = np.polynomial.hermite.hermgauss(points)
    nodes = np.array(list(product(at, repeat=effects)))
    log_weights = np.array([sum(choice) for choice in product(np.log(weights), repeat=effects)])
    return nodes, log_weights
