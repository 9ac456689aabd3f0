"""Workbooks as people save them: what is shown comes in under its own row number, what is hidden stops everything."""

from __future__ import annotations

import datetime as dt
import random
import struct
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from outcomes.engine import Engine
from outcomes.errors import FileProblem
from outcomes.records.raw import ERROR_CELLS, Opened
from outcomes.records.workbooks import open_workbook

try:
    import odf.office
    import odf.opendocument
    import odf.style
    import odf.table
    import odf.text
    import xlwt
except ImportError:
    xlwt = None

writes_other_forms = pytest.mark.skipif(
    xlwt is None, reason="odfpy and xlwt, which write .ods and .xls for these tests, are not installed"
)


def cells(engine: Engine, opened: Opened, place: int = 0) -> list[tuple[Any, ...]]:
    """The rows of a table that was read, each after its number."""
    table = opened.tables[place]
    listed = ", ".join(column.name for column in table.columns)
    return engine.rows(f"SELECT {table.row_number}, {listed} FROM {table.scan} ORDER BY 1")


def levels(opened: Opened) -> list[tuple[str, str, int]]:
    return [(one.level, one.rule, one.count) for one in opened.findings]


def rules(opened: Opened) -> list[str]:
    return [one.rule for one in opened.findings if one.level == "identity"]


