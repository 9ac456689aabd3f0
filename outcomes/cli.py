"""The commands. Each is a short list of steps over the library; nothing heavy is imported before it is asked for.

Exit codes: 0 done, 2 command or plan, 3 identity, 4 data, 5 set aside above the limit, 6 disclosure hold,
7 input or output, 130 interrupted; 1 is a fault of the program.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.errors import EXIT_DONE, EXIT_INTERRUPTED, FileProblem, OutcomesError, PlanError

if TYPE_CHECKING:
    from outcomes.analysis.periods import PatientFlow
    from outcomes.plan import AnalysisPlan
    from outcomes.records.reading import Records

_FORMATS = ("html", "pdf")
_PROFILES = ("internal", "share")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. No message holds a value of the records or a patient."""
    arguments = _parser().parse_args(argv)
    _stop_politely()
    try:
        code: int = arguments.run(arguments)
        return code
    except OutcomesError as error:
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _say("Interrupted.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left; there is nobody to tell.
        sys.stderr.close()
        return EXIT_DONE
    except Exception as error:
        # Messages of other libraries quote rows: only the kind and the place in our code are told.
        place = traceback.extract_tb(error.__traceback__)[-1]
        _say(
            f"A fault of the program ({type(error).__name__} in {Path(place.filename).name}, line {place.lineno})."
        )
        return 1


def _stop_politely() -> None:
    """A request to end is treated like Ctrl-C, so that nothing half-written or running stays behind."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="outcomes",
        description="What changed after treatment, in a clinic's own headache records, "
        "and what that can and cannot show.",
        epilog="SOURCE is a folder of tables: diary, sessions, patients, summaries (.csv, .tsv or .parquet).",
    )
    parser.add_argument("--version", action="version", version=f"outcomes {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_check(commands)
    _add_compare(commands)
    _add_report(commands)
    _add_simulate(commands)
    return parser


def _version() -> str:
    from outcomes import __version__

    return __version__


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="folder of tables")
    parser.add_argument(
        "--plan", metavar="FILE", help="plan file; else outcomes.toml in SOURCE; else defaults"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_check(commands: Any) -> None:
    parser = commands.add_parser("check", help="what is wrong with these records, every row at once")
    _add_common(parser)
    parser.add_argument("--json", action="store_true", help="findings and counts as JSON")
    parser.set_defaults(run=_check)


def _add_compare(commands: Any) -> None:
    parser = commands.add_parser("compare", help="the comparison table, exact and for your own eyes")
    _add_common(parser)
    parser.add_argument(
        "--by", metavar="COLUMN", action="append", default=[], help="also by a column of patients"
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows, unrounded")
    parser.add_argument("--json", action="store_true", help="plan, flow and rows as JSON, unrounded")
    parser.add_argument(
        "--accept-set-aside", metavar="N", type=int, help="go on although N rows were set aside"
    )
    parser.set_defaults(run=_compare)


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report", help="the monthly report, to keep (internal) and to hand on (share)"
    )
    _add_common(parser)
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--month", metavar="YYYY-MM", help="patients whose follow-up closed in the year to its end"
    )
    when.add_argument("--all", action="store_true", help="all patients; for records without calendar dates")
    parser.add_argument("--output", metavar="DIR", required=True, help="folder to write to")
    parser.add_argument("--profile", choices=_PROFILES, help="write one of the two only")
    parser.add_argument("--format", default="html,pdf", metavar="LIST", help="html, pdf or both (default)")
    parser.add_argument(
        "--accept-set-aside", metavar="N", type=int, help="go on although N rows were set aside"
    )
    parser.set_defaults(run=_report)


def _add_simulate(commands: Any) -> None:
    parser = commands.add_parser("simulate", help="a made-up clinic whose truth is known")
    parser.add_argument("--patients", type=int, default=240, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--output", metavar="DIR", required=True)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_simulate)


def _check(arguments: argparse.Namespace) -> int:
    from outcomes.errors import InvalidRecords, TooManySetAside
    from outcomes.records.findings import tables_over_limit, total_set_aside
    from outcomes.records.reading import read_records

    plan = _plan(arguments)
    _progress(arguments, "Reading and checking …")
    records = read_records(arguments.source, plan)
    if arguments.json:
        _print_json(
            {
                "tables": [count.to_dict() for count in records.counts],
                "findings": [finding.to_dict() for finding in records.findings],
            }
        )
    else:
        _print_check(records)
    if tables_over_limit(records.counts, records.plan.set_aside_limit):
        return TooManySetAside.exit_code
    return InvalidRecords.exit_code if total_set_aside(records.counts) else EXIT_DONE


def _print_check(records: Records) -> None:
    for finding in records.findings:
        print(f"{finding.level}: {finding.sentence()}")
    if records.findings:
        print()
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
        print(f"{count.file}: {count.rows_in} rows in = {' + '.join(parts)}")
    if not records.findings:
        print("No rule is broken.")


def _compare(arguments: argparse.Namespace) -> int:
    # The analysis takes half a second to import: the engine does not wait for it.
    importing = threading.Thread(target=importlib.import_module, args=("outcomes.analysis.comparison",))
    importing.start()
    records = _load(arguments)
    importing.join()
    from outcomes.analysis.comparison import compare_all
    from outcomes.analysis.endpoints import measure_endpoints, summary_flow
    from outcomes.analysis.periods import split_periods

    _progress(arguments, "Comparing …")
    periods = split_periods(records)
    endpoints = measure_endpoints(periods)
    table = compare_all(endpoints, records.plan, by=arguments.by)
    flows = [periods.flow] if periods.flow else []
    modes = dict.fromkeys(endpoints["mode"])
    flows += [
        summary_flow(endpoints, mode, records.plan) for mode in modes if mode not in [f.mode for f in flows]
    ]
    if arguments.csv:
        _write_text(arguments.csv, table.to_frame().to_csv(index=False, lineterminator="\n"))
    if arguments.json:
        _print_json({**table.to_dict(), "flow": _flow_json(flows, records), "notes": list(table.notes)})
    elif not arguments.csv:
        from outcomes.reporting.tables import comparison_text

        print(comparison_text(table, flows))
    return EXIT_DONE


def _flow_json(flows: Sequence[PatientFlow], records: Records) -> dict[str, Any]:
    """The flow of the first mode, then of each mode, and where the rows of each table went."""
    return {
        **(flows[0].to_dict() if flows else {}),
        "modes": [flow.to_dict() for flow in flows],
        "tables": [count.to_dict() for count in records.counts],
    }


def _report(arguments: argparse.Namespace) -> int:
    from outcomes.reporting.reports import write_reports

    formats = [name.strip() for name in arguments.format.split(",") if name.strip()]
    unknown = [name for name in formats if name not in _FORMATS]
    if unknown or not formats:
        raise PlanError(f"--format takes {' and '.join(_FORMATS)}.")
    profiles = [arguments.profile] if arguments.profile else list(_PROFILES)
    _progress(arguments, "Reading, checking and writing the report …")
    written = write_reports(
        arguments.source,
        output=arguments.output,
        month=arguments.month,
        plan_file=arguments.plan,
        profiles=profiles,
        formats=formats,
        accept_set_aside=arguments.accept_set_aside,
    )
    for path in written:
        print(path)
    return EXIT_DONE


def _simulate(arguments: argparse.Namespace) -> int:
    from outcomes.simulation import ClinicTruth, simulate_clinic, write_clinic

    truth = ClinicTruth(patients=arguments.patients, seed=arguments.seed)
    _progress(arguments, "Simulating …")
    write_clinic(simulate_clinic(truth), Path(arguments.output), truth)
    print(arguments.output)
    return EXIT_DONE


def _plan(arguments: argparse.Namespace) -> AnalysisPlan | None:
    from outcomes.plan import AnalysisPlan

    return AnalysisPlan.from_toml(arguments.plan) if arguments.plan else None


def _load(arguments: argparse.Namespace) -> Records:
    from outcomes.records.reading import load_records

    plan = _plan(arguments)
    _progress(arguments, "Reading and checking …")
    records = load_records(arguments.source, plan, accept_set_aside=arguments.accept_set_aside)
    for count in records.counts:
        if count.set_aside:
            _say(
                f"{count.file}: {count.set_aside} of {count.rows_in} rows were set aside; 'outcomes check' lists them."
            )
    return records


def _write_text(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise FileProblem(f"{Path(path).name}: cannot be written ({type(error).__name__}).") from None


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _progress(arguments: argparse.Namespace, text: str) -> None:
    """Progress is for people: on standard error, and only where that is a terminal."""
    if sys.stderr.isatty() and not arguments.quiet:
        _say(text)
