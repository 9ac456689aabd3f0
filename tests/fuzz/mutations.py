"""What happens to files: damage by chance, and the damage that readers are known to trip over.

Everything is drawn from one `random.Random`, so that a number repeats an input.
"""

from __future__ import annotations

import csv
import io
import random
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence

LONGEST = 400_000

#: Put in anywhere.
TOKENS: tuple[bytes, ...] = (
    b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b'"', b'""', b"'", b"\r\n", b"\r", b"\n", b"\n\n", b"\x1a",
    b",", b";", b"\t", b"|", b"\\", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\x0b", b"\x0c", b"1e999", b"-1e400", b"9" * 400, b"9" * 5000, b"0x1p999", b"NaN", b"inf", b"-0", b"1_000",
    b"=1+1", b"@SUM(A1)", b"0000-00-00", b"9999-12-31", b"10000-01-01", b"2026-02-30", b"0001-01-01", b"31/12/99",
    b"24:00", b"99:99", b"1583-01-01T00:00:00+99:99", b"99999999999999999999h", b"[" * 3000, b"{" * 3000,
    b'{"a":' * 2000, b"(" * 500, b"<a>" * 3000, b"&x;", b"&#0;", b"&#x110000;", b"<![CDATA[", b"]]>", b"<!--", b"<?x",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"true", b"null", b"[]", b"{}", b"\xd9\xa3", b"\xef\xbc\x91", b"a.b.c=1\n",
    b"x=[" + b"[" * 900, b"P-0001", b"%s%n", b"../../x", b"A" * 20_000,
    b"a,b;c\t" * 3000, b"\n" * 20_000, b'"' * 5001, b"1 " * 5000, b"<td>" * 3000, b" " * 20_000, b"-" * 5000,
    b"1x Sumatriptan, " * 2000, b"[" * 100_000, b"12/" * 3000, b"<div><span>" * 2000, b"a | " * 3000,
)  # fmt: skip
CELLS: tuple[str, ...] = (
    "", " ", "0", "1", "-1", "1,5", "1.5", "1e308", "9" * 30, "NaN", "inf", "yes", "no", "ja", "x", "n/a", ".", "=1+1",
    "2026-01-05", "2026-1-5", "05/01/2026", "12/31/2026", "2026-01-05T10:00:00Z", "2026-02-30", "9999-12-31",
    "0001-01-01", "46027", "10:00", "25:61", "a\nb", 'a"b', "\ufeff", "\u202e", "\u0663", "\0", "P-0001", "a@b.c",
    "943 476 5919", "#REF!", "\U0001f600", "true",
)  # fmt: skip


