"""The simulated clinic as files: the tables, the truth for programs, and the truth for people."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from outcomes.errors import FileProblem
from outcomes.simulation.clinic import Clinic
from outcomes.simulation.faults import fault_counts
from outcomes.simulation.promises import promises
from outcomes.simulation.readme import readme
from outcomes.simulation.truth import ClinicTruth


def write_clinic(tables: Clinic, folder: str | Path, truth: ClinicTruth) -> None:
    """Write the tables as CSV (UTF-8, comma, line ends LF, empty = missing), `truth.json`, `README.md`
    and `claims.toml`, what the clinic says in public.

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
        _write_text(target / "README.md", readme(tables, truth))
        _write_text(target / "claims.toml", promises())
    except OSError as error:
        raise FileProblem(f"{target}: cannot be written ({error.strerror}). Choose another folder.") from None


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _truth_json(tables: Clinic, truth: ClinicTruth) -> str:
    content = {
        "knobs": {
            **asdict(truth),
            "types": [{**asdict(kind), "features": asdict(kind.days_are)} for kind in truth.types],
            "first_day": truth.first_day.isoformat(),
        },
        "last_day": truth.last_day.isoformat(),
        "realised_change_days_per_28": round(tables.realised_change_days_per_28, 3),
        "rows": {name: len(table) for name, table in tables.items()},
        "planted_faults": fault_counts(tables.planted),
        "planted_fault_rows": [
            {"kind": fault.kind.name, "file": fault.file, "row": fault.row} for fault in tables.planted
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
