"""`privacy`: findings of the privacy gate that a person has looked at and lets pass."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from outcomes.commands.console import show
from outcomes.errors import EXIT_DONE, PlanError


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("privacy", help="findings of the privacy gate that a person lets pass")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    allow = actions.add_parser("allow", help="let one finding pass, with a reason and for a year")
    allow.add_argument("code", metavar="CODE", help="such as PRV-NHS")
    allow.add_argument("--source", metavar="SOURCE", default=".", help="the records; else this folder")
    allow.add_argument(
        "--mapping", metavar="FILE", help="which column is which; else mapping.toml beside them"
    )
    allow.add_argument(
        "--allowances", metavar="FILE", help="where it is kept; else allowances.toml beside them"
    )
    allow.add_argument("--file", metavar="FILE", required=True, help="the file as the finding names it")
    allow.add_argument("--column", metavar="COLUMN", required=True, help="the column as the finding names it")
    allow.add_argument("--reason", metavar="TEXT", required=True, help="why the finding is wrong")
    allow.add_argument("--by", metavar="NAME", required=True, help="who says so")
    allow.set_defaults(run=_allow)
    listed = actions.add_parser("list", help="what is let pass, by whom and until when")
    listed.add_argument("--source", metavar="SOURCE", default=".", help="the records; else this folder")
    listed.add_argument("--allowances", metavar="FILE", help="where they are kept")
    listed.set_defaults(run=_list)


def _kept_in(arguments: argparse.Namespace) -> Path:
    from outcomes.records.gatekeeping import ALLOWANCES_FILE
    from outcomes.records.sources import locate

    if arguments.allowances:
        return Path(arguments.allowances)
    beside = locate(arguments.source).beside
    if beside is None:
        raise PlanError("A database has no folder beside it: say where with --allowances FILE.")
    return beside / ALLOWANCES_FILE


def _allow(arguments: argparse.Namespace) -> int:
    from outcomes.records.gatekeeping import tables_of
    from outcomes.records.identity.allowances import allow

    path = _kept_in(arguments)
    made = allow(
        path,
        arguments.code,
        tables_of(arguments.source, arguments.mapping),
        arguments.file,
        arguments.column,
        reason=arguments.reason,
        by=arguments.by,
        today=dt.date.today(),
    )
    show(f"{made.code} in {made.file} is let pass until {made.expires}. It stands in every report.")
    return EXIT_DONE


def _list(arguments: argparse.Namespace) -> int:
    from outcomes.records.identity.allowances import read_allowances

    entries = read_allowances(_kept_in(arguments)).entries
    for one in entries:
        over = "  EXPIRED" if one.expires < dt.date.today() else ""
        told = f"by {one.by} on {one.made} until {one.expires}{over}: {one.reason}"
        show(f"{one.code}  {one.file}  {one.column}  {told}")
    if not entries:
        show("Nothing is let pass.")
    return EXIT_DONE
