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
from outcomes.records.cells import is_whole_number
from outcomes.records.checking import check_table
from outcomes.records.findings import Finding, TableCounts, tables_over_limit, total_set_aside
from outcomes.records.placing import (
    build_segments,
    name_patients,
    place_diary,
    settle_diary,
    settle_table,
    stand_in,
)
from outcomes.records.schema import TABLES
from outcomes.records.sources import TableSource, find_tables, folder_of

if TYPE_CHECKING:
    import pandas as pd

#: Above this share of diary patients without a session, the two tables may not mean the same people.
STRANGERS_SHARE = 0.2


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
    over = tables_over_limit(records.counts, records.plan.set_aside_limit)
    if over and accept_set_aside != set_aside:
        told = "; ".join(f"{count.file}: {count.set_aside} of {count.rows_in} rows" for count in over)
        raise TooManySetAside(
            f"Set aside, more than the {records.plan.set_aside_limit:.0%} that the plan lets pass: {told}. 'outcomes "
            f"check' lists them. To go on without them: --accept-set-aside {set_aside} (all tables together)."
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
    stand_in(engine, tables, id_type)
    for table in sorted(tables, key=lambda one: one.table.name == "diary"):
        checked = check_table(engine, table, id_type)
        findings += checked.findings
        if table.table.name == "diary":
            place_diary(engine, tables, uses_dates=uses_dates, whole=checked.whole)
            counts["diary"] = settle_diary(engine, table, checked, findings)
        else:
            counts[table.table.name] = settle_table(engine, table, checked, findings)
    name_patients(engine, counts.get("diary"), id_type)
    ordered = tuple(counts[table.table.name] for table in tables)
    records = Records(engine, plan, tuple(tables), ordered, (), uses_dates)
    if diary is not None:
        records._segments[(1,)] = "segments"
    findings += _warnings(records)
    order = list(TABLES)
    records.findings = tuple(sorted(findings, key=lambda one: (order.index(one.table), one.column, one.rule)))
    return records


def _id_type(tables: Sequence[TableSource]) -> str:
    """Whole-number ids stay whole numbers where every table has them so; anything else is text."""
    types = [item.sql_type for table in tables for item in table.columns if item.column.name == "patient_id"]
    return "BIGINT" if all(is_whole_number(sql_type) for sql_type in types) else "VARCHAR"


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
