"""The one definition, written for another engine: from DuckDB's SQL to that of Spark, PostgreSQL and others.

sqlglot translates what it knows and passes on the rest in silence. What it passes on wrongly is put right here, and
a function that nobody has looked at is refused: none reaches another engine unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sqlglot
from sqlglot import exp

from outcomes.errors import PlanError

#: A part of a statement. The library's own name for it changes from one release to the next.
Node = Any

#: Dialects that statements are written for; the first two are run in the tests, the others are read back only.
DIALECTS = ("spark", "postgres", "bigquery", "snowflake")

#: Functions of ours that every dialect has once translated. Another one has to be looked at before it stands here.
LOOKED_AT: frozenset[str] = frozenset(
    {
        "abs", "approx_count_distinct", "approx_quantile", "ascii", "bit_count", "bit_or", "cast", "coalesce",
        "contains", "count", "date_diff", "floor", "greatest", "grouping_id", "hash", "isnan", "left", "length",
        "logical_and", "logical_or", "lower", "max", "md5", "min", "nullif", "octet_length", "regexp_extract",
        "regexp_like", "replace", "round", "row_number", "starts_with", "substring", "sum", "trim", "try_cast", "upper",
    }
)  # fmt: skip

#: What the library counts among its functions, by the names above; conditions and CASE are none.
_OTHERWISE: dict[type[Node], str] = {
    exp.And: "",
    exp.ApproxDistinct: "approx_count_distinct",
    exp.BitwiseCount: "bit_count",
    exp.BitwiseOrAgg: "bit_or",
    exp.Case: "",
    exp.DateDiff: "date_diff",
    exp.If: "",
    exp.IsNan: "isnan",
    exp.Or: "",
}

#: Bits of a day mask, for the engine that cannot count them.
_MASK_BITS = 28


@dataclass(frozen=True)
class Translated:
    """One statement: what it does, the name that it makes or drops, and the query in the other dialect."""

    kind: Literal["table", "view", "drop", "query"]
    name: str
    sql: str


def translated(statement: str, dialect: str, renamed: Mapping[str, str] | None = None) -> Translated:
    """A statement of ours for another engine. `renamed`: names that we have made → what they are called there.

    Raises PlanError where the statement cannot be said in that dialect.
    """
    try:
        tree = _parsed(statement).copy()
        if isinstance(tree, exp.Drop):
            return Translated("drop", _named(tree), "")
        if isinstance(tree, exp.Create) and isinstance(tree.expression, exp.Query):
            kind: Literal["table", "view"] = "view" if tree.args["kind"] == "VIEW" else "table"
            return Translated(kind, _named(tree), _written(tree.expression, dialect, renamed or {}))
        if isinstance(tree, exp.Query):
            return Translated("query", "", _written(tree, dialect, renamed or {}))
        raise _not_sayable(dialect, type(tree).__name__)
    except sqlglot.errors.SqlglotError as error:
        raise _not_sayable(dialect, type(error).__name__) from None


def _not_sayable(dialect: str, what: str) -> PlanError:
    return PlanError(
        f"This cannot be asked where the records lie: there is no {what} in what is written for {dialect}. Read them "
        "here instead (of PostgreSQL, an address with in_place=no; else files)."
    )


@lru_cache(maxsize=256)
def _parsed(statement: str) -> Node:
    return sqlglot.parse_one(statement, read="duckdb")


def _named(tree: Node) -> str:
    table = tree.find(exp.Table)
    return table.name if table is not None else ""


def _written(query: Node, dialect: str, renamed: Mapping[str, str]) -> str:
    query = _with_names(query, renamed)
    for rewrite in _EVERYWHERE:
        query = query.transform(rewrite)
    if unknown := {_function_name(node) for node in query.find_all(exp.Func)} - LOOKED_AT - {""}:
        raise _not_sayable(dialect, ", ".join(sorted(unknown)))
    for rewrite in _ONLY.get(dialect, ()):
        query = query.transform(rewrite)
    # Quoted, a name is the same in engines that fold to capitals, and no word of theirs.
    return query.sql(dialect=dialect, identify=True, unsupported_level=sqlglot.ErrorLevel.RAISE)


def _function_name(node: Node) -> str:
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    name: str = node.sql_name().lower()
    return _OTHERWISE.get(type(node), name)


def _with_names(query: Node, renamed: Mapping[str, str]) -> Node:
    """Tables of ours under the names that they have there; a subquery without a name gets one."""
    for table in query.find_all(exp.Table):
        if not table.args.get("db") and table.name in renamed:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(renamed[table.name], quoted=table.this.quoted))
    for number, subquery in enumerate(query.find_all(exp.Subquery)):
        if isinstance(subquery.parent, (exp.From, exp.Join)) and not subquery.alias:
            subquery.set("alias", exp.TableAlias(this=exp.to_identifier(f"unnamed_{number}")))
    return query


Rewrite = Callable[[Node], Node]


def _function(name: str, *arguments: Node) -> Node:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _by_other_names(node: Node) -> Node:
    """DuckDB's own names for what others have as well."""
    if not isinstance(node, exp.Anonymous):
        return node
    name = node.name.lower()
    if name == "bit_count":
        return exp.BitwiseCount(this=node.expressions[0])
    return _function("octet_length", *node.expressions) if name == "strlen" else node


