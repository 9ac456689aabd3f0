"""However a clinic writes its records down, the same diary gives the same numbers, counts and flow.

Forms of files, names of columns, split files and the order of rows; days that a clinic declares; and days that
stand twice, put together by hand.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import random
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import pytest
from diaries import ATTESTED, WEEK_PLAN, drawn
from hypothesis import given, settings
from hypothesis import strategies as st

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.mapping import SourceMapping
from outcomes.records.reading import read_records

Tables = dict[str, pd.DataFrame]
PLAN = dataclasses.replace(WEEK_PLAN, set_aside_limit=1.0)
FIRST = dt.date(2024, 5, 6)
NUMBERS = ("intensity", "duration_hours")
COUNTS = ("rows_in", "used", "not_recorded", "collapsed", "set_aside")


def clinic(seed: int) -> Tables:
    """Five patients with gaps, empty rows, repeats, contradictions and intensities that cannot be."""
    generator = random.Random(seed)
    names = [f"p{number}" for number in range(1, 6)]
    rows: list[list[Any]] = []
    for name in names:
        for day in range(-9, 12):
            kind = generator.choices(["row", "none", "empty", "twice", "two", "odd"], [80, 6, 4, 4, 3, 3])[0]
            if kind == "none":
                continue
            date = (FIRST + dt.timedelta(day)).isoformat()
            row = _row(generator, name, date)
            if kind == "empty":
                row = [name, date, "", None, None, ""]
            if kind == "odd":
                row[3] = 11.0
            rows.append(row)
            if kind == "twice":
                rows.append(list(row))
            if kind == "two":
                rows.append([name, date, "yes", 10.0, 23.5, ""])
    columns = ["patient_id", "date", "headache", "intensity", "duration_hours", "acute_medication"]
    kinds = [generator.choice(["migraine", "tension_type", "cluster"]) for _ in names]
    return {
        "diary": pd.DataFrame(rows, columns=columns),
        "sessions": pd.DataFrame({"patient_id": names, "date": FIRST.isoformat()}),
        "patients": pd.DataFrame({"patient_id": names, "headache_type": kinds}),
    }


def _row(generator: random.Random, name: str, date: str) -> list[Any]:
    medication = generator.choice(["yes", "no", ""])
    if generator.random() < 0.5:
        return [name, date, "no", None, None, medication]
    hours = generator.choice([None, 0.5, 3.25, 24.0])
    return [name, date, "yes", generator.choice([1.5, 4.0, 7.3, 10.0]), hours, medication]


def outcome(
    source: Any, mapping: SourceMapping = ATTESTED, plan: AnalysisPlan = PLAN
) -> tuple[pd.DataFrame, dict[str, tuple[int, ...]], Any]:
    """Endpoints, where the rows of each table went, and the flow of patients."""
    records = read_records(source, plan, mapping=mapping)
    periods = oc.split_periods(records, plan)
    counts = {count.table: tuple(count.to_dict()[name] for name in COUNTS) for count in records.counts}
    return oc.measure_endpoints(periods), counts, periods.flow


def alike(found: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    pd.testing.assert_frame_equal(found[0], expected[0], check_exact=True)
    assert found[1:] == expected[1:]
    # A comparison of nothing would agree with everything.
    assert expected[2].n_analysed > 0 and expected[0]["headache_days_per_28"].notna().any()


# The same clinic in every form of file.


def _text(frame: pd.DataFrame, mark: str = ",", decimal: str = ".") -> str:
    return frame.to_csv(index=False, sep=mark, decimal=decimal, lineterminator="\n")


def _as_text(
    suffix: str, mark: str, decimal: str = ".", encoding: str = "utf-8"
) -> Callable[[Path, Tables], Path]:
    def write(folder: Path, tables: Tables) -> Path:
        for name, frame in tables.items():
            (folder / f"{name}{suffix}").write_bytes(_text(frame, mark, decimal).encode(encoding))
        return folder

    return write


def _parquet(folder: Path, tables: Tables) -> Path:
    for name, frame in tables.items():
        typed = frame.copy()
        if "date" in typed:
            typed["date"] = pd.to_datetime(typed["date"]).dt.date
        if "headache" in typed:
            typed["headache"] = typed["headache"].map({"yes": True, "no": False}).astype("boolean")
        typed.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def _cell(value: Any) -> Any:
    """The cell as a spreadsheet keeps it: numbers as numbers, dates as dates, nothing as nothing."""
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, str) and value[:2] == "20" and value.count("-") == 2:
        return dt.date.fromisoformat(value)
    return value


def _xlsx(folder: Path, tables: Tables) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in tables.items():
        sheet = book.create_sheet(name)
        sheet.append(list(frame.columns))
        for row in frame.itertuples(index=False):
            sheet.append([_cell(value) for value in row])
    book.save(folder / "clinic.xlsx")
    return folder / "clinic.xlsx"


def _ods_cell(value: Any) -> str:
    value = _cell(value)
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, dt.date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, float):
        kind = f'office:value-type="float" office:value="{value!r}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def _ods(folder: Path, tables: Tables) -> Path:
    sheets = ""
    for name, frame in tables.items():
        lines = [list(frame.columns), *frame.itertuples(index=False)]
        rows = "".join(
            f"<table:table-row>{''.join(_ods_cell(value) for value in line)}</table:table-row>"
            for line in lines
        )
        sheets += f'<table:table table:name="{name}">{rows}</table:table>'
    of = "urn:oasis:names:tc:opendocument:xmlns"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{of}:office:1.0" '
        f'xmlns:table="{of}:table:1.0" xmlns:text="{of}:text:1.0" office:version="1.2"><office:body>'
        f"<office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"
    )
    listed = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="{of}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(folder / "clinic.ods", "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", listed)
        archive.writestr("content.xml", content)
    return folder / "clinic.ods"


def _sqlite(folder: Path, tables: Tables) -> Path:
    path = folder / "clinic.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for name, frame in tables.items():
            columns = ", ".join(f"{one} {'REAL' if one in NUMBERS else 'TEXT'}" for one in frame.columns)
            connection.execute(f"CREATE TABLE {name} ({columns})")
            rows = [
                [None if value != value else value for value in row] for row in frame.itertuples(index=False)
            ]
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(frame.columns))})", rows)
    return path


def _duckdb(folder: Path, tables: Tables) -> Path:
    import duckdb

    path = folder / "clinic.duckdb"
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        for name, frame in tables.items():
            connection.register("given", frame)
            dated = " REPLACE (CAST(date AS DATE) AS date)" if "date" in frame else ""
            connection.execute(f"CREATE TABLE {name} AS SELECT *{dated} FROM given")
            connection.unregister("given")
    return path


FORMS: dict[str, Callable[[Path, Tables], Path]] = {
    "tsv": _as_text(".tsv", "\t"),
    "semicolons and decimal commas": _as_text(".csv", ";", ","),
    "utf-16": _as_text(".csv", ",", encoding="utf-16"),
    "utf-8 with a mark": _as_text(".csv", ",", encoding="utf-8-sig"),
    "xlsx": _xlsx,
    "ods": _ods,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "parquet": _parquet,
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """The clinic from plain CSV files, which is the same as from frames."""
    found = outcome(_as_text(".csv", ",")(tmp_path_factory.mktemp("plain"), clinic(1)))
    alike(found, outcome(clinic(1)))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_the_file_does_not_matter(tmp_path: Path, form: str, plain: tuple[Any, ...]) -> None:
    alike(outcome(FORMS[form](tmp_path, clinic(1))), plain)


# Names of columns, several files, the order of rows.

THEIRS = {
    "patient_id": "Code",
    "date": "Tag",
    "headache": "Kopfschmerz (ja/nein)",
    "intensity": "NRS 0-10",
    "duration_hours": "Dauer [h]",
    "acute_medication": "Akutmedikation",
}


def _entry(source: str) -> dict[str, Any]:
    columns: dict[str, Any] = dict(THEIRS)
    for name in ("headache", "acute_medication"):
        columns[name] = {"source": THEIRS[name], "codes": {"ja": "yes", "nein": "no"}}
    return {"source": source, "table": "diary", "columns": columns}


def _mapping(*sources: str) -> SourceMapping:
    read = SourceMapping.from_mapping({"tables": [_entry(source) for source in sources]})
    return dataclasses.replace(read, attestation=ATTESTED.attestation)


def _in_german(frame: pd.DataFrame) -> pd.DataFrame:
    theirs = frame.assign(
        **{
            name: frame[name].replace({"yes": "ja", "no": "Nein"})
            for name in ("headache", "acute_medication")
        }
    )
    return theirs.rename(columns=THEIRS)


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_a_mapping_of_names_and_words_changes_no_number(seed: int) -> None:
    tables = clinic(seed)
    theirs = {**tables, "Tagebuch": _in_german(tables["diary"])}
    del theirs["diary"]
    found = outcome(theirs, _mapping("Tagebuch"))
    alike(found, outcome(tables))


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_a_diary_in_two_files_is_one_diary(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Rows fall to either file by chance and in any order, so that repeats and contradictions lie apart."""
    tables = clinic(seed)
    generator = random.Random(seed)
    folder = tmp_path_factory.mktemp("parts")
    shuffled = _in_german(tables["diary"]).sample(frac=1, random_state=seed)
    first = [generator.random() < 0.4 for _ in range(len(shuffled))]
    parts = {"frueher": shuffled[first], "spaeter": shuffled[[not one for one in first]]}
    _as_text(".csv", ";", ",")(
        folder, {**parts, "sessions": tables["sessions"], "patients": tables["patients"]}
    )
    alike(outcome(folder, _mapping("frueher", "spaeter")), outcome(tables))


