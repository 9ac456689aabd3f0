"""One row of an attack list, as written, to an attack: what must hold, and what is not read where it does not."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.attacks import Attack, AttackList
from outcomes.records.importers.medication import Medication
from outcomes.records.importers.times import Clock, UnreadableTime

_PAIN = re.compile(r"[0-9]{1,2}(\.[0-9])?", re.ASCII)
_LENGTH = re.compile(
    r"(\d{1,4}) ?h(?: (\d{1,2}) ?m(?:in)?)?\b|(\d{1,3}) ?m(?:in)?\b", re.ASCII | re.IGNORECASE
)
NOT_A_TIME = "the start is not a date with a time"
NOT_AN_END = "the end is not a date with a time"
NOT_A_LENGTH = "the duration is not written in hours and minutes"
NOT_A_PAIN = "the pain is not a number from 0 to 10"
NO_PAIN = "the pain is 0: an attack without pain is not a headache day"


class UnreadableRow(ValueError):
    """A row that is not read; the text says why and holds no value."""


@dataclass(frozen=True)
class AttackRow:
    """What one row says: `end` or `length` where the attack is over, neither where it goes on."""

    file: str
    row: int
    start: dt.datetime | None
    end: dt.datetime | None
    length: dt.timedelta | None
    pain: str
    medication: Medication | None
    #: What is wrong with the row already.
    wrong: str = ""


def take_attack(written: AttackRow, clock: Clock, listed: AttackList, tally: Tally) -> None:
    """Add the attack of one row to the list, or tell why it is not read."""
    try:
        listed.attacks.append(_attack(written, clock))
    except (UnreadableRow, UnreadableTime) as error:
        tally.not_read(written.file, str(error), written.row)
        if written.start is not None and str(error) != NO_PAIN:
            listed.unclear.add(_local_date(written.start, clock))


def _local_date(start: dt.datetime, clock: Clock) -> dt.date:
    return (start.astimezone(clock.zone) if start.tzinfo and clock.zone else start).date()


def _attack(written: AttackRow, clock: Clock) -> Attack:
    if written.start is None:
        raise UnreadableRow(NOT_A_TIME)
    if written.wrong:
        raise UnreadableRow(written.wrong)
    intensity = read_pain(written.pain)
    start = clock.moment(written.start)
    end = clock.moment(written.end) if written.end is not None else None
    if written.length is not None:
        utc = start.astimezone(dt.UTC) + written.length
        end = utc.astimezone(start.tzinfo)
    return Attack(written.file, written.row, start, end, intensity, None, written.medication)


def read_pain(text: str) -> float | None:
    """The pain of an attack on a scale from 0 to 10, None where nothing is written. Raises UnreadableRow."""
    text = text.strip()
    if not text:
        return None
    if not _PAIN.fullmatch(text) or float(text) > 10:
        raise UnreadableRow(NOT_A_PAIN)
    if float(text) == 0:
        raise UnreadableRow(NO_PAIN)
    return float(text)


def read_length(text: str) -> dt.timedelta | None:
    """A duration such as `06h 00m`, also with words behind it. None where it is not one."""
    found = _LENGTH.match(" ".join(text.split()))
    if found is None:
        return None
    return dt.timedelta(hours=int(found[1] or 0), minutes=int(found[2] or found[3] or 0))
