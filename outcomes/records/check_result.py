"""Everything that a check found, whether or not the records can be read: for the page, for scripts, for the command.

A reading that stops raises its error; here what is known up to then is kept beside it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outcomes.errors import EXIT_DONE, IdentityError, InvalidRecords, TooManySetAside
from outcomes.plan import AnalysisPlan
from outcomes.records.across import patients_in_words
from outcomes.records.checked import Records
from outcomes.records.findings import Finding, Position, TableCounts, tables_over_limit, total_set_aside
from outcomes.records.mapping import SourceMapping
from outcomes.records.reading import Reading, begun
from outcomes.records.sources import Source


@dataclass(frozen=True)
class CheckResult:
    """What one check found. Sentences and findings hold no value and no patient.

    `identity`: what may say who somebody is; nothing was read beyond it. `problems`: why the tables cannot be
    read as tables. `stops`: why nothing may be computed from what was read. `findings`: all else, in the order
    of the tables. `counts`: where the rows of each table went; empty where nothing was read. `records` is what
    was read, if it was.
    """

    exit_code: int
    identity: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    counts: tuple[TableCounts, ...] = ()
    checks_run: tuple[str, ...] = ()
    records: Records | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        return self.exit_code == EXIT_DONE

    def to_dict(self) -> dict[str, Any]:
        """The same for scripts."""
        return {
            "ok": self.ok,
            "exit_code": self.exit_code,
            "identity": [finding.to_dict() for finding in self.identity],
            "stops": list(self.stops),
            "problems": list(self.problems),
            "findings": [finding.to_dict() for finding in self.findings],
            "tables": [count.to_dict() for count in self.counts],
            "checks_run": list(self.checks_run),
        }


def checked_result(
    source: Source,
    plan: AnalysisPlan | None = None,
    mapping: SourceMapping | str | Path | None = None,
    allowances: str | Path | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
) -> CheckResult:
    """Check a source and keep everything that is known, also where the reading stops. `tables`: as `load_records`.

    Raises PlanError and FileProblem: then there is nothing that was checked.
    """
    with begun(source, plan, mapping, tables) as found:
        try:
            records = found.through(allowances)
        except IdentityError as error:
            return _stopped(found, error.exit_code, identity=_blocks(found), problems=found.problems)
        except InvalidRecords as error:
            return _stopped(found, error.exit_code, problems=error.problems)
    return _read(records)


def _blocks(found: Reading) -> list[Finding]:
    blocks = [finding for finding in found.opened.findings if finding.level == "identity"]
    return blocks + list(found.gate.blocks if found.gate is not None else ())


def _stopped(
    found: Reading, exit_code: int, *, identity: Sequence[Finding] = (), problems: Sequence[str] = ()
) -> CheckResult:
    return CheckResult(
        exit_code,
        identity=tuple(identity),
        problems=tuple(problems),
        stops=tuple(found.stops),
        findings=tuple(found.findings),
        checks_run=_checks(found.gate),
    )


def _read(records: Records) -> CheckResult:
    limit = records.plan.set_aside_limit
    stops = list(records.stops)
    exit_code = EXIT_DONE
    if total_set_aside(records.counts):
        exit_code = InvalidRecords.exit_code
    over = tables_over_limit(records.counts, limit)
    if over or records.lost_patients:
        exit_code = TooManySetAside.exit_code
    # A stop weighs more than a limit, which a person may lift.
    if stops:
        exit_code = InvalidRecords.exit_code
    stops += [
        f"{count.file}: {count.set_aside} of {count.rows_in} rows were set aside, more than the {limit:.0%} that the "
        "plan lets pass."
        for count in over
    ]
    if records.lost_patients:
        stops.append(f"Everything that {patients_in_words(records.lost_patients)} recorded was set aside.")
    return CheckResult(
        exit_code,
        stops=tuple(stops),
        findings=records.findings,
        counts=records.counts,
        checks_run=_checks(records.gate),
        records=records,
    )


def _checks(gate: Any) -> tuple[str, ...]:
    return tuple(gate.checks_run) if gate is not None else ()


def in_runs(rows: Sequence[Position]) -> list[str]:
    """Positions in order, neighbours as one: 2–5, 9. Keys have no neighbours."""
    keys = sorted({row for row in rows if isinstance(row, str)})
    runs: list[tuple[int, int]] = []
    for row in sorted({row for row in rows if isinstance(row, int)}):
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return [str(first) if first == last else f"{first}–{last}" for first, last in runs] + keys


_WAY_THROUGH = """\
These records may say who somebody is, so nothing of them was read or copied. The way through, on this computer:
  1. Make a key, once, in a folder of its own outside every folder of records, and keep a sealed copy of it:
       outcomes key new {key}
     (outcomes start DIR  makes one too, with all that a first day needs.)
  2. Draft a mapping, which says what each of your columns is, and go through it line by line:
       outcomes check {source} --suggest --output {config}
     patient_id is the column with your own number of the patient; pseudonyms take its place. Then add at its end:
       [deidentify]
       dates = "relative"
       age = {age}
  3. Write the records without what says who somebody is:
       outcomes deidentify {source} --output {clean} --config {config} --key-file {key} --domain audit-2026
     audit-2026 names the recipient or the purpose. A patient has the same pseudonym in all of it.
     If it stops because too few patients are alike, the private report beside the output says what helps.
  4. Check and compare what was written, not the list:
       outcomes check {clean}
       outcomes compare {clean}
Only one cell or one column? Remove it, and check again."""

_OF_BIRTH = '"date_of_birth"  # what the column mapped to age_band holds; "years" if it holds ages'
_OF_YEARS = '"years"  # what the column mapped to age_band holds; or "date_of_birth", or "band"'


def way_through(findings: Sequence[Finding], source: str = "SOURCE") -> str:
    """What to do with records that the gate has stopped, as commands; nothing where it has stopped none.

    They run as they stand: key, configuration and output lie beside the folder of the records, never in it.
    """
    # A sign of a formula says nothing about anybody: the finding itself says what to do.
    blocks = [
        finding for finding in findings if finding.level == "identity" and finding.rule != "PRV-FORMULA"
    ]
    if not blocks:
        return ""
    # The address of a database holds a password.
    hidden = source == "SOURCE" or "://" in source
    beside = Path() if hidden else _beside(Path(source))
    return _WAY_THROUGH.format(
        source="SOURCE" if hidden else shlex.quote(source),
        key=shlex.quote(str(beside / "outcomes-key" / "clinic.key")),
        config=shlex.quote(str(beside / "deid.toml")),
        clean=shlex.quote(str(beside / "CLEAN")),
        age=_OF_BIRTH if any(_tells_birth(block) for block in blocks) else _OF_YEARS,
    )


def _tells_birth(finding: Finding) -> bool:
    """Whether the gate has found dates of birth, by the cells or by the header."""
    return finding.rule == "PRV-BIRTH-DATE" or (
        finding.rule == "PRV-HEADER" and "date of birth" in finding.problem
    )


def _beside(source: Path) -> Path:
    """The folder in which the folder of the records lies, as somebody would type it."""
    folder = source if source.is_dir() else source.parent
    if folder.name in ("", ".."):
        return folder / ".."
    return folder.parent