def mutated(chance: random.Random, seeds: Sequence[bytes], form: str) -> bytes:
    """One of the seeds, damaged one to four times as files of that form are."""
    data = chance.choice(seeds)
    own = _BY_FORM.get(form, ())
    for _ in range(chance.randint(1, 4)):
        change = chance.choice(own) if own and chance.random() < 0.5 else chance.choice(_ANY)
        data = change(chance, data, seeds)[:LONGEST]
    return data


Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def _flip(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _replace(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _span(chance, data, 8)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def _cut(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _leave_out(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _span(chance, data, 200)
    return data[:start] + data[end:]


def _repeat(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _span(chance, data, 200)
    return data[:end] + data[start:end] * chance.choice((1, 2, 30)) + data[end:]


def _splice(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def _insert(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    place = chance.choice((0, len(data), chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:place] + chance.choice(TOKENS) + data[place:]


def _extreme(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A number inside a binary file becomes the largest, the smallest or none."""
    form, value = chance.choice(
        (
            ("<I", 0xFFFFFFFF),
            ("<I", 0),
            ("<I", 0x7FFFFFFF),
            ("<H", 0xFFFF),
            ("<Q", 2**64 - 1),
            (">I", 0x7FFFFFFF),
        )
    )
    number = struct.pack(form, value)
    place = chance.randint(0, len(data))
    return data[:place] + number + data[place + len(number) :]


def _span(chance: random.Random, data: bytes, longest: int) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(0, longest))


# Text


def _encode(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = chance.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7"))
    return text.encode(encoding, "replace")


def _line_ends(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return data.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\r", b"\n\n", b"\0\n", b"\xe2\x80\xa8")))


def _lines(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    which = chance.randrange(3)
    if which == 0:
        chance.shuffle(lines)
    elif which == 1:
        lines += lines[1:] * chance.choice((1, 40))
    else:
        del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def _delimiter(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return data.replace(b",", chance.choice((b";", b"\t", b"|", b",,", b", ")))


def _cells(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Cells, rows and columns of a table exchanged, as a hand or another program would."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        return data
    rows = [row for row in rows if row]
    if not rows:
        return data
    for _ in range(chance.randint(1, 6)):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice((*CELLS, *rows[0]))
    which = chance.randrange(4)
    if which == 0:
        column = chance.randrange(len(rows[0]))
        for row in rows:
            row.insert(column, row[column] if column < len(row) else "")
    elif which == 1:
        column = chance.randrange(len(rows[0]))
        rows = [[*row[:column], *row[column + 1 :]] for row in rows]
    elif which == 2:
        column, cell = chance.randrange(len(rows[0])), chance.choice(CELLS)
        rows[1:] = [[*row[:column], cell, *row[column + 1 :]] for row in rows[1:]]
    text = io.StringIO()
    csv.writer(text, delimiter=chance.choice(",,,;\t"), quoting=chance.choice((0, 0, 1))).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _value(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """The value of a setting exchanged."""
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    key, equals, _ = lines[place].partition(b" =")
    odd = (
        b"0", b"-1", b"1e400", b"nan", b"inf", b"true", b'""', b'"x"', b"[]", b"[[]]", b"{}", b"[1, 'a', true]",
        b"2026-10-31", b"9999-12-31", b"0001-01-01", b"10:00:00", b"9999-12-31T23:59:59Z", b"9" * 5000, b'"\\u0000"',
        b"[" * 2000, b"{ source = '' }", b"{ source = 1, codes = 2 }", b"'''\n'''", b"1979-02-30", b"0x" + b"f" * 5000,
        b"{ a = { b = { c = [ { d = 1 } ] } } }", b'"../../../etc/localtime"', b'"Europe"', b"[inf, nan]",
        b"[0, 1e308]", b"[-1e308, 1e308]", b"9223372036854775808", b"[9223372036854775808, 1e30]", b'["0", "100"]',
    )  # fmt: skip
    if equals:
        lines[place] = key + b" = " + chance.choice(odd)
    return b"\n".join(lines)


# Archives


def _members(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A member of an archive changed, taken out, doubled, renamed or blown up, and the archive put together again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return _flip(chance, data, seeds)
    if not parts:
        return data
    place = chance.randrange(len(parts))
    name, content = parts[place]
    which = chance.randrange(8)
    if which <= 3:
        change = chance.choice((*_ANY, _xml, _xml))
        parts[place] = (name, change(chance, content, [content]))
    elif which == 4:
        del parts[place]
    elif which == 5:
        parts.append((name, content))
    elif which == 6:
        parts[place] = (
            chance.choice(("../x", "/x", "xl/../y", "a\\b", "C:x", "x" * 300, name.upper())),
            content,
        )
    else:
        parts[place] = (name, content + b" " * chance.choice((10_000, 3_000_000)))
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", chance.choice((0, 8))) as archive:
        warnings.simplefilter("ignore")
        for name, content in parts:
            archive.writestr(name, content)
    return target.getvalue()


def _xml(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A number or a reference in XML exchanged for one that does not fit."""
    import re

    found = list(re.finditer(rb'"([A-Z]*[0-9.]+)"|>([^<>]+)<', data))
    if not found:
        return _insert(chance, data, seeds)
    hit = chance.choice(found)
    group = 1 if hit.group(1) is not None else 2
    odd = (
        b"",
        b"0",
        b"-1",
        b"999999999",
        b"1e999",
        b"XFE1",
        b"A1048577",
        b"AAAAAAA1",
        b"A0",
        b"1.5",
        b"nan",
        b"\xc0",
    )
    return data[: hit.start(group)] + chance.choice(odd) + data[hit.end(group) :]


def _headers(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """The words that an archive says about its own members: sizes, offsets, flags."""
    marks = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")
    places = [place for mark in marks for place in _places(data, mark)]
    if not places:
        return data
    place = chance.choice(places) + chance.randint(4, 45)
    changed = bytearray(data)
    for offset in range(chance.choice((1, 2, 4))):
        if place + offset < len(changed):
            changed[place + offset] = chance.choice((0, 1, 8, 0x7F, 0xFF, chance.randrange(256)))
    return bytes(changed)


def _places(data: bytes, mark: bytes) -> list[int]:
    places, at = [], data.find(mark)
    while at >= 0:
        places.append(at)
        at = data.find(mark, at + 1)
    return places


_ANY: tuple[Change, ...] = (_flip, _replace, _cut, _leave_out, _repeat, _splice, _insert, _extreme)
_TEXT: tuple[Change, ...] = (_encode, _line_ends, _lines, _delimiter, _insert)
_BY_FORM: dict[str, tuple[Change, ...]] = {
    "csv": (*_TEXT, _cells, _cells, _cells, _cells),
    "toml": (_value, _value, _value, _value, _lines, _encode, _line_ends),
    "json": (*_TEXT, _xml),
    "xml": (*_TEXT, _xml, _xml),
    "zip": (_members, _members, _members, _headers),
}
