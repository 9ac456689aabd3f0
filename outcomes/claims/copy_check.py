"""Reads advertising copy and lists sentences that a clinic's records cannot carry, each with a wording they can.

Words are looked for, not meanings: a sentence that is not listed is not thereby true. Sources of the kinds of
words: docs/claims.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One sentence of the copy: its line in the file (from 1), what is wrong with it, and a wording in its place."""

    line: int
    sentence: str
    kind: str
    why: str
    instead: str


@dataclass(frozen=True)
class _Pattern:
    kind: str
    words: re.Pattern[str]
    why: str
    instead: str


def _words(text: str) -> re.Pattern[str]:
    """Whole words and phrases; a trailing ~ takes any ending."""
    parts = [part.strip().replace("~", r"\w*").replace(" ", r"[\s\-]+") for part in text.split(",")]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w])", re.IGNORECASE)


_RECORDED = (
    "Patients who kept a diary recorded N fewer headache days per 28 in weeks 9 to 12 than in the four weeks before "
    "(interval, number of patients). There was no comparison group."
)

#: In this order; a sentence is listed once for each kind of words in it.
_PATTERNS: tuple[_Pattern, ...] = (
    _Pattern(
        "certainty",
        _words(
            "proven, clinically proven, scientifically proven, guaranteed, guarantee~, evidence based, research shows,"
            " studies show, studies prove, success rate~, 100%, always works, no more headaches, cure~, miracle~"
        ),
        "Records without a comparison group cannot carry such certainty, whatever the number.",
        "N of M patients who started (n%; interval) had at least half as many headache days in weeks 9 to 12. "
        "How many would have without treatment is not known.",
    ),
    _Pattern(
        "harmlessness",
        _words(
            "safe, safely, completely safe, risk free, no risk~, harmless, side effect free, no side effects,"
            " without side effects, painless, pain free procedure"
        ),
        "No event seen is not no risk: the records give an upper limit.",
        "After N sessions at which it was asked for, events were recorded after n (n%; at most u%); serious: n.",
    ),
    _Pattern(
        "only_soreness",
        _words(
            "only a brief, slight pinch, brief pinch, just a pinch, a little soreness, some soreness, mild soreness"
        ),
        "This needs events asked for at the session and again about 72 hours later.",
        "Soreness was recorded after n% of sessions and was gone within 72 hours in m% of them.",
    ),
    _Pattern(
        "without_drugs",
        _words(
            "drug free, without drugs, without medication, without pills, no pills, no more pills, popping pills,"
            " medication free, instead of medication"
        ),
        "Patients go on taking medication; the records count its days.",
        "Patients recorded N days with acute medication per 28 in weeks 9 to 12, M before.",
    ),
    _Pattern(
        "better_than_others",
        _words(
            "better than, better results than, more effective than, unlike pills, unlike medication,"
            " unlike other treatments, superior, temporary fix~, quick fix~, number one, best treatment"
        ),
        "The records hold no patients who had the other treatment.",
        "We have no comparison with other treatments.",
    ),
    _Pattern(
        "mechanism",
        _words(
            "root cause, underlying cause, source of the pain, source of your pain, endorphin~, blood flow,"
            " circulation, releases tension, release~ muscle tension, toxins, resets, reset the nerv~,"
            " relax~ the muscle~,"
            " inflammation, natural painkiller~"
        ),
        "How something might act is not a question for these records.",
        "(Leave it out, or name it as a theory with its source.)",
    ),
    _Pattern(
        "lasting",
        _words(
            "lasting, long lasting, long term relief, permanent~, for good, once and for all, prevent~, prevention,"
            " future episodes, keep headaches away, stay headache free"
        ),
        "This needs the whole group months later, with those who stopped their diary counted.",
        "In weeks 21 to 24 those who still kept a diary recorded N fewer headache days per 28 than before (n of m who "
        "started).",
    ),
    _Pattern(
        "immediate",
        _words(
            "immediate~, instant~, right away, within minutes, after one session, after just one, fast relief"
        ),
        "Pain asked by the person who treats, minutes apart, says little about headaches.",
        "Pain was N before and M after sessions (0–10, asked within the session).",
    ),
    _Pattern(
        "one_type",
        _words(
            "particularly effective, particularly good, especially effective, ideal for, works best for,"
            " highly effective for"
        ),
        "This needs the difference between types, with its interval, and not one type alone.",
        "The change did not differ / differed by N days (interval) between cervicogenic and other headaches.",
    ),
    _Pattern(
        "type_without_trials",
        _words("cluster headache~, sinus headache~"),
        "No trial of dry needling was found for it; cluster bouts end by themselves, and most headaches called sinus "
        "headache are migraine.",
        "(Leave it out.)",
    ),
    _Pattern(
        "number_of_sessions",
        _words(
            "recommended number of sessions, sessions are needed, sessions needed, full course, best results"
        ),
        "Sessions are given because of symptoms, and those who improve stop coming: the records cannot tell how many "
        "to give.",
        "Patients here had N sessions on average.",
    ),
    _Pattern(
        "testimonial",
        re.compile(
            r"[\"“„«][^\"”“»]*\b(?:I|my|me|we|changed my life)\b[^\"”“»]*[\"”“»]|\btestimonials?\b|\bchanged my life\b"
        ),
        "One patient's words tell nothing about the others, and may tell who it is.",
        "(Leave it out.)",
    ),
    _Pattern(
        "efficacy",
        _words(
            "reliev~, relief, reduce~, reducing, eliminat~, treats, heal~, stop~ headaches, stop your headache~,"
            " get rid of,"
            " rid you of, ease~, easing, fix~ your, works, effective, effectively, improve~ your,"
            " fewer headaches, milder,"
            " shorter headaches, freedom from headache~, end your headache~, alleviat~, soothe~"
        ),
        "It says that treatment did it. Records without a comparison group show a change.",
        _RECORDED,
    ),
)


def check_copy(text: str) -> tuple[Finding, ...]:
    """Every sentence that the records cannot carry, in the order of the text, once for each kind of words in it.

    HTML is read by what a visitor sees. `efficacy` is listed only where nothing more particular is.
    """
    found: list[Finding] = []
    for line, sentence in _sentences(_visible(text)):
        own = [pattern for pattern in _PATTERNS if pattern.words.search(sentence)]
        if len(own) > 1:
            own = [pattern for pattern in own if pattern.kind != "efficacy"]
        found += [Finding(line, sentence, one.kind, one.why, one.instead) for one in own]
    return tuple(found)


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
        for match in re.finditer(r"(?:[^.!?]|[.!?](?![\s\"”»)]|$))+[.!?]*[\"”»)]?", paragraph):
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


_ITEM = re.compile(r"\s*(?:[-*•#>]|\d+[.)]\s)")


def report_lines(findings: tuple[Finding, ...], name: str) -> Iterator[str]:
    """The findings as lines to print; the copy is the clinic's own and may be shown."""
    for one in findings:
        yield f"{name}, line {one.line}: “{one.sentence}”"
        yield f"    {one.kind.replace('_', ' ')}: {one.why}"
        yield f"    Instead: {one.instead}"
