"""Allowances: a person's word that a detector is wrong about one column, for a year and for that header only.

They lie in `allowances.toml` beside the records. Each is bound to a code, a file, a column and the table's
header, so that it falls away when the table changes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.errors import PlanError
from outcomes.plan import read_toml
from outcomes.records.findings import Finding
from outcomes.records.identity.tables import GateColumn, GateTable

ALLOWANCES_FILE = "allowances.toml"
#: What nobody can allow: one cell is proof, a column says it is free text, or the ids hold birthdays.
NOT_ALLOWABLE = frozenset(
    {"PRV-EMAIL", "PRV-URL", "PRV-IP", "PRV-SSN", "PRV-NINO", "PRV-FORMULA", "PRV-TEXT-HEADER", "PRV-ID-DATE"}
)
ALLOWABLE = (
    "PRV-HEADER",
    "PRV-NHS",
    "PRV-NATIONAL",
    "PRV-POSTCODE",
    "PRV-PHONE",
    "PRV-ADDRESS",
    "PRV-NAME",
    "PRV-NUMBER",
    "PRV-CODE",
    "PRV-BIRTH-DATE",
    "PRV-FREE-TEXT",
    "PRV-ID-FORM",
    "PRV-ID-PREFIX",
    "PRV-AGE",
)
_KEYS = ("code", "file", "column", "header", "reason", "by", "made", "expires")


@dataclass(frozen=True)
class Allowance:
    """Who says that `code` is wrong about `column` of `file`, why, since when and until when."""

    code: str
    file: str
    column: str
    header: str
    reason: str
    by: str
    made: dt.date
    expires: dt.date

    def to_dict(self) -> dict[str, Any]:
        """For the manifest and the footer of a report."""
        return {
            "code": self.code,
            "file": self.file,
            "column": self.column,
            "reason": self.reason,
            "by": self.by,
            "made": self.made.isoformat(),
            "expires": self.expires.isoformat(),
        }


@dataclass(frozen=True)
class Allowances:
    """All allowances of a source."""

    entries: tuple[Allowance, ...] = ()

    def covering(self, code: str, table: GateTable, column: GateColumn, today: dt.date) -> Allowance | None:
        """The allowance that lets a finding pass, if there is one."""
        if code in NOT_ALLOWABLE:
            return None
        return next((entry for entry in self.entries if _fits(entry, code, table, column, today)), None)

    def not_applied(self, tables: Sequence[GateTable], today: dt.date) -> list[Finding]:
        """A warning for each allowance that has run out or no longer matches."""
        told = []
        for number, entry in enumerate(self.entries, start=1):
            why = _why_not(entry, tables, today)
            if why:
                problem = f"allowance {number} ({entry.code}, {entry.column}) is not applied: {why}."
                remedy = "Make it again with  outcomes privacy allow  if it still holds, or remove it."
                told.append(
                    Finding("warning", "PRV-ALLOWANCE", "", ALLOWANCES_FILE, "", problem, remedy, 1, ())
                )
        return told


def header_hash(table: GateTable) -> str:
    """A hash of the table's header as written: an allowance ends when the header changes."""
    header = json.dumps([item.written.strip() for item in table.columns], ensure_ascii=True)
    return hashlib.sha256(header.encode()).hexdigest()


def _fits(entry: Allowance, code: str, table: GateTable, column: GateColumn, today: dt.date) -> bool:
    return (
        (entry.code, entry.file, entry.column) == (code, table.label, column.shown)
        and entry.header == header_hash(table)
        and today <= entry.expires
    )


def _why_not(entry: Allowance, tables: Sequence[GateTable], today: dt.date) -> str:
    if entry.code in NOT_ALLOWABLE:
        return "nobody can allow this"
    if today > entry.expires:
        return f"it ran out on {entry.expires}"
    named = [table for table in tables if table.label == entry.file]
    if not named:
        return "the source has no such file"
    if all(header_hash(table) != entry.header for table in named):
        return "the header of the file has changed"
    if all(item.shown != entry.column for table in named for item in table.columns):
        return "the file has no such column"
    return ""


