"""What the gate asks of one column, according to how it can leak."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence

from outcomes.records.identity.detectors import (
    Hit,
    birth_dates,
    column_hits,
    date_in,
    is_postcode,
    says_what_it_is,
    single_cells,
    stray_birth_dates,
)
from outcomes.records.identity.forms import form_hits, see_ids
from outcomes.records.identity.looking import Look, Looking
from outcomes.records.identity.vocabulary import may_be_name

#: Of what breaks the rule of a closed column; names there are set aside by the rule itself.
_CLOSED = frozenset({"PRV-NHS", "PRV-NATIONAL", "PRV-PHONE", "PRV-POSTCODE", "PRV-ID-PREFIX", "PRV-ID-DATE"})
#: Bare numbers as ids are judged by their form.
_NOT_OF_IDS = frozenset({"PRV-NUMBER", "PRV-ID-PREFIX", "PRV-ID-DATE"})
#: Single words in an open column are names where there are this many for every patient.
_WORDS_PER_PATIENT = 0.2
#: A code that is a word is shared by at least this many patients.
_SHARED_BY = 3
#: Digits in a code without a list, at most.
_CODE_DIGITS = 4


def newest_date(looking: Looking, looks: Sequence[Look], today: dt.date) -> dt.date | None:
    """The newest session, else the newest date of any column of dates; dates after tomorrow are mistakes."""
    dated = [look for look in looks if look.column.leaks == "date"]
    for wanted in (
        [look for look in dated if look.table.table == "sessions" and look.column.shown == "date"],
        [look for look in dated if look.column.shown == "date"],
        dated,
    ):
        found = [day for look in wanted if (day := _newest(looking, look, today)) is not None]
        if found:
            return max(found)
    return None


def _newest(looking: Looking, look: Look, today: dt.date) -> dt.date | None:
    if (day := _day(look.newest)) is not None and not look.odd:
        return day
    days = [day for day, _ in _days(looking, look) if day <= today + dt.timedelta(1)]
    return max(days, default=None)


def _day(text: str) -> dt.date | None:
    """A date in any usual form, and the day numbers of spreadsheets."""
    if re.fullmatch(r"\d{5}", text):
        return dt.date(1899, 12, 30) + dt.timedelta(int(text))
    return date_in(text)


def _days(looking: Looking, look: Look) -> list[tuple[dt.date, int]]:
    return [(day, n) for text, n in looking.days(look) if (day := _day(text)) is not None]


def id_hits(looking: Looking, look: Look, patients: int, *, attestation: str) -> list[tuple[Hit, bool]]:
    """The forms of ids, and what no form excuses. Each hit with whether it blocks."""
    if looking.all_pseudonyms(look.distinct):
        # 80 keyed bits say nothing, and in no other form can anything hide.
        return []
    patients = max(patients, looking.count(look))
    seen = see_ids(looking, look.distinct)
    forms = form_hits(
        seen, patients, attested=bool(attestation), any_code=attestation == "random-study-number"
    )
    hits = [(Hit(form.code, form.problem, form.values), form.blocks) for form in forms]
    shares = [
        hit
        for hit in column_hits(seen.values("unplain"))
        if hit.code not in _NOT_OF_IDS and "five digits" not in hit.problem
    ]
    return hits + [(hit, True) for hit in (*single_cells(seen.values("telling")), *shares)]


def open_hits(looking: Looking, look: Look, newest: dt.date | None, patients: int) -> list[Hit]:
    """Unknown columns and those left out: anything may stand there."""
    sample = looking.sample(look.distinct)
    hits = single_cells(looking.telling(look.distinct))
    hits += column_hits(sample, names_from=max(5, round(_WORDS_PER_PATIENT * patients)))
    dates = {value: day for value in sample if len(value) >= 6 and (day := date_in(value[:10])) is not None}
    days = sorted(dates.values())
    if len(days) >= max(3, 0.5 * len(sample)) and birth_dates(days, newest or days[-1]):
        hits.append(_births(f"half of {len(days)} distinct dates or more are", tuple(dates)))
    return hits


def word_hits(looking: Looking, look: Look, newest: dt.date | None, patients: int) -> list[Hit]:
    """Codes without a list: short, of listed words, or shared by several patients; nothing else can be one."""
    sample = looking.sample(look.distinct)
    hits = single_cells(looking.telling(look.distinct))
    strange = [value for value in sample if not _is_code(value)]
    worded = [value for value in strange if not re.search(r"\d", value)]
    if worded:
        shared = looking.patients_per_value(look, look.table.feeding("patient_id"), worded)
        known = {value for value in worded if shared.get(value, 0) >= _SHARED_BY}
        strange = [value for value in strange if value not in known]
    if strange:
        are = (
            "is neither a short code nor a listed word"
            if len(strange) == 1
            else "are neither short codes nor listed words"
        )
        told = (
            f"{len(strange)} of {len(sample)} distinct values {are}, and fewer than {_SHARED_BY} patients "
            "share each."
        )
        hits.append(Hit("PRV-CODE", told, tuple(strange)))
    return hits + column_hits(sample, names_from=max(5, round(_WORDS_PER_PATIENT * patients)))


def _is_code(value: str) -> bool:
    # A year that stands by itself is a period's.
    digits = sum(sign.isdigit() for sign in re.sub(r"(?<!\d)20\d\d(?!\d)", "", value))
    if digits > _CODE_DIGITS or date_in(value) is not None or is_postcode(value) or says_what_it_is(value):
        return False
    return len(value) <= 40 and not may_be_name(value)


def date_hits(looking: Looking, look: Look, newest: dt.date | None) -> list[Hit]:
    """Columns of dates: birthdays in disguise, one by one or most of them; and what is no date."""
    hits = closed_hits(looking, look) if look.odd else []
    oldest = _day(look.oldest)
    if newest is None or (not look.odd and (oldest is None or (newest - oldest).days <= 15 * 365)):
        return hits
    listed = _days(looking, look)
    every: list[dt.date] = [day for day, _ in listed]
    if birth_dates(every, newest) or birth_dates(_weighted(listed), newest):
        return [*hits, _births("half of the dates or more are", ())]
    stray = set(stray_birth_dates(every, newest))
    if stray:
        texts = tuple(text for text, _ in looking.days(look) if _day(text) in stray)
        are = "1 date is" if len(stray) == 1 else f"{len(stray)} dates are"
        hits.append(_births(are, texts))
    return hits


def _weighted(listed: Iterable[tuple[dt.date, int]]) -> list[dt.date]:
    """Dates as often as they stand, thinned to a size that can be sorted."""
    listed = list(listed)
    step = max(1, sum(n for _, n in listed) // 10_000)
    return [day for day, n in listed for _ in range(max(1, n // step))]


def _births(which: str, values: tuple[str, ...]) -> Hit:
    return Hit(
        "PRV-BIRTH-DATE", f"{which} more than 15 years before the newest session, as birthdays are.", values
    )


def closed_hits(looking: Looking, look: Look) -> list[Hit]:
    """Cells that break the rule of a closed column. Most are slips; some say who somebody is."""
    odd = looking.odd_values(look)
    hits = [
        hit
        for hit in column_hits(looking.sample(odd))
        if hit.code in _CLOSED and "five digits" not in hit.problem
    ]
    return [*single_cells(looking.telling(odd)), *hits]


def wide_hits(looking: Looking, look: Look) -> list[Hit]:
    """Numbers without an upper bound: long whole numbers among small ones are somebody's number."""
    odd = looking.odd_values(look)
    values = [re.sub(r"\.0+$", "", value) for value in looking.sample(odd)]
    hits = closed_hits(looking, look)
    whole = {value for value in values if re.fullmatch(r"[+-]?\d{5,}", value)}
    long = {value for value in whole if len(value.lstrip("+-")) >= 7}
    median, distinct, five = looking.median(look)
    codes = five >= 5 and five >= 0.8 * distinct
    found = whole if median < 1000 or codes else long
    found |= {value for value in whole if value.lstrip("+-").startswith("0")}
    if found:
        told = f"{len(found)} distinct values are long whole numbers, as record numbers and postal codes are."
        hits.append(Hit("PRV-NUMBER", told, tuple(sorted({*found, *(f"{value}.0" for value in found)}))))
    return hits
