"""`import_records`: from exports to a folder of records, whole or not at all, with a page of where it came from.

An import adds rows for its patients to the folder and touches nobody else's. `import.json` beside the tables
says for each import what was read, what was not and why, and the SHA-256 of what came in; it names no input
file, since a file may be named for its patient.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from outcomes.errors import IdentityError, InvalidRecords, PlanError
from outcomes.files import built_folder, opened_for_reading, run_lock, safe_output, unchanged, write_private
from outcomes.files.locking import LOCK_NAME
from outcomes.records.importers.contract import Imported, Importer, ImportSettings
from outcomes.records.importers.forms import SPAN_COLUMNS, broken_forms
from outcomes.records.importers.merging import (
    TextTable,
    as_csv,
    merged_patients,
    merged_rows,
    read_table,
    rows_of,
    without_span,
)
from outcomes.records.importers.registry import find_importer
from outcomes.records.schema import TABLES

JOURNAL = "import.json"
_JOURNAL_FORMAT = 1
_BESIDE = ("outcomes.toml", "mapping.toml")
_CODE = re.compile(r"P-[0-9A-HJKMNP-TV-Z]{16}|[A-Za-z]{1,10}-?[0-9]{1,6}")
_MOST_POSITIONS = 1000


def import_records(
    format_name: str,
    files: Sequence[Path],
    settings: ImportSettings,
    output: Path,
    *,
    replace: bool = False,
) -> Imported:
    """Read `files` with the importer of that name and write the records into the folder `output`.

    A folder that holds other patients keeps them. A patient whose rows of the same table are there already
    is an error, unless `replace`. Raises PlanError, InvalidRecords, IdentityError or FileProblem; the folder
    is then as it was.
    """
    return import_with(find_importer(format_name), files, settings, output, replace=replace)


def import_with(
    importer: Importer,
    files: Sequence[Path],
    settings: ImportSettings,
    output: Path,
    *,
    replace: bool = False,
) -> Imported:
    """Like `import_records`, with the importer itself."""
    paths = [Path(file) for file in files]
    _check_settings(importer, paths, settings)
    output = safe_output(output, *paths)
    with unchanged(paths):
        prints = [_fingerprint(path) for path in paths]
        imported = importer.read(paths, settings)
    imported = _with_span(imported, settings)
    if broken_forms(imported.tables):
        raise InvalidRecords(
            [f"The importer '{importer.name}' broke its contract: {broken_forms(imported.tables)[0]}"]
        )
    with run_lock(output, "import"):
        _write_folder(importer, imported, settings, output, paths, prints, replacing=replace)
    return imported


def describe(imported: Imported) -> list[str]:
    """What an import gave, in sentences for a person. No value and no patient."""
    lines = [
        f"{imported.rows_in} rows in = {imported.rows_used} used + {imported.out_of_scope} about other things + "
        f"{sum(item.count for item in imported.not_read)} not read."
    ]
    for name, frame in imported.tables.items():
        lines.append(f"{name}: {len(frame)} rows written.")
    lines += [
        f"Not read: {item.file}, {_positions(item.rows)}: {item.why}"
        for item in imported.not_read
        if item.count
    ]
    lines += [
        f"Left out: {item.file}, '{item.column}': {item.why} ({item.cells} cells)."
        for item in imported.dropped
    ]
    return lines + [f"Warning: {warning}" for warning in imported.warnings]


def _positions(rows: Sequence[int], most: int = 20) -> str:
    shown = ", ".join(str(row) for row in rows[:most])
    more = f" (+{len(rows) - most} more)" if len(rows) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def _check_settings(importer: Importer, paths: Sequence[Path], settings: ImportSettings) -> None:
    if not paths and not {"database", "url"} & set(settings.options):
        raise PlanError("Name at least one file to import.")
    if len({path.resolve() for path in paths}) < len(paths):
        raise PlanError("The same file is named twice.")
    if importer.one_patient:
        check_patient_code(settings.patient)
    elif settings.pseudonym is None:
        raise PlanError(
            f"'{importer.name}' holds many patients under the system's own numbers. Give --key-file and --domain, so "
            "that they become pseudonyms."
        )
    _check_span(importer, settings)


def check_patient_code(code: str) -> None:
    """The pseudonym given for one patient: keyed, or a short study code. Raises PlanError or IdentityError."""
    if not code:
        raise PlanError("The export is one patient's: give the patient's pseudonym with --patient.")
    if not _CODE.fullmatch(code):
        raise IdentityError(
            [
                "--patient takes a pseudonym (P- and 16 signs) or a short study code such as A12: never a name or a "
                "hospital number."
            ]
        )
    if re.fullmatch(r"[A-Za-z]{3,10}-?(19|20)[0-9]{2}", code):
        raise IdentityError(["--patient looks like a name and a year. Choose another code, such as A12."])
    digits = re.search(r"[0-9]{6}$", code)
    if not code.startswith("P-") and digits and _looks_like_a_date(digits[0]):
        raise IdentityError(["--patient looks like initials and a date of birth. Choose another code."])


def _looks_like_a_date(digits: str) -> bool:
    for form in ("%d%m%y", "%m%d%y", "%y%m%d"):
        try:
            dt.datetime.strptime(digits, form)
        except ValueError:
            continue
        return True
    return False


def _check_span(importer: Importer, settings: ImportSettings) -> None:
    first, last = settings.recorded_from, settings.recorded_to
    if first is None and last is None:
        return
    if first is None or last is None:
        raise PlanError("A declared span needs both ends: --recorded-from and --recorded-to.")
    if last < first:
        raise PlanError("--recorded-to lies before --recorded-from.")
    if not importer.one_patient:
        raise PlanError(
            "A span is declared for one patient. For many, write the columns recorded_from and recorded_to into "
            "patients.csv."
        )


def _with_span(imported: Imported, settings: ImportSettings) -> Imported:
    """The import with its declared span in `patients`, and a warning where headache lies outside it."""
    import pandas as pd

    first, last = settings.recorded_from, settings.recorded_to
    if first is None or last is None:
        return imported
    diary = imported.tables.get("diary")
    if diary is not None and "day" in diary.columns:
        raise PlanError("A declared span has calendar dates, and this diary has day numbers.")
    warnings = list(imported.warnings)
    if diary is not None:
        dates = [dt.date.fromisoformat(cell) for cell in diary["date"]]
        outside = sum(not first <= date <= last for date in dates)
        if outside:
            warnings.append(
                f"{_days(outside)} with an entry outside the declared span. They stay in; check the span."
            )
    lost = sum(item.count for item in imported.not_read)
    if lost:
        warnings.append(
            f"Rows that were not read: {lost}. Where their day is known, it is written as not recorded; where it is "
            "not, the declared span may make it headache-free."
        )
    span = {
        "patient_id": settings.patient,
        SPAN_COLUMNS[0]: first.isoformat(),
        SPAN_COLUMNS[1]: last.isoformat(),
    }
    given = imported.tables.get("patients")
    frame = pd.DataFrame([span], dtype=object)
    if given is not None:
        frame = given.copy()
        for name in SPAN_COLUMNS:
            frame[name] = pd.Series([span[name]] * len(frame), dtype=object, index=frame.index)
    return dataclasses.replace(
        imported, tables={**imported.tables, "patients": frame}, warnings=tuple(warnings)
    )


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _fingerprint(path: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with opened_for_reading(path) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _write_folder(
    importer: Importer,
    imported: Imported,
    settings: ImportSettings,
    output: Path,
    paths: Sequence[Path],
    prints: Sequence[Mapping[str, Any]],
    *,
    replacing: bool,
) -> None:
    journal = _read_journal(output)
    merged: dict[str, TextTable] = {}
    for name, frame in imported.tables.items():
        there = read_table(output, name, journal.get("tables", []))
        if name == "patients":
            merged[name] = merged_patients(there, rows_of(frame), replacing=replacing)
        else:
            gone = {settings.patient} if importer.one_patient else set()
            merged[name] = merged_rows(there, rows_of(frame), gone, replacing=replacing, table=name)
    if replacing and importer.one_patient and "diary" in merged and settings.recorded_from is None:
        # The span that was declared for the diary that goes now does not hold for the one that comes.
        patients = merged.get("patients") or read_table(output, "patients", journal.get("tables", []))
        if any(row["patient_id"] == settings.patient for row in patients.rows):
            merged["patients"] = without_span(patients, settings.patient)
    entry = _entry(importer, imported, settings, paths, prints, replacing=replacing)
    imports = [*journal.get("imports", []), entry]
    tables = sorted({*journal.get("tables", []), *merged})
    content = {"outcomes_import": _JOURNAL_FORMAT, "tables": tables, "imports": imports}
    _put(output, merged, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _put(output: Path, tables: Mapping[str, TextTable], journal: str) -> None:
    known = {f"{name}{suffix}" for name in TABLES for suffix in (".csv", ".tsv", ".parquet")}
    known |= {JOURNAL, LOCK_NAME, *_BESIDE}
    with built_folder(output, known_names=known, may_replace=True) as folder:
        for path in sorted(output.iterdir()):
            if path.name not in (LOCK_NAME, JOURNAL) and path.stem not in tables:
                with opened_for_reading(path) as file:
                    write_private(folder / path.name, file.read())
        for name, table in tables.items():
            write_private(folder / f"{name}.csv", as_csv(table))
        write_private(folder / JOURNAL, journal)


def _read_journal(output: Path) -> dict[str, Any]:
    path = output / JOURNAL
    if not path.exists():
        return {}
    try:
        with opened_for_reading(path) as file:
            content = json.loads(file.read())
        fits = content["outcomes_import"] == _JOURNAL_FORMAT and isinstance(content["imports"], list)
        fits = fits and all(isinstance(name, str) for name in content["tables"])
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise InvalidRecords([f"{JOURNAL} is damaged. Import into another folder."])
    found: dict[str, Any] = content
    return found


def _entry(
    importer: Importer,
    imported: Imported,
    settings: ImportSettings,
    paths: Sequence[Path],
    prints: Sequence[Mapping[str, Any]],
    *,
    replacing: bool,
) -> dict[str, Any]:
    """One import's entry in the journal. Input files go by number: their names may say whose they are."""
    first, last = settings.recorded_from, settings.recorded_to
    entry = {
        "format": importer.name,
        "confidence": importer.confidence,
        "replaced_earlier": replacing,
        "dates": settings.dates,
        "timezone": settings.timezone,
        "options": sorted(settings.options),
        "declared_span": {"from": first.isoformat(), "to": last.isoformat()} if first and last else None,
        "inputs": [{"file": number, **print_} for number, print_ in enumerate(prints, start=1)],
        "rows": {
            "in": imported.rows_in,
            "used": imported.rows_used,
            "out_of_scope": imported.out_of_scope,
            "not_read": sum(item.count for item in imported.not_read),
        },
        "written": {name: len(frame) for name, frame in imported.tables.items()},
        "not_read": [
            {
                "file": item.file,
                "why": item.why,
                "count": item.count,
                "rows": list(item.rows[:_MOST_POSITIONS]),
            }
            for item in imported.not_read
        ],
        "dropped": [
            {"file": item.file, "column": item.column, "why": item.why, "cells": item.cells}
            for item in imported.dropped
        ],
        "warnings": list(imported.warnings),
    }
    if importer.one_patient:
        entry["patient"] = settings.patient
    named = {path.name: f"file {number}" for number, path in enumerate(paths, start=1)}
    unnamed: dict[str, Any] = _without_names(entry, named)
    return unnamed


def _without_names(value: Any, named: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name in sorted(named, key=len, reverse=True):
            value = value.replace(name, named[name])
        return value
    if isinstance(value, list):
        return [_without_names(item, named) for item in value]
    if isinstance(value, dict):
        return {key: _without_names(item, named) for key, item in value.items()}
    return value
