"""What the data dictionary of a REDCap project proves about a field that is to become one of our columns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from outcomes.records.cells import normal_code
from outcomes.records.importers.redcap_dictionary import Field
from outcomes.records.schema import DIARY, PATIENTS, SESSIONS, Column

ATTENDED = Column("attended", "yes_no", "Whether the session took place; not a column of the dictionary")
#: Table → columns that a field may be named for.
COLUMNS: Mapping[str, Mapping[str, Column]] = {
    table.name: {
        column.name: column
        for column in (*table.columns, *((ATTENDED,) if table is SESSIONS else ()))
        if column.name != "patient_id"
    }
    for table in (DIARY, SESSIONS, PATIENTS)
}
YES_NO = {"yes": "yes", "no": "no"}


def proven_codes(found: Field, column: Column) -> dict[str, str]:
    """The codes whose label says exactly one of our values."""
    if found.kind in ("yesno", "truefalse") and column.kind == "yes_no":
        return {"1": "yes", "0": "no"}
    if found.kind == "checkbox" and column.kind == "yes_no":
        return {}
    ours = YES_NO if column.kind == "yes_no" else {code: code for code in column.codes}
    return {code: ours[normal_code(label)] for code, label in found.choices if normal_code(label) in ours}


def numbers_as_they_stand(found: Field | None, column: Column) -> bool:
    """Whether the codes of a choice are the numbers themselves: each its own label, or a whole 0–10."""
    if found is None:
        return True
    codes = [code for code, _ in found.choices]
    if column.maximum == 10:
        return codes in ([str(n) for n in range(11)], [str(n) for n in range(1, 11)])
    return all(code == label for code, label in found.choices)


def range_of(found: Field) -> tuple[float | None, float | None]:
    """The range that the dictionary gives; a slider without one runs from 0 to 100."""
    low, high = (_number(text) for text in (found.lowest, found.highest))
    if found.kind == "slider":
        return (0.0 if low is None else low), (100.0 if high is None else high)
    return low, high


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text) else None


def on_our_scale(found: Field | None, column: Column) -> bool:
    if column.maximum != 10 or column.kind not in ("number", "whole"):
        return True
    if found is None:
        return False
    if found.choices:
        return numbers_as_they_stand(found, column)
    return range_of(found) in ((0.0, 10.0), (1.0, 10.0))
