"""What values look like when they say who somebody is: single cells, and shares of a column.

A rule on one cell is for what cannot be anything else (an e-mail address). Everything else is told by the
share of a column's distinct values, since one number in eleven passes for an NHS number by chance.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from outcomes.records.identity.national import national_hits, passes_nhs
from outcomes.records.identity.vocabulary import fold, unlisted_words

#: A date as far before the newest session as this is more likely somebody's birthday.
BIRTH_YEARS = 15


@dataclass(frozen=True)
class Hit:
    """A detector that fired: its code, what it saw in words without a value, and the values it saw it in."""

    code: str
    problem: str
    values: tuple[str, ...]


_EMAIL = re.compile(r"[^\s@<>]+\s?@\s?[^\s@<>]+\.[A-Za-zÀ-ÿ]{2,}")
_URL = re.compile(r"(?i)\b(?:https?|ftp)://|\bwww\.[a-z0-9-]+\.|\b(?:facebook|instagram|linkedin)\.com\b")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f:]{2,39}(?![\w:])")
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_NINO = re.compile(
    r"(?i)(?<![A-Z0-9])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"(?:[ -]?\d{2}){3}[ -]?[A-D](?![A-Z0-9])"
)

#: SQL that is true of every text that one of the single-cell rules may fire on; `{v}` stands for the text.
SINGLE_CELL_SQL = (
    "(ascii({v}) IN (9, 13, 61, 64) OR contains({v}, '@') OR regexp_matches({v}, "
    "'(?i)://|www[.]|[.]com|[0-9][.][0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]|[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}"
    "|:[0-9a-f]*:|[a-z]{{2}}[ -]?[0-9]{{2}}[ -]?[0-9]{{2}}[ -]?[0-9]{{2}}[ -]?[a-d]'))"
)


def _is_ip(text: str) -> bool:
    for found in _IPV4.findall(text):
        if all(int(part) <= 255 for part in found.split(".")):
            return True
    for found in _IPV6.findall(text):
        if found.count(":") < 3 or not re.search(r"[A-Fa-f]|:[^:]*:[^:]*:[^:]*:", found):
            continue
        try:
            ipaddress.IPv6Address(found)
        except ValueError:
            continue
        return True
    return False


#: Code, what is seen, and whether one cell shows it. None of these can be allowed.
SINGLE_CELL: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("PRV-EMAIL", "an e-mail address", _EMAIL.search),
    ("PRV-URL", "a web address", _URL.search),
    ("PRV-IP", "an IP address", _is_ip),
    ("PRV-SSN", "a US social security number", _SSN.search),
    ("PRV-NINO", "a UK national insurance number", _NINO.search),
    (
        "PRV-FORMULA",
        "a formula sign (=, @, tab or line end) at its beginning",
        lambda text: text[:1] in "=@\t\r",
    ),
)


def single_cells(values: Iterable[str]) -> list[Hit]:
    """The rules for which one cell is enough."""
    values = [value for value in values if value]
    hits = []
    for code, what, shows in SINGLE_CELL:
        found = tuple(value for value in values if shows(value))
        if found:
            told = "1 distinct value holds" if len(found) == 1 else f"{len(found)} distinct values hold"
            hits.append(Hit(code, f"{told} {what}.", found))
    return hits


_POSTCODE = re.compile(r"(?i)(?:GIR ?0AA|[A-PR-UWYZ][A-HK-Y]?\d[A-HJKPSTUW\d]? ?\d[ABD-HJLNP-UW-Z]{2})")
_OTHER_POSTCODES = re.compile(r"(?i)\d{5}-\d{4}|[1-9]\d{3} ?[A-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d")
_FIVE_DIGITS = re.compile(r"(?:[A-Z]{1,2}-)?\d{5}")
_PHONE_SIGNS = re.compile(r"[+(]?[+\d][\d ()./-]{6,20}\d(?: ?(?:x|ext\.?) ?\d{1,5})?", re.IGNORECASE)
_STREET = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|crescent|gardens?|grove|hill|mews|park|place|pl|"
    r"square|sq|terrace|way|boulevard|blvd|highway|hwy|rue|chemin|allee|impasse|quai|calle|avenida|paseo|plaza|via|"
    r"viale|piazza|corso|strasse|str|weg|gasse|platz|ring|damm|ufer|straat|laan|plein|gracht|dijk|kade)"
)
_ADDRESS = re.compile(
    rf"(?:\d+[a-z]?,? .*\b{_STREET}\b.*|(?:.* )?[a-z]*{_STREET}\.?,? .*\d.*|[a-z .'-]+ \d{{1,4}} ?[a-z]?(?:,.*)?)"
)
_NAME_PART = r"[^\W\d_](?:[^\W\d_]|['’.-])*"
_NAME = re.compile(rf"{_NAME_PART}(?:,? {_NAME_PART}){{0,3}}")
_BAD_PREFIX = re.compile(
    r"(?i)(?:MRN|MRNO|NHS|NHSNO|SSN|DOB|DDN|GEBDAT|TEL|TELNO|PHONE|MOB|MOBILE|FAX|HOSP|HOSPNO|HOSPITAL|NINO|BSN|CPR|"
    r"PESEL|NIR|SVNR|AHV|KVNR|KVNO|ZIP|PLZ|EHR|EMR|UHID|NAME)[ .:_#-]*\d+"
)
_INITIALS_DATE = re.compile(r"(?i)([A-Z]{1,3})[ ._-]?(\d{6}|\d{8}|\d{1,4}[./-]\d{1,2}[./-]\d{2,4})")
_DATE_INITIALS = re.compile(r"(?i)(\d{6}|\d{8}|\d{1,4}[./-]\d{1,2}[./-]\d{2,4})[ ._-]?([A-Z]{1,3})")
_DATE = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:[T ].*)?")


def says_what_it_is(value: str) -> bool:
    """Whether a number is written behind a word such as MRN, NHS or TEL."""
    return bool(_BAD_PREFIX.fullmatch(value))


def date_in(text: str) -> dt.date | None:
    """The date that a text is, in any usual order; the day first where both orders fit. Two-digit years are past."""
    digits = text
    if found := _DATE.fullmatch(text):
        parts = found.groups()
    elif re.fullmatch(r"\d{8}", digits):
        whole = (digits[:4], digits[4:6], digits[6:]), (digits[:2], digits[2:4], digits[4:])
        parts = whole[0] if 1880 <= int(digits[:4]) <= 2100 else whole[1]
    elif re.fullmatch(r"\d{6}", digits):
        first = _calendar(digits[4:], digits[2:4], digits[:2]) or _calendar(
            digits[4:], digits[:2], digits[2:4]
        )
        return first or _calendar(digits[:2], digits[2:4], digits[4:])
    else:
        return None
    first_part, second, last = parts
    if len(first_part) == 4:
        return _calendar(first_part, second, last) or _calendar(first_part, last, second)
    return _calendar(last, second, first_part) or _calendar(last, first_part, second)


def _calendar(year: str, month: str, day: str) -> dt.date | None:
    number = int(year)
    if len(year) <= 2:
        number += 2000 if 2000 + number <= dt.date.today().year else 1900
    try:
        found = dt.date(number, int(month), int(day))
    except ValueError:
        return None
    return found if 1880 <= found.year <= 2100 else None


def initials_and_date(value: str) -> tuple[str, str, dt.date | None] | None:
    """(letters, digits, date) of an id made of up to three letters and six or eight digits; None if it is not."""
    if found := _INITIALS_DATE.fullmatch(value):
        letters, digits = found.groups()
    elif found := _DATE_INITIALS.fullmatch(value):
        digits, letters = found.groups()
    else:
        return None
    return letters.upper(), digits, date_in(digits)


def is_phone(value: str) -> bool:
    """A phone number as written: a country or area code in front, or signs between its groups."""
    if not _PHONE_SIGNS.fullmatch(value) or date_in(value):
        return False
    digits = re.sub(r"\D", "", re.split(r"(?i)x|ext", value)[0])
    if not 9 <= len(digits) <= 15:
        return False
    if value.startswith(("+", "00", "(")) or (digits[0] == "0" and len(digits) <= 12):
        return True
    return len(re.findall(r"[ ()./-]+", value)) >= 2 and len(digits) in (9, 10, 11)


def is_postcode(value: str) -> bool:
    """A postcode that digits alone do not make."""
    return bool(_POSTCODE.fullmatch(value) or _OTHER_POSTCODES.fullmatch(value))


def is_address(value: str) -> bool:
    """A street with a number; `week 12` is none."""
    if not re.search(r"\d", value) or " " not in value or not unlisted_words(value):
        return False
    return len(value) <= 120 and bool(_ADDRESS.fullmatch(fold(value)))


def is_name(value: str) -> bool:
    """Letters only, in up to four words, one of them in no list of codes."""
    return len(value) <= 60 and bool(_NAME.fullmatch(value)) and bool(unlisted_words(value))


def is_full_name(value: str) -> bool:
    """Two to four words of which none is a word of codes."""
    parts = re.findall(r"[^\W\d_]{2,}", value)
    return len(parts) > 1 and is_name(value) and len(unlisted_words(value)) >= 2


def is_free_text(value: str) -> bool:
    return len(value) > 40 or value.count(" ") >= 4


def column_hits(values: Sequence[str], *, names_from: int = 5) -> list[Hit]:
    """What the distinct values of an open column show together.

    `names_from`: distinct single words, in none of the lists of codes, that are taken for names. A few may be
    anything; with full names five are enough.
    """
    hits = [*_nhs(values), *national_hits_of(values)]
    for code, what, fits, least, share in _SHARES:
        found = tuple(value for value in values if fits(value))
        if len(found) >= least and len(found) >= share * len(values):
            hits.append(Hit(code, f"{len(found)} of {len(values)} distinct values {what}.", found))
    names = tuple(value for value in values if is_name(value))
    full = sum(is_full_name(value) for value in names)
    if len(names) >= 0.5 * len(values) and (full >= 5 or len(names) >= max(5, names_from)):
        hits.append(
            Hit("PRV-NAME", f"{len(names)} of {len(values)} distinct values are written like names.", names)
        )
    else:
        # Names with a number behind: a word of its own for each, where codes share theirs.
        numbered = {value: value.rstrip("0123456789 -_") for value in values if value[-1:].isdigit()}
        found = tuple(value for value, word in numbered.items() if len(word) > 3 and is_name(word))
        apart = {numbered[value].casefold() for value in found}
        if len(found) >= 0.5 * len(values) and len(apart) >= max(5, names_from):
            told = f"{len(found)} of {len(values)} distinct values are written like names with a number."
            hits.append(Hit("PRV-NAME", told, found))
    texts = tuple(value for value in values if is_free_text(value))
    if texts and len(texts) >= 0.05 * len(values):
        told = f"{len(texts)} of {len(values)} distinct values are long or of many words, as free text is."
        hits.append(Hit("PRV-FREE-TEXT", told, texts))
    return hits


def _initials_and_date(value: str) -> bool:
    found = initials_and_date(value)
    return found is not None and found[2] is not None


def _five_digits(value: str) -> bool:
    return bool(_FIVE_DIGITS.fullmatch(value))


def _long_number(value: str) -> bool:
    return bool(re.fullmatch(r"\d{7,18}", value)) or bool(re.fullmatch(r"\d{3}([ -])\d{3}\1\d{3,4}", value))


#: Code, what is said of the values, whether a value shows it, the least number of them, the least share.
_SHARES: tuple[tuple[str, str, Callable[[str], bool], int, float], ...] = (
    ("PRV-POSTCODE", "are written like postcodes", is_postcode, 3, 0.3),
    ("PRV-POSTCODE", "are five digits, as ZIP and other postal codes are", _five_digits, 5, 0.8),
    ("PRV-PHONE", "are written like phone numbers", is_phone, 3, 0.3),
    ("PRV-ADDRESS", "are written like street addresses", is_address, 3, 0.3),
    ("PRV-ID-PREFIX", "stand behind a word such as MRN, NHS or TEL", says_what_it_is, 1, 0.0),
    ("PRV-ID-DATE", "are letters with a date, as initials and a birthday are", _initials_and_date, 3, 0.5),
    ("PRV-NUMBER", "are long whole numbers, as record and insurance numbers are", _long_number, 5, 0.8),
)


def _nhs(values: Sequence[str]) -> list[Hit]:
    """Ten digits, of which at least three distinct, and 60% of all, pass the check digit."""
    ten = [value for value in values if re.fullmatch(r"\d{3}[ -]?\d{3}[ -]?\d{4}", value)]
    found = tuple(value for value in ten if passes_nhs(value))
    if len(ten) < 3 or len(found) < 3 or len(found) < 0.6 * len(ten):
        return []
    told = f"{len(found)} of {len(ten)} distinct values of ten digits pass the NHS-number check digit."
    return [Hit("PRV-NHS", told, found)]


def national_hits_of(values: Sequence[str]) -> list[Hit]:
    """National numbers of other countries: 80% of at least five distinct values pass."""
    return [
        Hit("PRV-NATIONAL", f"{len(found)} of {of} distinct values pass the check of {what}.", found)
        for what, found, of in national_hits(values)
    ]


def birth_dates(dates: Sequence[dt.date], newest: dt.date) -> bool:
    """Whether half of the dates or more lie so far before the newest session that they may be birthdays."""
    if len(dates) < 3:
        return bool(dates) and all(_years_before(newest, day) for day in dates)
    return _years_before(newest, sorted(dates)[(len(dates) - 1) // 2])


def _years_before(newest: dt.date, day: dt.date) -> bool:
    return (newest - day).days > BIRTH_YEARS * 365.25


#: Dates that programs write in place of none.
STAND_INS = frozenset(
    dt.date.fromisoformat(day)
    for day in (
        "0001-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1904-01-01",
        "1970-01-01", "1980-01-01",
    )
)  # fmt: skip


def stray_birth_dates(dates: Sequence[dt.date], newest: dt.date) -> list[dt.date]:
    """Old dates that stand apart from the others by ten years or more: a birthday in a column of visits."""
    ordered = sorted(set(dates) - STAND_INS)
    body = len(ordered)
    for position in range(len(ordered) - 1):
        if (ordered[position + 1] - ordered[position]).days > 3652:
            body = position + 1
    if body == len(ordered) or body > max(1, 0.2 * len(ordered)) + 1:
        return []
    return [day for day in ordered[:body] if _years_before(newest, day)]
