"""Who the patients are: frozen diagnoses, labels, self-labelled sinus, and cluster headache that is never compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import outcomes as oc
from outcomes.analysis.diagnoses import CLUSTER_NOTE
from outcomes.analysis.endpoints import summary_flow
from outcomes.analysis.questions import ask
from outcomes.cli import main
from outcomes.errors import PlanError
from tests.diaries import WEEK_PLAN, drawn, load, write_folder

DAYS = "headache_days_per_28"
#: Four headache days before and one after: 16 and 4 per 28, a change of −12.
FELL = "3300330 | . 3000000"


def clinic(**columns: list[Any]) -> dict[str, pd.DataFrame]:
    """A patient p1, p2, … for each entry, all with the same diary, and a row of `patients` each."""
    n = len(next(iter(columns.values())))
    names = [f"p{number + 1}" for number in range(n)]
    diary = "\n".join(f"{name} : {FELL}" for name in names)
    return {**drawn(diary), "patients": pd.DataFrame({"patient_id": names, **columns})}


def compared(tables: dict[str, pd.DataFrame], by: str = "headache_type") -> oc.ComparisonTable:
    endpoints = oc.measure_endpoints(oc.split_periods(load(tables, WEEK_PLAN)))
    return oc.compare_groups(endpoints, DAYS, by, WEEK_PLAN)


def asked(tables: dict[str, pd.DataFrame]) -> Any:
    return ask(oc.split_periods(load(tables, WEEK_PLAN)), "diagnosis")


class TestCluster:
    def test_episodic_cluster_is_described_and_not_compared(self) -> None:
        tables = clinic(
            headache_type=["migraine", "cluster", "cluster", "cluster"],
            ichd3_code=["1.1", "3.1.1", "3.1.2", ""],
        )
        table = compared(tables)
        everyone = table.find(DAYS)
        # The migraine patient and the one with chronic cluster; the one without a code is not known to be chronic.
        assert (everyone.n, everyone.n_left_out) == (2, 2)
        cluster = table.find(DAYS, "cluster")
        assert (cluster.n, cluster.n_left_out) == (1, 2)
        levels = cluster["described_baseline_mean"], cluster["described_followup_mean"]
        assert [(one.value, one.n, one.n_left_out) for one in levels] == [(16, 2, 1), (4, 2, 1)]
        assert cluster.change.notes[-1] == f"2 of 3 left out: {CLUSTER_NOTE}"

    @pytest.mark.parametrize(
        ("kind", "code", "left_out"),
        [
            ("cluster", "", True),
            ("cluster", "3.1", True),
            ("cluster", "3.1.1", True),
            ("cluster", "3.1.2", False),
            ("", "3.1.1", True),
            ("mixed", "3.1.1", True),
            ("migraine", "1.1", False),
            ("", "", False),
        ],
    )
    def test_whom_the_rule_is_about(self, kind: str, code: str, left_out: bool) -> None:
        periods = oc.split_periods(load(clinic(headache_type=[kind], ichd3_code=[code]), WEEK_PLAN))
        assert periods.flow is not None
        assert dict(periods.flow.left_out) == ({"episodic_cluster": 1} if left_out else {})
        assert oc.compare(oc.measure_endpoints(periods), DAYS, WEEK_PLAN).n == (0 if left_out else 1)

    def test_responders_of_all_who_started_leave_them_out_too(self) -> None:
        change = compared(clinic(headache_type=["migraine", "cluster"])).find(DAYS)
        assert (change["responders_50_all_started"].n, change["responders_50_all_started"].count) == (1, 1)

    def test_the_withheld_change_says_why_and_not_that_values_are_missing(self) -> None:
        change = compared(clinic(headache_type=["cluster"])).find(DAYS, "cluster").change
        assert change.value is None
        assert change.notes == (f"1 of 1 left out: {CLUSTER_NOTE}",)

    def test_summaries_follow_the_same_rule(self) -> None:
        rows = [
            (name, period, value)
            for name in ("p1", "p2")
            for period, value in (("baseline", 12), ("followup", 6))
        ]
        tables = {
            "summaries": pd.DataFrame(rows, columns=["patient_id", "period", DAYS]),
            "patients": pd.DataFrame({"patient_id": ["p1", "p2"], "headache_type": ["cluster", "migraine"]}),
        }
        endpoints = oc.measure_endpoints(oc.split_periods(load(tables)))
        assert oc.compare(endpoints, DAYS).n == 1
        flow = summary_flow(endpoints, "diary", oc.AnalysisPlan())
        assert (flow.left_out, flow.n_analysed) == ((("episodic_cluster", 1),), 1)

    def test_a_clinic_of_cluster_patients_alone_is_refused_a_headline(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = _on_disk(tmp_path, clinic(headache_type=["cluster"] * 6))
        assert main(["compare", str(source), "--quiet"]) == 0
        shown = capsys.readouterr().out
        assert "0 of 6 patients compared. Left out: 6 episodic cluster." in shown
        assert "There is no comparison of before and after for these patients, and no headline." in shown
        assert "16.0 in the week before the first session (6 patients); 4.0 in week 1" not in shown
        assert "16.0 in the week before the first session (6 patients); 4.0 on days 1 to 7" in shown
        assert main(["compare", str(source), "--json", "--quiet"]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        assert {row["value"] for row in rows if row["statistic"] == "change"} == {None}


class TestSinus:
    def test_without_a_shown_disorder_it_is_unclassified(self) -> None:
        tables = clinic(headache_type=["sinus"] * 4, sinus_evidence=["yes", "no", "unknown", ""])
        table = compared(tables)
        assert {change.group: change.n for change in table.changes[1:]} == {
            "self_labelled_sinus": 3,
            "sinus": 1,
        }

    def test_nobody_was_asked_for_evidence(self) -> None:
        assert compared(clinic(headache_type=["sinus"])).changes[1].group == "self_labelled_sinus"

    def test_the_code_follows_too(self) -> None:
        tables = clinic(ichd3_code=["11.5", "11.5"], sinus_evidence=["yes", "no"])
        assert [change.group for change in compared(tables, "ichd3_code")] == [
            "all",
            "11.5",
            "self_labelled_sinus",
        ]

    def test_the_label_as_referred_keeps_its_own_word(self) -> None:
        tables = clinic(headache_type=["migraine"], label_as_referred=["sinus"])
        assert compared(tables, "label_as_referred").changes[1].group == "sinus"

    def test_reports_and_tables_say_it_in_words(self) -> None:
        from outcomes.reporting.tables import label_of

        assert label_of("self_labelled_sinus") == "Unclassified (self-labelled sinus)"
        assert (
            "Unclassified (self-labelled sinus): patients" in asked(clinic(headache_type=["sinus"])).summary()
        )


class TestFrozenBeforeTheFirstSession:
    def test_a_later_diagnosis_forms_no_group(self) -> None:
        tables = clinic(headache_type=["migraine"] * 4, diagnosed_day=["-30", "0", "1", ""])
        table = compared(tables)
        assert {change.group: change.n for change in table.changes[1:]} == {
            "diagnosed_after_first_session": 1, "migraine": 3,
        }  # fmt: skip
        answers = asked(tables)
        counts = [
            answers[name].count for name in ("diagnosed_before", "diagnosed_later", "date_not_recorded")
        ]
        assert counts == [2, 1, 1]

    def test_dates_are_held_against_the_first_session(self) -> None:
        tables = drawn("\n".join(f"p{number} : {FELL}" for number in (1, 2)), first_session="2026-03-02")
        tables["patients"] = pd.DataFrame(
            {
                "patient_id": ["p1", "p2"],
                "headache_type": "migraine",
                "diagnosed_date": ["2026-03-02", "2026-03-03"],
            }
        )
        answers = asked(tables)
        assert (answers["diagnosed_before"].count, answers["diagnosed_later"].count) == (1, 1)

    def test_cluster_is_never_compared_whenever_it_was_named(self) -> None:
        tables = clinic(headache_type=["cluster"], diagnosed_day=[40])
        assert compared(tables).find(DAYS).n == 0

    def test_a_changed_diagnosis_is_counted_and_rewrites_nothing(self) -> None:
        tables = clinic(headache_type=["migraine", "migraine"])
        tables["events"] = pd.DataFrame(
            {
                "patient_id": ["p1", "p1"],
                "day": [20, 60],
                "kind": "diagnosis_change",
                "detail": "tension_type",
            }
        )
        answers = asked(tables)
        assert (answers["diagnosis_changed"].count, answers["diagnosis_changed"].n) == (1, 2)
        assert answers.find("patients", group="migraine").count == 2


class TestWhoTheyAre:
    def test_types_codes_and_labels_add_up(self) -> None:
        tables = clinic(
            headache_type=["migraine", "migraine", "tension_type", ""],
            ichd3_code=["1.1", "1.3", "", ""],
            label_as_referred=["sinus", "migraine", "migraine", ""],
        )
        answers = asked(tables)
        for by in ("headache_type", "ichd3_code", "label_as_referred"):
            rows = [row for row in answers if row.by == by]
            assert sum(row.count or 0 for row in rows) == 4
            assert {row.n + row.n_left_out for row in rows} == {4}
        assert (answers["label_confirmed"].count, answers["label_confirmed"].n) == (1, 3)
        referred = answers.frames["referred"].set_index(["label", "diagnosed"])["n"].to_dict()
        assert referred == {
            ("migraine", "migraine"): 1, ("migraine", "tension_type"): 1, ("sinus", "migraine"): 1,
            ("not recorded", "not recorded"): 1,
        }  # fmt: skip
        assert "ICHD-3 (2018)" in answers.notes[0]

    def test_children_are_told_apart(self) -> None:
        answers = asked(clinic(headache_type=["migraine"] * 3, age_band=["0-17", "18-29", ""]))
        assert [(answers[name].count, answers[name].n) for name in ("children", "adults")] == [(1, 2), (1, 2)]
        assert any("never by MIDAS" in note for note in answers.notes)

    def test_without_any_diagnosis_it_says_what_is_missing(self) -> None:
        with pytest.raises(PlanError, match="hold no diagnosis"):
            asked(clinic(sex=["female"]))

    def test_patients_without_a_row_of_their_own_are_counted(self) -> None:
        tables = clinic(headache_type=["migraine", "migraine"])
        tables["patients"] = tables["patients"].iloc[:1]
        assert asked(tables).find("patients", group="not recorded").count == 1

    def test_names_and_the_order_of_rows_say_nothing(self) -> None:
        tables = clinic(headache_type=["migraine", "cluster", "sinus"], ichd3_code=["1.1", "", ""])
        renamed = {
            name: frame.iloc[::-1].assign(patient_id=frame["patient_id"].map(lambda one: f"z{one}"))
            for name, frame in tables.items()
        }
        assert asked(tables).to_frame().equals(asked(renamed).to_frame())


class TestTypeAgainstCode:
    def test_a_contradiction_is_told_with_its_row_and_not_repaired(self) -> None:
        tables = clinic(
            headache_type=["migraine", "tension_type", "mixed", "cervicogenic", "migraine", "migraine"],
            ichd3_code=["1.1", "1.2", "1.1", "11.5", "8.2", "other"],
        )
        records = load(tables, WEEK_PLAN)
        (found,) = [one for one in records.findings if one.rule == "diagnosis"]
        assert (found.level, found.column, found.rows, found.count) == ("warning", "headache_type", (2, 4), 2)
        assert "tension_type" not in found.sentence() and "1.2" not in found.sentence()
        assert records.frame("patients")["headache_type"].tolist().count("tension_type") == 1

    def test_sinus_without_its_disorder_is_told(self) -> None:
        records = load(clinic(ichd3_code=["11.5"], sinus_evidence=["no"]), WEEK_PLAN)
        assert [one.column for one in records.findings if one.rule == "diagnosis"] == ["sinus_evidence"]


def test_a_clinic_of_children_gets_its_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = _on_disk(tmp_path, clinic(headache_type=["migraine"] * 6, age_band=["0-17"] * 6))
    assert main(["compare", str(source), "--by", "age_band", "--quiet"]) == 0
    assert "0-17" in capsys.readouterr().out
    assert main(["questions", str(source), "diagnosis", "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert "children (0 to 17 years)" in shown and "6/6 = 100%" in shown and "PedMIDAS" in shown


def _on_disk(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    plan = "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n"
    written = {
        name: frame.assign(patient_id=[f"P-{one[1:]:0>4}" for one in frame["patient_id"]])
        for name, frame in tables.items()
    }
    source = write_folder(folder / "clinic", **written)
    (source / "outcomes.toml").write_text(plan)
    return source
