"""Changes per patient, and what there is to say where they carry no method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outcomes.analysis.estimates import TIE_DECIMALS, Sample, Values

NO_PAIRS = "no_pairs: no patient has both periods"
NO_CHANGE = "no_change: every patient's change is 0"


def changes_of(baseline: Values | Sample, followup: Values | Sample) -> Values:
    """Follow-up − baseline per patient."""
    return Sample.of(followup).values - Sample.of(baseline).values


def rounded(changes: Values) -> Values:
    """Changes as numbers that are equal where the changes are: 28·h/n seldom comes out exact."""
    return np.asarray(np.round(changes, TIE_DECIMALS), dtype=np.float64)


def without_variation(changes: Values) -> tuple[float, str] | None:
    """The change that all patients share, 0 where it is 0 but for the last digits, and a note; None if they differ."""
    if Sample(changes).varies:
        return None
    if not rounded(changes).any():
        return 0.0, NO_CHANGE
    return Sample(changes).mean, "zero_variance: every patient changed by the same"


def too_few_for_p(n: int) -> str:
    """The note where pairs are too few for a p value."""
    return f"insufficient_n: {n} {'pair is' if n == 1 else 'pairs are'} too few for a p value"


def rank_sum_chances(ranks: Sequence[int]) -> Values:
    """P(sum of the ranks with an upward sign = 0, 1, …, sum of all), every sign equally likely.

    Adds one pair after the other: O(pairs · sum of ranks). Ranks are whole numbers above 0, such as 1 to n or
    doubled midranks.
    """
    chances = np.zeros(sum(ranks) + 1)
    chances[0], reached = 1.0, 0
    for rank in ranks:
        up = 0.5 * chances[: reached + 1]
        chances[: reached + 1] = up
        chances[rank : rank + reached + 1] += up
        reached += rank
    return chances
