"""One patient, week by week: how far the weeks after treatment lie from those before.

Weekly values (such as headache days per 7), never the daily yes and no: days of one patient hang together too
closely for any of this. One patient's weeks show what happened to that patient and nothing about others.
Sources and formulas: docs/method.md#single-case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from outcomes.analysis.estimates import MIN_PAIRS_FOR_P, Estimate, Sample, Values, welch
from outcomes.analysis.week_overlap import (
    INDEPENDENT_WEEKS,
    Improvement,
    missing_period,
    nap,
    series_of,
    tau,
    tau_bc,
    tau_u,
    weeks_with_value,
)
from outcomes.errors import PlanError

_WEEK = 7

#: Below this many weeks in a period their autocorrelation cannot be told.
MIN_WEEKS_FOR_AUTOCORRELATION = 8


@dataclass(frozen=True)
class Autocorrelation:
    """How alike neighbouring weeks are, within the two periods, and what it does to a standard error.

    `raw` is the lag-1 autocorrelation of the distances from each period's mean; `corrected` has the bias of
    short series taken out, cut to lie between −0.95 and 0.95; `inflation` multiplies a variance and is at least
    1: a negative estimate never makes an interval narrower. None where no period has variation.
    """

    raw: float | None
    corrected: float | None
    inflation: float | None
    weeks: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SingleCase:
    """One patient's weeks before and after. Every estimate says in `notes` what it takes for granted.

    `change` and `log_response_ratio` are after minus before (fewer headaches: negative); `nap`, `tau`,
    `tau_u`, `tau_bc` count improvement as positive. `tau_u` and `tau_bc` are None unless asked for.
    """

    change: Estimate
    nap: Estimate
    tau: Estimate
    log_response_ratio: Estimate
    log_response_ratio_inflated: Estimate
    autocorrelation: Autocorrelation
    tau_u: Estimate | None
    tau_bc: Estimate | None
    n_before: int
    n_after: int
    improvement: Improvement
    confidence: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per estimate, unrounded, then the autocorrelation. Undefined numbers are NaN."""
        rows = []
        for item in fields(self):
            found = getattr(self, item.name)
            if isinstance(found, Estimate):
                numbers = (found.value, found.low, found.high, found.p)
                rows.append((item.name, *numbers, found.method, "; ".join(found.notes)))
        told = "; ".join(self.autocorrelation.notes)
        for name in ("raw", "corrected", "inflation"):
            value = getattr(self.autocorrelation, name)
            label = "variance_inflation" if name == "inflation" else f"autocorrelation_{name}"
            rows.append((label, value, None, None, None, "lag 1, within periods", told))
        frame = pd.DataFrame(rows, columns=["statistic", "value", "low", "high", "p", "method", "notes"])
        numbers_of = ["value", "low", "high", "p"]
        frame[numbers_of] = frame[numbers_of].astype("float64")
        return frame


def single_case(
    weekly_before: ArrayLike,
    weekly_after: ArrayLike,
    *,
    improvement: Improvement = "decrease",
    confidence: float = 0.95,
    baseline_trend: bool = False,
) -> SingleCase:
    """Everything about one patient's weeks, in the order of time. NaN is a week without enough recorded days.

    `baseline_trend=True` adds Tau-U and Tau-BC, beside NAP and never alone. They need eight baseline weeks: a
    line through fewer is mostly noise, and both carry it on. Never raises for data: short or constant series
    lose what they cannot carry, with a note.
    """
    before, after = weeks_with_value(weekly_before), weeks_with_value(weekly_after)
    likeness = autocorrelation(weekly_before, weekly_after)
    ratio = log_response_ratio(before, after, confidence)
    return SingleCase(
        change=level_change(before, after, confidence),
        nap=nap(before, after, improvement, confidence),
        tau=tau(before, after, improvement, confidence),
        log_response_ratio=ratio,
        log_response_ratio_inflated=_inflated(ratio, likeness, confidence),
        autocorrelation=likeness,
        tau_u=tau_u(before, after, improvement) if baseline_trend else None,
        tau_bc=tau_bc(before, after, improvement) if baseline_trend else None,
        n_before=len(before),
        n_after=len(after),
        improvement=improvement,
        confidence=confidence,
        notes=_case_notes(weekly_before, weekly_after),
    )


