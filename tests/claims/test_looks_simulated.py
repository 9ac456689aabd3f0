"""How often verdicts are wrong: made-up clinics whose truth is known, judged by the rules as they stand.

The clinics are those of tests/simulated_claims.py. The numbers of docs/claims.md#how-often-verdicts-are-wrong are those
of the long run; the short one, in every run of the tests, holds the order of things.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulated_claims import (
    ON_THE_MARGIN,
    SECOND,
    Truth,
    half_yearly,
    monthly,
    naive,
    one_review,
    says_consistent,
    share,
)

#: Nothing changes, and everybody came in a bad month.
BAD_BASELINE = Truth(worst_of=3)
BAD_BOOKING = Truth(worst_of=3, bad="booking")


def test_no_change_is_hardly_ever_called_consistent() -> None:
    assert share(replace(SECOND, missing=0.0, lost=0.0), half_yearly, 60) == 0.0


def test_a_change_of_four_days_is_told_often_enough_to_be_useful() -> None:
    assert share(replace(SECOND, change=-4.0), one_review, 60) > 0.6


def test_monthly_looks_tell_more_falsehoods_than_reviews() -> None:
    often, seldom = (share(ON_THE_MARGIN, look, 50) for look in (monthly, one_review))
    assert often > seldom
    assert seldom < 0.12


def test_a_bad_month_alone_is_not_called_consistent_whatever_was_kept() -> None:
    """The interval alone would be beyond the margin in most of these clinics."""
    assert share(BAD_BASELINE, naive, 60, 100) > 0.7
    for kept in ("nothing", "second", "group", "outside"):
        assert share(replace(BAD_BASELINE, kept=kept), says_consistent, 20, 100) <= 0.05, kept
        assert share(replace(BAD_BOOKING, kept=kept), says_consistent, 20, 100) <= 0.05, kept


@pytest.mark.parametrize("kept", ["second", "group"])
def test_a_real_change_is_found_with_a_second_baseline_or_a_group(kept: str) -> None:
    truth = replace(BAD_BOOKING, change=-4.0, kept=kept)
    assert share(truth, says_consistent, 40, 100) > 0.75
    assert share(replace(truth, kept="nothing"), says_consistent, 20, 100) == 0.0


def test_a_well_kept_diary_of_many_patients_can_be_told_and_hidden_headaches_are_not() -> None:
    """Nine of ten days recorded; and one of five missing, with headache at ten times the odds, after but not before."""
    assert share(replace(SECOND, change=-4.0, missing=0.1, lost=0.0), says_consistent, 40, 100) > 0.6
    hidden = replace(SECOND, missing=0.2, odds=(1.0, 10.0))
    assert share(hidden, naive, 40, 100) > 0.3
    assert share(hidden, says_consistent, 40, 100) <= 0.05


@pytest.mark.long
def test_the_numbers_of_the_page_on_claims() -> None:
    """600 clinics each; a share of 2.5% then has a standard error of 0.6 points, one of 10% 1.2."""
    n = 600
    assert share(ON_THE_MARGIN, one_review, n) == pytest.approx(0.025, abs=0.015)
    assert share(ON_THE_MARGIN, half_yearly, n) == pytest.approx(1 - 0.975**4, abs=0.045)
    assert share(ON_THE_MARGIN, monthly, 400) > 1.15 * share(ON_THE_MARGIN, half_yearly, 400)
    assert share(replace(SECOND, change=-4.0), one_review, 400) > 0.7
    for worst_of in (2, 3, 4):
        for bad in ("baseline", "booking"):
            way = Truth(worst_of=worst_of, bad=bad)
            for kept in ("second", "group"):
                assert share(replace(way, kept=kept), says_consistent, 200, 100) < 0.055
