"""Interrupted time series around the first session: many patients pooled, or one series by itself.

A level and a trend before, a change of level and a change of trend after. Without a comparison series this
says when the curve bends, not why: patients book when headaches are bad, and the weeks before the first
session carry that bad spell.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomes.analysis.among import among
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.estimates import Sample, Values, welch_error
from outcomes.analysis.models.autocorrelated import ar1_regression
from outcomes.analysis.models.clustered_logit import Correction, clustered_logit
from outcomes.analysis.models.fitted import FittedModel, Term
from outcomes.analysis.models.formulas import need_columns, need_numbers
from outcomes.analysis.models.terms import as_odds_ratio, wald_term, without_numbers
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

POOLED = "pooled interrupted series"
SINGLE = "interrupted series"

#: Fewer patients than this: no pooled series.
LEAST_PATIENTS = 8

#: Fewer weeks than this on a side: no trends, a comparison of levels only.
LEAST_WEEKS = 8

_WEEK = 7

_BAD_SPELL = (
    "trend_before: who books when headaches are bad puts a bad spell before the first session; the change of "
    "level and trend contains its end"
)
_NO_COMPARISON = "no_comparison_series: the change of the curve is a change, whatever brought it about"
_EQUAL_WEEKS = "equal_weeks: each counted week weighs the same, however many of its days are recorded"

_NAMES = {
    "Intercept": "level before",
    "week": "trend before",
    "post": "change of level",
    "after": "change of trend",
}


def weekly_series(
    periods: Periods, first_day: int = -56, last_day: int = 167, *, analysed_only: bool = True
) -> pd.DataFrame:
    """One row per patient and week with any recorded day, by `patient_id` and `week`.

    Week −1 is days −7 to −1; week 0 is days 1 to 6, since day 0 is the first session and counts nowhere.
    Columns: `patient_id`, `week`, `recorded_days`, `headache_days`. With `analysed_only` only patients who
    count in both windows, so that much the same people stand on both sides; else the whole cohort. Raises
    PlanError where the records hold no daily diary.
    """
    if periods.segments is None:
        raise PlanError("These records hold no daily diary, so there is no course to show.")
    engine = periods.records.engine
    statement = engine.statement(
        "outcomes.analysis", "weekly", segments=str(periods.segments), first_day=first_day, last_day=last_day
    )
    weeks = engine.frame(statement)
    people = window_counts(periods)
    if analysed_only:
        people = people[people["standing"] == "analysed"]
    weeks = weeks[among(weeks["patient_id"], people["patient_id"])]
    weeks = weeks.sort_values(["patient_id", "week"], ignore_index=True)
    return weeks.astype({"week": "int64", "recorded_days": "int64", "headache_days": "int64"})


def pooled_series(
    counts: pd.DataFrame,
    confidence: float = 0.95,
    *,
    correction: Correction = "mancl_derouen",
    least_patients: int = LEAST_PATIENTS,
) -> FittedModel:
    """The course of all patients around the first session: logit of a headache day on time, session and both.

    `counts` has `patient_id`, `week`, `recorded_days`, `headache_days`, as `weekly_series` gives them; `week`
    may have fractions (day/7, one row per day). A week from 0 on is after the first session: leave day 0 out.

    Terms in log odds: `level before` (at week 0, as the trend before would have it), `trend before` (per
    week), `change of level` (at week 0), `change of trend` (per week); then the change of level as an odds
    ratio, and in days per 28 at week 0 (delta method). Independence GEE clustered by patient, Mancl–DeRouen
    covariance, t on patients − 4 degrees of freedom. Not estimable below `least_patients` patients, or
    without two different weeks on each side. A change of days from this is that of the average diary day.
    """
    need_columns(counts, ["patient_id"])
    need_numbers(counts, ["week", "recorded_days", "headache_days"])
    frame = _with_interruption(counts.dropna(subset=["week"]))
    fit = clustered_logit(
        frame, "~ week + post + after", correction=correction, confidence=confidence, name=POOLED
    )
    method = f"interrupted series, {fit.method}"
    if fit.n < least_patients:
        reason = f"insufficient_n: {fit.n} patients; a pooled series needs {least_patients}"
        return without_numbers(
            POOLED, "not_estimable", reason, confidence, method, fit.n, fit.n_rows, fit.n_left_out
        )
    if not fit.usable:
        return replace(fit, method=method)
    terms = tuple(replace(term, name=_NAMES[term.name]) for term in fit.terms)
    derived = (
        as_odds_ratio(terms[2], "change of level, odds ratio"),
        _level_in_days(fit, confidence),
    )
    notes = (*fit.notes, _NO_COMPARISON, _BAD_SPELL)
    return replace(fit, terms=(*terms, *derived), method=method, notes=notes)


def single_series(
    weeks: pd.DataFrame,
    confidence: float = 0.95,
    *,
    min_recorded: int = 5,
    least_weeks: int = LEAST_WEEKS,
) -> FittedModel:
    """One series of weeks (a patient, or a clinic's weekly sums): segmented regression with AR(1) residuals.

    `weeks` has `week` (whole; from 0 on is after), `recorded_days`, `headache_days`. A week counts with
    `min_recorded` recorded days per patient-week of 7 (for sums: give weeks that count). The outcome is
    headache days per week, 7·h/n. Terms: `level before`, `trend before` per week, `change of level`, `change
    of trend` per week, in days per week, then phi and sigma; Satterthwaite's t.

    With fewer than `least_weeks` counted weeks on a side there are no trends: the levels are compared by
    Welch's t on the weeks, and method says so. Below two weeks on a side: not estimable. Weeks without a count
    of headache days do not count. Raises PlanError for more headache days than recorded ones,
    and for weeks that are not whole or stand twice.
    """
    need_numbers(weeks, ["week", "recorded_days", "headache_days"])
    counted = weeks[weeks["recorded_days"].fillna(0) >= max(1, min_recorded)]
    counted = counted.dropna(subset=["week", "headache_days"])
    if (counted["week"] % 1 != 0).any() or counted["week"].duplicated().any():
        raise PlanError("'week' must hold whole numbers, each once.")
    if not counted["headache_days"].between(0, counted["recorded_days"]).all():
        raise PlanError("'headache_days' must lie between 0 and 'recorded_days'.")
    frame = _with_interruption(counted)
    frame["value"] = _WEEK * frame["headache_days"] / frame["recorded_days"]
    before, after = (frame.loc[frame["post"] == side, "value"].to_numpy(np.float64) for side in (0, 1))
    if min(len(before), len(after)) < least_weeks:
        return _levels_only(np.sort(before), np.sort(after), confidence, least_weeks)
    fit = ar1_regression(
        frame,
        "value ~ week + post + after",
        "week",
        confidence=confidence,
        scale="days per week",
        name=SINGLE,
    )
    terms = tuple(replace(term, name=_NAMES.get(term.name, term.name)) for term in fit.terms)
    method = f"segmented {fit.method}"
    return replace(
        fit, terms=terms, method=method, notes=(*fit.notes, _NO_COMPARISON, _BAD_SPELL, _EQUAL_WEEKS)
    )


def _with_interruption(counts: pd.DataFrame) -> pd.DataFrame:
    frame = counts.copy()
    frame["week"] = frame["week"].astype(np.float64)
    frame["post"] = (frame["week"] >= 0).astype(np.float64)
    frame["after"] = frame["week"] * frame["post"]
    return frame


def _level_in_days(fit: FittedModel, confidence: float) -> Term:
    """28·(share after − share before) at week 0, by the delta method: shares of the average diary day."""
    beta = np.array([term.value for term in fit.terms], dtype=np.float64)
    covariance: Values = fit.settings["covariance"]
    before, after = float(expit(beta[0])), float(expit(beta[0] + beta[2]))
    slope = np.zeros(len(beta))
    slope[0] = after * (1 - after) - before * (1 - before)
    slope[2] = after * (1 - after)
    value = DAYS_PER_PERIOD * (after - before)
    error = DAYS_PER_PERIOD * math.sqrt(max(0.0, float(slope @ covariance @ slope)))
    return wald_term("change of level, days", value, error, confidence, "days per 28", fit.terms[0].df)


def _levels_only(before: Values, after: Values, confidence: float, least_weeks: int) -> FittedModel:
    method = f"comparison of levels only (fewer than {least_weeks} weeks on a side), Welch's t on weeks"
    n, m = len(before), len(after)
    name = "comparison of levels"
    if min(n, m) < 2:
        reason = f"insufficient_weeks: {n} weeks before and {m} after; two on each side are the least"
        return without_numbers(name, "not_estimable", reason, confidence, method, 1, n + m)
    first, second = Sample.of(before), Sample.of(after)
    value = second.mean - first.mean
    notes = [_NO_COMPARISON, _BAD_SPELL, f"weeks: {n} before, {m} after; no trend is looked for"]
    if first.variance / n + second.variance / m <= 1e-18:
        notes.append("zero_variance: the weeks of each side are all alike, so there is no interval")
        term = Term("change of level", value, None, None, None, None, None, "days per week")
    else:
        error, df = welch_error(second, first)
        term = wald_term("change of level", value, error, confidence, "days per week", df)
    level = Term("level before", first.mean, None, None, None, None, None, "days per week")
    return FittedModel(name, "converged", "", (level, term), 1, 0, n + m, confidence, method, tuple(notes))
