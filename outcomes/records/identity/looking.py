"""How the gate looks at large tables: one pass over all columns, and a second only where something is odd.

Cells of a closed kind can give somebody away only by breaking their rule. Where the reading has shown that no row
of a file breaks one, that is asked no more; else the first pass counts cells that are longer than any answer and
not of the plain shape, and collects the patient ids on the way. The distinct
values of the other columns come from one further pass. Where rows stand is asked only for what was found.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from outcomes.engine import Engine, literal
from outcomes.errors import InvalidRecords, OutcomesError
from outcomes.records.findings import Position
from outcomes.records.identity.detectors import SINGLE_CELL_SQL
from outcomes.records.identity.tables import GateColumn, GateTable
from outcomes.records.raw import ERROR_CELLS

#: Distinct values, in the order of a hash, that the rules on shares look at.
#: An id as `outcomes deidentify` makes it: 80 bits of a keyed hash.
PSEUDONYM = "P-[0-9A-HJKMNP-TV-Z]{16}"
SAMPLE = 10_000
#: Digits from which a number without an upper bound is looked at.
WIDE_DIGITS = 5

_ERRORS = ", ".join(literal(text) for text in ERROR_CELLS)
#: Columns whose distinct values are taken in one pass.
_AT_ONCE = 24


@dataclass
class Look:
    """What was seen of one column. `distinct` is a query of its distinct values `v` and their cells `n`."""

    table: GateTable
    column: GateColumn
    distinct: str = ""
    odd: int = 0
    oldest: str = ""
    newest: str = ""
    size: int | None = None


@dataclass
class Looking:
    """Looks at tables through one engine, and clears away what it kept."""

    engine: Engine
    kept: list[str] = field(default_factory=list)
    #: Where the records lie elsewhere: an engine here, and the few distinct values that it was given.
    near: Engine | None = None
    brought: set[str] = field(default_factory=set)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a question, asked here where it is about distinct values that were brought here."""
        asked = set(re.findall(r"\bidentity_[0-9]+\b", sql))
        here = self.near is not None and asked and asked <= self.brought
        return (self.near if here and self.near is not None else self.engine).rows(sql)

    def first_pass(self, table: GateTable, today: dt.date) -> list[Look]:
        """Count what is odd in columns with a rule, and keep the distinct values of the others."""
        looks = {item.position: Look(table, item) for item in table.columns}
        if table.held:
            self._from_held(table, looks)
        left = [item for item in table.columns if not (table.held and item.is_told_by_value)]
        ruled = [item for item in left if odd(item)]
        others = [item for item in left if item.leaks in ("id", "words", "open")]
        key = next((item for item in others if _stands_alone(item)), None) if ruled else None
        try:
            if ruled:
                self._ruled(table, ruled, key, looks, today)
            self._others(table, [item for item in others if item is not key], looks)
        except OutcomesError:
            if self.engine.elsewhere:
                raise
            raise InvalidRecords([f"{table.label}: the file is not whole. Copy it again."]) from None
        return list(looks.values())

    def _from_held(self, table: GateTable, looks: dict[int, Look]) -> None:
        """What the reading has already shown, cell by cell: no rule broken, the ids, and the span of the dates."""
        for item in table.columns:
            if item.is_told_by_value and item.leaks == "id":
                ids = f"SELECT {item.held} AS v, count(*) AS n FROM {table.held} GROUP BY v"
                looks[item.position].distinct = self._values(ids)
            elif item.is_told_by_value and item.leaks == "date":
                oldest, newest = self.rows(
                    f"SELECT min({item.held})::VARCHAR, max({item.held})::VARCHAR FROM {table.held}"
                )[0]
                looks[item.position].oldest, looks[item.position].newest = oldest or "", newest or ""

    def _ruled(
        self,
        table: GateTable,
        ruled: Sequence[GateColumn],
        key: GateColumn | None,
        looks: dict[int, Look],
        today: dt.date,
    ) -> None:
        asked = []
        for item in ruled:
            asked.append(f"count(*) FILTER (WHERE {odd(item)}) AS odd{item.position}")
            if item.leaks == "date":
                cell = _cell(item)
                plain = "TRUE" if item.is_typed else f"strlen({cell}) = 10"
                latest = (
                    f"DATE '{today + dt.timedelta(1)}'" if item.is_typed else f"'{today + dt.timedelta(1)}'"
                )
                asked.append(f"min({cell}) FILTER (WHERE {plain}) AS low{item.position}")
                asked.append(
                    f"max({cell}) FILTER (WHERE {plain} AND {cell} <= {latest}) AS high{item.position}"
                )
        grouped = f"{_cell(key)}, " if key else ""
        by = f" GROUP BY {_cell(key)}" if key else ""
        name = self._keep(f"SELECT {grouped}count(*) AS cells, {', '.join(asked)} FROM {table.scan}{by}")
        if key is not None:
            # The text is made from each distinct cell and not from each row.
            looks[key.position].distinct = self._values(f"SELECT {key.text} AS v, cells AS n FROM {name}")
        sums = ", ".join(
            f"coalesce(sum(odd{item.position}), 0)::BIGINT"
            + (
                f", min(low{item.position})::VARCHAR, max(high{item.position})::VARCHAR"
                if item.leaks == "date"
                else ""
            )
            for item in ruled
        )
        found = iter(self.rows(f"SELECT {sums} FROM {name}")[0])
        for item in ruled:
            look = looks[item.position]
            look.odd = next(found)
            if item.leaks == "date":
                look.oldest, look.newest = (next(found) or "")[:10], (next(found) or "")[:10]

    def _others(self, table: GateTable, others: Sequence[GateColumn], looks: dict[int, Look]) -> None:
        """The distinct values of several columns in one pass over the table."""
        alone = [item for item in others if _stands_alone(item)]
        for first in range(0, len(alone), _AT_ONCE):
            part = alone[first : first + _AT_ONCE]
            raws = [item.raw for item in part]
            sets = ", ".join(f"({raw})" for raw in raws)
            name = self._keep(
                f"SELECT grouping_id({', '.join(raws)}) AS place, {', '.join(raws)}, count(*) AS cells "
                f"FROM {table.scan} GROUP BY GROUPING SETS ({sets})"
            )
            for place, item in enumerate(part):
                # A bit is set for each column that the group is not made by.
                made_by = (1 << len(part)) - 1 - (1 << (len(part) - 1 - place))
                looks[item.position].distinct = self._values(
                    f"SELECT {item.text} AS v, cells AS n FROM {name} WHERE place = {made_by}"
                )
        for item in others:
            if item not in alone:
                looks[item.position].distinct = self._distinct(item, table)

    def _distinct(self, item: GateColumn, table: GateTable, rule: str = "TRUE") -> str:
        inner = f"SELECT {item.text} AS v FROM {table.scan} WHERE {rule}"
        return self._values(f"SELECT v, count(*) AS n FROM ({inner}) GROUP BY v")

    def _values(self, query: str) -> str:
        """The same without missing cells and the texts that stand for an error, worked out once."""
        rule = f"v IS NOT NULL AND upper(v) NOT IN ({_ERRORS})"
        values = f"SELECT v, sum(n)::BIGINT AS n FROM ({query}) WHERE {rule} GROUP BY v"
        name = self._brought(values) if self.engine.elsewhere else ""
        return f"SELECT v, n FROM {name or self._keep(values)}"

    def _brought(self, values: str) -> str:
        """The name of the distinct values here, where they are no more than the rules look at; "" where they are."""
        import pyarrow as pa

        few = self.engine.arrow(f"SELECT v, n FROM ({values}) LIMIT {SAMPLE + 1}")
        if few.num_rows > SAMPLE:
            return ""
        self.near = self.near or Engine()
        name = f"identity_{len(self.kept)}"
        self.kept.append(name)
        self.brought.add(name)
        self.near.register(
            name, pa.table({"v": few.column(0).cast(pa.string()), "n": few.column(1).cast(pa.int64())})
        )
        return name

    def odd_values(self, look: Look) -> str:
        """A query of the distinct values that are not of the plain shape, and their cells."""
        return self._distinct(look.column, look.table, odd(look.column))

    def days(self, look: Look) -> list[tuple[str, int]]:
        """Every distinct text of a column of dates, with its cells."""
        inner = f"SELECT {look.column.text} AS v FROM {look.table.scan}"
        return self.rows(
            f"SELECT left(v, 10) AS day, count(*) FROM ({inner}) WHERE v IS NOT NULL "
            "GROUP BY day ORDER BY day LIMIT 100000"
        )

    def median(self, look: Look) -> tuple[float, int, int]:
        """Median size of the numbers of a column, how many are distinct, and how many of five digits."""
        inner = f"SELECT abs(try_cast({look.column.text} AS DOUBLE)) AS v FROM {look.table.scan}"
        five = "v >= 10000 AND v < 100000 AND v = floor(v)"
        found = self.rows(
            "SELECT approx_quantile(v, 0.5), approx_count_distinct(v), "
            f"approx_count_distinct(CASE WHEN {five} THEN v END) FROM ({inner})"
        )[0]
        return found[0] or 0.0, found[1], found[2]

    def all_pseudonyms(self, distinct: str) -> bool:
        """Whether every value is a pseudonym as 'outcomes deidentify' makes them."""
        found = self.rows(f"SELECT bool_and(regexp_full_match(v, '{PSEUDONYM}')) FROM ({distinct})")
        return bool(found[0][0])

    def count(self, look: Look) -> int:
        """How many distinct values a column holds."""
        if look.size is None:
            look.size = int(self.rows(f"SELECT count(*) FROM ({look.distinct})")[0][0])
        return look.size

    def sample(self, distinct: str) -> list[str]:
        """Distinct values in the order of a hash: the same ones each time, from all over the table."""
        return [v for (v,) in self.rows(f"SELECT v FROM ({distinct}) ORDER BY hash(v), v LIMIT {SAMPLE}")]

    def telling(self, distinct: str) -> list[str]:
        """Of all distinct values, those that a rule on single cells may fire on."""
        rule = SINGLE_CELL_SQL.format(v="v")
        return [v for (v,) in self.rows(f"SELECT v FROM ({distinct}) WHERE {rule} LIMIT {SAMPLE}")]

    def patients_per_value(
        self, look: Look, patient: GateColumn | None, values: Sequence[str]
    ) -> dict[str, int]:
        """How many patients (rows where there is no patient) share each value."""
        self._given(values)
        who = f"count(DISTINCT {patient.text})" if patient else "count(*)"
        rows = self.rows(
            f"SELECT {look.column.text} AS v, {who} FROM {look.table.scan} "
            f"WHERE {look.column.text} IN (SELECT given FROM identity_given) GROUP BY v"
        )
        self._given(())
        return dict(rows)

    def places(self, look: Look, values: Sequence[str]) -> tuple[int, tuple[Position, ...]]:
        """How many cells hold one of the values (any value where none is given), and the first rows."""
        self._given(values)
        holds = "v IN (SELECT given FROM identity_given)" if values else "v IS NOT NULL"
        inner = f"SELECT {look.table.row_number} AS place, {look.column.text} AS v FROM {look.table.scan}"
        count = self.rows(f"SELECT count(*) FROM ({inner}) WHERE {holds}")[0][0]
        most = look.table.positions
        found = f"SELECT place FROM ({inner}) WHERE {holds} ORDER BY place LIMIT {most}"
        rows = self.rows(found) if count else []
        self._given(())
        return count, tuple(look.table.row_shown(row) for (row,) in rows)

    def _given(self, values: Sequence[str]) -> None:
        """Values go to the engine as a table: no statement is ever put together from them."""
        import pyarrow as pa

        self.engine.register("identity_given", pa.table({"given": pa.array(list(values), pa.string())}))

    def _keep(self, query: str) -> str:
        name = f"identity_{len(self.kept)}"
        self.kept.append(name)
        self.engine.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        return name

    def clear(self) -> None:
        """Nothing of the records stays behind."""
        self.engine.drop([name for name in self.kept if name not in self.brought])
        self.kept.clear()
        self.brought.clear()
        self.near = None


