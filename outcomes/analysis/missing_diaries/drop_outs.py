"""Those who were lost: how they compare with those who stayed, and what if they were back at their baseline."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import CATALOGUE
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.endpoints import endpoint_names, measure_endpoints
from outcomes.analysis.estimates import (
    Estimate,
    Values,
    mean_interval,
    paired_change,
    welch,
)
from outcomes.analysis.missing_diaries.started import Answer, Started, started_patients
from outcomes.analysis.periods import Periods

_RETURN = "drop-outs at their own baseline (reference-based); paired t"


@dataclass(frozen=True)
class BaselineDifference:
    """One endpoint at baseline, of those lost against those analysed. `difference` is lost − analysed."""

    endpoint: str
    unit: str
    n_analysed: int
    analysed_mean: float | None
    analysed_low: float | None
    analysed_high: float | None
    n_lost: int
    lost_mean: float | None
    lost_low: float | None
    lost_high: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    method: str
    notes: str


def return_to_baseline(started: Started, confidence: float) -> Answer:
    """Mean change over everyone with a valid baseline, those lost taken to be where they began.

    The single-arm form of jump-to-reference: a drop-out's change is 0. The value is therefore the change of those
    analysed times their share. The baseline is that of patients who may have begun in a bad month, and the
    interval takes the assumed zeros for observed: a note says both. Undefined where nobody is analysed: all
    zeros would be assumed, and a change of 0 would look like a finding.
    """
    if not started.n_analysed:
        nobody = Estimate(
            None, None, None, None, _RETURN, ("no_pairs: nobody has both periods to begin from",)
        )
        return Answer("return_to_baseline_change", nobody, len(started))
    before = started.baseline.level
    after = np.where(started.analysed, started.followup.level, before)
    found = paired_change(before, after, confidence)
    lost = len(started) - started.n_analysed
    note = f"{lost} lost taken as unchanged, and the interval takes that for observed"
    notes = (*found.notes, note) if lost else found.notes
    return Answer("return_to_baseline_change", replace(found, method=_RETURN, notes=notes), len(started))


def completers_against_lost(periods: Periods) -> pd.DataFrame:
    """How those lost to follow-up stood at baseline, against those analysed: one row per endpoint of the diary,
    and `baseline_recorded_days`.

    Lost: a valid baseline, a follow-up window that is over, and too few recorded days in it. Columns: n, mean and
    t interval of each; `difference` (lost − analysed) with its Welch interval and p (None below two patients a
    side, or without variation; p also below five). Raises PlanError where the records hold no daily diary.
    """
    started = started_patients(window_counts(periods), periods)
    confidence = periods.plan.confidence
    values = _baseline_values(periods, started)
    values["baseline_recorded_days"] = started.baseline.recorded.astype(np.float64)
    rows = [_compare(name, found, started, confidence) for name, found in values.items()]
    return pd.DataFrame([asdict(row) for row in rows], columns=list(BaselineDifference.__annotations__))


def _baseline_values(periods: Periods, started: Started) -> dict[str, Values]:
    table = measure_endpoints(periods)
    rows = table[(table["mode"] == "diary") & (table["period"] == "baseline")].set_index("patient_id")
    rows = rows.reindex(started.patient_id)
    return {name: rows[name].to_numpy(np.float64) for name in endpoint_names(table) if name in CATALOGUE}


def _compare(name: str, values: Values, started: Started, confidence: float) -> BaselineDifference:
    defined = ~np.isnan(values)
    stayed, lost = values[started.analysed & defined], values[~started.analysed & defined]
    of_stayed, of_lost = mean_interval(stayed, confidence), mean_interval(lost, confidence)
    found = welch(lost, stayed, confidence)
    unit = CATALOGUE[name].unit if name in CATALOGUE else "days"
    return BaselineDifference(
        name, unit,
        len(stayed), of_stayed.value, of_stayed.low, of_stayed.high,
        len(lost), of_lost.value, of_lost.low, of_lost.high,
        found.value, found.low, found.high, found.p, found.method, "; ".join(found.notes),
    )  # fmt: skip
