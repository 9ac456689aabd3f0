"""Ten thousand groups are compared in one pass over columns. Each must get what it gets alone, to the last digit."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import outcomes as oc
from outcomes.analysis.comparison import compare, compare_all, compare_groups
from outcomes.analysis.estimates import mean_interval, median, paired_change
from outcomes.analysis.paired.ratios import rate_ratio
from outcomes.analysis.results import ComparisonTable, statistics_frame
from outcomes.cli import main
from outcomes.plan import AnalysisPlan

DAYS, INTENSITY = "headache_days_per_28", "intensity_on_headache_days"

#: Values that meet: the same change, the same ratio, zero at baseline and at follow-up, tenths that are not exact.
_VALUES = st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.3, 4.0, 7.0, 10.0, 14.0, 28.0, 28 * 7 / 23]))
_PATIENT = st.tuples(_VALUES, _VALUES, st.booleans())
_GROUPS = st.lists(st.lists(_PATIENT, max_size=9), min_size=1, max_size=6)

#: Groups of which a rule is needed: nobody with both periods, one, no change, no variation, no baseline, nothing left.
_ODD = [
    [],
    [(None, None, False)] * 3,
    [(7.0, None, False), (None, 7.0, False)],
    [(8.0, 3.0, False)],
    [(8.0, 3.0, False), (9.0, 1.0, False)],
    [(8.0, 3.0, False), (9.0, 1.0, False), (2.0, 2.0, False)],
    [(10.0, 7.0, False)] * 6,
    [(0.0, 0.0, False)] * 4,
    [(0.0, 3.0, False), (0.0, 5.0, False)] * 3,
    [(3.0, 0.0, False), (9.0, 0.0, False)] * 3,
    [(10.0, 7.0, False), (20.0, 14.0, False)] * 3,
    [(0.0, 0.0, False)] * 6 + [(1.0, 28.0, False)],
    [(10.0, 7.0, True)] * 3,
    [(10.0, 7.0, True), (8.0, None, True), (8.0, 3.0, False)],
    [(9.0, 5.0, False), (8.0, 5.0, False), (12.0, 6.0, False), (3.0, 3.0, False), (7.0, 9.0, False)],
]


def table_of(groups: list[list[tuple[float | None, float | None, bool]]], shuffle: int = 0) -> pd.DataFrame:
    """Both periods of every patient, the groups mixed. The third value of a patient: described and not compared."""
    rows = []
    for number, group in enumerate(groups):
        for at, (before, after, described) in enumerate(group):
            for period, value in (("baseline", before), ("followup", after)):
                rows.append(
                    {"patient_id": f"p{(at * 37 + number) % 101:03d}-{number}-{at}", "mode": "diary", "period": period,
                     "recorded_days": 23.0, "medication_known_days": 23.0, "covered": value is not None or at % 2 == 0,
                     DAYS: np.nan if value is None else value,
                     INTENSITY: np.nan if not value else min(value, 10.0),
                     "episodic_cluster": described, "clinic": f"clinic {number:02d}"}
                )  # fmt: skip
    if not rows:
        rows = [{"patient_id": "p", "mode": "diary", "period": "baseline", "recorded_days": 1.0, "covered": False,
                 "medication_known_days": 1.0, DAYS: np.nan, INTENSITY: np.nan, "episodic_cluster": False,
                 "clinic": None}]  # fmt: skip
    table = pd.DataFrame(rows).sample(frac=1, random_state=shuffle, ignore_index=True)
    table.attrs["outcomes_daily_endpoints"] = [DAYS, INTENSITY]
    return table


def made_up(patients: int, groups: int) -> pd.DataFrame:
    """Whole days before and after in so many sites, a tenth of the follow-ups not there."""
    generator = np.random.Generator(np.random.PCG64(1))
    rows = np.repeat(np.arange(patients), 2)
    followup = np.tile([False, True], patients)
    value = generator.integers(0, 29, 2 * patients).astype(float)
    value[followup & (generator.random(2 * patients) < 0.1)] = np.nan
    return pd.DataFrame(
        {
            "patient_id": rows,
            "mode": "diary",
            "period": np.where(followup, "followup", "baseline"),
            "recorded_days": 28.0,
            "medication_known_days": 28.0,
            "covered": ~np.isnan(value),
            DAYS: value,
            "site_id": [f"S{number % groups:05d}" for number in rows.tolist()],
        }
    )


def one_by_one(table: pd.DataFrame, endpoint: str, plan: AnalysisPlan, **how: Any) -> ComparisonTable:
    """Each group compared by itself, from its rows alone."""
    changes = [compare(table, endpoint, plan, **how)]
    named = table["clinic"].fillna("not recorded")
    for name in sorted(named.unique(), key=lambda name: (name == "not recorded", name)):
        changes.append(compare(table[named == name], endpoint, plan, by="clinic", group=name, **how))
    return ComparisonTable(tuple(changes), plan)


def assert_same(table: pd.DataFrame, plan: AnalysisPlan, **how: Any) -> None:
    for endpoint in (DAYS, INTENSITY):
        together = compare_groups(table, endpoint, "clinic", plan, **how)
        alone = one_by_one(table, endpoint, plan, **how)
        pd.testing.assert_frame_equal(together.to_frame(), alone.to_frame(), check_exact=True)
        assert together == ComparisonTable(alone.changes, plan, together.notes)
        for one, other in zip(together, alone, strict=True):
            pd.testing.assert_frame_equal(one.pairs, other.pairs, check_exact=True)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_every_odd_group_gets_what_it_gets_alone(confidence: float) -> None:
    assert_same(table_of(_ODD), AnalysisPlan(confidence=confidence))


def test_so_it_is_with_every_method() -> None:
    assert_same(table_of(_ODD[:11]), AnalysisPlan(bootstrap_resamples=999), all_methods=True)


@settings(max_examples=40)
@given(groups=_GROUPS, shuffle=st.integers(0, 9), confidence=st.sampled_from([0.5, 0.95]))
def test_any_groups_get_what_they_get_alone(groups: Any, shuffle: int, confidence: float) -> None:
    assert_same(table_of(groups, shuffle), AnalysisPlan(confidence=confidence))


@settings(max_examples=40)
@given(groups=_GROUPS)
def test_the_groups_add_up_and_the_table_is_its_rows(groups: Any) -> None:
    found = compare_groups(table_of(groups), DAYS, "clinic")
    everyone, *parts = found.changes
    for name in ("change", "responders_50", "responders_50_all_started"):
        assert everyone[name].n == sum(part[name].n for part in parts)
        assert everyone[name].n + everyone[name].n_left_out == sum(
            p[name].n + p[name].n_left_out for p in parts
        )
    pd.testing.assert_frame_equal(found.to_frame(), statistics_frame(found.statistics), check_exact=True)


def test_the_closed_forms_on_plain_numbers() -> None:
    """One group of many is its textbook formula: Python's own `statistics`, and t of 4 degrees of freedom."""
    import statistics

    before, after = [9.0, 8.0, 12.0, 3.0, 7.0], [5.0, 5.0, 6.0, 3.0, 9.0]
    changes = [y - x for x, y in zip(before, after, strict=True)]
    found = compare_groups(table_of(_ODD), DAYS, "clinic").find(DAYS, "clinic 14")
    error = statistics.stdev(changes) / 5**0.5
    assert found.change.value == pytest.approx(statistics.mean(changes), abs=1e-12)
    assert found.change.high == pytest.approx(statistics.mean(changes) + 2.7764451051978 * error, abs=1e-10)
    assert found["change_median"].value == statistics.median(changes)
    assert found["baseline_sd"].value == pytest.approx(statistics.stdev(before), abs=1e-12)
    assert found["correlation"].value == pytest.approx(statistics.correlation(before, after), abs=1e-12)
    assert found.rate_ratio.value == pytest.approx(sum(after) / sum(before), abs=1e-12)


