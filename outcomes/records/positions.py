"""Where rows stand: findings with the file and the row that a person can go to."""

from __future__ import annotations

from outcomes.engine import Engine
from outcomes.records.findings import MAX_POSITIONS, SHOWN_POSITIONS, Finding, Level
from outcomes.records.table_source import TableSource


def findings_at(
    engine: Engine,
    source: TableSource,
    table: str,
    which: str,
    *,
    level: Level,
    rule: str,
    column: str,
    problem: str,
    remedy: str,
) -> list[Finding]:
    """One finding per file for the rows of `table` (with `source_row`) of which the SQL `which` is true."""
    found = []
    most = SHOWN_POSITIONS if source.keyed else MAX_POSITIONS
    for part, count in engine.rows(
        f"SELECT {source.part_of_row} AS part, count(*) FROM {table} WHERE {which} GROUP BY part ORDER BY part"
    ):
        rows = engine.rows(
            f"SELECT DISTINCT source_row FROM {table} WHERE {which} AND {source.part_of_row} = {part} "
            f"ORDER BY source_row LIMIT {most}"
        )
        places = [source.place_of(row) for (row,) in rows]
        label = places[0][0]
        shown = tuple(row for _, row in places)
        found.append(Finding(level, rule, source.table.name, label, column, problem, remedy, count, shown))
    return found
