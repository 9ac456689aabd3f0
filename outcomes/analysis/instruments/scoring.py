"""From answers to scores: one sheet by hand, or the rows of one instrument at once.

Sources of every rule: docs/method.md#questionnaires-and-measurements.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.instruments.definitions import Instrument, find_instrument
from outcomes.analysis.instruments.value_sets import ValueSet, plan_value_set
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.instruments import MSQ_DOMAINS, SHEETS

Values = NDArray[np.float64]

#: Why a sheet has no score.
ITEMS_MISSING = "too many answers are missing"
NOT_AN_ANSWER = "an answer is not one that the instrument has"
NO_VALUE_SET = "no value set of the EQ-5D-5L is given"


@dataclass(frozen=True)
class Scored:
    """The score of one sheet, unrounded; None where there is none, and then `reason` says why."""

    value: float | None
    reason: str = ""


def score_items(
    instrument: str,
    items: Sequence[float | None],
    plan: AnalysisPlan | None = None,
    *,
    value_set: ValueSet | None = None,
) -> Scored:
    """The score of one answer sheet: the scored items in the order of the questionnaire, None where missing.

    Higher is better for `msq_rr`, `msq_rp`, `msq_ef` and `eq5d`. `plan` gives `ndi_missing_items` and a value set
    of the EQ-5D-5L, where none is given here. Raises PlanError for an unknown instrument, one without items, and a
    wrong number of items.
    """
    found = find_instrument(instrument)
    expected = found.sheet.scored_items
    if not expected:
        raise PlanError(f"'{instrument}' is one number and has no items.")
    if len(items) != expected:
        raise PlanError(f"'{instrument}' has {expected} scored items, and {len(items)} are given.")
    answers = np.array([[math.nan if item is None else float(item) for item in items]], dtype=np.float64)
    if any(not math.isnan(answer) and not found.sheet.allows(answer) for answer in answers[0]):
        return Scored(None, NOT_AN_ANSWER)
    plan = plan if plan is not None else AnalysisPlan()
    if instrument == "eq5d":
        return _index_of(answers[0], value_set or plan_value_set(plan))
    value = float(score_answers(found, answers, plan)[0])
    return Scored(None, ITEMS_MISSING) if math.isnan(value) else Scored(value)


def score_msq(items: Sequence[float | None]) -> Mapping[str, Scored]:
    """The three domains of one sheet of the MSQ 2.1, 14 answers from 1 to 6 in its order.

    Each lies from 0 to 100, and higher is better. Raises PlanError for another number of items.
    """
    if len(items) != SHEETS["msq"].scored_items:
        raise PlanError(f"'msq' has {SHEETS['msq'].scored_items} items, and {len(items)} are given.")
    return {
        domain: score_items(domain, items[first - 1 : last]) for domain, (first, last) in MSQ_DOMAINS.items()
    }


def score_answers(instrument: Instrument, answers: Values, plan: AnalysisPlan) -> Values:
    """Scores of one instrument, one row of `answers` per sheet and one column per scored item; NaN where missing.

    The answers must be ones that the instrument has. NaN where the rule for missing items gives no score.
    """
    name = instrument.name
    if name == "ndi":
        given = (~np.isnan(answers)).sum(axis=1)
        enough = given >= answers.shape[1] - plan.ndi_missing_items
        with np.errstate(invalid="ignore", divide="ignore"):
            # 50·sum/(5·n): the mean of the given answers stands for the missing ones.
            return np.where(enough, 10.0 * np.nansum(answers, axis=1) / given, np.nan)
    if name in MSQ_DOMAINS:
        # Answers count from 1 (never) to 6 (always): turned round, 7 − r; then 100·(S − n)/(5n).
        n = answers.shape[1]
        return 100.0 * ((7.0 - answers).sum(axis=1) - n) / (5.0 * n)
    return np.asarray(answers.sum(axis=1), dtype=np.float64)


def profile_of(answers: Sequence[float]) -> str:
    """The five digits of an EQ-5D-5L sheet, such as 11213; empty where an answer is missing."""
    return "" if any(math.isnan(one) for one in answers) else "".join(f"{one:.0f}" for one in answers)


def compare_profiles(before: str, after: str) -> str:
    """`better`, `worse`, `same`, or `mixed` where one dimension rose and another fell (Devlin 2010, from memory)."""
    steps = [int(second) - int(first) for first, second in zip(before, after, strict=True)]
    falls, rises = any(step < 0 for step in steps), any(step > 0 for step in steps)
    return {(True, True): "mixed", (True, False): "better", (False, True): "worse"}.get(
        (falls, rises), "same"
    )


def _index_of(answers: Values, value_set: ValueSet | None) -> Scored:
    profile = profile_of(list(answers))
    if not profile:
        return Scored(None, ITEMS_MISSING)
    return Scored(None, NO_VALUE_SET) if value_set is None else Scored(value_set.index(profile))