def test_single_functions_are_the_same_definition() -> None:
    found = compare_groups(table_of(_ODD), DAYS, "clinic").find(DAYS, "clinic 05")
    before, after = np.array([8.0, 9.0, 2.0]), np.array([3.0, 1.0, 2.0])
    for one, row in (
        (mean_interval(before, 0.95, (0, 28)), found["baseline_mean"]),
        (paired_change(before, after, 0.95), found.change),
        (rate_ratio(before, after, 0.95), found.rate_ratio),
        (median(after - before), found["change_median"]),
    ):
        assert (one.value, one.low, one.high, one.p) == (row.value, row.low, row.high, row.p)


def test_a_category_that_changes_within_a_patient_makes_no_groups() -> None:
    table = table_of(_ODD)
    table.loc[table["period"] == "followup", "clinic"] = "elsewhere"
    with pytest.raises(oc.PlanError, match="differs between the periods"):
        compare_groups(table, DAYS, "clinic")


class TestCareUnits:
    """Sites and practitioners: fewer than five compared patients are counted, and have no figure."""

    @staticmethod
    def _table() -> pd.DataFrame:
        groups = [[(10.0 + at, 7.0 + at % 3, False) for at in range(size)] for size in (4, 5, 1)]
        return table_of(groups).rename(columns={"clinic": "site_id"})

    def test_few_patients_are_counted_and_have_no_figure(self) -> None:
        found = compare_groups(self._table(), DAYS, "site_id")
        few, enough = found.find(DAYS, "clinic 00"), found.find(DAYS, "clinic 01")
        assert (few.n, few.n_left_out, enough.n) == (4, 0, 5)
        assert enough.change.value is not None
        for row in few.statistics:
            assert (row.value, row.low, row.high, row.p, row.count) == (None,) * 5
            assert row.notes[0].startswith("few_patients")
        assert found.notes == (
            "site_id: 2 of 3 groups have fewer than 5 patients compared in headache_days_per_28, and no figures of "
            "their own",
        )

    def test_so_it_is_for_a_group_cut_by_hand(self) -> None:
        table = self._table()
        rows = table[table["site_id"] == "clinic 00"]
        assert compare(rows, DAYS, by="site_id", group="clinic 00").change.value is None
        assert compare(rows, DAYS).change.value is not None

    def test_the_command_takes_sites_from_the_sessions(self, sample: Path, capsys: Any) -> None:
        assert main(["compare", str(sample), "--by", "site_id", "--json"]) == 0
        rows = [row for row in json.loads(capsys.readouterr().out)["rows"] if row["endpoint"] == DAYS]
        changes = {row["group"]: row for row in rows if row["statistic"] == "change"}
        total = changes.pop("all")
        assert len(changes) > 1
        assert sum(row["n"] for row in changes.values()) == total["n"]
        assert sum(row["n_left_out"] for row in changes.values()) == total["n_left_out"]


