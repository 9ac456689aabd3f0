"""Sessions received and planned, and how they go with headache days: described, labelled, and without a p value."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.estimates import paired_change
from outcomes.analysis.models.dose import LABEL
from outcomes.analysis.questions import ask
from outcomes.analysis.session_counts import grouped_levels

QUIET = """
    ann : 3000000 | . 0000000
    bea : 3300000 | . 3000000
    cat : 3330000 | . 3300000
"""

#: Ann had four sessions in the first days and one after the follow-up window, bea two, cat one.
SESSIONS = pd.DataFrame(
    {
        "patient_id": ["ann"] * 5 + ["bea"] * 2 + ["cat"],
        "day": [0, 2, 4, 6, 20, 0, 7, 0],
        "technique": ["deep", "deep", "deep", "superficial", "deep", "superficial", "deep", ""],
        "electrical": ["no", "no", "no", "no", "no", "yes", "", ""],
        "muscles": ["masseter;temporalis", "masseter", "", "masseter", "masseter", "temporalis", "other", ""],
        "needles_inserted": [2, 4, 6, 8, 99, 3, 5, None],
    }
)
PATIENTS = pd.DataFrame({"patient_id": ["ann", "bea", "cat"], "planned_sessions": [4, 4, None]})


def asked_of(tables: dict[str, pd.DataFrame], plan: AnalysisPlan = WEEK_PLAN) -> Answers:
    return ask(oc.split_periods(load(tables, plan), plan), "dose")


@pytest.fixture(scope="module")
def three() -> Answers:
    return asked_of({**drawn(QUIET), "sessions": SESSIONS, "patients": PATIENTS})


# ---- received and planned ----


def test_sessions_before_and_up_to_the_end_of_follow_up(three: Answers) -> None:
    """Follow-up is days 1 to 7: on day 0 each had one; by day 7 ann had four, bea two, cat one."""
    assert three["received_before_followup"].value == 1
    assert three["received_by_end"].value == pytest.approx(7 / 3)
    assert three["received_by_end"].n == 3


def test_the_planned_number_counts_where_one_was_written_down(three: Answers) -> None:
    """Ann had her four of four, bea two of four; what was planned for cat is not known."""
    row = three["had_planned_number"]
    assert (row.count, row.n, row.n_left_out) == (1, 2, 1)
    assert (three["planned"].value, three["planned"].n_left_out) == (4, 1)


def test_patients_whose_follow_up_is_not_over_may_still_be_treated() -> None:
    """With dates the records end: the last patient's window is not over, and her sessions are not all given yet."""
    first = {"ann": dt.date(2026, 3, 2), "bea": dt.date(2026, 3, 9), "cat": dt.date(2026, 3, 30)}
    diary = drawn(QUIET)["diary"]
    days = zip(diary["patient_id"], diary["day"], strict=True)
    diary["date"] = [(first[name] + dt.timedelta(int(day))).isoformat() for name, day in days]
    diary = diary[diary["date"] <= "2026-04-01"].drop(columns="day")
    sessions = pd.DataFrame({"patient_id": list(first), "date": [day.isoformat() for day in first.values()]})
    row = asked_of({"diary": diary, "sessions": sessions})["received_by_end"]
    assert (row.value, row.n, row.n_left_out) == (1, 2, 1)


# ---- change by planned number ----


def test_planned_numbers_are_joined_until_each_group_holds_five() -> None:
    """3: two and 4: three make five; 6: seven stand alone; 8: one and 12: two are too few and join the 6."""
    planned = pd.Series([3] * 2 + [4] * 3 + [6] * 7 + [8] + [12] * 2)
    groups = grouped_levels(planned, 5)
    assert groups.value_counts().to_dict() == {"3–4": 5, "6–12": 10}
    assert list(grouped_levels(pd.Series([5, 6]), 5)) == ["5–6"] * 2
    assert list(grouped_levels(pd.Series([4] * 5), 5)) == ["4"] * 5
    assert grouped_levels(pd.Series([], dtype="float64"), 5).empty


