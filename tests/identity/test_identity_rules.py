"""Each rule of the gate by itself: what it stops, what it leaves alone, and what it says."""

from __future__ import annotations

import datetime as dt
import random
import re
from typing import Any

import pytest
from identity_planted import distinct
from identity_sources import ATTESTED, codes, held

from outcomes.records.identity.detectors import BIRTH_YEARS, date_in, is_phone, single_cells
from outcomes.records.identity.headers import says
from outcomes.records.identity.national import NATIONAL, check_of, passes_nhs
from outcomes.records.raw import ERROR_CELLS

SIZE = 40


def people(ids: list[str], **more: list[Any]) -> dict[str, dict[str, list[Any]]]:
    return {"patients": {"patient_id": ids, **more}}


def counted(form: str, n: int = SIZE, first: int = 1) -> list[str]:
    return [form.format(number) for number in range(first, first + n)]


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("Patient name", "identity"), ("DateOfBirth", "identity"), ("Geburtsdatum", "identity"), ("geb.", "identity"),
        ("Straße", "identity"), ("PRÉNOM", "identity"), ("N° sécu", "identity"), ("teléfono móvil", "identity"),
        ("Data di nascita", "identity"), ("huisarts", "identity"), ("E-Mail", "identity"), ("next of kin", "identity"),
        ("nhs_no", "identity"), ("MRN", "identity"), ("zip5", "identity"), ("GP practice", "identity"),
        ("IP", "identity"), ("Notes", "text"), ("Bemerkungen", "text"), ("commentaires", "text"),
        ("observaciones", "text"),
        ("note", "text"), ("opmerkingen", "text"), ("Free text", "text"),
        ("age", "age"), ("Alter", "age"), ("leeftijd", "age"), ("age band", ""), ("Altersgruppe", ""),
        ("medication name", ""), ("phonophobia", ""), ("pain location", ""), ("trip", ""), ("group", ""),
        ("doctor visits", ""), ("Schmerzstärke", ""), ("start time", ""), ("withdrawal_reason", ""),
    ],
)  # fmt: skip
def test_what_headers_say(header: str, meaning: str) -> None:
    assert says(header) == meaning


def test_a_header_blocks_by_position_also_where_the_column_is_left_out() -> None:
    cells = people(counted("P-{:04d}"), Zuname=["x"] * SIZE, Notes=[""] * SIZE)
    report = held(cells, ignored=["Zuname", "Notes"])
    assert [(found.rule, found.column) for found in report.blocks] == [
        ("PRV-HEADER", "column 2"), ("PRV-TEXT-HEADER", "column 3"),
    ]  # fmt: skip
    told = " ".join(found.sentence() for found in report.blocks)
    assert "Zuname" not in told and "Notes" not in told
    assert "outcomes privacy allow PRV-HEADER" in told and "allow PRV-TEXT-HEADER" not in told


@pytest.mark.parametrize(
    ("ids", "blocks"),
    [
        (counted("P-{:06d}", 140, 101), set()),
        (counted("p{}", 3), set()),
        (["p1"], set()),
        (["P1", "P2", "S12"], set()),
        (counted("{:03d}"), set()),
        (counted("{:05d}", first=90), set()),
        (counted("{}", 300, 100), set()),
        (counted("LON-{:03d}") + counted("BER-{:03d}"), set()),
        ([*counted("LON-{:03d}"), "ROM-001"], set()),
        ([*counted("P-{:04d}"), "p-0050", "P0051"], set()),
        (["anna"], {"PRV-ID-FORM"}),
        ([*counted("P-{:04d}"), "anna"], {"PRV-ID-FORM"}),
        ([*counted("P-{:04d}"), "anna1"], {"PRV-ID-FORM"}),
        ([*counted("P-{:04d}"), "17"], {"PRV-ID-FORM"}),
        ([*counted("P-{:04d}"), "MRN123456"], {"PRV-ID-FORM", "PRV-ID-PREFIX"}),
        (counted("MRN{}"), {"PRV-ID-PREFIX"}),
        ([*counted("P-{:04d}"), "90210"], {"PRV-ID-FORM"}),
        ([*counted("P-{:04d}"), "JS120480"], {"PRV-ID-DATE", "PRV-ID-FORM"}),
        (counted("{}", 40, 4_000_100), {"PRV-ID-FORM"}),
        (counted("{}", 40, 10_001), {"PRV-ID-FORM"}),
        (["001", "2", "003"], {"PRV-ID-FORM"}),
        (["AB1", "CD2", "EF3", "GH4", "JK5", "LM6"], {"PRV-ID-FORM"}),
        (["P-0123456789ABCDEF", "P-0123456789ABCDEI"], {"PRV-ID-FORM"}),
    ],
    ids=lambda given: " ".join(sorted(given))[-60:],
)  # fmt: skip
def test_forms_of_ids(ids: list[str], blocks: set[str]) -> None:
    assert codes(held(people(ids))) == blocks


