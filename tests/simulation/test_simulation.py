"""The simulated clinic must hold the truth that was put in, and nothing else.

Expected values come from outside the simulation: closed forms and integrals of the Beta distribution, the
ANOVA estimator of an intra-class correlation, Mantel–Haenszel odds ratios. Bounds are four Monte-Carlo
standard errors, so that a right simulation fails one seed in 16,000; the seeds are fixed.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from outcomes.errors import FileProblem, PlanError
from outcomes.records.schema import TABLES, Column
from outcomes.simulation import (
    Clinic,
    ClinicTruth,
    TypeTruth,
    simulate_clinic,
    without_change,
    without_gaps,
    write_clinic,
)

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
ONE_TYPE = (TypeTruth("migraine", 1.0, 11.0, 6.0, 9.0, 0.7, "triptan", "nsaid"),)
KEYS = {
    "diary": ["patient_id", "date"],
    "sessions": ["patient_id", "date"],
    "patients": ["patient_id"],
    "scores": ["patient_id", "date", "instrument", "side"],
    "events": ["patient_id", "date", "kind"],
}


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    return simulate_clinic(ClinicTruth())


@pytest.fixture(scope="module")
def written(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    write_clinic(clinic, folder, ClinicTruth())
    return folder


def numbered_days(clinic: Clinic) -> pd.DataFrame:
    """The diary of a clinic without faults: patient_id, day from the first session, headache as 0 or 1."""
    diary = clinic["diary"].dropna(subset="headache")
    first = pd.to_datetime(clinic["sessions"].groupby("patient_id")["date"].min())
    day = (pd.to_datetime(diary["date"]) - pd.to_datetime(diary["patient_id"].map(first))).dt.days
    return pd.DataFrame(
        {"patient_id": diary["patient_id"], "day": day, "headache": (diary["headache"] == "yes").astype(int)}
    )


def month_counts(clinic: Clinic, months: range) -> pd.DataFrame:
    """Headache days of each patient in complete 28-day months, all of them there; patients × months."""
    days = numbered_days(clinic)
    days = days.assign(month=days["day"] // 28)
    grouped = days.groupby(["patient_id", "month"])["headache"].agg(["size", "sum"])
    complete = grouped.loc[grouped["size"] == 28, "sum"].unstack("month")
    return complete[list(months)].dropna()


def mean_and_error(values: pd.Series) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def test_same_truth_same_bytes_and_another_seed_other_bytes(written: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    write_clinic(simulate_clinic(ClinicTruth()), again, ClinicTruth())
    write_clinic(simulate_clinic(ClinicTruth(seed=2)), other, ClinicTruth(seed=2))
    names = sorted(path.name for path in written.iterdir())
    tables = ["diary.csv", "events.csv", "patients.csv", "scores.csv", "sessions.csv"]
    assert names == sorted(["README.md", *tables, "claims.toml", "truth.json"])
    for name in names:
        assert (written / name).read_bytes() == (again / name).read_bytes()
        if name == "claims.toml":
            # What a clinic says in public depends on nobody's headaches.
            continue
        assert (written / name).read_bytes() != (other / name).read_bytes()


def test_the_sample_is_what_the_command_in_its_readme_makes(written: Path) -> None:
    for path in written.iterdir():
        assert (SAMPLE / path.name).read_bytes() == path.read_bytes(), path.name
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 2_200_000
    assert (SAMPLE / "scores.csv").stat().st_size < 400_000


def test_files_are_utf8_with_plain_line_ends_and_hold_no_clock_time_or_path(written: Path) -> None:
    for path in written.iterdir():
        text = path.read_bytes().decode("utf-8")
        assert "\r" not in text and text.endswith("\n") and not text.startswith("\ufeff")
        assert not re.search(r"\d:\d\d|/tmp|/home", text)
        assert str(written) not in text


def anova_icc(counts: np.ndarray) -> float:
    """Day ICC within patient-months around the patient's own mean: one-way ANOVA, months within patients."""
    share = counts / 28
    between = 28 * share.var(axis=1, ddof=1).sum()
    within = (28 * share * (1 - share) / 27).mean(axis=1).sum()
    between_variance = (between - within) / 28
    return between_variance / (between_variance + within)


