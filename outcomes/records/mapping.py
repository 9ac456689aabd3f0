"""`mapping.toml`: how a clinic's own tables, columns and codes become those of the data dictionary.

Nothing in it is ever guessed or applied unasked: a person writes it, or confirms what
`outcomes check --suggest` has drafted. A source whose tables and columns carry the dictionary's names needs
none.
"""

from __future__ import annotations

import codecs
import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outcomes.errors import PlanError
from outcomes.plan import read_toml
from outcomes.records.schema import MISSING_TOKENS, NO, TABLES, YES

MAPPING_FILE = "mapping.toml"
MAPPING_VERSION = 1

#: How dates may be written. `D` and `M` take one or two digits, `DD` and `MM` exactly two.
DATE_PARTS = ("YYYY", "YY", "DD", "D", "MMM", "MM", "M")
UNITS: dict[str, dict[str, float]] = {
    "duration_hours": {"hours": 1.0, "minutes": 1 / 60, "days": 24.0},
    "dwell_minutes": {"minutes": 1.0, "seconds": 1 / 60},
    "depth_mm": {"mm": 1.0, "cm": 10.0, "inch": 25.4},
}
#: Encodings of the library in which no file is saved.
_NO_FILES = {
    "idna",
    "mbcs",
    "oem",
    "punycode",
    "raw-unicode-escape",
    "raw_unicode_escape",
    "undefined",
    "unicode-escape",
    "unicode_escape",
}
ATTESTATION_KINDS = ("random-study-number", "pseudonym")


@dataclass(frozen=True)
class ReadColumn:
    """How one column of the dictionary is read.

    `source` is the header as written. `start` and `end` stand for it where a duration is the time between two
    columns (`HH:MM`, or with a date). `scale` is the lowest and highest value of the clinic's own scale,
    turned to 0–10 by proportion; `codes` their texts → ours; `dates` the ways a date is written; `zone`
    applies to times with an offset.
    """

    source: str = ""
    start: str = ""
    end: str = ""
    crosses_midnight: bool = False
    codes: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    scale: tuple[float, float] | None = None
    dates: tuple[str, ...] = ()
    decimal: str = ""


@dataclass(frozen=True)
class MissingWhen:
    """A value that means "not recorded" in the rows where another column is blank."""

    column: str
    value: str
    blank: str


@dataclass(frozen=True)
class MappedTable:
    """One of the clinic's tables and what it becomes. `columns`: name in the dictionary → how it is read.

    `constants` are columns that the clinic's table does not have and that are the same in all its rows, such
    as `period`. `ignore` are columns left out on purpose. `zeros_are_true` lists columns whose zeros were
    looked at and mean zero.
    """

    source: str
    table: str
    columns: tuple[tuple[str, ReadColumn], ...]
    constants: tuple[tuple[str, str], ...] = ()
    ignore: tuple[str, ...] = ()
    missing: tuple[str, ...] | None = None
    missing_when: tuple[MissingWhen, ...] = ()
    zeros_are_true: tuple[str, ...] = ()
    encoding: str = ""
    decimal: str = ""
    dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attestation:
    """Somebody's word that the patient ids say nothing about anybody."""

    kind: str
    by: str
    date: dt.date


@dataclass(frozen=True)
class SourceMapping:
    """How a source is read. The defaults read the dictionary's own names and forms.

    Raises PlanError from `from_toml`, naming every key that cannot be followed.
    """

    tables: tuple[MappedTable, ...] = ()
    encoding: str = ""
    decimal: str = ""
    dates: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING_TOKENS
    timezone: str = ""
    fold: str = ""
    exported_on: dt.date | None = None
    allow_empty: tuple[str, ...] = ()
    attestation: Attestation | None = None
    mapping_version: int = MAPPING_VERSION

    @classmethod
    def from_toml(cls, path: str | Path) -> SourceMapping:
        """Read a mapping file. Keys that it does not know are refused. Raises PlanError, FileProblem."""
        return cls.from_mapping(read_toml(Path(path)), Path(path).name)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any], source: str = MAPPING_FILE) -> SourceMapping:
        """Make a mapping from a dictionary shaped like the file."""
        return _Reader(source).read(given)

    def of(self, raw_name: str, label: str = "") -> tuple[MappedTable, ...]:
        """What the table of that name (or label) becomes: nothing, one table, or several parts."""
        names = {raw_name.casefold(), label.casefold()}
        return tuple(table for table in self.tables if table.source.casefold() in names)

    def encoding_of(self, raw_name: str, file_name: str) -> str:
        """The encoding named for a text file, or nothing."""
        mapped = self.of(raw_name, file_name)
        return next((table.encoding for table in mapped if table.encoding), self.encoding)


