"""What must not change a number of any topic: the order of rows, the names of patients, the week of the year, the
cutting of a file in two."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.comparison import compare_all
from outcomes.analysis.questions import TOPICS, ask
from outcomes.errors import PlanError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from diaries import ATTESTED, write_folder
from messy_clinics import Tables, messy_clinic
from recount_answers import differs

from outcomes.records.reading import read_records

PLAN = AnalysisPlan(set_aside_limit=1.0)
Number = tuple[object, ...]
NUMBERS = ("value", "low", "high", "p", "n", "n_left_out", "count")


def answers(source: Tables | Path) -> dict[Number, list[float | None]]:
    """Every number of every topic, and of every further endpoint, by its place."""
    periods = oc.split_periods(read_records(source, PLAN, mapping=ATTESTED), PLAN)
    found: dict[Number, list[float | None]] = {}
    for topic in TOPICS:
        try:
            rows = list(ask(periods, topic))
        except PlanError as error:
            found[topic, str(error)] = []
            continue
        for number, row in enumerate(rows):
            place = (topic, number, row.endpoint, row.by, row.group, row.statistic, row.mode)
            found[place] = [getattr(row, name) for name in NUMBERS]
    compared = compare_all(oc.measure_endpoints(periods, "all"))
    for number, row in enumerate(row for change in compared for row in change.statistics):
        found["endpoints", number, row.endpoint, row.statistic] = [getattr(row, name) for name in NUMBERS]
    return found


def shuffled(tables: Tables) -> Tables:
    return {name: table.sample(frac=1, random_state=5) for name, table in tables.items()}


def renamed(tables: Tables) -> Tables:
    names = sorted({name for table in tables.values() for name in table["patient_id"]})
    other = {name: f"Z{1000 - number}" for number, name in enumerate(names)}
    return {name: table.assign(patient_id=table["patient_id"].map(other)) for name, table in tables.items()}


def weeks_earlier(tables: Tables) -> Tables:
    """Every date of every table 31 weeks earlier."""
    moved = {}
    for name, table in tables.items():
        columns = [one for one in table.columns if one == "date" or one.endswith("_date")]
        moved[name] = table.assign(**{one: table[one].map(_earlier) for one in columns})
    return moved


def _earlier(cell: str) -> str:
    return cell and (pd.Timestamp(cell) - pd.Timedelta(weeks=31)).strftime("%Y-%m-%d")


@pytest.fixture(scope="module")
def clinic() -> Tables:
    return messy_clinic(61, patients=30)


@pytest.fixture(scope="module")
def plain(clinic: Tables) -> dict[Number, list[float | None]]:
    return answers(clinic)


def same(found: dict[Number, list[float | None]], expected: dict[Number, list[float | None]]) -> None:
    assert list(found) == list(expected)
    wrong = [
        f"{place}: {values} not {expected[place]}"
        for place, values in found.items()
        if any(differs(one, other) for one, other in zip(values, expected[place], strict=True))
    ]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("change", [shuffled, renamed, weeks_earlier])
def test_no_number_of_any_topic_moves(
    change: Callable[[Tables], Tables], clinic: Tables, plain: dict[Number, list[float | None]]
) -> None:
    assert len(plain) > 400
    same(answers(change(clinic)), plain)


def test_nor_where_each_file_is_cut_in_two(
    clinic: Tables, plain: dict[Number, list[float | None]], tmp_path: Path
) -> None:
    write_folder(tmp_path)
    for name, table in clinic.items():
        folder = tmp_path / name
        folder.mkdir()
        for part, rows in enumerate((table.iloc[::2], table.iloc[1::2])):
            rows.astype("str").to_parquet(folder / f"part{part}.parquet", index=False)
    same(answers(tmp_path), plain)


@pytest.mark.parametrize("gone", ["diary", "sessions", "patients", "scores", "events"])
def test_a_missing_table_is_answered_or_refused_in_words(gone: str, clinic: Tables) -> None:
    tables = {name: table for name, table in clinic.items() if name != gone}
    periods = oc.split_periods(read_records(tables, PLAN, mapping=ATTESTED), PLAN)
    for topic in TOPICS:
        try:
            rows = list(ask(periods, topic))
        except PlanError as error:
            assert str(error).endswith(".")
            continue
        assert rows
        assert all(row.n >= 0 and row.n_left_out >= 0 for row in rows)
