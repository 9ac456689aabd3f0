"""The same plan on two engines gives the same answers: what a table elsewhere is told must not hang on the engine.

Whole numbers are identical and means agree within 1e-12 of themselves.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from registry_tables import by_month, registry

import outcomes as oc
from outcomes.analysis.periods import Cohort
from outcomes.errors import FileProblem, IdentityError, OutcomesError, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.check_result import checked_result
from outcomes.records.checked import Records
from outcomes.registry import close_month, closed_months, days_that_matter, month_days

pytestmark = pytest.mark.filterwarnings("default")

TABLES = {"diary": "diary", "sessions": "sessions", "patients": "patients"}
#: More rows are set aside than a plan lets pass: these are planted.
LENIENT = AnalysisPlan(set_aside_limit=0.5)


@dataclasses.dataclass(frozen=True)
class Answers:
    """What must be the same everywhere."""

    endpoints: pd.DataFrame
    flow: dict[str, Any]
    rows: list[tuple[Any, ...]]
    checks: list[tuple[Any, ...]]


def answers(records: Records, names: str | None = None, cohort: Cohort | None = None) -> Answers:
    periods = oc.split_periods(records, cohort=cohort)
    endpoints = oc.measure_endpoints(periods, names)
    return Answers(
        endpoints,
        periods.flow.to_dict() if periods.flow else {},
        [tuple(value for key, value in count.to_dict().items() if key != "file") for count in records.counts],
        sorted((one.table, one.column, one.rule, one.level, one.count) for one in records.findings),
    )


def same(here: Answers, there: Answers) -> None:
    assert there.flow == here.flow
    assert there.rows == here.rows
    assert there.checks == here.checks
    whole = ["recorded_days", "medication_known_days", "covered"]
    pd.testing.assert_frame_equal(there.endpoints[whole], here.endpoints[whole], check_exact=True)
    pd.testing.assert_frame_equal(there.endpoints, here.endpoints, rtol=1e-12, atol=0, check_dtype=False)


def told_keys(records: Records) -> list[str]:
    return [row for finding in records.findings for row in finding.rows if isinstance(row, str)]


@pytest.fixture(scope="module")
def planted() -> dict[str, pa.Table]:
    return registry(150)


@pytest.fixture(scope="module")
def planted_here(planted: dict[str, pa.Table]) -> Answers:
    """DuckDB's answers, with errors of every planted kind among them."""
    found = answers(oc.load_records(planted, LENIENT))
    assert {rule for _, _, rule, _, _ in found.checks} >= {
        "conflict", "repeated_row", "future_date", "old_date", "contradiction", "unclear_day", "range", "empty",
        "no_first_session",
    }  # fmt: skip
    assert found.flow["analysed"] > 30 and found.flow["left_out"]
    return found


@pytest.fixture
def connection(
    in_postgresql: Callable[[str, dict[str, pa.Table]], str], planted: dict[str, pa.Table]
) -> Iterator[Any]:
    import sqlalchemy

    address = in_postgresql("planted", planted).replace("postgresql://", "postgresql+pg8000://")
    database = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool)
    with database.connect() as opened:
        yield opened
    database.dispose()


IN_SCHEMA = {name: f"planted.{name}" for name in TABLES}


def test_postgresql_gives_the_same_answers(connection: Any, planted_here: Answers) -> None:
    records = oc.load_records(connection, LENIENT, tables=IN_SCHEMA)
    same(planted_here, answers(records))
    # A month and twelve signs of a digest, of twenty rows at most, and never a patient.
    for finding in records.findings:
        assert len(finding.rows) <= 20
    keys = told_keys(records)
    assert keys and all(len(key.rpartition("/")[2]) == 12 and "P-" not in key for key in keys)


def test_a_connection_of_adbc_gives_the_same_answers(
    in_postgresql: Callable[[str, dict[str, pa.Table]], str],
    planted: dict[str, pa.Table],
    planted_here: Answers,
) -> None:
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with adbc.connect(in_postgresql("planted", planted)) as opened:
        same(planted_here, answers(oc.load_records(opened, LENIENT, tables=IN_SCHEMA)))


def test_the_sample_gives_the_same_answers_in_postgresql(
    sample: Path, in_postgresql: Callable[[str, dict[str, pa.Table]], str]
) -> None:
    """All endpoints of the catalogue that the sample's diary holds, the questionnaires checked as well."""
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    tables = typed(sample)
    here = answers(oc.load_records(tables), "all")
    assert len(oc.load_records(tables).columns("diary")) > 12
    with adbc.connect(in_postgresql("sample", tables)) as opened:
        there = oc.load_records(opened, tables={name: f"sample.{name}" for name in tables})
        same(here, answers(there, "all"))


