"""What a text file proves about itself before anything is read: encoding, delimiter, header.

One pass over the bytes. The messages of other readers quote rows; ours name the place.
"""

from __future__ import annotations

import bisect
import codecs
import csv
import io
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from outcomes.errors import FileProblem
from outcomes.files import opened_for_reading

_CHUNK = 1 << 22
_LINE_END = 10
_DELIMITERS = (",", ";", "\t")
#: The marks at the beginning of a file that tell its encoding; the longer first, since one begins the other.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAX_TEXT_BYTES = 2_000_000_000
MAX_TEXT_ROWS = 50_000_000
#: No export of diaries or sessions comes near it; a wide one is for an importer.
MAX_COLUMNS = 1000
_SHOWN = 20
_LONGEST_HEADER = 100_000


@dataclass(frozen=True)
class TextScan:
    """What one text file proves: its delimiter and its header as written.

    `path` is the file that is read, UTF-8 with or without a mark; `name` what messages call it. `mended` says
    in words what was read in another form than it was written. `spaced`: a cell may begin or end with a space.
    """

    path: Path
    name: str
    delimiter: str
    header: tuple[str, ...]
    mended: tuple[str, ...] = ()
    spaced: bool = True

    def spreadsheet_row(self, data_row: int) -> int:
        """The row a spreadsheet shows for the n-th data row (from 1) that is not blank."""
        row = data_row + 1
        if len(self.header) == 1:
            # In a table of one column a blank line is an empty cell, and counted as a row already.
            return row
        # The k-th blank row lies before ours if blank - k < row, and these differences only grow.
        return row + bisect.bisect_right(self._not_blank_before, row - 1)

    @cached_property
    def _not_blank_before(self) -> list[int]:
        """How many rows that are not blank stand before each blank row: looked for once a row has to be told."""
        blank_rows = _blank_rows(self.path, self.delimiter)
        return [blank - number for number, blank in enumerate(blank_rows, start=1)]


def scan_text(path: Path, scratch: Path, encoding: str = "") -> tuple[TextScan | None, list[str]]:
    """Scan one CSV or TSV file. Gives what it proves, or every problem that stops it.

    A file in another encoding (by its mark, or by the one named) is written as UTF-8 into `scratch`, a
    private folder, and read there.
    """
    name = path.name
    size = _size(path)
    if size == 0:
        return None, [f"{name}: the file is empty. Save it again with a header row and its records."]
    if size > MAX_TEXT_BYTES:
        return None, [f"{name}: {size / 1e9:.1f} GB of text. Convert it to Parquet, which has no limit here."]
    mended = []
    marked, has_mark = _marked_encoding(path)
    if has_mark:
        mended.append("begins with a byte-order mark, which was left out.")
    encoding = marked or encoding
    if encoding and codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        path, problem = _as_utf8(path, scratch, encoding)
        if problem:
            return None, [f"{name}: {problem}"]
        mended.append(f"was read as {encoding.upper()} text.")
    problems, spaced = _scan_bytes(path, name)
    if problems:
        return None, problems
    header, delimiter, problem = _header(path)
    if problem:
        return None, [f"{name}, row 1: {problem}"]
    if _has_stray_delimiter(path, delimiter, len(header)):
        header = (*header, "")
        mended.append(
            "ends its rows with a delimiter that the header does not have; the empty last cells are left out."
        )
    return TextScan(path, name, delimiter, header, tuple(mended), spaced), []


def ragged_rows(scan: TextScan) -> list[str]:
    """The rows whose number of fields is not the header's, or where a quote goes wrong, in words."""
    wrong: list[int] = []
    row = 1
    try:
        with scan.path.open(encoding="utf-8-sig", newline="") as file:
            for row, fields in enumerate(csv.reader(file, delimiter=scan.delimiter, strict=True), start=1):
                if fields and len(fields) != len(scan.header) and not (row == 1 and scan.header[-1] == ""):
                    wrong.append(row)
    except csv.Error:
        return [
            f"{scan.name}, row {row + 1} or later: a quotation mark is opened and not closed, or stands "
            "in the middle of a cell. Correct it and save the file again."
        ]
    if not wrong:
        mixed = _mixed_line_ends(scan.path)
        if mixed:
            return [
                f"{scan.name}, row {mixed}: its line ends otherwise than those before it, as where two exports were "
                "put together. Save the file again as CSV UTF-8."
            ]
        return [f"{scan.name}: the file cannot be read as a table. Save it again as CSV UTF-8."]
    first = ", ".join(str(number) for number in wrong[:_SHOWN])
    more = f" (+{len(wrong) - _SHOWN} more)" if len(wrong) > _SHOWN else ""
    return [
        f"{scan.name}, row{'s' if len(wrong) > 1 else ''} {first}{more}: the number of cells is not the "
        f"header's {len(scan.header)}. A stray delimiter would shift every column: correct these rows."
    ]


