"""Standardised mean changes with Hedges' correction and an interval from the noncentral t distribution.

Formulas and sources: docs/method.md#effect-sizes. R values: tests/reference/test_paired_against_r.py.
"""

from __future__ import annotations

import math

from scipy.special import nctdtr

from outcomes.analysis.estimates import Estimate, Sample, Values
from outcomes.analysis.paired.changes import NO_PAIRS, changes_of, without_variation

#: Steps of halving from a bracket of about twelve standard errors to the last digits of a double.
_HALVINGS = 60


def d_z(
    baseline: Values | Sample, followup: Values | Sample, confidence: float, *, hedges: bool = True
) -> Estimate:
    """Mean change over the standard deviation of the changes: the size that the paired test sees.

    With Hedges' (1981) correction J for n − 1 degrees of freedom, unless `hedges` is False. The interval
    inverts the noncentral t distribution (Steiger and Fouladi 1997), times J like the value. Undefined where
    the changes do not vary, and with J below three pairs.
    """
    return _standardised(baseline, followup, confidence, "d_z", hedges)


def d_av(
    baseline: Values | Sample, followup: Values | Sample, confidence: float, *, hedges: bool = True
) -> Estimate:
    """Mean change over the mean of the two standard deviations: comparable between studies (Cumming 2012).

    Correction and interval as for `d_z`; the interval is that of d_z in the other unit, the ratio of the two
    standard deviations taken as known (Algina and Keselman 2003). Undefined where neither period varies.
    """
    return _standardised(baseline, followup, confidence, "d_av", hedges)


def hedges_correction(df: int) -> float:
    """J(m) = Γ(m/2) / (√(m/2) · Γ((m − 1)/2)): the bias of a standardised mean on m ≥ 2 degrees of freedom."""
    return math.exp(math.lgamma(df / 2) - math.log(math.sqrt(df / 2)) - math.lgamma((df - 1) / 2))


def noncentrality_interval(t: float, df: int, confidence: float) -> tuple[float, float] | None:
    """Noncentralities under which the observed `t` is the upper, and the lower, quantile.

    Worked out for |t| and mirrored, because far on the left the distribution function loses its digits.
    None where it cannot be evaluated.
    """
    size = abs(t)
    reach = 6 * math.sqrt(1 + t * t / (2 * df))
    low = _noncentrality(size, df, 0.5 + confidence / 2, size - reach, size + reach)
    high = _noncentrality(size, df, 0.5 - confidence / 2, size - reach, size + reach)
    if low is None or high is None:
        return None
    return (low, high) if t >= 0 else (-high, -low)


def _standardised(
    baseline: Values | Sample, followup: Values | Sample, confidence: float, name: str, hedges: bool
) -> Estimate:
    method = f"{name}{' with Hedges’ J' if hedges else ''}, noncentral t"
    before, after = Sample.of(baseline), Sample.of(followup)
    change = Sample(changes_of(before, after))
    n = len(change)
    if n == 0:
        return Estimate(None, None, None, None, method, (NO_PAIRS,))
    if n < (3 if hedges else 2):
        note = f"insufficient_n: {n} {'pair is' if n == 1 else 'pairs are'} too few to standardise"
        return Estimate(None, None, None, None, method, (note,))
    correction = hedges_correction(n - 1) if hedges else 1.0
    notes = (f"hedges_j: {correction:.6g}",) if hedges else ()
    # Mean of the two standard deviations, or that of the changes.
    unit = (before.sd + after.sd) / 2 if name == "d_av" else change.sd
    if same := without_variation(change.values):
        mean, note = same
        has_unit = name == "d_av" and (before.varies or after.varies)
        value = correction * mean / unit if has_unit else None
        return Estimate(value, None, None, None, method, (note, *notes))
    value = correction * change.mean / unit
    found = noncentrality_interval(change.mean / (change.sd / math.sqrt(n)), n - 1, confidence)
    if found is None:
        note = "not_computed: the noncentral t distribution has no value here"
        return Estimate(value, None, None, None, method, (note, *notes))
    low, high = (correction * bound / math.sqrt(n) * change.sd / unit for bound in found)
    return Estimate(value, low, high, None, method, notes)


def _noncentrality(t: float, df: int, probability: float, low: float, high: float) -> float | None:
    """The noncentrality at which P(T ≤ t) is `probability`; the function falls as the noncentrality grows."""
    if not _chance_up_to(t, df, low) >= probability >= _chance_up_to(t, df, high):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _chance_up_to(t, df, middle) > probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _chance_up_to(t: float, df: int, noncentrality: float) -> float:
    """P(T ≤ t) of the noncentral t, t ≥ 0.

    Left of 0 the series behind `nctdtr` ends in NaN where what lies above t is below its last digit: checked
    against quadrature, that is then below 1e-15.
    """
    chance = float(nctdtr(df, noncentrality, t))
    return 1.0 if noncentrality < 0 and math.isnan(chance) else chance
