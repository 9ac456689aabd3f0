"""Linear models with random effects per patient: REML with Satterthwaite's degrees of freedom.

One likelihood evaluation goes through small sums of squares per patient, so that the time grows with the
number of rows and nothing of the size rows × rows is ever made. Formulas and sources:
docs/method.md#linear-mixed-models. R's lme4 and lmerTest are the reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.derivatives import gradient, hessian, jacobian, polished
from outcomes.analysis.models.fitted import FittedModel, Status, Term
from outcomes.analysis.models.formulas import Design, design, need_columns, need_numbers
from outcomes.analysis.models.mixed_likelihood import MixedLikelihood, MixedRows
from outcomes.analysis.models.size_limits import MOST_ROWS_OF_MIXED, PAIRED_INSTEAD, too_large
from outcomes.analysis.models.terms import wald_term
from outcomes.errors import PlanError

#: Relative standard deviations beyond these are none at all, and nothing else.
_NEGLIGIBLE, _OVERWHELMING = 1e-4, 1e4

_STARTS = (1.0, 0.1, 5.0)

_METHOD = "linear mixed model, REML, Satterthwaite t"


@dataclass(frozen=True, eq=False)
class MixedFit:
    """The fitted object behind `FittedModel.model`: coefficients, their covariance and the variances.

    `random_covariance` belongs to the random effects in the order of `random_names`; `effects` are the
    predicted ones (BLUPs), one row per patient.
    """

    names: tuple[str, ...]
    coefficients: Values
    covariance: Values
    df: Values
    random_names: tuple[str, ...]
    random_covariance: Values
    residual_variance: float
    reml_log_likelihood: float
    effects: pd.DataFrame = field(repr=False)

    def contrast(self, weights: Sequence[float]) -> tuple[float, float]:
        """Value and standard error of a weighted sum of coefficients."""
        c = np.asarray(weights, dtype=np.float64)
        return float(c @ self.coefficients), math.sqrt(float(c @ self.covariance @ c))


def random_intercept_model(
    frame: pd.DataFrame,
    formula: str | Design,
    patients: str = "patient_id",
    *,
    weights: str | None = None,
    confidence: float = 0.95,
    unit: str = "days per 28",
) -> FittedModel:
    """`formula` with a random intercept per patient, e.g. `value ~ period`; one row per patient and period.

    In place of a formula may stand the columns that it would give (`plain_design`).

    Coefficients in `unit` under the formula's names, then `variance: patients` and `variance: residual`.
    `weights` names a column of weights above 0: a row's residual variance is divided by its weight. Rows
    that lack what the formula needs are left out; so are patients without any complete row, who are counted.
    Status `not_run`: more than `MOST_ROWS_OF_MIXED` rows. `boundary`: no variance between patients was found, and
    with two periods a negative correlation within patients then makes the standard error too small; the paired t
    stands.
    Several months per patient whose changes differ: use `random_slope_model`, or one mean per patient, for
    intercepts alone give intervals that are too narrow. Raises PlanError for a formula that cannot be read.
    """
    return _mixed("random_intercept", frame, formula, (), patients, weights, confidence, unit)


def random_slope_model(
    frame: pd.DataFrame,
    formula: str,
    slopes: Sequence[str],
    patients: str = "patient_id",
    *,
    weights: str | None = None,
    confidence: float = 0.95,
    unit: str = "days per 28",
) -> FittedModel:
    """`formula` with a random intercept and random slopes of the columns `slopes`, correlated, per patient.

    Like R's `(1 + slope | patient)`. `slopes` are columns of numbers (0/1 for before/after). Further terms:
    `variance: SLOPE` and `covariance: intercept, SLOPE`. Otherwise as `random_intercept_model`.
    """
    need_columns(frame, slopes)
    return _mixed("random_slope", frame, formula, tuple(slopes), patients, weights, confidence, unit)


def _mixed(
    name: str, frame: pd.DataFrame, formula: str | Design, slopes: tuple[str, ...], patients: str,
    weights: str | None, confidence: float, unit: str,
) -> FittedModel:  # fmt: skip
    extra = [*slopes, *([weights] if weights else [])]
    need_columns(frame, [patients])
    need_numbers(frame, extra)
    n_all = int(frame[patients].nunique())
    usable = frame.dropna(subset=[patients, *extra])
    if weights and not (usable[weights] > 0).all():
        raise PlanError(f"The weights in '{weights}' must be above 0.")
    given = formula if isinstance(formula, Design) else None
    formula = given.formula if given is not None else str(formula)
    settings = MappingProxyType({"formula": formula, "slopes": slopes, "weights": weights})

    def answer(
        status: Status, reason: str, terms: tuple[Term, ...] = (), notes: tuple[str, ...] = (),
        n: int = 0, n_rows: int = 0, model: MixedFit | None = None,
    ) -> FittedModel:  # fmt: skip
        return FittedModel(
            name=name, status=status, reason=reason, terms=terms, n=n, n_left_out=n_all - n, n_rows=n_rows,
            confidence=confidence, method=_METHOD, notes=notes, settings=settings, model=model,
            log_likelihood=model.reml_log_likelihood if model else None,
        )  # fmt: skip

    if why := too_large(len(usable), MOST_ROWS_OF_MIXED, PAIRED_INSTEAD):
        return answer("not_run", why)
    found = given if given is not None else design(formula, usable) if len(usable) else None
    if found is None:
        return answer("not_estimable", "no_rows: no row has everything the formula needs")
    rows, labels = _sorted_rows(found, usable[found.kept], slopes, patients, weights)
    n, n_rows = len(labels), len(rows.outcome)
    if reason := _why_not(rows):
        return answer("not_estimable", reason, (), found.notes, n, n_rows)
    likelihood = MixedLikelihood(rows)
    theta, converged = _minimum(likelihood)
    if not converged or likelihood.fixed(theta)[2] <= 1e-12 * float(np.square(rows.outcome).sum()):
        words = "zero_variance: nothing is left over within patients" if not converged else "zero_variance"
        return answer("not_estimable", words, (), found.notes, n, n_rows)
    fit = _fit(likelihood, theta, found.names, slopes, labels)
    terms = (*_fixed_terms(fit, confidence, unit), *_variance_terms(fit, unit))
    singular = np.linalg.svd(likelihood.factor(theta), compute_uv=False).min() < _NEGLIGIBLE
    notes = list(found.notes)
    if len(slopes) == 0 and n_rows > 2 * n and not singular:
        notes.append("intercepts_only: if patients changed by different amounts, the interval is too narrow")
    if not singular:
        return answer("converged", "", terms, tuple(notes), n, n_rows, fit)
    notes.append("boundary: standard errors may be too small; the paired t does not need this model")
    reason = "boundary: a variance between patients is 0"
    return answer("boundary", reason, terms, tuple(notes), n, n_rows, fit)


def _sorted_rows(
    found: Design, table: pd.DataFrame, slopes: tuple[str, ...], patients: str, weights: str | None
) -> tuple[MixedRows, pd.Index]:
    """Rows by patient, and within a patient by their numbers, so that their order cannot matter."""
    codes, labels = pd.factorize(table[patients], sort=True)
    order = np.lexsort((*found.matrix.T, found.outcome, codes))
    random = np.column_stack([np.ones(len(table)), *(table[name].to_numpy(np.float64) for name in slopes)])
    weight = table[weights].to_numpy(np.float64) if weights else np.ones(len(table))
    positive = order[weight[order] > 0]
    first = np.flatnonzero(np.diff(codes[positive], prepend=-1)).astype(np.int64)
    labels = pd.Index(labels)[codes[positive][first]]
    return MixedRows(
        found.outcome[positive], found.matrix[positive], random[positive], weight[positive], first
    ), labels


def _why_not(rows: MixedRows) -> str:
    n, p = rows.matrix.shape
    patients = len(rows.first)
    if n - p < 2 or patients < 2:
        return "insufficient_n: too few rows for the coefficients and variances"
    if np.linalg.matrix_rank(rows.matrix) < p:
        return "aliased: some columns of the formula say the same"
    if n < patients + rows.random.shape[1]:
        return "one_row_each: patients and residual cannot be told apart with one row per patient"
    if not np.square(rows.random).sum(axis=0).all():
        return "aliased: a random slope does not vary"
    rest = rows.outcome - rows.matrix @ np.linalg.lstsq(rows.matrix, rows.outcome, rcond=None)[0]
    if np.abs(rest).max() <= 1e-9 * max(1.0, np.abs(rows.outcome).max()):
        return "zero_variance: the coefficients alone give every value"
    return ""


def _minimum(likelihood: MixedLikelihood) -> tuple[Values, bool]:
    """The best theta from several starts (0 is always a stationary point), then made exact."""
    from scipy.optimize import minimize

    rows, columns = likelihood.lower
    best: Values | None = None
    least = math.inf
    for size in _STARTS:
        start = np.where(rows == columns, size, 0.0)
        with np.errstate(all="ignore"):
            found = minimize(
                likelihood.profiled, start, jac=lambda x: gradient(likelihood.profiled, x), method="BFGS",
                options={"gtol": 1e-6, "maxiter": 200},
            )  # fmt: skip
        if np.isfinite(found.fun) and found.fun < least - 1e-9:
            best, least = found.x, float(found.fun)
    if best is None or np.abs(best).max() > _OVERWHELMING:
        return np.zeros(len(rows)), False
    best = polished(likelihood.profiled, best)
    if likelihood.q == 1:
        best = np.abs(best)
        if best[0] < _NEGLIGIBLE:
            best = np.zeros(1)
    return best, True


def _fit(
    likelihood: MixedLikelihood,
    theta: Values,
    names: tuple[str, ...],
    slopes: tuple[str, ...],
    labels: pd.Index,
) -> MixedFit:
    beta, _, rest, _ = likelihood.fixed(theta)
    variance = rest / (likelihood.n - likelihood.p)
    at = np.append(theta, 0.5 * math.log(variance))
    covariance = likelihood.covariance(at)
    factor = likelihood.factor(theta) / likelihood.scale[:, None]
    random_names = ("intercept", *slopes)
    effects = pd.DataFrame(likelihood.predicted(theta, beta), index=labels, columns=list(random_names))
    return MixedFit(
        names=names,
        coefficients=np.linalg.solve(likelihood.triangle, likelihood.start + beta),
        covariance=covariance,
        df=_satterthwaite(likelihood, at, covariance),
        random_names=random_names,
        random_covariance=variance * factor @ factor.T,
        residual_variance=variance,
        reml_log_likelihood=-likelihood.profiled(theta) / 2,
        effects=effects,
    )


def _satterthwaite(likelihood: MixedLikelihood, at: Values, covariance: Values) -> Values:
    """2·v² / (g'Wg) of each coefficient's variance v: g its slope in the variances, W their covariance.

    Directions in which the likelihood is flat say nothing and are left out, as lmerTest does.
    """
    size, direction = np.linalg.eigh(hessian(likelihood.full, at))
    known = size > 1e-8 * size.max()
    spread = 2 * (direction[:, known] / size[known]) @ direction[:, known].T

    slope = jacobian(lambda x: np.diag(likelihood.covariance(x)), at)
    return 2 * np.square(np.diag(covariance)) / np.einsum("ij,jk,ik->i", slope, spread, slope)


def _fixed_terms(fit: MixedFit, confidence: float, unit: str) -> tuple[Term, ...]:
    errors = np.sqrt(np.diag(fit.covariance))
    return tuple(
        wald_term(name, float(value), float(error), confidence, unit, float(df))
        for name, value, error, df in zip(fit.names, fit.coefficients, errors, fit.df, strict=True)
    )


def _variance_terms(fit: MixedFit, unit: str) -> tuple[Term, ...]:
    scale = f"({unit})²"

    def term(name: str, value: float) -> Term:
        return Term(name, float(value), None, None, None, None, None, scale)

    terms = [term("variance: patients", fit.random_covariance[0, 0])]
    for j, slope in enumerate(fit.random_names[1:], start=1):
        terms.append(term(f"variance: {slope}", fit.random_covariance[j, j]))
        for other in range(j):
            name = f"covariance: {fit.random_names[other]}, {slope}"
            terms.append(term(name, fit.random_covariance[j, other]))
    return (*terms, term("variance: residual", fit.residual_variance))
