"""Sessions, safety, questionnaires, recalled days, strata and care, counted row by row from docs/method.md."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any

from recount_course import TIE, compared, pairs
from recount_outcomes import Row, Told, codes, needed_in, window

GRADES = ("mild", "significant", "serious")
Pair = tuple[float, float]


def is_known(value: float) -> bool:
    return not math.isnan(value)


def analysed(told: Told) -> dict[str, Pair]:
    return {name: pair for name, pair in pairs(told).items() if is_known(pair[0]) and is_known(pair[1])}


def mean_change(found: Iterable[Pair]) -> float:
    changes = [after - before for before, after in found]
    return fmean(changes) if changes else math.nan


# ---------------------------------------------------------------- within a session


def within_session(told: Told) -> tuple[dict[str, float], dict[int, dict[str, float]]]:
    """(mean change of each patient, session number → patient → change)."""
    own: dict[str, list[float]] = {}
    numbered: dict[int, dict[str, float]] = {}
    for name, rows in told.sessions.items():
        for number, row in enumerate(rows, start=1):
            before, after = row.get("pain_before"), row.get("pain_after")
            if before is not None and after is not None:
                own.setdefault(name, []).append(after - before)
                numbered.setdefault(number, {})[name] = after - before
    return {name: fmean(changes) for name, changes in own.items()}, numbered


def share_of(rows: Iterable[Row], column: str, yes: Callable[[Any], bool]) -> tuple[int, int]:
    """(rows in which the answer is a yes, rows in which it was filled in)."""
    given = [row[column] for row in rows if row.get(column) is not None]
    return sum(yes(value) for value in given), len(given)


def all_sessions(told: Told) -> list[Row]:
    return [row for rows in told.sessions.values() for row in rows]


# ---------------------------------------------------------------- safety


def _rank(answer: str | None) -> int | None:
    """0 none, 1 to 3 the grade, 0.5 an event without a grade; None: no answer."""
    if answer is None or answer == "not_asked":
        return None
    return 0 if answer == "none" else 1 + GRADES.index(answer)


def _listed(told: Told) -> list[Row]:
    return [event for event in told.events if event["kind"] == "adverse_event"]


def session_ranks(told: Told, asked_when: str) -> list[tuple[str, float | None]]:
    """(patient, worst grade of a session as a number) of all sessions; None: nobody asked."""
    found = []
    grades: dict[tuple[str, int], float] = {}
    for event in _listed(told):
        key = (event["patient_id"], event["day"])
        grades[key] = max(grades.get(key, 0), _rank(event.get("grade")) or 0.5)
    for row in all_sessions(told):
        at, later = _rank(row.get("adverse_event")), _rank(row.get("adverse_event_72h"))
        if asked_when == "at_session":
            found.append((row["patient_id"], at))
            continue
        if asked_when == "at_72h":
            found.append((row["patient_id"], later))
            continue
        worst: float | None = max((rank for rank in (at, later) if rank is not None), default=None)
        if worst is not None:
            # An event counts once, also where there were two sessions on its day.
            worst = max(worst, grades.pop((row["patient_id"], row["day"]), 0))
        found.append((row["patient_id"], worst))
    return found


def sessions_with(told: Told, asked_when: str, grade: str) -> tuple[int, int]:
    ranks = [rank for _, rank in session_ranks(told, asked_when) if rank is not None]
    return sum(_is(rank, grade) for rank in ranks), len(ranks)


def _is(rank: float, grade: str) -> bool:
    return rank > 0 if grade == "any" else rank == 1 + GRADES.index(grade)


def patients_with(told: Told, grade: str) -> tuple[int, int]:
    """(patients with an event of the grade, those asked at least once); listed events on any day count."""
    asked = {name for name, rank in session_ranks(told, "worst_of_both") if rank is not None}
    hit = {
        name for name, rank in session_ranks(told, "worst_of_both") if rank is not None and _is(rank, grade)
    }
    told_of = {(row["patient_id"], row["day"]) for row in all_sessions(told) if _told(row)}
    for event in _listed(told):
        if (event["patient_id"], event["day"]) not in told_of and _is(
            _rank(event.get("grade")) or 0.5, grade
        ):
            hit.add(event["patient_id"])
    return len(hit & asked), len(asked)


def _told(row: Row) -> bool:
    return any(_rank(row.get(column)) for column in ("adverse_event", "adverse_event_72h"))


def kinds(told: Told) -> tuple[Counter[str], int]:
    """(sessions with each kind, sessions asked about)."""
    counted: Counter[str] = Counter()
    asked = 0
    for row in all_sessions(told):
        if _rank(row.get("adverse_event")) is None and _rank(row.get("adverse_event_72h")) is None:
            continue
        asked += 1
        counted.update(set(codes(row.get("adverse_event_kind"))))
    return counted, asked


def needles(told: Told) -> tuple[int, int, int]:
    """(sessions with both numbers, different, fewer out)."""
    both = [
        (row["needles_inserted"], row["needles_removed"])
        for row in all_sessions(told)
        if row.get("needles_inserted") is not None and row.get("needles_removed") is not None
    ]
    return len(both), sum(i != o for i, o in both), sum(o < i for i, o in both)


def soreness(told: Told) -> dict[int, tuple[float, float, int]]:
    """Day 0 to 7 after a session and before the next → (mean over patients, mean share sore, patients)."""
    found = {}
    own: dict[int, dict[str, list[float]]] = {day: {} for day in range(8)}
    for name in told.known:
        given = [row["day"] for row in told.sessions.get(name, [])]
        for day, row in told.days[name].items():
            before = [session for session in given if session <= day]
            if before and row.get("soreness") is not None and day - max(before) <= 7:
                own[day - max(before)].setdefault(name, []).append(row["soreness"])
    for day, patients in own.items():
        means = [fmean(values) for values in patients.values()]
        shares = [fmean(value > 0 for value in values) for values in patients.values()]
        found[day] = (
            fmean(means) if means else math.nan, fmean(shares) if shares else math.nan, len(means)
        )  # fmt: skip
    return found


def without_session_days(told: Told) -> dict[str, Pair]:
    """Headache days per 28 without days 0 to `soreness_last_day` after each session, in both windows."""
    plan, found = told.plan, {}
    for name in compared(told):
        near = {
            row["day"] + later
            for row in told.sessions.get(name, [])
            for later in range(plan.soreness_last_day + 1)
        }
        values = []
        for period in ("baseline", "followup"):
            first, last = window(plan, period)
            kept = [day for day in range(first, last + 1) if day not in near]
            length = last - first + 1
            needed = max(1, math.ceil(needed_in(plan, length) / length * len(kept) - TIE))
            rows = [told.days[name][day] for day in kept if day in told.days[name]]
            values.append(
                28 * sum(row["headache"] for row in rows) / len(rows) if len(rows) >= needed else math.nan
            )
        found[name] = (values[0], values[1])
    return {name: pair for name, pair in found.items() if is_known(pair[0]) and is_known(pair[1])}


# ---------------------------------------------------------------- questionnaires

#: items that are scored, recall in days.
SHEETS = {
    "hit6": (6, 28), "midas": (5, 84), "pedmidas": (6, 84), "ndi": (10, 1), "msq_rr": (7, 28), "msq_rp": (4, 28),
    "msq_ef": (3, 28), "hdi": (25, 1), "nrs": (0, 1), "eq_vas": (0, 1),
    "rom_flexion": (0, 1), "rom_extension": (0, 1),
}  # fmt: skip
MSQ = {"msq_rr": range(1, 8), "msq_rp": range(8, 12), "msq_ef": range(12, 15)}


def sheet_score(told: Told, row: Row, instrument: str) -> float | None:
    """The score of a sheet, None where it has none."""
    numbers = MSQ[instrument] if row["instrument"] == "msq" else range(1, SHEETS[instrument][0] + 1)
    every = [row.get(f"item_{number}") for number in range(1, 26)]
    items = [row.get(f"item_{number}") for number in numbers]
    if not any(value is not None for value in every):
        score = row.get("score")
        if score is None:
            return None
        halved = instrument == "ndi" and row.get("unit") == "percent"
        return score / 2 if halved else score
    answers = [value for value in items if value is not None]
    missing = len(items) - len(answers)
    if instrument == "ndi":
        if missing > told.plan.ndi_missing_items:
            return None
        return 50 * sum(answers) / (5 * len(answers))
    if missing:
        return None
    if instrument in MSQ:
        recoded = sum(7 - value for value in answers)
        return 100 * (recoded - len(items)) / (5 * len(items))
    return sum(answers)


def paired_scores(told: Told, instrument: str) -> tuple[dict[str, float], dict[str, float]]:
    """(baseline, follow-up) of each patient who has one: latest to day 0, earliest of the follow-up days."""
    plan, recall = told.plan, SHEETS[instrument][1]
    before: dict[str, tuple[int, float]] = {}
    after: dict[str, tuple[int, float]] = {}
    for row in told.scores:
        if row["instrument"] != instrument and not (row["instrument"] == "msq" and instrument in MSQ):
            continue
        name, day = row["patient_id"], row["day"]
        is_child = told.patients[name].get("age_band") == "0-17"
        age = told.patients[name].get("age_band")
        if (instrument == "midas" and is_child) or (
            instrument == "pedmidas" and age is not None and not is_child
        ):
            continue
        score = sheet_score(told, row, instrument)
        if day is None or score is None or name not in told.known:
            continue
        if plan.score_baseline_first_day <= day <= 0 and (name not in before or day > before[name][0]):
            before[name] = (day, score)
        late = plan.score_followup_first_day <= day <= plan.score_followup_last_day
        if late and day - recall + 1 >= 1 and (name not in after or day < after[name][0]):
            after[name] = (day, score)
    return {n: s for n, (_, s) in before.items()}, {n: s for n, (_, s) in after.items()}


def important(told: Told, name: str, instrument: str) -> float | None:
    """What matters to one patient, by type."""
    person = told.patients[name]
    kind, code = person.get("headache_type"), person.get("ichd3_code")
    if instrument == "hit6":
        return 8 if kind == "tension_type" and code not in ("2.1", "2.2", "2.4") else 6
    if instrument == "ndi":
        return 5.5 if kind == "cervicogenic" else 10
    if instrument == "nrs":
        return 2.5 if kind == "cervicogenic" else 2
    return {"midas": 4.5, "msq_rr": 5.0, "msq_rp": 7.9, "msq_ef": 10.6, "hdi": 29}.get(instrument)


def improvements(told: Told, instrument: str) -> tuple[int, int, int, float]:
    """(improved, worsened, pairs, mean change)."""
    before, after = paired_scores(told, instrument)
    better = -1 if instrument not in MSQ else 1
    up = down = 0
    both = sorted(set(before) & set(after))
    for name in both:
        gain, least = better * (after[name] - before[name]), important(told, name, instrument)
        if least is not None:
            up, down = up + (gain >= least - TIE), down + (-gain >= least - TIE)
    return up, down, len(both), mean_change((before[name], after[name]) for name in both)


def ahs(told: Told) -> tuple[int, int, int]:
    """MIDAS: 5 points from 11 to 20, 30% above; (improved, worsened, pairs with a baseline above 10)."""
    before, after = paired_scores(told, "midas")
    up = down = n = 0
    for name in set(before) & set(after):
        if before[name] <= 10:
            continue
        n += 1
        least = 5 if before[name] <= 20 else 0.3 * before[name]
        up += before[name] - after[name] >= least - TIE
        down += after[name] - before[name] >= least - TIE
    return up, down, n


# ---------------------------------------------------------------- recalled days


def recalled_pairs(told: Told, span: int) -> dict[str, Pair]:
    """Days per 28 recalled before and after; NaN where there are none. The levels are of everybody."""
    plan, found = told.plan, {}
    for name in told.known:
        answers: dict[int, set[float]] = {}
        for row in told.sessions.get(name, []):
            if row.get(f"recalled_headache_days_{span}") is not None:
                answers.setdefault(row["day"], set()).add(row[f"recalled_headache_days_{span}"])
        said = {day: 28 / span * next(iter(values)) for day, values in answers.items() if len(values) == 1}
        before = [day for day in said if -plan.baseline_days <= day <= 0]
        first, last = plan.followup_first_day + span, plan.followup_last_day + span
        last = plan.followup_last_day + 28 if span == 28 else plan.followup_last_day + 7
        after = [day for day in said if first <= day <= last]
        found[name] = (said[max(before)] if before else math.nan, said[min(after)] if after else math.nan)
    return found


# ---------------------------------------------------------------- dose, care, concurrent treatment


def received(told: Told, last: int) -> dict[str, int]:
    """Used sessions on days 0 to `last`, of patients whose follow-up window is over."""
    return {
        name: sum(0 <= row["day"] <= last for row in told.sessions.get(name, []))
        for name in told.known
        if told.is_over(name, told.plan.followup_last_day) and told.sessions.get(name)
    }


def in_care(told: Told) -> tuple[set[str], set[str]]:
    """(patients analysed with a session within the follow-up window, those of whom there is a session)."""
    known = {name for name in analysed(told) if told.sessions.get(name)}
    first, last = window(told.plan, "followup")
    return {name for name in known if any(first <= row["day"] <= last for row in told.sessions[name])}, known


def preventive_changes(told: Told) -> set[str]:
    """Patients with a change of a preventive drug within `concurrent_change_days` of the first session."""
    near = told.plan.concurrent_change_days
    found = set()
    for row in all_sessions(told):
        if abs(row["day"]) <= near and any(
            code.startswith("preventive_") for code in codes(row.get("co_interventions"))
        ):
            found.add(row["patient_id"])
    for event in told.events:
        if event["kind"] == "preventive_change" and event["day"] is not None and abs(event["day"]) <= near:
            found.add(event["patient_id"])
    return found


def main_entry(told: Told, column: str) -> dict[str, str]:
    """The entry of more than half of a patient's sessions, up to the end of follow-up, in which it was filled in."""
    found = {}
    for name, rows in told.sessions.items():
        given = [
            str(row[column]) for row in rows
            if row.get(column) is not None and row["day"] <= told.plan.followup_last_day
        ]  # fmt: skip
        for entry, count in Counter(given).items():
            if 2 * count > len(given):
                found[name] = entry
    return found


