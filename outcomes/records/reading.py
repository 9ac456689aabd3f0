"""`load_records`: from what a clinic has to records that were checked, counted and placed in time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.engine import Engine, identifier
from outcomes.errors import TooManySetAside
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.cells import is_integer
from outcomes.records.checking import Checked, check_table
from outcomes.records.findings import MAX_POSITIONS, Finding, TableCounts, total_set_aside
from outcomes.records.schema import TABLES
from outcomes.records.sources import TableSource, find_tables, folder_of

if TYPE_CHECKING:
    import pandas as pd

_PACKAGE = "outcomes.records"

#: Above this share of diary patients without a session, the two tables may not mean the same people.
STRANGERS_SHARE = 0.2

#: What makes two rows of a table say something about the same thing. Other tables: only equal rows repeat.
_ONE_ROW_PER = {"patients": ("patient_id",), "summaries": ("patient_id", "mode", "period")}


@dataclass
class Records:
    """Checked records. They stay in the engine; `frame` brings one table out.

    `counts` has one entry per table and always comes out even; `findings` is what was set aside, collapsed
    or warned about. `plan` is the plan that lay beside the records, or the one given.
    """

    engine: Engine
    plan: AnalysisPlan
    sources: tuple[TableSource, ...]
    counts: tuple[TableCounts, ...]
    findings: tuple[Finding, ...]
    uses_dates: bool
    _segments: dict[tuple[int, ...], str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        tables = ", ".join(f"{count.table}: {count.used} of {count.rows_in} rows" for count in self.counts)
        return f"Records({tables})"

    def has(self, table: str) -> bool:
        """Whether the source holds that table."""
        return any(source.table.name == table for source in self.sources)

    def columns(self, table: str) -> tuple[str, ...]:
        """Names of the columns that the source holds of a table, in its own order."""
        for source in self.sources:
            if source.table.name == table:
                return tuple(item.column.name for item in source.columns)
        return ()

    def frame(self, table: str) -> pd.DataFrame:
        """The used rows of one table as a pandas frame; no column that the source does not hold.

        Raises KeyError where the source does not hold the table.
        """
        names = self.columns(table)
        if not names:
            raise KeyError(table)
        listed = ", ".join(identifier(name) for name in names)
        origin = _used_diary(self) if table == "diary" else table
        return self.engine.frame(f"SELECT {listed} FROM {origin} ORDER BY ALL")

    def segments(self, cuts: Sequence[int] = ()) -> str:
        """Name of the engine's table of segments (sql/segments.sql), cut at the given days.

        28-day tiles need no cut; windows that are not whole tiles do, and cost a second pass.
        """
        key = tuple(sorted({cut for cut in cuts if cut % 28} | {1}))
        if key not in self._segments:
            name = f"segments_{len(self._segments)}"
            build_segments(self.engine, name, key, self.columns("diary"))
            self._segments[key] = name
        return self._segments[key]

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each input file, by the name it has in messages. Empty for frames."""
        return {
            source.label if len(source.paths) == 1 else f"{source.label}{path.name}": _sha256(path)
            for source in self.sources
            for path in source.paths
        }


def load_records(
    source: str | Path | Mapping[str, Any],
    plan: AnalysisPlan | None = None,
    *,
    accept_set_aside: int | None = None,
) -> Records:
    """Read and check a folder of CSV, TSV or Parquet tables, or a dictionary of frames.

    Without `plan`, `outcomes.toml` beside the records is read if it is there. Rows that break a rule are set
    aside and counted. Raises InvalidRecords with every problem that stops the reading, and TooManySetAside
    above the plan's `set_aside_limit`, unless `accept_set_aside` is exactly the number of rows set aside.
    Sources: docs/data-dictionary.md.
    """
    records = read_records(source, plan)
    set_aside = total_set_aside(records.counts)
    rows_in = sum(count.rows_in for count in records.counts)
    if set_aside > records.plan.set_aside_limit * rows_in and accept_set_aside != set_aside:
        raise TooManySetAside(
            f"{set_aside} of {rows_in} rows broke a rule, more than the {records.plan.set_aside_limit:.0%} that "
            f"the plan lets pass. 'outcomes check' lists them. To go on without them: accept {set_aside} rows."
        )
    return records


