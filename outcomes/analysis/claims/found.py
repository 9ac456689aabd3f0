"""What one claim came to, and the pieces that every kind of claim shares."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.analysis.claims.cohorts import ALL, ReviewCohort
from outcomes.analysis.claims.set_against import NO_GROUP
from outcomes.analysis.claims.sides import Side
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.results import Statistic
from outcomes.claims.declared import DEFAULT_MARGIN, Claim
from outcomes.claims.rules import ChangeEvidence, Verdict


@dataclass(frozen=True)
class Found:
    """What one claim came to. Numbers are in the endpoint's own direction, follow-up − baseline.

    `evidence` is what its rules looked at, where it is a mean, a difference or a share; `smaller` the patients of the
    smaller of two types that are compared.
    """

    verdict: Verdict
    numbers: tuple[Statistic, ...]
    n_started: int
    n_analysed: int
    design: str = NO_GROUP
    notes: tuple[str, ...] = ()
    evidence: ChangeEvidence | None = None
    smaller: int | None = None


def number_of(
    review: ReviewCohort,
    claim: Claim,
    name: str,
    found: Estimate,
    n: int,
    of: int,
    unit: str,
    count: int | None = None,
) -> Statistic:
    group = None if claim.population == ALL else "headache_type"
    return Statistic(
        endpoint=claim.endpoint or claim.instrument or claim.grade, by=group, group=claim.population, statistic=name,
        value=found.value, low=found.low, high=found.high, p=None, n=n, n_left_out=max(0, of - n), count=count,
        unit=unit, mode=claim.mode, confidence=review.span.plan.confidence, method=found.method, notes=found.notes,
    )  # fmt: skip


def margin_of(claim: Claim) -> float:
    return DEFAULT_MARGIN if claim.margin is None else claim.margin


def notes_of(side: Side) -> tuple[str, ...]:
    notes = []
    if side.n and side.n_not_told < side.n and side.n_not_told:
        notes.append("For some patients nobody wrote down whether a preventive drug was changed.")
    if side.missing.unknown:
        notes.append("Bounds for the days that nobody recorded cannot be worked out for this endpoint.")
    return tuple(notes)
