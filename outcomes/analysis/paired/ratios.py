"""Ratios of follow-up to baseline: one patient one voice (Fieller, log-delta), or one day one voice.

The ratio of the defaults is `rate_ratio`. The others stand beside it: where days weigh instead of patients,
patients who leave out more of their bad days move the ratio without anything having changed.
Formulas and sources: docs/method.md#ratios. R values: tests/reference/test_ratios_against_r.py.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, stdtr

from outcomes.analysis.estimate_columns import Deciding, Estimates
from outcomes.analysis.estimates import (
    MIN_PAIRS_FOR_P,
    TIE_DECIMALS,
    Estimate,
    Sample,
    Values,
    paired_changes,
    t_quantile,
    t_quantiles,
)
from outcomes.analysis.samples import Flags, Samples, undefined_is_nan
from outcomes.errors import PlanError

#: How far each patient's residual is enlarged for having pulled the rate towards itself: (1 − leverage)^−power.
CORRECTIONS = {"none": 0.0, "kauermann_carroll": 0.5, "mancl_derouen": 1.0}

Correction = Literal["none", "kauermann_carroll", "mancl_derouen"]

_CORRECTION_NAMES = {
    "none": "Liang–Zeger",
    "kauermann_carroll": "Kauermann–Carroll",
    "mancl_derouen": "Mancl–DeRouen",
}


def rate_ratio(
    baseline: Values | Sample, followup: Values | Sample, confidence: float, change: Estimate | None = None
) -> Estimate:
    """Ratio of the mean follow-up to the mean baseline, with Fieller's interval and the paired t's p.

    `change` is the paired change of the same values, where it is known already. At a ratio of 1 Fieller's
    statistic is the paired t, so difference and ratio never contradict. Where the baseline mean cannot be
    told from 0 Fieller's interval is unbounded, and the log-delta interval stands in its place under its
    own name, unless it contradicts the interval of the change: then there is none.
    """
    before, after = Samples.of(baseline), Samples.of(followup)
    known = paired_changes(after.minus(before), confidence) if change is None else Estimates.of([change])
    return rate_ratios(before, after, confidence, known)[0]


def rate_ratios(before: Samples, after: Samples, confidence: float, change: Estimates) -> Estimates:
    """`rate_ratio` of each group, beside the paired `change` of the same values."""
    found = Deciding(len(before), "Fieller")
    for where, note in _no_ratios(before, after):
        found.settle(where, (note,))
    m0, m1 = before.means, after.means
    with undefined_is_nan():
        ratio = m1 / m0
    told = change.notes.__getitem__
    nothing_left = "all_zero_followup: no interval for a ratio of 0"
    found.settle(after.all_zero, lambda group: (*told(group), nothing_left), value=0.0, p=change.p)
    found.settle((before.n == 1) | np.isnan(change.low), told, value=ratio, p=change.p)
    if not found.open.any():
        return found.found()
    same = _in_proportion(before, after, ratio)
    found.settle(same, lambda group: (*told(group), _SAME_PROPORTION), value=ratio, p=change.p)
    t, n = t_quantiles(confidence, before), before.n
    with undefined_is_nan():
        v0, v1, c = before.variances / n, after.variances / n, before.covariances(after) / n
        a, b, k = m0 * m0 - t * t * v0, m0 * m1 - t * t * c, m1 * m1 - t * t * v1
        root = np.sqrt(np.maximum(0.0, b * b - a * k))
        low, high = np.maximum(0.0, (b - root) / a), (b + root) / a
    if (unbounded := found.open & (a <= 0)).any():
        errors = _log_ratio_errors(before, after)
        for group in np.flatnonzero(unbounded).tolist():
            half = float(t[group] * errors[group])
            found.settle_one(group, _log_delta(float(ratio[group]), half, change[group]))
    low, high = np.minimum(low, ratio), np.maximum(high, ratio)
    found.settle(True, told, value=ratio, low=low, high=high, p=change.p)
    return found.found()


def log_delta_ratio(baseline: Values | Sample, followup: Values | Sample, confidence: float) -> Estimate:
    """Ratio of the mean follow-up to the mean baseline, with the delta method on the log scale and t(n − 1).

    A sensitivity to `rate_ratio`: the same ratio, another interval and its own p (that the log ratio is 0;
    none below five pairs). Undefined where the baseline mean is not above 0; no interval for a ratio of 0,
    for one pair, or where every patient changed in the same proportion.
    """
    method = "log-delta t"
    before, after = Samples.of(baseline), Samples.of(followup)
    if refused := next((note for where, note in _no_ratios(before, after) if where[0]), None):
        return Estimate(None, None, None, None, method, (refused,))
    if after.all_zero[0]:
        return Estimate(0.0, None, None, None, method, ("all_zero_followup: no interval for a ratio of 0",))
    n, ratio = int(before.n[0]), after.means / before.means
    value = float(ratio[0])
    if n == 1:
        return Estimate(value, None, None, None, method, ("insufficient_n: one patient, no interval",))
    if _in_proportion(before, after, ratio)[0]:
        return Estimate(value, None, None, None, method, (_SAME_PROPORTION,))
    error = float(_log_ratio_errors(before, after)[0])
    return _on_log_scale(math.log(value), error, n, confidence, method, ())


def day_weighted_ratio(
    headache_before: ArrayLike,
    recorded_before: ArrayLike,
    headache_after: ArrayLike,
    recorded_after: ArrayLike,
    confidence: float,
    correction: Correction = "kauermann_carroll",
) -> Estimate:
    """Ratio of headache days per recorded day, after against before, every recorded day with weight 1.

    It is the Poisson GEE with working independence and the log of recorded days as offset, clustered by
    patient, in closed form. `correction` is the small-sample correction of its sandwich variance. One entry
    per patient; a patient with one period only has 0 recorded days in the other, and still counts. The t
    reference has one degree of freedom less than the period with fewer patients has patients.

    It is biased where worse patients record fewer days: a sensitivity, never the headline. Raises PlanError
    for an unknown correction.
    """
    if correction not in CORRECTIONS:
        raise PlanError(f"'{correction}' is not a correction. Known: {', '.join(CORRECTIONS)}.")
    method = f"day-weighted Poisson GEE, {_CORRECTION_NAMES[correction]}, t"
    h0, n0, h1, n1 = (
        np.asarray(part, dtype=np.float64)
        for part in (headache_before, recorded_before, headache_after, recorded_after)
    )
    patients = min(int((n0 > 0).sum()), int((n1 > 0).sum()))
    if patients == 0:
        return Estimate(None, None, None, None, method, ("no_patients: a period has no recorded day",))
    days0, days1, count0, count1 = _total(n0), _total(n1), _total(h0), _total(h1)
    if count0 == 0:
        return Estimate(None, None, None, None, method, ("no_ratio: no headache day at baseline",))
    if count1 == 0:
        return Estimate(0.0, None, None, None, method, ("all_zero_followup: no interval for a ratio of 0",))
    ratio = (count1 / days1) / (count0 / days0)
    notes = _unpaired_note(n0, n1)
    if patients == 1:
        note = "insufficient_n: one patient holds every day of a period, no interval"
        return Estimate(ratio, None, None, None, method, (note, *notes))
    power = CORRECTIONS[correction]
    pull = (
        corrected_residuals(h1, n1, count1 / days1, days1, power) / count1
        - corrected_residuals(h0, n0, count0 / days0, days0, power) / count0
    )
    if not np.round(pull * patients, TIE_DECIMALS).any():
        return Estimate(ratio, None, None, None, method, (_SAME_PROPORTION, *notes))
    error = math.sqrt(_total(np.square(pull)))
    return _on_log_scale(math.log(ratio), error, patients, confidence, method, notes)


def conditional_poisson(
    headache_before: ArrayLike,
    recorded_before: ArrayLike,
    headache_after: ArrayLike,
    recorded_after: ArrayLike,
    confidence: float,
    correction: Correction = "kauermann_carroll",
) -> Estimate:
    """Rate ratio within patients: Poisson with an effect of each patient's own, conditioned away.

    Given a patient's headache days of both periods, those after are binomial with
    logit = β + log(recorded after / recorded before); the ratio is exp β. Patients without a headache day, or
    with one period only, say nothing about it. The variance is the sandwich over patients with the leverage
    correction of `day_weighted_ratio` (none: HC0, Kauermann–Carroll: HC2, Mancl–DeRouen: HC3) and the t
    reference with patients − 1. A mix of patients that shifts between the periods does not move it. Raises
    PlanError for an unknown correction.
    """
    if correction not in CORRECTIONS:
        raise PlanError(f"'{correction}' is not a correction. Known: {', '.join(CORRECTIONS)}.")
    method = f"conditional Poisson, {_CORRECTION_NAMES[correction]}, t"
    h0, n0, h1, n1 = (
        np.asarray(part, dtype=np.float64)
        for part in (headache_before, recorded_before, headache_after, recorded_after)
    )
    informative = (n0 > 0) & (n1 > 0) & (h0 + h1 > 0)
    patients = int(informative.sum())
    notes = _silent_note(len(h0), patients)
    h0, n0, h1, n1 = h0[informative], n0[informative], h1[informative], n1[informative]
    if patients == 0:
        note = "no_pairs: no patient has recorded days in both periods and a headache day in one"
        return Estimate(None, None, None, None, method, (note, *notes))
    count0, count1 = _total(h0), _total(h1)
    if count0 == 0:
        return Estimate(None, None, None, None, method, ("no_ratio: no headache day at baseline", *notes))
    if count1 == 0:
        return Estimate(
            0.0, None, None, None, method, ("all_zero_followup: no interval for a ratio of 0", *notes)
        )
    both, log_days = h0 + h1, np.log(n1 / n0)
    beta = _conditional_log_ratio(h1, both, log_days)
    if patients == 1:
        note = "insufficient_n: one patient, no interval"
        return Estimate(math.exp(beta), None, None, None, method, (note, *notes))
    share_after = expit(beta + log_days)
    weight = both * share_after * (1 - share_after)
    information = _total(weight)
    residual = (h1 - both * share_after) / (1 - weight / information) ** CORRECTIONS[correction]
    if not np.round(residual, TIE_DECIMALS).any():
        return Estimate(math.exp(beta), None, None, None, method, (_SAME_PROPORTION, *notes))
    error = math.sqrt(_total(np.square(residual))) / information
    return _on_log_scale(beta, error, patients, confidence, method, notes)


_SAME_PROPORTION = "zero_variance: every patient changed in the same proportion"


def _no_ratios(before: Samples, after: Samples) -> list[tuple[Flags, str]]:
    """Where a ratio does not exist, and why, in the order in which the questions are asked."""
    with undefined_is_nan():
        return [
            (before.n == 0, "no_pairs: no patient has both periods"),
            (before.means <= 0, "no_ratio: the baseline mean is not above 0"),
            (after.means < 0, "no_ratio: the follow-up mean is below 0"),
        ]


def _in_proportion(before: Samples, after: Samples, ratio: Values) -> Flags:
    """Whether one ratio fits every patient of a group: then nothing is left to judge its error by."""
    with undefined_is_nan():
        fitted = Samples(before.layout.spread(ratio) * before.values, before.layout)
        return after.minus(fitted).all_zero


def _log_ratio_errors(before: Samples, after: Samples) -> Values:
    with undefined_is_nan():
        relative = after.away / after.layout.spread(after.means) - before.away / before.layout.spread(
            before.means
        )
        return np.sqrt(before.layout.sums(np.square(relative)) / (before.n * (before.n - 1)))


def _log_delta(ratio: float, half: float, change: Estimate) -> Estimate:
    """One group whose Fieller interval is unbounded: exp(log ratio ± half), unless it contradicts the change."""
    method = "log-delta t (Fieller unbounded)"
    low, high, notes = _reach(math.log(ratio), half)
    unbounded = "fieller_unbounded: the baseline mean cannot be told from 0"
    if low is None or high is None:
        return Estimate(ratio, None, None, change.p, method, (*change.notes, unbounded, *notes))
    if (low <= 1 <= high) != ((change.low or 0.0) <= 0 <= (change.high or 0.0)):
        note = f"{unbounded}; the log-delta interval would contradict that of the change, and is left out"
        return Estimate(ratio, None, None, change.p, method, (*change.notes, note))
    note = f"{unbounded}; the interval is the log-delta one"
    return Estimate(ratio, low, high, change.p, method, (*change.notes, note))


def _on_log_scale(
    log_ratio: float, error: float, patients: int, confidence: float, method: str, notes: tuple[str, ...]
) -> Estimate:
    """exp(log ratio ± t·error) with patients − 1 degrees of freedom; p only from five patients on."""
    low, high, too_wide = _reach(log_ratio, t_quantile(confidence, patients - 1) * error)
    notes = (*too_wide, *notes)
    if patients < MIN_PAIRS_FOR_P:
        notes = (f"insufficient_n: {patients} patients are too few for a p value", *notes)
        return Estimate(math.exp(log_ratio), low, high, None, method, notes)
    p = float(2 * stdtr(patients - 1, -abs(log_ratio) / error))
    return Estimate(math.exp(log_ratio), low, high, p, method, notes)


def _reach(log_ratio: float, half: float) -> tuple[float | None, float | None, tuple[str, ...]]:
    """exp(log ratio ± half), or a note: with two patients t can reach further than a number can be written."""
    if log_ratio + half > 700:
        return None, None, ("no_interval: it reaches beyond any ratio that could be written",)
    return math.exp(log_ratio - half), math.exp(log_ratio + half), ()


def _total(values: Values) -> float:
    """A sum that no order of the patients can move: in order of size, at a fifth of the time of `fsum`."""
    return float(np.sort(values).sum())


def corrected_residuals(headache: Values, recorded: Values, rate: float, days: float, power: float) -> Values:
    """Each patient's headache days beyond those at the period's `rate`, over (1 − leverage)^power.

    The leverage of a patient is the share of the period's recorded `days`; `power` is one of CORRECTIONS.
    """
    return (headache - rate * recorded) / (1 - recorded / days) ** power


def _unpaired_note(recorded_before: Values, recorded_after: Values) -> tuple[str, ...]:
    unpaired = int(((recorded_before > 0) != (recorded_after > 0)).sum())
    return (f"{unpaired} with recorded days in one period only count in it",) if unpaired else ()


def _silent_note(patients: int, informative: int) -> tuple[str, ...]:
    silent = patients - informative
    return (f"{silent} without a headache day, or with one period only, say nothing",) if silent else ()


def _conditional_log_ratio(after: Values, both: Values, log_days: Values) -> float:
    """The root of the conditional score, by Newton steps kept inside a bracket that closes round it.

    The score falls in β throughout; the root lies between those that the least and the greatest ratio of days
    would give if all patients had it.
    """
    count, total = _total(after), _total(both)
    middle = math.log(count / (total - count))
    low, high = middle - float(log_days.max()), middle - float(log_days.min())
    beta = (low + high) / 2
    for _ in range(200):
        share_after = expit(beta + log_days)
        score = _total(after - both * share_after)
        low, high = (beta, high) if score > 0 else (low, beta)
        step = score / _total(both * share_after * (1 - share_after))
        moved = beta + step
        if not low <= moved <= high:
            moved = (low + high) / 2
        if abs(moved - beta) <= 1e-15 * max(1.0, abs(beta)):
            return moved
        beta = moved
    return beta
