"""Checked records: what was read, where its rows went, and on whose word it rests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.engine import Engine, identifier, literal
from outcomes.plan import AnalysisPlan
from outcomes.records.across import DECLARED_SPAN
from outcomes.records.findings import Finding, TableCounts
from outcomes.records.gatekeeping import GateReport
from outcomes.records.mapping import SourceMapping
from outcomes.records.placing import COMBINED, OF_THE_CHECK, build_segments
from outcomes.records.rules import Rule
from outcomes.records.table_source import TableSource

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Records:
    """Checked records. They stay in the engine; `frame` brings one table out.

    `counts` has one entry per table and always comes out even; `findings` is what was set aside, collapsed
    or warned about. `plan` and `mapping` are those that lay beside the records, or those given, with what the
    files proved of their own form. `stops` are problems of the whole that nothing may be computed over, and
    `lost_patients` counts patients all of whose rows were set aside. `gate` says which identity checks ran.
    """

    engine: Engine
    plan: AnalysisPlan
    sources: tuple[TableSource, ...]
    counts: tuple[TableCounts, ...]
    findings: tuple[Finding, ...]
    uses_dates: bool
    mapping: SourceMapping = field(default_factory=SourceMapping)
    gate: GateReport | None = None
    rules: dict[str, tuple[Rule, ...]] = field(default_factory=dict, repr=False)
    stops: tuple[str, ...] = ()
    lost_patients: int = 0
    _segments: dict[tuple[int, ...], str] = field(default_factory=dict, repr=False)
    #: Tables that were worked out from these records and will be asked for again (outcomes.analysis.once).
    kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        tables = ", ".join(f"{count.table}: {count.used} of {count.rows_in} rows" for count in self.counts)
        return f"Records({tables})"

    @property
    def notes(self) -> tuple[str, ...]:
        """What rests on somebody's word, and must stand beside every number: declared spans, allowances."""
        told = [
            f"{finding.file}: {finding.problem}" for finding in self.findings if finding.rule == DECLARED_SPAN
        ]
        told += [
            f"{finding.file}: {finding.count} rows that contradict each other about a day were put together "
            f"(duplicate_day = {self.plan.duplicate_day})."
            for finding in self.findings
            if finding.rule == COMBINED
        ]
        told += [
            f"{one.file}, {one.code}: looked at and let pass by {one.by} ({one.reason}), until {one.expires}."
            for one in (self.gate.allowed if self.gate else ())
        ]
        return tuple(told)

    @property
    def rests_on_combined_days(self) -> bool:
        """Whether rows that contradict each other about a day were put together, as the plan says."""
        return any(finding.rule == COMBINED for finding in self.findings)

    @property
    def rests_on_declared_days(self) -> bool:
        """Whether days without an entry count as free of headache because the clinic declares it."""
        return any(finding.rule == DECLARED_SPAN for finding in self.findings)

    def has(self, table: str) -> bool:
        """Whether the source holds that table."""
        return any(source.table.name == table for source in self.sources)

    def columns(self, table: str) -> tuple[str, ...]:
        """Names of the columns that the source holds of a table, in its own order."""
        for source in self.sources:
            if source.table.name == table:
                return tuple(item.column.name for item in source.columns)
        return ()

    def frame(self, table: str, patient_id: str | None = None) -> pd.DataFrame:
        """The used rows of one table, or of one patient in it, as a pandas frame; no column that the source does
        not hold.

        All rows of a table other than the diary are kept, since one question after the other asks for them; what is
        handed out is a copy. Raises KeyError where the source does not hold the table.
        """
        key = ("frame", table)
        if patient_id is None and key in self.kept:
            found: pd.DataFrame = self.kept[key].copy()
            return found
        names = self.columns(table)
        if not names:
            raise KeyError(table)
        listed = ", ".join(identifier(name) for name in names)
        origin = _used_diary(self) if table == "diary" else table
        only = "" if patient_id is None else f"WHERE {self._is_patient(patient_id)} "
        order = ", ".join(str(place) for place in range(1, len(names) + 1))
        frame = self.engine.frame(f"SELECT {listed} FROM {origin} {only}ORDER BY {order}")
        if patient_id is None and table != "diary":
            self.kept[key] = frame.copy()
        return frame

    def _is_patient(self, patient_id: str) -> str:
        """SQL that is true of one patient's rows. Elsewhere, where statements are logged, it does not hold the id."""
        if not self.engine.elsewhere:
            return f"patient_id = {literal(patient_id)}"
        import pyarrow as pa

        self.engine.register("asked_for", pa.table({"one": pa.array([str(patient_id)], pa.string())}))
        return "CAST(patient_id AS VARCHAR) IN (SELECT one FROM asked_for)"

    def placed_days(self) -> str:
        """The used patient-days as a subquery, each with its `relative_day` from the first session."""
        return _used_days(self) if self.engine.has("repeated_days") else "placed"

    def segments(self, cuts: Sequence[int] = ()) -> str:
        """Name of the engine's table of segments (sql/segments.sql), cut at the given days.

        28-day tiles need no cut; windows that are not whole tiles do, and cost a second pass.
        """
        key = tuple(sorted({cut for cut in cuts if cut % 28} | {1}))
        if key not in self._segments:
            name = f"segments_{len(self._segments)}"
            build_segments(self.engine, name, key, self.columns("diary"), self.plan.duplicate_day)
            self._segments[key] = name
        return self._segments[key]

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each input file, by the name it has in messages, read once. Empty for frames."""
        key = ("fingerprints",)
        if key not in self.kept:
            self.kept[key] = self._fingerprints()
        return dict(self.kept[key])

    def _fingerprints(self) -> dict[str, str]:
        return {
            part.raw.label if len(part.raw.paths) == 1 else f"{part.raw.label}{path.name}": _sha256(path)
            for source in self.sources
            for part in source.parts
            for path in part.raw.paths
        }


def _used_diary(records: Records) -> str:
    """The used patient-days as a subquery, on the calendar where that is enough: no session need be looked at."""
    return _used_days(records) if records.engine.has("repeated_days") else "diary_usable"


def _used_days(records: Records) -> str:
    """The same where days stand more than once: repeats once, conflicts not at all."""
    names = [name for name in records.engine.columns_of("placed") if name not in OF_THE_CHECK]
    listed = ", ".join(f"placed.{identifier(name)}" for name in names)
    same_day = "ON repeated.patient_id = placed.patient_id AND repeated.relative_day = placed.relative_day"
    # Only the few days that stand more than once are made one: over all days that would cost more than the rest.
    once = (
        f"SELECT {listed} FROM placed ANTI JOIN repeated_days AS repeated {same_day} UNION ALL "
        f"SELECT DISTINCT {listed} FROM placed SEMI JOIN "
        f"(SELECT * FROM repeated_days WHERE n_different = 1) AS repeated {same_day}"
    )
    if records.plan.duplicate_day == "set_aside":
        return f"({once})"
    # With max and sum, columns that the plan does not say how to put together stay empty on these days.
    combined = records.engine.columns_of("combined_days")
    more = ", ".join(identifier(name) if name in combined else "NULL" for name in names)
    return f"({once} UNION ALL SELECT {more} FROM combined_days)"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
