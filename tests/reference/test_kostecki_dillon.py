"""Daily headache logs of 133 patients (Kostecki-Dillon, Monette and Wong 1999; R package carData).

Expected values: R 4.2.2, `t.test(r1, r0, paired = TRUE)` on 28·headache days/recorded days, written into each
test, so that nothing but the data set is needed.
"""

from __future__ import annotations

import pandas as pd
import pytest

import outcomes as oc
from outcomes import AnalysisPlan

#: Every recorded day on either side, day 0 left out: the rule behind the 55 pairs.
EVERY_DAY = AnalysisPlan(
    baseline_days=29,
    followup_first_day=1,
    followup_last_day=99,
    min_recorded_days=1,
    responder_min_baseline=0,
)
MONTH_EACH_SIDE = AnalysisPlan(
    baseline_days=28, followup_first_day=1, followup_last_day=28, min_recorded_days=14
)


def _compare(diary: pd.DataFrame, plan: AnalysisPlan) -> oc.PairedChange:
    endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records({"diary": diary}, plan)))
    return oc.compare(endpoints, "headache_days_per_28", plan)


@pytest.fixture(scope="module")
def every_day(kostecki: pd.DataFrame) -> oc.PairedChange:
    return _compare(kostecki, EVERY_DAY)


def test_the_published_table_holds_one_row_twice(kostecki: pd.DataFrame) -> None:
    """4,152 rows, of which patient 90 has day 17 twice, word for word."""
    records = oc.load_records({"diary": kostecki})
    (counts,) = records.counts
    assert (counts.rows_in, counts.used, counts.collapsed, counts.set_aside) == (4152, 4151, 1, 0)
    (finding,) = [found for found in records.findings if found.level == "collapsed"]
    # The first row of a frame is row 1.
    copies = kostecki.index[(kostecki["patient_id"] == 90) & (kostecki["day"] == 17)] + 1
    assert set(finding.rows) <= set(copies)


def test_totals_of_the_published_table(kostecki: pd.DataFrame) -> None:
    """133 patients and 2,666 headache days, as described with the data (the copy counted: 2,665 or 2,666)."""
    records = oc.load_records({"diary": kostecki})
    diary = records.frame("diary")
    assert diary["patient_id"].nunique() == 133
    copies = kostecki[kostecki.duplicated(keep="first")]
    assert int(diary["headache"].sum()) + int((copies["headache"] == "yes").sum()) == 2666


def test_change_in_55_pairs(every_day: oc.PairedChange) -> None:
    change = every_day.change
    assert change.n == 55
    assert change.n_left_out == 133 - 55
    assert change.value == pytest.approx(-0.193580464544748, abs=1e-10)
    assert change.low == pytest.approx(-2.14983537056309, abs=1e-10)
    assert change.high == pytest.approx(1.76267444147359, abs=1e-10)
    assert change.p == pytest.approx(0.843483346420372, abs=1e-10)


def test_means_and_spread_in_55_pairs(every_day: oc.PairedChange) -> None:
    """R: mean(), sd(), cor(), median() of the same 55 pairs."""
    expected = {
        "baseline_mean": 18.255882172787,
        "followup_mean": 18.0623017082422,
        "baseline_sd": 7.45497566727028,
        "followup_sd": 6.53255330221351,
        "change_sd": 7.23633325949439,
        "correlation": 0.471112642580747,
        "change_median": 0.0,
    }
    for name, value in expected.items():
        assert every_day[name].value == pytest.approx(value, abs=1e-10), name
    pairs = every_day.pairs
    assert (pairs["followup"] - pairs["baseline"]).abs().lt(1e-9).sum() == 3


def test_rate_ratio_in_55_pairs(every_day: oc.PairedChange) -> None:
    """Fieller's interval as R's quadratic gives it; the ratio of the two means."""
    ratio = every_day.rate_ratio
    assert ratio.value == pytest.approx(0.989396268955257, abs=1e-10)
    assert ratio.low == pytest.approx(0.889165649736733, abs=1e-10)
    assert ratio.high == pytest.approx(1.10385384799006, abs=1e-10)
    assert ratio.p == every_day.change.p


@pytest.mark.parametrize(
    ("statistic", "count", "low", "high"),
    [
        ("responders_50", 4, 0.0291815277655048, 0.175541158385999),
        ("responders_30", 9, 0.0902439164299727, 0.287365142297292),
    ],
)
def test_responders_in_55_pairs(
    every_day: oc.PairedChange, statistic: str, count: int, low: float, high: float
) -> None:
    """R: prop.test(k, 54, correct = FALSE). One patient without a headache at baseline is not eligible."""
    row = every_day[statistic]
    assert (row.count, row.n) == (count, 54)
    assert row.value == pytest.approx(count / 54, abs=1e-12)
    assert row.low == pytest.approx(low, abs=1e-10)
    assert row.high == pytest.approx(high, abs=1e-10)


def test_a_month_on_each_side_changes_the_answer(kostecki: pd.DataFrame) -> None:
    """The window moves the sign: 20 patients with at least 14 recorded days in 28 on each side."""
    change = _compare(kostecki, MONTH_EACH_SIDE).change
    assert change.n == 20
    assert change.value == pytest.approx(1.874954, abs=5e-7)
    assert change.low == pytest.approx(-0.604570, abs=5e-7)
    assert change.high == pytest.approx(4.354478, abs=5e-7)


def test_oracle_file_agrees(every_day: oc.PairedChange, shared_data) -> None:
    """The 15 digits of the R run, where its file lies beside the checkout."""
    import json

    oracle = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    t = oracle["paired_t/kd"]["value"]
    change = every_day.change
    assert (change.value, change.low, change.high, change.p) == pytest.approx(
        (t["mean_diff"], t["lo"], t["hi"], t["p"]), abs=1e-10
    )
    desc = oracle["desc/kd"]["value"]
    named = {"mean0": "baseline_mean", "mean1": "followup_mean", "sd0": "baseline_sd", "sd1": "followup_sd",
             "sd_diff": "change_sd", "r": "correlation", "median_diff": "change_median"}  # fmt: skip
    for theirs, ours in named.items():
        assert every_day[ours].value == pytest.approx(desc[theirs], abs=1e-10), ours
    assert every_day.rate_ratio.value == pytest.approx(
        oracle["rr_patient_weighted/kd55"]["value"]["rr"], abs=1e-10
    )
    fieller = oracle["rr_fieller/kd55"]["value"]
    assert (every_day.rate_ratio.low, every_day.rate_ratio.high) == pytest.approx(
        (fieller["lo"], fieller["hi"]), abs=1e-10
    )
    for cut in (30, 50):
        r = oracle[f"responder{cut}/kd"]["value"]
        row = every_day[f"responders_{cut}"]
        assert (row.count, row.n) == (r["k"], r["N"])
        assert (row.low, row.high) == pytest.approx((r["wilson_lo"], r["wilson_hi"]), abs=1e-10)
