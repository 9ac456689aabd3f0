"""`outcomes start DIR`: everything a clinic without a programmer needs, written in one go.

The key for pseudonyms and the paper list of codes never lie in the folder of the records: by default they go
to a folder beside it whose name ends in `-key`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from outcomes.errors import FileProblem, PlanError
from outcomes.files import built_folder, private_folder, safe_output, write_private
from outcomes.first_day import pages, runners, settings, texts, workbooks
from outcomes.plan import PLAN_FILE
from outcomes.records.mapping import MAPPING_FILE
from outcomes.records.pseudonyms import new_key

DIARY_DAYS: Final = (28, 14)
LANGUAGES: Final = ("en",)
KEY_NAME: Final = "pseudonym.key"
CODE_LIST: Final = "patient-code-list.pdf"
PRINTED: Final = "to-print"
MACOS_RUNNER: Final = "check-and-report.command"
WINDOWS_RUNNER: Final = "check-and-report.bat"


def write_kit(
    folder: str | Path,
    *,
    clinic_days: int = 28,
    language: str = "en",
    key_file: Path | None = None,
    make_key: Callable[[Path], object] = new_key,
) -> list[Path]:
    """Write the kit into `folder`, whole or not at all, and give its files with the key and the code list.

    `clinic_days`: length of the baseline, 28 or 14. A key that is there already stays as it is. Two kits are
    the same byte for byte, but for the key. Raises PlanError, FileProblem where the folder is there and not
    empty, IdentityError where a key may not lie.
    """
    if clinic_days not in DIARY_DAYS:
        raise PlanError("The diary has 28 days, or 14 where the baseline is to have 14.")
    if language not in LANGUAGES:
        raise PlanError(f"The kit is there in: {', '.join(LANGUAGES)}.")
    destination = safe_output(folder)
    key = _place_of_key(destination, key_file)
    contents = kit_contents(clinic_days, language)
    code_list = pages.code_list()
    with built_folder(destination) as partial:
        for name, data in contents.items():
            path = partial.joinpath(*name.split("/"))
            private_folder(path.parent)
            write_private(path, data)
        # Last, so that a kit that cannot be written leaves no key behind it.
        beside = _write_key(key, code_list, make_key)
    # Whoever may not run it can still open everything: the kit is whole without this.
    with contextlib.suppress(OSError):
        (destination / MACOS_RUNNER).chmod(0o700)
    return [*(destination.joinpath(*name.split("/")) for name in contents), *beside]


def kit_contents(clinic_days: int = 28, language: str = "en") -> dict[str, bytes]:
    """Name and content of every file of the folder."""
    guide = pages.long_text("guide", language)
    consent = pages.long_text("information-and-consent", language)
    files = {
        "start-here.pdf": pages.document(guide),
        "clinic.xlsx": workbooks.clinic_workbook(),
        "diary.xlsx": workbooks.diary_workbook(),
        PLAN_FILE: settings.plan_file(clinic_days).encode("utf-8"),
        MAPPING_FILE: settings.mapping_file().encode("utf-8"),
        WINDOWS_RUNNER: runners.windows_runner(),
        MACOS_RUNNER: runners.macos_runner(),
    }
    # The follow-up has 28 days whatever the baseline has, so its diary is always there.
    for days in sorted({clinic_days, 28}):
        files[f"{PRINTED}/diary-{days}-days.pdf"] = pages.diary_page(days)
    files[f"{PRINTED}/recall-card.pdf"] = pages.recall_card()
    files[f"{PRINTED}/information-and-consent.pdf"] = pages.document(consent, mark=texts.CONSENT_MARK)
    files[f"{PRINTED}/information-and-consent.md"] = consent.encode("utf-8")
    return files


def _place_of_key(folder: Path, key_file: Path | None) -> Path:
    """Where the key goes: the place given, else a folder beside the kit's. Never within the kit's folder."""
    try:
        whole = folder.resolve()
        key = key_file or whole.with_name(f"{whole.name}-key") / KEY_NAME
        inside = Path(key).resolve().is_relative_to(whole)
    except (OSError, ValueError, RuntimeError) as error:
        raise FileProblem(f"The place of the key cannot be looked at ({type(error).__name__}).") from None
    if inside:
        raise PlanError("The key would lie in the folder of the records. Name another place with --key-file.")
    return Path(key)


def _write_key(key: Path, code_list: bytes, make_key: Callable[[Path], object]) -> list[Path]:
    """The key and the paper list, where they are not there yet: a key is never written over."""
    is_new_place = not os.path.lexists(key.parent)
    private_folder(key.parent)
    written = []
    try:
        if not os.path.isfile(key):
            make_key(key)
            written.append(key)
        listed = key.with_name(CODE_LIST)
        if not os.path.lexists(listed):
            write_private(listed, code_list)
            written.append(listed)
    except BaseException:
        if is_new_place:
            with contextlib.suppress(OSError):
                key.parent.rmdir()
        raise
    return written
