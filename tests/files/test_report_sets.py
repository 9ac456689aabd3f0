"""A set of reports takes its place together: killed at any point, the old set stands or the new one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from diaries import drawn, write_folder

from outcomes.cli import main
from outcomes.errors import FileProblem
from outcomes.files import run_lock
from outcomes.reporting import reports
from outcomes.reporting.identity import digest_of
from outcomes.reporting.manifest import MANIFEST_FILE, read_manifest
from outcomes.reporting.status import STATUS_FILE, told_status

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX systems")
PROFILES = ("internal", "share")
WEEK = "p{}: 3050030 | . 0300000\n"


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "records", **drawn("".join(WEEK.format(number) for number in range(12))))


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


def report(clinic: Path, output: Path, *more: str) -> int:
    return main(["report", str(clinic), "--all", "--output", str(output), *more])


def status(output: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((output / STATUS_FILE).read_text("utf-8"))
    return found


# ---- the manifest ----


def test_the_manifest_says_what_the_reports_were_made_from(
    clinic: Path, tmp_path: Path, typeset: object
) -> None:
    (clinic / "mapping.toml").write_text("")
    assert report(clinic, tmp_path / "out") == 0
    folder = tmp_path / "out" / "all"
    values = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    assert set(values["identity"]["inputs"]) == {"diary.csv", *(p.name for p in clinic.glob("sessions.csv"))}
    assert values["identity"]["plan"]["baseline_days"] == 28
    assert values["seed"] == values["identity"]["plan"]["seed"]
    assert values["plan_digest"] == digest_of(values["identity"]["plan"])
    assert values["identity"]["beside"]["mapping"] and values["identity"]["beside"]["claims"] is None
    assert {"outcomes", "code", "python", "numpy", "duckdb", "pandas"} <= set(values["identity"]["versions"])
    assert re.fullmatch("[0-9a-f]{12}", values["ledger"])
    assert sorted(values["files"]) == sorted(
        f"{profile}/{name}" for profile in PROFILES for name in ("report.html", "report.pdf", "results.json")
    )
    # Nothing of this machine, though the source can be found from here.
    assert str(tmp_path) not in (folder / MANIFEST_FILE).read_text("utf-8")
    assert read_manifest(folder).given("source") == str(clinic)


@posix
def test_the_manifest_is_private_and_outside_the_folders_that_are_handed_on(
    clinic: Path, tmp_path: Path, typeset: object
) -> None:
    assert report(clinic, tmp_path / "out") == 0
    path = tmp_path / "out" / "all" / MANIFEST_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "out" / "all").glob(f"*/{MANIFEST_FILE}"))


def test_the_clock_of_source_date_epoch(
    clinic: Path, tmp_path: Path, typeset: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """86,400 seconds after 1970 began; two runs at whatever time write the same manifest."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    texts = []
    for _ in range(2):
        assert report(clinic, tmp_path / "out") == 0
        texts.append((tmp_path / "out" / "all" / MANIFEST_FILE).read_bytes())
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["made"] == "1970-01-02T00:00:00+00:00"
    assert status(tmp_path / "out")["finished"] == "1970-01-02T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert report(clinic, tmp_path / "out") == 2


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"manifest_version": 1}', "[" * 100_000, "\0"])
def test_a_damaged_manifest_is_told_and_a_new_report_replaces_it(
    clinic: Path, tmp_path: Path, typeset: object, content: str
) -> None:
    output = tmp_path / "out"
    assert report(clinic, output) == 0
    (output / "all" / MANIFEST_FILE).write_text(content)
    with pytest.raises(FileProblem, match=MANIFEST_FILE):
        read_manifest(output / "all")
    assert main(["verify", str(output / "all")]) == 7
    assert report(clinic, output) == 0
    assert read_manifest(output / "all").month is None


# ---- one profile of two ----


