"""`check`, `import`, `deidentify`, `key` and `privacy`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, show, show_json
from outcomes.commands.source import add_source, given_plan
from outcomes.errors import EXIT_DONE

if TYPE_CHECKING:
    from outcomes.records.reading import Records


def add_check(commands: Any) -> None:
    """Add `check`."""
    parser = commands.add_parser("check", help="what is wrong with these records, every row at once")
    add_source(parser)
    parser.add_argument("--json", action="store_true", help="findings and counts as JSON")
    parser.set_defaults(run=_check)


def add(commands: Any) -> None:
    """Add the other commands of this module."""


def _check(arguments: argparse.Namespace) -> int:
    from outcomes.errors import InvalidRecords, TooManySetAside
    from outcomes.records.findings import tables_over_limit, total_set_aside
    from outcomes.records.reading import read_records

    progress(arguments, "Reading and checking …")
    records = read_records(
        arguments.source, given_plan(arguments), mapping=arguments.mapping, allowances=arguments.allowances
    )
    if arguments.json:
        show_json(
            {
                "tables": [count.to_dict() for count in records.counts],
                "findings": [finding.to_dict() for finding in records.findings],
            }
        )
    else:
        _show_check(records)
    if records.stops:
        return InvalidRecords.exit_code
    if records.lost_patients or tables_over_limit(records.counts, records.plan.set_aside_limit):
        return TooManySetAside.exit_code
    return InvalidRecords.exit_code if total_set_aside(records.counts) else EXIT_DONE


def _show_check(records: Records) -> None:
    for stop in records.stops:
        show(f"stop: {stop}")
    for finding in records.findings:
        show(f"{finding.level}: {finding.sentence()}")
    if records.findings or records.stops:
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
    if not any(finding.level == "set aside" for finding in records.findings) and not records.stops:
        show("No rule is broken.")
