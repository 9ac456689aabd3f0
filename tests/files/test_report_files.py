"""What `outcomes report` leaves on the disk: when it ends well, when it is stopped, and when somebody meddles."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from diaries import drawn, write_folder

from outcomes.cli import main
from outcomes.files import run_lock
from outcomes.files.locking import LOCK_NAME
from outcomes.reporting import reports
from outcomes.reporting.manifest import MANIFEST_FILE
from outcomes.reporting.status import STATUS_FILE

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX systems")
PROFILES = ("internal", "share")


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    diaries = "".join(f"p{number}: 3050030 | . 0300000\n" for number in range(12))
    return write_folder(tmp_path / "records", **drawn(diaries))


@pytest.fixture
def typeset(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """The report's content without the seconds that it takes to compute; what is written stays real."""
    monkeypatch.setattr(
        reports,
        "run_template",
        lambda _, parameters, made: [made(place, None) for place in range(len(parameters))],
    )

    def content(data: bytes) -> None:
        monkeypatch.setattr(reports, "_files", lambda *_: dict.fromkeys(("report.html", "report.pdf"), data))

    content(b"new")
    return content


def report(clinic: Path, output: Path) -> int:
    return main(["report", str(clinic), "--all", "--output", str(output)])


def older(output: Path) -> Path:
    for profile in PROFILES:
        (output / "all" / profile).mkdir(parents=True)
        for name in ("report.html", "report.pdf"):
            (output / "all" / profile / name).write_bytes(b"old")
    return output


def contents(output: Path) -> dict[str, bytes]:
    """Every file but the status, the manifest, the numbers for scripts and the ledger, which have their own tests."""
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file()
        and path.name not in (STATUS_FILE, MANIFEST_FILE, "results.json")
        and path.relative_to(output).parts[0] != "private"
    }


def whole(data: bytes) -> dict[str, bytes]:
    return {f"all/{profile}/{name}": data for profile in PROFILES for name in ("report.html", "report.pdf")}


@posix
def test_everything_that_is_written_is_the_owners(clinic: Path, tmp_path: Path, typeset: object) -> None:
    before = os.umask(0)
    try:
        assert report(clinic, tmp_path / "made" / "out") == 0
    finally:
        os.umask(before)
    written = [tmp_path / "made", *(tmp_path / "made").rglob("*")]
    # Two folders above, the month, two profiles of three files each, the manifest, the status; folder, key and ledger.
    assert len(written) == 16
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_records_may_lie_beside_the_report(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typeset: object
) -> None:
    monkeypatch.chdir(tmp_path)
    assert report(clinic, Path(".")) == 0
    assert (clinic / "diary.csv").exists()


def test_a_second_run_stops_and_leaves_everything(
    clinic: Path, tmp_path: Path, typeset: object, capsys: pytest.CaptureFixture[str]
) -> None:
    output = older(tmp_path / "out")
    with run_lock(output, "report"):
        before = contents(output)
        assert report(clinic, output) == 7
        assert f"process {os.getpid()} on" in capsys.readouterr().err
        assert contents(output) == before
    assert report(clinic, output) == 0
    assert contents(output) == whole(b"new")


