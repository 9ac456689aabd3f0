"""Rounding as people do it, a true minus, and a dash for what is not defined."""

from __future__ import annotations

import pytest

from outcomes.reporting import formatting


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (0.35, 1, "0.4"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (-0.04, 1, "0.0"),
        (-0.0, 1, "0.0"),
        (-0.05, 1, "−0.1"),
        (1234.56, 1, "1,234.6"),
        (1e-9, 1, "0.0"),
        (None, 1, "–"),
        (float("nan"), 1, "–"),
        (float("inf"), 1, "–"),
        (float("-inf"), 1, "–"),
    ],
)
def test_a_number(value: float | None, decimals: int, shown: str) -> None:
    assert formatting.number(value, decimals) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.285, "29%"), (0.575, "58%"), (0.125, "13%"), (0.0, "0%"), (1.0, "100%"), (0.004, "0%"), (None, "–")],
)
def test_percent_rounds_the_share_itself(share: float | None, shown: str) -> None:
    # 100 * 0.285 is 28.499999999999996: multiplied first it would read 28%.
    assert formatting.percent(share) == shown


def test_intervals() -> None:
    assert formatting.interval(-4.75, -0.04) == "−4.8 to 0.0"
    assert formatting.interval(None, 1.0) == "–"
    assert formatting.percent_interval(0.285, 0.5) == "29 to 50%"
    assert formatting.percent_interval(0.1, None) == "–"


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.00099, "< 0.001"), (0.001, "0.001"), (0.0495, "0.050"), (1.0, "1.000"), (None, "–")],
)
def test_p_values(p: float | None, shown: str) -> None:
    assert formatting.p_value(p) == shown


@pytest.mark.parametrize(
    ("confidence", "name"), [(0.95, "95%"), (0.9, "90%"), (0.975, "97.5%"), (0.999, "99.9%")]
)
def test_the_interval_is_named_after_its_confidence(confidence: float, name: str) -> None:
    assert formatting.confidence_name(confidence) == name


def test_days_before_the_first_session_have_a_true_minus() -> None:
    assert formatting.day_name(-28) == "−28"
    assert formatting.day_name(83) == "83"


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.18, 0.23, "18 to 23%"),
        (0.0, 0.1, "0 to 10%"),
        (0.0, 0.0151, "0.0 to 1.5%"),
        (0.0, 0.00048, "0.00 to 0.05%"),
        (0.0, 0.0, "0 to 0%"),
        (0.0, None, "–"),
    ],
)
def test_a_small_limit_is_not_read_as_none(low: float, high: float | None, shown: str) -> None:
    """0.05% of sessions must not print as 0%."""
    assert formatting.percent_interval(low, high, formatting.percent_decimals(high)) == shown
