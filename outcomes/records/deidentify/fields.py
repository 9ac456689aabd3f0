"""Cells that may leave: pseudonyms, numbers, dates, and codes of the data dictionary; nothing else is text.

The rules are the reader's own. A row with a cell that breaks one is not written, as the reader would set it
aside; in `patients` only the cell is emptied, since nobody is dropped for a slip in their form.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from outcomes.errors import InvalidRecords
from outcomes.records.cells import FIRST_DAY, bounds, normal_code
from outcomes.records.deidentify.config import AGE_FORMS, MAY_BE_LEFT_OUT, DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.origins import Origin, Origins
from outcomes.records.matching import SUMMARY_ENDPOINTS
from outcomes.records.pseudonyms import normalised
from outcomes.records.rules import FUTURE
from outcomes.records.schema import MISSING_TOKENS, NO, TABLES, YES, Column

if TYPE_CHECKING:
    import pandas as pd

#: A category of fewer patients joins "other".
RARE_BELOW = 8

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9:.+\-Z ]+)?")
_FREE_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")

Read = Callable[[str], "str | None"]


def columns_of(table: str) -> dict[str, Column]:
    """The columns of a table that may be written. `detail` of an event has no list, and is free text to us."""
    columns = {column.name: column for column in TABLES[table].columns}
    if table == "events":
        del columns["detail"]
    if table == "summaries":
        columns |= {
            name: Column(name, "number", "Endpoint", unit, low, high)
            for name, (unit, low, high) in SUMMARY_ENDPOINTS.items()
        }
    return columns


def cleaned(
    frames: Mapping[str, pd.DataFrame],
    settings: DeidentifySettings,
    ledger: Ledger,
    origins: Origins | None = None,
) -> dict[str, pd.DataFrame]:
    """The tables with every cell in its one form, `patient_id` in the form that is hashed.

    Raises InvalidRecords where most cells of a column of codes are words of the clinic's own: a column is lost
    on purpose or not at all.
    """
    done, questions = {}, []
    for table, raw in frames.items():
        ledger.begin(table, len(raw))
        known = columns_of(table)
        frame, origin = _without_left_out(table, raw, settings, ledger), (origins or Origins()).of(table, raw)
        for name in [name for name in frame.columns if name not in known]:
            if name != "source_row":
                ledger.cell(table, f"{name}: free text, not written", int(frame[name].notna().sum()))
        frame = frame[[name for name in known if name in frame.columns]].astype(object)
        done[table], asked = _cleaned_table(origin, frame, known, settings, ledger)
        questions += asked
    if questions:
        raise InvalidRecords([*questions, "Nothing was written."])
    if "patients" in done:
        done["patients"] = _one_row_each(done["patients"], ledger)
    return done


def _without_left_out(
    table: str, frame: pd.DataFrame, settings: DeidentifySettings, ledger: Ledger
) -> pd.DataFrame:
    """The table without the columns that the configuration leaves out, counted."""
    gone = [name for name in frame.columns if f"{table}.{name}" in settings.leave_out]
    for name in gone:
        ledger.cell(table, f"{name}: left out as configured", int(frame[name].notna().sum()))
    return frame.drop(columns=gone)


def _cleaned_table(
    origin: Origin,
    frame: pd.DataFrame,
    known: Mapping[str, Column],
    settings: DeidentifySettings,
    ledger: Ledger,
) -> tuple[pd.DataFrame, list[str]]:
    """The table cleaned, and what has to be asked about it first."""
    table, questions = origin.table, []
    for name in frame.columns:
        if table == "patients" and name == "age_band" and settings.age != "band":
            frame[name] = each_cell(frame[name], lambda text: text)  # an age or a birth date, read further on
            continue
        before = each_cell(frame[name], lambda text: text)
        after = each_cell(frame[name], _reader(known[name], settings.exported_on))
        broken = before.notna() & after.isna()
        if known[name].kind == "date":
            ledger.cell(table, f"{name}: time of day not kept", int((before.str.len() > 10).sum()))
            ledger.told += _after_export(origin, name, before[broken], settings)
        questions += _own_words(origin, known[name], before, broken)
        frame[name] = after
        if table == "patients" and name != "patient_id":
            ledger.cell(table, f"{name}: does not fit its column, emptied", int(broken.sum()))
            if name == "age_band":
                refuse_if_emptied(int(before.notna().sum()), int(broken.sum()), settings)
        elif broken.any():
            frame = ledger.keep(table, frame, ~broken, f"{name} does not fit its column")
    frame = ledger.keep(table, frame, frame["patient_id"].notna(), "no patient id")
    for name, column in known.items():
        if column.required and name in frame.columns and name not in ("patient_id", "headache"):
            frame = ledger.keep(table, frame, frame[name].notna(), f"{name} is empty")
    return frame, questions


def _after_export(origin: Origin, name: str, broken: pd.Series, settings: DeidentifySettings) -> list[str]:
    """What is told of dates that had not come when the files were exported."""
    later = broken.map(lambda text: iso_date(text, dt.date.max) is not None).astype(bool)
    if not later.any():
        return []
    lost = "The cell was emptied." if origin.table == "patients" else "The row is not written."
    lost = "The declared span is not used." if name in ("recorded_from", "recorded_to") else lost
    day = "of the export (exported_on)" if settings.exported_on else "of today, as exported_on is not given"
    remedy = f"{lost} Correct the date, or exported_on, and repeat with another output."
    return origin.sentences(FUTURE, name, later, f"lies after the day {day}.", remedy)


def _own_words(origin: Origin, column: Column, before: pd.Series, broken: pd.Series) -> list[str]:
    """The question about a column of codes most cells of which hold other words. Few are slips."""
    told, unread = int(before.notna().sum()), int(broken.sum())
    closed = ("yes", "no") if column.kind == "yes_no" else column.codes
    if not closed or column.name == "age_band" or 2 * unread <= told:
        return []
    words = origin.words.get(column.name, 0) or before[broken].str.casefold().nunique()
    header, place = origin.header(column.name), f"{origin.table}.{column.name}"
    problem = (
        f"holds words of your own in {unread} of {told} filled cells (different words: {words}); "
        f"wanted: {', '.join(closed)}."
    )
    drafted = " ('outcomes check RAW --suggest' drafts it)" if header.casefold() != column.name else ""
    remedy = (
        f"In deid.toml, list each under the [tables.columns] of this table:  {column.name} = {{ source = "
        f'{json.dumps(header, ensure_ascii=False)}, codes = {{ "your word" = "{closed[0]}" }} }}{drafted}.'
    )
    if place in MAY_BE_LEFT_OUT:
        remedy += f' Or leave the column out on purpose, under [deidentify]:  leave_out = ["{place}"].'
    return origin.sentences("own_words", column.name, broken, problem, remedy)


def refuse_if_emptied(told: int, unread: int, settings: DeidentifySettings) -> None:
    """A column that is mapped and of which nothing is left was not meant to be lost: the setting is wrong.

    Raises InvalidRecords.
    """
    if not told or unread < told:
        return
    others = " or ".join(
        f'age = "{form}" for {what}' for form, what in AGE_FORMS.items() if form != settings.age
    )
    hint = ' Or name the form of the dates beside the column, such as  dates = "DD/MM/YYYY".'
    raise InvalidRecords(
        [
            f"patients: none of the {told} cells of the column mapped to 'age_band' holds {AGE_FORMS[settings.age]}, "
            f'as age = "{settings.age}" says. Say under [deidentify] what it holds: {others}.'
            f"{hint if settings.age == 'date_of_birth' else ''} Nothing was written."
        ]
    )


def each_cell(cells: pd.Series, read: Read) -> pd.Series:
    """Every cell read, None where nothing stands in it or nothing comes of it. Each text is read once."""
    import pandas as pd

    texts = [
        None if missing else str(value).strip() for value, missing in zip(cells, cells.isna(), strict=True)
    ]
    known = {text: _read_or_missing(text, read) for text in set(texts) if text is not None}
    return pd.Series([None if text is None else known[text] for text in texts], cells.index, dtype=object)


def _read_or_missing(text: str, read: Read) -> str | None:
    return None if text.lower() in MISSING_TOKENS else read(text)


def _reader(column: Column, exported_on: dt.date | None) -> Read:
    if column.kind == "id":
        return patient_id
    if column.kind == "date":
        last_day = exported_on or dt.date.today()
        return lambda text: iso_date(text, last_day)
    if column.kind == "yes_no":
        return lambda text: "yes" if text.lower() in YES else "no" if text.lower() in NO else None
    if column.kind in ("number", "whole", "day"):
        return lambda text: _number(column, text)
    if column.kind == "codes":
        return lambda text: _codes(column, text)
    return lambda text: _code(column, text)


def patient_id(text: str) -> str | None:
    """An id in the form that is hashed; nothing of an error of a spreadsheet."""
    return None if text.startswith("#") else normalised(text) or None


def iso_date(text: str, last_day: dt.date) -> str | None:
    """The date without the time of day; none that had not come when the files were exported."""
    found = _DATE.fullmatch(text)
    try:
        day = dt.date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
    return day.isoformat() if day is not None and FIRST_DAY <= day <= last_day else None


def _number(column: Column, text: str) -> str | None:
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    low, high = bounds(column)
    if not low <= value <= high:
        return None
    if value == int(value):
        return str(int(value))
    return repr(value) if column.kind == "number" else None


def _code(column: Column, text: str) -> str | None:
    if not column.codes:
        return text.lower() if _FREE_CODE.fullmatch(text.lower()) else None
    listed = {normal_code(code): code for code in column.codes}
    return listed.get(normal_code(text))


def _codes(column: Column, text: str) -> str | None:
    found = [_code(column, part.strip()) for part in text.split(";") if part.strip()]
    return ";".join(dict.fromkeys(code for code in found if code)) if found and all(found) else None


def _one_row_each(patients: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """One row per patient: an exact repeat counts once, and who is listed with two truths has neither."""
    patients = ledger.keep("patients", patients, ~patients.duplicated(), "repeats another row")
    twice = patients["patient_id"].duplicated(keep=False)
    return ledger.keep("patients", patients, ~twice, "patient listed twice with different entries")


def only_shared_periods(summaries: pd.DataFrame, least: int, ledger: Ledger) -> pd.DataFrame:
    """Rows whose `period` at least so many patients share: it has no list, and could be a name."""
    patients = summaries.groupby("period")["patient_id"].transform("nunique")
    return ledger.keep("summaries", summaries, patients >= least, "period of too few patients")


def merged_rare(frames: dict[str, pd.DataFrame], ledger: Ledger) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Codes that fewer than eight patients have become "other"; "other" takes the next smallest until it has
    eight. Gives the tables, and the columns with a rare code whose list has no "other"."""
    done, left = {}, []
    for table, frame in frames.items():
        for name, column in columns_of(table).items():
            if name not in frame.columns or column.kind not in ("code", "codes") or not column.codes:
                continue
            if name == "age_band" or (table, name) in _KEPT:
                continue
            rare = _rare(frame, name)
            if rare and "other" in column.codes:
                changed = frame[name].map(lambda text, rare=rare: _with_other(text, rare))
                ledger.cell(
                    table,
                    f"{name}: a rare code became other",
                    int((changed.ne(frame[name]) & frame[name].notna()).sum()),
                )
                frame = frame.assign(**{name: changed})
            elif rare:
                left.append(f"{table}.{name}")
        done[table] = frame
    return done, left


#: What was measured or asked for, and not what somebody is: it stays as it is.
_KEPT = {("sessions", "adverse_event"), ("scores", "instrument"), ("summaries", "mode"), ("events", "kind")}


def _rare(frame: pd.DataFrame, name: str) -> set[str]:
    """The codes that become "other", empty where every code has patients enough."""
    pairs = frame.loc[frame[name].notna(), ["patient_id", name]]
    pairs = pairs.assign(**{name: pairs[name].str.split(";")}).explode(name).drop_duplicates()
    sizes = pairs.groupby(name)["patient_id"].nunique().sort_values(kind="stable")
    rare = {str(code) for code, size in sizes.items() if size < RARE_BELOW}
    for code in sizes.index:
        members = pairs.loc[pairs[name].isin(rare | {"other"}), "patient_id"].nunique()
        if not rare or members >= RARE_BELOW:
            break
        rare.add(str(code))
    return rare if rare - {"other"} else set()


def _with_other(text: str | None, rare: set[str]) -> str | None:
    if text is None or text != text:
        return None
    return ";".join(dict.fromkeys("other" if code in rare else code for code in text.split(";")))