def test_the_rows_of_two_files_are_named_in_their_own_file(tmp_path: Path) -> None:
    rows = pd.DataFrame({"patient_id": ["p1"] * 3, "day": [-3, -2, -1], "headache": ["yes", "maybe", "no"]})
    (tmp_path / "one.csv").write_text(_text(rows))
    (tmp_path / "two.csv").write_text(_text(rows.assign(day=[1, 2, 3], headache=["no", "no", "perhaps"])))
    entries = [{"source": name, "table": "diary"} for name in ("one", "two")]
    mapping = dataclasses.replace(
        SourceMapping.from_mapping({"tables": entries}), attestation=ATTESTED.attestation
    )
    records = read_records(tmp_path, PLAN, mapping=mapping)
    places = {(finding.file, finding.column, finding.rows) for finding in records.findings}
    assert places == {("one.csv", "headache", (3,)), ("two.csv", "headache", (4,))}


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_all_rows_does_not_matter(seed: int) -> None:
    tables = clinic(seed)
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in tables.items()}
    alike(outcome(shuffled), outcome(tables))


# Spans that a clinic declares fully recorded.


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_a_declared_span_fills_the_days_of_which_no_row_tells(seed: int, data: st.DataObject) -> None:
    """Set arithmetic over days. A row that was set aside, or left empty, keeps its day unknown."""
    tables = clinic(seed)
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for name in tables["patients"]["patient_id"]:
        begin = FIRST + dt.timedelta(data.draw(st.integers(-15, 5)))
        spans[name] = (begin, begin + dt.timedelta(data.draw(st.integers(0, 25))))
    declared = tables["patients"].assign(
        recorded_from=[span[0].isoformat() for span in spans.values()],
        recorded_to=[span[1].isoformat() for span in spans.values()],
    )
    before = _days(read_records(tables, PLAN, mapping=ATTESTED))
    records = read_records({**tables, "patients": declared}, PLAN, mapping=ATTESTED)
    told = set(zip(tables["diary"]["patient_id"], tables["diary"]["date"], strict=True))
    filled = {
        (name, day)
        for name, (begin, end) in spans.items()
        for offset in range((end - begin).days + 1)
        if (name, day := (begin + dt.timedelta(offset)).isoformat()) not in told
    }
    assert _days(records) == {**before, **dict.fromkeys(filled, False)}
    # The rows of the diary are counted as before, and the declared days stand in a note of their own.
    assert records.counts[0].rows_in == len(tables["diary"])
    assert bool(filled) == any(f"{len(filled)} days of" in note for note in records.notes)
    assert records.rests_on_declared_days == bool(filled)


