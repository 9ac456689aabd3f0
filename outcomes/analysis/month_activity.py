"""What was done in one calendar month, and the months one after another as points of control charts.

Activity counts what stands in the records; it says nothing of how patients fared. Charts:
docs/method.md#control-charts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.adverse_events import session_events
from outcomes.analysis.endpoints import measure_endpoints
from outcomes.analysis.models.session_rows import first_days
from outcomes.analysis.periods import Periods

HEADACHE_DAYS = "headache_days_per_28"

#: Columns of `monthly_series`, and which kind of chart each of its measures has.
SERIES_COLUMNS = ("measure", "month", "value", "count", "total", "patients")
BASELINE, CHANGE, COMPLETE, EVENTS = "baseline", "change", "complete", "events"


@dataclass(frozen=True)
class MonthActivity:
    """One calendar month. None: the table that would tell is not in the records.

    `new_patients` had their first session in it; `sessions` were given to `treated` patients, the one with most
    of them had `most_of_one`; for `ended` patients an end of treatment was written down.
    """

    month: str
    new_patients: int
    sessions: int
    treated: int
    most_of_one: int
    ended: int | None


def months_edges(month: str) -> tuple[dt.date, dt.date]:
    """First and last day of a month, YYYY-MM."""
    first = dt.date.fromisoformat(f"{month}-01")
    after = dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, after - dt.timedelta(days=1)


def month_activity(periods: Periods, month: str) -> MonthActivity | None:
    """New patients, sessions and ends of treatment of one month; None without sessions that have dates.

    All patients of the records, whatever the cohort of `periods`.
    """
    records = periods.records
    if not records.has("sessions") or "date" not in records.columns("sessions"):
        return None
    first, last = (pd.Timestamp(day) for day in months_edges(month))
    sessions = records.frame("sessions")
    days = pd.to_datetime(sessions["date"])
    starts = days.groupby(sessions["patient_id"]).min()
    given = sessions[days.between(first, last)]
    per_patient = given.groupby("patient_id").size()
    ended = None
    if records.has("events") and "date" in records.columns("events"):
        events = records.frame("events")
        over = events[(events["kind"] == "treatment_ended")]
        over = over[pd.to_datetime(over["date"]).between(first, last)]
        ended = int(over["patient_id"].nunique())
    return MonthActivity(
        month, int(starts.between(first, last).sum()), len(given), len(per_patient),
        int(per_patient.max()) if len(per_patient) else 0, ended,
    )  # fmt: skip


def monthly_series(everyone: Periods, until: str | None = None) -> pd.DataFrame:
    """One row per measure and calendar month up to `until` (YYYY-MM), the months without a gap.

    `everyone`: periods without a cohort. `baseline`: mean headache days at baseline of the patients whose first
    session fell in the month; `change`: mean change of those whose follow-up window closed in it; `complete`:
    `count` of them with both windows covered out of `total` with the window closed; `events`: adverse events
    out of sessions asked about. `patients` stand behind each point. Empty without dates or a daily diary.
    """
    records = everyone.records
    if everyone.segments is None or not records.uses_dates:
        return pd.DataFrame(columns=list(SERIES_COLUMNS))
    people = people_by_month(everyone)
    parts = [_baseline_points(people), *_matured_points(people)]
    if records.has("sessions") and "date" in records.columns("sessions"):
        parts.append(_event_points(everyone))
    series = pd.concat([_every_month(part, until) for part in parts if len(part)] or [parts[0]])
    return series[list(SERIES_COLUMNS)].reset_index(drop=True)


def people_by_month(everyone: Periods) -> pd.DataFrame:
    """One row per patient who is compared or could be: months of start and close, both levels."""
    tables = everyone.tables
    people = everyone.records.engine.frame(
        f"SELECT patient_id, first_day, standing, window_over FROM {tables['people']} JOIN {tables['standing']} "
        "USING (patient_id) WHERE first_day IS NOT NULL ORDER BY patient_id"
    ).set_index("patient_id")
    levels = measure_endpoints(everyone, [HEADACHE_DAYS])
    levels = levels[(levels["mode"] == "diary") & ~levels["episodic_cluster"].fillna(False).astype(bool)]
    for period in ("baseline", "followup"):
        rows = levels[levels["period"] == period].set_index("patient_id")[HEADACHE_DAYS]
        people[period] = rows.reindex(people.index)
    first = pd.to_datetime(people["first_day"])
    people["started"] = first.dt.to_period("M")
    closes = first + pd.to_timedelta(everyone.plan.followup_last_day, unit="D")
    people["closed"] = closes.dt.to_period("M")
    return people


def _baseline_points(people: pd.DataFrame) -> pd.DataFrame:
    known = people[people["baseline"].notna()]
    grouped = known.groupby("started")["baseline"]
    return _points(BASELINE, grouped.mean(), grouped.size())


def _matured_points(people: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    matured = people[people["window_over"] & (people["standing"] != "episodic_cluster")]
    change = (matured["followup"] - matured["baseline"]).dropna()
    by_month = change.groupby(matured["closed"].reindex(change.index))
    both = matured["baseline"].notna() & matured["followup"].notna()
    counted = both.groupby(matured["closed"]).agg(["sum", "size"])
    complete = _points(COMPLETE, counted["sum"] / counted["size"], counted["size"])
    complete["count"] = counted["sum"].to_numpy(dtype=float)
    complete["total"] = counted["size"].to_numpy(dtype=float)
    return _points(CHANGE, by_month.mean(), by_month.size()), complete


def sessions_by_month(everyone: Periods) -> pd.DataFrame:
    """The rows of `session_events` whose day is known, with the calendar `month` of each."""
    placed = session_events(everyone).dropna(subset=["relative_day"])
    first = pd.to_datetime(first_days(everyone))
    at = placed["patient_id"].map(first) + pd.to_timedelta(placed["relative_day"], unit="D")
    return placed.assign(month=at.dt.to_period("M"))


def _event_points(everyone: Periods) -> pd.DataFrame:
    sessions = sessions_by_month(everyone)
    asked = sessions[sessions["asked"].to_numpy(dtype=bool)]
    counted = asked.groupby("month").agg(
        count=("events", "sum"), total=("events", "size"), patients=("patient_id", "nunique")
    )
    points = _points(EVENTS, counted["count"] / counted["total"], counted["patients"])
    points["count"] = counted["count"].to_numpy(dtype=float)
    points["total"] = counted["total"].to_numpy(dtype=float)
    return points


def _points(measure: str, values: pd.Series, patients: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": measure,
            "month": values.index,
            "value": values.to_numpy(dtype=float),
            "count": np.nan,
            "total": np.nan,
            "patients": patients.to_numpy(dtype=float),
        }
    )


def _every_month(points: pd.DataFrame, until: str | None) -> pd.DataFrame:
    """The months between without anybody are months without a value, and not left out."""
    last = pd.Period(until, "M") if until else points["month"].max()
    points = points[points["month"] <= last]
    if points.empty:
        return points
    months = pd.period_range(points["month"].min(), last, freq="M")
    filled = points.set_index("month").reindex(months).rename_axis("month").reset_index()
    filled["measure"] = points["measure"].iloc[0]
    filled["patients"] = filled["patients"].fillna(0.0)
    return filled


def rate_of_new_pairs(everyone: Periods, until: dt.date) -> float | None:
    """Patients with both windows per month, over the twelve months to `until`; None without dates or diary."""
    if everyone.segments is None or not everyone.records.uses_dates:
        return None
    people = people_by_month(everyone)
    last = pd.Period(until, "M")
    pairs = people[people["baseline"].notna() & people["followup"].notna()]
    recent = (pairs["closed"] >= last - 11) & (pairs["closed"] <= last)
    months = min(12, max(1, (last - people["closed"].min()).n + 1)) if len(people) else 12
    return float(recent.sum()) / months
