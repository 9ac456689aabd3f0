"""What a database is told and left with: names, casts of texts, days that are read alone, and what goes afterwards."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from registry_tables import by_month, registry

import outcomes as oc
from outcomes.errors import FileProblem, InvalidRecords, PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.elsewhere import engine_over, open_elsewhere
from outcomes.records.mapping import MappedTable, ReadColumn, SourceMapping
from outcomes.records.sources import locate
from outcomes.warehouse.engine import duckdb_type, parts_of_name
from outcomes.warehouse.spark import quoted
from outcomes.warehouse.translating import translated

pytest.importorskip("sqlglot", reason="the extra 'databases' is not installed")

LENIENT = AnalysisPlan(set_aside_limit=0.5)
Put = Callable[[str, dict[str, pa.Table]], str]


@contextlib.contextmanager
def opened(address: str) -> Iterator[Any]:
    """A connection of SQLAlchemy, given back without anything kept."""
    import sqlalchemy

    database = sqlalchemy.create_engine(
        address.replace("postgresql://", "postgresql+pg8000://"), poolclass=sqlalchemy.NullPool
    )
    with database.connect() as connection:
        yield connection
    database.dispose()


@pytest.fixture
def connection(in_postgresql: Put) -> Iterator[Any]:
    with opened(in_postgresql("few", registry(40))) as connection:
        yield connection


FEW = {name: f"few.{name}" for name in ("diary", "sessions", "patients")}


# Some days alone

PATIENT = "P-0000000000000001"
#: Four moments of January, the last day's at noon, and the moments just outside it.
TIMES = [
    dt.datetime(2024, 12, 31, 23, 59),
    dt.datetime(2025, 1, 1, 0, 0),
    dt.datetime(2025, 1, 29, 12, 0),
    dt.datetime(2025, 1, 30, 23, 59, 59),
    dt.datetime(2025, 1, 31, 12, 0),
    dt.datetime(2025, 2, 1, 0, 0),
]
JANUARY = (dt.date(2025, 1, 1), dt.date(2025, 1, 31))
IN_JANUARY = [dt.date(2025, 1, day) for day in (1, 29, 30, 31)]


def timed(name: str = "date") -> dict[str, pa.Table]:
    """A diary with its days as timestamps in the named column, and one session."""
    diary = {
        "patient_id": pa.array([PATIENT] * len(TIMES)),
        name: pa.array(TIMES, pa.timestamp("us")),
        "headache": pa.array([True] * len(TIMES)),
    }
    sessions = {"patient_id": [PATIENT], "date": pa.array([dt.date(2025, 1, 10)])}
    return {"diary": pa.table(diary), "sessions": pa.table(sessions)}


def days_of(records: oc.Records) -> list[dt.date]:
    return sorted(day.date() if hasattr(day, "date") else day for day in records.frame("diary")["date"])


def test_the_last_day_is_read_whole_where_days_carry_a_time(in_postgresql: Put) -> None:
    with opened(in_postgresql("timed", timed())) as connection:
        names = {"diary": "timed.diary", "sessions": "timed.sessions"}
        assert days_of(oc.load_records(connection, tables=names, days=JANUARY)) == IN_JANUARY
        ever = oc.load_records(connection, tables=names, days=(dt.date.min, dt.date(9999, 12, 30)))
        assert len(days_of(ever)) == len(TIMES)


def test_days_are_those_of_the_column_that_the_mapping_names(in_postgresql: Put, tmp_path: Path) -> None:
    """The diary's day stands in `entry_day`; a column `date` beside it is the day of the export, and ignored."""
    tables = timed("entry_day")
    told = [dt.date(2025, 6, 1)] * tables["diary"].num_rows
    tables["diary"] = tables["diary"].append_column("date", pa.array(told, pa.date32()))
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'mapping_version = 1\n[[tables]]\nsource = "diary"\ntable = "diary"\nignore = ["date"]\n'
        '[tables.columns]\ndate = "entry_day"\n'
    )
    with opened(in_postgresql("mapped", tables)) as connection:
        names = {"diary": "mapped.diary", "sessions": "mapped.sessions"}
        found = oc.load_records(connection, tables=names, days=JANUARY, mapping=mapping)
        assert days_of(found) == IN_JANUARY


