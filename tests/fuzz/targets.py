"""Every kind of bytes that `outcomes` reads, and the contract that holds for all of them.

`hold(target, data)`: any bytes become a valid table whose counts come out even, or an OutcomesError; never
another exception, never over 10 s or 1 GiB, nothing left in the folder for temporary files, the source as it
was, and no four signs of a planted canary in any message. Raises `Broken` with the clause that does not hold.
"""

from __future__ import annotations

import csv
import gc
import importlib
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import fuzz_seeds as seeds

SECONDS = 10.0
MEMORY = 1 << 30
_CANARY_SIGNS = 4

#: Texts that a person would be shown, in whatever order they came up.
Told = list[str]


class Broken(AssertionError):
    """The contract does not hold. `clause` says how, `place` where in our code, as far as that is known."""

    def __init__(self, clause: str, place: str = ""):
        self.clause, self.place = clause, place
        super().__init__(f"{clause} {place}".strip())


@dataclass(frozen=True)
class Target:
    """One kind of input: its file's name, what reads it, what lies beside it, and the real files to start from."""

    name: str
    file: str
    form: str
    read: Callable[[Path], Told]
    seeds: Callable[[], list[bytes]]
    beside: Mapping[str, str | bytes] = field(default_factory=dict)
    #: Opened in a process of its own, or by a database: fewer inputs a second.
    slow: bool = False


def hold(target: Target, data: bytes) -> str:
    """What came of it ("read" or the class of the error). Raises Broken."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=sys.platform == "win32") as name:
        source, temporary = Path(name) / "source", Path(name) / "temporary"
        source.mkdir()
        temporary.mkdir()
        for other, content in target.beside.items():
            (source / other).write_bytes(content if isinstance(content, bytes) else content.encode())
        (source / target.file).write_bytes(data)
        before = _contents(source)
        with _temporary_files_in(temporary), _limits():
            outcome, told = _outcome(target, source)
        if target.form != "toml" or not _canary_is_a_key(data):
            _check_told(told)
        if any(temporary.iterdir()):
            gc.collect()
        if left := sorted(path.name for path in temporary.iterdir()):
            raise Broken(f"{len(left)} left in the folder for temporary files")
        if _contents(source) != before:
            raise Broken("the source is not as it was")
        return outcome


def _outcome(target: Target, source: Path) -> tuple[str, Told]:
    from outcomes.errors import OutcomesError

    try:
        return "read", target.read(source)
    except OutcomesError as error:
        return type(error).__name__, _shown(error)
    except (KeyboardInterrupt, Broken):
        raise
    except BaseException as error:
        raise Broken(f"{type(error).__name__} instead of an OutcomesError", place_of(error)) from error


def _shown(error: BaseException) -> Told:
    """All that Python would show of an error: its own text, and those of the errors behind it."""
    told = []
    chain: BaseException | None = error
    while chain is not None:
        told += traceback.format_exception_only(chain)
        hidden = None if chain.__suppress_context__ else chain.__context__
        chain = chain.__cause__ if chain.__cause__ is not None else hidden
    return told


def place_of(error: BaseException) -> str:
    """The last line of our own code that an exception came through, and the last line at all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}outcomes{os.sep}" in frame.filename]
    chosen = [*ours[-1:], *(frames[-1:] if frames and frames[-1] not in ours[-1:] else [])]
    return " > ".join(
        f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in chosen
    )


def _check_told(told: Sequence[str]) -> None:
    whole = "\n".join(told)
    canary = seeds.CANARY
    for place in range(len(canary) - _CANARY_SIGNS + 1):
        if canary[place : place + _CANARY_SIGNS] in whole:
            raise Broken("a message holds the canary")
    if "fault of the program" in whole:
        raise Broken("a message blames the program")


