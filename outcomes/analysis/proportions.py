"""Proportions of patients, alone, paired and between groups, each with its interval.

Formulas and sources: docs/method.md#proportions. R values: tests/reference/test_ratios_against_r.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betaincinv, gammaincinv, ndtri

from outcomes.analysis.estimate_columns import Deciding, Estimates
from outcomes.analysis.estimates import TIE_DECIMALS, Estimate, Values, t_quantile
from outcomes.analysis.samples import Counts, undefined_is_nan
from outcomes.errors import PlanError

#: Headache days per 28 from which a month counts as chronic here (ICHD-3 1.3: 15 or more days a month, for
#: more than three months; one window shows the first half of that).
CHRONIC_DAYS = 15.0

#: Acute-medication days per 28 from which overuse begins for triptans, opioids and combinations (ICHD-3 8.2).
MEDICATION_DAYS = 10.0


def share(count: float, total: int, confidence: float) -> Estimate:
    """A proportion with Wilson's interval; undefined out of none."""
    return shares(np.array([count], dtype=np.float64), np.array([total], dtype=np.int64), confidence)[0]


def shares(counts: Values, totals: Counts, confidence: float) -> Estimates:
    """`share` of each group, `counts` of `totals`."""
    found = Deciding(len(totals), "Wilson")
    found.settle(totals == 0, ("no_patients: nobody to count",))
    z = float(ndtri(0.5 + confidence / 2))
    with undefined_is_nan():
        p, n = counts / totals, totals.astype(np.float64)
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        low = np.where(counts == 0, 0.0, np.maximum(0.0, centre - half))
        high = np.where(counts == totals, 1.0, np.minimum(1.0, centre + half))
    found.settle(True, value=p, low=low, high=high)
    return found.found()


def clopper_pearson(count: int, total: int, confidence: float) -> Estimate:
    """A proportion with Clopper and Pearson's exact interval, which is wider than its confidence asks."""
    method = "Clopper–Pearson"
    if total == 0:
        return Estimate(None, None, None, None, method, ("no_patients: nobody to count",))
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, tail))
    high = 1.0 if count == total else float(betaincinv(count + 1, total - count, 1 - tail))
    return Estimate(count / total, low, high, None, method)


