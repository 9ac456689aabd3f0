"""Does the change differ between kinds of patients? Exploratory. Definitions: docs/method.md#strata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.comparison import NOT_RECORDED
from outcomes.analysis.diagnoses import CLUSTER_NOTE, EPISODIC_CLUSTER
from outcomes.analysis.endpoints import FIXED_COLUMNS, endpoint_names
from outcomes.analysis.estimates import Estimate, Values, paired_change
from outcomes.analysis.heterogeneity import Heterogeneity, adjusted_means, welch_anova
from outcomes.analysis.multiplicity import adjusted
from outcomes.analysis.periods import Periods
from outcomes.analysis.primary_change import PrimaryChange, primary_change
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan
from outcomes.records.schema import PATIENTS

#: Levels of fewer patients are counted and not estimated.
LEAST_PATIENTS = 5

#: Mean length of a month, for limits per month that the plan scales to 28 days.
_DAYS_PER_MONTH = 365.25 / 12

LABELS = {
    "change": "change",
    "change_at_mean_baseline": "change at the mean baseline",
    "heterogeneity": "difference between the levels, F",
}

_EXPLORATORY = (
    "Exploratory: p values are adjusted over all strata (Benjamini and Hochberg), intervals are not. Levels were not "
    "drawn by lot, and a difference between them has many possible reasons. No difference found is not a finding of no "
    "difference."
)

_REGRESSION = (
    "Cut by a baseline value, levels differ by regression to the mean alone: who had most headache before tends to "
    "fall most, whatever is done. So these levels are compared at the same baseline."
)


@dataclass(frozen=True, eq=False)
class _Stratum:
    """One way to cut the patients: the level of each by `patient_id`, and whether a baseline value cuts them."""

    name: str
    levels: pd.Series
    by_baseline: bool


def ask_strata(periods: Periods) -> Answers:
    """The change of the primary endpoint in each level of the plan's `strata`, and whether the levels differ.

    Per level `change`, and `change_at_mean_baseline` where the stratum is cut by a baseline value; per stratum
    `heterogeneity` (F, its p in `p`). Levels of fewer than 5 analysed patients are counted and not estimated.
    `frames["forest"]`: `by`, `group`, `value`, `low`, `high`, `n`, `p`, `p_adjusted` (both in the first row of a
    stratum alone), with the change at the mean baseline where there is one. Raises PlanError for a stratum that is no
    category, and where the records hold none of them.
    """
    primary = primary_change(periods)
    strata, notes = _strata(primary, periods)
    if not strata:
        raise PlanError(f"These records hold none of the plan's strata ({', '.join(periods.plan.strata)}).")
    rows: list[Statistic] = []
    tests: list[Heterogeneity] = []
    for stratum in strata:
        found, test = _of_stratum(primary, stratum, periods)
        rows += found
        tests.append(test)
    p_adjusted = adjusted([test.p for test in tests], "bh")
    return Answers(
        "strata",
        tuple(_with_adjusted(row, strata, p_adjusted) for row in rows),
        periods.plan,
        LABELS,
        (_EXPLORATORY, *([_REGRESSION] if any(one.by_baseline for one in strata) else []), *notes),
        {"forest": _forest(rows, strata, tests, p_adjusted)},
    )


#: Strata that are worked out from the baseline.
COMPUTED: dict[str, Callable[[PrimaryChange, AnalysisPlan], pd.Series | None]] = {
    "chronic_at_baseline": lambda primary, plan: _chronic(primary, plan),
    "severity_at_baseline": lambda primary, plan: _severity(primary, plan),
}


def _strata(primary: PrimaryChange, periods: Periods) -> tuple[list[_Stratum], list[str]]:
    """The strata that these records can be cut by, and which of the plan's they cannot."""
    plan, categories = periods.plan, primary.categories()
    known = {column.name for column in PATIENTS.columns if column.kind in ("code", "yes_no")}
    known |= {item.name for item in periods.records.plan.patients} | set(COMPUTED)
    strata, missing = [], []
    for name in plan.strata:
        if name not in known:
            raise PlanError(
                f"strata: '{name}' is no category of patients. Known: {', '.join(sorted(known))}; declare your own as "
                "[patients.NAME]."
            )
        reserved = {*FIXED_COLUMNS, EPISODIC_CLUSTER, *endpoint_names(primary.endpoints)}
        if name in COMPUTED:
            levels = COMPUTED[name](primary, plan)
        else:
            levels = categories[name] if name in categories and name not in reserved else None
        if levels is None or levels.isna().all():
            missing.append(name)
        else:
            named = levels.astype("object").where(levels.notna(), NOT_RECORDED).astype(str)
            strata.append(_Stratum(name, named, name in COMPUTED))
    notes = (
        [f"Not in these records: {', '.join(name.replace('_', ' ') for name in missing)}."] if missing else []
    )
    return strata, notes


