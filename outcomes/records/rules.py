"""The rules of the data dictionary as SQL: a column against its kind and range, columns against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outcomes.engine import identifier
from outcomes.errors import PlanError
from outcomes.records.cells import Cell, Forms, cell, untrue_days
from outcomes.records.schema import DIARY, Column
from outcomes.records.score_rules import score_rules
from outcomes.records.table_source import TableSource


@dataclass(frozen=True)
class Rule:
    """One rule as SQL over the cleaned columns that is true where a row breaks it."""

    name: str
    column: str
    broken: str
    problem: str
    remedy: str


#: Columns by which a row says what it is about: without them it cannot be used.
NEEDED = ("patient_id", "date", "day", "period", "instrument", "kind")

#: Name of the rule on dates that have not come yet.
FUTURE = "future_date"

#: Rules of one table at most: each has a bit of one number.
MOST_RULES = 62

#: What a day without headache has none of.
FELT = ("intensity", "duration_hours", "attacks")


def rules_of(source: TableSource, forms: Forms) -> list[Rule]:
    """Every rule of a table, in the order of its columns. Raises PlanError where a plan declares too many columns."""
    rules = []
    for item in source.columns:
        column = item.column
        name = identifier(column.name)
        if column.name in NEEDED:
            problem = "is empty."
            rules.append(
                Rule("empty", column.name, f"{name} IS NULL", problem, "Fill it in or remove the row.")
            )
        own = cell(column, item.sql_type, forms)
        if own.broken != "FALSE":
            rules.append(
                Rule(_rule_name(column), column.name, own.broken, f"must be {column.rule}.", _remedy(column))
            )
        if own.day:
            rules += _day_rules(column, own.day, forms)
    rules += _row_rules(source, forms)
    if len(rules) > MOST_RULES:
        # Each rule has a bit of one number, of which the highest says that a row is blank.
        raise PlanError(
            f"{source.table.name}: too many columns are declared; together they make {len(rules)} rules."
        )
    return rules


def _day_rules(column: Column, day: str, forms: Forms) -> list[Rule]:
    """A date must be one on which something can have happened."""
    future, old = untrue_days(day, forms)
    return [
        Rule(FUTURE, column.name, future, "lies after the day of the export.", "Correct the date."),
        Rule("old_date", column.name, old, "lies before 1980: the date was lost somewhere.", "Correct it."),
    ]


def _rule_name(column: Column) -> str:
    return "range" if column.kind in ("number", "whole") else column.kind


_DATES = "Correct it, or say in mapping.toml how dates are written (dates; for times in UTC, timezone)."


def _remedy(column: Column) -> str:
    if column.name in NEEDED:
        return _DATES if column.kind == "date" else "Correct it."
    if column.kind == "date":
        return f"{_DATES} Leave it empty if it is not known."
    if column.codes:
        return f"Use one of: {', '.join(column.codes)}."
    return "Correct it, or leave it empty if it is not known."


def _row_rules(source: TableSource, forms: Forms) -> list[Rule]:
    """Rules between the columns of one row."""
    if source.table.name == "scores":
        # A number out of the column's own range breaks a rule of its own: these need no guard of it.
        values = {
            item.column.name: cell(item.column, item.sql_type, forms).trusted for item in source.columns
        }
        return [Rule(*fields) for fields in score_rules(values)]
    if source.table.name != "diary" or not source.has("headache"):
        return []
    cells = {item.column.name: cell(item.column, item.sql_type, forms) for item in source.columns}
    headache = cells["headache"].value
    felt = [_above_zero(name, cells) for name in FELT if name in cells]
    if "severity" in cells:
        felt.append(f"({cells['severity'].value}) IS NOT NULL")
    told = [f"{identifier(name)} IS NOT NULL" for name in cells if name not in (*NEEDED, "headache")]
    rules = []
    if felt:
        broken = f"(NOT ({headache}) AND ({' OR '.join(felt)}))"
        problem = "says no headache, but an intensity, severity, duration or attack stands beside it."
        rules.append(Rule("contradiction", "headache", broken, problem, "Correct the one that is wrong."))
    rules += _medication_rules(cells)
    if told:
        broken = f'("headache" IS NULL AND ({" OR ".join(told)}))'
        problem = "is empty, but other cells of the day are filled in."
        rules.append(
            Rule("unclear_day", "headache", broken, problem, "Say yes or no, or empty the whole day.")
        )
    return rules


def _above_zero(name: str, cells: Mapping[str, Cell]) -> str:
    """SQL: a number of the diary says that there was something."""
    # A value out of range breaks a rule of its own, and says nothing about the day.
    value = cells[name].trusted
    return f"(({value}) > 0 AND ({value}) <= {DIARY.column(name).maximum!r})"


def _medication_rules(cells: Mapping[str, Cell]) -> list[Rule]:
    """A day without acute medication has no class of it and no dose."""
    taken = []
    if "acute_medication_class" in cells:
        taken.append(f"({cells['acute_medication_class'].value}) IS NOT NULL")
    if "acute_doses" in cells:
        taken.append(_above_zero("acute_doses", cells))
    if "acute_medication" not in cells or not taken:
        return []
    broken = f"(NOT ({cells['acute_medication'].value}) AND ({' OR '.join(taken)}))"
    problem = "says no acute medication, but a class of it or a dose stands beside it."
    remedy = "Correct the one that is wrong."
    return [Rule("contradiction", "acute_medication", broken, problem, remedy)]
