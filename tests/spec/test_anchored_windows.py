"""Windows counted from any day hold exactly the days that a person would count into them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from diaries import drawn, load
from months import by_month

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.day_counts import anchored_counts, days_over, period_counts, window_counts
from outcomes.analysis.window_events import in_a_row, times_of


@pytest.mark.parametrize("days", [7, 10, 28])
@pytest.mark.parametrize("anchor", [-40, 1, 14, 29, 55])
def test_each_recorded_day_is_in_one_window(days: int, anchor: int) -> None:
    """A diary of random days, counted one by one. The plan's windows cut its segments at odd places."""
    generator = np.random.default_rng(100 + days + anchor)
    marks = generator.choice(list("3330."), 200)
    text = f"p1 : {''.join(marks[:70])} | .{''.join(marks[70:])}"
    plan = AnalysisPlan(baseline_days=30, followup_first_day=50, followup_last_day=90)
    periods = oc.split_periods(load(drawn(text), plan))
    recorded: Counter[int] = Counter()
    headache: Counter[int] = Counter()
    for day, mark in zip([*range(-70, 0), *range(1, 131)], marks, strict=True):
        if mark != ".":
            recorded[(day - anchor) // days] += 1
            headache[(day - anchor) // days] += mark == "3"
    found = anchored_counts(periods, pd.DataFrame({"patient_id": ["p1"], "anchor": [anchor]}), days)
    numbers = found["number"].tolist()
    assert dict(zip(numbers, found["recorded_days"], strict=True)) == dict(recorded)
    assert dict(zip(numbers, found["headache_days"], strict=True)) == dict(headache)


def test_windows_from_day_28_on_are_the_periods() -> None:
    periods = oc.split_periods(load(by_month({"a": (20, 8, 7, 6, 5), "b": (10, 9, None, 3)})))
    people = window_counts(periods)["patient_id"]
    found = anchored_counts(periods, pd.DataFrame({"patient_id": people, "anchor": 28}))
    found["period"] = found["number"] + 1
    columns = ["patient_id", "period", "recorded_days", "headache_days"]
    pd.testing.assert_frame_equal(found[columns], period_counts(periods)[columns], check_dtype=False)


def test_nobody_asked_for_is_nobody_counted() -> None:
    periods = oc.split_periods(load(by_month({"a": (20, 8)})))
    assert anchored_counts(periods, pd.DataFrame({"patient_id": [], "anchor": []})).empty


def test_days_that_are_over_when_the_records_end() -> None:
    """Day 0 is 5 January 2026; the last diary day is 27 days later: 28 days with the first are over."""
    dated = by_month({"a": (20, 8)}, first_session="2026-01-05")
    assert days_over(oc.split_periods(load(dated, exported_on="2026-12-01"))).to_dict() == {"a": 28}
    assert days_over(oc.split_periods(load(by_month({"a": (20, 8)})))).to_dict() == {"a": np.inf}


def test_in_a_row() -> None:
    marks = np.array([[True, True, False, True, True, True]])
    assert in_a_row(marks, 2).tolist() == [[True, False, False, True, True, False]]
    assert in_a_row(marks, 3).tolist() == [[False, False, False, True, False, False]]
    assert not in_a_row(marks, 7).any()


def test_a_state_before_a_missing_window_may_have_been_the_beginning() -> None:
    """In the state in the second window, the third missing, in it in the fourth and fifth: began after the first."""
    valid = np.array([[True, True, False, True, True]])
    state = np.array([[False, True, False, True, True]])
    found = times_of(valid, state, lasting=2)
    assert (found.left[0], found.right[0]) == (28, 112)


def test_without_windows_there_is_nothing_to_judge() -> None:
    none = np.zeros((2, 0), dtype=bool)
    found = times_of(none, none, lasting=2)
    assert not found.judged.any() and not found.seen.any()
