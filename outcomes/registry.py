"""A registry month by month: windows that have closed are measured once, from the months that they can reach.

A store that only grows need not be read from its beginning every month. A patient's result hangs on the days from the
baseline window to the end of the follow-up window, and is final once the last of them is over.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
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
    periods = split_periods(records, cohort=Cohort(*month_days(month)))
    endpoints = measure_endpoints(periods)
    undated = records.engine.rows(
        f"SELECT patient_id FROM {periods.tables['standing']} WHERE standing = 'no_first_session'"
    )
    kept = ~endpoints["patient_id"].isin([patient for (patient,) in undated])
    return endpoints[kept].reset_index(drop=True)


def close_month(
    source: Any, month: str, store: str | Path, plan: AnalysisPlan | None = None, **reading: Any
) -> Path:
    """Measure a month that is over and keep its endpoint table in the folder `store`; gives the file.

    A month that is kept already is never measured again: it raises FileProblem. `reading`: as for
    `month_endpoints`. The file holds a row for each patient and period: it is for the analyst's own eyes.
    """
    target = Path(store) / _FILE.format(month=month)
    if target.exists():
        raise FileProblem(f"{target.name}: this month is closed. Take the file away to measure it again.")
    if month_days(month)[1] >= dt.date.today():
        raise PlanError(f"{month} is not over: a window that closes in it may still be written in.")
    endpoints = month_endpoints(source, month, plan, **reading)
    private_folder(store)
    write_private(target, _packed(endpoints), may_replace=False)
    return target


def closed_months(store: str | Path) -> pd.DataFrame:
    """The endpoint tables of all months that are kept, as one. Raises PlanError where they follow several plans."""
    import pandas as pd

    frames = [_unpacked(path) for path in sorted(Path(store).glob(_FILE.format(month="*")))]
    if not frames:
        raise FileProblem("The folder holds no closed month.")
    if any(frame.attrs != frames[0].attrs for frame in frames):
        raise PlanError(
            "The months of this folder were measured under several plans. Keep one folder for each."
        )
    together = pd.concat(frames, ignore_index=True)
    together.attrs = frames[0].attrs
    return together


def _packed(endpoints: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(endpoints, preserve_index=False)
    kept = {b"outcomes": json.dumps(endpoints.attrs).encode()}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **kept}), sink)
    return bytes(sink.getvalue().to_pybytes())


def _unpacked(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    frame = table.to_pandas()
    frame.attrs = json.loads((table.schema.metadata or {})[b"outcomes"])
    return frame
