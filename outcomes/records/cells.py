"""How a cell becomes a value: for each kind of column, the SQL that reads it and the SQL that refuses it.

Text is read strictly: nothing is guessed, and what does not fit its column is a broken rule. Typed columns
(Parquet, frames) skip the parsing and keep the ranges.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from outcomes.engine import identifier, literal
from outcomes.records.schema import MISSING_TOKENS, NO, YES, Column

_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
}
_FLOATS = {"FLOAT", "DOUBLE"}
_TIMES = {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"}

_NUMBER = r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)"
_WHOLE = r"[+-]?[0-9]{1,15}(\.0+)?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
_OFFSET = r" ?[+-](0[0-9]|1[0-4]):?[0-5][0-9]"
_ZONED = rf"{_DATE}{_TIME}( ?Z|{_OFFSET})"
_FREE_CODE = r"[A-Za-z0-9][A-Za-z0-9_.+ -]{0,39}"


#: No diary or session of ours is older; a spreadsheet shows 1900 or 1970 where it lost the date.
FIRST_DAY = dt.date(1980, 1, 1)


@dataclass(frozen=True)
class Forms:
    """What the cells of a source are held against beside the dictionary.

    `id_type`: the engine's type of patient ids. `missing`: texts that stand for an empty cell. `last_day`: the
    day after which nothing can have happened yet. `timezone`: where times with an offset are told as local.
    `trimmed`: no cell has outer spaces.
    """

    id_type: str
    missing: tuple[str, ...] = MISSING_TOKENS
    last_day: dt.date = dt.date(9999, 12, 31)
    timezone: str = ""
    trimmed: bool = False


@dataclass(frozen=True)
class Cell:
    """SQL over one source column: `cleaned` (missing tokens gone), `value`, and `broken` (true or not).

    `trusted` is the value where a scan has shown that no cell breaks a rule: the same, without the guard.
    `day` is the date of a column of dates whether or not it can be true. `parsed` is what is read out of the
    cleaned text; the others find it under `parsed_name`, so that it is worked out once.
    """

    cleaned: str
    value: str
    broken: str
    trusted: str
    day: str = ""
    parsed: str = ""


def parsed_name(column: Column) -> str:
    """The name under which the value read out of a text stands beside the text."""
    return identifier(f"{column.name} read")


def engine_type(column: Column, id_type: str) -> str:
    """The engine's type of a column once read."""
    if column.kind == "id":
        return id_type if column.name == "patient_id" else "VARCHAR"
    return {
        "date": "DATE",
        "day": "INTEGER",
        "yes_no": "BOOLEAN",
        "number": "DOUBLE",
        "whole": "INTEGER",
        "code": "VARCHAR",
        "codes": "VARCHAR",
    }[column.kind]


def is_whole_number(sql_type: str) -> bool:
    """Whether patient ids of that type are whole numbers; floats are what a gap makes of them in a frame."""
    return sql_type in _INTEGERS | _FLOATS


def readable(column: Column, sql_type: str) -> bool:
    """Whether a column of that engine type can be read as that kind at all."""
    if sql_type == "VARCHAR" or sql_type.startswith("ENUM"):
        return True
    if sql_type in ('"NULL"', "NULL"):
        return True
    numeric = sql_type in _INTEGERS | _FLOATS or sql_type.startswith("DECIMAL")
    return {
        "date": sql_type == "DATE" or sql_type in _TIMES,
        "day": numeric,
        "yes_no": numeric or sql_type == "BOOLEAN",
        "number": numeric,
        "whole": numeric,
        "id": numeric,
        "code": numeric,
        "codes": False,
    }[column.kind]


def cell(column: Column, sql_type: str, forms: Forms) -> Cell:
    """The SQL of one column. `cleaned` reads the source column, the others read the cleaned one."""
    name = identifier(column.name)
    if sql_type in ('"NULL"', "NULL"):
        return Cell(
            f"CAST({name} AS {engine_type(column, forms.id_type)})",
            name,
            "FALSE",
            name,
            name if column.kind == "date" else "",
        )
    typed = _typed_cell(column, sql_type, forms)
    if typed is not None:
        return typed
    read = parsed_name(column)
    cleaned = _without_missing(name if forms.trimmed else f"trim(CAST({name} AS VARCHAR))", forms.missing)
    broken = f"({name} IS NOT NULL AND {read} IS NULL)"
    if column.kind == "date":
        value = f"CASE WHEN {read} BETWEEN {_day(FIRST_DAY)} AND {_day(forms.last_day)} THEN {read} END"
        return Cell(cleaned, value, broken, value, read, _text_day(name, forms))
    return Cell(cleaned, read, broken, read, parsed=_text_value(column))


#: So many ways to write the missing tokens are compared one by one, which is faster than lower case.
_FEW = 64


