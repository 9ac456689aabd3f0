"""What is done with the days of a cut: a table, `ANALYSES`, of missing-data method × estimator where both fit.

To add an analysis write a function from a `Cut` to an `Outcome` and name it in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from outcomes.analysis.estimates import Estimate, Sample, Values, paired_change
from outcomes.analysis.missing_diaries.drop_outs import return_to_baseline
from outcomes.analysis.missing_diaries.imputation import imputed_changes
from outcomes.analysis.missing_diaries.started import Answer, Started
from outcomes.analysis.missing_diaries.weekdays import weekday_level
from outcomes.analysis.multiverse.cuts import Cut, CutDays
from outcomes.analysis.multiverse.day_weighted import day_weighted_difference
from outcomes.analysis.paired.pseudomedian import hodges_lehmann
from outcomes.analysis.paired.resampling import bootstrap_t

#: Above so many patients nothing is drawn and no model of counts is fitted: it would take minutes a row.
MOST_PATIENTS = 10_000

#: estimated: a value with its interval. no_interval, undefined, not_run: a note says why. not_varied: a row that
#: stands for a choice these records leave no room for.
Status = Literal["estimated", "no_interval", "undefined", "not_run", "not_varied"]


@dataclass(frozen=True)
class Outcome:
    """An estimate with the patients behind it."""

    estimate: Estimate
    n: int

    @property
    def status(self) -> Status:
        if any(note.startswith("not run") for note in self.estimate.notes):
            return "not_run"
        if self.estimate.value is None:
            return "undefined"
        return "no_interval" if self.estimate.low is None else "estimated"


@dataclass(frozen=True)
class Analysis:
    """One missing-data method with one estimator.

    `needs_days`: only where the days can be counted. `fits_model`: takes a second, so it is not run at every
    cut. `is_bound`: not an answer but a limit to all answers.
    """

    missing_data: str
    estimator: str
    run: Callable[[Cut], Outcome]
    needs_days: bool = False
    fits_model: bool = False
    is_bound: bool = False


OBSERVED, MEAN = "observed days", "mean change"


def _mean(cut: Cut) -> Outcome:
    return Outcome(paired_change(cut.baseline, cut.followup, cut.plan.confidence), len(cut))


def _pseudomedian(cut: Cut) -> Outcome:
    return Outcome(hodges_lehmann(cut.baseline, cut.followup, cut.plan.confidence), len(cut))


def _bootstrap(cut: Cut) -> Outcome:
    plan = cut.plan
    if len(cut) > MOST_PATIENTS:
        return _not_run("bootstrap-t", len(cut))
    found = bootstrap_t(cut.baseline, cut.followup, plan.confidence, plan.bootstrap_resamples, plan.seed)
    return Outcome(found, len(cut))


def _day_weighted(cut: Cut) -> Outcome:
    patients = _days(cut).analysed
    before, after = patients.baseline, patients.followup
    h0, n0, h1, n1 = (
        each.astype(np.float64) for each in (before.headache, before.recorded, after.headache, after.recorded)
    )
    found = day_weighted_difference(h0, n0, h1, n1, cut.plan.confidence)
    return Outcome(found, len(patients))


def _model(cut: Cut) -> Outcome:
    from outcomes.analysis.models.beta_binomial import beta_binomial_model

    days = _days(cut)
    n = len(days.analysed)
    if n > MOST_PATIENTS:
        return _not_run("beta-binomial model", n)
    plan = cut.plan
    # "baseline" comes before "followup" in order, and so is the reference.
    fitted = beta_binomial_model(days.counts(), plan.confidence, plan.quadrature_points)
    method = f"{fitted.method}; marginal change"
    notes = tuple(note for note in (fitted.reason, *fitted.notes) if note)
    if not fitted.usable or "change" not in fitted:
        return Outcome(Estimate(None, None, None, None, method, notes), n)
    term = fitted["change"]
    return Outcome(Estimate(term.value, term.low, term.high, None, method, notes), n)


def _weekday_mean(cut: Cut) -> Outcome:
    return _mean(_by_weekday(cut))


def _weekday_pseudomedian(cut: Cut) -> Outcome:
    return _pseudomedian(_by_weekday(cut))


def _by_weekday(cut: Cut) -> Cut:
    grids = _days(cut).grids
    before, after = weekday_level(grids["baseline"]), weekday_level(grids["followup"])
    return replace(cut, baseline=Sample(before), followup=Sample(after))


def _weighted(cut: Cut) -> Outcome:
    return _of(_days(cut).weighted[0])


def _weighted_all(cut: Cut) -> Outcome:
    return _of(_days(cut).weighted[1])


def _imputed(cut: Cut) -> Outcome:
    return _of(imputed_changes(_days(cut).started, _days(cut).imputed, cut.plan.confidence)[0])


def _imputed_all(cut: Cut) -> Outcome:
    return _of(imputed_changes(_days(cut).started, _days(cut).imputed, cut.plan.confidence)[1])


def _returned(cut: Cut) -> Outcome:
    if not len(cut):
        why = "no_pairs: nobody is analysed, so every change would be the assumption"
        return Outcome(Estimate(None, None, None, None, "drop-outs at their own baseline", (why,)), 0)
    return _of(return_to_baseline(_days(cut).started, cut.plan.confidence))


def _lowest(cut: Cut) -> Outcome:
    return _bound(cut, _days(cut).analysed, headache_before=True)


def _highest(cut: Cut) -> Outcome:
    return _bound(cut, _days(cut).analysed, headache_before=False)


def _bound(cut: Cut, patients: Started, headache_before: bool) -> Outcome:
    """Missing baseline days all one thing, missing follow-up days all the other."""
    before: Values = patients.baseline.level_if_missing(headache_before)
    after: Values = patients.followup.level_if_missing(not headache_before)
    return _mean(replace(cut, baseline=Sample(before), followup=Sample(after)))


#: Every analysis of a cut; the first is the default. Methods that give one pooled or weighted mean have no other
#: estimator, bounds need none, resamples are drawn from the observed days only, and where many are lost a
#: pseudomedian of their assumed zeros would be the assumption alone.
ANALYSES: tuple[Analysis, ...] = (
    Analysis(OBSERVED, MEAN, _mean),
    Analysis(OBSERVED, "Hodges–Lehmann", _pseudomedian),
    Analysis(OBSERVED, "bootstrap-t", _bootstrap),
    Analysis(OBSERVED, "day-weighted", _day_weighted, needs_days=True),
    Analysis(OBSERVED, "beta-binomial model", _model, needs_days=True, fits_model=True),
    Analysis("each weekday 1/7", MEAN, _weekday_mean, needs_days=True),
    Analysis("each weekday 1/7", "Hodges–Lehmann", _weekday_pseudomedian, needs_days=True),
    Analysis("inverse probability", MEAN, _weighted, needs_days=True),
    Analysis("inverse probability, all started", MEAN, _weighted_all, needs_days=True),
    Analysis("imputed", MEAN, _imputed, needs_days=True, fits_model=True),
    Analysis("imputed, all started", MEAN, _imputed_all, needs_days=True, fits_model=True),
    Analysis("lost back at baseline", MEAN, _returned, needs_days=True),
    Analysis("bound: lowest", MEAN, _lowest, needs_days=True, is_bound=True),
    Analysis("bound: highest", MEAN, _highest, needs_days=True, is_bound=True),
)


def _of(answer: Answer) -> Outcome:
    return Outcome(answer.estimate, answer.n)


def _days(cut: Cut) -> CutDays:
    if cut.days is None:
        raise ValueError("this analysis needs days that can be counted")
    return cut.days


def _not_run(method: str, n: int) -> Outcome:
    note = f"not run: {n:,} patients are more than {MOST_PATIENTS:,}; the paired t of the same choices stands"
    return Outcome(Estimate(None, None, None, None, f"{method}, not run", (note,)), n)