def read_mapping(given: str | Path | SourceMapping | None, folder: Path | None) -> SourceMapping:
    """The mapping of a run: the one given, else `mapping.toml` beside the records, else none."""
    if isinstance(given, SourceMapping):
        return given
    if given is not None:
        return SourceMapping.from_toml(given)
    if folder is not None and (folder / MAPPING_FILE).is_file():
        return SourceMapping.from_toml(folder / MAPPING_FILE)
    return SourceMapping()


class _Reader:
    """Reads the file's shape and keeps every fault of it."""

    def __init__(self, source: str):
        self.source = source
        self.problems: list[str] = []

    def fault(self, where: str, what: str) -> None:
        self.problems.append(f"{self.source}: {where} {what}".strip())

    def read(self, given: Mapping[str, Any]) -> SourceMapping:
        known = [item.name for item in fields(SourceMapping)]
        self._keys("", given, known)
        version = given.get("mapping_version", MAPPING_VERSION)
        if version != MAPPING_VERSION:
            self.fault("mapping_version", f"must be {MAPPING_VERSION}; this version follows no other.")
        tables = given.get("tables", [])
        if not isinstance(tables, list) or not all(isinstance(entry, Mapping) for entry in tables):
            self.fault("tables", "are written as  [[tables]]  with source, table and columns.")
            tables = []
        missing = self._texts("", "missing", given)
        meant = {code for table in TABLES.values() for column in table.columns for code in column.codes}
        clash = sorted(({*YES, *NO} | meant) & {token.strip().lower() for token in missing or ()})
        if clash:
            self.fault(
                "missing",
                f"holds a text that means something else ({', '.join(clash)}): say it in one table.",
            )
        mapping = SourceMapping(
            tables=tuple(
                table
                for n, entry in enumerate(tables, start=1)
                if (table := self._table(entry, f"[[tables]] {n}:")) is not None
            ),
            encoding=self._encoding("", given),
            decimal=self._decimal("", given),
            dates=self._dates("", given),
            missing=MISSING_TOKENS if missing is None else _with_empty(missing),
            timezone=self._timezone(given),
            fold=self._choice("", "fold", given, ("first", "second")),
            exported_on=self._day("exported_on", given),
            allow_empty=self._texts("", "allow_empty", given) or (),
            attestation=self._attestation(given.get("attestation")),
        )
        if self.problems:
            raise PlanError("\n".join(self.problems))
        return mapping

    def _table(self, entry: Mapping[str, Any], where: str) -> MappedTable | None:
        self._keys(where, entry, [item.name for item in fields(MappedTable)])
        source, table = entry.get("source"), entry.get("table")
        columns = entry.get("columns", {})
        if not isinstance(source, str) or not source:
            self.fault(where, "needs 'source', the name of the file, sheet or table.")
        if not isinstance(table, str) or table not in TABLES:
            self.fault(where, f"needs 'table', one of: {', '.join(TABLES)}.")
        if not isinstance(columns, Mapping):
            self.fault(where, "'columns' is a table of  our_name = \"their name\".")
            columns = {}
        if not isinstance(source, str) or not isinstance(table, str) or table not in TABLES:
            return None
        missing = self._texts(where, "missing", entry)
        return MappedTable(
            source=source,
            table=str(table),
            columns=tuple(
                (str(name), self._column(str(name), value, f"{where} columns.{name}"))
                for name, value in columns.items()
            ),
            constants=tuple(self._pairs(where, "constants", entry)),
            ignore=self._texts(where, "ignore", entry) or (),
            missing=None if missing is None else _with_empty(missing),
            missing_when=self._missing_when(where, entry),
            zeros_are_true=self._texts(where, "zeros_are_true", entry) or (),
            encoding=self._encoding(where, entry),
            decimal=self._decimal(where, entry),
            dates=self._dates(where, entry),
        )

    def _column(self, name: str, given: Any, where: str) -> ReadColumn:
        if isinstance(given, str) and given.strip():
            return ReadColumn(source=given)
        if not isinstance(given, Mapping):
            self.fault(where, "is the name of their column, or a table with 'source'.")
            return ReadColumn()
        self._keys(where, given, [item.name for item in fields(ReadColumn)])
        for key in ("source", "start", "end"):
            if not isinstance(given.get(key, ""), str):
                self.fault(where, f"{key} must be a text.")
        spans = bool(given.get("start")) and bool(given.get("end"))
        if bool(str(given.get("source", "")).strip()) == spans:
            self.fault(where, "needs 'source', or 'start' and 'end'.")
        if spans and name != "duration_hours":
            self.fault(where, "'start' and 'end' make a duration, and only duration_hours is one.")
        if not isinstance(given.get("crosses_midnight", False), bool):
            self.fault(where, "crosses_midnight must be true or false.")
        return ReadColumn(
            source=str(given.get("source", "")),
            start=str(given.get("start", "")),
            end=str(given.get("end", "")),
            crosses_midnight=given.get("crosses_midnight") is True,
            codes=tuple(self._pairs(where, "codes", given)),
            unit=self._unit(name, where, given),
            scale=self._scale(where, given),
            dates=self._dates(where, given),
            decimal=self._decimal(where, given),
        )

    def _keys(self, where: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
        known = list(known)
        for key in given:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, 1)
                hint = f" Did you mean '{close[0]}'?" if close else f" Known keys: {', '.join(known)}."
                self.fault(where, f"'{key}' is not a key of the mapping.{hint}")

    def _texts(self, where: str, key: str, given: Mapping[str, Any]) -> tuple[str, ...] | None:
        value = given.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(where, f"{key} must be a list of texts.")
            return None
        return tuple(value)

    def _pairs(self, where: str, key: str, given: Mapping[str, Any]) -> list[tuple[str, str]]:
        value = given.get(key, {})
        if not isinstance(value, Mapping) or not all(
            isinstance(item, str) and "\0" not in item for item in value.values()
        ):
            self.fault(where, f"{key} must be a table of texts.")
            return []
        said = [name.strip().lower() for name in value]
        if key == "codes" and "" in said:
            self.fault(where, "an empty cell is not recorded and cannot be a code.")
        if len(set(said)) < len(said):
            self.fault(where, f"{key} says the same text twice; case and outer spaces do not count.")
        return [(str(name), item) for name, item in value.items()]

    def _choice(self, where: str, key: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> str:
        value = given.get(key, "")
        if value and value not in allowed:
            self.fault(where, f"{key} must be one of: {', '.join(allowed)}.")
            return ""
        return str(value)

    def _encoding(self, where: str, given: Mapping[str, Any]) -> str:
        value = given.get("encoding", "")
        try:
            known = not value or codecs.lookup(value)._is_text_encoding
            # Some encodings turn texts into texts, or guess: none of them is what a file is saved in.
            if not isinstance(value, str) or not known or codecs.lookup(value or "utf-8").name in _NO_FILES:
                raise LookupError
            "é0".encode(value or "utf-8")
        except UnicodeEncodeError:
            pass
        except (LookupError, TypeError, ValueError):
            self.fault(where, "encoding is not known. Examples: utf-8, cp1252, latin-1, utf-16.")
            return ""
        return value

    def _decimal(self, where: str, given: Mapping[str, Any]) -> str:
        return self._choice(where, "decimal", given, (".", ","))

    def _dates(self, where: str, given: Mapping[str, Any]) -> tuple[str, ...]:
        value = given.get("dates", [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            self.fault(where, "dates must be a text such as DD/MM/YYYY, or a list of them.")
            return ()
        for item in values:
            if not is_date_form(item):
                self.fault(
                    where,
                    "dates are written with YYYY, MM, DD and separators, such as DD/MM/YYYY or D.M.YY; or "
                    "excel-1900, excel-1904 for the numbers that spreadsheets keep.",
                )
        return tuple(values)

    def _timezone(self, given: Mapping[str, Any]) -> str:
        value = given.get("timezone", "")
        try:
            return "" if value == "" else ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self.fault("timezone", "is not known. Example: Europe/London.")
            return ""

    def _day(self, key: str, given: Mapping[str, Any]) -> dt.date | None:
        value = given.get(key)
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            value = value.date()
        try:
            day = value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            day = None
        if day is None or not 1980 <= day.year <= 2200:
            self.fault(key, "must be a date such as 2026-10-31.")
            return None
        return day

    def _attestation(self, given: Any) -> Attestation | None:
        if given is None:
            return None
        kinds = ", ".join(ATTESTATION_KINDS)
        if not isinstance(given, Mapping) or set(given) != {"kind", "by", "date"}:
            self.fault("attestation", f"needs exactly kind ({kinds}), by (who vouches) and date.")
            return None
        day = self._day("date", given)
        if given["kind"] not in ATTESTATION_KINDS or not isinstance(given["by"], str) or not given["by"]:
            self.fault("attestation", f"kind is one of: {kinds}; by is a name.")
            return None
        return Attestation(given["kind"], given["by"], day) if day else None

    def _unit(self, name: str, where: str, given: Mapping[str, Any]) -> str:
        return self._choice(where, "unit", given, tuple(UNITS.get(name, {}))) if given.get("unit") else ""

    def _scale(self, where: str, given: Mapping[str, Any]) -> tuple[float, float] | None:
        value = given.get("scale")
        if value is None:
            return None
        numbers = isinstance(value, list) and all(
            isinstance(item, (int, float)) and not isinstance(item, bool) and -1e9 < item < 1e9
            for item in value
        )
        if not numbers or len(value) != 2 or not value[0] < value[1]:
            self.fault(where, "scale is the lowest and the highest value, such as [0, 100].")
            return None
        if value[1] - value[0] < 9:
            self.fault(
                where, "a scale of fewer than ten steps cannot be turned into 0–10; map it to severity."
            )
            return None
        return float(value[0]), float(value[1])

    def _missing_when(self, where: str, given: Mapping[str, Any]) -> tuple[MissingWhen, ...]:
        value = given.get("missing_when", [])
        keys = {"column", "value", "blank"}
        if not isinstance(value, list) or not all(
            isinstance(item, Mapping) and set(item) == keys and all(isinstance(v, str) for v in item.values())
            for item in value
        ):
            self.fault(
                where, "missing_when is a list of tables with exactly column, value and blank, as texts."
            )
            return ()
        return tuple(MissingWhen(**item) for item in value)


def _with_empty(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """An empty cell is always missing."""
    return tuple(dict.fromkeys(["", *(token.strip().lower() for token in tokens)]))


def is_date_form(form: str) -> bool:
    """Whether a way of writing dates has one year, one month, one day and separators between them."""
    if form in ("excel-1900", "excel-1904"):
        return True
    parts = re.findall(r"YYYY|YY|MMM|MM|DD|M|D|[^A-Z]+", form)
    if "".join(parts) != form:
        return False
    letters = [part for part in parts if part.isalpha()]
    between = [part for part in parts if not part.isalpha()]
    kinds = sorted(part[0] for part in letters)
    return (
        kinds == ["D", "M", "Y"]
        and all(part in DATE_PARTS for part in letters)
        and all(part in ("-", "/", ".", " ", ", ", ". ") for part in between)
        and (len(between) == 2 or form in ("YYYYMMDD", "DDMMYYYY"))
    )
