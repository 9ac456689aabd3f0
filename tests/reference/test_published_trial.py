"""Acupuncture for chronic headache in primary care: Vickers et al., BMJ 2004;328:744, raw data Trials 2006;7:15.

The published means, changes and counts of the 301 completers, through `summaries`, as a clinic would bring
periods that are already summarised. Digits beyond the paper are recomputed from the published raw data and
stand in the data's own README.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import outcomes as oc
from outcomes.analysis.comparison import compare_all, compare_groups
from outcomes.records.mapping import MappedTable, SourceMapping

PLAN = oc.AnalysisPlan.from_mapping(
    {
        "responder_reductions": [35, 50],
        "responder_min_baseline": 0,
        "endpoints": {"weekly_score": {"unit": "points", "improvement": "decrease"}},
    }
)
ARMS = {"1": "treated", "0": "usual_care"}


@pytest.fixture(scope="module")
def tables(shared_data: Path) -> dict[str, pd.DataFrame]:
    raw = pd.read_csv(shared_data / "vickers2006" / "clean.csv", dtype=str, keep_default_na=False)
    visits = [
        pd.DataFrame(
            {
                "patient_id": raw["id"],
                "period": period,
                "headache_days_per_28": raw[days],
                "weekly_score": raw[score],
            }
        )
        for period, days, score in (("baseline", "f1", "pk1"), ("followup", "f5", "pk5"))
    ]
    patients = pd.DataFrame(
        {"patient_id": raw["id"], "group": raw["group"].map(ARMS), "allocation": "randomised"}
    )
    return {"summaries": pd.concat(visits, ignore_index=True), "patients": patients}


@pytest.fixture(scope="module")
def endpoints(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return oc.measure_endpoints(oc.split_periods(oc.load_records(tables, PLAN), PLAN))


@pytest.fixture(scope="module")
def by_arm(endpoints: pd.DataFrame) -> oc.ComparisonTable:
    return compare_all(endpoints, PLAN, by=["group"])


def test_401_randomised_and_301_completers(endpoints: pd.DataFrame, by_arm: oc.ComparisonTable) -> None:
    assert endpoints["patient_id"].nunique() == 401
    everyone = by_arm.find("headache_days_per_28").change
    assert (everyone.n, everyone.n_left_out) == (301, 100)
    treated = by_arm.find("headache_days_per_28", "treated").change
    control = by_arm.find("headache_days_per_28", "usual_care").change
    assert (treated.n, treated.n_left_out) == (161, 44)
    assert (control.n, control.n_left_out) == (140, 56)


@pytest.mark.parametrize(
    ("endpoint", "group", "statistic", "value"),
    [
        ("weekly_score", "treated", "baseline_mean", 24.5761),
        ("weekly_score", "treated", "baseline_sd", 14.1183),
        ("weekly_score", "usual_care", "baseline_mean", 26.7107),
        ("weekly_score", "usual_care", "baseline_sd", 16.7797),
        ("weekly_score", "treated", "followup_mean", 16.2468),
        ("weekly_score", "treated", "followup_sd", 13.7183),
        ("weekly_score", "usual_care", "followup_mean", 22.3435),
        ("weekly_score", "usual_care", "followup_sd", 17.0109),
        ("headache_days_per_28", "treated", "baseline_mean", 15.6315),
        ("headache_days_per_28", "treated", "baseline_sd", 6.5926),
        ("headache_days_per_28", "usual_care", "baseline_mean", 16.1548),
        ("headache_days_per_28", "usual_care", "baseline_sd", 6.7024),
        ("headache_days_per_28", "treated", "followup_mean", 11.3752),
        ("headache_days_per_28", "treated", "followup_sd", 7.4684),
        ("headache_days_per_28", "usual_care", "followup_mean", 13.6095),
        ("headache_days_per_28", "usual_care", "followup_sd", 7.4607),
        ("weekly_score", "treated", "change", -8.3293),
        ("weekly_score", "treated", "change_sd", 12.7092),
        ("weekly_score", "usual_care", "change", -4.3673),
        ("headache_days_per_28", "treated", "change", -4.2563),
        ("headache_days_per_28", "treated", "change_sd", 5.5719),
    ],
)
def test_published_means(
    by_arm: oc.ComparisonTable, endpoint: str, group: str, statistic: str, value: float
) -> None:
    assert by_arm.find(endpoint, group)[statistic].value == pytest.approx(value, abs=5.1e-5)


@pytest.mark.parametrize(
    ("endpoint", "group", "low", "high"),
    [
        ("weekly_score", "treated", -10.3074, -6.3512),
        ("weekly_score", "usual_care", -6.1055, -2.6290),
        ("headache_days_per_28", "treated", -5.1236, -3.3891),
    ],
)
def test_changes_within_an_arm(
    by_arm: oc.ComparisonTable, endpoint: str, group: str, low: float, high: float
) -> None:
    change = by_arm.find(endpoint, group).change
    assert (change.low, change.high) == pytest.approx((low, high), abs=5.1e-5)


def test_t_and_standardised_change(by_arm: oc.ComparisonTable) -> None:
    """t −8.3158 and d_z −.6554 for the score, d_z −.7639 for the days; p 1.96e-06 with no needling at all."""
    score = by_arm.find("weekly_score", "treated")
    d_z = score["change"].value / score["change_sd"].value
    assert d_z == pytest.approx(-0.6554, abs=5e-5)
    assert d_z * 161**0.5 == pytest.approx(-8.3158, abs=5e-5)
    assert score.change.p == pytest.approx(2 * stats.t.sf(8.3158, 160), rel=1e-3)
    days = by_arm.find("headache_days_per_28", "treated")
    assert days["change"].value / days["change_sd"].value == pytest.approx(-0.7639, abs=5e-5)
    assert by_arm.find("weekly_score", "usual_care").change.p == pytest.approx(1.96e-06, abs=5e-9)


@pytest.mark.parametrize(
    ("endpoint", "statistic", "group", "count", "n"),
    [
        ("headache_days_per_28", "responders_50", "treated", 49, 161),
        ("headache_days_per_28", "responders_50", "usual_care", 21, 140),
        ("weekly_score", "responders_35", "treated", 87, 161),
        ("weekly_score", "responders_35", "usual_care", 45, 140),
    ],
)
def test_published_responders(
    by_arm: oc.ComparisonTable, endpoint: str, statistic: str, group: str, count: int, n: int
) -> None:
    row = by_arm.find(endpoint, group)[statistic]
    assert (row.count, row.n) == (count, n)
    assert row.value == pytest.approx(count / n, abs=1e-12)


def test_all_who_started_are_the_denominator_of_the_second_share(by_arm: oc.ComparisonTable) -> None:
    """205 and 196 patients were randomised and all have baseline days above 0; a missing diary is no response."""
    for group, count, started in (("treated", 49, 205), ("usual_care", 21, 196)):
        row = by_arm.find("headache_days_per_28", group)["responders_50_all_started"]
        assert (row.count, row.n) == (count, started)


def test_zero_for_missing_would_have_been_seen_as_headache_free(tables: dict[str, pd.DataFrame]) -> None:
    """The trap of the raw file: 100 zeros at 12 months stand where no diary came back."""
    filled = {name: table.copy() for name, table in tables.items()}
    missing = filled["summaries"]["headache_days_per_28"] == ""
    filled["summaries"].loc[missing, "headache_days_per_28"] = "0"
    with pytest.raises(oc.InvalidRecords, match="102 zeros, and in 100 of these rows column 4 is blank"):
        oc.load_records(filled, PLAN)
    # Only somebody who says that the zeros are true gets what they would have done in silence.
    said = MappedTable("summaries", "summaries", (), zeros_are_true=("headache_days_per_28",))
    taken = oc.load_records(filled, PLAN, mapping=SourceMapping(tables=(said,)))
    wrong = oc.measure_endpoints(oc.split_periods(taken, PLAN))
    right = oc.measure_endpoints(oc.split_periods(oc.load_records(tables, PLAN), PLAN))
    assert oc.compare(right, "headache_days_per_28", PLAN).change.n == 301
    assert oc.compare(wrong, "headache_days_per_28", PLAN).change.n == 401


def test_the_groups_are_the_arms(endpoints: pd.DataFrame) -> None:
    groups = [change.group for change in compare_groups(endpoints, "weekly_score", "group", PLAN)]
    assert groups == ["all", "treated", "usual_care"]
