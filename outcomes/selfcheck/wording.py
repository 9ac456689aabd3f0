"""A self-check in words: a table for the terminal, and the page docs/validity.md."""

from __future__ import annotations

from outcomes.selfcheck.promises import MONTE_CARLO, Promise
from outcomes.selfcheck.running import SelfCheck

_VERDICTS = {"held": "held", "not_settled": "not settled", "broken": "BROKEN"}


def selfcheck_text(check: SelfCheck) -> str:
    """The table, grouped by question, with what was promised beside what was found."""
    lines = [f"Simulated: {check.population}.", ""]
    width = max(len(promise.scenario) for promise in check.promises)
    for question in dict.fromkeys(promise.question for promise in check.promises):
        lines.append(question)
        for promise in (one for one in check.promises if one.question == question):
            note = f"   ({promise.note})" if promise.note else ""
            lines.append(
                f"  {promise.scenario:{width}}  n {promise.n:<6} {_found(promise):32} promised {_promised(promise):18} "
                f"{_VERDICTS[promise.verdict]}{note}"
            )
    lines += ["", _bounds_told(check), *(f"Note: {note}" for note in check.notes), check.summary()]
    return "\n".join(lines)


def validity_page(check: SelfCheck) -> str:
    """The page docs/validity.md."""
    lines = [
        "# Validity",
        "",
        "Do the default numbers keep what they promise? Clinics are simulated whose truth is known, and the functions "
        "that make every report are run on each. `outcomes selfcheck` does so in under a minute, `outcomes selfcheck "
        "SOURCE` at the size, the recorded days and the clustering of your own records; this page is the longer run "
        "(`make simulate`).",
        "",
        f"**{check.summary()}** {_bounds_told(check)}",
        "",
        f"Simulated: {check.population}. Months are beta-binomial around each patient's usual share of headache days.",
        "",
    ]
    for question in dict.fromkeys(promise.question for promise in check.promises):
        lines += [
            f"## {question[0].upper()}{question[1:]}",
            "",
            "| clinics | patients | found | bounds | promised | replicates | |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_row(promise) for promise in check.promises if promise.question == question]
        lines.append("")
    return "\n".join([*lines, *_LIMITS])


_LIMITS = (
    "## What this does not show",
    "",
    "- One family of diaries: days of a month are exchangeable, and what is not recorded depends on the patient's "
    "usual headache days, never on the day itself. Where people write down their bad days more often than their good "
    "ones, no interval here covers the truth; the bounds over the missing days are the answer (docs/method.md).",
    "- The true change is that of the patients analysed. Who stops keeping a diary is another question.",
    "- An interval that covers a change says nothing about why it came: the clinics with a bad month have an apparent "
    "fall of days and no effect at all.",
    "",
)


def _row(promise: Promise) -> str:
    bounds = f"{_number(promise, promise.low)} to {_number(promise, promise.high)}"
    if promise.replicates == 0 or promise.unit == "every clinic":
        bounds = "exact"
    replicates = f"{promise.replicates:,}" if promise.replicates else ""
    told = "; ".join(part for part in (_VERDICTS[promise.verdict], promise.note) if part)
    return (
        f"| {promise.scenario} | {promise.n} | {_number(promise, promise.observed)} | {bounds} | {_promised(promise)} "
        f"| {replicates} | {told} |"
    )


def _found(promise: Promise) -> str:
    if promise.unit == "every clinic":
        return _number(promise, promise.observed)
    if promise.replicates == 0:
        return f"{_number(promise, promise.observed)} (exact)"
    return f"{_number(promise, promise.observed)} ({_number(promise, promise.low)} to {_number(promise, promise.high)})"


def _promised(promise: Promise) -> str:
    if promise.unit == "every clinic":
        return "all" if promise.least else "none"
    least, most = (None if edge is None else _number(promise, edge) for edge in (promise.least, promise.most))
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"{least} to {most}"


def _number(promise: Promise, value: float) -> str:
    if promise.unit == "every clinic":
        return f"{round(value * promise.replicates)} of {promise.replicates}"
    text = f"{100 * value:.1f}%" if promise.unit == "share" else f"{value:+.2f} d"
    return text.replace("-", "−")


def _bounds_told(check: SelfCheck) -> str:
    return (
        f"{check.replicates:,} clinics for each coverage; in brackets or under 'bounds' what {MONTE_CARLO:.0%} "
        f"certainty leaves open after so many. Seed {check.seed}."
    )
