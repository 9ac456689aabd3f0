"""A folder that is built and swapped: a reader, and whoever comes after a crash, sees the old one or the new one."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from outcomes.errors import FileProblem
from outcomes.files import building, built_folder, run_lock, within, write_private

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX systems")
NAMES = ("report.html", "report.pdf")


def write(folder: Path, content: bytes, names: tuple[str, ...] = NAMES, **options: object) -> None:
    with built_folder(folder, known_names=NAMES, may_replace=True, **options) as partial:  # type: ignore[arg-type]
        for name in names:
            write_private(within(partial, name), content)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["in one step", "in two steps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to swap: the one of this system, and the one of systems that have no better."""
    if request.param == "in two steps":
        monkeypatch.setattr(building, "_exchanged", lambda *_: False)
    return str(request.param)


def test_a_folder_is_written_whole_and_replaced_whole(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "reports" / "share"
    write(folder, b"old")
    write(folder, b"new", ("report.html",))
    assert contents(folder) == {"report.html": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["share"]


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="systems that swap in one step")
def test_this_system_swaps_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert building._exchanged(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / "b").exists()
    assert (tmp_path / "b" / "a").exists()
    assert not building._exchanged(tmp_path / "a", tmp_path / "gone")


@posix
def test_only_the_owner_may_read_what_is_in_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with built_folder(tmp_path / "made" / "out") as partial:
            assert stat.S_IMODE(partial.stat().st_mode) == 0o700
            (partial / "open.csv").write_bytes(b"x")
            (partial / "diary").mkdir(mode=0o777)
            (partial / "diary" / "part.parquet").write_bytes(b"x")
    finally:
        os.umask(before)
    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in tmp_path.rglob("*")
    }
    assert modes == {
        "made": 0o700,
        "made/out": 0o700,
        "made/out/open.csv": 0o600,
        "made/out/diary": 0o700,
        "made/out/diary/part.parquet": 0o600,
    }


def test_what_is_there_is_refused_unless_it_may_be_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with built_folder(folder) as partial:  # empty: there is nothing to lose
        (partial / "a.csv").write_bytes(b"old")
    ran = False
    with pytest.raises(FileProblem, match="there already"), built_folder(folder):
        ran = True
    assert not ran
    assert contents(folder) == {"a.csv": b"old"}
    with built_folder(folder, may_replace=True) as partial:
        (partial / "a.csv").write_bytes(b"new")
    assert contents(folder) == {"a.csv": b"new"}


def test_the_runs_own_lock_is_no_foreign_file(tmp_path: Path, way: str) -> None:
    for content in (b"old", b"new"):
        with run_lock(tmp_path / "out", "import"):
            write(tmp_path / "out", content)
    assert contents(tmp_path / "out") == dict.fromkeys(NAMES, b"new")
    with run_lock(tmp_path / "other", "import"), built_folder(tmp_path / "other") as partial:
        (partial / "a.csv").write_bytes(b"new")
    assert contents(tmp_path / "other") == {"a.csv": b"new"}


@pytest.mark.parametrize("known", [NAMES, None])
@pytest.mark.parametrize("foreign", ["thesis.txt", "report.html/x", "link"])
def test_foreign_files_are_left_alone(tmp_path: Path, foreign: str, known: tuple[str, ...] | None) -> None:
    folder, own = tmp_path / "documents", tmp_path / "own"
    (folder / foreign).parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    if foreign == "link":
        try:
            (folder / "report.html").symlink_to(own)
        except OSError:
            pytest.skip("links need a right on this system")
    else:
        (folder / foreign).write_bytes(b"mine")
    before = sorted(tmp_path.rglob("*"))
    with (
        pytest.raises(FileProblem, match="does not write"),
        built_folder(folder, known_names=known, may_replace=True) as partial,
    ):
        write_private(partial / "report.html", b"new")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_foreign_file_that_comes_while_building_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "out", b"old")
    with (
        pytest.raises(FileProblem, match="does not write"),
        built_folder(tmp_path / "out", known_names=NAMES, may_replace=True) as partial,
    ):
        write_private(partial / "report.html", b"new")
        (tmp_path / "out" / "thesis.txt").write_bytes(b"mine")
    assert contents(tmp_path / "out")["thesis.txt"] == b"mine"
    assert contents(tmp_path / "out")["report.html"] == b"old"


