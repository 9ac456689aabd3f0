"""Two runs at once: the second stops and says who holds the folder; the dead hold nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from outcomes.errors import FileProblem
from outcomes.files import run_lock
from outcomes.files.locking import LOCK_NAME
from outcomes.files.runs import RUN, host_name

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
HOLD = """
    import sys, time
    from outcomes.files import run_lock
    with run_lock(sys.argv[1], "report"):
        print("held", flush=True)
        time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(HOLD), str(folder)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert run.stdout is not None
    assert run.stdout.readline() == "held\n"
    return run


def end(run: subprocess.Popen[str]) -> None:
    run.kill()
    run.communicate()


def lock_of(folder: Path, **changed: object) -> Path:
    """A lock as this process would write it, with some of it changed."""
    folder.mkdir(exist_ok=True)
    told = {"pid": os.getpid(), "host": host_name(), "run": RUN, "what": "report", **changed}
    (folder / LOCK_NAME).write_text(json.dumps(told))
    return folder / LOCK_NAME


def test_the_second_run_stops_and_names_the_first(tmp_path: Path) -> None:
    first = holder(tmp_path / "out")
    try:
        with (
            pytest.raises(FileProblem, match=rf"process {first.pid} on {host_name()}") as caught,
            run_lock(tmp_path / "out", "report"),
        ):
            pytest.fail("two runs at once")
        assert caught.value.exit_code == 7
        assert LOCK_NAME in str(caught.value)
        assert (tmp_path / "out" / LOCK_NAME).exists(), "the first run's lock is its own"
    finally:
        end(first)


def test_a_run_stops_a_second_one_in_the_same_process(tmp_path: Path) -> None:
    with (
        run_lock(tmp_path, "report"),
        pytest.raises(FileProblem, match="another run"),
        run_lock(tmp_path, "check"),
    ):
        pytest.fail("two runs at once")
    assert not list(tmp_path.iterdir())


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    end(holder(tmp_path))
    assert (tmp_path / LOCK_NAME).exists()
    with run_lock(tmp_path, "report"):
        assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_our_own_number_from_an_earlier_life_holds_nothing(tmp_path: Path) -> None:
    """In a container every run may have the same number."""
    lock_of(tmp_path, run="00000000")
    with run_lock(tmp_path, "report"):
        pass


def test_another_machine_is_believed(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, pid=1, host="clinic-2")
    with pytest.raises(FileProblem, match="process 1 on clinic-2"), run_lock(tmp_path, "report"):
        pass
    assert lock.exists()


@posix
def test_somebody_elses_process_is_believed(tmp_path: Path) -> None:
    lock_of(tmp_path, pid=1)
    with pytest.raises(FileProblem, match="process 1 on"), run_lock(tmp_path, "report"):
        pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_it_is_released_however_the_run_ends_and_leaves_no_empty_folder(
    tmp_path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), run_lock(tmp_path / "a" / "out", "report"):
        raise error
    assert not list(tmp_path.iterdir())
    with run_lock(tmp_path / "a" / "out", "report") as folder:
        (folder / "kept").touch()
    assert [path.name for path in (tmp_path / "a" / "out").iterdir()] == ["kept"]


@pytest.mark.parametrize(
    "content",
    [
        "not a lock",
        "[1]",
        '{"pid": 1}',
        '{"pid": -1, "host": "x", "run": "x"}',
        '{"pid": true, "host": "x", "run": "x"}',
        '{"pid": 99999999999999999999, "host": "x", "run": "x"}',
        "[" * 1900,
    ],
)
def test_a_lock_that_says_nothing_is_somebodys_all_the_same(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK_NAME).write_text(content)
    with pytest.raises(FileProblem, match="Delete this file"), run_lock(tmp_path, "report"):
        pass
    assert (tmp_path / LOCK_NAME).read_text() == content


def test_a_lock_cut_off_before_it_was_written_holds_for_seconds_only(tmp_path: Path) -> None:
    lock = tmp_path / LOCK_NAME
    lock.touch()
    with pytest.raises(FileProblem), run_lock(tmp_path, "report"):
        pass
    os.utime(lock, (time.time() - 60, time.time() - 60))
    guard = tmp_path / f"{LOCK_NAME}.taking"
    guard.touch()
    os.utime(guard, (time.time() - 60, time.time() - 60))
    with run_lock(tmp_path, "report"):
        pass
    assert not list(tmp_path.iterdir())


def test_the_words_of_a_lock_do_not_reach_the_terminal(tmp_path: Path) -> None:
    lock_of(tmp_path, host="\x1b[2Jx\nP-0815")
    with pytest.raises(FileProblem) as caught, run_lock(tmp_path, "report"):
        pass
    assert str(caught.value).isprintable()


@posix
def test_a_link_in_the_locks_place_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    for content in (None, "", "mine"):
        if content is not None:
            victim.write_text(content)
        (tmp_path / LOCK_NAME).unlink(missing_ok=True)
        (tmp_path / LOCK_NAME).symlink_to(victim)
        with pytest.raises(FileProblem), run_lock(tmp_path, "report"):
            pass
        assert (victim.read_text() if victim.exists() else None) == content
    (tmp_path / LOCK_NAME).unlink()
    os.mkfifo(tmp_path / LOCK_NAME)
    with pytest.raises(FileProblem), run_lock(tmp_path, "report"):
        pass


RACE = """
    import os, sys, time
    from pathlib import Path
    from outcomes.errors import FileProblem
    from outcomes.files import run_lock
    folder = Path(sys.argv[1])
    while not (folder / "go").exists():
        time.sleep(0.001)
    held = 0
    for _ in range(60):
        try:
            with run_lock(folder, "report"):
                os.close(os.open(folder / "inside", os.O_CREAT | os.O_EXCL))
                os.unlink(folder / "inside")
                held += 1
                if held % 2:  # as a killed run leaves it
                    (folder / ".outcomes.lock").write_text(sys.argv[2])
        except FileProblem:
            pass
    print(held)
"""


def test_of_many_runs_at_once_one_is_inside(tmp_path: Path) -> None:
    """Each makes a file that may not be there yet: two inside at once would be an error."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = lock_of(tmp_path, pid=ended.pid).read_text()
    command = [sys.executable, "-c", textwrap.dedent(RACE), str(tmp_path), dead]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    (tmp_path / "go").touch()
    answers = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    assert [(error, code) for _, error, code in answers] == [("", 0)] * 4
    assert sum(int(held) for held, _, _ in answers) > 4
    assert {path.name for path in tmp_path.iterdir()} <= {"go", LOCK_NAME}