def _baseline(primary: PrimaryChange, endpoint: str) -> pd.Series | None:
    """The baseline of an endpoint, by `patient_id`, in the order of the pairs."""
    if endpoint not in primary.endpoints:
        return None
    rows = primary.endpoints[primary.endpoints["period"] == "baseline"]
    return rows.set_index("patient_id")[endpoint].reindex(primary.pairs.index)


def _chronic(primary: PrimaryChange, plan: AnalysisPlan) -> pd.Series | None:
    days = _baseline(primary, "headache_days_per_28")
    if days is None:
        return None
    least = plan.chronic_days
    if plan.month_limits == "scaled":
        least *= DAYS_PER_PERIOD / _DAYS_PER_MONTH
    levels = pd.Series(np.where(days >= least - 1e-9, "chronic", "episodic"), days.index, dtype="object")
    return levels.where(days.notna(), None)


def _severity(primary: PrimaryChange, plan: AnalysisPlan) -> pd.Series | None:
    worst = _baseline(primary, "intensity_on_headache_days")
    if worst is None:
        return None
    moderate, severe = plan.severity_bounds
    levels = np.select([worst >= severe - 1e-9, worst >= moderate - 1e-9], ["severe", "moderate"], "mild")
    return pd.Series(levels, worst.index, dtype="object").where(worst.notna(), None)


#: Levels in the order of what they mean; others by name, not recorded at the end.
_ORDER = ("episodic", "chronic", "mild", "moderate", "severe")


def _ordered(levels: pd.Series) -> list[str]:
    def place(name: str) -> tuple[bool, int, str]:
        return name == NOT_RECORDED, _ORDER.index(name) if name in _ORDER else 0, name

    return sorted(set(levels), key=place)


def _of_stratum(
    primary: PrimaryChange, stratum: _Stratum, periods: Periods
) -> tuple[list[Statistic], Heterogeneity]:
    """The rows of one stratum: the change in each level, and the test between the levels that are large enough."""
    names = _ordered(stratum.levels)
    complete = primary.complete
    # In one pass: a stratum declared in the plan may have very many levels.
    parts = dict(list(complete.groupby(stratum.levels.reindex(complete.index), sort=False)))
    values = {name: parts.get(name, complete.iloc[:0]) for name in names}
    tested = [name for name in names if name != NOT_RECORDED and len(values[name]) >= LEAST_PATIENTS]
    rows = [_change_row(primary, stratum, name, values[name], periods) for name in names]
    changes = [_changes(values[name]) for name in tested]
    if stratum.by_baseline:
        baselines = [values[name]["baseline"].to_numpy(dtype=np.float64) for name in tested]
        means, test = adjusted_means(baselines, changes, periods.plan.confidence)
        rows += [
            _row(primary, stratum, name, "change_at_mean_baseline", mean, values[name], periods)
            for name, mean in zip(tested, means, strict=True)
        ]
    else:
        test = welch_anova(changes)
    n = sum(len(values[name]) for name in tested)
    rows.append(
        statistic_of(
            Estimate(test.f, None, None, test.p, test.method, test.notes), periods.plan, endpoint=primary.endpoint.name,
            statistic="heterogeneity", n=n, n_left_out=len(primary.pairs) - n, unit="ratio", by=stratum.name,
            mode=primary.mode,
        )
    )  # fmt: skip
    return rows, test


