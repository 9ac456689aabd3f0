"""Inverse probability weights: days that were likely to be missing count for those that are.

A recorded day weighs 1/π, π being the chance that a day like it is recorded, from a logistic model of all days
of the window on the weekday, what the diary says of the day before, and (at follow-up) the patient's own
baseline. Then each patient weighs the same. That is right if, given those, whether a day is recorded has
nothing to do with what it would have said. Source: docs/method.md#missing-diaries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.estimates import TIE_DECIMALS, Estimate, Values
from outcomes.analysis.missing_diaries.day_grid import DayGrid
from outcomes.analysis.missing_diaries.intervals import NO_ONE, estimate_from
from outcomes.analysis.missing_diaries.logistic import FittedChances, dummies, fit_chances
from outcomes.analysis.missing_diaries.started import Answer, Flags, Started
from outcomes.plan import DAYS_PER_PERIOD

#: The number of each day's pattern.
Places = NDArray[np.int32]

#: Weights above this quantile are set to it: the least weight that 99% do not exceed, the same for every patient twice.
TRUNCATION = 0.99

#: A chance below this means that nothing recorded is like what was not.
_NO_LIKE = 1e-6

#: Patients whose days are held at a time.
_AT_A_TIME = 20_000

# What the diary says of the day before: nothing is known of the day before the window.
_FREE, _HEADACHE, _NOT_RECORDED, _BEFORE_WINDOW = range(4)

_METHOD = "inverse probability weights, patient sandwich t"


@dataclass(frozen=True, eq=False)
class WeightedWindow:
    """`level` per patient in days per 28, and what moves it: `slopes` (patients × coefficients) is its derivative
    by the coefficients of the day model, `scores` each patient's part in their estimation."""

    level: Values
    slopes: Values
    scores: Values
    inverse_information: Values
    notes: tuple[str, ...] = field(default=())


def weighted_changes(
    started: Started, baseline: DayGrid, followup: DayGrid, confidence: float
) -> tuple[Answer, ...]:
    """`ipw_change`: the patients analysed, their recorded days weighted. `ipw_change_all_started`: those patients
    weighted besides by 1/P(analysed) given baseline level and recorded baseline days, so that they stand for
    everyone with a valid baseline. `baseline` and `followup` hold the patients analysed, in order.

    The interval is the sandwich over patients with the estimation of the weights in it, and t with n − 1 degrees
    of freedom, n being the effective number of patients, (Σ weight)²/Σ weight². With every day recorded and nobody
    lost it is the paired t.
    """
    n = started.n_analysed
    if n == 0:
        nobody = Estimate(None, None, None, None, _METHOD, (NO_ONE,))
        return (Answer("ipw_change", nobody, 0), Answer("ipw_change_all_started", nobody, 0))
    rate = started.only_analysed().baseline.level / DAYS_PER_PERIOD
    # The baseline window is what the baseline rate is made of, so the rate is no predictor there.
    before = weighted_window(baseline, None, "baseline")
    after = weighted_window(followup, rate, "follow-up")
    return (
        Answer("ipw_change", _change(before, after, np.ones(n), None, confidence), n),
        Answer("ipw_change_all_started", _change_of_all(started, before, after, confidence), n),
    )


def weighted_window(grid: DayGrid, rate: Values | None, name: str) -> WeightedWindow:
    """The level of each patient in one window with its recorded days weighted by 1/π, truncated."""
    if grid.recorded.all():
        level = DAYS_PER_PERIOD * grid.headache.mean(axis=1)
        nothing = np.zeros((len(level), 0))
        return WeightedWindow(level, nothing, nothing, np.zeros((0, 0)))
    pattern, design = _patterns(grid, rate)
    days = np.bincount(pattern.ravel(), minlength=len(design)).astype(np.float64)
    recorded = np.bincount(pattern[grid.recorded], minlength=len(design)).astype(np.float64)
    fitted = fit_chances(design, recorded, days)
    weights = recorded.sum() / days.sum() / fitted.chance
    most = _quantile_of_counts(weights, recorded)
    model = _DayModel(design, fitted.chance, weights, most)
    parts = [
        model.of_patients(pattern[some], grid.recorded[some], grid.headache[some])
        for some in _some_at_a_time(len(pattern))
    ]
    level, slopes, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    seen = weights[recorded > 0]
    least = min(float(seen.min()), most)
    truncated = int(recorded[weights > most].sum())
    notes = _window_notes(
        name, (least, min(float(seen.max()), most)), truncated, days[fitted.chance < _NO_LIKE].sum(), fitted
    )
    return WeightedWindow(level, slopes, scores, fitted.inverse_information, notes)