def save(path: Path, *sheets: tuple[str, Sequence[Sequence[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


HEADER = ["patient_id", "date", "headache", "intensity"]


def test_cells_come_in_as_they_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "clinic.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Diary")
    forms = {
        form: book.add_format({"num_format": form})
        for form in ("dd/mm/yyyy", "hh:mm", "[h]:mm", "d/m/yy h:mm")
    }
    sheet.write_row(0, 0, ["patient_id", "date", "n", "b", "time", "lasted", "seen", "text"])
    sheet.write_row(1, 0, ["P1"])
    sheet.write_datetime(1, 1, dt.datetime(2024, 1, 5), forms["dd/mm/yyyy"])
    sheet.write_number(1, 2, 5.0)
    sheet.write_boolean(1, 3, True)
    sheet.write_datetime(1, 4, dt.time(12, 30), forms["hh:mm"])
    sheet.write_number(1, 5, 1.25, forms["[h]:mm"])
    sheet.write_datetime(1, 6, dt.datetime(2024, 1, 5, 13, 1), forms["d/m/yy h:mm"])
    sheet.write_string(1, 7, "=2+2")
    # Rows 3 and 4 are blank, row 5 is not; 45292 is a number here, since nothing says that it is a date.
    sheet.write_string(3, 0, "  ")
    sheet.write_row(4, 0, ["P2", 45292, 2.5, False])
    book.close()
    engine = Engine()
    opened = open_workbook(path, engine, None)
    assert (opened.problems, opened.findings) == ([], [])
    assert cells(engine, opened) == [
        (2, "P1", "2024-01-05", "5", "yes", "12:30:00", "30:00:00", "2024-01-05T13:01:00", "=2+2"),
        (5, "P2", "45292", "2.5", "no", None, None, None, None),
    ]
    (table,) = opened.tables
    assert (table.name, table.label, table.container) == ("Diary", "clinic.xlsx › Diary", "clinic.xlsx")
    assert table.row_number == "outcomes_row_number" and table.paths == (path,)
    assert all(column.sql_type == "VARCHAR" and column.name != table.row_number for column in table.columns)
    assert table.columns[0].written == "patient_id"


@pytest.mark.parametrize(
    "epoch", [openpyxl.utils.datetime.CALENDAR_WINDOWS_1900, openpyxl.utils.datetime.CALENDAR_MAC_1904]
)
def test_dates_are_the_same_in_both_calendars_of_excel(tmp_path: Path, epoch: dt.datetime) -> None:
    path = tmp_path / "clinic.xlsx"
    book = openpyxl.Workbook()
    book.epoch = epoch
    book.active.title = "diary"
    book.active.append(["date"])
    book.active.append([dt.date(2024, 2, 29)])
    book.save(path)
    engine = Engine()
    assert cells(engine, open_workbook(path, engine, None)) == [(2, "2024-02-29")]


def test_errors_and_formulas_without_a_value_are_not_read_as_blank(tmp_path: Path) -> None:
    path = tmp_path / "clinic.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("diary")
    sheet.write_row(0, 0, ["a", "b", "c", "d"])
    sheet.write_formula(1, 0, "=1+1", None, 2)
    sheet.write_formula(1, 1, "=NA()", None, "#N/A")
    sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    sheet.write_formula(1, 3, "=A1+A2", None, "")
    sheet.write_formula(2, 3, '=HYPERLINK("x")', None, "shown")
    sheet.write_formula(9, 0, "=A1", None, "")
    book.close()
    engine = Engine()
    opened = open_workbook(path, engine, None)
    assert cells(engine, opened) == [
        (2, "2", "#N/A", "#DIV/0!", "#FORMULA!"),
        (3, None, None, None, "shown"),
        (10, "#FORMULA!", None, None, None),
    ]
    assert {"#N/A", "#DIV/0!", "#FORMULA!"} <= set(ERROR_CELLS)


def test_only_wanted_sheets_are_read_and_the_others_are_counted(tmp_path: Path) -> None:
    path = save(
        tmp_path / "clinic.xlsx",
        ("diary", [HEADER, ["P1", "2024-01-05", "yes", 3]]),
        ("Ann Smith", [["name"], ["Ann"]]),
        ("SESSIONS", [["patient_id", "day"], ["P1", 0]]),
    )
    engine = Engine()
    opened = open_workbook(path, engine, None)
    assert [table.name for table in opened.tables] == ["diary", "SESSIONS"]
    assert levels(opened) == [("warning", "not_read", 1)]
    assert "Ann" not in opened.findings[0].sentence()
    assert "Ann" not in str(engine.rows("SELECT table_name FROM information_schema.tables"))
    by_label = open_workbook(path, Engine(), {"clinic.xlsx › ann smith"})
    assert [table.name for table in by_label.tables] == ["Ann Smith"]


def test_a_sheet_must_be_named_unless_there_is_only_one(tmp_path: Path) -> None:
    rows = [HEADER, ["P1", "2024-01-05", "yes", 3]]
    only = open_workbook(save(tmp_path / "diary.xlsx", ("Sheet1", rows)), Engine(), None)
    assert [(table.name, table.label) for table in only.tables] == [("diary", "diary.xlsx")]
    mapped = open_workbook(save(tmp_path / "export 3.xlsx", ("Sheet1", rows)), Engine(), {"export 3.xlsx"})
    assert [table.name for table in mapped.tables] == ["export 3"]
    for name, sheets in [("diary.xlsx", ("Ann", "Bob")), ("clinic.xlsx", ("Ann",))]:
        opened = open_workbook(save(tmp_path / name, *((sheet, rows) for sheet in sheets)), Engine(), None)
        assert opened.tables == []
        (problem,) = opened.problems
        assert "The sheet must be named" in problem and "Ann" not in problem and "Bob" not in problem


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "row 1: no header"),
        ([[], HEADER, ["P1"]], "row 1: no header"),
        ([[None, " "], ["P1"]], "row 1: no header"),
    ],
)
def test_row_one_must_hold_the_names(tmp_path: Path, rows: Sequence[Sequence[Any]], words: str) -> None:
    opened = open_workbook(save(tmp_path / "clinic.xlsx", ("diary", rows)), Engine(), None)
    assert opened.tables == [] and words in opened.problems[0]


def test_a_header_without_rows_is_a_table_without_rows(tmp_path: Path) -> None:
    engine = Engine()
    opened = open_workbook(save(tmp_path / "clinic.xlsx", ("diary", [HEADER])), engine, None)
    assert [column.written for column in opened.tables[0].columns] == HEADER
    assert cells(engine, opened) == []


