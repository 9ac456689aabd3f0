"""The fault table row by row: 38 ways in which a clinic's file goes wrong, each on a file written here.

STOP means that nothing is produced, QUAR that the row is set aside and counted, FIX that what was written is
read without loss and said so, WARN that it is told and stays in. Every test goes through the command line;
`clinic_files` holds all of them to quoting nothing, and rows to coming out even.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from clinic_files import (
    PATIENTS,
    Clinic,
    check,
    compare,
    day,
    diary_rows,
    numbers,
    row_of,
    silent,
    stops,
)

import outcomes as oc
from outcomes.cli import main
from outcomes.files import run_lock

Shown = pytest.CaptureFixture[str]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
ATTESTED = '[attestation]\nkind = "random-study-number"\nby = "the tests"\ndate = 2024-01-01\n'
ROWS = len(diary_rows())


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """Four patients with four weeks of diary on either side of the first session, nothing wrong yet."""
    return Clinic(tmp_path / "clinic")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The comparison of that clinic as it should be."""
    folder = Clinic(tmp_path_factory.mktemp("plain") / "clinic").write()
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        assert main(["compare", str(folder), "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(shown.getvalue())["rows"]
    return rows


def test_a_clinic_without_a_fault(clinic: Clinic, capsys: Shown) -> None:
    """What all faults are planted in is itself without one, so that each test shows its own."""
    told = check(capsys, clinic.write(), diary=ROWS, sessions=4)
    assert told.code == 0
    assert {finding["rule"] for finding in told.findings} == {"PRV-ID-UNATTESTED"}
    assert compare(capsys, clinic.folder)["flow"]["analysed"] == 4


class TestNoneSeverity:
    """Row 1: "None" severity."""

    def test_words_for_nothing_are_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        rows = [clinic.change(place, intensity=word) for place, word in ((1, "None"), (3, "NA"), (5, "null"))]
        told = check(capsys, clinic.write(), diary=ROWS)
        assert told.code == 4
        assert told.places("set aside") == [("diary.csv", "intensity", rows)]

    @pytest.mark.parametrize("token", ["", "n/a", "N/A", "."])
    def test_the_tokens_for_missing_are_missing(self, clinic: Clinic, capsys: Shown, token: str) -> None:
        clinic.change(1, intensity=token)
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.tables["diary"]["used"]) == (0, ROWS)

    def test_none_is_0_where_the_mapping_says_so(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.change(0, intensity="None")
        source = '[[tables]]\nsource = "diary"\ntable = "diary"\n[tables.columns]\n'
        clinic.mapping = source + 'intensity = {source = "intensity", codes = {none = "0"}}\n'
        assert check(capsys, clinic.write(), diary=ROWS).code == 0

    def test_a_patient_of_that_name_is_not_lost(self, clinic: Clinic, capsys: Shown) -> None:
        """A patient whose pseudonym is NA is a patient: nobody is taken for a missing value."""
        clinic.rows = [row.replace(PATIENTS[0], "NA") for row in clinic.rows]
        clinic.sessions[0] = f"NA,{day(0)}"
        clinic.mapping = ATTESTED
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        assert compare(capsys, clinic.folder)["flow"]["analysed"] == 4


class TestNotUtf8:
    """Row 2: Non-UTF-8."""

    CODES = (
        '[[tables]]\nsource = "diary"\ntable = "diary"\n[tables.columns]\n'
        'headache = {source = "headache", codes = {"sí" = "yes", no = "no"}}\n'
    )

    def _written(self, clinic: Clinic, encoding: str, mapping: str = "") -> Path:
        clinic.mapping = mapping + self.CODES
        clinic.rows = [row.replace("yes", "sí") for row in clinic.rows]
        clinic.write()
        text = "\n".join([clinic.header, *clinic.rows]) + "\n"
        (clinic.folder / "diary.csv").write_bytes(text.encode(encoding))
        return clinic.folder

    def test_another_encoding_stops_and_is_asked_for(self, clinic: Clinic, capsys: Shown) -> None:
        told = stops(
            capsys, self._written(clinic, "cp1252"), "diary.csv", "row 3", "CSV UTF-8", "encoding = "
        )
        assert "sí" not in told

    def test_an_encoding_that_is_named_is_read(self, clinic: Clinic, capsys: Shown) -> None:
        folder = self._written(clinic, "cp1252", 'encoding = "cp1252"\n')
        told = check(capsys, folder, diary=ROWS)
        assert (told.code, told.tables["diary"]["used"]) == (0, ROWS)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
    def test_a_mark_decides_and_is_told(self, clinic: Clinic, capsys: Shown, encoding: str) -> None:
        told = check(capsys, self._written(clinic, encoding), diary=ROWS)
        assert (told.code, told.tables["diary"]["used"]) == (0, ROWS)
        assert any(encoding.upper() in finding["problem"] for finding in told.found("mended"))

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
    def test_without_a_mark_nothing_is_guessed(self, clinic: Clinic, capsys: Shown, encoding: str) -> None:
        stops(capsys, self._written(clinic, encoding), "diary.csv")


def test_a_byte_order_mark(clinic: Clinic, capsys: Shown) -> None:
    """Row 3: BOM. It does not become part of the first header, and it is told."""
    clinic.write()
    path = clinic.folder / "diary.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    told = check(capsys, clinic.folder, diary=ROWS)
    assert told.code == 0
    (mended,) = told.found("mended")
    assert (mended["file"], mended["rule"]) == ("diary.csv", "form") and "mark" in mended["problem"]


class TestSemicolonsAndDecimalCommas:
    """Row 4: Delimiter `;`, decimal comma."""

    def _european(self, clinic: Clinic, decimal: str = ",", odd: str = "") -> Path:
        clinic.write()
        lines = [clinic.header, *clinic.rows]
        text = "\n".join(line.replace(",", ";").replace("7.37", f"7{decimal}37") for line in lines)
        if odd:
            text = text.replace(";4;", f";{odd};", 1)
        (clinic.folder / "diary.csv").write_text(text + "\n")
        return clinic.folder

    def test_the_same_numbers_come_out(
        self, clinic: Clinic, capsys: Shown, plain: list[dict[str, Any]]
    ) -> None:
        folder = self._european(clinic)
        told = check(capsys, folder, diary=ROWS)
        assert told.code == 0 and [one["rule"] for one in told.found("mended")] == ["decimal"]
        assert compare(capsys, folder)["rows"] == plain

    def test_a_point_between_semicolons_stays_a_point(
        self, clinic: Clinic, capsys: Shown, plain: list[dict[str, Any]]
    ) -> None:
        folder = self._european(clinic, ".")
        assert not check(capsys, folder, diary=ROWS).found("mended")
        assert compare(capsys, folder)["rows"] == plain

    def test_a_thousand_or_one_is_asked(self, clinic: Clinic, capsys: Shown) -> None:
        folder = self._european(clinic, odd="1.234")
        stops(capsys, folder, "diary.csv", "1.234 may be a thousand", "mapping.toml")

    def test_only_such_numbers_are_asked_about_too(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows = [row.replace("7.37", "4") for row in clinic.rows]
        stops(capsys, self._european(clinic, odd="1.234"), "diary.csv", "thousand or one", "decimal = ")

    def test_the_answer_is_followed(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.mapping = 'decimal = ","\n'
        told = check(capsys, self._european(clinic, odd="1.234"), diary=ROWS)
        assert told.places("set aside") == [("diary.csv", "intensity", [row_of(3)])]

    def test_a_comma_in_a_file_of_commas_is_no_decimal_sign(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows[3] = clinic.rows[3].replace(",4,", ',"3,5",')
        told = check(capsys, clinic.write(), diary=ROWS)
        assert told.places("set aside") == [("diary.csv", "intensity", [row_of(3)])]

    def test_a_header_that_does_not_tell_the_delimiter(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.header = clinic.header.replace(",", ";", 1)
        stops(capsys, clinic.write(), "diary.csv, row 1", "delimiter")


class TestTrailingDelimiter:
    """Row 5: Trailing delimiter."""

    def test_with_something_behind_it_nothing_is_shifted(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows = [f"{row},9" for row in clinic.rows]
        stops(capsys, clinic.write(), "diary.csv, rows 2, 3, 4", "would shift every column")

    def test_a_value_in_one_row_stops_as_well(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows = [f"{row}," for row in clinic.rows]
        clinic.rows[70] += "Geheim"
        stops(capsys, clinic.write(), "diary.csv", "column 6")

    def test_with_nothing_behind_it_in_any_row_it_is_left_out(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows = [f"{row}," for row in clinic.rows]
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.tables["diary"]["used"]) == (0, ROWS)
        assert any("delimiter" in finding["problem"] for finding in told.found("mended"))


@pytest.mark.parametrize("cells", [3, 6])
def test_a_ragged_row(clinic: Clinic, capsys: Shown, cells: int) -> None:
    """Row 6: Ragged row. The rows are listed, and nothing is read."""
    for place in (10, 40):
        clinic.rows[place] = ",".join([*clinic.rows[place].split(","), "Geheim"][:cells])
    stops(capsys, clinic.write(), f"diary.csv, rows {row_of(10)}, {row_of(40)}", "header's 5")


class TestQuotesAndNul:
    """Row 7: Unclosed quote / NUL byte."""

    def test_a_quotation_mark_that_is_not_closed(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows[10] = '"' + clinic.rows[10]
        stops(capsys, clinic.write(), f"diary.csv, row {row_of(10)}", "quotation mark")

    def test_a_nul_byte(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.change(10, intensity="4\0")
        stops(capsys, clinic.write(), f"diary.csv, row {row_of(10)}", "NUL")


class TestDayAndMonth:
    """Row 8: dd/mm vs mm/dd."""

    @staticmethod
    def _as(clinic: Clinic, form: str) -> None:
        for place, row in enumerate(clinic.rows):
            year, month, of_month = row.split(",")[1].split("-")
            clinic.change(place, date=form.format(y=year, m=month, d=of_month))

    def test_a_day_above_12_proves_the_order(
        self, clinic: Clinic, tmp_path: Path, capsys: Shown, plain: list[dict[str, Any]]
    ) -> None:
        for name, form, proven in (
            ("european", "{d}/{m}/{y}", "D/M/YYYY"),
            ("american", "{m}/{d}/{y}", "M/D/YYYY"),
            ("german", "{d}.{m}.{y}", "D.M.YYYY"),
        ):
            written = Clinic(tmp_path / name)
            self._as(written, form)
            told = check(capsys, written.write(), diary=ROWS)
            (mended,) = told.found("mended", "date")
            assert told.code == 0 and proven in mended["problem"]
            assert compare(capsys, written.folder)["rows"] == plain

    def _doubtful(self, clinic: Clinic) -> Path:
        clinic.rows = [row for row in clinic.rows if "2024-05-0" in row or "2024-05-1" in row]
        clinic.rows = [row for row in clinic.rows if int(row.split(",")[1][-2:]) <= 12]
        self._as(clinic, "{d}/{m}/{y}")
        return clinic.write()

    def test_nothing_above_12_is_asked_about(self, clinic: Clinic, capsys: Shown) -> None:
        """Two rows are named with the days between the two readings; their dates are not shown."""
        folder = self._doubtful(clinic)
        told = stops(capsys, folder, "diary.csv: column 'date'", "D/M/YYYY", "M/D/YYYY", "row 2 (", "row 3 (")
        # 1 May is 1 May or 5 January, 2 May is 2 May or 5 February: 117 and 87 days.
        assert "(117 days apart)" in told and "(87 days apart)" in told
        assert "01/05/2024" not in told

    def test_the_answer_is_followed(self, clinic: Clinic, capsys: Shown) -> None:
        folder = self._doubtful(clinic)
        (folder / "mapping.toml").write_text('dates = ["DD/MM/YYYY", "YYYY-MM-DD"]\n')
        assert check(capsys, folder, diary=len(clinic.rows)).code == 0
        (folder / "mapping.toml").write_text(
            'dates = ["MM/DD/YYYY", "YYYY-MM-DD"]\nexported_on = 2025-01-01\n'
        )
        told = check(capsys, folder, diary=len(clinic.rows))
        assert told.tables["diary"]["used"] == len(clinic.rows)

    def test_two_forms_in_one_column_stop(self, clinic: Clinic, capsys: Shown) -> None:
        for place in range(60):
            year, month, of_month = clinic.rows[place].split(",")[1].split("-")
            clinic.change(place, date=f"{of_month}/{month}/{year}")
        stops(capsys, clinic.write(), "diary.csv: column 'date'", "two ways", "rows 62 and 2")

    def test_no_one_order_stops(self, clinic: Clinic, capsys: Shown) -> None:
        self._as(clinic, "{d}/{m}/{y}")
        clinic.change(50, date="05/27/2024")
        stops(capsys, clinic.write(), "diary.csv: column 'date'", f"row {row_of(50)}", "no one order")


class TestSpreadsheetNumbersForDates:
    """Row 9: Excel serial dates (45292 = 2024-01-01)."""

    @staticmethod
    def _serial(clinic: Clinic, start: str) -> None:
        for place, row in enumerate(clinic.rows):
            days = pd.Timestamp(row.split(",")[1]) - pd.Timestamp(start)
            clinic.change(place, date=str(days.days))

    def test_they_stop(self, clinic: Clinic, capsys: Shown) -> None:
        self._serial(clinic, "1899-12-30")
        told = stops(capsys, clinic.write(), "diary.csv: column 'date'", "excel-1900", "excel-1904")
        assert clinic.rows[0].split(",")[1] not in told

    @pytest.mark.parametrize(("start", "form"), [("1899-12-30", "excel-1900"), ("1904-01-01", "excel-1904")])
    def test_the_answer_is_followed(
        self, clinic: Clinic, capsys: Shown, start: str, form: str, plain: list[dict[str, Any]]
    ) -> None:
        self._serial(clinic, start)
        clinic.mapping = f'dates = ["{form}", "YYYY-MM-DD"]\n'
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        assert compare(capsys, clinic.folder)["rows"] == plain

    def test_45292_is_new_year_2024(self, clinic: Clinic) -> None:
        clinic.rows = [f"{PATIENTS[0]},45292,no,,"]
        clinic.mapping = 'dates = ["excel-1900", "YYYY-MM-DD"]\n'
        clinic.sessions = [f"{PATIENTS[0]},2024-01-02"]
        found = oc.load_records(clinic.write()).frame("diary")["date"]
        assert [str(one)[:10] for one in found] == ["2024-01-01"]


class TestLeadingZeros:
    """Row 10: Leading-zero IDs."""

    def test_00123_and_123_are_two_patients(self, clinic: Clinic, capsys: Shown) -> None:
        for old, new in ((PATIENTS[0], "00123"), (PATIENTS[1], "123")):
            clinic.rows = [row.replace(old, new) for row in clinic.rows]
            clinic.sessions = [row.replace(old, new) for row in clinic.sessions]
        clinic.mapping = ATTESTED
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.tables["diary"]["collapsed"]) == (0, 0)
        assert compare(capsys, clinic.folder)["flow"]["patients"] == 4

    def test_without_a_word_for_them_such_numbers_do_not_come_in(self, clinic: Clinic, capsys: Shown) -> None:
        for old, new in zip(PATIENTS, ("00123", "123", "00124", "124"), strict=True):
            clinic.rows = [row.replace(old, new) for row in clinic.rows]
            clinic.sessions = [row.replace(old, new) for row in clinic.sessions]
        told = stops(capsys, clinic.write(), "leading zeros", code=3)
        assert "00123" not in told


def test_a_header_twice(clinic: Clinic, capsys: Shown) -> None:
    """Row 11: Duplicate headers. Neither becomes `date.1`."""
    clinic.header = clinic.header.replace("duration_hours", " Date ")
    stops(capsys, clinic.write(), "diary.csv: column 5", "another column")


def test_a_bad_value_late_in_the_file(clinic: Clinic, capsys: Shown) -> None:
    """Row 12: Late bad value (row 30,000). It is set aside with its row, and its column stays numbers."""
    patients = tuple(f"QZX-{number}" for number in range(1000, 1540))
    clinic.rows = diary_rows(patients=patients)
    clinic.sessions = [f"{patient},{day(0)}" for patient in patients]
    clinic.change(29_998, intensity="Geheim")
    told = check(capsys, clinic.write(), diary=len(clinic.rows))
    assert told.code == 4
    assert told.places("set aside") == [("diary.csv", "intensity", [30_000])]
    assert told.tables["diary"]["used"] == len(clinic.rows) - 1


def test_the_same_row_twice(clinic: Clinic, capsys: Shown) -> None:
    """Row 13: Exact duplicate row. It counts once; the copies are named and counted."""
    clinic.rows += [clinic.rows[5], clinic.rows[5], clinic.rows[9]]
    told = check(capsys, clinic.write(), diary=ROWS + 3)
    assert told.code == 0
    assert told.places("collapsed") == [
        ("diary.csv", None, [row_of(ROWS), row_of(ROWS + 1), row_of(ROWS + 2)])
    ]
    assert told.tables["diary"]["used"] == ROWS and told.tables["diary"]["collapsed"] == 3


class TestTwoRowsForADay:
    """Row 14: Duplicate patient-day, conflicting."""

    def _twice(self, clinic: Clinic) -> list[int]:
        """Day -28 says no headache, and in the last row a headache of 6 for two hours."""
        clinic.rows.append(f"{PATIENTS[0]},{day(-28)},yes,6,2")
        return [row_of(0), row_of(ROWS)]

    def test_both_are_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        rows = self._twice(clinic)
        told = check(capsys, clinic.write(), diary=ROWS + 1)
        assert told.code == 4
        assert told.places("set aside") == [("diary.csv", None, rows)]
        assert told.tables["diary"]["used"] == ROWS - 1

    @pytest.mark.parametrize("rule", ["max", "sum", "last"])
    def test_only_the_plan_puts_them_together(self, clinic: Clinic, capsys: Shown, rule: str) -> None:
        rows = self._twice(clinic)
        clinic.plan += f'duplicate_day = "{rule}"\n'
        told = check(capsys, clinic.write(), diary=ROWS + 1)
        (together,) = told.found("collapsed")
        assert (told.code, together["rule"], together["rows"]) == (0, "combined", rows)
        assert rule in together["remedy"]
        assert told.tables["diary"]["used"] == ROWS and told.tables["diary"]["collapsed"] == 1

    def test_what_the_plan_did_is_said_beside_the_numbers(self, clinic: Clinic, capsys: Shown) -> None:
        self._twice(clinic)
        clinic.plan += 'duplicate_day = "max"\n'
        told = compare(capsys, clinic.write())
        assert told["plan"]["duplicate_day"] == "max"
        assert any("duplicate_day" in note for note in told["notes"])


def buddy(folder: Path, *attacks: tuple[str, str, str]) -> Path:
    """A Migraine Buddy export: (started, lasted, pain) each. Given the folder of the import."""
    rows = [
        f"{number},{started},{lasted},{pain},Geheim" for number, (started, lasted, pain) in enumerate(attacks)
    ]
    path = folder / "export.csv"
    path.write_text("\n".join(["#,Started,Lasted,Pain Level,Notes", *rows]) + "\n")
    return path


def imported(capsys: Shown, export: Path, output: Path, *more: str) -> tuple[dict[str, dict[str, str]], str]:
    """{date: cells} of the diary that `outcomes import` makes, and what it said."""
    capsys.readouterr()
    code = main(
        ["import", "migraine_buddy", str(export), "--patient", "QZX-4711", "--output", str(output), *more]
    )
    shown = capsys.readouterr()
    silent(shown.err)
    assert code == 0, shown.err
    assert "Geheim" not in shown.out and "7.37" not in shown.out
    with (output / "diary.csv").open(newline="", encoding="utf-8") as file:
        return {row["date"]: row for row in csv.DictReader(file)}, shown.out + shown.err


def test_attacks_that_overlap(tmp_path: Path, capsys: Shown) -> None:
    """Row 15: Overlapping entries. Each minute counts once, the day counts once, and it is told."""
    export = buddy(tmp_path, ("14/05/2024 10:00", "04h 00m", "5"), ("14/05/2024 12:00", "04h 00m", "6"))
    days, told = imported(capsys, export, tmp_path / "records")
    assert {date: float(row["duration_hours"]) for date, row in days.items()} == {"2024-05-14": 6.0}
    assert days["2024-05-14"]["intensity"] == "6" and "overlap" in told


SPAN = '[[tables]]\nsource = "diary"\ntable = "diary"\n[tables.columns]\n'


def spans(clinic: Clinic, start: str, end: str, more: str = "", top: str = "") -> int:
    """Give every headache day a start and an end in place of a duration; one row has its own. Its row."""
    clinic.header = "patient_id,date,headache,intensity,began,ended"
    clinic.rows = [
        ",".join([*row.split(",")[:4], *(("10:00", "13:00") if ",yes," in row else ("", ""))])
        for row in clinic.rows
    ]
    clinic.mapping = f'{top}{SPAN}duration_hours = {{start = "began", end = "ended"{more}}}\n'
    return clinic.change(1, began=start, ended=end)


class TestNegativeDuration:
    """Row 16: Duration negative."""

    def test_a_negative_number_is_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        row = clinic.change(1, duration_hours="-2")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.places("set aside")) == (4, [("diary.csv", "duration_hours", [row])])

    def test_an_end_before_its_start_is_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        row = spans(clinic, "22:00", "06:00")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.places("set aside")) == (4, [("diary.csv", "duration_hours", [row])])

    def test_where_it_crosses_midnight_it_is_eight_hours(self, clinic: Clinic, capsys: Shown) -> None:
        spans(clinic, "22:00", "06:00", ", crosses_midnight = true")
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        diary = oc.load_records(clinic.folder).frame("diary")
        assert sorted(diary["duration_hours"].dropna())[-2:] == [3.0, 8.0]


class TestMoreThanADay:
    """Row 17: Duration >24 h in a day."""

    def test_a_day_has_no_25_hours(self, clinic: Clinic, capsys: Shown) -> None:
        row = clinic.change(1, duration_hours="25")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.places("set aside")) == (4, [("diary.csv", "duration_hours", [row])])

    def test_an_attack_of_30_hours_is_split_over_its_days(self, tmp_path: Path, capsys: Shown) -> None:
        export = buddy(tmp_path, ("14/05/2024 20:00", "30h 00m", "5"))
        days, told = imported(capsys, export, tmp_path / "records")
        hours = {date: float(row["duration_hours"]) for date, row in days.items()}
        assert hours == {"2024-05-14": 4.0, "2024-05-15": 24.0, "2024-05-16": 2.0}
        assert "24 hours" in told

    def test_an_attack_of_more_than_three_days_is_not_read(self, tmp_path: Path, capsys: Shown) -> None:
        export = buddy(tmp_path, ("14/05/2024 20:00", "73h 00m", "5"), ("24/05/2024 20:00", "1h 00m", "5"))
        days, told = imported(capsys, export, tmp_path / "records")
        assert set(days) == {"2024-05-24"}
        assert "row 2" in told and "72 hours" in told


class TestAnotherScale:
    """Row 18: Intensity out of range / wrong scale."""

    @staticmethod
    def _scaled(clinic: Clinic, factor: float) -> None:
        for place, row in enumerate(clinic.rows):
            if ",yes," in row:
                clinic.change(place, intensity=str(4 * factor))

    def test_one_cell_out_of_range_is_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        row = clinic.change(1, intensity="11")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.places("set aside")) == (4, [("diary.csv", "intensity", [row])])

    def test_a_column_up_to_100_stops_and_is_not_rescaled(self, clinic: Clinic, capsys: Shown) -> None:
        self._scaled(clinic, 10)
        stops(
            capsys,
            clinic.write(),
            "diary.csv: column 'intensity'",
            "another scale than 0–10",
            "scale = [0, 100]",
        )

    def test_the_answer_is_followed(self, clinic: Clinic, tmp_path: Path, capsys: Shown) -> None:
        plain = Clinic(tmp_path / "plain")
        self._scaled(plain, 1)
        self._scaled(clinic, 10)
        clinic.mapping = SPAN + 'intensity = {source = "intensity", scale = [0, 100]}\n'
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        assert compare(capsys, clinic.folder)["rows"] == compare(capsys, plain.write())["rows"]

    def test_nothing_above_3_is_told_and_kept(self, clinic: Clinic, capsys: Shown) -> None:
        self._scaled(clinic, 0.75)
        told = check(capsys, clinic.write(), diary=ROWS)
        (warned,) = told.found("warning", "intensity")
        assert told.code == 0 and "0–3" in warned["problem"]
        assert oc.load_records(clinic.folder).frame("diary")["intensity"].max() == 3.0


class TestTimeZones:
    """Row 19: Time zone."""

    @staticmethod
    def _late(clinic: Clinic, behind: str) -> None:
        for place, row in enumerate(clinic.rows):
            clinic.change(place, date=row.split(",")[1] + behind)

    @pytest.mark.parametrize("behind", ["T23:30:00", " 23:30", "T23:30:00-05:00", "T00:30+02:00"])
    def test_the_day_is_the_local_one(
        self, clinic: Clinic, capsys: Shown, behind: str, plain: list[dict[str, Any]]
    ) -> None:
        """Half past eleven in the evening lies in the next day elsewhere; the patient's day is what counts."""
        self._late(clinic, behind)
        told = check(capsys, clinic.write(), diary=ROWS)
        assert told.code == 0 and [one["column"] for one in told.found("mended")] == ["date"]
        assert compare(capsys, clinic.folder)["rows"] == plain

    def test_with_a_zone_named_the_day_is_the_one_there(self, clinic: Clinic, capsys: Shown) -> None:
        """23:30 in UTC in May is half past midnight of the next day in London."""
        self._late(clinic, "T23:30:00Z")
        clinic.mapping = 'timezone = "Europe/London"\n'
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        days = oc.load_records(clinic.folder).frame("diary")["date"].astype(str)
        assert (min(days)[:10], max(days)[:10]) == (day(-27), day(29))

    def test_utc_without_a_zone_tells_no_day(self, clinic: Clinic, capsys: Shown) -> None:
        self._late(clinic, "T23:30:00Z")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert told.code == 5 and told.tables["diary"]["used"] == 0

    def test_times_with_and_without_an_offset_stop(self, clinic: Clinic, capsys: Shown) -> None:
        self._late(clinic, "T23:30:00-05:00")
        clinic.change(3, date=f"{day(-25)}T23:30:00")
        stops(capsys, clinic.write(), "diary.csv: column 'date'", "offset")


class TestSummerTime:
    """Row 20: DST."""

    LONDON = 'timezone = "Europe/London"\n'

    def _hours(self, clinic: Clinic) -> float:
        diary = oc.load_records(clinic.folder).frame("diary")
        return float(next(hours for hours in diary["duration_hours"].dropna() if hours != 3.0))

    @pytest.mark.parametrize(
        ("start", "end", "hours"),
        [
            ("2024-03-30 22:00", "2024-03-31 06:00", 7.0),
            ("2024-10-26 22:00", "2024-10-27 06:00", 9.0),
            ("2024-05-01 22:00", "2024-05-02 06:00", 8.0),
        ],
    )
    def test_a_night_has_its_true_length(
        self, clinic: Clinic, capsys: Shown, start: str, end: str, hours: float
    ) -> None:
        spans(clinic, start, end, top=self.LONDON)
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        assert self._hours(clinic) == hours

    @pytest.mark.parametrize(
        ("start", "end"),
        [("2024-03-31 01:30", "2024-03-31 06:00"), ("2024-10-27 01:30", "2024-10-27 06:00")],
    )
    def test_an_hour_that_is_skipped_or_repeated_is_set_aside(
        self, clinic: Clinic, capsys: Shown, start: str, end: str
    ) -> None:
        row = spans(clinic, start, end, top=self.LONDON)
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.places("set aside")) == (4, [("diary.csv", "duration_hours", [row])])

    @pytest.mark.parametrize(("fold", "hours"), [("first", 5.5), ("second", 4.5)])
    def test_which_of_two_is_said(self, clinic: Clinic, capsys: Shown, fold: str, hours: float) -> None:
        """On the last Sunday of October 01:30 comes twice; from the first of them to 06:00 is 5.5 hours."""
        spans(clinic, "2024-10-27 01:30", "2024-10-27 06:00", top=f'{self.LONDON}fold = "{fold}"\n')
        assert check(capsys, clinic.write(), diary=ROWS).code == 0
        assert self._hours(clinic) == hours


class TestTheFuture:
    """Row 21: Future dates."""

    def test_a_day_that_has_not_come_is_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        row = clinic.change(28, date="2999-01-01")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert told.code == 4
        assert [(one["file"], one["rows"]) for one in told.found("set aside", "date", "future_date")] == [
            ("diary.csv", [row])
        ]

    def test_the_day_of_the_export_is_the_mapping_s(self, clinic: Clinic, capsys: Shown) -> None:
        """The day after it may be a matter of time zones; the day after that is set aside."""
        clinic.mapping = f"exported_on = {day(26)}\n"
        told = check(capsys, clinic.write(), diary=ROWS)
        (future,) = told.found("set aside", "date", "future_date")
        assert future["rows"] == [row_of(place) for place, row in enumerate(clinic.rows) if day(28) in row]

    def test_more_than_one_in_a_hundred_stop(self, clinic: Clinic, capsys: Shown) -> None:
        for place in (28, 29, 30):
            clinic.change(place, date=f"2999-01-{place}")
        capsys.readouterr()
        assert main(["check", str(clinic.write())]) == 4
        told = capsys.readouterr()
        shown = told.out + told.err
        silent(shown)
        assert "order of day and month" in shown and f"3 of {ROWS} rows" in shown
        assert main(["compare", str(clinic.folder), "--json"]) == 4
        told = capsys.readouterr()
        assert told.out == "" and "order of day and month" in told.err


@pytest.mark.parametrize("date", ["1900-01-01", "1970-01-01"])
def test_very_old_dates(clinic: Clinic, capsys: Shown, date: str) -> None:
    """Row 22: Very old dates. What a spreadsheet shows for a lost date is no day of anybody's."""
    row = clinic.change(28, date=date)
    told = check(capsys, clinic.write(), diary=ROWS)
    assert told.code == 4
    assert told.places("set aside") == [("diary.csv", "date", [row])]
    assert date not in told.text


class TestDiariesAndSessions:
    """Row 23: Diary patient not in sessions / reverse."""

    def test_a_diary_without_a_session_is_kept_and_counted(self, clinic: Clinic, capsys: Shown) -> None:
        patients = tuple(f"QZX-{number}" for number in range(4711, 4721))
        clinic.rows = diary_rows(patients=patients)
        clinic.sessions = [f"{patient},{day(0)}" for patient in patients[:-1]]
        told = check(capsys, clinic.write(), diary=len(clinic.rows))
        (warned,) = told.found("warning", rule="no_first_session")
        assert (told.code, warned["count"]) == (0, 1) and "1 patient with a diary, of 10" in warned["problem"]
        flow = compare(capsys, clinic.folder)["flow"]
        assert (flow["patients"], flow["analysed"], flow["left_out"]["no_first_session"]) == (10, 9, 1)

    def test_sessions_without_a_diary_are_told_and_stand_in_the_flow(
        self, clinic: Clinic, capsys: Shown
    ) -> None:
        clinic.sessions += [f"QZX-{number},{day(0)}" for number in range(4801, 4804)]
        told = check(capsys, clinic.write(), diary=ROWS, sessions=7)
        (warned,) = told.found("warning", rule="no_diary")
        assert (told.code, warned["count"], warned["file"]) == (0, 3, "sessions.csv")
        flow = compare(capsys, clinic.folder)["flow"]
        assert (flow["patients"], flow["analysed"], flow["left_out"]["no_diary"]) == (7, 4, 3)

    def test_more_than_a_fifth_of_the_diaries_stops_with_a_hint(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.sessions = [row.replace("QZX-", "qzx0") for row in clinic.sessions]
        capsys.readouterr()
        folder = clinic.write()
        for command in (["check", str(folder)], ["compare", str(folder), "--json"]):
            assert main(command) == 4
            shown = capsys.readouterr()
            silent(shown.out, shown.err)
            told = shown.out + shown.err
            assert "4 patients with a diary, of 4" in told
            assert "4 would be found if leading zeros, hyphens, spaces and case did not count" in told


class TestTheBaseline:
    """Row 24: Session before baseline; baseline with fewer recorded days than the plan needs."""

    def test_too_few_days_are_left_out_with_their_reason(self, clinic: Clinic, capsys: Shown) -> None:
        """Three of the seven baseline days are written down; five are needed."""
        clinic.rows = [
            row
            for row in clinic.rows
            if not (row.startswith(PATIENTS[0]) and day(-7) <= row.split(",")[1] <= day(-4))
        ]
        assert check(capsys, clinic.write(), diary=ROWS - 4).code == 0
        flow = compare(capsys, clinic.folder)["flow"]
        assert flow["left_out"]["baseline_too_few_days"] == 1 and flow["analysed"] == 3

    def test_with_a_lower_minimum_the_patient_is_back(self, clinic: Clinic, capsys: Shown) -> None:
        """The sensitivity analysis of the table: the same clinic with another minimum."""
        clinic.rows = [
            row
            for row in clinic.rows
            if not (row.startswith(PATIENTS[0]) and day(-7) <= row.split(",")[1] <= day(-4))
        ]
        clinic.plan += "min_recorded_days = 3\n"
        assert compare(capsys, clinic.write())["flow"]["analysed"] == 4

    def test_a_session_before_the_diary_begins(self, clinic: Clinic, capsys: Shown) -> None:
        """An earlier session moves day 0 to before the diary: no baseline is left, and nothing is made up."""
        clinic.sessions.append(f"{PATIENTS[0]},{day(-40)}")
        assert check(capsys, clinic.write(), diary=ROWS, sessions=5).code == 0
        flow = compare(capsys, clinic.folder)["flow"]
        assert flow["left_out"]["no_baseline_diary"] == 1 and flow["analysed"] == 3


def test_missing_days_are_not_free_of_headache(clinic: Clinic, capsys: Shown) -> None:
    """Row 25: Missing diary days. A day without a row and a row without an entry say nothing either way."""
    baseline = [row for row in clinic.rows if day(-7) <= row.split(",")[1] <= day(-1)]
    # Of days -7 to -1 the odd ones hurt: four of seven. Without the free days -6 and -4 it is four of five.
    gone = {row for row in baseline if day(-6) in row}
    emptied = {row for row in baseline if day(-4) in row}
    clinic.rows = [
        ",".join([*row.split(",")[:2], "", "", ""]) if row in emptied else row
        for row in clinic.rows
        if row not in gone
    ]
    told = check(capsys, clinic.write(), diary=ROWS - 4)
    assert told.code == 0 and told.tables["diary"]["not_recorded"] == 4
    found = numbers(compare(capsys, clinic.folder))
    assert found["baseline_mean"] == pytest.approx(28 * 4 / 5)


class TestCategories:
    """Row 26: Category synonym/unknown."""

    def test_case_and_spaces_are_mended_and_told(self, clinic: Clinic, capsys: Shown) -> None:
        kinds = ("Tension Type", "MIGRAINE", "migraine", "tension-type")
        clinic.patients = ["patient_id,headache_type", *map(",".join, zip(PATIENTS, kinds, strict=True))]
        told = check(capsys, clinic.write(), patients=4)
        (mended,) = told.found("mended", "headache_type")
        assert (told.code, mended["rows"]) == (0, [2, 3, 5])
        groups = compare(capsys, clinic.folder, "--by", "headache_type")["rows"]
        assert {row["group"] for row in groups} == {"all", "migraine", "tension_type"}

    def test_an_unknown_one_is_set_aside(self, clinic: Clinic, capsys: Shown) -> None:
        kinds = ("Geheim", "migraine", "migraine", "migraine")
        clinic.patients = ["patient_id,headache_type", *map(",".join, zip(PATIENTS, kinds, strict=True))]
        told = check(capsys, clinic.write(), patients=4)
        assert (told.code, told.places("set aside")) == (4, [("patients.csv", "headache_type", [2])])

    def test_a_synonym_is_one_where_the_mapping_says_so(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.patients = ["patient_id,headache_type", *(f"{patient},Hemicrania" for patient in PATIENTS)]
        clinic.mapping = (
            '[[tables]]\nsource = "patients"\ntable = "patients"\n[tables.columns]\n'
            'headache_type = {source = "headache_type", codes = {hemicrania = "migraine"}}\n'
        )
        assert check(capsys, clinic.write(), patients=4).code == 0
        assert set(oc.load_records(clinic.folder).frame("patients")["headache_type"]) == {"migraine"}


class TestEmptyFiles:
    """Row 27: Empty file / header only."""

    def test_no_byte(self, clinic: Clinic, capsys: Shown) -> None:
        (clinic.write() / "diary.csv").write_bytes(b"")
        stops(capsys, clinic.folder, "diary.csv", "empty")

    def test_a_header_alone(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows = []
        stops(capsys, clinic.write(), "diary.csv", "holds no record", "allow_empty")

    def test_allowed_it_says_no_data_and_never_0(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.rows = []
        clinic.mapping = 'allow_empty = ["diary"]\n'
        assert check(capsys, clinic.write(), diary=0).code == 0
        told = compare(capsys, clinic.folder)
        assert told["flow"]["analysed"] == 0
        # 0 of 0 is no share and no mean.
        assert all(row["n"] == 0 and row["value"] is None for row in told["rows"])


class TestHugeFiles:
    """Row 28: Huge file."""

    def test_text_above_two_gigabytes_stops_with_its_size(self, clinic: Clinic, capsys: Shown) -> None:
        """A file with a hole in it has the size of a real one and takes no room."""
        os.truncate(clinic.write() / "diary.csv", 2_100_000_000)
        started = time.monotonic()
        stops(capsys, clinic.folder, "diary.csv", "2.1 GB", "Parquet")
        assert time.monotonic() - started < 30

    def test_too_many_rows_of_text_stop(
        self, clinic: Clinic, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("outcomes.records.scanning.MAX_TEXT_ROWS", ROWS - 1)
        stops(capsys, clinic.write(), "diary.csv", "rows of text", "Parquet")

    def test_parquet_has_no_such_limit(
        self, clinic: Clinic, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = clinic.write() / "diary.csv"
        pd.read_csv(path).to_parquet(path.with_suffix(".parquet"), index=False)
        path.unlink()
        monkeypatch.setattr("outcomes.records.scanning.MAX_TEXT_ROWS", ROWS - 1)
        assert check(capsys, clinic.folder, diary=ROWS).code == 0


def test_a_parquet_file_that_is_cut_off(clinic: Clinic, capsys: Shown) -> None:
    """Row 29: Truncated parquet. Wherever it was cut, it is named and to be copied again."""
    path = clinic.write() / "diary.csv"
    cut = path.with_suffix(".parquet")
    pd.read_csv(path).to_parquet(cut, index=False)
    path.unlink()
    whole = cut.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:size])
        stops(capsys, clinic.folder, "diary.parquet", "Copy it again")


@pytest.mark.parametrize("name", ["diary.csv", "sessions.csv"])
def test_a_file_that_changes_while_it_is_read(
    clinic: Clinic, capsys: Shown, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Row 30: Changed during read. Somebody saves the file between two of our looks at it."""
    from outcomes.records import reading

    whole = reading.check_table

    def meanwhile(*arguments: object, **more: object) -> object:
        with (clinic.folder / name).open("a") as file:
            file.write("\n")
        return whole(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "check_table", meanwhile)
    stops(capsys, clinic.write(), name, "changed while it was being read", code=7)


class TestLockedFiles:
    """Row 31: Locked file."""

    def test_a_workbook_that_is_open_in_excel(self, clinic: Clinic, capsys: Shown) -> None:
        clinic.settle()
        workbook(clinic, clinic.folder / "clinic.xlsx")
        (clinic.folder / "~$clinic.xlsx").write_bytes(b"Geheim")
        started = time.monotonic()
        capsys.readouterr()
        assert main(["check", str(clinic.folder)]) == 7
        told = capsys.readouterr().err
        assert "clinic.xlsx" in told and "Close it in Excel" in told
        # It was tried again before anybody was bothered.
        assert time.monotonic() - started > 0.5

    def test_one_that_is_closed_meanwhile_is_read(
        self, clinic: Clinic, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clinic.settle()
        workbook(clinic, clinic.folder / "clinic.xlsx")
        beside = clinic.folder / "~$clinic.xlsx"
        beside.write_bytes(b"")
        monkeypatch.setattr(time, "sleep", lambda _: beside.unlink(missing_ok=True))
        assert main(["check", str(clinic.folder)]) == 0

    def test_a_table_that_another_program_holds(
        self, clinic: Clinic, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clinic.write()
        allowed = Path.open

        def refuse(self: Path, *arguments: object, **more: object) -> object:
            if self.name == "diary.csv":
                raise PermissionError(errno.EACCES, "Geheim")
            return allowed(self, *arguments, **more)  # type: ignore[arg-type, call-overload]

        monkeypatch.setattr(Path, "open", refuse)
        stops(capsys, clinic.folder, "diary.csv", "lose it", code=7)


def workbook(clinic: Clinic, path: Path, **cells: object) -> Path:
    """The clinic as a workbook of two sheets. `cells` are written over those of the sheet Diary: C5=…"""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    tables = {"Diary": [clinic.header, *clinic.rows], "Sessions": ["patient_id,date", *clinic.sessions]}
    for name, lines in tables.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append([float(cell) if _is_number(cell) else cell or None for cell in line.split(",")])
    for place, value in cells.items():
        book["Diary"][place] = value
    book.save(path)
    return path


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).isdigit()


class TestFormulasAndErrorCells:
    """Row 32: Formula/error cells."""

    def test_an_error_and_a_formula_without_a_value_are_set_aside(
        self, clinic: Clinic, capsys: Shown
    ) -> None:
        """Cells of the intensity, rows 3 and 5; openpyxl writes formulas without working them out."""
        clinic.settle()
        path = workbook(clinic, clinic.folder / "clinic.xlsx", D3="#N/A", D5="=1+1")
        told = check(capsys, path, diary=ROWS)
        assert told.code == 4
        assert told.places("set aside") == [("clinic.xlsx › Diary", "intensity", [3, 5])]

    def test_text_of_an_error_in_a_csv_file_is_no_value(self, clinic: Clinic, capsys: Shown) -> None:
        row = clinic.change(1, intensity="#DIV/0!")
        told = check(capsys, clinic.write(), diary=ROWS)
        assert (told.code, told.places("set aside")) == (4, [("diary.csv", "intensity", [row])])

    @pytest.mark.parametrize("cell", ["=1+1", "=cmd|'/C calc'!A0", "@SUM(1)"])
    def test_a_formula_in_a_csv_file_stops_at_the_gate(
        self, clinic: Clinic, capsys: Shown, cell: str
    ) -> None:
        row = clinic.change(1, intensity=cell)
        told = stops(capsys, clinic.write(), "diary.csv", f"row {row}", "formula", code=3)
        assert cell not in told


class TestSheetsAndMergedCells:
    """Row 33: Multiple sheets, merged cells."""

    def test_sheets_that_no_table_is_named_after_stop(self, clinic: Clinic, capsys: Shown) -> None:
        import openpyxl

        clinic.settle()
        path = workbook(clinic, clinic.folder / "clinic.xlsx")
        book = openpyxl.load_workbook(path)
        book["Diary"].title, book["Sessions"].title = "Geheim 1", "Geheim 2"
        book.save(path)
        stops(capsys, path, "clinic.xlsx", "none of its 2 sheets", "mapping.toml")

    def test_a_sheet_that_the_mapping_names_is_read(self, clinic: Clinic, capsys: Shown) -> None:
        import openpyxl

        clinic.mapping = '[[tables]]\nsource = "May"\ntable = "diary"\ncolumns = {}\n'
        clinic.settle()
        path = workbook(clinic, clinic.folder / "clinic.xlsx")
        book = openpyxl.load_workbook(path)
        book["Diary"].title = "May"
        book.save(path)
        assert check(capsys, path, diary=ROWS, sessions=4).code == 0

    def test_merged_cells_among_the_records_stop(self, clinic: Clinic, capsys: Shown) -> None:
        import openpyxl

        clinic.settle()
        path = workbook(clinic, clinic.folder / "clinic.xlsx")
        book = openpyxl.load_workbook(path)
        book["Diary"].merge_cells("A7:A9")
        book.save(path)
        stops(capsys, path, "clinic.xlsx › Diary, row 7", "merged cells")


class TestDiskFull:
    """Row 34: Disk full."""

    def test_no_room_for_a_report_is_told_before_anything_is_done(
        self, clinic: Clinic, tmp_path: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = tmp_path / "reports" / "all" / "internal" / "report.html"
        old.parent.mkdir(parents=True)
        old.write_text("last month's")
        usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        arguments = ["report", str(clinic.write()), "--all", "--output", str(tmp_path / "reports")]
        assert main(arguments) == 7
        told = capsys.readouterr().err
        silent(told)
        assert "the disk has room for 1 MB" in told
        assert old.read_text() == "last month's"
        there = {path.name for path in (tmp_path / "reports").rglob("*") if path.is_file()}
        assert there == {"report.html", "status.json"}

    def test_a_disk_that_fills_up_leaves_the_old_table(
        self, clinic: Clinic, tmp_path: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = tmp_path / "rows.csv"
        target.write_text("last month's")

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "Geheim")

        monkeypatch.setattr(os, "fsync", full)
        assert main(["compare", str(clinic.write()), "--csv", str(target)]) == 7
        told = capsys.readouterr().err
        silent(told)
        assert "rows.csv" in told and target.read_text() == "last month's"
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rows.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such signal")
@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted(tmp_path: Path, request_to_end: signal.Signals) -> None:
    """Row 35: Ctrl-C / SIGTERM. Exit code 130, nothing half-written, and the folder is free again."""
    output = tmp_path / "records"
    program = (
        "import sys, time\n"
        "from outcomes.records.importers import writing\n"
        "from outcomes.cli import main\n"
        "def slow(*_, **__):\n"
        "    print('here', flush=True)\n"
        "    time.sleep(60)\n"
        "writing.merged_rows = slow\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    export = buddy(tmp_path, ("14/05/2024 20:00", "3h 00m", "5"))
    arguments = ["import", "migraine_buddy", str(export), "--patient", "QZX-4711", "--output", str(output)]
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
    ) as run:
        assert run.stdout is not None and run.stdout.readline() == "here\n"
        run.send_signal(request_to_end)
        shown, told = run.communicate(timeout=60)
    assert run.returncode == 130
    silent(shown, told)
    assert not output.exists() or not list(output.rglob("*"))


def test_two_runs_at_once(clinic: Clinic, tmp_path: Path, capsys: Shown) -> None:
    """Row 36: Two runs at once. The second names the first by its process and stops."""
    reports = tmp_path / "reports"
    arguments = ["report", str(clinic.write()), "--all", "--output", str(reports)]
    with run_lock(reports, "report"):
        assert main(arguments) == 7
        told = capsys.readouterr().err
        silent(told)
        assert f"process {os.getpid()}" in told and "another run" in told
    assert not [path for path in reports.rglob("*") if path.is_file()]


def test_a_clock_that_is_wrong(clinic: Clinic, capsys: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 37: Clock wrong. Where the mapping names the day of the export, the computer's day does not matter."""
    from outcomes.records import reading

    class Past(dt.date):
        @classmethod
        def today(cls) -> dt.date:
            return dt.date(2001, 1, 1)

    clinic.mapping = f"exported_on = {day(28)}\n"
    right = compare(capsys, clinic.write())
    monkeypatch.setattr(reading, "dt", SimpleNamespace(date=Past, timedelta=dt.timedelta))
    assert check(capsys, clinic.folder, diary=ROWS).code == 0
    assert compare(capsys, clinic.folder) == right
    # Without it the same clock makes a future of everything, which stops and says where to look.
    (clinic.folder / "mapping.toml").write_text("")
    assert main(["check", str(clinic.folder)]) == 4
    assert "exported_on" in "".join(capsys.readouterr())


def test_a_clinic_too_small_to_show(clinic: Clinic, tmp_path: Path, capsys: Shown) -> None:
    """Row 38: All suppressed. The report to hand on is written all the same, and says that it is too few."""
    arguments = ["report", str(clinic.write()), "--all", "--profile", "share", "--format", "html"]
    assert main([*arguments, "--output", str(tmp_path / "reports")]) == 0
    capsys.readouterr()
    page = (tmp_path / "reports" / "all" / "share" / "report.html").read_text()
    # The typeface is written in letters too, and may spell anything.
    silent(re.sub(r"base64,[A-Za-z0-9+/=]+", "", page))
    assert "Too few patients to show safely (fewer than " in page
