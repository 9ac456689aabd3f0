"""Every further endpoint, state and course over time, counted day by day from the definitions in docs/method.md.

Written from the words and not from the code under test: plain loops over dictionaries, no array work, no SQL.
A `Told` is what the files of a clinic say once unreadable rows are aside; days count from the first session.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd

from outcomes import AnalysisPlan
from outcomes.records.checked import Records

Row = dict[str, Any]
Maybe = bool | None

MIGRAINE_DRUGS = {"triptan", "ergot", "gepant", "ditan"}
#: Days per month from which a class alone is in the overuse range (ICHD-3 8.2).
OVERUSE_LIMITS = {
    "triptan": 10, "ergot": 10, "opioid": 10, "combination_analgesic": 10,
    "paracetamol": 15, "aspirin": 15, "nsaid": 15,
}  # fmt: skip
CLASSES = (*OVERUSE_LIMITS, "gepant", "ditan", "other")
WINDOWS = ("baseline", "followup")


@dataclass
class Told:
    """What was written of each patient. `days`: patient → day → row; `sessions` in the order of days."""

    plan: AnalysisPlan
    patients: dict[str, Row]
    days: dict[str, dict[int, Row]]
    sessions: dict[str, list[Row]] = field(default_factory=dict)
    scores: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    #: Last day of the records, counted from each patient's day 0; None where the records hold no calendar.
    ends: dict[str, int] | None = None
    columns: dict[str, set[str]] = field(default_factory=dict)

    @property
    def known(self) -> list[str]:
        """Patients whose day 0 is known."""
        if self.ends is None:
            return sorted(self.patients)
        return sorted(name for name in self.patients if name in self.ends)

    def is_over(self, name: str, day: int) -> bool:
        return self.ends is None or self.ends[name] >= day


def told_by(records: Records, first_days: Mapping[str, Any] | None, plan: AnalysisPlan) -> Told:
    """The used rows of checked records, counted from `first_days` (calendar days; None: already day numbers)."""
    tables = {
        name: [_plain(row) for row in records.frame(name).to_dict("records")] if records.has(name) else []
        for name in ("diary", "sessions", "patients", "scores", "events")
    }
    for rows in tables.values():
        for row in rows:
            if first_days is None:
                row["day"] = row.get("day")
            elif row.get("date") is not None and row["patient_id"] in first_days:
                row["day"] = (row["date"] - first_days[row["patient_id"]]).days
            else:
                row["day"] = None
    ends = None
    if first_days is not None:
        newest = max((row["date"] for row in tables["diary"]), default=None)
        ends = {name: (newest - first).days for name, first in first_days.items()} if newest else {}
    told = Told(plan, {}, defaultdict(dict), defaultdict(list), ends=ends)
    told.columns = {name: set(records.columns(name)) for name in tables}
    for name in ("diary", "sessions", "scores"):
        for row in tables[name]:
            told.patients.setdefault(row["patient_id"], {})
    for row in tables["patients"]:
        told.patients[row["patient_id"]] = row
    for name in first_days or {}:
        told.patients.setdefault(name, {})
    for row in tables["diary"]:
        if row["day"] is not None:
            told.days[row["patient_id"]][row["day"]] = row
    for row in tables["sessions"]:
        if row["day"] is not None:
            told.sessions[row["patient_id"]].append(row)
    for rows in told.sessions.values():
        rows.sort(key=lambda row: row["day"])
    told.scores, told.events = tables["scores"], tables["events"]
    return told


def _plain(row: Mapping[Any, Any]) -> Row:
    """Missing is None, whatever kind of missing it was."""
    return {str(key): None if _missing(value) else value for key, value in row.items()}


def _missing(value: object) -> bool:
    return (
        value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    )


def codes(cell: object) -> list[str]:
    return [] if cell is None else [part.strip() for part in str(cell).split(";") if part.strip()]


def both(parts: Iterable[Maybe]) -> Maybe:
    """And: one no settles it; else one unknown leaves it open."""
    given = list(parts)
    return False if False in given else None if None in given else True


def either(parts: Iterable[Maybe]) -> Maybe:
    given = list(parts)
    return True if True in given else None if None in given else False


def at_least(value: float | None, limit: float) -> Maybe:
    return None if value is None else value >= limit


def needed_in(plan: AnalysisPlan, days: int) -> int:
    return (
        plan.min_recorded_days if plan.min_recorded_days is not None else math.ceil(Fraction(20, 28) * days)
    )


def needed_in_course(plan: AnalysisPlan, days: int) -> int:
    length = plan.followup_last_day - plan.followup_first_day + 1
    return max(1, math.ceil(Fraction(needed_in(plan, length), length) * days))


class DayRules:
    """What each endpoint makes of one day that was recorded: a yes, a no, a number, or None for not known."""

    def __init__(self, plan: AnalysisPlan, columns: set[str]) -> None:
        self.plan, self.columns = plan, columns

    def _asked(self, parts: Mapping[str, Maybe]) -> list[Maybe]:
        return [value for name, value in parts.items() if name in self.columns]

    def taken(self, row: Row) -> Maybe:
        beside = bool(codes(row.get("acute_medication_class"))) or (row.get("acute_doses") or 0) > 0
        written = row.get("acute_medication")
        if beside:
            return None if written is False else True
        if written is None and row.get("acute_doses") == 0:
            return False
        return written

    def drug(self, row: Row, classes: Iterable[str]) -> Maybe:
        """Whether one of the classes was taken; a drug without a class is not known for every class."""
        taken = self.taken(row)
        if taken is not True:
            return taken
        given = codes(row.get("acute_medication_class"))
        return bool(set(given) & set(classes)) if given else None

    def at_least_moderate(self, row: Row) -> Maybe:
        """By the number, or by the word that stands where no number was written."""
        word = row.get("severity")
        number = at_least(row.get("intensity"), self.plan.severity_bounds[0])
        told = [one for one in (number, None if word is None else word != "mild") if one is not None]
        return any(told) if told else None

    def lasted(self, row: Row, hours: float) -> Maybe:
        return at_least(row.get("duration_hours"), hours)

    def _drug_arm(self, row: Row) -> list[Maybe]:
        asked = {"acute_medication", "acute_medication_class", "acute_doses"} & self.columns
        return [self.taken(row)] if asked else []

    def trial_rule(self, row: Row) -> Maybe:
        long = self.lasted(row, self.plan.headache_day_min_minutes / 60)
        return row["headache"] and either([long, *self._drug_arm(row)])

    def strong(self, row: Row, drug_arm: bool) -> Maybe:
        strong = both([self.at_least_moderate(row), self.lasted(row, self.plan.moderate_severe_min_hours)])
        return row["headache"] and either([strong, *(self._drug_arm(row) if drug_arm else [])])

    def migraine(self, row: Row) -> Maybe:
        if row.get("aura"):
            return True
        if not row["headache"]:
            return False
        moderate = [self.at_least_moderate(row)] if {"intensity", "severity"} & self.columns else []
        pain = moderate + self._asked(
            {name: row.get(name) for name in ("unilateral", "pulsating", "worse_with_activity")}
        )
        yes, unknown = pain.count(True), pain.count(None)
        two = True if yes >= 2 else None if yes + unknown >= 2 else False
        light, sound = row.get("photophobia"), row.get("phonophobia")
        senses = [both([light, sound])] if {"photophobia", "phonophobia"} <= self.columns else []
        one = either([*self._asked({"nausea_or_vomiting": row.get("nausea_or_vomiting")}), *senses])
        features = both([two, one, self.lasted(row, self.plan.migraine_day_min_minutes / 60)])
        ways = [features, *self._asked({"aura": row.get("aura")})]
        if "acute_medication_class" in self.columns:
            drug = self.drug(row, MIGRAINE_DRUGS)
            if self.plan.migraine_drug_days == "effective":
                drug = both([drug, row.get("acute_medication_helped")])
            ways.append(drug)
        return either(ways)

    def doses(self, row: Row) -> float | None:
        """A drug that was taken in no dose is a contradiction: not known."""
        taken = self.taken(row)
        return 0.0 if taken is False else row.get("acute_doses") or None if taken else None

    def on_headache(self, row: Row, value: float | None) -> float | None:
        return value if row["headache"] else 0.0

    def hours(self, row: Row) -> float | None:
        return self.on_headache(row, row.get("duration_hours"))

    def area(self, row: Row) -> float | None:
        factors = (row.get("intensity"), row.get("duration_hours"))
        return self.on_headache(row, None if None in factors else factors[0] * factors[1])


def begins(days: Mapping[int, Row], day: int, free_days: int) -> Maybe:
    """Whether a new attack begins on a recorded day: the days just before were recorded and free of headache."""
    if not days[day]["headache"]:
        return False
    before = [days.get(day - back) for back in range(1, free_days + 1)]
    return both([None if row is None else not row["headache"] for row in before])


def further(told: Told, name: str, first: int, last: int, needed: int) -> dict[str, float]:
    """Every further endpoint of one patient over the days from `first` to `last`, day 0 aside."""
    plan, rules = told.plan, DayRules(told.plan, told.columns["diary"])
    days = told.days[name]
    inside = [day for day in range(first, last + 1) if day in days and day != 0]
    rows = [days[day] for day in inside]

    def counted(of: Callable[[Row], Maybe | float], times: float = 28) -> float:
        known = [float(value) for value in map(of, rows) if value is not None]
        return times * sum(known) / len(known) if len(known) >= needed else math.nan

    def headache_mean(column: str) -> float:
        known = [row[column] for row in rows if row["headache"] and row.get(column) is not None]
        return sum(known) / len(known) if len(rows) >= needed and known else math.nan

    starts = [begins(days, day, plan.attack_free_days) for day in inside]
    known_starts = [start for start in starts if start is not None]
    strengths = [rules.on_headache(row, row.get("intensity")) for row in rows]
    strengths = [one for one in strengths if one is not None]
    attacks = lambda row: rules.on_headache(row, row.get("attacks"))  # noqa: E731
    found = {
        "headache_days_trial_rule_per_28": counted(rules.trial_rule),
        "moderate_severe_days_per_28": counted(lambda row: rules.strong(row, True)),
        "moderate_severe_days_no_drug_arm_per_28": counted(lambda row: rules.strong(row, False)),
        "migraine_days_per_28": counted(rules.migraine),
        "self_labelled_migraine_days_per_28": counted(
            lambda row: (
                row.get("self_labelled_migraine")
                if row["headache"] or row.get("self_labelled_migraine")
                else False
            )
        ),
        "migraine_or_moderate_severe_days_per_28": counted(
            lambda row: either([rules.migraine(row), rules.strong(row, True)])
        ),
        "attacks_by_separation_per_28": 28 * sum(known_starts) / len(known_starts)
        if len(known_starts) >= needed
        else math.nan,
        "attacks_recorded_per_28": counted(attacks),
        "attacks_recorded_per_week": counted(attacks, 7),
        "peak_intensity": max(strengths) if len(strengths) >= needed else math.nan,
        "intensity_over_all_days": counted(lambda row: rules.on_headache(row, row.get("intensity")), 1),
        "severity_on_headache_days": math.nan,
        "headache_hours_per_28": counted(rules.hours),
        "area_under_curve_per_28": counted(rules.area),
        "acute_doses_per_28": counted(rules.doses),
        "overuse_class_days_per_28": counted(lambda row: rules.drug(row, OVERUSE_LIMITS)),
    }
    words = {"mild": 1, "moderate": 2, "severe": 3}
    said = [words[row["severity"]] for row in rows if row["headache"] and row.get("severity")]
    if len(rows) >= needed and said:
        found["severity_on_headache_days"] = sum(said) / len(said)
    for drug in CLASSES:
        name_of = "other_acute_drug" if drug == "other" else drug
        found[f"{name_of}_days_per_28"] = counted(lambda row, drug=drug: rules.drug(row, [drug]))
    share = sum(row["headache"] for row in rows) / len(rows) if rows else math.nan
    found["headache_index_legacy"] = 28 * share * headache_mean("intensity") * headache_mean("duration_hours")
    if len(rows) >= needed and share == 0:
        found["headache_index_legacy"] = 0.0  # no headache day, no index: as the burden
    return found


def window(plan: AnalysisPlan, period: str) -> tuple[int, int]:
    if period == "baseline":
        return -plan.baseline_days, -1
    return plan.followup_first_day, plan.followup_last_day


def further_endpoints(told: Told) -> dict[tuple[str, str], dict[str, float]]:
    """(patient, window) → endpoint → value, of every patient with a known day 0."""
    found = {}
    for name in told.known:
        for period in WINDOWS:
            first, last = window(told.plan, period)
            found[name, period] = further(told, name, first, last, needed_in(told.plan, last - first + 1))
    return found


def headache_days(told: Told, name: str, first: int, last: int, needed: int) -> float:
    """Headache days per 28 out of recorded days, NaN below the minimum; day 0 is nowhere."""
    rows = [told.days[name][day] for day in range(first, last + 1) if day != 0 and day in told.days[name]]
    if len(rows) < needed:
        return math.nan
    return 28 * sum(row["headache"] for row in rows) / len(rows)
