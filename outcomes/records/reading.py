"""`load_records`: from what a clinic has to records that were checked, counted and placed in time."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from outcomes.engine import Engine
from outcomes.errors import IdentityError, InvalidRecords, OutcomesError, PlanError, TooManySetAside
from outcomes.files import unchanged
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.across import DECLARED_SPAN, look_across, lost_patients
from outcomes.records.across import patients_in_words as _patients
from outcomes.records.cells import Forms, is_whole_number
from outcomes.records.checked import Records
from outcomes.records.checking import Checked, check_table
from outcomes.records.date_forms import prove_dates
from outcomes.records.doubts import (
    low_scale,
    prove_decimals,
    scale_problems,
    unexplained,
    with_decimals,
    with_forms,
    zero_problems,
)
from outcomes.records.findings import Finding, TableCounts, tables_over_limit, total_set_aside
from outcomes.records.gatekeeping import GateReport, run_gate
from outcomes.records.mapping import SourceMapping, read_mapping
from outcomes.records.matching import match_tables
from outcomes.records.placing import (
    name_patients,
    place_day_zero,
    place_diary,
    settle_diary,
    settle_table,
    stand_in,
)
from outcomes.records.raw import PROVENANCE_FILE, Opened
from outcomes.records.rules import FUTURE
from outcomes.records.schema import TABLES
from outcomes.records.sources import Location, Source, locate, open_source
from outcomes.records.table_source import TableSource

#: Larger files are watched by size, time and place alone: a hash of them would take longer than the reading.
HASHED_BYTES = 8 * 1024 * 1024

#: Above this share of dates that have not come yet, day and month may be swapped in all of them.
FUTURE_SHARE = 0.01


def load_records(
    source: Source,
    plan: AnalysisPlan | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
    days: tuple[dt.date, dt.date] | None = None,
    mapping: SourceMapping | str | Path | None = None,
    allowances: str | Path | None = None,
    accept_set_aside: int | None = None,
) -> Records:
    """Read and check a source: a folder of tables, a workbook, a database file or address, or frames.

    A Spark session, or an open connection of SQLAlchemy or ADBC, is asked where its tables lie, and nothing is copied:
    `tables` says which they are, {name of the dictionary: name of the table there, or Spark data frame}. With `days`,
    the diary from the first to the last of these two days alone is read, there and of Parquet in a folder; its day
    column must be one of dates or timestamps (PlanError).

    Without `plan` and `mapping`, `outcomes.toml` and `mapping.toml` beside the records are read if they are
    there. Rows that break a rule are set aside and counted. Raises IdentityError where the records may say who
    somebody is; InvalidRecords with every problem that stops the reading; and TooManySetAside above the
    plan's `set_aside_limit` or where all of a patient's rows were lost, unless `accept_set_aside` is exactly
    the number of rows set aside. Sources: docs/data-dictionary.md.
    """
    records = read_records(source, plan, tables=tables, days=days, mapping=mapping, allowances=allowances)
    if records.stops:
        raise InvalidRecords(records.stops)
    set_aside = total_set_aside(records.counts)
    if accept_set_aside == set_aside:
        return records
    over = tables_over_limit(records.counts, records.plan.set_aside_limit)
    told = []
    if over:
        listed = "; ".join(f"{count.file}: {count.set_aside} of {count.rows_in} rows" for count in over)
        told.append(
            f"Set aside, more than the {records.plan.set_aside_limit:.0%} that the plan lets pass: {listed}."
        )
    if records.lost_patients:
        told.append(f"Everything that {_patients(records.lost_patients)} recorded was set aside.")
    if told:
        raise TooManySetAside(
            f"{' '.join(told)} 'outcomes check' lists the rows. To go on without them: --accept-set-aside "
            f"{set_aside} (all tables together)."
        )
    return records


def read_records(
    source: Source,
    plan: AnalysisPlan | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
    days: tuple[dt.date, dt.date] | None = None,
    mapping: SourceMapping | str | Path | None = None,
    allowances: str | Path | None = None,
) -> Records:
    """Like `load_records`, without the limit and with the stops listed: for looking at what is wrong.

    Raises IdentityError, and InvalidRecords where the tables cannot be read as tables at all.
    """
    with begun(source, plan, mapping, tables, days) as found:
        return found.through(allowances)


@contextlib.contextmanager
def begun(
    source: Source,
    plan: AnalysisPlan | None = None,
    mapping: SourceMapping | str | Path | None = None,
    tables: Mapping[str, Any] | None = None,
    days: tuple[dt.date, dt.date] | None = None,
) -> Iterator[Reading]:
    """A reading whose source is open. Raises FileProblem where its files change before the end of the block."""
    location = locate(source, tables)
    plan = plan if plan is not None else read_plan(None, location.beside)
    chosen = read_mapping(mapping, location.beside)
    location, engine = engine_for(location, chosen, days)
    if engine.elsewhere and plan.duplicate_day == "last":
        raise PlanError(
            "duplicate_day = last asks for the order of the rows, and a table elsewhere has none."
        )
    with unchanged(location.files, hashed_bytes=HASHED_BYTES):
        opened = open_source(location, engine, chosen)
        opened.problems += _not_as_written(location)
        yield Reading(engine, plan, chosen, opened, location)


def engine_for(
    location: Location, mapping: SourceMapping, days: tuple[dt.date, dt.date] | None = None
) -> tuple[Location, Engine]:
    """The engine that reads a source, and the source as that engine finds it. Raises PlanError, FileProblem."""
    if days is not None and not days[0] <= days[1] < dt.date.max:
        raise PlanError("days are a first and a last day, in this order.")
    if location.kind in ("elsewhere", "server"):
        from outcomes.records.elsewhere import asked_there

        if found := asked_there(location, mapping, days):
            return found
    if days is not None:
        if location.kind != "folder":
            raise PlanError(
                "Some days alone are read of Parquet in a folder, and of tables that are asked where they lie."
            )
        location = dataclasses.replace(location, days=days)
    return location, Engine(readable=location.readable)


def _not_as_written(location: Location) -> list[str]:
    """Files of a de-identified folder that are no longer what `outcomes deidentify` wrote."""
    if location.kind != "folder" or location.path is None or not (location.path / PROVENANCE_FILE).is_file():
        return []
    from outcomes.records.deidentify.writing import verify_provenance

    return [
        f"{name}: not as it was written by 'outcomes deidentify' ({PROVENANCE_FILE} has another SHA-256, or none). "
        "Copy the folder again, or make it anew."
        for name in verify_provenance(location.path)
    ]


class Reading:
    """One reading, step by step: match, gate, check, place. Holds what the steps hand on."""

    def __init__(
        self, engine: Engine, plan: AnalysisPlan, mapping: SourceMapping, opened: Opened, location: Location
    ):
        self.engine, self.plan, self.mapping, self.opened = engine, plan, mapping, opened
        self.location, self.named = location, location.kind in ("frames", "elsewhere")
        self.findings = [finding for finding in opened.findings if finding.level != "identity"]
        self.problems = list(opened.problems)
        self.stops: list[str] = []
        self.sources: list[TableSource] = []
        self.checked: dict[str, Checked] = {}
        #: Text files that were read before the gate: what the rules then show of a cell need not be asked twice.
        self.first_read: dict[str, tuple[TableSource, Checked]] = {}
        self.gate: GateReport | None = None

    def through(self, allowances: str | Path | None) -> Records:
        """All steps. Raises IdentityError and InvalidRecords; what was found until then stays here."""
        self.match()
        self.hold_gate(allowances)
        self.check()
        return self.records()

    def match(self) -> None:
        """Which table and column is which; the decimal signs that files prove are taken over at once."""
        self.sources, problems = self._matched()
        try:
            proven, doubtful = prove_decimals(self.engine, self.sources, self.mapping)
        except OutcomesError:
            # A file that is no table; reading it tells where.
            proven, doubtful = {}, []
        if proven and not problems:
            self.mapping = with_decimals(self.mapping, self.sources, proven)
            self.sources, problems = self._matched()
            self.findings += [
                Finding(
                    "mended",
                    "decimal",
                    "",
                    file,
                    "",
                    "was read with decimal commas.",
                    "Nothing to do.",
                    1,
                    (),
                )
                for file in proven
            ]
        self.problems += problems + doubtful

    def _matched(self) -> tuple[list[TableSource], list[str]]:
        return match_tables(
            self.opened.tables,
            self.engine,
            self.mapping,
            self.plan,
            named=self.named,
            # What a file that could not be opened may have held is not told to be missing.
            whole=not self.opened.problems,
        )

    def hold_gate(self, allowances: str | Path | None) -> None:
        """The privacy gate over everything that was found. Raises IdentityError, InvalidRecords."""
        blocks = [finding for finding in self.opened.findings if finding.level == "identity"]
        try:
            found = [*self.opened.tables, *self.opened.further]
            if found:
                held = self._read_texts()
                self.gate = run_gate(
                    self.engine, found, self.sources, self.mapping, self.location, allowances, held
                )
                blocks += self.gate.blocks
                self.findings += self.gate.warnings
        except OutcomesError:
            if self.engine.elsewhere:
                raise
            # Only a file that cannot be parsed comes here; where nothing else stops it, reading tells the row.
            if not self.problems:
                self._tell_unreadable()
            if not self.problems:
                raise
        if blocks:
            told = [block.sentence() for block in blocks]
            if self.problems:
                told.append("Other things stop the reading too; they are told once nobody can be found here.")
            raise IdentityError(told)
        if self.problems:
            raise InvalidRecords(self.problems)

    def _read_texts(self) -> list[str]:
        """Read the tables that come from one text file each, and name those in which no rule is broken."""
        for source in self.sources:
            if source.is_one_text:
                # What cannot be read is told where the tables are checked, if the gate lets anything be told.
                with contextlib.suppress(InvalidRecords):
                    self.first_read[source.table.name] = source, self._check_rules(source)
        return [
            name
            for name, (_, checked) in self.first_read.items()
            if checked.whole and not checked.long_numbers
        ]

    def _tell_unreadable(self) -> None:
        for source in self.sources:
            try:
                check_table(self.engine, source, self._forms(source), may_be_empty=True)
            except InvalidRecords as error:
                self.problems += error.problems

    def _forms(self, source: TableSource) -> Forms:
        return Forms(
            _id_type(self.sources),
            source.missing,
            self._last_day() + dt.timedelta(days=1),
            self.mapping.timezone,
            source.trimmed,
        )

    def _last_day(self) -> dt.date:
        """The day of the export: nothing can have happened after it."""
        return self.mapping.exported_on or dt.date.today()

    def check(self) -> None:
        """Every rule against every row; columns that break their rule as a whole are looked at again."""
        problems: list[str] = []
        for name in [source.table.name for source in self.sources]:
            try:
                problems += self._check_one(name)
            except InvalidRecords as error:
                problems += error.problems
        if problems:
            raise InvalidRecords(problems)

    def _check_one(self, name: str) -> list[str]:
        source = self._source(name)
        first, checked = self.first_read.get(name, (None, None))
        if checked is None or first != source:
            checked = self._check_rules(source)
        limit = self.plan.set_aside_limit
        problems: list[str] = []
        if not source.keyed and unexplained(checked, "date", limit):
            proven, told, problems = prove_dates(self.engine, source, checked, limit, self.mapping)
            if proven and not problems:
                self.mapping = with_forms(self.mapping, source, proven)
                self.sources = self._matched()[0]
                source = self._source(name)
                checked = self._check_rules(source)
                self.findings += told
        problems += scale_problems(self.engine, source, checked, limit)
        problems += zero_problems(self.engine, source)
        self.checked[name] = checked
        self.findings += checked.findings
        future = sum(finding.count for finding in checked.findings if finding.rule == FUTURE)
        if future > max(1, FUTURE_SHARE * checked.rows_in):
            self.stops.append(
                f"{source.label}: {future} of {checked.rows_in} rows lie after the day of the export. Check the "
                "order of day and month, leave out appointments that have not taken place, and name the day of the "
                "export (exported_on in mapping.toml) if this computer's clock is wrong."
            )
        return problems

    def _check_rules(self, source: TableSource) -> Checked:
        may_be_empty = source.table.name in self.mapping.allow_empty
        return check_table(self.engine, source, self._forms(source), may_be_empty=may_be_empty)

    def _source(self, name: str) -> TableSource:
        return next(source for source in self.sources if source.table.name == name)

    def _tell_declared_elsewhere(self, diary: TableSource | None) -> None:
        days = _declared_elsewhere(self.location)
        if days and diary is not None:
            problem = (
                f"{days} days count as free of headache because the clinic declared their spans fully recorded; they "
                "were written as such when the records were de-identified."
            )
            remedy = "This stands in every report that rests on it."
            self.findings.append(
                Finding("warning", DECLARED_SPAN, "diary", diary.label, "", problem, remedy, days, ())
            )

    def records(self) -> Records:
        """Place the rows in time and count where each went."""
        engine, id_type = self.engine, _id_type(self.sources)
        diary = next((source for source in self.sources if source.table.name == "diary"), None)
        uses_dates = _uses_dates(self.sources)
        counts: dict[str, TableCounts] = {}
        stand_in(engine, self.sources, id_type)
        place_day_zero(engine, self.sources, uses_dates=uses_dates)
        for source in sorted(self.sources, key=lambda one: one.table.name == "diary"):
            name, checked = source.table.name, self.checked[source.table.name]
            if name == "diary":
                place_diary(
                    engine,
                    self.sources,
                    uses_dates=uses_dates,
                    whole=checked.whole,
                    last_day=self._last_day(),
                )
                counts[name] = settle_diary(engine, source, checked, self.findings, self.plan.duplicate_day)
            else:
                counts[name] = settle_table(engine, source, checked, self.findings)
        name_patients(engine, counts.get("diary"), id_type)
        ordered = tuple(counts[source.table.name] for source in self.sources)
        records = Records(
            engine,
            self.plan,
            tuple(self.sources),
            ordered,
            (),
            uses_dates,
            mapping=self.mapping,
            gate=self.gate,
        )
        records.rules = {name: checked.rules for name, checked in self.checked.items()}
        self._tell_declared_elsewhere(diary)
        if diary is not None:
            records._segments[(1,)] = "segments"
            self.findings += low_scale(engine, diary)
        told, stops = look_across(records)
        self.findings += told
        records.stops = tuple(self.stops + stops)
        records.lost_patients = lost_patients(records)
        order = ["", *TABLES]
        records.findings = tuple(
            sorted(
                self.findings,
                key=lambda one: (order.index(one.table) if one.table in order else 0, one.column, one.rule),
            )
        )
        return records


def _declared_elsewhere(location: Location) -> int:
    """Days of a de-identified folder that were filled in from declared spans before dates were taken out."""
    if location.kind != "folder" or location.path is None or not (location.path / PROVENANCE_FILE).is_file():
        return 0
    from outcomes.records.deidentify.writing import declared_days_in

    return declared_days_in(location.path)


def _uses_dates(tables: Sequence[TableSource]) -> bool:
    """Whether days are calendar days: as the diary has them, and without one as the sessions do."""
    timed = {source.table.name: source for source in tables}
    leading = next((timed[name] for name in ("diary", "sessions", "scores") if name in timed), None)
    return leading is not None and leading.has("date")


def _id_type(tables: Sequence[TableSource]) -> str:
    """Whole-number ids stay whole numbers where every table has them so; anything else is text."""
    types = [item.sql_type for table in tables for item in table.columns if item.column.name == "patient_id"]
    return "BIGINT" if all(is_whole_number(sql_type) for sql_type in types) else "VARCHAR"
