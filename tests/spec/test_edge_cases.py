"""Samples that carry less than a method asks for: one test or more for each row of the table of edge cases.

The rows: n = 0, 1, 2 to 4 and 5; nobody changed; everyone changed by the same; no headache at all, at follow-up, at
baseline; nobody or everyone responds; nobody crosses a threshold; missing values; floats that should tie; 100,000
patients; one-sided data. Nothing raises, nothing warns (a warning is an error in these tests), and what is
undefined is None with a note that says why.
"""

from __future__ import annotations

import itertools
import math
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import load
from paired_methods import COUNTED, PAIRED, pairs

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.estimates import Values, mean_interval, paired_change
from outcomes.analysis.paired.effect_sizes import d_av, d_z
from outcomes.analysis.paired.pseudomedian import hodges_lehmann
from outcomes.analysis.paired.rank_tests import (
    probability_of_improvement,
    rank_biserial,
    wilcoxon_pratt,
)
from outcomes.analysis.paired.ratios import (
    conditional_poisson,
    day_weighted_ratio,
    log_delta_ratio,
    rate_ratio,
)
from outcomes.analysis.paired.resampling import bootstrap_t, sign_flip
from outcomes.analysis.planning import half_width
from outcomes.analysis.proportions import (
    clopper_pearson,
    mcnemar,
    mcnemar_exact,
    newcombe_independent,
    newcombe_paired,
    paired_proportions,
    share,
    tango_paired,
)
from outcomes.analysis.survival import kaplan_meier, restricted_mean

C = 0.95
PLAN = AnalysisPlan()


def compared(
    *rows: tuple[float | None, float | None], endpoint: str = "headache_days_per_28", **how: Any
) -> oc.PairedChange:
    """The comparison of summaries: one (baseline, follow-up) per patient, None where a period is missing."""
    table = [
        (f"p{number}", period, value)
        for number, both in enumerate(rows)
        for period, value in zip(("baseline", "followup"), both, strict=True)
        if value is not None
    ]
    summaries = pd.DataFrame(table, columns=["patient_id", "period", endpoint])
    endpoints = oc.measure_endpoints(oc.split_periods(load({"summaries": summaries}, PLAN), PLAN))
    return oc.compare(endpoints, endpoint, PLAN, **how)


def no_interval(*found: Any) -> bool:
    return all(item.low is None and item.high is None for item in found)


def noted(found: Any, *starts: str) -> bool:
    return any(note.startswith(starts) for note in found.notes)


class TestNobody:
    @pytest.mark.parametrize("name", PAIRED)
    def test_no_pairs(self, name: str) -> None:
        found = PAIRED[name](np.empty(0), np.empty(0), C)
        assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
        assert found.notes

    @pytest.mark.parametrize("name", COUNTED)
    def test_no_counts(self, name: str) -> None:
        nobody = np.empty(0)
        found = COUNTED[name](nobody, nobody, nobody, nobody, C)
        assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
        assert found.notes

    def test_a_comparison_of_nobody_is_empty_and_says_why(self) -> None:
        """Everyone's follow-up is missing."""
        change = compared((12.0, None), (20.0, None))
        assert (change.n, change.n_left_out) == (0, 2)
        for row in change.statistics:
            if not row.statistic.endswith("_all_started"):
                assert row.value is None and row.notes, row.statistic
        assert change["responders_50_all_started"].value == 0.0
        assert "no patient" in change.summary().lower()

    def test_proportions_and_curves_of_nobody(self) -> None:
        nothing = np.empty(0, dtype=bool)
        for found in (*paired_proportions(nothing, nothing, C), share(0, 0, C), clopper_pearson(0, 0, C),
                      newcombe_independent(0, 0, 1, 2, C), restricted_mean([], [], 28, C)):  # fmt: skip
            assert (found.value, found.low, found.high) == (None, None, None)
            assert found.notes
        curve = kaplan_meier([], [], C)
        assert (curve.n, curve.at(7).value, len(curve.to_frame())) == (0, None, 0)


