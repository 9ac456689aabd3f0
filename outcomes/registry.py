"""A registry month by month: windows that have closed are measured once, from the months that they can reach.

A store that only grows need not be read from its beginning every month. A patient's result hangs on the days from the
baseline window to the end of the follow-up window, and is final once the last of them is over.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.errors import FileProblem, PlanError
from outcomes.files import private_folder, write_private
from outcomes.plan import AnalysisPlan

if TYPE_CHECKING:
    import pandas as pd

    from outcomes.records.mapping import SourceMapping

_FILE = "closed-{month}.parquet"


def month_days(month: str) -> tuple[dt.date, dt.date]:
    """First and last day of a month written YYYY-MM. Raises PlanError."""
    from outcomes.analysis.periods import Cohort

    last = Cohort.of_month(month).closed_to
    return last.replace(day=1), last


def days_that_matter(plan: AnalysisPlan, month: str) -> tuple[dt.date, dt.date]:
    """The days on which anything can be written that moves the result of a window that closes in the month.

    From the first baseline day of a patient whose follow-up window closes on the first of the month, to the last of
    the month.
    """
    first, last = month_days(month)
    day_zero = first - dt.timedelta(plan.followup_last_day)
    return day_zero - dt.timedelta(plan.baseline_days), last


def month_endpoints(
    source: Any,
    month: str,
    plan: AnalysisPlan | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
    mapping: SourceMapping | str | Path | None = None,
    allowances: str | Path | None = None,
    accept_set_aside: int | None = None,
) -> pd.DataFrame:
    """The endpoint table of the patients whose follow-up window closed in the month (`measure_endpoints`).

    Of the diary only `days_that_matter` are read; sessions are read whole, since the first of all decides. A row
    without a day and a patient without a day 0 belong to no month: they are found when everything is checked. Raises
    as `load_records` does, and PlanError where the records hold no diary.
    """
    from outcomes.analysis.endpoints import measure_endpoints
    from outcomes.analysis.periods import Cohort, split_periods
    from outcomes.records.reading import load_records

    plan = plan if plan is not None else AnalysisPlan()
    records = load_records(
        source,
        plan,
        tables=tables,
        days=days_that_matter(plan, month),
        mapping=mapping,
        allowances=allowances,
        accept_set_aside=accept_set_aside,
    )
    if not records.has("diary"):
        raise PlanError("These records hold no daily diary, so no window closes.")
    return measure_endpoints(split_periods(records, cohort=Cohort(*month_days(month), known_only=True)))


def close_month(
    source: Any, month: str, store: str | Path, plan: AnalysisPlan | None = None, **reading: Any
) -> Path:
    """Measure a month that is over and keep its endpoint table in the folder `store`; gives the file.

    A month that is kept already is never measured again: it raises FileProblem. `reading`: as for
    `month_endpoints`. The file holds a row for each patient and period: it is for the analyst's own eyes.
    """
    if month_days(month)[1] >= dt.date.today():
        raise PlanError(f"{month} is not over: a window that closes in it may still be written in.")
    target = Path(store) / _FILE.format(month=month)
    if target.exists():
        raise FileProblem(f"{target.name}: this month is closed. Take the file away to measure it again.")
    endpoints = month_endpoints(source, month, plan, **reading)
    private_folder(store)
    write_private(target, _packed(endpoints), may_replace=False)
    return target


def closed_months(store: str | Path) -> pd.DataFrame:
    """The endpoint tables of all months that are kept, as one.

    Raises FileProblem for a file that `close_month` did not write, and where a patient stands in two months;
    PlanError where the months follow several plans, or were measured from records of several forms.
    """
    import pandas as pd

    from outcomes.analysis.recalls import VISITS_ATTRIBUTE

    paths = _kept_in(Path(store))
    frames = [_unpacked(path) for path in paths]
    _refuse_several(frames)
    together = pd.concat(frames, ignore_index=True)
    twice = together[together.duplicated(_KEY, keep=False)]
    if len(twice):
        months = ", ".join(
            path.name for path, frame in zip(paths, frames, strict=True) if _share_rows(frame, twice)
        )
        raise FileProblem(
            f"{months}: patients ({twice['patient_id'].nunique()}) stand in more than one of them, since their first "
            "session is not the one it was. Take these files away and measure the months again."
        )
    recalled = {mode for frame in frames for mode in frame.attrs.get(VISITS_ATTRIBUTE, ())}
    together.attrs = {**frames[0].attrs, VISITS_ATTRIBUTE: sorted(recalled)}
    return together


#: What makes a row of an endpoint table.
_KEY = ["patient_id", "mode", "period"]


def _share_rows(frame: pd.DataFrame, others: pd.DataFrame) -> bool:
    return len(frame[_KEY].merge(others[_KEY].drop_duplicates(), on=_KEY)) > 0


def _kept_in(folder: Path) -> list[Path]:
    """The files of the closed months, oldest first. Raises FileProblem for one of another name, and where none is."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.startswith("closed-"))
    except OSError as error:
        raise FileProblem(
            f"The folder of closed months cannot be looked into ({type(error).__name__})."
        ) from None
    for path in paths:
        if not re.fullmatch(r"closed-[0-9]{4}-(0[1-9]|1[0-2])\.parquet", path.name):
            raise FileProblem(
                f"{path.name}: is no closed month, which is called closed-YYYY-MM.parquet. Take it away, or "
                "give it its name back."
            )
    if not paths:
        raise FileProblem("The folder holds no closed month.")
    return paths


def _refuse_several(frames: Sequence[pd.DataFrame]) -> None:
    """Raises PlanError where months cannot stand in one table."""
    from outcomes.analysis.endpoints import PLAN_ATTRIBUTE
    from outcomes.analysis.recalls import VISITS_ATTRIBUTE

    if any(frame.attrs[PLAN_ATTRIBUTE] != frames[0].attrs[PLAN_ATTRIBUTE] for frame in frames):
        raise PlanError(
            "The months of this folder were measured under several plans. Keep one folder for each."
        )
    # Whether anybody recalled headache days at visits is a matter of the month, and of no other difference.
    others = [
        {name: value for name, value in frame.attrs.items() if name != VISITS_ATTRIBUTE} for frame in frames
    ]
    if any(other != others[0] for other in others):
        raise PlanError(
            "The months of this folder were measured from diaries with different columns, or by different versions of "
            "outcomes: an endpoint of one is not measured in another. Close them again, or keep one folder for each."
        )


def _packed(endpoints: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(endpoints, preserve_index=False)
    kept = {b"outcomes": json.dumps(endpoints.attrs).encode()}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **kept}), sink)
    return bytes(sink.getvalue().to_pybytes())


def _unpacked(path: Path) -> pd.DataFrame:
    """The endpoint table in a file. Raises FileProblem where the file is not whole, or not one of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from outcomes.analysis.endpoints import PLAN_ATTRIBUTE

    try:
        # One file, and never a folder of that name with whatever lies in it.
        table = pq.ParquetFile(path).read()
        frame = table.to_pandas()
        attrs = json.loads((table.schema.metadata or {})[b"outcomes"])
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError, NotImplementedError) as error:
        raise FileProblem(
            f"{path.name}: is not whole, or not written by close_month ({type(error).__name__}). Take it away and "
            "measure the month again."
        ) from None
    if not isinstance(attrs, dict) or PLAN_ATTRIBUTE not in attrs or not {*_KEY} <= {*frame.columns}:
        raise FileProblem(
            f"{path.name}: was not written by close_month. Take it away and measure the month again."
        )
    frame.attrs = attrs
    return frame
