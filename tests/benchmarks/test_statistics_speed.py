"""The benchmark of the statistics runs, and the other libraries give the same answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_short_run_agrees_with_the_peers_and_the_closed_form_is_the_quicker_road(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "statistics_speed.py"), "--short", "--json", str(figures)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    parts = json.loads(figures.read_text(encoding="utf-8"))["parts"]
    assert set(parts) == {"comparison", "day_weighted", "glmm", "multiverse"}
    assert not any(part["differences"] for part in parts.values())
    assert parts["day_weighted"]["ratios"]["statsmodels GEE"] < 0.5
    assert set(parts["glmm"]["ratios"]) == {
        "statsmodels MixedLM of the rates",
        "statsmodels BinomialBayesMixedGLM",
    }
    assert "ours / theirs" in done.stdout
