"""Questionnaires and measurements at the first session, in weeks 8 to 12, and about week 24."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.cohort import DAYS_PER_MONTH, Cohort, share_of_change
from outcomes.simulation.draws import Draws, Floats, Wholes, unbiased_round
from outcomes.simulation.practitioners import own_site
from outcomes.simulation.score_truth import ScoreTruth
from outcomes.simulation.truth import ClinicTruth

#: First and last day of each time, from the first session.
TIMES_DAYS = ((-7, 0), (56, 84), (161, 175))

#: Questionnaires on the last three months: at least 84 days lie between two of them.
_THREE_MONTHS = ("midas", "pedmidas")
_THREE_MONTHS_DAYS = (0, 84, 168)

#: Points of an item of HIT-6; of the neck disability index 0 to 5, of the MSQ domains so many items of six answers.
_HIT6_ANSWERS = np.array([6.0, 8.0, 10.0, 11.0, 13.0])
_HIT6_ITEMS, _NDI_ITEMS, _NDI_MOST = 6, 10, 5
_MSQ_ITEMS = {"msq_rr": 7, "msq_rp": 4, "msq_ef": 3}
#: How the lost days of three months spread over the five questions of MIDAS; `pedmidas` has six.
_MIDAS_SHARES = np.array([0.15, 0.25, 0.20, 0.22, 0.18])
_PEDMIDAS_SHARES = np.array([0.12, 0.14, 0.22, 0.22, 0.16, 0.14])
_MIDAS_MOST_DAYS = 84

#: Least and most of instruments with one number.
_RANGES = {
    "nrs": (0, 10),
    "pgic": (1, 7),
    "eq_vas": (0, 100),
    "rom_rotation": (0, 110),
    "rom_flexion": (0, 110),
    "ppt": (20, 1000),
}
_UNITS = {"rom_rotation": "degrees", "rom_flexion": "degrees", "ppt": "kpa"}
#: Measured on both sides, or moved to both.
_SIDED = ("rom_rotation", "ppt")
_PPT_SITE = "upper_trapezius"
#: At this site, counted from 0, the neck disability index is written down in percent.
_SITE_OF_PERCENT = 1


def fill_in_scores(
    truth: ClinicTruth, cohort: Cohort, days: Wholes, probability: Floats, dates: NDArray[Any]
) -> pd.DataFrame:
    """The `scores` table; one row per patient, time and instrument (and side), in that order."""
    draws = Draws(truth.seed, "scores")
    when = _days_of_times(truth, draws)
    parts = []
    for position, score in enumerate(truth.scores):
        parts += _of_instrument(truth, cohort, days, probability, when, score, position, draws)
    if not any(len(part) for part in parts):
        return pd.DataFrame(
            {name: pd.Series(dtype=object) for name in ("patient_id", "date", "instrument", "score")}
        )
    table = pd.concat([part for part in parts if len(part)])
    table = table.sort_values(["patient", "day", "order", "side"], kind="stable", na_position="first")
    patient, day = table["patient"].to_numpy(np.int64), table["day"].to_numpy(np.int64)
    table.insert(0, "patient_id", cohort.patient_ids[patient])
    table.insert(1, "date", dates[cohort.first_session[patient] + day])
    numbers = [name for name in map(str, table) if name == "score" or name.startswith("item_")]
    table = table.drop(columns=["patient", "day", "order"]).astype(dict.fromkeys(numbers, "Int64"))
    return table.dropna(axis="columns", how="all").reset_index(drop=True)


def _days_of_times(truth: ClinicTruth, draws: Draws) -> Wholes:
    """Day of each time of each patient; patients × times. Most fill in the first ones at the first session."""
    size = truth.patients
    first = np.where(draws.uniform(size) < 0.8, 0, draws.whole(*TIMES_DAYS[0], size))
    return np.column_stack([first, *(draws.whole(*span, size) for span in TIMES_DAYS[1:])])


def score_change_points(truth: ClinicTruth, cohort: Cohort, score: ScoreTruth) -> Floats:
    """The real change of each patient's score once it has come in full: by the headache, and on top of it."""
    return score.points_per_headache_day * cohort.change_days_per_28 + score.real_change_points


