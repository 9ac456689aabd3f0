"""How much months and patients differ: the two intra-class correlations of the null model, from the counts.

The mean of the follow-up does not enter, only how much patients' changes differ: a change that is the same for
all leaves the spreads as they are, and one in proportion to the baseline nearly so. How much patients differ is
read from their baselines, before anything was done, allowing for how they were selected.
"""

from __future__ import annotations

import math

import numpy as np

from outcomes.analysis.estimates import Sample, Values
from outcomes.analysis.regression_to_mean.count_model import (
    Rule,
    Spreads,
    WindowDays,
    implied_variances,
)

#: The model has no room outside: below, months are as good as binomial, or patients as good as alike.
DAY_ICC_BOUNDS = (0.001, 0.9)
PATIENT_ICC_BOUNDS = (0.005, 0.9)

#: Begins the note of a cell that these records cannot come from.
NOT_REPRODUCED = "spread_not_reproduced"

#: Relative difference of a variance from the one in the records above which the model does not reproduce it.
_CLOSE_ENOUGH = 0.01


def observed_variances(before: Values, after: Values) -> tuple[float, float]:
    """Variances of the change and of the baseline, both of rates per day; n − 1 in the denominator."""
    return Sample(after - before).variance, Sample(before).variance


def fitted_spreads(
    mean: float,
    rule: Rule,
    windows: WindowDays,
    observed: tuple[float, float],
    given: tuple[float | None, float | None] = (None, None),
) -> tuple[Spreads, tuple[str, ...]]:
    """The spreads at which the null model gives the observed variances of change and baseline.

    `given` are (day_icc, patient_icc) known from elsewhere, None where they are to be found. All that differs
    between patients' changes counts as fluctuation, also what is a different response: that makes the months
    vary more and the expected regression larger, never smaller. Where no spread gives the observed variances
    the nearest one is taken, with a note.
    """
    if given[0] is not None and given[1] is not None:
        return Spreads(given[0], given[1]), ()
    # Not on the default path of a comparison.
    from scipy.optimize import least_squares

    bounds = (DAY_ICC_BOUNDS, PATIENT_ICC_BOUNDS)
    free = [index for index in (0, 1) if given[index] is None]
    scale = [max(value, 1e-6) for value in observed]

    def spreads_at(position: Values) -> Spreads:
        found = [given[0] or 0.0, given[1] or 0.0]
        for place, index in enumerate(free):
            found[index] = 1 / (1 + math.exp(-float(position[place])))
        return Spreads(found[0], found[1])

    def misfit(position: Values) -> Values:
        model = implied_variances(mean, spreads_at(position), rule, windows)
        return np.array([model[index] / scale[index] - 1 for index in free])

    limits = np.array([[_logit(edge) for edge in bounds[index]] for index in free]).T
    start = np.array([_logit((0.1, 0.15)[index]) for index in free])
    found = least_squares(misfit, start, bounds=(limits[0], limits[1]), xtol=1e-10, ftol=1e-10, gtol=1e-10)
    notes: tuple[str, ...] = ()
    if float(np.max(np.abs(found.fun))) > _CLOSE_ENOUGH:
        notes = (f"{NOT_REPRODUCED}: no month and patient spread gives the variances of these records",)
    return spreads_at(found.x), notes


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
