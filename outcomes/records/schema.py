"""The data dictionary as code: every table and column a clinic's files may carry.

`docs/data-dictionary.md` is generated from here, the reader takes its rules from here, and nothing that is
not here (or declared in the plan) enters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "date", "day", "yes_no", "number", "whole", "code", "codes"]

#: How each kind is written in a file, as shown in messages and in the data dictionary.
WRITTEN_AS: dict[str, str] = {
    "id": "a pseudonym, never a name or a hospital number",
    "date": "a date written YYYY-MM-DD",
    "day": "a whole number of days from the first session, which is day 0",
    "yes_no": "yes or no (1 or 0)",
    "number": "a number with a decimal point",
    "whole": "a whole number",
    "code": "one of the listed codes",
    "codes": "one or more of the listed codes, separated by semicolons",
}

#: What an empty cell may look like. Anything else that does not fit its column breaks a rule.
MISSING_TOKENS = ("", "n/a", ".")

YES = ("yes", "1", "true", "1.0")
NO = ("no", "0", "false", "0.0")


@dataclass(frozen=True)
class Column:
    """One column: what it means, its unit, its range, and its codes where it has a closed list."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    codes: tuple[str, ...] = ()
    required: bool = False

    @property
    def rule(self) -> str:
        """The rule a cell must keep, in the words of a message."""
        if self.kind in ("number", "whole"):
            what = "a number" if self.kind == "number" else "a whole number"
            if self.minimum is not None and self.maximum is not None:
                return f"{what} from {self.minimum:g} to {self.maximum:g}"
            return f"{what} of at least {self.minimum:g}" if self.minimum is not None else what
        return WRITTEN_AS[self.kind]


