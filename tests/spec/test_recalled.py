"""Headache days recalled at visits: which visit stands for what, alone and beside a diary, and never mixed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import outcomes as oc
from outcomes.analysis.endpoints import summary_flow
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.periods import Cohort
from outcomes.analysis.questions import ask
from outcomes.cli import main
from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.reading import read_records
from outcomes.reporting.contents import MonthlyReport
from outcomes.reporting.disclosure import Disclosure
from tests.diaries import drawn, load, write_folder

DAYS = "headache_days_per_28"
Visit = tuple[str, int, float | None]


def visits(*rows: Visit, column: str = "recalled_headache_days_28") -> dict[str, pd.DataFrame]:
    """Sessions with what was recalled at each; None where nobody asked."""
    return {"sessions": pd.DataFrame(rows, columns=["patient_id", "day", column])}


def table_of(tables: dict[str, pd.DataFrame], plan: oc.AnalysisPlan | None = None) -> pd.DataFrame:
    return oc.measure_endpoints(oc.split_periods(load(tables, plan)))


def pair_of(table: pd.DataFrame, patient: str = "p1", mode: str = "recall_28") -> tuple[Any, Any]:
    pairs = oc.pair_by_patient(table, DAYS, mode)
    return tuple(None if value != value else value for value in pairs.loc[patient])  # type: ignore[return-value]


class TestWhichVisitStandsForWhat:
    def test_before_at_the_first_session_and_after_at_a_visit_about_weeks_9_to_12(self) -> None:
        table = table_of(visits(("p1", 0, 16), ("p1", 28, 10), ("p1", 84, 6), ("p1", 90, 2)))
        assert pair_of(table) == (16, 6)
        assert set(table["mode"]) == {"recall_28"}

    @pytest.mark.parametrize(
        ("day", "value"),
        # The 28 days before day 84 are days 56 to 83. Day 83 reaches back to day 55, into the time before.
        [(83, None), (84, 6), (111, 6), (112, None)],
    )
    def test_the_days_recalled_begin_within_the_follow_up_window(self, day: int, value: float | None) -> None:
        assert pair_of(table_of(visits(("p1", 0, 16), ("p1", day, 6)))) == (16, value)

    @pytest.mark.parametrize(("day", "value"), [(62, None), (63, 8), (90, 8), (91, None)])
    def test_seven_days_are_a_mode_of_their_own_and_count_fourfold(
        self, day: int, value: float | None
    ) -> None:
        table = table_of(visits(("p1", 0, 4), ("p1", day, 2), column="recalled_headache_days_7"))
        assert pair_of(table, mode="recall_7") == (16, value)

    def test_a_visit_at_which_nobody_asked_is_no_zero(self) -> None:
        assert pair_of(table_of(visits(("p1", 0, 16), ("p1", 84, None), ("p1", 90, 6)))) == (16, 6)
        assert pair_of(table_of(visits(("p1", 0, None), ("p1", 7, 12), ("p1", 84, 6)))) == (None, 6)

    def test_two_answers_of_one_day_that_differ_are_no_answer(self) -> None:
        tables = visits(("p1", 0, 16), ("p1", 0, 12), ("p1", 84, 6))
        assert pair_of(table_of(tables)) == (None, 6)

    def test_dates_say_the_same_as_day_numbers(self) -> None:
        tables = visits(("p1", 0, 16), ("p1", 84, 6), ("p2", 0, 9), ("p2", 83, 1))
        dated = tables["sessions"].assign(
            date=[
                str(pd.Timestamp("2026-01-05") + pd.Timedelta(days=day))[:10]
                for day in tables["sessions"]["day"]
            ]
        )
        by_date = table_of({"sessions": dated.drop(columns="day")})
        for patient in ("p1", "p2"):
            assert pair_of(by_date, patient) == pair_of(table_of(tables), patient)

    def test_the_plan_moves_the_visits(self) -> None:
        plan = oc.AnalysisPlan(followup_first_day=28, followup_last_day=55)
        assert pair_of(table_of(visits(("p1", 0, 16), ("p1", 56, 10), ("p1", 84, 6)), plan)) == (16, 10)


class TestNeverMixed:
    WEEK = oc.AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7)

    def test_beside_a_diary_it_is_a_comparison_of_its_own(self) -> None:
        tables = {
            **drawn("p1 : 3300330 | . 3000000\np2 : 3300330 | ."),
            **visits(("p1", 0, 20), ("p1", 29, 4)),
        }
        table = oc.compare_all(table_of(tables, self.WEEK), self.WEEK)
        assert table.find(DAYS, mode="diary").change.value == -12
        recalled = table.find(DAYS, mode="recall_28").change
        # p2 has no diary after, and no recall: the one is no substitute for the other.
        assert (recalled.value, recalled.n, recalled.n_left_out) == (-16, 1, 1)

    def test_without_a_pair_it_adds_no_empty_comparison_to_a_diary(self) -> None:
        tables = {**drawn("p1 : 3300330 | . 3000000"), **visits(("p1", 0, 20))}
        assert set(table_of(tables, self.WEEK)["mode"]) == {"diary"}
        assert ask(oc.split_periods(load(tables, self.WEEK)), "recalled")["level_baseline"].value == 20

    def test_summaries_win_over_visits_for_both_periods(self) -> None:
        tables = visits(("p1", 0, 16), ("p1", 84, 6), ("p2", 0, 10), ("p2", 84, 5))
        tables["summaries"] = pd.DataFrame(
            {"patient_id": ["p1"], "mode": ["recall_28"], "period": ["baseline"], DAYS: [20]}
        )
        table = table_of(tables)
        assert pair_of(table, "p1") == (20, None)
        assert pair_of(table, "p2") == (10, 5)

    def test_the_flow_gives_reasons_and_adds_up(self) -> None:
        tables = visits(("p1", 0, 16), ("p1", 84, 6), ("p2", 0, 16), ("p3", 0, None), ("p3", 84, 2))
        tables["patients"] = pd.DataFrame({"patient_id": ["p4"], "headache_type": ["cluster"]})
        flow = summary_flow(table_of(tables), "recall_28", oc.AnalysisPlan())
        assert dict(flow.left_out) == {
            "episodic_cluster": 1,
            "no_baseline_recall": 1,
            "no_followup_recall": 1,
        }
        assert flow.n_patients == 4 and flow.n_analysed == 1


class TestAsked:
    def test_completeness_and_levels(self) -> None:
        tables = visits(("p1", 0, 16), ("p1", 7, None), ("p1", 84, 6), ("p2", 0, 10), ("p3", 0, None))
        answers = ask(oc.split_periods(load(tables)), "recalled")
        assert (answers["sessions_asked"].count, answers["sessions_asked"].n) == (3, 5)
        assert (answers["patients_asked"].count, answers["patients_asked"].n) == (2, 3)
        assert (answers["level_baseline"].value, answers["level_baseline"].n) == (13, 2)
        assert (answers["level_followup"].value, answers["level_followup"].n) == (6, 1)
        assert (answers["change"].value, answers["change"].n, answers["change"].n_left_out) == (-10, 1, 2)
        assert {row.mode for row in answers} == {"recall_28"}

    def test_without_any_baseline_it_says_what_to_collect(self) -> None:
        answers = ask(oc.split_periods(load(visits(("p1", 0, None), ("p1", 84, 6)))), "recalled")
        assert answers["level_baseline"].value is None and answers["level_followup"].value == 6
        assert "change" not in {row.statistic for row in answers}
        (told,) = [note for note in answers.notes if "no baseline" in note]
        assert "From today: ask every patient at the first session" in told

    def test_without_any_follow_up_it_says_when_to_ask(self) -> None:
        answers = ask(oc.split_periods(load(visits(("p1", 0, 12)))), "recalled")
        assert any("on days 84 to 111" in note for note in answers.notes)

    def test_records_without_recall(self) -> None:
        with pytest.raises(PlanError, match="hold no recalled headache days"):
            ask(oc.split_periods(load(drawn("p1 : 3000000 | . 3000000"))), "recalled")


class TestCompleteSources:
    def _clinic(self, folder: Path, n: int = 12, *, recalled: bool = True) -> Path:
        """Fewer days after than before for everyone: by 4 for half of the patients, by 6 for the others."""
        rows = [
            (f"P-{number:04d}", f"2026-0{month}-{1 + number:02d}", days)
            for number in range(n)
            for month, days in ((1, 12 + number % 5), (4, 8 + number % 5 - 2 * (number % 2)))
        ]
        sessions = pd.DataFrame(rows, columns=["patient_id", "date", "recalled_headache_days_28"])
        if not recalled:
            sessions = sessions.drop(columns="recalled_headache_days_28").assign(adverse_event="none")
        return write_folder(folder / "clinic", sessions=sessions)

    def test_sessions_with_recall_are_a_whole_source(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = self._clinic(tmp_path)
        assert main(["check", str(source), "--quiet"]) == 0
        assert main(["compare", str(source), "--quiet"]) == 0
        shown = capsys.readouterr().out
        assert "recall_28: 12 of 12 patients compared. Left out: none." in shown
        assert f"{DAYS} (recall_28)" in shown
        assert main(["compare", str(source), "--json", "--quiet"]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        (change,) = [row for row in rows if row["statistic"] == "change"]
        assert (change["value"], change["mode"]) == (-5, "recall_28")

    def test_sessions_without_recall_are_read_and_not_compared(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = self._clinic(tmp_path, recalled=False)
        records = oc.load_records(source)
        assert "nothing_to_compare" in {one.rule for one in records.findings}
        assert main(["compare", str(source), "--quiet"]) == 4
        assert "there is nothing to compare" in capsys.readouterr().err
        # What happened at the sessions can still be asked.
        assert len(session_days(oc.split_periods(records), "adverse_event")) == 24
        with pytest.raises(InvalidRecords, match="nothing to compare"):
            table_of({"sessions": records.frame("sessions").astype({"date": "str"})})

    def test_patients_alone_are_still_nothing(self, tmp_path: Path) -> None:
        patients = pd.DataFrame({"patient_id": ["P-0001"], "headache_type": ["migraine"]})
        source = write_folder(tmp_path / "clinic", patients=patients)
        with pytest.raises(InvalidRecords, match="neither a diary nor summaries"):
            oc.load_records(source)
        assert main(["compare", str(source), "--quiet"]) == 4

    def test_a_month_takes_its_own_patients(self, tmp_path: Path) -> None:
        """First sessions on 1 to 12 January: the follow-up window closed on 25 March to 5 April."""
        records = oc.load_records(self._clinic(tmp_path))
        table = oc.measure_endpoints(oc.split_periods(records, cohort=Cohort.of_month("2026-03")))
        assert table["patient_id"].nunique() == 7

    def test_a_row_set_aside_loses_its_patient_and_is_told(self, tmp_path: Path) -> None:
        source = self._clinic(tmp_path)
        path = source / "sessions.csv"
        path.write_text(re.sub(r"(P-0003,.*),\d+", r"\1,99", path.read_text()))
        assert read_records(source).lost_patients == 1

    @pytest.mark.parametrize("profile", ["internal", "share"])
    def test_the_report_is_marked_as_recalled_on_its_first_page(self, tmp_path: Path, profile: Any) -> None:
        report = MonthlyReport(oc.load_records(self._clinic(tmp_path)), None, Disclosure(profile, 8))
        assert "recalled at visits, not recorded day by day" in report.masthead().as_text()
        lead = report.lead().as_text()
        assert lead.startswith(
            "Patients reported 5.0 fewer headache days per 28 at follow-up than at baseline"
        )
        assert "recalled over 28 days" in lead
        assert "visit on day 84 to 111" in report.definitions().as_text()
        assert "recalled headache days and no daily diary" in report.course_figure().as_text()
        assert "do not come back to a visit" in report.drop_out().as_text()
        completeness = report.completeness_figure().as_text()
        assert ("24 of 24" in completeness) == (profile == "internal")
        # There is no second section about the same numbers.
        assert report.recalled_heading().as_text() == report.recalled("recall_28").table().as_text() == ""

    def test_beside_a_diary_it_is_a_section_of_its_own(self) -> None:
        names = [f"p{number}" for number in range(12)]
        tables = drawn(
            "\n".join(
                f"{name} : 3300330 | . {'3' * (number % 3)}000000"[:29] for number, name in enumerate(names)
            )
        )
        tables |= visits(
            *((name, day, value) for name in names for day, value in ((0, 20), (29, 4 + len(name))))
        )
        report = MonthlyReport(load(tables, TestNeverMixed.WEEK), None, Disclosure("internal", 8))
        assert "recalled" not in report.lead().as_text() + report.masthead().as_text()
        section = report.recalled("recall_28")
        assert report.recalled_heading().as_text().startswith("Recalled, not recorded")
        assert "Patients reported 13.8 fewer headache days per 28" in section.lead().as_text()
        assert "recalled over 28 days" in section.table().as_text()
        assert "at least 50% fewer" in section.responders().as_text()
        assert section.figure().as_text() and report.recalled("recall_7").figure().as_text() == ""

    def test_sharing_hides_few_patients_of_a_recall_too(self, tmp_path: Path) -> None:
        report = MonthlyReport(oc.load_records(self._clinic(tmp_path, 9)), None, Disclosure("share", 8))
        assert "Too few patients to show safely" in report.lead().as_text()
        assert not re.search(r"\d\.\d", report.before_after_table().as_text())


def test_three_patients_who_recall_get_a_change_and_no_p() -> None:
    rows = [(f"p{n}", day, value) for n in range(3) for day, value in ((0, 16 + n), (84, 8))]
    change = oc.compare(table_of(visits(*rows)), DAYS).change
    assert (change.value, change.n, change.p) == (-9, 3, None)


def test_names_and_the_order_of_rows_say_nothing() -> None:
    tables = visits(("p1", 0, 16), ("p1", 84, 6), ("p2", 84, 3), ("p2", 0, 9))
    renamed = {"sessions": tables["sessions"].iloc[::-1].replace({"p1": "z", "p2": "a"})}
    first, second = (oc.compare(table_of(one), DAYS).to_frame() for one in (tables, renamed))
    pd.testing.assert_frame_equal(first, second)


class TestAskedForByName:
    def test_recalled_headache_days_are_held_by_a_clinic_without_diaries(self) -> None:
        periods = oc.split_periods(load(visits(("p1", 0, 16), ("p1", 84, 6))))
        assert pair_of(oc.measure_endpoints(periods, [DAYS])) == (16, 6)

    def test_whoever_asks_for_another_endpoint_is_not_given_them(self) -> None:
        tables = drawn("p1 : 3000000 | . 0000000", medication="p1 : ynnnnnn | . nnnnnnn")
        tables |= visits(("p1", 0, 16), ("p1", 84, 6))
        periods = oc.split_periods(load(tables))
        assert set(oc.measure_endpoints(periods)["mode"]) == {"diary", "recall_28"}
        assert set(oc.measure_endpoints(periods, ["acute_medication_days_per_28"])["mode"]) == {"diary"}

    def test_topics_may_stand_after_an_option(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = str(write_folder(tmp_path, **visits(("p1", 0, 16), ("p1", 84, 6))))
        assert main(["questions", folder, "--quiet", "recalled", "--json"]) == 0
        assert [one["topic"] for one in json.loads(capsys.readouterr().out)["topics"]] == ["recalled"]
        with pytest.raises(SystemExit):
            main(["questions", folder, "--quiet", "recalled", "--jsno"])
        assert "unrecognized arguments: --jsno" in capsys.readouterr().err


class TestTwoSpans:
    def test_a_baseline_of_one_span_is_a_baseline(self) -> None:
        """Nobody was asked about 7 days at the first session, but about 28: a change can be told."""
        tables = visits(("p1", 0, 16), ("p1", 84, 6), ("p2", 0, 20), ("p2", 84, 11))
        tables["sessions"]["recalled_headache_days_7"] = [None, 2, None, 3]
        answers = ask(oc.split_periods(load(tables)), "recalled")
        assert answers["change"].value == -9.5
        assert not any("There is no baseline" in note for note in answers.notes)

    def test_no_mean_of_28_days_lies_outside_of_them(self) -> None:
        """2 and 27 days: Student's interval would go from −144 to 173."""
        answers = ask(oc.split_periods(load(visits(("p1", 0, 2), ("p2", 0, 27)))), "recalled")
        level = answers["level_baseline"]
        assert (level.value, level.low, level.high) == (14.5, 0, 28)
        assert level.notes[0].startswith("cut_to_range")
