"""The simulated clinic as files: the tables, the truth for programs, and the truth for people."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from outcomes.errors import FileProblem
from outcomes.simulation.clinic import Clinic
from outcomes.simulation.faults import fault_counts
from outcomes.simulation.truth import ClinicTruth

_README = """\
# A simulated clinic

No row here comes from a patient: everything was drawn at random by `outcomes simulate`. To the extent
possible under law, it is given to the public domain (CC0 1.0).

    outcomes simulate --patients {patients} --output data/sample --seed {seed}

makes these files, the same bytes on every system. {first_day} to {last_day}, {patients} patients.

| file | one row per | rows |
|---|---|---|
{files}

A day that has no row in `diary.csv`, or a row with an empty `headache`, was not recorded. `truth.json` holds
every knob as it was set.

## What is true in this clinic

| what | value |
|---|---|
{truth}

A comparison of before and after therefore finds more than the real change: the patients began in a bad
month, and the month after a bad one is on average better whatever is done. Set the real change to 0 and the
fall that is left is all of that kind. Headache days are also written down more often than headache-free
ones, so that days per 28 from the recorded days are a little too high, before and after alike.

## Planted data errors

{faults}
"""

_FAULTS = """\
Rows count as a spreadsheet shows them: the header is row 1.

| file | row | column | what is wrong | what a reader should do |
|---|---|---|---|---|
{rows}
"""


def write_clinic(tables: Clinic, folder: str | Path, truth: ClinicTruth) -> None:
    """Write the tables as CSV (UTF-8, comma, line ends LF, empty = missing), `truth.json` and `README.md`.

    Files of these names are written over where `truth.json` says that they are made up. Raises FileProblem
    where they may be somebody's records, and if the folder cannot be written.
    """
    target = Path(folder)
    if not (target / "truth.json").exists() and any(
        (target / f"{name}.csv").exists() for name, _ in tables.items()
    ):
        raise FileProblem(
            f"{target}: holds tables that this command did not make. Choose another folder, so that they stay."
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.to_csv(target / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        _write_text(target / "truth.json", _truth_json(tables, truth))
        _write_text(target / "README.md", _readme(tables, truth))
    except OSError as error:
        raise FileProblem(f"{target}: cannot be written ({error.strerror}). Choose another folder.") from None


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _truth_json(tables: Clinic, truth: ClinicTruth) -> str:
    content = {
        "knobs": {**asdict(truth), "first_day": truth.first_day.isoformat()},
        "last_day": truth.last_day.isoformat(),
        "realised_change_days_per_28": round(tables.realised_change_days_per_28, 3),
        "rows": {name: len(table) for name, table in tables.items()},
        "planted_faults": fault_counts(tables.planted),
        "planted_fault_rows": [
            {"kind": fault.kind.name, "file": fault.file, "row": fault.row} for fault in tables.planted
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _readme(tables: Clinic, truth: ClinicTruth) -> str:
    per = {"diary": "patient-day written down", "sessions": "treatment session", "patients": "patient"}
    files = [f"| `{name}.csv` | {per[name]} | {len(table)} |" for name, table in tables.items()]
    return _README.format(
        patients=truth.patients,
        seed=truth.seed,
        first_day=truth.first_day.isoformat(),
        last_day=truth.last_day.isoformat(),
        files="\n".join(files),
        truth="\n".join(f"| {what} | {value} |" for what, value in _truth_rows(tables, truth)),
        faults=_fault_table(tables).rstrip(),
    )


def _truth_rows(tables: Clinic, truth: ClinicTruth) -> list[tuple[str, str]]:
    return [*_patient_truth(tables, truth), *_enrolment_truth(truth), *_record_truth(truth)]


def _patient_truth(tables: Clinic, truth: ClinicTruth) -> list[tuple[str, str]]:
    types = ", ".join(f"{kind.name} {kind.share:.0%} ({kind.usual_days_per_28:g})" for kind in truth.types)
    change, spread = _signed(truth.true_change_days_per_28), truth.true_change_sd_days_per_28
    realised = _signed(round(tables.realised_change_days_per_28, 2))
    return [
        ("headache types, share (usual headache days per 28)", types),
        (
            "real change, headache days per 28",
            f"{change} on average (SD {spread:g}, in proportion to a patient's usual days); "
            f"{realised} on average in the patients drawn",
        ),
        ("real change, intensity", f"{_signed(truth.true_change_intensity_nrs)} on 0–10"),
        ("real change complete", f"from day {truth.full_change_from_day}, step by step, and lasting"),
        ("day intra-class correlation within a patient's 28-day months", f"{truth.day_icc:g}"),
        ("intra-class correlation of patients' usual days within a type", f"{truth.patient_icc:g}"),
    ]


def _enrolment_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    short, long_wait = truth.short_wait_days, truth.long_wait_days
    return [
        ("enrolment", f"booked in the worst of {truth.worst_of_months:g} months (1 = in any month)"),
        (
            "from booking to the first session",
            f"{short[0]} to {short[1]} days, the bad month being the baseline month; for "
            f"{truth.long_wait_share:.0%} of patients {long_wait[0]} to {long_wait[1]} days, the bad month "
            "being the one before it, so that their baseline month is an ordinary one",
        ),
        (
            "sessions",
            f"{truth.planned_sessions_least} to {truth.planned_sessions_most} planned, about weekly; those "
            f"who feel better stop, with {truth.improver_stop_share_per_session:.0%} chance before each "
            "session from the fourth",
        ),
    ]


def _record_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    return [
        (
            "diary",
            f"from booking to about day {truth.diary_days_after}; {truth.late_diary_share:.0%} begin at most "
            f"{truth.late_diary_most_days_before} days before the first session",
        ),
        (
            "days written down",
            f"{truth.recorded_share:.0%} of headache-free weekdays for the average patient at the start (SD "
            f"between patients {truth.recorded_sd_logit:g} on the logit scale); odds × "
            f"{truth.recorded_odds_ratio_weekend:g} at weekends, × {truth.recorded_odds_ratio_headache:g} on "
            f"headache days, × {truth.recorded_odds_ratio_per_28_days:g} with every 28 days",
        ),
        ("rows with an empty `headache`", f"{truth.blank_headache_share:.1%} of the days written down"),
        (
            "drop-out",
            f"{truth.drop_out_share_by_day_168:.0%} by day 168; hazard × "
            f"{truth.drop_out_hazard_ratio_per_day_of_change:g} per day of doing worse than the average",
        ),
    ]


def _fault_table(tables: Clinic) -> str:
    if not tables.planted:
        return "None."
    rows = [
        (fault.file, str(fault.row), fault.kind.column or "all", fault.kind.problem, fault.kind.reader)
        for fault in tables.planted
    ]
    return _FAULTS.format(rows="\n".join(f"| {' | '.join(row)} |" for row in rows))


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")
