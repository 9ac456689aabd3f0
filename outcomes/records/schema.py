"""The data dictionary as code: every table and column a clinic's files may carry.

`docs/data-dictionary.md` is generated from here, the reader takes its rules from here, and nothing that is
not here (or declared in the plan) enters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from outcomes.records import code_lists

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
            codes=code_lists.SEVERITIES,
        ),
        Column("duration_hours", "number", "Hours with headache that day", "hours", 0, 24),
        Column("acute_medication", "yes_no", "Any acute headache medication that day"),
        Column(
            "acute_medication_class",
            "codes",
            "Classes of acute medication taken that day",
            codes=code_lists.MEDICATION_CLASSES,
        ),
        Column("acute_doses", "number", "Doses of acute medication that day", "doses", 0, 50),
        Column(
            "acute_medication_helped",
            "yes_no",
            "Two hours after the medication the headache was gone or mild",
        ),
        Column("attacks", "whole", "Attacks that began that day", "attacks", 0, 50),
        Column(
            "self_labelled_migraine",
            "yes_no",
            "The patient calls the day a migraine day; kept apart from the rule",
        ),
        Column("unilateral", "yes_no", "Pain on one side"),
        Column("pulsating", "yes_no", "Pulsating pain"),
        Column("worse_with_activity", "yes_no", "Worse with, or avoiding, routine activity"),
        Column("nausea_or_vomiting", "yes_no", "Nausea or vomiting"),
        Column("photophobia", "yes_no", "Light hurts"),
        Column("phonophobia", "yes_no", "Sound hurts"),
        Column("aura", "yes_no", "Visual aura of 5 to 60 minutes"),
        Column("soreness", "number", "Worst soreness that day where needles had been", "0–10 NRS", 0, 10),
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
        Column("site_id", "id", "Pseudonym of the site or branch"),
        Column("technique", "code", "Needling technique", codes=code_lists.TECHNIQUES),
        Column("muscles", "codes", "Muscles needled", codes=code_lists.MUSCLES),
        Column("trigger_points", "whole", "Trigger points treated", "trigger points", 0, 100),
        Column("needles_inserted", "whole", "Needles inserted", "needles", 0, 200),
        Column("needles_removed", "whole", "Needles removed, counted", "needles", 0, 200),
        Column("depth_mm", "number", "Depth of insertion", "mm", 0, 150),
        Column("dwell_minutes", "number", "Time the needles stayed; 0 for fast technique", "minutes", 0, 120),
        Column("electrical", "yes_no", "Electrical stimulation"),
        Column("local_twitch_response", "yes_no", "Local twitch response seen"),
        Column("pain_before", "number", "Headache before the session", "0–10 NRS", 0, 10),
        Column("pain_after", "number", "Headache after the session", "0–10 NRS", 0, 10),
        Column(
            "co_interventions", "codes", "What else was given or changed", codes=code_lists.CO_INTERVENTIONS
        ),
        Column("aftercare", "codes", "Aftercare given", codes=code_lists.AFTERCARE),
        Column("explanation", "yes_no", "What is done and what to expect was explained"),
        Column("personal_plan", "yes_no", "A personal treatment plan is on record"),
        Column(
            "adverse_event",
            "code",
            "Worst adverse event, asked for. `none` is not the same as `not_asked`",
            codes=code_lists.ADVERSE_EVENTS,
        ),
        Column("adverse_event_kind", "codes", "What the event was", codes=code_lists.ADVERSE_EVENT_KINDS),
        Column(
            "adverse_event_72h",
            "code",
            "Worst adverse event when asked again about 72 hours later; empty = not asked again",
            codes=code_lists.ADVERSE_EVENTS,
        ),
        Column("soreness", "number", "Worst soreness afterwards", "0–10 NRS", 0, 10),
        Column("soreness_hours", "number", "Hours until the soreness was gone", "hours", 0, 336),
        Column(
            "recalled_headache_days_7",
            "number",
            "Headache days of the last 7, recalled at the visit; never paired with a diary",
            "days",
            0,
            7,
        ),
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
        Column(
            "headache_type",
            "code",
            "Type as diagnosed before the first session",
            codes=code_lists.HEADACHE_TYPES,
        ),
        Column(
            "ichd3_code",
            "code",
            "Diagnosis by ICHD-3, frozen before the first session",
            codes=code_lists.ICHD3_CODES,
        ),
        Column("diagnosed_date", "date", "When the diagnosis was written down"),
        Column("diagnosed_day", "day", "The same as a day number", unit="days"),
        Column(
            "label_as_referred",
            "code",
            "Type in the words of the referral or the patient",
            codes=code_lists.HEADACHE_TYPES,
        ),
        Column(
            "sinus_evidence",
            "code",
            "Whether a disorder of nose or sinuses was shown (ICHD-3 11.5)",
            codes=code_lists.YES_NO_UNKNOWN,
        ),
        Column("preventive_use", "yes_no", "Takes a preventive headache drug when treatment begins"),
        Column("group", "code", "What the patient received", codes=code_lists.GROUPS),
        Column("allocation", "code", "How the patient came into the group", codes=code_lists.ALLOCATIONS),
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
        Column("sex", "code", "Sex", codes=code_lists.SEXES),
        Column("age_band", "code", "Age band", "years", codes=code_lists.AGE_BANDS),
    ),
    note="Further closed categories may be declared in the plan with their codes: `[patients.NAME] codes = […]`.",
)

SUMMARIES = Table(
    "summaries",
    "patient and time point, already summarised",
    ("patient_id", "mode", "period"),
    (
        _PATIENT,
        Column("mode", "code", "How it was recorded; `diary` where absent", codes=code_lists.MODES),
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
        Column(
            "instrument", "code", "Questionnaire or measurement", codes=code_lists.INSTRUMENTS, required=True
        ),
        Column("score", "number", "Total score or measured value", "points", -1000, 1000),
        Column(
            "unit",
            "code",
            "Unit of `score`, where an instrument has more than one",
            codes=code_lists.SCORE_UNITS,
        ),
        Column("site", "code", "Muscle measured (pressure pain threshold)", codes=code_lists.MUSCLES),
        Column("side", "code", "Side measured, or moved to", codes=code_lists.SIDES),
        *(
            Column(f"item_{number}", "number", f"Answer to item {number}, as a number", "points", 0, 365)
            for number in range(1, 26)
        ),
    ),
    note="A total, or the answers to the items in the order of the questionnaire; with both they must agree. "
    "Which answers, ranges and units each instrument has stands in method.md, Questionnaires and measurements. No "
    "wording of any questionnaire is part of this project.",
)

EVENTS = Table(
    "events",
    "event",
    ("patient_id", "date", "day", "kind"),
    (
        _PATIENT,
        _DATE,
        _DAY,
        Column("kind", "code", "What happened", codes=code_lists.EVENT_KINDS, required=True),
        Column("detail", "code", "Detail, as a short code", codes=()),
        Column("grade", "code", "Grade of an adverse event", codes=code_lists.EVENT_GRADES),
        Column("expected", "yes_no", "The event belongs to what patients are told to expect"),
    ),
)

#: The sheet of our own workbooks that explains the columns, and that holds no records.
EXPLAINED_SHEET = "explained"

TABLES: dict[str, Table] = {
    table.name: table for table in (DIARY, SESSIONS, PATIENTS, SUMMARIES, SCORES, EVENTS)
}
