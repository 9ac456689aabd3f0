"""The frames of the topics' figures as they may leave the clinic: hidden cells are NaN, curves have no steps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.reporting.disclosure.rules import ROUND_COUNTS_TO
from outcomes.reporting.disclosure.shown import SafeTable, safe_table
from outcomes.reporting.formatting import rounded

if TYPE_CHECKING:
    from outcomes.reporting.disclosure.profiles import Disclosure

_NAN = float("nan")

#: Days at which a curve may be read; its steps are patients.
CURVE_DAYS = (28, 56, 84, 112, 140, 168, 252, 364)


def frame_to_show(answers: Answers, name: str, disclosure: Disclosure) -> pd.DataFrame | None:
    """The frame of a figure under the rules of a profile that leaves the clinic; None where it may not at all."""
    frame = answers.frames[name]
    made = _MAKERS.get((answers.topic, name))
    return None if made is None or frame.empty else made(frame, disclosure, answers)


def standing_alone(sizes: Mapping[str, int], disclosure: Disclosure) -> set[str]:
    """Of groups that make up everyone those that may be shown, as `Disclosure.apart` does for comparisons."""
    if disclosure.exact or len(sizes) == 1:
        return set(sizes)
    shown = {group: n for group, n in sizes.items() if n >= disclosure.least_for_mean}
    hidden = {group: n for group, n in sizes.items() if group not in shown}
    while shown and hidden and disclosure.is_small(sum(hidden.values())):
        least = min(shown.values())
        hidden |= {group: n for group, n in shown.items() if n == least}
        shown = {group: n for group, n in shown.items() if n != least}
    return set(shown)


def means(frame: pd.DataFrame, disclosure: Disclosure, *columns: str) -> pd.DataFrame:
    """Rows of means over `n` patients: one decimal, hidden below the least number, `n` to the nearest 5."""
    safe = frame.copy()
    hidden = safe["n"].fillna(0) < disclosure.least_for_mean
    for column in columns:
        safe[column] = [_decimals(value, 1) for value in safe[column]]
    safe.loc[hidden, list(columns)] = _NAN
    safe["n"] = [_fives(n, disclosure) for n in safe["n"]]
    return safe


def _share_from_fives(n: float, value: float, disclosure: Disclosure) -> float:
    if value != value or n < disclosure.least_for_mean:
        return _NAN
    count = round(value * n)
    if disclosure.is_small(count) or disclosure.is_small(n - count):
        return _NAN
    of, counted = _fives(n, disclosure), _fives(count, disclosure)
    return float(rounded(min(1.0, counted / of), 2))


def curve(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers | None = None) -> pd.DataFrame:
    """A Kaplan–Meier curve read at set days, never its steps; a day needs enough events since the last one shown."""
    rows = []
    for of, steps in frame.groupby("of", sort=False):
        steps = steps.sort_values("time")
        told = 0.0
        for day in CURVE_DAYS:
            past = steps[steps["time"] <= day]
            if past.empty or steps["time"].max() < day:
                continue
            last, events = past.iloc[-1], float(past["events"].sum())
            left = float(last["at_risk"] - last["events"])
            if disclosure.is_small(events - told) or left < disclosure.least_for_mean:
                continue
            told = events
            bounds = {name: _decimals(last[name], 2) for name in ("survival", "low", "high")}
            rows.append({"of": of, "time": float(day), **bounds})
    return pd.DataFrame(rows, columns=["of", "time", "survival", "low", "high"])


def _at_risk(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers) -> pd.DataFrame:
    safe = frame[frame["time"].isin((0, *CURVE_DAYS))]
    return safe.assign(at_risk=[_fives(n, disclosure) for n in safe["at_risk"]])


def cross(frame: pd.DataFrame, disclosure: Disclosure) -> SafeTable:
    """A table of counts of patients (rows: groups, columns: what they are counted by) as it may be printed.

    Each cell is hidden (NaN) or to the nearest 5. The last row and column, `total of cells shown`, add up what is
    shown: there is no other total.
    """
    safe = frame.map(lambda n: _fives(n, disclosure)).astype("float64")
    if not disclosure.exact:
        safe["total of cells shown"] = safe.sum(axis=1, min_count=1)
        safe.loc["total of cells shown"] = safe.sum(axis=0, min_count=1)
    return safe_table(safe.rename_axis("group").reset_index(), disclosure.profile)


def forest(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers | None = None) -> pd.DataFrame:
    """Groups of each column with their changes: those that stand alone, without p."""
    safe = means(frame, disclosure, "value", "low", "high")
    kept = pd.Series(True, index=frame.index)
    for _, part in frame[frame["by"].notna()].groupby("by", sort=False):
        sizes = Counter(
            {str(group): int(n) for group, n in zip(part["group"], part["n"], strict=True) if n == n}
        )
        alone = standing_alone(sizes, disclosure)
        for at, group in part["group"].items():
            kept.at[at] = str(group) in alone
    # Tests between the groups rest on those that are hidden too.
    safe = safe.assign(**{name: _NAN for name in ("p", "p_adjusted") if name in safe})
    return safe[kept]


def _soreness(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers) -> pd.DataFrame:
    """Days of enough patients who differ; the share with any from rounded counts."""
    shown = frame[(frame["n"] >= disclosure.least_for_mean) & (frame["high"] > frame["low"])]
    any_at_all = [
        _share_from_fives(n, value, disclosure)
        for n, value in zip(shown["n"], shown["share_any"], strict=True)
    ]
    return means(shown, disclosure, "mean", "low", "high").assign(share_any=any_at_all)


def _fives(n: float, disclosure: Disclosure) -> float:
    if disclosure.exact:
        return float(n)
    if n != n or disclosure.is_small(n):
        return _NAN
    return float(ROUND_COUNTS_TO * int(rounded(n / ROUND_COUNTS_TO, 0)))


def _decimals(value: float, decimals: int) -> float:
    return float(rounded(value, decimals)) if value is not None and math.isfinite(value) else _NAN


_Maker = Callable[[pd.DataFrame, "Disclosure", Answers], pd.DataFrame]

#: Frames that may leave the clinic, and how. All others stay: rows of patients, practitioners, events.
_MAKERS: dict[tuple[str, str], _Maker] = {
    ("durability", "curve"): curve,
    ("durability", "at_risk"): _at_risk,
    ("strata", "forest"): forest,
    ("safety", "soreness"): _soreness,
}
