"""Who began with a valid baseline, and what each of them recorded: the arrays that every method here reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.periods import Periods
from outcomes.plan import DAYS_PER_PERIOD

Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: How patients stand who began with a valid baseline and then recorded too little, although their window is over.
LOST = ("no_followup_diary", "followup_too_few_days")
ANALYSED = "analysed"

UNIT = "days per 28"


@dataclass(frozen=True)
class Answer:
    """One row before it has its place in a table. `n` patients stand behind it."""

    statistic: str
    estimate: Estimate
    n: int
    unit: str = UNIT


@dataclass(frozen=True, eq=False)
class Window:
    """Days of one window, per patient: `days` is its length, `recorded` of them stand in the diary."""

    days: int
    recorded: Wholes
    headache: Wholes

    @property
    def missing(self) -> Wholes:
        return self.days - self.recorded

    @property
    def level(self) -> Values:
        """Headache days per 28 at the rate of the recorded days; NaN where nothing was recorded."""
        recorded = np.where(self.recorded > 0, self.recorded, np.nan)
        return DAYS_PER_PERIOD * self.headache / recorded

    def level_if_missing(self, headache: bool) -> Values:
        """Headache days per 28 if every missing day had been a day with headache, or without."""
        total = self.headache + (self.missing if headache else 0)
        return DAYS_PER_PERIOD * total / self.days

    def of(self, chosen: Flags) -> Window:
        return Window(self.days, self.recorded[chosen], self.headache[chosen])


@dataclass(frozen=True, eq=False)
class Started:
    """Patients with a valid baseline whose follow-up is valid (`analysed`) or over without it (drop-outs).

    In the order of `patient_id`. Patients whose follow-up window is not over yet are neither. `first_weekday`:
    weekday of day 0, 0 = Monday, −1 where the records hold no calendar. `n_cohort` patients are in the records.
    """

    patient_id: NDArray[np.object_]
    analysed: Flags
    first_weekday: Wholes
    baseline: Window
    followup: Window
    n_cohort: int

    def __len__(self) -> int:
        return len(self.analysed)

    @property
    def n_analysed(self) -> int:
        return int(self.analysed.sum())

    def only_analysed(self) -> Started:
        """The same without the drop-outs."""
        chosen = self.analysed
        return Started(
            patient_id=self.patient_id[chosen],
            analysed=chosen[chosen],
            first_weekday=self.first_weekday[chosen],
            baseline=self.baseline.of(chosen),
            followup=self.followup.of(chosen),
            n_cohort=self.n_cohort,
        )


def started_patients(counts: pd.DataFrame, periods: Periods) -> Started:
    """The patients who began with a valid baseline, out of `window_counts(periods)`."""
    rows = counts[counts["standing"].isin((ANALYSED, *LOST))]
    rows = rows.sort_values("patient_id", kind="stable")

    def window(name: str, days: int) -> Window:
        recorded = rows[f"{name}_recorded_days"].to_numpy(np.int64)
        return Window(days, recorded, rows[f"{name}_headache_days"].to_numpy(np.int64))

    return Started(
        patient_id=rows["patient_id"].to_numpy(dtype=object),
        analysed=(rows["standing"] == ANALYSED).to_numpy(dtype=np.bool_),
        first_weekday=rows["first_weekday"].to_numpy(np.int64),
        baseline=window("baseline", periods.plan.baseline_days),
        followup=window("followup", periods.plan.followup_days),
        n_cohort=len(counts),
    )
