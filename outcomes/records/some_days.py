"""Some days of a diary alone: which column tells them, and what cannot be read so.

A month of a registry hangs on the days that can move it, and on no others (`outcomes.registry`).
"""

from __future__ import annotations

from collections.abc import Mapping

from outcomes.errors import PlanError
from outcomes.records.converting import header_key
from outcomes.records.mapping import MappedTable

#: Tables of which a run over some months reads those months alone. Sessions are few, and the first of all decides.
BY_MONTH = ("diary",)

#: Types of a day column by which some days can be told from others.
_CALENDAR = ("DATE", "TIMESTAMP")


def day_to_narrow(mapped: tuple[MappedTable, ...], columns: Mapping[str, str]) -> str:
    """The column with the days of a diary, of which some alone are read. Raises PlanError where that cannot be."""
    if any(one.table not in BY_MONTH for one in mapped):
        raise PlanError(
            "Some days alone can be read only of a table that is nothing but the diary: this one also holds another "
            "table, of which every row is needed. Make a view of each."
        )
    days = {key_columns(one, columns)[1] for one in mapped}
    day = days.pop() if len(days) == 1 else ""
    if columns.get(day) not in _CALENDAR:
        raise PlanError(
            "Some days alone can be read only where the day column of the diary is a date, or a timestamp without a "
            "zone. Make a view in which it is, or read all days. Numbers of days tell no month."
        )
    return day


def key_columns(mapped: MappedTable, columns: Mapping[str, str]) -> tuple[list[str], str]:
    """The columns that tell a row of a table, and the one with its calendar day, as they are called there."""
    read = {name: header_key(column.source) for name, column in mapped.columns}
    held = {header_key(column): column for column in columns}
    wanted = {
        name: held.get(read.get(name, name), "") for name in ("patient_id", "date", "day", "instrument")
    }
    key = [column for column in wanted.values() if column]
    return key or list(columns)[:1], wanted["date"]
