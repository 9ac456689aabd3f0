"""How files are written, built and watched: private, whole or not at all, never over what is not ours.

Every file that the project writes goes through here. What goes wrong is a `FileProblem` in words; an older
file or folder is then as it was.
"""

from __future__ import annotations

from outcomes.files.building import built_folder
from outcomes.files.locking import run_lock
from outcomes.files.places import safe_output, shared_folder_warning, slug, within
from outcomes.files.runs import remove, scratch, scratch_folder
from outcomes.files.watching import Watched, opened_for_reading, unchanged
from outcomes.files.writing import private_file, private_folder, room_for, without_formula, write_private

__all__ = [
    "Watched",
    "built_folder",
    "opened_for_reading",
    "private_file",
    "private_folder",
    "remove",
    "room_for",
    "run_lock",
    "safe_output",
    "scratch",
    "scratch_folder",
    "shared_folder_warning",
    "slug",
    "unchanged",
    "within",
    "without_formula",
    "write_private",
]
