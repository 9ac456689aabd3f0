"""`start`: what a clinic needs on its first day."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from outcomes.commands.console import show
from outcomes.commands.source import warn_where_shared
from outcomes.errors import EXIT_DONE


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "start", help="a clinic's first day: sheets to fill, diary to print, plan, mapping, key"
    )
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder")
    parser.add_argument("--key-file", metavar="FILE", help="where the key goes; else DIR-key/pseudonym.key")
    parser.add_argument(
        "--diary-days", type=int, choices=(28, 14), default=28, help="days of diary before the first session"
    )
    parser.set_defaults(run=_start)


def _start(arguments: argparse.Namespace) -> int:
    from outcomes.first_day.kit import write_kit

    warn_where_shared(arguments.folder)
    key_file = Path(arguments.key_file) if arguments.key_file else None
    written = write_kit(arguments.folder, clinic_days=arguments.diary_days, key_file=key_file)
    show(*(str(path) for path in written))
    return EXIT_DONE
