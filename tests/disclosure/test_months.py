"""Months of shared reports of a simulated clinic, subtracted from each other as somebody outside would."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from months_of_reports import as_it_stood, set_aside_in, written

from outcomes import compare, load_records, measure_endpoints, split_periods
from outcomes.analysis.periods import Cohort
from outcomes.reporting import figures
from outcomes.reporting.disclosure import release
from outcomes.reporting.disclosure.ledger import LEDGER_FILE, StoredCell, cells_of, runs_in
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
def grown(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample clinic as it stood at the end of each month."""
    folder = tmp_path_factory.mktemp("grown")
    return {month: as_it_stood(sample, folder / month, month) for month in MONTHS}


@pytest.fixture(scope="module")
def three_months(
    grown: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[TableBlock]]]:
    output = tmp_path_factory.mktemp("reports")
    tables = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            figures, "figure_block", lambda draw, *, alt, caption="", **_: FigureBlock(_SVG, alt, caption)
        )
        for month, source in grown.items():
            blocks = written(source, output, month, "share")
            (output / f"{month}.txt").write_text("\n".join(block.as_text() for block in blocks))
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


def test_no_sum_of_three_reports_is_of_one_to_seven_patients(
    three_months: tuple[Path, dict[str, list[TableBlock]]],
) -> None:
    """Of each mean every cell that was shown, of all groups and months, three at a time and each with a factor."""
    looked_at = 0
    for measure, cells in measures(three_months[0] / "private" / LEDGER_FILE).items():
        means = [
            cell
            for cell in cells
            if cell.is_new and cell.exact and len(cell.parts) == 1 and measure.startswith("diary/")
        ]
        whole = [set(cell.parts[0].items()) for cell in means]
        for three in itertools.combinations(whole, 3):
            for factors in itertools.product((1,), (-2, -1, 0, 1, 2), (-2, -1, 0, 1, 2)):
                left: Counter[tuple[bytes, bytes]] = Counter()
                for members, factor in zip(three, factors, strict=True):
                    for one in members:
                        left[one] += factor
                people = {patient for (patient, _), factor in left.items() if factor}
                assert not 1 <= len(people) <= 7, (measure, factors)
                looked_at += 1
    assert looked_at > 200


def test_an_owner_still_sees_the_clinic_move(three_months: tuple[Path, dict[str, list[TableBlock]]]) -> None:
    """240 patients: the change is new at least once in a quarter, and what is older says of which month it is."""
    output, _ = three_months
    cells = measures(output / "private" / LEDGER_FILE)["diary/headache_days_per_28"]
    new = {cell.period for cell in cells if cell.is_new and cell.definition.startswith("all,")}
    assert len(new) >= 2
    text = (output / f"{MONTHS[-1]}.txt").read_text()
    assert "July to September 2026. First session: about" in text
    assert "as of " in text and "As of a month: as its report showed it" in text


def test_a_row_that_changed_from_month_to_month_is_of_other_patients(
    three_months: tuple[Path, dict[str, list[TableBlock]]], grown: dict[str, Path]
) -> None:
    """Without the ledger: the patients of each month from the records, and the printed rows."""
    patients, rows = defaultdict(dict), defaultdict(dict)
    for month, tables in three_months[1].items():
        records = load_records(grown[month], accept_set_aside=set_aside_in(grown[month]))
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
    monkeypatch.setattr(
        release.Release, "_is_of_enough", lambda self, *_: not (self._ledger and runs_in(self._ledger))
    )
    texts = []
    for month in ("2026-06", "2026-10"):
        blocks = written(sample, tmp_path, month, profile)
        texts.append("\n".join(block.as_text() for block in blocks))
    assert "as of June 2026" in texts[1]
    earlier, later = (lines_with_numbers(text) for text in texts)
    # Small numbers are no numbers; months, also those of reviews, are told as such, and claims in the clinic's words.
    no_number = r"[≤<]\d|closed|October|[Rr]eviewed on|in the review of|^[○●–] |held back"
    new = [line for line in later - earlier if not re.search(no_number, line)]
    assert not new


def lines_with_numbers(text: str) -> set[str]:
    """Each line without the words that it is as of an earlier month, and without its punctuation."""
    plain = re.sub(r"\n[^\n]*\b[Aa]s of June 2026\.(?=\n)", "", f"\n{text}\n")
    plain = re.sub(r",? ?\(?[Aa]s of June 2026\)?", "", plain)
    lines = (re.sub(r" *\t *", "\t", re.sub(r"[().;, ]+", " ", line)).strip() for line in plain.splitlines())
    return {line for line in lines if re.search(r"\d", line)}
