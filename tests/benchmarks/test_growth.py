"""The benchmark of growth runs, and every road to the same answer gives the same numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="tells no memory of a child process")


def test_short_run_gives_the_same_numbers_from_one_file_and_several_in_any_order(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [
            *(sys.executable, str(BENCHMARKS / "growth.py"), "--short"),
            *("--data", str(tmp_path / "data"), "--json", str(figures)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(figures.read_text(encoding="utf-8"))
    assert len(list((tmp_path / "data" / "rows_60000" / "diary").glob("*.parquet"))) == 3
    assert [one["rows"] for one in result["sizes"]] == [20_000, 60_000]
    assert [(step["from"], step["to"]) for step in result["slopes"]] == [(20_000, 60_000)]
    # Both sizes were compared with pandas, and the date order with the patient order.
    assert [(one["stopped"], one["differences"]) for one in result["pandas"]] == [(False, [])] * 2
    assert [(one["order"], one["differences"]) for one in result["spill"]] == [("patient", []), ("date", [])]
    month, whole = result["month"]
    assert 0 < month["diary_mib"] < 0.5 * whole["diary_mib"] and month["rows_back"] > 0
    assert not list((tmp_path / "data").glob("tmp*"))


def test_pandas_is_stopped_where_it_needs_more_memory_than_it_is_given(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "growth.py"), "--only", "pandas", "--rows", "2e4", "4e4"]
    command += ["--pandas-mib", "50", "--data", str(tmp_path / "data"), "--json", str(figures)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(figures.read_text(encoding="utf-8"))["pandas"]
    assert [(one["rows"], one["stopped"]) for one in told] == [(20_000, True)]
    assert told[0]["peak_mib"] > 50
