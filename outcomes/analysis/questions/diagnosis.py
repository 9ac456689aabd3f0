"""Who the patients are, and how they were diagnosed. Definitions and sources: docs/method.md#diagnosis."""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.diagnoses import (
    CLASSIFICATION,
    DIAGNOSED_LATER,
    DIAGNOSIS_COLUMNS,
    EPISODIC_CLUSTER,
    SELF_LABELLED_SINUS,
    patient_diagnoses,
)
from outcomes.analysis.endpoints import people_of
from outcomes.analysis.event_days import event_days
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError
from outcomes.records.diagnosis_codes import CONTRADICTING

NOT_RECORDED = "not recorded"

#: The age band of patients with diagnoses, attacks and questionnaires of their own.
CHILDREN = "0-17"

LABELS = {
    "patients": "patients",
    "label_confirmed": "diagnosed as they were referred",
    "diagnosed_before": "diagnosed before or at the first session",
    "diagnosed_later": "diagnosed after the first session, diagnosis not used",
    "date_not_recorded": "date of diagnosis not recorded, diagnosis used",
    "diagnosis_changed": "diagnosis changed later, not rewritten",
    "self_labelled_sinus": "sinus headache without a disorder that was shown",
    "episodic_cluster": "cluster headache not known to be chronic: described, never compared",
    "children": "children (0 to 17 years)",
    "adults": "adults",
}


def ask_diagnosis(periods: Periods) -> Answers:
    """Patients by headache type, by ICHD-3 code and by the label they were referred with; when each was diagnosed.

    `frames["referred"]`: `label`, `diagnosed`, `n` patients, a row for each pair that occurs. `frames["groups"]`:
    `by` (headache_type, ichd3_code, label_as_referred, age_band), `group`, `n`. Raises PlanError where the records
    hold neither type, code nor label.
    """
    held = set(periods.records.columns("patients"))
    if not held & {*DIAGNOSIS_COLUMNS, "label_as_referred"}:
        raise PlanError(
            "These records hold no diagnosis: patients need headache_type, ichd3_code or label_as_referred."
        )
    people = _people(periods)
    rows = [*_groups(people, periods, held), *_label(people, periods, held), *_when(people, periods)]
    rows += _kinds(people, periods, held)
    return Answers(
        "diagnosis",
        tuple(rows),
        periods.plan,
        LABELS,
        _notes(people, periods),
        {"referred": _referred(people), "groups": _group_frame(people, held)},
    )


def _people(periods: Periods) -> pd.DataFrame:
    """One row per patient looked at, with what is known of the diagnosis, by `patient_id`."""
    people = people_of(periods).merge(
        patient_diagnoses(periods), on="patient_id", how="left", validate="one_to_one"
    )
    people["age_band"] = None
    if "age_band" in periods.records.columns("patients"):
        ages = periods.records.frame("patients").set_index("patient_id")["age_band"]
        people["age_band"] = people["patient_id"].map(ages)
    return people


def _row(
    people: pd.DataFrame,
    periods: Periods,
    statistic: str,
    count: int,
    of: int,
    **where: str | tuple[str, ...],
) -> Statistic:
    plan = periods.plan
    found = share(count, of, plan.confidence)
    return statistic_of(
        found, plan, endpoint="diagnosis", statistic=statistic, n=of, n_left_out=len(people) - of, count=count,
        unit="share", **where,  # type: ignore[arg-type]
    )  # fmt: skip


def _named(column: pd.Series) -> pd.Series:
    return column.astype("object").where(column.notna(), NOT_RECORDED)


def _groups(people: pd.DataFrame, periods: Periods, held: set[str]) -> list[Statistic]:
    """Patients of each type, code and label; those without one are a group too, so that they add up."""
    rows = []
    for by in (*DIAGNOSIS_COLUMNS, "label_as_referred"):
        if by in held:
            counted = _counted(people[by])
            rows += [
                _row(people, periods, "patients", n, len(people), by=by, group=group)
                for group, n in counted.items()
            ]
    return rows


def _counted(column: pd.Series) -> dict[str, int]:
    counted = _named(column).value_counts()
    # By name, so that the order says nothing and does not jump from month to month; not recorded at the end.
    names = sorted(set(counted.index) - {NOT_RECORDED}) + [NOT_RECORDED] * (NOT_RECORDED in counted.index)
    return {str(name): int(counted[name]) for name in names}


