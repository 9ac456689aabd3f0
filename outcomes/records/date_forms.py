"""In which order a column of dates is written, where its own rows prove it; where they do not, the reading asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from outcomes.engine import Engine, literal
from outcomes.records.checking import Checked
from outcomes.records.converting import cell_text
from outcomes.records.doubts import unexplained
from outcomes.records.findings import Finding
from outcomes.records.mapping import MAPPING_FILE, SourceMapping
from outcomes.records.raw import RawColumn
from outcomes.records.table_source import Part, SourceColumn, TableSource

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
_SERIAL = r"[2-7][0-9]{4}([.]0+)?"
_SEPARATORS = {"/": "/", ".": "[.]", "-": "-"}
_PARTS = literal(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})( .*)?")


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
            form, told = _form_of(_Shapes(engine, part, raw), limit)
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


@dataclass(frozen=True)
class _Shapes:
    """How the cells of one column are shaped, as counts, and the first row of each shape."""

    engine: Engine
    part: Part
    raw: RawColumn

    @property
    def origin(self) -> str:
        return (
            f"(SELECT {self.part.raw.row_number} AS row, {cell_text(self.raw)} AS cell FROM {self.part.raw.scan}) "
            "WHERE cell <> ''"
        )

    @cached_property
    def found(self) -> dict[str, int]:
        """Counts by name, and first rows as a spreadsheet shows them (0 where there is none)."""
        first, second = (f"try_cast(regexp_extract(cell, {_PARTS}, {n}) AS INTEGER)" for n in (1, 2))
        rules = {
            "iso": f"regexp_full_match(cell, {literal(_ISO)})",
            "serial": f"regexp_full_match(cell, {literal(_SERIAL)})",
            # A number above 31 is a slip and proves nothing.
            "day_first": f"({first} BETWEEN 13 AND 31 AND {second} BETWEEN 1 AND 12)",
            "month_first": f"({second} BETWEEN 13 AND 31 AND {first} BETWEEN 1 AND 12)",
            "written": f"regexp_full_match(cell, {_PARTS})",
        }
        for name, sign in _SEPARATORS.items():
            shape = literal(f"[0-9]{{1,2}}{sign}[0-9]{{1,2}}{sign}[0-9]{{4}}( .*)?")
            rules[name] = f"regexp_full_match(cell, {shape})"
        asked = [f"count(*) FILTER (WHERE {rule})" for rule in rules.values()]
        asked += [f"min(row) FILTER (WHERE {rule})" for rule in rules.values()]
        total, *values = self.engine.rows(f"SELECT count(*), {', '.join(asked)} FROM {self.origin}")[0]
        counts = dict(zip(rules, values[: len(rules)], strict=True))
        rows = {
            f"{name} row": self.part.raw.row_shown(row) if row is not None else 0
            for name, row in zip(rules, values[len(rules) :], strict=True)
        }
        return {"total": total, **counts, **rows}

    @property
    def signs(self) -> dict[str, int]:
        """Cells by the sign between day, month and year."""
        return {sign: self.found[sign] for sign in _SEPARATORS if self.found[sign]}


def _form_of(shapes: _Shapes, limit: float) -> tuple[str, str]:
    """(form, what proves it), or nothing and why it cannot be told."""
    found, signs = shapes.found, shapes.signs
    slips = max(1, limit * found["total"])
    if found["serial"] > slips:
        return "", (
            "holds the numbers that a spreadsheet keeps in place of dates. Format the column as a date and save "
            f'again, or say  dates = "excel-1900"  (or excel-1904) in {MAPPING_FILE}.'
        )
    if sum(signs.values()) <= slips:
        return "", ""
    if found["iso"] > limit * found["total"] or len(signs) > 1:
        return "", _two_ways(found)
    sign = next(iter(signs))
    return _order(shapes, (f"D{sign}M{sign}YYYY", f"M{sign}D{sign}YYYY"), signs[sign])


def _two_ways(found: dict[str, int]) -> str:
    rows = (found["iso row"] or found["day_first row"], found["written row"])
    return (
        f"holds dates written in two ways (rows {rows[0]} and {rows[1]} are the first of each). A spreadsheet that "
        "took some of them for dates may have swapped their day and month. Correct them, or list the forms under  "
        f'dates = ["DD/MM/YYYY", …]  in {MAPPING_FILE}.'
    )


def _order(shapes: _Shapes, orders: tuple[str, str], written: int) -> tuple[str, str]:
    """Which of the two orders the rows prove."""
    found = shapes.found
    day_first, month_first = found["day_first"], found["month_first"]
    if day_first and month_first:
        return "", (
            f"holds dates that can only be day before month (row {found['day_first row']}) and dates that can only be "
            f"month before day (row {found['month_first row']}). Correct them: no one order reads them all."
        )
    # Of true dates more than half have a day above 12: a few may be slips for another day.
    if max(day_first, month_first) < _LEAST_PROOF * written:
        return "", _both_readings(shapes, orders)
    form, which = (orders[0], "first") if day_first else (orders[1], "second")
    proof = day_first or month_first
    return form, f"since {proof} {'row has' if proof == 1 else 'rows have'} a {which} number above 12"


def _both_readings(shapes: _Shapes, orders: tuple[str, str]) -> str:
    """That no row proves the order, with two rows that differ most plainly by it."""
    first, second = (f"CAST(regexp_extract(cell, {_PARTS}, {n}) AS INTEGER)" for n in (1, 2))
    year = f"CAST(regexp_extract(cell, {_PARTS}, 3) AS INTEGER)"
    rows = shapes.engine.rows(
        f"SELECT row, abs(make_date({year}, {first}, {second}) - make_date({year}, {second}, {first})) AS apart "
        f"FROM {shapes.origin} AND regexp_full_match(cell, {_PARTS}) AND {first} <> {second} "
        f"AND {first} BETWEEN 1 AND 12 AND {second} BETWEEN 1 AND 12 ORDER BY row LIMIT 2"
    )
    told = " and ".join(f"row {shapes.part.raw.row_shown(row)} ({apart} days apart)" for row, apart in rows)
    between = f", as in {told}" if told else ""
    return (
        f"holds dates that can be read as {orders[0]} and as {orders[1]}{between}; no row proves which. Say  "
        f'dates = "{orders[0]}"  or  dates = "{orders[1]}"  in {MAPPING_FILE}.'
    )