def _days(records: Records) -> dict[tuple[str, str], bool]:
    diary = records.frame("diary")
    keys = zip(diary["patient_id"], diary["date"].astype(str).str[:10], strict=True)
    return dict(zip(keys, diary["headache"].astype(bool), strict=True))


def test_a_row_whose_date_cannot_be_read_may_tell_of_any_day() -> None:
    """Somebody wrote something down in May, and nobody knows when: no day of May is declared free."""
    diary = pd.DataFrame(
        [["p1", "2024-05-01", "yes"], ["p1", "2024-05-32", "yes"], ["p2", "2024-05-01", "yes"]],
        columns=["patient_id", "date", "headache"],
    )
    span = {"recorded_from": "2024-05-01", "recorded_to": "2024-05-05"}
    patients = pd.DataFrame({"patient_id": ["p1", "p2"], **span})
    sessions = pd.DataFrame({"patient_id": ["p1", "p2"], "date": "2024-05-03"})
    tables = {"diary": diary, "patients": patients, "sessions": sessions}
    days = _days(read_records(tables, PLAN, mapping=ATTESTED))
    assert [key for key in days if key[0] == "p1"] == [("p1", "2024-05-01")]
    assert sum(days.values()) == 2 and len([key for key in days if key[0] == "p2"]) == 5


@pytest.mark.parametrize(
    ("begin", "end"),
    [("2024-05-05", "2024-05-01"), ("2024-05-01", ""), ("", "2024-05-05"), ("2013-05-01", "2024-05-05")],
    ids=["ends before it begins", "no end", "no beginning", "eleven years"],
)
def test_a_span_that_cannot_be_fills_nothing_and_is_told(begin: str, end: str) -> None:
    tables = drawn("p1 : 3 | . 0", first_session="2024-05-03")
    tables["patients"] = pd.DataFrame({"patient_id": ["p1"], "recorded_from": [begin], "recorded_to": [end]})
    records = read_records(tables, PLAN, mapping=ATTESTED)
    assert len(_days(records)) == 2
    assert [finding.rule for finding in records.findings if finding.table == "patients"] == ["span"]


