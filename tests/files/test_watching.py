"""Records that change while they are read, and workbooks that are open elsewhere."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomes.errors import FileProblem, InvalidRecords
from outcomes.files import Watched, opened_for_reading, unchanged, watching

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")


def same_size_and_time(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"z" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_by_a_twin(path: Path) -> None:
    """A program that saves by way of a new file; here with the same content and time."""
    before = path.stat()
    twin = path.with_suffix(".new")
    twin.write_bytes(path.read_bytes())
    os.utime(twin, ns=(before.st_atime_ns, before.st_mtime_ns))
    twin.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "cut": lambda path: path.write_bytes(b""),
    "same size and time": same_size_and_time,
    "another file": replaced_by_a_twin,
    "gone": lambda path: path.unlink(),
    "touched": lambda path: os.utime(path, (1, 1)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_stops_the_run(tmp_path: Path, change: str) -> None:
    diary = tmp_path / "diary.csv"
    diary.write_bytes(b"patient_id,7.37\n")
    with pytest.raises(FileProblem, match=r"^diary\.csv: changed while it was being read") as caught:  # noqa: SIM117
        with unchanged([diary]):
            CHANGES[change](diary)
    assert caught.value.exit_code == 7
    assert "7.37" not in str(caught.value)


def test_a_file_that_is_only_read_is_the_same(tmp_path: Path) -> None:
    diary = tmp_path / "diary.csv"
    diary.write_bytes(b"x")
    with unchanged([diary, tmp_path / "not-there.csv"]) as watched:
        diary.read_bytes()
        watched.verify()


def test_a_part_that_is_added_to_a_folder_of_parts_stops_the_run(tmp_path: Path) -> None:
    parts = tmp_path / "diary"
    parts.mkdir()
    (parts / "1.parquet").write_bytes(b"x")
    watched = Watched([parts])
    watched.verify()
    (parts / "2.parquet").write_bytes(b"x")
    with pytest.raises(FileProblem, match=r"2\.parquet: changed"):
        watched.verify()


def test_a_large_file_is_told_by_its_size_time_and_place(tmp_path: Path) -> None:
    diary = tmp_path / "diary.csv"
    with diary.open("wb") as file:
        file.truncate(10**11)  # takes no room: nothing is written into it
    begin = time.monotonic()
    watched = Watched([diary])
    watched.verify()
    assert time.monotonic() - begin < 1
    os.utime(diary, (1, 1))
    with pytest.raises(FileProblem, match="changed"):
        watched.verify()


def test_a_reading_that_fails_on_a_changed_file_is_told_as_such(tmp_path: Path) -> None:
    diary = tmp_path / "diary.csv"
    diary.write_bytes(b"x")
    with pytest.raises(FileProblem, match="changed"), unchanged([diary]):
        diary.write_bytes(b"half of")
        raise InvalidRecords(["diary.csv: row 1"])
    with pytest.raises(InvalidRecords), unchanged([diary]):
        raise InvalidRecords(["diary.csv: row 1"])


# ---- open elsewhere ----


@pytest.mark.parametrize("owner", ["~$diary.xlsx", ".~lock.diary.xlsx#"])
def test_a_workbook_that_is_open_is_refused_within_a_second(tmp_path: Path, owner: str) -> None:
    book = tmp_path / "diary.xlsx"
    book.write_bytes(b"PK")
    (tmp_path / owner).write_bytes(b"Dr Somebody")
    begin = time.monotonic()
    with (
        pytest.raises(FileProblem, match=r"diary\.xlsx: .*Close it in Excel") as caught,
        opened_for_reading(book),
    ):
        pytest.fail("open elsewhere")
    assert 0.3 < time.monotonic() - begin < 1.5
    assert "Somebody" not in str(caught.value)
    assert owner in str(caught.value), "a file left by a crash can be deleted"


def test_a_workbook_that_is_closed_meanwhile_is_read(tmp_path: Path) -> None:
    book, owner = tmp_path / "diary.xlsx", tmp_path / "~$diary.xlsx"
    book.write_bytes(b"PK")
    owner.touch()
    closing = threading.Timer(0.2, owner.unlink)
    closing.start()
    with opened_for_reading(book) as file:
        assert file.read() == b"PK"
    closing.join()


@posix
def test_a_file_that_may_not_be_opened(powerless: Path) -> None:
    book = powerless / "diary.xlsx"
    book.write_bytes(b"PK")
    book.chmod(0)
    with pytest.raises(FileProblem, match="close it in Excel or"), opened_for_reading(book):
        pytest.fail("no permission")
    book.chmod(0o600)
    with opened_for_reading(book) as file:
        assert file.read() == b"PK"


@posix
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")  # opening it would wait for ever
    for name, problem in (
        ("pipe.csv", "not a file"),
        (".", "not a file"),
        ("gone.csv", "not there"),
        ("nul\0", "Error"),
    ):
        with pytest.raises(FileProblem, match=problem), opened_for_reading(tmp_path / name):
            pytest.fail(name)


def test_the_wait_is_short() -> None:
    assert watching.RETRIES == 3
    assert watching.RETRIES * watching.PAUSE_SECONDS < 1
