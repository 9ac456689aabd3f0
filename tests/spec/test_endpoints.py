"""What is measured in a period: days, intensity, burden, medication, duration."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load

import outcomes as oc
from outcomes import AnalysisPlan


def _measure(tables: Any, plan: AnalysisPlan = WEEK_PLAN) -> pd.DataFrame:
    table = oc.measure_endpoints(oc.split_periods(load(tables, plan), plan))
    return table.set_index(["patient_id", "period"])


def test_headache_days_are_days_of_the_recorded_ones_scaled_to_28() -> None:
    table = _measure(drawn("p1 : 34050.. | . 0000001"))
    assert table.loc[("p1", "baseline"), "headache_days_per_28"] == pytest.approx(28 * 3 / 5)
    assert table.loc[("p1", "followup"), "headache_days_per_28"] == pytest.approx(28 * 1 / 7)


def test_a_followup_without_headache_has_no_intensity_on_headache_days() -> None:
    """Nothing hurt, so that nothing can be averaged; the burden is 0 and stays in."""
    table = _measure(drawn("p1 : 4680000 | . 0000000", hours=5))
    after = table.loc[("p1", "followup")]
    assert pd.isna(after["intensity_on_headache_days"])
    assert pd.isna(after["hours_on_headache_days"])
    assert after["headache_days_per_28"] == 0
    assert after["burden_per_28"] == 0
    assert table.loc[("p1", "baseline"), "intensity_on_headache_days"] == pytest.approx(6.0)
    assert table.loc[("p1", "baseline"), "hours_on_headache_days"] == pytest.approx(5.0)


def test_burden_is_intensity_summed_over_the_recorded_days() -> None:
    table = _measure(drawn("p1 : X23000. | . 00000.."))
    # (10 + 2 + 3) over six recorded days, scaled to 28.
    assert table.loc[("p1", "baseline"), "burden_per_28"] == pytest.approx(28 * 15 / 6)


def test_a_headache_without_an_intensity_counts_in_the_burden_with_the_mean_of_the_others() -> None:
    """Left out, it would count as a day of intensity 0."""
    table = _measure(drawn("p1 : 46?0000 | . ????000"))
    before = table.loc[("p1", "baseline")]
    assert before["intensity_on_headache_days"] == pytest.approx(5.0)
    assert before["burden_per_28"] == pytest.approx(28 * (4 + 6 + 5) / 7)
    after = table.loc[("p1", "followup")]
    assert after["headache_days_per_28"] == pytest.approx(16)
    # With no intensity at all the burden is not known; it is not 0.
    assert pd.isna(after["burden_per_28"]) and pd.isna(after["intensity_on_headache_days"])


def test_medication_days_need_enough_days_on_which_medication_is_known() -> None:
    table = _measure(
        drawn(
            """
        p1 : 3300000 | . 0000000
        p2 : 3300000 | . 0000000
    """,
            medication="""
        p1 : yyy.n.n | . nnnnnnn
        p2 : yy....n | . ynnnn..
    """,
        )
    )
    # Three of the five known days; the two unknown ones are not days without medication.
    assert table.loc[("p1", "baseline"), "acute_medication_days_per_28"] == pytest.approx(28 * 3 / 5)
    assert table.loc[("p1", "followup"), "acute_medication_days_per_28"] == 0
    # Three known days of seven: the headache days are covered, the medication days are not.
    assert pd.isna(table.loc[("p2", "baseline"), "acute_medication_days_per_28"])
    assert table.loc[("p2", "baseline"), "headache_days_per_28"] == pytest.approx(8)
    assert table.loc[("p2", "followup"), "acute_medication_days_per_28"] == pytest.approx(28 / 5)


def test_medication_on_a_day_without_headache_is_a_day_with_medication() -> None:
    table = _measure(drawn("p1 : 0000000 | . 0000000", medication="p1 : ynnnnnn | . nnnnnnn"))
    assert table.loc[("p1", "baseline"), "acute_medication_days_per_28"] == pytest.approx(4)


def test_medication_on_a_day_without_a_diary_entry_is_not_used() -> None:
    """A row that says nothing about headache but something about medication cannot be told: it is set aside."""
    tables = drawn("p1 : 300000_ | . 0000000", medication="p1 : nnnnnny | . nnnnnnn")
    plan = AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, set_aside_limit=1)
    records = load(tables, plan)
    assert records.counts[0].set_aside == 1
    assert [found.rule for found in records.findings] == ["unclear_day"]


def test_a_day_without_headache_but_with_an_intensity_contradicts_itself() -> None:
    tables = drawn("p1 : 3000000 | . 0000000")
    tables["diary"].loc[2, "intensity"] = 6.0
    plan = AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, set_aside_limit=1)
    records = load(tables, plan)
    (finding,) = records.findings
    assert (finding.level, finding.rule, finding.rows) == ("set aside", "contradiction", (3,))
    assert _measure(tables, plan).loc[("p1", "baseline"), "recorded_days"] == 6


@pytest.mark.parametrize(
    ("beside", "contradicts"),
    [
        ({"acute_medication_class": "triptan"}, True),
        ({"acute_doses": 2}, True),
        ({"acute_medication_class": "triptan", "acute_doses": 2}, True),
        ({"acute_doses": 0}, False),
        ({"acute_medication_class": None, "acute_doses": None}, False),
    ],
)
def test_no_medication_beside_a_class_or_a_dose_contradicts_itself(
    beside: dict[str, Any], contradicts: bool
) -> None:
    tables = drawn("p1 : 3300000 | . 0000000", medication="p1 : nnnnnnn | . nnnnnnn")
    for name, cell in beside.items():
        tables["diary"][name] = pd.Series([cell] + [None] * 13, dtype="object")
    plan = AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, set_aside_limit=1)
    records = load(tables, plan)
    found = [(one.level, one.rule, one.column, one.rows, one.problem, one.remedy) for one in records.findings]
    told = "says no acute medication, but a class of it or a dose stands beside it."
    remedy = "Correct the one that is wrong."
    expected = [("set aside", "contradiction", "acute_medication", (1,), told, remedy)]
    assert found == (expected if contradicts else [])
    assert records.counts[0].set_aside == contradicts


def test_endpoints_whose_column_is_missing_are_not_invented() -> None:
    tables = drawn("p1 : 3000000 | . 0000000")
    tables["diary"] = tables["diary"].drop(columns="intensity")
    table = _measure(tables)
    assert "headache_days_per_28" in table.columns
    for absent in ("intensity_on_headache_days", "burden_per_28", "acute_medication_days_per_28"):
        assert absent not in table.columns


def test_every_patient_has_both_periods_so_that_whoever_is_left_out_can_be_counted() -> None:
    table = oc.measure_endpoints(
        oc.split_periods(load(drawn("p1 : 3000000 | .\n p2 : . | . 0000000")), WEEK_PLAN)
    )
    assert table.groupby("patient_id")["period"].apply(list).to_dict() == {
        "p1": ["baseline", "followup"],
        "p2": ["baseline", "followup"],
    }


class TestTheCourse:
    """Headache days by week and by 28 days around the first session; day 0 counts nowhere."""

    def test_weeks_and_months_are_counted_from_the_first_session(self) -> None:
        text = f"p1 : {'3' * 7}{'0' * 7}{'30' * 7} | 9 {'3' * 6} {'0' * 7} {'5' * 2}{'0' * 5} {'0' * 7} {'3' * 28}"
        plan = AnalysisPlan(baseline_days=28, followup_first_day=1, followup_last_day=28)
        course = oc.measure_course(oc.split_periods(load({**drawn(text)}, plan)))
        weeks = course.weeks[course.weeks["cohort"] == "all"].set_index("week")["mean"]
        # 30303030303030 over two weeks: four headache days in the first, three in the second.
        expected = {-4: 7, -3: 0, -2: 4, -1: 3, 0: 7, 1: 0, 2: 2, 3: 0, 4: 7, 5: 7, 6: 7, 7: 7}
        assert weeks.to_dict() == pytest.approx(expected)
        months = course.periods[course.periods["cohort"] == "all"].set_index("period")["mean"]
        # Period 0 holds days 1 to 27: six and two headache days of 27, scaled to 28.
        assert months.to_dict() == pytest.approx({-1: 14, 0: 28 * 8 / 27, 1: 28})

    @pytest.mark.parametrize(
        ("baseline", "first", "last"),
        [(28, 56, 83), (28, 1, 28), (45, 31, 75), (10, 2, 12), (29, 1, 99), (33, 57, 80)],
    )
    def test_windows_that_cut_through_weeks_do_not_change_the_course(
        self, baseline: int, first: int, last: int
    ) -> None:
        """The course is about the days, whatever windows the comparison looks through."""
        marks = "".join("50030"[(day * day) % 5] for day in range(-70, 120))
        tables = drawn("p1 : " + marks[:70] + "|" + marks[70:])
        plan = AnalysisPlan(baseline_days=baseline, followup_first_day=first, followup_last_day=last)
        course = oc.measure_course(oc.split_periods(load(tables), plan))
        weeks = course.weeks[course.weeks["cohort"] == "all"].set_index("week")["mean"]
        months = course.periods[course.periods["cohort"] == "all"].set_index("period")["mean"]
        headache = {day: marks[day + 70] != "0" for day in range(-70, 120) if day != 0}
        for step, values, length in ((7, weeks, 7), (28, months, 28)):
            expected = {}
            for at in range(-70 // step - 1, 120 // step + 1):
                days = [day for day in range(at * step, at * step + step) if day in headache]
                if len(days) >= length * 20 / 28:
                    expected[at] = length * sum(headache[day] for day in days) / len(days)
            assert values.to_dict() == pytest.approx(expected)

    def test_a_week_counts_from_five_of_seven_recorded_days(self) -> None:
        course = oc.measure_course(oc.split_periods(load(drawn("p1 : 33300.. 3300... | .")), AnalysisPlan()))
        assert course.weeks.set_index("week")["mean"].to_dict() == pytest.approx({-2: 7 * 3 / 5})

    def test_a_point_is_the_mean_over_patients_and_says_how_many(self) -> None:
        """By hand: weekly days 7, 0 and 2; mean 3, SD 3.605551, t(2) 4.302653, half-width 8.9567."""
        text = "p1 : 3333333 | .\n p2 : 0000000 | .\n p3 : 3300000 | ."
        course = oc.measure_course(oc.split_periods(load(drawn(text)), AnalysisPlan()))
        (row,) = course.weeks.to_dict("records")
        assert (row["cohort"], row["week"], row["n"]) == ("all", -1, 3)
        assert row["mean"] == pytest.approx(3.0)
        assert (row["low"], row["high"]) == pytest.approx((3 - 8.95669, 3 + 8.95669), abs=1e-4)

    def test_the_headline_cohort_is_who_is_in_the_comparison(self) -> None:
        text = "p1 : 3333333 | . 0000000\n p2 : 0000000 | . ......."
        course = oc.measure_course(oc.split_periods(load(drawn(text)), WEEK_PLAN))
        before = course.weeks[course.weeks["week"] == -1].set_index("cohort")
        assert before["n"].to_dict() == {"all": 2, "headline": 1}
        assert before.loc["headline", "mean"] == 7

    def test_there_is_no_course_without_a_daily_diary(self) -> None:
        summaries = pd.DataFrame({"patient_id": ["p1"], "period": ["baseline"], "headache_days_per_28": [4]})
        with pytest.raises(oc.PlanError, match="daily diary"):
            oc.measure_course(oc.split_periods(load({"summaries": summaries})))
