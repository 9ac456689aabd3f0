"""The same endpoints by counting rows one by one, written from the definitions and not from the code under test.

Slow, plain and short on purpose. `entries` are (patient, day, headache, intensity, hours, medication) with
None for an empty cell.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from outcomes import AnalysisPlan

Entry = tuple[str, int, "bool | None", "float | None", "float | None", "bool | None"]


def recount(
    entries: Iterable[Entry], plan: AnalysisPlan
) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, int]]:
    """(values per patient and period, where the rows went)."""
    rows = {"rows_in": 0, "used": 0, "not_recorded": 0, "collapsed": 0, "set_aside": 0}
    by_day: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        _, _, headache, intensity, hours, medication = entry
        rows["rows_in"] += 1
        if headache is None:
            told = any(cell is not None for cell in (intensity, hours, medication))
            rows["set_aside" if told else "not_recorded"] += 1
        elif not headache and ((intensity or 0) > 0 or (hours or 0) > 0):
            rows["set_aside"] += 1
        else:
            by_day[entry[:2]].append(entry)
    days: dict[tuple[str, int], Entry] = {}
    for key, found in by_day.items():
        if len(set(found)) > 1:
            rows["set_aside"] += len(found)
        else:
            rows["used"] += 1
            rows["collapsed"] += len(found) - 1
            days[key] = found[0]
    values = {}
    for patient in sorted({patient for patient, _ in by_day if any(name == patient for name, _ in days)}):
        for period, (first, last) in {
            "baseline": (-plan.baseline_days, -1),
            "followup": (plan.followup_first_day, plan.followup_last_day),
        }.items():
            inside = [days[patient, day] for day in range(first, last + 1) if (patient, day) in days]
            values[patient, period] = _endpoints(inside, _needed(plan, last - first + 1))
    return values, rows


def _needed(plan: AnalysisPlan, days: int) -> int:
    if plan.min_recorded_days is not None:
        return plan.min_recorded_days
    return math.ceil(Fraction(20, 28) * days)


def _endpoints(days: list[Entry], needed: int) -> dict[str, Any]:
    n = len(days)
    with_headache = [entry for entry in days if entry[2]]
    found: dict[str, Any] = {"recorded_days": n, "covered": n >= needed}
    found |= dict.fromkeys(
        ("headache_days_per_28", "intensity_on_headache_days", "burden_per_28",
         "acute_medication_days_per_28", "hours_on_headache_days"), math.nan,
    )  # fmt: skip
    known = [entry for entry in days if entry[5] is not None]
    if len(known) >= needed:
        found["acute_medication_days_per_28"] = 28 * sum(bool(entry[5]) for entry in known) / len(known)
    if n < needed:
        return found
    found["headache_days_per_28"] = 28 * len(with_headache) / n
    intensities = [entry[3] for entry in with_headache if entry[3] is not None]
    hours = [entry[4] for entry in with_headache if entry[4] is not None]
    if hours:
        found["hours_on_headache_days"] = sum(hours) / len(hours)
    if intensities:
        mean = sum(intensities) / len(intensities)
        found["intensity_on_headache_days"] = mean
        # A headache day without an intensity has the mean of the others.
        found["burden_per_28"] = 28 * mean * len(with_headache) / n
    elif not with_headache:
        found["burden_per_28"] = 0.0
    return found