# ---------------------------------------------------------------- strata


def welch(groups: list[list[float]]) -> float:
    """Welch's F."""
    k = len(groups)
    means = [fmean(group) for group in groups]
    weights = [
        len(group) / (sum((x - mean) ** 2 for x in group) / (len(group) - 1))
        for group, mean in zip(groups, means, strict=True)
    ]
    total = sum(weights)
    middle = sum(w * m for w, m in zip(weights, means, strict=True)) / total
    between = sum(w * (m - middle) ** 2 for w, m in zip(weights, means, strict=True)) / (k - 1)
    spread = sum((1 - w / total) ** 2 / (len(g) - 1) for w, g in zip(weights, groups, strict=True))
    return between / (1 + 2 * (k - 2) / (k**2 - 1) * spread)


def severity(told: Told, name: str) -> str | None:
    """By the mean worst intensity of the headache days of the baseline."""
    first, last = window(told.plan, "baseline")
    rows = [told.days[name][day] for day in range(first, last + 1) if day in told.days[name]]
    given = [row["intensity"] for row in rows if row["headache"] and row.get("intensity") is not None]
    if len(rows) < needed_in(told.plan, last - first + 1) or not given:
        return None
    low, high = told.plan.severity_bounds
    return "mild" if fmean(given) < low - TIE else "moderate" if fmean(given) < high - TIE else "severe"