def test_columns_keep_their_place_and_ghosts_are_left_out(tmp_path: Path) -> None:
    """Column A and D have no header; in D something stands, so it is kept for the check to refuse."""
    path = save(tmp_path / "clinic.xlsx", ("diary", [[None, "patient_id", "n", None], [None, "P1", 1, "x"]]))
    engine = Engine()
    opened = open_workbook(path, engine, None)
    assert [column.written for column in opened.tables[0].columns] == ["patient_id", "n", ""]
    assert cells(engine, opened) == [(2, "P1", "1", "x")]


def test_merged_cells_stop_with_their_rows(tmp_path: Path) -> None:
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER, ["P1", "2024-01-05", "yes", 3], ["P2"], ["P3"]]))
    book = openpyxl.load_workbook(path)
    book["diary"].merge_cells("A3:B4")
    book["diary"].merge_cells("H90:J91")
    book.save(path)
    (problem,) = open_workbook(path, Engine(), None).problems
    assert problem.startswith("clinic.xlsx › diary, row 3: merged cells")


def hide(book: openpyxl.Workbook) -> None:
    book.create_sheet("Names").sheet_state = "hidden"


def hide_well(book: openpyxl.Workbook) -> None:
    book.create_sheet("Names").sheet_state = "veryHidden"


def comment(book: openpyxl.Workbook) -> None:
    book["diary"]["A2"].comment = Comment("this is Ann", "Dr Jones")


def name_a_range(book: openpyxl.Workbook) -> None:
    book.defined_names["AnnSmith"] = DefinedName("AnnSmith", attr_text="diary!$A$2")


def name_on_a_sheet(book: openpyxl.Workbook) -> None:
    book["diary"].defined_names["AnnSmith"] = DefinedName("AnnSmith", attr_text="diary!$A$2")


def link(book: openpyxl.Workbook) -> None:
    book["diary"]["A2"].hyperlink = "mailto:ann@example.org"


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (hide, "PRV-HIDDEN-SHEET"),
        (hide_well, "PRV-HIDDEN-SHEET"),
        (comment, "PRV-COMMENT"),
        (name_a_range, "PRV-DEFINED-NAME"),
        (name_on_a_sheet, "PRV-DEFINED-NAME"),
        (link, "PRV-EXTERNAL-LINK"),
    ],
)
def test_what_nobody_sees_stops_everything(tmp_path: Path, plant: Any, rule: str) -> None:
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER, ["P1", "2024-01-05", "yes", 3]]))
    book = openpyxl.load_workbook(path)
    plant(book)
    book.save(path)
    engine = Engine()
    opened = open_workbook(path, engine, None)
    assert rules(opened) == [rule]
    assert opened.tables == [] and engine.rows("SELECT * FROM information_schema.tables") == []
    sentence = next(one for one in opened.findings if one.rule == rule).sentence()
    assert "Ann" not in sentence and "Names" not in sentence and "Inspect Document" in sentence


@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ("xl/threadedComments/threadedComment1.xml", "PRV-COMMENT"),
        ("xl/persons/person.xml", "PRV-COMMENT"),
        ("xl/pivotCache/pivotCacheDefinition1.xml", "PRV-PIVOT-CACHE"),
        ("xl/pivotCache/pivotCacheRecords1.xml", "PRV-PIVOT-CACHE"),
        ("xl/slicerCaches/slicerCache1.xml", "PRV-PIVOT-CACHE"),
        ("xl/model/item.data", "PRV-PIVOT-CACHE"),
        ("xl/externalLinks/externalLink1.xml", "PRV-EXTERNAL-LINK"),
        ("xl/connections.xml", "PRV-EXTERNAL-LINK"),
        ("xl/embeddings/oleObject1.bin", "PRV-EMBEDDED-FILE"),
        ("xl/revisions/revisionLog1.xml", "PRV-CHANGE-HISTORY"),
    ],
)
def test_parts_beside_the_sheets_stop_everything(tmp_path: Path, part: str, rule: str) -> None:
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER]))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(part, "<x>Ann</x>")
    opened = open_workbook(path, Engine(), None)
    assert levels(opened) == [("identity", rule, 1)] and opened.tables == []


