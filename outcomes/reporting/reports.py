"""`outcomes report`: one run of the template per profile, in one kernel, then page and PDF in their places."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from outcomes.analysis.periods import Cohort
from outcomes.files import built_folder, room_for, run_lock, safe_output, unchanged, within, write_private
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.sources import locate
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.disclosure.session import DISCLOSURE_FILE, release_session
from outcomes.reporting.notebooks import run_template
from outcomes.reporting.typesetting import PageMarks, build_html, build_pdf
from outcomes.reporting.wording import LIMITATION

TEMPLATE = "monthly_report"
_ALL_FILES = ("report.html", "report.pdf", DISCLOSURE_FILE)
#: Bytes of one profile, roughly three times those of the sample's report; the typeface makes most of them.
_LARGEST_REPORT = 3_000_000


def write_reports(
    source: str,
    *,
    output: str,
    month: str | None,
    plan_file: str | None,
    profiles: Sequence[str],
    formats: Sequence[str],
    mapping_file: str | None = None,
    allowances_file: str | None = None,
    accept_set_aside: int | None = None,
) -> list[Path]:
    """Write the report under `output/MONTH/PROFILE/` and give the files, each whole or not at all.

    `month` None takes all patients. Raises PlanError, InvalidRecords, FileProblem, ReportStopped; an older
    report stays where it is unless its new one is whole.
    """
    location = locate(source)
    read = [location.path] if location.path is not None else []
    safe_output(output)
    plan = read_plan(plan_file, location.beside)
    if month is not None:
        Cohort.of_month(month)
    destination = within(output, month or "all")
    for profile in profiles:
        safe_output(within(destination, profile), *read)
    common = {
        "source": source if location.path is None else str(location.path.resolve()),
        "month": month,
        "plan": plan.to_dict(),
        "mapping": _resolved(mapping_file),
        "allowances": _resolved(allowances_file),
        "accept_set_aside": accept_set_aside,
    }
    with (
        run_lock(output, "report"),
        release_session(output, month or "all", sign_off=plan.sign_off) as session,
    ):
        parameters = [
            {**common, "profile": profile, "ledger": session.folder_for(profile)} for profile in profiles
        ]
        places = {profile: safe_output(session.place_of(profile), *read) for profile in profiles}
        room_for(output, _LARGEST_REPORT * len(profiles))
        # Each profile reads the records anew: they must be the same ones.
        with unchanged(location.files):
            runs = run_template(TEMPLATE, parameters)
        contents = {}
        for profile, run in zip(profiles, runs, strict=True):
            contents[profile] = _files(run, profile, plan, month, formats)
            if session.waits(profile):
                contents[profile][DISCLOSURE_FILE] = session.disclosure_json(profile)
        with session.placed(contents):
            _write(contents, places)
    return [places[profile] / name for profile, files in contents.items() for name in files]


def _resolved(path: str | None) -> str | None:
    """The path as the kernel finds it, which runs in a folder of its own."""
    return None if path is None else str(Path(path).resolve())


def _write(contents: Mapping[str, Mapping[str, bytes]], places: Mapping[str, Path]) -> None:
    """All profiles are on the disk before the first of them takes its place."""
    with contextlib.ExitStack() as building:
        for profile, files in contents.items():
            partial = building.enter_context(
                built_folder(places[profile], known_names=_ALL_FILES, may_replace=True)
            )
            for name, content in files.items():
                write_private(within(partial, name), content)


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
