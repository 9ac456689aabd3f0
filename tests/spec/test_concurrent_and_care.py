"""What else was going on: preventive drugs around the first session, and care still in force in the follow-up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import outcomes as oc
from outcomes.analysis.questions import ask
from outcomes.analysis.questions.care import still_in_care
from outcomes.analysis.session_counts import sessions_by_window
from outcomes.cli import main
from outcomes.errors import PlanError
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.wording import care_words
from tests.diaries import drawn, load, write_folder

#: Baseline of a week, follow-up days 15 to 21: sessions may lie before, in and after it.
PLAN = oc.AnalysisPlan(baseline_days=7, followup_first_day=15, followup_last_day=21)


def diary(**followups: str) -> dict[str, pd.DataFrame]:
    """A patient for each follow-up week; 4 headache days of 7 (16 per 28) before."""
    gap = "." * 15
    return drawn("\n".join(f"{name} : 3300330 | {gap} {week}" for name, week in followups.items()))


def sessions(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "day", "co_interventions"])


def asked(tables: dict[str, pd.DataFrame], topic: str, plan: oc.AnalysisPlan = PLAN) -> Any:
    return ask(oc.split_periods(load(tables, plan)), topic)


FOUR = {"p1": "3000000", "p2": "3000000", "p3": "3300000", "p4": "3330000"}


class TestConcurrent:
    def test_the_change_with_and_without_those_who_changed_a_drug(self) -> None:
        """Follow-ups of 4, 4, 8 and 12 days per 28 after 16: changes −12, −12, −8, −4."""
        tables = diary(**FOUR)
        tables["sessions"] = sessions(
            ("p1", 0, "advice;preventive_started"), ("p2", 0, "none"), ("p3", 0, ""), ("p4", 0, "none"),
            ("p4", 10, "preventive_stopped"),
        )  # fmt: skip
        answers = asked(tables, "concurrent")
        assert (answers["flagged"].count, answers["flagged"].n) == (2, 4)
        assert (answers["preventive_started"].count, answers["preventive_stopped"].count) == (1, 1)
        changes = {row.group: (row.value, row.n) for row in answers if row.statistic == "change"}
        assert changes == {"all": (-9, 4), "unchanged": (-10, 2), "changed": (-8, 2)}
        # An empty cell says neither that something was changed nor that nothing was.
        assert answers["not_told"].count == 1

    @pytest.mark.parametrize(("day", "flagged"), [(84, 1), (85, 0), (-84, 1), (-85, 0)])
    def test_the_plan_says_how_far_around_the_first_session(self, day: int, flagged: int) -> None:
        tables = diary(**FOUR)
        tables["events"] = pd.DataFrame({"patient_id": ["p1"], "day": [day], "kind": ["preventive_change"]})
        assert asked(tables, "concurrent")["flagged"].count == flagged

    def test_dates_are_counted_from_the_first_session(self) -> None:
        tables = drawn(f"p1 : 3300330 | {'.' * 15} 3000000", first_session="2026-03-02")
        event = {
            "patient_id": ["p1", "p1"],
            "date": ["2026-05-25", "2026-05-26"],
            "kind": "preventive_change",
        }
        tables["events"] = pd.DataFrame(event)
        answers = asked(tables, "concurrent")
        assert answers.frames["changes"]["relative_day"].tolist() == [84]

    def test_other_events_and_other_care_are_no_change_of_a_drug(self) -> None:
        tables = diary(**FOUR)
        tables["sessions"] = sessions(*((name, 0, "manual_therapy;exercise") for name in FOUR))
        tables["events"] = pd.DataFrame({"patient_id": ["p1"], "day": [3], "kind": ["red_flag"]})
        assert asked(tables, "concurrent")["flagged"].count == 0

    def test_preventive_use_at_the_beginning(self) -> None:
        tables = diary(**FOUR)
        tables["sessions"] = sessions(*((name, 0, "none") for name in FOUR))
        tables["patients"] = pd.DataFrame(
            {"patient_id": list(FOUR), "preventive_use": ["yes", "no", "no", ""]}
        )
        use = asked(tables, "concurrent")["preventive_use"]
        assert (use.count, use.n, use.n_left_out) == (1, 3, 1)

    def test_records_that_say_nothing_of_drugs(self) -> None:
        with pytest.raises(PlanError, match="do not say whether a preventive drug was changed"):
            asked(diary(**FOUR), "concurrent")

    def test_nobody_is_analysed(self) -> None:
        tables = diary(p1="_______")
        tables["sessions"] = sessions(("p1", 0, "preventive_started"))
        answers = asked(tables, "concurrent")
        assert (answers["flagged"].value, answers["flagged"].n, answers["flagged"].n_left_out) == (None, 0, 1)
        assert {row.value for row in answers if row.statistic == "change"} == {None}


class TestCare:
    def test_who_was_still_treated_and_how(self) -> None:
        tables = diary(**FOUR)
        tables["sessions"] = sessions(
            ("p1", 0, "none"), ("p1", 15, "exercise"), ("p2", 0, "none"), ("p2", 21, ""), ("p3", 0, "exercise"),
            ("p3", 14, "none"), ("p3", 22, "exercise"), ("p4", 0, "none"), ("p4", 10, "none"),
        )  # fmt: skip
        answers = asked(tables, "care")
        still = answers["still_in_care"]
        # Days 15 and 21 are the ends of the window, 14 and 22 lie outside.
        assert (still.count, still.n) == (2, 4)
        assert (answers["exercise"].count, answers["exercise"].n) == (1, 4)
        assert (answers["care_not_told"].count, answers["care_not_told"].n) == (1, 2)
        # Last session before day 15: days 0, 0, 14 and 10.
        assert answers.frames["care"]["days_since_session"].tolist() == [15, 15, 1, 5]
        assert (answers["days_since_session"].value, answers["days_since_session"].n) == (10, 4)

    def test_half_is_enough_for_the_words(self) -> None:
        tables = diary(**FOUR)
        tables["sessions"] = sessions(
            *((name, day, "") for name in FOUR for day in (0,)), ("p1", 15, ""), ("p2", 15, "")
        )
        assert any("care including dry needling" in note for note in asked(tables, "care").notes)
        tables["sessions"] = tables["sessions"].iloc[:-1]
        assert not any("care including" in note for note in asked(tables, "care").notes)

    def test_the_sentence_follows_the_plan_and_the_profile(self) -> None:
        tables = diary(**FOUR)
        tables["sessions"] = sessions(*((name, 0, "") for name in FOUR), ("p1", 15, ""))
        still = still_in_care(oc.split_periods(load(tables, PLAN)))
        internal, share = Disclosure("internal", 8), Disclosure("share", 8)
        assert care_words(still, PLAN, internal) == ""
        strict = oc.AnalysisPlan(
            baseline_days=7, followup_first_day=15, followup_last_day=21, still_in_care_share=0.25
        )
        assert care_words(still, strict, internal).startswith(
            "25% of the patients still had sessions on days 15 to 21 after the first one: this is the change under "
            "care including dry needling"
        )
        # One patient of four is never told.
        assert care_words(still, strict, share).startswith("Many of the patients")
        assert care_words(None, strict, internal) == ""

    def test_no_sessions_no_answer(self) -> None:
        with pytest.raises(PlanError, match="hold no sessions"):
            asked(diary(**FOUR), "care")
        assert still_in_care(oc.split_periods(load(diary(**FOUR), PLAN))) is None

    def test_a_waiting_list_is_in_no_care(self) -> None:
        tables = diary(**FOUR)
        tables["sessions"] = sessions(("p1", 0, "none"), ("p1", 16, "none"))
        answers = asked(tables, "care")
        assert (answers["still_in_care"].count, answers["still_in_care"].n) == (1, 1)
        assert (answers["sessions_known"].count, answers["sessions_known"].n) == (1, 4)

    def test_compare_says_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        tables = diary(**{f"P-000{number}": "3000000" for number in range(6)})
        names = list(dict.fromkeys(tables["diary"]["patient_id"]))
        tables["sessions"] = sessions(*((name, day, "none") for name in names for day in (0, 16)))
        source = write_folder(tmp_path / "clinic", **tables)
        (source / "outcomes.toml").write_text(
            "baseline_days = 7\nfollowup_first_day = 15\nfollowup_last_day = 21\n"
        )
        assert main(["compare", str(source), "--quiet"]) == 0
        assert "100% of the patients still had sessions" in capsys.readouterr().out


#: Patient, day: two in the window, on its first and its last day, and two before it; before it alone; behind it.
GIVEN = (("a", 0), ("a", 14), ("a", 15), ("a", 21), ("b", 0), ("b", 3), ("c", 0), ("c", 22))
#: Patient → sessions in the window, and the day of the last one before it.
COUNTED = {"a": (2, 14), "b": (0, 3), "c": (0, 0)}


class TestSessionsByWindow:
    """Day 0 is the diary's; without a diary it is the first session. The window of this plan is days 15 to 21."""

    @staticmethod
    def counted(tables: dict[str, Any]) -> dict[str, tuple[int, float]]:
        found = sessions_by_window(oc.split_periods(oc.load_records(tables, PLAN)))
        return {row.patient_id: (row.sessions_in_window, row.last_before) for row in found.itertuples()}

    @pytest.mark.parametrize("with_diary", [True, False])
    @pytest.mark.parametrize("dated", [True, False])
    def test_the_same_with_and_without_a_diary(self, with_diary: bool, dated: bool) -> None:
        """The patients begin in other months: what is counted hangs on the days between alone."""
        begins = {"a": "2025-03-01", "b": "2025-05-07", "c": "2024-02-27"}
        names = {patient: f"P-{number:016d}" for number, patient in enumerate(begins)}

        def day(patient: str, number: int) -> Any:
            return pd.Timestamp(begins[patient]) + pd.Timedelta(days=number) if dated else number

        column = "date" if dated else "day"
        rows = [(names[patient], day(patient, number)) for patient, number in GIVEN]
        tables = {"sessions": pd.DataFrame(rows, columns=["patient_id", column])}
        tables["sessions"]["recalled_headache_days_28"] = 7
        if with_diary:
            days = [(names[patient], day(patient, -1), "yes") for patient in begins]
            tables["diary"] = pd.DataFrame(days, columns=["patient_id", column, "headache"])
        assert self.counted(tables) == {names[patient]: told for patient, told in COUNTED.items()}

    def test_an_index_day_is_day_0_of_the_diary_and_of_nothing_else(self) -> None:
        """Numbered days without a diary are counted as they are numbered, whatever the index day says."""
        tables = {
            "sessions": pd.DataFrame(
                {"patient_id": ["P-01", "P-01"], "day": [0, 16], "recalled_headache_days_28": [9, 8]}
            ),
            "patients": pd.DataFrame({"patient_id": ["P-02"], "index_day": [3]}),
        }
        assert self.counted(tables) == {"P-01": (1, 0)}
