"""Pseudonyms: the key that makes them, where it may lie, and the table of random ones.

A pseudonym is a keyed hash of the clinic's own number. Without the key nobody can work it out, not even by
trying every number there is; with another key or for another recipient it comes out different.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from outcomes.errors import FileProblem, IdentityError, InvalidRecords, PlanError
from outcomes.records.schema import TABLES

KEY_BYTES = 32
PSEUDONYM = re.compile(r"P-[0-9A-HJKMNP-TV-Z]{16}")

#: What is hashed: patients and practitioners apart, so that a number they share does not link them.
PATIENT_LABEL = "id"
PRACTITIONER_LABEL = "practitioner"
SITE_LABEL = "site"

_PSEUDONYM_BYTES = (
    10  # 80 bits are exactly 16 signs; two of 100,000 patients meet with a chance of 4 in 10^15
)
_KEY_FORMAT = "outcomes key 1"
_TABLE_FORMAT = "outcomes pseudonyms 1"
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LABEL = re.compile(r"[a-z][a-z-]*")
_KEY_FILE = re.compile(
    rf"{_KEY_FORMAT}\nkey-id: (?P<id>K-[0-9A-HJKMNP-TV-Z]{{8}})\n"
    r"secret: (?P<secret>[0-9a-f]{64})\nchecksum: (?P<checksum>[0-9a-f]{16})\n*"
)
_LONGEST_FILE = 4096
#: What tells a folder of records: tables, and what stands beside them. The reader's own lists are heavier to import.
_OF_TABLES = (
    ".csv", ".tsv", ".parquet", ".xlsx", ".xlsm", ".xls", ".ods", ".sqlite", ".sqlite3", ".db", ".duckdb", ".ddb",
)  # fmt: skip
_OF_RECORDS = ("outcomes.toml", "mapping.toml")
#: RFC 4648's base32 with hex digits, letter for letter, as Crockford wrote it: without I, L, O and U.
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUV", b"ABCDEFGHJKMNPQRSTVWXYZ")


def normalised(raw_id: str) -> str:
    """The form in which two spellings of one number are the same: NFKC, single spaces, no capitals.

    Leading zeros stay: 00123 and 123 may be two people.
    """
    return " ".join(unicodedata.normalize("NFKC", raw_id).split()).casefold()


def check_domain(domain: str) -> str:
    """The name of a recipient. One spelling only, since another spelling makes other pseudonyms."""
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
        raise PlanError(
            "The domain names the recipient in lower-case letters, digits and hyphens, such as leeds-2026."
        )
    return domain


class Key:
    """The secret behind the pseudonyms. It shows its id only, and cannot be copied into a file or a log."""

    __slots__ = ("__secret", "id")

    def __init__(self, key_id: str, secret: bytes):
        self.id = key_id
        self.__secret = secret

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written anywhere but into its own file")

    def subkey(self, label: str, domain: str) -> bytes:
        """The key of one purpose for one recipient."""
        if not _LABEL.fullmatch(label):
            raise PlanError("The label of a subkey is a lower-case word.")
        return _hash(self.__secret, f"outcomes/v1/{label}/{check_domain(domain)}")

    def pseudonymiser(self, domain: str, label: str = PATIENT_LABEL) -> Callable[[str], str]:
        """What turns the clinic's own number into `P-` and 16 signs."""
        subkey = self.subkey(label, domain)

        def pseudonym(raw_id: str) -> str:
            return _as_pseudonym(_hash(subkey, _needed(raw_id))[:_PSEUDONYM_BYTES])

        return pseudonym


