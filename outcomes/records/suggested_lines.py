"""The lines of a drafted mapping: for each column that is understood, how it is read and how sure that is.

A line that is not certain is a question: commented out with `# ?` and its reason.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from outcomes.engine import Engine, identifier, literal
from outcomes.records.column_shapes import MOST, NO_WORDS, Shape, fits_codes
from outcomes.records.header_words import Meaning, family, may_be_shown, meaning, says_birth
from outcomes.records.identity.headers import words
from outcomes.records.mapping import UNITS
from outcomes.records.raw import RawTable
from outcomes.records.schema import MISSING_TOKENS, NO, TABLES, YES, Column

QUESTION = "# ? "
#: A column of more different words holds no codes.
_MOST_WORDS = 40
_ENDPOINTS = {
    "frequency": "headache_days_per_28",
    "pain": "intensity_on_headache_days",
    "intensity": "intensity_on_headache_days",
    "duration_hours": "hours_on_headache_days",
    "acute_medication": "acute_medication_days_per_28",
}


@dataclass(frozen=True)
class Seen:
    """One column as found: where it stands, what its header means, and what its cells look like."""

    position: int
    written: str
    shape: Shape
    meaning: Meaning | None
    identifies: bool

    @property
    def shown(self) -> str:
        """What the draft calls it: its place, and its header where that is nobody's name."""
        name = f" ({quoted(self.written.strip())})" if may_be_shown(self.written) else ""
        return f"column {self.position}{name}"


@dataclass
class SeenTable:
    """One table as found, its columns, and what is to be known of it as a whole. `source` is its name in a mapping."""

    raw: RawTable
    source: str
    columns: list[Seen]
    engine: Engine
    encoding: str = ""
    notes: list[str] = field(default_factory=list)

    def meaning_one_of(self, *what: str) -> list[Seen]:
        return [one for one in self.columns if one.meaning is not None and one.meaning.what in what]


@dataclass(frozen=True)
class Line:
    """One line of the draft, the columns that it speaks of, and whether it belongs above the columns."""

    text: str
    positions: tuple[int, ...] = ()
    of_table: bool = False


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False)


def lines_of(table: SeenTable, name: str, time: str = "") -> list[Line]:
    """The lines for one table of the dictionary; `time`: only the columns of that time point."""
    chosen: dict[str, list[Seen]] = {}
    for one in table.columns:
        target = _target(table, name, one, time)
        if target:
            chosen.setdefault(target, []).append(one)
    lines = []
    for target, candidates in chosen.items():
        first, *others = sorted(
            candidates, key=lambda one: (not (one.meaning and one.meaning.sure), one.position)
        )
        lines += _lines(table, _column(name, target), first)
        lines += [
            _question(f"{target} = {quoted(one.written.strip())}", "another column says the same", one)
            for one in others
        ]
    if "patient_id" not in chosen:
        lines = _patient_id(table) + lines
    if name == "patients" and "age_band" not in chosen:
        lines += _births(table)
    if name == "diary":
        lines += _times(table, set(chosen))
        lines += _headache(table, set(chosen))
    return lines + _decimal(table)


def numbered_lines(table: SeenTable, columns: Sequence[Seen]) -> list[Line]:
    """The lines for one time point of a wide table whose headers end in numbers."""
    lines = [
        line
        for one in table.meaning_one_of("patient_id")[:1]
        for line in _lines(table, _column("summaries", "patient_id"), one)
    ]
    unnamed = []
    for one in columns:
        apart = family(one.written)
        said = meaning(apart[0]) if apart else None
        target = _ENDPOINTS.get(said.what, "") if said else ""
        if target:
            lines.append(
                Line(
                    f"{target} = {quoted(one.written.strip())}  # likely: how the name begins",
                    (one.position,),
                )
            )
        else:
            unnamed.append(one)
    if unnamed:
        listed = textwrap.wrap(", ".join(quoted(one.written.strip()) for one in unnamed), 100)
        told = "# Others of this time point, each as  NAME = …  with [endpoints.NAME] in the plan:"
        text = "\n".join([told, *(f"#   {line}" for line in listed)])
        lines.append(Line(text, tuple(one.position for one in unnamed)))
    return lines


def _column(table: str, name: str) -> Column:
    if name in _ENDPOINTS.values():
        return Column(name, "number", "Endpoint")
    return TABLES[table].column(name)


