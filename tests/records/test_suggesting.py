"""A first mapping for a person to confirm: what it proposes, that it loads, and that it shows nobody."""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
import tempfile
import tomllib
from pathlib import Path

import openpyxl
import pytest
from diaries import write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import FileProblem, InvalidRecords, OutcomesError
from outcomes.records.checked import Records
from outcomes.records.header_words import may_be_shown, meaning
from outcomes.records.mapping import SourceMapping
from outcomes.records.reading import load_records, read_records
from outcomes.records.suggesting import SUGGESTED_FILE, suggest_mapping, write_suggestion

FIRST = dt.date(2026, 3, 2)


def _mapping(text: str) -> SourceMapping:
    """The draft, as it is, must load."""
    return SourceMapping.from_mapping(tomllib.loads(text))


def _answered(text: str, *beginnings: str) -> str:
    """The draft with the questions that begin so answered with yes."""
    lines = text.splitlines()
    for beginning in beginnings:
        assert any(line.startswith(f"# ? {beginning}") for line in lines), beginning
    return "\n".join(
        line.removeprefix("# ? ") if line.startswith(tuple(f"# ? {one}" for one in beginnings)) else line
        for line in lines
    )


def _read(folder: Path, text: str) -> Records:
    return load_records(folder, mapping=_mapping(text))


def _german_day(date: dt.date) -> str:
    return f"{date.day}.{date.month}.{date.year}"


def _german_clinic(folder: Path, days: int = 40) -> Path:
    """Semicolons, decimal commas, D.M.YYYY, ja and nein, and an old encoding. Headache on each third day."""
    diary = ["Patientencode;Datum;Kopfschmerz (ja/nein);Schmerzstärke (0-10);Dauer (Std);Triptan"]
    for patient in ("P-0001", "P-0002"):
        for n in range(-days, days):
            date = _german_day(FIRST + dt.timedelta(n))
            diary.append(f"{patient};{date};" + ("nein;;;nein" if n % 3 else "ja;4,5;2,25;ja"))
    sessions = [
        "Patientencode;Datum;Anzahl Nadeln",
        *(f"{p};{_german_day(FIRST)};12" for p in ("P-0001", "P-0002")),
    ]
    folder.mkdir(exist_ok=True)
    (folder / "Kopfschmerztagebuch.csv").write_bytes("\n".join(diary).encode("cp1252"))
    (folder / "Behandlungen.csv").write_bytes("\n".join(sessions).encode("cp1252"))
    return folder


class TestAGermanDiary:
    def test_every_column_is_proposed_with_how_it_is_written(self, tmp_path: Path) -> None:
        mapping = _mapping(suggest_mapping(_german_clinic(tmp_path)))
        diary = next(table for table in mapping.tables if table.table == "diary")
        columns = dict(diary.columns)
        assert diary.source == "Kopfschmerztagebuch"
        assert (diary.decimal, diary.encoding, diary.ignore) == (",", "cp1252", ())
        assert columns["patient_id"].source == "Patientencode"
        assert columns["date"].dates == ("D.M.YYYY",)
        assert dict(columns["headache"].codes) == {"ja": "yes", "nein": "no"}
        assert columns["intensity"].source == "Schmerzstärke (0-10)" and columns["intensity"].scale is None
        assert columns["duration_hours"].unit == ""
        assert dict(columns["acute_medication"].codes) == {"ja": "yes", "nein": "no"}

    def test_it_reads_after_the_one_question_is_answered(self, tmp_path: Path) -> None:
        """All sessions lie on the 2nd of March, so that no row of that file proves the order of day and month."""
        folder = _german_clinic(tmp_path)
        text = suggest_mapping(folder)
        assert _mapping(text).tables[0].source == "Behandlungen"
        assert "date" not in dict(_mapping(text).tables[0].columns)
        records = _read(folder, _answered(text, 'date = { source = "Datum", dates = "D.M.YYYY" }'))
        diary = records.frame("diary")
        assert len(diary) == 160 and records.counts[0].set_aside == 0
        assert diary["headache"].sum() == 2 * len([n for n in range(-40, 40) if not n % 3])
        assert set(diary["intensity"].dropna()) == {4.5} and set(diary["duration_hours"].dropna()) == {2.25}
        assert list(records.frame("sessions")["needles_inserted"]) == [12, 12]

    def test_both_orders_are_asked_where_no_row_proves_one(self, tmp_path: Path) -> None:
        (tmp_path / "Tage.csv").write_text("Patient;Datum;Kopfschmerz\nP1;1.2.2026;ja\nP1;2.3.2026;nein\n")
        text = suggest_mapping(tmp_path)
        assert '# ? date = { source = "Datum", dates = "D.M.YYYY" }' in text
        assert '# ? date = { source = "Datum", dates = "M.D.YYYY" }' in text
        assert "date" not in dict(_mapping(text).tables[0].columns)

    def test_dates_that_no_order_reads_are_told(self, tmp_path: Path) -> None:
        (tmp_path / "Tage.csv").write_text("Patient;Datum;Kopfschmerz\nP1;13.2.2026;ja\nP1;2.14.2026;nein\n")
        text = suggest_mapping(tmp_path)
        assert re.search(r'# \? date = "Datum"  # .*no one order', text)


