"""What is planted about questionnaires and measurements: their level, and the change that is real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from outcomes.records.code_lists import INSTRUMENTS


@dataclass(frozen=True)
class ScoreTruth:
    """One instrument: who fills it in, and where its score comes from.

    Expected score = `usual_points` + the patient's own part + `points_per_headache_day` × (headache days per 28 of
    the 28 days before, as they are likely, − the clinic's usual) + `real_change_points` × the share of the real
    change that has come. So it follows the headache, bad months included, and changes on top of it. PGIC asks about
    the change itself: its headache days are those now − those before the first session.

    `share` is of the patients of the `types`; no types are all types.
    """

    instrument: str
    share: float
    types: tuple[str, ...]
    usual_points: float
    points_per_headache_day: float
    real_change_points: float
    between_sd_points: float
    within_sd_points: float


# Plausible, not measured. MSQ 2.1 and movement are better when higher, all others when lower.
SCORES = (
    ScoreTruth("hit6", 1.0, (), 58.0, 0.5, -1.5, 4.5, 2.5),
    ScoreTruth("midas", 0.7, (), 22.0, 1.6, -2.0, 6.0, 4.0),
    ScoreTruth("ndi", 0.7, ("cervicogenic", "tension_type"), 16.0, 0.3, -2.5, 5.0, 2.0),
    ScoreTruth("msq_rr", 0.9, ("migraine",), 52.0, -1.0, 4.0, 11.0, 5.0),
    ScoreTruth("msq_rp", 0.9, ("migraine",), 64.0, -1.0, 3.0, 11.0, 5.0),
    ScoreTruth("msq_ef", 0.9, ("migraine",), 60.0, -1.0, 4.0, 12.0, 6.0),
    ScoreTruth("nrs", 0.9, (), 5.0, 0.05, -0.5, 1.1, 0.7),
    ScoreTruth("eq_vas", 0.4, (), 66.0, -0.6, 2.0, 10.0, 5.0),
    ScoreTruth("rom_rotation", 0.8, ("cervicogenic",), 58.0, 0.0, 5.0, 7.0, 3.0),
    ScoreTruth("rom_flexion", 0.8, ("cervicogenic",), 46.0, 0.0, 3.0, 6.0, 3.0),
    ScoreTruth("ppt", 0.5, ("cervicogenic", "tension_type"), 230.0, -2.0, 25.0, 50.0, 20.0),
    ScoreTruth("pgic", 0.8, (), 4.0, 0.2, -0.4, 0.0, 0.8),
)

#: Instruments that the simulation can fill in (scores.py).
KNOWN = (*(score.instrument for score in SCORES), "pedmidas")


def score_problems(scores: tuple[ScoreTruth, ...]) -> Iterator[str]:
    """What cannot be."""
    names = [score.instrument for score in scores]
    if not set(names) <= set(KNOWN) & set(INSTRUMENTS) or len(set(names)) < len(names):
        yield f"scores must be of the instruments {', '.join(KNOWN)}, each once."
    if any(not 0 <= score.share <= 1 for score in scores):
        yield "the share of an instrument must lie from 0 to 1."
    if any(min(score.between_sd_points, score.within_sd_points) < 0 for score in scores):
        yield "the spread of an instrument must not be negative."
