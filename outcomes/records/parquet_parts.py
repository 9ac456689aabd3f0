"""Tables in Parquet: one file, a folder of files, or a folder for each month, as a registry keeps its diary.

`diary.parquet`; `diary/part-0.parquet`; `diary/month=2026-10/part-0.parquet`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

from outcomes.engine import Engine, literal, within_days, without_pattern
from outcomes.errors import OutcomesError, PlanError
from outcomes.records.mapping import MappedTable, SourceMapping
from outcomes.records.raw import RawColumn, RawTable
from outcomes.records.some_days import BY_MONTH, day_to_narrow

#: A partition as Spark, Arrow and DuckDB name it; some write the first of the month.
_MONTH = re.compile(r"month=([0-9]{4}-[0-9]{2})(-01)?")


def parts_of(folder: Path, name: str, days: tuple[dt.date, dt.date] | None = None) -> list[Path]:
    """The files of a table that is kept as a folder, in their order; with `days`, without the months outside them."""
    found = [*(folder / name).glob("*.parquet"), *(folder / name).glob("month=*/*.parquet")]
    if days is None or name not in BY_MONTH:
        return sorted(found)
    return sorted(path for path in found if _may_hold(path.parent.name, days))


def files_elsewhere(folder: Path, name: str) -> int:
    """Parquet files under the folder of a table that are none of its parts; hidden folders and logs do not count."""
    place = folder / name
    parts = set(parts_of(folder, name))
    return sum(
        path not in parts and not any(step.startswith((".", "_")) for step in path.relative_to(place).parts)
        for path in place.rglob("*.parquet")
    )


def _may_hold(partition: str, days: tuple[dt.date, dt.date]) -> bool:
    month = _MONTH.fullmatch(partition)
    return month is None or f"{days[0]:%Y-%m}" <= month[1] <= f"{days[1]:%Y-%m}"


def open_parquet(
    name: str, label: str, paths: list[Path], engine: Engine, problems: list[str]
) -> list[RawTable]:
    """The files of one table. What cannot be opened is told."""
    tables = []
    for path in paths:
        # One table for each file: files may differ in their columns and types, and count their own rows.
        month = f"{path.parent.name}/" if _MONTH.fullmatch(path.parent.name) else ""
        own = f"{label}{month}{path.name}" if label.endswith("/") else label
        scan = f"read_parquet({literal(without_pattern(path))}, file_row_number = true, hive_partitioning = false)"
        columns = described(engine, scan)
        if columns is None:
            problems.append(f"{own}: the file is not whole or not what its name says. Copy it again.")
            continue
        tables.append(RawTable(name, own, label, scan, columns, "file_row_number + 1", None, (path,)))
    return tables


def of_days(raw: RawTable, mapping: SourceMapping, days: tuple[dt.date, dt.date]) -> RawTable:
    """The table with the rows of some days alone where it is a diary. Raises PlanError where they cannot be told."""
    mapped = mapping.of(raw.name, raw.label) or (MappedTable(source=raw.name, table=raw.name, columns=()),)
    if not any(one.table in BY_MONTH for one in mapped):
        return raw
    if any(path.suffix.lower() != ".parquet" for path in raw.paths):
        raise PlanError(f"Some days alone are read of Parquet, and {raw.label} is none. Convert it.")
    day = day_to_narrow(mapped, {column.name: column.sql_type for column in raw.columns})
    return dataclasses.replace(raw, scan=f"(SELECT * FROM {raw.scan} WHERE {within_days(day, days)})")


def described(engine: Engine, scan: str) -> tuple[RawColumn, ...] | None:
    """The columns of a typed table; None where it cannot be opened."""
    try:
        columns = engine.columns_of(scan)
    except OutcomesError:
        return None
    own = ("file_row_number", "outcomes_row_number")
    return tuple(RawColumn(name, name, sql_type) for name, sql_type in columns.items() if name not in own)
