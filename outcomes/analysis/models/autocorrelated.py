"""Regression on a series whose residuals remember the one before: AR(1) by restricted likelihood, Newey–West.

Residuals correlate by φ to the power of the time between them, so that missing weeks are gaps and not
neighbours (R's nlme::gls with corAR1(form = ~ time)). Newey and West 1987 keep least squares and mend the
standard errors only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.derivatives import hessian, jacobian
from outcomes.analysis.models.fitted import FittedModel, Status, Term
from outcomes.analysis.models.formulas import Design, design, need_columns
from outcomes.analysis.models.terms import wald_term, warnings_as_notes, without_numbers
from outcomes.errors import PlanError

Likelihood = Literal["REML", "ML"]
Freedom = Literal["satterthwaite", "residual"]

#: φ is looked for within these bounds; at an end the series is a drift or an alternation.
_PHI_BOUND = 0.999

_GRID = 41

_AT_ITS_END = "phi_at_its_end: the series drifts, or alternates, more than an AR(1) can say"


@dataclass(frozen=True, eq=False)
class _Series:
    """A formula's numbers in the order of time, and the time between neighbours."""

    found: Design
    outcome: Values
    covariates: Values
    gaps: Values


def ar1_regression(
    data: pd.DataFrame,
    formula: str,
    time: str,
    *,
    likelihood: Likelihood = "REML",
    freedom: Freedom = "satterthwaite",
    confidence: float = 0.95,
    scale: str = "outcome",
    name: str = "AR(1) regression",
) -> FittedModel:
    """Linear regression on one series with AR(1) residuals, one row per whole-numbered `time`.

    Terms: the coefficients with t intervals, then `phi` (the correlation of neighbours) and `sigma` (the
    standard deviation of a residual). Degrees of freedom: Satterthwaite's, which count that φ and σ were
    estimated as well; `residual` is rows − coefficients, as R's nlme has it and as maximum likelihood always
    gets here, and finds changes in short series that are not there (docs/method.md#interrupted-series).
    `.model` is statsmodels' least squares on the series freed of its correlation. Where the likelihood has no
    peak in φ, estimates stand without intervals; status `boundary`: φ ended at an end of its range.
    Raises PlanError for columns that are not there, times that are not whole or come twice.
    """
    by_satterthwaite = freedom == "satterthwaite" and likelihood == "REML"
    method = (
        f"linear regression, AR(1) residuals, {likelihood}, {'Satterthwaite t' if by_satterthwaite else 't'}"
    )
    series = _series(data, formula, time)
    problem = _problem(series)
    if series is None or problem:
        return without_numbers(
            name,
            "not_estimable",
            problem,
            confidence,
            method,
            1,
            0 if series is None else len(series.outcome),
        )
    phi = _best_phi(series, likelihood)
    fitted = _least_squares(series, phi)
    rows, coefficients = series.covariates.shape
    df = float(rows - coefficients)
    own = _satterthwaite(series, phi, float(fitted.ssr) / df) if by_satterthwaite else None
    notes = list(series.found.notes)
    freedoms: list[float | None] = [df] * coefficients
    if own is not None:
        freedoms = [min(df, max(1.0, float(one))) for one in own]
    elif by_satterthwaite:
        # Residual degrees of freedom here found changes in a quarter of simulated series without any.
        notes.append("no_interval: the series does not tell how far its neighbours are alike")
        freedoms = [None] * coefficients
    terms = [
        wald_term(term, float(value), float(error) if one else None, confidence, scale, one)
        for term, value, error, one in zip(
            series.found.names, fitted.params, fitted.bse, freedoms, strict=True
        )
    ]
    status: Status = "boundary" if abs(phi) > _PHI_BOUND - 1e-6 else "converged"
    reason = _AT_ITS_END if status == "boundary" else ""
    sigma = math.sqrt(float(fitted.ssr) / (df if likelihood == "REML" else rows))
    terms += [
        Term("phi", phi, None, None, None, None, None, "correlation"),
        Term("sigma", sigma, None, None, None, None, None, scale),
    ]
    return FittedModel(
        name, status, reason, tuple(terms), 1, 0, rows, confidence, method, tuple(notes),
        _log_likelihood(series, phi, likelihood), MappingProxyType({"formula": formula}), fitted,
    )  # fmt: skip


