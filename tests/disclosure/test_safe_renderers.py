"""Renderers take what disclosure made, and nothing else: held by type while whole reports are made."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from months_of_reports import blocks_of

from outcomes import compare_groups, load_records, split_periods
from outcomes.analysis.answers import Answers
from outcomes.analysis.questions import ask
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting import figure_blocks, figures, tables, wording
from outcomes.reporting.disclosure import Disclosure, Profile, SafeTable, Shown, needs_safe, shown
from outcomes.reporting.disclosure.topic_frames import CURVE_DAYS
from outcomes.reporting.disclosure.topics import from_enough
from outcomes.reporting.page import FigureBlock

SHARE, PUBLIC, INTERNAL = (Disclosure(profile, 8) for profile in ("share", "public", "internal"))  # type: ignore[arg-type]
handed_on = pytest.mark.parametrize("profile", ["share", "public"])


# ---- the type ----


def test_nobody_but_disclosure_makes_a_safe_table() -> None:
    with pytest.raises(TypeError, match="disclosure alone"):
        SafeTable(pd.DataFrame({"n": [3]}), "share", made_by=object())


@pytest.mark.parametrize("given", [pd.DataFrame({"n": [3]}), None, [1, 2], {"n": 3}])
def test_a_renderer_refuses_what_is_no_safe_table(given: object) -> None:
    with pytest.raises(TypeError, match="takes a SafeTable"):
        needs_safe(given, "share")


def test_a_table_for_the_clinic_is_not_one_to_hand_on() -> None:
    internal = INTERNAL.table([{"label": "x"}])
    with pytest.raises(TypeError, match="profile internal was given for share"):
        needs_safe(internal, "share")


def test_a_safe_table_cannot_be_changed_through_its_frame() -> None:
    table = SHARE.table([{"label": "x"}])
    frame = table.frame
    frame.loc[0, "label"] = "P-0001"
    assert table.to_rows() == [{"label": "x"}]


def test_the_maker_of_safe_tables_is_imported_by_disclosure_alone(root: Path) -> None:
    for path in (root / "outcomes").rglob("*.py"):
        if "reporting/disclosure/" not in path.as_posix():
            assert "safe_table(" not in path.read_text(encoding="utf-8"), path


# ---- whole reports ----


class Raw(float):
    """A number of a result, as it is before disclosure. Rounding for the reader refuses it."""


def raw(row: Statistic) -> Statistic:
    marked = {
        name: None if value is None else Raw(value)
        for name, value in (("value", row.value), ("low", row.low), ("high", row.high))
    }
    return replace(row, **marked)  # type: ignore[arg-type]


def raw_change(change: PairedChange) -> PairedChange:
    return replace(change, statistics=tuple(raw(row) for row in change.statistics))


def refuses_raw(told: Callable[..., str]) -> Callable[..., str]:
    def checked(*values: Any, **options: Any) -> str:
        assert not any(isinstance(value, Raw) for value in values), "an exact number on its way to the page"
        return told(*values, **options)

    return checked


@handed_on
def test_tables_and_sentences_are_worded_from_shown_values_alone(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(5)
    rows = []
    for number in range(120):
        common = {"patient_id": f"p{number}", "mode": "diary", "recorded_days": 28.0, "covered": True}
        common |= {"headache_type": ["migraine", "tension_type", "cluster"][number % 7 % 3]}
        before = float(random.integers(4, 20))
        rows.append({**common, "period": "baseline", "headache_days_per_28": before})
        after = max(0.0, before + float(random.integers(-9, 4)))
        rows.append({**common, "period": "followup", "headache_days_per_28": after})
    found = compare_groups(pd.DataFrame(rows), "headache_days_per_28", "headache_type").changes
    changes = [raw_change(change) for change in found]
    for module in (tables, wording, figure_blocks):
        for name in ("number", "percent", "interval", "percent_interval"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, refuses_raw(getattr(module, name)))
    disclosure = Disclosure(profile, 8)
    assert "patients" in wording.change_sentence(changes[0], disclosure)
    for block in (
        tables.changes_block(changes, disclosure),
        tables.groups_block(changes[1:], disclosure),
        tables.responders_block(changes[0], disclosure),
    ):
        assert block.rows
    with pytest.raises(AssertionError, match="exact number"):
        tables.changes_block(changes, INTERNAL)  # the check is one that finds something


@pytest.mark.parametrize("profile", ["share", pytest.param("public", marks=pytest.mark.long)])
def test_figures_of_a_report_are_drawn_from_safe_tables_alone(
    profile: Profile, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every frame that reaches a drawing function came out of `needs_safe` for this profile."""
    safe: list[pd.DataFrame] = []
    drawn: list[str] = []

    def noted(table: object, wanted: Profile) -> pd.DataFrame:
        safe.append(shown.needs_safe(table, wanted))
        return safe[-1]

    def checked(name: str) -> Callable[..., None]:
        def draw(frame: pd.DataFrame, *_: object, **__: object) -> None:
            drawn.append(name)
            columns = list(frame.columns)
            assert any(set(columns) <= set(one.columns) and frame.equals(one[columns]) for one in safe), name

        return draw

    def block(draw: Callable[..., object], *, alt: str, caption: str = "", **_: object) -> FigureBlock:
        draw(ax=None)
        return FigureBlock(b"<svg/>", alt, caption)

    monkeypatch.setattr(figure_blocks, "needs_safe", noted)
    monkeypatch.setattr(figures, "figure_block", block)
    for name in ("draw_before_after", "draw_by_group", "draw_course", "draw_completeness", "draw_responders"):
        monkeypatch.setattr(figures, name, checked(name))
    blocks_of(sample, "2026-10", profile, None)
    assert len(set(drawn)) == 5


