"""A command in a process of its own, looked at while it runs: time, memory, temporary files."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MIB = 2**20

#: How often a process is looked at, in seconds.
EVERY = 0.05


@dataclass(frozen=True)
class Watched:
    """One command, run once: seconds on the clock and of the processors, memory and temporary files in MiB.

    `spilled_mib` is the largest size of its temporary files at one time; `stopped` says that it needed more memory than
    it was given.
    """

    wall: float
    processor: float
    peak_mib: float
    spilled_mib: float
    stopped: bool
    output: str

    @property
    def figures(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "output"}


def watched(
    command: Sequence[str], folder: Path, most_mib: float = math.inf, limit: str | None = None
) -> Watched:
    """Run a command with temporary files of its own; it is ended where it needs more than `most_mib`.

    `limit` is the memory limit of the engine, in place of its own.
    Raises RuntimeError where it fails.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        # Started in the folder of the data, so that the installed package is measured and not a checkout.
        own = {**os.environ, "TMPDIR": scratch, **({"OUTCOMES_MEMORY_LIMIT": limit} if limit else {})}
        process = subprocess.Popen(command, stdout=output, cwd=folder, env=own)
        spilled, stopped = 0, False
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            spilled = max(spilled, _bytes_in(Path(scratch)))
            if not stopped and _resident(process.pid) > most_mib * MIB:
                stopped = True
                process.kill()
            time.sleep(EVERY)
        wall = time.perf_counter() - started
        _, status, usage = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode("utf-8")
    if process.returncode and not stopped:
        raise RuntimeError(f"the command ended with {process.returncode}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MIB
    return Watched(wall, usage.ru_utime + usage.ru_stime, peak, spilled / MIB, stopped, text)


def _resident(process: int) -> int:
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0


def _bytes_in(folder: Path) -> int:
    """What the files of a folder take on the disk; a file may go while it is looked at."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
    return total
