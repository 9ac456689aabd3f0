"""A draft of which field is which, from the names of the fields alone: shown to a person, never applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from outcomes.records.importers.redcap_dictionary import PLAIN_CODE, DataDictionary, Field
from outcomes.records.importers.redcap_proof import (
    COLUMNS,
    numbers_as_they_stand,
    on_our_scale,
    proven_codes,
    range_of,
)
from outcomes.records.schema import Column


@dataclass(frozen=True)
class _Hint:
    """What the name of a field for a column tends to hold, and what kind of field it is."""

    column: str
    words: str
    kind: Callable[[Field], bool]


def _choice(found: Field) -> bool:
    return found.kind in ("yesno", "truefalse", "radio", "dropdown")


def _measured(found: Field) -> bool:
    return found.kind in ("text", "slider", "calc", "radio", "dropdown") and not found.is_date


_HINTS: Mapping[str, tuple[str, tuple[_Hint, ...]]] = {
    "diary": (
        r"diary|daily|headache|log\b|entry",
        (
            _Hint("headache", r"headache|migraine|^ha\b|^ha_", _choice),
            _Hint("intensity", r"intens|sever|pain|nrs|vas|worst", _measured),
            _Hint("duration_hours", r"durat|hours", _measured),
            _Hint("acute_medication", r"med|rescue|painkill|tablet|drug", _choice),
            _Hint(
                "acute_medication_class", r"med|rescue|painkill|tablet|drug", lambda f: f.kind == "checkbox"
            ),
        ),
    ),
    "sessions": (
        r"session|treat|visit|needl|appoint",
        (
            _Hint("attended", r"attend|arriv|came|took_place", _choice),
            _Hint("practitioner_id", r"practition|therapist|provider|clinician", _choice),
            _Hint("needles_inserted", r"needles?_?(in|n|count|number)", _measured),
            _Hint("needles_removed", r"needles?_?(out|rem)", _measured),
        ),
    ),
}


def draft(dictionary: DataDictionary | None) -> str:
    """What to say where no field was named: lines that follow from names, for a person to correct."""
    if dictionary is None:
        return (
            "No field of the REDCap project was named. Give its data dictionary too (CSV), and a draft of the "
            "lines that name the fields is shown."
        )
    lines = []
    for table, (words, hints) in _HINTS.items():
        usable = [item for item in dictionary.fields if not item.identifier]
        day = next((f for f in usable if f.is_date and re.search(words, f"{f.name} {f.form}")), None)
        if day is None:
            continue
        form = [item for item in usable if item.form == day.form]
        lines += [f"[{table}]", f'date = "{day.name}"']
        taken = {day.name}
        for hint in hints:
            hit = next(
                (f for f in form if f.name not in taken and hint.kind(f) and re.search(hint.words, f.name)),
                None,
            )
            if hit is not None:
                taken.add(hit.name)
                lines.append(_draft_line(hint.column, hit, COLUMNS[table][hint.column]))
        lines.append("")
    if not lines:
        return (
            "No field of the REDCap project was named, and the names of its fields suggest none. Name them, "
            "such as diary.date, diary.headache and sessions.date, in a TOML file or with --option."
        )
    return (
        "No field of the REDCap project was named, and nothing is guessed. The names of the fields suggest the "
        "lines below: correct them, save them as redcap.toml, and give that file too.\n\n"
        + "\n".join(lines).rstrip()
    )


def _draft_line(column: str, found: Field, ours: Column) -> str:
    open_codes: list[str] = []
    if ours.kind in ("yes_no", "code", "codes"):
        proven = proven_codes(found, ours)
        open_codes = [code for code, _ in found.choices if code not in proven]
    elif found.choices and not numbers_as_they_stand(found, ours):
        open_codes = [code for code, _ in found.choices]
    if open_codes:
        codes = ", ".join(f'"{code}" = "?"' for code in open_codes if PLAIN_CODE.fullmatch(code))
        return f'{column} = {{ field = "{found.name}", codes = {{ {codes} }} }}'
    if ours.maximum == 10 and not found.choices and range_of(found) != (None, None):
        low, high = range_of(found)
        if not on_our_scale(found, ours) and low is not None and high is not None:
            return f'{column} = {{ field = "{found.name}", scale = [{low:g}, {high:g}] }}'
    return f'{column} = "{found.name}"'