def typed(folder: Path) -> dict[str, pa.Table]:
    """The tables of a folder as a warehouse would hold them: dates as dates, numbers as numbers."""
    records = oc.load_records(folder)
    found = {}
    for source in records.sources:
        name = source.table.name
        listed = ", ".join(f'"{column}"' for column in records.columns(name))
        found[name] = records.engine.arrow(f"SELECT {listed} FROM {name}_checked")
    return found


def test_the_published_diaries_give_the_same_answers_in_postgresql(
    kostecki: pd.DataFrame, in_postgresql: Callable[[str, dict[str, pa.Table]], str]
) -> None:
    """KosteckiDillon: days in numbers, "yes" and "no" in words, and one row that stands twice."""
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    plan = AnalysisPlan(baseline_days=29, followup_first_day=1, followup_last_day=99, min_recorded_days=1)
    diary = pa.Table.from_pandas(kostecki, preserve_index=False)
    here = answers(oc.load_records({"diary": diary}, plan))
    with adbc.connect(in_postgresql("kostecki", {"diary": diary})) as opened:
        same(here, answers(oc.load_records(opened, plan, tables={"diary": "kostecki.diary"})))


def test_texts_in_postgresql_are_read_as_strictly_as_from_a_file(
    in_postgresql: Callable[[str, dict[str, pa.Table]], str],
) -> None:
    """Dates and numbers kept as text, some of them impossible, and words in place of yes and no."""
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    cells = [
        ("P-0000000000000001", "2025-03-01", "yes", "5"),
        ("P-0000000000000001", "2025-02-30", "no", ""),
        ("P-0000000000000001", "2025-03-03", "maybe", None),
        ("P-0000000000000002", "03/04/2025", "NO", "n/a"),
        ("P-0000000000000002", "2024-02-29", "1", "7,5"),
        ("P-0000000000000002", "2025-03-05", "1", "1e1"),
        ("P-0000000000000002", "2025-03-06T10:11", "1", " 7.5 "),
    ]
    texts = dict(zip(("patient_id", "date", "headache", "intensity"), zip(*cells, strict=True), strict=True))
    first = {"patient_id": ["P-0000000000000001", "P-0000000000000002"], "date": ["2025-03-01", "2025-03-02"]}
    tables = {"diary": pa.table({k: list(v) for k, v in texts.items()}), "sessions": pa.table(first)}
    here = answers(checked_result(tables, LENIENT).records)  # type: ignore[arg-type]
    with adbc.connect(in_postgresql("texts", tables)) as opened:
        there = checked_result(opened, LENIENT, tables={name: f"texts.{name}" for name in tables}).records
        assert there is not None
        found = answers(there)
    assert found.flow == here.flow and found.rows == here.rows
    wrong = [one for one in here.checks if one[3] == "set aside"]
    assert [one for one in found.checks if one[3] == "set aside"] == wrong and len(wrong) >= 3


