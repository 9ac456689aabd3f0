"""Ratios and proportions against R 4.2.2, published tables and other libraries.

R: clubSandwich 0.5.8, sandwich 3.0.2, stats. The data typed in below were made up for these tests; KosteckiDillon
(carData) and its R values lie outside the package and are read at test time.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from outcomes.analysis.estimates import Estimate, paired_change
from outcomes.analysis.paired.ratios import (
    conditional_poisson,
    day_weighted_ratio,
    log_delta_ratio,
    rate_ratio,
)
from outcomes.analysis.proportions import (
    CHRONIC_DAYS,
    clopper_pearson,
    mcnemar,
    mcnemar_exact,
    newcombe_independent,
    newcombe_paired,
    paired_proportions,
    proportions_reaching,
    share,
    tango_paired,
)
from outcomes.errors import PlanError

#: Ten made-up patients: headache days and recorded days before (0) and after (1).
H0 = np.array([12, 5, 20, 9, 15, 3, 28, 7, 11, 0])
N0 = np.array([28, 25, 27, 20, 28, 22, 28, 24, 26, 21])
H1 = np.array([8, 6, 15, 0, 14, 4, 25, 2, 11, 1])
N1 = np.array([27, 28, 20, 21, 26, 28, 28, 23, 19, 28])

CORRECTIONS = [("none", "CR0"), ("kauermann_carroll", "CR2"), ("mancl_derouen", "CR3")]


def log_error(found: Estimate, df: int) -> float:
    """The standard error of the log ratio that the 95% interval was made with."""
    assert found.low is not None and found.high is not None
    return float(math.log(found.high / found.low) / 2 / stats.t.ppf(0.975, df))


def counts_of(kostecki: pd.DataFrame) -> pd.DataFrame:
    """Per patient: recorded and headache days before and after, day 0 in neither, the duplicate row once."""
    days = kostecki.drop_duplicates()
    days = days[days["day"] != 0].assign(
        after=lambda rows: (rows["day"] > 0).astype(int),
        h=lambda rows: (rows["headache"] == "yes").astype(int),
    )
    table = days.groupby(["patient_id", "after"]).agg(n=("h", "size"), h=("h", "sum")).unstack(fill_value=0)
    table.columns = [f"{name}{side}" for name, side in table.columns]
    return table


@pytest.fixture(scope="module")
def oracle(shared_data: Path) -> Any:
    return json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]


class TestPatientWeighted:
    def test_oracle_kostecki(self, kostecki: pd.DataFrame, oracle: Any) -> None:
        table = counts_of(kostecki).query("n0 > 0 and n1 > 0")
        before, after = (28 * table[f"h{side}"] / table[f"n{side}"] for side in (0, 1))
        expected = oracle["rr_patient_weighted/kd55"]["value"]
        fieller = rate_ratio(before.to_numpy(), after.to_numpy(), 0.95)
        bounds = oracle["rr_fieller/kd55"]["value"]
        assert (fieller.low, fieller.high) == pytest.approx((bounds["lo"], bounds["hi"]), abs=1e-10)
        found = log_delta_ratio(before.to_numpy(), after.to_numpy(), 0.95)
        assert found.value == pytest.approx(expected["rr"], abs=1e-10)
        assert log_error(found, 54) == pytest.approx(expected["se_kc"], abs=1e-10)

    def test_log_delta_on_other_data(self) -> None:
        """R: u <- (y-mean(y))/mean(y) - (x-mean(x))/mean(x); se <- sqrt(sum(u^2)/(n*(n-1)));

        exp(log(mean(y)/mean(x)) + c(-1,1)*qt(.975,9)*se); 2*pt(-abs(log(mean(y)/mean(x))/se), 9).
        """
        found = log_delta_ratio(28 * H0 / N0, 28 * H1 / N1, 0.95)
        assert (found.value, found.low, found.high) == pytest.approx(
            (0.840766432720498, 0.598945316062022, 1.180221591909658), abs=1e-10
        )
        assert found.p == pytest.approx(0.277100073214336, abs=1e-10)

    def test_log_delta_and_fieller_meet_in_a_large_sample(self) -> None:
        """Both are the same to first order: with many patients the intervals agree."""
        generator = np.random.default_rng(3)
        before, after = generator.integers(4, 29, (2, 20_000)).astype(float)
        one, other = rate_ratio(before, after, 0.95), log_delta_ratio(before, after, 0.95)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-4)

    @pytest.mark.parametrize("ratio", [rate_ratio, log_delta_ratio])
    def test_everyone_in_the_same_proportion_has_no_interval(self, ratio: Any) -> None:
        """One ratio fits everybody exactly: an interval of no width would say the next patient is known."""
        before = np.array([3.0, 7, 12, 20, 28, 9.1])
        found = ratio(before, before * 0.3, 0.95)
        assert found.value == pytest.approx(0.3, abs=1e-12)
        assert (found.low, found.high) == (None, None)
        assert any(note.startswith("zero_variance") for note in found.notes)

    def test_no_interval_that_would_contradict_the_change(self) -> None:
        """Where Fieller has no end, the log-delta interval is given only if it agrees with that of the change."""
        before, after = np.array([14.0, 0, 0, 4]), np.array([4.0, 0, 0, 0])
        change, found = paired_change(before, after, 0.95), rate_ratio(before, after, 0.95)
        alone = log_delta_ratio(before, after, 0.95)
        assert change.low is not None and change.high is not None and change.low < 0 < change.high
        assert alone.high is not None and alone.high < 1
        assert (found.value, found.low, found.high) == (pytest.approx(2 / 9), None, None)
        assert any("contradict" in note for note in found.notes)

    def test_log_delta_edges(self) -> None:
        nobody, zeros = np.array([]), np.zeros(6)
        days = np.array([8.0, 9, 12, 20, 3, 5])
        assert log_delta_ratio(nobody, nobody, 0.95).value is None
        assert log_delta_ratio(zeros, days, 0.95).value is None
        assert log_delta_ratio(days, -days, 0.95).value is None
        free = log_delta_ratio(days, zeros, 0.95)
        assert (free.value, free.low, free.high, free.p) == (0.0, None, None, None)
        one = log_delta_ratio(days[:1], days[1:2], 0.95)
        assert (one.value, one.low) == (pytest.approx(9 / 8), None)
        four = log_delta_ratio(days[:4], days[2:], 0.95)
        assert four.low is not None and four.p is None


class TestDayWeighted:
    @pytest.mark.parametrize(("correction", "kind"), CORRECTIONS)
    @pytest.mark.parametrize(("data", "least"), [("kd55", 1), ("kd133", 0)])
    def test_oracle_club_sandwich(
        self, kostecki: pd.DataFrame, oracle: Any, data: str, least: int, correction: Any, kind: str
    ) -> None:
        """kd133 holds 78 patients with days after and none before."""
        table = counts_of(kostecki).query(f"n0 >= {least} and n1 >= {least}")
        expected = oracle[f"clubSandwich_{kind}/{data}"]["value"]
        found = day_weighted_ratio(table["h0"], table["n0"], table["h1"], table["n1"], 0.95, correction)
        assert found.value is not None
        assert math.log(found.value) == pytest.approx(expected["beta"], abs=1e-10)
        assert log_error(found, 54) == pytest.approx(expected["se"], abs=1e-9)
        assert bool(found.notes) == (data == "kd133")

    @pytest.mark.parametrize(
        ("correction", "error", "error_unpaired"),
        [
            ("none", 0.123849515224652, 0.180236163732474),
            ("kauermann_carroll", 0.129745697523901, 0.190054344632276),
            ("mancl_derouen", 0.135976089761190, 0.200439878356707),
        ],
    )
    def test_other_data_paired_and_not(self, correction: Any, error: float, error_unpaired: float) -> None:
        """R: g <- glm(h ~ post + offset(log(n)), family = poisson, data = L, control = glm.control(1e-14, 100));

        sqrt(vcovCR(g, cluster = L$id, type = "CR0" | "CR2" | "CR3")[2, 2]). Then without the baseline of
        patients 1 and 2 and the follow-up of patient 3.
        """
        found = day_weighted_ratio(H0, N0, H1, N1, 0.95, correction)
        assert found.value is not None and math.log(found.value) == pytest.approx(
            -0.242108919239183, abs=1e-12
        )
        assert log_error(found, 9) == pytest.approx(error, abs=1e-9)
        assert found.p == pytest.approx(2 * stats.t.sf(0.242108919239183 / error, 9), abs=1e-9)
        before = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
        after = np.array([1, 1, 0, 1, 1, 1, 1, 1, 1, 1])
        part = day_weighted_ratio(H0 * before, N0 * before, H1 * after, N1 * after, 0.95, correction)
        assert part.value is not None and math.log(part.value) == pytest.approx(-0.421150585835864, abs=1e-12)
        # Eight have a baseline, nine a follow-up: the smaller number rules.
        assert log_error(part, 7) == pytest.approx(error_unpaired, abs=1e-9)
        assert any(note.startswith("3 with recorded days in one period") for note in part.notes)

    def test_swapping_the_periods_turns_the_ratio_over(self) -> None:
        found = day_weighted_ratio(H0, N0, H1, N1, 0.9)
        turned = day_weighted_ratio(H1, N1, H0, N0, 0.9)
        assert None not in (found.value, found.low, found.high, turned.low)
        assert (1 / found.value, 1 / found.high, 1 / found.low) == pytest.approx(  # type: ignore[operator]
            (turned.value, turned.low, turned.high), rel=1e-12
        )
        assert found.p == pytest.approx(turned.p, rel=1e-12)

    def test_edges(self) -> None:
        nobody = np.array([], dtype=int)
        assert day_weighted_ratio(nobody, nobody, nobody, nobody, 0.95).value is None
        assert day_weighted_ratio(H0 * 0, N0, H1, N1, 0.95).value is None
        free = day_weighted_ratio(H0, N0, H1 * 0, N1, 0.95)
        assert (free.value, free.low, free.high, free.p) == (0.0, None, None, None)
        one = day_weighted_ratio(H0[:1], N0[:1], H1[:1], N1[:1], 0.95)
        assert one.value == pytest.approx((8 / 27) / (12 / 28)) and one.low is None
        three = day_weighted_ratio(H0[:3], N0[:3], H1[:3], N1[:3], 0.95)
        assert three.low is not None and three.p is None
        alike = day_weighted_ratio(2 * H0, 3 * N0, H0, 3 * N0, 0.95)
        assert (alike.value, alike.low) == (pytest.approx(0.5), None)
        with pytest.raises(PlanError, match="not a correction"):
            day_weighted_ratio(H0, N0, H1, N1, 0.95, "hc9")  # type: ignore[arg-type]

    def test_a_hundred_thousand_patients_in_a_moment_and_in_any_order(self) -> None:
        generator = np.random.default_rng(11)
        recorded = generator.integers(10, 29, (2, 100_000))
        headache = generator.binomial(recorded, 0.4)
        table = np.array([headache[0], recorded[0], headache[1], recorded[1]])
        took = []
        for _ in range(5):
            start = time.perf_counter()
            found = day_weighted_ratio(*table, 0.95)
            took.append(time.perf_counter() - start)
        # 5 to 8 ms on a quiet machine; the bound is for busy ones.
        assert min(took) < 0.05
        assert day_weighted_ratio(*table[:, generator.permutation(100_000)], 0.95) == found


class TestConditionalPoisson:
    @pytest.mark.parametrize(("correction", "kind"), [("none", "se_hc0"), ("mancl_derouen", "se_hc3")])
    def test_oracle_kostecki(self, kostecki: pd.DataFrame, oracle: Any, correction: Any, kind: str) -> None:
        table = counts_of(kostecki).query("n0 > 0 and n1 > 0")
        expected = oracle["cond_poisson/kd55"]["value"]
        found = conditional_poisson(table["h0"], table["n0"], table["h1"], table["n1"], 0.95, correction)
        assert found.value is not None
        assert math.log(found.value) == pytest.approx(expected["beta"], abs=1e-10)
        assert log_error(found, 54) == pytest.approx(expected[kind], abs=1e-9)

    @pytest.mark.parametrize(
        ("correction", "error"),
        [
            ("none", 0.122471184434645),
            ("kauermann_carroll", 0.127481013085469),
            ("mancl_derouen", 0.132890219935912),
        ],
    )
    def test_other_data(self, correction: Any, error: float) -> None:
        """R: g <- glm(cbind(h1, h0) ~ 1 + offset(log(n1/n0)), family = binomial, subset = h0 + h1 > 0,

        control = glm.control(1e-14, 100)); sqrt(vcovHC(g, "HC0" | "HC2" | "HC3")).
        """
        found = conditional_poisson(H0, N0, H1, N1, 0.95, correction)
        assert found.value is not None and math.log(found.value) == pytest.approx(
            -0.160911426860344, abs=1e-12
        )
        assert log_error(found, 9) == pytest.approx(error, abs=1e-9)

    def test_pairs_with_equal_counts_are_informative_when_days_differ(self) -> None:
        """Ten headache days in 20 recorded before, ten in 10 after: the rate doubled in every patient."""
        found = conditional_poisson([10] * 6, [20] * 6, [10] * 6, [10] * 6, 0.95)
        assert found.value == pytest.approx(2.0, abs=1e-12)

    def test_a_shift_in_the_mix_of_patients_does_not_move_it(self) -> None:
        """Nobody's rate changes; the bad patients record fewer days after. Days say less headache, patients no."""
        before, recorded = np.array([24, 24, 24, 6, 6, 6]), np.full(6, 24)
        fewer = np.array([8, 8, 8, 24, 24, 24])
        after = np.array([8, 8, 8, 6, 6, 6])
        conditional = conditional_poisson(before, recorded, after, fewer, 0.95)
        weighted = day_weighted_ratio(before, recorded, after, fewer, 0.95)
        assert conditional.value == pytest.approx(1.0, abs=1e-12)
        assert weighted.value is not None and weighted.value < 0.75
        assert rate_ratio(28 * before / recorded, 28 * after / fewer, 0.95).value == pytest.approx(1.0)

    @given(
        rows=st.lists(
            st.tuples(st.integers(0, 20), st.integers(20, 28), st.integers(0, 20), st.integers(20, 28)),
            min_size=5,
            max_size=40,
        )
    )
    def test_the_score_is_zero_at_the_ratio(self, rows: list[tuple[int, int, int, int]]) -> None:
        """Its definition: expected headache days after, given each patient's sum, add up to those found."""
        h0, n0, h1, n1 = np.array(rows, dtype=float).T
        found = conditional_poisson(h0, n0, h1, n1, 0.95)
        assume(found.value is not None and found.value > 0)
        assert found.value is not None
        expected = (h0 + h1) * found.value * n1 / (n0 + found.value * n1)
        assert expected.sum() == pytest.approx(h1.sum(), rel=1e-10)

    def test_edges(self) -> None:
        nobody = np.array([], dtype=int)
        assert conditional_poisson(nobody, nobody, nobody, nobody, 0.95).value is None
        assert conditional_poisson(H0 * 0, N0, H1 * 0, N1, 0.95).value is None
        assert conditional_poisson(H0 * 0, N0, H1, N1, 0.95).value is None
        assert conditional_poisson(H0, N0, H1, N1 * 0, 0.95).value is None
        free = conditional_poisson(H0, N0, H1 * 0, N1, 0.95)
        assert (free.value, free.low, free.high, free.p) == (0.0, None, None, None)
        one = conditional_poisson(H0[:1], N0[:1], H1[:1], N1[:1], 0.95)
        assert one.value == pytest.approx((8 / 27) / (12 / 28), rel=1e-12) and one.low is None
        two = conditional_poisson(H0[:2], N0[:2], H1[:2], N1[:2], 0.95)
        assert two.low is not None and two.p is None


