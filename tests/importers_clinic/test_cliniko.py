"""Cliniko: which appointments took place, on which day at the clinic, and that nobody comes out with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outcomes.errors import InvalidRecords, OutcomesError, PlanError
from outcomes.records.importers.cliniko import Cliniko
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.trial import hold_to_contract

Write = Callable[[str, str | bytes], Path]
Settings = Callable[..., ImportSettings]


def appointment(number: int, **changes: Any) -> dict[str, Any]:
    """One appointment that took place, in the fields of today's endpoint."""
    shard = "https://api.au4.cliniko.com/v1"
    item: dict[str, Any] = {
        "id": f"139072623729863{number:04}",
        "created_at": "2026-03-01T20:04:46Z",
        "updated_at": "2026-03-01T20:04:46Z",
        "starts_at": "2026-03-10T09:30:00Z",
        "ends_at": "2026-03-10T10:15:00Z",
        "did_not_arrive": False,
        "patient_arrived": True,
        "cancelled_at": None,
        "archived_at": None,
        "deleted_at": None,
        "notes": None,
        "patient_name": "Rosalind Quick",
        "patient": {"links": {"self": f"{shard}/patients/1390710863102485699"}},
        "practitioner": {"links": {"self": f"{shard}/practitioners/1390053863163176768"}},
        "appointment_type": {"links": {"self": f"{shard}/appointment_types/77"}},
    }
    return item | changes


def page(*items: dict[str, Any], **others: Any) -> str:
    return json.dumps({"individual_appointments": list(items), **others})


def read(path: Path | list[Path], settings: ImportSettings) -> Imported:
    return Cliniko().read(path if isinstance(path, list) else [path], settings)


def whys(imported: Imported) -> dict[str, tuple[int, ...]]:
    return {item.why: item.rows for item in imported.not_read}


def test_the_shared_sample_gives_its_one_session(shared_data: Path, settings: Settings) -> None:
    """Of the three, one did not arrive and one was cancelled. 14:45 UTC on 2 April is 3 April in Melbourne."""
    sample = shared_data / "diary_exports" / "cliniko_SYNTHETIC.json"
    imported = read(sample, settings(timezone="Australia/Melbourne"))
    assert list(imported.tables["sessions"]["date"]) == ["2024-04-03"]
    assert whys(imported) == {"the patient did not arrive": (2,), "cancelled": (3,)}
    assert list(read(sample, settings(timezone="UTC")).tables["sessions"]["date"]) == ["2024-04-02"]


@pytest.mark.parametrize(
    ("starts_at", "zone", "day"),
    [
        (
            "2026-03-28T23:30:00Z",
            "Europe/London",
            "2026-03-28",
        ),  # the clocks go forward that night at 1:00 UTC
        ("2026-03-29T23:30:00Z", "Europe/London", "2026-03-30"),
        ("2026-10-24T23:30:00Z", "Europe/London", "2026-10-25"),
        ("2026-10-25T23:30:00Z", "Europe/London", "2026-10-25"),
        ("2026-03-10T03:30:00Z", "America/New_York", "2026-03-09"),
        ("2026-03-10T09:30:00+11:00", "UTC", "2026-03-09"),
    ],
)
def test_the_day_is_the_clinics(
    write: Write, settings: Settings, starts_at: str, zone: str, day: str
) -> None:
    file = write("page.json", page(appointment(1, starts_at=starts_at)))
    assert list(read(file, settings(timezone=zone)).tables["sessions"]["date"]) == [day]


