"""One run of the report command and the ledger: cells are committed when the reports are in place, and only then.

    with release_session(output, period, profiles) as session:
        …make the reports; the notebook is given `session.folder_for(profile)`…
        with session.placed(files, places):
            …put them in place…

Before the reports take their place the cells lie, with the digest of every file, in `private/journal.json`. A run
that is killed leaves it there; the next one looks whether the files are in place, commits or forgets
(docs/decisions/disclosure.md).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.errors import FileProblem
from outcomes.files import private_folder, remove, scratch, within, write_private
from outcomes.reporting.disclosure.ledger import (
    KEY_FILE,
    LEDGER_FILE,
    PRIVATE_FOLDER,
    SESSION_FILE,
    StoredCell,
    add_run,
    ledger_id,
    lines_file,
    lines_of,
    members_in,
)

JOURNAL_FILE = "journal.json"
PENDING_FOLDER = "pending"
DISCLOSURE_FILE = "disclosure.json"


@dataclass(frozen=True)
class ReleaseSession:
    """`folder` is the run's own, for the notebook; `sign_off` says that a person has to approve before release."""

    output: Path
    period: str
    folder: Path
    sign_off: bool

    def folder_for(self, profile: str) -> str | None:
        """What the notebook is given: where to find the ledger and write cells. Nothing for `internal`."""
        return None if profile == "internal" else str(self.folder)

    @property
    def ledger_id(self) -> str:
        """A short mark of the ledger, which its key alone gives; it says nothing of what stands in it."""
        return ledger_id((self.folder / KEY_FILE).read_bytes())

    def waits(self, profile: str) -> bool:
        """Whether a person has to approve the report before it is released."""
        return self.sign_off and profile != "internal"

    def place_of(self, profile: str) -> Path:
        """Where a report goes: `OUTPUT/PERIOD/PROFILE`, or under `pending/` until it is approved."""
        above = within(self.output, PENDING_FOLDER) if self.waits(profile) else self.output
        return within(within(above, self.period), profile)

    def disclosure_json(self, profile: str) -> bytes:
        """Rule and action for each cell, and no value of the records: for the person who signs."""
        cells, told = [], []
        for line in lines_of(lines_file(self.folder, profile)):
            if "told" in line:
                what, rule, action = line["told"]
                told.append({"what": what, "rule": rule, "action": action})
                continue
            if "cell" not in line:
                continue
            cell = line["cell"]
            cells.append(
                {
                    "measure": cell["measure"],
                    "definition": cell["definition"],
                    "rule": "release ledger",
                    "action": _action(cell["shown"], cell["carried_from"]),
                }
            )
        content = {"period": self.period, "profile": profile, "cells": cells, "rules": told}
        return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()

    @contextlib.contextmanager
    def placed(self, contents: Mapping[str, Mapping[str, bytes]]) -> Iterator[None]:
        """The block puts `contents` (profile → file → bytes) in place; then their cells are in the ledger."""
        runs = [self._run(profile, files) for profile, files in contents.items() if profile != "internal"]
        if not runs:
            yield
            return
        private = private_folder(within(self.output, PRIVATE_FOLDER))
        if not (private / KEY_FILE).is_file():
            write_private(private / KEY_FILE, (self.folder / KEY_FILE).read_bytes())
        journal = private / JOURNAL_FILE
        write_private(journal, json.dumps(runs))
        try:
            yield
        except BaseException:
            # Of several reports some may have taken their place already.
            settle_journal(self.output)
            raise
        _commit(self.output, runs)
        remove(journal)

    def _run(self, profile: str, files: Mapping[str, bytes]) -> dict[str, Any]:
        lines = lines_of(lines_file(self.folder, profile))
        place = self.place_of(profile)
        return {
            "period": self.period,
            "profile": profile,
            "state": "pending" if self.sign_off else "released",
            "place": place.relative_to(self.output).as_posix(),
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
            "parts": dict(line["part"] for line in lines if "part" in line),
            "cells": [line["cell"] for line in lines if "cell" in line],
        }


def _action(shown: Any, carried_from: str) -> str:
    if shown is None:
        return "held back"
    return f"carried forward from {carried_from}" if carried_from else "shown under the profile's rules"


@contextlib.contextmanager
def release_session(
    output: str | Path, period: str, *, sign_off: bool = False, only_reads: bool = False
) -> Iterator[ReleaseSession]:
    """A run under the lock of `output`. What a killed run left is settled first.

    `only_reads`: nothing will be put in place, the lock is not needed, and nothing in `output` is touched.
    """
    output = Path(output)
    if not only_reads:
        settle_journal(output)
    private = within(output, PRIVATE_FOLDER)
    ledger, key = private / LEDGER_FILE, private / KEY_FILE
    if ledger.is_file() and not key.is_file():
        raise FileProblem(
            f"{KEY_FILE}, the key of the release ledger, is not beside {LEDGER_FILE}. Bring it back from a copy: "
            "without it nothing guards against the difference of two reports."
        )
    with scratch() as folder:
        write_private(folder / KEY_FILE, key.read_bytes() if key.is_file() else secrets.token_bytes(32))
        found = str(ledger.resolve()) if ledger.is_file() else None
        write_private(folder / SESSION_FILE, json.dumps({"ledger": found}))
        yield ReleaseSession(output, period, folder, sign_off)


def settle_journal(output: Path) -> None:
    """Commits what a killed run had put in place already, and forgets what it had not."""
    journal = Path(output) / PRIVATE_FOLDER / JOURNAL_FILE
    if not journal.is_file():
        return
    runs = json.loads(journal.read_text(encoding="utf-8"))
    _commit(Path(output), [run for run in runs if _is_in_place(Path(output), run)])
    remove(journal)


def _is_in_place(output: Path, run: Mapping[str, Any]) -> bool:
    folder = output.joinpath(*run["place"].split("/"))
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        for name, digest in run["files"].items()
    )


def _commit(output: Path, runs: Sequence[Mapping[str, Any]]) -> None:
    ledger = output / PRIVATE_FOLDER / LEDGER_FILE
    for run in runs:
        members = members_in(run["parts"])
        cells = [StoredCell.from_dict(cell, members) for cell in run["cells"]]
        add_run(ledger, run["period"], run["profile"], cells, state=run["state"])
