"""Two reports side by side: no two cells that were shown differ by one to seven patients.

An attacker with two months of reports subtracts them. What may be subtracted is held here, on cells whose patients
are known by name.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import FileProblem
from outcomes.reporting.disclosure import session
from outcomes.reporting.disclosure.ledger import runs_in
from outcomes.reporting.disclosure.release import Place, Release
from outcomes.reporting.disclosure.session import ReleaseSession, release_session, settle_journal

REPORT = {"report.html": b"page"}


def people(*spans: tuple[int, int], value: float = 1.0) -> dict[str, object]:
    """Patients by number, from and to (both included), who gave the same value."""
    return {f"p{number:03d}": value for first, last in spans for number in range(first, last + 1)}


class Clinic:
    """An output folder to which reports of single cells are written month by month."""

    def __init__(self, output: Path) -> None:
        self.output = output

    def month(
        self, month: str, *cells: tuple[str, dict[str, object], object], profile: str = "share"
    ) -> list[tuple[object, str]]:
        """What one report shows of (definition, patients, content), and from which month."""
        with release_session(self.output, month) as found:
            release = Release(found.folder, profile, month)  # type: ignore[arg-type]
            told = [
                release.judge(Place("days", definition, (patients,)), content)
                for definition, patients, content in cells
            ]
            place(found, profile)
        return [(one.content, one.carried_from) for one in told]


def place(found: ReleaseSession, profile: str, content: bytes = b"page") -> None:
    files = {"report.html": content}
    with found.placed({profile: files}):
        folder = found.place_of(profile)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.html").write_bytes(content)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    yield Clinic(tmp_path / "reports")


# ---- the rule ----


def test_one_new_patient_is_held_back(clinic: Clinic) -> None:
    assert clinic.month("2026-01", ("all", people((1, 20)), "−3.0")) == [("−3.0", "")]
    assert clinic.month("2026-02", ("all", people((1, 21)), "−3.1")) == [("−3.0", "2026-01")]
    assert clinic.month("2026-03", ("all", people((1, 27)), "−3.2")) == [("−3.0", "2026-01")]
    assert clinic.month("2026-04", ("all", people((1, 28)), "−3.3")) == [("−3.3", "")]


def test_those_who_left_do_not_count(clinic: Clinic) -> None:
    """4 left and 4 came: together eight, but a third report of those who left would give the four away."""
    clinic.month("2026-01", ("all", people((1, 20)), "a"))
    assert clinic.month("2026-02", ("all", people((5, 24)), "b")) == [("a", "2026-01")]
    assert clinic.month("2026-03", ("all", people((9, 28)), "c")) == [("c", "")]


def test_what_is_carried_forward_is_the_last_that_was_released(clinic: Clinic) -> None:
    clinic.month("2026-01", ("all", people((1, 20)), "a"))
    clinic.month("2026-02", ("all", people((1, 40)), "b"))
    assert clinic.month("2026-03", ("all", people((1, 22)), "c")) == [("b", "2026-02")]
    # A month that is made again with a late diary: its own value, and not one of a later month.
    late = people((1, 20)) | people((3, 3), value=9.0)
    assert clinic.month("2026-01", ("all", late, "d")) == [("a", "2026-01")]


def test_groups_do_not_leave_over_a_few_who_are_new(clinic: Clinic) -> None:
    """Eight new patients with migraine and two without: everyone less migraine, this time and last, are the two."""
    first = (("all", people((1, 40)), "a"), ("migraine", people((1, 28)), "b"))
    assert clinic.month("2026-01", *first) == [("a", ""), ("b", "")]
    second = (("all", people((1, 50)), "c"), ("migraine", people((1, 28), (41, 48)), "d"))
    assert clinic.month("2026-02", *second) == [("c", ""), ("b", "2026-01")]
    third = (("all", people((1, 66)), "e"), ("migraine", people((1, 28), (41, 48), (51, 58)), "f"))
    assert clinic.month("2026-03", *third) == [("e", ""), ("f", "")]


def test_a_late_diary_of_one_patient_is_held_back(clinic: Clinic) -> None:
    """The same patients, one of them with another value: the difference would be hers."""
    clinic.month("2026-01", ("all", people((1, 20)), "a"))
    late = people((1, 20)) | people((3, 3), value=9.0)
    assert clinic.month("2026-01", ("all", late, "b")) == [("a", "2026-01")]
    # As many late diaries as one likes: what moved would be theirs, and theirs alone is what a third report tells.
    many = people((1, 20), value=9.0)
    assert clinic.month("2026-01", ("all", many, "c")) == [("a", "2026-01")]


def test_the_same_report_again_says_the_same(clinic: Clinic) -> None:
    first = clinic.month("2026-01", ("all", people((1, 20)), "a"))
    clinic.month("2026-02", ("all", people((1, 23)), "b"))
    clinic.month("2026-03", ("all", people((1, 40)), "c"))
    assert clinic.month("2026-01", ("all", people((1, 20)), "a")) == first
    assert clinic.month("2026-02", ("all", people((1, 23)), "b")) == [("a", "2026-01")]


def test_a_group_that_is_nearly_everyone_is_hidden_in_the_same_report(clinic: Clinic) -> None:
    cells = (("all", people((1, 40)), "a"), ("migraine", people((1, 37)), "b"))
    assert clinic.month("2026-01", *cells) == [("a", ""), (None, "")]
    # And stays so when the report is written again.
    assert clinic.month("2026-01", *cells) == [("a", ""), (None, "")]


def test_public_and_shared_reports_are_held_against_each_other(clinic: Clinic) -> None:
    clinic.month("2026-01", ("all", people((1, 40)), "a"))
    told = clinic.month("2026-02", ("all", people((1, 42)), "b"), profile="public")
    assert told == [(None, "")]  # the value of the shared report is not under the rules of the public one
    assert clinic.month("2026-01", ("all", people((1, 40)), "a"), profile="public") == [("a", "")]


def test_where_the_patients_are_not_known_only_other_people_are_enough(clinic: Clinic) -> None:
    def told(month: str, spans: Sequence[tuple[int, int]], content: str) -> tuple[object, str]:
        with release_session(clinic.output, month) as found:
            everyone = people(*spans)
            release = Release(found.folder, "share", month)
            release.behind = lambda: type("Behind", (), {"everyone": everyone})()
            verdict = release.judge(Place("course", "all", None), content)
            place(found, "share")
        return verdict.content, verdict.carried_from

    assert told("2026-01", [(1, 20)], "a") == ("a", "")
    assert told("2026-06", [(1, 60)], "b") == ("a", "2026-01")
    assert told("2027-01", [(21, 60)], "c") == ("c", "")


def test_of_unknown_patients_eight_who_are_surely_new_are_enough_once_a_quarter(clinic: Clinic) -> None:
    """A topic: everyone looked at stands for its patients, and it is asked once more of those who closed later."""

    def told(month: str, last: int, content: str, new: int, looked_at: range) -> tuple[object, str]:
        def later(since: str) -> tuple[int, list[str]]:
            asked.append(since)
            return new, list(people((looked_at.start, looked_at.stop - 1)))

        with release_session(clinic.output, month) as found:
            release = Release(found.folder, "share", month)
            everyone = people((1, last), value=float(last))
            release.behind = lambda: type("Behind", (), {"everyone": everyone})()
            verdict = release.judge(Place("questionnaire", "all", None, later=later), content)
            place(found, "share")
        return verdict.content, verdict.carried_from

    asked: list[str] = []
    assert told("2026-01", 40, "a", 0, range(0)) == ("a", "")
    # In the same quarter nobody is asked again, however many are new.
    assert told("2026-02", 60, "b", 20, range(41, 61)) == ("a", "2026-01")
    assert asked == []
    assert told("2026-04", 60, "c", 7, range(41, 61)) == ("a", "2026-01")
    # Of ten who closed later three had been looked at before: their first session was corrected, perhaps.
    assert told("2026-07", 60, "d", 10, range(38, 61)) == ("a", "2026-01")
    assert told("2026-10", 60, "e", 8, range(41, 61)) == ("e", "")
    assert asked == ["2026-01"] * 3
    # Later months of the quarter, and the next one: from when on is now October.
    assert told("2026-11", 70, "f", 10, range(61, 71)) == ("e", "2026-10")
    assert told("2027-01", 70, "g", 10, range(61, 71)) == ("g", "")
    assert asked[-1] == "2026-10"
    # What was written before says the same when it is made again.
    assert told("2026-04", 60, "c", 7, range(41, 61)) == ("a", "2026-01")


months_drawn = st.lists(st.frozensets(st.integers(0, 40), min_size=9), min_size=2, max_size=6)


def shown_over(
    clinic: Clinic, months: list[frozenset[int]], *, rounded: bool = False
) -> list[frozenset[int]]:
    """The patients behind what each month shows."""
    shown = []
    for number, members in enumerate(months):
        with release_session(clinic.output, f"2026-{number + 1:02d}") as found:
            release = Release(found.folder, "share", found.period)
            patients: dict[str, object] = {f"p{one:03d}": None for one in members}
            verdict = release.judge(Place("days", "all", (patients,), rounded), sorted(members))
            place(found, "share")
        assert not verdict.carried_from or frozenset(verdict.content) in shown
        shown.append(frozenset(verdict.content))
    return shown


@given(months_drawn)
def test_whatever_the_months_no_two_shown_counts_are_one_to_seven_apart(
    tmp_path_factory: pytest.TempPathFactory, months: list[frozenset[int]]
) -> None:
    shown = shown_over(Clinic(tmp_path_factory.mktemp("reports")), months, rounded=True)
    assert not any(1 <= len(one ^ other) <= 7 for one in shown for other in shown)


@given(months_drawn, st.lists(st.integers(-2, 2), min_size=6, max_size=6))
def test_no_sum_or_difference_of_any_months_is_of_one_to_seven_patients(
    tmp_path_factory: pytest.TempPathFactory, months: list[frozenset[int]], factors: list[int]
) -> None:
    """The sums behind the means, added and subtracted as one likes: who is left has at least seven others beside."""
    shown = list(dict.fromkeys(shown_over(Clinic(tmp_path_factory.mktemp("reports")), months)))
    left: Counter[int] = Counter()
    for members, factor in zip(shown, factors, strict=False):
        for one in members:
            left[one] += factor
    assert not 1 <= sum(factor != 0 for factor in left.values()) <= 7


def test_a_group_is_renewed_though_everyone_was_shown_month_by_month(clinic: Clinic) -> None:
    """Four with migraine and six without come each month; after two months the eight are shown."""
    clinic.month("2026-01", ("all", people((1, 40)), "a"), ("migraine", people((1, 20)), "b"))
    second = (("all", people((1, 50)), "c"), ("migraine", people((1, 20), (41, 44)), "d"))
    assert clinic.month("2026-02", *second) == [("c", ""), ("b", "2026-01")]
    third = (("all", people((1, 60)), "e"), ("migraine", people((1, 20), (41, 44), (51, 54)), "f"))
    assert clinic.month("2026-03", *third) == [("e", ""), ("f", "")]


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=2, max_size=4))
def test_no_sum_of_groups_and_everyone_over_months_is_of_one_to_seven(
    tmp_path_factory: pytest.TempPathFactory, coming: list[tuple[int, int, int]]
) -> None:
    """Of three groups some come each month. Of all that is shown every sum and difference is tried."""
    clinic, shown = Clinic(tmp_path_factory.mktemp("reports")), []
    groups: tuple[list[str], ...] = ([], [], [])
    for month, new in enumerate(coming, 1):
        for at, (group, n) in enumerate(zip(groups, new, strict=True)):
            group += [f"g{at}-{month}-{one}" for one in range(n)]
        cells = [("all", [one for group in groups for one in group])]
        cells += [(f"g{at}", group) for at, group in enumerate(groups)]
        judged = [(name, dict.fromkeys(who, 1.0), sorted(who)) for name, who in cells if len(who) > 10]
        told = clinic.month(f"2026-{month:02d}", *judged)
        shown += [set(content) for content, carried in told if content is not None and not carried]  # type: ignore[call-overload]
    people = sorted({one for members in shown for one in members})
    inside = np.array([[one in members for one in people] for members in shown[:8]], dtype=np.int64)
    if len(shown):
        factors = np.array(list(itertools.product((-1, 0, 1), repeat=len(inside))))
        left = (factors @ inside != 0).sum(axis=1)
        assert not ((left >= 1) & (left <= 7)).any()


# ---- the file ----


def test_the_ledger_is_private_and_holds_no_pseudonym(clinic: Clinic) -> None:
    clinic.month("2026-01", ("all", people((1, 20)), "a"))
    private = clinic.output / "private"
    assert sorted(path.name for path in private.iterdir()) == ["ledger.key", "ledger.sqlite"]
    content = (private / "ledger.sqlite").read_bytes()
    assert not any(name.encode() in content for name in people((1, 20)))
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in private.iterdir()} == {0o600}
        assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_another_clinics_key_gives_other_marks_for_the_same_patients(tmp_path: Path) -> None:
    marks = []
    for name in ("one", "other"):
        clinic = Clinic(tmp_path / name)
        clinic.month("2026-01", ("all", people((1, 20)), "a"))
        with sqlite3.connect(clinic.output / "private" / "ledger.sqlite") as ledger:
            marks.append(ledger.execute("SELECT members FROM patients").fetchall())
    assert marks[0] != marks[1]


def test_without_its_key_or_when_broken_nothing_is_released(clinic: Clinic) -> None:
    clinic.month("2026-01", ("all", people((1, 20)), "a"))
    ledger = clinic.output / "private" / "ledger.sqlite"
    whole = ledger.read_bytes()
    ledger.write_bytes(b"no database" * 500)
    with pytest.raises(FileProblem, match="Nothing was released"):
        clinic.month("2026-02", ("all", people((1, 21)), "b"))
    ledger.write_bytes(whole)
    (clinic.output / "private" / "ledger.key").unlink()
    with pytest.raises(FileProblem, match="key of the release ledger"):
        clinic.month("2026-02", ("all", people((1, 21)), "b"))


# ---- a run that is stopped ----


def judged(found: ReleaseSession, content: str = "a") -> None:
    Release(found.folder, "share", found.period).judge(Place("days", "all", (people((1, 20)),)), content)


def test_a_run_that_is_interrupted_leaves_nothing_in_the_ledger(clinic: Clinic) -> None:
    with pytest.raises(KeyboardInterrupt), release_session(clinic.output, "2026-01") as found:
        judged(found)
        with found.placed({"share": REPORT}):
            raise KeyboardInterrupt
    assert runs_in(clinic.output / "private" / "ledger.sqlite") == []
    assert clinic.month("2026-02", ("all", people((1, 21)), "b")) == [("b", "")]


def test_a_run_that_fails_before_it_writes_leaves_no_folder(clinic: Clinic) -> None:
    with pytest.raises(RuntimeError), release_session(clinic.output, "2026-01") as found:
        judged(found)
        raise RuntimeError
    assert not clinic.output.exists()


@pytest.mark.parametrize("placed", [True, False])
def test_a_run_that_is_killed_is_settled_by_what_is_in_place(
    clinic: Clinic, placed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the report and the ledger: the next run counts the report if it is there, and only then."""

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(session, "settle_journal", lambda _: None)
        patched.setattr(session, "_commit", killed)
        with release_session(clinic.output, "2026-01") as found:
            judged(found)
            if placed:
                place(found, "share")
            with found.placed({"share": REPORT}):
                raise Killed
    journal = clinic.output / "private" / "journal.json"
    assert journal.is_file()
    assert not any(name in journal.read_text() for name in people((1, 20)))
    settle_journal(clinic.output)
    assert not journal.exists()
    expected = [("a", "2026-01")] if placed else [("b", "")]
    assert clinic.month("2026-02", ("all", people((1, 21)), "b")) == expected