def test_without_a_time_zone_or_a_key_nothing_is_read(write: Write, settings: Settings) -> None:
    file = write("page.json", page(appointment(1)))
    with pytest.raises(PlanError, match="--timezone"):
        read(file, settings())
    with pytest.raises(PlanError, match=r"--key-file FILE --domain NAME"):
        read(file, ImportSettings(timezone="UTC"))
    with pytest.raises(PlanError):
        read(file, settings(timezone="Nowhere/Land"))
    with pytest.raises(PlanError, match="types"):
        read(file, settings({"color": "blue"}, timezone="UTC"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"patient_arrived": False}, "the patient is not marked as arrived"),
        ({"patient_arrived": None}, "the patient is not marked as arrived"),
        ({"did_not_arrive": None}, "the patient is not marked as arrived"),
        ({"did_not_arrive": True}, "marked both as arrived and as not arrived"),
        ({"patient_arrived": False, "did_not_arrive": True}, "the patient did not arrive"),
        ({"cancelled_at": "2026-03-09T08:00:00Z"}, "cancelled"),
        ({"archived_at": "2026-03-09T08:00:00Z"}, "deleted or archived"),
        ({"deleted_at": "2026-03-09T08:00:00Z"}, "deleted or archived"),
        ({"patient_arrived": "true"}, "a mark of attendance"),
        ({"patient_arrived": 1}, "a mark of attendance"),
        ({"cancelled_at": 0}, "a mark of attendance"),
        ({"starts_at": None}, "no readable start"),
        ({"starts_at": "04/02/2026 10:00"}, "no readable start"),
        ({"starts_at": "2026-02-30T10:00:00Z"}, "no readable start"),
        ({"patient": None}, "no patient is linked"),
        ({"patient": {"links": {"self": "https://elsewhere/practitioners/5"}}}, "no patient is linked"),
        ({"id": None}, "no readable number"),
        ({"id": "Rosalind Quick"}, "no readable number"),
    ],
)
def test_what_is_no_session_is_counted_with_its_reason(
    write: Write, settings: Settings, changes: dict[str, Any], why: str
) -> None:
    file = write("page.json", page(appointment(1), appointment(2, **changes)))
    imported = read(file, settings(timezone="UTC"))
    assert (imported.rows_in, imported.rows_used) == (2, 1)
    (found,) = imported.not_read
    assert found.why.startswith(why) and found.rows == (2,)


def test_the_older_endpoint_says_the_same_under_other_names(write: Write, settings: Settings) -> None:
    old = appointment(1) | {
        "id": 12345,
        "appointment_start": "2026-03-10T09:30:00Z",
        "cancellation_time": None,
    }
    gone = old | {"id": 12346, "cancellation_time": "2026-03-09T08:00:00Z"}
    for item in (old, gone):
        del item["starts_at"], item["ends_at"], item["cancelled_at"]
    file = write("page.json", json.dumps({"appointments": [old, gone], "total_entries": 2}))
    imported = read(file, settings(timezone="UTC"))
    assert list(imported.tables["sessions"]["date"]) == ["2026-03-10"]
    assert whys(imported) == {"cancelled": (2,)}


def test_pages_are_put_together_and_a_missing_page_is_told(write: Write, settings: Settings) -> None:
    one = write(
        "1/page.json", page(appointment(1), appointment(2, starts_at="2026-03-17T09:30:00Z"), total_entries=4)
    )
    two = write("2/page.json", page(appointment(3, starts_at="2026-03-24T09:30:00Z"), total_entries=4))
    empty = write("3/page.json", page(total_entries=4))
    imported = read([one, two, empty], settings(timezone="UTC"))
    assert imported.rows_used == 3
    assert any("counts 4 appointments and the files hold 3" in text for text in imported.warnings)
    listed = write("both.json", json.dumps([json.loads(one.read_text()), json.loads(two.read_text())]))
    assert read(listed, settings(timezone="UTC")).rows_used == 3
    bare = write("bare.json", json.dumps([appointment(1)]))
    assert read(bare, settings(timezone="UTC")).rows_used == 1


def test_one_appointment_counts_once_and_two_on_a_day_count_twice(write: Write, settings: Settings) -> None:
    first = write("1/page.json", page(appointment(1), appointment(2, starts_at="2026-03-10T16:00:00Z")))
    again = write("2/page.json", page(appointment(1)))
    imported = read([first, again], settings(timezone="UTC"))
    assert list(imported.tables["sessions"]["date"]) == ["2026-03-10", "2026-03-10"]
    (same,) = imported.not_read
    assert (same.file, same.rows) == ("page.json (2)", (1,)) and "counted once" in same.why


def test_the_newer_state_of_an_appointment_stands_and_a_contradiction_does_not(
    write: Write, settings: Settings
) -> None:
    newer = appointment(1, updated_at="2026-03-11T09:00:00+11:00", cancelled_at="2026-03-10T08:00:00Z")
    file = write("page.json", page(appointment(1), newer))
    imported = read(file, settings(timezone="UTC"))
    assert imported.rows_used == 0
    assert whys(imported)["cancelled"] == (2,)
    assert len(imported.tables["sessions"]) == 0
    file = write(
        "page.json", page(appointment(1), appointment(1, starts_at="2026-03-12T09:30:00Z"), appointment(2))
    )
    imported = read(file, settings(timezone="UTC"))
    assert [item.rows for item in imported.not_read] == [(1, 2)]
    assert imported.rows_used == 1