def _target(table: SeenTable, name: str, one: Seen, time: str) -> str:
    """The column of the dictionary that a column as found could become."""
    if one.meaning is None or one.identifies:
        return ""
    what, shape = one.meaning.what, one.shape
    names = TABLES[name].names
    if name == "summaries":
        if what not in ("patient_id", "period", "mode") and one.meaning.time != time:
            return ""
        return _ENDPOINTS.get(what, what if what in names else "")
    if what in ("date", "day", "start") and {"date", "day"} <= names:
        days = table.meaning_one_of("date", "day")
        if what == "start" and (days or not (shape.is_date or shape.disordered)):
            return ""
        return "day" if what == "day" and shape.is_number and not shape.serials else "date"
    if name == "diary" and what == "severity" and not shape.is_number:
        return "severity"
    if name == "diary" and what in ("headache", "pain", "intensity", "severity"):
        if shape.is_yes_no and what in ("headache", "pain") and not shape.reaches(shape.above_10):
            return "headache"
        return "intensity" if shape.is_number else ("headache" if what == "headache" else "intensity")
    return what if what in names else ""


# Lines by the kind of the column


def _lines(table: SeenTable, column: Column, one: Seen) -> list[Line]:
    if column.kind == "date":
        return _date_lines(column, one)
    if column.kind == "yes_no":
        return [_yes_no_line(column, one)]
    if column.kind in ("number", "whole", "day"):
        return [_number_line(column, one)]
    if column.codes:
        if fits_codes(table.engine, table.raw, one.position - 1, column):
            return [_line(column, one, "all its words are those of the data dictionary")]
        return _code_lines(table, column, one)
    return [_line(column, one, "its name")]


def _code_lines(table: SeenTable, column: Column, one: Seen) -> list[Line]:
    """Codes for a column whose words are not ours: the readings of usual words for sex, else a question."""
    there = _words_in(table, one) if column.name == "sex" else set()
    readings = sex_readings(there, one.written)
    read = [f"{column.name} = {_read(one, codes=_codes(codes))}" for codes in readings]
    if len(read) == 1:
        return [Line(f"{read[0]}  # likely: usual words for sex: check what each means", (one.position,))]
    if read:
        why = "the letters mean one thing in one language and another in the next: take one of the two"
        return [_question(text, why, one) for text in read]
    codes = f'{{ "their word" = "{column.codes[0]}" }}'
    text = f"{column.name} = {_read(one, codes=codes)}"
    return [_question(text, f"its words are its own: list each, for one of {', '.join(column.codes)}", one)]


#: Words for sex in English, German, French, Spanish, Italian and Dutch that mean the same in all of them.
_SEX = {
    "female": "f female w weiblich weibl frau woman femme féminin feminin fem femenino femenina mujer femmina "
    "femminile donna vrouw vrouwelijk",
    "male": "male man mann männlich männl maennlich homme h hombre masculin masculino maschio maschile uomo masc "
    "mannelijk",
    "other": "other d divers diverse x autre otro otra altro anders",
}
_SEX_OF = {word: sex for sex, listed in _SEX.items() for word in listed.split()}
#: m beside h is mujer beside hombre; v is vrouw in Dutch and varón, beside m for mujer, in Spanish.
_SPANISH, _DUTCH = {"m": "female", "v": "male"}, {"m": "male", "v": "female"}


def sex_readings(there: set[str], header: str) -> list[dict[str, str]]:
    """The ways in which all those words can be read as a sex: none, one, or two where a letter is ambiguous."""
    letters = there & set(_DUTCH)
    if not there or not there - letters <= set(_SEX_OF):
        return []
    sure = {word: _SEX_OF[word] for word in sorted(there - letters)}
    taken = set(sure.values())
    ways = [way for way in (_DUTCH, _SPANISH) if not taken & {way[letter] for letter in letters}]
    language = {"geslacht": _DUTCH, "sexo": _SPANISH}.get("".join(words(header)))
    if letters == {"m", "v"} and language in ways:
        ways = [language]
    if letters == {"m"} and "female" not in taken and "male" not in taken and language is not _SPANISH:
        ways = [_DUTCH]
    return [
        {**sure, **{letter: way[letter] for letter in sorted(letters)}} for way in ways[: 1 + bool(letters)]
    ]


def _words_in(table: SeenTable, one: Seen) -> set[str]:
    """The different words of a column, where they are few: more are no codes."""
    text = f"lower(trim(CAST({identifier(table.raw.columns[one.position - 1].name)} AS VARCHAR)))"
    missing = ", ".join(literal(token) for token in MISSING_TOKENS)
    asked = (
        f"SELECT DISTINCT {text} FROM {table.raw.scan} WHERE {text} NOT IN ({missing}) LIMIT {_MOST_WORDS}"
    )
    return {str(row[0]) for row in table.engine.rows(asked)}