# ---- the answers to topics ----


@pytest.fixture(scope="module")
def topics(sample: Path) -> dict[str, Answers]:
    periods = split_periods(load_records(sample))
    names = (
        "response", "durability", "states", "dose", "safety", "practitioners", "strata", "questionnaires",
        "within_session",
    )  # fmt: skip
    return {name: ask(periods, name) for name in names}


SESSIONS = (5,) * 230


def knowing(profile: Profile, sessions: tuple[int, ...] = SESSIONS) -> Disclosure:
    """The rules of a profile, with so many sessions of each patient."""
    behind = type("Behind", (), {"sessions_per_patient": sessions})()
    return Disclosure(profile, 8, behind=lambda: behind)


def frames(answers: Answers, disclosure: Disclosure) -> dict[str, SafeTable]:
    safe = disclosure.answers(answers)
    return {name: table for name in answers.frames if len(table := safe.frame(name))}


@handed_on
def test_every_topic_can_be_shown_and_no_count_is_exact(topics: dict[str, Answers], profile: Profile) -> None:
    disclosure = knowing(profile)
    for name, answers in topics.items():
        safe = disclosure.answers(answers)
        assert len(safe.rows()) == len(answers.statistics)
        assert not re.search(r"\d", " ".join(safe.notes))
        for row in safe.rows():
            assert row.shown.n is None or row.shown.n % 5 == 0
            if row.shown.value is not None:
                assert row.shown.value == round(row.shown.value, 2)
                assert row.shown.unit != "share" or 0 < abs(row.shown.value) < 1
        for frame in frames(answers, disclosure).values():
            assert isinstance(frame, SafeTable)
            exact = frame.frame.filter(regex="^n$|at_risk|patients")
            assert (exact.dropna() % 5 == 0).all(axis=None), name
            assert "patient_id" not in frame.frame


def test_internal_answers_are_as_they_are(topics: dict[str, Answers]) -> None:
    for answers in topics.values():
        safe = INTERNAL.answers(answers)
        names = dict.fromkeys(row.statistic for row in answers.statistics)
        exact = [row.value for name in names for row in answers.statistics if row.statistic == name]
        assert [row.shown.value for row in safe.rows()] == exact
        assert all(
            safe.frame(name).frame.equals(frame.reset_index(drop=True))
            for name, frame in answers.frames.items()
        )
        assert safe.notes == answers.notes


def test_nothing_exact_can_be_reached_through_safe_answers(topics: dict[str, Answers]) -> None:
    """Whoever words a topic has names, rows and frames as they may be shown, and no way to the numbers behind."""
    safe = SHARE.answers(topics["safety"])
    public = [name for name in dir(safe) if not name.startswith("_")]
    assert sorted(public) == ["find", "frame", "label", "none_seen", "notes", "rows", "topic"]
    row = safe.rows("sessions_mild")[0]
    assert {type(value) for value in vars(row).values()} <= {str, bool, type(None), Shown}


