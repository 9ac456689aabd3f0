"""Laws of every estimator: unit, origin, names, order of the periods, twice the patients, and no contradictions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from paired_methods import COUNTED, PAIRED, RATIOS, SHIFTED, UNITLESS
from scipy.special import stdtrit

from outcomes.analysis.control_charts import laney_p, xmr
from outcomes.analysis.estimates import Estimate, Values, mean_interval, median, paired_change
from outcomes.analysis.multiplicity import adjusted
from outcomes.analysis.paired.effect_sizes import d_z
from outcomes.analysis.paired.rank_tests import probability_of_improvement
from outcomes.analysis.paired.ratios import rate_ratio
from outcomes.analysis.planning import detectable_change, patients_needed, power_of
from outcomes.analysis.proportions import (
    clopper_pearson,
    mcnemar,
    mcnemar_exact,
    newcombe_independent,
    newcombe_paired,
    share,
    tango_paired,
)
from outcomes.analysis.single_case import single_case
from outcomes.analysis.survival import kaplan_meier, restricted_mean
from outcomes.analysis.week_overlap import nap

CONFIDENCE = 0.95

#: Where p and an interval meet at their threshold, the last digits decide: such examples show nothing.
NEAR = 1e-6


@st.composite
def month_counts(draw: st.DrawFn, least: int = 0, most: int = 25) -> tuple[Values, Values, Values, Values]:
    """Headache days and recorded days before and after, of episodic, chronic and headache-free patients."""
    n = draw(st.integers(least, most))
    recorded = [draw(st.sampled_from([28, 28, 27, 21, 20, 14])) for _ in range(2 * n)]
    share_of = st.sampled_from([0.0, 0.0, 0.15, 0.3, 0.5, 0.75, 1.0])
    headache = [
        round(min(1.0, draw(share_of) * draw(st.sampled_from([1.0, 0.9, 0.5]))) * days) for days in recorded
    ]
    of = np.array(recorded, dtype=np.float64)
    days = np.array(headache, dtype=np.float64)
    return days[:n], of[:n], days[n:], of[n:]


@st.composite
def pair_values(draw: st.DrawFn, least: int = 0, most: int = 25) -> tuple[Values, Values]:
    """Headache days per 28, baseline and follow-up, with the ties and zeros that diaries have."""
    h0, n0, h1, n1 = draw(month_counts(least, most))
    return 28 * h0 / n0, 28 * h1 / n1


def assert_close(found: Estimate, expected: Estimate, names: str = "value low high p") -> None:
    """Equal up to rounding, and undefined in the same places."""
    for name in names.split():
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None) == (other is None), (name, found, expected)
        if one is not None:
            assert one == pytest.approx(other, rel=1e-7, abs=1e-8), (name, found, expected)


def moved(found: Estimate, value: Any, mirrored: bool = False) -> Estimate:
    """The estimate with a function applied to value and interval; `mirrored` where it turns them round."""
    low, high = (None if item is None else value(item) for item in (found.low, found.high))
    ends = (high, low) if mirrored else (low, high)
    return Estimate(None if found.value is None else value(found.value), *ends, found.p, found.method)


def whole(found: Estimate) -> bool:
    return None not in (found.value, found.low, found.high)


class TestOfEveryEstimator:
    @pytest.mark.parametrize("name", PAIRED)
    @given(values=pair_values(), confidence=st.sampled_from([0.8, 0.9, 0.95]))
    def test_the_interval_holds_the_estimate(
        self, name: str, values: tuple[Values, Values], confidence: float
    ) -> None:
        _in_order(PAIRED[name](*values, confidence))

    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(), confidence=st.sampled_from([0.8, 0.9, 0.95]))
    def test_the_interval_of_counts_holds_the_estimate(
        self, name: str, counts: tuple[Values, Values, Values, Values], confidence: float
    ) -> None:
        _in_order(COUNTED[name](*counts, confidence))

    @pytest.mark.parametrize("name", PAIRED)
    @given(values=pair_values(), seed=st.integers(0, 2**32 - 1))
    def test_names_and_order_of_patients_do_not_matter(
        self, name: str, values: tuple[Values, Values], seed: int
    ) -> None:
        """To the last digit, draws included."""
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(values[0]))
        assert PAIRED[name](values[0][order], values[1][order], CONFIDENCE) == PAIRED[name](
            *values, CONFIDENCE
        )

    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(), seed=st.integers(0, 2**32 - 1))
    def test_names_and_order_of_counts_do_not_matter(
        self, name: str, counts: tuple[Values, Values, Values, Values], seed: int
    ) -> None:
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(counts[0]))
        relabelled = [item[order] for item in counts]
        assert COUNTED[name](*relabelled, CONFIDENCE) == COUNTED[name](*counts, CONFIDENCE)

    @pytest.mark.parametrize("name", PAIRED)
    @given(values=pair_values(), factor=st.sampled_from([0.25, 3.0, 13 / 12, 1000.0]))
    def test_another_unit(self, name: str, values: tuple[Values, Values], factor: float) -> None:
        """Days per year or per week: what has the unit scales with it, p and everything without stays."""
        found = PAIRED[name](*values, CONFIDENCE)
        scaled = PAIRED[name](factor * values[0], factor * values[1], CONFIDENCE)
        assert_close(scaled, found if name in UNITLESS else moved(found, lambda value: factor * value))

    @pytest.mark.parametrize("name", SHIFTED)
    @given(values=pair_values(), by=st.sampled_from([1.0, 7.5, -40.0, 1000.0]))
    def test_another_origin(self, name: str, values: tuple[Values, Values], by: float) -> None:
        """The same amount added to both periods of everyone changes no difference, rank or effect size."""
        found = PAIRED[name](*values, CONFIDENCE)
        assert_close(PAIRED[name](values[0] + by, values[1] + by, CONFIDENCE), found)

    @pytest.mark.parametrize("name", ["change", "hodges_lehmann", "bootstrap_t"])
    @given(values=pair_values(2), by=st.sampled_from([1.0, -3.25, 20.0]))
    def test_the_same_amount_more_at_follow_up(
        self, name: str, values: tuple[Values, Values], by: float
    ) -> None:
        found = PAIRED[name](*values, CONFIDENCE)
        assert_close(
            PAIRED[name](values[0], values[1] + by, CONFIDENCE),
            moved(found, lambda value: value + by),
            "value low high",
        )

    @pytest.mark.parametrize("name", PAIRED)
    @given(values=pair_values())
    def test_a_wider_interval_for_more_confidence(self, name: str, values: tuple[Values, Values]) -> None:
        narrow, wide = PAIRED[name](*values, 0.8), PAIRED[name](*values, 0.95)
        assert narrow.value == wide.value and narrow.p == wide.p
        if whole(narrow) and whole(wide) and narrow.method == wide.method:
            assert wide.low <= narrow.low + 1e-12 and narrow.high - 1e-12 <= wide.high  # type: ignore[operator]


def _in_order(found: Estimate) -> None:
    """Value within its interval, p a probability, nothing NaN, and a note wherever something is undefined."""
    for number in (found.value, found.low, found.high, found.p):
        assert number is None or not math.isnan(number)
    assert (found.low is None) == (found.high is None)
    if found.low is not None and found.high is not None:
        assert found.value is not None
        slack = 1e-12 * max(1.0, abs(found.value))
        assert found.low - slack <= found.value <= found.high + slack, found
    assert found.p is None or 0 <= found.p <= 1
    assert found.value is not None or found.notes, found


#: What the estimate becomes when before and after change places.
NEGATED = ("change", "hodges_lehmann", "d_z", "d_av", "rank_biserial")


class TestSwap:
    """Reading the records backwards turns every answer round, and never changes how sure it is."""

    @pytest.mark.parametrize("name", NEGATED)
    @given(values=pair_values())
    def test_differences_change_sign(self, name: str, values: tuple[Values, Values]) -> None:
        found, swapped = (PAIRED[name](*order, CONFIDENCE) for order in (values, values[::-1]))
        assert_close(swapped, moved(found, lambda value: -value, mirrored=True))

    @pytest.mark.parametrize("name", ["sign_flip", "wilcoxon_pratt", "bootstrap_t"])
    @given(values=pair_values())
    def test_tests_keep_their_p(self, name: str, values: tuple[Values, Values]) -> None:
        found, swapped = (PAIRED[name](*order, CONFIDENCE) for order in (values, values[::-1]))
        if found.value is not None:
            assert swapped.value == pytest.approx(-found.value, abs=1e-9)
        # Drawn sign patterns are applied to the changes in ascending order, which the swap turns round.
        if "drawn" not in found.method:
            assert_close(swapped, found, "p")

    @given(values=pair_values())
    def test_improvement_becomes_worsening(self, values: tuple[Values, Values]) -> None:
        found = probability_of_improvement(*values, CONFIDENCE, "decrease")
        swapped = probability_of_improvement(values[1], values[0], CONFIDENCE, "decrease")
        other = probability_of_improvement(*values, CONFIDENCE, "increase")
        assert_close(swapped, moved(found, lambda value: 1 - value, mirrored=True))
        assert_close(swapped, other)

    @pytest.mark.parametrize("name", RATIOS)
    @given(values=pair_values(1))
    def test_ratios_are_turned_over(self, name: str, values: tuple[Values, Values]) -> None:
        found, swapped = (PAIRED[name](*order, CONFIDENCE) for order in (values, values[::-1]))
        assume(found.value and swapped.value)
        assert found.value is not None and swapped.value == pytest.approx(1 / found.value)
        assert_close(swapped, found, "p")
        if whole(found) and whole(swapped) and found.method == swapped.method and found.low:
            assert_close(swapped, moved(found, lambda value: 1 / value, mirrored=True), "low high")

    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(1))
    def test_ratios_of_counts_are_turned_over(
        self, name: str, counts: tuple[Values, Values, Values, Values]
    ) -> None:
        h0, n0, h1, n1 = counts
        found, swapped = COUNTED[name](*counts, CONFIDENCE), COUNTED[name](h1, n1, h0, n0, CONFIDENCE)
        assume(found.value and swapped.value)
        assume(found.low is None or (found.low > 1e-100 and found.high < 1e100))  # type: ignore[operator]
        assert_close(swapped, moved(found, lambda value: 1 / value, mirrored=True))


class TestTwiceThePatients:
    """Every patient copied: the estimates of means stay, and their intervals become narrower, never wider."""

    @pytest.mark.parametrize(
        "name", ["change", "rate_ratio", "rate_ratio_log_delta", "probability_of_improvement"]
    )
    @given(values=pair_values(2))
    def test_of_pairs(self, name: str, values: tuple[Values, Values]) -> None:
        twice = tuple(np.concatenate([item, item]) for item in values)
        _narrower(PAIRED[name](*values, CONFIDENCE), PAIRED[name](twice[0], twice[1], CONFIDENCE))

    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(2))
    def test_of_counts(self, name: str, counts: tuple[Values, Values, Values, Values]) -> None:
        twice = [np.concatenate([item, item]) for item in counts]
        _narrower(COUNTED[name](*counts, CONFIDENCE), COUNTED[name](*twice, CONFIDENCE))

    @given(values=pair_values(2))
    def test_by_how_much(self, values: tuple[Values, Values]) -> None:
        """The sum of squares doubles over 2n − 1 degrees of freedom: the new half-width is known."""
        found = paired_change(*values, CONFIDENCE)
        assume(found.low is not None)
        n = len(values[0])
        again = paired_change(*(np.concatenate([item, item]) for item in values), CONFIDENCE)
        assert found.low is not None and found.value is not None
        assert again.low is not None and again.value is not None
        shrunk = math.sqrt((n - 1) / (2 * n - 1)) * float(stdtrit(2 * n - 1, 0.975) / stdtrit(n - 1, 0.975))
        assert again.value - again.low == pytest.approx(shrunk * (found.value - found.low), rel=1e-9)
        one, two = (
            d_z(*(np.tile(item, times) for item in values), CONFIDENCE, hedges=False) for times in (1, 2)
        )
        assert one.value is not None and two.value is not None
        assert two.value == pytest.approx(one.value * math.sqrt((2 * n - 1) / (2 * n - 2)), rel=1e-9)

    @given(values=pair_values(1))
    def test_medians_and_shares_stay(self, values: tuple[Values, Values]) -> None:
        change = values[1] - values[0]
        assert median(np.tile(change, 2)).value == pytest.approx(median(change).value)
        one, two = share(3, 8, CONFIDENCE), share(6, 16, CONFIDENCE)
        assert one.value == two.value
        assert one.low < two.low and two.high < one.high  # type: ignore[operator]


def _narrower(once: Estimate, twice: Estimate) -> None:
    assert_close(twice, once, "value")
    # A test of 2n pairs exists where that of n was too small for one.
    if once.p is not None and once.value is not None:
        assert twice.p is not None and twice.p <= once.p + 1e-12
    if whole(once) and whole(twice) and once.method == twice.method and not math.isinf(once.high or 0):
        assert twice.low >= once.low - 1e-9 and twice.high <= once.high + 1e-9  # type: ignore[operator]


class TestNoContradiction:
    @given(values=pair_values(2))
    @example(values=(np.array([0.0, 0.0, 0.0, 0.0, 28.0]), np.array([1.0, 1.0, 1.0, 1.0, 27.0])))
    @example(values=(np.array([0.0, 0.0, 0.0, 0.0, 28.0]), np.array([4.0, 5.0, 6.0, 5.0, 0.0])))
    def test_ratio_and_difference(self, values: tuple[Values, Values]) -> None:
        """One p; and where one interval leaves out no change, so does the other."""
        change, ratio = paired_change(*values, CONFIDENCE), rate_ratio(*values, CONFIDENCE)
        assume(ratio.value is not None)
        assert ratio.value is not None and change.value is not None
        assert ratio.p == change.p
        assert np.sign(round(ratio.value - 1, 9)) == np.sign(round(change.value / values[0].mean(), 9))
        if not whole(change) or not whole(ratio):
            return
        assume(min(abs(change.low), abs(change.high)) > NEAR)  # type: ignore[arg-type]
        assert (change.low < 0 < change.high) == (ratio.low < 1 < ratio.high)  # type: ignore[operator]

    @pytest.mark.parametrize("name", ["change", "rate_ratio_log_delta"])
    @given(values=pair_values(5))
    def test_p_and_interval(self, name: str, values: tuple[Values, Values]) -> None:
        found = PAIRED[name](*values, CONFIDENCE)
        assume(whole(found) and found.p is not None)
        nothing = 1.0 if name in RATIOS else 0.0
        _agree(found, nothing)

    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(5))
    def test_p_and_interval_of_counts(self, name: str, counts: tuple[Values, Values, Values, Values]) -> None:
        found = COUNTED[name](*counts, CONFIDENCE)
        assume(whole(found) and found.p is not None)
        _agree(found, 1.0)

    @pytest.mark.parametrize("test", [mcnemar, mcnemar_exact])
    @given(improved=st.integers(0, 40), worsened=st.integers(0, 40))
    def test_p_and_interval_of_those_who_crossed(self, test: Any, improved: int, worsened: int) -> None:
        assume(improved + worsened)
        found = test(improved, worsened, CONFIDENCE)
        _in_order(found)
        _agree(found, 0.5)

    @given(values=pair_values(1))
    def test_the_change_lies_between_the_two_means(self, values: tuple[Values, Values]) -> None:
        before, after = (mean_interval(item, CONFIDENCE).value for item in values)
        assert before is not None and after is not None
        assert paired_change(*values, CONFIDENCE).value == pytest.approx(after - before, abs=1e-9)

    @given(values=pair_values(1))
    def test_everyone_improved(self, values: tuple[Values, Values]) -> None:
        """Then every method points the same way."""
        down = values[0], np.minimum(values[1], values[0] - 0.5)
        for name, sign in (
            ("change", -1),
            ("hodges_lehmann", -1),
            ("rank_biserial", -1),
            ("wilcoxon_pratt", -1),
        ):
            found = PAIRED[name](*down, CONFIDENCE)
            assert found.value is not None and sign * found.value > 0
        assert PAIRED["probability_of_improvement"](*down, CONFIDENCE).value == 1.0
        if len(values[0]) >= 5:
            assert PAIRED["wilcoxon_pratt"](*down, CONFIDENCE).p == pytest.approx(2.0 ** (1 - len(values[0])))
            if len(values[0]) <= 16:
                assert PAIRED["sign_flip"](*down, CONFIDENCE).p == pytest.approx(2.0 ** (1 - len(values[0])))


def _agree(found: Estimate, nothing: float) -> None:
    """p is below 1 − confidence just where the interval leaves out `nothing`."""
    assert found.low is not None and found.high is not None and found.p is not None
    assume(abs(found.p - (1 - CONFIDENCE)) > NEAR)
    assert (found.low < nothing < found.high) == (found.p > 1 - CONFIDENCE), found


class TestProportions:
    tables = st.tuples(*[st.integers(0, 30)] * 4)

    @pytest.mark.parametrize("interval", [share, clopper_pearson])
    @given(count=st.integers(0, 60), more=st.integers(0, 60))
    def test_who_did_and_who_did_not_mirror_each_other(self, interval: Any, count: int, more: int) -> None:
        assume(count + more)
        found = interval(count, count + more, CONFIDENCE)
        _in_order(found)
        assert 0 <= found.low <= found.high <= 1
        assert_close(
            interval(more, count + more, CONFIDENCE), moved(found, lambda value: 1 - value, mirrored=True)
        )

    @pytest.mark.parametrize("interval", [newcombe_paired, tango_paired])
    @given(table=tables)
    def test_a_paired_difference_turns_round_with_the_periods(
        self, interval: Any, table: tuple[int, int, int, int]
    ) -> None:
        both, before, after, neither = table
        assume(sum(table))
        found = interval(both, before, after, neither, CONFIDENCE)
        _in_order(found)
        assert -1 <= found.low <= found.high <= 1
        back = moved(found, lambda value: -value, mirrored=True)
        assert_close(interval(both, after, before, neither, CONFIDENCE), back)
        # Counting those without the condition instead says the same of the others, so twice turned it is back.
        assert_close(interval(neither, before, after, both, CONFIDENCE), found)

    @given(table=tables)
    def test_an_independent_difference_turns_round_with_the_groups(
        self, table: tuple[int, int, int, int]
    ) -> None:
        one, more, other, other_more = table
        assume(one + more and other + other_more)
        found = newcombe_independent(one, one + more, other, other + other_more, CONFIDENCE)
        _in_order(found)
        back = newcombe_independent(other, other + other_more, one, one + more, CONFIDENCE)
        assert_close(back, moved(found, lambda value: -value, mirrored=True))

    @given(improved=st.integers(0, 40), worsened=st.integers(0, 40))
    def test_mid_p_is_below_the_exact_one(self, improved: int, worsened: int) -> None:
        found, exact = mcnemar(improved, worsened), mcnemar_exact(improved, worsened)
        assert found.p is not None and exact.p is not None and found.p <= exact.p
        assert mcnemar(worsened, improved).p == found.p


class TestSurvival:
    times = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30)

    @given(rows=times, factor=st.sampled_from([0.5, 7.0]))
    def test_another_unit_of_time(self, rows: list[tuple[int, bool]], factor: float) -> None:
        time, event = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
        found, scaled = kaplan_meier(time, event, CONFIDENCE), kaplan_meier(factor * time, event, CONFIDENCE)
        assert (found.survival == scaled.survival).all() and scaled.time == pytest.approx(factor * found.time)
        tau = float(time.max())
        assume(tau > 0)
        mean = restricted_mean(time, event, tau, CONFIDENCE)
        _in_order(mean)
        again = restricted_mean(factor * time, event, factor * tau, CONFIDENCE)
        assert_close(again, moved(mean, lambda value: factor * value))

    @given(rows=times)
    def test_twice_the_patients(self, rows: list[tuple[int, bool]]) -> None:
        time, event = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
        found, twice = (kaplan_meier(np.tile(time, k), np.tile(event, k), CONFIDENCE) for k in (1, 2))
        assert twice.survival == pytest.approx(found.survival)
        assert twice.greenwood == pytest.approx(found.greenwood / 2)
        for day in time:
            _in_order(found.at(float(day)))


class TestPlanningAndFamilies:
    @given(n=st.integers(3, 200), sd=st.floats(0.5, 12), power=st.sampled_from([0.5, 0.8, 0.9]))
    def test_what_can_be_found_is_found_with_that_power(self, n: int, sd: float, power: float) -> None:
        size = detectable_change(n, sd, power)
        assert size is not None
        assert power_of(n, size, sd) == pytest.approx(power, abs=1e-9)
        assert power_of(n, -size, sd) == pytest.approx(power, abs=1e-9)
        assert power_of(n + 1, size, sd) > power  # type: ignore[operator]
        assert detectable_change(n, 2 * sd, power) == pytest.approx(2 * size)
        assert detectable_change(n, sd, 0.95) > size  # type: ignore[operator]

    @given(change=st.floats(0.5, 10), sd=st.floats(1, 8))
    def test_the_fewest_patients_are_enough_and_one_less_is_not(self, change: float, sd: float) -> None:
        n = patients_needed(change, sd)
        assert power_of(n, change, sd) >= 0.8  # type: ignore[operator]
        assert n == 2 or power_of(n - 1, change, sd) < 0.8  # type: ignore[operator]
        assert patients_needed(3 * change, 3 * sd) == n

    @pytest.mark.parametrize("how", ["holm", "bh"])
    @given(found=st.lists(st.floats(0, 1), min_size=1, max_size=12), seed=st.integers(0, 2**32 - 1))
    def test_adjusted_p(self, how: Any, found: list[float], seed: int) -> None:
        """Never below the p itself or above 1, in the same order, and whatever the order they come in."""
        corrected = np.array(adjusted(found, how), dtype=np.float64)
        assert (corrected >= np.array(found) - 1e-15).all() and (corrected <= 1).all()
        order = np.argsort(found, kind="stable")
        assert (np.diff(corrected[order]) >= -1e-15).all()
        shuffled = np.random.Generator(np.random.PCG64(seed)).permutation(len(found))
        again = adjusted([found[place] for place in shuffled], how)
        assert again == pytest.approx(corrected[shuffled].tolist(), abs=1e-15)

    @given(found=st.lists(st.floats(0, 1), min_size=1, max_size=12))
    def test_a_fixed_sequence_never_gets_surer(self, found: list[float]) -> None:
        assert adjusted(found, "fixed_sequence") == [max(found[: place + 1]) for place in range(len(found))]


class TestCountedDays:
    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(), times=st.sampled_from([2.0, 3.0]))
    def test_half_days_instead_of_days(
        self, name: str, counts: tuple[Values, Values, Values, Values], times: float
    ) -> None:
        """A finer count of the same time is not more patients: ratio, interval and p stay."""
        assert_close(
            COUNTED[name](*(times * item for item in counts), CONFIDENCE), COUNTED[name](*counts, CONFIDENCE)
        )

    @pytest.mark.parametrize("name", COUNTED)
    @given(counts=month_counts(2))
    def test_patients_without_recorded_days_say_nothing(
        self, name: str, counts: tuple[Values, Values, Values, Values]
    ) -> None:
        longer = [np.append(item, 0.0) for item in counts]
        assert_close(COUNTED[name](*longer, CONFIDENCE), COUNTED[name](*counts, CONFIDENCE))

    @given(values=pair_values(1))
    def test_the_same_recorded_days_for_all_weigh_patients_alike(self, values: tuple[Values, Values]) -> None:
        """With a full month each the day-weighted ratio is the ratio of the means."""
        full = np.full(len(values[0]), 28.0)
        days = [np.round(item) for item in values]
        found, ratio = (
            COUNTED["day_weighted"](days[0], full, days[1], full, CONFIDENCE),
            rate_ratio(*days, CONFIDENCE),
        )
        assert_close(found, ratio, "value")


@st.composite
def week_values(draw: st.DrawFn, least: int = 1, most: int = 12) -> Values:
    days = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(5, 7)), min_size=least, max_size=most))
    return np.array([7 * min(h, n) / n for h, n in days])


class TestSingleCase:
    @given(before=week_values(), after=week_values())
    def test_every_estimate_lies_in_its_interval(self, before: Values, after: Values) -> None:
        found = single_case(before, after, baseline_trend=True)
        for estimate in (
            found.change,
            found.nap,
            found.tau,
            found.log_response_ratio,
            found.log_response_ratio_inflated,
        ):
            _in_order(estimate)
        assert found.nap.value is not None and found.tau.value == pytest.approx(2 * found.nap.value - 1)

    @given(before=week_values(), after=week_values())
    def test_swapped_periods(self, before: Values, after: Values) -> None:
        found, swapped = single_case(before, after), single_case(after, before)
        assert_close(swapped.nap, moved(found.nap, lambda value: 1 - value, mirrored=True))
        for name in ("change", "log_response_ratio", "log_response_ratio_inflated"):
            if getattr(found, name).value is not None:
                assert_close(
                    getattr(swapped, name), moved(getattr(found, name), lambda value: -value, mirrored=True)
                )

    @given(before=week_values(), after=week_values(), seed=st.integers(0, 2**32 - 1))
    def test_overlap_does_not_see_the_order_of_weeks_and_autocorrelation_does_not_see_the_unit(
        self, before: Values, after: Values, seed: int
    ) -> None:
        shuffled = np.random.Generator(np.random.PCG64(seed)).permutation(before)
        assert nap(shuffled, after) == nap(before, after)
        assert nap(4 * before + 1, 4 * after + 1) == nap(before, after)
        found, scaled = (
            single_case(before, after).autocorrelation,
            single_case(4 * before + 1, 4 * after + 1).autocorrelation,
        )
        if found.raw is not None:
            assert scaled.raw == pytest.approx(found.raw) and abs(found.raw) <= 1
            assert found.inflation is not None and found.inflation >= 1

    @given(before=week_values(2), after=week_values(2))
    def test_inflation_never_narrows(self, before: Values, after: Values) -> None:
        found = single_case(before, after)
        plain, wider = found.log_response_ratio, found.log_response_ratio_inflated
        if whole(plain) and whole(wider):
            assert wider.low <= plain.low and plain.high <= wider.high  # type: ignore[operator]


class TestControlCharts:
    months = st.lists(st.integers(0, 28), min_size=12, max_size=30)

    @given(values=months, more=st.lists(st.integers(0, 28), max_size=10))
    def test_limits_are_frozen(self, values: list[int], more: list[int]) -> None:
        lines = ["centre", "lower", "upper", "outside"]
        one, other = xmr(values).points, xmr([*values, *more]).points
        assert one[lines].equals(other.loc[: len(values) - 1, lines])

    @given(values=months, factor=st.sampled_from([0.25, 13.0]))
    def test_another_unit(self, values: list[int], factor: float) -> None:
        one, other = xmr(values).points, xmr([factor * value for value in values]).points
        assert other["upper"].to_numpy() == pytest.approx(factor * one["upper"].to_numpy(), nan_ok=True)
        assert one["outside"].equals(other["outside"])

    @given(rows=st.lists(st.tuples(st.integers(0, 20), st.integers(20, 60)), min_size=12, max_size=24))
    def test_limits_of_shares_stay_in_order(self, rows: list[tuple[int, int]]) -> None:
        points = laney_p([row[0] for row in rows], [row[1] for row in rows]).points.dropna(subset="upper")
        assert points["lower"].between(0, 1).all() and points["upper"].between(0, 1).all()
        assert (points["lower"] <= points["centre"]).all() and (points["centre"] <= points["upper"]).all()
