"""What is promised, and what a simulation of finite length can say about it.

A simulated share or mean is known within Monte-Carlo bounds of 99%. A promise is `held` where the bounds lie wholly
within what is promised, `broken` where they lie wholly outside, and `not_settled` where they lie across an edge:
more replicates would tell. Only `broken` is a finding; nothing is called held that the simulation did not show.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from outcomes.analysis.estimates import Values, mean_interval
from outcomes.analysis.proportions import share
from outcomes.errors import PlanError

Verdict = Literal["held", "not_settled", "broken"]

#: Confidence of the Monte-Carlo bounds.
MONTE_CARLO = 0.99

#: Coverage of the intervals of change and ratio: their confidence, give or take.
COVERAGE_REACH = 0.015

#: Coverage of the intervals of proportions, on average over the proportion: no more below, no more above.
SHARE_BELOW, SHARE_ABOVE = 0.02, 0.03

#: How often a change is declared where there is none: 1 − confidence, and at most this much more.
TYPE_1_REACH = 0.01


@dataclass(frozen=True)
class Promise:
    """One promise and what the simulation found.

    `question` is what was measured, `scenario` in which clinics, `n` patients in each. `observed` lies between
    the Monte-Carlo bounds `low` and `high`; `least` and `most` are promised (None: no such edge). `unit` is `share`,
    `days per 28`, or `every clinic` (a share of clinics that must be all or none, without bounds). `replicates`
    clinics stand behind it, 0 where the number is exact. `note` says what else there is to know.
    """

    question: str
    scenario: str
    n: int
    observed: float
    low: float
    high: float
    least: float | None
    most: float | None
    unit: str
    replicates: int
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        least = -math.inf if self.least is None else self.least
        most = math.inf if self.most is None else self.most
        if self.low > most or self.high < least:
            return "broken"
        return "held" if least <= self.low and self.high <= most else "not_settled"

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}


def share_promise(
    question: str, scenario: str, n: int, count: int, replicates: int, least: float | None, most: float | None,
    note: str = "",
) -> Promise:  # fmt: skip
    """A promise about the share of replicates of which something is true; bounds by Wilson."""
    found = share(count, replicates, MONTE_CARLO)
    if found.value is None or found.low is None or found.high is None:
        raise ValueError("a share of no replicates")
    return Promise(
        question, scenario, n, found.value, found.low, found.high, least, most, "share", replicates, note
    )


def mean_promise(
    question: str, scenario: str, n: int, values: Values, least: float | None, most: float | None, note: str = ""
) -> Promise:  # fmt: skip
    """A promise about a mean over replicates, in days per 28; bounds by t."""
    found = mean_interval(np.asarray(values, dtype=np.float64), MONTE_CARLO)
    if found.value is None or found.low is None or found.high is None:
        raise ValueError("a mean without spread")
    return Promise(
        question,
        scenario,
        n,
        found.value,
        found.low,
        found.high,
        least,
        most,
        "days per 28",
        len(values),
        note,
    )


def every_promise(
    question: str, scenario: str, n: int, count: int, clinics: int, *, wanted: bool, note: str = ""
) -> Promise:
    """A promise about every single clinic: something holds in all of them (`wanted`), or in none."""
    share_of = count / clinics
    least, most = (1.0, None) if wanted else (None, 0.0)
    return Promise(
        question, scenario, n, share_of, share_of, share_of, least, most, "every clinic", clinics, note
    )


def bounded(name: str, value: float, least: float, most: float) -> None:
    """Refuse what the check cannot be asked for. Raises PlanError."""
    if not least <= value <= most:
        raise PlanError(f"{name} must lie between {least:g} and {most:g}.")
