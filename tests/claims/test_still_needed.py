"""What a claim still needs until it can be told: patients, months, and what no number of patients brings."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from outcomes.analysis.claims.found import Found
from outcomes.analysis.claims.still_needed import not_reviewed, still_needed
from outcomes.analysis.planning import power_of
from outcomes.analysis.results import Statistic
from outcomes.claims.declared import Claim, claims_of
from outcomes.claims.reviews import HalfYear
from outcomes.claims.rules import CANNOT_BE_TOLD, CONSISTENT, ChangeEvidence, Interval, Verdict, judge_change

NEXT = HalfYear(2026, 2)


def claim(**given: object) -> Claim:
    entry = {"id": "a", "says": "Fewer", "kind": "change", "endpoint": "headache_days_per_28"}
    return claims_of({"claims": [{**entry, "declared_on": dt.date(2025, 12, 15), **given}]}).claims[0]


def statistic(
    name: str, value: float, low: float | None, high: float | None, n: int, count: int | None = None
) -> Statistic:
    return Statistic(
        endpoint="headache_days_per_28", by=None, group="all", statistic=name, value=value, low=low, high=high, p=None,
        n=n, n_left_out=0, count=count, unit="days per 28", mode="diary", confidence=0.95, method="", notes=(),
    )  # fmt: skip


#: 40 patients, SD 6: half the interval is 2.0227 · 6/√40 = 1.919 (t with 39 degrees of freedom).
HALF = 2.022691 * 6 / 40**0.5
WIDE = Interval(-2.0, -2.0 - HALF, -2.0 + HALF)
SEEN = ChangeEvidence(
    n_started=50,
    n_analysed=40,
    change=WIDE,
    returned=WIDE,
    beyond=(("no excess", WIDE),),
    by_odds=(WIDE,),
    bounds=(WIDE,),
)


def found(evidence: ChangeEvidence = SEEN, **given: object) -> Found:
    number = statistic("change", -2.0, -2.0 - HALF, -2.0 + HALF, 40)
    verdict = judge_change(evidence, 1.0)
    made = Found(verdict, (number,), evidence.n_started, evidence.n_analysed, evidence=evidence)
    return replace(made, **given)  # type: ignore[arg-type]


def test_so_many_that_one_margin_is_told_with_a_chance_of_four_in_five() -> None:
    still = still_needed(claim(), found(), NEXT)
    assert still.needed is not None
    assert (
        (power_of(still.needed, 1.0, 6.0, 0.05) or 0)
        >= 0.8
        > (power_of(still.needed - 1, 1.0, 6.0, 0.05) or 1)
    )
    assert still.obstacles == ()
    assert still.missing == still.needed - 40


def test_a_promise_of_more_needs_fewer_patients_and_never_fewer_than_the_rules_ask() -> None:
    needed = [
        still_needed(claim(margin=margin), found(), NEXT).needed or 0 for margin in (1.0, 2.0, 3.0, 12.0)
    ]
    assert needed == sorted(needed, reverse=True) and len(set(needed)) == 4
    assert needed[-1] == 20


def test_months_are_those_of_the_present_rate_and_a_review_holds_six() -> None:
    """40 in six months; 285 patients need 42.75, so 43 months."""
    still = still_needed(claim(), found(), NEXT)
    assert still.needed == 285  # power.t.test(delta = 1, sd = 6, power = 0.8, type = "paired") of R: 284.5
    assert still.months == 43
    assert still.fits_a_review is False
    assert still_needed(claim(margin=4.0), found(), NEXT).fits_a_review is True


def test_of_two_types_the_smaller_must_have_twenty() -> None:
    contrast = claim(kind="contrast", population="migraine", against="rest", margin=12.0)
    number = replace(found().numbers[0], statistic="difference")
    still = still_needed(contrast, found(numbers=(number,), smaller=10), NEXT)
    assert still.needed == 80


def test_a_claim_that_was_told_needs_nothing() -> None:
    clear = replace(SEEN, change=Interval(-4, -5, -3), returned=Interval(-4, -5, -3), by_odds=(), bounds=())
    still = still_needed(claim(), found(clear, verdict=Verdict(CONSISTENT, ())), NEXT)
    assert (still.told, still.needed, still.obstacles) == (True, None, ())


@pytest.mark.parametrize(
    ("given", "code", "has_number"),
    [
        ({"n_started": 60}, "completeness", True),
        ({"beyond": ()}, "something_against", True),
        ({"bounds_unknown": True, "by_odds": (), "bounds": ()}, "every_day", False),
        ({"is_recalled": True}, "diary", False),
        ({"share_preventive_changed": 0.3}, "preventive_changed", True),
        ({"preventive_unknown": True}, "preventive_unknown", True),
        ({"sinus_without_evidence": True}, "shown_disorder", True),
        ({"episodic_cluster": True}, "never", False),
        ({"n_started": 0, "n_analysed": 0}, "nobody", False),
    ],
)
def test_what_more_patients_do_not_bring(given: dict[str, object], code: str, has_number: bool) -> None:
    still = still_needed(claim(), found(replace(SEEN, **given)), NEXT)  # type: ignore[arg-type]
    assert still.obstacles == (code,)
    assert (still.needed is not None) is has_number


def test_diaries_decide_where_missing_days_reach_across_the_promise_whatever_the_number() -> None:
    """At the worst 0.5 fewer, at the best 3.5: neither more than a day nor less, with a million patients."""
    reach = tuple(Interval(value, value - 1, value + 1) for value in (-0.5, -3.5))
    still = still_needed(claim(), found(replace(SEEN, by_odds=reach)), NEXT)
    assert (still.obstacles, still.needed, still.months) == (("fuller_diaries",), None, None)
    near = tuple(Interval(value, value - 1, value + 1) for value in (-1.5, -2.5))
    assert still_needed(claim(), found(replace(SEEN, by_odds=near)), NEXT).obstacles == ()


def test_as_many_as_needed_and_still_between_says_that_it_lies_close() -> None:
    close = replace(found(), n_analysed=400, n_started=450)
    assert still_needed(claim(), close, NEXT).obstacles == ("close",)


def harm(count: int, n: int, asked: float = 1.0) -> Found:
    numbers = (
        statistic("patients_with_event", count / n, 0.0, 0.1, n, count),
        statistic("sessions_asked_72h", asked, None, None, n),
    )
    return Found(Verdict(CANNOT_BE_TOLD, ()), numbers, n, n)


def test_none_seen_needs_as_many_as_bring_the_exact_upper_limit_below_the_declared_rate() -> None:
    """1 − 0.025^(1/n) < 0.01 from n = 368 on: ln 0.025 / ln 0.99 = 367.04."""
    asked = claim(kind="harm", grade="serious", at_most=0.01)
    assert still_needed(asked, harm(0, 80), NEXT).needed == 368
    assert still_needed(asked, harm(0, 80, asked=0.5), NEXT).obstacles == ("asked_72h",)
    assert "above_declared" in still_needed(asked, harm(2, 80), NEXT).obstacles


def test_before_its_first_review_nothing_is_read_from_the_data() -> None:
    still = not_reviewed(NEXT)
    assert (still.analysed, still.needed, still.months, still.missing) == (None, 20, None, None)
    assert still.to_dict()["due_after"] == "2026-12-31"
    assert not_reviewed(NEXT, ("no_dates",)).needed is None
