"""The privacy gate in front of the reading: every column of every table that was found, used or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from outcomes.engine import Engine, identifier, literal
from outcomes.plan import read_plan
from outcomes.records.converting import cell_text, header_key
from outcomes.records.findings import MAX_POSITIONS, SHOWN_POSITIONS
from outcomes.records.identity.allowances import Allowances, read_allowances
from outcomes.records.identity.gate import GateColumn, GateReport, GateTable, hold_gate
from outcomes.records.mapping import SourceMapping, read_mapping
from outcomes.records.matching import match_tables
from outcomes.records.raw import RawColumn, RawTable
from outcomes.records.schema import Column
from outcomes.records.sources import Location, locate, open_source
from outcomes.records.table_source import Part, TableSource

ALLOWANCES_FILE = "allowances.toml"


def run_gate(
    engine: Engine,
    raws: Sequence[RawTable],
    sources: Sequence[TableSource],
    mapping: SourceMapping,
    location: Location,
    allowances: str | Path | None,
    held: Container[str] = (),
) -> GateReport:
    """Hold the gate against all tables found. Nothing is written anywhere.

    `held` names the tables that have been read already, each from one text file, with no rule broken.
    """
    tables = [gate_table(raw, sources, mapping, held) for raw in raws]
    path = Path(allowances) if allowances is not None else None
    if path is None and location.beside is not None:
        path = location.beside / ALLOWANCES_FILE
    allowed = read_allowances(path) if path is not None else Allowances()
    return hold_gate(engine, tables, mapping, allowed, newest_session=_newest_session(engine, sources))


def tables_of(source: str | Path, mapping: str | Path | None) -> list[GateTable]:
    """The tables of a source as the gate looks at them, for an allowance. Raises as reading does."""
    location = locate(source)
    chosen = read_mapping(mapping, location.beside)
    engine = Engine(location.readable)
    opened = open_source(location, engine, chosen)
    sources, _ = match_tables(opened.tables, engine, chosen, read_plan(None, location.beside))
    return [gate_table(raw, sources, chosen) for raw in opened.tables]


def gate_table(
    raw: RawTable, sources: Sequence[TableSource], mapping: SourceMapping, held: Container[str] = ()
) -> GateTable:
    """One table as found, as the gate looks at it. `held`: as in `run_gate`."""
    feeding = [(source, part) for source in sources for part in source.parts if part.raw is raw]
    feeds: dict[str, Column] = {}
    ignored: set[str] = set()
    missing = mapping.missing
    table = feeding[0][0].table.name if feeding else ""
    as_they_stand: dict[str, str] = {}
    for source, part in feeding:
        missing = part.mapped.missing or missing
        if source.table.name in held and len(feeding) == 1:
            as_they_stand = _as_they_stand(part)
        for item in part.columns:
            key, fed = _fed(part, item.column)
            if key:
                feeds.setdefault(key, fed)
        ignored |= {header_key(name) for name in part.mapped.ignore}
    columns = []
    for position, column in enumerate(raw.columns, start=1):
        key = header_key(column.written)
        columns.append(
            GateColumn(
                position,
                column.written,
                _text(column, missing),
                feeds.get(key),
                key in ignored or "*" in ignored,
                raw=identifier(column.name),
                sql_type=column.sql_type,
                held=as_they_stand.get(column.name, ""),
            )
        )
    return GateTable(
        raw.label,
        raw.container,
        table,
        raw.scan,
        raw.row_number,
        raw.row_shown,
        tuple(columns),
        f"{table}_checked" if as_they_stand else "",
        SHOWN_POSITIONS if raw.keyed else MAX_POSITIONS,
    )


def _as_they_stand(part: Part) -> dict[str, str]:
    """Columns as found that are read with nothing done to their cells before the rules: raw name → our column."""
    found = {identifier(column.name): column.name for column in part.raw.columns}
    return {
        found[item.expression]: identifier(item.column.name)
        for item in part.columns
        if item.expression in found and not item.constant
    }


def _fed(part: Part, column: Column) -> tuple[str, Column]:
    """The header that one of our columns is read from, and what its cells may be before they are turned."""
    read = part.read(column.name)
    if read is None:
        return header_key(column.name), column
    if read.codes:
        # Their own list is as closed as ours.
        return header_key(read.source), replace(
            column, kind="code", codes=tuple(code for code, _ in read.codes)
        )
    # A duration between two cells has no header of its own: its times are looked at as they stand.
    return header_key(read.source), column


def _text(column: RawColumn, missing: Sequence[str]) -> str:
    text = cell_text(column)
    listed = ", ".join(literal(token) for token in missing)
    return f"CASE WHEN lower({text}) NOT IN ({listed}) THEN {text} END"


def _newest_session(engine: Engine, sources: Sequence[TableSource]) -> dt.date | None:
    """The newest date of a session, by which a date long before it is told to be a birthday."""
    for source in sources:
        item = next((one for one in source.columns if one.column.name == "date"), None)
        if source.table.name == "sessions" and item is not None:
            day = "try_cast(left(CAST(date AS VARCHAR), 10) AS DATE)"
            newest = engine.rows(
                f"SELECT CAST(max({day}) AS VARCHAR) FROM ({source.origin}) WHERE {day} < DATE '2100-01-01'"
            )
            return dt.date.fromisoformat(newest[0][0]) if newest[0][0] else None
    return None
