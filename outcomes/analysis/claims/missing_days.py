"""What the days that nobody recorded could hold: before and after of each patient under every reading of rule 3.

One window at a time is read otherwise, the other as recorded: what makes a false change is that days are missing
otherwise after than before. Definitions and why: docs/claims.md#missing-days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.endpoints import COUNTED_OUT_OF
from outcomes.analysis.estimates import Values
from outcomes.analysis.missing_diaries.started import Window
from outcomes.claims.rules import MISSING_ODDS
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

Pair = tuple[Values, Values]

#: Where each reading finds the one that moves the change the other way: the readings stand in pairs.
OPPOSITE = (1, 0, 3, 2)


@dataclass(frozen=True, eq=False)
class MissingDays:
    """(before, after) of each patient analysed, in this order: missing days of the follow-up worse than its recorded
    ones, better; missing days of the baseline better, worse. So an even place is against the claim.

    `by_odds`: the odds of headache are `MISSING_ODDS` times those of the window's recorded days, or a `MISSING_ODDS`th.
    `bounds`: every missing day has headache, or none. `unknown`: days are missing that cannot be read so; then both
    are empty, as where nothing can be missing.
    """

    by_odds: tuple[Pair, ...] = ()
    bounds: tuple[Pair, ...] = ()
    unknown: bool = False

    def named(self) -> list[tuple[str, Pair]]:
        """Of either kind the reading that is most against the claim and the one most for it, by name.

        Days counted here are such that fewer are better.
        """
        found: list[tuple[str, Pair]] = []
        for kind, pairs in (("by_odds", self.by_odds), ("bounds", self.bounds)):
            ordered = sorted(pairs, key=_mean_change)
            found += (
                [(f"missing_{kind}_worst", ordered[-1]), (f"missing_{kind}_best", ordered[0])]
                if ordered
                else []
            )
        return found


def _mean_change(pair: Pair) -> float:
    before, after = pair
    return float(np.mean(after - before)) if len(after) else 0.0


def counted_out_of(endpoint: Endpoint) -> str:
    """The column of `measure_endpoints` that holds the days out of which an endpoint is counted."""
    return COUNTED_OUT_OF.get(endpoint.name, "recorded_days")


def missing_days(
    recorded: pd.DataFrame, endpoint: Endpoint, pairs: pd.DataFrame, plan: AnalysisPlan
) -> MissingDays:
    """The readings of a diary endpoint, for the patients of `pairs`; both frames have `baseline` and `followup` by
    patient, `recorded` the days of `counted_out_of`.

    Days that are counted have readings: each missing one may be such a day, or not (for means over headache days:
    `missing_values`). Of what is worked out from several answers nobody knows how far a missing day could move it; only
    where every day is recorded is nothing missing.
    """
    lengths = {"baseline": plan.baseline_days, "followup": plan.followup_days}
    here = recorded.reindex(pairs.index)
    known = {name: here[name].to_numpy(np.float64) for name in lengths}
    if endpoint.name not in COUNTED_OUT_OF:
        return MissingDays(unknown=bool(_is_short(known["followup"], lengths["followup"])))
    if any(np.isnan(days).any() for days in known.values()):
        return MissingDays(unknown=True)
    before, after = (
        _window(pairs[name].to_numpy(np.float64), known[name], lengths[name])
        for name in ("baseline", "followup")
    )
    return readings(before, after)


def readings(before: Window, after: Window) -> MissingDays:
    """What the missing days of two windows could hold."""
    return MissingDays(
        by_odds=_one_at_a_time(
            before, after, lambda window, worse: at_odds(window, MISSING_ODDS, worse=worse)
        ),
        bounds=_one_at_a_time(before, after, lambda window, worse: window.level_if_missing(worse)),
    )


@dataclass(frozen=True)
class Scale:
    """An endpoint that is a mean over headache days, of a value from 0 to `top`; `known` is the column of `windows`
    with the headache days of which the value is known."""

    top: float
    known: str


SCALED: dict[str, Scale] = {
    "intensity_on_headache_days": Scale(10.0, "intensity_days"),
    "hours_on_headache_days": Scale(24.0, "duration_days"),
}


@dataclass(frozen=True, eq=False)
class ValuedDays:
    """One window: `level`, the mean over the `known` headache days, and the days of the window."""

    level: Values
    known: Values
    days: Window

    def if_missing(self, top: float, worse: bool, odds: float | None) -> Values:
        """The mean with the missing days: headache days of the greatest value, or of 0; with `odds`, with headache at
        so many times the odds, and of a value that lies on its scale at so many times the odds, or a part of them."""
        extra = self.days.missing.astype(np.float64)
        share = np.clip(self.level / top, 1e-6, 1 - 1e-6)
        value = np.full(len(self.level), top if worse else 0.0)
        if odds is not None:
            headache = at_odds(self.days, odds, worse=True) * self.days.days / DAYS_PER_PERIOD
            extra = headache - self.days.headache
            shifted = share / (1 - share) * (odds if worse else 1 / odds)
            value = top * shifted / (1 + shifted)
        # Headache days without a value had one, which nobody wrote down.
        extra = extra + np.maximum(0.0, self.days.headache - self.known)
        return (self.level * self.known + value * extra) / (self.known + extra)


def valued_readings(before: ValuedDays, after: ValuedDays, top: float) -> MissingDays:
    """What missing days and missing values of two windows could hold, for a mean over headache days."""

    def both(odds: float | None) -> tuple[Pair, ...]:
        return (
            (before.level, after.if_missing(top, True, odds)),
            (before.level, after.if_missing(top, False, odds)),
            (before.if_missing(top, False, odds), after.level),
            (before.if_missing(top, True, odds), after.level),
        )

    return MissingDays(by_odds=both(MISSING_ODDS), bounds=both(None))


def missing_values(
    windows: pd.DataFrame, endpoint: Endpoint, pairs: pd.DataFrame, plan: AnalysisPlan
) -> MissingDays:
    """`missing_days` for an endpoint of SCALED. `windows`: one row per patient and period with `recorded_days`,
    `headache_days` and the days of which the value is known."""
    scale = SCALED[endpoint.name]
    found = []
    for name, length in (("baseline", plan.baseline_days), ("followup", plan.followup_days)):
        rows = windows[windows["period"] == name].set_index("patient_id").reindex(pairs.index)
        counts = rows[["recorded_days", "headache_days"]].fillna(0).to_numpy(np.int64)
        days = Window(length, counts[:, 0], counts[:, 1])
        known = rows[scale.known].fillna(0).to_numpy(np.float64)
        found.append(ValuedDays(pairs[name].to_numpy(np.float64), known, days))
    return valued_readings(found[0], found[1], scale.top)


def at_odds(window: Window, odds: float, *, worse: bool) -> Values:
    """Headache days per 28 with the missing days at `odds` times the odds of the recorded ones, or at 1/`odds`.

    Half a day is added to either kind of recorded day, so that nobody's chance is 0 or 1.
    """
    recorded = (window.headache + 0.5) / (window.recorded - window.headache + 0.5)
    missing = recorded * odds if worse else recorded / odds
    return DAYS_PER_PERIOD * (window.headache + window.missing * missing / (1 + missing)) / window.days


def _one_at_a_time(before: Window, after: Window, read: Callable[[Window, bool], Values]) -> tuple[Pair, ...]:
    return (
        (before.level, read(after, True)),
        (before.level, read(after, False)),
        (read(before, False), after.level),
        (read(before, True), after.level),
    )


def _is_short(known: Values, days: int) -> bool:
    return bool(np.isnan(known).any() or (known < days).any())


def _window(level: Values, known: Values, days: int) -> Window:
    return Window(days, known.astype(np.int64), np.round(level * known / DAYS_PER_PERIOD).astype(np.int64))
