"""What every part of a report stands on: the records, the month, the profile, and the numbers worked out once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from outcomes.analysis.claims.judging import ClaimsReview
from outcomes.analysis.periods import PatientFlow
from outcomes.analysis.results import ComparisonTable, Course, PairedChange
from outcomes.claims.declared import DeclaredClaims
from outcomes.claims.kept import Standing
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.reporting.disclosure import Disclosure, SafeAnswers, SafeSpan, safe_spans
from outcomes.reporting.report_numbers import ReportNumbers
from outcomes.reporting.restatements import EarlierReport


@dataclass(frozen=True)
class ReportBase:
    """One month (YYYY-MM, None: all patients) under one profile.

    `shared`: numbers that another profile worked out. `run_id` is shown; `earlier` is what earlier reports showed;
    `declared` are the clinic's claims, `claims_since` from when on each counts where that is not what their file says.
    """

    records: Records
    month: str | None
    disclosure: Disclosure
    shared: ReportNumbers | None = field(default=None, repr=False, compare=False)
    run_id: str | None = None
    earlier: tuple[EarlierReport, ...] = ()
    declared: DeclaredClaims | None = None
    claims_since: Mapping[str, Standing] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> ReportNumbers:
        """Exact, and the same for every profile."""
        return self.shared if self.shared is not None else ReportNumbers(self.records, self.month)

    @cached_property
    def claims_review(self) -> ClaimsReview | None:
        """The verdicts in force in this month; None where nothing is declared. The same for every profile."""
        return self.numbers.claims_review(self.declared, self.claims_since)

    @property
    def plan(self) -> AnalysisPlan:
        return self.records.plan

    @property
    def flow(self) -> PatientFlow:
        return self.numbers.flow

    @property
    def course(self) -> Course | None:
        return self.numbers.course

    @property
    def comparison(self) -> ComparisonTable:
        return self.numbers.comparison

    def topic(self, name: str) -> SafeAnswers | str:
        """The answers to a topic as this profile may show them, or why these records cannot answer it."""
        answers = self.numbers.ask(name)
        if isinstance(answers, str):
            return answers
        return replace(self.disclosure, behind=self.numbers.who_stands_behind).answers(answers)

    @cached_property
    def spans(self) -> tuple[SafeSpan, ...]:
        """What was done in whole quarters, or the longer spans that are large enough to be told."""
        return safe_spans(self.numbers.spans, self.plan, self.disclosure)

    @property
    def primary(self) -> PairedChange:
        return self.numbers.primary

    def find(self, endpoint: str) -> PairedChange | None:
        """The comparison of one endpoint in the headline's mode, where the records hold it."""
        changes = (*self.comparison, *self.numbers.further)
        return next((change for change in changes if change.endpoint.name == endpoint), None)


def plain_note(note: str) -> str:
    """A note of the analysis as a sentence: without the code in front, with a capital and a full stop."""
    words = re.sub(r"^[a-z_0-9]+: ", "", note).strip()
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "?")) else ".")
