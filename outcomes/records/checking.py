"""Every rule of the data dictionary, held against every row at once.

Each table becomes `NAME_checked`: its known columns with their values, the row number, and `fault`, a number
with one bit per broken rule. Rows with a fault are set aside; nothing is dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outcomes.engine import Engine, identifier
from outcomes.errors import InvalidRecords, OutcomesError
from outcomes.records.cells import bounds, cell, engine_type, plain_value
from outcomes.records.findings import MAX_POSITIONS, Finding
from outcomes.records.scanning import ragged_rows
from outcomes.records.schema import DIARY, Column, Table
from outcomes.records.sources import TableSource


@dataclass(frozen=True)
class Rule:
    """One rule as SQL over the cleaned columns that is true where a row breaks it."""

    name: str
    column: str
    broken: str
    problem: str
    remedy: str


#: Columns by which a row says what it is about: without them it cannot be used.
_NEEDED = ("patient_id", "date", "day", "period", "instrument", "kind")


@dataclass(frozen=True)
class Checked:
    """What the check of one table found: its rows, those that are blank, and those that break a rule.

    `blank` and `broken` are 0 for a table without a finding, and `whole` says so.
    """

    rows_in: int
    blank: int
    broken: int
    findings: tuple[Finding, ...]

    @property
    def whole(self) -> bool:
        return not self.blank and not self.broken


def check_table(engine: Engine, source: TableSource, id_type: str) -> Checked:
    """Make `NAME_checked` and hold the rules against it. Raises InvalidRecords where it is not a table."""
    name = source.table.name
    if name == "diary" and (rows_plain := _rows_if_plain(engine, source, id_type)):
        engine.run(f"CREATE VIEW diary_checked AS {_plain_select(source, id_type)}")
        return Checked(rows_plain, 0, 0, ())
    rules = _rules(source, id_type)
    if source.text is not None:
        _read_text(engine, source, rules, id_type)
    rows_in, any_fault = _any_fault(engine, source, rules, id_type)
    if not rows_in:
        raise InvalidRecords(
            [f"{source.label}: holds no record. Add its rows, or remove it from the source."]
        )
    if source.text is None:
        # A scan has shown whether any cell breaks a rule; where none does, no later pass pays for the guards.
        select = _checked_select(source, rules, id_type) if any_fault else _trusted_select(source, id_type)
        engine.run(f"CREATE VIEW {name}_checked AS {select}")
    if not any_fault:
        return Checked(rows_in, 0, 0, ())
    counted = engine.row(
        f"SELECT bit_or(fault) AS faults, count(*) FILTER (WHERE fault = {_BLANK}) AS blank, "
        f"count(*) FILTER (WHERE fault NOT IN (0, {_BLANK})) AS broken FROM {name}_checked"
    )
    findings = [
        _finding(engine, source, rule, bit) for bit, rule in enumerate(rules) if counted["faults"] >> bit & 1
    ]
    return Checked(rows_in, counted["blank"], counted["broken"], tuple(findings))


def _read_text(engine: Engine, source: TableSource, rules: list[Rule], id_type: str) -> None:
    """Read a text file once, values and faults together, into the engine."""
    try:
        engine.run(f"CREATE TABLE {source.table.name}_checked AS {_checked_select(source, rules, id_type)}")
    except OutcomesError:
        raise InvalidRecords(ragged_rows(source.text) if source.text else []) from None


def _rows_if_plain(engine: Engine, source: TableSource, id_type: str) -> int:
    """Rows of a typed diary in which no cell needs mending and no rule is broken; 0 where that is not so.

    Most large diaries are plain. Counts and the least and greatest values, per answer to `headache`, show it
    in a third of the time that the rules take row by row. What is only doubtful goes the long way.
    """
    columns = {item.column.name: item.column for item in source.columns}
    plain = [plain_value(item.column, item.sql_type, id_type) for item in source.columns]
    if source.text is not None or None in plain:
        return 0
    told = [name for name in columns if name != "headache"]
    numbers = [name for name in told if columns[name].kind in ("number", "whole", "day")]
    wanted = [("count", name) for name in told]
    wanted += [(extreme, name) for extreme in ("min", "max") for name in numbers]
    dates = [
        cell(item.column, item.sql_type, id_type).broken
        for item in source.columns
        if item.column.kind == "date"
    ]
    asked = ", ".join(f"{function}({identifier(name)})" for function, name in wanted)
    asked += f", bool_or({' OR '.join(dates) or 'FALSE'})"
    patient = next(item for item in source.columns if item.column.name == "patient_id")
    mended = f"{cell(patient.column, patient.sql_type, id_type).cleaned} IS DISTINCT FROM patient_id"
    origin = f"({_renamed_select(source)})"
    try:
        groups = engine.rows(f"SELECT headache, count(*), {asked} FROM {origin} GROUP BY headache")
        ids = engine.rows(f"SELECT 1 FROM (SELECT DISTINCT patient_id FROM {origin}) WHERE {mended} LIMIT 1")
    except OutcomesError:
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
        if name in _NEEDED and count < n_rows:
            return False
        if name not in _NEEDED and headache is None and count:
            return False
        if count and ("max", name) in found:
            low, high = bounds(column)
            if headache is False and name in _FELT:
                high = 0
            # The greatest of numbers with a NaN among them is NaN, which lies in no range.
            if not low <= found["min", name] or not found["max", name] <= high:
                return False
    return True


def _plain_select(source: TableSource, id_type: str) -> str:
    """SELECT of the checked table where every cell can be taken as it stands."""
    values = ", ".join(
        f"{plain_value(item.column, item.sql_type, id_type)} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    return (
        f"SELECT source_row, {values}{_absent(source, id_type)}, CAST(0 AS BIGINT) AS fault "
        f"FROM ({_renamed_select(source)})"
    )


def _any_fault(engine: Engine, source: TableSource, rules: list[Rule], id_type: str) -> tuple[int, bool]:
    """Rows, and whether any breaks a rule: one lean scan, since most large tables are whole."""
    broken = " OR ".join(rule.broken for rule in rules) or "FALSE"
    origin = f"({_cleaned_select(source, id_type)})"
    if source.text is not None:
        origin, broken = f"{source.table.name}_checked", "fault <> 0"
    try:
        counted = engine.row(f"SELECT count(*) AS rows_in, bool_or({broken}) AS any_fault FROM {origin}")
    except OutcomesError:
        raise InvalidRecords([f"{source.label}: the file is not whole. Copy it again."]) from None
    return counted["rows_in"], bool(counted["any_fault"])


#: What a day without headache has none of.
_FELT = ("intensity", "duration_hours")

#: A spreadsheet saves its empty lines as rows of delimiters: blank, not broken. A bit above all rules.
_BLANK = 1 << 62


def _rules(source: TableSource, id_type: str) -> list[Rule]:
    rules = []
    for item in source.columns:
        column = item.column
        name = identifier(column.name)
        if column.name in _NEEDED:
            problem = "is empty."
            rules.append(
                Rule("empty", column.name, f"{name} IS NULL", problem, "Fill it in or remove the row.")
            )
        broken = cell(column, item.sql_type, id_type).broken
        if broken != "FALSE":
            rules.append(
                Rule(_rule_name(column), column.name, broken, f"must be {column.rule}.", _remedy(column))
            )
    return rules + _row_rules(source, id_type)


def _rule_name(column: Column) -> str:
    return "range" if column.kind in ("number", "whole") else column.kind


def _remedy(column: Column) -> str:
    if column.name in _NEEDED:
        return "Correct it."
    if column.codes:
        return f"Use one of: {', '.join(column.codes)}."
    return "Correct it, or leave it empty if it is not known."


def _row_rules(source: TableSource, id_type: str) -> list[Rule]:
    """Rules between the columns of one row."""
    if source.table.name != "diary" or not source.has("headache"):
        return []
    cells = {item.column.name: cell(item.column, item.sql_type, id_type) for item in source.columns}
    headache = cells["headache"].value
    felt = []
    for name in _FELT:
        if name in cells:
            # A value out of range breaks a rule of its own, and says nothing about the headache.
            value = cells[name].trusted
            felt.append(f"(({value}) > 0 AND ({value}) <= {DIARY.column(name).maximum!r})")
    told = [f"{identifier(name)} IS NOT NULL" for name in cells if name not in (*_NEEDED, "headache")]
    rules = []
    if felt:
        broken = f"(NOT ({headache}) AND ({' OR '.join(felt)}))"
        problem = "says no headache, but an intensity or duration above 0 stands beside it."
        rules.append(Rule("contradiction", "headache", broken, problem, "Correct the one that is wrong."))
    if told:
        broken = f'("headache" IS NULL AND ({" OR ".join(told)}))'
        problem = "is empty, but other cells of the day are filled in."
        rules.append(
            Rule("unclear_day", "headache", broken, problem, "Say yes or no, or empty the whole day.")
        )
    return rules


def _cleaned_select(source: TableSource, id_type: str) -> str:
    """SELECT of the known columns under their dictionary names, with missing tokens gone."""
    cleaned = ", ".join(
        f"{cell(item.column, item.sql_type, id_type).cleaned} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    return f"SELECT source_row, {cleaned} FROM ({_renamed_select(source)})"


def _renamed_select(source: TableSource) -> str:
    """SELECT of the known columns as they stand, under their dictionary names, with the row number.

    The innermost layer, so that all cell SQL reads the same names.
    """
    renamed = ", ".join(
        f"{identifier(item.raw_name)} AS {identifier(item.column.name)}" for item in source.columns
    )
    number = source.row_number or "row_number() OVER ()"
    return f"SELECT {number} AS source_row, {renamed} FROM {source.scan}"


def _checked_select(source: TableSource, rules: list[Rule], id_type: str) -> str:
    """SELECT of the checked table: values, and one bit of `fault` per broken rule."""
    values = ", ".join(
        f"{cell(item.column, item.sql_type, id_type).value} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    faults = " + ".join(
        f"CASE WHEN {rule.broken} THEN {1 << bit} ELSE 0 END" for bit, rule in enumerate(rules)
    )
    faults = f"CAST({faults or '0'} AS BIGINT)"
    if source.text is not None:
        blank = " AND ".join(f"{identifier(item.column.name)} IS NULL" for item in source.columns)
        faults = f"CASE WHEN {blank} THEN {_BLANK} ELSE {faults} END"
    return (
        f"SELECT source_row, {values}{_absent(source, id_type)}, {faults} AS fault "
        f"FROM ({_cleaned_select(source, id_type)})"
    )


def _trusted_select(source: TableSource, id_type: str) -> str:
    """SELECT of the checked table where no row breaks a rule."""
    values = ", ".join(
        f"{cell(item.column, item.sql_type, id_type).trusted} AS {identifier(item.column.name)}"
        for item in source.columns
    )
    origin = _cleaned_select(source, id_type)
    return (
        f"SELECT source_row, {values}{_absent(source, id_type)}, CAST(0 AS BIGINT) AS fault FROM ({origin})"
    )


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


def _finding(engine: Engine, source: TableSource, rule: Rule, bit: int) -> Finding:
    table = source.table.name
    broken = f"fault < {_BLANK} AND fault & {1 << bit} <> 0"
    count = engine.rows(f"SELECT count(*) FROM {table}_checked WHERE {broken}")[0][0]
    rows = engine.rows(
        f"SELECT source_row FROM {table}_checked WHERE {broken} ORDER BY source_row LIMIT {MAX_POSITIONS}"
    )
    return Finding(
        level="set aside",
        rule=rule.name,
        table=table,
        file=source.label,
        column=rule.column,
        problem=rule.problem,
        remedy=rule.remedy,
        count=count,
        rows=tuple(source.row_shown(row) for (row,) in rows),
    )
