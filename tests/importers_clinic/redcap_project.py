"""A REDCap project for the tests: its data dictionary under both headers, and its records raw and as labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from outcomes.records.importers.redcap_dictionary import COLUMNS

#: field, form, type, label, choices, validation, lowest, highest, identifier
FIELDS: list[tuple[str, ...]] = [
    ("record_id", "enrolment", "text", "Record ID", "", "", "", "", ""),
    ("full_name", "enrolment", "text", "Name", "", "", "", "", "y"),
    ("dob", "enrolment", "text", "Date of birth", "", "date_ymd", "", "", "y"),
    ("sex", "enrolment", "radio", "Sex", "1, Female | 2, Male | 9, Rather not say", "", "", "", ""),
    ("mail", "enrolment", "text", "E-mail", "", "email", "", "", ""),
    ("diary_date", "diary", "text", "Day", "", "date_dmy", "", "", ""),
    ("headache", "diary", "radio", "<b>Headache</b> today?", "1, Yes | 2, No", "", "", "", ""),
    ("intensity", "diary", "slider", "Worst intensity", "none | | worst", "", "0", "10", ""),
    (
        "meds",
        "diary",
        "checkbox",
        "Taken today",
        "1, Paracetamol | 2, Triptan | -9, Something else",
        "",
        "",
        "",
        "",
    ),
    ("diary_notes", "diary", "notes", "Notes", "", "", "", "", ""),
    ("session_date", "session", "text", "Day", "", "date_dmy", "", "", ""),
    ("attended", "session", "yesno", "Did the patient come?", "", "", "", "", ""),
    ("needler", "session", "dropdown", "Practitioner", "1, A. Quick | 2, B. Slow", "", "", "", ""),
    ("needles_in", "session", "text", "Needles inserted", "", "integer", "0", "60", ""),
]
_PLACES = (
    ("field_name", 0),
    ("form_name", 1),
    ("field_type", 2),
    ("field_label", 3),
    ("select_choices_or_calculations", 4),
    ("text_validation_type_or_show_slider_number", 5),
    ("text_validation_min", 6),
    ("text_validation_max", 7),
    ("identifier", 8),
)

#: The fields of this project, as a person names them.
TOML = """
[diary]
date = "diary_date"
headache = "headache"
intensity = "intensity"
acute_medication_class = { field = "meds", codes = { "-9" = "other" } }

[diary.acute_medication]
field = "meds"
codes = { "1" = "yes", "2" = "yes", "-9" = "yes" }

[sessions]
date = "session_date"
attended = "attended"
practitioner_id = "needler"
needles_inserted = "needles_in"

[patients]
sex = { field = "sex", codes = { 9 = "-" } }
"""

RAW_HEADER = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,"
    "full_name,dob,sex,mail,enrolment_complete,diary_date,headache,intensity,meds___1,meds___2,meds____9,"
    "diary_notes,diary_complete,session_date,attended,needler,needles_in,session_complete"
)
RAW = [
    "S-07,enrol_arm_1,,,north,Rosalind Quick,1961-05-01,1,rq@example.org,2,,,,,,,,,,,,,",
    "S-07,enrol_arm_1,diary,1,north,,,,,,2026-01-05,1,6,1,0,0,rain all day,2,,,,,",
    "S-07,enrol_arm_1,diary,2,north,,,,,,2026-01-06,2,,0,0,0,,2,,,,,",
    "S-07,enrol_arm_1,diary,3,north,,,,,,2026-01-07,,,0,0,0,,0,,,,,",
    "S-07,enrol_arm_1,diary,4,north,,,,,,2026-01-08,1,10,1,1,1,,1,,,,,",
    "S-07,treat_arm_1,session,1,north,,,,,,,,,,,,,,2026-02-02,1,2,12,2",
    "S-07,treat_arm_1,session,2,north,,,,,,,,,,,,,,2026-02-09,0,,,2",
    "S-08,enrol_arm_1,,,south,Leo Bloom,1971-06-16,9,,2,,,,,,,,,,,,,",
    "S-08,enrol_arm_1,diary,1,south,,,,,,,,,,,,,2,,,,,",
]

LABEL_HEADER = (
    "Record ID,Event Name,Repeat Instrument,Repeat Instance,Data Access Group,"
    "Name,Date of birth,Sex,E-mail,Complete?,Day,Headache today?,Worst intensity,Taken today (choice=Paracetamol),"
    "Taken today (choice=Triptan),Taken today (choice=Something else),Notes,Complete?,Day,Did the patient come?,"
    "Practitioner,Needles inserted,Complete?"
)
LABELS = [
    "S-07,Enrolment,,,North,Rosalind Quick,1961-05-01,Female,rq@example.org,Complete,,,,,,,,,,,,,",
    "S-07,Enrolment,Diary,1,North,,,,,,2026-01-05,Yes,6,Checked,Unchecked,Unchecked,rain all day,Complete,,,,,",
    "S-07,Enrolment,Diary,2,North,,,,,,2026-01-06,No,,Unchecked,Unchecked,Unchecked,,Complete,,,,,",
    "S-07,Enrolment,Diary,3,North,,,,,,2026-01-07,,,Unchecked,Unchecked,Unchecked,,Incomplete,,,,,",
    "S-07,Enrolment,Diary,4,North,,,,,,2026-01-08,Yes,10,Checked,Checked,Checked,,Unverified,,,,,",
    "S-07,Treatment,Session,1,North,,,,,,,,,,,,,,2026-02-02,Yes,B. Slow,12,Complete",
    "S-07,Treatment,Session,2,North,,,,,,,,,,,,,,2026-02-09,No,,,Complete",
    "S-08,Enrolment,,,South,Leo Bloom,1971-06-16,Rather not say,,Complete,,,,,,,,,,,,,",
    "S-08,Enrolment,Diary,1,South,,,,,,,,,,,,,Complete,,,,,",
]


def dictionary(fields: Sequence[tuple[str, ...]] = tuple(FIELDS), *, api: bool = False) -> str:
    """The data dictionary as the web pages or the API give it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS if api else COLUMNS.values())
    for item in fields:
        row = dict.fromkeys(COLUMNS, "")
        row.update({name: item[place] for name, place in _PLACES})
        writer.writerow(row.values())
    return text.getvalue()


def table(header: str, rows: Sequence[str]) -> str:
    return "\n".join([header, *rows]) + "\n"