def read_records(source: str | Path | Mapping[str, Any], plan: AnalysisPlan | None = None) -> Records:
    """Like `load_records`, without the limit: for looking at what is wrong."""
    given = source if isinstance(source, Mapping) else folder_of(source)
    folder = given if isinstance(given, Path) else None
    plan = plan if plan is not None else read_plan(None, folder)
    engine = Engine(readable=[folder] if folder is not None else [])
    tables = find_tables(given, engine, plan)
    id_type = _id_type(tables)
    diary = next((table for table in tables if table.table.name == "diary"), None)
    uses_dates = diary is not None and diary.has("date")
    counts: dict[str, TableCounts] = {}
    findings: list[Finding] = []
    for table in sorted(tables, key=lambda one: one.table.name == "diary"):
        checked = check_table(engine, table, id_type)
        findings += checked.findings
        if table.table.name == "diary":
            _place(engine, tables, id_type, uses_dates=uses_dates, whole=checked.whole)
            counts["diary"] = _settle_diary(engine, table, checked, findings)
        else:
            counts[table.table.name] = _settle_table(engine, table, checked, findings)
    if diary is None:
        _place_nobody(engine, tables, id_type)
    ordered = tuple(counts[table.table.name] for table in tables)
    records = Records(engine, plan, tuple(tables), ordered, (), uses_dates)
    if diary is not None:
        records._segments[(1,)] = "segments"
    findings += _warnings(records)
    order = list(TABLES)
    records.findings = tuple(sorted(findings, key=lambda one: (order.index(one.table), one.column, one.rule)))
    return records


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


def _id_type(tables: Sequence[TableSource]) -> str:
    """Whole-number ids stay whole numbers where every table has them so; anything else is text."""
    types = [item.sql_type for table in tables for item in table.columns if item.column.name == "patient_id"]
    return "BIGINT" if all(is_integer(sql_type) for sql_type in types) else "VARCHAR"


def _place(
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


def _place_nobody(engine: Engine, tables: Sequence[TableSource], id_type: str) -> None:
    _stand_ins(engine, tables, id_type)
    engine.run_file(_PACKAGE, "first_sessions", session_day="CAST(NULL AS INTEGER)", index_day="index_day")


def _settle_diary(
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


def _settle_table(
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


def _used_diary(records: Records) -> str:
    """The used patient-days as a subquery: repeats once, conflicts not at all."""
    if not records.engine.has("repeated_days"):
        return "diary_usable"
    return (
        "(SELECT DISTINCT * EXCLUDE (source_row, fault) FROM placed ANTI JOIN "
        "(SELECT * FROM repeated_days WHERE n_different > 1) AS conflicting ON conflicting.patient_id = "
        "placed.patient_id AND conflicting.relative_day = placed.relative_day)"
    )


def _warnings(records: Records) -> list[Finding]:
    """What stays in and should be known: diaries without a session, day counts that do not begin at 0."""
    engine = records.engine
    sessions = next((source for source in records.sources if source.table.name == "sessions"), None)
    diary = next((source for source in records.sources if source.table.name == "diary"), None)
    if sessions is None or diary is None:
        return []
    if not records.uses_dates:
        late = engine.rows(
            "SELECT count(*) FROM (SELECT patient_id FROM sessions GROUP BY patient_id HAVING min(day) <> 0)"
        )[0][0]
        problem = f"the first session of {_patients(late)} is not day 0."
        remedy = "Count each patient's days from the first session."
        return [_warning("day_zero", sessions, "day", problem, remedy, late)] if late else []
    people = engine.row(
        "SELECT count(*) AS n, count(*) FILTER (WHERE first_day IS NULL) AS strangers FROM "
        "(SELECT DISTINCT patient_id FROM segments) LEFT JOIN first_sessions USING (patient_id)"
    )
    strangers = people["strangers"]
    if not strangers:
        return []
    problem = f"{_patients(strangers)} with a diary, of {people['n']}, have no first session."
    remedy = "They are left out of the comparison."
    if strangers > STRANGERS_SHARE * people["n"]:
        remedy += " So many that the pseudonyms of the two tables may not be written alike: compare them."
    return [_warning("no_first_session", diary, "patient_id", problem, remedy, strangers)]


def _patients(n: int) -> str:
    return f"{n} patient" if n == 1 else f"{n} patients"


def _warning(rule: str, source: TableSource, column: str, problem: str, remedy: str, count: int) -> Finding:
    return Finding("warning", rule, source.table.name, source.label, column, problem, remedy, count, ())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