class TestAWideWorkbook:
    @pytest.fixture
    def workbook(self, tmp_path: Path) -> Path:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Auswertung"
        sheet.append(["Code", "Kopfschmerztage vorher", "Kopfschmerztage nachher"])
        for n in range(1, 31):
            sheet.append([f"P-{n:04d}", 10 + n % 5, 4 + n % 3])
        book.create_sheet("Notizblock").append(["Zimmer"])
        book.save(tmp_path / "Klinik.xlsx")
        return tmp_path / "Klinik.xlsx"

    def test_each_time_point_becomes_a_part_with_its_period(self, workbook: Path) -> None:
        mapping = _mapping(suggest_mapping(workbook))
        parts = {
            dict(table.constants)["period"]: dict(table.columns)["headache_days_per_28"].source
            for table in mapping.tables
            if table.table == "summaries"
        }
        assert parts == {"baseline": "Kopfschmerztage vorher", "followup": "Kopfschmerztage nachher"}

    def test_it_reads_without_the_sheet_that_is_no_table(self, workbook: Path) -> None:
        text = suggest_mapping(workbook)
        records = _read(workbook, text[: text.index("# Klinik.xlsx › Notizblock")])
        summaries = records.frame("summaries")
        assert sorted(set(summaries["period"])) == ["baseline", "followup"]
        before = summaries.loc[summaries["period"] == "baseline", "headache_days_per_28"]
        assert before.mean() == pytest.approx(sum(10 + n % 5 for n in range(1, 31)) / 30)


class TestAnAttackList:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        rows = ["Patient,Start,End,Severity,Medication"]
        for patient in ("P1", "P2"):
            for n in range(-28, 84, 4):
                day = FIRST + dt.timedelta(n)
                rows.append(f"{patient},{day} 22:00,{day + dt.timedelta(1)} 01:30,{n % 7 + 2},yes")
        rows[-1] = rows[-1].removesuffix("yes") + "no"
        (tmp_path / "attacks.csv").write_text("\n".join(rows))
        (tmp_path / "sessions.csv").write_text(f"patient_id,date\nP1,{FIRST}\nP2,{FIRST}\n")
        return tmp_path

    def test_it_is_told_that_no_row_is_not_no_headache(self, folder: Path) -> None:
        text = suggest_mapping(folder)
        assert "a day without a row is not a day without headache" in text
        assert "recorded_from" in text and "duplicate_day" in text
        table = _mapping(text).tables[0]
        assert dict(table.constants) == {"headache": "yes"}
        duration = dict(table.columns)["duration_hours"]
        assert (duration.start, duration.end) == ("Start", "End")

    def test_it_reads_as_drafted(self, folder: Path) -> None:
        diary = _read(folder, suggest_mapping(folder)).frame("diary")
        assert len(diary) == 56 and diary["headache"].all()
        assert set(diary["duration_hours"]) == {3.5}
        assert diary["acute_medication"].sum() == 55

    def test_what_has_the_names_of_the_dictionary_is_left_alone(self, folder: Path) -> None:
        text = suggest_mapping(folder)
        assert "# sessions.csv: has the names of the data dictionary; nothing to map." in text
        assert len(_mapping(text).tables) == 1


