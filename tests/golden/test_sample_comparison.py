"""The comparison of the sample clinic, number by number, against the committed table.

A change here is a change of results: it needs a line under "Numbers that change" in the changelog. To write
the table anew, run this file with OUTCOMES_WRITE_GOLDEN=1 and look at the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cli import main

GOLDEN = Path(__file__).with_name("sample_comparison.csv")


def test_the_sample_compares_as_committed(sample: Path, tmp_path: Path) -> None:
    target = tmp_path / "sample_comparison.csv"
    assert main(["compare", str(sample), "--by", "headache_type", "--csv", str(target)]) == 0
    if os.environ.get("OUTCOMES_WRITE_GOLDEN") == "1":
        GOLDEN.write_bytes(target.read_bytes())
        pytest.skip("the golden table was written anew; look at the difference")
    expected = pd.read_csv(GOLDEN, keep_default_na=False, na_values=[""])
    found = pd.read_csv(target, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=0)
