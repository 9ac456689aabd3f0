"""Rows that a library gives one by one, as text, into a table of the engine; in batches, so that memory is bounded."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.engine import Engine, identifier
from outcomes.errors import InvalidRecords
from outcomes.records.findings import Finding
from outcomes.records.raw import Opened, RawColumn, RawTable
from outcomes.records.schema import TABLES

ROW_NUMBER = "outcomes_row_number"
_BATCH_ROWS = 20_000
#: A batch also ends when its texts come to this many characters, so that long cells cannot fill the memory.
_BATCH_CHARACTERS = 8_000_000
LONGEST_CELL = 1_000_000
#: Up to here a float stands for one whole number only.
_EXACT = 2**53
_NAMES = itertools.count()


@dataclass(frozen=True)
class Loaded:
    """A table that was read: its name in the engine, its columns (named c0, c1, …), and how many rows it has."""

    name: str
    columns: tuple[RawColumn, ...]
    rows: int


def load_rows(
    engine: Engine, label: str, header: Sequence[str], rows: Iterable[tuple[int, Sequence[Any]]]
) -> Loaded:
    """Load rows, each with its number, into a table of the engine whose cells are all text.

    A column without a header in which nothing stands is left out. Raises InvalidRecords where a cell cannot be
    text, naming the row and the position of the column.
    """
    name = f"loaded_{next(_NAMES)}"
    listed = ", ".join(f"c{position} VARCHAR" for position in range(len(header)))
    engine.run(f"CREATE TABLE {name} ({', '.join(filter(None, [f'{ROW_NUMBER} BIGINT', listed]))})")
    filled = [bool(written) for written in header]
    count = 0
    try:
        for numbers, cells in _batches(label, len(header), rows):
            count += len(numbers)
            filled = [known or any(column) for known, column in zip(filled, cells, strict=True)]
            _insert(engine, name, label, numbers, cells)
    except BaseException:
        engine.drop([name])
        raise
    columns = tuple(
        RawColumn(f"c{position}", written, "VARCHAR")
        for position, (written, known) in enumerate(zip(header, filled, strict=True))
        if known
    )
    return Loaded(name, columns, count)


def chosen_tables(
    label: str,
    tables: Collection[str],
    views: Collection[str],
    wanted: Collection[str] | None,
    opened: Opened,
) -> list[str]:
    """The tables to read, and the views where names are asked for; the rest is counted.

    A view that only calls itself like a table of the data dictionary is not read: nobody has asked for it.
    """
    names = {name.casefold() for name in (TABLES if wanted is None else wanted)}
    found = [name for name in tables if name.casefold() in names]
    found += [name for name in views if wanted is not None and name.casefold() in names]
    if len({name.casefold() for name in found}) < len(found):
        raise InvalidRecords(
            [f"{label}: two tables have the same name but for capitals. Rename one of them."]
        )
    left = len(tables) + len(views) - len(found)
    if not found:
        opened.problems.append(
            f"{label}: none of its {left} tables and views has the name of a table. Name them "
            f"{', '.join(TABLES)}; or say in mapping.toml which is which (a view is only read if named there)."
        )
    elif left:
        problem = (
            "1 further table or view was not read."
            if left == 1
            else f"{left} further tables and views were not read."
        )
        remedy = "If one of them holds records, say so in mapping.toml."
        opened.findings.append(Finding("warning", "not_read", "", label, "", problem, remedy, left, ()))
    return found


def load_table(
    engine: Engine,
    container: str,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    paths: tuple[Path, ...],
) -> RawTable:
    label = f"{container} › {name}"
    loaded = load_rows(engine, label, header, enumerate(rows, start=1))
    return RawTable(name, label, container, loaded.name, loaded.columns, ROW_NUMBER, None, paths)


def _batches(
    label: str, width: int, rows: Iterable[tuple[int, Sequence[Any]]]
) -> Iterator[tuple[list[int], list[list[str | None]]]]:
    """Rows as columns of text, some thousands at a time. Short rows end in empty cells."""
    numbers: list[int] = []
    lines: list[Sequence[Any]] = []
    characters = 0
    for number, row in rows:
        if len(row) != width:
            if any(row[width:]):
                raise InvalidRecords([f"{label}, row {number}: more cells than the header has. Correct it."])
            row = [*row[:width], *[None] * (width - len(row))]
        numbers.append(number)
        lines.append(row)
        for cell in row:
            if type(cell) is str:
                characters += len(cell)
        if len(lines) >= _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
            yield numbers, _as_columns(label, numbers, lines)
            numbers, lines, characters = [], [], 0
    if lines:
        yield numbers, _as_columns(label, numbers, lines)


def _as_columns(label: str, numbers: list[int], lines: list[Sequence[Any]]) -> list[list[str | None]]:
    columns: list[list[str | None]] = []
    for cells in zip(*lines, strict=True):
        try:
            columns.append(_texts(cells))
        except (TypeError, ValueError):
            row = next(number for number, cell in zip(numbers, cells, strict=True) if not _has_text(cell))
            what = (
                "holds something other than text, numbers and dates, or a text of over a million characters"
            )
            where = f"{label}, row {row}, column {len(columns) + 1}"
            raise InvalidRecords(
                [f"{where}: {what}. Leave the column out of the table that is read."]
            ) from None
    return columns


def _texts(cells: Sequence[Any]) -> list[str | None]:
    """`cell_text` of each cell; columns of one kind, which most are, in one go."""
    kinds = set(map(type, cells))
    if kinds == {str} and max(map(len, cells)) <= LONGEST_CELL:
        return [cell or None for cell in cells]
    if kinds == {float}:
        return [
            str(int(cell)) if cell.is_integer() and -_EXACT <= cell <= _EXACT else repr(cell)
            for cell in cells
        ]
    if kinds == {dt.date}:
        return list(map(dt.date.isoformat, cells))
    return [cell_text(cell) for cell in cells]


def _has_text(cell: Any) -> bool:
    try:
        cell_text(cell)
    except (TypeError, ValueError):
        return False
    return True


def _insert(engine: Engine, name: str, label: str, numbers: list[int], cells: list[list[str | None]]) -> None:
    import pyarrow as pa

    columns = {ROW_NUMBER: pa.array(numbers, pa.int64())}
    try:
        columns |= {f"c{position}": pa.array(column, pa.string()) for position, column in enumerate(cells)}
    except (pa.ArrowException, UnicodeError):
        raise InvalidRecords([f"{label}: holds text that is not Unicode. Export it again."]) from None
    batch = f"{name}_batch"
    engine.register(batch, pa.table(columns))
    try:
        engine.run(f"INSERT INTO {name} SELECT * FROM {identifier(batch)}")
    finally:
        engine.unregister(batch)


def cell_text(value: Any) -> str | None:
    """A cell as text: ISO dates and times, yes or no, whole numbers without a decimal point; None where empty.

    Raises TypeError for what is not one value (bytes, lists), ValueError for a text beyond all measure.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if len(value) > LONGEST_CELL:
            raise ValueError("too long")
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _EXACT else repr(value)
    if isinstance(value, decimal.Decimal):
        return _decimal_text(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return _duration_text(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def _decimal_text(value: decimal.Decimal) -> str:
    if not value.is_finite():
        return str(value)
    if abs(value.adjusted()) > 400:
        raise ValueError("too long")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration_text(value: dt.timedelta) -> str:
    """Hours, minutes and seconds, as a spreadsheet shows a duration: 30 hours are 30:00:00."""
    seconds = round(abs(value).total_seconds())
    sign = "-" if value < dt.timedelta(0) and seconds else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
