"""`deidentify` and `key`."""

from __future__ import annotations

import argparse
from typing import Any

from outcomes.commands.console import progress, show
from outcomes.commands.source import warn_where_shared
from outcomes.errors import EXIT_DONE


def add(commands: Any) -> None:
    """Add the commands of this module."""
    parser = commands.add_parser(
        "deidentify", help="raw records → a folder without names and dates, for somebody else"
    )
    parser.add_argument("raw", metavar="RAW", help="folder, workbook, database file or address")
    parser.add_argument("--output", metavar="DIR", required=True, help="new folder to write to")
    parser.add_argument("--config", metavar="FILE", required=True, help="mapping and settings (deid.toml)")
    parser.add_argument("--key-file", metavar="FILE", help="key made by 'outcomes key new'")
    parser.add_argument("--domain", metavar="NAME", required=True, help="the recipient, such as leeds-2026")
    parser.add_argument("--table", metavar="FILE", help="where random pseudonyms are kept")
    parser.add_argument(
        "--report", metavar="FILE", help="private report (.txt, .json); else DIR-private-report.txt"
    )
    parser.add_argument("--public", action="store_true", help="for everybody to read: k of at least 11")
    parser.add_argument("--accept-k", action="store_true", help="go on although k or l does not hold")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_deidentify)
    key = commands.add_parser("key", help="the key behind pseudonyms")
    actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="make a key in a new file")
    new.add_argument("file", metavar="FILE", help="away from records and output")
    new.set_defaults(run=_new_key)


def _deidentify(arguments: argparse.Namespace) -> int:
    from outcomes.records.deidentify import deidentify

    warn_where_shared(arguments.output)
    progress(arguments, "Reading, taking out and attacking …")
    report = deidentify(
        arguments.raw,
        arguments.output,
        arguments.config,
        arguments.key_file,
        arguments.domain,
        table_file=arguments.table,
        report_file=arguments.report,
        public=arguments.public,
        accept_k=arguments.accept_k,
    )
    show(*report.summary())
    return EXIT_DONE


def _new_key(arguments: argparse.Namespace) -> int:
    from outcomes.records.pseudonyms import new_key

    warn_where_shared(arguments.file)
    show(f"{new_key(arguments.file)}: keep the file where nobody else can read it, and one sealed copy.")
    return EXIT_DONE