class TestOne:
    @pytest.mark.parametrize("name", PAIRED)
    def test_no_interval_and_no_p(self, name: str) -> None:
        found = PAIRED[name](*pairs((12, 5)), C)
        if name != "probability_of_improvement":
            assert no_interval(found)
        assert found.p is None and (found.notes or name == "probability_of_improvement")

    def test_the_change_alone(self) -> None:
        found = paired_change(*pairs((12, 5)), C)
        assert found.value == -7.0
        assert noted(found, "insufficient_n")
        assert rate_ratio(*pairs((12, 5)), C).value == pytest.approx(5 / 12)
        assert half_width(1, 6.0) is None

    @pytest.mark.parametrize("name", COUNTED)
    def test_one_patient_of_counts(self, name: str) -> None:
        found = COUNTED[name](*(np.array([float(item)]) for item in (12, 28, 5, 28)), C)
        assert found.value == pytest.approx(5 / 12) and no_interval(found) and found.p is None

    def test_one_improved_is_a_share_of_one(self) -> None:
        """Wilson: 1 of 1 is 0.2065 to 1 (z² / (1 + z²) below)."""
        z = 1.959963984540054
        found = probability_of_improvement(*pairs((12, 5)), C, "decrease")
        assert (found.value, found.high) == (1.0, 1.0)
        assert found.low == pytest.approx(1 / (1 + z * z), abs=1e-12)


class TestTwoToFour:
    @pytest.mark.parametrize("n", [2, 3, 4])
    def test_interval_without_p(self, n: int) -> None:
        """t quantiles of 1, 2 and 3 degrees of freedom: 12.706, 4.303, 3.182."""
        quantile = {2: 12.7062047361747, 3: 4.30265272974946, 4: 3.18244630528371}[n]
        before, after = pairs(*[(20, 20 - 2 * step) for step in range(1, n + 1)])
        change = after - before
        found = paired_change(before, after, C)
        error = change.std(ddof=1) / math.sqrt(n)
        assert found.low == pytest.approx(change.mean() - quantile * error, abs=1e-9)
        assert found.p is None and noted(found, "insufficient_n")

    @pytest.mark.parametrize("name", PAIRED)
    @pytest.mark.parametrize("n", [2, 3, 4])
    def test_no_p_from_anything(self, name: str, n: int) -> None:
        before, after = pairs(*[(20, 20 - 2 * step) for step in range(1, n + 1)])
        assert PAIRED[name](before, after, C).p is None

    @pytest.mark.parametrize("n", [2, 3, 4, 5])
    def test_no_rank_interval_up_to_five(self, n: int) -> None:
        """The widest rank interval of n pairs has level 1 − 2^(1−n): below 95% up to n = 5."""
        values = pairs(*[(20, 20 - 2 * step) for step in range(1, n + 1)])
        found = hodges_lehmann(*values, C)
        assert (
            found.value == pytest.approx(-(n + 1)) and no_interval(found) and noted(found, "insufficient_n")
        )
        assert hodges_lehmann(*pairs(*[(20, 20 - 2 * step) for step in range(1, 7)]), C).low == -12.0


class TestFive:
    IMPROVED = pairs((20, 18), (20, 16), (20, 14), (20, 12), (20, 10))

    def test_the_t_test_is_allowed_and_the_limit_of_ranks_is_said(self) -> None:
        found = paired_change(*self.IMPROVED, C)
        assert found.p is not None and 0.001 < found.p < 0.0625
        assert any("0.0625" in note for note in found.notes)

    def test_exact_tests_cannot_go_below_one_sixteenth(self) -> None:
        assert wilcoxon_pratt(*self.IMPROVED).p == 0.0625
        assert sign_flip(*self.IMPROVED, 999, 1).p == 0.0625

    @pytest.mark.parametrize("n", range(6))
    @pytest.mark.parametrize(
        "kind", ["zero", "alike", "rising", "falling", "some", "no_headache_after", "none_before"]
    )
    def test_every_estimator_from_nobody_to_five(self, n: int, kind: str) -> None:
        """Nothing raises, warns, is NaN, or is undefined without a note."""
        before, after = _shapes(n)[kind]
        recorded = np.full(n, 28.0)
        found = {name: method(before, after, C) for name, method in PAIRED.items()}
        found |= {name: method(before, recorded, after, recorded, C) for name, method in COUNTED.items()}
        for name, estimate in found.items():
            for number in (estimate.value, estimate.low, estimate.high, estimate.p):
                assert number is None or not math.isnan(number), name
            assert estimate.value is not None or estimate.notes, name
            assert (
                estimate.low is not None
                or estimate.notes
                or name in ("sign_flip", "wilcoxon_pratt", "correlation")
            ), name
            assert n >= 5 or estimate.p in (None, 1.0), name


