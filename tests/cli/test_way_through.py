"""A list with names, and the commands that `check` prints for it: run one after the other as they stand."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cli import main
from outcomes.records.check_result import way_through
from outcomes.records.findings import Finding

FIRST = dt.date(2026, 3, 2)
PATIENTS = 24


def _practice() -> dict[str, pd.DataFrame]:
    """Clients by number and name, their visits, and a diary: half of them have half the headache afterwards."""
    people, visits, diary = [], [], []
    for place in range(PATIENTS):
        number = 4711 + 13 * place
        kind = "Migraine" if place % 8 < 4 else "Tension-type"
        born = f"{place % 28 + 1:02d}/0{place % 9 + 1}/{1978 + place % 3}"
        mail = f"zaphod{place}@example.org"
        people.append(
            (number, f"Zaphod Beeble{'abcdefghijklmnopqrstuvwx'[place]}", born, mail, "FM"[place % 2], kind)
        )
        visits += [(number, FIRST + dt.timedelta(days=day), 12) for day in (0, 7, 15)]
        for day in range(-40, 100):
            ill = day % 2 == 0 and (day < 0 or place % 4 < 2 or day % 8 == 0)
            diary.append((number, FIRST + dt.timedelta(days=day), "yes" if ill else "no", 6 if ill else None))
    return {
        "Clients": pd.DataFrame(people, columns=["Client no", "Name", "DOB", "E-mail", "Sex", "Diagnosis"]),
        "Visits": pd.DataFrame(visits, columns=["Client no", "Visit date", "Needles"]),
        "Diary": pd.DataFrame(diary, columns=["Client no", "Date", "Headache", "Intensity"]),
    }


def _folder(home: Path) -> Path:
    raw = home / "raw records"
    raw.mkdir()
    for name, frame in _practice().items():
        frame.to_csv(raw / f"{name}.csv", index=False)
    return raw


def _workbook(home: Path) -> Path:
    raw = home / "raw records"
    raw.mkdir()
    with pd.ExcelWriter(raw / "list.xlsx") as workbook:
        for name, frame in _practice().items():
            frame.astype(str).replace("nan", "").to_excel(workbook, sheet_name=name, index=False)
    return raw / "list.xlsx"


def _told(source: str, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    """The commands that the check prints, and the lines that it says to add."""
    assert main(["check", source]) == 3
    told = capsys.readouterr()
    typed = [line[7:] for line in (told.out + told.err).splitlines() if line.startswith(" " * 7)]
    return (
        [line for line in typed if line.startswith("outcomes ")],
        "\n".join(line for line in typed if not line.startswith("outcomes ")),
    )


def _run(command: str) -> int:
    return main(shlex.split(command)[1:])


def _value(command: str, option: str) -> str:
    words = shlex.split(command)
    return words[words.index(option) + 1]


@pytest.mark.parametrize("place", ["beside", "inside", "workbook", "beside the workbook"])
def test_the_printed_commands_end_in_records_that_can_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    raw = _workbook(tmp_path) if "workbook" in place else _folder(tmp_path)
    cwd, source = {
        "beside": (tmp_path, raw.name),
        "inside": (raw, "."),
        "workbook": (tmp_path, f"raw records/{raw.name}"),
        "beside the workbook": (raw.parent, raw.name),
    }[place]
    monkeypatch.chdir(cwd)
    commands, settings = _told(source, capsys)
    assert [shlex.split(command)[1] for command in commands] == [
        "key",
        "check",
        "deidentify",
        "check",
        "compare",
    ]
    key, draft, deidentify, check, compare = commands
    assert _run(key) == 0 and _run(draft) == 0
    config = Path(_value(draft, "--output"))
    config.write_text(config.read_text() + settings + "\n")
    assert _run(deidentify) == 0
    capsys.readouterr()
    assert _run(check) == 0 and _run(compare) == 0
    assert f"{PATIENTS} of {PATIENTS} patients compared" in capsys.readouterr().out
    clean = Path(_value(deidentify, "--output"))
    written = "".join(path.read_text() for path in clean.iterdir())
    for name in ("Zaphod", "example.org", "4711", "1979", "2026-0"):
        # As words: a pseudonym or a hash may hold any four digits by chance.
        assert not re.search(rf"\b{name}", "".join(path.read_text() for path in clean.glob("*.csv"))), name
    assert "Zaphod" not in written
    # Nothing was put among the records.
    assert len(list((raw if raw.is_dir() else raw.parent).iterdir())) == (3 if raw.is_dir() else 1)


def test_with_the_questions_answered_the_ages_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    (key, draft, deidentify, *_), _ = _told("raw records", capsys)
    assert _run(key) == 0 and _run(draft) == 0
    text = (tmp_path / "deid.toml").read_text()
    assert re.search(r'^#   age = "date_of_birth"', text, re.MULTILINE), "the draft has seen the header"
    text = re.sub(r"^# \? age_band", "age_band", text, flags=re.MULTILINE)
    assert 'age_band = { source = "DOB", dates = "D/M/YYYY" }' in text
    codes = 'sex = { source = "Sex", codes = { F = "female", M = "male" } }'
    text = re.sub(r"^# \? sex = .*$", codes, text, flags=re.MULTILINE)
    for age, code in (("years", 4), ("band", 4), ("date_of_birth", 0)):
        (tmp_path / "deid.toml").write_text(f'{text}\n[deidentify]\nage = "{age}"\n')
        assert _run(deidentify) == code
        told = capsys.readouterr().err
        # Not one age could be read: that is the setting, and no slip.
        assert code == 0 or ("'age_band'" in told and 'age = "date_of_birth"' in told and "1979" not in told)
        assert (tmp_path / "CLEAN").exists() == (code == 0)
    patients = pd.read_csv(tmp_path / "CLEAN" / "patients.csv")
    assert set(patients["age_band"]) == {"40-49"} and set(patients["sex"]) == {"female", "male"}


def test_a_list_without_a_number_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = _folder(tmp_path)
    for path in raw.iterdir():
        pd.read_csv(path).rename(columns={"Client no": "Whatever"}).to_csv(path, index=False)
    monkeypatch.chdir(tmp_path)
    (key, draft, deidentify, *_), settings = _told("raw records", capsys)
    assert _run(key) == 0 and _run(draft) == 0
    text = (tmp_path / "deid.toml").read_text()
    assert text.count("# patient_id is needed") == 3
    (tmp_path / "deid.toml").write_text(f"{text}{settings}\n")
    assert _run(deidentify) == 4
    told = capsys.readouterr().err
    assert "the clinic's own number" in told and "number the patients in a new column" in told
    assert "a pseudonym, never" not in told and "Whatever" not in told


def test_the_sign_of_a_formula_needs_no_way_through() -> None:
    formula = Finding("identity", "PRV-FORMULA", "", "list.csv", "column 3", "", "", 1, ())
    name = Finding("identity", "PRV-NAME", "", "list.csv", "column 3", "", "", 1, ())
    assert way_through([formula], "raw") == "" != way_through([formula, name], "raw")


def test_dates_of_birth_are_told_from_ages() -> None:
    def age(rule: str, problem: str = "") -> str:
        finding = Finding("identity", rule, "", "list.csv", "column 3", problem, "", 1, ())
        found = re.search(r'age = "(\w+)"', way_through([finding], "raw"))
        assert found is not None
        return found[1]

    assert age("PRV-BIRTH-DATE") == "date_of_birth"
    assert age("PRV-HEADER", "the header says that the column holds a date of birth.") == "date_of_birth"
    assert age("PRV-HEADER") == age("PRV-NAME") == "years"