def _mixed_line_ends(path: Path) -> int:
    """The first row whose line ends in another way than the first one; 0 where all end alike."""
    with opened_for_reading(path) as file:
        ends = (line.endswith(b"\r\n") for line in file if line.endswith(b"\n"))
        first = next(ends, True)
        return next((row for row, end in enumerate(ends, start=2) if end is not first), 0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None


def _marked_encoding(path: Path) -> tuple[str, bool]:
    """The encoding that the first bytes tell, if not UTF-8, and whether there is a mark at all."""
    with opened_for_reading(path) as file:
        first = file.read(4)
    marked = next((encoding for mark, encoding in _MARKS if first.startswith(mark)), "")
    return marked, bool(marked) or first.startswith(codecs.BOM_UTF8)


def _as_utf8(path: Path, scratch: Path, encoding: str) -> tuple[Path, str]:
    """The file as UTF-8 in the private folder; a problem in words where the encoding does not fit."""
    target = scratch / f"{len(list(scratch.iterdir()))}.txt"
    try:
        with (
            path.open(encoding=encoding, newline="") as read,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(read, out, _CHUNK)
    except UnicodeError:
        return (
            path,
            f"not {encoding.upper()} text, though its mark or the mapping says so. Save it as CSV UTF-8.",
        )
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    return target, ""


#: What a space beside the end of a cell looks like.
_OUTER_SPACES = tuple(
    pair for mark in (b",", b";", b"\t", b"\n", b"\r", b'"') for pair in (mark + b" ", b" " + mark)
)


def _scan_bytes(path: Path, name: str) -> tuple[list[str], bool]:
    """Encoding, NUL bytes and the number of lines, chunk by chunk; and whether a cell may have outer spaces."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lines, spaced, tail = 1, False, b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if b"\0" in chunk:
                    row = lines + chunk[: chunk.index(b"\0")].count(b"\n")
                    return (
                        [f"{name}, row {row}: a NUL byte. The file is damaged: export it again."],
                        True,
                    )
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
                # Chunks and the seams between them, rather than a copy of everything.
                for piece in (tail + chunk[:2], chunk):
                    if not spaced and b" " in piece:
                        spaced = any(pair in piece for pair in _OUTER_SPACES) or piece.endswith(b" ")
                # Several times faster than bytes.count, which stops at each one.
                lines += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == _LINE_END))
                tail = chunk[-2:]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        row = lines + chunk[: error.start].count(b"\n") if chunk else lines
        return (
            [
                f"{name}, row {row}: not UTF-8 text. Save the file again as CSV UTF-8, or name its encoding in "
                'mapping.toml, such as  encoding = "cp1252".'
            ],
            True,
        )
    except OSError as error:
        raise FileProblem(f"{name}: cannot be read ({type(error).__name__}).") from None
    if lines > MAX_TEXT_ROWS:
        return (
            [f"{name}: over {MAX_TEXT_ROWS // 10**6} million rows of text. Convert it to Parquet."],
            True,
        )
    return [], spaced


def _header(path: Path) -> tuple[tuple[str, ...], str, str]:
    """The header cells and the delimiter that they prove."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline(_LONGEST_HEADER + 1)
    if line.count('"') % 2:
        return (), "", "a column name goes over the end of the line. Write each name in one line."
    found = [mark for mark in _DELIMITERS if mark in line]
    if len(found) > 1:
        return (
            (),
            "",
            "the header holds more than one of comma, semicolon and tab, so the delimiter cannot be told. Use "
            "one, and no other in the column names.",
        )
    delimiter = found[0] if found else ","
    if len(line) > _LONGEST_HEADER:
        return (), "", "too long for a header. The first row must hold the column names."
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return (), "", "cannot be read as a header. The first row must hold the column names."
    if len(cells) > MAX_COLUMNS:
        return (
            (),
            "",
            f"{len(cells)} columns, more than {MAX_COLUMNS}. Export fewer, or use 'outcomes import'.",
        )
    if not any(cell.strip() for cell in cells):
        return (), "", "no header. The first row must hold the column names."
    return tuple(cells), delimiter, ""


def _has_stray_delimiter(path: Path, delimiter: str, cells: int) -> bool:
    """Whether the records end with a delimiter that the header does not have.

    Only the first record is looked at: if the others have no such cell, or something stands in it, the
    reading stops there, and no column is shifted.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = (fields for fields in csv.reader(file, delimiter=delimiter) if fields)
            next(rows, None)
            first = next(rows, [])
        except csv.Error:
            return False
    return len(first) == cells + 1 and not first[-1].strip()


def _blank_rows(path: Path, delimiter: str) -> tuple[int, ...]:
    if not _may_hold_blank_rows(path):
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return tuple(
                row for row, fields in enumerate(csv.reader(file, delimiter=delimiter), start=1) if not fields
            )
        except csv.Error:
            return ()


def _may_hold_blank_rows(path: Path) -> bool:
    """Two line ends in a row anywhere, also inside a cell: a look at the bytes, which is quick."""
    tail = b""
    with opened_for_reading(path) as file:
        while chunk := file.read(_CHUNK):
            piece = tail + chunk
            if b"\n\n" in piece or (b"\r" in piece and (b"\n\r\n" in piece or b"\r\r" in piece)):
                return True
            tail = chunk[-2:]
    return False
