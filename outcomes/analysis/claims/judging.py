"""Judge every declared claim on the patients of its last review: evidence, verdict and the numbers behind it.

Verdicts are computed anew from the records as they stand, and not read from what an earlier run kept: a verdict that
no longer follows from the records must not be repeated. Rules and reasons: docs/claims.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from outcomes.analysis.catalogue import find_endpoint
from outcomes.analysis.claims.answers import ANSWERED_BY
from outcomes.analysis.claims.cohorts import AllPatients, ReviewCohort, Span
from outcomes.analysis.claims.found import Found
from outcomes.analysis.claims.set_against import NO_GROUP
from outcomes.analysis.claims.still_needed import StillNeeded, not_reviewed, still_needed
from outcomes.analysis.instruments.definitions import INSTRUMENTS
from outcomes.analysis.results import Statistic
from outcomes.claims.declared import Claim, DeclaredClaims
from outcomes.claims.kept import Standing
from outcomes.claims.reviews import HalfYear, first_review, last_review
from outcomes.claims.rules import CANNOT_BE_TOLD, Verdict, claim_confidence
from outcomes.errors import InvalidRecords, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records

NOT_A_QUESTION = "not a question for these records"
NO_CALENDAR = (
    "these records hold no calendar dates, so nothing shows that patients came after the claim was declared"
)


@dataclass(frozen=True)
class Judged:
    """One claim with its verdict. `standing`: the day from which it counts as declared.

    `review` is the half year on whose patients it was judged; None where it was not: no question for these records,
    no dates, or no review yet (`first_review` says when). `numbers` are follow-up − baseline in the endpoint's own
    direction, at the confidence that the number of claims leaves. `design`: what the change could be set against.
    `still`: what is needed until it can be told; None where it is no question.
    """

    claim: Claim
    standing: Standing
    verdict: Verdict
    review: HalfYear | None
    first_review: HalfYear
    numbers: tuple[Statistic, ...] = ()
    n_started: int | None = None
    n_analysed: int | None = None
    design: str = NO_GROUP
    notes: tuple[str, ...] = ()
    still: StillNeeded | None = None

    @property
    def is_question(self) -> bool:
        return self.claim.is_question

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.claim.id,
            "says": self.claim.says,
            "kind": self.claim.kind,
            "declared_on": self.standing.declared_on.isoformat(),
            "restarted": self.standing.why,
            "verdict": self.verdict.word,
            "reasons": list(self.verdict.reasons),
            "review": self.review.name if self.review else None,
            "first_review": self.first_review.name,
            "started": self.n_started,
            "analysed": self.n_analysed,
            "design": self.design,
            "notes": list(self.notes),
            "still_needed": self.still.to_dict() if self.still else None,
            "numbers": [row.to_dict() for row in self.numbers],
        }


@dataclass(frozen=True)
class ClaimsReview:
    """All claims of the file, in its order. `review` is the last half year that was over; `plan` has the confidence
    that each interval keeps where `asked` claims are asked."""

    claims: tuple[Judged, ...]
    review: HalfYear
    asked: int
    plan: AnalysisPlan

    def __iter__(self) -> Any:
        return iter(self.claims)

    def __getitem__(self, name: str) -> Judged:
        return next(one for one in self.claims if one.claim.id == name)

    def to_dict(self) -> dict[str, Any]:
        return {
            "review": self.review.name,
            "claims_asked": self.asked,
            "confidence_of_each": self.plan.confidence,
            "claims": [one.to_dict() for one in self.claims],
        }


def check_names(declared: DeclaredClaims, plan: AnalysisPlan) -> None:
    """Raises PlanError, naming every claim whose endpoint or instrument nobody knows, or whose margin is not told."""
    problems = []
    for claim in declared.claims:
        if claim.kind == "score" and claim.instrument not in INSTRUMENTS:
            problems.append(
                f"'{claim.id}': '{claim.instrument}' is not an instrument. Known: {', '.join(INSTRUMENTS)}."
            )
        elif claim.kind == "score" and not INSTRUMENTS[claim.instrument].needs_baseline:
            problems.append(f"'{claim.id}': {claim.instrument} has no baseline, so there is no change of it.")
        if not claim.endpoint:
            continue
        try:
            endpoint = find_endpoint(claim.endpoint, plan)
        except PlanError as error:
            problems.append(f"'{claim.id}': {error}")
            continue
        if claim.margin is None and claim.kind != "share" and not endpoint.counts_days:
            problems.append(
                f"'{claim.id}': {claim.endpoint} is not in days: declare a 'margin' in {endpoint.unit}."
            )
    if problems:
        raise PlanError("\n".join(problems))


def judge_claims(
    records: Records,
    declared: DeclaredClaims,
    *,
    month: str | None = None,
    standings: Mapping[str, Standing] | None = None,
) -> ClaimsReview:
    """The verdicts in force in `month` (YYYY-MM): those of the last half year that was over when it began.

    Without `month`, when the records end. `standings` say from when on each claim counts (`outcomes.claims.kept`);
    without, the file is believed. Raises PlanError for names nobody knows.
    """
    check_names(declared, records.plan)
    plan = replace(records.plan, confidence=claim_confidence(records.plan.confidence, declared.asked))
    half = last_review(_begin(records, month))
    spans = {claim.id: Span.of(claim, plan) for claim in declared.claims}
    cohorts: dict[Span, ReviewCohort] = {}
    everyone = AllPatients(records)
    for span in dict.fromkeys(spans.values()):
        asked = [claim for claim in declared.claims if claim.endpoint and spans[claim.id] == span]
        visits = any(claim.mode != "diary" for claim in asked)
        cohorts[span] = ReviewCohort(everyone, span, half, tuple(claim.endpoint for claim in asked), visits)
    judged = []
    for claim in declared.claims:
        standing = (standings or {}).get(claim.id, Standing(claim.declared_on))
        judged.append(_judge(claim, standing, cohorts[spans[claim.id]]))
    return ClaimsReview(tuple(judged), half, declared.asked, plan)


def _begin(records: Records, month: str | None) -> dt.date:
    """The day before which a half year must be over."""
    if month is not None:
        return dt.date.fromisoformat(f"{month}-01")
    days = []
    for table, column in (("diary_usable", "date"), ("first_sessions", "first_day")):
        if records.uses_dates and records.engine.has(table):
            days += [day for (day,) in records.engine.rows(f"SELECT max({column}) FROM {table}") if day]
    newest = max((day.date() if isinstance(day, dt.datetime) else day for day in days), default=None)
    return newest + dt.timedelta(days=1) if newest else dt.date(1, 7, 1)


def _judge(claim: Claim, standing: Standing, review: ReviewCohort) -> Judged:
    first, half = first_review(standing.declared_on), review.half
    coming = max(first, half.after())

    def without_numbers(reason: str, still: StillNeeded | None, looked: HalfYear | None = None) -> Judged:
        return Judged(claim, standing, Verdict(CANNOT_BE_TOLD, (reason,)), looked, first, still=still)

    if not claim.is_question:
        return without_numbers(NOT_A_QUESTION, None)
    if not review.records.uses_dates:
        return without_numbers(NO_CALENDAR, not_reviewed(coming, ("no_dates",)))
    if half < first:
        reason = f"declared on {_day(standing.declared_on)}; first review: {first.name}"
        return without_numbers(reason, not_reviewed(coming))
    try:
        found: Found = ANSWERED_BY[claim.kind](review, claim)
    except (PlanError, InvalidRecords) as error:
        # Of several lines the first says what the records do not hold.
        reason = str(error).splitlines()[0].rstrip(".")
        return without_numbers(reason[:1].lower() + reason[1:], not_reviewed(coming, ("not_held",)), half)
    return Judged(
        claim, standing, found.verdict, half, first, found.numbers, found.n_started, found.n_analysed, found.design,
        found.notes, still_needed(claim, found, coming),
    )  # fmt: skip


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
