"""The restricted likelihood of repeated measures with an unstructured covariance over the periods.

Sums of products per pattern of periods are made once, so that one evaluation does not depend on the number of
patients. Formulas: docs/method.md#several-months.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.derivatives import jacobian
from outcomes.analysis.models.fitted import Term
from outcomes.analysis.models.formulas import Design
from outcomes.analysis.models.terms import wald_term


@dataclass(frozen=True, eq=False)
class RepeatedFit:
    """The fitted object behind `FittedModel.model` of an MMRM.

    `spread` is the covariance of the parameters of the periods' covariance, and `slopes[k]` how the
    covariance of the coefficients moves with parameter k: what Satterthwaite's rule needs for any contrast.
    """

    names: tuple[str, ...]
    periods: tuple[Hashable, ...]
    coefficients: Values
    covariance: Values
    period_covariance: Values
    reml_log_likelihood: float
    spread: Values = field(repr=False)
    slopes: Values = field(repr=False)

    def contrast(
        self, weights: Sequence[float] | Values, name: str = "contrast", confidence: float = 0.95,
        unit: str = "days per 28",
    ) -> Term:  # fmt: skip
        """A weighted sum of coefficients, with Satterthwaite's degrees of freedom."""
        c = np.asarray(weights, dtype=np.float64)
        value, variance = float(c @ self.coefficients), float(c @ self.covariance @ c)
        slope = np.einsum("a,kab,b->k", c, self.slopes, c)
        df = float(2 * variance**2 / (slope @ self.spread @ slope))
        return wald_term(name, value, math.sqrt(variance), confidence, unit, df)


@dataclass(frozen=True, eq=False)
class _Pattern:
    """Patients with the same periods: how many, which, and the sums of their products of columns."""

    n: int
    times: NDArray[np.int64]
    products: Values


class UnstructuredLikelihood:
    """−2 restricted log likelihood in the Cholesky factor of the periods' covariance, with its gradient.

    Parameters: the lower triangle of the factor, its diagonal as logarithms; the outcome is scaled by its
    residual standard deviation first.
    """

    def __init__(self, found: Design, people: NDArray[np.int64], times: NDArray[np.int64], size: int):
        self.size = size
        self.lower = np.tril_indices(size)
        self.diagonal = self.lower[0] == self.lower[1]
        order = np.lexsort((times, people))
        matrix, y = found.matrix[order], found.outcome[order]
        self.n, self.p = matrix.shape
        # Orthonormal columns keep the equations exact; REML changes only by the constant log|R|.
        self.basis, self.triangle = np.linalg.qr(matrix)
        self.start = self.basis.T @ y
        rest = y - self.basis @ self.start
        self.unit = math.sqrt(float(rest @ rest) / (self.n - self.p))
        self.constant = 2 * float(np.log(np.abs(np.diag(self.triangle))).sum())
        self.constant += (self.n - self.p) * (math.log(2 * math.pi) + 2 * math.log(self.unit))
        columns = np.column_stack([self.basis, rest / self.unit])
        self.patterns = _patterns(columns, people[order], times[order])

    def factor(self, at: Values) -> Values:
        found = np.zeros((self.size, self.size))
        found[self.lower] = np.where(self.diagonal, np.exp(np.where(self.diagonal, at, 0.0)), at)
        return found

    def parts(self, at: Values) -> tuple[float, Values, list[Values]]:
        """Σ n·log|Σ|, the products weighted by the inverse covariances, and those inverses."""
        factor = self.factor(at)
        whole = factor @ factor.T
        inverses = [_inverse(whole[np.ix_(one.times, one.times)]) for one in self.patterns]
        logs = -math.fsum(
            one.n * float(np.linalg.slogdet(w)[1]) for one, w in zip(self.patterns, inverses, strict=True)
        )
        total = np.zeros((self.p + 1, self.p + 1))
        for one, w in zip(self.patterns, inverses, strict=True):
            total += np.tensordot(w, one.products, axes=([0, 1], [0, 1]))
        return logs, total, inverses

    def coefficients(self, at: Values) -> tuple[Values, Values]:
        """Coefficients of the orthonormal columns and their covariance, in the scaled outcome."""
        _, total, _ = self.parts(at)
        inverse = _inverse(total[:-1, :-1])
        return inverse @ total[:-1, -1], inverse

    def value_and_gradient(self, at: Values) -> tuple[float, Values]:
        logs, total, inverses = self.parts(at)
        a = total[:-1, :-1]
        inverse = _inverse(a)
        beta = inverse @ total[:-1, -1]
        value = logs + float(np.linalg.slogdet(a)[1]) + float(total[-1, -1] - total[:-1, -1] @ beta)
        # d(−2ℓ)/dΣ of a pattern = n·W − W·M·W with M the residual products plus those of the coefficients.
        kernel = np.outer(np.append(-beta, 1.0), np.append(-beta, 1.0))
        kernel[:-1, :-1] += inverse
        slope = np.zeros((self.size, self.size))
        for one, w in zip(self.patterns, inverses, strict=True):
            middle = np.tensordot(one.products, kernel, axes=([2, 3], [0, 1]))
            slope[np.ix_(one.times, one.times)] += one.n * w - w @ middle @ w
        factor = self.factor(at)
        by_factor = 2 * (slope @ factor)[self.lower]
        return self.constant + value, by_factor * np.where(self.diagonal, factor[self.lower], 1.0)

    def gradient(self, at: Values) -> Values:
        return self.value_and_gradient(at)[1]

    def covariance(self, at: Values) -> Values:
        back = np.linalg.inv(self.triangle)
        found: Values = self.unit**2 * back @ self.coefficients(at)[1] @ back.T
        return found

    def fit(self, at: Values, names: tuple[str, ...], periods: tuple[Hashable, ...]) -> RepeatedFit:
        factor = self.factor(at)
        beta = np.linalg.solve(self.triangle, self.start + self.unit * self.coefficients(at)[0])
        curvature = jacobian(self.gradient, at)
        spread = 2 * _inverse((curvature + curvature.T) / 2)
        size = self.p
        slopes = jacobian(lambda x: self.covariance(x).ravel(), at).T.reshape(-1, size, size)
        return RepeatedFit(
            names, periods, beta, self.covariance(at), self.unit**2 * factor @ factor.T,
            -self.value_and_gradient(at)[0] / 2, spread, slopes,
        )  # fmt: skip


def _patterns(columns: Values, people: NDArray[np.int64], times: NDArray[np.int64]) -> list[_Pattern]:
    """Rows come by patient, and by period within a patient."""
    masks = np.zeros(int(people.max()) + 1, dtype=np.int64)
    np.bitwise_or.at(masks, people, np.int64(1) << times)
    found = []
    for mask in np.unique(masks):
        rows = np.flatnonzero(masks[people] == mask)
        n = int((masks == mask).sum())
        here = times[rows[: len(rows) // n]]
        flat = columns[rows].reshape(n, -1)
        shape = (len(here), columns.shape[1], len(here), columns.shape[1])
        found.append(_Pattern(n, here, (flat.T @ flat).reshape(shape).transpose(0, 2, 1, 3)))
    return found


def _inverse(matrix: Values) -> Values:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
