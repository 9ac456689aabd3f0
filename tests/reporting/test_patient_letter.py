"""The letter to one patient: from drawn diaries, in words that a patient can take home, and without who it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from diaries import WEEK_PLAN, drawn, load, write_folder
from months import sessions_on
from pypdf import PdfReader

import outcomes as oc
from outcomes.analysis.one_patient import one_patient
from outcomes.cli import main
from outcomes.reporting.page import Block, KeyFigures
from outcomes.reporting.patient_letter import PatientLetter
from outcomes.reporting.reports import LIMITATION

#: Headache on so many of seven days.
DAYS = {count: "3" * count + "0" * (7 - count) for count in range(8)}


def letter(before: str, after: str) -> PatientLetter:
    tables = {**drawn(f"p1 : {before} | . {after}"), "sessions": sessions_on({"p1": [0, 7]})}
    return PatientLetter(one_patient(oc.split_periods(load(tables, WEEK_PLAN)), "p1"))


def blocks(one: PatientLetter) -> list[Block]:
    parts = ("masthead", "lead", "counted_heading", "counted", "sessions", "every_day_heading", "every_day")
    return [
        getattr(one, part)()
        for part in (*parts, "meaning_heading", "why_not", "what_to_do", "red_flags", "mistakes")
    ]


def said(one: PatientLetter) -> str:
    return "\n".join(block.as_text() for block in blocks(one))


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (5, 2, "fewer were"),
        (2, 5, "more were"),
        (3, 3, "about as many were"),
        (0, 0, "about as many were"),
        (0, 7, "more"),
    ],
)
def test_fewer_more_or_as_many(before: int, after: int, word: str) -> None:
    assert word in letter(DAYS[before], DAYS[after]).lead().as_text()


def test_one_day_in_four_weeks_is_no_news() -> None:
    """Seven of 28 days against six: 1 day per 28 apart. Five: 2 days, which is told."""
    plan = oc.AnalysisPlan(followup_first_day=1, followup_last_day=28)
    weeks = {7: DAYS[7] + DAYS[0] * 3, 6: DAYS[6] + DAYS[0] * 3, 5: DAYS[5] + DAYS[0] * 3}
    for after, word in ((6, "about as many"), (5, "fewer")):
        tables = {**drawn(f"p1 : {weeks[7]} | . {weeks[after]}"), "sessions": sessions_on({"p1": [0]})}
        one = PatientLetter(one_patient(oc.split_periods(load(tables, plan)), "p1"))
        assert word in one.lead().as_text()


def test_the_counts_are_of_the_days_that_were_written_down() -> None:
    """Three headaches on six recorded days before, one on five after; empty days are named and are no free days."""
    counted = letter("333000.", "30000..").counted()
    assert isinstance(counted, KeyFigures)
    assert [item.value for item in counted.items] == ["3 of 6 days", "1 of 5 days"]
    assert [item.lines[-1] for item in counted.items] == ["1 day left empty", "2 days left empty"]


def test_too_few_days_are_shown_and_not_compared() -> None:
    one = letter("33.....", DAYS[0])
    assert "cannot be compared" in one.lead().as_text()
    assert "2 of 2 days" in one.counted().as_text()


def test_a_time_without_any_day_has_no_number() -> None:
    one = letter(DAYS[3], ".......")
    assert "cannot be compared" in one.lead().as_text()
    assert (
        "–" in one.counted().as_text() and "no day of this time was written down" in one.counted().as_text()
    )


def test_it_names_no_cause_no_score_and_no_patient() -> None:
    words = said(letter(DAYS[5], DAYS[2]))
    assert "p1" not in words
    assert not re.search(
        r"\beffect|works|because of|proven|\bsafe\b|success|thanks to|improved|better|%|NAP|Tau|interval",
        words,
    )
    assert "cannot show which" in words
    assert "do not change any medicine" in words
    assert "medical help at once" in words


def test_words_are_short_enough_to_be_read_aloud() -> None:
    """No sentence of the letter has more than 45 words, red flags included."""
    for block in blocks(letter(DAYS[5], DAYS[2])):
        for sentence in re.split(r"(?<=[.!?])\s", block.as_text()):
            assert len(sentence.split()) <= 45, sentence


# ---- the command ----


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("letter")
    tables = drawn(f"p1 : {DAYS[5]} | . {DAYS[2]}\np2 : {DAYS[7]} | . {DAYS[7]}")
    source = write_folder(folder / "records", **tables)
    (source / "outcomes.toml").write_text(
        "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n", "utf-8"
    )
    return source


def test_the_command_writes_a_private_page_and_a_pdf(clinic: Path, tmp_path: Path) -> None:
    for name in ("one.html", "one.pdf", "again.pdf"):
        assert main(["letter", str(clinic), "p1", "--output", str(tmp_path / name), "--quiet"]) == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    page = (tmp_path / "one.html").read_text("utf-8")
    assert "fewer were headache days" in page and "default-src 'none'" in page
    assert "<script" not in page and "p1" not in re.sub(r"base64,[^\"]+", "", page)
    assert LIMITATION not in page
    document = PdfReader(tmp_path / "one.pdf")
    assert "5 of 7 days" in document.pages[0].extract_text()
    assert all("handed over in person" in one.extract_text() for one in document.pages)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "again.pdf").read_bytes()


def test_what_cannot_be_written_leaves_nothing(
    clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["letter", str(clinic), "nobody-9", "--output", str(tmp_path / "x.html"), "--quiet"]) == 2
    assert main(["letter", str(clinic), "p1", "--output", str(tmp_path / "x.docx"), "--quiet"]) == 2
    assert main(["letter", str(clinic), "p1", "--output", str(clinic / "x.html"), "--quiet"]) == 7
    assert not list(tmp_path.iterdir()) and not (clinic / "x.html").exists()
    assert "nobody-9" not in capsys.readouterr().err
