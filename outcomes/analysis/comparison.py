"""Before against after: pair by patient, compare, count responders. Sources: docs/method.md#comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import find_endpoint
from outcomes.analysis.diagnoses import CLUSTER_NOTE, EPISODIC_CLUSTER
from outcomes.analysis.endpoints import (
    COUNTED_OUT_OF,
    DAILY_ATTRIBUTE,
    FIXED_COLUMNS,
    NAMED_ATTRIBUTE,
    NOTES_ATTRIBUTE,
    PERIODS,
    PLAN_ATTRIBUTE,
    endpoint_names,
)
from outcomes.analysis.pair_statistics import DESCRIBED as DESCRIBED
from outcomes.analysis.pair_statistics import Place, compare_pairs
from outcomes.analysis.responders import TIE_TOLERANCE as TIE_TOLERANCE
from outcomes.analysis.results import ComparisonTable, PairedChange
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

ALL = "all"
NOT_RECORDED = "not recorded"
UNDER_18 = "0-17"


def pair_by_patient(endpoints: pd.DataFrame, endpoint: str, mode: str | None = None) -> pd.DataFrame:
    """`baseline` and `followup` of one endpoint, one row per patient, indexed by `patient_id`.

    NaN where a period has no value. `mode` may be left out where the table has one, or has a diary: modes
    are never pooled. Patients with episodic cluster headache have no pair: they are described and never compared
    (docs/method.md#diagnosis). Raises PlanError.
    """
    mode = _mode_of(endpoints, mode)
    if endpoint not in endpoint_names(endpoints):
        raise PlanError(f"These records do not hold '{endpoint}'.")
    rows = _of_mode(endpoints, mode, endpoint)
    pairs = _both_sides(rows, endpoint)
    pairs.loc[pairs.index.isin(_described_only(rows)), list(PERIODS)] = np.nan
    return pairs


def _of_mode(endpoints: pd.DataFrame, mode: str, *columns: str) -> pd.DataFrame:
    """The rows of one mode with the columns that a comparison looks at: a table may have a hundred."""
    wanted = ("patient_id", "period", EPISODIC_CLUSTER, "covered", *columns)
    named = endpoints[[name for name in dict.fromkeys(wanted) if name in endpoints]]
    return named[(endpoints["mode"] == mode).to_numpy()]


def _described_only(rows: pd.DataFrame) -> set[object]:
    """The patients among these rows who are never compared before and after."""
    if EPISODIC_CLUSTER not in rows:
        return set()
    return set(rows.loc[rows[EPISODIC_CLUSTER].astype("bool"), "patient_id"])


def _both_sides(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """`baseline` and `followup` of one column of one mode, indexed by `patient_id` in its order."""
    is_baseline = (rows["period"] == PERIODS[0]).to_numpy(dtype=np.bool_)
    if len(rows) % 2 == 0 and is_baseline[::2].all() and not is_baseline[1::2].any():
        # As `measure_endpoints` gives them: both periods of a patient follow each other, in order.
        patients, others = (pd.Index(rows["patient_id"].iloc[start::2]) for start in (0, 1))
        if patients.equals(others) and patients.is_unique and patients.is_monotonic_increasing:
            values = rows[column].to_numpy()
            return pd.DataFrame({PERIODS[0]: values[::2], PERIODS[1]: values[1::2]}, index=patients)
    sides = [
        rows.loc[rows["period"] == period].set_index("patient_id")[column].rename(period)
        for period in PERIODS
    ]
    if not all(side.index.is_unique for side in sides):
        raise ValueError("a patient has more than one row in a period")
    return pd.concat(sides, axis=1).sort_index()


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
    pairs = pair_by_patient(endpoints, endpoint, mode)
    mode = _mode_of(endpoints, mode)
    daily = mode == "diary" and endpoint in endpoints.attrs.get(DAILY_ATTRIBUTE, ())
    days = COUNTED_OUT_OF.get(endpoint, "")
    rows = _of_mode(endpoints, mode, endpoint, days)
    described = _both_sides(rows[rows["patient_id"].isin(_described_only(rows))], endpoint)
    recorded = None
    if all_methods:
        recorded = _both_sides(rows, days) if days in rows else pairs * np.nan
    notes = tuple(endpoints.attrs.get(NOTES_ATTRIBUTE, {}).get(endpoint, ())) if daily else ()
    why = _why_left_out(pairs, rows) if daily and not found.core else ()
    place = Place(mode, daily, by, group, notes, why)
    return compare_pairs(pairs, found, plan, place, described, recorded)


def _why_left_out(pairs: pd.DataFrame, rows: pd.DataFrame) -> tuple[str, ...]:
    """How many patients have no value for want of recorded days, and how many for another reason."""
    covered = _both_sides(rows, "covered").to_numpy(dtype=np.bool_).all(axis=1)
    without = pairs.isna().any(axis=1).to_numpy()
    unknown = int((without & covered).sum())
    if not unknown:
        return ()
    too_few = int((without & ~covered).sum())
    return (
        f"left out: {too_few} with too few recorded days, {unknown} with enough of them but the endpoint not known or "
        "not defined on enough",
    )


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

    Patients whose category is not recorded form a group of their own, so that the groups add up.
    """
    plan = _plan_of(endpoints, plan)
    mode = _mode_of(endpoints, mode)
    changes = [compare(endpoints, endpoint, plan, mode=mode, all_methods=all_methods)]
    for name, rows in _by_category(endpoints, by):
        if (rows["mode"] == mode).any():
            changes.append(
                compare(rows, endpoint, plan, mode=mode, by=by, group=name, all_methods=all_methods)
            )
    return ComparisonTable(tuple(changes), plan)


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
    changes: list[PairedChange] = []
    for mode in pd.unique(endpoints["mode"]):
        of_mode = endpoints[endpoints["mode"] == mode]
        for name in ordered:
            if not of_mode[name].notna().any() and len(pd.unique(endpoints["mode"])) > 1:
                continue
            changes.append(compare(of_mode, name, plan, mode=mode, all_methods=all_methods))
            for column in dict.fromkeys(by):
                for group, rows in _by_category(of_mode, column):
                    changes.append(
                        compare(rows, name, plan, mode=mode, by=column, group=group, all_methods=all_methods)
                    )
    return ComparisonTable(tuple(changes), plan, _notes(endpoints, plan))


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


def _by_category(endpoints: pd.DataFrame, by: str) -> list[tuple[str, pd.DataFrame]]:
    if by not in endpoints.columns or by in (*FIXED_COLUMNS, EPISODIC_CLUSTER, *endpoint_names(endpoints)):
        raise PlanError(f"'{by}' is not a category of the table 'patients' in these records.")
    category = endpoints[by].astype("object").where(endpoints[by].notna(), NOT_RECORDED).astype(str)
    names = sorted(set(category) - {NOT_RECORDED}) + [NOT_RECORDED] * bool((category == NOT_RECORDED).any())
    return [(name, endpoints[category == name]) for name in names]


def _notes(endpoints: pd.DataFrame, plan: AnalysisPlan) -> tuple[str, ...]:
    notes = []
    if n := len(_described_only(endpoints)):
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
