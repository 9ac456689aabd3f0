"""Database files (SQLite, DuckDB) and, through `servers`, database addresses: read, and never written.

Only tables that are wanted by name are read, each inside one read-only transaction and a batch at a time. A
database may be hostile: its names are always quoted, and a view, which is a program of its maker's, is only read
where it is wanted by name in mapping.toml. Messages name a table only where it is wanted.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from outcomes.engine import Engine, identifier, literal
from outcomes.errors import FileProblem, InvalidRecords, OutcomesError
from outcomes.records.loading import LONGEST_CELL, ROW_NUMBER, chosen_tables, load_table
from outcomes.records.raw import Opened, RawColumn, RawTable
from outcomes.records.servers import open_server

__all__ = ["open_duckdb", "open_server", "open_sqlite"]

#: A view of an SQLite file that gives no row for so long is broken off.
SECONDS_WITHOUT_A_ROW = 10
_SQLITE_MARK = b"SQLite format 3\0"
_DUCKDB_MARK = b"DUCK"


def _check_file(path: Path, mark: bytes, at: int, kind: str) -> None:
    """Raises FileProblem where the file cannot be read, InvalidRecords where it does not begin as it should."""
    try:
        with path.open("rb") as file:
            first = file.read(at + len(mark))
    except OSError as error:
        advice = (
            " Close it in other programs, or ask for access." if isinstance(error, PermissionError) else ""
        )
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).{advice}") from None
    if first[at:] != mark:
        raise InvalidRecords([f"{path.name}: not a {kind} file, or encrypted. Export the database again."])


# SQLite files


def open_sqlite(path: Path, engine: Engine, wanted: Collection[str] | None) -> Opened:
    """Read the wanted tables of an SQLite file; `wanted` None: those of the data dictionary.

    Rows are counted from 1 in the order in which the file gives them. Raises FileProblem.
    """
    opened = Opened()
    try:
        _check_file(path, _SQLITE_MARK, 0, "SQLite")
        before = _state(path)
        with _sqlite(path) as connection:
            listed = connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
            tables = [name for kind, name, sql in listed if kind == "table" and _is_plain(name, sql)]
            views = [name for kind, name, _ in listed if kind == "view"]
            for name in chosen_tables(path.name, tables, views, wanted, opened):
                opened.tables.append(_read_sqlite(connection, path, name, engine))
        if _state(path) != before:
            raise InvalidRecords(
                [f"{path.name}: was changed while it was read. Start again when nobody writes."]
            )
    except InvalidRecords as error:
        opened.problems += error.problems
    return opened


def _is_plain(name: str, sql: str | None) -> bool:
    """Whether it is a table of rows: not one of the file's own, and not one that a module makes up."""
    words = (sql or "").lstrip()[:20].upper()
    return not name.startswith("sqlite_") and not words.startswith("CREATE VIRTUAL")


def _read_only(path: Path) -> str:
    """The address of the file for reading.

    A file that keeps a write-ahead log makes every reader write two files beside it, unless it is called
    immutable. It is, where nobody has it open; that nobody has changed it is looked at afterwards.
    """
    with path.open("rb") as file:
        logged = file.read(20)[18:] == b"\x02\x02"
    at_rest = logged and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if at_rest else ''}"


def _state(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_size, told.st_mtime_ns


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """One read-only transaction over the file, in which nothing but reading is allowed."""
    connection = None
    try:
        connection = sqlite3.connect(_read_only(path), uri=True, isolation_level=None, timeout=2)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * LONGEST_CELL)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(_reading_only)
        connection.execute("BEGIN")
        yield connection
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        code = getattr(error, "sqlite_errorname", "") or ""
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise FileProblem(
                f"{path.name}: in use by another program, or left half written by one. Close that program (or open "
                "and close the database in it once), and start again."
            ) from None
        raise InvalidRecords(
            [f"{path.name}: cannot be read to its end as an SQLite file. Copy or export it again."]
        ) from None
    finally:
        if connection is not None:
            connection.close()


def _reading_only(action: int, *_: str | None) -> int:
    allowed = (
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_TRANSACTION,
    )
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _read_sqlite(connection: sqlite3.Connection, path: Path, name: str, engine: Engine) -> RawTable:
    deadline = [time.monotonic() + SECONDS_WITHOUT_A_ROW]
    connection.set_progress_handler(lambda: time.monotonic() > deadline[0], 100_000)
    cursor = connection.execute(f"SELECT * FROM {identifier(name)}")

    def rows() -> Iterator[Sequence[Any]]:
        for row in cursor:
            yield row
            deadline[0] = time.monotonic() + SECONDS_WITHOUT_A_ROW

    header = [item[0] for item in cursor.description]
    return load_table(engine, path.name, name, header, rows(), (path,))


# DuckDB files


