"""Does the change differ between kinds of patients: levels, the test between them, and regression to the mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import outcomes as oc
from outcomes.analysis.heterogeneity import adjusted_means, welch_anova
from outcomes.analysis.models.covariance_adjusted import ancova
from outcomes.analysis.questions import ask
from outcomes.cli import main
from outcomes.errors import PlanError
from tests.diaries import load, write_folder

DAYS = "headache_days_per_28"


def values(*numbers: float) -> Any:
    return np.array(numbers, dtype=np.float64)


#: R's data set InsectSprays (Beall 1942), spray by spray.
SPRAYS = [
    values(10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13), values(11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13),
    values(0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4), values(3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4),
    values(3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4), values(11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13),
]  # fmt: skip

#: R's data set sleep (Student 1908), the two groups taken as independent.
SLEEP = [
    values(0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    values(1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
]


class TestWelchAnova:
    def test_insect_sprays_as_r_prints_them(self) -> None:
        """oneway.test(count ~ spray, InsectSprays): F = 36.065, num df = 5.000, denom df = 30.043, p = 7.999e-12."""
        found = welch_anova(SPRAYS)
        assert (round(found.f or 0, 3), found.df_between, round(found.df_within or 0, 3)) == (
            36.065,
            5,
            30.043,
        )
        assert found.p == pytest.approx(7.999e-12, rel=1e-3)

    def test_two_groups_are_welchs_t_test(self) -> None:
        """t.test(extra ~ group, sleep): t = -1.8608, df = 17.776, p-value = 0.07939."""
        found = welch_anova(SLEEP)
        assert found.f == pytest.approx(1.8608**2, rel=1e-4)
        assert (round(found.df_within or 0, 3), round(found.p or 0, 5)) == (17.776, 0.07939)

    def test_one_group_or_one_that_does_not_vary_is_no_test(self) -> None:
        assert welch_anova([SLEEP[0]]).p is None and welch_anova([]).p is None
        still = welch_anova([SLEEP[0], values(2, 2, 2)])
        assert still.f is None and "zero_variance" in still.notes[0]
        assert welch_anova([SLEEP[0], values(2)]).p is None

    def test_the_order_of_groups_and_their_unit_say_nothing(self) -> None:
        found = welch_anova(SPRAYS)
        for other in (SPRAYS[::-1], [7 + 3 * group for group in SPRAYS]):
            assert welch_anova(other).p == pytest.approx(found.p, rel=1e-9)


class TestAtOneBaseline:
    def test_the_same_difference_as_the_analysis_of_covariance(self) -> None:
        before = [values(10, 12, 9, 14, 11, 8), values(18, 22, 20, 25, 19, 21)]
        after = [values(-2, -3, -1, -5, -3, 0), values(-7, -9, -8, -11, -6, -9)]
        (low, high), test = adjusted_means(before, after, 0.95)
        frame = pd.DataFrame(
            {
                "baseline": np.concatenate(before),
                "followup": np.concatenate(after),
                "group": ["sham"] * 6 + ["treated"] * 6,
            }
        )
        model = ancova(frame)["difference"]
        assert (high.value or 0) - (low.value or 0) == pytest.approx(model.value, abs=1e-9)
        # F with one degree of freedom is t².
        assert test.p == pytest.approx(model.p, rel=1e-9)

    def test_groups_on_one_line_do_not_differ(self) -> None:
        """What the baseline explains is not a difference between groups: all twelve lie about the line −x/2."""
        noise = values(1, -1, 0, 0, -1, 1)
        before = [values(8, 9, 10, 11, 12, 13), values(18, 19, 20, 21, 22, 23)]
        after = [-x / 2 + noise for x in before]
        means, test = adjusted_means(before, after, 0.95)
        assert means[0].value == pytest.approx(means[1].value, abs=1e-9)
        assert test.p == pytest.approx(1, abs=1e-6)
        assert (welch_anova(after).p or 1) < 0.01

    def test_too_few_and_no_spread_are_undefined(self) -> None:
        for before, after in (([values(1)], [values(1)]), ([values(1), values(2)], [values(1), values(2)])):
            means, test = adjusted_means(before, after, 0.95)
            assert {mean.value for mean in means} == {None} and test.p is None


def clinic(rows: list[tuple[float, float]], **columns: list[Any]) -> dict[str, pd.DataFrame]:
    """Summaries: (baseline, follow-up) of p1, p2, …; and a row of `patients` each."""
    names = [f"p{number + 1}" for number in range(len(rows))]
    told = [
        (name, period, value)
        for name, pair in zip(names, rows, strict=True)
        for period, value in zip(("baseline", "followup"), pair, strict=True)
    ]
    return {
        "summaries": pd.DataFrame(told, columns=["patient_id", "period", DAYS]),
        "patients": pd.DataFrame({"patient_id": names, **columns}),
    }


def asked(tables: dict[str, pd.DataFrame], **plan: Any) -> Any:
    return ask(oc.split_periods(load(tables, oc.AnalysisPlan(**plan))), "strata")


#: Changes of −2 ± 1 in women and −6 ± 1 in men.
SEXES = {
    "rows": [(12, 9), (12, 10), (12, 11), (12, 9), (12, 11), (12, 5), (12, 6), (12, 7), (12, 5), (12, 7)],
    "sex": ["female"] * 5 + ["male"] * 5,
}


class TestLevels:
    def test_each_level_with_its_change_and_the_test_between_them(self) -> None:
        answers = asked(clinic(**SEXES), strata=("sex",))  # type: ignore[arg-type]
        women, men = (answers.find("change", group=group) for group in ("female", "male"))
        assert (women.value, women.n, men.value, men.n) == (-2, 5, -6, 5)
        # Equal spreads and sizes: t = 4 / sqrt(1/5 + 1/5) = 6.325 (variances 1), so F = 40 with 1 and 8 degrees.
        test = answers["heterogeneity"]
        assert test.value == pytest.approx(40) and test.p == pytest.approx(0.000227, abs=1e-6)
        assert women.p is None and men.p is None

    def test_fewer_than_five_are_counted_and_not_estimated(self) -> None:
        tables = clinic(SEXES["rows"], sex=["female"] * 6 + ["male"] * 4)  # type: ignore[arg-type]
        men = asked(tables, strata=("sex",)).find("change", group="male")
        assert (men.value, men.low, men.n) == (None, None, 4)
        assert men.notes == ("fewer_than_5: too few patients, counted and not estimated",)
        assert asked(tables, strata=("sex",))["heterogeneity"].p is None

    def test_levels_add_up_to_everyone(self) -> None:
        tables = clinic(SEXES["rows"], sex=["female"] * 5 + ["male"] * 4 + [""])  # type: ignore[arg-type]
        tables["summaries"] = tables["summaries"].iloc[:-1]
        rows = [row for row in asked(tables, strata=("sex",)) if row.statistic == "change"]
        assert [row.group for row in rows] == ["female", "male", "not recorded"]
        assert sum(row.n + row.n_left_out for row in rows) == 10 and sum(row.n for row in rows) == 9

    def test_episodic_cluster_has_no_change_and_a_reason(self) -> None:
        tables = clinic(SEXES["rows"], headache_type=["migraine"] * 5 + ["cluster"] * 5)  # type: ignore[arg-type]
        cluster = asked(tables, strata=("headache_type",)).find("change", group="cluster")
        assert (cluster.value, cluster.n, cluster.n_left_out) == (None, 0, 5)
        assert "bouts end by themselves" in cluster.notes[0]

    def test_the_forest_has_a_row_for_each_level(self) -> None:
        forest = asked(clinic(**SEXES), strata=("sex", "chronic_at_baseline")).frames["forest"]  # type: ignore[arg-type]
        assert list(forest.columns) == ["by", "group", "value", "low", "high", "n", "p", "p_adjusted"]
        assert forest["by"].tolist() == ["sex", "sex", "chronic_at_baseline"]
        assert forest["p"].notna().tolist() == [True, False, False]


class TestSeveralStrata:
    def test_p_values_are_adjusted_over_the_strata(self) -> None:
        """Benjamini and Hochberg by hand: the smaller of two p values doubles, unless the larger is smaller then."""
        half = ["yes", "no"] * 5
        answers = asked(clinic(**SEXES, preventive_use=half), strata=("sex", "preventive_use"))  # type: ignore[arg-type]
        forest = answers.frames["forest"].dropna(subset=["p"]).set_index("by")
        small, large = forest.loc["sex", "p"], forest.loc["preventive_use", "p"]
        assert small < large
        assert forest.loc["sex", "p_adjusted"] == pytest.approx(min(2 * small, large))
        assert forest.loc["preventive_use", "p_adjusted"] == pytest.approx(large)
        assert answers.notes[0].startswith("Exploratory")

    def test_what_the_records_do_not_hold_is_told(self) -> None:
        answers = asked(clinic(**SEXES), strata=("sex", "age_band"))  # type: ignore[arg-type]
        assert "Not in these records: age band." in answers.notes
        with pytest.raises(PlanError, match="hold none of the plan's strata"):
            asked(clinic(**SEXES), strata=("age_band",))  # type: ignore[arg-type]
        with pytest.raises(PlanError, match="'colour' is no category of patients"):
            asked(clinic(**SEXES), strata=("colour",))  # type: ignore[arg-type]

    def test_a_declared_category_is_a_stratum(self) -> None:
        tables = clinic(SEXES["rows"], branch=["north", "south"] * 5)  # type: ignore[arg-type]
        plan = {"strata": ["branch"], "patients": {"branch": {"codes": ["north", "south"]}}}
        periods = oc.split_periods(load(tables, oc.AnalysisPlan.from_mapping(plan)))
        assert ask(periods, "strata").find("change", group="north").n == 5


class TestCutByBaseline:
    def test_chronic_is_from_fifteen_days_on(self) -> None:
        rows = [(15.0, 10.0)] * 5 + [(14.9, 10.0)] * 5
        answers = asked(clinic(rows), strata=("chronic_at_baseline",))
        counts = {row.group: row.n for row in answers if row.statistic == "change"}
        assert counts == {"episodic": 5, "chronic": 5}
        scaled = asked(clinic(rows), strata=("chronic_at_baseline",), month_limits="scaled")
        # 15 days of a month of 30.4 are 13.8 of 28.
        assert {row.group: row.n for row in scaled if row.statistic == "change"} == {"chronic": 10}

    def test_regression_to_the_mean_is_not_taken_for_a_difference(self) -> None:
        """Every patient has the same usual 14 days; months differ by chance alone, and nothing is done."""
        random = np.random.default_rng(20260101)
        months = 14 + 3 * random.standard_normal((400, 2))
        answers = asked(clinic([(a, b) for a, b in months.clip(0, 28)]), strata=("chronic_at_baseline",))
        raw = {row.group: row.value for row in answers if row.statistic == "change"}
        fair = {row.group: row.value for row in answers if row.statistic == "change_at_mean_baseline"}
        # Those who began high seem to improve by about 3 days, the others to get worse: pure chance.
        assert raw["chronic"] < -2 and raw["episodic"] > 1
        assert abs(fair["chronic"] - fair["episodic"]) < 1.5
        assert (answers["heterogeneity"].p or 0) > 0.01
        assert any("regression to the mean alone" in note for note in answers.notes)

    def test_severity_follows_the_worst_intensities_of_headache_days(self) -> None:
        rows = [(12.0, 9.0)] * 4
        tables = clinic(rows)
        worst = tables["summaries"].assign(intensity_on_headache_days=[3.9, 1, 4, 1, 6.9, 1, 7, 1])
        tables["summaries"] = worst
        answers = asked(tables, strata=("severity_at_baseline",))
        counts = {row.group: row.n for row in answers if row.statistic == "change"}
        assert list(counts.items()) == [("mild", 1), ("moderate", 2), ("severe", 1)]
        other = asked(tables, strata=("severity_at_baseline",), severity_bounds=(1.0, 2.0))
        assert {row.group: row.n for row in other if row.statistic == "change"} == {"severe": 4}


def test_names_and_the_order_of_rows_say_nothing() -> None:
    tables = clinic(**SEXES)  # type: ignore[arg-type]
    renamed = {
        name: frame.iloc[::-1].assign(patient_id=frame["patient_id"].map(lambda one: f"z{one}"))
        for name, frame in tables.items()
    }
    first, second = (asked(one, strata=("sex",)).to_frame() for one in (tables, renamed))
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


class TestOnTheCommandLine:
    def _source(self, folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
        written = {
            name: frame.assign(patient_id=[f"P-{one[1:]:0>4}" for one in frame["patient_id"]])
            for name, frame in tables.items()
        }
        return write_folder(folder / "clinic", **written)

    def test_a_clinic_where_everyone_is_chronic(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tables = clinic([(20 + n % 3, 16 + n % 4) for n in range(12)], ichd3_code=["1.3"] * 12)
        source = self._source(tmp_path, tables)
        assert main(["questions", str(source), "strata", "--quiet"]) == 0
        shown = capsys.readouterr().out
        assert "chronic: change" in shown and "episodic" not in shown
        assert "one_group" in shown
        assert main(["compare", str(source), "--by", "ichd3_code", "--quiet"]) == 0
        assert "1.3" in capsys.readouterr().out

    def test_a_clinic_of_three_patients(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        tables = clinic([(12, 9), (14, 8), (9, 9)], sex=["female", "female", "male"])
        source = self._source(tmp_path, tables)
        assert main(["questions", str(source), "strata", "diagnosis", "--quiet"]) == 2
        assert "hold no diagnosis" in capsys.readouterr().err
        assert main(["questions", str(source), "strata", "--quiet"]) == 0
        shown = capsys.readouterr().out
        assert "female: change" in shown and "fewer_than_5" in shown
        assert "nan" not in shown.lower()
