"""The engine under the records and the analysis: one private DuckDB database, fed with SQL kept in files.

Everything before patient × period is set arithmetic over days and runs here, for 30 patients and for 100
million rows alike; the interface is small so that another engine can stand behind it.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
import re
import string
import weakref
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.errors import FileProblem, OutcomesError, PlanError
from outcomes.files import remove, scratch_folder

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

MEMORY_LIMIT = "1200MiB"

#: The environment variable that gives the engine more, or less.
MEMORY_VARIABLE = "OUTCOMES_MEMORY_LIMIT"


def memory_limit() -> str:
    """What the engine may take before it spills to the disk. Raises PlanError where the variable holds no size."""
    given = os.environ.get(MEMORY_VARIABLE, "").strip()
    if given and not re.fullmatch(r"[1-9][0-9]{0,5}(MiB|GiB)", given):
        raise PlanError(f"{MEMORY_VARIABLE} is a size such as 800MiB or 8GiB.")
    return given or MEMORY_LIMIT


def identifier(name: str) -> str:
    """A name quoted for SQL. Only names of the data dictionary or of the plan come here."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text quoted for SQL: file paths, codes of the data dictionary, and the one pseudonym that was asked for."""
    return "'" + text.replace("'", "''") + "'"


def within_days(day: str, days: tuple[dt.date, dt.date]) -> str:
    """SQL that is true of a column of dates or timestamps on some days, the first and the last included."""
    # A time of the last day lies behind the midnight that its date stands for. With the year in four signs.
    first, after = (one.isoformat()[:10] for one in (days[0], days[1] + dt.timedelta(days=1)))
    return f"{identifier(day)} >= DATE '{first}' AND {identifier(day)} < DATE '{after}'"