@dataclass(frozen=True, eq=False)
class _DayModel:
    """Of each pattern of days: its predictors, the chance that such a day is recorded, and what one weighs."""

    design: Values
    chance: Values
    weights: Values
    most: float

    def of_patients(self, pattern: Places, recorded: Flags, headache: Flags) -> tuple[Values, Values, Values]:
        """(level, slopes, scores) of some patients, from their days."""
        weight = np.where(recorded, self.weights[pattern], 0.0)
        truncated = weight > self.most
        weight = np.minimum(weight, self.most)
        total = weight.sum(axis=1)
        share = (weight * headache).sum(axis=1) / total
        # d weight / d coefficients = −weight·(1 − π)·x, and nothing where the weight is held at its greatest.
        pull = np.where(truncated, 0.0, -weight * (1 - self.chance[pattern]))
        pull *= (headache - share[:, None]) * (DAYS_PER_PERIOD / total)[:, None]
        surprise = recorded - self.chance[pattern]
        return (
            DAYS_PER_PERIOD * share,
            _by_patient(pull, pattern, self.design),
            _by_patient(surprise, pattern, self.design),
        )


def _some_at_a_time(patients: int) -> Iterator[slice]:
    """A million patients have 28 million days: their numbers are worked out for some patients after the others."""
    for first in range(0, max(patients, 1), _AT_A_TIME):
        yield slice(first, first + _AT_A_TIME)


def _quantile_of_counts(values: Values, counts: Values) -> float:
    """The least value that a share TRUNCATION of all do not exceed, `counts[i]` of them being `values[i]`."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(counts[order])
    # As `np.quantile(…, method="inverted_cdf")` has it of the values one by one.
    place = max(math.ceil(TRUNCATION * upto[-1]), 1)
    return float(values[order][np.searchsorted(upto, place)])


def _patterns(grid: DayGrid, rate: Values | None) -> tuple[Places, Values]:
    """Which pattern each day has, and the row of predictors of each pattern."""
    weekday = grid.weekday.astype(np.int32) if grid.has_calendar else np.zeros(grid.recorded.shape, np.int32)
    day_before = _day_before(grid)
    rates = np.zeros(len(grid.recorded)) if rate is None else rate
    levels, of_patient = np.unique(rates, return_inverse=True)
    code = (of_patient.astype(np.int32)[:, None] * 7 + weekday) * 4 + day_before
    # There are few codes and very many days: they are looked up, and not sorted.
    seen = np.flatnonzero(np.bincount(code.ravel(), minlength=28 * len(levels)))
    place = np.zeros(28 * len(levels), dtype=np.int32)
    place[seen] = np.arange(len(seen))
    columns = [np.ones(len(seen)), *dummies(seen // 4 % 7), *dummies(seen % 4)]
    if len(levels) > 1:
        columns.append(levels[seen // 28])
    return place[code], np.column_stack(columns)


def _day_before(grid: DayGrid) -> Places:
    said = np.where(grid.recorded, np.where(grid.headache, _HEADACHE, _FREE), _NOT_RECORDED)
    day_before = np.full(said.shape, _BEFORE_WINDOW, dtype=np.int32)
    day_before[:, 1:] = said[:, :-1]
    return day_before


def _by_patient(values: Values, pattern: Places, design: Values) -> Values:
    """Σ over a patient's days of value × predictors: patients × coefficients."""
    return np.column_stack([(values * column[pattern]).sum(axis=1) for column in design.T])


