"""What happened after needling: who was asked, what was told, how far the limits reach, and what counts once."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, dated, drawn, load
from scipy.stats import beta

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.proportions import (
    clopper_pearson,
    clopper_pearson_clustered,
    most_if_none,
    poisson_rate,
)
from outcomes.analysis.questions import ask
from outcomes.analysis.session_soreness import headache_pairs

#: Three patients whose diaries say nothing of interest: what is asked about stands in the sessions.
QUIET = """
    ann : 3000000 | . 0000000
    bea : 3000000 | . 0000000
    cat : 3000000 | . 0000000
"""

Cell = str | int | float | None


def sessions_of(*rows: tuple[Cell, ...], columns: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["patient_id", "day", *columns.split()])


def asked_of(
    *tables: Any, plan: AnalysisPlan = WEEK_PLAN, diary: str = QUIET, **more: pd.DataFrame
) -> Answers:
    records = load({**drawn(diary), **more}, plan)
    return ask(oc.split_periods(records, plan), "safety")


#: Seven sessions: two not asked, one left empty; of four asked, two mild and one serious.
ASKED = sessions_of(
    ("ann", 0, "none"),
    ("ann", 7, "mild"),
    ("ann", 14, "not_asked"),
    ("bea", 0, "mild"),
    ("bea", 7, ""),
    ("cat", 0, "not_asked"),
    ("cat", 7, "serious"),
    columns="adverse_event",
)


# ---- asked, and not asked ----


def test_not_asked_is_not_none() -> None:
    """Seven sessions, four asked about: the rates are of four, and `none` is one of the answers."""
    found = asked_of(sessions=ASKED)
    assert (found["asked_either"].count, found["asked_either"].n) == (4, 7)
    assert (found["written_not_asked"].count, found["left_empty"].count) == (2, 1)
    for grade, count in {"any": 3, "mild": 2, "significant": 0, "serious": 1}.items():
        row = found[f"sessions_{grade}"]
        assert (row.count, row.n, row.n_left_out) == (count, 4, 3)
        exact = clopper_pearson(count, 4, 0.95)
        assert (row.low, row.high) == (exact.low, exact.high)


def test_what_the_sessions_not_asked_about_could_hold() -> None:
    """Three events of seven sessions at least; six if each of the three not asked about had one."""
    found = asked_of(sessions=ASKED)
    assert found["any_if_unasked_had_none"].value == pytest.approx(3 / 7)
    assert found["any_if_unasked_had_one"].value == pytest.approx(6 / 7)


def test_patients_with_an_event_are_counted_once() -> None:
    """Ann told of one mild event in two answers: she is one patient. All three were asked at least once."""
    found = asked_of(sessions=ASKED)
    assert (found["patients_any"].count, found["patients_any"].n) == (3, 3)
    assert found["patients_mild"].count == 2
    assert found["patients_serious"].count == 1


def test_a_clinic_that_never_asked_has_no_rate() -> None:
    """Nothing but dates: nobody was asked, so nothing is known, and nothing is 0."""
    found = asked_of(sessions=sessions_of(("ann", 0), ("bea", 0), columns=""))
    assert found["asked_either"].value == 0
    for name in ("sessions_any", "sessions_serious", "patients_any", "events_per_100_sessions"):
        assert found[name].value is None and found[name].notes
    assert found["any_if_unasked_had_one"].value == 1
    assert "serious_at_most" not in " ".join(row.statistic for row in found)


def test_records_without_sessions_are_refused_in_words() -> None:
    periods = oc.split_periods(load(drawn(QUIET), WEEK_PLAN), WEEK_PLAN)
    with pytest.raises(oc.PlanError, match="These records hold no sessions"):
        ask(periods, "safety")


def test_nobody_of_the_cohort_was_treated() -> None:
    """A cohort of another year: no sessions, no patients, and no crash."""
    tables = dated(drawn(QUIET), dict.fromkeys(("ann", "bea", "cat"), "2026-03-02"))
    periods = oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN, oc.Cohort.of_month("2024-12"))
    found = ask(periods, "safety")
    assert (found["asked_either"].n, found["patients_any"].n) == (0, 0)
    assert found["sessions_any"].value is None


# ---- two times of asking ----


def test_the_worse_of_both_answers_counts_and_both_stand_apart() -> None:
    """At the session mild, at 72 hours significant: significant. Asked only at 72 hours: asked."""
    found = asked_of(
        sessions=sessions_of(
            ("ann", 0, "mild", "significant"),
            ("bea", 0, "mild", "none"),
            ("cat", 0, "not_asked", "mild"),
            ("cat", 7, "none", ""),
            columns="adverse_event adverse_event_72h",
        )
    )
    assert (found["asked_at_session"].count, found["asked_at_72h"].count, found["asked_either"].count) == (
        3,
        3,
        4,
    )
    told = {
        (source, grade): (
            found.find(f"sessions_{grade}", group=source).count,
            found.find(f"sessions_{grade}", group=source).n,
        )
        for source in ("at_session", "at_72h", "worst_of_both")
        for grade in ("mild", "significant")
    }
    assert told == {
        ("at_session", "mild"): (2, 3),
        ("at_session", "significant"): (0, 3),
        ("at_72h", "mild"): (1, 3),
        ("at_72h", "significant"): (1, 3),
        ("worst_of_both", "mild"): (2, 4),
        ("worst_of_both", "significant"): (1, 4),
    }
    frame = found.frames["events"].set_index(["grade", "unit"])
    assert tuple(frame.loc[("significant", "session"), ["count", "of"]]) == (1, 4)
    assert tuple(frame.loc[("any", "patient"), ["count", "of"]]) == (3, 3)


# ---- the table of events ----


def test_an_event_told_twice_counts_once() -> None:
    """The mild event of bea's session also stands in `events`; the serious one of ann two days later does not."""
    found = asked_of(
        sessions=ASKED,
        events=pd.DataFrame(
            {
                "patient_id": ["bea", "ann", "ann"],
                "day": [0, 9, 0],
                "kind": ["adverse_event", "adverse_event", "red_flag"],
                "grade": ["mild", "serious", ""],
                "expected": ["yes", "no", ""],
            }
        ),
    )
    assert (found["listed"].count, found["listed_beside_session"].count) == (2, 1)
    assert (found["listed_told_twice"].count, found["listed_expected"].count) == (1, 1)
    assert found["sessions_mild"].count == 2
    assert found["sessions_serious"].count == 1
    assert any("1 more listed" in note for note in found["sessions_serious"].notes)
    # Cat's session and ann's listed event.
    assert found["patients_serious"].count == 2
    # Three events of the sessions asked about, and one listed elsewhere, in seven sessions.
    assert found["events_per_100_sessions"].value == pytest.approx(100 * 3 / 4)
    assert found["recorded_per_100_sessions"].value == pytest.approx(100 * 4 / 7)
    assert (found["red_flags"].count, found["patients_red_flag"].count) == (1, 1)


