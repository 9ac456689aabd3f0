"""Pseudonyms and keys: what the scheme promises, and every place and state in which a key is refused."""

from __future__ import annotations

import json
import os
import pickle
import stat
import string
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outcomes.errors import FileProblem, IdentityError, InvalidRecords, OutcomesError, PlanError
from outcomes.records.pseudonyms import PSEUDONYM, Key, PseudonymTable, new_key, normalised, read_key

SECRET = bytes(range(32))
KEY = Key("K-TEST0000", SECRET)
IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda text: bool(normalised(text))
)
POSIX = pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")


@pytest.mark.parametrize(
    ("domain", "label", "raw_id", "pseudonym"),
    [
        # Worked out on the shell, without any of our code. K is the key in hex (00 01 … 1f):
        #   sub=$(printf 'outcomes/v1/id/leeds-2026' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$K)
        #   printf '00123' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$sub | cut -c1-20 |
        #     xxd -r -p | basenc --base32hex | tr 'A-V' 'ABCDEFGHJKMNPQRSTVWXYZ'
        ("leeds-2026", "id", "00123", "P-M4W2DF563K76Z4M1"),
        ("leeds-2026", "id", "  Anna \u00a0 O'NEIL ", "P-AA41M6FF5YNAZ3A9"),  # as "anna o'neil"
        ("leeds-2026", "practitioner", "00123", "P-FP5BVAEB0E4JDJ61"),
        ("york", "id", "00123", "P-KKWJT1KQ54G8AJWY"),
    ],
)
def test_pseudonyms_are_those_of_openssl(domain: str, label: str, raw_id: str, pseudonym: str) -> None:
    assert KEY.pseudonymiser(domain, label)(raw_id) == pseudonym


@given(IDS)
def test_every_id_has_one_pseudonym_in_the_form_that_the_gate_accepts(raw_id: str) -> None:
    name = KEY.pseudonymiser("leeds")
    assert PSEUDONYM.fullmatch(name(raw_id))
    assert name(raw_id) == KEY.pseudonymiser("leeds")(raw_id)
    assert name(f" {raw_id}\t") == name(raw_id)


@given(st.text(string.ascii_letters + string.digits, min_size=1))
def test_case_and_width_of_letters_do_not_matter(raw_id: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in raw_id)
    name = KEY.pseudonymiser("leeds")
    assert name(raw_id.upper()) == name(raw_id.lower()) == name(wide)


@given(st.integers(0, 10**9), st.integers(1, 5))
def test_leading_zeros_stay(number: int, zeros: int) -> None:
    name = KEY.pseudonymiser("leeds")
    assert name(str(number)) != name("0" * zeros + str(number))


@given(IDS, IDS)
def test_two_ids_never_share_a_pseudonym(one: str, other: str) -> None:
    assume(normalised(one) != normalised(other))
    name = KEY.pseudonymiser("leeds")
    assert name(one) != name(other)


@given(IDS, st.binary(min_size=32, max_size=32))
def test_other_recipients_labels_and_keys_give_other_pseudonyms(raw_id: str, secret: bytes) -> None:
    assume(secret != SECRET)
    others = (
        KEY.pseudonymiser("york"),
        KEY.pseudonymiser("leeds", "practitioner"),
        Key("K-OTHER000", secret).pseudonymiser("leeds"),
    )
    assert KEY.pseudonymiser("leeds")(raw_id) not in {name(raw_id) for name in others}


@pytest.mark.parametrize("raw_id", ["", "  ", "\t\u00a0"])
def test_an_empty_id_has_no_pseudonym(raw_id: str) -> None:
    with pytest.raises(InvalidRecords):
        KEY.pseudonymiser("leeds")(raw_id)


@pytest.mark.parametrize("domain", ["", "Leeds", "leeds/york", " leeds", "-leeds", "x" * 64, None, 7])
def test_a_domain_has_one_spelling(domain: object) -> None:
    with pytest.raises(PlanError):
        KEY.pseudonymiser(domain)  # type: ignore[arg-type]


def test_a_key_never_shows_its_secret() -> None:
    shown = f"{KEY!r} {KEY} {KEY.__class__.__slots__}"
    assert SECRET.hex() not in shown and repr(SECRET) not in shown and "K-TEST0000" in shown
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(TypeError):
        vars(KEY)
    with pytest.raises(TypeError):
        json.dumps(KEY)


@POSIX
def test_a_new_key_is_its_owners_alone_and_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "clinic.key"
    previous = os.umask(0)
    try:
        key_id = new_key(path)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_bytes()
    key = read_key(path, away_from=[tmp_path / "raw"])
    assert key.id == key_id and key_id.encode() in written
    assert key.subkey("id", "leeds").hex() not in written.decode()
    with pytest.raises(FileProblem, match="never written over"):
        new_key(path)
    assert path.read_bytes() == written
    assert new_key(tmp_path / "second.key") != key_id


