"""Spark: the question goes to the cluster through a session of the user's own."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from outcomes.errors import FileProblem, PlanError
from outcomes.warehouse.engine import Warehouse, duckdb_type

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {
    "string": "VARCHAR",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
    "void": '"NULL"',
}


class SparkWarehouse(Warehouse):
    """An engine over one Spark session, classic or Spark Connect.

    Tables that are made are data frames that Spark keeps on its workers, on their disks where memory is short.
    """

    label = "Spark"
    dialect = "spark"

    def __init__(self, session: SparkSession) -> None:
        super().__init__()
        self._session = session
        self._frames: dict[str, DataFrame] = {}
        weakref.finalize(self, _forget, session, self._frames)

    def _ask(self, query: str) -> pa.Table:
        return self._session.sql(query).toArrow()

    def _make(self, kind: str, name: str, query: str) -> None:
        frame = self._session.sql(query)
        if kind == "table":
            # Worked out now, while what it is made of still stands.
            frame = frame.persist()
            frame.count()
        self._stand(name, frame)

    def _stand(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(name)
        self._frames[name] = frame

    def _let_go(self, kind: str, name: str) -> None:
        frame = self._frames.pop(name, None)
        if frame is not None and kind == "table":
            frame.unpersist()
        self._session.catalog.dropTempView(name)

    def _types(self, name: str) -> dict[str, str]:
        return {column: duckdb_type(kind, _TYPES) for column, kind in self._session.table(name).dtypes}

    def _take(self, name: str, table: pa.Table) -> None:
        self._stand(name, self._session.createDataFrame(table))

    def offer(self, name: str, table: Any, days: tuple[dt.date, dt.date] | None = None) -> None:
        """`table`: the name of a table or view of the session, or a data frame."""
        try:
            frame = self._session.table(table) if isinstance(table, str) else table
            columns = frame.columns
        except Exception as error:
            raise FileProblem(
                f"Spark: a table that was named cannot be read ({type(error).__name__})."
            ) from None
        if days is not None and "date" in columns:
            frame = _between(frame, days)
        there = self._new_name(name)
        self._stand(there, frame)
        self._made[name], self._kinds[there] = there, "view"


def _between(frame: DataFrame, days: tuple[dt.date, dt.date]) -> DataFrame:
    """The rows of these days, told so that whole partitions by month or by day need not be opened."""
    from pyspark.sql import functions

    first, last = days
    if "month" in frame.columns:
        # Spark reads the names of the folders 2026-10 as text, or as the first of the month.
        text = functions.col("month").cast("string").substr(1, 7)
        frame = frame.where(text.between(f"{first:%Y-%m}", f"{last:%Y-%m}"))
    date = functions.col("date")
    # The day after the last, so that a time on the last day counts.
    return frame.where((date >= functions.lit(first)) & (date < functions.lit(last + dt.timedelta(1))))


def _forget(session: SparkSession, frames: dict[str, DataFrame]) -> None:
    """Let go of everything that was made; a session that has ended has nothing left."""
    try:
        for name, frame in frames.items():
            frame.unpersist()
            session.catalog.dropTempView(name)
    except Exception:
        frames.clear()


_ADDRESS = (
    "A Spark address is spark://HOST:PORT?folder=PLACE, whose folders diary, sessions and so on hold Parquet, or "
    "spark://HOST:PORT?database=NAME. In place of HOST:PORT, local is this computer alone."
)


def connected(address: str, names: Iterable[str]) -> tuple[SparkSession, dict[str, Any]]:
    """A session for an address, and those of the named tables that are there. Raises PlanError, FileProblem.

    A session that this process has open already is used as it is.
    """
    master, _, query = address.partition("://")[2].partition("?")
    wanted = parse_qs(query, strict_parsing=False)
    if not master or len(wanted) != 1 or not set(wanted) <= {"folder", "database"}:
        raise PlanError(_ADDRESS)
    (kind, (place, *_)), *_ = wanted.items()
    session = _session(master.rstrip("/"))
    found: dict[str, Any] = {}
    for name in names:
        table = _in_database(session, place, name) if kind == "database" else _in_folder(session, place, name)
        if table is not None:
            found[name] = table
    if not found:
        raise FileProblem(f"Spark: no table of the dictionary is there: {', '.join(names)}.")
    return session, found


def _session(master: str) -> SparkSession:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise PlanError("Spark is asked with further packages: pip install 'outcomes[spark]'") from None
    local = master == "local" or master.startswith(("local[", "local-cluster["))
    # Workers of this computer run the same Python.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    where = "local[*]" if master == "local" else master if local else f"spark://{master}"
    try:
        builder = SparkSession.builder.master(where).appName("outcomes")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
        if local:
            # Two hundred parts, which suit a cluster, are many for one computer.
            builder = builder.config("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
    except Exception as error:
        raise FileProblem(
            f"Spark: no session ({type(error).__name__}). Is Java there, and does the cluster answer?"
        ) from None
    return session


def _in_database(session: SparkSession, database: str, name: str) -> str | None:
    place = f"`{database.replace('`', '``')}`.`{name}`"
    try:
        return place if session.catalog.tableExists(place) else None
    except Exception:
        return None


def _in_folder(session: SparkSession, folder: str, name: str) -> DataFrame | None:
    for place in (f"{folder.rstrip('/')}/{name}", f"{folder.rstrip('/')}/{name}.parquet"):
        # A folder that is not there cannot be told from one that may not be read: both are not read.
        with contextlib.suppress(Exception):
            return session.read.parquet(place)
    return None
