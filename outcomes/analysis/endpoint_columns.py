"""Every statistic of one endpoint in every group at once. One group is the case of everyone. Docs: docs/method.md."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.care_units import CARE_UNITS, LEAST_PATIENTS
from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.diagnoses import CLUSTER_NOTE
from outcomes.analysis.endpoints import COUNTED_OUT_OF, PERIODS
from outcomes.analysis.estimate_columns import Estimates, Notes
from outcomes.analysis.estimates import (
    correlations,
    mean_intervals,
    medians,
    paired_changes,
    standard_deviations,
)
from outcomes.analysis.group_columns import GroupColumns, StatisticColumn
from outcomes.analysis.paired.ratios import rate_ratios
from outcomes.analysis.period_pairs import PeriodPairs, in_order
from outcomes.analysis.responders import grouped_responder_shares
from outcomes.analysis.samples import Counts, Flags, Layout, Sample, Samples, Values
from outcomes.plan import AnalysisPlan

#: Statistics that begin so describe one period of patients who are not compared.
DESCRIBED = "described_"

#: Above so many groups the methods beside the defaults, which work one group at a time, are not run in each.
MAX_GROUPS_OF_METHODS = 200

_CONDITIONAL = "conditional: only patients with headache in both periods have a value"
_FEW = (
    f"few_patients: fewer than {LEAST_PATIENTS} compared patients, counted here and without a figure of their own",
)


@dataclass(frozen=True, eq=False)
class Groups:
    """Which groups: `codes[i]` is the place in `names` of the group of patient i. `by` None: everyone, in one group."""

    by: str | None
    names: tuple[str, ...]
    codes: Counts


@dataclass(frozen=True, eq=False)
class _Cut:
    """One endpoint, the patients in the order of the groups; `rows`: all of them, `complete`: who has both periods.

    `levels` are the values of everyone, also of those who are `described` only; `values` without theirs.
    """

    endpoint: Endpoint
    plan: AnalysisPlan
    order: NDArray[np.intp]
    rows: Layout
    levels: dict[str, Values]
    values: dict[str, Values]
    described: Flags
    complete: Flags
    layout: Layout

    def samples(self, period: str) -> Samples:
        """The complete pairs of each group, in one period."""
        return Samples(self.values[period][self.complete], self.layout)

    @property
    def possible(self) -> tuple[float, float]:
        return self.endpoint.lowest, math.inf if self.endpoint.highest is None else self.endpoint.highest


def endpoint_in_groups(
    pairs: PeriodPairs, endpoint: Endpoint, plan: AnalysisPlan, groups: Groups, *, mode: str, daily: bool,
    notes: Notes = (), all_methods: bool = False,
) -> GroupColumns:  # fmt: skip
    """Compare one endpoint before and after in every group. `notes` stand beside each statistic.

    Groups of a care unit with fewer than `LEAST_PATIENTS` compared patients are there with their counts alone.
    """
    cut = _cut(pairs, endpoint, plan, groups)
    columns = list(_default_columns(cut, _why_left_out(cut, pairs) if daily and not endpoint.core else None))
    if all_methods:
        columns += _columns_of_methods(cut, pairs)
    if endpoint.no_inference:
        columns = [replace(one, estimates=one.estimates.without_inference()) for one in columns]
    if groups.by in CARE_UNITS:
        few = cut.layout.sizes < LEAST_PATIENTS
        columns = [one.without(few, _FEW) for one in columns]
    common = ((_CONDITIONAL,) if endpoint.conditional else ()) + notes
    if endpoint.no_inference:
        common += (endpoint.no_inference,)
    whole = pairs.frame(cut.values).set_axis(pairs.patients[cut.order])
    return GroupColumns(
        endpoint, groups.by, groups.names, mode, daily, cut.rows.sizes, cut.layout, columns, common, plan,
        whole[cut.complete],
    )  # fmt: skip


def _cut(pairs: PeriodPairs, endpoint: Endpoint, plan: AnalysisPlan, groups: Groups) -> _Cut:
    order, sizes = in_order(groups.codes, groups.names)
    levels = {period: values[order] for period, values in pairs.values(endpoint.name).items()}
    described = pairs.described_only[order]
    values = {period: np.where(described, np.nan, one) for period, one in levels.items()}
    complete = ~np.isnan(values["baseline"]) & ~np.isnan(values["followup"])
    rows = Layout.of_sizes(sizes)
    return _Cut(
        endpoint, plan, order, rows, levels, values, described, complete, rows.kept(complete)
    )  # fmt: skip


def _default_columns(cut: _Cut, why_left_out: list[Notes] | None) -> Iterator[StatisticColumn]:
    """The statistics of the default comparison, in their order."""
    baseline, followup = cut.samples("baseline"), cut.samples("followup")
    differences, level = followup.minus(baseline), cut.plan.confidence
    change = _told_of_described(paired_changes(differences, level), cut)
    shown = change if why_left_out is None else change.with_notes(why_left_out)
    unit = cut.endpoint.unit
    for name, estimates, of in (
        ("baseline_mean", mean_intervals(baseline, level, cut.possible), unit),
        ("followup_mean", mean_intervals(followup, level, cut.possible), unit),
        ("change", shown, unit),
        ("rate_ratio", rate_ratios(baseline, followup, level, change), "ratio"),
        ("baseline_sd", standard_deviations(baseline), unit),
        ("followup_sd", standard_deviations(followup), unit),
        ("change_sd", standard_deviations(differences), unit),
        ("change_median", medians(differences), unit),
        ("correlation", correlations(baseline, followup), "correlation"),
    ):
        yield StatisticColumn(name, of, estimates, baseline.n)
    if not cut.endpoint.conditional:
        before, after = (cut.values[period] for period in PERIODS)
        for row in grouped_responder_shares(before, after, cut.rows, cut.endpoint, cut.plan):
            yield StatisticColumn(row.name, "share", row.estimates, row.n, row.count)
    yield from _described_columns(cut)


def _told_of_described(change: Estimates, cut: _Cut) -> Estimates:
    """The change, with how many patients of the group are described and not compared."""
    described = cut.rows.counts(cut.described)
    if not described.any():
        return change
    notes: list[Notes] = []
    for own, n, out, all_of_them in zip(
        change.notes, cut.layout.sizes.tolist(), described.tolist(), cut.rows.sizes.tolist(), strict=True
    ):
        withheld = (f"{out} of {all_of_them} left out: {CLUSTER_NOTE}",) if out else ()
        # Without a pair the reason is the rule, and not that somebody has no value.
        notes.append((*(own if n or not withheld else ()), *withheld))
    return replace(change, notes=notes)


def _described_columns(cut: _Cut) -> Iterator[StatisticColumn]:
    """Levels of those who are not compared: each period by itself, and no difference of the two."""
    present = cut.rows.counts(cut.described) > 0
    for period in PERIODS if present.any() else ():
        known = cut.described & ~np.isnan(cut.levels[period])
        levels = Samples(cut.levels[period][known], cut.rows.kept(known))
        found = mean_intervals(levels, cut.plan.confidence, cut.possible)
        yield StatisticColumn(
            f"{DESCRIBED}{period}_mean", cut.endpoint.unit, found, levels.n, present=present
        )


def _why_left_out(cut: _Cut, pairs: PeriodPairs) -> list[Notes]:
    """How many of each group have no value for want of recorded days, and how many for another reason."""
    first, second = (one[cut.order] for one in pairs.flags("covered").values())
    covered = first & second
    unknown = cut.rows.counts(~cut.complete & covered).tolist()
    too_few = cut.rows.counts(~cut.complete & ~covered).tolist()
    return [
        (
            f"left out: {few} with too few recorded days, {n} with enough of them but the endpoint not known or not "
            "defined on enough",
        )
        if n
        else ()
        for few, n in zip(too_few, unknown, strict=True)
    ]


def _columns_of_methods(cut: _Cut, pairs: PeriodPairs) -> list[StatisticColumn]:
    """The methods beside the defaults: group by group, or in a word why not."""
    # They take time to import, and the default comparison does without them.
    from outcomes.analysis.paired.all_methods import RecordedDays, all_methods, methods_not_run

    if len(cut.layout) > MAX_GROUPS_OF_METHODS:
        note = (
            f"not run: {len(cut.layout):,} groups are more than {MAX_GROUPS_OF_METHODS}; the default rows of each "
            "group stand, and an endpoint table cut to one group has every method"
        )
        rows = [methods_not_run(cut.endpoint, note)] * len(cut.layout)
    else:
        values = [cut.values[period][cut.complete] for period in PERIODS]
        values += [days[cut.order][cut.complete] for days in _recorded_days(cut.endpoint, pairs)]
        rows = []
        for first, last in pairwise(cut.layout.bounds.tolist()):
            before, after, *days = (one[first:last] for one in values)
            recorded = RecordedDays(*days)
            rows.append(all_methods(Sample(before), Sample(after), recorded, cut.endpoint, cut.plan))
    return [
        StatisticColumn(name, unit, Estimates.of([found[at][1] for found in rows]), cut.layout.sizes)
        for at, (name, _, unit) in enumerate(rows[0] if rows else ())
    ]


def _recorded_days(endpoint: Endpoint, pairs: PeriodPairs) -> list[Values]:
    """The days out of which the endpoint was counted, in each period, one per patient; NaN where not known."""
    days = COUNTED_OUT_OF.get(endpoint.name, "")
    if days in pairs.rows:
        return list(pairs.values(days).values())
    return [np.full(len(pairs), np.nan)] * len(PERIODS)
