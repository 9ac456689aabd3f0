"""Whatever stands in an export, it becomes records of the dictionary's forms, counted, or an OutcomesError."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redcap_project as project
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import OutcomesError
from outcomes.records.importers.acuity import Acuity
from outcomes.records.importers.cliniko import CANCELLED, LISTS, PERSONAL, READ, START, Cliniko
from outcomes.records.importers.contract import Importer, ImportSettings
from outcomes.records.importers.forms import broken_forms
from outcomes.records.importers.openemr import ATTENDED, NOT_ATTENDED, OpenEmr
from outcomes.records.importers.redcap import RedCap

Pseudonym = Callable[[str], str]

#: Cells that readers trip over, beside any text at all.
ODD_CELLS = ["", "0", "1", "2", "9", "-0", "1e9", "NaN", "inf", "NULL", "\\N", "=1+1", "yes", "2026-02-30"]
ODD_CELLS += [
    "2026-01-05",
    "31/12/2026",
    "12/31/2026",
    "2026-01-05 10:00",
    "2026-01-05T10:00:00Z",
    "0000-00-00",
]
ODD_CELLS += [
    "٣",
    "１",
    "\ufeff",
    "a\nb",
    "January 5, 2026 3:00 pm",
    "Checked",
    "canceled",
    "no-show",
    ">",
    "@",
]
ODD_CELLS += ["a@b.c", "12345678"]
CELLS = st.one_of(st.sampled_from(ODD_CELLS), st.text(max_size=12))
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), CELLS, st.datetimes().map(dt.datetime.isoformat)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(CELLS, inner, max_size=3)),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted({*READ, *PERSONAL, *START, *CANCELLED, "links", "x"}))
LINKED = st.builds(
    lambda kind, number: {"links": {"self": f"https://x/v1/{kind}/{number}"}},
    st.sampled_from(["patients", "practitioners", "appointment_types"]),
    st.integers(0, 30),
)
APPOINTMENTS = st.one_of(
    st.dictionaries(FIELDS, st.one_of(VALUES, LINKED), max_size=12),
    st.fixed_dictionaries(
        {
            "id": st.one_of(st.integers(0, 5).map(str), VALUES),
            "starts_at": st.one_of(st.just("2026-03-10T09:30:00Z"), VALUES),
            "patient_arrived": st.booleans(),
            "did_not_arrive": st.booleans(),
            "cancelled_at": st.one_of(st.none(), VALUES),
            "updated_at": st.one_of(st.just("2026-03-10T09:30:00Z"), VALUES),
            "patient": LINKED,
        }
    ),
    VALUES,
)
RAW_ROWS = list(csv.reader(io.StringIO(project.table(project.RAW_HEADER, project.RAW))))


def held(importer: Importer, files: list[Path], pseudonym: Pseudonym, **options: Any) -> None:
    """Read, and hold what comes out to the forms and the counts."""
    try:
        imported = importer.read(files, ImportSettings(pseudonym=pseudonym, **options))
    except OutcomesError as error:
        assert str(error)
        return
    assert not broken_forms(imported.tables)
    refused = [row for item in imported.not_read for row in item.rows]
    assert imported.rows_in == imported.rows_used + imported.out_of_scope + len(refused)
    assert sum(len(frame) for frame in imported.tables.values()) <= imported.rows_used


def text_of(header: str, rows: list[list[str]]) -> bytes:
    file = io.StringIO()
    file.write(header + "\n")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode("utf-8", "surrogatepass")


@given(st.lists(APPOINTMENTS, max_size=6), st.sampled_from(LISTS), VALUES)
def test_any_json_of_cliniko(
    tmp_path: Path, pseudonym: Pseudonym, items: list[Any], name: str, total: Any
) -> None:
    file = tmp_path / "page.json"
    for content in ({name: items, "total_entries": total}, items):
        file.write_text(json.dumps(content), encoding="utf-8")
        held(Cliniko(), [file], pseudonym, timezone="Europe/London")


@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=5))
def test_any_cells_of_openemr(tmp_path: Path, pseudonym: Pseudonym, rows: list[list[str]]) -> None:
    file = tmp_path / "events.csv"
    for status in ("", *ATTENDED[:1], *list(NOT_ATTENDED)[:1]):
        marked = [[*row[:6], status or row[6]] for row in rows]
        file.write_bytes(
            text_of("pc_eid,pc_pid,pc_eventDate,pc_catid,pc_aid,pc_recurrtype,pc_apptstatus", marked)
        )
        held(OpenEmr(), [file], pseudonym)


@given(st.lists(st.lists(CELLS, min_size=9, max_size=9), max_size=5))
def test_any_cells_of_acuity(tmp_path: Path, pseudonym: Pseudonym, rows: list[list[str]]) -> None:
    file = tmp_path / "acuity.csv"
    header = "Start Time,First Name,Last Name,Phone,Email,Type,Calendar,Canceled,Appointment ID"
    file.write_bytes(text_of(header, rows))
    held(Acuity(), [file], pseudonym, options={"exported_on": "2026-06-01", "same_email": "by_name"})


@given(
    st.lists(
        st.tuples(st.integers(0, len(RAW_ROWS) - 2), st.integers(0, len(RAW_ROWS[0]) - 1), CELLS), max_size=8
    ),
    st.sampled_from(["raw", "label", ""]),
)
def test_any_cells_of_redcap(
    tmp_path: Path, pseudonym: Pseudonym, changes: list[tuple[int, int, str]], values: str
) -> None:
    rows = [list(row) for row in RAW_ROWS[1:]]
    for row, column, cell in changes:
        rows[row][column] = cell
    files = [tmp_path / name for name in ("records.csv", "dictionary.csv", "fields.toml")]
    files[0].write_bytes(text_of(project.RAW_HEADER, rows))
    files[1].write_text(project.dictionary(), encoding="utf-8")
    files[2].write_text(project.TOML, encoding="utf-8")
    held(RedCap(), files, pseudonym, options={"values": values} if values else {})


@given(
    st.lists(
        st.tuples(st.integers(0, 13), st.integers(0, 8), st.one_of(CELLS, st.just("1, a | 1, b"))), max_size=6
    ),
    st.dictionaries(
        st.sampled_from(["diary.aura", "diary.day", "patients.sex", "diary.intensity.scale"]), CELLS
    ),
)
def test_any_dictionary_of_redcap(
    tmp_path: Path, pseudonym: Pseudonym, changes: list[tuple[int, int, str]], options: dict[str, str]
) -> None:
    fields = [list(item) for item in project.FIELDS]
    for row, column, cell in changes:
        fields[row][column] = cell
    files = [tmp_path / name for name in ("records.csv", "dictionary.csv", "fields.toml")]
    files[0].write_text(project.table(project.RAW_HEADER, project.RAW), encoding="utf-8")
    text = project.dictionary([tuple(item) for item in fields])
    files[1].write_bytes(text.encode("utf-8", "surrogatepass"))
    files[2].write_text(project.TOML, encoding="utf-8")
    held(RedCap(), files, pseudonym, options=options)
    held(RedCap(), files[:2], pseudonym, options=options)


@pytest.mark.long
@settings(max_examples=5000)
@given(st.binary(max_size=400), st.sampled_from([Cliniko, OpenEmr, Acuity, RedCap]))
def test_any_bytes_at_all(
    tmp_path: Path, pseudonym: Pseudonym, data: bytes, kind: Callable[[], Importer]
) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(data)
    held(kind(), [file], pseudonym, timezone="UTC")
