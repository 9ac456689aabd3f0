"""`manifest.json`: what a set of reports was made from, and a digest of everything that was written.

It is private and stays beside the folders that are handed on: with it the same report can be made again, and
what has moved since can be told (docs/runs.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outcomes.errors import FileProblem
from outcomes.reporting import clock
from outcomes.reporting.identity import RunIdentity, differences, digest_of, git_commit, lock_digest

MANIFEST_FILE = "manifest.json"
MANIFEST_VERSION = 1
_LARGEST_MANIFEST = 50_000_000


@dataclass(frozen=True)
class ReportSet:
    """What one run made: contents by `PROFILE/NAME`, and per profile what `results.json` holds."""

    files: Mapping[str, bytes]
    results: Mapping[str, Mapping[str, Any]]

    def digests(self) -> dict[str, str]:
        return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(self.files.items())}

    def without(self, profiles: Iterable[str]) -> ReportSet:
        """The set without those of some profiles, which wait for a signature."""
        gone = set(profiles)
        return ReportSet(
            {name: content for name, content in self.files.items() if name.split("/")[0] not in gone},
            {profile: results for profile, results in self.results.items() if profile not in gone},
        )

    def figures(self) -> dict[str, list[dict[str, Any]]]:
        """The key figures of each profile, as it shows them."""
        return {profile: list(results["figures"]) for profile, results in self.results.items()}


@dataclass(frozen=True)
class Manifest:
    """A stored manifest, as plain values that were looked at: every key that is used here is there."""

    values: Mapping[str, Any]
    folder: Path = field(compare=False)

    @property
    def identity(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.values["identity"]
        return found

    @property
    def run_id(self) -> str:
        return str(self.values["run"])

    @property
    def month(self) -> str | None:
        month: str | None = self.identity["month"]
        return month

    @property
    def files(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.values["files"]
        return found

    def given(self, what: str) -> str | None:
        """The place of a source, plan, mapping or allowances file, from here; None where it was not given."""
        kept = self.values["places"].get(what)
        return None if kept is None else os.path.normpath(self.folder / kept)


def manifest_values(
    made: ReportSet,
    identity: RunIdentity,
    *,
    places: Mapping[str, str | None],
    source_kind: str,
    formats: Sequence[str],
    earlier: Sequence[Mapping[str, Any]],
    claims_since: Mapping[str, Sequence[str]],
    ledger: str | None,
) -> dict[str, Any]:
    """The manifest of a run as plain values. `places` are paths as seen from the manifest's own folder.

    `ledger`: the id of the release ledger that a report of the run is held against.
    """
    return {
        "manifest_version": MANIFEST_VERSION,
        "run": identity.run_id,
        "made": clock.now().isoformat(),
        "source_date_epoch": clock.source_date_epoch(),
        "identity": identity.to_dict(),
        "plan_digest": digest_of(identity.plan),
        "seed": identity.plan["seed"],
        "source_kind": source_kind,
        "places": dict(places),
        "lock": lock_digest(),
        "git_commit": git_commit(),
        "profiles": list(made.results),
        "formats": list(formats),
        "earlier": [dict(one) for one in earlier],
        "claims_since": {name: list(one) for name, one in claims_since.items()},
        "figures": made.figures(),
        "results": digest_of(made.results),
        "files": made.digests(),
        "ledger": ledger,
    }


def manifest_text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run. Raises FileProblem where there is none that can be read."""
    path = folder / MANIFEST_FILE
    problem = "it is damaged, or not a manifest of this version"
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST_MANIFEST:
            raise ValueError
        values = json.loads(path.read_text(encoding="utf-8"))
        if _is_whole(values):
            return Manifest(values, folder)
    except FileNotFoundError:
        problem = "there is none. Name the folder of a month, such as reports/2026-10"
    except OSError as error:
        problem = type(error).__name__
    except (ValueError, RecursionError):
        pass
    raise FileProblem(f"{MANIFEST_FILE}: cannot be read: {problem}.")


_SHAPE: dict[str, type] = {
    "run": str,
    "identity": dict,
    "places": dict,
    "profiles": list,
    "formats": list,
    "earlier": list,
    "figures": dict,
    "results": str,
    "files": dict,
}
_IDENTITY_SHAPE: dict[str, type] = {"inputs": dict, "plan": dict, "beside": dict, "versions": dict}
_EARLIER_SHAPE: dict[str, type] = {"run": str, "causes": list, "figures": dict, "plan": dict}


def _is_whole(values: object) -> bool:
    if not isinstance(values, dict) or values.get("manifest_version") != MANIFEST_VERSION:
        return False
    if not _fits(values, _SHAPE) or not _fits(values["identity"], _IDENTITY_SHAPE):
        return False
    identity = values["identity"]
    return {"month", "accept_set_aside"} <= set(identity) and all(
        _fits(one, _EARLIER_SHAPE) and "month" in one for one in values["earlier"]
    )


def _fits(values: object, shape: Mapping[str, type]) -> bool:
    return isinstance(values, dict) and all(
        isinstance(values.get(name), kind) for name, kind in shape.items()
    )


def _manifest_in(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except FileProblem:
        return None


# ---- what earlier reports showed ----


def earlier_reports(output: Path, identity: RunIdentity) -> list[dict[str, Any]]:
    """What this report is held against: its own older form, and the month before it that was reported.

    A run that rests on the same records, definitions and versions as the report that is there takes over what
    that one was held against: so it gives the same bytes again.
    """
    own = _manifest_in(output / (identity.month or "all"))
    if own is not None and not differences(own.identity, identity.to_dict()):
        return list(own.values["earlier"])
    before = None if identity.month is None else _month_before(output, identity.month)
    return [_held_against(one, identity) for one in (own, before) if one is not None]


def _held_against(manifest: Manifest, identity: RunIdentity) -> dict[str, Any]:
    causes = differences(manifest.identity, identity.to_dict())
    return {
        "month": manifest.month,
        "run": manifest.run_id,
        "causes": [[cause.kind, cause.what] for cause in causes],
        "figures": manifest.values["figures"],
        "plan": dict(manifest.identity["plan"]),
    }


def _month_before(output: Path, month: str) -> Manifest | None:
    if not output.is_dir():
        return None
    names = sorted((path.name for path in output.iterdir() if _is_before(path.name, month)), reverse=True)
    found = (_manifest_in(output / name) for name in names)
    return next((one for one in found if one is not None), None)


def _is_before(name: str, month: str) -> bool:
    return re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", name) is not None and name < month


def place_from(folder: Path, path: str | Path | None) -> str | None:
    """A path as seen from a folder, so that both may move together; None where there is no such way."""
    if path is None:
        return None
    try:
        return Path(os.path.relpath(Path(path).resolve(), folder.resolve())).as_posix()
    except ValueError:
        return None  # another drive of Windows
