"""Every way a file can be wrong: what happens, where the message points, and that it quotes nothing.

Each faulty file holds an identifier and odd values that may appear in no message.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from diaries import ATTESTED, load, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.cli import main
from outcomes.records.reading import read_records

CANARIES = ("CANARY7", "canary7", "31.4159", "Geheim")
LENIENT = AnalysisPlan(set_aside_limit=1.0)
HEADER = "patient_id,day,headache,intensity\n"
GOOD = "CANARY7,-3,yes,4\nCANARY7,-2,no,\nCANARY7,-1,yes,6\n"


def _quiet(text: str) -> None:
    for canary in CANARIES:
        assert canary not in text


def _stops(capsys: pytest.CaptureFixture[str], folder: Path, *words: str, code: int = 4) -> str:
    """The command stops with that code; its message holds the words and nothing from the records."""
    assert main(["check", str(folder)]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    for word in words:
        assert word in shown.err, shown.err
    _quiet(shown.err)
    return shown.err


def _findings(folder: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """(column, level) → rows. Somebody vouches for the ids, and the gate's other remarks are tested elsewhere."""
    records = read_records(folder, LENIENT, mapping=ATTESTED)
    findings = [finding for finding in records.findings if not finding.rule.startswith("PRV-")]
    for finding in findings:
        _quiet(finding.sentence())
        _quiet(str(finding.to_dict()))
    return {(finding.column, finding.level): finding.rows for finding in findings}


