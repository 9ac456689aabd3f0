"""The calendar in OpenEMR's own database: the columns that are needed, in one transaction that can write nothing.

The table also holds names, telephone numbers and notes. They are not asked for, so a database user that may
read these columns alone is enough, and the better choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from outcomes.errors import InvalidRecords
from outcomes.records.importers.delimited import DelimitedTable
from outcomes.records.loading import cell_text

# `open_server` reads whole tables, and of this one it may not: it holds a binary column and free text.
from outcomes.records.servers import _parsed, _server

if TYPE_CHECKING:
    import sqlalchemy

TABLE = "openemr_postcalendar_events"


def calendar_in(address: str, needed: Sequence[str], further: Sequence[str]) -> DelimitedTable:
    """The columns, in small letters, of the calendar at a database address; rows are counted from 1 by `pc_eid`.

    Raises PlanError for the address, FileProblem for the server, InvalidRecords for the table.
    """
    url, schema, tls, _ = _parsed(address)
    if not url.drivername.startswith("mysql"):
        raise InvalidRecords([f"{TABLE}: OpenEMR keeps its calendar in MySQL or MariaDB, mysql://…"])
    with _server(url, tls, "the OpenEMR database") as connection:
        there = _columns(connection, schema)
        absent = [name for name in needed if name not in there]
        if absent:
            raise InvalidRecords(
                [f"{TABLE}: this database has no such column for this user: {', '.join(absent)}."]
            )
        header = [name for name in (*needed, *further) if name in there]
        rows = _rows(connection, schema, [there[name] for name in header], there["pc_eid"])
    return DelimitedTable(TABLE, tuple(header), tuple(enumerate(rows, start=1)))


def _columns(connection: sqlalchemy.Connection, schema: str | None) -> dict[str, str]:
    """The columns that this user may see: in small letters → as they are called."""
    import sqlalchemy

    columns = sqlalchemy.table(
        "columns",
        *(sqlalchemy.column(name) for name in ("column_name", "table_name", "table_schema")),
        schema="information_schema",
    )
    query = sqlalchemy.select(columns.c.column_name).where(
        columns.c.table_name == TABLE, columns.c.table_schema == (schema or sqlalchemy.func.database())
    )
    return {str(name).lower(): str(name) for (name,) in connection.execute(query)}


def _rows(
    connection: sqlalchemy.Connection, schema: str | None, names: Sequence[str], order: str
) -> list[tuple[str, ...]]:
    import sqlalchemy

    def quoted(name: str) -> sqlalchemy.quoted_name:
        return sqlalchemy.quoted_name(name, quote=True)

    table = sqlalchemy.table(
        quoted(TABLE),
        *(sqlalchemy.column(quoted(name)) for name in names),
        schema=quoted(schema) if schema else None,
    )
    query = sqlalchemy.select(*table.columns).order_by(table.c[order])
    try:
        return [tuple(cell_text(cell) or "" for cell in row) for row in connection.execute(query)]
    except (TypeError, ValueError):
        raise InvalidRecords([f"{TABLE}: a column holds something other than text and dates."]) from None
