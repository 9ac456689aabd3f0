"""Attacks on the output, carried out with the truth at hand to count how often they succeed.

Each says what its attacker knows, the share of patients whose secret it finds, and the share that guessing
without that knowledge would find. What a colleague of a patient knows cannot be computed: a person has to
think about that before anything becomes public.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from outcomes.records.deidentify.dates import DATED, LONGEST_SHIFT, SHIFT_WEEKS, TrueDates
from outcomes.records.deidentify.windows import WINDOW_DAYS

if TYPE_CHECKING:
    import pandas as pd

    Frames = dict[str, pd.DataFrame]

MOST_VISITS = 40
_SEED = 1


@dataclass(frozen=True)
class Attack:
    """What was tried and how often it found the truth, beside what guessing finds."""

    name: str
    knows: str
    patients: int
    found: float
    chance: float

    def sentence(self) -> str:
        return (
            f"{self.name}: {self.found:.1%} of {self.patients} patients (chance {self.chance:.1%}). "
            f"The attacker knows {self.knows}."
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "attack": self.name,
            "attacker_knows": self.knows,
            "patients": self.patients,
            "found": round(self.found, 4),
            "chance": round(self.chance, 4),
        }


def date_attacks(frames: Frames, truth: TrueDates) -> list[Attack]:
    """The attacks that seek the calendar behind day numbers or moved dates. `truth` goes by the output's ids."""
    dated = [frames[name] for name in DATED if name in frames and len(frames[name])]
    if not truth.known or not dated:
        return []
    if all("day" in frame.columns for frame in dated):
        return _on_day_numbers(frames, truth)
    return _on_moved_dates(frames, truth) if truth.shift else []


def _on_day_numbers(frames: Frames, truth: TrueDates) -> list[Attack]:
    """The secret is the calendar day of day 0."""
    seen = _extremes(frames, "day")
    visits = _visits(frames, "day")
    people = [patient for patient in seen if patient in truth.zero]
    if not people:
        return []
    weekday = _guessed_weekdays(frames, truth, people, visits)
    ends, common, starts, fitting, days, both = [], [], [], [], [], []
    for patient in people:
        zero, (first, last) = truth.zero[patient], seen[patient]
        ends.append(truth.exported - last == zero)
        common.append(truth.common_end - last == zero)
        starts.append(truth.first - first == zero)
        candidates = [truth.exported - last - late for late in range(WINDOW_DAYS)]
        fits = [day for day in candidates if _is_open(day, visits.get(patient, ()), truth)]
        fitting.append(_share(zero, fits))
        days.append(weekday[patient] == (zero - 1) % 7)
        both.append(_share(zero, [day for day in fits if (day - 1) % 7 == weekday[patient]]))
    by_window = 1 / WINDOW_DAYS
    opening = f"on which {len(truth.opening_days)} weekdays the clinic is open"
    size = len(people)
    return [
        Attack(
            "end of the diary",
            "the day of the export, and takes it for the last day told",
            size,
            _mean(ends),
            by_window,
        ),
        Attack(
            "common end of diaries",
            "the day other than the export on which most diaries end, and takes it for the last day told",
            size,
            _mean(common),
            by_window,
        ),
        Attack("start of the diary", "the first day of the records", size, _mean(starts), by_window),
        Attack(
            "end and opening days", f"the day of the export, and {opening}", size, _mean(fitting), by_window
        ),
        Attack(
            "weekday of day 0",
            f"{opening}, and that diaries are kept less at weekends",
            size,
            _mean(days),
            1 / max(1, len(truth.opening_days)),
        ),
        Attack("end, opening days and weekday", "all of these", size, _mean(both), by_window),
    ]


def _on_moved_dates(frames: Frames, truth: TrueDates) -> list[Attack]:
    """The secret is how many weeks a patient's dates were moved."""
    seen = {patient: _days(pair) for patient, pair in _extremes(frames, "date").items()}
    visits = {patient: _days(own) for patient, own in _visits(frames, "date").items()}
    people = [patient for patient in seen if patient in truth.shift]
    if not people:
        return []
    moves = range(7, LONGEST_SHIFT + 1, 7)
    ends, starts, bounds, opens = [], [], [], []
    for patient in people:
        secret, (first, last) = truth.shift[patient], seen[patient]
        ends.append(truth.exported - last == secret)
        starts.append(truth.first - first == secret)
        bounds.append(
            _share(secret, [m for m in moves if first + m >= truth.first and last + m <= truth.exported])
        )
        own = visits.get(patient, ())
        opens.append(
            _share(secret, [m for m in moves if all((day + m - 1) % 7 in truth.opening_days for day in own)])
        )
    size, chance = len(people), 1 / SHIFT_WEEKS
    return [
        Attack(
            "end of the diary",
            "the day of the export, and takes it for the last day told",
            size,
            _mean(ends),
            chance,
        ),
        Attack("start of the diary", "the first day of the records", size, _mean(starts), chance),
        Attack(
            "both ends", "the first day of the records and the day of the export", size, _mean(bounds), chance
        ),
        Attack("opening days", "on which weekdays the clinic is open", size, _mean(opens), chance),
    ]


