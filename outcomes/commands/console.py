"""What a person sees: results on standard output, everything else on standard error."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from outcomes.files import write_private


def show(*lines: str) -> None:
    """Results, on standard output."""
    for line in lines:
        print(line)


def show_json(value: Any) -> None:
    """A result for programs, indented; the entries of a very long list stand one in a line.

    Piece by piece: a table of ten thousand groups as one text would take gigabytes, and indented minutes.
    """
    if not isinstance(value, dict) or not value:
        print(_indented(value))
        return
    sys.stdout.write("{")
    for number, (name, part) in enumerate(value.items()):
        sys.stdout.write(f"{',' if number else ''}\n  {_indented(str(name))}: ")
        if isinstance(part, list) and len(part) > _MOST_INDENTED:
            sys.stdout.write("[\n    ")
            sys.stdout.writelines(f"{_BETWEEN if at else ''}{_in_a_line(one)}" for at, one in enumerate(part))
            sys.stdout.write("\n  ]")
        else:
            # A line break within a text is written as \\n: those here are between the parts alone.
            sys.stdout.write(_indented(part).replace("\n", "\n  "))
    sys.stdout.write("\n}\n")


#: Entries of a list that are each spread over lines.
_MOST_INDENTED = 5_000

_BETWEEN = ",\n    "


def _indented(value: Any) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def _in_a_line(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def say(text: str) -> None:
    """Anything that is not a result, on standard error."""
    print(text, file=sys.stderr)


def progress(arguments: argparse.Namespace, text: str) -> None:
    """Progress is for people: on standard error, and only where that is a terminal."""
    if sys.stderr.isatty() and not arguments.quiet:
        say(text)


def write_text(path: str, text: str) -> None:
    """A file for its owner alone, whole or not at all. Raises FileProblem."""
    write_private(Path(path), text)