def _hash(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _as_pseudonym(data: bytes) -> str:
    return f"P-{_letters(data)}"


def _letters(data: bytes) -> str:
    return base64.b32hexencode(data).translate(_CROCKFORD).decode("ascii")


def _needed(raw_id: str) -> str:
    number = normalised(raw_id)
    if not number:
        raise InvalidRecords(["A patient or practitioner id is empty, and has no pseudonym."])
    return number


def new_key(path: str | Path) -> str:
    """Make a key in a new file that only its owner may read, and give its id. Nothing is written over.

    A folder that is not there is made, private. Raises FileProblem where the file exists or cannot be written,
    IdentityError where a key may not lie: in a git work tree, or in a folder that holds records.
    """
    path = Path(path)
    _refuse_place(path, ())
    _refuse_among_records(path)
    _make_folder(path.parent)
    key_id = f"K-{_letters(secrets.token_bytes(5))}"
    secret = secrets.token_bytes(KEY_BYTES).hex()
    text = f"{_KEY_FORMAT}\nkey-id: {key_id}\nsecret: {secret}\nchecksum: {_checksum(key_id, secret)}\n"
    _write_new(path, text)
    return key_id


def _checksum(key_id: str, secret: str) -> str:
    return hashlib.sha256(f"{_KEY_FORMAT}/{key_id}/{secret}".encode()).hexdigest()[:16]


def _write_new(path: Path, text: str) -> None:
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise FileProblem("The key file is there already. A key is never written over.") from None
    except (OSError, ValueError) as error:
        raise FileProblem(f"The key file cannot be made ({type(error).__name__}).") from None
    try:
        with os.fdopen(number, "w", encoding="ascii", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise FileProblem(f"The key file cannot be written ({type(error).__name__}).") from None


def read_key(path: str | Path, *, away_from: Sequence[Path]) -> Key:
    """Read a key file. `away_from` are the folders, such as input and output, that no key may lie in.

    Raises IdentityError where the key lies in the wrong place or others may read it, FileProblem where it
    is missing or damaged. No message repeats the path: somebody may have typed the key itself there.
    """
    path = Path(path)
    _refuse_place(path, away_from)
    found = _KEY_FILE.fullmatch(_private_text(path, "key").replace("\r\n", "\n"))
    if not found:
        raise FileProblem("The key file is not a key of 'outcomes key new', or is damaged.")
    if not hmac.compare_digest(_checksum(found["id"], found["secret"]), found["checksum"]):
        raise FileProblem("The key file is damaged: its checksum does not fit. Take the sealed copy.")
    return Key(found["id"], bytes.fromhex(found["secret"]))


def _refuse_place(path: Path, away_from: Sequence[Path]) -> None:
    """A key beside the records, or in a folder whose history is kept, is no secret."""
    try:
        if path.is_symlink():
            raise IdentityError(["The key file is a link to another file. Give the file itself."])
        place = path.resolve()
        for folder in away_from:
            if place.is_relative_to(Path(folder).resolve()):
                raise IdentityError(["The key lies with the records or with the output. Keep it elsewhere."])
        if any((folder / ".git").exists() for folder in place.parents):
            raise IdentityError(["The key lies in a git work tree, whose copies go elsewhere. Move it out."])
    except (OSError, ValueError, RuntimeError) as error:
        raise FileProblem(f"The place of the key cannot be looked at ({type(error).__name__}).") from None


def _refuse_among_records(path: Path) -> None:
    """No new key beside records: whoever is given the folder would have both.

    Its own folder may hold no table at all, and the one above none that is surely ours.
    """
    try:
        own = path.resolve().parent
        files = [file.name for file in own.iterdir()] if own.is_dir() else []
        above = [f"{name}{suffix}" for name in TABLES for suffix in _OF_TABLES]
        if (
            any(Path(name).suffix.lower() in _OF_TABLES or name in _OF_RECORDS for name in files)
            or any((own.parent / name).exists() for name in (*above, *_OF_RECORDS))
        ):  # fmt: skip
            raise IdentityError(
                [
                    "There are records, or tables that may be, where the key would lie. No key was made. Give it a "
                    "folder of its own, away from them:  outcomes key new FOLDER/clinic.key"
                ]
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise FileProblem(f"The place of the key cannot be looked at ({type(error).__name__}).") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileProblem(f"The folder of the key cannot be made ({type(error).__name__}).") from None


def _private_text(path: Path, what: str) -> str:
    """The text of a small file that nobody but its owner may read, and that is no link."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        number = os.open(path, flags)
    except FileNotFoundError:
        raise FileProblem(
            f"There is no {what} file at that place. Give a path, never the {what} itself."
        ) from None
    except (OSError, ValueError) as error:
        raise FileProblem(f"The {what} file cannot be opened ({type(error).__name__}).") from None
    try:
        _refuse_state(os.fstat(number), what)
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.read(_LONGEST_FILE if what == "key" else -1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(f"The {what} file cannot be read ({type(error).__name__}).") from None
    finally:
        os.close(number)


def _refuse_state(state: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise FileProblem(f"The {what} file is not a file.")
    # Windows keeps rights elsewhere and shows 0666 for every file.
    if os.name == "posix" and state.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise IdentityError([f"Others may read the {what} file. Make it private:  chmod 600."])


class PseudonymTable:
    """Random pseudonyms, and the table that says whose they are. The clinic keeps the table.

    They are drawn, not worked out: where a rule asks that the code come from nothing about the patient.
    """

    def __init__(self, domain: str, known: Mapping[str, Mapping[str, str]] | None = None):
        self.domain = check_domain(domain)
        self._known = {label: dict(pairs) for label, pairs in (known or {}).items()}

    def __repr__(self) -> str:
        return f"PseudonymTable({sum(map(len, self._known.values()))} pseudonyms)"

    @classmethod
    def read(cls, path: str | Path, domain: str, *, away_from: Sequence[Path]) -> PseudonymTable:
        """The table of an earlier release to the same recipient, or an empty one where there is no file."""
        path = Path(path)
        _refuse_place(path, away_from)
        if not path.exists():
            return cls(domain)
        try:
            content = json.loads(_private_text(path, "table"))
            known = _checked_table(content)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise FileProblem("The table file is not a table of pseudonyms, or is damaged.") from None
        if content["domain"] != check_domain(domain):
            raise PlanError("The table belongs to another domain. Keep one table for each recipient.")
        return cls(domain, known)

    def pseudonymiser(self, label: str = PATIENT_LABEL) -> Callable[[str], str]:
        """What gives each number of the clinic the pseudonym it has, or draws it a new one."""
        known = self._known.setdefault(label, {})
        taken = {pseudonym for pairs in self._known.values() for pseudonym in pairs.values()}

        def pseudonym(raw_id: str) -> str:
            number = _needed(raw_id)
            while number not in known:
                drawn = _as_pseudonym(secrets.token_bytes(_PSEUDONYM_BYTES))
                if drawn not in taken:
                    taken.add(drawn)
                    known[number] = drawn
            return known[number]

        return pseudonym

    def to_text(self) -> str:
        """The table as the clinic's private file: one line for each pseudonym."""
        content = {"format": _TABLE_FORMAT, "domain": self.domain, "pseudonyms": self._known}
        return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _checked_table(content: Any) -> dict[str, dict[str, str]]:
    """The pairs of a table file. Raises ValueError where they cannot be."""
    known: dict[str, dict[str, str]] = content["pseudonyms"]
    drawn = [pseudonym for pairs in known.values() for pseudonym in pairs.values()]
    whole = all(isinstance(item, str) and PSEUDONYM.fullmatch(item) for item in drawn)
    if content["format"] != _TABLE_FORMAT or not whole or len(set(drawn)) < len(drawn):
        raise ValueError
    return known
