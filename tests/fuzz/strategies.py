"""What Hypothesis builds for each form of file: tables, settings, JSON, workbooks of odd cells, damaged files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
import re
from typing import Any

from fuzz_seeds import CANARY
from hypothesis import strategies as st
from mutations import CELLS, TOKENS, mutated
from targets import Target

_SIGNS = st.characters(codec="utf-8", exclude_characters="\r")
_CELL = st.one_of(
    st.sampled_from(CELLS),
    st.text(_SIGNS, max_size=12),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(dt.date.isoformat),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Bytes for one target: half of them of its own form, the rest damaged or without any form."""
    return st.one_of(
        _of_form(target), _of_form(target), _damaged(target), st.binary(max_size=300), st.sampled_from(TOKENS)
    )


def _damaged(target: Target) -> st.SearchStrategy[bytes]:
    return st.integers(0, 2**32).map(
        lambda number: mutated(random.Random(number), target.seeds(), target.form)
    )


def _of_form(target: Target) -> st.SearchStrategy[bytes]:
    if target.form == "csv":
        return _table(target.seeds())
    if target.form == "toml":
        return _settings(target.seeds()[0])
    if target.form == "json":
        return _json(target.seeds()[0])
    if target.form == "xml":
        return _xml(target.seeds()[0])
    if target.file.endswith(".xlsx"):
        return _workbook()
    return _damaged(target)


@st.composite
def _table(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Rows under the header of a real file, most cells as they are there and some odd."""
    rows = list(csv.reader(io.StringIO(draw(st.sampled_from(seeds)).decode())))
    header = rows[0]
    chosen = draw(st.lists(st.sampled_from(rows[1:]), max_size=6))
    made = [list(row) for row in chosen]
    for _ in range(draw(st.integers(0, 8))):
        if made:
            row = draw(st.sampled_from(made))
            row[draw(st.integers(0, len(row) - 1))] = draw(_CELL)
    if draw(st.integers(0, 9)) == 0:
        header = draw(
            st.lists(st.one_of(st.sampled_from(header), _CELL), min_size=1, max_size=len(header) + 1)
        )
    text = io.StringIO()
    ends = draw(st.sampled_from(["\n", "\r\n", "\n", "\r"]))
    writer = csv.writer(
        text,
        delimiter=draw(st.sampled_from([",", ",", ";", "\t"])),
        lineterminator=ends,
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerows([header, *made])
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return text.getvalue().encode(encoding, "replace")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_toml(inner)}' for key, inner in value.items())}}}"
    return str(value) if isinstance(value, int) else json.dumps(value)


@st.composite
def _settings(draw: st.DrawFn, seed: bytes) -> bytes:
    """The lines of a real file of settings, some with values of any kind, some left out or put elsewhere."""
    words = sorted(set(re.findall(r"[A-Za-z_][A-Za-z0-9_/-]*", seed.decode())))
    # Keys that are not known are shown back to the person who wrote them; the canary stands in values only.
    word = st.one_of(st.sampled_from([word for word in words if word not in CANARY]), st.sampled_from(CELLS))
    leaf = st.one_of(
        word,
        st.booleans(),
        st.integers(),
        st.floats(),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.text(_SIGNS, max_size=9),
    )
    value = st.recursive(
        leaf,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(word, inner, max_size=4)),
        max_leaves=8,
    )
    lines = seed.decode().splitlines()
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        what = draw(st.integers(0, 5))
        if what == 0:
            del lines[place : place + 1]
            lines = lines or [""]
        elif what == 1:
            lines.insert(place, f"{json.dumps(draw(word))} = {_toml(draw(value))}")
        else:
            key = lines[place].partition("=")[0].strip()
            lines[place] = f"{key} = {_toml(draw(value))}" if "=" in lines[place] else lines[place]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@st.composite
def _json(draw: st.DrawFn, seed: bytes) -> bytes:
    """A real answer with values of any kind in places of it."""
    content = json.loads(seed)
    leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _CELL)
    value = st.recursive(
        leaf,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_CELL, inner, max_size=3)),
        max_leaves=6,
    )
    for _ in range(draw(st.integers(1, 4))):
        node: Any = content
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(node[key], (dict, list)) and node[key] and draw(st.booleans()):
                node = node[key]
                continue
            node[key] = draw(value)
            break
    return json.dumps(content).encode("utf-8", "surrogatepass")


@st.composite
def _xml(draw: st.DrawFn, seed: bytes) -> bytes:
    """Real marks with other words between them and in their attributes."""
    parts = re.split(r'("[^"]*"|>[^<>]+<)', seed.decode())
    odd = list(range(1, len(parts), 2))
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.sampled_from(odd))
        first, last = parts[place][0], parts[place][-1]
        parts[place] = first + draw(_CELL).replace("<", "&lt;").replace('"', "&quot;") + last
    return "".join(parts).encode("utf-8", "surrogatepass")


@st.composite
def _workbook(draw: st.DrawFn) -> bytes:
    """A sound workbook of odd cells."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "nan_inf_to_errors": True, "strings_to_urls": False}
    )
    day = book.add_format(
        {"num_format": draw(st.sampled_from(["yyyy-mm-dd", "[h]:mm", "0.00%", "@", "dd/mm/yy hh:mm"]))}
    )
    sheet = book.add_worksheet("diary")
    sheet.write_row(0, 0, ["patient_id", "day", "headache", "intensity"])
    value = st.one_of(
        _CELL, st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.integers(-5, 60_000)
    )
    for row, cells in enumerate(draw(st.lists(st.lists(value, min_size=1, max_size=5), max_size=6)), start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif isinstance(cell, bool):
                sheet.write_boolean(row, column, cell)
            else:
                sheet.write_number(row, column, cell, day if draw(st.booleans()) else None)
    if draw(st.integers(0, 5)) == 0:
        sheet.merge_range(0, 0, 1, 1, "merged")
    book.close()
    return target.getvalue()
