"""Laws that hold for any diary, and a plain recount of random ones."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.comparison import compare_all, compare_groups
from outcomes.analysis.endpoints import endpoint_names
from outcomes.records.checked import Records
from outcomes.records.mapping import MappedTable
from outcomes.records.reading import read_records

sys.path.insert(0, str(Path(__file__).resolve().parent))

from diaries import ATTESTED, write_folder
from recount import Entry, recount

NUMBERS = [
    "recorded_days",
    "headache_days_per_28",
    "intensity_on_headache_days",
    "burden_per_28",
    "acute_medication_days_per_28",
    "hours_on_headache_days",
]
COLUMNS = ["patient_id", "day", "headache", "intensity", "duration_hours", "acute_medication"]
LENIENT = {"set_aside_limit": 1.0}


@st.composite
def plans(draw: st.DrawFn) -> AnalysisPlan:
    """Any two windows, most of them not made of whole weeks or months."""
    baseline = draw(st.integers(7, 60))
    first = draw(st.integers(1, 70))
    length = draw(st.integers(5, 60))
    literal = draw(st.none() | st.integers(1, min(baseline, length)))
    return AnalysisPlan(
        baseline_days=baseline,
        followup_first_day=first,
        followup_last_day=first + length - 1,
        min_recorded_days=literal,
        **LENIENT,
    )


@st.composite
def diaries(draw: st.DrawFn) -> list[Entry]:
    """Rows of a few patients: gaps, empty rows, copies, conflicts and contradictions included."""
    generator = random.Random(draw(st.integers(0, 2**32)))
    patients = draw(st.integers(1, 5))
    share = draw(st.sampled_from([0.55, 0.8, 0.97, 1.0]))
    untidy = draw(st.sampled_from([0.0, 0.02, 0.1]))
    entries: list[Entry] = []
    for number in range(patients):
        level = generator.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        for day in range(-generator.randint(0, 75), generator.randint(1, 140)):
            if generator.random() < share:
                entries.append(_entry(generator, f"p{number}", day, level, untidy))
            while entries and generator.random() < untidy:
                entries.append(
                    generator.choice([entries[-1], _entry(generator, f"p{number}", day, level, untidy)])
                )
    generator.shuffle(entries)
    assume(entries)
    return entries


def _entry(generator: random.Random, patient: str, day: int, level: float, untidy: float) -> Entry:
    headache: bool | None = generator.random() < level
    if generator.random() < untidy:
        return (patient, day, None, None, None, generator.choice([None, None, True]))
    intensity = (
        generator.choice([None, 1.0, 2.5, 4.0, 7.3, 10.0]) if headache else generator.choice([None, 0.0])
    )
    hours = generator.choice([None, 0.5, 3.3, 24.0]) if headache else None
    if not headache and generator.random() < untidy:
        intensity = 3.0
    return (patient, day, headache, intensity, hours, generator.choice([None, True, False, False]))


def frame(entries: list[Entry]) -> pd.DataFrame:
    table = pd.DataFrame(entries, columns=COLUMNS)
    for name in ("headache", "acute_medication"):
        table[name] = table[name].map({True: "yes", False: "no"}).fillna("").astype("str")
    return table.astype({"intensity": "float64", "duration_hours": "float64", "day": "int64"})


def read(tables: Any, plan: AnalysisPlan) -> Records:
    """Random diaries lose whole patients; `read_records` is `load_records` without stopping for that."""
    return read_records(tables, plan, mapping=ATTESTED)


def measure(tables: Any, plan: AnalysisPlan) -> pd.DataFrame:
    return oc.measure_endpoints(oc.split_periods(read(tables, plan), plan))


def by_patient(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["patient_id", "period"])[[*NUMBERS, "covered"]].sort_index()


@settings(max_examples=20)
@given(entries=diaries(), plan=plans())
def test_a_plain_recount_finds_the_same(entries: list[Entry], plan: AnalysisPlan) -> None:
    expected, went = recount(entries, plan)
    records = read({"diary": frame(entries)}, plan)
    counts = records.counts[0].to_dict()
    assert {name: counts[name] for name in went} == went
    assume(expected)
    found = by_patient(oc.measure_endpoints(oc.split_periods(records, plan)))
    assert set(found.index) == set(expected)
    for key, values in expected.items():
        for name, value in values.items():
            assert found.loc[key, name] == pytest.approx(value, abs=1e-11, nan_ok=True), (key, name)


@settings(max_examples=5)
@given(entries=diaries(), plan=plans())
def test_csv_parquet_and_frames_give_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], plan: AnalysisPlan
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    diary = frame(entries)
    from_frame = measure({"diary": diary}, plan)
    for suffix in (".csv", ".tsv", ".parquet"):
        source = write_folder(folder / suffix[1:], suffix, diary=diary)
        pd.testing.assert_frame_equal(measure(source, plan), from_frame, check_exact=True)
    typed = diary.assign(
        headache=diary["headache"].map({"yes": True, "no": False}).astype("boolean"),
        acute_medication=diary["acute_medication"].map({"yes": 1.0, "no": 0.0}).astype("float64"),
        patient_id=diary["patient_id"].astype("category"),
        day=diary["day"].astype("int16"),
    )
    source = write_folder(folder / "typed", ".parquet", diary=typed)
    pd.testing.assert_frame_equal(measure(source, plan), from_frame, check_exact=True)


@settings(max_examples=5)
@given(entries=diaries(), plan=plans(), seed=st.integers(0, 1000))
def test_calendar_dates_and_day_numbers_give_the_same(
    entries: list[Entry], plan: AnalysisPlan, seed: int
) -> None:
    """Each patient may begin on any calendar day; only the distance to the first session counts."""
    generator = random.Random(seed)
    diary = frame(entries)
    starts = {
        name: dt.date(2019, 1, 1) + dt.timedelta(generator.randint(0, 2500))
        for name in diary["patient_id"].unique()
    }
    dates = [
        (starts[name] + dt.timedelta(int(day))).isoformat()
        for name, day in zip(diary["patient_id"], diary["day"], strict=True)
    ]
    sessions = [(name, start + dt.timedelta(later)) for name, start in starts.items() for later in (21, 0, 7)]
    tables = {
        "diary": diary.drop(columns="day").assign(date=dates),
        "sessions": pd.DataFrame(sessions, columns=["patient_id", "date"]),
    }
    expected = by_patient(measure({"diary": diary}, plan))
    found = by_patient(measure(tables, plan))
    # A patient of whom no diary row could be used is still named in the sessions.
    pd.testing.assert_frame_equal(found.loc[expected.index], expected, check_exact=True)


@settings(max_examples=5)
@given(entries=diaries(), plan=plans(), seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_no_bit(entries: list[Entry], plan: AnalysisPlan, seed: int) -> None:
    diary = frame(entries)
    shuffled = diary.sample(frac=1, random_state=seed)
    first, second = measure({"diary": diary}, plan), measure({"diary": shuffled}, plan)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    pd.testing.assert_frame_equal(
        compare_all(first, plan).to_frame(), compare_all(second, plan).to_frame(), check_exact=True
    )


@settings(max_examples=5)
@given(entries=diaries(), plan=plans())
def test_the_names_of_the_patients_do_not_matter(entries: list[Entry], plan: AnalysisPlan) -> None:
    """Text, other text in another order, or whole numbers: the comparison is the same."""
    diary = frame(entries)
    names = sorted(diary["patient_id"].unique())
    expected = compare_all(measure({"diary": diary}, plan), plan).to_frame()
    for renamed in (
        dict(zip(names, [f"id-{99 - place}" for place in range(len(names))], strict=True)),
        dict(zip(names, [7 * place + 3 for place in range(len(names))], strict=True)),
        dict(zip(names, [f"00{place}" for place in range(len(names))], strict=True)),
    ):
        found = measure({"diary": diary.assign(patient_id=diary["patient_id"].map(renamed))}, plan)
        # The order of the patients is another one, so that sums may differ in the last digit.
        pd.testing.assert_frame_equal(compare_all(found, plan).to_frame(), expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=5)
@given(entries=diaries(), plan=plans())
def test_blank_entries_and_days_outside_the_windows_change_nothing(
    entries: list[Entry], plan: AnalysisPlan
) -> None:
    last = plan.followup_last_day
    patients = sorted({entry[0] for entry in entries if entry[2] is not None})
    more: list[Entry] = []
    for name in patients:
        more += [(name, day, None, None, None, None) for day in range(-90, 200, 7)]
        outside = [*range(-200, -150), *range(last + 20, last + 60)]
        more += [(name, day, True, 9.0, 24.0, True) for day in outside if day < -75 or day >= 140]
    expected = measure({"diary": frame(entries)}, plan)
    found = measure({"diary": frame([*entries, *more])}, plan)
    known = found["patient_id"].isin(expected["patient_id"])
    pd.testing.assert_frame_equal(found[known].reset_index(drop=True), expected, check_exact=True)


@settings(max_examples=6)
@given(entries=diaries(), plan=plans())
def test_the_flow_adds_up(entries: list[Entry], plan: AnalysisPlan) -> None:
    periods = oc.split_periods(read({"diary": frame(entries)}, plan), plan)
    flow = periods.flow
    assert flow is not None
    assert flow.n_patients == flow.n_analysed + sum(n for _, n in flow.left_out)
    assert [step[1] for step in flow.steps()][-1] == flow.n_analysed
    endpoints = oc.measure_endpoints(periods)
    for change in compare_all(endpoints, plan):
        for row in change.statistics:
            assert row.n + row.n_left_out == flow.n_patients, row.statistic
    if flow.n_patients:
        headline = oc.compare(endpoints, "headache_days_per_28", plan)
        assert headline.n == flow.n_analysed


@settings(max_examples=6)
@given(entries=diaries(), plan=plans())
def test_every_row_is_accounted_for(entries: list[Entry], plan: AnalysisPlan) -> None:
    records = read({"diary": frame(entries)}, plan)
    (counts,) = records.counts
    assert counts.rows_in == len(entries)
    assert (
        counts.rows_in
        == counts.used + counts.not_recorded + counts.collapsed + counts.set_aside + counts.blank
    )
    assert len(records.frame("diary")) == counts.used
    set_aside = [found for found in records.findings if found.level == "set aside"]
    assert bool(set_aside) == bool(counts.set_aside)
    assert len({row for found in set_aside for row in found.rows}) == counts.set_aside
    collapsed = sum(found.count for found in records.findings if found.level == "collapsed")
    assert (collapsed > 0) == (counts.collapsed > 0)


def test_the_row_numbers_of_random_faults_are_the_rows_with_the_fault(tmp_path: Path) -> None:
    """Blank lines and quoted line breaks in between, numbered as Python's csv module numbers them."""
    import csv

    generator = random.Random(11)
    lines, expected, row = ["patient_id,day,headache,intensity,left_out"], [], 1
    for number in range(400):
        row += 1
        kind = generator.choice(["good", "good", "bad", "blank", "commas", "quoted"])
        if kind == "bad":
            expected.append(row)
        lines.append(
            {"good": f"p{number},-1,yes,3,", "bad": f"p{number},-1,yes,11,", "blank": "", "commas": ",,,,",
             "quoted": f'p{number},-1,yes,4,"1\n2"'}[kind]
        )  # fmt: skip
    text = "\n".join(lines) + "\n"
    folder = write_folder(tmp_path, diary=text)
    with (folder / "diary.csv").open(newline="") as file:
        assert [i for i, cells in enumerate(csv.reader(file), 1) if cells and cells[-2] == "11"] == expected
    left_out = MappedTable("diary", "diary", (), ignore=("left_out",))
    mapping = dataclasses.replace(ATTESTED, tables=(left_out,))
    (finding,) = read_records(folder, AnalysisPlan(**LENIENT), mapping=mapping).findings
    assert list(finding.rows) == expected


