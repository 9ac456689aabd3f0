"""Shares of patients who improved or got worse by a share of their own baseline. Sources: docs/method.md#responders."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.proportions import share
from outcomes.plan import AnalysisPlan

#: Percentages meet their thresholds exactly for several patients: `>=` with this tolerance counts them.
TIE_TOLERANCE = 1e-9


def responder_shares(
    pairs: pd.DataFrame, endpoint: Endpoint, plan: AnalysisPlan
) -> list[tuple[str, Estimate, int, int, tuple[str, ...]]]:
    """Responder and worsening shares: (statistic, estimate, denominator, numerator, notes)."""
    baseline = pairs["baseline"].to_numpy(dtype=np.float64)
    followup = pairs["followup"].to_numpy(dtype=np.float64)
    eligible = eligible_baselines(baseline, endpoint, plan)
    evaluable = eligible & ~np.isnan(followup)
    both = ~np.isnan(baseline) & ~np.isnan(followup)
    notes = _eligibility_notes(int((both & ~eligible).sum()), _least_baseline(endpoint, plan))
    improved = improved_share(baseline[evaluable], followup[evaluable], endpoint)
    n_evaluable, n_eligible = int(evaluable.sum()), int(eligible.sum())
    missing = (f"{n_eligible - n_evaluable} without a follow-up counted as no response",)
    rows = []
    for reduction in plan.responder_reductions:
        count = int(reaches(improved, reduction).sum())
        name = f"responders_{reduction:g}"
        rows.append((name, share(count, n_evaluable, plan.confidence), n_evaluable, count, notes))
        started_share = share(count, n_eligible, plan.confidence)
        rows.append((f"{name}_all_started", started_share, n_eligible, count, (*missing, *notes)))
    for increase in plan.worsening_increases:
        count = int((improved <= -increase / 100 + TIE_TOLERANCE).sum())
        estimate = share(count, n_evaluable, plan.confidence)
        rows.append((f"worsened_{increase:g}", estimate, n_evaluable, count, notes))
    return rows


def eligible_baselines(baseline: Values, endpoint: Endpoint, plan: AnalysisPlan) -> NDArray[np.bool_]:
    """Whose baseline a share of it can be worked out from: above 0, and of enough days where it counts days."""
    with np.errstate(invalid="ignore"):
        eligible: NDArray[np.bool_] = (baseline > 0) & (
            baseline >= _least_baseline(endpoint, plan) - TIE_TOLERANCE
        )
    return eligible


def improved_share(baseline: Values, followup: Values, endpoint: Endpoint) -> Values:
    """Improvement as a share of the patient's own baseline; negative is worse, NaN where a value is missing."""
    sign = 1.0 if endpoint.improvement == "decrease" else -1.0
    improved: Values = sign * (baseline - followup) / baseline
    return improved


def reaches(improved: Values, reduction: float) -> NDArray[np.bool_]:
    """Whether an improvement is at least so many percent of the baseline. Ties count; missing never does."""
    reached: NDArray[np.bool_] = improved >= reduction / 100 - TIE_TOLERANCE
    return reached


def _least_baseline(endpoint: Endpoint, plan: AnalysisPlan) -> float:
    return plan.responder_min_baseline if endpoint.counts_days else 0.0


def _eligibility_notes(n_not_eligible: int, least: float) -> tuple[str, ...]:
    if not n_not_eligible:
        return ()
    why = f"a baseline of 0 or below {least:g} days" if least else "a baseline of 0"
    return (f"{n_not_eligible} with both periods not eligible: {why}",)
