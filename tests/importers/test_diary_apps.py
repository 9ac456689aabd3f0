"""Each app's export: what it says becomes a diary, what it does not say stays open, and nobody's words come in."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import pytest

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.bearable import IMPORTER as BEARABLE
from outcomes.records.importers.cluster_headache_tracker import IMPORTER as CLUSTER
from outcomes.records.importers.contract import Imported, Importer, ImportSettings
from outcomes.records.importers.daylio import IMPORTER as DAYLIO
from outcomes.records.importers.migraine_buddy import IMPORTER as BUDDY
from outcomes.records.importers.trial import hold_to_contract

ONE = ImportSettings(patient="A1")
Rows = dict[str, dict[str, str]]

BUDDY_HEADER = (
    "#,Started,Lasted,Pain Level,Affected Activities,Potential Triggers,Helpful Medication,Unsure Medication,"
    "Notes\n"
)
BUDDY_ROWS = (
    '1,14/01/2024 21:06,06h 00m,5,Work,"Alcohol, Stress","1x Sumatriptan, 2x Naproxen 550mg",,met Mrs Canary Finch\n'
    '2,20/01/2024 09:00,"30h 15m\nas far as I know",8,,Boss Mr Peacock,,,\n'
    "3,02/02/2024 07:30,Ongoing,,,,,1x Tylenol,\n"
)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def diary(imported: Imported) -> Rows:
    return {
        row.pop("date"): {
            name: cell for name, cell in row.items() if cell is not None and name != "patient_id"
        }
        for row in imported.tables["diary"].to_dict("records")
    }


def reasons(imported: Imported) -> dict[int, str]:
    return {row: item.why for item in imported.not_read for row in item.rows}


def left_out(imported: Imported) -> dict[str, int]:
    return {item.column: item.cells for item in imported.dropped}


class TestMigraineBuddy:
    def test_the_list_becomes_days(self, tmp_path: Path) -> None:
        imported = BUDDY.read([write(tmp_path, "mb.csv", BUDDY_HEADER + BUDDY_ROWS)], ONE)
        found = diary(imported)
        assert found["2024-01-14"] == {
            "headache": "yes", "intensity": "5", "duration_hours": "2.9", "acute_medication": "yes",
            "acute_medication_class": "nsaid;triptan", "acute_doses": "3", "attacks": "1",
        }  # fmt: skip
        assert found["2024-01-15"] == {
            "headache": "yes", "intensity": "5", "duration_hours": "3.1", "attacks": "0",
        }  # fmt: skip
        assert [found[f"2024-01-2{day}"]["duration_hours"] for day in (0, 1)] == ["15", "15.25"]
        assert found["2024-02-02"] == {
            "headache": "yes", "acute_medication": "yes", "acute_medication_class": "paracetamol", "acute_doses": "1",
            "attacks": "1",
        }  # fmt: skip
        assert len(found) == 5 and (imported.rows_in, imported.rows_used) == (3, 3)
        assert left_out(imported)["notes"] == 1 and left_out(imported)["potential triggers"] == 2

    def test_an_empty_medication_field_says_nothing_unless_declared(self, tmp_path: Path) -> None:
        path = write(tmp_path, "mb.csv", BUDDY_HEADER + "1,14/01/2024 10:00,01h 00m,5,,,,,\n")
        assert "acute_medication" not in diary(BUDDY.read([path], ONE))["2024-01-14"]
        declared = ImportSettings(patient="A1", options={"empty_medication": "none"})
        assert diary(BUDDY.read([path], declared))["2024-01-14"]["acute_medication"] == "no"
        with pytest.raises(PlanError):
            BUDDY.read([path], ImportSettings(patient="A1", options={"empty_medication": "0"}))

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            ("1,31/02/2024 10:00,01h 00m,5", "the start is not a date"),
            ("1,14/01/2024 10:00,for ages,5", "duration"),
            ("1,14/01/2024 10:00,-02h 00m,5", "duration"),
            ("1,14/01/2024 10:00,73h 00m,5", "72 hours"),
            ("1,14/01/2024 10:00,01h 00m,11", "0 to 10"),
            ("1,14/01/2024 10:00,01h 00m,bad", "0 to 10"),
            ("1,14/01/2024 10:00,01h 00m,0", "pain is 0"),
        ],
    )
    def test_a_row_that_cannot_be_read_is_told(self, tmp_path: Path, row: str, why: str) -> None:
        text = BUDDY_HEADER + f"{row},,,,,\n" + "2,15/01/2024 10:00,01h 00m,5,,,,,\n"
        imported = BUDDY.read([write(tmp_path, "mb.csv", text)], ONE)
        assert why in reasons(imported)[2] and set(diary(imported)) == {"2024-01-15"}

    def test_an_unread_attack_is_not_a_headache_free_day_of_a_span(self, tmp_path: Path) -> None:
        """An attack without pain is none: the span may speak for its day."""
        text = BUDDY_HEADER + "1,14/01/2024 10:00,01h 00m,12,,,,,\n2,16/01/2024 10:00,01h 00m,0,,,,,\n"
        span = ImportSettings(
            patient="A1", recorded_from=dt.date(2024, 1, 1), recorded_to=dt.date(2024, 1, 31)
        )
        assert diary(BUDDY.read([write(tmp_path, "mb.csv", text)], span)) == {"2024-01-14": {}}

    def test_overlapping_exports_count_once(self, tmp_path: Path) -> None:
        lines = BUDDY_ROWS.splitlines(keepends=True)
        first = write(tmp_path, "a.csv", BUDDY_HEADER + lines[0])
        both = write(tmp_path, "b.csv", BUDDY_HEADER + BUDDY_ROWS)
        imported = BUDDY.read([first, both], ONE)
        assert diary(imported) == diary(BUDDY.read([both], ONE)) and "counts once" in reasons(imported)[2]

    def test_the_contract(self, tmp_path: Path) -> None:
        path = write(tmp_path, "mb.csv", BUDDY_HEADER + BUDDY_ROWS)
        hold_to_contract(BUDDY, [path], ONE, private=["Canary", "Peacock"])


def _cells(*texts: str) -> str:
    return "<tr>" + "".join(f"<td style='x'> {text} </td>" for text in texts) + "</tr>"


def report(attacks: str, told: tuple[str, str] = ("2", "3"), joint: bool = False) -> str:
    head = (
        "<td rowspan='2'>Started &amp; Lasted</td>"
        if joint
        else "<td rowspan='2'>Started</td><td rowspan='2'>Lasted</td>"
    )
    return f"""<!DOCTYPE html><html><head><title>Migraine Listing</title><style>td {{ x: y }}</style>
    <script>document.write("<table><tr><td>Canary</td></tr></table>")</script></head><body>
    <table><tr><td>Time Period:</td><td><b>1/1/24 - 31/1/24</b></td></tr><tr><td>Age</td><td>52</td></tr></table>
    <table><thead>{_cells("Number of Attacks", "Attack Days", "Attack-Free Days", "Avg Attack Duration")}</thead>
    <tbody>{_cells(*told, "28", "06h 00m")}</tbody></table>
    <table><thead><tr><td rowspan="2">#</td>{head}<td rowspan="2">Pain Level</td><td rowspan="2"> Potential Triggers
    <br>(including menstruations) </td><td colspan="2">Pain Positions</td><td rowspan="2">Medication</td></tr>
    <tr class="subheading"><td>Left</td><td>Right</td></tr></thead><tbody>{attacks}</tbody></table></body></html>"""


STARTED = "<div><span> {} </span><br>Location:<div>at Mrs Canary's house</div></div>"
MEDICINE = (
    "<div class='x'><b>Helpful</b> - 1x Sumatriptan, 2x Naproxen</div><div><b>Unsure</b> - 1x Codeine</div>"
)
NOTES = "<tr><td colspan='8'><pre><strong>Notes:</strong> Peacock called at 3</pre></td></tr>"
SIX_HOURS = "06h 00m<br><i> </i>"
ATTACKS = (
    _cells(
        "1",
        STARTED.format("14/01/24 21:06"),
        SIX_HOURS,
        "5",
        "No<br>Menstruation: Yes",
        "Left Temple",
        "",
        MEDICINE,
    )
    + NOTES
    + _cells(
        "2", STARTED.format("20/01/24 09:00"), "01h 30m", "8", "Stress", "", "", "<div>No medication</div>"
    )
    + "<tr><td colspan='8'><pre><strong>Notes:</strong></pre></td></tr>"
)


class TestMigraineBuddyReport:
    def test_the_report_becomes_days(self, tmp_path: Path) -> None:
        imported = BUDDY.read([write(tmp_path, "mb.html", report(ATTACKS))], ONE)
        assert diary(imported) == {
            "2024-01-14": {
                "headache": "yes", "intensity": "5", "duration_hours": "2.9", "acute_medication": "yes",
                "acute_medication_class": "nsaid;opioid;triptan", "acute_doses": "4", "attacks": "1",
            },
            "2024-01-15": {"headache": "yes", "intensity": "5", "duration_hours": "3.1", "attacks": "0"},
            "2024-01-20": {
                "headache": "yes", "intensity": "8", "duration_hours": "1.5", "acute_medication": "no",
                "acute_doses": "0", "attacks": "1",
            },
        }  # fmt: skip
        assert (
            imported.warnings == ()
            and left_out(imported)["notes"] == 1
            and left_out(imported)["location"] == 2
        )

    @pytest.mark.parametrize(("told", "what"), [(("3", "3"), "attacks"), (("2", "4"), "attack days")])
    def test_a_summary_that_disagrees_is_told(self, tmp_path: Path, told: tuple[str, str], what: str) -> None:
        imported = BUDDY.read([write(tmp_path, "mb.html", report(ATTACKS, told))], ONE)
        assert len(imported.warnings) == 1 and f"number of {what}" in imported.warnings[0]

    def test_a_summary_without_numbers_says_nothing(self, tmp_path: Path) -> None:
        assert BUDDY.read([write(tmp_path, "mb.html", report(ATTACKS, ("xxx", "")))], ONE).warnings == ()

    def test_start_and_duration_in_one_cell(self, tmp_path: Path) -> None:
        cell = "Started: 14/01/24 21:06 <br>Location: 12h 59m Street<br>Lasted: '06h 00m'"
        text = report(_cells("1", cell, "5", "", "", "", ""), ("1", "2"), joint=True)
        imported = BUDDY.read([write(tmp_path, "mb.html", text)], ONE)
        assert [row["duration_hours"] for row in diary(imported).values()] == ["2.9", "3.1"]

    def test_a_row_of_another_width_is_told(self, tmp_path: Path) -> None:
        text = report(ATTACKS + _cells("3", "x", "y"))
        imported = BUDDY.read([write(tmp_path, "mb.html", text)], ONE)
        assert "number of cells" in reasons(imported)[3] and imported.rows_in == 3

    @pytest.mark.parametrize(
        "text", ["<html><p>hello</p>", report(""), "<table>" * 5000, "<!DOCTYPE html><![x"]
    )
    def test_another_page_is_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(InvalidRecords, match="report"):
            BUDDY.read([write(tmp_path, "mb.html", text)], ONE)

    def test_the_contract(self, tmp_path: Path) -> None:
        path = write(tmp_path, "mb.html", report(ATTACKS))
        hold_to_contract(BUDDY, [path], ONE, private=["Canary", "Peacock", "Temple", "Menstruation"])


CLUSTER_TEXT = (
    "start_time,end_time,intensity,medication,triggers,notes\n"
    "2026-03-02 02:10:00,,7,Oxygen,,\n"
    '2026-03-01 23:30:00,2026-03-02 00:15:00,9,"Sumatriptan, Oxygen",Alcohol,Canary woke me up\n'
)


class TestClusterHeadacheTracker:
    def test_the_list_becomes_days(self, tmp_path: Path) -> None:
        imported = CLUSTER.read([write(tmp_path, "c.csv", CLUSTER_TEXT)], ONE)
        assert diary(imported) == {
            "2026-03-01": {
                "headache": "yes", "intensity": "9", "duration_hours": "0.5", "acute_medication": "yes",
                "acute_medication_class": "other;triptan", "attacks": "1",
            },
            "2026-03-02": {
                "headache": "yes", "intensity": "9", "acute_medication": "yes", "acute_medication_class": "other",
                "attacks": "1",
            },
        }  # fmt: skip

    @pytest.mark.parametrize(("end", "hours"), [("06:30", ["2", "6.5"]), ("23:30", ["1.5"])])
    def test_an_end_without_a_date_is_the_next_such_time(
        self, tmp_path: Path, end: str, hours: list[str]
    ) -> None:
        text = f"start_time,end_time,intensity\n2026-03-01 22:00:00,{end},7\n"
        found = diary(CLUSTER.read([write(tmp_path, "c.csv", text)], ONE))
        assert [row["duration_hours"] for row in found.values()] == hours

    def test_an_end_before_the_start_is_not_read(self, tmp_path: Path) -> None:
        text = CLUSTER_TEXT + "2026-03-05 10:00:00,2026-03-05 09:00:00,4,,,\n2026-03-06 10:00:00,later,4,,,\n"
        found = reasons(CLUSTER.read([write(tmp_path, "c.csv", text)], ONE))
        assert "before it begins" in found[4] and "end is not" in found[5]

    def test_the_patients_time_zone_counts_the_hours_that_passed(self, tmp_path: Path) -> None:
        text = "start_time,end_time,intensity\n2024-10-26 22:00:00,2024-10-27 06:00:00,7\n"
        london = ImportSettings(patient="A1", timezone="Europe/London")
        path = write(tmp_path, "c.csv", text)
        assert [row["duration_hours"] for row in diary(CLUSTER.read([path], london)).values()] == ["2", "7"]
        assert [row["duration_hours"] for row in diary(CLUSTER.read([path], ONE)).values()] == ["2", "6"]

    def test_a_time_that_came_twice_is_not_read(self, tmp_path: Path) -> None:
        text = CLUSTER_TEXT + "2024-10-27 01:30:00,,7,,,\n"
        london = ImportSettings(patient="A1", timezone="Europe/London")
        assert "twice" in reasons(CLUSTER.read([write(tmp_path, "c.csv", text)], london))[4]

    def test_the_contract(self, tmp_path: Path) -> None:
        bad = write(tmp_path, "mixed.csv", CLUSTER_TEXT + "2026-03-09T02:10:00+01:00,,7,,,\n")
        path = write(tmp_path, "c.csv", CLUSTER_TEXT)
        hold_to_contract(CLUSTER, [path], ONE, broken_files=[bad], private=["Canary", "Oxygen", "Alcohol"])


BEARABLE_TEXT = (
    '"date","date formatted","weekday","time of day","category","rating/amount","detail","notes"\n'
    '"5th Apr 2024","2024-04-05","Friday","pm","Symptom","2","Headache (Moderate)","Canary was here"\n'
    '"5th Apr 2024","2024-04-05","Friday","am","Symptom","1","headache (Mild)",""\n'
    '"5th Apr 2024","2024-04-05","Friday","","Mood","3","",""\n'
    '"6th Apr 2024","2024-04-06","Saturday","am","Symptom","3","Migraine (Unbearable)",""\n'
    '"7th Apr 2024","2024-04-07","Sunday","am","Symptom","0","Headache (None)",""\n'
    '"8th Apr 2024","2024-04-08","Monday","am","Symptom","2","Tension headache (Severe)",""\n'
    '"9th Apr 2024","2024-04-09","Tuesday","am","Factors","1","Headache diary (read)",""\n'
    '"10th Apr 2024","2024-04-31","Wednesday","am","Symptom","1","Headache (Mild)",""\n'
)


class TestBearable:
    def test_symptoms_of_that_name_become_days(self, tmp_path: Path) -> None:
        imported = BEARABLE.read([write(tmp_path, "b.csv", BEARABLE_TEXT)], ONE)
        assert diary(imported) == {
            "2024-04-05": {"headache": "yes", "severity": "moderate"},
            "2024-04-06": {"headache": "yes"},
        }
        assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (8, 3, 3)
        found = reasons(imported)
        assert "none" in found[6] and "date" in found[9]

    def test_longer_names_are_told_and_taken_when_named(self, tmp_path: Path) -> None:
        path = write(tmp_path, "b.csv", BEARABLE_TEXT)
        assert any("row 7" in warning for warning in BEARABLE.read([path], ONE).warnings)
        named = ImportSettings(patient="A1", headache_words=("Tension Headache",))
        assert diary(BEARABLE.read([path], named)) == {
            "2024-04-08": {"headache": "yes", "severity": "severe"}
        }

    def test_without_headache_it_is_the_wrong_export(self, tmp_path: Path) -> None:
        text = "".join(BEARABLE_TEXT.splitlines(keepends=True)[i] for i in (0, 3))
        with pytest.raises(InvalidRecords, match="no entry about headache"):
            BEARABLE.read([write(tmp_path, "b.csv", text)], ONE)

    def test_the_contract(self, tmp_path: Path) -> None:
        hold_to_contract(
            BEARABLE, [write(tmp_path, "b.csv", BEARABLE_TEXT)], ONE, private=["Canary", "Unbearable"]
        )


DAYLIO_TEXT = (
    "full_date,date,weekday,time,mood,activities,scales,note_title,note\n"
    '2024-03-10,March 10,Sunday,09:00,meh,"headache | painkiller",,"","Canary morning"\n'
    '2024-03-10,March 10,Sunday,21:00,awful,"Headache",,"",""\n'
    '2024-03-09,March 9,Saturday,8:30 pm,good,"reading | headache-free",,"",""\n'
)


class TestDaylio:
    def test_ticked_days_only(self, tmp_path: Path) -> None:
        """Neither an entry without the tick nor a mood says anything about headache, and there is no severity."""
        imported = DAYLIO.read([write(tmp_path, "d.csv", DAYLIO_TEXT)], ONE)
        assert diary(imported) == {"2024-03-10": {"headache": "yes"}}
        assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (3, 2, 1)

    def test_another_word(self, tmp_path: Path) -> None:
        named = ImportSettings(patient="A1", headache_words=("Reading",))
        assert diary(DAYLIO.read([write(tmp_path, "d.csv", DAYLIO_TEXT)], named)) == {
            "2024-03-09": {"headache": "yes"}
        }

    def test_the_contract(self, tmp_path: Path) -> None:
        hold_to_contract(
            DAYLIO, [write(tmp_path, "d.csv", DAYLIO_TEXT)], ONE, private=["Canary", "painkiller", "awful"]
        )


TEXTS: list[tuple[Importer, str]] = [
    (BUDDY, BUDDY_HEADER + BUDDY_ROWS),
    (CLUSTER, CLUSTER_TEXT),
    (BEARABLE, BEARABLE_TEXT),
    (DAYLIO, DAYLIO_TEXT),
]


@pytest.mark.parametrize(("importer", "text"), TEXTS, ids=lambda value: getattr(value, "name", ""))
class TestEveryTable:
    def test_an_unknown_column_goes_by_its_position(
        self, tmp_path: Path, importer: Importer, text: str
    ) -> None:
        rows = [
            [*row, "Canary Finch" if n == 0 else "secret"]
            for n, row in enumerate(csv.reader(io.StringIO(text)))
        ]
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        imported = importer.read([write(tmp_path, "a.csv", out.getvalue())], ONE)
        assert left_out(imported)[f"column {len(rows[0])}"] == len(rows) - 1
        assert "Canary" not in str(imported.dropped)

    def test_a_choice_that_it_does_not_know_is_refused(
        self, tmp_path: Path, importer: Importer, text: str
    ) -> None:
        path = write(tmp_path, "a.csv", text)
        with pytest.raises(PlanError, match="option"):
            importer.read([path], ImportSettings(patient="A1", options={"empty_medicaton": "none"}))
        if importer in (BUDDY, CLUSTER):
            with pytest.raises(PlanError, match="--headache-word"):
                importer.read([path], ImportSettings(patient="A1", headache_words=("migraine",)))

    def test_semicolons_and_a_byte_order_mark(self, tmp_path: Path, importer: Importer, text: str) -> None:
        out = io.StringIO()
        csv.writer(out, delimiter=";").writerows(csv.reader(io.StringIO(text)))
        marked = write(tmp_path, "b.csv", b"\xef\xbb\xbf" + out.getvalue().encode())
        plain = importer.read([write(tmp_path, "a.csv", text)], ONE)
        assert diary(importer.read([marked], ONE)) == diary(plain)

    def test_a_header_alone_is_refused(self, tmp_path: Path, importer: Importer, text: str) -> None:
        with pytest.raises(InvalidRecords, match="no row"):
            importer.read([write(tmp_path, "a.csv", text.partition("\n")[0] + "\n")], ONE)

    def test_another_apps_export_is_refused(self, tmp_path: Path, importer: Importer, text: str) -> None:
        for other, foreign in TEXTS:
            if other is not importer:
                with pytest.raises(InvalidRecords, match="header"):
                    importer.read([write(tmp_path, "a.csv", foreign)], ONE)


@pytest.mark.parametrize(
    ("importer", "name"),
    [
        (BUDDY, "migraine_buddy_SYNTHETIC.csv"),
        (CLUSTER, "cluster_headache_tracker_SYNTHETIC.csv"),
        (BEARABLE, "bearable_SYNTHETIC.csv"),
        (DAYLIO, "daylio_SYNTHETIC.csv"),
    ],
)
def test_the_shared_samples_hold(shared_data: Path, importer: Importer, name: str) -> None:
    imported = hold_to_contract(importer, [shared_data / "diary_exports" / name], ONE)
    assert set(imported.tables["diary"]["headache"]) == {"yes"} and not imported.not_read
