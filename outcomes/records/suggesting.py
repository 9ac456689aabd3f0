"""`outcomes check --suggest`: the text of a first mapping, for a person to go through and confirm.

Nothing here is ever applied by itself. Headers are shown only where all their words are words of headers, and
cells never; what is not certain is commented out with its reason.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from outcomes.engine import Engine
from outcomes.errors import FileProblem, InvalidRecords
from outcomes.files import write_private
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.check_result import in_runs
from outcomes.records.column_shapes import one_row_each, shapes_of
from outcomes.records.converting import header_key
from outcomes.records.every_table import OLD_ENCODING, every_table
from outcomes.records.header_words import family, may_be_shown, meaning, says_birth
from outcomes.records.identity.headers import says
from outcomes.records.mapping import MAPPING_FILE, MAPPING_VERSION
from outcomes.records.matching import SUMMARY_ENDPOINTS
from outcomes.records.raw import RawTable
from outcomes.records.schema import TABLES
from outcomes.records.sources import locate
from outcomes.records.suggested_lines import (
    QUESTION,
    Line,
    Seen,
    SeenTable,
    lines_of,
    numbered_lines,
    quoted,
)

SUGGESTED_FILE = "mapping.suggested.toml"
_HEAD = f"""\
# A first mapping, drafted from the names of your columns and the form of their cells. NOTHING IN IT IS APPLIED.
# Go through every line. "sure", "likely" say how certain it is; a line that begins with "# ?" is a question: take
# the "# ? " away to use it, or delete it. Then save the file as {MAPPING_FILE} beside your records and run
#   outcomes check
# No cell is shown here, and no header that could be somebody's name.

