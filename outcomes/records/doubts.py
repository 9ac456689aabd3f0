"""Why a whole column breaks its rule: another order of day and month, another scale, another decimal sign.

A few wrong cells are set aside. Where more than the plan lets pass are wrong in one way, setting them aside
would hide what happened: either the file proves its own form, which is then read, or the reading stops and
asks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from outcomes.engine import Engine, literal
from outcomes.records.checking import Checked
from outcomes.records.converting import cell_text, header_key
from outcomes.records.findings import Finding
from outcomes.records.mapping import MAPPING_FILE, MappedTable, ReadColumn, SourceMapping
from outcomes.records.raw import RawColumn
from outcomes.records.table_source import Part, SourceColumn, TableSource

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
_SERIAL = r"[2-7][0-9]{4}([.]0+)?"
_SEPARATORS = {"/": "/", ".": "[.]", "-": "-"}
_COMMA = r"[+-]?[0-9]+,[0-9]+"
_POINT = r"[+-]?[0-9]+[.][0-9]+"
_THOUSANDS = r"[+-]?[0-9]{1,3}[.][0-9]{3}"


def prove_decimals(
    engine: Engine, sources: Sequence[TableSource], mapping: SourceMapping
) -> tuple[dict[str, str], list[str]]:
    """Decimal signs of text files that separate their cells by semicolons or tabs: (file → sign), and problems.

    Only such files may write a decimal comma without saying so: there the comma separates nothing else.
    """
    proven: dict[str, str] = {}
    problems: list[str] = []
    for source in sources:
        for part in source.parts:
            text = part.raw.text
            said = mapping.decimal or part.mapped.decimal
            if text is None or text.delimiter not in (";", "\t") or said or text.name in proven:
                continue
            columns = [
                cell_text(raw)
                for item in part.columns
                if item.column.kind in ("number", "whole")
                and (raw := part.raw_column(item.column.name)) is not None
                and not ((read := part.read(item.column.name)) and read.decimal)
            ]
            if not columns:
                continue
            counted = engine.rows(
                "SELECT "
                + ", ".join(
                    f"count(*) FILTER (WHERE {_any(columns, pattern)})"
                    for pattern in (_COMMA, _POINT, _THOUSANDS)
                )
                + f" FROM {part.raw.scan}"
            )[0]
            commas, points, thousands = (int(value) for value in counted)
            if commas and points:
                problems.append(
                    f"{text.name}: numbers are written with commas and with points, so 1.234 may be a thousand. "
                    f'Write them in one way, or say  decimal = ","  or  decimal = "."  in {MAPPING_FILE}.'
                )
            elif thousands and thousands == points:
                problems.append(
                    f"{text.name}: numbers such as 1.234 stand beside {_BETWEEN[text.delimiter]} and may mean a "
                    "thousand or one. "
                    f'Say  decimal = ","  or  decimal = "."  in {MAPPING_FILE}.'
                )
            elif commas:
                proven[text.name] = ","
    return proven, problems


_BETWEEN = {";": "semicolons", "\t": "tabs"}


def _any(columns: Sequence[str], pattern: str) -> str:
    return " OR ".join(f"regexp_full_match({column}, {literal(pattern)})" for column in columns)


def unexplained(checked: Checked, rule: str, limit: float) -> list[Finding]:
    """Findings of one rule in which a column lost more cells than a slip or two and the plan's share."""
    by_column: dict[str, int] = {}
    for finding in checked.findings:
        if finding.rule == rule:
            by_column[finding.column] = by_column.get(finding.column, 0) + finding.count
    many = {column for column, count in by_column.items() if count > max(1, limit * checked.rows_in)}
    return [finding for finding in checked.findings if finding.rule == rule and finding.column in many]


