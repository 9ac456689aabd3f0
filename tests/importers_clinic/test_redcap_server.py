"""A live REDCap project, asked over HTTP by PyCap: the token's ways, and that only named fields are asked for.

The server here answers on this computer as REDCap's API documents it: form-encoded requests, JSON answers,
`{"error": …}` with status 403 for a token that it does not know.
"""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
import redcap_project as project

from outcomes.errors import FileProblem, OutcomesError, PlanError
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.redcap import RedCap
from outcomes.records.importers.redcap_dictionary import COLUMNS

pytest.importorskip("redcap", reason="the extra 'redcap' (PyCap) is not installed")

Settings = Callable[..., ImportSettings]
TOKEN = "0123456789ABCDEF0123456789ABCDEF"
NAMED = {"diary.date": "diary_date", "diary.headache": "headache", "token_env": "TEST_REDCAP_TOKEN"}


class Server(BaseHTTPRequestHandler):
    """REDCap's two answers that are needed here, from the project of these tests."""

    asked: ClassVar[list[dict[str, str]]] = []
    answer: ClassVar[Callable[[dict[str, str]], tuple[int, bytes]] | None] = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        Server.asked.append(form)
        status, content = Server.answer(form) if Server.answer else _answer(form)
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if status in (301, 307):
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere/")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""


def _answer(form: dict[str, str]) -> tuple[int, bytes]:
    if form["token"] != TOKEN:
        return 403, b'{"error":"You do not have permissions to use the API"}'
    source = project.dictionary(api=True)
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(source)))
    assert set(rows[0]) == set(COLUMNS)
    if form["content"] == "record":
        fields = {value for name, value in form.items() if name.startswith("fields[")}
        records = csv.DictReader(io.StringIO(project.table(project.RAW_HEADER, project.RAW)))
        own = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
        rows = [
            {k: v for k, v in row.items() if k in own or k.partition("___")[0] in fields} for row in records
        ]
        for row in rows:
            # REDCap writes instances as numbers.
            row["redcap_repeat_instance"] = int(row["redcap_repeat_instance"] or 1)
    return 200, json.dumps(rows).encode()


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("TEST_REDCAP_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "*")
    Server.asked.clear()
    Server.answer = None
    yield f"http://127.0.0.1:{server.server_address[1]}/api/"
    server.shutdown()
    server.server_close()
    thread.join()


def read(options: dict[str, str], settings: Settings) -> Any:
    return RedCap().read([], settings(options))


def test_a_live_project_gives_what_its_export_gives_and_no_other_field_is_asked_for(
    url: str, settings: Settings
) -> None:
    imported = read(NAMED | {"url": url}, settings)
    assert list(imported.tables["diary"]["headache"]) == ["yes", "no", None, "yes"]
    assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (9, 4, 4)
    assert [item.rows for item in imported.not_read] == [(9,)]
    records = next(form for form in Server.asked if form["content"] == "record")
    asked = {value for name, value in records.items() if name.startswith("fields[")}
    assert asked == {"record_id", "diary_date", "headache", "diary_complete"}


def test_the_token_may_lie_in_a_file_of_ones_own(url: str, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    options = {name: value for name, value in NAMED.items() if name != "token_env"}
    options |= {"url": url, "token_file": str(file)}
    assert read(options, settings).rows_used == 4
    file.chmod(0o640)
    with pytest.raises(PlanError, match="chmod 600"):
        read(options, settings)
    link = tmp_path / "link"
    file.chmod(0o600)
    link.symlink_to(file)
    with pytest.raises(PlanError, match="not an ordinary file"):
        read(options | {"token_file": str(link)}, settings)
    with pytest.raises(FileProblem):
        read(options | {"token_file": str(tmp_path / "absent")}, settings)


@pytest.mark.parametrize(
    "options",
    [
        {"token_env": "TEST_REDCAP_TOKEN", "token_file": "x"},
        {"token_env": TOKEN},
        {"token_env": "NOT_SET_ANYWHERE"},
        {"token": TOKEN, "token_env": "TEST_REDCAP_TOKEN"},
    ],
)
def test_a_token_on_the_command_line_is_refused_and_never_repeated(
    url: str, settings: Settings, options: dict[str, str]
) -> None:
    with pytest.raises(PlanError) as refused:
        read(NAMED | {"url": url} | options, settings)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://redcap.example.org/api/",
        "https://redcap.example.org/",
        "https://me:secret@redcap.example.org/api/",
        "https:///api/",
        "https://redcap.example.org/api/?token=1",
        "ftp://redcap.example.org/api/",
        "https://[/api/",
    ],
)
def test_a_token_goes_over_https_to_the_address_of_an_api(url: str, settings: Settings, address: str) -> None:
    with pytest.raises(PlanError, match="url"):
        read(NAMED | {"url": address}, settings)
    assert not Server.asked


@pytest.mark.parametrize(
    "reply",
    [
        (403, b'{"error":"You do not have permissions, Rosalind Quick"}'),
        (200, b"<html>Rosalind Quick</html>"),
        (200, b"[1, 2]"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'[{"field_name": "Rosalind Quick"}]'),
        (301, b"[]"),
        (307, b"[]"),
        (500, b""),
    ],
)
def test_other_answers_are_refused_without_their_words(
    url: str, settings: Settings, reply: tuple[int, bytes]
) -> None:
    Server.answer = lambda form: reply
    with pytest.raises(OutcomesError) as refused:
        read(NAMED | {"url": url}, settings)
    assert "Rosalind" not in str(refused.value) and TOKEN not in str(refused.value)
    assert len(Server.asked) == 1


@pytest.mark.parametrize(
    "records", [b"[]", b'{"a": 1}', b'[["S-07"]]', b'[{"other": "1", "more": "2"}]', b"nil"]
)
def test_other_records_are_refused(url: str, settings: Settings, records: bytes) -> None:
    Server.answer = lambda form: (200, records) if form["content"] == "record" else _answer(form)
    with pytest.raises(OutcomesError):
        read(NAMED | {"url": url}, settings)


def test_without_fields_the_live_project_gives_a_draft(url: str, settings: Settings) -> None:
    with pytest.raises(PlanError, match='date = "diary_date"'):
        read({"url": url, "token_env": "TEST_REDCAP_TOKEN"}, settings)
    assert [form["content"] for form in Server.asked] == ["metadata"]


def test_a_server_that_is_not_there(url: str, settings: Settings) -> None:
    with pytest.raises(FileProblem, match="ConnectionError"):
        read(NAMED | {"url": "http://127.0.0.1:9/api/"}, settings)
