"""The workbooks hold what the data dictionary says, and nothing that the privacy gate refuses."""

from __future__ import annotations

import csv
import functools
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
import python_calamine
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from outcomes.first_day import texts, workbooks
from outcomes.records.schema import PATIENTS, SESSIONS, TABLES, Column

MADE = {"clinic": workbooks.clinic_workbook(), "diary": workbooks.diary_workbook()}
SHEETS = {
    "patients": ("clinic", workbooks.CLINIC_SHEETS["patients"]),
    "sessions": ("clinic", workbooks.CLINIC_SHEETS["sessions"]),
    "scores": ("clinic", workbooks.CLINIC_SHEETS["scores"]),
    "events": ("clinic", workbooks.CLINIC_SHEETS["events"]),
    "diary": ("diary", workbooks.DIARY_SHEETS["diary"]),
}


@functools.cache
def _sheet(name: str) -> Worksheet:
    """For looking at only: it is read once."""
    return openpyxl.load_workbook(io.BytesIO(MADE[SHEETS[name][0]]))[name]


def _checks(sheet: Worksheet) -> dict[str, DataValidation]:
    """The check of each column, by the header above it; a column has exactly one."""
    found: dict[str, DataValidation] = {}
    for check in sheet.data_validations.dataValidation:
        for area in check.sqref.ranges:
            assert area.min_row == 2, "the header is not checked"
            for column in range(area.min_col, area.max_col + 1):
                name = str(sheet.cell(1, column).value)
                assert name not in found
                found[name] = check
    return found


COLUMNS = [(name, TABLES[name].column(column)) for name, (_, columns) in SHEETS.items() for column in columns]
each_column = pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=[f"{table}.{column.name}" for table, column in COLUMNS]
)


def test_the_sheets_are_those_that_were_asked_for() -> None:
    for name, sheets in (
        ("clinic", ["patients", "sessions", "scores", "events", "explained"]),
        ("diary", ["diary", "explained"]),
    ):
        assert openpyxl.load_workbook(io.BytesIO(MADE[name])).sheetnames == sheets
        assert python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(MADE[name])).sheet_names == sheets


def test_patients_and_sessions_have_every_column_of_the_dictionary_but_day_numbers_and_declared_spans() -> (
    None
):
    for table in (PATIENTS, SESSIONS):
        left_out = [column.name for column in table.columns if column.name not in SHEETS[table.name][1]]
        days = {"day", "contact_day", "index_day", "diagnosed_day"}
        assert set(left_out) <= {*days, "recorded_from", "recorded_to"}


def test_questionnaires_are_asked_for_by_their_total_and_events_without_free_text() -> None:
    assert SHEETS["scores"][1] == ["patient_id", "date", "instrument", "score", "unit", "site", "side"]
    assert SHEETS["events"][1] == ["patient_id", "date", "kind", "grade", "expected"]


@pytest.mark.parametrize("name", SHEETS)
def test_headers_are_the_dictionarys_names_for_two_readers(name: str) -> None:
    file, columns = SHEETS[name]
    assert [cell.value for cell in _sheet(name)[1]] == columns
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(MADE[file]))
    # One row and no more: a row that is filled in beforehand would be read as an entry.
    assert book.get_sheet_by_name(name).to_python() == [columns]
    required = {column.name for column in TABLES[name].columns if column.required}
    assert required <= set(columns) <= TABLES[name].names


@each_column
def test_each_column_is_checked_as_the_dictionary_says(table: str, column: Column) -> None:
    check = _checks(_sheet(table))[column.name]
    assert check.showErrorMessage and check.error and check.allow_blank
    if column.kind == "code":
        assert check.type == "list" and check.formula1 == f'"{",".join(column.codes)}"'
    elif column.kind == "yes_no":
        assert check.type == "list" and check.formula1 == '"yes,no"'
    elif column.kind in ("number", "whole"):
        assert check.type == ("whole" if column.kind == "whole" else "decimal")
        assert (float(check.formula1), float(check.formula2)) == (column.minimum, column.maximum)
        assert column.rule in check.error
    elif column.kind == "date":
        assert (check.type, check.operator, check.formula2) == ("date", None, "TODAY()")
    else:
        assert check.type == "custom"
    if column.kind != "codes":
        assert check.errorStyle in (None, "stop")


def test_lists_of_several_codes_are_held_against_the_sheet_that_explains_them() -> None:
    several = [(table, column) for table, column in COLUMNS if column.kind == "codes"]
    assert len(several) == 5
    for table, column in several:
        check = _checks(_sheet(table))[column.name]
        place = re.search(r"explained!(\$C\$\d+:\$C\$\d+)", check.formula1)
        assert place is not None
        area = place.group(1).replace("$", "")
        explained = openpyxl.load_workbook(io.BytesIO(MADE[SHEETS[table][0]]))["explained"]
        assert tuple(row[0].value for row in explained[area]) == column.codes
        assert check.prompt and (column.name == "acute_medication_class" or column.codes[1] in check.prompt)


