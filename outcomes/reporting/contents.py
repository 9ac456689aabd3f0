"""What the monthly report holds: each section as blocks, under the rules of one profile.

The notebook template decides the order; every block computes from the same comparison, once.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

import pandas as pd

import outcomes
from outcomes.analysis.comparison import compare_all, compare_groups
from outcomes.analysis.course import measure_course
from outcomes.analysis.endpoints import category_names, measure_endpoints, summary_flow
from outcomes.analysis.periods import Cohort, PatientFlow, split_periods
from outcomes.analysis.results import ComparisonTable, Course, PairedChange
from outcomes.plan import AnalysisPlan
from outcomes.records.reading import Records, load_records
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.figure_blocks import (
    before_after_block,
    by_group_block,
    completeness_block,
    course_block,
    responders_figure_block,
)
from outcomes.reporting.formatting import interval, number, percent
from outcomes.reporting.page import (
    Block,
    KeyFigure,
    KeyFigures,
    Lead,
    Limitation,
    Masthead,
    Notes,
    Provenance,
    Sentence,
    Strong,
    TableBlock,
)
from outcomes.reporting.tables import (
    changes_block,
    flow_block,
    responders_block,
)
from outcomes.reporting.wording import (
    DROP_OUT,
    LIMITATION,
    NO_COMPARISON,
    change_sentence,
    definitions,
    followup_phrase,
    interval_phrase,
    windows_phrase,
)


def open_report(
    source: str,
    *,
    month: str | None,
    profile: Profile,
    plan: Mapping[str, Any],
    accept_set_aside: int | None = None,
) -> MonthlyReport:
    """Load the records and make the comparisons of one month's report.

    `month` is YYYY-MM, or None for all patients. `plan` is a plan as plain values. Raises the errors of
    `load_records` and of the plan.
    """
    chosen = AnalysisPlan.from_mapping(plan)
    records = load_records(source, chosen, accept_set_aside=accept_set_aside)
    return MonthlyReport(records, month, Disclosure(profile, chosen.minimum_cell))


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
    def _parts(self) -> tuple[pd.DataFrame, PatientFlow, Course | None]:
        periods = split_periods(self.records, cohort=self.cohort)
        endpoints = measure_endpoints(periods)
        course = measure_course(periods) if periods.segments is not None else None
        flow = periods.flow or summary_flow(endpoints, str(endpoints["mode"].iloc[0]), self.plan)
        return endpoints, flow, course

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
        return compare_all(endpoints[endpoints["mode"] == self.flow.mode], self.plan)

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
        if self.cohort is None:
            return ("all patients in the records",)
        first, last = self.cohort.closed_from, self.cohort.closed_to
        return (f"follow-up closed {first.strftime('%B %Y')} to {last.strftime('%B %Y')}",)

    def lead(self) -> Block:
        """What was recorded, then what else explains a change."""
        change = self.primary
        shown = self.disclosure.mean(change["change"])
        if shown.value is None:
            few = f"Too few patients to show safely (fewer than {max(10, self.plan.minimum_cell)})."
            nobody = f"No patient has a value both {' and '.join(windows_phrase(self.plan, change.mode))}."
            return Lead((nobody if change.n == 0 and self.disclosure.exact else few,))
        before, after = windows_phrase(self.plan, change.mode)
        fewer = "fewer" if shown.value <= 0 else "more"
        verb = "recalled" if change.mode != "diary" else "recorded"
        name = change.endpoint.label.lower()
        if change.endpoint.counts_days:
            what = f"{number(abs(shown.value))} {fewer} {name} per 28"
            sentence: tuple[Any, ...] = (
                f"Patients {verb} ",
                Strong(what, "recorded"),
                f" {after} than {before}",
            )
        else:
            what = f"{number(abs(shown.value))} {'lower' if shown.value <= 0 else 'higher'}"
            sentence = (f"{change.endpoint.label} was ", Strong(what, "recorded"), f" {after} than {before}")
        patients = self.disclosure.patients(change.n)
        end = f" ({interval_phrase(change.endpoint, shown)}; {patients} patients)."
        return Lead((*sentence, end, " This is a change; what caused it, these records cannot show."))

    def expectation(self) -> Block:
        return Sentence(NO_COMPARISON)

    def key_figures(self) -> Block:
        """The four figures an owner asks for, each with the number that sobers it."""
        items = [self._key_mean("headache_days_per_28"), self._key_halved()]
        items += [
            self._key_mean(name) for name in ("intensity_on_headache_days", "acute_medication_days_per_28")
        ]
        found = tuple(item for item in items if item is not None)
        if len(found) >= 2:
            return KeyFigures(found)
        return Sentence("; ".join(f"{item.label}: {item.value}" for item in found) or self._no_value())

    def _no_value(self) -> str:
        return change_sentence(self.primary, self.disclosure)

    def _find(self, endpoint: str) -> PairedChange | None:
        return next((change for change in self.comparison if change.endpoint.name == endpoint), None)

    def _key_mean(self, endpoint: str) -> KeyFigure | None:
        change = self._find(endpoint)
        if change is None:
            return None
        label = f"{change.endpoint.label}, {change.endpoint.unit}"
        moved = self.disclosure.mean(change["change"])
        if moved.value is None:
            return KeyFigure(label, "–", (moved.reason,))
        before, after = (self.disclosure.mean(change[f"{name}_mean"]) for name in ("baseline", "followup"))
        bounds = interval(moved.low, moved.high)
        lines = (f"change {number(moved.value)} ({bounds})", f"{self.disclosure.patients(change.n)} patients")
        return KeyFigure(label, f"{number(before.value)} → {number(after.value)}", lines)

    def _key_halved(self) -> KeyFigure | None:
        change = self._find("headache_days_per_28")
        if change is None or "responders_50" not in change:
            return None
        halved, started = (
            self.disclosure.share(change[f"responders_50{end}"]) for end in ("", "_all_started")
        )
        lines = [f"of all who started: {_share_text(started)}"]
        if "worsened_50" in change:
            lines.append(f"worse by half: {_share_text(self.disclosure.share(change['worsened_50']))}")
        value = percent(halved.value) if halved.value is not None else "–"
        if halved.low is not None and halved.high is not None:
            lines.insert(0, f"{number(100 * halved.low, 0)} to {percent(halved.high)} of {halved.n_text}")
        return KeyFigure("Headache days halved", value, tuple(lines))

    # ---- the sections ----

    def flow_table(self) -> Block:
        return flow_block(self.flow, self.disclosure)

    def drop_out(self) -> Block:
        return Sentence(DROP_OUT)

    def course_figure(self) -> Block:
        """Headache days per week around the first session, for the headline cohort."""
        if self.course is None:
            return Sentence("These records hold summaries and no daily diary, so there is no course to show.")
        return course_block(self.course, self.disclosure)

    def before_after_figure(self) -> Block:
        """Frequency, intensity and the other endpoints before and after, with intervals."""
        return before_after_block(self.comparison.changes, self.disclosure)

    def before_after_table(self) -> Block:
        return changes_block(self.comparison.changes, self.disclosure)

    def conditional_note(self) -> Block:
        """What cannot be read off intensity and duration alone."""
        notes = [
            "Intensity and duration on headache days are known only for patients with headache in both periods: "
            "those whose headaches ended are not in them.",
            *(note[0].upper() + note[1:] + "." for note in self.comparison.notes if self.disclosure.exact),
        ]
        return Notes(tuple(notes))

    def other_modes_tables(self) -> Block:
        """Recalled outcomes, in a table of their own."""
        if not self.other_modes:
            return Notes(())
        caption = "Recalled, not recorded day by day; never pooled with the diary"
        return changes_block(self.other_modes, self.disclosure, caption)

    def responders_figure(self) -> Block:
        change = self._responder_change()
        if change is None:
            return Sentence("Responders are not defined for the endpoints in these records.")
        return responders_figure_block(change, self.disclosure)

    def responders_table(self) -> Block:
        change = self._responder_change()
        return responders_block(change, self.disclosure) if change is not None else Notes(())

    def _responder_change(self) -> PairedChange | None:
        has_any = any(row.statistic.startswith("responders_") for row in self.primary.statistics)
        return self.primary if has_any else None

    @cached_property
    def _by_type(self) -> tuple[PairedChange, ...]:
        if "headache_type" not in category_names(self.records):
            return ()
        endpoints = self._parts[0]
        table = compare_groups(
            endpoints, self.primary.endpoint.name, "headache_type", self.plan, mode=self.flow.mode
        )
        return table.changes[1:]

    def by_type_figure(self) -> Block:
        if not self._by_type:
            return Sentence("The records do not hold the headache type.")
        return by_group_block(self._by_type, self.disclosure)

    def by_type_table(self) -> Block:
        if not self._by_type:
            return Notes(())
        return changes_block(self._by_type, self.disclosure)

    def by_type_note(self) -> Block:
        notes = ["Exploratory: the intervals are not adjusted for looking at several types."]
        if any(change.group == "cluster" for change in self._by_type):
            notes.append(
                "Cluster: bouts end by themselves, so before and after cannot be compared as for other types."
            )
        if any(change.group == "sinus" for change in self._by_type):
            notes.append(
                "Sinus is what the patient was told or believes; most such headaches meet migraine criteria."
            )
        return Notes(tuple(notes))

    def completeness_figure(self) -> Block:
        if self.course is None:
            return Sentence("Completeness is not known: summaries do not say which days were recorded.")
        return completeness_block(self.course, self.disclosure)

    def data_quality(self) -> Block:
        """Where the rows of each table went."""
        show = self.disclosure.rows
        rows = tuple(
            (
                count.table,
                show(count.rows_in),
                show(count.used),
                show(count.not_recorded),
                show(count.collapsed),
                show(count.set_aside),
            )
            for count in self.records.counts
        )
        notes = ["Set aside: rows that break a rule or contradict another; 'outcomes check' lists them."]
        if not self.disclosure.exact:
            notes.append("Rounded to the nearest 5.")
        columns = ("table", "rows in", "used", "without an entry", "repeats", "set aside")
        return TableBlock(columns, rows, notes=tuple(notes))

    def definitions(self) -> Block:
        return Notes(definitions(self.plan))

    def limitation(self) -> Block:
        return Limitation(LIMITATION)

    def provenance(self) -> Block:
        """Plan, versions and inputs behind every number."""
        plan = self.plan.to_dict()
        shown = ", ".join(f"{key} = {value}" for key, value in plan.items() if value not in (None, {}, []))
        packages = ("duckdb", "numpy", "pandas", "scipy")
        versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
        rows = [
            ("plan", shown),
            ("follow-up window", followup_phrase(self.plan)),
            ("versions", f"outcomes {outcomes.__version__}, Python {platform.python_version()}, {versions}"),
        ]
        rows += [(f"SHA-256 of {name}", digest) for name, digest in self.records.fingerprints().items()]
        return Provenance(tuple(rows))


def _share_text(shown: Any) -> str:
    return percent(shown.value) if shown.value is not None else f"{shown.count_text} of {shown.n_text}"
