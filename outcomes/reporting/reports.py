"""`outcomes report`: one run of the template per profile, in one kernel, then page and PDF in their places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from outcomes.analysis.periods import Cohort
from outcomes.errors import FileProblem
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.sources import folder_of
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.notebooks import run_template, write_whole
from outcomes.reporting.typesetting import PageMarks, build_html, build_pdf
from outcomes.reporting.wording import LIMITATION

TEMPLATE = "monthly_report"
_ALL_FILES = ("report.html", "report.pdf")


def write_reports(
    source: str,
    *,
    output: str,
    month: str | None,
    plan_file: str | None,
    profiles: Sequence[str],
    formats: Sequence[str],
    accept_set_aside: int | None = None,
) -> list[Path]:
    """Write the report under `output/MONTH/PROFILE/` and give the files, each whole or not at all.

    `month` None takes all patients. Raises PlanError, InvalidRecords, FileProblem, ReportStopped; an older
    report stays where it is unless its new one is whole.
    """
    folder = folder_of(source)
    destination = Path(output) / (month or "all")
    _refuse_inside(destination, folder)
    plan = read_plan(plan_file, folder)
    if month is not None:
        Cohort.of_month(month)
    parameters = [
        {
            "source": str(folder.resolve()),
            "month": month,
            "profile": profile,
            "plan": plan.to_dict(),
            "accept_set_aside": accept_set_aside,
        }
        for profile in profiles
    ]
    runs = run_template(TEMPLATE, parameters)
    contents = {}
    for profile, run in zip(profiles, runs, strict=True):
        contents[profile] = _files(run, profile, plan, month, formats)
    written = []
    for profile, files in contents.items():
        write_whole(destination / profile, files, known_names=_ALL_FILES)
        written += [destination / profile / name for name in files]
    return written


def _files(
    run: object, profile: str, plan: AnalysisPlan, month: str | None, formats: Sequence[str]
) -> dict[str, bytes]:
    title = f"Headache outcomes, {month or 'all patients'}"
    disclosure = Disclosure(profile, plan.minimum_cell)  # type: ignore[arg-type]
    marks = PageMarks(header=disclosure.mark, footer=LIMITATION)
    files = {}
    if "html" in formats:
        files["report.html"] = build_html(run, title=title, marks=marks).encode("utf-8")  # type: ignore[arg-type]
    if "pdf" in formats:
        files["report.pdf"] = build_pdf(run, title=title, marks=marks, timestamp=_timestamp(month))  # type: ignore[arg-type]
    return files


def _timestamp(month: str | None) -> dt.datetime:
    """The PDF's date: the end of the report's month, so that the same input gives the same bytes."""
    if month is None:
        return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    last = Cohort.of_month(month).closed_to
    return dt.datetime(last.year, last.month, last.day, tzinfo=dt.UTC)


def _refuse_inside(destination: Path, folder: Path) -> None:
    if destination.resolve().is_relative_to(folder.resolve()):
        raise FileProblem(
            "The output folder lies inside the records. Choose another, so that they stay as they are."
        )
