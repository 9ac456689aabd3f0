"""The one entry: every analysis of missing diary days of one set of periods, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analysis.day_counts import day_rows, window_counts
from outcomes.analysis.estimates import paired_change
from outcomes.analysis.missing_diaries.bounds import bounds
from outcomes.analysis.missing_diaries.day_grid import DayGrid, day_grids
from outcomes.analysis.missing_diaries.drop_outs import return_to_baseline
from outcomes.analysis.missing_diaries.imputation import impute, imputed_changes
from outcomes.analysis.missing_diaries.started import Answer, Started, started_patients
from outcomes.analysis.missing_diaries.tipping import tipping_point
from outcomes.analysis.missing_diaries.weekdays import weekday_rates
from outcomes.analysis.missing_diaries.weighting import weighted_changes
from outcomes.analysis.periods import Periods
from outcomes.analysis.results import Statistic, statistics_frame
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan

ENDPOINT = "headache_days_per_28"

_ASSUMPTIONS = (
    "observed: a missing day of a patient's window is like the recorded ones",
    "bounds: nothing is assumed; every missing day may be anything",
    "weekday: a missing day is like the recorded ones of the same weekday",
    "ipw: given weekday, the day before and the patient's baseline, recording has nothing to do with headache",
    "imputed: missing at random given what the patient recorded, and the beta-binomial model holds",
    "return_to_baseline: those lost are as they were at baseline",
    "tipping: missing follow-up days are worse than the model has them, by the odds named",
)


@dataclass(frozen=True)
class MissingDiaryAnalyses:
    """What the days that nobody recorded could do to the change in headache days per 28.

    One row per method and population; names that end in `_all_started` hold everyone with a valid baseline whose
    follow-up is valid or over, the others the patients analysed. `n_lost` began with a valid baseline and
    recorded too little at follow-up. `missing_days` are those of the patients analysed, baseline and follow-up.
    None of these rows is the headline: each answers "what if" under the assumption that its method makes.
    """

    rows: tuple[Statistic, ...]
    n_analysed: int
    n_lost: int
    missing_days: tuple[int, int]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    plan: AnalysisPlan

    def __getitem__(self, statistic: str) -> Statistic:
        for row in self.rows:
            if row.statistic == statistic:
                return row
        raise KeyError(f"{statistic}; known: {', '.join(row.statistic for row in self.rows)}")

    def __contains__(self, statistic: str) -> bool:
        return any(row.statistic == statistic for row in self.rows)

    def to_frame(self) -> pd.DataFrame:
        """One row per method and population, unrounded, in the columns of every table of results."""
        return statistics_frame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        return {
            "plan": self.plan.to_dict(),
            "analysed": self.n_analysed,
            "lost": self.n_lost,
            "missing_days": {"baseline": self.missing_days[0], "followup": self.missing_days[1]},
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
            "rows": [row.to_dict() for row in self.rows],
        }


def missing_diary_analyses(periods: Periods, plan: AnalysisPlan | None = None) -> MissingDiaryAnalyses:
    """Bounds, weekday-stratified rate, inverse probability weights, multiple imputation, return to baseline and
    tipping point of the change in headache days per 28.

    `plan` gives confidence, imputations, odds and seed, by default the plan that cut the periods. Without a daily
    diary there are no rows, and a note says so. Raises PlanError for a plan with other windows or another minimum
    of recorded days than those of the periods.
    """
    plan = plan if plan is not None else periods.plan
    _same_windows(plan, periods.plan)
    if periods.segments is None:
        note = "no_diary: these records hold no daily diary, so no day is known to be missing"
        return MissingDiaryAnalyses((), 0, 0, (0, 0), _ASSUMPTIONS, (note,), plan)
    started = started_patients(window_counts(periods), periods)
    grids = day_grids(day_rows(periods), started.only_analysed(), periods.plan)
    answers = _answers(started, grids, plan)
    analysed = started.only_analysed()
    missing = (int(analysed.baseline.missing.sum()), int(analysed.followup.missing.sum()))
    rows = tuple(_statistic(answer, started, plan) for answer in answers)
    lost = len(started) - len(analysed)
    return MissingDiaryAnalyses(rows, len(analysed), lost, missing, _ASSUMPTIONS, _notes(analysed), plan)


def _answers(started: Started, grids: dict[str, DayGrid], plan: AnalysisPlan) -> list[Answer]:
    analysed = started.only_analysed()
    observed = paired_change(analysed.baseline.level, analysed.followup.level, plan.confidence)
    baseline, followup = grids["baseline"], grids["followup"]
    imputed = impute(started, plan)
    return [
        Answer("change", observed, len(analysed)),
        *bounds(started, plan.confidence),
        *weekday_rates(baseline, followup, plan.confidence),
        *weighted_changes(started, baseline, followup, plan.confidence),
        *imputed_changes(started, imputed, plan.confidence),
        return_to_baseline(started, plan.confidence),
        *tipping_point(started, imputed, plan.tipping_odds, plan.confidence),
    ]


def _notes(analysed: Started) -> tuple[str, ...]:
    """A difference in keeping the diary can look like a change (outcome-definitions: five days or more)."""
    if not len(analysed):
        return ()
    more = float(np.mean(analysed.baseline.recorded) / analysed.baseline.days)
    less = float(np.mean(analysed.followup.recorded) / analysed.followup.days)
    if abs(more - less) * 28 < 5:
        return ()
    return (
        f"unequal_recording: {28 * more:.1f} days of 28 recorded at baseline, {28 * less:.1f} at follow-up",
    )


def _statistic(answer: Answer, started: Started, plan: AnalysisPlan) -> Statistic:
    found = answer.estimate
    return Statistic(
        endpoint=ENDPOINT, by=None, group="all", statistic=answer.statistic, value=found.value, low=found.low,
        high=found.high, p=found.p, n=answer.n, n_left_out=started.n_cohort - answer.n, count=None,
        unit=answer.unit, mode="diary", confidence=plan.confidence, method=found.method, notes=found.notes,
    )  # fmt: skip


def _same_windows(plan: AnalysisPlan, measured: AnalysisPlan) -> None:
    names = ("baseline_days", "followup_first_day", "followup_last_day", "min_recorded_days")
    other = [name for name in names if getattr(plan, name) != getattr(measured, name)]
    if other:
        raise PlanError(f"The periods were cut under another plan ({', '.join(other)} differ).")