def _without_missing(text: str, tokens: tuple[str, ...]) -> str:
    """SQL: the text, or NULL where it says nothing, in whatever case."""
    written = [
        "".join(letters)
        for token in tokens
        for letters in itertools.product(*({sign, sign.upper()} for sign in token))
        if token.isascii()
    ]
    if len(written) > _FEW or not all(token.isascii() for token in tokens):
        listed = ", ".join(literal(token) for token in tokens)
        return f"CASE WHEN lower({text}) NOT IN ({listed}) THEN {text} END"
    nothing = " ".join(f"WHEN {literal(token)} THEN NULL" for token in sorted(set(written)))
    return f"CASE {text} {nothing} ELSE {text} END"


def _day(day: dt.date) -> str:
    return f"DATE '{day.isoformat()}'"


def _typed_cell(column: Column, sql_type: str, forms: Forms) -> Cell | None:
    """Typed columns need no parsing; None where the column has to be read as text."""
    name = identifier(column.name)
    numeric = sql_type in _INTEGERS | _FLOATS or sql_type.startswith("DECIMAL")
    if column.kind == "id" and column.name == "patient_id" and numeric:
        return _whole_id(name, sql_type, forms.id_type)
    if column.kind == "date" and (sql_type == "DATE" or sql_type in _TIMES):
        outside = f"({name} < {_day(FIRST_DAY)} OR {name} > {_day(forms.last_day)})"
        value = f"CASE WHEN NOT {outside} THEN {name} END"
        return Cell(f"CAST({name} AS DATE)", value, "FALSE", name, name)
    if column.kind == "yes_no" and sql_type == "BOOLEAN":
        return Cell(name, name, "FALSE", name)
    if not numeric or column.kind not in ("yes_no", "number", "whole", "day"):
        return None
    # Missing numbers come as NaN from frames; NaN is not a number of days or pain.
    cleaned = f"nullif({name}, CAST('nan' AS {sql_type}))" if sql_type in _FLOATS else name
    if column.kind == "yes_no":
        value = f"CASE WHEN {name} = 1 THEN TRUE WHEN {name} = 0 THEN FALSE END"
        return Cell(cleaned, value, f"({name} NOT IN (0, 1))", f"({name} = 1)")
    breaks = _range_breaks(column, name)
    if column.kind in ("whole", "day") and sql_type not in _INTEGERS:
        breaks.append(f"{name} <> floor({name})")
    broken = f"({' OR '.join(breaks)})"
    trusted = f"CAST({name} AS {engine_type(column, forms.id_type)})"
    # A refused number must not reach a cast that it would overflow.
    return Cell(cleaned, f"CASE WHEN NOT {broken} THEN {trusted} END", broken, trusted)


def untrue_days(day: str, forms: Forms) -> tuple[str, str]:
    """SQL that is true of days that have not come yet, and of days before any record of ours."""
    return f"({day} > {_day(forms.last_day)})", f"({day} < {_day(FIRST_DAY)})"


def _whole_id(name: str, sql_type: str, id_type: str) -> Cell:
    """A numeric patient id: a whole number, also where a gap in a frame has made floats of them all."""
    if sql_type not in _FLOATS:
        return Cell(f"CAST({name} AS {id_type})", name, "FALSE", name)
    cleaned = f"nullif({name}, CAST('nan' AS {sql_type}))"
    broken = f"({name} <> floor({name}) OR abs({name}) > 9007199254740992)"
    trusted = f"CAST(CAST({name} AS BIGINT) AS {id_type})"
    return Cell(cleaned, f"CASE WHEN NOT {broken} THEN {trusted} END", broken, trusted)


def plain_value(column: Column, sql_type: str, id_type: str) -> str | None:
    """SQL of a column's value straight from the source, right where the column holds nothing to mend.

    None where values have to be read out of text, or every cell has to be looked at.
    """
    name = identifier(column.name)
    if column.kind == "id" and column.name == "patient_id":
        if sql_type == id_type == "VARCHAR":
            return name
        return f"CAST({name} AS BIGINT)" if sql_type in _INTEGERS and id_type == "BIGINT" else None
    if (column.kind, sql_type) in (("date", "DATE"), ("yes_no", "BOOLEAN")):
        return name
    whole = sql_type in _INTEGERS
    numeric = whole or sql_type in _FLOATS or sql_type.startswith("DECIMAL")
    if (column.kind in ("whole", "day") and whole) or (column.kind == "number" and numeric):
        return f"CAST({name} AS {engine_type(column, id_type)})"
    return None


def bounds(column: Column) -> tuple[float, float]:
    """Lowest and highest number that a column of numbers may hold."""
    widest = _WIDEST[column.kind]
    low = -widest if column.minimum is None else column.minimum
    high = widest if column.maximum is None else column.maximum
    return low, high