def test_the_change_of_each_group_is_the_paired_change_of_its_patients() -> None:
    """Six patients planned for four sessions, five for eight; one of the four has no follow-up diary."""
    drawing = [f"a{i} : {'3' * i}{'0' * (7 - i)} | . {'0' * 7}" for i in range(1, 6)]
    drawing += ["a6 : 3333330 | . ......."]
    drawing += [f"b{i} : 3333330 | . {'3' * i}{'0' * (7 - i)}" for i in range(5)]
    names = [line.split(" ")[0] for line in drawing]
    sessions = pd.DataFrame({"patient_id": names, "day": 0})
    patients = pd.DataFrame({"patient_id": names, "planned_sessions": [4] * 6 + [8] * 5})
    found = asked_of({**drawn("\n".join(drawing)), "sessions": sessions, "patients": patients})
    frame = found.frames["dose"]
    assert list(frame["planned_sessions"]) == ["4", "8"] and list(frame["n"]) == [5, 5]
    four = found.find("change_by_planned", group="4")
    by_hand = paired_change(4.0 * np.arange(1, 6), np.zeros(5), 0.95)
    assert (four.value, four.low, four.high) == (by_hand.value, by_hand.low, by_hand.high)
    assert (four.n, four.n_left_out, four.p) == (5, 1, None)
    assert found.find("change_by_planned", group="8").value == pytest.approx(4 * (2 - 6))


def test_three_patients_have_no_figure_by_planned_number(three: Answers) -> None:
    row = three["change_by_planned"]
    assert (row.value, row.n) == (None, 2) and row.notes[0].startswith("few_patients")
    assert three.frames["dose"].empty


# ---- how needling was done ----


def test_techniques_are_counted_by_session_and_by_patient(three: Answers) -> None:
    """Deep in five of the seven sessions that say how, in two of two patients; cat's session says nothing."""
    row = three.find("sessions_with", group="deep")
    assert (row.count, row.n, row.n_left_out) == (5, 7, 1)
    row = three.find("patients_with", group="deep")
    assert (row.count, row.n, row.n_left_out) == (2, 2, 1)
    assert three.find("sessions_with", group="electrical_yes").count == 1


def test_a_patient_has_a_main_technique_only_with_more_than_half_of_the_sessions(three: Answers) -> None:
    """Ann: three of four up to day 7 were deep. Bea: one of each, so that she belongs to neither."""
    deep, superficial = (three.find("change", group=group) for group in ("deep", "superficial"))
    assert (deep.n, superficial.n) == (1, 0)
    assert deep.value is None and deep.notes[0].startswith("few_patients")


def test_needles_are_a_patients_own_mean_first(three: Answers) -> None:
    """Ann's sessions up to the end of follow-up had 5 needles on average, bea's 4; cat's were not counted."""
    row = three.find("needles_inserted", group="per_session")
    assert (row.value, row.n, row.n_left_out) == (4.5, 2, 1)


def test_muscles_are_counted_one_by_one(three: Answers) -> None:
    told = {row.muscle: (row.sessions, row.patients) for row in three.frames["muscles"].itertuples()}
    assert told == {"masseter": (4, 1), "temporalis": (2, 2), "other": (1, 1)}


# ---- what is said, and what is not ----


def test_it_is_an_association_without_a_p_value_and_recommends_no_number(three: Answers) -> None:
    assert not [row for row in three if row.p is not None]
    for row in three:
        if row.statistic.startswith("change") or row.statistic.endswith("_patients"):
            assert row.statistic == "received_by_end" or any(LABEL in note for note in row.notes)
    text = three.summary()
    assert "They cannot say how many to give" in text
    assert not any(word in text.lower() for word in ("recommend", "effect", "works", "because of needling"))


def test_sessions_of_nothing_but_days_are_counted_and_nothing_else() -> None:
    found = asked_of({**drawn(QUIET), "sessions": SESSIONS[["patient_id", "day"]]})
    assert found["received_by_end"].value == pytest.approx(7 / 3)
    assert found.frames["muscles"].empty and found.frames["needling"].empty and found.frames["dose"].empty
    assert found["had_planned_number"].value is None
    with pytest.raises(oc.PlanError, match="hold no sessions"):
        asked_of(drawn(QUIET))


