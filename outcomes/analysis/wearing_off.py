"""Whether headaches come back before the next session, where sessions lie far enough apart to tell.

Definitions and sources: docs/method.md#durability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.day_counts import anchored_counts
from outcomes.analysis.estimates import Values
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.periods import Periods
from outcomes.analysis.responders import TIE_TOLERANCE

_WEEK = 7


@dataclass(frozen=True, eq=False)
class WearingOff:
    """One entry per patient with a gap that could be judged.

    `rise` is the mean over the patient's gaps of headache days per week in the last weeks before the next
    session, minus those of the best earlier stretch of the same length; `wore_off` whether any gap rose by the
    plan's limit. `n_without_gap` had no gap long enough, `n_not_recorded` one with too few recorded days.
    """

    patients: tuple[str, ...]
    rise: Values
    wore_off: np.ndarray
    n_gaps: int
    n_without_gap: int
    n_not_recorded: int


def wearing_off(periods: Periods, patients: tuple[str, ...]) -> WearingOff:
    """Raises PlanError where the records hold no daily diary or no sessions."""
    plan = periods.plan
    weeks = plan.wearing_off_weeks
    gaps = _long_gaps(session_days(periods), patients, 2 * weeks * _WEEK)
    counts = anchored_counts(periods, gaps.rename(columns={"next_session": "anchor"}), _WEEK)
    rows = []
    ends = zip(gaps["patient_id"], gaps["next_session"], strict=True)
    length = dict(zip(ends, gaps["weeks"], strict=True))
    minimum = plan.min_recorded_in_course(weeks * _WEEK)
    for (patient, anchor), counted in counts[counts["number"] < 0].groupby(["patient_id", "anchor"]):
        rows.append((patient, _rise(counted, int(length[patient, anchor]), weeks, minimum)))
    found = pd.DataFrame(rows, columns=["patient_id", "rise"]).astype({"rise": "float64"}).dropna()
    found["wore_off"] = found["rise"] >= plan.wearing_off_days_per_week - TIE_TOLERANCE
    each = found.groupby("patient_id").agg(rise=("rise", "mean"), wore_off=("wore_off", "any"))
    n_with_gap = gaps["patient_id"].nunique()
    return WearingOff(
        patients=tuple(each.index),
        rise=each["rise"].to_numpy(np.float64),
        wore_off=each["wore_off"].to_numpy(bool),
        n_gaps=len(found),
        n_without_gap=len(patients) - n_with_gap,
        n_not_recorded=n_with_gap - len(each),
    )


def _long_gaps(given: pd.DataFrame, patients: tuple[str, ...], least_days: int) -> pd.DataFrame:
    """One row per gap of at least `least_days` days between two sessions: `next_session`, whole `weeks` between."""
    given = given[among(given["patient_id"], patients)]
    between = given.groupby("patient_id")["relative_day"].diff() - 1
    gaps = given[between >= least_days]
    return pd.DataFrame(
        {
            "patient_id": gaps["patient_id"],
            "next_session": gaps["relative_day"],
            "weeks": (between[gaps.index] // _WEEK).astype("int64"),
        }
    )


def _rise(counts: pd.DataFrame, gap_weeks: int, weeks: int, minimum: int) -> float:
    """Headache days per week of the last stretch minus those of the best earlier one; NaN where not recorded.

    `counts` are the weeks counted back from the next session: `number` −1 is the last. Earlier stretches end
    before the last one begins and move by a week.
    """
    days_only = counts.set_index("number")[["recorded_days", "headache_days"]]
    by_week = days_only.reindex(range(-gap_weeks, 0), fill_value=0)
    recorded, headache = (by_week[name].to_numpy(np.float64) for name in ("recorded_days", "headache_days"))
    whole = np.ones(weeks)
    days, headaches = np.convolve(recorded, whole, "valid"), np.convolve(headache, whole, "valid")
    rates = np.where(days >= minimum, _WEEK * headaches / np.maximum(days, 1), np.nan)
    earlier = rates[: len(rates) - weeks]
    if np.isnan(rates[-1]) or np.isnan(earlier).all():
        return np.nan
    return float(rates[-1] - np.nanmin(earlier))
