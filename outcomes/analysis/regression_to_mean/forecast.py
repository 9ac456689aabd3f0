"""The follow-up that each patient would have if nothing had changed: posterior, prediction, and draws of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from outcomes.analysis.comparison import TIE_TOLERANCE
from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.regression_to_mean.count_model import (
    Rule,
    Spreads,
    UsualRates,
    WindowDays,
    entering_counts,
    month_counts,
    thinning,
)
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: Above this many draws of a patient's follow-up in one cell, sums over patients are as good as normal.
MOST_DRAWS = 20_000_000


@dataclass(frozen=True)
class AnalysedPatients:
    """Counts of the analysed patients in the order of `patient_id`; rates are per day."""

    windows: WindowDays
    headache_before: NDArray[np.int64]
    before: Values
    after: Values
    eligible: NDArray[np.bool_]

    @classmethod
    def of(cls, counts: pd.DataFrame, plan: AnalysisPlan) -> AnalysedPatients:
        """From the table of `window_counts`. Raises PlanError where it was counted under another plan."""
        rows = counts
        if "standing" in rows.columns:
            rows = rows[rows["standing"] == "analysed"]
        rows = rows.sort_values("patient_id", kind="stable")
        numbers = {
            f"{period}_{kind}": rows[f"{period}_{kind}_days"].to_numpy(np.int64)
            for period in ("baseline", "followup")
            for kind in ("recorded", "headache")
        }
        before = numbers["baseline_headache"] / np.maximum(1, numbers["baseline_recorded"])
        after = numbers["followup_headache"] / np.maximum(1, numbers["followup_recorded"])
        least = plan.responder_min_baseline
        eligible = (before > 0) & (before * DAYS_PER_PERIOD >= least - TIE_TOLERANCE)
        if (numbers["baseline_recorded"] > plan.baseline_days).any():
            raise PlanError("The days were counted under another plan: more days than its baseline has.")
        windows = WindowDays(plan.baseline_days, numbers["baseline_recorded"], numbers["followup_recorded"])
        return cls(windows, numbers["baseline_headache"], before, after, eligible)

    @property
    def n(self) -> int:
        return len(self.before)

    @property
    def n_eligible(self) -> int:
        return int(self.eligible.sum())


def most_days_of_responders(patients: AnalysedPatients, percent: float) -> NDArray[np.int64]:
    """Most headache days at follow-up with which each patient still is a responder; −1 where never."""
    # The rule of the comparison: improvement as a share of the baseline, exact ties counted.
    kept = (1 - percent / 100 + TIE_TOLERANCE) * patients.before * patients.windows.followup
    return np.where(patients.eligible, np.floor(kept), -1).astype(np.int64)


class Forecast:
    """P(0, 1, … headache days at follow-up) of each kind of patient: kinds share their counts and days."""

    def __init__(self, patients: AnalysedPatients, spreads: Spreads, rule: Rule, people: UsualRates):
        windows = patients.windows
        keys = np.stack([windows.baseline, patients.headache_before, windows.followup], axis=1)
        # As one number each: a million rows of three are slow to sort. Days are fewer than 10,000.
        _, first, kind_of = np.unique(
            keys @ np.array([10**8, 10**4, 1]), return_index=True, return_inverse=True
        )
        kinds = keys[first]
        self.kind_of: NDArray[np.int64] = kind_of.reshape(-1)
        self.followup_days: NDArray[np.int64] = kinds[:, 2]
        self._length, self._people = windows.baseline_length, people
        any_month = self._likelihoods(kinds, spreads, Rule("any"))
        by_rule = any_month if rule.name == "any" else self._likelihoods(kinds, spreads, rule)
        possible = by_rule.sum(axis=1) > 0
        self.n_outside_rule = int((~possible)[self.kind_of].sum())
        likelihood = np.where(possible[:, None], by_rule, any_month)
        posterior = likelihood * people.weights
        self.posterior = posterior / posterior.sum(axis=1, keepdims=True)
        self.chances = self._chances(spreads)

    def _likelihoods(self, kinds: NDArray[np.int64], spreads: Spreads, rule: Rule) -> Values:
        """P(the recorded baseline count, and entering) at each usual rate; kinds × rates."""
        entering = entering_counts(self._length, self._people.rates, spreads.day_icc, rule)
        found = np.empty((len(kinds), len(self._people.rates)))
        for recorded in np.unique(kinds[:, 0]):
            seen = entering @ thinning(self._length, int(recorded))
            of_these = kinds[:, 0] == recorded
            found[of_these] = seen[:, kinds[of_these, 1]].T
        return found

    def _chances(self, spreads: Spreads) -> Values:
        """Kinds × counts at follow-up, 0 beyond the recorded days."""
        found = np.zeros((len(self.followup_days), int(self.followup_days.max()) + 1))
        for recorded in np.unique(self.followup_days):
            of_these = self.followup_days == recorded
            months = month_counts(int(recorded), self._people.rates, spreads.day_icc)
            found[of_these, : recorded + 1] = self.posterior[of_these] @ months
        return found


def expected_and_drawn(
    forecast: Forecast, patients: AnalysedPatients, plan: AnalysisPlan, thresholds: list[NDArray[np.int64]]
) -> list[Estimate]:
    """The expected change, then the expected share of responders by each threshold."""
    kind, days = forecast.kind_of, patients.windows.followup
    counts = np.arange(forecast.chances.shape[1])
    mean = (forecast.chances @ counts)[kind]
    variance = (forecast.chances @ counts**2)[kind] - mean**2
    per_day = DAYS_PER_PERIOD / days
    expected = [math.fsum(per_day * mean - DAYS_PER_PERIOD * patients.before)]
    spread = [math.fsum(per_day**2 * variance)]
    cumulative = np.minimum(np.cumsum(forecast.chances, axis=1), 1.0)
    for most in thresholds:
        chance = np.where(most < 0, 0.0, cumulative[kind, np.maximum(0, most)])
        expected.append(math.fsum(chance))
        spread.append(math.fsum(chance * (1 - chance)))
    of = [patients.n, *[patients.n_eligible] * len(thresholds)]
    if patients.n * plan.null_draws > MOST_DRAWS:
        return _normal(expected, spread, of, plan.confidence)
    totals = np.zeros((1 + len(thresholds), plan.null_draws))
    generator = np.random.Generator(np.random.PCG64(plan.seed))
    for patient in range(patients.n):
        uniform = generator.random(plan.null_draws)
        drawn = np.searchsorted(cumulative[kind[patient], : days[patient]], uniform, side="right")
        totals[0] += per_day[patient] * drawn - DAYS_PER_PERIOD * patients.before[patient]
        for row, most in enumerate(thresholds, start=1):
            totals[row] += drawn <= most[patient]
    edges = (0.5 - plan.confidence / 2, 0.5 + plan.confidence / 2)
    method = f"beta-binomial null model, interval from {plan.null_draws} draws"
    found = []
    for row, n in enumerate(of):
        low, high = np.quantile(totals[row], edges)
        found.append(_estimate(expected[row], float(low), float(high), n, method))
    return found


def _normal(expected: list[float], spread: list[float], of: list[int], confidence: float) -> list[Estimate]:
    method = "beta-binomial null model, normal interval"
    z = float(ndtri(0.5 + confidence / 2))
    return [
        _estimate(total, total - z * math.sqrt(variance), total + z * math.sqrt(variance), n, method)
        for total, variance, n in zip(expected, spread, of, strict=True)
    ]


def _estimate(total: float, low: float, high: float, n: int, method: str) -> Estimate:
    if not n:
        return Estimate(
            None, None, None, None, method, ("no_patients: nobody has a baseline to respond from",)
        )
    # At a handful of patients a share's expectation can lie beyond every likely count.
    value = total / n
    return Estimate(value, min(low / n, value), max(high / n, value), None, method)
