"""One file: for its owner only, whole or not at all, never through a link; and folders and room for it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcomes.errors import FileProblem
from outcomes.files import (
    built_folder,
    private_file,
    private_folder,
    remove,
    room_for,
    run_lock,
    scratch,
    scratch_folder,
    write_private,
)
from outcomes.files.runs import partial_beside

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and limits of POSIX systems")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("data", [b"\x00\xff", "é\n−\r\n", "", b""])
def test_what_is_written_is_what_was_given(tmp_path: Path, data: bytes | str) -> None:
    target = tmp_path / "x.csv"
    target.write_bytes(b"older and longer than the new one")
    write_private(target, data)
    assert target.read_bytes() == (data.encode() if isinstance(data, str) else data)
    assert names(tmp_path) == ["x.csv"]


def test_what_is_written_as_it_comes_takes_its_name_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    target.write_bytes(b"old")
    with private_file(target, encoding="utf-8-sig") as file:
        file.write("é\n")
        assert target.read_bytes() == b"old"
        (partial,) = (path for path in tmp_path.iterdir() if path != target)
        assert os.name != "posix" or mode(partial) == 0o600
        file.write("−\r\n")
    assert target.read_bytes() == "\ufeffé\n−\r\n".encode()
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), private_file(target) as file:
            file.write(b"half")
            raise error
    with pytest.raises(FileProblem), private_file(target, encoding="ascii") as file:
        file.write("é")
    assert target.read_bytes() == "\ufeffé\n−\r\n".encode()
    assert names(tmp_path) == ["x.csv"]


@posix
def test_only_the_owner_may_read_it_whatever_stood_there_and_whatever_the_umask(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    target.write_bytes(b"old")
    target.chmod(0o644)
    before = os.umask(0)
    try:
        write_private(target, b"new")
    finally:
        os.umask(before)
    assert mode(target) == 0o600


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_may_not_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """A key is made once; disks of sticks have no second names for a file."""
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no")))
    write_private(tmp_path / "key", b"first", may_replace=False)
    with pytest.raises(FileProblem, match="there already"):
        write_private(tmp_path / "key", b"second", may_replace=False)
    assert (tmp_path / "key").read_bytes() == b"first"
    assert os.name != "posix" or mode(tmp_path / "key") == 0o600
    assert names(tmp_path) == ["key"]


def linked(link: Path, to: Path) -> None:
    try:
        link.symlink_to(to)
    except OSError:
        pytest.skip("links need a right on this system")


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_not_written_through(tmp_path: Path, there: bool) -> None:
    """The attack: a link under the report's name that leads to a file of the user's."""
    victim = tmp_path / "victim.txt"
    if there:
        victim.write_bytes(b"mine")
    linked(tmp_path / "x.csv", victim)
    with pytest.raises(FileProblem, match="link"):
        write_private(tmp_path / "x.csv", b"new")
    assert victim.read_bytes() == b"mine" if there else not victim.exists()
    assert (tmp_path / "x.csv").is_symlink()


def test_a_link_that_appears_at_the_last_moment_is_replaced_and_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_bytes(b"mine")
    replace = os.replace

    def swap_first(source: Path, target: Path) -> None:
        linked(target, victim)
        replace(source, target)

    monkeypatch.setattr(os, "replace", swap_first)
    write_private(tmp_path / "x.csv", b"new")
    assert victim.read_bytes() == b"mine"
    assert not (tmp_path / "x.csv").is_symlink()
    assert (tmp_path / "x.csv").read_bytes() == b"new"


@posix
def test_a_folder_a_pipe_and_a_device_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/null")):
        with pytest.raises(FileProblem, match="is not a file"):
            write_private(target, b"new")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("name", ["nul\0x", "x" * 300, "gone/x.csv"])
def test_places_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblem, match="could not be written"):
        write_private(tmp_path / name, b"new")
    assert not names(tmp_path)


@posix
def test_a_place_that_may_not_be_written(powerless: Path) -> None:
    write_private(powerless / "x.csv", b"old")
    powerless.chmod(0o500)
    try:
        with pytest.raises(FileProblem, match="close it in the program that has it open"):
            write_private(powerless / "x.csv", b"new")
        with pytest.raises(FileProblem, match="no permission"):
            private_folder(powerless / "out")
        with pytest.raises(FileProblem, match="no permission"), built_folder(powerless / "out"):
            pytest.fail("no permission")
        with pytest.raises(FileProblem, match="no permission"), run_lock(powerless, "report"):
            pytest.fail("no permission")
    finally:
        powerless.chmod(0o700)
    assert (powerless / "x.csv").read_bytes() == b"old"
    assert names(powerless) == ["x.csv"]


def test_text_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(FileProblem) as caught:
        write_private(tmp_path / "x.csv", "seven \ud800 point three seven")
    assert "seven" not in str(caught.value)
    assert not names(tmp_path)


def test_a_message_holds_nothing_that_a_terminal_acts_on(tmp_path: Path) -> None:
    with pytest.raises(FileProblem) as caught:
        write_private(tmp_path / "gone" / "\x1b[2Jx", b"new")
    assert str(caught.value).isprintable()


# ---- a disk that is full, for real ----


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no right to make a small disk here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    target = small_disk / "x.csv"
    write_private(target, b"old" * 5000)
    with pytest.raises(FileProblem, match="the disk is full") as caught:
        write_private(target, b"new" * 50_000)
    assert caught.value.exit_code == 7
    assert target.read_bytes() == b"old" * 5000
    assert names(small_disk) == ["x.csv"]
    with pytest.raises(FileProblem, match="room for 0 MB"):
        room_for(small_disk / "not" / "yet", 40_000)
    room_for(small_disk, 1000)


@posix
def test_a_limit_on_files_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """In a process of its own: the limit would hold for the tests as well."""
    code = f"""
        import resource
        from outcomes.errors import FileProblem
        from outcomes.files import write_private
        write_private({str(tmp_path / "x.csv")!r}, b"old")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_private({str(tmp_path / "x.csv")!r}, b"new" * 1000)
        except FileProblem as error:
            print(error.exit_code, error)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("7 ")
    assert "larger than this system allows" in ran.stdout
    assert (tmp_path / "x.csv").read_bytes() == b"old"
    assert names(tmp_path) == ["x.csv"]


