"""The last sections: completeness and data quality, definitions, limits, provenance."""

from __future__ import annotations

from outcomes.analysis.among import among
from outcomes.analysis.recalls import recalled_visits
from outcomes.reporting.claims_blocks import claims_block
from outcomes.reporting.comparison_sections import ComparisonSections
from outcomes.reporting.expectations import assumption_words
from outcomes.reporting.figure_blocks import completeness_block
from outcomes.reporting.page import Block, Limitation, Notes, Sentence
from outcomes.reporting.quality_blocks import data_quality_block, provenance_block
from outcomes.reporting.restatements import restated_block
from outcomes.reporting.script_results import ScriptResults, results_payload
from outcomes.reporting.wording import LIMITATION, definitions, followup_phrase


class ClosingSections(ComparisonSections):
    """On what the numbers rest."""

    def completeness_figure(self) -> Block:
        if self.course is None and self.numbers.at_visits(self.flow.mode):
            return Sentence(self._asked_words())
        if self.course is None:
            return Sentence("Completeness is not known: summaries do not say which days were recorded.")
        return completeness_block(self.course, self.disclosure)

    def _asked_words(self) -> str:
        """At how many of the sessions headache days were asked for."""
        visits = recalled_visits(self.numbers.periods, self.flow.mode)
        visits = visits[among(visits["patient_id"], self.numbers.endpoints["patient_id"])]
        asked, of = int(visits["recalled"].notna().sum()), len(visits)
        words = f"{asked:,} of {of:,}" if self.disclosure.exact else self.disclosure.rows(asked, of)
        return self.disclosure.text(
            "sessions asked", f"Sessions at which headache days were asked for: {words}."
        )

    def data_quality(self) -> Block:
        """Where the rows of each table went."""
        return data_quality_block(self.records, self.disclosure)

    def definitions(self) -> Block:
        own = definitions(self.primary, at_visits=self.numbers.at_visits(self.primary.mode))
        return Notes((*own, *assumption_words(self.numbers.bad_month, self.disclosure)))

    def limitation(self) -> Block:
        return Limitation(LIMITATION)

    def provenance(self) -> Block:
        """Plan, versions and inputs behind every number."""
        window = f"{followup_phrase(self.plan)} after the first session" if self.course is not None else ""
        return provenance_block(self.records, self.plan, window, self.disclosure, self.run_id)

    def claims(self) -> Block:
        """What the clinic says in public, held against its records, claim by claim."""
        return claims_block(self.claims_review, self.disclosure, self.primary.n)

    # ---- the same again ----

    def restated(self) -> Block:
        """Figures of earlier reports that are otherwise now, each with its cause."""
        return restated_block(self, self.earlier)

    def results(self) -> Block:
        """Nothing on the page: the numbers for scripts, as this profile may show them."""
        return ScriptResults(payload=results_payload(self))
