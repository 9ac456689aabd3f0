"""A plain recount of untidy clinics finds the numbers of every topic, patient by patient where there are patients."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pandas as pd
import pytest

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.records.reading import read_records

sys.path.insert(0, str(Path(__file__).resolve().parent))

from diaries import ATTESTED
from messy_clinics import Tables, in_day_numbers, messy_clinic, told_in
from recount_answers import TOPICS, differs
from recount_outcomes import Told, told_by

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
LENIENT = {"set_aside_limit": 1.0}

#: Another value for every key that these numbers hang on.
OTHER = AnalysisPlan(
    headache_day_min_minutes=60,
    migraine_day_min_minutes=240,
    migraine_drug_days="effective",
    moderate_severe_min_hours=3.0,
    attack_free_days=2,
    month_limits="scaled",
    chronic_days=13,
    chronic_persistence_periods=2,
    overuse_persistence_periods=3,
    min_recorded_days=14,
    followup_first_day=84,
    followup_last_day=111,
    severity_bounds=(3.0, 6.0),
    response_periods=5,
    sustained_periods=2,
    loss_periods=1,
    loss_reduction=40.0,
    relapse_within_days=2.0,
    retreatment_gap_days=21,
    late_window_first_day=112,
    soreness_last_day=3,
    concurrent_change_days=30,
    ndi_missing_items=2,
    score_followup_first_day=40,
    score_followup_last_day=120,
    **LENIENT,
)


def compare(told: Told, records: oc.Records) -> int:
    """Numbers compared. Fails with every one that differs."""
    periods = oc.split_periods(records, told.plan)
    found = [one for topic in TOPICS for one in topic(told, periods)]
    wrong = [
        f"{what}: {theirs} here, {mine} by hand" for what, theirs, mine in found if differs(theirs, mine)
    ]
    assert not wrong, "\n".join(wrong[:20])
    return len(found)


def read(tables: Tables, plan: AnalysisPlan) -> oc.Records:
    return read_records(tables, plan, mapping=ATTESTED)


@pytest.mark.parametrize("form", ["dates", "day numbers"])
def test_an_untidy_clinic(form: str) -> None:
    plan = AnalysisPlan(**LENIENT)
    tables = messy_clinic(31, patients=30)
    if form == "day numbers":
        tables = in_day_numbers(tables)
    assert compare(told_in(tables, plan), read(tables, plan)) > 2000


def test_an_untidy_clinic_by_another_plan() -> None:
    tables = messy_clinic(41, patients=30)
    assert compare(told_in(tables, OTHER), read(tables, OTHER)) > 2000


@pytest.mark.long
@pytest.mark.parametrize("seed", range(50, 60))
def test_more_untidy_clinics(seed: int) -> None:
    tables = messy_clinic(seed, patients=60, preventive_change_share=0.2, drop_out_share_by_day_168=0.1)
    for given in (tables, in_day_numbers(tables)):
        for plan in (AnalysisPlan(**LENIENT), OTHER):
            compare(told_in(given, plan), read(given, plan))


@pytest.mark.long
def test_the_sample_clinic() -> None:
    plan = AnalysisPlan()
    sessions = pd.read_csv(SAMPLE / "sessions.csv", dtype="str")
    # Day 0 is read from every row with a patient, also one that is set aside for another cell.
    first: dict[str, dt.date] = (
        pd.to_datetime(sessions["date"]).dt.date.groupby(sessions["patient_id"]).min().to_dict()
    )
    records = read_records(SAMPLE, plan, mapping=ATTESTED)
    assert compare(told_by(records, first, plan), records) > 15000