def weeks_of_patient(weeks: pd.DataFrame, min_recorded: int = 5) -> tuple[Values, Values]:
    """Headache days per 7 of one patient's weeks before and after, for `single_case`; NaN where not recorded.

    `weeks` has the rows of one patient in `weekly_series`: `week` (whole; from 0 on is after the first session),
    `recorded_days`, `headache_days`. A week with fewer than `min_recorded` recorded days, or without a row
    between the patient's first and last, is NaN. Raises PlanError for columns that are not there and for two rows
    of one week, which would be two patients.
    """
    if missing := {"week", "recorded_days", "headache_days"} - set(weeks.columns):
        raise PlanError(f"The weeks lack: {', '.join(sorted(missing))}.")
    if weeks["week"].duplicated().any():
        raise PlanError("The weeks hold a week twice: give the rows of one patient.")
    counted = weeks[weeks["recorded_days"] >= max(1, min_recorded)].set_index("week").sort_index()
    value = _WEEK * counted["headache_days"] / counted["recorded_days"]
    span = range(int(value.index.min()), int(value.index.max()) + 1) if len(value) else range(0)
    whole = value.reindex(span)
    values: Values = whole.to_numpy(np.float64)
    after = np.asarray(whole.index >= 0)
    return values[~after], values[after]


