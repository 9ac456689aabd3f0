"""Every choice that can move a number, in one frozen object that travels with each result."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from outcomes.errors import FileProblem, PlanError
from outcomes.plan_rules import DAYS_PER_PERIOD as DAYS_PER_PERIOD
from outcomes.plan_rules import (
    NAME_LISTS,
    NUMBER_LISTS,
    PAIR_LISTS,
    PLAN_VERSION,
    WHOLE_LISTS,
    is_number,
    problems_of,
)

#: A window counts when at least this share of its days is recorded (docs/method.md#coverage).
MIN_RECORDED_SHARE = 20 / 28

PLAN_FILE = "outcomes.toml"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class DeclaredEndpoint:
    """An endpoint that is not in the catalogue and comes through `summaries`."""

    name: str
    unit: str
    improvement: Literal["decrease", "increase"]


@dataclass(frozen=True)
class DeclaredCategory:
    """A closed category of patients that the data dictionary does not hold, with its codes."""

    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class AnalysisPlan:
    """The choices behind a comparison. Days count from the first session, which is day 0.

    A value that is given is taken literally. Only the default of `min_recorded_days` scales with the
    window: 20 of 28 days, and the same share of a window of another length.

    Raises PlanError, naming every key that cannot be followed.
    """

    baseline_days: int = 28
    followup_first_day: int = 56
    followup_last_day: int = 83
    min_recorded_days: int | None = None
    primary_endpoint: str = "headache_days_per_28"
    responder_reductions: tuple[float, ...] = (30.0, 50.0, 75.0, 100.0)
    responder_min_baseline: float = 4.0
    worsening_increases: tuple[float, ...] = (30.0, 50.0)
    confidence: float = 0.95
    minimum_cell: int = 8
    set_aside_limit: float = 0.05
    duplicate_day: str = "set_aside"
    seed: int = 20260101
    summary_baseline: str = "baseline"
    summary_followup: str = "followup"
    #: Other recorded days per window in the sensitivity table.
    sensitivity_min_recorded: tuple[int, ...] = (14, 20, 23)
    #: Endpoints tested after the primary one, in this order, each only if all before it are below 1 − confidence.
    key_secondaries: tuple[str, ...] = ("acute_medication_days_per_28",)
    #: Mean headache days per 28 of people like these outside the clinic: without one, what entering in a bad
    #: month alone would give cannot be computed.
    external_means: tuple[float, ...] = ()
    #: How patients may have come to begin: `any` month, the worst of k (`worst_of_2`), or with D days (`at_least_8`).
    enrolment_rules: tuple[str, ...] = ("any", "worst_of_2", "worst_of_3")
    null_draws: int = 2000
    #: Correlation between the flare of the month of booking and the month after it.
    flare_correlations: tuple[float, ...] = (0.0, 0.3, 0.5)
    repeat_baseline_min_patients: int = 20
    bootstrap_resamples: int = 9999
    imputations: int = 50
    #: Odds of headache on missing follow-up days against recorded ones, tried in this order.
    tipping_odds: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 5.0)
    quadrature_points: int = 15
    #: A headache day of the trial rule lasts at least this long, or has acute medication (30, 60 or 240 minutes).
    headache_day_min_minutes: int = 30
    #: A migraine day lasts at least this long, unless a migraine drug or an aura makes it one (30 or 240).
    migraine_day_min_minutes: int = 30
    #: Whether a migraine drug makes a migraine day always, or only where it helped.
    migraine_drug_days: str = "always"
    moderate_severe_min_hours: float = 4.0
    #: Whole recorded days free of headache that part one attack from the next.
    attack_free_days: int = 1
    #: Whether the overuse and chronic limits per month are taken as they are or scaled to 28 days (15 → 13.8).
    month_limits: str = "unscaled"
    chronic_days: float = 15.0
    #: Periods of 28 days in a row that a change from chronic to episodic, and overuse, must last.
    chronic_persistence_periods: int = 3
    overuse_persistence_periods: int = 4
    #: 28-day periods from the first session in which a response is looked for.
    response_periods: int = 6
    sustained_periods: int = 3
    #: A responder of 50% whose reduction falls below this, in so many periods in a row, has lost the response.
    loss_reduction: float = 30.0
    loss_periods: int = 2
    #: Relapse: within so many days of the baseline, or at so many percent of it, as often in a row.
    relapse_within_days: float = 1.0
    relapse_baseline_percent: float = 75.0
    restricted_mean_days: int = 84
    #: A session after so many days without one begins another course of treatment.
    retreatment_gap_days: int = 28
    #: First of the 28 days by which a lasting response is judged: 140 is the first day of weeks 21 to 24.
    late_window_first_day: int = 140
    wearing_off_weeks: int = 4
    wearing_off_days_per_week: float = 1.0
    #: Days from each session that the soreness sensitivity analysis leaves out: 0 to this.
    soreness_last_day: int = 2
    #: A change of a preventive drug counts as concurrent so many days before and after the first session.
    concurrent_change_days: int = 84
    #: From this share still treated in the follow-up window on, the text says "care including dry needling".
    still_in_care_share: float = 0.5
    #: Days within which a questionnaire counts as baseline and as follow-up; the latest and the earliest are taken.
    score_baseline_first_day: int = -28
    score_followup_first_day: int = 56
    score_followup_last_day: int = 139
    #: Items of the neck disability index that may be missing and are made up for by the mean of the others.
    ndi_missing_items: int = 1
    #: Important change of one patient, by instrument, where another than the default is wanted.
    important_changes: tuple[tuple[str, float], ...] = ()
    #: Test–retest reliability, by instrument, for the reliable change index.
    reliabilities: tuple[tuple[str, float], ...] = ()
    #: A value set of the EQ-5D-5L (index by profile, or decrement by level) with its name and version. None is shipped.
    eq5d_value_set: tuple[tuple[str, float], ...] = ()
    eq5d_value_set_name: str = ""
    #: Worst intensities (0–10) from which a patient's baseline counts as moderate and as severe.
    severity_bounds: tuple[float, ...] = (4.0, 7.0)
    strata: tuple[str, ...] = (
        "headache_type",
        "chronic_at_baseline",
        "sex",
        "age_band",
        "severity_at_baseline",
        "preventive_use",
    )
    #: Of the report's fixed text and its numbers: en, es or de. Moves no number.
    language: str = "en"
    #: [release] in the plan file: whether a person has to approve what leaves the clinic. It moves no number.
    sign_off: bool = False
    endpoints: tuple[DeclaredEndpoint, ...] = ()
    patients: tuple[DeclaredCategory, ...] = ()
    plan_version: int = field(default=PLAN_VERSION)

    def __post_init__(self) -> None:
        for name in NUMBER_LISTS:
            values = getattr(self, name)
            if isinstance(values, (list, tuple)) and all(is_number(value) for value in values):
                object.__setattr__(self, name, tuple(float(value) for value in values))
        for name in (*WHOLE_LISTS, *NAME_LISTS):
            values = getattr(self, name)
            if isinstance(values, list):
                object.__setattr__(self, name, tuple(values))
        for name in PAIR_LISTS:
            values = getattr(self, name)
            if isinstance(values, Mapping):
                object.__setattr__(self, name, tuple(values.items()))
        problems = list(problems_of(self))
        if problems:
            raise PlanError("\n".join(problems))

    @classmethod
    def from_toml(cls, path: str | Path) -> AnalysisPlan:
        """Read a plan file. Keys that the plan does not know are refused. Raises PlanError, FileProblem."""
        return cls.from_mapping(read_toml(Path(path)), Path(path).name)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any], source: str = "plan") -> AnalysisPlan:
        """Make a plan from a mapping shaped like the plan file."""
        known = [item.name if item.name != "sign_off" else "release" for item in fields(cls)]
        problems = []
        for key in given:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, 1)
                hint = f" Did you mean '{close[0]}'?" if close else f" Known keys: {', '.join(known)}."
                problems.append(f"{source}: '{key}' is not a key of the plan.{hint}")
        if problems:
            raise PlanError("\n".join(problems))
        values = dict(given)
        values["sign_off"] = _sign_off(values.pop("release", {}), source)
        values["endpoints"] = _declared_endpoints(values.pop("endpoints", {}), source)
        values["patients"] = _declared_categories(values.pop("patients", {}), source)
        try:
            return cls(**values)
        except PlanError as error:
            raise PlanError("\n".join(f"{source}: {line}" for line in str(error).splitlines())) from None

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain values, shaped like the plan file; `from_mapping` gives the same plan back."""
        plain: dict[str, Any] = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in ("endpoints", "patients")
        }
        pairs = {key: dict(plain.pop(key)) for key in PAIR_LISTS}
        plain = {
            key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()
        } | pairs
        plain["release"] = {"sign_off": True} if plain.pop("sign_off") else {}
        plain["endpoints"] = {
            item.name: {"unit": item.unit, "improvement": item.improvement} for item in self.endpoints
        }
        plain["patients"] = {item.name: {"codes": list(item.codes)} for item in self.patients}
        return plain

    @property
    def followup_days(self) -> int:
        """Length of the follow-up window in days."""
        return self.followup_last_day - self.followup_first_day + 1

    @property
    def windows(self) -> dict[str, tuple[int, int]]:
        """First and last day of the two windows compared, both included."""
        return {
            "baseline": (-self.baseline_days, -1),
            "followup": (self.followup_first_day, self.followup_last_day),
        }

    def min_recorded_in(self, days: int) -> int:
        """Recorded days that a window of `days` needs before it counts."""
        if self.min_recorded_days is not None:
            return self.min_recorded_days
        return _ceiling(MIN_RECORDED_SHARE * days)

    def min_recorded_in_course(self, days: int) -> int:
        """Recorded days that a stretch of the course (a week, 28 days) needs: the follow-up window's share."""
        return max(1, _ceiling(self.min_recorded_in(self.followup_days) / self.followup_days * days))


