"""The research summary: every item of STROBE and STRICTA answered or listed as missing, and nothing claimed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from diaries import WEEK_PLAN, drawn, load
from pypdf import PdfReader

from outcomes.cli import main
from outcomes.reporting.checklists import FILLED, IN_PART, MISSING, STRICTA, STROBE
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.page import TableBlock
from outcomes.reporting.research_summary import ResearchSummary, open_summary
from outcomes.reporting.wording import LIMITATION


@pytest.fixture(scope="module")
def shared(sample: Path) -> ResearchSummary:
    return open_summary(str(sample), month="2026-10", profile="share", plan={})


def drawn_summary(text: str) -> ResearchSummary:
    return ResearchSummary(load(drawn(text), WEEK_PLAN), None, Disclosure("internal", 8))


def by_number(summary: ResearchSummary, part: str) -> dict[str, tuple[str, str]]:
    answered = summary.strobe_items if part == "strobe" else summary.stricta_items
    return {one.item.number: (one.status, one.text) for one in answered}


def test_the_checklists_are_whole() -> None:
    """STROBE has items 1 to 22, STRICTA 1 to 6 with 17 parts."""
    assert {int(re.match(r"\d+", item.number)[0]) for item in STROBE} == set(range(1, 23))  # type: ignore[index]
    assert len(STRICTA) == 17 and {item.number[0] for item in STRICTA} == set("123456")
    for items in (STROBE, STRICTA):
        assert len({item.number for item in items}) == len(items)


def test_every_item_is_filled_or_missing_and_none_is_empty(shared: ResearchSummary) -> None:
    for one in (*shared.strobe_items, *shared.stricta_items):
        assert one.status in (FILLED, IN_PART, MISSING)
        assert one.text
        # What only the authors can write is never called filled.
        assert not (one.item.authors and one.status == FILLED)


def test_what_the_sample_holds_is_filled_in(shared: ResearchSummary) -> None:
    strobe, stricta = by_number(shared, "strobe"), by_number(shared, "stricta")
    assert strobe["19"] == (FILLED, LIMITATION)
    assert "fewer headache days per 28" in strobe["16"][1] and "not proof of its cause" in strobe["16"][1]
    assert "no comparison group" in strobe["4"][1]
    assert strobe["22"][0] == strobe["20"][0] == strobe["2"][0] == MISSING
    assert stricta["2a"][1].startswith("Mean 4.8 needles per session")
    assert "deep" in stricta["1a"][1] and "upper trapezius" not in stricta["1a"][1]
    assert stricta["2g"][0] == stricta["5"][0] == MISSING
    assert stricta["6a"][1].startswith("No comparator")


def test_missing_items_are_listed_for_the_authors(shared: ResearchSummary) -> None:
    listed = shared.to_write().as_text()
    for name, items in (("STROBE", shared.strobe_items), ("STRICTA", shared.stricta_items)):
        for one in items:
            assert (f"{name} {one.item.number}:" in listed) == (one.status != FILLED)


def test_the_sentence_counts_what_the_tables_show(shared: ResearchSummary) -> None:
    tables = [shared.strobe(), shared.stricta()]
    cells = [row[2] for table in tables if isinstance(table, TableBlock) for row in table.rows]
    said = shared.how_far().as_text()
    assert f"Of {len(cells)} items, {cells.count(FILLED)} are filled" in said
    assert f"{cells.count(IN_PART)} in part, and {cells.count(MISSING)} are missing" in said


def test_share_holds_no_exact_number_of_patients(sample: Path, shared: ResearchSummary) -> None:
    inside = open_summary(str(sample), month="2026-10", profile="internal", plan={})
    exact = {inside.primary.n, inside.primary.n_left_out}
    words = " ".join(block.as_text() for block in (shared.lead(), shared.strobe(), shared.stricta()))
    counted = {int(number) for number in re.findall(r"(\d+) patients", words)}
    assert counted and all(number % 5 == 0 for number in counted)
    assert not {number for number in exact if number % 5} & counted


def test_no_sentence_says_more_than_the_records_can(shared: ResearchSummary) -> None:
    words = " ".join(
        block.as_text() for block in (shared.lead(), shared.strobe(), shared.stricta(), shared.to_write())
    )
    words = words.replace(LIMITATION, "")
    assert not re.search(r"\beffect|\bworks\b|because of|\bproven\b|\bsafe\b|success", words)


def test_records_without_sessions_have_nothing_to_say_to_stricta() -> None:
    summary = drawn_summary("p1 : 3330000 | . 3000000\np2 : 3300000 | . 3300000\np3 : 3333000 | . 0000000")
    assert {status for status, _ in by_number(summary, "stricta").values()} == {MISSING}
    assert by_number(summary, "strobe")["13"][1].startswith("Compared: 3 patients; left out: 0 patients.")


def test_one_patient_and_nobody_compared_make_a_summary_all_the_same() -> None:
    for text in ("p1 : 3330000 | . 3000000", "p1 : 3330000 | . ......."):
        summary = drawn_summary(text)
        for block in (
            summary.masthead(),
            summary.lead(),
            summary.how_far(),
            summary.strobe(),
            summary.to_write(),
        ):
            assert block.as_text()


def test_the_command_writes_a_folder(sample: Path, tmp_path: Path) -> None:
    arguments = ["summary", str(sample), "--month", "2026-10", "--output", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--format", "html,pdf,csv"]) == 0
    found = sorted(
        one.relative_to(tmp_path / "out").as_posix() for one in (tmp_path / "out").rglob("*") if one.is_file()
    )
    assert found == [
        "research-summary.html",
        "research-summary.pdf",
        "tables/01-strobe.csv",
        "tables/02-stricta-2010.csv",
        "tables/about.txt",
    ]
    document = PdfReader(tmp_path / "out" / "research-summary.pdf")
    for page in document.pages:
        assert "small numbers hidden" in page.extract_text()
    assert main([*arguments, "--format", "html"]) == 0
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["research-summary.html"]
    assert main([*arguments, "--format", "docx"]) == 2
