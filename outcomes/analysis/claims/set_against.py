"""What a change is set against where the records allow it: a repeat baseline, and patients treated otherwise.

Definitions: docs/method.md#regression-to-the-mean, docs/method.md#groups-side-by-side, docs/claims.md#the-rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.claims.cohorts import TREATED, ReviewCohort
from outcomes.analysis.claims.sides import improvement, sign_of
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.models.covariance_adjusted import UNTREATED, ancova
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.regression_to_mean.repeat_baseline import repeat_baseline
from outcomes.claims.declared import Claim
from outcomes.claims.rules import LEAST_ANALYSED, Interval

NO_GROUP, REPEAT_BASELINE, CONCURRENT, RANDOMISED = (
    "no_comparison_group",
    "repeat_baseline",
    "concurrent_group",
    "randomised",
)

_HEADACHE_DAYS = "headache_days_per_28"


@dataclass(frozen=True)
class SetAgainst:
    """One comparison: its `design`, the estimate as it is told, and as it is judged with the sentence against it."""

    design: str
    estimate: Estimate
    n: int
    judged: tuple[str, Interval]


def set_against(
    review: ReviewCohort, claim: Claim, endpoint: Endpoint, patients: pd.Index, population: str
) -> tuple[SetAgainst, ...]:
    """A repeat baseline that qualifies, and a concurrent group that is large enough; nothing where there is neither."""
    found = (
        _repeat(review, claim, endpoint, patients),
        _concurrent(review, claim, endpoint, patients, population),
    )
    return tuple(one for one in found if one is not None)


def _repeat(review: ReviewCohort, claim: Claim, endpoint: Endpoint, patients: pd.Index) -> SetAgainst | None:
    """The change from a baseline that lies after the booking: of headache days in a diary only."""
    booked = {"contact_date", "contact_day"} & set(review.records.columns("patients"))
    if endpoint.name != _HEADACHE_DAYS or claim.mode != "diary" or not booked:
        return None
    if review.periods.segments is None:
        return None
    found = repeat_baseline(
        review.records, review.span.plan, cohort=review.cohort, patients=patients, periods=review.periods
    )
    if not found.qualifies:
        return None
    row = found.beyond
    estimate = Estimate(row.value, row.low, row.high, row.p, row.method, row.notes)
    why = "from a baseline after the booking, without the bad month in it, no fall is established"
    return SetAgainst(REPEAT_BASELINE, estimate, found.n, (why, improvement(estimate, 1.0)))


def _concurrent(
    review: ReviewCohort, claim: Claim, endpoint: Endpoint, patients: pd.Index, population: str
) -> SetAgainst | None:
    """Treated against untreated patients of the same half year, baselines held equal; 20 of each or more."""
    if review.is_treated.all() or claim.mode not in set(review.endpoints(endpoint.name)["mode"]):
        return None
    everyone = review.patients(population, treated=False)
    people = review.people.loc[everyone]
    pairs = review.pairs(endpoint.name, claim.mode).reindex(everyone).dropna()
    group = people["group"].reindex(pairs.index).where(~pairs.index.isin(patients), TREATED)
    sizes = group.value_counts()
    other = next((name for name in UNTREATED if sizes.get(name, 0) >= LEAST_ANALYSED), None)
    if other is None or sizes.get(TREATED, 0) < LEAST_ANALYSED:
        return None
    frame = pairs.assign(group=group)[group.isin((TREATED, other))]
    lot = people["allocation"].reindex(frame.index).eq("randomised").all()
    model = ancova(frame, reference=other, randomised=bool(lot), confidence=review.span.plan.confidence)
    estimate = difference_of(model)
    name = other.replace("_", " ")
    why = f"no difference to the patients of the group '{name}' is established"
    judged = (why, improvement(estimate, sign_of(endpoint.improvement)))
    return SetAgainst(RANDOMISED if lot else CONCURRENT, estimate, len(frame), judged)


def difference_of(model: FittedModel) -> Estimate:
    """The difference between two groups, from `ancova`; without a number where it cannot be estimated."""
    term = next((one for one in model.terms if one.name == "difference"), None)
    if term is None:
        return Estimate(None, None, None, None, model.method, (model.reason,))
    return Estimate(term.value, term.low, term.high, term.p, model.method, model.notes)


def equal_baselines(first: pd.DataFrame, second: pd.DataFrame, confidence: float) -> Estimate:
    """The difference of two types at the same baseline: `first` − `second`, frames with `baseline` and `followup`."""
    frame = pd.concat([first.assign(group="first"), second.assign(group="second")], ignore_index=True)
    frame = frame[["baseline", "followup", "group"]].astype({"baseline": np.float64, "followup": np.float64})
    if frame.empty:
        return Estimate(None, None, None, None, "ANCOVA", ("no_patients: nobody to compare",))
    return difference_of(ancova(frame, reference="second", confidence=confidence))
