"""Migraine Buddy: its CSV and its HTML report, both lists of attacks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.app_tables import (
    FREE_TEXT,
    NOT_NEEDED,
    app_table,
    check_choices,
    leave_out,
    positions,
)
from outcomes.records.importers.attack_rows import NOT_A_LENGTH, AttackRow, read_length, take_attack
from outcomes.records.importers.attacks import AttackList, diary_of
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.delimited import read_text
from outcomes.records.importers.medication import Medication, empty_means, read_medication
from outcomes.records.importers.migraine_buddy_report import Report, looks_like_html, read_report
from outcomes.records.importers.times import Clock, proven_order, read_time, refuse_mixed_offsets

_NEEDED = ("started", "lasted", "pain level")
_MEDICATION = tuple(
    f"{rating} medication" for rating in ("helpful", "somewhat helpful", "unhelpful", "unsure")
)
_RELIEF = tuple(
    f"{rating} non drug relief methods" for rating in ("helpful", "somewhat helpful", "unhelpful", "unsure")
)
_READ = (*_NEEDED, *_MEDICATION)
_LEFT_OUT = {
    "#": "the app's own number",
    "affected activities": NOT_NEEDED,
    "potential triggers": "triggers, also of one's own wording",
    "symptoms": NOT_NEEDED,
    "most bothersome symptom": NOT_NEEDED,
    "premonitory symptoms": NOT_NEEDED,
    "pain positions": NOT_NEEDED,
    **dict.fromkeys(_RELIEF, NOT_NEEDED),
    "location": "where somebody was",
    "notes": FREE_TEXT,
}


@dataclass(frozen=True)
class _Written:
    """One attack as either form writes it."""

    row: int
    started: str
    lasted: str
    pain: str
    medication: list[str]


class MigraineBuddy:
    """Importer of the CSV and of the HTML report, told apart by their content."""

    name = "migraine_buddy"
    title = "Migraine Buddy, CSV (confidence B) or HTML report (confidence A)"
    confidence = "B"
    one_patient = True

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        check_choices(settings, self.name, ("fold", "empty_medication"))
        tally, listed, clock = Tally(), AttackList(), Clock.of(settings)
        rows: list[AttackRow] = []
        reports: list[Report] = []
        for path in files:
            text = read_text(path)
            if looks_like_html(text):
                report = read_report(path.name, text, tally)
                reports.append(report)
                written = [_Written(*attack) for attack in report.attacks]
            else:
                written = _from_csv(path.name, text, tally)
            rows += _rows(path.name, written, settings)
        refuse_mixed_offsets(files[0].name, [row.start for row in rows])
        for row in rows:
            tally.came_in()
            take_attack(row, clock, listed, tally)
        diary = diary_of(listed, settings, tally)
        if len(reports) == len(files) == 1:
            _compare(reports[0], int((diary["headache"] == "yes").sum()), files[0].name, tally)
        return tally.imported({"diary": diary})


def _from_csv(file: str, text: str, tally: Tally) -> list[_Written]:
    table = app_table(file, text, "Migraine Buddy", _NEEDED)
    at = positions(table, _READ)
    leave_out(table, _READ, _LEFT_OUT, tally)
    return [
        _Written(
            number,
            cells[at["started"]],
            cells[at["lasted"]],
            cells[at["pain level"]],
            [cells[at[name]] for name in _MEDICATION if name in at],
        )
        for number, cells in table.rows
    ]


def _rows(file: str, written: Sequence[_Written], settings: ImportSettings) -> list[AttackRow]:
    order = proven_order(file, [attack.started for attack in written], settings)
    empty = empty_means(settings)
    return [_row(file, attack, order, empty) for attack in written]


def _row(file: str, attack: _Written, order: str, empty: Medication | None) -> AttackRow:
    start = read_time(attack.started, order)
    length, wrong = _length(attack.lasted)
    medication = read_medication(attack.medication, empty)
    return AttackRow(file, attack.row, start, None, length, attack.pain, medication, wrong)


def _length(text: str) -> tuple[dt.timedelta | None, str]:
    text = text.strip()
    if not text or re.match(r"ongoing\b", text, re.IGNORECASE):
        return None, ""
    length = read_length(text)
    return length, "" if length is not None else NOT_A_LENGTH


def _compare(report: Report, days: int, file: str, tally: Tally) -> None:
    """Warn where the report's own summary does not agree with its rows."""
    for what, told, found in (
        ("attacks", report.told_attacks, len(report.attacks)),
        ("attack days", report.told_days, days),
    ):
        if told is not None and told != found:
            tally.warn(
                f"{file}: the summary at its head gives another number of {what} than its rows, which give {found}. "
                "Rows may be missing from the report: export it again for the same span."
            )


IMPORTER = MigraineBuddy()
