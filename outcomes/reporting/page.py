"""What a report notebook shows: blocks that are HTML for the page and Typst for the PDF.

A block holds text that is already worded, rounded and disclosure-safe; it computes nothing. Displayed in a
notebook it offers `text/html`, `text/vnd.typst`, `text/plain` and, for programs, its words as JSON (exports.py).
The Typst form is a call of a function in `page_template/page.typ` whose arguments are string literals, so no text
can become markup.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

from outcomes.reporting.formatting import signs_of_numbers
from outcomes.reporting.language import in_spoken_language, language_of, spoken
from outcomes.reporting.words import (
    BLOCK_MIME,
    HTML_MIME,
    TYPST_MIME,
    Words,
    escape_html,
    html_words,
    plain_words,
    readable,
    typst_array,
    typst_data,
    typst_string,
    typst_strings,
    typst_text,
    typst_words,
)
from outcomes.reporting.words import Inline as Inline
from outcomes.reporting.words import Mark as Mark
from outcomes.reporting.words import Strong as Strong

Align = Literal["left", "right", "decimal"]
Width = Literal["full", "half"]

# Shorter tables are kept on one page; longer ones repeat their header on the next.
ROWS_ON_ONE_PAGE = 25


@cache
def _number_pattern(language: str) -> re.Pattern[str]:
    """A number as this language writes it; `tail` is all from its decimal sign on."""
    thousands, decimal = (re.escape(sign) for sign in signs_of_numbers(language))
    return re.compile(
        rf"^\s*[^0-9]{{0,3}}[0-9][0-9{thousands}\u202f\u2009]*(?P<tail>({decimal}[0-9]+)?[^0-9]{{0,3}})$"
    )


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
        return {"kind": "heading", "level": self.level, **_plain(text=self.text, aside=self.aside)}


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
        items = [_plain(label=item.label, value=item.value, lines=item.lines) for item in self.items]
        return {"kind": "key_figures", "language": spoken(), "items": items}


@dataclass(frozen=True)
class TableBlock(Block):
    """A table of words and formatted numbers: one header row, then `rows`, each as long as `columns`.

    `align` has one entry per column (left, right, decimal); empty means first column left, others right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    caption: str = ""
    align: tuple[Align, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row of a table has one cell per column")
        if self.align and len(self.align) != len(self.columns):
            raise ValueError("align has one entry per column")

    def alignments(self) -> tuple[Align, ...]:
        numbers: list[Align] = ["right"] * (len(self.columns) - 1)
        return self.align or ("left", *numbers)

    def decimal_padding(self, column: int) -> tuple[str, ...]:
        """Per row: invisible characters after the cell that bring the decimal points under each other."""
        texts = [plain_words(row[column]) for row in self.rows]
        pattern = _number_pattern(spoken())
        tails = [match["tail"] if (match := pattern.match(text)) else None for text in texts]
        longest = max((tail for tail in tails if tail is not None), key=len, default="")
        if self.alignments()[column] != "decimal":
            return ("",) * len(texts)
        return tuple("" if tail is None else _missing_tail(tail, longest) for tail in tails)

    def as_html(self) -> str:
        aligns = self.alignments()
        paddings = [self.decimal_padding(column) for column in range(len(self.columns))]
        caption = f"<caption>{escape_html(self.caption)}</caption>" if self.caption else ""
        head = "".join(
            f'<th scope="col" role="columnheader" class="{align}">{escape_html(column)}</th>'
            for column, align in zip(self.columns, aligns, strict=True)
        )
        body = "".join(
            f'<tr role="row">{self._html_cells(row, [padding[number] for padding in paddings])}</tr>'
            for number, row in enumerate(self.rows)
        )
        # On a narrow screen wide tables are laid out row by row; the roles keep them tables when read aloud.
        kind = "wide" if len(self.columns) > 3 else "slim"
        short = " short" if len(self.rows) < ROWS_ON_ONE_PAGE else ""
        table = (
            f'<table role="table" class="{kind}{short}">{caption}<thead role="rowgroup"><tr role="row">{head}'
            f'</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
        )
        return f'<div class="table">{table}{_html_notes(self.notes)}</div>'

    def _html_cells(self, row: tuple[Words, ...], paddings: Sequence[str]) -> str:
        cells = []
        for index, (cell, align) in enumerate(zip(row, self.alignments(), strict=True)):
            tag, role = ('th scope="row"', "rowheader") if index == 0 else ("td", "cell")
            label, missing = escape_html(self.columns[index]), escape_html(paddings[index])
            pad = f'<span class="pad" data-pad="{missing}"></span>' if missing else ""
            cells.append(
                f'<{tag} role="{role}" class="{align}" data-label="{label}">'
                f"<span>{html_words(cell)}{pad}</span></{tag[:2]}>"
            )
        return "".join(cells)

    def as_typst(self) -> str:
        paddings = [self.decimal_padding(column) for column in range(len(self.columns))]
        rows = []
        for number, row in enumerate(self.rows):
            cells = [
                f"({typst_words(cell)}, {typst_string(paddings[index][number])})"
                for index, cell in enumerate(row)
            ]
            rows.append(typst_array(cells))
        aligns = typst_array(["left" if align == "left" else "right" for align in self.alignments()])
        columns, notes = (typst_strings(texts) for texts in (self.columns, self.notes))
        keep = "true" if len(self.rows) < ROWS_ON_ONE_PAGE else "false"
        return (
            f"data-table({columns}, {typst_array(rows)}, {typst_string(self.caption)}, {aligns}, {notes}, "
            f"keep: {keep})"
        )

    def as_text(self) -> str:
        lines = ["\t".join(self.columns), *("\t".join(map(plain_words, row)) for row in self.rows)]
        return "\n".join([self.caption, *lines, *self.notes]).strip()

    def as_data(self) -> dict[str, Any]:
        words = _plain(caption=self.caption, columns=self.columns, notes=self.notes)
        rows = [[readable(plain_words(cell)) for cell in row] for row in self.rows]
        return {
            "kind": "table",
            "language": spoken(),
            "rows": rows,
            "align": list(self.alignments()),
            **words,
        }


def _missing_tail(tail: str, longest: str) -> str:
    return longest.removesuffix(tail) if longest.endswith(tail) else longest[len(tail) :]


def _html_notes(notes: Sequence[Words]) -> str:
    if not notes:
        return ""
    return '<ul class="notes">' + "".join(f"<li>{html_words(note)}</li>" for note in notes) + "</ul>"


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
            **_plain(alt=self.alt, caption=self.caption),
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
        return _html_notes(self.items)

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


def _plain(**texts: str | Sequence[str]) -> dict[str, str | list[str]]:
    """Texts without characters that no file could hold."""
    return {
        name: readable(text) if isinstance(text, str) else [readable(one) for one in text]
        for name, text in texts.items()
    }
