"""SQL that turns a clinic's own cell into the text that the data dictionary expects, as the mapping says.

Whatever a mapping does not foresee becomes UNREADABLE, which no column accepts: the row is set aside and
counted, and nothing is read as something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from outcomes.engine import identifier, literal
from outcomes.records.mapping import UNITS, MappedTable, ReadColumn, SourceMapping
from outcomes.records.raw import UNREADABLE, RawColumn
from outcomes.records.schema import Column

_NUMBER_POINT = r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)"
_NUMBER_COMMA = r"[+-]?([0-9]+(,[0-9]+)?|,[0-9]+)"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_NOT_READ = literal(UNREADABLE)

#: Days in the spreadsheet's two ways of counting that a clinic's record can lie in: 1980 to 2100.
_SERIAL_START = {"excel-1900": "1899-12-30", "excel-1904": "1904-01-01"}


def cell_text(raw: RawColumn) -> str:
    """The cell as text without outer spaces, NULL where there is none."""
    return as_text(identifier(raw.name), raw.sql_type)


def as_text(value: str, sql_type: str) -> str:
    """SQL: a value of that type as text. A whole number stays one, also where a gap made floats of all."""
    text = f"trim(CAST({value} AS VARCHAR))"
    if sql_type not in ("FLOAT", "DOUBLE") and not sql_type.startswith("DECIMAL"):
        return text
    whole = f"{value} = floor({value}) AND abs({value}) <= 9007199254740992"
    known = "" if sql_type.startswith("DECIMAL") else f"WHEN isnan({value}) THEN NULL "
    return f"CASE {known}WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE {text} END"


def is_number_text(token: str) -> bool:
    """Whether a missing token is a number."""
    return re.fullmatch(_NUMBER_POINT, token.strip()) is not None


def is_missing(text: str, tokens: Sequence[str], sql_type: str = "VARCHAR") -> str:
    """SQL that is true of a cell that says nothing. In typed columns 999 and 999.0 are one number."""
    listed = ", ".join(literal(token) for token in tokens)
    missing = f"{text} IS NULL OR lower({text}) IN ({listed})"
    numbers = [repr(float(token)) for token in tokens if is_number_text(token)]
    if sql_type != "VARCHAR" and numbers:
        missing += f" OR coalesce(try_cast({text} AS DOUBLE) IN ({', '.join(numbers)}), FALSE)"
    return f"({missing})"


def converted(
    column: Column,
    read: ReadColumn,
    raws: Mapping[str, RawColumn],
    table: MappedTable,
    mapping: SourceMapping,
    *,
    is_text: bool = True,
) -> tuple[str, str]:
    """(SQL, engine type) of one of our columns read as the mapping says. `raws`: header as written → column.

    `is_text` False: the numbers of workbooks and databases come with a decimal point, whatever texts beside
    them are written with.
    """
    tokens = table.missing if table.missing is not None else mapping.missing
    if read.start:
        return _between(read, raws, tokens, mapping), "VARCHAR"
    raw = raws[header_key(read.source)]
    text = cell_text(raw)
    # What a person has given a meaning is not missing, whatever the tokens say.
    # An empty cell says nothing, though: it is never a code.
    meant = {theirs.strip().lower() for theirs, _ in read.codes} - {""}
    missing = is_missing(text, [token for token in tokens if token not in meant] or [""], raw.sql_type)
    decimal = read.decimal or table.decimal or mapping.decimal
    for rule in table.missing_when:
        if header_key(rule.column) == header_key(read.source):
            blank = is_missing(cell_text(raws[header_key(rule.blank)]), tokens)
            missing = f"({missing} OR ({_equals(text, rule.value, decimal)} AND {blank}))"
    dates = read.dates or table.dates or mapping.dates
    value = text
    if column.kind in ("number", "whole", "day") and (decimal == "," or read.unit or read.scale):
        value = _number(column, read, text, decimal, is_text=is_text)
    elif column.kind == "date" and dates:
        value = _date(text, dates)
    if read.codes:
        cases = " ".join(
            f"WHEN {literal(theirs.strip().lower())} THEN {literal(ours)}" for theirs, ours in read.codes
        )
        # Their code 0 is not our 0: what the list does not hold is not read, numbers in a column of numbers apart.
        rest = value if column.kind in ("number", "whole", "day") else _NOT_READ
        value = f"CASE lower({text}) {cases} ELSE {rest} END"
    return f"CASE WHEN NOT {missing} THEN {value} END", "VARCHAR"


def header_key(written: str) -> str:
    """Headers differ in case and outer spaces without meaning to."""
    return written.strip().casefold()


def _equals(text: str, value: str, decimal: str) -> str:
    """SQL: the cell is that value; as a number where it is one, so that 0 and 0.0 (and 0,0) are alike."""
    plain = value.strip().replace(",", ".") if decimal == "," else value.strip()
    if re.fullmatch(_NUMBER_POINT, plain) and len(plain) < 20:
        number = f"replace({text}, ',', '.')" if decimal == "," else text
        return f"coalesce(try_cast({number} AS DOUBLE) = {float(plain)!r}, FALSE)"
    return f"lower({text}) = {literal(value.strip().lower())}"


def _number(column: Column, read: ReadColumn, text: str, decimal: str, *, is_text: bool) -> str:
    pattern = _NUMBER_COMMA if decimal == "," else _NUMBER_POINT
    if decimal == "," and not is_text:
        pattern = f"({_NUMBER_COMMA}|{_NUMBER_POINT})"
    plain = f"replace({text}, ',', '.')" if decimal == "," else text
    value = f"try_cast({plain} AS DOUBLE)"
    shaped = f"regexp_full_match({text}, {literal(pattern)})"
    if read.scale is not None:
        low, high = read.scale
        inside = f"{value} BETWEEN {low!r} AND {high!r}"
        scaled = _fixed(f"({value} - {low!r}) * 10.0 / {high - low!r}")
        return f"CASE WHEN {shaped} AND {inside} THEN {scaled} ELSE {_NOT_READ} END"
    if read.unit:
        factor = UNITS[column.name][read.unit]
        return f"CASE WHEN {shaped} THEN {_fixed(f'{value} * {factor!r}')} ELSE {_NOT_READ} END"
    return f"CASE WHEN {shaped} THEN {plain} ELSE {_NOT_READ} END"


def _fixed(number: str) -> str:
    """SQL: a number as text without an exponent, to nine places, which no clinic's scale needs."""
    return f"format('{{:.9f}}', {number})"


