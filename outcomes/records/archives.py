"""Zip archives and the XML in them, opened only after every byte was inflated under a limit.

A workbook is a zip archive that anybody may have made. Its directory can lie about sizes, its members can
inflate without end, and its XML can define entities that grow. So nothing reads the archive itself: each
member is inflated here, counted as it really comes out, and written into a plain copy; what the copy holds
is what was checked, and that is what is read.
"""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from outcomes.errors import FileProblem, InvalidRecords

MAX_INFLATED = 200_000_000
MAX_RATIO = 100
MAX_MEMBERS = 1_000
#: Small parts may be as regular as they like: the ratio is looked at from here on.
_RATIO_FROM = 1_000_000
_CHUNK = 1 << 20
#: Parts that are held in memory whole, such as the list of sheets.
_MAX_PART = 2_000_000

_LOCAL, _DIRECTORY, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_ARCHIVES = (".zip", ".xlsx", ".xlsm", ".xlsb", ".ods", ".docx", ".odt", ".pptx", ".7z", ".rar", ".gz")
_XML = (".xml", ".rels", ".vml")
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")


def plain_copy(path: Path, copy: Path, label: str) -> zipfile.ZipFile:
    """Inflate every member of the archive under the limits into `copy`, and open that.

    The caller closes it. Raises InvalidRecords for an archive that is damaged, hostile, encrypted or nested,
    FileProblem where the file cannot be read.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(copy, "w") as clean:
            for info in _members(file, label):
                _copy_member(file, info, clean, label)
        return zipfile.ZipFile(copy)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, ValueError):
        raise _refused(label, "the file is not whole. Copy or export it again.") from None
    except OSError as error:
        if error.errno == errno.EINVAL:
            # A place before the beginning of the file: the directory is damaged, not the disk.
            raise _refused(label, "the file is not whole. Copy or export it again.") from None
        raise FileProblem(f"{label}: cannot be read or copied ({type(error).__name__}).") from None


def _refused(label: str, what: str) -> InvalidRecords:
    return InvalidRecords([f"{label}: {what}"])


def _members(file: IO[bytes], label: str) -> list[zipfile.ZipInfo]:
    """The members that the directory names, none of which can do harm by its name or kind."""
    _check_frame(file, label)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise _refused(label, f"holds over {MAX_MEMBERS:,} parts. {_SAVE_AGAIN}")
    names = {info.orig_filename.casefold() for info in members}
    if len(names) < len(members):
        raise _refused(label, f"holds two parts of one name. {_SAVE_AGAIN}")
    for info in members:
        if info.flag_bits & 0x1:
            raise _refused(label, "protected by a password. Save it without one.")
        if _leads_out(info.orig_filename):
            raise _refused(label, f"names a part outside of itself. {_SAVE_AGAIN}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused(label, f"compressed in a way that is not read. {_SAVE_AGAIN}")
        if info.orig_filename.casefold().endswith(_ARCHIVES):
            raise _refused(label, "holds another archive or document inside. Remove what is embedded.")
    if sum(info.file_size for info in members) > MAX_INFLATED:
        raise _too_large(label)
    return [info for info in members if not info.is_dir()]


_SAVE_AGAIN = "Open it in the spreadsheet program and save it again."


def _too_large(label: str) -> InvalidRecords:
    size = f"{MAX_INFLATED // 10**6} MB"
    return _refused(
        label, f"inflates to more than {size}, or to over {MAX_RATIO} times its size. Save it as CSV."
    )


def _check_frame(file: IO[bytes], label: str) -> None:
    """One directory, at the end, and not too long: before anything looks into it.

    Two readers may find two directories in one file; then what one has checked is not what the other reads.
    """
    if file.read(4) != _LOCAL:
        raise _refused(label, "not a file of this kind, whatever its name says. Save it again in that form.")
    file.seek(0)
    directories, ends, tail, size = 0, 0, b"", 0
    while chunk := file.read(_CHUNK):
        joined = tail + chunk
        directories += joined.count(_DIRECTORY)
        ends += joined.count(_END)
        tail = joined[-3:]
        size += len(chunk)
        if size > MAX_INFLATED:
            raise _too_large(label)
    if directories > MAX_MEMBERS:
        raise _refused(label, f"holds over {MAX_MEMBERS:,} parts. {_SAVE_AGAIN}")
    file.seek(max(0, size - 22))
    if ends != 1 or not file.read(4) == _END:
        raise _refused(label, "the file is not whole. Copy or export it again.")


def _leads_out(name: str) -> bool:
    """Whether a name could be taken for a place outside of the archive, on any system."""
    parts = name.split("/")
    return (
        name.startswith("/")
        or "\\" in name
        or ":" in name
        or ".." in parts
        or any(ord(sign) < 32 for sign in name)
    )


def _copy_member(file: IO[bytes], info: zipfile.ZipInfo, clean: zipfile.ZipFile, label: str) -> None:
    """Inflate one member for what it is, whatever the directory says, and write it into the copy."""
    room = MAX_INFLATED - sum(done.file_size for done in clean.infolist())
    watch = _watch_xml(label) if info.orig_filename.casefold().endswith(_XML) else None
    checksum, inflated = 0, 0
    with clean.open(zipfile.ZipInfo(info.orig_filename), "w") as target:
        for chunk in _inflated(file, info):
            if not inflated and chunk.startswith(_LOCAL):
                raise _refused(label, "holds another archive or document inside. Remove what is embedded.")
            inflated += len(chunk)
            if inflated > min(room, max(_RATIO_FROM, MAX_RATIO * info.compress_size)):
                raise _too_large(label)
            if watch is not None:
                watch(chunk)
            checksum = zlib.crc32(chunk, checksum)
            target.write(chunk)
    if inflated != info.file_size or checksum != info.CRC:
        raise _refused(label, "the file is not whole. Copy or export it again.")


def _inflated(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member as they really come out, a piece at a time."""
    file.seek(info.header_offset)
    header = file.read(30)
    if header[:4] != _LOCAL:
        raise zipfile.BadZipFile
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    left = info.compress_size
    stored = info.compress_type == zipfile.ZIP_STORED
    inflate = zlib.decompressobj(-15)
    while left:
        piece = file.read(min(left, _CHUNK))
        if not piece:
            raise zipfile.BadZipFile
        left -= len(piece)
        if stored:
            yield piece
            continue
        while piece and not inflate.eof:
            if chunk := inflate.decompress(piece, _CHUNK):
                yield chunk
            piece = inflate.unconsumed_tail
        if inflate.eof and (left or inflate.unused_data):
            raise zipfile.BadZipFile
    while not stored and not inflate.eof:
        # What went in may still come out; a stream that gives no more before its end is broken off.
        chunk = inflate.decompress(b"", _CHUNK)
        if not chunk and not inflate.eof:
            raise zipfile.BadZipFile
        yield chunk