@each_column
def test_no_text_is_longer_than_a_spreadsheet_takes(table: str, column: Column) -> None:
    check = _checks(_sheet(table))[column.name]
    assert len(check.prompt or "") <= 255 and len(check.error) <= 225
    assert len(check.promptTitle or "") <= 32 and len(check.errorTitle or "") <= 32
    # Excel: at most 255 characters of a list or formula, quotation marks aside.
    assert all(len((formula or "").strip('"')) <= 255 for formula in (check.formula1, check.formula2))


@each_column
def test_codes_are_text_and_dates_are_dates_before_anything_is_typed(table: str, column: Column) -> None:
    """Without a text format a spreadsheet makes a number of 0012 and may make a date of an age band."""
    sheet = _sheet(table)
    position = SHEETS[table][1].index(column.name) + 1
    # Neighbours of one look are written as one.
    (dimension,) = [part for part in sheet.column_dimensions.values() if part.min <= position <= part.max]
    wanted = {"date": "yyyy-mm-dd", "whole": "0", "number": "General"}.get(column.kind, "@")
    assert dimension.number_format == wanted
    assert dimension.width > len(column.name)


@pytest.mark.parametrize("name", MADE)
def test_nothing_is_hidden_named_commented_merged_or_linked(name: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(MADE[name]))
    assert not book.defined_names
    for sheet in book:
        assert sheet.sheet_state == "visible" and not sheet.defined_names and not sheet.merged_cells.ranges
        assert not any(part.hidden for part in sheet.column_dimensions.values())
        assert not any(part.hidden for part in sheet.row_dimensions.values())
        assert not any(cell.comment or cell.hyperlink for row in sheet.iter_rows() for cell in row)
        assert sheet.auto_filter.ref is None and not sheet.print_title_rows and not sheet.print_area
    with zipfile.ZipFile(io.BytesIO(MADE[name])) as archive:
        parts = archive.namelist()
        assert b"definedName" not in archive.read("xl/workbook.xml")
        assert not re.search(rb"<(dc:creator|cp:lastModifiedBy)>[^<]", archive.read("docProps/core.xml"))
    assert not [part for part in parts if re.search(r"vba|comment|external|pivot|media|drawing", part, re.I)]


@pytest.mark.parametrize("name", MADE)
def test_the_same_workbook_is_the_same_bytes(name: str) -> None:
    again = workbooks.clinic_workbook() if name == "clinic" else workbooks.diary_workbook()
    assert again == MADE[name]


@pytest.mark.parametrize("name", MADE)
def test_explained_says_everything_about_every_column_and_code(name: str) -> None:
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(MADE[name])).get_sheet_by_name(
        "explained"
    )
    lines = [[str(cell) for cell in row] for row in rows.to_python()]
    # Below the second title stand the codes, of which one is 'yes' as well.
    end = [line[0] for line in lines].index(texts.CODES_TITLE)
    by_column = {(line[0], line[1]): line for line in lines[:end] if line[2] in (texts.NEEDED, texts.WELCOME)}
    codes = {(line[0], line[1], line[2]): line[3] for line in lines[end:]}
    columns = [(table, column) for table, column in COLUMNS if SHEETS[table][0] == name]
    assert set(by_column) == {(table, column.name) for table, column in columns}
    for table, column in columns:
        line = by_column[table, column.name]
        assert (
            line[3] == column.meaning.replace("`", "") and line[4] == column.rule and line[5] == column.unit
        )
        if column.minimum is not None:
            assert line[6] == f"{column.minimum:g} to {column.maximum:g}"
        assert all(codes[table, column.name, code] for code in column.codes)


def test_words_about_codes_are_about_codes_that_exist() -> None:
    known = {
        (column.name, code) for table in TABLES.values() for column in table.columns for code in column.codes
    }
    assert set(texts.CODE_MEANINGS) <= known
    classes = TABLES["diary"].column("acute_medication_class").codes
    assert tuple(texts.MEDICINES) == classes
    assert len({letter for letter, _ in texts.MEDICINES.values()}) == len(classes)


def test_headers_stay_in_sight_and_rows_enough_are_checked() -> None:
    assert {name: _sheet(name).freeze_panes for name in SHEETS} == {
        "patients": "B2",
        "sessions": "C2",
        "scores": "C2",
        "events": "C2",
        "diary": "C2",
    }
    for name in SHEETS:
        for check in _sheet(name).data_validations.dataValidation:
            assert all(range_boundaries(str(area))[3] >= 1_000 for area in check.sqref.ranges)


