"""The evidence of each kind of claim, and its verdict: change, lasting, share, score, harm, contrast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from outcomes.analysis.among import among, set_of
from outcomes.analysis.catalogue import Endpoint, find_endpoint
from outcomes.analysis.claims.cohorts import ALL, ReviewCohort
from outcomes.analysis.claims.contrast import answer_contrast
from outcomes.analysis.claims.found import Found, margin_of, notes_of, number_of
from outcomes.analysis.claims.missing_days import Pair
from outcomes.analysis.claims.set_against import (
    NO_GROUP,
    SetAgainst,
    bad_month_range,
    bad_month_share,
    concurrent_group,
    set_against,
)
from outcomes.analysis.claims.sides import Side, endpoint_side, improvement, score_side, sign_of
from outcomes.analysis.estimates import Estimate, Values, paired_change
from outcomes.analysis.instruments.definitions import INSTRUMENTS
from outcomes.analysis.instruments.pairing import paired_measures
from outcomes.analysis.instruments.sheets import scored_sheets
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.proportions import clopper_pearson, share
from outcomes.analysis.responders import eligible_baselines, improved_share, reaches
from outcomes.claims.declared import Claim
from outcomes.claims.rules import (
    CONSISTENT,
    MISSING_DAYS,
    barred_by,
    judge_change,
    judge_harm,
    judge_share,
    word_by_interval,
)
from outcomes.errors import PlanError

_RANKS = {"any": 1.0, "significant": 2.0, "serious": 3.0}
_SORENESS_HOURS = 72.0


def _know_types(review: ReviewCohort, claim: Claim) -> None:
    if claim.population != ALL and "headache_type" not in review.records.columns("patients"):
        raise PlanError("These records do not hold the headache type.")


# ---- change and lasting ----------------------------------------------------------------------------------


def answer_change(review: ReviewCohort, claim: Claim) -> Found:
    """Rules 2, 3 and 6: a mean change of an endpoint, in the plan's follow-up or in weeks 21 to 24."""
    _know_types(review, claim)
    endpoint = find_endpoint(claim.endpoint, review.span.plan)
    patients = review.patients(claim.population)
    side = endpoint_side(review, claim, endpoint, patients, claim.population)
    against = set_against(review, claim, endpoint, patients, claim.population)
    if not against:
        sign, confidence = sign_of(endpoint.improvement), review.span.plan.confidence
        change = improvement(paired_change(side.before, side.after, confidence), sign)
        if word_by_interval(change, margin_of(claim)) == CONSISTENT:
            # Only then it can decide, and it takes a while.
            against = bad_month_range(review, claim, endpoint, side, change)
    return _changed(review, claim, side, endpoint.improvement, endpoint.unit, against)


def _changed(
    review: ReviewCohort, claim: Claim, side: Side, direction: str, unit: str, against: tuple[SetAgainst, ...]
) -> Found:
    confidence = review.span.plan.confidence
    evidence = replace(
        side.evidence(sign_of(direction), confidence),
        beyond=tuple(one.judged for one in against),
        wants_diary=claim.mode == "diary" and claim.kind != "score",
    )
    numbers = [
        number_of(review, claim, name, paired_change(before, after, confidence), n, side.n_started, unit)
        for name, before, after, n in _readings(side)
    ]
    for one in against:
        if one.estimate.value is not None:
            numbers.append(number_of(review, claim, one.statistic, one.estimate, one.n, one.n, unit))
    design = next((one.design for one in reversed(against)), NO_GROUP)
    notes = (*_treated_late(review, claim, side), *notes_of(side))
    verdict = judge_change(evidence, margin_of(claim))
    return Found(verdict, tuple(numbers), side.n_started, side.n, design, notes, evidence)


