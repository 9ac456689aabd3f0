"""Small clinics on disk for the tests of `deidentify`, and a gate that lets pass what it has looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from outcomes.records.deidentify import DeidentifyReport, deidentify
from outcomes.records.findings import Finding
from outcomes.records.pseudonyms import new_key

EXPORTED = dt.date(2026, 9, 30)


def day(number: int) -> str:
    """The n-th day before (minus) or after 1 June 2026, a Monday."""
    return (dt.date(2026, 6, 1) + dt.timedelta(days=number)).isoformat()


def twins(patients: int = 24, *, last: int = 100) -> dict[str, pd.DataFrame]:
    """A clinic of patients of two kinds, alike but for their ids, sex and answers; k holds at 24.

    Diaries run from 40 days before the first session, on 1 June 2026, to `last`.
    """
    ids = [f"MRN {number:05d}" for number in range(1, patients + 1)]
    diary, sessions, people = [], [], []
    for place, patient in enumerate(ids):
        better = place % 4 < 2
        for number in range(-40, last + 1):
            ill = number % 2 == 0 and (number < 0 or not better or number % 8 == 0)
            diary.append((patient, day(number), "yes" if ill else "no", "6" if ill else ""))
        sessions += [(patient, day(number), "Dr Who", "deep") for number in (0, 7, 14)]
        kind = "migraine" if place % 8 < 4 else "tension_type"
        people.append((patient, kind, "female" if place % 2 else "male", "45"))
    return {
        "diary": pd.DataFrame(diary, columns=["patient_id", "date", "headache", "intensity"]),
        "sessions": pd.DataFrame(sessions, columns=["patient_id", "date", "practitioner_id", "technique"]),
        "patients": pd.DataFrame(people, columns=["patient_id", "headache_type", "sex", "age_band"]),
    }


@dataclass
class Gate:
    """Notes what it was shown, and answers with the findings it was given."""

    findings: Sequence[Finding] = ()
    seen: dict[str, str] = field(default_factory=dict)

    def __call__(self, folder: Path) -> Sequence[Finding]:
        self.seen = {
            path.name: path.read_text(encoding="utf-8", errors="replace") for path in folder.iterdir()
        }
        return self.findings


@dataclass
class Desk:
    """A folder with raw records, a key and a configuration, from which `run` de-identifies."""

    home: Path
    tables: Mapping[str, pd.DataFrame] | None = None

    def __post_init__(self) -> None:
        self.raw, self.out, self.key = self.home / "raw", self.home / "out", self.home / "clinic.key"
        self.raw.mkdir(parents=True)
        for name, frame in (self.tables if self.tables is not None else twins()).items():
            frame.to_csv(self.raw / f"{name}.csv", index=False)
        new_key(self.key)

    def run(
        self,
        settings: str = 'age = "years"',
        *,
        mapping: str = "",
        gate: Callable[..., Any] | None = None,
        **given: Any,
    ) -> DeidentifyReport:
        config = self.home / "deid.toml"
        config.write_text(
            f"exported_on = {EXPORTED}\n{mapping}\n[deidentify]\n{settings}\n", encoding="utf-8"
        )
        given = {"key_file": self.key, "domain": "leeds-2026", **given}
        return deidentify(self.raw, self.out, config, gate=gate or Gate(), **given)

    def read(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.out / f"{name}.csv", dtype=str, keep_default_na=False)

    @property
    def private(self) -> str:
        return (self.home / "out-private-report.txt").read_text(encoding="utf-8")
