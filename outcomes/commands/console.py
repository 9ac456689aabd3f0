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
    import json

    # Piece by piece: a table of ten thousand groups as one text would take gigabytes.
    sys.stdout.writelines(json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False).iterencode(value))
    sys.stdout.write("\n")


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
