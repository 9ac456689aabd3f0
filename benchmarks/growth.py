"""How time and memory grow with a registry: `make growth`, or

    python benchmarks/growth.py --json figures.json
    python benchmarks/growth.py --only spill --spill-rows 30e6
    python benchmarks/growth.py --short

Five parts, each command in a process of its own, one after the other:

- sizes: `outcomes compare FOLDER --json` beside a plain scan that reads every value, and the slope from size to size;
- pandas: the pandas pipeline on the same files, until it needs more memory than it is given and is stopped;
- spill: one size, its rows ordered by patient and by date, under several memory limits of the engine;
- month: a month of a diary in a folder for each month, beside the whole of it;
- spark: a cluster of two workers on this computer, over the same folders.

Where two roads answer the same question their numbers must agree. Needs a system that tells what a child process took
(not Windows). This process imports nothing large, since a child's peak memory is never reported below its parent's.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from run import HERE, MIB, differences, machine, say
from watching import Watched, watched

PARTS = ("sizes", "pandas", "spill", "month", "spark")

#: Diary rows in one file, at most; above it the diary is a folder of files.
ROWS_OF_A_FILE = 100_000_000

#: Above so many rows a size is run once.
ROWS_OF_ONE_RUN = 100_000_000

#: Above so many rows the engine is given more memory than it takes by itself: at a billion it runs out of that.
ROWS_OF_THE_USUAL_LIMIT, MORE_MEMORY = 300_000_000, "8GiB"

#: The month that is closed, somewhere among those of `make_diary.py`.
MONTH = "2025-03"

#: The endpoint table of a month, whose folder and name are its arguments.
OF_A_MONTH = (
    "import sys; import outcomes.registry as registry; from outcomes.plan import AnalysisPlan; "
    "print(len(registry.month_endpoints(*sys.argv[1:])), "
    "*registry.days_that_matter(AnalysisPlan(), sys.argv[2]))"
)


def prepare(data: Path, rows: int, layout: str = "", rows_of_a_file: int = ROWS_OF_A_FILE) -> Path:
    """The folder of so many rows in a layout, made if it is not there; read once, so that no run is a cold one."""
    folder = data / (f"rows_{rows}" + (f"_{layout}" if layout else ""))
    if not folder.exists():
        say(f"making {folder.name} …")
        making = data / f"{folder.name}.making"
        how = ["--rows", str(rows), "--parts", str(max(1, round(rows / rows_of_a_file)))]
        if layout:
            how = ["--from", str(prepare(data, rows)), "--as", layout]
        maker = [sys.executable, str(HERE / "make_diary.py"), str(making), *how]
        subprocess.run(maker, check=True, stdout=subprocess.DEVNULL)
        making.rename(folder)
    for path in folder.rglob("*.parquet"):
        with path.open("rb") as file:
            while file.read(MIB):
                pass
    return folder


def compare_command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "outcomes", "compare", str(folder), "--json"]


def rows_of(run: Watched) -> list[dict[str, Any]]:
    """The rows of a comparison, as printed."""
    found: list[dict[str, Any]] = json.loads(run.output)["rows"]
    return found


def one_size(
    folder: Path, rows: int, runs: int, most_mib: float, limit: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """`outcomes compare` and the scan in alternation: medians and their ratio; and the comparison.

    Raises RuntimeError where it fails or needs more than `most_mib`.
    """
    scanning = [sys.executable, str(HERE / "engine_alone.py"), str(folder), "--runs", "1", "--without-engine"]
    ours, scans = [], []
    for number in range(runs):
        say(f"{rows:,} rows, run {number + 1} of {runs} …")
        ours.append(watched(compare_command(folder), folder, most_mib, limit))
        if ours[-1].stopped:
            raise RuntimeError(f"stopped after {ours[-1].wall:.0f} s: more than {most_mib:.0f} MiB")
        scans.append(json.loads(watched(scanning, folder).output)["scan"][0])
    found: dict[str, Any] = {"rows": rows, "runs": runs, "limit": limit}
    for name in ("wall", "processor", "peak_mib", "spilled_mib"):
        found[name] = statistics.median(getattr(run, name) for run in ours)
    found["wall_least"], found["wall_greatest"] = min(run.wall for run in ours), max(run.wall for run in ours)
    found["scan_wall"] = statistics.median(scan["wall"] for scan in scans)
    found["scan_processor"] = statistics.median(scan["cpu"] for scan in scans)
    found["scans_wall"] = found["wall"] / found["scan_wall"]
    found["file_mib"] = sum(path.stat().st_size for path in folder.rglob("*.parquet")) / MIB
    found["core_hours_per_billion"] = found["processor"] / 3600 * 1e9 / rows
    return found, rows_of(ours[0])


def slopes(sizes: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """From each size to the next: what a further million rows take, and the exponent (1: in proportion to the rows)."""
    found = []
    for one, next_one in itertools.pairwise(sizes):
        millions = (next_one["rows"] - one["rows"]) / 1e6
        grown = math.log(next_one["rows"] / one["rows"])
        step = {"from": one["rows"], "to": next_one["rows"]}
        for name in ("wall", "processor", "peak_mib"):
            step[f"{name}_per_million"] = (next_one[name] - one[name]) / millions
            step[f"{name}_exponent"] = math.log(next_one[name] / one[name]) / grown
        found.append(step)
    return found


def pandas_until_full(
    folders: dict[int, Path], most_mib: float, expected: dict[int, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The pandas pipeline from the smallest size on, up to the first that needs more than `most_mib`."""
    found: list[dict[str, Any]] = []
    for rows, folder in sorted(folders.items()):
        say(f"pandas, {rows:,} rows …")
        run = watched([sys.executable, str(HERE / "pandas_pipeline.py"), str(folder)], folder, most_mib)
        wrong = [] if run.stopped or rows not in expected else differences(expected[rows], rows_of(run))
        found.append({"rows": rows, **run.figures, "differences": wrong})
        if run.stopped:
            break
    return found


