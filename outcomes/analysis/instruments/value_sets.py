"""Value sets of the EQ-5D-5L: what a country's people hold each profile to be worth. None is shipped.

The user gives one, in the plan or from a file; without one there is no index, only profiles and EQ VAS.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outcomes.errors import FileProblem, PlanError
from outcomes.plan import AnalysisPlan

_DIMENSIONS = ("mo", "sc", "ua", "pd", "ad")
#: Names of the 20 decrements, a dimension and a level: mo2 … ad5.
DECREMENTS = tuple(f"{dimension}{level}" for dimension in _DIMENSIONS for level in range(2, 6))
#: Taken off every profile but 11111.
CONSTANT = "constant"
_PROFILES = frozenset("".join(levels) for levels in itertools.product("12345", repeat=5))


@dataclass(frozen=True)
class ValueSet:
    """The index of every profile of the EQ-5D-5L, with the name of the value set and its version."""

    name: str
    indexes: Mapping[str, float] = field(repr=False)

    def index(self, profile: str) -> float:
        """The index of a profile of five digits from 1 to 5."""
        return self.indexes[profile]


def value_set_of(name: str, numbers: Mapping[str, float]) -> ValueSet:
    """A value set from the index of each of the 3125 profiles, or from the 20 decrements (and a `constant`).

    With decrements, a profile is worth 1 − the constant (but for 11111) − the decrement of each level above 1.
    Raises PlanError where neither is complete.
    """
    if not name:
        raise PlanError("A value set of the EQ-5D-5L needs its name and version (eq5d_value_set_name).")
    if set(numbers) == _PROFILES:
        return ValueSet(name, dict(numbers))
    if set(numbers) - {CONSTANT} != set(DECREMENTS):
        raise PlanError(
            "A value set of the EQ-5D-5L needs the index of all 3125 profiles (11111 to 55555), or the 20 "
            "decrements mo2 to ad5, with 'constant' where it has one."
        )
    constant = numbers.get(CONSTANT, 0.0)
    indexes = {}
    for profile in _PROFILES:
        levels = [f"{one}{level}" for one, level in zip(_DIMENSIONS, profile, strict=True) if level != "1"]
        lost = sum(numbers[level] for level in levels) + (constant if levels else 0.0)
        indexes[profile] = 1.0 - lost
    return ValueSet(name, indexes)


def read_value_set(path: str | Path, name: str) -> ValueSet:
    """A value set from a CSV of two columns without or with a header: profile or decrement, number.

    Raises FileProblem and PlanError.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    numbers: dict[str, float] = {}
    for place, row in enumerate(rows, start=1):
        try:
            key, number = row[0].strip(), float(row[1])
        except (IndexError, ValueError):
            if place == 1:
                continue
            raise PlanError(f"{path.name}, row {place}: needs a profile and a number.") from None
        if key in numbers:
            raise PlanError(f"{path.name}, row {place}: repeats an earlier one.")
        numbers[key] = number
    return value_set_of(name, numbers)


def plan_value_set(plan: AnalysisPlan) -> ValueSet | None:
    """The value set that the plan gives in [eq5d_value_set]; None where it gives none. Raises PlanError."""
    if not plan.eq5d_value_set:
        return None
    return value_set_of(plan.eq5d_value_set_name, dict(plan.eq5d_value_set))
