"""An engine whose records lie elsewhere: every statement is written for the other system and runs there.

Nothing but answers comes back. What a statement makes there is temporary, carries names of our own that no table of
theirs can have, and goes with the engine.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import re
import secrets
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from outcomes.engine import Engine, identifier, within_days
from outcomes.errors import FileProblem, OutcomesError, PlanError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Engines of one process make names that differ.
_numbers = itertools.count(1)


class Warehouse(Engine):
    """What all engines elsewhere have in common: names, translation, and answers in DuckDB's types.

    A subclass says how a query is asked (`_ask`), how a table and a view are made there, and how they go.
    """

    elsewhere = True
    #: What messages call it.
    label = "the warehouse"
    #: The dialect that statements are written in.
    dialect = ""

    def __init__(self) -> None:
        # Deliberately without DuckDB: nothing of the records is kept here.
        self._prefix = f"outcomes_{secrets.token_hex(4)}_{next(_numbers)}_"
        #: What we have made: our name → the name there.
        self._made: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._columns: dict[str, dict[str, str]] = {}

    # What a subclass has to say

    @abstractmethod
    def _ask(self, query: str) -> pa.Table:
        """The answer to a query in the dialect, as Arrow."""

    @abstractmethod
    def _make(self, kind: str, name: str, query: str) -> None:
        """Make a temporary table or view of that name from a query in the dialect."""

    @abstractmethod
    def _let_go(self, kind: str, name: str) -> None:
        """Drop a temporary table or view of that name."""

    @abstractmethod
    def _types(self, name: str) -> dict[str, str]:
        """Columns of something that we have made there: name → type as DuckDB calls it."""

    @abstractmethod
    def _take(self, name: str, table: pa.Table) -> None:
        """Make a temporary table there from a small Arrow table."""

    @abstractmethod
    def offer(self, name: str, table: Any) -> None:
        """Make a table of theirs readable as `name`.

        Raises FileProblem where it is not there, or may not be read; PlanError where it is not told rightly.
        """

    # What the records and the analysis ask

    def run(self, sql: str) -> Any:
        """Run a statement of ours there."""
        from outcomes.warehouse.translating import translated

        statement = translated(sql, self.dialect, self._made)
        if statement.kind == "drop":
            self.drop([statement.name])
        elif statement.kind == "query":
            return self._asked(statement.sql)
        else:
            self.drop([statement.name])
            there = self._new_name(statement.name)
            with self._told():
                self._make(statement.kind, there, statement.sql)
            self._made[statement.name], self._kinds[there] = there, statement.kind
        return None

    def _new_name(self, name: str) -> str:
        # A name that was dropped is never used again: an older view may still be reading it.
        return f"{self._prefix}{next(_numbers)}_{re.sub('[^a-z0-9_]', '_', name.lower())}"[:60]

    def _asked(self, query: str) -> pa.Table:
        with self._told():
            return plain_types(self._ask(query))

    def _told(self) -> _Told:
        return _Told(self.label)

    def arrow(self, sql: str) -> pa.Table:
        """The answer as an Arrow table."""
        return self.run(sql)

    def frame(self, sql: str) -> pd.DataFrame:
        """The answer as a pandas frame."""
        return self.arrow(sql).to_pandas()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        table = self.arrow(sql)
        columns = [column.to_pylist() for column in table.columns]
        return list(zip(*columns, strict=True))

    def row(self, sql: str) -> dict[str, Any]:
        """The one row of an answer, by column name."""
        table = self.arrow(sql)
        if not table.num_rows:
            raise OutcomesError("The engine gave no row where one was expected.")
        return {
            name: column[0].as_py() for name, column in zip(table.column_names, table.columns, strict=True)
        }

    def register(self, name: str, table: pa.Table) -> None:
        """Make a small Arrow table readable there under a name, replacing one that stood under it."""
        self.drop([name])
        there = self._new_name(name)
        with self._told():
            self._take(there, table)
        self._made[name], self._kinds[there] = there, "table"

    def unregister(self, name: str) -> None:
        """Let go of a table that was registered."""
        self.drop([name])

    def rename(self, table: str, name: str) -> None:
        """Give a table another name of ours; there it keeps its own."""
        self.drop([name])
        self._made[name] = self._made.pop(table)

    def drop(self, tables: Sequence[str]) -> None:
        """Drop what nobody looks at any more."""
        for name in tables:
            there = self._made.pop(name, "")
            self._columns.pop(there, None)
            # What cannot be dropped goes with the session, and must not hide why it cannot.
            if there:
                with contextlib.suppress(Exception):
                    self._let_go(self._kinds.pop(there), there)

    def has(self, name: str) -> bool:
        """Whether we have made a table or view of that name."""
        return name in self._made

    def columns_of(self, scan: str) -> dict[str, str]:
        """Columns of a table or view that we have made: name → type as DuckDB calls it."""
        there = self._made[scan]
        if there not in self._columns:
            with self._told():
                self._columns[there] = self._types(there)
        return self._columns[there]

    def roomy(self) -> str:
        """No place for large tables is needed here: nothing is kept."""
        return ""

    def narrow(self, name: str, day: str, days: tuple[dt.date, dt.date], partition: str = "") -> None:
        """Leave of what stands under `name` the rows of some days alone, the first and the last included.

        `day` is a column of dates or timestamps. `partition` is one of the months of those days, YYYY-MM or the first
        of the month: told by it as well, whole partitions need not be opened.
        """
        kept = within_days(day, days)
        if partition:
            month = f"substring(CAST({identifier(partition)} AS VARCHAR), 1, 7)"
            first, last = (one.isoformat()[:7] for one in days)
            # A row that stands in no month may still have a day.
            kept += f" AND ({month} BETWEEN '{first}' AND '{last}' OR {identifier(partition)} IS NULL)"
        narrower, whole = f"{name}_of_some_days", f"{name}_of_all_days"
        self.run(f"CREATE TEMP VIEW {narrower} AS SELECT * FROM {name} WHERE {kept}")
        # The narrower view may read the one before it, which therefore stays, under a name that nobody asks for.
        self._made[whole] = self._made.pop(name)
        self._made[name] = self._made.pop(narrower)


class _Told:
    """Whatever a library raises becomes words of ours: its own hold the statement, and may hold a row."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (OutcomesError, KeyboardInterrupt, SystemExit)):
            return
        name = type(error).__name__
        raise FileProblem(
            f"{self.label}: did not answer a statement ({name}). Is it reachable, may this user read the tables and "
            "make temporary ones, and are the tables whole?"
        ) from None


