"""The report as a person opens it: quiet, alone, readable on a phone, spoken in order, and whole on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

PROFILES = ("internal", "share")
DESK, PHONE = (1280, 900), (360, 740)
#: The text's width on A4 with the page's own margins, in CSS pixels.
A4_TEXT_PX = round(170 / 25.4 * 96)


@dataclass
class Opened:
    """A page and all that it said and asked for since it was opened."""

    page: Any
    asked_for: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@pytest.fixture(params=PROFILES)
def opened(request: pytest.FixtureRequest, browser: Any, reports: Path) -> Iterator[Opened]:
    yield from _open(browser, reports / request.param / "report.html")


@pytest.fixture(params=["letter", "research-summary"])
def opened_further(request: pytest.FixtureRequest, browser: Any, further: Path) -> Iterator[Opened]:
    yield from _open(browser, further / f"{request.param}.html")


def _open(browser: Any, path: Path) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    page = context.new_page()
    seen = Opened(page)
    address = path.as_uri()

    def route(one: Any) -> None:
        if one.request.url == address:
            one.continue_()
        else:
            seen.asked_for.append(one.request.url)
            one.abort()

    page.route("**/*", route)
    page.on("request", lambda one: seen.asked_for.append(one.url) if _is_outside(one.url, address) else None)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.goto(address, wait_until="networkidle")
    yield seen
    context.close()


def _is_outside(url: str, address: str) -> bool:
    return url != address and not url.startswith("data:")


# ---- alone and quiet ----


def test_no_request_leaves_the_page_and_the_console_is_silent(opened: Opened) -> None:
    opened.page.mouse.wheel(0, 50_000)
    opened.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    opened.page.wait_for_timeout(300)
    assert opened.asked_for == []
    assert opened.said == []


def test_the_content_policy_lets_no_script_run_and_nothing_be_fetched(opened: Opened) -> None:
    """The same page with what an attacker would put into it: the browser refuses it."""
    ran, width = opened.page.evaluate(
        """() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';
        document.body.append(one); const image = document.createElement('img');
        image.setAttribute('onload', 'window.ran = 2');
        image.src = 'https://example.org/x.png'; document.body.append(image);
        return new Promise(done => setTimeout(() => done([window.ran ?? null, image.naturalWidth]), 300)); }"""
    )
    assert (ran, width) == (None, 0)
    refused = [text for text in opened.said if "Content Security Policy" in text]
    assert any("script" in text for text in refused)
    assert any("example.org" in text for text in refused)


def test_the_typeface_is_the_shipped_one(opened: Opened) -> None:
    loaded = opened.page.evaluate("() => [...document.fonts].filter(one => one.status === 'loaded').length")
    assert loaded >= 2
    assert opened.page.evaluate("() => getComputedStyle(document.body).fontFamily").startswith("Inter")


# ---- on a phone and read aloud ----


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_has_to_be_scrolled_sideways(opened: Opened, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 740})
    wide = opened.page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width
    beyond = opened.page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(one => {
        const box = one.getBoundingClientRect(); const hidden = getComputedStyle(one).position === 'absolute';
        return !hidden && !one.closest('thead') && box.width > 0 && box.right > innerWidth + 1; })
        .map(one => one.tagName + '.' + one.className)"""
    )
    assert beyond == []


def test_figures_are_drawn_for_the_width_of_the_screen(opened: Opened) -> None:
    """The narrow drawing on a phone, the wide one on a desk, and its letters large enough to read."""
    shown = """() => [...document.querySelectorAll('figure img')].filter(one => one.offsetWidth)
        .map(one => one.className)"""
    assert "narrow" not in opened.page.evaluate(shown)
    opened.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert "wide" not in opened.page.evaluate(shown)
    scales = opened.page.evaluate(
        """() => [...document.querySelectorAll('figure img')].filter(one => one.offsetWidth)
        .map(one => one.offsetWidth / one.naturalWidth)"""
    )
    # 8 points are 10.7 pixels at scale 1.
    assert min(scales) > 0.9


def test_headings_come_in_order(opened: Opened) -> None:
    levels = opened.page.evaluate(
        "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => +one.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert len(levels) > 5
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_figure_has_words(opened: Opened) -> None:
    alternatives = opened.page.evaluate("() => [...document.images].map(one => one.alt)")
    assert alternatives
    assert all(len(words) > 20 for words in alternatives)


def test_axe_finds_no_serious_violation(opened: Opened) -> None:
    _no_serious_violation(opened.page)


def _no_serious_violation(page: Any) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="the test extra 'axe-playwright-python' is not installed",
    )
    for width, height in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        found = axe.Axe().run(page).response
        grave = [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert grave == []
        assert len(found["passes"]) > 10


# ---- on paper ----


def test_the_printed_page_is_as_wide_as_the_paper(opened: Opened) -> None:
    opened.page.emulate_media(media="print")
    opened.page.set_viewport_size({"width": A4_TEXT_PX, "height": 1000})
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= A4_TEXT_PX
    tables = opened.page.evaluate(
        """() => [...document.querySelectorAll('table')].map(one => [one.getBoundingClientRect().right,
        one.parentElement.getBoundingClientRect().right])"""
    )
    assert tables
    assert all(right <= edge + 1 for right, edge in tables)


def test_no_row_of_a_table_is_cut_by_the_edge_of_a_page(opened: Opened) -> None:
    paper = PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True)))
    assert 2 <= len(paper.pages) <= 26
    for one in paper.pages:
        assert float(one.mediabox.width) == pytest.approx(595, abs=1)
        assert float(one.mediabox.height) == pytest.approx(842, abs=1)
    texts = [_squeezed(one.extract_text()) for one in paper.pages]
    rows = opened.page.evaluate(
        """() => [...document.querySelectorAll('tbody tr')].map(row =>
        [...row.cells].map(cell => cell.innerText))"""
    )
    assert len(rows) > 20
    for cells in rows:
        row = "".join(_squeezed(cell) for cell in cells)
        assert any(row in text for text in texts), cells


def test_a_short_table_stays_with_its_head(opened: Opened) -> None:
    texts = [
        _squeezed(one.extract_text())
        for one in PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages
    ]
    ends = opened.page.evaluate(
        """() => [...document.querySelectorAll('table.short')].map(one =>
        [one.rows[1], one.rows[one.rows.length - 1]].map(row => [...row.cells].map(cell => cell.innerText).join('')))"""
    )
    assert ends
    for first, last in ends:
        assert any(_squeezed(first) in text and _squeezed(last) in text for text in texts), (first, last)


def test_the_limitation_stands_on_every_printed_page(opened: Opened) -> None:
    for one in PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages:
        assert "doesnotshowthatdryneedlingcausedthechange" in _squeezed(one.extract_text())


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text)


# ---- the other pages ----


def test_letter_and_summary_are_as_quiet_narrow_and_accessible(opened_further: Opened) -> None:
    page = opened_further.page
    assert (opened_further.asked_for, opened_further.said) == ([], [])
    _no_serious_violation(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    levels = page.evaluate("() => [...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1 and 3 not in levels


def test_what_is_english_in_a_spanish_page_is_marked(browser: Any, further: Path) -> None:
    for opened in _open(browser, further / "research-summary.html"):
        found = opened.page.evaluate(
            """() => ['p.limitation', 'td:last-child'].map(name =>
            document.querySelector(name).closest('[lang]').lang)"""
        )
        assert found == ["es", "en"]
        assert opened.page.evaluate("() => document.documentElement.lang") == "es"
