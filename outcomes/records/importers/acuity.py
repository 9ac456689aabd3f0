"""Acuity Scheduling: its export of appointments (CSV).

The export marks what was cancelled and who did not come, and nothing says that somebody did come. An
appointment of the past that bears neither mark is taken as a session, which every import says. Clients have no
number: they are recognised by their e-mail address, or by name and telephone number, which become a pseudonym
here and go nowhere.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.accounting import Tally, file_labels
from outcomes.records.importers.appointments import (
    Appointment,
    known_options,
    listed,
    patient_pseudonym,
    sessions,
)
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.days import day_reader
from outcomes.records.importers.delimited import DelimitedTable, read_text, table_of

NEEDED = ("start time", "first name", "last name", "canceled", "appointment id")
FURTHER = ("phone", "email", "type", "calendar")
PERSONAL: Mapping[str, str] = {
    "first name": "a name",
    "last name": "a name",
    "phone": "a telephone number",
    "email": "an e-mail address",
    "notes": "free text",
    "label": "free text",
    "scheduled by": "who made the entry",
    "certificate code": "a code of the client",
}
PLAIN = {"end time", "date scheduled", "date rescheduled", "appointment price", "paid?", "amount paid online"}
CANCELLED = ("canceled", "cancelled")
AWAY = ("no-show", "no show", "noshow")

INFERRED = (
    "Acuity does not record who came. Appointments before the day of the export that are marked neither as "
    "cancelled nor as no-show were taken as sessions."
)
NOBODY = "no e-mail address, and no name with a telephone number, to recognise the client by"
SHARED = (
    "one e-mail address under different names, which may be two people; say which with "
    "--option same_email=one_person or same_email=by_name"
)
TWO_ADDRESSES = "no e-mail address, and the name and telephone number go with more than one"


class Acuity:
    """The importer. Options: `types` (by name, separated by semicolons), `exported_on`, `same_email`."""

    name = "acuity"
    title = "Acuity Scheduling: the export of appointments (CSV)"
    confidence = "B"
    one_patient = False

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        """Read the exports. Raises InvalidRecords, FileProblem, PlanError."""
        options = known_options(settings, "acuity", ("types", "exported_on", "same_email"))
        patient_pseudonym(settings, "Acuity")
        same_email = options.get("same_email", "")
        if same_email not in ("", "one_person", "by_name"):
            raise PlanError("same_email is one_person or by_name.")
        if not files:
            raise PlanError("Give the files of Acuity's export.")
        tally = Tally()
        tally.warn(INFERRED)
        until = _export_day(options.get("exported_on", ""), tally)
        rows: list[_Row] = []
        for file, path in zip(file_labels(files), files, strict=True):
            rows += _rows(table_of(file, read_text(path), _is_export, "Acuity's export"), settings, tally)
        known = _Clients(rows, same_email)
        types = tuple(_folded(kind) for kind in listed(options.get("types", ""), ";"))
        found = [_appointment(row, known, until) for row in rows]
        if any(item.beside for item in found):
            tally.warn("Appointments on or after the day of the export are still to come and were left out.")
        return sessions(found, settings, tally, types, "Acuity")


def _export_day(given: str, tally: Tally) -> dt.date:
    if given:
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
                return dt.date.fromisoformat(given)
        except ValueError:
            pass
        raise PlanError("exported_on is the day of the export, written YYYY-MM-DD.")
    tally.warn(
        "The day of the export was not given, so today's date was taken. If the export is older, appointments "
        "since then count though nobody knows whether they took place: --option exported_on=YYYY-MM-DD."
    )
    return dt.date.today()


def _is_export(header: Sequence[str]) -> bool:
    return {cell.lower() for cell in header} >= set(NEEDED)


@dataclass(frozen=True)
class _Row:
    """One row of the export; `name`, `phone` and `email` in the form in which they are compared."""

    file: str
    row: int
    number: str
    day: str
    mark: str
    kind: str
    calendar: str
    name: str
    phone: str
    email: str

    @property
    def name_and_phone(self) -> str:
        return f"{self.name}|{self.phone}" if self.name and self.phone else ""


def _rows(table: DelimitedTable, settings: ImportSettings, tally: Tally) -> list[_Row]:
    names = [cell.lower() for cell in table.header]
    places = {name: names.index(name) for name in (*NEEDED, *FURTHER) if name in names}
    if any(names.count(name) > 1 for name in places):
        raise InvalidRecords([f"{table.file}: two columns have the same name. Export it again."])
    for position, name in enumerate(names):
        cells = sum(bool(row[position].strip()) for _, row in table.rows)
        if name in PERSONAL:
            tally.dropped(table.file, table.header[position], PERSONAL[name], cells)
        elif name not in places and name not in PLAIN:
            # Forms of the clinic's own stand in further columns, under the questions that they ask.
            tally.dropped(table.file, f"column {position + 1}", "not part of the format", cells)
    days = day_reader((cells[places["start time"]] for _, cells in table.rows), settings, table.file)

    def row(number: int, cells: Sequence[str]) -> _Row:
        text = {name: cells[places[name]].strip() if name in places else "" for name in (*NEEDED, *FURTHER)}
        email = _folded(text["email"])
        return _Row(
            table.file,
            number,
            text["appointment id"],
            days.day(text["start time"]) or "",
            _folded(text["canceled"]),
            _folded(text["type"]),
            text["calendar"],
            _folded(f"{text['first name']} {text['last name']}"),
            _digits(text["phone"]),
            email if re.fullmatch(r"[^@\s]+@[^@\s]+", email) else "",
        )

    return [row(number, cells) for number, cells in table.rows]


def _folded(text: str) -> str:
    """Two spellings that differ in case, spaces or composed letters only are the same."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _digits(text: str) -> str:
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))
    return digits if len(digits) >= 5 else ""