def test_a_listed_event_can_be_worse_than_the_answer_of_the_session() -> None:
    """The session says none, the list says significant on the same day: the session had a significant event."""
    found = asked_of(
        sessions=sessions_of(("ann", 0, "none"), ("bea", 0, "none"), columns="adverse_event"),
        events=pd.DataFrame(
            {"patient_id": ["ann"], "day": [0], "kind": ["adverse_event"], "grade": ["significant"]}
        ),
    )
    assert (found["sessions_significant"].count, found["sessions_any"].count) == (1, 1)
    assert (found["listed_told_twice"].count, found["events_per_100_sessions"].count) == (0, 1)


def test_of_two_sessions_on_a_day_the_one_asked_about_takes_the_event() -> None:
    sessions = sessions_of(
        ("ann", 0, "none"), ("ann", 0, "not_asked"), ("bea", 0, "none"), columns="adverse_event"
    )
    listed = pd.DataFrame(
        {"patient_id": ["ann"], "day": [0], "kind": ["adverse_event"], "grade": ["serious"]}
    )
    found = asked_of(sessions=sessions, events=listed)
    assert (found["sessions_serious"].count, found["sessions_serious"].n) == (1, 2)
    assert "recorded_per_100_sessions" not in [row.statistic for row in found]


def test_an_event_without_a_grade_is_an_event_of_no_grade() -> None:
    found = asked_of(
        sessions=sessions_of(("ann", 0, "none"), ("bea", 0, "none"), columns="adverse_event"),
        events=pd.DataFrame({"patient_id": ["ann"], "day": [0], "kind": ["adverse_event"]}),
    )
    assert (found["sessions_any"].count, found["patients_any"].count) == (1, 1)
    assert [found[f"sessions_{grade}"].count for grade in ("mild", "significant", "serious")] == [0, 0, 0]
    assert found["listed_without_grade"].count == 1


