"""What makes two runs the same: data, definitions and versions, and in what two runs differ.

The run id is a digest of all three. The same records under the same definitions and versions give the same id,
and in the same output folder the same bytes; anything else is told by its cause (docs/runs.md).
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import outcomes
from outcomes.errors import FileProblem
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.gatekeeping import ALLOWANCES_FILE
from outcomes.records.mapping import MAPPING_FILE
from outcomes.records.reading import load_records
from outcomes.records.sources import Location

Kind = Literal["data", "definition", "version"]

#: Files beside the records that say how they are read and what is claimed. The plan is compared by its keys.
BESIDE = {"mapping": MAPPING_FILE, "allowances": ALLOWANCES_FILE, "claims": "claims.toml"}
_ID_SIGNS = 10
_PACKAGE = Path(outcomes.__file__).parent


@dataclass(frozen=True)
class Cause:
    """One thing in which two runs differ. `what` names it exactly; file names are for the clinic's own eyes."""

    kind: Kind
    what: str


@dataclass(frozen=True)
class RunIdentity:
    """Everything that may move a byte of a report.

    `inputs`: SHA-256 by file name within the source, for a server by table. `plan`: as plain
    values. `beside`: SHA-256 of mapping, allowances and claims, None where there is no such file. `versions`:
    this program, its code, Python, the system and every library it rests on.
    """

    month: str | None
    inputs: Mapping[str, str]
    plan: Mapping[str, Any]
    beside: Mapping[str, str | None]
    accept_set_aside: int | None
    versions: Mapping[str, str]

    @property
    def run_id(self) -> str:
        return digest_of(self.to_dict())[:_ID_SIGNS]

    def to_dict(self) -> dict[str, Any]:
        return {
            "month": self.month,
            "inputs": dict(self.inputs),
            "plan": dict(self.plan),
            "beside": dict(self.beside),
            "accept_set_aside": self.accept_set_aside,
            "versions": dict(self.versions),
        }


def identify(
    location: Location,
    plan: AnalysisPlan,
    month: str | None,
    *,
    mapping_file: str | None,
    allowances_file: str | None,
    accept_set_aside: int | None,
) -> RunIdentity:
    """Look at everything that a run rests on. Raises FileProblem where a file cannot be read."""
    given = {"mapping": mapping_file, "allowances": allowances_file}
    if location.kind == "server":
        inputs = table_digests(
            load_records(
                location.address,
                plan,
                mapping=mapping_file,
                allowances=allowances_file,
                accept_set_aside=accept_set_aside,
            )
        )
    else:
        files = (path for path in location.files if path.suffix.lower() != ".toml")
        inputs = {_name(path, location): sha256_of(path) for path in files}
    return RunIdentity(
        month=month,
        inputs=inputs,
        plan=json.loads(json.dumps(plan.to_dict())),
        beside={what: _digest_beside(location, given.get(what), name) for what, name in BESIDE.items()},
        accept_set_aside=accept_set_aside,
        versions=dict(versions()),
    )


def table_digests(records: Records) -> dict[str, str]:
    """SHA-256 of the used rows of each table, whatever their order: a server has no files to take one of."""
    from pandas.util import hash_pandas_object

    found = {}
    for count in records.counts:
        frame = records.frame(count.table)
        rows = sorted(hash_pandas_object(frame.astype("string"), index=False).tolist())
        found[count.table] = digest_of([list(frame.columns), rows])
    return found


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Cause, ...]:
    """In what two identities (as `to_dict` gives them) differ, the month apart; empty where in nothing."""
    causes = [Cause("data", what) for what in _changed_files(before["inputs"], now["inputs"])]
    if before["accept_set_aside"] != now["accept_set_aside"]:
        causes.append(Cause("data", "another number of rows set aside was accepted"))
    causes += _changed_plan(before["plan"], now["plan"])
    causes += [
        Cause(
            "definition",
            f"{BESIDE.get(what, what)} {_how(before['beside'].get(what), now['beside'].get(what))}",
        )
        for what in sorted({*before["beside"], *now["beside"]})
        if before["beside"].get(what) != now["beside"].get(what)
    ]
    causes += [Cause("version", what) for what in _changed_versions(before["versions"], now["versions"])]
    return tuple(causes)


def digest_of(value: object) -> str:
    """SHA-256 of plain values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file. Raises FileProblem, naming it without its folder."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = type(error).__name__
    raise FileProblem(f"{path.name}: cannot be read ({reason}).")


@functools.lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """This program and its code, Python, the system, and each library that the program rests on."""
    return {
        "outcomes": outcomes.__version__,
        "code": _code_digest(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **_libraries(),
    }


def lock_digest() -> str | None:
    """SHA-256 of the lock file in a checkout; None where the program was installed without one."""
    path = _PACKAGE.parent / "requirements.lock"
    return sha256_of(path) if path.is_file() else None


def git_commit() -> str | None:
    """The commit of the checkout that this program runs from, with `+changed` where files differ from it."""
    root = _PACKAGE.parent
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return commit if not commit or not changed else f"{commit}+changed"


def _git(root: Path, *arguments: str) -> str | None:
    try:
        command = ["git", "-C", str(root), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.strip() or None


def _code_digest() -> str:
    """One digest of everything that the package runs or prints, so that an unreleased change is not overlooked."""
    from outcomes.reporting.notebooks import template_folder

    own = (".py", ".sql", ".typ", ".css", ".json", ".md", ".ttf", ".woff2")
    found = [(path, _PACKAGE) for path in _PACKAGE.rglob("*") if path.suffix in own]
    # In a checkout the templates lie outside the package; in the wheel inside it. The names are the same.
    templates = template_folder()
    found = [(path, root) for path, root in found if templates not in path.parents]
    found += [(path, templates) for path in templates.glob("*.ipynb")]
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path, root in found):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _libraries() -> dict[str, str]:
    """Versions of the libraries that the program needs, and that those need; development tools are not in it."""
    found: dict[str, str] = {}
    waiting = ["outcomes"]
    while waiting:
        try:
            needed = metadata.requires(waiting.pop()) or []
        except metadata.PackageNotFoundError:
            continue
        for line in needed:
            name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-")
            if name in found or "extra ==" in line:
                continue
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue  # for another system
            waiting.append(name)
    return dict(sorted(found.items()))


def _name(path: Path, location: Location) -> str:
    folder = location.beside
    return path.name if folder is None else path.relative_to(folder).as_posix()


def _digest_beside(location: Location, given: str | None, name: str) -> str | None:
    path = Path(given) if given is not None else location.beside and location.beside / name
    return sha256_of(path) if path is not None and path.is_file() else None


def _changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [
        f"{name} {_how(before.get(name), now.get(name))}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _how(before: object, now: object) -> str:
    return "is new" if before is None else "is no longer there" if now is None else "has changed"


def _changed_plan(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Cause]:
    """A key that one of the two does not know is news of the program, not of the clinic's definitions."""
    keys = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    return [
        Cause("definition", f"{key}: {_plain(before[key])} → {_plain(now[key])}")
        if key in before and key in now
        else Cause("version", f"the plan's key {key} {_how(before.get(key), now.get(key))}")
        for key in keys
    ]


def _changed_versions(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    told = [
        f"{name} {before.get(name, 'not there')} → {now.get(name, 'not there')}"
        for name in names
        if name != "code"
    ]
    # The code differs with every version; it is news only where the version says that it is the same.
    if "code" in names and "outcomes" not in names:
        told.append("the program's own code, under the same version number")
    return told


def _plain(value: object) -> str:
    return "not set" if value in (None, [], {}, "") else json.dumps(value, ensure_ascii=False)