def read_allowances(path: Path | None) -> Allowances:
    """The allowances in a file; none where it is not there. Raises PlanError, FileProblem."""
    if path is None or not path.exists():
        return Allowances()
    given = read_toml(path)
    listed = given.get("allow", [])
    if set(given) - {"allow"} or not isinstance(listed, list):
        raise PlanError(f"{path.name}: holds entries of the form [[allow]] and nothing else.")
    return Allowances(
        tuple(_entry(item, f"{path.name}: [[allow]] {n}") for n, item in enumerate(listed, start=1))
    )


def _entry(given: Any, where: str) -> Allowance:
    if not isinstance(given, dict) or set(given) != set(_KEYS):
        raise PlanError(f"{where} needs exactly: {', '.join(_KEYS)}.")
    days = {key: given[key] for key in ("made", "expires")}
    texts = {key: given[key] for key in _KEYS if key not in days}
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise PlanError(f"{where}: {', '.join(texts)} are texts and none is empty.")
    if not all(type(day) is dt.date and 2000 <= day.year <= 2200 for day in days.values()):
        raise PlanError(f"{where}: made and expires are dates such as 2026-10-31.")
    if days["expires"] > _a_year_after(days["made"]):
        raise PlanError(f"{where}: an allowance holds for twelve months at most.")
    return Allowance(**texts, **days)


def allow(
    path: Path,
    code: str,
    tables: Sequence[GateTable],
    file: str,
    column: str,
    *,
    reason: str,
    by: str,
    today: dt.date,
) -> Allowance:
    """Write an allowance into the file and give it back.

    `file` is the label of a table or the name of its file, `column` the dictionary's name, the header as
    written, or a position (`column 3`, `3`). Raises PlanError where the code cannot be allowed or nothing fits.
    """
    if code not in ALLOWABLE:
        known = ", ".join(ALLOWABLE)
        raise PlanError(f"Nobody can allow this code. Codes that can be allowed: {known}.")
    for what, text in (("--reason", reason), ("--by", by)):
        if not text.strip() or re.search(r"[\x00-\x1f\x7f]", text) or len(text) > 500:
            raise PlanError(f"{what} needs a text of one line.")
    table, item = _found(tables, file, column)
    made = Allowance(
        code,
        table.label,
        item.shown,
        header_hash(table),
        reason.strip(),
        by.strip(),
        today,
        _a_year_after(today),
    )
    kept = [
        entry
        for entry in read_allowances(path).entries
        if (entry.code, entry.file, entry.column) != (made.code, made.file, made.column)
    ]
    _write(path, [*kept, made])
    return made


def _found(tables: Sequence[GateTable], file: str, column: str) -> tuple[GateTable, GateColumn]:
    wanted = file.strip().casefold()
    named = [table for table in tables if table.label.casefold() == wanted]
    named = named or [
        table for table in tables if wanted in (table.container.casefold(), table.table.casefold())
    ]
    if not named:
        raise PlanError("--file: the source has no such file. Use the name that the message shows.")
    if len(named) > 1:
        raise PlanError("--file: several tables have that name. Use the whole name that the message shows.")
    sought = column.strip().casefold()
    number = re.fullmatch(r"(?:column )?(\d{1,6})", sought)
    rules = (
        lambda item: item.shown.casefold() == sought,
        lambda item: item.written.strip().casefold() == sought,
        lambda item: number is not None and item.position == int(number[1]),
    )
    for rule in rules:
        found = [item for item in named[0].columns if rule(item)]
        if len(found) == 1:
            return named[0], found[0]
    raise PlanError(
        "--column: the file has no such column, or several. Use the name or number that the message shows."
    )


def _a_year_after(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _write(path: Path, entries: Sequence[Allowance]) -> None:
    from outcomes.files import write_private

    lines = [
        "# Made by  outcomes privacy allow.  Each holds for one code, column and header, for twelve months."
    ]
    for entry in entries:
        lines += ["", "[[allow]]"]
        for key in _KEYS:
            value = getattr(entry, key)
            lines.append(f"{key} = {value.isoformat() if isinstance(value, dt.date) else json.dumps(value)}")
    write_private(path, "\n".join(lines) + "\n")