def _change_of_all(
    started: Started, before: WeightedWindow, after: WeightedWindow, confidence: float
) -> Estimate:
    """The change with the patients analysed standing for all who began with a valid baseline."""
    n, analysed = started.n_analysed, started.analysed
    if analysed.all():
        note = "nobody was lost: every patient weighs the same"
        return _change(before, after, np.ones(n), None, confidence, (note,))
    predictors = np.column_stack([started.baseline.level, started.baseline.recorded])
    seen, pattern = np.unique(predictors, axis=0, return_inverse=True)
    pattern = pattern.ravel()
    stayed = np.bincount(pattern[analysed], minlength=len(seen)).astype(np.float64)
    design = np.column_stack([np.ones(len(seen)), seen])
    fitted = fit_chances(design, stayed, np.bincount(pattern).astype(np.float64))
    chance = fitted.chance[pattern]
    if not fitted.converged or chance[~analysed].min() < _NO_LIKE:
        why = "positivity: nobody analysed is like some of those lost"
        return Estimate(None, None, None, None, _METHOD, (why,))
    weight = n / len(started) / chance[analysed]
    most = float(np.quantile(weight, TRUNCATION, method="inverted_cdf"))
    rows = design[pattern]
    pull = np.where(weight > most, 0.0, -weight * (1 - chance[analysed]))
    scores = rows * (analysed - chance)[:, None] @ fitted.inverse_information
    patients = _PatientModel(pull[:, None] * rows[analysed], scores[analysed], scores[~analysed])
    weight = np.minimum(weight, most)
    note = f"patients weigh {weight.min():.3g} to {weight.max():.3g}"
    return _change(before, after, weight, patients, confidence, (note,))


@dataclass(frozen=True, eq=False)
class _PatientModel:
    """What made the patients' weights: their derivative by its coefficients, and each patient's part in those."""

    slopes: Values
    of_analysed: Values
    of_lost: Values


def _change(
    before: WeightedWindow,
    after: WeightedWindow,
    weight: Values,
    patients: _PatientModel | None,
    confidence: float,
    notes: tuple[str, ...] = (),
) -> Estimate:
    """Weighted mean change and its sandwich: each patient's pull on the mean, through the mean itself and through
    every model that made a weight."""
    notes = (*notes, *before.notes, *after.notes)
    if failed := tuple(note for note in notes if note.startswith("not_converged")):
        return Estimate(None, None, None, None, _METHOD, failed)
    differences = after.level - before.level
    total, n = math.fsum(weight), len(differences)
    value = math.fsum(weight * differences) / total
    influence = weight * (differences - value) / total
    for sign, window in ((1.0, after), (-1.0, before)):
        slope = sign * (weight[:, None] * window.slopes).sum(axis=0) / total
        influence = influence + window.scores @ window.inverse_information @ slope
    of_lost = np.zeros(0)
    if patients is not None:
        slope = (patients.slopes * (differences - value)[:, None]).sum(axis=0) / total
        influence, of_lost = influence + patients.of_analysed @ slope, patients.of_lost @ slope
    squared = math.fsum(np.square(influence)) + math.fsum(np.square(of_lost))
    # Kish (1965): unequal weights carry as much as this many equal ones. With equal weights it is n.
    effective = total**2 / math.fsum(np.square(weight))
    variance = squared * effective / (effective - 1) if n > 1 else 0.0
    no_change = not np.round(differences, TIE_DECIMALS).any()
    return estimate_from(value, variance, effective - 1, n, confidence, _METHOD, notes, no_change=no_change)


def _window_notes(
    name: str, weights: tuple[float, float], truncated: int, never: float, fitted: FittedChances
) -> tuple[str, ...]:
    notes = [f"{name} days weigh {weights[0]:.3g} to {weights[1]:.3g}; {truncated} truncated"]
    if never:
        notes.append(f"positivity: {never:g} {name} days are like no recorded day")
    if not fitted.converged:
        notes.append(f"not_converged: the model of recorded days ({name})")
    return tuple(notes)
