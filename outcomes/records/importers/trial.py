"""The trial of an importer: what any of ours, and anybody's, must hold on its own good and broken files.

Call `hold_to_contract` from a test. It reads the good files, copies of them in another order and copies that
were cut, emptied, scrambled or exchanged, and raises `ContractBroken` with every clause that does not hold.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import html
import io
import json
import random
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.errors import OutcomesError
from outcomes.records.importers.contract import Imported, Importer, ImportSettings
from outcomes.records.importers.forms import broken_forms

if TYPE_CHECKING:
    import pandas as pd

_TEXT = (".csv", ".tsv")
#: Files of other kinds, by what they are.
_FOREIGN = {
    "an empty file": b"",
    "a line break": b"\n",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64),
    "an archive's head": b"PK\x03\x04\x14\x00\x00\x00" + bytes(40),
    "JSON": b'{"a": [1, 2, {"b": null}]}',
    "deep JSON": b"[" * 100_000,
    "HTML": b"<html><body><table><tr><td>x</td></tr></table></body></html>",
    "XML": b'<?xml version="1.0"?><a><b c="d"/></a>',
    "another table": b"a,b,c\n1,2,3\n",
    "UTF-16 without a mark": "a,b\n1,2\n".encode("utf-16-le"),
}


class ContractBroken(AssertionError):
    """An importer does not keep the contract; `clauses` says where."""

    def __init__(self, clauses: Sequence[str]):
        self.clauses = tuple(clauses)
        super().__init__("\n".join(self.clauses))


def hold_to_contract(
    importer: Importer,
    good_files: Sequence[Path],
    settings: ImportSettings,
    *,
    broken_files: Sequence[Path] = (),
    private: Sequence[str] = (),
    order_matters: bool = False,
) -> Imported:
    """Hold an importer to the contract on files of its format, and give what it read. Raises ContractBroken.

    `good_files` hold at least one record each; `broken_files` must each be refused with an OutcomesError.
    `private` are texts of the good files (names, notes, places) that must come out nowhere; phrases that can
    be found in the files without help are looked for as well. `order_matters` leaves out the shuffling of
    rows, for formats where a row belongs to the one before it.
    """
    files = [Path(file) for file in good_files]
    broken = _described(importer)
    before = _state(files)
    given: list[str] = []
    watched = _watching(settings, given)
    try:
        imported = importer.read(files, watched)
    except Exception as error:
        raise ContractBroken([*broken, f"the good files are not read ({type(error).__name__})."]) from error
    broken += _result(importer, imported, files, settings, given)
    secrets = {*private, *_phrases(files)}
    broken += _leaks(imported, secrets, given)
    try:
        again = importer.read(files, settings)
        if not _same(imported, again):
            broken.append("two readings of the same files differ.")
        if not order_matters:
            broken += _shuffled(importer, files, settings, imported)
    except OutcomesError as error:
        broken.append(
            f"the good files, read again or in another order, are refused ({type(error).__name__})."
        )
    broken += _bad_input(importer, files, settings, secrets)
    for path in map(Path, broken_files):
        broken += _refused(importer, [path], settings, secrets, "a broken file", must=True)
    if _state(files) != before:
        broken.append("the files that were read, or their folder, are not as they were.")
    if broken:
        raise ContractBroken(broken)
    return imported


def _described(importer: Importer) -> list[str]:
    if not isinstance(importer, Importer):
        return ["the importer lacks name, title, confidence, one_patient or read."]
    broken = []
    if not re.fullmatch(r"[a-z][a-z0-9_]*", importer.name):
        broken.append("the name is not of lower-case letters, digits and underscores.")
    if not importer.title.strip():
        broken.append("there is no title.")
    if importer.confidence not in ("A", "B", "C"):
        broken.append("the confidence is not A, B or C.")
    if not isinstance(importer.one_patient, bool):
        broken.append("one_patient is neither True nor False.")
    return broken


def _watching(settings: ImportSettings, given: list[str]) -> ImportSettings:
    """The settings with a pseudonymiser that notes the system's own numbers, which are secrets."""
    make = settings.pseudonym
    if make is None:
        return settings

    def pseudonym(raw: str) -> str:
        given.append(raw)
        return make(raw)

    return dataclasses.replace(settings, pseudonym=pseudonym)