def test_without_a_table_of_events_red_flags_are_not_known() -> None:
    row = asked_of(sessions=ASKED)["patients_red_flag"]
    assert row.value is None and row.n == 0 and "hold no events" in row.notes[0]


def test_sessions_of_a_sham_group_are_told() -> None:
    patients = pd.DataFrame({"patient_id": ["ann", "bea", "cat"], "group": ["treated", "sham", ""]})
    assert any(
        "of 1 patient of groups other than 'treated'" in note
        for note in asked_of(sessions=ASKED, patients=patients).notes
    )


# ---- kinds, needles ----


def test_kinds_and_several_events_at_one_session() -> None:
    """Bruising and bleeding at one session are two events of one session; a mild event without a kind is one."""
    found = asked_of(
        sessions=sessions_of(
            ("ann", 0, "mild", "bruising;bleeding"),
            ("ann", 7, "mild", ""),
            ("bea", 0, "none", ""),
            ("cat", 0, "not_asked", "bruising"),
            columns="adverse_event adverse_event_kind",
        )
    )
    assert (found.find("kind", group="bruising").count, found.find("kind", group="bruising").n) == (1, 3)
    assert (found["kind_not_written"].count, found["kind_not_written"].n) == (1, 2)
    assert found["events_per_100_sessions"].count == 3
    assert found["sessions_any"].count == 2
    assert list(found.frames["kinds"]["kind"]) == ["bruising", "bleeding"]


def test_needles_in_are_compared_with_needles_out_where_both_were_counted() -> None:
    found = asked_of(
        sessions=sessions_of(
            ("ann", 0, 5, 5),
            ("ann", 7, 5, 4),
            ("bea", 0, 5, 6),
            ("cat", 0, 5, None),
            columns="needles_inserted needles_removed",
        )
    )
    assert (found["needles_counted"].count, found["needles_counted"].n) == (3, 4)
    assert (found["needles_differ"].count, found["needles_differ"].n, found["needles_differ"].n_left_out) == (
        2,
        3,
        1,
    )
    assert found["needles_fewer_out"].count == 1


# ---- limits ----


def test_the_rule_of_three_and_the_figures_of_brady_2014() -> None:
    """Brady 2014: 0 significant events in 7,629 treatments, printed as at most 0.04%: the one-sided 95% limit.

    The upper end of the two-sided interval is 0.05%. 1,463 mild ones are 19.18%.
    """
    limit = most_if_none(7629, 0.95).value
    assert limit is not None and f"{100 * limit:.2f}" == "0.04"
    assert limit == pytest.approx(3 / 7629, rel=0.002)
    assert (1 - limit) ** 7629 == pytest.approx(0.05)
    two_sided = clopper_pearson(0, 7629, 0.95)
    assert two_sided.low == 0 and f"{100 * (two_sided.high or 0):.2f}" == "0.05"
    mild = clopper_pearson(1463, 7629, 0.95)
    assert f"{100 * (mild.value or 0):.2f}" == "19.18"
    assert mild.low is not None and mild.high is not None
    assert (mild.low, mild.high) == (pytest.approx(0.183, abs=5e-4), pytest.approx(0.2008, abs=5e-4))


