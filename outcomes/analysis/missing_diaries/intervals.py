"""From a value and its variance to an estimate, with what small and degenerate samples cannot carry left out."""

from __future__ import annotations

import math

from scipy.special import stdtr, stdtrit

from outcomes.analysis.estimates import MIN_PAIRS_FOR_P, Estimate

NO_ONE = "no_pairs: no patient has both periods"

#: A variance below this is rounding: every patient changed by the same.
_NO_VARIANCE = 1e-20


def estimate_from(
    value: float,
    variance: float,
    df: float,
    n: int,
    confidence: float,
    method: str,
    notes: tuple[str, ...] = (),
    *,
    no_change: bool = False,
) -> Estimate:
    """A t interval from a variance that is known already, with the edges of `estimates.paired_change`: no interval
    for one patient or without variation, no p value below five, p = 1 where nobody changed."""
    if n == 1:
        return Estimate(value, None, None, None, method, ("insufficient_n: one patient, no interval", *notes))
    if no_change:
        return Estimate(0.0, None, None, 1.0, method, ("no_change: every patient's change is 0", *notes))
    if variance <= _NO_VARIANCE:
        note = "zero_variance: every patient changed by the same"
        return Estimate(value, None, None, None, method, (note, *notes))
    error = math.sqrt(variance)
    half = float(stdtrit(df, 0.5 + confidence / 2)) * error
    p: float | None = float(2 * stdtr(df, -abs(value / error)))
    if n < MIN_PAIRS_FOR_P:
        p, notes = None, (f"insufficient_n: {n} pairs are too few for a p value", *notes)
    return Estimate(value, value - half, value + half, p, method, notes)
