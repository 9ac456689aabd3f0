"""Questionnaires scored by hand, paired by hand, and counted both ways: better and worse by what matters to one."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from diaries import dated, drawn, load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.instruments import (
    INSTRUMENTS,
    compare_profiles,
    find_instrument,
    read_value_set,
    score_items,
    score_msq,
)
from outcomes.analysis.instruments.pairing import RECALL_OVERLAPS
from outcomes.analysis.instruments.sheets import (
    EMPTY,
    NO_DAY_ZERO,
    NOT_FOR_ADULTS,
    NOT_FOR_CHILDREN,
    TOLD_TWICE,
    scored_sheets,
)
from outcomes.analysis.instruments.value_sets import DECREMENTS, value_set_of
from outcomes.analysis.questions import ask
from outcomes.errors import PlanError
from outcomes.records.instruments import SHEETS

LENIENT = {"set_aside_limit": 1.0}
#: The diary is tiny: questionnaires do not ask it.
DIARY = "p1 : 3 | ."


def _scores(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """(patient, day, instrument, score) and whatever further columns every row has."""
    frame = pd.DataFrame(list(rows), columns=["patient_id", "day", "instrument", "score"])
    return frame.assign(**columns)


def _ask(
    scores: pd.DataFrame, patients: pd.DataFrame | None = None, plan: AnalysisPlan | None = None
) -> Answers:
    tables = drawn(DIARY) | {"scores": scores} | ({} if patients is None else {"patients": patients})
    records = load(tables, plan or AnalysisPlan(**LENIENT))
    return ask(oc.split_periods(records), "questionnaires")


def _pairs(instrument: str, *pairs: tuple[float, float | None], **columns: Any) -> pd.DataFrame:
    """One patient per pair: the first score on day −3, the second on day 84."""
    rows = []
    for number, (before, after) in enumerate(pairs, start=1):
        rows.append((f"p{number}", -3, instrument, before))
        if after is not None:
            rows.append((f"p{number}", 84, instrument, after))
    return _scores(*rows, **columns)


def _patients(**columns: list[Any]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    return pd.DataFrame({"patient_id": [f"p{k + 1}" for k in range(count)], **columns})


def _counts(answers: Answers, name: str, endpoint: str) -> tuple[int | None, int]:
    row = answers.find(name, endpoint=endpoint)
    return row.count, row.n


def _reasons(answers: Answers, instrument: str) -> dict[str, int]:
    frame = answers.frames["left_out"]
    own = frame[frame["instrument"] == instrument]
    return dict(zip(own["reason"], own["sheets"], strict=True))


class TestScoredByHand:
    def test_hit6_runs_from_36_to_78(self) -> None:
        """Six answers: never 6, rarely 8, sometimes 10, very often 11, always 13."""
        assert score_items("hit6", [6] * 6).value == 36
        assert score_items("hit6", [13] * 6).value == 78
        assert score_items("hit6", [6, 8, 10, 11, 13, 10]).value == 58

    def test_hit6_has_no_total_where_an_item_is_missing(self) -> None:
        scored = score_items("hit6", [10, 10, 10, 10, 10, None])
        assert scored.value is None and "missing" in scored.reason

    def test_an_answer_that_the_instrument_does_not_have_gives_no_score(self) -> None:
        scored = score_items("hit6", [1, 2, 3, 4, 5, 1])
        assert scored.value is None and "answer" in scored.reason

    def test_midas_adds_five_counts_of_days(self) -> None:
        assert score_items("midas", [2, 3, 4, 5, 6]).value == 20
        assert score_items("midas", [2, 3, 4, 5, None]).value is None
        with pytest.raises(PlanError, match="5 scored items"):
            score_items("midas", [2, 3, 4, 5, 6, 30, 7])

    def test_pedmidas_adds_six(self) -> None:
        assert score_items("pedmidas", [1, 2, 3, 4, 5, 6]).value == 21

    def test_ndi_with_one_item_missing_is_prorated(self) -> None:
        """Nine answers of 2: 50·18/(5·9) = 20 of 50."""
        assert score_items("ndi", [2] * 10).value == 20
        assert score_items("ndi", [2] * 9 + [None]).value == pytest.approx(50 * 18 / (5 * 9)) == 20
        uneven = [5, 4, 3, 2, 1, 0, 1, 2, 3, None]
        assert score_items("ndi", uneven).value == pytest.approx(50 * 21 / (5 * 9))

    def test_ndi_with_two_missing_needs_the_plan(self) -> None:
        answers = [2] * 8 + [None, None]
        assert score_items("ndi", answers).value is None
        assert score_items("ndi", answers, AnalysisPlan(ndi_missing_items=2)).value == pytest.approx(20)
        assert score_items("ndi", [2] * 9 + [None], AnalysisPlan(ndi_missing_items=0)).value is None

    def test_ndi_without_any_answer_has_no_score(self) -> None:
        assert score_items("ndi", [None] * 10, AnalysisPlan(ndi_missing_items=2)).value is None

    def test_msq_counts_backwards_so_that_higher_is_better(self) -> None:
        """Recode 7 − r; 100·(S − n)/(5n). Never (1) everywhere is 100, always (6) is 0."""
        assert [one.value for one in score_msq([1] * 14).values()] == [100, 100, 100]
        assert [one.value for one in score_msq([6] * 14).values()] == [0, 0, 0]
        assert INSTRUMENTS["msq_rr"].improvement == "increase"

    def test_msq_domains_are_seven_four_and_three_items_in_order(self) -> None:
        """RR: seven answers of 2 recode to 5, S = 35, 100·28/35 = 80. RP: four of 3 → 4, 60. EF: three of 5 → 2, 20."""
        scored = score_msq([2] * 7 + [3] * 4 + [5] * 3)
        assert {name: one.value for name, one in scored.items()} == {
            "msq_rr": pytest.approx(80),
            "msq_rp": pytest.approx(60),
            "msq_ef": pytest.approx(20),
        }

    def test_msq_has_no_total(self) -> None:
        with pytest.raises(PlanError, match="no total"):
            score_items("msq", [1] * 14)

    def test_hdi_is_25_answers_of_4_2_0(self) -> None:
        assert score_items("hdi", [4] * 25).value == 100
        assert score_items("hdi", [4] * 10 + [2] * 5 + [0] * 10).value == 50

    def test_an_instrument_that_nobody_knows_is_refused_with_a_hint(self) -> None:
        with pytest.raises(PlanError, match="hit6"):
            score_items("hit", [6] * 6)
        with pytest.raises(PlanError, match="one number"):
            score_items("nrs", [6])


class TestBands:
    @pytest.mark.parametrize(
        ("instrument", "edges"),
        [
            ("hit6", [(36, "little"), (49, "little"), (50, "some"), (55, "some"), (56, "substantial"),
                      (59, "substantial"), (60, "severe"), (78, "severe")]),
            ("midas", [(0, "little"), (5, "little"), (6, "mild"), (10, "mild"), (11, "moderate"), (20, "moderate"),
                       (21, "severe"), (276, "severe")]),
            ("pedmidas", [(0, "little"), (10, "little"), (11, "mild"), (30, "mild"), (31, "moderate"),
                          (50, "moderate"), (51, "severe")]),
            ("ndi", [(0, "none"), (4, "none"), (5, "mild"), (14, "mild"), (15, "moderate"), (24, "moderate"),
                     (25, "severe"), (34, "severe"), (35, "complete"), (50, "complete")]),
        ],
    )  # fmt: skip
    def test_both_edges_of_each(self, instrument: str, edges: list[tuple[float, str]]) -> None:
        assert [INSTRUMENTS[instrument].band(score) for score, _ in edges] == [band for _, band in edges]

    def test_msq_and_hdi_have_none(self) -> None:
        assert INSTRUMENTS["msq_rr"].band(50) is None and INSTRUMENTS["hdi"].band(50) is None

    def test_flows_count_patients_from_band_to_band(self) -> None:
        answers = _ask(_pairs("hit6", (64, 52), (61, 50), (52, 64), (40, 40), (60, None)))
        flows = answers.frames["flows"]
        assert [tuple(row) for row in flows.to_numpy()] == [
            ("hit6", "little", "little", 1),
            ("hit6", "some", "severe", 1),
            ("hit6", "severe", "some", 2),
        ]


class TestEveryInstrument:
    @pytest.mark.parametrize("name", INSTRUMENTS)
    def test_every_number_names_its_source_and_how_far_it_was_read(self, name: str) -> None:
        instrument = find_instrument(name)
        for change in (*instrument.individual, *instrument.group):
            assert change.size > 0 and change.source and change.told in ("read", "from memory", "ours")
        least = [band.least for band in instrument.bands]
        assert least == sorted(set(least)) and bool(least) == bool(instrument.bands_source)
        assert not least or least[0] == instrument.sheet.minimum

    def test_each_code_of_the_dictionary_has_a_description_and_a_sheet(self) -> None:
        from outcomes.records.code_lists import INSTRUMENTS as CODES

        assert set(CODES) == set(SHEETS) == {*INSTRUMENTS, "msq"}


class TestWhoIsPaired:
    def test_baseline_is_the_latest_and_follow_up_the_earliest(self) -> None:
        scores = _scores(
            ("p1", -28, "hit6", 70), ("p1", -29, "hit6", 78), ("p1", -2, "hit6", 60), ("p1", 56, "hit6", 54),
            ("p1", 90, "hit6", 40), ("p1", 30, "hit6", 36),
        )  # fmt: skip
        answers = _ask(scores)
        pair = answers.frames["pairs"].iloc[0]
        assert (pair["baseline_day"], pair["baseline"]) == (-2, 60)
        assert (pair["followup_day"], pair["followup"]) == (56, 54)
        assert answers.find("change", endpoint="hit6").value == -6
        assert sum(_reasons(answers, "hit6").values()) == 4

    def test_day_0_is_before_the_first_needle_and_the_answer_says_so(self) -> None:
        answers = _ask(_scores(("p1", 0, "hit6", 60), ("p1", 139, "hit6", 50)))
        assert answers.find("change", endpoint="hit6").value == -10
        assert any("day 0" in note for note in answers.notes)
        later = _ask(_scores(("p1", 1, "hit6", 60), ("p1", 140, "hit6", 50)))
        assert later.find("with_baseline", endpoint="hit6").count == 0
        assert later.find("with_followup", endpoint="hit6").count == 0

    def test_windows_are_the_plans(self) -> None:
        scores = _scores(("p1", -30, "ndi", 20), ("p1", 28, "ndi", 10), unit="points")
        plan = AnalysisPlan(
            score_baseline_first_day=-30, score_followup_first_day=28, score_followup_last_day=28
        )
        assert _ask(scores).find("paired", endpoint="ndi").value is None
        assert _ask(scores, plan=plan).find("change", endpoint="ndi").value == -10

    def test_a_recall_that_reaches_back_before_day_1_is_not_follow_up(self) -> None:
        """MIDAS asks about 84 days: on day 84 these are days 1 to 84, on day 83 they hold day 0."""
        early = _ask(_scores(("p1", -1, "midas", 30), ("p1", 83, "midas", 10)))
        assert _counts(early, "paired", "midas") == (0, 1)
        assert _reasons(early, "midas") == {RECALL_OVERLAPS: 1}
        in_time = _ask(_scores(("p1", -1, "midas", 30), ("p1", 84, "midas", 10)))
        assert _counts(in_time, "paired", "midas") == (1, 1)

    def test_a_later_sheet_stands_in_for_one_whose_recall_overlaps(self) -> None:
        answers = _ask(_scores(("p1", -1, "midas", 30), ("p1", 60, "midas", 2), ("p1", 100, "midas", 12)))
        assert answers.frames["pairs"].iloc[0]["followup"] == 12
        assert _reasons(answers, "midas") == {RECALL_OVERLAPS: 1}

    def test_four_weeks_of_recall_need_day_28(self) -> None:
        plan = AnalysisPlan(score_followup_first_day=20)
        for day, paired in ((27, 0), (28, 1)):
            scores = _scores(("p1", -1, "hit6", 60), ("p1", day, "hit6", 50))
            assert _ask(scores, plan=plan).find("paired", endpoint="hit6").count == paired

    def test_no_pair_of_any_instrument_has_recalls_that_meet(self) -> None:
        """All days from −28 to 139 for instruments with a recall: days recalled before and after never meet."""
        days = [*range(-28, 1, 4), *range(56, 140, 7)]
        for name in ("hit6", "midas", "pedmidas", "msq_rr"):
            for before, after in itertools.product(days[:8], days[8:]):
                pairs = _ask_pairs(name, before, after)
                recall = INSTRUMENTS[name].recall_days
                for _, pair in pairs.dropna(subset=["baseline", "followup"]).iterrows():
                    assert pair["followup_day"] - recall + 1 > max(pair["baseline_day"], 0)

    def test_who_has_what_is_counted(self) -> None:
        scores = pd.concat([_pairs("hit6", (60, 50), (60, None)), _scores(("p3", 84, "hit6", 50))])
        answers = _ask(scores, _patients(sex=["female"] * 5))
        assert _counts(answers, "with_baseline", "hit6") == (2, 5)
        assert _counts(answers, "with_followup", "hit6") == (2, 5)
        assert _counts(answers, "paired", "hit6") == (1, 2)
        for row in answers:
            assert row.n + row.n_left_out == 5
        told = answers.frames["completeness"].iloc[0]
        assert tuple(told) == ("hit6", 5, 2, 2, 1)

    def test_patients_whose_first_session_is_not_known_are_counted(self) -> None:
        tables = dated(drawn(DIARY), {"p1": "2026-03-02"})
        rows = [
            ("p1", "2026-03-01", "hit6", 60),
            ("p1", "2026-05-25", "hit6", 50),
            ("p9", "2026-03-01", "hit6", 60),
        ]
        tables["scores"] = pd.DataFrame(rows, columns=["patient_id", "date", "instrument", "score"])
        records = load(tables, exported_on="2026-12-01")
        answers = ask(oc.split_periods(records), "questionnaires")
        assert answers.find("change", endpoint="hit6").value == -10
        assert _counts(answers, "with_baseline", "hit6") == (1, 2)
        assert _reasons(answers, "hit6") == {NO_DAY_ZERO: 1}

    def test_no_diary_at_all(self) -> None:
        summaries = pd.DataFrame(
            {"patient_id": ["p1", "p1"], "period": ["baseline", "followup"], "headache_days_per_28": [9, 8]}
        )
        records = load({"summaries": summaries, "scores": _pairs("hit6", (60, 50))})
        assert ask(oc.split_periods(records), "questionnaires").find("change", endpoint="hit6").value == -10

    def test_patients_outside_the_cohort_are_not_looked_at(self) -> None:
        tables = dated(drawn("p1 : 3 | .\np2 : 3 | ."), {"p1": "2026-03-02", "p2": "2024-03-04"})
        rows = [("p1", "2026-03-01", "hit6", 60), ("p2", "2024-03-03", "hit6", 50)]
        tables["scores"] = pd.DataFrame(rows, columns=["patient_id", "date", "instrument", "score"])
        records = load(tables, exported_on="2026-12-01")
        periods = oc.split_periods(records, cohort=oc.Cohort.of_month("2026-06"))
        assert _counts(ask(periods, "questionnaires"), "with_baseline", "hit6") == (1, 1)

    def test_a_clinic_without_diaries_is_asked_for_all_its_patients(self) -> None:
        """Sessions and scores alone: day 0 is the first session; who only has events is a patient as well."""
        first = pd.DataFrame({"patient_id": ["p1", "p2"], "date": ["2026-03-02", "2026-03-09"]})
        rows = [
            ("p1", "2026-03-01", "hit6", 60),
            ("p1", "2026-05-01", "hit6", 50),
            ("p3", "2026-03-01", "hit6", 40),
        ]
        scores = pd.DataFrame(rows, columns=["patient_id", "date", "instrument", "score"])
        events = pd.DataFrame({"patient_id": ["p4"], "date": ["2026-03-09"], "kind": ["red_flag"]})
        records = load({"sessions": first, "scores": scores, "events": events})
        answers = ask(oc.split_periods(records), "questionnaires")
        assert answers.find("change", endpoint="hit6").value == -10
        with_baseline = answers.find("with_baseline", endpoint="hit6")
        assert (with_baseline.count, with_baseline.n) == (1, 4)

    def test_records_without_scores_are_refused_in_words(self) -> None:
        with pytest.raises(PlanError, match="no questionnaires or measurements"):
            ask(oc.split_periods(load(drawn(DIARY))), "questionnaires")


def _ask_pairs(name: str, before: int, after: int) -> pd.DataFrame:
    from outcomes.analysis.instruments.pairing import pair_up

    rows = pd.DataFrame(
        {"patient_id": "p1", "day": [float(before), float(after)], "score": [40.0, 36.0], "reason": ""}
    )
    pairs, _ = pair_up(rows, "score", INSTRUMENTS[name].recall_days, AnalysisPlan())
    return pairs


class TestChildren:
    def test_midas_of_a_child_and_pedmidas_of_an_adult_are_refused_and_counted(self) -> None:
        scores = pd.concat(
            [_pairs("midas", (30, 10), (30, 12), (30, 14)), _pairs("pedmidas", (30, 10), (30, 12), (30, 14))]
        )
        answers = _ask(scores, _patients(age_band=["0-17", "30-39", None]))
        assert _counts(answers, "paired", "midas") == (2, 2)
        assert _reasons(answers, "midas") == {NOT_FOR_CHILDREN: 2}
        assert _counts(answers, "paired", "pedmidas") == (2, 2)
        assert _reasons(answers, "pedmidas") == {NOT_FOR_ADULTS: 2}

    def test_a_clinic_of_children_gets_its_pedmidas(self) -> None:
        answers = _ask(_pairs("pedmidas", (40, 20), (60, 30)), _patients(age_band=["0-17", "0-17"]))
        assert answers.find("change", endpoint="pedmidas").value == -25
        assert _reasons(answers, "pedmidas") == {}


class TestWhatMattersToOne:
    def test_better_and_worse_are_counted_with_the_same_threshold(self) -> None:
        """HIT-6: 6 points. Exactly 6 counts, 5 does not; the one without a follow-up has not reached it."""
        answers = _ask(_pairs("hit6", (60, 54), (60, 55), (60, 66), (60, 65), (60, 70), (60, None)))
        assert _counts(answers, "improved", "hit6") == (1, 5)
        assert _counts(answers, "improved_all", "hit6") == (1, 6)
        assert _counts(answers, "worsened", "hit6") == (2, 5)
        assert any("1 without a follow-up" in note for note in answers.find("improved_all").notes)

    def test_hit6_asks_8_of_chronic_tension_type_and_of_one_whose_code_is_not_known(self) -> None:
        scores = _pairs("hit6", (60, 53), (60, 53), (60, 53), (60, 53), (60, 52))
        patients = _patients(
            headache_type=["migraine", "tension_type", "tension_type", "tension_type", "tension_type"],
            ichd3_code=["1.1", "2.3", None, "2.2", "2.3"],
        )
        answers = _ask(scores, patients)
        assert answers.frames["pairs"]["threshold"].tolist() == [6, 8, 8, 6, 8]
        assert _counts(answers, "improved", "hit6") == (3, 5)

    def test_the_plan_says_otherwise(self) -> None:
        scores = _pairs("hit6", (60, 55), (60, 55))
        patients = _patients(headache_type=["migraine", "tension_type"])

        def reached(**changes: float) -> int | None:
            plan = AnalysisPlan(important_changes=tuple(changes.items()))
            return _ask(scores, patients, plan).find("improved", endpoint="hit6").count

        assert reached() == 0
        assert reached(hit6=5) == 2
        assert reached(**{"hit6.tension_type": 5}) == 1
        assert reached(**{"hit6": 5, "hit6.tension_type": 6}) == 1

    @pytest.mark.parametrize("name", ["hit7", "hit6.toothache", "ppt", "pgic", "msq"])
    def test_a_name_in_the_plan_that_nobody_knows_is_refused(self, name: str) -> None:
        with pytest.raises(PlanError):
            _ask(_pairs("hit6", (60, 55)), plan=AnalysisPlan(important_changes=((name, 5),)))

    def test_ndi_asks_5_and_a_half_in_cervicogenic_headache_and_10_elsewhere(self) -> None:
        scores = _pairs("ndi", (20, 14), (20, 14), unit="points")
        answers = _ask(scores, _patients(headache_type=["cervicogenic", "migraine"]))
        assert answers.frames["pairs"]["threshold"].tolist() == [5.5, 10]
        assert _counts(answers, "improved", "ndi") == (1, 2)

    def test_msq_gets_better_by_rising_and_the_change_keeps_its_sign(self) -> None:
        """RR: 5 points matter. 40 → 60 is better, 60 → 40 is worse."""
        answers = _ask(_pairs("msq_rr", (40, 60), (40, 44), (60, 40)))
        assert _counts(answers, "improved", "msq_rr") == (1, 3)
        assert _counts(answers, "worsened", "msq_rr") == (1, 3)
        assert answers.find("change", endpoint="msq_rr").value == pytest.approx((20 + 4 - 20) / 3)

    def test_midas_by_the_rule_of_the_ahs(self) -> None:
        """5 points from a baseline of 11 to 20; 30% above: 20 → 15 and 40 → 28 reach it, 21 → 15 does not (6.3)."""
        answers = _ask(_pairs("midas", (20, 15), (11, 7), (40, 28), (21, 15), (10, 0), (30, 39)))
        assert _counts(answers, "improved_ahs", "midas") == (2, 5)
        assert _counts(answers, "worsened_ahs", "midas") == (1, 5)
        assert any("1 pair not eligible" in note for note in answers.find("improved_ahs").notes)

    def test_nrs_shows_points_and_percent(self) -> None:
        """10 → 8 is 2 points and 20%; 4 → 3 is 1 point and 25%; 3 → 2 is 33%; 0 → 2 has no percent."""
        answers = _ask(_pairs("nrs", (10, 8), (4, 3), (3, 2), (0, 2)))
        assert _counts(answers, "improved", "nrs") == (1, 4)
        assert _counts(answers, "improved_30_percent", "nrs") == (1, 3)
        assert _counts(answers, "worsened", "nrs") == (1, 4)
        assert _counts(answers, "worsened_30_percent", "nrs") == (0, 3)

    def test_pgic_needs_no_baseline(self) -> None:
        scores = _scores(*((f"p{k}", 60, "pgic", k) for k in range(1, 8)))
        answers = _ask(scores)
        assert _counts(answers, "much_improved", "pgic") == (2, 7)
        assert _counts(answers, "much_worse", "pgic") == (2, 7)
        with pytest.raises(KeyError):
            answers.find("with_baseline", endpoint="pgic")

    def test_a_group_mean_is_not_held_against_the_number_for_one_patient(self) -> None:
        answers = _ask(_pairs("hit6", (60, 50), (62, 51)))
        change = answers.find("change", endpoint="hit6")
        assert any("between groups" in note and "1.5" in note for note in change.notes)
        assert not any("Houts" in note for note in change.notes)
        assert any("not 'clinically significant'" in note for note in answers.notes)

    def test_measurements_have_no_number_here_and_say_how_to_give_one(self) -> None:
        scores = _pairs("rom_rotation", (50, 60), (50, 40), side="left")
        row = _ask(scores).find("improved", endpoint="rom_rotation_left")
        assert row.value is None and any("rom_rotation" in note for note in row.notes)
        answers = _ask(scores, plan=AnalysisPlan(important_changes=(("rom_rotation", 7),)))
        assert _counts(answers, "improved", "rom_rotation_left") == (1, 2)
        assert _counts(answers, "worsened", "rom_rotation_left") == (1, 2)


class TestReliableChange:
    def test_by_hand(self) -> None:
        """Baselines 50, 60, 70: SD 10. r = 0.8: 10·√0.4 = 6.32; 1.96 times that is 12.4 points."""
        scores = _pairs("hit6", (50, 62), (60, 47), (70, 76))
        answers = _ask(scores, plan=AnalysisPlan(reliabilities=(("hit6", 0.8),)))
        assert 1.96 * 10 * math.sqrt(0.4) == pytest.approx(12.396, abs=0.001)
        assert _counts(answers, "improved_reliably", "hit6") == (1, 3)
        assert _counts(answers, "worsened_reliably", "hit6") == (0, 3)

    def test_not_computed_without_a_reliability(self) -> None:
        row = _ask(_pairs("hit6", (50, 62), (60, 47))).find("improved_reliably")
        assert row.value is None and any("[reliabilities] hit6" in note for note in row.notes)

    def test_baselines_that_do_not_vary(self) -> None:
        row = _ask(_pairs("ndi", (20, 10), (20, 12), unit="points")).find("improved_reliably")
        assert row.value is None and row.notes


class TestUnits:
    def test_ndi_in_percent_is_halved(self) -> None:
        scores = pd.concat([_pairs("ndi", (40, 30)).assign(unit="percent")])
        answers = _ask(scores)
        assert answers.find("baseline_mean", endpoint="ndi").value == 20
        assert answers.find("change", endpoint="ndi").value == -5

    def test_an_untold_total_above_50_proves_percent(self) -> None:
        pair = _ask(_pairs("ndi", (60, 52))).frames["pairs"].iloc[0]
        assert (pair["baseline"], pair["followup"]) == (30, 26)

    def test_pressure_in_two_units_is_two_measures(self) -> None:
        scores = pd.concat(
            [
                _scores(("p1", -1, "ppt", 250)).assign(unit="kpa"),
                _scores(("p1", 60, "ppt", 3)).assign(unit="kg_per_cm2"),
            ]
        ).assign(site="temporalis", side="left")
        answers = _ask(scores)
        for name in ("ppt_temporalis_left_kpa", "ppt_temporalis_left_kg_per_cm2"):
            assert answers.find("with_followup", endpoint=name).n == 1
        assert answers.frames["completeness"]["pairs"].tolist() == [0, 0]

    def test_muscles_and_sides_are_kept_apart(self) -> None:
        left = _pairs("ppt", (200, 260), site="temporalis", side="left", unit="kpa")
        right = _pairs("ppt", (300, 290), site="temporalis", side="right", unit="kpa")
        answers = _ask(pd.concat([left, right]))
        assert answers.find("change", endpoint="ppt_temporalis_left_kpa").value == 60
        assert answers.find("change", endpoint="ppt_temporalis_right_kpa").value == -10
        assert answers.find("change", endpoint="ppt_temporalis_left_kpa").unit == "kPa"


class TestItemsInTheRecords:
    def test_msq_sheets_become_three_domains(self) -> None:
        scores = _scores(("p1", -1, "msq", None), ("p1", 60, "msq", None))
        for number in range(1, 15):
            scores[f"item_{number}"] = [5, 2 if number <= 7 else 5]
        answers = _ask(scores)
        changes = {
            name: answers.find("change", endpoint=name).value for name in ("msq_rr", "msq_rp", "msq_ef")
        }
        assert changes == {"msq_rr": pytest.approx(60), "msq_rp": 0, "msq_ef": 0}

    def test_a_domain_told_twice_with_different_scores_is_not_used(self) -> None:
        scores = _scores(("p1", -1, "msq", None), ("p1", -1, "msq_rr", 90), ("p1", -1, "msq_rp", 20))
        for number in range(1, 15):
            scores[f"item_{number}"] = [5, None, None]
        answers = _ask(scores)
        assert _reasons(answers, "msq_rr") == {TOLD_TWICE: 2}
        assert _counts(answers, "with_baseline", "msq_rp") == (1, 1)

    def test_a_sheet_with_too_few_answers_gives_way_to_an_earlier_one(self) -> None:
        scores = _scores(("p1", -9, "hit6", 60), ("p1", -2, "hit6", None), ("p1", 84, "hit6", 50))
        for number in range(1, 7):
            scores[f"item_{number}"] = [None, None if number == 6 else 8, None]
        answers = _ask(scores)
        assert answers.find("change", endpoint="hit6").value == -10
        assert list(_reasons(answers, "hit6").values()) == [1]

    def test_an_empty_sheet_is_no_zero(self) -> None:
        answers = _ask(_scores(("p1", -2, "midas", None), ("p1", 84, "midas", 10)))
        assert _counts(answers, "with_baseline", "midas") == (0, 1)
        assert _reasons(answers, "midas") == {EMPTY: 1}


#: A made-up value set: each level above 1 costs 0.01 in the first dimension, to 0.05 in the fifth.
MADE_UP = {
    name: 0.01 * (1 + ("mo", "sc", "ua", "pd", "ad").index(name[:2])) * (int(name[2]) - 1)
    for name in DECREMENTS
}


class TestEq5d:
    def _profiles(self) -> pd.DataFrame:
        scores = _scores(("p1", -1, "eq5d", None), ("p1", 60, "eq5d", None))
        for number, pair in enumerate(((2, 1), (1, 1), (3, 2), (3, 3), (1, 1)), start=1):
            scores[f"item_{number}"] = pair
        return scores

    def test_without_a_value_set_there_are_profiles_and_no_index(self) -> None:
        answers = _ask(self._profiles())
        assert _counts(answers, "with_baseline", "eq5d") == (0, 1)
        assert _counts(answers, "profile_better", "eq5d_profile") == (1, 1)
        assert [tuple(row) for row in answers.frames["profiles"].to_numpy()] == [("21331", "11231", 1)]

    def test_with_one_the_index_is_worked_out(self) -> None:
        """21331: 1 − 0.01 − 2·0.03 − 2·0.04 = 0.85; 11231: 1 − 0.03 − 2·0.04 = 0.89."""
        plan = AnalysisPlan(eq5d_value_set=tuple(MADE_UP.items()), eq5d_value_set_name="made up 1")
        answers = _ask(self._profiles(), plan=plan)
        assert answers.find("baseline_mean", endpoint="eq5d").value == pytest.approx(0.85)
        assert answers.find("change", endpoint="eq5d").value == pytest.approx(0.04)
        assert any("made up 1" in note for note in answers.notes)

    def test_an_index_of_the_clinic_is_taken_where_the_plan_names_its_value_set(self) -> None:
        scores = _pairs("eq5d", (0.7, 0.8))
        assert _ask(scores).find("with_baseline", endpoint="eq5d").count == 0
        named = _ask(scores, plan=AnalysisPlan(eq5d_value_set_name="country 2020"))
        assert named.find("change", endpoint="eq5d").value == pytest.approx(0.1)

    def test_a_value_set_from_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "values.csv"
        path.write_text(
            "level,decrement\nconstant,0.1\n" + "\n".join(f"{k},{v}" for k, v in MADE_UP.items()),
            "utf-8",
        )
        values = read_value_set(path, "made up 2")
        assert values.index("11111") == 1
        assert values.index("11112") == pytest.approx(1 - 0.1 - 0.05)
        assert score_items("eq5d", [1, 1, 1, 1, 2], value_set=values).value == pytest.approx(0.85)

    def test_a_value_set_that_is_not_whole_or_has_no_name_is_refused(self) -> None:
        with pytest.raises(PlanError, match="3125"):
            value_set_of("half", dict(list(MADE_UP.items())[:10]))
        with pytest.raises(PlanError, match="name"):
            AnalysisPlan(eq5d_value_set=tuple(MADE_UP.items()))

    def test_profiles_are_compared_dimension_by_dimension(self) -> None:
        assert compare_profiles("21111", "11111") == "better"
        assert compare_profiles("21111", "21112") == "worse"
        assert compare_profiles("21111", "11112") == "mixed"
        assert compare_profiles("21111", "21111") == "same"


class TestSmallAndEmpty:
    def test_three_patients(self) -> None:
        answers = _ask(_pairs("hit6", (60, 50), (62, 60), (58, 59)))
        change = answers.find("change", endpoint="hit6")
        assert change.value == pytest.approx(-11 / 3) and change.p is None and change.low is not None

    def test_one_patient_has_no_interval(self) -> None:
        change = _ask(_pairs("hit6", (60, 50))).find("change")
        assert change.value == -10 and change.low is None and change.notes

    def test_nobody_comes_back(self) -> None:
        answers = _ask(_pairs("hit6", (60, None), (62, None)))
        assert answers.find("change").value is None
        assert _counts(answers, "improved_all", "hit6") == (0, 2)

    def test_nothing_can_be_used(self) -> None:
        answers = _ask(_scores(("p1", -1, "hit6", 12), ("p1", 84, "hit6", 99)))
        assert len(answers) == 0 and any("could be used" in note for note in answers.notes)
        assert answers.summary()


class TestInWords:
    def test_every_measure_stands_under_its_name_and_says_its_sources_once(self) -> None:
        text = _ask(pd.concat([_pairs("hit6", (60, 50)), _pairs("nrs", (7, 4))])).summary()
        assert text.index("HIT-6") < text.index("Castien 2012") < text.index("Pain 0–10")
        assert text.count("Castien 2012") == 1
        assert "HIT-6" in _ask(_pairs("hit6", (60, 50))).summary()

    def test_a_number_of_the_plan_is_told_as_such(self) -> None:
        plan = AnalysisPlan(important_changes=(("hit6", 5),), reliabilities=(("hit6", 0.8),))
        text = _ask(_pairs("hit6", (60, 50), (50, 48)), plan=plan).summary()
        assert "5 (as the plan says)" in text and "0.8 (as the plan says)" in text


class TestLaws:
    def _everything(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        parts = [
            _pairs("hit6", (64, 50), (60, 58), (55, 62), (70, None)),
            _pairs("midas", (20, 15), (40, 28), (12, 30), (9, 2)),
            _pairs("msq_ef", (20, 60), (40, 38), (60, 90)),
            _pairs("ppt", (200, 250), (180, 170), unit="kpa", site="masseter", side="left"),
        ]
        patients = _patients(
            headache_type=["migraine", "tension_type", "cervicogenic", None],
            age_band=["30-39", "40-49", "0-17", None],
        )
        return pd.concat(parts, ignore_index=True), patients

    def test_the_order_of_rows_and_the_names_of_patients_change_nothing(self) -> None:
        scores, patients = self._everything()
        expected = _ask(scores, patients).to_frame()
        names = {"p1": "z9", "p2": "a3", "p3": "m5", "p4": "b1"}
        renamed = [table.assign(patient_id=table["patient_id"].map(names)) for table in (scores, patients)]
        shuffled = [table.sample(frac=1, random_state=7, ignore_index=True) for table in renamed]
        tables = drawn(DIARY.replace("p1", "z9")) | dict(zip(("scores", "patients"), shuffled, strict=True))
        records = load(tables, AnalysisPlan(**LENIENT))
        found = ask(oc.split_periods(records), "questionnaires").to_frame()
        pd.testing.assert_frame_equal(found, expected)

    def test_before_and_after_swapped_turn_the_change_round_and_exchange_better_and_worse(self) -> None:
        forward = [(64, 50), (60, 58), (55, 62), (70, 44), (50, 60)]
        one = _ask(_pairs("hit6", *forward))
        other = _ask(_pairs("hit6", *((after, before) for before, after in forward)))
        assert one.find("change").value == pytest.approx(-other.find("change").value)
        assert _counts(one, "improved", "hit6") == _counts(other, "worsened", "hit6")
        assert _counts(one, "worsened", "hit6") == _counts(other, "improved", "hit6")

    def test_everybody_better_or_worse_or_neither(self) -> None:
        for before, after in itertools.product((40, 50, 60), repeat=2):
            answers = _ask(_pairs("hit6", (before, after)))
            reached = answers.find("improved").count + answers.find("worsened").count
            assert reached == (1 if abs(after - before) >= 6 else 0)


def test_scores_and_sessions_without_a_diary_are_answered() -> None:
    scores = pd.DataFrame(
        [("a", "2026-01-05", 60), ("a", "2026-03-16", 50), ("b", "2026-01-06", 58), ("c", "2026-01-01", 56)],
        columns=["patient_id", "date", "score"],
    ).assign(instrument="hit6")
    sessions = pd.DataFrame({"patient_id": ["a", "b"], "date": ["2026-01-05", "2026-01-06"]})
    found = ask(oc.split_periods(load({"scores": scores, "sessions": sessions})), "questionnaires")
    change = found.find("change", endpoint="hit6")
    # a is paired on days 0 and 70, b has no follow-up, c no first session.
    assert (change.value, change.n, change.n_left_out) == (-10.0, 1, 2)
    assert found.find("with_baseline", endpoint="hit6").count == 2


def test_sheets_of_one_instrument_are_those_of_all_of_them() -> None:
    """A domain stands in whole sheets of the MSQ, and beside one told by itself: what is told twice is no score."""
    items = {f"item_{number}": 2 for number in range(1, 15)}
    rows = [{"patient_id": who, "day": day, "instrument": "msq", **items} for who in "AB" for day in (0, 60)]
    rows.append({"patient_id": "A", "day": 0, "instrument": "msq_ef", "score": 20.0})
    tables = {**drawn("A : 3000000 | . 3000000\nB : 3000000 | . 3000000"), "scores": pd.DataFrame(rows)}
    periods = oc.split_periods(load(tables))
    everything = scored_sheets(periods)
    assert (everything["instrument"] == "msq_ef").sum() > 2
    for name in ("msq_ef", "msq_rp"):
        of_it = everything[everything["instrument"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(scored_sheets(periods, name), of_it)
