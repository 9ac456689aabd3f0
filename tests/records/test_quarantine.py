"""The list of rows that were set aside: all of them, at the place a spreadsheet shows, and nothing of what they say."""

from __future__ import annotations

import csv
import os
import resource
from pathlib import Path

import pandas as pd
import pytest
from diaries import write_folder

from outcomes import AnalysisPlan
from outcomes.errors import FileProblem, OutcomesError
from outcomes.records.checked import Records
from outcomes.records.findings import MAX_POSITIONS, total_set_aside
from outcomes.records.quarantine import COLUMNS, set_aside_rows, write_quarantine
from outcomes.records.reading import read_records

LENIENT = AnalysisPlan(set_aside_limit=1.0)

DIARY = """\
patient_id,day,headache,intensity
CANARY7,-3,yes,4

CANARY7,-2,no,3
CANARY7,-1,yes,31.4159
CANARY7,1,yes,5
CANARY7,1,yes,6
CANARY7,2,maybe,99
,3,yes,2
CANARY8,1,no,
CANARY8,1,no,
"""
#: What each row of DIARY breaks, worked out by hand: (row as a spreadsheet shows it, column, rule).
BROKEN = {
    (4, "headache", "contradiction"),
    (5, "intensity", "range"),
    (6, "", "conflict"),
    (7, "", "conflict"),
    (8, "headache", "yes_no"),
    (8, "intensity", "range"),
    (9, "patient_id", "empty"),
}


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _places(records: Records) -> set[tuple[str, int]]:
    return {(one.file, one.row) for one in set_aside_rows(records)}


def test_every_row_stands_there_with_each_rule_that_it_broke(tmp_path: Path) -> None:
    records = read_records(write_folder(tmp_path, diary=DIARY), LENIENT)
    listed = list(set_aside_rows(records))
    assert {(one.row, one.column, one.rule) for one in listed} == BROKEN
    assert {one.file for one in listed} == {"diary.csv"}
    assert len(listed) == len(BROKEN)
    assert all(one.what_to_do.endswith(".") for one in listed)


def test_the_rows_listed_are_the_rows_counted(tmp_path: Path) -> None:
    records = read_records(write_folder(tmp_path, diary=DIARY), LENIENT)
    assert len(_places(records)) == total_set_aside(records.counts) == 6
    assert write_quarantine(records, tmp_path / "list.csv") == 6


def test_contradictions_in_other_tables_are_listed_too(tmp_path: Path) -> None:
    """Patients: two rows of one patient that differ. Summaries: an empty mode is a diary, so rows 2 and 3 clash."""
    patients = "patient_id,sex\nP1,female\nP2,male\nP2,female\nP3,male\nP3,male\n"
    summaries = (
        "patient_id,mode,period,headache_days_per_28\nP1,,baseline,10\nP1,diary,baseline,12\nP1,,followup,5\n"
    )
    sessions = "patient_id,day,needles_inserted\nP1,0,4\nP1,0,5\nP1,7,400\n"
    folder = write_folder(tmp_path, patients=patients, summaries=summaries, sessions=sessions)
    records = read_records(folder, LENIENT)
    assert _places(records) == {
        ("patients.csv", 3),
        ("patients.csv", 4),
        ("summaries.csv", 2),
        ("summaries.csv", 3),
        ("sessions.csv", 4),
    }
    assert total_set_aside(records.counts) == 5


def test_the_shipped_clinic_lists_what_it_counts(sample: Path) -> None:
    records = read_records(sample)
    assert len(_places(records)) == total_set_aside(records.counts) > 0
    told = {
        (finding.file, row)
        for finding in records.findings
        if finding.level == "set aside"
        for row in finding.rows
    }
    assert _places(records) == told


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_all_rows_are_listed_where_findings_keep_only_the_first(tmp_path: Path, suffix: str) -> None:
    n = MAX_POSITIONS + 2345
    ids, days = [f"P-{1 + row // 5000:04d}" for row in range(n)], [1 + row % 5000 for row in range(n)]
    diary = pd.DataFrame({"patient_id": ids, "day": days, "headache": "yes", "intensity": 11.5})
    good = pd.DataFrame({"patient_id": "P-0099", "day": [1], "headache": ["yes"], "intensity": [3.0]})
    records = read_records(
        write_folder(tmp_path / "in", suffix, diary=pd.concat([diary, good], ignore_index=True)), LENIENT
    )
    assert write_quarantine(records, tmp_path / "list.csv") == n
    first = 1 if suffix == ".parquet" else 2
    rows = [int(line["row"]) for line in _read(tmp_path / "list.csv")]
    assert rows[0] in (first, 2) and rows == list(range(rows[0], rows[0] + n))


