"""From days to periods: the two windows, their coverage, and the flow of patients into the comparison."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import weakref
from dataclasses import dataclass, field
from typing import Any

from outcomes.analysis.diagnoses import is_episodic_cluster
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records

_PACKAGE = "outcomes.analysis"

#: Why a patient is not in the comparison, in the order in which the question is asked.
REASONS: dict[str, str] = {
    "no_first_session": "first session not known",
    "outside_cohort": "follow-up window closed outside the report's twelve months",
    "episodic_cluster": "cluster headache not known to be chronic: bouts end by themselves",
    "no_diary": "no diary day recorded",
    "no_baseline_diary": "no diary day in the baseline window",
    "baseline_too_few_days": "too few recorded days in the baseline window",
    "followup_not_over": "follow-up window not over yet",
    "no_followup_diary": "no diary day in the follow-up window",
    "followup_too_few_days": "too few recorded days in the follow-up window",
    "no_baseline_recall": "no recalled headache days at the first session",
    "no_followup_recall": "no recalled headache days at a visit about the follow-up",
    "no_baseline_summary": "no summary at baseline",
    "no_followup_summary": "no summary at follow-up",
    "baseline_summary_too_few_days": "too few recorded days behind the baseline summary",
    "followup_summary_too_few_days": "too few recorded days behind the follow-up summary",
}


@dataclass(frozen=True)
class PatientFlow:
    """How many patients came how far: everyone counted once. `left_out` holds reason → patients."""

    mode: str
    n_patients: int
    left_out: tuple[tuple[str, int], ...]
    n_analysed: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "patients": self.n_patients,
            "left_out": dict(self.left_out),
            "analysed": self.n_analysed,
        }

    def steps(self) -> list[tuple[str, int, int]]:
        """(step, patients still in, patients left out at it), from everyone to those analysed."""
        remaining = self.n_patients
        rows = [("patients in the records", remaining, 0)]
        for reason, n in self.left_out:
            remaining -= n
            rows.append((REASONS[reason], remaining, n))
        return rows


@dataclass(frozen=True)
class Cohort:
    """Patients whose follow-up window closed between two calendar days, both included.

    Patients without a known first session are looked at in every cohort, unless `known_only`.
    """

    closed_from: dt.date
    closed_to: dt.date
    known_only: bool = False

    @classmethod
    def of_month(cls, month: str) -> Cohort:
        """The twelve months that end with `month` (YYYY-MM). Raises PlanError."""
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", month):
                raise ValueError
            first = dt.date.fromisoformat(f"{month}-01")
            year, month_after = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
            after = dt.date(year, month_after, 1)
            return cls(after.replace(year=year - 1), after - dt.timedelta(days=1))
        except ValueError:
            raise PlanError("--month must be written YYYY-MM, such as 2026-10.") from None


@dataclass(frozen=True, eq=False)
class Periods:
    """Baseline and follow-up of every patient, as they stand in the engine: a value of its own.

    `flow` is the daily diary's flow; it and `segments` are None where the records hold no diary, and `tables` then
    names the people alone. `tables` are this object's own and go with it.
    """

    records: Records
    plan: AnalysisPlan
    cohort: Cohort | None
    segments: str | None
    tables: dict[str, str]
    flow: PatientFlow | None
    #: Frames that were worked out over these periods and will be asked for again (outcomes.analysis.once).
    kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def minimums(self) -> dict[str, int]:
        """Recorded days that each window needs."""
        return minimums(self.plan)


def minimums(plan: AnalysisPlan) -> dict[str, int]:
    """Recorded days that each window of a plan needs."""
    return {
        "baseline_minimum": plan.min_recorded_in(plan.baseline_days),
        "followup_minimum": plan.min_recorded_in(plan.followup_days),
    }


def split_periods(
    records: Records, plan: AnalysisPlan | None = None, cohort: Cohort | None = None
) -> Periods:
    """Cut the diary into the plan's windows around each patient's first session.

    Day 0, the first session, is in neither window. Without `plan` the records' own plan is followed.
    `cohort` restricts the patients by the calendar day on which their follow-up window closed, and needs
    calendar dates (PlanError otherwise).
    """
    plan = plan if plan is not None else records.plan
    if cohort is not None and not records.uses_dates:
        raise PlanError("These records hold no calendar dates, so no month can be chosen. Use --all.")
    number, engine = next(_numbers), records.engine
    has_diary = records.has("diary")
    names = ("people", "windows", "standing") if has_diary else ("people",)
    tables = {name: f"{name}_{number}" for name in names}
    engine.run_file(_PACKAGE, "people", **tables, **_people_values(records, plan, cohort))
    if not has_diary:
        periods = Periods(records, plan, cohort, None, tables, None)
        weakref.finalize(periods, engine.drop, tuple(tables.values()))
        return periods
    windows = plan.windows
    segments = records.segments([edge for first, last in windows.values() for edge in (first, last + 1)])
    edges = {
        f"{name}_{edge}": day
        for name, days in windows.items()
        for edge, day in zip(("first", "last"), days, strict=True)
    }
    engine.run_file(_PACKAGE, "windows", segments=segments, **tables, **edges)
    engine.run_file(_PACKAGE, "standing", segments=segments, **tables, **minimums(plan))
    periods = Periods(records, plan, cohort, segments, tables, _flow(records, tables["standing"]))
    weakref.finalize(periods, engine.drop, tuple(tables.values()))
    return periods


#: Every split has tables of its own, so that an earlier one still stands when another plan is followed.
_numbers = itertools.count(1)


def _people_values(records: Records, plan: AnalysisPlan, cohort: Cohort | None) -> dict[str, str]:
    """SQL conditions on a patient's first session and diagnosis."""
    cluster = {"episodic_cluster": is_episodic_cluster(records)}
    if not records.uses_dates:
        return {"has_index": "TRUE", "in_cohort": "TRUE", "window_over": "TRUE", **cluster}
    closes = f"first_day + {plan.followup_last_day}"
    in_cohort = "TRUE"
    if cohort is not None:
        bounds = f"DATE '{cohort.closed_from}' AND DATE '{cohort.closed_to}'"
        in_cohort = f"coalesce({closes} BETWEEN {bounds}, FALSE)"
    newest = "(SELECT max(date) FROM diary_usable)"
    over = f"coalesce({closes} <= {newest}, FALSE)" if records.has("diary") else "TRUE"
    return {
        "has_index": "TRUE" if cohort is not None and cohort.known_only else "first_day IS NOT NULL",
        "in_cohort": in_cohort,
        "window_over": over,
        **cluster,
    }


def _flow(records: Records, standing: str) -> PatientFlow:
    counted = dict(records.engine.rows(f"SELECT standing, count(*) FROM {standing} GROUP BY standing"))
    left_out = tuple((reason, counted[reason]) for reason in REASONS if counted.get(reason))
    return PatientFlow("diary", sum(counted.values()), left_out, counted.get("analysed", 0))
