"""Arrays in, limits out: the formulas of the control charts. Sources: docs/method.md#control-charts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values

Kind = Literal["xmr", "laney_p", "laney_u", "g", "t"]

#: Mean range of two normal values in standard deviations, as the charts' tables print it (exactly 2/√π).
D2 = 1.128

#: Upper limit of a moving range of two, in mean moving ranges.
D4 = 3.267

#: t chart: days between rare events to the power 1/3.6 are nearly normal (Nelson 1994).
NELSON_POWER = 3.6

#: A mean moving range below this share of the values is rounding and no variation.
_ROUNDING = 1e-12

_NO_NEIGHBOURS = "no_moving_range: no two neighbouring points have values"
_NO_VARIATION = "no_variation: the points that set the limits are all the same, so there are no limits"


@dataclass(frozen=True)
class Limits:
    """Centre line and limits, one per point. NaN where there is none, and `notes` say why."""

    centre: Values
    lower: Values
    upper: Values
    notes: tuple[str, ...] = ()


def xmr_limits(values: Values, first: int, floor: float | None = 0.0) -> Limits:
    """Mean ± 3·(mean moving range)/1.128 of the `first` values that are there, for all points.

    A lower limit below `floor` is raised to it, unless values that set the limits lie below it themselves.
    """
    setting = setting_points(values, first)
    centre = math.fsum(values[setting]) / int(setting.sum())
    mean_range = mean_moving_range(np.where(setting, values, np.nan))
    if not mean_range:
        return no_limits(len(values), _NO_NEIGHBOURS if mean_range is None else _NO_VARIATION, centre)
    half = 3 * mean_range / D2
    low = centre - half
    notes: tuple[str, ...] = ()
    if floor is not None and values[setting].min() < floor:
        notes = (f"no_floor: values below {floor:g} occur, so the lower limit is not held at it",)
    elif floor is not None:
        low = max(floor, low)
    return _level(len(values), centre, low, centre + half, notes)


def laney_limits(counts: Values, totals: Values, first: int, kind: Kind) -> Limits:
    """Centre ± 3·σ_i·σ_z, from the `first` points with a total: σ_z = (mean moving range of z)/1.128.

    z_i = (share_i − centre)/σ_i. σ_i is √(p̄(1 − p̄)/n_i) for `laney_p` and √(ū/n_i) for `laney_u`; the factor
    that tells them apart cancels against σ_z.
    """
    sizes = np.where(totals > 0, totals, np.nan)
    shares = counts / sizes
    setting = setting_points(shares, first)
    centre = math.fsum(counts[setting]) / math.fsum(totals[setting])
    of_one = centre * (1 - centre) if kind == "laney_p" else centre
    if of_one <= 0:
        return no_limits(len(counts), _NO_VARIATION, centre)
    spread = np.sqrt(of_one / sizes)
    mean_range = mean_moving_range(np.where(setting, (shares - centre) / spread, np.nan))
    if not mean_range:
        return no_limits(len(counts), _NO_NEIGHBOURS if mean_range is None else _NO_VARIATION, centre)
    half = 3 * spread * mean_range / D2
    top = 1.0 if kind == "laney_p" else np.inf
    return Limits(
        np.full(len(counts), centre), np.maximum(0.0, centre - half), np.minimum(top, centre + half)
    )


def g_limits(values: Values, first: int) -> Limits:
    """ḡ ± 3·√(ḡ(ḡ + 1)) of the `first` values that are there; the lower limit is 0."""
    setting = setting_points(values, first)
    centre = math.fsum(values[setting]) / int(setting.sum())
    upper = centre + 3 * math.sqrt(centre * (centre + 1))
    note = "lower_limit_0: this chart can show that the event became rarer, not that it became more common"
    return _level(len(values), centre, 0.0, upper, (note,))


def t_limits(values: Values, first: int) -> Limits:
    """XmR limits of days^(1/3.6), turned back into days."""
    found = xmr_limits(values ** (1 / NELSON_POWER), first)
    centre, lower, upper = (line**NELSON_POWER for line in (found.centre, found.lower, found.upper))
    return Limits(centre, lower, upper, found.notes)


def moving_range_limit(values: Values, first: int) -> float:
    """Upper limit of the moving ranges: 3.267 times their mean; NaN where there is none."""
    mean_range = mean_moving_range(np.where(setting_points(values, first), values, np.nan))
    return D4 * mean_range if mean_range else math.nan


def setting_points(values: Values, first: int) -> NDArray[np.bool_]:
    """Which points set the limits: the `first` that have a value."""
    known = ~np.isnan(values)
    chosen: NDArray[np.bool_] = known & (np.cumsum(known) <= first)
    return chosen


def mean_moving_range(values: Values) -> float | None:
    """Mean distance between neighbours that both have a value; 0 where it is no more than rounding."""
    ranges = np.abs(np.diff(values))
    ranges = ranges[~np.isnan(ranges)]
    if not len(ranges):
        return None
    mean = math.fsum(ranges) / len(ranges)
    return mean if mean > _ROUNDING * max(1.0, float(np.nanmax(np.abs(values)))) else 0.0


def no_limits(points: int, note: str, centre: float = math.nan) -> Limits:
    """Points without limits, and why."""
    nothing = np.full(points, np.nan)
    return Limits(np.full(points, centre), nothing, nothing, (note,))


def _level(points: int, centre: float, lower: float, upper: float, notes: tuple[str, ...]) -> Limits:
    return Limits(np.full(points, centre), np.full(points, lower), np.full(points, upper), notes)