def test_days_cannot_be_told_apart_in_texts_and_numbers(in_postgresql: Put) -> None:
    tables = timed()
    texts = pa.array([f"{time:%Y-%m-%d}" for time in TIMES])
    numbers = pa.array(range(len(texts)), pa.int64())
    diary = tables["diary"]
    as_text = diary.set_column(1, "date", texts)
    as_number = diary.set_column(1, "day", numbers)
    address = in_postgresql("untimed", {"as_text": as_text, "as_number": as_number, **tables})
    with opened(address) as connection:
        for name in ("as_text", "as_number"):
            with pytest.raises(PlanError, match="only where the day column of the diary is a date"):
                oc.load_records(connection, tables={"diary": f"untimed.{name}"}, days=JANUARY)
        # Without days both are read.
        names = {"diary": "untimed.as_text", "sessions": "untimed.sessions"}
        assert oc.load_records(connection, tables=names).has("diary")


def test_days_are_a_first_and_a_last() -> None:
    for days in (JANUARY[::-1], (dt.date(2025, 1, 1), dt.date.max)):
        with pytest.raises(PlanError, match="in this order"):
            oc.load_records(timed(), days=days)
    with pytest.raises(PlanError, match="and of tables that are asked where they lie"):
        oc.load_records(timed(), days=JANUARY)


def test_sessions_beside_the_diary_in_one_table_are_not_cut_by_its_days(
    in_postgresql: Put, tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'mapping_version = 1\n[[tables]]\nsource = "diary"\ntable = "diary"\n'
        '[[tables]]\nsource = "diary"\ntable = "sessions"\nignore = ["?*", "headache"]\n'
    )
    with (
        opened(in_postgresql("timed", timed())) as connection,
        pytest.raises(PlanError, match="a view of each"),
    ):
        oc.load_records(connection, tables={"diary": "timed.diary"}, days=JANUARY, mapping=mapping)


@pytest.mark.parametrize("written", ["202501", "2025_01", "2025-13", "January"])
def test_months_that_are_written_otherwise_are_refused_and_not_left_out(
    in_postgresql: Put, written: str
) -> None:
    """All rows of the diary lie in a partition that no day's month could find."""
    tables = registry(10)
    diary = tables["diary"].append_column("month", pa.array([written] * tables["diary"].num_rows))
    schema = f"months_{written.lower().replace('-', '_')}"
    with opened(in_postgresql(schema, {**tables, "diary": diary})) as connection:
        for days in (None, JANUARY):
            with pytest.raises(FileProblem, match="YYYY-MM"):
                oc.load_records(connection, LENIENT, tables={"diary": f"{schema}.diary"}, days=days)


def test_a_partition_is_no_record_and_moves_nothing(in_postgresql: Put) -> None:
    tables = registry(10)
    parted = by_month(tables["diary"])
    # Rows that stand in no month still have their day.
    some = pa.array(
        [None if place % 7 == 0 else month for place, month in enumerate(parted["month"].to_pylist())]
    )
    both = {**tables, "by_month": parted.set_column(parted.num_columns - 1, "month", some)}
    with opened(in_postgresql("partition", both)) as connection:
        days = (dt.date(2025, 3, 1), dt.date(2025, 9, 15))
        found = [
            oc.load_records(
                connection,
                LENIENT,
                tables={"diary": f"partition.{name}", "sessions": "partition.sessions"},
                days=days,
            )
            for name in ("diary", "by_month")
        ]
        plain, by_months = (days_of(records) for records in found)
        assert plain == by_months and plain and days[0] <= plain[0] and plain[-1] <= days[1]
        assert "month" not in found[1].columns("diary")


