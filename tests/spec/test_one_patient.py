"""The page of one patient, from drawn diaries: weeks, days, and what is never said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load, write_folder
from months import sessions_on

import outcomes as oc
from outcomes.analysis.one_patient import OnePatient, one_patient
from outcomes.analysis.periods import Cohort
from outcomes.cli import main
from outcomes.errors import PlanError
from outcomes.reporting.one_patient import INTERNAL, patient_text

#: Four weeks of 4 headache days before, and after it a week with one of its days missing, then 1, 1 and 2 of 7.
FOUR = "p1 : 3333000 3333000 3333000 3333000 | . 300000 3000000 3000000 3300000"

OTHER = "p2 : 5555555 5555555 5555555 5555555 | . 555555 5555555 5555555 5555555"


def page(text: str, patient: str = "p1") -> OnePatient:
    tables = {**drawn(text), "sessions": sessions_on({"p1": [0, 7]})}
    return one_patient(oc.split_periods(load(tables, WEEK_PLAN)), patient)


def test_weeks_by_eye() -> None:
    """Week 0 is days 1 to 6: one of six days is 7/6 of seven."""
    weeks = page(FOUR).weeks
    assert list(weeks["week"]) == [-4, -3, -2, -1, 0, 1, 2, 3]
    assert list(weeks["recorded_days"]) == [7, 7, 7, 7, 6, 7, 7, 7]
    assert list(weeks["headache_days"]) == [4, 4, 4, 4, 1, 1, 1, 2]
    assert list(weeks["value"]) == [4, 4, 4, 4, pytest.approx(7 / 6), 1, 1, 2]


def test_every_week_after_was_better_than_every_week_before() -> None:
    """NAP 1; the mean falls from 4 to (7/6 + 1 + 1 + 2)/4 a week."""
    case = page(FOUR).single_case
    assert (case.n_before, case.n_after) == (4, 4)
    assert case.nap.value == 1 and case.nap.low is not None and case.nap.low < 1
    assert case.change.value == pytest.approx((7 / 6 + 4) / 4 - 4)
    assert case.log_response_ratio.value is not None and case.log_response_ratio.value < 0
    assert case.autocorrelation.raw is not None


def test_half_of_the_pairs_of_weeks() -> None:
    """Weeks of 4 and 2 before, 3 and 3 after: of four pairs two got better, NAP one half."""
    case = page("p1 : 3333000 3300000 | . ...... 3330000 3330000").single_case
    assert (case.nap.value, case.change.value) == (0.5, 0)


def test_weeks_with_fewer_than_five_recorded_days_have_no_value() -> None:
    one = page("p1 : 3333000 333.... 3330... | . 300000 ....... 3000000")
    weeks = one.weeks.set_index("week")["value"]
    assert list(weeks.index[weeks.isna()]) == [-2, -1, 1]
    assert list(weeks.dropna()) == [4, pytest.approx(7 / 6), 1]
    assert (one.single_case.n_before, one.single_case.n_after) == (1, 2)


def test_a_trend_before_is_looked_at_from_eight_weeks_on() -> None:
    after = "| . 300000 3000000 3000000 3000000"
    eight = page(f"p1 : {'3333000 3330000 ' * 4} {after}")
    seven = page(f"p1 : {'3333000 ' * 7} {after}")
    assert eight.single_case.tau_u is not None and eight.single_case.tau_bc is not None
    assert seven.single_case.tau_u is None and any("needs 8 weeks" in note for note in seven.notes)


def test_days_have_three_states() -> None:
    """`_` is a listed row left empty: not recorded. `?` is a headache without an intensity."""
    days = page("p1 : 7.0_0?0 | . 000000").days.set_index("relative_day")
    assert list(days.loc[-7:-1, "state"]) == [
        "headache", "not recorded", "no headache", "not recorded", "no headache", "headache", "no headache",
    ]  # fmt: skip
    assert days.loc[-7, "intensity"] == 7 and np.isnan(days.loc[-2, "intensity"])
    assert days.loc[0, "state"] == "not recorded" and list(days.index) == list(range(-7, 7))
    assert days["intensity"].notna().sum() == 1


def test_the_own_endpoints_before_and_after() -> None:
    """The week before: 4 of 7 days are 16 of 28. The week after: days 1 to 7 hold one headache on 7 days, 4 of 28."""
    one = page("p1 : 3333000 | . 3000000")
    row = one.endpoints.set_index("endpoint").loc["headache_days_per_28"]
    assert (row["baseline"], row["followup"], row["change"]) == (16, 4, -12)
    assert one.recorded_days == {"baseline": 7, "followup": 7} and one.session_days == (0, 7)


def test_only_this_patients_days_are_on_the_page() -> None:
    alone, beside = page(FOUR), page(f"{FOUR}\n{OTHER}")
    pd.testing.assert_frame_equal(alone.days, beside.days)
    pd.testing.assert_frame_equal(alone.weeks, beside.weeks)
    assert alone.single_case == beside.single_case


def test_a_patient_without_a_follow_up_has_a_page_and_a_reason() -> None:
    one = page("p1 : 3333000 | . .......")
    assert one.standing == "no_followup_diary" and one.single_case.nap.value is None
    assert any("no diary day in the follow-up window" in note for note in one.notes)


def test_a_patient_without_a_diary_has_an_empty_page() -> None:
    tables = {**drawn(OTHER), "sessions": sessions_on({"p1": [0], "p2": [0]})}
    one = one_patient(oc.split_periods(load(tables, WEEK_PLAN)), "p1")
    assert one.days.empty and one.weeks.empty and one.standing == "no_diary"
    assert INTERNAL in patient_text(one)


@pytest.mark.parametrize("asked", ["p9", "Maria Muster", "p1' OR '1'='1"])
def test_an_unknown_patient_is_refused_without_repeating_the_name(asked: str) -> None:
    with pytest.raises(PlanError) as caught:
        page(FOUR, asked)
    assert asked not in str(caught.value)


def test_who_cannot_be_placed_or_is_not_looked_at() -> None:
    tables = drawn(FOUR, first_session="2026-01-06")
    records = load(tables, WEEK_PLAN, exported_on="2026-12-01")
    with pytest.raises(PlanError, match="outside the months"):
        one_patient(oc.split_periods(records, cohort=Cohort.of_month("2025-06")), "p1")
    more = "\n".join(OTHER.replace("p2", f"p{number}") for number in range(2, 14))
    tables = drawn(f"{FOUR}\n{more}", first_session="2026-01-06")
    tables["sessions"] = tables["sessions"][tables["sessions"]["patient_id"] != "p1"]
    with pytest.raises(PlanError, match="not known"):
        one_patient(oc.split_periods(load(tables, WEEK_PLAN, exported_on="2026-12-01")), "p1")


def test_dates_and_day_numbers_give_the_same_page() -> None:
    by_day = page(FOUR)
    dated = oc.split_periods(
        load(drawn(FOUR, first_session="2026-01-06"), WEEK_PLAN, exported_on="2026-12-01")
    )
    by_date = one_patient(dated, "p1")
    pd.testing.assert_frame_equal(by_day.days, by_date.days)
    assert by_day.single_case == by_date.single_case


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = write_folder(tmp_path / "clinic", **drawn(f"{FOUR}\n{OTHER}"))
    (target / "outcomes.toml").write_text(
        "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n", encoding="utf-8"
    )
    return target


def test_the_command_is_marked_internal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", str(folder), "p1"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Internal: one patient's own numbers, not to leave the clinic.")
    assert "Headache days: 16.0 → 8.0 days per 28, change −8.0" in text, "days 1 to 7: two of seven"
    assert "p2" not in text


def test_the_command_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", str(folder), "p1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["profile"] == "internal" and told["recorded_days"]["baseline"] == 7
    assert [week["headache_days"] for week in told["weeks"]] == [4, 4, 4, 4, 1, 1, 1, 2]
    assert {row["statistic"] for row in told["single_case"]} >= {
        "nap",
        "log_response_ratio",
        "autocorrelation_raw",
    }
    assert told["days"][0] == {"relative_day": -28, "state": "headache", "intensity": 3.0}


def test_the_command_refuses_an_unknown_patient(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", str(folder), "Maria-Muster"]) == 2
    told = capsys.readouterr()
    assert "Maria" not in told.out + told.err and "no patient of that pseudonym" in told.err
