"""`outcomes claims lint` on invented pages: what it lists, what it lets pass, and what it leaves to a person."""

from __future__ import annotations

import pytest
from advertising import NOT_FOUND, PAGES, WRITTEN_LATER

from outcomes.claims.copy_check import check_copy, left_to_read


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_of_a_page_is_listed_for_what_it_promises(page: str) -> None:
    for sentence, kinds in PAGES[page]:
        assert {one.kind for one in check_copy(sentence)} == set(kinds.split()), sentence


@pytest.mark.parametrize("page", PAGES)
def test_a_page_as_a_whole_gives_what_its_sentences_give(page: str) -> None:
    """As lines of a list, and as a page with tags."""
    kinds = [kind for _, kinds in PAGES[page] for kind in kinds.split()]
    listed = "\n".join(f"- {sentence}" for sentence, _ in PAGES[page])
    tagged = "".join(f"<p>{sentence}</p>\n" for sentence, _ in PAGES[page])
    for text in (listed, f"<html><body>{tagged}</body></html>"):
        found = check_copy(text)
        assert sorted(one.kind for one in found) == sorted(kinds)
        for one in found:
            assert (
                PAGES[page][one.line - 1][0].rstrip(".") in one.sentence
                or one.sentence in PAGES[page][one.line - 1][0]
            )


def test_there_are_twenty_pages_with_plain_sentences_on_most() -> None:
    assert len(PAGES) == 20
    assert sum(not kinds for rows in PAGES.values() for _, kinds in rows) > 40


@pytest.mark.parametrize(("sentence", "promises"), WRITTEN_LATER)
def test_sentences_written_later(sentence: str, promises: bool) -> None:
    found = bool(check_copy(sentence))
    assert found is (promises and sentence not in NOT_FOUND)


def test_what_speaks_of_headaches_and_is_not_listed_is_left_to_a_person() -> None:
    text = "Your headaches don't stand a chance. We are open. Fast relief."
    assert left_to_read(text) == ((1, "Your headaches don't stand a chance"),)


@pytest.mark.parametrize(
    ("sentence", "listed"),
    [
        ("We cannot promise that needling relieves migraine.", False),
        ("We cannot promise much, but needling relieves migraine.", True),
        ("Needling does not just relieve migraine, it ends it.", True),
        ("It is not known whether the treatment relieves migraine.", False),
        ("There is no evidence of side effects.", False),
        ("No known side effects.", True),
        ("Does needling relieve migraine?", False),
        ("Want migraine relief?", True),
    ],
)
def test_what_is_denied_is_no_promise_and_a_denial_covers_its_clause_alone(
    sentence: str, listed: bool
) -> None:
    assert bool(check_copy(sentence)) is listed
