"""`outcomes letter` and `outcomes summary`: the shipped templates beside the monthly report, run and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.analysis.periods import Cohort
from outcomes.errors import PlanError
from outcomes.files import (
    built_folder,
    private_folder,
    room_for,
    run_lock,
    safe_output,
    unchanged,
    within,
    write_private,
)
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.sources import Location, locate
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.exports import NAMES, other_forms
from outcomes.reporting.language import say, speaking, translated
from outcomes.reporting.notebooks import run_template
from outcomes.reporting.typesetting import PageMarks, build_html, build_pdf
from outcomes.reporting.wording import LIMITATION

if TYPE_CHECKING:
    from nbformat import NotebookNode

LETTER_FORMATS = ("html", "pdf")
_SUMMARY_NAMES = ("research-summary.html", "research-summary.pdf", *NAMES)
#: Bytes; the typeface makes most of them.
_LARGEST_LETTER, _LARGEST_SUMMARY = 1_000_000, 3_000_000
#: No day of the records: the same letter gives the same bytes.
_NO_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def write_letter(
    source: str,
    pseudonym: str,
    *,
    output: str,
    format_name: str | None = None,
    plan_file: str | None = None,
    mapping_file: str | None = None,
    allowances_file: str | None = None,
    accept_set_aside: int | None = None,
) -> Path:
    """Write the letter to one patient and give its file; `format_name` None takes the file's ending.

    Raises PlanError for an unknown form or patient, and the errors of reading and writing.
    """
    form = format_name or Path(output).suffix.lower().removeprefix(".")
    if form not in LETTER_FORMATS:
        raise PlanError("A letter is written as .html or .pdf: name the file so, or give --format.")
    location = locate(source)
    place = safe_output(output, *_read_from(location))
    plan = read_plan(plan_file, location.beside)
    room_for(place.parent, _LARGEST_LETTER)
    parameters = {
        **_parameters(source, location, plan, mapping_file, allowances_file, accept_set_aside),
        "pseudonym": pseudonym,
    }
    with unchanged(location.files):
        run = run_template("patient_letter", [parameters])[0]
    with speaking(plan.language):
        marks = PageMarks(say("letter.mark"), say("letter.footer"), plan.language)
        content = _form(run, form, say("letter.title"), marks, _NO_DAY)
    private_folder(place.parent)
    write_private(place, content)
    return place


def write_summary(
    source: str,
    *,
    output: str,
    month: str | None = None,
    profile: str = "share",
    formats: Sequence[str] = LETTER_FORMATS,
    plan_file: str | None = None,
    mapping_file: str | None = None,
    allowances_file: str | None = None,
    accept_set_aside: int | None = None,
) -> list[Path]:
    """Write the research summary into the folder `output`, whole or not at all, and give its files."""
    location = locate(source)
    place = safe_output(output, *_read_from(location))
    plan = read_plan(plan_file, location.beside)
    day = _NO_DAY if month is None else _end_of(month)
    parameters = {
        **_parameters(source, location, plan, mapping_file, allowances_file, accept_set_aside),
        "month": month,
        "profile": profile,
    }
    with run_lock(place, "summary"):
        room_for(place, _LARGEST_SUMMARY)
        with unchanged(location.files):
            run = run_template("research_summary", [parameters])[0]
        with speaking(plan.language):
            disclosure = Disclosure(profile, plan.minimum_cell)  # type: ignore[arg-type]
            marks = PageMarks(translated(disclosure.mark), translated(LIMITATION), plan.language)
            title = f"Research summary, {month or 'all patients'}"
            files = {
                f"research-summary.{form}": _form(run, form, title, marks, day)
                for form in LETTER_FORMATS
                if form in formats
            }
            files |= other_forms(run, formats, title=title, marks=marks)
        with built_folder(place, known_names=_SUMMARY_NAMES, may_replace=True) as partial:
            for name, content in files.items():
                *folder, last = name.split("/")
                inner = private_folder(within(partial, folder[0])) if folder else partial
                write_private(within(inner, last), content)
    return [place / name for name in files]


def _form(run: NotebookNode, form: str, title: str, marks: PageMarks, day: dt.datetime) -> bytes:
    if form == "pdf":
        return build_pdf(run, title=title, marks=marks, timestamp=day)
    return build_html(run, title=title, marks=marks).encode("utf-8")


def _read_from(location: Location) -> list[Path]:
    return [location.path] if location.path is not None else []


def _parameters(
    source: str,
    location: Location,
    plan: AnalysisPlan,
    mapping_file: str | None,
    allowances_file: str | None,
    accept_set_aside: int | None,
) -> dict[str, Any]:
    """What every template that reads records is told; places in full, for the kernel works in a folder of its own."""
    mapping, allowances = (
        None if path is None else str(Path(path).resolve()) for path in (mapping_file, allowances_file)
    )
    return {
        "source": source if location.path is None else str(location.path.resolve()),
        "plan": plan.to_dict(),
        "mapping": mapping,
        "allowances": allowances,
        "accept_set_aside": accept_set_aside,
    }


def _end_of(month: str) -> dt.datetime:
    last = Cohort.of_month(month).closed_to
    return dt.datetime(last.year, last.month, last.day, tzinfo=dt.UTC)
