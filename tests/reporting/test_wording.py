"""Sentences: the right direction, the right number of patients, and never a cause."""

from __future__ import annotations

import itertools
import re

import pandas as pd
import pytest

from outcomes import AnalysisPlan, PairedChange, compare, describe_change
from outcomes.analysis.endpoints import DAILY_ATTRIBUTE
from outcomes.reporting import expectations, tables, wording
from outcomes.reporting.disclosure import Disclosure

DAYS, INTENSITY = "headache_days_per_28", "intensity_on_headache_days"
SHARE, INTERNAL = Disclosure("share", 8), Disclosure("internal", 8)
CAUSAL = re.compile(
    r"\b(because of|due to|thanks to|works?|worked|effective\w*|effects?|caus(es|ing)|reduc(ed|es|ing)|led to|"
    r"results? (in|of)|improve[sd]?|helps?|helped|heal\w*|prevent\w*|benefit\w*|lower(ed|s|ing))\b",
    re.IGNORECASE,
)


def change_of(
    baseline: list[float],
    followup: list[float],
    endpoint: str = DAYS,
    plan: AnalysisPlan | None = None,
    mode: str = "diary",
) -> PairedChange:
    people = [f"p{number}" for number in range(len(baseline))]
    sides = [
        pd.DataFrame(
            {"patient_id": people, "mode": mode, "period": period, "covered": True, endpoint: values}
        )
        for period, values in (("baseline", baseline), ("followup", followup))
    ]
    frame = pd.concat(sides, ignore_index=True).astype({endpoint: "float64"})
    frame.attrs[DAILY_ATTRIBUTE] = [DAYS, INTENSITY]
    return compare(frame, endpoint, plan)


FALL = change_of([12, 14, 16, 18], [9, 10, 11, 15])
RISE = change_of([9, 10, 11, 15], [12, 14, 16, 18])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (FALL, "Patients recorded 3.8 fewer headache days per 28 in weeks 9 to 12 after their first session than in "
               "the 4 weeks before it: from 15.0 to 11.3 (95% interval 2.2 to 5.3 fewer; 4 patients, 0 left out)."),
        (RISE, "Patients recorded 3.8 more headache days per 28"),
        (RISE, "(95% interval 2.2 to 5.3 more; 4 patients"),
        (change_of([10, 12, 14], [8, 13, 12]), "95% interval 5.3 fewer to 3.3 more, which includes no change"),
        (change_of([10, 12, 14], [10, 12, 14]), "Patients recorded about as many headache days per 28 in weeks 9 to "
               "12 after their first session as in the 4 weeks before it"),
        (change_of([10, 12.02], [12, 10]), "about as many"),
        (change_of([10], [8]), "(no 95% interval; 1 patient, 0 left out)"),
        (change_of([6, 5], [4, 4.5], INTENSITY), "Intensity on headache days was 1.3 lower (0–10 NRS)"),
        (change_of([6, 5], [4, 4.5], INTENSITY), "Only patients with headache in both periods have a value."),
        (change_of([4, 4.5], [6, 5], INTENSITY), "was 1.3 higher (0–10 NRS)"),
        (change_of([12, 14], [9, 10], mode="recall_28"), "Patients reported 3.5 fewer headache days per 28 at "
               "follow-up than at baseline, recalled over 28 days"),
    ],
)  # fmt: skip
def test_one_sentence(change: PairedChange, words: str) -> None:
    assert words in describe_change(change)


@pytest.mark.parametrize("confidence", [0.9, 0.975])
def test_the_interval_has_the_plans_name(confidence: float) -> None:
    sentence = describe_change(change_of([12, 14, 16], [9, 10, 11], plan=AnalysisPlan(confidence=confidence)))
    assert f"({100 * confidence:g}% interval" in sentence
    assert "95%" not in sentence


def test_nobody_and_too_few() -> None:
    nobody = change_of([float("nan")], [9])
    assert "no patient has a value both in weeks 9 to 12" in describe_change(nobody)
    few = {
        wording.change_sentence(change_of([12, 14, 11, 9][:n], [9, 10, 11, 9][:n]), SHARE) for n in range(5)
    }
    assert few == {"Headache days: too few to show; patients with both periods: ≤7."}


def test_an_endpoint_of_the_plan_for_which_more_is_better() -> None:
    plan = AnalysisPlan.from_mapping(
        {
            "primary_endpoint": "walking_days",
            "endpoints": {"walking_days": {"unit": "days", "improvement": "increase"}},
        }
    )
    change = change_of([4.0, 5, 6, 7], [8.0, 9, 12, 7], "walking_days", plan)
    assert "The mean of walking days was 3.5 higher (days)" in describe_change(change)
    rows = [row[0] for row in tables.responders_block(change, INTERNAL).rows]
    assert rows[:2] == ["at least 30% higher", "at least 50% higher"]
    assert rows[-1] == "at least 50% lower"
    assert tables.responders_block(change, INTERNAL).rows[0][2] == "3 of 4"
    assert "≥50% higher" in tables.change_html(change)
    said = " ".join(wording.definitions(change))
    assert "rise by at least" in said
    assert "Fewer headaches" not in said


def test_rows_of_the_responder_table() -> None:
    rows = [row[0] for row in tables.responders_block(FALL, INTERNAL).rows]
    assert rows == [
        "at least 30% fewer", "at least 50% fewer", "at least 75% fewer", "none left", "at least 30% more",
        "at least 50% more",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, ("in the 4 weeks before it", "in weeks 9 to 12 after their first session")),
        ({"baseline_days": 29}, ("in the 29 days before it", "in weeks 9 to 12 after their first session")),
        ({"baseline_days": 7, "followup_first_day": 7, "followup_last_day": 13},
         ("in the week before it", "in week 2 after their first session")),
        ({"followup_first_day": 1, "followup_last_day": 99},
         ("in the 4 weeks before it", "on days 1 to 99 after their first session")),
    ],
)  # fmt: skip
def test_the_two_windows_in_words(choices: dict[str, object], words: tuple[str, str]) -> None:
    assert wording.windows_phrase(AnalysisPlan(**choices)) == words  # type: ignore[arg-type]


def test_summaries_are_not_said_to_be_weeks() -> None:
    assert wording.windows_phrase(AnalysisPlan(), daily=False) == ("at baseline", "at follow-up")
    assert (
        wording.windows_phrase(AnalysisPlan(summary_followup="month_3"), daily=True)[0]
        == "in the 4 weeks before it"
    )


def test_no_sentence_names_a_cause() -> None:
    plans = (AnalysisPlan(), AnalysisPlan(baseline_days=29, followup_first_day=1, followup_last_day=99))
    values = ([12.0, 14, 16, 18] * 3, [9.0, 10, 11, 15] * 3, [0.0] * 12)
    for plan, before, after, mode in itertools.product(plans, values, values, ("diary", "recall_7")):
        for endpoint, profile in itertools.product((DAYS, INTENSITY), (SHARE, INTERNAL)):
            change = change_of(before, after, endpoint, plan, mode)
            said = wording.change_sentence(change, profile)
            assert not CAUSAL.search(said), said
            assert not re.search(r"−0\.0\b|\bnan\b|\bNone\b|\b1 patients", said), said
    for said in (*wording.definitions(FALL), expectations.NO_COMPARISON, wording.DROP_OUT):
        assert not CAUSAL.search(said), said


def test_the_limitation_word_for_word() -> None:
    assert wording.LIMITATION == (
        "Uncontrolled before/after audit. Change may reflect regression to the mean, natural fluctuation, context "
        "effects, other treatments and missing diaries. It does not show that dry needling caused the change."
    )
