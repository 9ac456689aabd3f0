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

from outcomes.errors import OutcomesError, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.reporting.disclosure import HELD_BACK, Disclosure, Shown, carried_words, is_carried
from outcomes.reporting.formatting import interval, month_words, number, percent, percent_interval
from outcomes.reporting.page import Align, Block, Sentence, TableBlock

if TYPE_CHECKING:
    from outcomes.analysis.results import PairedChange
    from outcomes.reporting.report_base import ReportBase

#: Shares that a report is read for, and what they are called.
_SHARES = {
    "responders_50": "Headache days halved",
    "responders_50_all_started": "Headache days halved, of all who started",
    "worsened_50": "Worse by half",
}
#: Unrounded numbers that differ by less are the same number on another machine.
_TOLERANCE = 1e-9

#: What two runs differ in, in words; other modules tell it in the same ones.
CAUSES = {"data": "late or changed data", "definition": "definition", "version": "version"}
UNEXPLAINED = "unexplained: a fault of the program"

#: Keys of the plan that decide how records are read: under another one they would have to be read anew.
_KEYS_OF_READING = {"duplicate_day", "set_aside_limit", "endpoints", "patients", "plan_version"}


@dataclass(frozen=True)
class EarlierReport:
    """What one profile of an earlier report showed, and in what the run behind it differs from this one.

    `causes` are pairs of kind and detail; `figures` are entries of `shown_figures`, as they were shown then; `plan`
    is the plan of that time, as plain values.
    """

    month: str | None
    run: str
    causes: tuple[tuple[str, str], ...]
    figures: tuple[Mapping[str, Any], ...]
    plan: Mapping[str, Any]

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> EarlierReport:
        causes = tuple((str(kind), str(what)) for kind, what in given["causes"])
        return cls(given["month"], given["run"], causes, tuple(given["figures"]), given["plan"])

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of causes, each once, in the order in which they are told."""
        return tuple(kind for kind in CAUSES if any(found == kind for found, _ in self.causes))

    def details(self, *, exact: bool) -> str:
        """What exactly differs; files and versions by name only for the clinic's own eyes."""
        listed = [what for kind, what in self.causes if exact or kind == "definition"]
        more = f"; and {len(listed) - 6} more" if len(listed) > 6 else ""
        return "; ".join(listed[:6]) + more


# ---- the figures that a report is read for ----


def shown_figures(report: ReportBase) -> list[dict[str, Any]]:
    """The key figures of a report as its profile shows them: one entry per figure.

    `value`, `low`, `high` are unrounded in `internal`; in `share` they are the rounded ones of the page, and None
    where it hides them. `n` is the number of patients in words, `text` the figure in words.
    """
    disclosure = report.disclosure
    figures = [_figure("patients_analysed", "Patients compared", "", None, _patients_compared(report))]
    for change in report.comparison:
        figures += _means(change, disclosure)
        figures += _shares(change, disclosure)
    return figures


def _patients_compared(report: ReportBase) -> str:
    n = report.flow.n_analysed
    if report.disclosure.release is None:
        return report.disclosure.people(n)
    count = report.disclosure.standing("analysed", n)
    carried = carried_words((count.carried_from,))
    people = HELD_BACK if count.text == "–" else f"{'about ' if count.drawn else ''}{count.text} patients"
    return f"{people}, {carried}" if carried else people


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
    return f"{number(shown.value)}{bounds}, n\u00a0{shown.n_text}{_carried(shown)}"


def _share_words(shown: Shown) -> str:
    if shown.value is None:
        return shown.reason
    return f"{percent(shown.value)} ({percent_interval(shown.low, shown.high)}), n\u00a0{shown.n_text}{_carried(shown)}"


def _carried(shown: Shown) -> str:
    carried = carried_words((shown.carried_from,))
    return f", {carried}" if carried else ""


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


# ---- the section ----


def restated_block(report: ReportBase, earlier: Sequence[EarlierReport]) -> Block:
    """What earlier reports showed that is otherwise now, with the reason; a sentence where nothing is."""
    if not earlier:
        return Sentence("There is no earlier report in the output folder to hold these figures against.")
    exact = report.disclosure.exact
    by_month: dict[str, list[tuple[str, ...]]] = {}
    told = []
    for one in earlier:
        found = _moved_since(report, one)
        told.append(_account(one, found, exact=exact))
        rows = [_row(old, new, why, exact=exact) for old, new, why in found or () if _is_seen(old, new)]
        if rows:
            by_month[month_words(one.month)] = rows
    if not by_month:
        return Sentence(f"No figure that was shown before reads otherwise now. {' '.join(told)}")
    if not exact:
        told.append(
            "The new value is not shown beside the old one: together they could tell of single patients."
        )
    return _table(by_month, ("figure", "as reported", *(("now",) if exact else ()), "reason"), tuple(told))


