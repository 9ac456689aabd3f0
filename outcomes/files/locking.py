"""One run at a time in a folder: a lock file that names its process, without which nobody could tell it is dead."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from outcomes.errors import FileProblem
from outcomes.files.runs import RUN, host_name, is_over
from outcomes.files.writing import FILE_MODE, missing_folders, private_folder, shown, told_in_words

LOCK_NAME = ".outcomes.lock"
#: A lock is written at once after it is made; one that stays empty so long was cut off.
_CUT_OFF_SECONDS = 10
_TAKING_SECONDS, _PAUSE_SECONDS = 1.0, 0.02
_LONGEST = 2000


@contextlib.contextmanager
def run_lock(folder: str | Path, what: str) -> Iterator[Path]:
    """Nobody else runs in `folder` while the block does; gives the folder, made where it was not there.

    `what` says which command this is. A second run is stopped with FileProblem, which names the process and
    the machine of the first. A process of this machine that has ended holds nothing. Folders that were made
    here and stayed empty are gone afterwards.
    """
    folder = Path(folder)
    with told_in_words(folder):
        made = missing_folders(folder)
    try:
        private_folder(folder)
        lock = folder / LOCK_NAME
        content = json.dumps(
            {"pid": os.getpid(), "host": host_name(), "run": RUN, "what": what, "id": secrets.token_hex(8)}
        )
        try:
            with told_in_words(folder):
                _take(lock, content)
            yield folder
        finally:
            _give_back(lock, content)
    finally:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()


def _take(lock: Path, content: str) -> None:
    end = time.monotonic() + _TAKING_SECONDS
    while time.monotonic() < end:
        if _made(lock, content):
            return
        _remove_if_dead(lock)
    raise FileProblem(f"{shown(lock.parent)}: several runs begin here at once. Run again.")


def _made(path: Path, content: str) -> bool:
    """Make a file that is not there yet; False where it is."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags, FILE_MODE)
    except FileExistsError:
        return False
    with open(handle, "w", encoding="utf-8") as file:
        file.write(content)
    return True


def _give_back(lock: Path, content: str) -> None:
    """Remove the lock if it is ours still; interrupted at any moment, it may not be."""
    with contextlib.suppress(OSError):
        if _read(lock) == content:
            lock.unlink()


def _read(lock: Path) -> str:
    handle = os.open(lock, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(handle, encoding="utf-8", errors="replace") as file:
        return file.read(_LONGEST)


def _remove_if_dead(lock: Path) -> None:
    """Removes a lock whose run has ended; raises FileProblem where it lives or nobody can tell."""
    try:
        seen, age = _read(lock), time.time() - lock.lstat().st_mtime
    except FileNotFoundError:
        return
    if not seen and age <= _CUT_OFF_SECONDS:
        time.sleep(_PAUSE_SECONDS)
        return
    owner = _owner(seen)
    if owner is None and seen:
        raise FileProblem(
            f"{shown(lock)}: another run may be writing here, and the lock does not say which. Delete this "
            "file if there is none."
        )
    if owner is not None and not is_over(*owner):
        raise FileProblem(
            f"{shown(lock.parent)}: another run (process {owner[0]} on {owner[1]}) is writing here. Wait until "
            f"it has ended. If there is no such process, delete {LOCK_NAME} in this folder."
        )
    _remove(lock, seen)


def _remove(lock: Path, seen: str) -> None:
    """One run at a time removes a dead lock: of two, the slower would remove the lock of the faster."""
    guard = lock.with_name(f"{LOCK_NAME}.taking")
    if not _made(guard, ""):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - guard.lstat().st_mtime > _CUT_OFF_SECONDS:
                guard.unlink()
        time.sleep(_PAUSE_SECONDS)
        return
    try:
        with contextlib.suppress(FileNotFoundError):
            if _read(lock) == seen:
                lock.unlink()
    finally:
        guard.unlink(missing_ok=True)


def _owner(content: str) -> tuple[int, str, str] | None:
    try:
        told = json.loads(content)
        pid, host, run = told["pid"], told["host"], told["run"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if type(pid) is not int or not 0 < pid < 2**31 or type(host) is not str or type(run) is not str:
        return None
    clean = "".join(sign for sign in host if sign.isascii() and (sign.isalnum() or sign in "._-"))
    return pid, clean[:64], run
