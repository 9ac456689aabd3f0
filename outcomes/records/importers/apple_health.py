"""Apple Health: the headache records of export.xml, or of the export.zip that the phone makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.app_tables import check_choices, refuse_without_entry
from outcomes.records.importers.apple_records import Attributes, stream_records
from outcomes.records.importers.attacks import LONGEST, Attack, AttackList, HeadacheFree, diary_of
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.times import DAY_FIRST, Clock, UnreadableTime, read_time, refuse_mixed_offsets

_HEADACHE = "HKCategoryTypeIdentifierHeadache"
_SEVERITY = "HKCategoryValueSeverity"
_NOT_PRESENT = "NotPresent"
#: Apple's words → the dictionary's. Unspecified is a headache whose severity nobody gave, not its absence.
_SEVERITIES = {"Unspecified": None, "Mild": "mild", "Moderate": "moderate", "Severe": "severe"}
_LEFT_OUT = {
    "sourceName": "the name of a phone or an app, often with its owner's",
    "device": "a device with its serial number",
    "sourceVersion": "the version of a phone or an app",
    "creationDate": "when the entry was made",
}
_DAY = dt.timedelta(days=1)
#: The app ends a whole day a minute or a second early.
_SLACK = dt.timedelta(minutes=1)


class AppleHealth:
    """Importer of headache records; all other records are counted and passed over.

    `NotPresent` is a day that somebody recorded as free of headache; it is the one app format with such days.
    """

    name = "apple_health"
    title = "Apple Health, export.xml or export.zip"
    confidence = "A"
    one_patient = True

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        check_choices(settings, self.name, ("fold",))
        tally, clock = Tally(), Clock.of(settings)
        records: list[_Record] = []
        for path in files:
            collected = _Collected(path.name, tally)
            mended = stream_records(path, collected.element, collected.inner)
            collected.finish()
            if mended:
                tally.warn(f"{path.name}: held signs that XML does not allow; they were read as spaces.")
            records += collected.records
        refuse_without_entry(len(records), files[0].name)
        refuse_mixed_offsets(files[0].name, [time for one in records for time in (one.start, one.end)])
        listed = AttackList()
        for record in records:
            record.add_to(listed, clock, tally)
        return tally.imported({"diary": diary_of(listed, settings, tally)})


class _Record:
    """One headache record: its place among the records of the file, its times and its severity in Apple's word."""

    def __init__(self, file: str, row: int, attributes: Attributes):
        self.file, self.row = file, row
        self.start = read_time(attributes.get("startDate", ""), DAY_FIRST)
        self.end = read_time(attributes.get("endDate", ""), DAY_FIRST)
        self.severity = attributes.get("value", "").removeprefix(_SEVERITY)

    def add_to(self, listed: AttackList, clock: Clock, tally: Tally) -> None:
        why = ""
        if self.start is None or self.end is None:
            why = "its start or end is not a date with a time"
        elif self.severity != _NOT_PRESENT and self.severity not in _SEVERITIES:
            why = "its value is none of Apple's severities"
        else:
            try:
                why = self._add(clock.moment(self.start), clock.moment(self.end), listed)
            except UnreadableTime as error:
                why = str(error)
        if why:
            tally.not_read(self.file, why, self.row)
            if self.start is not None and self.severity != _NOT_PRESENT:
                zoned = self.start.astimezone(clock.zone) if clock.zone and self.start.tzinfo else self.start
                listed.unclear.add(zoned.date())

    def _add(self, start: dt.datetime, end: dt.datetime, listed: AttackList) -> str:
        """Add the record; in words, why not."""
        if self.severity != _NOT_PRESENT:
            severity = _SEVERITIES[self.severity]
            listed.attacks.append(Attack(self.file, self.row, start, end, None, severity))
            return ""
        if end < start or end - start > LONGEST:
            return "headache is recorded as not present for a time that ends before it begins or exceeds 72 hours"
        days = _days_without(start, end)
        if not days:
            return "headache is recorded as not present over midnight, and for no whole day"
        listed.free.append(HeadacheFree(self.file, self.row, days))
        return ""


def _days_without(start: dt.datetime, end: dt.datetime) -> tuple[dt.date, ...]:
    """The days that a record of no headache speaks for: its own day, or those that it covers whole."""
    last = (end - _SLACK).date() if end > start else end.date()
    if last <= start.date():
        return (start.date(),)
    days = [start.date() + _DAY * number for number in range((end.date() - start.date()).days + 1)]
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple(
        day
        for number, day in enumerate(days)
        if midnight + _DAY * number >= start and midnight + _DAY * (number + 1) - _SLACK <= end
    )


class _Collected:
    """What the stream of one file leaves behind: headache records, and counts of all else."""

    def __init__(self, file: str, tally: Tally):
        self.file, self.tally = file, tally
        self.records: list[_Record] = []
        self._seen = 0
        self._in_headache = False

    def element(self, name: str, attributes: Attributes) -> None:
        # Millions of records are about something else: they are counted here, and told at the end.
        if name == "Record":
            self._seen += 1
            if attributes.get("type") != _HEADACHE:
                self._in_headache = False
                return
            self._headache(attributes)
        elif name == "Me":
            filled = sum(bool(value.strip()) for value in attributes.values())
            self.tally.dropped(self.file, "Me", "date of birth, sex and more about the person", filled)
        self._in_headache = name == "Record"

    def _headache(self, attributes: Attributes) -> None:
        self.records.append(_Record(self.file, self._seen, attributes))
        for attribute, why in _LEFT_OUT.items():
            self.tally.dropped(self.file, attribute, why, bool(attributes.get(attribute)))

    def finish(self) -> None:
        """Tell the tally how many records there were, and how many of them about something else."""
        self.tally.came_in(self._seen)
        self.tally.beside(self._seen - len(self.records))

    def inner(self, name: str) -> None:
        if self._in_headache:
            self.tally.dropped(self.file, "MetadataEntry", "further facts, also of one's own wording", 1)


IMPORTER = AppleHealth()
