"""What the campaign found, each as small as it could be made, with what should come of it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import fuzz_seeds
import pytest
import targets

ALL = targets.targets()

DEEP = b"x = " + b"[" * 3000
DIGITS = b"k = " + b"9" * 5000
SETTINGS = ("mapping.toml", "outcomes.toml", "allowances.toml", "deid.toml")
_ENTRY = b'[[tables]]\nsource = "days"\ntable = "diary"\n'


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("data", [DEEP, DIGITS], ids=["lists 3,000 deep", "a number of 5,000 digits"])
def test_toml_that_its_own_reader_does_not_survive(name: str, data: bytes) -> None:
    """RecursionError, and a ValueError that is no TOMLDecodeError, came out of Python's tomllib."""
    assert targets.hold(ALL[name], data) in ("PlanError", "FileProblem")


@pytest.mark.parametrize("value", [b"[]", b"{}", b"[[]]", b"1", b"2026-01-01"])
@pytest.mark.parametrize("name", ["mapping.toml", "deid.toml"])
def test_the_name_of_a_table_that_is_no_text(name: str, value: bytes) -> None:
    """TypeError: a list cannot be looked up among names."""
    assert targets.hold(ALL[name], b'[[tables]]\nsource = "days"\ntable = ' + value) == "PlanError"


@pytest.mark.parametrize("blank", [b'""', b"'''\n'''", b'" "', b'{ source = "" }'])
def test_the_name_of_a_column_that_is_blank(blank: bytes) -> None:
    """KeyError: the mapping took an empty text for a name, and the matching took it for no name."""
    data = _ENTRY + b'[tables.columns]\npatient_id = "who"\nheadache = "pain"\ndate = ' + blank
    assert targets.hold(ALL["mapping.toml"], data) in ("PlanError", "InvalidRecords")


@pytest.mark.parametrize("day", [b"9999-12-31", b"0001-01-01"])
def test_a_day_at_the_end_of_the_calendar(day: bytes) -> None:
    """OverflowError: the day after the last one."""
    data = fuzz_seeds.MAPPING.replace(b"exported_on = 2026-10-31", b"exported_on = " + day)
    assert targets.hold(ALL["mapping.toml"], data) in ("PlanError", "read")


def test_an_allowance_made_in_the_last_year_of_the_calendar() -> None:
    """ValueError: a year later there is no calendar."""
    data = fuzz_seeds.ALLOWANCES.replace(b"2026-10-01", b"9999-10-01").replace(b"2027-09-30", b"9999-12-31")
    assert targets.hold(ALL["allowances.toml"], data) == "PlanError"


@pytest.mark.parametrize("value", [b"{}", b"[]", b"false", b"0", b'"hex"', b'"rot13"', b'"zip"'])
def test_an_encoding_that_is_none(value: bytes) -> None:
    """LookupError: what is empty was taken for UTF-8 in one place and for its own name in another."""
    data = fuzz_seeds.MAPPING.replace(b'encoding = "utf-8"', b"encoding = " + value)
    assert targets.hold(ALL["mapping.toml"], data) == "PlanError"


@pytest.mark.parametrize("key", [b"responder_min_baseline", b"confidence", b"set_aside_limit"])
def test_a_whole_number_that_no_float_holds(key: bytes) -> None:
    """OverflowError: it is no fraction and no infinity either."""
    lines = [line for line in fuzz_seeds.PLAN.splitlines() if not line.startswith(key)]
    data = b"\n".join([key + b" = 1" + b"0" * 400, *lines])
    assert targets.hold(ALL["outcomes.toml"], data) == "PlanError"


def test_one_word_in_a_column_of_numbers() -> None:
    """DuckDB 2.0 pushed TRY_CAST into its CSV reader, where it raised: the program was blamed for the clinic's slip."""
    table = (
        b"patient_id,period,headache_days_per_28\nP-0001,baseline,12\nP-0001,followup,6\nP-0002,baseline,x\n"
    )
    assert targets.hold(ALL["summaries.csv"], table) in ("read", "InvalidRecords")


@pytest.mark.parametrize("place", ["AAAAAAA3", "XFD1048576"])
def test_a_paper_diary_with_a_cell_far_away(place: str, tmp_path: Path) -> None:
    """The library for workbooks asked for 200 GB, and ended the process: so this is read in another one."""
    assert (
        _outcome_elsewhere("import paper_grid.workbook", _with_cell_at(place), tmp_path) == "InvalidRecords"
    )


def _with_cell_at(place: str) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(fuzz_seeds.paper_workbook())) as archive,
        zipfile.ZipFile(target, "w") as copy,
    ):
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith("sheet1.xml"):
                assert b'r="B3"' in content
                content = content.replace(b'r="B3"', b'r="%s"' % place.encode())
            copy.writestr(name, content)
    return target.getvalue()


def _outcome_elsewhere(name: str, data: bytes, folder: Path) -> str:
    """What comes of an input in a process of its own."""
    (folder / "input").write_bytes(data)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import targets; from pathlib import Path; "
        "print(targets.hold(targets.targets()[sys.argv[2]], Path(sys.argv[3]).read_bytes()))"
    )
    command = [sys.executable, "-c", code, str(Path(targets.__file__).parent), name, str(folder / "input")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout.strip()


@pytest.mark.parametrize("key", ["age", "dates", "format"])
@pytest.mark.parametrize("value", [b"{ source = 1 }", b"[]", b"1"])
def test_a_choice_that_is_no_text(key: str, value: bytes) -> None:
    """TypeError: a table cannot be looked up among names."""
    assert targets.hold(ALL["deid.toml"], b"[deidentify]\n" + key.encode() + b" = " + value) == "PlanError"


def test_a_header_of_thousands_of_columns() -> None:
    """20 s for one statement over 2,000 columns."""
    data = b"\t".join(b"c%d" % number for number in range(2001)) + b"\n"
    assert targets.hold(ALL["suggest"], data) in ("", "InvalidRecords", "FileProblem")
