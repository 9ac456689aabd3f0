"""Each rule of docs/claims.md, with numbers that a reader can check by eye."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outcomes.claims.rules import (
    CANNOT_BE_TOLD,
    CONSISTENT,
    MISSING_DAYS,
    NOT_SUPPORTED,
    NOTHING_AGAINST,
    ChangeEvidence,
    Interval,
    Verdict,
    claim_confidence,
    judge_change,
    judge_contrast,
    judge_harm,
    judge_share,
)

CLEAR = Interval(-4.0, -5.0, -3.0)
NARROW_NOTHING = Interval(-0.1, -0.5, 0.3)

#: 100 of 120 analysed, four days fewer, nothing that speaks against it.
PLAIN = ChangeEvidence(
    n_started=120,
    n_analysed=100,
    change=CLEAR,
    returned=Interval(-3.3, -4.2, -2.4),
    beyond=(("no excess", CLEAR),),
    by_odds=(CLEAR, CLEAR),
    bounds=(CLEAR, CLEAR),
)


def test_a_clear_change_of_many_patients_is_consistent_with_the_records() -> None:
    assert judge_change(PLAIN, 1.0).word == CONSISTENT


def test_an_improvement_of_the_margin_that_is_excluded_is_not_supported() -> None:
    nothing = replace(PLAIN, change=NARROW_NOTHING, by_odds=(NARROW_NOTHING,), bounds=(NARROW_NOTHING,))
    assert judge_change(nothing, 1.0).word == NOT_SUPPORTED


def test_a_change_that_is_clear_of_zero_but_not_of_the_margin_cannot_be_told() -> None:
    small = Interval(-1.5, -2.5, -0.5)
    assert judge_change(replace(PLAIN, change=small, bounds=(small,)), 1.0).word == CANNOT_BE_TOLD


def test_on_the_margin_itself_nothing_is_claimed() -> None:
    at = Interval(-2.0, -3.0, -1.0)
    assert judge_change(replace(PLAIN, change=at, bounds=(at,)), 1.0).word == CANNOT_BE_TOLD
    below = Interval(0.0, -1.0, 1.0)
    assert judge_change(replace(PLAIN, change=below, bounds=(below,)), 1.0).word == CANNOT_BE_TOLD


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_analysed": 19, "n_started": 20}, "fewer than 20"),
        ({"n_analysed": 83, "n_started": 120}, "70%"),
        ({"is_recalled": True}, "recalled"),
        ({"share_preventive_changed": 0.21}, "20%"),
        ({"episodic_cluster": True}, "cluster"),
        ({"sinus_without_evidence": True}, "sinuses"),
    ],
)
def test_what_goes_straight_to_cannot_be_told(change: dict[str, object], says: str) -> None:
    verdict = judge_change(replace(PLAIN, **change), 1.0)  # type: ignore[arg-type]
    assert verdict.word == CANNOT_BE_TOLD
    assert says in " ".join(verdict.reasons)


def test_the_edges_of_those_rules_are_still_judged() -> None:
    for edge in (
        {"n_analysed": 20, "n_started": 28},
        {"n_analysed": 84, "n_started": 120},
        {"share_preventive_changed": 0.20},
    ):
        assert judge_change(replace(PLAIN, **edge), 1.0).word == CONSISTENT  # type: ignore[arg-type]


def test_drop_outs_at_their_baseline_can_take_a_verdict_away() -> None:
    weak = replace(PLAIN, returned=Interval(-1.2, -2.0, -0.4))
    assert judge_change(weak, 1.0).word == CANNOT_BE_TOLD
    assert judge_change(replace(PLAIN, returned=None), 1.0).word == CANNOT_BE_TOLD


def test_a_repeat_baseline_must_leave_an_excess() -> None:
    less = ("no excess", Interval(-2.0, -3.0, -1.0))
    assert judge_change(replace(PLAIN, beyond=(less,)), 1.0).word == CONSISTENT
    for nothing in (Interval(-0.5, -1.5, 0.5), Interval(-1.0, -2.0, 0.0), Interval(None, None, None)):
        verdict = judge_change(replace(PLAIN, beyond=(less, ("no excess", nothing))), 1.0)
        assert verdict == Verdict(CANNOT_BE_TOLD, ("no excess",))


def test_without_anything_to_set_against_it_a_bad_month_could_give_a_fall() -> None:
    verdict = judge_change(replace(PLAIN, beyond=()), 1.0)
    assert verdict == Verdict(CANNOT_BE_TOLD, (NOTHING_AGAINST,))
    nothing = replace(PLAIN, change=NARROW_NOTHING, by_odds=(), bounds=(), beyond=())
    assert judge_change(nothing, 1.0).word == NOT_SUPPORTED


def test_missing_days_that_could_turn_the_verdict_do() -> None:
    """Within the odds the promise must hold; at the worst that missing days can be, an improvement must be left."""
    less, barely, none = Interval(-2.0, -3.0, -0.9), Interval(-1.2, -2.3, -0.1), Interval(-1.0, -2.0, 0.0)
    assert judge_change(replace(PLAIN, by_odds=(CLEAR, less)), 1.0).reasons == (MISSING_DAYS,)
    assert judge_change(replace(PLAIN, bounds=(CLEAR, barely)), 1.0).word == CONSISTENT
    assert judge_change(replace(PLAIN, bounds=(CLEAR, none)), 1.0).reasons == (MISSING_DAYS,)


def test_a_change_that_is_excluded_stays_so_unless_missing_days_could_make_it_consistent() -> None:
    excluded = replace(PLAIN, change=NARROW_NOTHING, by_odds=(NARROW_NOTHING,), beyond=())
    for bound, word in ((Interval(-1.5, -2.5, -0.5), NOT_SUPPORTED), (CLEAR, CANNOT_BE_TOLD)):
        assert judge_change(replace(excluded, bounds=(bound,)), 1.0).word == word
    wider = replace(excluded, by_odds=(Interval(-0.8, -1.3, -0.3),), bounds=())
    assert judge_change(wider, 1.0).reasons == (MISSING_DAYS,)


def test_leaving_out_those_who_changed_a_preventive_must_not_change_the_verdict() -> None:
    without = replace(PLAIN, share_preventive_changed=0.1, without_preventive=Interval(-1.1, -2.2, 0.0))
    assert judge_change(without, 1.0).word == CANNOT_BE_TOLD


def test_without_an_interval_nothing_can_be_told() -> None:
    assert judge_change(replace(PLAIN, change=Interval(-4.0, None, None)), 1.0).word == CANNOT_BE_TOLD


def test_many_claims_widen_every_interval() -> None:
    assert claim_confidence(0.95, 10) == pytest.approx(0.995)
    assert claim_confidence(0.95, 0) == claim_confidence(0.95, 1) == 0.95


def test_a_share_is_held_against_the_promise_and_against_a_bad_month() -> None:
    assert judge_share(0.55, 0.75, 100, 0.5, 0.35).word == CONSISTENT
    assert judge_share(0.55, 0.75, 100, 0.5, 0.60).word == CANNOT_BE_TOLD
    assert judge_share(0.55, 0.75, 100, 0.5, None).word == CANNOT_BE_TOLD
    assert judge_share(0.20, 0.40, 100, 0.5, 0.1).word == NOT_SUPPORTED
    assert judge_share(0.40, 0.60, 100, 0.5, 0.1).word == CANNOT_BE_TOLD
    assert judge_share(0.55, 0.95, 19, 0.5, 0.1).word == CANNOT_BE_TOLD


def test_harm_needs_that_it_was_asked_for() -> None:
    assert judge_harm(100, 0.0, 0.036, 0.05, 0.95).word == CONSISTENT
    assert judge_harm(100, 0.0, 0.036, 0.05, 0.89).word == CANNOT_BE_TOLD
    assert judge_harm(100, 0.0, 0.036, 0.05, None).word == CANNOT_BE_TOLD
    assert judge_harm(100, 0.0, 0.036, 0.01, 0.95).word == CANNOT_BE_TOLD
    assert judge_harm(100, 0.10, 0.25, 0.05, 0.95).word == NOT_SUPPORTED


def test_a_share_is_told_only_where_other_readings_agree() -> None:
    assert judge_share(0.55, 0.75, 100, 0.5, 0.35, others=(("moved", 0.51, 0.7),)).word == CONSISTENT
    assert judge_share(0.55, 0.75, 100, 0.5, 0.35, others=(("moved", 0.4, 0.6),)).reasons == ("moved",)
    assert judge_share(0.55, 0.75, 100, 0.5, 0.35, barred=("recalled",)).word == CANNOT_BE_TOLD
    assert judge_share(0.20, 0.40, 100, 0.5, 0.1, others=(("moved", 0.4, 0.6),)).word == CANNOT_BE_TOLD


def test_a_share_at_the_worst_of_missing_days_must_still_lie_above_a_bad_months() -> None:
    assert judge_share(0.55, 0.75, 100, 0.5, 0.35, bounds=((0.36, 0.55),)).word == CONSISTENT
    assert judge_share(0.55, 0.75, 100, 0.5, 0.35, bounds=((0.34, 0.53),)).reasons == (MISSING_DAYS,)
    assert judge_share(0.20, 0.40, 100, 0.5, 0.1, bounds=((0.45, 0.6),)).word == NOT_SUPPORTED
    assert judge_share(0.20, 0.40, 100, 0.5, 0.1, bounds=((0.55, 0.7),)).word == CANNOT_BE_TOLD


def test_missing_days_that_cannot_be_bounded_leave_nothing_told() -> None:
    assert (
        judge_change(replace(PLAIN, by_odds=(), bounds=(), bounds_unknown=True), 1.0).word == CANNOT_BE_TOLD
    )
    nothing = replace(PLAIN, change=NARROW_NOTHING, by_odds=(), bounds=(), bounds_unknown=True)
    assert judge_change(nothing, 1.0).word == CANNOT_BE_TOLD


def test_preventive_changes_that_nobody_wrote_down_are_not_taken_for_none() -> None:
    verdict = judge_change(replace(PLAIN, preventive_unknown=True), 1.0)
    assert verdict.word == CANNOT_BE_TOLD and "not written down" in verdict.reasons[0]


def test_one_type_against_the_others_needs_both() -> None:
    apart = replace(
        PLAIN, change=Interval(-3.0, -4.5, -1.5), returned=Interval(-3.0, -4.5, -1.5), by_odds=(), bounds=()
    )
    assert judge_contrast(apart, 40, 60, 1.0).word == CONSISTENT
    assert judge_contrast(apart, 19, 60, 1.0).word == CANNOT_BE_TOLD
    assert judge_contrast(apart, 40, 19, 1.0).word == CANNOT_BE_TOLD
    assert judge_contrast(apart, 40, 60, 1.0, ("recalled",)).reasons == ("recalled",)
    assert judge_contrast(replace(apart, change=Interval(0.0, -0.5, 0.5)), 40, 60, 1.0).word == NOT_SUPPORTED


def test_a_type_that_only_begins_higher_is_not_particularly_good() -> None:
    apart = replace(
        PLAIN, change=Interval(-3.0, -4.5, -1.5), returned=Interval(-3.0, -4.5, -1.5), by_odds=(), bounds=()
    )
    equal = replace(apart, beyond=(("no difference at the same baseline", Interval(-0.2, -1.0, 0.6)),))
    assert judge_contrast(equal, 40, 60, 1.0).word == CANNOT_BE_TOLD


@pytest.mark.parametrize("word", [CONSISTENT, NOT_SUPPORTED, CANNOT_BE_TOLD])
def test_no_verdict_names_a_cause(word: str) -> None:
    for cause in ("effect", "works", "because", "proven", "safe"):
        assert cause not in word
