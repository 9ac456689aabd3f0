"""The numbers behind one month's report, each worked out once and when it is first asked for.

They are exact and know nothing of profiles: what may be shown of them is decided by `Disclosure`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.analysis.catalogue import further_names
from outcomes.analysis.claims.judging import ClaimsReview, judge_claims
from outcomes.analysis.comparison import compare, compare_all, compare_groups
from outcomes.analysis.course import measure_course
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.endpoints import category_names, endpoint_names, measure_endpoints, summary_flow
from outcomes.analysis.month_activity import (
    MonthActivity,
    month_activity,
    monthly_series,
    months_edges,
    rate_of_new_pairs,
)
from outcomes.analysis.next_steps import NextSteps, next_steps
from outcomes.analysis.periods import Cohort, PatientFlow, Periods, split_periods
from outcomes.analysis.questions import ask
from outcomes.analysis.recalls import VISITS_ATTRIBUTE
from outcomes.analysis.regression_to_mean.null_simulation import NullSimulation, null_simulation
from outcomes.analysis.regression_to_mean.repeat_baseline import RepeatBaseline, repeat_baseline
from outcomes.analysis.results import ComparisonTable, Course, Multiverse, PairedChange
from outcomes.analysis.span_activity import SpanActivity, spans_until
from outcomes.claims.declared import DeclaredClaims
from outcomes.claims.kept import Standing
from outcomes.errors import InvalidRecords, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.reporting.disclosure.behind import Behind

#: Above so many patients compared the other choices take longer than all the rest of the report.
MOST_FOR_MULTIVERSE = 10_000


@dataclass(frozen=True, eq=False)
class ReportNumbers:
    """What the records say for the twelve months that end with `month` (YYYY-MM); None takes all patients."""

    records: Records
    month: str | None
    #: Of those, only patients whose follow-up closed after this month.
    after: str | None = None
    _later: dict[str, ReportNumbers] = field(default_factory=dict, repr=False)
    _spans: dict[int, tuple[SpanActivity, ...]] = field(default_factory=dict, repr=False)
    _answers: dict[str, Answers | str] = field(default_factory=dict, repr=False)
    _reviews: dict[str, ClaimsReview] = field(default_factory=dict, repr=False)

    @property
    def plan(self) -> AnalysisPlan:
        return self.records.plan

    @cached_property
    def cohort(self) -> Cohort | None:
        if not self.month:
            return None
        found = Cohort.of_month(self.month)
        if self.after is None:
            return found
        first = months_edges(self.after)[1] + dt.timedelta(days=1)
        return Cohort(max(found.closed_from, first), found.closed_to, known_only=True)

    @cached_property
    def periods(self) -> Periods:
        return split_periods(self.records, cohort=self.cohort)

    @cached_property
    def everyone(self) -> Periods:
        """All patients of the records, whenever their follow-up closed."""
        return self.periods if self.cohort is None else split_periods(self.records)

    @cached_property
    def endpoints(self) -> pd.DataFrame:
        return measure_endpoints(self.periods)

    @cached_property
    def course(self) -> Course | None:
        return measure_course(self.periods) if self.periods.segments is not None else None

    @cached_property
    def flow(self) -> PatientFlow:
        found = self.periods.flow
        return found or summary_flow(self.endpoints, str(self.endpoints["mode"].iloc[0]), self.plan)

    def who_stands_behind(self) -> Behind:
        """The patients behind the numbers, for the release ledger."""
        return self._behind

    @cached_property
    def _behind(self) -> Behind:
        return Behind(self.periods, self.endpoints, self.closed_after if self.month else None)

    def closed_after(self, month: str) -> ReportNumbers:
        """The same of those patients whose follow-up closed after `month`; only for how many they are."""
        if month not in self._later:
            self._later[month] = ReportNumbers(self.records, self.month, month)
        return self._later[month]

    # ---- comparisons ----

    @cached_property
    def comparison(self) -> ComparisonTable:
        """Every core endpoint in the first mode: the diary where there is one."""
        endpoints = self.endpoints
        table = compare_all(endpoints[endpoints["mode"] == self.flow.mode], self.plan)
        if table.changes:
            return table
        # Nobody is in this month: the comparisons are there, over no patients.
        names = sorted(endpoint_names(endpoints), key=lambda name: name != self.plan.primary_endpoint)
        if not names:
            raise InvalidRecords(["The summaries hold no endpoint. Add one, such as headache_days_per_28."])
        changes = tuple(compare(endpoints, name, self.plan) for name in names)
        return ComparisonTable(changes, self.plan, table.notes)

    @cached_property
    def further(self) -> tuple[PairedChange, ...]:
        """The further endpoints that a daily diary holds the columns for, those of the comparison left out."""
        if self.periods.segments is None or self.flow.mode != "diary":
            return ()
        known = {change.endpoint.name for change in self.comparison}
        names = [name for name in further_names(self.records) if name not in known]
        if not names:
            return ()
        endpoints = measure_endpoints(self.periods, names)
        diary = endpoints[endpoints["mode"] == "diary"]
        return tuple(compare(diary, name, self.plan, mode="diary") for name in names) if len(diary) else ()

    @cached_property
    def other_modes(self) -> tuple[PairedChange, ...]:
        """The same endpoints in the other modes, never pooled with the first."""
        endpoints = self.endpoints
        table = compare_all(endpoints[endpoints["mode"] != self.flow.mode], self.plan)
        return tuple(table.changes)

    @property
    def primary(self) -> PairedChange:
        """The plan's primary endpoint; where the records do not hold it, the first that they hold."""
        return self.comparison.changes[0]

    @property
    def is_headache_days(self) -> bool:
        """Whether the headline is headache days from a daily diary, which is what a bad month is counted in."""
        return self.primary.daily and self.primary.endpoint.name == "headache_days_per_28"

    @cached_property
    def by_type(self) -> tuple[PairedChange, ...]:
        """The primary endpoint in each headache type; nothing where the records hold no types or nobody."""
        if "headache_type" not in category_names(self.records) or self.endpoints.empty:
            return ()
        name = self.primary.endpoint.name
        table = compare_groups(self.endpoints, name, "headache_type", self.plan, mode=self.flow.mode)
        return tuple(table.changes)[1:]

    # ---- what else explains a change ----

    @cached_property
    def bad_month(self) -> NullSimulation | None:
        """What entering in a bad month alone would give; of headache days in a daily diary only."""
        return null_simulation(window_counts(self.periods), self.plan) if self.is_headache_days else None

    @cached_property
    def repeat(self) -> RepeatBaseline | None:
        """A second baseline, for clinics that write down when patients booked."""
        columns = set(self.records.columns("patients"))
        if not self.is_headache_days or not {"contact_date", "contact_day"} & columns:
            return None
        return repeat_baseline(self.records, self.plan, cohort=self.cohort, periods=self.periods)

    @cached_property
    def multiverse(self) -> Multiverse | None:
        """The primary change under other choices, a quick run; None where there is nothing to vary."""
        # Here: a report of a few patients needs none of it.
        from outcomes.analysis.multiverse import multiverse

        if not 2 <= self.primary.n <= MOST_FOR_MULTIVERSE or not self.primary.daily:
            return None
        return multiverse(self.records, self.plan, self.primary.endpoint.name, cohort=self.cohort, quick=True)

    # ---- topics, months, what is open ----

    def ask(self, topic: str) -> Answers | str:
        """The answers to a topic, or the sentence that says why these records cannot answer it."""
        if topic not in self._answers:
            try:
                self._answers[topic] = ask(self.periods, topic)
            except (PlanError, InvalidRecords) as problem:
                self._answers[topic] = str(problem)
        return self._answers[topic]

    def claims_review(
        self, declared: DeclaredClaims | None, since: Mapping[str, Standing]
    ) -> ClaimsReview | None:
        """The verdicts in force in this month; None where nothing is declared."""
        if declared is None:
            return None
        key = repr((declared, sorted(since.items())))
        if key not in self._reviews:
            self._reviews[key] = judge_claims(self.records, declared, month=self.month, standings=since)
        return self._reviews[key]

    @cached_property
    def activity(self) -> MonthActivity | None:
        return month_activity(self.everyone, self.month) if self.month else None

    def spans(self, length: int) -> tuple[SpanActivity, ...]:
        """Whole spans of so many months up to the report's, the oldest first."""
        if length not in self._spans:
            self._spans[length] = spans_until(self.everyone, self.month, length) if self.month else ()
        return self._spans[length]

    @cached_property
    def months(self) -> pd.DataFrame:
        """The months up to the report's, as points of control charts."""
        return monthly_series(self.everyone, self.month)

    @cached_property
    def last_day(self) -> dt.date | None:
        return months_edges(self.month)[1] if self.month else None

    @cached_property
    def next(self) -> NextSteps | None:
        return next_steps(self.everyone, self.last_day)

    @cached_property
    def pairs_per_month(self) -> float | None:
        """Patients with both windows per month, at the rate of the last twelve."""
        return rate_of_new_pairs(self.everyone, self.next.as_of) if self.next is not None else None

    # ---- memory ----

    @property
    def is_recalled(self) -> bool:
        """Whether the headline rests on memory."""
        return self.flow.mode.startswith("recall")

    def at_visits(self, mode: str) -> bool:
        """Whether the values of a mode were asked for at visits."""
        return mode in self.endpoints.attrs.get(VISITS_ATTRIBUTE, ())
