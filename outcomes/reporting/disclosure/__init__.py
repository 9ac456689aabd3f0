"""What may leave the clinic, and in which form: the profiles, safe tables, and the ledger of what left before."""

from __future__ import annotations

from outcomes.reporting.disclosure.counts import Count
from outcomes.reporting.disclosure.profiles import Disclosure
from outcomes.reporting.disclosure.rules import (
    AS_OF_WORDS,
    HELD_BACK,
    HELD_BACK_WORDS,
    MIN_PATIENTS_FOR_MEAN,
    MIN_ROWS_FOR_SHARE,
    NOT_SHOWN,
    PROFILES,
    ROUND_COUNTS_TO,
    RULES,
    TOO_FEW,
    Profile,
    Rules,
)
from outcomes.reporting.disclosure.shown import SafeTable, Shown, carried_words, is_carried, needs_safe
from outcomes.reporting.disclosure.spans import SafeSpan, safe_spans
from outcomes.reporting.disclosure.topics import SafeAnswers, SafeRow

__all__ = [
    "AS_OF_WORDS",
    "HELD_BACK",
    "HELD_BACK_WORDS",
    "MIN_PATIENTS_FOR_MEAN",
    "MIN_ROWS_FOR_SHARE",
    "NOT_SHOWN",
    "PROFILES",
    "ROUND_COUNTS_TO",
    "RULES",
    "TOO_FEW",
    "Count",
    "Disclosure",
    "Profile",
    "Rules",
    "SafeAnswers",
    "SafeRow",
    "SafeSpan",
    "SafeTable",
    "Shown",
    "carried_words",
    "is_carried",
    "needs_safe",
    "safe_spans",
]
