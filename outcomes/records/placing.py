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


def place(
    engine: Engine, tables: Sequence[TableSource], id_type: str, *, uses_dates: bool, whole: bool
) -> None:
    """Make `placed`: usable diary rows on each patient's own time axis."""
    _stand_ins(engine, tables, id_type)
    has = {(table.table.name, item.column.name) for table in tables for item in table.columns}
    day_type = "DATE" if uses_dates else "INTEGER"
    session_day = identifier("date") if ("sessions", "date") in has else f"CAST(NULL AS {day_type})"
    if not uses_dates:
        # Day 0 is the first session by definition; a patient without an index day needs no row for that.
        session_day = "CAST(NULL AS INTEGER)"
    index_day = "index_date" if uses_dates else "index_day"
    engine.run_file(_PACKAGE, "first_sessions", session_day=session_day, index_day=index_day)
    # Without a broken row there is nothing to filter by, and the rules need not be worked out a second time.
    kept = "headache IS NOT NULL" if whole else "headache IS NOT NULL AND fault = 0"
    engine.run(f"CREATE TEMP VIEW diary_usable AS SELECT * FROM diary_checked WHERE {kept}")
    engine.run_file(_PACKAGE, "placed_by_date" if uses_dates else "placed_by_day")


def _stand_ins(engine: Engine, tables: Sequence[TableSource], id_type: str) -> None:
    """Empty tables for those that a source does not hold, so that the SQL files need no second form."""
    present = {table.table.name for table in tables}
    if "sessions" not in present:
        engine.run(f"CREATE TEMP TABLE sessions (patient_id {id_type}, date DATE, day INTEGER)")
    if "patients" not in present:
        engine.run(
            f'CREATE TEMP TABLE patients (patient_id {id_type}, headache_type VARCHAR, "group" VARCHAR, '
            "index_date DATE, index_day INTEGER)"
        )


def place_nobody(engine: Engine, tables: Sequence[TableSource], id_type: str) -> None:
    _stand_ins(engine, tables, id_type)
    engine.run_file(_PACKAGE, "first_sessions", session_day="CAST(NULL AS INTEGER)", index_day="index_day")


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
    kinds = (
        ("collapsed", "repeated_row", "n_different = 1", "stands more than once, word for word.",
         "It was counted once. Remove the copies."),
        ("set aside", "conflict", "n_different > 1", "has different entries for the same patient and day.",
         "All of them were set aside. Keep the right one."),
    )  # fmt: skip
    findings = []
    for level, rule, which, problem, remedy in kinds:
        rows = engine.rows(
            "SELECT source_row FROM placed SEMI JOIN (SELECT * FROM repeated_days WHERE "
            f"{which}) AS found ON found.patient_id = placed.patient_id AND found.relative_day = "
            f"placed.relative_day ORDER BY source_row LIMIT {MAX_POSITIONS}"
        )
        count = engine.rows(f"SELECT coalesce(sum(n_rows), 0) FROM repeated_days WHERE {which}")[0][0]
        if count:
            shown = tuple(source.row_shown(row) for (row,) in rows)
            findings.append(
                Finding(level, rule, "diary", source.label, "", problem, remedy, int(count), shown)  # type: ignore[arg-type]
            )
    return findings


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
        f"FROM {name}_checked WHERE fault = 0"
    )
    conflict = "rows_of_key <> rows_alike"
    engine.run(
        f"CREATE TABLE {name} AS SELECT * EXCLUDE (source_row, fault, rows_of_key, rows_alike, copy) "
        f"FROM {name}_counted WHERE NOT ({conflict}) AND copy = 1"
    )
    conflicting = _repeats(engine, source, conflict, findings, conflict=True)
    collapsed = _repeats(engine, source, f"NOT ({conflict}) AND copy > 1", findings, conflict=False)
    engine.run(f"DROP TABLE {name}_counted")
    used = engine.rows(f"SELECT count(*) FROM {name}")[0][0]
    set_aside = checked.broken + conflicting
    return TableCounts(name, source.label, checked.rows_in, used, 0, collapsed, set_aside, checked.blank)


def _repeats(
    engine: Engine, source: TableSource, which: str, findings: list[Finding], *, conflict: bool
) -> int:
    name = source.table.name
    count = engine.rows(f"SELECT count(*) FROM {name}_counted WHERE {which}")[0][0]
    if not count:
        return 0
    rows = engine.rows(
        f"SELECT source_row FROM {name}_counted WHERE {which} ORDER BY source_row LIMIT {MAX_POSITIONS}"
    )
    shown = tuple(source.row_shown(row) for (row,) in rows)
    if conflict:
        findings.append(
            Finding("set aside", "conflict", name, source.label, "", f"differs from another row of the same "
                    f"{source.table.row}.", "All of them were set aside. Keep the right one.", count, shown)
        )  # fmt: skip
    else:
        findings.append(
            Finding("collapsed", "repeated_row", name, source.label, "", "repeats an earlier row, word for word.",
                    "It was counted once. Remove the copy.", count, shown)
        )  # fmt: skip
    return int(count)