def test_sections_of_topics_take_safe_answers_and_exact_ones_only_where_the_profile_is_exact(
    root: Path,
) -> None:
    """`numbers.ask` gives exact answers: beside it stands, in the same method, that the profile is the clinic's own."""
    for name in ("topic_sections", "first_page", "month_sections", "safety_words", "topic_blocks"):
        tree = ast.parse((root / "outcomes" / "reporting" / f"{name}.py").read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            text = ast.unparse(function)
            assert "numbers.ask(" not in text or "not self.disclosure.exact" in text, (name, function.name)


def test_a_curve_is_read_at_set_days_and_has_no_steps(topics: dict[str, Answers]) -> None:
    exact = topics["durability"].frames["curve"]
    safe = SHARE.answers(topics["durability"]).frame("curve").frame
    assert set(safe["time"]) <= set(CURVE_DAYS)
    assert len(safe) < len(exact)
    assert not {"at_risk", "events", "standard_error"} & set(safe.columns)
    assert (safe["survival"].round(2) == safe["survival"]).all()


def test_practitioners_are_people_too(topics: dict[str, Answers]) -> None:
    for disclosure in (SHARE, PUBLIC):
        assert not frames(topics["practitioners"], disclosure)
        rows = disclosure.answers(topics["practitioners"]).rows()
        named = [row for row in rows if row.group.startswith("PR-")]
        assert named and all(row.shown.value is None and row.shown.n_text == "–" for row in named)


def test_small_groups_of_a_forest_are_not_there(topics: dict[str, Answers]) -> None:
    exact = topics["strata"].frames["forest"]
    safe = SHARE.answers(topics["strata"]).frame("forest").frame
    small = set(exact.loc[exact["n"] < 11, "group"]) - set(exact.loc[exact["n"] >= 11, "group"])
    assert small and not small & set(safe["group"])
    assert safe["p"].isna().all() and safe["p_adjusted"].isna().all()
    hidden = [row for row in SHARE.answers(topics["strata"]).rows() if row.group in small]
    assert hidden and all(row.shown.value is None for row in hidden)


def test_shares_of_sessions_come_from_rounded_numbers(topics: dict[str, Answers]) -> None:
    row = next(row for row in topics["safety"].statistics if row.statistic == "sessions_any")
    shown = knowing("share").answers(topics["safety"]).find("sessions_any", group=row.group)
    assert shown is not None and row.count is not None
    n, count = (5 * round(one / 5) for one in (row.n, row.count))
    assert (shown.shown.n, shown.shown.value) == (n, round(count / n, 2))
    # Of how many patients they are is not known here, so nothing is counted out.
    alone = SHARE.answers(topics["safety"]).find("sessions_any", group=row.group)
    assert alone is not None and alone.shown.value is None


@pytest.mark.parametrize(
    ("sessions", "count", "enough"),
    [
        ((5,) * 20, 36, True),  # at best eight patients hold 40
        ((5,) * 20, 35, False),  # seven patients can hold 35
        ((1,) * 20, 8, True),
        ((1,) * 20, 7, False),
        ((30, *(2,) * 30), 59, False),  # one patient may be more than half of them
        ((30, *(2,) * 30), 60, True),
        ((), 100, False),
        ((5,) * 20, 0, False),
    ],
)
def test_sessions_are_certain_to_be_of_eight_patients(
    sessions: tuple[int, ...], count: int, enough: bool
) -> None:
    assert from_enough(count, sessions, SHARE) is enough


def test_public_asks_for_more_than_share() -> None:
    sessions = (4,) * 40
    assert from_enough(33, sessions, SHARE) and not from_enough(33, sessions, PUBLIC)
    assert [one.patients_in_table(8) for one in (SHARE, PUBLIC)] == ["10", "<10"]
    assert (SHARE.least_for_mean, PUBLIC.least_for_mean) == (11, 20)


def quantile_of(n: int) -> Statistic:
    return Statistic(
        "days", None, "all", "median", 7.0, None, None, None, n, 0, None, "days", "diary", 0.95, "", ()
    )


@pytest.mark.parametrize(
    ("disclosure", "q", "least"),
    [(SHARE, 0.5, 10), (SHARE, 0.25, 20), (PUBLIC, 0.5, 20), (PUBLIC, 0.75, 40)],
)
def test_a_quantile_needs_patients_on_its_smaller_side(disclosure: Disclosure, q: float, least: int) -> None:
    assert disclosure.quantile(quantile_of(least - 1), q).value is None
    assert disclosure.quantile(quantile_of(least), q).value == 7.0
