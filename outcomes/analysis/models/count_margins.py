"""Means over patients from a model of counts: what a clinic would see in days per 28, not on the log-odds scale.

A patient's own change and the change of the average differ where the scale bends: the mean here is taken over
the random intercepts (Zeger, Liang & Albert 1988) and over each patient's own covariates.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.fitted import Term
from outcomes.analysis.models.formulas import Design
from outcomes.analysis.models.terms import wald_term
from outcomes.plan import DAYS_PER_PERIOD

if TYPE_CHECKING:
    from outcomes.analysis.models.beta_binomial import CountFit

#: Enough for intercepts with a standard deviation of 3 on the log-odds scale.
_NODES = 81

#: More levels than this are no periods.
_MOST_LEVELS = 24


@dataclass(frozen=True, eq=False)
class Margins:
    """Mean days per 28 at each level of the period, with its slope in (coefficients, log sd, log dispersion)."""

    levels: tuple[Hashable, ...]
    means: Values
    slopes: Values
    covariance: Values

    @classmethod
    def of(
        cls, fit: CountFit, found: Design, table: pd.DataFrame, period: str, patients: str,
        baseline: Hashable | None, recorded: str | None,
    ) -> Margins:  # fmt: skip
        """One mean per level of `period`, everybody set to it; none where the model holds no period, or
        no days to speak of."""
        levels = _levels(table, period, baseline) if recorded else ()
        size = len(fit.covariance)
        nothing = cls((), np.empty(0), np.empty((0, size)), fit.covariance)
        if not levels:
            return nothing
        # Every patient counts once, however many rows they have.
        weight = 1 / table.groupby(patients)[patients].transform("size").to_numpy(np.float64)
        rows = [found.rows(_at_level(table, period, level)) for level in levels]
        if np.array_equal(rows[0], rows[-1]):
            return nothing
        found_means = [_mean(fit, matrix, weight / weight.sum()) for matrix in rows]
        means = np.array([mean for mean, _ in found_means])
        slopes = np.zeros((len(levels), size))
        for j, (_, slope) in enumerate(found_means):
            slopes[j, : len(slope)] = slope
        return cls(levels, means, slopes, fit.covariance)

    def terms(self, confidence: float) -> tuple[Term, ...]:
        """`mean: LEVEL` of every level, and the changes from the first, in days per 28."""
        unit = f"days per {DAYS_PER_PERIOD}"
        found = [
            self._term(f"mean: {level}", self.means[j], self.slopes[j], confidence, unit)
            for j, level in enumerate(self.levels)
        ]
        # A mean is no change: that it is not 0 needs no p.
        means = [Term(t.name, t.value, t.standard_error, t.low, t.high, None, t.df, t.scale) for t in found]
        changes = [
            self._term(
                "change" if len(self.levels) == 2 else f"change: {level}",
                self.means[j] - self.means[0],
                self.slopes[j] - self.slopes[0],
                confidence,
                unit,
            )
            for j, level in enumerate(self.levels)
            if j
        ]
        return (*changes, *means)

    def _term(self, name: str, value: float, slope: Values, confidence: float, unit: str) -> Term:
        error = math.sqrt(max(0.0, float(slope @ self.covariance @ slope)))
        return wald_term(name, float(value), error, confidence, unit)


def _levels(table: pd.DataFrame, period: str, baseline: Hashable | None) -> tuple[Hashable, ...]:
    if period not in table.columns:
        return ()
    column = table[period]
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(column.dropna())
        return tuple(level for level in column.cat.categories if level in present)
    levels = sorted(column.dropna().unique().tolist())
    if len(levels) > _MOST_LEVELS:
        return ()
    if baseline in levels:
        levels = [baseline, *(level for level in levels if level != baseline)]
    return tuple(levels)


def _at_level(table: pd.DataFrame, period: str, level: Hashable) -> pd.DataFrame:
    if isinstance(table[period].dtype, pd.CategoricalDtype):
        everyone = pd.Categorical([level] * len(table), categories=table[period].cat.categories)
        return table.assign(**{period: everyone})
    return table.assign(**{period: np.full(len(table), level)})


def _mean(fit: CountFit, matrix: Values, weight: Values) -> tuple[float, Values]:
    """Mean over patients and over their intercepts, in days per 28, and its slope in coefficients and log sd."""
    unique, which = np.unique(matrix, axis=0, return_inverse=True)
    share = np.bincount(which.ravel(), weights=weight, minlength=len(unique))
    eta = unique @ fit.coefficients
    if fit.family in ("beta_binomial", "binomial"):
        nodes, weights = np.polynomial.hermite.hermgauss(_NODES)
        u = math.sqrt(2) * nodes
        each = expit(eta[:, None] + fit.sd * u)
        bend = each * (1 - each)
        mean, first = each @ weights / math.sqrt(math.pi), bend @ weights / math.sqrt(math.pi)
        by_sd = bend @ (weights * u) * fit.sd / math.sqrt(math.pi)
    else:
        mean = np.exp(eta + fit.sd**2 / 2)
        first, by_sd = mean, mean * fit.sd**2
    slope = np.append((share * first) @ unique, share @ by_sd)
    return DAYS_PER_PERIOD * float(share @ mean), DAYS_PER_PERIOD * slope