TABLES = {
    "bentur": (1, 1, 7, 12),
    "kd15": (29, 7, 9, 10),
    "zero_disc": (5, 0, 0, 5),
    "all_disc": (0, 6, 0, 0),
}


class TestPairedProportions:
    @pytest.mark.parametrize("name", TABLES)
    def test_oracle_tables(self, oracle: Any, name: str) -> None:
        """The R values are before − after; ours are after − before, as every change here."""
        expected, counts = oracle[f"mcnemar/{name}"]["value"], TABLES[name]
        newcombe, tango = newcombe_paired(*counts, 0.95), tango_paired(*counts, 0.95)
        assert None not in (newcombe.value, newcombe.low, tango.low)
        assert (-newcombe.high, -newcombe.low) == pytest.approx(  # type: ignore[operator]
            (expected["newcombe10_lo"], expected["newcombe10_hi"]), abs=1e-10
        )
        assert (-tango.high, -tango.low) == pytest.approx(  # type: ignore[operator]
            (expected["tango_lo"], expected["tango_hi"]), abs=1e-10
        )
        assert newcombe.value == tango.value == pytest.approx(-expected["diff"], abs=1e-12)
        _, before_only, after_only, _ = counts
        assert mcnemar(before_only, after_only).p == pytest.approx(expected["midp"], abs=1e-12)
        assert mcnemar_exact(before_only, after_only).p == pytest.approx(expected["exact_p"], abs=1e-12)
        assert newcombe.p == mcnemar(before_only, after_only).p

    def test_newcombe_as_published(self) -> None:
        """Cavo and others 2012 in Fagerland, Lydersen, Laake 2014: table 59, 6, 16, 80 gives −0.1186 to −0.0046."""
        found = newcombe_paired(59, 6, 16, 80, 0.95)
        assert (found.low, found.high) == pytest.approx((0.0046, 0.1186), abs=5.1e-5)

    def test_tango_by_its_definition(self) -> None:
        """At each bound the score statistic is the normal quantile, with the constrained maximum of the likelihood

        found by search instead of by Tango's formula.
        """
        both, before_only, after_only, neither = 20, 12, 9, 3
        found = tango_paired(both, before_only, after_only, neither, 0.95)
        total = both + before_only + after_only + neither
        assert found.low is not None and found.high is not None
        for bound, sign in ((found.low, 1), (found.high, -1)):
            grid = np.linspace(max(1e-9, -bound) + 1e-9, 1 - 1e-9, 2_000_001)
            more = grid + bound
            inside = (more > 0) & (grid + more < 1)
            likelihood = (
                before_only * np.log(grid[inside])
                + after_only * np.log(more[inside])
                + (both + neither) * np.log(1 - grid[inside] - more[inside])
            )
            fewer = grid[inside][np.argmax(likelihood)]
            variance = total * (2 * fewer + bound - bound * bound)
            score = (after_only - before_only - total * bound) / math.sqrt(variance)
            assert score == pytest.approx(sign * 1.959963984540054, abs=1e-4)

    @given(improved=st.integers(0, 60), worsened=st.integers(0, 60))
    def test_mcnemar_as_in_statsmodels(self, improved: int, worsened: int) -> None:
        table = [[3, improved], [worsened, 4]]
        exact = mcnemar_of_statsmodels(table, exact=True).pvalue
        assert mcnemar_exact(improved, worsened).p == pytest.approx(min(1.0, exact), abs=1e-12)

    @given(
        improved=st.integers(0, 60),
        worsened=st.integers(0, 60),
        confidence=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
        test=st.sampled_from([mcnemar, mcnemar_exact]),
    )
    def test_the_interval_holds_one_half_exactly_where_p_says_so(
        self, improved: int, worsened: int, confidence: float, test: Any
    ) -> None:
        assume(improved + worsened > 0)
        found = test(improved, worsened, confidence)
        assume(abs(found.p - (1 - confidence)) > 1e-9)
        assert (found.low < 0.5 < found.high) == (found.p > 1 - confidence)
        assert found.low <= found.value <= found.high

    def test_exact_interval_and_p_as_in_r(self) -> None:
        """R: binom.test(3, 12)."""
        found = mcnemar_exact(3, 9)
        assert found.p == pytest.approx(0.14599609375, abs=1e-12)
        assert (found.low, found.high) == pytest.approx((0.0548606445279928, 0.5718584618781891), abs=1e-10)

    def test_nobody_crossed(self) -> None:
        for test in (mcnemar, mcnemar_exact):
            found = test(0, 0)
            assert (found.value, found.low, found.high, found.p) == (None, None, None, 1.0)
            assert found.notes[0].startswith("no_change")
        assert newcombe_paired(0, 0, 0, 0, 0.95).value is None
        assert tango_paired(0, 0, 0, 0, 0.95).value is None

    @given(
        counts=st.tuples(*[st.integers(0, 25)] * 4),
        confidence=st.sampled_from([0.8, 0.95, 0.99]),
        interval=st.sampled_from([newcombe_paired, tango_paired]),
    )
    def test_swapping_the_periods_turns_the_sign(
        self, counts: tuple[int, int, int, int], confidence: float, interval: Any
    ) -> None:
        both, before_only, after_only, neither = counts
        assume(sum(counts) > 0)
        found = interval(both, before_only, after_only, neither, confidence)
        turned = interval(both, after_only, before_only, neither, confidence)
        assert (found.value, found.low, found.high) == pytest.approx(
            (-turned.value, -turned.high, -turned.low), abs=1e-12
        )
        assert -1 <= found.low <= found.value <= found.high <= 1
        assert found.p == turned.p

    def test_from_days_to_proportions(self) -> None:
        """15 of 28 counted as chronic, also where 28·h/n misses 15 by its last digit."""
        before = np.array([28 * 15 / 28, 20.0, 16.0, 4.0, 15.0])
        after = np.array([28 * 12 / 22.4, 10.0, 3.0, 4.0, 14.99])
        found = proportions_reaching(before, after, CHRONIC_DAYS, 0.95)
        assert (found.before.value, found.after.value) == (0.8, 0.2)
        assert found.change.value == pytest.approx(-0.6)
        assert found == paired_proportions([1, 1, 1, 0, 1], [1, 0, 0, 0, 0], 0.95)
        assert found.crossed.value == 1.0 and found.crossed_exact.p == pytest.approx(0.25)

    def test_nobody(self) -> None:
        found = paired_proportions([], [], 0.95)
        assert all(estimate.value is None for estimate in found)


