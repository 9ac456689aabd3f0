"""`release`: reports that wait for a person's signature, and which were released."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from outcomes.commands.console import show
from outcomes.errors import EXIT_DONE


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "release", help="reports that wait for a signature, where the plan asks for one"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    approve = actions.add_parser("approve", help="sign a report that was looked at, and move it to its place")
    approve.add_argument("pending", metavar="RUN", help="its folder, such as reports/pending/2026-10/share")
    approve.add_argument("--by", metavar="NAME", required=True, help="who looked at it")
    approve.set_defaults(run=_approve)
    listed = actions.add_parser("list", help="what waits and what was released, when and by whom")
    listed.add_argument("output", metavar="DIR", help="the folder that reports are written to")
    listed.set_defaults(run=_list)


def _approve(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.disclosure.signoff import approve

    today = dt.datetime.now(dt.UTC).date().isoformat()
    show(*(str(path) for path in approve(arguments.pending, by=arguments.by, on=today)))
    return EXIT_DONE


def _list(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.disclosure.signoff import listed

    lines = listed(arguments.output)
    show(*(lines or ["Nothing was released from here."]))
    return EXIT_DONE
