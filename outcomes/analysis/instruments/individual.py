"""How many patients changed by what matters to one of them, and how many by as much for the worse.

Sources: docs/method.md#questionnaires-and-measurements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.estimates import Estimate, Sample
from outcomes.analysis.instruments.pairing import PairedScores
from outcomes.analysis.instruments.thresholds import Thresholds, reliability, thresholds
from outcomes.analysis.proportions import share
from outcomes.analysis.responders import TIE_TOLERANCE
from outcomes.plan import AnalysisPlan

#: Beyond this a change is larger than retesting alone shows in 95 of 100 people (Jacobson and Truax 1991).
RELIABLE = 1.96

#: The American Headache Society's rule for MIDAS: 5 points from a baseline of 11 to 20, 30% above 20.
AHS_LEAST, AHS_POINTS_UP_TO, AHS_POINTS, AHS_SHARE = 11.0, 20.0, 5.0, 0.3

NRS_SHARE = 0.3


@dataclass(frozen=True)
class ChangedShare:
    """A share of patients: `n` is its denominator and `count` its numerator, None where it cannot be told."""

    name: str
    found: Estimate
    n: int
    count: int | None
    notes: tuple[str, ...] = ()


def individual_changes(
    measure: PairedScores, everyone: pd.DataFrame, plan: AnalysisPlan
) -> tuple[list[ChangedShare], pd.Series]:
    """Every share of one measure, and the important change of each patient, by `patient_id` (NaN without one)."""
    limits = thresholds(measure.instrument, plan, measure.unit)
    about = everyone.set_index("patient_id").reindex(measure.pairs.index)
    threshold = _sizes(limits, about["headache_type"], about["ichd3_code"])
    if limits.general is None and not limits.by_type:
        rows = list(_without_threshold(measure, plan))
    else:
        rows = list(_shares(measure, threshold, "", plan, (f"what matters to one: {limits.words}",)))
    if measure.instrument.name == "nrs":
        percent = (NRS_SHARE * measure.pairs["baseline"]).where(measure.pairs["baseline"] > 0)
        note = "30% of the patient's own baseline (Farrar 2001, chronic pain other than headache; read)"
        rows += _shares(measure, percent, "_30_percent", plan, (note,))
    if measure.instrument.name == "midas":
        note = "5 points from a baseline of 11 to 20, 30% above 20 (American Headache Society; read)"
        rows += _shares(measure, _ahs(measure.pairs["baseline"]), "_ahs", plan, (note,))
    return [*rows, *_reliable(measure, plan)], threshold


def _sizes(limits: Thresholds, headache_type: pd.Series, ichd3_code: pd.Series) -> pd.Series:
    """The important change of each patient, NaN where none is known."""
    # Few different diagnoses stand for all of them; one that is missing is −1, the last.
    which_kind, kinds = pd.factorize(headache_type)
    which_code, codes = pd.factorize(ichd3_code)
    found = [[limits.of(kind, code) for code in (*codes, None)] for kind in (*kinds, None)]
    sizes = np.array([[math.nan if one is None else one.size for one in row] for row in found])
    return pd.Series(sizes[which_kind, which_code], headache_type.index, dtype="float64")


def _ahs(baseline: pd.Series) -> pd.Series:
    """The change that the rule asks of each baseline; NaN below 11, for which it has none."""
    asked = baseline.mask(baseline > AHS_POINTS_UP_TO, AHS_SHARE * baseline)
    asked = asked.where(baseline > AHS_POINTS_UP_TO, AHS_POINTS)
    return asked.where(baseline >= AHS_LEAST)


def _improvement(pairs: pd.DataFrame, measure: PairedScores) -> pd.Series:
    """How far each patient changed for the better; negative is worse."""
    sign = -1.0 if measure.instrument.improvement == "decrease" else 1.0
    return sign * (pairs["followup"] - pairs["baseline"])


def _shares(
    measure: PairedScores, threshold: pd.Series, suffix: str, plan: AnalysisPlan, notes: tuple[str, ...]
) -> Iterator[ChangedShare]:
    """Better of the pairs and of all with a baseline, and worse of the pairs, by each patient's own threshold."""
    started = measure.pairs["baseline"].notna()
    eligible = started & threshold.notna()
    both = eligible & measure.pairs["followup"].notna()
    improvement = _improvement(measure.pairs, measure)[both]
    asked = threshold[both]
    better = int((improvement >= asked - TIE_TOLERANCE).sum())
    worse = int((improvement <= -asked + TIE_TOLERANCE).sum())
    n_pairs, n_started = int(both.sum()), int(eligible.sum())
    without = int((started & measure.pairs["followup"].notna() & ~eligible).sum())
    if without:
        pairs = "1 pair" if without == 1 else f"{without} pairs"
        notes = (*notes, f"{pairs} not eligible: no such change is defined at their baseline")
    lost = n_started - n_pairs
    missing = (f"{lost} without a follow-up counted as not reached",) if lost else ()
    yield _share(f"improved{suffix}", better, n_pairs, plan, notes)
    yield _share(f"improved{suffix}_all", better, n_started, plan, (*notes, *missing))
    yield _share(f"worsened{suffix}", worse, n_pairs, plan, notes)


def _share(name: str, count: int, n: int, plan: AnalysisPlan, notes: tuple[str, ...]) -> ChangedShare:
    return ChangedShare(name, share(count, n, plan.confidence), n, count, notes)


def _without_threshold(measure: PairedScores, plan: AnalysisPlan) -> Iterator[ChangedShare]:
    """No number that matters to one patient is known: the plan may give one."""
    name = f'"ppt.{measure.unit}"' if measure.instrument.name == "ppt" else measure.instrument.name
    note = (
        f"no important change of one patient is known here: give one in the plan, [important_changes] {name}"
    )
    nothing = Estimate(None, None, None, None, "Wilson", (note,))
    n_started = int(measure.pairs["baseline"].notna().sum())
    for row, n in (
        ("improved", len(measure.complete)),
        ("improved_all", n_started),
        ("worsened", len(measure.complete)),
    ):
        yield ChangedShare(row, nothing, n, None)


def _reliable(measure: PairedScores, plan: AnalysisPlan) -> Iterator[ChangedShare]:
    """Reliable change both ways: (follow-up − baseline) ÷ (SD of the baselines · √(2(1 − r))) beyond 1.96."""
    complete = measure.complete
    n = len(complete)
    names = ("improved_reliably", "worsened_reliably")
    own = reliability(measure.instrument, plan)
    note = ""
    spread = Sample.of(complete["baseline"].to_numpy(dtype=np.float64))
    if own is None:
        note = (
            "not computed without a test–retest reliability: give one in the plan, "
            f"[reliabilities] {measure.instrument.name}"
        )
    elif n < 2 or not spread.varies:
        note = "not computed: fewer than two pairs, or baselines that do not vary"
    if own is None or note:
        for name in names:
            yield ChangedShare(name, Estimate(None, None, None, None, "Wilson", (note,)), n, None)
        return
    index = _improvement(complete, measure) / (spread.sd * math.sqrt(2 * (1 - own.value)))
    told = (own.words,)
    yield _share(names[0], int((index > RELIABLE).sum()), n, plan, told)
    yield _share(names[1], int((index < -RELIABLE).sum()), n, plan, told)
