"""The chances of a headache day that missing days are drawn from: the beta-binomial model's, given the diary.

Patient i, window t: logit m = b0 + b1·[follow-up] + s·z, z standard normal; the chance q of a headache day is
Beta(m·f, (1 − m)·f); headache days are Binomial(recorded days, q). So two days of a window agree more than two
days of different windows, and both agree more than days of two patients. The four parameters are those of
`models.beta_binomial`; z is drawn over a fixed grid, which is exact to far below the error of any drawing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.special import expit

from outcomes.analysis.estimates import Values
from outcomes.analysis.missing_diaries.started import Started, Wholes, Window

#: Standard normal z from −7 to 7: the trapezium rule on a smooth density that is 0 at both ends.
_NODES = np.linspace(-7, 7, 71)
_STEP = float(_NODES[1] - _NODES[0])

#: Log s and log f stay within these when they are drawn: beyond, a spread cannot be told from none, or is all.
_LEAST = np.array([-12.0, -12.0, math.log(0.01), math.log(0.2)])
_MOST = np.array([12.0, 12.0, math.log(10.0), math.log(1e4)])

#: With fewer patients four parameters are a guess.
LEAST_PATIENTS = 5


@dataclass(frozen=True, eq=False)
class RateModel:
    """`parameters` b0, b1, log s, log f with their covariance (0 for a spread that is held at its limit).
    `problem` is empty where the model can be used."""

    parameters: Values
    covariance: Values
    log_likelihood: float
    problem: str = ""
    notes: tuple[str, ...] = ()

    def drawn(self, generator: Generator) -> Values:
        """Parameters from their normal approximation: imputations that did not draw them would be too sure."""
        values, vectors = np.linalg.eigh(self.covariance)
        step = vectors @ (np.sqrt(np.maximum(values, 0.0)) * generator.standard_normal(len(values)))
        return np.clip(self.parameters + step, _LEAST, _MOST)


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct (headache, recorded) of both windows, in sorted order, and which of them each patient has."""

    headache: tuple[Wholes, Wholes]
    recorded: tuple[Wholes, Wholes]
    of_patient: Wholes

    @classmethod
    def of(cls, started: Started) -> Patterns:
        before, after = started.baseline, started.followup
        rows = np.column_stack([before.headache, before.recorded, after.headache, after.recorded])
        seen, which = np.unique(rows, axis=0, return_inverse=True)
        return cls((seen[:, 0], seen[:, 2]), (seen[:, 1], seen[:, 3]), which.ravel())


def fit_rates(started: Started, points: int = 15) -> RateModel:
    """Maximum likelihood of the four parameters over everyone with a valid baseline, drop-outs with the days that
    they have. `points`: quadrature nodes of the fit."""
    from outcomes.analysis.models.beta_binomial import CountFit, beta_binomial_model

    if problem := _problem(started):
        return RateModel(np.zeros(4), np.zeros((4, 4)), math.nan, problem)
    # Sorted by content, so that the names of patients cannot reach the last digit.
    order = np.lexsort(_contents(started))
    counts = pd.concat(
        [_rows(0, started.baseline, order), _rows(1, started.followup, order)], ignore_index=True
    )
    fitted = beta_binomial_model(counts, points=points)
    fit = fitted.model
    if not fitted.usable or not isinstance(fit, CountFit) or fit.dispersion is None:
        problem = f"{fitted.status}: {fitted.reason}"
        return RateModel(np.zeros(4), np.zeros((4, 4)), math.nan, problem)
    parameters = np.append(fit.coefficients, [math.log(fit.sd), math.log(fit.dispersion)])
    notes = (fitted.reason,) if fitted.reason else ()
    return RateModel(parameters, fit.covariance, fit.log_likelihood, "", notes)


def draw_rates(parameters: Values, patterns: Patterns, generator: Generator) -> tuple[Values, Values]:
    """One draw of every patient's chance of a headache day in both windows, given what the patient recorded."""
    spread, precision = math.exp(parameters[2]), math.exp(parameters[3])
    log_density = _log_density(parameters, patterns)
    density = np.exp(log_density - log_density.max(axis=0))
    cumulative = np.cumsum(density / density.sum(axis=0), axis=0).T[patterns.of_patient]
    uniform = generator.random(len(patterns.of_patient))
    node = np.minimum((cumulative < uniform[:, None]).sum(axis=1), len(_NODES) - 1)
    # Within its cell of the grid z is uniform, so that draws are not a handful of values.
    z = _NODES[node] + _STEP * (generator.random(len(node)) - 0.5)
    rates = []
    for window in (0, 1):
        mean = _mean(parameters[0] + window * parameters[1] + spread * z)
        headache = patterns.headache[window][patterns.of_patient]
        free = patterns.recorded[window][patterns.of_patient] - headache
        rates.append(generator.beta(mean * precision + headache, (1 - mean) * precision + free))
    return rates[0], rates[1]


def _problem(started: Started) -> str:
    if len(started) < LEAST_PATIENTS:
        return f"insufficient_n: fewer than {LEAST_PATIENTS} patients, too few for a model of their days"
    for name, window in (("baseline", started.baseline), ("follow-up", started.followup)):
        if window.headache.sum() in (0, window.recorded.sum()):
            return f"not_estimable: every recorded {name} day says the same"
    return ""


def _contents(started: Started) -> tuple[Wholes, ...]:
    before, after = started.baseline, started.followup
    return after.headache, after.recorded, before.headache, before.recorded


def _rows(period: int, window: Window, order: Wholes) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": np.arange(len(order)),
            "period": period,
            "recorded_days": window.recorded[order],
            "headache_days": window.headache[order],
        }
    )


def _log_density(parameters: Values, patterns: Patterns) -> Values:
    """Log density of z and both windows' days, up to a constant: nodes × patterns. Ratios of gamma functions at
    whole steps are sums of logarithms: one table each, looked up."""
    log_density = np.repeat(-0.5 * _NODES[:, None] ** 2, len(patterns.headache[0]), axis=1)
    precision = math.exp(parameters[3])
    for window in (0, 1):
        headache = patterns.headache[window]
        free = patterns.recorded[window] - headache
        mean = _mean(parameters[0] + window * parameters[1] + math.exp(parameters[2]) * _NODES)
        log_density += _rising(mean * precision, int(headache.max()))[:, headache]
        log_density += _rising((1 - mean) * precision, int(free.max()))[:, free]
    return log_density


def _rising(start: Values, longest: int) -> Values:
    """log Γ(a + k) − log Γ(a) for k = 0 … longest; one row per a."""
    sums = np.cumsum(np.log(start[:, None] + np.arange(longest)), axis=1)
    return np.concatenate([np.zeros((len(start), 1)), sums], axis=1)


def _mean(linear: Values) -> Values:
    return np.clip(expit(linear), 1e-9, 1 - 1e-9)
