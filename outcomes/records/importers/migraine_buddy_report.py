"""The HTML report of Migraine Buddy: its tables, read as text and never run or shown."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from outcomes.errors import InvalidRecords
from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.app_tables import FREE_TEXT, NOT_NEEDED

_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},? \d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?", re.ASCII
)
_LASTED = re.compile(r"\d{1,4} ?h(?: \d{1,2} ?m)?|ongoing", re.ASCII | re.IGNORECASE)
_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body|table|div)\b", re.IGNORECASE)
#: A comment's beginning or a tag; neither reaches over the next bracket that opens.
_TOKEN = re.compile(
    r"<!--|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,15})\b(?P<attributes>(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>"
)
_COLSPAN = re.compile(r"\bcolspan\s?=\s?[\"']?([0-9]{1,4})\b", re.IGNORECASE)
_MOST_COLUMNS = 100
#: Tables, rows and cells: of some thousands of attacks.
_MOST_PARTS = 100_000
_UNSEEN = ("style", "script", "title")
_LINES = ("br", "div", "p", "pre")

#: Row of the list, start, duration, pain level, medication.
ReportedAttack = tuple[int, str, str, str, list[str]]


@dataclass(frozen=True)
class Report:
    """The attacks of a report, and what its summary says of them (None where it does not)."""

    attacks: tuple[ReportedAttack, ...]
    told_attacks: int | None
    told_days: int | None


@dataclass
class _Cell:
    columns: int
    text: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        found = (" ".join(line.split()) for line in "".join(self.text).split("\n"))
        return [line for line in found if line]

    def words(self) -> str:
        return " ".join(self.lines())


class _Tables:
    """All tables of a page: rows of cells, each with its text and how many columns it spans.

    Python's own HTML parser takes minutes over a few megabytes of open brackets; this one passes once.
    """

    def __init__(self, file: str, page: str) -> None:
        self.tables: list[list[list[_Cell]]] = []
        self._parts = 0
        self._cell: _Cell | None = None
        position = 0
        while found := _TOKEN.search(page, position):
            self._text(page[position : found.start()])
            position = found.end()
            if found["name"] is None:
                position = _behind(page, "-->", position)
            elif self._parts > _MOST_PARTS:
                raise InvalidRecords([f"{file}: too large for a report of Migraine Buddy."])
            elif found["end"]:
                self._end(found["name"].lower())
            else:
                self._start(found["name"].lower(), found["attributes"])
                if found["name"].lower() in _UNSEEN:
                    position = _behind(page, f"</{found['name']}", position)
        self._text(page[position:])

    def _start(self, tag: str, attributes: str) -> None:
        self._parts += tag in ("table", "tr", "td", "th")
        if tag == "table":
            self.tables.append([])
            self._cell = None
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
            self._cell = None
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = _Cell(_span(attributes))
            self.tables[-1][-1].append(self._cell)
        elif tag in _LINES and self._cell is not None:
            self._cell.text.append("\n")

    def _end(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._cell = None
        elif tag in _LINES and self._cell is not None:
            self._cell.text.append("\n")

    def _text(self, text: str) -> None:
        if self._cell is not None and text:
            # Lines of the source are no lines of the page.
            self._cell.text.append(" ".join(f"x{html.unescape(text)}x".split())[1:-1])


def _behind(page: str, mark: str, position: int) -> int:
    """Where the page goes on behind a mark; its end where there is none."""
    found = page.find(mark, position)
    return found + len(mark) if found >= 0 else len(page)


def _span(attributes: str) -> int:
    found = _COLSPAN.search(attributes)
    return min(max(int(found[1]), 1), _MOST_COLUMNS) if found else 1


def looks_like_html(text: str) -> bool:
    """Whether a text is a page and no table of text."""
    return _PAGE.match(text) is not None


def read_report(file: str, text: str, tally: Tally) -> Report:
    """The attacks of one report. Raises InvalidRecords where it is another page."""
    parser = _Tables(file, text)
    for rows in parser.tables:
        for position, row in enumerate(rows):
            at = _columns(row)
            if at is not None:
                width = sum(cell.columns for cell in row)
                attacks = _attacks(file, rows[position + 1 :], at, width, tally)
                if not attacks:
                    raise InvalidRecords([f"{file}: the report lists no attack. Export it again."])
                return Report(tuple(attacks), *_summary(parser.tables))
    raise InvalidRecords([f"{file}: not the report of Migraine Buddy. Its list of attacks is not there."])


def _columns(header: Sequence[_Cell]) -> dict[str, int] | None:
    """Where the columns of the list stand; None where the row is not its header."""
    at: dict[str, int] = {}
    position = 0
    for cell in header:
        at.setdefault(cell.words().casefold(), position)
        position += cell.columns
    if "started & lasted" in at:
        at |= {"started": at["started & lasted"], "lasted": at["started & lasted"]}
    return at if {"started", "lasted", "pain level"} <= set(at) else None


def _attacks(
    file: str, rows: Sequence[Sequence[_Cell]], at: dict[str, int], width: int, tally: Tally
) -> list[ReportedAttack]:
    """The attacks: rows as wide as the header. The number of an attack is its place in the list."""
    found: list[ReportedAttack] = []
    number = 0
    for cells in rows:
        if not cells or _is_subheading(cells):
            continue
        if len(cells) == 1:
            words = cells[0].words()
            tally.dropped(
                file, "notes", FREE_TEXT, bool(re.sub(r"^notes:?", "", words, flags=re.IGNORECASE).strip())
            )
            continue
        number += 1
        if len(cells) != width:
            tally.came_in()
            tally.not_read(file, "the number of cells is not the header's", number)
            continue
        found.append(_attack(number, cells, at))
        _leave_out(file, cells, at, tally)
    return found


def _is_subheading(cells: Sequence[_Cell]) -> bool:
    return {cell.words().casefold() for cell in cells} <= {"left", "right", ""} and len(cells) <= 2


def _attack(number: int, cells: Sequence[_Cell], at: dict[str, int]) -> ReportedAttack:
    started = cells[at["started"]].words().removeprefix("Started:").strip()
    start = _DATE.match(started)
    lasted = cells[at["lasted"]].words()
    if at["lasted"] == at["started"]:
        # One cell for both: the duration is what stands behind its own word, wherever somebody was.
        lasted = lasted.rpartition("Lasted:")[2].strip(" '")
    length = _LASTED.match(lasted)
    medication = cells[at["medication"]].lines() if "medication" in at else []
    return (
        number,
        start[0] if start else "",
        length[0] if length else lasted,
        cells[at["pain level"]].words(),
        ["\n".join(medication)],
    )


def _leave_out(file: str, cells: Sequence[_Cell], at: dict[str, int], tally: Tally) -> None:
    tally.dropped(
        file, "location", "where somebody was", "location:" in cells[at["started"]].words().casefold()
    )
    read = {at[name] for name in ("started", "lasted", "pain level", "medication") if name in at}
    for position, cell in enumerate(cells):
        if position not in read and cell.words():
            tally.dropped(file, f"column {position + 1}", NOT_NEEDED, 1)


def _summary(tables: Sequence[Sequence[Sequence[_Cell]]]) -> tuple[int | None, int | None]:
    """Number of attacks and of attack days in the box at the head of the report."""
    for rows in tables:
        for names, values in itertools.pairwise(rows):
            header = [cell.words().casefold() for cell in names]
            if "number of attacks" in header and len(values) == len(names):
                told = dict(zip(header, (cell.words() for cell in values), strict=True))
                return _whole(told["number of attacks"]), _whole(told.get("attack days", ""))
    return None, None


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None
