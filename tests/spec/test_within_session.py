"""Pain before and after a session, patients weighted alike; what was written down of the process."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load

import outcomes as oc
from outcomes.analysis.answers import Answers
from outcomes.analysis.estimates import paired_change
from outcomes.analysis.questions import ask

QUIET = """
    ann : 3000000 | . 0000000
    bea : 3000000 | . 0000000
    cat : 3000000 | . 0000000
"""

#: Ann's three sessions: 8 to 4, 6 to 4, and one without a number after; bea's one: 2 to 2; cat's began at 0.
PAIN = pd.DataFrame(
    {
        "patient_id": ["ann", "ann", "ann", "bea", "cat"],
        "day": [0, 7, 14, 0, 0],
        "pain_before": [8, 6, 5, 2, 0],
        "pain_after": [4, 4, None, 2, 0],
    }
)


def asked_of(sessions: pd.DataFrame) -> Answers:
    records = load({**drawn(QUIET), "sessions": sessions}, WEEK_PLAN)
    return ask(oc.split_periods(records, WEEK_PLAN), "within_session")


def test_patients_weigh_alike_whatever_number_of_sessions_they_had() -> None:
    """Ann's own mean falls by 3, bea's and cat's by 0: on average by 1. Over sessions it would be 1.5."""
    found = asked_of(PAIN)
    change = found["change"]
    by_hand = paired_change(np.array([7.0, 2, 0]), np.array([4.0, 2, 0]), 0.95)
    assert (change.value, change.low, change.high) == (by_hand.value, by_hand.low, by_hand.high)
    assert change.value == pytest.approx(-1)
    assert (found["pain_before"].value, found["pain_after"].value) == (pytest.approx(3), pytest.approx(2))
    assert (change.n, change.n_left_out, change.p) == (3, 0, None)


def test_sessions_are_counted_where_both_pains_are_written_down() -> None:
    found = asked_of(PAIN)
    assert (found["both_recorded"].count, found["both_recorded"].n) == (4, 5)
    without = found["began_without_pain"]
    assert (without.count, without.n, without.n_left_out) == (1, 4, 1)


def test_the_first_and_the_second_session_stand_apart() -> None:
    found = asked_of(PAIN)
    frame = found.frames["sessions"]
    assert list(frame["session_number"]) == [1, 2]
    assert list(frame["n"]) == [3, 1]
    assert list(frame["change"]) == [pytest.approx(-4 / 3), pytest.approx(-2)]
    second = found.find("change", group="session_2")
    assert (second.value, second.low, second.n) == (-2, None, 1)


def test_a_third_session_without_a_number_after_is_in_no_row() -> None:
    groups = [row.group for row in asked_of(PAIN) if row.by == "session_number"]
    assert groups == ["session_1", "session_2"]


def test_it_is_labelled_immediate_and_uncontrolled() -> None:
    text = asked_of(PAIN).summary()
    assert "immediate:" in text and "uncontrolled:" in text
    assert not any(word in text.lower() for word in ("effect", "works", "because of", "relief"))


def test_process_is_what_was_written_down_and_an_empty_cell_is_neither_yes_nor_no() -> None:
    sessions = pd.DataFrame(
        {
            "patient_id": ["ann", "ann", "bea", "cat"],
            "day": [0, 7, 0, 0],
            "aftercare": ["advice;heat", "none", "", "advice"],
            "explanation": ["yes", "no", "", ""],
        }
    )
    found = asked_of(sessions)
    counts = {row.statistic: (row.count, row.n, row.n_left_out) for row in found if row.endpoint == "process"}
    assert counts == {
        "aftercare_recorded": (3, 4, 0),
        "aftercare_yes": (2, 3, 1),
        "explanation_recorded": (2, 4, 0),
        "explanation_yes": (1, 2, 2),
        "personal_plan_recorded": (None, 0, 4),
    }
    assert found["change"].value is None and found["change"].n_left_out == 3


def test_sessions_of_nothing_but_dates_are_refused_in_words() -> None:
    with pytest.raises(oc.PlanError, match="neither of pain"):
        asked_of(PAIN[["patient_id", "day"]])
    with pytest.raises(oc.PlanError, match="hold no sessions"):
        ask(oc.split_periods(load(drawn(QUIET), WEEK_PLAN), WEEK_PLAN), "within_session")


def test_one_patient_has_a_change_and_no_interval() -> None:
    change = asked_of(PAIN[PAIN["patient_id"] == "ann"])["change"]
    assert (change.value, change.low, change.n, change.n_left_out) == (-3, None, 1, 2)


def test_after_before_and_before_after_are_opposite() -> None:
    """A law: what is called before and after exchanged turns the sign of every change."""
    here = asked_of(PAIN).to_frame()
    turned = PAIN.rename(columns={"pain_before": "pain_after", "pain_after": "pain_before"})
    there = asked_of(turned).to_frame()
    ours, theirs = (frame[frame["statistic"] == "change"] for frame in (here, there))
    np.testing.assert_allclose(ours["value"], -theirs["value"])
    np.testing.assert_allclose(ours["low"], -theirs["high"])


def test_the_order_of_rows_does_not_matter() -> None:
    expected = asked_of(PAIN).to_frame()
    pd.testing.assert_frame_equal(asked_of(PAIN.sample(frac=1, random_state=5)).to_frame(), expected)