def test_one_profile_again_keeps_the_other_only_where_both_are_of_one_run(
    clinic: Path, tmp_path: Path, typeset: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    assert report(clinic, output) == 0
    typeset(b"again")
    assert report(clinic, output, "--profile", "share") == 0
    assert (output / "all" / "internal" / "report.html").read_bytes() == b"new"
    assert (output / "all" / "share" / "report.html").read_bytes() == b"again"
    assert set(read_manifest(output / "all").values["profiles"]) == set(PROFILES)
    # Other records: the internal report that is there would belong to another run.
    write_folder(clinic, **drawn("".join(WEEK.format(number) for number in range(13))))
    capsys.readouterr()
    assert report(clinic, output, "--profile", "share") == 7
    assert "Write all together" in capsys.readouterr().err
    assert (output / "all" / "share" / "report.html").read_bytes() == b"again"
    assert report(clinic, output) == 0


# ---- the status ----


def test_the_status_of_a_run_that_went_well(clinic: Path, tmp_path: Path, typeset: object) -> None:
    assert report(clinic, tmp_path / "out") == 0
    found = status(tmp_path / "out")
    assert (found["state"], found["exit_code"], found["message"], found["month"]) == ("done", 0, "", None)
    assert found["run"] == read_manifest(tmp_path / "out" / "all").run_id
    files = found["files"]
    assert isinstance(files, list)
    assert files and all((tmp_path / "out" / name).is_file() for name in files)


def test_the_status_of_a_run_that_failed_and_the_older_report(
    clinic: Path, tmp_path: Path, typeset: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    assert report(clinic, output) == 0
    kept = (output / "all" / MANIFEST_FILE).read_bytes()
    secret = "P-0007 had 7.37"

    def fault(*_: object) -> dict[str, bytes]:
        raise ValueError(secret)

    monkeypatch.setattr(reports, "_files", fault)
    assert report(clinic, output) == 1
    found = status(output)
    assert (found["state"], found["exit_code"], found["files"]) == ("failed", 1, [])
    assert found["message"] == "A fault of the program (ValueError)."
    assert (output / "all" / MANIFEST_FILE).read_bytes() == kept


def test_records_that_are_gone_are_told_in_the_status(tmp_path: Path) -> None:
    assert report(tmp_path / "nowhere", tmp_path / "out") == 7
    found = status(tmp_path / "out")
    assert (found["state"], found["exit_code"]) == ("failed", 7)
    assert "not there" in str(found["message"])


def test_a_second_run_leaves_the_status_of_the_first(clinic: Path, tmp_path: Path, typeset: object) -> None:
    output = tmp_path / "out"
    with run_lock(output, "report"), told_status(output, "2026-10"):
        assert report(clinic, output) == 7
        assert (status(output)["state"], status(output)["month"]) == ("running", "2026-10")


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), told_status(tmp_path, None):
        raise KeyboardInterrupt
    assert (status(tmp_path)["state"], status(tmp_path)["exit_code"]) == ("interrupted", 130)


# ---- killed at every point ----

CAMPAIGN = """
    import json, os, signal, sys
    from pathlib import Path
    from outcomes.errors import FileProblem
    from outcomes.files import run_lock
    from outcomes.reporting import report_places
    from outcomes.reporting.status import told_status

    output, how = Path(sys.argv[1]), sys.argv[2]
    names = [f"{p}/{n}" for p in ("internal", "share") for n in ("report.html", "report.pdf", "results.json")]
    names.append("manifest.json")
    # What touches the disk, as Python itself reports it: opening, naming, making and removing.
    WATCHED = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.link", "ctypes.dlopen"}

    def write(content):
        with run_lock(output, "report"), told_status(output, "2026-10"):
            report_places.put_in_place(output / "2026-10", dict.fromkeys(names, content))

    def stop_at(point):
        passed = 0
        def hook(event, arguments):
            nonlocal passed
            if event not in WATCHED or (event == "open" and str(output) not in str(arguments[0])):
                return
            passed += 1
            if passed == point:
                if how == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise KeyboardInterrupt
        sys.addaudithook(hook)

    def in_child(content, point):
        child = os.fork()
        if not child:
            code = 3
            try:
                if point:
                    stop_at(point)
                write(content)
                code = 0
            except KeyboardInterrupt:
                code = 130
            except FileProblem:
                code = 7
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def state():
        month = output / "2026-10"
        found = {p.relative_to(month).as_posix(): p.read_text() for p in month.rglob("*") if p.is_file()}
        whole = sorted(found) == sorted(names) and len(set(found.values())) == 1
        return found["manifest.json"] if whole else "mixed"

    def left():
        return sorted(p.name for p in output.iterdir() if p.name not in ("2026-10", "status.json"))

    write(b"old")
    seen, point, code = [], 1, -1
    while code:
        code = in_child(b"new", point)
        told = json.loads((output / "status.json").read_text())["state"]
        one = {"code": code, "state": state(), "left": left(), "told": told}
        again = in_child(b"old", 0)
        seen.append({**one, "again": again, "state_again": state(), "left_again": left()})
        point += 1
    print(json.dumps(seen))
"""


def stopped_everywhere(output: Path, how: str) -> list[dict[str, object]]:
    """One entry for each time that the writing of a set touches the disk, stopped just before it."""
    command = [sys.executable, "-c", textwrap.dedent(CAMPAIGN), str(output), how]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: list[dict[str, object]] = json.loads(ran.stdout)
    assert seen[-1]["code"] == 0
    for one in seen:
        assert (one["again"], one["state_again"], one["left_again"]) == (0, "old", []), one
    return seen[:-1]


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="systems that swap in one step")
def test_killed_at_any_point_the_old_set_or_the_new_one_stands(tmp_path: Path) -> None:
    seen = stopped_everywhere(tmp_path / "out", "kill")
    assert len(seen) >= 40
    assert {one["code"] for one in seen} == {-signal.SIGKILL}
    states = [one["state"] for one in seen]
    # Old up to the swap, new from then on: both profiles and the manifest at once, never a mixture.
    swap = states.index("new")
    assert states == ["old"] * swap + ["new"] * (len(states) - swap)
    assert swap >= 20
    assert any(one["left"] for one in seen), "the campaign killed nothing half-way"
    assert {one["told"] for one in seen} == {"done", "running"}


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="systems that swap in one step")
def test_interrupted_at_any_point_the_old_set_or_the_new_one_stands(tmp_path: Path) -> None:
    seen = stopped_everywhere(tmp_path / "out", "interrupt")
    # Where the interruption falls into the clearing up itself, the run has done its work.
    assert {one["code"] for one in seen} <= {130, 0}
    assert {one["state"] for one in seen} == {"old", "new"}
    assert "interrupted" in {one["told"] for one in seen}
