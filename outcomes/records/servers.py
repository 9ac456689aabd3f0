"""Database servers (PostgreSQL, MySQL and MariaDB): the wanted tables, in one transaction that can write nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from outcomes.engine import Engine, identifier
from outcomes.errors import FileProblem, InvalidRecords, OutcomesError, PlanError
from outcomes.records.loading import chosen_tables, load_table
from outcomes.records.raw import Opened

if TYPE_CHECKING:
    import sqlalchemy

#: A server may work so long on one batch of rows.
SECONDS_OF_A_STATEMENT = 300
SECONDS_TO_CONNECT = 15
_BATCH = 5_000


def open_server(address: str, engine: Engine, wanted: Collection[str] | None) -> Opened:
    """Read the wanted tables of a database server; `wanted` None: those of the data dictionary.

    The address is `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or `mysql://`, `mariadb://`; `?schema=NAME`
    chooses a schema. Without a password in it, PGPASSWORD or MYSQL_PWD is taken from the environment: a password
    on a command line is seen by everybody on the machine. A connection to another machine is encrypted and the
    server's certificate checked, unless the address says `?tls=off`. Tables of PostgreSQL that are too large to be
    copied do not come here (`asked_in_place`). Rows are counted from 1 in the order in
    which the server gives them. Raises PlanError for an address that cannot be followed, FileProblem where the
    server cannot be reached or does not let us in; no message holds the address.
    """
    url, schema, tls, _ = _parsed(address)
    container = f"the {'PostgreSQL' if url.drivername.startswith('postgresql') else 'MySQL'} database"
    opened = Opened()
    try:
        with _server(url, tls, container) as connection:
            _read_server(connection, schema, container, engine, wanted, opened)
    except InvalidRecords as error:
        opened.problems += error.problems
    return opened


#: Tables of a PostgreSQL server that take more than this are not copied: the question goes to them.
COPIED_BYTES = 512 * 1024 * 1024


def asked_in_place(
    address: str, wanted: Collection[str] | None
) -> tuple[sqlalchemy.Connection, dict[str, tuple[str, ...]], Opened] | None:
    """(an open connection, the wanted tables, what was found on the way) where the question goes to the tables.

    None where they are copied: on every server but PostgreSQL; where all of them together take no more than
    COPIED_BYTES; or as the address says itself, `?in_place=yes` or `no`. The connection sees one state of the tables,
    and its transaction is never committed: nothing that is made there stays. Raises as `open_server`.
    """
    url, schema, tls, in_place = _parsed(address)
    if not url.drivername.startswith("postgresql"):
        if in_place == "yes":
            raise PlanError("Only tables of PostgreSQL can be asked where they lie.")
        return None
    if in_place == "no":
        return None
    container, opened, entered = "the PostgreSQL database", Opened(), False
    database = _engine_of(url, tls)
    connection, kept = None, False
    try:
        connection = database.connect()
        entered = True
        _wait_for_answers(connection)
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{SECONDS_TO_CONNECT}s'")
        tables, views = _listed(connection, schema)
        names = chosen_tables(container, tables, views, wanted, opened)
        places: dict[str, tuple[str, ...]] = {name: (schema, name) if schema else (name,) for name in names}
        kept = in_place == "yes" or _bytes_of(connection, places.values()) > COPIED_BYTES
        return (connection, places, opened) if kept else None
    except OutcomesError:
        raise
    except Exception as error:
        raise _told(error, container, entered) from None
    finally:
        if connection is not None and not kept:
            # Nothing that goes wrong here may hide what went wrong before.
            with suppress(Exception):
                connection.close()


def _bytes_of(connection: sqlalchemy.Connection, places: Iterable[tuple[str, ...]]) -> int:
    """What tables take on the server's disk, with their parts."""
    import sqlalchemy

    total = sqlalchemy.text(
        "SELECT pg_total_relation_size(CAST(:place AS regclass)) + coalesce(sum(pg_total_relation_size(relid)), 0) "
        "FROM pg_partition_tree(CAST(:place AS regclass)) WHERE level > 0"
    )
    quoted = [".".join(map(identifier, place)) for place in places]
    return sum(int(connection.execute(total, {"place": place}).scalar_one()) for place in quoted)


