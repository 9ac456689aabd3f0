"""Frozen results: one row per statistic, unrounded and signed, each with its n, method and notes.

Drawing and wording belong to `reporting`; `.plot()`, `.summary()` and `_repr_html_` call it when asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.change_blocks import Block, Changes
from outcomes.analysis.result_rows import ROW_FIELDS as ROW_FIELDS
from outcomes.analysis.result_rows import Statistic as Statistic
from outcomes.analysis.result_rows import statistics_frame as statistics_frame
from outcomes.plan import AnalysisPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class PairedChange:
    """Before and after of one endpoint in one group of patients, with the plan that made it.

    `daily` says that the values come from a daily diary, cut by the plan's days, and not from summaries.
    `pairs` has one row per patient with both periods: `baseline`, `followup`. It stays with the analyst.
    """

    endpoint: Endpoint
    by: str | None
    group: str
    mode: str
    daily: bool
    n: int
    n_left_out: int
    statistics: tuple[Statistic, ...]
    plan: AnalysisPlan
    pairs: pd.DataFrame = field(repr=False, compare=False)

    def __getitem__(self, statistic: str) -> Statistic:
        for row in self.statistics:
            if row.statistic == statistic:
                return row
        raise KeyError(f"{statistic}; known: {', '.join(row.statistic for row in self.statistics)}")

    def __contains__(self, statistic: str) -> bool:
        return any(row.statistic == statistic for row in self.statistics)

    @property
    def change(self) -> Statistic:
        """Mean within-patient change, follow-up − baseline."""
        return self["change"]

    @property
    def rate_ratio(self) -> Statistic:
        """Mean follow-up over mean baseline."""
        return self["rate_ratio"]

    @property
    def notes(self) -> tuple[str, ...]:
        """Every note of every statistic, once."""
        return tuple(dict.fromkeys(note for row in self.statistics for note in row.notes))

    def to_frame(self) -> pd.DataFrame:
        """One row per statistic, unrounded."""
        return statistics_frame(self.statistics)

    def to_dict(self) -> dict[str, Any]:
        return {"plan": self.plan.to_dict(), "rows": [row.to_dict() for row in self.statistics]}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Each patient's baseline and follow-up, the means and the interval. For the analyst's own eyes."""
        from outcomes.reporting.tables import draw_change

        return draw_change(self, ax=ax)

    def summary(self) -> str:
        """One honest sentence, exact and rounded for reading."""
        from outcomes.reporting.wording import describe_change

        return describe_change(self)

    def _repr_html_(self) -> str:
        from outcomes.reporting.tables import change_html

        return change_html(self)


class GivenChanges(tuple[PairedChange, ...], Block):
    """Comparisons that are made already."""

    @property
    def groups(self) -> Sequence[str]:
        return [change.group for change in self]

    def to_frame(self) -> pd.DataFrame:
        return statistics_frame(row for change in self for row in change.statistics)


def in_blocks(changes: Sequence[PairedChange]) -> Changes:
    """Comparisons made already, those that stand beside each other and are cut alike together."""
    if isinstance(changes, Changes):
        return changes

    def cut(change: PairedChange) -> tuple[str, str, str | None]:
        return change.endpoint.name, change.mode, change.by

    return Changes([GivenChanges(block) for _, block in groupby(changes, key=cut)])


@dataclass(frozen=True)
class ComparisonTable:
    """Several comparisons in a fixed order: modes, endpoints (the primary first), groups (`all` first).

    Ten thousand groups are kept as columns, and become objects one after the other (`Changes`).
    """

    changes: Sequence[PairedChange]
    plan: AnalysisPlan
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", in_blocks(self.changes))

    def __iter__(self) -> Iterator[PairedChange]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The comparisons of each endpoint, mode and cut together."""
        return in_blocks(self.changes).blocks

    @property
    def everyone(self) -> tuple[PairedChange, ...]:
        """The comparisons over everyone, without those in groups."""
        return in_blocks(self.changes).everyone

    def find(self, endpoint: str, group: str = "all", mode: str | None = None) -> PairedChange:
        """The comparison of one endpoint in one group. Raises KeyError."""
        for block in self.blocks:
            if block[0].endpoint.name == endpoint and mode in (None, block[0].mode) and group in block.groups:
                return block[block.groups.index(group)]
        raise KeyError(f"{endpoint} in {group}")

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        return tuple(self._rows())

    def _rows(self) -> Iterator[Statistic]:
        for change in self.changes:
            yield from change.statistics

    def to_frame(self) -> pd.DataFrame:
        """One row per endpoint, group and statistic, unrounded."""
        if not self.blocks:
            return statistics_frame(())
        frame = pd.concat([block.to_frame() for block in self.blocks], ignore_index=True)
        # Everyone's None beside the names of columns: text, as in a table made of rows.
        frame["by"] = frame["by"].infer_objects()
        return frame

    def to_dict(self) -> dict[str, Any]:
        return {"plan": self.plan.to_dict(), "rows": [row.to_dict() for row in self._rows()]}

    def plot(self, ax: Axes | None = None) -> Axes:
        """The change of the plan's primary endpoint in each group, with its interval."""
        from outcomes.reporting.tables import draw_changes

        return draw_changes(self, ax=ax)

    def summary(self) -> str:
        """One sentence per comparison; of very many groups, how many they are."""
        lines = []
        for block in self.blocks:
            told = (
                [change.summary() for change in block]
                if block.is_told
                else [f"{block.in_a_word}, in to_frame()."]
            )
            lines += told
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from outcomes.reporting.tables import comparison_html

        return comparison_html(self)


