"""REDCap: the records of a project with its data dictionary, from exports or from the project itself.

A project's form for the diary, its form for sessions and its form for patients become our tables. Records,
events and repeated instruments are REDCap's own; which field is what, a person says (`redcap_fields`). A row
without anything of the forms named is about something else, and counted so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.accounting import Tally, file_labels
from outcomes.records.importers.appointments import patient_pseudonym, practitioner_pseudonym
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.days import DayReader, day_reader
from outcomes.records.importers.delimited import DelimitedTable, header_under, read_text, table_of
from outcomes.records.importers.forms import fits
from outcomes.records.importers.redcap_dictionary import DataDictionary, dictionary_of, is_dictionary
from outcomes.records.importers.redcap_fields import FieldMap, field_map, options_of_file
from outcomes.records.importers.redcap_layout import OWN, Layout, layout_of, looks_like_records
from outcomes.records.importers.redcap_server import fetch
from outcomes.records.importers.redcap_values import CellReader, Unreadable, columns_missing
from outcomes.records.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd

SAME_AGAIN = "the same record, event and instance stands elsewhere in the export; it is counted once"
CONFLICT = "the same record, event and instance stands in the export again, with different contents"
OTHER_ROW = "another row of the same patient says something else"
FLAGGED = "flagged as an identifier in the data dictionary"


class RedCap:
    """The importer. Options name the fields (`redcap_fields`) and, for the live project, `url` and the token."""

    name = "redcap"
    title = "REDCap: records with the data dictionary (CSV), or a project over its API"
    confidence = "A"
    one_patient = False

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        """Read the exports, or the project. Raises InvalidRecords, FileProblem, PlanError."""
        pseudonym = patient_pseudonym(settings, "REDCap")
        options = dict(settings.options)
        given = _Given.sorted_out([*files, *([Path(options["fields"])] if options.get("fields") else [])])
        if given.fields is not None:
            options = {**options_of_file(given.fields), **options}
        if options.get("url") and given.texts:
            raise PlanError("Give the files of an export or the address of the project (url), not both.")
        read = fetch(options) if options.get("url") else _from_files(given.texts, options)
        dictionary, tables, fields = read
        tally = Tally()
        if dictionary is None:
            tally.warn(
                "There was no data dictionary, so it was not checked which fields are flagged as identifiers "
                "and what codes mean. Only the fields named were read."
            )
        reader = _Reader(fields, dictionary, settings, pseudonym, tally)
        return reader.imported([layout_of(table, dictionary) for table in tables])


@dataclass
class _Given:
    """The files by what they are: the TOML file that names fields, and texts with the label of their file."""

    fields: Path | None = None
    texts: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def sorted_out(cls, files: Sequence[Path]) -> _Given:
        given = cls()
        tables = [path for path in files if path.suffix.lower() != ".toml"]
        named = {path.resolve(): path for path in files if path.suffix.lower() == ".toml"}
        if len(named) > 1:
            raise PlanError("More than one TOML file names fields. Give one.")
        given.fields = next(iter(named.values()), None)
        given.texts = [
            (label, read_text(path)) for label, path in zip(file_labels(tables), tables, strict=True)
        ]
        return given


_Read = tuple[DataDictionary | None, list[DelimitedTable], FieldMap]


def _from_files(texts: Sequence[tuple[str, str]], options: Mapping[str, str]) -> _Read:
    """The dictionary, the exports and the fields of files in any order."""
    dictionaries: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    for file, text in texts:
        header = next((h for mark in ",;\t|^" if is_dictionary(h := header_under(text, mark) or ())), None)
        (rest if header is None else dictionaries).append((file, text))
    if len(dictionaries) > 1:
        raise InvalidRecords(["More than one data dictionary was given. Give the one of this project."])
    dictionary = None
    if dictionaries:
        file, text = dictionaries[0]
        table = table_of(file, text, is_dictionary, "a data dictionary of REDCap")
        dictionary = dictionary_of(table)
    fields = field_map(options, dictionary)
    if not rest:
        raise PlanError("Give the export of the project's records (CSV) too.")
    what = "the records of this REDCap project" if dictionary else "an export of REDCap's records (raw)"
    tables = [table_of(file, text, looks_like_records(dictionary), what) for file, text in rest]
    return dictionary, tables, fields


@dataclass(frozen=True)
class _Entry:
    """What one row of an export holds for one table."""

    layout: Layout
    row: int
    cells: tuple[str, ...]
    contents: tuple[str, ...]


class _Reader:
    """Turns the rows of exports into tables, and counts."""

    def __init__(
        self,
        fields: FieldMap,
        dictionary: DataDictionary | None,
        settings: ImportSettings,
        pseudonym: Callable[[str], str],
        tally: Tally,
    ) -> None:
        self.fields, self.dictionary, self.settings = fields, dictionary, settings
        self.pseudonym, self.tally = pseudonym, tally
        self.names: dict[str, str] = {}
        self.readers: dict[tuple[str, str], list[CellReader]] = {}
        self.days: dict[tuple[str, str, str], DayReader] = {}
        self.patients: dict[str | None, dict[str, str | None]] = {}
        self.practitioners: dict[str, str | None] = {}
        self.open_boxes: set[tuple[str, int, str]] = set()

    def imported(self, layouts: Sequence[Layout]) -> Imported:
        self._prepare(layouts)
        found: dict[tuple[str, ...], list[_Entry]] = {}
        for layout in layouts:
            for row, cells in layout.table.rows:
                self._sort(layout, row, cells, found)
        rows: dict[str, list[dict[str, str | None]]] = {table: [] for table in self.fields.tables}
        for (table, *_), entries in found.items():
            entry = self._one_of(table, entries)
            if entry is not None:
                self._read_entry(table, entry, rows[table])
        for layout in layouts:
            self._leave_behind(layout)
        if self.open_boxes:
            self.tally.warn(
                f"In {len(self.open_boxes)} forms that are not marked complete a checkbox had nothing ticked. "
                "That counts as not recorded, not as no."
            )
        if "sessions" in rows and not any(use.column.name == "attended" for use in self.fields.uses):
            self.tally.warn(
                "No field says whether a session took place (sessions.attended), so each counts that has a date."
            )
        return self.tally.imported({table: self._frame(table, rows[table]) for table in rows})

    def _prepare(self, layouts: Sequence[Layout]) -> None:
        """Readers for each table in each export that holds it. Raises InvalidRecords."""
        problems: list[str] = []
        for table in self.fields.tables:
            wanted = self.fields.of(table)
            complete = 0
            for layout in layouts:
                readers = [CellReader(use, layout, self.dictionary, self.fields) for use in wanted]
                held = [reader for reader in readers if reader.positions]
                missing = columns_missing(readers)
                if not held and len(layouts) > 1 and not layout.doubtful:
                    continue
                problems += missing
                if not missing:
                    complete += 1
                    self.readers[table, layout.table.file] = readers
            if not complete and not problems:
                problems.append(f"No export holds the fields that were named for {table}. Export them too.")
        if problems:
            raise InvalidRecords(list(dict.fromkeys(problems)))
        for (table, file), readers in self.readers.items():
            for reader in readers:
                if reader.use.column.kind == "date":
                    texts = [reader.text(cells) for _, cells in reader.layout.table.rows]
                    where = f"{file}, '{reader.use.field}'"
                    self.days[table, file, reader.use.column.name] = day_reader(texts, self.settings, where)

    def _sort(
        self,
        layout: Layout,
        row: int,
        cells: tuple[str, ...],
        found: dict[tuple[str, ...], list[_Entry]],
    ) -> None:
        """Say of one row which tables it holds something for."""
        file = layout.table.file
        here = [
            (table, readers)
            for (table, where), readers in self.readers.items()
            if where == file and any(reader.filled(cells) for reader in readers)
        ]
        if not here:
            here = [
                (table, readers)
                for (table, where), readers in self.readers.items()
                if where == file and any(r.begun(cells) for r in readers if r.use.column.kind == "date")
            ]
        self.tally.came_in(max(1, len(here)))
        if not here:
            self.tally.beside()
        key = layout.key(cells)
        for table, readers in here:
            if not key[0]:
                self.tally.not_read(file, f"{table}: the row has no record id", row)
                continue
            contents = tuple(cells[place].strip() for reader in readers for place in reader.positions)
            found.setdefault((table, *key), []).append(_Entry(layout, row, cells, contents))

    def _one_of(self, table: str, entries: Sequence[_Entry]) -> _Entry | None:
        """The one entry of a record, event and instance; none where the export contradicts itself."""
        if len({entry.contents for entry in entries}) > 1:
            for entry in entries:
                self.tally.not_read(entry.layout.table.file, f"{table}: {CONFLICT}", entry.row)
            return None
        for entry in entries[1:]:
            self.tally.not_read(entry.layout.table.file, f"{table}: {SAME_AGAIN}", entry.row)
        return entries[0]

    def _read_entry(self, table: str, entry: _Entry, rows: list[dict[str, str | None]]) -> None:
        file = entry.layout.table.file
        try:
            values = self._values(table, entry)
            record = entry.layout.key(entry.cells)[0]
            if record not in self.names:
                self.names[record] = self.pseudonym(record)
            row = {"patient_id": self.names[record], **values}
            if table != "patients" or self._is_first(row):
                rows.append(row)
        except Unreadable as problem:
            self.tally.not_read(file, f"{table}: {problem}", entry.row)
        else:
            self.tally.used()

    def _values(self, table: str, entry: _Entry) -> dict[str, str | None]:
        """The cells of one entry by our columns. Raises Unreadable for the first that does not fit."""
        file = entry.layout.table.file
        readers = self.readers[table, file]
        attended = next((reader for reader in readers if reader.use.column.name == "attended"), None)
        if attended is not None:
            took_place = attended.value(entry.cells)
            if took_place != "yes":
                raise Unreadable(
                    "the session did not take place"
                    if took_place
                    else "whether it took place is not recorded"
                )
        values: dict[str, str | None] = {}
        for reader in readers:
            name = reader.use.column.name
            if reader is not attended:
                values[name] = self._value(table, reader, entry)
                if name in ("date", "day") and values[name] is None:
                    raise Unreadable("no date")
        return values

    def _value(self, table: str, reader: CellReader, entry: _Entry) -> str | None:
        column = reader.use.column
        if column.kind == "id":
            number = reader.chosen(entry.cells)
            if number not in self.practitioners:
                self.practitioners[number] = practitioner_pseudonym(self.settings, number)
            return self.practitioners[number]
        if column.kind != "date":
            value = reader.value(entry.cells)
            if reader.boxes and value is None and not reader.complete(entry.cells):
                self.open_boxes.add((entry.layout.table.file, entry.row, reader.use.field))
            return value
        text = reader.text(entry.cells)
        if not text:
            return None
        day = self.days[table, entry.layout.table.file, column.name].day(text)
        if day is None or not fits(column, day):
            raise Unreadable(f"'{reader.use.field}' is not a date of this export's form")
        return day

    def _is_first(self, row: dict[str, str | None]) -> bool:
        """Whether this is the first row about a patient; what later ones add is put into the first.

        Raises Unreadable where they contradict each other.
        """
        known = self.patients.setdefault(row["patient_id"], row)
        if known is row:
            return True
        if any(value and known.get(name) and known[name] != value for name, value in row.items()):
            raise Unreadable(OTHER_ROW)
        known.update({name: value for name, value in row.items() if value})
        return False

    def _leave_behind(self, layout: Layout) -> None:
        """Count what was not imported, column by column; a column is named only where REDCap named it."""
        taken = {
            place
            for (_, file), readers in self.readers.items()
            if file == layout.table.file
            for reader in readers
            for place in reader.positions
        }
        structure = {0, *(layout.places[name] for name in list(OWN)[:3] if name in layout.places)}
        names = {place: name for name, place in layout.places.items()}
        for place in range(len(layout.table.header)):
            name = names.get(place, "")
            if place in taken or place in structure or name.endswith("_complete"):
                continue
            empty = ("", "0", "Unchecked") if "___" in name else ("",)
            cells = sum(row[place].strip() not in empty for _, row in layout.table.rows)
            shown = name if self.dictionary is not None and name else f"column {place + 1}"
            self.tally.dropped(layout.table.file, shown, self._why_left(name), cells)

    def _why_left(self, name: str) -> str:
        if name in OWN:
            return "says where a record belongs"
        found = self.dictionary.by_name.get(name.partition("___")[0]) if self.dictionary else None
        if found is None:
            return "not named for import"
        if found.identifier:
            return FLAGGED
        if found.reaches_somebody:
            return "a way to reach somebody"
        return "free text" if found.is_free_text else "not named for import"

    def _frame(self, table: str, rows: Sequence[Mapping[str, str | None]]) -> pd.DataFrame:
        import pandas as pd

        named = {use.column.name for use in self.fields.of(table)} | {"patient_id"}
        columns = [column.name for column in TABLES[table].columns if column.name in named]
        return pd.DataFrame(
            [[row.get(name) for name in columns] for row in rows], columns=columns, dtype=object
        )


IMPORTER = RedCap()
