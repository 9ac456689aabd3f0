"""`outcomes schedule` and `--month last`: a report that is made every month by itself."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from diaries import drawn, write_folder

from outcomes.cli import main
from outcomes.commands.reporting import _month
from outcomes.commands.schedules import cron_line, systemd_units, windows_line

AWKWARD = ["/opt/my python", 'it\'s 100% "new"', "a$HOME;b&c", "back\\slash\\", "plain-1.0_x", "ünï"]


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "my records", **drawn("p1: 3050030 | . 0300000\n"))


# ---- the lines ----


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell takes the line apart")
def test_cron_hands_every_word_on_as_it_was() -> None:
    """cron turns \\% into %, and a shell takes the rest apart."""
    line = cron_line([sys.executable, "-c", "import sys; print(sys.argv[1:])", *AWKWARD], day=3, hour=6)
    assert line.startswith("0 6 3 * * ")
    assert not re.search(r"(?<!\\)%", line)
    command = line.removeprefix("0 6 3 * * ").replace(r"\%", "%")
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{AWKWARD}\n"


def _as_systemd(line: str) -> list[str]:
    """systemd.service(5): words in double quotes, C escapes in them, %% and $$ for a percent sign and a dollar."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    plain = [re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in words]
    return [word.replace("%%", "%").replace("$$", "$") for word in plain]


def test_systemd_hands_every_word_on_as_it_was() -> None:
    units = systemd_units(AWKWARD, day=3, hour=6)
    line = next(line for line in units.splitlines() if line.startswith("ExecStart="))
    assert _as_systemd(line.removeprefix("ExecStart=")) == AWKWARD
    assert "OnCalendar=*-*-03 06:00:00" in units and "Persistent=true" in units and "UMask=0077" in units


def _as_windows(line: str) -> list[str]:
    """How programs on Windows take their command line apart (the rules of the Microsoft C runtime)."""
    words, word, quoted, there, index = [], "", False, False, 0
    while index < len(line):
        sign = line[index]
        if sign == "\\":
            run = len(line) - index - len(line[index:].lstrip("\\"))
            index += run
            if index < len(line) and line[index] == '"':
                word += "\\" * (run // 2)
                if run % 2:
                    word, index = word + '"', index + 1
            else:
                word += "\\" * run
            there = True
            continue
        if sign == '"':
            quoted, there = not quoted, True
        elif sign == " " and not quoted:
            if there:
                words.append(word)
            word, there = "", False
        else:
            word, there = word + sign, True
        index += 1
    return [*words, word] if there else words


def test_windows_hands_every_word_on_as_it_was() -> None:
    """Twice: schtasks takes its own line apart, and the program the one it is started with."""
    line = windows_line(AWKWARD, day=3, hour=6).splitlines()[0]
    outer = _as_windows(line)
    assert outer[:8] == ["schtasks", "/Create", "/F", "/SC", "MONTHLY", "/D", "3", "/ST"]
    assert _as_windows(outer[outer.index("/TR") + 1]) == AWKWARD


def test_windows_is_told_where_the_line_is_too_long() -> None:
    assert "report.cmd" in windows_line(["x" * 300], day=3, hour=6)
    assert "report.cmd" not in windows_line(["x"], day=3, hour=6)


# ---- the command ----


def test_all_three_with_whole_paths(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["schedule", "--source", "my records", "--output", "out", "--day", "5"]) == 0
    shown = capsys.readouterr().out
    assert "0 6 5 * * " in shown and "OnCalendar=*-*-05" in shown and "/D 5" in shown
    line = next(line for line in shown.splitlines() if line.startswith("0 6 5"))
    words = shlex.split(line.removeprefix("0 6 5 * * ").replace(r"\%", "%"))
    assert words[:4] == [sys.executable, "-m", "outcomes", "report"]
    assert words[4:] == [str(clinic), "--month", "last", "--output", str(tmp_path / "out"), "--quiet"]
    assert not (tmp_path / "out").exists()


def test_one_system_only(clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["schedule", "--source", str(clinic), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--system", "cron", "--profile", "share"]) == 0
    shown = capsys.readouterr().out
    assert "--profile share" in shown and "schtasks" not in shown and "systemd" not in shown


@pytest.mark.parametrize("day", ["0", "29", "-1"])
def test_a_day_that_is_not_in_every_month(clinic: Path, day: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "--source", str(clinic), "--day", day]) == 2
    assert "not in every month" in capsys.readouterr().err


def test_what_would_fail_every_month_is_told_now(
    clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schedule", "--source", str(clinic), "--output", str(clinic / "reports")]) == 7
    assert (
        main(["schedule", "--source", "postgresql://me:secret@host/db", "--output", str(tmp_path / "o")]) == 2
    )
    captured = capsys.readouterr()
    assert "secret" not in captured.out + captured.err
    assert main(["schedule", "--source", str(tmp_path / "later"), "--output", str(tmp_path / "o")]) == 0
    assert "Careful" in capsys.readouterr().err


# ---- the last month that is over ----


@pytest.mark.parametrize(
    ("today", "month"),
    [
        ("2026-11-03", "2026-10"),
        ("2026-01-01", "2025-12"),
        ("2026-10-31", "2026-09"),
        ("2024-03-01", "2024-02"),
    ],
)
def test_the_last_month_that_is_over(today: str, month: str) -> None:
    assert _month("last", today) == month


def test_the_clock_of_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,780,272,000 is the first of June 2026, 00:00 UTC."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780272000")
    assert _month("last", None) == "2026-05"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780271999")
    assert _month("last", None) == "2026-04"


def test_a_today_that_is_none(clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["report", str(clinic), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--month", "last", "--today", "soon"]) == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err
    assert main([*arguments, "--month", "2026-10", "--today", "2026-11-03"]) == 2
    assert not (tmp_path / "out").exists()
