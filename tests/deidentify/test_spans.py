"""Declared spans become rows of the diary, and no calendar date of any column leaves."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from clinics import EXPORTED, Desk
from hypothesis import given
from hypothesis import strategies as st

import outcomes as oc
from outcomes.records.deidentify import declared_days_in, fields, spans
from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.schema import TABLES

FIRST = dt.date(2026, 6, 1)
SETTINGS = DeidentifySettings(exported_on=EXPORTED)


def _day(number: int) -> str:
    return (FIRST + dt.timedelta(days=number)).isoformat()


def _patients(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "recorded_from", "recorded_to"], dtype=object)


def _diary(*rows: tuple[str | None, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "date", "headache"], dtype=object)


def _filled(
    patients: pd.DataFrame, diary: pd.DataFrame, ledger: Ledger | None = None
) -> dict[str, list[str]]:
    """Patient → the days that were made up, each of them without headache."""
    ledger = ledger or Ledger()
    raw = {"patients": patients, "diary": diary}
    clean = fields.cleaned(raw, SETTINGS, ledger)
    done = spans.as_days(raw, clean, SETTINGS, ledger)
    assert not set(spans.SPAN) & set(done["patients"].columns)
    if spans.DECLARED not in done["diary"].columns:
        return {}
    made = done["diary"][done["diary"][spans.DECLARED]]
    assert set(made["headache"]) <= {"no"}
    return {str(patient): sorted(own["date"]) for patient, own in made.groupby("patient_id")}


_RAW_ROW = st.tuples(
    st.sampled_from(["A1", " a1 ", "B2", None, "#N/A"]),
    st.one_of(st.integers(-2, 9).map(_day), st.sampled_from(["2026-06-31", "soon", None])),
    st.sampled_from(["yes", "no", None, "perhaps"]),
)


@given(st.lists(_RAW_ROW, max_size=8), st.integers(-1, 3), st.integers(-1, 8))
def test_a_day_is_filled_in_where_no_row_may_tell_of_it(
    rows: list[tuple[str | None, str | None, str | None]], first: int, last: int
) -> None:
    people = _patients(("a1", _day(first), _day(last)), ("B2", _day(0), None))
    readable = {_day(number) for number in range(-2, 10)}
    own = [date for patient, date, _ in rows if patient in ("A1", " a1 ")]
    nobodys = {date for patient, date, _ in rows if patient in (None, "#N/A")}
    wanted = [
        _day(number)
        for number in range(first, last + 1)
        if own and set(own) <= readable and _day(number) not in {*own, *nobodys}
    ]
    ledger = Ledger()
    # A diary most of whose answers cannot be read is asked about and not cleaned.
    others = [("c3", _day(0), "yes")] * 9
    assert _filled(people, _diary(*rows, *others), ledger) == ({"a1": wanted} if wanted else {})
    assert ledger.filled["diary"] == len(wanted)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (_day(5), _day(4)),
        (None, _day(4)),
        (_day(0), "2031-01-01"),
        ("1990-01-01", _day(0)),
        ("soon", _day(0)),
    ],
)
def test_a_span_that_cannot_be_fills_nothing_and_is_told(first: str | None, last: str | None) -> None:
    ledger = Ledger()
    assert _filled(_patients(("a", first, last)), _diary(("a", _day(0), "yes")), ledger) == {}
    assert not ledger.filled["diary"]
    assert any("1 patients have a declared span that" in note for note in ledger.notes)


def test_ten_years_are_a_span_and_a_day_more_is_none() -> None:
    for days, wanted in ((3660, 3660), (3661, 0)):
        first = (EXPORTED - dt.timedelta(days=days)).isoformat()
        made = _filled(_patients(("a", first, EXPORTED.isoformat())), _diary(("a", first, "yes")))
        assert sum(map(len, made.values())) == wanted


def test_where_the_diary_counts_in_days_the_span_is_left_out_and_told() -> None:
    ledger = Ledger()
    raw = {
        "patients": _patients(("a", _day(0), _day(9))),
        "diary": pd.DataFrame({"patient_id": ["a"], "day": ["1"], "headache": ["no"]}, dtype=object),
    }
    clean = fields.cleaned(raw, SETTINGS, ledger)
    done = spans.as_days(raw, clean, SETTINGS, ledger)
    assert list(done["patients"].columns) == ["patient_id"] and len(done["diary"]) == 1
    assert ledger.notes and ledger.cells["patients"]["recorded_to: a date, not written"] == 1


def _attack_clinic(patients: int = 12) -> dict[str, pd.DataFrame]:
    """Lists of attacks alone, every third day before treatment and every sixth after, and spans that say so."""
    ids = [f"MRN {number:05d}" for number in range(patients)]
    diary = [
        (patient, _day(d), "yes") for patient in ids for d in range(-40, 100) if not d % (3 if d < 0 else 6)
    ]
    return {
        "diary": pd.DataFrame(diary, columns=["patient_id", "date", "headache"]),
        "sessions": pd.DataFrame({"patient_id": ids, "date": _day(0)}),
        "patients": pd.DataFrame({"patient_id": ids, "recorded_from": _day(-40), "recorded_to": _day(99)}),
    }


def test_the_output_compares_as_the_raw_records_do_and_says_what_it_rests_on(tmp_path: Path) -> None:
    tables = _attack_clinic()
    desk = Desk(tmp_path, tables)
    report = desk.run("", accept_k=True)

    def means(source: object) -> tuple[int, float, float]:
        records = oc.load_records(source)  # type: ignore[arg-type]
        change = oc.compare(
            oc.measure_endpoints(oc.split_periods(records)), "headache_days_per_28", records.plan
        )
        return change.n, float(change.pairs["baseline"].mean()), float(change.pairs["followup"].mean())

    named = {name: frame.replace(r"MRN 0*(\d+)", r"P-\1", regex=True) for name, frame in tables.items()}
    assert means(desk.out) == means(named)
    # Whole windows: days -28 to 83, 112 of them a patient; written as told are those on which there was an attack.
    told = [d for d in range(-28, 84) if not d % (3 if d < 0 else 6)]
    written = 12 * (112 - len(told))
    provenance = json.loads((desk.out / "provenance.json").read_text())
    assert provenance["declared_days"] == {"days": written} and declared_days_in(desk.out) == written
    rows = provenance["tables"]["diary"]
    assert rows["filled_in"] == 12 * 140 - len(tables["diary"])
    assert rows["rows_in"] + rows["filled_in"] == rows["written"] + sum(rows["not_written"].values())
    assert f"{rows['filled_in']} days of 12 patients" in desk.private
    assert f"+ {rows['filled_in']} days of declared spans" in "\n".join(report.summary())


def test_a_folder_without_declared_days_says_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run()
    assert declared_days_in(desk.out) == 0 and "declared" not in (desk.out / "provenance.json").read_text()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"declared_days": 5}',
        '{"declared_days": {"days": true}}',
        '{"declared_days": {"days": -1}}',
    ],
)
def test_a_damaged_provenance_declares_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "provenance.json").write_text(content)
    assert declared_days_in(tmp_path) == 0 == declared_days_in(tmp_path / "nowhere")


# Every date-kind column of every table, as the dictionary lists them


def _value(kind: str, codes: tuple[str, ...]) -> str:
    return codes[0] if codes else {"yes_no": "yes", "code": "baseline"}.get(kind, "1")


def _all_dates(days: list[int]) -> dict[str, pd.DataFrame]:
    """24 patients, begun 28 days apart, with a date of theirs in every column of dates that there is.

    `days`, counted from each patient's own first day, are those of tables with many rows.
    """
    tables: dict[str, pd.DataFrame] = {}
    for name, table in TABLES.items():
        dated = [column for column in table.columns if column.kind == "date"]
        others = [column for column in table.columns if column.kind not in ("date", "day", "id")]
        rows = []
        for number in range(24):
            begin = EXPORTED - dt.timedelta(days=120 + 28 * number)
            for day in days if "date" in table.names else days[:1]:
                own = begin + dt.timedelta(days=day)
                row = {"patient_id": f"MRN {number:05d}"}
                row |= {column.name: _value(column.kind, column.codes) for column in others}
                row |= {column.name: own.isoformat() for column in dated}
                if "recorded_to" in row:
                    row["recorded_to"] = (begin + dt.timedelta(days=days[-1])).isoformat()
                rows.append(row)
        tables[name] = pd.DataFrame(rows)
    return tables


def _cells(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """(file, patient, column, cell) of everything in the tables of a folder, CSV or Parquet."""
    for path in folder.iterdir():
        if path.suffix == ".csv":
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
        elif path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
        else:
            continue
        for row in rows:
            for column, cell in row.items():
                yield path.stem, str(row["patient_id"]), column, "" if cell is None else str(cell)


def _is_date(cell: str) -> bool:
    for form in (
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M:%S",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%Y%m%d",
        "%Y-%m",
        "%Y",
    ):
        try:
            dt.datetime.strptime(cell, form)
        except ValueError:
            continue
        return True
    return False


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_day_numbers_leave_no_cell_that_is_a_date(tmp_path: Path, form: str) -> None:
    days = list(range(0, 100, 3))
    desk = Desk(tmp_path, _all_dates(days))
    desk.run(f'format = "{form}"', accept_k=True)
    cells = {(table, column, cell) for table, _, column, cell in _cells(desk.out)}
    assert {table for table, *_ in cells} == set(TABLES)
    assert not [(table, column) for table, column, cell in cells if _is_date(cell)]
    assert "2026-" not in (desk.out / "provenance.json").read_text()
    assert "2025-" not in (desk.out / "provenance.json").read_text()


@pytest.mark.parametrize("mode", ["shift", "month"])
def test_moved_dates_and_months_are_no_true_date_of_the_patient(tmp_path: Path, mode: str) -> None:
    # All dates of a patient lie within seven days, so that no move by whole weeks leads from one to another; also where
    # one of them is put a day later, below.
    tables = _all_dates([0, 2, 4, 5])
    raw = {column.name for table in TABLES.values() for column in table.columns if column.kind == "date"}
    # The first of a month is what months are told by: it would be true of its own day alone.
    for frame in tables.values():
        for column in raw & set(frame.columns):
            frame[column] = frame[column].str.replace(r"-01$", "-02", regex=True)
    desk = Desk(tmp_path, tables)
    desk.run(f'dates = "{mode}"', accept_k=True)
    from outcomes.records.pseudonyms import read_key

    name = read_key(desk.key, away_from=[]).pseudonymiser("leeds-2026")
    true: dict[str, set[str]] = {}
    for frame in tables.values():
        for column in raw & set(frame.columns):
            for patient, date in zip(frame["patient_id"], frame[column], strict=True):
                true.setdefault(name(patient), set()).add(date)
    dated = [
        (table, patient, cell) for table, patient, column, cell in _cells(desk.out) if column in raw and cell
    ]
    assert {table for table, *_ in dated} >= {"sessions", "patients", "scores", "events"}
    assert not [table for table, patient, cell in dated if cell in true[patient]]
    assert not {column for _, _, column, _ in _cells(desk.out)} & set(spans.SPAN)


def test_keep_keeps_the_span_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _attack_clinic())
    desk.run('dates = "keep"', accept_k=True)
    assert set(desk.read("patients")["recorded_from"]) == {_day(-40)}
    assert set(desk.read("diary")["headache"]) == {"yes"}