def prove_dates(
    engine: Engine, source: TableSource, checked: Checked, limit: float, mapping: SourceMapping
) -> tuple[dict[tuple[str, str], str], list[Finding], list[str]]:
    """The order of day and month where a column proves it: {(file, our column): form}, findings, problems."""
    proven: dict[tuple[str, str], str] = {}
    findings: list[Finding] = []
    problems: list[str] = []
    columns = {finding.column for finding in unexplained(checked, "date", limit)}
    for part in source.parts:
        for item in part.columns:
            raw = (
                part.raw_column(item.column.name)
                if item.column.kind == "date" and item.column.name in columns
                else None
            )
            if raw is None or raw.sql_type != "VARCHAR" or _says_dates(part, item, mapping):
                continue
            form, told = _form_of(engine, part, raw, limit)
            if form:
                proven[part.raw.label, item.column.name] = form
                findings.append(
                    Finding(
                        "mended",
                        "date_order",
                        source.table.name,
                        part.raw.label,
                        item.column.name,
                        f"was read as {form}, {told}.",
                        f'To settle it, say  dates = "{form}"  in {MAPPING_FILE}.',
                        checked.rows_in,
                        (),
                    )
                )
            elif told:
                problems.append(f"{part.raw.label}: column '{item.column.name}' {told}")
    return proven, findings, problems


#: Rows with a number above 12, of all rows, below which they prove nothing.
_LEAST_PROOF = 0.05


def _says_dates(part: Part, item: SourceColumn, mapping: SourceMapping) -> bool:
    """Whether a person has said how the dates are written: that is never overridden."""
    read = part.read(item.column.name)
    return bool(mapping.dates or part.mapped.dates or (read and read.dates))


def _form_of(engine: Engine, part: Part, raw: RawColumn, limit: float) -> tuple[str, str]:
    """(form, what proves it), or nothing and why it cannot be told."""
    text = cell_text(raw)
    number = part.raw.row_number
    parts = r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})( .*)?"
    first, second = (f"try_cast(regexp_extract(cell, {literal(parts)}, {n}) AS INTEGER)" for n in (1, 2))
    # A number above 31 is a slip and proves nothing.
    day_before = f"({first} BETWEEN 13 AND 31 AND {second} BETWEEN 1 AND 12)"
    month_before = f"({second} BETWEEN 13 AND 31 AND {first} BETWEEN 1 AND 12)"
    counts = [f"count(*) FILTER (WHERE regexp_full_match(cell, {literal(_ISO)}))"]
    for sign in _SEPARATORS.values():
        shape = literal(f"[0-9]{{1,2}}{sign}[0-9]{{1,2}}{sign}[0-9]{{4}}( .*)?")
        counts.append(f"count(*) FILTER (WHERE regexp_full_match(cell, {shape}))")
    counts += [
        f"count(*) FILTER (WHERE regexp_full_match(cell, {literal(_SERIAL)}))",
        f"count(*) FILTER (WHERE {day_before})",
        f"count(*) FILTER (WHERE {month_before})",
        "count(*)",
        f"min(row) FILTER (WHERE {day_before})",
        f"min(row) FILTER (WHERE {month_before})",
        f"min(row) FILTER (WHERE regexp_full_match(cell, {literal(_ISO)}))",
        f"min(row) FILTER (WHERE regexp_full_match(cell, {literal(parts)}))",
    ]
    origin = f"(SELECT {number} AS row, {text} AS cell FROM {part.raw.scan}) WHERE cell <> ''"
    iso, slash, point, dash, serial, day_first, month_first, total, *rows = engine.rows(
        f"SELECT {', '.join(counts)} FROM {origin}"
    )[0]
    shown = [part.raw.row_shown(row) if row is not None else 0 for row in rows]
    by_sign = {sign: count for sign, count in zip(_SEPARATORS, (slash, point, dash), strict=True) if count}
    written = sum(by_sign.values())
    if serial > max(1, limit * total):
        return "", (
            "holds the numbers that a spreadsheet keeps in place of dates. Format the column as a date and save "
            f'again, or say  dates = "excel-1900"  (or excel-1904) in {MAPPING_FILE}.'
        )
    if written <= max(1, limit * total):
        return "", ""
    if iso > limit * total or len(by_sign) > 1:
        return "", (
            f"holds dates written in two ways (rows {shown[2] or shown[0]} and {shown[3]} are the first of each). "
            "A spreadsheet that took some of them for dates may have swapped their day and month. Correct them, "
            f'or list the forms under  dates = ["DD/MM/YYYY", …]  in {MAPPING_FILE}.'
        )
    sign = next(iter(by_sign))
    orders = (f"D{sign}M{sign}YYYY", f"M{sign}D{sign}YYYY")
    if day_first and month_first:
        return "", (
            f"holds dates that can only be day before month (row {shown[0]}) and dates that can only be month "
            f"before day (row {shown[1]}). Correct them: no one order reads them all."
        )
    if max(day_first, month_first) < _LEAST_PROOF * written:
        # Of true dates more than half have a day above 12: a few may be slips for another day.
        return "", _both_readings(engine, origin, part, literal(parts), orders)
    if day_first:
        return orders[
            0
        ], f"since {day_first} {'row has' if day_first == 1 else 'rows have'} a first number above 12"
    if month_first:
        return orders[
            1
        ], f"since {month_first} {'row has' if month_first == 1 else 'rows have'} a second number above 12"
    return "", _both_readings(engine, origin, part, literal(parts), orders)