class TestTheTrialOfVickers:
    @pytest.fixture
    def folder(self, shared_data: Path, tmp_path: Path) -> Path:
        (tmp_path / "raw.csv").write_bytes((shared_data / "vickers2006" / "raw.csv").read_bytes())
        return tmp_path

    def test_each_time_point_is_told_to_need_a_part(self, folder: Path) -> None:
        text = suggest_mapping(folder)
        assert not _mapping(text).tables, "which number is which time point is a question"
        assert "1, 2, 5" in text and "constants = { period = … }" in text
        for number, period in (("1", "baseline"), ("2", "time_2"), ("5", "followup")):
            assert f'# ? constants = {{ period = "{period}" }}' in text
            assert f'# ? headache_days_per_28 = "f{number}"' in text

    def test_it_reads_after_the_edits_that_it_names(self, folder: Path) -> None:
        """The parts are taken, the rest ignored, and the zeros of missing diaries said to be missing."""
        from outcomes import AnalysisPlan

        text = suggest_mapping(folder)
        for word, edit in (
            ('source = "raw"', 'source = "raw"'),
            ("ignore = []", 'ignore = ["*"]'),
        ):
            text = text.replace(word, edit)
        parts = text.split("# ? [[tables]]")[1:4]
        edited = "mapping_version = 1\n" + "".join("# ? [[tables]]" + part for part in parts)
        edited = re.sub(r"(?m)^# \? ", "", edited)
        for number in "125":
            rule = f'missing_when = [{{ column = "f{number}", value = "0", blank = "pk{number}" }}]\n'
            at = edited.index(f'headache_days_per_28 = "f{number}"')
            cut = edited.rindex("\n[tables.columns]", 0, at)
            edited = edited[:cut] + rule + edited[cut:]
        records = read_records(folder, AnalysisPlan(set_aside_limit=1.0), mapping=_mapping(edited))
        summaries = records.frame("summaries")
        known = summaries.dropna(subset="headache_days_per_28").groupby("period").size()
        # 401 patients; the paper has 301 with all data, and its raw file more at each single time point.
        assert known["baseline"] >= 395 and 301 <= known["followup"] < 401


class TestUnits:
    @pytest.mark.parametrize(
        ("header", "cell", "line"),
        [
            ("Duration (min)", "90", 'duration_hours = { source = "Duration (min)", unit = "minutes" }'),
            ("Dauer", "90", '# ? duration_hours = { source = "Dauer", unit = "minutes" }'),
            ("Durée (h)", "3", 'duration_hours = "Durée (h)"'),
            ("VAS 0-100", "65", 'intensity = { source = "VAS 0-100", scale = [0, 100] }'),
            ("Intensità", "65", '# ? intensity = { source = "Intensità", scale = [0, 100] }'),
            ("Intensidad del dolor", "7", 'intensity = "Intensidad del dolor"'),
            ("Pijnscore", "7", 'intensity = "Pijnscore"'),
            ("Severity", "7", 'intensity = "Severity"'),
            (
                "Severity",
                "awful",
                '# ? severity = { source = "Severity", codes = { "their word" = "mild" } }',
            ),
        ],
    )
    def test_a_unit_or_scale_is_taken_where_the_header_says_it_and_asked_for_otherwise(
        self, tmp_path: Path, header: str, cell: str, line: str
    ) -> None:
        rows = "".join(f"P1,2026-01-{n:02d},yes,{cell}\nP2,2026-01-{n:02d},no,\n" for n in range(1, 29))
        (tmp_path / "days.csv").write_text(f"Patient,Date,Headache,{header}\n{rows}")
        text = suggest_mapping(tmp_path)
        _mapping(text)
        assert any(told.startswith(line) for told in text.splitlines()), text

    @pytest.mark.parametrize(
        ("header", "yes", "no"),
        [
            ("Kopfweh", "Ja", "Nein"),
            ("Céphalée", "oui", "non"),
            ("Mal di testa", "sì", "no"),
            ("Dolor de cabeza", "sí", "no"),
            ("Hoofdpijn", "ja", "nee"),
        ],
    )
    def test_words_for_yes_and_no_in_each_language(
        self, tmp_path: Path, header: str, yes: str, no: str
    ) -> None:
        rows = "".join(f"P1,2026-01-{n:02d},{yes if n % 2 else no}\n" for n in range(1, 29))
        (tmp_path / "days.csv").write_text(f"Patient,Date,{header}\n{rows}", encoding="utf-8")
        read = dict(_mapping(suggest_mapping(tmp_path)).tables[0].columns)["headache"]
        assert dict(read.codes) == {yes.lower(): "yes", no.lower(): "no"}

    @pytest.mark.parametrize(
        ("header", "what"),
        [
            ("Muskelkater", "soreness"),
            ("Trigger points", "trigger_points"),
            ("Triggerpunkte", "trigger_points"),
            ("Electrical stimulation", "electrical"),
            ("LTR", "local_twitch_response"),
            ("Behandlungsplan", "personal_plan"),
            ("Aufklärung", "explanation"),
            ("Traitement de fond", "preventive_use"),
            ("Prophylaxe", "preventive_use"),
            ("Drug class", "acute_medication_class"),
            ("ICHD-3 code", "ichd3_code"),
        ],
    )
    def test_what_sessions_and_patients_say_of_treatment(self, header: str, what: str) -> None:
        found = meaning(header)
        assert found is not None and (found.what, found.sure) == (what, True)

    def test_a_column_of_crosses_is_a_question(self, tmp_path: Path) -> None:
        (tmp_path / "days.csv").write_text(
            "Patient,Date,Headache\nP1,2026-01-13,x\nP1,2026-01-14,\nP1,2026-01-15,x\n"
        )
        assert '# ? headache = { source = "Headache", codes = { "x" = "yes" } }' in suggest_mapping(tmp_path)


