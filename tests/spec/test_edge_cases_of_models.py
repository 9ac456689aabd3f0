"""Models on samples that carry less than they ask for: a status and a reason, never an exception or a warning."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from outcomes import AnalysisPlan
from outcomes.analysis.estimates import Estimate, Values
from outcomes.analysis.interval_censoring import interval_censored_check
from outcomes.analysis.models.beta_binomial import beta_binomial_model, count_model
from outcomes.analysis.models.covariance_adjusted import ancova, responder_difference
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.mixed_linear import random_intercept_model, random_slope_model
from outcomes.analysis.models.practitioners import compare_practitioners
from outcomes.analysis.models.repeated_measures import mmrm, per_month_changes
from outcomes.analysis.models.time_series import pooled_series, single_series
from outcomes.analysis.multiplicity import adjusted
from outcomes.analysis.regression_to_mean.formulas import formula_range, mee_chua, oldham, pitman_morgan
from outcomes.errors import PlanError

DAYS = 28


def _shapes(n: int) -> dict[str, tuple[Values, Values]]:
    """Headache days of 28, before and after."""
    step, zero = np.arange(1.0, n + 1), np.zeros(n)
    return {
        "no_headache": (zero, zero),
        "every_day": (zero + DAYS, zero + DAYS),
        "nobody_changed": (4 * step % 28, 4 * step % 28),
        "all_by_the_same": (5 + 3 * step % 20, 2 + 3 * step % 20),
        "none_after": (4 + step, zero),
        "none_before": (zero, 4 + step),
        "some": (10 + step, np.where(step % 2 == 1, 10 + step, 3.0)),
    }


def long(before: Values, after: Values) -> pd.DataFrame:
    """One row per patient and period, with counts and values."""
    n = len(before)
    return pd.DataFrame(
        {
            "patient_id": [f"p{number}" for number in range(n)] * 2,
            "period": [0] * n + [1] * n,
            "week": [-1] * n + [0] * n,
            "recorded_days": [DAYS] * (2 * n),
            "headache_days": np.concatenate([before, after]).astype("int64"),
            "value": np.concatenate([before, after]),
        }
    )


def wide(before: Values, after: Values) -> pd.DataFrame:
    groups = np.resize(["treated", "waiting_list"], len(before)).tolist()
    return pd.DataFrame(
        {
            "baseline": before,
            "followup": after,
            "group": pd.Series(groups, dtype="object"),
            "practitioner_id": pd.Series(groups, dtype="object"),
        }
    )


MODELS: dict[str, Callable[[Values, Values], FittedModel]] = {
    "random_intercept": lambda before, after: random_intercept_model(long(before, after), "value ~ period"),
    "random_slope": lambda before, after: random_slope_model(
        long(before, after), "value ~ period", ["period"]
    ),
    "mmrm": lambda before, after: mmrm(long(before, after)),
    "per_month": lambda before, after: per_month_changes(long(before, after)),
    "ancova": lambda before, after: ancova(wide(before, after)),
    "responders": lambda before, after: responder_difference(wide(before, after), 50.0),
    "beta_binomial": lambda before, after: beta_binomial_model(long(before, after)),
    "binomial": lambda before, after: count_model(long(before, after), "binomial"),
    "poisson": lambda before, after: count_model(long(before, after), "poisson"),
    "negative_binomial": lambda before, after: count_model(long(before, after), "negative_binomial"),
    "pooled_series": lambda before, after: pooled_series(long(before, after)),
    "single_series": lambda before, after: single_series(
        pd.DataFrame(
            {
                "week": range(-len(before), len(after)),
                "recorded_days": 7,
                "headache_days": np.minimum(7, np.concatenate([before, after])),
            }
        )
    ),
}


def _spoilt(before: Values, after: Values, column: str, bad: float) -> pd.DataFrame:
    rows = long(before, after).astype({"headache_days": float, "recorded_days": float}).assign(weight=1.0)
    rows.loc[0, column] = bad
    return rows


_NOT_FINITE: dict[str, Callable[[Values, Values, float], object]] = {
    "random_intercept": lambda before, after, bad: random_intercept_model(
        _spoilt(before, after, "value", bad), "value ~ period"
    ),
    "weights": lambda before, after, bad: random_intercept_model(
        _spoilt(before, after, "weight", bad), "value ~ period", weights="weight"
    ),
    "mmrm": lambda before, after, bad: mmrm(_spoilt(before, after, "value", bad)),
    "per_month": lambda before, after, bad: per_month_changes(_spoilt(before, after, "value", bad)),
    "beta_binomial": lambda before, after, bad: beta_binomial_model(
        _spoilt(before, after, "recorded_days", bad)
    ),
    "pooled_series": lambda before, after, bad: pooled_series(_spoilt(before, after, "headache_days", bad)),
    "single_series": lambda before, after, bad: single_series(_spoilt(before, after, "recorded_days", bad)),
    "practitioners": lambda before, after, bad: compare_practitioners(
        wide(before, np.append(after[1:], bad))
    ),
}


def sound(found: FittedModel) -> None:
    """Status and reason agree, nothing is NaN, intervals hold their values."""
    assert found.usable or (found.reason and found.status in ("not_converged", "not_estimable", "not_run"))
    assert found.status != "not_estimable" or not found.terms or all(term.low is None for term in found.terms)
    for term in found.terms:
        for number in (term.value, term.standard_error, term.low, term.high, term.p, term.df):
            assert number is None or not math.isnan(number), term
        if found.usable and term.value is not None and term.low is not None and term.high is not None:
            slack = 1e-9 * max(1.0, abs(term.value))
            assert term.low - slack <= term.value <= term.high + slack, term
        assert term.p is None or 0 <= term.p <= 1, term
    assert len(found.to_frame()) == len(found.terms)


class TestModels:
    @pytest.mark.parametrize("shape", _shapes(0))
    @pytest.mark.parametrize("n", [1, 2, 3, 5, 9])
    @pytest.mark.parametrize("name", MODELS)
    def test_small_and_degenerate(self, name: str, n: int, shape: str) -> None:
        sound(MODELS[name](*_shapes(n)[shape]))

    @pytest.mark.parametrize("name", MODELS)
    def test_nobody(self, name: str) -> None:
        found = MODELS[name](np.empty(0), np.empty(0))
        assert (found.status, found.terms, found.n_rows) == ("not_estimable", (), 0)
        assert found.reason

    @pytest.mark.parametrize("name", ["beta_binomial", "binomial", "poisson", "negative_binomial"])
    @pytest.mark.parametrize("shape", ["no_headache", "none_after", "none_before"])
    def test_a_period_without_headache_has_no_odds(self, name: str, shape: str) -> None:
        """Fitted blindly, the odds run to minus infinity and are called converged."""
        found = MODELS[name](*_shapes(9)[shape])
        assert found.status == "not_estimable" and found.reason

    @pytest.mark.parametrize("after", [3.0, 0.1, 1e6])
    def test_the_same_follow_up_for_everyone_has_no_interval(self, after: float) -> None:
        """What least squares leaves over is rounding, and no p value comes of it."""
        before = np.array([4.0, 9, 13, 20, 26, 8, 15, 11, 7, 12])
        found = ancova(wide(before, np.full(10, after)))["difference"]
        assert found.value == pytest.approx(0, abs=1e-6)
        assert (found.standard_error, found.low, found.p) == (None, None, None)

    def test_days_are_whole(self) -> None:
        rows = long(*_shapes(9)["some"]).assign(recorded_days=27.5)
        with pytest.raises(PlanError, match="whole"):
            beta_binomial_model(rows)

    @pytest.mark.parametrize("name", _NOT_FINITE)
    @pytest.mark.parametrize("bad", [math.inf, -math.inf])
    def test_numbers_are_finite(self, name: str, bad: float) -> None:
        before, after = _shapes(9)["some"]
        with pytest.raises(PlanError, match="finite"):
            _NOT_FINITE[name](before, after, bad)

    def test_recorded_days_are_no_words(self) -> None:
        with pytest.raises(PlanError, match="recorded_days"):
            beta_binomial_model(long(*_shapes(9)["some"]).assign(recorded_days="28"))

    def test_a_direction_is_one_of_two(self) -> None:
        with pytest.raises(PlanError, match="increase"):
            responder_difference(wide(*_shapes(9)["some"]), 50.0, improvement="decreese")

    def test_two_complete_periods_are_the_paired_t(self) -> None:
        """Where patients differ more than their months do, mixed model and MMRM have nothing to add."""
        from outcomes.analysis.estimates import paired_change

        before = np.array([4.0, 9, 13, 20, 26, 8, 15, 11])
        after = before + np.array([-3.0, -1, -4, 0, -2, -3, 1, -2])
        change = paired_change(before, after, 0.95)
        for name, term in (
            ("random_intercept", "period"),
            ("mmrm", "C(period)[T.1]"),
            ("per_month", "overall"),
        ):
            found = MODELS[name](before, after)[term]
            assert (found.value, found.low, found.high, found.p) == pytest.approx(
                (change.value, change.low, change.high, change.p), rel=1e-5
            )


REGRESSION: dict[str, Callable[[Values, Values], Estimate]] = {
    "mee_chua": lambda before, after: mee_chua(before, after, 10.0),
    "oldham": oldham,
    "pitman_morgan": pitman_morgan,
}


class TestRegressionToTheMean:
    @pytest.mark.parametrize("shape", _shapes(0))
    @pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 9])
    @pytest.mark.parametrize("name", REGRESSION)
    def test_small_and_degenerate(self, name: str, n: int, shape: str) -> None:
        found = REGRESSION[name](*_shapes(n)[shape])
        for number in (found.value, found.low, found.high, found.p):
            assert number is None or not math.isnan(number)
        assert found.value is not None or found.notes
        if found.value is not None and found.low is not None and found.high is not None:
            assert found.low - 1e-9 <= found.value <= found.high + 1e-9

    @pytest.mark.parametrize("n", [0, 1, 3, 5, 9])
    @pytest.mark.parametrize("shape", _shapes(0))
    def test_range_of_formulas(self, n: int, shape: str) -> None:
        plan = AnalysisPlan(external_means=(6.0, 12.0), enrolment_rules=("any", "at_least_8"))
        found = formula_range(*_shapes(n)[shape], plan)
        if n < 5:
            assert (found.low, found.high, found.rows) == (None, None, ()) and found.reason
        else:
            assert found.low is not None and found.high is not None and found.low <= found.high


class TestPractitioners:
    @pytest.mark.parametrize("shape", _shapes(0))
    @pytest.mark.parametrize("n", [0, 1, 5, 9, 12])
    def test_small_and_degenerate(self, n: int, shape: str) -> None:
        found = compare_practitioners(wide(*_shapes(n)[shape]))
        assert found.rows or found.reason
        assert n >= 10 or not found.rows, "fewer than five patients of a practitioner are shown"
        numbers = found.to_frame().select_dtypes("number")
        assert not numbers.isna().any().any()


class TestCurvesAndFamilies:
    def test_relapses_of_nobody(self) -> None:
        found = interval_censored_check([], [], 28, 0.95)
        assert (found.late.value, found.early.value, found.least, found.greatest) == (None, None, None, None)
        assert found.moved_by is None

    @pytest.mark.parametrize("how", ["fixed_sequence", "holm", "bh"])
    def test_nothing_to_adjust(self, how: str) -> None:
        assert adjusted([], how) == []  # type: ignore[arg-type]
        assert adjusted([None, None], how) == [None, None]  # type: ignore[arg-type]
        assert adjusted([None, 0.02, None], how) == [None, pytest.approx(0.02), None]  # type: ignore[arg-type]