def _both_readings(engine: Engine, origin: str, part: Part, pattern: str, orders: tuple[str, str]) -> str:
    first, second = (f"CAST(regexp_extract(cell, {pattern}, {n}) AS INTEGER)" for n in (1, 2))
    year = f"CAST(regexp_extract(cell, {pattern}, 3) AS INTEGER)"
    rows = engine.rows(
        f"SELECT row, abs(make_date({year}, {first}, {second}) - make_date({year}, {second}, {first})) AS apart "
        f"FROM {origin} AND regexp_full_match(cell, {pattern}) AND {first} <> {second} "
        f"AND {first} BETWEEN 1 AND 12 AND {second} BETWEEN 1 AND 12 ORDER BY row LIMIT 2"
    )
    told = " and ".join(f"row {part.raw.row_shown(row)} ({apart} days apart)" for row, apart in rows)
    between = f", as in {told}" if told else ""
    return (
        f"holds dates that can be read as {orders[0]} and as {orders[1]}{between}; no row proves which. Say  "
        f'dates = "{orders[0]}"  or  dates = "{orders[1]}"  in {MAPPING_FILE}.'
    )


def scale_problems(engine: Engine, source: TableSource, checked: Checked, limit: float) -> list[str]:
    """Columns of numbers that are wrong as a whole: written with commas, or on another scale than 0–10."""
    problems = []
    for finding in unexplained(checked, "range", limit):
        column = source.table.column(finding.column)
        if 2 * _with_commas(engine, source, finding) > finding.count:
            problems.append(
                f"{finding.file}: column '{finding.column}' holds numbers with commas, such as one and a half written "
                f'1,5. If they are decimal commas, say  decimal = ","  in {MAPPING_FILE}.'
            )
            continue
        if (column.minimum, column.maximum) == (0, 10):
            problems.append(
                f"{finding.file}: column '{finding.column}' looks like another scale than 0–10 "
                f"({finding.count} cells lie outside). Nothing is rescaled unasked: say  scale = [0, 100]  for it in "
                f"{MAPPING_FILE}, if that is the scale."
            )
    return problems


def _with_commas(engine: Engine, source: TableSource, finding: Finding) -> int:
    """How many cells of a column that breaks its rule are numbers with a comma."""
    counts = [
        engine.rows(
            f"SELECT count(*) FROM {part.raw.scan} WHERE regexp_full_match({cell_text(raw)}, {literal(_COMMA)})"
        )[0][0]
        for part in source.parts
        if part.raw.label == finding.file and (raw := part.raw_column(finding.column)) is not None
    ]
    return int(sum(counts))


def low_scale(engine: Engine, source: TableSource) -> list[Finding]:
    """An intensity that never exceeds 3 in 50 rows may be the 0–3 scale of trials, and no 0–10 at all."""
    if not source.has("intensity") or not engine.has("diary_checked"):
        return []
    highest, n_rows = engine.rows(
        "SELECT max(intensity), count(intensity) FROM diary_checked WHERE fault = 0 AND headache"
    )[0]
    if highest is None or highest > 3 or n_rows < 50:
        return []
    return [
        Finding(
            "warning",
            "scale",
            source.table.name,
            source.label,
            "intensity",
            f"never exceeds 3 in {n_rows} headache days: it may be a scale of 0–3, which is not read as 0–10.",
            "If it is, map it to 'severity' with codes; if not, there is nothing to do.",
            n_rows,
            (),
        )
    ]


#: Endpoints without a value where there was no headache: their blanks beside a zero say nothing.
_CONDITIONAL = ("intensity_on_headache_days", "hours_on_headache_days")
_SUSPECT_ZEROS = 3


