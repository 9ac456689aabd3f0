"""Apple Health: streamed whatever its size, strict about what a word of severity says, safe from hostile files."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from outcomes.errors import InvalidRecords
from outcomes.records.importers.apple_health import IMPORTER
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.trial import hold_to_contract

ONE = ImportSettings(patient="A1")
DTD = """<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 12 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
]>
"""
ME = '<Me HKCharacteristicTypeIdentifierDateOfBirth="1971-02-03" HKCharacteristicTypeIdentifierBiologicalSex="x"/>'


def record(value: str, start: str, end: str | None = None, inner: str = "") -> str:
    return (
        f'<Record type="HKCategoryTypeIdentifierHeadache" sourceName="Canary Finch\'s iPhone" device="serial 77" '
        f'creationDate="{start}" startDate="{start}" endDate="{end or start}" value="HKCategoryValueSeverity{value}">'
        f"{inner}</Record>\n"
    )


STEPS = '<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Canary" startDate="x" endDate="x" value="4"/>\n'


def export(*records: str, dtd: str = DTD) -> str:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n{dtd}<HealthData locale="en_US">\n{ME}\n'
    return head + "".join(records) + "</HealthData>\n"


def write(folder: Path, text: str, name: str = "export.xml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, *records: str, settings: ImportSettings = ONE) -> Imported:
    return IMPORTER.read([write(folder, export(*records))], settings)


def diary(imported: Imported) -> dict[str, dict[str, str]]:
    return {
        row.pop("date"): {
            name: cell for name, cell in row.items() if cell is not None and name != "patient_id"
        }
        for row in imported.tables["diary"].to_dict("records")
    }


def reasons(imported: Imported) -> dict[int, str]:
    return {row: item.why for item in imported.not_read for row in item.rows}


def at(day: int, time_of_day: str) -> str:
    return f"2026-06-0{day} {time_of_day}:00 -0400"


class TestSeverities:
    def test_each_of_apples_words(self, tmp_path: Path) -> None:
        """Unspecified is a headache of unknown severity; NotPresent is the absence that somebody recorded."""
        imported = read(
            tmp_path,
            record("Unspecified", at(1, "09:00")),
            STEPS,
            record("Mild", at(2, "11:00"), at(2, "14:00")),
            record("Moderate", at(3, "11:00"), at(3, "12:30")),
            record("Severe", at(4, "22:00"), at(5, "01:00")),
            record("NotPresent", at(6, "00:00"), at(6, "23:59")),
        )
        assert diary(imported) == {
            "2026-06-01": {"headache": "yes", "attacks": "1"},
            "2026-06-02": {"headache": "yes", "severity": "mild", "duration_hours": "3", "attacks": "1"},
            "2026-06-03": {
                "headache": "yes",
                "severity": "moderate",
                "duration_hours": "1.5",
                "attacks": "1",
            },
            "2026-06-04": {"headache": "yes", "severity": "severe", "duration_hours": "2", "attacks": "1"},
            "2026-06-05": {"headache": "yes", "severity": "severe", "duration_hours": "1", "attacks": "0"},
            "2026-06-06": {"headache": "no"},
        }
        assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (6, 5, 1)

    def test_a_word_that_apple_does_not_have(self, tmp_path: Path) -> None:
        imported = read(tmp_path, record("Mild", at(1, "09:00")), STEPS, record("Terrible", at(2, "09:00")))
        assert "severities" in reasons(imported)[3] and "Terrible" not in reasons(imported)[3]

    def test_present_and_absent_on_one_day(self, tmp_path: Path) -> None:
        imported = read(
            tmp_path,
            record("NotPresent", at(1, "08:00")),
            record("Mild", at(1, "15:00")),
            record("Mild", at(2, "15:00")),
        )
        assert set(reasons(imported)) == {1, 2} and list(diary(imported)) == ["2026-06-02"]

    @pytest.mark.parametrize(
        ("start", "end", "days"),
        [
            (at(1, "08:00"), at(1, "08:00"), [1]),
            (at(1, "00:00"), at(2, "00:00"), [1]),
            (at(1, "00:00"), at(3, "23:59"), [1, 2, 3]),
            (at(1, "22:00"), at(3, "06:00"), [2]),
            (at(1, "22:00"), at(2, "06:00"), []),
            (at(2, "22:00"), at(1, "06:00"), []),
            (at(1, "00:00"), at(5, "06:00"), []),
        ],
    )
    def test_days_that_an_absence_speaks_for(
        self, tmp_path: Path, start: str, end: str, days: list[int]
    ) -> None:
        """A night without headache is not two days without headache."""
        imported = read(tmp_path, record("Mild", at(9, "08:00")), record("NotPresent", start, end))
        free = [date for date, row in diary(imported).items() if row["headache"] == "no"]
        assert free == [f"2026-06-0{day}" for day in days]
        assert bool(reasons(imported)) == (not days)


class TestWhatIsLeftOut:
    def test_names_devices_and_the_date_of_birth(self, tmp_path: Path) -> None:
        inner = '<MetadataEntry key="HKMetadataKeyNote" value="Canary note"/>'
        imported = read(tmp_path, record("Mild", at(1, "09:00"), inner=inner), STEPS)
        found = {item.column: item.cells for item in imported.dropped}
        assert found == {"Me": 2, "sourceName": 1, "device": 1, "creationDate": 1, "MetadataEntry": 1}
        for text in ("Canary", "1971", "serial 77"):
            assert text not in str(imported)

    def test_records_of_a_correlation_are_counted_where_they_stand_alone(self, tmp_path: Path) -> None:
        one = record("Mild", at(1, "09:00"))
        imported = read(tmp_path, f'<Correlation type="x">{one}</Correlation>', one)
        assert imported.rows_in == 1

    def test_the_contract(self, tmp_path: Path) -> None:
        path = write(
            tmp_path, export(STEPS, record("Mild", at(1, "09:00")), record("NotPresent", at(2, "00:00")))
        )
        hold_to_contract(IMPORTER, [path], ONE, private=["Canary", "Finch", "serial 77", "1971-02-03"])

    def test_the_shared_sample_holds(self, shared_data: Path) -> None:
        path = shared_data / "diary_exports" / "apple_health_SYNTHETIC.xml"
        imported = hold_to_contract(IMPORTER, [path], ONE)
        assert list(imported.tables["diary"]["headache"]) == ["yes", "no", "yes"]


class TestTimes:
    def test_a_time_zone_decides_the_day(self, tmp_path: Path) -> None:
        london = ImportSettings(patient="A1", timezone="Europe/London")
        assert list(diary(read(tmp_path, record("Mild", at(1, "23:00")), settings=london))) == ["2026-06-02"]

    def test_a_span_leaves_unread_days_open(self, tmp_path: Path) -> None:
        span = ImportSettings(
            patient="A1", recorded_from=dt.date(2026, 6, 1), recorded_to=dt.date(2026, 6, 9)
        )
        found = diary(
            read(tmp_path, record("Mild", at(1, "09:00")), record("Odd", at(3, "09:00")), settings=span)
        )
        assert found["2026-06-03"] == {}

    def test_times_with_and_without_offset(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRecords, match="offset"):
            read(tmp_path, record("Mild", at(1, "09:00")), record("Mild", "2026-06-02 09:00:00"))


class TestFilesAsTheyCome:
    def test_the_broken_document_type_of_ios_16(self, tmp_path: Path) -> None:
        broken = (
            "<!DOCTYPE HealthData [\n<!ATTLIST VisionPrescription\n  brand CDATA\n<!ELEMENT x EMPTY>\n]>\n"
        )
        path = write(tmp_path, export(record("Mild", at(1, "09:00")), dtd=broken))
        assert len(IMPORTER.read([path], ONE).tables["diary"]) == 1

    def test_signs_that_xml_does_not_allow(self, tmp_path: Path) -> None:
        odd = STEPS.replace("Canary", "Can\x0bary")
        imported = read(tmp_path, odd, record("Mild", at(1, "09:00")))
        assert len(imported.tables["diary"]) == 1 and "does not allow" in imported.warnings[0]

    @pytest.mark.parametrize(
        "name", ["apple_health_export/export.xml", "apple_health_export/Exportación.xml"]
    )
    def test_the_archive_that_the_phone_makes(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, export(record("Mild", at(1, "09:00"))))
            archive.writestr("apple_health_export/export_cda.xml", "<x/>")
            archive.writestr("apple_health_export/workout-routes/route_1.gpx", "<x/>")
        assert len(IMPORTER.read([path], ONE).tables["diary"]) == 1
        assert list(tmp_path.iterdir()) == [path]

    def test_no_headache_record_is_the_wrong_export(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRecords, match="no entry about headache"):
            read(tmp_path, STEPS)


def _archive(content: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in content.items():
            archive.writestr(name, inner)
    return data.getvalue()


class TestAttacks:
    def test_entities_that_grow(self, tmp_path: Path) -> None:
        bomb = '<!DOCTYPE HealthData [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
        text = export(record("Mild", at(1, "09:00")), dtd=bomb).replace("Canary", "&c;")
        with pytest.raises(InvalidRecords):
            IMPORTER.read([write(tmp_path, text)], ONE)

    def test_an_entity_that_reads_a_file(self, tmp_path: Path) -> None:
        secret = write(tmp_path, "Canary", "secret.txt")
        dtd = f'<!DOCTYPE HealthData SYSTEM "x.dtd" [<!ENTITY a SYSTEM "file://{secret}">]>'
        text = export(record("Mild", at(1, "09:00")), dtd=dtd).replace("serial 77", "&a;")
        with pytest.raises(InvalidRecords) as caught:
            IMPORTER.read([write(tmp_path, text)], ONE)
        assert "Canary" not in str(caught.value)

    def test_an_archive_that_inflates_without_end(self, tmp_path: Path) -> None:
        filler = b"<HealthData>" + b" " * 30_000_000 + b"</HealthData>"
        path = tmp_path / "export.zip"
        path.write_bytes(_archive({"x/export.xml": filler}))
        assert path.stat().st_size < 60_000
        with pytest.raises(InvalidRecords, match="proportion"):
            IMPORTER.read([path], ONE)

    @pytest.mark.parametrize(
        "content",
        [
            {},
            {"x/export_cda.xml": b"<x/>"},
            {"x/a.xml": b"<x/>", "x/b.xml": b"<x/>"},
            {"x/export.xml": b"<ClinicalDocument/>"},
            {"x/export.xml": b""},
        ],
    )
    def test_another_archive(self, tmp_path: Path, content: dict[str, bytes]) -> None:
        path = tmp_path / "export.zip"
        path.write_bytes(_archive(content))
        with pytest.raises(InvalidRecords):
            IMPORTER.read([path], ONE)

    def test_a_damaged_archive(self, tmp_path: Path) -> None:
        good = _archive({"x/export.xml": export(record("Mild", at(1, "09:00")) * 200).encode()})
        path = tmp_path / "export.zip"
        for position in range(40, len(good), 37):
            damaged = bytearray(good)
            damaged[position] ^= 0x5A
            path.write_bytes(bytes(damaged))
            try:
                IMPORTER.read([path], ONE)
            except InvalidRecords:
                continue


_READ = """
import resource, sys, time
from pathlib import Path
from outcomes.records.importers.apple_health import IMPORTER
from outcomes.records.importers.contract import ImportSettings
import pandas
before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
imported = IMPORTER.read([Path(sys.argv[1])], ImportSettings(patient="A1"))
after, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time() - begun
print(imported.rows_in, len(imported.tables["diary"]), after - before, round(seconds))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured with a module that Windows lacks")
def test_200_megabytes_at_10_a_second_in_the_memory_of_2(tmp_path: Path) -> None:
    """Seconds of the processor, so that a busy machine does not fail the test."""
    grown, seconds = [], 0
    for megabytes in (2, 200):
        path = tmp_path / f"{megabytes}.xml"
        block = STEPS * 1000
        with path.open("w") as file:
            file.write('<?xml version="1.0"?>\n' + DTD + '<HealthData locale="en_US">\n')
            for _ in range(megabytes * 1_000_000 // len(block)):
                file.write(block)
            file.writelines(record("Mild", at(day, "09:00")) for day in range(1, 9))
            file.write("</HealthData>\n")
        out = subprocess.run(
            [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True
        )
        rows, days, kilobytes, seconds = map(int, out.stdout.split())
        assert days == 8 and rows > megabytes * 5000
        grown.append(kilobytes)
    assert grown[1] < grown[0] + 10_000
    assert seconds < 20