_MEANS = st.tuples(st.integers(0, 28), st.integers(0, 28))


def _endpoint_table(pairs: list[tuple[float, float]]) -> pd.DataFrame:
    rows = [
        {"patient_id": f"p{number}", "mode": "diary", "period": period, "recorded_days": 28.0, "covered": True,
         "headache_days_per_28": float(value)}
        for number, pair in enumerate(pairs)
        for period, value in zip(("baseline", "followup"), pair, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@settings(max_examples=100)
@given(pairs=st.lists(_MEANS, min_size=1, max_size=40))
def test_swapping_the_periods_turns_the_change_around(pairs: list[tuple[int, int]]) -> None:
    there = oc.compare(_endpoint_table(pairs), "headache_days_per_28")
    back = oc.compare(_endpoint_table([(after, before) for before, after in pairs]), "headache_days_per_28")
    assert back.change.value == pytest.approx(-there.change.value)
    assert (back.change.low is None) == (there.change.low is None)
    if there.change.low is not None:
        assert (back.change.low, back.change.high) == pytest.approx((-there.change.high, -there.change.low))
    assert back.change.p == (None if there.change.p is None else pytest.approx(there.change.p, rel=1e-9))
    if there.rate_ratio.value and back.rate_ratio.value:
        assert back.rate_ratio.value == pytest.approx(1 / there.rate_ratio.value)
        if there.rate_ratio.method == back.rate_ratio.method and there.rate_ratio.low and back.rate_ratio.low:
            bounds = (1 / there.rate_ratio.high, 1 / there.rate_ratio.low)
            assert (back.rate_ratio.low, back.rate_ratio.high) == pytest.approx(bounds, rel=1e-6)


@settings(max_examples=150)
@given(pairs=st.lists(_MEANS, min_size=1, max_size=40), confidence=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_every_interval_holds_its_estimate(pairs: list[tuple[int, int]], confidence: float) -> None:
    plan = AnalysisPlan(confidence=confidence)
    for row in oc.compare(_endpoint_table(pairs), "headache_days_per_28", plan).statistics:
        assert (row.low is None) == (row.high is None), row.statistic
        if row.low is not None:
            assert row.low - 1e-12 <= row.value <= row.high + 1e-12, row.statistic
        if row.value is None:
            assert row.notes, row.statistic
        if row.unit == "share" and row.value is not None:
            assert 0 <= row.low <= row.high <= 1
            assert row.count == round(row.value * row.n)


@settings(max_examples=150)
@given(pairs=st.lists(_MEANS, min_size=2, max_size=40), confidence=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_difference_and_ratio_never_contradict_each_other(
    pairs: list[tuple[int, int]], confidence: float
) -> None:
    """One excludes 1 exactly where the other excludes 0."""
    found = oc.compare(_endpoint_table(pairs), "headache_days_per_28", AnalysisPlan(confidence=confidence))
    change, ratio = found.change, found.rate_ratio
    assert ratio.p == change.p or ratio.value is None
    assume(change.low is not None and ratio.low is not None and ratio.method == "Fieller")
    assume(min(abs(change.low), abs(change.high)) > 1e-9)
    assert (change.low > 0 or change.high < 0) == (ratio.low > 1 or ratio.high < 1)
    if change.p is not None:
        assert (change.p < 1 - confidence) == (change.low > 0 or change.high < 0)


@settings(max_examples=60)
@given(
    pairs=st.lists(_MEANS, min_size=1, max_size=30),
    cuts=st.lists(st.integers(1, 100), min_size=1, max_size=6, unique=True),
)
def test_responders_grow_fewer_with_every_step(pairs: list[tuple[int, int]], cuts: list[int]) -> None:
    plan = AnalysisPlan(responder_reductions=tuple(sorted(cuts)), responder_min_baseline=0)
    found = oc.compare(_endpoint_table(pairs), "headache_days_per_28", plan)
    counts = [found[f"responders_{cut:g}"].count for cut in sorted(cuts)]
    assert counts == sorted(counts, reverse=True)
    # In whole days nothing needs a tolerance: b − f ≥ cut % of b is 100 (b − f) ≥ cut · b.
    for cut, count in zip(sorted(cuts), counts, strict=True):
        assert count == sum(before > 0 and 100 * (before - after) >= cut * before for before, after in pairs)


@settings(max_examples=20)
@given(pairs=st.lists(_MEANS, min_size=1, max_size=30), seed=st.integers(0, 99))
def test_groups_add_up_to_everyone(pairs: list[tuple[int, int]], seed: int) -> None:
    table = _endpoint_table(pairs)
    generator = random.Random(seed)
    kinds = {name: generator.choice(["a", "b", "c", None]) for name in table["patient_id"]}
    table["kind"] = table["patient_id"].map(kinds)
    everyone, *groups = compare_groups(table, "headache_days_per_28", "kind")
    for place, row in enumerate(everyone.statistics):
        if row.count is not None or row.statistic == "change":
            assert row.n == sum(group.statistics[place].n for group in groups), row.statistic
            assert row.n_left_out == sum(group.statistics[place].n_left_out for group in groups)
        if row.count is not None:
            assert row.count == sum(group.statistics[place].count for group in groups)
    assert sum(g.change.value * g.change.n for g in groups) == pytest.approx(
        everyone.change.value * everyone.change.n
    )


def test_the_same_run_gives_the_same_bits(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the number of threads, and again on the next day."""
    import os

    found = []
    for processors in (1, 2, 2, 7):
        monkeypatch.setattr(os, "cpu_count", lambda n=processors: n)
        records = oc.load_records(sample)
        periods = oc.split_periods(records)
        endpoints = oc.measure_endpoints(periods)
        table = compare_all(endpoints, by=["headache_type"]).to_frame()
        course = oc.measure_course(periods)
        found.append((endpoints, table, course.weeks, course.periods))
    for again in found[1:]:
        for one, other in zip(found[0], again, strict=True):
            pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_table_changed_after_loading_does_not_change_the_records() -> None:
    """Records are what was loaded: a frame that goes on being used elsewhere must not reach into them."""
    days = np.array([*range(-28, 0), *range(56, 84)] * 3)
    headache = np.ones(len(days), dtype=np.int64)
    diary = pd.DataFrame({"patient_id": np.repeat([1, 2, 3], 56), "day": days}).assign(headache=headache)
    records = oc.load_records({"diary": diary})
    before = oc.measure_endpoints(oc.split_periods(records))
    diary.loc[:, "headache"] = 0
    pd.testing.assert_frame_equal(oc.measure_endpoints(oc.split_periods(records)), before)


def test_the_endpoint_columns_are_those_of_the_catalogue(sample: Path) -> None:
    endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records(sample)))
    assert set(endpoint_names(endpoints)) == set(NUMBERS) - {"recorded_days"}


@pytest.mark.long
def test_a_hundred_thousand_patients_and_every_thread_count_agree(tmp_path: Path) -> None:
    """Big enough for parallel scans: row numbers and sums must not depend on who came first."""
    generator = np.random.default_rng(3)
    n = 3_000_000
    diary = pd.DataFrame(
        {"patient_id": generator.integers(0, 40_000, n), "day": generator.integers(-40, 100, n),
         "headache": generator.integers(0, 2, n), "intensity": np.nan}
    ).drop_duplicates(["patient_id", "day"])  # fmt: skip
    diary.loc[diary["headache"] == 1, "intensity"] = (
        generator.integers(10, 100, (diary["headache"] == 1).sum()) / 10
    )
    bad = np.sort(generator.choice(len(diary), 500, replace=False))
    diary.iloc[bad, diary.columns.get_loc("intensity")] = 11.0
    write_folder(tmp_path / "csv", diary=diary)
    write_folder(tmp_path / "parquet", ".parquet", diary=diary)
    tables = []
    for source, first in ((tmp_path / "csv", 2), (tmp_path / "parquet", 1)):
        records = oc.load_records(source)
        rows = sorted({row for found in records.findings for row in found.rows})
        assert rows == (bad + first).tolist()
        tables.append(compare_all(oc.measure_endpoints(oc.split_periods(records))).to_frame())
    pd.testing.assert_frame_equal(tables[0], tables[1], rtol=1e-12)
