"""`deid.toml`: a mapping file with one more table, `[deidentify]`, that says what may leave and in what form."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from outcomes.errors import PlanError
from outcomes.plan import read_toml
from outcomes.records.code_lists import AGE_BANDS
from outcomes.records.mapping import SourceMapping
from outcomes.records.schema import PATIENTS, TABLES

DATE_MODES = ("relative", "shift", "month", "keep")
#: What the column mapped to `age_band` may hold, by the setting `age`.
AGE_FORMS = {
    "band": "the bands of the data dictionary",
    "years": "ages in years",
    "date_of_birth": "dates of birth",
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

K_UNDER_AGREEMENT = 5
K_PUBLIC = 11
L_LEAST = 2

#: What somebody who knows a patient is taken to know, where it is among the columns.
QUASI_IDENTIFIERS = ("sex", "age_band", "group")
_MAY_BE_KNOWN = ("sex", "age_band", "group", "allocation", "headache_type", "planned_sessions")
_MAY_BE_MERGED = ("sex", "group", "headache_type")
#: Columns that the output can do without.
MAY_BE_LEFT_OUT = tuple(
    f"{table.name}.{column.name}"
    for table in TABLES.values()
    for column in table.columns
    if not column.required and column.name not in ("date", "day")
)
_AGE_TOPS = tuple(range(30, 91, 10))


@dataclass(frozen=True)
class DeidentifySettings:
    """The table `[deidentify]`. Raises PlanError, naming every key that cannot be followed.

    `age` says what the column mapped to `age_band` holds: a band, the age in years, or the date of birth.
    `age_top` is the lowest age of the last band, or "auto" to lower it until k holds. `merge` lists codes of
    one column that become one: in `age_band` neighbours, else "other". `keep_diary_start` keeps the days of
    the diary before its first whole window, for clinics whose baselines are shorter than one. `exported_on`
    is when the raw files were exported; without it the mapping's, else the newest date among them. `leave_out`
    lists columns that are not written although they are mapped, as `patients.sex`.
    """

    dates: str = "relative"
    k: int = K_UNDER_AGREEMENT
    l: int = L_LEAST  # noqa: E741  the name that everybody uses for it
    age: str = "band"
    age_top: int | str = 90
    merge: tuple[tuple[str, tuple[str, ...]], ...] = ()
    quasi_identifiers: tuple[str, ...] = QUASI_IDENTIFIERS
    merge_rare: bool = True
    keep_diary_start: bool = False
    coarsen_visits: str = ""
    opening_days: tuple[str, ...] = ()
    exported_on: dt.date | None = None
    leave_out: tuple[str, ...] = ()
    pseudonyms: str = "keyed"
    format: str = "csv"
    public: bool = field(default=False, metadata={"given": False})

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any], source: str) -> DeidentifySettings:
        """Make the settings from the table as `tomllib` reads it."""
        known = [item.name for item in fields(cls) if item.metadata.get("given", True)]
        problems = []
        for key in given:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, 1)
                hint = f" Did you mean '{close[0]}'?" if close else f" Known keys: {', '.join(known)}."
                problems.append(f"'{key}' is not a key of it.{hint}")
        problems += _problems(given)
        if problems:
            raise PlanError("\n".join(f"{source}: [deidentify] {problem}" for problem in problems))
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
        }
        merges = given.get("merge", {})
        values["merge"] = tuple((name, tuple(codes)) for name in merges for codes in merges[name])
        return cls(**values)

    def for_the_public(self) -> DeidentifySettings:
        """The same settings for a release that anybody may read."""
        if self.dates == "keep":
            raise PlanError('dates = "keep" is for the clinic\'s own use, never for a public release.')
        return replace(self, public=True, k=max(self.k, K_PUBLIC))

    def to_dict(self) -> dict[str, Any]:
        """The settings that a recipient may read: without what would help to date the records."""
        hidden = ("exported_on", "opening_days")
        plain = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in hidden}
        plain["merge"] = [[name, list(codes)] for name, codes in self.merge]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def read_config(path: str | Path) -> tuple[SourceMapping, DeidentifySettings]:
    """The mapping and the settings of one file. Raises PlanError, FileProblem."""
    path = Path(path)
    given = read_toml(path)
    table = given.pop("deidentify", {})
    if not isinstance(table, Mapping):
        raise PlanError(f"{path.name}: write the settings under  [deidentify].")
    mapping = SourceMapping.from_mapping(given, path.name)
    settings = DeidentifySettings.from_mapping(table, path.name)
    if settings.exported_on is None:
        settings = replace(settings, exported_on=mapping.exported_on)
    return mapping, settings


def _problems(given: Mapping[str, Any]) -> list[str]:
    """Every value that cannot be followed, in words."""
    problems = []
    for key, allowed in (
        ("dates", DATE_MODES),
        ("age", AGE_FORMS),
        ("coarsen_visits", ("", "week")),
        ("pseudonyms", ("keyed", "random")),
        ("format", ("csv", "parquet")),
    ):
        if key in given and (not isinstance(given[key], str) or given[key] not in allowed):
            problems.append(f"{key} must be one of: {', '.join(name for name in allowed if name)}.")
    for key, least in (("k", K_UNDER_AGREEMENT), ("l", L_LEAST)):
        value = given.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 1000:
            problems.append(f"{key} must be a whole number of at least {least}.")
    if given.get("age_top", 90) not in ("auto", *_AGE_TOPS) or isinstance(given.get("age_top"), float):
        problems.append(f'age_top must be "auto" or one of: {", ".join(map(str, _AGE_TOPS))}.')
    for key in ("merge_rare", "keep_diary_start"):
        if not isinstance(given.get(key, True), bool):
            problems.append(f"{key} must be true or false.")
    exported_on = given.get("exported_on")
    if exported_on is not None and type(exported_on) is not dt.date:
        problems.append("exported_on must be a date such as 2026-10-31, without quotation marks.")
    problems += _list_problems(given, "opening_days", WEEKDAYS)
    problems += _list_problems(given, "quasi_identifiers", _MAY_BE_KNOWN)
    problems += _leave_out_problems(given.get("leave_out", []))
    return problems + _merge_problems(given.get("merge", {}))


def _list_problems(given: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> list[str]:
    value = given.get(key, [])
    if isinstance(value, list) and all(item in allowed for item in value):
        return []
    return [f"{key} must be a list of: {', '.join(allowed)}."]


def _leave_out_problems(given: Any) -> list[str]:
    shape = 'leave_out is a list of columns that are not needed, each as table and name:  ["patients.sex"].'
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return [shape]
    unknown = [name for name in given if name not in MAY_BE_LEFT_OUT]
    close = [match for name in unknown for match in difflib.get_close_matches(name, MAY_BE_LEFT_OUT, 1)]
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    return [f"{shape}{hint}"] if unknown else []


def _merge_problems(given: Any) -> list[str]:
    shape = 'merge is written  [deidentify.merge]  age_band = [["70-79", "80-89"]].'
    if not isinstance(given, Mapping):
        return [shape]
    problems = []
    for name, groups in given.items():
        if name not in (*_MAY_BE_MERGED, "age_band"):
            problems.append(f"merge: only {', '.join((*_MAY_BE_MERGED, 'age_band'))} can be merged.")
            continue
        codes = PATIENTS.column(name).codes
        listed = isinstance(groups, list) and all(
            isinstance(group, list) and len(group) > 1 for group in groups
        )
        if not listed or not all(code in codes for group in groups for code in group):
            problems.append(f"merge: {name} takes lists of two or more of: {', '.join(codes)}.")
        elif len({code for group in groups for code in group}) < sum(len(group) for group in groups):
            problems.append(f"merge: {name} names a code twice.")
        elif name == "age_band" and not all(_are_neighbours(group) for group in groups):
            problems.append("merge: age bands that become one must lie beside each other.")
    return problems


def _are_neighbours(codes: list[str]) -> bool:
    places = sorted(AGE_BANDS.index(code) for code in codes)
    return places == list(range(places[0], places[0] + len(places)))