def test_a_disk_too_small_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="disk has room for"):
        room_for(tmp_path / "out", 10**18)
    assert not names(tmp_path)


# ---- folders ----


@posix
def test_folders_that_are_made_are_the_owners_and_others_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    (tmp_path / "there").chmod(0o755)
    before = os.umask(0)
    try:
        private_folder(tmp_path / "there" / "a" / "b")
    finally:
        os.umask(before)
    assert mode(tmp_path / "there") == 0o755
    assert mode(tmp_path / "there" / "a") == mode(tmp_path / "there" / "a" / "b") == 0o700
    assert private_folder(tmp_path / "there") == tmp_path / "there"
    assert mode(tmp_path / "there") == 0o755


def test_a_link_or_a_file_in_a_folders_place(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "file").write_bytes(b"mine")
    for place in ("file", "file/below"):
        with pytest.raises(FileProblem, match="could not be written"):
            private_folder(tmp_path / place)
    linked(tmp_path / "link", tmp_path / "real")
    linked(tmp_path / "broken", tmp_path / "gone")
    for place in ("link", "broken", "broken/below"):
        with pytest.raises(FileProblem, match="could not be written"):
            private_folder(tmp_path / place)
    assert not (tmp_path / "gone").exists()


# ---- what dead runs left ----


def test_the_next_run_removes_what_dead_runs_left_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = partial_beside(tmp_path / "x").name
    dead = own.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    earlier = own.replace(own.split("-")[3], "0" * 8)  # another run that had our number, as in a container
    living = own.replace(f"-{os.getpid()}-", f"-{os.getppid()}-")
    elsewhere = own.replace(own.split("-")[1], "f" * 8)
    forgotten = elsewhere.replace(own.split("-")[3], "0" * 8)
    (tmp_path / dead).mkdir()
    (tmp_path / dead / "half.csv").write_bytes(b"half")
    for name in (earlier, own, living, elsewhere, forgotten):
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / forgotten, (0, 0))
    others = [".run-notes.partial", "run.partial", f"{dead}.txt"]
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    write_private(tmp_path / "x", b"new")
    assert names(tmp_path) == sorted([own, living, elsewhere, *others, "x"])


def test_leftovers_that_are_links_are_left_alone(tmp_path: Path) -> None:
    """The attack: a link that looks like a dead run's, and leads to something of the user's."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_bytes(b"mine")
    name = partial_beside(tmp_path / "x").name.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    linked(tmp_path / name, tmp_path / "precious")
    write_private(tmp_path / "x", b"new")
    assert (tmp_path / "precious" / "thesis.txt").read_bytes() == b"mine"


def test_scratch_of_a_killed_run_goes_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies there may be records."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "import os\nfrom outcomes.files import scratch_folder\n"
    code += "(scratch_folder() / 'spilled').write_bytes(b'7.37')\nos._exit(9)"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    (left,) = tmp_path.iterdir()
    assert len(left.name) <= 35, "sockets lie in it"
    (tmp_path / "outcomes-notes").mkdir()
    first, second = scratch_folder(), scratch_folder()
    assert names(tmp_path) == sorted([first.name, second.name, "outcomes-notes"])
    assert os.name != "posix" or mode(first) == 0o700
    remove(first)
    assert not first.exists()
    with pytest.raises(KeyboardInterrupt), scratch() as folder:
        (folder / "spilled").write_bytes(b"7.37")
        raise KeyboardInterrupt
    assert names(tmp_path) == sorted([second.name, "outcomes-notes"])
