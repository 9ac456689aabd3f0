"""What is still to be done: diaries and answers that can still be had. Never who should be treated more.

Rules (ours): docs/method.md#control-charts says how months are counted; the day of the report is the newest day of
the diary, or the end of the report's month where that is earlier.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from outcomes.analysis.periods import Periods

#: Sessions so many days back can still be asked about at 72 hours: the answer is due from the third day on.
ASK_FROM_DAYS, ASK_TO_DAYS = 3, 14


@dataclass(frozen=True)
class NextSteps:
    """What is open on `as_of`.

    `diaries`: one row per patient whose baseline or follow-up window is open and has fewer recorded days than it
    needs by now: `patient_id`, `window`, `recorded`, `needed`, `days_left`, `closes` (date), only where the window
    can still be filled. `lost`: patients whose open window can no longer reach what it needs. `ask`: sessions of
    the last days that nobody asked about at 72 hours (`patient_id`, `date`); None where the records have no such
    column. `red_flags`: those written down up to that day (`patient_id`, `date`); None without events.
    """

    as_of: dt.date
    diaries: pd.DataFrame
    lost: int
    ask: pd.DataFrame | None
    red_flags: pd.DataFrame | None


DIARY_COLUMNS = ("patient_id", "window", "recorded", "needed", "days_left", "closes")


def next_steps(everyone: Periods, last_day: dt.date | None = None) -> NextSteps | None:
    """What is open at the end of the records, or on `last_day` where that is earlier; None without dates.

    `everyone`: periods without a cohort.
    """
    records = everyone.records
    if everyone.segments is None or not records.uses_dates:
        return None
    newest = records.engine.rows("SELECT max(date) FROM diary_usable")[0][0]
    as_of = min(newest, last_day) if last_day is not None else newest
    diaries, lost = _open_windows(everyone, as_of)
    return NextSteps(as_of, diaries, lost, _to_ask(everyone, as_of), _red_flags(everyone, as_of))


def _open_windows(everyone: Periods, as_of: dt.date) -> tuple[pd.DataFrame, int]:
    records, plan = everyone.records, everyone.plan
    standing = everyone.tables["standing"]
    people = records.engine.frame(
        f"SELECT patient_id, first_day, standing FROM {standing} JOIN {everyone.tables['people']} USING (patient_id) "
        "WHERE first_day IS NOT NULL AND standing <> 'episodic_cluster' ORDER BY patient_id"
    )
    first = pd.to_datetime(people["first_day"])
    today = (pd.Timestamp(as_of) - first).dt.days
    begin, end = plan.followup_first_day, plan.followup_last_day
    # Who has no baseline can no longer be compared, and is not asked for a follow-up that nobody needs.
    without = people["standing"].isin(["no_diary", "no_baseline_diary", "baseline_too_few_days"])
    is_open = today.between(begin, end) & ~without
    chosen = people[is_open].assign(today=today[is_open], first=first[is_open])
    recorded = _recorded_until(everyone, as_of)
    chosen["recorded"] = chosen["patient_id"].map(recorded).fillna(0).astype("int64")
    needed = everyone.minimums["followup_minimum"]
    chosen["needed"] = needed
    chosen["days_left"] = end - chosen["today"]
    elapsed = chosen["today"] - begin + 1
    behind = chosen["recorded"] < needed * elapsed / plan.followup_days
    reachable = chosen["recorded"] + chosen["days_left"] >= needed
    chosen["closes"] = (chosen["first"] + pd.to_timedelta(end, unit="D")).dt.date
    chosen["window"] = "follow-up"
    lost = int((behind & ~reachable).sum())
    wanted = chosen[behind & reachable].sort_values(["days_left", "patient_id"])
    return wanted[list(DIARY_COLUMNS)].reset_index(drop=True), lost


def _recorded_until(everyone: Periods, as_of: dt.date) -> pd.Series:
    """Recorded days of the follow-up window up to a day, by patient."""
    plan, records = everyone.plan, everyone.records
    rows = records.engine.frame(
        f"SELECT patient_id, count(DISTINCT relative_day) AS days FROM {records.placed_days()} AS days_placed "
        f"JOIN {everyone.tables['people']} USING (patient_id) "
        f"WHERE relative_day BETWEEN {plan.followup_first_day} AND {plan.followup_last_day} "
        f"AND headache IS NOT NULL AND relative_day <= DATE '{as_of}' - first_day GROUP BY patient_id"
    )
    return rows.set_index("patient_id")["days"]


def _to_ask(everyone: Periods, as_of: dt.date) -> pd.DataFrame | None:
    columns = everyone.records.columns("sessions")
    if not {"adverse_event_72h", "date"} <= set(columns):
        return None
    sessions = everyone.records.frame("sessions")
    ago = (pd.Timestamp(as_of) - pd.to_datetime(sessions["date"])).dt.days
    due = ago.between(ASK_FROM_DAYS, ASK_TO_DAYS) & sessions["adverse_event_72h"].isna()
    return sessions.loc[due, ["patient_id", "date"]].sort_values(["date", "patient_id"], ignore_index=True)


def _red_flags(everyone: Periods, as_of: dt.date) -> pd.DataFrame | None:
    records = everyone.records
    if not records.has("events") or "date" not in records.columns("events"):
        return None
    events = records.frame("events")
    flags = events[events["kind"] == "red_flag"]
    flags = flags[pd.to_datetime(flags["date"]) <= pd.Timestamp(as_of)]
    return flags[["patient_id", "date"]].sort_values(["date", "patient_id"], ignore_index=True)
