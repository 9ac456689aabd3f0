"""The sample's report as PDF: bookmarks, numbered pages, embedded letters, tags for those who listen, grey paper."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from outcomes.reporting import style
from outcomes.reporting.language import speaking
from outcomes.reporting.notebooks import run_template
from outcomes.reporting.page import Heading, Masthead, Sentence
from outcomes.reporting.typesetting import PageMarks, build_html, build_pdf

MARKS = PageMarks("internal: exact numbers, not to leave the clinic", "It does not show a cause.")
TITLE = "Headache outcomes, 2026-10"


@pytest.fixture(scope="module")
def run(sample: Path) -> Any:
    return run_template(
        "monthly_report", [{"source": str(sample), "month": "2026-10", "profile": "internal"}]
    )[0]


@pytest.fixture(scope="module")
def document(run: Any) -> PdfReader:
    return PdfReader(io.BytesIO(build_pdf(run, title=TITLE, marks=MARKS, timestamp=0)))


def bookmarks(outline: list[Any], level: int = 1) -> Iterator[tuple[int, str]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from bookmarks(entry, level + 1)
        else:
            yield level, entry.title


def tags(node: Any) -> Iterator[Any]:
    """Every element of the structure tree."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, list):
        for one in node:
            yield from tags(one)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from tags(node["/K"])


def test_the_bookmarks_are_the_headings_of_the_page_in_order(run: Any, document: PdfReader) -> None:
    page = build_html(run, title=TITLE, marks=MARKS)
    headings = []
    for level, words in re.findall(r"<h([1-6])>(.*?)</h\1>", page):
        without_aside = re.sub(r'\s*<span class="aside">.*?</span>', "", words)
        headings.append((int(level), html.unescape(re.sub(r"<[^>]+>", "", without_aside))))
    assert len(headings) > 6
    assert list(bookmarks(document.outline)) == headings


def test_every_page_is_numbered_in_words_and_for_the_reader_program(document: PdfReader) -> None:
    count = len(document.pages)
    assert document.page_labels == [str(number) for number in range(1, count + 1)]
    for number, page in enumerate(document.pages, start=1):
        assert f"{number} / {count}" in page.extract_text()


def test_every_letter_is_in_the_file_and_can_be_copied(document: PdfReader) -> None:
    for page in document.pages:
        for one in page["/Resources"]["/Font"].values():
            font = one.get_object()
            described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(described)
            assert "/ToUnicode" in font
            assert "Inter" in font["/BaseFont"]


def test_it_is_tagged_titled_and_has_a_language(document: PdfReader) -> None:
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata is not None and document.metadata.title == TITLE
    assert b"pdfuaid:part" in document.xmp_metadata.stream.get_data()  # type: ignore[union-attr]
    kinds = [str(one["/S"]) for one in tags(root["/StructTreeRoot"])]
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure"} <= set(kinds)
    assert all(one.get("/Alt") for one in tags(root["/StructTreeRoot"]) if one["/S"] == "/Figure")


def test_it_says_nothing_of_this_machine(document: PdfReader) -> None:
    about = document.metadata
    assert about is not None and about.author is None
    assert str(about.creator).startswith("Typst")


def test_what_is_not_translated_is_marked_in_the_tags() -> None:
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    with speaking("es"):
        blocks = [Masthead("Headache outcomes", "")]
        bundles = [
            one._repr_mimebundle_()
            for one in (*blocks, Heading("Before and after"), Sentence("Not translated."))
        ]
    outputs = [new_output("display_data", bundle) for bundle in bundles]
    run = new_notebook(cells=[new_code_cell("", outputs=outputs)])
    marks = PageMarks("", "", "es")
    made = PdfReader(io.BytesIO(build_pdf(run, title="x", marks=marks, timestamp=0)))
    root = made.trailer["/Root"]
    assert root["/Lang"] == "es"
    assert "en" in {one.get("/Lang") for one in tags(root["/StructTreeRoot"])}
    assert [title for _, title in bookmarks(made.outline)] == [
        "Evolución de los dolores de cabeza",
        "Antes y después",
    ]


def _lightness(colour: str) -> float:
    """Relative luminance of WCAG 2, 0 (black) to 1 (white): what is left of a colour on a grey printer."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_lightness(one), _lightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_can_be_read_on_a_grey_print() -> None:
    """WCAG 2 asks 4.5 to 1 for text; grey keeps only lightness, so this holds without colour."""
    for colour in (style.INK, style.QUIET, style.RECORDED, style.EXPECTED):
        assert _contrast(colour, "#ffffff") >= 4.5
    for paper in (style.RECORDED_LIGHT, style.EXPECTED_LIGHT, style.WINDOW):
        assert _contrast(style.INK, paper) >= 4.5
    assert _contrast(style.SHADE_LIGHT, style.SHADE_DARK) >= 4.5
