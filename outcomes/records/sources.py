"""Which tables a source holds, and which of their columns the data dictionary knows.

A source is a folder of CSV, TSV or Parquet tables, or a dictionary of frames. Everything that stops it is
collected over all tables before anything is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outcomes.engine import Engine, identifier, literal, without_pattern
from outcomes.errors import FileProblem, InvalidRecords, OutcomesError, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.cells import readable
from outcomes.records.scanning import TextScan, scan_text
from outcomes.records.schema import PATIENTS, SUMMARIES, TABLES, Column, Table

TEXT_SUFFIXES = (".csv", ".tsv")

#: Endpoints that a `summaries` table may carry without being declared in the plan, with their ranges.
SUMMARY_ENDPOINTS: dict[str, tuple[str, float, float | None]] = {
    "headache_days_per_28": ("days per 28", 0, 28),
    "intensity_on_headache_days": ("0–10 NRS", 0, 10),
    "burden_per_28": ("NRS points × days per 28", 0, 280),
    "acute_medication_days_per_28": ("days per 28", 0, 28),
    "hours_on_headache_days": ("hours", 0, 24),
}


@dataclass(frozen=True)
class SourceColumn:
    """A column that was found and is known: where it stands, what it is, and its type in the engine."""

    raw_name: str
    column: Column
    sql_type: str


@dataclass(frozen=True)
class TableSource:
    """One table as found: what to call it in messages, how to scan it, and its known columns.

    `first_row` is the row number of the first record as messages count: 2 in a spreadsheet, else 1.
    """

    table: Table
    label: str
    scan: str
    columns: tuple[SourceColumn, ...]
    text: TextScan | None = None
    row_number: str = ""
    paths: tuple[Path, ...] = field(default=())

    def has(self, name: str) -> bool:
        return any(item.column.name == name for item in self.columns)

    def row_shown(self, row: int) -> int:
        """Row of a message for the n-th record (from 1)."""
        return self.text.spreadsheet_row(row) if self.text else row


def folder_of(source: str | Path) -> Path:
    """The folder of a source on disk. Raises FileProblem where it is not there, or no folder."""
    if not isinstance(source, (str, Path)):
        raise FileProblem("A source is a folder, or a dictionary of frames by table name.")
    folder = Path(source)
    try:
        is_there, is_folder = folder.exists(), folder.is_dir()
    except (OSError, ValueError) as error:
        raise FileProblem(f"The source cannot be looked at ({type(error).__name__}).") from None
    if not is_there:
        raise FileProblem("The source is not there. Give the folder that holds diary.csv or summaries.csv.")
    if not is_folder:
        raise FileProblem("The source is a file. Give the folder that holds diary.csv or summaries.csv.")
    return folder


def find_tables(source: Path | Mapping[str, Any], engine: Engine, plan: AnalysisPlan) -> list[TableSource]:
    """The tables of a source. Raises InvalidRecords with every problem of every file."""
    _check_declared(plan)
    problems: list[str] = []
    if isinstance(source, Path):
        try:
            found = _in_folder(source, problems)
        except PermissionError:
            raise FileProblem(
                "The folder or a file in it cannot be opened. Close it elsewhere, or ask for access."
            ) from None
    else:
        found = _frames(source, engine, problems)
    tables = []
    for table_name, label, scan, text, row_number, paths in found:
        table = _with_declared(TABLES[table_name], plan)
        described = _described(engine, scan, text)
        if described is None:
            problems.append(f"{label}: the file is not whole or not what its name says. Copy it again.")
            continue
        columns, wrong = _known_columns(table, label, described, engine, scan)
        problems += wrong
        tables.append(TableSource(table, label, scan, tuple(columns), text, row_number, paths))
    if not problems:
        problems += _across(tables)
    if problems:
        raise InvalidRecords(problems)
    return tables


_Found = tuple[str, str, str, TextScan | None, str, tuple[Path, ...]]


def _in_folder(folder: Path, problems: list[str]) -> list[_Found]:
    found: list[_Found] = []
    for name in TABLES:
        files = [folder / f"{name}{suffix}" for suffix in (*TEXT_SUFFIXES, ".parquet")]
        files = [file for file in files if file.is_file()]
        parts = sorted((folder / name).glob("*.parquet")) if (folder / name).is_dir() else []
        if len(files) + bool(parts) > 1:
            problems.append(f"{name}: more than one file holds this table. Keep one of them.")
        elif files and files[0].suffix in TEXT_SUFFIXES:
            text, wrong = scan_text(files[0])
            problems += wrong
            if text is not None:
                found.append((name, files[0].name, _text_scan(text), text, "", (files[0],)))
        elif files or parts:
            paths = tuple(files or parts)
            label = files[0].name if files else f"{name}/"
            listed = ", ".join(literal(without_pattern(path)) for path in paths)
            scan = f"read_parquet([{listed}], file_row_number = true, hive_partitioning = false)"
            found.append((name, label, scan, None, "file_row_number + 1", paths))
    if not found and not problems:
        problems.append(
            "The folder holds no table. Name the files after their tables: diary.csv, sessions.csv, "
            "patients.csv, summaries.csv (or .parquet)."
        )
    return found


def _text_scan(text: TextScan) -> str:
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(text.header)))
    return (
        f"read_csv({literal(without_pattern(text.path))}, header = true, auto_detect = false, "
        "hive_partitioning = false, "
        f"delim = {literal(text.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"null_padding = false, columns = {{{columns}}})"
    )


def _frames(tables: Mapping[str, Any], engine: Engine, problems: list[str]) -> list[_Found]:
    import pyarrow as pa

    found: list[_Found] = []
    for name, frame in tables.items():
        if name not in TABLES:
            problems.append(f"A table of the dictionary is not known. Known tables: {', '.join(TABLES)}.")
            continue
        try:
            table = (
                frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
            )
        except (pa.ArrowException, TypeError, ValueError, AttributeError):
            problems.append(f"{name}: a column mixes types, such as text and numbers. Make it all text.")
            continue
        number = pa.array(range(1, table.num_rows + 1), pa.int64())
        engine.register(f"given_{name}", table.append_column("outcomes_row_number", number))
        found.append((name, name, f"given_{name}", None, "outcomes_row_number", ()))
    if not tables:
        problems.append("No table was given.")
    return found


def _described(engine: Engine, scan: str, text: TextScan | None) -> list[tuple[str, str, str]] | None:
    """(raw name, name as written, engine type) of each column; None where the file cannot be opened."""
    if text is not None:
        return [(f"c{position}", name, "VARCHAR") for position, name in enumerate(text.header)]
    try:
        rows = engine.rows(f"DESCRIBE SELECT * FROM {scan}")
    except OutcomesError:
        return None
    own = ("file_row_number", "outcomes_row_number")
    return [(row[0], row[0], row[1]) for row in rows if row[0] not in own]


#: Names that mean something else on the way from the file to the result.
_RESERVED = {"fault", "source_row", "covered", "relative_day", "segment_start", "all", "by"}


def _check_declared(plan: AnalysisPlan) -> None:
    """Declared endpoints and categories have names of their own. Raises PlanError."""
    taken = _RESERVED | set(SUMMARY_ENDPOINTS)
    taken |= PATIENTS.names | SUMMARIES.names
    for kind, names in (
        ("endpoints", [item.name for item in plan.endpoints]),
        ("patients", [item.name for item in plan.patients]),
    ):
        for name in names:
            if name in taken:
                raise PlanError(f"[{kind}.{name}]: the name already means something else. Choose another.")
            taken.add(name)


def _with_declared(table: Table, plan: AnalysisPlan) -> Table:
    """The table with the columns that the plan declares."""
    extra: list[Column] = []
    if table.name == "patients":
        extra = [
            Column(item.name, "code", "Declared in the plan", codes=item.codes) for item in plan.patients
        ]
    if table.name == "summaries":
        extra = [
            Column(name, "number", "Endpoint", unit, low, high)
            for name, (unit, low, high) in SUMMARY_ENDPOINTS.items()
        ]
        extra += [Column(item.name, "number", "Declared in the plan", item.unit) for item in plan.endpoints]
    return Table(table.name, table.row, table.key, (*table.columns, *extra), table.note)


def _known_columns(
    table: Table, label: str, described: list[tuple[str, str, str]], engine: Engine, scan: str
) -> tuple[list[SourceColumn], list[str]]:
    columns: list[SourceColumn] = []
    problems: list[str] = []
    seen: set[str] = set()
    for position, (raw_name, written, sql_type) in enumerate(described, start=1):
        name = str(written).strip().lower()
        if not name and _is_empty(engine, scan, raw_name):
            continue
        if name not in table.names:
            # The header may be missing and this cell a patient's: the message names the column by position.
            problems.append(
                f"{label}: column {position} is not in the data dictionary. Remove it, or declare it in the plan."
            )
        elif name in seen:
            problems.append(f"{label}: column {position} has the name of another column. Keep one of them.")
        elif not readable(table.column(name), sql_type):
            rule = table.column(name).rule
            problems.append(f"{label}: column '{name}' has a type that cannot hold {rule}.")
        else:
            columns.append(SourceColumn(raw_name, table.column(name), sql_type))
        seen.add(name)
    problems += _missing_columns(table, label, seen)
    return columns, problems


def _is_empty(engine: Engine, scan: str, raw_name: str) -> bool:
    """A column without a name and without a cell is what a stray delimiter at the line ends leaves."""
    try:
        return not engine.rows(f"SELECT 1 FROM {scan} WHERE {identifier(raw_name)} IS NOT NULL LIMIT 1")
    except OutcomesError:
        return False


def _missing_columns(table: Table, label: str, seen: set[str]) -> list[str]:
    problems = [
        f"{label}: column '{column.name}' is missing. Add it: {column.rule}."
        for column in table.columns
        if column.required and column.name not in seen
    ]
    if {"date", "day"} <= table.names:
        if {"date", "day"} <= seen:
            problems.append(f"{label}: has both 'date' and 'day'. Keep one of them.")
        elif not {"date", "day"} & seen and table.name != "summaries":
            problems.append(f"{label}: needs a column 'date' or 'day'.")
    return problems


def _across(tables: list[TableSource]) -> list[str]:
    """Problems that only show between tables."""
    by_name = {source.table.name: source for source in tables}
    problems = []
    diary, sessions = by_name.get("diary"), by_name.get("sessions")
    if diary is None and "summaries" not in by_name:
        problems.append(
            "There is neither a diary nor summaries, so nothing can be compared. Add diary.csv or summaries.csv."
        )
    if diary is not None and sessions is not None and diary.has("day") != sessions.has("day"):
        problems.append(
            f"{diary.label} and {sessions.label} count days differently. Write 'date' in both, or 'day' in both."
        )
    patients = by_name.get("patients")
    has_index = sessions is not None or (patients is not None and patients.has("index_date"))
    if diary is not None and diary.has("date") and not has_index:
        problems.append(
            f"{diary.label} has calendar dates, so the first session of each patient must be known. Add "
            "sessions.csv with 'date', or 'index_date' to patients.csv, or give 'day' in place of 'date'."
        )
    return problems
