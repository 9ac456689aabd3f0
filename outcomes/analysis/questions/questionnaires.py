"""How did questionnaires and measurements change? Means, and how many patients changed by what matters to one.

Definitions and sources: docs/method.md#questionnaires-and-measurements.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.estimates import Estimate, Sample, mean_interval, paired_change
from outcomes.analysis.instruments.individual import individual_changes
from outcomes.analysis.instruments.pairing import PairedScores, paired_measures
from outcomes.analysis.instruments.profiles import profile_changes
from outcomes.analysis.instruments.sheets import people, scored_sheets
from outcomes.analysis.instruments.thresholds import check_names
from outcomes.analysis.instruments.value_sets import plan_value_set
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.results import Statistic
from outcomes.plan import AnalysisPlan

TOPIC = "questionnaires"

LABELS = {
    "with_baseline": "patients with a baseline",
    "with_followup": "patients with a follow-up",
    "paired": "of those with a baseline, with a follow-up too",
    "baseline_mean": "mean at baseline",
    "followup_mean": "mean at follow-up",
    "change": "mean change",
    "improved": "better by as much as matters to one patient",
    "improved_all": "the same of all with a baseline, a missing follow-up counted as not reached",
    "worsened": "worse by as much",
    "improved_30_percent": "lower by 30% or more",
    "improved_30_percent_all": "the same of all with a baseline, a missing follow-up counted as not reached",
    "worsened_30_percent": "higher by 30% or more",
    "improved_ahs": "better by the rule of the AHS",
    "improved_ahs_all": "the same of all with such a baseline, a missing follow-up counted as not reached",
    "worsened_ahs": "worse by the rule of the AHS",
    "improved_reliably": "better beyond what two tests of an unchanged patient show",
    "worsened_reliably": "worse beyond what two tests of an unchanged patient show",
    "much_improved": "much or very much improved (1 or 2), as the patient rates it",
    "much_worse": "much or very much worse (6 or 7), as the patient rates it",
    "profile_better": "better in some dimension, worse in none",
    "profile_worse": "worse in some dimension, better in none",
    "profile_mixed": "better in one dimension, worse in another",
    "profile_same": "the same in all dimensions",
}

_NOTES = (
    "Change is follow-up − baseline. For MSQ, EQ-5D, EQ VAS, neck movement and pressure pain threshold higher is "
    "better; for the others lower is.",
    "A score of day 0 counts as before the first needle.",
    "A mean change beyond what matters to one patient is not 'clinically significant': that number is for patients, "
    "so the share who reached it and the share who changed for the worse by as much are counted.",
)


def ask_questionnaires(periods: Periods) -> Answers:
    """What questionnaires and measurements say, before and after; the diary is not asked.

    `frames`: `pairs` (one row per patient and measure with a baseline or a follow-up: `instrument`, `patient_id`,
    `baseline_day`, `baseline`, `followup_day`, `followup`, `threshold`); `flows` (one row per measure with bands
    and pair of bands: `instrument`, `before`, `after`, `n`); `completeness` (one row per measure: `instrument`,
    `patients`, `with_baseline`, `with_followup`, `pairs`); `left_out` (sheets not used: `instrument`, `reason`,
    `sheets`); `profiles` (EQ-5D-5L: `before`, `after`, `n`). Raises PlanError where the records hold no scores, or
    the plan names an instrument that nobody knows.
    """
    plan = periods.plan
    check_names(plan)
    sheets, everyone = scored_sheets(periods), people(periods)
    measures = tuple(paired_measures(sheets, len(everyone), plan))
    rows: list[Statistic] = []
    pairs: list[pd.DataFrame] = []
    for measure in measures:
        made, threshold = _measure_rows(measure, everyone, plan)
        rows += made
        told = measure.pairs.assign(threshold=threshold.reindex(measure.pairs.index)).reset_index()
        told.insert(0, "instrument", measure.name)
        pairs.append(told)
    profile_rows, profiles = profile_changes(sheets, len(everyone), plan)
    labels = (
        LABELS | {measure.name: measure.label for measure in measures} | {"eq5d_profile": "EQ-5D-5L profile"}
    )
    frames = {
        "pairs": pd.concat(pairs, ignore_index=True) if pairs else pd.DataFrame(),
        "flows": _flows(measures),
        "completeness": _completeness(measures),
        "left_out": _left_out(measures),
        "profiles": profiles,
    }
    return Answers(TOPIC, (*rows, *profile_rows), plan, labels, _notes(measures, plan), frames)


def _measure_rows(
    measure: PairedScores, everyone: pd.DataFrame, plan: AnalysisPlan
) -> tuple[list[Statistic], pd.Series]:
    """Every statistic of one measure, and each patient's important change (NaN where none is known)."""
    rows = _flow_rows(measure, plan)
    if measure.instrument.name == "pgic":
        followup = measure.pairs["followup"].dropna()
        rows += [
            _row(
                measure,
                plan,
                name,
                share(count, len(followup), plan.confidence),
                len(followup),
                "share",
                count,
            )
            for name, count in (
                ("much_improved", int((followup <= 2).sum())),
                ("much_worse", int((followup >= 6).sum())),
            )
        ]
        return rows, pd.Series(np.nan, measure.pairs.index)
    if measure.pairs.empty:
        return rows, pd.Series(dtype="float64")
    complete = measure.complete
    before = Sample.of(complete["baseline"].to_numpy(dtype=np.float64))
    after = Sample.of(complete["followup"].to_numpy(dtype=np.float64))
    group = tuple(
        f"a difference between groups that matters: {one.words}" for one in measure.instrument.group
    )
    possible = measure.instrument.sheet.range_in("points")
    for name, found, notes in (
        ("baseline_mean", mean_interval(before, plan.confidence, possible), ()),
        ("followup_mean", mean_interval(after, plan.confidence, possible), ()),
        ("change", paired_change(before, after, plan.confidence), group),
    ):
        rows.append(_row(measure, plan, name, found, len(complete), measure.shown_unit, notes=notes))
    shares, threshold = individual_changes(measure, everyone, plan)
    rows += [_row(measure, plan, one.name, one.found, one.n, "share", one.count, one.notes) for one in shares]
    return rows, threshold


