"""A clinic with a known truth: diaries, sessions and patients in which the answer was put in beforehand.

truth.py says what is planted, cohort.py makes the patients, diary.py and sessions.py what is written about
them, faults.py the slips of the pen, writing.py the files. Nothing here comes from a real patient.
"""

from outcomes.simulation.clinic import Clinic, simulate_clinic
from outcomes.simulation.faults import PlantedFault
from outcomes.simulation.truth import ClinicTruth, TypeTruth, without_change, without_gaps
from outcomes.simulation.writing import write_clinic

__all__ = [
    "Clinic",
    "ClinicTruth",
    "PlantedFault",
    "TypeTruth",
    "simulate_clinic",
    "without_change",
    "without_gaps",
    "write_clinic",
]
