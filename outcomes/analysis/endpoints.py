"""Endpoint values per patient and period, from the daily diary and from summaries."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.catalogue import CATALOGUE, daily_names, find_endpoint
from outcomes.analysis.diagnoses import EPISODIC_CLUSTER, with_diagnoses
from outcomes.analysis.once import once
from outcomes.analysis.periods import PatientFlow, Periods
from outcomes.analysis.recalls import RECALLS, VISITS_ATTRIBUTE, has_recalls, recall_rows
from outcomes.engine import identifier, literal
from outcomes.errors import InvalidRecords, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.code_lists import MODES
from outcomes.records.schema import PATIENTS

if TYPE_CHECKING:
    from outcomes.records.checked import Records

_PACKAGE = "outcomes.analysis"

PERIODS = ("baseline", "followup")

#: Columns of the endpoint table that are not endpoints.
FIXED_COLUMNS = ("patient_id", "mode", "period", "recorded_days", "medication_known_days", "covered")

#: Days out of which an endpoint is counted, where they stand in the endpoint table.
COUNTED_OUT_OF = {
    "headache_days_per_28": "recorded_days",
    "acute_medication_days_per_28": "medication_known_days",
}

NOTHING_TO_COMPARE = (
    "These records hold no diary, no summaries and no recalled headache days, so there is nothing to compare. Add "
    "diary.csv, or ask for headache days at each visit (sessions: recalled_headache_days_28)."
)

#: Under this name the plan, as plain values, travels with the endpoint table.
PLAN_ATTRIBUTE = "outcomes_plan"

#: Under this name the endpoints that come from the daily diary, cut by the plan's days.
DAILY_ATTRIBUTE = "outcomes_daily_endpoints"

#: Under this name the notes that must stand beside an endpoint, by its name.
NOTES_ATTRIBUTE = "outcomes_endpoint_notes"

#: Under this name whether endpoints were asked for by name: then the primary one need not be among them.
NAMED_ATTRIBUTE = "outcomes_asked_by_name"

#: What patients are asked to recall at their visits.
RECALLED_ENDPOINT = "headache_days_per_28"

#: In place of names: everything that the records hold.
EVERYTHING = "all"


def measure_endpoints(
    periods: Periods, names: str | Sequence[str] | None = None, *, visits: bool = True
) -> pd.DataFrame:
    """Endpoints that the records hold, per patient, mode and period.

    `names`: without, the five core endpoints and those that the plan names; `"all"`, everything that the diary holds
    the columns for (`outcomes.analysis.catalogue.CATALOGUE`); else these names. What summaries hold is always there
    unless names are given. Without `visits` what patients recalled at their visits is left out.

    Columns: `patient_id`; `mode` (diary, recall_28, recall_7: never pooled); `period` (baseline, followup);
    `recorded_days` and `medication_known_days`, those on which medication was answered (NaN where unknown);
    `covered`; one column per endpoint, NaN where the period is not
    covered or the endpoint is not defined; then the categories of `patients`, the diagnoses as comparisons use
    them; `episodic_cluster`, true for patients who are described and never compared. Every patient has both
    periods, so that whoever is left out can be counted. The plan travels in `.attrs`. Raises InvalidRecords where
    the records hold nothing that can be compared, PlanError for a name that is no endpoint, or that these records do
    not hold. Sources: docs/method.md.
    """
    table = _measured(periods, names if names is None or isinstance(names, str) else tuple(names), visits)
    # Copies of the table share these: whoever changes one does not change it for the next who asks.
    for name in (PLAN_ATTRIBUTE, NOTES_ATTRIBUTE):
        table.attrs[name] = _Carried(copy.deepcopy(dict(table.attrs[name])))
    table.attrs[DAILY_ATTRIBUTE] = _CarriedNames(table.attrs[DAILY_ATTRIBUTE])
    return table


@once
def _measured(periods: Periods, names: str | tuple[str, ...] | None, visits: bool) -> pd.DataFrame:
    daily, wanted = _asked_for(periods, names)
    tables = []
    if periods.segments is not None:
        tables.append(_from_diary(periods, daily))
    if periods.records.has("summaries"):
        tables += _from_summaries(periods, tables, wanted)
    recalled = visits and (wanted is None or RECALLED_ENDPOINT in wanted)
    modes = _add_recalls(periods, tables) if recalled else ()
    if not tables:
        raise InvalidRecords([NOTHING_TO_COMPARE])
    table = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    table = with_diagnoses(_with_categories(table, periods.records), periods)
    table.attrs[VISITS_ATTRIBUTE] = modes
    table.attrs[PLAN_ATTRIBUTE] = _Carried(periods.plan.to_dict())
    table.attrs[DAILY_ATTRIBUTE] = _CarriedNames(daily)
    table.attrs[NAMED_ATTRIBUTE] = wanted is not None
    table.attrs[NOTES_ATTRIBUTE] = _Carried(_notes_on(periods.records, daily))
    return table


class _Carried(dict[str, Any]):
    """Plain values that travel with a table and that nobody changes: pandas copies them at every step."""

    def __deepcopy__(self, memo: object) -> _Carried:
        return self


class _CarriedNames(list[str]):
    """Names that travel in the same way."""

    def __deepcopy__(self, memo: object) -> _CarriedNames:
        return self


def _asked_for(periods: Periods, names: str | Sequence[str] | None) -> tuple[list[str], list[str] | None]:
    """(endpoints to take from the daily diary, the names asked for; None: not by name). Raises PlanError."""
    records, plan = periods.records, periods.plan
    held = daily_names(records)
    if names == EVERYTHING:
        return held, None
    if names is None:
        planned = {plan.primary_endpoint, *plan.key_secondaries}
        return [name for name in held if CATALOGUE[name].core or name in planned], None
    wanted = [names] if isinstance(names, str) else list(names)
    recalled = {RECALLED_ENDPOINT} if any(has_recalls(periods, mode) for mode in RECALLS) else set()
    for name in wanted:
        endpoint = find_endpoint(name, plan)
        if name not in {*held, *records.columns("summaries"), *recalled}:
            needs = f" The diary would need: {endpoint.needs_in_words}." if records.has("diary") else ""
            raise PlanError(f"These records do not hold '{name}'.{needs}")
    return [name for name in held if name in wanted], wanted


def _notes_on(records: Records, names: Sequence[str]) -> dict[str, list[str]]:
    """What the rule of an endpoint has to do without, since the diary never asks for it."""
    columns = set(records.columns("diary"))
    missing = {name: CATALOGUE[name].not_asked(columns) for name in names}
    return {
        name: [f"not_asked: the rule goes without {', '.join(without)}, which the diary does not hold"]
        for name, without in missing.items()
        if without
    }


def endpoint_names(endpoints: pd.DataFrame) -> list[str]:
    """The endpoint columns of an endpoint table, in its order."""
    return [
        name for name in endpoints.columns if name not in FIXED_COLUMNS and endpoints[name].dtype == "float64"
    ]


def _from_diary(periods: Periods, names: Sequence[str]) -> pd.DataFrame:
    """The named endpoints of the daily diary: core ones from the bit masks, others from the days of the windows."""
    engine = periods.records.engine
    core = [name for name in names if CATALOGUE[name].core]
    statement = engine.statement(_PACKAGE, "endpoints", **periods.minimums, **periods.tables)
    days = ["recorded_days", "medication_known_days"]
    listed = ", ".join(["patient_id", "period", *days, "covered", *core])
    table = engine.frame(f"SELECT {listed} FROM ({statement}) ORDER BY patient_id, period")
    table.insert(1, "mode", "diary")
    table[[*days, *core]] = table[[*days, *core]].astype("float64")
    if further := [name for name in names if not CATALOGUE[name].core]:
        # The default does without: what values single days is not even imported.
        from outcomes.analysis.further_endpoints import window_values

        values = window_values(periods, further)
        table = table.merge(values, on=["patient_id", "period"], how="left", validate="1:1")
    return table


def _from_summaries(
    periods: Periods, daily: list[pd.DataFrame], wanted: Sequence[str] | None
) -> list[pd.DataFrame]:
    """One endpoint table per mode of the summaries. What the daily diary gives, summaries do not replace."""
    summaries = _summary_rows(periods)
    people = people_of(periods)
    names = [name for name in summaries.columns if name not in (*FIXED_COLUMNS, "day")]
    if wanted is not None:
        names = [name for name in names if name in wanted]
    of_diary = daily_names(periods.records)
    modes = [mode for (mode,) in periods.records.engine.rows("SELECT DISTINCT mode FROM summaries")]
    tables = []
    for mode in (known for known in MODES if known in modes):
        table = _both_periods(summaries[summaries["mode"] == mode], people, mode)
        table["covered"] = _is_covered(table, periods)
        table["medication_known_days"] = np.nan
        table.loc[~table["covered"], names] = np.nan
        if mode == "diary" and daily:
            extra = [name for name in names if name not in of_diary]
            daily[0] = daily[0].merge(
                table[["patient_id", "period", *extra]],
                on=["patient_id", "period"],
                how="left",
                validate="1:1",
            )
        else:
            tables.append(table[[*FIXED_COLUMNS, *names]])
    return tables


def _add_recalls(periods: Periods, tables: list[pd.DataFrame]) -> tuple[str, ...]:
    """Add what patients recalled at their visits, each span as a mode of its own; gives the modes that were added.

    A patient of whom the summaries hold that mode keeps them for both periods. Beside other modes, one without a single
    pair is left to the question of what was recalled: there is nothing in it to compare.
    """
    alone, added = not tables, []
    for mode in (mode for mode in RECALLS if has_recalls(periods, mode)):
        rows = recall_rows(periods, mode)
        summarised = next((table for table in tables if (table["mode"] == mode).any()), None)
        if summarised is not None:
            rows = rows[~among(rows["patient_id"], _patients_summarised(periods, mode))]
        paired = rows["patient_id"].duplicated().any()
        if rows.empty or not (alone or paired or summarised is not None):
            continue
        added.append(mode)
        if summarised is None:
            table = _both_periods(rows.assign(mode=mode, recorded_days=np.nan), people_of(periods), mode)
            table["medication_known_days"] = np.nan
            tables.append(table[[*FIXED_COLUMNS, RECALLED_ENDPOINT]])
            continue
        key = ["patient_id", "period"]
        told = summarised[key].merge(rows, on=key, how="left", validate="1:1")[RECALLED_ENDPOINT]
        here = told.notna().to_numpy()
        days = summarised.get(RECALLED_ENDPOINT, pd.Series(np.nan, summarised.index))
        summarised[RECALLED_ENDPOINT] = np.where(here, told.to_numpy(), days.to_numpy(dtype=np.float64))
        summarised["covered"] |= here
    return tuple(added)


def _patients_summarised(periods: Periods, mode: str) -> list[object]:
    """Patients of whom the summaries hold anything in that mode."""
    held = f"SELECT DISTINCT patient_id FROM summaries WHERE mode = {literal(mode)}"
    return [patient for (patient,) in periods.records.engine.rows(held)]


def _summary_rows(periods: Periods) -> pd.DataFrame:
    """Used summary rows of the two time points that the plan names."""
    records, plan = periods.records, periods.plan
    names = [
        name
        for name in records.columns("summaries")
        if name not in ("patient_id", "mode", "day", "period", "recorded_days")
    ]
    endpoints = "".join(f", CAST({identifier(name)} AS DOUBLE) AS {identifier(name)}" for name in names)
    return records.engine.frame(
        "SELECT patient_id, mode, "
        f"CASE WHEN period = {literal(plan.summary_baseline)} THEN 'baseline' ELSE 'followup' END AS period, "
        f"CAST(recorded_days AS DOUBLE) AS recorded_days{endpoints} FROM summaries "
        f"WHERE period IN ({literal(plan.summary_baseline)}, {literal(plan.summary_followup)}) "
        "ORDER BY patient_id, mode, period"
    )


def people_of(periods: Periods) -> pd.DataFrame:
    """One row per patient named in the records, of the cohort where there is one."""
    if periods.segments is None:
        return periods.records.engine.frame(
            f"SELECT patient_id FROM {periods.tables['people']} WHERE in_cohort OR NOT has_index ORDER BY patient_id"
        )
    return periods.records.engine.frame(
        f"SELECT patient_id FROM {periods.tables['standing']} WHERE standing <> 'outside_cohort' ORDER BY patient_id"
    )


def _both_periods(rows: pd.DataFrame, people: pd.DataFrame, mode: str) -> pd.DataFrame:
    grid = people.merge(pd.DataFrame({"period": list(PERIODS)}), how="cross")
    table = grid.merge(
        rows.drop(columns="mode"), on=["patient_id", "period"], how="left", validate="1:1", indicator=True
    )
    table["mode"] = mode
    table["covered"] = table.pop("_merge") == "both"
    return table


def _is_covered(table: pd.DataFrame, periods: Periods) -> pd.Series:
    """A summary counts unless it says that too few days stand behind it."""
    minimum = table["period"].map(
        {"baseline": periods.minimums["baseline_minimum"], "followup": periods.minimums["followup_minimum"]}
    )
    return table["covered"] & ~(table["recorded_days"] < minimum)


def _with_categories(table: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Add the categories of `patients`; one row per patient there, so nothing multiplies."""
    names = category_names(records)
    if not names:
        return table
    listed = ", ".join(identifier(name) for name in ["patient_id", *names])
    categories = records.engine.frame(f"SELECT {listed} FROM patients")
    for name in names:
        if categories[name].dtype == bool or set(categories[name].dropna().unique()) <= {True, False}:
            categories[name] = categories[name].map({True: "yes", False: "no"})
    return table.merge(categories, on="patient_id", how="left", validate="many_to_one")


