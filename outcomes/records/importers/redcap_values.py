"""How the cells of one REDCap field become the values of our column, in one export."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from outcomes.errors import InvalidRecords
from outcomes.records.importers.forms import fits
from outcomes.records.importers.redcap_dictionary import DataDictionary, Field, column_code
from outcomes.records.importers.redcap_fields import FieldMap, Use
from outcomes.records.importers.redcap_layout import Layout

_TICKED = ("1", "checked")
_EMPTY_BOX = ("", "0", "unchecked")
_COMPLETE = ("2", "complete")
_BEGUN = ("1", "2", "unverified", "complete")


class Unreadable(ValueError):
    """A cell that does not fit; the text says why, without the cell."""


class CellReader:
    """Reads one field in one export. Raises InvalidRecords where the export as a whole cannot be understood."""

    def __init__(self, use: Use, layout: Layout, dictionary: DataDictionary | None, fields: FieldMap) -> None:
        self.use, self.layout = use, layout
        self.found = dictionary.by_name.get(use.field) if dictionary else None
        self.missing = fields.missing
        self.boxes = layout.boxes(use.field) if use.checkbox or dictionary is None else {}
        self.place = layout.places.get(use.field)
        self._status = layout.places.get(f"{self.found.form}_complete") if self.found else None
        self._codes = {} if self.boxes else self._codes_of_cells(fields.values)
        self._labels = dict(self.found.choices) if self.found else {}
        # Which boxes mean what is settled once, since it is asked in every row.
        known = {code: self.boxes.get(column_code(code)) for code in use.codes or {}}
        self._meant = [(code, place) for code, place in known.items() if place is not None]
        self._strange = [place for place in self.boxes.values() if place not in known.values()]
        self._check_scale()

    @property
    def positions(self) -> tuple[int, ...]:
        """The columns that this field takes up."""
        own = () if self.place is None else (self.place,)
        return (*own, *self.boxes.values())

    def filled(self, cells: Sequence[str]) -> bool:
        """Whether something was entered. Boxes that nobody ticked look like a form that nobody opened."""
        if self.boxes:
            return any(cells[place].strip().lower() not in _EMPTY_BOX for place in self.boxes.values())
        return self.place is not None and cells[self.place].strip() != ""

    def begun(self, cells: Sequence[str]) -> bool:
        """Whether the form of this field is marked as begun or complete in this row."""
        return self._status is not None and cells[self._status].strip().lower() in _BEGUN

    def complete(self, cells: Sequence[str]) -> bool:
        return self._status is not None and cells[self._status].strip().lower() in _COMPLETE

    def text(self, cells: Sequence[str]) -> str:
        """The cell, empty where it is missing by a code of the project."""
        text = cells[self.place].strip() if self.place is not None else ""
        return "" if text in self.missing else text

    def value(self, cells: Sequence[str]) -> str | None:
        """The value for a column that is neither a date nor an id. Raises Unreadable."""
        if self.boxes:
            return self._ticked(cells)
        text = self.text(cells)
        if not text:
            return None
        code = self._code(text)
        if self.use.codes is not None:
            return self.use.codes.get(code) or None
        return self._number(code)

    def chosen(self, cells: Sequence[str]) -> str:
        """What was entered, as the code of the choice where there are choices. Raises Unreadable."""
        text = self.text(cells)
        return self._code(text) if text else ""

    def _code(self, text: str) -> str:
        if not self._codes:
            return text
        if text not in self._codes:
            raise Unreadable(f"'{self.use.field}' holds a value that is none of its choices")
        return self._codes[text]

    def _ticked(self, cells: Sequence[str]) -> str | None:
        """The value of a checkbox. Nothing ticked is "no" only in a form that is marked complete."""
        codes = self.use.codes or {}
        said = [codes[code] for code, place in self._meant if self._is_ticked(code, cells[place])]
        if any(cells[place].strip().lower() not in _EMPTY_BOX for place in self._strange):
            raise Unreadable(f"'{self.use.field}' has a box ticked that has no meaning yet")
        meant = set(said) - {""}
        if self.use.column.kind == "codes":
            return ";".join(code for code in self.use.column.codes if code in meant) or None
        if len(meant) > 1:
            raise Unreadable(f"'{self.use.field}' has boxes ticked that contradict each other")
        if meant:
            return meant.pop()
        return "no" if not said and self.complete(cells) else None

    def _is_ticked(self, code: str, cell: str) -> bool:
        text = cell.strip()
        if text.lower() in _EMPTY_BOX:
            return False
        if text.lower() in _TICKED or text == self._labels.get(code):
            return True
        raise Unreadable(f"'{self.use.field}' has a box that is neither ticked nor unticked")

    def _number(self, text: str) -> str:
        column = self.use.column
        number = _number(text, self.use.decimal_comma)
        if number is None:
            raise Unreadable(f"'{self.use.field}' is not a number")
        if self.use.scale is not None:
            low, high = self.use.scale
            if not low <= number <= high:
                raise Unreadable(f"'{self.use.field}' lies outside the scale that was declared")
            number = (number - low) * 10 / (high - low)
        written = f"{number * self.use.factor:.6f}".rstrip("0").rstrip(".")
        written = "0" if written == "-0" else written
        if not fits(column, written):
            raise Unreadable(f"'{self.use.field}' is not {column.rule}")
        return written

    # --- what the whole column proves --------------------------------------------------------------------

    def _texts(self) -> set[str]:
        rows = self.layout.table.rows
        place = self.place
        texts = set() if place is None else {cells[place].strip() for _, cells in rows}
        return texts - self.missing - {""}

    def _codes_of_cells(self, declared: str) -> Mapping[str, str]:
        """Cell → code: cells are codes or labels, whichever the column proves. Raises InvalidRecords."""
        codes = {code: code for code in self.use.codes or {}}
        if self.found is None or not self.found.choices:
            return codes
        codes = {code: code for code, _ in self.found.choices}
        labels, twice = _labels(self.found)
        texts = self._texts()
        as_labels = declared == "label" or (not declared and self._cells_are_labels(texts, codes, labels))
        if not as_labels:
            return codes
        if texts & twice:
            raise InvalidRecords(
                [
                    f"{self.layout.table.file}: two choices of '{self.use.field}' have the same label. "
                    "Export the raw data."
                ]
            )
        return labels

    def _cells_are_labels(self, texts: set[str], codes: Mapping[str, str], labels: Mapping[str, str]) -> bool:
        if texts <= set(codes) and texts <= set(labels):
            if all(codes[text] == labels[text] for text in texts):
                return False
            raise InvalidRecords(
                [
                    f"{self.layout.table.file}: the labels of '{self.use.field}' look like codes of other choices. "
                    "Say which the export holds: values=raw or values=label."
                ]
            )
        if texts <= set(codes):
            return False
        return texts <= set(labels) or self.layout.labels

    def _check_scale(self) -> None:
        """A number above 10 on a scale of which nothing is proven means another scale."""
        use = self.use
        if use.proven or use.codes is not None or use.column.maximum != 10:
            return
        numbers = [_number(text, use.decimal_comma) for text in self._texts()]
        if any(number is not None and number > 10 for number in numbers):
            raise InvalidRecords(
                [
                    f"{self.layout.table.file}: '{use.field}' holds numbers above 10. If its scale is another one, say "
                    f"so: {use.table}.{use.column.name}.scale=0:100."
                ]
            )


def _labels(found: Field) -> tuple[Mapping[str, str], set[str]]:
    """Label → code, and the labels that more than one code has."""
    labels: dict[str, str] = {}
    twice = set()
    for code, label in found.choices:
        if label in labels:
            twice.add(label)
        labels[label] = code
    return labels, twice


def _number(text: str, decimal_comma: bool) -> float | None:
    if decimal_comma and "." not in text:
        text = text.replace(",", ".", 1)
    if not re.fullmatch(r"[+-]?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})", text):
        return None
    return float(text)


def columns_missing(readers: Iterable[CellReader]) -> list[str]:
    """The named fields that an export does not hold, or holds in a column that cannot be told."""
    problems = []
    for reader in readers:
        name, file = reader.use.field, reader.layout.table.file
        if reader.found is not None and reader.use.checkbox:
            wanted = set(reader.found.columns())
        else:
            wanted = set() if reader.boxes else {name}
        if wanted & reader.layout.doubtful:
            problems.append(
                f"{file}: another field has the same label as '{name}'. Export with the names of the fields (raw)."
            )
        elif wanted - set(reader.layout.places):
            problems.append(f"{file}: the export does not hold '{name}', or not all of it. Export it too.")
    return problems