def _watch_xml(label: str) -> Callable[[bytes], None]:
    """Looks at XML as it comes: UTF-8, and no declarations, which is where entities that grow are made."""
    tail = b""

    def watch(chunk: bytes) -> None:
        nonlocal tail
        joined = tail + chunk
        if b"\0" in chunk or joined.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise _refused(label, f"holds XML that is not UTF-8. {_SAVE_AGAIN}")
        if any(declaration in joined for declaration in _DECLARATIONS):
            raise _refused(label, f"holds XML with declarations of its own. {_SAVE_AGAIN}")
        tail = joined[-16:]

    return watch


def part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """A part of the plain copy by its name, in whichever case it is written; None where it is not there."""
    found = next((info for info in archive.infolist() if info.filename.casefold() == name.casefold()), None)
    if found is None:
        return None
    if found.file_size > _MAX_PART:
        raise InvalidRecords(["A part of the workbook is too large to be looked at. Save it as CSV."])
    return archive.read(found)


def tree(xml: bytes, label: str) -> Any:
    """The root element of a small XML part. Raises InvalidRecords where it cannot be read."""
    import xml.etree.ElementTree as etree

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(xml, forbid_dtd=True)
    except (etree.ParseError, DefusedXmlException, ValueError, LookupError):
        raise _refused(
            label, "a part of it cannot be read. Save it again in the spreadsheet program."
        ) from None
