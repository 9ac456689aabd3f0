"""Records in Spark: reading, checking, periods and endpoints on a cluster of two workers on this computer.

`FOLDER/diary` holds a folder for each month (`make_diary.py --as months`), `FOLDER/sessions.parquet` the sessions.
Each worker is a process of its own with one core. Prints JSON: seconds of each step, processor seconds and the largest
resident memory of driver and workers while the steps ran, and the comparison of the endpoint table that came back.

    python benchmarks/spark_alone.py FOLDER --worker-mib 2048
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

import outcomes as oc

MIB = 2**20

#: The Java class that a worker's process runs.
WORKER = "CoarseGrainedExecutorBackend"


class Watch(threading.Thread):
    """Looks at this process and those that it started: resident memory at its largest, processor seconds so far."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.largest = {"driver": 0, "workers": 0, "together": 0}
        self.seconds: dict[int, float] = {}
        self._over = threading.Event()

    def run(self) -> None:
        here = psutil.Process()
        while not self._over.wait(0.2):
            now = {"driver": 0, "workers": 0}
            for process in [here, *here.children(recursive=True)]:
                try:
                    who = "workers" if any(WORKER in word for word in process.cmdline()) else "driver"
                    times = process.cpu_times()
                    now[who] += process.memory_info().rss
                except psutil.Error:
                    continue
                self.seconds[process.pid] = times.user + times.system
            now["together"] = sum(now.values())
            self.largest = {name: max(size, now[name]) for name, size in self.largest.items()}

    def stop(self) -> dict[str, float]:
        self._over.set()
        self.join()
        told = {f"{name}_mib": size / MIB for name, size in self.largest.items()}
        return {**told, "processor": sum(self.seconds.values())}


def session(worker_mib: int, parts: int, spill: str) -> Any:
    """A session over two workers of one core each. `parts`: of what is handed from worker to worker."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    # What driver and workers write beside their memory; workers do not heed the session's setting.
    os.environ["SPARK_LOCAL_DIRS"] = spill
    settings = {
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.maxResultSize": "0",
        "spark.executor.memory": f"{worker_mib}m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(parts),
        "spark.sql.warehouse.dir": f"{spill}/warehouse",
    }
    builder = SparkSession.builder.master(f"local-cluster[2,1,{worker_mib}]").appName("outcomes")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    # A session is there before its workers are.
    spark.range(2).count()
    return spark


def steps(spark: Any, folder: Path) -> tuple[dict[str, float], Any]:
    """Seconds of each step, and the endpoint table."""
    tables = {
        "diary": spark.read.parquet(str(folder / "diary")),
        "sessions": spark.read.parquet(str(folder / "sessions.parquet")),
    }
    clock = [time.perf_counter()]
    records = oc.load_records(spark, tables=tables)
    clock.append(time.perf_counter())
    periods = oc.split_periods(records)
    clock.append(time.perf_counter())
    endpoints = oc.measure_endpoints(periods)
    clock.append(time.perf_counter())
    names = ("load_records", "split_periods", "measure_endpoints")
    taken = {name: clock[number + 1] - clock[number] for number, name in enumerate(names)}
    return {**taken, "wall": clock[-1] - clock[0]}, endpoints


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Time records in Spark.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worker-mib", type=int, default=2048)
    parser.add_argument("--parts", type=int, default=8, help="spark.sql.shuffle.partitions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as spill:
        watch, started = Watch(), time.perf_counter()
        watch.start()
        spark = session(arguments.worker_mib, arguments.parts, spill)
        ready = time.perf_counter() - started
        taken, endpoints = steps(spark, arguments.folder)
        told: dict[str, Any] = {"session": ready, **taken, **watch.stop()}
        spark.stop()
    frame = oc.compare_all(endpoints).to_frame()
    told["rows"] = json.loads(frame.to_json(orient="records", double_precision=15))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
