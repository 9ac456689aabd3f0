"""`outcomes verify`: the same bytes, or each difference with its cause."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import write_folder

from outcomes.cli import main
from outcomes.reporting import reports, verifying
from outcomes.reporting.manifest import MANIFEST_FILE, read_manifest

MONTH = "2026-06"
FILES = [
    f"{profile}/{name}"
    for profile in ("internal", "share")
    for name in ("report.html", "report.pdf", "results.json")
]


def tables(patients: int = 14) -> dict[str, pd.DataFrame]:
    """Whole diaries from 28 days before the first session to 83 days after it; fewer headache days after."""
    random = np.random.default_rng(5)
    days = np.arange(-28, 84)
    first = [dt.date(2026, 1, 5) + dt.timedelta(days=2 * number) for number in range(patients)]
    has = [random.random(days.size) < np.where(days < 0, 0.5, 0.25) for _ in range(patients)]
    diary = [
        {"patient_id": f"P{number:03d}", "date": (first[number] + dt.timedelta(days=int(day))).isoformat(),
         "headache": "yes" if one else "no"}
        for number in range(patients)
        for day, one in zip(days, has[number], strict=True)
    ]  # fmt: skip
    sessions = [{"patient_id": f"P{number:03d}", "date": day.isoformat()} for number, day in enumerate(first)]
    return {"diary": pd.DataFrame(diary), "sessions": pd.DataFrame(sessions)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records and the month's reports made from them, which no test changes."""
    folder = tmp_path_factory.mktemp("clinic")
    write_folder(folder / "records", **tables())
    arguments = [str(folder / "records"), "--month", MONTH, "--output", str(folder / "reports")]
    assert main(["report", *arguments]) == 0
    return folder


@pytest.fixture
def clinic(written: Path, tmp_path: Path) -> Path:
    """The same folder elsewhere: what lies in the manifest is seen from the manifest."""
    return Path(shutil.copytree(written, tmp_path / "moved"))