def newey_west_regression(
    data: pd.DataFrame,
    formula: str,
    time: str,
    lags: int,
    *,
    small_sample: bool = True,
    confidence: float = 0.95,
    scale: str = "outcome",
) -> FittedModel:
    """Least squares on one series with Newey–West standard errors (Bartlett weights up to `lags`), t.

    `small_sample` multiplies the covariance by rows/(rows − coefficients). Rows count as neighbours in the
    order of `time`, whatever lies between. Too liberal in short series: a check beside the AR(1), not its
    stand-in. `.model` is statsmodels' result; `settings["durbin_watson"]` is the Durbin–Watson statistic.
    """
    name, method = "Newey–West regression", f"least squares, Newey–West, {lags} lags, t"
    if lags < 0:
        raise PlanError("lags must be 0 or more.")
    series = _series(data, formula, time)
    problem = _problem(series)
    if series is None or problem:
        return without_numbers(
            name,
            "not_estimable",
            problem,
            confidence,
            method,
            1,
            0 if series is None else len(series.outcome),
        )
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.stattools import durbin_watson

    notes = list(series.found.notes)
    with warnings_as_notes(notes, "least squares"):
        model = OLS(series.outcome, pd.DataFrame(series.covariates, columns=list(series.found.names)))
        fitted = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": small_sample})
        watson = float(durbin_watson(fitted.resid))
    rows, coefficients = series.covariates.shape
    terms = tuple(
        wald_term(term, float(value), float(error), confidence, scale, float(rows - coefficients))
        for term, value, error in zip(series.found.names, fitted.params, fitted.bse, strict=True)
    )
    settings = {"formula": formula, "lags": lags, "durbin_watson": watson}
    return FittedModel(
        name, "converged", "", terms, 1, 0, rows, confidence, method, tuple(notes), None,
        MappingProxyType(settings), fitted,
    )  # fmt: skip


def _series(data: pd.DataFrame, formula: str, time: str) -> _Series | None:
    need_columns(data, [time])
    times = data[time].to_numpy(np.float64)
    known = np.isfinite(times)
    if (times[known] != np.round(times[known])).any():
        raise PlanError(f"'{time}' must be a whole number, such as the number of the week.")
    ordered = data[known].sort_values(time, kind="stable")
    found = design(formula, ordered)
    if found is None:
        return None
    gaps = np.diff(ordered[time].to_numpy(np.float64)[found.kept])
    if (gaps == 0).any():
        raise PlanError(f"'{time}' holds the same time twice: a series has one row per time.")
    return _Series(found, found.outcome, found.matrix, gaps)


def _problem(series: _Series | None) -> str:
    if series is None:
        return "no_rows: no row has everything that the formula needs"
    rows, coefficients = series.covariates.shape
    if np.linalg.matrix_rank(series.covariates) < coefficients:
        return "not_identified: a covariate is a combination of the others, or does not vary"
    if rows < coefficients + 2:
        return f"insufficient_rows: {rows} rows are too few for {coefficients} coefficients and a correlation"
    beta = np.linalg.lstsq(series.covariates, series.outcome, rcond=None)[0]
    rest = series.outcome - series.covariates @ beta
    if np.abs(rest).max() <= 1e-9 * max(1.0, np.abs(series.outcome).max()):
        return "zero_variance: the model leaves no residual"
    return ""


