"""Before against after: pair by patient, compare, count responders. Sources: docs/method.md#comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.care_units import CARE_UNITS, LEAST_PATIENTS
from outcomes.analysis.catalogue import Endpoint, find_endpoint
from outcomes.analysis.change_blocks import Changes
from outcomes.analysis.diagnoses import CLUSTER_NOTE, EPISODIC_CLUSTER
from outcomes.analysis.endpoint_columns import DESCRIBED as DESCRIBED
from outcomes.analysis.endpoint_columns import Groups, endpoint_in_groups
from outcomes.analysis.endpoints import (
    DAILY_ATTRIBUTE,
    FIXED_COLUMNS,
    NAMED_ATTRIBUTE,
    NOTES_ATTRIBUTE,
    PLAN_ATTRIBUTE,
    endpoint_names,
)
from outcomes.analysis.group_columns import GroupColumns
from outcomes.analysis.period_pairs import NOT_RECORDED as NOT_RECORDED
from outcomes.analysis.period_pairs import PeriodPairs
from outcomes.analysis.responders import TIE_TOLERANCE as TIE_TOLERANCE
from outcomes.analysis.results import ComparisonTable, PairedChange
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

ALL = "all"
UNDER_18 = "0-17"


def pair_by_patient(endpoints: pd.DataFrame, endpoint: str, mode: str | None = None) -> pd.DataFrame:
    """`baseline` and `followup` of one endpoint, one row per patient, indexed by `patient_id`.

    NaN where a period has no value. `mode` may be left out where the table has one, or has a diary: modes
    are never pooled. Patients with episodic cluster headache have no pair: they are described and never compared
    (docs/method.md#diagnosis). Raises PlanError.
    """
    rows = endpoints[endpoints["mode"] == _mode_of(endpoints, mode)]
    _must_hold(endpoints, endpoint)
    pairs = PeriodPairs.of(rows)
    values = pairs.values(endpoint)
    return pairs.frame({name: np.where(pairs.described_only, np.nan, one) for name, one in values.items()})


def _must_hold(endpoints: pd.DataFrame, endpoint: str) -> None:
    if endpoint not in endpoint_names(endpoints):
        raise PlanError(f"These records do not hold '{endpoint}'.")


def compare(
    endpoints: pd.DataFrame,
    endpoint: str,
    plan: AnalysisPlan | None = None,
    *,
    mode: str | None = None,
    by: str | None = None,
    group: str = ALL,
    all_methods: bool = False,
) -> PairedChange:
    """Compare one endpoint before and after, over all patients of the endpoint table.

    `endpoints` comes from `measure_endpoints`; cut it by rows to compare a group, and name it (`by`,
    `group`). Without `plan`, the plan that measured the endpoints. `all_methods` adds a row for each of
    `outcomes.analysis.paired.all_methods.METHODS` after the defaults. Raises PlanError for an endpoint that
    is neither in the catalogue nor declared, and for a plan with other windows than those that were measured.
    """
    plan = _plan_of(endpoints, plan)
    found = find_endpoint(endpoint, plan)
    mode = _mode_of(endpoints, mode)
    _must_hold(endpoints, endpoint)
    comparing = _Comparing.of(endpoints, mode, plan, all_methods)
    return comparing.in_groups(found, comparing.everyone(by, group))[0]


@dataclass(frozen=True, eq=False)
class _Comparing:
    """The rows of one mode, matched by patient once for every endpoint and cut."""

    endpoints: pd.DataFrame
    mode: str
    plan: AnalysisPlan
    pairs: PeriodPairs
    all_methods: bool

    @classmethod
    def of(cls, endpoints: pd.DataFrame, mode: str, plan: AnalysisPlan, all_methods: bool) -> _Comparing:
        rows = endpoints[endpoints["mode"] == mode]
        return cls(endpoints, mode, plan, PeriodPairs.of(rows), all_methods)

    def everyone(self, by: str | None = None, group: str = ALL) -> Groups:
        return Groups(by, (group,), np.zeros(len(self.pairs), dtype=np.int64))

    def groups(self, by: str) -> Groups:
        """The categories of a column of `patients`, in order. Raises PlanError."""
        names = endpoint_names(self.endpoints)
        if by not in self.endpoints.columns or by in (*FIXED_COLUMNS, EPISODIC_CLUSTER, *names):
            raise PlanError(f"'{by}' is not a category of the table 'patients' in these records.")
        codes, categories = self.pairs.groups(by)
        return Groups(by, categories, codes)

    def in_groups(self, endpoint: Endpoint, groups: Groups) -> GroupColumns:
        attributes = self.endpoints.attrs
        daily = self.mode == "diary" and endpoint.name in attributes.get(DAILY_ATTRIBUTE, ())
        notes = tuple(attributes.get(NOTES_ATTRIBUTE, {}).get(endpoint.name, ())) if daily else ()
        return endpoint_in_groups(
            self.pairs, endpoint, self.plan, groups, mode=self.mode, daily=daily, notes=notes,
            all_methods=self.all_methods,
        )  # fmt: skip


def compare_groups(
    endpoints: pd.DataFrame,
    endpoint: str,
    by: str,
    plan: AnalysisPlan | None = None,
    *,
    mode: str | None = None,
    all_methods: bool = False,
) -> ComparisonTable:
    """The comparison over everyone, then in each category of `by`, a column of `patients`.

    Patients whose category is not recorded form a group of their own, so that the groups add up. `practitioner_id`
    and `site_id` come from `outcomes.analysis.care_units.with_care_unit`: groups of fewer than five compared patients
    have their counts there, and no figures.
    """
    plan = _plan_of(endpoints, plan)
    mode = _mode_of(endpoints, mode)
    found = find_endpoint(endpoint, plan)
    _must_hold(endpoints, endpoint)
    comparing = _Comparing.of(endpoints, mode, plan, all_methods)
    blocks = [comparing.in_groups(found, cut) for cut in (comparing.everyone(), comparing.groups(by))]
    return ComparisonTable(Changes(blocks), plan, _withheld_notes(blocks))


def compare_all(
    endpoints: pd.DataFrame,
    plan: AnalysisPlan | None = None,
    *,
    by: Sequence[str] = (),
    all_methods: bool = False,
) -> ComparisonTable:
    """Every endpoint that the records hold, the primary first, in every mode, over everyone and by group."""
    plan = _plan_of(endpoints, plan)
    find_endpoint(plan.primary_endpoint, plan)
    names = endpoint_names(endpoints)
    ordered = sorted(names, key=lambda name: name != plan.primary_endpoint)
    blocks: list[GroupColumns] = []
    modes = pd.unique(endpoints["mode"])
    for mode in modes:
        comparing = _Comparing.of(endpoints, mode, plan, all_methods)
        cuts = [comparing.everyone(), *(comparing.groups(column) for column in dict.fromkeys(by))]
        for name in ordered:
            if len(modes) == 1 or comparing.pairs.rows[name].notna().any():
                blocks += [comparing.in_groups(find_endpoint(name, plan), cut) for cut in cuts]
    return ComparisonTable(Changes(blocks), plan, (*_notes(endpoints, plan), *_withheld_notes(blocks)))


def responders(
    endpoints: pd.DataFrame, endpoint: str, plan: AnalysisPlan | None = None, *, mode: str | None = None
) -> pd.DataFrame:
    """Share of patients reaching each reduction of the plan, one row per reduction and denominator.

    `responders_50`: of those with both periods; `responders_50_all_started`: of all with a valid baseline,
    a missing follow-up counted as no response.
    """
    frame = compare(endpoints, endpoint, plan, mode=mode).to_frame()
    return frame[frame["statistic"].str.startswith(("responders", "worsened"))].reset_index(drop=True)


#: What the endpoint table was measured by: a comparison under another value of these would be untrue.
_MEASURED_BY = (
    "baseline_days",
    "followup_first_day",
    "followup_last_day",
    "min_recorded_days",
    "summary_baseline",
    "summary_followup",
)


def _plan_of(endpoints: pd.DataFrame, plan: AnalysisPlan | None) -> AnalysisPlan:
    """The plan of a comparison: the one given if it measured the endpoints, else the one that did."""
    measured = endpoints.attrs.get(PLAN_ATTRIBUTE)
    if measured is None:
        return plan if plan is not None else AnalysisPlan()
    if plan is None:
        return AnalysisPlan.from_mapping(measured)
    given = plan.to_dict()
    other = [name for name in _MEASURED_BY if given[name] != measured[name]]
    if other:
        raise PlanError(
            f"The endpoints were measured under another plan ({', '.join(other)} differ). Follow one plan from "
            "split_periods to compare."
        )
    return plan


def _mode_of(endpoints: pd.DataFrame, mode: str | None) -> str:
    modes = list(pd.unique(endpoints["mode"]))
    if mode is not None:
        if modes and mode not in modes:
            raise PlanError(f"These records hold no summaries in that mode. They hold: {', '.join(modes)}.")
        return mode
    if len(modes) == 1 or "diary" in modes or not modes:
        return "diary" if "diary" in modes or not modes else str(modes[0])
    raise PlanError(
        f"These records hold several modes ({', '.join(modes)}), which are never pooled: name one."
    )


def _number_described(endpoints: pd.DataFrame) -> int:
    """Patients, in any mode, who are described and never compared."""
    if EPISODIC_CLUSTER not in endpoints:
        return 0
    return int(endpoints.loc[endpoints[EPISODIC_CLUSTER].astype("bool"), "patient_id"].nunique())


def _withheld_notes(blocks: Sequence[GroupColumns]) -> tuple[str, ...]:
    """How many practitioners or sites have no figures of their own, in the first endpoint of each mode."""
    first = {(block.mode, block.by): block for block in reversed(blocks)}
    return tuple(
        f"{block.by}: {few:,} of {len(block):,} groups have fewer than {LEAST_PATIENTS} patients compared in "
        f"{block.endpoint.name}, and no figures of their own"
        for block in reversed(first.values())
        if block.by in CARE_UNITS and (few := int((block.layout.sizes < LEAST_PATIENTS).sum()))
    )


def _notes(endpoints: pd.DataFrame, plan: AnalysisPlan) -> tuple[str, ...]:
    notes = []
    if n := _number_described(endpoints):
        notes.append(f"{n} {'patient is' if n == 1 else 'patients are'} in no change: {CLUSTER_NOTE}")
    named = endpoints.attrs.get(NAMED_ATTRIBUTE, False)
    if plan.primary_endpoint not in endpoint_names(endpoints) and not named:
        notes.append(f"the primary endpoint {plan.primary_endpoint} is not in these records; the others are")
    if plan.baseline_days < DAYS_PER_PERIOD and "diary" in set(endpoints["mode"]):
        notes.append(f"short_baseline: {plan.baseline_days} days, less than {DAYS_PER_PERIOD}")
    if "group" in endpoints.columns:
        untreated = endpoints.loc[
            endpoints["group"].notna() & (endpoints["group"] != "treated"), "patient_id"
        ]
        if n := untreated.nunique():
            who = "patient" if n == 1 else "patients"
            notes.append(f"'all' holds {n} {who} of groups other than 'treated'")
    if "age_band" in endpoints.columns and any("migraine" in name for name in endpoint_names(endpoints)):
        young = endpoints.loc[endpoints["age_band"] == UNDER_18, "patient_id"].nunique()
        if young:
            notes.append(
                f"{young} under 18: attacks from 2 hours on are migraine there; no rule of days changes"
            )
    return tuple(notes)