mapping_version = {MAPPING_VERSION}  # sure
"""

_DEIDENTIFY = """
# Columns that say who somebody is were found. They are not mapped and cannot be read; take them out with
#   outcomes deidentify SOURCE --output DIR --config deid.toml --key-file KEY --domain NAME
# To make deid.toml, save this file under that name once you have gone through it, and add at its end
#   [deidentify]
#   dates = "relative"     # days from the first session; no calendar date leaves
#   age = {age}
# and map the column of ages or dates of birth, if you have one, to age_band of patients.
# 'outcomes key new KEY' makes the key, outside every folder of records. 'outcomes start DIR' makes one as well.
"""
_OF_BIRTH = '"date_of_birth"  # or "years", "band": what the column mapped to age_band holds'
_OF_YEARS = '"years"          # or "band", "date_of_birth": what the column mapped to age_band holds'


def suggest_mapping(source: str | Path, plan: AnalysisPlan | None = None) -> str:
    """The text of a first mapping for a source: every file, sheet and table of it, whatever their names.

    It loads as a mapping as it is. Raises FileProblem, and InvalidRecords where nothing can be read at all.
    """
    location = locate(source)
    plan = plan if plan is not None else read_plan(None, location.beside)
    engine = Engine(readable=location.readable)
    problems: list[str] = []
    tables = []
    for raw, encoding in every_table(location, engine, problems):
        try:
            tables.append(_seen(engine, raw, encoding))
        except InvalidRecords as error:
            problems += error.problems
    named = Counter(table.raw.name.casefold() for table in tables)
    parts, told = [], []
    for table in tables:
        if named[table.raw.name.casefold()] > 1:
            table.source = table.raw.label
        if _needs_nothing(table, plan) and table.source == table.raw.name:
            told.append(
                f"# {_one_line(table.raw.label)}: has the names of the data dictionary; nothing to map.\n"
            )
        else:
            parts.append(_part(table))
    identifying = any(says(one.written) in ("identity", "text") for table in tables for one in table.columns)
    if problems and not parts and not told:
        raise InvalidRecords(problems)
    told += [f"# Not looked at: {_one_line(problem)}\n" for problem in problems]
    if not parts and not told:
        told.append("# The source holds no table.\n")
    birth = any(says_birth(one.written) for table in tables for one in table.columns)
    way = _DEIDENTIFY.format(age=_OF_BIRTH if birth else _OF_YEARS)
    return "\n".join([_HEAD, *told, *parts]) + (way if identifying else "")


def write_suggestion(
    source: str | Path, plan: AnalysisPlan | None = None, output: str | Path | None = None
) -> Path:
    """Write the draft, by itself under a name that no reader looks for, beside the records. Never over a file.

    Raises FileProblem where the file is there already.
    """
    beside = locate(source).beside
    path = Path(output) if output is not None else (beside or Path()) / SUGGESTED_FILE
    if path.is_symlink() or path.exists():
        raise FileProblem(
            f"{path.name}: is there already and may have been worked on. Name another with --output."
        )
    write_private(path, suggest_mapping(source, plan))
    return path


# What the tables look like


def _seen(engine: Engine, raw: RawTable, encoding: str) -> SeenTable:
    columns = []
    for position, (column, shape) in enumerate(
        zip(raw.columns, shapes_of(engine, raw), strict=True), start=1
    ):
        if not column.written.strip() and not shape.filled:
            continue
        identifies = says(column.written) in ("identity", "text", "age")
        said = meaning(column.written) if may_be_shown(column.written) else None
        columns.append(Seen(position, column.written, shape, said, identifies))
    return SeenTable(raw, raw.name, columns, engine, encoding)


def _needs_nothing(table: SeenTable, plan: AnalysisPlan) -> bool:
    """Whether the reader takes the table as it is: its own name and its columns' are the dictionary's."""
    known = TABLES.get(table.raw.name.strip().lower())
    if known is None or table.encoding:
        return False
    names = set(known.names)
    if known.name == "summaries":
        names |= {*SUMMARY_ENDPOINTS, *(item.name for item in plan.endpoints)}
    if known.name == "patients":
        names |= {item.name for item in plan.patients}
    return all(header_key(one.written) in names for one in table.columns)


_SESSION_WORDS = (
    "session", "treatment", "visit", "appointment", "behandlung", "sitzung", "termin", "seance", "séance", "sesion",
    "sesión", "sedut", "tratamiento", "trattament", "afspra", "behandeling",
)  # fmt: skip
_OF_SESSIONS = (
    "practitioner_id", "technique", "muscles", "needles_inserted", "needles_removed", "depth_mm", "dwell_minutes",
    "pain_before", "pain_after", "adverse_event", "electrical", "local_twitch_response", "co_interventions",
    "aftercare", "soreness",
)  # fmt: skip
_OF_DAYS = ("headache", "pain", "intensity", "severity", "duration_hours", "acute_medication", "start")
_DIARY_WORDS = (
    "diary", "diaries", "tagebuch", "journal", "agenda", "diario", "dagboek", "attack", "headache", "kopfschmerz",
    "daily", "days",
)  # fmt: skip
_PATIENT_WORDS = (
    "patient", "client", "kunde", "klient", "pazient", "pacient", "patiënt", "cliënt", "stammdaten", "people",
)  # fmt: skip
_OF_PATIENTS = ("sex", "group", "headache_type", "age_band", "allocation", "contact_date", "planned_sessions")


def _becomes(table: SeenTable) -> tuple[str, str]:
    """(table of the dictionary, how sure and why)."""
    own = table.raw.name.strip().lower()
    if own in TABLES:
        return own, "sure: its name"
    patients = table.meaning_one_of("patient_id")
    each_once = bool(patients) and one_row_each(table.engine, table.raw, patients[0].position - 1)
    if table.meaning_one_of("instrument", "score"):
        return "scores", "likely: it has questionnaires and scores"
    if table.meaning_one_of("period") and table.meaning_one_of("frequency"):
        return "summaries", "likely: it has headache days per time point"
    if table.meaning_one_of(*_OF_SESSIONS) or any(word in own for word in _SESSION_WORDS):
        return "sessions", "likely: it speaks of treatments"
    if _lists_people(table, own, repeats=bool(patients) and not each_once):
        return "patients", "likely: it speaks of people, not of days"
    if each_once and (_families(table) or any(one.meaning.time for one in table.columns if one.meaning)):
        return "summaries", "likely: one row per patient, and columns for several time points"
    if table.meaning_one_of(*_OF_DAYS) and not each_once:
        return "diary", "likely: it speaks of headache, and patients stand in several rows"
    if table.meaning_one_of(*_OF_PATIENTS) and each_once:
        return "patients", "likely: one row per patient"
    if table.meaning_one_of("date", "day") and patients and not each_once:
        return "sessions", "likely: it has little more than patients and dates"
    return "diary", UNSURE + ", ".join(list(TABLES)[1:])


UNSURE = "unsure: nothing tells what its rows are; the others are "


def _lists_people(table: SeenTable, own: str, *, repeats: bool) -> bool:
    """Whether the name of a table or its columns say that a row is a person: sex, date of birth, diagnosis."""
    if repeats or any(word in own for word in _DIARY_WORDS) or _families(table):
        return False
    if any(one.meaning.time for one in table.columns if one.meaning):
        return False
    said = {one.meaning.what for one in table.columns if one.meaning}
    born = any(says_birth(one.written) for one in table.columns)
    named = any(word in own for word in _PATIENT_WORDS)
    if said & set(_OF_DAYS) - {"acute_medication"}:
        return False
    return named or (not said & {"date", "day", "start"} and (born or bool(said & set(_OF_PATIENTS))))


def _families(table: SeenTable) -> dict[str, list[Seen]]:
    """Number at the end → columns, where two or more measures are there for each of several numbers."""
    stems: dict[str, dict[str, Seen]] = {}
    for one in table.columns:
        if (apart := family(one.written)) is not None and not one.identifies:
            stems.setdefault(apart[0], {})[apart[1]] = one
    wide = {stem: numbered for stem, numbered in stems.items() if len(numbered) > 1}
    # In a row that is no header, two cells may end in numbers; not in the same ones, again and again.
    recurring = [
        numbered
        for numbered in wide.values()
        if sum(set(numbered) == set(other) for other in wide.values()) > 1
    ]
    found: dict[str, list[Seen]] = {}
    if len([one for one in table.columns if one.meaning is not None]) >= 2:
        for numbered in recurring:
            for number, one in numbered.items():
                found.setdefault(number, []).append(one)
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


# The text


def _part(table: SeenTable) -> str:
    """The draft for one table: one [[tables]], or one for each time point."""
    name, why = _becomes(table)
    if name == "summaries" and not table.meaning_one_of("period"):
        times = {one.meaning.time for one in table.columns if one.meaning is not None and one.meaning.time}
        if times:
            return _by_time_words(table, why, sorted(times))
        if families := _families(table):
            return _by_numbers(table, why, families)
    lines = lines_of(table, name)
    block = _block(table, name, why, lines, _left(table, lines))
    return _head(table) + (_asked(block) if why.startswith(UNSURE) else block)


def _head(table: SeenTable) -> str:
    label = _one_line(table.raw.label)
    return f"# {label} {'-' * max(3, 100 - len(label))}\n" + "".join(f"# {note}\n" for note in table.notes)


def _block(
    table: SeenTable, name: str, why: str, lines: Sequence[Line], left: Sequence[str], constants: str = ""
) -> str:
    """One [[tables]] with its settings, what is left out, and its columns."""
    encoding = (
        [f'encoding = "{OLD_ENCODING}"  # likely: the file is not UTF-8 text'] if table.encoding else []
    )
    written = [
        "[[tables]]",
        f"source = {quoted(table.source)}  # sure: what the file, sheet or table is called",
        f"table = {quoted(name)}  # {why}",
        *encoding,
        *([constants] if constants else []),
        *(line.text for line in lines if line.of_table),
        "ignore = []  # names of columns that are left out on purpose",
        *left,
        "",
        "[tables.columns]",
        *(line.text for line in lines if not line.of_table),
    ]
    return "\n".join(written) + "\n"


def _left(table: SeenTable, lines: Sequence[Line]) -> list[str]:
    """What is not mapped and why, as comments; columns of which nothing can be shown come together."""
    used = {position for line in lines for position in line.positions}
    told, unknown = [], []
    for one in table.columns:
        if one.identifies:
            what = {
                "text": "holds free text, which never enters",
                "age": "holds ages; in bands of ten years they become age_band",
            }.get(says(one.written), "says who somebody is")
            told.append(f"# {one.shown} {what}: not mapped. Use  outcomes deidentify, or remove it.")
        elif one.position in used:
            continue
        elif one.meaning or may_be_shown(one.written):
            told.append(f"# {one.shown} is not used: map it below, or put its name into ignore.")
        else:
            unknown.append(one.position)
    if len(unknown) == 1:
        told.append(f"# column {unknown[0]} is not recognised: map it below, or put its name into ignore.")
    elif unknown:
        listed = ", ".join(in_runs(unknown))
        text = f"columns {listed} are not recognised: map them below, or put their names into ignore."
        told += [f"# {line}" for line in textwrap.wrap(text, 110)]
    return told


def _by_time_words(table: SeenTable, why: str, times: Sequence[str]) -> str:
    """A wide table whose headers say before and after: one part for each."""
    done = [lines_of(table, "summaries", time) for time in times]
    left = _left(table, [line for lines in done for line in lines])
    blocks = [
        _block(
            table, "summaries", why, lines, [] if index else left,
            f"constants = {{ period = {quoted(time)} }}  # likely: a word in the headers",
        )
        for index, (time, lines) in enumerate(zip(times, done, strict=True))
    ]  # fmt: skip
    told = "# Each time point stands in columns of its own, so each is one [[tables]] part with its period.\n"
    return _head(table) + told + "\n".join(blocks)


def _by_numbers(table: SeenTable, why: str, families: dict[str, list[Seen]]) -> str:
    """A wide table whose headers end in numbers: a part for each number, all of it a question."""
    numbers = list(families)
    many = sum(map(len, families.values()))
    told = f"""\
