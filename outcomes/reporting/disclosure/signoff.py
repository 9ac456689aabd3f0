"""Signing a report: from `pending/` to its place, and into the ledger as released."""

from __future__ import annotations

from pathlib import Path

from outcomes.errors import PlanError
from outcomes.files import built_folder, remove, run_lock, within, write_private
from outcomes.reporting.disclosure.ledger import LEDGER_FILE, PRIVATE_FOLDER, approve_run, runs_in
from outcomes.reporting.disclosure.session import DISCLOSURE_FILE, PENDING_FOLDER, settle_journal


def approve(pending: str | Path, *, by: str, on: str) -> list[Path]:
    """Moves the report of the folder `OUTPUT/pending/PERIOD/PROFILE` to `OUTPUT/PERIOD/PROFILE` and gives its files.

    `by` is the person who looked at it, `on` the day (YYYY-MM-DD). Raises PlanError, FileProblem.
    """
    folder = Path(pending)
    if not by.strip() or not by.isprintable():
        raise PlanError("--by names the person who looked at the report.")
    if folder.parent.parent.name != PENDING_FOLDER or not (folder / DISCLOSURE_FILE).is_file():
        raise PlanError(
            "That is no report that waits: name its folder, such as reports/pending/2026-10/share "
            "('outcomes release list reports' lists them)."
        )
    output, period, profile = folder.parent.parent.parent, folder.parent.name, folder.name
    ledger = output / PRIVATE_FOLDER / LEDGER_FILE
    with run_lock(output, "report"):
        settle_journal(output)
        # Also one that was signed, and whose move was cut off.
        if (period, profile) not in [run[:2] for run in runs_in(ledger)]:
            raise PlanError(
                f"The release ledger does not know the report {period}/{profile} as waiting. Write it again with "
                "'outcomes report'."
            )
        names = sorted(path.name for path in folder.iterdir())
        place = within(within(output, period), profile)
        # First into the ledger: a report that is out and not in it would be the worse of the two.
        approve_run(ledger, period, profile, by.strip(), on)
        with built_folder(place, known_names=names, may_replace=True) as partial:
            for name in names:
                if name != DISCLOSURE_FILE:
                    write_private(within(partial, name), (folder / name).read_bytes())
        remove(folder)
        for above in (folder.parent, folder.parent.parent):
            if not any(above.iterdir()):
                above.rmdir()
    return [place / name for name in names if name != DISCLOSURE_FILE]


def listed(output: str | Path) -> list[str]:
    """One line for each report that was written for handing on, the oldest first."""
    lines = []
    for period, profile, state, by, on in runs_in(Path(output) / PRIVATE_FOLDER / LEDGER_FILE):
        signed = f", approved by {by} on {on}" if by else ""
        waits = "waits for approval" if state == "pending" else f"released{signed}"
        lines.append(f"{period}/{profile}: {waits}")
    return lines
