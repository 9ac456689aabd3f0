"""Chronic, overuse, control: who was in which state, drawn by hand, before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from day_drawings import told
from diaries import load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.proportions import mcnemar, newcombe_paired
from outcomes.analysis.questions import ask
from outcomes.analysis.questions.state_rules import band_of, month_limit, overuse_states, reaches, run_of
from outcomes.errors import PlanError

PLAN = AnalysisPlan()


def _month(headache: int, of: int = 28) -> str:
    return "y" * headache + "n" * (of - headache)


def _diary(months: dict[int, str]) -> str:
    """Headache days of whole periods; −1 is the last before day 0, and day 0 itself is not recorded."""
    first, last = min(months), max(months)
    before = " ".join(months.get(at, "." * 28) for at in range(first, 0))
    after = " ".join(months.get(at, "." * 28)[1 if at == 0 else 0 :] for at in range(last + 1))
    return f"{before} | . {after}"


def _asked(patients: dict[str, dict[str, str]], plan: AnalysisPlan = PLAN, **tables: Any) -> Answers:
    records = load({**told(patients), **tables}, plan)
    return ask(oc.split_periods(records, plan), "states")


def _headaches(counts: dict[str, tuple[int, int]]) -> dict[str, dict[str, str]]:
    """Patients with so many headache days in the windows: the period before, and days 56 to 83."""
    return {
        name: {"headache": _diary({-1: _month(before), 2: _month(after)})}
        for name, (before, after) in counts.items()
    }


# ---- chronic ----

CROWD = {
    "a": (20, 10), "b": (15, 14), "c": (28, 15), "d": (14, 15), "e": (3, 0), "f": (16, 2), "g": (9, 9), "h": (18, 3),
}  # fmt: skip


def test_fifteen_days_are_chronic_and_shares_are_of_the_same_patients() -> None:
    patients = _headaches(CROWD)
    patients["left"] = {"headache": _diary({-1: _month(20)})}
    found = _asked(patients)
    # a, b, c, f and h before; c and d after; one patient has no follow-up.
    assert (found["chronic_before"].count, found["chronic_after"].count) == (5, 2)
    change = found["chronic_change"]
    assert (change.n, change.n_left_out) == (8, 1)
    expected = newcombe_paired(1, 4, 1, 2, 0.95)
    assert (change.value, change.low, change.high) == (expected.value, expected.low, expected.high)
    assert change.value == pytest.approx(-3 / 8) and change.method == "Newcombe, paired"
    assert change.p == mcnemar(4, 1).p
    left, entered = found["chronic_to_episodic"], found["episodic_to_chronic"]
    assert (left.count, left.n, left.n_left_out) == (4, 5, 4)
    assert (entered.count, entered.n, entered.n_left_out) == (1, 3, 6)


def test_the_flows_hold_everyone_whose_state_is_known_twice() -> None:
    flows = _asked(_headaches(CROWD)).frames["flows"]
    chronic = flows[flows["state"] == "chronic"].set_index(["before", "after"])["n"].to_dict()
    assert chronic == {
        ("chronic", "chronic"): 1, ("chronic", "episodic"): 4, ("episodic", "chronic"): 1, ("episodic", "episodic"): 2,
    }  # fmt: skip


def test_the_limit_of_a_month_taken_as_it_is_or_scaled_to_28_days() -> None:
    assert month_limit(15, PLAN) == 15
    scaled = AnalysisPlan(month_limits="scaled")
    assert month_limit(15, scaled) == pytest.approx(13.8, abs=0.01)
    assert month_limit(10, scaled) == pytest.approx(9.2, abs=0.01)
    # b after and d before have 14 days: chronic where 15 a month are 13.8 in 28.
    found = _asked(_headaches(CROWD), scaled)
    assert (found["chronic_before"].count, found["chronic_after"].count) == (6, 3)


def test_fewer_days_where_the_plan_says_so() -> None:
    found = _asked(_headaches(CROWD), AnalysisPlan(chronic_days=10))
    assert (found["chronic_before"].count, found["chronic_after"].count) == (6, 4)


def test_unknown_is_neither_chronic_nor_episodic() -> None:
    patients = {"few": {"headache": _diary({-1: "y" * 15 + "." * 13, 2: _month(1)})}}
    found = _asked(patients)
    assert (found["chronic_change"].n, found["chronic_change"].n_left_out) == (0, 1)
    assert found["chronic_change"].value is None and found["chronic_change"].notes


# ---- persistence ----


def _course(*counts: int | None) -> dict[str, str]:
    months = {-1: _month(20)}
    months |= {at: _month(n) for at, n in enumerate(counts) if n is not None}
    return {"headache": _diary(months)}


PERSISTENT = {
    "three in a row": _course(16, 10, 9, 8),
    "two in a row": _course(16, 10, 9, 15, 10),
    "a month is missing": _course(10, 10, None, 10, 10),
    "broken, then three": _course(10, 20, 3, 3, 3),
    "never below": _course(20, 20, 20),
}


def test_persistent_is_three_valid_periods_in_a_row_and_a_gap_breaks_the_run() -> None:
    patients = {f"p{at}": lines for at, lines in enumerate(PERSISTENT.values())}
    found = _asked(patients)
    evaluable = found["persistent_chronic_to_episodic"]
    # The patient with the gap has no three periods in a row: neither yes nor no.
    assert (evaluable.count, evaluable.n, evaluable.n_left_out) == (2, 4, 1)
    everyone = found["persistent_chronic_to_episodic_all_started"]
    assert (everyone.count, everyone.n, everyone.n_left_out) == (2, 5, 0)
    two = _asked(patients, AnalysisPlan(chronic_persistence_periods=2))
    assert (two["persistent_chronic_to_episodic"].count, two["persistent_chronic_to_episodic"].n) == (4, 5)


def test_what_untreated_people_did_stands_beside_it() -> None:
    assert any("73.4%" in note and "CaMEO" in note for note in _asked(_headaches(CROWD)).notes)


def test_runs_by_hand() -> None:
    states = pd.DataFrame(
        [[1, 1, 1, 0], [1, 1, np.nan, 1], [0, 1, 1, np.nan], [np.nan] * 4, [1, 1, np.nan, np.nan]],
        dtype="float64",
    )
    assert run_of(states, 3).tolist()[:3] == pytest.approx([1, np.nan, 0], nan_ok=True)
    assert run_of(states, 3).isna().tolist() == [False, True, False, True, True]
    assert run_of(states, 2).tolist()[:3] == [1, 1, 1]
    assert run_of(states, 5).isna().all()


# ---- overuse ----


def _drugs(**days: int) -> dict[str, str]:
    """Headache every day of both windows; so many days with each drug before, one after another, none after."""
    letters = {
        "triptan": "t",
        "paracetamol": "p",
        "nsaid": "n",
        "opioid": "o",
        "ergot": "e",
        "gepant": "g",
        "other": "x",
    }
    taken = "".join(letters[name] * n for name, n in days.items())
    drug = "y" * len(taken) + "n" * (28 - len(taken))
    return {
        "headache": f"{'y' * 28} | . {'.' * 55} {'y' * 28}",
        "acute_medication": f"{drug} | . {'.' * 55} {'n' * 28}",
        "acute_medication_class": f"{taken.ljust(28, '.')} | . {'.' * 55} {'.' * 28}",
    }


@pytest.mark.parametrize(
    ("days", "overused"),
    [
        ({"triptan": 10}, {"triptan"}),
        ({"triptan": 9}, set()),
        ({"opioid": 10}, {"opioid"}),
        ({"paracetamol": 14}, set()),
        ({"paracetamol": 15}, {"paracetamol"}),
        ({"nsaid": 15}, {"nsaid"}),
        # None of them alone, ten days together.
        ({"triptan": 5, "paracetamol": 5}, {"several_classes"}),
        ({"triptan": 4, "paracetamol": 5}, set()),
        # One is overused by itself: it is not several together.
        ({"triptan": 10, "nsaid": 3}, {"triptan"}),
        # Gepants and other drugs have no limit.
        ({"gepant": 20}, set()),
        ({"other": 20, "triptan": 8}, set()),
    ],
)
def test_the_overuse_range_by_class(days: dict[str, int], overused: set[str]) -> None:
    found = _asked({"p1": _drugs(**days)})
    assert found["overuse_range_before"].count == int(bool(overused))
    assert found["overuse_range_after"].count == 0
    names = {
        row.statistic
        for row in found
        if row.statistic.startswith("overuse_") and row.statistic.endswith("_before")
    }
    assert names - {"overuse_range_before"} == {f"overuse_{name}_before" for name in overused}


def test_limits_scaled_to_28_days_are_reached_earlier() -> None:
    plan = AnalysisPlan(month_limits="scaled")
    # 14 days of paracetamol are above 13.8.
    assert _asked({"p1": _drugs(paracetamol=14)}, plan)["overuse_range_before"].count == 1
    assert _asked({"p1": _drugs(paracetamol=13)}, plan)["overuse_range_before"].count == 0


def test_a_drug_of_unknown_class_leaves_the_range_unknown() -> None:
    lines = _drugs(triptan=12)
    unknown = {
        **lines,
        "acute_medication_class": lines["acute_medication_class"].replace("t" * 12, "t" * 2 + "." * 10),
    }
    found = _asked({"p1": unknown})
    # 18 days are known, and 20 are needed: not "no", but not known.
    assert (found["overuse_range_change"].n, found["overuse_range_change"].n_left_out) == (0, 1)


def test_any_medication_on_ten_days_needs_no_classes() -> None:
    lines = {name: line for name, line in _drugs(triptan=10).items() if name != "acute_medication_class"}
    found = _asked({"p1": lines})
    assert (found["medication_10_days_before"].count, found["medication_10_days_after"].count) == (1, 0)
    assert not any(row.statistic.startswith("overuse") for row in found)


def _lasting(triptans: list[int], headaches: list[int]) -> dict[str, str]:
    """Four periods before and four after day 0, with so many days each."""
    head = {at: _month(n) for at, n in zip(range(-4, 4), headaches, strict=True)}
    drug = {at: "y" * n + "n" * (28 - n) for at, n in zip(range(-4, 4), triptans, strict=True)}
    classes = {at: "t" * n + "." * (28 - n) for at, n in zip(range(-4, 4), triptans, strict=True)}
    return {
        "headache": _diary(head), "acute_medication": _diary(drug), "acute_medication_class": _diary(classes),
    }  # fmt: skip


def test_criteria_are_met_where_both_last_four_periods_in_a_row() -> None:
    patients = {
        # Day 0 is in no period: the first after it is short by a day, so one day more is drawn there.
        "lasting": _lasting([12] * 8, [20] * 8),
        "ended": _lasting([12] * 4 + [2] * 4, [20] * 8),
        "three": _lasting([2, 12, 12, 12, 12, 12, 12, 2], [20] * 8),
        "few_headaches": _lasting([12] * 8, [14] * 8),
    }
    found = _asked(patients)
    before, after = found["overuse_criteria_met_before"], found["overuse_criteria_met_after"]
    assert (before.count, after.count, before.n) == (2, 1, 4)
    three = _asked(patients, AnalysisPlan(overuse_persistence_periods=3))
    assert (three["overuse_criteria_met_before"].count, three["overuse_criteria_met_after"].count) == (3, 2)
    words = " ".join((*found.labels.values(), *found.notes)).lower()
    assert "criteria met" in words and "not diagnoses" in words and "diagnosed" not in words


def test_one_month_is_never_called_criteria_met() -> None:
    found = _asked({"p1": _drugs(triptan=20)})
    assert found["overuse_range_before"].count == 1
    assert found["overuse_criteria_met_after_alone"].n == 0
    assert not any(row.statistic == "overuse_criteria_met_before" for row in found)


# ---- control ----


def test_the_bands_by_their_edges() -> None:
    days = pd.DataFrame({"x": [0, 0.5, 3.99, 4, 6, 6.01, 28, np.nan]})
    assert band_of(days)["x"].tolist()[:7] == [
        "freedom", "optimal", "optimal", "modest", "modest", "insufficient", "insufficient",
    ]  # fmt: skip
    assert band_of(days)["x"].isna().tolist() == [False] * 7 + [True]


def _severe(counts: dict[int, int]) -> dict[str, str]:
    """So many severe days of six hours in each period, without any drug."""
    fill = {"headache": "yn", "intensity": "8.", "duration_hours": "6.", "acute_medication": "nn"}
    lines = {}
    for column, (yes, no) in fill.items():
        lines[column] = _diary({at: yes * n + no * (28 - n) for at, n in counts.items()})
    return lines


def test_bands_over_three_months_and_over_one() -> None:
    months = {-3: 9, -2: 9, -1: 9}
    patients = {
        "free": _severe({**months, 0: 0, 1: 0, 2: 0}),
        "mean_of_3": _severe({**months, 0: 0, 1: 0, 2: 9}),
        "modest": _severe({**months, 0: 5, 1: 5, 2: 5}),
        "one_month_before": _severe({-1: 9, 0: 0, 1: 0, 2: 0}),
    }
    found = _asked(patients)
    three = {
        band: found[f"control_3_months_{band}_after"]
        for band in ("freedom", "optimal", "modest", "insufficient")
    }
    assert {band: row.count for band, row in three.items()} == {
        "freedom": 1,
        "optimal": 1,
        "modest": 1,
        "insufficient": 0,
    }
    assert three["freedom"].n == 3 and three["freedom"].n_left_out == 1
    alone = found["control_3_months_freedom_after_alone"]
    assert (alone.count, alone.n) == (2, 4)
    # The follow-up window alone says otherwise of the second patient: nine days in it.
    assert found["control_month_insufficient_after"].count == 1
    assert found["control_month_insufficient_before"].count == 4
    flows = found.frames["flows"]
    assert flows.loc[flows["state"] == "control_3_months", "n"].sum() == 3


def test_what_the_bands_lack_is_said() -> None:
    notes = " ".join(_asked({"p1": _severe({-1: 9, 2: 0})}).notes)
    assert "two hours after the drug" in notes and "migraine days by rule cannot be told" in notes


# ---- laws and edges ----


def test_nothing_here_is_a_t() -> None:
    patients = {**_headaches(CROWD), **{f"d{at}": _drugs(triptan=at * 4) for at in range(4)}}
    assert {row.method for row in _asked(patients)} <= {"Wilson", "Newcombe, paired"}


def test_n_and_left_out_are_everybody_in_every_row() -> None:
    patients = {
        **_headaches(CROWD),
        "gone": {"headache": _diary({-1: _month(3)})},
        "drug": _drugs(triptan=12),
    }
    assert {row.n + row.n_left_out for row in _asked(patients)} == {10}


def test_names_and_order_of_rows_do_not_matter_and_swapped_windows_turn_the_sign() -> None:
    straight = _asked(_headaches(CROWD))
    renamed = _asked(_headaches({f"z{9 - at}": counts for at, counts in enumerate(CROWD.values())}))
    assert straight.statistics == renamed.statistics
    swapped = _asked(_headaches({name: (after, before) for name, (before, after) in CROWD.items()}))
    assert swapped["chronic_change"].value == pytest.approx(-straight["chronic_change"].value)
    assert swapped["chronic_change"].p == straight["chronic_change"].p


def test_recalled_and_written_days_are_never_pooled() -> None:
    rows = [
        {"patient_id": name, "mode": mode, "period": period, "headache_days_per_28": value}
        for name, before, after in (("a", 20, 10), ("b", 20, 18), ("c", 3, 2))
        for mode, less in (("diary", 0), ("recall_28", 6))
        for period, value in (("baseline", before - less if before > 6 else before), ("followup", after))
    ]
    records = load({"summaries": pd.DataFrame(rows)})
    found = ask(oc.split_periods(records), "states")
    counts = {row.mode: row.count for row in found if row.statistic == "chronic_before"}
    assert counts == {"diary": 2, "recall_28": 0}


def test_records_without_days_are_refused() -> None:
    rows = [
        {"patient_id": "a", "period": period, "headache_hours_per_28": 10}
        for period in ("baseline", "followup")
    ]
    with pytest.raises(PlanError, match="neither headache days nor days with medication"):
        ask(oc.split_periods(load({"summaries": pd.DataFrame(rows)})), "states")


def test_one_patient_and_nothing_recorded() -> None:
    found = _asked({"a": {"headache": "_______ | . _______"}})
    assert found["chronic_before"].value is None
    assert found.summary() and len(found.frames["flows"]) == 0


def test_overuse_states_keep_unknown_apart() -> None:
    names = ("triptan", "ergot", "opioid", "combination_analgesic", "paracetamol", "aspirin", "nsaid")
    values = {f"{name}_days_per_28": pd.DataFrame({"x": [0.0, np.nan]}) for name in names}
    values["overuse_class_days_per_28"] = pd.DataFrame({"x": [0.0, np.nan]})
    found = overuse_states(values, PLAN)["overuse_range"]["x"]
    assert found[0] == 0 and np.isnan(found[1])
    assert reaches(pd.DataFrame({"x": [28 * 15 / 28]}), 15)["x"][0] == 1


def test_episodic_cluster_headache_is_in_no_state_also_over_months() -> None:
    # Both have three months before and after; bouts end by themselves, so those of `bout` are never compared.
    months = {number: _month(20) for number in range(-3, 3)}
    tables = told({name: {"headache": _diary(months)} for name in ("bout", "lasting")})
    tables["diary"]["intensity"] = np.where(tables["diary"]["headache"] == "yes", 6, np.nan)
    tables["diary"]["duration_hours"] = np.where(tables["diary"]["headache"] == "yes", 8, np.nan)
    tables["patients"] = pd.DataFrame({"patient_id": ["bout", "lasting"], "ichd3_code": ["3.1.1", "3.1.2"]})
    found = ask(oc.split_periods(load(tables, PLAN), PLAN), "states")
    bands = [row for row in found if row.statistic.startswith("control")]
    assert {row.statistic for row in bands} >= {
        "control_3_months_insufficient_before", "control_3_months_insufficient_after_alone",
    }  # fmt: skip
    assert {(row.n, row.n_left_out) for row in bands} == {(1, 1)}
    assert found["chronic_before"].n == 1