def test_a_pivot_table_under_another_name_is_found_by_its_relation(tmp_path: Path) -> None:
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER]))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/pivotCacheDefinition"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}" Target="../harmless.xml"/></Relationships>'
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/harmless.xml", "<x/>")
        archive.writestr("xl/worksheets/_rels/sheet1.xml.rels", relations)
    assert rules(open_workbook(path, Engine(), None)) == ["PRV-PIVOT-CACHE"]


def test_names_for_printing_and_filtering_are_no_reason_to_stop(tmp_path: Path) -> None:
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER, ["P1", "2024-01-05", "yes", 3]]))
    book = openpyxl.load_workbook(path)
    book["diary"].print_area = "A1:D2"
    book["diary"].print_title_rows = "1:1"
    book["diary"].auto_filter.ref = "A1:D2"
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("xl/workbook.xml").count(b"<definedName ") == 3
    opened = open_workbook(path, Engine(), None)
    assert opened.findings == [] and len(opened.tables) == 1


def test_an_author_is_warned_about_and_never_read_out(tmp_path: Path) -> None:
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER]))
    book = openpyxl.load_workbook(path)
    book.properties.creator = "Ann Smith"
    book.save(path)
    opened = open_workbook(path, Engine(), None)
    assert levels(opened) == [("warning", "PRV-AUTHOR", 1)] and len(opened.tables) == 1
    assert "Ann" not in opened.findings[0].sentence()


@pytest.mark.parametrize(("name", "part"), [("clinic.xlsm", "x"), ("clinic.xlsx", "xl/vbaProject.bin")])
def test_workbooks_with_programs_are_refused(tmp_path: Path, name: str, part: str) -> None:
    path = save(tmp_path / name, ("diary", [HEADER]))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(part, b"x")
    opened = open_workbook(path, Engine(), None)
    assert opened.tables == [] and "programs (macros)" in opened.problems[0]


def test_a_workbook_open_elsewhere_is_a_file_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outcomes.files.watching.PAUSE_SECONDS", 0.0)
    path = save(tmp_path / "clinic.xlsx", ("diary", [HEADER]))
    lock = tmp_path / "~$clinic.xlsx"
    lock.write_bytes(b"Dr Jones")
    with pytest.raises(FileProblem, match=r"(?i)close it in Excel") as caught:
        open_workbook(path, Engine(), None)
    assert "Jones" not in str(caught.value)
    lock.unlink()
    real, tries = Path.open, []

    def held(self: Path, *given: Any, **named: Any) -> Any:
        if self == path:
            tries.append(self)
            if len(tries) < 4:
                raise PermissionError
        return real(self, *given, **named)

    monkeypatch.setattr(Path, "open", held)
    # Three tries fail, the fourth succeeds: the person has closed it meanwhile.
    assert len(open_workbook(path, Engine(), None).tables) == 1
    tries.clear()
    monkeypatch.setattr("outcomes.files.watching.RETRIES", 0)
    with pytest.raises(FileProblem, match=r"(?i)close it in Excel"):
        open_workbook(path, Engine(), None)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("clinic.xlsx", b"", "the file is empty"),
        ("clinic.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 500, "protected by a password"),
        ("clinic.xlsx", b"patient_id,date\nP1,2024-01-05\n", "not a workbook"),
        ("clinic.ods", b"PK\x03\x04" + b"x" * 500, "not whole"),
        ("clinic.xls", b"<html><table></table></html>", "not an old workbook"),
        (
            "clinic.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 5000,
            "cannot be read as an old workbook",
        ),
    ],
)
def test_what_is_no_workbook_is_told_in_words(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    opened = open_workbook(path, Engine(), None)
    assert opened.tables == [] and len(opened.problems) == 1
    assert opened.problems[0].startswith(name) and words in opened.problems[0]


def test_a_cell_at_the_far_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    """Two cells, and between them 17 thousand million that a rectangle would hold."""
    path = tmp_path / "clinic.xlsx"
    for far in ("XFD1048576", "Z1048576"):
        book = openpyxl.Workbook()
        book.active.title = "diary"
        book.active["A1"] = "patient_id"
        book.active[far] = 1
        book.save(path)
        (problem,) = open_workbook(path, Engine(), None).problems
        assert "too far apart" in problem


def test_formatted_cells_far_away_are_no_reason_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "clinic.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "diary"
    book.active.append(["patient_id"])
    book.active.append(["P1"])
    book.active["XFD1048576"].fill = openpyxl.styles.PatternFill("solid", fgColor="FF0000")
    book.save(path)
    engine = Engine()
    assert cells(engine, open_workbook(path, engine, None)) == [(2, "P1")]


def test_cells_written_in_another_manner_are_read_alike(tmp_path: Path) -> None:
    """No references, single quotes, a prefix: valid, and the quick look at the bytes must not be fooled."""
    path = save(tmp_path / "clinic.xlsx", ("diary", [["a", "b"], [1, 2]]))
    sheet = (
        "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>"
        "<row><c t='inlineStr'><is><t>a</t></is></c><c t='inlineStr'><is><t>b</t></is></c></row>"
        "<row r='3'><c r='A3' t='e'><v>#REF!</v></c><c r='B3'><v>7</v></c></row></sheetData></worksheet>"
    )
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()} | {
            "xl/worksheets/sheet1.xml": sheet.encode()
        }
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    engine = Engine()
    assert cells(engine, open_workbook(path, engine, None)) == [(3, "#REF!", "7")]


