"""Bearable: the CSV of all that a person rated, one row per thing and time of day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.app_tables import (
    FREE_TEXT,
    NOT_NEEDED,
    check_choices,
    leave_out,
    positions,
    read_app_table,
    refuse_without_entry,
)
from outcomes.records.importers.attacks import SEVERITY_ORDER, Attack, AttackList, diary_of
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.delimited import DelimitedTable
from outcomes.records.importers.times import proven_order, read_date

_NEEDED = ("date formatted", "category", "detail")
_READ = _NEEDED
_LEFT_OUT = {
    "date": "the same date in words",
    "weekday": NOT_NEEDED,
    "time of day": NOT_NEEDED,
    "rating/amount": "a rating whose scale the app does not name; the word beside it is read",
    "notes": FREE_TEXT,
}
HEADACHE_WORDS = ("headache", "headaches", "migraine", "migraines")


class Bearable:
    """Importer of symptoms called headache or migraine, or as the settings name them.

    The app asks for symptoms that are there: a day without one is not a day without headache.
    """

    name = "bearable"
    title = "Bearable, CSV"
    confidence = "B"
    one_patient = True

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        check_choices(settings, self.name, (), words=True)
        tally, listed = Tally(), AttackList()
        words = {word.strip().casefold() for word in settings.headache_words or HEADACHE_WORDS}
        for path in files:
            table = read_app_table(path, "Bearable", _NEEDED)
            _read(table, settings, words, listed, tally)
            leave_out(table, _READ, _LEFT_OUT, tally)
        refuse_without_entry(tally.rows_in - tally.out_of_scope, files[0].name)
        return tally.imported({"diary": diary_of(listed, settings, tally)})


def _read(
    table: DelimitedTable, settings: ImportSettings, words: set[str], listed: AttackList, tally: Tally
) -> None:
    at = positions(table, _READ)
    order = proven_order(table.file, [cells[at["date formatted"]] for _, cells in table.rows], settings)
    other_words: list[int] = []
    unnamed = 0
    for number, cells in table.rows:
        tally.came_in()
        name, severity = _detail(cells[at["detail"]])
        symptom = cells[at["category"]].strip().casefold() in ("symptom", "symptoms")
        if not symptom or name not in words:
            tally.beside()
            if symptom and any(word in name for word in (*words, *HEADACHE_WORDS)):
                other_words.append(number)
            continue
        date = read_date(cells[at["date formatted"]], order)
        if date is None:
            tally.not_read(table.file, "the date is not one", number)
        elif severity == "none":
            why = "its severity is none; the app keeps no headache-free days, so nothing is written"
            tally.not_read(table.file, why, number)
        else:
            known = severity if severity in SEVERITY_ORDER else None
            unnamed += known is None
            listed.attacks.append(day_entry(table.file, number, date, known))
    if other_words:
        tally.warn(
            f"{table.file}: {len(other_words)} symptoms have headache in a longer name (first in row {other_words[0]}) "
            "and were not taken. Name them with --headache-word."
        )
    if unnamed:
        tally.warn(
            f"{table.file}: {unnamed} entries name no severity of mild, moderate or severe; it is left empty."
        )


def _detail(text: str) -> tuple[str, str]:
    """Name and severity of `Headache (Mild)`. No pattern: a long cell would take one minutes."""
    name, severity = text.strip(), ""
    if name.endswith(")"):
        name, _, severity = name[:-1].rpartition("(")
    return " ".join(name.split()).casefold(), severity.strip().casefold()


def day_entry(file: str, row: int, date: dt.date, severity: str | None) -> Attack:
    """An entry that says of a day that there was headache, and no more about when."""
    start = dt.datetime.combine(date, dt.time(0), tzinfo=dt.UTC)
    return Attack(file, row, start, severity=severity, timed=False)


IMPORTER = Bearable()
