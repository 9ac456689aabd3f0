"""Clinics in which nothing changes and everybody comes in a bad month: what the repeat baseline makes of them.

The bad month is the worst of three. Where it precedes the booking, the baseline after it is an ordinary month: the
repeat baseline must qualify, show the fall and leave nothing beyond it. Where it is the month just before the first
session, the whole change is the bad month's, and no number beyond a bad month may be given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.estimates import Values
from outcomes.analysis.periods import split_periods
from outcomes.analysis.regression_to_mean.repeat_baseline import QUALIFIES, RepeatBaseline, repeat_baseline
from outcomes.plan import DAYS_PER_PERIOD, MIN_RECORDED_SHARE, AnalysisPlan
from outcomes.records.reading import load_records
from outcomes.selfcheck.clinics import DAY_ICC, Generator, Population, Wholes, days_per_28, month_shares
from outcomes.selfcheck.promises import Promise, every_promise, mean_promise

LEFT_OVER = "change beyond the bad month, where the truth is 0"

#: Patients start in the worst of so many months.
WORST_OF = 3

#: How much of the bad month is still there in the next one, in the clinics where it lasts.
LASTING = 0.3

#: Of the planted excess of the bad month: the least that must show as a fall, and the most that may be left over.
LEAST_SHOWN, MOST_LEFT_OVER = 0.5, 0.15

#: Patients in each clinic: so many that the fall is this many standard errors, and chance does not decide about it.
_STANDARD_ERRORS = 6
_LEAST_PATIENTS, _MOST_PATIENTS = 500, 2000

#: Draws by which the planted excess is worked out.
_PLANTED_DRAWS = 200_000


@dataclass(frozen=True)
class Arrival:
    """How patients come: which month is the bad one, how much of it lasts, and when they book."""

    name: str
    bad_month: str
    lasting: float
    booked: Callable[[Generator, int, int], Wholes]


def _at_the_end_of_the_bad_month(generator: Generator, n: int, length: int) -> Wholes:
    return np.full(n, -length - 1)


def _shortly_before(generator: Generator, n: int, length: int) -> Wholes:
    return -generator.integers(1, length, n)


def _long_before(generator: Generator, n: int, length: int) -> Wholes:
    return -generator.integers(length + 1, length + 15, n)


BEFORE_BOOKING = Arrival("the bad month precedes the booking", "booking", 0.0, _at_the_end_of_the_bad_month)
LASTS = Arrival(
    f"the bad month precedes the booking, {LASTING:.0%} of it lasts", "booking", LASTING,
    _at_the_end_of_the_bad_month,
)  # fmt: skip
BOOKED_SHORTLY = Arrival(
    "the bad month precedes the first session, booked in it", "baseline", 0.0, _shortly_before
)
BOOKED_LONG = Arrival(
    "the bad month precedes the first session, booked before it", "baseline", 0.0, _long_before
)


@dataclass(frozen=True)
class _Seen:
    """One clinic as the repeat baseline sees it, and the change from its baseline as the comparison gives it."""

    found: RepeatBaseline
    change: float


def bad_month_promises(
    population: Population, plan: AnalysisPlan, clinics: int, generator: Generator
) -> tuple[list[Promise], tuple[str, ...]]:
    """What the repeat baseline says of clinics with no effect, `clinics` of each sort; with notes.

    The clinics are as large as it takes for a bad month to show. Where even the largest would not do, because the
    patients have hardly any headache days, there are no promises and a note says so.
    """
    plan = replace(plan, flare_correlations=tuple(sorted({*plan.flare_correlations, LASTING})))
    day_icc = max(DAY_ICC, population.day_icc)
    planted, sd = _planted(population, day_icc, plan, generator)
    n = math.ceil((_STANDARD_ERRORS * sd / planted) ** 2)
    if n > _MOST_PATIENTS:
        return [], (
            "bad_months_not_checked: a bad month of such patients is too mild to be told from chance",
        )
    n = max(n, _LEAST_PATIENTS, plan.repeat_baseline_min_patients)

    def seen(arrival: Arrival) -> list[_Seen]:
        return [
            _look(_tables(arrival, population, day_icc, plan, n, generator), plan) for _ in range(clinics)
        ]

    found = _where_it_qualifies(BEFORE_BOOKING, seen(BEFORE_BOOKING), "change_beyond", n, planted)
    found += _where_it_qualifies(LASTS, seen(LASTS), f"change_beyond_flare_{LASTING:g}", n, planted)
    for arrival in (BOOKED_SHORTLY, BOOKED_LONG):
        found += _where_it_must_not(arrival, seen(arrival), n, planted)
    return found, ()


def _planted(
    population: Population, day_icc: float, plan: AnalysisPlan, generator: Generator
) -> tuple[float, float]:
    """Mean excess of the bad month, and the spread of the change from it, in days per 28."""
    patients = population.draw(generator, (_PLANTED_DRAWS,))
    bad = np.max([month_shares(generator, patients.usual, day_icc) for _ in range(WORST_OF)], axis=0)
    after = month_shares(generator, patients.usual, day_icc)
    change = days_per_28(generator, after, patients.recorded_after) - days_per_28(
        generator, bad, patients.recorded_before
    )
    return DAYS_PER_PERIOD * float(np.mean(bad - patients.usual)), float(np.std(change))


def _where_it_qualifies(
    arrival: Arrival, seen: list[_Seen], row: str, n: int, planted: float
) -> list[Promise]:
    qualified = [one.found for one in seen if one.found.status == QUALIFIES]
    question = "the repeat baseline qualifies"
    found = [every_promise(question, arrival.name, n, len(qualified), len(seen), wanted=True)]
    if len(qualified) > 1:
        apparent = _values(qualified, "followup_mean") - _values(qualified, "booking_month_mean")
        left = _values(qualified, row)
        most = MOST_LEFT_OVER * planted
        found += [
            mean_promise(
                "change from the month of booking, all of it the bad month's",
                arrival.name, n, apparent, None, -LEAST_SHOWN * planted,
            ),
            mean_promise(LEFT_OVER, arrival.name, n, left, -most, most, f"the row {row}"),
        ]  # fmt: skip
    return found


def _where_it_must_not(arrival: Arrival, seen: list[_Seen], n: int, planted: float) -> list[Promise]:
    corrected = sum(
        any(
            row.statistic.startswith("change_beyond") and row.value is not None
            for row in one.found.statistics
        )
        for one in seen
    )
    instead = ", ".join(sorted({one.found.status for one in seen}))
    question = "a change beyond the bad month is told"
    change = np.array([one.change for one in seen])
    return [
        every_promise(
            question, arrival.name, n, corrected, len(seen), wanted=False, note=f"said instead: {instead}"
        ),
        mean_promise(
            "change from the baseline, all of it the bad month's",
            arrival.name, n, change, None, -LEAST_SHOWN * planted,
        ),
    ]  # fmt: skip


def _values(seen: list[RepeatBaseline], row: str) -> Values:
    return np.array([one[row].value for one in seen], dtype=np.float64)


def _look(tables: dict[str, pd.DataFrame], plan: AnalysisPlan) -> _Seen:
    """One clinic, written as a diary and read like any other."""
    records = load_records(tables, plan)
    counts = window_counts(split_periods(records, plan))
    counts = counts[counts["standing"] == "analysed"]
    before, after = (
        DAYS_PER_PERIOD * (counts[f"{name}_headache_days"] / counts[f"{name}_recorded_days"]).mean()
        for name in ("baseline", "followup")
    )
    return _Seen(repeat_baseline(records, plan), float(after - before))


def _tables(
    arrival: Arrival,
    population: Population,
    day_icc: float,
    plan: AnalysisPlan,
    n: int,
    generator: Generator,
) -> dict[str, pd.DataFrame]:
    """A diary of the month of booking, the baseline and the follow-up, days counted from the first session."""
    patients = population.draw(generator, (n,))
    length = plan.baseline_days
    shares = _month_shares(arrival, patients.usual, day_icc, generator)
    least = int(np.ceil(MIN_RECORDED_SHARE * length - 1e-9))
    recorded = {
        "booking": np.maximum(patients.recorded_before, least),
        "baseline": np.maximum(patients.recorded_before, least),
        "followup": patients.recorded_after,
    }
    windows = {"booking": (-2 * length, -length - 1), **plan.windows}
    diary = pd.concat(
        [
            _diary(windows[name], recorded[name], shares[name], generator)
            for name in ("booking", "baseline", "followup")
        ]
    ).sort_values(["patient_id", "day"], kind="stable", ignore_index=True)
    contact = arrival.booked(generator, n, length)
    return {
        "diary": diary,
        "patients": pd.DataFrame({"patient_id": np.arange(1, n + 1), "contact_day": contact}),
    }


def _month_shares(arrival: Arrival, usual: Values, day_icc: float, generator: Generator) -> dict[str, Values]:
    """Each window's share of headache days: one is the worst of three months, the others are ordinary ones."""
    tried = [month_shares(generator, usual, day_icc) for _ in range(WORST_OF)]
    bad = np.max(tried, axis=0)
    shares = {name: month_shares(generator, usual, day_icc) for name in ("booking", "baseline", "followup")}
    shares[arrival.bad_month] = bad
    if arrival.lasting:
        # The next month is the bad month over again for that share of the patients: so that share of the excess
        # lasts, on average.
        again = generator.random(usual.shape) < arrival.lasting
        shares["baseline"] = np.where(again, bad, shares["baseline"])
    return shares


def _diary(window: tuple[int, int], recorded: Wholes, shares: Values, generator: Generator) -> pd.DataFrame:
    """Rows of one window: each patient's recorded days, drawn from all days of it, and headache on some of them."""
    days = np.arange(window[0], window[1] + 1)
    place = generator.random((len(recorded), len(days))).argsort(axis=1).argsort(axis=1)
    patient, column = np.nonzero(place < recorded[:, None])
    headache = generator.random(len(patient)) < shares[patient]
    return pd.DataFrame(
        {
            "patient_id": patient + 1,
            "day": days[column],
            "headache": np.where(headache, "yes", "no"),
        }
    )
