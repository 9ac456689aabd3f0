"""The lines that let a machine make the report by itself every month, quoted as each system wants them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

#: What `schtasks` takes as a command; longer ones belong into a file of their own.
_LONGEST_TASK = 261
_NAME = "outcomes-report"


def cron_line(command: Sequence[str], *, day: int, hour: int) -> str:
    """A line for `crontab -e`. In a crontab a percent sign ends the line unless a backslash stands before it."""
    return f"0 {hour} {day} * * {shlex.join(command)}".replace("%", r"\%")


def systemd_units(command: Sequence[str], *, day: int, hour: int) -> str:
    """A service and a timer for a user's own systemd, with where they go and how they are started."""
    started = " ".join(_for_systemd(part) for part in command)
    return (
        f"# ~/.config/systemd/user/{_NAME}.service\n"
        "[Unit]\nDescription=Monthly headache outcomes report\n\n"
        f"[Service]\nType=oneshot\nUMask=0077\nExecStart={started}\n\n"
        f"# ~/.config/systemd/user/{_NAME}.timer\n"
        "[Unit]\nDescription=Monthly headache outcomes report\n\n"
        f"[Timer]\nOnCalendar=*-*-{day:02d} {hour:02d}:00:00\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n\n"
        f"# then: systemctl --user daemon-reload && systemctl --user enable --now {_NAME}.timer"
    )


def windows_line(command: Sequence[str], *, day: int, hour: int) -> str:
    """A line for the Windows command prompt."""
    task = " ".join(_for_windows(part) for part in command)
    line = f'schtasks /Create /F /SC MONTHLY /D {day} /ST {hour:02d}:00 /TN "{_NAME}" /TR "{_inside_quotes(task)}"'
    if len(task) > _LONGEST_TASK:
        line += (
            f"\nREM Too long for the Task Scheduler ({len(task)} signs of {_LONGEST_TASK}): write the command into a "
            "file report.cmd and name that file after /TR."
        )
    return line


def _for_systemd(part: str) -> str:
    """systemd reads % and $ everywhere, and a backslash and quotes inside quotes."""
    doubled = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return doubled if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", doubled) else f'"{doubled}"'


def _for_windows(part: str) -> str:
    r"""As programs on Windows take their command line apart: backslashes count only before a quote."""
    if part and not re.search(r'[\s"&|<>^()%!;,]', part):
        return part
    return f'"{_inside_quotes(part)}"'


def _inside_quotes(task: str) -> str:
    """A command line as one quoted word of another."""
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', task)
    return re.sub(r"(\\+)$", r"\1\1", escaped)
