"""A small clinic on disk with something wrong in it, and what the commands say about it.

What is planted may appear in nothing that a command prints: the letters of the ids, a value, a word.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from outcomes.cli import main

#: Letters that all ids share, an intensity and a word: none of them may come out again.
PLANTED = ("QZX", "qzx", "7.37", "7,37", "Geheim")
FIRST_SESSION = dt.date(2024, 5, 6)
PATIENTS = ("QZX-4711", "QZX-4712", "QZX-4713", "QZX-4714")
HEADER = "patient_id,date,headache,intensity,duration_hours"
#: A week against a week, so that a clinic of this size has an outcome.
WEEKS = "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n"


def day(number: int) -> str:
    """The calendar day of a day number, which counts from the first session."""
    return (FIRST_SESSION + dt.timedelta(number)).isoformat()


def diary_row(patient: str, number: int) -> str:
    """Headache on every second day, and one day in the week on which the planted value was felt."""
    if number % 2:
        return f"{patient},{day(number)},yes,{'7.37' if number % 7 == 1 else '4'},3"
    return f"{patient},{day(number)},no,,"


def diary_rows(first: int = -28, last: int = 28, patients: tuple[str, ...] = PATIENTS) -> list[str]:
    """Rows of whole diaries, one patient after another. The first stands in row 2 of the spreadsheet."""
    return [diary_row(patient, number) for patient in patients for number in range(first, last + 1)]


@dataclass
class Clinic:
    """Files of a clinic. `rows[0]` stands in row 2 of the spreadsheet, as `row_of` counts."""

    folder: Path
    header: str = HEADER
    rows: list[str] = field(default_factory=diary_rows)
    sessions: list[str] = field(default_factory=lambda: [f"{patient},{day(0)}" for patient in PATIENTS])
    patients: list[str] = field(default_factory=list)
    mapping: str = ""
    plan: str = WEEKS

    def write(self) -> Path:
        """Write the files and give the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tables = {"diary": [self.header, *self.rows], "sessions": ["patient_id,date", *self.sessions]}
        if self.patients:
            tables["patients"] = self.patients
        for name, lines in tables.items():
            (self.folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.settle()
        return self.folder

    def settle(self) -> None:
        """Write the plan and the mapping alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("mapping.toml", self.mapping), ("outcomes.toml", self.plan)):
            (self.folder / name).write_text(text, encoding="utf-8")

    def change(self, place: int, **cells: str) -> int:
        """Write other cells into a row of the diary. Gives the row as the spreadsheet shows it."""
        row = dict(zip(self.header.split(","), self.rows[place].split(","), strict=True))
        self.rows[place] = ",".join({**row, **cells}.values())
        return row_of(place)


def row_of(place: int) -> int:
    """The row of the spreadsheet for a place in `rows`."""
    return place + 2


@dataclass(frozen=True)
class Checked:
    """What `outcomes check` said: its exit code, findings and counts, and all that it printed."""

    code: int
    findings: list[dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    text: str

    def found(self, level: str, column: str | None = None, rule: str | None = None) -> list[dict[str, Any]]:
        """Findings of a level, and of a column or rule where one is given."""
        return [
            finding
            for finding in self.findings
            if finding["level"] == level
            and (column is None or finding["column"] == column)
            and (rule is None or finding["rule"] == rule)
        ]

    def places(self, level: str) -> list[tuple[str, str | None, list[int]]]:
        """(file, column, rows) of the findings of a level."""
        return [(one["file"], one["column"], one["rows"]) for one in self.found(level)]


def silent(*texts: str) -> None:
    """Nothing that was planted is in any of the texts."""
    for text in texts:
        for planted in PLANTED:
            assert planted not in text


def check(capsys: pytest.CaptureFixture[str], source: Path, **rows_in: int) -> Checked:
    """Run `check` for a script, and where a row was set aside for a person too, with the private list.

    Nothing is quoted anywhere, rows come out even, and all three name the same rows. `rows_in` is the number of
    rows that the test itself wrote into each table.
    """
    capsys.readouterr()
    code = main(["check", str(source), "--json"])
    scripted = capsys.readouterr()
    silent(scripted.out, scripted.err)
    assert code in (0, 4, 5) and scripted.out, scripted.err
    told = json.loads(scripted.out)
    tables = {table["table"]: table for table in told["tables"]}
    assert tables, told
    for table in tables.values():
        parts = ("used", "not_recorded", "collapsed", "set_aside", "blank")
        assert table["rows_in"] == sum(table[part] for part in parts)
    for name, rows in rows_in.items():
        assert tables[name]["rows_in"] == rows
    text = scripted.out + (_for_a_person(capsys, source, code, told["findings"]) if code else "")
    return Checked(code, told["findings"], tables, text)


def _for_a_person(
    capsys: pytest.CaptureFixture[str], source: Path, code: int, findings: list[dict[str, Any]]
) -> str:
    """What a person reads; the list of rows set aside is theirs alone and holds just those rows."""
    listed = source.parent / "set_aside.csv"
    assert main(["check", str(source), "--quarantine", str(listed)]) == code
    shown = capsys.readouterr()
    rows = listed.read_text(encoding="utf-8-sig")
    silent(shown.out, shown.err, rows)
    if os.name != "nt":
        assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    told = [one for one in findings if one["level"] == "set aside"]
    written = {(row["file"], int(row["row"]), row["column"]) for row in csv.DictReader(io.StringIO(rows))}
    assert written == {(one["file"], row, one["column"] or "") for one in told for row in one["rows"]}
    for one in told:
        assert f"{one['file']}, row" in shown.out and str(one["rows"][0]) in shown.out
    return shown.out + shown.err


def stops(capsys: pytest.CaptureFixture[str], source: Path, *words: str, code: int = 4) -> str:
    """Every command stops with that code, and nothing is produced; the message holds the words."""
    capsys.readouterr()
    told = ""
    for command in (["check", str(source)], ["compare", str(source), "--json"]):
        assert main(command) == code, capsys.readouterr()
        shown = capsys.readouterr()
        silent(shown.out, shown.err)
        if command[0] == "compare":
            assert shown.out == ""
        told = shown.out + shown.err
        for word in words:
            assert word in told, told
    return told


def compare(capsys: pytest.CaptureFixture[str], source: Path, *more: str) -> dict[str, Any]:
    """What `outcomes compare` gives a script; it must succeed."""
    capsys.readouterr()
    code = main(["compare", str(source), "--json", *more])
    shown = capsys.readouterr()
    silent(shown.out, shown.err)
    assert code == 0, shown.err
    return json.loads(shown.out)


def numbers(compared: dict[str, Any], endpoint: str = "headache_days_per_28") -> dict[str, Any]:
    """Statistic → value for everyone, of one endpoint."""
    return {
        row["statistic"]: row["value"]
        for row in compared["rows"]
        if row["endpoint"] == endpoint and row["group"] in ("", "all")
    }