class TestNobodyIsShown:
    def test_a_file_without_a_header_shows_no_cell(self, tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_text("Geheim,CANARY7,maria@example.org\nHuber,P2,2026-01-01\n")
        text = suggest_mapping(tmp_path)
        for cell in ("Geheim", "CANARY7", "maria", "Huber", "P2", "2026-01-01"):
            assert cell not in text
        assert "columns 1–3 are not recognised" in text

    def test_columns_that_identify_are_never_mapped(self, tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_text(
            "Name,Geburtsdatum,E-Mail,Bemerkungen,Alter,Patient,Datum,Kopfschmerz\n"
            "Geheim,1961-02-03,g@example.org,Frau Geheim rief an,61,P1,2026-01-13,1\n"
            "Geheim,1961-02-03,g@example.org,,61,P1,2026-01-14,0\n"
        )
        text = suggest_mapping(tmp_path)
        sources = {read.source for table in _mapping(text).tables for _, read in table.columns}
        assert sources == {"Patient", "Datum", "Kopfschmerz"}
        assert '# column 1 ("Name") says who somebody is' in text
        assert "holds free text" in text and "outcomes deidentify" in text and "[deidentify]" in text
        assert "Geheim" not in text and "1961" not in text

    def test_a_name_beside_a_known_word_is_not_shown(self, tmp_path: Path) -> None:
        (tmp_path / "days.csv").write_text("Patient,Date,Kopfschmerz Huber\nP1,2026-01-13,yes\n")
        assert "Huber" not in suggest_mapping(tmp_path)

    @given(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r,;\t\x00"), min_size=1).filter(
            lambda text: not may_be_shown(text)
        )
    )
    def test_no_header_of_unknown_words_is_ever_shown(self, header: str) -> None:
        from outcomes.records.suggested_lines import Seen, Shape

        assert Seen(3, header, Shape(1, 1), meaning(header), False).shown == "column 3"

    def test_no_header_breaks_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "days.csv").write_text(
            'Patient,"Date "" [tables] # = \\",Headache\nP1,2026-01-13,yes\nP1,2026-01-14,no\n'
        )
        _mapping(suggest_mapping(tmp_path))


class TestWhereItIsWritten:
    def test_under_a_name_that_is_never_read(self, tmp_path: Path) -> None:
        folder = _german_clinic(tmp_path)
        path = write_suggestion(folder)
        assert path == folder / SUGGESTED_FILE
        assert path.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
        with pytest.raises(InvalidRecords):
            read_records(folder)

    def test_never_over_a_file(self, tmp_path: Path) -> None:
        folder = _german_clinic(tmp_path)
        for name in (SUGGESTED_FILE, "mine.toml"):
            (folder / name).write_text("mine")
        for output in (None, folder / "mine.toml"):
            with pytest.raises(FileProblem, match="there already"):
                write_suggestion(folder, output=output)
        assert (folder / "mine.toml").read_text() == "mine" == (folder / SUGGESTED_FILE).read_text()

    def test_the_same_source_gives_the_same_text(self, tmp_path: Path) -> None:
        folder = _german_clinic(tmp_path)
        assert suggest_mapping(folder) == suggest_mapping(folder)