def test_an_address_is_asked_where_it_lies(
    in_postgresql: Callable[[str, dict[str, pa.Table]], str],
    planted: dict[str, pa.Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Small tables are copied, as ever; large ones, and any as the address says, are asked where they lie."""
    address = in_postgresql("planted", planted)
    copied = oc.load_records(f"{address}?schema=planted", LENIENT)
    asked = oc.load_records(f"{address}?schema=planted&in_place=yes", LENIENT)
    assert (copied.engine.elsewhere, asked.engine.elsewhere) == (False, True)
    monkeypatch.setattr("outcomes.records.servers.COPIED_BYTES", 1000)
    assert oc.load_records(f"{address}?schema=planted", LENIENT).engine.elsewhere
    assert not oc.load_records(f"{address}?schema=planted&in_place=no", LENIENT).engine.elsewhere
    same(answers(copied), answers(asked))


def test_nothing_stays_in_the_database(connection: Any, planted: dict[str, pa.Table]) -> None:
    records = oc.load_records(connection, LENIENT, tables=IN_SCHEMA)
    oc.measure_endpoints(oc.split_periods(records))
    ours = "SELECT count(*) FROM pg_class WHERE relname LIKE 'outcomes\\_%%'"
    assert connection.exec_driver_sql(ours).scalar() > 0
    connection.rollback()
    assert connection.exec_driver_sql(ours).scalar() == 0
    kept = connection.exec_driver_sql("SELECT count(*) FROM planted.diary").scalar()
    assert kept == planted["diary"].num_rows


def test_no_statement_holds_a_patient(connection: Any, planted: dict[str, pa.Table]) -> None:
    """What a server may write into its log: every statement of a reading, and of asking for one patient."""
    said: list[str] = []
    plainly = connection.exec_driver_sql

    def heard(statement: str, *further: Any) -> Any:
        said.append(statement)
        return plainly(statement, *further)

    connection.exec_driver_sql = heard
    records = oc.load_records(connection, LENIENT, tables=IN_SCHEMA)
    patient = "P-0000000000000007"
    one = records.frame("diary", patient)
    assert len(one) > 20 and set(one["patient_id"]) == {patient}
    assert len(said) > 50 and not [statement for statement in said if "P-0" in statement]


def test_the_privacy_gate_stands_in_front_of_a_database(
    in_postgresql: Callable[[str, dict[str, pa.Table]], str], caplog: pytest.LogCaptureFixture
) -> None:
    """One e-mail address among the ids, and a column of names: nothing is read, and nothing of them is told."""
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    tables = registry(30)
    ids = tables["diary"].column("patient_id").to_pylist()
    ids[100] = "ann.smith@example.org"
    named = ["Ann Smith", "Bob Jones", "Cleo Brown"] * len(ids)
    diary = tables["diary"].set_column(0, "patient_id", pa.array(ids))
    diary = diary.append_column("told_by", pa.array(named[: len(ids)]))
    with (
        caplog.at_level(logging.DEBUG),
        adbc.connect(in_postgresql("named", {**tables, "diary": diary})) as opened,
        pytest.raises(IdentityError) as stopped,
    ):
        oc.load_records(opened, LENIENT, tables={name: f"named.{name}" for name in TABLES})
    assert "e-mail address" in str(stopped.value)
    for word in ("ann.smith", "Ann", "Smith", "Jones"):
        assert word not in str(stopped.value) and word not in caplog.text


def test_what_goes_wrong_there_is_told_without_a_row(connection: Any) -> None:
    with pytest.raises(FileProblem) as missing:
        oc.load_records(connection, tables={"diary": "planted.nowhere"})
    assert "nowhere" not in str(missing.value) and "SELECT" not in str(missing.value)
    with pytest.raises(FileProblem, match="Say which tables"):
        oc.load_records(connection)
    connection.rollback()
    with pytest.raises(OutcomesError) as last:
        oc.load_records(connection, AnalysisPlan(duplicate_day="last"), tables=IN_SCHEMA)
    assert isinstance(last.value, PlanError) and "order" in str(last.value)


MONTH = "2025-12"


def in_folders(tables: dict[str, pa.Table], folder: Path) -> None:
    """Parquet as a registry keeps it: the diary in a folder for each month."""
    pq.write_to_dataset(by_month(tables["diary"]), str(folder / "diary"), partition_cols=["month"])
    for name in ("sessions", "patients"):
        (folder / name).mkdir()
        pq.write_table(tables[name], folder / name / "part.parquet")


def test_spark_gives_the_same_answers_of_a_month_and_opens_no_other(
    spark: Any,
    sizes_read: Callable[[], list[int]],
    planted: dict[str, pa.Table],
    tmp_path: Path,
) -> None:
    """Two workers; planted errors among the months that are read, and files that are no tables in all the others."""
    first, last = days_that_matter(LENIENT, MONTH)
    assert (first.isoformat(), last.isoformat()) == ("2025-08-12", "2025-12-31")
    dates = planted["diary"]["date"]
    within = pc.and_(pc.greater_equal(dates, first), pc.less_equal(dates, last))
    here = of_month(oc.load_records({**planted, "diary": planted["diary"].filter(within)}, LENIENT))
    assert {rule for _, _, rule, _, _ in here.checks} >= {
        "conflict",
        "repeated_row",
        "contradiction",
        "range",
    }
    in_folders(planted, tmp_path)
    frames = {name: spark.read.parquet(str(tmp_path / name)) for name in TABLES}
    files = {file: file.stat().st_size for file in tmp_path.glob("diary/month=*/*.parquet")}
    needed = {file: size for file, size in files.items() if "2025-08" <= file.parent.name[6:] <= "2025-12"}
    assert sum(needed.values()) < 0.4 * sum(files.values())
    for file in files.keys() - needed.keys():
        file.write_bytes(b"no table")

    records = oc.load_records(spark, LENIENT, tables=frames, days=(first, last))
    same(here, of_month(records))
    keys = told_keys(records)
    assert keys and not any("P-" in key for key in keys)
    # No pass over files reads more than the months that can move the result.
    sizes = sizes_read()
    assert len(sizes) > 10 and max(sizes) <= sum(needed.values()) + 1024
    with pytest.raises(OutcomesError) as broken:
        oc.load_records(spark, LENIENT, tables=frames)
    assert "month=" not in str(broken.value) and "P-" not in str(broken.value)


def of_month(records: Records) -> Answers:
    return answers(records, cohort=Cohort(*month_days(MONTH)))


def test_a_closed_month_holds_what_a_run_over_everything_holds(
    connection: Any, planted_here: Answers, tmp_path: Path
) -> None:
    """Two months, closed one after the other; neither is measured again."""
    for month in ("2025-11", MONTH):
        close_month(connection, month, tmp_path / "closed", LENIENT, tables=IN_SCHEMA)
    with pytest.raises(FileProblem, match="is closed"):
        close_month(connection, MONTH, tmp_path / "closed", LENIENT, tables=IN_SCHEMA)
    closed = closed_months(tmp_path / "closed")
    everybody = planted_here.endpoints
    expected = oc.compare(
        everybody[everybody["patient_id"].isin(closed["patient_id"])], "headache_days_per_28"
    )
    found = oc.compare(closed, "headache_days_per_28")
    assert (found.n, found.n_left_out) == (expected.n, expected.n_left_out) and found.n > 5
    assert found.change.value == pytest.approx(expected.change.value, rel=1e-12)
    at_once = planted_here.endpoints.set_index(["patient_id", "period"])
    kept = closed.set_index(["patient_id", "period"])
    analysed = kept.index.intersection(at_once.index)
    assert len(analysed) == len(kept) > 20 and kept.index.is_unique
    columns = [
        "recorded_days",
        "headache_days_per_28",
        "intensity_on_headache_days",
        "hours_on_headache_days",
    ]
    pd.testing.assert_frame_equal(kept[columns], at_once.loc[kept.index, columns], rtol=1e-12, atol=0)


@pytest.mark.long
def test_spark_gives_the_same_answers(
    spark: Any, planted: dict[str, pa.Table], planted_here: Answers, tmp_path: Path
) -> None:
    in_folders(planted, tmp_path)
    frames = {name: spark.read.parquet(str(tmp_path / name)) for name in TABLES}
    same(planted_here, answers(oc.load_records(spark, LENIENT, tables=frames)))


@pytest.mark.long
def test_the_sample_gives_the_same_answers_in_spark(spark: Any, sample: Path) -> None:
    tables = typed(sample)
    frames = {name: spark.createDataFrame(table) for name, table in tables.items()}
    here = answers(oc.load_records(tables), "all")
    same(here, answers(oc.load_records(spark, tables=frames), "all"))


@pytest.mark.long
def test_the_published_diaries_give_the_same_answers_in_spark(spark: Any, kostecki: pd.DataFrame) -> None:
    plan = AnalysisPlan(baseline_days=29, followup_first_day=1, followup_last_day=99, min_recorded_days=1)
    diary = pa.Table.from_pandas(kostecki, preserve_index=False)
    here = answers(oc.load_records({"diary": diary}, plan))
    same(here, answers(oc.load_records(spark, plan, tables={"diary": spark.createDataFrame(diary)})))


@pytest.mark.long
@pytest.mark.parametrize("where", ["postgresql", "spark"])
def test_ten_million_days_give_the_same_answers(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    tables = registry(90_000)
    assert tables["diary"].num_rows > 10_000_000
    for name, table in tables.items():
        (tmp_path / name).mkdir()
        pq.write_table(table, tmp_path / name / "part.parquet")
    here = answers(oc.load_records(tmp_path, LENIENT))
    if where == "spark":
        session = request.getfixturevalue("spark")
        frames = {name: session.read.parquet(str(tmp_path / name)) for name in TABLES}
        same(here, answers(oc.load_records(session, LENIENT, tables=frames)))
        return
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with adbc.connect(request.getfixturevalue("in_postgresql")("large", tables)) as opened:
        names = {name: f"large.{name}" for name in TABLES}
        same(here, answers(oc.load_records(opened, LENIENT, tables=names)))
