"""The closed lists of codes of the data dictionary. Where each belongs: `schema.py`."""

from __future__ import annotations

HEADACHE_TYPES = (
    "migraine",
    "tension_type",
    "cervicogenic",
    "cluster",
    "sinus",
    "mixed",
    "other",
    "unclassified",
)
GROUPS = ("treated", "waiting_list", "usual_care", "sham", "other")
ALLOCATIONS = ("randomised", "queue", "self_selected")
SEXES = ("female", "male", "other")
AGE_BANDS = ("0-17", "18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-89", "90+")
MODES = ("diary", "recall_28", "recall_7")
SEVERITIES = ("mild", "moderate", "severe")
MEDICATION_CLASSES = (
    "paracetamol",
    "aspirin",
    "nsaid",
    "triptan",
    "ergot",
    "gepant",
    "ditan",
    "opioid",
    "combination_analgesic",
    "other",
)
TECHNIQUES = ("deep", "superficial", "fast_in_fast_out", "electrical", "mixed")
MUSCLES = (
    "upper_trapezius",
    "sternocleidomastoid",
    "suboccipital",
    "splenius_capitis",
    "splenius_cervicis",
    "semispinalis_capitis",
    "levator_scapulae",
    "temporalis",
    "masseter",
    "lateral_pterygoid",
    "frontalis",
    "occipitalis",
    "corrugator",
    "scalene",
    "other",
)
CO_INTERVENTIONS = (
    "none",
    "manual_therapy",
    "exercise",
    "advice",
    "preventive_started",
    "preventive_stopped",
    "preventive_changed",
    "other",
)
AFTERCARE = ("none", "advice", "home_exercise", "heat", "hydration", "follow_up_call", "other")
ADVERSE_EVENTS = ("not_asked", "none", "mild", "significant", "serious")
ADVERSE_EVENT_KINDS = (
    "bruising",
    "bleeding",
    "pain_during",
    "pain_after",
    "headache_worse",
    "drowsiness",
    "dizziness",
    "fainting",
    "nausea",
    "numbness",
    "infection",
    "pneumothorax",
    "needle_left",
    "other",
)
#: Grades of an event that happened, and whether it belongs to the treatment as expected.
EVENT_GRADES = ("mild", "significant", "serious")
INSTRUMENTS = (
    "hit6",
    "midas",
    "pedmidas",
    "ndi",
    "msq",
    "msq_rr",
    "msq_rp",
    "msq_ef",
    "hdi",
    "pgic",
    "eq5d",
    "eq_vas",
    "nrs",
    "rom_flexion",
    "rom_extension",
    "rom_lateral_flexion",
    "rom_rotation",
    "ppt",
)
SCORE_UNITS = ("points", "percent", "degrees", "kpa", "kg_per_cm2")
SIDES = ("left", "right")
EVENT_KINDS = (
    "adverse_event",
    "preventive_change",
    "diagnosis_change",
    "red_flag",
    "drop_out",
    "treatment_ended",
    "treatment_resumed",
    "other",
)
#: ICHD-3 codes that clinics of this kind give, to the third digit; `sinus` has no code without a shown disorder.
ICHD3_CODES = (
    "1.1",
    "1.2",
    "1.3",
    "1.5",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "3.1",
    "3.1.1",
    "3.1.2",
    "8.2",
    "11.2.1",
    "11.5",
    "other",
    "not_classified",
)
YES_NO_UNKNOWN = ("yes", "no", "unknown")
