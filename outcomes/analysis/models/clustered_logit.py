"""Logistic regression of counted days with errors clustered by patient: independence GEE in closed form.

Estimates are those of a binomial regression over all days; only the covariance knows that days of a patient
belong together. With A_i = X_i'W_iX_i, M = (Σ A_i)⁻¹ and score s_i, the sandwich is M Σ c_i c_i' M with
c_i = (I − A_i M)^−power s_i: power 0 is Liang and Zeger, ½ Kauermann and Carroll, 1 Mancl and DeRouen (the
leverage of a whole patient, written in the size of the model instead of the patient's days).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.patient_rows import PatientRows, patient_rows
from outcomes.analysis.models.terms import wald_term, warnings_as_notes, without_numbers
from outcomes.errors import PlanError

Correction = Literal["none", "kauermann_carroll", "mancl_derouen"]

_POWERS: dict[str, float] = {"none": 0.0, "kauermann_carroll": 0.5, "mancl_derouen": 1.0}
_WORDS = {
    "none": "Liang–Zeger",
    "kauermann_carroll": "Kauermann–Carroll",
    "mancl_derouen": "Mancl–DeRouen",
}

#: A log odds beyond this is a coefficient that ran away: some covariate separates the days.
_RUNAWAY = 15.0

#: A patient whose leverage comes this near to 1 decides a coefficient alone.
_ALONE = 1 - 1e-8

#: A variance between patients this small beside that of independent days is rounding.
_NO_SPREAD = 1e-16


def clustered_logit(
    counts: pd.DataFrame,
    formula: str,
    *,
    patient: str = "patient_id",
    successes: str = "headache_days",
    trials: str = "recorded_days",
    correction: Correction = "mancl_derouen",
    confidence: float = 0.95,
    name: str = "clustered logit",
) -> FittedModel:
    """Log odds of headache over all patients, from rows of counted days (or of single days, with trials 1).

    `formula` has the covariates on its right side; its left side is not read (`~ week + post`). Intervals rest
    on the t distribution with patients − coefficients degrees of freedom. A patient weighs by the recorded
    days: where worse patients record less, the level is biased, as every day-weighted figure is. `.model` is
    statsmodels' binomial GLM, whose own standard errors take the days as independent; `settings["covariance"]`
    holds the clustered one.

    Not estimable: fewer patients than coefficients and one, nothing but headache days or none, a covariate
    that does not vary, a patient who decides a coefficient alone, patients who are all alike. Raises PlanError
    for what cannot be asked.
    """
    if correction not in _POWERS:
        raise PlanError(f"correction: one of {', '.join(_POWERS)}.")
    method = f"independence GEE, logit, {_WORDS[correction]} covariance by patient, t"
    rows = _rows(counts, formula, patient, successes, trials)
    if rows is None:
        return without_numbers(
            name, "not_estimable", "no_rows: nothing with recorded days", confidence, method
        )
    problem = _problem(rows)
    if problem:
        return without_numbers(name, "not_estimable", problem, confidence, method, *_size(rows))
    notes: list[str] = []
    fitted = _glm(rows, notes)
    beta = np.asarray(fitted.params, dtype=np.float64)
    if not fitted.converged or not np.isfinite(beta).all() or np.abs(beta).max() > _RUNAWAY:
        reason = "separation: a covariate tells headache days from others completely, or nearly"
        return without_numbers(name, "not_converged", reason, confidence, method, *_size(rows))
    covariance, most = _sandwich(rows, beta, _POWERS[correction])
    if covariance is None:
        reason = "one_patient_decides: without one of the patients a coefficient could not be estimated"
        return without_numbers(name, "not_estimable", reason, confidence, method, *_size(rows))
    if _all_alike(covariance, fitted):
        reason = "zero_variance: the patients do not differ, so nothing tells how far this is from chance"
        return without_numbers(name, "not_estimable", reason, confidence, method, *_size(rows))
    df = float(rows.patients - len(beta))
    errors = np.sqrt(np.diag(covariance))
    terms = tuple(
        wald_term(term, float(value), float(error), confidence, "log odds", df)
        for term, value, error in zip(rows.fixed_names, beta, errors, strict=True)
    )
    settings = {"formula": formula, "covariance": covariance, "greatest_leverage": most}
    return FittedModel(
        name, "converged", "", terms, rows.patients, rows.patients_left_out, rows.rows, confidence, method,
        tuple(notes), None, MappingProxyType(settings), fitted,
    )  # fmt: skip


def _rows(
    counts: pd.DataFrame, formula: str, patient: str, successes: str, trials: str
) -> PatientRows | None:
    right = formula.partition("~")[2] if "~" in formula else formula
    if trials not in counts.columns:
        raise PlanError(f"The table has no column '{trials}'.")
    recorded = counts[counts[trials].fillna(0) > 0]
    rows = patient_rows(recorded, f"{successes} ~ {right}", patient, extra=(trials,))
    if rows is not None and ((rows.outcome < 0) | (rows.outcome > rows.extra[:, 0])).any():
        raise PlanError(f"'{successes}' must lie between 0 and '{trials}'.")
    return rows


def _problem(rows: PatientRows) -> str:
    coefficients = rows.fixed.shape[1]
    if rows.patients <= coefficients:
        return f"insufficient_n: {rows.patients} patients are too few for {coefficients} coefficients"
    days = rows.extra[:, 0]
    if rows.outcome.sum() in (0, days.sum()):
        return "no_variation: every recorded day has the same outcome"
    if np.linalg.matrix_rank(rows.fixed) < coefficients:
        return "not_identified: a covariate is a combination of the others, or does not vary"
    return ""


def _size(rows: PatientRows) -> tuple[int, int, int]:
    return rows.patients, rows.rows, rows.patients_left_out


def _glm(rows: PatientRows, notes: list[str]) -> Any:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    both = np.column_stack([rows.outcome, rows.extra[:, 0] - rows.outcome])
    covariates = pd.DataFrame(rows.fixed, columns=list(rows.fixed_names))
    with warnings_as_notes(notes, "binomial regression"):
        return GLM(both, covariates, family=Binomial()).fit(tol=1e-12, maxiter=100)


def _all_alike(covariance: Values, fitted: Any) -> bool:
    """Whether the spread between patients is rounding, beside that of days that do not depend on each other."""
    naive = np.diag(np.asarray(fitted.cov_params(), dtype=np.float64))
    return bool((np.diag(covariance) <= _NO_SPREAD * naive).any())


def _sandwich(rows: PatientRows, beta: Values, power: float) -> tuple[Values | None, float]:
    """The covariance clustered by patient, and the greatest leverage of a patient (1 decides alone)."""
    p = rows.fixed.shape[1]
    share = expit(rows.fixed @ beta)
    days = rows.extra[:, 0]
    weight = days * share * (1 - share)
    outer = (rows.fixed * weight[:, None])[:, :, None] * rows.fixed[:, None, :]
    first = np.flatnonzero(np.r_[True, np.diff(rows.patient) > 0])
    own = np.add.reduceat(outer, first)
    score = np.add.reduceat(rows.fixed * (rows.outcome - days * share)[:, None], first)
    # With R R' = M the matrix A_i M has the eigenvalues of R'A_iR, which is symmetric.
    root = _root_of_inverse(own.sum(axis=0))
    values, vectors = np.linalg.eigh(root.T @ own @ root)
    most = float(values.max())
    if power and most > _ALONE:
        return None, most
    turned = np.einsum("kij,ki->kj", vectors, score @ root)
    corrected = np.einsum("kij,kj->ki", vectors, turned * (1 - values) ** -power)
    spread = corrected @ root.T
    covariance: NDArray[np.float64] = np.asarray(spread.T @ spread).reshape(p, p)
    return covariance, most


def _root_of_inverse(information: Values) -> Values:
    values, vectors = np.linalg.eigh(information)
    return np.asarray(vectors / np.sqrt(values), dtype=np.float64)
