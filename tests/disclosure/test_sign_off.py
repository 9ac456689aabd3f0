"""A report for everybody, end to end: planted rarities, a signature, and what is left afterwards."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import io
import json
import os
import re
import stat
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from diaries import write_folder

from outcomes import AnalysisPlan
from outcomes.cli import main
from outcomes.errors import PlanError
from outcomes.reporting import reports
from outcomes.reporting.manifest import ReportSet, read_manifest

MONTH = "2026-06"
#: Of one patient: a pseudonym, an age band, a headache type, and an intensity.
CANARY, BAND, TYPE, VALUE = "CANARY029", "80-89", "cervicogenic", "7.37"
#: As code and as words.
PLANTED = ("canary", "80-89", "80–89", "cervicogenic", "7.37")


def tables() -> dict[str, pd.DataFrame]:
    """60 patients with migraine or tension-type headache, and one who is like nobody else."""
    random = np.random.default_rng(3)
    days = [*range(-28, 0), *range(1, 84)]
    rows, people = [], []
    for number in range(61):
        patient = f"CANARY{number:03d}"
        first = dt.date(2026, 1, 5) + dt.timedelta(days=number % 40)
        rare = patient == CANARY
        people.append(
            {
                "patient_id": patient,
                "date": first.isoformat(),
                "headache_type": TYPE if rare else ("migraine", "tension_type")[number % 2],
                "age_band": BAND if rare else ("30-39", "40-49")[number // 2 % 2],
            }
        )
        for day in days:
            has = random.random() < (0.55 if day < 0 else 0.3)
            worst = float(VALUE) if rare and has else float(random.integers(3, 9)) if has else 0.0
            date = (first + dt.timedelta(days=day)).isoformat()
            rows.append(
                {"patient_id": patient, "date": date, "headache": "yes" if has else "no", "intensity": worst}
            )
    listed = pd.DataFrame(people)
    return {
        "diary": pd.DataFrame(rows),
        "sessions": listed[["patient_id", "date"]],
        "patients": listed.drop(columns="date"),
    }


def everything_in(path: Path) -> bytes:
    """A file's bytes, its name, streams inflated and data addresses decoded; of texts without their style sheet."""
    content = path.read_bytes()
    unpacked = [path.name.encode(), re.sub(rb"<style.*?</style>", b"", content, flags=re.DOTALL)]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, flags=re.DOTALL):
        try:
            unpacked.append(zlib.decompress(stream))
        except zlib.error:
            unpacked.append(stream)
    unpacked += [
        base64.b64decode(data) for data in re.findall(rb"svg\+xml;base64,([A-Za-z0-9+/=]+)", content)
    ]
    return b"\n".join(unpacked)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, str]], set[str]]:
    """The output folder, the code and words of each command, and the names that waited."""
    folder = tmp_path_factory.mktemp("clinic")
    records = write_folder(folder / "records", **tables())
    (records / "outcomes.toml").write_text("[release]\nsign_off = true\n")
    output = folder / "reports"
    said = []

    def run(*arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*arguments])
        said.append((code, out.getvalue() + err.getvalue()))

    run("report", str(records), "--month", MONTH, "--output", str(output), "--profile", "public")
    waiting = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    kept = {path: everything_in(path) for path in output.rglob("*") if path.is_file()}
    (folder / "kept").mkdir()
    for path, content in kept.items():
        (folder / "kept" / path.name).write_bytes(content)
    run("release", "list", str(output))
    run("release", "approve", str(output / MONTH / "public"), "--by", "A. Person")
    run("release", "approve", str(output / "pending" / MONTH / "public"), "--by", " ")
    run("release", "approve", str(output / "pending" / MONTH / "public"), "--by", "A. Person")
    run("release", "list", str(output))
    return output, said, waiting


def test_a_report_waits_for_a_signature_with_exit_code_6(
    signed: tuple[Path, list[tuple[int, str]], set[str]],
) -> None:
    _output, said, waiting = signed
    assert waiting == {
        f"pending/{MONTH}/public/{name}"
        for name in ("report.html", "report.pdf", "results.json", "disclosure.json")
    } | {"private/ledger.key", "private/ledger.sqlite", "status.json"}
    code, text = said[0]
    assert code == 6
    assert "outcomes release approve" in text
    assert said[1] == (0, f"{MONTH}/public: waits for approval\n")


def test_only_what_waits_is_signed_and_by_somebody(
    signed: tuple[Path, list[tuple[int, str]], set[str]],
) -> None:
    _, said, _ = signed
    assert said[2][0] == 2 and "no report that waits" in said[2][1]
    assert said[3][0] == 2 and "--by names the person" in said[3][1]


