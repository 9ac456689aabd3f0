"""What every block of a report is, and the words that blocks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from outcomes.reporting.language import in_spoken_language, language_of, spoken
from outcomes.reporting.words import (
    BLOCK_MIME,
    HTML_MIME,
    TYPST_MIME,
    Words,
    html_words,
    readable,
    typst_string,
)

Align = Literal["left", "right", "decimal"]
Width = Literal["full", "half"]


class Block:
    """Something a report shows. Subclasses say it as HTML, as a Typst call and as plain text."""

    def as_html(self) -> str:
        raise NotImplementedError

    def as_typst(self) -> str:
        """A Typst expression in code mode, without the leading `#`."""
        raise NotImplementedError

    def as_text(self) -> str:
        raise NotImplementedError

    def as_data(self) -> dict[str, Any]:
        """The same words as plain data, for scripts: no more than the page shows."""
        return {"kind": type(self).__name__.lower(), "text": self.as_text()}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        shown = in_spoken_language(self)
        language = language_of(shown)
        html, typst, data = shown.as_html(), shown.as_typst(), shown.as_data()
        if language != spoken():
            html = f'<div lang="{language}">{html}</div>'
            typst = f"in-language({typst_string(language)}, {typst})"
        words = {HTML_MIME: html, TYPST_MIME: f"#{typst}\n", "text/plain": shown.as_text()}
        return {**words, BLOCK_MIME: data}


def html_notes(notes: Sequence[Words]) -> str:
    if not notes:
        return ""
    return '<ul class="notes">' + "".join(f"<li>{html_words(note)}</li>" for note in notes) + "</ul>"


def plain_texts(**texts: str | Sequence[str]) -> dict[str, str | list[str]]:
    """Texts without characters that no file could hold."""
    return {
        name: readable(text) if isinstance(text, str) else [readable(one) for one in text]
        for name, text in texts.items()
    }
