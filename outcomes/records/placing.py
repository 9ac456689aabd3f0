"""From checked rows to patient time: day 0, the segments of the diary, and days that stand twice."""

from __future__ import annotations

from collections.abc import Sequence

from outcomes.engine import Engine, identifier
from outcomes.records.checking import Checked
from outcomes.records.findings import MAX_POSITIONS, Finding, TableCounts
from outcomes.records.sources import TableSource

_PACKAGE = "outcomes.records"

#: What makes two rows of a table say something about the same thing. Other tables: only equal rows repeat.
_ONE_ROW_PER = {"patients": ("patient_id",), "summaries": ("patient_id", "mode", "period")}


def place_diary(engine: Engine, tables: Sequence[TableSource], *, uses_dates: bool, whole: bool) -> None:
    """Make `placed`: usable diary rows on each patient's own time axis."""
    has = {(table.table.name, item.column.name) for table in tables for item in table.columns}
    # Where records count in days, day 0 is the first session by definition, and no session needs to be read.
    session_day = "CAST(NULL AS INTEGER)"
    if uses_dates:
        session_day = identifier("date") if ("sessions", "date") in has else "CAST(NULL AS DATE)"
    index_day = "index_date" if uses_dates else "index_day"
    engine.run_file(_PACKAGE, "first_sessions", session_day=session_day, index_day=index_day)
    # Without a broken row there is nothing to filter by, and the rules need not be worked out a second time.
    kept = "headache IS NOT NULL" if whole else "headache IS NOT NULL AND fault = 0"
    engine.run(f"CREATE TEMP VIEW diary_usable AS SELECT * FROM diary_checked WHERE {kept}")
    engine.run_file(_PACKAGE, "placed_by_date" if uses_dates else "placed_by_day")


def stand_in(engine: Engine, tables: Sequence[TableSource], id_type: str) -> None:
    """Empty tables for those that a source does not hold, so that the SQL files need no second form."""
    present = {table.table.name for table in tables}
    columns = {
        "sessions": "date DATE, day INTEGER",
        "patients": "index_date DATE, index_day INTEGER",
        "summaries": "period VARCHAR",
    }
    for name, types in columns.items():
        if name not in present:
            engine.run(f"CREATE TEMP TABLE {name}_checked (patient_id {id_type}, {types})")


def name_patients(engine: Engine, diary: TableCounts | None, id_type: str) -> None:
    """Make `named_patients`: everyone in any table, also those of whom nothing can be used."""
    origins = [f"SELECT CAST(NULL AS {id_type}) AS patient_id"]
    if diary is not None:
        origins.append("SELECT DISTINCT patient_id FROM segments")
        if diary.set_aside or diary.not_recorded:
            origins.append("SELECT patient_id FROM diary_checked WHERE fault <> 0 OR headache IS NULL")
        if engine.has("repeated_days"):
            origins.append("SELECT patient_id FROM repeated_days")
    engine.run_file(_PACKAGE, "named_patients", diary_patients=" UNION ALL ".join(origins))


def segment_start(cuts: Sequence[int]) -> str:
    """SQL for the first day of the segment that a relative day lies in."""
    # The offset keeps whole-number division the same for negative days in every engine.
    tile = "28 * ((relative_day + 2800000) // 28 - 100000)"
    at_cuts = [f"CASE WHEN relative_day >= {cut} THEN {cut} ELSE -9999999 END" for cut in cuts]
    return f"greatest({', '.join([tile, *at_cuts])})"


def build_segments(engine: Engine, name: str, cuts: Sequence[int], columns: Sequence[str]) -> tuple[int, int]:
    """Make the table of segments; repeats collapse, conflicts go. Gives rows collapsed and set aside."""
    start = segment_start(cuts)
    engine.run_file(_PACKAGE, "segments", target=name, days="placed", segment_start=start)
    crowded = engine.rows(f"SELECT count(*) FROM {name} WHERE n_rows <> bit_count(recorded)")[0][0]
    if not crowded:
        return 0, 0
    listed = ", ".join(identifier(column) for column in columns)
    engine.run_file(_PACKAGE, "repeated_days", columns=listed, segment_start=start, segments=name)
    engine.run_file(_PACKAGE, "crowded_days", segment_start=start, segments=name)
    engine.run_file(_PACKAGE, "segments", target=f"{name}_mended", days="crowded_days", segment_start=start)
    engine.run(f"DELETE FROM {name} WHERE n_rows <> bit_count(recorded)")
    engine.run(f"INSERT INTO {name} SELECT * FROM {name}_mended")
    counted = engine.row(
        "SELECT coalesce(sum(CASE WHEN n_different = 1 THEN n_rows - 1 END), 0) AS collapsed, "
        "coalesce(sum(CASE WHEN n_different > 1 THEN n_rows END), 0) AS set_aside FROM repeated_days"
    )
    return int(counted["collapsed"]), int(counted["set_aside"])


