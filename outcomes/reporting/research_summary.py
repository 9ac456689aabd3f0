"""The research summary: what a paper on these records would have to say, filled in where records and plan can.

Everything else is listed as missing, for the authors. Under the rules of a profile, like the monthly report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.analysis.comparison import compare
from outcomes.analysis.endpoints import category_names, endpoint_names, measure_endpoints
from outcomes.analysis.periods import Cohort, Periods, split_periods
from outcomes.analysis.questions import ask
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.errors import InvalidRecords, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.reading import load_records
from outcomes.reporting.checklists import (
    FILLED,
    IN_PART,
    MISSING,
    STRICTA,
    STROBE,
    Answered,
    Item,
)
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.formatting import interval, month_name, number, percent
from outcomes.reporting.language import say, speak
from outcomes.reporting.page import Block, Lead, Limitation, Masthead, Notes, Sentence, TableBlock
from outcomes.reporting.quality_blocks import provenance_block
from outcomes.reporting.wording import (
    DROP_OUT,
    LIMITATION,
    change_sentence,
    definitions,
    followup_phrase,
    mode_name,
    share_phrase,
    windows_phrase,
)

#: What an item says where the records have no column for it.
_NOT_HELD = "not in these records"
_SHOWN_CODES = 6

_DESIGN = (
    "uncontrolled before/after comparison within patients, from a clinic's routine records: no comparison group, no "
    "randomisation, no blinding"
)


def open_summary(
    source: str,
    *,
    month: str | None,
    profile: Profile,
    plan: Mapping[str, Any],
    mapping: str | None = None,
    allowances: str | None = None,
    accept_set_aside: int | None = None,
) -> ResearchSummary:
    """Load the records and make the primary comparison. `month` is YYYY-MM, or None for all patients.

    Raises the errors of `load_records` and of the plan.
    """
    chosen = AnalysisPlan.from_mapping(plan)
    speak(chosen.language)
    records = load_records(
        source, chosen, mapping=mapping, allowances=allowances, accept_set_aside=accept_set_aside
    )
    return ResearchSummary(records, month, Disclosure(profile, chosen.minimum_cell))


@dataclass(frozen=True)
class ResearchSummary:
    """A research summary under one profile. Its methods give blocks for a notebook cell to show."""

    records: Records
    month: str | None
    disclosure: Disclosure

    # ---- the numbers ----

    @cached_property
    def periods(self) -> Periods:
        return split_periods(self.records, cohort=Cohort.of_month(self.month) if self.month else None)

    @cached_property
    def _endpoints(self) -> pd.DataFrame:
        return measure_endpoints(self.periods)

    @cached_property
    def primary(self) -> PairedChange:
        """The plan's primary endpoint; where the records do not hold it, the first that they hold."""
        names = sorted(endpoint_names(self._endpoints), key=lambda name: name != self.plan.primary_endpoint)
        if not names:
            raise InvalidRecords(["These records hold no endpoint, so there is nothing to sum up."])
        return compare(self._endpoints, names[0], self.plan)

    @cached_property
    def _given(self) -> Answers | None:
        """What patients were given; None where there are no sessions."""
        try:
            return ask(self.periods, "dose")
        except PlanError:
            return None

    @property
    def plan(self) -> AnalysisPlan:
        return self.records.plan

    # ---- the page ----

    def masthead(self) -> Block:
        when = month_name(dt.date.fromisoformat(f"{self.month}-01")) if self.month else ""
        lines = ("STROBE and STRICTA 2010, as far as records and plan tell",)
        when = when or say("first_page.all_patients")
        return Masthead("Research summary", when, lines, self.disclosure.profile)

    def lead(self) -> Block:
        return Lead(change_sentence(self.primary, self.disclosure))

    def limitation(self) -> Block:
        return Limitation(LIMITATION)

    def how_far(self) -> Block:
        """How many items are filled, and how many are the authors' to write."""
        answered = (*self.strobe_items, *self.stricta_items)
        counts = {
            status: sum(one.status == status for one in answered) for status in (FILLED, IN_PART, MISSING)
        }
        return Sentence(
            f"Of {len(answered)} items, {counts[FILLED]} are filled from records and plan, {counts[IN_PART]} in part, "
            f"and {counts[MISSING]} are missing. A filled item says what was done; whether that was enough is for the "
            "reader to judge."
        )

    def strobe(self) -> Block:
        return _table(self.strobe_items)

    def stricta(self) -> Block:
        return _table(self.stricta_items)

    def to_write(self) -> Block:
        """What is still to be written, and by whom."""
        lists = (("STROBE", self.strobe_items), ("STRICTA", self.stricta_items))
        lines = [
            f"{name} {one.item.number}: {one.item.authors or f'{one.item.asks.lower()} ({_NOT_HELD})'}"
            for name, answered in lists
            for one in answered
            if one.status != FILLED
        ]
        return Notes(tuple(lines))

    def provenance(self) -> Block:
        return provenance_block(self.records, self.plan, followup_phrase(self.plan), self.disclosure)

    # ---- STROBE ----

    @cached_property
    def strobe_items(self) -> tuple[Answered, ...]:
        return tuple(_answered(item, self._strobe_texts()) for item in STROBE)

    def _strobe_texts(self) -> dict[str, str]:
        """Item number → what records and plan say; nothing for the items that only authors can write."""
        plan, change, shown = self.plan, self.primary, self.disclosure
        before, after = windows_phrase(plan, daily=change.daily)
        name = f"{change.endpoint.label.lower()} ({change.endpoint.unit}){mode_name(change.mode)}"
        said = definitions(change)
        reductions = ", ".join(f"{one:g}%" for one in plan.responder_reductions)
        tried = ", ".join(str(days) for days in plan.sensitivity_min_recorded)
        counts = f"compared: {shown.people(change.n)}; left out: {shown.people(change.n_left_out)}"
        return {
            "1a": _sentence(_DESIGN),
            "3": f"Primary endpoint of the plan: {name}, {after} against {before}.",
            "4": _sentence(_DESIGN),
            "5": self._dates(),
            "6": f"Patients with a first session and enough recorded days in both windows. {said[0]}",
            "7": " ".join(said),
            "8": self._measured(),
            "9": f"{LIMITATION} Nothing was adjusted for in the change itself.",
            "10": f"All patients in the records for the period, {counts}. No size was planned in these records.",
            "11": f"Responders at {reductions} of their own baseline; worsening likewise.",
            "12a": f"Mean of the patients' changes with its t interval, {percent(plan.confidence)}; Wilson for shares.",
            "12b": f"Declared strata: {', '.join(one.replace('_', ' ') for one in plan.strata)}. Exploratory.",
            "12c": "A day that is not recorded is neither a headache day nor a free one. Patients with too few "
            "recorded days in a window are left out and counted.",
            "12d": DROP_OUT,
            "12e": f"Other least numbers of recorded days per 28: {tried}. The rest: 'outcomes compare --all-methods'.",
            "13": f"{_sentence(counts)} Reasons for each loss stand in the monthly report.",
            "14": self._characteristics(),
            "15": self._levels(),
            "16": change_sentence(change, shown),
            "17": self._halved(),
            "19": LIMITATION,
        }

    def _dates(self) -> str:
        if self.month is None:
            return ""
        cohort = Cohort.of_month(self.month)
        first, last = month_name(cohort.closed_from), month_name(cohort.closed_to)
        return f"Patients whose follow-up window closed from {first} to {last}."

    def _measured(self) -> str:
        if self.primary.daily:
            return "A daily headache diary kept by the patient."
        return f"One value per patient and time point{mode_name(self.primary.mode)}."

    def _characteristics(self) -> str:
        held = [name.replace("_", " ") for name in category_names(self.records)]
        return f"The records hold: {', '.join(held)}. {self._levels()}" if held else ""

    def _levels(self) -> str:
        before, after, moved = self.disclosure.before_after(self.primary)
        if moved.value is None:
            return ""
        people = self.disclosure.people(self.primary.n)
        return f"Means of {number(before.value)} before and {number(after.value)} after ({people})."

    def _halved(self) -> str:
        if "responders_50" not in self.primary:
            return ""
        share = self.disclosure.share(self.primary["responders_50"])
        started = self.disclosure.share(self.primary["responders_50_all_started"])
        return (
            f"At least 50% better than their own baseline: {share_phrase(share)} with both windows, "
            f"{share_phrase(started)} who started."
        )

    # ---- STRICTA ----

    @cached_property
    def stricta_items(self) -> tuple[Answered, ...]:
        return tuple(_answered(item, self._stricta_texts()) for item in STRICTA)

    def _stricta_texts(self) -> dict[str, str]:
        if self._given is None:
            return {}
        received = self._mean("received_by_end", "sessions")
        planned = self._mean("planned", "sessions")
        return {
            "1a": self._codes("technique"),
            "1c": self._varied(),
            "2a": self._measure("needles_inserted", "needles per session"),
            "2b": self._codes("muscles"),
            "2c": self._measure("depth_mm", "mm"),
            "2d": self._codes("local_twitch_response"),
            "2e": self._codes("electrical"),
            "2f": self._measure("dwell_minutes", "minutes"),
            "3a": _sentence(
                "; ".join(
                    f"{word} {text}" for word, text in (("received", received), ("planned", planned)) if text
                )
            ),
            "4a": self._other_care(),
            "6a": "No comparator: the records are of treated patients only."
            if not self._has_groups()
            else "",
            "6b": "No comparator." if not self._has_groups() else "",
        }

    def _has_groups(self) -> bool:
        return "group" in category_names(self.records) and bool(
            {"waiting_list", "usual_care", "sham"} & set(self.records.frame("patients")["group"].dropna())
        )

    def _varied(self) -> str:
        found = self._codes("technique")
        return f"Chosen by the practitioner session by session. {found}" if found else ""

    def _other_care(self) -> str:
        return self._codes("co_interventions")

    def _find(self, statistic: str, by: str | None = None) -> list[Statistic]:
        rows = self._given or ()
        return [
            one for one in rows if one.statistic == statistic and one.endpoint == "sessions" and one.by == by
        ]

    def _mean(self, statistic: str, unit: str, by: str | None = None) -> str:
        """`5.4 sessions (5.2 to 5.6; 200 patients)`, or nothing where it may not be shown."""
        for row in self._find(statistic, by):
            shown = self.disclosure.mean(row)
            if shown.value is not None:
                people = self.disclosure.people(row.n)
                return f"mean {number(shown.value)} {unit} ({interval(shown.low, shown.high)}; {people})"
        return ""

    def _measure(self, name: str, unit: str) -> str:
        return _sentence(self._mean(name, unit, by=name))

    def _codes(self, column: str) -> str:
        """Share of patients with each entry at any session, the commonest first; those of few are not named.

        Of a column of yes and no, those with a yes.
        """
        told = []
        for row in self._find("patients_with", column):
            shown = self.disclosure.share(row)
            entry = row.group.removesuffix("_yes").replace("_", " ")
            if shown.value is not None and row.value and row.group != f"{column}_no":
                told.append((-shown.value, f"{entry} {percent(shown.value)}"))
        if not told:
            return ""
        listed = ", ".join(text for _, text in sorted(told)[:_SHOWN_CODES])
        more = ", others" if len(told) > _SHOWN_CODES else ""
        return f"Patients with it at any session: {listed}{more}."


def _answered(item: Item, texts: Mapping[str, str]) -> Answered:
    text = texts.get(item.number, "")
    if not text:
        return Answered(item, MISSING, "to be written by the authors" if item.authors else _NOT_HELD)
    return Answered(item, IN_PART if item.authors else FILLED, text)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def _table(answered: tuple[Answered, ...]) -> Block:
    rows = tuple((one.item.number, one.item.asks, one.status, one.text) for one in answered)
    return TableBlock(
        ("item", "asks for", "status", "what records and plan say"),
        rows,
        align=("left", "left", "left", "left"),
    )