def _refused(path: Path, error: type[OutcomesError], *words: str, away_from: tuple[Path, ...] = ()) -> None:
    with pytest.raises(error) as caught:
        read_key(path, away_from=away_from)
    for word in words:
        assert word in str(caught.value)
    assert str(path) not in str(caught.value), "a path may be a key that somebody typed"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_beside_the_records_or_the_output_is_refused(tmp_path: Path) -> None:
    for folder in ("raw", "out"):
        (tmp_path / folder / "deep").mkdir(parents=True)
        new_key(tmp_path / folder / "deep" / "k")
        _refused(
            tmp_path / folder / "deep" / "k",
            IdentityError,
            "records",
            away_from=(tmp_path / "raw", tmp_path / "out"),
        )
    (tmp_path / "way").symlink_to(tmp_path / "raw")
    _refused(tmp_path / "way" / "deep" / "k", IdentityError, "records", away_from=(tmp_path / "raw",))


def test_a_key_in_a_git_work_tree_is_refused_and_never_made_there(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    (tmp_path / ".git").mkdir()
    _refused(tmp_path / "k", IdentityError, "git")
    with pytest.raises(IdentityError, match="git"):
        new_key(tmp_path / "another")
    assert not (tmp_path / "another").exists()


@pytest.mark.parametrize("name", ["Clients.csv", "list.XLSX", "clinic.db", "outcomes.toml", "mapping.toml"])
def test_no_key_is_made_among_records(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / name).write_text("")
    with pytest.raises(IdentityError, match="No key was made") as refused:
        new_key(folder / "clinic.key")
    assert name not in str(refused.value)
    assert [path.name for path in folder.iterdir()] == [name]


def test_no_key_is_made_in_a_folder_within_the_records(tmp_path: Path) -> None:
    (tmp_path / "diary.csv").write_text("")
    with pytest.raises(IdentityError, match="No key was made"):
        new_key(tmp_path / "keys" / "clinic.key")
    assert not (tmp_path / "keys").exists()


@POSIX
def test_the_folder_of_a_new_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("")
    new_key(tmp_path / "keys" / "clinic.key")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    with pytest.raises(FileProblem, match="folder of the key"):
        new_key(tmp_path / "no" / "such" / "clinic.key")


def test_a_key_behind_a_link_is_refused(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    (tmp_path / "link").symlink_to(tmp_path / "k")
    _refused(tmp_path / "link", IdentityError, "link")


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    new_key(tmp_path / "k")
    (tmp_path / "k").chmod(mode)
    _refused(tmp_path / "k", IdentityError, "chmod 600")


@pytest.mark.parametrize("place", ["secret: ", "key-id: K-", "checksum: "])
def test_one_changed_sign_of_a_key_file_is_found(tmp_path: Path, place: str) -> None:
    path = tmp_path / "k"
    new_key(path)
    text = path.read_text()
    at = text.index(place) + len(place)
    path.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    _refused(path, FileProblem, "damaged")
    assert text[at : at + 20] not in str(path.name)


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe", b"outcomes key 1\n", os.urandom(5000)])
def test_what_is_no_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    _refused(path, FileProblem, "key file")


def test_a_key_typed_in_place_of_its_file_is_not_repeated(tmp_path: Path) -> None:
    typed = "ab" * 32
    for given_path in (typed, "x\0y", "ü" * 5000, str(tmp_path)):
        with pytest.raises(OutcomesError) as caught:
            read_key(given_path, away_from=[])
        shown = "".join(traceback.format_exception(caught.value))
        assert typed not in str(caught.value) and "FileNotFoundError" not in shown


def test_a_table_draws_its_pseudonyms_and_keeps_them(tmp_path: Path) -> None:
    first = PseudonymTable("leeds")
    names = [first.pseudonymiser()(str(number)) for number in range(500)]
    assert len(set(names)) == 500 and all(PSEUDONYM.fullmatch(name) for name in names)
    assert names != [PseudonymTable("leeds").pseudonymiser()(str(number)) for number in range(500)]
    path = tmp_path / "table.json"
    path.write_text(first.to_text())
    path.chmod(0o600)
    again = PseudonymTable.read(path, "leeds", away_from=[])
    assert [again.pseudonymiser()(f" {number} ") for number in range(500)] == names
    assert again.pseudonymiser("practitioner")("1") not in names
    with pytest.raises(PlanError):
        PseudonymTable.read(path, "york", away_from=[])
    with pytest.raises(IdentityError):
        PseudonymTable.read(path, "leeds", away_from=[tmp_path])


@POSIX
@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "x", "domain": "leeds", "pseudonyms": {}}', "[" * 10**5]
)
def test_a_damaged_table_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "table.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(FileProblem, match="table"):
        PseudonymTable.read(path, "leeds", away_from=[])
    path.chmod(0o644)
    with pytest.raises(IdentityError, match="chmod"):
        PseudonymTable.read(path, "leeds", away_from=[])


def test_the_pseudonyms_import_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'duckdb'} & set(sys.modules)"
    code = f"import sys, outcomes.records.pseudonyms; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