#: Bounds where the data dictionary gives none, so that no number overflows on its way.
_WIDEST = {"day": 7_300, "whole": 1_000_000_000, "number": 1e12}


def _range_breaks(column: Column, value: str) -> list[str]:
    low, high = bounds(column)
    return [f"{value} < {low!r}", f"{value} > {high!r}"]


def _text_value(column: Column) -> str:
    """SQL that gives the value of a cleaned text, or NULL where the text does not fit the column."""
    name = identifier(column.name)
    if column.kind == "id":
        # What a spreadsheet shows in place of a value begins so, and no pseudonym does.
        return f"CASE WHEN NOT starts_with({name}, '#') THEN {name} END"
    if column.kind == "yes_no":
        # The first two are what nearly all cells hold, and need no lower case.
        return (
            f"CASE WHEN {name} = 'yes' THEN TRUE WHEN {name} = 'no' THEN FALSE "
            f"WHEN lower({name}) IN ({_list(YES)}) THEN TRUE "
            f"WHEN lower({name}) IN ({_list(NO)}) THEN FALSE END"
        )
    if column.kind in ("number", "whole", "day"):
        return _text_number(column, name)
    if column.kind == "codes":
        return _text_codes(column, name)
    return _text_code(column, name)


def _text_day(name: str, forms: Forms) -> str:
    """SQL of the day of a date, also where a time stands behind it: the local day as it was recorded.

    A time with an offset has its own local day; where the mapping names a time zone, the day is the one
    there. A time in UTC says nothing of the local day unless a zone is named.
    """
    date = f"try_cast(left({name}, 10) AS DATE)"
    zoned = f"{_DATE}{_TIME}{_OFFSET}"
    # Nearly all dates end here; what else the engine casts has no hyphens in these places.
    cases = f"WHEN {name} LIKE '____-__-__' THEN try_cast({name} AS DATE)"
    cases += f" WHEN strlen({name}) = 10 THEN NULL"
    cases += f" WHEN regexp_full_match({name}, {literal(f'{_DATE}{_TIME}')}) THEN {date}"
    if forms.timezone:
        instant = f"try_cast(regexp_replace({name}, ' ([Z+-])', '\\1') AS TIMESTAMPTZ)"
        there = f"CAST(timezone({literal(forms.timezone)}, {instant}) AS DATE)"
        cases += f" WHEN regexp_full_match({name}, {literal(_ZONED)}) THEN {there}"
    else:
        cases += f" WHEN regexp_full_match({name}, {literal(zoned)}) THEN {date}"
    return f"CASE {cases} END"


def time_marks(name: str) -> tuple[str, str]:
    """SQL that is true of a date with a time and its offset, and of one with a time alone."""
    longer = f"length({name}) > 10"
    return (
        f"({longer} AND regexp_full_match({name}, {literal(_ZONED)}))",
        f"({longer} AND regexp_full_match({name}, {literal(_DATE + _TIME)}))",
    )


def _text_number(column: Column, name: str) -> str:
    pattern = _NUMBER if column.kind == "number" else _WHOLE
    number = f"try_cast({name} AS DOUBLE)"
    outside = " OR ".join(_range_breaks(column, number))
    target = "DOUBLE" if column.kind == "number" else "INTEGER"
    return (
        f"CASE WHEN regexp_full_match({name}, {literal(pattern)}) AND NOT ({outside}) "
        f"THEN CAST({number} AS {target}) END"
    )


def normal_code(code: str) -> str:
    """Codes differ in case, spaces and hyphens without meaning to."""
    return code.lower().replace(" ", "_").replace("-", "_")


def written_otherwise(column: Column) -> str:
    """SQL that is true of a code that was written with other case, spaces or hyphens than in its list."""
    name = identifier(column.name)
    return f"coalesce({parsed_name(column)} <> {name}, FALSE)"


def _normal(name: str) -> str:
    return f"replace(replace(lower({name}), ' ', '_'), '-', '_')"


def _text_code(column: Column, name: str) -> str:
    if not column.codes:
        return f"CASE WHEN regexp_full_match({name}, {literal(_FREE_CODE)}) THEN {name} END"
    cases = " ".join(f"WHEN {literal(normal_code(code))} THEN {literal(code)}" for code in column.codes)
    return f"CASE {_normal(name)} {cases} END"


def _text_codes(column: Column, name: str) -> str:
    # Codes of lists hold lower case letters and underscores only, so they stand in a pattern as they are.
    one = "|".join(column.codes)
    joined = f"replace(replace(replace({_normal(name)}, ';_', ';'), '_;', ';'), ';;', ';')"
    return f"CASE WHEN regexp_full_match({joined}, {literal(f'({one})(;({one}))*')}) THEN {joined} END"


def _list(tokens: Iterable[str]) -> str:
    return ", ".join(literal(token) for token in tokens)
