"""Dates and times of exports: which order a file proves, what an offset means, and hours across a change of clock.

Nothing is guessed: a date that could be two days stops the import and asks, and a time that the clocks of the
patient's time zone never showed, or showed twice, is not read.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.contract import ImportSettings

DAY_FIRST = "DD/MM/YYYY"
MONTH_FIRST = "MM/DD/YYYY"

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_OFFSET = r"(?: ?(?P<offset>Z|[+-]\d{2}:?\d{2}))?"
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}})(?:(?:T|,? ){_TIME}{_OFFSET})?",
    re.ASCII,
)
_YEAR_LAST = re.compile(
    rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d{{2}})(?:,? {_TIME}{_OFFSET})?",
    re.ASCII,
)
_TIME_ONLY = re.compile(_TIME, re.ASCII)
#: No diary app or grid of ours is older; a date outside is a slip or a placeholder.
_YEARS = range(1990, 2101)


class UnreadableTime(ValueError):
    """A time that stands for no moment, or for two; the text says why and holds no value."""


def proven_order(file: str, texts: Iterable[str], settings: ImportSettings) -> str:
    """The order of day and month in all dates of one file.

    A day above 12 proves it. Without proof `settings.dates` decides; without that, dates that could be two
    days stop the import. Raises InvalidRecords, also where the file proves both or contradicts the settings.
    """
    if settings.dates not in ("", DAY_FIRST, MONTH_FIRST):
        raise PlanError(f"--dates takes {DAY_FIRST} or {MONTH_FIRST}.")
    day_first = month_first = either = 0
    for text in texts:
        found = _YEAR_LAST.fullmatch(_tidy(text))
        if not found:
            continue
        one, two = int(found["one"]), int(found["two"])
        day_first += one > 12 >= two
        month_first += two > 12 >= one
        either += one <= 12 and two <= 12 and one != two
    if day_first and month_first:
        raise InvalidRecords(
            [
                f"{file}: {day_first} dates can only be day first and {month_first} can only be month first. Two "
                "exports may have been put together: import them one by one."
            ]
        )
    proven = DAY_FIRST if day_first else MONTH_FIRST if month_first else ""
    if proven and settings.dates and proven != settings.dates:
        raise InvalidRecords([f"{file}: the dates are written {proven}, and --dates says {settings.dates}."])
    if not proven and not settings.dates and either:
        raise InvalidRecords(
            [
                f"{file}: no date has a day above 12, so day and month cannot be told apart ({either} dates). Say "
                f"how the phone writes dates: --dates {DAY_FIRST} or --dates {MONTH_FIRST}."
            ]
        )
    return proven or settings.dates or DAY_FIRST


def read_time(text: str, order: str) -> dt.datetime | None:
    """A date with its time; aware where an offset stands behind. None where it is not one."""
    found = _matched(text)
    if found is None or found["hour"] is None:
        return None
    date, time = _date(found, order), _clock_time(found)
    if date is None or time is None:
        return None
    moment = dt.datetime.combine(date, time)
    return moment.replace(tzinfo=_offset(found["offset"])) if found["offset"] else moment


def read_date(text: str, order: str) -> dt.date | None:
    """A date without a time. None where it is not one."""
    found = _matched(text)
    if found is None or found["hour"] is not None:
        return None
    return _date(found, order)


def read_time_of_day(text: str) -> dt.time | None:
    """A time without its date. None where it is not one."""
    found = _TIME_ONLY.fullmatch(_tidy(text))
    return _clock_time(found) if found else None


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _matched(text: str) -> re.Match[str] | None:
    tidy = _tidy(text)
    return _YEAR_FIRST.fullmatch(tidy) or _YEAR_LAST.fullmatch(tidy)


def _date(found: re.Match[str], order: str) -> dt.date | None:
    parts = found.groupdict()
    year = int(parts["year"])
    if "one" in parts:
        year += 2000 if len(parts["year"]) == 2 else 0
        one, two = int(parts["one"]), int(parts["two"])
        day, month = (one, two) if order == DAY_FIRST else (two, one)
    else:
        day, month = int(parts["day"]), int(parts["month"])
    if year not in _YEARS:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _clock_time(found: re.Match[str]) -> dt.time | None:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    try:
        return dt.time(hour, minute, second)
    except ValueError:
        return None


def _offset(text: str) -> dt.timezone | None:
    if text == "Z":
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    shift = dt.timedelta(hours=min(hours, 23), minutes=minutes % 60)
    return dt.timezone(-shift if text[0] == "-" else shift)


@dataclass(frozen=True)
class Clock:
    """The clock a patient lives by: local times become moments, and moments local times.

    With a time zone, local times are those of the zone. Without one, a time with an offset keeps it, and a
    time without one is taken as written, which is right but on the two days a year on which clocks change.
    `fold` says which of two hours is meant when the clock shows an hour twice: 0 the first, 1 the second.
    """

    zone: zoneinfo.ZoneInfo | None
    fold: int | None

    @classmethod
    def of(cls, settings: ImportSettings) -> Clock:
        """The clock of the settings. Raises PlanError."""
        fold = settings.options.get("fold")
        if fold not in (None, "first", "second"):
            raise PlanError("The option fold takes first or second.")
        return cls(_zone(settings.timezone), None if fold is None else int(fold == "second"))

    def moment(self, time: dt.datetime) -> dt.datetime:
        """An aware time, whose date is the patient's. Raises UnreadableTime."""
        if time.tzinfo is not None:
            return time.astimezone(self.zone) if self.zone else time
        if self.zone is None:
            return time.replace(tzinfo=dt.UTC)
        local = time.replace(tzinfo=self.zone)
        if local.astimezone(dt.UTC).astimezone(self.zone).replace(tzinfo=None) != time:
            raise UnreadableTime("the time was left out when the clocks went forward")
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            if self.fold is None:
                raise UnreadableTime(
                    "the clock showed that time twice when it went back; --option fold=first or fold=second says which"
                )
            return local.replace(fold=self.fold)
        return local


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    if not name:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        raise PlanError("--timezone takes a name such as Europe/London.") from None


def refuse_mixed_offsets(file: str, times: Iterable[dt.datetime | None]) -> None:
    """Times with and without an offset in one file are not comparable. Raises InvalidRecords."""
    kinds = {time.tzinfo is not None for time in times if time is not None}
    if len(kinds) > 1:
        raise InvalidRecords(
            [f"{file}: some times have an offset from UTC and some have none. Export it again in one form."]
        )
