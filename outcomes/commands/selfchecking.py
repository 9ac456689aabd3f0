"""`selfcheck`: whether the default numbers keep their promises at the size of one's own records."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, show, show_json
from outcomes.commands.source import given_plan
from outcomes.errors import EXIT_DONE, InvalidRecords

if TYPE_CHECKING:
    from outcomes.records.checked import Records


def add(commands: Any) -> None:
    """Add the command of this module."""
    parser = commands.add_parser(
        "selfcheck",
        help="clinics with a planted truth: do the default numbers keep their promises?",
        description="Simulate clinics whose truth is known, at the size of SOURCE or of 10, 30 and 100 patients, and "
        "see whether the default intervals cover it, how often a change is declared where there is none, and what the "
        "repeat baseline makes of bad months. Ends with 4 where a promise is broken.",
    )
    parser.add_argument(
        "source", metavar="SOURCE", nargs="?", help="records whose size, recorded days and clustering to take"
    )
    parser.add_argument("--plan", metavar="FILE", help="plan file; else that of the records; else defaults")
    parser.add_argument("--mapping", metavar="FILE", help="which column is which")
    parser.add_argument(
        "--allowances", metavar="FILE", help="findings of the privacy gate that were looked at"
    )
    parser.add_argument(
        "--accept-set-aside", metavar="N", type=int, help="go on although exactly N rows were set aside"
    )
    parser.add_argument(
        "--patients", metavar="N", type=int, help="patients per clinic; else the records', else 10, 30, 100"
    )
    parser.add_argument(
        "--missing", metavar="SHARE", type=float, help="share of days not recorded, where no SOURCE is given"
    )
    parser.add_argument(
        "--replicates", metavar="R", type=int, help="clinics for each coverage; more of them settle more"
    )
    parser.add_argument("--seed", metavar="S", type=int, help="else that of the plan")
    parser.add_argument("--json", action="store_true", help="every promise as JSON, unrounded")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_selfcheck)


def _selfcheck(arguments: argparse.Namespace) -> int:
    from outcomes.selfcheck import selfcheck
    from outcomes.selfcheck.running import REPLICATES

    records = _records(arguments)
    plan = records.plan if records is not None else given_plan(arguments)
    progress(arguments, "Simulating …")
    check = selfcheck(
        records,
        plan,
        patients=arguments.patients,
        missing=arguments.missing,
        replicates=REPLICATES if arguments.replicates is None else arguments.replicates,
        seed=arguments.seed,
    )
    if arguments.json:
        show_json(check.to_dict())
    else:
        from outcomes.selfcheck.wording import selfcheck_text

        show(selfcheck_text(check))
    return EXIT_DONE if check.holds else InvalidRecords.exit_code


def _records(arguments: argparse.Namespace) -> Records | None:
    if arguments.source is None:
        return None
    from outcomes.records.reading import load_records

    progress(arguments, "Reading and checking …")
    return load_records(
        arguments.source,
        given_plan(arguments),
        mapping=arguments.mapping,
        allowances=arguments.allowances,
        accept_set_aside=arguments.accept_set_aside,
    )
