"""The paper diary, typed: a row per day as our printable diary has it, or a column per day of the month.

Paper asks about every day, so a day that says "no headache" is one. A day about which nothing is written is
not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from outcomes.errors import InvalidRecords
from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.app_tables import check_choices, refuse_without_entry
from outcomes.records.importers.attacks import table_of_days
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.medication import empty_means
from outcomes.records.importers.paper_days import is_day_sheet, read_day_sheet
from outcomes.records.importers.paper_month import is_month_sheet, read_month_sheet
from outcomes.records.importers.paper_sheets import PaperDay, read_sheets

_CONFLICT = "two entries for this day say different things; neither is used"
_REPEAT = "the same day is entered before with the same entries; it counts once"


class PaperGrid:
    """Importer of a typed paper diary: workbook (.xlsx, .xls, .ods) or CSV."""

    name = "paper_grid"
    title = "A paper diary typed into a workbook or CSV"
    confidence = "A"
    one_patient = True

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        check_choices(settings, self.name, ("sheet", "month", "first_date", "day", "empty_medication"))
        tally = Tally()
        sheets = [sheet for path in files for sheet in read_sheets(path, settings)]
        grids = [sheet for sheet in sheets if is_day_sheet(sheet) or is_month_sheet(sheet)]
        if not grids:
            raise InvalidRecords(
                [
                    f"{files[0].name}: no sheet of a paper diary. It has a row per day with 'date', 'no headache' and "
                    "'headache', or rows 'morning', 'afternoon', 'evening' with a column per day of the month."
                ]
            )
        days: list[PaperDay] = []
        for sheet in grids:
            if is_day_sheet(sheet):
                days += read_day_sheet(sheet, settings, tally)
            else:
                days += read_month_sheet(sheet, settings, tally, only=len(grids) == 1)
        refuse_without_entry(len(days), files[0].name)
        key = "day" if days[0].key_is_day else "date"
        if any(day.key_is_day != days[0].key_is_day for day in days):
            raise InvalidRecords([f"{files[0].name}: some sheets have dates and some day numbers. Use one."])
        rows = _settled(days, settings, tally)
        if empty_means(settings) and any("acute_medication" in row for row in rows.values()):
            for row in filter(None, rows.values()):
                row.setdefault("acute_medication", "no")
        return tally.imported({"diary": table_of_days(rows, settings.patient, key)})


def _settled(days: Sequence[PaperDay], settings: ImportSettings, tally: Tally) -> dict[str, dict[str, str]]:
    """One row per day. Entries that differ are not used; a repeat counts once."""
    by_day: dict[str, list[PaperDay]] = {}
    for day in sorted(days, key=lambda one: (one.file, one.row)):
        by_day.setdefault(day.day, []).append(day)
    rows: dict[str, dict[str, str]] = {}
    for name, entries in by_day.items():
        if any(entry.cells != entries[0].cells or entry.unclear for entry in entries):
            for entry in entries:
                tally.not_read(entry.file, entry.unclear or _CONFLICT, entry.row)
            if settings.recorded_from is not None:
                # In a declared span an absent day counts as headache-free; this one was not.
                rows[name] = {}
            continue
        tally.used()
        rows[name] = dict(entries[0].cells)
        for entry in entries[1:]:
            tally.not_read(entry.file, _REPEAT, entry.row)
    return rows


IMPORTER = PaperGrid()
