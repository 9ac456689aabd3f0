"""What a change is set against where the records allow it: a repeat baseline, patients treated otherwise, a bad month.

Without any of them a change is never consistent: a bad month alone could give it.
Definitions: docs/method.md#regression-to-the-mean, docs/method.md#groups-side-by-side, docs/claims.md#a-bad-month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.claims.cohorts import TREATED, ReviewCohort
from outcomes.analysis.claims.sides import Side, improvement, sign_of
from outcomes.analysis.estimates import Estimate, Values, paired_change
from outcomes.analysis.models.covariance_adjusted import UNTREATED, ancova
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.regression_to_mean.null_simulation import NullSimulation, null_simulation
from outcomes.claims.declared import Claim
from outcomes.claims.rules import LEAST_ANALYSED, Interval

NO_GROUP, BAD_MONTH, REPEAT_BASELINE, CONCURRENT, RANDOMISED = (
    "no_comparison_group",
    "bad_month_range",
    "repeat_baseline",
    "concurrent_group",
    "randomised",
)

_HEADACHE_DAYS = "headache_days_per_28"

_MOST = "greatest change that entering in a bad month alone gives"
_AS_MUCH = (
    "a bad month alone could give as much, by the averages from outside and the ways of entering in the plan"
)
_NOT_BELOW = (
    "at follow-up headache days do not lie below the average from outside, to which they would come back after a bad "
    "month of whatever kind"
)
_NOT_REPRODUCED = (
    "what a bad month alone could give is not known: no average from outside with any way of entering gives patients "
    "who differ as these do"
)
_UNKNOWN = Interval(None, None, None)


@dataclass(frozen=True)
class SetAgainst:
    """One comparison: its `design`, the estimate as it is told, and as it is judged with the sentence against it.

    `name` of its number, where it is another than that of the design.
    """

    design: str
    estimate: Estimate
    judged: tuple[str, Interval]
    n: int
    name: str = ""

    @property
    def statistic(self) -> str:
        return self.name or self.design


def set_against(
    review: ReviewCohort, claim: Claim, endpoint: Endpoint, patients: pd.Index, population: str
) -> tuple[SetAgainst, ...]:
    """A repeat baseline that qualifies, and a concurrent group that is large enough; nothing where there is neither."""
    pairs = review.pairs(endpoint.name, claim.mode) if _has_mode(review, claim, endpoint) else None
    found = [_repeat(review, claim, endpoint, patients, pairs)]
    if pairs is not None:
        found.append(concurrent_group(review, pairs, endpoint.improvement, patients, population))
    return tuple(one for one in found if one is not None)


def _has_mode(review: ReviewCohort, claim: Claim, endpoint: Endpoint) -> bool:
    return claim.mode in set(review.endpoints(endpoint.name)["mode"])


def _repeat(
    review: ReviewCohort, claim: Claim, endpoint: Endpoint, patients: pd.Index, pairs: pd.DataFrame | None
) -> SetAgainst | None:
    """The change from a baseline that lies after the booking, of a diary.

    That the bad month lies before the baseline is shown by headache days. Of other endpoints of the diary the change
    of the same patients is taken, from the same baseline.
    """
    booked = {"contact_date", "contact_day"} & set(review.records.columns("patients"))
    if pairs is None or claim.mode != "diary" or not booked or review.periods.segments is None:
        return None
    plan = review.span.plan
    if len(patients) < plan.repeat_baseline_min_patients:
        return None
    found = review.repeat_baseline(patients)
    if not found.qualifies:
        return None
    row, n = found.beyond, found.n
    estimate = Estimate(row.value, row.low, row.high, row.p, row.method, row.notes)
    if endpoint.name != _HEADACHE_DAYS:
        own = pairs.reindex(list(found.patients)).dropna()
        if len(own) < plan.repeat_baseline_min_patients:
            return None
        before, after = (own[name].to_numpy(np.float64) for name in ("baseline", "followup"))
        estimate, n = paired_change(before, after, plan.confidence), len(own)
    why = "from a baseline after the booking, without the bad month in it, no improvement is established"
    return SetAgainst(
        REPEAT_BASELINE, estimate, (why, improvement(estimate, sign_of(endpoint.improvement))), n
    )


def concurrent_group(
    review: ReviewCohort, pairs: pd.DataFrame, direction: str, patients: pd.Index, population: str
) -> SetAgainst | None:
    """Treated against untreated patients of the same half year, baselines held equal; 20 of each or more.

    `pairs` has `baseline` and `followup` by patient, of everyone; `direction` is the improvement.
    """
    if review.is_treated.all():
        return None
    everyone = review.patients(population, treated=False)
    people = review.people.loc[everyone]
    pairs = pairs.reindex(everyone)[["baseline", "followup"]].dropna()
    group = people["group"].reindex(pairs.index).where(~among(pairs.index, patients), TREATED)
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
    judged = (why, improvement(estimate, sign_of(direction)))
    return SetAgainst(RANDOMISED if lot else CONCURRENT, estimate, judged, len(frame))


def bad_month_range(
    review: ReviewCohort, claim: Claim, endpoint: Endpoint, side: Side, change: Interval
) -> tuple[SetAgainst, ...]:
    """The change beyond the most that entering in a bad month alone gives, by averages from outside.

    Two questions, asked only where nothing better is at hand: the change must lie below what the plan's ways of
    entering give, and the follow-up below the lowest of the averages, which a bad month of whatever kind leaves where
    it was. `change` is the claim's, with its interval. Nothing where there is nothing to compute with: no average from
    outside, another endpoint than headache days, or no diary.
    """
    found = _expected(review, endpoint, side, claim.mode, None)
    if found is None or change.value is None:
        return ()
    plan = review.span.plan
    level = below_average(side.after, min(plan.external_means), plan.confidence)
    return (
        SetAgainst(BAD_MONTH, *beyond_range(found.change_range, change), side.n),
        SetAgainst(BAD_MONTH, level, (_NOT_BELOW, improvement(level, 1.0)), side.n, "below_average"),
    )


def beyond_range(
    reach: tuple[float, float] | None, change: Interval
) -> tuple[Estimate, tuple[str, Interval]]:
    """(the most that a bad month alone gives, as it is judged): the change beyond the lower end of the range."""
    if reach is None or change.value is None or change.low is None or change.high is None:
        return Estimate(None, None, None, None, _MOST), (_NOT_REPRODUCED, _UNKNOWN)
    most = reach[0]
    beyond = Interval(change.value - most, change.low - most, change.high - most)
    return Estimate(most, None, None, None, _MOST), (_AS_MUCH, beyond)


def below_average(after: Values, average: float, confidence: float) -> Estimate:
    """Mean of the follow-up less an average from outside, with its t interval."""
    return paired_change(np.full(len(after), average), after, confidence)


def bad_month_share(
    review: ReviewCohort, endpoint: Endpoint, side: Side, mode: str, reduction: float
) -> float | None:
    """The greatest share of responders expected over the plan's grid; None where nothing can be computed."""
    found = _expected(review, endpoint, side, mode, reduction)
    reach = found.responder_range(reduction) if found is not None else None
    return reach[1] if reach else None


def _expected(
    review: ReviewCohort, endpoint: Endpoint, side: Side, mode: str, reduction: float | None
) -> NullSimulation | None:
    plan = review.span.plan
    if not plan.external_means or endpoint.name != _HEADACHE_DAYS or mode != "diary" or side.is_recalled:
        return None
    if review.periods.segments is None:
        return None
    counts = review.counts
    counts = counts[among(counts["patient_id"], side.patients)].reset_index(drop=True)
    wanted = plan.responder_reductions[:1] if reduction is None else (reduction,)
    return null_simulation(counts, replace(plan, responder_reductions=wanted))


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