def test_without_a_diary_there_is_no_association_and_the_planned_groups_stay() -> None:
    names = [f"p{i}" for i in range(6)]
    summaries = pd.DataFrame(
        {
            "patient_id": names * 2,
            "period": ["baseline"] * 6 + ["followup"] * 6,
            "headache_days_per_28": [10, 11, 12, 13, 14, 15, 8, 8, 8, 8, 8, 8],
        }
    )
    sessions = pd.DataFrame({"patient_id": names, "date": "2026-03-02"})
    patients = pd.DataFrame({"patient_id": names, "planned_sessions": 6})
    plan = AnalysisPlan()
    found = asked_of({"summaries": summaries, "sessions": sessions, "patients": patients}, plan)
    assert found["within_patients"].value is None and "no daily diary" in found["within_patients"].notes[0]
    assert found.find("change_by_planned", group="6").value == pytest.approx(-4.5)
    assert (found["received_by_end"].value, found["received_by_end"].n) == (1, 6)


def test_another_primary_endpoint_that_is_not_there_is_told() -> None:
    plan = AnalysisPlan(
        baseline_days=7,
        followup_first_day=1,
        followup_last_day=7,
        primary_endpoint="acute_medication_days_per_28",
    )
    found = asked_of({**drawn(QUIET), "sessions": SESSIONS, "patients": PATIENTS}, plan)
    assert any("do not hold acute_medication_days_per_28" in note for note in found.notes)
    assert found["received_by_end"].n == 3


# ---- planted slopes ----


def planted(seed: int, patients: int, within: float, between: float) -> dict[str, pd.DataFrame]:
    """Daily diaries of three 28-day periods: 12 days per 28 on average, `within` days more for each session more
    than the patient's own mean of them, `between` for each session of that mean; 0 to 3 sessions a period."""
    generator = np.random.default_rng(seed)
    usual = generator.integers(0, 3, patients)[:, None]
    given = usual + generator.integers(0, 2, (patients, 3))
    # Day 0 is the first session: everybody has one in the first period.
    given[:, 0] = np.maximum(given[:, 0], 1)
    mean = given.mean(axis=1, keepdims=True)
    chance = (12 + between * (mean - 1.5) + within * (given - mean)) / 28
    diaries, sessions = [], []
    for i in range(patients):
        name = f"p{i:03d}"
        days = np.arange(1, 84)
        hurts = generator.random(83) < np.clip(chance[i, days // 28], 0, 1)
        diaries.append(
            pd.DataFrame({"patient_id": name, "day": days, "headache": np.where(hurts, "yes", "no")})
        )
        on = [28 * period + 5 * number for period in range(3) for number in range(given[i, period])]
        sessions.append(pd.DataFrame({"patient_id": name, "day": on}))
    return {"diary": pd.concat(diaries), "sessions": pd.concat(sessions)}


def _holds(seed: int, patients: int, within: float, between: float) -> tuple[bool, bool]:
    plan = AnalysisPlan()
    periods = oc.split_periods(load(planted(seed, patients, within, between), plan), plan)
    found = ask(periods, "dose")
    held = []
    for name, truth in (("within_patients", within), ("between_patients", between)):
        row = found[name]
        assert row.low is not None and row.high is not None
        held.append(row.low < truth < row.high)
    return held[0], held[1]


def test_planted_slopes_are_held_within_and_between_patients() -> None:
    """Those who come more often have more headaches (+2 days per session); in months with a session more, 2 fewer."""
    assert _holds(4, 120, -2.0, 2.0) == (True, True)


@pytest.mark.long
@pytest.mark.parametrize(("within", "between"), [(-2.0, 2.0), (0.0, 1.0), (1.0, -1.0)])
def test_planted_slopes_are_held_as_often_as_promised(within: float, between: float) -> None:
    """60 clinics of 80 patients: at least 88% of the 95% intervals hold the truth (99% bound of a share of 0.95)."""
    held = np.array([_holds(seed, 80, within, between) for seed in range(60)]).mean(axis=0)
    assert (held >= 0.88).all()


# ---- laws ----


def test_neither_rows_nor_names_matter(three: Answers) -> None:
    tables = {**drawn(QUIET), "sessions": SESSIONS.sample(frac=1, random_state=1), "patients": PATIENTS}
    pd.testing.assert_frame_equal(asked_of(tables).to_frame(), three.to_frame())
    other = {"ann": "zoe", "bea": "yan", "cat": "xia"}
    renamed = {
        name: table.assign(patient_id=table["patient_id"].map(other))
        for name, table in {**drawn(QUIET), "sessions": SESSIONS, "patients": PATIENTS}.items()
    }
    pd.testing.assert_frame_equal(asked_of(renamed).to_frame(), three.to_frame())
