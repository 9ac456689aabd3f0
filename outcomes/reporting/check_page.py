"""`outcomes check --html`: one page that a person at the desk can work through, with a box to tick per problem.

Self-contained, without a script or an outside address. It shows places, rules and counts, never a value or a
patient.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from outcomes.records.check_result import CheckResult, in_runs, way_through
from outcomes.records.findings import Finding, Level, TableCounts
from outcomes.reporting import style
from outcomes.reporting.typesetting import PageMarks, html_document, stylesheet
from outcomes.reporting.words import escape_html

#: Runs of rows that are listed of one problem.
SHOWN_RUNS = 200
_SAID_ABOVE, _EXCEPTION = "Nothing was loaded or copied. ", " Is it nothing of the kind?"
PRIVATE = "For the clinic’s own use. Not to leave the clinic."

_TICKS = (
    "Tick what is done. The ticks are gone when this page is closed; print it to keep them, and check again."
)

#: In the order in which they are to be worked through: heading, what it means, and whether there is a box to tick.
_KINDS: dict[Level, tuple[str, str, bool]] = {
    "set aside": (
        "Rows that were set aside",
        "These rows are not used until they are corrected. Open the file, go to the row, correct it and save.",
        True,
    ),
    "collapsed": (
        "Rows that stand more than once",
        "They were counted once. Nothing is lost; removing the copies keeps the file clear.",
        True,
    ),
    "warning": (
        "Worth a look",
        "Nothing was left out because of these. Look at each once, and decide whether something has to change.",
        True,
    ),
    "mended": (
        "Read in another form",
        "These were written in another form than usual and could be read without loss.",
        False,
    ),
}


def build_check_page(result: CheckResult, *, name: str = "") -> str:
    """The page as HTML. `name` is what the source is called, for the headline."""
    body = "".join(
        [
            _headline(result, name),
            _identity(result.identity),
            _sentences(
                "What else stops the reading" if result.identity else "What stops the reading",
                "Nothing is computed before these are settled.",
                result.problems,
                "problem",
            ),
            _sentences(
                "What stops the comparison",
                "The files were read, but nothing may be computed from them yet.",
                result.stops,
                "stop",
            ),
            *(_findings(level, result.findings) for level in _KINDS),
            _counts(result.counts),
            _checks(result),
        ]
    )
    return html_document(
        "Check of the records", body, stylesheet=_stylesheet(), marks=PageMarks(PRIVATE, PRIVATE)
    )


def _headline(result: CheckResult, name: str) -> str:
    to_do = [finding for finding in result.findings if finding.level == "set aside"]
    rows = sum(count.set_aside for count in result.counts)
    if result.identity:
        tone, verdict = "alarm", "Stop: these records may say who somebody is."
        lead = "Nothing of them was read or copied anywhere. The way through stands below."
    elif result.problems or result.stops:
        tone, verdict = "alarm", "These records cannot be used yet."
        n = len(result.problems) + len(result.stops)
        lead = f"{_many(n, 'thing has', 'things have')} to be settled first."
    elif to_do or rows:
        tone, verdict = "work", f"{_many(rows, 'row was', 'rows were')} set aside."
        lead = f"{_many(len(to_do), 'kind of problem', 'kinds of problem')} to work through. All other rows were read."
    elif any(finding.level in ("warning", "collapsed") for finding in result.findings):
        tone, verdict = "fine", "All rows can be used."
        lead = "Nothing has to be corrected. Some things are worth a look."
    else:
        tone, verdict = "fine", "Nothing to do."
        lead = "No rule is broken."
    boxes = bool(result.identity or result.problems or result.stops)
    boxes = boxes or any(_KINDS[finding.level][2] for finding in result.findings)
    ticks = f'<p class="quiet ticks">{_TICKS}</p>\n' if boxes else ""
    about = f'<div class="about"><p>{escape_html(name)}</p></div>' if name else ""
    return (
        f'<header class="masthead"><h1>Check of the records</h1>{about}</header>\n'
        f'<section class="verdict {tone}"><h2>{verdict}</h2><p>{lead}</p></section>\n{ticks}'
    )


def _identity(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    return (
        '<section class="identity"><h2>What may say who somebody is</h2>'
        "<p>Nothing was loaded or copied. Do not send these records to anybody, and keep no further copy.</p>"
        f"{_by_file(findings, 'identity')}</section>\n{_way_through(way_through(findings))}"
    )


def _way_through(text: str) -> str:
    """The way through as a list of steps; what is typed stands in lines of its own."""
    opening, *rest = text.splitlines()
    steps: list[list[str]] = []
    closing = ""
    for line in rest:
        if match := re.fullmatch(r"  \d\. (.*)", line):
            steps.append([f"<p>{escape_html(match[1])}</p>"])
        elif line.startswith("       "):
            steps[-1].append(f"<pre>{_command(line[7:])}</pre>")
        elif line.startswith("     "):
            steps[-1].append(f"<p>{escape_html(line.strip())}</p>")
        else:
            closing = f"<p>{escape_html(line)}</p>"
    listed = "".join(f"<li>{''.join(parts).replace('</pre><pre>', chr(10))}</li>" for parts in steps)
    return (
        f'<section class="way"><h2>The way through</h2><p>{escape_html(opening)}</p>'
        f"<ol>{listed}</ol>{closing}</section>\n"
    )


def _sentences(heading: str, meaning: str, sentences: Sequence[str], kind: str) -> str:
    """Problems in words, a box each. The part before the first colon says where."""
    if not sentences:
        return ""
    items = []
    for number, sentence in enumerate(sentences):
        where, colon, what = sentence.partition(": ")
        told = (
            f"<b>{escape_html(where)}</b><span>{escape_html(_capital(what))}</span>" if colon and what else ""
        )
        told = told or f"<span>{escape_html(sentence)}</span>"
        items.append(f"<li>{_ticked(told, f'{kind}-{number}')}</li>")
    return (
        f'<section class="stops"><h2>{heading}</h2><p class="quiet">{meaning}</p>'
        f"<ul>{''.join(items)}</ul></section>\n"
    )


def _findings(level: Level, findings: Sequence[Finding]) -> str:
    """All findings of one level, file by file."""
    chosen = [finding for finding in findings if finding.level == level]
    if not chosen:
        return ""
    heading, meaning, _ = _KINDS[level]
    return f'<section><h2>{heading}</h2><p class="quiet">{meaning}</p>{_by_file(chosen, level)}</section>\n'


def _by_file(findings: Sequence[Finding], level: Level) -> str:
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    parts = []
    for place, (file, own) in enumerate(by_file.items()):
        group = f"{level.replace(' ', '-')}-{place}"
        items = "".join(_item(finding, f"{group}-{number}") for number, finding in enumerate(own))
        parts.append(f"<h3>{escape_html(file)}</h3><ul>{items}</ul>")
    return "".join(parts)


def _item(finding: Finding, name: str) -> str:
    """One kind of problem: what is wrong, in which rows, what to do."""
    problem = finding.problem if finding.column else _capital(finding.problem)
    column = f"<code>{escape_html(finding.column)}</code> " if finding.column else ""
    told = f'<b class="what">{column}{escape_html(problem)}</b>'
    told += f'<span class="rows">{_rows(finding)}</span>' if finding.rows else ""
    # The section says already that nothing was loaded; what allows an exception comes last and quietly.
    remedy, asked, exception = finding.remedy.removeprefix(_SAID_ABOVE).partition(_EXCEPTION)
    told += f'<span class="todo">{_with_commands(remedy)}</span>'
    if asked:
        told += f'<span class="exception">{_EXCEPTION.strip()} {_with_commands(exception)}</span>'
    has_box = finding.level == "identity" or _KINDS[finding.level][2]
    return f"<li>{_ticked(told, name) if has_box else f'<div>{told}</div>'}</li>"


def _ticked(told: str, name: str) -> str:
    return f'<label><input type="checkbox" id="{name}"><span class="told">{told}</span></label>'


def _with_commands(text: str) -> str:
    """The words of a remedy; a command in it, which stands between double spaces, is set apart."""
    apart = re.split(r"  (outcomes .+?)(?=  |\.? *$|\. )", text)
    return "".join(
        f" <code>{_command(part)}</code>" if index % 2 else escape_html(part)
        for index, part in enumerate(apart)
    )


def _command(text: str) -> str:
    """A command whose options do not break in two at their hyphens."""
    return re.sub(r"(--[a-z-]+)", r'<span class="option">\1</span>', escape_html(text))


def _rows(finding: Finding) -> str:
    """Rows with neighbours as one; of very many the first, and how many more."""
    runs = in_runs(finding.rows)
    shown = runs[:SHOWN_RUNS]
    listed = sum(_length(run) for run in shown)
    more = f" <i>+{finding.count - listed:,} more</i>" if finding.count > listed else ""
    word = "Row" if finding.count == 1 else "Rows"
    return f"{word} {', '.join(shown)}{more}"


def _length(run: str) -> int:
    first, _, last = run.partition("–")
    return int(last or first) - int(first) + 1


def _counts(counts: Sequence[TableCounts]) -> str:
    """Where the rows of each file went."""
    if not counts:
        return ""
    names = ("Rows in", "Used", "Not recorded", "Counted once", "Set aside", "Blank")
    head = "".join(
        f'<th scope="col"{_right(index)}>{name}</th>' for index, name in enumerate(("File", *names))
    )
    rows = []
    for count in counts:
        numbers = (
            count.rows_in, count.used, count.not_recorded, count.collapsed, count.set_aside, count.blank
        )  # fmt: skip
        cells = "".join(
            f'<td class="right" data-label="{name}">{number:,}</td>'
            for name, number in zip(names, numbers, strict=True)
        )
        rows.append(f'<tr><th scope="row">{escape_html(count.file)}</th>{cells}</tr>')
    return (
        '<section><h2>Where every row went</h2><table class="wide"><caption>Rows in = used + not recorded + counted '
        "once + set aside + blank. “Not recorded” is a day that is listed without an entry.</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></section>\n"
    )


def _right(index: int) -> str:
    return ' class="right"' if index else ""


def _checks(result: CheckResult) -> str:
    if not result.checks_run:
        told = "The identity checks did not run, since the files could not be opened as tables."
        return f'<section class="checks"><h2>Identity checks</h2><p>{told}</p></section>\n'
    listed = "".join(f"<li>{escape_html(check)}</li>" for check in result.checks_run)
    only = "They ran on what could be opened as a table. " if result.problems else ""
    return (
        f'<section class="checks"><h2>Identity checks that ran</h2><p class="quiet">{only}They find much, and cannot '
        f"find everything that says who somebody is.</p><ul>{listed}</ul></section>\n"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _many(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def _stylesheet() -> str:
    variables = "".join(f"--{name}: {value}; " for name, value in _OWN_COLOURS.items())
    return f":root {{ {variables}}}\n{stylesheet(PageMarks(header=PRIVATE, footer=''))}\n{_RULES}"


#: Red for what stops, beside the report's colours; 7:1 on white and 6:1 on its own light ground.
_OWN_COLOURS = {
    "alarm": "#a3161a",
    "alarm-light": "#fcf0ef",
    "work-light": "#fbf5ec",
    "fine": "#256b3d",
    "fine-light": "#eff7f1",
    "ground": style.WINDOW,
}

_RULES = """
section { margin: 2rem 0; }
section > h2 { margin: 0 0 .3rem; }
section h3 { margin: 1.3rem 0 .3rem; padding-bottom: .3rem; border-bottom: 1.5px solid var(--ink); }
.verdict { margin: 1.2rem 0 .8rem; padding: 1rem 1.2rem; border-left: 5px solid; border-radius: 3px; }
.verdict h2 { font-size: 1.4rem; margin: 0; }
.verdict p { margin-top: .2rem; }
.verdict.alarm { border-color: var(--alarm); background: var(--alarm-light); }
.verdict.alarm h2, .identity h2, .identity .what { color: var(--alarm); }
.verdict.work { border-color: var(--expected); background: var(--work-light); }
.verdict.fine { border-color: var(--fine); background: var(--fine-light); }
.ticks { font-size: .875rem; }
.identity { padding: 1rem 1.2rem; border: 2px solid var(--alarm); border-radius: 3px;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.identity h3 { border-color: var(--alarm); }
section ul { list-style: none; padding: 0; }
section ul > li { border-bottom: 1px solid var(--rule); }
section ul > li:last-child { border-bottom: 0; }
label, li > div { display: flex; gap: .8rem; padding: .6rem 0; align-items: flex-start; }
li > div { flex-direction: column; gap: .1rem; }
label { cursor: pointer; }
input { flex: none; width: 1.15rem; height: 1.15rem; margin: .18rem 0 0; accent-color: var(--fine); }
.told { display: flex; flex-direction: column; gap: .1rem; min-width: 0; }
.told > b, li > div > b { font-weight: 500; }
label:has(:checked) .told { color: var(--quiet); }
label:has(:checked) .what, label:has(:checked) .told > b { text-decoration: line-through; color: var(--quiet); }
.rows { font-size: .9375rem; line-height: 1.5; font-variant-numeric: tabular-nums; }
.rows i { color: var(--quiet); font-style: normal; }
.todo { color: var(--quiet); }
.exception { margin-top: .2rem; font-size: .8125rem; line-height: 1.45; color: var(--quiet); }
.exception code { background: none; padding: 0; }
.option { white-space: nowrap; }
.rows i { white-space: nowrap; }
code, pre { font: .875em/1.5 ui-monospace, "SFMono-Regular", Consolas, "Liberation Mono", monospace; }
code { background: var(--ground); padding: .05em .3em; border-radius: 3px; overflow-wrap: anywhere; }
pre { margin: .35rem 0 .5rem; padding: .5rem .7rem; background: var(--ground); border-radius: 3px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.way ol { margin: .6rem 0; padding-left: 1.4rem; }
.way li { margin: .5rem 0; padding-left: .2rem; }
.checks { font-size: .8125rem; line-height: 1.45; }
.checks h2 { font-size: 1rem; }
.checks ul > li { border: 0; padding-left: 1em; text-indent: -1em; }
.checks ul > li::before { content: "– "; color: var(--quiet); }
@media screen and (max-width: 640px) { .identity, .verdict { padding: .8rem .9rem; } }
@media print {
  .verdict, .identity, code, pre { background: none !important; }
  section ul > li { break-inside: avoid; }
  section h3, section h2, section h2 + p { break-after: avoid; }
  input { appearance: none; border: 1.2px solid var(--ink); border-radius: 2px; width: 11pt; height: 11pt; }
  .verdict { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""