def test_records_that_change_while_the_report_is_made_stop_it(
    clinic: Path,
    tmp_path: Path,
    typeset: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = older(tmp_path / "out")

    def run(_: str, parameters: list[object], made: Callable[[int, object], None]) -> list[None]:
        with (clinic / "diary.csv").open("a") as file:
            file.write("p7,37,yes,7\n")
        return [made(place, None) for place in range(len(parameters))]

    monkeypatch.setattr(reports, "run_template", run)
    assert report(clinic, output) == 7
    assert "diary.csv: changed while it was being read" in capsys.readouterr().err
    assert contents(output) == whole(b"old")


def test_what_lies_beside_the_records_may_change(
    clinic: Path, tmp_path: Path, typeset: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: str, parameters: list[object], made: Callable[[int, object], None]) -> list[None]:
        (clinic / "letter.docx").write_bytes(b"x")
        return [made(place, None) for place in range(len(parameters))]

    monkeypatch.setattr(reports, "run_template", run)
    assert report(clinic, tmp_path / "out") == 0


@pytest.mark.parametrize("level", ["out", "out/all", "out/all/share"])
def test_a_link_anywhere_on_the_reports_own_way_is_refused(
    clinic: Path, tmp_path: Path, typeset: object, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The attack: a folder of the report swapped for a link, so that it lands elsewhere or replaces what is there."""
    victim = older(tmp_path / "victim")
    link = tmp_path / level
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(victim, target_is_directory=True)
    except OSError:
        pytest.skip("links need a right on this system")
    assert report(clinic, tmp_path / "out") == 7
    assert "link" in capsys.readouterr().err
    assert contents(victim) == whole(b"old")


def test_both_profiles_or_none(
    clinic: Path, tmp_path: Path, typeset: object, capsys: pytest.CaptureFixture[str]
) -> None:
    output = older(tmp_path / "out")
    (output / "all" / "share" / "thesis.txt").write_bytes(b"mine")
    assert report(clinic, output) == 7
    assert "does not write" in capsys.readouterr().err
    assert contents(output) == {**whole(b"old"), "all/share/thesis.txt": b"mine"}


def test_a_full_disk_leaves_the_old_report(
    clinic: Path,
    tmp_path: Path,
    typeset: Callable[[bytes], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    if os.name != "posix" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to make a small disk here")
    try:
        assert report(clinic, disk / "out") == 7
        assert "disk has room for 0 MB" in capsys.readouterr().err
        assert [path.name for path in disk.rglob("*") if path.is_file()] == [STATUS_FILE]
        # The estimate was wrong, or somebody else filled the disk meanwhile.
        monkeypatch.setattr(reports, "_LARGEST_REPORT", 1000)
        older(disk / "out")
        typeset(b"x" * 60_000)
        assert report(clinic, disk / "out") == 7
        assert "the disk is full" in capsys.readouterr().err
        assert contents(disk / "out") == whole(b"old")
        assert not [path for path in disk.rglob(".*") if path != disk]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# ---- the command itself, stopped from outside ----


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="t-") as folder:  # short: sockets lie in it
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def wait_for(happened: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def stopped_half_way(clinic: Path, output: Path, scratch: Path, with_signal: int) -> tuple[int, str]:
    command = [sys.executable, "-m", "outcomes", "report", str(clinic), "--all", "--output", str(output)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with run:
        try:
            wait_for(lambda: (output / LOCK_NAME).exists() and list(scratch.glob("*/kernel.json")))
            run.send_signal(with_signal)
            said = "".join(run.communicate(timeout=30))
        finally:
            run.kill()
    return run.returncode, said


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_report_that_is_stopped_leaves_the_old_one_and_nothing_else(
    clinic: Path, tmp_path: Path, scratch: Path, number: int
) -> None:
    output = older(tmp_path / "out")
    code, said = stopped_half_way(clinic, output, scratch, number)
    assert (code, said) == (130, "Interrupted.\n")
    assert contents(output) == whole(b"old")
    assert not list(scratch.iterdir())


@posix
def test_a_report_that_is_killed_leaves_the_old_one_and_the_next_run_clears_up(
    clinic: Path, tmp_path: Path, scratch: Path, typeset: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = older(tmp_path / "out")
    code, _ = stopped_half_way(clinic, output, scratch, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert contents(output).keys() - {LOCK_NAME} == whole(b"old").keys()
    assert {contents(output)[name] for name in whole(b"old")} == {b"old"}
    assert report(clinic, output) == 0
    assert contents(output) == whole(b"new")


@posix
@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_report_that_is_stopped_at_any_time_leaves_whole_ones(
    clinic: Path, tmp_path: Path, scratch: Path, number: int
) -> None:
    """At twenty times over the whole run: while Python starts, reads, computes, typesets and writes."""
    output = tmp_path / "out"
    command = [sys.executable, "-m", "outcomes", "report", str(clinic), "--all", "--output", str(output)]
    begin = time.monotonic()
    subprocess.run(command, capture_output=True, check=True)
    seconds = time.monotonic() - begin
    new = contents(output)
    codes = set()
    for point in range(20):
        for name in new:
            (output / name).write_bytes(b"old")
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(seconds * (point + 1) / 20)
        run.send_signal(number)
        run.communicate(timeout=30)
        codes.add(run.returncode)
        found = {name: data for name, data in contents(output).items() if not name.startswith(".")}
        assert found.keys() - {LOCK_NAME} >= new.keys()
        assert len({found[name] == b"old" for name in new}) == 1, "a set half old and half new"
        if run.returncode == 130:
            assert found.keys() == new.keys()
            assert not list(scratch.iterdir())
    assert codes & {130, -number}
    subprocess.run(command, capture_output=True, check=True)
    assert contents(output).keys() == new.keys()
    wait_for(
        lambda: not [path for path in scratch.iterdir() if path.is_dir()] or clear(command, output, scratch)
    )


def clear(command: list[str], output: Path, scratch: Path) -> bool:
    """A kernel whose run was killed may still have been writing when the next run cleared up."""
    subprocess.run(command, capture_output=True, check=True)
    return not list(scratch.iterdir())
