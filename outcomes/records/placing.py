"""From checked rows to patient time: day 0, the segments of the diary, and days that stand twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from outcomes.engine import Engine, identifier
from outcomes.records.checking import Checked
from outcomes.records.findings import Finding, TableCounts
from outcomes.records.positions import findings_at
from outcomes.records.table_source import TableSource

_PACKAGE = "outcomes.records"

#: Columns of a checked table that say where a row stood and what is wrong with it, and not what it tells.
OF_THE_CHECK = ("source_row", "fault", "doubt")

#: What makes two rows of a table say something about the same thing. Other tables: only equal rows repeat.
ONE_ROW_PER = {
    "patients": ("patient_id",),
    "summaries": ("patient_id", "mode", "period"),
    "scores": ("patient_id", "date", "day", "instrument", "site", "side"),
}


def _has(tables: Sequence[TableSource]) -> set[tuple[str, str]]:
    return {(table.table.name, item.column.name) for table in tables for item in table.columns}


def place_day_zero(engine: Engine, tables: Sequence[TableSource], *, uses_dates: bool) -> None:
    """Make `first_sessions`: day 0 of every patient for whom it is known."""
    has = _has(tables)
    # Where records count in days, day 0 is the first session by definition, and no session needs to be read.
    session_day = "CAST(NULL AS INTEGER)"
    if uses_dates:
        session_day = identifier("date") if ("sessions", "date") in has else "CAST(NULL AS DATE)"
    index_day = "index_date" if uses_dates else "index_day"
    engine.run_file(_PACKAGE, "first_sessions", session_day=session_day, index_day=index_day)


def place_diary(
    engine: Engine, tables: Sequence[TableSource], *, uses_dates: bool, whole: bool, last_day: dt.date
) -> None:
    """Make `placed`: usable diary rows on each patient's own time axis. Nothing is declared after `last_day`."""
    has = _has(tables)
    # Without a broken row there is nothing to filter by, and the rules need not be worked out a second time.
    kept = "headache IS NOT NULL" if whole else "headache IS NOT NULL AND fault = 0"
    usable = f"SELECT * FROM diary_checked WHERE {kept}"
    if has >= {("patients", "recorded_from"), ("patients", "recorded_to"), ("diary", "date")}:
        _declare_days(engine, last_day)
        names = engine.columns_of("diary_checked")
        told = {"patient_id": "patient_id", "date": "date", "headache": "FALSE"}
        usable = (
            f"SELECT {', '.join(map(identifier, names))} FROM diary_checked WHERE {kept} UNION ALL SELECT "
        )
        usable += ", ".join(f"{told.get(name, 'NULL')} AS {identifier(name)}" for name in names)
        usable += " FROM declared_days"
    engine.run(f"CREATE TEMP VIEW diary_usable AS {usable}")
    engine.run_file(_PACKAGE, "placed_by_date" if uses_dates else "placed_by_day")


#: A declared span of more days than this is a typing error.
LONGEST_SPAN = 3660


def _declare_days(engine: Engine, last_day: dt.date) -> None:
    """Make `declared_days`: the days of declared spans of which no row tells.

    A patient with a row whose date cannot be read gets none: that row may tell of any of the days. A day with
    a row that was set aside, or left empty, is not declared free of headache either.
    """
    longest = engine.rows(
        "SELECT coalesce(max(recorded_to - recorded_from), 0) FROM patients "
        f"WHERE recorded_to - recorded_from <= {LONGEST_SPAN}"
    )[0][0]
    import pyarrow as pa

    engine.register("span_days", pa.table({"n": pa.array(range(int(longest) + 1), pa.int32())}))
    engine.run_file(_PACKAGE, "declared_days", longest=LONGEST_SPAN, last_day=last_day.isoformat())


def stand_in(engine: Engine, tables: Sequence[TableSource], id_type: str) -> None:
    """Empty tables for those that a source does not hold, so that the SQL files need no second form."""
    present = {table.table.name for table in tables}
    columns = {
        "sessions": {"date": "DATE", "day": "INTEGER"},
        "patients": {"index_date": "DATE", "index_day": "INTEGER"},
        "summaries": {"period": "VARCHAR"},
        "scores": {"date": "DATE", "day": "INTEGER"},
        "events": {"date": "DATE", "day": "INTEGER"},
    }
    for name, types in columns.items():
        if name not in present:
            absent = {"patient_id": id_type, **types}
            listed = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in absent.items())
            engine.run(f"CREATE TEMP TABLE {name}_checked AS SELECT {listed} WHERE FALSE")


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


