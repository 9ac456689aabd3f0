"""`compare --all-methods`: a row for each sensitivity method beside the defaults, which stay as they are."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load, write_folder

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.comparison import compare, compare_all, compare_groups
from outcomes.analysis.paired.all_methods import MAX_RESAMPLED_PAIRS, METHODS
from outcomes.cli import main

#: The names that scripts read.
NAMES = (
    "wilcoxon_pratt",
    "hodges_lehmann",
    "sign_flip",
    "bootstrap_t",
    "d_av",
    "d_z",
    "probability_of_improvement",
    "rank_biserial",
    "rate_ratio_log_delta",
    "rate_ratio_day_weighted",
    "conditional_poisson",
)
COUNTED = ("rate_ratio_day_weighted", "conditional_poisson")


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["compare", *arguments, "--json"]) == 0
    shown = capsys.readouterr()
    return json.loads(shown.out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def _endpoint_table(baseline: np.ndarray, followup: np.ndarray, recorded: float = 28.0) -> pd.DataFrame:
    """An endpoint table as summaries give it, one patient per pair."""
    n = len(baseline)
    sides = [
        pd.DataFrame(
            {
                "patient_id": np.arange(n),
                "mode": "diary",
                "period": period,
                "recorded_days": recorded,
                "covered": True,
                "headache_days_per_28": values.astype(float),
            }
        )
        for period, values in (("baseline", baseline), ("followup", followup))
    ]
    return pd.concat(sides, ignore_index=True)


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Seven patients in a week's plan, with days that nobody recorded and a day of medication."""
    tables = drawn(
        """
        p1 : 3333333 | . 0000000
        p2 : 3333300 | . 3300000
        p3 : 3330000 | . 30000..
        p4 : 5555555 | . 5555550
        p5 : 444440. | . 4400000
        p6 : 3330000 | . .......
        p7 : 3000000 | . 3300000
        """,
        medication="p1 : yyynnnn | . nnnnnnn",
    )
    folder = write_folder(tmp_path / "clinic", **tables)
    (folder / "outcomes.toml").write_text(
        "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n"
    )
    return folder