def test_a_pseudonym_needs_nobodys_word_and_a_code_is_told() -> None:
    assert not held(people([f"P-{number:016d}" for number in range(50)])).warnings
    (told,) = held(people(counted("P-{:04d}"))).warnings
    assert (told.rule, told.level, told.column) == ("PRV-ID-UNATTESTED", "warning", "patient_id")
    assert not held(people(counted("P-{:04d}")), mapping=ATTESTED).warnings


def test_few_rows_of_a_large_source_do_not_make_its_numbers_sparse() -> None:
    tables = people(counted("{}", 3000))
    tables["events"] = {"patient_id": ["2891", "17"], "date": ["2026-03-01"] * 2, "kind": ["other"] * 2}
    assert not held(tables).blocks


@pytest.mark.parametrize("kind", ["initials and birth date", "initials and whole birth date"])
def test_no_attestation_lets_birthdays_in_ids_pass(kind: str) -> None:
    assert "PRV-ID-DATE" in codes(held(people(distinct(kind, SIZE, 1)), mapping=ATTESTED))
    one = [f"X{number}-{number * 7919 % 9973}" for number in range(SIZE)] + distinct(kind, 1, 1)
    assert "PRV-ID-DATE" in codes(held(people(one), mapping=ATTESTED))


@pytest.mark.parametrize(
    "kind", ["NHS number", "Polish PESEL", "e-mail", "first name", "NINO", "full name", "MRN"]
)
def test_no_attestation_lets_other_identifiers_pass(kind: str) -> None:
    assert codes(held(people(distinct(kind, SIZE, 1)), mapping=ATTESTED))


def test_practitioners_have_ids_like_patients() -> None:
    cells = {
        "patient_id": ["p1"] * 4,
        "date": ["2026-03-01"] * 4,
        "practitioner_id": ["PR-1", "PR-2", "Smith", "PR-1"],
    }
    (found,) = held({"sessions": cells}).blocks
    assert (found.rule, found.column, found.count, found.rows) == ("PRV-ID-FORM", "practitioner_id", 1, (4,))


def test_a_share_of_nhs_numbers_is_told_with_its_rows_and_never_with_a_value() -> None:
    numbers = distinct("NHS number", SIZE, 3)
    report = held(people(counted("P-{:04d}"), ref=numbers), ignored=["ref"])
    found = next(found for found in report.blocks if found.rule == "PRV-NHS")
    assert found.problem == "40 of 40 distinct values of ten digits pass the NHS-number check digit."
    assert (found.level, found.column, found.count, found.rows[:2]) == ("identity", "column 2", SIZE, (2, 3))
    sentence = found.sentence()
    assert 'outcomes privacy allow PRV-NHS --file "patients.csv" --column "column 2"' in sentence
    assert "outcomes deidentify" in sentence and not any(number in sentence for number in numbers)


def test_random_ten_digits_and_repeated_digits_are_no_nhs_numbers() -> None:
    draw = random.Random(5)
    numbers = [str(draw.randint(10**9, 10**10 - 1)) for _ in range(SIZE)]
    repeated = [digit * 10 for digit in "0123456789"]
    for values in (numbers, repeated):
        assert "PRV-NHS" not in codes(
            held(people(counted("P-{:04d}", len(values)), ref=values), ignored=["ref"])
        )
    assert passes_nhs("943 476 5919") and not passes_nhs("9434765918") and not passes_nhs("1111111111")


@pytest.mark.parametrize("module", sorted(NATIONAL))
def test_a_national_number_is_told_from_random_digits(module: str) -> None:
    """One in eight at most may pass by chance: five of five then pass once in 30,000 columns."""
    draw, check = random.Random(7), check_of(module)
    form = re.compile(NATIONAL[module][1])
    seen = [
        text for n in range(9, 19) for text in ("".join(draw.choices("0123456789", k=n)) for _ in range(800))
    ]
    fitting = [text for text in seen if form.fullmatch(text)]
    assert sum(map(check, fitting)) <= 0.125 * len(fitting)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("write to a.b@example.org please", "PRV-EMAIL"), ("http://example.org", "PRV-URL"),
        ("www.example.org", "PRV-URL"), ("10.1.2.3", "PRV-IP"), ("fe80::1ff:fe23:4567:890a", "PRV-IP"),
        ("078-05-1120", "PRV-SSN"),
        ("AB 12 34 56 C", "PRV-NINO"), ("=1+1", "PRV-FORMULA"), ("@SUM(A1)", "PRV-FORMULA"), ("\tx", "PRV-FORMULA"),
    ],
)  # fmt: skip
def test_one_cell_is_enough(text: str, code: str) -> None:
    assert [hit.code for hit in single_cells([text])] == [code]
    cells = {"patient_id": ["p1", "p2"], "date": ["2026-03-01"] * 2, "technique": ["deep", text]}
    assert code in codes(held({"sessions": cells}))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "12:30:45",
        "1.5.2026",
        "300.1.2.3",
        "10:30",
        "3.5",
        "-4",
        "0-17",
        "90+",
        "2026-03-01T10:00:00",
    ],
)
def test_one_cell_is_not_enough(text: str) -> None:
    assert not single_cells([text])


