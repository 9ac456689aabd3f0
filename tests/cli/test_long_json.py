"""JSON of a long table is written piece by piece: the same values, and of short ones the same text as ever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outcomes.commands import console

VALUE = {
    'a "name"': {"list": ["two\nlines", None, 1.5, {"empty": []}], "nothing": {}},
    "rows": [{"group": f"S-{number}", "note": "ä, {x}\n"} for number in range(9)],
    "none": [],
}


@pytest.mark.parametrize("value", [VALUE, {}, [], [1, {"b": []}], "text"])
def test_a_short_result_is_indented_as_json_has_it(value: Any, capsys: Any) -> None:
    console.show_json(value)
    assert capsys.readouterr().out == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def test_a_long_list_has_one_entry_in_a_line(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(console, "_MOST_INDENTED", 8)
    console.show_json(VALUE)
    told = capsys.readouterr().out
    assert json.loads(told) == VALUE
    assert sum('"group"' in line for line in told.splitlines()) == 9


def test_what_is_no_number_is_refused(capsys: Any) -> None:
    with pytest.raises(ValueError):
        console.show_json({"value": float("nan")})
