"""The benchmark runs, and the pandas pipeline beside it gives the same numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize("faults", [0.0, 0.02])
def test_short_run_gives_the_numbers_of_the_pandas_pipeline(tmp_path: Path, faults: float) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--short", "--faults", str(faults)]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data"), "--json", str(figures)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(figures.read_text(encoding="utf-8"))
    assert result["whole"]["pandas"]["differences"] == []
    assert result["whole"]["pandas_arrow"]["differences"] == []
    assert result["engine"]["engine_wall"] > 0