def _canary_is_a_key(data: bytes) -> bool:
    """Keys of a settings file that are not known are shown back to the person who wrote them: no record is there."""
    import tomllib

    def keys(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for item in inner:
            yield from keys(item)

    try:
        given = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    signs = {
        seeds.CANARY[place : place + _CANARY_SIGNS] for place in range(len(seeds.CANARY) - _CANARY_SIGNS + 1)
    }
    return any(sign in key for key in keys(given) for sign in signs)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _limits() -> Iterator[None]:
    """Time is that of the processors, which other programs do not lengthen; memory is what was held at once."""
    can_measure = _reset_peak()
    start = _busy_seconds()
    yield
    if (seconds := _busy_seconds() - start) > SECONDS:
        raise Broken(f"over {SECONDS:.0f} s ({seconds:.0f})")
    if can_measure and (peak := _peak_bytes()) > MEMORY:
        raise Broken(f"over 1 GiB ({peak >> 20} MiB)")


def _busy_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _reset_peak() -> bool:
    """Let the system count the peak of memory anew. Only Linux can."""
    if sys.platform != "linux":
        return False
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _peak_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


# Sources


def _read_source(source: Path) -> Told:
    """The whole way of `outcomes check`: read, gate, rules, places, counts; and the rows brought out."""
    from outcomes.records.reading import read_records

    records = read_records(source)
    told = [*records.stops, *records.notes, *(finding.sentence() for finding in records.findings)]
    for count in records.counts:
        _check_rows(records, count.table, count.used)
    diary = source / "diary.csv" if source.is_dir() else None
    if diary is not None and diary.is_file():
        _check_row_count(diary, records)
    return told


def _check_rows(records: Any, table: str, used: int) -> None:
    """What was used is there, each cell as the data dictionary says."""
    from outcomes.records.schema import TABLES

    frame = records.frame(table)
    if len(frame) != used:
        raise Broken(f"{table}: the rows used and the rows given out differ")
    known = {column.name: column for column in TABLES[table].columns}
    for name in frame.columns:
        column, cells = known.get(name), frame[name].dropna()
        if column is None:
            continue
        if column.codes and column.kind == "code" and not set(cells) <= set(column.codes):
            raise Broken(f"{table}.{name}: a code that is not listed")
        if column.kind in ("number", "whole"):
            low, high = column.minimum, column.maximum
            if (low is not None and (cells < low).any()) or (high is not None and (cells > high).any()):
                raise Broken(f"{table}.{name}: a number outside its range")
    if "patient_id" in frame and frame["patient_id"].isna().any():
        raise Broken(f"{table}: a row without a patient was used")


def _check_row_count(path: Path, records: Any) -> None:
    """As many rows came in as Python's own reader finds in the file, blank ones apart."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))[1:]
    except csv.Error:
        return
    counted = next(count.rows_in for count in records.counts if count.table == "diary")
    least = sum(any(cell.strip() for cell in row) for row in rows)
    if not least <= counted <= sum(bool(row) for row in rows):
        raise Broken("diary.csv: rows were lost or made up")


def _file_source(name: str) -> Callable[[Path], Told]:
    return lambda source: _read_source(source / name)


def _read_allowances(source: Path) -> Told:
    from outcomes.records.identity.allowances import read_allowances

    read_allowances(source / "allowances.toml")
    return _read_source(source)


def _read_deid(source: Path) -> Told:
    from outcomes.records.deidentify.config import read_config

    _, settings = read_config(source / "deid.toml")
    settings.to_dict()
    try:
        settings.for_the_public()
    finally:
        repr(settings)
    return []


def _suggest(source: Path) -> Told:
    from outcomes.records.suggesting import suggest_mapping

    # The draft is made to show the clinic's own headers and codes to the clinic: no message of ours.
    suggest_mapping(source)
    return []


# Importers


@cache
def pseudonym() -> Callable[[str], str]:
    from outcomes.records.pseudonyms import Key

    return Key("K-00000000", bytes(range(32))).pseudonymiser("clinic-tests")


def _import(importer: Any, **given: Any) -> Callable[[Path], Told]:
    """The importer alone, on all files of the folder: what it gives keeps the forms and the counts."""

    def read(source: Path) -> Told:
        from outcomes.records.importers.contract import ImportSettings
        from outcomes.records.importers.forms import broken_forms
        from outcomes.records.importers.writing import describe

        settings = ImportSettings(patient="A1", pseudonym=pseudonym(), **given)
        imported = importer.read(sorted(source.iterdir()), settings)
        if broken := broken_forms(imported.tables):
            raise Broken(f"a broken form: {broken[0]}")
        for item in imported.not_read:
            if len(set(item.rows)) != len(item.rows) or min(item.rows, default=1) < 1:
                raise Broken("rows that were not read are not each named once")
        return [*describe(imported), *(item.why for item in imported.not_read)]

    return read


#: Ours by their place, so that an installation without entry points leaves none out.
_OURS = {
    "acuity": "acuity:Acuity",
    "apple_health": "apple_health:AppleHealth",
    "bearable": "bearable:Bearable",
    "cliniko": "cliniko:Cliniko",
    "cluster_headache_tracker": "cluster_headache_tracker:ClusterHeadacheTracker",
    "daylio": "daylio:Daylio",
    "migraine_buddy": "migraine_buddy:MigraineBuddy",
    "openemr": "openemr:OpenEmr",
    "paper_grid": "paper_grid:PaperGrid",
    "redcap": "redcap:RedCap",
}


@cache
def importers() -> dict[str, Any]:
    """Ours, and whatever else is registered."""
    from outcomes.records.importers.registry import listed

    found = {}
    for name, where in _OURS.items():
        module, _, kind = where.partition(":")
        found[name] = getattr(importlib.import_module(f"outcomes.records.importers.{module}"), kind)()
    return found | {item.name: item.importer for item in listed() if item.importer is not None}


def _import_targets() -> Iterator[Target]:
    ours = importers()

    def made(
        name: str, file: str, form: str, *content: str | bytes, beside: Any = None, **given: Any
    ) -> Target:
        importer = ours[name.partition(".")[0]]
        bytes_of = [one if isinstance(one, bytes) else one.encode() for one in content]
        return Target(
            f"import {name}", file, form, _import(importer, **given), lambda: bytes_of, beside or {}
        )

    yield made("acuity", "a.csv", "csv", seeds.ACUITY, options={"exported_on": "2026-06-01"})
    yield made("apple_health", "export.xml", "xml", seeds.APPLE)
    yield made("apple_health.archive", "export.zip", "zip", seeds.apple_archive())
    yield made("bearable", "b.csv", "csv", seeds.BEARABLE)
    yield made("cliniko", "c.json", "json", seeds.CLINIKO, timezone="Europe/London")
    yield made("cluster_headache_tracker", "c.csv", "csv", seeds.CLUSTER)
    yield made("daylio", "d.csv", "csv", seeds.DAYLIO)
    yield made("migraine_buddy", "m.csv", "csv", seeds.BUDDY)
    yield made("migraine_buddy.report", "m.html", "xml", seeds.BUDDY_REPORT)
    yield made("openemr", "o.csv", "csv", seeds.OPENEMR)
    yield made("paper_grid", "p.csv", "csv", seeds.PAPER)
    yield made("paper_grid.workbook", "p.xlsx", "zip", seeds.paper_workbook(), seeds.xlsx()[0])
    yield made("paper_grid.ods", "p.ods", "zip", seeds.paper_ods())
    yield made("paper_grid.xls", "p.xls", "binary", *seeds.xls("paper"))
    files = {
        "records.csv": seeds.REDCAP,
        "dictionary.csv": seeds.REDCAP_DICTIONARY,
        "fields.toml": seeds.REDCAP_FIELDS,
    }
    for file, content in files.items():
        others = {other: text for other, text in files.items() if other != file}
        form = "toml" if file.endswith(".toml") else "csv"
        yield made(f"redcap.{file.partition('.')[0]}", file, form, content, beside=others)
    known = {name.partition(".")[0] for name in _OURS}
    for name in sorted(set(ours) - known):
        # Somebody else's importer: its format is not known here, so it is given everybody's.
        yield made(name, "export.csv", "csv", seeds.BUDDY, seeds.BEARABLE, seeds.PAPER, seeds.CLINIKO)


def _source_targets() -> Iterator[Target]:
    sessions = {"sessions.csv": seeds.DIARY_SESSIONS}
    diary = {"diary.csv": seeds.DIARY}
    both = diary | sessions
    days = {"days.csv": seeds.MAPPED_DAYS, "visits.csv": seeds.MAPPED_VISITS}
    summaries = b"patient_id,period,headache_days_per_28\nP-0001,baseline,12\nP-0001,followup,6\n"

    def of_sample(name: str) -> Callable[[], list[bytes]]:
        return lambda: seeds.with_canaries(seeds.sample(name))

    yield Target(
        "diary.csv", "diary.csv", "csv", _read_source,
        lambda: [*seeds.with_canaries(seeds.sample("diary")), *seeds.with_canaries(seeds.DIARY.encode())],
        {"sessions.csv": seeds.first_columns(seeds.sample("sessions"), 2)},
    )  # fmt: skip
    yield Target(
        "diary.csv of days", "diary.csv", "csv", _read_source, lambda: seeds.with_canaries(seeds.kostecki())
    )
    yield Target("sessions.csv", "sessions.csv", "csv", _read_source, of_sample("sessions"), diary)
    yield Target("patients.csv", "patients.csv", "csv", _read_source, of_sample("patients"), both)
    yield Target(
        "summaries.csv", "summaries.csv", "csv", _read_source, lambda: seeds.with_canaries(summaries)
    )
    yield Target("mapping.toml", "mapping.toml", "toml", _read_source, lambda: [seeds.MAPPING], days)
    yield Target("outcomes.toml", "outcomes.toml", "toml", _read_source, lambda: [seeds.PLAN], both)
    yield Target(
        "allowances.toml", "allowances.toml", "toml", _read_allowances, lambda: [seeds.ALLOWANCES], both
    )
    yield Target("deid.toml", "deid.toml", "toml", _read_deid, lambda: [seeds.DEID])
    yield Target(
        "suggest", "days.csv", "csv", _suggest, lambda: [seeds.MAPPED_DAYS.encode(), seeds.sample("diary")]
    )
    for name, form, found in (
        ("clinic.xlsx", "zip", seeds.xlsx),
        ("clinic.ods", "zip", seeds.ods),
        ("clinic.xls", "binary", seeds.xls),
        ("clinic.sqlite", "binary", seeds.sqlite),
        ("clinic.duckdb", "binary", seeds.duckdb),
    ):
        yield Target(name, name, form, _file_source(name), found, slow=True)
    yield Target("diary.parquet", "diary.parquet", "binary", _read_source, seeds.parquet, sessions, slow=True)


@cache
def targets() -> dict[str, Target]:
    """All of them, by name."""
    return {target.name: target for target in (*_source_targets(), *_import_targets())}
