"""The private release ledger: every cell that left the clinic, with the patients behind it as HMAC.

`OUTPUT/private/ledger.sqlite` (0600) with its key beside it (`ledger.key`, 0600). The notebook's process reads the
ledger and writes its cells as lines into a folder of the run; the command writes them into the ledger in one
transaction when the report is in its place (see `session.py`). Internal reports are not in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, cast

from outcomes.errors import FileProblem
from outcomes.reporting.disclosure.rules import Profile

#: Patient → a digest of what the patient gave, both under the ledger's key.
Members: TypeAlias = dict[bytes, bytes]

#: 64 bits: two of 100,000 patients meet with a chance of 3 in 10 billion.
MEMBER_BYTES, DIGEST_BYTES = 8, 4
PRIVATE_FOLDER = "private"
LEDGER_FILE, KEY_FILE, SESSION_FILE = "ledger.sqlite", "ledger.key", "session.json"

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY, period TEXT NOT NULL, profile TEXT NOT NULL, state TEXT NOT NULL,
    approved_by TEXT NOT NULL DEFAULT '', approved_on TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS patients (hash TEXT PRIMARY KEY, members BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS cells (
    cell INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, measure TEXT NOT NULL, definition TEXT NOT NULL,
    exact INTEGER NOT NULL, parts TEXT NOT NULL, shown TEXT NOT NULL, carried_from TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cells_by_measure ON cells (measure);
"""


@dataclass(frozen=True)
class StoredCell:
    """One cell: measure, cohort definition, period, what was shown (None: held back) and the patients behind it.

    `exact`: the parts are its patients; else they are everyone looked at. `carried_from` names the month whose value
    was shown again.
    """

    measure: str
    definition: str
    profile: Profile
    period: str
    exact: bool
    parts: tuple[Members, ...]
    shown: Any
    carried_from: str

    @property
    def is_new(self) -> bool:
        """Whether it showed what had not been shown before, and so counts against later cells."""
        return self.shown is not None and not self.carried_from

    @cached_property
    def everyone(self) -> Members:
        if len(self.parts) == 1:
            return self.parts[0]
        return {patient: value for part in self.parts for patient, value in part.items()}

    def is_same_place(self, other: StoredCell) -> bool:
        """Whether both are the same cell of the same month's report of the same profile."""
        own = (self.definition, self.profile, self.period, self.exact)
        return own == (other.definition, other.profile, other.period, other.exact)

    def as_shown(self, shown: Any, carried_from: str) -> StoredCell:
        return replace(self, shown=shown, carried_from=carried_from)

    def to_dict(self, part_names: Sequence[str]) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "definition": self.definition,
            "profile": self.profile,
            "period": self.period,
            "exact": self.exact,
            "parts": list(part_names),
            "shown": self.shown,
            "carried_from": self.carried_from,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any], members: Mapping[str, Members]) -> StoredCell:
        """`members`: the parts by their names."""
        return cls(**{**row, "parts": tuple(members[name] for name in row["parts"])})


def part_name(part: Members) -> str:
    """A part by its content: many cells have the same patients, who are written once."""
    return hashlib.sha256(packed(part)).hexdigest()


def packed(part: Members) -> bytes:
    return b"".join(patient + part[patient] for patient in sorted(part))


def unpacked(data: bytes) -> Members:
    step = MEMBER_BYTES + DIGEST_BYTES
    pieces = (data[at : at + step] for at in range(0, len(data), step))
    return {piece[:MEMBER_BYTES]: piece[MEMBER_BYTES:] for piece in pieces}


def ledger_id(key: bytes) -> str:
    """By which a manifest names the ledger of this key."""
    return hmac.new(key, b"outcomes release ledger", hashlib.sha256).hexdigest()[:12]


def id_of_ledger_in(output: Path) -> str | None:
    """The id of the ledger of an output folder; None where there is none."""
    key = output / PRIVATE_FOLDER / KEY_FILE
    return ledger_id(key.read_bytes()) if key.is_file() else None


# ---- the lines of one run ----


def lines_file(folder: Path, profile: str) -> Path:
    return folder / f"cells-{profile}.jsonl"


def cells_in(folder: Path) -> list[StoredCell]:
    """The cells that the reports of this run hold so far, in the order in which they were judged."""
    found: list[StoredCell] = []
    for path in sorted(folder.glob("cells-*.jsonl")):
        lines = lines_of(path)
        members = members_in(dict(line["part"] for line in lines if "part" in line))
        found += [StoredCell.from_dict(line["cell"], members) for line in lines if "cell" in line]
    return found


def members_in(parts: Mapping[str, str]) -> dict[str, Members]:
    """Parts by name, from what they are written as."""
    return {name: unpacked(bytes.fromhex(content)) for name, content in parts.items()}