def test_a_link_in_the_folders_place_before_or_while_it_is_built(tmp_path: Path) -> None:
    """The attack: the output swapped for a link to a folder of the user's."""
    victim, folder = tmp_path / "victim", tmp_path / "out"
    write(victim, b"mine")
    write(folder, b"old")
    with (
        pytest.raises(FileProblem, match="could not be written"),
        built_folder(folder, known_names=NAMES, may_replace=True) as partial,
    ):
        write_private(partial / "report.html", b"new")
        folder.rename(tmp_path / "moved")
        try:
            folder.symlink_to(victim, target_is_directory=True)
        except OSError:
            pytest.skip("links need a right on this system")
    with pytest.raises(FileProblem, match="link"):
        write(folder, b"new")
    assert set(contents(victim).values()) == set(contents(tmp_path / "moved").values()) - {b"old"} | {b"mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moved", "out", "victim"]


@posix
def test_a_link_among_what_was_built_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(FileProblem, match="files and folders only"),
        built_folder(tmp_path / "out") as partial,
    ):
        (partial / "passwd").symlink_to("/etc/passwd")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["", ".", "..", "a/..", "/", "nul\0"])
def test_places_that_have_no_name_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileProblem, match="could not be written"), built_folder(place, may_replace=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] in ([], ["a"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, OSError(28, "No space")])
def test_a_block_that_fails_leaves_the_old_folder_and_nothing_else(
    tmp_path: Path, error: type[BaseException] | OSError
) -> None:
    write(tmp_path / "out", b"old")
    with (
        pytest.raises(error if isinstance(error, type) else OSError),
        built_folder(tmp_path / "out", may_replace=True) as partial,
    ):
        write_private(partial / "report.html", b"new")
        raise error
    assert set(contents(tmp_path / "out").values()) == {b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_disk_that_fails_leaves_the_old_folder_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write(tmp_path / "out", b"old")
    rename = os.rename

    def full(*arguments: object) -> None:
        if step == "fsync" or str(arguments[0]).endswith(".partial"):
            raise OSError(28, "No space left on device")
        rename(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, step, full)
    monkeypatch.setattr(building, "_exchanged", lambda *_: False)
    with pytest.raises(FileProblem, match="the disk is full"):
        write(tmp_path / "out", b"new")
    assert set(contents(tmp_path / "out").values()) == {b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_replacement_that_was_cut_off_between_two_renames_is_repaired(tmp_path: Path) -> None:
    write(tmp_path / ".out.older", b"old")
    with pytest.raises(ZeroDivisionError), built_folder(tmp_path / "out", may_replace=True):
        assert set(contents(tmp_path / "out").values()) == {b"old"}
        raise ZeroDivisionError
    write(tmp_path / ".out.older", b"older still")
    write(tmp_path / "out", b"new")
    assert set(contents(tmp_path / "out").values()) == {b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# ---- killed, interrupted and watched at every point ----

CAMPAIGN = """
    import json, os, signal, sys
    from pathlib import Path
    from outcomes.files import building, built_folder, write_private

    folder, how, swap, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    if swap == "two":
        building._exchanged = lambda *_: False

    def write(content):
        with built_folder(folder, known_names=["a", "b", "c"], may_replace=True) as partial:
            for name in "abc":
                write_private(partial / name, content)

    def stop_at(point):
        passed = 0
        def trace(frame, event, argument):
            nonlocal passed
            if f"outcomes{os.sep}files" not in frame.f_code.co_filename:
                return None
            if event == "line" and (swap == "one" or frame.f_code.co_name == "_exchange_in_two_steps"):
                passed += 1
                if passed == point:
                    (folder.parent / "where").write_text(frame.f_code.co_name)
                    if how == "kill":
                        os.kill(os.getpid(), signal.SIGKILL)
                    raise KeyboardInterrupt
            return trace
        sys.settrace(trace)

    def in_child(content, point):
        child = os.fork()
        if not child:
            code = 3
            try:
                stop_at(point)
                write(content)
                code = 0
            except KeyboardInterrupt:
                code = 130
            finally:
                sys.settrace(None)
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def state():
        if not folder.is_dir():
            return "none"
        found = {path.name: path.read_text() for path in folder.iterdir()}
        whole = sorted(found) == ["a", "b", "c"] and len(set(found.values())) == 1
        return found["a"] if whole else "mixed"

    def left():
        return [path.name for path in folder.parent.iterdir() if path.name not in (folder.name, "where")]

    write(b"old")
    seen, point, code = [], 1, -1
    while code:
        code = in_child(b"new", point)
        stopped = {"code": code, "state": state(), "left": len(left())}
        stopped["where"] = (folder.parent / "where").read_text()
        again = in_child(b"old", 0)
        seen.append({**stopped, "again": again, "state_again": state(), "left_again": left()})
        point += step
    print(json.dumps(seen))
"""


def stopped_everywhere(folder: Path, how: str, swap: str = "one", step: int = 1) -> list[dict[str, object]]:
    """One entry per line of our code at which a run was stopped, and what the next run made of it.

    Swapping in two steps is followed through the lines of that function only.
    """
    command = [sys.executable, "-c", textwrap.dedent(CAMPAIGN), str(folder), how, swap, str(step)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: list[dict[str, object]] = json.loads(ran.stdout)
    assert len(seen) > (100 / step if swap == "one" else 3)
    assert [one["code"] for one in seen[-1:]] == [0]
    for one in seen:
        assert (one["again"], one["state_again"], one["left_again"]) == (0, "old", []), one
    return seen[:-1]


every_line = pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.long)])


@posix
@every_line
def test_killed_at_any_line_the_old_or_the_new_folder_stands(tmp_path: Path, step: int) -> None:
    seen = stopped_everywhere(tmp_path / "out", "kill", step=step)
    assert {one["code"] for one in seen} == {-signal.SIGKILL}
    states = [one["state"] for one in seen]
    if sys.platform in ("linux", "darwin"):
        # Old up to the swap and new from then on: never a mixture, never nothing.
        swap = states.index("new")
        assert states == ["old"] * swap + ["new"] * (len(states) - swap)
    assert any(one["left"] for one in seen), "the campaign killed nothing half-way"


@posix
def test_killed_between_two_renames_the_next_run_brings_the_old_folder_back(tmp_path: Path) -> None:
    states = [one["state"] for one in stopped_everywhere(tmp_path / "out", "kill", "two")]
    assert set(states) == {"old", "none", "new"}
    assert states.count("none") <= 2


@posix
@every_line
def test_interrupted_at_any_line_nothing_half_written_stays(tmp_path: Path, step: int) -> None:
    seen = stopped_everywhere(tmp_path / "out", "interrupt", step=step)
    assert {one["code"] for one in seen} == {130}
    assert {one["state"] for one in seen} == {"old", "new"}
    # A second interruption while the first one cleans up is the next run's to clear.
    assert {one["where"] for one in seen if one["left"]} <= {"remove", "built_folder", "write_private"}
    assert sum(bool(one["left"]) for one in seen) < len(seen) / 5


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="systems that swap in one step")
def test_a_reader_sees_the_old_or_the_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(folder, b"0")
    stop = threading.Event()

    def replace() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write(folder, str(number).encode())

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        end, looks, last = time.monotonic() + 1, 0, 0
        while time.monotonic() < end:
            assert folder.is_dir(), "a moment without the folder"
            try:
                content = (folder / "report.html").read_bytes()
            except FileNotFoundError:
                continue  # the old folder was found, and its file gone a moment later
            number = int(content)
            assert number >= last
            looks, last = looks + 1, number
    finally:
        stop.set()
        writer.join()
    assert looks > 100
    assert last > 3


@posix
@pytest.mark.long
def test_killed_at_any_moment_the_old_or_the_new_folder_stands(tmp_path: Path) -> None:
    """From outside, at times that no line of ours chooses."""
    folder = tmp_path / "out"
    code = """
        import sys
        from pathlib import Path
        from outcomes.files import built_folder, write_private
        number = 0
        while True:
            number += 1
            with built_folder(sys.argv[1], known_names="abc", may_replace=True) as partial:
                for name in "abc":
                    write_private(partial / name, f"{sys.argv[2]} {number}" * 20_000)
    """
    for round_number in range(200):
        command = [sys.executable, "-c", textwrap.dedent(code), str(folder), str(round_number)]
        run = subprocess.Popen(command)
        time.sleep(0.1 + round_number % 20 * 0.007)
        run.kill()
        run.wait()
        if round_number > 20:
            found = contents(folder)
            assert sorted(found) == ["a", "b", "c"]
            assert len(set(found.values())) == 1
    write(tmp_path / "other", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "out"]
