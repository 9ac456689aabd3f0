"""From a formula's columns to the parameters that make the counts most likely."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.count_families import FAMILIES, FamilyName
from outcomes.analysis.models.count_likelihood import CountLikelihood, CountRows
from outcomes.analysis.models.derivatives import jacobian
from outcomes.analysis.models.formulas import Design, Flags
from outcomes.errors import PlanError

#: Families whose counts cannot exceed the recorded days.
BOUNDED: tuple[FamilyName, ...] = ("beta_binomial", "binomial")

#: Logarithms of the least and greatest standard deviation of the intercept, and of the dispersion.
GREATEST_LOG_SD = 3.0
_BOUNDS = ((-6.0, GREATEST_LOG_SD), (-4.0, math.log(1e5)))

#: Where each of them means no spread at all, and from where on that is worth asking.
_ENDS = ((-6.0, math.log(0.15)), (math.log(1e5), math.log(300.0)))

#: Two log likelihoods closer than this are the same.
_FLAT = 1e-6


@dataclass(frozen=True, eq=False)
class CountProblem:
    """The likelihood of one model, in coefficients of orthogonal columns, and the way back to the formula's."""

    found: Design
    family: FamilyName
    likelihood: CountLikelihood
    back: Values
    start: Values
    labels: pd.Index
    order: NDArray[np.int64]

    @classmethod
    def of(
        cls, found: Design, patients: pd.Series, n: Values, family: FamilyName, points: int
    ) -> CountProblem:
        """Rows that can carry the model (`why_not`), sorted by patient."""
        codes, labels = pd.factorize(patients, sort=True)
        # By content within a patient, so that the order of the rows cannot matter.
        order = np.lexsort((*found.matrix.T, n, found.outcome, codes))
        y, n, matrix, codes = found.outcome[order], n[order], found.matrix[order], codes[order]
        basis, triangle = np.linalg.qr(matrix)
        size = math.sqrt(len(y))
        bounded = family in BOUNDED
        offset = np.zeros(len(y)) if bounded else np.log(n)
        middle = np.log((y + 0.5) / (n - y + 0.5)) if bounded else np.log(y + 0.5) - offset
        first = np.flatnonzero(np.diff(codes, prepend=-1)).astype(np.int64)
        rows = CountRows(y, n, size * basis, offset, first, codes.astype(np.int64))
        back = size * np.asarray(np.linalg.inv(triangle), dtype=np.float64)
        start = basis.T @ middle / size
        return cls(
            found, family, CountLikelihood(FAMILIES[family], rows, points), back, start, labels, order
        )  # fmt: skip


def why_not(found: Design, n: Values, family: FamilyName, patients: int) -> str:
    """Why these rows cannot carry the model; nothing if they can. Raises PlanError for counts that cannot be."""
    y, bounded = found.outcome, family in BOUNDED
    size = found.matrix.shape[1] + 1 + int(FAMILIES[family].dispersed)
    if bounded and (n != np.round(n)).any():
        raise PlanError("The recorded days must be whole numbers.")
    if (y < 0).any() or (y != np.round(y)).any() or (bounded and (y > n).any()):
        raise PlanError("The counts must be whole numbers from 0 to the recorded days.")
    if patients < 3 or len(y) < size + 1:
        return "insufficient_n: too few patients or rows for this model"
    if np.linalg.matrix_rank(found.matrix) < found.matrix.shape[1]:
        return "aliased: some columns of the formula say the same"
    if not y.any():
        return "all_zero: not one headache day"
    if bounded and (y == n).all():
        return "all_days: every recorded day is a headache day"
    if _one_sided(found.matrix, y, n, bounded):
        return "one_sided: a group of rows has no headache day, or nothing else"
    return ""


def _one_sided(matrix: Values, y: Values, n: Values, bounded: bool) -> bool:
    """A coefficient that only rows without any (or with nothing but) headache days carry has no finite value."""
    groups = []
    for column in matrix.T:
        values, which = np.unique(column, return_inverse=True)
        if len(values) == 2:
            groups += [which == 0, which == 1]
    cells, which = np.unique(matrix, axis=0, return_inverse=True)
    if len(cells) <= matrix.shape[1]:
        groups += [which.ravel() == cell for cell in range(len(cells))]
    return any(not y[here].any() or (bounded and bool((y[here] == n[here]).all())) for here in groups)


def minimum(model: CountProblem) -> tuple[Values, Flags, Values]:
    """The best parameters, which of them are free of their bounds, and the curvature in those."""
    likelihood = model.likelihood
    p, more = likelihood.p, likelihood.size - likelihood.p
    start = np.append(model.start, [math.log(0.7), math.log(10.0)][:more])
    free = np.ones(likelihood.size, dtype=np.bool_)
    at, value = _lowest(likelihood, start, free)
    # Towards no spread at all the likelihood runs flat, and a search stops anywhere: the end is asked itself.
    for j, (limit, suspicious) in enumerate(_ENDS[:more], start=p):
        if (at[j] - suspicious) * (limit - suspicious) > 0:
            ended, fixed = at.copy(), free.copy()
            ended[j], fixed[j] = limit, False
            ended, there = _lowest(likelihood, ended, fixed)
            if there <= value + _FLAT:
                at, value, free = ended, there, fixed
    return _exact(likelihood, at, free)


def _lowest(likelihood: CountLikelihood, start: Values, free: Flags) -> tuple[Values, float]:
    """A minimum over the free parameters."""
    from scipy.optimize import minimize

    bounds = [(None, None)] * likelihood.p + list(_BOUNDS[: likelihood.size - likelihood.p])
    at = start.copy()

    def value_and_gradient(part: Values) -> tuple[float, Values]:
        whole = at.copy()
        whole[free] = part
        value, slope = likelihood.value_and_gradient(whole)
        return value, slope[free]

    found = minimize(
        value_and_gradient, start[free], jac=True, method="L-BFGS-B",
        bounds=[ends for ends, is_free in zip(bounds, free, strict=True) if is_free],
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-5},
    )  # fmt: skip
    at[free] = found.x
    return at, float(found.fun)


def _exact(likelihood: CountLikelihood, at: Values, free: Flags) -> tuple[Values, Flags, Values]:
    """Newton's last steps with one curvature, which is that of the minimum to within its own error."""

    def gradient(part: Values) -> Values:
        whole = at.copy()
        whole[free] = part
        return likelihood.gradient(whole)[free]

    curvature = jacobian(gradient, at[free])
    curvature = (curvature + curvature.T) / 2
    at = at.copy()
    for _ in range(8):
        try:
            step = np.linalg.solve(curvature, gradient(at[free]))
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all() or np.abs(step).max() > 0.5:
            break
        at[free] -= step
        if np.abs(step).max() < 1e-9:
            break
    return at, free, curvature
