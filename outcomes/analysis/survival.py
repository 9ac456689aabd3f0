"""How long a response lasts: Kaplan–Meier, restricted mean, and what the width of the windows does to them.

Time runs from the response, in days. The end of a diary is the end of observation, not a relapse; where
patients stop because they are better or worse, the censoring says something about the outcome, and nothing
here can repair that. Formulas and sources: docs/method.md#survival.
R values: tests/reference/test_survival_and_planning_against_r.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from outcomes.analysis.estimates import TIE_DECIMALS, Estimate, Values
from outcomes.errors import PlanError


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """The survival curve: one entry per distinct time at which anyone had the event or left observation.

    `survival` is the share without the event just after the time; `greenwood` is Greenwood's sum
    Σ d/(Y(Y − d)) up to it, infinite once the curve is at 0. `n` patients, `n_events` of them with the event;
    `n_left_out` had no time, a time below 0, or no word on how it ended.
    """

    time: Values
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    survival: Values
    greenwood: Values
    n: int
    n_events: int
    n_left_out: int
    confidence: float

    def at(self, time: float) -> Estimate:
        """Share without the event at a time, with the log-log interval.

        No interval where the curve is still 1 or has come to 0. Undefined beyond the last time observed,
        unless the curve is at 0 by then.
        """
        method = "Kaplan–Meier, log-log interval"
        if self.n == 0:
            return Estimate(None, None, None, None, method, ("no_patients: nobody was observed",))
        place = int(np.searchsorted(self.time, time + 10.0**-TIE_DECIMALS, side="right")) - 1
        survival = 1.0 if place < 0 else float(self.survival[place])
        if time > self.time[-1] + 10.0**-TIE_DECIMALS and survival > 0:
            note = f"beyond_observation: nobody was observed beyond day {self.time[-1]:g}"
            return Estimate(None, None, None, None, method, (note,))
        if survival in (0.0, 1.0):
            which = "nobody had the event yet" if survival else "everyone had the event"
            return Estimate(survival, None, None, None, method, (f"no_interval: {which}",))
        low, high = self._log_log(survival, float(self.greenwood[place]))
        return Estimate(survival, low, high, None, method)

    def quantile(self, share: float = 0.5) -> Estimate:
        """The time by which `share` of the patients had the event, with the limits of the log-log interval.

        The first time at which the curve is at or below 1 − `share`; where it runs along that height, the
        middle of the stretch, which ends at the latest with the last time observed. Undefined where the curve
        never comes so low; there may be a lower limit all the same. No p. Raises PlanError unless 0 < share < 1.
        """
        if not 0 < share < 1:
            raise PlanError("share must lie above 0 and below 1.")
        name = "median" if share == 0.5 else f"{share:g} quantile"
        method = f"Kaplan–Meier {name}, log-log interval"
        height = 1 - share
        value = _crossing_time(self.time, self.survival, height)
        limits = [self._log_log(*pair) for pair in zip(self.survival, self.greenwood, strict=True)]
        low = _crossing_time(self.time, np.array([pair[0] for pair in limits]), height)
        if value is None:
            note = f"not_reached: the curve does not come down to {height:g}"
            return Estimate(None, low, None, None, method, (note,))
        high = _crossing_time(self.time, np.array([pair[1] for pair in limits]), height)
        notes = () if high is not None else ("no_upper_limit: the upper limit does not come so low",)
        return Estimate(value, low, high, None, method, notes)

    @property
    def median(self) -> Estimate:
        """The time by which half of the patients had the event."""
        return self.quantile(0.5)

    def to_frame(self) -> pd.DataFrame:
        """One row per time: patients at risk, events, survival, its standard error and log-log limits.

        The standard error and the limits are NaN where the curve is 1 or 0.
        """
        inside = (self.survival > 0) & (self.survival < 1)
        error = np.full(len(self.time), np.nan)
        error[inside] = self.survival[inside] * np.sqrt(self.greenwood[inside])
        limits = [self._log_log(*pair) for pair in zip(self.survival, self.greenwood, strict=True)]
        return pd.DataFrame(
            {
                "time": self.time,
                "at_risk": self.at_risk,
                "events": self.events,
                "survival": self.survival,
                "standard_error": error,
                "low": [pair[0] for pair in limits],
                "high": [pair[1] for pair in limits],
            }
        )

    def _log_log(self, survival: float, greenwood: float) -> tuple[float, float]:
        """S^exp(±z·√Greenwood / ln S): it stays within 0 and 1 without being cut off."""
        if not 0 < survival < 1:
            return math.nan, math.nan
        reach = float(ndtri(0.5 + self.confidence / 2)) * math.sqrt(greenwood) / math.log(survival)
        return survival ** math.exp(-reach), survival ** math.exp(reach)


def kaplan_meier(time: ArrayLike, event: ArrayLike, confidence: float) -> KaplanMeier:
    """The share without the event over time, from times to the event or to the end of observation.

    `time` in days, 0 or more; `event` true where the time ends with the event. Who leaves at the very time of
    an event was still at risk. Missing or negative times, and times whose end is missing, are left out and counted.
    """
    given: Values = np.asarray(time, dtype=np.float64)
    times = given.round(TIE_DECIMALS)
    ended: Values = np.asarray(event, dtype=np.float64)
    usable = np.isfinite(times) & (times >= 0) & ~np.isnan(ended)
    times, happened = times[usable], ended[usable] != 0
    distinct, place = np.unique(times, return_inverse=True)
    leaving = np.bincount(place, minlength=len(distinct))
    events = np.bincount(place[happened], minlength=len(distinct))
    at_risk = len(times) - np.concatenate([[0], np.cumsum(leaving)[:-1]])[: len(distinct)]
    survival = np.cumprod(1 - events / np.maximum(at_risk, 1))
    with np.errstate(divide="ignore"):
        terms = np.where(events > 0, events / (at_risk * (at_risk - events).astype(np.float64)), 0.0)
    return KaplanMeier(
        time=distinct,
        at_risk=at_risk.astype(np.int64),
        events=events.astype(np.int64),
        survival=survival,
        greenwood=np.cumsum(terms),
        n=len(times),
        n_events=int(happened.sum()),
        n_left_out=int((~usable).sum()),
        confidence=confidence,
    )


def restricted_mean(time: ArrayLike, event: ArrayLike, tau: float, confidence: float) -> Estimate:
    """Mean time without the event within the first `tau` days: the area under the curve up to `tau`.

    The variance is Σ A²·d/(Y(Y − d)) over the event times, A the area that is left from there to `tau`; the
    interval is normal and kept within 0 and `tau`. `tau` is to be set beforehand, and not beyond the last day
    observed: there the area is undefined, unless the curve is at 0 by then. Raises PlanError unless tau > 0.
    """
    if not tau > 0:
        raise PlanError("tau must be above 0 days.")
    method = f"restricted mean to day {tau:g}, Greenwood"
    curve = kaplan_meier(time, event, confidence)
    if curve.n == 0:
        return Estimate(None, None, None, None, method, ("no_patients: nobody was observed",))
    if tau > curve.time[-1] and curve.survival[-1] > 0:
        note = f"beyond_observation: nobody was observed beyond day {curve.time[-1]:g}"
        return Estimate(None, None, None, None, method, (note,))
    steps, areas = _areas(curve, tau)
    value = math.fsum(areas)
    left = np.cumsum(areas[::-1])[::-1][1:]
    terms = np.diff(np.concatenate([[0.0], curve.greenwood[:steps]]))
    # Where everyone at risk had the event the term is infinite and no area is left: together they add nothing.
    error = math.sqrt(math.fsum((left[left > 0] ** 2 * terms[left > 0]).tolist()))
    if error == 0:
        note = "no_interval: no event before the end, or nothing after it"
        return Estimate(value, None, None, None, method, (note,))
    half = float(ndtri(0.5 + confidence / 2)) * error
    return Estimate(value, max(0.0, value - half), min(tau, value + half), None, method)


def _areas(curve: KaplanMeier, tau: float) -> tuple[int, list[float]]:
    """How many times lie before `tau`, and the area under the curve before the first and after each of them."""
    steps = int(np.searchsorted(curve.time, tau, side="left"))
    edges = np.concatenate([[0.0], curve.time[:steps], [tau]])
    heights = np.concatenate([[1.0], curve.survival[:steps]])
    areas: list[float] = (np.diff(edges) * heights).tolist()
    return steps, areas


def _crossing_time(time: Values, curve: Values, height: float) -> float | None:
    """The first time at which a falling curve is at or below a height; the middle where it runs along it.

    Where it never falls from that height, it runs along it to the last time.
    """
    tolerance = 1e-12
    below = np.flatnonzero(curve <= height + tolerance)
    if not len(below):
        return None
    first = int(below[0])
    if abs(curve[first] - height) > tolerance:
        return float(time[first])
    lower = np.flatnonzero(curve < height - tolerance)
    return float(time[first] + time[int(lower[0]) if len(lower) else -1]) / 2
