"""How often verdicts are wrong: made-up clinics whose truth is known, judged by the rules as they stand.

A patient has a usual share of headache days, months differ around it, and days are missing at random. Ten patients
close their follow-up each month for two years. The numbers of docs/claims.md#how-often-verdicts-are-wrong are those of
the long run; the short one, in every run of the tests, holds the order of things.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from outcomes.analysis.claims.sides import Side
from outcomes.analysis.missing_diaries.started import Window
from outcomes.claims.rules import CONSISTENT, judge_change

MONTHS, PER_MONTH, MARGIN = 24, 10, 1.0
MEAN_DAYS, PATIENT_ICC, DAY_ICC = 11.0, 0.10, 0.08


@dataclass(frozen=True)
class Truth:
    """`change` in days per 28; the baseline is the worst of `worst_of` months; `missing` and `lost` are shares."""

    change: float
    worst_of: int = 1
    missing: float = 0.02
    lost: float = 0.1


def counts(rates: np.ndarray, random: np.random.Generator) -> np.ndarray:
    total = (1 - DAY_ICC) / DAY_ICC
    rates = np.clip(rates, 1e-6, 1 - 1e-6)
    return random.binomial(28, random.beta(rates * total, (1 - rates) * total))


def clinic(truth: Truth, random: np.random.Generator) -> pd.DataFrame:
    """One row per patient in the order of closing: headache days and recorded days, before and after; who is lost."""
    n = MONTHS * PER_MONTH
    total = (1 - PATIENT_ICC) / PATIENT_ICC
    usual = random.beta(MEAN_DAYS / 28 * total, (1 - MEAN_DAYS / 28) * total, n)
    before = np.max([counts(usual, random) for _ in range(truth.worst_of)], axis=0)
    after = counts(usual * (1 + truth.change / MEAN_DAYS), random)
    recorded = 28 - random.binomial(28, truth.missing, n)
    return pd.DataFrame(
        {
            "before": before.astype(float),
            "days": random.hypergeometric(after, 28 - after, recorded),
            "recorded": recorded,
            "lost": random.random(n) < truth.lost,
        }
    )


def says_consistent(rows: pd.DataFrame) -> bool:
    """The verdict of one look at these patients, one claim being asked."""
    stayed = rows[~rows["lost"]]
    window = Window(28, stayed["recorded"].to_numpy(np.int64), stayed["days"].to_numpy(np.int64))
    returned = np.where(rows["lost"], rows["before"], 28 * rows["days"] / rows["recorded"])
    side = Side(
        patients=stayed.index,
        n_started=len(rows),
        before=stayed["before"].to_numpy(),
        after=window.level,
        started_before=rows["before"].to_numpy(),
        returned=returned,
        bounds=(window.level_if_missing(False), window.level_if_missing(True)),
        bounds_unknown=False,
        flagged=np.zeros(len(stayed), dtype=bool),
        n_not_told=0,
        is_recalled=False,
        never=(False, False),
    )
    return judge_change(side.evidence(1.0, 0.95), MARGIN).word == CONSISTENT


def monthly(rows: pd.DataFrame) -> bool:
    """Looking each month at the patients of the last twelve: told once is told."""
    ends = range(PER_MONTH, len(rows) + 1, PER_MONTH)
    return any(says_consistent(rows.iloc[max(0, end - 12 * PER_MONTH) : end]) for end in ends)


def half_yearly(rows: pd.DataFrame) -> bool:
    """Four reviews on patients who do not overlap: told once is told."""
    step = 6 * PER_MONTH
    return any(says_consistent(rows.iloc[begin : begin + step]) for begin in range(0, len(rows), step))


def one_review(rows: pd.DataFrame) -> bool:
    return says_consistent(rows.iloc[: 6 * PER_MONTH])


def share(truth: Truth, look: Callable[[pd.DataFrame], bool], clinics: int, seed: int = 1) -> float:
    random = np.random.default_rng(seed)
    return float(np.mean([look(clinic(truth, random)) for _ in range(clinics)]))


#: No missing day and nobody lost: then only chance stands between a change of the margin and the verdict.
ON_THE_MARGIN = Truth(change=-MARGIN, missing=0.0, lost=0.0)


def test_no_change_is_hardly_ever_called_consistent() -> None:
    assert share(Truth(change=0.0), half_yearly, 100) == 0.0


def test_a_change_of_four_days_is_told_often_enough_to_be_useful() -> None:
    assert share(Truth(change=-4.0), one_review, 60) > 0.6


def test_monthly_looks_tell_more_falsehoods_than_reviews() -> None:
    often, seldom = (share(ON_THE_MARGIN, look, 60) for look in (monthly, one_review))
    assert often > seldom
    assert seldom < 0.12


@pytest.mark.long
def test_the_numbers_of_the_page_on_claims() -> None:
    """2,000 clinics each; a share of 2.5% then has a standard error of 0.35 points."""
    n = 2000
    assert share(Truth(change=0.0), monthly, 500) < 0.005
    assert share(ON_THE_MARGIN, one_review, n) == pytest.approx(0.025, abs=0.011)
    assert share(ON_THE_MARGIN, half_yearly, n) == pytest.approx(1 - 0.975**4, abs=0.025)
    assert share(ON_THE_MARGIN, monthly, 600) > 1.3 * share(ON_THE_MARGIN, half_yearly, 600)
    assert share(Truth(change=-4.0), one_review, 500) > 0.7


def numbers(clinics: int = 1000) -> None:
    """Run as a program this prints the table of the page."""
    truths = {
        "no change": Truth(0.0),
        "no change, nothing missing": Truth(0.0, missing=0.0, lost=0.0),
        "on the margin, nothing missing": ON_THE_MARGIN,
        "no change, worst of 2": Truth(0.0, worst_of=2),
        "no change, worst of 2, nothing missing": Truth(0.0, worst_of=2, missing=0.0, lost=0.0),
        "-4": Truth(-4.0),
        "-4, 5% missing": Truth(-4.0, missing=0.05),
        "-4, 10% missing": Truth(-4.0, missing=0.1),
        "-3": Truth(-3.0),
    }
    for name, truth in truths.items():
        row = [f"{100 * share(truth, look, clinics):.1f}%" for look in (one_review, half_yearly, monthly)]
        print(name, *row, sep=" | ")


if __name__ == "__main__":
    numbers()
