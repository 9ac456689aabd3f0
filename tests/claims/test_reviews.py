"""Half years: which is reviewed in which month, and which is the first for a claim."""

from __future__ import annotations

import datetime as dt

import pytest

from outcomes.claims.declared import Claim
from outcomes.claims.evidence import (
    LISTED_ON,
    NO_TRIAL,
    PUBLISHED,
    PUBLISHED_HARM,
    RANKS,
    SEARCH,
    published_for,
    why_none,
)
from outcomes.claims.reviews import HalfYear, first_review, last_review


@pytest.mark.parametrize(
    ("month", "name"),
    [
        ((2026, 6), "July to December 2025"),
        ((2026, 7), "January to June 2026"),
        ((2026, 12), "January to June 2026"),
        ((2027, 1), "July to December 2026"),
    ],
)
def test_pages_repeat_the_last_review_that_was_over(month: tuple[int, int], name: str) -> None:
    assert last_review(dt.date(*month, 1)).name == name


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ((2025, 12, 31), "January to June 2026"),
        ((2026, 1, 1), "July to December 2026"),
        ((2026, 6, 30), "July to December 2026"),
        ((2026, 7, 1), "January to June 2027"),
    ],
)
def test_a_claim_waits_for_a_half_year_that_begins_after_it(
    declared: tuple[int, int, int], name: str
) -> None:
    assert first_review(dt.date(*declared)).name == name


def test_half_years_touch_and_do_not_overlap() -> None:
    half = HalfYear(2024, 1)
    for _ in range(6):
        assert half.after().first - half.last == dt.timedelta(days=1)
        assert half.after().before() == half
        half = half.after()


def claim(**given: str) -> Claim:
    return Claim("a", "…", given.pop("kind", "change"), dt.date(2026, 1, 1), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("population", ["cluster", "sinus"])
def test_no_trial_is_said_of_cluster_and_sinus(population: str) -> None:
    assert published_for(claim(population=population)) == ()
    assert why_none(claim(population=population)) == NO_TRIAL


def test_published_evidence_stands_in_its_order() -> None:
    order = list(RANKS)
    for population in ("all", "migraine", "tension_type", "cervicogenic"):
        ranks = [order.index(one.rank) for one in published_for(claim(population=population))]
        assert ranks and ranks == sorted(ranks)


def test_acupuncture_is_marked_as_indirect_and_reviews_say_their_certainty() -> None:
    for one in PUBLISHED:
        assert ("acupuncture" in one.result) == one.indirect
        assert ("indirect" in one.marks) == one.indirect
        assert ("certainty" in one.marks) == one.rank.endswith("review")


def test_each_entry_says_where_when_and_how() -> None:
    for one in (*PUBLISHED, *PUBLISHED_HARM):
        assert str(one.year) in one.name and str(one.year) in one.source
        assert one.design and one.result
        assert bool(one.searched or "not read" in one.words) or not one.is_review


def test_sham_controlled_comes_first_and_surveys_are_no_cohorts() -> None:
    kinds = list(RANKS)
    assert kinds[:2] == ["sham_review", "sham_trial"] and kinds[-1] == "own_audit"
    assert {one.rank for one in PUBLISHED_HARM} == {"survey"}


def test_that_no_trial_was_found_says_when_it_was_looked_for() -> None:
    assert NO_TRIAL.startswith("no trial found") and LISTED_ON in NO_TRIAL and LISTED_ON in SEARCH


def test_what_is_no_question_has_no_published_list() -> None:
    assert published_for(claim(kind="mechanism")) == () == published_for(claim(kind="dose"))
