"""Tables as found, held against the data dictionary, the mapping and the plan: which column is which.

Everything that stops a source is collected over all tables before anything is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from outcomes.engine import Engine, identifier, literal
from outcomes.errors import OutcomesError, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.cells import readable
from outcomes.records.converting import cell_text, converted, header_key, is_number_text
from outcomes.records.endpoint_catalogue import CATALOGUE
from outcomes.records.mapping import MAPPING_FILE, MappedTable, ReadColumn, SourceMapping
from outcomes.records.raw import RawColumn, RawTable
from outcomes.records.schema import PATIENTS, SUMMARIES, TABLES, Column, Table
from outcomes.records.table_source import Part, SourceColumn, TableSource

#: Endpoints that a `summaries` table may carry without being declared in the plan, with their ranges.
SUMMARY_ENDPOINTS: dict[str, tuple[str, float, float | None]] = {
    name: (endpoint.unit, endpoint.lowest, endpoint.highest) for name, endpoint in CATALOGUE.items()
}

#: Tables of which one at least must be there: the others only say who somebody is, or what else happened.
TELL_OF_OUTCOMES = ("diary", "summaries", "sessions", "scores")

#: How the types end of times that belong to no day before a zone is chosen for them.
_ZONED = "WITH TIME ZONE"
_WITH_ZONE = (
    " The day of a time with a zone hangs on the zone: make it a date first, in the zone of the patients."
)
#: Files of one table that messages name one by one.
_NAMED_FILES = 3

#: Under `ignore`: all columns whose names the dictionary does not know. `*` is all that the mapping does not name.
UNKNOWN = "?*"


def match_tables(
    raws: Sequence[RawTable],
    engine: Engine,
    mapping: SourceMapping,
    plan: AnalysisPlan,
    *,
    named: bool = False,
    whole: bool = True,
) -> tuple[list[TableSource], list[str]]:
    """The tables of the dictionary that a source holds, and every problem. Raises PlanError.

    `named` says that every table given was meant to be read (frames), so that an unknown name is a problem.
    Where the source is not `whole`, what it lacks is no problem of its own.
    """
    _check_declared(plan)
    problems: list[str] = []
    parts: dict[str, list[Part]] = {}
    for raw in raws:
        alone = sum(other.container == raw.container for other in raws) == 1
        mapped = mapping.of(raw.name, raw.label) or (mapping.of(raw.container) if alone else ())
        own = raw.name.strip().lower()
        if not mapped and own in TABLES:
            mapped = (MappedTable(source=raw.name, table=own, columns=()),)
        elif not mapped and named:
            problems.append(f"A table of the dictionary is not known. Known tables: {', '.join(TABLES)}.")
        described, wrong = _parts_of(raw, mapped, engine, mapping, plan)
        problems += wrong
        for part, table_name in described:
            parts.setdefault(table_name, []).append(part)
    problems += _unmatched(raws, mapping)
    problems += [
        f"{name}: more than one file holds this table. Keep one of them, or list each in {MAPPING_FILE}."
        for name, held in parts.items()
        if len({(part.raw.container, part.raw.name) for part in held}) > 1
        and not all(_is_listed(part.mapped, mapping) for part in held)
    ]
    sources = [
        _joined(_with_declared(TABLES[name], plan), parts[name], mapping) for name in TABLES if name in parts
    ]
    if whole and not problems:
        problems += _across(sources)
    return sources, problems


def _is_listed(mapped: MappedTable, mapping: SourceMapping) -> bool:
    """Whether a person has listed the table, and it does not only carry the dictionary's name."""
    return any(mapped is table for table in mapping.tables)


def _unmatched(raws: Sequence[RawTable], mapping: SourceMapping) -> list[str]:
    names = {header_key(name) for raw in raws for name in (raw.name, raw.label, raw.container)}
    return [
        f"{MAPPING_FILE}: [[tables]] {number}: the source holds no table of the name given under 'source'."
        for number, table in enumerate(mapping.tables, start=1)
        if header_key(table.source) not in names
    ]


def _joined(table: Table, parts: list[Part], mapping: SourceMapping) -> TableSource:
    """The parts of one table of the dictionary as one."""
    labels = list(dict.fromkeys(part.raw.label for part in parts))
    types: dict[str, set[str]] = {}
    for part in parts:
        for item in part.columns:
            types.setdefault(item.column.name, set()).add(item.sql_type)
    columns = tuple(
        SourceColumn(
            column,
            next(
                item.expression for part in parts for item in part.columns if item.column.name == column.name
            ),
            types[column.name].pop() if len(types[column.name]) == 1 else "VARCHAR",
            constant=all(
                item.constant for part in parts for item in part.columns if item.column.name == column.name
            ),
        )
        for column in _in_order(table, parts)
    )
    is_mapped = any(_is_listed(part.mapped, mapping) for part in parts)
    return TableSource(table, _told(labels), tuple(parts), columns, ("",) if is_mapped else mapping.missing)


