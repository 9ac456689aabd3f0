"""Shares of patients who improved or got worse by a share of their own baseline. Sources: docs/method.md#responders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.estimate_columns import Estimates
from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.proportions import shares
from outcomes.analysis.samples import Counts, Flags, Layout, undefined_is_nan
from outcomes.plan import AnalysisPlan

#: Percentages meet their thresholds exactly for several patients: `>=` with this tolerance counts them.
TIE_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Shares:
    """One statistic of every group: `count` of `n` patients."""

    name: str
    estimates: Estimates
    n: Counts
    count: Counts


def responder_shares(
    pairs: pd.DataFrame, endpoint: Endpoint, plan: AnalysisPlan
) -> list[tuple[str, Estimate, int, int]]:
    """Responder and worsening shares of one group: (statistic, estimate, denominator, numerator)."""
    baseline, followup = (pairs[name].to_numpy(dtype=np.float64) for name in ("baseline", "followup"))
    found = grouped_responder_shares(baseline, followup, Layout.one(len(pairs)), endpoint, plan)
    return [(row.name, row.estimates[0], int(row.n[0]), int(row.count[0])) for row in found]


def grouped_responder_shares(
    baseline: Values, followup: Values, layout: Layout, endpoint: Endpoint, plan: AnalysisPlan
) -> list[Shares]:
    """Responder and worsening shares of every group; values of all patients, NaN where a period has none."""
    eligible = eligible_baselines(baseline, endpoint, plan)
    both = ~np.isnan(baseline) & ~np.isnan(followup)
    evaluable = eligible & both
    not_eligible = layout.counts(both & ~eligible).tolist()
    told = [_eligibility_notes(n, _least_baseline(endpoint, plan)) for n in not_eligible]
    with undefined_is_nan():
        improved = np.where(evaluable, improved_share(baseline, followup, endpoint), np.nan)
    n_evaluable, n_eligible = layout.counts(evaluable), layout.counts(eligible)
    missing = [
        (f"{n} without a follow-up counted as no response", *notes)
        for n, notes in zip((n_eligible - n_evaluable).tolist(), told, strict=True)
    ]
    rows = []

    def add(name: str, reached: Flags, of: Counts, notes: list[tuple[str, ...]]) -> None:
        count = layout.counts(reached)
        found = shares(count.astype(np.float64), of, plan.confidence)
        rows.append(Shares(name, found.with_notes(notes), of, count))

    for reduction in plan.responder_reductions:
        reached = reaches(improved, reduction)
        add(f"responders_{reduction:g}", reached, n_evaluable, told)
        add(f"responders_{reduction:g}_all_started", reached, n_eligible, missing)
    for increase in plan.worsening_increases:
        worse = improved <= -increase / 100 + TIE_TOLERANCE
        add(f"worsened_{increase:g}", worse, n_evaluable, told)
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