@pytest.mark.parametrize("icc", [0.08, 0.02, 0.2])
def test_days_of_a_month_agree_as_planted(icc: float) -> None:
    truth = replace(without_gaps(without_change(ClinicTruth(patients=2000, seed=3))), day_icc=icc)
    counts = month_counts(simulate_clinic(truth), range(5)).to_numpy()
    batches = [anova_icc(part) for part in np.array_split(counts, 20)]
    error = np.std(batches, ddof=1) / 20**0.5
    assert len(counts) > 1000
    assert error < 0.006
    assert abs(anova_icc(counts) - icc) < 4 * error


def test_enrolling_in_a_bad_month_makes_the_fall_that_theory_says() -> None:
    """Without any real change, the worst of two months is above the usual by half Gini's mean difference."""
    truth = replace(
        without_gaps(without_change(ClinicTruth(patients=3000, seed=4))),
        types=ONE_TYPE,
        patient_icc=0.0,
        worst_of_months=2.0,
        long_wait_share=0.0,
    )
    counts = month_counts(simulate_clinic(truth), range(-1, 3))
    change, error = mean_and_error(counts[2] - counts[-1])
    mean, total = 11 / 28, (1 - 0.08) / 0.08
    grid = (np.arange(100_000) + 0.5) / 100_000
    below = special.betainc(mean * total, (1 - mean) * total, grid)
    expected = -28 * np.mean(below * (1 - below))
    # The same of a normal distribution, as a check of the integral: standard deviation over the root of pi.
    assert expected == pytest.approx(-28 * (0.08 * mean * (1 - mean) / np.pi) ** 0.5, rel=0.03)
    assert abs(change - expected) < 4 * error
    baseline, error = mean_and_error(counts[-1])
    assert abs(baseline - (11 - expected)) < 4 * error


def test_without_change_the_naive_change_is_clearly_negative_and_later_months_do_not_drift() -> None:
    clinic = simulate_clinic(without_gaps(without_change(ClinicTruth(patients=1500, seed=5))))
    counts = month_counts(clinic, range(-1, 5))
    change, error = mean_and_error(counts[2] - counts[-1])
    assert change + 4 * error < -1
    slope = (counts[list(range(5))] * np.array([-2, -1, 0, 1, 2])).sum(axis=1) / 10
    drift, error = mean_and_error(slope)
    assert error < 0.06
    assert abs(drift) < 4 * error


def test_without_bad_month_nor_change_nothing_changes() -> None:
    truth = replace(without_gaps(without_change(ClinicTruth(patients=1500, seed=6))), worst_of_months=1.0)
    counts = month_counts(simulate_clinic(truth), range(-1, 3))
    change, error = mean_and_error(counts[2] - counts[-1])
    assert abs(change) < 4 * error


def test_the_real_change_is_the_planted_one_where_no_bad_month_hides_it() -> None:
    truth = replace(without_gaps(ClinicTruth(patients=3000, seed=7)), worst_of_months=1.0)
    clinic = simulate_clinic(truth)
    counts = month_counts(clinic, range(-1, 4))
    change, error = mean_and_error(counts[[2, 3]].mean(axis=1) - counts[-1])
    assert abs(change - -1.5) < 4 * error
    assert clinic.realised_change_days_per_28 == pytest.approx(-1.5, abs=0.2)


def test_a_repeat_baseline_after_booking_is_an_ordinary_month() -> None:
    truth = replace(without_gaps(without_change(ClinicTruth(patients=1500, seed=8))), long_wait_share=1.0)
    counts = month_counts(simulate_clinic(truth), range(-2, 3))
    fall, error = mean_and_error(counts[-1] - counts[-2])
    assert fall + 4 * error < -1
    beyond, error = mean_and_error(counts[2] - counts[-1])
    assert abs(beyond) < 4 * error


def test_both_clinics_of_a_pair_have_the_same_people_and_the_same_days_before_treatment() -> None:
    truth = ClinicTruth(seed=9, faults=False)
    with_change, no_change = simulate_clinic(truth), simulate_clinic(without_change(truth))
    pd.testing.assert_frame_equal(with_change["patients"], no_change["patients"])
    before = [days[days["day"] < 0] for days in map(numbered_days, (with_change, no_change))]
    pd.testing.assert_frame_equal(*(days.reset_index(drop=True) for days in before))
    assert no_change.realised_change_days_per_28 == 0


def mantel_haenszel(days: pd.DataFrame, exposed: str) -> float:
    """Odds ratio of being written down, exposed against not, within patients."""
    table = days.groupby(["patient_id", exposed])["written"].agg(["sum", "size"]).unstack(exposed).dropna()
    yes, size = table["sum"], table["size"]
    total = size.sum(axis=1)
    upper = (yes[True] * (size[False] - yes[False]) / total).sum()
    lower = (yes[False] * (size[True] - yes[True]) / total).sum()
    return float(upper / lower)


