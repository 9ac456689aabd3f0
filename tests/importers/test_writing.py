"""Imports into a folder: one patient beside another, nothing lost, nothing half-written, nobody's file name kept."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from outcomes.errors import FileProblem, IdentityError, InvalidRecords, OutcomesError, PlanError
from outcomes.records.importers.choices import settings_from
from outcomes.records.importers.cluster_headache_tracker import IMPORTER as CLUSTER
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.daylio import IMPORTER as DAYLIO
from outcomes.records.importers.writing import describe, import_with

ONE, TWO = ImportSettings(patient="A1"), ImportSettings(patient="A2")
HEADER = "start_time,end_time,intensity,medication,triggers,notes\n"
MARCH = "2026-03-01 10:00:00,2026-03-01 12:00:00,7,Oxygen,,Canary came\n"
APRIL = "2026-04-01 10:00:00,2026-04-01 13:00:00,4,,,\n"
BAD = "2026-04-09 10:00:00,2026-04-01 13:00:00,4,,,\n"


class Clinic:
    """An importer of a system with many patients, as far as writing is concerned."""

    name, title, confidence, one_patient = "clinic", "A clinic's system", "C", False

    def __init__(self, sessions: Sequence[tuple[str, str]], patients: Sequence[tuple[str, str]] = ()):
        self.sessions, self.patients = sessions, patients

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        make = settings.pseudonym
        assert make is not None
        tables = {}
        for name, column, rows in (("sessions", "date", self.sessions), ("patients", "sex", self.patients)):
            if rows:
                cells = {"patient_id": [make(raw) for raw, _ in rows], column: [cell for _, cell in rows]}
                tables[name] = pd.DataFrame(cells, dtype=object)
        return Imported(tables, len(self.sessions), len(self.sessions))


MANY = ImportSettings(pseudonym=lambda raw: f"A{raw}")


def export(folder: Path, *rows: str, name: str = "Canary Finch.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(rows))
    return path


def rows(folder: Path, table: str = "diary") -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def journal(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "import.json").read_text())["imports"]
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class TestOneImport:
    def test_the_folder(self, tmp_path: Path) -> None:
        path, out = export(tmp_path, MARCH, BAD), tmp_path / "records"
        imported = import_with(CLUSTER, [path], ONE, out)
        assert set(content(out)) == {"diary.csv", "import.json"}
        assert rows(out) == [
            {
                "patient_id": "A1", "date": "2026-03-01", "headache": "yes", "intensity": "7", "duration_hours": "2",
                "acute_medication": "yes", "acute_medication_class": "other", "attacks": "1",
            }
        ]  # fmt: skip
        entry = journal(out)[0]
        assert entry["inputs"] == [
            {"file": 1, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        ]
        assert entry["rows"] == {"in": 2, "used": 1, "out_of_scope": 0, "not_read": 1}
        assert entry["not_read"][0]["rows"] == [3] and entry["not_read"][0]["file"] == "file 1"
        assert (entry["format"], entry["confidence"], entry["patient"]) == (
            "cluster_headache_tracker",
            "A",
            "A1",
        )
        told = "\n".join(describe(imported))
        assert "2 rows in = 1 used" in told and "row 3" in told and "'notes'" in told

    def test_nothing_of_a_name_is_written(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH, BAD)], ONE, out)
        assert not any(b"Canary" in data or b"Finch" in data for data in content(out).values())

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    def test_it_is_the_owners_only(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        assert stat.S_IMODE(out.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}

    def test_the_source_is_as_it_was(self, tmp_path: Path) -> None:
        path = export(tmp_path, MARCH)
        before = (path.read_bytes(), path.stat().st_mtime_ns)
        import_with(CLUSTER, [path], ONE, tmp_path / "records")
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before

    def test_an_importer_that_breaks_its_contract_writes_nothing(self, tmp_path: Path) -> None:
        broken = Clinic([("1", "1 March")])
        with pytest.raises(InvalidRecords, match="contract"):
            import_with(broken, [export(tmp_path, MARCH)], MANY, tmp_path / "records")
        assert not (tmp_path / "records").exists()

    def test_a_file_that_changes_meanwhile(self, tmp_path: Path) -> None:
        path = export(tmp_path, MARCH)

        class Slow:
            name, title, confidence, one_patient = "slow", "Slow", "C", True

            def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
                imported = CLUSTER.read(files, settings)
                path.write_text(HEADER + APRIL)
                return imported

        with pytest.raises(FileProblem, match="changed"):
            import_with(Slow(), [path], ONE, tmp_path / "records")
        assert not (tmp_path / "records").exists()


class TestPatients:
    def test_a_second_patient_joins_the_first(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        first = rows(out)
        daylio = tmp_path / "d.csv"
        daylio.write_text("full_date,activities\n2026-03-05,headache\n")
        import_with(DAYLIO, [daylio], TWO, out)
        both = rows(out)
        assert [{k: v for k, v in row.items() if v} for row in both] == [
            *({k: v for k, v in row.items() if v} for row in first),
            {"patient_id": "A2", "date": "2026-03-05", "headache": "yes"},
        ]
        assert [entry["patient"] for entry in journal(out)] == ["A1", "A2"]

    def test_the_same_patient_again_is_an_error(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        before = content(out)
        with pytest.raises(PlanError, match="--replace"):
            import_with(CLUSTER, [export(tmp_path, APRIL)], ONE, out)
        assert content(out) == before

    def test_replaced_when_said_so_and_nobody_else(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        import_with(CLUSTER, [export(tmp_path, MARCH)], TWO, out)
        import_with(CLUSTER, [export(tmp_path, APRIL)], ONE, out, replace=True)
        assert {(row["patient_id"], row["date"]) for row in rows(out)} == {
            ("A1", "2026-04-01"),
            ("A2", "2026-03-01"),
        }
        assert [entry["replaced_earlier"] for entry in journal(out)] == [False, False, True]

    def test_sessions_of_the_clinics_system_join_diaries(self, tmp_path: Path) -> None:
        """The tables differ: the patient's diary is not in the way of the patient's sessions."""
        out, path = tmp_path / "records", export(tmp_path, MARCH)
        import_with(CLUSTER, [path], ONE, out)
        import_with(Clinic([("1", "2026-03-29"), ("2", "2026-03-30")], [("1", "female")]), [path], MANY, out)
        assert len(rows(out)) == 1 and [row["patient_id"] for row in rows(out, "sessions")] == ["A1", "A2"]
        assert rows(out, "patients") == [{"patient_id": "A1", "sex": "female"}]
        assert "patient" not in journal(out)[1]

    def test_facts_of_a_patient_join_and_do_not_contradict(self, tmp_path: Path) -> None:
        out, path = tmp_path / "records", export(tmp_path, MARCH)
        span = replace(ONE, recorded_from=dt.date(2026, 3, 1), recorded_to=dt.date(2026, 3, 28))
        import_with(CLUSTER, [path], span, out)
        import_with(Clinic([("1", "2026-03-29")], [("1", "female")]), [path], MANY, out)
        expected = {
            "patient_id": "A1",
            "sex": "female",
            "recorded_from": "2026-03-01",
            "recorded_to": "2026-03-28",
        }
        assert rows(out, "patients") == [expected]
        other = Clinic([("3", "2026-03-29")], [("1", "male")])
        with pytest.raises(PlanError, match="'sex'"):
            import_with(other, [path], MANY, out)
        import_with(other, [path], MANY, out, replace=True)
        assert rows(out, "patients") == [{**expected, "sex": "male"}]

    @pytest.mark.parametrize(
        "code", ["Canary", "Canary Finch", "1234567", "943 476 5919", "A1;B2", "JS010280", ""]
    )
    def test_a_name_or_number_is_no_code(self, tmp_path: Path, code: str) -> None:
        with pytest.raises((IdentityError, PlanError)) as caught:
            import_with(
                CLUSTER, [export(tmp_path, MARCH)], ImportSettings(patient=code), tmp_path / "records"
            )
        assert not code or code not in str(caught.value)

    def test_many_patients_need_a_key(self, tmp_path: Path) -> None:
        with pytest.raises(PlanError, match="--key-file"):
            import_with(
                Clinic([("1", "2026-03-29")]), [export(tmp_path, MARCH)], ImportSettings(), tmp_path / "r"
            )


SPAN = replace(ONE, recorded_from=dt.date(2026, 3, 1), recorded_to=dt.date(2026, 3, 28))


class TestADeclaredSpan:
    def test_it_is_written_with_the_patient_and_fills_no_day(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        imported = import_with(CLUSTER, [export(tmp_path, MARCH)], SPAN, out)
        assert rows(out, "patients") == [
            {"patient_id": "A1", "recorded_from": "2026-03-01", "recorded_to": "2026-03-28"}
        ]
        assert len(rows(out)) == 1 and imported.warnings == ()
        assert journal(out)[0]["declared_span"] == {"from": "2026-03-01", "to": "2026-03-28"}

    def test_headache_outside_it_is_told(self, tmp_path: Path) -> None:
        imported = import_with(CLUSTER, [export(tmp_path, MARCH, APRIL)], SPAN, tmp_path / "records")
        assert (
            len(imported.warnings) == 1
            and "1 day" in imported.warnings[0]
            and "outside" in imported.warnings[0]
        )

    def test_rows_that_were_not_read_are_told(self, tmp_path: Path) -> None:
        lost = "someday,,5,,,\n"
        imported = import_with(CLUSTER, [export(tmp_path, MARCH, lost)], SPAN, tmp_path / "records")
        assert any("not read" in warning and "headache-free" in warning for warning in imported.warnings)

    def test_it_goes_with_the_diary_that_it_was_declared_for(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], SPAN, out)
        import_with(CLUSTER, [export(tmp_path, APRIL)], ONE, out, replace=True)
        assert rows(out, "patients") == [{"patient_id": "A1", "recorded_from": "", "recorded_to": ""}]

    @pytest.mark.parametrize(
        ("first", "last"),
        [
            (dt.date(2026, 3, 1), None),
            (None, dt.date(2026, 3, 1)),
            (dt.date(2026, 3, 2), dt.date(2026, 3, 1)),
        ],
    )
    def test_half_a_span_is_none(self, tmp_path: Path, first: dt.date | None, last: dt.date | None) -> None:
        half = replace(ONE, recorded_from=first, recorded_to=last)
        with pytest.raises(PlanError, match="--recorded"):
            import_with(CLUSTER, [export(tmp_path, MARCH)], half, tmp_path / "records")

    def test_a_clinics_system_has_none(self, tmp_path: Path) -> None:
        span = replace(MANY, recorded_from=dt.date(2026, 3, 1), recorded_to=dt.date(2026, 3, 28))
        with pytest.raises(PlanError, match="one patient"):
            import_with(Clinic([("1", "2026-03-29")]), [export(tmp_path, MARCH)], span, tmp_path / "records")


class TestFoldersThatAreThere:
    @pytest.mark.parametrize("name", ["letter.docx", "diary.parquet", "diary.csv", "notes"])
    def test_what_no_import_wrote_is_left_alone(self, tmp_path: Path, name: str) -> None:
        out = tmp_path / "records"
        out.mkdir()
        (out / name).mkdir() if name == "notes" else (out / name).write_text("patient_id\nB7\n")
        before = sorted(path.name for path in out.iterdir())
        with pytest.raises(FileProblem):
            import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        assert sorted(path.name for path in out.iterdir()) == before

    def test_a_typed_table_and_a_plan_stay_byte_for_byte(self, tmp_path: Path) -> None:
        out = tmp_path / "records"
        out.mkdir()
        (out / "sessions.csv").write_bytes(b"patient_id;date\r\nA1;2026-03-29\r\n")
        (out / "outcomes.toml").write_bytes(b"baseline_days = 28\n")
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        assert (out / "sessions.csv").read_bytes() == b"patient_id;date\r\nA1;2026-03-29\r\n"
        assert (out / "outcomes.toml").read_bytes() == b"baseline_days = 28\n" and len(rows(out)) == 1

    @pytest.mark.parametrize(
        "data", [b"", b"\xff\xfe", b"x\n1\n", b'patient_id,date\n"A1\n', b"patient_id,date\nA1\n"]
    )
    def test_a_table_that_was_damaged_since(self, tmp_path: Path, data: bytes) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        (out / "diary.csv").write_bytes(data)
        with pytest.raises(InvalidRecords, match=r"diary\.csv"):
            import_with(CLUSTER, [export(tmp_path, APRIL)], TWO, out)
        assert (out / "diary.csv").read_bytes() == data

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"outcomes_import": 2}', "[" * 100_000])
    def test_a_journal_that_was_damaged(self, tmp_path: Path, text: str) -> None:
        out = tmp_path / "records"
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        (out / "import.json").write_text(text)
        with pytest.raises(InvalidRecords, match=r"import\.json"):
            import_with(CLUSTER, [export(tmp_path, APRIL)], TWO, out)

    def test_a_file_a_link_or_the_exports_own_folder(self, tmp_path: Path) -> None:
        path = export(tmp_path, MARCH)
        link = tmp_path / "link"
        link.symlink_to(tmp_path / "elsewhere")
        for out in (path, link, tmp_path):
            with pytest.raises(OutcomesError):
                import_with(CLUSTER, [path], ONE, out)
        assert path.read_text() == HEADER + MARCH and not (tmp_path / "elsewhere").exists()

    def test_days_and_dates_do_not_mix(self, tmp_path: Path) -> None:
        from outcomes.records.importers.paper_grid import IMPORTER

        out, sheet = tmp_path / "records", tmp_path / "p.csv"
        sheet.write_text("day,no headache,headache\n1,x,\n")
        relative = replace(TWO, options={"day": "from_first_session"})
        import_with(CLUSTER, [export(tmp_path, MARCH)], ONE, out)
        with pytest.raises(InvalidRecords, match="counts days"):
            import_with(IMPORTER, [sheet], relative, out)
        span = replace(relative, recorded_from=dt.date(2026, 3, 1), recorded_to=dt.date(2026, 3, 28))
        with pytest.raises(PlanError, match="calendar"):
            import_with(IMPORTER, [sheet], span, tmp_path / "other")

    def test_no_file_and_one_file_twice(self, tmp_path: Path) -> None:
        path = export(tmp_path, MARCH)
        for files in ([], [path, tmp_path / "." / path.name]):
            with pytest.raises(PlanError):
                import_with(CLUSTER, files, ONE, tmp_path / "records")


def test_what_was_written_is_read_as_records(tmp_path: Path) -> None:
    """The reader takes what an import writes: an attack list stays a list of recorded headache days."""
    from outcomes.records.reading import read_records

    out, path = tmp_path / "records", export(tmp_path, MARCH, APRIL)
    import_with(CLUSTER, [path], ONE, out)
    import_with(Clinic([("1", "2026-03-15")]), [path], MANY, out)
    records = read_records(out)
    used = {count.table: count.used for count in records.counts}
    assert used == {"diary": 2, "sessions": 1}


class TestChoices:
    def test_texts_become_settings(self, tmp_path: Path) -> None:
        from outcomes.records.pseudonyms import new_key

        key = tmp_path / "keys" / "clinic.key"
        key.parent.mkdir()
        new_key(key)
        settings = settings_from(
            patient="A1", recorded_from="2026-03-01", recorded_to="2026-03-28", options=["fold=first", "fields = a=b"],
            headache_words=["Kopfschmerz"], key_file=str(key), domain="leeds", away_from=[tmp_path / "records"],
        )  # fmt: skip
        assert settings.recorded_from == dt.date(2026, 3, 1) and settings.options == {
            "fold": "first",
            "fields": "a=b",
        }
        assert settings.pseudonym is not None and settings.pseudonym("4711").startswith("P-")
        with pytest.raises(IdentityError):
            settings_from(key_file=str(key), domain="leeds", away_from=[key.parent])

    @pytest.mark.parametrize(
        "given",
        [
            {"recorded_from": "1/3/2026"},
            {"recorded_to": "2026-W10-1"},
            {"options": ["fold"]},
            {"options": ["=first"]},
            {"options": ["fold=first", "fold=second"]},
            {"key_file": "x"},
            {"domain": "leeds"},
        ],
    )
    def test_what_is_not_in_form(self, given: dict[str, Any]) -> None:
        with pytest.raises(PlanError):
            settings_from(**given)
