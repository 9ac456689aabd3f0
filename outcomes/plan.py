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

#: Raised when the meaning of a key or a default changes, so that an old result says which rules made it.
PLAN_VERSION = 1

#: Length of the reported month: four of each weekday (docs/method.md#period).
DAYS_PER_PERIOD = 28

#: A window counts when at least this share of its days is recorded (docs/method.md#coverage).
MIN_RECORDED_SHARE = 20 / 28

PLAN_FILE = "outcomes.toml"

#: What becomes of rows that contradict each other about one day: none is used, or they are put together.
DUPLICATE_DAY = ("set_aside", "max", "sum", "last")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_ENROLMENT = re.compile(r"any|worst_of_([2-9]|1[0-2])|at_least_([1-9]|1\d|2[0-8])")

#: Keys that hold a list, by what it is a list of.
_PERCENT_LISTS = ("responder_reductions", "worsening_increases")
_NUMBER_LISTS = (*_PERCENT_LISTS, "external_means", "flare_correlations", "tipping_odds")
_WHOLE_LISTS = ("sensitivity_min_recorded",)
_NAME_LISTS = ("key_secondaries", "enrolment_rules")

#: Least and greatest of what a method draws or counts.
_BOUNDS = {
    "null_draws": (100, 1_000_000),
    "repeat_baseline_min_patients": (20, 1000),
    "bootstrap_resamples": (999, 1_000_000),
    "imputations": (20, 1000),
    "quadrature_points": (1, 50),
}


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
    endpoints: tuple[DeclaredEndpoint, ...] = ()
    patients: tuple[DeclaredCategory, ...] = ()
    plan_version: int = field(default=PLAN_VERSION)

    def __post_init__(self) -> None:
        for name in _NUMBER_LISTS:
            values = getattr(self, name)
            if isinstance(values, (list, tuple)) and all(_is_number(value) for value in values):
                object.__setattr__(self, name, tuple(float(value) for value in values))
        for name in (*_WHOLE_LISTS, *_NAME_LISTS):
            values = getattr(self, name)
            if isinstance(values, list):
                object.__setattr__(self, name, tuple(values))
        problems = list(_problems(self))
        if problems:
            raise PlanError("\n".join(problems))

    @classmethod
    def from_toml(cls, path: str | Path) -> AnalysisPlan:
        """Read a plan file. Keys that the plan does not know are refused. Raises PlanError, FileProblem."""
        return cls.from_mapping(read_toml(Path(path)), Path(path).name)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any], source: str = "plan") -> AnalysisPlan:
        """Make a plan from a mapping shaped like the plan file."""
        known = [item.name for item in fields(cls)]
        problems = []
        for key in given:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, 1)
                hint = f" Did you mean '{close[0]}'?" if close else f" Known keys: {', '.join(known)}."
                problems.append(f"{source}: '{key}' is not a key of the plan.{hint}")
        if problems:
            raise PlanError("\n".join(problems))
        values = dict(given)
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
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
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


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and -1e15 < value < 1e15  # type: ignore[operator]


def _problems(plan: AnalysisPlan) -> list[str]:
    """Every rule of the plan that is broken, in words."""
    whole = (
        "plan_version",
        "baseline_days",
        "followup_first_day",
        "followup_last_day",
        "minimum_cell",
        "null_draws",
        "repeat_baseline_min_patients",
        "bootstrap_resamples",
        "imputations",
        "quadrature_points",
        "seed",
    )
    wrong_type = [f"{name} must be a whole number." for name in whole if not _is_whole(getattr(plan, name))]
    if plan.min_recorded_days is not None and not _is_whole(plan.min_recorded_days):
        wrong_type.append("min_recorded_days must be a whole number.")
    for name in ("confidence", "responder_min_baseline", "set_aside_limit"):
        if not _is_number(getattr(plan, name)):
            wrong_type.append(f"{name} must be a number.")
    for names, is_right, what in (
        (_NUMBER_LISTS, _is_number, "numbers"),
        (_WHOLE_LISTS, _is_whole, "whole numbers"),
        (_NAME_LISTS, _is_name, "names"),
    ):
        for name in names:
            values = getattr(plan, name)
            if not isinstance(values, tuple) or not all(is_right(value) for value in values):
                percent = " in percent" if name in _PERCENT_LISTS else ""
                wrong_type.append(f"{name} must be a list of {what}{percent}.")
    if plan.duplicate_day not in DUPLICATE_DAY:
        wrong_type.append(f"duplicate_day must be one of: {', '.join(DUPLICATE_DAY)}.")
    for name in ("primary_endpoint", "summary_baseline", "summary_followup"):
        if not isinstance(getattr(plan, name), str) or not getattr(plan, name):
            wrong_type.append(f"{name} must be a name.")
    return wrong_type or [*_window_problems(plan), *_range_problems(plan), *_method_problems(plan)]


