"""Every patient's baseline, follow-up window and the 28-day periods after the first session, as one grid.

What response and durability are counted from. Definitions and sources: docs/method.md#response-over-time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import CATALOGUE
from outcomes.analysis.day_counts import days_over, period_counts, window_counts
from outcomes.analysis.estimates import Values
from outcomes.analysis.periods import Periods
from outcomes.analysis.responders import eligible_baselines, improved_share, reaches
from outcomes.analysis.window_events import Marks, WindowGrid, window_grid
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: The endpoint that a response is counted in.
HEADACHE_DAYS = CATALOGUE["headache_days_per_28"]

#: The reduction, in percent, that is called a response where only one is followed over time.
RESPONSE = 50.0


@dataclass(frozen=True, eq=False)
class ResponseCourse:
    """One row per patient with an eligible baseline, in the order of `patient_id`.

    `baseline` and `followup` in headache days per 28 (`followup` NaN where the window has too few recorded
    days); `grid` holds the 28-day periods from the first session on, period 0 being days 1 to 27; `over`
    how many of them were over when the records end, or had days enough recorded before they were.
    `n_looked_at` counts all patients of the cohort.
    """

    plan: AnalysisPlan
    n_looked_at: int
    patients: tuple[str, ...]
    baseline: Values
    followup: Values
    grid: WindowGrid
    over: Values

    def __len__(self) -> int:
        return len(self.patients)

    @property
    def n_not_eligible(self) -> int:
        return self.n_looked_at - len(self.patients)

    @property
    def responded_at_followup(self) -> Marks:
        """Responders of 50% in the plan's follow-up window."""
        return reaches(improved_share(self.baseline, self.followup, HEADACHE_DAYS), RESPONSE)

    def improved(self, values: Values) -> Values:
        """Improvement of a grid of values, row by row, as a share of the patient's own baseline."""
        return improved_share(self.baseline[:, None], values, HEADACHE_DAYS)


def response_course(periods: Periods) -> ResponseCourse:
    """Raises PlanError where the records hold no daily diary."""
    plan = periods.plan
    pairs = window_pairs(periods)
    baseline, followup = (pairs[name].to_numpy(np.float64) for name in ("baseline", "followup"))
    eligible = eligible_baselines(baseline, HEADACHE_DAYS, plan)
    patients = tuple(str(one) for one in pairs.index[eligible])
    counts = period_counts(periods, first_day=1, last_day=_LAST_DAY)
    grid = window_grid(counts, "period", patients, plan.min_recorded_in_course(DAYS_PER_PERIOD))
    last_valid = np.where(grid.valid, 1 + np.arange(grid.valid.shape[1]), 0).max(axis=1, initial=0)
    over = np.floor(days_over(periods).reindex(list(patients)).to_numpy(np.float64) / DAYS_PER_PERIOD)
    return ResponseCourse(
        plan=plan,
        n_looked_at=len(pairs),
        patients=patients,
        baseline=baseline[eligible],
        followup=followup[eligible],
        grid=grid,
        over=np.maximum(over, last_valid),
    )


def window_pairs(periods: Periods) -> pd.DataFrame:
    """`baseline` and `followup` in headache days per 28, one row per patient of the cohort, by `patient_id`.

    NaN where a window has too few recorded days, and for patients whose baseline is compared with nothing.
    """
    windows = window_counts(periods)
    pairs = pd.DataFrame(index=pd.Index(windows["patient_id"], name="patient_id"))
    compared = windows["standing"].isin(_WITH_BASELINE).to_numpy()
    for name in ("baseline", "followup"):
        recorded, headache = (
            windows[f"{name}_{days}_days"].to_numpy(np.float64) for days in ("recorded", "headache")
        )
        counted = compared & (recorded >= periods.minimums[f"{name}_minimum"])
        pairs[name] = np.where(counted, DAYS_PER_PERIOD * headache / np.maximum(recorded, 1), np.nan)
    return pairs


#: How far a patient came whose baseline can be compared with whatever followed.
_WITH_BASELINE = ("followup_not_over", "no_followup_diary", "followup_too_few_days", "analysed")

#: Ten years: no diary goes on longer.
_LAST_DAY = 3660


def first_periods(course: ResponseCourse, n_periods: int) -> Values:
    """Headache days per 28 of the first periods, NaN where not valid; always `n_periods` columns."""
    values = course.grid.values[:, :n_periods]
    missing = np.full((len(course), n_periods - values.shape[1]), np.nan)
    return np.hstack([values, missing])