def _result(
    importer: Importer,
    imported: Imported,
    files: Sequence[Path],
    settings: ImportSettings,
    given: Sequence[str],
) -> list[str]:
    broken = broken_forms(imported.tables)
    refused = sum(item.count for item in imported.not_read)
    if imported.rows_used + imported.out_of_scope + refused != imported.rows_in:
        broken.append("the rows do not add up.")
    if imported.rows_used <= 0:
        broken.append("no row of the good files was used.")
    if not any(len(frame) for frame in imported.tables.values()):
        broken.append("the good files gave no record.")
    if any(item.count != len(set(item.rows)) or min(item.rows, default=1) < 1 for item in imported.not_read):
        broken.append("rows not read have positions from 1, each once.")
    names = tuple(path.name for path in files)
    told = [item.file for item in imported.not_read] + [item.file for item in imported.dropped]
    if not all(name.startswith(names) for name in told):
        broken.append("what was not read or left out begins with the name of its file.")
    if not all(why.strip() for why in _reasons(imported)):
        broken.append("what was not read or left out says why.")
    if broken:
        return broken
    patients = {cell for frame in imported.tables.values() for cell in frame["patient_id"]}
    if importer.one_patient and patients != {settings.patient}:
        broken.append("an export of one person's app gives records of the declared patient only.")
    if not importer.one_patient:
        make = settings.pseudonym
        if make is None or not patients <= {make(raw) for raw in given}:
            broken.append("patients are not the pseudonyms of the system's own numbers.")
    return broken


def _leaks(imported: Imported, secrets: set[str], given: Sequence[str]) -> list[str]:
    cells = {
        str(cell).casefold()
        for frame in imported.tables.values()
        for name in frame
        for cell in frame[name]
        if cell
    }
    told = "\n".join([*imported.warnings, *_reasons(imported)]).casefold()
    lowered = {secret.casefold() for secret in secrets if secret.strip()}
    broken = []
    if cells & {raw.casefold() for raw in given}:
        broken.append("a number of the system stands in the tables.")
    if any(secret in cell for cell in cells for secret in lowered if len(secret) > 2):
        broken.append("a text of the files stands in the tables.")
    if any(secret in told for secret in lowered):
        broken.append("a text of the files stands in a warning or a reason.")
    return broken


def _reasons(imported: Imported) -> list[str]:
    return [item.why for item in imported.not_read] + [item.why for item in imported.dropped]


def _phrases(files: Sequence[Path]) -> set[str]:
    """Texts of the files that only a person writes: of several words, or of letters and digits mixed."""
    found: set[str] = set()
    for path in files:
        found |= {text.strip() for text in _texts(path) if _personal(text.strip())}
    return found


def _personal(text: str) -> bool:
    if not re.search(r"[^\W\d_]{2}", text) or text.startswith(("HK", "http")) or len(text) < 8:
        return False
    return bool(re.search(r"\w\s+\w", text)) or bool(re.search(r"\d", text))


def _texts(path: Path) -> Iterator[str]:
    data = path.read_bytes()
    suffix = path.suffix.lower()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
    if suffix in _TEXT:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
        yield from (cell for row in rows[1:] for cell in row)
    elif suffix == ".json":
        yield from _json_texts(json.loads(text))
    elif suffix == ".xml":
        yield from (html.unescape(value) for value in re.findall(r'="([^"]*)"', text))
    elif suffix in (".html", ".htm"):
        # Style sheets are not the patient's, and headings are the app's.
        yield from (html.unescape(value) for value in re.findall(r">([^<>]{8,})</(?:pre|div|p)>", text))


def _json_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _json_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _json_texts(inner)


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _same(one: Imported, other: Imported, *, any_order: bool = False) -> bool:
    def content(frame: pd.DataFrame) -> list[tuple[str, ...]]:
        rows = [tuple(str(cell) for cell in row) for row in frame.itertuples(index=False)]
        return sorted(rows) if any_order else rows

    if set(one.tables) != set(other.tables):
        return False
    for name, frame in one.tables.items():
        if list(frame.columns) != list(other.tables[name].columns) or content(frame) != content(
            other.tables[name]
        ):
            return False
    counts = (one.rows_in, one.rows_used, one.out_of_scope)
    if counts != (other.rows_in, other.rows_used, other.out_of_scope):
        return False
    return any_order or (one.not_read, one.dropped, one.warnings) == (
        other.not_read,
        other.dropped,
        other.warnings,
    )


