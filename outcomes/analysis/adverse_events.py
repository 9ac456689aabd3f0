"""Adverse events as they were asked for: at the session, again at 72 hours, and as listed in `events`.

Docs: docs/method.md#safety. `none` is an answer; `not_asked` and an empty cell are none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.among import among
from outcomes.analysis.models.session_rows import people_looked_at, relative_days, session_table
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.records.code_lists import EVENT_GRADES

#: Answers in the order of their weight. What is not here (`not_asked`, empty) is no answer.
_RANKS = {"none": 0.0, **{grade: float(rank) for rank, grade in enumerate(EVENT_GRADES, start=1)}}

#: Column of sessions → the name of its answers here.
SOURCES = {"adverse_event": "at_session", "adverse_event_72h": "at_72h"}


@once
def session_events(periods: Periods) -> pd.DataFrame:
    """One row per used session of the patients looked at.

    Columns: those of `session_table`; `at_session` and `at_72h`, the answer as a rank (0 none, 1 mild,
    2 significant, 3 serious, NaN not asked); `worst`, the worse of both, and worse still where an event of
    `listed_events` stands on the day of the session; `asked`, whether there was an answer to either;
    `any`, whether there was an event of any grade; `events`, how many: the kinds written down or the events
    listed for that day, whichever are more, and at least one where there was any. `worst`, `any` and `events` say
    nothing of sessions that were not asked.
    """
    sessions = session_table(periods)
    for column, name in SOURCES.items():
        answers = sessions[column] if column in sessions else pd.Series(None, sessions.index, dtype="object")
        sessions[name] = answers.map(_RANKS).astype("float64")
    answered = sessions[list(SOURCES.values())]
    sessions["asked"] = answered.notna().any(axis=1)
    of_day = _of_session_days(listed_events(periods))
    place = ["patient_id", "relative_day"]
    of_day_here = sessions[place].merge(of_day, on=place, how="left", validate="many_to_one")
    # Of two sessions on one day one takes the events of the day: the last that was asked about.
    others = sessions.sort_values("asked", kind="stable").duplicated(place, keep="last")
    of_day_here.loc[others.reindex(sessions.index).to_numpy(), ["listed", "rank"]] = np.nan
    n_listed = of_day_here["listed"].fillna(0).to_numpy()
    sessions["worst"] = np.fmax(answered.max(axis=1), of_day_here["rank"].to_numpy())
    own = answered.max(axis=1) > 0
    sessions["any"] = own | (n_listed > 0)
    written = np.where(own, np.maximum(_kinds(sessions), 1), 0)
    sessions["events"] = np.maximum(written, n_listed).astype("int64")
    return sessions


def _kinds(sessions: pd.DataFrame) -> NDArray[np.int64]:
    """How many different kinds were written down at each session."""
    if "adverse_event_kind" not in sessions:
        return np.zeros(len(sessions), dtype=np.int64)
    # Few different cells stand for all of them; an empty one is −1, the last, and holds none.
    which, cells = pd.factorize(sessions["adverse_event_kind"])
    return np.array([*(len(codes_of(cell)) for cell in cells), 0], dtype=np.int64)[which]


def codes_of(cell: object) -> list[str]:
    """The different codes of a cell that may hold several; none where it is empty."""
    if not isinstance(cell, str):
        return []
    return list(dict.fromkeys(code.strip() for code in cell.split(";") if code.strip()))


def _of_session_days(listed: pd.DataFrame) -> pd.DataFrame:
    """One row per patient and day with a listed event: `listed`, how many, and `rank`, the worst grade known."""
    known = listed.dropna(subset=["relative_day"])
    grouped = known.groupby(["patient_id", "relative_day"], as_index=False)
    return grouped.agg(listed=("patient_id", "size"), rank=("rank", "max"))


@once
def listed_events(periods: Periods) -> pd.DataFrame:
    """One row per adverse event of `events`, of the patients looked at.

    Columns: `patient_id`; `relative_day`, NaN where the day cannot be set beside the diary's; `grade` and `rank`
    as above, missing where no grade was written; `expected`, missing where not written. No rows where the records
    hold no events.
    """
    columns = ["patient_id", "relative_day", "grade", "rank", "expected"]
    if not periods.records.has("events"):
        nothing = pd.DataFrame({name: pd.Series(dtype="object") for name in columns})
        return nothing.astype({"relative_day": "float64", "rank": "float64"})
    events = periods.records.frame("events")
    events = events[events["kind"] == "adverse_event"]
    events = events[among(events["patient_id"], people_looked_at(periods))].reset_index(drop=True)
    try:
        events["relative_day"] = relative_days(periods, events)
    except PlanError:
        events["relative_day"] = np.nan
    for name in ("grade", "expected"):
        if name not in events:
            events[name] = pd.Series(None, events.index, dtype="object")
    events["rank"] = events["grade"].map(_RANKS).astype("float64")
    return events[columns]


def told_twice(listed: pd.DataFrame, sessions: pd.DataFrame) -> pd.Series:
    """Whether each listed event stands on the day of a session whose own answer tells of an event: the same one."""
    own = sessions[sessions[list(SOURCES.values())].max(axis=1) > 0]
    return _on_days_of(listed, own)


def beside_asked(listed: pd.DataFrame, sessions: pd.DataFrame) -> pd.Series:
    """Whether each listed event stands on the day of a session that was asked about, and is counted with it."""
    return _on_days_of(listed, sessions[sessions["asked"]])


def _on_days_of(listed: pd.DataFrame, sessions: pd.DataFrame) -> pd.Series:
    place = ["patient_id", "relative_day"]
    days = sessions[place].dropna().drop_duplicates()
    here = (
        listed[place]
        .astype({"relative_day": "float64"})
        .merge(
            days.astype({"relative_day": "float64"}),
            on=place,
            how="left",
            indicator="met",
            validate="many_to_one",
        )
    )
    return pd.Series((here["met"] == "both").to_numpy(), index=listed.index, dtype="bool")