def settle_diary(
    engine: Engine, source: TableSource, checked: Checked, findings: list[Finding]
) -> TableCounts:
    """Segments of the diary, its repeated days, and where its rows went."""
    columns = [item.column.name for item in source.columns]
    collapsed, conflicting = build_segments(engine, "segments", (1,), columns)
    if collapsed or conflicting:
        findings += _repeated_findings(engine, source)
    used = engine.rows("SELECT coalesce(sum(bit_count(recorded)), 0) FROM segments")[0][0]
    # Counted on its own, not as the rest, so that the reconciliation in TableCounts can fail.
    kept = "" if checked.whole else " AND fault = 0"
    listed = engine.rows(f"SELECT count(*) FROM diary_checked WHERE headache IS NULL{kept}")[0][0]
    set_aside = checked.broken + conflicting
    return TableCounts(
        "diary", source.label, checked.rows_in, int(used), listed, collapsed, set_aside, checked.blank
    )


def _repeated_findings(engine: Engine, source: TableSource) -> list[Finding]:
    """Days that stand more than once: further copies of equal rows, and all rows of contradicting ones."""
    engine.run(
        "CREATE OR REPLACE TEMP TABLE repeated_rows AS SELECT source_row, n_different, row_number() OVER "
        "(PARTITION BY placed.patient_id, placed.relative_day ORDER BY source_row) AS copy FROM placed JOIN "
        "repeated_days ON repeated_days.patient_id = placed.patient_id AND repeated_days.relative_day = "
        "placed.relative_day"
    )
    alike = _rows_of(engine, source, "repeated_rows", "n_different = 1 AND copy > 1")
    differing = _rows_of(engine, source, "repeated_rows", "n_different > 1")
    engine.run("DROP TABLE repeated_rows")
    return _repeat_findings(source, alike, differing)


_Positions = tuple[int, tuple[int, ...]]


def _rows_of(engine: Engine, source: TableSource, table: str, which: str) -> _Positions:
    """How many rows of a table of rows, and where the first of them stand."""
    count = engine.rows(f"SELECT count(*) FROM {table} WHERE {which}")[0][0]
    rows = engine.rows(
        f"SELECT source_row FROM {table} WHERE {which} ORDER BY source_row LIMIT {MAX_POSITIONS}"
    )
    return int(count), tuple(source.row_shown(row) for (row,) in rows)


def _repeat_findings(source: TableSource, alike: _Positions, differing: _Positions) -> list[Finding]:
    table, label = source.table, source.label
    findings = []
    if alike[0]:
        problem, remedy = "repeats an earlier row, word for word.", "It was counted once. Remove the copy."
        findings.append(Finding("collapsed", "repeated_row", table.name, label, "", problem, remedy, *alike))
    if differing[0]:
        problem = f"differs from another row of the same {table.row}."
        remedy = "All of them were set aside. Keep the right one."
        findings.append(Finding("set aside", "conflict", table.name, label, "", problem, remedy, *differing))
    return findings


def _settled_rows(source: TableSource) -> str:
    """The checked rows with what stands for the same thing written alike: no mode is a diary."""
    name = source.table.name
    written = "* REPLACE (coalesce(mode, 'diary') AS mode)" if name == "summaries" else "*"
    return f"SELECT {written} FROM {name}_checked"


def settle_table(
    engine: Engine, source: TableSource, checked: Checked, findings: list[Finding]
) -> TableCounts:
    """Make the table of used rows: equal rows collapse, contradicting ones are set aside, both."""
    name = source.table.name
    columns = ", ".join(identifier(item.column.name) for item in source.columns)
    key_names = [key for key in _ONE_ROW_PER.get(name, ()) if source.has(key)]
    key = ", ".join(identifier(item) for item in key_names) or columns
    engine.run(
        f"CREATE TEMP TABLE {name}_counted AS SELECT *, count(*) OVER (PARTITION BY {key}) AS rows_of_key, "
        f"count(*) OVER (PARTITION BY {columns}) AS rows_alike, "
        f"row_number() OVER (PARTITION BY {columns} ORDER BY source_row) AS copy "
        f"FROM ({_settled_rows(source)}) WHERE fault = 0"
    )
    conflict = "rows_of_key <> rows_alike"
    engine.run(
        f"CREATE TABLE {name} AS SELECT * EXCLUDE (source_row, fault, rows_of_key, rows_alike, copy) "
        f"FROM {name}_counted WHERE NOT ({conflict}) AND copy = 1"
    )
    differing = _rows_of(engine, source, f"{name}_counted", conflict)
    alike = _rows_of(engine, source, f"{name}_counted", f"NOT ({conflict}) AND copy > 1")
    findings += _repeat_findings(source, alike, differing)
    engine.run(f"DROP TABLE {name}_counted")
    used = engine.rows(f"SELECT count(*) FROM {name}")[0][0]
    set_aside = checked.broken + differing[0]
    return TableCounts(name, source.label, checked.rows_in, used, 0, alike[0], set_aside, checked.blank)
