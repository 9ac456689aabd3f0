"""The double-click runners. The one for macOS is run here with bash; the one for Windows is only read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from outcomes.first_day.runners import macos_runner, windows_runner
from outcomes.first_day.texts import RUNNER

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="bash is not on this machine")
FOLDER = "Praxis Müller (neu) & Söhne's $HOME"


class _Desk:
    """A folder with the runner, and a PATH on which nothing but stand-ins lies."""

    def __init__(self, tmp_path: Path):
        self.folder = tmp_path / FOLDER
        self.folder.mkdir()
        self.runner = self.folder / "check-and-report.command"
        self.runner.write_bytes(macos_runner())
        self.runner.chmod(0o700)
        self.tools = tmp_path / "bin"
        self.tools.mkdir()
        self.log = tmp_path / "log"
        for tool in ("dirname", "date"):
            (self.tools / tool).symlink_to(str(shutil.which(tool)))

    def tool(self, name: str, script: str) -> None:
        path = self.tools / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{BASH}\n{script}\n", encoding="utf-8")
        path.chmod(0o700)

    def stand_in(self, name: str = "outcomes", *, check: int = 0, report: int = 0) -> None:
        self.tool(
            name,
            f'printf "%s\\n" "$@" "cwd $PWD" -- >> "{self.log}"\n'
            f'for a in "$@"; do [ "$a" = check ] && exit {check}; [ "$a" = report ] && exit {report}; done; exit 0',
        )

    def run(self, typed: str) -> tuple[int, str, list[list[str]]]:
        done = subprocess.run(
            [str(BASH), str(self.runner)],
            input=typed,
            env={"PATH": str(self.tools), "HOME": str(self.tools), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        calls = self.log.read_text(encoding="utf-8").split("--\n") if self.log.exists() else []
        return done.returncode, done.stdout + done.stderr, [call.splitlines() for call in calls if call]


@pytest.fixture
def desk(tmp_path: Path) -> _Desk:
    return _Desk(tmp_path)


@needs_bash
def test_it_checks_then_reports_whatever_the_folder_is_called(desk: _Desk) -> None:
    desk.stand_in()
    code, said, calls = desk.run("2026-10\n\n")
    where = str(desk.folder)
    assert calls == [
        ["check", where, "cwd /"],
        ["report", where, "--month", "2026-10", "--output", f"{where}-reports", "cwd /"],
    ]
    assert code == 0 and RUNNER["done"] in said


@needs_bash
@pytest.mark.parametrize(
    ("today", "month"), [("2026 11", "2026-10"), ("2026 01", "2025-12"), ("2026 09", "2026-08")]
)
def test_the_month_that_has_ended_is_offered(desk: _Desk, today: str, month: str) -> None:
    year, number = today.split()
    desk.stand_in()
    desk.tool("date", f'if [ "$1" = +%Y ]; then echo {year}; else echo {number}; fi')
    _, _, calls = desk.run("\n\n")
    assert calls[1][3] == month


@needs_bash
@pytest.mark.parametrize("code", [2, 3, 5, 7])
def test_it_stops_where_the_check_stops(desk: _Desk, code: int) -> None:
    desk.stand_in(check=code)
    left, said, calls = desk.run("\n")
    assert left == code and RUNNER["stopped"] in said and len(calls) == 1


@needs_bash
@pytest.mark.parametrize(
    ("typed", "commands", "code"), [("yes\n\n\n", 2, 0), ("\n\n", 1, 4), ("no\n\n", 1, 4), ("", 1, 4)]
)
def test_rows_set_aside_are_left_out_only_when_somebody_says_so(
    desk: _Desk, typed: str, commands: int, code: int
) -> None:
    desk.stand_in(check=4)
    left, said, calls = desk.run(typed)
    assert left == code and RUNNER["ask"] in said and len(calls) == commands


@needs_bash
def test_a_report_that_fails_is_not_called_done(desk: _Desk) -> None:
    desk.stand_in(report=7)
    code, said, _ = desk.run("\n\n")
    assert code == 7 and RUNNER["failed"] in said and RUNNER["done"] not in said


@needs_bash
def test_without_the_command_it_asks_python(desk: _Desk) -> None:
    desk.stand_in("python3")
    code, _, calls = desk.run("\n\n")
    assert code == 0
    assert calls[1][:5] == ["-P", "-m", "outcomes", "check", str(desk.folder)]


@needs_bash
def test_without_the_program_it_says_what_to_do(desk: _Desk) -> None:
    desk.tool("python3", "exit 1")
    code, said, calls = desk.run("\n")
    assert code == 7 and RUNNER["missing"] in said and RUNNER["missing_help"] in said and not calls


@needs_bash
def test_a_program_that_lies_in_the_folder_is_not_run(desk: _Desk) -> None:
    stray = desk.folder / "outcomes"
    stray.write_text(f'#!{BASH}\ntouch "{desk.log}"\n', encoding="utf-8")
    stray.chmod(0o700)
    code, _, calls = desk.run("\n")
    assert code == 7 and not calls and os.listdir(desk.tools)


def _lines() -> list[str]:
    return windows_runner().decode("ascii").split("\r\n")


def test_windows_line_ends_and_plain_letters() -> None:
    data = windows_runner()
    assert data.count(b"\n") == data.count(b"\r\n") and data.startswith(b"@echo off\r\n")
    assert b"\r" not in macos_runner()


def test_windows_paths_are_quoted_wherever_they_are_used() -> None:
    for line in _lines():
        for found in re.finditer(r"%(HERE|MONTH)%|%~dp0", line):
            before = line[: found.start()]
            assert before.count('"') % 2 == 1, line


def test_windows_jumps_lead_somewhere_and_no_path_leaves_the_window_closed() -> None:
    lines = _lines()
    labels = {line[1:] for line in lines if line.startswith(":")}
    jumps = set(re.findall(r"goto (\w+)", "\n".join(lines)))
    assert jumps == labels - {"finish"} | {"finish"}
    end = lines.index(":finish")
    assert any(line.startswith("set /p") for line in lines[end:]) and "exit /b %CODE%" in lines[end:]
    assert not any("exit" in line for line in lines[:end])


def test_windows_messages_hold_no_sign_that_means_something_to_it() -> None:
    for name, text in RUNNER.items():
        assert not re.search(r'[&|<>^%!"()$`\\]', text.replace("{month}", "")), name
    assert not any(re.match(r"(if|for) .*\($", line) for line in _lines()), (
        "a bracket in a path would end a block"
    )


def test_both_runners_do_the_same() -> None:
    for text in (macos_runner().decode(), windows_runner().decode()):
        assert re.search(r"check \"[$%]", text) and "--month" in text and "-reports" in text
        assert all(RUNNER[name] in text for name in RUNNER if name != "month")
