"""Restated figures: what an earlier report showed, worked out again from the records as they are now.

Each figure that has moved stands there with the reason: late or changed data, another definition, another version.
In `share` the new value of an old month is not shown beside the old one: the two together would tell of the few
patients in whom they differ (docs/runs.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from outcomes.errors import OutcomesError
from outcomes.reporting.disclosure import Disclosure, Shown
from outcomes.reporting.formatting import interval, month_words, number, percent, percent_interval
from outcomes.reporting.page import Block, Sentence, TableBlock

if TYPE_CHECKING:
    from outcomes.analysis.results import PairedChange
    from outcomes.reporting.contents import MonthlyReport

#: Shares that a report is read for, and what they are called.
_SHARES = {
    "responders_50": "headache days halved",
    "responders_50_all_started": "headache days halved, of all who started",
    "worsened_50": "worse by half",
}
#: Unrounded numbers that differ by less are the same number on another machine.
_TOLERANCE = 1e-9

_CAUSES = {
    "data": "late or changed data",
    "definition": "definition",
    "version": "version of the program or its libraries",
}
UNEXPLAINED = "unexplained: a fault of the program"


@dataclass(frozen=True)
class EarlierReport:
    """What one profile of an earlier report showed, and in what the run behind it differs from this one.

    `causes` are pairs of kind and detail; `figures` are entries of `shown_figures`, as they were shown then.
    """

    month: str | None
    run: str
    causes: tuple[tuple[str, str], ...]
    figures: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> EarlierReport:
        causes = tuple((str(kind), str(what)) for kind, what in given["causes"])
        return cls(given["month"], given["run"], causes, tuple(given["figures"]))


# ---- the figures that a report is read for ----


def shown_figures(report: MonthlyReport) -> list[dict[str, Any]]:
    """The key figures of a report as its profile shows them: one entry per figure.

    `value`, `low`, `high` are unrounded in `internal`; in `share` they are the rounded ones of the page, and None
    where it hides them. `n` is the number of patients in words, `text` the figure in words.
    """
    disclosure = report.disclosure
    figures = [
        _figure("patients_analysed", "patients compared", "", None, disclosure.people(report.flow.n_analysed))
    ]
    for change in report.comparison:
        figures += _means(change, disclosure)
        figures += _shares(change, disclosure)
    return figures


def _means(change: PairedChange, disclosure: Disclosure) -> list[dict[str, Any]]:
    named = ("baseline", "follow-up", "change")
    label, unit = change.endpoint.label, change.endpoint.unit
    return [
        _figure(f"{change.endpoint.name}.{name}", f"{label}, {name}", unit, shown, _mean_words(shown))
        for name, shown in zip(named, disclosure.before_after(change), strict=True)
    ]


def _shares(change: PairedChange, disclosure: Disclosure) -> list[dict[str, Any]]:
    if change.endpoint.name != "headache_days_per_28":
        return []
    return [
        _figure(f"{change.endpoint.name}.{name}", label, "share", shown, _share_words(shown))
        for name, label in _SHARES.items()
        if name in change
        for shown in (disclosure.share(change[name]),)
    ]


def _figure(key: str, label: str, unit: str, shown: Shown | None, text: str) -> dict[str, Any]:
    numbers = (None, None, None) if shown is None else (shown.value, shown.low, shown.high)
    value, low, high = (None if one is None or not math.isfinite(one) else float(one) for one in numbers)
    n = None if shown is None else shown.n_text
    return {
        "key": key,
        "label": label,
        "unit": unit,
        "value": value,
        "low": low,
        "high": high,
        "n": n,
        "text": text,
    }


def _mean_words(shown: Shown) -> str:
    if shown.value is None:
        return shown.reason
    bounds = f" ({interval(shown.low, shown.high)})" if shown.low is not None else ""
    return f"{number(shown.value)}{bounds}, n {shown.n_text}"


def _share_words(shown: Shown) -> str:
    if shown.value is None:
        return shown.reason
    return f"{percent(shown.value)} ({percent_interval(shown.low, shown.high)}), n {shown.n_text}"


# ---- what has moved ----


def moved(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """The figures of `before` that are not the same `now`, each with what it has become (None: no longer there)."""
    found = {figure["key"]: figure for figure in now}
    pairs = [(figure, found.get(figure["key"])) for figure in before]
    return [(old, new) for old, new in pairs if new is None or not _same(old, new)]


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return old["text"] == new["text"] and all(
        _close(old[name], new[name]) for name in ("value", "low", "high")
    )


def _close(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return math.isclose(old, new, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def cause_words(causes: Sequence[tuple[str, str]], *, exact: bool) -> str:
    """Why figures moved, in words; files and values by name only for the clinic's own eyes."""
    if not causes:
        return UNEXPLAINED
    told = []
    for kind, words in _CAUSES.items():
        details = [what for found, what in causes if found == kind]
        if details and (exact or kind == "definition"):
            told.append(f"{words} ({'; '.join(details[:4])}{'; …' if len(details) > 4 else ''})")
        elif details:
            told.append(words)
    return "; ".join(told)


# ---- the section ----


def restated_block(report: MonthlyReport, earlier: Sequence[EarlierReport]) -> Block:
    """What earlier reports showed that is otherwise now, with the cause; a sentence where nothing is."""
    rows: list[tuple[str, ...]] = []
    told = []
    for one in earlier:
        name = month_words(one.month)
        found = _moved_since(report, one)
        if found is None:
            told.append(f"{name} (run {one.run}) cannot be worked out again from these records.")
            continue
        told.append(f"{name} (run {one.run}): {len(found) or 'none'} of {len(one.figures)} figures moved.")
        why = cause_words(one.causes, exact=report.disclosure.exact)
        rows += [_row(name, old, new, why, exact=report.disclosure.exact) for old, new in found]
    if not earlier:
        return Sentence("There is no earlier report in the output folder to hold these figures against.")
    if not rows:
        return Sentence(f"Nothing that was reported before has moved. {' '.join(told)}")
    now = ("now",) if report.disclosure.exact else ()
    if not report.disclosure.exact:
        told.append(
            "The new value is not shown beside the old one: together they could tell of single patients."
        )
    return TableBlock(
        ("month", "figure", "as reported", *now, "cause"),
        tuple(rows),
        align=_ALIGN[: 4 + len(now)],
        notes=tuple(told),
    )


_ALIGN: tuple[Any, ...] = ("left",) * 5


def _row(
    month: str, old: Mapping[str, Any], new: Mapping[str, Any] | None, why: str, *, exact: bool
) -> tuple[str, ...]:
    now = (became(old, new),) if exact else ()
    return (month, old["label"], old["text"], *now, why)


def became(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> str:
    """What has become of a figure that moved, in words."""
    if new is None:
        return "no longer there"
    return f"{new['text']} (moved by less than is shown)" if old["text"] == new["text"] else str(new["text"])


def _moved_since(
    report: MonthlyReport, earlier: EarlierReport
) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]] | None:
    """None where the earlier month cannot be worked out from the records as they are now."""
    again = report if earlier.month == report.month else replace(report, month=earlier.month, earlier=())
    try:
        return moved(earlier.figures, shown_figures(again))
    except OutcomesError:
        return None
