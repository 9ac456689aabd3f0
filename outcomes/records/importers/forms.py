"""Whether tables keep to the data dictionary: names, columns, and cells that are text in its forms, or None.

Both the writing of an import and the trial of an importer ask here, so that nothing is written that the
reader would refuse, and nothing but a code, a number, a date or a pseudonym can be written at all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from outcomes.records.schema import NO, PATIENTS, TABLES, YES, Column, Table

if TYPE_CHECKING:
    import pandas as pd

#: Columns of `patients` for a declared span, also while the data dictionary does not have them.
SPAN_COLUMNS = ("recorded_from", "recorded_to")
SEVERITIES = ("mild", "moderate", "severe")

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: A pseudonym made with a key, or a short study code.
_PSEUDONYM = re.compile(r"P-[0-9A-HJKMNP-TV-Z]{16}|[A-Za-z]{1,10}-?[0-9]{1,6}|[0-9]{1,6}")
_ENDPOINT = re.compile(r"[a-z][a-z0-9_]{0,59}")


def pseudonym_like(text: str) -> bool:
    """Whether a text has the form of a pseudonym or a short study code."""
    return _PSEUDONYM.fullmatch(text) is not None


def broken_forms(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """What does not keep to the data dictionary, each as a sentence without a value. Empty where all is well."""
    broken: list[str] = []
    for name, frame in tables.items():
        table = TABLES.get(name)
        if table is None:
            broken.append("a table is not in the data dictionary.")
            continue
        broken += _broken_table(table, frame)
    return broken


def _broken_table(table: Table, frame: pd.DataFrame) -> list[str]:
    names = [str(name) for name in frame.columns]
    broken = []
    if len(set(names)) != len(names):
        broken.append(f"{table.name}: two columns have the same name.")
        return broken
    for column in table.columns:
        if column.required and column.name not in names:
            broken.append(f"{table.name}: column '{column.name}' is missing.")
    if (
        {"date", "day"} <= table.names
        and table.name != "summaries"
        and len({"date", "day"} & set(names)) != 1
    ):
        broken.append(f"{table.name}: needs 'date' or 'day', and not both.")
    for position, name in enumerate(names, start=1):
        known = _column(table, name)
        if known is None:
            broken.append(f"{table.name}: column {position} is not in the data dictionary.")
            continue
        cells = list(frame[name])
        if not all(cell is None or isinstance(cell, str) for cell in cells):
            broken.append(f"{table.name}: column '{name}' holds cells that are neither text nor None.")
        elif wrong := sum(cell is not None and not fits(known, cell) for cell in cells):
            broken.append(f"{table.name}: {wrong} cells of column '{name}' are not {known.rule}.")
        if name == "patient_id" and any(cell is None for cell in cells):
            broken.append(f"{table.name}: a row has no patient.")
    return broken


def _column(table: Table, name: str) -> Column | None:
    if name in table.names:
        return table.column(name)
    if table is PATIENTS and name in SPAN_COLUMNS:
        return Column(name, "date", "Declared span without further entries")
    if table.name == "diary" and name == "severity":
        return Column(name, "code", "Severity in the words of the app", codes=SEVERITIES)
    if table.name == "summaries" and _ENDPOINT.fullmatch(name):
        return Column(name, "number", "Endpoint")
    return None


def fits(column: Column, cell: str) -> bool:
    """Whether a cell is written as the dictionary wants it. Stricter than the reader: nothing to mend."""
    if column.kind == "id":
        return pseudonym_like(cell)
    if column.kind == "date":
        return _is_date(cell)
    if column.kind == "yes_no":
        return cell in YES or cell in NO
    if column.kind in ("whole", "day"):
        return _WHOLE.fullmatch(cell) is not None and _in_range(column, float(cell))
    if column.kind == "number":
        return _NUMBER.fullmatch(cell) is not None and _in_range(column, float(cell))
    codes = cell.split(";") if column.kind == "codes" else [cell]
    if not column.codes:
        # A code without a closed list (a period, an event's detail): one word, never a phrase.
        return all(re.fullmatch(r"[a-z0-9][a-z0-9_]{0,29}", code) for code in codes)
    return all(code in column.codes for code in codes)


def _is_date(cell: str) -> bool:
    if not _DATE.fullmatch(cell):
        return False
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _in_range(column: Column, number: float) -> bool:
    low = column.minimum if column.minimum is not None else float("-inf")
    high = column.maximum if column.maximum is not None else float("inf")
    return low <= number <= high
