"""Diaries with features, drawn in characters: one line per column, one character per day.

The line of `headache` has `y`, `n`, `_` (a row without an entry) and `.` (no row), and `|` before day 0. All other
lines stand under it, day by day: `.` is an empty cell. Yes/no columns have `y` and `n`; numbers a digit, `X` for 10,
`h` for a half and `q` for 0.4; `severity` m(ild), o (moderate), s(evere); classes of medication the letters of
`CLASSES`. Spaces are for the eye.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from diaries import dated, load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.records.schema import DIARY

CLASSES = {
    "t": "triptan", "e": "ergot", "g": "gepant", "d": "ditan", "o": "opioid", "c": "combination_analgesic",
    "p": "paracetamol", "a": "aspirin", "n": "nsaid", "x": "other", "b": "triptan;nsaid",
}  # fmt: skip
_WORDS = {"m": "mild", "o": "moderate", "s": "severe"}
_NUMBERS = {"X": 10.0, "h": 0.5, "q": 0.4}


def _cell(column: str, mark: str) -> Any:
    kind = DIARY.column(column).kind
    if mark in "._":
        return None
    if kind == "yes_no":
        return {"y": "yes", "n": "no"}[mark]
    if kind in ("number", "whole"):
        return _NUMBERS.get(mark, float(mark) if mark.isdigit() else None)
    return CLASSES[mark] if kind == "codes" else _WORDS[mark]


def told(
    patients: Mapping[str, Mapping[str, str]], first_session: str | None = None
) -> dict[str, pd.DataFrame]:
    """Tables for `load_records`, from the lines of each patient."""
    rows = []
    for name, lines in patients.items():
        marks = {column: line.replace(" ", "").replace("|", "") for column, line in lines.items()}
        first = -lines["headache"].replace(" ", "").index("|")
        assert len({len(line) for line in marks.values()}) == 1, "all lines of a patient are of one length"
        for at, mark in enumerate(marks["headache"]):
            if mark != ".":
                cells = {column: _cell(column, line[at]) for column, line in marks.items()}
                rows.append({"patient_id": name, "day": first + at, **cells})
    tables = {"diary": pd.DataFrame(rows)}
    return dated(tables, dict.fromkeys(patients, first_session)) if first_session else tables


#: One recorded day is enough, so that the value of a single day can be read off.
ONE_DAY = {"baseline_days": 7, "followup_first_day": 1, "followup_last_day": 7, "min_recorded_days": 1}


def day_values(
    days: Mapping[str, Mapping[str, Any]], endpoint: str, **keys: Any
) -> dict[str, bool | float | None]:
    """What each described day counts as: True, False (or a number of a sum), None where it is not known.

    Every day is the only day of a patient of its own. `days` maps a name to cells.
    """
    diary = pd.DataFrame(
        [{"patient_id": f"p{at}", "day": -1, **cells} for at, cells in enumerate(days.values())]
    )
    plan = AnalysisPlan(**{**ONE_DAY, **keys})
    table = measured({"diary": diary}, plan, [endpoint])
    by_patient = table.xs("baseline", level="period")[endpoint]
    values = {name: by_patient[f"p{at}"] for at, name in enumerate(days)}
    return {
        name: None if pd.isna(value) else {0.0: False, 28.0: True}.get(value, value / 28)
        for name, value in values.items()
    }


def measured(tables: Mapping[str, pd.DataFrame], plan: AnalysisPlan, names: Any = "all") -> pd.DataFrame:
    """The endpoint table by patient and period."""
    table = oc.measure_endpoints(oc.split_periods(load(tables, plan), plan), names)
    return table.set_index(["patient_id", "period"])
