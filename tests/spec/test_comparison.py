"""Before against after: who is in, who responds, who gets worse, and how groups add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load, write_folder

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.comparison import NOT_RECORDED, compare_all, compare_groups
from outcomes.analysis.endpoints import summary_flow


def _plan(**changes: Any) -> AnalysisPlan:
    return AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, **changes)


def _endpoints(tables: Any, plan: AnalysisPlan = WEEK_PLAN) -> pd.DataFrame:
    return oc.measure_endpoints(oc.split_periods(load(tables, plan), plan))


def _days(tables: Any, plan: AnalysisPlan = WEEK_PLAN) -> oc.PairedChange:
    return oc.compare(_endpoints(tables, plan), "headache_days_per_28", plan)


def _summaries(
    *rows: tuple[Any, ...], columns: str = "patient_id mode period headache_days_per_28"
) -> dict[str, Any]:
    return {"summaries": pd.DataFrame(list(rows), columns=columns.split())}


class TestResponders:
    def test_no_headache_at_baseline_stays_in_the_change_and_out_of_the_responders(self) -> None:
        change = _days(drawn("""
            p1 : 3333333 | . 0000000
            p2 : 0000000 | . 3300000
        """))  # fmt: skip
        assert change.change.n == 2
        assert change.change.value == pytest.approx((-28 + 8) / 2)
        assert (change["responders_50"].count, change["responders_50"].n) == (1, 1)

    def test_too_few_baseline_days_for_a_percentage_are_counted_and_said(self) -> None:
        """Fewer than 4 headache days per 28: half of it would be less than the noise of a month."""
        plan = AnalysisPlan()
        text = "\n".join(f"p{k} : {'3' * k}{'0' * (28 - k)} | {'.' * 56} {'0' * 28}" for k in (3, 4, 5))
        change = oc.compare(_endpoints(drawn(text), plan), "headache_days_per_28", plan)
        row = change["responders_50"]
        assert (row.n, row.count, row.n_left_out) == (2, 2, 1)
        assert any("1 with both periods not eligible" in note for note in row.notes)
        nobody_excluded = AnalysisPlan(responder_min_baseline=0)
        change = oc.compare(_endpoints(drawn(text), nobody_excluded), "headache_days_per_28", nobody_excluded)
        assert change["responders_50"].n == 3

    def test_exactly_four_days_in_floats_that_do_not_come_out_even_are_eligible(self) -> None:
        """Three headache days of 21 recorded ones are 4 per 28: 28·3/21."""
        text = f"p1 : 333{'0' * 18}{'.' * 7} | {'.' * 56} {'0' * 28}"
        change = oc.compare(_endpoints(drawn(text), AnalysisPlan()), "headache_days_per_28")
        assert change["responders_100"].n == 1

    @pytest.mark.parametrize("recorded", [20, 21, 22, 23, 24, 25, 26, 27, 28])
    def test_exactly_half_counts_whatever_the_number_of_recorded_days(self, recorded: int) -> None:
        """Six headache days before, three after, in the same number of recorded days."""
        gap = "." * (28 - recorded)
        text = f"p1 : {'3' * 6}{'0' * (recorded - 6)}{gap} | {'.' * 56} {'3' * 3}{'0' * (recorded - 3)}{gap}"
        change = oc.compare(_endpoints(drawn(text), AnalysisPlan()), "headache_days_per_28")
        assert (change["responders_50"].count, change["responders_75"].count) == (1, 0)

    @pytest.mark.parametrize(("followup", "count"), [(7.0, 1), (7.000001, 0), (6.9, 1)])
    def test_just_below_half_does_not_count(self, followup: float, count: int) -> None:
        plan = AnalysisPlan()
        change = _days(
            _summaries(("p1", "diary", "baseline", 14.0), ("p1", "diary", "followup", followup)), plan
        )
        assert change["responders_50"].count == count

    @pytest.mark.parametrize("cut", [30, 50, 75, 100])
    def test_every_cut_counts_its_ties(self, cut: int) -> None:
        """20 days before, and exactly the reduced number after."""
        rows = [("p1", "diary", "baseline", 20.0), ("p1", "diary", "followup", 20 - 20 * cut / 100)]
        change = _days(_summaries(*rows), AnalysisPlan())
        assert change[f"responders_{cut}"].count == 1
        assert all(change[f"responders_{other}"].count == int(other <= cut) for other in (30, 50, 75, 100))

    def test_headache_free_is_a_reduction_of_100_percent(self) -> None:
        change = _days(drawn("p1 : 3333000 | . 0000000\n p2 : 3333000 | . 3000000"))
        assert (change["responders_100"].count, change["responders_75"].count) == (1, 2)

    def test_both_denominators(self) -> None:
        """Of those with both periods, and of all who started with a valid baseline: a missing diary is no response."""
        change = _days(drawn("""
            responds  : 3333333 | . 0000000
            stays     : 3333333 | . 3333333
            gone      : 3333333 | . .......
            no_start  : ....... | . 0000000
            mild      : 0000000 | . .......
        """))  # fmt: skip
        evaluable, started = change["responders_50"], change["responders_50_all_started"]
        assert (evaluable.count, evaluable.n) == (1, 2)
        assert (started.count, started.n) == (1, 3)
        assert any(note.startswith("1 without a follow-up") for note in started.notes)
        assert evaluable.n + evaluable.n_left_out == started.n + started.n_left_out == 5

    def test_getting_worse_is_counted_too(self) -> None:
        """30% and 50% more headache days; a tie counts."""
        rows = [("up50", 10, 15.0), ("up30", 10, 13.0), ("up29", 10, 12.9), ("same", 10, 10), ("less", 10, 2)]
        table = [(name, "diary", period, value) for name, before, after in rows
                 for period, value in (("baseline", before), ("followup", after))]  # fmt: skip
        change = _days(_summaries(*table), AnalysisPlan())
        assert (change["worsened_30"].count, change["worsened_50"].count, change["worsened_30"].n) == (
            2,
            1,
            5,
        )

    def test_intensity_on_headache_days_has_no_responders(self) -> None:
        """It is conditional on having headache: who is cured would drop out of the count."""
        change = oc.compare(
            _endpoints(drawn("p1 : 4680000 | . 2200000\n p2 : 4680000 | . 0000000")),
            "intensity_on_headache_days",
            WEEK_PLAN,
        )
        assert "responders_50" not in change
        assert (change.change.n, change.change.n_left_out) == (1, 1)
        assert any("conditional" in note for note in change.change.notes)

    def test_an_endpoint_that_improves_by_increasing(self) -> None:
        plan = AnalysisPlan.from_mapping(
            {"endpoints": {"days_at_work": {"unit": "days", "improvement": "increase"}}}
        )
        rows = [("p1", "baseline", 10), ("p1", "followup", 15), ("p2", "baseline", 10), ("p2", "followup", 5),
                ("p3", "baseline", 10), ("p3", "followup", 13)]  # fmt: skip
        tables = _summaries(*rows, columns="patient_id period days_at_work")
        change = oc.compare(_endpoints(tables, plan), "days_at_work", plan)
        assert change["responders_50"].count == 1 and change["responders_30"].count == 2
        assert change["worsened_50"].count == 1 and change["worsened_30"].count == 1
        assert change.change.value == pytest.approx(1.0)
        assert change.change.unit == "days"


class TestSummaries:
    def test_modes_are_never_pooled(self) -> None:
        """A recalled month before and a diary month after are not a pair."""
        tables = _summaries(
            ("p1", "recall_28", "baseline", 20), ("p1", "diary", "followup", 4),
            ("p2", "diary", "baseline", 20), ("p2", "diary", "followup", 10),
        )  # fmt: skip
        endpoints = _endpoints(tables, AnalysisPlan())
        table = compare_all(endpoints)
        diary = table.find("headache_days_per_28", mode="diary").change
        recall = table.find("headache_days_per_28", mode="recall_28").change
        assert (diary.n, diary.value, diary.n_left_out) == (1, -10, 1)
        assert (recall.n, recall.value, recall.n_left_out) == (0, None, 2)

    def test_a_recalled_month_never_replaces_a_diary_that_has_gaps(self) -> None:
        tables = {
            **drawn("p1 : 3333333 | . ......."),
            **_summaries(("p1", "recall_28", "baseline", 28), ("p1", "recall_28", "followup", 2)),
        }
        endpoints = _endpoints(tables)
        assert oc.compare(endpoints, "headache_days_per_28", WEEK_PLAN).change.n == 0
        recalled = oc.compare(endpoints, "headache_days_per_28", WEEK_PLAN, mode="recall_28")
        assert (recalled.change.n, recalled.change.value) == (1, -26)

    def test_two_recall_modes_must_be_told_apart(self) -> None:
        endpoints = _endpoints(
            _summaries(("p1", "recall_28", "baseline", 2), ("p1", "recall_7", "followup", 2))
        )
        with pytest.raises(oc.PlanError, match="name one"):
            oc.compare(endpoints, "headache_days_per_28")

    def test_a_mode_that_is_not_in_the_records_is_refused(self) -> None:
        """An empty answer would read as: nobody had it."""
        endpoints = _endpoints(drawn("p1 : 3333333 | . 0000000"))
        with pytest.raises(oc.PlanError):
            oc.compare(endpoints, "headache_days_per_28", WEEK_PLAN, mode="recal_28")

    @pytest.mark.parametrize(("recorded", "n"), [("19", 0), ("20", 1), ("", 1)])
    def test_a_summary_counts_unless_it_says_that_too_few_days_stand_behind_it(
        self, recorded: str, n: int
    ) -> None:
        """Without `recorded_days` the coverage is unknown, not failed."""
        tables = _summaries(
            ("p1", "baseline", "10", recorded), ("p1", "followup", "5", "28"),
            columns="patient_id period headache_days_per_28 recorded_days",
        )  # fmt: skip
        plan = AnalysisPlan()
        endpoints = _endpoints(tables, plan)
        assert oc.compare(endpoints, "headache_days_per_28", plan).change.n == n
        flow = summary_flow(endpoints, "diary", plan)
        assert flow.n_analysed == n
        assert dict(flow.left_out) == ({} if n else {"baseline_summary_too_few_days": 1})

    def test_an_absent_mode_is_a_diary(self) -> None:
        tables = _summaries(
            ("p1", "baseline", 10), ("p1", "followup", 5), columns="patient_id period headache_days_per_28"
        )
        assert set(_endpoints(tables, AnalysisPlan())["mode"]) == {"diary"}

    def test_an_empty_mode_and_the_word_diary_are_the_same_mode(self) -> None:
        """Two values for one patient and time point contradict each other: both are set aside, nothing stops."""
        tables = _summaries(
            ("p1", "", "baseline", "10"), ("p1", "diary", "baseline", "11"), ("p1", "", "followup", "5"),
            ("p2", "", "baseline", "10"), ("p2", "diary", "followup", "5"),
        )  # fmt: skip
        plan = AnalysisPlan(set_aside_limit=1)
        records = load(tables, plan)
        assert records.counts[0].set_aside == 2
        assert _days(tables, plan).change.n == 1

    def test_two_different_summaries_of_one_time_point_are_both_set_aside(self) -> None:
        tables = _summaries(
            ("p1", "diary", "baseline", 10), ("p1", "diary", "baseline", 11), ("p1", "diary", "followup", 5)
        )
        plan = AnalysisPlan(set_aside_limit=1)
        records = load(tables, plan)
        assert (records.counts[0].set_aside, records.counts[0].used) == (2, 1)

    def test_the_plan_names_the_two_time_points(self) -> None:
        plan = AnalysisPlan(summary_baseline="m0", summary_followup="m12")
        tables = _summaries(
            ("p1", "diary", "m0", 20), ("p1", "diary", "m3", 1), ("p1", "diary", "m12", 15),
        )  # fmt: skip
        assert _days(tables, plan).change.value == -5

    def test_what_the_daily_diary_gives_summaries_do_not_replace(self) -> None:
        """The other endpoints of the summaries stand beside it."""
        plan = AnalysisPlan(
            baseline_days=7,
            followup_first_day=1,
            followup_last_day=7,
            endpoints=(oc.plan.DeclaredEndpoint("score", "points", "decrease"),),
        )
        tables = {
            **drawn("p1 : 3333333 | . 0000000"),
            **_summaries(
                ("p1", "baseline", 1, 50), ("p1", "followup", 2, 40),
                columns="patient_id period headache_days_per_28 score",
            ),
        }  # fmt: skip
        endpoints = _endpoints(tables, plan)
        assert oc.compare(endpoints, "headache_days_per_28", plan).change.value == -28
        assert oc.compare(endpoints, "score", plan).change.value == -10

    def test_a_patient_known_from_summaries_alone_does_not_vanish_beside_a_diary(self) -> None:
        """Everyone in the records is in the flow or in the table: nobody is lost in silence."""
        plan = AnalysisPlan(
            baseline_days=7,
            followup_first_day=1,
            followup_last_day=7,
            endpoints=(oc.plan.DeclaredEndpoint("score", "points", "decrease"),),
        )
        tables = {
            **drawn("p1 : 3333333 | . 0000000"),
            **_summaries(
                ("p2", "baseline", 50), ("p2", "followup", 40), columns="patient_id period score"
            ),
        }  # fmt: skip
        endpoints = _endpoints(tables, plan)
        change = oc.compare(endpoints, "score", plan).change
        assert change.n + change.n_left_out == 2
        assert change.n == 1

    def test_the_flow_of_a_mode_looks_at_what_that_mode_holds(self) -> None:
        """The diary has headache days, the recalled month only a burden: its two pairs are pairs."""
        tables = {
            **drawn("p1 : 3333333 | . 0000000\n p2 : 3333333 | . 0000000"),
            **_summaries(
                *[
                    (name, "recall_28", period, 50)
                    for name in ("p1", "p2")
                    for period in ("baseline", "followup")
                ],
                columns="patient_id mode period burden_per_28",
            ),
        }
        endpoints = _endpoints(tables)
        assert oc.compare(endpoints, "burden_per_28", WEEK_PLAN, mode="recall_28").change.n == 2
        assert summary_flow(endpoints, "recall_28", WEEK_PLAN).n_analysed == 2

    def test_without_the_primary_endpoint_the_others_are_compared_with_a_note(self) -> None:
        tables = _summaries(
            ("p1", "baseline", 50), ("p1", "followup", 40), columns="patient_id period burden_per_28"
        )
        table = compare_all(_endpoints(tables, AnalysisPlan()))
        assert table.find("burden_per_28").change.value == -10
        assert any("headache_days_per_28" in note for note in table.notes)

    def test_an_endpoint_that_nobody_declared_is_refused(self) -> None:
        tables = _summaries(("p1", "baseline", 50), columns="patient_id period weekly_score")
        with pytest.raises(oc.InvalidRecords, match="column 3"):
            load(tables)

    @pytest.mark.parametrize(
        "name",
        [
            "recorded_days",
            "mode",
            "period",
            "patient_id",
            "covered",
            "fault",
            "source_row",
            "headache_days_per_28",
        ],
    )
    def test_a_declared_endpoint_cannot_take_a_name_that_means_something_else(self, name: str) -> None:
        with pytest.raises(oc.PlanError):
            plan = AnalysisPlan.from_mapping({"endpoints": {name: {"unit": "x", "improvement": "increase"}}})
            values = {"patient_id": ["p1", "p1"], "period": ["baseline", "followup"]}
            values.setdefault(name, [1, 2])  # type: ignore[arg-type]
            _endpoints({"summaries": pd.DataFrame(values)}, plan)

    @pytest.mark.parametrize(
        "name", ["headache_type", "patient_id", "mode", "period", "covered", "fault", "source_row",
                 "recorded_days", "headache_days_per_28"],
    )  # fmt: skip
    def test_a_declared_category_cannot_take_a_name_that_means_something_else(self, name: str) -> None:
        with pytest.raises(oc.PlanError):
            plan = AnalysisPlan.from_mapping(
                {"baseline_days": 7, "followup_first_day": 1, "followup_last_day": 7,
                 "patients": {name: {"codes": ["a", "b"]}}}
            )  # fmt: skip
            tables = {
                **drawn("p1 : 3333333 | . 0000000"),
                "patients": pd.DataFrame(
                    {"patient_id": ["p1"], **({} if name == "patient_id" else {name: ["a"]})}
                ),
            }
            compare_all(_endpoints(tables, plan), plan, by=[name])

    def test_time_points_that_the_plan_does_not_name_are_a_result_with_a_reason(self) -> None:
        """`Baseline` is not `baseline`: nobody can be paired, which is said, and nothing breaks."""
        tables = _summaries(("p1", "diary", "Baseline", 10), ("p1", "diary", "Followup", 5))
        try:
            endpoints = _endpoints(tables, AnalysisPlan())
        except oc.InvalidRecords as error:
            assert "summary_baseline" in str(error) or "period" in str(error)
            return
        table = compare_all(endpoints)
        change = table.find("headache_days_per_28").change
        assert (change.n, change.n_left_out) == (0, 1)


class TestGroups:
    TABLES = "p1 : 3333333 | . 0000000\n p2 : 3333333 | . 3300000\n p3 : 3330000 | . 3300000\n p4 : 3330000 | . 3......"

    def _tables(self) -> dict[str, pd.DataFrame]:
        patients = pd.DataFrame(
            {
                "patient_id": ["p1", "p2", "p3"],
                "headache_type": ["migraine", "tension-type", ""],
                "sex": ["female", "male", "male"],
            }
        )
        return {**drawn(self.TABLES), "patients": patients}

    def test_groups_add_up_with_those_whose_category_is_not_recorded(self) -> None:
        table = compare_groups(_endpoints(self._tables()), "headache_days_per_28", "headache_type", WEEK_PLAN)
        rows = {change.group: change for change in table}
        assert list(rows) == ["all", "migraine", "tension_type", NOT_RECORDED]
        groups = [change for name, change in rows.items() if name != "all"]
        assert sum(change.change.n for change in groups) == rows["all"].change.n == 3
        assert sum(change.change.n_left_out for change in groups) == rows["all"].change.n_left_out == 1
        weighted = sum(change.change.n * change.change.value for change in groups)
        assert weighted / 3 == pytest.approx(rows["all"].change.value)
        assert sum(change["responders_50"].count for change in groups) == rows["all"]["responders_50"].count

    def test_everyone_comes_first_and_the_primary_endpoint_too(self) -> None:
        plan = _plan(primary_endpoint="burden_per_28")
        table = compare_all(_endpoints(self._tables(), plan), plan, by=["headache_type", "sex"])
        assert table.changes[0].endpoint.name == "burden_per_28"
        groups = [change.group for change in table if change.endpoint.name == "burden_per_28"]
        assert groups == ["all", "migraine", "tension_type", NOT_RECORDED, "female", "male", NOT_RECORDED]

    @pytest.mark.parametrize(
        "column", ["patient_id", "mode", "period", "recorded_days", "covered", "headache_days_per_28", "typo"]
    )
    def test_only_a_category_of_patients_can_cut_a_comparison(self, column: str) -> None:
        """Above all not `patient_id`: that would write one row per patient, by name."""
        with pytest.raises(oc.PlanError):
            compare_all(_endpoints(self._tables()), WEEK_PLAN, by=[column])

    def test_rows_of_two_cuts_can_be_told_apart(self) -> None:
        """`other` is a code of several categories: no two rows may say the same of different patients."""
        tables = self._tables()
        tables["patients"] = pd.DataFrame(
            {
                "patient_id": ["p1", "p2", "p3"],
                "headache_type": ["other", "migraine", "migraine"],
                "sex": ["male", "other", "male"],
            }
        )
        frame = compare_all(_endpoints(tables), WEEK_PLAN, by=["headache_type", "sex"]).to_frame()
        keys = [name for name in frame.columns if name in ("mode", "endpoint", "by", "group", "statistic")]
        assert not frame.duplicated(keys).any()

    def test_a_category_named_twice_is_compared_once(self) -> None:
        table = compare_all(_endpoints(self._tables()), WEEK_PLAN, by=["sex", "sex"])
        assert not table.to_frame().duplicated(["mode", "endpoint", "group", "statistic"]).any()

    def test_patients_of_other_groups_among_all_are_said(self) -> None:
        tables = self._tables()
        tables["patients"]["group"] = ["treated", "waiting_list", "treated"]
        table = compare_all(_endpoints(tables), WEEK_PLAN)
        assert any("1 patient" in note and "treated" in note for note in table.notes)


class TestResults:
    def test_a_comparison_of_nobody_is_a_result_with_a_reason(self) -> None:
        change = _days(drawn("p1 : 3333333 | . ......."))
        assert change.change.value is None and change.change.n == 0
        assert change.change.notes
        assert change["responders_50"].value is None

    def test_a_diary_without_a_row_is_a_result_with_a_reason_or_refused(self) -> None:
        """An empty table of results would read as: everything was looked at and nothing found."""
        empty = (
            drawn("p1 : 3333333 | . .......")["diary"]
            .iloc[:0]
            .astype({"patient_id": "str", "headache": "str"})
        )
        try:
            endpoints = _endpoints({"diary": empty})
        except oc.InvalidRecords:
            return
        table = compare_all(endpoints, WEEK_PLAN)
        change = table.find("headache_days_per_28").change
        assert change.n == 0 and change.notes

    def test_the_frame_has_one_row_per_statistic(self) -> None:
        frame = _days(drawn("p1 : 3333333 | . 0000000\n p2 : 3333000 | . 3330000")).to_frame()
        assert frame["statistic"].is_unique
        assert {"baseline_mean", "followup_mean", "change", "rate_ratio", "responders_50"} <= set(
            frame["statistic"]
        )

    def test_a_result_never_carries_a_plan_that_did_not_make_it(self, tmp_path: Path) -> None:
        """The plan that lies beside the records cuts the windows; a result that says 28 days would be untrue."""
        folder = write_folder(tmp_path, **drawn("p1 : 3333333 | . 0000000"))
        (folder / "outcomes.toml").write_text(
            "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n"
        )
        endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records(folder)))
        assert oc.compare(endpoints, "headache_days_per_28").plan == WEEK_PLAN

    def test_the_plan_travels_with_the_result(self) -> None:
        plan = _plan(confidence=0.9)
        change = _days(drawn("p1 : 3333333 | . 0000000"), plan)
        assert change.plan == plan
        assert {row.confidence for row in change.statistics} == {0.9}
