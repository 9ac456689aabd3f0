"""What leaves the clinic: no small number, no exact one, and none that can be worked out from the others."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes import PairedChange, compare, compare_groups
from outcomes.analysis.periods import REASONS, PatientFlow
from outcomes.analysis.results import Statistic
from outcomes.reporting import figure_blocks, tables
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.page import FigureBlock, TableBlock

SHARE, INTERNAL = Disclosure("share", 8), Disclosure("internal", 8)
ENDPOINT = "headache_days_per_28"


def endpoints_of(changes: dict[str, list[float]], baseline: float = 14.0) -> pd.DataFrame:
    """An endpoint table: the change of each patient, by headache type. Baselines differ a little."""
    rows = []
    for kind, values in changes.items():
        for number, value in enumerate(values):
            before = baseline + number % 5 - 2
            common = {
                "patient_id": f"{kind}{number}",
                "mode": "diary",
                "recorded_days": 28.0,
                "covered": True,
            }
            rows.append({**common, "period": "baseline", ENDPOINT: before, "headache_type": kind})
            rows.append({**common, "period": "followup", ENDPOINT: before + value, "headache_type": kind})
    return pd.DataFrame(rows)


EXAMPLE = compare(endpoints_of({"migraine": [-4.0, -3.0, 2.0, -9.0] * 5}), ENDPOINT)


def by_type(sizes: dict[str, int]) -> tuple[PairedChange, ...]:
    random = np.random.default_rng(5)
    drawn = {kind: list(random.normal(-3, 2, n)) for kind, n in sizes.items()}
    return compare_groups(endpoints_of(drawn), ENDPOINT, "headache_type").changes


def statistic(name: str, n: int, **values: Any) -> Statistic:
    """A statistic of a real comparison with other numbers in it."""
    return replace(EXAMPLE[name], n=n, **values)


def share_of_patients(count: int, n: int) -> Statistic:
    found = None if n == 0 else count / n
    return statistic("responders_50", n, value=found, low=0.1, high=0.9, count=count)


def mean_of(
    n: int, value: float | None = -3.24, low: float | None = -4.26, high: float | None = -2.2
) -> Statistic:
    return statistic("change", n, value=value, low=low, high=high)


# ---- counts ----


@given(st.integers(0, 3000))
def test_a_count_is_small_or_rounded(n: int) -> None:
    shown = SHARE.patients_in_table(n)
    assert shown == ("≤7" if n <= 7 else f"{5 * int(n / 5 + 0.5):,}")
    drawn = SHARE.patients_drawn(n)
    assert drawn is None if n <= 7 else drawn is not None and drawn % 5 == 0 and abs(drawn - n) <= 2


def test_words_for_patients_do_not_tell_one_from_seven() -> None:
    assert {SHARE.people(n) for n in range(8)} == {"≤7 patients"}
    assert [INTERNAL.people(n) for n in (0, 1, 2)] == ["0 patients", "1 patient", "2 patients"]
    assert SHARE.people(113) == "about 115 patients"


def test_a_larger_minimum_cell_is_kept() -> None:
    strict = Disclosure("share", 20)
    assert strict.patients_in_table(19) == "≤19"
    assert strict.mean(mean_of(19)).value is None
    assert strict.mean(mean_of(20)).value is not None


def test_rows_are_percent_never_none_and_never_all() -> None:
    assert [SHARE.rows(n, 1000) for n in (0, 1, 9, 15, 985, 999, 1000)] == [
        "<1%", "<1%", "<1%", "2%", "99%", ">99%", ">99%"
    ]  # fmt: skip
    assert SHARE.rows(3, 60) == "too few to show"
    assert INTERNAL.rows(3, 60) == "3"


# ---- means ----


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 10])
def test_a_mean_with_its_interval_needs_ten_degrees_of_freedom(n: int) -> None:
    shown = SHARE.mean(mean_of(n))
    assert (shown.value, shown.low, shown.high, shown.reason) == (None, None, None, "too few to show")


def test_a_mean_has_one_decimal() -> None:
    shown = SHARE.mean(mean_of(113))
    assert (shown.value, shown.low, shown.high) == (-3.2, -4.3, -2.2)
    assert (shown.n, shown.n_text) == (115.0, "115")
    assert INTERNAL.mean(mean_of(113)).value == -3.24


@pytest.mark.parametrize("bounds", [(None, None), (-3.0, -3.0)])
def test_a_mean_that_is_everyones_own_value_is_not_shown(bounds: tuple[float | None, float | None]) -> None:
    shown = SHARE.mean(mean_of(40, -3.0, *bounds))
    assert (shown.value, shown.reason) == (None, "not shown")


def test_baseline_follow_up_and_change_go_together() -> None:
    alike = compare(endpoints_of({"migraine": [-3.0] * 20}), ENDPOINT)
    assert SHARE.mean(alike["baseline_mean"]).value is not None
    assert [shown.value for shown in SHARE.before_after(alike)] == [None] * 3
    block = tables.changes_block([alike], SHARE)
    assert block.rows[0][1:] == ("–", "–", "not shown", "–", "20")
    assert [shown.value for shown in INTERNAL.before_after(alike)] != [None] * 3


# ---- shares ----


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_share_tells_neither_few_nor_few_of_the_others(count: int, more: int) -> None:
    n = count + more
    shown = SHARE.share(share_of_patients(count, n))
    if n < 10 or count < 8 or more < 8:
        assert shown.value is None
        assert shown.low is None
        assert shown.high is None
    else:
        assert shown.value is not None
        rounded = 5 * int(count / 5 + 0.5), 5 * int(n / 5 + 0.5)
        assert shown.value == pytest.approx(rounded[0] / rounded[1], abs=0.0051)
        assert 0 < shown.value < 1
    if count >= 8 and more < 8 and n >= 10:
        assert shown.count_text == "all but ≤7"


def test_a_share_comes_from_rounded_counts_only() -> None:
    found = {
        SHARE.share(share_of_patients(count, n))
        for count, n in itertools.product(range(28, 33), range(98, 103))
    }
    assert len(found) == 1


# ---- groups: the attack is the difference between everyone and the groups ----


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_no_small_group_can_be_worked_out_from_the_others(sizes: list[int]) -> None:
    names = ["migraine", "tension_type", "cervicogenic", "cluster", "sinus", "mixed"]
    groups = tuple(compare_like(name, n) for name, n in zip(names, sizes, strict=False))
    shown, together = SHARE.apart(groups)
    assert {*shown, *together} == set(groups)
    assert all(change.n >= 10 for change in shown)
    if shown and together:
        assert sum(change.n for change in together) >= 8
    assert not (len(shown) == 1 and not together)
    assert INTERNAL.apart(groups) == (groups, ())


def compare_like(name: str, n: int) -> PairedChange:
    """A comparison of n patients, made without the statistics: the rules look at n and the interval."""
    found = tuple(
        statistic(what, n, value=-3.0, low=-4.0, high=-2.0)
        for what in ("baseline_mean", "followup_mean", "change")
    )
    return replace(EXAMPLE, group=name, n=n, statistics=found)


def test_a_clinic_with_one_type_of_three_patients() -> None:
    groups = by_type({"migraine": 20, "tension_type": 17, "cluster": 3})[1:]
    block = tables.groups_block(groups, SHARE)
    assert [row[0] for row in block.rows] == ["Migraine", "Others, not shown apart"]
    assert block.rows[1][1:] == ("–", "–", "not shown", "–", "–")
    assert "Cluster" not in block.as_html() + block.as_typst()
    drawn = figure_blocks.by_group_block(groups, SHARE)
    assert isinstance(drawn, FigureBlock)
    assert "Tension" not in drawn.alt


def test_two_types_of_which_one_is_small_are_not_shown() -> None:
    groups = by_type({"migraine": 37, "cluster": 3})[1:]
    assert SHARE.apart(groups)[0] == ()
    assert "too few" in figure_blocks.by_group_block(groups, SHARE).as_text()


def test_ties_go_together() -> None:
    groups = tuple(compare_like(name, n) for name, n in (("a", 12), ("b", 12), ("c", 30), ("d", 2)))
    shown, _ = SHARE.apart(groups)
    assert [change.group for change in shown] == ["c"]


def test_all_of_the_groups_are_there_in_internal() -> None:
    groups = by_type({f"type{number}": 3 for number in range(40)})[1:]
    assert len(tables.groups_block(groups, INTERNAL).rows) == 40
    assert len(tables.groups_block(groups, SHARE).rows) == 1


# ---- the flow ----


def test_the_flow_names_every_reason_and_adds_up_what_it_shows() -> None:
    flow = PatientFlow("diary", 61, (("no_diary", 3), ("followup_too_few_days", 22)), 36)
    reasons = [reason for reason in REASONS if "summary" not in reason]
    block = tables.flow_block_rounded(flow, reasons, SHARE)
    shown = dict(block.rows)
    assert shown[f"left out: {REASONS['no_diary']}"] == "≤7"
    assert shown[f"left out: {REASONS['no_first_session']}"] == "≤7"  # nobody, and it does not say so
    assert shown[f"left out: {REASONS['followup_too_few_days']}"] == "20"
    assert shown["compared"] == "35"
    assert shown["total of the numbers shown"] == "55"


@given(st.lists(st.integers(0, 40), min_size=3, max_size=3), st.integers(0, 200))
def test_what_the_flow_shows_leaves_every_small_number_open(out: list[int], compared: int) -> None:
    """Whatever the numbers: each small one could still be any from 0 to 7."""
    names = ("no_diary", "no_baseline_diary", "followup_too_few_days")
    left_out = tuple((name, n) for name, n in zip(names, out, strict=True) if n)
    block = tables.flow_block_rounded(
        PatientFlow("diary", sum(out) + compared, left_out, compared), names, SHARE
    )
    for number in (number for number, n in enumerate(out) if n <= 7):
        for other in range(8):
            changed = [other if place == number else n for place, n in enumerate(out)]
            pairs = tuple((name, n) for name, n in zip(names, changed, strict=True) if n)
            flow = PatientFlow("diary", sum(changed) + compared, pairs, compared)
            assert tables.flow_block_rounded(flow, names, SHARE) == block


# ---- the course and the figures ----


def course_frame(n: list[int]) -> pd.DataFrame:
    weeks = np.arange(len(n))
    mean = 3.0 + weeks / 7
    frame = pd.DataFrame(
        {"cohort": "headline", "week": weeks, "mean": mean, "low": mean - 0.51, "high": mean + 0.53}
    )
    both = pd.concat([frame.assign(n=n), frame.assign(n=n, cohort="all")], ignore_index=True)
    return both.astype({"n": "int64"})


def test_the_course_is_rounded_and_has_gaps() -> None:
    shown = SHARE.course(course_frame([1, 9, 12, 3, 33, 40, 2])).frame
    assert set(shown["cohort"]) == {"headline"}
    assert list(shown["week"]) == [2, 3, 4, 5]  # the first and last week of a few patients are not there
    assert [n if n == n else None for n in shown["n"]] == [10.0, None, 35.0, 40.0]
    known = shown.dropna()
    for column in ("mean", "low", "high"):
        assert np.allclose(known[column] * 10, np.round(known[column] * 10))
    assert shown.loc[shown["week"] == 3, ["mean", "low", "high"]].isna().all(axis=None)


def test_a_week_in_which_nobody_differs_is_hidden() -> None:
    frame = course_frame([20, 20, 20])
    frame.loc[frame["week"] == 1, ["mean", "low", "high"]] = 0.0
    assert np.isnan(SHARE.course(frame).frame.set_index("week").loc[1, "mean"])


def test_a_course_of_few_patients_is_empty() -> None:
    assert SHARE.course(course_frame([3, 4, 7])).frame.empty


def test_completeness_is_whole_percent_of_ten_or_more() -> None:
    frame = pd.DataFrame({"week": [0, 1, 2], "patients": [9, 10, 40], "share": [0.5, 0.8333, 0.6666]})
    assert SHARE.completeness(frame).frame["share"].tolist() == [0.83, 0.67]


def test_figures_are_drawn_from_what_may_be_shown() -> None:
    """Two clinics that read the same are drawn the same: the drawing holds no more than the words."""
    base = {"migraine": [-4.0, -3.0, -2.0, -1.0] * 6, "tension_type": [-5.0, -1.0] * 9}
    moved = {kind: [value + 0.001 for value in values] for kind, values in base.items()}
    drawings = []
    for changes in (base, moved):
        table = compare_groups(endpoints_of(changes), ENDPOINT, "headache_type")
        blocks = (
            figure_blocks.before_after_block(table.changes[:1], SHARE),
            figure_blocks.by_group_block(table.changes[1:], SHARE),
            figure_blocks.responders_figure_block(table.changes[0], SHARE),
        )
        drawings.append([(block.svg, block.alt) for block in blocks if isinstance(block, FigureBlock)])
    assert drawings[0] == drawings[1]
    assert len(drawings[0]) == 3


def test_tables_hold_no_exact_number_of_patients() -> None:
    """43 patients of 23 and 17 and 3: none of these numbers, nor a count of responders, is in any table."""
    table = by_type({"migraine": 23, "tension_type": 17, "cluster": 3})
    blocks: list[TableBlock] = [
        tables.changes_block(table[:1], SHARE),
        tables.groups_block(table[1:], SHARE),
        tables.responders_block(table[0], SHARE),
    ]
    for block in blocks:
        text = block.as_text()
        assert not re.search(r"(?<![\d.,−])(43|23|17|3)(?![\d.,%]| to)", text), text
