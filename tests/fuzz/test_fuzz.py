"""Any bytes become a valid table whose counts come out even, or an OutcomesError: the short version.

The long one is `make fuzz` (docs/fuzzing.md). Here the inputs are the same on every machine and every day.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import campaign
import fuzz_seeds
import mutations
import pytest
import strategies
import targets
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from targets import Broken, Target, hold

from outcomes.errors import FileProblem, InvalidRecords

ALL = targets.targets()
by_name = pytest.mark.parametrize("name", list(ALL))


def inputs_in_the_suite(target: Target) -> int:
    """As many as 20 s allow for all together: what opens the engine, or a process, takes longer."""
    if target.file.endswith(".xls"):
        return 1
    if target.slow:
        return 2
    if target.name.startswith("import "):
        return 12
    return 6 if target.form == "toml" else 2


@by_name
def test_the_real_file_is_read(name: str) -> None:
    """Else every input below would be refused at the door, and nothing behind it would be tried."""
    target = ALL[name]
    assert hold(target, target.seeds()[0]) == "read"


@by_name
def test_damaged_files(name: str) -> None:
    target = ALL[name]
    for number in range(inputs_in_the_suite(target)):
        hold(target, mutations.mutated(random.Random(number), target.seeds(), target.form))


@by_name
def test_built_files(name: str) -> None:
    target = ALL[name]

    @settings(max_examples=max(1, inputs_in_the_suite(target) // 2), phases=[Phase.generate])
    @given(strategies.inputs(target))
    def held(data: bytes) -> None:
        hold(target, data)

    held()


@by_name
def test_nothing_and_almost_nothing(name: str) -> None:
    for data in (b"", b"\0"):
        assert hold(ALL[name], data) != "read" or ALL[name].form == "toml" or name == "suggest"


def test_every_importer_has_a_target() -> None:
    tried = {name.removeprefix("import ").partition(".")[0] for name in ALL if name.startswith("import ")}
    assert tried == set(targets.importers())


@given(st.integers(0, 2**32), st.sampled_from(sorted(ALL)))
def test_a_number_repeats_a_damaged_file(number: int, name: str) -> None:
    target = ALL[name]
    made = [mutations.mutated(random.Random(number), target.seeds(), target.form) for _ in range(2)]
    assert made[0] == made[1] and len(made[0]) <= mutations.LONGEST


# What holds the contract can itself be wrong: each of its clauses is seen to break.


def target_of(read: Callable[[Path], Any]) -> Target:
    return Target("trial", "trial.csv", "csv", read, lambda: [b"a,b\n1,2\n"])


def _raise(error: BaseException) -> Callable[[Path], list[str]]:
    def read(source: Path) -> list[str]:
        raise error

    return read


class PanicException(BaseException):
    """As libraries written in Rust raise it."""


def _leave_behind(source: Path) -> list[str]:
    tempfile.mkdtemp()
    return []


def _change_the_source(source: Path) -> list[str]:
    (source / "trial.csv").write_bytes(b"x")
    return []


def _behind_another(source: Path) -> list[str]:
    try:
        raise ValueError(fuzz_seeds.CANARY)
    except ValueError:
        raise InvalidRecords(["something"])  # noqa: B904 - the fault that is to be seen


@pytest.mark.parametrize(
    ("read", "clause"),
    [
        (_raise(ValueError("x")), "ValueError instead"),
        (_raise(RecursionError()), "RecursionError instead"),
        (_raise(SystemExit(1)), "SystemExit instead"),
        (_raise(PanicException()), "PanicException instead"),
        (_raise(InvalidRecords([f"row 3: {fuzz_seeds.CANARY[3:8]}"])), "holds the canary"),
        (lambda source: [f"warning: {fuzz_seeds.CANARY[:4]}"], "holds the canary"),
        (_behind_another, "holds the canary"),
        (_raise(FileProblem("This is a fault of the program.")), "blames the program"),
        (_leave_behind, "1 left in the folder"),
        (_change_the_source, "not as it was"),
    ],
)
def test_each_clause_can_break(read: Callable[[Path], Any], clause: str) -> None:
    with pytest.raises(Broken, match=clause):
        hold(target_of(read), b"")


def test_an_ordinary_refusal_is_none() -> None:
    assert hold(target_of(_raise(FileProblem("row 3: no number"))), b"") == "FileProblem"


def test_time_can_break_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "SECONDS", 0.05)
    with pytest.raises(Broken, match=r"over 0 s"):
        hold(target_of(lambda source: [str(sum(range(8_000_000)))[:0]]), b"")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the peak of memory anew")
def test_memory_can_break_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "MEMORY", targets._peak_bytes() + (20 << 20))
    with pytest.raises(Broken, match="over 1 GiB"):
        hold(target_of(lambda source: [bytes(bytearray(os.urandom(1) * (80 << 20)))[:0].decode()]), b"")


# The campaign


def arguments_of(output: Path, **given: Any) -> argparse.Namespace:
    plain = {
        "output": output,
        "target": ["trial"],
        "way": ["mutations"],
        "seed": 1,
        "seconds": 0.2,
        "minutes": 0.01,
    }
    return argparse.Namespace(**(plain | {"work": "mutations"} | given))


def test_a_finding_is_kept_once_with_its_seed_and_fails_the_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = target_of(_raise(ValueError("x")))
    monkeypatch.setattr(targets, "targets", lambda: {"trial": faulty})
    monkeypatch.setattr(campaign, "_limit_memory", lambda: None)
    monkeypatch.setenv("FUZZ_STATE", str(tmp_path))
    assert campaign._work(arguments_of(tmp_path)) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["found"] == 1 and result["inputs"] == result["outcomes"]["broken"] > 1
    (kept,) = (tmp_path / "findings").glob("*.json")
    told = json.loads(kept.read_text())
    assert told["target"] == "trial" and "ValueError" in told["clause"] and told["seed"]
    assert campaign._replay(kept) == 1
    monkeypatch.setattr(campaign, "_watched", lambda *given: 1)
    assert campaign._campaign(arguments_of(tmp_path)) == 1
    monkeypatch.setattr(campaign, "_watched", lambda *given: 0)
    assert campaign._campaign(arguments_of(tmp_path)) == 0


def test_without_atheris_its_part_is_left_out_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(campaign.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(campaign, "_watched", lambda name, way, *given: tried.append(way) or 0)
    given = arguments_of(tmp_path, target=["import daylio"], way=None)
    assert campaign._campaign(given) == 0
    assert tried == ["mutations", "hypothesis"] and "atheris is not installed" in capsys.readouterr().out


def test_an_input_that_ends_the_process_or_gives_no_answer_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child here is no campaign: it names its input and then dies, or stays silent."""
    child = (
        "import os,sys,time; open(os.environ['FUZZ_STATE']+'/count','w').write('1'); "
        "open(os.environ['FUZZ_STATE']+'/current','wb').write(b'in'); "
    )
    monkeypatch.setattr(campaign, "SILENT_SECONDS", 0.3)
    started = campaign.subprocess.Popen
    for number, ending in enumerate(("os.abort()", "time.sleep(60)")):

        def other(command: list[str], ending: str = ending, **given: Any) -> Any:
            return started([sys.executable, "-c", child + ending], **given)

        monkeypatch.setattr(campaign.subprocess, "Popen", other)
        output = tmp_path / str(number)
        assert campaign._watched("trial", "mutations", 0.1, 1, output) == 1
        (kept,) = (output / "findings").glob("*.input")
        assert kept.read_bytes() == b"in"


def test_a_finding_can_be_made_smaller() -> None:
    data = bytes(range(256)) * 4
    assert campaign.smaller(data, lambda shorter: b"\x07" in shorter and b"\xc8" in shorter) in (
        b"\x07\xc8",
        b"\xc8\x07",
    )
