"""The figures of docs/performance.md, measured: `make bench`, or

    python benchmarks/run.py --rows 10e6 --engine-rows 100e6
    python benchmarks/run.py --short

First whole commands side by side, in alternation: `outcomes compare FOLDER --json` and the pandas pipeline on
the same files; both must give the same numbers. Then `outcomes check` of CSV files beside pandas with the same
checks, which must count the same rows, and the engine alone beside a scan of the same file.
This process imports nothing large, since a child's peak memory is never reported below its parent's.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MIB = 2**20

#: What the project promises.
MOST_WALL, MOST_MEMORY = 1 / 3, 1 / 5
MOST_SCANS, MOST_ENGINE_MIB = 20, 1536
LEAST_TEXT_ROWS = 1_000_000
MOST_SMALL_CLINIC = 2.0

#: Two roads to the same mean differ in the last digits: sums of floats depend on their order.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Run:
    """One command, run once: seconds, the peak of its resident memory where the system tells it, its output."""

    wall: float
    peak_mib: float | None
    output: str


def run(command: Sequence[str], cwd: Path, accepted: Sequence[int] = (0,)) -> Run:
    """Run a command to its end. Raises RuntimeError where it ends with another code than those accepted."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        # Started in the folder of the data, so that the installed package is measured and not a checkout.
        process = subprocess.Popen(command, stdout=output, cwd=cwd)
        code, peak = _wait(process)
        wall = time.perf_counter() - started
        output.seek(0)
        text = output.read().decode("utf-8")
    if code not in accepted:
        raise RuntimeError(f"{Path(command[1]).name} ended with {code}")
    return Run(wall, peak, text)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, float | None]:
    if not hasattr(os, "wait4"):
        return process.wait(), None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, usage.ru_maxrss * unit / MIB


def prepare(data: Path, rows: int, faults: float) -> Path:
    """The folder of that many rows, made if it is not there; read once, so that the first run is not the cold one."""
    folder = data / (f"rows_{rows}" + (f"_faults_{faults:g}" if faults else ""))
    if not (folder / "sessions.parquet").exists():
        say(f"making {rows} rows …")
        making = data / f"{folder.name}.making"
        maker = [sys.executable, str(HERE / "make_diary.py"), str(making), "--rows", str(rows)]
        subprocess.run([*maker, "--faults", str(faults), "--text"], check=True, stdout=subprocess.DEVNULL)
        making.rename(folder)
    for path in [*folder.glob("*.parquet"), *folder.glob("text/*.csv")]:
        with path.open("rb") as file:
            while file.read(MIB):
                pass
    return folder


def whole_commands(folder: Path, runs: int) -> dict[str, Any]:
    """Ours and theirs in alternation: medians, ratios, and whether the numbers agree."""
    commands = {
        "outcomes": [sys.executable, "-m", "outcomes", "compare", str(folder), "--json"],
        "pandas": [sys.executable, str(HERE / "pandas_pipeline.py"), str(folder)],
        "pandas_arrow": [sys.executable, str(HERE / "pandas_pipeline.py"), str(folder), "--arrow"],
    }
    done: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(runs):
        say(f"whole commands, run {number + 1} of {runs} …")
        for name, command in commands.items():
            done[name].append(run(command, folder))
    ours = json.loads(done["outcomes"][0].output)["rows"]
    result: dict[str, Any] = {name: _summary(items) for name, items in done.items()}
    for name in ("pandas", "pandas_arrow"):
        result[name]["differences"] = differences(ours, json.loads(done[name][0].output)["rows"])
        result[name]["wall_share"] = _ratio(result["outcomes"]["wall"], result[name]["wall"])
        result[name]["memory_share"] = _ratio(result["outcomes"]["peak_mib"], result[name]["peak_mib"])
    return result