class _Clients:
    """Who is who, as far as addresses, names and telephone numbers prove it over all files."""

    def __init__(self, rows: Sequence[_Row], same_email: str) -> None:
        self.same_email = same_email
        self.names: dict[str, set[str]] = {}
        self.emails: dict[str, set[str]] = {}
        for row in rows:
            if row.email:
                self.names.setdefault(row.email, set()).update({row.name} - {""})
                if row.name_and_phone:
                    self.emails.setdefault(row.name_and_phone, set()).add(row.email)

    def recognise(self, row: _Row) -> tuple[str, str]:
        """What stands for the client of a row, and why there is nobody where there is not."""
        email = row.email
        if not email and row.name_and_phone:
            candidates = self.emails.get(row.name_and_phone, set())
            if len(candidates) > 1:
                return "", TWO_ADDRESSES
            email = next(iter(candidates), "")
            if not email:
                return row.name_and_phone, ""
        if not email:
            return "", NOBODY
        if len(self.names.get(email, set())) > 1 and self.same_email != "one_person":
            return (f"{email}|{row.name}", "") if self.same_email == "by_name" and row.name else ("", SHARED)
        return email, ""


def _appointment(row: _Row, clients: _Clients, until: dt.date) -> Appointment:
    client, nobody = clients.recognise(row)
    to_come = bool(row.day) and row.day >= until.isoformat() and not row.mark
    return Appointment(
        row.file,
        row.row,
        row.number,
        client,
        row.calendar,
        row.kind,
        row.day,
        _why_not(row, nobody),
        beside=to_come,
    )


def _why_not(row: _Row, nobody: str) -> str:
    if row.mark in CANCELLED:
        return "cancelled"
    if row.mark in AWAY:
        return "the client did not come"
    if row.mark:
        return "a mark under Canceled that is neither canceled nor no-show"
    if not row.number:
        return "no number of the appointment"
    return nobody or ("" if row.day else "no readable start")


IMPORTER = Acuity()
