"""The old binary workbooks (.xls), read in a process of their own.

The library that reads them asks for as much memory as a damaged file tells it to, and then ends the whole
process. So a child process reads, with limits, and only lines of JSON come back: first the sheets, or with a
position the merged areas and the rows of that sheet.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from outcomes.errors import FileProblem, InvalidRecords

SECONDS = 60
_MEMORY = 1 << 30


@dataclass(frozen=True)
class OldSheet:
    """A sheet of an old workbook: its name, whether it can be seen, and whether it is one of cells."""

    name: str
    visible: bool
    of_cells: bool


def old_sheets(path: Path, label: str) -> list[OldSheet]:
    """The sheets in order. Raises InvalidRecords where the file cannot be read."""
    with tempfile.TemporaryFile() as answer:
        _ask(path, label, answer)
        return [OldSheet(*json.loads(line)) for line in answer]


def old_rows(path: Path, label: str, position: int) -> Iterator[list[Any]]:
    """First the rows that belong to merged areas, then every row of the sheet as text, from row 1."""
    with tempfile.TemporaryFile() as answer:
        _ask(path, label, answer, str(position))
        for line in answer:
            yield json.loads(line)


def _ask(path: Path, label: str, answer: IO[bytes], *further: str) -> None:
    """Run the child and wait for its answer; what it says about its failures is thrown away, for it quotes."""
    if not sys.executable:
        raise FileProblem(f"{label}: no Python to read the old format with. Save it as .xlsx.")
    # No module is taken from the folder in which somebody happens to stand, which may be the clinic's.
    command = [sys.executable, "-P", "-m", __name__, str(path.resolve()), *further]
    own = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and a path that is there
            command,
            env=own,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
        failed = done.returncode != 0
    except subprocess.TimeoutExpired:
        failed = True
    except OSError as error:
        raise FileProblem(f"{label}: cannot be read ({type(error).__name__}).") from None
    if failed:
        raise InvalidRecords(
            [
                f"{label}: cannot be read as an old workbook: damaged, protected by a password, or another kind "
                "of file under this name. Open it in the spreadsheet program and save it as .xlsx."
            ]
        )
    answer.seek(0)


def _limit() -> None:
    """Less memory and time than the parent may take, where the system knows such limits."""
    try:
        import resource
    except ImportError:
        return
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(limit, (most, most))
        except (ValueError, OSError):
            continue


def _answer(path: str, position: int | None, out: IO[str]) -> None:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    from outcomes.records.loading import cell_text

    with load_workbook(path) as book:
        if position is None:
            for sheet in book.sheets_metadata:
                visible, of_cells = (
                    sheet.visible == SheetVisibleEnum.Visible,
                    sheet.typ == SheetTypeEnum.WorkSheet,
                )
                out.write(json.dumps([sheet.name, visible, of_cells]) + "\n")
            return
        cells = book.get_sheet_by_index(position)
        first = cells.start[1] if cells.start else 0
        areas = [area for area in cells.merged_cell_ranges or [] if cells.end and area[0][1] <= cells.end[1]]
        out.write(
            json.dumps(sorted({area[0][0] for area in areas if area[0][0] <= (cells.end or (0,))[0]})) + "\n"
        )
        for row in cells.iter_rows() if cells.start else ():
            out.write(json.dumps([None] * first + [cell_text(cell) for cell in row]) + "\n")


if __name__ == "__main__":
    _limit()
    _answer(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None, sys.stdout)
