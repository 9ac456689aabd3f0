"""Acuity: attendance is inferred and said so, clients are recognised without their names going anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outcomes.errors import InvalidRecords, OutcomesError, PlanError
from outcomes.records.importers.acuity import INFERRED, NOBODY, SHARED, TWO_ADDRESSES, Acuity
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.trial import hold_to_contract

Write = Callable[[str, str | bytes], Path]
Settings = Callable[..., ImportSettings]

HEADER = (
    "Start Time,End Time,First Name,Last Name,Phone,Email,"
    "Type,Calendar,Notes,Canceled,Date Rescheduled,Appointment ID"
)
QUICK = "Rosalind,Quick,(020) 7946 0011,r.quick@example.org"
BLOOM = "Leo,Bloom,020 7946 0022,leo@example.org"


def row(
    number: int, day: str, who: str = QUICK, mark: str = "", kind: str = "Needling", notes: str = ""
) -> str:
    return f'"{day} 10:00","{day} 10:45",{who},{kind},Room A,{notes},{mark},,{number}'


def read(write: Write, settings: ImportSettings, *rows: str) -> Imported:
    return Acuity().read([write("acuity.csv", "\n".join([HEADER, *rows]) + "\n")], settings)


@pytest.fixture
def exported(settings: Settings) -> ImportSettings:
    """An export of 1 June 2026."""
    return settings({"exported_on": "2026-06-01"})


def test_the_format_of_the_shared_description_is_the_one_that_is_read(
    shared_data: Path, write: Write, exported: ImportSettings
) -> None:
    import json

    formats = json.loads((shared_data / "diary_exports" / "formats.json").read_text(encoding="utf-8"))
    header = ",".join(formats["acuity_csv"]["columns_seen"])
    assert header == HEADER
    assert read(write, exported, row(1, "2026-03-02")).rows_used == 1


def test_past_appointments_without_a_mark_are_sessions_and_that_is_said(
    write: Write, exported: ImportSettings
) -> None:
    imported = read(
        write,
        exported,
        row(1, "2026-03-02"),
        row(2, "2026-03-09", mark="canceled"),
        row(3, "2026-03-16", mark="no-show"),
        row(4, "2026-03-23", mark="maybe"),
        row(5, "2026-06-01"),
        row(6, "2026-06-08"),
        row(7, "2026-06-15", mark="canceled"),
        row(8, "2026-03-02", BLOOM),
        row(9, "soon"),
    )
    assert INFERRED in imported.warnings
    sessions = imported.tables["sessions"]
    assert list(sessions["date"]) == ["2026-03-02", "2026-03-02"] and sessions["patient_id"].nunique() == 2
    assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (9, 2, 2)
    assert {item.why: item.rows for item in imported.not_read} == {
        "cancelled": (3, 8),
        "the client did not come": (4,),
        "a mark under Canceled that is neither canceled nor no-show": (5,),
        "no readable start": (10,),
    }


@pytest.mark.parametrize(
    "day",
    ["March 2, 2026 3:00 pm", "Mar 2, 2026 3:00pm", "2 March 2026 15:00", "2026-03-02T15:00", "2026-03-02"],
)
def test_starts_are_read_with_months_in_figures_or_words(
    write: Write, exported: ImportSettings, day: str
) -> None:
    imported = read(write, exported, row(1, "X").replace('"X 10:00"', f'"{day}"'))
    assert list(imported.tables["sessions"]["date"]) == ["2026-03-02"]


def test_dates_in_figures_need_proof(write: Write, settings: Settings, exported: ImportSettings) -> None:
    with pytest.raises(InvalidRecords, match="--dates"):
        read(write, exported, row(1, "02/03/2026"))
    declared = settings({"exported_on": "2026-06-01"}, dates="MM/DD/YYYY")
    assert list(read(write, declared, row(1, "02/03/2026")).tables["sessions"]["date"]) == ["2026-02-03"]
    with pytest.raises(InvalidRecords):
        read(write, exported, row(1, "02/13/2026"), row(2, "13/02/2026"))
    with pytest.raises(InvalidRecords, match="offset"):
        read(write, exported, row(1, "2026-02-13"), '"2026-02-14 10:00 +01:00"' + row(2, "2026-02-14")[18:])


def test_the_same_client_is_one_patient_however_the_address_is_typed(
    write: Write, exported: ImportSettings
) -> None:
    imported = read(
        write,
        exported,
        row(1, "2026-03-02"),
        row(2, "2026-03-09", "rosalind,QUICK,0207 9460011, R.Quick@Example.org "),
        row(3, "2026-03-16", "Rosalind,Quick,020 7946 0011,"),
        row(4, "2026-03-16", "Leo,Bloom,020 7946 0022,"),
        row(5, "2026-03-23", "Leo,Bloom,020 7946 0022,not-an-address"),
        row(6, "2026-03-23", "Leo,Bloom,,"),
    )
    patients = list(imported.tables["sessions"]["patient_id"])
    assert patients[0] == patients[1] == patients[2] and patients[3] == patients[4] != patients[0]
    assert {item.why: item.rows for item in imported.not_read} == {NOBODY: (7,)}


def test_an_address_under_two_names_is_nobody_until_it_is_said_who(write: Write, settings: Settings) -> None:
    rows = [
        row(1, "2026-03-02"),
        row(2, "2026-03-09", "Tom,Quick,,r.quick@example.org"),
        row(3, "2026-03-09", BLOOM),
    ]
    day = {"exported_on": "2026-06-01"}
    assert {item.why: item.rows for item in read(write, settings(day), *rows).not_read} == {SHARED: (2, 3)}
    by_name = read(write, settings(day | {"same_email": "by_name"}), *rows)
    assert by_name.tables["sessions"]["patient_id"].nunique() == 3
    one = read(write, settings(day | {"same_email": "one_person"}), *rows)
    assert one.tables["sessions"]["patient_id"].nunique() == 2
    with pytest.raises(PlanError, match="same_email"):
        read(write, settings(day | {"same_email": "yes"}), *rows)


def test_a_name_and_telephone_that_go_with_two_addresses_is_nobody(
    write: Write, exported: ImportSettings
) -> None:
    other = QUICK.replace("r.quick@", "rq@")
    without = "Rosalind,Quick,020 7946 0011,"
    imported = read(
        write, exported, row(1, "2026-03-02"), row(2, "2026-03-09", other), row(3, "2026-03-16", without)
    )
    assert {item.why: item.rows for item in imported.not_read} == {TWO_ADDRESSES: (4,)}


def test_types_are_named_with_semicolons_since_names_hold_commas(write: Write, settings: Settings) -> None:
    options = {"exported_on": "2026-06-01", "types": "Needling, first visit; needling"}
    imported = read(
        write,
        settings(options),
        row(1, "2026-03-02"),
        row(2, "2026-03-09", kind='"Needling, first visit"'),
        row(3, "2026-03-16", kind="Massage"),
    )
    assert (imported.rows_used, imported.out_of_scope) == (2, 1)


def test_the_day_of_the_export_is_asked_for(write: Write, settings: Settings) -> None:
    imported = read(write, settings(), row(1, "2026-03-02"), row(2, "2099-03-02"))
    assert (imported.rows_used, imported.out_of_scope) == (1, 1)
    assert any("exported_on=YYYY-MM-DD" in text for text in imported.warnings)
    for wrong in ("1 June 2026", "2026-13-01", "20260601"):
        with pytest.raises(PlanError, match="exported_on"):
            read(write, settings({"exported_on": wrong}), row(1, "2026-03-02"))


def test_what_says_who_somebody_is_is_left_behind_and_counted(write: Write, exported: ImportSettings) -> None:
    header = HEADER + ",When were you born?"
    text = (
        "\n".join([header, row(1, "2026-03-02", notes="shy") + ",1 May 1961", row(2, "2026-03-09") + ","])
        + "\n"
    )
    imported = Acuity().read([write("acuity.csv", text)], exported)
    assert {(item.column, item.cells) for item in imported.dropped} == {
        ("First Name", 2),
        ("Last Name", 2),
        ("Phone", 2),
        ("Email", 2),
        ("Notes", 1),
        ("column 13", 1),
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"Start Time,First Name\nx,y\n",
        f"{HEADER}\n1,2\n".encode(),
        f"{HEADER},Email\n{row(1, '2026-03-02')},\n".encode(),
        f'{HEADER}\n"2026-03-02 10:00,,Rosalind\n'.encode(),
    ],
)
def test_other_bytes_are_refused(write: Write, exported: ImportSettings, content: bytes) -> None:
    with pytest.raises(OutcomesError) as refused:
        Acuity().read([write("acuity.csv", content)], exported)
    assert "Rosalind" not in str(refused.value)


def test_the_importer_keeps_the_contract(write: Write, exported: ImportSettings) -> None:
    rows = [
        row(1, "2026-03-02", notes="Prefers the window"),
        row(2, "2026-03-13", BLOOM),
        row(3, "2026-07-01"),
    ]
    file = write("acuity.csv", "\n".join([HEADER, *rows]) + "\n")
    broken = write("broken.csv", "Start Time,Canceled\n1,2\n")
    private = ["Rosalind", "Bloom", "r.quick@example.org", "7946"]
    hold_to_contract(Acuity(), [file], exported, broken_files=[broken], private=private)
