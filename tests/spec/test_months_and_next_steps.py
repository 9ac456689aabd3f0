"""Months one after another and what is still to be done, from clinics small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import pytest

import outcomes as oc
from outcomes.analysis.month_activity import (
    BASELINE,
    CHANGE,
    COMPLETE,
    EVENTS,
    month_activity,
    monthly_series,
    months_edges,
    rate_of_new_pairs,
)
from outcomes.analysis.next_steps import next_steps

FIRST = dt.date(2026, 1, 5)


def diary(patient: str, first: dt.date, headache: dict[int, bool]) -> list[dict[str, object]]:
    """One row per relative day of `headache`."""
    return [
        {
            "patient_id": patient,
            "date": (first + dt.timedelta(days=day)).isoformat(),
            "headache": "yes" if has else "no",
        }
        for day, has in headache.items()
    ]


def window(days: Sequence[int], with_headache: int) -> dict[int, bool]:
    """The first `with_headache` of these days with headache."""
    return {day: at < with_headache for at, day in enumerate(days)}


BEFORE, AFTER = range(-28, 0), range(56, 84)


def clinic(last_day: int = 83) -> dict[str, pd.DataFrame]:
    """Two patients of January (14 → 7 and 10 → 10 days) and one of March whose follow-up is open.

    The third wrote 5 of the follow-up days up to `last_day`.
    """
    third = FIRST + dt.timedelta(days=60)
    rows = [
        *diary("P001", FIRST, window(BEFORE, 14) | window(AFTER, 7)),
        *diary("P002", FIRST, window(BEFORE, 10) | window(AFTER, 10)),
        *diary("P003", third, window(BEFORE, 8) | window(range(56, 61), 1)),
    ]
    # Somebody else still writes, so that the records go on.
    rows += diary("P001", third, {last_day: False}) if last_day else []
    sessions = [
        ("P001", FIRST, "none", "mild"),
        ("P001", FIRST + dt.timedelta(days=7), "mild", None),
        ("P002", FIRST, "none", None),
        ("P003", third, "not_asked", None),
    ]
    columns = ["patient_id", "date", "adverse_event", "adverse_event_72h"]
    given = pd.DataFrame([(who, day.isoformat(), *told) for who, day, *told in sessions], columns=columns)
    events = pd.DataFrame(
        [
            ("P002", "2026-01-20", "treatment_ended"),
            ("P001", "2026-02-02", "red_flag"),
            ("P001", "2026-12-02", "red_flag"),
        ],
        columns=["patient_id", "date", "kind"],
    )
    return {"diary": pd.DataFrame(rows), "sessions": given, "events": events}


def periods(tables: dict[str, pd.DataFrame]) -> oc.Periods:
    return oc.split_periods(oc.load_records(tables))


@pytest.mark.parametrize(("month", "last"), [("2026-02", 28), ("2028-02", 29), ("2026-12", 31)])
def test_the_edges_of_a_month(month: str, last: int) -> None:
    first, end = months_edges(month)
    assert (first.day, end.day, end.month) == (1, last, first.month)


def test_what_was_done_in_january() -> None:
    found = month_activity(periods(clinic()), "2026-01")
    assert found is not None
    assert (found.new_patients, found.sessions, found.treated, found.most_of_one, found.ended) == (
        2,
        3,
        2,
        2,
        1,
    )


def test_a_month_in_which_nothing_happened() -> None:
    found = month_activity(periods(clinic()), "2025-06")
    assert found is not None
    assert (found.new_patients, found.sessions, found.treated, found.most_of_one, found.ended) == (
        0,
        0,
        0,
        0,
        0,
    )


def test_without_sessions_or_events_nothing_is_counted_as_none() -> None:
    tables = clinic()
    del tables["events"]
    found = month_activity(periods(tables), "2026-01")
    assert found is not None and found.ended is None


def points(tables: dict[str, pd.DataFrame], measure: str, until: str | None = None) -> pd.DataFrame:
    series = monthly_series(periods(tables), until)
    rows = series[series["measure"] == measure]
    return rows.set_index(rows["month"].astype(str))


def test_points_stand_in_the_month_they_belong_to() -> None:
    baseline = points(clinic(), BASELINE)
    # 14 and 10 days in January; nobody in February; 8 days in March.
    assert baseline["value"].to_dict() == pytest.approx(
        {"2026-01": 12, "2026-02": float("nan"), "2026-03": 8}, nan_ok=True
    )
    assert baseline["patients"].tolist() == [2, 0, 1]
    # Day 83 after 5 January is 29 March: changes of −7 and 0.
    change = points(clinic(), CHANGE)
    assert change["value"].to_dict() == {"2026-03": -3.5}
    # The third follow-up closed on 28 May, when the records end, without days enough.
    complete = points(clinic(), COMPLETE)
    assert complete.loc["2026-03", ["count", "total"]].tolist() == [2, 2]
    assert complete.loc["2026-05", ["count", "total"]].tolist() == [0, 1]
    # Asked about: three sessions of January, two with an event; that of March was not asked about.
    events = points(clinic(), EVENTS)
    assert events.loc["2026-01", ["count", "total"]].tolist() == [2, 3]


def test_the_months_end_with_the_report() -> None:
    assert points(clinic(), BASELINE, "2026-01").index.tolist() == ["2026-01"]
    assert points(clinic(), BASELINE, "2026-04").index.tolist()[-1] == "2026-04"


def test_the_order_of_rows_moves_nothing() -> None:
    tables = clinic()
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in tables.items()}
    pd.testing.assert_frame_equal(
        monthly_series(periods(tables)), monthly_series(periods(shuffled)), check_exact=True
    )


def test_pairs_per_month_over_the_months_there_were() -> None:
    # Two pairs closed in March; March to May are three months.
    assert rate_of_new_pairs(periods(clinic()), dt.date(2026, 5, 31)) == pytest.approx(2 / 3)


def test_a_diary_that_falls_behind_is_chased_while_it_can_be_filled() -> None:
    """On day 62 the third has 5 days; 20 of 28 are needed, and 21 days are left."""
    tables = clinic(62)
    found = next_steps(periods(tables))
    assert found is not None
    assert found.as_of == FIRST + dt.timedelta(days=60 + 62)
    # 5 recorded of 7 elapsed is just what 20 of 28 asks for.
    assert found.diaries.empty and found.lost == 0
    later = next_steps(periods(clinic(66)))
    assert later is not None
    row = later.diaries.iloc[0]
    assert (row["patient_id"], row["recorded"], row["needed"], row["days_left"]) == ("P003", 5, 20, 17)
    assert row["closes"] == FIRST + dt.timedelta(days=60 + 83)
    too_late = next_steps(periods(clinic(75)))
    assert too_late is not None and too_late.diaries.empty and too_late.lost == 1


def test_answers_after_72_hours_are_open_for_two_weeks() -> None:
    found = next_steps(periods(clinic()), FIRST + dt.timedelta(days=14))
    assert found is not None and found.ask is not None
    # 5 January: one was asked, one was not, 14 days ago. 12 January: 7 days ago.
    assert found.ask["patient_id"].tolist() == ["P002", "P001"]


def test_red_flags_up_to_the_day_of_the_report() -> None:
    found = next_steps(periods(clinic()), dt.date(2026, 2, 28))
    assert found is not None and found.red_flags is not None
    assert found.red_flags["patient_id"].tolist() == ["P001"]


def test_records_by_day_number_have_no_months() -> None:
    rows = [{"patient_id": "P001", "day": day, "headache": "no"} for day in (*BEFORE, *AFTER)]
    by_day = periods({"diary": pd.DataFrame(rows)})
    assert monthly_series(by_day).empty
    assert next_steps(by_day) is None and rate_of_new_pairs(by_day, FIRST) is None
