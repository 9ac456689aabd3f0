"""What the cells of a column look like, counted: dates in a form, yes and no, numbers and how far they reach.

Only counts and answers to questions of ours come out of here, never a cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from outcomes.engine import Engine, identifier, literal
from outcomes.errors import InvalidRecords, OutcomesError
from outcomes.records.converting import cell_text
from outcomes.records.raw import RawTable
from outcomes.records.scanning import ragged_rows
from outcomes.records.schema import MISSING_TOKENS, NO, YES, Column

#: Rows that are looked at. A form that the rows after them break is found by the reader, which looks at all.
LOOKED_AT = 200_000

#: A column is what so much of it is: the rest are slips, which the reader sets aside and lists.
MOST = 0.9

_NAMES = itertools.count()

#: Words for yes and no that a diary may hold beside those that are read without a mapping.
YES_WORDS = ("ja", "j", "y", "oui", "o", "sí", "si", "sì", "s", "vrai", "wahr", "waar", "x", "✓")
NO_WORDS = ("nein", "nee", "non", "n", "faux", "falsch", "onwaar")

_DATE = r"([0-9]{{1,2}})[{sign}]([0-9]{{1,2}})[{sign}]([0-9]{{{year}}})"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_BEHIND = rf"([T ]{_CLOCK})?"
_NUMBER = r"[+-]?([0-9]+([.,][0-9]+)?|[.,][0-9]+)"
_SIGNS = (".", "/", "-")


@dataclass(frozen=True)
class Shape:
    """Cells of one column, counted. `filled` is what stands in it without what means missing.

    `dates` are the ways to write a date that (nearly) every filled cell fits, `proven` whether only one of them
    can be meant, `disordered` whether dates are there that no one order reads. `words` are the words for yes
    and no that stand in it, where nothing else does.
    """

    rows: int
    filled: int
    dates: tuple[str, ...] = ()
    proven: bool = False
    disordered: bool = False
    clocks: int = 0
    stamps: int = 0
    iso: int = 0
    yes_no: int = 0
    numbers: int = 0
    commas: int = 0
    points: int = 0
    whole: int = 0
    negative: int = 0
    positive: int = 0
    above_10: int = 0
    above_24: int = 0
    above_28: int = 0
    above_100: int = 0
    serials: int = 0
    like_dates: int = 0
    words: tuple[str, ...] = ()

    @property
    def is_date(self) -> bool:
        return bool(self.dates)

    @property
    def is_yes_no(self) -> bool:
        return 0 < self.filled == self.yes_no

    @property
    def is_number(self) -> bool:
        """Whether nearly all cells are numbers; a slip or two may stand among them."""
        return self.numbers > 0 and self.numbers >= MOST * self.filled

    def reaches(self, above: int) -> bool:
        """Whether more than slips lie above: `above` is one of the counts of cells beyond an end."""
        return above > 1 and above > 0.02 * self.positive


def shapes_of(engine: Engine, raw: RawTable) -> list[Shape]:
    """The shape of each column of a table. Raises InvalidRecords where it cannot be read as a table."""
    texts = [cell_text(column) for column in raw.columns]
    listed = ", ".join(
        f"CASE WHEN lower({text}) NOT IN ({_listed(MISSING_TOKENS)}) THEN {text} END AS t{position}"
        for position, text in enumerate(texts)
    )
    sample = f"looked_at_{next(_NAMES)}"
    try:
        engine.run(f"CREATE TEMP TABLE {sample} AS SELECT {listed} FROM {raw.scan} LIMIT {LOOKED_AT}")
    except OutcomesError:
        told = ragged_rows(raw.text) if raw.text is not None else [f"{raw.label}: cannot be read as a table."]
        raise InvalidRecords(told) from None
    try:
        return [
            _shape(engine, sample, f"t{position}", column.sql_type)
            for position, column in enumerate(raw.columns)
        ]
    finally:
        engine.drop([sample])


def fits_codes(engine: Engine, raw: RawTable, position: int, column: Column) -> bool:
    """Whether all filled cells are codes of a column of the dictionary, whatever their case and hyphens."""
    text = f"trim(CAST({identifier(raw.columns[position].name)} AS VARCHAR))"
    plain = f"replace(replace(lower({text}), ' ', '_'), '-', '_')"
    codes = [code.replace("-", "_") for code in column.codes]
    return not engine.rows(
        f"SELECT 1 FROM {raw.scan} WHERE lower({text}) NOT IN ({_listed(MISSING_TOKENS)}) "
        f"AND {plain} NOT IN ({_listed(codes)}) LIMIT 1"
    )


def one_row_each(engine: Engine, raw: RawTable, position: int) -> bool:
    """Whether no value of a column stands in two rows, as in a list with one row per patient."""
    text = f"trim(CAST({identifier(raw.columns[position].name)} AS VARCHAR))"
    return not engine.rows(
        f"SELECT 1 FROM (SELECT {text} AS cell FROM {raw.scan} LIMIT {LOOKED_AT}) WHERE cell <> '' "
        "GROUP BY cell HAVING count(*) > 1 LIMIT 1"
    )


def _shape(engine: Engine, sample: str, cell: str, sql_type: str) -> Shape:
    number = f"try_cast(replace({cell}, ',', '.') AS DOUBLE)"
    known = f"lower({cell}) IN ({_listed((*YES, *NO, *YES_WORDS, *NO_WORDS))})"
    counts = {
        "filled": f"{cell} IS NOT NULL",
        "clocks": _has_shape(cell, _CLOCK),
        "stamps": _has_shape(cell, rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}"),
        "iso": _has_shape(cell, rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_BEHIND}"),
        "yes_no": known,
        "numbers": _has_shape(cell, _NUMBER),
        "commas": _has_shape(cell, r"[+-]?[0-9]*,[0-9]+"),
        "points": _has_shape(cell, r"[+-]?[0-9]*[.][0-9]+"),
        "whole": f"{number} = trunc({number})",
        "negative": f"{number} < 0",
        "positive": f"{number} > 0",
        **{f"above_{end}": f"{number} > {end}" for end in (10, 24, 28, 100)},
        "serials": _has_shape(cell, r"[2-7][0-9]{4}([.]0+)?"),
        "like_dates": _has_shape(
            cell, rf"[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-]([0-9]{{4}}|[0-9]{{2}}){_BEHIND}"
        ),
    }
    asked = ", ".join(f"count(*) FILTER (WHERE {what}) AS {name}" for name, what in counts.items())
    found = engine.row(f"SELECT count(*) AS rows, {asked} FROM {sample}")
    if sql_type.startswith(("DATE", "TIMESTAMP")):
        return Shape(**found, dates=("YYYY-MM-DD",), proven=True)
    words: tuple[str, ...] = ()
    if 0 < found["yes_no"] == found["filled"]:
        there = {row[0] for row in engine.rows(f"SELECT DISTINCT lower({cell}) FROM {sample} WHERE {known}")}
        words = tuple(word for word in (*YES, *YES_WORDS, *NO, *NO_WORDS) if word in there)
    dates, disordered = _date_forms(engine, sample, cell, found)
    return Shape(**found, dates=dates, proven=len(dates) == 1, disordered=disordered, words=words)


def _date_forms(
    engine: Engine, sample: str, cell: str, found: dict[str, int]
) -> tuple[tuple[str, ...], bool]:
    """The ways in which the cells can be read as dates, and whether they are dates that no one order reads."""
    filled = found["filled"]
    if not filled:
        return (), False
    if found["iso"] >= MOST * filled:
        return ("YYYY-MM-DD",), False
    if found["serials"] >= MOST * filled:
        return ("excel-1900", "excel-1904"), False
    if found["like_dates"] < MOST * filled:
        return (), False
    for sign in _SIGNS:
        for year, written in ((4, "YYYY"), (2, "YY")):
            pattern = _DATE.format(sign=sign, year=year)
            shape = literal(f"^{pattern}{_BEHIND}$")
            first, second = (
                f"try_cast(regexp_extract({cell}, {shape}, {group}) AS INTEGER)" for group in (1, 2)
            )
            shaped, high_first, high_second = engine.rows(
                f"SELECT count(*) FILTER (WHERE {_has_shape(cell, pattern + _BEHIND)}), "
                f"count(*) FILTER (WHERE {first} > 12), count(*) FILTER (WHERE {second} > 12) FROM {sample}"
            )[0]
            if shaped < MOST * filled:
                continue
            orders = [f"D{sign}M{sign}{written}"] * (not high_second)
            orders += [f"M{sign}D{sign}{written}"] * (not high_first)
            return tuple(orders), not orders
    return (), False


def _has_shape(cell: str, pattern: str) -> str:
    """SQL: whether the cell has that shape."""
    return f"regexp_full_match({cell}, {literal(pattern)})"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(literal(text) for text in texts)
