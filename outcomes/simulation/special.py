"""Clinics of a special kind, as truths: what is unusual about each is planted, and everything else is as usual."""

from __future__ import annotations

from dataclasses import dataclass, replace

from outcomes.errors import PlanError
from outcomes.simulation.score_truth import SCORES, ScoreTruth
from outcomes.simulation.truth import ClinicTruth
from outcomes.simulation.type_truth import TypeTruth


@dataclass(frozen=True)
class SpecialClinic:
    """What is special in a clinic, in words, and its truth."""

    what: str
    truth: ClinicTruth


_CHILDREN_SCORES = (
    ScoreTruth("pedmidas", 0.9, (), 18.0, 1.4, -2.0, 5.0, 3.0),
    *(score for score in SCORES if score.instrument in ("nrs", "pgic")),
)

SPECIAL_CLINICS = {
    "cluster": SpecialClinic(
        "cluster headache only, most of it in bouts that end by themselves; nothing else changes",
        ClinicTruth(
            patients=80,
            types=(TypeTruth("cluster", 1.0, 20.0, 8.0, 1.5, 0.25, "triptan", "other"),),
            true_change_days_per_28=0.0,
            true_change_sd_days_per_28=0.0,
            true_change_intensity_nrs=0.0,
            worst_of_months=1.0,
            cluster_episodic_share=0.7,
            cluster_bout_median_days_after_first_session=28.0,
            scores=tuple(
                replace(score, real_change_points=0.0)
                for score in SCORES
                if score.instrument in ("hit6", "nrs", "pgic")
            ),
        ),
    ),
    "paediatric": SpecialClinic(
        "patients below 18: shorter headaches, other drugs, and PedMIDAS in place of MIDAS",
        ClinicTruth(
            patients=90,
            types=(
                TypeTruth("migraine", 0.65, 8.0, 6.0, 4.0, 0.55, "nsaid", "paracetamol"),
                TypeTruth("tension_type", 0.35, 10.0, 4.0, 3.0, 0.55, "paracetamol", "nsaid"),
            ),
            age_band_shares=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
            preventive_use_share=0.1,
            scores=_CHILDREN_SCORES,
        ),
    ),
    "all_chronic": SpecialClinic(
        "every patient usually has far more than 15 headache days a month",
        ClinicTruth(
            patients=120,
            types=(
                TypeTruth("migraine", 0.6, 21.0, 6.0, 10.0, 0.8, "triptan", "nsaid"),
                TypeTruth("tension_type", 0.4, 22.0, 4.5, 8.0, 0.65, "paracetamol", "nsaid"),
            ),
            patient_icc=0.02,
            true_change_days_per_28=-3.0,
            true_change_sd_days_per_28=3.0,
        ),
    ),
    "three_patients": SpecialClinic("three patients, and nothing else unusual", ClinicTruth(patients=3)),
    "recall_only": SpecialClinic(
        "no diaries: headache days recalled at each session, of which there are more and for longer",
        ClinicTruth(
            patients=120,
            diaries=False,
            planned_sessions_least=9,
            planned_sessions_most=14,
            recalled_7_asked_share=0.85,
        ),
    ),
}


def special_clinic(name: str, *, patients: int | None = None, seed: int = 1) -> ClinicTruth:
    """The truth of a special clinic, without slips of the pen. Raises PlanError for a name that is none."""
    if name not in SPECIAL_CLINICS:
        raise PlanError(f"'{name}' is no special clinic. Known: {', '.join(SPECIAL_CLINICS)}.")
    truth = SPECIAL_CLINICS[name].truth
    size = truth.patients if patients is None else patients
    return replace(truth, kind=name, patients=size, seed=seed, faults=False)
