"""The kit's printed pages: A4, PDF/UA-1, in the report's typeface, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from outcomes.errors import ReportStopped
from outcomes.first_day import texts
from outcomes.first_day.markup import title_of, typst_document
from outcomes.records.code_lists import MEDICATION_CLASSES
from outcomes.reporting import style
from outcomes.reporting.words import typst_array, typst_string, typst_strings

#: Codes on the printed list. A clinic that needs more writes them by hand.
CODES_PRINTED: Final = 125
_TIMESTAMP: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def diary_page(days: int = 28) -> bytes:
    """One sheet of diary with an explicit box for each day without headache."""
    words = {
        "title": typst_string(texts.DIARY_TITLE),
        "length": typst_string(f"{days} days."),
        "no-name": typst_string(texts.DIARY_NO_NAME),
        "code": typst_string(texts.PATIENT_CODE),
        "first-day": typst_string(texts.FIRST_DAY),
        "steps": typst_array([typst_strings(step) for step in texts.DIARY_STEPS]),
        "rule": typst_string(texts.DIARY_RULE),
        "helped": typst_strings(texts.DIARY_HELPED),
        "sore": typst_strings(texts.DIARY_SORE),
        "groups": typst_strings(texts.DIARY_GROUPS),
        "columns": typst_strings(texts.DIARY_COLUMNS),
        "letters-title": typst_string(texts.DIARY_LETTERS),
        "letters": typst_array([typst_strings(texts.MEDICINES[name]) for name in MEDICATION_CLASSES]),
        "care": typst_string(texts.DIARY_CARE),
    }
    body = f"#diary({_dictionary(words)}, {days})"
    return _page(body, texts.DIARY_TITLE, margin="(x: 11mm, top: 10mm, bottom: 9mm)", size="9pt")


def recall_card() -> bytes:
    """Two cards on a sheet, filled in by the patient before the session."""
    words = {
        "title": typst_string(texts.CARD_TITLE),
        "code": typst_string(texts.PATIENT_CODE),
        "today": typst_string(texts.TODAY),
        "recall": typst_string(texts.CARD_RECALL),
        "recall-unit": typst_string(texts.CARD_RECALL_UNIT),
        "recall-help": typst_string(texts.CARD_RECALL_HELP),
        "now": typst_string(texts.CARD_NOW),
        "scale": typst_strings(texts.CARD_SCALE),
        "since": typst_string(texts.CARD_SINCE),
        "soreness": typst_string(texts.CARD_SORENESS),
        "soreness-scale": typst_strings(texts.CARD_SORENESS_SCALE),
        "event": typst_string(texts.CARD_EVENT),
        "answers": typst_strings(texts.CARD_EVENT_ANSWERS),
        "clinic": typst_string(texts.CARD_CLINIC),
        "after": typst_string(texts.CARD_AFTER),
    }
    body = f"#two-cards({_dictionary(words)})"
    return _page(body, texts.CARD_TITLE, margin="(x: 13mm, y: 10mm)", size="9.5pt")


def code_list() -> bytes:
    """The paper list of who is behind which code. It never lies in the folder of the records."""
    words = {
        "title": typst_string(texts.CODES_PAGE_TITLE),
        "warning": typst_string(texts.CODES_PAGE_WARNING),
        "columns": typst_strings(texts.CODES_PAGE_COLUMNS),
    }
    codes = typst_strings([f"P-{number:04d}" for number in range(1, CODES_PRINTED + 1)])
    body = f"#code-list({_dictionary(words)}, {codes})"
    margin = "(x: 14mm, top: 14mm, bottom: 15mm)"
    return _page(body, texts.CODES_PAGE_SUBJECT, margin=margin, size="9.5pt", numbered=True)


def document(markdown: str, *, mark: str = "") -> bytes:
    """A long text of the kit as PDF; `mark` stands above every page."""
    title = title_of(markdown)
    body = f"#article({typst_string(title)})[\n{typst_document(markdown)}\n]"
    margin = "(x: 20mm, top: 20mm, bottom: 18mm)"
    return _page(body, title, margin=margin, size="9.6pt", mark=mark, numbered=True)


def long_text(name: str, language: str = "en") -> str:
    """A long text of the kit as Markdown."""
    return (Path(__file__).parent / language / f"{name}.md").read_text(encoding="utf-8")


def _dictionary(words: Mapping[str, str]) -> str:
    return "(" + "".join(f'"{name}": {value}, ' for name, value in words.items()) + ")"


def _page(body: str, title: str, *, margin: str, size: str, mark: str = "", numbered: bool = False) -> bytes:
    look = ", ".join(f"{name}: {json.dumps(value)}" for name, value in style.LOOK.items())
    functions = (Path(__file__).parent / "kit.typ").read_text(encoding="utf-8")
    setup = (
        f'title: {typst_string(title)}, language: "en", mark: {typst_string(mark)}, margin: {margin}, '
        f"size: {size}, numbered: {str(numbered).lower()}"
    )
    return _typeset(f"#let look = ({look})\n{functions}\n#show: page-setup.with({setup})\n{body}")


def _typeset(source: str) -> bytes:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(style.font_folder())]
    )
    try:
        made = typst.compile(
            source.encode("utf-8"),
            font_paths=fonts,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=_TIMESTAMP,
        )
    except typst.TypstError:
        raise ReportStopped("a page of the kit could not be typeset; nothing was written") from None
    return bytes(made)
