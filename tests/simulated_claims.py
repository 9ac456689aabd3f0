"""Made-up clinics whose truth is known, judged by the rules of docs/claims.md as they stand.

A patient has a usual share of headache days, months differ around it (beta-binomial), and days are missing. A month
that was the worst of several brought the patient: the one that led to the booking, or the one just before the first
session. What the clinic kept to set against a change is a part of its truth. Run as a program, this prints the tables
of docs/claims.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.claims.missing_days import readings
from outcomes.analysis.claims.set_against import below_average, beyond_range, difference_of
from outcomes.analysis.claims.sides import Side, improvement
from outcomes.analysis.estimates import paired_change
from outcomes.analysis.missing_diaries.started import Window
from outcomes.analysis.models.covariance_adjusted import ancova
from outcomes.analysis.regression_to_mean.null_simulation import null_simulation
from outcomes.analysis.regression_to_mean.repeat_baseline import repeat_baseline_in
from outcomes.claims.rules import CONSISTENT, ChangeEvidence, Interval, judge_change
from outcomes.plan import AnalysisPlan

MEAN_DAYS, PATIENT_ICC, DAY_ICC, MARGIN, LEAST = 11.0, 0.10, 0.08, 1.0, 20

Wholes = NDArray[np.int64]
Rates = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """`change` in days per 28. `bad` is the worst of `worst_of` months: the month of `booking`, or the `baseline`;
    `lasting` of its excess is still there in the next month. `kept`: `nothing`, a `second` baseline (a month that led
    to the booking and a baseline after it), a `group` of as many untreated patients who came the same way, or an
    average from `outside`, the true one. `missing` days in each window; `odds` of headache on missing days of
    baseline and follow-up, against recorded ones. `lost`: share without a follow-up."""

    change: float = 0.0
    worst_of: int = 1
    bad: str = "baseline"
    lasting: float = 0.0
    kept: str = "nothing"
    missing: float = 0.02
    odds: tuple[float, float] = (1.0, 1.0)
    lost: float = 0.1


@dataclass(frozen=True)
class Clinic:
    """Recorded and headache days of each patient, in the order of closing; who is lost, and who was treated."""

    booking: Window
    before: Window
    after: Window
    lost: NDArray[np.bool_]
    kept: str
    untreated: Clinic | None = None

    def __len__(self) -> int:
        return len(self.lost)

    def part(self, begin: int, end: int) -> Clinic:
        rows = np.zeros(len(self), dtype=bool)
        rows[begin:end] = True
        windows = (window.of(rows) for window in (self.booking, self.before, self.after))
        other = self.untreated.part(begin, end) if self.untreated is not None else None
        return Clinic(*windows, self.lost[rows], self.kept, other)


def clinic(truth: Truth, n: int, random: np.random.Generator) -> Clinic:
    other = None
    if truth.kept == "group":
        other = clinic(replace(truth, change=0.0, kept="nothing"), n, random)
    total = (1 - PATIENT_ICC) / PATIENT_ICC
    usual = random.beta(MEAN_DAYS / 28 * total, (1 - MEAN_DAYS / 28) * total, n)
    rates, days = _worst(usual, truth.worst_of, random)
    if truth.bad == "booking":
        booking = days
        # What lasts of a bad month is a share of how far it lay above the patient's usual.
        still = truth.lasting * (rates - usual)
        before = random.binomial(28, np.clip(_month(usual, random) + still, 0, 1))
    else:
        booking = random.binomial(28, _month(usual, random))
        before = days
    after = random.binomial(28, _month(usual * (1 + truth.change / MEAN_DAYS), random))
    return Clinic(
        booking=Window(28, np.full(n, 28), booking),
        before=_recorded(before, truth.missing, truth.odds[0], random),
        after=_recorded(after, truth.missing, truth.odds[1], random),
        lost=random.random(n) < truth.lost,
        kept=truth.kept,
        untreated=other,
    )


def _month(usual: Rates, random: np.random.Generator) -> Rates:
    total = (1 - DAY_ICC) / DAY_ICC
    usual = np.clip(usual, 1e-6, 1 - 1e-6)
    return random.beta(usual * total, (1 - usual) * total)


def _worst(usual: Rates, months: int, random: np.random.Generator) -> tuple[Rates, Wholes]:
    rates = np.stack([_month(usual, random) for _ in range(months)])
    days = random.binomial(28, rates)
    worst = days.argmax(axis=0), np.arange(len(usual))
    return rates[worst], days[worst]


def _recorded(days: Wholes, missing: float, odds: float, random: np.random.Generator) -> Window:
    """Days go missing so that headache has `odds` times the odds on them; in all a share `missing`."""
    share = days.mean() / 28
    low, high = 1e-9, 1 - 1e-9
    for _ in range(30):
        free = (low + high) / 2
        with_headache = odds * free / (1 - free + odds * free)
        low, high = (low, free) if share * with_headache + (1 - share) * free > missing else (free, high)
    gone = random.binomial(days, with_headache)
    return Window(28, 28 - gone - random.binomial(28 - days, free), days - gone)


def says_consistent(seen: Clinic, margin: float = MARGIN, confidence: float = 0.95) -> bool:
    """The verdict of one look at these patients."""
    begun = seen.before.recorded >= LEAST
    stayed = begun & ~seen.lost & (seen.after.recorded >= LEAST)
    before, after = seen.before.of(stayed), seen.after.of(stayed)
    with np.errstate(invalid="ignore"):
        returned = np.where(stayed, seen.after.level, seen.before.level)[begun]
    side = Side(
        patients=pd.Index(np.flatnonzero(stayed)),
        n_started=int(begun.sum()),
        before=before.level,
        after=after.level,
        started_before=seen.before.of(begun).level,
        returned=returned,
        missing=readings(before, after),
        flagged=np.zeros(int(stayed.sum()), dtype=bool),
        n_not_told=0,
        is_recalled=False,
        never=(False, False),
    )
    evidence = side.evidence(1.0, confidence)
    # What is set against a change takes longest, and can only take a verdict away.
    if judge_change(replace(evidence, needs_beyond=False), margin).word != CONSISTENT:
        return False
    evidence = replace(evidence, beyond=tuple(_against(seen, stayed, evidence, confidence)))
    return judge_change(evidence, margin).word == CONSISTENT


def _against(
    seen: Clinic, stayed: NDArray[np.bool_], evidence: ChangeEvidence, confidence: float
) -> Iterator[tuple[str, Interval]]:
    plan = AnalysisPlan(confidence=confidence, external_means=(MEAN_DAYS,))
    table = _table(seen, stayed)
    if seen.kept == "second":
        found = repeat_baseline_in(table, plan)
        if found.qualifies:
            yield "no excess", Interval(found.beyond.value, found.beyond.low, found.beyond.high)
    if seen.kept == "outside":
        reach = null_simulation(table, replace(plan, responder_reductions=(50.0,))).change_range
        yield beyond_range(reach, evidence.change)[1]
        yield "not below", improvement(below_average(seen.after.of(stayed).level, MEAN_DAYS, confidence), 1.0)
    if seen.untreated is not None:
        other = seen.untreated
        here = (other.before.recorded >= LEAST) & ~other.lost & (other.after.recorded >= LEAST)
        frames = [
            pd.DataFrame(
                {"baseline": one.before.of(rows).level, "followup": one.after.of(rows).level, "group": name}
            )
            for one, rows, name in ((seen, stayed, "treated"), (other, here, "waiting_list"))
        ]
        model = ancova(
            pd.concat(frames, ignore_index=True),
            reference="waiting_list",
            randomised=False,
            confidence=confidence,
        )
        yield "no difference", improvement(difference_of(model), 1.0)


def _table(seen: Clinic, stayed: NDArray[np.bool_]) -> pd.DataFrame:
    """The table of `booking_table`: booked on the last day before a baseline of 28 days."""
    windows = {"booking": seen.booking, "baseline": seen.before, "followup": seen.after}
    days = {f"{name}_recorded_days": window.recorded for name, window in windows.items()}
    days |= {f"{name}_headache_days": window.headache for name, window in windows.items()}
    return pd.DataFrame(
        {
            "patient_id": [f"p{place:05d}" for place in range(len(seen))],
            "standing": np.where(stayed, "analysed", "no_followup_diary"),
            "contact_day": -29,
            "booking_month": "led_to_booking",
            **days,
        }
    )


def naive(seen: Clinic) -> bool:
    """Whether the interval alone lies beyond the margin, nothing being held against it."""
    stayed = (seen.before.recorded >= LEAST) & ~seen.lost & (seen.after.recorded >= LEAST)
    found = paired_change(seen.before.of(stayed).level, seen.after.of(stayed).level, 0.95)
    return found.high is not None and found.high < -MARGIN


PER_MONTH = 10


def one_review(seen: Clinic) -> bool:
    return says_consistent(seen.part(0, 6 * PER_MONTH))


def half_yearly(seen: Clinic) -> bool:
    """Four reviews on patients who do not overlap: told once is told."""
    step = 6 * PER_MONTH
    return any(says_consistent(seen.part(begin, begin + step)) for begin in range(0, len(seen), step))


def monthly(seen: Clinic) -> bool:
    """Looking each month at the patients of the last twelve: told once is told."""
    ends = range(PER_MONTH, len(seen) + 1, PER_MONTH)
    return any(says_consistent(seen.part(max(0, end - 12 * PER_MONTH), end)) for end in ends)


def share(
    truth: Truth, look: Callable[[Clinic], bool], clinics: int, n: int = 24 * PER_MONTH, seed: int = 1
) -> float:
    random = np.random.default_rng(seed)
    return float(np.mean([look(clinic(truth, n, random)) for _ in range(clinics)]))


#: No missing day and nobody lost: then only chance stands between a change of the margin and the verdict.
ON_THE_MARGIN = Truth(change=-MARGIN, bad="booking", worst_of=3, kept="second", missing=0.0, lost=0.0)

#: What most clinics could do: a month that led to the booking, and a baseline after it.
SECOND = Truth(bad="booking", worst_of=3, kept="second")


def _line(name: str, *shares: float) -> None:
    print(name, *(f"{100 * one:.1f}%" for one in shares), sep=" | ", flush=True)


def print_looks(clinics: int) -> None:
    for name, truth in {
        "0": replace(SECOND, missing=0.0, lost=0.0),
        "-1": ON_THE_MARGIN,
        "-3": replace(SECOND, change=-3.0),
        "-4": replace(SECOND, change=-4.0),
        "-4, 5% missing": replace(SECOND, change=-4.0, missing=0.05),
        "-4, 10% missing": replace(SECOND, change=-4.0, missing=0.1),
    }.items():
        _line(name, *(share(truth, look, clinics) for look in (one_review, half_yearly, monthly)))


def print_bad_months(clinics: int) -> None:
    ways = {
        "any month": Truth(),
        "worst of 2 before the session": Truth(worst_of=2),
        "worst of 3 before the session": Truth(worst_of=3),
        "worst of 6 before the session": Truth(worst_of=6),
        "worst of 12 before the session": Truth(worst_of=12),
        "worst of 3 before the booking": Truth(worst_of=3, bad="booking"),
        "worst of 3 before the booking, half lasts": Truth(worst_of=3, bad="booking", lasting=0.5),
    }
    some = ("any month", "worst of 3 before the session", "worst of 3 before the booking")
    for change, n in ((0.0, 100), (-3.0, 100), (-4.0, 100), (-6.0, 100), (0.0, 400)):
        for name in ways if n == 100 and not change else some:
            truth = replace(ways[name], change=change)
            shares = [share(truth, naive, clinics, n)]
            shares += [share(replace(truth, kept=kept), says_consistent, clinics, n) for kept in KEPT]
            _line(f"{change:g} | {n} | {name}", *shares)


KEPT = ("nothing", "second", "group", "outside")


def print_missing_days(clinics: int) -> None:
    for n in (60, 100, 200):
        for missing in (0.02, 0.05, 0.1):
            for lost in (0.0, 0.1):
                shares = [
                    share(
                        replace(SECOND, change=change, missing=missing, lost=lost),
                        says_consistent,
                        clinics,
                        n,
                    )
                    for change in (-3.0, -4.0)
                ]
                _line(f"{n} | {missing:g} | {lost:g}", *shares)
    for missing in (0.1, 0.2):
        for odds in ((1.0, 5.0), (1.0, 10.0), (1.0, 1e4), (1 / 33.7, 1.0), (1e-4, 1.0), (1 / 33.7, 1 / 33.7)):
            truth = replace(SECOND, missing=missing, odds=odds)
            shares = [share(truth, look, clinics, n) for n in (100, 400) for look in (naive, says_consistent)]
            _line(f"no change | {missing:g} | {odds[0]:.3g}, {odds[1]:.3g}", *shares)


if __name__ == "__main__":
    clinics = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    {"looks": print_looks, "bad": print_bad_months, "missing": print_missing_days}[sys.argv[1]](clinics)
