"""Laws of the models: unit, origin, names, order of the periods, twice the patients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.models.beta_binomial import beta_binomial_model
from outcomes.analysis.models.covariance_adjusted import ancova, responder_difference
from outcomes.analysis.models.fitted import FittedModel, Term
from outcomes.analysis.models.mixed_linear import random_intercept_model
from outcomes.analysis.models.random_effects import random_effects
from outcomes.analysis.models.repeated_measures import mmrm, per_month_changes
from outcomes.analysis.regression_to_mean.formulas import (
    cutoff_regression,
    mee_chua,
    oldham,
    pitman_morgan,
    shrinkage_regression,
)

Table = tuple[Values, Values]

#: Each fit takes up to a tenth of a second, one by quadrature up to half a second.
FEW = settings(max_examples=5)
FEWEST = settings(max_examples=2)


@st.composite
def patients(draw: st.DrawFn, least: int = 8, most: int = 16) -> Table:
    """Headache days of 28 before and after, of patients who differ and do not all change alike."""
    n = draw(st.integers(least, most))
    generator = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32 - 1))))
    level = generator.beta(2.0, 2.5, n)
    before = generator.binomial(28, level)
    after = generator.binomial(28, np.clip(level * generator.uniform(0.5, 1.1, n), 0.0, 1.0))
    return before.astype(np.float64), after.astype(np.float64)


def long(before: Values, after: Values, names: list[str] | None = None) -> pd.DataFrame:
    names = names or [f"p{number:03}" for number in range(len(before))]
    days = np.concatenate([before, after])
    periods = np.repeat([0, 1], len(before))
    return pd.DataFrame(
        {
            "patient_id": names * 2,
            "period": periods,
            "value": days,
            "headache_days": days,
            "recorded_days": 28.0,
        }
    )


def wide(before: Values, after: Values) -> pd.DataFrame:
    groups = np.where(np.arange(len(before)) % 2 == 0, "treated", "waiting_list")
    return pd.DataFrame({"baseline": before, "followup": after, "group": groups})


#: A model of two periods, and the term that is its change (or difference between groups) in days.
LINEAR: dict[str, tuple[Callable[[pd.DataFrame], FittedModel], str]] = {
    "random_intercept": (lambda rows: random_intercept_model(rows, "value ~ period"), "period"),
    "mmrm": (mmrm, "C(period)[T.1]"),
    "per_month": (per_month_changes, "overall"),
}


def close(found: Term, expected: tuple[float | None, float | None, float | None], rel: float = 1e-4) -> None:
    assert (found.value, found.low, found.high) == pytest.approx(expected, rel=rel, abs=1e-4)


def of(term: Term, value: Any, mirrored: bool = False) -> tuple[Any, Any, Any]:
    low, high = (None if item is None else value(item) for item in (term.low, term.high))
    return (value(term.value), high, low) if mirrored else (value(term.value), low, high)


class TestLinear:
    @pytest.mark.parametrize("name", LINEAR)
    @FEW
    @given(table=patients(), factor=st.sampled_from([0.25, 13.0]), by=st.sampled_from([0.0, 5.0]))
    def test_unit_and_origin(self, name: str, table: Table, factor: float, by: float) -> None:
        fit, term = LINEAR[name]
        found, scaled = fit(long(*table)), fit(long(factor * table[0] + by, factor * table[1] + by))
        assume(found.status == "converged")
        close(scaled[term], of(found[term], lambda value: factor * value))
        assert scaled[term].p == pytest.approx(found[term].p, rel=1e-3)

    @pytest.mark.parametrize("name", LINEAR)
    @FEW
    @given(table=patients())
    def test_swap(self, name: str, table: Table) -> None:
        fit, term = LINEAR[name]
        found, swapped = fit(long(*table)), fit(long(table[1], table[0]))
        assume(found.status == "converged")
        close(swapped[term], of(found[term], lambda value: -value, mirrored=True))

    @pytest.mark.parametrize("name", LINEAR)
    @FEW
    @given(table=patients(), seed=st.integers(0, 2**32 - 1))
    def test_rows_and_names_do_not_matter(self, name: str, table: Table, seed: int) -> None:
        fit, term = LINEAR[name]
        order = np.random.Generator(np.random.PCG64(seed))
        shuffled = long(*table).iloc[order.permutation(2 * len(table[0]))]
        assert fit(shuffled)[term] == fit(long(*table))[term]
        renamed = long(*table, names=[f"q{number}" for number in order.permutation(len(table[0]))])
        close(fit(renamed)[term], of(fit(long(*table))[term], lambda value: value), rel=1e-6)

    @pytest.mark.parametrize("name", LINEAR)
    @FEW
    @given(table=patients())
    def test_twice_the_patients(self, name: str, table: Table) -> None:
        fit, term = LINEAR[name]
        once, twice = fit(long(*table)), fit(long(*(np.tile(item, 2) for item in table)))
        assume(once.status == twice.status == "converged")
        assert twice[term].value == pytest.approx(once[term].value, abs=1e-5)
        assert once[term].low < twice[term].low and twice[term].high < once[term].high  # type: ignore[operator]
        assert twice.n == 2 * once.n


class TestGroups:
    @FEW
    @given(table=patients(10), factor=st.sampled_from([0.25, 13.0]), by=st.sampled_from([0.0, 5.0]))
    def test_ancova_in_another_unit_and_of_changes(self, table: Table, factor: float, by: float) -> None:
        """The same baseline is held either way: follow-up or change as outcome, one difference (Senn 2006)."""
        rows = wide(*table)
        found = ancova(rows)
        assume(found.usable and rows["baseline"].nunique() > 2)
        scaled = ancova(rows.assign(baseline=factor * table[0] + by, followup=factor * table[1] + by))
        close(scaled["difference"], of(found["difference"], lambda value: factor * value))
        of_change = ancova(rows.assign(change=table[1] - table[0]), outcome="change")
        close(of_change["difference"], of(found["difference"], lambda value: value))

    @FEW
    @given(table=patients(10), seed=st.integers(0, 2**32 - 1))
    def test_the_other_reference_turns_the_sign(self, table: Table, seed: int) -> None:
        rows = wide(*table)
        found, turned = ancova(rows, reference="waiting_list"), ancova(rows, reference="treated")
        assume(found.usable)
        close(turned["difference"], of(found["difference"], lambda value: -value, mirrored=True))
        shuffled = rows.iloc[np.random.Generator(np.random.PCG64(seed)).permutation(len(rows))]
        close(ancova(shuffled)["difference"], of(ancova(rows)["difference"], lambda value: value), rel=1e-9)
        shares = responder_difference(rows, 50.0, reference="waiting_list")
        other = responder_difference(rows, 50.0, reference="treated")
        assume(shares.usable)
        close(other["difference"], of(shares["difference"], lambda value: -value, mirrored=True), rel=1e-9)


class TestCounts:
    @FEWEST
    @given(table=patients(10))
    def test_beta_binomial_swapped_and_copied(self, table: Table) -> None:
        """Odds turned over, days negated; twice the patients, the same estimate and a narrower interval."""
        found, swapped = (beta_binomial_model(long(*order)) for order in (table, table[::-1]))
        assume(found.status == swapped.status == "converged")
        close(swapped["change"], of(found["change"], lambda value: -value, mirrored=True), rel=1e-3)
        name = next(term.name for term in found.terms if term.name.startswith("odds ratio"))
        close(swapped[name], of(found[name], lambda value: 1 / value, mirrored=True), rel=1e-3)
        twice = beta_binomial_model(long(*(np.tile(item, 2) for item in table)))
        assert twice["change"].value == pytest.approx(found["change"].value, abs=1e-3)
        width, wide_once = (fit["change"].high - fit["change"].low for fit in (twice, found))  # type: ignore[operator]
        assert width == pytest.approx(wide_once / np.sqrt(2), rel=1e-2)

    @FEWEST
    @given(table=patients(10), seed=st.integers(0, 2**32 - 1))
    def test_beta_binomial_rows_do_not_matter(self, table: Table, seed: int) -> None:
        rows = long(*table)
        shuffled = rows.iloc[np.random.Generator(np.random.PCG64(seed)).permutation(len(rows))]
        assert beta_binomial_model(shuffled).terms == beta_binomial_model(rows).terms

    @FEWEST
    @given(table=patients(10))
    def test_days_without_headache_are_the_complement(self, table: Table) -> None:
        """Counting headache-free days: odds ratio turned over, the change in days negated."""
        found = beta_binomial_model(long(*table))
        other = beta_binomial_model(long(28 - table[0], 28 - table[1]))
        assume(found.status == other.status == "converged")
        close(other["change"], of(found["change"], lambda value: -value, mirrored=True), rel=1e-3)


class TestRegressionToTheMean:
    @given(table=patients(), factor=st.sampled_from([0.5, 7.0]), by=st.sampled_from([0.0, 3.0]))
    def test_unit_and_origin(self, table: Table, factor: float, by: float) -> None:
        scaled = factor * table[0] + by, factor * table[1] + by
        one, other = mee_chua(*table, 9.0), mee_chua(*scaled, factor * 9.0 + by)
        _close(other, one, lambda value: factor * value)
        for method in (oldham, pitman_morgan):
            _close(method(*scaled), method(*table), lambda value: value)

    @given(table=patients())
    def test_swap(self, table: Table) -> None:
        """Who had more before changed more: seen from the other side, the opposite; the variances' ratio turns over."""
        _close(oldham(table[1], table[0]), oldham(*table), lambda value: -value, mirrored=True)
        _close(
            pitman_morgan(table[1], table[0]), pitman_morgan(*table), lambda value: 1 / value, mirrored=True
        )

    @given(
        mu=st.floats(2, 20),
        between=st.floats(0.5, 8),
        within=st.floats(0.5, 6),
        cutoff=st.floats(0, 28),
        screens=st.integers(1, 6),
    )
    def test_a_higher_cutoff_regresses_more_and_more_screens_less(
        self, mu: float, between: float, within: float, cutoff: float, screens: int
    ) -> None:
        def fall(cut: float, of_screens: int) -> float:
            found = cutoff_regression(mu, between, within, cut, of_screens).value
            assert found is not None
            return -found

        assert fall(cutoff, screens) >= 0
        assert fall(cutoff + 1, screens) >= fall(cutoff, screens)
        assert fall(2 * mu, 1) >= fall(2 * mu, 2) - 1e-9
        scaled = cutoff_regression(3 * mu + 2, 3 * between, 3 * within, 3 * cutoff + 2, screens).value
        assert scaled == pytest.approx(-3 * fall(cutoff, screens), rel=1e-6, abs=1e-9)

    @given(mean=st.floats(0, 28), mu=st.floats(0, 28), reliability=st.floats(0, 1))
    def test_shrinkage_goes_towards_the_mean_and_not_past_it(
        self, mean: float, mu: float, reliability: float
    ) -> None:
        change = shrinkage_regression(mean, mu, reliability).value
        assert change is not None
        assert min(mean, mu) - 1e-9 <= mean + change <= max(mean, mu) + 1e-9


