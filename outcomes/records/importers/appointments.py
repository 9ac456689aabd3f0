"""What the appointment systems share: which appointments became treatment sessions, and whose.

An appointment that did not take place is not a session. Each system says so in its own fields; what follows
from there is the same for all: one appointment counts once, patients and practitioners become pseudonyms, and
of the types of appointment only those the clinic names count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcomes.errors import PlanError
from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.contract import Imported, ImportSettings

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("patient_id", "date", "practitioner_id")

SAME_AGAIN = "the same appointment stands elsewhere in the export; it is counted once"
OLDER = "an older state of an appointment whose newer state stands elsewhere in the export"
NO_TYPE = "no type is recorded, so whether it was a needling session cannot be told"
CONFLICT = "the appointment stands in the export more than once, with different contents"


@dataclass(frozen=True)
class Appointment:
    """One appointment as its system tells it.

    `why_not` is why it is no session, empty for one that took place; `beside` marks what is about something
    else, such as appointments still to come. `changed` orders states of one appointment; it may be empty.
    """

    file: str
    row: int
    number: str
    patient: str
    practitioner: str
    kind: str
    date: str
    why_not: str = ""
    beside: bool = False
    changed: str = ""

    @property
    def contents(self) -> tuple[str, ...]:
        return (self.patient, self.practitioner, self.kind, self.date, self.why_not)


def patient_pseudonym(settings: ImportSettings, system: str) -> Callable[[str], str]:
    """The function that makes pseudonyms. Raises PlanError where none was given."""
    if settings.pseudonym is None:
        raise PlanError(
            f"{system} numbers its patients itself, and those numbers may not enter. "
            "Give a key for pseudonyms: --key-file FILE --domain NAME."
        )
    return settings.pseudonym


def practitioner_pseudonym(settings: ImportSettings, number: str) -> str | None:
    """The pseudonym of a practitioner, which is never that of a patient."""
    make = settings.practitioner or settings.pseudonym
    if not number or make is None:
        return None
    return make(number if settings.practitioner else f"practitioner:{number}")


def known_options(settings: ImportSettings, system: str, known: Iterable[str]) -> Mapping[str, str]:
    """The options, all of them known and all texts. Raises PlanError."""
    known = tuple(known)
    for name, value in settings.options.items():
        if name not in known or not isinstance(value, str):
            listed = ", ".join(known) or "none"
            raise PlanError(f"An option is not known to {system}. Its options: {listed}.")
    return settings.options


def listed(value: str, separators: str = ",;") -> tuple[str, ...]:
    """The parts of an option that lists several, without spaces around them and each once."""
    for mark in separators[1:]:
        value = value.replace(mark, separators[0])
    parts = [part.strip() for part in value.split(separators[0])]
    return tuple(dict.fromkeys(part for part in parts if part))


def sessions(
    appointments: list[Appointment],
    settings: ImportSettings,
    tally: Tally,
    types: tuple[str, ...],
    system: str,
) -> Imported:
    """The sessions among the appointments, as the table of the dictionary.

    Two appointments of a patient on one day are two sessions; the same appointment twice is one.
    """
    pseudonym = patient_pseudonym(settings, system)
    rows: list[tuple[str, str, str | None]] = []
    names: dict[str, str] = {}
    practitioners: dict[str, str | None] = {}
    tally.came_in(len(appointments))
    kept = _each_once(appointments, tally)
    for item in kept:
        if item.beside or (types and item.kind and item.kind not in types):
            tally.beside()
        elif types and not item.kind and not item.why_not:
            tally.not_read(item.file, NO_TYPE, item.row)
        elif item.why_not:
            tally.not_read(item.file, item.why_not, item.row)
        else:
            if item.patient not in names:
                names[item.patient] = pseudonym(item.patient)
            if item.practitioner not in practitioners:
                practitioners[item.practitioner] = practitioner_pseudonym(settings, item.practitioner)
            rows.append((names[item.patient], item.date, practitioners[item.practitioner]))
            tally.used()
    _warn_of_types(kept, types, tally)
    if not rows:
        tally.warn("No appointment took place as a session, so there is nothing to count.")
    return tally.imported({"sessions": _frame(rows)})


def _frame(rows: list[tuple[str, str, str | None]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _each_once(appointments: list[Appointment], tally: Tally) -> list[Appointment]:
    """One state of each appointment: the newest where the export tells, none where it contradicts itself."""
    states: dict[str, list[Appointment]] = {}
    for item in appointments:
        states.setdefault(item.number or f"{item.file}\0{item.row}", []).append(item)
    kept = []
    for several in states.values():
        newest = max(item.changed for item in several)
        current = [item for item in several if item.changed == newest]
        for item in several:
            if item.changed != newest:
                tally.not_read(item.file, OLDER, item.row)
        if len({item.contents for item in current}) > 1:
            for item in current:
                tally.not_read(item.file, CONFLICT, item.row)
            continue
        kept.append(current[0])
        for item in current[1:]:
            tally.not_read(item.file, SAME_AGAIN, item.row)
    return kept


def _warn_of_types(kept: list[Appointment], types: tuple[str, ...], tally: Tally) -> None:
    took_place = {item.kind for item in kept if not item.why_not and not item.beside}
    if not types:
        tally.warn(
            f"Appointments of every type were counted as sessions ({len(took_place)} "
            f"type{'s' if len(took_place) != 1 else ''} took place). If some are not needling, name those that "
            "are: --option types=…"
        )
        return
    found = {item.kind for item in kept}
    for position, kind in enumerate(types, start=1):
        if kind not in found:
            tally.warn(f"Option types: no appointment is of the type named in position {position}.")
