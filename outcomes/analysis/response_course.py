"""Every patient's baseline, follow-up window and the 28-day periods after the first session, as one grid.

What response and durability are counted from. Definitions and sources: docs/method.md#response-over-time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import CATALOGUE
from outcomes.analysis.day_counts import period_counts, periods_over, window_counts
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
    days); `grid` holds the 28-day periods from the first session on, period 0 being days 1 to 27; `over` how
    many of them were over when the records end. `n_looked_at` counts all patients of the cohort.
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
    windows = window_counts(periods)
    baseline, followup = (
        _per_28(windows, period, periods.minimums[f"{period}_minimum"]) for period in ("baseline", "followup")
    )
    eligible = eligible_baselines(baseline, HEADACHE_DAYS, plan)
    eligible &= windows["standing"].isin(_WITH_BASELINE).to_numpy()
    patients = tuple(str(one) for one in windows.loc[eligible, "patient_id"])
    counts = period_counts(periods, first_day=1, last_day=_LAST_DAY)
    grid = window_grid(counts, "period", patients, plan.min_recorded_in_course(DAYS_PER_PERIOD))
    last_valid = np.where(grid.valid, 1 + np.arange(grid.valid.shape[1]), 0).max(axis=1, initial=0)
    over = periods_over(periods).reindex(list(patients)).to_numpy(np.float64)
    return ResponseCourse(
        plan=plan,
        n_looked_at=len(windows),
        patients=patients,
        baseline=baseline[eligible],
        followup=followup[eligible],
        grid=grid,
        over=np.maximum(over, last_valid),
    )


def _per_28(windows: pd.DataFrame, period: str, minimum: int) -> Values:
    """Headache days per 28 recorded days of a window, NaN where it has too few."""
    recorded = windows[f"{period}_recorded_days"].to_numpy(np.float64)
    headache = windows[f"{period}_headache_days"].to_numpy(np.float64)
    values: Values = np.where(
        recorded >= minimum, DAYS_PER_PERIOD * headache / np.maximum(recorded, 1), np.nan
    )
    return values


#: How far a patient came whose baseline can be compared with whatever followed.
_WITH_BASELINE = ("followup_not_over", "no_followup_diary", "followup_too_few_days", "analysed")

#: Ten years: no diary goes on longer.
_LAST_DAY = 3660


def first_periods(course: ResponseCourse, n_periods: int) -> Values:
    """Headache days per 28 of the first periods, NaN where not valid; always `n_periods` columns."""
    values = course.grid.values[:, :n_periods]
    missing = np.full((len(course), n_periods - values.shape[1]), np.nan)
    return np.hstack([values, missing])


def pairs_of(course: ResponseCourse, followup: Values) -> pd.DataFrame:
    """`baseline` and another `followup` of the same patients, as `responder_shares` takes them."""
    return pd.DataFrame({"baseline": course.baseline, "followup": followup}, index=list(course.patients))
