"""Who is looked at for a claim: patients whose window closed in the half year, of its population, treated.

Definitions: docs/claims.md#who-is-looked-at.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from outcomes.analysis.adverse_events import listed_events, session_events
from outcomes.analysis.among import set_of, texts_of
from outcomes.analysis.catalogue import daily_names
from outcomes.analysis.comparison import pair_by_patient
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.diagnoses import SELF_LABELLED_SINUS, patient_diagnoses
from outcomes.analysis.endpoints import measure_endpoints
from outcomes.analysis.periods import Cohort, Periods, split_periods
from outcomes.analysis.questions.concurrent import preventive_changes, session_codes
from outcomes.analysis.regression_to_mean.repeat_baseline import (
    RepeatBaseline,
    booking_table,
    repeat_baseline_in,
)
from outcomes.claims.declared import Claim
from outcomes.claims.reviews import HalfYear
from outcomes.claims.rules import LEAST_ANALYSED
from outcomes.errors import InvalidRecords, PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan
from outcomes.records.checked import Records

ALL = "all"
TREATED = "treated"


@dataclass(frozen=True)
class Span:
    """The windows of a claim: the plan that cuts them, and the last day on which anything of it is measured."""

    plan: AnalysisPlan
    last_day: int

    @classmethod
    def of(cls, claim: Claim, plan: AnalysisPlan) -> Span:
        if claim.window == "weeks_21_24":
            first = plan.late_window_first_day
            last = first + DAYS_PER_PERIOD - 1
            # A minimum of days that was written for a longer window cannot be asked of 28 days.
            least = plan.min_recorded_days
            least = None if least is not None and least > DAYS_PER_PERIOD else least
            late = replace(plan, followup_first_day=first, followup_last_day=last, min_recorded_days=least)
            return cls(late, last)
        if claim.kind == "score":
            return cls(plan, max(plan.followup_last_day, plan.score_followup_last_day))
        return cls(plan, plan.followup_last_day)


@dataclass(frozen=True, eq=False)
class AllPatients:
    """What is the same for every span and half year: worked out once for all claims."""

    records: Records

    @cached_property
    def periods(self) -> Periods:
        return split_periods(self.records)

    @cached_property
    def diagnoses(self) -> pd.DataFrame:
        """`patient_diagnoses`, by `patient_id`."""
        return patient_diagnoses(self.periods).set_index("patient_id")

    @cached_property
    def about(self) -> pd.DataFrame:
        """`group` and `allocation` as written in `patients`, by `patient_id`; what these records hold of them."""
        held = [name for name in ("group", "allocation") if name in self.records.columns("patients")]
        if not held:
            return pd.DataFrame()
        return self.records.frame("patients").set_index("patient_id")[held].astype("object")

    @cached_property
    def preventive_changes(self) -> tuple[frozenset[str], frozenset[str], bool]:
        """(patients with a change of a preventive drug around the first session, patients whose session told,
        whether the records list changes as events)."""
        records, periods = self.records, self.periods
        columns = records.columns("sessions")
        if "co_interventions" not in columns and not records.has("events"):
            return frozenset(), frozenset(), False
        flagged = frozenset(set_of(preventive_changes(periods)["patient_id"]))
        told: set[str] = set()
        if "co_interventions" in columns:
            given = session_codes(periods)
            near = given["relative_day"].abs() <= periods.plan.concurrent_change_days
            told = set_of(given.loc[near, "patient_id"])
        listed = records.has("events") and records.frame("events")["kind"].eq("preventive_change").any()
        return flagged, frozenset(told), bool(listed)

    @cached_property
    def events(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(`listed_events`, `session_events`)."""
        listed = listed_events(self.periods)
        return listed, session_events(self.periods)