def _extremes(frames: Frames, column: str) -> dict[str, tuple[Any, Any]]:
    """Patient → the first and the last day told in any table."""
    import pandas as pd

    told = pd.concat([frames[name][["patient_id", column]] for name in DATED if name in frames])
    ends = told.groupby("patient_id")[column].agg(["min", "max"])
    return {str(patient): (first, last) for patient, first, last in ends.itertuples()}


def _visits(frames: Frames, column: str) -> dict[str, tuple[Any, ...]]:
    sessions = frames.get("sessions")
    if sessions is None or not len(sessions):
        return {}
    return {str(patient): tuple(sorted(set(own))) for patient, own in sessions.groupby("patient_id")[column]}


def _days(dates: Iterable[str]) -> tuple[int, ...]:
    return tuple(dt.date.fromisoformat(date).toordinal() for date in dates)


def _is_open(zero: int, visits: Sequence[int], truth: TrueDates) -> bool:
    """Whether day 0 on that day puts every visit on an opening day. The first one is a visit, told or not."""
    return all((zero + day - 1) % 7 in truth.opening_days for day in (0, *visits))


def _guessed_weekdays(
    frames: Frames, truth: TrueDates, people: Sequence[str], visits: Mapping[str, Sequence[int]]
) -> dict[str, int]:
    """Patient → the weekday of day 0 that fits the visits, and the gaps of the diary best with weekends."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 7)
    if "diary" in frames:
        diary = frames["diary"]
        for patient, days in diary.groupby("patient_id")["day"]:
            for day in days:
                counts[str(patient)][int(day) % 7] += 1
    guesses = {}
    for patient in people:
        fitting = [w for w in range(7) if _is_open(w + 1, visits.get(patient, ()), truth)] or list(
            truth.opening_days
        )
        # Day d falls on weekday (w + d) mod 7; Saturday and Sunday are 5 and 6.
        guesses[patient] = min(
            fitting or [0], key=lambda w: (counts[patient][(5 - w) % 7] + counts[patient][(6 - w) % 7], w)
        )
    return guesses


def _share(secret: int, candidates: Sequence[int]) -> float:
    """The chance of one guess among the candidates."""
    return 1 / len(candidates) if secret in candidates else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


@dataclass(frozen=True)
class Singled:
    """Share of patients whom somebody who knows some of their visits singles out."""

    visits: int
    knows: str
    patients: int
    share: float

    def sentence(self) -> str:
        what = "visit" if self.visits == 1 else "visits"
        return f"knowing {self.visits} {what} by {self.knows}: {self.share:.1%} of {self.patients} patients"

    def to_dict(self) -> dict[str, Any]:
        return {
            "visits_known": self.visits,
            "by": self.knows,
            "patients": self.patients,
            "singled_out": round(self.share, 4),
        }


def singled_out(frames: Frames, truth: TrueDates) -> list[Singled]:
    """How many patients one to three visits single out: by their true dates, which only `keep` writes; by the
    intervals between them as they are in the output; and by the intervals in weeks."""
    column = "day" if "day" in frames.get("sessions", ()) else "date"
    told = _visits(frames, column)
    days = told if column == "day" else {patient: _days(own) for patient, own in told.items()}
    days = {patient: own[:MOST_VISITS] for patient, own in days.items()}
    true = {patient: own[:MOST_VISITS] for patient, own in truth.visits.items() if patient in days}
    by_week = {
        patient: tuple(sorted({day // 7 for day in _from_first(own)})) for patient, own in days.items()
    }
    found = []
    for knows, visits, absolute in (
        ("true dates (were they written)", true, True),
        ("intervals in days", days, False),
        ("intervals in weeks", by_week, False),
    ):
        found += [_singled(visits, count, knows, absolute) for count in (1, 2, 3)]
    return [one for one in found if one.patients]


def _from_first(days: Sequence[int]) -> list[int]:
    return [day - days[0] for day in days]


def _singled(visits: Mapping[str, Sequence[int]], count: int, knows: str, absolute: bool) -> Singled:
    """Some visits of each patient, drawn at random, and whether no other patient has the like."""
    import numpy as np

    draws = np.random.default_rng(_SEED)
    holders: dict[tuple[int, ...], set[str]] = defaultdict(set)
    for patient, own in visits.items():
        for chosen in combinations(own, count):
            holders[_pattern(chosen, absolute)].add(patient)
    people = [patient for patient, own in visits.items() if len(own) >= count]
    alone = 0
    for patient in people:
        places = sorted(draws.choice(len(visits[patient]), size=count, replace=False))
        alone += len(holders[_pattern([visits[patient][place] for place in places], absolute)]) == 1
    return Singled(count, knows, len(people), alone / len(people) if people else 0.0)


def _pattern(days: Sequence[int], absolute: bool) -> tuple[int, ...]:
    return tuple(days) if absolute else tuple(day - days[0] for day in days)
