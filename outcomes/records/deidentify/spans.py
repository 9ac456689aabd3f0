"""Declared spans as rows of the diary: their two dates are calendar dates, and may not leave.

What the clinic declares about a span stays true of the output, and every later step treats its days like any
other day. The rules are those of `sql/declared_days.sql`, held against the raw rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.fields import each_cell, iso_date, patient_id
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.placing import LONGEST_SPAN

if TYPE_CHECKING:
    import pandas as pd

    Frames = dict[str, pd.DataFrame]

SPAN = ("recorded_from", "recorded_to")
#: Marks the rows that are made here, until their days are placed and counted. Never written.
DECLARED = "declared"


def as_days(
    raw: Mapping[str, pd.DataFrame], frames: Frames, settings: DeidentifySettings, ledger: Ledger
) -> Frames:
    """The tables without declared spans: their days of which no raw row tells are rows without headache.

    `raw` are the tables as they were read, `frames` the same once cleaned. A row that was dropped for another
    cell still tells of its day, a row whose day cannot be read could tell of any, and one without a patient
    of anybody's.
    """
    patients = frames.get("patients")
    if settings.dates == "keep" or patients is None or not set(SPAN) & set(patients.columns):
        return frames
    done = {**frames, "patients": patients.drop(columns=list(SPAN), errors="ignore")}
    declared = patients[[name for name in SPAN if name in patients.columns]].notna()
    for name in declared.columns:
        ledger.cell("patients", f"{name}: a date, not written", int(declared[name].sum()))
    many = int(declared.any(axis=1).sum())
    if "diary" not in frames or "date" not in frames["diary"].columns:
        if many:
            ledger.notes.append(
                f"{many} patients have a declared span (recorded_from, recorded_to) and no diary with dates, so "
                "it is not used, and not in the output."
            )
        return done
    spans = _spans(patients)
    if many > len(spans):
        ledger.notes.append(
            f"{many - len(spans)} patients have a declared span that lacks a day or cannot be. It is not used."
        )
    made = _days_without_a_row(spans, raw["diary"], settings.exported_on or dt.date.today())
    ledger.fill("diary", len(made))
    done["diary"] = _with_days(frames["diary"], made)
    if made:
        ledger.notes.append(
            f"{len(made)} days of {len({patient for patient, _ in made})} patients without an entry became rows "
            "without headache, because their spans are declared fully recorded (recorded_from, recorded_to). The "
            "folder says how many of its days rest on that."
        )
    return done


def counted(frames: Frames, ledger: Ledger) -> Frames:
    """The tables without the mark; the rows with it that are left are those that leave."""
    diary = frames.get("diary")
    if diary is None or DECLARED not in diary.columns:
        return frames
    ledger.declared_days = int(diary[DECLARED].sum())
    return {**frames, "diary": diary.drop(columns=DECLARED)}


def _spans(patients: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Patient → first and last day, as ordinals, of the spans that can be."""
    if not set(SPAN) <= set(patients.columns):
        return {}
    told = patients[patients["recorded_from"].notna() & patients["recorded_to"].notna()]
    spans = {
        str(patient): (dt.date.fromisoformat(first).toordinal(), dt.date.fromisoformat(last).toordinal())
        for patient, first, last in zip(told["patient_id"], *(told[name] for name in SPAN), strict=True)
    }
    return {
        patient: (first, last)
        for patient, (first, last) in spans.items()
        if 0 <= last - first <= LONGEST_SPAN
    }


def _days_without_a_row(
    spans: Mapping[str, tuple[int, int]], diary: pd.DataFrame, last_day: dt.date
) -> list[tuple[str, str]]:
    """(patient, day) of every day of a span of which no row of the raw diary may tell."""
    ids = each_cell(diary["patient_id"], patient_id)
    days = each_cell(diary["date"], lambda text: iso_date(text, last_day))
    of_patient: dict[str | None, set[str]] = {}
    unreadable = set()
    for patient, day in zip(ids, days, strict=True):
        if day is not None:
            of_patient.setdefault(patient, set()).add(day)
        elif patient is not None:
            unreadable.add(patient)
    anybodys = of_patient.get(None, set())
    made = []
    for patient, (first, last) in spans.items():
        # Of whom no row tells at all, the ids may be written differently.
        if patient in unreadable or patient not in of_patient:
            continue
        told = of_patient.get(patient, set()) | anybodys
        span = (dt.date.fromordinal(day).isoformat() for day in range(first, last + 1))
        made += [(patient, day) for day in span if day not in told]
    return made


def _with_days(diary: pd.DataFrame, made: list[tuple[str, str]]) -> pd.DataFrame:
    import pandas as pd

    if not made:
        return diary
    rows: dict[str, list[str | None]] = {name: [None] * len(made) for name in diary.columns}
    rows["patient_id"] = [patient for patient, _ in made]
    rows["date"] = [day for _, day in made]
    rows["headache"] = ["no"] * len(made)
    more = pd.DataFrame(rows, dtype=object).assign(**{DECLARED: True})
    return pd.concat([diary.assign(**{DECLARED: False}), more], ignore_index=True)
