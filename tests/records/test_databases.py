"""Database files and servers: what is there comes in as text, nothing is written, and no hostile name or view runs."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outcomes.engine import Engine
from outcomes.errors import FileProblem, OutcomesError, PlanError
from outcomes.records.databases import open_duckdb, open_server, open_sqlite
from outcomes.records.raw import Opened

HOSTILE = 'x" FROM diary; DROP TABLE diary; --'
PASSWORD = "s3cret-PASSWORD/@"


def cells(engine: Engine, opened: Opened, name: str) -> list[tuple[Any, ...]]:
    """The rows of a table that was read, in their order, without their numbers."""
    table = next(one for one in opened.tables if one.name == name)
    listed = ", ".join(column.name for column in table.columns)
    return engine.rows(f"SELECT {listed} FROM {table.scan} ORDER BY {table.row_number}")


def numbers(engine: Engine, opened: Opened, name: str) -> list[int]:
    table = next(one for one in opened.tables if one.name == name)
    return [row[0] for row in engine.rows(f"SELECT {table.row_number} FROM {table.scan} ORDER BY ALL")]


# SQLite


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE diary (patient_id TEXT, date TEXT, intensity REAL, headache INTEGER)"
        )
        rows = [("P1", "2024-01-05", 5.0, 1), ("P1", "2024-01-06", 2.5, 0), ("P2", None, None, None)]
        connection.executemany("INSERT INTO diary VALUES (?, ?, ?, ?)", rows)
        connection.execute("CREATE TABLE staff (name TEXT)")
        connection.execute("CREATE VIEW sessions AS SELECT patient_id, date FROM diary")
    return path


def test_sqlite_cells_come_in_as_text_and_rows_are_counted_from_one(sqlite_file: Path) -> None:
    engine = Engine()
    opened = open_sqlite(sqlite_file, engine, None)
    assert opened.problems == []
    assert cells(engine, opened, "diary") == [
        ("P1", "2024-01-05", "5", "1"),
        ("P1", "2024-01-06", "2.5", "0"),
        ("P2", None, None, None),
    ]
    assert numbers(engine, opened, "diary") == [1, 2, 3]
    (table,) = opened.tables
    assert [column.written for column in table.columns] == ["patient_id", "date", "intensity", "headache"]
    assert {column.sql_type for column in table.columns} == {"VARCHAR"}
    # `staff` and the view that calls itself like a table of ours are counted, not named and not read.
    assert [(one.level, one.count) for one in opened.findings] == [("warning", 2)]
    assert "staff" not in opened.findings[0].sentence()


def test_an_sqlite_view_is_read_only_where_it_is_wanted_by_name(sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection, connection:
        connection.execute("CREATE VIEW visits AS SELECT patient_id FROM diary")
    engine = Engine()
    opened = open_sqlite(sqlite_file, engine, {"VISITS"})
    assert cells(engine, opened, "visits") == [("P1",), ("P1",), ("P2",)]


def test_hostile_names_in_sqlite_are_names_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "clinic.db"
    quoted = HOSTILE.replace('"', '""')
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE diary (patient_id TEXT)")
        connection.execute(f'CREATE TABLE "{quoted}" ("{quoted}" TEXT)')
        connection.execute(f"INSERT INTO \"{quoted}\" VALUES ('kept')")
    before = path.read_bytes()
    engine = Engine()
    opened = open_sqlite(path, engine, {HOSTILE, "diary"})
    assert cells(engine, opened, HOSTILE) == [("kept",)]
    table = next(one for one in opened.tables if one.name == HOSTILE)
    assert [(column.name, column.written) for column in table.columns] == [("c0", HOSTILE)]
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["clinic.db"]


@pytest.mark.parametrize(
    "view",
    [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT hex(zeroblob(900000000))",
        "SELECT writefile('/tmp/outcomes_was_here', 'x')",
        "SELECT count(*) FROM diary a, diary b, diary c, diary d, diary e, diary f, diary g, diary h",
    ],
    ids=["endless", "extension", "huge", "writes a file", "slow"],
)
def test_hostile_views_of_sqlite_stop_in_time_and_do_nothing(
    tmp_path: Path, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcomes.records.databases.SECONDS_WITHOUT_A_ROW", 0.3)
    path = tmp_path / "clinic.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE diary (patient_id TEXT)")
        connection.executemany("INSERT INTO diary VALUES (?)", [("P1",)] * 300)
        connection.execute(f"CREATE VIEW trap AS {view}")
    begun = time.monotonic()
    opened = open_sqlite(path, Engine(), {"trap"})
    assert opened.tables == [] and len(opened.problems) == 1
    assert time.monotonic() - begun < 5
    assert not Path("/tmp/outcomes_was_here").exists()


def test_binary_cells_in_sqlite_are_a_problem_that_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "clinic.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE diary (patient_id TEXT, photo BLOB)")
        connection.execute("INSERT INTO diary VALUES ('P1', NULL), ('P2', x'FFD8FF')")
    opened = open_sqlite(path, Engine(), None)
    assert opened.tables == []
    assert opened.problems[0].startswith(
        "clinic.db › diary, row 2, column 2: holds something other than text"
    )


@pytest.mark.parametrize("cut", [100, 5000, 9000])
def test_a_broken_off_sqlite_file_is_a_problem(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "clinic.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE diary (patient_id TEXT)")
        connection.executemany("INSERT INTO diary VALUES (?)", [(f"P{n}" * 20,) for n in range(500)])
    path.write_bytes(path.read_bytes()[:cut])
    opened = open_sqlite(path, Engine(), None)
    assert opened.tables == [] and "Copy or export it again" in opened.problems[0]


@pytest.mark.parametrize("content", [b"", b"patient_id,date\nP1,2024-01-05\n", os.urandom(4096)])
def test_what_is_no_database_is_a_problem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clinic.db"
    path.write_bytes(content)
    assert "not a SQLite file" in open_sqlite(path, Engine(), None).problems[0]
    assert "not a DuckDB file" in open_duckdb(path, Engine(readable=[tmp_path]), None).problems[0]


def test_a_database_without_a_known_table_says_what_to_do_and_names_none(tmp_path: Path) -> None:
    path = tmp_path / "clinic.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE ann_smith_notes (a TEXT)")
    (problem,) = open_sqlite(path, Engine(), None).problems
    assert "mapping.toml" in problem and "smith" not in problem


def test_an_sqlite_file_that_is_being_written_is_a_file_problem(sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(FileProblem, match="in use by another program"):
            open_sqlite(sqlite_file, Engine(), None)


def test_reading_an_sqlite_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "clinic.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE diary (patient_id TEXT)")
        connection.execute("INSERT INTO diary VALUES ('P1')")
    before = path.read_bytes()
    engine = Engine()
    assert cells(engine, open_sqlite(path, engine, None), "diary") == [("P1",)]
    assert [one.name for one in tmp_path.iterdir()] == ["clinic.db"] and path.read_bytes() == before


def test_what_another_program_has_just_written_is_read(tmp_path: Path) -> None:
    """The last rows stand in the log beside the file, as long as the program that wrote them has it open."""
    path = tmp_path / "clinic.db"
    with contextlib.closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE diary (patient_id TEXT)")
        writer.execute("INSERT INTO diary VALUES ('P1')")
        writer.commit()
        engine = Engine()
        assert cells(engine, open_sqlite(path, engine, None), "diary") == [("P1",)]


def test_an_sqlite_file_left_half_written_is_a_file_problem(tmp_path: Path) -> None:
    path = tmp_path / "clinic.db"
    half = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('CREATE TABLE diary (a)'); c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN')\n"
        "c.executemany('INSERT INTO diary VALUES (?)', [('x' * 500,)] * 3000)\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", half, str(path)], check=True)
    assert path.with_name("clinic.db-journal").exists()
    with pytest.raises(FileProblem, match="left half written"):
        open_sqlite(path, Engine(), None)


# DuckDB: files are made by the engine's own library, in a process whose engine is not locked down.

_MAKE = "import duckdb, sys\nwith duckdb.connect(sys.argv[1]) as c:\n    c.execute(sys.stdin.read())\n"


def make_duckdb(path: Path, sql: str) -> None:
    subprocess.run([sys.executable, "-c", _MAKE, str(path)], input=sql, text=True, check=True)


def test_duckdb_cells_come_in_as_text(tmp_path: Path) -> None:
    path = tmp_path / "clinic.duckdb"
    make_duckdb(
        path,
        """CREATE TABLE diary AS SELECT * FROM (VALUES
            ('P1', DATE '2024-01-05', 5.0::DOUBLE, true, 2.50::DECIMAL(5, 2), TIMESTAMP '2024-01-05 13:01:00', 'a'),
            ('P2', NULL, 2.5, false, 3, NULL, '')) t(id, d, x, b, m, t, e);
        CREATE TABLE sessions AS SELECT 'S' || i AS id FROM range(5) t(i); DELETE FROM sessions WHERE id = 'S1';""",
    )
    engine = Engine(readable=[tmp_path])
    opened = open_duckdb(path, engine, None)
    assert opened.problems == []
    assert cells(engine, opened, "diary") == [
        ("P1", "2024-01-05", "5", "yes", "2.5", "2024-01-05T13:01:00", "a"),
        ("P2", None, "2.5", "no", "3", None, None),
    ]
    assert numbers(engine, opened, "diary") == [1, 2]
    # A row was deleted: the others still count from 1.
    assert numbers(engine, opened, "sessions") == [1, 2, 3, 4]
    assert cells(engine, opened, "sessions") == [("S0",), ("S2",), ("S3",), ("S4",)]


def test_a_duckdb_file_can_neither_be_written_nor_read_other_files(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("Ann Smith")
    folder = tmp_path / "records"
    folder.mkdir()
    path = folder / "clinic.duckdb"
    quoted = HOSTILE.replace('"', '""')
    make_duckdb(
        path,
        f"""CREATE TABLE diary (id VARCHAR); INSERT INTO diary VALUES ('P1');
        CREATE TABLE "{quoted}" AS SELECT 'kept' AS "{quoted}";
        CREATE VIEW trap AS SELECT content FROM read_text('{outside}');""",
    )
    before = path.read_bytes()
    engine = Engine(readable=[folder])
    opened = open_duckdb(path, engine, {"trap", "diary", HOSTILE})
    assert [table.name for table in opened.tables if table.name == "trap"] == []
    assert len(opened.problems) == 1 and "Ann" not in opened.problems[0]
    assert cells(engine, opened, HOSTILE) == [("kept",)]
    assert cells(engine, opened, "diary") == [("P1",)]
    attached = engine.rows("SELECT database_name, readonly FROM duckdb_databases() WHERE path IS NOT NULL")
    assert [readonly for _, readonly in attached] == [True]
    with pytest.raises(OutcomesError):
        engine.run(f"INSERT INTO {attached[0][0]}.main.diary VALUES ('P2')")
    assert path.read_bytes() == before


def test_a_duckdb_view_is_read_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "clinic.duckdb"
    make_duckdb(path, "CREATE TABLE raw AS SELECT 'P1' AS id; CREATE VIEW diary AS SELECT * FROM raw")
    assert open_duckdb(path, Engine(readable=[tmp_path]), None).tables == []
    engine = Engine(readable=[tmp_path])
    assert cells(engine, open_duckdb(path, engine, {"diary"}), "diary") == [("P1",)]


def test_lists_in_duckdb_are_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "clinic.duckdb"
    make_duckdb(path, "CREATE TABLE diary AS SELECT 'P1' AS id, [1, 2] AS list")
    opened = open_duckdb(path, Engine(readable=[tmp_path]), None)
    assert opened.tables == []
    assert "clinic.duckdb › diary, column 2" in opened.problems[0]


def test_a_broken_off_duckdb_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "clinic.duckdb"
    make_duckdb(path, "CREATE TABLE diary AS SELECT 'P' || i AS id FROM range(100000) t(i)")
    path.write_bytes(path.read_bytes()[: 3 * 4096 + 1000])
    opened = open_duckdb(path, Engine(readable=[tmp_path]), None)
    assert opened.tables == [] and opened.problems


# Servers


@dataclass(frozen=True)
class Server:
    """A private database server of this test run."""

    scheme: str
    port: int

    def address(self, password: str = PASSWORD, further: str = "", database: str = "clinic") -> str:
        written = password.replace("/", "%2F").replace("@", "%40")
        return f"{self.scheme}://reader:{written}@127.0.0.1:{self.port}/{database}{further}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def somebody_else(*names: str) -> dict[str, Any]:
    """Servers refuse to run as root: there, somebody who is not root runs them."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system starts servers in another way")
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in names:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("running as root, and there is no other user to run a server")


