"""Cliniko: the answers of its API about individual appointments, as JSON, in one file or in one per page.

An appointment took place where Cliniko says that the patient arrived, did not stay away, and nothing was
cancelled, deleted or archived. Times are UTC, so the day depends on where the clinic is: without a time zone
nothing is read.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

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
from outcomes.records.importers.days import moment_of
from outcomes.records.importers.delimited import read_bytes
from outcomes.records.importers.times import Clock

#: Names of the list of appointments in an answer: of the endpoint today, and of the one before it.
LISTS = ("individual_appointments", "appointments")
START = ("starts_at", "appointment_start")
END = ("ends_at", "appointment_end")
CANCELLED = ("cancelled_at", "cancellation_time")

#: What the import looks at, and what says nothing about anybody.
READ = {"id", "updated_at", "did_not_arrive", "patient_arrived", "archived_at", "deleted_at"}
READ |= {"patient", "practitioner", "appointment_type", *START, *CANCELLED}
PLAIN = {"created_at", "links", "business", "patient_case", "attendees", "conflicts", "repeat_rule", *END}
PLAIN |= {"repeats", "invoice_status", "treatment_note_status", "cancellation_reason", "email_reminder_sent"}
PLAIN |= {"sms_reminder_sent", "online_booking_policy_accepted", "has_patient_appointment_notes"}
PERSONAL: Mapping[str, str] = {
    "patient_name": "a name",
    "notes": "free text",
    "cancellation_note": "free text",
    "cancellation_reason_description": "free text",
    "booking_ip_address": "an address on the internet",
    "telehealth_url": "an address on the internet",
}

NO_START = "no readable start"
NO_PATIENT = "no patient is linked"
NO_NUMBER = "no readable number of the appointment"
UNREADABLE = "a mark of attendance or cancellation is not of the form that Cliniko writes"
CANCELLED_WHY = "cancelled"
DELETED = "deleted or archived"
AWAY = "the patient did not arrive"
NOT_MARKED = "the patient is not marked as arrived"
CONTRADICTORY = "marked both as arrived and as not arrived"


class Cliniko:
    """The importer. Options: `types`, the ids of the appointment types that are needling sessions."""

    name = "cliniko"
    title = "Cliniko: appointments from its API (JSON)"
    confidence = "A"
    one_patient = False

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        """Read the answers, any number of pages. Raises InvalidRecords, FileProblem, PlanError."""
        options = known_options(settings, "cliniko", ("types",))
        patient_pseudonym(settings, "Cliniko")
        if not settings.timezone:
            raise PlanError(
                "Cliniko writes its times in UTC, so an appointment may fall on another day at the clinic. "
                "Say where the clinic is: --timezone Europe/London."
            )
        if not files:
            raise PlanError("Give the files with Cliniko's answers.")
        clock = Clock.of(settings)
        tally = Tally()
        appointments: list[Appointment] = []
        expected = 0
        for file, path in zip(file_labels(files), files, strict=True):
            items, total = _appointments_in(path)
            expected = max(expected, total)
            reader = _Reader(file, clock, tally)
            appointments += [reader.appointment(row, item) for row, item in enumerate(items, start=1)]
        held = len({item.number for item in appointments})
        if expected > held:
            tally.warn(
                f"Cliniko counts {expected} appointments and the files hold {held}. "
                "Fetch the other pages too."
            )
        return sessions(appointments, settings, tally, listed(options.get("types", "")), "Cliniko")


def _appointments_in(path: Path) -> tuple[list[Any], int]:
    """The appointments of one file, and how many there are in all where an answer says so."""
    pages = _parsed(path)
    if isinstance(pages, list) and all(isinstance(item, dict) and _list_of(item) for item in pages) and pages:
        found = [_page(page, path.name) for page in pages]
        return [item for items, _ in found for item in items], max(total for _, total in found)
    if isinstance(pages, list):
        if all(isinstance(item, dict) for item in pages) and any(_is_appointment(item) for item in pages):
            return pages, 0
    elif isinstance(pages, dict):
        if _list_of(pages):
            return _page(pages, path.name)
        if _is_appointment(pages):
            return [pages], 0
    raise InvalidRecords(
        [f"{path.name}: not an answer of Cliniko's API about individual appointments. Fetch it again."]
    )


def _list_of(page: Mapping[str, Any]) -> str:
    """Under which name a page holds its list of appointments; empty where it holds none, or two."""
    names = [name for name in LISTS if isinstance(page.get(name), list)]
    return names[0] if len(names) == 1 else ""


def _page(page: Mapping[str, Any], file: str) -> tuple[list[Any], int]:
    total = page.get("total_entries")
    counted = isinstance(total, int) and not isinstance(total, bool) and 0 <= total < 10**9
    return list(page[_list_of(page)]), total if counted and total is not None else 0


def _is_appointment(item: Mapping[str, Any]) -> bool:
    return any(name in item for name in START)


class _Refused(ValueError):
    """JSON that could be read in two ways."""


def _parsed(path: Path) -> Any:
    """The JSON of a file, strictly: no name twice in one object, no NaN. Raises InvalidRecords, FileProblem."""
    data = read_bytes(path)
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_each_name_once, parse_constant=_no_nan)
    except _Refused as error:
        raise InvalidRecords([f"{path.name}: {error} Fetch it again."]) from None
    except json.JSONDecodeError as error:
        raise InvalidRecords(
            [
                f"{path.name}, line {error.lineno}: not whole JSON, or not JSON. Fetch it again, one answer per file."
            ]
        ) from None
    except UnicodeDecodeError:
        raise InvalidRecords([f"{path.name}: not UTF-8 text. Fetch it again."]) from None
    except (RecursionError, ValueError):
        # A number of thousands of digits, or brackets a thousand deep: no answer of an API looks so.
        raise InvalidRecords([f"{path.name}: not an answer of Cliniko's API. Fetch it again."]) from None


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("an object names one of its fields twice, so it cannot be told which is true.")
    return found


def _no_nan(_: str) -> NoReturn:
    raise _Refused("holds NaN or Infinity, which no answer of an API holds.")


class _Reader:
    """Reads the appointments of one file and counts what is left behind."""

    def __init__(self, file: str, clock: Clock, tally: Tally) -> None:
        self.file, self.clock, self.tally = file, clock, tally

    def appointment(self, row: int, item: Any) -> Appointment:
        if not isinstance(item, dict):
            return Appointment(self.file, row, "", "", "", "", "", why_not="not an appointment")
        self._leave_behind(item)
        number = _number(item.get("id"))
        patient = _linked(item.get("patient"), "patients")
        date = self._date(row, item)
        why = _why_not(item)
        if not why and not date:
            why = NO_START
        if not why and not patient:
            why = NO_PATIENT
        if not number:
            why = NO_NUMBER
        return Appointment(
            self.file,
            row,
            number,
            patient,
            _linked(item.get("practitioner"), "practitioners"),
            _linked(item.get("appointment_type"), "appointment_types"),
            date,
            why,
            changed=_instant(item.get("updated_at")),
        )

    def _date(self, row: int, item: Mapping[str, Any]) -> str:
        """The day at the clinic, or nothing. Raises InvalidRecords for a time without an offset."""
        moment = _moment(_first(item, START))
        if moment is None:
            return ""
        if moment.tzinfo is None:
            raise InvalidRecords(
                [
                    f"{self.file}, appointment {row}: a time without an offset, though Cliniko writes UTC. "
                    "Which day it means cannot be told: fetch the answers again."
                ]
            )
        try:
            return moment.astimezone(self.clock.zone).date().isoformat()
        except (OverflowError, ValueError):
            return ""

    def _leave_behind(self, item: Mapping[str, Any]) -> None:
        for name, value in item.items():
            if name in READ or name in PLAIN or value is None or value in ("", [], {}):
                continue
            if name in PERSONAL:
                self.tally.dropped(self.file, name, PERSONAL[name], 1)
            else:
                self.tally.dropped(self.file, "a field that is not known", "not part of the format", 1)


def _why_not(item: Mapping[str, Any]) -> str:
    """Why an appointment was no session; empty where Cliniko says that it took place."""
    arrived, away = item.get("patient_arrived"), item.get("did_not_arrive")
    ends = [_first(item, CANCELLED), item.get("archived_at"), item.get("deleted_at")]
    if not all(mark is None or isinstance(mark, bool) for mark in (arrived, away)):
        return UNREADABLE
    if not all(end is None or isinstance(end, str) for end in ends):
        return UNREADABLE
    cancelled, archived, deleted = (bool(end) for end in ends)
    if archived or deleted:
        return DELETED
    if cancelled:
        return CANCELLED_WHY
    if arrived and away:
        return CONTRADICTORY
    if away:
        return AWAY
    # A field that is not there proves nothing: both have to be said.
    return "" if arrived and away is False else NOT_MARKED


def _first(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The field under its newer or its older name."""
    return next((item[name] for name in names if item.get(name) not in (None, "")), None)


def _number(value: Any) -> str:
    """An id, which Cliniko writes as a text today and as a number before."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value < 10**20 else ""
    return value if isinstance(value, str) and re.fullmatch(r"[0-9]{1,20}", value) else ""


def _linked(value: Any, kind: str) -> str:
    """The id at the end of a link to a patient, a practitioner or a type."""
    if not isinstance(value, dict):
        return ""
    links = value.get("links")
    address = links.get("self") if isinstance(links, dict) else None
    if not isinstance(address, str):
        return _number(value.get("id"))
    found = re.fullmatch(rf".{{0,200}}/{kind}/([0-9]{{1,20}})", address)
    return found.group(1) if found else ""


def _moment(value: Any) -> dt.datetime | None:
    return moment_of(value) if isinstance(value, str) and len(value) < 40 else None


def _instant(value: Any) -> str:
    """A time with an offset in a form whose order as text is its order in time."""
    moment = _moment(value)
    if moment is None or moment.tzinfo is None:
        return ""
    try:
        return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
    except (OverflowError, ValueError):
        return ""


IMPORTER = Cliniko()