def level_change(baseline: ArrayLike, treatment: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Mean of the weeks after minus mean of the weeks before, with Welch's t interval (R: `t.test(B, A)`).

    With alike neighbouring weeks it finds something where there is nothing in 6 to 8% of cases at 95%.
    """
    method = "difference of weekly means, Welch t"
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    if missing := missing_period(before, after):
        return Estimate(None, None, None, None, method, (missing,))
    found = welch(after, before, confidence)
    if found.low is None:
        return replace(found, method=method)
    _, why = _enough_for_p(0.0, before, after)
    return replace(found, method=method, notes=(INDEPENDENT_WEEKS, *why))


def log_response_ratio(baseline: ArrayLike, treatment: ArrayLike, confidence: float = 0.95) -> Estimate:
    """ln(mean after / mean before), corrected for small samples (Pustejovsky 2015); negative is fewer.

    ln(m_B/m_A) + s_B²/(2 n_B m_B²) − s_A²/(2 n_A m_A²); variance Σ s²/(n m²); normal quantiles. Undefined where
    a mean is not above 0, or below two weeks in a period. `percent_change` turns it into percent.
    """
    method = "log response ratio"
    before, after = weeks_with_value(baseline), weeks_with_value(treatment)
    if missing := missing_period(before, after):
        return Estimate(None, None, None, None, method, (missing,))
    if min(len(before), len(after)) < 2:
        note = "insufficient_n: one week in a period, so its spread is not known"
        return Estimate(None, None, None, None, method, (note,))
    first, second = Sample(before), Sample(after)
    if first.mean <= 0 or second.mean <= 0:
        which = "before" if first.mean <= 0 else "after"
        return Estimate(None, None, None, None, method, (f"no_ratio: the mean {which} is not above 0",))
    v0 = first.variance / (len(first) * first.mean**2)
    v1 = second.variance / (len(second) * second.mean**2)
    value = math.log(second.mean / first.mean) + v1 / 2 - v0 / 2
    if not first.varies and not second.varies:
        note = "zero_variance: the weeks of each period are all the same"
        return Estimate(value, None, None, None, method, (note,))
    error = math.sqrt(v0 + v1)
    half = float(ndtri(0.5 + confidence / 2)) * error
    p, notes = _enough_for_p(float(2 * ndtr(-abs(value) / error)), before, after)
    return Estimate(value, value - half, value + half, p, method, (INDEPENDENT_WEEKS, *notes))


def percent_change(log_ratio: float) -> float:
    """A log response ratio as a change in percent: 100·(exp(LRR) − 1)."""
    return 100 * math.expm1(log_ratio)


def autocorrelation(baseline: ArrayLike, treatment: ArrayLike) -> Autocorrelation:
    """Lag-1 autocorrelation within the two periods, and the inflation (1 + ρ)/(1 − ρ) of a variance.

    ρ̂ = Σ e_t e_(t−1) / Σ e_t² with e the distance from the period's own mean; a pair with a missing week (NaN)
    between is no pair. Each period's mean costs (1 + 3ρ̂)/T_k, so the pooled bias of K periods with T weeks in all
    is K(1 + 3ρ̂)/T (Huitema and McKean 1991, per period).
    """
    raw_products, raw_squares, weeks, periods = 0.0, 0.0, 0, 0
    for series in (series_of(baseline), series_of(treatment)):
        sample = Sample(series[~np.isnan(series)])
        if len(sample) < 2 or not sample.varies:
            continue
        distance = series - sample.mean
        raw_products += math.fsum(np.nan_to_num(distance[1:] * distance[:-1]))
        raw_squares += math.fsum(np.nan_to_num(np.square(distance)))
        weeks, periods = weeks + len(sample), periods + 1
    if not periods:
        return Autocorrelation(None, None, None, weeks, ("zero_variance: no period varies",))
    raw = raw_products / raw_squares
    corrected = min(0.95, max(-0.95, raw + periods * (1 + 3 * raw) / weeks))
    inflation = max(1.0, (1 + corrected) / (1 - corrected))
    return Autocorrelation(raw, corrected, inflation, weeks, _likeness_notes(baseline, treatment))


def _inflated(found: Estimate, likeness: Autocorrelation, confidence: float) -> Estimate:
    """The same log response ratio with its standard error inflated, on t with two fewer than the weeks."""
    method = "log response ratio, standard error inflated for autocorrelation, t"
    df = likeness.weeks - 2
    if found.value is None or found.low is None or likeness.inflation is None or df < 1:
        return Estimate(found.value, None, None, None, method, (*found.notes, *likeness.notes))
    plain = (found.value - found.low) / float(ndtri(0.5 + confidence / 2))
    error = plain * math.sqrt(likeness.inflation)
    half = float(stdtrit(df, 0.5 + confidence / 2)) * error
    p = None if found.p is None else float(2 * stdtr(df, -abs(found.value) / error))
    notes = tuple(note for note in found.notes if note != INDEPENDENT_WEEKS) + likeness.notes
    return Estimate(found.value, found.value - half, found.value + half, p, method, notes)


def _enough_for_p(p: float, before: Values, after: Values) -> tuple[float | None, tuple[str, ...]]:
    """p where both periods have weeks enough for one, else None and the note."""
    fewest = min(len(before), len(after))
    if fewest >= MIN_PAIRS_FOR_P:
        return p, ()
    return None, (f"insufficient_n: {fewest} weeks in a period are too few for a p value",)


def _likeness_notes(baseline: ArrayLike, treatment: ArrayLike) -> tuple[str, ...]:
    fewest = min(len(weeks_with_value(baseline)), len(weeks_with_value(treatment)))
    if fewest >= MIN_WEEKS_FOR_AUTOCORRELATION:
        return ()
    return (f"few_weeks: {fewest} in a period, too few to tell how alike neighbouring weeks are",)


def _case_notes(baseline: ArrayLike, treatment: ArrayLike) -> tuple[str, ...]:
    notes = ["one patient: nothing here is about others, and a change is not what caused it"]
    for name, series in (("before", series_of(baseline)), ("after", series_of(treatment))):
        if missing := int(np.isnan(series).sum()):
            notes.append(f"{missing} weeks {name} without a value left out")
    return tuple(notes)
