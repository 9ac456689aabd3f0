"""Special clinics hold what is special about them, are read without a finding, and are the same on each run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.cli import main
from outcomes.commands.analysis import _KINDS
from outcomes.errors import PlanError
from outcomes.records.reading import read_records
from outcomes.records.schema import TABLES
from outcomes.simulation import SPECIAL_CLINICS, Clinic, simulate_clinic, special_clinic, write_clinic

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def clinics() -> dict[str, Clinic]:
    return {name: simulate_clinic(special_clinic(name)) for name in SPECIAL_CLINICS}


def first_sessions(clinic: Clinic) -> pd.Series:
    return pd.to_datetime(clinic["sessions"].groupby("patient_id")["date"].min())


def test_the_command_knows_every_special_clinic() -> None:
    assert ("ordinary", *SPECIAL_CLINICS) == _KINDS


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(PlanError, match="cluster, paediatric"):
        special_clinic("dental")


@pytest.mark.parametrize("name", [name for name in SPECIAL_CLINICS if name != "recall_only"])
def test_special_clinics_are_read_without_any_row_set_aside(
    name: str, clinics: dict[str, Clinic], tmp_path: Path
) -> None:
    write_clinic(clinics[name], tmp_path, special_clinic(name))
    records = read_records(tmp_path)
    assert {found.level for found in records.findings} <= {"warning"}
    # Small groups of patients are told of; so are short codes that nobody vouches for. Nothing else is.
    assert {found.rule for found in records.findings} <= {"PRV-K", "PRV-ID-UNATTESTED"}
    assert {count.table: count.rows_in for count in records.counts} == {
        table: len(rows) for table, rows in clinics[name].items()
    }


def test_the_sample_is_set_aside_exactly_where_errors_were_planted() -> None:
    records = read_records(SAMPLE)
    found = {(f.file, row) for f in records.findings if f.level != "warning" for row in f.rows}
    text = (SAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text]
    listed = [row for row in cells if len(row) == 5 and row[1].isdigit()]
    told_otherwise = ("patient_id", "needles_removed")
    assert found == {(row[0], int(row[1])) for row in listed if row[2] not in told_otherwise}


@pytest.mark.parametrize("name", SPECIAL_CLINICS)
def test_every_value_of_a_special_clinic_is_one_of_the_dictionary(
    name: str, clinics: dict[str, Clinic]
) -> None:
    for table, rows in clinics[name].items():
        assert set(rows.columns) <= TABLES[table].names
        for column in map(TABLES[table].column, rows.columns):
            values = rows[column.name].dropna()
            if column.kind in ("number", "whole"):
                assert values.astype(float).between(column.minimum, column.maximum).all(), column.name
            elif column.codes:
                assert set(values.astype(str).str.split(";").explode()) <= set(column.codes), column.name


@pytest.mark.parametrize("name", SPECIAL_CLINICS)
def test_the_command_makes_the_same_bytes_again(name: str, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert main(["simulate", "--kind", name, "--patients", "6", "--output", str(tmp_path / folder)]) == 0
    made = sorted((tmp_path / "one").iterdir())
    # The tables, the README, the truth, and the claims.
    assert len(made) == (7 if name == "recall_only" else 8)
    for path in made:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    text = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert f"--kind {name} --patients 6" in text and SPECIAL_CLINICS[name].what in text


def test_cluster_headache_comes_in_bouts_that_end_by_themselves(clinics: dict[str, Clinic]) -> None:
    clinic = clinics["cluster"]
    truth = clinic.truth_per_patient.set_index("patient_id")
    diary = clinic["diary"].dropna(subset="headache")
    day = (
        pd.to_datetime(diary["date"]) - pd.to_datetime(diary["patient_id"].map(first_sessions(clinic)))
    ).dt.days
    ill = diary["headache"] == "yes"
    end = diary["patient_id"].map(truth["bout_end_day"])
    assert set(clinic["patients"]["headache_type"]) == {"cluster"}
    assert (
        truth["bout_end_day"].notna() == (clinic["patients"].set_index("patient_id")["ichd3_code"] == "3.1.1")
    ).all()
    share = truth["bout_end_day"].notna().mean()
    assert abs(share - 0.7) < 4 * (0.7 * 0.3 / len(truth)) ** 0.5
    assert ill[day >= end].mean() < 0.01 and (day >= end).sum() > 1000
    assert ill[day < end].mean() > 0.55
    # Nobody changes: those without bouts go on as they were.
    assert (truth["change_days_per_28"] == 0).all()
    chronic = ill[end.isna()]
    before, after = chronic[day[end.isna()] < 0].mean(), chronic[day[end.isna()] >= 56].mean()
    assert abs(before - after) < 0.12
    # About two attacks on a headache day, so some ten a week in a bout.
    assert clinic["diary"]["attacks"].dropna().mean() == pytest.approx(2, abs=0.15)


def test_children_have_their_own_questionnaire_and_age_band(clinics: dict[str, Clinic]) -> None:
    clinic = clinics["paediatric"]
    assert set(clinic["patients"]["age_band"]) == {"0-17"}
    assert set(clinic["scores"]["instrument"]) == {"pedmidas", "nrs", "pgic"}
    pedmidas = clinic["scores"][clinic["scores"]["instrument"] == "pedmidas"]
    items = pedmidas[[f"item_{number}" for number in range(1, 7)]]
    whole = items.notna().all(axis=1)
    assert whole.mean() > 0.9 and (items[whole].sum(axis=1) == pedmidas.loc[whole, "score"]).all()
    assert not clinic["diary"]["acute_medication_class"].dropna().str.contains("triptan|opioid").any()


def test_everybody_of_the_chronic_clinic_is_far_above_fifteen_days(clinics: dict[str, Clinic]) -> None:
    truth = clinics["all_chronic"].truth_per_patient
    assert (truth["usual_days_per_28"] >= 14).all()
    assert np.isclose(truth["usual_days_per_28"].mean(), 21.4, atol=0.8)
    assert set(clinics["all_chronic"]["patients"]["ichd3_code"]) <= {"1.3", "2.3", "1.1", "2.2", "1.2"}


def test_three_patients_are_three(clinics: dict[str, Clinic]) -> None:
    assert len(clinics["three_patients"]["patients"]) == 3


def test_a_clinic_without_diaries_asks_at_each_session_and_for_longer(clinics: dict[str, Clinic]) -> None:
    clinic = clinics["recall_only"]
    assert set(clinic) == {"sessions", "patients", "scores", "events"}
    sessions = clinic["sessions"]
    for column in ("recalled_headache_days_28", "recalled_headache_days_7"):
        asked = sessions[column].notna()
        assert abs(asked.mean() - 0.85) < 4 * (0.85 * 0.15 / len(asked)) ** 0.5
    day = (pd.to_datetime(sessions["date"]) - sessions["patient_id"].map(first_sessions(clinic))).dt.days
    assert sessions.loc[(day >= 56) & (day <= 83), "patient_id"].nunique() > 40
