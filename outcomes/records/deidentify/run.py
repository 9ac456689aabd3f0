"""The steps of `outcomes deidentify`, in their order. The output is built out of sight and moved when whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.errors import (
    DisclosureHold,
    FileProblem,
    IdentityError,
    InvalidRecords,
    OutcomesError,
    PlanError,
)
from outcomes.files import built_folder, safe_output, write_private
from outcomes.records.code_lists import AGE_BANDS
from outcomes.records.deidentify import ages, attacks, dates, fields, risk, spans, writing
from outcomes.records.deidentify.config import DeidentifySettings, read_config
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.output_gate import hold_output_gate
from outcomes.records.deidentify.reading import RawRecords, read_raw
from outcomes.records.deidentify.report import DeidentifyReport
from outcomes.records.findings import Finding
from outcomes.records.mapping import SourceMapping
from outcomes.records.pseudonyms import (
    PATIENT_LABEL,
    PRACTITIONER_LABEL,
    SITE_LABEL,
    Key,
    PseudonymTable,
    check_domain,
    normalised,
    read_key,
)

if TYPE_CHECKING:
    import pandas as pd

    Frames = dict[str, pd.DataFrame]

Gate = Callable[[Path], Sequence[Finding]]
Namer = Callable[[str], str]


#: What has a pseudonym, in the order of `Names`: each kind is hashed under a key of its own.
_LABELS = (PATIENT_LABEL, PRACTITIONER_LABEL, SITE_LABEL)


@dataclass(frozen=True)
class Names:
    """What gives patients, practitioners, sites and dates their new form."""

    patient: Namer
    practitioner: Namer
    site: Namer
    shift: Callable[[str], int] | None
    key_id: str
    domain_check: str
    table: PseudonymTable | None = None


@dataclass(frozen=True)
class Made:
    """The tables as they may leave, and what was found about them."""

    frames: Frames
    categories: Mapping[str, list[str]]
    classes: risk.Classes
    merge: risk.Merge | None
    tried: tuple[attacks.Attack, ...]
    singled: tuple[attacks.Singled, ...]
    notes: tuple[str, ...]


def deidentify(
    raw: str | Path,
    out: str | Path,
    config: str | Path,
    key_file: str | Path | None,
    domain: str,
    *,
    gate: Gate = hold_output_gate,
    table_file: str | Path | None = None,
    report_file: str | Path | None = None,
    public: bool = False,
    accept_k: bool = False,
) -> DeidentifyReport:
    """Write the records under `raw` to the folder `out` without what says who somebody is.

    `gate` is the privacy gate, held against the output before it takes its place. `table_file` keeps the random
    pseudonyms where the configuration asks for them. Raises DisclosureHold where k or l does not hold and is
    not accepted, IdentityError where the gate or the key's place objects, and the reader's errors.
    """
    mapping, settings = read_config(config)
    settings = settings.for_the_public() if public else settings
    out = safe_output(out, *_on_disk(raw))
    report_path = _report_path(report_file, out, raw)
    names = _names(settings, key_file, table_file, domain, [*_on_disk(raw), out])
    with built_folder(out) as partial:
        ledger = Ledger()
        records = read_raw(raw, mapping)
        made = prepared(records, mapping, settings, names, ledger)
        written = {name: len(frame) for name, frame in made.frames.items()}
        for name in ledger.rows_in:
            ledger.check(name, written.get(name, 0))
        report = DeidentifyReport(
            out, report_path, settings, names.key_id, written, ledger, records.left_behind, made.classes,
            made.merge, made.tried, made.singled, accept_k, notes=made.notes,
        )  # fmt: skip
        if not report.holds and not accept_k:
            _write_report(report)
            raise DisclosureHold(_why_held(report))
        report = _write(partial, made, report, names, gate)
        if names.table is not None and table_file is not None:
            # Before the output stands: an output whose table is lost could never be linked again.
            write_private(Path(table_file), names.table.to_text())
        _write_report(report)
    return report


def _on_disk(raw: str | Path) -> list[Path]:
    return [] if isinstance(raw, str) and "://" in raw else [Path(raw)]


def _report_path(given: str | Path | None, out: Path, raw: str | Path) -> Path:
    """The private report lies beside the output, never in it: folders are handed on whole."""
    path = Path(given) if given is not None else out.with_name(f"{out.name}-private-report.txt")
    path = safe_output(path, *_on_disk(raw))
    if path.resolve().is_relative_to(out.resolve()):
        raise FileProblem(
            "The private report would lie in the output, and leave with it. Name another place."
        )
    return path


def _names(
    settings: DeidentifySettings,
    key_file: str | Path | None,
    table_file: str | Path | None,
    domain: str,
    away_from: list[Path],
) -> Names:
    check_domain(domain)
    random = settings.pseudonyms == "random"
    if key_file is None and (not random or settings.dates == "shift"):
        raise PlanError("Give the key with --key-file. 'outcomes key new FILE' makes one.")
    if random != (table_file is not None):
        raise PlanError(
            '--table FILE keeps the pseudonyms of  pseudonyms = "random", and goes with no other.'
        )
    key = read_key(key_file, away_from=away_from) if key_file is not None else None
    shift = _shift(key, domain) if key is not None and settings.dates == "shift" else None
    if random and table_file is not None:
        table = PseudonymTable.read(table_file, domain, away_from=away_from)
        patient, practitioner, site = map(table.pseudonymiser, _LABELS)
        return Names(patient, practitioner, site, shift, "", "", table)
    if key is None:
        raise PlanError("Give the key with --key-file. 'outcomes key new FILE' makes one.")
    patient, practitioner, site = (key.pseudonymiser(domain, label) for label in _LABELS)
    return Names(
        patient,
        practitioner,
        site,
        shift,
        key.id,
        # Says to the holder of the key alone which recipient this was made for: a plain hash could be guessed.
        key.subkey("provenance", domain).hex()[:16],
    )


def _shift(key: Key, domain: str) -> Callable[[str], int]:
    import hashlib
    import hmac

    subkey = key.subkey("date", domain)

    def days(raw_id: str) -> int:
        text = normalised(raw_id).encode("utf-8", "surrogatepass")
        return dates.shift_days(hmac.new(subkey, text, hashlib.sha256).digest())

    return days


def prepared(
    records: RawRecords, mapping: SourceMapping, settings: DeidentifySettings, names: Names, ledger: Ledger
) -> Made:
    """All steps between reading and writing."""
    frames = fields.cleaned(records.frames, settings, ledger, records.origins)
    frames = spans.as_days(records.frames, frames, settings, ledger)
    _tell_joined_ids(records.frames, ledger)
    truth = dates.true_dates(frames, settings, names.shift)
    if "patients" in frames:
        forms = _birth_forms(mapping)
        frames["patients"] = ages.with_age_bands(
            frames["patients"], truth.zero, truth.exported, forms, settings, ledger
        )
    if "summaries" in frames:
        frames["summaries"] = fields.only_shared_periods(frames["summaries"], settings.k, ledger)
    frames = spans.counted(dates.placed(frames, settings, truth, ledger), ledger)
    frames, truth = _pseudonymised(frames, truth, names)
    notes = []
    if "patients" in frames:
        frames["patients"] = ages.merged(frames["patients"], settings, ledger)
    if settings.merge_rare:
        frames, left = fields.merged_rare(frames, ledger)
        notes += [
            f"{name}: has codes of fewer than {fields.RARE_BELOW} patients and no 'other' to merge them into."
            for name in left
        ]
    frames, classes = _top_coded(frames, settings)
    merge = None if classes.holds else risk.cheapest_merge(risk.people_of(frames), classes)
    notes += [
        f"{name}: no row is left, so the table is not written."
        for name, frame in frames.items()
        if not len(frame)
    ]
    frames = {name: writing.in_no_order(frame) for name, frame in frames.items() if len(frame)}
    if not frames:
        raise InvalidRecords(
            ["Nothing of these records is left to write. 'outcomes check' says what is wrong with them."]
        )
    tried = tuple(attacks.date_attacks(frames, truth))
    singled = tuple(attacks.singled_out(frames, truth))
    frames, categories = _with_wider_bands(frames)
    return Made(frames, categories, classes, merge, tried, singled, tuple(notes))


def _birth_forms(mapping: SourceMapping) -> tuple[str, ...]:
    """How dates of birth are written, as the mapping says for the column, the table or the source."""
    for table in mapping.tables:
        for name, read in table.columns:
            if table.table == "patients" and name == "age_band":
                return read.dates or table.dates or mapping.dates
    return mapping.dates


def _tell_joined_ids(frames: Mapping[str, pd.DataFrame], ledger: Ledger) -> None:
    spellings = {str(text).strip() for frame in frames.values() for text in frame["patient_id"].dropna()}
    joined = len(spellings) - len({normalised(text) for text in spellings})
    if joined:
        ledger.notes.append(
            f"{joined} patient ids differ from another only in case, spaces or kinds of letters, and were "
            "joined with it."
        )


def _pseudonymised(frames: Frames, truth: dates.TrueDates, names: Names) -> tuple[Frames, dates.TrueDates]:
    """The tables and the secret truth under their pseudonyms. No two ids may have become one."""
    ids = sorted({patient for frame in frames.values() for patient in frame["patient_id"]})
    given = {patient: names.patient(patient) for patient in ids}
    others = {
        column: {one: name(one) for one in _ids_in(frames, column)}
        for column, name in (("practitioner_id", names.practitioner), ("site_id", names.site))
    }
    every = [*given.values(), *(name for known in others.values() for name in known.values())]
    if len(set(every)) < len(every):
        raise OutcomesError("Two ids have the same pseudonym. Nothing was written; make a new key.")
    done = {}
    for name, frame in frames.items():
        frame = frame.assign(patient_id=frame["patient_id"].map(given).astype(object))
        for column, known in others.items():
            if column in frame.columns:
                frame = frame.assign(**{column: frame[column].map(known).astype(object)})
        done[name] = frame
    told = [patient for patient in given if patient in truth.zero or patient in truth.shift]
    return done, replace(
        truth,
        zero={given[patient]: truth.zero[patient] for patient in told if patient in truth.zero},
        shift={given[patient]: truth.shift[patient] for patient in told if patient in truth.shift},
        visits={given[patient]: truth.visits[patient] for patient in told if patient in truth.visits},
    )


def _ids_in(frames: Frames, column: str) -> list[str]:
    """The ids of practitioners or sites in any table, sorted."""
    return sorted({one for frame in frames.values() for one in frame.get(column, ()) if isinstance(one, str)})


def _top_coded(frames: Frames, settings: DeidentifySettings) -> tuple[Frames, risk.Classes]:
    """The last age band begins where the configuration says, or at the highest age at which k holds."""
    tops = range(90, 29, -10) if settings.age_top == "auto" else [int(settings.age_top)]
    tried = []
    for top in tops:
        done = dict(frames)
        if "patients" in done:
            done["patients"] = ages.top_coded(done["patients"], top)
        people = risk.people_of(done)
        classes = risk.measured_classes(people, settings.quasi_identifiers, settings.k, settings.l)
        if classes.holds:
            return done, classes
        tried.append((done, classes))
    return tried[0]


def _with_wider_bands(frames: Frames) -> tuple[Frames, dict[str, list[str]]]:
    """Bands that the dictionary does not hold stand in a column of their own, which the folder's plan declares."""
    patients = frames.get("patients")
    if patients is None or "age_band" not in patients.columns:
        return frames, {}
    labels = sorted(patients["age_band"].dropna().unique(), key=ages.lowest)
    if set(labels) <= set(AGE_BANDS):
        return frames, {}
    wider = patients.rename(columns={"age_band": ages.WIDER_BANDS})
    return {**frames, "patients": wider}, {ages.WIDER_BANDS: [str(label) for label in labels]}


