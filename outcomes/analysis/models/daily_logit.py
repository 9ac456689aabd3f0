"""Headache or not, day by day: a mixed logit with random effects per patient, by adaptive quadrature.

The likelihood of a patient is the integral over the patient's own effects; it is found by Gauss–Hermite nodes
placed around the mode (Pinheiro and Bates 1995; one node is Laplace's approximation, as in R's lme4). Days
that follow each other are taken to be independent given the patient, which they are not: the note says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.derivatives import gradient, hessian
from outcomes.analysis.models.fitted import FittedModel, Status, Term
from outcomes.analysis.models.patient_rows import PatientRows, patient_rows
from outcomes.analysis.models.quadrature import PatientIntegrals
from outcomes.analysis.models.size_limits import DAYS_INSTEAD, MOST_DAYS_BY_QUADRATURE, too_large
from outcomes.analysis.models.terms import wald_term, warnings_as_notes, without_numbers
from outcomes.errors import PlanError

NAME = "daily mixed logit"

#: Nodes for a single random effect; several take Laplace's one node unless told otherwise, as lme4 does.
POINTS = 25

#: More nodes than this for one patient are refused: the cost grows with points to the power of the effects.
MAX_NODES = 2000

#: A log odds beyond this is a coefficient that ran away: some covariate separates the days.
_RUNAWAY = 20.0

#: A standard deviation below this, in whichever direction of the patients' effects, is 0.
_NO_SPREAD = 1e-3

_NO_ROWS = "no_rows: no day has everything that the formula needs"

_DEPENDENT_DAYS = (
    "dependent_days: days of one patient are taken as independent given the patient's own effects; headache "
    "days come in runs, so the intervals are too short. For a change between periods prefer the paired t or "
    "the beta-binomial model"
)


@dataclass(frozen=True)
class MixedLogit:
    """The fitted object behind `.model`: parameters with their covariance, and each patient's own effects.

    `coefficients` and `covariance` are of the fixed effects; `random_covariance` is that of the patients'
    effects; `modes` has one row per patient, the most likely effects given the patient's days.
    """

    coefficients: pd.Series
    covariance: pd.DataFrame
    random_covariance: pd.DataFrame
    modes: pd.DataFrame
    log_likelihood: float
    gradient_left: float


@dataclass
class _Found:
    """Where the search for the highest likelihood ended."""

    parameters: Values
    log_likelihood: float
    covariance: Values | None
    left: float
    status: Status
    reason: str
    notes: list[str] = field(default_factory=list)


def daily_logit(
    days: pd.DataFrame,
    formula: str,
    *,
    random: str = "1",
    patient: str = "patient_id",
    confidence: float = 0.95,
    points: int | None = None,
) -> FittedModel:
    """Log odds of headache on a day, with effects that vary between patients.

    `days` has one row per recorded patient-day; `formula` is a formula as statsmodels reads it, whose left
    side is 0/1 or true/false (`headache ~ post`). `random` is the right side of the effects that vary between
    patients: `1` is an intercept, `1 + treatment` an intercept and a slope, with a free covariance. `points`
    are quadrature nodes per random effect: by default 25 for one effect and 1 (Laplace) for several.

    Fixed effects come in log odds with normal intervals, then the standard deviations of the patients' effects
    and their correlations, without intervals. Rows with a missing value are left out. Data that cannot carry
    the model (fewer than two patients, no variation, separation) give a status and a reason, and so do more days than
    `MOST_DAYS_BY_QUADRATURE` (`not_run`). Raises PlanError
    for columns that are not there, an outcome that is not 0/1, and too many nodes.
    """
    if why := too_large(len(days), MOST_DAYS_BY_QUADRATURE, DAYS_INSTEAD):
        return without_numbers(NAME, "not_run", why, confidence, "mixed logit")
    design = patient_rows(days, formula, patient, random=random)
    if design is None:
        return without_numbers(NAME, "not_estimable", _NO_ROWS, confidence, "mixed logit")
    if not np.isin(design.outcome, (0.0, 1.0)).all():
        raise PlanError("The left side of the formula must be 0 or 1: headache on that day or not.")
    effects = design.random.shape[1]
    points = points if points is not None else (POINTS if effects == 1 else 1)
    if points < 1 or points**effects > MAX_NODES:
        raise PlanError(f"points: at least 1, and at most {MAX_NODES} nodes for all random effects together.")
    method = _method(effects, points)
    problem = _problem(design)
    if problem:
        return without_numbers(
            NAME,
            "not_estimable",
            problem,
            confidence,
            method,
            design.patients,
            design.rows,
            design.patients_left_out,
        )
    integrals = PatientIntegrals.of(design, points)
    found = _search(integrals)
    terms = _terms(design, found, confidence) if found.status in ("converged", "boundary") else ()
    return FittedModel(
        NAME,
        found.status,
        found.reason,
        terms,
        design.patients,
        design.patients_left_out,
        design.rows,
        confidence,
        method,
        (_DEPENDENT_DAYS, *found.notes),
        found.log_likelihood,
        MappingProxyType({"formula": formula, "random": random, "points": points}),
        _fitted_object(design, integrals, found),
    )


def _method(effects: int, points: int) -> str:
    how = "Laplace" if points == 1 else f"adaptive Gauss–Hermite, {points} points"
    return f"mixed logit, {effects} random effect{'s' if effects > 1 else ''}, {how}"


def _problem(design: PatientRows) -> str:
    if design.patients < 2:
        return "insufficient_n: fewer than two patients"
    if design.outcome.min() == design.outcome.max():
        return "no_variation: every day has the same outcome"
    if np.linalg.matrix_rank(design.fixed) < design.fixed.shape[1]:
        return "not_identified: a covariate is a combination of the others, or does not vary"
    if np.linalg.matrix_rank(design.random) < design.random.shape[1]:
        return "not_identified: a random effect is a combination of the others, or does not vary"
    return ""


def _search(integrals: PatientIntegrals) -> _Found:
    """The highest likelihood: BFGS on differences, then Newton steps, which also give the covariance."""
    from scipy.optimize import minimize

    def loss(parameters: Values) -> float:
        return -integrals.log_likelihood(parameters)

    def rough(parameters: Values) -> Values:
        return _rough_gradient(loss, parameters)

    notes: list[str] = []
    with warnings_as_notes(notes, "search for the highest likelihood"):
        first = minimize(
            loss, integrals.start(), jac=rough, method="BFGS", options={"gtol": 1e-4, "maxiter": 300}
        )
    at, left = first.x, np.inf
    if np.abs(at[: integrals.fixed_effects]).max() > _RUNAWAY:
        return _judged(integrals, at, None, left, notes)
    # One curvature serves all last steps: they are small, and it costs more than all else together.
    curvature = hessian(loss, at)
    for _ in range(4):
        step, left = _newton(curvature, gradient(loss, at))
        if left < 1e-10 or not loss(at - step) <= loss(at):
            break
        at = at - step
    return _judged(integrals, at, curvature, left, notes)


def _judged(
    integrals: PatientIntegrals, at: Values, whole: Values | None, left: float, notes: list[str]
) -> _Found:
    """Whether the end of the search may be used, and with which covariance."""
    log_likelihood = integrals.log_likelihood(at)
    p = integrals.fixed_effects
    # A correlation of ±1 is an end as well: some combination of the effects then does not vary.
    smallest = np.sqrt(max(0.0, np.linalg.eigvalsh(integrals.random_covariance(at)).min()))
    if np.abs(at[:p]).max() > _RUNAWAY:
        reason = "separation: a covariate tells headache days from others completely, or nearly"
        return _Found(at, log_likelihood, None, left, "not_converged", reason, notes)
    at_boundary = smallest < _NO_SPREAD
    # At a standard deviation of 0 the likelihood is flat in it: only the fixed effects have a curvature.
    curvature = whole[:p, :p] if at_boundary and whole is not None else whole
    if curvature is None or np.linalg.eigvalsh(curvature).min() <= 0:
        reason = "flat: the likelihood has no peak where the search ended"
        return _Found(at, log_likelihood, None, left, "not_converged", reason, notes)
    if left > 1e-5 and not at_boundary:
        reason = "search_ended: the likelihood still rises where the search ended"
        return _Found(at, log_likelihood, None, left, "not_converged", reason, notes)
    covariance = np.linalg.inv(curvature)[:p, :p].astype(np.float64)
    if at_boundary:
        reason = "boundary: patients do not differ beyond chance in at least one random effect"
        return _Found(at, log_likelihood, covariance, left, "boundary", reason, notes)
    return _Found(at, log_likelihood, covariance, left, "converged", "", notes)


def _rough_gradient(function: Callable[[Values], float], at: Values) -> Values:
    """Half the work of the fine one, and enough to find the way; the last steps are fine."""
    moves = np.diag(1e-4 * np.maximum(1.0, np.abs(at)))
    return np.array([(function(at + move) - function(at - move)) / (2 * move.sum()) for move in moves])


def _newton(curvature: Values, slope: Values) -> tuple[Values, float]:
    """The step to the peak of the parabola, and how much likelihood it would gain (twice)."""
    values, vectors = np.linalg.eigh(curvature)
    safe = np.maximum(values, 1e-6 * max(1.0, values.max()))
    step = vectors @ ((vectors.T @ slope) / safe)
    return step, float(slope @ step)


def _terms(design: PatientRows, found: _Found, confidence: float) -> tuple[Term, ...]:
    errors = np.sqrt(np.diag(_covariance(design, found)))
    fixed = [
        wald_term(name, float(value), float(error), confidence, "log odds")
        for name, value, error in zip(design.fixed_names, found.parameters, errors, strict=False)
    ]
    spread = _spread(found.parameters[len(design.fixed_names) :], len(design.random_names))
    deviations = np.sqrt(np.diag(spread))
    between = [
        Term(f"sd {name}", float(value), None, None, None, None, None, "log odds, between patients")
        for name, value in zip(design.random_names, deviations, strict=True)
    ]
    together = []
    for i, first in enumerate(design.random_names):
        for j in range(i):
            product = deviations[i] * deviations[j]
            r = float(spread[i, j] / product) if product > 0 else None
            name = f"correlation {design.random_names[j]}, {first}"
            together.append(Term(name, r, None, None, None, None, None, "correlation"))
    return (*fixed, *between, *together)


def _covariance(design: PatientRows, found: _Found) -> Values:
    p = len(design.fixed_names)
    return found.covariance if found.covariance is not None else np.full((p, p), np.nan)


def _spread(entries: Values, effects: int) -> Values:
    triangle = np.zeros((effects, effects))
    triangle[np.tril_indices(effects)] = entries
    return triangle @ triangle.T


def _fitted_object(design: PatientRows, integrals: PatientIntegrals, found: _Found) -> MixedLogit:
    p = len(design.fixed_names)
    fixed, random = list(design.fixed_names), list(design.random_names)
    return MixedLogit(
        pd.Series(found.parameters[:p], index=fixed),
        pd.DataFrame(_covariance(design, found), index=fixed, columns=fixed),
        pd.DataFrame(integrals.random_covariance(found.parameters), index=random, columns=random),
        pd.DataFrame(integrals.modes(found.parameters), index=design.patient_ids, columns=random),
        found.log_likelihood,
        found.left,
    )


def marginal_share(model: FittedModel, row: Values, random_row: Values, nodes: int = 51) -> float:
    """The share of days with headache over all patients, for the fixed and random covariates of one day.

    A log odds of a mixed logit is that of one patient; this averages over the patients (normal effects with
    the fitted covariance; Gauss–Hermite with `nodes` points along the day's own direction).
    """
    fitted: MixedLogit = model.model
    centre = float(np.asarray(row, dtype=float) @ fitted.coefficients.to_numpy())
    direction = np.asarray(random_row, dtype=float)
    spread = float(direction @ fitted.random_covariance.to_numpy() @ direction)
    at, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return float(weights @ expit(centre + np.sqrt(spread) * at) / weights.sum())
