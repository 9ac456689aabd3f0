"""What is too large for a method is told by its rows, with what can be used: a status, never a crash or a long wait."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.analysis.models import size_limits
from outcomes.analysis.models.beta_binomial import beta_binomial_model
from outcomes.analysis.models.daily_logit import daily_logit
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.mixed_linear import random_intercept_model


def _rows(rows: int) -> pd.DataFrame:
    """Two rows of each patient, who has headache on 5 to 9 of 28 days, fewer in the second."""
    patient, second = np.arange(rows) // 2, np.arange(rows) % 2
    days = 5 + patient % 5 - second * (patient % 3)
    frame = pd.DataFrame(
        {"patient_id": patient, "period": second, "recorded_days": 28, "headache_days": days}
    )
    return frame.assign(value=days.astype(float), headache=(patient + second) % 3 == 0)


def _quadrature(rows: int) -> FittedModel:
    return beta_binomial_model(_rows(rows))


def _logit(rows: int) -> FittedModel:
    return daily_logit(_rows(rows).astype({"headache": int}), "headache ~ period")


def _mixed(rows: int) -> FittedModel:
    return random_intercept_model(_rows(rows), "value ~ period")


@pytest.mark.parametrize(
    ("model", "most", "instead"),
    [
        (_quadrature, "MOST_ROWS_BY_QUADRATURE", "paired comparison"),
        (_logit, "MOST_DAYS_BY_QUADRATURE", "clustered_logit"),
        (_mixed, "MOST_ROWS_OF_MIXED", "paired comparison"),
    ],
)
def test_one_row_too_many_is_a_status(model: Any, most: str, instead: str) -> None:
    rows = getattr(size_limits, most) + 1
    started = time.process_time()
    found = model(rows)
    assert time.process_time() - started < 10
    assert (found.status, found.usable, found.terms) == ("not_run", False, ())
    assert f"{rows:,} rows are more than the {rows - 1:,}" in found.reason
    assert instead in found.reason


@pytest.mark.parametrize("model", [_quadrature, _logit, _mixed])
def test_the_number_of_rows_decides_and_nothing_else(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows are run or not by the limit alone, and where they are run the limit moves no number."""
    before = model(80)
    module = model.__globals__[{_quadrature: "beta_binomial_model", _logit: "daily_logit"}.get(
        model, "random_intercept_model")].__globals__  # fmt: skip
    name = next(name for name in module if name.startswith("MOST_"))
    monkeypatch.setitem(module, name, 80)
    assert model(80).terms == before.terms
    monkeypatch.setitem(module, name, 79)
    assert model(80).status == "not_run"
