"""`status.json`: how the last run in an output folder went, for whoever started it and did not look on.

It is written at the beginning of a run (`running`) and at its end, whole or not at all, and never holds a value of
the records. A run that was killed leaves `running` behind.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from outcomes.errors import EXIT_DONE, EXIT_INTERRUPTED, OutcomesError
from outcomes.files import write_private
from outcomes.reporting import clock

STATUS_FILE = "status.json"


@dataclass
class RunStatus:
    """How a run stands. `state`: running, done, failed, interrupted. `files` are named from the output folder."""

    state: str
    month: str | None
    started: str
    finished: str | None = None
    exit_code: int | None = None
    message: str = ""
    run: str | None = None
    files: Sequence[str] = ()

    def ended(self, state: str, exit_code: int, message: str = "") -> None:
        self.state, self.exit_code, self.message = state, exit_code, message
        self.finished = clock.now().isoformat()


@contextlib.contextmanager
def told_status(output: Path, month: str | None) -> Iterator[RunStatus]:
    """Keeps `status.json` in `output` while the block runs; what stops the block is told there too."""
    status = RunStatus("running", month, clock.now().isoformat())
    _write(output, status)
    try:
        yield status
        status.ended("done", EXIT_DONE)
        _write(output, status)
    except BaseException as error:
        state = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        status.files = ()
        status.ended(state, *_code_and_words(error))
        # A full disk is what stopped the run, perhaps: the older status stays, and the exit code says it.
        with contextlib.suppress(OutcomesError):
            _write(output, status)
        raise


def _code_and_words(error: BaseException) -> tuple[int, str]:
    if isinstance(error, OutcomesError):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED, "Interrupted."
    # Messages of other libraries quote rows.
    return 1, f"A fault of the program ({type(error).__name__})."


def _write(output: Path, status: RunStatus) -> None:
    text = json.dumps(asdict(status), indent=2, ensure_ascii=False, allow_nan=False)
    write_private(output / STATUS_FILE, text + "\n")