def test_of_two_reports_the_one_in_place_counts(clinic: Clinic) -> None:
    with pytest.raises(KeyboardInterrupt), release_session(clinic.output, "2026-01") as found:
        judged(found)
        with found.placed({"share": REPORT, "public": {"report.html": b"other"}}):
            folder = found.place_of("share")
            folder.mkdir(parents=True)
            (folder / "report.html").write_bytes(b"page")
            raise KeyboardInterrupt
    assert [run[:3] for run in runs_in(clinic.output / "private" / "ledger.sqlite")] == [
        ("2026-01", "share", "released")
    ]


# ---- what the person who signs is given ----


def test_disclosure_json_has_rule_and_action_and_no_value(clinic: Clinic) -> None:
    clinic.month("2026-01", ("all", people((1, 20)), "SECRET1"))
    with release_session(clinic.output, "2026-02", sign_off=True) as found:
        release = Release(found.folder, "share", "2026-02")
        release.judge(Place("days", "all", (people((1, 22)),)), "SECRET2")
        release.judge(Place("days", "migraine", (people((1, 19)),)), "SECRET3")
        release.judge(Place("intensity", "all", (people((1, 22)),)), "SECRET4")
        release.tell("days change cluster", "too few to show", "hidden")
        text = found.disclosure_json("share").decode()
        assert found.place_of("share") == clinic.output / "pending" / "2026-02" / "share"
    assert "SECRET" not in text and "p0" not in text
    told = json.loads(text)
    assert [cell["action"] for cell in told["cells"]] == [
        "carried forward from 2026-01", "held back", "shown under the profile's rules"
    ]  # fmt: skip
    assert told["rules"] == [{"what": "days change cluster", "rule": "too few to show", "action": "hidden"}]