def test_weekends_and_headache_free_days_are_written_down_less_often() -> None:
    """What was not written down is known from the same clinic with complete diaries."""
    truth = replace(ClinicTruth(patients=1000, seed=10), faults=False, blank_headache_share=0.0)
    kept = simulate_clinic(truth)["diary"][["patient_id", "date"]].assign(written=True)
    lived = simulate_clinic(without_gaps(truth))["diary"][["patient_id", "date", "headache"]]
    span = kept.groupby("patient_id")["date"].agg(["min", "max"]).reset_index()
    days = lived.merge(span, on="patient_id")
    days = days[(days["date"] > days["min"]) & (days["date"] < days["max"])]
    days = days.merge(kept, on=["patient_id", "date"], how="left")
    days["written"] = days["written"].notna()
    days["weekend"] = pd.to_datetime(days["date"]).dt.day_of_week >= 5
    days["bad"] = days["headache"] == "yes"
    # The standard error of either log odds ratio is about 0.02 here (Woolf, 150,000 days, a fifth missing).
    assert np.log(mantel_haenszel(days, "weekend")) == pytest.approx(np.log(0.55), abs=0.08)
    assert np.log(mantel_haenszel(days, "bad")) == pytest.approx(np.log(1.6), abs=0.08)
    assert 0.7 < days["written"].mean() < 0.9


def test_drop_out_is_as_planted() -> None:
    """Of those with 24 weeks of time, a diary ends before day 126 for 1 − 0.78^(126/168) of them."""
    truth = replace(
        without_gaps(without_change(ClinicTruth(patients=4000, seed=11))),
        drop_out_share_by_day_168=0.22,
        drop_out_hazard_ratio_per_day_of_change=1.0,
    )
    clinic = simulate_clinic(truth)
    first = pd.to_datetime(clinic["sessions"].groupby("patient_id")["date"].min())
    ripe = first.index[first <= pd.Timestamp(truth.last_day) - pd.Timedelta(days=168)]
    last = numbered_days(clinic).groupby("patient_id")["day"].max().loc[ripe]
    expected = 1 - (1 - 0.22) ** (126 / 168)
    assert abs((last < 126).mean() - expected) < 4 * (expected * (1 - expected) / len(ripe)) ** 0.5


def broken(column: Column, values: pd.Series) -> pd.Series:
    """Which of the values that are there break the column's rule."""
    values = values.dropna()
    if column.kind in ("number", "whole"):
        numbers = values.astype(float)
        wrong = (numbers < column.minimum) | (numbers > column.maximum)
        return wrong | (numbers % 1 != 0) if column.kind == "whole" else wrong
    if column.name == "detail":
        return ~values.str.fullmatch("[a-z_]+")
    if column.kind == "codes":
        return ~values.map(lambda cell: set(cell.split(";")) <= set(column.codes))
    if column.kind == "date":
        days = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
        return days.isna() | ~days.between("2025-05-01", "2026-10-31")
    allowed = {"code": "|".join(column.codes), "yes_no": "yes|no", "id": r"P-\d{4}|PR-\d|S-\d"}[column.kind]
    return ~values.str.fullmatch(allowed)


@pytest.mark.parametrize("table", ["diary", "sessions", "patients", "scores", "events"])
def test_every_value_but_the_planted_ones_keeps_the_data_dictionary(clinic: Clinic, table: str) -> None:
    planted = {fault.row - 2 for fault in clinic.planted if fault.kind.table == table}
    rows = clinic[table].drop(index=list(planted))
    for name in rows.columns:
        column = TABLES[table].column(name)
        assert not broken(column, rows[name]).any(), name
        assert rows[name].notna().all() or not column.required or name == "headache", name
    assert not rows.duplicated(KEYS[table]).any()
    assert len(planted) < 0.05 * len(clinic[table])


