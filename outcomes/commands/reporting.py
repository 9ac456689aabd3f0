"""`report`, `verify` and `schedule`: the monthly report, the same again, and every month by itself."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from outcomes.commands.console import progress, say, show, show_json
from outcomes.commands.source import add_accept, add_source, warn_where_shared
from outcomes.errors import EXIT_DONE, DisclosureHold, FileProblem, OutcomesError, PlanError

_FORMATS = ("html", "pdf", "xlsx", "csv", "figures")
_PROFILES = ("internal", "share", "public")
_SYSTEMS = ("cron", "systemd", "windows")
#: The word for the last calendar month that is over.
_LAST = "last"


def add(commands: Any) -> None:
    """Add the commands of this module."""
    _add_report(commands)
    _add_verify(commands)
    _add_schedule(commands)


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report", help="the monthly report: to keep (internal), to hand on (share), for everybody (public)"
    )
    add_source(parser)
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--month",
        metavar="YYYY-MM",
        help="patients whose follow-up closed in the year to its end; 'last' is the last month that is over",
    )
    when.add_argument("--all", action="store_true", help="all patients; for records without calendar dates")
    parser.add_argument("--output", metavar="DIR", required=True, help="folder to write to")
    parser.add_argument(
        "--profile", choices=_PROFILES, help="write this one only; without it internal and share"
    )
    parser.add_argument(
        "--format",
        default="html,pdf",
        metavar="LIST",
        help="of html, pdf (both: default), xlsx, csv, figures",
    )
    parser.add_argument(
        "--today", metavar="DATE", help="the day that 'last' counts from, YYYY-MM-DD; else the clock's"
    )
    add_accept(parser)
    parser.set_defaults(run=_report)


def _add_verify(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="make a report again and compare it byte by byte",
        description="Make the reports of a folder again from their records and compare them byte by byte. Tells "
        "'the same bytes', or each difference with its cause. Ends with 4 where anything differs.",
    )
    parser.add_argument("folder", metavar="RUN", help="the folder of a month, such as reports/2026-10")
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="the records; else from where they lay")
    parser.add_argument(
        "--plan", metavar="FILE", help="plan file, where one was given; else from where it lay"
    )
    parser.add_argument("--mapping", metavar="FILE", help="the same for the mapping")
    parser.add_argument("--allowances", metavar="FILE", help="the same for the allowances")
    parser.add_argument("--json", action="store_true", help="what differs and why, as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_verify)


def _add_schedule(commands: Any) -> None:
    parser = commands.add_parser(
        "schedule",
        help="lines for cron, systemd and the Windows Task Scheduler that make the report every month",
    )
    parser.add_argument(
        "--source", metavar="SOURCE", default="records", help="the records (default: records)"
    )
    parser.add_argument(
        "--output", metavar="DIR", default="reports", help="folder to write to (default: reports)"
    )
    parser.add_argument("--plan", metavar="FILE", help="plan file, where it does not lie beside the records")
    parser.add_argument("--mapping", metavar="FILE", help="the same for the mapping")
    parser.add_argument("--allowances", metavar="FILE", help="the same for the allowances")
    parser.add_argument("--profile", choices=_PROFILES, help="write this one only")
    parser.add_argument("--day", type=int, default=3, metavar="1-28", help="day of the month (default: 3)")
    parser.add_argument("--hour", type=int, default=6, metavar="0-23", help="hour of that day (default: 6)")
    parser.add_argument("--system", choices=_SYSTEMS, help="the lines of one of the three only")
    parser.set_defaults(run=_schedule)


# ---- report ----


def _report(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.reports import write_reports

    formats = [name.strip() for name in arguments.format.split(",") if name.strip()]
    unknown = [name for name in formats if name not in _FORMATS]
    if unknown or not formats:
        raise PlanError(f"--format takes {', '.join(_FORMATS)}, with commas between them.")
    month = _month(arguments.month, arguments.today)
    profiles = [arguments.profile] if arguments.profile else _usual_profiles(arguments.output, month)
    warn_where_shared(arguments.output)
    written = write_reports(
        arguments.source,
        output=arguments.output,
        month=month,
        plan_file=arguments.plan,
        mapping_file=arguments.mapping,
        allowances_file=arguments.allowances,
        profiles=profiles,
        formats=formats,
        accept_set_aside=arguments.accept_set_aside,
        tell=_progress_of(arguments),
    )
    show(*(str(path) for path in written))
    _tell_held(arguments, month, profiles)
    waiting = [path.parent for path in written if path.name == "disclosure.json"]
    if not waiting:
        return EXIT_DONE
    raise DisclosureHold(
        "\n".join(
            [
                "The plan asks for a signature ([release] sign_off). Look at the report and at disclosure.json, then:",
                *(f'outcomes release approve {folder} --by "NAME"' for folder in waiting),
            ]
        )
    )


def _usual_profiles(output: str, month: str | None) -> list[str]:
    """Internal and share; public as well where there is one, which would else be older than they are."""
    has_public = (Path(output) / (month or "all") / "public").is_dir()
    return list(_PROFILES if has_public else _PROFILES[:2])


def _tell_held(arguments: argparse.Namespace, month: str | None, profiles: Sequence[str]) -> None:
    """How much of what is handed on is of an earlier report, since fewer patients differ than may be counted out."""
    from outcomes.reporting.disclosure.ledger import LEDGER_FILE, PRIVATE_FOLDER, held_in

    ledger = Path(arguments.output) / PRIVATE_FOLDER / LEDGER_FILE
    for profile in profiles:
        held, cells = held_in(ledger, month or "all", profile) if profile != "internal" else (0, 0)
        if held:
            progress(
                arguments,
                f"{profile}: {held} of {cells} numbers are carried forward or held back, because too few patients "
                "differ from an earlier report.",
            )


def _month(given: str | None, today: str | None) -> str | None:
    """The month asked for; `last` is the one before today's. Raises PlanError."""
    if given != _LAST:
        if today is not None:
            raise PlanError("--today goes with --month last.")
        return given
    from outcomes.reporting import clock

    try:
        day = clock.today() if today is None else dt.date.fromisoformat(today)
    except ValueError:
        raise PlanError("--today must be written YYYY-MM-DD, such as 2026-11-03.") from None
    return clock.month_before(day)