def spilling(folders: dict[str, Path], limits: Sequence[str]) -> list[dict[str, Any]]:
    """The same rows in several orders under several memory limits; the numbers must be those of the first."""
    found: list[dict[str, Any]] = []
    first: list[dict[str, Any]] = []
    for order, folder in folders.items():
        for limit in limits:
            say(f"ordered by {order}, {limit} …")
            row: dict[str, Any] = {"order": order, "limit": limit}
            try:
                run = watched(compare_command(folder), folder, limit=limit)
            except RuntimeError as error:
                # An engine that runs out of room is a figure as well.
                found.append({**row, "failed": str(error), "differences": []})
                continue
            first = first or rows_of(run)
            found.append({**row, **run.figures, "differences": differences(rows_of(run), first)})
    return found


def one_month(folder: Path) -> list[dict[str, Any]]:
    """A month that is closed, beside a run over everything; what its folders take on the disk."""
    say(f"{folder.name}, one month and all …")
    run = watched([sys.executable, "-c", OF_A_MONTH, str(folder), MONTH], folder)
    patients_by_period, first, last = run.output.split()
    sizes = {path: path.stat().st_size / MIB for path in folder.glob("diary/*/*.parquet")}
    needed = [size for path, size in sizes.items() if first[:7] <= path.parent.name[-7:] <= last[:7]]
    whole = watched(compare_command(folder), folder)
    return [
        {"read": "month", **run.figures, "diary_mib": sum(needed), "rows_back": int(patients_by_period)},
        {"read": "all", **whole.figures, "diary_mib": sum(sizes.values())},
    ]