#: The rule of the finding that reports must repeat.
COMBINED = "combined"

#: What the plan may make of rows that contradict each other about one day: SQL over the rows of the day.
_COMBINED_DURATION = {
    "max": "max(CASE WHEN headache THEN duration_hours END)",
    "sum": "CASE WHEN sum(CASE WHEN headache THEN duration_hours END) > 24 THEN 24 "
    "ELSE sum(CASE WHEN headache THEN duration_hours END) END",
}


def build_segments(
    engine: Engine, name: str, cuts: Sequence[int], columns: Sequence[str], duplicate_day: str
) -> tuple[int, int]:
    """Make the table of segments; repeats collapse, conflicts go. Gives rows collapsed and set aside.

    With a `duplicate_day` other than `set_aside`, conflicting rows become the one day that the plan makes of
    them, and count as collapsed.
    """
    start = segment_start(cuts)
    first = f"{name}_of_rows"
    engine.run_file(_PACKAGE, "segments", target=first, days="placed", segment_start=start)
    crowded = engine.rows(f"SELECT count(*) FROM {first} WHERE n_rows <> bit_count(recorded)")[0][0]
    if not crowded:
        engine.rename(first, name)
        return 0, 0
    listed = ", ".join(identifier(column) for column in columns)
    engine.run_file(_PACKAGE, "repeated_days", columns=listed, segment_start=start, segments=first)
    combined = duplicate_day != "set_aside"
    if combined:
        _combine_days(engine, columns, duplicate_day)
    more = (
        "UNION ALL SELECT patient_id, relative_day, headache, intensity, duration_hours, acute_medication FROM "
        "combined_days"
    )
    engine.run_file(
        _PACKAGE, "crowded_days", segment_start=start, segments=first, combined=more if combined else ""
    )
    engine.run_file(_PACKAGE, "segments", target=f"{name}_mended", days="crowded_days", segment_start=start)
    engine.run(
        f"CREATE TEMP TABLE {name} AS SELECT * FROM {first} WHERE n_rows = bit_count(recorded) "
        f"UNION ALL SELECT * FROM {name}_mended"
    )
    engine.drop([first, f"{name}_mended"])
    counted = engine.row(
        "SELECT coalesce(sum(CASE WHEN n_different = 1 THEN n_rows - 1 END), 0) AS collapsed, "
        "coalesce(sum(CASE WHEN n_different > 1 THEN n_rows END), 0) AS conflicting, "
        "count(CASE WHEN n_different > 1 THEN 1 END) AS conflicting_days FROM repeated_days"
    )
    alike, conflicting = int(counted["collapsed"]), int(counted["conflicting"])
    if combined:
        return alike + conflicting - int(counted["conflicting_days"]), 0
    return alike, conflicting


def _combine_days(engine: Engine, columns: Sequence[str], duplicate_day: str) -> None:
    """Make `combined_days`: of each day that contradicting rows tell of, the one row that the plan makes of them."""
    own = ("intensity", "duration_hours", "acute_medication")
    listed = {
        "columns": ", ".join(f"placed.{identifier(column)}" for column in columns),
        "absent": "".join(f", placed.{name}" for name in own if name not in columns),
    }
    if duplicate_day == "last":
        engine.run_file(_PACKAGE, "last_of_days", **listed)
        return
    engine.run_file(
        _PACKAGE,
        "combined_days",
        own_day="date" if "date" in columns else "day",
        headache_duration=_COMBINED_DURATION[duplicate_day],
        **listed,
    )


def settle_diary(
    engine: Engine, source: TableSource, checked: Checked, findings: list[Finding], duplicate_day: str
) -> TableCounts:
    """Segments of the diary, its repeated days, and where its rows went."""
    columns = [item.column.name for item in source.columns]
    collapsed, conflicting = build_segments(engine, "segments", (1,), columns, duplicate_day)
    if collapsed or conflicting:
        findings += _repeated_findings(engine, source, duplicate_day)
    used = engine.rows("SELECT coalesce(sum(bit_count(recorded)), 0) FROM segments")[0][0] - _declared(engine)
    # Counted on its own, not as the rest, so that the reconciliation in TableCounts can fail.
    kept = "" if checked.whole else " AND fault = 0"
    listed = engine.rows(f"SELECT count(*) FROM diary_checked WHERE headache IS NULL{kept}")[0][0]
    set_aside = checked.broken + conflicting
    return TableCounts(
        "diary", source.label, checked.rows_in, int(used), listed, collapsed, set_aside, checked.blank
    )