def test_many_rows_are_read_in_batches(tmp_path: Path) -> None:
    path = tmp_path / "diary.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("diary")
    sheet.write_row(0, 0, ["patient_id", "n"])
    for row in range(1, 21_001):
        sheet.write_row(row, 0, [f"P{row}", row])
    book.close()
    engine = Engine()
    opened = open_workbook(path, engine, None)
    found = cells(engine, opened)
    assert len(found) == 21_000
    assert all(line == (row + 1, f"P{row}", str(row)) for row, line in enumerate(found, start=1))


# OpenDocument


def ods(path: Path, plant: Any = None, rows: Sequence[Sequence[Any]] = (), **style: str) -> Path:
    document = odf.opendocument.OpenDocumentSpreadsheet()
    look = odf.style.Style(name="ta1", family="table")
    look.addElement(odf.style.TableProperties(**style))
    document.automaticstyles.addElement(look)
    table = odf.table.Table(name="diary")
    document.spreadsheet.addElement(table)
    for row in rows or [
        [text("patient_id"), text("n")],
        [text("P1"), text("5", valuetype="float", value="5")],
    ]:
        line = odf.table.TableRow()
        for cell in row:
            line.addElement(cell)
        table.addElement(line)
    further = odf.table.Table(name="Names", stylename="ta1")
    if plant is not None or style:
        document.spreadsheet.addElement(further)
    if plant is not None:
        plant(document, table)
    document.save(str(path))
    return path


def text(shown: str, **given: Any) -> Any:
    cell = odf.table.TableCell(**(given or {"valuetype": "string"}))
    cell.addElement(odf.text.P(text=shown))
    return cell


@writes_other_forms
def test_ods_cells_come_in_as_they_are_shown(tmp_path: Path) -> None:
    gap = odf.table.TableRow(numberrowsrepeated=3)
    gap.addElement(odf.table.TableCell(numbercolumnsrepeated=16384))
    rows = [
        [text("patient_id"), text("date"), text("b"), text("n")],
        [
            text("P1"),
            text("05/01/24", valuetype="date", datevalue="2024-01-05"),
            text("TRUE", valuetype="boolean", booleanvalue="true"),
            text("#N/A", formula="of:=NA()", valuetype="string", stringvalue=""),
        ],
        [text("P2"), odf.table.TableCell(), odf.table.TableCell(), odf.table.TableCell(formula="of:=1+1")],
        [
            text("P3"),
            odf.table.TableCell(),
            odf.table.TableCell(),
            text("2,5", valuetype="float", value="2.5"),
        ],
    ]
    path = ods(tmp_path / "clinic.ods", rows=rows)
    engine = Engine()
    opened = open_workbook(path, engine, None)
    assert opened.problems == []
    assert cells(engine, opened) == [
        (2, "P1", "2024-01-05", "yes", "#N/A"),
        (3, "P2", None, None, "#FORMULA!"),
        (4, "P3", None, None, "2.5"),
    ]


