"""Text exports with a delimiter, read strictly: the header proves the delimiter, every row has its width.

Rows are counted as a spreadsheet shows them: the header is row 1 and a blank row is a row.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from outcomes.errors import FileProblem, InvalidRecords

#: Those that clinic systems offer; a bar and a caret are choices of REDCap's export page.
DELIMITERS = (",", ";", "\t", "|", "^")
MAX_BYTES = 2_000_000_000
_SHOWN = 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class DelimitedTable:
    """One text export: its header as written, and its rows with the number a spreadsheet shows."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_bytes(path: Path) -> bytes:
    """The whole of a file. Raises FileProblem where it cannot be read, InvalidRecords where it cannot be used."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InvalidRecords(
                [f"{path.name}: {size / 1e9:.1f} GB. Export a shorter span at a time; the limit is 2 GB."]
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    if not data.strip():
        raise InvalidRecords([f"{path.name}: the file is empty. Export it again."])
    return data


def read_text(path: Path) -> str:
    """The text of a file: its encoding by its mark, else strict UTF-8. Raises InvalidRecords, FileProblem."""
    data = read_bytes(path)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise InvalidRecords(
            [f"{path.name}, line {row}: not {encoding[:6].upper()} text. Export it again as CSV UTF-8."]
        ) from None
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise InvalidRecords([f"{path.name}, line {row}: a NUL byte. The file is damaged: export it again."])
    return text


def header_under(text: str, delimiter: str) -> tuple[str, ...] | None:
    """The cells of the first row under one delimiter; None where it cannot be read so."""
    try:
        row = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
    return tuple(cell.strip() for cell in row)


def table_of(file: str, text: str, recognise: Callable[[Sequence[str]], bool], what: str) -> DelimitedTable:
    """The table in a text whose header is recognised under exactly one delimiter.

    `what` is how messages call the format. Raises InvalidRecords, with every row of another width.
    """
    proven = [mark for mark in DELIMITERS if recognise(header_under(text, mark) or ())]
    if len(proven) != 1:
        raise InvalidRecords([f"{file}: the header is not that of {what}. Export it again, with its header."])
    rows = tuple(_rows(file, text, proven[0]))
    header = tuple(cell.strip() for cell in rows[0][1])
    ragged = [number for number, cells in rows[1:] if len(cells) != len(header)]
    if ragged:
        first = ", ".join(str(number) for number in ragged[:_SHOWN])
        more = f" (+{len(ragged) - _SHOWN} more)" if len(ragged) > _SHOWN else ""
        raise InvalidRecords(
            [
                f"{file}, row{'s' if len(ragged) > 1 else ''} {first}{more}: the number of cells is not the "
                f"header's {len(header)}. A stray delimiter would shift every column: export it again."
            ]
        )
    return DelimitedTable(file, header, rows[1:])


def _rows(file: str, text: str, delimiter: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    number = 0
    try:
        for number, cells in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), start=1
        ):
            if cells and any(cell.strip() for cell in cells):
                yield number, tuple(cells)
    except csv.Error:
        raise InvalidRecords(
            [
                f"{file}, row {number + 1} or later: a quotation mark is opened and not closed, stands in the "
                "middle of a cell, or a cell is too long. Export it again."
            ]
        ) from None
