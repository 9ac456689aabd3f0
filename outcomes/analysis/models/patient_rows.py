"""A formula over rows that belong to patients: outcome, fixed and random covariates, in the order of patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.formulas import design, need_columns


@dataclass(frozen=True, eq=False)
class PatientRows:
    """The numbers of a formula. Rows are sorted by patient, then by content, so that their order is no choice.

    `patient` numbers the rows' patients from 0, in the order of `patient_ids`; `patients_left_out` had no
    complete row. `extra` holds further columns of the table, row by row.
    """

    outcome: Values
    fixed: Values
    random: Values
    extra: Values
    patient: NDArray[np.int64]
    fixed_names: tuple[str, ...]
    random_names: tuple[str, ...]
    patient_ids: pd.Index
    patients_left_out: int

    @property
    def rows(self) -> int:
        return len(self.outcome)

    @property
    def patients(self) -> int:
        return len(self.patient_ids)


def patient_rows(
    data: pd.DataFrame, formula: str, patient: str, *, random: str = "1", extra: tuple[str, ...] = ()
) -> PatientRows | None:
    """The numbers of `formula` over `data`, rows with a missing value left out; None where none is whole.

    `random` is the right side of the effects that vary between patients. Raises PlanError for columns that
    are not there and for a formula that cannot be followed.
    """
    need_columns(data, [patient, *extra])
    whole = data.dropna(subset=[patient, *extra])
    whole = whole.astype({name: float for name in whole.columns if whole[name].dtype == bool})
    left = formula.partition("~")[0]
    fixed, varying = design(formula, whole), design(f"{left} ~ {random}", whole)
    if fixed is None or varying is None or not (both := fixed.kept & varying.kept).any():
        return None
    named = whole.loc[both, patient]
    codes, ids = pd.factorize(named, sort=True)
    size = fixed.matrix.shape[1], varying.matrix.shape[1], len(extra)
    numbers = np.column_stack(
        [
            fixed.outcome[both[fixed.kept]],
            fixed.matrix[both[fixed.kept]],
            varying.matrix[both[varying.kept]],
            whole.loc[both, list(extra)].to_numpy(np.float64),
        ]
    )
    order = np.lexsort((*numbers.T, codes))
    outcome, covariates, effects, others = np.split(numbers[order], np.cumsum([1, *size[:2]]), axis=1)
    left_out = int(data[patient].nunique() - len(ids))
    return PatientRows(
        outcome[:, 0],
        covariates,
        effects,
        others,
        codes[order].astype(np.int64),
        fixed.names,
        varying.names,
        pd.Index(ids),
        left_out,
    )
