"""Where files may be written, and what those are called that are named here."""

from __future__ import annotations

import os
import re
import stat
import sys
import unicodedata
from pathlib import Path

from outcomes.errors import FileProblem
from outcomes.files.writing import missing_folders, shown, told_in_words

_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
_LONGEST_SLUG = 60

#: Folders that a program copies to other machines, by what they are called, lower case, and that program.
_SYNCED = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "icloud": "iCloud",
    "mobile documents": "iCloud",
    "cloudstorage": "a cloud service",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "sharepoint": "SharePoint",
    "box sync": "Box",
    "syncthing": "Syncthing",
}
_NETWORK_DRIVES = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ncpfs",
    "davfs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.davfs2",
}


def slug(text: str, otherwise: str = "unnamed") -> str:
    """A file name of `a-z0-9-` for a text; `otherwise` where nothing of it is left. Two texts may give one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")
    return f"x-{name}" if _DEVICES.fullmatch(name) else name or otherwise


def within(folder: str | Path, name: str) -> Path:
    """The path of `name` in `folder`. Raises FileProblem for a name that could lead anywhere else."""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", name)
    if plain is None or name.endswith(".") or _is_device(name):
        raise FileProblem("A file here has a plain name (letters, digits, '.', '-', '_') without folders.")
    return Path(folder) / name


def safe_output(destination: str | Path, *sources: str | Path) -> Path:
    """`destination` as a path, if a folder or file may be written there without touching what is read.

    Raises FileProblem where it lies in a source or a source in it, is a link, or has a name that leads
    elsewhere or to a device on some system. Links above it are the user's own arrangement.
    """
    text = os.fspath(destination)
    if not text or not text.isprintable() or (os.name == "posix" and "\\" in text):
        raise FileProblem(
            "The output's name holds a character that leads elsewhere on some system. Choose another."
        )
    path = Path(text)
    with told_in_words(path):
        if path.is_symlink():
            raise FileProblem(f"{shown(path)}: is a link. Choose another place, or name the folder itself.")
        for folder in missing_folders(path):
            if _is_device(folder.name) or (folder.name.endswith((".", " ")) and folder.name != ".."):
                raise FileProblem(f"{shown(path)}: has a name that Windows keeps for itself. Choose another.")
        for source in sources:
            _refuse_overlap(path, Path(source))
    return path


def _is_device(name: str) -> bool:
    return _DEVICES.fullmatch(name.split(".")[0].rstrip(" ")) is not None


def _refuse_overlap(path: Path, source: Path) -> None:
    if _holds(source, path):
        raise FileProblem(
            "The output folder lies inside the records. Choose another, so that they stay as they are."
        )
    if _holds(path, source):
        raise FileProblem(
            "The records lie inside the output folder. Choose another, so that they stay as they are."
        )


def _holds(outer: Path, inner: Path) -> bool:
    """Whether `inner` is `outer` or lies in it, by what the disk says: names differ in case and by links."""
    try:
        wanted = outer.stat()
    except FileNotFoundError:
        return False
    place = inner.resolve()
    for step in (place, *place.parents):
        try:
            if os.path.samestat(step.stat(), wanted):
                return True
        except (FileNotFoundError, NotADirectoryError):
            continue
    return False


def shared_folder_warning(path: str | Path) -> str | None:
    """A sentence where what is written there seems to reach other people or machines; else None."""
    there = Path(os.path.abspath(path))
    service = _synced_by(there)
    if service is not None:
        return f"The output lies in a folder that {service} copies to other machines. Check who can see it."
    if _on_network(there):
        return "The output lies on a network drive. Check who else can see it."
    if _open_to_all(there):
        return "The output lies in a folder in which everybody on this machine may write. Choose your own."
    return None


def _synced_by(path: Path) -> str | None:
    for part in path.parts:
        name = part.casefold()
        for start, service in _SYNCED.items():
            if name == start or re.match(rf"{re.escape(start)}(?![a-z])", name):
                return service
    roots = [
        os.environ[name]
        for name in ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")
        if os.environ.get(name)
    ]
    return "OneDrive" if any(path.is_relative_to(root) for root in roots) else None


def _on_network(path: Path) -> bool:
    if str(path).startswith(("\\\\", "//")) or "gvfs" in path.parts:
        return True
    if sys.platform != "linux":
        return False
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    places = [
        (Path(fields[1].replace("\\040", " ")), fields[2])
        for fields in map(str.split, mounts)
        if len(fields) > 2
    ]
    holding = [
        (len(place.parts), number, kind)
        for number, (place, kind) in enumerate(places)
        if path.is_relative_to(place)
    ]
    return bool(holding) and max(holding)[2] in _NETWORK_DRIVES


def _open_to_all(path: Path) -> bool:
    """Whether others may swap what is there: write permission for all without the rule that keeps owners' files."""
    if os.name != "posix":
        return False
    nearest = next((place for place in (path, *path.parents) if place.is_dir()), None)
    mode = nearest.stat().st_mode if nearest is not None else 0
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