ENTRIES = {
    "patients": [
        {
            "patient_id": "P-0001",
            "headache_type": "migraine",
            "group": "treated",
            "contact_date": "2026-01-26",
            "ichd3_code": "1.1",
            "diagnosed_date": "2026-02-01",
            "preventive_use": "no",
        },
        {"patient_id": "P-0002", "headache_type": "tension_type", "age_band": "30-39", "sex": "female"},
        {"patient_id": "P-0003", "headache_type": "unclassified", "planned_sessions": 6},
    ],
    "sessions": [
        {
            "patient_id": f"P-000{number}",
            "date": "2026-03-02",
            "practitioner_id": "T-01",
            "technique": "deep",
            "muscles": "suboccipital; upper_trapezius",
            "needles_inserted": 6,
            "needles_removed": 6,
            "adverse_event": "none",
            "soreness": 2.5,
            "recalled_headache_days_28": 9,
            "site_id": "S-01",
            "trigger_points": 5,
            "explanation": "yes",
            "adverse_event_72h": "mild",
            "adverse_event_kind": "bruising; pain_after",
        }
        for number in (1, 2, 3)
    ],
    "scores": [
        {"patient_id": "P-0001", "date": "2026-03-02", "instrument": "hit6", "score": 60},
        {"patient_id": "P-0002", "date": "2026-03-02", "instrument": "ndi", "score": 34, "unit": "percent"},
        *(
            {
                "patient_id": "P-0003",
                "date": "2026-03-02",
                "instrument": "rom_rotation",
                "score": 61,
                "unit": "degrees",
                "side": side,
            }
            for side in ("left", "right")
        ),
    ],
    "events": [
        {"patient_id": "P-0001", "date": "2026-03-02", "kind": "preventive_change"},
        {
            "patient_id": "P-0002",
            "date": "2026-03-02",
            "kind": "adverse_event",
            "grade": "mild",
            "expected": "yes",
        },
    ],
    "diary": [
        {
            "patient_id": f"P-000{number}",
            "date": f"2026-02-{day:02d}",
            "headache": "yes" if day % number == 0 else "no",
            "intensity": 6 if day % number == 0 else None,
            "duration_hours": 4.5 if day % number == 0 else None,
            "acute_medication": "yes" if day % number == 0 else "no",
            "acute_doses": 2 if day % number == 0 else None,
            "acute_medication_class": "paracetamol; triptan" if day % number == 0 else None,
            "acute_medication_helped": "yes" if day % number == 0 else None,
            "soreness": 1 if day < 4 else None,
        }
        for number in (1, 2, 3)
        for day in range(2, 29)
    ],
}


def fill(name: str, path: Path) -> Path:
    """The workbook as a clinic would have filled it in; dates are dates, as a spreadsheet keeps them."""
    book = openpyxl.load_workbook(io.BytesIO(MADE[name]))
    for sheet in book:
        columns = [cell.value for cell in sheet[1]]
        for row, entry in enumerate(ENTRIES.get(sheet.title, []), start=2):
            for column, value in entry.items():
                kind = TABLES[sheet.title].column(column).kind
                cell = sheet.cell(row, columns.index(column) + 1)
                cell.value = openpyxl.utils.datetime.from_ISO8601(value) if kind == "date" else value
    book.save(path)
    return path


def test_the_reader_opens_both_workbooks_and_its_gate_finds_nothing_beside_the_cells(tmp_path: Path) -> None:
    from outcomes.engine import Engine
    from outcomes.records.workbooks import open_workbook

    engine = Engine()
    found = {}
    for name, data in MADE.items():
        path = tmp_path / f"{name}.xlsx"
        path.write_bytes(data)
        for _ in ("as it comes", "filled in and saved by another program"):
            opened = open_workbook(path, engine, None)
            assert not opened.problems
            assert {finding.rule for finding in opened.findings} <= {"not_read"}, "the sheet that explains"
            found |= {table.name: [column.written for column in table.columns] for table in opened.tables}
            fill(name, path)
    assert found == {name: columns for name, (_, columns) in SHEETS.items()}


def test_a_filled_in_kit_reads_without_a_finding(tmp_path: Path) -> None:
    """Sheet by sheet as text, so that this holds whatever else the reader learns about workbooks."""
    from outcomes.records.reading import read_records

    for name in MADE:
        book = python_calamine.CalamineWorkbook.from_path(fill(name, tmp_path / f"{name}.xlsx"))
        for sheet in book.sheet_names:
            if sheet in SHEETS:
                with (tmp_path / f"{sheet}.csv").open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file).writerows(book.get_sheet_by_name(sheet).to_python())
        (tmp_path / f"{name}.xlsx").unlink()
    records = read_records(tmp_path)
    assert {count.table: (count.rows_in, count.used) for count in records.counts} == {
        "diary": (81, 81),
        "sessions": (3, 3),
        "patients": (3, 3),
        "scores": (4, 4),
        "events": (2, 2),
    }
    assert not [found for found in records.findings if found.level not in ("warning", "mended")]