@cache
def _statement(package: str, name: str) -> str:
    return (resources.files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


class Engine:
    """A DuckDB database of its own, in memory, spilling into a private folder that goes with it.

    What the records and the analysis ask of it is little: run a statement, give an answer (`arrow`, `rows`, `row`,
    `frame`), take a small table (`register`), and say what stands (`has`, `columns_of`). An engine elsewhere
    (`outcomes.warehouse`) answers the same. Raises OutcomesError in place of the library's own messages, which
    quote rows.
    """

    #: Whether the records lie in another system, which is asked where they lie.
    elsewhere = False

    def __init__(self, readable: Sequence[Path] = ()) -> None:
        import duckdb

        self._errors: tuple[type[Exception], ...] = (duckdb.Error,)
        spill = scratch_folder()
        self.connection: duckdb.DuckDBPyConnection = duckdb.connect(":memory:")
        self._finalizer = weakref.finalize(self, _close, self.connection, spill)
        #: A private folder for files that have to be read in another form; it goes with the engine.
        self.scratch = spill / "read"
        self.scratch.mkdir(mode=0o700)
        self._lock_down(spill, [*readable, self.scratch])

    def _lock_down(self, spill: Path, readable: Sequence[Path]) -> None:
        """Read only the source, load no extension, and let nothing change that afterwards."""
        # The engine compares the path as it is asked for and the path that it finds.
        folders = _both_ways(path for path in readable if path.is_dir())
        allowed = ", ".join(literal(folder.rstrip("/") + "/") for folder in folders)
        files = ", ".join(
            literal(file) for file in _both_ways(path for path in readable if not path.is_dir())
        )
        # The engine draws progress bars in notebooks that have widgets; without them DuckDB 1.4 refuses even "no".
        bars = ["enable_progress_bar = false"] if importlib.util.find_spec("ipywidgets") else []
        for setting in (
            *bars,
            f"memory_limit = {literal(memory_limit())}",
            f"temp_directory = {literal(str(spill))}",
            f"threads = {max(1, os.cpu_count() or 1)}",
            # The n-th row of a table read from text is then the n-th record of the file, whoever reads it.
            "preserve_insertion_order = true",
            "TimeZone = 'UTC'",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            f"allowed_directories = [{allowed}]",
            f"allowed_paths = [{files}]",
            # What a statement has freed goes back to the system before pandas asks for its share.
            "allocator_bulk_deallocation_flush_threshold = '1MiB'",
            *self._safe_casts(),
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self.run(f"SET {setting}")

    def _safe_casts(self) -> list[str]:
        """DuckDB 2.0 moves TRY_CAST into its reader of text, where it raises instead of giving NULL."""
        known = self.rows("SELECT 1 FROM duckdb_optimizers() WHERE name = 'type_pushdown'")
        return ["disabled_optimizers = 'type_pushdown'"] if known else []

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run a statement put together by us."""
        try:
            return self.connection.execute(sql)
        except self._errors as error:
            raise _without_rows(error) from None

    def statement(self, package: str, name: str, /, **values: str | int) -> str:
        """`sql/NAME.sql` of a package, its `$placeholders` filled with whole numbers and known names."""
        return string.Template(_statement(package, name)).substitute(values)

    def run_file(self, package: str, name: str, /, **values: str | int) -> duckdb.DuckDBPyConnection:
        """Run `sql/NAME.sql` of a package."""
        return self.run(self.statement(package, name, **values))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        return self.run(sql).fetchall()

    def row(self, sql: str) -> dict[str, Any]:
        """The one row of an answer, by column name."""
        answer = self.run(sql)
        names = [item[0] for item in answer.description or ()]
        values = answer.fetchone()
        if values is None:
            raise OutcomesError("The engine gave no row where one was expected.")
        return dict(zip(names, values, strict=True))

    def arrow(self, sql: str) -> pa.Table:
        """The answer as an Arrow table."""
        try:
            return self.connection.sql(sql).to_arrow_table()
        except self._errors as error:
            raise _without_rows(error) from None

    def frame(self, sql: str) -> pd.DataFrame:
        """The answer as a pandas frame."""
        return self.arrow(sql).to_pandas()

    def roomy(self) -> str:
        """The place for tables too large to keep in memory: a file in the private folder, packed as it is written."""
        if not self.rows("SELECT 1 FROM duckdb_databases() WHERE database_name = 'roomy'"):
            self.run(f"ATTACH {literal(str(self.scratch / 'roomy'))} AS roomy")
        return "roomy.main."

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable under a name."""
        self.connection.register(name, table)

    def drop(self, tables: Sequence[str]) -> None:
        """Drop tables that nobody looks at any more; nothing to do once the database is closed."""
        if self._finalizer.alive:
            for table in tables:
                self.run(f"DROP TABLE IF EXISTS {table}")

    def unregister(self, name: str) -> None:
        """Let go of an Arrow table that was registered."""
        self.connection.unregister(name)

    def rename(self, table: str, name: str) -> None:
        """Give a table another name."""
        self.run(f"ALTER TABLE {table} RENAME TO {name}")

    def columns_of(self, scan: str) -> dict[str, str]:
        """Columns of a table, a view or anything else that can stand after FROM: name → type, in their order."""
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE SELECT * FROM {scan}")}

    def has(self, name: str) -> bool:
        """Whether a table or view of that name stands."""
        found = self.rows(f"SELECT 1 FROM information_schema.tables WHERE table_name = {literal(name)}")
        return bool(found)


def _both_ways(paths: Iterable[Path]) -> list[str]:
    return sorted({text for path in paths for text in (path.resolve().as_posix(), without_pattern(path))})


def without_pattern(path: Path) -> str:
    """The path with the signs that the engine reads as a pattern made literal."""
    return "".join(f"[{sign}]" if sign in "[*?" else sign for sign in path.resolve().as_posix())


def _close(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    connection.close()
    remove(spill)


def _without_rows(error: Exception) -> OutcomesError:
    """The library's message may quote the records: keep only its kind."""
    kind = type(error).__name__
    if kind == "OutOfMemoryException":
        return FileProblem(
            f"The engine ran out of its {memory_limit()} of memory. Give it more: {MEMORY_VARIABLE}=8GiB, where the "
            "machine has it."
        )
    if kind == "IOException":
        return FileProblem(f"The engine ran out of room or could not read a file ({kind}).")
    return OutcomesError(f"The engine refused a statement ({kind}). This is a fault of the program.")
