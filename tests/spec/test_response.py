"""Response over time, from diaries drawn month by month. Baseline 20 headache days of 28 unless it says otherwise.

A month of 8 headache days is a reduction of 60%; the follow-up window is the third month after the first session.
"""

from __future__ import annotations

import pandas as pd
import pytest
from diaries import load
from months import Month, by_month

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.periods import Cohort
from outcomes.analysis.questions import ask
from outcomes.errors import PlanError

CLINIC: dict[str, tuple[Month, ...]] = {
    "lasting": (20, 8, 8, 8, 8, 8, 8),
    "broken": (20, 8, 8, None, 8, 8, None),
    "later": (20, 20, 20, 20, 8, 8, 8),
    "never": (20, 20, 20, 20, 20, 20, 20),
    "worse": (20, 20, 20, 28, 20, 20, 20),
    "gone": (20, 8, None, None, None, None, None),
}


def response(
    patients: dict[str, tuple[Month, ...]], plan: AnalysisPlan | None = None, **options: str
) -> Answers:
    return ask(oc.split_periods(load(by_month(patients, **options), plan)), "response")


def counted(answers: Answers, statistic: str) -> tuple[int | None, int]:
    row = answers[statistic]
    return row.count, row.n


def test_both_denominators_at_follow_up() -> None:
    """Four have the third month; of them only `lasting` halved. The two without it started all the same."""
    answers = response(CLINIC)
    assert counted(answers, "responders_50") == (1, 4)
    assert counted(answers, "responders_50_all_started") == (1, 6)
    assert counted(answers, "worsened_30") == (1, 4), "28 days after 20 are 40% more"
    assert counted(answers, "worsened_50") == (0, 4)


def test_the_shares_are_those_of_the_comparison() -> None:
    periods = oc.split_periods(load(by_month(CLINIC)))
    change = oc.compare(oc.measure_endpoints(periods), "headache_days_per_28")
    shares = [row for row in change.statistics if row.statistic.startswith(("responders", "worsened"))]
    assert list(ask(periods, "response"))[: len(shares)] == shares


@pytest.mark.parametrize(
    ("statistic", "count"),
    [("sustained_50_over_3", 2), ("sustained_50_over_2", 3), ("sustained_50_over_6", 1)],
)
def test_a_missing_month_breaks_the_row(statistic: str, count: int) -> None:
    """`broken` responded in four months, never in three in a row; `later` did so from the fourth month on."""
    answers = response(CLINIC)
    assert counted(answers, statistic) == (count, 6)
    assert counted(answers, f"{statistic}_all_started") == (count, 6)


def test_the_plans_length_comes_first_and_the_others_stand_beside_it() -> None:
    answers = response(CLINIC, AnalysisPlan(sustained_periods=4))
    lengths = [row.statistic for row in answers if row.statistic.startswith("sustained_50_over")]
    assert [name for name in lengths if not name.endswith("started")] == [
        f"sustained_50_over_{length}" for length in (4, 2, 3, 6)
    ]
    assert counted(answers, "sustained_50_over_4") == (1, 6)
    assert counted(answers, "sustained_75_over_4") == (0, 6)


def test_one_bad_month_in_between_ends_a_sustained_response() -> None:
    answers = response({"up": (20, 8, 8, 20, 8, 8, 20)})
    assert counted(answers, "sustained_50_over_2") == (1, 1)
    assert counted(answers, "sustained_50_over_3") == (0, 1)


def test_a_month_with_too_few_recorded_days_is_a_missing_one() -> None:
    """19 recorded days of 28 are one too few; 20 are enough."""
    assert counted(response({"few": (20, 8, (5, 19), 8, 8)}), "sustained_50_over_3") == (0, 1)
    assert counted(response({"few": (20, 8, (5, 20), 8, 8)}), "sustained_50_over_3") == (1, 1)


def test_who_could_be_seen_for_three_months_is_a_matter_of_the_calendar() -> None:
    """Both patients halved their days. `recent` began two months before the records end."""
    tables = by_month({"early": (20, 8, 8, 8), "recent": (20, 8, 8)}, first_session="2026-01-05")
    shift = pd.Timedelta(days=28)
    for name in ("diary", "sessions"):
        recent = tables[name]["patient_id"] == "recent"
        moved = pd.to_datetime(tables[name].loc[recent, "date"]) + shift
        tables[name].loc[recent, "date"] = moved.dt.strftime("%Y-%m-%d")
    answers = ask(oc.split_periods(load(tables, exported_on="2026-12-01")), "response")
    assert counted(answers, "sustained_50_over_3") == (1, 1)
    assert counted(answers, "sustained_50_over_3_all_started") == (1, 2)
    assert counted(answers, "sustained_50_over_2") == (2, 2)
    assert list(answers.frames["periods"]["n_over"]) == [2, 2, 1, 0, 0, 0]


def test_the_time_to_the_first_response() -> None:
    """Three in the first month, one in the fourth, two never: half have it by day 28, and no more before day 112."""
    answers = response(CLINIC)
    by_end = answers["first_response_by_followup_end"]
    assert (by_end.value, by_end.n) == (pytest.approx(0.5), 6)
    assert answers["first_response_median_days"].value == 70, (
        "the curve lies at one half from day 28 to day 112"
    )
    assert answers["first_response_median_days_early"].value == 42, "from day 0 to day 84, read at the start"
    assert any("up to 28 days" in note for note in by_end.notes)


