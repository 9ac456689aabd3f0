"""Hostile archives: each attack is made here in full, and stops in words, in time and in little memory."""

from __future__ import annotations

import random
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outcomes.engine import Engine
from outcomes.errors import FileProblem, InvalidRecords
from outcomes.records.archives import MAX_MEMBERS, plain_copy, tree
from outcomes.records.workbooks import open_workbook

XLSX_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK = (
    f'<workbook xmlns="{XLSX_NS}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="diary" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    f'<Relationships xmlns="{RELATIONS_NS}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>'
)
FIRST_RELATIONS = (
    f'<Relationships xmlns="{RELATIONS_NS}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>'
)
SHEET = (
    f'<worksheet xmlns="{XLSX_NS}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>patient_id</t></is></c>'
    '</row><row r="2"><c r="A2" t="inlineStr"><is><t>P1</t></is></c></row></sheetData></worksheet>'
)


def workbook(path: Path, sheet: str | bytes = SHEET, **further: str | bytes) -> Path:
    """A small workbook made part by part, with parts of an attacker's choice."""
    parts: dict[str, str | bytes] = {
        "_rels/.rels": FIRST_RELATIONS,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet,
        **further,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "clinic.xlsx")


@pytest.fixture(autouse=True)
def _within_bounds() -> Iterator[None]:
    """No attack takes a gigabyte."""
    try:
        import resource
    except ImportError:
        # This system does not tell how much memory was taken; the attacks must fail all the same.
        yield
        return

    def most() -> int:
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    before = most()
    yield
    # What earlier tests of the same process took is not the attack's.
    assert most() < max(2**20, before + 2**19), "kilobytes"


def refused(path: Path) -> str:
    """The sentence with which a workbook is refused, within ten seconds of work."""
    begun = time.process_time()
    opened = open_workbook(path, Engine(), None)
    assert time.process_time() - begun < 10
    assert opened.tables == []
    (problem,) = opened.problems
    assert problem.startswith(path.name)
    return problem


def test_a_sound_workbook_is_let_through(book: Path) -> None:
    opened = open_workbook(book, Engine(), None)
    assert opened.problems == [] and [table.name for table in opened.tables] == ["diary"]


def padded(size: int) -> bytes:
    """The sheet with blanks between its rows."""
    return SHEET.encode().replace(b"</sheetData>", b" " * size + b"</sheetData>")


def test_a_bomb_that_inflates_beyond_the_limit(tmp_path: Path) -> None:
    path = workbook(tmp_path / "bomb.xlsx", padded(201_000_000))
    assert path.stat().st_size < 10**6
    assert "inflates to more than 200 MB" in refused(path)


def test_a_bomb_that_is_small_but_denser_than_any_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "bomb.xlsx", padded(20_000_000))
    assert "over 100 times its size" in refused(path)


def test_many_parts_that_are_a_bomb_together(tmp_path: Path) -> None:
    """Each is smaller than the limit and no denser than a sheet; together they are not."""
    dense = b"".join(zlib.crc32(struct.pack("<I", n)).to_bytes(4, "little") * 100 for n in range(60_000))
    path = workbook(tmp_path / "bomb.xlsx", **{f"xl/media/{n}.bin": dense for n in range(9)})
    with zipfile.ZipFile(path) as archive:
        assert max(info.file_size / info.compress_size for info in archive.infolist()) < 100
    assert "inflates to more than 200 MB" in refused(path)


def test_a_workbook_that_leads_the_reader_elsewhere(tmp_path: Path) -> None:
    """What was looked at must be what is read: the library follows the first relation to another folder."""
    hidden = WORKBOOK.replace('name="diary"', 'name="diary" state="hidden"')
    first = FIRST_RELATIONS.replace("xl/workbook.xml", "other/workbook.xml")
    further = {"other/workbook.xml": hidden, "other/_rels/workbook.xml.rels": RELATIONS}
    path = workbook(tmp_path / "clinic.xlsx", **{"_rels/.rels": first}, **further)
    assert "not a workbook" in refused(path)


def _patched(path: Path, change: Callable[[bytearray, int], None]) -> Path:
    """The archive with the directory entry of its sheet changed."""
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    while not content[entry + 46 :].startswith(b"xl/worksheets"):
        entry = content.index(b"PK\x01\x02", entry + 1)
    change(content, entry)
    path.write_bytes(content)
    return path


def test_a_directory_that_lies_about_the_size_of_a_bomb(tmp_path: Path) -> None:
    """The directory says 100 bytes with the right checksum for them, and 201 million come out.

    A reader that trusts it, as Python's own does, sees a small sheet; one that does not fills the memory.
    """
    sheet = padded(201_000_000)

    def lie(content: bytearray, entry: int) -> None:
        content[entry + 24 : entry + 28] = struct.pack("<I", 100)
        content[entry + 16 : entry + 20] = struct.pack("<I", zlib.crc32(sheet[:100]))

    path = _patched(workbook(tmp_path / "bomb.xlsx", sheet), lie)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.read("xl/worksheets/sheet1.xml")) == 100
    assert "inflates to more than 200 MB" in refused(path)


def test_a_directory_that_lies_about_a_small_sheet(book: Path) -> None:
    def lie(content: bytearray, entry: int) -> None:
        content[entry + 24 : entry + 28] = struct.pack("<I", 100)
        content[entry + 16 : entry + 20] = struct.pack("<I", zlib.crc32(SHEET.encode()[:100]))

    assert "not whole" in refused(_patched(book, lie))


