"""Daylio: the CSV of a mood diary, in which headache is one of the activities that a person ticks."""

from __future__ import annotations

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
from outcomes.records.importers.attacks import AttackList, diary_of
from outcomes.records.importers.bearable import HEADACHE_WORDS, day_entry
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.delimited import DelimitedTable
from outcomes.records.importers.times import proven_order, read_date

_NEEDED = ("full_date", "activities")
_LEFT_OUT = {
    "date": "the same date in words",
    "weekday": NOT_NEEDED,
    "time": NOT_NEEDED,
    "mood": NOT_NEEDED,
    "scales": NOT_NEEDED,
    "note_title": FREE_TEXT,
    "note": FREE_TEXT,
}


class Daylio:
    """Importer of the entries in which a headache activity is ticked.

    An entry without it is not a day without headache: nobody was asked. The app has no severity.
    """

    name = "daylio"
    title = "Daylio, CSV"
    confidence = "B"
    one_patient = True

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        check_choices(settings, self.name, (), words=True)
        tally, listed = Tally(), AttackList()
        words = {word.strip().casefold() for word in settings.headache_words or HEADACHE_WORDS}
        for path in files:
            table = read_app_table(path, "Daylio", _NEEDED)
            _read(table, settings, words, listed, tally)
            leave_out(table, _NEEDED, _LEFT_OUT, tally)
        refuse_without_entry(tally.rows_in - tally.out_of_scope, files[0].name)
        return tally.imported({"diary": diary_of(listed, settings, tally)})


def _read(
    table: DelimitedTable, settings: ImportSettings, words: set[str], listed: AttackList, tally: Tally
) -> None:
    at = positions(table, _NEEDED)
    order = proven_order(table.file, [cells[at["full_date"]] for _, cells in table.rows], settings)
    for number, cells in table.rows:
        tally.came_in()
        activities = {" ".join(part.split()).casefold() for part in cells[at["activities"]].split("|")}
        if not activities & words:
            tally.beside()
            continue
        date = read_date(cells[at["full_date"]], order)
        if date is None:
            tally.not_read(table.file, "the date is not one", number)
        else:
            listed.attacks.append(day_entry(table.file, number, date, None))


IMPORTER = Daylio()