def annotate(_: Any, table: Any) -> None:
    note = odf.office.Annotation()
    note.addElement(odf.text.P(text="this is Ann"))
    row = odf.table.TableRow()
    cell = text("P2")
    cell.addElement(note)
    row.addElement(cell)
    table.addElement(row)


def name_in_ods(document: Any, _: Any) -> None:
    names = odf.table.NamedExpressions()
    names.addElement(odf.table.NamedRange(name="AnnSmith", cellrangeaddress="$diary.$A$2"))
    document.spreadsheet.addElement(names)


def link_in_ods(_: Any, table: Any) -> None:
    row, cell, line = odf.table.TableRow(), odf.table.TableCell(valuetype="string"), odf.text.P()
    line.addElement(odf.text.A(href="mailto:ann@example.org", text="P9"))
    cell.addElement(line)
    row.addElement(cell)
    table.addElement(row)


@writes_other_forms
@pytest.mark.parametrize(
    ("plant", "style", "rule"),
    [
        (annotate, {}, "PRV-COMMENT"),
        (name_in_ods, {}, "PRV-DEFINED-NAME"),
        (link_in_ods, {}, "PRV-EXTERNAL-LINK"),
        (None, {"display": "false"}, "PRV-HIDDEN-SHEET"),
    ],
)
def test_what_nobody_sees_in_ods_stops_everything(
    tmp_path: Path, plant: Any, style: dict[str, str], rule: str
) -> None:
    opened = open_workbook(ods(tmp_path / "clinic.ods", plant, **style), Engine(), None)
    assert rules(opened) == [rule] and opened.tables == []


@writes_other_forms
@pytest.mark.parametrize(
    "row",
    [
        {"numberrowsrepeated": 1_000_000, "numbercolumnsrepeated": 16_000},
        {"numberrowsrepeated": 1_000_000, "numbercolumnsrepeated": 10},
        {"numberrowsrepeated": 4_000_000_000, "numbercolumnsrepeated": 1},
        {"numberrowsrepeated": 1, "numbercolumnsrepeated": 4_000_000_000},
    ],
)
def test_repeats_in_ods_do_not_fill_the_memory(tmp_path: Path, row: dict[str, int]) -> None:
    def plant(_: Any, table: Any) -> None:
        line = odf.table.TableRow(numberrowsrepeated=row["numberrowsrepeated"])
        line.addElement(text("x", valuetype="string", numbercolumnsrepeated=row["numbercolumnsrepeated"]))
        table.addElement(line)

    opened = open_workbook(ods(tmp_path / "clinic.ods", plant), Engine(), None)
    assert opened.tables == [] and len(opened.problems) == 1


@writes_other_forms
def test_merged_cells_in_ods_stop_with_their_rows(tmp_path: Path) -> None:
    rows = [[text("patient_id"), text("n")], [text("P1", valuetype="string", numbercolumnsspanned=2)]]
    (problem,) = open_workbook(ods(tmp_path / "clinic.ods", rows=rows), Engine(), None).problems
    assert problem.startswith("clinic.ods › diary, row 2: merged cells")


# The old format