def _table(
    by_month: Mapping[str, Sequence[tuple[str, ...]]], columns: tuple[str, ...], notes: tuple[str, ...]
) -> Block:
    """One month stands above the table; of two, each row says which it is of."""
    left: Align = "left"
    if len(by_month) == 1:
        [(month, rows)] = by_month.items()
        return TableBlock(columns, tuple(rows), caption=month, align=(left,) * len(columns), notes=notes)
    columns = ("month", *columns)
    listed = tuple((month, *row) for month, rows in by_month.items() for row in rows)
    return TableBlock(columns, listed, align=(left,) * len(columns), notes=notes)


_Moved = tuple[Mapping[str, Any], Mapping[str, Any] | None, str]


def _account(one: EarlierReport, found: Sequence[_Moved] | None, *, exact: bool) -> str:
    """How many figures of an earlier report moved, and in what the two runs differ."""
    name = f"{month_words(one.month)} (run {one.run})"
    if found is None:
        return f"{name} cannot be worked out again from these records."
    seen = sum(_is_seen(old, new) for old, new, _ in found)
    told = f"{name}: {seen or 'none'} of {len(one.figures)} figures moved"
    if len(found) > seen:
        told += f", and {len(found) - seen} by less than is shown"
    details = one.details(exact=exact)
    return f"{told}. Since then: {details}." if found and details else f"{told}."


def _is_seen(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> bool:
    return new is None or old["text"] != new["text"]


def _row(old: Mapping[str, Any], new: Mapping[str, Any] | None, why: str, *, exact: bool) -> tuple[str, ...]:
    return (old["label"], old["text"], *((became(old, new),) if exact else ()), why)


def became(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> str:
    """What has become of a figure that moved, in words."""
    if new is None:
        return "no longer there"
    return f"{new['text']} (moved by less than is shown)" if old["text"] == new["text"] else str(new["text"])


def _moved_since(report: ReportBase, earlier: EarlierReport) -> list[_Moved] | None:
    """None where the earlier month cannot be worked out from the records as they are now."""
    # Worked out anew to be compared, and not to be shown: the ledger is not asked, and what it held is not compared.
    disclosure = replace(report.disclosure, release=None)
    again = replace(report, disclosure=disclosure)
    if earlier.month != report.month:
        again = replace(again, month=earlier.month, shared=None, earlier=())
    shown_then = [figure for figure in earlier.figures if not _was_held(figure["text"])]
    try:
        found = moved(shown_then, shown_figures(again))
        if not found:
            return []
        under_old_plan = _under_its_plan(again, earlier)
    except OutcomesError:
        return None
    return [(old, new, _why(old, new, earlier, under_old_plan)) for old, new in found]


def _was_held(text: str) -> bool:
    """Whether an earlier report showed the figure of a still earlier one, or none because of it."""
    return HELD_BACK in text or is_carried(text)


def _under_its_plan(again: ReportBase, earlier: EarlierReport) -> dict[str, Mapping[str, Any]] | None:
    """The figures of that month from the records of today under the plan of that time, by key.

    None where nothing is to be told apart, or where the records would have to be read anew for it.
    """
    plan_now = again.plan.to_dict()
    changed = {key for key in {*plan_now, *earlier.plan} if plan_now.get(key) != earlier.plan.get(key)}
    if not changed or changed & _KEYS_OF_READING or len(earlier.kinds) < 2:
        return None
    try:
        plan = AnalysisPlan.from_mapping(earlier.plan)
    except PlanError:
        return None  # a plan of another version of the program
    records = replace(again.records, plan=plan)
    disclosure = Disclosure(again.disclosure.profile, plan.minimum_cell)
    then = replace(again, records=records, disclosure=disclosure, shared=None)
    return {figure["key"]: figure for figure in shown_figures(then)}


def _why(
    old: Mapping[str, Any],
    new: Mapping[str, Any] | None,
    earlier: EarlierReport,
    under_old_plan: Mapping[str, Mapping[str, Any]] | None,
) -> str:
    """The cause of one figure's move: where two came together, the plan of that time tells them apart."""
    kinds = earlier.kinds
    between = (under_old_plan or {}).get(old["key"])
    if between is not None and _same(old, between):
        kinds = ("definition",)
    elif between is not None and new is not None and _same(between, new):
        kinds = tuple(kind for kind in kinds if kind != "definition")
    return "; ".join(CAUSES[kind] for kind in kinds) or UNEXPLAINED
