"""Control charts: which months differ from the others by more than months here usually do.

A point outside its limits is a month to look into; the chart does not say why. The limits rest on the first 12
points of a phase and then stay; a new phase begins only on a date, with a reason. A monthly mean over patients
also moves with who is in it: chart new and ongoing patients apart. Sources: docs/method.md#control-charts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analysis.control_limits import (
    Kind,
    Limits,
    g_limits,
    laney_limits,
    moving_range_limit,
    no_limits,
    t_limits,
    xmr_limits,
)
from outcomes.analysis.estimates import Values
from outcomes.errors import PlanError

#: Points that set the limits of a phase; a phase with fewer has points and no limits.
LIMIT_POINTS = 12

Points = pd.Series | Sequence[float]


@dataclass(frozen=True)
class Rebase:
    """A new phase: the limits are set anew from this date on, for a reason that anybody can read."""

    at: dt.date
    reason: str


@dataclass(frozen=True)
class ControlChart:
    """One control chart, and the phases it has been cut into.

    `points` has one row per point, in the order of time: `at` (date; 1, 2 … where the points have no dates),
    `value`, `count` and `total` (NaN where the chart has none), `centre`, `lower`, `upper`, `outside` (NA without
    value or limits; a point on its limit is within) and `phase` (1, 2 …); XmR also `moving_range`,
    `moving_range_upper`, `moving_range_outside`. `floor` is the least value there can be, None for no such value.
    """

    kind: Kind
    points: pd.DataFrame = field(compare=False)
    rebases: tuple[Rebase, ...]
    limit_points: int
    floor: float | None
    notes: tuple[str, ...]

    def rebase(self, *, at: dt.date | str, reason: str) -> ControlChart:
        """The same chart with a new phase from this date on; its own first 12 points set its limits.

        Limits that are moved to where they please show nothing, so the reason stays in the chart. Raises
        PlanError for anything but a date and a reason, for points without dates, and for a date that does not
        leave points on both sides.
        """
        new = Rebase(_date(at), _reason(reason))
        if not _dated(self.points):
            raise PlanError("These points have no dates, and limits are set anew only by date.")
        dates = self.points["at"].dt.date
        if not (dates < new.at).any() or not (dates >= new.at).any():
            raise PlanError(f"The chart has no points on both sides of {new.at.isoformat()}.")
        if any(old.at == new.at for old in self.rebases):
            raise PlanError(f"The limits are already set anew on {new.at.isoformat()}.")
        rebases = tuple(sorted((*self.rebases, new), key=lambda item: item.at))
        return _chart(self.kind, self.points, rebases, self.limit_points, self.floor)

    @property
    def outside(self) -> pd.DataFrame:
        """The points beyond a limit."""
        return self.points[self.points["outside"].fillna(False).astype(bool)]

    def to_frame(self) -> pd.DataFrame:
        """One row per point."""
        return self.points.copy()


def xmr(points: Points, *, limit_points: int = LIMIT_POINTS, floor: float | None = 0.0) -> ControlChart:
    """Single values with moving ranges (XmR): mean ± 3·(mean moving range)/1.128.

    The index of a Series gives the dates (dates, months, or texts such as 2026-01-31 or 2026-01) and is put in
    order; a plain sequence is in the order of time. NaN is a month without a value, and no moving range reaches
    across it. A lower limit below `floor` is raised to it; None for values that may be negative, such as changes.
    Raises PlanError for an index that is neither dates nor numbers, and for fewer than 12 `limit_points`.
    """
    return _chart("xmr", _table(points), (), limit_points, floor)


def laney_p(counts: Points, totals: Points, *, limit_points: int = LIMIT_POINTS) -> ControlChart:
    """Laney's p′ chart of shares: limits widened by how much the months vary beyond chance; from 0 to 1.

    `counts` out of `totals`, on the same dates. A month without a total, or with more counted than there are, is
    a point without a value. Raises PlanError as `xmr`, and where the two are not on the same dates.
    """
    return _chart("laney_p", _table(counts, totals, most=1.0), (), limit_points, 0.0)


def laney_u(counts: Points, totals: Points, *, limit_points: int = LIMIT_POINTS) -> ControlChart:
    """Laney's u′ chart of events per unit, such as per session: as p′, without an upper end.

    Of the same numbers both charts have the same limits up to 1: what p′ and u′ take for the spread of one event
    cancels against the spread between the months.
    """
    return _chart("laney_u", _table(counts, totals), (), limit_points, 0.0)


def g_chart(points: Points, *, limit_points: int = LIMIT_POINTS) -> ControlChart:
    """g chart of a rare event (Benneyan 2001): sessions between one and the next, ḡ ± 3·√(ḡ(ḡ + 1)).

    The lower limit is 0: the chart can show that the event became rarer, not that it became more common.
    """
    return _chart("g", _table(points, least=0.0), (), limit_points, 0.0)


def t_chart(points: Points, *, limit_points: int = LIMIT_POINTS) -> ControlChart:
    """t chart of a rare event (Nelson 1994): days between one and the next, as XmR of days^(1/3.6).

    `days_between` makes the points from the events' dates. Centre and limits are in days.
    """
    return _chart("t", _table(points, least=0.0), (), limit_points, 0.0)


def days_between(dates: Iterable[dt.date | str]) -> pd.Series:
    """Days from each event to the next, dated by the later one. Two events on one day are 0 days apart."""
    ordered = sorted(_date(item) for item in dates)
    gaps = [(later - earlier).days for earlier, later in pairwise(ordered)]
    return pd.Series(gaps, index=pd.DatetimeIndex(ordered[1:]), dtype="float64")


def _chart(
    kind: Kind, table: pd.DataFrame, rebases: tuple[Rebase, ...], limit_points: int, floor: float | None
) -> ControlChart:
    if limit_points < LIMIT_POINTS:
        raise PlanError(f"limit_points must be {LIMIT_POINTS} or more: fewer points set no limits.")
    points = table[["at", "value", "count", "total"]].assign(phase=_phases(table, rebases))
    parts, notes = [], []
    # A chart without points still has its columns.
    for phase in sorted(set(points["phase"])) or [1]:
        rows = points[points["phase"] == phase]
        limits = _limits(kind, rows, limit_points, floor)
        notes += [f"phase {phase}: {note}" if rebases else note for note in limits.notes]
        parts.append(_with_limits(kind, rows, limits, limit_points))
    if missing := int(points["value"].isna().sum()):
        notes.append(f"{missing} points without a value")
    if kind in ("xmr", "laney_p", "laney_u") and (same := int(points["at"].duplicated().sum())):
        notes.append(f"same_date: {same} points on a date that has one already, in the order of their values")
    whole = pd.concat(parts, ignore_index=True)
    return ControlChart(kind, whole, rebases, limit_points, floor, tuple(notes))


def _limits(kind: Kind, points: pd.DataFrame, limit_points: int, floor: float | None) -> Limits:
    values = points["value"].to_numpy(np.float64)
    known = int((~np.isnan(values)).sum())
    if known < limit_points:
        note = f"too_few_points: {known} of the {limit_points} that set limits, so points without limits"
        return no_limits(len(values), note)
    if kind in ("laney_p", "laney_u"):
        # A month whose numbers cannot be has no value, and must not count by them either.
        usable = np.where(np.isnan(values), np.nan, points["total"].to_numpy(np.float64))
        return laney_limits(points["count"].to_numpy(np.float64), usable, limit_points, kind)
    if kind == "g":
        return g_limits(values, limit_points)
    if kind == "t":
        return t_limits(values, limit_points)
    return xmr_limits(values, limit_points, floor)


def _with_limits(kind: Kind, points: pd.DataFrame, limits: Limits, limit_points: int) -> pd.DataFrame:
    values = points["value"].to_numpy(np.float64)
    rows = points.drop(columns="phase").assign(centre=limits.centre, lower=limits.lower, upper=limits.upper)
    rows["outside"] = _beyond(values, limits.lower, limits.upper)
    rows["phase"] = points["phase"]
    if kind == "xmr":
        # A new phase begins without a range: the step into it is what the rebase says.
        ranges = np.abs(np.diff(values, prepend=np.nan))
        top = np.nan if np.isnan(limits.upper).all() else moving_range_limit(values, limit_points)
        rows["moving_range"], rows["moving_range_upper"] = ranges, top
        rows["moving_range_outside"] = _beyond(ranges, np.zeros(len(ranges)), np.full(len(ranges), top))
    return rows


def _beyond(values: Values, lower: Values, upper: Values) -> Any:
    """Whether each value is beyond a limit, rounding apart; NA where it cannot be told."""
    slack = 1e-9 * np.maximum(1.0, np.abs(values))
    beyond = (values < lower - slack) | (values > upper + slack)
    return pd.arrays.BooleanArray(beyond, np.isnan(values) | np.isnan(upper))


def _phases(points: pd.DataFrame, rebases: tuple[Rebase, ...]) -> Any:
    if not rebases:
        return np.ones(len(points), dtype=np.int64)
    dates = points["at"].dt.date
    return 1 + sum((dates >= item.at).astype("int64") for item in rebases)


def _table(
    given: Points, totals: Points | None = None, *, least: float | None = None, most: float | None = None
) -> pd.DataFrame:
    """`at`, `value`, `count`, `total` in the order of time. Values that cannot be are no values."""
    numbers = _numbers(given)
    table = pd.DataFrame(
        {"at": _times(given, len(numbers)), "value": numbers, "count": np.nan, "total": np.nan}
    )
    if totals is not None:
        of = _numbers(totals)
        same_dates = not isinstance(totals, pd.Series) or list(_times(totals, len(of))) == list(table["at"])
        if len(of) != len(numbers) or not same_dates:
            raise PlanError("Counts and totals must be on the same dates, in the same order.")
        possible = (of > 0) & (numbers >= 0)
        table["count"], table["total"] = numbers, of
        table["value"] = np.divide(numbers, of, out=np.full(len(of), np.nan), where=possible)
    low, high = -np.inf if least is None else least, np.inf if most is None else most
    table["value"] = table["value"].where(table["value"].between(low, high))
    return table.sort_values(["at", "value"], kind="stable", ignore_index=True)


def _numbers(given: Points) -> Values:
    numbers = np.array(given, dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _times(given: Points, points: int) -> Any:
    """When each point is: its date where the index holds dates, else its number."""
    if not isinstance(given, pd.Series) or pd.api.types.is_numeric_dtype(given.index.dtype):
        return np.arange(1, points + 1)
    if isinstance(given.index, pd.PeriodIndex):
        return given.index.to_timestamp()
    if isinstance(given.index, pd.DatetimeIndex):
        return given.index.tz_localize(None).normalize()
    months = [
        f"{item}-01" if isinstance(item, str) and len(item) == len("2026-01") else item
        for item in given.index
    ]
    return pd.DatetimeIndex([_date(item) for item in months])


def _dated(points: pd.DataFrame) -> bool:
    return pd.api.types.is_datetime64_any_dtype(points["at"].dtype)


def _date(value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise PlanError(
            "Write a date as YYYY-MM-DD: limits are set anew, and points dated, only by date."
        ) from None


def _reason(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PlanError("Limits are set anew only with a reason, such as 'new diary since March'.")
    return value.strip()