def plain_types(table: pa.Table) -> pa.Table:
    """Sums of whole numbers come as decimals from some engines: whole numbers again, other decimals as floats."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, field in enumerate(table.schema):
        if not pa.types.is_decimal(field.type):
            continue
        column = table.column(place)
        whole = field.type.scale <= 0 or bool(
            pc.all(pc.equal(pc.floor(column), column), skip_nulls=True).as_py() in (True, None)
        )
        table = table.set_column(place, field.name, column.cast(pa.int64() if whole else pa.float64()))
    return table


def key_of_row(columns: Iterable[str], day: str = "") -> str:
    """SQL of what stands in place of a row number: the month of its day, and a digest of the named columns.

    A table elsewhere has no order. Twelve signs of a digest find a row again for whoever may read the table, with
    the same function there, and tell nobody else anything.
    """
    parts = " || '|' || ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in columns)
    month = f"coalesce(substring(CAST({identifier(day)} AS VARCHAR), 1, 7), '-')" if day else "'-'"
    return f"{month} || '/' || substring(md5({parts}), 1, 12)"


#: A part of a name: within double quotes, where two of them are one, or without quotes and dots.
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')


def parts_of_name(table: Any) -> tuple[str, ...]:
    """The parts of the name of a table of theirs: `diary`, `registry.diary`, `"my.schema"."diary"`, or a tuple.

    Raises PlanError for anything else.
    """
    parts: tuple[Any, ...] = ()
    if isinstance(table, (tuple, list)):
        parts = tuple(table)
    elif isinstance(table, str) and re.fullmatch(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*", table):
        parts = tuple(
            quoted.replace('""', '"') if quoted else plain for quoted, plain in _PART.findall(table)
        )
    if not 1 <= len(parts) <= 3 or not all(
        isinstance(part, str) and part and "\0" not in part for part in parts
    ):
        raise PlanError(
            'A table of a database is told by its name: "diary", "registry.diary", or its parts in a tuple, '
            '("registry", "diary"). Within a name, a part with a dot stands in double quotes.'
        )
    return parts


def duckdb_type(name: str, known: Mapping[str, str]) -> str:
    """A type of theirs as DuckDB calls it; one that is not known stays as it is, and no column can be read from it."""
    plain = name.lower().strip()
    if plain.startswith(("decimal", "numeric")):
        return "DECIMAL" + plain[plain.index("(") :] if "(" in plain else "DECIMAL(38,10)"
    # A length or a precision may stand in the middle: timestamp(3) with time zone.
    return known.get(re.sub(r"\([^)]*\)", "", plain).strip(), plain.upper())