def program(name: str, *further: str) -> str:
    folders = [os.environ.get("PATH", ""), *further, "/usr/sbin"]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@contextlib.contextmanager
def private_folder(who: dict[str, Any]) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="outcomes-server-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


POSTGRESQL_TABLES = [
    "CREATE TABLE diary (patient_id text, date date, intensity float8, headache bool, dose numeric(6,2), "
    "seen timestamp, felt int)",
    "INSERT INTO diary VALUES ('P1', '2024-01-05', 5, true, 2.50, '2024-01-05 13:01', 3), "
    "('P2', NULL, 2.5, false, 3, NULL, NULL)",
    "CREATE TABLE sessions AS SELECT 'P' || i AS patient_id, i AS day FROM generate_series(1, 20000) AS i",
    "CREATE TABLE photos AS SELECT '\\x00ff'::bytea AS photo",
    "CREATE FUNCTION leave_a_mark() RETURNS int LANGUAGE plpgsql AS "
    "$$ BEGIN INSERT INTO diary (patient_id) VALUES ('planted'); RETURN 1; END $$",
    "CREATE VIEW trap AS SELECT leave_a_mark() AS n",
    "CREATE SCHEMA other",
    "CREATE TABLE other.diary AS SELECT 'elsewhere' AS patient_id",
]
GRANTS = [
    "GRANT USAGE ON SCHEMA public, other TO reader",
    "GRANT ALL ON ALL TABLES IN SCHEMA public, other TO reader",
]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    pg8000 = pytest.importorskip("pg8000.native", reason="the extra 'databases' is not installed")
    pytest.importorskip("sqlalchemy", reason="the extra 'databases' is not installed")
    homes = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    initdb, control = program("initdb", *homes), program("pg_ctl", *homes)
    who = somebody_else("postgres", "nobody")
    with private_folder(who) as folder:
        data, port = folder / "data", free_port()
        quiet: dict[str, Any] = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "cwd": folder,
            **who,
        }
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        making = [
            initdb,
            "-D",
            str(data),
            "-U",
            "owner",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        subprocess.run([*making, f"--pwfile={secret}"], check=True, **quiet)
        options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
        subprocess.run([control, "start", "-w", "-D", str(data), "-o", options], check=True, **quiet)
        try:
            hostile = HOSTILE.replace('"', '""')
            with contextlib.closing(
                pg8000.Connection("owner", "127.0.0.1", "postgres", port, PASSWORD)
            ) as first:
                first.run("CREATE DATABASE clinic")
                first.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
            with contextlib.closing(
                pg8000.Connection("owner", "127.0.0.1", "clinic", port, PASSWORD)
            ) as owner:
                hostile_table = f'CREATE TABLE "{hostile}" AS SELECT \'kept\' AS "{hostile}", 1 AS "50% :x"'
                for statement in [*POSTGRESQL_TABLES, hostile_table.replace(":x", "x"), *GRANTS]:
                    owner.execute_simple(statement)
            yield Server("postgresql", port)
        finally:
            subprocess.run([control, "stop", "-m", "immediate", "-D", str(data)], check=False, **quiet)


def test_postgresql_cells_come_in_as_text(postgresql: Server) -> None:
    engine = Engine()
    opened = open_server(postgresql.address(), engine, None)
    assert opened.problems == []
    assert cells(engine, opened, "diary") == [
        ("P1", "2024-01-05", "5", "yes", "2.5", "2024-01-05T13:01:00", "3"),
        ("P2", None, "2.5", "no", "3", None, None),
    ]
    assert numbers(engine, opened, "sessions") == list(range(1, 20001))
    assert cells(engine, opened, "sessions")[-1] == ("P20000", "20000")
    assert [(one.rule, one.count) for one in opened.findings] == [("not_read", 3)]


def test_postgresql_schemas_are_chosen_by_the_address(postgresql: Server) -> None:
    engine = Engine()
    opened = open_server(postgresql.address(further="?schema=other"), engine, None)
    assert cells(engine, opened, "diary") == [("elsewhere",)]


def test_nothing_can_be_written_into_postgresql(postgresql: Server) -> None:
    """The user may write, and the view calls a function that does: the transaction does not let it."""
    engine = Engine()
    opened = open_server(postgresql.address(), engine, {"trap", "diary"})
    assert [table.name for table in opened.tables] == ["diary"] or opened.tables == []
    assert len(opened.problems) == 1
    again = Engine()
    assert len(cells(again, open_server(postgresql.address(), again, None), "diary")) == 2


def test_hostile_names_in_postgresql_are_names_and_nothing_else(postgresql: Server) -> None:
    engine = Engine()
    opened = open_server(postgresql.address(), engine, {HOSTILE, "diary"})
    assert cells(engine, opened, HOSTILE) == [("kept", "1")]
    assert len(cells(engine, opened, "diary")) == 2
    hostile_schema = "?schema=x%22%3B%20DROP%20TABLE%20diary%3B%20--"
    assert open_server(postgresql.address(further=hostile_schema), Engine(), None).problems
    again = Engine()
    assert len(cells(again, open_server(postgresql.address(), again, None), "diary")) == 2


def test_binary_cells_in_postgresql_are_a_problem(postgresql: Server) -> None:
    (problem,) = open_server(postgresql.address(), Engine(), {"photos"}).problems
    assert "row 1, column 1: holds something other than text" in problem


def told(error: BaseException) -> str:
    """All that a person or a log could see of an error."""
    shown = "".join(traceback.format_exception(error))
    return shown + repr(error) + str(error.__cause__)


def faults_of(server: Server) -> list[str]:
    return [
        server.address(password="wrong" + PASSWORD),
        server.address(database="nowhere"),
        Server(server.scheme, free_port()).address(),
    ]


def test_postgresql_that_does_not_let_us_in_is_a_file_problem_without_the_password(
    postgresql: Server,
) -> None:
    words = ["refuses this user name or password", "no database of that name", "no connection"]
    for address, expected in zip(faults_of(postgresql), words, strict=True):
        with pytest.raises(FileProblem, match=expected) as caught:
            open_server(address, Engine(), None)
        assert "PASSWORD" not in told(caught.value) and "reader" not in str(caught.value)


def test_the_password_may_come_from_the_environment(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"postgresql://reader@127.0.0.1:{postgresql.port}/clinic"
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert open_server(address, Engine(), {"diary"}).problems == []


MYSQL_TABLES = [
    "CREATE TABLE diary (patient_id varchar(20), date date, intensity double, headache tinyint(1), "
    "dose decimal(6,2), seen datetime, lasted time)",
    "INSERT INTO diary VALUES ('P1', '2024-01-05', 5, true, 2.50, '2024-01-05 13:01', '30:00:00'), "
    "('P2', NULL, 2.5, false, 3, NULL, NULL)",
    "CREATE FUNCTION leave_a_mark() RETURNS int MODIFIES SQL DATA BEGIN "
    "INSERT INTO diary (patient_id) VALUES ('planted'); RETURN 1; END",
    "CREATE VIEW trap AS SELECT leave_a_mark() AS n",
    "CREATE TABLE `x`` FROM diary; DROP TABLE diary; --` (`50% ``x` int)",
    "INSERT INTO `x`` FROM diary; DROP TABLE diary; --` VALUES (1)",
]


@pytest.fixture(scope="module")
def mysql() -> Iterator[Server]:
    pymysql = pytest.importorskip("pymysql", reason="the extra 'databases' is not installed")
    pytest.importorskip("sqlalchemy", reason="the extra 'databases' is not installed")
    install, daemon = program("mariadb-install-db"), program("mariadbd")
    who = somebody_else("mysql", "nobody")
    with private_folder(who) as folder:
        data, port = folder / "data", free_port()
        quiet: dict[str, Any] = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "cwd": folder,
            **who,
        }
        making = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        subprocess.run([*making, "--skip-test-db"], check=True, **quiet)
        where = [f"--datadir={data}", f"--port={port}", f"--socket={folder}/s", f"--pid-file={folder}/pid"]
        light = [
            "--bind-address=127.0.0.1",
            "--innodb-buffer-pool-size=8M",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        running = subprocess.Popen([daemon, "--no-defaults", *where, *light], **quiet)
        try:
            with (
                contextlib.closing(_first_connection(pymysql, port, running)) as owner,
                owner.cursor() as cursor,
            ):
                cursor.execute("CREATE DATABASE clinic")
                cursor.execute("USE clinic")
                for statement in MYSQL_TABLES:
                    cursor.execute(statement)
                cursor.execute("CREATE USER reader@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
                cursor.execute("CREATE USER reader@localhost IDENTIFIED BY %s", (PASSWORD,))
                cursor.execute("GRANT ALL ON clinic.* TO reader@'127.0.0.1', reader@localhost")
                owner.commit()
            yield Server("mysql", port)
        finally:
            running.terminate()
            running.wait(30)


def _first_connection(pymysql: Any, port: int, running: subprocess.Popen[bytes]) -> Any:
    for _ in range(150):
        if running.poll() is not None:
            pytest.fail("the MariaDB server did not start")
        with contextlib.suppress(pymysql.MySQLError):
            return pymysql.connect(host="127.0.0.1", port=port, user="root")
        time.sleep(0.1)
    pytest.fail("the MariaDB server did not answer")


def test_mysql_cells_come_in_as_text(mysql: Server) -> None:
    engine = Engine()
    for address in (mysql.address(), mysql.address().replace("mysql://", "mariadb://")):
        opened = open_server(address, engine, None)
        assert opened.problems == []
        assert cells(engine, opened, "diary") == [
            ("P1", "2024-01-05", "5", "1", "2.5", "2024-01-05T13:01:00", "30:00:00"),
            ("P2", None, "2.5", "0", "3", None, None),
        ]


def test_nothing_can_be_written_into_mysql(mysql: Server) -> None:
    opened = open_server(mysql.address(), Engine(), {"trap"})
    assert opened.tables == [] and len(opened.problems) == 1
    hostile = "x` FROM diary; DROP TABLE diary; --"
    engine = Engine()
    opened = open_server(mysql.address(), engine, {"diary", hostile})
    assert cells(engine, opened, hostile) == [("1",)]
    assert len(cells(engine, opened, "diary")) == 2


def test_mysql_that_does_not_let_us_in_is_a_file_problem_without_the_password(mysql: Server) -> None:
    words = [
        "refuses this user name or password",
        "refuses this user|no database of that name",
        "no connection",
    ]
    for address, expected in zip(faults_of(mysql), words, strict=True):
        with pytest.raises(FileProblem, match=expected) as caught:
            open_server(address, Engine(), None)
        assert "PASSWORD" not in told(caught.value) and "reader" not in str(caught.value)


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://reader:{PASSWORD.replace('@', '%40')}@host:notaport/clinic",
        "postgresql://reader:s3cret-PASSWORD@host",
        "oracle://reader:s3cret-PASSWORD@host/clinic",
        "mysql://reader:s3cret-PASSWORD@host/clinic?read_default_file=/etc/passwd",
        "mysql://reader:s3cret-PASSWORD@host/clinic?local_infile=1",
        "postgresql://reader:s3cret-PASSWORD@host/clinic?schema=a&schema=b",
    ],
)
def test_an_address_that_cannot_be_followed_is_refused_and_not_repeated(address: str) -> None:
    pytest.importorskip("sqlalchemy", reason="the extra 'databases' is not installed")
    with pytest.raises(PlanError) as caught:
        open_server(address, Engine(), None)
    assert "PASSWORD" not in told(caught.value)


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(PlanError, match=r"pip install 'outcomes\[databases\]'"):
        open_server("postgresql://reader@localhost/clinic", Engine(), None)


def test_a_server_elsewhere_that_speaks_no_tls_gets_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is not this one must prove itself first; here it is this one under another name."""
    pytest.importorskip("sqlalchemy", reason="the extra 'databases' is not installed")
    monkeypatch.setattr("outcomes.records.servers._NEAR", ())
    received = bytearray()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(10)
        port = listening.getsockname()[1]

        def answer() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.settimeout(2)
                    received.extend(connection.recv(4096))
                    connection.sendall(b"N")
                    received.extend(connection.recv(4096))

        import threading

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(FileProblem, match="TLS"):
            open_server(f"postgresql://reader:secret@127.0.0.1:{port}/clinic", Engine(), None)
        thread.join()
    assert b"reader" not in received and b"secret" not in received


def test_dates_of_python_are_iso() -> None:
    from outcomes.records.loading import cell_text

    assert cell_text(dt.datetime(2024, 1, 5, 13, 1, tzinfo=dt.UTC)) == "2024-01-05T13:01:00+00:00"
    assert cell_text(dt.timedelta(hours=-30)) == "-30:00:00"
    assert cell_text(1e15) == "1000000000000000"
    assert cell_text(True) == "yes"
