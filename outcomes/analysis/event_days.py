"""Events beside the diary: on which day of a patient's own time each happened."""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.models.session_rows import first_days
from outcomes.analysis.periods import Periods


def event_days(periods: Periods, kind: str) -> pd.DataFrame:
    """One row per used event of that kind: `patient_id`, `relative_day` (0 is the first session), `detail`.

    `relative_day` is NaN where the patient's day 0 is not known. Empty where the records hold no events.
    """
    records = periods.records
    if not records.has("events"):
        return pd.DataFrame({"patient_id": [], "relative_day": [], "detail": []})
    events = records.frame("events")
    events = events[events["kind"] == kind].reset_index(drop=True)
    start = events["patient_id"].map(first_days(periods))
    if "date" in events and records.uses_dates:
        relative = (pd.to_datetime(events["date"]) - pd.to_datetime(start)).dt.days.astype("float64")
    elif "day" in events and not records.uses_dates:
        relative = events["day"].astype("float64") - start.astype("float64").fillna(0)
    else:
        # Dates beside day numbers, or the other way round: no day of the one is a day of the other.
        relative = pd.Series(float("nan"), events.index)
    detail = events["detail"] if "detail" in events else pd.Series(None, events.index, dtype="object")
    return pd.DataFrame({"patient_id": events["patient_id"], "relative_day": relative, "detail": detail})
