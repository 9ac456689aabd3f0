"""`check`: what is wrong with these records."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, say, show, show_json, write_text
from outcomes.commands.source import add_source, given_plan, refuse_over_records
from outcomes.errors import EXIT_DONE, PlanError

if TYPE_CHECKING:
    from outcomes.records.checked import Records


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("check", help="what is wrong with these records, every row at once")
    add_source(parser)
    parser.add_argument("--json", action="store_true", help="findings and counts as JSON")
    parser.add_argument("--html", metavar="FILE", help="a page to work through, with all of it")
    parser.add_argument(
        "--quarantine", metavar="FILE", help="file, row, column and rule of every row set aside, as CSV"
    )
    parser.add_argument(
        "--suggest",
        action="store_true",
        help="write a first mapping for a person to confirm, and check nothing",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="with --suggest: where to; else mapping.suggested.toml"
    )
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    if arguments.output and not arguments.suggest:
        raise PlanError("--output goes with --suggest.")
    if arguments.suggest:
        from outcomes.records.suggesting import write_suggestion

        show(str(write_suggestion(arguments.source, given_plan(arguments), arguments.output)))
        return EXIT_DONE
    for written in (arguments.html, arguments.quarantine):
        refuse_over_records(arguments, written)
    from outcomes.records.check_result import checked_result, way_through

    progress(arguments, "Reading and checking …")
    result = checked_result(arguments.source, given_plan(arguments), arguments.mapping, arguments.allowances)
    if arguments.html:
        from outcomes.reporting.check_page import build_check_page

        name = "" if "://" in arguments.source else Path(arguments.source).resolve().name
        write_text(arguments.html, build_check_page(result, name=name))
    if arguments.quarantine and result.records is not None:
        from outcomes.records.quarantine import write_quarantine

        write_quarantine(result.records, arguments.quarantine)
    if arguments.json:
        show_json(result.to_dict())
        return result.exit_code
    for finding in result.identity:
        say(finding.sentence())
    for finding in result.findings if result.identity else ():
        if finding.rule == "PRV-ALLOWANCE":
            say(finding.sentence())
    if result.identity:
        if way := way_through(result.identity, arguments.source):
            say(way)
    else:
        # What else is wrong is told once nobody can be found here: it would bury the way through.
        for problem in result.problems:
            say(problem)
    if result.records is not None:
        for stop in result.stops:
            say(stop)
        _show_records(result.records)
    return result.exit_code


def _show_records(records: Records) -> None:
    for finding in records.findings:
        show(f"{finding.level}: {finding.sentence()}")
    if records.findings:
        show("")
    for count in records.counts:
        parts = [f"{count.used} used"]
        for number, what in (
            (count.not_recorded, "listed without an entry (not recorded)"),
            (count.collapsed, "repeats counted once"),
            (count.set_aside, "set aside"),
            (count.blank, "blank"),
        ):
            if number:
                parts.append(f"{number} {what}")
        show(f"{count.file}: {count.rows_in} rows in = {' + '.join(parts)}")
    for note in records.notes:
        show(f"Note: {note}")
    if not records.stops and not any(finding.level == "set aside" for finding in records.findings):
        show("No rule is broken.")