def test_texts_of_an_error_are_not_ids() -> None:
    assert not held(people([*counted("P-{:04d}"), *ERROR_CELLS])).blocks


def test_birthdays_are_told_by_the_newest_session() -> None:
    ids = counted("P-{:04d}")
    visits = {"patient_id": ids, "date": ["2006-03-01"] * SIZE}
    old = people(ids, contact_date=["2005-01-01"] * SIZE)
    assert not held({**old, "sessions": visits}).blocks
    assert codes(held(old, newest=dt.date(2026, 1, 1))) == {"PRV-BIRTH-DATE"}
    born = people(ids, contact_date=distinct("date of birth", SIZE, 2))
    assert codes(held({**born, "sessions": visits})) == {"PRV-BIRTH-DATE"}
    assert codes(held(born)) == {"PRV-BIRTH-DATE"}, "with nothing else known, by the newest date there is"
    assert BIRTH_YEARS == 15


def test_one_birthday_among_visits_is_told_and_a_lost_date_is_not() -> None:
    ids = counted("P-{:04d}")
    for day, found in (("1961-04-12", {"PRV-BIRTH-DATE"}), ("1900-01-01", set()), ("1970-01-01", set())):
        dates = ["2026-03-01"] * (SIZE - 1) + [day]
        assert codes(held({"sessions": {"patient_id": ids, "date": dates}})) == found
    years = [f"{2004 + number % 22}-05-01" for number in range(SIZE)]
    assert not held({"sessions": {"patient_id": ids, "date": years}}).blocks, "a clinic of twenty years"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1980-04-12", dt.date(1980, 4, 12)), ("12/04/1980", dt.date(1980, 4, 12)), ("12.4.80", dt.date(1980, 4, 12)),
        ("120480", dt.date(1980, 4, 12)), ("19800412", dt.date(1980, 4, 12)), ("31041980", None), ("abc", None),
    ],
)  # fmt: skip
def test_dates_in_any_usual_order(text: str, day: dt.date | None) -> None:
    assert date_in(text) == day


def test_ages_above_89_block_exact_ages_are_told_and_bands_are_fine() -> None:
    from outcomes.records.schema import Column

    declared = (Column("age", "code", "Declared", codes=tuple(str(age) for age in range(18, 101))),)
    ids, ages = counted("P-{:04d}"), [str(20 + number) for number in range(SIZE)]
    report = held(people(ids, age=ages), declared=declared)
    assert not report.blocks and "PRV-AGE-EXACT" in {told.rule for told in report.warnings}
    assert codes(held(people(ids, age=[*ages[1:], "93"]), declared=declared)) == {"PRV-AGE"}
    report = held(people(ids, age_band=["40-49"] * SIZE))
    assert {told.rule for told in report.warnings} == {"PRV-ID-UNATTESTED"}


def test_rare_combinations_are_counted_in_patients() -> None:
    cells = people(counted("P-{:04d}"), sex=["female"] * 37 + ["male"] * 3, age_band=["40-49"] * SIZE)
    told = next(told for told in held(cells).warnings if told.rule == "PRV-K")
    assert told.count == 3
    assert told.problem == "3 of 40 patients share the combination of sex, age_band with fewer than 5 in all."
    cells["patients"]["sex"] = ["female"] * 35 + ["male"] * 5
    assert "PRV-K" not in {told.rule for told in held(cells).warnings}


def test_a_word_that_nobody_listed_must_be_shared() -> None:
    ids = counted("P-{:04d}")
    base = {"patient_id": ids, "date": ["2026-03-01"] * SIZE, "kind": ["other"] * SIZE}
    shared = held({"events": {**base, "detail": ["quodlibet"] * 3 + ["bruise"] * 37}})
    assert not shared.blocks
    (found,) = held({"events": {**base, "detail": ["quodlibet"] * 2 + ["bruise"] * 38}}).blocks
    assert (found.rule, found.count) == ("PRV-CODE", 2) and "quodlibet" not in found.sentence()


def test_a_file_named_like_a_person_is_told() -> None:
    from identity_sources import gate_table

    from outcomes.engine import Engine
    from outcomes.records.identity.people import file_name_finding

    table = gate_table(Engine(), "patients", people(["p1"])["patients"])
    for name, told in (
        ("diary.csv", False), ("diary_2026-03-01.csv", False), ("Clinic export 2026.xlsx", False),
        ("Anna Schmidt.xlsx", True), ("diary 12-04-1980.csv", True), ("9434765919.csv", True),
    ):  # fmt: skip
        object.__setattr__(table, "container", name)
        assert file_name_finding(table) is told, name


def test_phones_are_not_dates_or_counts() -> None:
    assert is_phone("+49 30 1234567") and is_phone("(212) 555-0199") and is_phone("07700 900123")
    assert not any(map(is_phone, ["2026-03-01", "12.04.1980", "00123", "1234567890", "0-17", "3.5"]))


def test_the_checks_that_ran_are_named_and_nothing_is_promised() -> None:
    told = " ".join(held(people(["p1"])).checks_run)
    assert "check digits" in told and "anonym" not in told and "complian" not in told