def test_a_directory_in_which_every_part_is_the_same_bomb(tmp_path: Path) -> None:
    """Overlapping parts: one stretch of compressed bytes, named nine hundred times."""
    path = tmp_path / "bomb.xlsx"
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"".join(zlib.crc32(struct.pack("<I", n)).to_bytes(4, "little") * 64 for n in range(8000))
    packed = body.compress(content) + body.flush()
    head = struct.pack(
        "<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, zlib.crc32(content), len(packed), len(content), 1, 0
    )
    directory = b""
    for n in range(900):
        name = f"xl/media/{n}.bin".encode()
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, zlib.crc32(content), len(packed), len(content),
            len(name), 0, 0, 0, 0, 0, 0,
        ) + name  # fmt: skip
    start = len(head) + 1 + len(packed)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 900, 900, len(directory), start, 0)
    path.write_bytes(head + b"x" + packed + directory + end)
    assert "200 MB" in refused(path) or "not whole" in refused(path)


def test_more_parts_than_a_workbook_has(tmp_path: Path) -> None:
    path = workbook(tmp_path / "many.xlsx", **{f"xl/media/{n}": b"" for n in range(MAX_MEMBERS)})
    assert "over 1,000 parts" in refused(path)


@pytest.mark.parametrize(
    "name", ["../outside.xml", "/etc/cron.d/x", "xl/../../x", "xl\\..\\x", "C:/x", "xl/a\nb", "xl/.."]
)
def test_parts_whose_names_lead_out(tmp_path: Path, name: str) -> None:
    assert "outside of itself" in refused(workbook(tmp_path / "clinic.xlsx", **{name: "x"}))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["clinic.xlsx"]


def test_a_name_that_is_cut_short_by_a_nul(book: Path) -> None:
    content = book.read_bytes().replace(b"xl/workbook.xml", b"xl/work\0ook.xml")
    book.write_bytes(content)
    assert "outside of itself" in refused(book)


def test_two_parts_of_one_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "clinic.xlsx", **{"xl/WORKSHEETS/sheet1.xml": SHEET.replace("P1", "Ann")})
    assert "two parts of one name" in refused(path)


@pytest.mark.parametrize("name", ["xl/embeddings/Book1.xlsx", "xl/embeddings/object.bin"])
def test_an_archive_within_the_archive(tmp_path: Path, book: Path, name: str) -> None:
    path = workbook(tmp_path / "outer.xlsx", **{name: book.read_bytes()})
    assert "another archive or document inside" in refused(path)


def test_an_encrypted_archive(book: Path) -> None:
    def encrypt(content: bytearray, entry: int) -> None:
        content[entry + 8] |= 1

    assert "protected by a password" in refused(_patched(book, encrypt))


def test_a_compression_that_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "clinic.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", WORKBOOK)
    assert "compressed in a way" in refused(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_broken_off_archive(book: Path, share: float) -> None:
    content = book.read_bytes()
    book.write_bytes(content[: int(len(content) * share)])
    assert "not whole" in refused(book)


def test_two_archives_in_one_file(tmp_path: Path, book: Path) -> None:
    """Which of two directories counts is for each reader to choose; so none is read."""
    other = workbook(tmp_path / "other.xlsx", SHEET.replace("P1", "Ann"))
    book.write_bytes(book.read_bytes() + other.read_bytes())
    assert "not whole" in refused(book)


def test_every_damaged_byte_is_told_or_harmless(book: Path) -> None:
    content = book.read_bytes()
    for place in range(0, len(content), 7):
        book.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        opened = open_workbook(book, Engine.__new__(Engine), {"no such sheet"})
        assert opened.tables == [] and opened.problems


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "declaration", [BILLION_LAUGHS, OUTSIDE], ids=["billion laughs", "a file of the system"]
)
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_entities_in_the_xml(tmp_path: Path, declaration: str, part: str) -> None:
    content = {"xl/workbook.xml": WORKBOOK, "xl/worksheets/sheet1.xml": SHEET}.get(part, "<sst>x</sst>")
    hostile = declaration + content.replace("P1", "&l9;").replace("diary", "&l9;").replace("x</", "&l9;</")
    path = tmp_path / "clinic.xlsx"
    workbook(path, **{part: hostile})
    assert "declarations of its own" in refused(path)


def test_entities_behind_another_encoding(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "clinic.xlsx", **{"xl/sharedStrings.xml": (OUTSIDE + "<sst/>").encode("utf-16")}
    )
    assert "not UTF-8" in refused(path)


def test_entities_on_the_edge_between_two_pieces(tmp_path: Path) -> None:
    noise = b"<a>" + random.Random(1).randbytes(1 << 20).hex().encode()
    for before in range((1 << 20) - 9, (1 << 20) + 1, 3):
        path = tmp_path / "clinic.xlsx"
        workbook(path, **{"xl/styles.xml": noise[:before] + OUTSIDE.encode()})
        assert "declarations of its own" in refused(path)


def test_small_parts_are_parsed_without_declarations() -> None:
    with pytest.raises(InvalidRecords):
        tree((BILLION_LAUGHS + "<x>&l9;</x>").encode(), "clinic.xlsx")
    with pytest.raises(InvalidRecords):
        tree(b"<x><y></x>", "clinic.xlsx")


def test_a_file_that_cannot_be_read_is_a_file_problem(tmp_path: Path) -> None:
    with pytest.raises(FileProblem):
        plain_copy(tmp_path / "not there.xlsx", tmp_path / "copy.xlsx", "not there.xlsx")
