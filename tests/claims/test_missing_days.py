"""What missing days could hold, by hand: one window at a time, at odds and at the bounds."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.analysis.claims.missing_days import (
    OPPOSITE,
    MissingDays,
    ValuedDays,
    at_odds,
    readings,
    valued_readings,
)
from outcomes.analysis.missing_diaries.started import Window


def window(recorded: int, headache: int) -> Window:
    return Window(28, np.array([recorded]), np.array([headache]))


def test_missing_days_at_five_times_the_odds() -> None:
    """8 of 24 recorded: odds 8.5/16.5. Four missing days at five times that: 4 · 42.5/(16.5 + 42.5), 2.88 more."""
    assert at_odds(window(24, 8), 5.0, worse=True)[0] == pytest.approx(8 + 4 * 42.5 / 59)
    assert at_odds(window(24, 8), 5.0, worse=False)[0] == pytest.approx(8 + 4 * 1.7 / 18.2)


def test_nobodys_chance_is_none_or_certain() -> None:
    assert 0 < at_odds(window(20, 0), 5.0, worse=True)[0] < 8
    assert 20 < at_odds(window(20, 20), 5.0, worse=False)[0] < 28


def test_odds_lie_within_the_bounds_and_the_more_the_nearer() -> None:
    less, more, all_of_them = (at_odds(window(22, 7), odds, worse=True)[0] for odds in (2.0, 5.0, 1e9))
    assert less < more < all_of_them == pytest.approx(window(22, 7).level_if_missing(True)[0])


def test_one_window_is_read_otherwise_and_the_other_as_recorded() -> None:
    before, after = window(25, 10), window(24, 6)
    found = readings(before, after)
    for pairs in (found.by_odds, found.bounds):
        assert [pair[0][0] == before.level[0] for pair in pairs] == [True, True, False, False]
        assert [pair[1][0] == after.level[0] for pair in pairs] == [False, False, True, True]
    # 6 + 4 of 28 and 6 of 28; 10 and 10 + 3 of 28.
    assert [pair[1][0] for pair in found.bounds[:2]] == [10, 6]
    assert [pair[0][0] for pair in found.bounds[2:]] == [10, 13]


def test_even_places_are_against_a_fall_and_each_has_its_opposite() -> None:
    recorded = 28 * 6 / 24 - 28 * 10 / 25
    for pairs in (
        readings(window(25, 10), window(24, 6)).by_odds,
        readings(window(25, 10), window(24, 6)).bounds,
    ):
        changes = [(after - before)[0] for before, after in pairs]
        assert all(change > recorded for change in changes[::2])
        assert all(change < recorded for change in changes[1::2])
    assert [OPPOSITE[OPPOSITE[place]] for place in range(4)] == [0, 1, 2, 3]
    assert all(place % 2 != OPPOSITE[place] % 2 for place in range(4))


def test_where_nothing_is_missing_every_reading_is_what_was_recorded() -> None:
    found = readings(window(28, 10), window(28, 6))
    for before, after in (*found.by_odds, *found.bounds):
        assert (after - before)[0] == pytest.approx(-4)
    assert MissingDays().named() == []


def valued(level: float, known: int, recorded: int, headache: int) -> ValuedDays:
    return ValuedDays(np.array([level]), np.array([float(known)]), window(recorded, headache))


def test_a_mean_intensity_with_its_missing_days_at_the_ends_of_the_scale() -> None:
    """8 headache days at 5, two days missing: (40 + 20)/10 = 6 at the worst, 40/10 = 4 at the best."""
    found = valued_readings(valued(5.0, 8, 28, 8), valued(5.0, 8, 26, 8), 10.0)
    assert [pair[1][0] for pair in found.bounds[:2]] == pytest.approx([6.0, 4.0])
    # Nothing is missing before.
    assert [pair[0][0] for pair in found.bounds[2:]] == pytest.approx([5.0, 5.0])


def test_at_odds_missing_days_are_more_often_headache_days_and_stronger() -> None:
    """Odds of headache 8.5/18.5, five times that: 42.5/61 of two days; 5 of 10 at five times the odds is 8.33."""
    found = valued_readings(valued(5.0, 8, 28, 8), valued(5.0, 8, 26, 8), 10.0)
    days = 2 * 42.5 / 61
    assert found.by_odds[0][1][0] == pytest.approx((40 + days * 10 * 5 / 6) / (8 + days))
    assert found.by_odds[1][1][0] == pytest.approx((40 + days * 10 / 6) / (8 + days))


def test_headaches_whose_strength_nobody_wrote_down_count_as_missing() -> None:
    """8 headache days, 6 with an intensity of 5: (30 + 20)/8 at the worst."""
    found = valued_readings(valued(5.0, 8, 28, 8), valued(5.0, 6, 28, 8), 10.0)
    assert found.bounds[0][1][0] == pytest.approx(50 / 8)
