"""A clinic with a known truth: diaries, sessions and patients in which the answer was put in beforehand.

truth.py says what is planted, special.py what is planted in clinics of a special kind. cohort.py makes the
patients, courses.py when they come, levels.py how likely headache is on each day; diary.py, sessions.py, scores.py
and events.py what is written about them; per_patient.py what is true of each, for tests. faults.py makes the slips
of the pen, writing.py the files. Nothing here comes from a real patient.
"""

from outcomes.simulation.clinic import Clinic, simulate_clinic
from outcomes.simulation.faults import PlantedFault
from outcomes.simulation.score_truth import ScoreTruth
from outcomes.simulation.special import SPECIAL_CLINICS, special_clinic
from outcomes.simulation.truth import ClinicTruth, without_change, without_gaps
from outcomes.simulation.type_truth import FeatureTruth, TypeTruth
from outcomes.simulation.writing import write_clinic

__all__ = [
    "SPECIAL_CLINICS",
    "Clinic",
    "ClinicTruth",
    "FeatureTruth",
    "PlantedFault",
    "ScoreTruth",
    "TypeTruth",
    "simulate_clinic",
    "special_clinic",
    "without_change",
    "without_gaps",
    "write_clinic",
]
