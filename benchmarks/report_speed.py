"""How long the monthly report takes, and how large it is: `make bench`, or

    python benchmarks/report_speed.py                       # 500 and 100,000 patients
    python benchmarks/report_speed.py --short               # 500 patients
    python benchmarks/report_speed.py --patients 10000 --runs 1 --json figures.json

The clinics come from `outcomes simulate` (seed 1, all tables, text files, claims beside them) and are kept in
`build/bench`. Each report is the command as people run it, `outcomes report CLINIC --month 2026-10`, both profiles as
HTML and PDF, in a process of its own; the first run is not counted. Beside wall time stands processor time, that of all
processes of the command together: on a machine with other work it says more. A second process beside the command (the
notebook's) has memory of its own: the peak told is that of the larger one.
This process imports nothing large, since a child's peak memory is never reported below its parent's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 2**20
MONTH = "2026-10"

#: What the project promises: patients → seconds; bytes of the internal report, the larger one.
MOST_SECONDS = {500: 10.0, 100_000: 60.0}
MOST_HTML, MOST_PDF = 2_000_000, 1_000_000


@dataclass(frozen=True)
class Run:
    """One report: seconds of the clock and of the processors, the larger process's peak memory."""

    wall: float
    processor: float
    peak_mib: float


def clinic_of(data: Path, patients: int) -> Path:
    """The clinic of that many patients, made if it is not there."""
    folder = data / f"clinic_{patients}"
    if not (folder / "diary.csv").is_file():
        say(f"making a clinic of {patients} patients …")
        making = data / f"{folder.name}.making"
        maker = [sys.executable, "-m", "outcomes", "simulate", "--patients", str(patients), "--seed", "1"]
        subprocess.run([*maker, "--output", str(making), "--quiet"], check=True, stdout=subprocess.DEVNULL)
        making.rename(folder)
    return folder


def report_of(clinic: Path, output: Path) -> Run:
    """The report of one month, made anew. Raises RuntimeError where the command fails."""
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "outcomes", "report", str(clinic), "--month", MONTH, "--quiet"]
    started = time.perf_counter()
    # Started in the folder of the data, so that the installed package is measured and not a checkout.
    process = subprocess.Popen(
        [*command, "--output", str(output)], stdout=subprocess.DEVNULL, cwd=clinic.parent
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the report ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / MIB)


def measured(data: Path, patients: int, runs: int) -> dict[str, Any]:
    """Medians of so many reports of one clinic, and the sizes of their files."""
    clinic = clinic_of(data, patients)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        output = Path(folder) / "reports"
        say(f"{patients} patients, first run …")
        report_of(clinic, output)
        first = _bytes_in(output)
        done = []
        for number in range(runs):
            say(f"{patients} patients, run {number + 1} of {runs} …")
            done.append(report_of(clinic, output))
        sizes = {
            f"{profile}/{name}": (output / MONTH / profile / name).stat().st_size
            for profile in ("internal", "share")
            for name in ("report.html", "report.pdf")
        }
        same = first == _bytes_in(output)
    return {
        "patients": patients,
        "wall": statistics.median(run.wall for run in done),
        "wall_range": [min(run.wall for run in done), max(run.wall for run in done)],
        "processor": statistics.median(run.processor for run in done),
        "peak_mib": max(run.peak_mib for run in done),
        "sizes": sizes,
        "same_bytes": same,
    }


def _bytes_in(output: Path) -> dict[str, bytes]:
    """The reports themselves; when they were made stands in the manifest."""
    month = output / MONTH
    return {
        f"{profile}/{path.name}": path.read_bytes()
        for profile in ("internal", "share")
        for path in sorted((month / profile).iterdir())
    }


def broken_promises(found: dict[str, Any]) -> list[str]:
    """What of the promises is not held, in words."""
    told = []
    limit = MOST_SECONDS.get(found["patients"])
    if limit is not None and found["wall"] > limit:
        told.append(f"{found['patients']} patients took {found['wall']:.1f} s, promised: {limit:.0f} s")
    for name, size in found["sizes"].items():
        most = MOST_HTML if name.endswith("html") else MOST_PDF
        if size > most:
            told.append(f"{name} of {found['patients']} patients has {size} bytes, promised: {most}")
    if not found["same_bytes"]:
        told.append(f"two reports of the same {found['patients']} patients differ")
    return told


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def told(found: dict[str, Any]) -> str:
    low, high = found["wall_range"]
    sizes = ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in found["sizes"].items())
    return (
        f"{found['patients']} patients: {found['wall']:.1f} s ({low:.1f} to {high:.1f}), processors "
        f"{found['processor']:.1f} s, {found['peak_mib']:.0f} MiB; {sizes}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="how long the monthly report takes")
    parser.add_argument(
        "--patients", type=int, action="append", help="of the clinic; may be given several times"
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("build/bench"))
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--short", action="store_true", help="500 patients alone, one run")
    asked = parser.parse_args()
    data = asked.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    patients = asked.patients or ([500] if asked.short else sorted(MOST_SECONDS))
    found = [measured(data, one, 1 if asked.short else asked.runs) for one in patients]
    for one in found:
        sys.stdout.write(told(one) + "\n")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    broken = [words for one in found for words in broken_promises(one)]
    for words in broken:
        sys.stdout.write(f"NOT HELD: {words}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
