"""Every estimator of complete pairs under its name, so that a law or an edge case is asked of all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from outcomes.analysis.estimates import Estimate, Values, correlation, paired_change
from outcomes.analysis.paired.effect_sizes import d_av, d_z
from outcomes.analysis.paired.pseudomedian import hodges_lehmann
from outcomes.analysis.paired.rank_tests import (
    probability_of_improvement,
    rank_biserial,
    wilcoxon_pratt,
)
from outcomes.analysis.paired.ratios import (
    conditional_poisson,
    day_weighted_ratio,
    log_delta_ratio,
    rate_ratio,
)
from outcomes.analysis.paired.resampling import bootstrap_t, sign_flip

Paired = Callable[[Values, Values, float], Estimate]
Counted = Callable[[Values, Values, Values, Values, float], Estimate]

#: 199 draws leave 95%, 90% and 80% at whole numbers of them.
_DRAWS, _SEED = 199, 20260101

#: (baseline, followup, confidence) → estimate; the names are those of `compare --all-methods`.
PAIRED: dict[str, Paired] = {
    "change": paired_change,
    "rate_ratio": rate_ratio,
    "rate_ratio_log_delta": log_delta_ratio,
    "wilcoxon_pratt": lambda before, after, _: wilcoxon_pratt(before, after),
    "hodges_lehmann": hodges_lehmann,
    "sign_flip": lambda before, after, _: sign_flip(before, after, _DRAWS, _SEED),
    "bootstrap_t": lambda before, after, confidence: bootstrap_t(before, after, confidence, _DRAWS, _SEED),
    "d_z": d_z,
    "d_av": d_av,
    "probability_of_improvement": lambda before, after, confidence: probability_of_improvement(
        before, after, confidence, "decrease"
    ),
    "rank_biserial": rank_biserial,
    "correlation": lambda before, after, _: correlation(before, after),
}

#: (headache days before, recorded before, headache days after, recorded after, confidence) → estimate.
COUNTED: dict[str, Counted] = {
    "day_weighted": day_weighted_ratio,
    "day_weighted_mancl_derouen": lambda *counts: day_weighted_ratio(*counts, correction="mancl_derouen"),
    "day_weighted_none": lambda *counts: day_weighted_ratio(*counts, correction="none"),
    "conditional_poisson": conditional_poisson,
}

#: Ratios, and everything else that scaling the unit leaves alone.
RATIOS = ("rate_ratio", "rate_ratio_log_delta")
UNITLESS = (
    *RATIOS,
    "wilcoxon_pratt",
    "d_z",
    "d_av",
    "probability_of_improvement",
    "rank_biserial",
    "correlation",
)

#: What a shift of both periods by the same amount leaves alone.
SHIFTED = tuple(name for name in PAIRED if name not in RATIOS)


def pairs(*rows: tuple[float, float]) -> tuple[Values, Values]:
    """(baseline, followup) from one pair per patient."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