def _declared(engine: Engine) -> int:
    """Days that no row tells of and that the clinic declared free of headache."""
    if not engine.has("declared_days"):
        return 0
    return int(engine.rows("SELECT count(*) FROM declared_days")[0][0])


def _repeated_findings(engine: Engine, source: TableSource, duplicate_day: str) -> list[Finding]:
    """Days that stand more than once: further copies of equal rows, and all rows of contradicting ones."""
    engine.run(
        "CREATE OR REPLACE TEMP TABLE repeated_rows AS SELECT source_row, n_different, row_number() OVER "
        "(PARTITION BY placed.patient_id, placed.relative_day ORDER BY source_row) AS copy FROM placed JOIN "
        "repeated_days ON repeated_days.patient_id = placed.patient_id AND repeated_days.relative_day = "
        "placed.relative_day"
    )
    alike, differing = "n_different = 1 AND copy > 1", "n_different > 1"
    findings = _repeat_findings(engine, source, "repeated_rows", alike, differing, duplicate_day)
    engine.run("DROP TABLE repeated_rows")
    return findings


def _repeat_findings(
    engine: Engine,
    source: TableSource,
    table: str,
    alike: str,
    differing: str,
    duplicate_day: str = "set_aside",
) -> list[Finding]:
    findings = findings_at(
        engine,
        source,
        table,
        alike,
        level="collapsed",
        rule="repeated_row",
        column="",
        problem="repeats an earlier row, word for word.",
        remedy="It was counted once. Remove the copy.",
    )
    combined = duplicate_day != "set_aside"
    return findings + findings_at(
        engine,
        source,
        table,
        differing,
        level="collapsed" if combined else "set aside",
        rule=COMBINED if combined else "conflict",
        column="",
        problem=f"differs from another row of the same {source.table.row}.",
        remedy=f"They were put together as the plan says (duplicate_day = {duplicate_day})."
        if combined
        else "All of them were set aside. Keep the right one.",
    )


def settled_rows(source: TableSource, columns: Sequence[str]) -> str:
    """The named columns of the checked rows, what stands for the same thing written alike: no mode is a diary."""
    same = {"mode": "coalesce(mode, 'diary') AS mode"} if source.table.name == "summaries" else {}
    listed = ", ".join(same.get(column, identifier(column)) for column in columns)
    return f"SELECT {listed} FROM {source.table.name}_checked"


def settle_table(
    engine: Engine, source: TableSource, checked: Checked, findings: list[Finding]
) -> TableCounts:
    """Make the table of used rows: equal rows collapse, contradicting ones are set aside, both."""
    name = source.table.name
    columns = ", ".join(identifier(item.column.name) for item in source.columns)
    key_names = [key for key in ONE_ROW_PER.get(name, ()) if source.has(key)]
    key = ", ".join(identifier(item) for item in key_names) or columns
    held = list(engine.columns_of(f"{name}_checked"))
    engine.run(
        f"CREATE TEMP TABLE {name}_counted AS SELECT *, count(*) OVER (PARTITION BY {key}) AS rows_of_key, "
        f"count(*) OVER (PARTITION BY {columns}) AS rows_alike, "
        f"row_number() OVER (PARTITION BY {columns} ORDER BY source_row) AS copy "
        f"FROM ({settled_rows(source, held)}) WHERE fault = 0"
    )
    conflict = "rows_of_key <> rows_alike"
    used_columns = ", ".join(identifier(one) for one in held if one not in OF_THE_CHECK)
    engine.run(
        f"CREATE TABLE {name} AS SELECT {used_columns} "
        f"FROM {name}_counted WHERE NOT ({conflict}) AND copy = 1"
    )
    alike = f"NOT ({conflict}) AND copy > 1"
    findings += _repeat_findings(engine, source, f"{name}_counted", alike, conflict)
    counted = engine.row(
        f"SELECT count(*) FILTER (WHERE {conflict}) AS differing, count(*) FILTER (WHERE {alike}) AS alike "
        f"FROM {name}_counted"
    )
    engine.run(f"DROP TABLE {name}_counted")
    used = engine.rows(f"SELECT count(*) FROM {name}")[0][0]
    set_aside = checked.broken + counted["differing"]
    return TableCounts(
        name, source.label, checked.rows_in, used, 0, counted["alike"], set_aside, checked.blank
    )