def _readings(side: Side) -> list[tuple[str, Values, Values, int]]:
    """(name, before, after, patients) of every reading of the same records that the rules look at."""
    rows = [
        ("change", side.before, side.after, side.n),
        ("returned", side.started_before, side.returned, len(side.returned)),
    ]
    rows += [(name, before, after, side.n) for name, (before, after) in side.missing.named()]
    if side.flagged.any():
        kept = ~side.flagged
        rows.append(("without_preventive", side.before[kept], side.after[kept], int(kept.sum())))
    return rows


def _treated_late(review: ReviewCohort, claim: Claim, side: Side) -> tuple[str, ...]:
    """How many still had sessions by weeks 21 to 24: what lasts under treatment is not what lasts after it."""
    if claim.window != "weeks_21_24" or not review.records.has("sessions"):
        return ()
    given = session_days(review.periods)
    first, last = review.ordinary_followup_end + 1, review.span.last_day
    late = given.loc[given["relative_day"].between(first, last), "patient_id"]
    n = int(among(side.patients, late).sum())
    return (f"{n} of the {side.n} patients analysed had a session on days {first} to {last}.",)


# ---- score -----------------------------------------------------------------------------------------------


def answer_score(review: ReviewCohort, claim: Claim) -> Found:
    """Rules 2 and 3 for a questionnaire; the last sheet that may count lies in the half year."""
    _know_types(review, claim)
    plan, instrument = review.span.plan, INSTRUMENTS[claim.instrument]
    sheets = scored_sheets(review.periods, claim.instrument)
    measures = list(paired_measures(sheets, len(review.people), plan))
    if len(measures) > 1:
        raise PlanError(
            f"{instrument.label} was measured at several places, or in several units; none is chosen."
        )
    if not measures:
        raise PlanError(f"These records hold no sheet of {instrument.label} that can be used.")
    (measure,) = measures
    pairs = measure.pairs[among(measure.pairs.index, review.patients(claim.population))]
    side = score_side(review, pairs, claim.population)
    everyone = measure.pairs[among(measure.pairs.index, review.patients(claim.population, treated=False))]
    patients = review.patients(claim.population)
    group = concurrent_group(review, everyone, instrument.improvement, patients, claim.population)
    against = () if group is None else (group,)
    return _changed(review, claim, side, instrument.improvement, measure.shown_unit, against)


# ---- share -----------------------------------------------------------------------------------------------


def answer_share(review: ReviewCohort, claim: Claim) -> Found:
    """Rule 4: of all who started, those who fell by the declared percentage; a missing follow-up is a failure."""
    _know_types(review, claim)
    plan = review.span.plan
    endpoint = find_endpoint(claim.endpoint, plan)
    if endpoint.conditional:
        raise PlanError(
            "This endpoint is only defined for patients with headache in both periods: no share of all."
        )
    side = endpoint_side(review, claim, endpoint, review.patients(claim.population), claim.population)
    eligible = eligible_baselines(side.started_before, endpoint, plan)
    n = int(eligible.sum())
    reduction = claim.reduction or 0.0
    count = _reached(side.before, (side.before, side.after), endpoint, review, reduction)
    found = share(count, n, plan.confidence)
    bad_month = bad_month_share(review, endpoint, side, claim.mode, reduction)
    kept = ~side.flagged
    others = [
        (MISSING_DAYS, share(_reached(side.before, pair, endpoint, review, reduction), n, plan.confidence))
        for pair in side.missing.by_odds
    ]
    bounds = [
        share(_reached(side.before, pair, endpoint, review, reduction), n, plan.confidence)
        for pair in side.missing.bounds
    ]
    if side.flagged.any():
        pair = (side.before[kept], side.after[kept])
        left = _reached(side.before[kept], pair, endpoint, review, reduction)
        n_flagged = int(eligible_baselines(side.before[side.flagged], endpoint, plan).sum())
        why = "leaving out those who changed a preventive drug changes the verdict"
        others.append((why, share(left, n - n_flagged, plan.confidence)))
    if side.missing.unknown:
        others.append(
            ("days are missing, and how far they could move it cannot be worked out", share(0, 0, 0.95))
        )
    evidence = replace(side.evidence(1.0, plan.confidence), wants_diary=claim.mode == "diary")
    verdict = judge_share(
        found.low, found.high, n, claim.at_least or 0.0, bad_month,
        barred=tuple(barred_by(evidence)), others=tuple((why, one.low, one.high) for why, one in others),
        bounds=tuple((one.low, one.high) for one in bounds),
    )  # fmt: skip
    numbers = [number_of(review, claim, "share_of_started", found, n, side.n_started, "share", count)]
    if bad_month is not None:
        method = "upper end of what entering in a bad month alone gives"
        expected = Estimate(bad_month, None, None, None, method)
        numbers.append(number_of(review, claim, "bad_month_share", expected, side.n, side.n_started, "share"))
    return Found(verdict, tuple(numbers), side.n_started, side.n, NO_GROUP, notes_of(side), evidence)


