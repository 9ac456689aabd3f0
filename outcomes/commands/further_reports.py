"""`letter` and `summary`: one patient's diary in plain words, and what a paper on the records would have to say."""

from __future__ import annotations

import argparse
from typing import Any

from outcomes.commands.console import progress, show
from outcomes.commands.source import add_accept, add_source, warn_where_shared
from outcomes.errors import EXIT_DONE, PlanError

_SUMMARY_FORMATS = ("html", "pdf", "xlsx", "csv", "figures")
_PROFILES = ("internal", "share")


def add(commands: Any) -> None:
    """Add the commands of this module."""
    letter = commands.add_parser(
        "letter", help="one patient's diary in plain words, for that patient; internal"
    )
    add_source(letter)
    letter.add_argument("pseudonym", metavar="PSEUDONYM", help="the patient_id of the patient")
    letter.add_argument("--output", metavar="FILE", required=True, help="file to write, .html or .pdf")
    letter.add_argument("--format", choices=("html", "pdf"), help="else the file's ending decides")
    add_accept(letter)
    letter.set_defaults(run=_letter)

    summary = commands.add_parser(
        "summary", help="STROBE and STRICTA, filled in from the records or listed as missing"
    )
    add_source(summary)
    summary.add_argument(
        "--month", metavar="YYYY-MM", help="patients whose follow-up closed in the year to its end; else all"
    )
    summary.add_argument("--output", metavar="DIR", required=True, help="folder to write to")
    summary.add_argument("--profile", choices=_PROFILES, default="share", help="share (default) or internal")
    summary.add_argument(
        "--format",
        default="html,pdf",
        metavar="LIST",
        help="of html, pdf (both: default), xlsx, csv, figures",
    )
    add_accept(summary)
    summary.set_defaults(run=_summary)


def _letter(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.further_reports import write_letter

    warn_where_shared(arguments.output)
    progress(arguments, "Reading, checking and writing the letter …")
    written = write_letter(
        arguments.source,
        arguments.pseudonym,
        output=arguments.output,
        format_name=arguments.format,
        plan_file=arguments.plan,
        mapping_file=arguments.mapping,
        allowances_file=arguments.allowances,
        accept_set_aside=arguments.accept_set_aside,
    )
    show(str(written))
    return EXIT_DONE


def _summary(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.further_reports import write_summary

    formats = [name.strip() for name in arguments.format.split(",") if name.strip()]
    if not formats or set(formats) - set(_SUMMARY_FORMATS):
        raise PlanError(f"--format takes {', '.join(_SUMMARY_FORMATS)}, with commas between them.")
    warn_where_shared(arguments.output)
    progress(arguments, "Reading, checking and writing the summary …")
    written = write_summary(
        arguments.source,
        output=arguments.output,
        month=arguments.month,
        profile=arguments.profile,
        formats=formats,
        plan_file=arguments.plan,
        mapping_file=arguments.mapping,
        allowances_file=arguments.allowances,
        accept_set_aside=arguments.accept_set_aside,
    )
    show(*(str(path) for path in written))
    return EXIT_DONE