def open_duckdb(path: Path, engine: Engine, wanted: Collection[str] | None) -> Opened:
    """Attach a DuckDB file, read-only, and show the wanted tables as text; `wanted` None: those of the dictionary.

    The engine must be allowed to read the file (and `NAME.wal` beside it) and is locked down, so that a view of
    the file can read no other. Rows are counted from 1 in the order of the file. Raises FileProblem.
    """
    opened = Opened()
    try:
        _check_file(path, _DUCKDB_MARK, 8, "DuckDB")
        source = _attached(path, engine)
        listed = _duckdb_tables(engine, source)
        tables = [table for schema, table, is_view in listed if not is_view]
        views = [table for schema, table, is_view in listed if is_view]
        schemas = {table: schema for schema, table, _ in listed}
        for name in chosen_tables(path.name, tables, views, wanted, opened):
            place = f"{source}.{identifier(schemas[name])}.{identifier(name)}"
            opened.tables.append(_duckdb_table(path, name, place, name in views, engine))
    except InvalidRecords as error:
        opened.problems += error.problems
    return opened


def _attached(path: Path, engine: Engine) -> str:
    number = engine.rows("SELECT count(*) FROM duckdb_databases()")[0][0]
    source = f"source_{number}"
    try:
        engine.run(f"ATTACH {literal(path.resolve().as_posix())} AS {source} (READ_ONLY)")
    except OutcomesError:
        raise InvalidRecords(
            [
                f"{path.name}: cannot be read as a DuckDB file: not whole, made by a newer version, or open for "
                "writing in another program. Close it there, or copy it again."
            ]
        ) from None
    return source


def _duckdb_tables(engine: Engine, source: str) -> list[tuple[str, str, bool]]:
    return engine.rows(
        f"SELECT schema_name, table_name, false FROM duckdb_tables() WHERE database_name = {literal(source)} "
        "UNION ALL SELECT schema_name, view_name, true FROM duckdb_views() WHERE NOT internal "
        f"AND database_name = {literal(source)} ORDER BY ALL"
    )


def _duckdb_table(path: Path, name: str, place: str, is_view: bool, engine: Engine) -> RawTable:
    """A view of the engine over the attached table, all its columns as text."""
    label = f"{path.name} › {name}"
    try:
        described = engine.rows(f"DESCRIBE SELECT * FROM {place}")
        if is_view:
            number = "row_number() OVER ()"
        else:
            # Where rows were deleted, the engine's own row ids have holes.
            whole = engine.rows(f"SELECT count(*) = coalesce(max(rowid) + 1, 0) FROM {place}")[0][0]
            number = "rowid + 1" if whole else "row_number() OVER (ORDER BY rowid)"
        columns, texts = [], []
        for position, (written, sql_type, *_) in enumerate(described):
            texts.append(f"{_as_text(identifier(written), sql_type, label, position)} AS c{position}")
            columns.append(RawColumn(f"c{position}", written, "VARCHAR"))
        view = f"{place.partition('.')[0]}_table_{len(engine.rows('SELECT 1 FROM duckdb_views()'))}"
        engine.run(f"CREATE VIEW {view} AS SELECT {number} AS {ROW_NUMBER}, {', '.join(texts)} FROM {place}")
        # A file that is damaged further on is told now, and not in the middle of the analysis.
        engine.rows(f"SELECT {', '.join(f'max({column.name})' for column in columns)} FROM {view}")
    except InvalidRecords:
        raise
    except OutcomesError:
        raise InvalidRecords(
            [f"{label}: cannot be read. The file is damaged, or this is a view that reads something else."]
        ) from None
    return RawTable(name, label, path.name, view, tuple(columns), ROW_NUMBER, None, (path,))


_DUCKDB_TEXT: tuple[str, ...] = (
    "VARCHAR",
    "UUID",
    "DATE",
    "TIME",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
)
_DUCKDB_TEXT += ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "BIGNUM", "INTERVAL", "JSON")


def _as_text(column: str, sql_type: str, label: str, position: int) -> str:
    """SQL for the text of a cell, as a workbook's cell of that kind would be read."""
    kind = sql_type.partition("(")[0]
    text = f"CAST({column} AS VARCHAR)"
    if "[" in sql_type or kind not in (
        *_DUCKDB_TEXT, "BOOLEAN", "FLOAT", "DOUBLE", "DECIMAL", "ENUM", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS",
        "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
    ):  # fmt: skip
        what = "holds something other than text, numbers and dates. Leave it out of the table that is read."
        raise InvalidRecords([f"{label}, column {position + 1}: {what}"])
    if kind == "BOOLEAN":
        return f"CASE {column} WHEN true THEN 'yes' WHEN false THEN 'no' END"
    if kind in ("FLOAT", "DOUBLE", "DECIMAL"):
        whole = f"{column} = trunc({column}) AND abs({column}) <= 9007199254740992"
        short = f"rtrim({text}, '0')" if kind == "DECIMAL" else text
        return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE {short} END"
    if kind.startswith("TIMESTAMP"):
        return f"replace({text}, ' ', 'T')"
    return f"nullif({text}, '')"
