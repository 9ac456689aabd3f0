"""Tables that one question after the other rests on, worked out once and kept with what they were worked out from.

What is handed out is a copy: whoever adds a column to it does not add it for the next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

if TYPE_CHECKING:
    from outcomes.analysis.periods import Periods

P = ParamSpec("P")
Table = TypeVar("Table", pd.DataFrame, pd.Series, pd.Index)


def once(work: Callable[Concatenate[Periods, P], Table]) -> Callable[Concatenate[Periods, P], Table]:
    """`work(periods, …)` done once for each set of periods and arguments, which must be hashable.

    What it raises is raised anew each time. The table is kept as long as the periods are.
    """

    @functools.wraps(work)
    def found(periods: Periods, *args: P.args, **kwargs: P.kwargs) -> Table:
        return _kept(periods.kept, work, periods, args, kwargs)

    return found


def once_for_records(
    work: Callable[Concatenate[Periods, P], Table],
) -> Callable[Concatenate[Periods, P], Table]:
    """The same for work that looks at nothing of the periods but their records: done once for all periods of them."""

    @functools.wraps(work)
    def found(periods: Periods, *args: P.args, **kwargs: P.kwargs) -> Table:
        return _kept(periods.records.kept, work, periods, args, kwargs)

    return found


def _kept(
    tables: dict[tuple[object, ...], Any],
    work: Callable[..., Table],
    periods: Periods,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> Table:
    key = (work.__module__, work.__qualname__, args, tuple(sorted(kwargs.items())))
    if key not in tables:
        tables[key] = work(periods, *args, **kwargs)
    found: Table = tables[key]
    return found.copy()