def test_a_time_with_a_zone_is_refused_in_words_as_in_duckdb(in_postgresql: Put) -> None:
    """Late in the evening in UTC is the next day in Berlin: only whoever knows the zone can say the day."""
    tables = timed()
    zoned = pa.array([dt.datetime(2025, 1, 2, 23, 30, tzinfo=dt.UTC)] * 6, pa.timestamp("us", "UTC"))
    diary = tables["diary"].set_column(1, "date", zoned)
    with pytest.raises(InvalidRecords, match="hangs on the zone"):
        oc.load_records({"diary": diary})
    with opened(in_postgresql("zoned", {"diary": diary})) as connection:
        for kind in ("timestamp with time zone", "timestamp(3) with time zone"):
            connection.exec_driver_sql(f'ALTER TABLE zoned.diary ALTER "date" TYPE {kind}')
            with pytest.raises(InvalidRecords, match="hangs on the zone"):
                oc.load_records(connection, tables={"diary": "zoned.diary"})


def test_a_precision_is_no_part_of_a_type() -> None:
    known = {"timestamp without time zone": "TIMESTAMP", "character varying": "VARCHAR"}
    assert duckdb_type("timestamp(3) without time zone", known) == "TIMESTAMP"
    assert duckdb_type("timestamp(3) with time zone", known) == "TIMESTAMP(3) WITH TIME ZONE"
    assert duckdb_type("character varying(20)", known) == "VARCHAR"
    assert duckdb_type("character varying(20)[]", known) == "CHARACTER VARYING(20)[]"


def test_spark_reads_the_same_days(spark: Any) -> None:
    """Timestamps beside a partition of months; and months written otherwise, which no day could find."""
    diary = timed("entry_day")["diary"]
    months = pa.array([f"{time:%Y-%m}" for time in TIMES])
    mapping = SourceMapping(
        (MappedTable("diary", "diary", (("date", ReadColumn("entry_day")),)),),
    )
    for column, days in ((None, IN_JANUARY), (months, IN_JANUARY)):
        table = diary if column is None else diary.append_column("month", column)
        engine = engine_over(spark)
        opened = open_elsewhere(engine, {"diary": spark.createDataFrame(table)}, mapping, JANUARY)
        read = engine.rows("SELECT CAST(entry_day AS DATE) AS day FROM given_0")
        assert sorted(day for (day,) in read) == days
        assert "month" not in {raw.name for raw in opened.tables[0].columns}
    strange = diary.append_column("month", pa.array([f"{time:%Y%m}" for time in TIMES]))
    with pytest.raises(FileProblem, match="YYYY-MM"):
        open_elsewhere(engine_over(spark), {"diary": spark.createDataFrame(strange)}, mapping, JANUARY)
    texts = timed()["diary"].set_column(1, "date", pa.array([f"{time:%Y-%m-%d}" for time in TIMES]))
    with pytest.raises(PlanError, match="only where the day column"):
        open_elsewhere(engine_over(spark), {"diary": spark.createDataFrame(texts)}, SourceMapping(), JANUARY)
    spark.createDataFrame(diary).createOrReplaceTempView("`odd ``view`")
    engine = engine_over(spark)
    for name, told in (("by_parts", ("odd `view",)), ("by_name", "`odd ``view`")):
        engine.offer(name, told)
        assert engine.rows(f"SELECT count(*) FROM {name}") == [(len(TIMES),)]


# Texts that are cast

NUMBERS = [
    "1", "-1", "+1", "1.", "1.5", ".5", "-.5", "1e5", "1E+5", "1e-5", "1e99", "9" * 200, "9" * 200 + "e99",
    "0." + "0" * 199 + "1", "." + "0" * 199 + "1e-99", "inf", "-Infinity", "NaN", " 5", "5 ", "", "1,5", "0x1F", "1d",
    "1e", "e5", ".", "-", "--5", "1 000", "five",
]  # fmt: skip

#: DuckDB reads these as a number without bound, or as 0. PostgreSQL would stop at them: no number is read.
BEYOND = ["9" * 400, "9" * 309, "9" * 300 + "e99", "1e309", "1e400", "1e-400", "0." + "0" * 400 + "1"]

DATES = [
    "2025-01-01", "2025-01-31", "2025-04-30", "2025-04-31", "2025-02-28", "2025-02-29", "2024-02-29", "1900-02-29",
    "2000-02-29", "2025-13-01", "2025-00-01", "2025-01-00", "0001-01-01", "9999-12-31", "20250101", "", "monday",
]  # fmt: skip

#: DuckDB reads these as days before our era.
YEAR_ZERO = ["0000-01-01", "0000-02-29", "0000-12-31"]


