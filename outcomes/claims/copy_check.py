"""Reads advertising copy and lists sentences that a clinic's records cannot carry, each with a wording they can.

Words are looked for, not meanings: a sentence that is not listed is not thereby true. Sources of the kinds of
words: docs/claims.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from outcomes.claims.copy_patterns import (
    ABOUT_HEADACHE,
    CLAUSE_ENDS,
    DENIED,
    NOT_ONLY,
    OPEN_QUESTION,
    PATTERNS,
    Pattern,
)


@dataclass(frozen=True)
class Finding:
    """One sentence of the copy: its line in the file (from 1), what is wrong with it, and a wording in its place."""

    line: int
    sentence: str
    kind: str
    why: str
    instead: str


def check_copy(text: str) -> tuple[Finding, ...]:
    """Every sentence that the records cannot carry, in the order of the text, once for each kind of words in it.

    HTML is read by what a visitor sees. `efficacy` is listed only where nothing more particular is. An open question
    ("Does it hurt?") promises nothing, and neither does what is said not to be known, shown or promised.
    """
    found: list[Finding] = []
    for line, sentence in _sentences(_visible(text)):
        plain = sentence.replace("’", "'")
        own = [pattern for pattern in PATTERNS if _promises(plain, pattern)]
        if len(own) > 1:
            own = [pattern for pattern in own if pattern.kind != "efficacy"]
        found += [Finding(line, sentence, one.kind, one.why, one.instead) for one in own]
    return tuple(found)


def left_to_read(text: str) -> tuple[tuple[int, str], ...]:
    """(line, sentence) of what speaks of headaches or pain and is not listed: words were not found, meaning may be."""
    listed = {(one.line, one.sentence) for one in check_copy(text)}
    about = ((line, one) for line, one in _sentences(_visible(text)) if ABOUT_HEADACHE.search(one))
    return tuple(place for place in about if place not in listed)


def _promises(sentence: str, pattern: Pattern) -> bool:
    """Whether words of this kind are in a clause of the sentence that does not deny them."""
    if OPEN_QUESTION.match(sentence) or (pattern.unless is not None and pattern.unless.search(sentence)):
        return False
    return any(not _is_denied(sentence, match.start()) for match in pattern.words.finditer(sentence))


def _is_denied(sentence: str, place: int) -> bool:
    ends = [0, *(match.end() for match in CLAUSE_ENDS.finditer(sentence)), len(sentence)]
    begin = max(end for end in ends if end <= place)
    clause = sentence[begin : min(end for end in ends if end > begin)]
    return bool(DENIED.search(clause)) and not NOT_ONLY.search(clause)


def _visible(text: str) -> str:
    """The text without tags, scripts and styles, with as many lines as before."""
    if not re.search(r"<(?:html|body|p|div|h\d|li|span|a)\b", text, re.IGNORECASE):
        return text
    hidden = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
    text = hidden.sub(lambda match: "\n" * match.group().count("\n"), text)
    # Blocks end a sentence even where they end without a full stop; line ends of the source are kept to count by.
    text = re.sub(r"</(?:p|div|h\d|li|td|th|title|button)\s*>|<br\s*/?>", ". ", text, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"<[^>]*>", lambda match: "\n" * match.group().count("\n"), text))


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """(line, sentence). A sentence runs over line ends, and ends with its sign or with its paragraph."""
    for first, paragraph in _paragraphs(text.splitlines()):
        for match in _SENTENCE.finditer(paragraph):
            raw = match.group()
            sentence = " ".join(raw.split()).strip(" .-*•#>")
            if len(sentence) > 2:
                begin = match.start() + len(raw) - len(raw.lstrip())
                yield first + paragraph.count("\n", 0, begin), sentence


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, str]]:
    """(number of its first line, lines that belong together): list items and headings stand for themselves."""
    held: list[str] = []
    first = 1
    for number, line in enumerate([*lines, ""], start=1):
        begins = bool(_ITEM.match(line))
        after_item = bool(held) and bool(_ITEM.match(held[0])) and not line.startswith((" ", "\t"))
        if held and (not line.strip() or begins or after_item):
            yield first, "\n".join(held)
            held = []
        if line.strip():
            first = first if held else number
            held.append(line)


#: A full stop ends a sentence before a space, a quotation mark or the end; that of "No. 1" does not.
_SENTENCE = re.compile(r"(?:[^.!?]|[.!?](?![\s\"”»)]|$)|(?<=\bNo)\.(?=\s?\d))+[.!?]*[\"”»)]?")

_ITEM = re.compile(r"\s*(?:[-*•#>]|\d+[.)]\s)")


def report_lines(findings: tuple[Finding, ...], name: str) -> Iterator[str]:
    """The findings as lines to print; the copy is the clinic's own and may be shown."""
    for one in findings:
        yield f"{name}, line {one.line}: “{one.sentence}”"
        yield f"    {one.kind.replace('_', ' ')}: {one.why}"
        yield f"    Instead: {one.instead}"
