"""What the missing days could do: drawn diaries, planted truths and laws. Each diary is drawn: see diaries.py."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, dated, drawn, load
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.missing_diaries.analyses import MissingDiaryAnalyses, missing_diary_analyses
from outcomes.analysis.missing_diaries.bounds import bounds
from outcomes.analysis.missing_diaries.day_grid import DayGrid
from outcomes.analysis.missing_diaries.drop_outs import completers_against_lost
from outcomes.analysis.missing_diaries.imputation import impute, imputed_changes
from outcomes.analysis.missing_diaries.started import Started, Window
from outcomes.analysis.missing_diaries.tipping import tipping_point
from outcomes.analysis.missing_diaries.weekdays import weekday_level
from outcomes.analysis.missing_diaries.weighting import weighted_changes
from outcomes.errors import PlanError

QUICK = AnalysisPlan(imputations=20)

#: Six patients, seven days a side: four with a follow-up, one with two days of it, one with none.
SIX = """
a: 3333... | . 0000000
b: 33.3000 | . 3.000.0
c: 3003003 | . 3003003
d: 00333.. | . 33000..
e: 333.300 | . 33.....
f: 3.33333 | . .......
"""


def _analyses(
    tables: Any, plan: AnalysisPlan = WEEK_PLAN, minimum: int = 4, **changes: Any
) -> MissingDiaryAnalyses:
    plan = dataclasses.replace(plan, min_recorded_days=minimum, imputations=20, **changes)
    return missing_diary_analyses(oc.split_periods(load(tables, plan), plan))


def _started(
    before: list[tuple[int, int]], after: list[tuple[int, int]], days: int = 28, least: int = 1
) -> Started:
    """(headache, recorded) of each patient in both windows; fewer than `least` follow-up days is lost."""
    h0, n0 = np.array(before, dtype=np.int64).reshape(-1, 2).T
    h1, n1 = np.array(after, dtype=np.int64).reshape(-1, 2).T
    ids = np.arange(len(n0)).astype(object)
    return Started(
        ids, n1 >= least, np.full(len(n0), -1), Window(days, n0, h0), Window(days, n1, h1), len(n0)
    )


# By hand.


def test_bounds_by_hand() -> None:
    """a, b, c, d: baseline free if missing 4 3 3 3 days of 7, headache if missing 7 4 3 5."""
    found = _analyses(drawn(SIX))
    assert (found.n_analysed, found.n_lost) == (4, 2)
    assert found.missing_days == (3 + 1 + 0 + 2, 0 + 2 + 0 + 2)
    assert found["bounds_baseline_none"].value == pytest.approx(4 * (4 + 3 + 3 + 3) / 4)
    assert found["bounds_baseline_all"].value == pytest.approx(4 * (7 + 4 + 3 + 5) / 4)
    assert found["bounds_followup_none"].value == pytest.approx(4 * (0 + 1 + 3 + 2) / 4)
    assert found["bounds_followup_all"].value == pytest.approx(4 * (0 + 3 + 3 + 4) / 4)
    assert found["bounds_change_lowest"].value == pytest.approx(4 * (6 - 19) / 4)
    assert found["bounds_change_highest"].value == pytest.approx(4 * (10 - 13) / 4)
    recorded = 28 * (4 / 4 + 3 / 6 + 3 / 7 + 3 / 5) / 4
    assert found["bounds_change_followup_none"].value == pytest.approx(6 - recorded)
    assert found["bounds_change_followup_all"].value == pytest.approx(10 - recorded)


def test_bounds_with_those_lost_by_hand() -> None:
    """e recorded 2 headache days of follow-up, f nothing: 5 and 7 more days of theirs may be anything."""
    found = _analyses(drawn(SIX))
    assert found["bounds_followup_none_all_started"].value == pytest.approx(4 * (6 + 2 + 0) / 6)
    assert found["bounds_followup_all_all_started"].value == pytest.approx(4 * (10 + 7 + 7) / 6)
    assert found["bounds_followup_all_all_started"].n == 6


def test_those_lost_are_as_they_were() -> None:
    """Returned to baseline: the change of those analysed, times their share of those who started."""
    found = _analyses(drawn(SIX))
    assert found["return_to_baseline_change"].value == pytest.approx(found["change"].value * 4 / 6)
    assert (found["return_to_baseline_change"].n, found["change"].n) == (6, 4)
    assert "2 lost taken as unchanged" in found["return_to_baseline_change"].notes[-1]


def test_a_follow_up_that_is_not_over_is_not_lost() -> None:
    """`late` began 5 days before the newest diary day; her week is not over. `lost` had the time."""
    tables = dated(
        drawn("done: 3330000 | . 0000000\nlate: 3333000 | . 00.....\nlost: 3330000 | . 0......"),
        {"done": "2026-03-02", "late": "2026-03-04", "lost": "2026-03-02"},
    )
    found = _analyses(tables)
    assert (found.n_analysed, found.n_lost) == (1, 1)
    assert found["change"].n_left_out == 2
    assert found["bounds_change_lowest_all_started"].n == 2


def test_completers_against_lost_by_hand() -> None:
    """Recorded days at baseline: 4 6 7 5 of those analysed, 6 6 of those lost. Intensity is 3 throughout."""
    plan = dataclasses.replace(WEEK_PLAN, min_recorded_days=4)
    table = completers_against_lost(oc.split_periods(load(drawn(SIX), plan), plan)).set_index("endpoint")
    row = table.loc["baseline_recorded_days"]
    assert (row["n_analysed"], row["n_lost"]) == (4, 2)
    assert (row["analysed_mean"], row["lost_mean"], row["difference"]) == (5.5, 6.0, 0.5)
    days = table.loc["headache_days_per_28"]
    assert days["lost_mean"] == pytest.approx(28 * (4 / 6 + 6 / 6) / 2)
    assert table.loc["intensity_on_headache_days", "difference"] == pytest.approx(0)


# Weekdays.

#: Headache on Saturdays and Sundays only, and half the weekends are not recorded. Day 0 is a Monday.
_WEEKENDS = "w: " + 2 * "0000033" + 2 * "00000.." + " | 0" + 6 * "0" + 28 * "0"


@pytest.mark.parametrize("calendar", [True, False])
def test_each_weekday_weighs_the_same(calendar: bool) -> None:
    """8 headache days in 28; the recorded days alone say 28·4/24. Without a calendar days count from day 0."""
    plan = AnalysisPlan(followup_first_day=1, followup_last_day=28, min_recorded_days=20)
    tables = drawn(_WEEKENDS, first_session="2026-03-02" if calendar else None)
    found = _analyses(tables, plan, 20)
    assert found["weekday_baseline"].value == pytest.approx(8)
    assert found["weekday_followup"].value == 0
    assert found["weekday_change"].value == pytest.approx(-8)
    assert found["change"].value == pytest.approx(-28 * 4 / 24)


def test_a_weekday_without_days_is_noted() -> None:
    found = _analyses(drawn(SIX))
    assert any("3 patients have" in note and "baseline" in note for note in found["weekday_change"].notes)


# Planted truths.


def _kept(
    headache: np.ndarray[Any, Any], chance_after_free: float, chance_after_headache: float, seed: int
) -> np.ndarray[Any, Any]:
    """Which days are recorded: less often after a day that was recorded with headache."""
    draws = np.random.default_rng(seed).random(headache.shape)
    recorded = np.zeros_like(headache)
    recorded[:, 0] = draws[:, 0] < chance_after_free
    for day in range(1, headache.shape[1]):
        after_headache = recorded[:, day - 1] & headache[:, day - 1]
        recorded[:, day] = draws[:, day] < np.where(after_headache, chance_after_headache, chance_after_free)
    return recorded


def _runs(share: float, patients: int, seed: int, lasting: float = 0.6) -> np.ndarray[Any, Any]:
    """Headache days that come in runs, with the same share on every day."""
    draws = np.random.default_rng(seed).random((patients, 28))
    headache = np.zeros((patients, 28), dtype=bool)
    headache[:, 0] = draws[:, 0] < share
    for day in range(1, 28):
        headache[:, day] = draws[:, day] < share * (1 - lasting) + lasting * headache[:, day - 1]
    return headache


def test_weights_undo_days_missed_after_headache() -> None:
    """No change, and a follow-up in which the day after a headache is mostly left out: recorded days then say
    fewer headaches, since headaches come in runs. The weighted change holds 0, the plain one is far from it."""
    n = 3000
    before, after = _runs(0.5, n, 1), _runs(0.5, n, 2)
    grids, windows = [], []
    for headache, recorded in (
        (before, np.ones_like(before)),
        (after, _kept(after, 0.95, 0.35, 3)),
    ):
        weekday = np.tile(np.arange(28) % 7, (n, 1)).astype(np.int8)
        grids.append(DayGrid(recorded, headache & recorded, weekday, False))
        windows.append(Window(28, recorded.sum(axis=1), (headache & recorded).sum(axis=1)))
    started = Started(np.arange(n).astype(object), np.ones(n, bool), np.full(n, -1), *windows, n)
    found = weighted_changes(started, *grids, 0.95)[0].estimate
    plain = float(np.mean(windows[1].level - windows[0].level))
    realised = float(np.mean(28 * (after.mean(axis=1) - before.mean(axis=1))))
    assert found.value is not None and found.low is not None and found.high is not None
    assert plain < realised - 1.5
    assert found.low < realised < found.high
    assert abs(found.value - realised) < 0.5


def _planted(patients: int, seed: int) -> tuple[Started, float]:
    """Beta-binomial months; whoever has more headache at baseline changes more, and is lost more often."""
    random = np.random.default_rng(seed)
    person = random.normal(size=patients)
    rates = []
    for linear in (0.2 + 0.9 * person, -0.9 + 0.9 * person):
        mean = expit(linear)
        rates.append(random.beta(12 * mean, 12 * (1 - mean)))
    recorded = random.binomial(28, 0.85, size=(2, patients))
    headache = random.binomial(recorded, np.array(rates))
    lost = random.random(patients) < expit(-4.5 + 7 * headache[0] / recorded[0])
    recorded[1, lost] = headache[1, lost] = 0
    windows = [Window(28, recorded[k], headache[k]) for k in (0, 1)]
    started = Started(np.arange(patients).astype(object), ~lost, np.full(patients, -1), *windows, patients)
    return started, float(28 * (rates[1] - rates[0]).mean())


def test_imputation_finds_the_change_of_everyone_who_started() -> None:
    """A third is lost, mostly those with the most headache. The change of those who stayed is another's; the
    imputed one holds the realised mean change of all."""
    started, realised = _planted(1500, 11)
    analysed, everyone = imputed_changes(started, impute(started, QUICK), 0.95)
    assert 0.2 < 1 - started.n_analysed / len(started) < 0.6
    assert everyone.estimate.low is not None and everyone.estimate.high is not None
    assert everyone.estimate.low < realised < everyone.estimate.high
    assert analysed.estimate.low is not None and analysed.estimate.high is not None
    assert not analysed.estimate.low < realised < analysed.estimate.high


@pytest.mark.parametrize("clinics", [15, pytest.param(60, marks=pytest.mark.long)])
def test_imputed_intervals_hold_the_truth_as_often_as_they_say(clinics: int) -> None:
    """Clinics of 40 patients; planted mean change by 200,000 patients. At least 95% − 3 binomial errors."""
    truth = _planted(200_000, 99)[1]
    inside = 0
    for seed in range(clinics):
        started, _ = _planted(40, seed)
        found = imputed_changes(started, impute(started, QUICK), 0.95)[1].estimate
        assert found.low is not None and found.high is not None
        inside += found.low <= truth <= found.high
    assert inside >= (0.95 - 3 * math.sqrt(0.95 * 0.05 / clinics)) * clinics


# Laws.

_SIDES = st.integers(14, 28).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
_FOLLOW_UPS = st.one_of(st.just((0, 0)), _SIDES)


@settings(max_examples=15)
@given(st.lists(st.tuples(_SIDES, _FOLLOW_UPS), min_size=5, max_size=25))
def test_nothing_lies_outside_the_bounds(patients: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Whatever stands in for missing days, the change lies between its two bounds."""
    started = _started([each[0] for each in patients], [each[1] for each in patients])
    ends = {row.statistic: row.estimate for row in bounds(started, 0.95)}
    imputed = imputed_changes(started, impute(started, QUICK), 0.95)
    for row, suffix in zip(imputed, ("", "_all_started"), strict=True):
        low, high = ends[f"bounds_change_lowest{suffix}"].value, ends[f"bounds_change_highest{suffix}"].value
        if row.estimate.value is not None:
            assert low is not None and high is not None
            assert low - 1e-9 <= row.estimate.value <= high + 1e-9


