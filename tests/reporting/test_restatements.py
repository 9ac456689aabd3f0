"""Restated figures: what an earlier report showed, worked out again, each figure that moved with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load

from outcomes.plan import AnalysisPlan
from outcomes.reporting.contents import MonthlyReport
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.identity import differences, table_digests
from outcomes.reporting.page import Block, Sentence, TableBlock
from outcomes.reporting.restatements import EarlierReport, moved, shown_figures
from outcomes.reporting.script_results import results_payload

#: Twelve patients: three headache days of seven before, and one or two after.
BEFORE = "3300003"


def tables(before_p11: str = BEFORE, **changed: str) -> dict[str, pd.DataFrame]:
    after = {f"p{number}": ". 3300000" if number % 2 else ". 3000000" for number in range(12)}
    after |= changed
    before = {name: before_p11 if name == "p11" else BEFORE for name in after}
    return drawn("".join(f"{name}: {before[name]} | {days}\n" for name, days in after.items()))


def report_of(
    given: dict[str, pd.DataFrame],
    profile: Profile = "internal",
    plan: AnalysisPlan = WEEK_PLAN,
    earlier: tuple[EarlierReport, ...] = (),
) -> MonthlyReport:
    return MonthlyReport(
        load(given, plan), None, Disclosure(profile, plan.minimum_cell), run_id="r2", earlier=earlier
    )


def earlier_report(
    given: dict[str, pd.DataFrame],
    *causes: tuple[str, str],
    profile: Profile = "internal",
    plan: AnalysisPlan = WEEK_PLAN,
) -> EarlierReport:
    figures = tuple(shown_figures(report_of(given, profile, plan)))
    # As it comes back from the manifest.
    kept = json.loads(json.dumps({"figures": figures, "plan": plan.to_dict()}))
    return EarlierReport(None, "r1", causes, tuple(kept["figures"]), kept["plan"])


def restated(
    now: dict[str, pd.DataFrame],
    earlier: EarlierReport,
    profile: Profile = "internal",
    plan: AnalysisPlan = WEEK_PLAN,
) -> Block:
    return report_of(now, profile, plan, (earlier,)).restated()


def reasons(block: Block) -> dict[str, str]:
    assert isinstance(block, TableBlock)
    return {str(row[0]): str(row[-1]) for row in block.rows}


DATA = ("data", "diary.csv has changed")
CHANGE = "Headache days, change"


def test_the_first_report_has_nothing_to_be_held_against() -> None:
    block = report_of(tables()).restated()
    assert isinstance(block, Sentence)
    assert "no earlier report" in block.as_text()


@pytest.mark.parametrize("profile", ["internal", "share"])
def test_nothing_has_moved(profile: Profile) -> None:
    block = restated(tables(), earlier_report(tables(), profile=profile), profile)
    assert isinstance(block, Sentence)
    assert "No figure that was shown before reads otherwise now" in block.as_text()


def test_a_late_diary_moves_the_figure_by_hand() -> None:
    """One patient of twelve had 1 day of 7 after, and has 3: 2 days, 8 per 28, a twelfth of it in the mean.

    Before: 3 days of 7, 12 per 28. After: six patients with 1 day (4 per 28) and six with 2 (8): mean 6, change −6.
    Now the mean after is 6 + 8/12, and the change −5.3.
    """
    earlier = earlier_report(tables(), DATA)
    block = restated(tables(p0=". 3330000"), earlier)
    assert isinstance(block, TableBlock)
    row = next(row for row in block.rows if row[0] == CHANGE)
    assert str(row[1]).startswith("−6.0 (") and str(row[2]).startswith("−5.3 (")
    assert block.caption == "all patients" and row[-1] == "late or changed data"
    assert "Headache days, baseline" not in reasons(block)
    assert "diary.csv has changed" in block.notes[0] and "run r1" in block.notes[0]


def test_in_share_the_new_value_is_not_shown_beside_the_old_one() -> None:
    """p11 has a fourth day before, since means of patients who are all alike are not shown: 12.3 before, −6.3."""
    earlier = earlier_report(tables("3330003"), DATA, profile="share")
    block = restated(tables("3330003", p0=". 3330000"), earlier, "share")
    assert isinstance(block, TableBlock)
    assert block.columns == ("figure", "as reported", "reason")
    text = block.as_text()
    assert "−6.3 (" in text
    for hidden in ("−5.7", "diary.csv", "n\u00a012"):
        assert hidden not in text


def test_another_definition_is_told_by_its_key() -> None:
    """One recorded day of seven after the first session: looked at under 1 day, left out under 7."""
    given = tables(p0=". 0......")
    loose, strict = (
        AnalysisPlan(baseline_days=7, followup_first_day=1, followup_last_day=7, min_recorded_days=days)
        for days in (1, 7)
    )
    cause = ("definition", "min_recorded_days: 1 → 7")
    block = restated(given, earlier_report(given, cause, plan=loose), plan=strict)
    assert set(reasons(block).values()) == {"definition"}
    assert "min_recorded_days: 1 → 7" in block.as_text()


def test_data_and_definition_together_are_told_apart_figure_by_figure() -> None:
    """Lowering the responders' least baseline moves who counts as halved; a late diary moves the mean change.

    The baseline has 12 days per 28 everywhere: above a least baseline of 4, below one of 20.
    """
    loose = WEEK_PLAN
    strict = AnalysisPlan(
        baseline_days=7, followup_first_day=1, followup_last_day=7, responder_min_baseline=20.0
    )
    causes = (DATA, ("definition", "responder_min_baseline: 4.0 → 20.0"))
    # p1 had 2 days after and has 3: not halved before, not halved now.
    block = restated(tables(p1=". 3330000"), earlier_report(tables(), *causes, plan=loose), plan=strict)
    found = reasons(block)
    assert found[CHANGE] == "late or changed data"
    assert found["Headache days halved"] == "definition"


def test_a_move_by_less_than_is_shown_is_counted_and_not_listed() -> None:
    """As on another machine: the unrounded number differs, what was printed does not."""
    earlier = earlier_report(tables(), DATA)
    figures = tuple({**one, "value": one["value"] and one["value"] + 1e-6} for one in earlier.figures)
    block = restated(tables(), replace(earlier, figures=figures))
    assert isinstance(block, Sentence)
    assert "by less than is shown" in block.as_text()


def test_an_earlier_month_that_cannot_be_worked_out_again_is_said() -> None:
    """Records with day numbers have no months."""
    block = restated(tables(p0=". 3330000"), replace(earlier_report(tables(), DATA), month="2026-09"))
    assert isinstance(block, Sentence)
    assert "September 2026 (run r1) cannot be worked out again" in block.as_text()


def test_two_earlier_months_stand_in_one_table() -> None:
    """The month itself as it was before, and the month before it: June is in both years."""
    text = "".join(f"p{number}: {BEFORE} | . 3{number % 2 * 3}00000\n" for number in range(12))
    given = drawn(text, first_session="2026-06-01")
    late = drawn(
        text.replace("p0: 3300003 | . 3000000", "p0: 3300003 | . 3330000"), first_session="2026-06-01"
    )

    def monthly(
        tables: dict[str, pd.DataFrame], month: str, earlier: tuple[EarlierReport, ...] = ()
    ) -> MonthlyReport:
        return MonthlyReport(
            load(tables, WEEK_PLAN), month, Disclosure("internal", 8), run_id="r2", earlier=earlier
        )

    def before(month: str) -> EarlierReport:
        figures = tuple(shown_figures(monthly(given, month)))
        return EarlierReport(month, "r1", (DATA,), figures, WEEK_PLAN.to_dict())

    block = monthly(late, "2026-07", (before("2026-07"), before("2026-06"))).restated()
    assert isinstance(block, TableBlock)
    changes = [row for row in block.rows if row[1] == CHANGE]
    assert [row[0] for row in changes] == ["July 2026", "June 2026"]
    # By hand, as above: −6.0 then, and −5.3 now.
    assert all(str(row[2]).startswith("−6.0") and str(row[3]).startswith("−5.3") for row in changes)


def test_what_nothing_explains_is_a_fault() -> None:
    block = restated(tables(p0=". 3330000"), earlier_report(tables()))
    assert set(reasons(block).values()) == {"unexplained: a fault of the program"}


def test_a_figure_that_is_no_longer_there() -> None:
    old = {"key": "gone", "label": "x", "text": "1", "value": 1.0, "low": None, "high": None}
    assert moved([old], []) == [(old, None)]


def test_the_same_number_on_another_machine_has_not_moved() -> None:
    old = {"key": "a", "label": "x", "text": "0.3", "value": 0.1 + 0.2, "low": None, "high": None}
    assert moved([old], [{**old, "value": 0.3}]) == []
    assert moved([old], [{**old, "value": 0.30001}]) != []


# ---- numbers for scripts ----


def test_share_holds_only_what_the_page_shows() -> None:
    """Three patients of twelve are left out: exact numbers are in the internal results, not in the shared ones."""
    given = tables(p0=". .......", p1=". .......", p2=". .......", p3=". .......")
    internal, shared = (results_payload(report_of(given, profile)) for profile in ("internal", "share"))
    assert set(shared) == {"figures"}
    assert {"figures", "flow", "statistics"} == set(internal)
    assert internal["flow"]["analysed"] == 8
    assert all(figure["value"] is None for figure in shared["figures"])
    assert json.dumps(internal, allow_nan=False)


def test_internal_numbers_are_unrounded() -> None:
    figures = {one["key"]: one for one in results_payload(report_of(tables(p0=". 3330000")))["figures"]}
    assert figures["headache_days_per_28.change"]["value"] == pytest.approx(-16 / 3, abs=1e-12)
    varied = report_of(tables("3330003", p0=". 3330000"), "share")
    shared = {one["key"]: one for one in results_payload(varied)["figures"]}
    assert shared["headache_days_per_28.change"]["value"] == -5.7


# ---- in what two runs differ ----


def identity(**changed: Any) -> dict[str, Any]:
    return {
        "month": "2026-09",
        "inputs": {"diary.csv": "a", "sessions.csv": "b"},
        "plan": {"seed": 1, "minimum_cell": 8},
        "beside": {"mapping": None},
        "accept_set_aside": None,
        "versions": {"outcomes": "1", "code": "c", "numpy": "2.0"},
    } | changed


@pytest.mark.parametrize(
    ("changed", "kind", "what"),
    [
        ({"inputs": {"diary.csv": "z", "sessions.csv": "b"}}, "data", "diary.csv has changed"),
        ({"inputs": {"diary.csv": "a"}}, "data", "sessions.csv is no longer there"),
        ({"accept_set_aside": 3}, "data", "another number of rows set aside was accepted"),
        ({"plan": {"seed": 2, "minimum_cell": 8}}, "definition", "seed: 1 → 2"),
        ({"beside": {"mapping": "m"}}, "definition", "mapping.toml is new"),
        ({"versions": {"outcomes": "1", "code": "c", "numpy": "2.1"}}, "version", "numpy 2.0 → 2.1"),
        ({"versions": {"outcomes": "2", "code": "d", "numpy": "2.0"}}, "version", "outcomes 1 → 2"),
        (
            {"versions": {"outcomes": "1", "code": "d", "numpy": "2.0"}},
            "version",
            "the program's own code, under the same version number",
        ),
        ({"plan": {"seed": 1, "minimum_cell": 8, "new": 3}}, "version", "the plan's key new is new"),
    ],
)
def test_each_difference_has_its_cause(changed: dict[str, Any], kind: str, what: str) -> None:
    assert [(cause.kind, cause.what) for cause in differences(identity(), identity(**changed))] == [
        (kind, what)
    ]


def test_another_month_of_the_same_run_is_no_difference() -> None:
    assert differences(identity(), identity(month="2026-10")) == ()


def test_tables_of_a_server_are_told_by_their_rows() -> None:
    given = tables()
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in given.items()}
    same, changed = table_digests(load(shuffled)), table_digests(load(tables(p0=". 3330000")))
    assert table_digests(load(given)) == same
    assert same["diary"] != changed["diary"]
