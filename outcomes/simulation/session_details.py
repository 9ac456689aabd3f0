"""What a session record says beside needles, pain and the worst event: site, process, and the second question."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from outcomes.simulation.draws import Draws, Flags, Wholes, yes_no
from outcomes.simulation.features import sore_until_day
from outcomes.simulation.practitioners import site_of
from outcomes.simulation.sessions import GRADES, Treatments
from outcomes.simulation.truth import ClinicTruth

# Of mild events: shares of the kinds among them, after Brady 2014 (7,629 treatments).
_MILD = np.array(
    ["bruising", "bleeding", "pain_during", "pain_after", "headache_worse", "drowsiness", "dizziness"],
    dtype=object,
)
_MILD_SHARES = (0.39, 0.24, 0.155, 0.115, 0.055, 0.025, 0.02)
_SIGNIFICANT = np.array(["headache_worse", "fainting", "numbness", "nausea"], dtype=object)
_SIGNIFICANT_SHARES = (0.45, 0.30, 0.15, 0.10)
_SERIOUS = np.array(["pneumothorax", "infection"], dtype=object)
_SERIOUS_SHARES = (0.7, 0.3)
#: Mild events of two kinds at once.
_TWO_KINDS_SHARE = 0.12


def session_details(truth: ClinicTruth, treated: Treatments, days: Wholes, headache: Flags) -> dict[str, Any]:
    """The further columns of `sessions`."""
    draws = Draws(truth.seed, "session details")
    size = len(treated.day)
    sites = np.array([f"S-{number}" for number in range(1, truth.sites + 1)], dtype=object)
    written = draws.uniform(size) >= truth.process_not_recorded_share
    explained = draws.uniform(size) < truth.explained_share
    plan = draws.uniform(size) < truth.personal_plan_share
    muscles = treated.table["muscles"].str.count(";").to_numpy() + 1
    needles = treated.table["needles_inserted"].to_numpy()
    points = muscles + np.floor(draws.uniform(size) * (needles - muscles + 1)).astype(np.int64)
    hours = np.ceil(24 * sore_until_day(truth, treated) + 1 + 23 * draws.uniform(size)).astype(np.int64)
    hours = np.where(treated.worst_soreness > 0, hours, 0)
    week = _recalled_7(treated, days, headache, draws)
    not_asked = draws.uniform(size) >= truth.recalled_7_asked_share
    return {
        "site_id": sites[site_of(truth, treated.practitioner)],
        "trigger_points": points,
        "explanation": yes_no(explained, written),
        "personal_plan": yes_no(plan, written),
        **_events(truth, treated),
        "soreness_hours": pd.arrays.IntegerArray(hours, treated.table["soreness"].isna().to_numpy(bool)),
        "recalled_headache_days_7": pd.arrays.IntegerArray(week, not_asked),
    }


def _events(truth: ClinicTruth, treated: Treatments) -> dict[str, Any]:
    """The worst event when asked again after 72 hours, and what it was, so far as anybody asked."""
    draws = Draws(truth.seed, "adverse events")
    size = len(treated.day)
    again = draws.uniform(size) < truth.adverse_event_72h_asked_share
    late = draws.uniform(size) < truth.adverse_event_72h_late_share
    by_then = np.where((treated.event == 0) & late, 1, treated.event)
    kinds = np.choose(
        np.maximum(by_then - 1, 0),
        [
            _MILD[draws.pick(_MILD_SHARES, size)],
            _SIGNIFICANT[draws.pick(_SIGNIFICANT_SHARES, size)],
            _SERIOUS[draws.pick(_SERIOUS_SHARES, size)],
        ],
    ).astype(object)
    second = _MILD[draws.pick(_MILD_SHARES, size)]
    two = (draws.uniform(size) < _TWO_KINDS_SHARE) & (by_then == 1) & (second != kinds)
    kinds[two] = kinds[two] + ";" + second[two]
    asked = treated.table["adverse_event"].to_numpy(object) != "not_asked"
    told = (asked & (treated.event > 0)) | (again & (by_then > 0))
    kinds[~told] = None
    answers = GRADES[by_then].copy()
    answers[~again] = None
    return {"adverse_event_kind": kinds, "adverse_event_72h": answers}


def _recalled_7(treated: Treatments, days: Wholes, headache: Flags, draws: Draws) -> Wholes:
    """Headache days of the last week from memory: now and then one too many, or one too few."""
    last = np.minimum(treated.day, days[-1] + 1)
    column = last[:, None] - 1 - np.arange(7)[None, :] - days[0]
    true_days = headache[treated.patient[:, None], column].sum(axis=1)
    return np.clip(true_days + draws.pick((0.15, 0.65, 0.20), len(last)) - 1, 0, 7)
