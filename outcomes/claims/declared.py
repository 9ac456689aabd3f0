"""claims.toml: what the clinic says in public, and how it is judged, declared before the data are read.

A claim says in its own words what the clinic promises, and in the words of the plan what would have to be in the
records for it. Nothing is guessed from the sentence: the restatement that is judged is built from the declared keys.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from outcomes.errors import PlanError
from outcomes.plan import read_toml

CLAIMS_FILE = "claims.toml"

#: What a claim can be about, and which keys it needs beside `id`, `says` and `declared_on`.
KINDS: dict[str, tuple[str, ...]] = {
    "change": ("endpoint",),
    "lasting": ("endpoint",),
    "share": ("endpoint", "reduction", "at_least"),
    "score": ("instrument", "margin"),
    "harm": ("grade", "at_most"),
    "contrast": ("endpoint", "against"),
    "dose": (),
    "mechanism": (),
}

WINDOWS = ("followup", "weeks_21_24")
MODES = ("diary", "recall_28", "recall_7")
GRADES = ("any", "significant", "serious", "soreness_beyond_72h")

#: A fall of one headache day per 28 is the least that is called a difference between groups
#: (outcome-definitions, section 4; from memory).
DEFAULT_MARGIN = 1.0

_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
_NUMBERS = ("margin", "reduction", "at_least", "at_most")


@dataclass(frozen=True)
class Claim:
    """One promise. `says` is printed as it stands; the verdict belongs to the restatement.

    `margin` is in the unit of the endpoint or instrument; None where the kind has none, and then a number per 28
    days counts with `DEFAULT_MARGIN`. `population` is `all` or a code of `headache_type`; `against` the types a
    contrast is made with. `at_least` and `at_most` are shares from 0 to 1, `reduction` is percent.
    """

    id: str
    says: str
    kind: str
    declared_on: dt.date
    population: str = "all"
    endpoint: str = ""
    instrument: str = ""
    window: str = "followup"
    mode: str = "diary"
    margin: float | None = None
    reduction: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    grade: str = ""
    against: str = "rest"

    @property
    def is_question(self) -> bool:
        """Whether the records can be asked at all: mechanisms and doses they cannot."""
        return self.kind not in ("mechanism", "dose")

    def fingerprint(self) -> str:
        """What the claim declares, as a digest: any edit but of the date gives another."""
        told = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "declared_on"}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class DeclaredClaims:
    """All claims of a clinic, in the order of the file. `asked` of them count in the correction for looking at many."""

    claims: tuple[Claim, ...]

    @property
    def asked(self) -> int:
        return sum(claim.is_question for claim in self.claims)


def read_claims(path: Path) -> DeclaredClaims:
    """Read claims.toml. Raises FileProblem, and PlanError with every problem at once."""
    return claims_of(read_toml(path), path.name)


def claims_of(given: Mapping[str, Any], source: str = CLAIMS_FILE) -> DeclaredClaims:
    """Claims from a mapping shaped like the file. Raises PlanError with every problem at once."""
    entries = given.get("claims")
    if set(given) - {"claims"} or not isinstance(entries, list) or not entries:
        raise PlanError(f"{source}: write each claim as a table  [[claims]]  and nothing else.")
    problems: list[str] = []
    claims = []
    for number, entry in enumerate(entries, start=1):
        where = f"{source}: [[claims]] {number}"
        found = _entry_problems(entry)
        problems += [f"{where}: {problem}" for problem in found]
        if not found:
            claims.append(_claim(entry))
    names = [claim.id for claim in claims]
    problems += [
        f"{source}: two claims have the id '{name}'." for name in sorted(set(names)) if names.count(name) > 1
    ]
    if problems:
        raise PlanError("\n".join(problems))
    return DeclaredClaims(tuple(claims))


def _claim(entry: Mapping[str, Any]) -> Claim:
    values: dict[str, Any] = {
        name: float(value) if name in _NUMBERS else value for name, value in entry.items()
    }
    if values["kind"] == "lasting":
        values["window"] = "weeks_21_24"
    return Claim(**values)


def _entry_problems(entry: object) -> list[str]:
    if not isinstance(entry, Mapping):
        return ["must be a table of keys."]
    known = [item.name for item in fields(Claim)]
    problems = []
    for key in entry:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            problems.append(
                f"'{key}' is not a key of a claim."
                + (f" Did you mean '{close[0]}'?" if close else f" Known: {', '.join(known)}.")
            )
    for key in ("id", "says", "kind"):
        if not isinstance(entry.get(key), str) or not str(entry.get(key)).strip():
            problems.append(f"needs '{key}', a text.")
    declared = entry.get("declared_on")
    if not isinstance(declared, dt.date) or isinstance(declared, dt.datetime):
        problems.append("needs 'declared_on', a date without quotes, such as 2026-01-15.")
    if problems:
        return problems
    return _value_problems(entry)


def _value_problems(entry: Mapping[str, Any]) -> list[str]:
    problems = []
    if not _ID.fullmatch(entry["id"]):
        problems.append("'id' must be lower case letters, digits and underscores.")
    kind = entry["kind"]
    if kind not in KINDS:
        return [*problems, f"'kind' must be one of: {', '.join(KINDS)}."]
    problems += [f"a claim of kind '{kind}' needs '{key}'." for key in KINDS[kind] if key not in entry]
    for key, words in (("window", WINDOWS), ("mode", MODES), ("grade", GRADES)):
        if key in entry and entry[key] not in words:
            problems.append(f"'{key}' must be one of: {', '.join(words)}.")
    for key in ("population", "endpoint", "instrument", "against"):
        if key in entry and not isinstance(entry[key], str):
            problems.append(f"'{key}' must be a text.")
    for key in _NUMBERS:
        value = entry.get(key, 0.5)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            problems.append(f"'{key}' must be a number.")
        elif key == "margin" and key in entry and value >= 1e6:
            problems.append("'margin' must be a number that a change can reach.")
        elif key == "margin" and key in entry and not value > 0:
            problems.append("'margin' must lie above 0: a promise of any change at all is none.")
        elif key in ("at_least", "at_most") and not 0 < value < 1:
            problems.append(f"'{key}' must be a share between 0 and 1.")
        elif key == "reduction" and not 0 < value <= 100:
            problems.append("'reduction' must be percent, above 0 and up to 100.")
    return problems
