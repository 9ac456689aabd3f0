"""A folder that is built out of sight and then takes its place in one step: old or new, never a mixture."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from outcomes.errors import FileProblem
from outcomes.files.locking import LOCK_NAME
from outcomes.files.runs import partial_beside, remove, remove_leftovers
from outcomes.files.writing import (
    FILE_MODE,
    FOLDER_MODE,
    private_folder,
    refuse_no_folder,
    settle,
    shown,
    told_in_words,
)


@contextlib.contextmanager
def built_folder(
    destination: str | Path, *, known_names: Collection[str] | None = None, may_replace: bool = False
) -> Iterator[Path]:
    """Gives an empty folder beside `destination` to write to; it takes its place when the block ends well.

    A folder that is there and not empty is refused, or with `may_replace` swapped for the new one, provided
    that it holds nothing but files named in `known_names` or written anew (`name/` allows a folder, `name/file`
    only that file in it; None asks for the new names only). Folders become 0700 and files 0600. When the block
    fails or is interrupted, or the process is killed, `destination` is as it was; the next run removes what a
    killed one left.

    Linux and macOS swap in one step. Elsewhere there is a moment between two renames; a process killed just
    then leaves the old folder under `.NAME.older`, and the next run brings it back.
    """
    destination = Path(destination)
    with told_in_words(destination):
        # `x/..` and the like have no name of their own to build beside.
        if not destination.name or destination.name == "..":
            raise FileProblem(f"{shown(destination)}: could not be written: it has no name of its own.")
        parent = private_folder(destination.parent)
        _bring_back(destination)
        remove_leftovers(parent)
        if not destination.is_symlink():
            remove_leftovers(destination)
        _refuse_foreign(destination, known_names, may_replace)
        partial = partial_beside(destination)
    try:
        with told_in_words(destination):
            partial.mkdir(mode=FOLDER_MODE)
            partial.chmod(FOLDER_MODE)
        yield partial
        with told_in_words(destination):
            new = _made_private(partial)
            _refuse_foreign(destination, {*(known_names or ()), *new}, may_replace)
            _put_in_place(partial, destination)
            settle(parent)
    finally:
        remove(partial)


def _refuse_foreign(destination: Path, allowed: Collection[str] | None, may_replace: bool) -> None:
    refuse_no_folder(destination)
    if not destination.is_dir():
        return
    with os.scandir(destination) as listed:
        # A lock is this run's own: another run's would have stopped it.
        entries = [entry for entry in listed if entry.name != LOCK_NAME]
    if entries and not may_replace:
        raise FileProblem(f"{shown(destination)}: is there already and not empty. Choose another place.")
    if allowed is not None and _is_foreign(destination, allowed):
        raise FileProblem(
            f"{shown(destination)}: holds files that this command does not write. Move them, or choose "
            "another place."
        )


def _is_foreign(folder: Path, allowed: Collection[str]) -> bool:
    """Whether a folder holds anything but these names; `name/` allows a folder whole, `name/file` that file in it."""
    with os.scandir(folder) as listed:
        entries = [entry for entry in listed if entry.name != LOCK_NAME]
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        name = f"{entry.name}/" if is_folder else entry.name
        inside = {
            one.removeprefix(name) for one in allowed if is_folder and one.startswith(name) and one != name
        }
        if entry.is_symlink() or (not inside and name not in allowed):
            return True
        if inside and _is_foreign(folder / entry.name, inside):
            return True
    return False


def _made_private(partial: Path) -> set[str]:
    """Permissions of all that was built, brought to the disk; gives the names at its top, folders as `name/`."""
    for place, folders, files in os.walk(partial, topdown=False):
        for name in (*folders, *files):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                path.chmod(FOLDER_MODE)
            elif stat.S_ISREG(mode):
                path.chmod(FILE_MODE)
                _to_disk(path)
            else:
                raise FileProblem("A folder that is built here holds files and folders only.")
        settle(Path(place))
    return {f"{path.name}/" if path.is_dir() else path.name for path in partial.iterdir()}


def _to_disk(path: Path) -> None:
    # Open for writing: Windows brings nothing to the disk through a handle that only reads.
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(partial: Path, destination: Path) -> None:
    if not destination.is_dir():
        os.rename(partial, destination)
    elif not _exchanged(partial, destination):
        _exchange_in_two_steps(partial, destination)


def _exchanged(partial: Path, destination: Path) -> bool:
    """Swaps the two names in one step. False where the system or the disk cannot; nothing has changed then."""
    if os.name != "posix":
        return False
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    ours, theirs = os.fsencode(partial.absolute()), os.fsencode(destination.absolute())
    swap = 2  # RENAME_EXCHANGE, and RENAME_SWAP on macOS
    try:
        if sys.platform == "darwin":
            return bool(library.renamex_np(ours, theirs, swap) == 0)
        from_here = -100  # AT_FDCWD
        return bool(library.renameat2(from_here, ours, from_here, theirs, swap) == 0)
    except AttributeError:
        return False


def _exchange_in_two_steps(partial: Path, destination: Path) -> None:
    aside = _aside(destination)
    os.rename(destination, aside)
    try:
        os.rename(partial, destination)
    except BaseException:
        if not destination.exists():
            os.rename(aside, destination)
        raise
    remove(aside)


def _bring_back(destination: Path) -> None:
    """The older folder whose replacement was cut off between two renames."""
    aside = _aside(destination)
    if aside.is_symlink() or not aside.is_dir():
        return
    if os.path.lexists(destination):
        remove(aside)
    else:
        os.rename(aside, destination)


def _aside(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.older")
