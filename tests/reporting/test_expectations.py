"""What stands beside a change: never a cause, never a subtraction, and in `share` nothing from a few patients."""

from __future__ import annotations

import dataclasses

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
    SECOND_BASELINE,
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
        assert "8 or 10 days per 28" in words and "any, worst of 2, worst of 3" in words
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
    assert expectation_words(None, found, INTERNAL) == NO_COMPARISON


def test_the_smallest_change_that_could_be_seen(records: Records) -> None:
    change = oc.compare(oc.measure_endpoints(oc.split_periods(records)), "headache_days_per_28")
    sd = change["change_sd"].value
    assert sd is not None
    expected = detectable_change(change.n, sd)
    assert expected is not None
    assert f"could detect: {number(expected)} (days per 28)" in precision_words(change, INTERNAL)


@pytest.mark.parametrize("profile", [INTERNAL, SHARE])
def test_one_patient_shows_no_smallest_change(records: Records, profile: Disclosure) -> None:
    endpoints = oc.measure_endpoints(oc.split_periods(records))
    both = endpoints.groupby("patient_id")["headache_days_per_28"].count()
    one: pd.DataFrame = endpoints[endpoints["patient_id"] == both[both == 2].index[0]]
    assert "cannot be told from so few patients" in precision_words(
        oc.compare(one, "headache_days_per_28", records.plan), profile
    )