def _shuffled(
    importer: Importer, files: Sequence[Path], settings: ImportSettings, imported: Imported
) -> list[str]:
    """Rows in another order give the same records."""
    broken = []
    with tempfile.TemporaryDirectory() as name:
        for seed in (1, 2):
            folder = Path(name) / str(seed)
            folder.mkdir()
            copies = [_shuffled_copy(path, folder, random.Random(seed)) for path in files]  # noqa: S311
            if not _same(imported, importer.read(copies, settings), any_order=True):
                broken.append("the same rows in another order give other records.")
                break
        if len(files) > 1 and not _same(imported, importer.read(files[::-1], settings), any_order=True):
            broken.append("the same files in another order give other records.")
    return broken


def _shuffled_copy(path: Path, folder: Path, chance: random.Random) -> Path:
    copy = folder / path.name
    if path.suffix.lower() not in _TEXT:
        shutil.copyfile(path, copy)
        return copy
    text = path.read_bytes().decode("utf-8-sig")
    delimiter = _delimiter(text)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    rest = rows[1:]
    chance.shuffle(rest)
    with copy.open("w", encoding="utf-8", newline="") as file:
        ends = "\r\n" if "\r\n" in text else "\n"
        csv.writer(file, delimiter=delimiter, lineterminator=ends).writerows([*rows[:1], *rest])
    return copy


def _bad_input(
    importer: Importer, files: Sequence[Path], settings: ImportSettings, secrets: set[str]
) -> list[str]:
    """Bytes of every kind under a good file's name give records that keep the forms, or an OutcomesError."""
    broken = []
    with tempfile.TemporaryDirectory() as name:
        for path in files:
            for what, data in _bad_bytes(path.read_bytes()):
                bad = Path(name) / path.name
                bad.write_bytes(data)
                broken += _refused(importer, [bad], settings, secrets, what)
        missing = Path(name) / f"absent{files[0].suffix}"
        broken += _refused(importer, [missing], settings, secrets, "a file that is not there", must=True)
        broken += _refused(importer, [Path(name)], settings, secrets, "a folder", must=True)
    return broken


def _bad_bytes(good: bytes) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(7)  # noqa: S311
    yield from _FOREIGN.items()
    for share in (0.1, 0.5, 0.9, 0.99):
        yield "a file that was cut off", good[: int(len(good) * share)]
    yield "random bytes", chance.randbytes(4096)
    yield "a header alone", good.partition(b"\n")[0] + b"\n"
    yield "a file twice over", good + good
    yield "NUL bytes", good.replace(b",", b"\0", 3) + b"\0"
    for _ in range(20):
        mutated = bytearray(good)
        for _ in range(chance.randint(1, 12)):
            if mutated:
                mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        yield "a damaged file", bytes(mutated)


def _refused(
    importer: Importer,
    files: Sequence[Path],
    settings: ImportSettings,
    secrets: set[str],
    what: str,
    *,
    must: bool = False,
) -> list[str]:
    try:
        imported = importer.read(files, settings)
    except OutcomesError as error:
        told = str(error).casefold()
        leaked = any(secret.casefold() in told for secret in secrets if secret.strip())
        return [f"{what}: the message repeats a text of the file."] if leaked else []
    except Exception as error:
        return [f"{what}: raises {type(error).__name__}, which is no OutcomesError."]
    if must:
        return [f"{what}: is read as if it were good."]
    return [f"{what}: is read, and {clause}" for clause in broken_forms(imported.tables)]


def _state(files: Sequence[Path]) -> dict[str, tuple[str, int]]:
    """Every file that was read, and everything beside it."""
    state = {}
    for path in files:
        state[str(path)] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        state |= {str(other): ("", 0) for other in path.parent.iterdir() if str(other) not in state}
    return state
