"""Rows of `scores` against their instrument: ranges, answers, units, and a total against its items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from diaries import drawn, load, write_folder

from outcomes import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.quarantine import set_aside_rows
from outcomes.records.reading import read_records
from outcomes.records.score_rules import score_rules

LENIENT = AnalysisPlan(set_aside_limit=1.0)


def _rows(*rows: dict[str, Any]) -> pd.DataFrame:
    """One row each, on days of its own, since two of one day would contradict each other."""
    return pd.DataFrame([{"patient_id": "p1", "day": -place, **row} for place, row in enumerate(rows, 1)])


def _items(*answers: float | None) -> dict[str, float | None]:
    return {f"item_{number}": answer for number, answer in enumerate(answers, start=1)}


def _read(frame: pd.DataFrame, tmp_path: Path | None = None) -> Records:
    if tmp_path is None:
        return load(drawn("p1 : 3 | .") | {"scores": frame}, LENIENT)
    return read_records(
        write_folder(tmp_path, diary="patient_id,day,headache\np1,-1,yes\n", scores=frame), LENIENT
    )


def _broken(records: Records) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for finding in records.findings:
        if finding.table == "scores" and finding.level == "set aside":
            for row in finding.rows:
                found.setdefault(row, set()).add(finding.rule)
    return found


def _hold(*cases: tuple[dict[str, Any], set[str]]) -> None:
    """Each row breaks the rules beside it and no other; all of them stand in one table."""
    broken = _broken(_read(_rows(*(row for row, _ in cases))))
    assert [broken.get(place, set()) for place in range(1, len(cases) + 1)] == [rules for _, rules in cases]


class TestRange:
    def test_both_ends_are_in_and_beyond_them_is_out(self) -> None:
        ranges = [
            ("hit6", 36, 78), ("midas", 0, 276), ("pedmidas", 0, 276), ("msq_rr", 0, 100), ("hdi", 0, 100),
            ("pgic", 1, 7), ("eq_vas", 0, 100), ("nrs", 0, 10), ("rom_flexion", 0, 120), ("eq5d", -1, 1),
        ]  # fmt: skip
        inside = [(name, score) for name, *ends in ranges for score in ends]
        outside = [(name, score) for name, low, high in ranges for score in (low - 1, high + 1)]
        _hold(
            *(({"instrument": name, "score": score}, set[str]()) for name, score in inside),
            *(({"instrument": name, "score": score}, {"score_range"}) for name, score in outside),
        )

    def test_totals_of_whole_numbers_are_whole(self) -> None:
        _hold(
            ({"instrument": "hit6", "score": 55.5}, {"score_range"}),
            ({"instrument": "nrs", "score": 5.5}, set()),
        )

    def test_the_msq_has_no_total(self) -> None:
        _hold(
            ({"instrument": "msq", "score": 50}, {"no_total"}),
        )


class TestUnit:
    def test_ndi_must_say_points_or_percent_unless_the_total_proves_it(self) -> None:
        _hold(
            ({"instrument": "ndi", "score": 50}, {"unit_needed"}),
            ({"instrument": "ndi", "score": 52}, set()),
            ({"instrument": "ndi", "score": 50, "unit": "points"}, set()),
            ({"instrument": "ndi", "score": 52, "unit": "points"}, {"score_range"}),
            ({"instrument": "ndi", "score": 52, "unit": "percent"}, set()),
            ({"instrument": "ndi", "score": 20, **_items(*[2] * 10)}, set()),
        )

    def test_pressure_must_say_its_unit(self) -> None:
        _hold(
            ({"instrument": "ppt", "score": 250}, {"unit_needed"}),
            ({"instrument": "ppt", "score": 250, "unit": "kpa"}, set()),
            ({"instrument": "ppt", "score": 250, "unit": "kg_per_cm2"}, {"score_range"}),
        )

    def test_a_unit_that_is_not_the_instruments(self) -> None:
        _hold(
            ({"instrument": "hit6", "score": 60, "unit": "percent"}, {"unit"}),
            ({"instrument": "rom_flexion", "score": 50, "unit": "degrees"}, set()),
        )


class TestItems:
    def test_answers_that_the_instrument_does_not_have(self) -> None:
        _hold(
            ({"instrument": "hit6", **_items(6, 8, 10, 11, 13, 6)}, set()),
            ({"instrument": "hit6", **_items(1, 2, 3, 4, 5, 1)}, {"answer"}),
            ({"instrument": "ndi", **_items(*[2] * 9, 6)}, {"answer"}),
            ({"instrument": "msq_ef", **_items(0, 1, 2)}, {"answer"}),
            ({"instrument": "msq_ef", **_items(1, 2, 3, 4)}, {"answer"}),
            ({"instrument": "hdi", **_items(*[4] * 24, 3)}, {"answer"}),
            ({"instrument": "nrs", **_items(4)}, {"answer"}),
        )

    def test_midas_may_carry_its_two_unscored_items(self) -> None:
        _hold(
            ({"instrument": "midas", "score": 15, **_items(1, 2, 3, 4, 5, 40, 7)}, set()),
            ({"instrument": "midas", **_items(1, 2, 3, 4, 5, 40, 11)}, {"answer"}),
        )

    def test_a_total_that_its_items_do_not_come_to(self) -> None:
        _hold(
            ({"instrument": "hit6", "score": 60, **_items(*[10] * 6)}, set()),
            ({"instrument": "hit6", "score": 61, **_items(*[10] * 6)}, {"disagreement"}),
            ({"instrument": "midas", "score": 16, **_items(1, 2, 3, 4, 5)}, {"disagreement"}),
        )

    def test_with_an_item_missing_the_total_must_be_one_that_is_left_possible(self) -> None:
        """Five answers of 10: the sixth, from 6 to 13, makes 56 to 63."""
        five = _items(10, 10, 10, 10, 10, None)
        possible = {55: {"disagreement"}, 56: set[str](), 63: set[str](), 64: {"disagreement"}}
        _hold(*(({"instrument": "hit6", "score": score, **five}, rules) for score, rules in possible.items()))

    def test_domains_of_the_msq_may_be_rounded(self) -> None:
        """Seven answers, three of 5 and four of 4: 20·(3·1 + 4·2)/7 = 31.43."""
        seven = _items(5, 5, 5, 4, 4, 4, 4)
        _hold(
            ({"instrument": "msq_rr", "score": 31, **seven}, set()),
            ({"instrument": "msq_rr", "score": 31.43, **seven}, set()),
            ({"instrument": "msq_rr", "score": 69, **seven}, {"disagreement"}),
        )

    def test_ndi_against_its_items_in_either_unit(self) -> None:
        ten = _items(*[2] * 10)
        _hold(
            ({"instrument": "ndi", "score": 40, "unit": "percent", **ten}, set()),
            ({"instrument": "ndi", "score": 40, "unit": "points", **ten}, {"disagreement"}),
            ({"instrument": "ndi", "score": 40, **ten}, set()),
            ({"instrument": "ndi", "score": 30, **ten}, {"disagreement"}),
        )

    def test_an_index_of_the_eq5d_is_not_held_against_its_profile(self) -> None:
        _hold(
            ({"instrument": "eq5d", "score": 0.7, **_items(1, 2, 3, 4, 5)}, set()),
        )


class TestWhatIsTold:
    ROWS = (
        {"instrument": "hit6", "score": 60},
        {"instrument": "hit6", "score": 31.25},
        {"instrument": "hit6", "score": 60, **_items(*[13] * 6)},
        {"instrument": "ndi", "score": 20},
    )

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_text_and_typed_files_break_the_same_rules_in_the_same_rows(
        self, tmp_path: Path, suffix: str
    ) -> None:
        diary = pd.DataFrame({"patient_id": ["p1"], "day": [-1], "headache": ["yes"]})
        folder = write_folder(tmp_path, suffix, diary=diary, scores=_rows(*self.ROWS))
        first = 1 if suffix == ".parquet" else 2
        assert _broken(read_records(folder, LENIENT)) == {
            first + 1: {"score_range"},
            first + 2: {"disagreement"},
            first + 3: {"unit_needed"},
        }

    def test_messages_name_file_row_rule_and_remedy_and_never_a_value(self, tmp_path: Path) -> None:
        records = _read(_rows(*self.ROWS), tmp_path)
        listed = [one for one in set_aside_rows(records) if one.file == "scores.csv"]
        assert {(one.row, one.rule) for one in listed} == {
            (3, "score_range"), (4, "disagreement"), (5, "unit_needed"),
        }  # fmt: skip
        sentences = [one.sentence() for one in records.findings if one.table == "scores"]
        assert len(sentences) == 3 and all(one.startswith("scores.csv, row") for one in sentences)
        assert not any("31.25" in one or "p1" in one for one in sentences)
        counted = next(one for one in records.counts if one.table == "scores")
        assert (counted.rows_in, counted.used, counted.set_aside) == (4, 1, 3)

    def test_a_table_without_scores_or_items_has_no_such_rules(self) -> None:
        assert list(score_rules({"patient_id": "patient_id"})) == []
        names = [rule[0] for rule in score_rules({"instrument": '"instrument"', "item_1": '"item_1"'})]
        assert names == ["answer"]
