"""Months of shared reports of a simulated clinic, subtracted from each other as somebody outside would."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from months_of_reports import written

from outcomes import compare, load_records, measure_endpoints, split_periods
from outcomes.analysis.periods import Cohort
from outcomes.reporting import figures
from outcomes.reporting.disclosure import release
from outcomes.reporting.disclosure.ledger import LEDGER_FILE, StoredCell, cells_of
from outcomes.reporting.page import FigureBlock, TableBlock, plain_words

MONTHS = ("2026-08", "2026-09", "2026-10")
ENDPOINTS = {
    "Headache days (days per 28)": "headache_days_per_28",
    "Headache burden (NRS points × days per 28)": "burden_per_28",
}
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'


@pytest.fixture(autouse=True)
def _without_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures in words: what is drawn is what their text alternative tells and the frames hold."""

    def block(draw: object, *, alt: str, height_mm: float, caption: str = "", **_: object) -> FigureBlock:
        return FigureBlock(_SVG, alt, caption)

    monkeypatch.setattr(figures, "figure_block", block)


def measures(ledger: Path) -> dict[str, list[StoredCell]]:
    import sqlite3

    with sqlite3.connect(ledger) as connection:
        names = [name for (name,) in connection.execute("SELECT DISTINCT measure FROM cells")]
    return {name: cells_of(ledger, name) for name in names}


@pytest.fixture(scope="module")
def three_months(
    sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[TableBlock]]]:
    output = tmp_path_factory.mktemp("reports")
    tables = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            figures, "figure_block", lambda draw, *, alt, caption="", **_: FigureBlock(_SVG, alt, caption)
        )
        for month in MONTHS:
            blocks = written(sample, output, month, "share")
            tables[month] = [block for block in blocks if isinstance(block, TableBlock)]
    return output, tables


def test_no_two_shown_cells_of_one_measure_differ_by_one_to_seven_patients(
    three_months: tuple[Path, dict[str, list[TableBlock]]],
) -> None:
    found = measures(three_months[0] / "private" / LEDGER_FILE)
    compared = held = 0
    for cells in found.values():
        new = [cell for cell in cells if cell.is_new and cell.exact]
        held += sum(not cell.is_new for cell in cells)
        for number, one in enumerate(new):
            for other in new[:number]:
                for ours, theirs in zip(one.parts, other.parts, strict=False):
                    compared += 1
                    assert not 1 <= len(set(ours) ^ set(theirs)) <= 7, (one.measure, one.definition)
    assert compared > 100
    assert held > 10


def test_a_row_that_changed_from_month_to_month_is_of_other_patients(
    three_months: tuple[Path, dict[str, list[TableBlock]]], sample: Path
) -> None:
    """Without the ledger: the patients of each month from the records, and the printed rows."""
    records, patients, rows = load_records(sample), defaultdict(dict), defaultdict(dict)
    for month, tables in three_months[1].items():
        endpoints = measure_endpoints(split_periods(records, cohort=Cohort.of_month(month)))
        for label, endpoint in ENDPOINTS.items():
            patients[label][month] = set(compare(endpoints, endpoint).pairs.index)
            texts = [
                tuple(map(plain_words, row))
                for table in tables
                for row in table.rows
                if plain_words(row[0]) == label
            ]
            rows[label][month] = texts[0]
    looked_at = 0
    for label in ENDPOINTS:
        for number, month in enumerate(MONTHS):
            for before in MONTHS[:number]:
                apart = len(patients[label][month] ^ patients[label][before])
                if rows[label][month] != rows[label][before]:
                    assert apart >= 8, (label, before, month)
                looked_at += 1
    assert looked_at == 6


@pytest.mark.parametrize("profile", ["share", pytest.param("public", marks=pytest.mark.long)])
def test_no_number_goes_round_the_ledger(
    sample: Path, tmp_path: Path, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every difference is held back, a later report tells what the earlier one told, and nothing else."""
    monkeypatch.setattr(release, "gives_away", lambda *_: True)
    texts = []
    for month in ("2026-06", "2026-10"):
        blocks = written(sample, tmp_path, month, profile)
        texts.append("\n".join(block.as_text() for block in blocks))
    assert "arried forward from 2026-06" in texts[1]
    earlier, later = (lines_with_numbers(text) for text in texts)
    # Small numbers are no numbers; months, also those of reviews, are told as such, and claims in the clinic's words.
    no_number = r"[≤<]\d|closed|October|[Rr]eviewed on|in the review of|^[○●] "
    new = [line for line in later - earlier if not re.search(no_number, line)]
    assert not new


def lines_with_numbers(text: str) -> set[str]:
    """Each line without the words that it was carried forward, and without its punctuation."""
    plain = re.sub(
        r"[^\n]* (is|are) carried forward from 2026-06\.\n|[^\n\t]*: carried forward from 2026-06\.\n",
        "",
        f"{text}\n",
    )
    plain = re.sub(r"[Cc]arried forward from 2026-06", "", plain)
    lines = (re.sub(r" *\t *", "\t", re.sub(r"[().;, ]+", " ", line)).strip() for line in plain.splitlines())
    return {line for line in lines if re.search(r"\d", line)}
