"""The patients of one combination of windows and minimum: their values, and where they can be counted, their days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from outcomes.analysis.comparison import pair_by_patient
from outcomes.analysis.day_counts import day_rows, window_counts
from outcomes.analysis.endpoints import measure_endpoints
from outcomes.analysis.estimates import Estimate, Sample
from outcomes.analysis.missing_diaries.day_grid import DayGrid, day_grids
from outcomes.analysis.missing_diaries.imputation import ImputedChanges, impute
from outcomes.analysis.missing_diaries.started import ANALYSED, Answer, Started, started_patients
from outcomes.analysis.missing_diaries.weighting import weighted_changes
from outcomes.analysis.multiverse.choices import MinimumShare
from outcomes.analysis.periods import Periods
from outcomes.plan import AnalysisPlan

#: Where the number of recorded days decides, and not something before it (no first session, no diary at all).
_BEFORE_DAYS = ("no_first_session", "outside_cohort", "episodic_cluster", "no_diary")


@dataclass(frozen=True, eq=False)
class Cut:
    """Complete pairs of one endpoint, `n_patients` in the records, and the `days` behind them if they are known."""

    baseline: Sample
    followup: Sample
    n_patients: int
    plan: AnalysisPlan
    days: CutDays | None = None

    def __len__(self) -> int:
        return len(self.baseline)


@dataclass(frozen=True, eq=False)
class CutDays:
    """The days of a cut, with what several analyses of them share: each is worked out once, when asked for."""

    started: Started
    grids: Mapping[str, DayGrid]
    plan: AnalysisPlan

    @cached_property
    def analysed(self) -> Started:
        return self.started.only_analysed()

    @cached_property
    def weighted(self) -> tuple[Answer, ...]:
        """Inverse probability weights: the patients analysed, and everyone who began."""
        return weighted_changes(
            self.started, self.grids["baseline"], self.grids["followup"], self.plan.confidence
        )

    @cached_property
    def imputed(self) -> ImputedChanges | Estimate:
        """Missing days drawn from the model of the days; only at odds 1, as no tipping point is looked for."""
        return impute(self.started, replace(self.plan, tipping_odds=(1.0,)))

    def counts(self) -> pd.DataFrame:
        """One row per patient analysed and window, for models of counts. Patients are numbered by what they
        recorded, so that their names cannot reach the last digit."""
        before, after = self.analysed.baseline, self.analysed.followup
        order = np.lexsort((after.headache, after.recorded, before.headache, before.recorded))
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        "patient_id": np.arange(len(order)),
                        "period": name,
                        "recorded_days": window.recorded[order],
                        "headache_days": window.headache[order],
                    }
                )
                for name, window in (("baseline", before), ("followup", after))
            ],
            ignore_index=True,
        )


@dataclass(frozen=True, eq=False)
class WindowDays:
    """Counts and days of one pair of windows, from which every minimum is cut."""

    periods: Periods
    counts: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    is_over: pd.Series = field(repr=False)

    @classmethod
    def of(cls, periods: Periods) -> WindowDays:
        over = periods.records.engine.frame(f"SELECT patient_id, window_over FROM {periods.tables['people']}")
        counts = window_counts(periods)
        is_over = over.set_index("patient_id")["window_over"].reindex(counts["patient_id"])
        return cls(periods, counts, day_rows(periods), is_over)

    def cut(self, minimum: Mapping[str, int]) -> Cut:
        """The patients with so many recorded days in each window."""
        counts = self.counts.assign(standing=self._standing(minimum))
        started = started_patients(counts, self.periods)
        analysed = started.only_analysed()
        plan = self.periods.plan
        days = CutDays(started, day_grids(self.rows, analysed, plan), plan)
        return Cut(Sample(analysed.baseline.level), Sample(analysed.followup.level), len(counts), plan, days)

    def _standing(self, minimum: Mapping[str, int]) -> pd.Series:
        """How far each patient comes under this minimum: the first reason counts, as in sql/standing.sql."""
        before = self.counts["baseline_recorded_days"].to_numpy()
        after = self.counts["followup_recorded_days"].to_numpy()
        few = after < minimum["followup_minimum"]
        standing = np.select(
            [
                self.counts["standing"].isin(_BEFORE_DAYS).to_numpy(),
                before == 0,
                before < minimum["baseline_minimum"],
                few & ~self.is_over.to_numpy(dtype=np.bool_),
                after == 0,
                few,
            ],
            [
                self.counts["standing"].to_numpy(dtype=object),
                "no_baseline_diary",
                "baseline_too_few_days",
                "followup_not_over",
                "no_followup_diary",
                "followup_too_few_days",
            ],
            default=ANALYSED,
        )
        return pd.Series(standing, index=self.counts.index, dtype="object")


@dataclass(frozen=True, eq=False)
class _PeriodsWithMinimum(Periods):
    """Periods that are covered from a minimum of their own, one per window: a plan has one for both."""

    own: dict[str, int] = field(default_factory=dict)

    @property
    def minimums(self) -> dict[str, int]:
        return self.own


def cut_values(
    periods: Periods, minimum: MinimumShare, endpoint: str, mode: str | None, plan: AnalysisPlan | None = None
) -> Cut:
    """Complete pairs of any endpoint, as `compare` has them, with so many recorded days in each window.

    `plan` has the windows of `periods` and may value their days by other rules.
    """
    plan = plan if plan is not None else periods.plan
    moved = _PeriodsWithMinimum(
        periods.records,
        plan,
        periods.cohort,
        periods.segments,
        periods.tables,
        periods.flow,
        own=minimum.days(plan),
    )
    pairs = pair_by_patient(measure_endpoints(moved, [endpoint]), endpoint, mode)
    complete = pairs.dropna()
    values = (Sample(complete[side].to_numpy(dtype=np.float64)) for side in ("baseline", "followup"))
    return Cut(next(values), next(values), len(pairs), plan)
