"""Where a set of reports stands: what stays there of an earlier run, what waits, and how a new set takes its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from outcomes.errors import FileProblem
from outcomes.files import built_folder, private_folder, within, write_private
from outcomes.plan import AnalysisPlan
from outcomes.reporting.disclosure import PROFILES, Profile
from outcomes.reporting.disclosure.session import DISCLOSURE_FILE, ReleaseSession
from outcomes.reporting.exports import NAMES
from outcomes.reporting.identity import RunIdentity, differences, sha256_of
from outcomes.reporting.manifest import MANIFEST_FILE, ReportSet, read_manifest

RESULTS_FILE = "results.json"
_ALL_FILES = ("report.html", "report.pdf", RESULTS_FILE, *NAMES)


def kept_profiles(
    destination: Path, profiles: Sequence[str], identity: RunIdentity, plan: AnalysisPlan
) -> ReportSet:
    """The profile that was not asked for, as it stands there, where it is of this same run.

    Raises FileProblem where it is of another: a set in which one half is older than the other is none.
    """
    there: list[Profile] = [one for one in PROFILES if one not in profiles and (destination / one).is_dir()]
    if plan.sign_off:
        # What somebody has signed stays as it is: it is no half of this set.
        there = [one for one in there if one == "internal"]
    files: dict[str, bytes] = {}
    results: dict[str, Mapping[str, Any]] = {}
    for profile in there:
        try:
            manifest = read_manifest(destination)
            names = [name for name in manifest.files if name.startswith(f"{profile}/")]
            same = not differences(manifest.identity, identity.to_dict())
            same = (
                same
                and bool(names)
                and all(_is_whole(destination / name, manifest.files[name]) for name in names)
            )
        except FileProblem:
            same = False
        if not same:
            raise FileProblem(
                f"{destination.name}: holds a {profile} report of another run. Write all together, without "
                "--profile, or choose another place."
            )
        files |= {name: (destination / name).read_bytes() for name in names}
        kept = json.loads(files[f"{profile}/{RESULTS_FILE}"])
        results[profile] = {key: kept[key] for key in kept if key not in ("run", "month", "profile")}
    return ReportSet(files, results)


def _is_whole(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_of(path) == digest


def by_profile(made: ReportSet, session: ReleaseSession) -> dict[str, dict[str, bytes]]:
    """The files of each profile by their names in its folder; with what a person who signs looks at."""
    found: dict[str, dict[str, bytes]] = {}
    for path, content in made.files.items():
        profile, name = path.split("/", 1)
        found.setdefault(profile, {})[name] = content
    for profile, files in found.items():
        if session.waits(profile):
            files[DISCLOSURE_FILE] = session.disclosure_json(profile)
    return found


def signed_files(destination: Path, session: ReleaseSession) -> dict[str, bytes]:
    """What was signed before and stands in the month's folder: it stays there until the next one is signed."""
    return {
        f"{profile}/{name}": path.read_bytes()
        for profile in PROFILES
        if session.waits(profile)
        for name in _ALL_FILES
        if (path := destination / profile / name).is_file()
    }


def put_pending(place: Path, contents: Mapping[str, bytes]) -> None:
    """A report that waits for a signature, in a folder of its own."""
    private_folder(place.parent.parent)
    private_folder(place.parent)
    with built_folder(place, known_names=[*_ALL_FILES, DISCLOSURE_FILE], may_replace=True) as partial:
        for name, content in contents.items():
            write_private(within(partial, name), content)


def put_in_place(destination: Path, contents: Mapping[str, bytes]) -> None:
    """The whole set is on the disk before it takes its place, in one step."""
    known = {f"{profile}/{name}" for profile in PROFILES for name in _ALL_FILES}
    known |= {
        *(f"{profile}/" for profile in PROFILES),
        MANIFEST_FILE,
        *contents,
        *_listed_before(destination),
    }
    with built_folder(destination, known_names=known, may_replace=True) as partial:
        for path, content in contents.items():
            *folders, name = path.split("/")
            place = partial
            for folder in folders:
                place = private_folder(within(place, folder))
            write_private(within(place, name), content)


def _listed_before(destination: Path) -> list[str]:
    """What the manifest that is there says that its run has written."""
    try:
        return list(read_manifest(destination).files)
    except FileProblem:
        return []