def clopper_pearson_clustered(counts: ArrayLike, totals: ArrayLike, confidence: float) -> Estimate:
    """A proportion of sessions, such as those with an event, where the sessions of a patient may be alike.

    One entry per patient: `counts` of `totals` sessions. Clopper and Pearson's interval at an effective number of
    sessions: p(1 − p)/v with v the variance of the ratio between patients, at most the number there are, times
    (t of sessions − 1 / t of patients − 1)² (Korn and Graubard 1998). Where no session or every one has an event
    the spread between patients cannot be seen, and the limit is that of as many sessions as there are patients.
    """
    method = "Clopper–Pearson, effective sessions (Korn–Graubard)"
    events, sessions = np.asarray(counts, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    events, sessions = events[sessions > 0], sessions[sessions > 0]
    patients, total, count = len(sessions), math.fsum(sessions), math.fsum(events)
    if not patients:
        return Estimate(None, None, None, None, method, ("no_patients: nobody to count",))
    p = count / total
    if count in (0, total):
        found = clopper_pearson(0 if count == 0 else patients, patients, confidence)
        note = "no_spread: the limit is that of one session per patient"
        return Estimate(p, found.low, found.high, None, method, (note,))
    if patients == 1:
        return Estimate(p, None, None, None, method, ("insufficient_n: one patient, no interval",))
    away = math.fsum(np.square(events - p * sessions))
    variance = patients / (patients - 1) * away / total**2
    effective = total if variance * total <= p * (1 - p) else p * (1 - p) / variance
    ratio = t_quantile(confidence, int(total) - 1) / t_quantile(confidence, patients - 1)
    effective = min(total, effective * ratio**2)
    tail, seen = (1 - confidence) / 2, p * effective
    low = float(betaincinv(seen, effective - seen + 1, tail))
    high = float(betaincinv(seen + 1, effective - seen, 1 - tail))
    return Estimate(p, low, high, None, method)


def most_if_none(total: int, confidence: float) -> Estimate:
    """Out of `total` none was seen: the share that would still have gave so with a chance of 1 − confidence.

    The exact one-sided upper limit 1 − (1 − confidence)^(1/total), which at 95% is close to 3/total, the rule of
    three (Hanley and Lippman-Hand 1983). Seeing none never shows that there is none.
    """
    method = "exact one-sided upper limit for none seen (rule of three)"
    if total == 0:
        return Estimate(None, None, None, None, method, ("no_patients: nobody to count",))
    limit = -math.expm1(math.log1p(-confidence) / total)
    return Estimate(limit, None, None, None, method)


def poisson_rate(count: int, exposure: float, confidence: float) -> Estimate:
    """Events per unit of `exposure`, where there may be several, with the exact interval of Garwood (1936)."""
    method = "Poisson, exact"
    if exposure <= 0:
        return Estimate(None, None, None, None, method, ("no_exposure: nothing to count in",))
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    high = float(gammaincinv(count + 1, 1 - tail))
    return Estimate(count / exposure, low / exposure, high / exposure, None, method)


def mcnemar(improved: int, worsened: int, confidence: float = 0.95) -> Estimate:
    """The share that improved among the patients who crossed a threshold, with McNemar's mid-p.

    `improved` patients met the condition before and not after, `worsened` the other way round. One half means
    as many each way; p tests that. The interval is the mid-p one, so that it holds one half exactly where p
    is above 1 − confidence. Where nobody crossed there is no share, and p is 1.
    """
    return _crossing(improved, worsened, confidence, "McNemar, mid-p", 0.5)


def mcnemar_exact(improved: int, worsened: int, confidence: float = 0.95) -> Estimate:
    """As `mcnemar`, with the exact conditional p and Clopper and Pearson's interval: both conservative."""
    return _crossing(improved, worsened, confidence, "McNemar, exact", 1.0)


def newcombe_paired(
    both: int, before_only: int, after_only: int, neither: int, confidence: float
) -> Estimate:
    """Share after − share before in the same patients, with Newcombe's hybrid score interval (method 10).

    The four counts are the patients who meet the condition in both periods, before only, after only and in
    neither; Newcombe's correction of the correlation is used. p is McNemar's mid-p. Undefined without
    patients.
    """
    method = "Newcombe, paired"
    total = both + before_only + after_only + neither
    if total == 0:
        return Estimate(None, None, None, None, method, ("no_pairs: no patient has both periods",))
    phi = _newcombe_correlation(both, before_only, after_only, neither)
    change = (after_only - before_only) / total
    below_after, above_after = _reach(both + after_only, total, confidence)
    below_before, above_before = _reach(both + before_only, total, confidence)
    low = change - _hybrid(below_after, above_before, phi)
    high = change + _hybrid(above_after, below_before, phi)
    p = mcnemar(before_only, after_only).p
    return Estimate(change, max(-1.0, low), min(1.0, high), p, method)


def tango_paired(both: int, before_only: int, after_only: int, neither: int, confidence: float) -> Estimate:
    """Share after − share before in the same patients, with Tango's score interval. Counts as `newcombe_paired`."""
    method = "Tango, paired"
    total = both + before_only + after_only + neither
    if total == 0:
        return Estimate(None, None, None, None, method, ("no_pairs: no patient has both periods",))
    z = float(ndtri(0.5 + confidence / 2))
    change = (after_only - before_only) / total

    def score(difference: float) -> float:
        return _tango_score(after_only, before_only, total, difference)

    low = -1.0 if change <= -1 else _falling_root(lambda value: score(value) - z, -1.0, change)
    high = 1.0 if change >= 1 else _falling_root(lambda value: score(value) + z, change, 1.0)
    p = mcnemar(before_only, after_only).p
    return Estimate(change, low, high, p, method)


def newcombe_independent(
    count: int, total: int, other_count: int, other_total: int, confidence: float
) -> Estimate:
    """The first share − the other share, of different patients, with Newcombe's hybrid score interval.

    Undefined where a group has nobody. No p: the interval is the answer.
    """
    method = "Newcombe, independent"
    if total == 0 or other_total == 0:
        return Estimate(None, None, None, None, method, ("no_patients: a group has nobody to count",))
    below, above = _reach(count, total, confidence)
    other_below, other_above = _reach(other_count, other_total, confidence)
    difference = count / total - other_count / other_total
    low, high = difference - math.hypot(below, other_above), difference + math.hypot(above, other_below)
    return Estimate(difference, max(-1.0, low), min(1.0, high), None, method)


class PairedProportions(NamedTuple):
    """Who met a condition before and after. The change is share after − share before: negative is fewer."""

    before: Estimate
    after: Estimate
    change: Estimate
    change_tango: Estimate
    crossed: Estimate
    crossed_exact: Estimate


def paired_proportions(before: ArrayLike, after: ArrayLike, confidence: float) -> PairedProportions:
    """Both shares (Wilson), their change (Newcombe; Tango beside it) and McNemar's test of the same patients.

    `before` and `after` are true where the patient meets the condition, one entry per patient with both
    periods, in the same order.
    """
    first: NDArray[np.bool_] = np.asarray(before, dtype=np.bool_)
    second: NDArray[np.bool_] = np.asarray(after, dtype=np.bool_)
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    before_only, after_only = int((first & ~second).sum()), int((~first & second).sum())
    total = both + neither + before_only + after_only
    return PairedProportions(
        share(both + before_only, total, confidence),
        share(both + after_only, total, confidence),
        newcombe_paired(both, before_only, after_only, neither, confidence),
        tango_paired(both, before_only, after_only, neither, confidence),
        mcnemar(before_only, after_only, confidence),
        mcnemar_exact(before_only, after_only, confidence),
    )


def proportions_reaching(
    baseline: Values, followup: Values, least: float, confidence: float
) -> PairedProportions:
    """`paired_proportions` of the patients at or above `least`, such as `CHRONIC_DAYS` or `MEDICATION_DAYS`.

    Values are complete pairs in the unit of `least`. Exactly `least` counts as reaching it, also where
    28·h/n falls short of it by its last digit. Raises PlanError for missing values: a patient without one has
    not failed to reach it.
    """
    if np.isnan(baseline).any() or np.isnan(followup).any():
        raise PlanError("Only patients with both values can be counted: drop the others, and count them.")
    tolerance = 10.0**-TIE_DECIMALS
    first = np.asarray(baseline, dtype=np.float64) >= least - tolerance
    second = np.asarray(followup, dtype=np.float64) >= least - tolerance
    return paired_proportions(first, second, confidence)


def _crossing(improved: int, worsened: int, confidence: float, method: str, weight: float) -> Estimate:
    """`weight` is the part of the probability of the count itself that each tail holds: ½ mid-p, 1 exact."""
    crossed = improved + worsened
    if crossed == 0:
        note = "no_change: nobody crossed the threshold"
        return Estimate(None, None, None, 1.0, method, (note,))
    fewer = min(improved, worsened)
    p = 1.0 if improved == worsened else min(1.0, 2 * _tail(fewer, crossed, 0.5, weight))
    tail = (1 - confidence) / 2
    high = _upper_limit(improved, crossed, tail, weight)
    low = 1 - _upper_limit(worsened, crossed, tail, weight)
    return Estimate(improved / crossed, low, high, p, method)


def _tail(count: int, total: int, chance: float, weight: float) -> float:
    """P(X < count) + weight·P(X = count) for X binomial."""
    upto = float(bdtr(count, total, chance))
    below = float(bdtr(count - 1, total, chance)) if count else 0.0
    return below + weight * (upto - below)


def _upper_limit(count: int, total: int, tail: float, weight: float) -> float:
    if count == total:
        return 1.0
    return _falling_root(lambda chance: _tail(count, total, chance, weight) - tail, count / total, 1.0)


def _falling_root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is 0 between two points, to the last digit, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def _reach(count: int, total: int, confidence: float) -> tuple[float, float]:
    """How far Wilson's interval reaches below and above the proportion."""
    wilson = share(count, total, confidence)
    middle = count / total
    return middle - (wilson.low or 0.0), (1.0 if wilson.high is None else wilson.high) - middle


def _hybrid(first: float, second: float, phi: float) -> float:
    return math.sqrt(max(0.0, first * first + second * second - 2 * phi * first * second))


def _newcombe_correlation(both: int, before_only: int, after_only: int, neither: int) -> float:
    """Correlation of the two periods, shrunk by half a patient where it is positive (Newcombe 1998, method 10)."""
    total = both + before_only + after_only + neither
    margins = (both + before_only) * (both + after_only) * (neither + before_only) * (neither + after_only)
    if margins == 0:
        return 0.0
    product = float(both * neither - before_only * after_only)
    if product > 0:
        product = max(0.0, product - total / 2)
    return product / math.sqrt(margins)


def _tango_score(more: int, fewer: int, total: int, difference: float) -> float:
    """Tango's score statistic of (more − fewer)/total against a difference; it falls in the difference."""
    linear = -more - fewer + (2 * total - more + fewer) * difference
    constant = -fewer * difference * (1 - difference)
    root = math.sqrt(max(0.0, linear * linear - 8 * total * constant))
    chance = (root - linear) / (4 * total)
    variance = total * (2 * chance + difference * (1 - difference))
    distance = more - fewer - total * difference
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)
