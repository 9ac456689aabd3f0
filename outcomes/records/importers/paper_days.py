"""The layout of our printable diary: a row per day, one box for no headache and one for headache."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.paper_sheets import PaperDay, Sheet, number, ticked
from outcomes.records.importers.times import proven_order, read_date

#: Headings as they may be typed → what they are.
_HEADINGS: Mapping[str, str] = {
    "date": "date",
    "day": "day",
    "no headache": "none",
    "headache": "headache",
    "worst intensity": "intensity",
    "worst of the day": "intensity",
    "worst": "intensity",
    "intensity": "intensity",
    "hours": "hours",
    "tablets": "tablets",
    "doses": "tablets",
    # The boxes under "Medicine for headache".
    "no": "without medicine",
    "yes": "with medicine",
}
_ENTRIES = ("none", "headache", "intensity", "hours", "tablets", "without medicine", "with medicine")
#: Titles and names of groups of columns may stand above the heading.
_HEADING_WITHIN = 6


def is_day_sheet(sheet: Sheet) -> bool:
    """Whether one of the first rows is a heading of this layout."""
    return _heading(sheet) is not None


def _heading(sheet: Sheet) -> int | None:
    for position, row in enumerate(sheet.rows[:_HEADING_WITHIN]):
        names = {_name(cell) for cell in row}
        if {"none", "headache"} <= names and {"date", "day"} & names:
            return position
    return None


def _name(written: str) -> str | None:
    return _HEADINGS.get(" ".join(written.replace("_", " ").split()).casefold())


def _columns(sheet: Sheet, heading: Sequence[str]) -> dict[str, int]:
    at: dict[str, int] = {}
    for position, written in enumerate(heading):
        name = _name(written)
        if name is None:
            continue
        if name in at:
            raise InvalidRecords([f"{sheet.file}: two columns are headed '{name}'. Keep one of them."])
        at[name] = position
    return at


def read_day_sheet(sheet: Sheet, settings: ImportSettings, tally: Tally) -> list[PaperDay]:
    """The days of one sheet on which something is written."""
    first = _heading(sheet) or 0
    heading = sheet.rows[first]
    at = _columns(sheet, heading)
    order = proven_order(sheet.file, [_cell(row, at, "date") for row in sheet.rows], settings)
    by_number = "date" not in at
    shift = _shift(sheet, settings) if by_number else None
    days: list[PaperDay] = []
    for position, row in enumerate(sheet.rows[first + 1 :], start=first + 2):
        if not any(row):
            continue
        tally.came_in()
        _leave_out(sheet, heading, row, set(at.values()), tally)
        if not any(_cell(row, at, name) for name in _ENTRIES):
            # A printed day that nobody filled in.
            tally.beside()
            continue
        day = _numbered(row, at, shift) if by_number else _dated(row, at, order)
        if not day:
            tally.not_read(sheet.file, "the day is not one", position)
            continue
        cells, unclear = _entries({name: _cell(row, at, name) for name in _ENTRIES})
        days.append(PaperDay(sheet.file, position, day, cells, unclear, by_number and shift is None))
    return days


def _cell(row: Sequence[str], at: Mapping[str, int], name: str) -> str:
    position = at.get(name)
    return row[position].strip() if position is not None and position < len(row) else ""


def _leave_out(
    sheet: Sheet, heading: Sequence[str], row: Sequence[str], read: set[int], tally: Tally
) -> None:
    for position, cell in enumerate(row):
        if cell and position not in read:
            headed = position < len(heading) and heading[position]
            why = "not a column of the diary" if headed else "written beside the diary"
            tally.dropped(sheet.file, f"column {position + 1}", why, 1)


def _shift(sheet: Sheet, settings: ImportSettings) -> dt.date | None:
    """The date of the day numbered 1; None where days are said to count from the first session."""
    if settings.options.get("day") == "from_first_session":
        return None
    text = settings.options.get("first_date", "")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        if text:
            raise PlanError("The option first_date takes a date written YYYY-MM-DD.") from None
    raise InvalidRecords(
        [
            f"{sheet.file}: days are numbered and have no date. Say when day 1 was: --option first_date=YYYY-MM-DD; or "
            "that day 0 is the first session: --option day=from_first_session."
        ]
    )


def _numbered(row: Sequence[str], at: Mapping[str, int], first: dt.date | None) -> str:
    text = _cell(row, at, "day")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4):
        return ""
    if first is None:
        return str(int(text))
    # A printed sheet counts from 1 to 28: 0 or a number below is no day of it.
    return (first + dt.timedelta(days=int(text) - 1)).isoformat() if int(text) >= 1 else ""


def _dated(row: Sequence[str], at: Mapping[str, int], order: str) -> str:
    date = read_date(_cell(row, at, "date"), order)
    return date.isoformat() if date else ""


def _entries(written: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The cells of one day, or why it cannot be used."""
    none, headache = ticked(written["none"]), ticked(written["headache"])
    if none is None or headache is None:
        return {}, "a box holds something that is neither a tick nor empty"
    values = {
        name: number(written[name], most)
        for name, most in (("intensity", 10), ("hours", 24), ("tablets", 50))
    }
    if any(written[name] and value is None for name, value in values.items()):
        return (
            {},
            "the intensity (0 to 10), the hours (0 to 24) or the tablets (0 to 50) are not such a number",
        )
    if none and headache:
        return {}, "both boxes are ticked"
    if not none and not headache:
        return {}, "neither box is ticked, though something else is written"
    if none and ((values["intensity"] or 0) > 0 or (values["hours"] or 0) > 0):
        return {}, "'no headache' is ticked beside an intensity or hours above 0"
    if headache and values["intensity"] == 0:
        return {}, "'headache' is ticked beside an intensity of 0"
    taken, unclear = _medicine(written, values["tablets"])
    if unclear:
        return {}, unclear
    cells = {"headache": "yes" if headache else "no"}
    if headache:
        cells |= _text("intensity", values["intensity"]) | _text("duration_hours", values["hours"])
    return cells | taken, ""


def _medicine(written: Mapping[str, str], tablets: float | None) -> tuple[dict[str, str], str]:
    """Yes or no by its own boxes or the number of tablets; nothing where neither is filled in."""
    no, yes = ticked(written["without medicine"]), ticked(written["with medicine"])
    if no is None or yes is None:
        return {}, "a box for medicine holds something that is neither a tick nor empty"
    yes, no = yes or (tablets or 0) > 0, no or tablets == 0
    if yes and no:
        return {}, "the boxes for medicine and the number of tablets say different things"
    if not yes and not no:
        return {}, ""
    return {"acute_medication": "yes" if yes else "no"} | _text("acute_doses", tablets), ""


def _text(name: str, value: float | None) -> dict[str, str]:
    return {} if value is None else {name: f"{value:.2f}".rstrip("0").rstrip(".")}
