"""The raw tables as text under the dictionary's names, and what of them is left behind.

Before the privacy gate: a raw export may hold anything, and only what is mapped is taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outcomes.engine import Engine, identifier, literal
from outcomes.errors import InvalidRecords
from outcomes.files import unchanged
from outcomes.records.converting import cell_text
from outcomes.records.deidentify.fields import columns_of
from outcomes.records.deidentify.origins import Origins
from outcomes.records.mapping import MappedTable, SourceMapping
from outcomes.records.matching import UNKNOWN
from outcomes.records.raw import Opened, RawTable
from outcomes.records.schema import TABLES
from outcomes.records.table_source import TableSource

if TYPE_CHECKING:
    import pandas as pd

_PATIENT_ID = TABLES["patients"].column("patient_id")
LONG_TEXT, MANY_SPACES, SHARE_OF_TEXT = 40, 4, 0.05

#: Words that say a header is a header. Anything else could be a value in the place of one.
_HEADER_TEXT = (
    "id no nr number num code name first last middle fore sur family given full initials title salutation "
    "date day month year time hour start end begin from to created updated modified entered by user age born "
    "surname forename firstname lastname fullname username birthdate dateofbirth patientid "
    "birth dob birthday sex gender ethnicity marital status email mail phone mobile tel telephone fax address "
    "street house city town county country postcode post zip region area nhs ssn mrn hospital patient client "
    "person practitioner therapist doctor gp physician provider clinic site practice department room contact "
    "emergency kin next relative insurance insurer policy employer occupation job work note notes comment "
    "comments remark remarks text free description detail details reason diagnosis history letter report "
    "referral referred source type kind category group class level score scale value result unit device "
    "serial version app file row record entry index key uuid guid url link ip lat latitude lon longitude "
    "location place geohash weather mood sleep stress trigger triggers aura symptom symptoms pain headache "
    "migraine intensity severity duration medication drug dose needle needles session visit appointment "
    "treatment technique muscle follow up baseline other misc tag tags flag language nationality passport "
    "licence license account bank iban invoice fee price paid"
)
_HEADER_WORDS = frozenset(_HEADER_TEXT.split())


@dataclass(frozen=True)
class LeftBehind:
    """A column that is not mapped: where it stands, how many of its cells held something, and whether they
    read like free text. `column` is its header, or its position where the header could itself be a value."""

    file: str
    column: str
    cells: int
    free_text: bool


@dataclass(frozen=True)
class RawRecords:
    """What was read of a raw source: text frames by table, the columns that were left behind, and where from."""

    frames: dict[str, pd.DataFrame]
    left_behind: tuple[LeftBehind, ...]
    origins: Origins = field(default_factory=Origins)


def read_raw(raw: str | Path, mapping: SourceMapping) -> RawRecords:
    """Read what is mapped. Raises InvalidRecords with everything that stops the reading, FileProblem."""
    from outcomes.records.sources import locate, open_source

    location = locate(raw)
    engine = Engine(location.readable)
    with unchanged([location.path] if location.path is not None else []):
        return _read(open_source(location, engine, mapping), mapping, engine)


def _read(opened: Opened, mapping: SourceMapping, engine: Engine) -> RawRecords:
    from outcomes.plan import AnalysisPlan
    from outcomes.records.matching import match_tables

    if opened.problems:
        raise InvalidRecords(opened.problems)
    mapping = _leaving_the_rest(opened.tables, mapping)
    sources, problems = match_tables(opened.tables, engine, mapping, AnalysisPlan())
    if problems or not sources:
        raise InvalidRecords(
            [_in_our_words(problem) for problem in problems]
            or ["No table of the source is mapped to a table of the data dictionary."]
        )
    frames = {}
    for source in sources:
        missing = ", ".join(literal(token) for token in source.missing)
        cells = ", ".join(
            f"CASE WHEN lower(trim(CAST({name} AS VARCHAR))) NOT IN ({missing}) THEN trim(CAST({name} AS VARCHAR)) "
            f"END AS {name}"
            for name in (identifier(item.column.name) for item in source.columns)
        )
        frames[source.table.name] = engine.frame(f"SELECT source_row, {cells} FROM ({source.origin})").astype(
            object
        )
    origins = Origins(
        {source.table.name: source for source in sources},
        {source.table.name: dict(_unlisted_words(source, engine)) for source in sources},
    )
    return RawRecords(frames, tuple(left_behind(opened.tables, mapping, engine)), origins)


def _unlisted_words(source: TableSource, engine: Engine) -> Iterator[tuple[str, int]]:
    """(column, different words) of the columns with a list of codes: what it does not hold is read as one word."""
    for item in source.columns:
        name, words = item.column.name, set()
        for part in source.parts:
            read, raw = part.read(name), part.raw_column(name)
            if read is None or raw is None or not read.codes:
                continue
            text = f"lower({cell_text(raw)})"
            listed = [theirs.strip().lower() for theirs, _ in read.codes] + list(source.missing)
            without = ", ".join(literal(word) for word in listed)
            words |= {
                row[0]
                for row in engine.rows(
                    f"SELECT DISTINCT {text} FROM {part.raw.scan} WHERE {text} NOT IN ({without})"
                )
            }
        if words:
            yield name, len(words)


def _in_our_words(problem: str) -> str:
    """The reader asks for a pseudonym, which is not there yet: here the clinic's own number is wanted."""
    label, found, _ = problem.partition(f"column '{_PATIENT_ID.name}' is missing.")
    if not found:
        return problem
    return (
        f"{label}no column is mapped to 'patient_id'. In deid.toml, write under [tables.columns] of this table:  "
        'patient_id = "the name of your column". It is the column with the clinic\'s own number of the patient, the '
        "same one in every table; the output has a pseudonym in its place. A list with names and no number: number "
        "the patients in a new column, one number for each person in all files, and map that."
    )


