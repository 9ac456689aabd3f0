"""The kit's long texts, written in a small part of Markdown, as Typst.

Headings, paragraphs, lists (`- □` for boxes to tick), numbered lists, tables, notes, `---` for a new page,
`____` for a line to write on, **bold** and `code`; nothing else is used in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from outcomes.reporting.words import escape_typst, typst_array

_INLINE = re.compile(r"(\*\*.+?\*\*|`[^`]+`)")
_WRITING = re.compile(r"([^_]+)(_{4,})")
_ITEM = re.compile(r"(?:- |\d+\. )(.*)")


def typst_document(markdown: str) -> str:
    """The text without its title, which stands on the first line, as calls of the functions in kit.typ."""
    return "\n".join(_block(lines) for lines in _blocks(markdown.splitlines()[1:]))


def title_of(markdown: str) -> str:
    """The text of the first line, `# Title`."""
    return markdown.splitlines()[0].removeprefix("# ")


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Lines that belong together: those between empty lines."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _block(lines: list[str]) -> str:
    first = lines[0]
    if first == "---":
        return "#pagebreak()"
    if "____" in first:
        return f"#writing-line({typst_array([_to_write(*part) for part in _WRITING.findall(first)])})"
    if first.startswith("#"):
        level = len(first) - len(first.lstrip("#"))
        return f"#heading(level: {level}, {_inline(first[level:].strip())})"
    if first.startswith("|"):
        rows = [_cells(line) for line in (lines[0], *lines[2:])]
        return f"#grid-table({typst_array([typst_array(row) for row in rows])})"
    if first.startswith(("- ", "1. ")):
        kind = "boxes" if first.startswith("- □ ") else "bullets" if first.startswith("- ") else "steps"
        items = [_inline(item.removeprefix("□ ")) for item in _items(lines)]
        return f"#{kind}({typst_array(items)})"
    if first.startswith("> "):
        return f"#note({_inline(' '.join(line[2:] for line in lines))})"
    return f"#par({_inline(' '.join(line.strip() for line in lines))})"


def _to_write(label: str, line: str) -> str:
    return f"({_inline(label.strip())}, {len(line)})"


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        start = _ITEM.match(line)
        if start:
            items.append(start.group(1))
        else:
            items[-1] += " " + line.strip()
    return items


def _cells(line: str) -> list[str]:
    return [_inline(cell.strip()) for cell in line.strip().strip("|").split("|")]


def _inline(text: str) -> str:
    parts = []
    for piece in _INLINE.split(text):
        if piece.startswith("**"):
            parts.append(f"#strong[{escape_typst(piece[2:-2])}]")
        elif piece.startswith("`"):
            parts.append(f"#code[{escape_typst(piece[1:-1])}]")
        elif piece:
            parts.append(escape_typst(piece))
    return f"[{''.join(parts)}]"