def _shapes(n: int) -> dict[str, tuple[Values, Values]]:
    step = np.arange(1.0, n + 1)
    zero = np.zeros(n)
    return {
        "zero": (zero, zero),
        "alike": (zero + 12, zero + 7),
        "rising": (step, 2 * step + 1),
        "falling": (20 + step, 20 - step),
        "some": (zero + 10, np.where(step % 2 == 1, 10.0, 4.0)),
        "no_headache_after": (4 + step, zero),
        "none_before": (zero, 4 + step),
    }


class TestNobodyChanged:
    SAME = pairs(*[(float(days), float(days)) for days in (4, 8, 8, 12, 20, 28)])

    def test_change_is_zero_and_p_is_one(self) -> None:
        found = paired_change(*self.SAME, C)
        assert (found.value, found.low, found.high, found.p) == (0.0, None, None, 1.0)
        assert noted(found, "no_change")

    def test_every_test_of_it_says_one(self) -> None:
        """SciPy's wilcoxon(zero_method='pratt', method='exact') of six zeros gives a p that is not 1."""
        assert wilcoxon_pratt(*self.SAME).p == 1.0 and sign_flip(*self.SAME, 999, 1).p == 1.0
        assert mcnemar(0, 0).p == mcnemar_exact(0, 0).p == 1.0
        assert hodges_lehmann(*self.SAME, C).value == 0.0

    def test_effect_sizes_and_ranks_have_nothing_to_stand_on(self) -> None:
        assert d_z(*self.SAME, C).value is None and rank_biserial(*self.SAME).value is None
        found = d_av(*self.SAME, C)
        assert found.value == 0.0 and no_interval(found)
        ratio = rate_ratio(*self.SAME, C)
        assert (ratio.value, ratio.low, ratio.p) == (1.0, None, 1.0)
        assert probability_of_improvement(*self.SAME, C, "decrease").value == 0.5

    def test_a_change_in_the_last_digit_is_none(self) -> None:
        found = paired_change(np.array([0.3, 0.3, 0.1]), np.array([0.1 + 0.2, 0.3, 0.1]), C)
        assert (found.value, found.p) == (0.0, 1.0)


class TestEveryoneChangedByTheSame:
    SAME = pairs(*[(float(days), float(days - 3)) for days in (4, 8, 8, 12, 20, 28)])

    def test_estimate_without_interval_and_p(self) -> None:
        """SciPy's ttest_rel gives p = 0 here: no variation is no certainty."""
        found = paired_change(*self.SAME, C)
        assert (found.value, found.low, found.high, found.p) == (-3.0, None, None, None)
        assert noted(found, "zero_variance")

    @pytest.mark.parametrize("method", [d_z, lambda *given: bootstrap_t(*given, 199, 1), hodges_lehmann])
    def test_no_interval_of_anything_that_needs_variation(self, method: Any) -> None:
        found = method(*self.SAME, C)
        assert no_interval(found) and found.p is None and found.notes

    def test_rank_tests_still_count_signs(self) -> None:
        """Six of six down: 2/2^6."""
        assert wilcoxon_pratt(*self.SAME).p == pytest.approx(2 / 64)
        assert sign_flip(*self.SAME, 999, 1).p == pytest.approx(2 / 64)

    def test_alike_but_for_the_last_digit(self) -> None:
        """28·h/n: the same three days fewer, as 0.1 + 0.2 and 0.3."""
        before = np.array([28 * 6 / 20, 28 * 9 / 20, 28 * 12 / 20, 28 * 15 / 20, 28 * 18 / 20])
        after = np.array([28 * 3 / 20, 28 * 6 / 20, 28 * 9 / 20, 28 * 12 / 20, 28 * 15 / 20])
        assert len(set(after - before)) > 1
        found = paired_change(before, after, C)
        assert noted(found, "zero_variance") and found.low is None and found.p is None

    def test_the_same_proportion(self) -> None:
        """Everyone halved: the change varies, the ratio does not."""
        values = pairs(*[(float(days), days / 2) for days in (4, 8, 12, 20, 28)])
        for found in (rate_ratio(*values, C), log_delta_ratio(*values, C)):
            assert found.value == 0.5 and no_interval(found) and noted(found, "zero_variance")
        assert paired_change(*values, C).low is not None


