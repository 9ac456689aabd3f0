"""The part of the safety question that lies in the days after a session: soreness, and the change without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.answers import statistic_of
from outcomes.analysis.estimates import AT_LEAST_ZERO, Estimate, mean_interval, paired_change
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import clopper_pearson
from outcomes.analysis.results import Statistic
from outcomes.analysis.session_soreness import (
    COURSE_COLUMNS,
    headache_pairs,
    soreness_course,
    soreness_days,
)
from outcomes.errors import PlanError

#: Soreness is expected to be gone within so many hours.
SORENESS_HOURS = 72

_SELECTED = "as_written: days without a soreness written down are not days without soreness, and are left out"


def days_after(
    periods: Periods, sessions: pd.DataFrame
) -> tuple[pd.DataFrame, list[Statistic], tuple[str, ...]]:
    """(course by day, statistics, notes). `sessions` comes from `outcomes.analysis.adverse_events`."""
    course, notes = _course(periods)
    statistics = [*_by_day(periods, sessions, course), *_told_at_sessions(periods, sessions)]
    return course, [*statistics, *_without_session_days(periods)], notes


def _course(periods: Periods) -> tuple[pd.DataFrame, tuple[str, ...]]:
    try:
        days = soreness_days(periods)
    except PlanError as error:
        return pd.DataFrame(columns=list(COURSE_COLUMNS)), (f"no_soreness: {error}",)
    return soreness_course(days, periods.plan.confidence), ()


def _by_day(periods: Periods, sessions: pd.DataFrame, course: pd.DataFrame) -> list[Statistic]:
    """A mean and a share for each day, over patients with a soreness written down on that day."""
    treated = sessions["patient_id"].nunique()
    rows = []
    for row in course.to_dict("records"):
        day, n = int(row["day"]), int(row["n"])
        mean, low, high, any_of = (
            None if np.isnan(row[name]) else float(row[name]) for name in ("mean", "low", "high", "share_any")
        )
        reason = () if n else ("no_patients: none written down",)
        found = {
            "soreness": Estimate(mean, low, high, None, "mean over patients, t interval", reason),
            "sore": Estimate(
                any_of, None, None, None, "mean over patients of the share of their days", reason
            ),
        }
        for name, estimate in found.items():
            unit = "share" if name == "sore" else "0–10 NRS"
            rows.append(
                statistic_of(
                    estimate, periods.plan, endpoint="soreness", statistic=f"{name}_day_{day}", n=n,
                    n_left_out=treated - n, unit=unit, notes=(_SELECTED,),
                )
            )  # fmt: skip
    return rows


def _told_at_sessions(periods: Periods, sessions: pd.DataFrame) -> list[Statistic]:
    """Worst soreness and hours until it was gone, as told at the session: patients first, then over patients."""
    rows = []
    treated = sessions["patient_id"].nunique()
    for column, name, unit in (
        ("soreness", "worst_soreness", "0–10 NRS"),
        ("soreness_hours", "soreness_hours", "hours"),
    ):
        if column not in sessions:
            continue
        own = sessions[column].astype("float64").groupby(sessions["patient_id"]).mean().dropna()
        found = mean_interval(np.asarray(own, dtype=np.float64), periods.plan.confidence, AT_LEAST_ZERO)
        rows.append(
            statistic_of(
                found, periods.plan, endpoint="soreness", statistic=name, n=len(own), n_left_out=treated - len(own),
                unit=unit, mode="sessions",
            )
        )  # fmt: skip
    if "soreness_hours" in sessions:
        hours = sessions["soreness_hours"].astype("float64").dropna()
        gone = int((hours <= SORENESS_HOURS).sum())
        rows.append(
            statistic_of(
                clopper_pearson(gone, len(hours), periods.plan.confidence), periods.plan, endpoint="soreness",
                statistic="soreness_gone_72h", n=len(hours), n_left_out=len(sessions) - len(hours), count=gone,
                unit="share", mode="sessions", notes=("of sessions with the hours written down",),
            )
        )  # fmt: skip
    return rows


def _comparable(periods: Periods, pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs by patient, without those of episodic cluster headache, which is never compared: they stay counted."""
    people = periods.records.engine.frame(
        f"SELECT patient_id FROM {periods.tables['people']} WHERE episodic_cluster"
    )
    kept = pairs.copy()
    kept.loc[among(kept.index, people["patient_id"])] = np.nan
    return kept


def _without_session_days(periods: Periods) -> list[Statistic]:
    """Headache days before and after, counted without the days after each session, beside the planned count."""
    names = ("change_planned", "change_without_session_days", "moved_by")
    last = periods.plan.soreness_last_day
    left_out = f"session_days: without days 0 to {last} after each session, in both windows"
    try:
        planned, without = (_comparable(periods, headache_pairs(periods, day)) for day in (None, last))
    except PlanError as error:
        nothing = Estimate(None, None, None, None, "paired t", (f"no_days: {error}",))
        return [
            statistic_of(
                nothing,
                periods.plan,
                endpoint="headache_days_per_28",
                statistic=name,
                n=0,
                unit="days per 28",
            )
            for name in names
        ]
    changes = pd.DataFrame(
        {
            "planned": planned["followup"] - planned["baseline"],
            "without": without["followup"] - without["baseline"],
        }
    ).dropna()
    found = {
        "change_planned": (planned["baseline"], planned["followup"], ()),
        "change_without_session_days": (without["baseline"], without["followup"], (left_out,)),
        "moved_by": (changes["planned"], changes["without"], (left_out,)),
    }
    rows = []
    for name, (before, after, notes) in found.items():
        pairs = pd.DataFrame({"before": before, "after": after}).dropna()
        change = paired_change(
            pairs["before"].to_numpy(np.float64), pairs["after"].to_numpy(np.float64), periods.plan.confidence
        )
        if name == "moved_by":
            # How far one analysis lies from another is no finding to be tested.
            change = replace(change, p=None)
        rows.append(
            statistic_of(
                change, periods.plan, endpoint="headache_days_per_28", statistic=name, n=len(pairs),
                n_left_out=len(planned) - len(pairs), unit="days per 28", notes=notes,
            )
        )  # fmt: skip
    return rows
