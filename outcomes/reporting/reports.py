"""`outcomes report`: one run of the template per profile, in one kernel, then the whole set in its place at once."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.analysis.periods import Cohort
from outcomes.claims.kept import KEPT_FILE, keep, standings_of
from outcomes.errors import OutcomesError
from outcomes.files import (
    room_for,
    run_lock,
    safe_output,
    unchanged,
    within,
)
from outcomes.plan import AnalysisPlan, read_plan
from outcomes.records.sources import Location, locate
from outcomes.reporting import clock
from outcomes.reporting.claims_blocks import claims_beside
from outcomes.reporting.disclosure import PROFILES, Disclosure
from outcomes.reporting.disclosure.session import ReleaseSession, release_session
from outcomes.reporting.exports import other_forms
from outcomes.reporting.identity import RunIdentity, identify
from outcomes.reporting.language import say, speaking, translated
from outcomes.reporting.manifest import (
    MANIFEST_FILE,
    ReportSet,
    earlier_reports,
    manifest_text,
    manifest_values,
    place_from,
)
from outcomes.reporting.notebooks import run_template
from outcomes.reporting.report_places import (
    RESULTS_FILE,
    by_profile,
    kept_profiles,
    put_in_place,
    put_pending,
    signed_files,
)
from outcomes.reporting.script_results import taken_results
from outcomes.reporting.status import RunStatus, told_status
from outcomes.reporting.typesetting import PageMarks, build_html, build_pdf
from outcomes.reporting.wording import LIMITATION

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATE = "monthly_report"
#: Bytes of one profile, roughly three times those of the sample's report; the typeface makes most of them.
_LARGEST_REPORT = 3_000_000


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked of. `month` None takes all patients; files that are None lie beside the records."""

    source: str
    month: str | None
    plan_file: str | None
    mapping_file: str | None
    allowances_file: str | None
    accept_set_aside: int | None
    profiles: tuple[str, ...]
    formats: tuple[str, ...]

    def identify(self, location: Location, plan: AnalysisPlan) -> RunIdentity:
        return identify(
            location,
            plan,
            self.month,
            mapping_file=self.mapping_file,
            allowances_file=self.allowances_file,
            accept_set_aside=self.accept_set_aside,
        )

    def source_in(self, location: Location) -> str:
        """The source as the kernel finds it, which runs in a folder of its own."""
        return self.source if location.path is None else str(location.path.resolve())

    def places(self, location: Location, folder: Path) -> dict[str, str | None]:
        """Where everything lies, as seen from `folder`. The address of a server is not kept: it holds a password."""
        given = {"plan": self.plan_file, "mapping": self.mapping_file, "allowances": self.allowances_file}
        return {name: place_from(folder, path) for name, path in {"source": location.path, **given}.items()}


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
    tell: Callable[[str], None] = lambda step: None,
) -> list[Path]:
    """Write the report set under `output/MONTH/` and give its files, all of them or none.

    `month` None takes all patients. `tell` is called with each step, in words. Raises PlanError, InvalidRecords,
    FileProblem, ReportStopped; an older set stays where it is unless the new one is whole. How the run went stands
    in `output/status.json`.
    """
    if month is not None:
        Cohort.of_month(month)
    request = ReportRequest(
        source,
        month,
        plan_file,
        mapping_file,
        allowances_file,
        accept_set_aside,
        tuple(profiles),
        tuple(formats),
    )
    destination = _destination(request, output)
    with (
        run_lock(output, "report"),
        told_status(Path(output), month) as status,
        contextlib.ExitStack() as stack,
    ):
        room_for(output, _LARGEST_REPORT * len(profiles))
        tell("Looking at the records …")
        location = locate(source)
        plan = read_plan(plan_file, location.beside)
        session = stack.enter_context(release_session(output, month or "all", sign_off=plan.sign_off))
        written = _Written(request, location, plan, session, Path(output), destination)
        # Each profile reads the records anew: they must be the same ones.
        with unchanged(location.files):
            computed = written.computed(status, tell)
        tell(f"Putting {destination.name} in its place …")
        paths = written.placed(computed)
        computed.keep_claims()
        status.files = [path.relative_to(output).as_posix() for path in paths]
    return paths


@dataclass(frozen=True)
class _Computed:
    """A set as it was made, and what it was made of."""

    made: ReportSet
    kept: ReportSet
    identity: RunIdentity
    earlier: Sequence[Mapping[str, Any]]
    claims_since: dict[str, list[str]]
    keep_claims: Callable[[], None]


