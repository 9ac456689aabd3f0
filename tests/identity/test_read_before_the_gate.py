"""A text file is read once, before the gate: what the gate then finds must not depend on that."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomes.errors import OutcomesError
from outcomes.records import checking
from outcomes.records.reading import Reading, begun
from tests.diaries import ATTESTED, load

HEADER = "patient_id,date,headache,intensity\n"
IDS = tuple(f"P{number:03d}" for number in range(1, 13))


def _diary(ids: tuple[str, ...] = IDS, day: str = "2024-03-{n:02d}", intensity: str = "3") -> str:
    lines = [f"{name},{day.format(n=n)},yes,{intensity}\n" for name in ids for n in range(1, 15)]
    return HEADER + "".join(lines)


def _sessions(ids: tuple[str, ...] = IDS, day: str = "2024-03-08") -> str:
    return "patient_id,date\n" + "".join(f"{name},{day}\n" for name in ids)


NAMES = ("Anna Berger", "John Smith", "Maria Rossi", "Peter Müller", "Laura Garcia", "Paul Martin")
CLINICS = {
    "clean": (_diary(), _sessions()),
    "names as ids": (_diary(NAMES), _sessions(NAMES)),
    "birthdays as days": (_diary(day="1984-05-{n:02d}"), _sessions()),
    "a birthday as a session": (_diary(), _sessions() + "P001,1984-05-17\n"),
    "a number in a closed column": (_diary() + "P001,2024-03-20,yes,943 476 5919\n", _sessions()),
    "an address in a closed column": (_diary() + "P001,2024-03-20,yes,anna@example.org\n", _sessions()),
    "another column": (
        _diary().replace("intensity\n", "intensity,pollen\n").replace("3\n", "3,x\n"),
        _sessions(),
    ),
    "blank rows": (_diary() + "\n\n,,,\n", _sessions()),
}


def _gate(folder: Path) -> tuple[object, ...]:
    with begun(folder, mapping=ATTESTED) as found:
        try:
            found.through(None)
        except OutcomesError as error:
            told = str(error)
        else:
            told = "read"
        report = found.gate
        assert report is not None
        return told, report.blocks, report.warnings, report.checks_run


@pytest.mark.parametrize("what", CLINICS)
def test_the_gate_finds_the_same(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diary, sessions = CLINICS[what]
    (tmp_path / "diary.csv").write_text(diary, encoding="utf-8")
    (tmp_path / "sessions.csv").write_text(sessions, encoding="utf-8")
    quick = _gate(tmp_path)
    monkeypatch.setattr(Reading, "_read_texts", lambda self: [])
    assert _gate(tmp_path) == quick
    # One bare number in a closed column is set aside by the column's own rule, and is not the gate's.
    lets_pass = ("clean", "a number in a closed column", "another column", "blank rows")
    assert bool(quick[1]) == (what not in lets_pass)


def test_a_category_of_the_plan_is_asked_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "diary.csv").write_text(_diary(), encoding="utf-8")
    (tmp_path / "outcomes.toml").write_text(
        '[patients.site]\ncodes = ["sw1a_1aa", "m1_1ae", "b33_8th"]\n', encoding="utf-8"
    )
    sites = ("SW1A 1AA", "M1 1AE", "B33 8TH") * 4
    rows = [f"{name},{site}\n" for name, site in zip(IDS, sites, strict=True)]
    (tmp_path / "patients.csv").write_text("patient_id,site\n" + "".join(rows), encoding="utf-8")
    told, blocks, *_ = _gate(tmp_path)
    assert [block.rule for block in blocks] == ["PRV-POSTCODE"]  # type: ignore[attr-defined]
    assert "1AA" not in str(told)


def test_a_large_file_is_kept_in_a_private_file_that_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "diary.csv").write_text(_diary(), encoding="utf-8")
    (tmp_path / "sessions.csv").write_text(_sessions(), encoding="utf-8")
    small = load(tmp_path)
    monkeypatch.setattr(checking, "LARGE_TEXT", 0)
    large = load(tmp_path)
    kept = large.engine.scratch / "roomy"
    assert kept.is_file()
    assert not (small.engine.scratch / "roomy").exists()
    assert kept.parent.parent.stat().st_mode & 0o077 == 0
    assert large.counts == small.counts
    assert large.findings == small.findings
    assert large.frame("diary").equals(small.frame("diary"))
    del large
    assert not kept.exists()


@pytest.mark.parametrize("doses", ["000044.7911234", "4.79112345"])
def test_a_number_that_is_longer_than_its_value_is_asked_of_the_file(
    doses: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Padded with zeros or drawn out, a number in range may be somebody's number."""
    rows = [f"{name},2024-03-{n:02d},yes,{doses}{n:02d}\n" for name in IDS for n in range(1, 15)]
    diary = "patient_id,date,headache,acute_doses\n" + "".join(rows)
    (tmp_path / "diary.csv").write_text(diary, encoding="utf-8")
    (tmp_path / "sessions.csv").write_text(_sessions(), encoding="utf-8")
    quick = _gate(tmp_path)
    monkeypatch.setattr(Reading, "_read_texts", lambda self: [])
    assert _gate(tmp_path) == quick
    assert bool(quick[1]) == doses.startswith("0")
