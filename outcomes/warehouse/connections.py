"""Database servers and warehouses behind a connection of SQLAlchemy or of ADBC: asked where their tables lie.

PostgreSQL is run in the tests. What is written for BigQuery and Snowflake has been read and never run.
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

from outcomes.engine import identifier
from outcomes.errors import FileProblem, PlanError
from outcomes.warehouse.engine import Warehouse, duckdb_type

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "character varying": "VARCHAR",
    "character": "VARCHAR",
    "name": "VARCHAR",
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "bool": "BOOLEAN",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "int64": "BIGINT",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "float": "DOUBLE",
    "float64": "DOUBLE",
    "double precision": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp without time zone": "TIMESTAMP",
    "datetime": "TIMESTAMP",
}

#: Names by which connections call their systems → dialects that statements can be written for.
_SYSTEMS = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "bigquery": "bigquery",
    "snowflake": "snowflake",
}


class ConnectionWarehouse(Warehouse):
    """An engine over one open connection, which stays the caller's: it is neither committed nor closed.

    All statements run in the transaction that the connection is in. What is made is temporary and is dropped at
    the end, or goes with the connection.
    """

    def __init__(self, connection: Any) -> None:
        super().__init__()
        self._asking = _asking(connection)
        self.dialect = self._asking.dialect
        self.label = f"the {_SPELLED[self.dialect]} database"

    def _ask(self, query: str) -> pa.Table:
        return self._asking.arrow(query)

    def _make(self, kind: str, name: str, query: str) -> None:
        self._asking.run(f"CREATE TEMPORARY {kind.upper()} {identifier(name)} AS {query}")
        if kind == "table" and self.dialect == "postgres":
            # Nobody else counts the rows of a temporary table: without it, joins are planned blindly.
            self._asking.run(f"ANALYZE {identifier(name)}")

    def _let_go(self, kind: str, name: str) -> None:
        cascade = " CASCADE" if self.dialect == "postgres" else ""
        self._asking.run(f"DROP {kind.upper()} IF EXISTS {identifier(name)}{cascade}")

    def _types(self, name: str) -> dict[str, str]:
        if self.dialect != "postgres":
            raise PlanError(f"{self.label}: its types are not read yet; only PostgreSQL's are.")
        listed = self._asking.arrow(
            "SELECT attname::text AS name, format_type(atttypid, atttypmod)::text AS type FROM pg_attribute "
            f"WHERE attrelid = '{identifier(name)}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        ).to_pylist()
        return {row["name"]: duckdb_type(row["type"], _TYPES) for row in listed}

    def _take(self, name: str, table: pa.Table) -> None:
        kinds = {field.name: _kind_there(field.type) for field in table.schema}
        listed = ", ".join(f"{identifier(column)} {kind}" for column, kind in kinds.items())
        self._asking.run(f"CREATE TEMPORARY TABLE {identifier(name)} ({listed})")
        if table.num_rows:
            self._asking.fill(name, table)

    def offer(self, name: str, table: Any, days: tuple[dt.date, dt.date] | None = None) -> None:
        """`table`: the name of a table or view, with its schema before a dot where it is not the usual one."""
        if not isinstance(table, str):
            raise PlanError("A table of a database is told by its name.")
        place = ".".join(identifier(part) for part in table.split("."))
        there = self._new_name(name)
        try:
            self._make("view", there, f"SELECT * FROM {place}")
            self._made[name], self._kinds[there] = there, "view"
            # Texts compare by their bytes, as they do in DuckDB, whatever language the database speaks.
            columns = [
                f'{identifier(column)} COLLATE "C" AS {identifier(column)}'
                if kind == "VARCHAR"
                else identifier(column)
                for column, kind in self._types(there).items()
            ]
            where = ""
            if days is not None and "date" in self._types(there):
                # The day after the last, so that a time on the last day counts.
                after = days[1] + dt.timedelta(1)
                where = f" WHERE \"date\" >= DATE '{days[0]}' AND \"date\" < DATE '{after}'"
            own = self._new_name(name)
            self._make("view", own, f"SELECT {', '.join(columns)} FROM {place}{where}")
        except PlanError:
            raise
        except Exception as error:
            raise FileProblem(
                f"{self.label}: a table that was named cannot be read, or this user may make no temporary tables "
                f"({type(error).__name__})."
            ) from None
        self._let_go("view", there)
        self._made[name], self._kinds[own] = own, "view"
        self._kinds.pop(there, None)


_SPELLED = {"postgres": "PostgreSQL", "bigquery": "BigQuery", "snowflake": "Snowflake"}


def _kind_there(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_floating(kind):
        return "DOUBLE PRECISION"
    return "DATE" if pa.types.is_date(kind) else "TEXT"


class _SqlAlchemy:
    """Statements through a connection of SQLAlchemy, as they are: nothing in them is a parameter."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.dialect = _known(connection.dialect.name)

    def run(self, statement: str) -> None:
        self._execute(statement).close()

    def _execute(self, statement: str) -> Any:
        # The driver reads % as the place of a parameter.
        escaped = statement.replace("%", "%%") if self._percent else statement
        return self.connection.exec_driver_sql(escaped)

    @property
    def _percent(self) -> bool:
        return self.connection.dialect.paramstyle in ("format", "pyformat")

    def arrow(self, query: str) -> pa.Table:
        import pyarrow as pa

        answer = self._execute(query)
        names = list(answer.keys())
        rows = answer.fetchall()
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        arrays = [pa.array([_plain(value) for value in column]) for column in columns]
        unique = [
            name if names.index(name) == place else f"{name}_{place}" for place, name in enumerate(names)
        ]
        return pa.table(dict(zip(unique, arrays, strict=True)))

    def fill(self, name: str, table: pa.Table) -> None:
        columns = ", ".join(identifier(column) for column in table.column_names)
        places = ", ".join(["%s"] * table.num_columns)
        cursor = self.connection.connection.cursor()
        try:
            rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
            cursor.executemany(f"INSERT INTO {identifier(name)} ({columns}) VALUES ({places})", rows)
        finally:
            cursor.close()


class _Adbc:
    """Statements through a connection of ADBC, whose answers are Arrow already."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.dialect = _known(str(connection.adbc_get_info().get("vendor_name", "")))

    def run(self, statement: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def arrow(self, query: str) -> pa.Table:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return _numbers_of(cursor.fetch_arrow_table())

    def fill(self, name: str, table: pa.Table) -> None:
        with self.connection.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="append", temporary=True)


def _asking(connection: Any) -> _SqlAlchemy | _Adbc:
    return _Adbc(connection) if hasattr(connection, "adbc_get_info") else _SqlAlchemy(connection)


def _known(system: str) -> str:
    dialect = _SYSTEMS.get(system.lower())
    if dialect is None:
        raise PlanError("A connection can be asked where it leads to PostgreSQL, BigQuery or Snowflake.")
    return dialect


def _numbers_of(table: pa.Table) -> pa.Table:
    """PostgreSQL's exact numbers come as text: numbers again."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if (field.metadata or {}).get(b"ADBC:postgresql:typname") == b"numeric":
            texts = table.column(place).to_pylist()
            numbers = [None if text is None else _plain(decimal.Decimal(text)) for text in texts]
            table = table.set_column(place, field.name, pa.array(numbers))
    return table


def _plain(value: Any) -> Any:
    """Sums of whole numbers come as decimals: whole numbers again, and other decimals as floats."""
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
