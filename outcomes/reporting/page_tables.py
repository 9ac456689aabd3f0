"""Tables of a report: words and formatted numbers, aligned on the decimal."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from outcomes.reporting.formatting import signs_of_numbers
from outcomes.reporting.language import spoken
from outcomes.reporting.page_base import Align, Block, html_notes, plain_texts
from outcomes.reporting.words import (
    Words,
    escape_html,
    html_words,
    plain_words,
    readable,
    typst_array,
    typst_string,
    typst_strings,
    typst_words,
)

# Shorter tables are kept on one page; longer ones, and those of long texts, repeat their header on the next.
ROWS_ON_ONE_PAGE = 25
_LINES_ON_ONE_PAGE = 40
#: Letters in a line: of a row, and of a cell that has the room.
_LETTERS_OF_ROW, _LETTERS_OF_CELL = 90, 60


@cache
def _number_pattern(language: str) -> re.Pattern[str]:
    """A number as this language writes it; `tail` is all from its decimal sign on."""
    thousands, decimal = (re.escape(sign) for sign in signs_of_numbers(language))
    return re.compile(
        rf"^\s*[^0-9]{{0,3}}[0-9][0-9{thousands}\u202f\u2009]*(?P<tail>({decimal}[0-9]+)?[^0-9]{{0,3}})$"
    )


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

    @property
    def on_one_page(self) -> bool:
        """Whether it is short enough to be kept together, by its rows and by the lines that their texts may take."""
        lines = 0
        for row in self.rows:
            letters = [len(plain_words(cell)) for cell in row]
            lines += max(
                1, math.ceil(sum(letters) / _LETTERS_OF_ROW), math.ceil(max(letters) / _LETTERS_OF_CELL)
            )
        return len(self.rows) < ROWS_ON_ONE_PAGE and lines <= _LINES_ON_ONE_PAGE

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
        short = " short" if self.on_one_page else ""
        table = (
            f'<table role="table" class="{kind}{short}">{caption}<thead role="rowgroup"><tr role="row">{head}'
            f'</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
        )
        return f'<div class="table">{table}{html_notes(self.notes)}</div>'

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
        keep = "true" if self.on_one_page else "false"
        return (
            f"data-table({columns}, {typst_array(rows)}, {typst_string(self.caption)}, {aligns}, {notes}, "
            f"keep: {keep})"
        )

    def as_text(self) -> str:
        lines = ["\t".join(self.columns), *("\t".join(map(plain_words, row)) for row in self.rows)]
        return "\n".join([self.caption, *lines, *self.notes]).strip()

    def as_data(self) -> dict[str, Any]:
        words = plain_texts(caption=self.caption, columns=self.columns, notes=self.notes)
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