class TestRows:
    def test_the_names_are_those_that_scripts_read(self) -> None:
        assert METHODS == NAMES

    def test_they_follow_the_defaults_which_stay_as_they_are(
        self, sample: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plain = _json(capsys, str(sample))["rows"]
        full = _json(capsys, str(sample), "--all-methods")["rows"]
        assert [row for row in full if row["statistic"] not in NAMES] == plain
        for endpoint in {row["endpoint"] for row in plain}:
            statistics = [row["statistic"] for row in full if row["endpoint"] == endpoint]
            assert tuple(statistics[-len(NAMES) :]) == NAMES

    def test_each_row_is_whole_and_each_gap_has_a_reason(
        self, sample: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = _json(capsys, str(sample), "--all-methods", "--by", "headache_type")["rows"]
        rows = [row for row in found if row["statistic"] in NAMES]
        assert {row["group"] for row in rows} > {"all", "migraine"}
        by_default = {
            (row["endpoint"], row["group"]): row["n"] for row in found if row["statistic"] == "change"
        }
        for row in rows:
            assert row["n"] == by_default[row["endpoint"], row["group"]]
            assert row["method"] and row["unit"]
            if row["value"] is None:
                assert row["notes"], row
            if row["low"] is not None:
                assert row["low"] <= row["value"] <= row["high"], row

    def test_two_runs_print_the_same_bytes(self, week: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shown = []
        for _ in range(2):
            assert main(["compare", str(week), "--json", "--all-methods"]) == 0
            shown.append(capsys.readouterr().out)
        assert shown[0] == shown[1]

    def test_the_csv_has_the_same_rows(
        self, week: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "rows.csv"
        rows = _json(capsys, str(week), "--all-methods", "--csv", str(target))["rows"]
        table = pd.read_csv(target, keep_default_na=False, dtype=str)
        assert [*table["statistic"]] == [row["statistic"] for row in rows]
        for row, line in zip(rows, table.to_dict("records"), strict=True):
            assert (float(line["value"]) if line["value"] else None) == row["value"]

    def test_by_hand(self, week: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Six patients: headache on 7, 5, 3, 7, 5, 1 of 7, 7, 7, 7, 6, 7 recorded days, then on
        0, 2, 1, 6, 2, 2 of 7, 7, 5, 7, 7, 7."""
        rows = {
            row["statistic"]: row
            for row in _json(capsys, str(week), "--all-methods")["rows"]
            if row["endpoint"] == "headache_days_per_28"
        }
        days = rows["rate_ratio_day_weighted"]
        assert days["value"] == pytest.approx((13 / 40) / (28 / 41), abs=1e-12)
        # Five fell and one rose; 1 of 6 is the smallest of the changes but one (−28, −12, −6.4, −4, −15.3, +4).
        assert rows["probability_of_improvement"]["value"] == pytest.approx(5 / 6)
        # |changes| in order: 4, 4, 6.4, 12, 15.3, 28, of which one of the two of 4 went up: ranks 1.5 against 19.5.
        assert rows["rank_biserial"]["value"] == pytest.approx((1.5 - 19.5) / 21)
        # Rank sums as small as 1.5: no sign up, or one of the two of 1.5, and their mirror images.
        assert rows["wilcoxon_pratt"]["p"] == pytest.approx(6 / 64)
        assert rows["sign_flip"]["value"] == rows["change"]["value"]


class TestCounts:
    def test_only_counts_of_days_come_with_their_days(
        self, sample: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = _json(capsys, str(sample), "--all-methods")["rows"]
        for row in (row for row in rows if row["statistic"] in COUNTED):
            if row["endpoint"] in ("headache_days_per_28", "acute_medication_days_per_28"):
                assert row["value"] > 0 and row["low"] < row["value"] < row["high"]
            else:
                assert row["value"] is None
                assert any(note.startswith("no_day_counts") for note in row["notes"])

    def test_summaries_without_recorded_days_or_with_broken_days_have_none(self) -> None:
        before, after = np.array([14.0, 12, 9, 20, 8, 11]), np.array([10.0, 12, 3, 14, 7, 10])
        unknown = compare(
            _endpoint_table(before, after, np.nan), "headache_days_per_28", AnalysisPlan(), all_methods=True
        )
        broken = compare(
            _endpoint_table(before, after, 23.0), "headache_days_per_28", AnalysisPlan(), all_methods=True
        )
        whole = compare(
            _endpoint_table(before, after), "headache_days_per_28", AnalysisPlan(), all_methods=True
        )
        for name in COUNTED:
            for change in (unknown, broken):
                assert change[name].value is None
                assert change[name].notes[0].startswith("no_day_counts")
            # All 28 days recorded by everyone: a day's voice is a patient's voice.
            assert whole[name].value == pytest.approx(56 / 74, abs=1e-12)


class TestInPython:
    def test_all_three_ways_to_compare_take_it(self, sample: Path) -> None:
        endpoints = oc.measure_endpoints(oc.split_periods(load(sample)))
        one = compare(endpoints, "headache_days_per_28", all_methods=True)
        assert set(NAMES) <= set(one.to_frame()["statistic"])
        assert [row.statistic for row in compare(endpoints, "headache_days_per_28").statistics] == [
            row.statistic for row in one.statistics if row.statistic not in NAMES
        ]
        grouped = compare_groups(endpoints, "headache_days_per_28", "headache_type", all_methods=True)
        assert all("d_av" in change for change in grouped)
        assert (
            compare_all(endpoints, all_methods=True).find("headache_days_per_28").statistics == one.statistics
        )

    def test_the_order_of_the_rows_moves_nothing(self) -> None:
        generator = np.random.default_rng(1)
        table = _endpoint_table(*generator.integers(0, 29, (2, 45)))
        mixed = table.sample(frac=1, random_state=2)
        plan = AnalysisPlan(bootstrap_resamples=999)
        assert (
            compare(table, "headache_days_per_28", plan, all_methods=True).statistics
            == compare(mixed, "headache_days_per_28", plan, all_methods=True).statistics
        )

    def test_the_plan_gives_seed_and_draws(self) -> None:
        generator = np.random.default_rng(3)
        table = _endpoint_table(*generator.integers(0, 29, (2, 45)))
        found = [
            compare(table, "headache_days_per_28", plan, all_methods=True)["bootstrap_t"]
            for plan in (
                AnalysisPlan(bootstrap_resamples=999),
                AnalysisPlan(bootstrap_resamples=999, seed=5),
                AnalysisPlan(bootstrap_resamples=1999),
            )
        ]
        assert len({row.low for row in found}) == 3
        assert "1,999" in found[2].method

    def test_no_patients_give_every_row_a_reason(self) -> None:
        records = load(drawn("p1 : 3333333 | ."), WEEK_PLAN)
        endpoints = oc.measure_endpoints(oc.split_periods(records))
        change = compare(endpoints, "headache_days_per_28", all_methods=True)
        assert change.n == 0
        for name in NAMES:
            assert change[name].value is None and change[name].notes, name

    def test_a_hundred_thousand_patients(self) -> None:
        """Nothing is resampled and nothing else is left out. The speed is measured in benchmarks/."""
        generator = np.random.default_rng(9)
        rate = generator.beta(3, 4, 100_000)
        table = _endpoint_table(generator.binomial(28, rate), generator.binomial(28, rate * 0.9))
        started = time.process_time()
        change = compare(table, "headache_days_per_28", AnalysisPlan(), all_methods=True)
        assert time.process_time() - started < 10
        for name in ("sign_flip", "bootstrap_t"):
            assert change[name].value is None
            assert change[name].notes[0].startswith("not run: 100,000")
        for name in set(NAMES) - {"sign_flip", "bootstrap_t"}:
            assert change[name].value is not None, name
        # Everyone recorded all days, and every rate fell by a tenth of itself.
        assert change["rate_ratio_day_weighted"].value == pytest.approx(0.9, abs=0.01)
        assert MAX_RESAMPLED_PAIRS < 100_000


class TestText:
    def test_a_table_for_each_endpoint(self, sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["compare", str(sample), "--all-methods"]) == 0
        shown = capsys.readouterr().out
        assert "headache_days_per_28, 137 pairs by other methods" in shown
        lines = {line.strip().split("  ")[0]: line for line in shown.splitlines()}
        # A dash is no reason: the line says why there is no value.
        assert "the days that it was counted on" in lines["rate ratio, conditional Poisson"]
        for words in ("effect", "because of", "works", "nan", "None"):
            assert words not in shown.lower().split("internal:")[0]
        assert "The groups" not in shown
        assert main(["compare", str(sample), "--all-methods", "--by", "headache_type"]) == 0
        assert "The groups by other methods are in --json and --csv." in capsys.readouterr().out
        assert main(["compare", str(sample)]) == 0
        assert "other methods" not in capsys.readouterr().out

    def test_a_notebook_cell_names_every_method(self, sample: Path) -> None:
        endpoints = oc.measure_endpoints(oc.split_periods(load(sample)))
        shown = compare(endpoints, "headache_days_per_28", all_methods=True)._repr_html_()
        for label in ("Wilcoxon–Pratt Z", "pseudomedian of changes", "rate ratio, day-weighted"):
            assert label in shown


def test_json_tells_the_families_of_tests(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Primary as it is, key secondary in sequence, the rest by Holm, groups exploratory; one test per endpoint."""
    told = _json(capsys, str(sample), "--by", "sex", "--all-methods")
    families = {(row["endpoint"], row["group"], row["statistic"]): row for row in told["families"]}
    primary = families["headache_days_per_28", "all", "change"]
    assert primary["family"] == "primary" and primary["adjusted_p"] == primary["p"]
    assert families["acute_medication_days_per_28", "all", "change"]["family"] == "key secondary"
    holm = families["burden_per_28", "all", "change"]
    assert holm["how"] == "Holm" and holm["adjusted_p"] >= holm["p"]
    assert families["headache_days_per_28", "female", "change"]["family"] == "exploratory"