def _flow_rows(measure: PairedScores, plan: AnalysisPlan) -> list[Statistic]:
    """How many patients have what: everyone looked at is the denominator of the first two."""
    everyone = measure.n_patients
    notes = tuple(f"{n} {'sheet' if n == 1 else 'sheets'} not used: {why}" for why, n in measure.left_out)
    counts = {side: int(measure.pairs[side].notna().sum()) for side in ("baseline", "followup")}
    asked = [("with_followup", counts["followup"], everyone, notes)]
    if measure.instrument.needs_baseline:
        asked = [
            ("with_baseline", counts["baseline"], everyone, notes),
            ("with_followup", counts["followup"], everyone, ()),
            ("paired", len(measure.complete), counts["baseline"], ()),
        ]
    return [
        _row(measure, plan, name, share(count, of, plan.confidence), of, "share", count, own)
        for name, count, of, own in asked
    ]


def _row(
    measure: PairedScores,
    plan: AnalysisPlan,
    name: str,
    found: Estimate,
    n: int,
    unit: str,
    count: int | None = None,
    notes: tuple[str, ...] = (),
) -> Statistic:
    return statistic_of(
        found,
        plan,
        endpoint=measure.name,
        statistic=name,
        n=n,
        n_left_out=measure.n_patients - n,
        unit=unit,
        count=count,
        mode="score",
        notes=notes,
    )


def _notes(measures: Iterable[PairedScores], plan: AnalysisPlan) -> tuple[str, ...]:
    notes = list(_NOTES)
    names = {measure.instrument.name for measure in measures}
    if not names:
        notes.insert(0, "No questionnaire or measurement of these records could be used.")
    if "eq5d" in names:
        notes.append("EQ-5D asks about today, and so misses what lies between attacks.")
        if plan_value_set(plan) is not None or plan.eq5d_value_set_name:
            notes.append(f"EQ-5D-5L index by the value set {plan.eq5d_value_set_name}.")
        else:
            notes.append(
                "No index of the EQ-5D-5L without a value set: give one in the plan (eq5d_value_set)."
            )
    if "ndi" in names:
        notes.append(
            "In migraine the NDI goes with headache disability and allodynia, not with the neck (Liang 2022)."
        )
    if "nrs" in names:
        notes.append("What days a pain score of 0–10 is about is not known here, so no overlap can be told.")
    return tuple(notes)


def _flows(measures: Iterable[PairedScores]) -> pd.DataFrame:
    """Pairs of bands in the order of the bands; only those that occur."""
    rows = []
    for measure in measures:
        bands = [band.name for band in measure.instrument.bands]
        complete = measure.complete
        # Few different scores stand for all of them.
        moved = complete[["baseline", "followup"]].apply(
            lambda scores, of=measure.instrument.band: scores.map({one: of(one) for one in scores.unique()})
        )
        counted = moved.value_counts().to_dict()
        rows += [
            (measure.name, before, after, counted[before, after])
            for before in bands
            for after in bands
            if (before, after) in counted
        ]
    return pd.DataFrame(rows, columns=["instrument", "before", "after", "n"])


def _completeness(measures: Iterable[PairedScores]) -> pd.DataFrame:
    rows = [
        (
            measure.name,
            measure.n_patients,
            int(measure.pairs["baseline"].notna().sum()),
            int(measure.pairs["followup"].notna().sum()),
            len(measure.complete),
        )
        for measure in measures
    ]
    return pd.DataFrame(rows, columns=["instrument", "patients", "with_baseline", "with_followup", "pairs"])


def _left_out(measures: Iterable[PairedScores]) -> pd.DataFrame:
    rows = [(measure.name, reason, n) for measure in measures for reason, n in measure.left_out]
    return pd.DataFrame(rows, columns=["instrument", "reason", "sheets"])