def _leaving_the_rest(tables: list[RawTable], mapping: SourceMapping) -> SourceMapping:
    """The same mapping, with every column that it does not name left out on purpose."""
    mapped = [replace(table, ignore=(*table.ignore, UNKNOWN)) for table in mapping.tables]
    named = {table.source.casefold() for table in mapping.tables}
    mapped += [
        MappedTable(source=raw.name, table=raw.name.strip().lower(), columns=(), ignore=(UNKNOWN,))
        for raw in tables
        if raw.name.strip().lower() in TABLES and not named & {raw.name.casefold(), raw.label.casefold()}
    ]
    return replace(mapping, tables=tuple(mapped))


def left_behind(tables: list[RawTable], mapping: SourceMapping, engine: Engine) -> list[LeftBehind]:
    """The columns of the source that no line of the mapping takes, with what they hold counted."""
    found = []
    for raw in tables:
        parts = mapping.of(raw.name, raw.label) or mapping.of(raw.container)
        used = {name.strip().casefold() for part in parts for name in _sources_of(part)}
        own = {name for part in parts for name in (*TABLES[part.table].names, *columns_of(part.table))}
        for position, column in enumerate(raw.columns, start=1):
            header = column.written.strip().casefold()
            if header in used or (header in own and parts):
                continue
            text = f"trim(CAST({identifier(column.name)} AS VARCHAR))"
            spaces = f"length({text}) - length(replace({text}, ' ', ''))"
            cells, long_cells = engine.rows(
                f"SELECT count(*) FILTER (WHERE {text} <> ''), count(*) FILTER (WHERE length({text}) > {LONG_TEXT} "
                f"OR {spaces} >= {MANY_SPACES}) FROM {raw.scan}"
            )[0]
            if cells or header:
                free_text = cells > 0 and long_cells >= SHARE_OF_TEXT * cells
                found.append(LeftBehind(raw.label, _shown(column.written, position), cells, free_text))
    return found


def _sources_of(part: MappedTable) -> list[str]:
    names = [name for _, read in part.columns for name in (read.source, read.start, read.end) if name]
    return names + [name for rule in part.missing_when for name in (rule.column, rule.blank)]


def _shown(header: str, position: int) -> str:
    """The header where all its words are words of headers; else where it stands."""
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", header).casefold())
    plain = re.fullmatch(r"[A-Za-z _()/.?:-]{1,60}", header.strip()) is not None
    return f"'{header.strip()}'" if plain and words and set(words) <= _HEADER_WORDS else f"column {position}"
