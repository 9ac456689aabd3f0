"""Every other way to look at the same pairs, as rows beside the default comparison.

The default stays the paired t and Fieller's ratio; these are sensitivity analyses, each with a name of its own.
What each is for: docs/method.md#all-methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.endpoints import COUNTED_OUT_OF
from outcomes.analysis.estimates import Estimate, Sample, Values
from outcomes.analysis.paired.effect_sizes import d_av, d_z
from outcomes.analysis.paired.pseudomedian import hodges_lehmann
from outcomes.analysis.paired.rank_tests import probability_of_improvement, rank_biserial, wilcoxon_pratt
from outcomes.analysis.paired.ratios import conditional_poisson, day_weighted_ratio, log_delta_ratio
from outcomes.analysis.paired.resampling import bootstrap_t, sign_flip
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: Above so many pairs nothing is resampled: it would take minutes and say what the paired t says.
MAX_RESAMPLED_PAIRS = 10_000

#: How far value · recorded days / 28 may lie from a whole number: summaries may come with one decimal.
_WHOLE = 0.06

#: The unit of each statistic of `all_methods`; empty: the unit of the endpoint.
_UNITS = {
    "wilcoxon_pratt": "z",
    "hodges_lehmann": "",
    "sign_flip": "",
    "bootstrap_t": "",
    "d_av": "standard deviations",
    "d_z": "standard deviations",
    "probability_of_improvement": "share",
    "rank_biserial": "correlation",
    "rate_ratio_log_delta": "ratio",
    "rate_ratio_day_weighted": "ratio",
    "conditional_poisson": "ratio",
}

#: The statistics of `all_methods`, in their order.
METHODS = tuple(_UNITS)


@dataclass(frozen=True, eq=False)
class RecordedDays:
    """Days out of which the endpoint was counted, of the same patients in the same order, NaN where unknown."""

    baseline: Values
    followup: Values


def all_methods(
    baseline: Sample, followup: Sample, recorded: RecordedDays, endpoint: Endpoint, plan: AnalysisPlan
) -> list[tuple[str, Estimate, str]]:
    """(statistic, estimate, unit) of every method in `METHODS`, for complete pairs.

    A method that these data cannot carry has a row without a value and a note that says why.
    """
    level, seed, draws = plan.confidence, plan.seed, plan.bootstrap_resamples
    ratios = _ratios_of_days(baseline, followup, recorded, endpoint, level)
    found = {
        "wilcoxon_pratt": wilcoxon_pratt(baseline, followup),
        "hodges_lehmann": hodges_lehmann(baseline, followup, level),
        "sign_flip": _if_not_too_many(
            baseline, "sign flips", lambda: sign_flip(baseline, followup, draws, seed)
        ),
        "bootstrap_t": _if_not_too_many(
            baseline, "bootstrap-t", lambda: bootstrap_t(baseline, followup, level, draws, seed)
        ),
        "d_av": d_av(baseline, followup, level),
        "d_z": d_z(baseline, followup, level),
        "probability_of_improvement": probability_of_improvement(
            baseline, followup, level, endpoint.improvement
        ),
        "rank_biserial": rank_biserial(baseline, followup, level),
        "rate_ratio_log_delta": log_delta_ratio(baseline, followup, level),
        "rate_ratio_day_weighted": ratios[0],
        "conditional_poisson": ratios[1],
    }
    return [(name, found[name], unit or endpoint.unit) for name, unit in _UNITS.items()]


def methods_not_run(endpoint: Endpoint, why: str) -> list[tuple[str, Estimate, str]]:
    """The rows of `all_methods` without values, where none of them is run."""
    return [
        (name, Estimate(None, None, None, None, f"{name}, not run", (why,)), unit or endpoint.unit)
        for name, unit in _UNITS.items()
    ]


def _if_not_too_many(baseline: Sample, name: str, method: Callable[[], Estimate]) -> Estimate:
    """The resampled estimate, or a row that says why it was not made."""
    if len(baseline) <= MAX_RESAMPLED_PAIRS:
        return method()
    note = (
        f"not run: {len(baseline):,} pairs are more than {MAX_RESAMPLED_PAIRS:,}; the paired t says the same"
    )
    return Estimate(None, None, None, None, f"{name}, not run", (note,))


def _ratios_of_days(
    baseline: Sample, followup: Sample, recorded: RecordedDays, endpoint: Endpoint, confidence: float
) -> tuple[Estimate, Estimate]:
    """The day-weighted and the conditional ratio, which need whole numbers of days."""
    days: list[Values] = []
    for values, recorded_days in ((baseline, recorded.baseline), (followup, recorded.followup)):
        counted = _headache_days(values.values, recorded_days, endpoint)
        if isinstance(counted, str):
            return (
                Estimate(None, None, None, None, "day-weighted Poisson GEE", (counted,)),
                Estimate(None, None, None, None, "conditional Poisson", (counted,)),
            )
        days += [counted, recorded_days]
    return (
        day_weighted_ratio(days[0], days[1], days[2], days[3], confidence),
        conditional_poisson(days[0], days[1], days[2], days[3], confidence),
    )


def _headache_days(values: Values, recorded_days: Values, endpoint: Endpoint) -> Values | str:
    """Headache days behind values per 28, or the note that says why they cannot be had."""
    if endpoint.name not in COUNTED_OUT_OF:
        return "no_day_counts: this endpoint does not come with the days that it was counted on"
    if np.isnan(recorded_days).any():
        return "no_day_counts: the recorded days of some patients are not known"
    days = values * recorded_days / DAYS_PER_PERIOD
    whole = np.round(days)
    if (np.abs(days - whole) > _WHOLE).any() or (whole > recorded_days).any() or (whole < 0).any():
        return "no_day_counts: value × recorded days / 28 is not a whole number of the recorded days"
    return np.asarray(whole, dtype=np.float64)
