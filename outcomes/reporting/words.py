"""Words inside a report's blocks, and how any text reaches HTML and Typst without becoming markup."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

HTML_MIME = "text/html"
TYPST_MIME = "text/vnd.typst"
#: What a block says of itself for programs: texts as shown, no markup.
BLOCK_MIME = "application/vnd.outcomes.block+json"

Tone = Literal["recorded", "expected", "quiet"]

# What the shipped typeface can show (fonts/README.md). PDF/UA refuses a document with any other character.
SHOWN = (
    "\u0020-\u007e\u00a0-\u00ac\u00ae-\u0148\u014a-\u017f\u0218-\u021b\u02c6-\u02c7\u02d8-\u02dd\u0386-\u038a"
    "\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u0490-\u0491\u1e80-\u1e85\u1e9e\u1ea0-\u1ef9\u2000-\u200a"
    "\u2010-\u2027\u202f-\u2030\u2032-\u2033\u2039-\u203a\u2044\u2070-\u2071\u2074-\u2079\u2080-\u2089\u20ac"
    "\u2116\u2122\u2190-\u2193\u2212\u221e\u2248\u2260\u2264-\u2265\u25a1\u25cb\u25cf\u2713"
)
NOT_SHOWN = "\u25a1"  # □

_NOT_IN_FONT = re.compile("[^\n" + SHOWN + "]")
# Control characters, line separators, signs that turn the direction of reading, halves of surrogate pairs.
_NO_TEXT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def escape_html(text: str) -> str:
    """HTML that shows exactly `text`, in content and in quoted attributes."""
    return html.escape(readable(text), quote=True)


def typst_string(text: str) -> str:
    """A Typst string literal (code mode) that holds `text`; □ for a character the typeface lacks."""
    return typst_data(in_typeface(text))


def typst_data(text: str) -> str:
    """A Typst string literal of text that is not typeset (a drawing)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def escape_typst(text: str) -> str:
    """Typst markup that shows exactly `text`.

    A string expression instead of escaped markup: in a string only the backslash and the quote mean anything,
    while in markup the list of signs to escape depends on the place and on the release. The semicolon ends
    the expression, so that a dot or bracket after it stays text.
    """
    return f"#{typst_string(text)};"


def typst_array(expressions: Sequence[str]) -> str:
    return "(" + "".join(f"{expression}, " for expression in expressions) + ")"


def typst_strings(texts: Sequence[str]) -> str:
    return typst_array([typst_string(text) for text in texts])


def in_typeface(text: str) -> str:
    """`text` with □ for every character that the shipped typeface lacks."""
    return _NOT_IN_FONT.sub(NOT_SHOWN, readable(text))


def readable(text: str) -> str:
    """Composed, and with □ for every character that is no text."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
    return _NO_TEXT.sub(NOT_SHOWN, composed)


@dataclass(frozen=True)
class Strong:
    """Words that carry the message, bold and in the colour of what they speak of."""

    text: str
    tone: Tone = "recorded"


@dataclass(frozen=True)
class Mark:
    """A verdict: a sign (● ○ –) in the tone's colour, then the word, so that colour alone carries nothing."""

    sign: str
    text: str
    tone: Tone = "quiet"


Inline: TypeAlias = str | Strong | Mark
Words: TypeAlias = Inline | tuple[Inline, ...]


_LONG_WORD = re.compile(r"(\S{24})(?=\S{4})")


def html_words(words: Words) -> str:
    """HTML, with places to break in words too long for a phone or a table's column."""
    shown = []
    for part in _parts(words):
        if isinstance(part, Strong):
            shown.append(f'<strong class="{escape_html(part.tone)}">{_html_text(part.text)}</strong>')
        elif isinstance(part, Mark):
            sign = f'<span class="sign {escape_html(part.tone)}">{escape_html(part.sign)}</span>'
            shown.append(f"{sign}&nbsp;{_html_text(part.text)}")
        else:
            shown.append(_html_text(part))
    return "".join(shown)


def _html_text(text: str) -> str:
    # Broken before it is escaped, so that no entity is cut in two; NUL cannot be in readable text.
    pieces = _LONG_WORD.sub("\\1\x00", readable(text)).split("\x00")
    return "<wbr>".join(escape_html(piece) for piece in pieces)


def typst_words(words: Words) -> str:
    """A Typst array of strings and contents, which the page's functions join."""
    shown = []
    for part in _parts(words):
        if isinstance(part, Strong):
            shown.append(f"toned({typst_text(part.text)}, {typst_string(part.tone)})")
        elif isinstance(part, Mark):
            sign, tone = typst_string(part.sign), typst_string(part.tone)
            shown.append(f"marked({sign}, {typst_text(part.text)}, {tone})")
        else:
            shown.append(typst_text(part))
    return typst_array(shown)


def typst_text(text: str) -> str:
    """A Typst string of shown text, with invisible places to break in very long words."""
    return typst_data(_LONG_WORD.sub("\\1\u200b", in_typeface(text)))


def plain_words(words: Words) -> str:
    return "".join(
        part if isinstance(part, str) else f"{part.sign} {part.text}" if isinstance(part, Mark) else part.text
        for part in _parts(words)
    )


def _parts(words: Words) -> tuple[Inline, ...]:
    return words if isinstance(words, tuple) else (words,)