def cast_there(connection: Any, text: str, kind: str) -> Any:
    said = translated(f"SELECT try_cast(v AS {kind}) AS v FROM (SELECT '{text}' AS v) AS cells", "postgres")
    return connection.exec_driver_sql(said.sql.replace("%", "%%")).scalar_one()


def test_texts_become_the_numbers_and_days_that_duckdb_makes_of_them(connection: Any) -> None:
    for kind, texts in (("DOUBLE", NUMBERS), ("DATE", DATES)):
        for text in texts:
            here = duckdb.execute(f"SELECT try_cast(? AS {kind})", [text]).fetchall()[0][0]
            there = cast_there(connection, text, kind)
            assert there == here or (math.isnan(there) and math.isnan(here)), (kind, text)


@pytest.mark.parametrize(("kind", "texts"), [("DOUBLE", BEYOND), ("DATE", YEAR_ZERO)])
def test_texts_that_would_stop_the_server_are_no_value(connection: Any, kind: str, texts: list[str]) -> None:
    for text in texts:
        assert cast_there(connection, text, kind) is None, text


# Names

ODD = 'odd.schema "a"'


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        ("diary", ("diary",)),
        ("registry.diary", ("registry", "diary")),
        ('"my.schema"."diary"', ("my.schema", "diary")),
        ('registry."di""ary"', ("registry", 'di"ary')),
        (("my.schema", "t"), ("my.schema", "t")),
        (["t"], ("t",)),
    ],
)
def test_names_of_tables(told: Any, parts: tuple[str, ...]) -> None:
    assert parts_of_name(told) == parts


@pytest.mark.parametrize("told", ["", "a..b", '"a', 'a"b', "a.b.c.d", (), ("a", ""), ("a", 1), 7, None, "a."])
def test_what_is_no_name_of_a_table(told: Any) -> None:
    with pytest.raises(PlanError, match="told by its name"):
        parts_of_name(told)


def test_spark_gets_names_whose_signs_stay_signs() -> None:
    assert quoted("data`base", "ta`ble.x") == "`data``base`.`ta``ble.x`"


def test_a_schema_with_a_dot_and_quotes_in_its_name(in_postgresql: Put) -> None:
    address = in_postgresql("dotted", timed())
    schema = '"odd.schema ""a"""'
    with opened(address) as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        connection.exec_driver_sql(f'CREATE TABLE {schema}."di.ary" AS SELECT * FROM dotted.diary')
        for told in (f'{schema}."di.ary"', (ODD, "di.ary")):
            records = oc.load_records(connection, tables={"diary": told, "sessions": "dotted.sessions"})
            assert len(records.frame("diary")) == 6
        for name in ("diary", "sessions"):
            connection.exec_driver_sql(f'CREATE TABLE {schema}."{name}" AS SELECT * FROM dotted.{name}')
        connection.commit()
    try:
        asked = oc.load_records(f"{address}?schema=odd.schema+%22a%22&in_place=yes")
        assert asked.engine.elsewhere and len(asked.frame("diary")) == 6
        del asked
    finally:
        with opened(address) as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
            connection.commit()


# What stays, and what does not

OURS = "SELECT count(*) FROM pg_class WHERE relname LIKE 'outcomes\\_%%'"


def test_what_was_made_goes_with_the_records(connection: Any) -> None:
    """The connection is the caller's: its transaction goes on, and nothing of ours is left in it."""
    connection.exec_driver_sql("CREATE TEMP TABLE kept_by_the_caller AS SELECT 1 AS one")
    records = oc.load_records(
        connection, LENIENT, tables=FEW, days=(dt.date(2025, 1, 1), dt.date(2026, 6, 1))
    )
    periods = oc.split_periods(records)
    assert len(oc.measure_endpoints(periods))
    assert connection.exec_driver_sql(OURS).scalar() > 10
    del records, periods
    gc.collect()
    assert connection.exec_driver_sql(OURS).scalar() == 0
    assert connection.exec_driver_sql("SELECT one FROM kept_by_the_caller").scalar() == 1