# Two entries for one day, as a clinician would put them together.


def _twice(*entries: tuple[str, float | None, float | None, str], rule: str) -> tuple[Records, pd.Series]:
    """A week before the first session, of which day −7 has the given entries and the others have no headache.

    Gives the records and the baseline: `(headache, intensity, hours, medication)` per entry.
    """
    columns = ["headache", "intensity", "duration_hours", "acute_medication"]
    free = pd.DataFrame({"day": range(-6, 8), "headache": "no"})
    day = pd.DataFrame(entries, columns=columns).assign(day=-7)
    diary = pd.concat([day, free], ignore_index=True).assign(patient_id="p1")
    diary = diary.astype({"intensity": float, "duration_hours": float}).fillna({"acute_medication": "no"})
    plan = dataclasses.replace(PLAN, duplicate_day=rule)
    records = read_records({"diary": diary}, plan, mapping=ATTESTED)
    table = oc.measure_endpoints(oc.split_periods(records, plan))
    return records, table[table["period"] == "baseline"].iloc[0]


MORNING = ("yes", 7.0, 5.0, "no")
EVENING = ("yes", 4.0, 3.0, "yes")


@pytest.mark.parametrize(
    ("rule", "intensity", "hours", "medication_days"),
    [("max", 7.0, 5.0, 1), ("sum", 7.0, 8.0, 1), ("last", 4.0, 3.0, 1)],
)
def test_a_morning_and_an_evening(rule: str, intensity: float, hours: float, medication_days: int) -> None:
    """7 for five hours in the morning, 4 for three hours with a tablet in the evening: one headache day of seven.

    max: the worst intensity, the longer duration. sum: the worst intensity, eight hours. last: the evening.
    """
    records, baseline = _twice(MORNING, EVENING, rule=rule)
    assert baseline["recorded_days"] == 7 and baseline["headache_days_per_28"] == 4
    assert (baseline["intensity_on_headache_days"], baseline["hours_on_headache_days"]) == (intensity, hours)
    assert baseline["acute_medication_days_per_28"] == 4 * medication_days
    (counts,) = records.counts
    assert (counts.rows_in, counts.used, counts.collapsed, counts.set_aside) == (16, 15, 1, 0)


def test_the_last_entry_is_the_last_in_the_file() -> None:
    _, baseline = _twice(EVENING, MORNING, rule="last")
    assert (baseline["intensity_on_headache_days"], baseline["hours_on_headache_days"]) == (7.0, 5.0)
    # Nobody took a tablet in the morning.
    assert baseline["acute_medication_days_per_28"] == 0


@pytest.mark.parametrize(("rule", "days_per_28"), [("max", 4), ("sum", 4), ("last", 0)])
def test_a_headache_that_one_entry_denies(rule: str, days_per_28: int) -> None:
    """ "Yes, 6, two hours" and then "no": max and sum keep the headache, last takes it back."""
    _, baseline = _twice(("yes", 6.0, 2.0, "no"), ("no", None, None, "no"), rule=rule)
    assert baseline["headache_days_per_28"] == days_per_28


def test_no_day_has_more_than_24_hours() -> None:
    """15 hours and 12 hours overlap somewhere: a day holds 24."""
    _, baseline = _twice(("yes", 6.0, 15.0, "no"), ("yes", 6.0, 12.0, "no"), rule="sum")
    assert baseline["hours_on_headache_days"] == 24.0


def test_an_entry_that_is_there_twice_is_not_added_to_itself() -> None:
    """Five hours, written down twice by an app, and three hours: eight, not thirteen; the longer one is five."""
    for rule, hours in (("max", 5.0), ("sum", 8.0)):
        records, baseline = _twice(MORNING, MORNING, EVENING, rule=rule)
        assert baseline["hours_on_headache_days"] == hours
        assert (records.counts[0].used, records.counts[0].collapsed) == (15, 2)


def test_without_a_rule_the_day_is_not_recorded() -> None:
    records, baseline = _twice(MORNING, EVENING, rule="set_aside")
    assert baseline["recorded_days"] == 6 and baseline["headache_days_per_28"] == 0
    assert (records.counts[0].used, records.counts[0].set_aside) == (14, 2)


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000), rule=st.sampled_from(["max", "sum"]))
def test_put_together_days_do_not_depend_on_the_order_of_their_rows(seed: int, rule: str) -> None:
    tables = clinic(seed)
    plan = dataclasses.replace(PLAN, duplicate_day=rule)
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in tables.items()}
    alike(outcome(shuffled, plan=plan), outcome(tables, plan=plan))