def test_the_figure_of_boyce_2020() -> None:
    """20 major events in 20,494 treatments, printed as 1 in 1,024 (which 20,464, also printed, would not give)."""
    rate = poisson_rate(20, 20494, 0.95)
    assert rate.value is not None and int(1 / rate.value) == 1024
    assert int(20464 / 20) != 1024
    # Exact limits of a Poisson count of 20: 12.217 and 30.888 (tables of Pearson and Hartley).
    assert (rate.low or 0) * 20494 == pytest.approx(12.217, abs=0.001)
    assert (rate.high or 0) * 20494 == pytest.approx(30.888, abs=0.001)


def test_none_seen_has_a_limit_and_is_never_called_safe() -> None:
    found = asked_of(sessions=ASKED)
    assert found["sessions_significant"].count == 0
    assert found["sessions_significant_at_most"].value == pytest.approx(1 - 0.05 ** (1 / 4))
    assert found["patients_significant_at_most"].value == pytest.approx(1 - 0.05 ** (1 / 3))
    words = found.summary().lower()
    assert "none seen, at most" in words
    assert not any(word in words for word in ("safe ", "safe.", "proven", "because of", "works"))


def test_sessions_of_a_patient_that_are_alike_widen_the_interval() -> None:
    """Ten patients with ten sessions each: the same 20 events in two patients, or spread over all ten."""
    sessions = np.full(10, 10)
    together = clopper_pearson_clustered([10, 10, *[0] * 8], sessions, 0.95)
    spread = clopper_pearson_clustered([2] * 10, sessions, 0.95)
    plain = clopper_pearson(20, 100, 0.95)
    alone = clopper_pearson(2, 10, 0.95)
    assert together.value == spread.value == plain.value == 0.2
    assert None not in (together.low, together.high, plain.low, plain.high, alone.low, alone.high)
    # Sessions that are all alike say as much as one each; the variance between ten patients is itself uncertain.
    assert together.low < plain.low and together.high > plain.high  # type: ignore[operator]
    assert together.low < alone.low and together.high > alone.high  # type: ignore[operator]
    assert (spread.low, spread.high) == (
        pytest.approx(plain.low, abs=0.02),
        pytest.approx(plain.high, abs=0.02),
    )


def test_the_effective_number_of_sessions_by_hand() -> None:
    """Two of ten patients with ten events of ten, the others none: v = 10/9 · (2·8² + 8·2²)/100² = 0.01778.

    p(1 − p)/v = 9 sessions, times (1.98422/2.26216)², the t quantiles with 99 and 9 degrees of freedom: 6.924.
    """
    effective = 9 * (1.98422 / 2.26216) ** 2
    found = clopper_pearson_clustered([10, 10, *[0] * 8], [10] * 10, 0.95)
    low, high = (
        beta.ppf(tail, 0.2 * effective + more, 0.8 * effective + 1 - more)
        for tail, more in ((0.025, 0), (0.975, 1))
    )
    assert (found.low, found.high) == (pytest.approx(low, rel=1e-5), pytest.approx(high, rel=1e-5))


def test_none_seen_in_alike_sessions_is_limited_by_the_number_of_patients() -> None:
    found = clopper_pearson_clustered([0] * 30, [8] * 30, 0.95)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == clopper_pearson(0, 30, 0.95).high
    assert clopper_pearson_clustered([3], [8], 0.95).low is None
    assert clopper_pearson_clustered([], [], 0.95).value is None


