"""What the gate asks about people and not about cells: ages, rare combinations, and names of files."""

from __future__ import annotations

import re

from outcomes.records.identity.detectors import says_what_it_is
from outcomes.records.identity.headers import says
from outcomes.records.identity.looking import Looking
from outcomes.records.identity.tables import GateColumn, GateTable
from outcomes.records.identity.vocabulary import unlisted_words

#: Fewer patients than this that share a combination can be singled out.
SMALLEST_CLASS = 5
TOP_AGE, LONGEST_LIFE = 89, 130
_NOT_QUASI = ("group", "allocation")


def age_findings(looking: Looking, table: GateTable) -> list[tuple[GateColumn, bool, str, tuple[str, ...]]]:
    """(column, whether it blocks, problem, values) for columns of ages. Columns left out do not enter."""
    told: list[tuple[GateColumn, bool, str, tuple[str, ...]]] = []
    for column in table.columns:
        named = column.column.name if column.column is not None else ""
        if (column.ignored and column.column is None) or "age" not in (says(column.written), says(named)):
            continue
        ages = [
            text
            for (text,) in looking.rows(
                f"SELECT DISTINCT v FROM (SELECT {column.text} AS v FROM {table.scan}) "
                "WHERE regexp_full_match(v, '[0-9]{1,3}([.][0-9]+)?') LIMIT 10000"
            )
        ]
        old = tuple(text for text in ages if TOP_AGE < float(text) <= LONGEST_LIFE)
        if old:
            told.append((column, True, f"ages above {TOP_AGE} single people out.", old))
        elif len(ages) >= 3:
            told.append((column, False, "holds exact ages.", ()))
    return told


def small_classes(looking: Looking, table: GateTable) -> tuple[int, str] | None:
    """How many patients share their characteristics with fewer than five, where the table lists patients."""
    patient = table.feeding("patient_id")
    quasi = [
        item
        for item in table.columns
        if item.column is not None
        and item.column.kind == "code"
        and item.column.codes
        and item.column.name not in _NOT_QUASI
    ]
    if table.table != "patients" or patient is None or not quasi:
        return None
    texts = ", ".join(f"lower({item.text}) AS q{item.position}" for item in quasi)
    names = ", ".join(f"q{item.position}" for item in quasi)
    small, total = looking.rows(
        f"SELECT coalesce(sum(k) FILTER (WHERE k < {SMALLEST_CLASS}), 0)::BIGINT, coalesce(sum(k), 0)::BIGINT FROM "
        f"(SELECT count(DISTINCT who) AS k FROM (SELECT {patient.text} AS who, {texts} FROM {table.scan}) "
        f"WHERE who IS NOT NULL GROUP BY {names})"
    )[0]
    if not small:
        return None
    shared = ", ".join(item.shown for item in quasi)
    share = "shares" if small == 1 else "share"
    few = f"fewer than {SMALLEST_CLASS} in all"
    problem = f"{small} of {total} patients {share} the combination of {shared} with {few}."
    return small, problem


def file_name_finding(table: GateTable) -> bool:
    """Whether the name of a file looks like a person: words in no list, or a long number. A guess: it warns."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,8}$", "", table.container.rstrip("/"))
    plain = re.sub(r"(?<!\d)20\d\d[-_.]?\d\d([-_.]?\d\d)?(?!\d)", " ", stem)
    if re.search(r"\d{6,}|\d{1,2}[-.]\d{1,2}[-.]\d{2,4}|19\d\d|@", plain) or says_what_it_is(stem):
        return True
    capital = [
        word for word in re.findall(r"[^\W\d_]+", plain) if word[:1].isupper() and unlisted_words(word)
    ]
    return len(capital) == 2 and len(re.findall(r"[^\W\d_]+", plain)) == 2