@settings(max_examples=15)
@given(st.lists(st.tuples(_SIDES, _FOLLOW_UPS), min_size=5, max_size=25))
def test_worse_missing_days_never_make_a_better_change(
    patients: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    started = _started([each[0] for each in patients], [each[1] for each in patients])
    rows = tipping_point(started, impute(started, QUICK), QUICK.tipping_odds, 0.95)
    for suffix in ("", "_all_started"):
        changes = [
            row.estimate.value
            for row in rows
            if row.statistic in {f"tipping_change_{odds:g}{suffix}" for odds in QUICK.tipping_odds}
        ]
        known = [change for change in changes if change is not None]
        assert known == sorted(known)


def _random_grids(n: int, seed: int) -> tuple[Started, DayGrid, DayGrid]:
    random = np.random.default_rng(seed)
    grids = []
    for chance in (0.55, 0.35):
        recorded, headache = random.random((n, 28)) < 0.8, random.random((n, 28)) < chance
        weekday = ((random.integers(0, 7, n)[:, None] + np.arange(28)) % 7).astype(np.int8)
        grids.append(DayGrid(recorded, headache & recorded, weekday, True))
    return _of_grids(grids[0], grids[1]), grids[0], grids[1]


def _of_grids(*grids: DayGrid) -> Started:
    windows = [Window(28, grid.recorded.sum(axis=1), grid.headache.sum(axis=1)) for grid in grids]
    n = len(grids[0].recorded)
    return Started(np.arange(n).astype(object), np.ones(n, bool), np.zeros(n, int), *windows, n)


def _taken(grid: DayGrid, rows: np.ndarray[Any, Any]) -> DayGrid:
    return DayGrid(grid.recorded[rows], grid.headache[rows], grid.weekday[rows], True)


@pytest.mark.parametrize("seed", range(5))
def test_every_patient_twice_and_patients_in_another_order(seed: int) -> None:
    """The same values; twice the patients take the interval to 1/√2 but for degrees of freedom."""
    started, before, after = _random_grids(30, seed)
    once = weighted_changes(started, before, after, 0.95)[0].estimate
    twice = np.tile(np.arange(30), 2)
    first, second = _taken(before, twice), _taken(after, twice)
    doubled = weighted_changes(_of_grids(first, second), first, second, 0.95)[0].estimate
    mixed = np.random.default_rng(seed).permutation(30)
    first, second = _taken(before, mixed), _taken(after, mixed)
    other = weighted_changes(_of_grids(first, second), first, second, 0.95)[0].estimate
    assert doubled.value == pytest.approx(once.value, abs=1e-9)
    assert (other.value, other.low, other.high) == pytest.approx((once.value, once.low, once.high), abs=1e-10)
    assert once.low is not None and once.high is not None
    assert doubled.low is not None and doubled.high is not None
    expected = (2.0009954 / 2.0452296) * math.sqrt(29 / 59)  # qt(.975, 59), qt(.975, 29); n/(n − 1) in both
    assert (doubled.high - doubled.low) / (once.high - once.low) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_swapped_periods_turn_the_bounds_round(seed: int) -> None:
    started, _, _ = _random_grids(12, seed)
    swapped = dataclasses.replace(started, baseline=started.followup, followup=started.baseline)
    there = {row.statistic: row.estimate for row in bounds(started, 0.95)}
    back = {row.statistic: row.estimate for row in bounds(swapped, 0.95)}
    lowest, highest = there["bounds_change_lowest"], back["bounds_change_highest"]
    assert lowest.value is not None and lowest.low is not None and lowest.high is not None
    assert (highest.value, highest.low, highest.high) == pytest.approx(
        (-lowest.value, -lowest.high, -lowest.low), abs=1e-12
    )


def test_without_missing_days_every_method_is_the_paired_t() -> None:
    marks = ["0330300", "3333333", "0000003", "3003000", "3333300", "0033333"]
    text = "\n".join(f"p{k}: {mark} | . {mark[::-1][:4]}000" for k, mark in enumerate(marks))
    found = _analyses(drawn(text))
    change = found["change"]
    for name in (
        "bounds_change_lowest",
        "bounds_change_highest",
        "bounds_change_followup_all_all_started",
        "weekday_change",
        "ipw_change",
        "ipw_change_all_started",
        "imputed_change",
        "imputed_change_all_started",
        "return_to_baseline_change",
        "tipping_change_1",
        "tipping_change_5_all_started",
    ):
        row = found[name]
        assert (row.value, row.low, row.high, row.p) == pytest.approx(
            (change.value, change.low, change.high, change.p), abs=1e-12
        ), name


def test_rows_in_another_order_give_the_same_numbers() -> None:
    tables = drawn(SIX)
    shuffled = {"diary": tables["diary"].sample(frac=1, random_state=5)}
    pd.testing.assert_frame_equal(_analyses(tables).to_frame(), _analyses(shuffled).to_frame())


def test_the_seed_is_the_plans() -> None:
    first, again, other = (
        _analyses(drawn(SIX), seed=seed)["imputed_change_all_started"].value for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


# Tipping.


def _rows(started: Started, plan: AnalysisPlan = QUICK) -> dict[str, Estimate]:
    found = tipping_point(started, impute(started, plan), plan.tipping_odds, plan.confidence)
    return {row.statistic: row.estimate for row in found}


def test_the_answer_tips_where_its_interval_first_holds_zero() -> None:
    started = _started(
        [(h, 24) for h in (12, 16, 9, 18, 14, 11, 15, 13)] * 3,
        [(h, 15) for h in (5, 8, 5, 8, 9, 4, 8, 7)] * 3,
    )
    plan = dataclasses.replace(QUICK, tipping_odds=(1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 8.0, 20.0))
    rows = _rows(started, plan)
    tips = rows["tipping_odds"].value
    assert tips is not None and tips > 1
    for odds in plan.tipping_odds:
        high = rows[f"tipping_change_{odds:g}"].high
        assert high is not None
        assert (high >= 0) == (odds >= tips)


def test_an_answer_that_no_odds_tip_says_so() -> None:
    started = _started([(20, 24)] * 4 + [(22, 26)] * 4, [(2, 27)] * 4 + [(4, 27)] * 4)
    found = _rows(started)["tipping_odds"]
    assert found.value is None
    assert "does not tip up to odds × 5" in found.notes


def test_an_increase_has_nothing_to_tip() -> None:
    started = _started([(2, 24)] * 4 + [(4, 26)] * 4, [(20, 27)] * 4 + [(24, 27)] * 4)
    found = _rows(started)["tipping_odds"]
    assert found.value is None
    assert found.notes[0].startswith("not_a_reduction")


def test_odds_too_far_apart_pass_the_tipping_point_over() -> None:
    started = _started([(h, 28) for h in (12, 14, 13, 16)] * 6, [(h, 20) for h in (6, 8, 7, 9)] * 6)
    plan = dataclasses.replace(QUICK, tipping_odds=(1.0, 1000.0))
    rows = _rows(started, plan)
    before, after = rows["tipping_change_1"].high, rows["tipping_change_1000"].low
    assert before is not None and before < 0 and after is not None and after > 0
    assert rows["tipping_odds"].value is None
    assert rows["tipping_odds"].notes == ("passed_over: the interval holds 0 somewhere between 1 and 1000",)


def test_an_interval_that_holds_zero_already() -> None:
    started = _started(
        [(10, 24), (12, 24), (9, 20), (14, 28)] * 3, [(14, 28), (9, 24), (12, 24), (10, 20)] * 3
    )
    assert _rows(started)["tipping_odds"].value == 1.0


def test_the_shift_makes_the_mean_change_zero() -> None:
    started, _ = _planted(60, 5)
    imputed = impute(started, QUICK)
    rows = _rows(started)
    change = imputed_changes(started, imputed, 0.95)[1].estimate.value
    shift = rows["tipping_shift_all_started"].value
    assert change is not None and shift is not None
    share_lost = 1 - started.n_analysed / len(started)
    assert change + shift * share_lost == pytest.approx(0, abs=1e-12)


# Edges: the data cannot carry the method, and nothing is raised.


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("marks", ["3330000", "0000000", "3333333", "33.0000"])
def test_few_patients_and_nothing_that_varies(n: int, marks: str) -> None:
    text = "\n".join(f"p{k}: {marks} | . {marks}" for k in range(n)) or "p: . | . ."
    tables = drawn(text)
    if not n:
        tables = drawn("nobody: 3...... | . 3......")
    found = _analyses(tables)
    assert found.n_analysed == n
    for row in found.rows:
        numbers = [row.value, row.low, row.high, row.p]
        assert all(number is None or math.isfinite(number) for number in numbers)
        assert row.value is not None or row.notes, row.statistic
        if n and row.low is not None and row.high is not None and row.value is not None:
            assert row.low <= row.value <= row.high
    change = found["ipw_change"]
    if n == 0:
        assert change.value is None
    elif n == 1:
        assert change.value == pytest.approx(0, abs=1e-9) and change.low is None
    assert len(found.to_frame()) == len(found.rows)


def test_everyone_lost() -> None:
    found = _analyses(drawn("\n".join(f"p{k}: 3{k % 2 * 3}30000 | . ......." for k in range(6))))
    assert (found.n_analysed, found.n_lost) == (0, 6)
    # Zeros assumed for everybody would look like a finding of no change.
    assert found["return_to_baseline_change"].value is None
    assert found["return_to_baseline_change"].notes[0].startswith("no_pairs")
    assert found["imputed_change_all_started"].value is None
    assert found["bounds_followup_all_all_started"].value == 28


def test_no_headache_left_cannot_carry_the_model() -> None:
    started = _started([(h, 24) for h in (5, 8, 12, 3, 9)], [(0, 24)] * 5)
    found = impute(started, QUICK)
    assert isinstance(found, Estimate)
    assert found.value is None
    assert found.notes[0].startswith("not_estimable: every recorded follow-up day")


def test_a_hundred_thousand_patients_are_not_imputed() -> None:
    started = _started([(12, 24), (3, 28)] * 50_000, [(9, 24), (2, 20)] * 50_000)
    found = impute(started, QUICK)
    assert isinstance(found, Estimate)
    assert found.notes == (
        "not run: more than 10,000 patients; the bounds and the weights (ipw_change) have everyone",
    )
    assert len(bounds(started, 0.95)) == 16


def test_nobody_like_those_lost() -> None:
    """Everyone below 10 days stayed and everyone above was lost: no weight can make the one stand for the other."""
    before = [(h, 28) for h in (4, 5, 6, 7, 8, 16, 17, 18)]
    started = _started(before, [(3, 28)] * 5 + [(0, 0)] * 3)
    weekday = np.tile(np.arange(28) % 7, (5, 1)).astype(np.int8)
    full = [
        np.arange(28)[None, :] < np.array([h for h, _ in side])[:, None]
        for side in (before[:5], [(3, 28)] * 5)
    ]
    grids = [DayGrid(np.ones((5, 28), bool), each, weekday, False) for each in full]
    plain, everyone = weighted_changes(started, *grids, 0.95)
    assert plain.estimate.value == pytest.approx(-3)
    assert everyone.estimate.value is None
    assert everyone.estimate.notes[0].startswith("positivity")


def test_level_of_a_weekday_that_is_never_recorded() -> None:
    """Headache on every recorded day, Sundays never recorded: the other weekdays share the weight."""
    weekday = np.tile(np.arange(28) % 7, (1, 1)).astype(np.int8)
    recorded = weekday != 6
    assert weekday_level(DayGrid(recorded, recorded.copy(), weekday, True))[0] == pytest.approx(28)


# Requests.


def test_records_without_a_diary_have_no_rows() -> None:
    summaries = pd.DataFrame(
        {
            "patient_id": ["a", "a"],
            "period": ["baseline", "followup"],
            "headache_days_per_28": [10.0, 8.0],
        }
    )
    found = missing_diary_analyses(oc.split_periods(load({"summaries": summaries})))
    assert found.rows == ()
    assert found.notes[0].startswith("no_diary")
    assert found.to_frame().empty


def test_another_plan_than_the_one_that_cut_the_periods() -> None:
    periods = oc.split_periods(load(drawn(SIX), WEEK_PLAN), WEEK_PLAN)
    with pytest.raises(PlanError, match="baseline_days"):
        missing_diary_analyses(periods, AnalysisPlan())


def test_a_row_by_its_name() -> None:
    found = _analyses(drawn(SIX))
    assert "ipw_change" in found
    assert found.to_dict()["lost"] == 2
    with pytest.raises(KeyError, match="bounds_change_lowest"):
        found["no_such_row"]


def test_unequal_recording_is_noted() -> None:
    text = "\n".join(f"p{k}: 3300{k % 2 * 3}00 | . 33.00.." for k in range(6))
    assert (
        _analyses(drawn(text)).notes[0].startswith("unequal_recording: 28.0 days of 28 recorded at baseline")
    )