class TestOtherSources:
    def test_tables_of_a_database_file(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "practice.sqlite") as connection:
            connection.execute("CREATE TABLE Tagebuch (Patient TEXT, Datum TEXT, Kopfschmerz INTEGER)")
            connection.executemany(
                "INSERT INTO Tagebuch VALUES (?, ?, ?)",
                [("P1", f"2026-01-{n:02d}", n % 2) for n in range(1, 29)],
            )
        connection.close()
        table = _mapping(suggest_mapping(tmp_path / "practice.sqlite")).tables[0]
        assert (table.source, table.table) == ("Tagebuch", "diary")

    def test_tables_of_one_name_are_told_apart(self, tmp_path: Path) -> None:
        days = "Patient,Date,Headache\n" + "".join(
            f"P1,2026-{{month}}-{n:02d},yes\nP1,2026-{{month}}-{n + 14:02d},no\n" for n in range(1, 15)
        )
        (tmp_path / "Tage.csv").write_text(days.replace("{month}", "01"))
        (tmp_path / "Tage.tsv").write_text(days.replace("{month}", "02").replace(",", "\t"))
        (tmp_path / "sessions.csv").write_text("patient_id,date\nP1,2026-02-01\n")
        text = suggest_mapping(tmp_path)
        assert {table.source for table in _mapping(text).tables} == {"Tage.csv", "Tage.tsv"}
        assert len(_read(tmp_path, text).frame("diary")) == 56

    def test_sheets_of_a_workbook_in_a_folder(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.title = "Tagebuch"
        for row in (
            ["Patient", "Datum", "Kopfschmerz"],
            ["P1", "2026-01-12", "ja"],
            ["P1", "2026-01-14", "nein"],
        ):
            book.active.append(row)
        sessions = book.create_sheet("Behandlungen")
        for row in (["Patient", "Datum", "Anzahl Nadeln"], ["P1", "2026-01-13", 5]):
            sessions.append(row)
        book.save(tmp_path / "Klinik.xlsx")
        records = _read(tmp_path, suggest_mapping(tmp_path))
        assert [(count.table, count.used) for count in records.counts] == [("diary", 2), ("sessions", 1)]

    def test_a_file_that_cannot_be_read_is_told_and_the_others_are_drafted(self, tmp_path: Path) -> None:
        folder = _german_clinic(tmp_path)
        (folder / "broken.csv").write_bytes(b"Patient;Datum\nP1;\x00\n")
        text = suggest_mapping(folder)
        assert "# Not looked at: broken.csv, row 2: a NUL byte" in text
        assert len(_mapping(text).tables) == 2

    @pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods", ".sqlite", ".duckdb"])
    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04junk", b"SQLite format 3\x00" + bytes(200)])
    def test_a_file_that_is_not_what_its_name_says(self, tmp_path: Path, suffix: str, data: bytes) -> None:
        (tmp_path / f"clinic{suffix}").write_bytes(data)
        with pytest.raises(OutcomesError):
            suggest_mapping(tmp_path / f"clinic{suffix}")

    @settings(max_examples=10)
    @given(
        st.one_of(st.binary(max_size=300), st.text(alphabet='a1,;"\n\t./-Dé', max_size=200).map(str.encode))
    )
    def test_any_bytes_give_a_draft_that_loads_or_say_why_not(self, data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "list.csv").write_bytes(data)
            try:
                text = suggest_mapping(folder)
            except OutcomesError:
                return
            _mapping(text)

    @pytest.mark.parametrize(
        ("name", "header", "row", "table"),
        [
            (
                "Clients",
                "Client no,Name,DOB,E-mail,Sex,Diagnosis",
                "7{n},Z,1.2.1980,z@example.org,F,Migraine",
                "patients",
            ),
            ("Kunden", "Kundennummer,Nachname,Geburtsdatum", "7{n},Z,1.2.1980", "patients"),
            ("people", "Case id,Gender", "7{n},F", "patients"),
            ("list", "Fall-Nr,Geburtsdatum", "7{n},1.2.1980", "patients"),
            ("patient_diary", "Client,Date,Headache", "7,2026-01-1{n},yes", "diary"),
            ("Client visits", "Client no,Date,Needles", "7,2026-01-1{n},12", "sessions"),
            ("clients", "Client no,Date,Pain", "7,2026-01-1{n},5", "diary"),
        ],
    )
    def test_lists_of_people_and_lists_of_days(
        self, tmp_path: Path, name: str, header: str, row: str, table: str
    ) -> None:
        lines = [header, *(row.replace("{n}", str(n)) for n in range(5))]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
        text = suggest_mapping(tmp_path)
        (drafted,) = _mapping(text).tables
        assert drafted.table == table
        assert dict(drafted.columns)["patient_id"].source == header.partition(",")[0]
        assert "patient_id is needed" not in text and "example.org" not in text

    def test_a_table_that_says_nothing_is_a_question(self, tmp_path: Path) -> None:
        (tmp_path / "export.csv").write_text("Room,Colour\n1,red\n1,blue\n")
        text = suggest_mapping(tmp_path)
        assert not _mapping(text).tables
        assert re.search(r'^# \? table = "diary"  # unsure', text, re.MULTILINE)
        assert _mapping(text.replace("# ? ", "")).tables[0].table == "diary"

    def test_a_number_of_the_hospital_is_asked_about_and_never_taken(self, tmp_path: Path) -> None:
        (tmp_path / "Clients.csv").write_text(
            "MRN,Date of birth,Sex\n4711,01/02/1980,female\n4712,13/02/1980,male\n"
        )
        text = suggest_mapping(tmp_path)
        columns = dict(_mapping(text).tables[0].columns)
        assert "patient_id" not in columns and "age_band" not in columns
        assert "# patient_id is needed" in text and '# ? patient_id = "MRN"' in text
        answered = dict(_mapping(_answered(text, "patient_id", "age_band")).tables[0].columns)
        assert answered["patient_id"].source == "MRN" and answered["age_band"].dates == ("D/M/YYYY",)
        assert "4711" not in text and "1980" not in text

    def test_nothing_that_can_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRecords):
            suggest_mapping(write_folder(tmp_path, list=b"a,b\n1,\x00\n"))

    def test_a_folder_without_a_table(self, tmp_path: Path) -> None:
        assert "holds no table" in suggest_mapping(tmp_path)