def test_a_first_response_is_not_the_best_month_and_may_not_last() -> None:
    """`lasting`, `broken` and `later` responded again in the month after their first; nobody knows about `gone`."""
    answers = response(CLINIC)
    assert counted(answers, "first_response_kept") == (3, 3)
    assert counted(answers, "first_response_kept_all") == (3, 4)
    once = response({"once": (20, 8, 20, 8, 4)})
    assert counted(once, "first_response_kept") == (0, 1)


def test_responders_per_month() -> None:
    periods = response(CLINIC).frames["periods"].set_index("period")
    assert list(periods["n"]) == [6, 5, 4, 5, 5, 4]
    halved = (periods["share_50"] * periods["n"]).round(9)
    assert list(halved) == [3, 2, 1, 3, 3, 2]
    assert (periods.loc[0, "first_day"], periods.loc[0, "last_day"], periods.loc[5, "last_day"]) == (
        1,
        27,
        167,
    )
    row = response(CLINIC).find("responders_50_of_period", group="days 56 to 83")
    assert (row.count, row.n) == (1, 4)


def test_the_staircase_falls_by_one_patient_at_each_ones_reduction() -> None:
    """Reductions of 0, 25, 50, 75 and 100%: at least 50% is reached by three of five, at least 51% by two."""
    months = {f"p{days}": (20, 20, 20, days) for days in (20, 15, 10, 5, 0)}
    steps = response(months).frames["staircase"].set_index("reduction")
    assert list(steps.loc[[0, 1, 25, 50, 51, 75, 100], "share"]) == [1, 0.8, 0.8, 0.6, 0.4, 0.4, 0.2]
    assert steps["share"].is_monotonic_decreasing and (steps["n"] == 5).all() and len(steps) == 101


def test_nobody_and_everybody() -> None:
    nobody = response(dict.fromkeys(("a", "b", "c"), (20, 20, 20, 20, 20, 20, 20)))
    assert counted(nobody, "sustained_50_over_3") == (0, 3)
    assert nobody["first_response_by_followup_end"].value == 0
    assert nobody["first_response_median_days"].value is None
    assert counted(nobody, "first_response_kept") == (0, 0)
    everybody = response(dict.fromkeys(("a", "b", "c"), (20, 0, 0, 0, 0, 0, 0)))
    assert counted(everybody, "sustained_100_over_3") == (3, 3)
    assert everybody["first_response_by_followup_end"].value == 1
    assert everybody["first_response_median_days"].value == 28


@pytest.mark.parametrize("baseline", [0, 3])
def test_a_baseline_without_headache_or_with_three_days_is_not_eligible(baseline: int) -> None:
    answers = response({"few": (baseline, 0, 0, 0)})
    assert all(row.n == 0 and row.n_left_out == 1 for row in answers)
    assert all(row.value is None for row in answers)


def test_nobody_with_a_baseline() -> None:
    answers = response({"after": ((9, 10), 8, 8, 8)})
    assert answers["sustained_50_over_3_all_started"].value is None
    assert list(answers.frames["periods"]["n"]) == [0] * 6


def test_everyone_looked_at_is_in_or_left_out() -> None:
    patients = CLINIC | {"mild": (2, 0, 0, 0), "new": ((3, 5), 8, 8, 8)}
    assert {row.n + row.n_left_out for row in response(patients)} == {8}


def test_neither_the_order_of_rows_nor_names_matter() -> None:
    tables = by_month(CLINIC)
    other = tables["diary"].sample(frac=1, random_state=4)
    other["patient_id"] = other["patient_id"].map({name: f"q{9 - n}" for n, name in enumerate(CLINIC)})
    answers = [ask(oc.split_periods(load(one)), "response") for one in (tables, {"diary": other})]
    assert list(answers[0]) == list(answers[1])
    pd.testing.assert_frame_equal(answers[0].frames["periods"], answers[1].frames["periods"])


def test_patients_outside_the_months_asked_for_are_not_looked_at() -> None:
    """The follow-up window of `lasting` closes on 30 March 2026: day 83 after 6 January."""
    records = load(
        by_month({"lasting": CLINIC["lasting"]}, first_session="2026-01-06"), exported_on="2026-12-01"
    )
    inside = ask(oc.split_periods(records, cohort=Cohort.of_month("2026-03")), "response")
    outside = ask(oc.split_periods(records, cohort=Cohort.of_month("2026-02")), "response")
    assert counted(inside, "sustained_50_over_3_all_started") == (1, 1)
    row = outside["sustained_50_over_3_all_started"]
    assert (row.n, row.n_left_out) == (0, 0)


def test_summaries_of_a_diary_give_shares_and_no_course() -> None:
    rows = [("a", "baseline", 20), ("a", "followup", 8), ("b", "baseline", 20), ("b", "followup", 20)]
    summaries = pd.DataFrame(rows, columns=["patient_id", "period", "headache_days_per_28"])
    answers = ask(oc.split_periods(load({"summaries": summaries})), "response")
    assert counted(answers, "responders_50") == (1, 2)
    assert answers.frames["periods"].empty and any("no daily diary" in note for note in answers.notes)
    recalled = summaries.assign(mode="recall_28")
    with pytest.raises(PlanError, match="no daily diary"):
        ask(oc.split_periods(load({"summaries": recalled})), "response")


def test_a_row_longer_than_the_months_looked_at_is_refused() -> None:
    with pytest.raises(PlanError, match="sustained_periods must not be above response_periods"):
        AnalysisPlan(sustained_periods=4, response_periods=3)
    assert counted(response(CLINIC, AnalysisPlan(response_periods=3)), "sustained_50_over_3") == (1, 6)


def test_it_can_be_read() -> None:
    text = response(CLINIC).summary()
    assert "50% fewer headache days or more, in 3 periods in a row" in text
    assert "2/6 = 33%" in text
