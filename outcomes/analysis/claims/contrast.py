""" "Particularly good in …": the difference of the changes of two types. Rule 7 of docs/claims.md."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from outcomes.analysis.catalogue import find_endpoint
from outcomes.analysis.claims.cohorts import ALL, ReviewCohort
from outcomes.analysis.claims.found import Found, margin_of, notes_of, number_of
from outcomes.analysis.claims.missing_days import OPPOSITE, Pair
from outcomes.analysis.claims.set_against import equal_baselines
from outcomes.analysis.claims.sides import Side, endpoint_side, improvement, sign_of
from outcomes.analysis.estimates import Estimate, Values, welch
from outcomes.claims.declared import Claim
from outcomes.claims.rules import (
    CONSISTENT,
    ChangeEvidence,
    Interval,
    barred_by,
    judge_contrast,
    word_by_interval,
)
from outcomes.errors import PlanError


def answer_contrast(review: ReviewCohort, claim: Claim) -> Found:
    """Rule 7: the difference of the changes of two types, and the same with baselines held equal."""
    if "headache_type" not in review.records.columns("patients"):
        raise PlanError("These records do not hold the headache type.")
    endpoint = find_endpoint(claim.endpoint, review.span.plan)
    against = claim.against if claim.against != "rest" else ALL
    first = endpoint_side(review, claim, endpoint, review.patients(claim.population), claim.population)
    second = endpoint_side(review, claim, endpoint, review.others(claim.population, claim.against), against)
    sign, confidence = sign_of(endpoint.improvement), review.span.plan.confidence
    told = _readings(first, second, confidence)
    if word_by_interval(improvement(told["difference"], sign), margin_of(claim)) == CONSISTENT:
        # Only then it can decide; the model takes seconds to import.
        told["difference_equal_baselines"] = equal_baselines(_frame(first), _frame(second), confidence)
    sides = [
        replace(side.evidence(sign, confidence), wants_diary=claim.mode == "diary")
        for side in (first, second)
    ]
    barred = tuple(dict.fromkeys(reason for side in sides for reason in barred_by(side)))
    difference = _evidence(told, first, second, sign, confidence)
    verdict = judge_contrast(difference, first.n, second.n, margin_of(claim), barred)
    n, started = first.n + second.n, first.n_started + second.n_started
    numbers = tuple(
        number_of(review, claim, name, found, n, started, endpoint.unit) for name, found in told.items()
    )
    sizes = f"{first.n} patients of the type, {second.n} of the others."
    # What stops either side stops the contrast.
    both = replace(
        difference,
        share_preventive_changed=max((side.share_preventive_changed or 0.0) for side in sides),
        preventive_unknown=any(side.preventive_unknown for side in sides),
        is_recalled=any(side.is_recalled for side in sides),
        wants_diary=claim.mode == "diary",
        episodic_cluster=any(side.episodic_cluster for side in sides),
        sinus_without_evidence=any(side.sinus_without_evidence for side in sides),
    )
    notes = (sizes, *notes_of(first))
    return Found(verdict, numbers, started, n, notes=notes, evidence=both, smaller=min(first.n, second.n))


def _readings(first: Side, second: Side, confidence: float) -> dict[str, Estimate]:
    """The difference as recorded, with drop-outs at their baseline, and without those who changed a preventive drug."""

    def difference(of: Values, other: Values) -> Estimate:
        return welch(of, other, confidence)

    told = {
        "difference": difference(first.after - first.before, second.after - second.before),
        "difference_returned": difference(
            first.returned - first.started_before, second.returned - second.started_before
        ),
    }
    if first.flagged.any() or second.flagged.any():
        told["difference_without_preventive"] = difference(
            (first.after - first.before)[~first.flagged], (second.after - second.before)[~second.flagged]
        )
    return told


def _evidence(
    told: dict[str, Estimate], first: Side, second: Side, sign: float, confidence: float
) -> ChangeEvidence:
    intervals = {name: improvement(found, sign) for name, found in told.items()}
    equal = intervals.get("difference_equal_baselines")
    beyond = () if equal is None else (("with baselines held equal no difference is established", equal),)
    return ChangeEvidence(
        n_started=first.n + second.n,
        n_analysed=first.n + second.n,
        change=intervals["difference"],
        returned=intervals["difference_returned"],
        beyond=beyond,
        # Both types may have entered in bad months: what is asked is the difference between them.
        needs_beyond=False,
        by_odds=_opposite_ways(first.missing.by_odds, second.missing.by_odds, sign, confidence),
        bounds=_opposite_ways(first.missing.bounds, second.missing.bounds, sign, confidence),
        bounds_unknown=first.missing.unknown or second.missing.unknown,
        without_preventive=intervals.get("difference_without_preventive"),
    )


def _opposite_ways(
    first: tuple[Pair, ...], second: tuple[Pair, ...], sign: float, confidence: float
) -> tuple[Interval, ...]:
    """The difference with the missing days of one type one way, and those of the other type the other way."""
    if not (first and second):
        return ()
    found = []
    for place, (before, after) in enumerate(first):
        other_before, other_after = second[OPPOSITE[place]]
        found.append(improvement(welch(after - before, other_after - other_before, confidence), sign))
    return tuple(found)


def _frame(side: Side) -> pd.DataFrame:
    return pd.DataFrame({"baseline": side.before, "followup": side.after})