def _shifted(node: Node) -> Node:
    """The number of places of a shift is a plain whole number: other engines take no BIGINT there."""
    if isinstance(node, (exp.BitwiseLeftShift, exp.BitwiseRightShift)):
        places = node.expression
        if isinstance(places, exp.Cast) and places.to.is_type("bigint", "int"):
            places = places.this
        node.set("expression", exp.cast(places, "int"))
    return node


def _whole_pattern(node: Node) -> Node:
    """A pattern that the whole text has to match, as one that is bound to both ends."""
    if not isinstance(node, exp.RegexpFullMatch):
        return node
    flags, plain = "", node.expression.name
    if plain.startswith("(?i)"):
        flags, plain = "(?i)", plain[4:]
    return exp.RegexpLike(this=node.this, expression=exp.Literal.string(f"{flags}^({plain})$"))


_EVERYWHERE: tuple[Rewrite, ...] = (_by_other_names, _shifted, _whole_pattern)


def _hashed(name: str, *further: Node) -> Rewrite:
    """Each engine has a hash of its own: only an order that says nothing hangs on it."""

    def rewrite(node: Node) -> Node:
        if isinstance(node, exp.Anonymous) and node.name.lower() == "hash":
            return _function(name, *node.expressions, *further)
        return node

    return rewrite


def _grouping(node: Node) -> Node:
    return _function("grouping", *node.expressions) if isinstance(node, exp.GroupingId) else node


def _end_of_text(node: Node) -> Node:
    """Java's $ also matches before a line end at the end."""
    if isinstance(node, exp.RegexpLike) and node.expression.name.endswith(")$"):
        node.set("expression", exp.Literal.string(f"{node.expression.name[:-1]}\\z"))
    return node


def _postgres(node: Node) -> Node:
    """What PostgreSQL has under another form."""
    if isinstance(node, exp.BitwiseCount):
        return _function("bit_count", exp.cast(exp.cast(node.this, "bigint"), "bit(64)"))
    if isinstance(node, exp.IntDiv):
        return exp.Div(this=node.this, expression=node.expression, typed=True, safe=False)
    if isinstance(node, exp.Contains):
        found = _function("strpos", node.this, node.expression)
        return exp.paren(exp.GT(this=found, expression=exp.Literal.number(0)))
    if isinstance(node, exp.IsNan):
        return exp.paren(exp.EQ(this=node.this, expression=exp.cast(exp.Literal.string("NaN"), "double")))
    if isinstance(node, exp.RegexpExtract):
        # Of a pattern with parentheses, the text within the first pair is given: it is put around all of it.
        whole = exp.Literal.string(f"({node.expression.name})")
        found = _function("substring", node.this, whole)
        return exp.Coalesce(this=found, expressions=[exp.Literal.string("")])
    if isinstance(node, exp.ApproxDistinct):
        return exp.Count(this=exp.Distinct(expressions=[node.this]))
    if isinstance(node, exp.ApproxQuantile):
        within = exp.Order(expressions=[exp.Ordered(this=node.this)])
        return exp.WithinGroup(this=exp.PercentileDisc(this=node.args["quantile"]), expression=within)
    return _tried(node) if isinstance(node, exp.TryCast) else node


#: Texts that a cast to the type takes, for an engine that stops at any other. Numbers have so few digits that none can
#: overflow, and the year 0 is of no calendar of PostgreSQL's.
_CASTABLE = {
    exp.DataType.Type.DOUBLE: (
        "^ *([+-]?([0-9]{1,200}([.][0-9]{0,200})?|[.][0-9]{1,200})([eE][+-]?[0-9]{1,2})?|"
        "[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN]) *$"
    ),
    exp.DataType.Type.BIGINT: r"^[+-]?[0-9]{1,18}$",
    exp.DataType.Type.DATE: (
        "^(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
        "02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$"
    ),
}  # fmt: skip


def _tried(node: exp.TryCast) -> Node:
    """A cast that gives NULL where PostgreSQL's would stop the statement."""
    pattern = _CASTABLE.get(node.to.this)
    if pattern is None:
        raise _not_sayable("postgres", f"try_cast to {node.to.sql()}")
    takes = exp.RegexpLike(this=exp.cast(node.this.copy(), "text"), expression=exp.Literal.string(pattern))
    return exp.Case(ifs=[exp.If(this=takes, true=exp.Cast(this=node.this, to=node.to))])


def _counted_bits(node: Node) -> Node:
    """Snowflake counts no bits: each bit of a day mask is added up."""
    if not isinstance(node, exp.BitwiseCount):
        return node
    total: Node | None = None
    for bit in range(_MASK_BITS):
        shifted = exp.BitwiseRightShift(this=node.this.copy(), expression=exp.Literal.number(bit))
        one = exp.BitwiseAnd(this=shifted, expression=exp.Literal.number(1))
        total = one if total is None else exp.Add(this=total, expression=one)
    return exp.paren(total) if total is not None else node


_ONLY: dict[str, tuple[Rewrite, ...]] = {
    "spark": (_hashed("xxhash64"), _end_of_text),
    "postgres": (_hashed("hashtextextended", exp.Literal.number(0)), _grouping, _postgres),
    "bigquery": (_hashed("farm_fingerprint"), _grouping),
    "snowflake": (_counted_bits,),
}