def _progress_of(arguments: argparse.Namespace) -> Callable[[str], None]:
    return lambda step: progress(arguments, step)


# ---- verify ----


def _verify(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.verifying import verify_run

    found = verify_run(
        arguments.folder,
        source=arguments.source,
        plan_file=arguments.plan,
        mapping_file=arguments.mapping,
        allowances_file=arguments.allowances,
        tell=_progress_of(arguments),
    )
    if arguments.json:
        show_json(found.to_dict())
    else:
        show(*found.lines())
    return found.exit_code


# ---- schedule ----


def _schedule(arguments: argparse.Namespace) -> int:
    from outcomes.commands.schedules import cron_line, systemd_units, windows_line

    if not 1 <= arguments.day <= 28:
        raise PlanError("--day takes 1 to 28: later days are not in every month.")
    if not 0 <= arguments.hour <= 23:
        raise PlanError("--hour takes 0 to 23.")
    _look_at_places(arguments)
    command = _scheduled_command(arguments)
    texts = {
        "cron": ("# cron: crontab -e", cron_line),
        "systemd": ("# systemd", systemd_units),
        "windows": ("REM Windows Task Scheduler, at the command prompt", windows_line),
    }
    wanted = [arguments.system] if arguments.system else list(_SYSTEMS)
    parts = []
    for name in wanted:
        title, lines = texts[name]
        parts.append(f"{title}\n{lines(command, day=arguments.day, hour=arguments.hour)}")
    show("\n\n".join(parts))
    return EXIT_DONE


def _look_at_places(arguments: argparse.Namespace) -> None:
    """What would fail every month is told now. Raises FileProblem."""
    from outcomes.files import safe_output
    from outcomes.records.sources import locate

    given = (arguments.source, arguments.plan, arguments.mapping, arguments.allowances)
    if not all(one is None or one.isprintable() for one in given):
        raise FileProblem("A name holds a character that cannot stand in such a line.")
    try:
        location = locate(arguments.source)
    except OutcomesError as error:
        say(f"Careful: {error}")
        safe_output(arguments.output)
        return
    if location.kind == "server":
        raise PlanError(
            "An address holds a password, which must not stand in a schedule. Schedule a file instead."
        )
    safe_output(arguments.output, *([location.path] if location.path is not None else []))


def _scheduled_command(arguments: argparse.Namespace) -> list[str]:
    """The whole command: a schedule starts in a folder of its own, so that every path is a whole one."""
    command = [sys.executable, "-m", "outcomes", "report", os.path.abspath(arguments.source)]
    command += ["--month", _LAST, "--output", os.path.abspath(arguments.output), "--quiet"]
    for name in ("plan", "mapping", "allowances"):
        if path := getattr(arguments, name):
            command += [f"--{name}", os.path.abspath(path)]
    return [*command, "--profile", arguments.profile] if arguments.profile else command
