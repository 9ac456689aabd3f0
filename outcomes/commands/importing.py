"""`import`: from a diary app or a clinic system to the tables of the data dictionary."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, show
from outcomes.errors import EXIT_DONE, PlanError

if TYPE_CHECKING:
    from outcomes.records.importers.contract import ImportSettings


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("import", help="diary apps and clinic systems into records")
    parser.add_argument("format", metavar="FORMAT", nargs="?", help="the export's format; --list names them")
    parser.add_argument("files", metavar="FILE", nargs="*", help="what was exported")
    parser.add_argument("--list", action="store_true", help="name the formats that are known, and how well")
    parser.add_argument("--output", metavar="DIR", help="folder of records to write or to add to")
    parser.add_argument(
        "--patient", metavar="CODE", default="", help="pseudonym of the one patient of an app"
    )
    parser.add_argument(
        "--recorded-from", metavar="DATE", default="", help="first day of a span fully recorded"
    )
    parser.add_argument("--recorded-to", metavar="DATE", default="", help="last day of that span")
    parser.add_argument("--dates", metavar="FORM", default="", help="DD/MM/YYYY or MM/DD/YYYY, if not proven")
    parser.add_argument("--timezone", metavar="ZONE", default="", help="where the patient or clinic is")
    parser.add_argument(
        "--headache-word", metavar="WORD", action="append", default=[], help="what the app calls a headache"
    )
    parser.add_argument(
        "--option", metavar="NAME=VALUE", action="append", default=[], help="a choice of one format"
    )
    parser.add_argument(
        "--key-file", metavar="FILE", default="", help="key of the pseudonyms, for clinic systems"
    )
    parser.add_argument("--domain", metavar="NAME", default="", help="for whom the pseudonyms are")
    parser.add_argument(
        "--replace", action="store_true", help="put this import in the place of the patient's older one"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    if arguments.list:
        return _list_formats()
    if not arguments.format or not arguments.output:
        raise PlanError("outcomes import takes FORMAT, FILE … and --output DIR; --list names the formats.")
    from outcomes.records.importers.writing import describe, import_records

    progress(arguments, "Importing …")
    files = [Path(file) for file in arguments.files]
    imported = import_records(
        arguments.format,
        files,
        _settings(arguments, files),
        Path(arguments.output),
        replace=arguments.replace,
    )
    show(*describe(imported))
    if "sessions" not in imported.tables and "diary" in imported.tables:
        show(
            "Next: put sessions.csv (patient_id, date) with the day of each session beside it, then  outcomes check "
            "DIR"
        )
    return EXIT_DONE


def _list_formats() -> int:
    from outcomes.records.importers.registry import listed

    show(*(one.sentence() for one in listed()))
    return EXIT_DONE


def _settings(arguments: argparse.Namespace, files: list[Path]) -> ImportSettings:
    from outcomes.records.importers.choices import settings_from

    return settings_from(
        patient=arguments.patient,
        dates=arguments.dates,
        timezone=arguments.timezone,
        recorded_from=arguments.recorded_from,
        recorded_to=arguments.recorded_to,
        headache_words=arguments.headache_word,
        options=arguments.option,
        key_file=arguments.key_file,
        domain=arguments.domain,
        away_from=[Path(arguments.output), *(file.parent for file in files)],
    )