def _window_problems(plan: AnalysisPlan) -> list[str]:
    problems = []
    if not 7 <= plan.baseline_days <= 366:
        problems.append("baseline_days must lie between 7 and 366.")
    if plan.followup_first_day < 1:
        problems.append(
            "followup_first_day must be 1 or later: day 0, the first session, is in neither window."
        )
    if plan.followup_last_day < plan.followup_first_day:
        problems.append("followup_last_day must not come before followup_first_day.")
    if plan.followup_last_day > 3660:
        problems.append("followup_last_day must be 3660 or earlier.")
    shortest = min(plan.baseline_days, plan.followup_days)
    if plan.min_recorded_days is not None and not 1 <= plan.min_recorded_days <= shortest:
        problems.append(
            f"min_recorded_days must lie between 1 and {shortest}, the length of the shorter window; "
            "leave it out for 20 of every 28 days."
        )
    return problems


def _range_problems(plan: AnalysisPlan) -> list[str]:
    problems = []
    if plan.plan_version != PLAN_VERSION:
        problems.append(f"plan_version must be {PLAN_VERSION}; this version follows no other.")
    if not 0.5 <= plan.confidence < 1:
        problems.append("confidence must be at least 0.5 and below 1, such as 0.95.")
    if not 8 <= plan.minimum_cell <= 100:
        problems.append("minimum_cell must lie between 8 and 100 patients: fewer than 8 could be found.")
    if not 0 <= plan.set_aside_limit <= 1:
        problems.append("set_aside_limit must be a share from 0 to 1.")
    if not 0 <= plan.seed < 2**63:
        problems.append("seed must be 0 or more, and below 2^63.")
    if plan.responder_min_baseline < 0:
        problems.append("responder_min_baseline must be 0 or more.")
    if any(not 0 < value <= 100 for value in plan.responder_reductions):
        problems.append("responder_reductions must lie above 0 and up to 100 percent.")
    if any(not 0 < value <= 1000 for value in plan.worsening_increases):
        problems.append("worsening_increases must lie above 0 percent.")
    for name in (*_NUMBER_LISTS, *_WHOLE_LISTS, *_NAME_LISTS):
        if len(set(getattr(plan, name))) < len(getattr(plan, name)):
            problems.append(f"{name} must not hold the same entry twice.")
    if plan.summary_baseline == plan.summary_followup:
        problems.append("summary_baseline and summary_followup must name two different time points.")
    return problems


def _method_problems(plan: AnalysisPlan) -> list[str]:
    """Choices of the methods behind the sensitivity analyses."""
    problems = []
    if any(not 1 <= days <= 28 for days in plan.sensitivity_min_recorded):
        problems.append("sensitivity_min_recorded must lie between 1 and 28 days of 28.")
    if any(not 0 < mean < DAYS_PER_PERIOD for mean in plan.external_means):
        problems.append("external_means must lie above 0 and below 28 headache days per 28.")
    if not plan.enrolment_rules or not all(_ENROLMENT.fullmatch(rule) for rule in plan.enrolment_rules):
        problems.append(
            "enrolment_rules must be 'any', 'worst_of_K' (2 to 12) or 'at_least_D' (1 to 28 days)."
        )
    if any(not 0 <= value < 1 for value in plan.flare_correlations):
        problems.append("flare_correlations must be at least 0 and below 1.")
    if not plan.tipping_odds or any(not 1 <= odds <= 1000 for odds in plan.tipping_odds):
        problems.append("tipping_odds must lie from 1 to 1000.")
    elif list(plan.tipping_odds) != sorted(plan.tipping_odds):
        problems.append("tipping_odds must rise.")
    for name, (least, most) in _BOUNDS.items():
        if not least <= getattr(plan, name) <= most:
            problems.append(f"{name} must lie between {least} and {most}.")
    return problems


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
