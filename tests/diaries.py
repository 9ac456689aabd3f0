"""Diaries drawn in characters, and the folders that tests write them to.

One character is one day. A digit is the worst intensity of that day, 0 being a day without headache; `X` is
intensity 10, `?` a headache whose intensity was not written down, `_` a row that is listed but left empty, and
`.` a day without a row. `|` stands before day 0, the day of the first session. Spaces are for the eye.

    p1 : 3000000 | . 0000000

is a patient with seven days before the first session, nothing on that day, and seven days after it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.mapping import Attestation, SourceMapping

#: Seven days before against the seven days after the first session; 5 recorded days are needed in each.
WEEK_PLAN = AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7)

#: Somebody vouches for the ids of drawn patients, which are words such as `late` and `mild`: the privacy gate
#: has nothing to say about them, and what a test finds is what it planted.
ATTESTED = SourceMapping(attestation=Attestation("random-study-number", "the tests", dt.date(2026, 1, 1)))


def load(
    source: str | Path | Mapping[str, Any],
    plan: AnalysisPlan | None = None,
    *,
    exported_on: str = "",
    accept_set_aside: int | None = None,
) -> Records:
    """`load_records` with ids that are vouched for. `exported_on` is for diaries that lie in the future."""
    day = dt.date.fromisoformat(exported_on) if exported_on else None
    mapping = dataclasses.replace(ATTESTED, exported_on=day)
    return oc.load_records(source, plan, mapping=mapping, accept_set_aside=accept_set_aside)


def drawn(
    text: str, *, medication: str = "", first_session: str | None = None, hours: float | None = None
) -> dict[str, pd.DataFrame]:
    """Tables for `load_records`: day numbers, or calendar dates with sessions where `first_session` is given.

    `medication` is a second drawing with `y`, `n` and `.`; `hours` is written on every headache day.
    """
    taken = {(name, day): mark for name, day, mark in _marks(medication)}
    rows = []
    for name, day, mark in _marks(text):
        headache = "" if mark == "_" else "no" if mark == "0" else "yes"
        intensity = {"_": None, "?": None, "X": 10.0}.get(mark, float(mark) if mark.isdigit() else None)
        row: dict[str, Any] = {"patient_id": name, "day": day, "headache": headache, "intensity": intensity}
        if medication:
            row["acute_medication"] = {"y": "yes", "n": "no"}.get(taken.get((name, day), "."), "")
        if hours is not None:
            row["duration_hours"] = hours if headache == "yes" else None
        rows.append(row)
    columns = ["patient_id", "day", "headache", "intensity"]
    columns += ["acute_medication"] * bool(medication) + ["duration_hours"] * (hours is not None)
    diary = pd.DataFrame(rows, columns=columns)
    if first_session is None:
        return {"diary": diary}
    names = list(dict.fromkeys(name for name, _ in _lines(text)))
    return dated({"diary": diary}, dict.fromkeys(names, first_session))


def dated(tables: Mapping[str, pd.DataFrame], first_sessions: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """The same diary with calendar dates, and a sessions table with one first session per patient named."""
    diary = tables["diary"].copy()
    fallback = next(iter(first_sessions.values()), "2026-03-02")
    diary["date"] = [
        (dt.date.fromisoformat(first_sessions.get(name, fallback)) + dt.timedelta(int(day))).isoformat()
        for name, day in zip(diary["patient_id"], diary["day"], strict=True)
    ]
    rows = list(first_sessions.items())
    sessions = pd.DataFrame(rows, columns=["patient_id", "date"], dtype="str")
    return {**tables, "diary": diary.drop(columns="day"), "sessions": sessions}


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.strip():
            name, _, days = line.partition(":")
            yield name.strip(), days.replace(" ", "")


def _marks(text: str) -> Iterator[tuple[str, int, str]]:
    for name, days in _lines(text):
        before, bar, after = days.partition("|")
        if not bar:
            raise ValueError(f"{name}: a drawing needs a | before the day of the first session")
        for day, mark in enumerate(before + after, start=-len(before)):
            if mark != ".":
                yield name, day, mark


def write_folder(folder: Path, suffix: str = ".csv", **tables: pd.DataFrame | str | bytes) -> Path:
    """A source on disk: frames are written in the format of the suffix, text and bytes as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        target = folder / f"{name}{suffix}"
        if isinstance(table, bytes):
            target.write_bytes(table)
        elif isinstance(table, str):
            target.write_bytes(table.encode())
        elif suffix == ".parquet":
            table.to_parquet(target, index=False)
        else:
            table.to_csv(target, index=False, sep="\t" if suffix == ".tsv" else ",", lineterminator="\n")
    return folder
