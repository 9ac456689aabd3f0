"""Which field of a REDCap project is which column of ours: named by a person, proven by the data dictionary.

Every project names its fields itself, so nothing can be known in advance. A person names them, in a TOML file
or as options; from names alone there is a draft to correct, which is shown and never applied. Codes are taken
from the data dictionary only where its labels leave no doubt; otherwise the person says what each code means.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.errors import FileProblem, PlanError
from outcomes.records.importers.redcap_dictionary import (
    CHOOSING,
    PLAIN_CODE,
    VARIABLE,
    DataDictionary,
    Field,
)
from outcomes.records.importers.redcap_draft import draft
from outcomes.records.importers.redcap_proof import (
    COLUMNS,
    YES_NO,
    numbers_as_they_stand,
    on_our_scale,
    proven_codes,
    range_of,
)
from outcomes.records.mapping import UNITS
from outcomes.records.schema import Column

#: Options that are not about one field.
GENERAL = ("fields", "missing", "values", "allow_identifier", "url", "token_env", "token_file")
_PARTS = ("codes", "scale", "unit")
_LONGEST = 1_000_000


@dataclass(frozen=True)
class Use:
    """One field and the column it becomes.

    `codes`: the project's code → our value, empty for "not recorded"; None where the cell itself is the
    value. `scale` is the project's own lowest and highest value; `proven` whether the dictionary or the
    person says that numbers are on our scale.
    """

    table: str
    column: Column
    field: str
    codes: Mapping[str, str] | None = None
    scale: tuple[float, float] | None = None
    factor: float = 1.0
    decimal_comma: bool = False
    checkbox: bool = False
    proven: bool = True


@dataclass(frozen=True)
class FieldMap:
    """All fields that are imported, by table, and how the export is read."""

    uses: tuple[Use, ...]
    missing: frozenset[str] = frozenset()
    values: str = ""

    def of(self, table: str) -> tuple[Use, ...]:
        return tuple(use for use in self.uses if use.table == table)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.table for use in self.uses))


def options_of_file(path: Path) -> dict[str, str]:
    """The options in a TOML file, under the names that single options have. Raises PlanError, FileProblem."""
    try:
        if path.stat().st_size > _LONGEST:
            raise PlanError(f"{path.name}: too long for a file that names fields.")
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    except (ValueError, RecursionError) as error:
        where = re.search(r"line \d+", str(error))
        place = f" ({where.group()})" if where else ""
        raise PlanError(f"{path.name}: not a TOML file{place}.") from None
    options: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, Mapping):
            for column, what in value.items():
                _flatten(f"{name}.{column}", what, options, path.name)
        else:
            _flatten(name, value, options, path.name)
    return options


def _flatten(name: str, value: Any, options: dict[str, str], file: str) -> None:
    if isinstance(value, str):
        options[name] = value
    elif isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
        options[name] = (":" if name.endswith(".scale") else ";").join(str(item) for item in value)
    elif isinstance(value, Mapping) and name.endswith(".codes"):
        if not all(isinstance(item, str) for item in value.values()):
            raise PlanError(f'{file}: codes are written {{ "1" = "yes", "0" = "no" }}.')
        options[name] = ";".join(f"{code}:{ours}" for code, ours in value.items())
    elif isinstance(value, Mapping) and name.count(".") == 1:
        for part, what in value.items():
            _flatten(name if part == "field" else f"{name}.{part}", what, options, file)
    else:
        raise PlanError(f"{file}: an entry is neither a text, a list of texts nor a table of them.")


def field_map(options: Mapping[str, str], dictionary: DataDictionary | None) -> FieldMap:
    """The fields as named in the options. Raises PlanError with everything that cannot be followed."""
    if "token" in options:
        raise PlanError(
            "The token is never given as an option, where others can see it. Put it into an environment variable "
            "(token_env) or into a file of your own (token_file)."
        )
    faults: list[str] = []
    named: dict[tuple[str, str], dict[str, str]] = {}
    for option, value in options.items():
        if option in GENERAL:
            continue
        table, _, rest = option.partition(".")
        column, _, part = rest.partition(".")
        if column not in COLUMNS.get(table, {}) or part not in ("", *_PARTS) or not isinstance(value, str):
            faults.append(
                f"An option is not known to redcap. Options are {', '.join(GENERAL)} and, for the tables "
                f"{', '.join(COLUMNS)}, TABLE.COLUMN, TABLE.COLUMN.codes, .scale and .unit."
            )
            continue
        named.setdefault((table, column), {})[part or "field"] = value.strip()
    if not named and not faults:
        raise PlanError(draft(dictionary))
    allowed = _parts(options.get("allow_identifier", ""))
    uses = []
    for (table, column), parts in named.items():
        use = _Proof(f"{table}.{column}", COLUMNS[table][column], parts, dictionary, allowed, faults).use(
            table
        )
        uses += [use] if use else []
    faults += _missing_columns(named)
    if options.get("values", "") not in ("", "raw", "label"):
        faults.append("values is raw or label.")
    if faults:
        raise PlanError("\n".join(dict.fromkeys(faults)))
    return FieldMap(tuple(uses), frozenset(_parts(options.get("missing", ""))), options.get("values", ""))


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(";") if part.strip())


def _missing_columns(named: Iterable[tuple[str, str]]) -> list[str]:
    faults = []
    by_table: dict[str, set[str]] = {}
    for table, column in named:
        by_table.setdefault(table, set()).add(column)
    for table, columns in by_table.items():
        if table != "patients" and len(columns & {"date", "day"}) != 1:
            faults.append(f"{table}: name the field of its date ({table}.date), or of its day number.")
        if table == "diary" and "headache" not in columns:
            faults.append(
                "diary: name the field that says whether there was a headache that day (diary.headache)."
            )
    return faults


class _Proof:
    """Makes one use from what was named, or says why it cannot be made."""

    def __init__(
        self,
        option: str,
        column: Column,
        parts: Mapping[str, str],
        dictionary: DataDictionary | None,
        allowed: tuple[str, ...],
        faults: list[str],
    ) -> None:
        self.option, self.column, self.parts = option, column, parts
        self.dictionary, self.allowed, self.faults = dictionary, allowed, faults

    def fault(self, problem: str) -> None:
        self.faults.append(f"{self.option}: {problem}")

    def use(self, table: str) -> Use | None:
        before = len(self.faults)
        name = self.parts.get("field", "")
        if not VARIABLE.fullmatch(name):
            self.fault("name the field as REDCap does, in small letters, digits and underscores.")
            return None
        found = self.dictionary.by_name.get(name) if self.dictionary else None
        if self.dictionary and found is None:
            self.fault(f"the data dictionary has no field '{name}'.")
            return None
        if found is not None:
            self._check_kind(found)
        codes = self._codes(found)
        scale = self._scale(found)
        factor = self._factor()
        if len(self.faults) > before:
            return None
        return Use(
            table,
            self.column,
            name,
            codes,
            scale,
            factor,
            decimal_comma=found is not None and "comma_decimal" in found.validation,
            checkbox=found is not None and found.kind == "checkbox",
            proven=scale is not None or codes is not None or on_our_scale(found, self.column),
        )

    def _check_kind(self, found: Field) -> None:
        if found.identifier and found.name not in self.allowed:
            advice = (
                f" For a date of treatment or of a diary, say allow_identifier = {found.name}."
                if found.is_date
                else ""
            )
            self.fault(
                f"'{found.name}' is flagged as an identifier in the data dictionary, so it is not imported."
                + advice
            )
        elif found.identifier and not found.is_date:
            self.fault(f"'{found.name}' is flagged as an identifier and is no date; it cannot be allowed.")
        if found.kind in ("notes", "file", "descriptive") or found.reaches_somebody:
            self.fault(f"'{found.name}' holds free text, a file, or a way to reach somebody.")
        if self.column.kind == "date" and not found.is_date:
            self.fault(f"'{found.name}' is not a date in the data dictionary.")
        if found.kind == "checkbox" and self.column.kind not in ("yes_no", "codes"):
            self.fault(f"'{found.name}' is a checkbox, and {self.column.name} is one value.")
        if (
            self.column.kind in ("code", "codes", "yes_no")
            and found.kind not in CHOOSING
            and not self._given()
        ):
            self.fault(
                f"'{found.name}' is not a choice in the data dictionary. "
                f"Say what each of its values means: {self.option}.codes."
            )

    def _given(self) -> str:
        return self.parts.get("codes", "")

    def _codes(self, found: Field | None) -> Mapping[str, str] | None:
        """Code → our value, given or proven; None where cells are values themselves."""
        if self.column.kind in ("date", "day", "id"):
            if self._given():
                self.fault("takes no codes.")
            return None
        given = self._given_codes()
        choices = found.choices if found is not None else ()
        if self.column.kind in ("number", "whole") and not given:
            if choices and not self.parts.get("scale") and not numbers_as_they_stand(found, self.column):
                self._ask(found, [code for code, _ in choices])
            return None
        known = {} if found is None else proven_codes(found, self.column)
        known.update(given)
        unknown = [code for code, _ in choices if code not in known]
        if unknown or not known:
            self._ask(found, unknown)
        return known

    def _given_codes(self) -> dict[str, str]:
        codes: dict[str, str] = {}
        for part in _parts(self._given()):
            code, mark, ours = (piece.strip() for piece in part.rpartition(":"))
            ours = "" if ours == "-" else ours
            if not mark or not code or code in codes:
                self.fault("codes are written code:value;code:value, each code once.")
            elif ours and not self._is_ours(ours):
                self.fault(f"a code stands for something that is not {self.column.rule}.")
            else:
                codes[code] = YES_NO.get(ours.lower(), ours) if self.column.kind == "yes_no" else ours
        return codes

    def _is_ours(self, value: str) -> bool:
        if self.column.kind == "yes_no":
            return value.lower() in YES_NO
        if self.column.kind in ("number", "whole"):
            return re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", value) is not None
        return value in self.column.codes

    def _ask(self, found: Field | None, codes: list[str]) -> None:
        """Say which codes need a meaning, by code alone: labels are not shown."""
        shown = [code for code in codes if PLAIN_CODE.fullmatch(code)]
        line = ";".join(f"{code}:?" for code in shown) or "code:?;code:?"
        allowed = "yes or no" if self.column.kind == "yes_no" else ", ".join(self.column.codes) or "a number"
        name = "" if found is None else f" of '{found.name}'"
        self.fault(
            f"what the codes{name} mean is not proven by the data dictionary. Say it: "
            f"{self.option}.codes = {line}, with {allowed} for each ?, or - where it means not recorded."
        )

    def _scale(self, found: Field | None) -> tuple[float, float] | None:
        given = self.parts.get("scale", "")
        if not given:
            if self.column.maximum == 10 and found is not None and not self._given():
                low, high = range_of(found)
                if (low, high) != (None, None) and not on_our_scale(found, self.column):
                    self.fault(
                        f"the data dictionary gives '{found.name}' another range than 0 to 10. "
                        f"Say the scale's lowest and highest value: {self.option}.scale = low:high."
                    )
            return None
        numbers = re.fullmatch(
            r"(-?[0-9]{1,6}(?:\.[0-9]{1,3})?)\s*:\s*(-?[0-9]{1,6}(?:\.[0-9]{1,3})?)", given
        )
        if self.column.maximum != 10 or self._given() or not numbers:
            self.fault("scale is lowest:highest, such as 0:100, for a column from 0 to 10 without codes.")
            return None
        low, high = float(numbers[1]), float(numbers[2])
        if high - low < 9:
            # As in a mapping file: None, mild, moderate, severe is no 0–10 scale in disguise.
            self.fault("a scale of fewer than ten steps cannot be turned into 0–10.")
            return None
        return low, high

    def _factor(self) -> float:
        given = self.parts.get("unit", "")
        units = UNITS.get(self.column.name, {})
        if given and given not in units:
            self.fault(f"unit is one of: {', '.join(units)}." if units else "has no unit to choose.")
        return units.get(given, 1.0)
