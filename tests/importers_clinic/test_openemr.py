"""OpenEMR: which statuses mean that the patient was there, and what of the calendar is nobody's session."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomes.errors import InvalidRecords, OutcomesError, PlanError
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.openemr import ATTENDED, NOT_ATTENDED, OpenEmr
from outcomes.records.importers.trial import hold_to_contract

Write = Callable[[str, str | bytes], Path]
Settings = Callable[..., ImportSettings]

HEADER = (
    "pc_eid,pc_catid,pc_aid,pc_pid,pc_title,pc_eventDate,pc_startTime,pc_recurrtype,pc_apptstatus,pc_hometext"
)


def calendar(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def read(path: Path, settings: ImportSettings) -> Imported:
    return OpenEmr().read([path], settings)


def test_every_status_of_openemrs_own_list_is_decided(shared_data: Path) -> None:
    """Those after which somebody has been seen count; those before, against, and in between do not."""
    formats = json.loads((shared_data / "diary_exports" / "formats.json").read_text(encoding="utf-8"))
    statuses = formats["openemr"]["apptstat"]
    assert set(statuses) <= {*ATTENDED, *NOT_ATTENDED} and not set(ATTENDED) & set(NOT_ATTENDED)
    assert {statuses[mark] for mark in ATTENDED} == {
        "Arrived",
        "Arrived late",
        "In exam room",
        "Checked out",
        "Coding done",
    }


def test_a_calendar_gives_its_sessions_and_reasons_for_the_rest(write: Write, settings: Settings) -> None:
    file = write(
        "events.csv",
        calendar(
            "1,5,6,101,Visit,2026-02-03,09:00:00,0,>,",
            "2,5,6,102,Visit,2026-02-03,09:30:00,0,@,",
            "3,5,7,101,Visit,2026-02-10,09:00:00,0,~,NULL",
            "4,5,7,101,Visit,2026-02-17,09:00:00,0,<,",
            "5,5,7,101,Visit,2026-02-24,09:00:00,0,$,",
            "6,5,7,101,Visit,2026-03-03,09:00:00,0,?,",
            "7,5,7,101,Visit,2026-03-04,09:00:00,0,x,",
            "8,5,7,101,Visit,2026-03-05,09:00:00,0,#,",
            "9,5,7,101,Visit,2026-03-06,09:00:00,0,LATE,",
            "10,5,7,101,Visit,0000-00-00,09:00:00,0,>,",
            "11,5,7,101,Review,2026-03-02,09:00:00,1,>,",
            "12,2,7,NULL,In Office,2026-03-02,08:00:00,0,-,",
            "13,4,7,0,Vacation,2026-03-02,08:00:00,0,-,",
        ),
    )
    imported = read(file, settings())
    sessions = imported.tables["sessions"]
    assert list(sessions["date"]) == ["2026-02-03", "2026-02-03", "2026-02-10", "2026-02-17", "2026-02-24"]
    assert sessions["patient_id"].nunique() == 2 and sessions["practitioner_id"].nunique() == 2
    assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (13, 5, 2)
    rows = {item.rows: item.why for item in imported.not_read}
    assert set(rows) == {(7,), (8,), (9,), (10,), (11,), (12,)}
    assert rows[(9,)].startswith("a question of insurance") and rows[(10,)].startswith(
        "a status that OpenEMR"
    )
    assert rows[(11,)] == "no readable date" and rows[(12,)].startswith("a repeating series")
    assert {(item.column, item.cells) for item in imported.dropped} == {("pc_title", 13)}


def test_a_clinic_may_name_its_own_statuses_and_types(write: Write, settings: Settings) -> None:
    file = write(
        "events.csv",
        calendar(
            "1,5,6,101,,2026-02-03,09:00:00,0,>,",
            "2,5,6,102,,2026-02-03,09:30:00,0,SEEN,",
            "3,9,6,102,,2026-02-04,09:30:00,0,SEEN,",
        ),
    )
    imported = read(file, settings({"attended": "SEEN", "types": "5"}))
    assert (imported.rows_used, imported.out_of_scope) == (1, 1)
    assert [item.rows for item in imported.not_read] == [(2,)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_exports_of_any_tool_are_read_with_the_delimiter_their_header_proves(
    write: Write, settings: Settings, delimiter: str
) -> None:
    text = calendar('1,5,6,101,"Quick, or ""Q""",2026-02-03,09:00:00,0,>,\\N').replace(",", delimiter)
    imported = read(write("events.csv", b"\xef\xbb\xbf" + text.encode()), settings())
    assert list(imported.tables["sessions"]["date"]) == ["2026-02-03"]


