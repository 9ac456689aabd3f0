"""The typed paper diary: what is ticked is read, what is blank stays open, what contradicts itself is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.paper_grid import IMPORTER
from outcomes.records.importers.trial import hold_to_contract

ONE = ImportSettings(patient="A1")
HEADER = ["date", "no headache", "headache", "worst intensity", "hours", "tablets"]


def workbook(folder: Path, sheets: dict[str, list[list[Any]]], name: str = "diary.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = folder / name
    book.save(path)
    return path


def table(folder: Path, *rows: list[Any], header: list[str] = HEADER) -> Path:
    path = folder / "diary.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n", encoding="utf-8")
    return path


def diary(imported: Imported, key: str = "date") -> dict[str, dict[str, str]]:
    return {
        row.pop(key): {name: cell for name, cell in row.items() if cell is not None and name != "patient_id"}
        for row in imported.tables["diary"].to_dict("records")
    }


def reasons(imported: Imported) -> dict[int, str]:
    return {row: item.why for item in imported.not_read for row in item.rows}


DAYS = [
    ["2026-03-01", "x", "", "", "", "0"],
    ["2026-03-02", "", "x", "7", "4.5", "2"],
    ["2026-03-03", "", "", "", "", ""],
    ["2026-03-04", "", "✓", "", "", ""],
]


class TestARowPerDay:
    def test_csv(self, tmp_path: Path) -> None:
        imported = IMPORTER.read([table(tmp_path, *DAYS)], ONE)
        assert diary(imported) == {
            "2026-03-01": {"headache": "no", "acute_medication": "no", "acute_doses": "0"},
            "2026-03-02": {
                "headache": "yes", "intensity": "7", "duration_hours": "4.5", "acute_medication": "yes",
                "acute_doses": "2",
            },
            "2026-03-04": {"headache": "yes"},
        }  # fmt: skip
        assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (4, 3, 1)

    def test_a_workbook_gives_the_same(self, tmp_path: Path) -> None:
        rows: list[list[Any]] = [HEADER]
        for date, none, headache, worst, hours, tablets in DAYS:
            numbers = [float(cell) if cell else None for cell in (worst, hours, tablets)]
            rows.append([dt.datetime.fromisoformat(date), none or None, headache or None, *numbers])
        path = workbook(tmp_path, {"Diary": rows, "Explained": [["what", "is what"]]})
        assert diary(IMPORTER.read([path], ONE)) == diary(IMPORTER.read([table(tmp_path, *DAYS)], ONE))

    @pytest.mark.parametrize(
        ("entries", "why"),
        [
            (["x", "x", "", "", ""], "both boxes"),
            (["", "", "5", "", ""], "neither box"),
            (["x", "", "5", "", ""], "'no headache' is ticked"),
            (["", "x", "0", "", ""], "intensity of 0"),
            (["", "x", "11", "", ""], "0 to 10"),
            (["", "x", "five", "", ""], "0 to 10"),
            (["", "x", "5", "25", ""], "0 to 24"),
            (["", "maybe", "5", "", ""], "neither a tick nor empty"),
        ],
    )
    def test_what_contradicts_itself_is_told(self, tmp_path: Path, entries: list[str], why: str) -> None:
        imported = IMPORTER.read([table(tmp_path, *DAYS, ["2026-03-09", *entries])], ONE)
        assert why in reasons(imported)[6] and "2026-03-09" not in diary(imported)

    def test_a_day_twice(self, tmp_path: Path) -> None:
        imported = IMPORTER.read([table(tmp_path, *DAYS, DAYS[0], ["2026-03-02", "x", "", "", "", ""])], ONE)
        assert "counts once" in reasons(imported)[6]
        assert "different things" in reasons(imported)[3] and "different things" in reasons(imported)[7]
        assert set(diary(imported)) == {"2026-03-01", "2026-03-04"}

    def test_an_unclear_day_is_open_in_a_declared_span(self, tmp_path: Path) -> None:
        span = ImportSettings(
            patient="A1", recorded_from=dt.date(2026, 3, 1), recorded_to=dt.date(2026, 3, 28)
        )
        path = table(tmp_path, *DAYS, ["2026-03-09", "x", "x", "", "", ""])
        assert diary(IMPORTER.read([path], span))["2026-03-09"] == {}

    def test_the_boxes_of_the_printed_sheet(self, tmp_path: Path) -> None:
        header = [
            "Day",
            "Date",
            "No headache",
            "Headache",
            "Worst of the day",
            "Hours",
            "No",
            "Yes",
            "Doses",
            "Letters",
        ]
        path = table(
            tmp_path,
            ["1", "14/03/2026", "", "x", "6", "2", "", "x", "1", "Canary"],
            ["2", "15/03/2026", "x", "", "", "", "x", "", "", ""],
            ["3", "16/03/2026", "x", "", "", "", "x", "", "2", ""],
            header=header,
        )
        imported = IMPORTER.read([path], ONE)
        found = diary(imported)
        assert found["2026-03-14"]["acute_doses"] == "1" and found["2026-03-15"]["acute_medication"] == "no"
        assert "different things" in reasons(imported)[4] and "Canary" not in str(imported)

    def test_numbered_days_ask_when_they_were(self, tmp_path: Path) -> None:
        """Day 1 of a sheet handed out at booking is not the day after the first session."""
        header = ["day", *HEADER[1:]]
        path = table(tmp_path, ["1", "x", "", "", "", ""], ["28", "", "x", "5", "", ""], header=header)
        with pytest.raises(InvalidRecords, match="first_date"):
            IMPORTER.read([path], ONE)
        dated = ImportSettings(patient="A1", options={"first_date": "2026-03-01"})
        assert set(diary(IMPORTER.read([path], dated))) == {"2026-03-01", "2026-03-28"}
        relative = ImportSettings(patient="A1", options={"day": "from_first_session"})
        assert set(diary(IMPORTER.read([path], relative), "day")) == {"1", "28"}
        with pytest.raises(PlanError):
            IMPORTER.read([path], ImportSettings(patient="A1", options={"first_date": "March"}))

    def test_dates_that_could_be_two_days_ask(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRecords, match="--dates"):
            IMPORTER.read([table(tmp_path, ["01/02/2026", "x", "", "", "", ""])], ONE)

    def test_the_contract(self, tmp_path: Path) -> None:
        path = table(tmp_path, *DAYS)
        hold_to_contract(IMPORTER, [path], ONE)
        book = workbook(tmp_path, {"Diary": [HEADER, *DAYS]})
        hold_to_contract(IMPORTER, [book], ONE)


def month(
    pain: dict[int, tuple[Any, Any, Any]], medicine: dict[str, dict[int, Any]] | None = None
) -> list[list[Any]]:
    days = range(1, 32)
    rows: list[list[Any]] = [["Name: Canary Finch"], ["Severity", *days]]
    for part, label in enumerate(("Morning", "Afternoon", "Evening / Night")):
        rows.append([label, *(pain.get(day, (None, None, None))[part] for day in days)])
    for label, cells in (medicine or {}).items():
        rows.append([label, *(cells.get(day) for day in days)])
    return rows


class TestAColumnPerDay:
    def test_pain_tablets_and_what_the_diary_does_not_have(self, tmp_path: Path) -> None:
        sheet = month(
            {1: (0, 0, 0), 2: (0, 6, 3), 3: (0, None, 0), 4: (None, 2, None), 31: (0, 0, 0)},
            {
                "Acute medication": {},
                "Canary's sumatriptan": {2: 2, 1: 0},
                "Relief": {2: 3},
                "Ibuprofen": {2: 1, 1: 0},
                "Preventive medication": {},
                "Topiramate": {1: 1, 2: 1},
            },
        )
        imported = IMPORTER.read([workbook(tmp_path, {"2026-03": sheet})], ONE)
        assert diary(imported) == {
            "2026-03-01": {"headache": "no", "acute_medication": "no", "acute_doses": "0"},
            "2026-03-02": {
                "headache": "yes", "intensity": "6", "acute_medication": "yes",
                "acute_medication_class": "nsaid;triptan", "acute_doses": "3",
            },
            "2026-03-04": {"headache": "yes", "intensity": "2"},
            "2026-03-31": {"headache": "no"},
        }  # fmt: skip
        assert "blank" in reasons(imported)[3]
        assert {item.cells for item in imported.dropped} == {1, 2} and "Canary" not in str(imported)

    def test_a_day_that_the_month_does_not_have(self, tmp_path: Path) -> None:
        sheet = month({1: (0, 0, 0), 30: (0, 0, 0)})
        assert "does not have" in reasons(IMPORTER.read([workbook(tmp_path, {"2026-02": sheet})], ONE))[30]

    def test_the_month_is_asked_for(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, {"Sheet1": month({1: (0, 0, 0)})})
        with pytest.raises(InvalidRecords, match="month=YYYY-MM"):
            IMPORTER.read([path], ONE)
        given = ImportSettings(patient="A1", options={"month": "2026-03"})
        assert set(diary(IMPORTER.read([path], given))) == {"2026-03-01"}

    def test_a_workbook_of_months(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, {"2026-03": month({1: (0, 0, 0)}), "2026-04": month({2: (5, None, None)})})
        assert set(diary(IMPORTER.read([path], ONE))) == {"2026-03-01", "2026-04-02"}
        only = ImportSettings(patient="A1", options={"sheet": "2026-04"})
        assert set(diary(IMPORTER.read([path], only))) == {"2026-04-02"}

    def test_blank_tablets_mean_none_only_when_declared(self, tmp_path: Path) -> None:
        sheet = month({1: (0, 5, 0), 2: (0, 5, 0)}, {"Sumatriptan": {1: 1}})
        path = workbook(tmp_path, {"2026-03": sheet})
        assert "acute_medication" not in diary(IMPORTER.read([path], ONE))["2026-03-02"]
        declared = ImportSettings(patient="A1", options={"empty_medication": "none"})
        assert diary(IMPORTER.read([path], declared))["2026-03-02"]["acute_medication"] == "no"

    def test_the_contract(self, tmp_path: Path) -> None:
        sheet = month({1: (0, 0, 0), 2: (3, 4, 5)}, {"Canary Finch pills": {2: 1}})
        path = workbook(tmp_path, {"2026-03": sheet})
        hold_to_contract(IMPORTER, [path], ONE, private=["Canary", "Finch", "pills"])


@pytest.mark.parametrize("rows", [[["a", "b"], ["1", "2"]], [["date", "headache"], ["2026-03-01", "x"]], []])
def test_another_sheet_is_refused(tmp_path: Path, rows: list[list[str]]) -> None:
    with pytest.raises(InvalidRecords):
        IMPORTER.read([workbook(tmp_path, {"Sheet1": rows})], ONE)