_DRIVERS = {
    "postgresql": "postgresql+pg8000",
    "postgres": "postgresql+pg8000",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_NEAR = (None, "", "localhost", "127.0.0.1", "::1")


class _Address(NamedTuple):
    """An address in its parts: for the library, the schema, whether it is encrypted, and what it says of copying."""

    url: sqlalchemy.URL
    schema: str | None
    tls: bool
    in_place: str | None


def _parsed(address: str) -> _Address:
    """The parts of an address. Raises PlanError."""
    try:
        import pg8000  # noqa: F401
        import pymysql  # noqa: F401
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise PlanError(
            "Database addresses are read with further packages: pip install 'outcomes[databases]'"
        ) from None
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        url = None
    driver = _DRIVERS.get(url.drivername.partition("+")[0].lower()) if url is not None else None
    if url is None or driver is None or not url.database:
        raise PlanError(
            "The database address cannot be read. It is postgresql://USER@HOST:PORT/DATABASE, or begins with "
            "mysql:// or mariadb://; signs such as @ and / in a password are written %40 and %2F."
        )
    query = dict(url.query)
    schema, tls = query.pop("schema", None), query.pop("tls", "on")
    in_place = query.pop("in_place", None)
    if in_place not in (None, "yes", "no"):
        raise PlanError("in_place is yes or no.")
    if query or not isinstance(schema, (str, type(None))) or tls not in ("on", "off"):
        raise PlanError(
            "After the ? of a database address stand  schema=NAME,  tls=off  and  in_place=yes  or  no  only."
        )
    if url.password is None:
        password = os.environ.get("PGPASSWORD" if driver.startswith("postgresql") else "MYSQL_PWD")
        url = url.set(password=password) if password else url
    encrypted = tls == "on" and url.host not in _NEAR
    return _Address(url.set(drivername=driver, query={}), schema, encrypted, in_place)


@contextmanager
def _server(url: sqlalchemy.URL, tls: bool, container: str) -> Iterator[sqlalchemy.Connection]:
    """A connection with one read-only transaction over all tables, which sees one state of them.

    Whatever the library raises becomes words of ours: its own may hold the address, the SQL or a row.
    """
    database, entered = None, False
    try:
        database = _engine_of(url, tls)
        with database.connect() as connection:
            entered = True
            _begin_reading(connection, url.drivername.startswith("postgresql"))
            yield connection
            connection.rollback()
    except OutcomesError:
        raise
    except Exception as error:
        # The drivers raise what they like on what a server sends: errors of their own, OSError, ValueError.
        raise _told(error, container, entered) from None
    finally:
        if database is not None:
            database.dispose()


def _engine_of(url: sqlalchemy.URL, tls: bool) -> sqlalchemy.Engine:
    """What connects to a server; nothing is sent before somebody does."""
    import ssl

    import sqlalchemy

    postgresql = url.drivername.startswith("postgresql")
    settings: dict[str, Any] = {"timeout" if postgresql else "connect_timeout": SECONDS_TO_CONNECT}
    if postgresql:
        settings["application_name"] = "outcomes"
    else:
        settings |= {"read_timeout": SECONDS_OF_A_STATEMENT, "local_infile": False, "charset": "utf8mb4"}
    if tls:
        settings["ssl_context" if postgresql else "ssl"] = ssl.create_default_context()
    return sqlalchemy.create_engine(
        url, connect_args=settings, poolclass=sqlalchemy.NullPool, hide_parameters=True
    )


def _wait_for_answers(connection: sqlalchemy.Connection, seconds: float | None = None) -> None:
    """How long an answer may take from here on: the limit of the connection was for connecting."""
    socket = getattr(connection.connection.dbapi_connection, "_usock", None)
    if socket is not None:
        socket.settimeout(seconds)


def _begin_reading(connection: sqlalchemy.Connection, postgresql: bool) -> None:
    if postgresql:
        # From here on the wait for an answer ends with the statement's own limit, not with the connection's.
        _wait_for_answers(connection, SECONDS_OF_A_STATEMENT + SECONDS_TO_CONNECT)
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{SECONDS_OF_A_STATEMENT}s'")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{SECONDS_TO_CONNECT}s'")
    else:
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _told(error: Exception, container: str, entered: bool) -> OutcomesError:
    """What went wrong, in words that hold nothing of it."""
    code = _code(error)
    if code.startswith("28") or code in ("1045", "1044", "1698"):
        return FileProblem(f"{container}: refuses this user name or password.")
    if code in ("3D000", "1049"):
        return FileProblem(f"{container}: there is no database of that name on the server.")
    if code in ("42501", "1142", "1143"):
        return FileProblem(
            f"{container}: this user may not read a table that is wanted. Ask for the right to read it."
        )
    if code in ("57014", "55P03", "1205", "3024", "1969"):
        return InvalidRecords([f"{container}: a table or view took too long to be read."])
    if not entered:
        return FileProblem(
            f"{container}: no connection ({type(error).__name__}). Check the host and the port, that the server runs, "
            "and that it speaks TLS with a certificate this machine knows (or add ?tls=off on a network you trust)."
        )
    return InvalidRecords(
        [f"{container}: a table or view could not be read to its end. Is it a table of records?"]
    )


def _code(error: Exception) -> str:
    """The SQLSTATE (PostgreSQL) or error number (MySQL) of a library's error."""
    original = getattr(error, "orig", None) or error
    first = original.args[0] if original.args else ""
    return (
        str(first.get("C", ""))
        if isinstance(first, dict)
        else str(first)[:5]
        if isinstance(first, int)
        else ""
    )


def _listed(connection: sqlalchemy.Connection, schema: str | None) -> tuple[list[str], list[str]]:
    """Names of the tables and of the views of a schema."""
    import sqlalchemy

    look = sqlalchemy.inspect(connection)
    views: list[str] = list(look.get_view_names(schema=schema))
    if connection.dialect.name == "postgresql":
        views += look.get_materialized_view_names(schema=schema)  # type: ignore[attr-defined]
    return list(look.get_table_names(schema=schema)), views


def _read_server(
    connection: sqlalchemy.Connection,
    schema: str | None,
    container: str,
    engine: Engine,
    wanted: Collection[str] | None,
    opened: Opened,
) -> None:
    import sqlalchemy

    tables, views = _listed(connection, schema)

    def quoted(name: str) -> Any:
        return sqlalchemy.quoted_name(name, quote=True)

    for name in chosen_tables(container, tables, views, wanted, opened):
        table = sqlalchemy.table(quoted(name), schema=quoted(schema) if schema else None)
        query = sqlalchemy.select(sqlalchemy.text("*")).select_from(table)
        streamed = connection.execution_options(stream_results=True, yield_per=_BATCH, max_row_buffer=_BATCH)
        with streamed.execute(query) as rows:
            opened.tables.append(load_table(engine, container, name, list(rows.keys()), rows, ()))