def _told(labels: list[str]) -> str:
    """What messages call the files of a table: a registry may keep hundreds."""
    if len(labels) <= _NAMED_FILES:
        return " + ".join(labels)
    return f"{labels[0]} + {len(labels) - 1} further files"


def _in_order(table: Table, parts: list[Part]) -> list[Column]:
    """The columns in the order in which they were found."""
    found: dict[str, Column] = {}
    for part in parts:
        for item in part.columns:
            found.setdefault(item.column.name, table.column(item.column.name))
    return list(found.values())


#: Names that mean something else on the way from the file to the result.
_RESERVED = {
    "all",
    "by",
    "copy",
    "covered",
    "doubt",
    "fault",
    "relative_day",
    "rows_alike",
    "rows_of_key",
    "segment_start",
    "source_row",
}


def _check_declared(plan: AnalysisPlan) -> None:
    """Declared endpoints and categories have names of their own. Raises PlanError."""
    taken = _RESERVED | set(SUMMARY_ENDPOINTS)
    taken |= PATIENTS.names | SUMMARIES.names
    for kind, names in (
        ("endpoints", [item.name for item in plan.endpoints]),
        ("patients", [item.name for item in plan.patients]),
    ):
        for name in names:
            if name in taken:
                raise PlanError(f"[{kind}.{name}]: the name already means something else. Choose another.")
            taken.add(name)


def _with_declared(table: Table, plan: AnalysisPlan) -> Table:
    """The table with the columns that the plan declares."""
    extra: list[Column] = []
    if table.name == "patients":
        extra = [
            Column(item.name, "code", "Declared in the plan", codes=item.codes) for item in plan.patients
        ]
    if table.name == "summaries":
        extra = [
            Column(name, "number", "Endpoint", unit, low, high)
            for name, (unit, low, high) in SUMMARY_ENDPOINTS.items()
        ]
        extra += [Column(item.name, "number", "Declared in the plan", item.unit) for item in plan.endpoints]
    return Table(table.name, table.row, table.key, (*table.columns, *extra), table.note)


def _parts_of(
    raw: RawTable, mapped: Sequence[MappedTable], engine: Engine, mapping: SourceMapping, plan: AnalysisPlan
) -> tuple[list[tuple[Part, str]], list[str]]:
    """What one table as found becomes, each part with the name of its table; and what is wrong with it."""
    if not mapped:
        return [], []
    problems: list[str] = []
    raws: dict[str, RawColumn] = {}
    positions: dict[str, int] = {}
    for position, column in enumerate(raw.columns, start=1):
        key = header_key(column.written)
        if not key and _is_empty(engine, raw, column):
            continue
        if key in raws:
            problems.append(
                f"{raw.label}: column {position} has the name of another column. Keep one of them."
            )
        raws.setdefault(key, column)
        positions.setdefault(key, position)
    used: set[str] = set()
    found = []
    for table in mapped:
        known = _with_declared(TABLES[table.table], plan)
        part, keys, wrong = _part(raw, raws, table, known, mapping)
        problems += wrong
        used |= keys
        found.append((part, known.name))
    if not any({"*", UNKNOWN} & set(table.ignore) for table in mapped):
        # The header may be missing and this cell a patient's: the message names the column by position.
        problems += [
            f"{raw.label}: column {position} is not in the data dictionary. Remove it, map it or list it under "
            f"'ignore' in {MAPPING_FILE}, or declare it in the plan."
            for key, position in positions.items()
            if key not in used
        ]
    return found, problems


