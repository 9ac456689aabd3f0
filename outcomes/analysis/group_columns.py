"""The comparison of one endpoint in many groups, kept as columns; each group becomes objects when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.change_blocks import Block
from outcomes.analysis.estimate_columns import Estimates, Notes
from outcomes.analysis.result_rows import ROW_FIELDS, Statistic, with_types_of_rows
from outcomes.analysis.results import PairedChange
from outcomes.analysis.samples import Counts, Flags, Layout
from outcomes.plan import AnalysisPlan


@dataclass(frozen=True, eq=False)
class StatisticColumn:
    """One statistic of every group: of `n` patients each, `count` of them for a share; only where `present`."""

    name: str
    unit: str
    estimates: Estimates
    n: Counts
    count: Counts | None = None
    present: Flags | None = None
    withheld: Flags | None = None

    def without(self, groups: Flags, notes: Notes) -> StatisticColumn:
        """Without the numbers of some of the groups, which have these notes instead."""
        return replace(self, estimates=self.estimates.withheld(groups, notes), withheld=groups)

    def is_in(self, group: int) -> bool:
        return self.present is None or bool(self.present[group])

    @property
    def counts(self) -> list[int | None]:
        return [self.count_in(group) for group in range(len(self.n))]

    def count_in(self, group: int) -> int | None:
        if self.count is None or (self.withheld is not None and self.withheld[group]):
            return None
        return int(self.count[group])


@dataclass(frozen=True, eq=False)
class GroupColumns(Block):
    """The comparisons of one endpoint in one mode, in the groups of `by`: group i is made when [i] is asked for.

    `pairs` has one row per patient with both periods, the groups one after the other as in `layout`.
    """

    endpoint: Endpoint
    by: str | None
    names: Sequence[str]
    mode: str
    daily: bool
    n_patients: Counts
    layout: Layout
    columns: Sequence[StatisticColumn]
    common: Notes
    plan: AnalysisPlan
    pairs: pd.DataFrame

    def __len__(self) -> int:
        return len(self.names)

    @property
    def groups(self) -> Sequence[str]:
        return self.names

    @overload
    def __getitem__(self, group: int) -> PairedChange: ...

    @overload
    def __getitem__(self, group: slice) -> tuple[PairedChange, ...]: ...

    def __getitem__(self, group: int | slice) -> PairedChange | tuple[PairedChange, ...]:
        if isinstance(group, slice):
            return tuple(self._change(one) for one in range(len(self))[group])
        return self._change(range(len(self))[group])

    def _change(self, group: int) -> PairedChange:
        n, n_patients = int(self.layout.sizes[group]), int(self.n_patients[group])
        return PairedChange(
            endpoint=self.endpoint,
            by=self.by,
            group=self.names[group],
            mode=self.mode,
            daily=self.daily,
            n=n,
            n_left_out=n_patients - n,
            statistics=tuple(
                self._statistic(one, group, n_patients) for one in self.columns if one.is_in(group)
            ),
            plan=self.plan,
            pairs=self.pairs.iloc[self.layout.bounds[group] : self.layout.bounds[group + 1]],
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per group and statistic, from the columns: the same as those of the comparisons one by one."""
        groups, statistics = len(self), len(self.columns)

        def beside(per_column: list[Any], kind: str | None = None) -> NDArray[Any]:
            """What each column holds of each group, the statistics of a group next to each other."""
            table = np.empty((groups, statistics), dtype=kind or object)
            for at, one in enumerate(per_column):
                table[:, at] = one
            return table.ravel()

        found = [one.estimates for one in self.columns]
        n = beside([one.n for one in self.columns], "int64")
        notes = [_objects(one.notes) for one in found]
        frame = pd.DataFrame(
            {
                "endpoint": self.endpoint.name,
                "by": self.by,
                "group": np.repeat(_objects(self.names), statistics),
                "statistic": np.tile(_objects([one.name for one in self.columns]), groups),
                "value": beside([one.value for one in found], "float64"),
                "low": beside([one.low for one in found], "float64"),
                "high": beside([one.high for one in found], "float64"),
                "p": beside([one.p for one in found], "float64"),
                "n": n,
                "n_left_out": np.repeat(self.n_patients, statistics) - n,
                "count": beside([_objects(one.counts) for one in self.columns]),
                "unit": np.tile(_objects([one.unit for one in self.columns]), groups),
                "mode": self.mode,
                "confidence": self.plan.confidence,
                "method": beside([_objects(one.methods) for one in found]),
                "notes": [(*own, *self.common) for own in beside(notes)],
            },
            columns=list(ROW_FIELDS),
        )
        there = [
            np.ones(groups, dtype=np.bool_) if one.present is None else one.present for one in self.columns
        ]
        return with_types_of_rows(frame[beside(there, "bool")].reset_index(drop=True))

    def _statistic(self, column: StatisticColumn, group: int, n_patients: int) -> Statistic:
        found, n = column.estimates[group], int(column.n[group])
        return Statistic(
            endpoint=self.endpoint.name, by=self.by, group=self.names[group], statistic=column.name,
            value=found.value, low=found.low, high=found.high, p=found.p, n=n, n_left_out=n_patients - n,
            count=column.count_in(group), unit=column.unit, mode=self.mode, confidence=self.plan.confidence,
            method=found.method, notes=(*found.notes, *self.common),
        )  # fmt: skip


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Each value as one cell, also where it is a tuple."""
    cells = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):
        cells[at] = value
    return cells