class TestNoHeadache:
    def test_none_at_all_has_no_ratio(self) -> None:
        """statsmodels' GEE raises a ValueError."""
        zero, recorded = np.zeros(6), np.full(6, 28.0)
        for found in (rate_ratio(zero, zero, C), log_delta_ratio(zero, zero, C),
                      day_weighted_ratio(zero, recorded, zero, recorded, C),
                      conditional_poisson(zero, recorded, zero, recorded, C)):  # fmt: skip
            assert (found.value, found.low, found.high) == (None, None, None) and found.notes
        assert paired_change(zero, zero, C).p == 1.0

    def test_none_after_has_a_change_and_a_ratio_of_zero(self) -> None:
        """statsmodels' GEE calls exp(−25.4) with a standard error of 0.41 converged."""
        before, zero, recorded = np.array([4.0, 8, 12, 20, 9, 15]), np.zeros(6), np.full(6, 28.0)
        change = paired_change(before, zero, C)
        assert change.value == pytest.approx(-before.mean())
        assert change.low is not None and change.p is not None and change.p < 0.01
        for found in (rate_ratio(before, zero, C), log_delta_ratio(before, zero, C),
                      day_weighted_ratio(before, recorded, zero, recorded, C),
                      conditional_poisson(before, recorded, zero, recorded, C)):  # fmt: skip
            assert found.value == 0.0 and no_interval(found) and noted(found, "all_zero_followup")
        assert rate_ratio(before, zero, C).p == change.p

    def test_none_before_has_the_change_only(self) -> None:
        after, zero, recorded = np.array([4.0, 8, 12, 20, 9, 15]), np.zeros(6), np.full(6, 28.0)
        assert paired_change(zero, after, C).value == pytest.approx(after.mean())
        for found in (rate_ratio(zero, after, C), log_delta_ratio(zero, after, C),
                      day_weighted_ratio(zero, recorded, after, recorded, C),
                      conditional_poisson(zero, recorded, after, recorded, C)):  # fmt: skip
            assert (found.value, found.low, found.p) == (None, None, None) and noted(found, "no_ratio")
        change = compared(*[(0.0, float(days)) for days in after])
        assert change["responders_50"].n == 0 and change["responders_50"].value is None
        assert (change.change.n, change.rate_ratio.value) == (6, None)

    def test_a_patient_without_baseline_headache_counts_in_change_and_ratio_only(self) -> None:
        rows = [(0.0, 3.0), (10.0, 4.0), (12.0, 7.0), (20.0, 9.0), (16.0, 16.0), (8.0, 2.0)]
        change = compared(*rows)
        assert (change.change.n, change.rate_ratio.n, change["responders_50"].n) == (6, 6, 5)
        assert change.change.value == pytest.approx(sum(after - before for before, after in rows) / 6)
        assert change.rate_ratio.value == pytest.approx(41 / 66)
        assert change["responders_50"].count == 3
        assert any("not eligible" in note for note in change["responders_50"].notes)


