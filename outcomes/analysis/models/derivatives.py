"""Derivatives of a smooth function by central differences, with Richardson's step towards no step at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from outcomes.analysis.estimates import Values

#: Parameters here are of the size of 1 (logarithms, ratios, scaled columns), so one step serves all.
STEP = 1e-3


def jacobian(function: Callable[[Values], Values], at: Values, step: float = STEP) -> Values:
    """Derivatives of a vector function, one row per component; error of the order of step⁴."""
    columns = []
    for j in range(len(at)):
        away = np.zeros(len(at))
        away[j] = step
        wide = (function(at + away) - function(at - away)) / (2 * step)
        near = (function(at + away / 2) - function(at - away / 2)) / step
        columns.append((4 * near - wide) / 3)
    return np.stack(columns, axis=-1)


def gradient(function: Callable[[Values], float], at: Values, step: float = STEP) -> Values:
    """First derivatives of a function of several numbers; error of the order of step⁴."""
    return jacobian(lambda x: np.array([function(x)]), at, step)[0]


def hessian(function: Callable[[Values], float], at: Values, step: float = 4 * STEP) -> Values:
    """Second derivatives, symmetric; error of the order of step⁴."""
    wide, near = _second_differences(function, at, step), _second_differences(function, at, step / 2)
    return (4 * near - wide) / 3


def _second_differences(function: Callable[[Values], float], at: Values, step: float) -> Values:
    size = len(at)
    away = step * np.eye(size)
    middle = function(at)
    found = np.empty((size, size))
    for i in range(size):
        found[i, i] = (function(at + away[i]) - 2 * middle + function(at - away[i])) / step**2
        for j in range(i):
            same = function(at + away[i] + away[j]) + function(at - away[i] - away[j])
            other = function(at + away[i] - away[j]) + function(at - away[i] + away[j])
            found[i, j] = found[j, i] = (same - other) / (4 * step**2)
    return found


def polished(function: Callable[[Values], float], at: Values, rounds: int = 4) -> Values:
    """A minimum found roughly, made exact by Newton's steps; `at` where no step makes it better."""
    best, least = at, function(at)
    for _ in range(rounds):
        curvature = hessian(function, best)
        try:
            step = np.linalg.solve(curvature, gradient(function, best))
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all() or np.abs(step).max() > 0.1:
            break
        value = function(best - step)
        # Within rounding both are the same; then the point with the smaller gradient is the better one.
        if value > least + 1e-9 * (1 + abs(least)):
            break
        best, least = best - step, value
        if np.abs(step).max() < 1e-10:
            break
    return best
