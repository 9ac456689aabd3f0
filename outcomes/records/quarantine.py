"""Every row that was set aside, with its place, its rule and what to do: for the clinic's own eyes.

Findings keep the first positions of each kind; here all of them are listed, some thousands at a time.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from outcomes.engine import identifier
from outcomes.errors import OutcomesError
from outcomes.files import private_file, without_formula
from outcomes.records.checked import Records
from outcomes.records.checking import BLANK
from outcomes.records.findings import Position, total_set_aside
from outcomes.records.placing import ONE_ROW_PER, settled_rows
from outcomes.records.rules import Rule
from outcomes.records.table_source import TableSource

COLUMNS = ("file", "row", "column", "rule", "what to do")
CONFLICT = "conflict"

_PAGE_ROWS = 50_000
_NUMBERS = itertools.count()


class SetAside(NamedTuple):
    """One rule that one row broke. A row that broke several stands here once for each."""

    file: str
    row: Position
    column: str
    rule: str
    what_to_do: str


def set_aside_rows(records: Records) -> Iterator[SetAside]:
    """Every row that was set aside, table by table and in the order of the file; never a value or a patient."""
    for source in records.sources:
        for broken in _rows_of(records, source):
            yield from broken


def write_quarantine(records: Records, path: str | Path) -> int:
    """Write the list as a CSV that only its owner may read, and give the number of rows set aside.

    The file is replaced in one step, or left as it was. Raises FileProblem, and OutcomesError where the list
    does not come out at the rows that were counted as set aside.
    """
    rows = 0
    with private_file(Path(path), encoding="utf-8-sig") as file:
        written = csv.writer(file, lineterminator="\n")
        written.writerow(COLUMNS)
        for source in records.sources:
            for broken in _rows_of(records, source):
                rows += 1
                written.writerows([without_formula(one.file), *one[1:]] for one in broken)
        if rows != total_set_aside(records.counts):
            raise OutcomesError(
                f"{total_set_aside(records.counts)} rows were counted as set aside and {rows} are listed. "
                "This is a fault of the program; the list was not written."
            )
    return rows


def _rows_of(records: Records, source: TableSource) -> Iterator[list[SetAside]]:
    """The rows of one table that were set aside, each with all rules that it broke."""
    engine, name = records.engine, source.table.name
    rules = records.rules.get(name, ())
    # A number above those that rules can make says that other rows contradict this one.
    conflict = 1 << len(rules)
    selects = []
    if rules:
        selects.append(f"SELECT source_row, fault FROM {name}_checked WHERE fault NOT IN (0, {BLANK})")
    told = _conflict_rule(records, source)
    if told is not None:
        selects.append(
            f"SELECT source_row, CAST({conflict} AS BIGINT) AS fault FROM ({_conflicting(source)})"
        )
        rules = (*rules, told)
    if not selects:
        return
    listed = f"set_aside_{next(_NUMBERS)}"
    engine.run(
        f"CREATE TEMP TABLE {listed} AS SELECT row_number() OVER (ORDER BY source_row) AS place, source_row, "
        f"fault FROM ({' UNION ALL '.join(selects)})"
    )
    broken_rules: dict[int, list[Rule]] = {}
    try:
        for start in itertools.count(0, _PAGE_ROWS):
            page = engine.rows(
                f"SELECT source_row, fault FROM {listed} WHERE place > {start} AND place <= {start + _PAGE_ROWS} "
                "ORDER BY place"
            )
            for source_row, fault in page:
                if fault not in broken_rules:
                    broken_rules[fault] = [rule for bit, rule in enumerate(rules) if fault >> bit & 1]
                file, row = source.place_of(source_row)
                yield [
                    SetAside(file, row, rule.column, rule.name, f"{rule.problem} {rule.remedy}")
                    for rule in broken_rules[fault]
                ]
            if len(page) < _PAGE_ROWS:
                return
    finally:
        engine.drop([listed])


def _conflict_rule(records: Records, source: TableSource) -> Rule | None:
    """What was said of rows that contradict each other, where there are any in this table."""
    found = (
        finding
        for finding in records.findings
        if (finding.table, finding.rule, finding.level) == (source.table.name, CONFLICT, "set aside")
    )
    finding = next(found, None)
    return Rule(CONFLICT, "", "", finding.problem, finding.remedy) if finding is not None else None


def _conflicting(source: TableSource) -> str:
    """SELECT of the rows that say different things of the same day, patient or time point."""
    name = source.table.name
    if name == "diary":
        # A day that was only declared has no row of its own.
        return (
            "SELECT source_row FROM placed JOIN repeated_days ON repeated_days.patient_id = placed.patient_id "
            "AND repeated_days.relative_day = placed.relative_day "
            "WHERE n_different > 1 AND source_row IS NOT NULL"
        )
    columns = ", ".join(identifier(item.column.name) for item in source.columns)
    keys = [identifier(key) for key in ONE_ROW_PER.get(name, ()) if source.has(key)]
    held = [*(item.column.name for item in source.columns), "source_row", "fault"]
    return (
        f"SELECT source_row FROM (SELECT source_row, count(*) OVER (PARTITION BY {', '.join(keys) or columns}) "
        f"AS rows_of_key, count(*) OVER (PARTITION BY {columns}) AS rows_alike "
        f"FROM ({settled_rows(source, held)}) WHERE fault = 0) WHERE rows_of_key <> rows_alike"
    )