def test_a_diary_day_says_only_what_its_headache_allows(clinic: Clinic) -> None:
    planted = {fault.row - 2 for fault in clinic.planted if fault.kind.table == "diary"}
    diary = clinic["diary"].drop(index=list(planted))
    details = ["intensity", "duration_hours"]
    assert diary.loc[diary["headache"] == "yes", [*details, "acute_medication"]].notna().all(axis=None)
    assert diary.loc[diary["headache"] != "yes", details].isna().all(axis=None)
    assert diary.loc[diary["headache"] == "no", "acute_medication"].notna().all()
    medicated = diary["acute_medication"] == "yes"
    assert diary.loc[medicated, ["acute_medication_class", "acute_doses"]].notna().all(axis=None)
    assert diary.loc[~medicated, ["acute_medication_class", "acute_doses"]].isna().all(axis=None)
    blank = diary["headache"].isna()
    assert 0 < blank.mean() < 0.03
    assert diary.loc[blank, ["intensity", "acute_medication", "acute_doses"]].isna().all(axis=None)


def test_sessions_and_diaries_are_where_a_clinic_has_them(clinic: Clinic) -> None:
    sessions, patients = clinic["sessions"], clinic["patients"].set_index("patient_id")
    assert (pd.to_datetime(sessions["date"]).dt.day_of_week < 5).all()
    first = sessions.groupby("patient_id")["date"].min()
    planned = patients["planned_sessions"]
    assert planned.between(4, 8).all()
    assert (sessions.groupby("patient_id").size() <= planned.loc[first.index]).all()
    wait = (pd.to_datetime(first) - pd.to_datetime(patients["contact_date"].loc[first.index])).dt.days
    assert (wait.between(29, 42) | wait.between(57, 70)).all()
    # Codes must not give away who came first.
    assert (
        abs(np.corrcoef(np.arange(len(first)), pd.to_datetime(first.sort_index()).astype("int64"))[0, 1])
        < 0.26
    )
    assert set(patients["headache_type"]) >= {"migraine", "tension_type", "cervicogenic", "cluster", "sinus"}
    assert {"not_asked", "none", "mild"} <= set(sessions["adverse_event"])


def test_the_default_clinic_is_one_a_clinician_would_believe() -> None:
    days = numbered_days(simulate_clinic(ClinicTruth(faults=False)))
    windows = {}
    for name, first, last in (("before", -28, -1), ("after", 56, 83)):
        window = days[days["day"].between(first, last)].groupby("patient_id")["headache"].agg(["size", "sum"])
        windows[name] = (28 * window["sum"] / window["size"])[window["size"] >= 20]
    pairs = pd.DataFrame(windows).dropna()
    assert 120 <= len(pairs) <= 170
    assert -4.5 < (pairs["after"] - pairs["before"]).mean() < -2.5
    assert 10 < pairs["before"].mean() < 16


def readme_faults(folder: Path) -> list[tuple[str, int, str, str]]:
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [(row[0], int(row[1]), row[2], row[3]) for row in cells if len(row) == 5 and row[1].isdigit()]


