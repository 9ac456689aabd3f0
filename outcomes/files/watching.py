"""Files that are read: open elsewhere they are refused, and changed in between they are found out."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from outcomes.errors import FileProblem
from outcomes.files.writing import shown

#: Larger files are told by size, time and place alone: reading 10 GB twice more would take minutes.
HASHED_BYTES = 64 * 1024 * 1024
RETRIES = 3
PAUSE_SECONDS = 0.2

_Look: TypeAlias = tuple[int, int, int, int, str]


class Watched:
    """What some files and folders are like before they are read; `verify` says whether they are so still."""

    def __init__(self, paths: Iterable[str | Path], *, hashed_bytes: int = HASHED_BYTES):
        self._paths = tuple(Path(path) for path in paths)
        self._hashed_bytes = hashed_bytes
        self._before = self._looks()

    def verify(self) -> None:
        """Raises FileProblem, naming the files, where one was changed, replaced, added or removed."""
        after = self._looks()
        names = sorted(
            {path.name for path in {*self._before, *after} if self._before.get(path) != after.get(path)}
        )
        if names:
            listed = ", ".join(shown(Path(name)) for name in names[:3]) + (" …" if len(names) > 3 else "")
            raise FileProblem(
                f"{listed}: changed while it was being read. Run again when nobody is writing to it."
            )

    def _looks(self) -> dict[Path, _Look | None]:
        return {path: self._look(path) for path in self._all_paths()}

    def _all_paths(self) -> Iterator[Path]:
        for path in self._paths:
            yield path
            if path.is_dir():
                yield from sorted(path.rglob("*"))

    def _look(self, path: Path) -> _Look | None:
        try:
            status = path.stat()
            content = ""
            if stat.S_ISREG(status.st_mode) and status.st_size <= self._hashed_bytes:
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):
            return None
        if stat.S_ISDIR(status.st_mode):
            # Its time changes with every file in it; those that are asked for are looked at themselves.
            return (0, 0, status.st_ino, status.st_dev, "folder")
        return (status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev, content)


@contextlib.contextmanager
def unchanged(paths: Iterable[str | Path], *, hashed_bytes: int = HASHED_BYTES) -> Iterator[Watched]:
    """Raises FileProblem at the end of the block if one of the files has changed since its beginning.

    Where the block itself fails on a file that has changed, that is the problem that is told.
    """
    watched = Watched(paths, hashed_bytes=hashed_bytes)
    failure: Exception | None = None
    try:
        yield watched
    except Exception as error:
        failure = error
    watched.verify()
    if failure is not None:
        raise failure


@contextlib.contextmanager
def opened_for_reading(path: str | Path) -> Iterator[BinaryIO]:
    """The file, open for reading bytes. Raises FileProblem where another program keeps it open.

    Excel and LibreOffice lay a file beside a workbook while it is open; Windows refuses to open it. Either
    is tried again for less than a second.
    """
    path = Path(path)
    file = _opened(path)
    try:
        yield file
    finally:
        file.close()


def _opened(path: Path) -> BinaryIO:
    name = shown(Path(path.name))
    for attempt in range(RETRIES + 1):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        owner = _owner_file(path)
        if owner is not None:
            problem = "it is open in another program. Close it in Excel, or wherever it is open. "
            problem += f"If it is not open, delete {shown(Path(owner.name))}."
            continue
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise FileProblem(f"{name}: is not a file.")
            return path.open("rb")
        except FileNotFoundError:
            problem = "it is not there."
            break
        except PermissionError:
            problem = "close it in Excel or whatever program has it open, or ask for access."
        except (OSError, ValueError) as error:
            problem = f"{type(error).__name__}."
            break
    raise FileProblem(f"{name}: cannot be read: {problem}")


def _owner_file(path: Path) -> Path | None:
    for name in (f"~${path.name}", f".~lock.{path.name}#"):
        beside = path.parent / name
        if os.path.lexists(beside):
            return beside
    return None