def _clinic(seed: int, patients: int, alike: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Events and sessions per patient: a rate of 0.2 on average, Beta between patients with correlation `alike`."""
    generator = np.random.default_rng(seed)
    rate = generator.beta(0.2 * (1 - alike) / alike, 0.8 * (1 - alike) / alike, patients)
    sessions = generator.integers(3, 9, patients)
    return generator.binomial(sessions, rate), sessions


def _coverage(clinics: int, patients: int, alike: float) -> tuple[float, float]:
    plain = clustered = 0
    for seed in range(clinics):
        events, sessions = _clinic(seed, patients, alike)
        exact = clopper_pearson(int(events.sum()), int(sessions.sum()), 0.95)
        spread = clopper_pearson_clustered(events, sessions, 0.95)
        plain += exact.low <= 0.2 <= exact.high  # type: ignore[operator]
        clustered += spread.low <= 0.2 <= spread.high  # type: ignore[operator]
    return plain / clinics, clustered / clinics


def test_a_planted_rate_is_held_by_the_interval_that_knows_of_patients() -> None:
    """400 clinics of 60 patients whose sessions are alike (correlation 0.2): the plain exact interval is too narrow."""
    plain, clustered = _coverage(400, 60, 0.2)
    assert plain < 0.92
    assert clustered > 0.93


@pytest.mark.long
@pytest.mark.parametrize("patients", [15, 60, 240])
@pytest.mark.parametrize("alike", [0.02, 0.2, 0.5])
def test_planted_rates_are_held_in_clinics_of_all_kinds(patients: int, alike: float) -> None:
    assert _coverage(2000, patients, alike)[1] > 0.93


def test_a_planted_rate_comes_back_through_the_records() -> None:
    """A clinic of 150 patients with mild events after one session in five, asked about three times in four."""
    generator = np.random.default_rng(11)
    names = np.repeat([f"p{i:03d}" for i in range(150)], 6)
    event = np.where(generator.random(900) < 0.2, "mild", "none")
    event = np.where(generator.random(900) < 0.75, event, "not_asked")
    sessions = pd.DataFrame(
        {"patient_id": names, "day": np.tile(np.arange(0, 42, 7), 150), "adverse_event": event}
    )
    row = asked_of(sessions=sessions)["sessions_mild"]
    assert row.low is not None and row.high is not None
    assert row.low < 0.2 < row.high
    assert (row.n, row.n_left_out) == (int((event != "not_asked").sum()), int((event == "not_asked").sum()))


# ---- soreness ----


def _with_soreness(diary: str, soreness: dict[tuple[str, int], Cell]) -> dict[str, pd.DataFrame]:
    tables = drawn(diary)
    frame = tables["diary"]
    places = list(zip(frame["patient_id"], frame["day"], strict=True))
    frame["soreness"] = [soreness.get((name, day)) for name, day in places]
    return tables


def test_soreness_by_day_weighs_patients_alike_and_ends_at_the_next_session() -> None:
    """Ann had two sessions: soreness 4 and 2 on the days of them, 0 on the second day after the first.

    Bea had one: 1 on its day. Day 0: (mean of 4 and 2 is 3, and 1) = 2. Day 3 of ann's first session is day 0 of
    her second.
    """
    tables = _with_soreness(
        """
        ann : 3000000 | 0 0000000000
        bea : 3000000 | 0 0000000000
        """,
        {("ann", 0): 4, ("ann", 2): 0, ("ann", 3): 2, ("bea", 0): 1, ("bea", 9): 5, ("ann", -3): 7},
    )
    tables["sessions"] = sessions_of(("ann", 0), ("ann", 3), ("bea", 0), columns="")
    found = ask(oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN), "safety")
    course = found.frames["soreness"].set_index("day")
    assert list(course.index) == list(range(8))
    assert (course.loc[0, "mean"], course.loc[0, "n"], course.loc[0, "share_any"]) == (2.0, 2, 1.0)
    assert (course.loc[2, "mean"], course.loc[2, "n"], course.loc[2, "share_any"]) == (0.0, 1, 0.0)
    assert math.isnan(course.loc[3, "mean"]) and course.loc[3, "n"] == 0
    assert found["soreness_day_0"].value == 2.0
    assert (found["soreness_day_2"].n, found["soreness_day_2"].n_left_out) == (1, 1)
    assert found["soreness_day_5"].value is None


def test_a_day_whose_rows_contradict_each_other_has_no_soreness() -> None:
    """Day 1 says 3 and 8: it is not known which, and it is in no mean. Day 2 stands twice alike, and counts once."""
    tables = _with_soreness(
        "ann : 3000000 | 0 0000000", {("ann", 0): 4, ("ann", 1): 3, ("ann", 2): 1, ("ann", 3): 0}
    )
    diary = tables["diary"]
    other = diary[diary["day"] == 1].assign(soreness=8)
    tables["diary"] = pd.concat([diary, other, diary[diary["day"] == 2]])
    tables["sessions"] = sessions_of(("ann", 0), columns="")
    records = load(tables, WEEK_PLAN, accept_set_aside=2)
    course = ask(oc.split_periods(records, WEEK_PLAN), "safety").frames["soreness"].set_index("day")
    assert list(course["n"]) == [1, 0, 1, 1, 0, 0, 0, 0]
    assert (course.loc[0, "mean"], course.loc[2, "mean"], course.loc[3, "share_any"]) == (4, 1, 0)


def test_soreness_gone_within_three_days_as_told_at_the_session() -> None:
    found = asked_of(
        sessions=sessions_of(
            ("ann", 0, 4, 72),
            ("ann", 7, 2, 73),
            ("bea", 0, 0, 0),
            ("cat", 0, None, None),
            columns="soreness soreness_hours",
        )
    )
    assert (found["soreness_gone_72h"].count, found["soreness_gone_72h"].n) == (2, 3)
    # Ann's mean is 3, bea's 0.
    assert (found["worst_soreness"].value, found["worst_soreness"].n) == (1.5, 2)


# ---- the change without the days after sessions ----

LONG = "ann : 3300000 | 0 3330000"


def test_days_after_each_session_are_left_out_of_both_windows() -> None:
    """Follow-up days 1 to 7 hold headache on 1, 2 and 3. Without days 0 to 2 of the first session: day 3 of five."""
    tables = {**drawn(LONG), "sessions": sessions_of(("ann", 0), columns="")}
    periods = oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN)
    planned, without = (headache_pairs(periods, last).loc["ann"] for last in (None, 2))
    assert (planned["baseline"], planned["followup"]) == (pytest.approx(8), pytest.approx(12))
    assert (without["baseline"], without["followup"]) == (pytest.approx(8), pytest.approx(28 / 5))


def test_a_second_session_in_the_window_takes_its_days_too() -> None:
    """Sessions on days 0 and 4: days 1, 2, 4, 5 and 6 are lost; 3 and 7 are left, and two of seven suffice of two."""
    tables = {**drawn(LONG), "sessions": sessions_of(("ann", 0), ("ann", 4), columns="")}
    periods = oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN)
    assert headache_pairs(periods, 2).loc["ann", "followup"] == pytest.approx(28 / 2)


def test_what_is_left_needs_the_same_share_of_recorded_days() -> None:
    """Five days are left of seven; five sevenths of them must be recorded: four are enough, three are not."""
    sessions = sessions_of(("ann", 0), ("bea", 0), columns="")
    tables = drawn("ann : 3300000 | 0 330000.\nbea : 3300000 | 0 33000..")
    periods = oc.split_periods(load({**tables, "sessions": sessions}, WEEK_PLAN), WEEK_PLAN)
    left = headache_pairs(periods, 2)["followup"]
    assert left["ann"] == 0 and math.isnan(left["bea"])
    assert headache_pairs(periods, None)["followup"].notna().all()


def test_with_all_days_it_is_the_planned_comparison(sample: Any) -> None:
    periods = oc.split_periods(oc.load_records(sample))
    found = ask(periods, "safety")
    planned = oc.compare(oc.measure_endpoints(periods), "headache_days_per_28").change
    row = found["change_planned"]
    assert (row.value, row.low, row.high, row.n) == (planned.value, planned.low, planned.high, planned.n)
    assert found["change_without_session_days"].n + found["change_without_session_days"].n_left_out == 240


# ---- laws ----


def _dated_tables() -> dict[str, pd.DataFrame]:
    """ASKED with calendar dates."""
    tables = dated(drawn(QUIET), dict.fromkeys(("ann", "bea", "cat"), "2026-03-02"))
    days = [dt.date(2026, 3, 2) + dt.timedelta(int(day)) for day in ASKED["day"]]
    tables["sessions"] = ASKED.drop(columns="day").assign(date=[day.isoformat() for day in days])
    return tables


def test_dates_and_day_numbers_tell_the_same() -> None:
    by_day = asked_of(sessions=ASKED).to_frame()
    periods = oc.split_periods(load(_dated_tables(), WEEK_PLAN), WEEK_PLAN)
    pd.testing.assert_frame_equal(ask(periods, "safety").to_frame(), by_day)


def test_neither_the_order_of_rows_nor_names_matter() -> None:
    expected = asked_of(sessions=ASKED).to_frame()
    shuffled = ASKED.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(asked_of(sessions=shuffled).to_frame(), expected)
    other = {"ann": "zoe", "bea": "yan", "cat": "xia"}
    renamed = asked_of(
        sessions=ASKED.assign(patient_id=ASKED["patient_id"].map(other)),
        diary=QUIET.replace("ann", "zoe").replace("bea", "yan").replace("cat", "xia"),
    )
    pd.testing.assert_frame_equal(renamed.to_frame(), expected)


def test_summaries_in_place_of_a_diary_leave_the_events() -> None:
    """A clinic with two numbers per patient and its sessions: events are told, soreness and days are not."""
    summaries = pd.DataFrame(
        {
            "patient_id": ["ann", "bea", "cat"] * 2,
            "period": ["baseline"] * 3 + ["followup"] * 3,
            "headache_days_per_28": [10, 12, 9, 8, 8, 8],
        }
    )
    periods = oc.split_periods(load({"summaries": summaries, "sessions": ASKED}))
    found = ask(periods, "safety")
    assert (found["sessions_any"].count, found["sessions_any"].n) == (3, 4)
    assert found["change_planned"].value is None
    assert found.frames["soreness"].empty


def test_a_row_that_was_set_aside_is_told() -> None:
    """An event written with a code that nobody knows is in no count, and the answer says so."""
    sessions = pd.concat([ASKED, sessions_of(("ann", 21, "mlid"), columns="adverse_event")])
    records = load({**drawn(QUIET), "sessions": sessions}, WEEK_PLAN, accept_set_aside=1)
    found = ask(oc.split_periods(records, WEEK_PLAN), "safety")
    assert found["asked_either"].n == 7
    assert any(note.startswith("set_aside: 1 row") for note in found.notes)


def test_episodic_cluster_headache_has_no_change_without_session_days_either() -> None:
    diary = "\n".join(f"{name} : 3333000 | . 3000000" for name in ("bout", "ann", "bea"))
    sessions = sessions_of(*((name, 0, "none") for name in ("bout", "ann", "bea")), columns="adverse_event")
    patients = pd.DataFrame({"patient_id": ["bout", "ann", "bea"], "ichd3_code": ["3.1.1", "1.1", "3.1.2"]})
    found = asked_of(diary=diary, sessions=sessions, patients=patients)
    for name in ("change_planned", "change_without_session_days", "moved_by"):
        assert (found[name].n, found[name].n_left_out) == (2, 1)


def test_an_event_told_twice_counts_for_the_patient_in_the_worse_grade_alone() -> None:
    sessions = sessions_of(
        ("ann", 0, "significant"), ("bea", 0, "mild"), ("cat", 0, "none"), columns="adverse_event"
    )
    events = pd.DataFrame(
        [("ann", 0, "mild"), ("bea", 0, "significant"), ("cat", 0, "mild")],
        columns=["patient_id", "day", "grade"],
    ).assign(kind="adverse_event")
    found = asked_of(sessions=sessions, events=events)
    # Ann's and bea's are one significant event each; cat's session says none, and the event is in the list alone.
    counts = {name: found[f"patients_{name}"].count for name in ("any", "mild", "significant", "serious")}
    assert counts == {"any": 3, "mild": 1, "significant": 2, "serious": 0}
