"""Which of many patients are among some others, and who they are: asked for each question, of a million rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def among(patients: pd.Series | pd.Index, others: Iterable[object]) -> NDArray[np.bool_]:
    """For each of `patients` (repeated or not) whether it is one of the others.

    What `isin` says; of texts pandas 3.1 turns each of the others into an object of Python's for it, which takes ten
    times as long. In tables of one's own making patients may be numbers.
    """
    texts = pa.large_string()
    if pd.api.types.is_numeric_dtype(patients.dtype):
        return np.asarray(patients.isin(list(others)), dtype=np.bool_)
    wanted = others if isinstance(others, (pd.Series, pd.Index)) else list(others)
    if not len(wanted) or not len(patients):
        # What is empty may have come to be of any type.
        return np.zeros(len(patients), dtype=np.bool_)
    found = pc.is_in(pa.array(patients, type=texts), value_set=pa.array(wanted, type=texts))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def texts_of(patients: pd.Series | pd.Index) -> list[str]:
    """Pseudonyms as plain texts, at once: one by one each of them would be looked up in its column."""
    return [str(patient) for patient in patients.to_numpy(dtype=object)]


def set_of(patients: pd.Series | pd.Index) -> set[str]:
    """The different patients."""
    return set(texts_of(pd.Index(patients.unique())))
