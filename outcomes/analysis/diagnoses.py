"""Who a patient is in a comparison: the diagnosis as frozen before the first session, and who is never compared.

Definitions and sources: docs/method.md#diagnosis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.once import once_for_records
from outcomes.engine import identifier

if TYPE_CHECKING:
    from outcomes.analysis.periods import Periods
    from outcomes.records.checked import Records

#: The classification that the codes are of.
CLASSIFICATION = "ICHD-3 (2018)"

#: Group of a patient whose headache is called sinus headache and for whom no disorder was shown.
SELF_LABELLED_SINUS = "self_labelled_sinus"

#: Group of a patient whose diagnosis was written down after the first session: it is not used.
DIAGNOSED_LATER = "diagnosed_after_first_session"

#: Column of the endpoint table, true for patients who are described and never compared before and after.
EPISODIC_CLUSTER = "episodic_cluster"

#: What stands wherever a change of such patients is withheld.
CLUSTER_NOTE = (
    "episodic_cluster: cluster headache that is not known to be chronic is described and not compared: bouts end by "
    "themselves (a placebo arm fell by 4.5 attacks a week within two weeks)"
)

CHRONIC_CLUSTER_CODE = "3.1.2"

#: Columns of `patients` that are a diagnosis made in the clinic.
DIAGNOSIS_COLUMNS = ("headache_type", "ichd3_code")


def episodic_cluster_condition(records: Records) -> str:
    """SQL that is true of rows of `patients` with cluster headache that is not known to be chronic."""
    columns = records.columns("patients")
    either = []
    if "ichd3_code" in columns:
        either.append("ichd3_code IN ('3.1', '3.1.1')")
    if "headache_type" in columns:
        chronic = (
            f" AND coalesce(ichd3_code, '') <> '{CHRONIC_CLUSTER_CODE}'" if "ichd3_code" in columns else ""
        )
        either.append(f"(headache_type = 'cluster'{chronic})")
    # A missing type or code is no cluster headache that anybody knows of.
    return f"coalesce({' OR '.join(either)}, FALSE)" if either else "FALSE"


def is_episodic_cluster(records: Records) -> str:
    """SQL that is true where `patient_id` is a patient who is never compared."""
    condition = episodic_cluster_condition(records)
    if condition == "FALSE":
        return condition
    return f"named_patients.patient_id IN (SELECT patient_id FROM patients WHERE {condition})"


@once_for_records
def patient_diagnoses(periods: Periods) -> pd.DataFrame:
    """One row per row of `patients`, by `patient_id`; None where nothing was written.

    Columns: `headache_type` and `ichd3_code` as comparisons use them (SELF_LABELLED_SINUS and DIAGNOSED_LATER in
    place of what they do not use); `recorded_type`, `recorded_code` and `label_as_referred` as they stand; `dated`
    (before, after, not_recorded: when the diagnosis was written down, against the first session, whose day counts
    as before); `episodic_cluster` (bool). Empty where the records hold no patients.
    """
    records = periods.records
    columns = records.columns("patients")
    if not columns:
        return pd.DataFrame(columns=["patient_id", *_GIVEN])

    def held(name: str) -> str:
        return f"patients.{identifier(name)}" if name in columns else "CAST(NULL AS VARCHAR)"

    frame = records.engine.frame(
        f"SELECT patients.patient_id, {held('headache_type')} AS recorded_type, {held('ichd3_code')} AS recorded_code, "
        f"{held('label_as_referred')} AS label_as_referred, {held('sinus_evidence')} AS sinus_evidence, "
        f"{_diagnosed_after(records)} AS is_after, {episodic_cluster_condition(records)} AS {EPISODIC_CLUSTER} "
        "FROM patients LEFT JOIN first_sessions USING (patient_id) ORDER BY patients.patient_id"
    )
    frame[EPISODIC_CLUSTER] = frame[EPISODIC_CLUSTER].astype("bool")
    after = frame.pop("is_after").astype("object")
    has_diagnosis = frame["recorded_type"].notna() | frame["recorded_code"].notna()
    dated = after.map({True: "after", False: "before"}).astype("object")
    frame["dated"] = dated.where(dated.notna(), "not_recorded").where(has_diagnosis, None)
    no_evidence = frame.pop("sinus_evidence").ne("yes")
    for name, sinus, recorded in (
        ("headache_type", "sinus", frame["recorded_type"]),
        ("ichd3_code", "11.5", frame["recorded_code"]),
    ):
        used = recorded.astype("object").mask(recorded.eq(sinus) & no_evidence, SELF_LABELLED_SINUS)
        frame[name] = used.mask(frame["dated"].eq("after") & recorded.notna(), DIAGNOSED_LATER)
    return frame[["patient_id", *_GIVEN]]


_GIVEN = (
    "headache_type",
    "ichd3_code",
    "recorded_type",
    "recorded_code",
    "label_as_referred",
    "dated",
    EPISODIC_CLUSTER,
)


def _diagnosed_after(records: Records) -> str:
    """SQL: whether the diagnosis was written down after day 0; NULL where either day is not known."""
    columns = records.columns("patients")
    if records.uses_dates:
        return "diagnosed_date > first_day" if "diagnosed_date" in columns else "CAST(NULL AS BOOLEAN)"
    # Day 0 is built into records that count in days, unless a patient has an index day.
    return "diagnosed_day > coalesce(first_day, 0)" if "diagnosed_day" in columns else "CAST(NULL AS BOOLEAN)"


def with_diagnoses(endpoints: pd.DataFrame, periods: Periods) -> pd.DataFrame:
    """The endpoint table with `episodic_cluster`, and the diagnoses that comparisons use in place of those written."""
    found = patient_diagnoses(periods).set_index("patient_id")
    for name in DIAGNOSIS_COLUMNS:
        if name in endpoints.columns:
            endpoints[name] = endpoints["patient_id"].map(found[name])
    flagged = set(found.index[found[EPISODIC_CLUSTER].astype("bool")])
    endpoints[EPISODIC_CLUSTER] = among(endpoints["patient_id"], flagged)
    return endpoints
