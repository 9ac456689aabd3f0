"""`outcomes claims`: codes, words and files, as a script would see them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from outcomes.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
Told = pytest.CaptureFixture[str]


def test_a_file_that_can_be_followed_is_told_with_its_first_reviews(capsys: Told) -> None:
    assert main(["claims", "check", str(SAMPLE / "claims.toml")]) == 0
    out = capsys.readouterr().out
    assert "18 claims, 16 asked" in out
    assert "fewer_headaches: first review January to June 2026" in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "[[claims]]"),
        (
            '[[claims]]\nid = "a"\nsays = "x"\nkind = "change"\nendpoint = "mood"\ndeclared_on = 2026-01-01',
            "mood",
        ),
        (
            '[[claims]]\nid = "a"\nsays = "x"\nkind = "score"\ninstrument = "pgic"\nmargin = 1\n'
            "declared_on = 2026-01-01",
            "no baseline",
        ),
        ("not toml", "TOML"),
    ],
)
def test_one_that_cannot_is_refused_with_code_2(tmp_path: Path, capsys: Told, text: str, says: str) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(text, "utf-8")
    assert main(["claims", "check", str(path)]) == 2
    assert says in capsys.readouterr().err


def test_a_file_that_is_not_there_is_code_7(tmp_path: Path) -> None:
    assert main(["claims", "check", str(tmp_path / "none.toml")]) == 7
    assert main(["claims", "lint", str(tmp_path / "none.md")]) == 7


def test_verdicts_as_json(capsys: Told) -> None:
    assert main(["claims", "judge", str(SAMPLE), "--month", "2026-10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["review"] == "January to June 2026"
    assert told["confidence_of_each"] == pytest.approx(1 - 0.05 / 16)
    by_id = {one["id"]: one for one in told["claims"]}
    assert by_id["endorphins"]["reasons"] == ["not a question for these records"]
    row = by_id["fewer_headaches"]["numbers"][0]
    assert row["low"] < row["value"] < row["high"]


def test_records_without_claims_are_told_so(tmp_path: Path, capsys: Told) -> None:
    (tmp_path / "diary.csv").write_text("patient_id,day,headache\nP-0001,1,no\n", "utf-8")
    assert main(["claims", "judge", str(tmp_path)]) == 2
    assert "--claims FILE" in capsys.readouterr().err


def test_an_edit_is_seen_at_the_next_look(tmp_path: Path, capsys: Told) -> None:
    kept, claims = tmp_path / "claims.json", tmp_path / "claims.toml"
    text = (SAMPLE / "claims.toml").read_text("utf-8")
    claims.write_text(text, "utf-8")
    command = [
        "claims",
        "judge",
        str(SAMPLE),
        "--claims",
        str(claims),
        "--kept",
        str(kept),
        "--month",
        "2026-10",
    ]
    assert main(command) == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "starts again" not in capsys.readouterr().out
    claims.write_text(text.replace("margin = 1.0", "margin = 0.5", 1), "utf-8")
    assert main(command) == 0
    assert capsys.readouterr().out.count("was edited, and starts again") == 1


def test_copy_with_and_without_findings(tmp_path: Path, capsys: Told) -> None:
    plain, page = tmp_path / "plain.txt", tmp_path / "page.html"
    plain.write_text("We are open from 9 to 5.", "utf-8")
    page.write_text("<p>Open 9 to 5.</p>\n<p>Guaranteed relief</p>", "utf-8")
    assert main(["claims", "lint", str(plain)]) == 0
    assert "Nothing found" in capsys.readouterr().out
    assert main(["claims", "lint", str(plain), str(page), "--json"]) == 4
    told = json.loads(capsys.readouterr().out)
    assert told["found"] == 1
    assert told["files"][1]["findings"][0] | {"why": "", "instead": ""} == {
        "line": 2, "sentence": "Guaranteed relief", "kind": "certainty", "why": "", "instead": ""
    }  # fmt: skip


def test_a_picture_is_no_copy(tmp_path: Path, capsys: Told) -> None:
    (tmp_path / "page.png").write_bytes(b"\x89PNG\xff\xfe\x00")
    assert main(["claims", "lint", str(tmp_path / "page.png")]) == 7
    assert "not text" in capsys.readouterr().err