# {many} columns end in the numbers {", ".join(numbers)}, as measures of several time points do.
# Each time point needs one [[tables]] part of its own with  constants = {{ period = … }}, and only you know which
# number is which. The plan compares "baseline" with "followup". Take the "# ? " away from the parts that you want.
# Columns that you do not want go under ignore;  ignore = ["*"]  in one part means all the rest of the table.
# Where 0 stands for a missing diary, say so:  missing_when = [{{ column = …, value = "0", blank = … }}]
"""
    done = [numbered_lines(table, families[number]) for number in numbers]
    periods = ["baseline", *(f"time_{number}" for number in numbers[1:-1]), "followup"]
    blocks = [
        _asked(
            _block(
                table, "summaries", why, lines, [],
                f"constants = {{ period = {quoted(period)} }}  # time point {number}: is it so called?",
            )
        )
        for number, period, lines in zip(numbers, periods, done, strict=True)
    ]  # fmt: skip
    about_patients = lines_of(table, "patients") if table.meaning_one_of(*_OF_PATIENTS) else []
    if about_patients:
        why = "likely: the same rows hold what is said once of each patient"
        blocks.append(_asked(_block(table, "patients", why, about_patients, [])))
    left = _left(table, [line for lines in [*done, about_patients] for line in lines])
    return _head(table) + told + "".join(f"{line}\n" for line in left) + "\n" + "\n".join(blocks)


def _asked(block: str) -> str:
    """The block as a question: all of it commented out, and what is a question in it still one afterwards."""
    lines = block.splitlines()
    plain = [not line or (line.startswith("#") and not line.startswith(QUESTION)) for line in lines]
    asked = [line if keep else QUESTION + line for line, keep in zip(lines, plain, strict=True)]
    return "\n".join(asked) + "\n"


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
