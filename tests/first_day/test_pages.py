"""The printed pages: on the right number of sheets, readable by machines too, and with every word in its place."""

from __future__ import annotations

import functools
import io
import re

import pytest
from pypdf import PdfReader

from outcomes.first_day import pages, texts
from outcomes.first_day.markup import title_of, typst_document
from outcomes.records.code_lists import MEDICATION_CLASSES
from outcomes.reporting.words import NOT_SHOWN

GUIDE, CONSENT = pages.long_text("guide"), pages.long_text("information-and-consent")
MADE = {
    "diary 28": pages.diary_page(28),
    "diary 14": pages.diary_page(14),
    "card": pages.recall_card(),
    "codes": pages.code_list(),
    "guide": pages.document(GUIDE),
    "consent": pages.document(CONSENT, mark=texts.CONSENT_MARK),
}


def _reader(name: str) -> PdfReader:
    return PdfReader(io.BytesIO(MADE[name]))


@functools.cache
def _text(name: str) -> str:
    return _joined("\n".join(page.extract_text() for page in _reader(name).pages))


def _joined(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", MADE)
def test_a4_and_tagged_for_those_who_listen(name: str) -> None:
    reader = _reader(name)
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"] and catalogue["/Lang"].startswith("en")
    assert b"pdfuaid:part" in catalogue["/Metadata"].get_data()
    assert reader.metadata is not None and reader.metadata.title


@pytest.mark.parametrize("name", MADE)
def test_every_character_is_in_the_typeface(name: str) -> None:
    assert NOT_SHOWN not in _text(name)


def test_forms_fit_their_sheet() -> None:
    assert {name: len(_reader(name).pages) for name in ("diary 28", "diary 14", "card")} == {
        "diary 28": 1,
        "diary 14": 1,
        "card": 1,
    }


@pytest.mark.parametrize("days", [28, 14])
def test_the_diary_has_a_box_for_no_headache_each_day_and_room_for_all_that_is_typed(days: int) -> None:
    text = _text(f"diary {days}")
    page = _reader(f"diary {days}").pages[0]
    for column in texts.DIARY_COLUMNS:
        assert column in text
    for number in range(1, days + 1):
        assert re.search(rf"\b{number} 0 1 2 3 4 5 6 7 8 9 10 Y N\b", text), number
    assert f"{days + 1} 0 1 2" not in text
    # Four boxes to tick a day (no headache, headache, medicine no and yes), each drawn with round corners.
    drawn = page.get_contents().get_data()
    assert len(re.findall(rb"\bS\b", drawn)) >= 4 * days
    for class_name in MEDICATION_CLASSES:
        assert " ".join(texts.MEDICINES[class_name]) in text
    assert _joined(texts.DIARY_NO_NAME) in text and _joined(texts.DIARY_RULE) in text
    assert _joined(" ".join(texts.DIARY_SORE)) in text


def test_the_card_asks_before_the_session_and_twice_on_a_sheet() -> None:
    text = _text("card")
    for words in (
        texts.CARD_TITLE,
        texts.CARD_RECALL,
        texts.CARD_SORENESS,
        texts.CARD_EVENT,
        *texts.CARD_EVENT_ANSWERS,
    ):
        assert text.count(_joined(words)) == 2, words
    for column in ("recalled_headache_days_28", "pain_before", "soreness", "adverse_event", "pain_after"):
        assert text.count(column) == 2


def test_the_code_list_counts_up_without_a_gap() -> None:
    codes = re.findall(r"P-\d{4}", _text("codes"))
    assert codes == [f"P-{number:04d}" for number in range(1, pages.CODES_PRINTED + 1)]
    last = _reader("codes").pages[-1].extract_text()
    assert last.count("P-") >= 30, "no page for a handful of codes"


def test_the_draft_is_marked_on_every_page_and_its_checklist_comes_off() -> None:
    found = [page.extract_text() for page in _reader("consent").pages]
    assert all(texts.CONSENT_MARK in _joined(page) for page in found)
    assert "not to be handed out" in found[-1] and "Signature" not in found[-1] and "Signature" in found[-2]


@pytest.mark.parametrize("markdown", [GUIDE, CONSENT], ids=["guide", "consent"])
def test_no_word_of_the_long_texts_is_lost_on_the_way_to_the_page(markdown: str) -> None:
    name = "guide" if markdown is GUIDE else "consent"
    # A paragraph may go on after the foot of one page and the mark above the next.
    found = re.sub(rf"{title_of(markdown)} \d / \d|{re.escape(texts.CONSENT_MARK)}", "", _text(name))
    on_page = re.sub(r"\W+", "", found)
    for line in markdown.splitlines():
        for piece in re.split(r"[|`*_□#]+|^\d+\. |^- |^> |-{3,}", line):
            plain = re.sub(r"\W+", "", piece)
            assert plain in on_page, piece


@pytest.mark.parametrize("name", ["guide", "consent", "diary 28", "card", "codes"])
def test_words_that_promise_too_much_are_not_printed(name: str) -> None:
    assert not re.search(r"anonym|complian|\beffects?\b|\bworks\b|because of", _text(name), re.IGNORECASE)


def test_the_same_page_is_the_same_bytes() -> None:
    assert pages.diary_page(28) == MADE["diary 28"] and pages.recall_card() == MADE["card"]
    assert pages.document(CONSENT, mark=texts.CONSENT_MARK) == MADE["consent"]


def test_text_never_becomes_markup() -> None:
    """Brackets, hashes and quotation marks of a text are shown, not run."""
    nasty = '# T\n\nA #import "x" [b] $c$ \\ **d"e** `f]#g`\n\n- #h\n\n| a | b |\n|---|---|\n| #c | ] |\n'
    assert title_of(nasty) == "T"
    made = PdfReader(io.BytesIO(pages.document(nasty)))
    text = _joined(made.pages[0].extract_text())
    assert '#import "x" [b] $c$ \\ d"e f]#g' in text and "#h" in text and "#c" in text
    assert "#pagebreak()" in typst_document("# T\n\n---\n")