def date_pattern(form: str) -> tuple[str, str]:
    """The shape of a date in that form as a pattern, and the form as the engine reads it."""
    shapes = {
        "YYYY": ("[0-9]{4}", "%Y"),
        "YY": ("[0-9]{2}", "%y"),
        "MMM": ("[A-Za-z]{3}", "%b"),
        "MM": ("[0-9]{2}", "%m"),
        "DD": ("[0-9]{2}", "%d"),
        "M": ("[0-9]{1,2}", "%m"),
        "D": ("[0-9]{1,2}", "%d"),
    }
    pattern = read = ""
    for part in re.findall("YYYY|YY|MMM|MM|DD|M|D|[^YMD]", form):
        shape, token = shapes.get(part, (re.escape(part), part))
        pattern, read = pattern + shape, read + token
    return pattern, read


def _date(text: str, forms: Sequence[str]) -> str:
    """SQL: the cell as YYYY-MM-DD, by the first form whose shape it has."""
    cases = []
    for form in forms:
        if form in _SERIAL_START:
            start = literal(_SERIAL_START[form])
            day = f"DATE {start} + CAST(try_cast({text} AS DOUBLE) AS INTEGER)"
            cases.append(f"WHEN regexp_full_match({text}, '[0-9]{{5}}([.]0+)?') THEN CAST({day} AS VARCHAR)")
            continue
        pattern, read = date_pattern(form)
        # A time of day may stand behind the date; the day is the one that was written down.
        written = f"regexp_extract({text}, {literal(f'^({pattern})([T ]{_CLOCK})?$')}, 1)"
        cases.append(
            f"WHEN {written} <> '' THEN "
            f"coalesce(strftime(try_strptime({written}, {literal(read)}), '%Y-%m-%d'), {_NOT_READ})"
        )
    return f"CASE {' '.join(cases)} ELSE {_NOT_READ} END"


