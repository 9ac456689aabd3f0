"""Records that are asked where they lie: tables of a Spark session, of a cluster, of a database or a warehouse.

Nothing of them is copied. docs/registry.md says how they must stand there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from outcomes.engine import Engine
from outcomes.errors import FileProblem, OutcomesError, PlanError
from outcomes.records.converting import header_key
from outcomes.records.mapping import MAPPING_FILE, MappedTable, SourceMapping
from outcomes.records.raw import Opened, RawColumn, RawTable
from outcomes.records.schema import TABLES
from outcomes.records.some_days import BY_MONTH, day_to_narrow, key_columns
from outcomes.warehouse.engine import Warehouse, key_of_row

if TYPE_CHECKING:
    from outcomes.records.sources import Location

#: A column of this name beside `date` is the partition of a table, YYYY-MM, and no record.
PARTITION = "month"


def is_elsewhere(source: Any) -> bool:
    """Whether a source is a Spark session or an open connection."""
    return _is_spark(source) or _is_connection(source)


def _is_spark(source: Any) -> bool:
    return type(source).__module__.startswith("pyspark.sql") and hasattr(source, "sql")


def _is_connection(source: Any) -> bool:
    module = type(source).__module__
    return module.startswith(("sqlalchemy.", "adbc_driver_manager.")) and hasattr(source, "close")


def engine_over(source: Any) -> Warehouse:
    """The engine that asks a Spark session or an open connection. Raises PlanError."""
    if _is_spark(source):
        from outcomes.warehouse.spark import SparkWarehouse

        return SparkWarehouse(source)
    from outcomes.warehouse.connections import ConnectionWarehouse

    return ConnectionWarehouse(source)


def asked_there(
    location: Location, mapping: SourceMapping, days: tuple[dt.date, dt.date] | None
) -> tuple[Location, Engine] | None:
    """The source with its tables and the engine that asks it; None where it is small enough to be copied."""
    if location.session is not None:
        return dataclasses.replace(location, days=days), engine_over(location.session)
    wanted = {table.source for table in mapping.tables}
    if location.kind == "elsewhere":
        from outcomes.warehouse.spark import connected

        session, tables = connected(location.address, [*TABLES, *sorted(wanted - set(TABLES))])
        return dataclasses.replace(location, tables=tables, days=days), engine_over(session)
    from outcomes.records.servers import asked_in_place

    found = asked_in_place(location.address, {*wanted, *TABLES} if wanted else None)
    if found is None:
        return None
    connection, names, told = found
    try:
        engine = engine_over(connection)
    except BaseException:
        connection.close()
        raise
    # Nobody else holds the connection: it is closed, and its transaction with it, when nothing asks any more.
    weakref.finalize(engine, connection.close)
    return dataclasses.replace(location, kind="elsewhere", tables=names, days=days, found=told), engine


def open_elsewhere(
    engine: Engine,
    tables: Mapping[str, Any],
    mapping: SourceMapping,
    days: tuple[dt.date, dt.date] | None = None,
    found: Opened | None = None,
) -> Opened:
    """The named tables as found. `tables`: a name of the dictionary, or one that the mapping knows → the table there.

    With `days`, of a diary those days alone. Raises FileProblem where a table cannot be read, PlanError where the
    mapping asks for more than names, codes and constants.
    """
    if not isinstance(engine, Warehouse):
        raise OutcomesError("These records do not lie elsewhere. This is a fault of the program.")
    opened = found or Opened()
    for name, table in tables.items():
        given = f"given_{len(opened.tables)}"
        mapped = mapping.of(name) or (MappedTable(source=name, table=name.strip().lower(), columns=()),)
        _refuse_turning(mapped, mapping)
        engine.offer(given, table)
        columns = engine.columns_of(given)
        partition = _partition(mapped, columns)
        if partition:
            _look_at_partition(engine, given)
        if days is not None and any(one.table in BY_MONTH for one in mapped):
            engine.narrow(given, day_to_narrow(mapped, columns), days, partition)
        raws = tuple(
            RawColumn(column, column, kind) for column, kind in columns.items() if column != partition
        )
        number = key_of_row(*key_columns(mapped[0], columns))
        label = f"{engine.label} › {name if name in TABLES else 'a table'}"
        opened.tables.append(RawTable(name, label, engine.label, given, raws, number, keyed=True))
    if not opened.tables:
        opened.problems.append("No table was given.")
    return opened


def _refuse_turning(mapped: tuple[MappedTable, ...], mapping: SourceMapping) -> None:
    """What has to be turned into the dictionary's form is turned where it lies, by a view of its owner's."""
    asked: list[Any] = [mapping.decimal, mapping.dates, mapping.timezone]
    for table in mapped:
        asked += [table.decimal, table.dates, table.missing_when]
        for _, read in table.columns:
            asked += [read.start, read.end, read.unit, read.scale, read.dates, read.decimal]
    if any(asked):
        raise PlanError(
            f"{MAPPING_FILE}: in tables that are asked where they lie, columns are renamed, given codes or left out; "
            "dates, units, scales and times between are not turned there. Make a view that holds them in the form of "
            "docs/data-dictionary.md, and name the view."
        )


def _partition(mapped: tuple[MappedTable, ...], columns: Mapping[str, str]) -> str:
    """The column that is the partition of a table with calendar days; none where the mapping reads it as a record."""
    read = {header_key(column.source) for one in mapped for _, column in one.columns}
    there = PARTITION in columns and PARTITION not in read and key_columns(mapped[0], columns)[1]
    return PARTITION if there else ""


def _look_at_partition(engine: Engine, given: str) -> None:
    """Raises FileProblem where the partition is not written YYYY-MM, or as the first of the month.

    Asked of all rows: months written otherwise would not be among those of any day, and be left out in silence. Where
    the partition is one of folders, only those of another name are opened for it.
    """
    text = f"CAST({PARTITION} AS VARCHAR)"
    strange = engine.rows(
        f"SELECT count(*) FROM {given} WHERE NOT regexp_full_match({text}, '[0-9]{{4}}-(0[1-9]|1[0-2])(-01)?')"
    )[0][0]
    if strange:
        raise FileProblem(
            f"A column '{PARTITION}' beside the day must be the partition of the table, written YYYY-MM, and is not. "
            "Make a view with the months in this form, or without the column."
        )