@dataclass(frozen=True)
class Course:
    """Headache days along the time axis of each patient's first session, as means over patients.

    `weeks` has one row per cohort and week: `cohort` (`headline`: the patients of the comparison; `all`),
    `week` (0 = days 1 to 6), `mean`, `low`, `high` in headache days per 7, and `n` patients.
    `periods` is the same per 28 days: `period` 0 = days 1 to 27. `completeness` has one row per week:
    `patients` for whom the week was over when the records end, and the `share` of its days they recorded.
    """

    weeks: pd.DataFrame
    periods: pd.DataFrame
    completeness: pd.DataFrame
    plan: AnalysisPlan

    def to_frame(self) -> pd.DataFrame:
        """The weekly course."""
        return self.weeks.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        from outcomes.reporting.tables import draw_course_of

        return draw_course_of(self, ax=ax)

    def summary(self) -> str:
        headline = self.periods[self.periods["cohort"] == "headline"]
        return (
            f"Headache days per 28 in {len(headline)} periods of 28 days around the first session, "
            f"{int(headline['n'].max()) if len(headline) else 0} patients at most."
        )

    def _repr_html_(self) -> str:
        from outcomes.reporting.tables import frame_html

        return frame_html(self.periods)


@dataclass(frozen=True)
class MultiverseRow:
    """One way to answer: `choices` are (choice, option), the missing-data method and the estimator the last two.

    `value` with its interval is a change, follow-up − baseline, of `n` patients; `n_left_out` of the records are
    not among them. `status`: estimated; no_interval, undefined or not_run, with a note that says why; not_varied
    where the row stands for a choice that these records leave no room for. `is_bound`: a limit to every answer.
    """

    choices: tuple[tuple[str, str], ...]
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_left_out: int
    method: str
    status: str
    notes: tuple[str, ...]
    is_default: bool
    is_bound: bool


@dataclass(frozen=True)
class Multiverse:
    """The change of one endpoint under every combination of the choices, the planned one first.

    The spread of the rows is the part of the doubt that comes from choices. It is no interval, and agreement
    between rows says nothing about what caused a change: all of them lack a comparison group alike.
    """

    endpoint: Endpoint
    mode: str
    rows: tuple[MultiverseRow, ...]
    plan: AnalysisPlan
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def choices(self) -> tuple[str, ...]:
        """The names of the choices, in the order of the columns."""
        return tuple(name for name, _ in self.rows[0].choices)

    @property
    def default(self) -> MultiverseRow:
        """The planned analysis."""
        return next(row for row in self.rows if row.is_default)

    def to_frame(self) -> pd.DataFrame:
        """One row per combination, unrounded: a column per choice, then the fields of `MultiverseRow`."""
        fields = (
            "value",
            "low",
            "high",
            "n",
            "n_left_out",
            "method",
            "status",
            "notes",
            "is_default",
            "is_bound",
        )
        frame = pd.DataFrame(
            [dict(row.choices) | {name: getattr(row, name) for name in fields} for row in self.rows]
        )
        frame["notes"] = ["; ".join(notes) for notes in frame["notes"]]
        return frame.astype({"value": "float64", "low": "float64", "high": "float64"})

    def to_dict(self) -> dict[str, Any]:
        rows = []
        for row in self.rows:
            plain = asdict(row) | {"choices": dict(row.choices), "notes": list(row.notes)}
            rows.append(plain)
        return {
            "plan": self.plan.to_dict(),
            "endpoint": self.endpoint.name,
            "mode": self.mode,
            "notes": list(self.notes),
            "rows": rows,
        }

    def which_moves_it(self) -> pd.DataFrame:
        """Per choice, how far the estimate moves when this choice alone departs from the plan, widest first; then
        over all rows. See `outcomes.analysis.multiverse.moves`."""
        from outcomes.analysis.multiverse.moves import which_moves_it

        return which_moves_it(self.to_frame(), list(self.choices))

    def sides(self) -> pd.DataFrame:
        """How many rows have an interval without 0, and how many an estimate on the other side of 0."""
        from outcomes.analysis.multiverse.moves import sides

        return sides(self.to_frame())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Every estimate with its interval in order of size, and below which choices made it."""
        from outcomes.reporting.tables import draw_multiverse_of

        return draw_multiverse_of(self, ax=ax)

    def summary(self) -> str:
        """How far the answer moves, which choice moves it most, and what that cannot say."""
        from outcomes.reporting.wording_multiverse import describe_multiverse

        return describe_multiverse(self)

    def _repr_html_(self) -> str:
        from outcomes.reporting.wording_multiverse import multiverse_html

        return multiverse_html(self)
