"""The primary endpoint of each patient before and after, for questions that cut it by what was done at sessions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import Endpoint, find_endpoint
from outcomes.analysis.comparison import pair_by_patient
from outcomes.analysis.endpoints import endpoint_names, measure_endpoints
from outcomes.analysis.estimates import Estimate, paired_change
from outcomes.analysis.models.practitioners import LEAST_PATIENTS
from outcomes.analysis.periods import Periods


@dataclass(frozen=True, eq=False)
class PrimaryPairs:
    """`pairs` has `baseline` and `followup` of `endpoint`, one row per patient looked at, indexed by `patient_id`.

    The mode is the diary's where there is one. `problem` says in words why there are no pairs, and is empty where
    there are some.
    """

    endpoint: Endpoint
    mode: str
    pairs: pd.DataFrame
    problem: str


def primary_pairs(periods: Periods) -> PrimaryPairs:
    """The plan's primary endpoint before and after. Modes are never pooled: of several without a diary, none."""
    endpoint = find_endpoint(periods.plan.primary_endpoint, periods.plan)
    endpoints = measure_endpoints(periods)
    modes = list(pd.unique(endpoints["mode"]))
    empty = pd.DataFrame({"baseline": [], "followup": []}, dtype="float64")
    if endpoint.name not in endpoint_names(endpoints):
        return PrimaryPairs(
            endpoint, "diary", empty, f"not_recorded: these records do not hold {endpoint.name}"
        )
    if "diary" not in modes and len(modes) > 1:
        return PrimaryPairs(
            endpoint, "diary", empty, "several_modes: recalled values of several kinds are never pooled"
        )
    mode = "diary" if "diary" in modes or not modes else str(modes[0])
    return PrimaryPairs(endpoint, mode, pair_by_patient(endpoints, endpoint.name, mode), "")


def described_change(pairs: pd.DataFrame, confidence: float) -> tuple[Estimate, int]:
    """Change of the complete pairs and how many they are; without p, and from `LEAST_PATIENTS` pairs on.

    For groups that nobody was allotted to: a p value would be read as proof that the group made the difference.
    """
    complete = pairs.dropna(subset=["baseline", "followup"])
    found = paired_change(
        complete["baseline"].to_numpy(np.float64), complete["followup"].to_numpy(np.float64), confidence
    )
    if len(complete) < LEAST_PATIENTS:
        note = f"few_patients: fewer than {LEAST_PATIENTS} patients, no figure of their own"
        return Estimate(None, None, None, None, found.method, (note,)), len(complete)
    return replace(found, p=None), len(complete)
