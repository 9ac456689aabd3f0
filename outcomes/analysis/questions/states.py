"""Chronic, in the overuse range, under control: how many patients before and after. docs/method.md#states.

Each state is yes or no for a patient and a period, or not known; shares of the same patients before and after have
Newcombe's paired interval and McNemar's mid-p, never a t.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.among import among
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.catalogue import daily_names
from outcomes.analysis.comparison import UNDER_18, pair_by_patient
from outcomes.analysis.diagnoses import EPISODIC_CLUSTER
from outcomes.analysis.endpoints import endpoint_names, measure_endpoints
from outcomes.analysis.further_endpoints import values_by_period
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import MEDICATION_DAYS, paired_proportions, share
from outcomes.analysis.questions.state_rules import (
    BANDS,
    CLASS_LIMITS,
    CONTROL_PERIODS,
    SEVERAL_CLASSES,
    SEVERAL_ENDPOINT,
    band_of,
    class_endpoint,
    month_limit,
    overuse_states,
    reaches,
    run_of,
)
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan

_HEADACHE, _MEDICATION = "headache_days_per_28", "acute_medication_days_per_28"

#: 28-day periods that runs are looked for in: 24 weeks before the first session, and days 1 to 167.
_BEFORE, _AFTER = range(-6, 0), range(6)

#: What the bands are cut from: the definition's own days, else what comes nearest, with what it lacks.
_CONTROL = {
    "migraine_or_moderate_severe_days_per_28": "",
    "moderate_severe_days_per_28": "migraine days by rule cannot be told in these records, so milder ones are not in",
    "moderate_severe_days_no_drug_arm_per_28": "neither migraine days nor days with a drug can be told in these "
    "records, so these are not in",
}

CAMEO = (
    "73.4% of people with untreated chronic migraine fell below 15 headache days in at least one month of a year "
    "(CaMEO 2017): one window below the limit is not a lasting change"
)
_RANGE = "the overuse range and 'criteria met' are counts of days held against limits, not diagnoses"
_OPTIMAL = "the 'optimal' band of 2025 also needs freedom from pain two hours after the drug, which is not in the band"


def ask_states(periods: Periods) -> Answers:
    """How many patients are chronic, in the overuse range, or under control, before and after.

    `STATE_before`, `STATE_after` and `STATE_change` are shares of the patients in whom the state is known in both
    windows. `frames["flows"]` has one row per state, `before` and `after`, with `n` patients: words of the state.
    Raises PlanError where neither headache days nor days with medication stand in the records.
    """
    names = daily_names(periods.records)
    wanted = [name for name in (_HEADACHE, _MEDICATION, *_class_names(), *_CONTROL) if name in names]
    table = measure_endpoints(periods, "all" if not wanted else [*wanted, *_in_summaries(periods, wanted)])
    if not {_HEADACHE, _MEDICATION} & set(endpoint_names(table)):
        raise PlanError("These records hold neither headache days nor days with medication per 28.")
    world = _World(periods, table)
    found = [*_by_limit(world)]
    if periods.segments is not None:
        found += [*_persistent(world), *_overuse(world), *_control(world)]
    told = " ".join(row.statistic for row in found)
    beside = (("chronic", CAMEO), ("overuse", _RANGE), ("control", _OPTIMAL))
    notes = [*(note for state, note in beside if state in told), *world.notes]
    if "age_band" in table and (young := table.loc[table["age_band"] == UNDER_18, "patient_id"].nunique()):
        notes.append(f"{young} under 18: attacks from 2 hours on are migraine there; no rule of days changes")
    return Answers(
        "states",
        tuple(found),
        periods.plan,
        labels={row.statistic: _label(row.statistic) for row in found},
        notes=tuple(notes),
        frames={"flows": world.flows()},
    )


def _class_names() -> list[str]:
    return [*(class_endpoint(name) for name in CLASS_LIMITS), SEVERAL_ENDPOINT]


def _in_summaries(periods: Periods, names: Sequence[str]) -> list[str]:
    held = periods.records.columns("summaries")
    return [name for name in (_HEADACHE, _MEDICATION) if name in held and name not in names]


class _World:
    """The endpoint table, the 28-day periods of the course, and the flows that are met on the way."""

    def __init__(self, periods: Periods, table: pd.DataFrame) -> None:
        self.periods, self.table = periods, table
        self.plan: AnalysisPlan = periods.plan
        self.modes: list[str] = list(pd.unique(table["mode"]))
        self.notes: list[str] = []
        self._flows: list[pd.DataFrame] = []
        self._paired: dict[tuple[str, str], pd.DataFrame] = {}

    def pairs(self, name: str, mode: str = "diary") -> pd.DataFrame:
        """`baseline` and `followup` of an endpoint, indexed by every patient looked at."""
        if (name, mode) not in self._paired:
            self._paired[name, mode] = pair_by_patient(self.table, name, mode)
        return self._paired[name, mode]

    def has(self, name: str) -> bool:
        return name in endpoint_names(self.table)

    def holds(self, name: str, mode: str) -> bool:
        """Whether the records hold the endpoint in that mode: the diary by its columns, summaries by their values."""
        return self.has(name) and (mode == "diary" or bool(self.pairs(name, mode).notna().any(axis=None)))

    @cached_property
    def _course(self) -> pd.DataFrame:
        names = [name for name in (_HEADACHE, *_class_names(), *_CONTROL) if self.has(name)]
        first, last = 28 * _BEFORE[0], 28 * _AFTER[-1] + 27
        return values_by_period(self.periods, names, first, last)

    @cached_property
    def _rows_of_course(self) -> NDArray[np.int64]:
        """Which row of `course` each row of the periods belongs to; −1 for patients who are never compared."""
        never = self.table.loc[self.table[EPISODIC_CLUSTER].astype(bool), "patient_id"]
        row = self.pairs(_HEADACHE).index.get_indexer(pd.Index(self._course["patient_id"]))
        return np.where(among(self._course["patient_id"], never), -1, row).astype(np.int64)

    def course(self, name: str, numbers: Sequence[int]) -> pd.DataFrame:
        """An endpoint in 28-day periods: one row per patient looked at, one column per period, NaN where not valid.

        Like the windows of `pairs`, the periods of patients with episodic cluster headache are all NaN.
        """
        people = self.pairs(_HEADACHE).index
        place = pd.Index(list(numbers)).get_indexer(pd.Index(self._course["period"]))
        here = (self._rows_of_course >= 0) & (place >= 0)
        values = np.full((len(people), len(numbers)), np.nan)
        values[self._rows_of_course[here], place[here]] = self._course.loc[here, name].to_numpy(np.float64)
        return pd.DataFrame(values, index=people, columns=list(numbers))

    def flow(self, state: str, before: pd.Series, after: pd.Series) -> None:
        """Count how patients whose state is known twice went from one to the other."""
        counted = pd.DataFrame({"before": before, "after": after}).value_counts(sort=False)
        frame = counted.rename("n").reset_index()
        frame.insert(0, "state", state)
        self._flows.append(frame)

    def flows(self) -> pd.DataFrame:
        columns = ["state", "before", "after", "n"]
        frames = [frame[columns] for frame in self._flows if len(frame)]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


@dataclass(frozen=True)
class _State:
    """A state of patients: its name, the endpoint it is cut from, and 1, 0 or NaN before and after."""

    name: str
    endpoint: str
    pairs: pd.DataFrame
    mode: str = "diary"
    notes: tuple[str, ...] = ()

    def rows(self, plan: AnalysisPlan) -> Iterator[Statistic]:
        """Share before, share after and their difference, of the patients in whom both are known."""
        known = self.pairs.dropna()
        before, after = (known[side].to_numpy() == 1 for side in ("baseline", "followup"))
        found = paired_proportions(before, after, plan.confidence)
        n, left_out = len(known), len(self.pairs) - len(known)
        for what, estimate, count in (
            ("before", found.before, int(before.sum())),
            ("after", found.after, int(after.sum())),
            ("change", found.change, None),
        ):
            yield statistic_of(
                estimate, plan, endpoint=self.endpoint, statistic=f"{self.name}_{what}", n=n, unit="share",
                n_left_out=left_out, count=count, mode=self.mode, notes=self.notes,
            )  # fmt: skip


def _share_row(
    name: str, endpoint: str, known: pd.Series, n_patients: int, plan: AnalysisPlan, *, mode: str = "diary",
    notes: tuple[str, ...] = (),
) -> Statistic:  # fmt: skip
    """A share of the patients in `known`, 1 or 0 each, out of all who were looked at."""
    count, n = int((known == 1).sum()), len(known)
    return statistic_of(
        share(count, n, plan.confidence), plan, endpoint=endpoint, statistic=name, n=n, unit="share",
        n_left_out=n_patients - n, count=count, mode=mode, notes=notes,
    )  # fmt: skip


def _by_limit(world: _World) -> Iterator[Statistic]:
    """Chronic, and ten days with medication, in each mode by itself; who crossed from one to the other."""
    plan = world.plan
    for mode in world.modes:
        # A mode of the summaries need not hold what another one does.
        if world.holds(_HEADACHE, mode):
            pairs = reaches(world.pairs(_HEADACHE, mode), month_limit(plan.chronic_days, plan))
            if mode == world.modes[0]:
                world.flow("chronic", *_worded(pairs, "episodic", "chronic"))
            yield from _State("chronic", _HEADACHE, pairs, mode).rows(plan)
            known = pairs.dropna()
            left = known.loc[known["baseline"] == 1, "followup"] == 0
            entered = known.loc[known["baseline"] == 0, "followup"] == 1
            for name, moved in (("chronic_to_episodic", left), ("episodic_to_chronic", entered)):
                yield _share_row(name, _HEADACHE, moved.astype("float64"), len(pairs), plan, mode=mode)
        if world.holds(_MEDICATION, mode):
            limit = month_limit(MEDICATION_DAYS, plan)
            pairs = reaches(world.pairs(_MEDICATION, mode), limit)
            yield from _State("medication_10_days", _MEDICATION, pairs, mode).rows(plan)


def _worded(pairs: pd.DataFrame, no: str, yes: str) -> tuple[pd.Series, pd.Series]:
    words = pairs.dropna().replace({0.0: no, 1.0: yes})
    return words["baseline"], words["followup"]


def _persistent(world: _World) -> Iterator[Statistic]:
    """Of those chronic at baseline, who stayed below the limit in so many periods in a row after day 0."""
    plan = world.plan
    limit, length = month_limit(plan.chronic_days, plan), plan.chronic_persistence_periods
    at_baseline = reaches(world.pairs(_HEADACHE)[["baseline"]], limit)["baseline"]
    below = 1 - reaches(world.course(_HEADACHE, _AFTER), limit)
    run = run_of(below, length)[at_baseline == 1]
    name = "persistent_chronic_to_episodic"
    several = (
        f"{length} periods of 28 days in a row within days 1 to 167; a period without enough days breaks it"
    )
    yield _share_row(name, _HEADACHE, run.dropna(), len(at_baseline), plan, notes=(several,))
    missing = f"{int(run.isna().sum())} chronic at baseline without so many periods in a row counted as no"
    yield _share_row(
        f"{name}_all_started", _HEADACHE, run.fillna(0.0), len(at_baseline), plan, notes=(several, missing)
    )


def _overuse(world: _World) -> Iterator[Statistic]:
    """The overuse range by class in the two windows, and the criteria in periods in a row."""
    plan = world.plan
    if not world.has(SEVERAL_ENDPOINT):
        return
    states = overuse_states({name: world.pairs(name) for name in _class_names()}, plan)
    world.flow("overuse_range", *_worded(states["overuse_range"], "below", "in the range"))
    yield from _State("overuse_range", SEVERAL_ENDPOINT, states["overuse_range"]).rows(plan)
    for name in (*CLASS_LIMITS, SEVERAL_CLASSES):
        if (states[name].dropna() == 1).any(axis=None):
            endpoint = SEVERAL_ENDPOINT if name == SEVERAL_CLASSES else class_endpoint(name)
            yield from _State(f"overuse_{name}", endpoint, states[name]).rows(plan)
    runs = pd.DataFrame({side: _criteria(world, numbers) for side, numbers in _SIDES.items()})
    length, headaches = plan.overuse_persistence_periods, f"{plan.chronic_days:g} headache days or more"
    note = (
        f"overuse range and {headaches} in {length} periods of 28 days in a row, within 24 weeks of day 0",
    )
    if len(runs.dropna()):
        yield from _State("overuse_criteria_met", SEVERAL_ENDPOINT, runs, notes=note).rows(plan)
    else:
        world.notes.append(
            f"criteria met: nobody has {length} periods in a row both before and after, so there is no comparison"
        )
    after = runs["followup"].dropna()
    yield _share_row("overuse_criteria_met_after_alone", SEVERAL_ENDPOINT, after, len(runs), plan, notes=note)


_SIDES = {"baseline": _BEFORE, "followup": _AFTER}


def _criteria(world: _World, numbers: Sequence[int]) -> pd.Series:
    """Whether overuse and chronic headache lasted: both in every one of so many periods in a row."""
    plan = world.plan
    overuse = overuse_states({name: world.course(name, numbers) for name in _class_names()}, plan)
    chronic = reaches(world.course(_HEADACHE, numbers), month_limit(plan.chronic_days, plan))
    return run_of(overuse["overuse_range"] * chronic, plan.overuse_persistence_periods)


def _control(world: _World) -> Iterator[Statistic]:
    """The absolute bands of 2025, over three months before and after, and over the two windows alone."""
    endpoint = next((name for name in _CONTROL if world.has(name)), None)
    if endpoint is None:
        return
    lacks = (f"bands of control: {_CONTROL[endpoint]}",) if _CONTROL[endpoint] else ()
    month = "control, one month: one window each, where the bands are defined over three months"
    world.notes += [month, *lacks]
    yield from _bands(world, "control_month", endpoint, world.pairs(endpoint), (month, *lacks))
    # The last three whole periods of the course up to the end of the follow-up window.
    end = (world.plan.followup_last_day + 1) // 28
    if end < CONTROL_PERIODS or end > len(_AFTER):
        world.notes.append(
            "control, three months: the follow-up window does not end after three to six months"
        )
        return
    spans = {"baseline": range(-CONTROL_PERIODS, 0), "followup": range(end - CONTROL_PERIODS, end)}
    means = pd.DataFrame(
        {side: world.course(endpoint, numbers).mean(axis=1, skipna=False) for side, numbers in spans.items()}
    )
    if len(means.dropna()):
        yield from _bands(world, "control_3_months", endpoint, means, lacks)
    else:
        world.notes.append("control, three months: nobody has three valid periods both before and after")
    after = band_of(means[["followup"]])["followup"].dropna()
    for band in BANDS:
        name = f"control_3_months_{band}_after_alone"
        yield _share_row(
            name, endpoint, (after == band).astype("float64"), len(means), world.plan, notes=lacks
        )


def _bands(
    world: _World, state: str, endpoint: str, days: pd.DataFrame, notes: tuple[str, ...]
) -> Iterator[Statistic]:
    bands = band_of(days)
    known = bands.dropna()
    world.flow(state, known["baseline"], known["followup"])
    for band in BANDS:
        inside = (bands == band).astype("float64").where(bands.notna())
        yield from _State(f"{state}_{band}", endpoint, inside, notes=notes).rows(world.plan)


_WORDS = {
    "chronic": "chronic",
    "medication_10_days": "10 or more days with acute medication",
    "overuse_range": "in the overuse range, any class",
    "overuse_several_classes": "in the overuse range, several classes together",
    "overuse_criteria_met": "criteria met: chronic and overuse, lasting",
    **{f"overuse_{name}": f"in the overuse range, {name.replace('_', ' ')}" for name in CLASS_LIMITS},
    **{f"control_month_{band}": f"control, one month: {band}" for band in BANDS},
    **{f"control_3_months_{band}": f"control, three months: {band}" for band in BANDS},
}
_WHEN = {
    "_before": ", before",
    "_after": ", after",
    "_change": ", after − before (points)",
    "_after_alone": ", after, of all known then",
}
_SENTENCES = {
    "chronic_to_episodic": "no longer chronic, of those chronic before",
    "episodic_to_chronic": "chronic now, of those not before",
    "persistent_chronic_to_episodic": "lastingly no longer chronic, of those chronic before",
    "persistent_chronic_to_episodic_all_started": "the same, of all chronic before",
}


def _label(statistic: str) -> str:
    if statistic in _SENTENCES:
        return _SENTENCES[statistic]
    end = max((end for end in _WHEN if statistic.endswith(end)), key=len)
    return _WORDS[statistic.removesuffix(end)] + _WHEN[end]