def on_spark(
    folders: dict[int, Path], worker_mib: int, expected: dict[int, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Two workers over a diary by month; the comparison of what comes back must be that of DuckDB."""
    found = []
    for rows, folder in sorted(folders.items()):
        say(f"Spark, {rows:,} rows …")
        command = [sys.executable, str(HERE / "spark_alone.py"), str(folder), "--worker-mib", str(worker_mib)]
        run = watched(command, folder)
        told = json.loads(run.output)
        theirs = told.pop("rows")
        wrong = differences(expected[rows], theirs) if rows in expected else []
        found.append({"rows": rows, **told, "spilled_mib": run.spilled_mib, "differences": wrong})
    return found


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All parts that are asked for."""
    data = arguments.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {"machine": machine()}
    comparisons: dict[int, list[dict[str, Any]]] = {}
    for part in arguments.only:
        if part == "sizes":
            result["sizes"] = []
            for rows in sorted(arguments.rows):
                folder = prepare(data, rows, rows_of_a_file=arguments.rows_of_a_file)
                runs = arguments.runs if rows <= ROWS_OF_ONE_RUN else 1
                limit = arguments.size_limit or (MORE_MEMORY if rows > ROWS_OF_THE_USUAL_LIMIT else None)
                try:
                    figures, comparisons[rows] = one_size(folder, rows, runs, arguments.most_mib, limit)
                except RuntimeError as error:
                    figures = {"rows": rows, "failed": str(error)}
                result["sizes"].append(figures)
            result["slopes"] = slopes([one for one in result["sizes"] if "failed" not in one])
        elif part == "pandas":
            folders = {rows: prepare(data, rows) for rows in arguments.rows}
            result["pandas"] = pandas_until_full(folders, arguments.pandas_mib, comparisons)
        elif part == "spill":
            rows = arguments.spill_rows
            orders = {"patient": prepare(data, rows), "date": prepare(data, rows, "dates")}
            result["spill"] = spilling(orders, arguments.limits)
        elif part == "month":
            result["month"] = one_month(prepare(data, arguments.spill_rows, "months"))
        elif part == "spark":
            folders = {rows: prepare(data, rows, "months") for rows in arguments.spark_rows}
            result["spark"] = on_spark(folders, arguments.worker_mib, comparisons)
    return result


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    for one in result.get("sizes", []):
        told = one.get("failed") or (
            f"{one['wall']:8.2f} s, processors {one['processor']:8.2f} s, peak {one['peak_mib']:6.0f} MiB, spilled "
            f"{one['spilled_mib']:6.0f} MiB; scan {one['scan_wall']:.2f} s, {one['scans_wall']:.1f} scans"
        )
        print(f"{one['rows']:>13,} rows: {told}")
    for step in result.get("slopes", []):
        print(
            f"{step['from']:>13,} to {step['to']:,}: {step['wall_per_million']:.3f} s and "
            f"{step['peak_mib_per_million']:.2f} MiB a million rows; exponents {step['wall_exponent']:.2f} and "
            f"{step['peak_mib_exponent']:.2f}"
        )
    for one in result.get("pandas", []):
        told = "stopped: needs more memory" if one["stopped"] else "to its end"
        print(
            f"pandas, {one['rows']:,} rows: {one['wall']:.2f} s, peak {one['peak_mib']:.0f} MiB, {told}{_wrong(one)}"
        )
    for one in result.get("spill", []):
        told = one.get("failed") or (
            f"{one['wall']:.2f} s, processors {one['processor']:.2f} s, peak {one['peak_mib']:.0f} MiB, "
            f"spilled {one['spilled_mib']:.0f} MiB"
        )
        print(f"ordered by {one['order']}, limit {one['limit']}: {told}{_wrong(one)}")
    for one in result.get("month", []):
        print(
            f"by month, {one['read']} of {one['diary_mib']:.0f} MiB: {one['wall']:.2f} s, processors "
            f"{one['processor']:.2f} s, peak {one['peak_mib']:.0f} MiB, spilled {one['spilled_mib']:.0f} MiB"
        )
    for one in result.get("spark", []):
        print(
            f"Spark, {one['rows']:,} rows: {one['wall']:.1f} s, processors {one['processor']:.1f} s, driver "
            f"{one['driver_mib']:.0f} MiB, workers {one['workers_mib']:.0f} MiB{_wrong(one)}"
        )


def _wrong(one: dict[str, Any]) -> str:
    return "; DIFFERS: " + "; ".join(one["differences"]) if one["differences"] else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. 1 where the numbers of two roads differ, or a size does not come to its end."""

    def number(text: str) -> int:
        return int(float(text))

    parser = argparse.ArgumentParser(description="Measure how time and memory grow with the rows.")
    parser.add_argument(
        "--rows", type=number, nargs="+", default=[10**6, 10**7, 3 * 10**7, 10**8, 3 * 10**8, 10**9]
    )
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="parts, in this order")
    parser.add_argument("--runs", type=number, default=3, help="of each size up to 100 million rows")
    parser.add_argument("--most-mib", type=number, default=19_000, help="what `outcomes` may take of a size")
    parser.add_argument("--size-limit", help="of the engine's memory for the sizes, in place of its own")
    parser.add_argument("--spill-rows", type=number, default=100_000_000, help="also of a month")
    parser.add_argument("--limits", nargs="+", default=["1GiB", "8GiB"], help="memory limits of the engine")
    parser.add_argument("--pandas-mib", type=number, default=8192, help="what pandas is given")
    parser.add_argument("--spark-rows", type=number, nargs="+", default=[10**7, 10**8])
    parser.add_argument("--worker-mib", type=number, default=2048, help="memory of each Spark worker")
    parser.add_argument("--rows-of-a-file", type=number, default=ROWS_OF_A_FILE)
    parser.add_argument("--data", type=Path, default=Path("build/bench"), help="where the diaries are kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--short", action="store_true", help="up to 60,000 rows, without Spark: is it equal")
    arguments = parser.parse_args(argv)
    if arguments.short:
        arguments.rows, arguments.rows_of_a_file, arguments.spill_rows = [20_000, 60_000], 20_000, 20_000
        arguments.only, arguments.runs, arguments.limits = ("sizes", "pandas", "spill", "month"), 1, ["1GiB"]
    result = measure(arguments)
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    compared = [one for part in ("pandas", "spill", "spark") for one in result.get(part, [])]
    failed = any("failed" in one for one in result.get("sizes", []))
    return 1 if failed or any(one["differences"] for one in compared) else 0


if __name__ == "__main__":
    raise SystemExit(main())