def _write(partial: Path, made: Made, report: DeidentifyReport, names: Names, gate: Gate) -> DeidentifyReport:
    """Tables, plan and provenance into the folder that is being built; the gate has the last word."""
    files = writing.write_tables(partial, made.frames, report.settings.format)
    files += writing.write_plan(partial, made.categories)
    findings = list(gate(partial))
    blocked = [finding.sentence() for finding in findings if finding.level == "identity"]
    if blocked:
        raise IdentityError([*blocked, "The output may still say who somebody is. Nothing was written."])
    report = replace(report, gate=tuple(finding.sentence() for finding in findings), gate_ran=True)
    writing.write_provenance(partial, files, _provenance(report, names))
    return report


def _provenance(report: DeidentifyReport, names: Names) -> dict[str, Any]:
    """What a recipient may know of how the folder was made."""
    from importlib.metadata import version

    return {
        "made_by": "outcomes deidentify",
        "version": version("outcomes"),
        "settings": report.settings.to_dict(),
        "key_id": names.key_id,
        "domain_check": names.domain_check,
        "k": report.classes.k,
        "l": dict(report.classes.diversity),
        "k_and_l_hold": report.holds,
        "accepted_as_it_is": report.accepted and not report.holds,
        "checks": list(report.checks()),
        "tables": report.ledger.to_dict(report.written),
        **({"declared_days": {"days": days}} if (days := report.ledger.declared_days) else {}),
    }


def _write_report(report: DeidentifyReport) -> None:
    text = report.to_text()
    if report.report.suffix.lower() == ".json":
        text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"
    write_private(report.report, text)


def _why_held(report: DeidentifyReport) -> str:
    column = f" It concerns '{report.merge.column}'." if report.merge else ""
    return "\n".join(
        [
            *report.checks(),
            f"Nothing was written but {report.report.name}, which says which single merge costs least.{column} Merge, "
            "or accept it as it is with --accept-k.",
        ]
    )
