"""Engines elsewhere for the tests: a private PostgreSQL server, and a Spark cluster of two workers on this computer."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

USER = "owner"


@pytest.fixture(scope="session")
def postgresql_port() -> Iterator[int]:
    """The port of a server of our own, which asks for no password and listens on this computer alone."""
    homes = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    places = os.pathsep.join([*homes, os.environ.get("PATH", "")])
    initdb, control = shutil.which("initdb", path=places), shutil.which("pg_ctl", path=places)
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed here")
    who = _somebody_else()
    folder = Path(tempfile.mkdtemp(prefix="outcomes-warehouse-"))
    if who:
        os.chown(folder, who["user"], who["group"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **who}
    data = folder / "data"
    making = [initdb, "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    try:
        subprocess.run(making, check=True, **quiet)
        options = (
            f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c work_mem=64MB -c lock_timeout=20s"
        )
        subprocess.run([control, "start", "-w", "-D", str(data), "-o", options], check=True, **quiet)
        try:
            yield port
        finally:
            subprocess.run([control, "stop", "-m", "immediate", "-D", str(data)], check=False, **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _somebody_else() -> dict[str, Any]:
    """Servers refuse to run as root: there, somebody who is not root runs them."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("running as root, and there is no other user to run a server")


@pytest.fixture(scope="session")
def in_postgresql(postgresql_port: int) -> Callable[[str, dict[str, pa.Table]], str]:
    """Puts tables into a schema of the server, once; gives the address of the database."""
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="the ADBC driver is not installed")
    pytest.importorskip("sqlglot", reason="the extra 'databases' is not installed")
    address = f"postgresql://{USER}@127.0.0.1:{postgresql_port}/postgres"

    there: set[str] = set()

    def put(schema: str, tables: dict[str, pa.Table]) -> str:
        if schema in there:
            return address
        there.add(schema)
        with adbc.connect(address) as connection:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA {schema}")
                for name, table in tables.items():
                    cursor.adbc_ingest(name, table, mode="create", db_schema_name=schema)
            connection.commit()
        return address

    return put


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A Spark session over two workers, each a process of its own with one core and a gibibyte."""
    sql = pytest.importorskip("pyspark.sql", reason="the extra 'spark' is not installed")
    pytest.importorskip("sqlglot", reason="the extra 'spark' is not installed")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed here")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # The page of the session is asked how many bytes were read.
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        # Small tables: compiling a plan would take longer than running it as it stands.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="outcomes-spark-"),
    }
    builder = sql.SparkSession.builder.master("local-cluster[2,1,1024]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()
        gateway = session.sparkContext._gateway
        if gateway is not None:
            gateway.shutdown()
        shutil.rmtree(settings["spark.sql.warehouse.dir"], ignore_errors=True)


@pytest.fixture
def sizes_read(spark: Any) -> Callable[[], list[int]]:
    """Bytes of the files that each pass over Parquet files has read, as the session tells them on its page."""
    units = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}

    def read() -> list[int]:
        context = spark.sparkContext
        page = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/sql"
        with urllib.request.urlopen(
            f"{page}?details=true&planDescription=false&length=5000", timeout=60
        ) as answer:
            executions = json.load(answer)
        told = [
            metric["value"]
            for execution in executions
            for node in execution["nodes"]
            if node["nodeName"].startswith("Scan parquet")
            for metric in node["metrics"]
            if metric["name"] == "size of files read"
        ]
        return [round(float(number) * units[unit]) for number, unit in (text.split()[:2] for text in told)]

    return read