def _stands_alone(item: GateColumn) -> bool:
    """Whether the cell's text is made from one named column, so that it can be made after grouping."""
    return bool(re.fullmatch(r'"(?:[^"]|"")+"|[A-Za-z_]\w*', item.raw)) and item.raw in item.text


def _cell(item: GateColumn) -> str:
    return item.raw or item.text


def odd(item: GateColumn) -> str:
    """SQL that is true where a cell of a ruled column is not of the plain shape.

    The cell as it stands is looked at first, which is cheap; its text is made only of what is left over. Empty
    where the column has no such rule, or its type lets no odd cell be.
    """
    column = item.column
    if item.leaks in ("id", "words", "open") or column is None:
        return ""
    cell, text = _cell(item), item.text
    if item.is_typed:
        if item.leaks == "wide":
            return f"(abs({cell}) >= 10000 AND {cell} = floor({cell}))"
        return "FALSE" if item.leaks == "date" else ""
    # A tab or line end, and the signs from : to @, among them = and @.
    sign = f"{cell} < ' ' OR ({cell} >= ':' AND {cell} < 'A')"
    short = WIDE_DIGITS if item.leaks == "wide" else 6
    long, plain = f"strlen({cell}) >= {short} OR {sign}", f"{text} IS NULL"
    if item.leaks == "date":
        long = f"NOT {cell} LIKE '____-__-__'"
    elif column.kind in ("number", "whole", "day"):
        plain += f" OR regexp_full_match({text}, '[+-]?[0-9]{{0,{short - 1}}}([.,][0-9]*)?')"
    elif column.kind in ("code", "codes"):
        codes = ", ".join(literal(code) for code in column.codes)
        long = f"({long}) AND {cell} NOT IN ({codes})"
        if column.kind == "codes":
            one = "|".join(column.codes)
            plain += f" OR regexp_full_match(lower({text}), '({one})([;, ]+({one}))*')"
    # CASE, because AND would work out both sides for every row.
    return f"(CASE WHEN {long} THEN NOT ({plain}) ELSE FALSE END)"
