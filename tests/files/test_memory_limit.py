"""What the engine may take is set from outside where a registry needs more, and a slip is told in words."""

from __future__ import annotations

import pytest

from outcomes.engine import MEMORY_LIMIT, Engine
from outcomes.errors import FileProblem, PlanError


def limit_of(engine: Engine) -> str:
    return str(engine.rows("SELECT current_setting('memory_limit')")[0][0])


def test_the_limit_is_that_of_the_variable_or_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTCOMES_MEMORY_LIMIT", raising=False)
    assert MEMORY_LIMIT == "1200MiB" and limit_of(Engine()) == "1.1 GiB"
    monkeypatch.setenv("OUTCOMES_MEMORY_LIMIT", "2GiB")
    assert limit_of(Engine()) == "2.0 GiB"


@pytest.mark.parametrize("given", ["8", "8 GB", "0MiB", "-1GiB", "all", "8GiB'; DROP"])
def test_what_is_no_size_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTCOMES_MEMORY_LIMIT", given)
    with pytest.raises(PlanError, match="such as 800MiB or 8GiB"):
        Engine()


def test_an_engine_without_room_says_how_to_give_it_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTCOMES_MEMORY_LIMIT", "4MiB")
    with pytest.raises(FileProblem, match="OUTCOMES_MEMORY_LIMIT=8GiB"):
        Engine().rows("SELECT sum(x) FROM (SELECT DISTINCT range AS x FROM range(5000000))")
