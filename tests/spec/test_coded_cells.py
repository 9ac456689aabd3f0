"""Cells that hold several codes, taken apart by the different cells: the same as row by row."""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.adverse_events import codes_of
from outcomes.analysis.coded_cells import each_code

SESSIONS = pd.DataFrame(
    {
        "patient_id": ["A", "A", "B", "C", "D"],
        "muscles": ["trapezius;masseter", "masseter", "trapezius;masseter", "", "masseter;masseter;splenius"],
    }
)


def test_each_code_has_a_row_beside_its_patient_in_order() -> None:
    """Written out by hand: D's masseter counts once, and the cell of C holds nothing."""
    found = each_code(SESSIONS, "muscles", codes_of)
    assert list(zip(found["patient_id"], found["muscles"], strict=True)) == [
        ("A", "trapezius"), ("A", "masseter"), ("A", "masseter"),
        ("B", "trapezius"), ("B", "masseter"), ("D", "masseter"), ("D", "splenius"),
    ]  # fmt: skip
    # Rows keep the label of the row that they come from.
    assert found.index.tolist() == [0, 0, 1, 2, 2, 4, 4]


def test_it_is_what_pandas_makes_of_lists_row_by_row() -> None:
    told = SESSIONS[SESSIONS["muscles"] != ""]
    by_row = told.assign(muscles=told["muscles"].map(codes_of).astype("object")).explode("muscles")
    pd.testing.assert_frame_equal(each_code(told, "muscles", codes_of), by_row.astype({"muscles": "object"}))


def test_an_empty_cell_has_no_codes_of_another_patient() -> None:
    told = pd.DataFrame({"patient_id": ["A", "B", "C"], "muscles": [None, "trapezius", "masseter;trapezius"]})
    found = each_code(told, "muscles", lambda cell: cell.split(";")).dropna(subset="muscles")
    assert found.values.tolist() == [["B", "trapezius"], ["C", "masseter"], ["C", "trapezius"]]


def test_without_rows_there_are_no_codes() -> None:
    assert each_code(SESSIONS.iloc[:0], "muscles", codes_of).empty