def _group_frame(people: pd.DataFrame, held: set[str]) -> pd.DataFrame:
    rows = [
        (by, group, n)
        for by in (*DIAGNOSIS_COLUMNS, "label_as_referred", "age_band")
        if by in held
        for group, n in _counted(people[by]).items()
    ]
    return pd.DataFrame(rows, columns=["by", "group", "n"])


def _referred(people: pd.DataFrame) -> pd.DataFrame:
    """Label against diagnosis: one row per pair that occurs."""
    pairs = pd.DataFrame(
        {"label": _named(people["label_as_referred"]), "diagnosed": _named(people["headache_type"])}
    )
    return pairs.groupby(["label", "diagnosed"], sort=True).size().rename("n").reset_index()


def _label(people: pd.DataFrame, periods: Periods, held: set[str]) -> list[Statistic]:
    """How many were diagnosed as they had been referred."""
    if not {"label_as_referred", "headache_type"} <= held:
        return []
    both = people[people["label_as_referred"].notna() & people["headache_type"].notna()]
    both = both[both["headache_type"] != DIAGNOSED_LATER]
    alike = int((both["label_as_referred"] == both["headache_type"]).sum())
    return [_row(people, periods, "label_confirmed", alike, len(both))]


def _when(people: pd.DataFrame, periods: Periods) -> list[Statistic]:
    """When the diagnosis was written down, of those who have one; and whether it was changed."""
    diagnosed = people[people["dated"].notna()]
    n = len(diagnosed)
    rows = [
        _row(people, periods, statistic, int((diagnosed["dated"] == dated).sum()), n)
        for statistic, dated in (
            ("diagnosed_before", "before"),
            ("diagnosed_later", "after"),
            ("date_not_recorded", "not_recorded"),
        )
    ]
    if periods.records.has("events"):
        changed = set(event_days(periods, "diagnosis_change")["patient_id"])
        count = int(among(people["patient_id"], changed).sum())
        rows.append(_row(people, periods, "diagnosis_changed", count, len(people)))
    return rows


def _kinds(people: pd.DataFrame, periods: Periods, held: set[str]) -> list[Statistic]:
    """Kinds of patients to whom other rules apply."""
    rows = []
    if "headache_type" in held:
        named = people["recorded_type"].eq("sinus")
        without = int((named & people["headache_type"].eq(SELF_LABELLED_SINUS)).sum())
        rows.append(_row(people, periods, "self_labelled_sinus", without, int(named.sum())))
    if held & set(DIAGNOSIS_COLUMNS):
        # A patient who is not in the table of patients is no cluster patient that anybody knows of.
        cluster = people[EPISODIC_CLUSTER].eq(True)
        rows.append(_row(people, periods, "episodic_cluster", int(cluster.sum()), len(people)))
    if "age_band" in held:
        known = people["age_band"].notna()
        children = int(people["age_band"].eq(CHILDREN).sum())
        of = int(known.sum())
        rows.append(_row(people, periods, "children", children, of))
        rows.append(_row(people, periods, "adults", of - children, of))
    return rows


def _notes(people: pd.DataFrame, periods: Periods) -> tuple[str, ...]:
    notes = [
        f"Codes are of {CLASSIFICATION}. A type is what the clinic wrote down; these records were not examined for it.",
    ]
    contradicting = sum(one.count for one in periods.records.findings if one.rule == CONTRADICTING)
    if contradicting:
        rows = (
            "row of patients contradicts itself"
            if contradicting == 1
            else "rows of patients contradict themselves"
        )
        notes.append(f"{contradicting} {rows} in type, code or evidence; 'outcomes check' lists them.")
    if people["headache_type"].eq(SELF_LABELLED_SINUS).any():
        notes.append(
            "Sinus headache without a disorder that was shown counts as unclassified (self-labelled sinus): of 2,991 "
            "such patients 88% met criteria for migraine or probable migraine."
        )
    if people["age_band"].eq(CHILDREN).any():
        notes.append(
            "Children: attacks of migraine may last from 2 hours (adults: 4), and disability is asked for by PedMIDAS, "
            "never by MIDAS. Compare them apart (--by age_band)."
        )
    return tuple(notes)
