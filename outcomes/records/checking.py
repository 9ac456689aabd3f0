"""Every rule of the data dictionary, held against every row at once.

Each table becomes `NAME_checked`: its known columns with their values, the row number, and `fault`, a number
with one bit per broken rule. Rows with a fault are set aside; nothing is dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outcomes.engine import Engine, identifier
from outcomes.errors import InvalidRecords, OutcomesError
from outcomes.records.cells import (
    Forms,
    bounds,
    cell,
    engine_type,
    parsed_name,
    plain_value,
    time_marks,
    untrue_days,
    written_otherwise,
)
from outcomes.records.findings import Finding
from outcomes.records.positions import findings_at
from outcomes.records.rules import FELT, NEEDED, Rule, rules_of
from outcomes.records.scanning import ragged_rows
from outcomes.records.schema import Column, Table
from outcomes.records.table_source import TableSource

#: Text above this size is kept in a private file and not in memory: its values take about twice its bytes.
LARGE_TEXT = 64 * 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """What the check of one table found: its rows, those that are blank, and those that break a rule.

    `blank` and `broken` are 0 for a table without a finding, and `whole` says so. `long_numbers`: a cell of a
    column of numbers holds more signs than its value needs, and so may say more than its value does.
    """

    rows_in: int
    blank: int
    broken: int
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...] = ()
    long_numbers: bool = False

    @property
    def whole(self) -> bool:
        return not self.blank and not self.broken


def check_table(engine: Engine, source: TableSource, forms: Forms, *, may_be_empty: bool = False) -> Checked:
    """Make `NAME_checked` and hold the rules against it. Raises InvalidRecords where it is not a table."""
    name = source.table.name
    if name == "diary" and (rows_plain := _rows_if_plain(engine, source, forms)):
        engine.run(f"CREATE OR REPLACE VIEW diary_checked AS {_plain_select(source, forms)}")
        return Checked(rows_plain, 0, 0, ())
    rules = rules_of(source, forms)
    if source.is_text:
        _read_text(engine, source, rules, forms)
    rows_in, any_fault, doubts = _any_fault(engine, source, rules, forms)
    if not rows_in and not may_be_empty:
        raise InvalidRecords(
            [
                f"{source.label}: holds no record. Add its rows, remove it from the source, or list '{name}' under "
                "'allow_empty' in mapping.toml."
            ]
        )
    if not source.is_text:
        # A scan has shown whether any cell breaks a rule; where none does, no later pass pays for the guards.
        select = _checked_select(source, rules, forms) if any_fault else _trusted_select(source, forms)
        # The rules of questionnaires are long: their rows are few beside a diary's, and are held to them once.
        kind = "TABLE" if name == "scores" else "VIEW"
        engine.run(f"CREATE OR REPLACE {kind} {name}_checked AS {select}")
    mended = _mended(engine, source, doubts)
    long_numbers = any(what == LONG and doubts >> bit & 1 for bit, (_, what, _) in enumerate(_doubts(source)))
    if not any_fault:
        return Checked(rows_in, 0, 0, tuple(mended), (), long_numbers)
    # Every rule is then counted among the rows that break one, and no longer among all.
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {name}_broken AS SELECT source_row, fault FROM {name}_checked WHERE fault <> 0"
    )
    counted = engine.row(
        f"SELECT bit_or(fault) AS faults, count(*) FILTER (WHERE fault = {BLANK}) AS blank, "
        f"count(*) FILTER (WHERE fault NOT IN (0, {BLANK})) AS broken FROM {name}_broken"
    )
    findings = [
        finding
        for bit, rule in enumerate(rules)
        if (counted["faults"] or 0) >> bit & 1
        for finding in findings_at(
            engine,
            source,
            f"{name}_broken",
            broken_by(bit),
            level="set aside",
            rule=rule.name,
            column=rule.column,
            problem=rule.problem,
            remedy=rule.remedy,
        )
    ]
    engine.drop([f"{name}_broken"])
    return Checked(rows_in, counted["blank"], counted["broken"], tuple(findings + mended), tuple(rules))


def broken_by(bit: int) -> str:
    """SQL that is true of rows that break the rule of that bit."""
    return f"(fault < {BLANK} AND fault & {1 << bit} <> 0)"


def _read_text(engine: Engine, source: TableSource, rules: list[Rule], forms: Forms) -> None:
    """Read text files once, values and faults together, into the engine."""
    name = source.table.name
    try:
        select = _checked_select(source, rules, forms)
        if not source.is_one_text:
            engine.run(f"CREATE OR REPLACE TABLE {name}_checked AS {select}")
            return
        place = f"{engine.roomy() if _is_large(source) else ''}{name}_read"
        engine.run(f"CREATE OR REPLACE TABLE {place} AS {select}")
        engine.run(
            f"CREATE OR REPLACE VIEW {name}_checked AS SELECT rowid + 1 AS source_row, * EXCLUDE (source_row) "
            f"FROM {place}"
        )
    except OutcomesError:
        texts = {part.raw.text.path: part.raw.text for part in source.parts if part.raw.text is not None}
        problems = [problem for text in texts.values() for problem in ragged_rows(text)]
        unreadable = [one for one in problems if "cannot be read as a table" in one]
        raise InvalidRecords([one for one in problems if one not in unreadable] or unreadable) from None


def _is_large(source: TableSource) -> bool:
    """Whether the values of a text file would take more memory than a small computer has to spare."""
    return sum(path.stat().st_size for part in source.parts for path in part.raw.paths) > LARGE_TEXT


def _rows_if_plain(engine: Engine, source: TableSource, forms: Forms) -> int:
    """Rows of a typed diary in which no cell needs mending and no rule is broken; 0 where that is not so.

    Most large diaries are plain. Counts and the least and greatest values, per answer to `headache`, show it
    in a third of the time that the rules take row by row. What is only doubtful goes the long way.
    """
    columns = {item.column.name: item.column for item in source.columns}
    plain = [plain_value(item.column, item.sql_type, forms.id_type) for item in source.columns]
    if source.is_text or None in plain:
        return 0
    told = [name for name in columns if name != "headache"]
    numbers = [name for name in told if columns[name].kind in ("number", "whole", "day")]
    wanted = [("count", name) for name in told]
    wanted += [(extreme, name) for extreme in ("min", "max") for name in numbers]
    dates = [identifier(item.column.name) for item in source.columns if item.column.kind == "date"]
    untrue = [
        condition
        for name in dates
        for condition in (untrue_days(f"max({name})", forms)[0], untrue_days(f"min({name})", forms)[1])
    ]
    asked = ", ".join(f"{function}({identifier(name)})" for function, name in wanted)
    asked += f", {' OR '.join(untrue) or 'FALSE'}"
    patient = next(item for item in source.columns if item.column.name == "patient_id")
    mended = f"{cell(patient.column, patient.sql_type, forms).cleaned} IS DISTINCT FROM patient_id"
    mended += " OR starts_with(CAST(patient_id AS VARCHAR), '#')"
    origin = f"({source.origin})"
    try:
        groups = engine.rows(f"SELECT headache, count(*), {asked} FROM {origin} GROUP BY headache")
        ids = engine.rows(f"SELECT 1 FROM (SELECT DISTINCT patient_id FROM {origin}) WHERE {mended} LIMIT 1")
    except OutcomesError:
        if engine.elsewhere:
            raise
        raise InvalidRecords([f"{source.label}: the file is not whole. Copy it again."]) from None
    if ids:
        return 0
    for headache, n_rows, *values, odd_date in groups:
        found = dict(zip(wanted, values, strict=True))
        if odd_date or not _group_is_plain(columns, headache, n_rows, found):
            return 0
    return sum(group[1] for group in groups)


def _group_is_plain(
    columns: dict[str, Column], headache: bool | None, n_rows: int, found: dict[tuple[str, str], Any]
) -> bool:
    """Whether the rows with one answer to `headache` keep every rule, by their counts and extremes."""
    for name, column in columns.items():
        count = found.get(("count", name), 0)
        if name in NEEDED and count < n_rows:
            return False
        if name not in NEEDED and headache is None and count:
            return False
        if count and ("max", name) in found:
            low, high = bounds(column)
            if headache is False and name in FELT:
                high = 0
            # The greatest of numbers with a NaN among them is NaN, which lies in no range.
            if not low <= found["min", name] or not found["max", name] <= high:
                return False
    return True


def _plain_select(source: TableSource, forms: Forms) -> str:
    """SELECT of the checked table where every cell can be taken as it stands."""
    values = ", ".join(
        f"{plain_value(item.column, item.sql_type, forms.id_type)} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    return (
        f"SELECT source_row, {values}{_absent(source, forms.id_type)}, CAST(0 AS BIGINT) AS fault "
        f"FROM ({source.origin})"
    )


def _any_fault(engine: Engine, source: TableSource, rules: list[Rule], forms: Forms) -> tuple[int, bool, int]:
    """Rows, whether any breaks a rule, and the bits of what was read in another form than it was written.

    One lean scan, since most large tables are whole.
    """
    broken = " OR ".join(rule.broken for rule in rules) or "FALSE"
    times = " + ".join(
        f"CASE WHEN bool_or({sql}) THEN {1 << bit} ELSE 0 END"
        for bit, (_, what, sql) in enumerate(_doubts(source))
        if what not in ("code", LONG)
    )
    origin, doubt = f"({_read_select(source, forms)})", times or "0"
    if source.is_text:
        origin, broken, doubt = f"{source.table.name}_checked", "fault <> 0", "coalesce(bit_or(doubt), 0)"
    try:
        counted = engine.row(
            f"SELECT count(*) AS rows_in, bool_or({broken}) AS any_fault, {doubt} AS doubts FROM {origin}"
        )
    except OutcomesError:
        if engine.elsewhere:
            raise
        raise InvalidRecords([f"{source.label}: the file is not whole. Copy it again."]) from None
    return counted["rows_in"], bool(counted["any_fault"]), int(counted["doubts"])


def _doubts(source: TableSource) -> list[tuple[str, str, str]]:
    """(column, what, SQL) of forms that are read without loss but should be known. A bit each, text only."""
    doubts = []
    for item in source.columns:
        name = identifier(item.column.name)
        if item.sql_type != "VARCHAR":
            continue
        if item.column.kind == "date":
            zoned, local = (
                f"({mark} AND {parsed_name(item.column)} IS NOT NULL)" for mark in time_marks(name)
            )
            doubts += [(item.column.name, "zoned", zoned), (item.column.name, "local", local)]
        elif item.column.kind in ("number", "whole"):
            doubts.append((item.column.name, LONG, f"(strlen({name}) > 6 AND NOT {_plain_number(name)})"))
        elif item.column.kind == "codes" or item.column.codes:
            doubts.append((item.column.name, "code", written_otherwise(item.column)))
    return doubts


#: A doubt that is nobody's finding: the privacy gate asks such a cell itself.
LONG = "long number"


def _plain_number(name: str) -> str:
    """SQL: a number without leading zeros, of few decimals."""
    return f"regexp_full_match({name}, '[+-]?([1-9][0-9]{{0,4}}|0)?([.,][0-9]{{0,4}})?')"


def _mended(engine: Engine, source: TableSource, bits: int) -> list[Finding]:
    """What was read in another form than it was written. Raises InvalidRecords where two forms clash."""
    found = [
        (column, what, bit)
        for bit, (column, what, _) in enumerate(_doubts(source) if bits else [])
        if bits >> bit & 1 and what != LONG
    ]
    kinds = {(column, what) for column, what, _ in found}
    mixed = [column for column, what in kinds if what == "zoned" and (column, "local") in kinds]
    if mixed:
        raise InvalidRecords(
            [
                f"{source.label}: column '{column}' holds times with an offset from UTC and times without one, so "
                "the day of each cannot be told alike. Export them in one form."
                for column in sorted(mixed)
            ]
        )
    if not source.is_text:
        return []
    words = {
        "zoned": ("was read as the local day of a time with an offset.", "Nothing to do."),
        "local": ("was read as the day of a date with a time.", "Nothing to do."),
        "code": ("was written with other case, spaces or hyphens than in the list.", "Nothing to do."),
    }
    return [
        finding
        for column, what, bit in found
        for finding in findings_at(
            engine,
            source,
            f"{source.table.name}_checked",
            f"doubt & {1 << bit} <> 0",
            level="mended",
            rule="form",
            column=column,
            problem=words[what][0],
            remedy=words[what][1],
        )
    ]


#: A spreadsheet saves its empty lines as rows of delimiters: blank, not broken. A bit above all rules.
BLANK = 1 << 62


def _read_select(source: TableSource, forms: Forms) -> str:
    """SELECT of the known columns with missing tokens gone, and beside each text what is read out of it."""
    cells = {identifier(item.column.name): cell(item.column, item.sql_type, forms) for item in source.columns}
    cleaned = ", ".join(f"{own.cleaned} AS {name}" for name, own in cells.items())
    origin = source.unnumbered_origin if source.is_one_text else source.origin
    select = f"SELECT source_row, {cleaned} FROM ({origin})"
    parsed = [
        f"{own.parsed} AS {parsed_name(item.column)}"
        for item, own in zip(source.columns, cells.values(), strict=True)
        if own.parsed
    ]
    return f"SELECT *, {', '.join(parsed)} FROM ({select})" if parsed else select


def _checked_select(source: TableSource, rules: list[Rule], forms: Forms) -> str:
    """SELECT of the checked table: values, and one bit of `fault` per broken rule."""
    values = ", ".join(
        f"{cell(item.column, item.sql_type, forms).value} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    faults = " + ".join(
        f"CASE WHEN {rule.broken} THEN {1 << bit} ELSE 0 END" for bit, rule in enumerate(rules)
    )
    faults = f"CAST({faults or '0'} AS BIGINT)"
    doubt = ""
    if source.is_text:
        marks = " + ".join(
            f"CASE WHEN {sql} THEN {1 << bit} ELSE 0 END" for bit, (_, _, sql) in enumerate(_doubts(source))
        )
        doubt = f", CAST({marks or '0'} AS BIGINT) AS doubt"
        told = [identifier(item.column.name) for item in source.columns if not item.constant]
        blank = " AND ".join(f"{name} IS NULL" for name in told) or "FALSE"
        faults = f"CASE WHEN {blank} THEN {BLANK} ELSE {faults} END"
    return (
        f"SELECT source_row, {values}{_absent(source, forms.id_type)}, {faults} AS fault{doubt} "
        f"FROM ({_read_select(source, forms)})"
    )


def _trusted_select(source: TableSource, forms: Forms) -> str:
    """SELECT of the checked table where no row breaks a rule."""
    values = ", ".join(
        f"{cell(item.column, item.sql_type, forms).trusted} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    origin = _read_select(source, forms)
    return f"SELECT source_row, {values}{_absent(source, forms.id_type)}, CAST(0 AS BIGINT) AS fault FROM ({origin})"


#: Columns that the SQL files name: given as NULL where a source does not have them.
_ALWAYS = {
    "diary": ("intensity", "duration_hours", "acute_medication"),
    "patients": ("index_date", "index_day"),
    "summaries": ("mode", "recorded_days"),
}


def _absent(source: TableSource, id_type: str) -> str:
    table: Table = source.table
    absent = [name for name in _ALWAYS.get(table.name, ()) if not source.has(name)]
    return "".join(
        f", CAST(NULL AS {engine_type(table.column(name), id_type)}) AS {identifier(name)}" for name in absent
    )
