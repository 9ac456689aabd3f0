"""OpenEMR: its calendar, the table `openemr_postcalendar_events`, from its database or a text copy of it.

An appointment took place where its status says that the patient was there: arrived, arrived late, in the exam
room, checked out, or with its coding done, which comes after. A clinic that has changed the list of statuses
says which count. Days are the clinic's own, as OpenEMR keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

NEEDED = ("pc_eid", "pc_pid", "pc_eventdate", "pc_apptstatus")
FURTHER = ("pc_aid", "pc_catid", "pc_recurrtype")
#: What identifies somebody or is free text.
PERSONAL: Mapping[str, str] = {
    "pc_title": "free text",
    "pc_hometext": "free text",
    "pc_location": "free text",
    "pc_informant": "who made the entry",
    "pc_conttel": "a telephone number",
    "pc_contname": "a name",
    "pc_contemail": "an e-mail address",
    "pc_website": "an address on the internet",
    "uuid": "an identifier",
}
#: The list of statuses that OpenEMR comes with (`list_options`, list `apptstat`): what each says of attendance.
ATTENDED = ("@", "~", "<", ">", "$")
NOT_ATTENDED: Mapping[str, str] = {
    "-": "no status was set",
    "": "no status was set",
    "*": "only a reminder was sent",
    "+": "only the chart was pulled",
    "x": "cancelled",
    "%": "cancelled within 24 hours",
    "?": "the patient did not come",
    "!": "the patient left without being seen",
    "#": "a question of insurance or payment is open; whether the session took place is not recorded",
    "^": "still to be confirmed",
    "&": "moved to another time",
    "EMAIL": "only confirmed by e-mail",
    "SMS": "only confirmed by text message",
    "AVM": "only confirmed by voice message",
    "CALL": "only called",
}
UNKNOWN = "a status that OpenEMR does not come with; if it means attended, name it: --option attended=…"
NO_DATE = "no readable date"
SERIES = "a repeating series, whose single days and attendance are not recorded"
_NULL = ("NULL", "\\N")


class OpenEmr:
    """The importer. Options: `types` (pc_catid), `attended` (statuses), `database` (an address)."""

    name = "openemr"
    title = "OpenEMR: the calendar in its database (MySQL), or a CSV copy of it"
    confidence = "A"
    one_patient = False

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        """Read the table. Raises InvalidRecords, FileProblem, PlanError."""
        options = known_options(settings, "openemr", ("types", "attended", "database"))
        patient_pseudonym(settings, "OpenEMR")
        attended = listed(options.get("attended", ""), ", ") or ATTENDED
        if bool(files) == bool(options.get("database")):
            raise PlanError("Give either a CSV copy of OpenEMR's calendar or the option database=ADDRESS.")
        if files:
            tables = [
                table_of(file, read_text(path), _is_calendar, "OpenEMR's calendar")
                for file, path in zip(file_labels(files), files, strict=True)
            ]
        else:
            from outcomes.records.importers.openemr_server import calendar_in

            tables = [calendar_in(options["database"], NEEDED, FURTHER)]
        tally = Tally()
        appointments: list[Appointment] = []
        for table in tables:
            appointments += _appointments(table, settings, attended, tally)
        return sessions(appointments, settings, tally, listed(options.get("types", "")), "OpenEMR")


def _is_calendar(header: Sequence[str]) -> bool:
    return {cell.lower() for cell in header} >= set(NEEDED)


def _appointments(
    table: DelimitedTable, settings: ImportSettings, attended: Sequence[str], tally: Tally
) -> list[Appointment]:
    names = [cell.lower() for cell in table.header]
    if len(set(names)) < len(names):
        raise InvalidRecords([f"{table.file}: two columns have the same name. Export the table again."])
    rows = [(row, dict(zip(names, map(_cell, cells), strict=True))) for row, cells in table.rows]
    days = day_reader((cells["pc_eventdate"] for _, cells in rows), settings, table.file)
    _leave_behind(table.file, names, rows, tally)
    found = []
    for row, cells in rows:
        day = days.day(cells["pc_eventdate"])
        no_patient = cells["pc_pid"] in ("", "0")
        found.append(
            Appointment(
                table.file,
                row,
                cells["pc_eid"],
                cells["pc_pid"],
                cells.get("pc_aid", ""),
                cells.get("pc_catid", ""),
                day or "",
                _why_not(cells, day, attended),
                # Without a patient it is the practitioner's own time: a break, a holiday.
                beside=no_patient,
            )
        )
    return found


def _cell(text: str) -> str:
    text = text.strip()
    return "" if text in _NULL else text


def _why_not(cells: Mapping[str, str], day: str | None, attended: Sequence[str]) -> str:
    status = cells["pc_apptstatus"]
    if status not in attended:
        return NOT_ATTENDED.get(status, UNKNOWN if status not in ATTENDED else "a status that was not named")
    if cells.get("pc_recurrtype", "") not in ("", "0"):
        return SERIES
    if not cells["pc_eid"]:
        return "no number of the appointment"
    return "" if day else NO_DATE


def _leave_behind(
    file: str, names: Sequence[str], rows: Sequence[tuple[int, Mapping[str, str]]], tally: Tally
) -> None:
    read = {*NEEDED, *FURTHER}
    for position, name in enumerate(names, start=1):
        if name in read:
            continue
        cells = sum(bool(row[name]) for _, row in rows)
        if name in PERSONAL:
            tally.dropped(file, name, PERSONAL[name], cells)
        elif not name.startswith("pc_"):
            tally.dropped(file, f"column {position}", "not part of the table", cells)


IMPORTER = OpenEmr()
