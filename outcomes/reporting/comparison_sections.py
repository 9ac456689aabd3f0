"""The sections on the comparison itself: who is in it, before and after, responders, headache types."""

from __future__ import annotations

from outcomes.analysis.diagnoses import DIAGNOSED_LATER, SELF_LABELLED_SINUS
from outcomes.analysis.endpoints import category_names
from outcomes.analysis.periods import REASONS
from outcomes.analysis.results import PairedChange
from outcomes.plan import DAYS_PER_PERIOD
from outcomes.reporting.disclosure import TOO_FEW
from outcomes.reporting.expectations import precision_words, repeat_baseline_words
from outcomes.reporting.figure_blocks import before_after_block, course_block, responders_figure_block
from outcomes.reporting.first_page import FirstPage
from outcomes.reporting.page import Block, Heading, Notes, Sentence
from outcomes.reporting.recalled_section import RecalledSection, has_responders
from outcomes.reporting.tables import (
    changes_block,
    flow_block,
    flow_block_rounded,
    groups_block,
    label_of,
    responders_block,
)
from outcomes.reporting.wording import CLUSTER_NOT_COMPARED, DROP_OUT, NOT_ASKED, described_words

#: Endpoints of drugs taken, which stand under medication.
DRUG_ENDPOINTS = (
    "acute_doses_per_28", "paracetamol_days_per_28", "aspirin_days_per_28", "nsaid_days_per_28",
    "triptan_days_per_28", "ergot_days_per_28", "gepant_days_per_28", "ditan_days_per_28", "opioid_days_per_28",
    "combination_analgesic_days_per_28", "other_acute_drug_days_per_28", "overuse_class_days_per_28",
)  # fmt: skip


class ComparisonSections(FirstPage):
    """Blocks of the comparison, in the order of the report."""

    def flow_table(self) -> Block:
        if self.disclosure.exact:
            return flow_block(self.flow, self.disclosure)
        return flow_block_rounded(self.flow, self._possible_reasons(), self.disclosure)

    def _possible_reasons(self) -> tuple[str, ...]:
        """Every reason for which a patient of records like these can be left out."""
        diagnosed = {"headache_type", "ichd3_code"} & set(self.records.columns("patients"))
        cluster = {"episodic_cluster"} if diagnosed else set()
        if self.course is None:
            kind = "recall" if self.numbers.at_visits(self.flow.mode) else "summary"
            return tuple(
                reason
                for reason in REASONS
                if kind in reason or "summary_too_few" in reason or reason in cluster
            )
        impossible = set() if self.records.uses_dates else {"no_first_session", "followup_not_over"}
        if self.numbers.cohort is None:
            impossible.add("outside_cohort")
        impossible |= {"episodic_cluster"} - cluster
        return tuple(
            reason
            for reason in REASONS
            if "summary" not in reason and "recall" not in reason and reason not in impossible
        )

    def drop_out(self) -> Block:
        return Sentence(NOT_ASKED if self.numbers.at_visits(self.flow.mode) else DROP_OUT)

    def course_figure(self) -> Block:
        """Headache days per week around the first session, for the headline cohort."""
        if self.course is None:
            held = "recalled headache days" if self.numbers.at_visits(self.flow.mode) else "summaries"
            return Sentence(f"These records hold {held} and no daily diary, so there is no course to show.")
        return course_block(self.course, self.disclosure)

    def before_after_figure(self) -> Block:
        """Frequency, intensity and the other endpoints before and after, with intervals."""
        return before_after_block(self.comparison.changes, self.disclosure)

    def before_after_table(self) -> Block:
        return changes_block(self.comparison.changes, self.disclosure)

    def further_heading(self) -> Block:
        """Hidden where the diary holds no more than the core endpoints."""
        return Heading("Further endpoints of the diary", level=3) if self._further() else Notes(())

    def further_table(self) -> Block:
        """Endpoints beyond the core ones; those of drugs stand under medication."""
        further = self._further()
        if not further:
            return Notes(())
        shown = [one for one in further if self.may_be_listed(one)]
        if not shown:
            return Sentence(f"Further endpoints: {TOO_FEW}.")
        return changes_block(shown, self.disclosure)

    def _further(self) -> tuple[PairedChange, ...]:
        return tuple(one for one in self.numbers.further if one.endpoint.name not in DRUG_ENDPOINTS)

    def may_be_listed(self, change: PairedChange) -> bool:
        """Whether an endpoint has a row: not of what nobody had, and in `share` not of what few patients had."""
        if self.disclosure.before_after(change)[2].value is None:
            return False
        with_any = int((change.pairs != 0).any(axis=1).sum())
        return with_any > 0 if self.disclosure.exact else with_any >= self.disclosure.minimum_cell

    def repeat_baseline(self) -> Block:
        """What a baseline after booking shows of the bad month."""
        repeat = self.numbers.repeat
        if repeat is None:
            return Notes(())
        words = repeat_baseline_words(repeat, self.disclosure)
        return Sentence(self.disclosure.text("repeat baseline", words))

    def precision(self) -> Block:
        """The smallest change this clinic could detect."""
        return Sentence(self.precision_text())

    def precision_text(self) -> str:
        words = precision_words(self.primary, self.disclosure)
        return self.disclosure.text("smallest change that could be detected", words, self.primary)

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
        if not self.numbers.other_modes:
            return Notes(())
        return Heading("Recalled, not recorded", "from memory; never pooled with the diary")

    def recalled(self, mode: str) -> RecalledSection:
        """The section of one recall mode; each of its blocks is hidden where there is none."""
        changes = tuple(change for change in self.numbers.other_modes if change.mode == mode)
        return RecalledSection(
            changes, self.numbers.at_visits(mode), self.numbers.cohort is not None, self.disclosure
        )

    def responders_figure(self) -> Block:
        change = self._responder_change()
        if change is None:
            return Sentence("Responders are not defined for the endpoints in these records.")
        return responders_figure_block(change, self.disclosure, self.numbers.bad_month)

    def responders_table(self) -> Block:
        change = self._responder_change()
        return responders_block(change, self.disclosure) if change is not None else Notes(())

    def _responder_change(self) -> PairedChange | None:
        return self.primary if has_responders(self.primary) else None

    def by_type_table(self) -> Block:
        if "headache_type" not in category_names(self.records):
            return Sentence("The records do not hold the headache type.")
        types = self.shown_types()
        if not self.disclosure.apart(types)[0]:
            return Sentence(f"By headache type: {TOO_FEW}.")
        return groups_block(types, self.disclosure)

    def by_type_note(self) -> Block:
        shown, _ = self.disclosure.apart(self.shown_types())
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
