"""Where records lie, and which tables are there: folders, workbooks, database files and addresses, frames.

Nothing is known about the tables yet but their names; `matching` holds them against the data dictionary.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from outcomes.engine import Engine, literal, without_pattern
from outcomes.errors import FileProblem, PlanError
from outcomes.records.findings import Finding
from outcomes.records.mapping import SourceMapping
from outcomes.records.parquet_parts import described, files_elsewhere, of_days, open_parquet, parts_of
from outcomes.records.raw import Opened, RawColumn, RawTable
from outcomes.records.scanning import TextScan, scan_text
from outcomes.records.schema import EXPLAINED_SHEET, TABLES

TEXT_SUFFIXES = (".csv", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
SQLITE = (".sqlite", ".sqlite3", ".db")
DUCKDB = (".duckdb", ".ddb")
_ADDRESS = re.compile(r"(postgresql|postgres|mysql|mariadb)(\+[a-z0-9]+)?://", re.IGNORECASE)

#: What records may be read from; besides these, a Spark session or an open connection.
Source = str | Path | Mapping[str, Any] | Any

Kind = Literal["folder", "workbook", "sqlite", "duckdb", "server", "frames", "elsewhere"]


@dataclass(frozen=True)
class Location:
    """Where a source lies. `beside` is the folder in which its plan and mapping may lie, if there is one.

    `tables` are the tables of a source elsewhere: a name of the dictionary → the table there. With `days`, only the
    diary of these days is read.
    """

    kind: Kind
    path: Path | None = None
    address: str = ""
    frames: Mapping[str, Any] | None = None
    #: A Spark session or an open connection, which is asked where its tables lie.
    session: Any = None
    tables: Mapping[str, Any] | None = None
    days: tuple[dt.date, dt.date] | None = None
    found: Opened | None = None

    def __repr__(self) -> str:
        # An address holds a password, and frames hold records.
        return f"Location({self.kind})"

    @property
    def beside(self) -> Path | None:
        if self.path is None:
            return None
        return self.path if self.kind == "folder" else self.path.parent

    @property
    def files(self) -> list[Path]:
        """The files that are, or may be, read: what must not change in the meantime."""
        if self.path is None:
            return []
        if self.kind != "folder":
            return [self.path]
        suffixes = (*TEXT_SUFFIXES, *WORKBOOKS, ".parquet", ".txt", ".toml", ".json")
        try:
            files = [
                file
                for file in self.path.iterdir()
                if file.suffix.lower() in suffixes
                and not file.name.startswith((".", "~$"))
                and file.is_file()
            ]
            parts = [part for name in TABLES for part in parts_of(self.path, name, self.days)]
        except OSError:
            raise FileProblem(
                "The folder or a file in it cannot be opened. Close it elsewhere, or ask for access."
            ) from None
        return sorted(files) + sorted(parts)

    @property
    def readable(self) -> list[Path]:
        """What the engine itself may read: a folder, or a database file with its log, and nothing beside it."""
        if self.path is None or self.kind not in ("folder", "duckdb"):
            return []
        return [self.path, *([self.path.with_name(f"{self.path.name}.wal")] if self.kind == "duckdb" else [])]


def locate(source: Source, tables: Mapping[str, Any] | None = None) -> Location:
    """Tell what kind of source this is. Raises FileProblem where there is none, PlanError for tables it cannot have.

    `tables` are those of a Spark session or an open connection: anything else calls its tables by their names.
    """
    if tables is not None and isinstance(source, (str, Path, Mapping)):
        raise PlanError(
            "tables= names the tables of a Spark session or an open connection. Of any other source they are called as "
            "in the data dictionary, or mapping.toml says which is which."
        )
    if isinstance(source, Mapping):
        return Location("frames", frames=source)
    if not isinstance(source, (str, Path)):
        from outcomes.records.elsewhere import is_elsewhere

        if is_elsewhere(source):
            if not tables:
                raise FileProblem('Say which tables are meant: tables={"diary": "registry.diary", …}.')
            return Location("elsewhere", session=source, tables=tables)
        raise FileProblem(
            "A source is a folder, a workbook, a database file or address, a dictionary of frames, a Spark session or "
            "an open connection."
        )
    if isinstance(source, str) and _ADDRESS.match(source):
        return Location("server", address=source)
    if isinstance(source, str) and source.lower().startswith("spark://"):
        return Location("elsewhere", address=source)
    if isinstance(source, str) and "://" in source:
        raise FileProblem("An address begins with postgresql://, mysql://, mariadb:// or spark://.")
    path = Path(source)
    try:
        is_there, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise FileProblem(f"The source cannot be looked at ({type(error).__name__}).") from None
    if not is_there:
        raise FileProblem("The source is not there. Give the folder that holds diary.csv or summaries.csv.")
    if is_folder:
        return Location("folder", path)
    kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("workbook", WORKBOOKS),
        ("sqlite", SQLITE),
        ("duckdb", DUCKDB),
    )
    for kind, suffixes in kinds:
        if path.suffix.lower() in suffixes:
            return Location(kind, path)
    raise FileProblem(
        "The source is a file, and not a workbook (.xlsx, .xls, .ods) or a database (.sqlite, .duckdb). Give "
        "the folder that holds diary.csv or summaries.csv. Other names: 'outcomes check FOLDER --suggest'; a list "
        "with names: 'outcomes deidentify'."
    )


def open_source(location: Location, engine: Engine, mapping: SourceMapping) -> Opened:
    """The tables of a source, as found. Raises FileProblem where it cannot be read at all."""
    if location.kind == "frames":
        return _frames(location.frames or {}, engine)
    if location.kind == "elsewhere":
        from outcomes.records.elsewhere import open_elsewhere

        return open_elsewhere(engine, location.tables or {}, mapping, location.days, location.found)
    wanted = {table.source for table in mapping.tables} or None
    if wanted is not None:
        wanted |= set(TABLES)
    if location.kind == "server":
        from outcomes.records.databases import open_server

        return open_server(location.address, engine, wanted)
    path = location.path
    if path is None:
        raise FileProblem("The source has no place.")
    if location.kind == "folder":
        try:
            return _in_folder(path, engine, mapping, location.days)
        except PermissionError:
            raise FileProblem(
                "The folder or a file in it cannot be opened. Close it elsewhere, or ask for access."
            ) from None
    if location.kind == "workbook":
        from outcomes.records.workbooks import open_workbook

        opened = open_workbook(path, engine, wanted)
        _look_at_other_sheets(opened, path, engine)
        return opened
    from outcomes.records.databases import open_duckdb, open_sqlite

    return (open_sqlite if location.kind == "sqlite" else open_duckdb)(path, engine, wanted)


def _in_folder(
    folder: Path, engine: Engine, mapping: SourceMapping, days: tuple[dt.date, dt.date] | None
) -> Opened:
    opened = Opened()
    files = sorted(
        file for file in folder.iterdir() if file.is_file() and not file.name.startswith((".", "~$"))
    )
    taken: set[Path] = set()
    for name in TABLES:
        parts = parts_of(folder, name, days)
        if left := files_elsewhere(folder, name):
            opened.problems.append(
                f"{name}/: {left} of its Parquet files would not be read. Put them into {name}/ itself or into "
                f"{name}/month=YYYY-MM/."
            )
        for file in files:
            if file.name.lower() in (f"{name}.csv", f"{name}.tsv", f"{name}.parquet"):
                if file.suffix.lower() == ".parquet":
                    opened.tables += open_parquet(name, file.name, [file], engine, opened.problems)
                else:
                    opened.add(open_file(file, engine, mapping))
                taken.add(file)
        if parts:
            opened.tables += open_parquet(name, f"{name}/", parts, engine, opened.problems)
    for file in files:
        if file in taken:
            continue
        if mapping.of(file.name) or mapping.of(file.stem):
            opened.add(open_file(file, engine, mapping))
            taken.add(file)
        elif file.suffix.lower() in WORKBOOKS and _add_workbook(file, engine, mapping, opened):
            taken.add(file)
    _look_at_what_is_left(opened, files, taken, engine)
    if days is not None:
        opened.tables = [of_days(raw, mapping, days) for raw in opened.tables]
    if not opened.tables and not opened.problems:
        opened.problems.append(
            "The folder holds no table. Name the files after their tables: diary.csv, sessions.csv, "
            "patients.csv, summaries.csv (or .parquet), or the sheets of a workbook; or say in mapping.toml which "
            "file is which ('outcomes check FOLDER --suggest' drafts it). A list with names goes through 'outcomes "
            "deidentify' first."
        )
    return opened


def _add_workbook(path: Path, engine: Engine, mapping: SourceMapping, opened: Opened) -> bool:
    """The sheets of a workbook in a folder that carry the names of tables; False where none does.

    What hides in such a workbook is told even so: it lies among the records.
    """
    from outcomes.records.workbooks import open_workbook

    found = open_workbook(path, engine, set(TABLES) | {table.source for table in mapping.tables})
    if found.tables:
        _look_at_other_sheets(found, path, engine)
        opened.add(found)
        return True
    opened.findings += [finding for finding in found.findings if finding.level == "identity"]
    # A sheet that is a table and cannot be read is told; a workbook without such a sheet is no matter of ours.
    unread = [problem for problem in found.problems if "The sheet must be named" not in problem]
    opened.problems += unread
    return bool(unread)


def _look_at_other_sheets(opened: Opened, path: Path, engine: Engine) -> None:
    """Sheets that are not read as records, for the gate; ours that explains the columns holds none."""
    if not any(finding.rule == "not_read" and finding.file == path.name for finding in opened.findings):
        return
    from outcomes.records.every_table import tables_in

    read = {EXPLAINED_SHEET, *(raw.name for raw in opened.tables)}
    opened.further += [raw for raw, _ in tables_in(path, engine, []) if raw.name not in read]


def open_file(path: Path, engine: Engine, mapping: SourceMapping) -> Opened:
    """One file of a folder: a text table, a Parquet table, or the sheets of a workbook."""
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        from outcomes.records.workbooks import open_workbook

        return open_workbook(path, engine, {table.source for table in mapping.tables} | {path.stem})
    opened = Opened()
    if suffix == ".parquet":
        opened.tables += open_parquet(path.stem, path.name, [path], engine, opened.problems)
    elif suffix in (*TEXT_SUFFIXES, ".txt"):
        text, problems = scan_text(path, engine.scratch, mapping.encoding_of(path.stem, path.name))
        opened.problems += problems
        if text is not None:
            opened.tables.append(_text_table(path, text))
            opened.findings += [
                Finding("mended", "form", path.stem, path.name, "", what, "Nothing to do.", 1, ())
                for what in text.mended
            ]
    else:
        opened.problems.append(f"{path.name}: not a table that can be read (.csv, .tsv, .parquet, .xlsx).")
    return opened


def _look_at_what_is_left(opened: Opened, files: list[Path], taken: set[Path], engine: Engine) -> None:
    """Files that are no records are told of, and opened for the gate: they lie among the records."""
    from outcomes.records.every_table import tables_in

    tables = (*TEXT_SUFFIXES, *WORKBOOKS, *SQLITE, *DUCKDB, ".parquet", ".txt")
    rest = [file for file in files if file not in taken and file.suffix.lower() in tables]
    for file in rest:
        if file.suffix.lower() not in (*SQLITE, *DUCKDB):
            opened.further += [raw for raw, _ in tables_in(file, engine, []) if raw.name != EXPLAINED_SHEET]
    left = len(rest)
    if left:
        what = "1 further file was" if left == 1 else f"{left} further files were"
        opened.findings.append(
            Finding(
                "warning",
                "not_read",
                "",
                "the folder",
                "",
                f"{what} not read.",
                "Name files after their tables, or say in mapping.toml which is which; keep nothing else here.",
                left,
                (),
            )
        )


def _text_table(path: Path, text: TextScan) -> RawTable:
    names = [f"c{position}" for position in range(len(text.header))]
    listed = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    scan = (
        f"read_csv({literal(without_pattern(text.path))}, header = false, skip = 1, auto_detect = false, "
        "hive_partitioning = false, "
        f"delim = {literal(text.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"null_padding = false, columns = {{{listed}}})"
    )
    columns = tuple(
        RawColumn(name, written, "VARCHAR") for name, written in zip(names, text.header, strict=True)
    )
    return RawTable(path.stem, path.name, path.name, scan, columns, "row_number() OVER ()", text, (path,))


def _frames(tables: Mapping[str, Any], engine: Engine) -> Opened:
    import pyarrow as pa

    opened = Opened()
    for name, frame in tables.items():
        if not isinstance(name, str):
            opened.problems.append("A table of the dictionary has no name.")
            continue
        try:
            table = (
                frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
            )
        except (pa.ArrowException, TypeError, ValueError, AttributeError):
            label = name if name in TABLES else "A table"
            opened.problems.append(
                f"{label}: a column mixes types, such as text and numbers. Make it all text."
            )
            continue
        number = pa.array(range(1, table.num_rows + 1), pa.int64())
        given = f"given_{len(opened.tables)}"
        engine.register(given, table.append_column("outcomes_row_number", number))
        columns = described(engine, given)
        if columns is None:
            opened.problems.append(f"{name if name in TABLES else 'A table'}: holds a type that is not read.")
            continue
        opened.tables.append(RawTable(name, name, "", given, columns, "outcomes_row_number"))
    if not tables:
        opened.problems.append("No table was given.")
    return opened