class TestManyGroups:
    def test_a_text_says_how_many_and_where(self) -> None:
        from outcomes.reporting.tables import comparison_html, comparison_text

        table = compare_all(made_up(500, 60), by=["site_id"])
        text = comparison_text(table, [])
        assert "headache_days_per_28 by site_id: 60 groups, each in --json and --csv." in text
        assert "S00007" not in text and len(text.splitlines()) < 40
        assert "60 groups, in to_frame()" in comparison_html(table)
        assert "60 groups, in to_frame()" in table.summary()
        assert table.to_frame()["group"].nunique() == 61
        with pytest.raises(oc.PlanError, match="60 groups are more than a figure holds"):
            table.plot()

    def test_methods_of_very_many_groups_say_why_they_are_not_run(self) -> None:
        table = compare_groups(made_up(800, 201), DAYS, "site_id", all_methods=True)
        frame = table.to_frame().set_index(["group", "statistic"])
        assert np.isfinite(frame.loc[("all", "hodges_lehmann"), "value"])
        row = frame.loc[("S00007", "hodges_lehmann")]
        assert np.isnan(row["value"]) and row["method"] == "hodges_lehmann, not run"

    def test_a_thousand_clinics_are_one_pass(self) -> None:
        """A loop over clinics takes ten milliseconds for each; processor time, since others use the machine too."""
        table = made_up(20_000, 1000)
        started = time.process_time()
        frame = compare_groups(table, DAYS, "site_id").to_frame()
        assert time.process_time() - started < 3
        assert frame["group"].nunique() == 1001
