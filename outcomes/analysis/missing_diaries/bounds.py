"""Bounds without any assumption: every missing day a headache day, and none of them.

Nothing that the missing days could have held lies outside. Source: docs/method.md#missing-diaries.
"""

from __future__ import annotations

from dataclasses import replace

from outcomes.analysis.estimates import Estimate, Values, mean_interval, paired_change
from outcomes.analysis.missing_diaries.started import Answer, Started

_ALL, _NONE = "every missing day with headache", "every missing day without headache"


def bounds(started: Started, confidence: float) -> tuple[Answer, ...]:
    """Levels and change at both extremes, for the patients analysed and for all with a valid baseline.

    The levels: `bounds_baseline_none`, `…_all`, `bounds_followup_none`, `…_all`, in days per 28 of the window.
    The change with the recorded rate at baseline: `bounds_change_followup_none`, `…_all`. The change at its
    two ends: `bounds_change_lowest` (baseline days all, follow-up days none) and `bounds_change_highest` (the
    other way round). With `_all_started`, drop-outs are in, and every day that they did not record is missing.
    Each interval is the t interval of that extreme: it holds sampling only.
    """
    rows: list[Answer] = []
    for suffix, patients in (("", started.only_analysed()), ("_all_started", started)):
        rows += _levels(patients, suffix, confidence)
        rows += _changes(patients, suffix, confidence)
    return tuple(rows)


def _levels(patients: Started, suffix: str, confidence: float) -> list[Answer]:
    rows = []
    for name, window in (("baseline", patients.baseline), ("followup", patients.followup)):
        for extreme, headache in (("none", False), ("all", True)):
            found = mean_interval(window.level_if_missing(headache), confidence)
            method = f"{_ALL if headache else _NONE}; {found.method}"
            rows.append(
                Answer(f"bounds_{name}_{extreme}{suffix}", replace(found, method=method), len(patients))
            )
    return rows


def _changes(patients: Started, suffix: str, confidence: float) -> list[Answer]:
    recorded = patients.baseline.level
    before = {headache: patients.baseline.level_if_missing(headache) for headache in (False, True)}
    after = {headache: patients.followup.level_if_missing(headache) for headache in (False, True)}
    wanted = (
        ("change_followup_none", recorded, after[False], f"follow-up: {_NONE}"),
        ("change_followup_all", recorded, after[True], f"follow-up: {_ALL}"),
        ("change_lowest", before[True], after[False], f"baseline: {_ALL}, follow-up: {_NONE}"),
        ("change_highest", before[False], after[True], f"baseline: {_NONE}, follow-up: {_ALL}"),
    )
    return [
        Answer(f"bounds_{name}{suffix}", _change(first, last, confidence, how), len(patients))
        for name, first, last, how in wanted
    ]


def _change(before: Values, after: Values, confidence: float, how: str) -> Estimate:
    found = paired_change(before, after, confidence)
    return replace(found, method=f"{how}; {found.method}")
