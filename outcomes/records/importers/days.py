"""The day of an entry in a clinic system's export: the local date as recorded, in an order the file proves."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.times import Clock, proven_order, read_date, read_time, refuse_mixed_offsets

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_NAMED = (
    re.compile(rf"{_MONTH} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})(?P<rest>.*)", re.ASCII),
    re.compile(rf"(?P<day>\d{{1,2}}) {_MONTH},? (?P<year>\d{{4}})(?P<rest>.*)", re.ASCII),
)
_FULL = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


@dataclass(frozen=True)
class DayReader:
    """Reads the days of one column, all in one order."""

    order: str
    clock: Clock

    def day(self, text: str) -> str | None:
        """The day as YYYY-MM-DD; None where the text is no date."""
        text = _in_figures(text)
        date = read_date(text, self.order)
        if date is not None:
            return date.isoformat()
        moment = read_time(text, self.order)
        if moment is None:
            return None
        # A time without an offset is the clinic's own: its date stands as written.
        if moment.tzinfo is None or self.clock.zone is None:
            return moment.date().isoformat()
        return moment.astimezone(self.clock.zone).date().isoformat()


def day_reader(texts: Iterable[str], settings: ImportSettings, where: str) -> DayReader:
    """The reader that the cells of one column prove. Raises InvalidRecords where they prove none, or two."""
    figures = [_in_figures(text) for text in texts]
    order = proven_order(where, figures, settings)
    refuse_mixed_offsets(where, (read_time(text, order) for text in figures))
    return DayReader(order, Clock.of(settings))


def moment_of(text: str) -> dt.datetime | None:
    """A time written year first, as an API writes it; aware where an offset stands behind."""
    return read_time(text, "") if re.match(r"[0-9]{4}-", text) else None


def _in_figures(text: str) -> str:
    """`January 5, 2026 3:00 pm` → `2026-01-05 3:00 pm`: a month by its English name leaves no doubt."""
    text = " ".join(text.split())
    for form in _NAMED:
        found = form.fullmatch(text)
        month = found["month"].lower() if found else ""
        if found and (month in _FULL or month in (*_MONTHS, "sept")):
            number = _MONTHS.index(month[:3]) + 1
            rest = re.sub(r"^(,| at)? ?", " ", found["rest"]).rstrip()
            return f"{found['year']}-{number:02}-{int(found['day']):02}{rest}"
    return text
