"""The statistics of a registry: a million patients, ten thousand clinics, after the endpoint table is there.

    python benchmarks/million_patients.py
    python benchmarks/million_patients.py --short

Every step runs in a process of its own, with made-up patients, and reports wall time, processor time and peak memory,
those of the made-up data before it apart. Processor time is the fair figure on a machine that others use as well. The
run ends with 1 where some clinics compared alone get other numbers than in the one pass.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import outcomes as oc
from outcomes.analysis.missing_diaries.bounds import bounds
from outcomes.analysis.missing_diaries.day_grid import DayGrid
from outcomes.analysis.missing_diaries.imputation import impute
from outcomes.analysis.missing_diaries.started import Started, Window
from outcomes.analysis.missing_diaries.weekdays import weekday_rates
from outcomes.analysis.missing_diaries.weighting import weighted_changes
from outcomes.analysis.models.beta_binomial import beta_binomial_model
from outcomes.analysis.regression_to_mean.null_simulation import null_simulation

SEED = 20260101
DAYS = "headache_days_per_28"
WINDOW = 28

#: What is promised at the full size: seconds of processor time and MiB of the whole process.
PROMISED_SECONDS, PROMISED_SECONDS_OF_GROUPS, PROMISED_MIB = 30.0, 20.0, 4096.0


def endpoint_table(patients: int, groups: int, by: str = "site_id") -> pd.DataFrame:
    """An endpoint table as `measure_endpoints` gives it: five endpoints, about 42 patients of 100 with both periods."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    names = np.array([f"P{number:08d}" for number in range(patients)], dtype=object)
    unit = np.array([f"S{number:06d}" for number in range(groups)], dtype=object)
    unit = unit[generator.integers(0, groups, patients)]
    usual = generator.beta(1.5, 4, patients)
    sides = []
    for period, less in (("baseline", 1.0), ("followup", 0.85)):
        recorded = generator.integers(15, WINDOW + 1, patients).astype(float)
        headache = generator.binomial(recorded.astype(int), usual * less)
        medication = generator.binomial(headache, 0.6)
        covered = recorded >= 20
        pain = generator.integers(10, 100, patients) / 10
        hours = np.round(generator.gamma(2, 2, patients), 1)
        values = {
            DAYS: WINDOW * headache / recorded,
            "intensity_on_headache_days": np.where(headache > 0, pain, np.nan),
            "burden_per_28": WINDOW * headache * pain / recorded,
            "acute_medication_days_per_28": WINDOW * medication / recorded,
            "hours_on_headache_days": np.where(headache > 0, hours, np.nan),
        }
        side = {"patient_id": names, "mode": "diary", "period": period, "recorded_days": recorded}
        side |= {"medication_known_days": recorded, "covered": covered}
        side |= {name: np.where(covered, value, np.nan) for name, value in values.items()}
        sides.append(pd.DataFrame({**side, by: unit}))
    order = np.arange(2 * patients).reshape(2, patients).T.ravel()
    table: pd.DataFrame = pd.concat(sides, ignore_index=True).iloc[order].reset_index(drop=True)
    return table