def _codes(codes: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{quoted(word)} = {quoted(code)}' for word, code in codes.items())} }}"


def _line(column: Column, one: Seen, why: str, **settings: str) -> Line:
    sure = "sure" if one.meaning is not None and one.meaning.sure else "likely"
    return Line(f"{column.name} = {_read(one, **settings)}  # {sure}: {why}", (one.position,))


def _question(text: str, why: str, *about: Seen) -> Line:
    return Line(f"{QUESTION}{text}  # {why}", tuple(one.position for one in about))


def _read(one: Seen, **settings: str) -> str:
    """How a column is read, as TOML: its header, or a table of the header and the settings."""
    header = quoted(one.written.strip())
    if not settings:
        return header
    return f"{{ source = {header}, {', '.join(f'{key} = {value}' for key, value in settings.items())} }}"


def _date_lines(column: Column, one: Seen) -> list[Line]:
    shape = one.shape
    if shape.proven and shape.dates == ("YYYY-MM-DD",):
        return [_line(column, one, "dates written YYYY-MM-DD")]
    if shape.proven:
        return [
            _line(
                column, one, "numbers above 12 prove the order of day and month", dates=quoted(shape.dates[0])
            )
        ]
    if shape.disordered:
        why = "holds dates that no one order of day and month reads: correct them, then say dates = …"
        return [_question(f"{column.name} = {_read(one)}", why, one)]
    if not shape.dates:
        return [
            _question(
                f"{column.name} = {_read(one)}",
                "its cells are not dates in one known form; two may be mixed",
                one,
            )
        ]
    why = "no row proves the order of day and month: take one of the two"
    if shape.dates[0].startswith("excel"):
        why = (
            "numbers that a spreadsheet keeps for dates: nearly always 1900; format them as dates if you can"
        )
    return [_question(f"{column.name} = {_read(one, dates=quoted(form))}", why, one) for form in shape.dates]


def _yes_no_line(column: Column, one: Seen) -> Line:
    shape = one.shape
    if not shape.is_yes_no:
        codes = '{ "their word" = "yes", "their other word" = "no" }'
        text = f"{column.name} = {_read(one, codes=codes)}"
        return _question(text, "its cells are not words for yes and no that are known: list them", one)
    no = {*NO, *NO_WORDS}
    own = {word: "no" if word in no else "yes" for word in shape.words}
    settings = {"codes": _codes(own)} if not set(own) <= {*YES, *NO} else {}
    if "no" not in own.values():
        why = "no 'no' stands in it, and a blank cell is never read as one"
        return _question(f"{column.name} = {_read(one, **settings)}", why, one)
    return _line(column, one, "words for yes and no", **settings)


def _number_line(column: Column, one: Seen) -> Line:
    shape, said = one.shape, one.meaning
    unit = said.unit if said is not None else ""
    top = said.top if said is not None else 0
    plain = f"{column.name} = {_read(one)}"
    if not shape.is_number or shape.negative > (1 if column.minimum == 0 else shape.filled):
        return _question(plain, f"many of its cells are not {column.rule}", one)
    if column.kind != "number" and shape.whole < MOST * shape.numbers:
        return _question(plain, f"many of its cells are not {column.rule}", one)
    if (column.minimum, column.maximum) == (0, 10) or column.name == "intensity_on_headache_days":
        return _scale_line(column, one, top)
    units = UNITS.get(column.name, {})
    if unit and unit in units and units[unit] != 1:
        return _line(column, one, f"the header says {unit}", unit=quoted(unit))
    if column.name == "duration_hours" and shape.reaches(shape.above_24):
        text = f"{column.name} = {_read(one, unit=quoted('minutes'))}"
        return _question(text, "values go beyond 24, so that they are no hours of a day: minutes?", one)
    if column.name in ("headache_days_per_28", "acute_medication_days_per_28"):
        if shape.reaches(shape.above_28):
            return _question(plain, "values go beyond 28: these are not days per 28", one)
        return Line(f"{plain}  # likely: check that it counts days of 28, not of a month", (one.position,))
    if units and unit not in units:
        return Line(f"{plain}  # likely: no unit is named, so {next(iter(units))} are taken", (one.position,))
    return _line(column, one, "numbers")


def _scale_line(column: Column, one: Seen, top: int) -> Line:
    shape = one.shape
    if not shape.reaches(shape.above_10):
        if top == 100:
            text = f"{column.name} = {_read(one, scale='[0, 100]')}"
            return _question(text, "the header says 0 to 100 and hardly a value goes beyond 10", one)
        return _line(column, one, "a scale of 0 to 10: no more than slips above 10")
    if shape.reaches(shape.above_100):
        return _question(
            f"{column.name} = {_read(one)}", "values go beyond 100: say  scale = [lowest, highest]", one
        )
    text = f"{column.name} = {_read(one, scale='[0, 100]')}"
    if top == 100:
        return Line(f"{text}  # sure: the header says 0 to 100, and values go beyond 10", (one.position,))
    return _question(text, "values go beyond 10 and not beyond 100: is the scale 0 to 100?", one)


# Lines about who somebody is: only 'outcomes deidentify' can follow them


_NUMBERS_OF_PEOPLE = frozenset(
    ("mrn", "nhs", "nhsno", "nhsnumber", "hospitalno", "hospitalnumber", "chi", "kvnr")
)


def _patient_id(table: SeenTable) -> list[Line]:
    """What to do where no column is understood as the number of the patient: without one nothing can be read."""
    told = [
        "# patient_id is needed: the column with your own number of the patient, the same one in every table. With",
        "# names and no number: number the patients in a new column, one number for each person in all files.",
        '# patient_id = "the name of your column"',
    ]
    found = [
        one
        for one in table.columns
        if one.identifies and _NUMBERS_OF_PEOPLE & {*words(one.written), "".join(words(one.written))}
    ]
    why = "if it is the number of the patient: for 'outcomes deidentify' alone, which replaces it"
    return [
        Line("\n".join(told)),
        *(
            _question(f"patient_id = {quoted(one.written.strip())}", why)
            for one in found
            if may_be_shown(one.written)
        ),
    ]


def _births(table: SeenTable) -> list[Line]:
    """Dates of birth as a question: 'outcomes deidentify' turns them into bands and writes no date."""
    why = "dates of birth become age bands in 'outcomes deidentify', with  age = \"date_of_birth\"; nothing else"
    return [
        _question(f"age_band = {_read(one, dates=quoted(form))}", why)
        for one in table.columns
        if says_birth(one.written) and may_be_shown(one.written)
        for form in (one.shape.dates or ("DD/MM/YYYY",))
    ]


# Lines that need several columns


def _times(table: SeenTable, chosen: set[str]) -> list[Line]:
    """A duration from when the headache began and ended."""
    starts, ends = table.meaning_one_of("start"), table.meaning_one_of("end")
    if "duration_hours" in chosen or not starts or not ends:
        return []
    start, end = starts[0], ends[0]
    both = f"start = {quoted(start.written.strip())}, end = {quoted(end.written.strip())}"
    about = (start.position, end.position)

    def all_are(what: str) -> bool:
        return all(getattr(one.shape, what) >= MOST * one.shape.filled > 0 for one in (start, end))

    if all_are("stamps"):
        return [Line(f"duration_hours = {{ {both} }}  # sure: from the one time to the other", about)]
    if all_are("clocks"):
        why = "likely: times of day; an end before the start lies on the next day"
        return [Line(f"duration_hours = {{ {both}, crosses_midnight = true }}  # {why}", about)]
    why = "times are read as HH:MM, or as YYYY-MM-DD HH:MM: write them so"
    return [_question(f"duration_hours = {{ {both} }}", why, start, end)]


def _headache(table: SeenTable, chosen: set[str]) -> list[Line]:
    """What says whether there was headache, where no column says it in words."""
    if "headache" in chosen:
        return []
    spans = table.meaning_one_of("start") and table.meaning_one_of("end", "duration_hours")
    if spans or table.meaning_one_of("attack"):
        table.notes += [
            "A list of attacks is not a diary: a day without a row is not a day without headache. If the patients",
            "wrote down every attack of a span, declare it: recorded_from and recorded_to in patients. Several attacks",
            'of one day contradict each other: see duplicate_day = "max" or "sum" in outcomes.toml.',
        ]
        why = "likely: every row is an attack"
        return [Line(f'constants = {{ headache = "yes" }}  # {why}', of_table=True)]
    scores = [one for one in table.meaning_one_of("intensity", "pain", "headache") if one.shape.is_number]
    if scores:
        one = scores[0]
        codes = ", ".join(f'"{value}" = "{"yes" if value else "no"}"' for value in range(11))
        why = "if 0 means a day without headache, and every day has a number"
        return [_question(f"headache = {_read(one, codes=f'{{ {codes} }}')}", why, one)]
    return [Line("# headache (yes or no) is needed, and no column was found that says it.")]


def _decimal(table: SeenTable) -> list[Line]:
    numbers = [one.shape for one in table.columns if one.shape.is_number and one.meaning is not None]
    commas, points = (sum(getattr(shape, what) for shape in numbers) for what in ("commas", "points"))
    if not commas:
        return []
    if points:
        why = "commas and points both stand in numbers: write them in one way, or take one of the two"
        return [Line(f'{QUESTION}decimal = "{sign}"  # {why}', of_table=True) for sign in (",", ".")]
    return [Line('decimal = ","  # sure: numbers have commas, and none has a point', of_table=True)]