def _close(
    found: Estimate, expected: Estimate, value: Callable[[float], float], mirrored: bool = False
) -> None:
    ends = (expected.high, expected.low) if mirrored else (expected.low, expected.high)
    for one, other in zip((found.value, found.low, found.high), (expected.value, *ends), strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one == pytest.approx(value(other), rel=1e-7, abs=1e-8)
    assert (found.p is None) == (expected.p is None)
    assert found.p is None or found.p == pytest.approx(expected.p, rel=1e-6, abs=1e-9)


class TestRandomEffects:
    units = st.lists(st.tuples(st.floats(-8, 8), st.floats(0.2, 4)), min_size=2, max_size=12)

    @given(rows=units, factor=st.sampled_from([0.5, 7.0]), by=st.sampled_from([0.0, -3.0]))
    def test_unit_origin_and_order(self, rows: list[tuple[float, float]], factor: float, by: float) -> None:
        y, v = (np.array(column) for column in zip(*rows, strict=True))
        found = random_effects(y, v)
        scaled = random_effects((factor * y + by)[::-1], (factor**2 * v)[::-1])
        assert found.mean.value is not None and scaled.mean.value is not None
        assert scaled.mean.value == pytest.approx(factor * found.mean.value + by, rel=1e-5, abs=1e-6)
        assert scaled.predictions[::-1] == pytest.approx(factor * found.predictions + by, rel=1e-5, abs=1e-5)

    @given(rows=units)
    def test_a_prediction_lies_between_its_own_estimate_and_the_mean(
        self, rows: list[tuple[float, float]]
    ) -> None:
        y, v = (np.array(column) for column in zip(*rows, strict=True))
        found = random_effects(y, v)
        assert found.mean.value is not None
        low, high = np.minimum(y, found.mean.value), np.maximum(y, found.mean.value)
        assert (found.predictions >= low - 1e-9).all() and (found.predictions <= high + 1e-9).all()
        assert found.tau_squared is not None and found.tau_squared >= 0