def test_what_was_made_goes_after_the_caller_has_committed(connection: Any) -> None:
    records = oc.load_records(connection, LENIENT, tables=FEW)
    connection.commit()
    assert connection.exec_driver_sql(OURS).scalar() > 5
    connection.commit()
    del records
    gc.collect()
    assert not connection.in_transaction()
    assert connection.exec_driver_sql(OURS).scalar() == 0


def test_a_transaction_that_stopped_or_a_connection_that_is_closed_waits_for_nobody(
    in_postgresql: Put,
) -> None:
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    address = in_postgresql("few", registry(40))
    with opened(address) as connection:
        records = oc.load_records(connection, LENIENT, tables=FEW)
        with contextlib.suppress(Exception):
            connection.exec_driver_sql("SELECT 1 / 0")
        del records
        gc.collect()
        connection.rollback()
        assert connection.exec_driver_sql(OURS).scalar() == 0
        records = oc.load_records(connection, LENIENT, tables=FEW)
    del records
    gc.collect()
    with adbc.connect(address) as other:
        records = oc.load_records(other, LENIENT, tables=FEW)
        del records
        gc.collect()
        with other.cursor() as cursor:
            cursor.execute(OURS.replace("%%", "%"))
            assert cursor.fetchone()[0] == 0
        records = oc.load_records(other, LENIENT, tables=FEW)
    del records
    gc.collect()


def test_records_are_let_go_at_once_and_not_when_the_collector_comes(connection: Any) -> None:
    """Statements that tidy up come when the caller lets go, and never in the middle of another statement."""
    gc.collect()
    gc.disable()
    try:
        records = oc.load_records(connection, LENIENT, tables=FEW)
        oc.measure_endpoints(oc.split_periods(records))
        del records
        assert connection.exec_driver_sql(OURS).scalar() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("where", ["listing", "sizes", "engine"])
def test_a_connection_of_ours_is_closed_when_something_fails(
    in_postgresql: Put, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    address = f"{in_postgresql('few', registry(40))}?schema=few"
    made: list[Any] = []
    from outcomes.records import elsewhere, servers

    engine_of = servers._engine_of

    def watched(*arguments: Any) -> Any:
        database = engine_of(*arguments)
        connect = database.connect

        def connecting() -> Any:
            made.append(connect())
            return made[-1]

        monkeypatch.setattr(database, "connect", connecting)
        return database

    def failing(*_: Any) -> Any:
        raise PlanError("No.")

    monkeypatch.setattr(servers, "_engine_of", watched)
    named = {
        "listing": (servers, "_listed"),
        "sizes": (servers, "_bytes_of"),
        "engine": (elsewhere, "engine_over"),
    }
    monkeypatch.setattr(*named[where], failing)
    with pytest.raises(PlanError, match="No"):
        oc.load_records(address if where == "sizes" else f"{address}&in_place=yes")
    assert len(made) == 1 and made[0].closed


# What a connection is, and what an address says


def test_what_only_hands_connections_out_is_refused_in_words(connection: Any) -> None:
    from sqlalchemy.orm import Session, scoped_session, sessionmaker

    with Session(bind=connection) as session:
        for source in (session, scoped_session(sessionmaker(bind=connection))):
            with pytest.raises(PlanError, match="no open connection"):
                oc.load_records(source, tables=FEW)
        assert oc.load_records(session.connection(), LENIENT, tables=FEW).has("diary")


def test_tables_are_named_for_sessions_and_connections_alone(tmp_path: Path) -> None:
    frames = timed()
    for source in (frames, tmp_path, str(tmp_path), "postgresql://me@localhost/db", "spark://local?folder=x"):
        with pytest.raises(PlanError, match="tables="):
            locate(source, {"diary": "registry.diary"})
    assert locate(frames).kind == "frames"


@pytest.mark.parametrize("said", ["in_place=maybe", "in_place=YES", "in_place=yes&in_place=no"])
def test_an_address_says_yes_or_no(said: str) -> None:
    pytest.importorskip("pg8000")
    with pytest.raises(PlanError):
        oc.load_records(f"postgresql://me@localhost:1/db?{said}")
    with pytest.raises(PlanError, match="PostgreSQL"):
        oc.load_records("mysql://me@localhost:1/db?in_place=yes")
