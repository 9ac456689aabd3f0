"""Text alternatives of the topics' figures: what the picture shows, in words, from the frame it is drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from outcomes.reporting.figures_response import NAMED_REDUCTIONS
from outcomes.reporting.figures_safety import small_percent
from outcomes.reporting.formatting import UNDEFINED, interval, number, p_value, percent, percent_interval

_NOTHING = "Nothing to draw."


def _sentence(start: str, parts: Iterable[str]) -> str:
    told = "; ".join(part for part in parts if part)
    return f"{start}: {told}." if told else _NOTHING


def _bounds(row: pd.Series) -> str:
    """` (−4.4 to −1.8)`, or nothing where there is no interval."""
    found = interval(_known(row["low"]), _known(row["high"]))
    return "" if found == UNDEFINED else f" ({found})"


def _share(row: pd.Series) -> str:
    found = percent_interval(_known(row["low"]), _known(row["high"]))
    return percent(float(row["share"])) + ("" if found == UNDEFINED else f" ({found})")


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(float(value)) else None


def _people(count: float) -> str:
    return f"n {count:,.0f}" if math.isfinite(float(count)) else "n not shown"


def _words(code: object) -> str:
    return str(code).replace("_", " ")


def staircase_words(frame: pd.DataFrame, expected: pd.DataFrame | None = None) -> str:
    """The shares at the reductions that people name."""
    rows = frame[frame["reduction"].isin(NAMED_REDUCTIONS) & frame["share"].notna()]
    told = []
    for _, row in rows.sort_values("reduction").iterrows():
        words = f"{row['reduction']:g}%: {_share(row)}"
        if expected is not None:
            alone = expected.loc[expected["reduction"] == row["reduction"], "share"].dropna()
            words += f", expected {percent(float(alone.iloc[0]))}" if len(alone) else ""
        told.append(words)
    return _sentence("Share of patients whose headache days fell by at least", told)


def periods_words(frame: pd.DataFrame) -> str:
    """The share of responders in each period of 28 days."""
    told = [
        f"weeks {4 * row['period'] + 1:.0f} to {4 * row['period'] + 4:.0f}: "
        + (f"{_share(row)}, {_people(row['n'])}" if math.isfinite(row["share"]) else "not shown")
        for _, row in frame.sort_values("period").iterrows()
    ]
    return _sentence("Share of patients with a response in each 28 days", told)


def survival_words(
    frame: pd.DataFrame, at_risk: pd.DataFrame, names: Mapping[str, str] | None = None, unit: str = "days"
) -> str:
    """Where each curve begins and ends, and with how many at risk."""
    told = []
    for kind, rows in frame[frame["survival"].notna()].groupby("of", sort=False):
        last = rows.sort_values("time").iloc[-1].rename({"survival": "share"})
        counts = at_risk[at_risk["of"] == kind].sort_values("time")["at_risk"]
        risk = (
            f", {counts.iloc[0]:,.0f} at risk at first and {counts.iloc[-1]:,.0f} last" if len(counts) else ""
        )
        name = (names or {}).get(str(kind), f"without {_words(kind)}").removesuffix(" (%)")
        told.append(f"{name}, {_share(last)} at {last['time']:g} {unit}{risk}")
    return _sentence("Kaplan–Meier curves with intervals", told)


def flows_words(frame: pd.DataFrame, by: str, names: Mapping[str, str] | None = None) -> str:
    """Every flow of anybody, by state or instrument."""
    told = []
    for kind, rows in frame[frame["n"] > 0].groupby(by, sort=False):
        parts = [f"{_words(row.before)} to {_words(row.after)} {row.n:,.0f}" for row in rows.itertuples()]
        told.append(f"{(names or {}).get(str(kind), _words(kind))}, {', '.join(parts)}")
    return _sentence("Patients before and after", told)


def dose_words(frame: pd.DataFrame, ylabel: str) -> str:
    """The change at each planned dose, as an association."""
    told = [
        f"{row['planned_sessions']} {number(_known(row['value']))}{_bounds(row)}, {_people(row['n'])}"
        for _, row in frame.iterrows()
    ]
    start = f"{ylabel[:1].upper()}{ylabel[1:]} by planned sessions, an association only"
    return _sentence(start, told if frame["value"].notna().any() else ())


def within_session_words(frame: pd.DataFrame) -> str:
    """The first and the last session number, since those between are many."""
    rows = frame[frame["change"].notna()].sort_values("session_number")
    told = [
        f"session {row['session_number']:g}, {number(row['before'])} before and {number(row['after'])} after, "
        f"change {number(row['change'])}{_bounds(row)}, {_people(row['n'])}"
        for _, row in (rows.iloc[[0, -1]] if len(rows) > 1 else rows).iterrows()
    ]
    between = f" ({len(rows)} session numbers are drawn)" if len(rows) > 2 else ""
    return _sentence(f"Mean pain (0–10) within a session, immediate and uncontrolled{between}", told)


def events_words(frame: pd.DataFrame) -> str:
    """Every grade with its counts; where none was seen, the upper limit."""
    told = []
    for _, row in frame.iterrows():
        if not float(row["of"]) > 0:
            told.append(f"{_words(row['grade'])}, no {row['unit']} was asked about")
        elif row["count"] == 0:
            limit = f", at most {small_percent(row['high'])}" if math.isfinite(row["high"]) else ""
            told.append(f"{_words(row['grade'])}, none of {row['of']:,.0f} {row['unit']}s{limit}")
        else:
            share = (
                f"{small_percent(row['share'])} ({small_percent(row['low'])} to {small_percent(row['high'])})"
            )
            told.append(
                f"{_words(row['grade'])}, {row['count']:,.0f} of {row['of']:,.0f} {row['unit']}s, {share}"
            )
    return _sentence("Adverse events of those asked, with exact intervals", told)


def soreness_words(frame: pd.DataFrame) -> str:
    """Mean soreness and the share with any on each day."""
    told = [
        f"day {row['day']:g}, mean {number(row['mean'])}{_bounds(row)}, {percent(row['share_any'])} sore at all"
        for _, row in frame[frame["mean"].notna()].sort_values("day").iterrows()
    ]
    return _sentence("Soreness (0–10) after a session", told)


def funnel_words(frame: pd.DataFrame, ylabel: str) -> str:
    """How many are drawn and who lies beyond the outer limits; no order, no ranks."""
    told = []
    for kind, rows in frame.groupby("by", sort=False):
        outside = rows.loc[rows["outside"].fillna(False).astype(bool), "name"]
        beyond = (
            f"beyond the outer limits {', '.join(map(str, outside))}"
            if len(outside)
            else "none beyond the limits"
        )
        told.append(
            f"{len(rows)} by {_words(kind)}, {rows['n'].min():,.0f} to {rows['n'].max():,.0f} patients, {beyond}"
        )
    return _sentence(f"Funnel of the {ylabel} over the number of patients", told)


def forest_words(frame: pd.DataFrame, xlabel: str) -> str:
    """Every group with its change, and p for heterogeneity of each characteristic."""
    told = []
    for by, rows in frame.groupby(frame["by"].fillna("all"), sort=False):
        groups = [
            f"{_words(row['group'])} {number(_known(row['value']))}{_bounds(row)}, {_people(row['n'])}"
            for _, row in rows.iterrows()
        ]
        known = rows["p"].dropna()
        p = f", heterogeneity p {p_value(float(known.iloc[0]))}" if len(known) else ""
        told.append(f"{_words(by)}{p}: {', '.join(groups)}" if by != "all" else ", ".join(groups))
    return _sentence(f"{xlabel[:1].upper()}{xlabel[1:]} by group, exploratory", told)


def calendar_words(days: pd.DataFrame, sessions: int) -> str:
    """How many days of each state the calendar shows."""
    if days.empty:
        return _NOTHING
    counts = days["state"].value_counts()
    told = ", ".join(
        f"{state} {counts.get(state, 0)}" for state in ("headache", "no headache", "not recorded")
    )
    first, last = (number(float(day), 0) for day in (days["relative_day"].min(), days["relative_day"].max()))
    return f"Calendar of {len(days)} days from day {first} to day {last}, with {sessions} sessions: {told}."


def patient_weeks_words(weeks: pd.DataFrame) -> str:
    """The weeks that have a value, and the range of it."""
    known = weeks["value"].dropna()
    if known.empty:
        return _NOTHING
    return (
        f"Headache days per 7 by week: {len(known)} of {len(weeks)} weeks have a value, from "
        f"{number(known.min())} to {number(known.max())}."
    )
