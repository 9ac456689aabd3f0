"""An edited claim starts again, visibly; nobody gets an earlier date by editing the file."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from outcomes.claims.declared import DeclaredClaims, claims_of
from outcomes.claims.kept import (
    ADDED_LATER,
    DATE_MOVED,
    EDITED,
    KEPT_FILE,
    PLAN_CHANGED,
    Standing,
    compare_with_kept,
    keep,
    standings_of,
)
from outcomes.errors import FileProblem
from outcomes.plan import AnalysisPlan

DECLARED = dt.date(2025, 12, 15)
FIRST_LOOK = dt.date(2026, 1, 10)
SECOND_LOOK = dt.date(2026, 5, 20)


def claims(*entries: dict[str, Any]) -> DeclaredClaims:
    base = {"says": "Fewer", "kind": "change", "endpoint": "headache_days_per_28", "declared_on": DECLARED}
    return claims_of({"claims": [{**base, **entry} for entry in entries]})


def second_look(first: DeclaredClaims, then: DeclaredClaims) -> dict[str, Standing]:
    _, kept = compare_with_kept(first, None, FIRST_LOOK)
    return compare_with_kept(then, kept, SECOND_LOOK)[0]


def test_the_file_is_believed_where_nothing_is_kept() -> None:
    assert compare_with_kept(claims({"id": "a"}), None, FIRST_LOOK)[0] == {"a": Standing(DECLARED)}


def test_nothing_happens_to_a_claim_that_stays() -> None:
    assert second_look(claims({"id": "a"}), claims({"id": "a"})) == {"a": Standing(DECLARED)}


def test_an_edited_claim_counts_from_the_day_it_is_seen() -> None:
    found = second_look(claims({"id": "a", "margin": 2.0}), claims({"id": "a", "margin": 1.0}))
    assert found == {"a": Standing(SECOND_LOOK, EDITED)}


def test_another_sentence_is_an_edit_too() -> None:
    assert second_look(claims({"id": "a"}), claims({"id": "a", "says": "No headaches"}))["a"].why == EDITED


def test_another_window_in_the_plan_is_an_edit_of_every_claim() -> None:
    first = claims({"id": "a"})
    _, kept = compare_with_kept(first, None, FIRST_LOOK, AnalysisPlan())
    same = compare_with_kept(first, kept, SECOND_LOOK, AnalysisPlan(language="de"))[0]
    assert same == {"a": Standing(DECLARED)}
    for change in ({"followup_first_day": 28, "followup_last_day": 55}, {"external_means": (25.0,)}):
        other = compare_with_kept(first, kept, SECOND_LOOK, AnalysisPlan(**change))[0]
        assert other == {"a": Standing(SECOND_LOOK, PLAN_CHANGED)}


def test_what_was_kept_before_plans_were_is_believed() -> None:
    _, kept = compare_with_kept(claims({"id": "a"}), None, FIRST_LOOK)
    assert compare_with_kept(claims({"id": "a"}), kept, SECOND_LOOK, AnalysisPlan())[0] == {
        "a": Standing(DECLARED)
    }


def test_an_edit_that_says_so_itself_counts_from_its_later_day() -> None:
    later = dt.date(2026, 9, 1)
    found = second_look(claims({"id": "a"}), claims({"id": "a", "margin": 3.0, "declared_on": later}))
    assert found["a"].declared_on == later


def test_a_date_that_was_moved_back_is_not_followed_and_one_moved_forward_is() -> None:
    back = second_look(claims({"id": "a"}), claims({"id": "a", "declared_on": dt.date(2025, 1, 1)}))
    assert back == {"a": Standing(DECLARED, DATE_MOVED)}
    later = dt.date(2026, 7, 1)
    assert second_look(claims({"id": "a"}), claims({"id": "a", "declared_on": later}))["a"] == Standing(later)


def test_a_claim_that_was_not_there_cannot_have_been_declared_before() -> None:
    found = second_look(claims({"id": "a"}), claims({"id": "a"}, {"id": "b"}))
    assert found["a"] == Standing(DECLARED)
    assert found["b"] == Standing(SECOND_LOOK, ADDED_LATER)


def test_taking_a_claim_out_and_putting_it_back_changed_does_not_help() -> None:
    _, kept = compare_with_kept(claims({"id": "a"}, {"id": "b"}), None, FIRST_LOOK)
    _, kept = compare_with_kept(claims({"id": "a"}), kept, dt.date(2026, 3, 1))
    found, _ = compare_with_kept(claims({"id": "a"}, {"id": "b", "margin": 0.1}), kept, SECOND_LOOK)
    assert found["b"] == Standing(SECOND_LOOK, EDITED)


def test_a_restart_stays_as_it_is_on_later_days() -> None:
    _, kept = compare_with_kept(claims({"id": "a"}), None, FIRST_LOOK)
    edited = claims({"id": "a", "margin": 2.0})
    _, kept = compare_with_kept(edited, kept, SECOND_LOOK)
    found, _ = compare_with_kept(edited, kept, dt.date(2027, 1, 1))
    assert found["a"] == Standing(SECOND_LOOK, EDITED)


def test_the_file_is_private_and_holds_no_sentence(tmp_path: Path) -> None:
    path = tmp_path / KEPT_FILE
    keep(claims({"id": "a", "says": "We heal everybody"}), path, "/somewhere/clinic", FIRST_LOOK)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    assert "heal" not in text and "clinic" not in text
    assert json.loads(text)["version"] == 1


def test_each_source_is_kept_by_itself_and_looking_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / KEPT_FILE
    keep(claims({"id": "a"}), path, "one", FIRST_LOOK)
    before = path.read_bytes()
    assert standings_of(claims({"id": "a", "margin": 9.0}), path, "other", SECOND_LOOK) == {
        "a": Standing(DECLARED)
    }
    assert standings_of(claims({"id": "a", "margin": 9.0}), path, "one", SECOND_LOOK)["a"].why == EDITED
    assert path.read_bytes() == before
    keep(claims({"id": "a", "margin": 9.0}), path, "other", SECOND_LOOK)
    assert standings_of(claims({"id": "a"}), path, "one", SECOND_LOOK) == {"a": Standing(DECLARED)}


@pytest.mark.parametrize("content", ["", "[]", "{}", "nonsense", '{"sources": 3}'])
def test_a_file_that_is_something_else_is_told_and_not_written_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / KEPT_FILE
    path.write_text(content, "utf-8")
    with pytest.raises(FileProblem, match=r"claims\.json"):
        keep(claims({"id": "a"}), path, "one", FIRST_LOOK)
    assert path.read_text("utf-8") == content