class TestShares:
    @pytest.mark.parametrize("reduction", [30, 50])
    def test_oracle_responders(self, kostecki: pd.DataFrame, oracle: Any, reduction: int) -> None:
        table = counts_of(kostecki).query("n0 > 0 and n1 > 0")
        before, after = (table[f"h{side}"] / table[f"n{side}"] for side in (0, 1))
        started = before > 0
        count = int((((before - after) / before)[started] >= reduction / 100 - 1e-9).sum())
        expected = oracle[f"responder{reduction}/kd"]["value"]
        assert (count, int(started.sum())) == (expected["k"], expected["N"])
        wilson = share(count, int(started.sum()), 0.95)
        exact = clopper_pearson(count, int(started.sum()), 0.95)
        assert (wilson.low, wilson.high) == pytest.approx(
            (expected["wilson_lo"], expected["wilson_hi"]), abs=1e-10
        )
        assert (exact.low, exact.high) == pytest.approx((expected["cp_lo"], expected["cp_hi"]), abs=1e-10)

    def test_clopper_pearson_as_in_r(self) -> None:
        """R: binom.test(7, 22)$conf.int; binom.test(0, 9, conf.level = .9)$conf.int."""
        found, none = clopper_pearson(7, 22, 0.95), clopper_pearson(0, 9, 0.9)
        assert (found.low, found.high) == pytest.approx((0.138646521553798, 0.548724427573770), abs=1e-10)
        assert (none.value, none.low, none.high) == pytest.approx((0.0, 0.0, 0.283128835563114), abs=1e-10)
        assert clopper_pearson(9, 9, 0.9).high == 1.0
        assert clopper_pearson(0, 0, 0.9).value is None

    @given(total=st.integers(1, 3000), part=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.99]))
    def test_clopper_pearson_as_in_statsmodels(self, total: int, part: float, confidence: float) -> None:
        count = round(part * total)
        low, high = proportion_confint(count, total, alpha=1 - confidence, method="beta")
        found = clopper_pearson(count, total, confidence)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-10)

    def test_oracle_two_groups(self, oracle: Any) -> None:
        expected = oracle["mixed_levels/newcombe_ind"]["value"]
        found = newcombe_independent(43, 50, 25, 30, 0.95)
        assert (found.value, found.low, found.high) == pytest.approx(
            (expected["d"], expected["lo"], expected["hi"]), abs=1e-10
        )

    @given(
        counts=st.tuples(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40)),
        confidence=st.sampled_from([0.8, 0.95]),
    )
    def test_two_groups_as_in_statsmodels(self, counts: tuple[int, int, int, int], confidence: float) -> None:
        first, first_rest, other, other_rest = counts
        low, high = confint_proportions_2indep(
            first, first + first_rest, other, other + other_rest, method="newcomb", alpha=1 - confidence
        )
        found = newcombe_independent(first, first + first_rest, other, other + other_rest, confidence)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-10)

    def test_an_empty_group(self) -> None:
        assert newcombe_independent(3, 10, 0, 0, 0.95).value is None
        assert newcombe_independent(0, 0, 3, 10, 0.95).value is None


@given(
    pairs=st.lists(st.tuples(st.integers(1, 28), st.integers(0, 28)), min_size=5, max_size=40),
    confidence=st.sampled_from([0.8, 0.95]),
)
def test_ratio_and_difference_never_contradict(pairs: list[tuple[int, int]], confidence: float) -> None:
    """Fieller's interval holds 1 exactly where the paired t interval holds 0."""
    before, after = np.array(pairs, dtype=float).T
    change, ratio = paired_change(before, after, confidence), rate_ratio(before, after, confidence)
    assume(ratio.method == "Fieller" and ratio.low is not None and change.low is not None)
    assert ratio.low is not None and ratio.high is not None
    assert change.low is not None and change.high is not None
    assume(min(abs(change.low), abs(change.high)) > 1e-9)
    assert (ratio.low < 1 < ratio.high) == (change.low < 0 < change.high)
