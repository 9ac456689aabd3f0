"""Where the fields of a REDCap project stand in an export: under their names, or under their labels.

An export of labels is taken only where a label leaves no doubt: it belongs to one field, or the export holds
every field of that label, which REDCap then writes in the order of the data dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from outcomes.errors import InvalidRecords
from outcomes.records.importers.delimited import DelimitedTable
from outcomes.records.importers.redcap_dictionary import VARIABLE, DataDictionary, Field

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
#: REDCap's own columns and what an export of labels calls them.
OWN: Mapping[str, str] = {
    EVENT: "Event Name",
    INSTRUMENT: "Repeat Instrument",
    INSTANCE: "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}
_STATUS_LABEL = "Complete?"


@dataclass(frozen=True)
class Layout:
    """The columns of one export. `places`: name as in a raw export → position, from 0.

    `doubtful` are names whose column cannot be told, since another field has the same label.
    """

    table: DelimitedTable
    places: Mapping[str, int]
    doubtful: frozenset[str] = field(default_factory=frozenset)
    labels: bool = False

    def key(self, cells: Sequence[str]) -> tuple[str, str, str, str]:
        """What tells one row of the export from another: record, event, instrument, instance."""
        record = cells[0].strip()
        event, instrument, instance = (
            cells[self.places[name]].strip() if name in self.places else ""
            for name in (EVENT, INSTRUMENT, INSTANCE)
        )
        return record, event, instrument, instance

    def boxes(self, name: str) -> dict[str, int]:
        """The columns of a checkbox, by the code as it stands in their names."""
        start = f"{name}___"
        return {
            column.removeprefix(start): place
            for column, place in self.places.items()
            if column.startswith(start)
        }


def looks_like_records(dictionary: DataDictionary | None) -> Callable[[Sequence[str]], bool]:
    """Whether a header is that of the project's records: its first column numbers them."""

    def recognise(header: Sequence[str]) -> bool:
        if len(header) < 2:
            return False
        if dictionary is not None:
            return header[0] in (dictionary.record_id.name, dictionary.record_id.label)
        own = any(cell in OWN or cell.endswith("_complete") for cell in header)
        return own and VARIABLE.fullmatch(header[0]) is not None

    return recognise


def layout_of(table: DelimitedTable, dictionary: DataDictionary | None) -> Layout:
    """Find the columns. Raises InvalidRecords where two columns have one name."""
    twice = [n for n, cell in enumerate(table.header) if cell and cell in table.header[:n]]
    if dictionary is None:
        _refuse_twice(table, twice)
        return Layout(table, {name: n for n, name in enumerate(table.header) if VARIABLE.fullmatch(name)})
    named = _expected(dictionary)
    by_name = sum(name in table.header for name, _ in named)
    by_label = sum(label in table.header for _, label in named)
    if by_name >= by_label:
        _refuse_twice(table, twice)
        known = {name for name, _ in named}
        return Layout(table, {name: n for n, name in enumerate(table.header) if name in known})
    return _by_label(table, named)


def _refuse_twice(table: DelimitedTable, twice: Sequence[int]) -> None:
    if twice:
        raise InvalidRecords(
            [f"{table.file}: column {n + 1} has the name of another column. Export it again." for n in twice]
        )


def _expected(dictionary: DataDictionary) -> list[tuple[str, str]]:
    """Every column that an export of the whole project has, in order: its name and its label."""
    expected = list(OWN.items())
    for form in dictionary.forms:
        for item in dictionary.fields:
            if item.form == form:
                expected += zip(item.columns(), _labels(item), strict=True)
        expected.append((f"{form}_complete", _STATUS_LABEL))
    return expected


def _labels(item: Field) -> tuple[str, ...]:
    if item.kind == "checkbox":
        return tuple(f"{item.label} (choice={label})" for _, label in item.choices)
    return (item.label,) if item.columns() else ()


def _by_label(table: DelimitedTable, named: Sequence[tuple[str, str]]) -> Layout:
    of_label: dict[str, list[str]] = {}
    for name, label in named:
        of_label.setdefault(label, []).append(name)
    places: dict[str, int] = {}
    doubtful: set[str] = set()
    for label, names in of_label.items():
        found = [n for n, cell in enumerate(table.header) if " ".join(cell.split()) == label]
        if len(found) == len(names):
            places.update(zip(names, found, strict=True))
        elif found:
            doubtful.update(names)
    return Layout(table, places, frozenset(doubtful), labels=True)