def _between(
    read: ReadColumn, raws: Mapping[str, RawColumn], tokens: Sequence[str], mapping: SourceMapping
) -> str:
    """SQL: hours from `start` to `end`, both `HH:MM` or both ISO date and time.

    Times of day are hours of one day; with `crosses_midnight` an end before the start lies on the next day.
    Full times are taken apart in the time zone of the mapping where one is named, so that a night with a
    change of the clock has its true length; an hour that the change skips or repeats is not read unless
    `fold` says which of the two is meant.
    """
    start, end = cell_text(raws[header_key(read.start)]), cell_text(raws[header_key(read.end)])
    missing = f"({is_missing(start, tokens)} OR {is_missing(end, tokens)})"
    clocks = " AND ".join(f"regexp_full_match({text}, {literal(_CLOCK)})" for text in (start, end))
    minutes = (
        f"date_diff('second', try_cast({_padded(start)} AS TIME), try_cast({_padded(end)} AS TIME)) / 3600.0"
    )
    of_day = minutes
    if read.crosses_midnight:
        of_day = f"CASE WHEN {minutes} < 0 THEN {minutes} + 24 ELSE {minutes} END"
    stamp = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}"
    stamps = " AND ".join(f"regexp_full_match({text}, {literal(stamp)})" for text in (start, end))
    apart = _apart(start, end, mapping)
    hours = f"CASE WHEN {clocks} THEN {of_day} WHEN {stamps} THEN {apart} END"
    return f"CASE WHEN NOT {missing} THEN coalesce(CAST(round({hours}, 6) AS VARCHAR), {_NOT_READ}) END"


def _padded(text: str) -> str:
    return f"CASE WHEN length(split_part({text}, ':', 1)) = 1 THEN '0' || {text} ELSE {text} END"


def _apart(start: str, end: str, mapping: SourceMapping) -> str:
    local = [f"try_cast(replace({text}, 'T', ' ') AS TIMESTAMP)" for text in (start, end)]
    if not mapping.timezone:
        return f"date_diff('second', {local[0]}, {local[1]}) / 3600.0"
    zone = literal(mapping.timezone)
    there = [f"timezone({zone}, {stamp})" for stamp in local]
    # The engine takes the first of two equal times; an hour before or after, and back, shows the other.
    known = " AND ".join(
        f"timezone({zone}, {instant}) = {stamp}" for instant, stamp in zip(there, local, strict=True)
    )
    twice = " OR ".join(
        f"timezone({zone}, {instant} + INTERVAL 1 HOUR) = {stamp} "
        f"OR timezone({zone}, {instant} - INTERVAL 1 HOUR) = {stamp}"
        for instant, stamp in zip(there, local, strict=True)
    )
    if mapping.fold:
        sign = "+" if mapping.fold == "second" else "-"
        there = [
            f"CASE WHEN timezone({zone}, {instant} {sign} INTERVAL 1 HOUR) = {stamp} "
            f"THEN {instant} {sign} INTERVAL 1 HOUR ELSE {instant} END"
            for instant, stamp in zip(there, local, strict=True)
        ]
        twice = "FALSE"
    return (
        f"CASE WHEN ({known}) AND NOT ({twice}) THEN date_diff('second', {there[0]}, {there[1]}) / 3600.0 END"
    )
