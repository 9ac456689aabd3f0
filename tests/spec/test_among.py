"""Who is among whom: what a set of Python says, for texts of every kind of pandas."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.analysis.among import among

MANY = ["P-1", "P-2", "P-1", "P-3", ""]


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
@pytest.mark.parametrize("others", [["P-1", "P-9"], {"P-3", ""}, [], ["P-2", "P-2"], frozenset(MANY)])
def test_it_says_what_a_set_says(dtype: str, others: list[str]) -> None:
    expected = [one in set(others) for one in MANY]
    patients = pd.Series(MANY, dtype=dtype)
    for asked in (patients, pd.Index(patients)):
        assert among(asked, others).tolist() == expected
        assert among(asked, pd.Series(list(others), dtype="str")).tolist() == expected


def test_patients_may_be_numbers() -> None:
    for patients in (pd.Series([3, 1, 3]), pd.Index([3, 1, 3])):
        assert among(patients, pd.Index([3, 5])).tolist() == [True, False, True]
        assert among(patients, {1}).tolist() == [False, True, False]


def test_nobody_is_among_nobody() -> None:
    for nobody in (pd.Index([]), pd.RangeIndex(0), pd.Series([], dtype=float)):
        assert among(pd.Series(["P-1"]), nobody).tolist() == [False]
        assert among(nobody, ["P-1"]).tolist() == []