def test_dates_that_went_through_a_spreadsheet_need_proof(write: Write, settings: Settings) -> None:
    ambiguous = calendar("1,5,6,101,,03/02/2026,09:00:00,0,>,")
    with pytest.raises(InvalidRecords, match="--dates DD/MM/YYYY"):
        read(write("events.csv", ambiguous), settings())
    file = write("events.csv", ambiguous)
    assert list(read(file, settings(dates="DD/MM/YYYY")).tables["sessions"]["date"]) == ["2026-02-03"]
    proven = write("events.csv", ambiguous + "2,5,6,101,,17/02/2026,09:00:00,0,>,\n")
    assert list(read(proven, settings()).tables["sessions"]["date"]) == ["2026-02-03", "2026-02-17"]


def test_the_same_event_twice_counts_once(write: Write, settings: Settings) -> None:
    row = "1,5,6,101,,2026-02-03,09:00:00,0,>,"
    imported = read(write("events.csv", calendar(row, row, "2" + row[1:])), settings())
    assert imported.rows_used == 2 and [item.rows for item in imported.not_read] == [(3,)]


def test_a_joined_name_is_left_behind_by_its_position(write: Write, settings: Settings) -> None:
    file = write("events.csv", calendar("1,5,6,101,,2026-02-03,,0,>,,Quick", header=HEADER + ",lname"))
    (dropped,) = read(file, settings()).dropped
    assert (dropped.column, dropped.cells) == ("column 11", 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"pc_eid,pc_pid\n1,2\n",
        calendar("1,5,6,101").encode(),
        calendar('1,5,6,101,"Quick,2026-02-03,09:00:00,0,>,').encode(),
        calendar("1,5,6,101,\0,2026-02-03,09:00:00,0,>,").encode(),
        calendar("1,5,6,101,\xe9,2026-02-03,09:00:00,0,>,").encode("latin-1"),
        (HEADER + ",pc_pid\n").encode(),
    ],
)
def test_other_bytes_are_refused(write: Write, settings: Settings, content: bytes) -> None:
    with pytest.raises(OutcomesError) as refused:
        read(write("events.csv", content), settings())
    assert "Quick" not in str(refused.value)


def test_it_asks_for_a_file_or_a_database_and_for_a_key(write: Write, settings: Settings) -> None:
    file = write("events.csv", calendar("1,5,6,101,,2026-02-03,09:00:00,0,>,"))
    with pytest.raises(PlanError, match="database=ADDRESS"):
        OpenEmr().read([], settings())
    with pytest.raises(PlanError, match="database=ADDRESS"):
        OpenEmr().read([file], settings({"database": "mysql://localhost/openemr"}))
    with pytest.raises(PlanError, match="--key-file"):
        read(file, ImportSettings())


def test_the_importer_keeps_the_contract(write: Write, settings: Settings) -> None:
    rows = [
        "1,5,6,9101,Rosalind Quick at ten,2026-02-03,09:00:00,0,>,brings a pillow",
        "2,5,7,9102,Visit,2026-02-13,09:00:00,0,?,",
        "3,5,7,9102,Visit,2026-02-20,09:00:00,0,@,",
    ]
    broken = write("broken.csv", calendar("1,5"))
    hold_to_contract(
        OpenEmr(),
        [write("events.csv", calendar(*rows))],
        settings(),
        broken_files=[broken],
        private=["Rosalind"],
    )
