"""The answer to one question that a clinic's promise raises: statistics, and the frames its figure is drawn from.

Every topic of `outcomes.analysis.questions` gives one `Answers`. Its numbers are `Statistic`s like those of a
comparison: frozen, signed, unrounded, each with n, n left out, method, confidence and notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from outcomes.analysis.estimates import Estimate
from outcomes.analysis.results import Statistic, statistics_frame
from outcomes.plan import AnalysisPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Answers:
    """What the records say to one topic.

    `labels` gives the words for each name in `statistic`. `notes` hold what must stand beside every one of these
    numbers. `frames` are what figures are drawn from, exact and for the analyst's own eyes; their columns are
    told where the topic is defined.
    """

    topic: str
    statistics: tuple[Statistic, ...]
    plan: AnalysisPlan
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = ()
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def __iter__(self) -> Iterator[Statistic]:
        return iter(self.statistics)

    def __len__(self) -> int:
        return len(self.statistics)

    def __getitem__(self, statistic: str) -> Statistic:
        """The first statistic of that name; `find` tells apart those of several endpoints and groups."""
        return self.find(statistic)

    def find(
        self, statistic: str, *, endpoint: str | None = None, group: str | None = None, by: str | None = None
    ) -> Statistic:
        """The first statistic that fits. Raises KeyError."""
        for row in self.statistics:
            if (
                row.statistic == statistic
                and endpoint in (None, row.endpoint)
                and group in (None, row.group)
                and by in (None, row.by)
            ):
                return row
        known = ", ".join(dict.fromkeys(row.statistic for row in self.statistics))
        raise KeyError(
            f"{statistic} of {endpoint or 'any endpoint'} in {group or 'any group'}; known: {known}"
        )

    def label(self, statistic: str) -> str:
        """The words for a statistic."""
        return self.labels.get(statistic, statistic.replace("_", " "))

    def to_frame(self) -> pd.DataFrame:
        """One row per statistic, unrounded."""
        return statistics_frame(self.statistics)

    def to_dict(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "plan": self.plan.to_dict(),
            "notes": list(self.notes),
            "rows": [row.to_dict() | {"label": self.label(row.statistic)} for row in self.statistics],
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """The figure of the topic. Raises PlanError where it has none."""
        from outcomes.reporting.answers import draw_answers

        return draw_answers(self, ax=ax)

    def summary(self) -> str:
        """A line for each number, rounded for reading, and what must stand beside them."""
        from outcomes.reporting.answers import answers_text

        return answers_text(self)

    def _repr_html_(self) -> str:
        from outcomes.reporting.answers import answers_html

        return answers_html(self)


def statistic_of(
    found: Estimate,
    plan: AnalysisPlan,
    *,
    endpoint: str,
    statistic: str,
    n: int,
    unit: str,
    n_left_out: int = 0,
    count: int | None = None,
    by: str | None = None,
    group: str = "all",
    mode: str = "diary",
    notes: tuple[str, ...] = (),
) -> Statistic:
    """An estimate in its place in a table of results. `notes` are added to the estimate's own."""
    return Statistic(
        endpoint=endpoint, by=by, group=group, statistic=statistic, value=found.value, low=found.low,
        high=found.high, p=found.p, n=n, n_left_out=n_left_out, count=count, unit=unit, mode=mode,
        confidence=plan.confidence, method=found.method, notes=(*found.notes, *notes),
    )  # fmt: skip
