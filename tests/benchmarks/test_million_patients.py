"""The benchmark of the registry's statistics runs; at its full size it keeps what docs/performance.md promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "million_patients.py"


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    figures = folder / "figures.json"
    command = [sys.executable, str(BENCHMARK), *arguments, "--json", str(figures)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
    return result


def test_short_run_gives_each_clinic_its_own_numbers(tmp_path: Path) -> None:
    result = run(tmp_path, "--short")
    assert result["differences"] == []
    assert all(step["peak_mib"] < 1024 for step in result["steps"].values())


@pytest.mark.long
def test_a_million_patients_within_half_a_minute_and_four_gibibytes(tmp_path: Path) -> None:
    """Processor time: wall time is that of whoever else uses the machine."""
    steps = run(tmp_path)["steps"]
    for name, step in steps.items():
        assert step["peak_mib"] < 4096, name
        assert step["processor"] < (20 if name in ("clinics", "practitioners") else 30), name
