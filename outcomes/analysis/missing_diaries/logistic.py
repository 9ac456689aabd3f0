"""A logistic model of patterns with counts, and its fitted chances: what the weights are made of.

Every combination of predictors is one pattern, in a sorted order of its own, so that the order of patients
cannot move the last digit. Same maximum as R's `glm(…, binomial)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from outcomes.analysis.estimates import Values

_MOST_STEPS = 100
_MOST_HALVINGS = 30
_TOLERANCE = 1e-12

#: Beyond this the chance cannot be told from 0 or 1 in double precision, and the step has nowhere to go.
_MOST_LOGIT = 30.0


@dataclass(frozen=True, eq=False)
class FittedChances:
    """`chance` per pattern; `inverse_information` of the coefficients; whether the iteration settled."""

    design: Values
    chance: Values
    inverse_information: Values
    converged: bool


def fit_chances(design: Values, successes: Values, trials: Values) -> FittedChances:
    """Maximum likelihood by Newton's steps, halved where they overshoot. The first column is the intercept.

    Columns that repeat others change nothing (pseudo-inverse). With separation the deviance settles while
    coefficients run off: the chances are then 0 or 1 to machine precision, which is what the data say.
    """
    share = (successes.sum() + 0.5) / (trials.sum() + 1)
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = math.log(share / (1 - share))
    chance = _chance(design, coefficients)
    deviance, converged = _deviance(chance, successes, trials), False
    for _ in range(_MOST_STEPS):
        step = _inverse_information(design, chance, trials) @ (design.T @ (successes - trials * chance))
        for _ in range(_MOST_HALVINGS):
            chance = _chance(design, coefficients + step)
            reached = _deviance(chance, successes, trials)
            if reached <= deviance * (1 + _TOLERANCE) + _TOLERANCE:
                break
            step = step / 2
        coefficients = coefficients + step
        converged = bool(abs(deviance - reached) <= _TOLERANCE * (deviance + 1))
        deviance = reached
        if converged:
            break
    return FittedChances(design, chance, _inverse_information(design, chance, trials), converged)


def dummies(codes: NDArray[np.int64]) -> list[Values]:
    """One 0/1 column for each code that occurs, the smallest being the reference."""
    return [(codes == code).astype(np.float64) for code in np.unique(codes)[1:]]


def _chance(design: Values, coefficients: Values) -> Values:
    return np.asarray(expit(np.clip(design @ coefficients, -_MOST_LOGIT, _MOST_LOGIT)), np.float64)


def _inverse_information(design: Values, chance: Values, trials: Values) -> Values:
    weight = trials * chance * (1 - chance)
    return np.asarray(np.linalg.pinv((design * weight[:, None]).T @ design, hermitian=True), np.float64)


def _deviance(chance: Values, successes: Values, trials: Values) -> float:
    failures = trials - successes
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(successes > 0, successes * np.log(chance), 0.0)
        terms += np.where(failures > 0, failures * np.log1p(-chance), 0.0)
    return float(-2 * terms.sum())
