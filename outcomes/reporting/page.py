"""What a report notebook shows: blocks that are HTML for the page and Typst for the PDF.

A block holds text that is already worded, rounded and disclosure-safe; it computes nothing. Displayed in a
notebook it offers `text/html`, `text/vnd.typst`, `text/plain` and, for programs, its words as JSON (exports.py).
The Typst form is a call of a function in `page_template/page.typ` whose arguments are string literals, so no text
can become markup.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from outcomes.reporting.language import spoken
from outcomes.reporting.page_base import Align as Align
from outcomes.reporting.page_base import Block as Block
from outcomes.reporting.page_base import Width as Width
from outcomes.reporting.page_base import html_notes, plain_texts
from outcomes.reporting.page_tables import ROWS_ON_ONE_PAGE as ROWS_ON_ONE_PAGE
from outcomes.reporting.page_tables import TableBlock as TableBlock
from outcomes.reporting.words import Inline as Inline
from outcomes.reporting.words import Mark as Mark
from outcomes.reporting.words import Strong as Strong
from outcomes.reporting.words import (
    Words,
    escape_html,
    html_words,
    plain_words,
    typst_array,
    typst_data,
    typst_string,
    typst_strings,
    typst_text,
    typst_words,
)


@dataclass(frozen=True)
class Masthead(Block):
    """Head of the first page. `badge` is the short name of the profile."""

    title: str
    month: str
    right_lines: tuple[str, ...] = ()
    badge: str = ""

    def as_html(self) -> str:
        badge = f'<p><span class="badge">{escape_html(self.badge)}</span></p>' if self.badge else ""
        lines = "".join(f"<p>{escape_html(line)}</p>" for line in self.right_lines)
        month = f' <span class="month">{escape_html(self.month)}</span>' if self.month else ""
        return (
            f'<header class="masthead"><h1>{escape_html(self.title)}{month}</h1>'
            f'<div class="about">{badge}{lines}</div></header>'
        )

    def as_typst(self) -> str:
        lines = typst_strings(self.right_lines)
        title, month, badge = (typst_string(text) for text in (self.title, self.month, self.badge))
        return f"masthead({title}, {month}, {lines}, {badge})"

    def as_text(self) -> str:
        return "\n".join([f"{self.title} {self.month}", self.badge, *self.right_lines])


@dataclass(frozen=True)
class Heading(Block):
    """A section's title, with a quieter remark after it. Level 1 is the masthead's."""

    text: str
    aside: str = ""
    level: Literal[2, 3] = 2

    def __post_init__(self) -> None:
        if self.level not in (2, 3):
            raise ValueError("a heading inside the page has level 2 or 3")

    def as_html(self) -> str:
        aside = f' <span class="aside">{escape_html(self.aside)}</span>' if self.aside else ""
        return f"<h{self.level}>{escape_html(self.text)}{aside}</h{self.level}>"

    def as_typst(self) -> str:
        return f"section({typst_string(self.text)}, {typst_string(self.aside)}, {self.level})"

    def as_text(self) -> str:
        return f"{self.text} {self.aside}".strip()

    def as_data(self) -> dict[str, Any]:
        return {"kind": "heading", "level": self.level, **plain_texts(text=self.text, aside=self.aside)}


@dataclass(frozen=True)
class _Paragraph(Block):
    """Words in one paragraph; the subclasses differ in how loud they are."""

    text: Words
    name: ClassVar[str] = ""

    def as_html(self) -> str:
        return f'<p class="{self.name}">{html_words(self.text)}</p>'

    def as_typst(self) -> str:
        return f"{self.name}({typst_words(self.text)})"

    def as_text(self) -> str:
        return plain_words(self.text)


@dataclass(frozen=True)
class Lead(_Paragraph):
    """The opening sentences, large: what happened, then what was to be expected."""

    name: ClassVar[str] = "lead"


@dataclass(frozen=True)
class Sentence(_Paragraph):
    """Running text."""

    name: ClassVar[str] = "sentence"


@dataclass(frozen=True)
class Limitation(_Paragraph):
    """What the report cannot show, in the flow of the page."""

    name: ClassVar[str] = "limitation"


@dataclass(frozen=True)
class KeyFigure:
    """One figure an owner asks for; `lines` give its interval and the number that sobers it."""

    label: str
    value: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeyFigures(Block):
    """Two to four figures side by side."""

    items: tuple[KeyFigure, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.items) <= 4:
            raise ValueError("two to four key figures stand side by side")

    def as_html(self) -> str:
        shown = []
        for item in self.items:
            lines = "".join(f'<dd class="small">{escape_html(line)}</dd>' for line in item.lines)
            value = f'<dd class="value">{escape_html(item.value)}</dd>'
            shown.append(f"<div><dt>{escape_html(item.label)}</dt>{value}{lines}</div>")
        return f'<dl class="key-figures of-{len(self.items)}">{"".join(shown)}</dl>'

    def as_typst(self) -> str:
        items = []
        for item in self.items:
            lines = typst_strings(item.lines)
            items.append(f"({typst_string(item.label)}, {typst_string(item.value)}, {lines})")
        return f"key-figures({typst_array(items)})"

    def as_text(self) -> str:
        return "\n".join(f"{item.label}: {item.value}; {'; '.join(item.lines)}" for item in self.items)

    def as_data(self) -> dict[str, Any]:
        items = [plain_texts(label=item.label, value=item.value, lines=item.lines) for item in self.items]
        return {"kind": "key_figures", "language": spoken(), "items": items}


@dataclass(frozen=True)
class FigureBlock(Block):
    """A drawing with its text alternative. `narrow_svg` is the same figure drawn for a phone's width."""

    svg: bytes
    alt: str
    caption: str = ""
    width: Width = "full"
    narrow_svg: bytes = b""

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a figure needs a text alternative")

    def as_html(self) -> str:
        # Two images and a rule of the stylesheet: <picture> would take the narrow one in print.
        drawings = [("wide", self.svg), ("narrow", self.narrow_svg)] if self.narrow_svg else [("", self.svg)]
        images = "".join(
            f'<img class="{kind}" src="{_data_address(svg)}" alt="{escape_html(self.alt)}">'
            for kind, svg in drawings
        )
        caption = f"<figcaption>{escape_html(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="{self.width}">{images}{caption}</figure>'

    def as_typst(self) -> str:
        svg = typst_data(self.svg.decode("utf-8"))
        alt, caption, width = (typst_string(text) for text in (self.alt, self.caption, self.width))
        return f"drawing({svg}, {alt}, {caption}, {width})"

    def as_text(self) -> str:
        return f"[figure] {self.alt} {self.caption}".strip()

    def as_data(self) -> dict[str, Any]:
        return {
            "kind": "figure",
            "svg": self.svg.decode("utf-8"),
            **plain_texts(alt=self.alt, caption=self.caption),
        }