def old(path: Path, visibility: int = 0) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("diary")
    lines: list[list[Any]] = [["patient_id", "date", "n"], ["P1", "", 5.0], [], ["P2", "", 2.5]]
    for row, line in enumerate(lines):
        for column, cell in enumerate(line):
            if cell != "":
                sheet.write(row, column, cell)
    sheet.write(1, 1, dt.date(2024, 1, 5), xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    further = book.add_sheet("Names")
    further.write(0, 0, "Ann")
    further.visibility = visibility
    book.save(str(path))
    return path


@writes_other_forms
def test_old_workbooks_are_read_and_what_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    engine = Engine()
    opened = open_workbook(old(tmp_path / "clinic.xls"), engine, None)
    assert cells(engine, opened) == [(2, "P1", "2024-01-05", "5"), (4, "P2", None, "2.5")]
    assert levels(opened) == [("warning", "PRV-OLD-FORMAT", 1), ("warning", "not_read", 1)]
    assert "Save it as .xlsx" in opened.findings[0].remedy


@writes_other_forms
@pytest.mark.parametrize("visibility", [1, 2])
def test_hidden_sheets_of_old_workbooks_stop_everything(tmp_path: Path, visibility: int) -> None:
    opened = open_workbook(old(tmp_path / "clinic.xls", visibility), Engine(), None)
    assert rules(opened) == ["PRV-HIDDEN-SHEET"] and opened.tables == []


@writes_other_forms
def test_an_old_workbook_that_fills_the_memory_ends_only_the_process_that_reads_it(tmp_path: Path) -> None:
    """A chain of sectors leads back to its beginning: the library follows it until the system stops it."""
    path = old(tmp_path / "clinic.xls")
    content = bytearray(path.read_bytes())
    (first_table,) = struct.unpack("<I", content[76:80])
    table = 512 * (first_table + 1)
    assert struct.unpack("<I", content[table : table + 4]) == (1,)
    content[table : table + 4] = struct.pack("<I", 0)
    path.write_bytes(content)
    begun = time.monotonic()
    opened = open_workbook(path, Engine(), None)
    assert opened.tables == [] and "cannot be read as an old workbook" in opened.problems[0]
    assert time.monotonic() - begun < 10


@writes_other_forms
def test_damaged_old_workbooks_are_told_or_read(tmp_path: Path) -> None:
    path = old(tmp_path / "clinic.xls")
    content = path.read_bytes()
    for place in (44, 512, 2068):
        path.write_bytes(content[:place] + b"\xff\xff\xff\x7f" + content[place + 4 :])
        opened = open_workbook(path, Engine(), None)
        assert bool(opened.problems) != bool(opened.tables)


# Any bytes


def damaged(source: Path, target: Path, luck: random.Random) -> None:
    """A workbook with bytes changed, put in or taken out of one of its parts, or of the file."""

    def spoil(content: bytes) -> bytes:
        spoilt = bytearray(content)
        for _ in range(luck.choice([1, 2, 10])):
            place = luck.randrange(len(spoilt) + 1)
            words = [
                b"4294967295",
                b"-1",
                b"<c/>",
                b'"',
                b">",
                b't="e"',
                b"XFD1048576",
                b"<f/>",
                luck.randbytes(1),
            ]
            word = luck.choice(words)
            spoilt[place : place + luck.choice([0, len(word)])] = word
        return bytes(spoilt)

    if luck.random() < 0.2:
        target.write_bytes(spoil(source.read_bytes()))
        return
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        chosen = luck.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, spoil(old.read(name)) if name == chosen else old.read(name))


def hold_against_damage(tmp_path: Path, rounds: int) -> None:
    """Each gives tables or problems: never an exception of another kind, never over ten seconds of work."""
    luck = random.Random(rounds)
    sources = [
        save(tmp_path / "whole.xlsx", ("diary", [HEADER, ["P1", "2024-01-05", "=1+1", 3], [], ["P2"]]))
    ]
    if xlwt is not None:
        sources.append(ods(tmp_path / "whole.ods"))
    engine = Engine()
    for _ in range(rounds):
        source = luck.choice(sources)
        target = tmp_path / f"damaged{source.suffix}"
        damaged(source, target, luck)
        begun = time.process_time()
        opened = open_workbook(target, engine, {"diary"})
        assert opened.tables or opened.problems or opened.findings
        assert time.process_time() - begun < 10
        engine.drop([table.scan for table in opened.tables])


def test_damaged_workbooks_are_told_or_read(tmp_path: Path) -> None:
    hold_against_damage(tmp_path, 60)


@pytest.mark.long
def test_many_damaged_workbooks_are_told_or_read(tmp_path: Path) -> None:
    hold_against_damage(tmp_path, 5_000)
