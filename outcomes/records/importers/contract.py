"""What an importer takes and gives: the contract that ours and anybody else's keep.

An importer is an object of a class like `Importer`, named in the entry-point group `outcomes.importers`.
It reads files and returns tables with the names, columns and forms of the data dictionary, all cells text,
with everything it did not read counted. `outcomes.records.importers.trial.hold_to_contract` is the test that
any importer must pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pandas as pd

ENTRY_POINTS = "outcomes.importers"


@dataclass(frozen=True)
class NotRead:
    """A row, or several of one kind, that did not become a record: where, how many, and why. Never a value.

    `rows` are positions as a spreadsheet shows them (the n-th element for XML, JSON and database tables).
    """

    file: str
    why: str
    rows: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Dropped:
    """A column that may say who somebody is, or free text: not imported, and how many cells held something."""

    file: str
    column: str
    why: str
    cells: int


@dataclass(frozen=True)
class ImportSettings:
    """What the person who imports declares.

    `patient` is the pseudonym of the one patient whose app made the export. `pseudonym` turns a clinic
    system's own number into a pseudonym (importers with `one_patient` False need it), `practitioner` the same for
    the people who treat. `dates` is the way the
    export writes dates where it does not prove it (`DD/MM/YYYY` or `MM/DD/YYYY`). `timezone` is where the
    patient lives, for times with an offset; without it the local time as recorded is taken. `recorded_from`
    and `recorded_to` declare a span whose days without an entry were headache-free.
    """

    patient: str = ""
    pseudonym: Callable[[str], str] | None = None
    practitioner: Callable[[str], str] | None = None
    dates: str = ""
    timezone: str = ""
    recorded_from: dt.date | None = None
    recorded_to: dt.date | None = None
    #: Words or fields in which the export marks a headache, where the app has no fixed one.
    headache_words: tuple[str, ...] = ()
    #: Further choices of one importer, such as its fields: name → value.
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """What an import gave.

    `tables`: name in the data dictionary → frame whose columns are the dictionary's and whose cells are text
    or None. `rows_in` counts what the files hold (attacks, records, appointments); each is in `rows_used`, in
    `not_read`, or out of scope (`out_of_scope`, such as step counts): the three add up.
    """

    tables: Mapping[str, pd.DataFrame]
    rows_in: int
    rows_used: int
    out_of_scope: int = 0
    not_read: tuple[NotRead, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        accounted = self.rows_used + self.out_of_scope + sum(item.count for item in self.not_read)
        if accounted != self.rows_in:
            raise ValueError(f"{self.rows_in} rows came in and {accounted} are accounted for")


@runtime_checkable
class Importer(Protocol):
    """An importer of one format.

    `confidence` says how well the format is known: A from a real export or its maker, B from several
    independent readers of it, C from one. `one_patient` is True for exports of one person's app.
    `read` raises InvalidRecords for a file that is not this format, FileProblem for one that cannot be read,
    and nothing else.
    """

    name: str
    title: str
    confidence: str
    one_patient: bool

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported: ...
