"""What the monthly report holds: each section as blocks, under the rules of one profile.

The notebook template decides the order; every block computes from the same comparison, once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from outcomes.analysis.comparison import DESCRIBED, compare, compare_all, compare_groups
from outcomes.analysis.course import measure_course
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.diagnoses import DIAGNOSED_LATER, SELF_LABELLED_SINUS
from outcomes.analysis.endpoints import category_names, endpoint_names, measure_endpoints, summary_flow
from outcomes.analysis.periods import REASONS, Cohort, PatientFlow, Periods, split_periods
from outcomes.analysis.questions.care import still_in_care
from outcomes.analysis.recalls import VISITS_ATTRIBUTE, recalled_visits
from outcomes.analysis.regression_to_mean.null_simulation import NullSimulation, null_simulation
from outcomes.analysis.regression_to_mean.repeat_baseline import RepeatBaseline, repeat_baseline
from outcomes.analysis.results import ComparisonTable, Course, PairedChange
from outcomes.errors import InvalidRecords
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.reading import load_records
from outcomes.reporting.disclosure import (
    HELD_BACK,
    HELD_BACK_WORDS,
    TOO_FEW,
    Disclosure,
    Profile,
    carried_words,
)
from outcomes.reporting.disclosure.behind import Behind
from outcomes.reporting.disclosure.release import begin_release
from outcomes.reporting.expectations import (
    assumption_words,
    expectation_words,
    precision_words,
    repeat_baseline_words,
)
from outcomes.reporting.figure_blocks import (
    before_after_block,
    by_group_block,
    completeness_block,
    course_block,
    responders_figure_block,
)
from outcomes.reporting.formatting import interval, number, percent, percent_interval
from outcomes.reporting.page import (
    Block,
    Heading,
    KeyFigure,
    KeyFigures,
    Lead,
    Limitation,
    Masthead,
    Notes,
    Sentence,
    Strong,
)
from outcomes.reporting.quality_blocks import data_quality_block, provenance_block
from outcomes.reporting.recalled_section import RecalledSection, has_responders
from outcomes.reporting.tables import (
    changes_block,
    flow_block,
    flow_block_rounded,
    groups_block,
    label_of,
    responders_block,
)
from outcomes.reporting.wording import (
    CLUSTER_NOT_COMPARED,
    DROP_OUT,
    LIMITATION,
    NOT_ASKED,
    RECALLED,
    care_words,
    change_words,
    definitions,
    described_words,
    followup_phrase,
    interval_phrase,
    mode_name,
    share_phrase,
    windows_phrase,
)


def open_report(
    source: str,
    *,
    month: str | None,
    profile: Profile,
    plan: Mapping[str, Any],
    mapping: str | None = None,
    allowances: str | None = None,
    accept_set_aside: int | None = None,
    ledger: str | None = None,
) -> MonthlyReport:
    """Load the records and make the comparisons of one month's report.

    `month` is YYYY-MM, or None for all patients. `plan` is a plan as plain values. `ledger` is the folder of a run of
    the report command, in which it finds the release ledger and writes what it shows; without it a report is held
    against no earlier one. Raises the errors of `load_records` and of the plan.
    """
    chosen = AnalysisPlan.from_mapping(plan)
    records = load_records(
        source, chosen, mapping=mapping, allowances=allowances, accept_set_aside=accept_set_aside
    )
    disclosure = Disclosure(profile, chosen.minimum_cell)
    if ledger is not None and not disclosure.exact:
        release = begin_release(ledger, profile, month, chosen, disclosure.least_cell)
        report = MonthlyReport(records, month, replace(disclosure, release=release))
        release.behind = report.who_stands_behind
        return report
    return MonthlyReport(records, month, disclosure)


@dataclass(frozen=True)
class MonthlyReport:
    """The report of one month under one profile. Its methods give blocks for a notebook cell to show."""

    records: Records
    month: str | None
    disclosure: Disclosure

    # ---- the numbers, each worked out once ----

    @cached_property
    def cohort(self) -> Cohort | None:
        return Cohort.of_month(self.month) if self.month else None

    @cached_property
    def _parts(self) -> tuple[pd.DataFrame, PatientFlow, Course | None, Periods]:
        periods = split_periods(self.records, cohort=self.cohort)
        endpoints = measure_endpoints(periods)
        course = measure_course(periods) if periods.segments is not None else None
        flow = periods.flow or summary_flow(endpoints, str(endpoints["mode"].iloc[0]), self.plan)
        return endpoints, flow, course, periods

    def who_stands_behind(self) -> Behind:
        """The patients behind the numbers, for the release ledger."""
        return self._behind

    @cached_property
    def _behind(self) -> Behind:
        return Behind(self._parts[3], self._parts[0])

    @property
    def plan(self) -> AnalysisPlan:
        return self.records.plan

    @property
    def flow(self) -> PatientFlow:
        return self._parts[1]

    @property
    def course(self) -> Course | None:
        return self._parts[2]

    @cached_property
    def comparison(self) -> ComparisonTable:
        """Every endpoint in the first mode: the diary where there is one."""
        endpoints = self._parts[0]
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
    def other_modes(self) -> tuple[PairedChange, ...]:
        """The same endpoints in the other modes, never pooled with the first."""
        endpoints = self._parts[0]
        table = compare_all(endpoints[endpoints["mode"] != self.flow.mode], self.plan)
        return table.changes

    @property
    def primary(self) -> PairedChange:
        """The plan's primary endpoint; where the records do not hold it, the first that they hold."""
        return self.comparison.changes[0]

    # ---- page one ----

    def masthead(self) -> Block:
        return Masthead("Headache outcomes", self.month_name(), self._cohort_lines(), self.disclosure.profile)

    def month_name(self) -> str:
        if self.month is None:
            return "all patients"
        return dt.date.fromisoformat(f"{self.month}-01").strftime("%B %Y")

    def _cohort_lines(self) -> tuple[str, ...]:
        marks = (RECALLED,) if self._is_recalled else ()
        if self.cohort is None:
            return ("all patients in the records", *marks)
        first, last = self.cohort.closed_from, self.cohort.closed_to
        return (f"follow-up closed {first.strftime('%B %Y')} to {last.strftime('%B %Y')}", *marks)

    def lead(self) -> Block:
        """What was recorded, then what else explains a change."""
        change = self.primary
        shown = self.disclosure.before_after(change)[2]
        windows = windows_phrase(self.plan, daily=change.daily)
        if shown.value is None:
            if change.n == 0 and f"{DESCRIBED}baseline_mean" in change:
                return Lead((described_words(change, self.disclosure) or CLUSTER_NOT_COMPARED,))
            if change.n == 0 and self.disclosure.exact:
                return Lead((f"No patient has a value both {windows[1]} and {windows[0]}.",))
            if shown.reason == HELD_BACK:
                return Lead((f"The change is {HELD_BACK_WORDS}.",))
            if change.n >= self.disclosure.least_for_mean:
                return Lead(("The patients differ too little for a mean to be shown safely.",))
            least = self.disclosure.least_for_mean
            return Lead((f"Too few patients to show safely (fewer than {least}).",))
        start, message, end = change_words(change.endpoint, shown.value, change.mode, windows)
        carried = carried_words((shown.carried_from,))
        patients = f"{shown.people}; {carried}" if carried else shown.people
        bounds = f" ({interval_phrase(change.endpoint, shown)}; {patients})."
        cause = " This is a change; what caused it, these records cannot show."
        care = care_words(still_in_care(self._parts[3], self._parts[0]), self.plan, self.disclosure)
        if care:
            cause = f"{cause} {care}"
        return Lead((start, Strong(message, "recorded"), end, mode_name(change.mode), bounds, cause))

    def expectation(self) -> Block:
        """What a bad month alone would give, beside the change and never taken off it."""
        words = expectation_words(self._bad_month, self._repeat, self.disclosure)
        return Sentence(self.disclosure.text("expected of a bad month", words))

    @cached_property
    def _bad_month(self) -> NullSimulation | None:
        """What entering in a bad month alone would give; of headache days in a daily diary only."""
        if not self._is_headache_days:
            return None
        return null_simulation(window_counts(self._parts[3]), self.plan)

    @cached_property
    def _repeat(self) -> RepeatBaseline | None:
        """A second baseline, for clinics that write down when patients booked."""
        columns = set(self.records.columns("patients"))
        if not self._is_headache_days or not {"contact_date", "contact_day"} & columns:
            return None
        return repeat_baseline(self.records, self.plan, cohort=self.cohort)

    def repeat_baseline(self) -> Block:
        """What a baseline after booking shows of the bad month."""
        if self._repeat is None:
            return Notes(())
        words = repeat_baseline_words(self._repeat, self.disclosure)
        return Sentence(self.disclosure.text("repeat baseline", words))

    def precision(self) -> Block:
        """The smallest change this clinic could detect."""
        words = precision_words(self.primary, self.disclosure)
        return Sentence(self.disclosure.text("smallest change that could be detected", words, self.primary))

    @property
    def _is_headache_days(self) -> bool:
        """Whether the headline is headache days from a daily diary, which is what a bad month is counted in."""
        return self.primary.daily and self.primary.endpoint.name == "headache_days_per_28"

    def key_figures(self) -> Block:
        """The four figures an owner asks for, each with the number that sobers it."""
        if self.primary.n == 0 and f"{DESCRIBED}baseline_mean" in self.primary:
            # Nobody is compared because of who they are: there are no figures, and not figures of nobody.
            return Notes(())
        others = ("headache_days_per_28", "intensity_on_headache_days", "acute_medication_days_per_28")
        names = dict.fromkeys((self.primary.endpoint.name, *others))
        items = [self._key_mean(name) for name in names]
        items.insert(1, self._key_halved())
        found = tuple(item for item in items if item is not None)[:4]
        if len(found) >= 2:
            return KeyFigures(found)
        return Notes(tuple("; ".join((f"{item.label}: {item.value}", *item.lines)) for item in found))

    def _find(self, endpoint: str) -> PairedChange | None:
        return next((change for change in self.comparison if change.endpoint.name == endpoint), None)

    def _key_mean(self, endpoint: str) -> KeyFigure | None:
        change = self._find(endpoint)
        if change is None:
            return None
        unit = " per 28" if change.endpoint.counts_days else f", {change.endpoint.unit}"
        label = f"{change.endpoint.label}{unit}"
        before, after, moved = self.disclosure.before_after(change)
        carried = carried_words((moved.carried_from,))
        patients = f"{moved.people}, {carried}" if carried else moved.people
        if moved.value is None:
            return KeyFigure(label, "–", (moved.reason, patients))
        bounds = f" ({interval(moved.low, moved.high)})" if moved.low is not None else ""
        lines = (f"change {number(moved.value)}{bounds}", patients)
        return KeyFigure(label, f"{number(before.value)} → {number(after.value)}", lines)

    def _key_halved(self) -> KeyFigure | None:
        change = self._find("headache_days_per_28")
        if change is None or "responders_50" not in change:
            return None
        halved, started = self.disclosure.responders(change, "responders_50")
        interval_text = percent_interval(halved.low, halved.high)
        lines = [f"{interval_text} of {halved.n_text}" if halved.value is not None else share_phrase(halved)]
        lines.append(f"all who started: {share_phrase(started)}")
        if "worsened_50" in change:
            lines.append(f"worse by half: {share_phrase(self.disclosure.share(change['worsened_50']))}")
        return KeyFigure("Headache days halved", percent(halved.value), tuple(lines))

    # ---- the sections ----

    def flow_table(self) -> Block:
        if self.disclosure.exact:
            return flow_block(self.flow, self.disclosure)
        return flow_block_rounded(self.flow, self._possible_reasons(), self.disclosure)

    def _possible_reasons(self) -> tuple[str, ...]:
        """Every reason for which a patient of records like these can be left out."""
        diagnosed = {"headache_type", "ichd3_code"} & set(self.records.columns("patients"))
        cluster = {"episodic_cluster"} if diagnosed else set()
        if self.course is None:
            kind = "recall" if self._at_visits(self.flow.mode) else "summary"
            return tuple(
                reason
                for reason in REASONS
                if kind in reason or "summary_too_few" in reason or reason in cluster
            )
        impossible = set() if self.records.uses_dates else {"no_first_session", "followup_not_over"}
        if self.cohort is None:
            impossible.add("outside_cohort")
        impossible |= {"episodic_cluster"} - cluster
        return tuple(
            reason
            for reason in REASONS
            if "summary" not in reason and "recall" not in reason and reason not in impossible
        )

    def drop_out(self) -> Block:
        return Sentence(NOT_ASKED if self._at_visits(self.flow.mode) else DROP_OUT)

    @property
    def _is_recalled(self) -> bool:
        """Whether the headline rests on memory."""
        return self.flow.mode.startswith("recall")

    def _at_visits(self, mode: str) -> bool:
        """Whether the values of a mode were asked for at visits."""
        return mode in self._parts[0].attrs.get(VISITS_ATTRIBUTE, ())

    def course_figure(self) -> Block:
        """Headache days per week around the first session, for the headline cohort."""
        if self.course is None:
            held = "recalled headache days" if self._at_visits(self.flow.mode) else "summaries"
            return Sentence(f"These records hold {held} and no daily diary, so there is no course to show.")
        return course_block(self.course, self.disclosure)

    def before_after_figure(self) -> Block:
        """Frequency, intensity and the other endpoints before and after, with intervals."""
        return before_after_block(self.comparison.changes, self.disclosure)

    def before_after_table(self) -> Block:
        return changes_block(self.comparison.changes, self.disclosure)

    def conditional_note(self) -> Block:
        """What cannot be read off intensity and duration alone."""
        notes = []
        if any(change.endpoint.conditional for change in self.comparison):
            notes.append(
                "Intensity and duration on headache days are known only for patients with headache in both "
                "periods: those whose headaches ended are not in them."
            )
        if self.primary.endpoint.name != self.plan.primary_endpoint:
            wanted, found = label_of(self.plan.primary_endpoint), self.primary.endpoint.label
            notes.append(
                f"{wanted}, the plan's primary endpoint, is not in these records. In its place: {found}."
            )
        if self.plan.baseline_days < DAYS_PER_PERIOD and self.flow.mode == "diary":
            notes.append(
                f"The baseline is {self.plan.baseline_days} days, shorter than a month of {DAYS_PER_PERIOD}: weekdays "
                "weigh less evenly, and one bad week weighs more."
            )
        if {"headache_type", "ichd3_code"} & set(self.records.columns("patients")) and self.primary.n:
            notes.append(described_words(self.primary, self.disclosure) or CLUSTER_NOT_COMPARED)
        if self.disclosure.exact:
            notes += [f"{note[0].upper()}{note[1:]}." for note in self.comparison.notes if "'all'" in note]
        elif any("'all'" in note for note in self.comparison.notes):
            notes.append("The patients compared may include some of groups other than 'treated'.")
        return Notes(tuple(notes))

    def recalled_heading(self) -> Block:
        """Hidden where nothing was recalled beside the headline."""
        if not self.other_modes:
            return Notes(())
        return Heading("Recalled, not recorded", "from memory; never pooled with the diary")

    def recalled(self, mode: str) -> RecalledSection:
        """The section of one recall mode; each of its blocks is hidden where there is none."""
        changes = tuple(change for change in self.other_modes if change.mode == mode)
        return RecalledSection(changes, self._at_visits(mode), self.cohort is not None, self.disclosure)

    def responders_figure(self) -> Block:
        change = self._responder_change()
        if change is None:
            return Sentence("Responders are not defined for the endpoints in these records.")
        return responders_figure_block(change, self.disclosure)

    def responders_table(self) -> Block:
        change = self._responder_change()
        return responders_block(change, self.disclosure) if change is not None else Notes(())

    def _responder_change(self) -> PairedChange | None:
        return self.primary if has_responders(self.primary) else None

    @cached_property
    def _by_type(self) -> tuple[PairedChange, ...]:
        if "headache_type" not in category_names(self.records):
            return ()
        endpoints = self._parts[0]
        if endpoints.empty:
            return ()
        table = compare_groups(
            endpoints, self.primary.endpoint.name, "headache_type", self.plan, mode=self.flow.mode
        )
        groups = table.changes[1:]
        if self.disclosure.exact:
            return groups
        # A group that is described only holds nobody who is compared: nothing in it could be worked out.
        return tuple(one for one in groups if one.n or f"{DESCRIBED}baseline_mean" not in one)

    def by_type_figure(self) -> Block:
        if "headache_type" not in category_names(self.records):
            return Sentence("The records do not hold the headache type.")
        if not self._by_type:
            return Sentence(f"By headache type: {TOO_FEW}.")
        return by_group_block(self._by_type, self.disclosure)

    def by_type_table(self) -> Block:
        if not self.disclosure.apart(self._by_type)[0]:
            return Notes(())
        return groups_block(self._by_type, self.disclosure)

    def by_type_note(self) -> Block:
        shown, _ = self.disclosure.apart(self._by_type)
        if not shown:
            return Notes(())
        notes = ["Exploratory: the intervals are not adjusted for looking at several types."]
        notes.append(CLUSTER_NOT_COMPARED)
        if any(change.group == SELF_LABELLED_SINUS for change in shown):
            notes.append(
                "Self-labelled sinus is what the patient was told or believes, without a disorder that was shown; most "
                "such headaches meet migraine criteria."
            )
        if any(change.group == DIAGNOSED_LATER for change in shown):
            notes.append("A diagnosis written down after the first session is not used to form groups.")
        return Notes(tuple(notes))

    def completeness_figure(self) -> Block:
        if self.course is None and self._at_visits(self.flow.mode):
            return Sentence(self._asked_words())
        if self.course is None:
            return Sentence("Completeness is not known: summaries do not say which days were recorded.")
        return completeness_block(self.course, self.disclosure)

    def _asked_words(self) -> str:
        """At how many of the sessions headache days were asked for."""
        visits = recalled_visits(self._parts[3], self.flow.mode)
        visits = visits[visits["patient_id"].isin(self._parts[0]["patient_id"])]
        asked, of = int(visits["recalled"].notna().sum()), len(visits)
        words = f"{asked:,} of {of:,}" if self.disclosure.exact else self.disclosure.rows(asked, of)
        return self.disclosure.text(
            "sessions asked", f"Sessions at which headache days were asked for: {words}."
        )

    def data_quality(self) -> Block:
        """Where the rows of each table went."""
        return data_quality_block(self.records, self.disclosure)

    def definitions(self) -> Block:
        own = definitions(self.primary, at_visits=self._at_visits(self.primary.mode))
        return Notes((*own, *assumption_words(self._bad_month, self.disclosure)))

    def limitation(self) -> Block:
        return Limitation(LIMITATION)

    def provenance(self) -> Block:
        """Plan, versions and inputs behind every number."""
        window = f"{followup_phrase(self.plan)} after the first session" if self.course is not None else ""
        return provenance_block(self.records, self.plan, window, self.disclosure)
