"""One file written whole and for its owner only, folders for their owner only, and room on the disk."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from outcomes.errors import FileProblem
from outcomes.files.runs import partial_beside, remove, remove_leftovers

FILE_MODE, FOLDER_MODE = 0o600, 0o700
#: What is being built, what it replaces, and air: the disk must hold so many times the estimate.
ROOM = 3

_WORDS = {
    errno.ENOSPC: "the disk is full; make room and run again",
    getattr(errno, "EDQUOT", errno.ENOSPC): "your share of the disk is full; make room and run again",
    errno.EFBIG: "the file is larger than this system allows",
    errno.EROFS: "the disk can only be read; choose another place",
    errno.EACCES: "no permission; close it in the program that has it open, or choose another place",
    errno.EPERM: "no permission; close it in the program that has it open, or choose another place",
    errno.EBUSY: "it is in use; close it in the program that has it open",
    errno.ENOENT: "its folder is not there",
    errno.ENOTDIR: "a folder on the way to it is a file",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "links on the way to it lead in a circle",
}


@contextlib.contextmanager
def told_in_words(path: Path, what: str = "could not be written") -> Iterator[None]:
    """Turns what the system says into a FileProblem, which carries nothing else along."""
    if "\0" in str(path):
        raise FileProblem(f"{shown(path)}: {what}: a name cannot hold such a character.")
    problem = ""
    try:
        yield
    except OSError as error:
        problem = _WORDS.get(error.errno or 0) or error.strerror or type(error).__name__
    except UnicodeEncodeError:
        problem = "its name or its text holds a character that no file can hold"
    if problem:
        raise FileProblem(f"{shown(path)}: {what}: {problem}.") from None


def shown(path: Path) -> str:
    """A path for a message: nothing in it that a terminal would act on."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(path))


def write_private(path: str | Path, data: bytes | str, *, may_replace: bool = True) -> None:
    """Write one file that only its owner may read (0600), whole or not at all; text as UTF-8, unchanged.

    An older file of that name is replaced in one step, or refused where it may not be. A link, a folder or
    a device is refused. Raises FileProblem; the older file is then as it was and nothing half-written is left.
    """
    with told_in_words(Path(path)):
        content = data.encode("utf-8") if isinstance(data, str) else data
    with private_file(path, may_replace=may_replace) as file:
        file.write(content)


@contextlib.contextmanager
def private_file(
    path: str | Path, *, encoding: str | None = None, may_replace: bool = True
) -> Iterator[IO[Any]]:
    """What `write_private` does, for a file that is written as it comes: open for bytes, or for text where
    `encoding` is given. It takes its name when the block ends well.
    """
    path = Path(path)
    with told_in_words(path):
        _refuse_special(path)
        remove_leftovers(path.parent)
        partial = partial_beside(path)
        try:
            newline = None if encoding is None else ""
            with open(
                _made(partial), "wb" if encoding is None else "w", encoding=encoding, newline=newline
            ) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _put_in_place(partial, path, may_replace)
        except BaseException:
            remove(partial)
            raise
        settle(path.parent)


def _made(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, FILE_MODE)


def _put_in_place(partial: Path, path: Path, may_replace: bool) -> None:
    """One step, also where nothing may have that name yet: of two runs that make it at once one succeeds."""
    if may_replace:
        os.replace(partial, path)
        return
    try:
        if os.name == "posix":
            os.link(partial, path)
            remove(partial)
        else:
            os.rename(partial, path)
    except OSError:
        if os.path.lexists(path):
            raise FileProblem(f"{shown(path)}: is there already. Choose another place.") from None
        # A disk without second names for a file, such as a stick: then in two steps.
        os.rename(partial, path)


def _refuse_special(path: Path) -> None:
    """The file is replaced, not written into: a link or a device would be gone, and what it leads to stale."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise FileProblem(f"{shown(path)}: is a link. Choose another place, or name the file itself.")
    if not stat.S_ISREG(mode):
        raise FileProblem(f"{shown(path)}: is not a file. Choose another place.")


def private_folder(path: str | Path) -> Path:
    """The folder, made where it is not there, with those above it; whatever is made is the owner's only (0700).

    A folder that is there keeps its permissions. Raises FileProblem for a link or a file in its place.
    """
    path = Path(path)
    with told_in_words(path):
        for folder in missing_folders(path):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=FOLDER_MODE)
                # mkdir takes away what the user's umask says; the owner needs all three.
                folder.chmod(FOLDER_MODE)
        refuse_no_folder(path)
    return path


def missing_folders(path: Path) -> list[Path]:
    """The folders on the way to `path` that are not there, the highest first; a broken link counts as there."""
    missing = []
    for folder in (path, *path.parents):
        if os.path.lexists(folder):
            break
        missing.append(folder)
    return missing[::-1]


def refuse_no_folder(path: Path) -> None:
    """Raises FileProblem where `path` is there and not a folder of its own."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        raise FileProblem(
            f"{shown(path)}: could not be written: it is not a folder of its own (a link or a file). "
            "Choose another place."
        )


def settle(folder: Path) -> None:
    """Brings a folder's new names to the disk, where the system lets one ask for that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some network drives refuse; the names are in place all the same.
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def room_for(folder: str | Path, size: int) -> None:
    """Raises FileProblem unless the disk under `folder` has room for three times `size` bytes."""
    folder = Path(folder)
    with told_in_words(folder):
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(there).free
    if free < ROOM * size:
        raise FileProblem(
            f"{shown(folder)}: could not be written: the disk has room for {free / 1e6:,.0f} MB, and up to "
            f"{ROOM * size / 1e6:,.0f} MB are needed. Make room or choose another place."
        )


#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def without_formula(text: str) -> str:
    """A text for a cell that a spreadsheet may open, marked as a text where it would be worked out."""
    return f"'{text}" if text.startswith(_FORMULA) else text
