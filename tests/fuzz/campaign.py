"""The long campaign: `python tests/fuzz/campaign.py --minutes 20`. Exit code 1 where anything was found.

Each target has a process of its own with a limit on memory, and a parent that watches it: mutated real files,
inputs that Hypothesis builds, and atheris, which is led by what the code does with an input. Inputs that break
the contract are kept with the seed under build/fuzz/findings, beside a text that says where.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

WAYS = ("mutations", "hypothesis", "atheris")
#: An input that gives no answer for so long is broken off, however busy the machine is with other things.
SILENT_SECONDS = 60
#: What an input may map beyond what the libraries have already mapped when they are loaded.
ADDRESS_SPACE = 3 << 29


class Findings:
    """Inputs that broke the contract, each kind kept once."""

    def __init__(self, folder: Path, target: str):
        self.folder, self.target = folder, target
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, data: bytes, clause: str, place: str, way: str, seed: str) -> bool:
        """Write the input and what it did. False where one of its kind is there already."""
        # A deep recursion ends anywhere inside a library; where we called it is what tells one kind from another.
        sign = f"{self.target}|{clause.split('(')[0]}|{place.partition(' > ')[0]}"
        kind = hashlib.sha256(sign.encode()).hexdigest()[:10]
        name = f"{self.target.replace(' ', '_').replace('.', '_')}-{kind}"
        if (self.folder / f"{name}.json").exists():
            return False
        (self.folder / f"{name}.input").write_bytes(data)
        told = {
            "target": self.target,
            "clause": clause,
            "place": place,
            "way": way,
            "seed": seed,
            "bytes": len(data),
        }
        (self.folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="for all targets and ways together")
    parser.add_argument("--target", action="append", help="only this target; may be given more than once")
    parser.add_argument(
        "--way", action="append", choices=WAYS, help="only this way; may be given more than once"
    )
    parser.add_argument("--seed", type=int, default=None, help="repeat a campaign of mutations")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--replay", type=Path, help="hold one kept input against its target, and stop")
    parser.add_argument("--work", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        return _work(arguments)
    if arguments.replay:
        return _replay(arguments.replay)
    return _campaign(arguments)


# The parent


def _campaign(arguments: argparse.Namespace) -> int:
    from targets import targets

    names = arguments.target or list(targets())
    if unknown := set(names) - set(targets()):
        print(f"No such target: {', '.join(sorted(unknown))}. Targets: {', '.join(targets())}.")
        return 2
    ways = arguments.way or list(WAYS)
    if "atheris" in ways and importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (extra 'fuzz'): its part is left out.")
        ways = [way for way in ways if way != "atheris"]
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    seconds = arguments.minutes * 60 / max(1, len(names) * len(ways))
    print(f"{len(names)} targets, {', '.join(ways)}, {seconds:.0f} s each, seed {seed}.", flush=True)
    found = 0
    for name in names:
        for way in ways:
            found += _watched(name, way, seconds, seed, arguments.output)
    kept = sorted((arguments.output / "findings").glob("*.json"))
    print(f"{found} found in this run; {len(kept)} kept in {arguments.output / 'findings'}.")
    return 1 if found else 0


def _watched(name: str, way: str, seconds: float, seed: int, output: Path) -> int:
    """One target, one way, in a process of its own; started again after an input that ended it."""
    end, found, inputs = time.monotonic() + seconds, 0, 0
    outcomes: Counter[str] = Counter()
    state = output / "state" / f"{os.getpid()}"
    state.mkdir(parents=True, exist_ok=True)
    while (left := end - time.monotonic()) > 0.5 or not inputs:
        for old in ("current", "count", "result.json"):
            (state / old).unlink(missing_ok=True)
        command = [sys.executable, str(Path(__file__).resolve()), "--work", way, "--target", name]
        command += ["--seconds", str(max(left, 0.5)), "--seed", str(seed + inputs), "--output", str(output)]
        with (state / "log").open("wb") as log:
            child = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "FUZZ_STATE": str(state)}
            )
            silent = _wait(child, state, left + 2 * SILENT_SECONDS)
        done = state / "result.json"
        if done.is_file():
            told = json.loads(done.read_text())
            found, inputs = found + told["found"], inputs + told["inputs"]
            outcomes.update(told["outcomes"])
            break
        current = state / "current"
        if not current.is_file() or (child.returncode == 1 and not silent):
            # The contract is held for everything that an input can raise: this is the campaign's own fault.
            print(
                f"{name}, {way}: the campaign itself failed:\n{(state / 'log').read_text(errors='replace')[-2000:]}"
            )
            return found + 1
        clause = f"no answer for {SILENT_SECONDS} s" if silent else f"the process ended ({child.returncode})"
        found += Findings(output / "findings", name).keep(current.read_bytes(), clause, "", way, str(seed))
        inputs += int((state / "count").read_text())
    listed = ", ".join(f"{outcome} {number}" for outcome, number in outcomes.most_common())
    print(f"{name}, {way}: {inputs} inputs, {found} found ({listed})", flush=True)
    with (output / "campaign.jsonl").open("a", encoding="utf-8") as log_file:
        told = {"target": name, "way": way, "inputs": inputs, "found": found, "seconds": round(seconds)}
        log_file.write(json.dumps(told | {"outcomes": outcomes}) + "\n")
    return found


def _wait(child: subprocess.Popen[bytes], state: Path, longest: float) -> bool:
    """Wait for the child; True where it was ended because an input gave no answer."""
    start = time.monotonic()
    current = state / "current"
    while child.poll() is None:
        time.sleep(0.2)
        try:
            silent = time.time() - current.stat().st_mtime > SILENT_SECONDS
        except FileNotFoundError:
            silent = False
        if silent or time.monotonic() - start > longest:
            child.kill()
            child.wait()
            return True
    return False


# The child


def _work(arguments: argparse.Namespace) -> int:
    name, state = arguments.target[0], Path(os.environ["FUZZ_STATE"])
    if arguments.work == "atheris":
        import atheris

        with atheris.instrument_imports(include=["outcomes"]):
            import outcomes.records.reading
            import outcomes.records.suggesting
            import outcomes.records.workbooks  # noqa: F401

            holder = _Holder(name, state, arguments)
        return holder.led_by_coverage(atheris, arguments)
    holder = _Holder(name, state, arguments)
    for data, seed in {"mutations": _mutations, "hypothesis": _built}[arguments.work](
        holder.target, arguments.seed
    ):
        holder.take(data, arguments.work, seed)
        if holder.is_over():
            break
    return holder.finish()


class _Holder:
    """Takes inputs one by one, keeps what breaks the contract, and counts."""

    def __init__(self, name: str, state: Path, arguments: argparse.Namespace):
        from targets import Broken, hold, targets

        self.target, self.state = targets()[name], state
        self.hold, self.broken = hold, Broken
        self.findings = Findings(arguments.output / "findings", name)
        self.inputs, self.found = 0, 0
        self.outcomes: Counter[str] = Counter()
        for seed in self.target.seeds():
            # The libraries are loaded, and what they map is known, before memory is limited.
            self.take(seed, "seeds", "0")
        _limit_memory()
        self.end = time.monotonic() + arguments.seconds

    def take(self, data: bytes, way: str, seed: str) -> None:
        (self.state / "current").write_bytes(data)
        self.inputs += 1
        (self.state / "count").write_text(str(self.inputs))
        try:
            self.outcomes[self.hold(self.target, data)] += 1
        except self.broken as broken:
            if self._is_true(data, broken):
                self.found += self.findings.keep(data, broken.clause, broken.place, way, seed)
                self.outcomes["broken"] += 1

    def _is_true(self, data: bytes, broken: Any) -> bool:
        """Time is asked for twice: another program may have taken the processors."""
        if not broken.clause.startswith("over 10"):
            return True
        try:
            self.hold(self.target, data)
        except self.broken:
            return True
        return False

    def is_over(self) -> bool:
        return time.monotonic() > self.end

    def finish(self) -> int:
        told = {"inputs": self.inputs, "found": self.found, "outcomes": self.outcomes}
        (self.state / "result.json").write_text(json.dumps(told))
        return 0

    def led_by_coverage(self, atheris: Any, arguments: argparse.Namespace) -> int:
        """atheris with our own mutations beside its own; the corpus is kept from one campaign to the next."""
        from mutations import mutated

        corpus = arguments.output / "corpus" / self.findings.target.replace(" ", "_")
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = self.target.seeds()
        for seed in seeds:
            (corpus / f"seed-{hashlib.sha256(seed).hexdigest()[:12]}").write_bytes(seed)

        def one(data: bytes) -> None:
            self.take(data, "atheris", str(arguments.seed))
            if self.is_over():
                self.finish()
                os._exit(0)

        def change(data: bytes, most: int, seed: int) -> bytes:
            chance = random.Random(seed)
            if chance.random() < 0.5:
                return bytes(atheris.Mutate(data, most))
            return mutated(chance, [data, *seeds], self.target.form)[:most]

        longest = max(4096, 2 * max(map(len, seeds)))
        options = [
            f"-max_len={longest}",
            "-timeout=120",
            "-rss_limit_mb=4096",
            f"-seed={arguments.seed % 2**31}",
        ]
        options += [f"-artifact_prefix={self.state}/", "-verbosity=0", str(corpus)]
        atheris.Setup([sys.argv[0], *options], one, custom_mutator=change)
        atheris.Fuzz()
        return self.finish()


def _limit_memory() -> None:
    """Less room than the system has, where the system knows such limits: an input that asks for all is told."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        return
    most = pages * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _mutations(target: Any, seed: int) -> Iterator[tuple[bytes, str]]:
    from mutations import mutated

    seeds, number = target.seeds(), seed
    while True:
        yield mutated(random.Random(number), seeds, target.form), str(number)
        number += 1