def lines_of(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ---- the ledger ----


def cells_of(ledger: Path | None, measure: str) -> list[StoredCell]:
    """Every cell of a measure in the ledger, the oldest first; none where there is no ledger yet."""
    if ledger is None or not ledger.is_file():
        return []
    with _open(ledger, read_only=True) as connection:
        rows = connection.execute(
            "SELECT measure, definition, profile, period, exact, parts, shown, carried_from FROM cells "
            "JOIN runs USING (run) WHERE measure = ? ORDER BY cell",
            (measure,),
        ).fetchall()
        members = {
            name: _parts_read.get(name) or _read_part(name, connection)
            for name in {name for row in rows for name in json.loads(row[5])}
        }
    return [
        StoredCell(
            measure=found,
            definition=definition,
            profile=cast(Profile, profile),
            period=period,
            exact=bool(exact),
            parts=tuple(members[part] for part in json.loads(parts)),
            shown=json.loads(shown),
            carried_from=carried_from,
        )
        for found, definition, profile, period, exact, parts, shown, carried_from in rows
    ]


#: Parts that were read last, by name: a name is its content, and most cells of a report have the same patients.
_parts_read: dict[str, Members] = {}
_MOST_PARTS_KEPT = 64


def _read_part(name: str, connection: sqlite3.Connection) -> Members:
    [data] = connection.execute("SELECT members FROM patients WHERE hash = ?", (name,)).fetchone()
    while len(_parts_read) >= _MOST_PARTS_KEPT:
        del _parts_read[next(iter(_parts_read))]
    _parts_read[name] = unpacked(data)
    return _parts_read[name]


def add_run(
    ledger: Path, period: str, profile: str, cells: Sequence[StoredCell], *, state: str = "released"
) -> None:
    """Writes the cells of one report, all or none. A pending run of the same report, which nobody saw, goes."""

    with _open(ledger) as connection:
        gone = "SELECT run FROM runs WHERE (period, profile, state) = (?, ?, 'pending')"
        connection.execute(f"DELETE FROM cells WHERE run IN ({gone})", (period, profile))
        connection.execute(
            "DELETE FROM runs WHERE (period, profile, state) = (?, ?, 'pending')", (period, profile)
        )
        run = connection.execute(
            "INSERT INTO runs (period, profile, state) VALUES (?, ?, ?)", (period, profile, state)
        ).lastrowid
        written: dict[int, str] = {}
        for cell in cells:
            hashes = []
            for part in cell.parts:
                if id(part) not in written:
                    written[id(part)] = part_name(part)
                    values = (written[id(part)], packed(part))
                    connection.execute("INSERT OR IGNORE INTO patients VALUES (?, ?)", values)
                hashes.append(written[id(part)])
            connection.execute(
                "INSERT INTO cells (run, measure, definition, exact, parts, shown, carried_from) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    run,
                    cell.measure,
                    cell.definition,
                    cell.exact,
                    json.dumps(hashes),
                    json.dumps(cell.shown),
                    cell.carried_from,
                ),
            )


def approve_run(ledger: Path, period: str, profile: str, by: str, on: str) -> None:
    """Marks the pending run of a report as released."""
    with _open(ledger) as connection:
        connection.execute(
            "UPDATE runs SET state = 'released', approved_by = ?, approved_on = ? "
            "WHERE (period, profile, state) = (?, ?, 'pending')",
            (by, on, period, profile),
        )


def runs_in(ledger: Path) -> list[tuple[str, str, str, str, str]]:
    """Period, profile, state, approved by, approved on: one row per report that was written, the oldest first."""
    if not ledger.is_file():
        return []
    with _open(ledger, read_only=True) as connection:
        return connection.execute(
            "SELECT period, profile, state, approved_by, approved_on FROM runs ORDER BY run"
        ).fetchall()


def held_in(ledger: Path, period: str, profile: str) -> tuple[int, int]:
    """Of the last report of that month and profile: cells that are carried forward or held back, and all cells."""
    if not ledger.is_file():
        return 0, 0
    with _open(ledger, read_only=True) as connection:
        held, cells = connection.execute(
            "SELECT count(*) FILTER (WHERE carried_from <> '' OR shown = 'null'), count(*) FROM cells "
            "WHERE run = (SELECT max(run) FROM runs WHERE (period, profile) = (?, ?))",
            (period, profile),
        ).fetchone()
    return int(held), int(cells)


@contextlib.contextmanager
def _open(ledger: Path, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction. Raises FileProblem in place of the library's words."""
    problem = ""
    try:
        if not read_only:
            ledger.touch(mode=0o600)
            ledger.chmod(0o600)
        # Its own journal lies beside it for the moment of writing, in a folder that is the owner's only.
        mode = "ro" if read_only else "rw"
        connection = sqlite3.connect(f"{ledger.absolute().as_uri()}?mode={mode}", uri=True)
        try:
            with connection:
                if not read_only:
                    connection.executescript(_TABLES)
                yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        problem = type(error).__name__
    if problem:
        raise FileProblem(
            f"The release ledger ({LEDGER_FILE}) cannot be used ({problem}). Nothing was released. Bring it back from "
            "a copy: without it nothing guards against the difference of two reports."
        )