def test_nothing_was_set_aside(tmp_path: Path) -> None:
    records = read_records(
        write_folder(tmp_path / "in", diary="patient_id,day,headache\nP1,-1,yes\nP1,1,no\n")
    )
    assert write_quarantine(records, tmp_path / "list.csv") == 0
    assert (tmp_path / "list.csv").read_text(encoding="utf-8-sig") == ",".join(COLUMNS) + "\n"


def test_repeats_that_the_plan_puts_together_are_not_set_aside(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, diary="patient_id,day,headache,intensity\nP1,-1,yes,3\nP1,-1,yes,5\n")
    records = read_records(folder, AnalysisPlan(duplicate_day="max"))
    assert list(set_aside_rows(records)) == []


class TestTheFile:
    def test_it_is_its_owners_and_quotes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "list.csv"
        write_quarantine(read_records(write_folder(tmp_path / "in", diary=DIARY), LENIENT), path)
        assert path.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
        text = path.read_text(encoding="utf-8-sig")
        for canary in ("CANARY", "31.4159", "99", "maybe"):
            assert canary not in text
        first = _read(path)[0]
        told = first.pop("what to do")
        assert first == {"file": "diary.csv", "row": "4", "column": "headache", "rule": "contradiction"}
        assert told.startswith("says no headache, but") and told.endswith("Correct the one that is wrong.")

    def test_an_older_list_is_replaced_and_nothing_else_is_left(self, tmp_path: Path) -> None:
        records = read_records(write_folder(tmp_path / "in", diary=DIARY), LENIENT)
        out = tmp_path / "out"
        out.mkdir()
        (out / "list.csv").write_text("old")
        write_quarantine(records, out / "list.csv")
        assert [path.name for path in out.iterdir()] == ["list.csv"]
        assert len(_read(out / "list.csv")) == len(BROKEN)

    def test_a_list_that_does_not_come_out_even_is_not_written(self, tmp_path: Path) -> None:
        records = read_records(write_folder(tmp_path / "in", diary=DIARY), LENIENT)
        records.rules = {}
        (tmp_path / "list.csv").write_text("old")
        with pytest.raises(OutcomesError, match="fault of the program"):
            write_quarantine(records, tmp_path / "list.csv")
        assert (tmp_path / "list.csv").read_text() == "old"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "list.csv"]

    def test_a_link_and_a_folder_that_is_not_there_are_refused(self, tmp_path: Path) -> None:
        records = read_records(write_folder(tmp_path / "in", diary=DIARY), LENIENT)
        (tmp_path / "target.csv").write_text("mine")
        (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")
        for place in (tmp_path / "link.csv", tmp_path / "nowhere" / "list.csv", tmp_path / "in"):
            with pytest.raises(FileProblem):
                write_quarantine(records, place)
        assert (tmp_path / "target.csv").read_text() == "mine"

    def test_a_file_name_cannot_become_a_formula(self, tmp_path: Path) -> None:
        folder = write_folder(
            tmp_path / "in",
            diary="patient_id,day,headache\nP1,-1,yes\n",
            **{"=1+1": "patient_id,sex\nP1,odd\n"},
        )
        (folder / "mapping.toml").write_text('[[tables]]\nsource = "=1+1"\ntable = "patients"\n')
        write_quarantine(read_records(folder, LENIENT), tmp_path / "list.csv")
        assert [line["file"] for line in _read(tmp_path / "list.csv")] == ["'=1+1.csv"]


def test_reading_the_list_can_be_left_and_begun_again(tmp_path: Path) -> None:
    """The list takes its rows in pages, so that other questions to the engine in between do no harm."""
    records = read_records(write_folder(tmp_path, diary=DIARY), LENIENT)
    some = set_aside_rows(records)
    first = next(some)
    whole = list(set_aside_rows(records))
    assert [first, *some] == whole
    half = set_aside_rows(records)
    next(half)
    half.close()
    assert not records.engine.rows(
        "SELECT 1 FROM information_schema.tables WHERE table_name LIKE 'set_aside_%'"
    )


@pytest.mark.long
def test_four_million_rows_set_aside_need_no_more_memory_than_the_engine_has(tmp_path: Path) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = 4_000_000
    folder = tmp_path / "in"
    folder.mkdir()
    columns = {
        "patient_id": pa.array(np.arange(n) // 400),
        "day": pa.array(np.arange(n) % 400),
        "headache": pa.repeat(pa.scalar(False), n),
        "intensity": pa.repeat(pa.scalar(5.0), n),
    }
    pq.write_table(pa.table(columns), folder / "diary.parquet")
    del columns
    records = read_records(folder, LENIENT)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert write_quarantine(records, tmp_path / "list.csv") == n
    # 480 MB of text went through.
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 400