def zero_problems(engine: Engine, source: TableSource) -> list[str]:
    """Zeros in summaries that stand where another measure of the same row is blank: are they missing?"""
    if source.table.name != "summaries":
        return []
    problems = []
    for part in source.parts:
        told = {header_key(name) for name in part.mapped.zeros_are_true}
        for item in part.columns:
            raw = part.raw_column(item.column.name)
            measures = item.column.kind == "number" and item.column.name not in _CONDITIONAL
            if raw is None or not measures or {item.column.name, header_key(raw.written)} & told:
                continue
            if blank := _blank_beside_zero(engine, part, item, raw):
                problems.append(
                    f"{part.raw.label}: column '{item.column.name}' has {blank[0]} zeros, and in {blank[1]} of these "
                    f"rows column {blank[2]} is blank, which it hardly is elsewhere. Does 0 stand for a missing diary "
                    f"there? Then say so under missing_when in {MAPPING_FILE}; else list the column under "
                    "zeros_are_true."
                )
    return problems


def _blank_beside_zero(
    engine: Engine, part: Part, item: SourceColumn, raw: RawColumn
) -> tuple[int, int, int] | None:
    """(zeros, of these with a blank, position of the blank column) where the two go together."""
    conditional = {
        other.name
        for held in part.columns
        if held.column.name in _CONDITIONAL and (other := part.raw_column(held.column.name))
    }
    others = [
        (position, column)
        for position, column in enumerate(part.raw.columns, start=1)
        if column.name != raw.name and column.name not in conditional
    ]
    if not others:
        return None
    value = f"try_cast(CAST({item.expression} AS VARCHAR) AS DOUBLE)"
    blanks = [f"coalesce({cell_text(column)}, '') = ''" for _, column in others]
    counted = engine.rows(
        f"SELECT count(*) FILTER (WHERE {value} = 0), count(*) FILTER (WHERE {value} > 0), "
        + ", ".join(
            f"count(*) FILTER (WHERE {value} = 0 AND {blank}), count(*) FILTER (WHERE {value} > 0 AND {blank})"
            for blank in blanks
        )
        + f" FROM {part.raw.scan}"
    )[0]
    zeros, above = counted[:2]
    if zeros < _SUSPECT_ZEROS:
        return None
    told = []
    for index, (position, _) in enumerate(others):
        with_blank, elsewhere = counted[2 + 2 * index : 4 + 2 * index]
        usual = elsewhere / above if above else 0.0
        if with_blank >= _SUSPECT_ZEROS and with_blank / zeros >= 5 * max(usual, 0.02):
            told.append((with_blank, -position))
    if told:
        with_blank, position = max(told)
        return zeros, with_blank, -position
    return None


def with_forms(
    mapping: SourceMapping, source: TableSource, proven: Mapping[tuple[str, str], str]
) -> SourceMapping:
    """The mapping with the proven forms of dates, {(file, our column): form}, written into it."""
    for part in source.parts:
        columns = dict(part.mapped.columns)
        for (label, name), form in proven.items():
            raw = part.raw_column(name)
            if label == part.raw.label and raw is not None:
                read = columns.get(name, ReadColumn(source=raw.written))
                columns[name] = dataclasses.replace(read, dates=(form,))
        if columns != dict(part.mapped.columns):
            mapping = _amended(mapping, part, columns=tuple(columns.items()))
    return mapping


def with_decimals(
    mapping: SourceMapping, sources: Sequence[TableSource], proven: Mapping[str, str]
) -> SourceMapping:
    """The mapping with the proven decimal signs, {file: sign}, written into it."""
    done: list[MappedTable] = []
    for source in sources:
        for part in source.parts:
            if part.raw.label in proven and not any(part.mapped is one for one in done):
                done.append(part.mapped)
                mapping = _amended(mapping, part, decimal=proven[part.raw.label])
    return mapping


def _amended(mapping: SourceMapping, part: Part, **changes: Any) -> SourceMapping:
    """The mapping with the entry of one part changed, or added for that file where it had none."""
    entry = part.mapped
    if any(one is entry for one in mapping.tables):
        tables = tuple(dataclasses.replace(one, **changes) if one is entry else one for one in mapping.tables)
        return dataclasses.replace(mapping, tables=tables)
    added = dataclasses.replace(entry, source=part.raw.label, **changes)
    return dataclasses.replace(mapping, tables=(*mapping.tables, added))
