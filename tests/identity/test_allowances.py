"""Allowances: what they are bound to, when they end, and what nobody can allow."""

from __future__ import annotations

import datetime as dt
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from identity_planted import distinct
from identity_sources import TODAY, codes, gate_table, held

from outcomes.engine import Engine
from outcomes.errors import OutcomesError, PlanError
from outcomes.records.identity.allowances import NOT_ALLOWABLE, Allowances, allow, read_allowances

SIZE = 30


def cells(name: str = "ref") -> dict[str, dict[str, list[Any]]]:
    return {
        "patients": {"patient_id": [f"P-{n:04d}" for n in range(SIZE)], name: distinct("NHS number", SIZE, 1)}
    }


def made(path: Path, **given: Any) -> Allowances:
    table = gate_table(Engine(), "patients", cells()["patients"], ignored=["ref"])
    given = {"file": "patients.csv", "column": "ref", "reason": "invoice numbers", "by": "A. Person", **given}
    for code in given.pop("codes", ("PRV-NHS", "PRV-NUMBER")):
        allow(
            path,
            code,
            [table],
            given["file"],
            given["column"],
            reason=given["reason"],
            by=given["by"],
            today=TODAY,
        )
    return read_allowances(path)


def test_an_allowance_lets_its_column_pass_and_is_told(tmp_path: Path) -> None:
    assert codes(held(cells(), ignored=["ref"])) >= {"PRV-NHS", "PRV-NUMBER"}
    found = sorted(codes(held(cells(), ignored=["ref"])))
    report = held(cells(), ignored=["ref"], allowances=made(tmp_path / "allowances.toml", codes=found))
    assert not report.blocks
    assert {used.code for used in report.allowed} == set(found)
    assert report.allowed[0].to_dict() == {
        "code": report.allowed[0].code, "file": "patients.csv", "column": "column 2", "reason": "invoice numbers",
        "by": "A. Person", "made": "2026-11-20", "expires": "2027-11-20",
    }  # fmt: skip


def test_the_file_is_private_and_holds_no_header_text(tmp_path: Path) -> None:
    path = tmp_path / "allowances.toml"
    made(path)
    assert "ref" not in path.read_text(encoding="utf-8").replace("refer", "")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_header_another_column_or_a_later_day_ends_it(tmp_path: Path) -> None:
    allowed = made(tmp_path / "allowances.toml")
    changed = held(cells("reference"), ignored=["reference"], allowances=allowed)
    assert "PRV-NHS" in codes(changed)
    assert {told.rule for told in changed.warnings} >= {"PRV-ALLOWANCE"}
    over = Allowances(tuple(replace(entry, expires=TODAY - dt.timedelta(1)) for entry in allowed.entries))
    report = held(cells(), ignored=["ref"], allowances=over)
    assert "PRV-NHS" in codes(report) and not report.allowed
    assert any("ran out" in told.problem for told in report.warnings)


def test_what_nobody_can_allow(tmp_path: Path) -> None:
    for code in [*sorted(NOT_ALLOWABLE), "PRV-K", "nonsense"]:
        with pytest.raises(PlanError, match="Nobody can allow"):
            made(tmp_path / "allowances.toml", codes=[code])
    entry = made(tmp_path / "allowances.toml").entries[0]
    mails = {"patients": {**cells()["patients"], "ref": distinct("e-mail", SIZE, 1)}}
    forged = Allowances((replace(entry, code="PRV-EMAIL"),))
    assert "PRV-EMAIL" in codes(held(mails, ignored=["ref"], allowances=forged))


@pytest.mark.parametrize("column", ["ref", "REF ", "column 2", "2"])
def test_a_column_is_named_as_written_or_by_position(tmp_path: Path, column: str) -> None:
    assert made(tmp_path / "allowances.toml", column=column).entries[0].column == "column 2"


def test_the_same_allowance_again_takes_the_place_of_the_old(tmp_path: Path) -> None:
    made(tmp_path / "allowances.toml")
    again = made(tmp_path / "allowances.toml", reason='a "better" reason, ä')
    assert [entry.reason for entry in again.entries] == ['a "better" reason, ä'] * 2


@pytest.mark.parametrize(
    "given", [{"file": "other.csv"}, {"column": "none"}, {"column": "9"}, {"reason": " "}, {"by": "a\nb"}]
)
def test_what_does_not_fit_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(PlanError):
        made(tmp_path / "allowances.toml", **given)
    assert not (tmp_path / "allowances.toml").exists()


@pytest.mark.parametrize(
    "text",
    ["allow = 3", "x = 1", "[[allow]]\ncode = 'PRV-NHS'", "not toml", "\xff",
     "[[allow]]\ncode='PRV-NHS'\nfile='a'\ncolumn='b'\nheader='c'\nreason='d'\nby='e'\nmade=2026-01-01\nexpires=2028-01-01"],
)  # fmt: skip
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "allowances.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(OutcomesError):
        read_allowances(path)


def test_no_file_no_allowance(tmp_path: Path) -> None:
    assert read_allowances(tmp_path / "allowances.toml") == read_allowances(None) == Allowances()