def differences(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[str]:
    """Every statistic of the pandas pipeline that ours gives differently, or not at all."""
    found = {(row["endpoint"], row["statistic"]): row for row in ours if row["group"] == "all"}
    wrong = []
    for row in theirs:
        name = f"{row['endpoint']} {row['statistic']}"
        own = found.get((row["endpoint"], row["statistic"]))
        if own is None or own["n"] != row["n"]:
            wrong.append(f"{name}: n")
            continue
        for field in ("value", "low", "high", "p"):
            if row[field] is not None and not _same(own[field], row[field]):
                wrong.append(f"{name}: {field}")
    return wrong if theirs else ["no rows"]


def _same(one: float | None, other: float) -> bool:
    return one is not None and math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def engine_alone(folder: Path, runs: int) -> dict[str, Any]:
    """The engine beside a scan in one process, then its memory in a process of its own."""
    script = [sys.executable, str(HERE / "engine_alone.py"), str(folder)]
    say("engine beside a scan …")
    rounds = json.loads(run([*script, "--runs", str(runs)], folder).output)
    say("engine, memory …")
    alone = run([*script, "--runs", "1", "--without-scan"], folder)
    result: dict[str, Any] = {"threads": rounds["threads"], "peak_mib": alone.peak_mib}
    for name in ("scan", "engine"):
        for kind in ("wall", "cpu"):
            result[f"{name}_{kind}"] = statistics.median(item[kind] for item in rounds[name])
    for kind in ("wall", "cpu"):
        result[f"scans_{kind}"] = _ratio(result[f"engine_{kind}"], result[f"scan_{kind}"])
    return result


def text_checks(folder: Path, runs: int) -> dict[str, Any]:
    """`outcomes check` beside pandas with the same checks, on the same CSV files, in alternation."""
    commands = {
        "outcomes": [sys.executable, "-m", "outcomes", "check", str(folder), "--json"],
        "pandas": [sys.executable, str(HERE / "pandas_checks.py"), str(folder)],
    }
    done: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(runs):
        say(f"checks of text, run {number + 1} of {runs} …")
        for name, command in commands.items():
            done[name].append(run(command, folder, accepted=(0, 4)))
    tables = {table["table"]: table for table in json.loads(done["outcomes"][0].output)["tables"]}
    theirs = json.loads(done["pandas"][0].output)
    names = ("rows_in", "set_aside", "collapsed")
    result: dict[str, Any] = {name: _summary(items) for name, items in done.items()}
    result["rows"] = theirs["rows_in"]
    result["differences"] = [name for name in names if tables["diary"][name] != theirs[name]]
    for name in ("outcomes", "pandas"):
        result[name]["rows_per_second"] = result["rows"] / result[name]["wall"]
    result["wall_share"] = _ratio(result["outcomes"]["wall"], result["pandas"]["wall"])
    result["memory_share"] = _ratio(result["outcomes"]["peak_mib"], result["pandas"]["peak_mib"])
    return result


def small_clinic(data: Path, runs: int) -> dict[str, Any]:
    """The check of a clinic of 500 patients, whole command."""
    folder = data / "clinic_500"
    if not (folder / "diary.csv").exists():
        made = [sys.executable, "-m", "outcomes", "simulate", "--patients", "500", "--output", str(folder)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "outcomes", "check", str(folder)]
    return _summary([run(command, folder, accepted=(0, 4)) for _ in range(runs)])


def _summary(runs: list[Run]) -> dict[str, Any]:
    peaks = [item.peak_mib for item in runs if item.peak_mib is not None]
    walls = [item.wall for item in runs]
    return {
        "wall": statistics.median(walls),
        "wall_least": min(walls),
        "wall_greatest": max(walls),
        "peak_mib": statistics.median(peaks) if peaks else None,
    }


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    names = ("outcomes", "duckdb", "pandas", "pyarrow", "numpy", "scipy")
    return {
        "system": platform.system(),
        "processors": os.cpu_count(),
        "memory_gib": memory,
        "python": platform.python_version(),
        **{name: _version(name) for name in names},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ImportError:
        return None


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    print()
    print(f"whole commands, {result['rows']} rows: median of {result['runs']}")
    for name, item in result["whole"].items():
        spread = f"{item['wall_least']:.2f} to {item['wall_greatest']:.2f}"
        print(f"  {name:13} {item['wall']:6.2f} s ({spread}), peak {_mib(item['peak_mib'])}")
    for name in ("pandas", "pandas_arrow"):
        item = result["whole"][name]
        print(
            f"  outcomes / {name}: wall {_share(item['wall_share'])}, memory {_share(item['memory_share'])}, "
            f"numbers {'the same' if not item['differences'] else 'DIFFER: ' + '; '.join(item['differences'])}"
        )
    print(f"  promised against pandas: wall at most {MOST_WALL:.2f}, memory at most {MOST_MEMORY:.2f}")
    text = result["text"]
    print()
    print(f"checks of CSV, {text['rows']} rows: median of {result['runs']}")
    for name in ("outcomes", "pandas"):
        item = text[name]
        print(
            f"  {name:9} {item['wall']:6.2f} s, {item['rows_per_second'] / 1e6:.2f} million rows a second, peak "
            f"{_mib(item['peak_mib'])}"
        )
    told = "the same" if not text["differences"] else "DIFFER: " + "; ".join(text["differences"])
    print(
        f"  outcomes / pandas: wall {_share(text['wall_share'])}, memory {_share(text['memory_share'])}, counts {told}"
    )
    print(f"  promised: at least {LEAST_TEXT_ROWS / 1e6:g} million rows a second")
    small = result["small_clinic"]
    print(f"  a clinic of 500 patients: {small['wall']:.2f} s; promised: under {MOST_SMALL_CLINIC:g} s")
    alone = result["engine"]
    print()
    print(f"engine alone, {result['engine_rows']} rows, {alone['threads']} threads")
    print(f"  scan   {alone['scan_wall']:6.2f} s, processors {alone['scan_cpu']:6.2f} s")
    print(f"  engine {alone['engine_wall']:6.2f} s, processors {alone['engine_cpu']:6.2f} s")
    print(f"  engine / scan: {_share(alone['scans_wall'])}, processors {_share(alone['scans_cpu'])}")
    print(f"  peak in a process of its own: {_mib(alone['peak_mib'])}")
    print(f"  promised: at most {MOST_SCANS} scans and {MOST_ENGINE_MIB} MiB")


def _mib(value: float | None) -> str:
    return "not told by this system" if value is None else f"{value:.0f} MiB"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. 1 where the numbers of the two roads differ; a missed promise is shown, not punished."""

    def number(text: str) -> int:
        return int(float(text))

    parser = argparse.ArgumentParser(description="Measure outcomes against a pandas pipeline and a scan.")
    parser.add_argument("--rows", type=number, default=10_000_000, help="for whole commands, such as 10e6")
    parser.add_argument("--engine-rows", type=number, default=100_000_000, help="for the engine alone")
    parser.add_argument("--text-rows", type=number, default=3_000_000, help="for the checks of CSV")
    parser.add_argument("--runs", type=number, default=5)
    parser.add_argument("--faults", type=float, default=0.0, help="share of broken rows in the first part")
    parser.add_argument("--data", type=Path, default=Path("build/bench"), help="where the diaries are kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument(
        "--short", action="store_true", help="100,000 rows, one run: does it work, is it equal"
    )
    arguments = parser.parse_args(argv)
    if arguments.short:
        arguments.rows = arguments.engine_rows = arguments.text_rows = 100_000
        arguments.runs = 1
    data = arguments.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    whole = whole_commands(prepare(data, arguments.rows, arguments.faults), arguments.runs)
    text_folder = prepare(data, arguments.text_rows, arguments.faults) / "text"
    text = text_checks(text_folder, arguments.runs)
    small = small_clinic(data, arguments.runs)
    engine = engine_alone(prepare(data, arguments.engine_rows, 0.0), min(arguments.runs, 3))
    result = {
        "machine": machine(),
        "rows": arguments.rows,
        "engine_rows": arguments.engine_rows,
        "runs": arguments.runs,
        "whole": whole,
        "text": text,
        "small_clinic": small,
        "engine": engine,
    }
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    wrong = text["differences"] or any(whole[name]["differences"] for name in ("pandas", "pandas_arrow"))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