def day_by_day(patients: int) -> tuple[Started, DayGrid, DayGrid]:
    """Patients with a valid baseline, and the two windows day by day of those with both. Fewer days on weekends."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    usual = generator.beta(1.5, 4, patients).astype(np.float32)
    first = generator.integers(0, 7, patients)
    weekday = ((first[:, None] + np.arange(WINDOW)) % 7).astype(np.int8)
    windows = []
    for less in (1.0, 0.85):
        recorded = generator.random(weekday.shape, dtype=np.float32) < np.where(
            weekday > 4, 0.8, 0.95
        ).astype("f4")
        headache = generator.random(weekday.shape, dtype=np.float32) < (usual * np.float32(less))[:, None]
        windows.append(DayGrid(recorded, headache & recorded, weekday, True))
    analysed = (windows[1].recorded.sum(1) >= 20) & (generator.random(patients) < 0.9)
    counted = [Window(WINDOW, one.recorded.sum(1), one.headache.sum(1)) for one in windows]
    names = np.array([f"P{number:08d}" for number in range(patients)], dtype=object)
    started = Started(names, analysed, first, *counted, patients)
    grids = [
        DayGrid(one.recorded[analysed], one.headache[analysed], weekday[analysed], True) for one in windows
    ]
    return started, *grids  # type: ignore[return-value]


def comparison(patients: int) -> Callable[[], Any]:
    table = endpoint_table(patients, 1)
    return lambda: oc.compare_all(table).to_frame()


def all_methods(patients: int) -> Callable[[], Any]:
    table = endpoint_table(patients, 1)
    return lambda: oc.compare_all(table, all_methods=True).to_frame()


def clinics(patients: int) -> Callable[[], Any]:
    table = endpoint_table(patients, max(patients // 100, 1))
    return lambda: oc.compare_all(table, by=["site_id"]).to_frame()


def practitioners(patients: int) -> Callable[[], Any]:
    table = endpoint_table(patients, max(patients // 5, 1), "practitioner_id")
    return lambda: oc.compare_groups(table, DAYS, "practitioner_id").to_frame()


def missing_days(patients: int) -> Callable[[], Any]:
    started, baseline, followup = day_by_day(patients)

    def run() -> Any:
        found = [*bounds(started, 0.95), *weekday_rates(baseline, followup, 0.95)]
        found += weighted_changes(started, baseline, followup, 0.95)
        return found, impute(started, oc.AnalysisPlan())

    return run


def null_model(patients: int) -> Callable[[], Any]:
    started, _, _ = day_by_day(patients)
    counts = {"patient_id": started.patient_id, "standing": np.where(started.analysed, "analysed", "lost")}
    for name, window in (("baseline", started.baseline), ("followup", started.followup)):
        counts |= {f"{name}_recorded_days": window.recorded, f"{name}_headache_days": window.headache}
    frame = pd.DataFrame(counts)
    return lambda: null_simulation(frame, oc.AnalysisPlan(external_means=(8.0,)))


STEPS: dict[str, tuple[str, Callable[[int], Callable[[], Any]]]] = {
    "comparison": ("default comparison of five endpoints", comparison),
    "all_methods": ("the same with every method", all_methods),
    "clinics": ("five endpoints in one clinic per 100 patients, as a table", clinics),
    "practitioners": ("one endpoint in one practitioner per 5 patients, as a table", practitioners),
    "missing_days": (
        "bounds, weekdays, weights of missing days; imputed up to 10,000 patients",
        missing_days,
    ),
    "null_model": ("null model of regression to the mean, three enrolment rules", null_model),
}


def peak_mib() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def one_step(name: str, patients: int) -> dict[str, float]:
    run = STEPS[name][1](patients)
    made, wall, processor = peak_mib(), time.perf_counter(), time.process_time()
    run()
    taken = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    return taken | {"peak_mib": peak_mib(), "made_up_data_mib": made}


def differences() -> list[str]:
    """Clinics that get other numbers alone than among the others; and what should say that it was not run."""
    table = endpoint_table(20_000, 200)
    together = oc.compare_groups(table, DAYS, "site_id")
    found = []
    for change in together.changes[1::20]:
        alone = oc.compare(table[table["site_id"] == change.group], DAYS, by="site_id", group=change.group)
        if alone != change:
            found.append(change.group)
    rows = pd.DataFrame({"patient_id": np.arange(100_000), "period": "baseline", "recorded_days": 28.0})
    fitted = beta_binomial_model(rows.assign(headache_days=5))
    return [*found, *([] if fitted.status == "not_run" else ["beta-binomial model of 100,000 rows was run"])]


def measure(patients: int) -> dict[str, Any]:
    found = {}
    for name in STEPS:
        print(f"{name} …", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, "--step", name, "--patients", str(patients)]
        found[name] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"patients": patients, "steps": found, "differences": differences()}


def show(result: dict[str, Any], *, full: bool) -> None:
    print(f"{result['patients']:,} patients")
    for name, one in result["steps"].items():
        least = PROMISED_SECONDS_OF_GROUPS if name in ("clinics", "practitioners") else PROMISED_SECONDS
        held = one["processor"] <= least and one["peak_mib"] <= PROMISED_MIB
        told = (
            f"   promised {least:g} s and {PROMISED_MIB:g} MiB: {'held' if held else 'NOT HELD'}"
            if full
            else ""
        )
        print(
            f"  {STEPS[name][0]:70} {one['processor']:6.1f} s processor {one['wall']:6.1f} s wall "
            f"{one['peak_mib']:6.0f} MiB, {one['made_up_data_mib']:.0f} of them for the made-up data{told}"
        )
    for difference in result["differences"]:
        print(f"  DIFFERS: {difference}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. 1 where numbers differ; a missed promise is shown, not punished."""
    parser = argparse.ArgumentParser(description="Measure the statistics of a million patients.")
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--short", action="store_true", help="5,000 patients: does it work, is it equal")
    parser.add_argument("--step", choices=STEPS, help="one step in this process, its figures as JSON")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    arguments = parser.parse_args(argv)
    if arguments.step:
        print(json.dumps(one_step(arguments.step, arguments.patients)))
        return 0
    result = measure(5_000 if arguments.short else arguments.patients)
    show(result, full=not arguments.short)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if result["differences"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
