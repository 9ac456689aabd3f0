"""Clean sources pass: no false block, with the ids, codes, dates and numbers of real clinics."""

from __future__ import annotations

import random

import pytest
from identity_sources import ATTESTED, CROCKFORD, DECLARED, ID_FORMS, clean_source, codes, held

from outcomes.records.identity.detectors import column_hits, single_cells
from outcomes.records.identity.headers import says
from outcomes.records.schema import TABLES


def _rows(tables: dict[str, dict[str, list[str]]]) -> int:
    return sum(len(next(iter(cells.values()))) for cells in tables.values())


@pytest.mark.parametrize("seed", range(18))
def test_a_clean_source_is_not_blocked(seed: int) -> None:
    """Two seeds for each of the nine forms of ids."""
    report = held(clean_source(seed), declared=DECLARED)
    assert not report.blocks
    unattested = {told.rule for told in report.warnings if told.column == "patient_id"}
    assert unattested == (set() if ID_FORMS[seed % len(ID_FORMS)] == "pseudonym" else {"PRV-ID-UNATTESTED"})


@pytest.mark.long
def test_two_hundred_clean_sources_are_not_blocked() -> None:
    rows, wrong = 0, []
    for seed in range(100, 340):
        tables = clean_source(seed)
        rows += _rows(tables)
        if held(tables, declared=DECLARED).blocks:
            wrong.append(seed)
    assert not wrong
    assert rows >= 200_000


@pytest.mark.parametrize(
    "column",
    [column for table in TABLES.values() for column in table.columns if column.codes],
    ids=lambda column: column.name,
)
def test_no_code_list_of_the_dictionary_looks_like_an_identifier(column) -> None:  # type: ignore[no-untyped-def]
    """Even if the columns were open ones."""
    values = [code.replace("_", mark) for code in column.codes for mark in "_ "]
    values += [value.title() for value in values]
    values = list(dict.fromkeys(values))
    assert not single_cells(values)
    assert not column_hits(values)


def test_no_name_of_the_dictionary_is_an_identifying_header() -> None:
    assert {says(column.name) for table in TABLES.values() for column in table.columns} == {""}


@pytest.mark.parametrize(
    "form",
    [
        lambda draw: "".join(draw.choices(CROCKFORD, k=8)),
        lambda draw: "".join(draw.choices("0123456789abcdef", k=32)),
        lambda draw: f"{draw.randint(10**9, 10**10 - 1)}",
        lambda draw: f"{draw.randint(10**6, 10**7 - 1)}",
        lambda draw: f"S{draw.randint(1, 9):02d}-{draw.randint(1, 999):03d}",
        lambda draw: f"{draw.choice('ABCDEF')}{draw.choice('GHJKLM')}{draw.randint(0, 10**6 - 1):06d}",
    ],
    ids=["crockford", "hash", "ten digits", "seven digits", "site and subject", "letters and six digits"],
)
def test_attested_random_numbers_pass_in_any_form(form) -> None:  # type: ignore[no-untyped-def]
    for seed in range(2):
        draw = random.Random(seed)
        ids = list(dict.fromkeys(form(draw) for _ in range(100)))
        cells = {"patients": {"patient_id": ids, "sex": ["female"] * len(ids)}}
        assert not held(cells, mapping=ATTESTED).blocks
        assert codes(held(cells)) <= {"PRV-ID-FORM"}


def test_periods_and_details_in_the_words_of_a_clinic_pass() -> None:
    for words in (
        ["baseline", "followup"], ["T0", "T1"], ["week 4", "week 12"], ["before", "after"], ["Monat 1", "Monat 3"],
        ["1", "2"], ["2026-Q1", "2026-Q2"], ["vor", "nach"], ["visit_1", "visit_2"], ["mois 1", "mois 3"],
    ):  # fmt: skip
        cells = {"patient_id": ["p1", "p1"], "period": words}
        assert not held({"summaries": cells}).blocks, words


def test_typed_columns_pass_as_their_texts_do() -> None:
    import datetime as dt

    size = 60
    cells = {
        "patient_id": list(range(1, size + 1)),
        "date": [dt.date(2026, 3, 1) + dt.timedelta(day) for day in range(size)],
        "headache": [True, False] * (size // 2),
        "intensity": [5.5, None] * (size // 2),
        "attacks": [1] * size,
    }
    assert not held({"diary": cells}).blocks
