"""`outcomes verify`: a set of reports made again from its records and held against what stands there, byte by byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.errors import EXIT_DONE, FileProblem, InvalidRecords, OutcomesError
from outcomes.files import unchanged
from outcomes.plan import read_plan
from outcomes.records.sources import locate
from outcomes.reporting.disclosure.ledger import LEDGER_FILE, PRIVATE_FOLDER, id_of_ledger_in, runs_in
from outcomes.reporting.disclosure.session import release_session
from outcomes.reporting.formatting import month_words
from outcomes.reporting.identity import Cause, differences, digest_of, sha256_of
from outcomes.reporting.manifest import Manifest, ReportSet, read_manifest
from outcomes.reporting.reports import ReportRequest, compute_set
from outcomes.reporting.restatements import CAUSES, became, moved

_TOUCHED = "changed on the disk after it was written"


@dataclass(frozen=True)
class Verification:
    """What came of making a run again.

    `touched`: files on the disk that are not what the run wrote. `differing`: files that come out otherwise now.
    `causes`: in what the two runs differ. `moved`: (profile, figure, then, now) for each key figure that moved.
    `not_compared`: profiles that were not made again, since the ledger that they were held against is not there.
    """

    month: str | None
    run: str
    touched: tuple[str, ...]
    differing: tuple[str, ...]
    causes: tuple[Cause, ...]
    moved: tuple[tuple[str, str, str, str], ...]
    n_files: int
    same_results: bool
    not_compared: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return not self.touched and not self.differing

    @property
    def is_unexplained(self) -> bool:
        """The same records, definitions and versions gave other bytes: a fault."""
        return bool(self.differing) and not self.causes

    @property
    def exit_code(self) -> int:
        return EXIT_DONE if self.is_same else InvalidRecords.exit_code

    def lines(self) -> list[str]:
        """What came of it, in words: each difference, then its causes."""
        head = f"{month_words(self.month)}, run {self.run}"
        if self.is_same:
            return [f"{head}: the same bytes ({self.n_files} files).", *self._without_ledger()]
        told = [f"{name}: {_TOUCHED}." for name in self.touched]
        told += [f"{name}: comes out otherwise now." for name in self.differing]
        told += [f"cause, {CAUSES[cause.kind]}: {cause.what}" for cause in self.causes]
        if self.is_unexplained:
            told.append(
                "cause, unexplained: the same records, definitions and versions gave other bytes. This is a fault "
                "of the program; please report it."
            )
        told += [f"{profile}, {label}: {then} → {now}" for profile, label, then, now in self.moved]
        if self.differing and self.same_results:
            told.append("No number has moved.")
        return [f"{head}: not the same.", *told, *self._without_ledger()]

    def _without_ledger(self) -> list[str]:
        return [
            f"{profile}: not made again, since the release ledger that it was held against is not in "
            f"{PRIVATE_FOLDER}/{LEDGER_FILE}."
            for profile in self.not_compared
        ]

    def to_dict(self) -> dict[str, Any]:
        causes = [{"kind": cause.kind, "what": cause.what} for cause in self.causes]
        causes += [{"kind": "touched", "what": name} for name in self.touched]
        if self.is_unexplained:
            causes.append({"kind": "unexplained", "what": "a fault of the program"})
        keys = ("profile", "figure", "then", "now")
        return {
            "month": self.month,
            "run": self.run,
            "same": self.is_same,
            "differing": list(self.differing),
            "causes": causes,
            "moved": [dict(zip(keys, one, strict=True)) for one in self.moved],
            "same_results": self.same_results,
            "not_compared": list(self.not_compared),
        }


def verify_run(
    folder: str | Path,
    *,
    source: str | None = None,
    plan_file: str | None = None,
    mapping_file: str | None = None,
    allowances_file: str | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Verification:
    """Make the reports in `folder` again and compare; nothing is written.

    What is not given is taken from where it lay, as seen from the folder. Raises FileProblem where it is no longer
    there, and what `outcomes report` raises.
    """
    manifest = read_manifest(Path(folder))
    output, period = manifest.folder.resolve().parent, manifest.month or "all"
    not_compared = _without_their_ledger(manifest, output, period)
    request = ReportRequest(
        source=source or _kept(manifest, "source"),
        month=manifest.month,
        plan_file=plan_file or _kept_file(manifest, "plan"),
        mapping_file=mapping_file or _kept_file(manifest, "mapping"),
        allowances_file=allowances_file or _kept_file(manifest, "allowances"),
        accept_set_aside=manifest.identity["accept_set_aside"],
        profiles=tuple(one for one in manifest.values["profiles"] if one not in not_compared),
        formats=tuple(manifest.values["formats"]),
    )
    location = locate(request.source)
    plan = read_plan(request.plan_file, location.beside)
    # Never put in place: the same cells of the same month are judged as they were then, and nothing is released.
    with unchanged(location.files), release_session(output, period, only_reads=True) as session:
        identity = request.identify(location, plan)
        made = compute_set(
            request,
            location,
            plan,
            identity,
            manifest.values["earlier"],
            manifest.values["claims_since"],
            session,
            timestamp=_timestamp(manifest),
            tell=tell,
        )
    causes = differences(manifest.identity, identity.to_dict())
    return _compared(manifest, made, causes, not_compared)


def _without_their_ledger(manifest: Manifest, output: Path, period: str) -> tuple[str, ...]:
    """Profiles that were held against a ledger which is not there, is another, or does not know of them."""
    held_against = manifest.values.get("ledger")
    if not held_against:
        return ()
    is_the_same = id_of_ledger_in(output) == held_against
    known = {run[:2] for run in runs_in(output / PRIVATE_FOLDER / LEDGER_FILE)} if is_the_same else set()
    profiles = [str(one) for one in manifest.values["profiles"]]
    return tuple(one for one in profiles if one != "internal" and (period, one) not in known)


def _compared(
    manifest: Manifest, made: ReportSet, causes: tuple[Cause, ...], not_compared: tuple[str, ...]
) -> Verification:
    now = made.digests()
    then = {name: one for name, one in manifest.files.items() if name.split("/")[0] not in not_compared}
    return Verification(
        month=manifest.month,
        run=manifest.run_id,
        touched=tuple(name for name in manifest.files if _on_disk(manifest, name) != manifest.files[name]),
        differing=tuple(name for name in sorted({*now, *then}) if now.get(name) != then.get(name)),
        causes=causes,
        moved=_moved_figures(
            {name: one for name, one in manifest.values["figures"].items() if name not in not_compared},
            made.figures(),
        ),
        n_files=len(then),
        same_results=not not_compared and digest_of(made.results) == manifest.values["results"],
        not_compared=not_compared,
    )


def _on_disk(manifest: Manifest, name: str) -> str | None:
    try:
        return sha256_of(manifest.folder / name)
    except OutcomesError:
        return None


def _moved_figures(
    before: Mapping[str, Sequence[Mapping[str, Any]]], now: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[tuple[str, str, str, str], ...]:
    return tuple(
        (profile, old["label"], old["text"], became(old, new))
        for profile, figures in before.items()
        for old, new in moved(figures, now.get(profile, []))
    )


def _kept(manifest: Manifest, what: str) -> str:
    kept = manifest.given(what)
    if kept is None:
        raise FileProblem(
            "The manifest does not say where the records lay. Give their place: verify RUN SOURCE."
        )
    return kept


def _kept_file(manifest: Manifest, what: str) -> str | None:
    """A file that was named when the report was made. Raises FileProblem where it is gone."""
    kept = manifest.given(what)
    if kept is not None and not Path(kept).is_file():
        raise FileProblem(f"The {what} file of that run is no longer where it was. Give it: --{what} FILE.")
    return kept


def _timestamp(manifest: Manifest) -> dt.datetime | None:
    epoch = manifest.values.get("source_date_epoch")
    return dt.datetime.fromtimestamp(epoch, dt.UTC) if isinstance(epoch, int) else None