def _changes(pairs: pd.DataFrame) -> Values:
    changes: Values = (pairs["followup"] - pairs["baseline"]).to_numpy(dtype=np.float64)
    return changes


def _change_row(
    primary: PrimaryChange, stratum: _Stratum, level: str, pairs: pd.DataFrame, periods: Periods
) -> Statistic:
    before, after = (pairs[name].to_numpy(dtype=np.float64) for name in ("baseline", "followup"))
    found = paired_change(before, after, periods.plan.confidence)
    if len(pairs) < LEAST_PATIENTS:
        why = f"fewer_than_{LEAST_PATIENTS}: too few patients, counted and not estimated"
        found = Estimate(None, None, None, None, found.method, (why,))
    described = primary.categories()[EPISODIC_CLUSTER].astype("bool") & (stratum.levels == level)
    if described.any() and (stratum.levels == level).sum() == described.sum():
        found = Estimate(None, None, None, None, found.method, (CLUSTER_NOTE,))
    return _row(primary, stratum, level, "change", found, pairs, periods)


def _row(
    primary: PrimaryChange, stratum: _Stratum, level: str, statistic: str, found: Estimate, pairs: pd.DataFrame,
    periods: Periods,
) -> Statistic:  # fmt: skip
    # A p against no change in one level is not what the question asks, and several would invite picking one.
    notes = tuple(note for note in found.notes if not note.startswith("five pairs"))
    found = replace(found, p=None, notes=notes)
    return statistic_of(
        found, periods.plan, endpoint=primary.endpoint.name, statistic=statistic, n=len(pairs),
        n_left_out=int((stratum.levels == level).sum()) - len(pairs), unit=primary.endpoint.unit, by=stratum.name,
        group=level, mode=primary.mode,
    )  # fmt: skip


def _with_adjusted(row: Statistic, strata: list[_Stratum], p_adjusted: list[float | None]) -> Statistic:
    """The test of a stratum with its adjusted p in words."""
    if row.statistic != "heterogeneity":
        return row
    p = next(p for one, p in zip(strata, p_adjusted, strict=True) if one.name == row.by)
    told = "no p value" if p is None else f"p {row.p:.3g}, adjusted over the strata {p:.3g}"
    return replace(row, notes=(*row.notes, told))


def _forest(
    rows: list[Statistic], strata: list[_Stratum], tests: list[Heterogeneity], p_adjusted: list[float | None]
) -> pd.DataFrame:
    found = []
    for stratum, test, p in zip(strata, tests, p_adjusted, strict=True):
        own = [row for row in rows if row.by == stratum.name]
        better = {row.group: row for row in own if row.statistic == "change_at_mean_baseline"}
        levels = [row for row in own if row.statistic == "change"]
        for place, raw in enumerate(levels):
            row = better.get(raw.group, raw)
            if stratum.by_baseline and raw.group not in better:
                # A level that could not be set at the same baseline does not stand beside those that were.
                row = replace(raw, value=None, low=None, high=None)
            first = place == 0
            found.append(
                (stratum.name, row.group, row.value, row.low, row.high, row.n, test.p if first else None,
                 p if first else None)
            )  # fmt: skip
    columns = ["by", "group", "value", "low", "high", "n", "p", "p_adjusted"]
    frame = pd.DataFrame(found, columns=columns)
    return frame.astype(dict.fromkeys(("value", "low", "high", "p", "p_adjusted"), "float64"))
