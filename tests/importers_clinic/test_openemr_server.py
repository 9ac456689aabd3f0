"""OpenEMR's calendar in a real MariaDB server that the test starts, read by a user who may see no name.

The table is made with the columns and types of OpenEMR's own `database.sql`, its binary `uuid` among them.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from outcomes.errors import FileProblem, InvalidRecords, OutcomesError, PlanError
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.openemr import FURTHER, NEEDED, OpenEmr

pymysql = pytest.importorskip("pymysql", reason="the extra 'databases' is not installed")
pytest.importorskip("sqlalchemy", reason="the extra 'databases' is not installed")
Settings = Callable[..., ImportSettings]

MAKE = """CREATE TABLE openemr_postcalendar_events (
  pc_eid int(11) unsigned NOT NULL AUTO_INCREMENT, pc_catid int(11) NOT NULL DEFAULT 0,
  pc_multiple int(10) unsigned NOT NULL DEFAULT 0, pc_aid varchar(30) DEFAULT NULL,
  pc_pid varchar(11) DEFAULT NULL, pc_gid int(11) DEFAULT 0, pc_title varchar(150) DEFAULT NULL,
  pc_hometext text DEFAULT NULL, pc_eventDate date NOT NULL, pc_endDate date DEFAULT NULL,
  pc_duration bigint(20) NOT NULL DEFAULT 0, pc_recurrtype int(1) NOT NULL DEFAULT 0,
  pc_startTime time DEFAULT NULL, pc_endTime time DEFAULT NULL, pc_conttel varchar(50) DEFAULT NULL,
  pc_apptstatus varchar(15) NOT NULL DEFAULT '-', pc_room varchar(20) NOT NULL DEFAULT '',
  uuid binary(16) DEFAULT NULL, PRIMARY KEY (pc_eid))"""
FILL = (
    "INSERT INTO openemr_postcalendar_events "
    "(pc_eid, pc_catid, pc_aid, pc_pid, pc_title, pc_eventDate, pc_recurrtype, pc_startTime, pc_apptstatus, uuid) "
    "VALUES (9, 5, '6', '101', 'Rosalind', '2026-02-17', 0, '128:00:00', '$', x'00ff'), "
    "(1, 5, '6', '101', 'Rosalind', '2026-02-03', 0, '09:00:00', '>', x'00fe'), "
    "(2, 5, '6', '101', 'Rosalind', '2026-02-10', 0, '09:00:00', '?', NULL), "
    "(3, 5, '6', '101', 'Rosalind', '0000-00-00', 0, '09:00:00', '@', NULL), "
    "(4, 2, '6', NULL, 'In Office', '2026-02-03', 0, '08:00:00', '-', NULL)"
)


def program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"]))
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


def first_connection(port: int, running: subprocess.Popen[bytes]) -> Any:
    for _ in range(150):
        if running.poll() is not None:
            pytest.fail("the MariaDB server did not start")
        with contextlib.suppress(pymysql.MySQLError):
            return pymysql.connect(host="127.0.0.1", port=port, user="root")
        time.sleep(0.1)
    pytest.fail("the MariaDB server did not answer")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    install, daemon = program("mariadb-install-db"), program("mariadbd")
    who: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="outcomes-openemr-"))
    if os.geteuid() == 0:
        # Servers refuse to run as root.
        nobody = pwd.getpwnam("nobody")
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **who}
    making = [
        install,
        "--no-defaults",
        f"--datadir={folder}/data",
        "--auth-root-authentication-method=normal",
    ]
    where = [f"--datadir={folder}/data", f"--port={port}", f"--socket={folder}/s", f"--pid-file={folder}/pid"]
    light = ["--bind-address=127.0.0.1", "--innodb-buffer-pool-size=8M", "--sql-mode=", "--skip-name-resolve"]
    try:
        subprocess.run([*making, "--skip-test-db"], check=True, **quiet)
        running = subprocess.Popen([daemon, "--no-defaults", *where, *light], **quiet)
        try:
            with contextlib.closing(first_connection(port, running)) as owner, owner.cursor() as cursor:
                cursor.execute("CREATE DATABASE openemr")
                cursor.execute("USE openemr")
                cursor.execute(MAKE)
                cursor.execute(FILL)
                cursor.execute("CREATE DATABASE other")
                cursor.execute("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 's3cret'")
                seen = ", ".join([*NEEDED, *FURTHER])
                cursor.execute(
                    f"GRANT SELECT ({seen}) ON openemr.openemr_postcalendar_events TO reader@'127.0.0.1'"
                )
                cursor.execute("GRANT SELECT ON other.* TO reader@'127.0.0.1'")
                owner.commit()
            yield f"mysql://reader:s3cret@127.0.0.1:{port}/openemr"
        finally:
            running.terminate()
            running.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_calendar_is_read_by_a_user_who_may_see_these_columns_only(
    address: str, settings: Settings
) -> None:
    imported = OpenEmr().read([], settings({"database": address, "types": "5"}))
    sessions = imported.tables["sessions"]
    assert list(sessions["date"]) == ["2026-02-03", "2026-02-17"]
    assert sessions["patient_id"].nunique() == 1 and sessions["practitioner_id"].nunique() == 1
    assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (5, 2, 1)
    assert {item.why: item.rows for item in imported.not_read} == {
        "the patient did not come": (2,),
        "no readable date": (3,),
    }
    assert not imported.dropped


def test_another_database_another_password_another_kind(address: str, settings: Settings) -> None:
    for wrong, kind in (
        (address.replace("/openemr", "/other"), InvalidRecords),
        (address.replace("s3cret", "wrong"), FileProblem),
        (address.replace("mysql:", "postgresql:"), InvalidRecords),
        ("mysql://nowhere", PlanError),
    ):
        with pytest.raises(kind) as refused:
            OpenEmr().read([], settings({"database": wrong}))
        assert isinstance(refused.value, OutcomesError)
        assert "s3cret" not in str(refused.value) and "127.0.0.1" not in str(refused.value)
