"""Advertising copy of the kind that clinics write, and which sentences of it records cannot carry."""

from __future__ import annotations

import pytest

from outcomes.claims.copy_check import check_copy
from outcomes.claims.copy_patterns import PATTERNS

PAGE = """# Headache relief with dry needling

Suffer no longer! Dry needling relieves migraine, tension and cluster headaches by releasing endorphins.
Clinically proven and completely safe, with only a brief pinch.
Our opening hours are 9 to 5.

- Long-lasting relief and prevention of future episodes
- "I have my life back" — a patient
Better results than
popping pills. Book now.
"""


def test_each_promise_of_a_page_is_found_with_its_line() -> None:
    found = {(one.line, one.kind) for one in check_copy(PAGE)}
    assert found == {
        (1, "efficacy"),
        (3, "mechanism"),
        (3, "type_without_trials"),
        (4, "certainty"),
        (4, "harmlessness"),
        (4, "only_soreness"),
        (7, "lasting"),
        (8, "patients_words"),
        (9, "without_drugs"),
        (9, "better_than_others"),
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "Our opening hours are 9 to 5.",
        "Patients who kept a diary recorded 2.1 fewer headache days per 28 than before (95% interval 1.2 to 3.0).",
        "Parking is 1.5 km away.",
        "We record pain before and after each session.",
    ],
)
def test_plain_sentences_pass(sentence: str) -> None:
    assert check_copy(sentence) == ()


def test_html_is_read_as_visitors_see_it() -> None:
    page = (
        "<html><head><style>.safe{}</style></head><body>\n<p>Hello</p>\n<p>Works\nwonders</p>"
        "<script>cure</script></body></html>"
    )
    assert [(one.line, one.kind) for one in check_copy(page)] == [(3, "efficacy")]


def test_what_is_offered_in_place_passes_the_check_itself() -> None:
    for one in PATTERNS:
        again = [found.kind for found in check_copy(one.instead)]
        assert not again, (one.instead, again)


def test_nothing_in_nothing_out() -> None:
    assert check_copy("") == () == check_copy("   \n\n")
