"""EQ-5D-5L without a value set: profiles before and after, compared dimension by dimension.

Source: the Paretian classification of Devlin 2010 (docs/method.md#questionnaires-and-measurements).
"""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.answers import statistic_of
from outcomes.analysis.instruments.pairing import pair_up
from outcomes.analysis.instruments.scoring import NO_VALUE_SET, compare_profiles
from outcomes.analysis.proportions import share
from outcomes.analysis.results import Statistic
from outcomes.plan import AnalysisPlan

ENDPOINT = "eq5d_profile"
KINDS = ("better", "worse", "mixed", "same")


def profile_changes(
    sheets: pd.DataFrame, n_patients: int, plan: AnalysisPlan
) -> tuple[list[Statistic], pd.DataFrame]:
    """The share of pairs in each kind of change, and how many went from which profile to which.

    The frame has one row per pair of profiles that occurs: `before`, `after`, `n`. Nothing where no sheet has a
    whole profile.
    """
    own = sheets[(sheets["instrument"] == "eq5d") & (sheets["profile"] != "")]
    # A profile needs no value set, and so no index.
    own = own.assign(reason=own["reason"].mask(own["reason"] == NO_VALUE_SET, ""))
    columns = ["before", "after", "n"]
    if own.empty:
        return [], pd.DataFrame(columns=columns)
    pairs, _ = pair_up(own, "profile", 0, plan)
    complete = pairs.dropna(subset=["baseline", "followup"])
    moved = list(zip(complete["baseline"], complete["followup"], strict=True))
    kinds = [compare_profiles(before, after) for before, after in moved]
    rows = [
        statistic_of(
            share(kinds.count(kind), len(kinds), plan.confidence),
            plan,
            endpoint=ENDPOINT,
            statistic=f"profile_{kind}",
            n=len(kinds),
            n_left_out=n_patients - len(kinds),
            unit="share",
            count=kinds.count(kind),
            mode="score",
        )
        for kind in KINDS
    ]
    counted = [(before, after, moved.count((before, after))) for before, after in sorted(set(moved))]
    return rows, pd.DataFrame(counted, columns=columns)
