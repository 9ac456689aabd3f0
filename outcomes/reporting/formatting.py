"""The only place that rounds. Half away from zero, a true minus sign, no minus before a zero."""

from __future__ import annotations

import datetime as dt
import math
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\u2212"
UNDEFINED = "–"


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
    return f"{rounded(value, decimals):,f}".replace("-", MINUS)


def interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """`low to high`, or a dash where there is no interval."""
    if low is None or high is None:
        return UNDEFINED
    return f"{number(low, decimals)} to {number(high, decimals)}"


def percent(share: float | None, decimals: int = 0) -> str:
    """A share from 0 to 1 as percent, whole ones unless `decimals` says otherwise."""
    return UNDEFINED if share is None or share != share else f"{_percent(share, decimals)}%"


def percent_interval(low: float | None, high: float | None, decimals: int = 0) -> str:
    """`20 to 36%`."""
    if low is None or high is None:
        return UNDEFINED
    return f"{_percent(low, decimals)} to {_percent(high, decimals)}%"


def month_words(month: str | None) -> str:
    """`October 2026` for 2026-10; a report without a month is of all patients."""
    return "all patients" if month is None else dt.date.fromisoformat(f"{month}-01").strftime("%B %Y")


def percent_decimals(largest: float | None) -> int:
    """Decimals for a share that may be small: a limit of 0.04% must not be read as none."""
    if not largest or largest != largest or largest >= 0.1:
        return 0
    return 1 if largest >= 0.01 else 2


def _percent(share: float, decimals: int) -> str:
    # Rounded before it is multiplied: 100 * 0.285 is 28.499999999999996, and 28.5% is 29%.
    return f"{100 * rounded(share, 2 + decimals):,.{decimals}f}".replace("-", MINUS)


def p_value(p: float | None) -> str:
    """Three decimals, `< 0.001` below, a dash where there is none."""
    if p is None or p != p:
        return UNDEFINED
    return "< 0.001" if p < 0.001 else number(p, 3)


def confidence_name(confidence: float) -> str:
    """`95%`, from the result and never from habit."""
    return f"{100 * confidence:g}%"


def day_name(day: int) -> str:
    """A day of the patient's own time axis."""
    return str(day).replace("-", MINUS)