def spreadsheet(path: Path) -> list[dict[str, str]]:
    """Rows by spreadsheet number: two empty ones stand for row 0 and the header."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{}, {}, *csv.DictReader(file, strict=True)]


def holds(problem: str, file: str, row: int, tables: dict[str, list[dict[str, str]]]) -> bool:
    """Whether that row of the files, read as text, shows the problem in words of the README."""
    rows = tables[file]
    here = rows[row]
    neighbours = [rows[row - 1], *rows[row + 1 : row + 2]]
    same_day = [
        other
        for other in neighbours
        if (other.get("patient_id"), other.get("date")) == (here["patient_id"], here.get("date"))
    ]
    others = {name: {line["patient_id"] for line in lines[2:]} for name, lines in tables.items()}
    return {
        "the same row a second time": lambda: here == rows[row - 1],
        "two rows for one day that differ": lambda: len(same_day) == 1 and same_day[0] != here,
        "above 10": lambda: int(here["intensity"]) in (11, 70),
        "31 February": lambda: here["date"].endswith("-02-31"),
        "DD/MM/YYYY": lambda: re.fullmatch(r"\d\d/\d\d/\d{4}", here["date"]) is not None,
        "headache is no, yet an intensity above 0": lambda: (
            here["headache"] == "no" and int(here["intensity"]) > 0
        ),
        "migrane": lambda: here["headache_type"] == "migrane",
        "mlid": lambda: here["adverse_event"] == "mlid",
        "one needle fewer out than in": lambda: (
            int(here["needles_inserted"]) == int(here["needles_removed"]) + 1
        ),
        "kept a diary, never had a session": lambda: (
            here["patient_id"] in others["diary.csv"] - others["sessions.csv"]
        ),
        "had sessions, never kept a diary": lambda: (
            here["patient_id"] in others["sessions.csv"] - others["diary.csv"]
        ),
    }[problem]()


def test_each_row_named_in_the_readme_holds_its_fault(written: Path) -> None:
    faults = readme_faults(written)
    tables = {name: spreadsheet(written / name) for name in ("diary.csv", "sessions.csv", "patients.csv")}
    assert len(faults) == 22
    for file, row, column, problem in faults:
        assert holds(problem, file, row, tables), (file, row, problem)
        assert column in ("all", *tables[file][2])
    assert sorted(
        int(tables["diary.csv"][row]["intensity"]) for _, row, _, what in faults if what == "above 10"
    ) == [
        11,
        70,
    ]


def test_the_faults_in_the_files_are_those_counted_and_no_others(written: Path) -> None:
    planted = json.loads((written / "truth.json").read_text(encoding="utf-8"))["planted_faults"]
    diary = pd.read_csv(written / "diary.csv", dtype=str, keep_default_na=False)
    sessions = pd.read_csv(written / "sessions.csv", dtype=str, keep_default_na=False)
    patients = pd.read_csv(written / "patients.csv", dtype=str, keep_default_na=False)
    intensity = pd.to_numeric(diary["intensity"])
    days = diary.drop_duplicates()
    found = {
        "duplicate_row": diary.duplicated().sum(),
        "conflicting_day": days.duplicated(["patient_id", "date"]).sum(),
        "intensity_out_of_range": (intensity > 10).sum(),
        "impossible_date": diary["date"].str.endswith("-02-31").sum(),
        "other_date_format": diary["date"].str.contains("/").sum(),
        "intensity_without_headache": ((diary["headache"] == "no") & (intensity > 0)).sum(),
        "misspelt_headache_type": (patients["headache_type"] == "migrane").sum(),
        "misspelt_adverse_event": (sessions["adverse_event"] == "mlid").sum(),
        "needle_count": (sessions["needles_inserted"] != sessions["needles_removed"]).sum(),
        "no_sessions": len(set(diary["patient_id"]) - set(sessions["patient_id"])),
        "no_diary": len(set(sessions["patient_id"]) - set(diary["patient_id"])),
    }
    assert planted == found
    assert set(diary["patient_id"]) | set(sessions["patient_id"]) == set(patients["patient_id"])


def test_without_faults_nothing_is_planted(tmp_path: Path) -> None:
    truth = ClinicTruth(patients=60, faults=False)
    clinic = simulate_clinic(truth)
    write_clinic(clinic, tmp_path, truth)
    assert clinic.planted == ()
    assert not clinic["diary"].duplicated(["patient_id", "date"]).any()
    assert "None." in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("patients", [1, 2, 5, 20])
def test_a_small_clinic_is_made_too(patients: int) -> None:
    clinic = simulate_clinic(ClinicTruth(patients=patients, seed=12))
    assert len(clinic["patients"]) == patients
    assert list(clinic) == ["diary", "sessions", "patients", "scores", "events"]


def test_the_data_end_with_whole_calendar_months() -> None:
    assert ClinicTruth().last_day == date(2026, 10, 31)
    assert ClinicTruth(first_day=date(2023, 12, 1), months=27).last_day == date(2026, 2, 28)
    diary = simulate_clinic(ClinicTruth(faults=False))["diary"]
    assert diary["date"].max() == "2026-10-31"


def test_every_impossible_knob_is_named_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        ClinicTruth(patients=0, day_icc=1.0, worst_of_months=0.5, long_wait_share=1.2, types=ONE_TYPE * 2)
    for part in ("patients", "day_icc", "worst_of_months", "long_wait_share", "add up to 1"):
        assert part in str(caught.value)


def test_somebodys_records_are_not_written_over(tmp_path: Path) -> None:
    truth = ClinicTruth(patients=2)
    (tmp_path / "diary.csv").write_bytes(b"mine")
    with pytest.raises(FileProblem, match="did not make"):
        write_clinic(simulate_clinic(truth), tmp_path, truth)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine"]
    write_clinic(simulate_clinic(truth), tmp_path / "made", truth)
    write_clinic(simulate_clinic(truth), tmp_path / "made", truth)


def test_a_folder_that_cannot_be_written_is_said_in_words(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(FileProblem, match="cannot be written"):
        write_clinic(clinic, tmp_path / "taken", ClinicTruth())


@pytest.mark.long
def test_twenty_thousand_patients_are_made() -> None:
    clinic = simulate_clinic(ClinicTruth(patients=20_000))
    assert len(clinic["diary"]) > 2_000_000
    assert clinic["patients"]["patient_id"].is_unique
