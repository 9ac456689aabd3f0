"""What a text file proves about itself before anything is read: encoding, delimiter, header, blank rows.

One pass over the bytes. The messages of other readers quote rows; ours name the place.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from outcomes.errors import FileProblem

_CHUNK = 1 << 22
_DELIMITERS = (",", ";", "\t")
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
MAX_TEXT_BYTES = 2_000_000_000
_SHOWN = 20
_LONGEST_HEADER = 100_000


@dataclass(frozen=True)
class TextScan:
    """What one text file proves: its delimiter, its header as written, and which rows are blank."""

    path: Path
    delimiter: str
    header: tuple[str, ...]
    blank_rows: tuple[int, ...]

    def spreadsheet_row(self, data_row: int) -> int:
        """The row a spreadsheet shows for the n-th data row (from 1) that is not blank."""
        row = data_row + 1
        if len(self.header) == 1:
            # In a table of one column a blank line is an empty cell, and counted as a row already.
            return row
        for blank in self.blank_rows:
            if blank > row:
                break
            row += 1
        return row


def scan_text(path: Path) -> tuple[TextScan | None, list[str]]:
    """Scan one CSV or TSV file. Gives what it proves, or every problem that stops it."""
    size = _size(path)
    if size == 0:
        return None, [f"{path.name}: the file is empty. Save it again with a header row and its records."]
    if size > MAX_TEXT_BYTES:
        return None, [
            f"{path.name}: {size / 1e9:.1f} GB of text. Convert it to Parquet, which has no limit here."
        ]
    problems, may_hold_blank_rows = _scan_bytes(path)
    if problems:
        return None, problems
    header, delimiter, problem = _header(path)
    if problem:
        return None, [problem]
    blank_rows = _blank_rows(path, delimiter) if may_hold_blank_rows else ()
    return TextScan(path, delimiter, header, blank_rows), []


def ragged_rows(scan: TextScan) -> list[str]:
    """The rows whose number of fields is not the header's, or where a quote goes wrong, in words."""
    wrong: list[int] = []
    row = 1
    try:
        with scan.path.open(encoding="utf-8-sig", newline="") as file:
            for row, fields in enumerate(csv.reader(file, delimiter=scan.delimiter, strict=True), start=1):
                if fields and len(fields) != len(scan.header):
                    wrong.append(row)
    except csv.Error:
        return [
            f"{scan.path.name}, row {row + 1} or later: a quotation mark is opened and not closed, or stands "
            "in the middle of a cell. Correct it and save the file again."
        ]
    if not wrong:
        return [f"{scan.path.name}: the file cannot be read as a table. Save it again as CSV UTF-8."]
    first = ", ".join(str(number) for number in wrong[:_SHOWN])
    more = f" (+{len(wrong) - _SHOWN} more)" if len(wrong) > _SHOWN else ""
    return [
        f"{scan.path.name}, row{'s' if len(wrong) > 1 else ''} {first}{more}: the number of cells is not the "
        f"header's {len(scan.header)}. A stray delimiter would shift every column: correct these rows."
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None


def _scan_bytes(path: Path) -> tuple[list[str], bool]:
    """Encoding and NUL bytes, chunk by chunk; and whether there may be blank rows."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lines, blank, tail = 1, False, b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if chunk[:2] in _MARKS and lines == 1:
                    return [f"{path.name}: saved as UTF-16. Save it again as CSV UTF-8."], False
                if b"\0" in chunk:
                    row = lines + chunk[: chunk.index(b"\0")].count(b"\n")
                    return [
                        f"{path.name}, row {row}: a NUL byte. The file is damaged: export it again."
                    ], False
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
                joined = tail + chunk
                blank = blank or b"\n\n" in joined or b"\n\r\n" in joined or b"\r\r" in joined
                lines += chunk.count(b"\n")
                tail = chunk[-2:]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        row = lines + chunk[: error.start].count(b"\n") if chunk else lines
        return [f"{path.name}, row {row}: not UTF-8 text. Save the file again as CSV UTF-8."], False
    except PermissionError:
        raise FileProblem(f"{path.name}: cannot be opened. Close it in the spreadsheet program.") from None
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    return [], blank


def _header(path: Path) -> tuple[tuple[str, ...], str, str]:
    """The header cells and the delimiter that they prove."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    found = [mark for mark in _DELIMITERS if mark in line]
    if len(found) > 1:
        return (
            (),
            "",
            (
                f"{path.name}, row 1: the header holds more than one of comma, semicolon and tab, so the delimiter "
                "cannot be told. Use one, and no other in the column names."
            ),
        )
    delimiter = found[0] if found else ","
    if len(line) > _LONGEST_HEADER:
        return (), "", f"{path.name}, row 1: too long for a header. The first row must hold the column names."
    cells = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    if not any(cell.strip() for cell in cells):
        return (), "", f"{path.name}, row 1: no header. The first row must hold the column names."
    return tuple(cells), delimiter, ""


def _blank_rows(path: Path, delimiter: str) -> tuple[int, ...]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return tuple(
                row for row, fields in enumerate(csv.reader(file, delimiter=delimiter), start=1) if not fields
            )
        except csv.Error:
            return ()
