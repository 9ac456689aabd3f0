"""Headache type and ICHD-3 code of a patient held against each other: told where they differ, never repaired.

Which code belongs to which type: docs/method.md#diagnosis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcomes.engine import literal
from outcomes.records.findings import Finding
from outcomes.records.positions import findings_at

if TYPE_CHECKING:
    from outcomes.records.checked import Records
    from outcomes.records.table_source import TableSource

#: ICHD-3 code → the headache type that it belongs to. 8.2 is coded in addition to another type, and `other` and
#: `not_classified` say of no type that it is wrong.
TYPE_OF_CODE: dict[str, str] = {
    "1.1": "migraine",
    "1.2": "migraine",
    "1.3": "migraine",
    "1.5": "migraine",
    "2.1": "tension_type",
    "2.2": "tension_type",
    "2.3": "tension_type",
    "2.4": "tension_type",
    "3.1": "cluster",
    "3.1.1": "cluster",
    "3.1.2": "cluster",
    "11.2.1": "cervicogenic",
    "11.5": "sinus",
}

#: Types that no single code contradicts.
OPEN_TYPES = ("mixed", "other", "unclassified")

#: The rule of the finding.
CONTRADICTING = "diagnosis"


def type_of_code(column: str) -> str:
    """SQL: the headache type that an ICHD-3 code belongs to; NULL where it belongs to none."""
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(kind)}" for code, kind in TYPE_OF_CODE.items())
    return f"CASE {column} {cases} END"


def contradicting_diagnoses(records: Records, sources: dict[str, TableSource]) -> list[Finding]:
    """Rows of `patients` whose type and code cannot both be right, or whose code 11.5 has no disorder behind it."""
    patients = sources.get("patients")
    if patients is None or not patients.has("ichd3_code"):
        return []
    found = []
    if patients.has("headache_type"):
        differs = (
            f"fault = 0 AND {type_of_code('ichd3_code')} <> headache_type AND headache_type NOT IN "
            f"({', '.join(map(literal, OPEN_TYPES))})"
        )
        found += findings_at(
            records.engine,
            patients,
            "patients_checked",
            differs,
            level="warning",
            rule=CONTRADICTING,
            column="headache_type",
            problem="does not belong to the ICHD-3 code in the same row.",
            remedy="Groups follow headache_type, as it stands. Correct the one that is wrong.",
        )
    if patients.has("sinus_evidence"):
        found += findings_at(
            records.engine,
            patients,
            "patients_checked",
            "fault = 0 AND ichd3_code = '11.5' AND sinus_evidence = 'no'",
            level="warning",
            rule=CONTRADICTING,
            column="sinus_evidence",
            problem="is no, and ICHD-3 11.5 asks for a disorder of nose or sinuses that was shown.",
            remedy="Without it the headache counts as unclassified (self-labelled sinus). Correct what is wrong.",
        )
    return found