def test_only_the_types_named_count(write: Write, settings: Settings) -> None:
    other = {"links": {"self": "https://api.au4.cliniko.com/v1/appointment_types/78"}}
    items = [appointment(1), appointment(2, appointment_type=other), appointment(3, appointment_type=None)]
    file = write("page.json", page(*items))
    everything = read(file, settings(timezone="UTC"))
    assert everything.rows_used == 3
    assert any("every type were counted" in text for text in everything.warnings)
    chosen = read(file, settings({"types": "77, 99"}, timezone="UTC"))
    assert (chosen.rows_used, chosen.out_of_scope) == (1, 1)
    assert whys(chosen)["no type is recorded, so whether it was a needling session cannot be told"] == (3,)
    assert chosen.warnings == ("Option types: no appointment is of the type named in position 2.",)


def test_a_practitioner_is_never_the_pseudonym_of_a_patient(write: Write, settings: Settings) -> None:
    same = {"links": {"self": "https://api.au4.cliniko.com/v1/practitioners/1390710863102485699"}}
    file = write("page.json", page(appointment(1, practitioner=same), appointment(2, practitioner=None)))
    sessions = read(file, settings(timezone="UTC")).tables["sessions"]
    assert sessions["practitioner_id"][0] not in set(sessions["patient_id"])
    assert sessions["practitioner_id"][1] is None


def test_what_is_left_behind_is_counted_by_name_and_strange_fields_without(
    write: Write, settings: Settings
) -> None:
    items = [
        appointment(1, notes="Brings her own pillow", cancellation_note="ill", Rosalind="Quick"),
        appointment(2, patient_name="", booking_ip_address="10.0.0.43"),
    ]
    dropped = read(write("page.json", page(*items)), settings(timezone="UTC")).dropped
    assert {(item.column, item.cells) for item in dropped} == {
        ("patient_name", 1),
        ("notes", 1),
        ("cancellation_note", 1),
        ("a field that is not known", 1),
        ("booking_ip_address", 1),
    }


def test_a_time_without_an_offset_stops_the_import(write: Write, settings: Settings) -> None:
    file = write("page.json", page(appointment(1), appointment(2, starts_at="2026-03-10T09:30:00")))
    with pytest.raises(InvalidRecords, match="appointment 2: a time without an offset"):
        read(file, settings(timezone="UTC"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"starts_at"',
        b"[1, 2]",
        b'{"individual_appointments": {"id": 1}}',
        b'{"individual_appointments": [], "appointments": []}',
        b'{"bookings": []}',
        b'{"individual_appointments": [{"id": "1", "id": "2"}]}',
        b'{"individual_appointments": [{"id": NaN}]}',
        b'{"individual_appointments": [{"id": "1", "starts_at": "2026-03',
        b"[" * 200_000,
        b'{"individual_appointments":' * 50_000,
        b'{"individual_appointments": [' + b"9" * 10_000 + b"]}",
        b"\xff\xfe\x00\x00",
        b'{"individual_appointments": ["\xe9"]}',
    ],
)
def test_other_bytes_are_refused_in_words(write: Write, settings: Settings, content: bytes) -> None:
    with pytest.raises(OutcomesError) as refused:
        read(write("page.json", content), settings(timezone="UTC"))
    assert "page.json" in str(refused.value)


def test_elements_that_are_no_appointments_are_counted(write: Write, settings: Settings) -> None:
    text = (
        '{"individual_appointments": [null, 7, "x", [], {}, {"id": "\\ud800"}, {"patient": {"links": [1]}}]}'
    )
    imported = read(write("page.json", text), settings(timezone="UTC"))
    assert (imported.rows_in, imported.rows_used) == (7, 0)
    assert sum(item.count for item in imported.not_read) == 7


def test_the_importer_keeps_the_contract(write: Write, settings: Settings) -> None:
    file = write("page.json", page(appointment(1), appointment(2, notes="Prefers mornings, sees Dr Bloom")))
    broken = write("broken.json", page(appointment(1))[:-5])
    hold_to_contract(
        Cliniko(),
        [file],
        settings(timezone="Europe/London"),
        broken_files=[broken],
        private=["Rosalind", "Bloom"],
    )