def _sex_lines(folder: Path, header: str, words: tuple[str, ...]) -> list[str]:
    rows = [f"P-{n:04d};{words[n % len(words)]}" for n in range(12)]
    folder.mkdir(exist_ok=True)
    (folder / "Patienten.csv").write_text("\n".join([f"Patientencode;{header}", *rows]), encoding="utf-8")
    return [line for line in suggest_mapping(folder).splitlines() if "sex = " in line]


class TestWordsForSex:
    @pytest.mark.parametrize(
        ("header", "words", "codes"),
        [
            ("Sex", ("F", "M"), {"f": "female", "m": "male"}),
            ("Geschlecht", ("w", "m", "d"), {"d": "other", "w": "female", "m": "male"}),
            ("Geschlecht", ("weiblich", "männlich"), {"männlich": "male", "weiblich": "female"}),
            ("Sexe", ("F", "H"), {"f": "female", "h": "male"}),
            ("Sexo", ("H", "M"), {"h": "male", "m": "female"}),
            ("Sexo", ("V", "M"), {"m": "female", "v": "male"}),
            ("Sexo", ("hombre", "mujer"), {"hombre": "male", "mujer": "female"}),
            ("Sesso", ("F", "M"), {"f": "female", "m": "male"}),
            ("Sesso", ("maschio", "femmina"), {"femmina": "female", "maschio": "male"}),
            ("Geslacht", ("v", "m", "x"), {"x": "other", "m": "male", "v": "female"}),
            ("Geslacht", ("vrouw", "man"), {"man": "male", "vrouw": "female"}),
            ("Gender", ("female", "F", "male"), {"f": "female", "female": "female", "male": "male"}),
        ],
    )
    def test_usual_words_are_proposed_for_a_person_to_confirm(
        self, tmp_path: Path, header: str, words: tuple[str, ...], codes: dict[str, str]
    ) -> None:
        (line,) = _sex_lines(tmp_path, header, words)
        assert line.startswith("sex = ") and "# likely: usual words for sex: check" in line
        read = _mapping(suggest_mapping(tmp_path)).tables[0]
        assert dict(dict(read.columns)["sex"].codes) == codes

    def test_letters_that_two_languages_read_differently_are_asked_both_ways(self, tmp_path: Path) -> None:
        first, second = _sex_lines(tmp_path, "Gender", ("m", "v"))
        assert '"m" = "male", "v" = "female"' in first and '"m" = "female", "v" = "male"' in second
        assert "take one of the two" in first

    @pytest.mark.parametrize("words", [("Kim", "F"), ("1", "2"), ("f", "h", "m")])
    def test_other_words_are_never_shown(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        (line,) = _sex_lines(tmp_path, "Sex", words)
        assert '"their word" = "female"' in line and "Kim" not in line
