"""The only place that rounds. Half away from zero, a true minus sign, no minus before a zero.

Decimal sign, thousands, percent and months are those of the language spoken (reporting/language).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from outcomes.reporting.language import ENGLISH, say, spoken

MINUS = "\u2212"
UNDEFINED = "–"

#: A space that does not break: between thousands and before the percent sign, where the language has one there.
_NARROW = "\u202f"
#: Between thousands, before decimals; and the percent sign.
_SIGNS = {"en": (",", "."), "es": (_NARROW, ","), "de": (_NARROW, ",")}
_PERCENT_SIGNS = {"en": "%", "es": f"{_NARROW}%", "de": f"{_NARROW}%"}


def signs_of_numbers(language: str) -> tuple[str, str]:
    """What stands between thousands and before decimals in this language."""
    return _SIGNS[language]


def rounded(value: float, decimals: int) -> Decimal:
    """`value` to that many decimals, halves away from zero, as people round."""
    # repr gives the shortest decimal that is this float, so that 0.35 is a half and rounds to 0.4.
    quantum = Decimal(1).scaleb(-decimals)
    result = Decimal(repr(float(value))).quantize(quantum, rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def number(value: float | None, decimals: int = 1) -> str:
    """A number; an undefined one is a dash."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    return _localised(f"{rounded(value, decimals):,f}")


def _localised(plain: str) -> str:
    """A number of Python's (`-1,234.5`) with the signs of the language."""
    if spoken() != ENGLISH:
        thousands, decimal = signs_of_numbers(spoken())
        plain = plain.translate({ord(","): thousands, ord("."): decimal})
    return plain.replace("-", MINUS)


def interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """`low to high`, or a dash where there is no interval."""
    if low is None or high is None:
        return UNDEFINED
    return say("numbers.interval", low=number(low, decimals), high=number(high, decimals))


def percent(share: float | None, decimals: int = 0) -> str:
    """A share from 0 to 1 as percent, whole ones unless `decimals` says otherwise."""
    sign = _PERCENT_SIGNS[spoken()]
    return UNDEFINED if share is None or share != share else f"{_percent(share, decimals)}{sign}"


def percent_interval(low: float | None, high: float | None, decimals: int = 0) -> str:
    """`20 to 36%`."""
    if low is None or high is None:
        return UNDEFINED
    between = say("numbers.interval", low=_percent(low, decimals), high=_percent(high, decimals))
    return type(between)(f"{between}{_PERCENT_SIGNS[spoken()]}", between.language)


def month_words(month: str | None) -> str:
    """`October 2026` for 2026-10; a report without a month is of all patients."""
    return (
        say("first_page.all_patients") if month is None else month_name(dt.date.fromisoformat(f"{month}-01"))
    )


def percent_decimals(largest: float | None) -> int:
    """Decimals for a share that may be small: a limit of 0.04% must not be read as none."""
    if not largest or largest != largest or largest >= 0.1:
        return 0
    return 1 if largest >= 0.01 else 2


def _percent(share: float, decimals: int) -> str:
    # Rounded before it is multiplied: 100 * 0.285 is 28.499999999999996, and 28.5% is 29%.
    return _localised(f"{100 * rounded(share, 2 + decimals):,.{decimals}f}")


def p_value(p: float | None) -> str:
    """Three decimals, `< 0.001` below, a dash where there is none."""
    if p is None or p != p:
        return UNDEFINED
    return f"< {number(0.001, 3)}" if p < 0.001 else number(p, 3)


def confidence_name(confidence: float) -> str:
    """`95%`, from the result and never from habit."""
    return f"{_localised(f'{100 * confidence:g}')}{_PERCENT_SIGNS[spoken()]}"


def day_name(day: int) -> str:
    """A day of the patient's own time axis."""
    return str(day).replace("-", MINUS)


def month_name(day: dt.date) -> str:
    """`October 2026`, by the language and not by the machine's settings."""
    return say("dates.month_and_year", month=_month(day), year=day.year)


def date_name(day: dt.date) -> str:
    """`31 October 2026`."""
    return say("dates.date", day=day.day, month=_month(day), year=day.year)


def _month(day: dt.date) -> str:
    return say("dates.months").split(" ")[day.month - 1]


# ---- back from text ----


@dataclass(frozen=True)
class ReadNumber:
    """A number as it was shown. `value` is in percent where `is_percent`; `decimals` are those shown."""

    value: Decimal
    decimals: int
    is_percent: bool


@cache
def _shown_number(language: str) -> re.Pattern[str]:
    thousands, decimal = (re.escape(sign) for sign in signs_of_numbers(language))
    whole = rf"(?P<whole>0|[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})+|[1-9][0-9]*)"
    return re.compile(rf"(?P<minus>{MINUS}|-)?{whole}(?:{decimal}(?P<decimals>[0-9]+))?(?P<percent>\s?%)?")


def read_number(text: str, language: str) -> ReadNumber | None:
    """The number that a text of this module is; None for any other text, a code such as 007 among them."""
    found = _shown_number(language).fullmatch(text)
    if found is None:
        return None
    decimals = found["decimals"] or ""
    whole = re.sub("[^0-9]", "", found["whole"])
    value = Decimal(f"{'-' if found['minus'] else ''}{whole}{'.' if decimals else ''}{decimals}")
    return ReadNumber(value, len(decimals), found["percent"] is not None)


def two_digits_up(n: int) -> int:
    """Up to the next five, from 100 on to two digits: with more, beside an interval, it would tell who is counted."""
    step = max(5, 10 ** max(0, len(str(n)) - 2))
    return step * math.ceil(n / step)
