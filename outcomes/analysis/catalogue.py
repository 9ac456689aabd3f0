"""The endpoint catalogue: what can be measured per patient and period, in which unit, and from what.

The values themselves are computed in `sql/endpoints.sql`; definitions and sources stand in docs/method.md.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. `needs` is the diary column without which it cannot be computed.

    `counts_days`: its baseline is a number of days, so `responder_min_baseline` applies.
    `conditional`: defined only for patients with headache in both periods, so it is never the headline.
    """

    name: str
    label: str
    unit: str
    improvement: Literal["decrease", "increase"]
    needs: str = "headache"
    counts_days: bool = False
    conditional: bool = False


CATALOGUE: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint("headache_days_per_28", "Headache days", "days per 28", "decrease", counts_days=True),
        Endpoint(
            "intensity_on_headache_days",
            "Intensity on headache days",
            "0–10 NRS",
            "decrease",
            needs="intensity",
            conditional=True,
        ),
        Endpoint(
            "burden_per_28", "Headache burden", "NRS points × days per 28", "decrease", needs="intensity"
        ),
        Endpoint(
            "acute_medication_days_per_28",
            "Days with acute medication",
            "days per 28",
            "decrease",
            needs="acute_medication",
            counts_days=True,
        ),
        Endpoint(
            "hours_on_headache_days",
            "Duration on headache days",
            "hours",
            "decrease",
            needs="duration_hours",
            conditional=True,
        ),
    )
}


def find_endpoint(name: str, plan: AnalysisPlan) -> Endpoint:
    """The endpoint of that name, from the catalogue or declared in the plan. Raises PlanError."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    for declared in plan.endpoints:
        if declared.name == name:
            return Endpoint(name, name.replace("_", " ").capitalize(), declared.unit, declared.improvement)
    known = [*CATALOGUE, *(declared.name for declared in plan.endpoints)]
    close = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known endpoints: {', '.join(known)}."
    raise PlanError(f"'{name}' is not an endpoint. {hint} Declare your own as [endpoints.NAME] in the plan.")
