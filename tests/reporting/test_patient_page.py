"""The page of one patient: self-contained, marked internal, without a pseudonym, and right in its counts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
import topic_frames as frames

from outcomes import AnalysisPlan
from outcomes.analysis.single_case import single_case
from outcomes.reporting.patient_page import PRIVATE, build_patient_page, patient_blocks
from outcomes.reporting.wording import LIMITATION


class Reader(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def page() -> Reader:
    patient = frames.one_patient()
    patient.patient_id = "K7Q-SECRET"
    return Reader(build_patient_page(patient, about=("records to 31 October 2026",)))


def text_of(patient) -> str:
    return "\n".join(block.as_text() for block in patient_blocks(patient))


def drawn_diary(text: str, first_day: int):
    """A patient from a row of signs: x headache, o none, ? not recorded."""
    state = {"x": "headache", "o": "no headache", "?": "not recorded"}
    days = pd.DataFrame(
        {
            "relative_day": range(first_day, first_day + len(text)),
            "state": [state[sign] for sign in text],
            "intensity": [float("nan")] * len(text),
        }
    )
    return frames.one_patient(days)


def test_nothing_is_fetched_and_nothing_runs(page):
    policy = next(tag["content"] for tag in page.all("meta") if tag.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert not page.all("script")
    assert not page.all("link")
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in page.all("img"))


def test_it_says_that_it_is_internal_and_what_it_cannot_show(page):
    assert page.text.count(PRIVATE) >= 2
    assert LIMITATION in page.text
    assert "internal" in page.text


def test_the_pseudonym_is_nowhere():
    patient = frames.one_patient()
    patient.patient_id = "K7Q-SECRET"
    assert "K7Q-SECRET" not in build_patient_page(patient)
    assert "K7Q" not in text_of(patient)


def test_every_picture_has_its_words(page):
    alternatives = [image["alt"] for image in page.all("img")]
    assert len(alternatives) == 4  # two pictures, each for the page and for a phone
    assert all(words and len(words) > 40 for words in alternatives)


def test_the_windows_are_counted_by_hand():
    """Baseline: 28 days, xxo and then one day not recorded, seven times; follow-up: outside the diary."""
    told = text_of(drawn_diary("xxo?" * 7, -28))
    assert "Baseline, days −28 to −1: 14 of 21; recorded days with headache; 7 of 28 not recorded" in told
    assert "Follow-up, days 56 to 83: –; none of 28 days recorded" in told


def test_a_change_is_said_with_its_interval_and_weeks():
    """Four weeks of four and five headache days by turns, then four weeks of one and two."""
    before = ("xxxxooo" + "xxxxxoo") * 2
    after = ("xoooooo" + "xxooooo") * 2
    told = text_of(drawn_diary(before + after, -28))
    assert (
        "This patient recorded 3.0 fewer headache days per week after the first session than before it"
        in told
    )
    assert "4 weeks before, 4 after" in told
    assert "which includes no change" not in told
    assert "because" not in told
    assert "effect" not in told


def test_an_interval_that_holds_no_change_says_so():
    told = text_of(drawn_diary("xxxoooo" + "xoooooo" + "xxooooo" + "xooooxo" + "xxooooo" * 4, -28))
    assert "which includes no change" in told


@pytest.mark.parametrize("first_day", [-28, 0])
def test_a_patient_with_weeks_on_one_side_alone_has_a_page_that_says_so(first_day):
    told = text_of(drawn_diary("xxxoooo" * 4, first_day))
    assert "No change can be told" in told


def test_a_patient_without_a_day_has_a_page_too():
    patient = frames.one_patient()
    patient.days, patient.weeks = patient.days.iloc[:0], patient.weeks.iloc[:0]
    patient.session_days, patient.single_case = (), single_case([], [])
    told = text_of(patient)
    assert "No day of the diary lies near the first session." in told
    assert "No week holds enough recorded days to be drawn." in told
    assert Reader(build_patient_page(patient)).text


def test_endpoints_stand_on_the_page_where_the_object_has_them():
    patient = frames.one_patient()
    patient.endpoints = pd.DataFrame(
        {"label": ["Headache days"], "unit": ["days per 28"], "baseline": [18.0], "followup": [float("nan")],
         "change": [float("nan")]}
    )  # fmt: skip
    assert "Headache days (days per 28)\t18.0\t–\t–" in text_of(patient)


def test_words_from_outside_stay_words():
    patient = frames.one_patient()
    patient.notes = ("<script>alert(1)</script>",)
    read = Reader(build_patient_page(patient, about=('"><img src=x>',)))
    assert not read.all("script")
    assert "<script>alert(1)</script>" in read.text


def test_windows_of_another_plan_are_the_ones_shown():
    patient = frames.one_patient()
    patient.plan = AnalysisPlan(baseline_days=14, followup_first_day=28, followup_last_day=55)
    told = text_of(patient)
    assert "Baseline, days −14 to −1" in told
    assert "Follow-up, days 28 to 55" in told
    assert re.search(r"of 14 not recorded", told)
