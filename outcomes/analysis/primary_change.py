"""The headline comparison behind a question: the primary endpoint in its first mode, patient by patient."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.catalogue import Endpoint, find_endpoint
from outcomes.analysis.comparison import pair_by_patient
from outcomes.analysis.endpoints import endpoint_names, measure_endpoints
from outcomes.analysis.estimates import Estimate, Values, paired_change
from outcomes.analysis.periods import Periods
from outcomes.errors import InvalidRecords, PlanError


@dataclass(frozen=True, eq=False)
class PrimaryChange:
    """`pairs` has one row per patient looked at, by `patient_id`: `baseline` and `followup`, NaN where there is none.

    `endpoints` are the rows of the mode, in which the categories of patients stand.
    """

    endpoint: Endpoint
    mode: str
    pairs: pd.DataFrame = field(repr=False)
    endpoints: pd.DataFrame = field(repr=False)

    @property
    def complete(self) -> pd.DataFrame:
        """The patients analysed: those with both periods."""
        return self.pairs.dropna()

    @property
    def analysed(self) -> pd.Index:
        return self.complete.index

    def categories(self) -> pd.DataFrame:
        """One row per patient looked at: what the endpoint table says of the patient and not of a period."""
        first = self.endpoints.drop_duplicates("patient_id").set_index("patient_id")
        return first.reindex(self.pairs.index)

    def change_of(self, patients: Collection[object] | pd.Index, confidence: float) -> tuple[Estimate, int]:
        """The mean change of some of the patients, and how many of them are analysed."""
        chosen = self.complete[among(self.complete.index, patients)]
        return paired_change(_values(chosen["baseline"]), _values(chosen["followup"]), confidence), len(
            chosen
        )


def primary_change(periods: Periods, endpoints: pd.DataFrame | None = None) -> PrimaryChange:
    """The plan's primary endpoint, or the first that the records hold. Raises PlanError where there is none.

    `endpoints` are those of `periods`, where they have been measured already.
    """
    if endpoints is None:
        try:
            endpoints = measure_endpoints(periods)
        except InvalidRecords as error:
            raise PlanError(str(error)) from None
    names = endpoint_names(endpoints)
    if not names:
        raise PlanError("These records hold no endpoint that could be compared.")
    name = periods.plan.primary_endpoint if periods.plan.primary_endpoint in names else names[0]
    modes = list(pd.unique(endpoints["mode"]))
    mode = "diary" if "diary" in modes or not modes else str(modes[0])
    pairs = pair_by_patient(endpoints, name, mode)
    rows = endpoints[endpoints["mode"] == mode]
    return PrimaryChange(find_endpoint(name, periods.plan), mode, pairs, rows)


def _values(column: pd.Series) -> Values:
    return column.to_numpy(dtype=np.float64)
