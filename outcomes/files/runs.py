"""Who is writing: this run's name, whether another's process still lives, and what dead runs left behind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

#: Tells this process from an older one that had the same number, as happens in containers.
RUN = secrets.token_hex(4)
#: No run takes as long; what another machine left in a shared folder is removed after it.
_STALE_SECONDS = 24 * 3600
_PARTIAL = re.compile(
    r"\.run-(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]{1,10})-(?P<run>[0-9a-f]{8})-[0-9a-f]{8}\.partial"
)
_SCRATCH = re.compile(r"outcomes-(?P<host>[0-9a-f]{4})(?P<run>[0-9a-f]{8})-(?P<pid>[0-9]{1,10})-[0-9a-f]{4}")


def host_name() -> str:
    """This machine's name, without anything that a terminal would act on."""
    return re.sub(r"[^A-Za-z0-9._-]", "", platform.node())[:64] or "this-machine"


def partial_beside(target: Path) -> Path:
    """A new name beside `target` for what is not whole yet; it tells whose it is from the moment it exists."""
    return target.with_name(f".run-{_host_mark()}-{os.getpid()}-{RUN}-{secrets.token_hex(4)}.partial")


def scratch_folder() -> Path:
    """A new private folder among the system's temporary ones; whoever asks for it calls `remove` on it.

    Its name tells whose it is: what a killed run left there, which may be records, is removed first.
    """
    place = Path(tempfile.gettempdir())
    _remove_stale(place, _SCRATCH)
    while True:
        # Short, since the addresses of sockets in it may have 104 signs on some systems.
        folder = place / f"outcomes-{_host_mark()[:4]}{RUN}-{os.getpid()}-{secrets.token_hex(2)}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return folder


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A `scratch_folder` for the length of a block."""
    folder = scratch_folder()
    try:
        yield folder
    finally:
        remove(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what runs that are dead left half-written in `folder`. Nothing else, and never through a link."""
    _remove_stale(folder, _PARTIAL)


def _remove_stale(folder: Path, names: re.Pattern[str]) -> None:
    with contextlib.suppress(OSError):
        with os.scandir(folder) as entries:
            stale = [Path(entry.path) for entry in entries if _is_stale(entry, names)]
        for path in stale:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder; whatever cannot be removed stays for the next run."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def is_over(pid: int, host: str, run: str) -> bool:
    """Whether the run of this process on this machine has ended for certain."""
    if host != host_name():
        return False
    return run != RUN if pid == os.getpid() else not _lives(pid)


def _host_mark() -> str:
    return hashlib.sha256(host_name().encode()).hexdigest()[:8]


def _is_stale(entry: os.DirEntry[str], names: re.Pattern[str]) -> bool:
    owner = names.fullmatch(entry.name)
    if owner is None or (owner["run"] == RUN and int(owner["pid"]) == os.getpid()):
        return False
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False  # its run has just removed it
    plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    if not plain or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
        return False
    if _host_mark().startswith(owner["host"]) and is_over(int(owner["pid"]), host_name(), owner["run"]):
        return True
    return time.time() - status.st_mtime > _STALE_SECONDS


def _lives(pid: int) -> bool:
    if sys.platform == "win32":
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is there, and somebody else's
    return True


def _lives_on_windows(pid: int) -> bool:
    # os.kill would end the process there instead of asking after it.
    import ctypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    may_ask, denied, running = 0x1000, 5, 259
    handle = kernel.OpenProcess(may_ask, False, pid)
    if not handle:
        return bool(ctypes.get_last_error() == denied)  # type: ignore[attr-defined]
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == running