@dataclass(frozen=True, eq=False)
class ReviewCohort:
    """Patients for whom the last day of the span lies in the half year. Everything is worked out once."""

    everyone: AllPatients
    span: Span
    half: HalfYear
    #: Endpoints that will be asked for: those that the records hold are measured together.
    wanted: tuple[str, ...] = ()
    #: Whether what was recalled at visits may be asked for, beside a diary.
    visits: bool = True
    _measured: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    _paired: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict, repr=False)
    _repeats: dict[tuple[object, ...], RepeatBaseline] = field(default_factory=dict, repr=False)
    _recorded: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict, repr=False)
    _populations: dict[tuple[str, bool], pd.Index] = field(default_factory=dict, repr=False)

    @property
    def records(self) -> Records:
        return self.everyone.records

    @cached_property
    def cohort(self) -> Cohort:
        # A cohort is cut by the end of the follow-up window; what is measured later shifts it.
        later = dt.timedelta(days=self.span.last_day - self.span.plan.followup_last_day)
        return Cohort(self.half.first - later, self.half.last - later)

    @property
    def ordinary_followup_end(self) -> int:
        """Last day of the follow-up window of the records' own plan."""
        return self.records.plan.followup_last_day

    @cached_property
    def periods(self) -> Periods:
        return split_periods(self.records, self.span.plan, self.cohort)

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row per patient of the cohort, by `patient_id`: `standing`, `headache_type` as comparisons use it,
        `episodic_cluster`, `group` (None where not written)."""
        engine, tables = self.records.engine, self.periods.tables
        people = engine.frame(
            f"SELECT patient_id FROM {tables['people']} WHERE has_index AND in_cohort ORDER BY patient_id"
        ).set_index("patient_id")
        if "standing" in tables:
            standing = engine.frame(f"SELECT patient_id, standing FROM {tables['standing']}")
            people["standing"] = standing.set_index("patient_id")["standing"].reindex(people.index)
        found = self.everyone.diagnoses.reindex(people.index)
        people["headache_type"] = found["headache_type"].astype("object")
        people["episodic_cluster"] = found["episodic_cluster"].eq(True)
        about = self.everyone.about.reindex(people.index)
        for name in ("group", "allocation"):
            people[name] = about.get(name, pd.Series(None, people.index, dtype="object"))
        return people

    @cached_property
    def is_treated(self) -> pd.Series:
        """Whoever is not written down as of another group."""
        return self.people["group"].isna() | self.people["group"].eq(TREATED)

    def patients(self, population: str, *, treated: bool = True) -> pd.Index:
        """The patients of a population, treated ones unless all groups are wanted."""
        key = (population, treated)
        if key not in self._populations:
            people = self.people[self.is_treated] if treated else self.people
            chosen = people if population == ALL else people[people["headache_type"].eq(population)]
            self._populations[key] = chosen.index
        return self._populations[key]

    def others(self, population: str, against: str) -> pd.Index:
        """The patients a contrast is made with: those of another type, or of every other that is known."""
        if against != "rest":
            return self.patients(against)
        people = self.people[self.is_treated]
        known = people["headache_type"].notna() & ~people["headache_type"].eq(population)
        return people.index[known & ~people["episodic_cluster"]]

    def why_never(self, population: str) -> tuple[bool, bool]:
        """(episodic cluster, sinus without evidence): whether rule 3 stops every claim about this population.

        Cluster headache is judged only where enough patients are known to have the chronic form and nobody else has
        it; sinus headache only where a disorder was shown for enough of them.
        """
        here = self.people.loc[self.patients(population)]
        few = len(here) < LEAST_ANALYSED
        cluster = population == "cluster" and (few or bool(here["episodic_cluster"].any()))
        sinus = population == SELF_LABELLED_SINUS or (population == "sinus" and few)
        return cluster, sinus

    def endpoints(self, name: str) -> pd.DataFrame:
        """`measure_endpoints` with this endpoint in it. Raises PlanError where these records do not hold it."""
        if name in self._together.columns:
            return self._together
        if name not in self._measured:
            self._measured[name] = _light(self._measure(name))
        return self._measured[name]

    @cached_property
    def _together(self) -> pd.DataFrame:
        held = {*daily_names(self.records), *self.records.columns("summaries")}
        names = [name for name in dict.fromkeys(self.wanted) if name in held]
        if not names:
            return pd.DataFrame()
        visits = self.visits or self.periods.segments is None
        return _light(measure_endpoints(self.periods, names, visits=visits))

    def pairs(self, name: str, mode: str) -> pd.DataFrame:
        """`pair_by_patient` of an endpoint in a mode."""
        if (name, mode) not in self._paired:
            self._paired[name, mode] = pair_by_patient(self.endpoints(name), name, mode)
        return self._paired[name, mode]

    def recorded_days(self, name: str, column: str) -> pd.DataFrame:
        """`baseline` and `followup` by patient: the days of the diary out of which an endpoint is counted."""
        if (name, column) not in self._recorded:
            table = self.endpoints(name)
            rows = table[table["mode"] == "diary"]
            self._recorded[name, column] = rows.pivot(
                index="patient_id", columns="period", values=column
            ).reindex(columns=["baseline", "followup"])
        return self._recorded[name, column]

    @cached_property
    def windows(self) -> pd.DataFrame:
        """One row per patient and period: the days behind the endpoints of the diary."""
        columns = "patient_id, period, recorded_days, headache_days, intensity_days, duration_days"
        return self.records.engine.frame(f"SELECT {columns} FROM {self.periods.tables['windows']}")

    def _measure(self, name: str) -> pd.DataFrame:
        try:
            return measure_endpoints(self.periods, [name])
        except PlanError as error:
            # What was recalled at visits is in nobody's columns, and stands in the table of everything.
            try:
                table = measure_endpoints(self.periods)
            except InvalidRecords:
                raise error from None
            if name in table.columns:
                return table
            raise

    @cached_property
    def bookings(self) -> pd.DataFrame:
        """`booking_table` of the cohort: from it repeat baselines of any population are read."""
        return booking_table(self.periods)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """`window_counts` of the cohort."""
        return window_counts(self.periods)

    def repeat_baseline(self, patients: pd.Index) -> RepeatBaseline:
        """The repeat baseline of some patients of the cohort."""
        key = tuple(texts_of(patients))
        if key not in self._repeats:
            self._repeats[key] = repeat_baseline_in(self.bookings, self.span.plan, patients)
        return self._repeats[key]

    @cached_property
    def preventive(self) -> tuple[frozenset[str], frozenset[str]]:
        """(patients with a change of a preventive drug around the first session, patients of whom it is told).

        Told: a session within the plan's days says what else was done, `none` included; or the records list changes
        as events, and then everybody is taken as told.
        """
        flagged, told, listed = self.everyone.preventive_changes
        return flagged, flagged | told | (frozenset(texts_of(self.people.index)) if listed else frozenset())


def _light(table: pd.DataFrame) -> pd.DataFrame:
    # What travels with the table is copied with every step, and nothing here asks for it.
    table.attrs = {}
    return table
