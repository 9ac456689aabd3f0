"""What stands beside a change: never a cause, never a subtraction, and in `share` nothing from a few patients."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.planning import detectable_change
from outcomes.analysis.regression_to_mean.null_simulation import LABEL, null_simulation
from outcomes.analysis.regression_to_mean.repeat_baseline import repeat_baseline
from outcomes.records.checked import Records
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.expectations import (
    NO_COMPARISON,
    NO_DAILY_DIARY,
    SECOND_BASELINE,
    TOO_FEW_PATIENTS,
    assumption_words,
    expectation_words,
    precision_words,
    repeat_baseline_words,
)
from outcomes.reporting.formatting import number
from tests.reporting.test_wording import CAUSAL

INTERNAL, SHARE = Disclosure("internal", 8), Disclosure("share", 8)


@pytest.fixture(scope="module")
def records() -> Records:
    clinic = oc.simulate_clinic(oc.ClinicTruth(patients=240, seed=3, long_wait_share=0.5, faults=False))
    return oc.load_records(clinic, AnalysisPlan(external_means=(8.0, 10.0)))


def test_without_a_mean_from_outside_it_cannot_be_computed(records: Records) -> None:
    plan = dataclasses.replace(records.plan, external_means=())
    counts = window_counts(oc.split_periods(records, plan))
    words = expectation_words(null_simulation(counts, plan), None, INTERNAL)
    assert words == NO_COMPARISON
    assert "cannot be computed from these records" in words


def test_the_expected_change_carries_its_label_and_its_grid(records: Records) -> None:
    found = null_simulation(window_counts(oc.split_periods(records)), records.plan)
    change, halved = found.change_range, found.responder_range(50.0)
    assert change is not None and halved is not None
    for profile in (INTERNAL, SHARE):
        words = expectation_words(found, None, profile)
        assert LABEL in words
        assert f"{number(change[0])} to {number(change[1])} headache days" in words
        assert "8 or 10 days per 28" in words
        assert "entering in any month, in the worst of 2 months or in the worst of 3 months." in words
        assert "is not taken off it" in words
        assert not CAUSAL.search(words)
    # A second number, never a difference of the two.
    measured = oc.compare(oc.measure_endpoints(oc.split_periods(records)), "headache_days_per_28")
    assert measured.change.value is not None
    for bound in change:
        assert number(measured.change.value - bound) not in expectation_words(found, None, INTERNAL)


def test_a_repeat_baseline_is_told_with_its_patients(records: Records) -> None:
    found = repeat_baseline(records)
    assert found.qualifies
    exact, shared = (repeat_baseline_words(found, profile) for profile in (INTERNAL, SHARE))
    assert f"({found.n} patients)" in exact
    assert f"({SHARE.people(found.n)})" in shared and f"({found.n} patients)" not in shared
    assert expectation_words(None, found, INTERNAL) == SECOND_BASELINE
    for words in (exact, shared, SECOND_BASELINE, NO_COMPARISON):
        assert not CAUSAL.search(words), words


def test_too_few_are_not_counted_out_in_share(records: Records) -> None:
    found = repeat_baseline(records, dataclasses.replace(records.plan, repeat_baseline_min_patients=900))
    assert not found.qualifies
    assert "most often" in repeat_baseline_words(found, INTERNAL)
    for told in (repeat_baseline_words(found, INTERNAL), repeat_baseline_words(found, SHARE)):
        assert "fewer than 900 patients" in told and f"{found.n} patients" not in told
    assert "most often" not in repeat_baseline_words(found, SHARE)
    plan = dataclasses.replace(records.plan, external_means=())
    nothing = null_simulation(window_counts(oc.split_periods(records, plan)), plan)
    assert expectation_words(nothing, found, INTERNAL) == NO_COMPARISON


def test_the_smallest_change_that_could_be_seen(records: Records) -> None:
    change = oc.compare(oc.measure_endpoints(oc.split_periods(records)), "headache_days_per_28")
    sd = change["change_sd"].value
    assert sd is not None
    expected = detectable_change(change.n, sd)
    assert expected is not None
    assert f"could detect in headache days: {number(expected)} (days per 28)" in precision_words(
        change, INTERNAL
    )


@pytest.mark.parametrize("profile", [INTERNAL, SHARE])
def test_one_patient_shows_no_smallest_change(records: Records, profile: Disclosure) -> None:
    endpoints = oc.measure_endpoints(oc.split_periods(records))
    both = endpoints.groupby("patient_id")["headache_days_per_28"].count()
    one: pd.DataFrame = endpoints[endpoints["patient_id"] == both[both == 2].index[0]]
    assert "cannot be told from so few patients" in precision_words(
        oc.compare(one, "headache_days_per_28", records.plan), profile
    )


def test_an_average_that_is_there_is_not_asked_for(records: Records) -> None:
    counts = window_counts(oc.split_periods(records))
    few = null_simulation(counts[counts["patient_id"].isin(sorted(counts["patient_id"])[:6])], records.plan)
    assert few.change_range is None
    for profile in (INTERNAL, SHARE):
        assert expectation_words(few, None, profile) == TOO_FEW_PATIENTS
    # Recalled days: no average from outside would help.
    assert expectation_words(None, None, INTERNAL) == NO_DAILY_DIARY
    for words in (TOO_FEW_PATIENTS, NO_DAILY_DIARY):
        assert "external_means" not in words and not CAUSAL.search(words)


def test_the_assumptions_stand_where_the_expected_change_does(records: Records) -> None:
    found = null_simulation(window_counts(oc.split_periods(records)), records.plan)
    for profile in (INTERNAL, SHARE):
        (words,) = assumption_words(found, profile)
        assert all(assumption in words for assumption in found.assumptions) and not CAUSAL.search(words)
    assert assumption_words(found, Disclosure("share", found.n + 1)) == ()
    assert assumption_words(None, INTERNAL) == ()


def test_a_repeat_baseline_of_nearly_everybody_is_not_shared(records: Records) -> None:
    found = repeat_baseline(records)
    for without, hidden in ((0, False), (1, True), (7, True), (8, False)):
        nearly = dataclasses.replace(found, left_out=(("no_diary", 3), ("no_contact_day", without)))
        shared = repeat_baseline_words(nearly, SHARE)
        assert shared.endswith(": not shown.") == hidden
        assert (expectation_words(None, nearly, SHARE) == SECOND_BASELINE) != hidden
        assert repeat_baseline_words(nearly, INTERNAL) == repeat_baseline_words(found, INTERNAL)


@pytest.mark.parametrize(("smallest", "shared"), [(3.64, "3.6"), (83.44, "83"), (102.9, "100")])
def test_the_smallest_change_has_two_digits_in_share(smallest: float, shared: str) -> None:
    rng = np.random.default_rng(1)
    values = pd.DataFrame({"patient_id": [f"P-{i}" for i in range(12)], "mode": "diary"})
    change = rng.normal(size=12)
    change *= smallest / (detectable_change(12, 1.0) or 1.0) / change.std(ddof=1)
    before = values.assign(period="baseline", burden_per_28=300.0)
    after = values.assign(period="followup", burden_per_28=300.0 + change)
    found = oc.compare(pd.concat([before, after]), "burden_per_28")
    assert f": {number(smallest)} (" in precision_words(found, INTERNAL)
    assert f": {shared} (" in precision_words(found, SHARE)


def test_patients_who_all_changed_alike_are_not_called_few() -> None:
    values = pd.DataFrame({"patient_id": [f"P-{i}" for i in range(12)], "mode": "diary"})
    both = [
        values.assign(period=name, headache_days_per_28=days)
        for name, days in (("baseline", 9.0), ("followup", 7.0))
    ]
    found = oc.compare(pd.concat(both), "headache_days_per_28")
    for profile in (INTERNAL, SHARE):
        assert precision_words(found, profile).endswith("cannot be told: the patients differ too little.")