def _data_address(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


@dataclass(frozen=True)
class NewPage(Block):
    """What follows begins a new page on paper."""

    def as_html(self) -> str:
        return '<div class="new-page"></div>'

    def as_typst(self) -> str:
        return "pagebreak(weak: true)"

    def as_text(self) -> str:
        return ""


@dataclass(frozen=True)
class Notes(Block):
    """Small remarks, one per line."""

    items: tuple[Words, ...]

    def as_html(self) -> str:
        return html_notes(self.items)

    def as_typst(self) -> str:
        return f"notes({typst_array([typst_words(item) for item in self.items])})"

    def as_text(self) -> str:
        return "\n".join(plain_words(item) for item in self.items)


@dataclass(frozen=True)
class Provenance(Block):
    """Where the numbers come from: pairs of name and value, small."""

    rows: tuple[tuple[str, str], ...]

    def as_html(self) -> str:
        rows = "".join(
            f"<div><dt>{escape_html(key)}</dt><dd>{escape_html(value)}</dd></div>" for key, value in self.rows
        )
        return f'<dl class="provenance">{rows}</dl>'

    def as_typst(self) -> str:
        rows = [f"({typst_string(key)}, {typst_text(value)})" for key, value in self.rows]
        return f"provenance({typst_array(rows)})"

    def as_text(self) -> str:
        return "\n".join(f"{key}: {value}" for key, value in self.rows)


@dataclass(frozen=True)
class Columns(Block):
    """Two blocks, or two stacks of blocks, side by side; one under the other on a narrow screen."""

    left: Block | tuple[Block, ...]
    right: Block | tuple[Block, ...]

    def _stacks(self) -> tuple[tuple[Block, ...], ...]:
        return tuple(side if isinstance(side, tuple) else (side,) for side in (self.left, self.right))

    def as_html(self) -> str:
        stacks = ("".join(block.as_html() for block in stack) for stack in self._stacks())
        return '<div class="columns">' + "".join(f"<div>{stack}</div>" for stack in stacks) + "</div>"

    def as_typst(self) -> str:
        stacks = ("\n".join(f"#{block.as_typst()}" for block in stack) for stack in self._stacks())
        return f"side-by-side({', '.join(f'[{stack}]' for stack in stacks)})"

    def as_text(self) -> str:
        return "\n".join(block.as_text() for stack in self._stacks() for block in stack)

    def as_data(self) -> dict[str, Any]:
        told = [block.as_data() for stack in self._stacks() for block in stack]
        return {"kind": "columns", "blocks": [data for data in told if data is not None]}
