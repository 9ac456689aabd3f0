"""Rows of an import put together with the rows that a folder of records has already."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outcomes.errors import FileProblem, InvalidRecords, PlanError
from outcomes.files import opened_for_reading
from outcomes.records.importers.forms import SPAN_COLUMNS
from outcomes.records.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class TextTable:
    """One table of the folder as rows of text: cells by column name, empty for missing."""

    columns: list[str]
    rows: list[dict[str, str]]


def rows_of(frame: pd.DataFrame) -> TextTable:
    columns = [str(name) for name in frame.columns]
    cells = [list(frame[name]) for name in columns]
    rows = [
        {name: cell or "" for name, cell in zip(columns, row, strict=True)}
        for row in zip(*cells, strict=True)
    ]
    return TextTable(columns, rows)


def as_csv(table: TextTable) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([row.get(name, "") for name in table.columns] for row in table.rows)
    return text.getvalue()


def read_table(output: Path, name: str, ours: Collection[str]) -> TextTable:
    """A table that an earlier import wrote; empty where there is none. Anybody else's is not touched."""
    path = output / f"{name}.csv"
    others = [output / f"{name}{suffix}" for suffix in (".tsv", ".parquet")]
    if any(other.exists() for other in others) or (path.exists() and name not in ours):
        raise FileProblem(
            f"The folder holds a table '{name}' that no import wrote. Import into another folder, and put them "
            "together by hand."
        )
    if not path.exists():
        return TextTable([], [])
    try:
        with opened_for_reading(path) as file:
            text = file.read().decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        lines = []
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    rows = [line for line in lines[1:] if line]
    if (
        "patient_id" not in header
        or len(set(header)) < len(header)
        or any(len(r) != len(header) for r in rows)
    ):
        raise InvalidRecords(
            [
                f"{name}.csv was changed since the last import and cannot be added to. Import into another folder."
            ]
        )
    return TextTable(header, [dict(zip(header, row, strict=True)) for row in rows])


def merged_rows(
    there: TextTable, new: TextTable, patients: set[str], *, replacing: bool, table: str
) -> TextTable:
    """The rows that are there and the new ones. A patient with rows in both is an error or is replaced.

    `patients` are replaced also where the import has no row of theirs.
    """
    patients = patients | {row["patient_id"] for row in new.rows}
    both = patients & {row["patient_id"] for row in there.rows}
    if both and not replacing:
        raise PlanError(
            f"The folder holds {table} rows of {len(both)} of these patients already. To put the new ones in their "
            "place: --replace. To keep both, give all of a patient's files in one import."
        )
    rows = [row for row in there.rows if row["patient_id"] not in both]
    if rows and new.rows and len({"date", "day"} & {*there.columns, *new.columns}) > 1:
        raise InvalidRecords(
            [f"{table}.csv counts days differently from this import. Import into another folder."]
        )
    columns = [*(there.columns if rows else []), *new.columns]
    return TextTable(_dictionary_order(table, columns), rows + new.rows)


def merged_patients(there: TextTable, new: TextTable, *, replacing: bool) -> TextTable:
    """One row per patient: a cell fills what is empty; a different one is an error, unless `replacing`."""
    rows = {row["patient_id"]: dict(row) for row in there.rows}
    for row in new.rows:
        known = rows.setdefault(row["patient_id"], {"patient_id": row["patient_id"]})
        for name, cell in row.items():
            if cell and known.get(name) and known[name] != cell and not replacing:
                raise PlanError(
                    f"patients.csv says something else in '{name}' for a patient of this import. Correct it, or give "
                    "--replace."
                )
            if cell:
                known[name] = cell
    return TextTable(_dictionary_order("patients", [*there.columns, *new.columns]), list(rows.values()))


def without_span(table: TextTable, patient: str) -> TextTable:
    """The patients with that one's declared span taken away."""
    rows = [
        {name: cell for name, cell in row.items() if row["patient_id"] != patient or name not in SPAN_COLUMNS}
        for row in table.rows
    ]
    return TextTable(table.columns, rows)


def _dictionary_order(table: str, names: Iterable[str]) -> list[str]:
    given = dict.fromkeys(names)
    known = [column.name for column in TABLES[table].columns if column.name in given]
    return known + [name for name in given if name not in known]