def verify(clinic: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["verify", str(clinic / "reports" / MONTH), *more, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed: what the run would write now is what stands there."""

    def same(request: reports.ReportRequest, *_: object, **__: object) -> reports.ReportSet:
        folder = Path(request.source).parent / "reports" / MONTH
        files = {name: (folder / name).read_bytes() for name in FILES}
        results = {}
        for profile in request.profiles:
            kept = json.loads(files[f"{profile}/results.json"])
            results[profile] = {key: kept[key] for key in kept if key not in ("run", "month", "profile")}
        return reports.ReportSet(files, results)

    monkeypatch.setattr(verifying, "compute_set", same)


# ---- really made again ----


def test_made_again_elsewhere_it_is_the_same_bytes(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Page, PDF and numbers of both profiles, from records that have moved with the reports."""
    assert main(["verify", str(clinic / "reports" / MONTH)]) == 0
    assert "the same bytes (6 files)" in capsys.readouterr().out


def test_without_the_ledger_what_was_held_against_it_is_not_made_again(
    clinic: Path, quick: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only internal is compared, and the words say so; the ledger itself is as it was after each verification."""
    before = {path.name: path.read_bytes() for path in (clinic / "reports" / "private").iterdir()}
    assert verify(clinic, capsys)[1]["not_compared"] == []
    assert {path.name: path.read_bytes() for path in (clinic / "reports" / "private").iterdir()} == before
    shutil.rmtree(clinic / "reports" / "private")
    made = verifying.compute_set
    monkeypatch.setattr(
        verifying, "compute_set", lambda *given, **more: made(*given, **more).without(["share"])
    )
    assert main(["verify", str(clinic / "reports" / MONTH)]) == 0
    out = capsys.readouterr().out
    assert "the same bytes (3 files)" in out
    assert "share: not made again, since the release ledger" in out


def test_the_manifest_names_its_ledger_and_another_one_does_not_do(
    clinic: Path, quick: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(clinic / "reports" / MONTH)
    key = clinic / "reports" / "private" / "ledger.key"
    named = manifest.values["ledger"]
    assert len(named) == 12 and bytes.fromhex(named) not in key.read_bytes()
    key.write_bytes(bytes(reversed(key.read_bytes())))
    made = verifying.compute_set
    monkeypatch.setattr(
        verifying, "compute_set", lambda *given, **more: made(*given, **more).without(["share"])
    )
    assert verify(clinic, capsys)[1]["not_compared"] == ["share"]


def test_late_data_are_told_restated_and_then_the_same_again(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A diary corrected after the report: verify names the file; the new report says what moved; verified, it holds."""
    run = clinic / "reports" / MONTH
    was = read_manifest(run).run_id
    later = tables()
    later["diary"].loc[later["diary"].index[-28:], "headache"] = "yes"
    write_folder(clinic / "records", **later)
    assert (
        main(["report", str(clinic / "records"), "--month", MONTH, "--output", str(clinic / "reports")]) == 0
    )
    blocks = json.loads((run / "internal" / "results.json").read_text("utf-8"))["blocks"]
    table = next(one for one in blocks if one["section"] == "Restated figures" and one["kind"] == "table")
    moved = {row[0]: row for row in table["rows"]}
    assert moved["Headache days, change"][-1] == "late or changed data"
    assert was in table["notes"][0] and "diary.csv has changed" in table["notes"][0]
    shared = (run / "share" / "report.html").read_text("utf-8")
    assert was in shared and "late or changed data" in shared and "diary.csv has changed" not in shared
    # Though it now stands beside its older form, it gives the same bytes again.
    before = {name: (run / name).read_bytes() for name in FILES}
    code, found = verify(clinic, capsys)
    assert (code, found["same"], found["causes"]) == (0, True, [])
    assert before == {name: (run / name).read_bytes() for name in FILES}


# ---- what differs, and why ----


def test_a_file_that_was_touched(clinic: Path, quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    run = clinic / "reports" / MONTH
    kept = (run / "share" / "report.pdf").read_bytes()
    (run / "share" / "report.pdf").write_bytes(kept + b" ")
    code, found = verify(clinic, capsys)
    assert code == 4
    assert {"kind": "touched", "what": "share/report.pdf"} in found["causes"]


@pytest.mark.parametrize(
    ("make", "kind", "what"),
    [
        (
            lambda records: (records / "sessions.csv").write_text("x\n"),
            "data",
            "sessions.csv has changed",
        ),
        (lambda records: (records / "scores.csv").write_text("x\n"), "data", "scores.csv is new"),
        (
            lambda records: (records / "outcomes.toml").write_text("min_recorded_days = 14\n"),
            "definition",
            "min_recorded_days: not set → 14",
        ),
        (lambda records: (records / "mapping.toml").write_text(""), "definition", "mapping.toml is new"),
        (lambda records: (records / "claims.toml").write_text(""), "definition", "claims.toml is new"),
    ],
)
def test_each_difference_is_named(
    clinic: Path, quick: None, capsys: pytest.CaptureFixture[str], make: Any, kind: str, what: str
) -> None:
    make(clinic / "records")
    _, found = verify(clinic, capsys)
    assert found["causes"] == [{"kind": kind, "what": what}]


def changed_manifest(clinic: Path, **changed: Any) -> None:
    path = clinic / "reports" / MONTH / MANIFEST_FILE
    values = json.loads(path.read_text("utf-8"))
    for key, value in changed.items():
        values[key] = {**values[key], **value}
    path.write_text(json.dumps(values), "utf-8")


def test_another_version_of_a_library(clinic: Path, quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    versions = read_manifest(clinic / "reports" / MONTH).identity["versions"]
    changed_manifest(clinic, identity={"versions": {**versions, "numpy": "0.1"}})
    _, found = verify(clinic, capsys)
    assert found["causes"] == [{"kind": "version", "what": f"numpy 0.1 → {np.__version__}"}]


def test_other_bytes_for_no_reason_are_a_fault(
    clinic: Path, quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    changed_manifest(clinic, files={"share/report.pdf": "0" * 64})
    assert main(["verify", str(clinic / "reports" / MONTH)]) == 4
    said = capsys.readouterr().out
    assert "share/report.pdf: comes out otherwise now." in said
    assert "unexplained" in said and "No number has moved." in said


def test_records_that_have_gone_elsewhere(
    clinic: Path, quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clinic / "records").rename(clinic / "elsewhere")
    assert main(["verify", str(clinic / "reports" / MONTH)]) == 7
    assert "not there" in capsys.readouterr().err
    code, _ = verify(clinic, capsys, str(clinic / "elsewhere"))
    assert code == 0


def test_a_folder_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path)]) == 7
    assert "there is none" in capsys.readouterr().err


# ---- what a run hands on ----


def test_nothing_that_is_handed_on_names_a_place(written: Path) -> None:
    run = written / "reports" / MONTH
    for name in FILES:
        assert str(written).encode() not in (run / name).read_bytes(), name


def test_the_report_shows_the_run_that_the_manifest_names(written: Path) -> None:
    run = written / "reports" / MONTH
    run_id = read_manifest(run).run_id
    for profile in ("internal", "share"):
        assert run_id in (run / profile / "report.html").read_text("utf-8")
        assert json.loads((run / profile / "results.json").read_text("utf-8"))["run"] == run_id


def test_the_shared_numbers_for_scripts_hold_no_exact_count(written: Path) -> None:
    """Fourteen patients: exact in the internal results, `about 15` in the shared ones."""
    internal, shared = (
        json.loads((written / "reports" / MONTH / profile / "results.json").read_text("utf-8"))
        for profile in ("internal", "share")
    )
    assert internal["flow"]["analysed"] == 14
    assert "statistics" not in shared and "flow" not in shared
    texts = [figure["text"] for figure in shared["figures"]]
    assert "about 15 patients" in texts and not any("14" in text for text in texts)
    sections = {block["section"] for block in shared["blocks"]}
    assert {"Before and after", "Restated figures", "Provenance"} <= sections
