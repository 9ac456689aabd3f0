"""Attacks: parted by recorded days free of headache, and as patients write them down."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from day_drawings import measured, told
from diaries import load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.further_endpoints import measure_by_period

WEEK = AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, min_recorded_days=5)
TWO_FREE = AnalysisPlan(
    baseline_days=7, followup_first_day=1, followup_last_day=7, min_recorded_days=5, attack_free_days=2
)
NAME = "attacks_by_separation_per_28"


def _attacks(headache: str, plan: AnalysisPlan = WEEK, period: str = "baseline") -> float:
    table = measured(told({"p1": {"headache": headache}}), plan, [NAME])
    return float(table.loc[("p1", period), NAME])


def test_headache_days_in_a_row_are_one_attack() -> None:
    # The day before the window was recorded free: n yyy n yy n.
    assert _attacks("n yyynyyn | . nnnnnnn") == pytest.approx(28 * 2 / 7)


def test_days_before_the_window_are_looked_at() -> None:
    assert _attacks("n ynnnnnn | . nnnnnnn") == pytest.approx(28 * 1 / 7)
    assert _attacks("y ynnnnnn | . nnnnnnn") == 0
    # Day 0 is in neither window, and may tell whether the attack of day 1 is a new one.
    assert _attacks("nnnnnnn | n ynnnnnn", period="followup") == pytest.approx(28 / 7)
    assert _attacks("nnnnnnn | y ynnnnnn", period="followup") == 0


def test_after_a_day_that_was_not_recorded_it_is_not_known() -> None:
    # The first headache follows an unrecorded day; six days are known, and one of them begins an attack.
    assert _attacks("ynnynnn | . nnnnnnn") == pytest.approx(28 * 1 / 6)
    # A row without an entry is no day free of headache either.
    assert _attacks("nn_ynyn | . nnnnnnn") == pytest.approx(28 * 1 / 5)
    # Three of seven headaches follow a gap: four known days are too few.
    assert np.isnan(_attacks("y.y.yny | . nnnnnnn"))


def test_two_free_days_where_the_plan_asks_for_them() -> None:
    headache = "nn ynynnyn | . nnnnnnn"
    assert _attacks(headache) == pytest.approx(28 * 3 / 7)
    # The second headache comes after one free day alone: the same attack.
    assert _attacks(headache, TWO_FREE) == pytest.approx(28 * 2 / 7)


def test_with_two_free_days_a_headache_the_day_before_last_settles_it() -> None:
    # y . y: whatever the day between was, it does not part two attacks; and the first day is not known.
    assert _attacks("nn nny.yn | . nnnnnnn".replace("nn nny.yn", "nn nnny.yn"), TWO_FREE) == pytest.approx(
        28 * 1 / 6
    )


def test_attacks_as_written_down_per_28_and_per_week() -> None:
    lines = {"headache": "yyynnn. | . yyynnnn", "attacks": "301.... | . 2......"}
    table = measured(told({"p1": lines}), WEEK).loc["p1"]
    assert table.loc["baseline", "attacks_recorded_per_28"] == pytest.approx(28 * 4 / 6)
    assert table.loc["baseline", "attacks_recorded_per_week"] == pytest.approx(7 * 4 / 6)
    # Two headache days without a number are not days without attacks.
    assert table.loc["followup", "attacks_recorded_per_week"] == pytest.approx(7 * 2 / 5)


def test_a_cluster_patient_has_attacks_per_week() -> None:
    lines = {"headache": "yyyyyyy | . nnnnnnn", "attacks": "2323232 | . ......."}
    tables = told({f"p{at}": lines for at in range(5)})
    endpoints = oc.measure_endpoints(
        oc.split_periods(load(tables, WEEK), WEEK), ["attacks_recorded_per_week"]
    )
    change = oc.compare(endpoints, "attacks_recorded_per_week", WEEK)
    assert change.change.value == -17
    assert change.change.unit == "attacks per week"


def test_with_calendar_dates_the_same() -> None:
    lines = {"headache": "n yyynyyn | . nnnnnnn"}
    plan = WEEK
    by_day = measured(told({"p1": lines}), plan, [NAME])
    by_date = measured(told({"p1": lines}, "2026-03-02"), plan, [NAME])
    pd.testing.assert_frame_equal(by_day, by_date)


def test_a_period_of_the_course_looks_back_across_its_border() -> None:
    month = "n" * 27 + "y"
    plan = AnalysisPlan(min_recorded_days=20)
    tables = told({"p1": {"headache": f"{month} {'y' * 2}{'n' * 26} | n {'n' * 27}"}})
    found = measure_by_period(oc.split_periods(load(tables, plan), plan), [NAME], -56, 27)
    values = found.set_index("period")["value"]
    # The headache that began on the last day of one period is no new attack in the next.
    assert list(values) == [pytest.approx(28 / 28), 0, 0]


@pytest.mark.parametrize("free_days", [1, 2])
def test_leaving_out_days_never_makes_unknown_free_nor_settles_otherwise(free_days: int) -> None:
    """A day keeps its answer, or is no longer known: value by value of single days."""
    rng = np.random.default_rng(11)
    plan = AnalysisPlan(
        baseline_days=7,
        followup_first_day=1,
        followup_last_day=7,
        min_recorded_days=1,
        attack_free_days=free_days,
    )
    full, thinned = {}, {}
    for at in range(60):
        days = rng.choice(["y", "n"], 2)
        kept = np.where(rng.random(2) < 0.5, days, ".")
        # One day is asked, day −1; the two before it lie outside the window of one day.
        full[f"p{at}"] = {"headache": f"{''.join(days)}y | . n......"}
        thinned[f"p{at}"] = {"headache": f"{''.join(kept)}y | . n......"}

    def last_days(drawings: dict[str, dict[str, str]]) -> pd.Series:
        from outcomes.analysis.further_endpoints import _counted_days

        periods = oc.split_periods(load(told(drawings), plan), plan)
        found = _counted_days(periods, [NAME], "CASE WHEN relative_day = -1 THEN 0 END", "TRUE").set_index(
            "patient_id"
        )
        return found[f"t_{NAME}"].where(found[f"k_{NAME}"] > 0)

    before, after = last_days(full), last_days(thinned)
    assert before.notna().all() and after.isna().any()
    known = after.dropna()
    assert (known == before.loc[known.index]).all()
