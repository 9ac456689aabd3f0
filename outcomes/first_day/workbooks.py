"""The two workbooks that a clinic fills in, made from the data dictionary.

Sheets and headers are those of the dictionary, so they are read without a mapping. Nothing in them is hidden,
named or commented, and no row is filled in beforehand: a code alone in a row would count as an entry.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any, Final

from outcomes.errors import OutcomesError
from outcomes.first_day import texts
from outcomes.records.schema import (
    DIARY,
    EVENTS,
    EXPLAINED_SHEET,
    PATIENTS,
    SCORES,
    SESSIONS,
    Column,
    Table,
)
from outcomes.reporting import style

#: The printed diary has a box for each day without headache, so no span has to be declared as recorded. Details of
#: events have no list of codes: what people write there is free text. Items stay on the questionnaire's own sheet.
LEFT_OUT: Final = ("recorded_from", "recorded_to", "detail", *(f"item_{number}" for number in range(1, 26)))


def _asked_for(table: Table) -> list[str]:
    """Calendar dates only: a table with both `date` and `day` is refused, and people think in dates."""
    return [item.name for item in table.columns if item.kind != "day" and item.name not in LEFT_OUT]


CLINIC_SHEETS: Final = {table.name: _asked_for(table) for table in (PATIENTS, SESSIONS, SCORES, EVENTS)}
#: What the printed diary asks for, in its order.
DIARY_SHEETS: Final = {
    "diary": [
        "patient_id",
        "date",
        "headache",
        "intensity",
        "duration_hours",
        "acute_medication",
        "acute_doses",
        "acute_medication_class",
        "acute_medication_helped",
        "soreness",
    ]
}
_TABLES: Final = {table.name: table for table in (PATIENTS, SESSIONS, SCORES, EVENTS, DIARY)}
#: Rows that carry drop-down lists and checks: seven years of 12 diaries at a time, 1,000 patients.
LAST_ROWS: Final = {"patients": 1_001, "sessions": 10_001, "scores": 10_001, "events": 3_001, "diary": 30_001}

#: The same bytes on every day: spreadsheets write when a workbook was made.
_CREATED: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
_MULTI_EXAMPLES: Final = {"acute_medication_class": "paracetamol;triptan"}
_FIRST_COLUMN_ROW: Final = 2 + len(texts.EXPLAINED_INTRO)


@dataclass(frozen=True)
class _Sheets:
    """A workbook being written: its formats and, for each list of codes, where it stands on `explained`."""

    book: Any
    formats: dict[str, Any]
    lists: dict[str, str]


def clinic_workbook() -> bytes:
    """`clinic.xlsx`: sheets for patients, treatment sessions, questionnaires and events, and one that explains
    every column."""
    return _workbook(CLINIC_SHEETS)


def diary_workbook() -> bytes:
    """`diary.xlsx`: the printed diary's twin, one row per patient and day."""
    return _workbook(DIARY_SHEETS)


