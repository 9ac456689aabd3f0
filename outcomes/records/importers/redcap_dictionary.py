"""The data dictionary of a REDCap project: its fields, their choices, and which of them identify somebody.

Downloaded from the web pages or the API, the columns are the same under other names. What the dictionary says
of a field is what proves its codes; labels are compared with and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from outcomes.errors import InvalidRecords
from outcomes.records.importers.delimited import DelimitedTable

#: Name of the API → name of the web pages.
COLUMNS: Mapping[str, str] = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "section_header": "Section Header",
    "field_type": "Field Type",
    "field_label": "Field Label",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "field_note": "Field Note",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "text_validation_min": "Text Validation Min",
    "text_validation_max": "Text Validation Max",
    "identifier": "Identifier?",
    "branching_logic": "Branching Logic (Show field only if...)",
    "required_field": "Required Field?",
    "custom_alignment": "Custom Alignment",
    "question_number": "Question Number (surveys only)",
    "matrix_group_name": "Matrix Group Name",
    "matrix_ranking": "Matrix Ranking?",
    "field_annotation": "Field Annotation",
}
#: Without these a dictionary proves nothing: least of all which fields identify somebody.
NEEDED = (
    "field_name",
    "form_name",
    "field_type",
    "field_label",
    "select_choices_or_calculations",
    "identifier",
)
_NAMES = {written.casefold(): name for name, written in COLUMNS.items()} | {name: name for name in COLUMNS}

VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,99}")
#: A code of a choice that may stand in a message: short, and without anything that looks like a text.
PLAIN_CODE = re.compile(r"-?[A-Za-z0-9_.]{1,12}")
CHOOSING = ("radio", "dropdown", "checkbox", "yesno", "truefalse")
#: Types of field that hold no data.
SILENT = ("descriptive",)
_FIXED = {"yesno": (("1", "Yes"), ("0", "No")), "truefalse": (("1", "True"), ("0", "False"))}


@dataclass(frozen=True)
class Field:
    """One field of the project. `choices` are (code, label) in the dictionary's order."""

    name: str
    form: str
    kind: str
    label: str
    choices: tuple[tuple[str, str], ...]
    validation: str = ""
    lowest: str = ""
    highest: str = ""
    identifier: bool = False

    @property
    def is_date(self) -> bool:
        return self.validation.startswith(("date_", "datetime_"))

    @property
    def is_free_text(self) -> bool:
        """Whether anything may be written into it."""
        return self.kind in ("notes", "file") or (self.kind == "text" and not self.validation)

    @property
    def reaches_somebody(self) -> bool:
        return self.validation in ("email", "phone", "phone_australia", "zipcode", "postalcode_canada", "ssn")

    def columns(self) -> tuple[str, ...]:
        """The columns of a raw export that hold it: one per choice for a checkbox."""
        if self.kind == "checkbox":
            return tuple(f"{self.name}___{column_code(code)}" for code, _ in self.choices)
        return () if self.kind in SILENT else (self.name,)


@dataclass(frozen=True)
class DataDictionary:
    """All fields in their order; the first is the one that numbers the records."""

    file: str
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {item.name: item for item in self.fields})

    @property
    def record_id(self) -> Field:
        return self.fields[0]

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.form for item in self.fields))


def column_code(code: str) -> str:
    """A checkbox's code as REDCap writes it into the name of a column: a minus becomes an underscore."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())


def plain_label(label: str) -> str:
    """A label as an export writes it: without markup, with single spaces."""
    return " ".join(re.sub(r"<[^>]{0,500}>", " ", label).split())


def is_dictionary(header: Sequence[str]) -> bool:
    """Whether a header is that of a data dictionary, of the web pages or of the API."""
    found = {_NAMES.get(cell.casefold()) for cell in header}
    return {"field_name", "form_name", "field_type"} <= found


def dictionary_of(table: DelimitedTable) -> DataDictionary:
    """The data dictionary in a table whose header is one. Raises InvalidRecords with every problem."""
    places: dict[str, int] = {}
    problems = []
    for position, cell in enumerate(table.header):
        name = _NAMES.get(cell.casefold())
        if name in places:
            problems.append(f"{table.file}: column {position + 1} has the name of another column.")
        if name is not None:
            places.setdefault(name, position)
    problems += [
        f"{table.file}: the data dictionary has no column '{COLUMNS[name]}'. Download it again, whole."
        for name in NEEDED
        if name not in places
    ]
    if problems:
        raise InvalidRecords(problems)
    rows = [
        (row, {name: cells[place].strip() for name, place in places.items()}) for row, cells in table.rows
    ]
    return dictionary_from(table.file, rows)


def dictionary_from(file: str, rows: Sequence[tuple[int, Mapping[str, str]]]) -> DataDictionary:
    """The dictionary from its rows, under the API's names. Raises InvalidRecords."""
    fields: list[Field] = []
    problems: list[str] = []
    seen: set[str] = set()
    for row, cells in rows:
        name = cells.get("field_name", "")
        if not VARIABLE.fullmatch(name):
            problems.append(f"{file}, row {row}: the name of the field is not one that REDCap gives.")
        elif name in seen:
            problems.append(f"{file}, row {row}: the field stands in the dictionary twice.")
        else:
            seen.add(name)
            fields.append(_field(name, cells))
    if not fields and not problems:
        problems.append(f"{file}: the data dictionary names no field. Download it again, whole.")
    if problems:
        raise InvalidRecords(problems)
    return DataDictionary(file, tuple(fields))


def _field(name: str, cells: Mapping[str, str]) -> Field:
    kind = cells.get("field_type", "").lower()
    choices: tuple[tuple[str, str], ...] = _FIXED.get(kind, ())
    if kind in ("radio", "dropdown", "checkbox"):
        choices = _choices(cells.get("select_choices_or_calculations", ""))
    return Field(
        name,
        cells.get("form_name", ""),
        kind,
        plain_label(cells.get("field_label", "")),
        choices,
        cells.get("text_validation_type_or_show_slider_number", "").lower(),
        cells.get("text_validation_min", ""),
        cells.get("text_validation_max", ""),
        cells.get("identifier", "").lower() in ("y", "yes", "1", "true"),
    )


def _choices(text: str) -> tuple[tuple[str, str], ...]:
    """`0, None | 1, Mild`: the code stands before the first comma, the label may hold further ones."""
    pairs = []
    for part in text.split("|"):
        code, _, label = part.partition(",")
        if code.strip():
            pairs.append((code.strip(), plain_label(label)))
    return tuple(pairs)
