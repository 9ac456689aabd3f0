"""The month in which each patient booked: its recorded days and headache days, before the baseline begins.

The month of booking is as long as the baseline and ends before it. A diary rarely reaches back before the
booking, so three months are tried, the first with enough recorded days counts, and which one it was is kept:

1. `led_to_booking`: the month that ends on the day of booking, the bad month itself;
2. `around_booking`: the month just before the baseline, if the day of booking lies in it;
3. `from_booking`: the month that begins on the day of booking, for diaries that were handed out then.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

#: Whether the day of booking is known, per patient; days count from the first session.
NO_CONTACT = np.iinfo(np.int64).min

MONTHS = ("led_to_booking", "around_booking", "from_booking")


@once
def booking_months(periods: Periods, least_recorded: int) -> pd.DataFrame:
    """The table of `window_counts` with, for each patient, the day of booking and the month of booking.

    Added columns: `contact_day` (from the first session; NO_CONTACT where it is not known), `booking_month` (one
    of MONTHS, or empty where no month before the baseline touches the booking with `least_recorded` recorded
    days), `booking_recorded_days`, `booking_headache_days`. Raises PlanError where the records hold no diary.
    """
    counts = window_counts(periods)
    contact = counts["patient_id"].map(_contact_days(periods)).fillna(NO_CONTACT)
    counts["contact_day"] = contact.to_numpy(np.int64)
    counts["booking_month"] = ""
    counts["booking_recorded_days"] = counts["booking_headache_days"] = 0
    known = counts.loc[counts["contact_day"] > NO_CONTACT].copy()
    known["row"] = np.arange(len(known))
    segments = _segments(periods, known)
    length = periods.plan.baseline_days
    for name, first in _first_days(known["contact_day"].to_numpy(), length).items():
        recorded, headache = _counted(segments, first, length, len(known))
        wanted = known["booking_month"].eq("").to_numpy() & (recorded >= least_recorded)
        known.loc[wanted, "booking_month"] = name
        known.loc[wanted, "booking_recorded_days"] = recorded[wanted]
        known.loc[wanted, "booking_headache_days"] = headache[wanted]
    added = ["booking_month", "booking_recorded_days", "booking_headache_days"]
    counts.loc[known.index, added] = known[added]
    return counts


def _first_days(contact: NDArray[np.int64], length: int) -> dict[str, NDArray[np.int64]]:
    """First day of each of MONTHS; the day 0, on which nothing is counted, where that month cannot be."""
    ends_before_baseline = -length - 1
    just_before = -2 * length
    return {
        "led_to_booking": np.where(contact <= ends_before_baseline, contact - length + 1, 0),
        "around_booking": np.where(
            (contact >= just_before) & (contact <= ends_before_baseline), just_before, 0
        ),
        "from_booking": np.where(contact + length - 1 <= ends_before_baseline, contact, 0),
    }


def _contact_days(periods: Periods) -> dict[object, int]:
    """Days from the first session to the booking, of patients of whom both are known."""
    records = periods.records
    column = "contact_date" if records.uses_dates else "contact_day"
    if periods.segments is None:
        raise PlanError("These records hold no daily diary, so no days can be counted.")
    if column not in records.columns("patients"):
        return {}
    # Records that count in days have day 0 built in, unless a patient has a day 0 of their own.
    first = "first_day" if records.uses_dates else "coalesce(first_day, 0)"
    rows = records.engine.rows(
        f"SELECT people.patient_id, CAST({column} - {first} AS INTEGER) FROM {periods.tables['people']} AS people "
        "JOIN patients ON patients.patient_id = people.patient_id "
        f"WHERE {column} IS NOT NULL AND {first} IS NOT NULL"
    )
    return dict(rows)


def _segments(periods: Periods, known: pd.DataFrame) -> pd.DataFrame:
    """Segments that a month of booking can reach, of the patients in `known`, with their row there."""
    length = periods.plan.baseline_days
    if known.empty:
        return pd.DataFrame({"row": [], "segment_start": [], "recorded": [], "headache": []}, dtype=np.int64)
    earliest = int(known["contact_day"].min()) - length - DAYS_PER_PERIOD
    segments = periods.records.engine.frame(
        f"SELECT patient_id, segment_start, recorded, headache FROM {periods.segments} "
        f"WHERE segment_start BETWEEN {earliest} AND {-length - 1}"
    )
    rows = segments.pop("patient_id").map(known.set_index("patient_id")["row"])
    return segments[rows.notna()].assign(row=rows[rows.notna()].astype("int64")).astype("int64")


def _counted(
    segments: pd.DataFrame, first: NDArray[np.int64], length: int, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Recorded days and headache days of `length` days from each patient's `first`; bit k is day start + k."""
    row, start = segments["row"].to_numpy(), segments["segment_start"].to_numpy()
    from_bit = np.clip(first[row] - start, 0, DAYS_PER_PERIOD)
    past_bit = np.clip(first[row] + length - start, 0, DAYS_PER_PERIOD)
    mask = (np.int64(1) << past_bit) - (np.int64(1) << np.minimum(from_bit, past_bit))
    mask = np.where(first[row] < 0, mask, 0)
    totals = []
    for name in ("recorded", "headache"):
        days = np.bitwise_count(segments[name].to_numpy() & mask)
        totals.append(np.bincount(row, weights=days, minlength=n).astype(np.int64))
    return totals[0], totals[1]