class TestShares:
    def test_nobody_of_five_is_up_to_43_percent(self) -> None:
        """Wilson: z²/(n + z²) = 3.8415/8.8415."""
        found = share(0, 5, C)
        assert (found.value, found.low) == (0.0, 0.0)
        assert found.high == pytest.approx(3.8414588206941236 / 8.8414588206941236, abs=1e-12)
        everyone = share(5, 5, C)
        assert (everyone.value, everyone.high) == (1.0, 1.0)
        assert everyone.low == pytest.approx(1 - 0.4344824647, abs=1e-9)

    def test_exact_shares_at_the_ends(self) -> None:
        """Clopper–Pearson 0 of 5: 1 − 0.025^(1/5)."""
        assert clopper_pearson(0, 5, C).high == pytest.approx(1 - 0.025 ** (1 / 5), abs=1e-12)
        assert clopper_pearson(5, 5, C).low == pytest.approx(0.025 ** (1 / 5), abs=1e-12)

    @pytest.mark.parametrize("crossed", [(0, 0), (3, 0), (0, 3)])
    def test_thresholds_that_nobody_or_everyone_crosses(self, crossed: tuple[int, int]) -> None:
        before, after = crossed
        for interval in (newcombe_paired, tango_paired):
            found = interval(0 if sum(crossed) else 4, before, after, 0 if sum(crossed) else 3, C)
            assert found.value == pytest.approx((after - before) / (sum(crossed) or 7))
            assert found.low is not None and found.high is not None
            assert -1 <= found.low <= found.value <= found.high <= 1 and found.low < found.high
        assert mcnemar(*crossed).p == pytest.approx(1.0 if not sum(crossed) else 0.125)
        assert mcnemar_exact(*crossed).p == pytest.approx(1.0 if not sum(crossed) else 0.25)

    def test_nobody_crosses(self) -> None:
        """b + c = 0: p is 1, the difference 0, and Newcombe's interval still has a width."""
        found = newcombe_paired(9, 0, 0, 6, C)
        assert (found.value, found.p) == (0.0, 1.0)
        assert found.low is not None and found.high is not None and found.low < 0 < found.high
        assert mcnemar(0, 0).value is None and noted(mcnemar(0, 0), "no_change")


class TestMissing:
    def test_pairs_are_kept_whole_and_the_others_counted(self) -> None:
        change = compared((10.0, 4.0), (None, 5.0), (12.0, None), (20.0, 10.0), (8.0, 8.0))
        assert (change.n, change.n_left_out) == (3, 2)
        assert change.change.value == pytest.approx((-6 - 10 + 0) / 3)
        assert (change.change.n, change.change.n_left_out) == (3, 2)

    def test_one_sided_data_never_enter_the_pairs(self) -> None:
        """Ten patients with a follow-up only, and one pair: the change is that pair's."""
        alone = compared((10.0, 4.0))
        change = compared((10.0, 4.0), *[(None, float(day)) for day in range(10)])
        assert (change.n, change.n_left_out, change.change.value) == (1, 10, -6.0)
        assert change["followup_mean"].value == alone["followup_mean"].value == 4.0

    def test_one_sided_days_count_only_where_the_method_says_so(self) -> None:
        """Day-weighted takes them, with a note; conditional Poisson has no use for them."""
        h0, n0 = np.array([10.0, 12, 20, 0, 0]), np.array([28.0, 28, 28, 0, 0])
        h1, n1 = np.array([4.0, 9, 11, 28, 28]), np.array([28.0, 28, 28, 28, 28])
        found = day_weighted_ratio(h0, n0, h1, n1, C)
        assert found.value == pytest.approx((80 / 140) / (42 / 84))
        assert any(note.startswith("2 with recorded days in one period only") for note in found.notes)
        assert conditional_poisson(h0, n0, h1, n1, C).value == pytest.approx(24 / 42)
        only_after = day_weighted_ratio(0 * h0, 0 * n0, h1, n1, C)
        assert only_after.value is None and noted(only_after, "no_patients")