def test_a_signature_moves_the_report_to_its_place(
    signed: tuple[Path, list[tuple[int, str]], set[str]],
) -> None:
    output, said, _ = signed
    assert said[4][0] == 0
    names = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    files = {f"{MONTH}/public/{name}" for name in ("report.html", "report.pdf", "results.json")}
    assert names == files | {"private/ledger.key", "private/ledger.sqlite", "status.json"}
    assert re.fullmatch(
        rf"{MONTH}/public: released, approved by A\. Person on \d{{4}}-\d\d-\d\d\n", said[5][1]
    )
    if os.name == "posix":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in output.rglob("*") if path.is_file()}
        assert modes == {0o600}


@pytest.fixture
def without_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(request: reports.ReportRequest, *_: object, **__: object) -> ReportSet:
        results = {profile: {"figures": []} for profile in request.profiles}
        return ReportSet({f"{profile}/results.json": b"new" for profile in request.profiles}, results)

    monkeypatch.setattr(reports, "compute_set", made)


def test_what_was_signed_stays_beside_a_new_set_until_the_next_is_signed(
    tmp_path: Path, without_computing: None
) -> None:
    """The set of the month is `internal` and its manifest; what waits is no part of it."""
    records = write_folder(tmp_path / "records", **tables())
    (records / "outcomes.toml").write_text("[release]\nsign_off = true\n")
    output = tmp_path / "reports"
    command = ["report", str(records), "--month", MONTH, "--output", str(output)]
    signed, waiting = output / MONTH / "share", output / "pending" / MONTH / "share"
    assert main(command) == 6
    assert not signed.exists()
    assert read_manifest(output / MONTH).values["profiles"] == ["internal"]
    assert main(["release", "approve", str(waiting), "--by", "A. Person"]) == 0
    (signed / "results.json").write_bytes(b"signed")
    assert main(command) == 6
    assert (signed / "results.json").read_bytes() == b"signed"
    assert {path.name for path in waiting.iterdir()} == {"results.json", "disclosure.json"}
    assert (output / MONTH / "internal" / "results.json").read_bytes() == b"new"


def test_the_rare_patient_is_in_no_byte_of_anything_that_leaves(
    signed: tuple[Path, list[tuple[int, str]], set[str]],
) -> None:
    output, said, _ = signed
    for path in (output.parent / "kept").iterdir():
        content = path.read_bytes().lower()
        for planted in PLANTED:
            # Coordinates of a drawing have decimals of their own.
            if planted == VALUE and path.suffix in (".pdf", ".html"):
                content = re.sub(rb"\d+\.\d{3,}|[ml]? ?\d+\.\d+ \d+\.\d+", b"", content)
                content = re.sub(rb' (?:x|y|width|height|d|points|transform)="[^"]*"', b"", content)
            assert planted.encode() not in content, (path.name, planted)
    for _, text in said:
        assert not any(planted in text.lower() for planted in PLANTED)


def test_the_person_who_signs_sees_rules_and_no_numbers(
    signed: tuple[Path, list[tuple[int, str]], set[str]],
) -> None:
    kept = signed[0].parent / "kept" / "disclosure.json"
    told = json.loads(kept.read_bytes().split(b"\n", 1)[1])
    assert told["profile"] == "public" and told["period"] == MONTH
    assert all(set(cell) == {"measure", "definition", "rule", "action"} for cell in told["cells"])
    assert "too few to show" in {rule["rule"] for rule in told["rules"]}


def test_the_profile_is_marked_and_its_rules_are_in_force(
    signed: tuple[Path, list[tuple[int, str]], set[str]],
) -> None:
    page = (signed[0] / MONTH / "public" / "report.html").read_text("utf-8")
    assert "public: small numbers hidden" in page
    assert "&lt;10" in page and "≤7" not in page
    assert "SHA-256" not in page
    assert "about 60 patients" in page


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[release]\nsign_off = 1\n", "must be true or false"),
        ("[release]\nsignoff = true\n", "holds one key"),
        ("sign_off = true\n", "not a key of the plan"),
        ("release = true\n", "holds one key"),
    ],
)
def test_a_signature_is_asked_for_in_one_way(tmp_path: Path, text: str, problem: str) -> None:
    plan = tmp_path / "outcomes.toml"
    plan.write_text(text)
    with pytest.raises(PlanError, match=problem):
        AnalysisPlan.from_toml(plan)


def test_the_plan_gives_its_wish_for_a_signature_back() -> None:
    plan = AnalysisPlan(sign_off=True)
    assert AnalysisPlan.from_mapping(plan.to_dict()) == plan
    assert AnalysisPlan.from_mapping(AnalysisPlan().to_dict()) == AnalysisPlan()
