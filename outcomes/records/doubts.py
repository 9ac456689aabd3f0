"""Why a whole column breaks its rule: another scale, another decimal sign; another order of day and month stands in
date_forms.py.

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
from outcomes.records.endpoint_catalogue import CATALOGUE
from outcomes.records.findings import Finding
from outcomes.records.mapping import MAPPING_FILE, MappedTable, ReadColumn, SourceMapping
from outcomes.records.raw import RawColumn
from outcomes.records.table_source import Part, SourceColumn, TableSource

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
_CONDITIONAL = tuple(name for name, endpoint in CATALOGUE.items() if endpoint.conditional)
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