def _part(
    raw: RawTable, raws: dict[str, RawColumn], mapped: MappedTable, table: Table, mapping: SourceMapping
) -> tuple[Part, set[str], list[str]]:
    """One part, the headers that it uses up, and what is wrong with it."""
    label, problems = raw.label, []
    used = {header_key(name) for name in mapped.ignore}
    columns: dict[str, SourceColumn] = {}
    wanted = dict(mapped.columns)
    # Columns that carry the dictionary's own names need no line in the mapping.
    taken = {header_key(name) for read in wanted.values() for name in (read.source, read.start, read.end)}
    for key, column in raws.items():
        name = key.lower()
        if (
            name in table.names
            and name not in wanted
            and key not in taken | used
            and "*" not in mapped.ignore
        ):
            wanted[name] = ReadColumn(source=column.written)
    for rule in mapped.missing_when:
        used |= {header_key(rule.column), header_key(rule.blank)} & set(raws)
        if not {header_key(rule.column), header_key(rule.blank)} <= set(raws):
            problems.append(f"{label}: {MAPPING_FILE} names a column under missing_when that is not there.")
    read_from = {header_key(read.source) for read in wanted.values()}
    problems += [
        f"{label}: missing_when in {MAPPING_FILE} is about a column that is read into no column of ours."
        for rule in mapped.missing_when
        if header_key(rule.column) in raws and header_key(rule.column) not in read_from
    ]
    for name, read in wanted.items():
        needed = {header_key(one) for one in (read.source, read.start, read.end) if one}
        if name not in table.names:
            problems.append(
                f"{MAPPING_FILE}: columns.{name}: the table '{table.name}' has no such column. Names: "
                f"{', '.join(sorted(table.names))}."
            )
        elif not needed <= set(raws):
            problems.append(f"{label}: has no column of the name that {MAPPING_FILE} gives for '{name}'.")
        elif not problems:
            columns[name] = _source_column(
                table.column(name), read, raws, mapped, mapping, is_text=raw.text is not None
            )
            if not readable(table.column(name), columns[name].sql_type):
                rule_words = table.column(name).rule
                told = f"{label}: column '{name}' has a type that cannot hold {rule_words}."
                problems.append(told + (_WITH_ZONE if columns[name].sql_type.endswith(_ZONED) else ""))
        used |= needed
    for name, value in mapped.constants:
        if name not in table.names or name in columns:
            problems.append(
                f"{MAPPING_FILE}: constants.{name} is no column of '{table.name}' that is still free."
            )
        else:
            columns[name] = SourceColumn(table.column(name), literal(value), "VARCHAR", constant=True)
    problems += _missing_columns(table, label, set(columns) | set(wanted))
    ordered = tuple(columns.values())
    return Part(raw, ordered, mapped), used, problems


def _source_column(
    column: Column,
    read: ReadColumn,
    raws: dict[str, RawColumn],
    mapped: MappedTable,
    mapping: SourceMapping,
    *,
    is_text: bool,
) -> SourceColumn:
    """How one column is read: as it stands where nothing is to be turned, else through the mapping's SQL."""
    raw = raws.get(header_key(read.source))
    if raw is not None and _stands_as_it_is(column, read, raw, mapped, mapping):
        return SourceColumn(column, identifier(raw.name), raw.sql_type)
    expression, sql_type = converted(column, read, raws, mapped, mapping, is_text=is_text)
    return SourceColumn(column, expression, sql_type)


def _stands_as_it_is(
    column: Column, read: ReadColumn, raw: RawColumn, mapped: MappedTable, mapping: SourceMapping
) -> bool:
    """Whether the cells of a column need nothing done to them before the dictionary's rules are held."""
    if column.kind == "date" and raw.sql_type.startswith(("DATE", "TIMESTAMP")):
        return True
    if read != ReadColumn(source=read.source) or mapped.missing_when:
        return False
    tokens = mapping.missing if mapped.missing is None else mapped.missing
    if raw.sql_type != "VARCHAR":
        # A number that stands for "missing" has to be taken out of a column of numbers as well.
        return not any(is_number_text(token) for token in tokens)
    forms = column.kind == "date" and bool(mapping.dates or mapped.dates)
    commas = column.kind in ("number", "whole", "day") and (mapped.decimal or mapping.decimal) == ","
    return not (_is_listed(mapped, mapping) or forms or commas)


def _is_empty(engine: Engine, raw: RawTable, column: RawColumn) -> bool:
    """A column without a name and without a cell is what a stray delimiter at the line ends leaves."""
    text = cell_text(column)
    try:
        return not engine.rows(f"SELECT 1 FROM {raw.scan} WHERE {text} <> '' LIMIT 1")
    except OutcomesError:
        # The file is no table at all; what is wrong with it is told where it is read.
        return True


def _missing_columns(table: Table, label: str, seen: set[str]) -> Iterable[str]:
    problems = [
        f"{label}: column '{column.name}' is missing. Add it: {column.rule}."
        for column in table.columns
        if column.required and column.name not in seen
    ]
    if {"date", "day"} <= table.names:
        if {"date", "day"} <= seen:
            problems.append(f"{label}: has both 'date' and 'day'. Keep one of them.")
        elif not {"date", "day"} & seen and table.name != "summaries":
            problems.append(f"{label}: needs a column 'date' or 'day'.")
    return problems


def _across(sources: list[TableSource]) -> list[str]:
    """Problems that only show between tables."""
    by_name = {source.table.name: source for source in sources}
    problems = []
    diary, sessions = by_name.get("diary"), by_name.get("sessions")
    if not set(TELL_OF_OUTCOMES) & set(by_name):
        problems.append(
            "There is neither a diary nor summaries, nor sessions or scores, so nothing can be compared or asked. Add "
            "diary.csv, summaries.csv or sessions.csv."
        )
    if diary is not None and sessions is not None and diary.has("day") != sessions.has("day"):
        problems.append(
            f"{diary.label} and {sessions.label} count days differently. Write 'date' in both, or 'day' in both."
        )
    return problems