class TestWhatStopsTheReading:
    def test_an_empty_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _stops(capsys, write_folder(tmp_path, diary=b""), "diary.csv", "empty")

    def test_line_ends_of_two_kinds(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Two exports put together by hand: the row is named where the second one begins."""
        both = (HEADER + GOOD).replace("\n", "\r\n") + GOOD
        _stops(capsys, write_folder(tmp_path, diary=both.encode()), "diary.csv, row 5", "line ends otherwise")

    def test_a_column_name_over_two_lines(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        split = HEADER.replace("intensity", '"intensity\n0-10"') + GOOD
        _stops(
            capsys,
            write_folder(tmp_path, diary=split.encode()),
            "diary.csv, row 1",
            "over the end of the line",
        )

    def test_a_header_and_nothing_else(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """No record is not the same as nothing wrong: a whole month may have been lost on export."""
        _stops(capsys, write_folder(tmp_path, diary=HEADER), "diary.csv")

    def test_no_table_at_all(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "CANARY7.txt").write_text("x")
        _stops(capsys, tmp_path, "diary.csv", "summaries.csv")

    def test_neither_diary_nor_summaries(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _stops(capsys, write_folder(tmp_path, patients="patient_id,sex\nCANARY7,female\n"), "neither")

    def test_a_nul_byte(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = HEADER + GOOD + "CANARY7,1\0,yes,4\n"
        _stops(capsys, write_folder(tmp_path, diary=text), "diary.csv", "row 5", "NUL")

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
    def test_other_unicode_without_a_mark(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
    ) -> None:
        _stops(capsys, write_folder(tmp_path, diary=(HEADER + GOOD).encode(encoding)), "diary.csv")

    def test_latin_1(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        data = (HEADER + GOOD + "Geheim-Müller,1,yes,4\n").encode("latin-1")
        _stops(capsys, write_folder(tmp_path, diary=data), "diary.csv", "row 5", "UTF-8")

    def test_a_letter_that_is_cut_off_at_the_end(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = (HEADER + GOOD + "Geheim-M").encode() + "ü".encode()[:1]
        _stops(capsys, write_folder(tmp_path, diary=data), "diary.csv", "row 5", "UTF-8")

    def test_a_row_with_too_many_cells(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = HEADER + GOOD + "CANARY7,1,yes,3,14159\n" + "CANARY7,2,no,\n" + "CANARY7,3,yes,3,1\n"
        _stops(capsys, write_folder(tmp_path, diary=text), "diary.csv", "5, 7", "4")

    def test_a_row_with_too_few_cells(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _stops(capsys, write_folder(tmp_path, diary=HEADER + GOOD + "CANARY7,1\n"), "diary.csv", "row 5")

    def test_rows_are_named_as_a_spreadsheet_shows_them_after_blank_and_broken_lines(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = HEADER + "\n" + '"CANARY7\nsecond line",-3,yes,4\n' + "\nCANARY7,1\n"
        _stops(capsys, write_folder(tmp_path, diary=text), "row 5")

    @pytest.mark.parametrize(
        "line", ['"CANARY7,1,yes,4\n', 'CANARY7,1,"yes,4\nCANARY7,2,no,\n', '"CANARY"7,1,yes,4\n']
    )
    def test_a_quotation_mark_that_goes_wrong(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
    ) -> None:
        _stops(capsys, write_folder(tmp_path, diary=HEADER + GOOD + line), "diary.csv", "row 5")

    def test_a_column_twice(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = "patient_id,day,headache,Headache \nCANARY7,1,yes,no\n"
        _stops(capsys, write_folder(tmp_path, diary=text), "diary.csv", "column 4", "another column")

    def test_an_unknown_column_is_named_by_its_place(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Where the header is missing its cells are a patient's."""
        _stops(
            capsys,
            write_folder(tmp_path, diary="CANARY7,2026-03-01,yes,31.4159\n" + GOOD),
            "diary.csv",
            "column 1",
        )

    def test_all_unknown_and_missing_columns_at_once(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = "patient_id,Geheim,canary7\nCANARY7,1,2\n"
        shown = _stops(
            capsys, write_folder(tmp_path, diary=text), "column 2", "column 3", "'headache' is missing"
        )
        assert "'date' or 'day'" in shown

    def test_every_file_is_looked_at_before_stopping(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = write_folder(
            tmp_path, diary=b"", patients="patient_id,Geheim\nCANARY7,1\n", sessions="patient_id\nCANARY7\n"
        )
        _stops(
            capsys,
            folder,
            "diary.csv",
            "patients.csv: column 2",
            "sessions.csv: needs a column 'date' or 'day'",
        )

    def test_both_date_and_day(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = "patient_id,date,day,headache\nCANARY7,2026-03-01,1,yes\n"
        _stops(capsys, write_folder(tmp_path, diary=text), "diary.csv", "both 'date' and 'day'")

    def test_calendar_dates_without_a_first_session(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = "patient_id,date,headache\nCANARY7,2026-03-01,yes\n"
        """The check shows what is there; nothing can be compared."""
        folder = write_folder(tmp_path, diary=text)
        for command in (["check", str(folder)], ["compare", str(folder)]):
            assert main(command) == 4
            shown = capsys.readouterr()
            assert "sessions.csv" in shown.err and "index_date" in shown.err
            _quiet(shown.out + shown.err)

    def test_diary_and_sessions_that_count_differently(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = write_folder(tmp_path, diary=HEADER + GOOD, sessions="patient_id,date\nCANARY7,2026-03-01\n")
        _stops(capsys, folder, "diary.csv", "sessions.csv", "count days differently")

    def test_a_header_with_two_delimiters(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _stops(
            capsys,
            write_folder(tmp_path, diary="patient_id;day,headache\nCANARY7;1,yes\n"),
            "row 1",
            "delimiter",
        )

    @pytest.mark.parametrize("text", ["\n", "\n\n\n", "   \n", ",,,\n", "\n" + HEADER + GOOD])
    def test_no_header(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
        _stops(capsys, write_folder(tmp_path, diary=text), "diary.csv", "row 1")

    def test_a_header_longer_than_any_table_has(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A file of one endless line is not a table; it is not the program's fault either."""
        _stops(capsys, write_folder(tmp_path, diary="CANARY7" * 30_000 + ",b\n1,2\n"), "diary.csv")

    def test_the_same_table_in_two_files(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = write_folder(tmp_path, diary=HEADER + GOOD)
        write_folder(tmp_path, ".tsv", diary=(HEADER + GOOD).replace(",", "\t"))
        _stops(capsys, folder, "diary", "more than one file")

    def test_a_truncated_parquet_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        frame = pd.DataFrame({"patient_id": ["CANARY7"] * 500, "day": range(500), "headache": ["yes"] * 500})
        folder = write_folder(tmp_path, ".parquet", diary=frame)
        whole = (folder / "diary.parquet").read_bytes()
        for size in (0, 3, 10, len(whole) // 2, len(whole) - 1):
            (folder / "diary.parquet").write_bytes(whole[:size])
            _stops(capsys, folder, "diary.parquet", "Copy it again")

    def test_a_parquet_file_damaged_in_the_middle(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Whether it shows in the first look or only when a column is read: the data's fault, never ours."""
        frame = pd.DataFrame(
            {"patient_id": [f"CANARY{70_000 + i}" for i in range(3000)], "day": -1, "headache": ["yes", "no"] * 1500,
             "acute_medication_class": ["triptan", "nsaid"] * 1500}
        )  # fmt: skip
        folder = write_folder(tmp_path, ".parquet", diary=frame)
        whole = bytearray((folder / "diary.parquet").read_bytes())
        for place in range(4, len(whole) - 900, max(1, len(whole) // 12)):
            damaged = whole.copy()
            damaged[place : place + 40] = b"\xff" * 40
            (folder / "diary.parquet").write_bytes(bytes(damaged))
            code = main(["check", str(folder)])
            shown = capsys.readouterr()
            _quiet(shown.out + shown.err)
            assert code in (0, 4, 5), shown.err

    @pytest.mark.parametrize(
        ("column", "values"),
        [("day", [True, False]), ("day", ["x", "y"]), ("headache", [pd.Timestamp("2026-01-01")] * 2),
         ("intensity", [[1], [2]]), ("date", [1.5, 2.5]), ("date", [20260301, 20260302])],
    )  # fmt: skip
    def test_parquet_types_that_cannot_hold_the_column(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, values: list[object]
    ) -> None:
        columns = {"patient_id": ["CANARY7", "CANARY7"], "day": [1, 2], "headache": ["yes", "no"]}
        if column == "date":
            del columns["day"]
            write_folder(
                tmp_path,
                ".parquet",
                sessions=pd.DataFrame({"patient_id": ["CANARY7"], "date": ["2026-03-01"]}),
            )
        folder = write_folder(tmp_path, ".parquet", diary=pd.DataFrame({**columns, column: values}))
        assert main(["check", str(folder)]) in (4, 5)
        shown = capsys.readouterr()
        assert column in shown.out + shown.err
        _quiet(shown.out + shown.err)

    def test_a_source_that_is_not_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _stops(capsys, tmp_path / "CANARY7", "not there", code=7)

    def test_a_file_as_source(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = write_folder(tmp_path, diary=HEADER + GOOD)
        _stops(capsys, folder / "diary.csv", "is a file", code=7)

    @pytest.mark.parametrize("what", ["folder", "file"])
    def test_what_cannot_be_opened(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
    ) -> None:
        if not hasattr(os, "geteuid") or os.geteuid() == 0:
            pytest.skip("the administrator may open everything")
        folder = write_folder(tmp_path / "records", diary=HEADER + GOOD)
        locked = folder if what == "folder" else folder / "diary.csv"
        locked.chmod(0)
        try:
            _stops(capsys, folder, code=7)
        finally:
            locked.chmod(0o700)

    @pytest.mark.parametrize("call", ["is_file", "stat", "open"])
    def test_a_system_that_refuses(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        """The same, whoever runs the tests: the system says no when the table is looked for, measured or opened."""
        folder = write_folder(tmp_path, diary=HEADER + GOOD)
        allowed = getattr(Path, call)

        def refuse(self: Path, *arguments: object, **more: object) -> object:
            if self.name == "diary.csv":
                raise PermissionError(13, "CANARY7 is locked", str(self))
            return allowed(self, *arguments, **more)

        monkeypatch.setattr(Path, call, refuse)
        _stops(capsys, folder, code=7)


class TestWhatIsReadAllTheSame:
    def _reads(self, folder: Path, rows: int = 3, mended: tuple[str, ...] = ()) -> None:
        """All rows are used; nothing is remarked but what was read in another form, if that is expected."""
        records = load(folder)
        assert records.counts[0].used == rows
        assert tuple((finding.level, finding.rule) for finding in records.findings) == tuple(
            ("mended", rule) for rule in mended
        )
        assert records.frame("diary")["patient_id"].tolist() == ["CANARY7"] * rows

    @pytest.mark.parametrize(
        "name",
        [
            "Klinik [alt]",
            "star*",
            "quest?",
            "o'brien",
            'double"quote',
            "a b",
            "ü€",
            "a{b,c}",
            "year=2026",
            "%s $x",
        ],
    )
    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_any_folder_name(self, tmp_path: Path, name: str, suffix: str) -> None:
        """Engines read stars, brackets and `key=value` in a path as patterns and as columns: here it is a name."""
        import io

        frame = pd.read_csv(io.StringIO(HEADER + GOOD), dtype={"patient_id": str})
        for folder in (name, "Klinik a", "starry", "questx", "ab", "ac"):
            # Siblings that a pattern would find as well.
            write_folder(tmp_path / folder, suffix, diary=frame)
        self._reads(tmp_path / name)

    def test_a_byte_order_mark(self, tmp_path: Path) -> None:
        self._reads(
            write_folder(tmp_path, diary=b"\xef\xbb\xbf" + (HEADER + GOOD).encode()), mended=("form",)
        )

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
    @pytest.mark.parametrize("order", ["le", "be"])
    def test_other_unicode_with_a_mark(self, tmp_path: Path, encoding: str, order: str) -> None:
        data = ("\ufeff" + HEADER + GOOD).encode(f"{encoding}-{order}")
        self._reads(write_folder(tmp_path, diary=data), mended=("form", "form"))

    @pytest.mark.parametrize("delimiter", [";", "\t"])
    def test_the_delimiter_that_the_header_proves(self, tmp_path: Path, delimiter: str) -> None:
        self._reads(write_folder(tmp_path, diary=(HEADER + GOOD).replace(",", delimiter)))

    def test_a_tsv_file(self, tmp_path: Path) -> None:
        self._reads(write_folder(tmp_path, ".tsv", diary=(HEADER + GOOD).replace(",", "\t")))

    @pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
    @pytest.mark.parametrize("last", [True, False])
    def test_any_line_ending(self, tmp_path: Path, ending: str, last: bool) -> None:
        text = HEADER + GOOD if last else (HEADER + GOOD).removesuffix("\n")
        self._reads(write_folder(tmp_path, diary=text.replace("\n", ending).encode()))

    def test_quoted_cells_delimiters_and_line_breaks_in_them(self, tmp_path: Path) -> None:
        text = HEADER + '"CANARY7","-3","yes","4"\n"CANARY7",-2,no,""\nCANARY7,"-1",yes,6\n'
        self._reads(write_folder(tmp_path, diary=text))

    def test_an_empty_column_at_the_end_of_every_line(self, tmp_path: Path) -> None:
        self._reads(write_folder(tmp_path, diary=(HEADER + GOOD).replace("\n", ",\n")))

    def test_capital_letters_and_spaces_in_the_header(self, tmp_path: Path) -> None:
        self._reads(write_folder(tmp_path, diary=" Patient_ID , DAY,Headache,intensity\n" + GOOD))

    def test_blank_lines_and_lines_of_delimiters(self, tmp_path: Path) -> None:
        records = oc.load_records(write_folder(tmp_path, diary=HEADER + "\n" + GOOD + "\n,,,\n\n"))
        (counts,) = records.counts
        assert (counts.used, counts.set_aside) == (3, 0)
        assert counts.rows_in == counts.used + counts.blank

    @pytest.mark.parametrize(
        ("yes", "no"),
        [("yes", "no"), ("1", "0"), ("True", "False"), ("TRUE", "FALSE"), ("1.0", "0.0"), (" Yes ", " NO ")],
    )
    def test_ways_to_write_yes_and_no(self, tmp_path: Path, yes: str, no: str) -> None:
        text = f"patient_id,day,headache\nCANARY7,-3,{yes}\nCANARY7,-2,{no}\nCANARY7,-1,{yes}\n"
        records = oc.load_records(write_folder(tmp_path, diary=text))
        assert records.frame("diary").sort_values("day")["headache"].tolist() == [True, False, True]

    @pytest.mark.parametrize("whole", ["-3", "-3.0", "-03", " -3 "])
    def test_ways_to_write_a_day(self, tmp_path: Path, whole: str) -> None:
        records = oc.load_records(
            write_folder(tmp_path, diary=f"patient_id,day,headache\nCANARY7,{whole},yes\n")
        )
        assert records.frame("diary")["day"].tolist() == [-3]

    def test_identifiers_with_leading_zeros_stay_apart(self, tmp_path: Path) -> None:
        text = "patient_id,day,headache\n00123,-1,yes\n123,-1,no\n0123,-1,no\n1e2,-1,no\n100,-1,yes\n"
        records = load(write_folder(tmp_path, diary=text))
        assert set(records.frame("diary")["patient_id"]) == {"00123", "123", "0123", "1e2", "100"}

    @pytest.mark.parametrize("name", ["NA", "None", "null", "NULL", "nan", "NaN", "inf"])
    def test_words_that_other_readers_take_for_missing_are_names(self, tmp_path: Path, name: str) -> None:
        text = f"patient_id,day,headache\n{name},-1,yes\n"
        records = load(write_folder(tmp_path, diary=text))
        assert records.frame("diary")["patient_id"].tolist() == [name]

    def test_a_dash_is_not_missing_and_no_pseudonym_either(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = write_folder(tmp_path, diary="patient_id,day,headache\n-,-1,yes\n")
        assert main(["check", str(folder)]) == 3
        assert "'patient_id'" in capsys.readouterr().err

    def test_spaces_around_an_identifier_do_not_make_another_patient(self, tmp_path: Path) -> None:
        text = 'patient_id,day,headache\n CANARY7,-3,yes\n"CANARY7 ",-2,no\nCANARY7,-1,no\n'
        self._reads(write_folder(tmp_path, diary=text))

    def test_parquet_parts_in_a_folder(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            {"patient_id": ["CANARY7"] * 3, "day": [-3, -2, -1], "headache": ["yes", "no", "yes"]}
        )
        write_folder(tmp_path / "diary", ".parquet", part2=frame.iloc[:1], part1=frame.iloc[1:])
        self._reads(tmp_path)
        assert len(oc.load_records(tmp_path).fingerprints()) == 2

    def test_parquet_parts_whose_columns_stand_in_another_order(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"patient_id": ["CANARY7"] * 3, "day": [-3, -2, -1], "headache": [1, 0, 1]})
        write_folder(
            tmp_path / "diary",
            ".parquet",
            a=frame.iloc[:1],
            b=frame.iloc[1:][["headache", "day", "patient_id"]],
        )
        self._reads(tmp_path)

    def test_whole_number_identifiers_in_one_table_and_text_in_the_other(self) -> None:
        tables = {
            "diary": pd.DataFrame({"patient_id": [7, 8], "day": [-1, -1], "headache": ["yes", "no"]}),
            "patients": pd.DataFrame({"patient_id": ["7", "8"], "sex": ["female", "male"]}),
        }
        endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records(tables)))
        assert endpoints["patient_id"].nunique() == 2 and endpoints["sex"].notna().all()

    def test_identifiers_that_a_gap_turned_into_floats(self) -> None:
        """pandas makes 7.0 of 7 where a cell of the column is empty: still the same patient."""
        tables = {
            "diary": pd.DataFrame(
                {"patient_id": [7.0, 8.0, np.nan], "day": [-1, -1, -1], "headache": ["yes", "no", "no"]}
            ),
            "patients": pd.DataFrame({"patient_id": [7, 8], "sex": ["female", "male"]}),
        }
        records = oc.load_records(tables, LENIENT)
        assert records.counts[0].set_aside == 1
        endpoints = oc.measure_endpoints(oc.split_periods(records))
        assert endpoints["patient_id"].nunique() == 2 and endpoints["sex"].notna().all()


class TestWhatSetsARowAside:
    @pytest.mark.parametrize(
        ("column", "cell"),
        [
            ("day", "1.5"), ("day", "x"), ("day", ""), ("day", "NA"), ("day", "1e1"),
            ("headache", "None"), ("headache", "NA"), ("headache", "2"), ("headache", "y"), ("headache", "null"),
            ("intensity", "11"), ("intensity", "-1"), ("intensity", "31.4159"),
            ("intensity", "None"), ("intensity", "nan"), ("intensity", "inf"), ("intensity", "1e1"),
            ("intensity", "0x3"), ("intensity", "#N/A"), ("intensity", "٣"),
            ("patient_id", ""), ("patient_id", "  "), ("patient_id", "n/a"),
        ],
    )  # fmt: skip
    def test_a_cell_that_does_not_fit(self, tmp_path: Path, column: str, cell: str) -> None:
        """The row is named as a spreadsheet shows it, with its column; the other rows are used."""
        good = {"patient_id": "CANARY7", "day": "5", "headache": "yes", "intensity": "4"}
        row = ";".join({**good, column: cell}.values())
        text = (HEADER + GOOD).replace(",", ";") + row + "\nCANARY7;9;yes;4\n"
        folder = write_folder(tmp_path, diary=text)
        assert _findings(folder) == {(column, "set aside"): (5,)}
        counts = read_records(folder, LENIENT).counts[0]
        assert (counts.used, counts.set_aside) == (4, 1)

    @pytest.mark.parametrize("day", ["36601", "99999999", "-99999999", "4611686018427387904"])
    def test_a_day_like_somebody_s_number_stops_at_the_gate(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str
    ) -> None:
        """No diary has a hundred years, and record numbers and postal codes have five digits or more."""
        folder = write_folder(tmp_path, diary=HEADER + GOOD + f"CANARY7,{day},yes,4\n")
        told = _stops(capsys, folder, "diary.csv, row 5", "'day'", code=3)
        assert day not in told

    @pytest.mark.parametrize(
        "date",
        [
            "2026-02-30",
            "2025-02-29",
            "01/03/2026",
            "2026-3-1",
            "20260301",
            "45292",
            "2026-03-01 25:00:00x",
            "26-03-15",
            "None",
            "",
        ],
    )
    def test_a_date_that_is_not_one(self, tmp_path: Path, date: str) -> None:
        """Never guessed: not the order of day and month, not a spreadsheet's serial number."""
        folder = write_folder(
            tmp_path,
            diary=f"patient_id,date,headache\nCANARY7,2026-03-01,yes\nCANARY7,{date},yes\n",
            sessions="patient_id,date\nCANARY7,2026-03-02\n",
        )
        assert _findings(folder) == {("date", "set aside"): (3,)}

    @pytest.mark.parametrize("code", ["migrane", "NA", "none", "1"])
    def test_a_code_that_is_not_in_the_list(self, tmp_path: Path, code: str) -> None:
        folder = write_folder(
            tmp_path, diary=HEADER + GOOD, patients=f"patient_id,headache_type\nCANARY7,{code}\n"
        )
        assert _findings(folder) == {("headache_type", "set aside"): (2,)}

    @pytest.mark.parametrize("code", ["tension_type", "Tension-Type", "TENSION TYPE", " tension type "])
    def test_case_spaces_and_hyphens_of_a_code_do_not_matter(self, tmp_path: Path, code: str) -> None:
        folder = write_folder(
            tmp_path, diary=HEADER + GOOD, patients=f"patient_id,headache_type\nCANARY7,{code}\n"
        )
        assert oc.load_records(folder).frame("patients")["headache_type"].tolist() == ["tension_type"]

    def test_rows_right_after_blank_lines_and_quoted_line_breaks(self, tmp_path: Path) -> None:
        text = (
            HEADER
            + "\n\nCANARY7,1,yes,11\n,,,\n\n"
            + 'CANARY7,2,"yes\nno",4\n'
            + "CANARY7,3,yes,11\n\nCANARY7,4,yes,11\n"
        )
        # 1 header; 2, 3 blank; 4 wrong; 5 delimiters; 6 blank; 7 on two lines; 8 wrong; 9 blank; 10 wrong.
        assert _findings(write_folder(tmp_path, diary=text)) == {
            ("intensity", "set aside"): (4, 8, 10),
            ("headache", "set aside"): (7,),
        }

    def test_blank_lines_in_a_table_of_one_column(self, tmp_path: Path) -> None:
        """There an empty line could be a row with an empty cell: the numbers must not count it twice."""
        folder = write_folder(tmp_path, diary=HEADER + GOOD, patients="patient_id\nCANARY7\n\n\nCANARY7\n")
        (finding,) = read_records(folder, LENIENT, mapping=ATTESTED).findings
        assert (finding.table, finding.rows) == ("patients", (5,))

    def test_several_faults_of_one_row_count_as_one_row(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path, diary=HEADER + GOOD + "CANARY7,x,maybe,31.4159\n")
        found = _findings(folder)
        assert set(found) == {("day", "set aside"), ("headache", "set aside"), ("intensity", "set aside")}
        assert set(found.values()) == {(5,)}
        assert read_records(folder, LENIENT).counts[0].set_aside == 1

    def test_parquet_rows_are_counted_from_1(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            {
                "patient_id": ["CANARY7"] * 4,
                "day": [1.0, 1.5, np.nan, 4],
                "headache": [1, 0, 1, 2],
                "intensity": [4, np.nan, 31.4159, np.inf],
            }
        )
        records = read_records(write_folder(tmp_path, ".parquet", diary=frame), LENIENT, mapping=ATTESTED)
        found = sorted((finding.column, finding.rule, finding.rows) for finding in records.findings)
        assert found == [
            ("day", "day", (2,)), ("day", "empty", (3,)), ("headache", "yes_no", (4,)), ("intensity", "range", (3, 4)),
        ]  # fmt: skip
        assert records.counts[0].set_aside == 3

    @pytest.mark.parametrize("extreme", [1e300, -1e300, np.inf, -np.inf])
    def test_numbers_too_large_for_a_day(self, tmp_path: Path, extreme: float) -> None:
        frame = pd.DataFrame({"patient_id": ["CANARY7"] * 2, "day": [1, extreme], "headache": [1, 0]})
        assert _findings(write_folder(tmp_path, ".parquet", diary=frame)) == {("day", "set aside"): (2,)}

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_dates_at_the_ends_of_the_calendar(self, tmp_path: Path, day: str) -> None:
        folder = write_folder(
            tmp_path,
            diary=f"patient_id,date,headache\nCANARY7,2026-03-01,yes\nCANARY7,{day},yes\n",
            sessions="patient_id,date\nCANARY7,2026-03-02\n",
        )
        code = main(["check", str(folder)])
        assert code in (0, 4, 5)
        assert main(["compare", str(folder), "--json"]) in (0, 4, 5)

    def test_above_the_limit_the_comparison_stops_and_the_check_lists(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = write_folder(tmp_path, diary=HEADER + GOOD + "CANARY7,x,yes,31.4159\n")
        assert main(["check", str(folder)]) == 5
        shown = capsys.readouterr()
        assert "row 5" in shown.out
        _quiet(shown.out + shown.err)
        assert main(["compare", str(folder), "--json"]) == 5
        shown = capsys.readouterr()
        assert shown.out == "" and "1 of 4 rows" in shown.err
        _quiet(shown.err)
        assert main(["compare", str(folder), "--json", "--accept-set-aside", "2"]) == 5
        capsys.readouterr()
        assert main(["compare", str(folder), "--json", "--accept-set-aside", "1"]) == 0
        _quiet("".join(capsys.readouterr()))

    def test_below_the_limit_the_check_says_4_and_the_comparison_goes_on(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = "".join(f"CANARY7,{day},no,\n" for day in range(-30, 70))
        folder = write_folder(tmp_path, diary=HEADER + rows + "CANARY7,x,yes,4\n")
        assert main(["check", str(folder)]) == 4
        assert main(["compare", str(folder), "--json"]) == 0
        shown = capsys.readouterr()
        assert "1 of 101 rows were set aside" in shown.err

    def test_a_small_table_that_is_all_wrong_does_not_hide_behind_a_large_diary(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Every session breaks a rule: the sessions are lost, and what rests on them would be empty."""
        days = pd.date_range("2026-01-01", periods=120).strftime("%Y-%m-%d")
        diary = "".join(f"p{n},{day},no\n" for n in range(4) for day in days)
        folder = write_folder(
            tmp_path,
            diary="patient_id,date,headache\n" + diary,
            sessions="patient_id,date,technique\n" + "".join(f"p{n},2026-01-31,deeep\n" for n in range(4)),
        )
        assert main(["compare", str(folder), "--json"]) == 5
        assert "sessions.csv: 4 of 4 rows" in capsys.readouterr().err

    def test_sessions_none_of_whose_dates_can_be_read_stop_the_comparison(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nobody has a first session then, and the comparison would be empty."""
        folder = write_folder(
            tmp_path,
            diary="patient_id,date,headache\n" + "".join(f"p{n},2026-01-01,no\n" for n in range(4)),
            sessions="patient_id,date\n" + "".join(f"p{n},2026-13-01\n" for n in range(4)),
        )
        assert main(["compare", str(folder), "--json"]) == 5
        assert "sessions.csv: 4 of 4 rows" in capsys.readouterr().err
        assert main(["check", str(folder)]) == 5
        assert "4 patients have a session whose day cannot be read" in capsys.readouterr().out


class TestThePlanFile:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("baseline_day = 28", "'baseline_days'"),
            ("mystery = 1", "'mystery'"),
            ("baseline_days = '28'", "whole number"),
            ("baseline_days = 28.5", "whole number"),
            ("baseline_days = true", "whole number"),
            ("baseline_days = 6", "between 7 and 366"),
            ("followup_first_day = 0", "day 0"),
            ("followup_last_day = 10", "followup_last_day"),
            ("min_recorded_days = 29", "between 1 and 28"),
            ("min_recorded_days = 0", "between 1 and 28"),
            ("baseline_days = 14\nmin_recorded_days = 15", "between 1 and 14"),
            ("min_recorded_days = 'many'", "whole number"),
            ("confidence = 95", "0.95"),
            ("confidence = 1.0", "below 1"),
            ("confidence = nan", "number"),
            ("responder_reductions = 50", "list"),
            ("responder_reductions = [0]", "above 0"),
            ("responder_reductions = [101]", "100"),
            ("responder_reductions = ['half']", "list"),
            ("responder_min_baseline = -1", "0 or more"),
            ("set_aside_limit = 2", "share"),
            ("minimum_cell = 1", "minimum_cell"),
            ("summary_baseline = 'x'\nsummary_followup = 'x'", "different"),
            ("primary_endpoint = 'headache_days'", "headache_days_per_28"),
            ("primary_endpoint = 3", "name"),
            ("plan_version = 2", "plan_version"),
            ("endpoints = 3", "[endpoints.NAME]"),
            ("[endpoints.score]\nunit = 'x'", "unit"),
            ("[endpoints.score]\nunit = 'x'\nimprovement = 'up'", "improvement"),
            ("[endpoints.score]\nunit = 'x'\nimprovement = 'increase'\nextra = 1", "exactly"),
            ("[patients.pet]\ncodes = 'cat'", "codes"),
            ("[patients.pet]\ncodes = []", "codes"),
            ("[patients.pet]\ncodes = ['']", "codes"),
            ("[patients.pet]\ncodes = ['cat', 'Cat']", "codes"),
            ("[patients.pet]\ncodes = ['all']", "codes"),
            ("[patients.pet]\ncodes = ['not recorded']", "codes"),
            ("responder_reductions = [50, 50]", "responder_reductions"),
            ("baseline_days = ", "line 1"),
            ("\x00", "TOML"),
        ],
    )  # fmt: skip
    def test_a_plan_that_cannot_be_followed(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
    ) -> None:
        folder = write_folder(tmp_path / "records", diary=HEADER + GOOD)
        plan = tmp_path / "plan.toml"
        plan.write_text(text + "\n")
        assert main(["compare", str(folder), "--json", "--plan", str(plan)]) == 2
        shown = capsys.readouterr()
        assert shown.out == "" and words in shown.err
        _quiet(shown.err)

    def test_the_plan_beside_the_records_is_held_to_the_same_rules(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = write_folder(tmp_path, diary=HEADER + GOOD)
        (folder / "outcomes.toml").write_text("baseline_day = 28\n")
        for command in ("check", "compare"):
            assert main([command, str(folder), "--json"]) == 2
            assert "outcomes.toml: 'baseline_day'" in capsys.readouterr().err

    def test_every_fault_of_a_plan_at_once(self) -> None:
        with pytest.raises(oc.PlanError) as caught:
            AnalysisPlan(baseline_days=1, followup_first_day=0, confidence=3.0)
        for word in ("baseline_days", "followup_first_day", "confidence"):
            assert word in str(caught.value)

    @pytest.mark.parametrize("what", ["missing", "folder", "latin-1"])
    def test_a_plan_file_that_cannot_be_read(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
    ) -> None:
        folder = write_folder(tmp_path / "records", diary=HEADER + GOOD)
        plan = tmp_path / "plan.toml"
        if what == "folder":
            plan.mkdir()
        if what == "latin-1":
            plan.write_bytes("# Geheim Müller\nseed = 1\n".encode("latin-1"))
        assert main(["compare", str(folder), "--json", "--plan", str(plan)]) == (
            2 if what == "latin-1" else 7
        )
        _quiet(capsys.readouterr().err)

    def test_the_plan_given_beats_the_plan_beside_the_records(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "records", diary=HEADER + GOOD)
        (folder / "outcomes.toml").write_text("baseline_days = 14\n")
        assert oc.load_records(folder).plan.baseline_days == 14
        assert oc.load_records(folder, AnalysisPlan(baseline_days=21)).plan.baseline_days == 21

    def test_a_plan_survives_being_written_down(self) -> None:
        plan = AnalysisPlan.from_mapping(
            {"baseline_days": 14, "responder_reductions": [35], "patients": {"pet": {"codes": ["cat", "dog"]}},
             "endpoints": {"score": {"unit": "points", "improvement": "increase"}}}
        )  # fmt: skip
        assert AnalysisPlan.from_mapping(plan.to_dict()) == plan

    def test_a_plan_cannot_be_changed(self) -> None:
        with pytest.raises(AttributeError):
            AnalysisPlan().baseline_days = 14  # type: ignore[misc]


@pytest.mark.parametrize(
    "source",
    [[1, 2], None, 7, {"diary": None}, {"diary": [1]}, {"diary": {"patient_id": ["a"]}}, {1: None}, {}],
)
def test_what_is_not_a_source_is_refused_in_words(source: object) -> None:
    with pytest.raises((oc.OutcomesError, TypeError)):
        oc.load_records(source)  # type: ignore[arg-type]


_CELLS = st.sampled_from(
    ["p1", "CANARY7", "yes", "no", "", "0", "1", "-1", "60", "11", ".", "n/a", "2026-03-01", '"', '""', "a\nb",
     "\r", "é", "\ufeff", "1e9", "NaN", " ", "'", ";", "\t", "\\", "\x1a", "\u2028", "🙂", "1" * 40]
)  # fmt: skip
_LINES = st.lists(st.lists(_CELLS, min_size=1, max_size=6).map(",".join), max_size=8).map("\n".join)


@settings(max_examples=60)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        _LINES.map(str.encode),
        _LINES.map(lambda text: (HEADER + text).encode()),
        st.binary(max_size=60).map(lambda data: HEADER.encode() + data),
    )
)
def test_any_bytes_give_a_result_or_words(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    _fuzz(tmp_path_factory.mktemp("bytes"), data)


@pytest.mark.long
@settings(max_examples=3000)
@given(data=st.one_of(st.binary(max_size=400), _LINES.map(lambda text: (HEADER + text).encode())))
def test_any_bytes_give_a_result_or_words_at_length(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    _fuzz(tmp_path_factory.mktemp("bytes"), data)


def _fuzz(folder: Path, data: bytes) -> None:
    (folder / "diary.csv").write_bytes(data)
    try:
        records = read_records(folder, LENIENT)
        oc.measure_endpoints(oc.split_periods(records))
    except oc.OutcomesError as error:
        assert error.exit_code != 1, str(error)
        _quiet(str(error))
    else:
        for finding in records.findings:
            _quiet(finding.sentence())
            assert all(row >= 2 for row in finding.rows)


@pytest.mark.parametrize("day", ["infinity", "-infinity", "4000-01-01 (BC)", "200000-01-01"])
@pytest.mark.parametrize("table", ["diary", "sessions"])
def test_a_date_that_no_calendar_shows_is_set_aside(tmp_path: Path, day: str, table: str) -> None:
    """Parquet and databases know infinity and years before 1; a clinic does not."""
    import duckdb

    days = {"diary": "2026-02-20", "sessions": "2026-03-01"}
    for name, good in days.items():
        odd = f" UNION ALL SELECT 'p2', CAST('{day}' AS DATE), TRUE" if name == table else ""
        rows = f"SELECT 'p1' AS patient_id, DATE '{good}' AS date, TRUE AS headache{odd}"
        kept = rows if name == "diary" else f"SELECT patient_id, date FROM ({rows})"
        duckdb.execute(f"COPY ({kept}) TO '{tmp_path / name}.parquet' (FORMAT parquet)")
    lost = int(table == "diary")
    if lost:
        # It was all that the patient recorded: going on without it has to be asked for.
        with pytest.raises(oc.TooManySetAside):
            load(tmp_path, AnalysisPlan(set_aside_limit=1.0))
    plan = AnalysisPlan(set_aside_limit=1.0)
    records = load(tmp_path, plan, accept_set_aside=lost) if lost else load(tmp_path, plan)
    (found,) = [finding for finding in records.findings if finding.level == "set aside"]
    assert (found.table, found.column, found.rows) == (table, "date", (2,))
    flow = oc.split_periods(records).flow
    assert flow is not None and flow.n_patients == 2