def _workbook(sheets: dict[str, list[str]]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": _CREATED})
    book.set_calc_mode("auto")
    columns = [(table, _TABLES[table].column(name)) for table, names in sheets.items() for name in names]
    made = _Sheets(book, _formats(book), _list_places(columns))
    for table, names in sheets.items():
        _write_sheet(made, _TABLES[table], [_TABLES[table].column(name) for name in names])
    _write_explained(made, columns)
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    header = {"bold": True, "valign": "vcenter", "bottom": 1, "bottom_color": style.RULE, "indent": 1}
    looks: dict[str, dict[str, Any]] = {
        "needed": {**header, "bg_color": style.RECORDED, "font_color": "#ffffff"},
        "welcome": {**header, "bg_color": style.RECORDED_LIGHT, "font_color": style.INK},
        "text": {"num_format": "@"},
        "date": {"num_format": "yyyy-mm-dd", "align": "left"},
        "whole": {"num_format": "0"},
        "number": {"num_format": "General"},
        "wrong": {"bg_color": "#f6d5d0", "font_color": "#8a1c10"},
        "title": {"bold": True, "font_size": 14, "font_color": style.INK},
        "intro": {"font_color": style.QUIET},
        "cell": {"bottom": 1, "bottom_color": style.RULE, "num_format": "@", "indent": 1},
        "name": {"bold": True, "bottom": 1, "bottom_color": style.RULE, "num_format": "@", "indent": 1},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _write_sheet(made: _Sheets, table: Table, columns: list[Column]) -> None:
    sheet = made.book.add_worksheet(table.name)
    names = [column.name for column in columns]
    for position, column in enumerate(columns):
        look = made.formats[_look_of(column)]
        sheet.set_column(position, position, max(13, len(column.name) + 4), look)
        needed = column.required or column.name == "date"
        sheet.write_string(0, position, column.name, made.formats["needed" if needed else "welcome"])
        _validate(sheet, table, column, position, made)
    sheet.set_row(0, 24)
    sheet.freeze_panes(1, 2 if "date" in names else 1)
    _mark_contradictions(sheet, table, names, made.formats["wrong"])
    sheet.set_selection(1, 0, 1, 0)
    _set_for_print(sheet)


def _look_of(column: Column) -> str:
    if column.kind in ("date", "whole", "number"):
        return column.kind
    # Text, so that a spreadsheet cannot make a date of an age band or a number of a code.
    return "text"


def _validate(sheet: Any, table: Table, column: Column, position: int, made: _Sheets) -> None:
    rule = _rule_of(table, column, position, made)
    prompt = _prompt_of(column)
    if prompt:
        rule |= {"input_title": column.name[:32], "input_message": prompt}
    rule |= {"error_title": texts.ERROR_TITLE, "ignore_blank": True}
    if sheet.data_validation(1, position, LAST_ROWS[table.name] - 1, position, rule):
        raise OutcomesError(f"{table.name}: the check of '{column.name}' does not fit into a workbook.")


def _rule_of(table: Table, column: Column, position: int, made: _Sheets) -> dict[str, Any]:
    """The check of one column as the workbook writes it."""
    cell = f"{column_letter(position)}2"
    if column.kind == "id":
        which = _id_rule(table, column)
        return {"validate": "custom", "value": _id_formula(which, cell), "error_message": texts.ERRORS[which]}
    if column.kind == "date":
        limits = {"minimum": dt.date(2000, 1, 1), "maximum": "=TODAY()"}
        return {"validate": "date", "criteria": "between", "error_message": texts.ERRORS["date"], **limits}
    if column.kind == "yes_no":
        return {"validate": "list", "source": ["yes", "no"], "error_message": texts.ERRORS["yes_no"]}
    if column.kind == "code":
        return {"validate": "list", "source": list(column.codes), "error_message": texts.ERRORS["code"]}
    if column.kind == "codes":
        formula = _codes_formula(cell, made.lists[column.name])
        # A warning: whoever is sure may go on, and the check on reading has the last word.
        return {
            "validate": "custom",
            "value": formula,
            "error_message": texts.ERRORS["codes"],
            "error_type": "warning",
        }
    return {
        "validate": "integer" if column.kind == "whole" else "decimal",
        "criteria": "between",
        "minimum": column.minimum,
        "maximum": column.maximum,
        "error_message": texts.ERRORS["number"].format(rule=column.rule),
    }


def _id_rule(table: Table, column: Column) -> str:
    """The clinic's other sheets take patients who are entered already; the diary lies in a workbook of its own and
    cannot look."""
    if table is PATIENTS:
        return "patient"
    return "known_patient" if table is not DIARY and column.name == "patient_id" else "id"


def _id_formula(which: str, cell: str) -> str:
    """A code and not a name: no space, short, and a digit at the end; in `patients` each once."""
    code = f'ISERROR(FIND(" ",{cell})),LEN({cell})<=18,OR(LEN({cell})=18,ISNUMBER(-RIGHT({cell},1)))'
    if which == "patient":
        return f"=AND({code},COUNTIF($A$2:$A${LAST_ROWS['patients']},{cell})=1)"
    if which == "known_patient":
        return f"=COUNTIF(patients!$A$2:$A${LAST_ROWS['patients']},{cell})>0"
    return f"=AND({code})"


def _codes_formula(cell: str, place: str) -> str:
    """As many listed codes are found between the semicolons as there are parts."""
    plain = f'SUBSTITUTE({cell}," ","")'
    found = f'SUMPRODUCT(--ISNUMBER(SEARCH(";"&{place}&";",";"&{plain}&";")))'
    return f'={found}=LEN({plain})-LEN(SUBSTITUTE({plain},";",""))+1'


def _prompt_of(column: Column) -> str:
    """The note that shows while a cell is being filled in, at most 255 characters."""
    if column.kind == "id":
        return texts.ID_PROMPTS[column.name]
    if column.name == "headache":
        return texts.HEADACHE_PROMPT
    if column.kind == "date":
        return f"{plain(column.meaning)}. {texts.DATE_PROMPT}"
    if column.kind == "codes":
        if column.name == "acute_medication_class":
            letters = "; ".join(f"{texts.MEDICINES[code][0]} = {code}" for code in column.codes)
            return f"Letters on paper: {letters}. Write the words, with semicolons between."
        example = _MULTI_EXAMPLES.get(column.name, ";".join(column.codes[1:3]))
        return f"{plain(column.meaning)}. {texts.MULTI_PROMPT.format(example=example)}"
    unit = "" if column.unit.lower() in column.meaning.lower() else f" ({column.unit})"
    return f"{plain(column.meaning)}{unit}."


def _mark_contradictions(sheet: Any, table: Table, names: list[str], look: Any) -> None:
    """Colour what cannot both be true while it is being typed; the check on reading says the same."""
    at = {name: f"${column_letter(position)}2" for position, name in enumerate(names)}
    if table is DIARY:
        rest = f"{at['intensity']}:{at[names[-1]]}"
        more = f"N({at['intensity']})>0,N({at['duration_hours']})>0"
        formula = f'=OR(AND({at["headache"]}="no",OR({more})),AND({at["headache"]}="",COUNTA({rest})>0))'
        first, last = "headache", names[-1]
    elif table is SESSIONS:
        first, last = "needles_inserted", "needles_removed"
        formula = f'=AND({at[first]}<>"",{at[last]}<>"",{at[first]}<>{at[last]})'
    else:
        return
    area = (1, names.index(first), LAST_ROWS[table.name] - 1, names.index(last))
    sheet.conditional_format(*area, {"type": "formula", "criteria": formula, "format": look})


def _list_places(columns: list[tuple[str, Column]]) -> dict[str, str]:
    """Where each list of codes will stand on `explained`, as an address."""
    row = _first_code_row(columns)
    places = {}
    for _, column in columns:
        if column.codes:
            places[column.name] = f"{EXPLAINED_SHEET}!$C${row + 1}:$C${row + len(column.codes)}"
            row += len(column.codes)
    return places


def _first_code_row(columns: list[tuple[str, Column]]) -> int:
    # Title, lines of introduction and header; the columns; an empty row, the second title and its header.
    return _FIRST_COLUMN_ROW + len(columns) + 3


def _write_explained(made: _Sheets, columns: list[tuple[str, Column]]) -> None:
    sheet = made.book.add_worksheet(EXPLAINED_SHEET)
    looks = made.formats
    # Wide enough for every text on one line: a row's height would have to be guessed.
    for position, width in enumerate((11, 29, 25, 68, 56, 12, 12)):
        sheet.set_column(position, position, width)
    sheet.write_string(0, 0, texts.EXPLAINED_TITLE, looks["title"])
    sheet.set_row(0, 26)
    for row, line in enumerate(texts.EXPLAINED_INTRO, start=1):
        sheet.write_string(row, 0, line, looks["intro"])
    _write_row(sheet, _FIRST_COLUMN_ROW - 1, texts.EXPLAINED_HEADERS, looks["needed"], looks["needed"])
    for row, (table, column) in enumerate(columns, start=_FIRST_COLUMN_ROW):
        _write_row(sheet, row, explained_row(table, column), looks["name"], looks["cell"])
    row = _first_code_row(columns)
    sheet.write_string(row - 2, 0, texts.CODES_TITLE, looks["title"])
    sheet.set_row(row - 2, 26)
    with_letters = any(column.name == "acute_medication_class" for _, column in columns)
    headers = texts.CODES_HEADERS if with_letters else texts.CODES_HEADERS[:-1]
    _write_row(sheet, row - 1, headers, looks["needed"], looks["needed"])
    for table, column in columns:
        for code in column.codes:
            _write_row(
                sheet, row, code_row(table, column, code)[: len(headers)], looks["name"], looks["cell"]
            )
            row += 1
    sheet.hide_gridlines(2)
    sheet.freeze_panes(_FIRST_COLUMN_ROW, 2)
    _set_for_print(sheet)


def _set_for_print(sheet: Any) -> None:
    # No repeated header rows: a spreadsheet keeps them as a defined name, which the privacy gate refuses.
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    sheet.fit_to_pages(1, 0)


def _write_row(sheet: Any, row: int, cells: tuple[str, ...], first: Any, others: Any) -> None:
    for position, cell in enumerate(cells):
        sheet.write_string(row, position, cell, first if position < 2 else others)


def explained_row(table: str, column: Column) -> tuple[str, ...]:
    """What the sheet `explained` says about a column, in the order of its headers."""
    needed = texts.NEEDED if column.required or column.name == "date" else texts.WELCOME
    bounds = "" if column.minimum is None else f"{column.minimum:g} to {column.maximum:g}"
    return (table, column.name, needed, plain(column.meaning), column.rule, column.unit, bounds)


def code_row(table: str, column: Column, code: str) -> tuple[str, ...]:
    """What the sheet `explained` says about a code."""
    if column.name == "acute_medication_class":
        letter, meaning = texts.MEDICINES[code]
        return (table, column.name, code, meaning, letter)
    meaning = texts.CODE_MEANINGS.get((column.name, code), code.replace("_", " "))
    return (table, column.name, code, meaning, "")


def plain(meaning: str) -> str:
    """A meaning of the dictionary without its Markdown."""
    return meaning.replace("`", "")


def column_letter(position: int) -> str:
    """The letter of a column of at most 26, counted from 0."""
    return chr(ord("A") + position)
