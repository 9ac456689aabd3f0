"""Every statistic of one set of pairs: levels, change, ratio, spread, responders.

Definitions and sources: docs/method.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.diagnoses import CLUSTER_NOTE
from outcomes.analysis.endpoints import PERIODS
from outcomes.analysis.estimates import (
    Estimate,
    Sample,
    correlation,
    mean_interval,
    median,
    paired_change,
    standard_deviation,
)
from outcomes.analysis.paired.ratios import rate_ratio
from outcomes.analysis.responders import responder_shares
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.plan import AnalysisPlan

#: Statistics that begin so describe one period of patients who are not compared.
DESCRIBED = "described_"

_CONDITIONAL = "conditional: only patients with headache in both periods have a value"


@dataclass(frozen=True)
class Place:
    """Where in the table of results a comparison stands."""

    mode: str
    daily: bool
    by: str | None
    group: str
    notes: tuple[str, ...] = ()
    why_left_out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Pairs:
    """One set of pairs, and what every statistic of it says of itself."""

    pairs: pd.DataFrame
    complete: pd.DataFrame
    baseline: Sample
    followup: Sample
    endpoint: Endpoint
    plan: AnalysisPlan
    place: Place

    @classmethod
    def of(cls, pairs: pd.DataFrame, endpoint: Endpoint, plan: AnalysisPlan, place: Place) -> _Pairs:
        complete = pairs.dropna()
        sides = [Sample(complete[period].to_numpy(dtype=np.float64)) for period in PERIODS]
        return cls(pairs, complete, sides[0], sides[1], endpoint, plan, place)

    @property
    def common_notes(self) -> tuple[str, ...]:
        """What stands beside every number."""
        endpoint = self.endpoint
        conditional = (_CONDITIONAL,) if endpoint.conditional else ()
        described_only = (endpoint.no_inference,) if endpoint.no_inference else ()
        return (*conditional, *self.place.notes, *described_only)

    @property
    def possible(self) -> tuple[float, float]:
        """Least and greatest value that there can be."""
        return self.endpoint.lowest, math.inf if self.endpoint.highest is None else self.endpoint.highest

    def row(
        self, name: str, found: Estimate, unit: str, of: int | None = None, count: int | None = None
    ) -> Statistic:
        """A statistic of so many patients; of all pairs where none are named."""
        n = len(self.complete) if of is None else of
        endpoint, place = self.endpoint, self.place
        if endpoint.no_inference:
            found = replace(found, low=None, high=None, p=None)
        return Statistic(
            endpoint=endpoint.name, by=place.by, group=place.group, statistic=name, value=found.value,
            low=found.low, high=found.high, p=found.p, n=n, n_left_out=len(self.pairs) - n, count=count, unit=unit,
            mode=place.mode, confidence=self.plan.confidence, method=found.method,
            notes=(*found.notes, *self.common_notes),
        )  # fmt: skip


def compare_pairs(
    pairs: pd.DataFrame,
    endpoint: Endpoint,
    plan: AnalysisPlan,
    place: Place,
    described: pd.DataFrame,
    recorded: pd.DataFrame | None = None,
) -> PairedChange:
    """Every statistic of one set of pairs. With the `recorded` days of each pair, all methods beside the defaults.

    `described` are the levels of those who are not compared: each period by itself, and no difference of the two.
    """
    of = _Pairs.of(pairs, endpoint, plan, place)
    n, n_patients = len(of.complete), len(pairs)
    rows = _change_rows(of, len(described))
    if not endpoint.conditional:
        rows += [
            of.row(name, replace(estimate, notes=(*estimate.notes, *notes)), "share", among, count)
            for name, estimate, among, count, notes in responder_shares(pairs, endpoint, plan)
        ]
    rows += _described_rows(of, described)
    if recorded is not None:
        rows += _rows_of_all_methods(of, recorded)
    return PairedChange(
        endpoint=endpoint,
        by=place.by,
        group=place.group,
        mode=place.mode,
        daily=place.daily,
        n=n,
        n_left_out=n_patients - n,
        statistics=tuple(rows),
        plan=plan,
        pairs=of.complete,
    )


def _change_rows(of: _Pairs, n_described: int) -> list[Statistic]:
    """Levels, change, ratio and spread. `n_described`: patients who are described and not compared."""
    baseline, followup, confidence, unit = of.baseline, of.followup, of.plan.confidence, of.endpoint.unit
    differences = Sample(followup.values - baseline.values)
    change = paired_change(baseline, followup, confidence)
    withheld = (f"{n_described} of {len(of.pairs)} left out: {CLUSTER_NOTE}",) if n_described else ()
    # Without a pair the reason is the rule, and not that somebody has no value.
    change = replace(change, notes=(*(change.notes if len(of.complete) or not withheld else ()), *withheld))
    told = replace(change, notes=(*change.notes, *of.place.why_left_out))
    return [
        of.row("baseline_mean", mean_interval(baseline, confidence, of.possible), unit),
        of.row("followup_mean", mean_interval(followup, confidence, of.possible), unit),
        of.row("change", told, unit),
        of.row("rate_ratio", rate_ratio(baseline, followup, confidence, change), "ratio"),
        of.row("baseline_sd", standard_deviation(baseline), unit),
        of.row("followup_sd", standard_deviation(followup), unit),
        of.row("change_sd", standard_deviation(differences), unit),
        of.row("change_median", median(differences), unit),
        of.row("correlation", correlation(baseline, followup), "correlation"),
    ]


def _described_rows(of: _Pairs, described: pd.DataFrame) -> list[Statistic]:
    """The levels of those who are not compared, each period by itself."""
    rows = []
    for period in PERIODS if len(described) else ():
        levels = described[period].dropna().to_numpy(dtype=np.float64)
        found = mean_interval(levels, of.plan.confidence, of.possible)
        rows.append(of.row(f"{DESCRIBED}{period}_mean", found, of.endpoint.unit, len(levels)))
    return rows


def _rows_of_all_methods(of: _Pairs, recorded: pd.DataFrame) -> list[Statistic]:
    # The other methods take time to import, and the default comparison does without them.
    from outcomes.analysis.paired.all_methods import RecordedDays, all_methods

    days = recorded.loc[of.complete.index].to_numpy(dtype=np.float64)
    counted = RecordedDays(days[:, 0], days[:, 1])
    return [of.row(*one) for one in all_methods(of.baseline, of.followup, counted, of.endpoint, of.plan)]