def _whitened(series: _Series, phi: float) -> tuple[Values, Values, float]:
    """Outcome and covariates freed of the correlation, and the log determinant that this costs."""
    carried = np.sign(phi) ** series.gaps * np.abs(phi) ** series.gaps
    fresh = np.sqrt(1 - carried**2)
    outcome, covariates = series.outcome.copy(), series.covariates.copy()
    outcome[1:] = (series.outcome[1:] - carried * series.outcome[:-1]) / fresh
    covariates[1:] = (series.covariates[1:] - carried[:, None] * series.covariates[:-1]) / fresh[:, None]
    return outcome, covariates, 2 * float(np.log(fresh).sum())


def _log_likelihood(series: _Series, phi: float, likelihood: Likelihood) -> float:
    """With σ² at its best for this φ: R's logLik of gls."""
    outcome, covariates, log_determinant = _whitened(series, phi)
    q, r = np.linalg.qr(covariates)
    rest = outcome - q @ (q.T @ outcome)
    rows, coefficients = covariates.shape
    free = rows - coefficients if likelihood == "REML" else rows
    value = free * (math.log(2 * math.pi * float(rest @ rest) / free) + 1) + log_determinant
    if likelihood == "REML":
        value += 2 * float(np.log(np.abs(np.diag(r))).sum())
    return -0.5 * value


def _satterthwaite(series: _Series, phi: float, variance: float) -> Values | None:
    """2·v²/(g'Wg) per coefficient: g the slope of its variance v in (φ, log σ²), W their covariance.

    None where the likelihood has no peak in φ, or φ is too near its end for differences.
    """
    if abs(phi) > 0.99:
        return None
    at = np.array([phi, math.log(variance)])
    curvature = hessian(lambda x: _twice_restricted(series, x[0], x[1]), at)
    if np.linalg.eigvalsh(curvature).min() <= 0:
        return None
    spread = 2 * np.linalg.inv(curvature)
    slope = jacobian(lambda x: _variances(series, x[0], x[1]), at)
    return np.asarray(
        2 * _variances(series, phi, at[1]) ** 2 / np.einsum("ij,jk,ik->i", slope, spread, slope)
    )


def _twice_restricted(series: _Series, phi: float, log_variance: float) -> float:
    """−2 restricted log-likelihood as a function of φ and log σ², less what does not change."""
    outcome, covariates, log_determinant = _whitened(series, phi)
    q, r = np.linalg.qr(covariates)
    rest = outcome - q @ (q.T @ outcome)
    rows, coefficients = covariates.shape
    value = (rows - coefficients) * log_variance + float(rest @ rest) * math.exp(-log_variance)
    return value + log_determinant + 2 * float(np.log(np.abs(np.diag(r))).sum())


def _variances(series: _Series, phi: float, log_variance: float) -> Values:
    _, covariates, _ = _whitened(series, phi)
    back = np.linalg.inv(np.linalg.qr(covariates)[1])
    return np.asarray(math.exp(log_variance) * (back**2).sum(axis=1))


def _best_phi(series: _Series, likelihood: Likelihood) -> float:
    """The highest point of the likelihood over φ: a grid first, since it can have two peaks, then Brent."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(-_PHI_BOUND, _PHI_BOUND, _GRID)
    heights = [_log_likelihood(series, float(phi), likelihood) for phi in grid]
    best = int(np.argmax(heights))
    low, high = grid[max(0, best - 1)], grid[min(_GRID - 1, best + 1)]
    found = minimize_scalar(
        lambda phi: -_log_likelihood(series, phi, likelihood),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-10},
    )
    ends = [float(found.x), float(low), float(high)]
    return max(ends, key=lambda phi: _log_likelihood(series, phi, likelihood))


def _least_squares(series: _Series, phi: float) -> Any:
    from statsmodels.regression.linear_model import OLS

    outcome, covariates, _ = _whitened(series, phi)
    return OLS(outcome, pd.DataFrame(covariates, columns=list(series.found.names))).fit()
