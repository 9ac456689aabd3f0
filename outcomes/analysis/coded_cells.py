"""Cells that hold several codes, taken apart: by the few different cells and not by every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd


def each_code(frame: pd.DataFrame, column: str, codes_of: Callable[[object], Sequence[str]]) -> pd.DataFrame:
    """One row per row of `frame` and code in its cell of `column`, in their order; the cell in place of the code.

    `codes_of` says what a cell holds, and is asked once for each different cell. A cell that is empty or without
    a code has no row.
    """
    which, cells = pd.factorize(frame[column])
    # An empty cell is −1, the last: it holds none.
    held = [*(list(codes_of(cell)) for cell in cells), []]
    lengths = np.array([len(codes) for codes in held], dtype=np.int64)
    first = np.concatenate(([0], np.cumsum(lengths)))[:-1]
    flat = np.array([code for codes in held for code in codes], dtype=object)
    rows = np.repeat(np.arange(len(frame)), lengths[which])
    # The place of a code among those of its own cell.
    begins = np.repeat(np.cumsum(lengths[which]) - lengths[which], lengths[which])
    place = np.repeat(first[which], lengths[which]) + np.arange(len(rows)) - begins
    found = frame.iloc[rows].copy()
    found[column] = pd.Series(flat[place], index=found.index, dtype="object")
    return found
