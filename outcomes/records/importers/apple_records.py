"""The records of an Apple Health export as a stream: a file of any size, in memory that does not grow with it."""

from __future__ import annotations

import contextlib
import re
import xml.sax
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from outcomes.errors import FileProblem, InvalidRecords

_CHUNK = 1 << 18
_LONGEST_DTD = 1 << 20
_MOST_MEMBERS = 200_000
#: What comes out of the archive, against what is in it and in all: text of records packs 20 to 40 times.
_MOST_RATIO = 150
_MOST_BYTES = 50_000_000_000
#: Signs that XML does not allow. Apps have written them into exports, which no parser would read then.
_FORBIDDEN = bytes(sign for sign in range(32) if sign not in (9, 10, 13))
_AS_SPACES = bytes.maketrans(_FORBIDDEN, b" " * len(_FORBIDDEN))

_DTD_END = re.compile(rb"\][ \t\r\n]{0,99}>")

Attributes = Mapping[str, str]


class _OtherRoot(Exception):
    """The file is XML of another kind."""


class _Reader(DefusedExpatParser):
    """Tells each child of the root, and how often a child of that has one of its own, without building a tree.

    Records inside a correlation stand outside it as well, so only the outermost are told.
    """

    def __init__(self, tell: Callable[[str, Attributes], None], tell_inner: Callable[[str], None]):
        super().__init__(forbid_dtd=False, forbid_entities=True, forbid_external=True)
        self._tell, self._tell_inner, self._depth = tell, tell_inner, 0

    def start_element(self, name: str, attrs: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 2:
            self._tell(name, attrs)
        elif self._depth == 3:
            self._tell_inner(name)
        elif self._depth == 1 and name != "HealthData":
            raise _OtherRoot

    def end_element(self, name: str) -> None:
        self._depth -= 1


def stream_records(
    path: Path, tell: Callable[[str, Attributes], None], tell_inner: Callable[[str], None]
) -> bool:
    """Tell every outermost element of export.xml, or of the export.zip that holds it.

    Gives whether signs were replaced that XML does not allow. Raises InvalidRecords, FileProblem.
    """
    reader = _Reader(tell, tell_inner)
    mended = False
    try:
        with _opened(path) as file:
            for chunk in _without_dtd(file):
                clean = chunk.translate(_AS_SPACES)
                mended |= clean != chunk
                reader.feed(clean)
        reader.close()
    except _OtherRoot:
        raise InvalidRecords([f"{path.name}: XML, but not the export of Apple Health."]) from None
    except (xml.sax.SAXException, DefusedXmlException, LookupError, ValueError, AssertionError):
        raise InvalidRecords(
            [f"{path.name}: not the export of Apple Health, or not whole. Export it again."]
        ) from None
    return mended


def _without_dtd(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes without the document type: iOS 16 writes one that breaks the rules, and nothing needs it."""
    head = file.read(_LONGEST_DTD)
    if not head.strip():
        raise ValueError
    begin = head.find(b"<!DOCTYPE")
    bracket = head.find(b"[", begin)
    end = _DTD_END.search(head, bracket) if begin >= 0 and b">" not in head[begin:bracket] else None
    yield head[:begin] + head[end.end() :] if end else head
    while chunk := file.read(_CHUNK):
        yield chunk


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                with _member(path, file) as inner:
                    yield inner
            else:
                file.seek(0)
                yield file
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
        raise InvalidRecords(
            [f"{path.name}: the archive is not whole, or locked. Export it again."]
        ) from None
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None


@contextlib.contextmanager
def _member(path: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The one member of the archive that holds the records, streamed and never written anywhere."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise InvalidRecords([f"{path.name}: an archive of too many files. Give its export.xml alone."])
        # The name of the file follows the language of the phone; the other one is always called so.
        fitting = [
            member
            for member in members
            if member.filename.lower().endswith(".xml")
            and not member.filename.lower().endswith("_cda.xml")
            and member.filename.count("/") <= 1
        ]
        if len(fitting) != 1:
            raise InvalidRecords(
                [f"{path.name}: the archive does not hold the one export.xml of Apple Health."]
            )
        limit = min(_MOST_BYTES, _MOST_RATIO * max(path.stat().st_size, 10_000))
        with archive.open(fitting[0]) as inner:
            yield _Limited(inner, limit, path.name)  # type: ignore[misc]


class _Limited:
    """A stream that stops an archive which inflates beyond all proportion, by what really comes out."""

    def __init__(self, file: IO[bytes], limit: int, name: str):
        self._file, self._left, self._name = file, limit, name

    def read(self, size: int) -> Any:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise InvalidRecords(
                [f"{self._name}: the archive inflates beyond all proportion. Nothing was read."]
            )
        return data
