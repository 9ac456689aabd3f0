"""What was planted in simulated clinics is found again by the topics, within the intervals they print.

Bounds are four Monte-Carlo standard errors. A few clinics in every run; as many as a coverage needs where marked long.
A relapse is seen by windows (docs/method.md#durability): what was planted lies between the two readings of them, give
or take their intervals. An association of sessions and headache days is no dose slope, and none is looked for in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from diaries import ATTESTED

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.questions import ask
from outcomes.analysis.results import Statistic
from outcomes.records.reading import read_records
from outcomes.simulation import ClinicTruth, ScoreTruth, simulate_clinic, without_change, without_gaps

PLAN = AnalysisPlan(set_aside_limit=1.0)
SHORT = range(1000, 1004)
LONG = range(1000, 1120)

#: Nobody in a bad month, nobody stops because of feeling better, and everybody comes back.
STILL = replace(
    without_gaps(without_change(ClinicTruth(patients=60, months=12))),
    worst_of_months=1.0,
    improver_stop_share_per_session=0.0,
    scores=(
        ScoreTruth("hit6", 1.0, (), 58.0, 0.0, -3.0, 4.5, 2.5),
        ScoreTruth("ndi", 1.0, (), 22.0, 0.0, -2.5, 4.0, 2.0),
        ScoreTruth("nrs", 1.0, (), 6.0, 0.0, -1.0, 1.0, 0.7),
    ),
)

#: Each session adds half a day; the usual days of the patients are alike, so that no bound is met.
SLOPED = replace(
    STILL,
    dose_slope_days_per_28_per_session=0.5,
    planned_sessions_least=3,
    planned_sessions_most=5,
    patient_icc=0.03,
    scores=(),
    preventive_change_share=0.0,
)

#: Everybody loses half of the headache days, and six in ten have them back, half of these within eight weeks.
RELAPSING = replace(
    without_gaps(ClinicTruth(patients=60, months=20, diary_days_after=280, resumed_elsewhere_share=0.0)),
    worst_of_months=1.0,
    true_change_days_per_28=-7.0,
    true_change_sd_days_per_28=0.3,
    patient_icc=0.01,
    relapse_share=0.6,
    relapse_median_days_after_last_session=56.0,
    improver_stop_share_per_session=0.0,
    preventive_change_share=0.0,
    scores=(),
)

KEPT = {
    "diary": ["patient_id", "date", "headache"],
    "patients": ["patient_id", "headache_type", "planned_sessions"],
}


@cache
def found(truth: ClinicTruth, seed: int, tables: tuple[str, ...], topic: str) -> Answers:
    made = simulate_clinic(replace(truth, seed=seed))
    given = {name: made[name][KEPT.get(name, list(made[name].columns))] for name in tables}
    return ask(oc.split_periods(read_records(given, PLAN, mapping=ATTESTED), PLAN), topic)


def rows(
    truth: ClinicTruth, seeds: Sequence[int], tables: tuple[str, ...], topic: str, name: str, **which: str
) -> Iterator[Statistic]:
    for seed in seeds:
        yield found(truth, seed, tables, topic).find(name, **which)


def is_covered(given: Iterator[Statistic], planted: float, confidence: float = 0.95) -> None:
    """Not below the promise by more than chance; the mean of the values is the planted one within four errors."""
    hits, values, halves = [], [], []
    for row in given:
        assert row.value is not None and row.low is not None and row.high is not None
        hits.append(row.low <= planted <= row.high)
        values.append(row.value)
        halves.append((row.high - row.low) / 2)
    n = len(hits)
    assert np.mean(hits) >= confidence - 4 * (confidence * (1 - confidence) / n) ** 0.5
    # An interval reaches about two standard errors to each side.
    assert abs(np.mean(values) - planted) <= 4 * np.mean(halves) / 1.96 / n**0.5


def events_are_covered(seeds: Sequence[int]) -> None:
    given = (STILL, seeds, ("sessions",), "safety")
    mild = STILL.adverse_event_mild_per_session
    is_covered(rows(*given, "sessions_mild", group="at_session"), mild)
    hits = [
        row.low is not None and row.high is not None and row.low <= planted <= row.high
        for grade, planted in (("significant", STILL.adverse_event_significant_per_session), ("serious", 0.0))
        for row in rows(*given, f"sessions_{grade}", group="at_session")
    ]
    assert np.mean(hits) >= 0.95 - 4 * (0.0475 / len(hits)) ** 0.5
    asked = [row.value for row in rows(*given, "asked_at_72h")]
    assert np.mean(asked) == pytest.approx(
        STILL.adverse_event_72h_asked_share, abs=0.03 if len(asked) < 10 else 0.01
    )


def questionnaires_are_covered(seeds: Sequence[int]) -> None:
    for score in STILL.scores:
        given = rows(
            STILL,
            seeds,
            ("sessions", "scores", "patients"),
            "questionnaires",
            "change",
            endpoint=score.instrument,
        )
        is_covered(given, score.real_change_points)


def process_is_covered(seeds: Sequence[int]) -> None:
    given = (STILL, seeds, ("sessions",), "within_session")
    is_covered(rows(*given, "explanation_yes"), STILL.explained_share)
    is_covered(rows(*given, "personal_plan_yes"), STILL.personal_plan_share)


def slope_is_covered(seeds: Sequence[int]) -> None:
    """By the number planned: everybody who planned k sessions has had k before the follow-up window."""
    for planned in (3, 4, 5):
        given = rows(
            SLOPED, seeds, ("diary", "sessions", "patients"), "dose", "change_by_planned", group=str(planned)
        )
        is_covered(given, planned * SLOPED.dose_slope_days_per_28_per_session)


def relapse_is_between(seeds: Sequence[int]) -> None:
    """The share without relapse on day 84, and the mean days without it until then, of exponential times."""
    tau, share = PLAN.restricted_mean_days, RELAPSING.relapse_share
    rate = np.log(2) / RELAPSING.relapse_median_days_after_last_session
    free = 1 - share * (1 - np.exp(-rate * tau))
    mean_days = (1 - share) * tau + share * (1 - np.exp(-rate * tau)) / rate
    given = (RELAPSING, seeds, ("diary", "sessions"), "durability")
    for name, planted in (("relapse_free", free), ("relapse_free_days", mean_days)):
        late, early = (list(rows(*given, name + which, group="all")) for which in ("", "_early"))
        hits = [
            low.low is not None and high.high is not None and low.low <= planted <= high.high
            for low, high in zip(early, late, strict=True)
        ]
        assert np.mean(hits) >= 0.95 - 4 * (0.95 * 0.05 / len(hits)) ** 0.5
        # The late reading lies high on average and the early one below it, neither far from what was planted.
        low, high = (np.mean([row.value or np.nan for row in which]) for which in (early, late))
        assert 0.85 * planted < low < high < 1.15 * planted
        assert high > planted
    still = replace(RELAPSING, relapse_share=0.0)
    without = rows(still, seeds[:4], *given[2:], "relapse_free", group="all")
    with_relapse = rows(*given, "relapse_free", group="all")
    assert np.mean([row.value or np.nan for row in with_relapse]) < -0.15 + np.mean(
        [row.value or np.nan for row in without]
    )


CHECKS = (
    events_are_covered,
    questionnaires_are_covered,
    process_is_covered,
    slope_is_covered,
    relapse_is_between,
)


@pytest.mark.parametrize("check", CHECKS)
def test_a_few_clinics(check) -> None:  # type: ignore[no-untyped-def]
    check(SHORT)


@pytest.mark.long
@pytest.mark.parametrize("check", CHECKS)
def test_coverage_over_many_clinics(check) -> None:  # type: ignore[no-untyped-def]
    check(LONG)
