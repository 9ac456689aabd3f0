"""What the patients write down, and what they leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.cohort import DAYS_PER_MONTH, Cohort, share_of_change
from outcomes.simulation.draws import Draws, Flags, Floats, Wholes, yes_no
from outcomes.simulation.truth import ClinicTruth


def day_range(truth: ClinicTruth, cohort: Cohort) -> Wholes:
    """The days from the first session that any diary of the clinic may hold."""
    return np.arange(-truth.long_wait_days[1], int(cohort.diary_last.max()) + 1)


@dataclass(frozen=True)
class Diary:
    """The days that were written down, one element per row of `table` in every array.

    `day` counts from the first session, `column` in the days of the clinic; `ill` says that a headache was
    written down, `blank` that nothing was, and `taken` that medication was.
    """

    patient: Wholes
    day: Wholes
    column: Wholes
    ill: Flags
    blank: Flags
    taken: Flags
    table: pd.DataFrame


def keep_diary(
    truth: ClinicTruth, cohort: Cohort, days: Wholes, headache: Flags, dates: NDArray[Any]
) -> Diary:
    """Write the `diary` table; one row per patient-day that was written down.

    A day without a row was not recorded; neither was one with a row whose `headache` is empty.
    """
    recorded, blank = _written(truth, cohort, days, headache)
    patient, column = np.nonzero(recorded)
    day = days[column]
    state = headache[patient, column]
    empty = blank[patient, column]
    draws = Draws(truth.seed, "details")
    intensity = _intensity(truth, cohort, patient, day, draws)
    hours = _duration_hours(truth, cohort, patient, draws)
    taken = _takes_medication(truth, patient, state, intensity, draws) & ~empty
    medication, doses = _medication(truth, cohort, patient, taken, draws)
    ill = state & ~empty
    table = pd.DataFrame(
        {
            "patient_id": cohort.patient_ids[patient],
            "date": dates[cohort.first_session[patient] + day],
            "headache": yes_no(state, ~empty),
            "intensity": pd.arrays.IntegerArray(intensity, ~ill),
            "duration_hours": pd.arrays.FloatingArray(hours, ~ill),
            "acute_medication": yes_no(taken, ~empty),
            "acute_medication_class": medication,
            "acute_doses": pd.arrays.IntegerArray(doses, ~taken),
        }
    )
    return Diary(patient, day, column, ill, empty, taken, table)


def _written(truth: ClinicTruth, cohort: Cohort, days: Wholes, headache: Flags) -> tuple[Flags, Flags]:
    """Which days have a row, and which rows were begun but never answered.

    Odds of writing: lower at weekends, higher on headache days, falling with time, and a matter of the
    person. So what is missing depends on what was not written, as in real diaries (Heyer 2015).
    """
    draws = Draws(truth.seed, "recording")
    shape = headache.shape
    against = (1 - truth.recorded_share) / truth.recorded_share
    person = np.exp(-truth.recorded_sd_logit * draws.normal(truth.patients))
    months_kept = (days[None, :] - cohort.diary_first[:, None]) / DAYS_PER_MONTH
    odds_against = against * person[:, None] * truth.recorded_odds_ratio_per_28_days**-months_kept
    odds_against /= np.where(headache, truth.recorded_odds_ratio_headache, 1.0)
    weekday = (truth.first_day.weekday() + cohort.first_session[:, None] + days[None, :]) % 7
    odds_against /= np.where(weekday >= 5, truth.recorded_odds_ratio_weekend, 1.0)
    recorded = draws.uniform(*shape) < 1 / (1 + odds_against)
    recorded &= days[None, :] >= cohort.diary_first[:, None]
    recorded &= days[None, :] <= cohort.diary_last[:, None]
    return recorded, draws.uniform(*shape) < truth.blank_headache_share


def _intensity(truth: ClinicTruth, cohort: Cohort, patient: Wholes, day: Wholes, draws: Draws) -> Wholes:
    typical = np.array([kind.intensity_nrs for kind in truth.types])[cohort.kind]
    typical = typical + 0.9 * draws.normal(truth.patients)
    shift = truth.true_change_intensity_nrs * share_of_change(truth, day)
    drawn = typical[patient] + shift + 1.6 * draws.normal(len(patient))
    return np.clip(np.rint(drawn), 1, 10).astype(np.int64)


def _duration_hours(truth: ClinicTruth, cohort: Cohort, patient: Wholes, draws: Draws) -> Floats:
    median = np.array([kind.median_duration_hours for kind in truth.types])[cohort.kind]
    median = median * np.exp(0.35 * draws.normal(truth.patients))
    drawn = median[patient] * np.exp(0.6 * draws.normal(len(patient)))
    # Half an hour is the shortest headache that makes a headache day (docs/method.md).
    return np.round(np.clip(drawn, 0.5, 24), 1)


def _takes_medication(
    truth: ClinicTruth, patient: Wholes, headache: Flags, intensity: Wholes, draws: Draws
) -> Flags:
    habit = draws.normal(truth.patients)[patient]
    odds = np.exp(habit + 0.5 * (intensity - 6))
    probability = np.where(headache, odds / (1 + odds), 0.01)
    return draws.uniform(len(patient)) < probability


def _medication(
    truth: ClinicTruth, cohort: Cohort, patient: Wholes, taken: Flags, draws: Draws
) -> tuple[NDArray[Any], Wholes]:
    """Classes and doses of the days with medication: the usual one, the other one, or both."""
    choices = np.array(
        [
            [
                kind.first_medication,
                kind.second_medication,
                f"{kind.first_medication};{kind.second_medication}",
            ]
            for kind in truth.types
        ],
        dtype=object,
    )
    choice = draws.pick((0.75, 0.17, 0.08), len(patient))
    medication = choices[cohort.kind[patient], choice]
    medication[~taken] = None
    doses = 1 + draws.pick((0.66, 0.27, 0.07), len(patient))
    return medication, np.where(choice == 2, np.maximum(doses, 2), doses)
