"""What a claims file may say, and what is told of one that cannot be followed."""

from __future__ import annotations

import datetime as dt

import pytest

from outcomes.claims.declared import claims_of
from outcomes.errors import PlanError

FEWER = {
    "id": "fewer",
    "says": "Fewer headaches",
    "kind": "change",
    "endpoint": "headache_days_per_28",
    "declared_on": dt.date(2026, 1, 15),
}


def test_a_claim_says_what_it_is_judged_by() -> None:
    (claim,) = claims_of({"claims": [FEWER]}).claims
    assert (claim.population, claim.window, claim.mode, claim.margin) == ("all", "followup", "diary", None)


def test_lasting_is_asked_in_weeks_21_to_24() -> None:
    (claim,) = claims_of({"claims": [{**FEWER, "kind": "lasting"}]}).claims
    assert claim.window == "weeks_21_24"


def test_an_edit_gives_another_fingerprint_and_another_date_does_not() -> None:
    first, other, later = (
        claims_of({"claims": [entry]}).claims[0]
        for entry in (FEWER, {**FEWER, "margin": 0.5}, {**FEWER, "declared_on": dt.date(2026, 6, 1)})
    )
    assert first.fingerprint() != other.fingerprint()
    assert first.fingerprint() == later.fingerprint()


def test_mechanisms_and_doses_are_no_questions_and_do_not_count() -> None:
    extra = [
        {
            "id": "endorphins",
            "says": "Releases endorphins",
            "kind": "mechanism",
            "declared_on": dt.date(2026, 1, 1),
        },
        {"id": "six", "says": "Six sessions", "kind": "dose", "declared_on": dt.date(2026, 1, 1)},
    ]
    assert claims_of({"claims": [FEWER, *extra]}).asked == 1


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**FEWER, "margn": 1}, "Did you mean 'margin'"),
        ({**FEWER, "declared_on": "2026-01-15"}, "date without quotes"),
        ({**FEWER, "margin": 0}, "above 0"),
        ({**FEWER, "margin": float("nan")}, "above 0"),
        ({**FEWER, "margin": float("inf")}, "a change can reach"),
        ({**FEWER, "margin": 10**400}, "a change can reach"),
        ({**FEWER, "kind": "cure"}, "must be one of"),
        ({key: value for key, value in FEWER.items() if key != "endpoint"}, "needs 'endpoint'"),
        ({**FEWER, "id": "Fewer!"}, "lower case"),
        ({**FEWER, "kind": "share", "reduction": 50, "at_least": 80}, "between 0 and 1"),
        ({**FEWER, "window": "best_month"}, "'window' must be one of"),
        ("fewer headaches", "table of keys"),
    ],
)
def test_what_cannot_be_followed_is_told(entry: object, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        claims_of({"claims": [entry]})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        claims_of({"claims": [{**FEWER, "margin": -1}, {**FEWER, "kind": "x"}]})
    assert str(caught.value).count("[[claims]]") == 2


def test_two_claims_of_one_id_and_a_file_without_claims_are_refused() -> None:
    with pytest.raises(PlanError, match="two claims"):
        claims_of({"claims": [FEWER, FEWER]})
    for nothing in ({}, {"claims": []}, {"claims": "x"}, {"claim": [FEWER]}):
        with pytest.raises(PlanError, match=r"\[\[claims\]\]"):
            claims_of(nothing)