def _built(target: Any, seed: int) -> Iterator[tuple[bytes, str]]:
    """What Hypothesis builds, in batches: it gives them to a function, and we want them one by one."""
    import hypothesis
    from strategies import inputs

    batch = 0
    while True:
        drawn: list[bytes] = []
        given = hypothesis.given(inputs(target))(_collecting(drawn))
        given = hypothesis.settings(
            max_examples=100, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
        )(given)
        hypothesis.seed(seed + batch)(given)()
        yield from ((data, f"{seed}+{batch}") for data in drawn)
        batch += 1


def _collecting(drawn: list[bytes]) -> Callable[[bytes], None]:
    def collect(data: bytes) -> None:
        drawn.append(data)

    return collect


def _replay(path: Path) -> int:
    from targets import Broken, hold, targets

    told = json.loads(path.with_suffix(".json").read_text())
    try:
        print(hold(targets()[told["target"]], path.with_suffix(".input").read_bytes()))
    except Broken as broken:
        print(broken)
        return 1
    return 0


def smaller(data: bytes, still: Callable[[bytes], bool], seconds: float = 30.0) -> bytes:
    """The same finding with as few bytes as can be had in that time: parts are left out while it stays."""
    end, size = time.monotonic() + seconds, max(1, len(data) // 2)
    while size and time.monotonic() < end:
        place, cut = 0, False
        while place < len(data) and time.monotonic() < end:
            shorter = data[:place] + data[place + size :]
            if still(shorter):
                data, cut = shorter, True
            else:
                place += size
        size = size if cut and size > 1 else size // 2
    return data


if __name__ == "__main__":
    raise SystemExit(main())