def _reached(before: Values, pair: Pair, endpoint: Endpoint, review: ReviewCohort, reduction: float) -> int:
    """Who reached the reduction by a reading (before, after); who can is decided by the baseline as recorded."""
    fits = eligible_baselines(before, endpoint, review.span.plan) & (pair[0] > 0)
    return int(reaches(improved_share(pair[0][fits], pair[1][fits], endpoint), reduction).sum())


# ---- harm ------------------------------------------------------------------------------------------------


def answer_harm(review: ReviewCohort, claim: Claim) -> Found:
    """Rule 5: patients with an event, of those asked, by exact limits; sessions up to the end of the follow-up."""
    _know_types(review, claim)
    listed, sessions = review.everyone.events
    last = review.span.last_day
    sessions = sessions[among(sessions["patient_id"], review.patients(claim.population))]
    sessions = sessions[sessions["relative_day"].between(0, last)]
    if claim.grade == "soreness_beyond_72h":
        asked, had = _long_soreness(sessions)
    else:
        rank = _RANKS[claim.grade]
        asked = sessions["at_72h"].notna()
        had = set_of(sessions.loc[sessions["asked"] & (sessions["worst"] >= rank), "patient_id"])
        # An event whose day or grade nobody knows counts: nothing shows that it was another.
        near = listed["relative_day"].isna() | listed["relative_day"].between(0, last)
        had |= set_of(listed.loc[near & ~(listed["rank"] < rank), "patient_id"])
    people = set_of(sessions.loc[asked | sessions["asked"], "patient_id"])
    n, count = len(people), len(had & people)
    found = clopper_pearson(count, n, review.span.plan.confidence)
    of_sessions = float(asked.mean()) if len(sessions) else None
    verdict = judge_harm(n, found.low, found.high, claim.at_most or 0.0, of_sessions)
    treated = sessions["patient_id"].nunique()
    numbers = [
        number_of(review, claim, "patients_with_event", found, n, treated, "share", count),
        number_of(
            review, claim, "sessions_asked_72h", Estimate(of_sessions, None, None, None, "share of sessions"), n,
            treated, "share of sessions",
        ),
    ]  # fmt: skip
    return Found(verdict, tuple(numbers), treated, n)


def _long_soreness(sessions: pd.DataFrame) -> tuple[pd.Series, set[str]]:
    """(whether each session tells how long its soreness was and was asked again, patients with more than 72 hours)."""
    if "soreness_hours" not in sessions:
        raise PlanError("These records do not hold how long soreness lasted (sessions: soreness_hours).")
    hours = sessions["soreness_hours"].astype("float64")
    none = sessions["soreness"].eq(0) if "soreness" in sessions else pd.Series(False, sessions.index)
    asked = (hours.notna() | none) & sessions["at_72h"].notna()
    return asked, set_of(sessions.loc[hours > _SORENESS_HOURS, "patient_id"])


ANSWERED_BY: dict[str, Callable[[ReviewCohort, Claim], Found]] = {
    "change": answer_change,
    "lasting": answer_change,
    "share": answer_share,
    "score": answer_score,
    "harm": answer_harm,
    "contrast": answer_contrast,
}
