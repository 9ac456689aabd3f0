"""Coverage of the default intervals of change and rate ratio, and how often a change is declared where none is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from outcomes.analysis.estimate_columns import Estimates
from outcomes.analysis.estimates import MIN_PAIRS_FOR_P, Values, paired_changes
from outcomes.analysis.paired.ratios import rate_ratios
from outcomes.analysis.samples import Layout, Samples
from outcomes.plan import DAYS_PER_PERIOD
from outcomes.selfcheck.clinics import Generator, Population, days_per_28, month_shares
from outcomes.selfcheck.promises import COVERAGE_REACH, TYPE_1_REACH, Promise, share_promise

#: Patients simulated at once, and in all: a large clinic gets fewer replicates, and wider Monte-Carlo bounds.
_AT_ONCE, _IN_ALL = 500_000, 4_000_000
_LEAST_REPLICATES = 200


@dataclass(frozen=True)
class Scenario:
    """What the treatment is made to do to a patient's usual share, and the two true numbers that follow from it.

    `fall` is the true mean of (before − after)/before over the population, which is the same for patients of every
    usual share on average; so the true change is −28·`fall`·(mean usual share), and the true ratio 1 − `fall`.
    """

    name: str
    after: Callable[[Generator, Values], Values]
    fall: float

    @property
    def is_null(self) -> bool:
        return self.fall == 0


def _unchanged(generator: Generator, usual: Values) -> Values:
    return usual


def _as_many_better_as_worse(generator: Generator, usual: Values) -> Values:
    step = 0.5 * usual * (1 - usual)
    return usual + np.where(generator.random(usual.shape) < 0.5, step, -step)


def _everybody_some(generator: Generator, usual: Values) -> Values:
    return usual * (1 - 0.5 * generator.random(usual.shape))


def _a_quarter_much(generator: Generator, usual: Values) -> Values:
    return np.where(generator.random(usual.shape) < 0.25, 0.25 * usual, usual)


SCENARIOS = (
    Scenario("nothing changes", _unchanged, 0.0),
    Scenario("as many get better as worse", _as_many_better_as_worse, 0.0),
    Scenario("everybody falls by 0 to 50%", _everybody_some, 0.25),
    Scenario("one in four falls by 75%", _a_quarter_much, 0.1875),
)


@dataclass
class _Tally:
    """Replicates with an interval, and those whose interval holds the truth."""

    given: int = 0
    holding: int = 0

    def add(self, found: Estimates, truth: float) -> None:
        """Count replicates, one a group; an interval that is not there is NaN, and holds nothing."""
        self.given += int((~np.isnan(found.low) & ~np.isnan(found.high)).sum())
        self.holding += int(((found.low <= truth) & (truth <= found.high)).sum())


def interval_promises(
    population: Population, n: int, replicates: int, confidence: float, generator: Generator
) -> list[Promise]:
    """Coverage of change and ratio in every scenario with `n` patients; type-1 error where nothing changed."""
    replicates = min(replicates, max(_LEAST_REPLICATES, _IN_ALL // n))
    return [
        promise
        for scenario in SCENARIOS
        for promise in _in_scenario(scenario, population, n, replicates, confidence, generator)
    ]


def _in_scenario(
    scenario: Scenario,
    population: Population,
    n: int,
    replicates: int,
    confidence: float,
    generator: Generator,
) -> list[Promise]:
    true_change = -DAYS_PER_PERIOD * scenario.fall * population.mean
    change_tally, ratio_tally, declared = _Tally(), _Tally(), 0
    done = 0
    while done < replicates:
        batch = min(replicates - done, max(1, _AT_ONCE // n))
        before, after = _values(scenario, population, (batch, n), generator)
        layout = Layout.of_sizes(np.full(batch, n))
        baseline, followup = Samples(before.ravel(), layout), Samples(after.ravel(), layout)
        change = paired_changes(followup.minus(baseline), confidence)
        change_tally.add(change, true_change)
        ratio_tally.add(rate_ratios(baseline, followup, confidence, change), 1 - scenario.fall)
        declared += int((change.p < 1 - confidence).sum())
        done += batch
    least, most = confidence - COVERAGE_REACH, confidence + COVERAGE_REACH
    found = [
        share_promise(
            f"coverage of the {name}", scenario.name, n, tally.holding, tally.given, least, most,
            f"without an interval: {replicates - tally.given}" if tally.given < replicates else "",
        )
        for name, tally in (("change", change_tally), ("rate ratio", ratio_tally))
        if tally.given
    ]  # fmt: skip
    if scenario.is_null and n >= MIN_PAIRS_FOR_P:
        most = 1 - confidence + TYPE_1_REACH
        found.append(
            share_promise(
                "a change declared where there is none", scenario.name, n, declared, replicates, None, most
            )
        )
    return found


def _values(
    scenario: Scenario, population: Population, shape: tuple[int, int], generator: Generator
) -> tuple[Values, Values]:
    """Headache days per 28 before and after; replicates × patients."""
    patients = population.draw(generator, shape)
    before = month_shares(generator, patients.usual, population.day_icc)
    after = month_shares(generator, scenario.after(generator, patients.usual), population.day_icc)
    return (
        days_per_28(generator, before, patients.recorded_before),
        days_per_28(generator, after, patients.recorded_after),
    )
