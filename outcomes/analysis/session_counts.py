"""What each patient was given: sessions, how they were needled, and in which muscles.

Docs: docs/method.md#sessions-received. Everything here describes; who was given what was decided by the clinic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.analysis.adverse_events import codes_of
from outcomes.analysis.coded_cells import each_code
from outcomes.analysis.models.session_rows import day_column
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError

_PACKAGE = "outcomes.analysis"

#: How needling is told: columns that hold a code or yes/no, and columns that hold a number with its unit.
CODED = ("technique", "electrical", "local_twitch_response")
MEASURED = {
    "needles_inserted": "needles",
    "depth_mm": "mm",
    "dwell_minutes": "minutes",
    "trigger_points": "trigger points",
}


def sessions_received(sessions: pd.DataFrame, last_day: int) -> pd.Series:
    """Sessions on days 0 to `last_day`, indexed by patient; patients whose day 0 is not known have no entry."""
    known = sessions.dropna(subset=["relative_day"])
    given = known["relative_day"] <= last_day
    return given.groupby(known["patient_id"]).sum().astype("int64").rename("received")


def sessions_by_window(periods: Periods) -> pd.DataFrame:
    """One row per patient with a used session, by `patient_id`: `sessions_in_window`, those in the follow-up window;
    `last_before`, the day of the last one before it, NaN where there is none.

    Counted by the engine, so that no session has to be brought out of it. Day 0 is as for `relative_days`. Raises
    PlanError where the records hold no sessions, or count their days in another way than the diary.
    """
    first, last = periods.plan.windows["followup"]
    records = periods.records
    if not records.has("sessions"):
        raise PlanError("These records hold no sessions.")
    day = day_column(periods, records.columns("sessions"))
    in_numbers = "day - coalesce(first_day, 0)"
    frame = records.engine.frame(
        records.engine.statement(
            _PACKAGE,
            "sessions_by_window",
            first_day=first,
            last_day=last,
            first_days="first_sessions" if periods.segments is not None else _FIRST_USED[day],
            relative_day="date_diff('day', first_day, date)" if day == "date" else in_numbers,
        )
    )
    return frame.astype({"sessions_in_window": "int64", "last_before": "float64"})


#: Day 0 where there is no diary, by what the sessions count in: the first used session, or as the numbers say.
_FIRST_USED = {
    "date": "(SELECT patient_id, min(date) AS first_day FROM sessions GROUP BY patient_id)",
    "day": "(SELECT patient_id, 0 AS first_day FROM sessions GROUP BY patient_id)",
}


@once
def time_has_come(periods: Periods) -> pd.Index:
    """Patients of the cohort whose follow-up window is over; everybody where no calendar can tell."""
    engine = periods.records.engine
    if periods.segments is None:
        found = engine.frame("SELECT patient_id FROM named_patients ORDER BY patient_id")
    else:
        found = engine.frame(
            f"SELECT patient_id FROM {periods.tables['people']} JOIN {periods.tables['standing']} USING (patient_id) "
            "WHERE window_over AND standing <> 'outside_cohort' ORDER BY patient_id"
        )
    return pd.Index(found["patient_id"])


def planned_sessions(periods: Periods) -> pd.Series:
    """Sessions planned at the start, indexed by patient; without those for whom nothing was written down."""
    if "planned_sessions" not in periods.records.columns("patients"):
        return pd.Series(dtype="float64", name="planned_sessions")
    patients = periods.records.frame("patients").set_index("patient_id")
    return patients["planned_sessions"].astype("float64").dropna()


def grouped_levels(values: pd.Series, least: int) -> pd.Series:
    """The levels of a whole number joined with the next until each holds `least` patients: `4`, `5–6`, `7–12`.

    A last group that stays too small is joined with the one before it; fewer than `least` in all stay one group.
    Order: from the smallest.
    """
    counted = values.astype("int64").value_counts().sort_index()
    groups: list[list[int]] = []
    filled = True
    for level in counted.index:
        if filled:
            groups.append([])
        groups[-1].append(int(level))
        filled = int(counted.loc[groups[-1]].sum()) >= least
    if len(groups) > 1 and not filled:
        groups[-2:] = [groups[-2] + groups[-1]]
    names = {level: _range_name(group) for group in groups for level in group}
    return values.astype("int64").map(names)


def _range_name(levels: Sequence[int]) -> str:
    return str(levels[0]) if len(levels) == 1 else f"{levels[0]}–{levels[-1]}"


def main_codes(sessions: pd.DataFrame, column: str, last_day: int) -> pd.Series:
    """For each patient the entry of `column` in more than half of the sessions in which it was written down, up to
    `last_day`; without those who have none. Yes and no for columns of that kind."""
    given = sessions[sessions["relative_day"] <= last_day].dropna(subset=[column])
    entries = given[column].map({entry: _code_name(entry) for entry in given[column].unique()})
    total = given.groupby("patient_id").size()
    counted = entries.groupby([given["patient_id"], entries.rename("entry")]).size().rename("sessions")
    table = counted.reset_index()
    most = table[2 * table["sessions"].to_numpy() > total.reindex(table["patient_id"]).to_numpy()]
    return most.set_index("patient_id")["entry"]


def _code_name(entry: object) -> str:
    if isinstance(entry, (bool, np.bool_)):
        return "yes" if entry else "no"
    return str(entry)


def code_counts(sessions: pd.DataFrame, column: str) -> pd.DataFrame:
    """How many sessions and patients had each entry of a column of codes, of one or of several in a cell.

    Columns: `column` itself, `sessions`, `patients`; by the number of sessions, then by name.
    """
    told = sessions[["patient_id", column]].dropna(subset=[column]).astype({column: "object"})
    each = each_code(told, column, lambda cell: codes_of(cell) or [_code_name(cell)])
    counted = each.groupby(column)["patient_id"].agg(sessions="size", patients="nunique").reset_index()
    return counted.sort_values(["sessions", column], ascending=[False, True], ignore_index=True)
