"""Every file, sheet and table of a source, whatever it is called: for drafting a mapping, not for reading records."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from outcomes.engine import Engine
from outcomes.errors import FileProblem, InvalidRecords
from outcomes.records.mapping import SourceMapping
from outcomes.records.parquet_parts import open_parquet, parts_of
from outcomes.records.raw import Opened, RawTable
from outcomes.records.schema import TABLES
from outcomes.records.sources import (
    DUCKDB,
    SQLITE,
    TEXT_SUFFIXES,
    WORKBOOKS,
    Location,
    open_file,
    open_source,
)

#: What a text file that is no UTF-8 nearly always is where the languages of our word lists are written.
OLD_ENCODING = "cp1252"


def every_table(location: Location, engine: Engine, problems: list[str]) -> Iterator[tuple[RawTable, str]]:
    """The tables one by one, each with the encoding that it had to be read with; what cannot be opened is told.

    Of a database address only tables that carry the dictionary's names are given. Raises FileProblem.
    """
    if location.kind != "folder" or location.path is None:
        yield from _tables_of(location, engine, problems)
        return
    for name in TABLES:
        if parts := parts_of(location.path, name):
            yield from ((raw, "") for raw in open_parquet(name, f"{name}/", parts, engine, problems))
    suffixes = (*TEXT_SUFFIXES, ".txt", ".parquet", *WORKBOOKS)
    for path in sorted(location.path.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith((".", "~$")) or not path.is_file():
            continue
        try:
            yield from tables_in(path, engine, problems)
        except FileProblem as error:
            # One file that is open elsewhere is no reason to draft nothing for the others.
            problems.append(str(error))


def tables_in(path: Path, engine: Engine, problems: list[str]) -> Iterator[tuple[RawTable, str]]:
    """The tables of one file of a folder."""
    if path.suffix.lower() in WORKBOOKS:
        yield from _tables_of(Location("workbook", path), engine, problems)
        return
    encoding = ""
    opened = open_file(path, engine, SourceMapping())
    if any("not UTF-8" in problem for problem in opened.problems):
        encoding = OLD_ENCODING
        opened = open_file(path, engine, SourceMapping(encoding=encoding))
    problems += _problems_of(opened)
    yield from ((raw, encoding) for raw in opened.tables)


def _tables_of(location: Location, engine: Engine, problems: list[str]) -> Iterator[tuple[RawTable, str]]:
    """The tables of a source that holds several: a workbook, a database, frames."""
    names = _names_in(location.path, engine) if location.path is not None else []
    opened = _opened_by_name(location, engine, names)
    problems += _problems_of(opened)
    yield from ((raw, "") for raw in opened.tables)


def _opened_by_name(location: Location, engine: Engine, names: list[str]) -> Opened:
    if location.path is None:
        return open_source(location, engine, SourceMapping())
    from outcomes.records.databases import open_duckdb, open_sqlite
    from outcomes.records.workbooks import open_workbook

    opening = {"workbook": open_workbook, "sqlite": open_sqlite, "duckdb": open_duckdb}[location.kind]
    return opening(location.path, engine, names)


def _names_in(path: Path, engine: Engine) -> list[str]:
    """The names of all sheets or tables of one file."""
    from outcomes.records import databases
    from outcomes.records.archives import plain_copy
    from outcomes.records.old_workbooks import old_sheets

    suffix = path.suffix.lower()
    try:
        if suffix in SQLITE:
            with databases._sqlite(path) as connection:
                listed = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            return [name for (name,) in listed]
        if suffix in DUCKDB:
            # The file is opened a second time to be read, and an engine attaches a file only once.
            other = Engine(readable=[path.parent])
            return [name for _, name, _ in databases._duckdb_tables(other, databases._attached(path, other))]
        if suffix == ".xls":
            return [sheet.name for sheet in old_sheets(path, path.name)]
        with tempfile.TemporaryDirectory(prefix="outcomes-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder) / f"copy{suffix}"
            with plain_copy(path, copy, path.name):
                return _sheet_names(copy)
    except InvalidRecords:
        # Opening it tells what is wrong.
        return []


def _sheet_names(copy: Path) -> list[str]:
    from python_calamine import load_workbook

    try:
        return list(load_workbook(copy).sheet_names)
    except BaseException as error:
        # The library's panics are no ordinary exceptions; opening the file tells what is wrong with it.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return []


def _problems_of(opened: Opened) -> list[str]:
    blocks = [finding.sentence() for finding in opened.findings if finding.level == "identity"]
    return [*opened.problems, *blocks]
