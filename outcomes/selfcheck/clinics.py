"""Patients and months whose truth is known: beta-binomial headache days around each patient's usual share.

A patient has a usual share of headache days. Each month has a share of its own, Beta-distributed around the usual one
with the intra-class correlation `day_icc`, and the recorded days of the month have headache with that share. So the
mean of 28·h/n over patients is 28 times the mean usual share, whatever was recorded.

Two sorts of clinic: `TypicalClinic` (docs/method.md, docs/validity.md), and `OwnClinic`, whose patients are drawn from
those of given records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.estimates import Values
from outcomes.analysis.periods import Periods
from outcomes.analysis.regression_to_mean.count_model import Rule, WindowDays
from outcomes.analysis.regression_to_mean.spreads import fitted_spreads, observed_variances
from outcomes.errors import InvalidRecords
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

Wholes = NDArray[np.int64]
Generator = np.random.Generator

#: Intra-class correlation of headache days within a month, as in the daily logs of KosteckiDillon (0.08).
DAY_ICC = 0.077

#: Usual headache days per 28 of the two sorts of patient, drawn evenly between the two numbers, and their shares.
EPISODIC, CHRONIC, CHRONIC_SHARE = (4.0, 14.0), (15.0, 26.0), 0.4

#: How much patients differ in what they leave out, as an intra-class correlation.
_RECORDING_ICC = 0.05

#: Whoever has many headache days leaves out more of them after treatment: missing at random given the baseline.
_MORE_MISSING_PER_SHARE = 1.0

_MOST_DRAWS = 200


@dataclass(frozen=True)
class Patients:
    """One element per patient (any shape): the usual share of headache days, the recorded days of each window."""

    usual: Values
    recorded_before: Wholes
    recorded_after: Wholes


class Population(Protocol):
    """Where patients come from. `mean` is the mean usual share over the population, exactly."""

    @property
    def mean(self) -> float: ...

    @property
    def day_icc(self) -> float: ...

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Patients: ...

    def described(self) -> str: ...


@dataclass(frozen=True)
class TypicalClinic:
    """Three patients of five with 4 to 14 headache days, two with 15 to 26; a share of the days `missing`.

    What is missing is drawn among those who are analysed: nobody has fewer recorded days than the plan asks for.
    """

    plan: AnalysisPlan
    missing: float
    day_icc: float = DAY_ICC

    @property
    def mean(self) -> float:
        return ((1 - CHRONIC_SHARE) * sum(EPISODIC) / 2 + CHRONIC_SHARE * sum(CHRONIC) / 2) / DAYS_PER_PERIOD

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Patients:
        chronic = generator.random(shape) < CHRONIC_SHARE
        least, most = (np.where(chronic, CHRONIC[edge], EPISODIC[edge]) for edge in (0, 1))
        usual = (least + (most - least) * generator.random(shape)) / DAYS_PER_PERIOD
        odds = np.full(shape, self.missing / (1 - self.missing))
        more = np.exp(_MORE_MISSING_PER_SHARE * (usual - self.mean))
        plan = self.plan
        return Patients(
            usual,
            _recorded(generator, odds, plan.baseline_days, plan.min_recorded_in(plan.baseline_days)),
            _recorded(generator, odds * more, plan.followup_days, plan.min_recorded_in(plan.followup_days)),
        )

    def described(self) -> str:
        return (
            f"a made-up clinic: {1 - CHRONIC_SHARE:.0%} of the patients with {EPISODIC[0]:g} to {EPISODIC[1]:g} "
            f"headache days per 28, {CHRONIC_SHARE:.0%} with {CHRONIC[0]:g} to {CHRONIC[1]:g}; {self.missing:.0%} of "
            "the days not recorded, more of them after treatment by those with many headache days; day correlation "
            f"{self.day_icc:g}"
        )


@dataclass(frozen=True, eq=False)
class OwnClinic:
    """Patients like those analysed in given records: their recorded days, and usual shares that fit their baselines.

    Usual shares come from a Beta distribution for each patient: that of the population, drawn towards the patient's
    own baseline by as much as its recorded days tell, given that days of one month resemble each other.
    """

    successes: Values
    failures: Values
    recorded_before: Wholes
    recorded_after: Wholes
    day_icc: float
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, periods: Periods) -> OwnClinic:
        """Raises PlanError without a daily diary, InvalidRecords where fewer than two patients are compared."""
        counts = window_counts(periods)
        counts = counts[counts["standing"] == "analysed"]
        if len(counts) < 2:
            raise InvalidRecords(
                ["Fewer than two patients are in the comparison: there is nothing to check."]
            )
        days = {
            name: counts[name].to_numpy(np.int64)
            for name in counts.columns
            if name.endswith(("_recorded_days", "_headache_days"))
        }
        before, after = days["baseline_recorded_days"], days["followup_recorded_days"]
        headache = days["baseline_headache_days"]
        # One half-day of each kind keeps the mean inside (0, 1) where nobody has a headache, or everybody always.
        mean = float((headache.sum() + 0.5) / (before.sum() + 1.0))
        observed = observed_variances(headache / before, days["followup_headache_days"] / after)
        windows = WindowDays(periods.plan.baseline_days, before, after)
        spreads, notes = fitted_spreads(mean, Rule.named("any"), windows, observed)
        prior = (1 - spreads.patient_icc) / spreads.patient_icc
        weight = 1 / (1 + (before - 1) * spreads.day_icc)
        return cls(
            mean * prior + weight * headache,
            (1 - mean) * prior + weight * (before - headache),
            before,
            after,
            spreads.day_icc,
            notes,
        )

    @property
    def n(self) -> int:
        """Patients in the comparison."""
        return len(self.recorded_before)

    @property
    def mean(self) -> float:
        return float(np.mean(self.successes / (self.successes + self.failures)))

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Patients:
        which = generator.integers(0, self.n, shape)
        usual = generator.beta(self.successes[which], self.failures[which])
        return Patients(usual, self.recorded_before[which], self.recorded_after[which])

    def described(self) -> str:
        days = (self.recorded_before.mean(), self.recorded_after.mean())
        return (
            f"patients like the {self.n} compared in these records: {DAYS_PER_PERIOD * self.mean:.1f} headache days "
            f"per 28, {days[0]:.1f} and {days[1]:.1f} days recorded in the two windows, "
            f"day correlation {self.day_icc:.3f}"
        )


def month_shares(generator: Generator, usual: Values, day_icc: float) -> Values:
    """A month's share of headache days for each usual share: Beta with variance `day_icc`·share·(1 − share)."""
    total = (1 - day_icc) / day_icc
    # A share of exactly 0 or 1 has no Beta distribution; a month of it is the same share.
    inner = np.clip(usual, 1e-9, 1 - 1e-9)
    return generator.beta(inner * total, (1 - inner) * total)


def days_per_28(generator: Generator, shares: Values, recorded: Wholes) -> Values:
    """Headache days per 28 of months with those shares, as the recorded days show them."""
    return DAYS_PER_PERIOD * generator.binomial(recorded, shares) / recorded


def _recorded(generator: Generator, odds_against: Values, days: int, least: int) -> Wholes:
    """Recorded days of each window, `least` or more: drawn again where there are fewer."""
    kept = 1 / (1 + odds_against)
    recorded = np.full(kept.shape, days)
    if not odds_against.any():
        return recorded
    total = (1 - _RECORDING_ICC) / _RECORDING_ICC
    wanted = np.ones(kept.shape, dtype=np.bool_)
    for _ in range(_MOST_DRAWS):
        share = generator.beta(kept[wanted] * total, (1 - kept[wanted]) * total)
        recorded[wanted] = generator.binomial(days, share)
        wanted = recorded < least
        if not wanted.any():
            return recorded
    recorded[wanted] = least
    return recorded
