"""Before and after of the patients a claim is about, under every reading that its rules ask for.

A side is one population: its changes as recorded, with drop-outs at their baseline, with what missing days could hold,
and without those who changed a preventive drug. Definitions: docs/claims.md#the-rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.among import among
from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.claims.cohorts import ReviewCohort
from outcomes.analysis.claims.missing_days import (
    SCALED,
    MissingDays,
    counted_out_of,
    missing_days,
    missing_values,
)
from outcomes.analysis.estimates import Estimate, Values, paired_change
from outcomes.analysis.missing_diaries.started import ANALYSED, LOST
from outcomes.claims.declared import Claim
from outcomes.claims.rules import MOST_SHARE_PREVENTIVE, ChangeEvidence, Interval


@dataclass(frozen=True, eq=False)
class Side:
    """The values of one population, one per patient, in the endpoint's own direction.

    `before` and `after` of the patients analysed; `started_before` and `returned` of everyone who started and has a
    baseline, `returned` being the baseline again for those who were lost. `missing`: the same patients, were their
    missing days otherwise. `flagged`: who of the analysed changed a preventive drug.
    """

    patients: pd.Index
    n_started: int
    before: Values
    after: Values
    started_before: Values
    returned: Values
    missing: MissingDays
    flagged: NDArray[np.bool_]
    n_not_told: int
    is_recalled: bool
    never: tuple[bool, bool]

    @property
    def n(self) -> int:
        return len(self.patients)

    def evidence(self, sign: float, confidence: float) -> ChangeEvidence:
        """All that rules 2 and 3 ask of one population, improvements negative; nothing to compare with yet."""

        def interval(before: Values, after: Values) -> Interval:
            return improvement(paired_change(before, after, confidence), sign)

        kept = ~self.flagged
        share = float(self.flagged.mean()) if self.n else None
        could_be = (int(self.flagged.sum()) + self.n_not_told) / self.n if self.n else 0.0
        return ChangeEvidence(
            n_started=self.n_started,
            n_analysed=self.n,
            change=interval(self.before, self.after),
            returned=interval(self.started_before, self.returned),
            by_odds=tuple(interval(*pair) for pair in self.missing.by_odds),
            bounds=tuple(interval(*pair) for pair in self.missing.bounds),
            bounds_unknown=self.missing.unknown,
            share_preventive_changed=share,
            preventive_unknown=could_be > MOST_SHARE_PREVENTIVE + 1e-9,
            without_preventive=interval(self.before[kept], self.after[kept]) if self.flagged.any() else None,
            is_recalled=self.is_recalled,
            episodic_cluster=self.never[0],
            sinus_without_evidence=self.never[1],
        )


def improvement(found: Estimate, sign: float) -> Interval:
    """The interval with improvements as negative numbers: turned round where more is better."""
    if sign > 0:
        return Interval(found.value, found.low, found.high)
    turned = [None if one is None else -one for one in (found.value, found.high, found.low)]
    return Interval(*turned)


def sign_of(direction: str) -> float:
    """1 where less is better, −1 where more is."""
    return 1.0 if direction == "decrease" else -1.0


def endpoint_side(
    review: ReviewCohort, claim: Claim, endpoint: Endpoint, patients: pd.Index, population: str
) -> Side:
    """One population of a claim about an endpoint. Raises PlanError where the records do not hold it."""
    table = review.endpoints(endpoint.name)
    modes = list(pd.unique(table["mode"]))
    mode = claim.mode if claim.mode in modes or not modes else str(modes[0])
    pairs = review.pairs(endpoint.name, mode)
    pairs = pairs[among(pairs.index, patients)]
    people = review.people.reindex(pairs.index)
    if mode == "diary" and "standing" in people:
        pairs = pairs[people["standing"].isin((ANALYSED, *LOST))]
    else:
        # Nobody says of values that were asked for whether a follow-up is still to come: the cohort is over.
        pairs = pairs[pairs["baseline"].notna()]
    complete = pairs.dropna()
    before, after = (complete[name].to_numpy(np.float64) for name in ("baseline", "followup"))
    # Where nobody is analysed, a change of 0 for everyone would look like a finding.
    begun = pairs[pairs["baseline"].notna()] if len(complete) else complete
    missing = MissingDays()
    if mode == "diary" and endpoint.name in SCALED and review.periods.segments is not None:
        missing = missing_values(review.windows, endpoint, complete, review.span.plan)
    elif mode == "diary":
        recorded = review.recorded_days(endpoint.name, counted_out_of(endpoint))
        missing = missing_days(recorded, endpoint, complete, review.span.plan)
    flagged, told = review.preventive
    return Side(
        patients=complete.index,
        n_started=len(pairs),
        before=before,
        after=after,
        started_before=begun["baseline"].to_numpy(np.float64),
        returned=begun["followup"].fillna(begun["baseline"]).to_numpy(np.float64),
        missing=missing,
        flagged=among(complete.index, flagged),
        n_not_told=int((~among(complete.index, told)).sum()),
        is_recalled=mode != "diary",
        never=review.why_never(population),
    )


def score_side(review: ReviewCohort, pairs: pd.DataFrame, population: str) -> Side:
    """The same of a questionnaire: `pairs` has `baseline` and `followup` by patient. No days are missing."""
    begun = pairs[pairs["baseline"].notna()]
    complete = begun.dropna(subset=["followup"])
    flagged, told = review.preventive
    return Side(
        patients=complete.index,
        n_started=len(begun),
        before=complete["baseline"].to_numpy(np.float64),
        after=complete["followup"].to_numpy(np.float64),
        started_before=begun["baseline"].to_numpy(np.float64),
        returned=begun["followup"].fillna(begun["baseline"]).to_numpy(np.float64),
        missing=MissingDays(),
        flagged=among(complete.index, flagged),
        n_not_told=int((~among(complete.index, told)).sum()),
        is_recalled=False,
        never=review.why_never(population),
    )