def read_plan(plan_file: str | Path | None, folder: Path | None) -> AnalysisPlan:
    """The plan of a run: the file given, else `outcomes.toml` beside the records, else the defaults."""
    if plan_file is not None:
        return AnalysisPlan.from_toml(plan_file)
    if folder is not None and (folder / PLAN_FILE).is_file():
        return AnalysisPlan.from_toml(folder / PLAN_FILE)
    return AnalysisPlan()


def _ceiling(value: float) -> int:
    # 20/28 × 28 is 20.000000000000004 on some roads to it; a tolerance keeps it 20.
    return math.ceil(value - 1e-9)


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds. Raises FileProblem, and PlanError where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise FileProblem(f"{path.name}: there is no such file.") from None
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    except (ValueError, RecursionError) as error:
        # Besides faults of the form: a number of thousands of digits, and brackets nested beyond all sense.
        where = re.search(r"line \d+", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
        place = f" ({where.group()})" if where else ""
        raise PlanError(f"{path.name}: not a TOML file{place}. Write each choice as  key = value.") from None


def _check_name(name: str, where: str, source: str) -> None:
    if not _NAME.fullmatch(name):
        raise PlanError(f"{source}: [{where}.…] names must be lower case letters, digits and underscores.")


def _sign_off(given: Any, source: str) -> bool:
    if not isinstance(given, Mapping) or set(given) - {"sign_off"}:
        raise PlanError(f"{source}: [release] holds one key, 'sign_off'.")
    value = given.get("sign_off", False)
    if not isinstance(value, bool):
        raise PlanError(f"{source}: [release] sign_off must be true or false.")
    return value


def _declared_endpoints(given: Any, source: str) -> tuple[DeclaredEndpoint, ...]:
    if not isinstance(given, Mapping):
        raise PlanError(f"{source}: write declared endpoints as  [endpoints.NAME].")
    declared = []
    for name, entry in given.items():
        _check_name(name, "endpoints", source)
        if not isinstance(entry, Mapping) or set(entry) != {"unit", "improvement"}:
            raise PlanError(f"{source}: [endpoints.{name}] needs exactly 'unit' and 'improvement'.")
        if entry["improvement"] not in ("decrease", "increase") or not isinstance(entry["unit"], str):
            raise PlanError(
                f"{source}: [endpoints.{name}] improvement must be 'decrease' or 'increase', and unit a text."
            )
        declared.append(DeclaredEndpoint(name, entry["unit"], entry["improvement"]))
    return tuple(declared)


def _declared_categories(given: Any, source: str) -> tuple[DeclaredCategory, ...]:
    if not isinstance(given, Mapping):
        raise PlanError(f"{source}: write declared categories as  [patients.NAME].")
    declared = []
    for name, entry in given.items():
        _check_name(name, "patients", source)
        codes = entry.get("codes") if isinstance(entry, Mapping) and set(entry) == {"codes"} else None
        if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
            raise PlanError(f"{source}: [patients.{name}] needs exactly 'codes', a list of texts.")
        alike = {code.strip().lower().replace(" ", "_").replace("-", "_") for code in codes}
        if len(alike) < len(codes) or alike & {"", "all", "not_recorded"}:
            raise PlanError(
                f"{source}: [patients.{name}] codes must differ, not be empty, and not be 'all' or 'not recorded'."
            )
        declared.append(DeclaredCategory(name, tuple(codes)))
    return tuple(declared)