@dataclass(frozen=True)
class _Written:
    """One run of the command, from the records to the month's folder."""

    request: ReportRequest
    location: Location
    plan: AnalysisPlan
    session: ReleaseSession
    output: Path
    destination: Path

    def computed(self, status: RunStatus, tell: Callable[[str], None]) -> _Computed:
        """Everything that will be written, and the profile that stays as it is."""
        request, location, plan = self.request, self.location, self.plan
        identity = request.identify(location, plan)
        status.run = identity.run_id
        kept = kept_profiles(self.destination, request.profiles, identity, plan)
        earlier = earlier_reports(self.output, identity)
        declared, kept_claims = claims_beside(location), within(self.output, KEPT_FILE)
        place = request.source_in(location)
        since = (
            standings_of(declared, kept_claims, place, clock.today(), plan) if declared is not None else {}
        )
        claims_since = {name: [one.declared_on.isoformat(), one.why] for name, one in since.items()}
        made = compute_set(request, location, plan, identity, earlier, claims_since, self.session, tell=tell)

        def keep_claims() -> None:
            if declared is not None:
                keep(declared, kept_claims, place, clock.today(), plan)

        return _Computed(made, kept, identity, earlier, claims_since, keep_claims)

    def placed(self, computed: _Computed) -> list[Path]:
        """Put the set in its place, and what waits for a signature in its own; gives all files."""
        session, destination = self.session, self.destination
        released = by_profile(computed.made, session)
        waiting = {profile: files for profile, files in released.items() if session.waits(profile)}
        made, kept = computed.made.without(waiting), computed.kept
        made = ReportSet({**kept.files, **made.files}, {**kept.results, **made.results})
        values = self._manifest(made, computed)
        signed = signed_files(destination, session)
        with session.placed(released):
            for profile, files in waiting.items():
                put_pending(session.place_of(profile), files)
            if made.files:
                manifest = {MANIFEST_FILE: manifest_text(values).encode("utf-8")}
                put_in_place(destination, {**signed, **made.files, **manifest})
        written = [destination / name for name in (*made.files, MANIFEST_FILE) if made.files]
        return written + [
            session.place_of(profile) / name for profile, files in waiting.items() for name in files
        ]

    def _manifest(self, made: ReportSet, computed: _Computed) -> dict[str, Any]:
        request = self.request
        return manifest_values(
            made,
            computed.identity,
            places=request.places(self.location, self.destination),
            source_kind=self.location.kind,
            formats=request.formats,
            earlier=computed.earlier,
            claims_since=computed.claims_since,
            ledger=self.session.ledger_id if any(one != "internal" for one in request.profiles) else None,
        )


def _destination(request: ReportRequest, output: str) -> Path:
    """The folder of the month, if it and those of the profiles may be written without touching what is read."""
    safe_output(output)
    try:
        path = locate(request.source).path
    except OutcomesError:
        path = None  # told once the run has begun, so that it stands in the status
    read = [] if path is None else [path]
    destination = safe_output(within(output, request.month or "all"), *read)
    for profile in PROFILES:
        safe_output(within(destination, profile), *read)
    return destination


# ---- computing ----


def compute_set(
    request: ReportRequest,
    location: Location,
    plan: AnalysisPlan,
    identity: RunIdentity,
    earlier: Sequence[Mapping[str, Any]],
    claims_since: Mapping[str, Sequence[str]],
    session: ReleaseSession,
    *,
    timestamp: dt.datetime | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> ReportSet:
    """Everything that a run writes but its manifest. `timestamp` stands in the PDF; else the month's end.

    What is handed on is held against the ledger that `session` found.
    """
    moment = timestamp or _timestamp(request.month)
    parameters = [
        {
            **_parameters(request, location, plan, identity, earlier, profile),
            "claims_since": {name: list(one) for name, one in claims_since.items()},
            "ledger": session.folder_for(profile),
        }
        for profile in request.profiles
    ]
    files: dict[str, bytes] = {}
    results: dict[str, Mapping[str, Any]] = {}

    def set_report(number: int, run: NotebookNode) -> None:
        profile = request.profiles[number]
        tell(f"Setting the {profile} report …")
        with speaking(plan.language):
            contents = _files(run, profile, plan, request.month, request.formats, moment)
        results[profile] = taken_results(run)
        contents[RESULTS_FILE] = _results_file(identity, profile, results[profile])
        files.update({f"{profile}/{name}": content for name, content in contents.items()})

    tell(f"Reading, checking and computing ({' and '.join(request.profiles)}) …")
    run_template(TEMPLATE, parameters, set_report)
    return ReportSet(files, results)


def _parameters(
    request: ReportRequest,
    location: Location,
    plan: AnalysisPlan,
    identity: RunIdentity,
    earlier: Sequence[Mapping[str, Any]],
    profile: str,
) -> dict[str, object]:
    """What the template is run with. A profile is given what that profile showed then, and nothing else."""
    return {
        "source": request.source_in(location),
        "month": request.month,
        "profile": profile,
        "plan": plan.to_dict(),
        "mapping": _resolved(request.mapping_file),
        "allowances": _resolved(request.allowances_file),
        "accept_set_aside": request.accept_set_aside,
        "run_id": identity.run_id,
        "earlier": [
            {**one, "figures": one["figures"][profile]} for one in earlier if profile in one["figures"]
        ],
    }


def _resolved(path: str | None) -> str | None:
    """The path as the kernel finds it, which runs in a folder of its own."""
    return None if path is None else str(Path(path).resolve())


def _files(
    run: object,
    profile: str,
    plan: AnalysisPlan,
    month: str | None,
    formats: Sequence[str],
    timestamp: dt.datetime,
) -> dict[str, bytes]:
    title = say("first_page.report_title", month=month or say("first_page.all_patients"))
    disclosure = Disclosure(profile, plan.minimum_cell)  # type: ignore[arg-type]
    marks = PageMarks(translated(disclosure.mark), translated(LIMITATION), plan.language)
    files = other_forms(run, formats, title=title, marks=marks)  # type: ignore[arg-type]
    if "html" in formats:
        files["report.html"] = build_html(run, title=title, marks=marks).encode("utf-8")  # type: ignore[arg-type]
    if "pdf" in formats:
        files["report.pdf"] = build_pdf(run, title=title, marks=marks, timestamp=timestamp)  # type: ignore[arg-type]
    return files


def _results_file(identity: RunIdentity, profile: str, results: Mapping[str, Any]) -> bytes:
    values = {"run": identity.run_id, "month": identity.month, "profile": profile, **results}
    return (json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _timestamp(month: str | None) -> dt.datetime:
    """The PDF's date: SOURCE_DATE_EPOCH, else the end of the report's month: the same input, the same bytes."""
    if clock.source_date_epoch() is not None:
        return clock.now()
    if month is None:
        return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    last = Cohort.of_month(month).closed_to
    return dt.datetime(last.year, last.month, last.day, tzinfo=dt.UTC)
