"""The command line. Commands stand in `outcomes/commands`; nothing heavy is imported before it is asked for.

Exit codes: 0 done, 2 command or plan, 3 identity, 4 data, 5 set aside above the limit, 6 disclosure hold,
7 input or output, 130 interrupted; 1 is a fault of the program.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from outcomes.commands import (
    analysis,
    checking,
    claims,
    deidentifying,
    first_day,
    further_reports,
    importing,
    one_patient,
    privacy,
    questions,
    releasing,
    reporting,
    selfchecking,
)
from outcomes.commands.console import say
from outcomes.errors import EXIT_DONE, EXIT_INTERRUPTED, OutcomesError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. No message holds a value of the records or a patient."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if hasattr(arguments, "topics"):
        # argparse lets nothing of a list stand after an option: `questions FOLDER --quiet dose`.
        arguments.topics += [one for one in rest if not one.startswith("-")]
        rest = [one for one in rest if one.startswith("-")]
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    _stop_politely()
    try:
        code: int = arguments.run(arguments)
        return code
    except OutcomesError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        say("Interrupted.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left; there is nobody to tell.
        sys.stderr.close()
        return EXIT_DONE
    except Exception as error:
        # Messages of other libraries quote rows: only the kind and the place in our code are told.
        place = traceback.extract_tb(error.__traceback__)[-1]
        say(
            f"A fault of the program ({type(error).__name__} in {Path(place.filename).name}, line {place.lineno})."
        )
        return 1


def _stop_politely() -> None:
    """A request to end is treated like Ctrl-C, so that nothing half-written or running stays behind."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        # Whoever has taken over Ctrl-C, as a running event loop does, stops where nothing is left half done.
        stop = signal.getsignal(signal.SIGINT)
        if callable(stop):
            stop(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), interrupt)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="outcomes",
        description="What changed after treatment, in a clinic's own headache records, "
        "and what that can and cannot show.",
        epilog="SOURCE is a folder of tables (diary, sessions, patients, scores, events, summaries; .csv, .tsv or "
        ".parquet), a workbook (.xlsx, .xls, .ods), a database file (.sqlite, .duckdb) or a database address.",
    )
    parser.add_argument("--version", action="version", version=f"outcomes {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for part in (
        checking,
        analysis,
        reporting,
        questions,
        claims,
        one_patient,
        further_reports,
        selfchecking,
        importing,
        deidentifying,
        privacy,
        releasing,
        first_day,
    ):
        part.add(commands)
    return parser


def _version() -> str:
    from outcomes import __version__

    return __version__
