"""The difference in headache days with every recorded day at the same weight, and its interval over patients."""

from __future__ import annotations

import math

import numpy as np

from outcomes.analysis.estimates import MIN_PAIRS_FOR_P, TIE_DECIMALS, Estimate, Values, t_quantile
from outcomes.analysis.paired.ratios import CORRECTIONS, corrected_residuals
from outcomes.plan import DAYS_PER_PERIOD

_METHOD = "day-weighted difference, Kauermann–Carroll, t"


def day_weighted_difference(
    headache_before: Values,
    recorded_before: Values,
    headache_after: Values,
    recorded_after: Values,
    confidence: float,
) -> Estimate:
    """28 · (headache days ÷ recorded days after − the same before), over the days of all patients together.

    With R the rate of a period, e = h − R·n a patient's residual and l = n ÷ Σn a patient's share of its days,
    the variance is 784 · Σ (e₁(1 − l₁)^−½ ÷ N₁ − e₀(1 − l₀)^−½ ÷ N₀)², the sandwich clustered by patient that
    R's clubSandwich calls CR2; t with n − 1. Every patient has recorded days in both periods. Biased where worse
    patients record fewer days: a sensitivity, never the headline. No p: it stands in a table of intervals.
    """
    h0, n0, h1, n1 = (
        np.asarray(part, dtype=np.float64)
        for part in (headache_before, recorded_before, headache_after, recorded_after)
    )
    patients = len(h0)
    if patients == 0:
        return Estimate(None, None, None, None, _METHOD, ("no_pairs: no patient has both periods",))
    days0, days1 = math.fsum(n0), math.fsum(n1)
    before, after = math.fsum(h0) / days0, math.fsum(h1) / days1
    value = DAYS_PER_PERIOD * (after - before)
    if patients == 1:
        return Estimate(
            value, None, None, None, _METHOD, ("insufficient_n: one patient holds every day, no interval",)
        )
    power = CORRECTIONS["kauermann_carroll"]
    pull = (
        corrected_residuals(h1, n1, after, days1, power) / days1
        - corrected_residuals(h0, n0, before, days0, power) / days0
    )
    if not np.round(pull * patients, TIE_DECIMALS).any():
        return Estimate(
            value, None, None, None, _METHOD, ("zero_variance: every patient is like the average",)
        )
    half = t_quantile(confidence, patients - 1) * DAYS_PER_PERIOD * math.sqrt(math.fsum(np.square(pull)))
    few = patients < MIN_PAIRS_FOR_P
    notes = (f"insufficient_n: {patients} patients",) if few else ()
    return Estimate(value, value - half, value + half, None, _METHOD, notes)