@dataclass(frozen=True)
class Table:
    """One table: what a row is, which columns say what a row is about, and its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    note: str = ""
    names: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(column.name for column in self.columns))

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


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
INSTRUMENTS = ("hit6", "midas", "ndi", "msq", "hdi", "pgic", "eq5d", "nrs")
EVENT_KINDS = ("adverse_event", "preventive_change", "diagnosis_change", "red_flag", "drop_out", "other")

_PATIENT = Column("patient_id", "id", "The same pseudonym in every table", required=True)
_DATE = Column("date", "date", "Calendar day, local time")
_DAY = Column("day", "day", "Day number, 0 = the day of the first session; in place of a date", unit="days")

DIARY = Table(
    "diary",
    "patient-day",
    ("patient_id", "date", "day"),
    (
        _PATIENT,
        _DATE,
        _DAY,
        Column(
            "headache",
            "yes_no",
            "Headache that day. Empty = not recorded, which is not the same as no headache",
            required=True,
        ),
        Column("intensity", "number", "Worst headache intensity of the day", "0–10 NRS", 0, 10),
        Column(
            "severity",
            "code",
            "Worst severity of the day in words, where no number was written; never turned into one",
            codes=SEVERITIES,
        ),
        Column("duration_hours", "number", "Hours with headache that day", "hours", 0, 24),
        Column("acute_medication", "yes_no", "Any acute headache medication that day"),
        Column(
            "acute_medication_class",
            "codes",
            "Classes of acute medication taken that day",
            codes=MEDICATION_CLASSES,
        ),
        Column("acute_doses", "number", "Doses of acute medication that day", "doses", 0, 50),
        Column("attacks", "whole", "Attacks that began that day", "attacks", 0, 50),
        Column("unilateral", "yes_no", "Pain on one side"),
        Column("pulsating", "yes_no", "Pulsating pain"),
        Column("worse_with_activity", "yes_no", "Worse with, or avoiding, routine activity"),
        Column("nausea_or_vomiting", "yes_no", "Nausea or vomiting"),
        Column("photophobia", "yes_no", "Light hurts"),
        Column("phonophobia", "yes_no", "Sound hurts"),
        Column("aura", "yes_no", "Visual aura of 5 to 60 minutes"),
    ),
    note="A day without a row, or with an empty `headache`, is not recorded. It is never read as headache-free.",
)

SESSIONS = Table(
    "sessions",
    "treatment session",
    ("patient_id", "date", "day"),
    (
        _PATIENT,
        _DATE,
        _DAY,
        Column("practitioner_id", "id", "Pseudonym of the practitioner"),
        Column("technique", "code", "Needling technique", codes=TECHNIQUES),
        Column("muscles", "codes", "Muscles needled", codes=MUSCLES),
        Column("needles_inserted", "whole", "Needles inserted", "needles", 0, 200),
        Column("needles_removed", "whole", "Needles removed, counted", "needles", 0, 200),
        Column("depth_mm", "number", "Depth of insertion", "mm", 0, 150),
        Column("dwell_minutes", "number", "Time the needles stayed; 0 for fast technique", "minutes", 0, 120),
        Column("electrical", "yes_no", "Electrical stimulation"),
        Column("local_twitch_response", "yes_no", "Local twitch response seen"),
        Column("pain_before", "number", "Headache before the session", "0–10 NRS", 0, 10),
        Column("pain_after", "number", "Headache after the session", "0–10 NRS", 0, 10),
        Column("co_interventions", "codes", "What else was given or changed", codes=CO_INTERVENTIONS),
        Column("aftercare", "codes", "Aftercare given", codes=AFTERCARE),
        Column(
            "adverse_event",
            "code",
            "Worst adverse event, asked for. `none` is not the same as `not_asked`",
            codes=ADVERSE_EVENTS,
        ),
        Column("soreness", "number", "Worst soreness afterwards", "0–10 NRS", 0, 10),
        Column(
            "recalled_headache_days_28",
            "number",
            "Headache days of the last 28, recalled at the visit; never paired with a diary",
            "days",
            0,
            28,
        ),
    ),
)

PATIENTS = Table(
    "patients",
    "patient",
    ("patient_id",),
    (
        _PATIENT,
        Column("headache_type", "code", "Type as diagnosed before the first session", codes=HEADACHE_TYPES),
        Column("group", "code", "What the patient received", codes=GROUPS),
        Column("allocation", "code", "How the patient came into the group", codes=ALLOCATIONS),
        Column("contact_date", "date", "When the patient booked"),
        Column("contact_day", "day", "The same as a day number", unit="days"),
        Column("index_date", "date", "Day 0 of a patient without sessions, such as on a waiting list"),
        Column("index_day", "day", "The same as a day number", unit="days"),
        Column(
            "recorded_from",
            "date",
            "First day of a span that the clinic declares fully recorded: its days without a row were free of headache",
        ),
        Column("recorded_to", "date", "Last day of that span"),
        Column("planned_sessions", "whole", "Sessions planned at the start", "sessions", 0, 100),
        Column("sex", "code", "Sex", codes=SEXES),
        Column("age_band", "code", "Age band", "years", codes=AGE_BANDS),
    ),
    note="Further closed categories may be declared in the plan with their codes: `[patients.NAME] codes = […]`.",
)

SUMMARIES = Table(
    "summaries",
    "patient and time point, already summarised",
    ("patient_id", "mode", "period"),
    (
        _PATIENT,
        Column("mode", "code", "How it was recorded; `diary` where absent", codes=MODES),
        Column("day", "day", "Day number of the time point", unit="days"),
        Column(
            "period",
            "code",
            "Name of the time point; the plan names the two to compare",
            required=True,
        ),
        Column("recorded_days", "whole", "Days recorded in the period, where known", "days", 0, 366),
    ),
    note="Then one column per endpoint: a name of the endpoint catalogue, or one declared in the plan "
    "(`[endpoints.NAME] unit = …, improvement = …`).",
)

SCORES = Table(
    "scores",
    "questionnaire",
    ("patient_id", "date", "day", "instrument"),
    (
        _PATIENT,
        _DATE,
        _DAY,
        Column("instrument", "code", "Questionnaire", codes=INSTRUMENTS, required=True),
        Column("score", "number", "Total score", "points", -1000, 1000),
    ),
)

EVENTS = Table(
    "events",
    "event",
    ("patient_id", "date", "day", "kind"),
    (
        _PATIENT,
        _DATE,
        _DAY,
        Column("kind", "code", "What happened", codes=EVENT_KINDS, required=True),
        Column("detail", "code", "Detail, as a short code", codes=()),
    ),
)

#: The sheet of our own workbooks that explains the columns, and that holds no records.
EXPLAINED_SHEET = "explained"

TABLES: dict[str, Table] = {
    table.name: table for table in (DIARY, SESSIONS, PATIENTS, SUMMARIES, SCORES, EVENTS)
}
