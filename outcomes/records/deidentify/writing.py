"""The folder that leaves: tables of ids, codes, dates and numbers, and what says how they were made.

Nothing in it tells when it was made or exported, and rows stand in the order of the pseudonyms: the order of
the clinic's own file would be that of the calendar.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.errors import FileProblem
from outcomes.files import within, without_formula, write_private
from outcomes.records.raw import PROVENANCE_FILE

if TYPE_CHECKING:
    import pandas as pd

PROVENANCE_VERSION = 1
PLAN_FILE = "outcomes.toml"

_TABLE_SUFFIXES = (".csv", ".tsv", ".parquet")


def in_no_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by pseudonym, then by time, then by all else: nothing is left of the order they came in."""
    first = [name for name in ("patient_id", "day", "date", "period") if name in frame.columns]
    rest = [name for name in frame.columns if name not in first]
    return frame.sort_values([*first, *rest], kind="stable", na_position="last").reset_index(drop=True)


def write_tables(folder: Path, frames: Mapping[str, pd.DataFrame], form: str) -> list[str]:
    """Write every table; gives the names of the files."""
    names = []
    for name, frame in frames.items():
        path = within(folder, f"{name}.{form}")
        write_private(path, csv_text(frame) if form == "csv" else _parquet_bytes(frame))
        names.append(path.name)
    return names


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV, UTF-8, comma, line ends LF, empty = missing; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    columns = [[cell_text(value) for value in frame[name]] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def cell_text(value: Any) -> str:
    """A cell as text. A number may begin with a sign; a text that does is marked as one."""
    if _is_missing(value):
        return ""
    text = str(value)
    return text if _is_number(text) else without_formula(text)


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value != value


def _is_number(text: str) -> bool:
    return text[:1] in "+-" and text[1:].replace(".", "", 1).isdecimal() and text.isascii()


def _parquet_bytes(frame: pd.DataFrame) -> bytes:
    """A table as Parquet: day numbers as whole numbers, everything else as text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for name in frame.columns:
        values = [None if _is_missing(value) else value for value in frame[name]]
        if str(frame[name].dtype).lower() == "int64":
            columns[name] = pa.array([None if value is None else int(value) for value in values], pa.int64())
        else:
            columns[name] = pa.array(
                [None if value is None else cell_text(value) for value in values], pa.string()
            )
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def write_plan(folder: Path, categories: Mapping[str, list[str]]) -> list[str]:
    """The plan that declares categories which the data dictionary does not hold; nothing where there are none."""
    if not categories:
        return []
    text = "".join(
        f"[patients.{name}]\ncodes = [{', '.join(json.dumps(code) for code in codes)}]\n"
        for name, codes in categories.items()
    )
    write_private(within(folder, PLAN_FILE), text)
    return [PLAN_FILE]


def write_provenance(folder: Path, names: list[str], content: Mapping[str, Any]) -> None:
    """`provenance.json`: how the folder was made, with the SHA-256 of every file in it."""
    whole = {
        "provenance_version": PROVENANCE_VERSION,
        **content,
        "files": {name: _sha256(folder / name) for name in sorted(names)},
    }
    write_private(within(folder, PROVENANCE_FILE), json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def verify_provenance(folder: str | Path) -> list[str]:
    """Names of the files of a de-identified folder that are not as they were written: changed, missing, or
    tables that were put there later. Empty where all are; then the folder is attested by its provenance.

    It shows slips and exchanged files, not a forger: whoever changes a file can write a new hash as well.
    """
    folder = Path(folder)
    try:
        content = json.loads((folder / PROVENANCE_FILE).read_text(encoding="utf-8"))
        listed = content["files"]
        if content["provenance_version"] != PROVENANCE_VERSION or not isinstance(listed, dict):
            return [PROVENANCE_FILE]
        changed = [name for name in listed if not _is_as_written(folder, name, listed[name])]
        tables = [
            path.name
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in _TABLE_SUFFIXES or path.name == PLAN_FILE
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [PROVENANCE_FILE]
    return changed + [name for name in tables if name not in listed]


def declared_days_in(folder: str | Path) -> int:
    """Days of a de-identified folder that are free of headache by the clinic's word alone; 0 where none are,
    and where the folder says nothing that can be read."""
    try:
        content = json.loads((Path(folder) / PROVENANCE_FILE).read_text(encoding="utf-8"))
        days = content["declared_days"]["days"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0
    return days if isinstance(days, int) and not isinstance(days, bool) and days > 0 else 0


def _is_as_written(folder: Path, name: str, digest: object) -> bool:
    try:
        return _sha256(within(folder, name)) == digest
    except FileProblem:
        return False


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
