"""Headache days out of recorded days, with a random intercept per patient: odds ratio and change in days.

The beta-binomial gives every month a rate of its own around the patient's rate; the plain binomial does not,
and called a change where there was none in a quarter of simulated clinics. Definition, sources and evidence:
docs/method.md#days-out-of-recorded-days. R's glmmTMB and lme4 are the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.endpoints import PERIODS
from outcomes.analysis.estimates import Values
from outcomes.analysis.models.count_families import FAMILIES, FamilyName
from outcomes.analysis.models.count_fitting import BOUNDED, GREATEST_LOG_SD, CountProblem, minimum, why_not
from outcomes.analysis.models.count_margins import Margins
from outcomes.analysis.models.fitted import FittedModel, Status, Term
from outcomes.analysis.models.formulas import Design, design, formula_of, need_columns, need_numbers
from outcomes.analysis.models.size_limits import MOST_ROWS_BY_QUADRATURE, PAIRED_INSTEAD, too_large
from outcomes.analysis.models.terms import as_odds_ratio, wald_term
from outcomes.errors import PlanError

#: A linear predictor beyond this is one-sided data: all days or none.
_ONE_SIDED = 12.0

_GRADIENT = 1e-4

_LABELS: dict[FamilyName, str] = {
    "beta_binomial": "beta-binomial",
    "binomial": "binomial",
    "poisson": "Poisson",
    "negative_binomial": "negative binomial",
}


@dataclass(frozen=True, eq=False)
class CountFit:
    """The fitted object behind `FittedModel.model`. `covariance` belongs to the coefficients, log sd and log
    dispersion; where one of the last two lies at its bound it is held there, with a variance of 0."""

    family: FamilyName
    names: tuple[str, ...]
    coefficients: Values
    sd: float
    dispersion: float | None
    covariance: Values
    log_likelihood: float
    points: int
    modes: pd.Series = field(repr=False)


def before_and_after(windows: pd.DataFrame) -> pd.DataFrame:
    """The table for `beta_binomial_model` from `outcomes.analysis.day_counts.window_counts`.

    One row per analysed patient and period (`baseline`, `followup`), with `recorded_days` and
    `headache_days`. Patients who are not analysed stay out, so that the model and the paired comparison
    speak of the same people.
    """
    need_columns(windows, ["patient_id", "standing"])
    analysed = windows[windows["standing"] == "analysed"]
    sides = [
        pd.DataFrame(
            {
                "patient_id": analysed["patient_id"],
                "period": period,
                "recorded_days": analysed[f"{period}_recorded_days"],
                "headache_days": analysed[f"{period}_headache_days"],
            }
        )
        for period in PERIODS
    ]
    return pd.concat(sides).sort_values(["patient_id", "period"], ignore_index=True)


def beta_binomial_model(
    counts: pd.DataFrame,
    confidence: float = 0.95,
    points: int = 15,
    formula: str | None = None,
    **choices: Any,
) -> FittedModel:
    """`count_model` of headache days out of recorded days by the beta-binomial, the default of its kind."""
    return count_model(counts, "beta_binomial", confidence, points, formula, **choices)


def count_model(
    counts: pd.DataFrame,
    family: FamilyName = "beta_binomial",
    confidence: float = 0.95,
    points: int = 15,
    formula: str | None = None,
    *,
    patients: str = "patient_id",
    period: str = "period",
    recorded: str | None = "recorded_days",
    baseline: Hashable | None = None,
) -> FittedModel:
    """Counts of days with a random intercept per patient, by maximum likelihood with `points` nodes.

    `counts` has one row per patient and period: `recorded` days (whole, above 0; rows with 0 are left out)
    and the count on the left side of `formula`, `headache_days ~ period` unless given, where `period` is any
    column of categories and `baseline` its reference (the first in order unless named). With one node the
    likelihood is Laplace's approximation; 15 are exact enough for 28 days.

    Terms: the coefficients (log odds; log rates for the unbounded families), `odds ratio: NAME` of each, `sd:
    patients`, `dispersion` (φ of the beta-binomial, k of the negative binomial), and averaged over the
    patients, in days per 28: `mean: LEVEL` for every level of `period`, and `change` (`change: LEVEL` with
    more than two) from the baseline level, by the delta method. Other columns of the formula keep each
    patient's own values in these averages. Intervals and p are normal: below 30 patients they are too
    narrow by a little. `poisson` and `negative_binomial` are for counts without a bound (attacks); `recorded`
    is then their exposure, None for none.

    Status `not_run`: more than `MOST_ROWS_BY_QUADRATURE` rows. `boundary`: no spread between patients, or between
    a patient's months, beyond chance. Not
    estimable: no or only headache days in all records or in a period, too few rows. Raises PlanError for
    columns that are not there, a formula that cannot be read and counts that cannot be.
    """
    if family not in FAMILIES:
        raise PlanError(f"'{family}' is not one of: {', '.join(FAMILIES)}.")
    if not 1 <= points <= 50:
        raise PlanError("points must lie between 1 and 50.")
    need_columns(counts, [patients, *([] if formula else [period])])
    need_numbers(counts, [recorded] if recorded else [])
    table = _usable(counts, patients, recorded)
    facts = _Facts(family, confidence, points, formula or f"headache_days ~ {period}", counts[patients])
    if why := too_large(len(table), MOST_ROWS_BY_QUADRATURE, PAIRED_INSTEAD):
        return facts.answer("not_run", why)
    if formula is None:
        formula = formula_of("headache_days", [period])
        table = table.assign(**{period: _categories(table[period], baseline)})
        if table[period].nunique() == 1:
            return facts.without_numbers("one_period: there is nothing to compare with")
    found = design(formula, table) if len(table) else None
    if found is None:
        return facts.without_numbers("no_rows: no row has recorded days and all the formula needs")
    table = table[found.kept]
    facts.saw(table[patients], found)
    n = table[recorded].to_numpy(np.float64) if recorded else np.ones(len(table))
    if reason := why_not(found, n, family, facts.n):
        return facts.without_numbers(reason)
    model = CountProblem.of(found, table[patients], n, family, points)
    return _solved(
        model, facts, lambda fit: Margins.of(fit, found, table, period, patients, baseline, recorded)
    )


class _Facts:
    """What is the same in every answer about one model, whether it has numbers or not."""

    def __init__(self, family: FamilyName, confidence: float, points: int, formula: str, patients: pd.Series):
        self.family, self.confidence = family, confidence
        self.n_all, self.n, self.n_rows = int(patients.nunique()), 0, 0
        self.notes: tuple[str, ...] = ()
        nodes = "Laplace" if points == 1 else f"adaptive Gauss–Hermite, {points} nodes"
        self.method = f"{_LABELS[family]} with random intercept, {nodes}"
        self.settings = MappingProxyType({"formula": formula, "points": points, "family": family})

    def saw(self, patients: pd.Series, found: Design) -> None:
        self.n, self.n_rows, self.notes = int(patients.nunique()), len(patients), found.notes

    def answer(
        self, status: Status, reason: str, terms: tuple[Term, ...] = (), notes: tuple[str, ...] = (),
        fit: CountFit | None = None,
    ) -> FittedModel:  # fmt: skip
        return FittedModel(
            self.family, status, reason, terms, self.n, self.n_all - self.n, self.n_rows, self.confidence,
            self.method, (*self.notes, *notes), fit.log_likelihood if fit else None, self.settings, fit,
        )  # fmt: skip

    def without_numbers(self, reason: str) -> FittedModel:
        return self.answer("not_estimable", reason)


def _usable(counts: pd.DataFrame, patients: str, recorded: str | None) -> pd.DataFrame:
    table = counts.dropna(subset=[patients, *([recorded] if recorded else [])])
    return table[table[recorded] > 0] if recorded else table


def _categories(column: pd.Series, baseline: Hashable | None) -> pd.Categorical:
    levels = sorted(column.dropna().unique().tolist())
    if baseline is not None:
        if baseline not in levels:
            raise PlanError(f"'{baseline}' is not a period of the table.")
        levels = [baseline, *(level for level in levels if level != baseline)]
    return pd.Categorical(column, categories=levels)


def _solved(model: CountProblem, facts: _Facts, margins_of: Callable[[CountFit], Margins]) -> FittedModel:
    at, free, curvature = minimum(model)
    likelihood = model.likelihood
    value, slope = likelihood.value_and_gradient(at)
    p = likelihood.p
    if np.abs(likelihood.rows.columns @ at[:p]).max() > _ONE_SIDED:
        return facts.without_numbers("one_sided: some rows hold all days or none")
    if at[p] > GREATEST_LOG_SD - 0.01:
        return facts.without_numbers("all_or_none: patients have headache on every recorded day or on none")
    if not (np.linalg.eigvalsh(curvature) > 0).all() or np.abs(slope[free]).max() > _GRADIENT * len(free):
        return facts.answer("not_converged", "the likelihood has no clear maximum")
    fit = _fit(model, at, free, curvature, -value)
    terms = (
        *_coefficient_terms(fit, facts.confidence),
        *_spread_terms(fit),
        *margins_of(fit).terms(facts.confidence),
    )
    if free.all():
        return facts.answer("converged", "", terms, _notes(fit), fit)
    what = "between patients" if not free[p] else "between the months of a patient beyond chance"
    return facts.answer("boundary", f"boundary: no spread {what}", terms, _notes(fit), fit)


def _fit(
    model: CountProblem, at: Values, free: NDArray[np.bool_], curvature: Values, log_likelihood: float
) -> CountFit:
    likelihood = model.likelihood
    p, size = likelihood.p, likelihood.size
    spread = np.zeros((size, size))
    spread[np.ix_(free, free)] = np.linalg.inv(curvature)
    back = np.eye(size)
    back[:p, :p] = model.back
    sd = math.exp(at[p])
    modes = pd.Series(sd * likelihood.modes, index=model.labels, name="intercept")
    return CountFit(
        family=model.family,
        names=model.found.names,
        coefficients=model.back @ at[:p],
        sd=sd,
        dispersion=math.exp(at[p + 1]) if size > p + 1 else None,
        covariance=back @ spread @ back.T,
        log_likelihood=log_likelihood,
        points=len(likelihood.nodes),
        modes=modes,
    )


def _coefficient_terms(fit: CountFit, confidence: float) -> tuple[Term, ...]:
    bounded = fit.family in BOUNDED
    errors = np.sqrt(np.diag(fit.covariance))
    logs = [
        wald_term(name, float(value), float(error), confidence, "log odds" if bounded else "log rate")
        for name, value, error in zip(fit.names, fit.coefficients, errors, strict=False)
    ]
    ratios = [
        as_odds_ratio(term, f"{'odds' if bounded else 'rate'} ratio: {term.name}")
        for term in logs
        if term.name != "Intercept"
    ]
    if not bounded:
        ratios = [replace(term, scale="rate ratio") for term in ratios]
    return (*logs, *ratios)


def _spread_terms(fit: CountFit) -> tuple[Term, ...]:
    scale = f"standard deviation of {'log odds' if fit.family in BOUNDED else 'log rates'}"
    terms = [Term("sd: patients", fit.sd, None, None, None, None, None, scale)]
    if fit.dispersion is not None:
        terms.append(Term("dispersion", fit.dispersion, None, None, None, None, None, "dispersion"))
    return tuple(terms)


def _notes(fit: CountFit) -> tuple[str, ...]:
    notes = []
    if len(fit.modes) < 30:
        notes.append("normal_interval: with few patients a little too narrow")
    if fit.family == "binomial":
        notes.append("binomial: months of a patient are taken to differ by chance alone; they rarely do")
    return tuple(notes)
