"""The layout of the paper calendar: rows for the parts of the day, a column for each day of one month."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.medication import read_medication
from outcomes.records.importers.paper_sheets import PaperDay, Sheet, number

_PARTS = ("morning", "afternoon", "evening")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_NOT_READ = {
    "relief": "relief by a medicine, which the diary does not have",
    "preventive": "preventive medicine, which the diary does not have",
}


@dataclass(frozen=True)
class _Grid:
    """Where the days stand, the three rows of pain, and the rows of acute medicine with their classes."""

    columns: Mapping[int, int]
    pain: tuple[Sequence[str], ...]
    medicine: tuple[tuple[frozenset[str], Sequence[str]], ...]


def is_month_sheet(sheet: Sheet) -> bool:
    """Whether the sheet has the three rows of pain under a row of day numbers."""
    return _day_row(sheet) is not None and all(_pain_row(sheet, part) is not None for part in _PARTS)


def _day_row(sheet: Sheet) -> int | None:
    for position, row in enumerate(sheet.rows):
        if _days_of(row):
            return position
    return None


def _days_of(row: Sequence[str]) -> dict[int, int]:
    """Column → day of the month, where a row counts days 1, 2, 3, … from its second column."""
    cells = [cell.strip() for cell in row[1:]]
    days = {
        place: int(cell) for place, cell in enumerate(cells, start=1) if re.fullmatch(r"[0-9]{1,2}", cell)
    }
    counted = list(days.values())
    return days if len(days) >= 28 and counted == list(range(1, len(days) + 1)) and len(days) <= 31 else {}


def _label(row: Sequence[str]) -> str:
    return " ".join(row[0].split()).casefold() if row else ""


def _pain_row(sheet: Sheet, part: str) -> int | None:
    found = [position for position, row in enumerate(sheet.rows) if _label(row).startswith(part)]
    return found[0] if len(found) == 1 else None


def read_month_sheet(sheet: Sheet, settings: ImportSettings, tally: Tally, *, only: bool) -> list[PaperDay]:
    """The days of one month on which something is written; the n-th row of a message is the n-th day."""
    year, month = _month(sheet, settings, only=only)
    grid = _grid(sheet, tally)
    days: list[PaperDay] = []
    for column, day in sorted(grid.columns.items(), key=lambda item: item[1]):
        pain = [_cell(row, column) for row in grid.pain]
        tablets = [(classes, _cell(row, column)) for classes, row in grid.medicine]
        if not any(pain) and not any(cell for _, cell in tablets):
            continue
        tally.came_in()
        try:
            date = dt.date(year, month, day)
        except ValueError:
            tally.not_read(sheet.file, "the month does not have that day", day)
            continue
        cells, unclear = _entries(pain, tablets)
        days.append(PaperDay(sheet.file, day, date.isoformat(), cells, unclear))
    return days


def _month(sheet: Sheet, settings: ImportSettings, *, only: bool) -> tuple[int, int]:
    """The month that the sheet is named for, or the option for a single sheet."""
    given = settings.options.get("month", "")
    if given and not _MONTH.fullmatch(given):
        raise PlanError("The option month takes a month written YYYY-MM.")
    found = _MONTH.fullmatch(sheet.name.strip()) or (_MONTH.fullmatch(given) if only else None)
    if found is None:
        raise InvalidRecords(
            [
                f"{sheet.file}: a calendar without its month. Name each sheet for its month, YYYY-MM, or for a single "
                "sheet give --option month=YYYY-MM."
            ]
        )
    return int(found[1]), int(found[2])


def _grid(sheet: Sheet, tally: Tally) -> _Grid:
    head = _day_row(sheet)
    pain = [_pain_row(sheet, part) for part in _PARTS]
    if head is None or None in pain:
        raise InvalidRecords([f"{sheet.file}: not a calendar of a paper diary."])
    columns = _days_of(sheet.rows[head])
    medicine: list[tuple[frozenset[str], Sequence[str]]] = []
    preventive = False
    for position, row in enumerate(sheet.rows):
        if position <= max(head, *(place for place in pain if place is not None)):
            continue
        filled = sum(bool(_cell(row, column)) for column in columns)
        preventive |= "prevent" in _label(row)
        if not filled:
            continue
        if preventive or _label(row).startswith("relief"):
            what = "preventive" if preventive else "relief"
            tally.dropped(sheet.file, f"row {position + 1}", _NOT_READ[what], filled)
        else:
            known = read_medication([_label(row)], None)
            medicine.append((known.classes if known else frozenset(("other",)), row))
    rows = tuple(sheet.rows[place] for place in pain if place is not None)
    return _Grid(columns, rows, tuple(medicine))


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _entries(
    pain: Sequence[str], tablets: Sequence[tuple[frozenset[str], str]]
) -> tuple[dict[str, str], str]:
    """The cells of one day, or why it cannot be used."""
    levels = [number(cell, 10) for cell in pain]
    counts = [(classes, number(cell, 50)) for classes, cell in tablets]
    if any(cell and level is None for cell, level in zip(pain, levels, strict=True)):
        return {}, "a level of pain is not a number from 0 to 10"
    if any(cell and count is None for (_, cell), (_, count) in zip(tablets, counts, strict=True)):
        return {}, "a number of tablets is not one from 0 to 50"
    known = [level for level in levels if level is not None]
    if not known:
        return {}, "tablets are written, and no level of pain"
    if max(known) == 0 and len(known) < len(levels):
        return (
            {},
            "a part of the day is written as 0 and another is blank, so the day is not known to be free",
        )
    cells = {"headache": "yes" if max(known) > 0 else "no"}
    if max(known) > 0:
        cells["intensity"] = _text(max(known))
    return cells | _medicine(counts), ""


def _medicine(counts: Sequence[tuple[frozenset[str], float | None]]) -> dict[str, str]:
    """Yes if a tablet is written. No only where every medicine has an explicit 0; a blank says nothing."""
    known = [(classes, count) for classes, count in counts if count is not None]
    total = sum(count for _, count in known)
    if total > 50:
        return {"acute_medication": "yes"}
    if total > 0:
        classes = sorted({name for names, count in known if count > 0 for name in names})
        return {
            "acute_medication": "yes",
            "acute_medication_class": ";".join(classes),
            "acute_doses": _text(total),
        }
    return {"acute_medication": "no", "acute_doses": "0"} if known and len(known) == len(counts) else {}


def _text(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
