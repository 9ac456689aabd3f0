"""Kinds of days, strength and length, medication by class: each counted by hand, unknown days among them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from day_drawings import ONE_DAY, day_values, measured, told
from diaries import WEEK_PLAN, drawn, load
from test_architecture import SQL_FUNCTIONS, SQL_WORDS

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.catalogue import CATALOGUE, CORE_NAMES, catalogue_page, daily_names
from outcomes.analysis.day_counts import period_counts
from outcomes.analysis.further_endpoints import day_statement, measure_by_period, window_values
from outcomes.cli import main
from outcomes.errors import PlanError
from outcomes.records.schema import DIARY

HEADACHE: dict[str, Any] = {"headache": "yes"}
FREE: dict[str, Any] = {"headache": "no"}


def _headache(**cells: Any) -> dict[str, Any]:
    return {**HEADACHE, **cells}


# ---- headache days by the trial rule ----


TRIAL_DAYS = {
    "half an hour": _headache(duration_hours=0.5, acute_medication="no"),
    "24 minutes": _headache(duration_hours=0.4, acute_medication="no"),
    "24 minutes, with a drug": _headache(duration_hours=0.4, acute_medication="yes"),
    "24 minutes, drug not written": _headache(duration_hours=0.4),
    "no length, with a drug": _headache(acute_medication="yes"),
    "no length, no drug": _headache(acute_medication="no"),
    "two hours": _headache(duration_hours=2, acute_medication="no"),
    "free": {**FREE, "acute_medication": "yes"},
}


def test_a_headache_day_of_the_trial_rule_is_long_enough_or_treated() -> None:
    assert day_values(TRIAL_DAYS, "headache_days_trial_rule_per_28") == {
        "half an hour": True,
        "24 minutes": False,
        "24 minutes, with a drug": True,
        "24 minutes, drug not written": None,
        "no length, with a drug": True,
        "no length, no drug": None,
        "two hours": True,
        "free": False,
    }


@pytest.mark.parametrize(
    ("minutes", "half_hour", "two_hours"), [(30, True, True), (60, False, True), (240, False, False)]
)
def test_how_long_is_a_key_of_the_plan(minutes: int, half_hour: bool, two_hours: bool) -> None:
    found = day_values(TRIAL_DAYS, "headache_days_trial_rule_per_28", headache_day_min_minutes=minutes)
    assert (found["half an hour"], found["two hours"]) == (half_hour, two_hours)
    assert found["24 minutes, with a drug"] is True


def test_unknown_days_are_in_neither_part_of_the_fraction() -> None:
    lines = {
        "headache": "yyyynnn | . yyynnn.",
        "duration_hours": "hq.q... | . ...2...".replace("2", "."),
        "acute_medication": "nnnynnn | . nnnnnn.",
    }
    table = measured(told({"p1": lines}), WEEK_PLAN)["headache_days_trial_rule_per_28"]
    # Of seven days the third is not known; the first and the fourth count.
    assert table["p1", "baseline"] == pytest.approx(28 * 2 / 6)
    # Three headaches without a length leave three known days, fewer than the five that the window needs.
    assert pd.isna(table["p1", "followup"])


# ---- moderate and severe days ----


STRONG_DAYS = {
    "4 of 10, 4 hours": _headache(intensity=4, duration_hours=4, acute_medication="no"),
    "3 of 10, 4 hours": _headache(intensity=3, duration_hours=4, acute_medication="no"),
    "8 of 10, 3 hours": _headache(intensity=8, duration_hours=3, acute_medication="no"),
    "8 of 10, 3 hours, drug": _headache(intensity=8, duration_hours=3, acute_medication="yes"),
    "moderate in words": _headache(severity="moderate", duration_hours=5, acute_medication="no"),
    "mild in words": _headache(severity="mild", duration_hours=5, acute_medication="no"),
    "8 of 10, no length": _headache(intensity=8, acute_medication="no"),
    "2 of 10, no length": _headache(intensity=2, acute_medication="no"),
    "no strength, 5 hours": _headache(duration_hours=5, acute_medication="no"),
    "2 of 10, drug not written": _headache(intensity=2, duration_hours=1),
    "free": FREE,
}
BY_STRENGTH = {
    "4 of 10, 4 hours": True,
    "3 of 10, 4 hours": False,
    "8 of 10, 3 hours": False,
    "8 of 10, 3 hours, drug": False,
    "moderate in words": True,
    "mild in words": False,
    "8 of 10, no length": None,
    "2 of 10, no length": False,
    "no strength, 5 hours": None,
    "2 of 10, drug not written": False,
    "free": False,
}


def test_moderate_or_severe_by_strength_alone() -> None:
    assert day_values(STRONG_DAYS, "moderate_severe_days_no_drug_arm_per_28") == BY_STRENGTH


def test_the_drug_arm_makes_any_treated_headache_one() -> None:
    with_drugs = {**BY_STRENGTH, "8 of 10, 3 hours, drug": True, "2 of 10, drug not written": None}
    assert day_values(STRONG_DAYS, "moderate_severe_days_per_28") == with_drugs


def test_the_hours_are_a_key_of_the_plan() -> None:
    found = day_values(STRONG_DAYS, "moderate_severe_days_no_drug_arm_per_28", moderate_severe_min_hours=3)
    assert found["8 of 10, 3 hours"] is True


# ---- migraine days ----


ALL_NO = {
    "intensity": 2, "unilateral": "no", "pulsating": "no", "worse_with_activity": "no", "nausea_or_vomiting": "no",
    "photophobia": "no", "phonophobia": "no", "aura": "no", "acute_medication": "no", "duration_hours": 6,
}  # fmt: skip
DRUG = {"acute_medication": "yes", "acute_medication_class": "triptan", "acute_medication_helped": "yes"}


def _features(**cells: Any) -> dict[str, Any]:
    return {**HEADACHE, **ALL_NO, **cells}


MIGRAINE_DAYS = {
    "one-sided and pulsating, sick": _features(unilateral="yes", pulsating="yes", nausea_or_vomiting="yes"),
    "strong and worse with activity, light and sound": _features(
        intensity=7, worse_with_activity="yes", photophobia="yes", phonophobia="yes"
    ),
    "light alone": _features(unilateral="yes", pulsating="yes", photophobia="yes"),
    "one pain feature": _features(unilateral="yes", nausea_or_vomiting="yes"),
    "one and one not written": _features(unilateral="yes", pulsating=None, nausea_or_vomiting="yes"),
    "two and one not written": _features(
        unilateral="yes", pulsating="yes", worse_with_activity=None, nausea_or_vomiting="yes"
    ),
    "one not written and no sickness": _features(unilateral="yes", pulsating=None),
    "two hours": _features(unilateral="yes", pulsating="yes", nausea_or_vomiting="yes", duration_hours=2),
    "no length": _features(unilateral="yes", pulsating="yes", nausea_or_vomiting="yes", duration_hours=None),
    "no length, no features": _features(duration_hours=None),
    "an aura alone": _features(aura="yes"),
    "an aura without headache": {**FREE, "aura": "yes"},
    "aura not written": _features(aura=None),
    "a triptan that helped": _features(**DRUG),
    "a triptan that did not": _features(**{**DRUG, "acute_medication_helped": "no"}),
    "a triptan, help not written": _features(**{**DRUG, "acute_medication_helped": None}),
    "paracetamol": _features(**{**DRUG, "acute_medication_class": "paracetamol"}),
    "paracetamol and ergot": _features(**{**DRUG, "acute_medication_class": "paracetamol;ergot"}),
    "a drug of unknown class": _features(**{**DRUG, "acute_medication_class": None}),
    "a triptan without headache": {**FREE, "acute_medication": "yes", "acute_medication_class": "triptan"},
    "free, nothing else written": FREE,
}
MIGRAINE = {
    "one-sided and pulsating, sick": True,
    "strong and worse with activity, light and sound": True,
    "light alone": False,
    "one pain feature": False,
    "one and one not written": None,
    "two and one not written": True,
    "one not written and no sickness": False,
    "two hours": True,
    "no length": None,
    "no length, no features": False,
    "an aura alone": True,
    "an aura without headache": True,
    "aura not written": None,
    "a triptan that helped": True,
    "a triptan that did not": True,
    "a triptan, help not written": True,
    "paracetamol": False,
    "paracetamol and ergot": True,
    "a drug of unknown class": None,
    "a triptan without headache": False,
    "free, nothing else written": False,
}


def test_a_migraine_day_by_rule() -> None:
    assert day_values(MIGRAINE_DAYS, "migraine_days_per_28") == MIGRAINE


def test_four_hours_in_place_of_half_an_hour() -> None:
    found = day_values(MIGRAINE_DAYS, "migraine_days_per_28", migraine_day_min_minutes=240)
    assert found == {**MIGRAINE, "two hours": False}


def test_drugs_only_where_they_helped() -> None:
    found = day_values(MIGRAINE_DAYS, "migraine_days_per_28", migraine_drug_days="effective")
    # The combined day has a drug that helped, and the day of unknown class stays unknown.
    assert found == {**MIGRAINE, "a triptan that did not": False, "a triptan, help not written": None}


@pytest.mark.parametrize(
    ("drug", "makes_one"), [("gepant", True), ("ditan", True), ("opioid", False), ("other", False)]
)
def test_which_drugs_make_a_migraine_day(drug: str, makes_one: bool) -> None:
    day = _features(**{**DRUG, "acute_medication_class": drug})
    assert day_values({"it": day}, "migraine_days_per_28") == {"it": makes_one}


def test_what_the_diary_never_asks_is_left_out_of_the_rule_and_told() -> None:
    day = {key: value for key, value in _features().items() if key not in ("aura", "worse_with_activity")}
    assert day_values({"it": day}, "migraine_days_per_28") == {"it": False}
    plan = AnalysisPlan(**ONE_DAY)
    table = {"diary": pd.DataFrame([{"patient_id": "p", "day": at, **day} for at in (-1, 1)])}
    endpoints = oc.measure_endpoints(oc.split_periods(load(table, plan), plan), ["migraine_days_per_28"])
    notes = oc.compare(endpoints, "migraine_days_per_28", plan).change.notes
    assert any("worse_with_activity, aura, acute_medication_class" in note for note in notes)


def test_self_labelled_days_are_apart_from_the_rule() -> None:
    days = {
        "called one": _headache(self_labelled_migraine="yes", duration_hours=1),
        "not called one": _headache(self_labelled_migraine="no", duration_hours=1),
        "not said": _headache(duration_hours=1),
        "free": FREE,
    }
    found = day_values(days, "self_labelled_migraine_days_per_28")
    assert found == {"called one": True, "not called one": False, "not said": None, "free": False}


def test_migraine_or_moderate_or_severe() -> None:
    days = {
        "migraine, mild": _features(unilateral="yes", pulsating="yes", nausea_or_vomiting="yes"),
        "severe, no migraine": _features(intensity=9),
        "neither": _features(),
        "not severe, aura not written": _features(aura=None),
        "severe, aura not written": _features(intensity=9, aura=None),
    }
    assert day_values(days, "migraine_or_moderate_severe_days_per_28") == {
        "migraine, mild": True,
        "severe, no migraine": True,
        "neither": False,
        "not severe, aura not written": None,
        "severe, aura not written": True,
    }


# ---- strength and length ----

WEEK = {
    # before: 4 headaches of which one without an intensity and one without hours; after: none
    "headache": "yyyynnn | . nnnnnn.",
    "intensity": "482.... | . .......".replace("8", "8"),
    "duration_hours": "3.52... | . .......",
    "severity": "os.m... | . .......",
}


@pytest.fixture(scope="module")
def week() -> pd.DataFrame:
    return measured(told({"p1": WEEK}), WEEK_PLAN).loc["p1"]


@pytest.mark.parametrize(
    ("endpoint", "before", "after"),
    [
        ("peak_intensity", 8, 0),
        # The fourth day is not known: 14 over six days.
        ("intensity_over_all_days", 14 / 6, 0),
        # moderate, severe, mild; a day without a word is not in the mean.
        ("severity_on_headache_days", (2 + 3 + 1) / 3, None),
        # The second day has no hours: 3 + 5 + 2 over six days.
        ("headache_hours_per_28", 28 * 10 / 6, 0),
        # 4·3 and 2·5; the second and the fourth day are not known, so five days remain.
        ("area_under_curve_per_28", 28 * (12 + 10) / 5, 0),
        ("headache_index_legacy", (28 * 4 / 7) * (14 / 3) * (10 / 3), 0),
    ],
)
def test_strength_and_length(week: pd.DataFrame, endpoint: str, before: float, after: float | None) -> None:
    assert week.loc["baseline", endpoint] == pytest.approx(before)
    assert (
        pd.isna(week.loc["followup", endpoint]) if after is None else week.loc["followup", endpoint] == after
    )


def test_words_are_never_turned_into_numbers_nor_numbers_into_words() -> None:
    lines = {"headache": "yyyyyyy | . nnnnnnn", "severity": "sssssss | . ......."}
    table = measured(told({"p1": lines}), WEEK_PLAN)
    assert table.loc[("p1", "baseline"), "severity_on_headache_days"] == 3
    assert {"intensity_on_headache_days", "peak_intensity", "burden_per_28"}.isdisjoint(table.columns)


def test_the_legacy_index_has_neither_interval_nor_p_and_says_why() -> None:
    lines = {
        "headache": "yyyynnn | . nnynnnn",
        "intensity": "4826... | . ..5....",
        "duration_hours": "3253... | . ..4....",
    }
    patients = {f"p{at}": lines for at in range(6)}
    patients["p6"] = {
        **lines,
        "headache": "yyyynnn | . nnnnnnn",
        "intensity": "1111... | . .......",
        "duration_hours": "1111... | . .......",
    }
    plan = WEEK_PLAN
    endpoints = oc.measure_endpoints(oc.split_periods(load(told(patients), plan), plan), "all")
    change = oc.compare(endpoints, "headache_index_legacy", plan)
    assert change.change.value is not None
    for row in change.statistics:
        assert (row.low, row.high, row.p) == (None, None, None)
        assert any(note.startswith("no_inference") for note in row.notes)
    # The area beside it has both.
    area = oc.compare(endpoints, "area_under_curve_per_28", plan).change
    assert area.low is not None and area.p is not None


# ---- medication ----


def test_doses_and_days_by_class() -> None:
    lines = {
        "headache": "yyyynnn | . yynnnnn",
        "acute_medication": "yyynnnn | . yynnnnn",
        "acute_medication_class": "tbp.... | . .p.....",
        "acute_doses": "12.0... | . 12.....",
    }
    before, after = (
        measured(told({"p1": lines}), WEEK_PLAN).loc[("p1", side)] for side in ("baseline", "followup")
    )
    assert before["triptan_days_per_28"] == pytest.approx(28 * 2 / 7)
    assert before["nsaid_days_per_28"] == pytest.approx(28 * 1 / 7)
    assert before["paracetamol_days_per_28"] == pytest.approx(28 * 1 / 7)
    assert before["opioid_days_per_28"] == 0
    assert before["overuse_class_days_per_28"] == pytest.approx(28 * 3 / 7)
    # The third day has a drug and no number of doses.
    assert before["acute_doses_per_28"] == pytest.approx(28 * 3 / 6)
    # The first day after has a drug of which the class is not written: six known days.
    assert after["paracetamol_days_per_28"] == pytest.approx(28 * 1 / 6)
    assert after["acute_doses_per_28"] == pytest.approx(28 * 3 / 7)


def test_a_class_alone_says_that_medication_was_taken() -> None:
    """A class beside *no* breaks a rule on reading: tests/spec/test_endpoints.py."""
    days = {"a triptan alone": _headache(acute_medication_class="triptan"), "nothing written": _headache()}
    found = day_values(days, "triptan_days_per_28")
    assert found == {"a triptan alone": True, "nothing written": None}


def test_every_class_of_the_dictionary_has_its_endpoint() -> None:
    for code in DIARY.column("acute_medication_class").codes:
        name = "other_acute_drug_days_per_28" if code == "other" else f"{code}_days_per_28"
        days = {"it": _headache(acute_medication_class=code), "another": _headache(acute_medication="no")}
        assert day_values(days, name) == {"it": True, "another": False}


# ---- the same days as the core endpoints ----


@pytest.mark.parametrize("first_session", [None, "2026-03-02"])
def test_repeats_count_once_and_contradictions_not_at_all(first_session: str | None) -> None:
    tables = drawn("p1 : 3333000 | . 0000000", hours=5, first_session=first_session)
    diary = tables["diary"]
    other = diary.iloc[[1]].assign(duration_hours=2.0)
    tables["diary"] = pd.concat([diary, diary.iloc[[0]], other], ignore_index=True)
    table = measured(tables, replace(WEEK_PLAN, set_aside_limit=0.5))
    before = table.loc[("p1", "baseline")]
    assert before["recorded_days"] == 6
    assert before["headache_days_per_28"] == pytest.approx(28 * 3 / 6)
    assert before["headache_days_trial_rule_per_28"] == pytest.approx(28 * 3 / 6)
    assert before["headache_hours_per_28"] == pytest.approx(28 * 15 / 6)


def test_combined_days_are_valued_as_the_plan_combines_them() -> None:
    plan = AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, duplicate_day="max")
    tables = drawn("p1 : 3333000 | . 0000000", hours=5)
    other = tables["diary"].iloc[[1]].assign(duration_hours=8.0)
    tables["diary"] = pd.concat([tables["diary"], other], ignore_index=True)
    before = measured(tables, plan).loc[("p1", "baseline")]
    assert before["headache_hours_per_28"] == pytest.approx(28 * (5 + 8 + 5 + 5) / 7)


@pytest.mark.parametrize(("rule", "doses", "attacks"), [("last", 3, 2), ("max", None, None)])
def test_the_last_row_of_a_day_stands_whole(rule: str, doses: float | None, attacks: float | None) -> None:
    """Two rows for day -7. `last` takes every cell of the second; `max` cannot tell which doses and attacks are
    right."""
    plan = replace(WEEK_PLAN, duplicate_day=rule)
    tables = drawn("p1 : 3000000 | . 0000000", medication="p1 : ynnnnnn | . nnnnnnn", hours=5)
    tables["diary"] = tables["diary"].assign(acute_doses=[1.0] + [0.0] * 13, attacks=[1.0] + [None] * 13)
    later = tables["diary"].iloc[[0]].assign(intensity=6.0, acute_doses=3.0, attacks=2.0)
    tables["diary"] = pd.concat([tables["diary"], later], ignore_index=True)
    records = load(tables, plan)
    day = records.frame("diary").set_index("day").loc[-7]
    assert day["intensity"] == 6
    assert [None if pd.isna(day[name]) else day[name] for name in ("acute_doses", "attacks")] == [
        doses,
        attacks,
    ]
    before = measured(tables, plan).loc[("p1", "baseline")]
    # With max six days are known: none of them with a dose.
    assert before["acute_doses_per_28"] == pytest.approx(28 * (doses or 0) / 7)
    assert before["intensity_on_headache_days"] == 6


def test_valued_day_by_day_the_core_endpoints_are_the_same(sample: Path) -> None:
    """The bit masks and the days are two roads to one number."""
    plan = AnalysisPlan()
    periods = oc.split_periods(oc.load_records(sample, plan), plan)
    fast = oc.measure_endpoints(periods)
    fast = fast[fast["mode"] == "diary"].set_index(["patient_id", "period"])[list(CORE_NAMES)]
    slow = window_values(periods, CORE_NAMES).set_index(["patient_id", "period"])
    pd.testing.assert_frame_equal(slow, fast.loc[slow.index], rtol=1e-12)


def test_periods_of_the_course_are_those_of_the_core_counts(sample: Path) -> None:
    plan = AnalysisPlan()
    periods = oc.split_periods(oc.load_records(sample, plan), plan)
    found = measure_by_period(periods, ["headache_days_per_28", "triptan_days_per_28"])
    days = found[found["endpoint"] == "headache_days_per_28"].set_index(["patient_id", "period"])
    counts = period_counts(periods).set_index(["patient_id", "period"])
    assert (days["known_days"] == counts.loc[days.index, "recorded_days"]).all() and len(days) == len(counts)
    valid = counts[counts["recorded_days"] >= 20]
    expected = 28 * valid["headache_days"] / valid["recorded_days"]
    np.testing.assert_allclose(days["value"].dropna(), expected.loc[days["value"].dropna().index], rtol=1e-12)
    assert days["value"].notna().sum() == len(valid)


# ---- laws ----

YES_NO = [None, "yes", "no"]


def _any_day(rng: np.random.Generator) -> dict[str, Any]:
    """A headache day that contradicts itself nowhere."""
    drug = rng.choice(["yes", "no"])
    cells: dict[str, Any] = {
        name: rng.choice(["yes", "no"])
        for name in ("unilateral", "pulsating", "worse_with_activity", "nausea_or_vomiting", "photophobia",
                     "phonophobia", "aura", "self_labelled_migraine")
    }  # fmt: skip
    cells |= {"intensity": int(rng.integers(1, 11)), "duration_hours": float(rng.choice([0.4, 1, 5]))}
    cells |= {"severity": rng.choice(["mild", "severe"]), "attacks": int(rng.integers(0, 4))}
    cells |= {"acute_medication": drug, "acute_medication_class": None, "acute_doses": None}
    if drug == "yes":
        taken = {"acute_medication_class": rng.choice(["triptan", "nsaid", "ergot;other"]), "acute_doses": 2}
        cells |= {**taken, "acute_medication_helped": rng.choice(["yes", "no"])}
    return {**HEADACHE, **cells}


def test_emptying_cells_never_makes_yes_of_no_nor_no_of_yes() -> None:
    """What is not written may make a day unknown, and never anything else."""
    rng = np.random.default_rng(4)
    full = {f"d{at}": _any_day(rng) for at in range(60)}
    emptied = {
        name: {key: None if key != "headache" and rng.random() < 0.3 else value for key, value in day.items()}
        for name, day in full.items()
    }
    for name, endpoint in CATALOGUE.items():
        if endpoint.together != "days" or name == "attacks_by_separation_per_28":
            continue
        before, after = day_values(full, name), day_values(emptied, name)
        moved = [day for day in full if after[day] is not None and after[day] != before[day]]
        # Two columns tell strength: where they disagree and one is emptied, the other speaks alone.
        assert not [
            day
            for day in moved
            if full[day]["severity"] == ("severe" if full[day]["intensity"] >= 4 else "mild")
        ], name
        assert any(value is not None for value in after.values())


def test_leaving_out_days_changes_no_other_day() -> None:
    """Known days fall by the days left out; those that stay keep their value."""
    rng = np.random.default_rng(5)
    diary = pd.DataFrame([{"patient_id": "p", "day": at, **_any_day(rng)} for at in range(-28, 0)])
    # The course then needs one recorded day of 28, as the window does.
    plan = AnalysisPlan(min_recorded_days=1)
    names = [name for name, one in CATALOGUE.items() if one.together == "days" and "attack" not in name]

    def totals(rows: pd.DataFrame) -> pd.Series:
        found = measure_by_period(oc.split_periods(load({"diary": rows}, plan), plan), names)
        return (found["value"] * found["known_days"] / 28).fillna(0).set_axis(found["endpoint"]).round(6)

    kept = rng.random(28) < 0.6
    parts = totals(diary[kept]) + totals(diary[~kept])
    pd.testing.assert_series_equal(parts, totals(diary))


# ---- asking for them ----


@pytest.fixture(scope="module")
def asked(sample: Path) -> Any:
    plan = AnalysisPlan()
    return oc.split_periods(oc.load_records(sample, plan), plan)


def test_by_default_the_core_endpoints_alone(asked: Any) -> None:
    names = [name for name in oc.measure_endpoints(asked).columns if name in CATALOGUE]
    assert names == list(CORE_NAMES)


def test_all_is_what_the_diary_holds_the_columns_for(asked: Any) -> None:
    names = [name for name in oc.measure_endpoints(asked, "all").columns if name in CATALOGUE]
    assert set(names) == set(daily_names(asked.records))
    assert {"migraine_days_per_28", "triptan_days_per_28"} <= set(names)
    less = {"diary": asked.records.frame("diary").drop(columns=["nausea_or_vomiting", "photophobia"])}
    less["sessions"] = asked.records.frame("sessions")
    assert "migraine_days_per_28" not in daily_names(load(less))


def test_by_name_those_alone_and_no_note_on_the_primary_one(asked: Any) -> None:
    endpoints = oc.measure_endpoints(asked, ["triptan_days_per_28"])
    table = oc.compare_all(endpoints)
    assert [change.endpoint.name for change in table] == ["triptan_days_per_28"]
    assert not any("primary endpoint" in note for note in table.notes)


def test_a_name_that_the_records_do_not_hold_is_refused_with_what_it_needs(asked: Any) -> None:
    bare = oc.split_periods(load(drawn("p1 : 3000000 | . 0000000")))
    with pytest.raises(PlanError, match="nausea_or_vomiting or photophobia"):
        oc.measure_endpoints(bare, ["migraine_days_per_28"])
    with pytest.raises(PlanError, match="Did you mean 'triptan_days_per_28'"):
        oc.measure_endpoints(asked, ["triptan_day_per_28"])


def test_a_primary_endpoint_of_the_plan_is_measured_unasked(sample: Path) -> None:
    plan = AnalysisPlan(primary_endpoint="headache_hours_per_28")
    endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records(sample, plan), plan))
    assert next(iter(oc.compare_all(endpoints))).endpoint.name == "headache_hours_per_28"


def test_whoever_is_left_out_is_counted_with_the_reason() -> None:
    lines = {"headache": "yyynnnn | . yynnnnn", "attacks": "1...... | . 1......"}
    enough = {**lines, "attacks": "111.... | . 11....."}
    few = {"headache": "yy..... | . yynnnnn", "attacks": "11..... | . 11....."}
    # Two of seven days are unknown after: five are known, which is enough. Two of three before: still five.
    unknown = {"headache": "yyyynnn | . yynnnnn", "attacks": "....... | . 11....."}
    plan = WEEK_PLAN
    tables = told({"a": enough, "b": enough, "c": few, "d": unknown})
    endpoints = oc.measure_endpoints(oc.split_periods(load(tables, plan), plan), ["attacks_recorded_per_28"])
    change = oc.compare(endpoints, "attacks_recorded_per_28", plan).change
    assert (change.n, change.n_left_out) == (2, 2)
    assert any(
        note.startswith("left out: 1 with too few recorded days, 1 with enough") for note in change.notes
    )


def test_summaries_may_carry_any_endpoint_and_a_value_out_of_range_is_set_aside() -> None:
    rows = [
        {"patient_id": f"p{at}", "period": period, "migraine_days_per_28": value}
        for at in range(5)
        for period, value in (("baseline", 10 + at), ("followup", 5 + 2 * at))
    ]
    rows.append({"patient_id": "p0", "period": "later", "migraine_days_per_28": 40})
    tables = {"summaries": pd.DataFrame(rows)}
    records = load(tables, AnalysisPlan(set_aside_limit=0.5))
    assert [count.set_aside for count in records.counts] == [1]
    endpoints = oc.measure_endpoints(oc.split_periods(records))
    assert oc.compare(endpoints, "migraine_days_per_28").change.value == pytest.approx(-5 + 2)


def test_under_18_no_day_changes_and_a_note_says_so() -> None:
    lines = {"headache": "yyynnnn | . yynnnnn", "self_labelled_migraine": "yyn.... | . yn....."}
    tables = told({"a": lines, "b": lines})
    tables["patients"] = pd.DataFrame({"patient_id": ["a", "b"], "age_band": ["0-17", "30-39"]})
    endpoints = oc.measure_endpoints(oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN), "all")
    values = endpoints.set_index(["patient_id", "period"])["self_labelled_migraine_days_per_28"]
    assert values["a", "baseline"] == values["b", "baseline"] == pytest.approx(8)
    assert any(note.startswith("1 under 18") for note in oc.compare_all(endpoints, WEEK_PLAN).notes)


def test_nobody_and_one_patient() -> None:
    lines = {"headache": "yyynnnn | . yynnnnn", "duration_hours": "223.... | . 22....."}
    for headache in (lines["headache"], "....... | y ......."):
        tables = told({"a": {**lines, "headache": headache}})
        endpoints = oc.measure_endpoints(oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN), "all")
        change = oc.compare(endpoints, "headache_hours_per_28", WEEK_PLAN).change
        assert change.n + change.n_left_out == 1 and change.low is None


def test_the_command_asks_and_says_how_many_it_did_not_ask(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(sample), "--quiet"]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert re.search(r"hold 26 further endpoints.*--endpoints all", last)
    assert (
        main(["compare", str(sample), "--quiet", "--endpoints", "peak_intensity, triptan_days_per_28"]) == 0
    )
    told_ = capsys.readouterr().out
    assert "peak_intensity" in told_ and "burden_per_28" not in told_ and "further endpoints" not in told_
    assert main(["compare", str(sample), "--quiet", "--endpoints", "all", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {row["endpoint"] for row in answer["rows"]} >= {"opioid_days_per_28", *CORE_NAMES}
    assert answer["further_endpoints"] == []


# ---- the catalogue ----


def test_the_table_of_the_method_page_is_the_codes(root: Path) -> None:
    """`python -m outcomes.analysis.catalogue` writes it anew."""
    assert catalogue_page() in (root / "docs" / "method.md").read_text(encoding="utf-8")


def test_every_entry_says_what_it_is_and_needs_known_columns() -> None:
    for name, endpoint in CATALOGUE.items():
        assert endpoint.definition.endswith(".") and endpoint.source and endpoint.label, name
        assert endpoint.highest is not None and endpoint.unit not in ("yes/no", "share"), name
        for need in (*endpoint.needs, *endpoint.also):
            assert {need} if isinstance(need, str) else set(need) <= DIARY.names, name
        assert all(part in CATALOGUE for part in endpoint.product_of)


def test_the_generated_sql_keeps_to_functions_that_every_engine_has(asked: Any) -> None:
    # How repeated days are taken out belongs to the records, and to their engine.
    text = day_statement(asked, list(CATALOGUE), "1", "TRUE").replace(asked.records.placed_days(), "placed")
    text = re.sub(r"--[^\n]*", "", text)
    text = re.sub(r"'[^']*'", "''", text)
    called = {word.lower() for word in re.findall(r"\b([A-Za-z_]\w*)\s*\(", text)} - SQL_WORDS
    assert called <= SQL_FUNCTIONS


# ---- the multiverse ----


def _clinic_with_features(n: int = 8) -> dict[str, pd.DataFrame]:
    """Every fourth day a migraine of six hours, every other fourth one of an hour; fewer of both after."""
    rows = []
    for patient in range(n):
        for day in [*range(-28, 0), *range(1, 168)]:
            kind = (day + patient) % (4 if day < 0 else 6)
            cells = (
                FREE if kind > 1 else _features(unilateral="yes", pulsating="yes", nausea_or_vomiting="yes")
            )
            if kind == 1:
                cells = {**cells, "duration_hours": 1, **DRUG, "acute_medication_helped": "no"}
            rows.append({"patient_id": f"p{patient}", "day": day, **cells})
    return {"diary": pd.DataFrame(rows)}


def test_the_multiverse_counts_days_by_each_rule_where_the_diary_holds_the_features() -> None:
    plan = AnalysisPlan(bootstrap_resamples=999, imputations=20, sensitivity_min_recorded=(20,))
    records = load(_clinic_with_features(), plan)
    found = oc.multiverse(records, plan)
    assert not [row for row in found.rows if row.status == "not_varied"]
    rows = [
        row
        for row in found.rows
        if row.method.startswith("paired t")
        and dict(row.choices)["missing_data"] == "observed days"
        and dict(row.choices)["followup_window"] == "days 56 to 83"
        and dict(row.choices)["baseline_window"] == "28 days"
    ]
    by_rule = {dict(row.choices)["headache_day_rule"]: row.value for row in rows}
    both, long = 28 * (2 / 6 - 2 / 4), 28 * (1 / 6 - 1 / 4)
    assert by_rule == {
        "any headache": pytest.approx(both, abs=0.5),
        "headache of 30 minutes, or a drug": pytest.approx(both, abs=0.5),
        "headache of 240 minutes, or a drug": pytest.approx(both, abs=0.5),
        "migraine, 30 minutes, drugs always": pytest.approx(both, abs=0.5),
        "migraine, 30 minutes, drugs effective": pytest.approx(both, abs=0.5),
        "migraine, 240 minutes, drugs always": pytest.approx(both, abs=0.5),
        # An hour with a drug that did not help is no migraine day by the strictest rule.
        "migraine, 240 minutes, drugs effective": pytest.approx(long, abs=0.5),
    }
    assert abs(both - long) > 1
    # Each equals what `compare` says under a plan with these keys.
    strict = AnalysisPlan(migraine_day_min_minutes=240, migraine_drug_days="effective")
    endpoints = oc.measure_endpoints(oc.split_periods(records, strict), ["migraine_days_per_28"])
    assert (
        by_rule["migraine, 240 minutes, drugs effective"]
        == oc.compare(endpoints, "migraine_days_per_28").change.value
    )


def test_a_planned_migraine_rule_is_the_planned_row_of_the_multiverse() -> None:
    plan = AnalysisPlan(
        bootstrap_resamples=999, primary_endpoint="migraine_days_per_28", migraine_day_min_minutes=240,
        sensitivity_min_recorded=(20,),
    )  # fmt: skip
    found = oc.multiverse(load(_clinic_with_features(6), plan), plan)
    assert dict(found.default.choices)["headache_day_rule"] == "migraine, 240 minutes, drugs always"
    names = {dict(row.choices)["headache_day_rule"] for row in found.rows} - {"not varied"}
    assert len(names) == 7
