"""The rows of one mode of an endpoint table, matched by patient once: both periods of any column, and the groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.among import among
from outcomes.analysis.diagnoses import EPISODIC_CLUSTER
from outcomes.analysis.endpoints import PERIODS
from outcomes.analysis.samples import Counts, Flags, Values
from outcomes.errors import PlanError

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, eq=False)
class PeriodPairs:
    """`patients`, each once, in their order. `places[period]`: the row of each patient in `rows`, −1 where none."""

    rows: pd.DataFrame
    patients: pd.Index
    places: dict[str, NDArray[np.intp]]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> PeriodPairs:
        """Match the rows of one mode. Raises ValueError where a patient has several rows in a period."""
        period = rows["period"].to_numpy()
        found = {name: np.flatnonzero(period == name) for name in PERIODS}
        ids = rows["patient_id"]
        sides = {name: pd.Index(ids.iloc[at], name="patient_id") for name, at in found.items()}
        if not all(side.is_unique for side in sides.values()):
            raise ValueError("a patient has more than one row in a period")
        # `measure_endpoints` gives both sides the same patients in order: then nothing is matched or sorted.
        first, second = (sides[name] for name in PERIODS)
        patients = first if first.equals(second) else first.append(second[~among(second, first)])
        if not patients.is_monotonic_increasing:
            patients = patients.sort_values()
        return cls(rows, patients, {name: _places(sides[name], at, patients) for name, at in found.items()})

    def __len__(self) -> int:
        return len(self.patients)

    def values(self, column: str) -> dict[str, Values]:
        """The numbers of a column in each period, one per patient; NaN where there is none."""
        numbers = self.rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return {period: _taken(numbers, at, np.nan) for period, at in self.places.items()}

    def flags(self, column: str) -> dict[str, Flags]:
        """Whether a column is true in each period; a patient without a row is not."""
        flags = self.rows[column].to_numpy(dtype=np.bool_)
        return {period: _taken(flags, at, False) for period, at in self.places.items()}

    @cached_property
    def described_only(self) -> Flags:
        """The patients who are described and never compared before and after."""
        if EPISODIC_CLUSTER not in self.rows:
            return np.zeros(len(self), dtype=np.bool_)
        first, second = self.flags(EPISODIC_CLUSTER).values()
        return np.asarray(first | second, dtype=np.bool_)

    def frame(self, values: dict[str, Values]) -> pd.DataFrame:
        """`baseline` and `followup`, one row per patient."""
        return pd.DataFrame(values, index=self.patients)

    def groups(self, by: str) -> tuple[Counts, tuple[str, ...]]:
        """(the group of each patient as a number, the names of the groups in order; those not recorded last).

        Raises PlanError where the column says something else of the same patient in the two periods.
        """
        codes, categories = pd.factorize(self.rows[by], use_na_sentinel=False)
        named = [NOT_RECORDED if _is_missing(one) else str(one) for one in categories]
        names = sorted(set(named) - {NOT_RECORDED}) + [NOT_RECORDED] * (NOT_RECORDED in named)
        number = {name: at for at, name in enumerate(names)}
        of_row = np.array([number[name] for name in named], dtype=np.int64)[codes]
        first, second = (_taken(of_row, self.places[period], -1) for period in PERIODS)
        if ((first != second) & (first >= 0) & (second >= 0)).any():
            raise PlanError(
                f"'{by}' differs between the periods of a patient, so it makes no groups of patients."
            )
        return np.where(first >= 0, first, second), tuple(names)


def in_order(codes: Counts, names: Sequence[str]) -> tuple[NDArray[np.intp], Counts]:
    """(the patients, those of the first group first, each group in their own order; how many each group has)."""
    return np.argsort(codes, kind="stable"), np.bincount(codes, minlength=len(names)).astype(np.int64)


def _places(side: pd.Index, at: NDArray[np.intp], patients: pd.Index) -> NDArray[np.intp]:
    if side.equals(patients):
        return at
    found = side.get_indexer(patients)
    return np.where(found >= 0, at[found] if len(at) else -1, -1)


def _taken(column: NDArray[Any], at: NDArray[np.intp], missing: Any) -> NDArray[Any]:
    """The rows of a column, or what stands where there is none."""
    if not len(column):
        return np.full(len(at), missing, dtype=column.dtype)
    return np.where(at >= 0, column[at], missing)


def _is_missing(category: object) -> bool:
    return bool(pd.isna(category))  # type: ignore[call-overload]