class TestFloatsThatShouldTie:
    def test_ranks_of_days_that_do_not_come_out_even(self) -> None:
        """28·h/20 differs from its own multiples in the last digit: as ranks of whole days it must not."""
        days = np.array(
            [(6, 3), (9, 6), (12, 9), (15, 18), (18, 15), (7, 7), (11, 6), (13, 8)], dtype=np.float64
        )
        exact, uneven = (days[:, 0], days[:, 1]), (28 * days[:, 0] / 20, 28 * days[:, 1] / 20)
        change = uneven[1] - uneven[0]
        assert len(set(np.abs(change))) > len(set(np.abs(exact[1] - exact[0])))
        assert wilcoxon_pratt(*uneven) == wilcoxon_pratt(*exact)
        assert rank_biserial(*uneven) == rank_biserial(*exact)
        assert sign_flip(*uneven, 999, 1).p == sign_flip(*exact, 999, 1).p
        assert hodges_lehmann(*uneven, C).low == pytest.approx(1.4 * hodges_lehmann(*exact, C).low, abs=1e-12)  # type: ignore[operator]

    def test_exactly_half_of_any_number_of_days_responds(self) -> None:
        rows = [(28 * 2 * h / n, 28 * h / n) for h, n in itertools.product((3, 5, 7), (20, 21, 23, 27, 28))]
        assert compared(*rows)["responders_50"].count == len(rows)


@pytest.fixture(scope="module")
def registry() -> tuple[Values, Values]:
    """100,000 patients in days per 28, skewed, tied, with zeros."""
    generator = np.random.Generator(np.random.PCG64(5))
    before = generator.binomial(28, generator.beta(2, 3, 100_000)).astype(np.float64)
    after = generator.binomial(28, np.clip(before / 28 - 0.05, 0, 1)).astype(np.float64)
    return before, after


class TestHundredThousand:
    def test_the_default_comparison_takes_less_than_seconds(self, registry: tuple[Values, Values]) -> None:
        """The promise is 1 s on a quiet machine, and is measured in benchmarks/; this catches a quadratic method."""
        started = time.perf_counter()
        found = {
            name: PAIRED[name](*registry, C) for name in PAIRED if name not in ("sign_flip", "bootstrap_t")
        }
        assert time.perf_counter() - started < 10
        assert all(item.value is not None for item in found.values())
        assert found["wilcoxon_pratt"].method.endswith("asymptotic")
        assert found["change"].value == pytest.approx((registry[1] - registry[0]).mean(), abs=1e-10)
        change, pseudomedian = found["change"], found["hodges_lehmann"]
        assert pseudomedian.low is not None and pseudomedian.high is not None and change.value is not None
        assert pseudomedian.low <= pseudomedian.high and abs(pseudomedian.value - change.value) < 0.5  # type: ignore[operator]

    def test_ratios_of_days(self, registry: tuple[Values, Values]) -> None:
        recorded = np.full(100_000, 28.0)
        started = time.perf_counter()
        found = day_weighted_ratio(registry[0], recorded, registry[1], recorded, C)
        assert time.perf_counter() - started < 1
        assert found.value == pytest.approx(registry[1].sum() / registry[0].sum())
        assert mean_interval(registry[1], C).value == pytest.approx(registry[1].mean())

    def test_nothing_is_resampled(self, registry: tuple[Values, Values]) -> None:
        """The paired t says the same and takes milliseconds: the rows say that they were not run."""
        numbers = np.arange(200_000) % 100_000
        endpoints = pd.DataFrame(
            {
                "patient_id": numbers,
                "period": np.repeat(["baseline", "followup"], 100_000),
                "mode": "diary",
                "covered": True,
                "recorded_days": 28.0,
                "headache_days_per_28": np.concatenate(registry),
            }
        )
        started = time.perf_counter()
        change = oc.compare(endpoints, "headache_days_per_28", PLAN, all_methods=True)
        assert time.perf_counter() - started < 20
        for name in ("sign_flip", "bootstrap_t"):
            assert change[name].value is None
            assert any(note.startswith("not run") for note in change[name].notes)
        assert change["wilcoxon_pratt"].value is not None and change["hodges_lehmann"].low is not None
