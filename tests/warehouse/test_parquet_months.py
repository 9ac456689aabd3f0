"""A registry in Parquet on this computer, its diary in a folder for each month: the same answers, and no more read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from registry_tables import by_month, registry

import outcomes as oc
from outcomes.analysis.periods import Cohort
from outcomes.errors import InvalidRecords, OutcomesError, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.parquet_parts import parts_of
from outcomes.records.sources import Location
from outcomes.registry import close_month, closed_months, days_that_matter, month_days, month_endpoints

#: More rows are set aside than a plan lets pass: these are planted.
LENIENT = AnalysisPlan(set_aside_limit=0.5)
MONTH = "2025-12"
NEEDED = ("2025-08", "2025-12")


@pytest.fixture(scope="module")
def planted() -> dict[str, pa.Table]:
    """Without the dates of 1970: in a folder of their own the privacy gate takes them for birthdays."""
    tables = registry(150)
    diary = tables["diary"]
    lost = pc.fill_null(pc.equal(diary["date"], dt.date(1970, 1, 1)), False)
    return {**tables, "diary": diary.filter(pc.invert(lost))}


@pytest.fixture
def folder(planted: dict[str, pa.Table], tmp_path: Path) -> Path:
    """Sessions and patients as files; the diary by month, rows without a date in a folder of their own."""
    pq.write_to_dataset(by_month(planted["diary"]), str(tmp_path / "diary"), partition_cols=["month"])
    for name in ("sessions", "patients"):
        pq.write_table(planted[name], tmp_path / f"{name}.parquet")
    return tmp_path


def endpoints(records: Records, month: str | None = None) -> pd.DataFrame:
    cohort = Cohort(*month_days(month)) if month else None
    return oc.measure_endpoints(oc.split_periods(records, cohort=cohort))


def test_a_folder_for_each_month_gives_what_one_table_gives(
    planted: dict[str, pa.Table], folder: Path
) -> None:
    here, by_folder = oc.load_records(planted, LENIENT), oc.load_records(folder, LENIENT)
    pd.testing.assert_frame_equal(endpoints(by_folder), endpoints(here))

    def told(records: Records) -> Counter[tuple[str, str, str]]:
        """Findings are told for each file."""
        found: Counter[tuple[str, str, str]] = Counter()
        for one in records.findings:
            found[one.table, one.column, one.rule] += one.count
        return found

    assert told(by_folder) == told(here)
    diary = by_folder.counts[0].file
    assert diary.startswith("diary/month=") and diary.endswith(" further files") and diary.count("+") == 1


def test_a_month_is_closed_from_the_months_that_can_move_it_and_no_other_is_opened(
    planted: dict[str, pa.Table], folder: Path
) -> None:
    first, last = days_that_matter(LENIENT, MONTH)
    assert (first, last) == (dt.date(2025, 8, 12), dt.date(2025, 12, 31))
    dates = planted["diary"]["date"]
    within = pc.and_(pc.greater_equal(dates, first), pc.less_equal(dates, last))
    alone = oc.load_records({**planted, "diary": planted["diary"].filter(within)}, LENIENT)
    expected = endpoints(alone, MONTH)
    for file in folder.glob("diary/month=*/*.parquet"):
        if not NEEDED[0] <= file.parent.name.removeprefix("month=") <= NEEDED[1]:
            file.write_bytes(b"no table")
    found = endpoints(oc.load_records(folder, LENIENT, days=(first, last)), MONTH)
    pd.testing.assert_frame_equal(found, expected)
    # Nor are the files of other months watched, which would read them.
    watched = {file.parent.name for file in Location("folder", folder, days=(first, last)).files}
    assert {name for name in watched if name.startswith("month=")} == {
        f"month=2025-{month:02d}" for month in range(8, 13)
    }
    with pytest.raises(OutcomesError):
        oc.load_records(folder, LENIENT)


def test_closed_months_hold_what_a_run_over_everything_holds(folder: Path, tmp_path: Path) -> None:
    for month in ("2025-11", MONTH):
        close_month(folder, month, tmp_path / "closed", LENIENT)
    closed = closed_months(tmp_path / "closed").set_index(["patient_id", "period"])
    everybody = endpoints(oc.load_records(folder, LENIENT)).set_index(["patient_id", "period"])
    both = closed.index.intersection(everybody.index)
    assert len(both) == len(closed) > 20 and closed.index.is_unique
    columns = ["recorded_days", "headache_days_per_28", "intensity_on_headache_days"]
    pd.testing.assert_frame_equal(closed[columns], everybody.loc[closed.index, columns], rtol=1e-12, atol=0)


def with_times(diary: pa.Table) -> pa.Table:
    """Every day as eight in the morning of it."""
    morning = pc.add(diary["date"].cast(pa.timestamp("us")), pa.scalar(8 * 3600 * 10**6, pa.duration("us")))
    return diary.set_column(1, "date", morning)


def newest_day(records: Records) -> list[tuple[dt.date]]:
    return records.engine.rows("SELECT max(date) FROM diary_checked")


def test_a_time_on_the_last_day_counts(planted: dict[str, pa.Table], folder: Path) -> None:
    """One file without months: the days are still cut, and the morning of the last day lies within."""
    expected = month_endpoints(folder, MONTH, LENIENT)
    for file in sorted(folder.glob("diary/month=*/*")):
        file.unlink()
    pq.write_table(with_times(planted["diary"]), folder / "diary.parquet")
    pd.testing.assert_frame_equal(month_endpoints(folder, MONTH, LENIENT), expected)
    cut = oc.load_records(folder, LENIENT, days=days_that_matter(LENIENT, MONTH))
    assert newest_day(cut) == [(dt.date(2025, 12, 31),)]


def test_a_time_on_the_last_day_counts_in_postgresql(
    planted: dict[str, pa.Table], in_postgresql: Callable[[str, dict[str, pa.Table]], str]
) -> None:
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    address = in_postgresql("times", {**planted, "diary": with_times(planted["diary"])})
    days = days_that_matter(LENIENT, MONTH)
    with adbc.connect(address) as opened:
        names = {name: f"times.{name}" for name in planted}
        cut = oc.load_records(opened, LENIENT, tables=names, days=days)
        assert newest_day(cut) == [(dt.date(2025, 12, 31),)]


def test_days_alone_are_not_read_of_text_and_frames(planted: dict[str, pa.Table], tmp_path: Path) -> None:
    days = days_that_matter(LENIENT, MONTH)
    (tmp_path / "diary.csv").write_text("patient_id,date,headache\nP-1,2025-12-01,yes\n")
    with pytest.raises(PlanError, match=r"diary\.csv is none"):
        oc.load_records(tmp_path, LENIENT, days=days)
    with pytest.raises(PlanError, match="of Parquet in a folder"):
        oc.load_records(planted, LENIENT, days=days)


def test_days_are_those_of_the_column_that_the_mapping_names(
    planted: dict[str, pa.Table], folder: Path
) -> None:
    """The same months from a diary under other names, in a file of its own; from texts no day can be told."""
    expected = month_endpoints(folder, MONTH, LENIENT)
    for file in sorted(folder.glob("diary/month=*/*")):
        file.unlink()
    names = ["tag" if name == "date" else name for name in planted["diary"].column_names]
    pq.write_table(planted["diary"].rename_columns(names), folder / "tagebuch.parquet")
    mapping = '[[tables]]\nsource = "tagebuch"\ntable = "diary"\n[tables.columns]\ndate = "tag"\n'
    kept = "".join(f'{name} = "{name}"\n' for name in names if name != "tag")
    (folder / "mapping.toml").write_text(mapping + kept)
    pd.testing.assert_frame_equal(month_endpoints(folder, MONTH, LENIENT), expected)
    cut = oc.load_records(folder, LENIENT, days=days_that_matter(LENIENT, MONTH))
    assert newest_day(cut) == [(dt.date(2025, 12, 31),)]
    texts = planted["diary"].set_column(1, "date", planted["diary"]["date"].cast(pa.string()))
    pq.write_table(texts.rename_columns(names), folder / "tagebuch.parquet")
    with pytest.raises(PlanError, match="a date, or a timestamp"):
        month_endpoints(folder, MONTH, LENIENT)


def test_partitions_are_told_by_their_names(tmp_path: Path) -> None:
    """As text, as the first of the month, and of rows without a month, which are looked at."""
    names = (
        "month=2025-07",
        "month=2025-08",
        "month=2025-09-01",
        "month=2025-10-01",
        "month=__HIVE_DEFAULT__",
    )
    for name in names:
        (tmp_path / "diary" / name).mkdir(parents=True)
        (tmp_path / "diary" / name / "part.parquet").touch()
    (tmp_path / "diary" / "part.parquet").touch()
    days = (dt.date(2025, 8, 31), dt.date(2025, 9, 1))
    found = [path.parent.name for path in parts_of(tmp_path, "diary", days)]
    assert found == ["month=2025-08", "month=2025-09-01", "month=__HIVE_DEFAULT__", "diary"]
    assert len(parts_of(tmp_path, "diary")) == 6


def test_files_in_other_folders_stop_the_reading_and_are_not_left_out(folder: Path) -> None:
    part = next(folder.glob("diary/month=2025-08/*.parquet"))
    for ours in ("_delta_log", "month=2025-08/.hidden"):
        (folder / "diary" / ours).mkdir()
        (folder / "diary" / ours / "part.parquet").write_bytes(part.read_bytes())
    oc.load_records(folder, LENIENT)
    (folder / "diary" / "year=2025" / "month=08").mkdir(parents=True)
    part.rename(folder / "diary" / "year=2025" / "month=08" / part.name)
    with pytest.raises(InvalidRecords, match=r"diary/: 1 of its Parquet files would not be read"):
        oc.load_records(folder, LENIENT)
