"""What every command that reads records takes: the source, and the files that say how it is read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from outcomes.commands.console import progress, say

if TYPE_CHECKING:
    from outcomes.plan import AnalysisPlan
    from outcomes.records.checked import Records


def add_source(parser: argparse.ArgumentParser) -> None:
    """SOURCE, --plan, --mapping, --allowances, --quiet."""
    parser.add_argument(
        "source", metavar="SOURCE", help="folder of tables, workbook, database file or address"
    )
    parser.add_argument(
        "--plan", metavar="FILE", help="plan file; else outcomes.toml beside the records; else defaults"
    )
    parser.add_argument(
        "--mapping", metavar="FILE", help="which column is which; else mapping.toml beside the records"
    )
    parser.add_argument(
        "--allowances",
        metavar="FILE",
        help="findings of the privacy gate that were looked at; else allowances.toml beside the records",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def given_plan(arguments: argparse.Namespace) -> AnalysisPlan | None:
    """The plan that was named, if one was."""
    from outcomes.plan import AnalysisPlan

    return AnalysisPlan.from_toml(arguments.plan) if arguments.plan else None


def refuse_over_records(arguments: argparse.Namespace, output: str | None) -> None:
    """A file that is to be written must not lie among the records. Raises FileProblem."""
    if output is None:
        return
    from outcomes.files import safe_output
    from outcomes.records.sources import locate

    location = locate(arguments.source)
    safe_output(output, *([location.path] if location.path is not None else []))
    warn_where_shared(output)


def warn_where_shared(output: str) -> None:
    """Folders that are copied elsewhere by themselves are told of."""
    from outcomes.files import shared_folder_warning

    if warning := shared_folder_warning(Path(output)):
        say(warning)


def add_accept(parser: argparse.ArgumentParser) -> None:
    """The option by which rows that were set aside are accepted, by their exact number."""
    parser.add_argument(
        "--accept-set-aside",
        "--accept-quarantine",
        metavar="N",
        type=int,
        help="go on although exactly N rows were set aside",
    )


def load_source(arguments: argparse.Namespace) -> Records:
    """The records of SOURCE under the given plan; how many rows were set aside is told on standard error."""
    from outcomes.records.reading import load_records

    progress(arguments, "Reading and checking …")
    records = load_records(
        arguments.source,
        given_plan(arguments),
        mapping=arguments.mapping,
        allowances=arguments.allowances,
        accept_set_aside=arguments.accept_set_aside,
    )
    for count in records.counts:
        if count.set_aside:
            say(
                f"{count.file}: {count.set_aside} of {count.rows_in} rows were set aside; 'outcomes check' lists them."
            )
    return records