def _of_instrument(
    truth: ClinicTruth,
    cohort: Cohort,
    days: Wholes,
    probability: Floats,
    when: Wholes,
    score: ScoreTruth,
    position: int,
    draws: Draws,
) -> list[pd.DataFrame]:
    """The rows of one instrument, one frame for each time and side."""
    names = np.array([kind.name for kind in truth.types], dtype=object)[cohort.kind]
    size = truth.patients
    asked = draws.uniform(size) < score.share
    asked &= np.isin(names, score.types) if score.types else True
    person = score.between_sd_points * draws.normal(size)
    sides = ("left", "right") if score.instrument in _SIDED else (None,)
    parts = []
    for time in range(len(TIMES_DAYS)):
        day = when[:, time]
        if score.instrument in _THREE_MONTHS:
            day = np.maximum(day, _THREE_MONTHS_DAYS[time])
        returned = draws.uniform(size) < truth.score_returned_share
        there = asked & returned & (day <= cohort.drop_out) & (cohort.first_session + day < truth.days)
        if score.instrument == "pgic" and time == 0:
            continue
        target = _expected(truth, cohort, days, probability, day, score) + person
        for side in sides:
            answered = target + score.within_sd_points * draws.normal(size)
            cells = _answers(truth, score.instrument, answered, draws)
            rows = pd.DataFrame({"patient": np.arange(size), "day": day, "order": position, **cells})
            rows["instrument"], rows["side"] = score.instrument, pd.Series([side] * size, dtype=object)
            parts.append(rows[there])
    return parts


def _expected(
    truth: ClinicTruth, cohort: Cohort, days: Wholes, probability: Floats, day: Wholes, score: ScoreTruth
) -> Floats:
    """Expected score on a day of each patient, without the patient's own part."""
    level = level_days_per_28(probability, days, day)
    reference: Any = truth.usual_days_per_28
    if score.instrument == "pgic":
        reference = level_days_per_28(probability, days, np.zeros_like(day))
    # The day before: a score of day 0 is from before the first session.
    real = score.real_change_points * share_of_change(truth, day - 1)
    return score.usual_points + score.points_per_headache_day * (level - reference) + real


def level_days_per_28(probability: Floats, days: Wholes, day: Wholes) -> Floats:
    """Likely headache days of the 28 days before a day of each patient."""
    column = np.clip(day[:, None] - 1 - np.arange(DAYS_PER_MONTH)[None, :] - days[0], 0, len(days) - 1)
    return np.asarray(np.take_along_axis(probability, column, axis=1).sum(axis=1))


def _answers(truth: ClinicTruth, instrument: str, target: Floats, draws: Draws) -> dict[str, Any]:
    """The cells of each patient: the score, its unit, and the items where the instrument has them."""
    if instrument == "hit6":
        items = _nearest_answers(target / _HIT6_ITEMS, _HIT6_ANSWERS, _HIT6_ITEMS, draws)
    elif instrument == "ndi":
        items = _nearest_answers(target / _NDI_ITEMS, np.arange(_NDI_MOST + 1.0), _NDI_ITEMS, draws)
    elif instrument in _THREE_MONTHS:
        shares = _MIDAS_SHARES if instrument == "midas" else _PEDMIDAS_SHARES
        lost = np.clip(target[:, None] * shares, 0, _MIDAS_MOST_DAYS)
        items = unbiased_round(lost, draws.uniform(*lost.shape)).astype(np.float64)
    elif instrument in _MSQ_ITEMS:
        steps = 5 * _MSQ_ITEMS[instrument]
        step = unbiased_round(np.clip(target / 100, 0, 1) * steps, draws.uniform(len(target)))
        return {"score": np.rint(100 * np.minimum(step, steps) / steps)}
    else:
        least, most = _RANGES[instrument]
        score = unbiased_round(np.clip(target, least, most), draws.uniform(len(target))).astype(np.float64)
        site = {"site": _PPT_SITE} if instrument == "ppt" else {}
        return {"score": np.minimum(score, most), "unit": _UNITS.get(instrument), **site}
    return _with_items(truth, instrument, items, draws)


def _nearest_answers(mean: Floats, answers: Floats, n: int, draws: Draws) -> Floats:
    """Answers to n items with that mean: each of the two answers next to it, so often that the mean is kept."""
    mean = np.clip(mean, answers[0], answers[-1])
    lower = np.clip(np.searchsorted(answers, mean, side="right") - 1, 0, len(answers) - 2)
    chance = (mean - answers[lower]) / (answers[lower + 1] - answers[lower])
    return answers[lower[:, None] + (draws.uniform(len(mean), n) < chance[:, None])]


def _with_items(truth: ClinicTruth, instrument: str, items: Floats, draws: Draws) -> dict[str, Any]:
    """Items and their sum. With an item left blank there is no total; percent stands without its items."""
    blank = draws.uniform(*items.shape) < truth.score_item_missing_share
    score = np.where(blank.any(axis=1), np.nan, items.sum(axis=1))
    written = np.where(blank, np.nan, items)
    unit: Any = None
    if instrument == "ndi":
        percent = own_site(truth) == _SITE_OF_PERCENT
        score = np.where(percent, 2 * score, score)
        written[percent] = np.nan
        unit = np.where(percent, "percent", "points").astype(object)
    return {
        "score": score,
        "unit": unit,
        **{f"item_{number}": written[:, number - 1] for number in range(1, items.shape[1] + 1)},
    }
