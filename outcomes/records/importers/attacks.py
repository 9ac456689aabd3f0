"""From a list of attacks to diary days: no day is counted twice, and a day without an attack is not written.

An attack list is not a diary. A day without a row is a day about which nothing is known, unless the app keeps
days without headache as entries of their own (`HeadacheFree`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.medication import Medication

if TYPE_CHECKING:
    import pandas as pd

LONGEST = dt.timedelta(hours=72)
_DAY = dt.timedelta(days=1)
SEVERITY_ORDER = ("mild", "moderate", "severe")
#: Most doses a day that the data dictionary lets through.
_MOST_DOSES = 50
_COLUMNS = (
    *("patient_id", "date", "headache", "intensity", "severity", "duration_hours", "acute_medication"),
    *("acute_medication_class", "acute_doses", "attacks"),
)


@dataclass(frozen=True)
class Attack:
    """One attack as an app keeps it.

    `start` and `end` are aware times whose own date is the patient's (times.Clock); `end` is None where the
    attack was still going on or its end is not known. With `timed` False only the day is known, and the
    entry is no count of attacks.
    """

    file: str
    row: int
    start: dt.datetime
    end: dt.datetime | None = None
    intensity: float | None = None
    severity: str | None = None
    medication: Medication | None = None
    timed: bool = True


@dataclass(frozen=True)
class HeadacheFree:
    """An entry in which the app says that a day was without headache."""

    file: str
    row: int
    days: tuple[dt.date, ...]


@dataclass
class _Day:
    """What is known of one day with headache."""

    spans: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)
    open_end: bool = False
    began: int = 0
    timed: bool = False
    intensities: list[float] = field(default_factory=list)
    severities: list[str] = field(default_factory=list)
    medication: list[Medication | None] = field(default_factory=list)


@dataclass
class AttackList:
    """What an export holds about headache: attacks, days without, and days of which only that much is known.

    `unclear` are the days of entries that could not be used. In a declared span, days without an entry count
    as headache-free; these do not, and are written as not recorded.
    """

    attacks: list[Attack] = field(default_factory=list)
    free: list[HeadacheFree] = field(default_factory=list)
    unclear: set[dt.date] = field(default_factory=set)


def diary_of(listed: AttackList, settings: ImportSettings, tally: Tally) -> pd.DataFrame:
    """The diary of one patient. What is not used is told to `tally`, and every entry is accounted for."""
    unclear = set(listed.unclear)
    kept = _without_repeats(sorted(listed.attacks, key=_place), tally)
    kept = [attack for attack in kept if _possible(attack, tally, unclear)]
    free = sorted(listed.free, key=lambda one: (one.file, one.row))
    kept, free = _without_contradictions(kept, free, tally, unclear)
    _warn_of_overlaps(kept, tally)
    days: dict[dt.date, _Day] = {}
    for attack in kept:
        tally.used()
        _add(attack, days)
    tally.used(len(free))
    rows = {date: _row(day) for date, day in days.items()}
    rows |= {date: {"headache": "no"} for one in free for date in one.days}
    _cap_doses(rows, tally)
    if settings.recorded_from is not None:
        rows |= {date: {} for date in unclear - set(days)}
    return table_of_days({date.isoformat(): row for date, row in rows.items()}, settings.patient)


def _place(attack: Attack) -> tuple[str, int]:
    return attack.file, attack.row


def _without_repeats(attacks: Sequence[Attack], tally: Tally) -> list[Attack]:
    """Overlapping exports hold the same attack twice."""
    seen: set[Attack] = set()
    kept = []
    for attack in attacks:
        content = replace(attack, file="", row=0)
        if attack.timed and content in seen:
            tally.not_read(attack.file, "the same attack is listed before; it counts once", attack.row)
            continue
        seen.add(content)
        kept.append(attack)
    return kept


def _possible(attack: Attack, tally: Tally, unclear: set[dt.date]) -> bool:
    if attack.end is None:
        return True
    length = _length(attack.start, attack.end)
    if length < dt.timedelta(0):
        tally.not_read(attack.file, "the attack ends before it begins", attack.row)
    elif length > LONGEST:
        tally.not_read(attack.file, "the attack lasts longer than 72 hours", attack.row)
    else:
        return True
    # Of an attack that cannot be, not even its length is known: at most a year is left open.
    span = abs((attack.end.date() - attack.start.date()).days)
    first = min(attack.start.date(), attack.end.date())
    unclear.update(first + _DAY * position for position in range(min(span, 366) + 1))
    return False


def _length(start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """Elapsed time. Python subtracts two times of one zone by their clock faces, which is wrong twice a year."""
    return end.astimezone(dt.UTC) - start.astimezone(dt.UTC)


def _without_contradictions(
    attacks: list[Attack], free: Sequence[HeadacheFree], tally: Tally, unclear: set[dt.date]
) -> tuple[list[Attack], list[HeadacheFree]]:
    """A day that is said to be with and without headache is neither."""
    with_headache = {date for attack in attacks for date, _ in _pieces(attack)}
    without = {date for one in free for date in one.days}
    both = (with_headache | unclear) & without
    unclear |= both
    why = "a headache and its absence are recorded for the same day; neither is used"
    kept_attacks, kept_free = [], []
    for attack in attacks:
        dates = {date for date, _ in _pieces(attack)}
        if dates & both:
            tally.not_read(attack.file, why, attack.row)
            unclear |= dates
        else:
            kept_attacks.append(attack)
    for one in free:
        if both.intersection(one.days):
            tally.not_read(one.file, why, one.row)
        else:
            kept_free.append(one)
    return kept_attacks, kept_free


_Piece = tuple[dt.date, tuple[dt.datetime, dt.datetime] | None]


def _pieces(attack: Attack) -> Iterator[_Piece]:
    """The days of an attack, each with its part of the time in UTC; None where the time is not known.

    The first day is always one. A later day is one only if some of the attack lies in it, so that an attack
    until midnight is not on the next day.
    """
    first = attack.start.date()
    # Start and end at the same minute: the app did not ask how long it was.
    if attack.end is None or attack.end == attack.start:
        yield first, None
        return
    start, end = (time.astimezone(dt.UTC) for time in (attack.start, attack.end))
    day, begin = first, start
    while begin < end:
        midnight = dt.datetime.combine(day + _DAY, dt.time(0), tzinfo=attack.start.tzinfo)
        until = max(begin, min(end, midnight.astimezone(dt.UTC)))
        if until > begin or day == first:
            yield day, (begin, until)
        day, begin = day + _DAY, until


def _warn_of_overlaps(attacks: Sequence[Attack], tally: Tally) -> None:
    spans = sorted(span for attack in attacks for _, span in _pieces(attack) if span)
    latest: dt.datetime | None = None
    overlapping = 0
    for begin, end in spans:
        if latest is not None and begin < latest:
            overlapping += 1
        latest = max(latest, end) if latest else end
    if overlapping:
        tally.warn(f"Attacks overlap ({overlapping} times). The hours of a day count each minute once.")
    long = sum(attack.end is not None and _length(attack.start, attack.end) > _DAY for attack in attacks)
    if long:
        tally.warn(f"Longer than 24 hours: {long} of the attacks. They are split over their days.")


def _add(attack: Attack, days: dict[dt.date, _Day]) -> None:
    for position, (date, span) in enumerate(_pieces(attack)):
        day = days.setdefault(date, _Day())
        if span is None:
            day.open_end = True
        else:
            day.spans.append(span)
        if attack.timed and position == 0:
            day.began += 1
        day.timed |= attack.timed
        if attack.intensity is not None:
            day.intensities.append(attack.intensity)
        if attack.severity is not None:
            day.severities.append(attack.severity)
        # When a tablet was taken is not known: it counts on the first day, and later days are left open.
        taken = attack.medication
        day.medication.append(taken if position == 0 or taken is None or not taken.taken else None)


def _row(day: _Day) -> dict[str, str]:
    row = {"headache": "yes"}
    if day.intensities:
        row["intensity"] = _number(max(day.intensities))
    if day.severities:
        row["severity"] = max(day.severities, key=SEVERITY_ORDER.index)
    if day.spans and not day.open_end:
        row["duration_hours"] = _number(min(_hours(day.spans), 24.0))
    row |= _medication(day.medication)
    if day.timed:
        row["attacks"] = str(day.began)
    return row


def _hours(spans: Sequence[tuple[dt.datetime, dt.datetime]]) -> float:
    """Hours in the union of spans."""
    total, latest = dt.timedelta(0), None
    for begin, end in sorted(spans):
        begin = begin if latest is None else max(begin, latest)
        if end > begin:
            total += end - begin
        latest = end if latest is None else max(latest, end)
    return total.total_seconds() / 3600


def _medication(entries: Sequence[Medication | None]) -> dict[str, str]:
    """Yes if anything was taken; no only if every entry of the day says so; else open. Doses likewise."""
    known = [entry for entry in entries if entry is not None]
    row: dict[str, str] = {}
    if any(entry.taken for entry in known):
        row["acute_medication"] = "yes"
        classes = sorted({name for entry in known for name in entry.classes})
        if classes:
            row["acute_medication_class"] = ";".join(classes)
    elif known and len(known) == len(entries):
        row["acute_medication"] = "no"
    doses = [entry.doses for entry in known]
    if known and len(known) == len(entries) and None not in doses:
        row["acute_doses"] = _number(sum(dose for dose in doses if dose is not None))
    return row


def _cap_doses(rows: dict[dt.date, dict[str, str]], tally: Tally) -> None:
    high = [row for row in rows.values() if float(row.get("acute_doses", "0")) > _MOST_DOSES]
    for row in high:
        del row["acute_doses"]
    if high:
        tally.warn(
            f"More than {_MOST_DOSES} doses on {len(high)} of the days. Their number of doses is left empty."
        )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def table_of_days(rows: Mapping[str, Mapping[str, str]], patient: str, key: str = "date") -> pd.DataFrame:
    """The diary as a frame in the order of days, without columns that hold nothing."""
    import pandas as pd

    filled = {name for row in rows.values() for name in row} | {"patient_id", key, "headache"}
    names = [key if name == "date" else name for name in _COLUMNS]
    ordered = sorted(rows, key=int) if key == "day" else sorted(rows)
    records = [{"patient_id": patient, key: day, **rows[day]} for day in ordered]
    columns = [name for name in names if name in filled]
    data = {name: [record.get(name) for record in records] for name in columns}
    return pd.DataFrame(data, columns=columns, dtype=object)