def category_names(records: Records) -> tuple[str, ...]:
    """Columns of `patients` that a comparison can be cut by: closed categories, ours and the plan's."""
    declared = {item.name for item in records.plan.patients}
    closed = {column.name for column in PATIENTS.columns if column.kind in ("code", "yes_no")}
    return tuple(name for name in records.columns("patients") if name in closed | declared)


def summary_flow(endpoints: pd.DataFrame, mode: str, plan: AnalysisPlan) -> PatientFlow:
    """The flow of one mode of the summaries into the comparison of the primary endpoint.

    Where that mode does not hold the primary endpoint, any endpoint that they hold counts.
    """
    rows = endpoints[endpoints["mode"] == mode]
    names = endpoint_names(endpoints)
    primary, what = (
        plan.primary_endpoint,
        "recall" if mode in endpoints.attrs.get(VISITS_ATTRIBUTE, ()) else "summary",
    )
    wanted = [primary] if primary in names and rows[primary].notna().any() else names
    has_value = rows[wanted].notna().any(axis=1)
    too_few = ~rows["covered"] & rows["recorded_days"].notna()
    remaining = np.ones(rows["patient_id"].nunique(), dtype=bool)
    n_patients = len(remaining)
    left_out = []
    if EPISODIC_CLUSTER in rows:
        described = rows.loc[rows["period"] == PERIODS[0], EPISODIC_CLUSTER].to_numpy(dtype=bool)
        remaining &= ~described
        left_out += [(EPISODIC_CLUSTER, int(described.sum()))] * bool(described.any())
    for period in PERIODS:
        here = (rows["period"] == period).to_numpy()
        missing = ~has_value.to_numpy()[here]
        few = too_few.to_numpy()[here]
        for reason, out in (
            (f"no_{period}_{what}", missing & ~few),
            (f"{period}_summary_too_few_days", missing & few),
        ):
            if n := int((remaining & out).sum()):
                left_out.append((reason, n))
            remaining &= ~out
    return PatientFlow(mode, n_patients, tuple(left_out), int(remaining.sum()))
