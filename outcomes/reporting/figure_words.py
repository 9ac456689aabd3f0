"""Text alternatives of the topics' figures: what the picture shows, in words, from the frame it is drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

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
