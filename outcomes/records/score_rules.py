"""Rules between the columns of one row of `scores`: total and range, answers, unit, and total against answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from outcomes.engine import literal
from outcomes.records.instruments import NDI_POINTS, SHEETS, AnswerSheet

#: Totals are written with few decimals; domains from 0 to 100 often as whole numbers.
_TOTAL_TOLERANCE = 0.01
_DOMAIN_TOLERANCE = 0.51

#: Items that a row of `scores` has room for.
MOST_ITEMS = 25


#: Name, column, SQL that is true where a row breaks the rule, problem, remedy: the fields of `rules.Rule`.
RuleFields = tuple[str, str, str, str, str]

#: The SQL by which a row of one instrument breaks a rule; empty where the rule does not concern it.
Breaks = Callable[[AnswerSheet, Mapping[str, str]], str]


def score_rules(cells: Mapping[str, str]) -> Iterator[RuleFields]:
    """The rules that the columns at hand allow. `cells`: column of `scores` → SQL of its value."""
    if "instrument" not in cells:
        return
    if "score" in cells:
        yield _rule(
            "score_range", "score", cells, _out_of_range,
            "is no score that this instrument can have.",
            "Correct it, or leave it empty if it is not known.",
        )  # fmt: skip
        yield _rule(
            "no_total", "score", cells, _total_of_domains,
            "is a total, and this instrument has none.",
            "Give the answers to the items, or each domain (msq_rr, msq_rp, msq_ef) in a row of its own.",
        )  # fmt: skip
        yield _rule(
            "unit_needed", "unit", cells, _unit_needed,
            "is not told, and the score can be meant in more than one.",
            "Say points (of 50) or percent for ndi, kpa or kg_per_cm2 for ppt.",
        )  # fmt: skip
    if "unit" in cells:
        yield _rule(
            "unit", "unit", cells, _other_unit,
            "is none in which this instrument is told.",
            "Correct it, or leave it empty where an instrument has one unit only.",
        )  # fmt: skip
    if any(name.startswith("item_") for name in cells):
        yield _rule(
            "answer", "", cells, _no_answer,
            "an item holds an answer that this instrument does not have, or the instrument has no such item.",
            "Write the answers as docs/method.md says: 6, 8, 10, 11, 13 for hit6, 1 to 6 for msq, 0, 2, 4 for hdi.",
        )  # fmt: skip
        if "score" in cells:
            yield _rule(
                "disagreement", "score", cells, _disagree,
                "and the answers to the items do not come to the same.",
                "Correct the one that is wrong, or leave the score empty.",
            )  # fmt: skip


def _rule(
    name: str, column: str, cells: Mapping[str, str], breaks: Breaks, problem: str, remedy: str
) -> RuleFields:
    """One rule over all instruments: the SQL that `breaks` gives for each, where it gives any."""
    cases = [
        f"WHEN {literal(sheet.name)} THEN {broken}"
        for sheet in SHEETS.values()
        if (broken := breaks(sheet, cells))
    ]
    broken = f"coalesce(CASE {cells['instrument']} {' '.join(cases)} END, FALSE)" if cases else "FALSE"
    return name, column, broken, problem, remedy


def _out_of_range(sheet: AnswerSheet, cells: Mapping[str, str]) -> str:
    score = f"({cells['score']})"
    told = cells.get("unit", "NULL")
    cases = [
        f"WHEN ({told}) = {literal(unit)} THEN {score} NOT BETWEEN {low!r} AND {high!r}"
        for unit in (sheet.units if "unit" in cells else ())
        for low, high in (sheet.range_in(unit),)
    ]
    low, high = sheet.range_in(None)
    outside = f"{score} NOT BETWEEN {low!r} AND {high!r}"
    if cases:
        outside = f"CASE {' '.join(cases)} ELSE {outside} END"
    return f"({outside} OR {score} <> floor({score}))" if sheet.whole else f"({outside})"


def _total_of_domains(sheet: AnswerSheet, cells: Mapping[str, str]) -> str:
    return "" if sheet.has_total else f"(({cells['score']}) IS NOT NULL)"


def _unit_needed(sheet: AnswerSheet, cells: Mapping[str, str]) -> str:
    if len(sheet.units) < 2:
        return ""
    untold = f"(({cells['score']}) IS NOT NULL AND ({cells.get('unit', 'NULL')}) IS NULL"
    if sheet.name == "ndi":
        # A total above 50 proves percent, and the answers say what the total means.
        untold += f" AND ({cells['score']}) <= {NDI_POINTS!r}"
        if items := _items(sheet, cells):
            untold += f" AND {_given(items)} = 0"
    return f"{untold})"


def _other_unit(sheet: AnswerSheet, cells: Mapping[str, str]) -> str:
    return f"(({cells['unit']}) NOT IN ({', '.join(map(literal, sheet.units))}))"


def _no_answer(sheet: AnswerSheet, cells: Mapping[str, str]) -> str:
    items = _items(sheet, cells)
    breaks = []
    if sheet.answers:
        listed = ", ".join(f"{answer:g}" for answer in sheet.answers)
        breaks += [f"{item} NOT IN ({listed})" for item in items]
    elif items:
        breaks += [f"{item} < {sheet.lowest_answer:g}" for item in items]
        breaks += [f"{item} > {sheet.highest_answer:g}" for item in items]
        breaks += [f"{item} <> floor({item})" for item in items]
    for number, (low, high) in enumerate(sheet.unscored, start=sheet.scored_items + 1):
        if item := cells.get(f"item_{number}"):
            breaks.append(f"{item} NOT BETWEEN {low:g} AND {high:g}")
    if strange := [cells[name] for name in _names(sheet.items + 1, MOST_ITEMS) if name in cells]:
        breaks.append(f"{_given(strange)} > 0")
    return f"({' OR '.join(breaks)})" if breaks else ""


def _disagree(sheet: AnswerSheet, cells: Mapping[str, str]) -> str:
    """A total must be one that the answers at hand can come to, whatever the missing ones were."""
    items = _items(sheet, cells)
    if not items or not sheet.has_total or sheet.name == "eq5d":
        return ""
    given = _given(items)
    total = " + ".join(f"coalesce({item}, 0)" for item in items)
    low, high = (
        f"({total} + {answer:g} * ({sheet.scored_items} - {given}))"
        for answer in (sheet.lowest_answer, sheet.highest_answer)
    )
    score = f"({cells['score']})"
    if sheet.name.startswith("msq_"):
        # Six answers from 1 (never) to 6 (always) count backwards: a domain is 20·Σ(6 − answer)/items.
        low, high = (
            f"20.0 * ({6 * sheet.scored_items} - {worst}) / {sheet.scored_items}" for worst in (high, low)
        )
        outside = _outside(score, low, high, _DOMAIN_TOLERANCE)
    elif sheet.name == "ndi":
        # An answer of one unit is half as large in the other: the total is brought to points.
        points = _outside(score, low, high, _TOTAL_TOLERANCE)
        percent = _outside(f"{score} / 2", low, high, _TOTAL_TOLERANCE)
        told = f"({cells.get('unit', 'NULL')})"
        outside = f"CASE {told} WHEN 'points' THEN {points} WHEN 'percent' THEN {percent} "
        outside += f"ELSE ({points} AND {percent}) END"
    else:
        outside = _outside(score, low, high, _TOTAL_TOLERANCE)
    return f"({given} > 0 AND {outside})"


def _outside(score: str, low: str, high: str, tolerance: float) -> str:
    return f"({score} NOT BETWEEN {low} - {tolerance} AND {high} + {tolerance})"


def _given(items: list[str]) -> str:
    """SQL: how many of the items hold an answer."""
    return f"({' + '.join(f'CASE WHEN {item} IS NULL THEN 0 ELSE 1 END' for item in items)})"


def _names(first: int, last: int) -> list[str]:
    return [f"item_{number}" for number in range(first, last + 1)]


def _items(sheet: AnswerSheet, cells: Mapping[str, str]) -> list[str]:
    """SQL of the scored items that the source has columns for."""
    return [cells[name] for name in _names(1, sheet.scored_items) if name in cells]
