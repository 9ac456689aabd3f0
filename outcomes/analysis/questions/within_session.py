"""Pain before and after a session, and what was written down of explanation, plan and aftercare.

Docs: docs/method.md#within-a-session. Immediate and uncontrolled: pain is asked twice within an hour by the person
who treats, and sessions are booked when it hurts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.estimates import Estimate, mean_interval, paired_change
from outcomes.analysis.models.session_rows import other_groups, people_looked_at, session_table
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError

PAIN = ("pain_before", "pain_after")
#: Columns of sessions that tell of the process.
PROCESS = ("aftercare", "explanation", "personal_plan")

SESSION_COLUMNS = ("session_number", "before", "after", "change", "low", "high", "n")

LABELS = {
    "pain_before": "pain before the session",
    "pain_after": "pain after the session",
    "change": "change within the session",
    "both_recorded": "sessions with pain before and after written down",
    "began_without_pain": "sessions that began without pain, of those with both",
    "aftercare_recorded": "sessions with something written down on aftercare",
    "aftercare_yes": "aftercare given, of those",
    "explanation_recorded": "sessions with something written down on the explanation",
    "explanation_yes": "explained, of those",
    "personal_plan_recorded": "sessions with something written down on a personal plan",
    "personal_plan_yes": "a personal plan on record, of those",
}

NOTES = (
    "immediate: pain asked twice within about an hour, by the person who treats; it says nothing about the days after",
    "uncontrolled: sessions are booked and begun when it hurts, and pain above the usual falls by itself; lying down, "
    "time and being treated are in it",
    "process: explanation, plan and aftercare written down or not; that something was done is no outcome",
)

_UNIT = "0–10 NRS"
_SCALE = (0.0, 10.0)


def ask_within_session(periods: Periods) -> Answers:
    """Pain before and after sessions (0–10), over patients and by session number; and the process written down.

    A patient's sessions are put into one mean first, so that patients weigh alike whatever number of sessions they
    had. Out of sessions n counts sessions. Statistics of `by` session_number stand in a group for each number.
    `frames["sessions"]`: one row per session number with anybody, `SESSION_COLUMNS`. Raises PlanError where the
    records hold no sessions, or sessions with neither pain nor process.
    """
    sessions = session_table(periods)
    if not {*PAIN, *PROCESS} & set(sessions.columns):
        raise PlanError(
            "The sessions of these records tell neither of pain before and after nor of aftercare, explanation or plan."
        )
    people = len(people_looked_at(periods))
    pairs = _pain(sessions)
    statistics = [*_over_patients(periods, pairs, people), *_recorded(periods, sessions, pairs)]
    frame, by_number = _by_number(periods, sessions, pairs)
    statistics += [*by_number, *_process(periods, sessions)]
    return Answers(
        "within_session",
        tuple(statistics),
        periods.plan,
        LABELS,
        (*NOTES, *other_groups(periods, sessions)),
        {"sessions": frame},
    )


def _pain(sessions: pd.DataFrame) -> pd.DataFrame:
    """One row per session with both pains written down: `patient_id`, `session_number`, `before`, `after`."""
    pain = {
        name: sessions[column].astype("float64") if column in sessions else np.nan
        for name, column in zip(("before", "after"), PAIN, strict=True)
    }
    return sessions[["patient_id", "session_number"]].assign(**pain).dropna(subset=["before", "after"])


def _row(
    periods: Periods, found: Estimate, name: str, n: int, left: int, *, unit: str = _UNIT, count: int | None = None,
    by: str | None = None, group: str = "all", endpoint: str = "pain_within_session",
) -> Statistic:  # fmt: skip
    return statistic_of(
        found, periods.plan, endpoint=endpoint, statistic=name, n=n, n_left_out=left, unit=unit, count=count, by=by,
        group=group, mode="sessions",
    )  # fmt: skip


def _estimates(pairs: pd.DataFrame, confidence: float) -> tuple[dict[str, Estimate], int]:
    """Mean before, after and change of the patients' own means, and how many patients there are."""
    own = pairs.groupby("patient_id")[["before", "after"]].mean()
    before, after = own["before"].to_numpy(np.float64), own["after"].to_numpy(np.float64)
    change = paired_change(before, after, confidence)
    # A p value would be read as proof of what the needles did within the hour.
    change = Estimate(change.value, change.low, change.high, None, change.method, change.notes)
    return {
        "pain_before": mean_interval(before, confidence, _SCALE),
        "pain_after": mean_interval(after, confidence, _SCALE),
        "change": change,
    }, len(own)


def _over_patients(periods: Periods, pairs: pd.DataFrame, people: int) -> Iterator[Statistic]:
    found, n = _estimates(pairs, periods.plan.confidence)
    for name, estimate in found.items():
        yield _row(periods, estimate, name, n, people - n)


def _recorded(periods: Periods, sessions: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Statistic]:
    """Share of sessions with both pains, and of those that could not fall since they began at 0."""
    total, both, confidence = len(sessions), len(pairs), periods.plan.confidence
    without = int((pairs["before"] == 0).sum())
    yield _row(periods, share(both, total, confidence), "both_recorded", total, 0, unit="share", count=both)
    yield _row(
        periods, share(without, both, confidence), "began_without_pain", both, total - both, unit="share", count=without
    )  # fmt: skip


def _by_number(
    periods: Periods, sessions: pd.DataFrame, pairs: pd.DataFrame
) -> tuple[pd.DataFrame, list[Statistic]]:
    """The change at the first, second, … session, of the patients who had one: fewer and other ones each time."""
    rows, statistics = [], []
    had = sessions.groupby("session_number")["patient_id"].nunique()
    for number, here in pairs.groupby("session_number"):
        found, n = _estimates(here, periods.plan.confidence)
        order = int(float(str(number)))
        left = int(had.loc[number]) - n  # type: ignore[call-overload]
        change = found["change"]
        statistics.append(
            _row(periods, change, "change", n, left, by="session_number", group=f"session_{order}")
        )
        rows.append(
            (
                order,
                found["pain_before"].value,
                found["pain_after"].value,
                change.value,
                change.low,
                change.high,
                n,
            )
        )
    frame = pd.DataFrame(rows, columns=list(SESSION_COLUMNS))
    numbers = [name for name in SESSION_COLUMNS if name not in ("session_number", "n")]
    return frame.astype(dict.fromkeys(numbers, "float64")), statistics


def _process(periods: Periods, sessions: pd.DataFrame) -> Iterator[Statistic]:
    """Share of sessions with something written down, and with yes among those. An empty cell is neither yes nor no."""
    total, confidence = len(sessions), periods.plan.confidence
    for name in PROCESS:
        if name not in sessions:
            note = (f"not_recorded: the sessions of these records have no column '{name}'",)
            nothing = Estimate(None, None, None, None, "Wilson", note)
            yield _row(periods, nothing, f"{name}_recorded", 0, total, unit="share", endpoint="process")
            continue
        told = sessions[name].dropna()
        yes = int((told != "none").sum()) if name == "aftercare" else int(told.astype(bool).sum())
        n = len(told)
        yield _row(
            periods, share(n, total, confidence), f"{name}_recorded", total, 0, unit="share", count=n,
            endpoint="process",
        )  # fmt: skip
        yield _row(
            periods, share(yes, n, confidence), f"{name}_yes", n, total - n, unit="share", count=yes,
            endpoint="process",
        )  # fmt: skip
