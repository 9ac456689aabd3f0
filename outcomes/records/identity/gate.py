"""The identity gate: every column of a source is looked at, header first, before anything of it is read.

A closed schema comes first and does most of the work; detectors come second. What blocks is told with its
place and what to do, never with a value, a patient or the header of an unknown column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from outcomes.engine import Engine
from outcomes.records.findings import Finding
from outcomes.records.header_words import says_birth
from outcomes.records.identity.allowances import NOT_ALLOWABLE, Allowance, Allowances
from outcomes.records.identity.columns import (
    closed_hits,
    date_hits,
    id_hits,
    newest_date,
    open_hits,
    wide_hits,
    word_hits,
)
from outcomes.records.identity.detectors import Hit
from outcomes.records.identity.headers import says
from outcomes.records.identity.looking import Look, Looking
from outcomes.records.identity.people import age_findings, file_name_finding, small_classes
from outcomes.records.identity.tables import GateColumn, GateTable
from outcomes.records.mapping import SourceMapping

__all__ = ["GateColumn", "GateReport", "GateTable", "hold_gate"]

#: What ran, in words for the manifest and the page: never more than was done.
CHECKS = (
    "file names",
    "headers, against lists of identifying words in English, German, French, Spanish, Italian and Dutch",
    "single cells: e-mail, web and IP addresses, dashed US and UK insurance numbers, formula signs",
    "national numbers by their check digits, per column",
    "postcodes, phone numbers, street addresses, names, long numbers, free text, per column",
    "dates that may be birthdays",
    "the form of patient and practitioner ids",
    "ages above 89",
    "combinations of patient characteristics shared by fewer than 5",
)


@dataclass(frozen=True)
class GateReport:
    """What the gate found. `blocks` stop everything; `allowed` are allowances that let something pass."""

    blocks: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    allowed: tuple[Allowance, ...]
    checks_run: tuple[str, ...]


@dataclass
class _Hold:
    """One holding of the gate: what it needs to know, and what it has found so far."""

    looking: Looking
    mapping: SourceMapping
    allowances: Allowances
    today: dt.date
    blocks: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    allowed: list[Allowance] = field(default_factory=list)

    def block(self, table: GateTable, column: GateColumn, hit: Hit, look: Look | None = None) -> None:
        """Block, unless a person has allowed it."""
        allowance = self.allowances.covering(hit.code, table, column, self.today)
        if allowance is not None:
            if allowance not in self.allowed:
                self.allowed.append(allowance)
            return
        count, rows = self.looking.places(look, hit.values) if look is not None else (1, ())
        self.blocks.append(
            Finding(
                "identity", hit.code, table.table, table.label, column.shown, hit.problem,
                _remedy(hit.code, table, column, self.today), count, rows,
            )
        )  # fmt: skip

    def warn(
        self, table: GateTable, column: str, code: str, problem: str, remedy: str, count: int = 1
    ) -> None:
        if code == "PRV-ID-UNATTESTED" and any(
            (told.rule, told.column) == (code, column) for told in self.warnings
        ):
            # The same ids stand in every table: once is enough.
            return
        self.warnings.append(
            Finding("warning", code, table.table, table.label, column, problem, remedy, count, ())
        )


def hold_gate(
    engine: Engine,
    tables: Sequence[GateTable],
    mapping: SourceMapping,
    allowances: Allowances,
    *,
    newest_session: dt.date | None = None,
    today: dt.date | None = None,
) -> GateReport:
    """Hold the gate against a whole source. Raises InvalidRecords where a table cannot be read.

    `newest_session` is worked out from the source where it is not given. Columns that the dictionary does not
    know are reported by the reader; here they are looked at like any other.
    """
    looking = Looking(engine)
    hold = _Hold(looking, mapping, allowances, today or dt.date.today())
    try:
        _headers(hold, tables)
        looks = [look for table in tables for look in looking.first_pass(table, hold.today)]
        newest = newest_session or newest_date(looking, looks, hold.today)
        patients = _patients(looking, looks)
        for look in looks:
            _column(hold, look, newest, patients)
        for table in tables:
            _people(hold, table)
            if file_name_finding(table) and table.container not in {told.file for told in hold.warnings}:
                problem = "the file's name looks like a person's name, birthday or number."
                hold.warnings.append(
                    Finding(
                        "warning",
                        "PRV-FILE-NAME",
                        table.table,
                        table.container,
                        "",
                        problem,
                        "Rename it.",
                        1,
                        (),
                    )
                )
        hold.warnings += allowances.not_applied(tables, hold.today)
    finally:
        looking.clear()
    return GateReport(tuple(hold.blocks), tuple(hold.warnings), tuple(hold.allowed), CHECKS)


def _headers(hold: _Hold, tables: Sequence[GateTable]) -> None:
    for table in tables:
        for column in table.columns:
            meaning = says(column.written)
            if meaning == "text":
                hold.block(
                    table,
                    column,
                    Hit("PRV-TEXT-HEADER", "the header says that the column holds free text.", ()),
                )
            elif meaning == "identity":
                what = "a date of birth" if says_birth(column.written) else "something that identifies people"
                told = f"the header says that the column holds {what}."
                hold.block(table, column, Hit("PRV-HEADER", told, ()))


def _patients(looking: Looking, looks: Iterable[Look]) -> int:
    """Distinct patient ids of the table that holds most of them."""
    named = [
        looking.count(look)
        for look in looks
        if look.distinct and look.column.leaks == "id" and look.column.shown == "patient_id"
    ]
    return max(named, default=0)


def _column(hold: _Hold, look: Look, newest: dt.date | None, patients: int) -> None:
    looking, column = hold.looking, look.column
    hits: list[Hit] = []
    if column.leaks == "id":
        given = hold.mapping.attestation
        found = id_hits(looking, look, patients, attestation=given.kind if given else "")
        hits += [hit for hit, blocks in found if blocks]
        for hit, blocks in found:
            if not blocks:
                remedy = f"If they say nothing about anybody, say so at the top of mapping.toml:  {_attest(hold.today)}"
                hold.warn(look.table, column.shown, hit.code, hit.problem, remedy)
    elif column.leaks == "open":
        hits += open_hits(looking, look, newest, patients)
    elif column.leaks == "words":
        hits += word_hits(looking, look, newest, patients)
    elif column.leaks == "date":
        hits += date_hits(looking, look, newest)
    elif look.odd:
        hits += wide_hits(looking, look) if column.leaks == "wide" else closed_hits(looking, look)
    for hit in hits:
        hold.block(look.table, column, hit, look)


def _attest(today: dt.date) -> str:
    """The line of a mapping with which somebody vouches for the ids."""
    return f'attestation = {{ kind = "random-study-number", by = "YOUR NAME", date = {today} }}'


def _people(hold: _Hold, table: GateTable) -> None:
    for column, blocks, problem, values in age_findings(hold.looking, table):
        if blocks:
            hold.block(table, column, Hit("PRV-AGE", problem, values), Look(table, column))
        else:
            hold.warn(table, column.shown, "PRV-AGE-EXACT", problem, "Band it, ten years each.")
    told = small_classes(hold.looking, table)
    if told:
        count, problem = told
        remedy = "Merge rare categories before the table goes to anybody else; 'outcomes deidentify' does."
        hold.warn(table, "", "PRV-K", problem, remedy, count)


def _remedy(code: str, table: GateTable, column: GateColumn, today: dt.date) -> str:
    """What to do, with the command that allows it where a person may."""
    done = "Nothing was loaded or copied."
    if code == "PRV-CODE":
        fix = "Use short codes such as D1, or the words of the data dictionary."
    elif code.startswith("PRV-ID") and column.leaks == "id":
        fix = "Give every patient a pseudonym with 'outcomes deidentify'. A row of totals? Remove the row."
        if code == "PRV-ID-FORM":
            fix += (
                " Or, if the ids are random study numbers, say so at the top of mapping.toml:  "
                f"{_attest(today)} ."
            )
    elif code == "PRV-AGE":
        fix = "Put ages in bands that end with 90+."
    elif code == "PRV-FORMULA":
        fix = "Remove the sign, or the column."
    else:
        fix = "Remove the column or the cell, or run 'outcomes deidentify' on the raw export."
    if code in NOT_ALLOWABLE:
        return f"{done} {fix}"
    command = f'outcomes privacy allow {code} --file "{table.label}" --column "{column.shown}" --reason "…" --by "…"'
    return f"{done} {fix} Is it nothing of the kind? In the folder of the records:  {command}"
