"""Months of a registry that are closed: who stands in them, and what a folder of them may hold."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import outcomes as oc
from outcomes.errors import FileProblem, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.registry import close_month, closed_months, month_endpoints

Put = Callable[[str, dict[str, pa.Table]], str]

#: The follow-up window of the default plan closes 83 days after the first session.
FIRST_SESSIONS = {
    "P-0000000000000001": dt.date(2025, 3, 9),  # closes on 31 May
    "P-0000000000000002": dt.date(2025, 3, 10),  # closes on 1 June
    "P-0000000000000003": dt.date(2025, 4, 8),  # closes on 30 June
    "P-0000000000000004": dt.date(2025, 4, 9),  # closes on 1 July
    "P-0000000000000005": dt.date(2025, 3, 20),  # has no diary
    "P-0000000000000006": None,  # a session whose day was lost
}
IN_JUNE = {f"P-{number:016d}" for number in (2, 3, 5)}
#: Has a diary, and no session at all.
WITHOUT = "P-0000000000000007"


def drawn() -> dict[str, pa.Table]:
    """Everybody writes a diary from 1 January to 31 July, all days with headache, but for one patient."""
    days = [dt.date(2025, 1, 1) + dt.timedelta(day) for day in range(212)]
    who = [*(patient for patient in FIRST_SESSIONS if not patient.endswith("5")), WITHOUT]
    diary = pa.table(
        {
            "patient_id": [patient for patient in who for _ in days],
            "date": pa.array(days * len(who), pa.date32()),
            "headache": [True] * (len(days) * len(who)),
        }
    )
    # A second session moves nobody into another month.
    sessions = [*FIRST_SESSIONS.items(), ("P-0000000000000002", dt.date(2025, 4, 20))]
    return {
        "diary": diary,
        "sessions": pa.table(
            {
                "patient_id": [patient for patient, _ in sessions],
                "date": pa.array([day for _, day in sessions], pa.date32()),
            }
        ),
    }


@pytest.fixture
def connection(in_postgresql: Put) -> Any:
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with adbc.connect(in_postgresql("drawn", drawn())) as opened:
        yield opened


#: The row whose day was lost is known to be set aside.
READING = {
    "tables": {"diary": "drawn.diary", "sessions": "drawn.sessions"},
    "accept_set_aside": 1,
}
LENIENT = AnalysisPlan(set_aside_limit=0.5)


def test_a_month_holds_those_whose_window_closed_in_it(connection: Any) -> None:
    """Patients of the days just outside it, without a day 0 and without a session are in no month."""
    june = month_endpoints(connection, "2025-06", LENIENT, **READING)
    assert set(june["patient_id"]) == IN_JUNE
    assert len(june) == 2 * len(IN_JUNE) and not june.duplicated(["patient_id", "period"]).any()
    held = june.set_index(["patient_id", "period"])
    assert held.loc[(slice(None), ["baseline", "followup"]), "recorded_days"].to_dict() == {
        (patient, period): 0 if patient.endswith("5") else 28
        for patient in IN_JUNE
        for period in ("baseline", "followup")
    }
    may = month_endpoints(connection, "2025-05", LENIENT, **READING)
    july = month_endpoints(connection, "2025-07", LENIENT, **READING)
    assert set(may["patient_id"]) == {"P-0000000000000001"} and set(july["patient_id"]) == {
        "P-0000000000000004"
    }


@pytest.fixture(scope="module")
def kept(in_postgresql: Put, tmp_path_factory: pytest.TempPathFactory) -> Path:
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    folder = tmp_path_factory.mktemp("kept") / "closed"
    with adbc.connect(in_postgresql("drawn", drawn())) as opened:
        for month in ("2025-05", "2025-06"):
            close_month(opened, month, folder, LENIENT, **READING)
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "closed"))


def test_months_stand_together(folder: Path) -> None:
    together = closed_months(folder)
    assert set(together["patient_id"]) == {*IN_JUNE, "P-0000000000000001"}
    assert oc.compare(together, "headache_days_per_28").n == 3
    # Files of other names are nobody's business, and hidden ones are of the system's.
    for name in ("notes.txt", ".closed-2025-07.parquet", "open-2025-07.parquet"):
        (folder / name).write_text("x")
    assert len(closed_months(folder)) == len(together)


@pytest.mark.parametrize(
    "name",
    [
        "closed-2025-06 (1).parquet",
        "closed-2025-6.parquet",
        "closed-2025-13.parquet",
        "closed-2025-07.parquet.bak",
        "closed-all.parquet",
    ],
)
def test_a_file_of_another_name_is_told_and_not_added(folder: Path, name: str) -> None:
    shutil.copy(folder / "closed-2025-06.parquet", folder / name)
    with pytest.raises(FileProblem, match="is no closed month") as told:
        closed_months(folder)
    assert str(told.value).startswith(name)


def foreign(path: Path) -> None:
    pq.write_table(pa.table({"patient_id": ["P-0000000000000009"]}), path)


def without_attributes(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({b"outcomes": b"[1]"}), path)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def no_parquet(path: Path) -> None:
    path.write_text("patient_id,date\nP-0000000000000009,2025-01-01\n")


def of_no_plan(path: Path) -> None:
    with_attributes(path, lambda attrs: attrs.pop("outcomes_plan"))


def in_another_shape(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["period"]), path)


def a_folder(path: Path) -> None:
    inside = path.rename(path.with_name("part.parquet"))
    path.mkdir()
    inside.rename(path / inside.name)


def with_attributes(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    table = pq.read_table(path)
    attrs = json.loads(table.schema.metadata[b"outcomes"])
    change(attrs)
    kept = {**table.schema.metadata, b"outcomes": json.dumps(attrs).encode()}
    pq.write_table(table.replace_schema_metadata(kept), path)


@pytest.mark.parametrize(
    "spoil", [foreign, without_attributes, half, no_parquet, of_no_plan, in_another_shape, a_folder]
)
def test_a_file_that_is_not_whole_or_not_ours_is_told(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder / "closed-2025-06.parquet")
    with pytest.raises(FileProblem) as told:
        closed_months(folder)
    text = str(told.value)
    assert text.startswith("closed-2025-06.parquet: ") and "close_month" in text
    assert "P-0" not in text and "footer" not in text and str(folder) not in text


def test_months_under_several_plans_are_not_put_together(folder: Path) -> None:
    def another(attrs: dict[str, Any]) -> None:
        attrs["outcomes_plan"]["min_recorded_days"] = 3

    with_attributes(folder / "closed-2025-06.parquet", another)
    with pytest.raises(PlanError, match="several plans"):
        closed_months(folder)


def test_months_of_diaries_with_other_columns_are_told_as_such(folder: Path) -> None:
    def another(attrs: dict[str, Any]) -> None:
        attrs["outcomes_daily_endpoints"].append("intensity_on_headache_days")

    with_attributes(folder / "closed-2025-06.parquet", another)
    with pytest.raises(PlanError, match="different columns") as told:
        closed_months(folder)
    assert "plans" not in str(told.value)


def test_what_was_recalled_at_visits_may_differ_from_month_to_month(folder: Path) -> None:
    def another(attrs: dict[str, Any]) -> None:
        attrs["outcomes_recalled_at_visits"] = ["recall_28"]

    with_attributes(folder / "closed-2025-06.parquet", another)
    assert closed_months(folder).attrs["outcomes_recalled_at_visits"] == ["recall_28"]


def test_a_patient_in_two_months_is_counted_in_neither(folder: Path) -> None:
    """A first session that was moved in the meantime: the window closed in May, and then in June."""
    path = folder / "closed-2025-06.parquet"
    table = pq.read_table(path)
    moved = pd.DataFrame(table.to_pandas()).replace("P-0000000000000002", "P-0000000000000001")
    new = pa.Table.from_pandas(moved, schema=table.schema, preserve_index=False)
    pq.write_table(new.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(FileProblem, match="stand in more than one") as told:
        closed_months(folder)
    text = str(told.value)
    assert (
        text.startswith("closed-2025-05.parquet, closed-2025-06.parquet: patients (1) ") and "P-0" not in text
    )


def test_a_folder_that_is_empty_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="no closed month"):
        closed_months(tmp_path)
    with pytest.raises(FileProblem, match="cannot be looked into"):
        closed_months(tmp_path / "nowhere")


def test_a_month_is_looked_at_before_the_folder(tmp_path: Path) -> None:
    """A month that is not written rightly, or not over, is told as such whatever files lie there."""
    this = f"{dt.date.today():%Y-%m}"
    for month, words in (("2025-6", "YYYY-MM"), ("../x", "YYYY-MM"), (this, "not over")):
        target = tmp_path / f"closed-{month}.parquet"
        if "/" not in month:
            target.write_text("x")
        with pytest.raises(PlanError, match=words):
            close_month(None, month, tmp_path, LENIENT)
