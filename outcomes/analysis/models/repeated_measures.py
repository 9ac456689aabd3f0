"""Several months per patient: a paired t for each month, and the MMRM beside it.

The MMRM (mixed model for repeated measures) gives every month its own variance and every pair of months its
own covariance. Sums of products per pattern of months make one likelihood evaluation independent of the
number of patients. Formulas and sources: docs/method.md#several-months.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.estimates import Estimate, Values, paired_change, t_quantile
from outcomes.analysis.models.derivatives import jacobian
from outcomes.analysis.models.fitted import FittedModel, Status, Term
from outcomes.analysis.models.formulas import Design, design, need_columns, need_numbers
from outcomes.analysis.models.unstructured_likelihood import RepeatedFit, UnstructuredLikelihood
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

_MMRM = "MMRM, unstructured covariance, REML, Satterthwaite t"
_PER_MONTH = "paired t per period, Holm over the periods"

#: A month whose standard deviation is this small beside the others' does not vary.
_LEAST_LOG_SD = -12.0

_GRADIENT = 1e-5

_SINGULAR = "zero_variance: a period does not vary, or follows from the others without error"

#: Periods that a covariance without structure is fitted to at most: 60 have 1,830 parameters already.
MOST_PERIODS = 60


def monthly_values(counts: pd.DataFrame, min_recorded: int) -> pd.DataFrame:
    """`patient_id`, `period`, `value` (headache days per 28) from counts of days per patient and period.

    `counts` comes from `outcomes.analysis.day_counts.period_counts`. A period with fewer than `min_recorded`
    recorded days has no row: a day that was not recorded is not a day without headache.
    """
    need_columns(counts, ["patient_id", "period", "recorded_days", "headache_days"])
    kept = counts[counts["recorded_days"] >= max(1, min_recorded)]
    value = DAYS_PER_PERIOD * kept["headache_days"] / kept["recorded_days"]
    return kept[["patient_id", "period"]].assign(value=value).reset_index(drop=True)


def per_month_changes(
    frame: pd.DataFrame,
    value: str = "value",
    patients: str = "patient_id",
    period: str = "period",
    *,
    baseline: Hashable | None = None,
    confidence: float = 0.95,
    unit: str = "days per 28",
) -> FittedModel:
    """The default for several months: each period minus the baseline period, by the paired t.

    `overall` is each patient's mean over the periods they have, minus their baseline, each patient with
    weight 1; its p stands alone. `period K` terms carry Holm's p over the periods (Holm 1979) and an
    interval that is not adjusted; the p before Holm are in `settings["p_unadjusted"]`. `baseline` is the
    first period in order unless named. Patients without a baseline or without any other period are left out
    and counted. Raises PlanError for columns and periods that are not there and for two rows of a patient in
    one period.
    """
    wide = _wide(frame, value, patients, period)
    first = _baseline_period(wide, baseline)
    n_all = int(frame[patients].nunique())
    later = [name for name in wide.columns if name != first]
    used = wide[wide[first].notna() & wide[later].notna().any(axis=1)] if later else wide.iloc[:0]
    if used.empty:
        return FittedModel(
            "per_month", "not_estimable", "no_pairs: no patient has the baseline and another period", (),
            0, n_all, 0, confidence, _PER_MONTH,
        )  # fmt: skip
    found = {f"period {name}": _month_change(used[first], used[name], confidence) for name in later}
    raw = {name: estimate.p for name, (estimate, _) in found.items()}
    adjusted = _holm(raw)
    overall, n = _month_change(used[first], used[later].mean(axis=1), confidence)
    terms = [_change_term("overall", overall, n, overall.p, unit, confidence)]
    terms += [
        _change_term(name, estimate, count, adjusted[name], unit, confidence)
        for name, (estimate, count) in found.items()
    ]
    notes = [f"{name}: {note}" for name, (estimate, _) in found.items() for note in estimate.notes]
    notes.append(f"p values of the periods are Holm's over {len(later)}; the intervals are not adjusted")
    rows = int(used.notna().sum().sum())
    sizes = {name: count for name, (_, count) in found.items()}
    return FittedModel(
        "per_month", "converged", "", tuple(terms), len(used), n_all - len(used), rows, confidence,
        _PER_MONTH, tuple(notes),
        settings=MappingProxyType({"p_unadjusted": MappingProxyType(raw), "n": MappingProxyType(sizes)}),
    )  # fmt: skip


def mmrm(
    frame: pd.DataFrame,
    formula: str = "value ~ C(period)",
    patients: str = "patient_id",
    period: str = "period",
    *,
    confidence: float = 0.95,
    unit: str = "days per 28",
) -> FittedModel:
    """`formula` by REML with an unstructured covariance over the periods, one row per patient and period.

    Terms are the formula's coefficients in `unit`, with Satterthwaite's degrees of freedom (Kenward–Roger is
    not computed). With the default formula they are the mean of the first period and each later period's
    difference from it. Missing periods may depend on what was recorded, not on what was not. `.model` holds
    the covariance and `contrast(...)`. Not estimable: two periods that no patient has both, fewer patients
    than the covariance needs, a period without spread.
    Raises PlanError for a formula that cannot be read and two rows of a patient in one period.
    """
    need_columns(frame, [patients, period])
    n_all = int(frame[patients].nunique())
    usable = frame.dropna(subset=[patients, period])
    found = design(formula, usable) if len(usable) else None
    settings = MappingProxyType({"formula": formula})

    def answer(
        status: Status, reason: str, n: int = 0, n_rows: int = 0, terms: tuple[Term, ...] = (),
        notes: tuple[str, ...] = (), model: RepeatedFit | None = None,
    ) -> FittedModel:  # fmt: skip
        return FittedModel(
            "mmrm", status, reason, terms, n, n_all - n, n_rows, confidence, _MMRM, notes,
            model.reml_log_likelihood if model else None, settings, model,
        )  # fmt: skip

    if found is None:
        return answer("not_estimable", "no_rows: no row has everything the formula needs")
    table = usable[found.kept]
    if table.duplicated([patients, period]).any():
        raise PlanError("A patient has more than one row in a period.")
    people, _ = pd.factorize(table[patients], sort=True)
    times, names = pd.factorize(table[period], sort=True)
    n, n_rows = int(people.max()) + 1, len(table)
    if reason := _why_not(found, people, times, len(names), n):
        return answer("not_estimable", reason, n, n_rows, (), found.notes)
    likelihood = UnstructuredLikelihood(found, people, times, len(names))
    try:
        at, converged = _minimum(likelihood)
    except np.linalg.LinAlgError:
        # The search ran into a covariance without an inverse: the data have none of full rank.
        return answer("not_estimable", _SINGULAR, n, n_rows, (), found.notes)
    if (np.diag(likelihood.factor(at)) < math.exp(_LEAST_LOG_SD)).any():
        return answer("not_estimable", _SINGULAR, n, n_rows, (), found.notes)
    if not converged:
        return answer("not_converged", "the likelihood has no clear maximum", n, n_rows, (), found.notes)
    fit = likelihood.fit(at, found.names, tuple(names))
    unit_rows = np.eye(len(fit.names))
    terms = tuple(
        fit.contrast(row, name, confidence, unit) for row, name in zip(unit_rows, fit.names, strict=True)
    )
    return answer("converged", "", n, n_rows, terms, found.notes, fit)


def _why_not(found: Design, people: NDArray[np.int64], times: NDArray[np.int64], size: int, n: int) -> str:
    rank = int(np.linalg.matrix_rank(found.matrix))
    if rank < found.matrix.shape[1]:
        return "aliased: some columns of the formula say the same"
    if size < 2:
        return "one_period: there is nothing to repeat"
    if size > MOST_PERIODS:
        return f"too_many_periods: {size}, of which each pair would have a covariance; {MOST_PERIODS} at most"
    if n < size + 2 or len(people) - rank < size * (size + 1) // 2:
        return "insufficient_n: too few patients for a covariance of its own for every pair of periods"
    grid = np.zeros((n, size))
    grid[people, times] = 1.0
    if ((grid.T @ grid) < 2).any():
        return "period_pairs: two periods that fewer than two patients have both"
    rest = found.outcome - found.matrix @ np.linalg.lstsq(found.matrix, found.outcome, rcond=None)[0]
    if np.abs(rest).max() <= 1e-9 * max(1.0, np.abs(found.outcome).max()):
        return "zero_variance: the coefficients alone give every value"
    return ""


def _minimum(likelihood: UnstructuredLikelihood) -> tuple[Values, bool]:
    from scipy.optimize import minimize

    size = likelihood.size
    start = np.linalg.cholesky(0.7 * np.eye(size) + 0.3)[likelihood.lower]
    start = np.where(likelihood.diagonal, np.log(np.where(likelihood.diagonal, start, 1.0)), start)
    bounds = [(_LEAST_LOG_SD - 1, 12.0) if diagonal else (None, None) for diagonal in likelihood.diagonal]
    found = minimize(
        likelihood.value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-7},
    )  # fmt: skip
    at = np.asarray(found.x)
    for _ in range(6):
        slope = likelihood.gradient(at)
        curvature = jacobian(likelihood.gradient, at)
        try:
            step = np.linalg.solve((curvature + curvature.T) / 2, slope)
        except np.linalg.LinAlgError:
            return at, False
        if not np.isfinite(step).all() or np.abs(step).max() > 0.5:
            break
        at = at - step
        if np.abs(step).max() < 1e-11:
            break
    curvature = jacobian(likelihood.gradient, at)
    is_minimum = bool((np.linalg.eigvalsh((curvature + curvature.T) / 2) > 0).all())
    return at, is_minimum and float(np.abs(likelihood.gradient(at)).max()) < _GRADIENT


def _wide(frame: pd.DataFrame, value: str, patients: str, period: str) -> pd.DataFrame:
    need_columns(frame, [patients, period])
    need_numbers(frame, [value])
    rows = frame.dropna(subset=[value, patients, period])
    if rows.duplicated([patients, period]).any():
        raise PlanError("A patient has more than one row in a period.")
    return rows.pivot(index=patients, columns=period, values=value).sort_index().sort_index(axis=1)


def _baseline_period(wide: pd.DataFrame, wanted: Hashable | None) -> Hashable:
    if wanted is None:
        return wide.columns[0] if len(wide.columns) else ""
    if wanted not in wide.columns:
        raise PlanError(f"'{wanted}' is not a period of the table.")
    return wanted


def _month_change(before: pd.Series, after: pd.Series, confidence: float) -> tuple[Estimate, int]:
    both = after.notna().to_numpy()
    first, second = before.to_numpy(np.float64)[both], after.to_numpy(np.float64)[both]
    return paired_change(first, second, confidence), int(both.sum())


def _change_term(name: str, found: Estimate, n: int, p: float | None, unit: str, confidence: float) -> Term:
    error = None
    if found.low is not None and found.high is not None:
        error = (found.high - found.low) / (2 * t_quantile(confidence, n - 1))
    return Term(name, found.value, error, found.low, found.high, p, float(n - 1) if n > 1 else None, unit)


def _holm(raw: dict[str, float | None]) -> dict[str, float | None]:
    """Holm's adjusted p over those that have one."""
    known = sorted(((p, name) for name, p in raw.items() if p is not None))
    adjusted: dict[str, float | None] = dict.fromkeys(raw)
    highest = 0.0
    for rank, (p, name) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        adjusted[name] = highest
    return adjusted
