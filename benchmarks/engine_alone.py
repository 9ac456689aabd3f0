"""The engine alone: reading, checking and splitting into periods, beside a scan of the same file.

One process, the same number of threads for both, in alternation. Prints JSON: seconds and processor seconds
of each round. With `--without-scan` the engine is alone in its process, so that its peak memory is its own;
with `--without-engine` the scan is.

    python benchmarks/engine_alone.py FOLDER --runs 3
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from outcomes.analysis.periods import split_periods
from outcomes.records.reading import read_records

#: Every value of every column used is read: least, greatest and count alone would come from the file's footer.
SCAN = """
    SELECT count(*), sum(strlen(patient_id)), sum(date - DATE '2000-01-01'), count_if(headache),
        sum(intensity), sum(duration_hours), count_if(acute_medication)
    FROM read_parquet('{path}')
"""


def timed(step: Callable[[], Any]) -> dict[str, float]:
    """Seconds on the clock and of the processors."""
    clock, processors = time.perf_counter(), time.process_time()
    step()
    return {"wall": time.perf_counter() - clock, "cpu": time.process_time() - processors}


def scan(folder: Path, threads: int) -> None:
    """Aggregate every column of the diary, one file or a folder of them, on a plain connection."""
    import duckdb

    path = folder / "diary.parquet"
    path = path if path.exists() else folder / "diary" / "*.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET threads = {threads}")
        connection.execute(SCAN.format(path=path.as_posix())).fetchall()


def engine(folder: Path) -> None:
    """Read, check, place, count and cut: everything up to patient × period."""
    split_periods(read_records(folder))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Time the engine beside a scan.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-scan", action="store_true")
    parser.add_argument("--without-engine", action="store_true")
    arguments = parser.parse_args()
    threads = max(1, os.cpu_count() or 1)
    rounds: dict[str, list[dict[str, float]]] = {"scan": [], "engine": []}
    for _ in range(arguments.runs):
        if not arguments.without_scan:
            rounds["scan"].append(timed(lambda: scan(arguments.folder, threads)))
        if not arguments.without_engine:
            rounds["engine"].append(timed(lambda: engine(arguments.folder)))
    print(json.dumps({"threads": threads, **rounds}))


if __name__ == "__main__":
    main()
