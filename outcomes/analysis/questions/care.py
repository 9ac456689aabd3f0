"""What care was still in force in the follow-up window. Definitions: docs/method.md#care-in-force."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.among import among, set_of
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.estimates import Estimate, median
from outcomes.analysis.periods import Periods
from outcomes.analysis.primary_change import PrimaryChange, primary_change
from outcomes.analysis.proportions import share
from outcomes.analysis.questions.concurrent import session_codes
from outcomes.analysis.results import Statistic
from outcomes.analysis.session_counts import sessions_by_window

#: How the care is called where most patients were still treated.
INCLUDING = "care including dry needling"

LABELS = {
    "still_in_care": "with a session in the follow-up window",
    "sessions_known": "with a session in the records",
    "manual_therapy": "manual therapy in the follow-up window",
    "exercise": "exercise in the follow-up window",
    "advice": "advice in the follow-up window",
    "preventive_started": "preventive drug started in the follow-up window",
    "preventive_stopped": "preventive drug stopped in the follow-up window",
    "preventive_changed": "preventive drug changed in the follow-up window",
    "other": "other care in the follow-up window",
    "care_not_told": "a session in the window, and nothing written about other care",
    "days_since_session": "days from the last session before the window to its first day, median",
    "days_since_session_lower": "a quarter had fewer days",
    "days_since_session_upper": "a quarter had more days",
}


def ask_care(periods: Periods) -> Answers:
    """Share of the patients analysed who were still treated in the follow-up window, what else they were given then,
    and how long before it the last session was.

    `frames["care"]`: one row per patient analysed with a session: `patient_id`, `sessions_in_window`,
    `days_since_session` (NaN where every session lies in the window or after it). Raises PlanError where the records
    hold no sessions.
    """
    counted = sessions_by_window(periods)
    primary = primary_change(periods)
    frame = _care_frame(primary, counted, periods)
    still = _still_in_care(primary, frame, periods)
    rows = [still, *_codes(primary, frame, periods), *_days(primary, frame, periods)]
    first, last = periods.plan.windows["followup"]
    notes = [f"The follow-up window is days {first} to {last} from the first session."]
    if is_care_including(still, periods.plan.still_in_care_share):
        notes.append(
            f"Most of the patients were still treated in it: what was recorded there is under {INCLUDING}, not "
            "after it."
        )
    return Answers("care", tuple(rows), periods.plan, LABELS, tuple(notes), {"care": frame})


def still_in_care(periods: Periods, endpoints: pd.DataFrame | None = None) -> Statistic | None:
    """Share of the patients analysed with a session in the follow-up window; None where the records hold no sessions.

    `endpoints` are those of `periods`, where they have been measured already.
    """
    if not periods.records.has("sessions"):
        return None
    primary = primary_change(periods, endpoints)
    frame = _care_frame(primary, sessions_by_window(periods), periods)
    return _still_in_care(primary, frame, periods)


def is_care_including(still: Statistic | None, least: float) -> bool:
    """Whether so many were still treated that the text must say so."""
    return still is not None and still.value is not None and still.value >= least - 1e-9


def _care_frame(primary: PrimaryChange, counted: pd.DataFrame, periods: Periods) -> pd.DataFrame:
    """One row per patient analysed of whom there is a session, by `patient_id`."""
    first, _ = periods.plan.windows["followup"]
    of_analysed = counted[among(counted["patient_id"], primary.analysed)].reset_index(drop=True)
    return pd.DataFrame(
        {
            "patient_id": of_analysed["patient_id"],
            "sessions_in_window": of_analysed["sessions_in_window"],
            "days_since_session": first - of_analysed["last_before"],
        }
    )


def _still_in_care(primary: PrimaryChange, frame: pd.DataFrame, periods: Periods) -> Statistic:
    treated = set_of(frame.loc[frame["sessions_in_window"] > 0, "patient_id"])
    return _share(primary, periods, "still_in_care", treated, set_of(frame["patient_id"]))


def _share(
    primary: PrimaryChange, periods: Periods, statistic: str, who: set[str], of: set[str]
) -> Statistic:
    count, n, plan = len(who), len(of), periods.plan
    return statistic_of(
        share(count, n, plan.confidence), plan, endpoint=primary.endpoint.name, statistic=statistic, n=n,
        n_left_out=len(primary.pairs) - n, count=count, unit="share", mode=primary.mode,
    )  # fmt: skip


def _codes(primary: PrimaryChange, frame: pd.DataFrame, periods: Periods) -> list[Statistic]:
    """Other care at the sessions in the window, of the patients analysed; and of whom nothing is said."""
    patients = set_of(frame["patient_id"])
    rows = [_share(primary, periods, "sessions_known", patients, set(primary.analysed))]
    if "co_interventions" not in periods.records.columns("sessions"):
        return rows
    first, last = periods.plan.windows["followup"]
    codes = session_codes(periods)
    codes = codes[codes["relative_day"].between(first, last) & among(codes["patient_id"], patients)]
    for kind in sorted(set(codes["kind"]) - {"none"}):
        rows.append(
            _share(primary, periods, kind, set_of(codes.loc[codes["kind"] == kind, "patient_id"]), patients)
        )
    treated = set_of(frame.loc[frame["sessions_in_window"] > 0, "patient_id"])
    rows.append(_share(primary, periods, "care_not_told", treated - set_of(codes["patient_id"]), treated))
    return rows


def _days(primary: PrimaryChange, frame: pd.DataFrame, periods: Periods) -> list[Statistic]:
    """Days from the last session before the window to its first day: median and quartiles."""
    days = frame["days_since_session"].dropna().to_numpy(dtype=np.float64)
    found = [("days_since_session", median(days))]
    if len(days) >= 4:
        for name, at in (("days_since_session_lower", 0.25), ("days_since_session_upper", 0.75)):
            found.append((name, Estimate(float(np.quantile(days, at)), None, None, None, "quantile")))
    return [
        statistic_of(
            estimate, periods.plan, endpoint=primary.endpoint.name, statistic=name, n=len(days),
            n_left_out=len(primary.pairs) - len(days), unit="days", mode=primary.mode,
        )
        for name, estimate in found
    ]  # fmt: skip
