"""`patient`: the page of one patient in words, for the clinic's own eyes."""

from __future__ import annotations

import argparse
from typing import Any

from outcomes.commands.console import progress, show, show_json, write_text
from outcomes.commands.source import add_accept, add_source, load_source, refuse_over_records
from outcomes.errors import EXIT_DONE


def add(commands: Any) -> None:
    """Add the command of this module."""
    parser = commands.add_parser("patient", help="one patient's days, weeks and change; internal")
    add_source(parser)
    parser.add_argument("pseudonym", metavar="PSEUDONYM", help="the patient_id of the patient")
    parser.add_argument("--html", metavar="FILE", help="write the page, to print or to look at")
    parser.add_argument("--json", action="store_true", help="everything as JSON, unrounded")
    add_accept(parser)
    parser.set_defaults(run=_patient)


def _patient(arguments: argparse.Namespace) -> int:
    refuse_over_records(arguments, arguments.html)
    records = load_source(arguments)
    from outcomes.analysis.one_patient import one_patient
    from outcomes.analysis.periods import split_periods

    progress(arguments, "Looking at one patient …")
    one = one_patient(split_periods(records), arguments.pseudonym)
    if arguments.html:
        from outcomes.reporting.patient_page import build_patient_page

        write_text(arguments.html, build_patient_page(one))
    if arguments.json:
        told = one.to_dict()
        show_json({**told, "notes": [*told["notes"], *records.notes]})
    elif not arguments.html:
        from outcomes.reporting.one_patient import patient_text

        show(patient_text(one), *records.notes)
    return EXIT_DONE
