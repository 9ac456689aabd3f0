"""What a person may see when something stops, each with the exit code of the command.

A message names the file, the row as a spreadsheet shows it, the rule and what to do. It never holds a value
from the records, a patient, or a library's own words about the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

EXIT_DONE = 0
EXIT_INTERRUPTED = 130


class OutcomesError(Exception):
    """Base of all errors that are shown without a traceback."""

    exit_code: ClassVar[int] = 1


class PlanError(OutcomesError):
    """The command line or the plan asks for something that cannot be done."""

    exit_code = 2


class IdentityError(OutcomesError):
    """The records may say who somebody is. Nothing was loaded. `problems` lists every place."""

    exit_code = 3

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class InvalidRecords(OutcomesError):
    """The records cannot be read as they are. `problems` lists every one of them."""

    exit_code = 4

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class TooManySetAside(OutcomesError):
    """More rows broke a rule than the plan's `set_aside_limit` lets pass."""

    exit_code = 5


class DisclosureHold(OutcomesError):
    """Something may not leave the clinic yet."""

    exit_code = 6


class FileProblem(OutcomesError):
    """A file or folder could not be read or written."""

    exit_code = 7


class ReportStopped(OutcomesError):
    """The report's notebook did not run to its end. The old report, if any, is untouched."""

    exit_code = 7
