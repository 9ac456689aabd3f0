"""The restricted likelihood of a linear model with random effects per patient.

Everything goes through sums of squares per patient (Bates, Mächler, Bolker & Walker 2015, section 3), and
through one sum per kind of patient where patients share their random-effect columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values


@dataclass(frozen=True, eq=False)
class MixedRows:
    """Outcome, columns and random-effect columns, by patient; `first` is where each patient's rows begin."""

    outcome: Values
    matrix: Values
    random: Values
    weight: Values
    first: NDArray[np.int64]

    def per_patient(self, values: Values) -> Values:
        return np.add.reduceat(values, self.first, axis=0)


class MixedLikelihood:
    """−2 restricted log likelihood in the relative factor of the random effects (`theta`) and log σ.

    Formulas: docs/method.md#linear-mixed-models.
    """

    def __init__(self, rows: MixedRows):
        self.rows = rows
        self.n, self.p, self.q = len(rows.outcome), rows.matrix.shape[1], rows.random.shape[1]
        # Orthonormal columns and a residual outcome keep the normal equations exact; REML does not change
        # but for the constant log|R|.
        root = np.sqrt(rows.weight)[:, None]
        self.basis, self.triangle = np.linalg.qr(root * rows.matrix)
        y = root[:, 0] * rows.outcome
        self.start = self.basis.T @ y
        y = y - self.basis @ self.start
        z = root * rows.random
        self.scale = np.sqrt(np.mean(np.square(rows.random), axis=0))
        z = z / self.scale
        self.zz = rows.per_patient(z[:, :, None] * z[:, None, :])
        self.right = np.concatenate(
            [
                rows.per_patient(z[:, :, None] * self.basis[:, None, :]),
                rows.per_patient(z * y[:, None])[:, :, None],
            ],
            axis=2,
        )
        self.patterns, self.sizes, self.products = self._by_pattern()
        self.xy, self.yy = self.basis.T @ y, float(y @ y)
        self.constant = 2 * float(np.log(np.abs(np.diag(self.triangle))).sum())
        self.constant -= float(np.log(rows.weight).sum())

    def _by_pattern(self) -> tuple[Values, Values, Values]:
        """Patients with the same Z'Z share every matrix: their products are summed once and for all."""
        patterns, which = np.unique(np.round(self.zz, 12), axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        sizes = np.bincount(which.ravel(), minlength=len(patterns))
        width = self.q * (self.p + 1)
        products = np.empty((len(patterns), width, width))
        for j, members in enumerate(np.split(order, np.cumsum(sizes)[:-1])):
            flat = self.right[members].reshape(-1, width)
            products[j] = flat.T @ flat
        shape = (len(patterns), self.q, self.p + 1, self.q, self.p + 1)
        return patterns, sizes.astype(np.float64), products.reshape(shape)

    @property
    def lower(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows, columns = np.tril_indices(self.q)
        return rows, columns

    def factor(self, theta: Values) -> Values:
        found = np.zeros((self.q, self.q))
        found[self.lower] = theta
        return found

    def parts(self, theta: Values) -> tuple[float, Values, Values, float]:
        """log|M|, X'V⁻¹X, X'V⁻¹y and y'V⁻¹y, with σ = 1."""
        factor = self.factor(theta)
        middle = np.eye(self.q) + factor.T @ self.patterns @ factor
        inverse = 1 / middle if self.q == 1 else np.linalg.inv(middle)
        taken = np.einsum("gij,giajb->ab", factor @ inverse @ factor.T, self.products)
        log_middle = np.log(middle[:, 0, 0]) if self.q == 1 else np.linalg.slogdet(middle)[1]
        k = self.p
        a, c, rest = np.eye(k) - taken[:k, :k], self.xy - taken[:k, k], self.yy - taken[k, k]
        return float(self.sizes @ log_middle), a, c, float(rest)

    def fixed(self, theta: Values) -> tuple[Values, Values, float, float]:
        """Coefficients and their covariance over σ² in the orthonormal columns, weighted residual, log terms."""
        log_middle, a, c, q = self.parts(theta)
        inverse = np.asarray(np.linalg.inv(a), dtype=np.float64)
        beta = inverse @ c
        return beta, inverse, float(q - c @ beta), log_middle + float(np.linalg.slogdet(a)[1])

    def profiled(self, theta: Values) -> float:
        _, _, rest, logs = self.fixed(theta)
        df = self.n - self.p
        return self.constant + logs + df * (1 + math.log(2 * math.pi * max(rest, 1e-300) / df))

    def full(self, at: Values) -> float:
        """The same as a function of theta and log σ, whose curvature Satterthwaite's rule needs."""
        _, _, rest, logs = self.fixed(at[:-1])
        df = self.n - self.p
        return self.constant + logs + df * (math.log(2 * math.pi) + 2 * at[-1]) + rest * math.exp(-2 * at[-1])

    def covariance(self, at: Values) -> Values:
        """Covariance of the coefficients of the formula's own columns."""
        back = np.linalg.inv(self.triangle)
        return math.exp(2 * at[-1]) * back @ self.fixed(at[:-1])[1] @ back.T

    def predicted(self, theta: Values, beta: Values) -> Values:
        """Random effects of each patient, given the rest."""
        factor = self.factor(theta)
        middle = np.eye(self.q) + factor.T @ self.zz @ factor
        right = (self.right[:, :, -1] - self.right[:, :, :-1] @ beta) @ factor
        return np.linalg.solve(middle, right[:, :, None])[:, :, 0] @ factor.T / self.scale
