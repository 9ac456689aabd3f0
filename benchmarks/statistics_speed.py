"""How long the statistics take, beside the library that one would otherwise reach for: part of `make bench`, or

    python benchmarks/statistics_speed.py
    python benchmarks/statistics_speed.py --short

Each method and its peers get the same simulated counts, in one process and in alternation, after all imports; the
figures are medians.
Where both answer the same question the answers must agree, and the run ends with 1 where they do not.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.regression.mixed_linear_model import MixedLM

import outcomes as oc
from outcomes.analysis.models.beta_binomial import beta_binomial_model
from outcomes.analysis.multiverse import multiverse
from outcomes.analysis.paired.effect_sizes import d_av, d_z
from outcomes.analysis.paired.pseudomedian import hodges_lehmann
from outcomes.analysis.paired.rank_tests import wilcoxon_pratt
from outcomes.analysis.paired.ratios import day_weighted_ratio
from outcomes.selfcheck.clinics import TypicalClinic, month_shares
from outcomes.simulation import ClinicTruth, simulate_clinic

SEED = 20260101
PLAN = oc.AnalysisPlan()

#: What the project promises, in seconds, at the full sizes.
PROMISED = {"comparison": 1.0, "day_weighted": 0.010, "glmm": 10.0, "multiverse": 10.0}

#: Patients above which pingouin runs out of memory.
MOST_FOR_PINGOUIN = 5_000


@dataclass(frozen=True)
class Sizes:
    """Patients of each part, months of the model, and runs."""

    comparison: int = 100_000
    glmm: int = 1000
    months: int = 6
    multiverse: int = 500
    resamples: int = 999
    runs: int = 3


SHORT = Sizes(comparison=2000, glmm=60, multiverse=40, resamples=199, runs=1)


@dataclass
class Timed:
    """One question: seconds of ours and of each peer, and how far the answers lie apart."""

    title: str
    seconds: dict[str, float] = field(default_factory=dict)
    promised: float | None = None
    notes: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        ours = self.seconds["outcomes"]
        ratios = {name: ours / other for name, other in self.seconds.items() if name != "outcomes"}
        return {
            "title": self.title,
            "seconds": self.seconds,
            "ratios": ratios,
            "promised": self.promised,
            "held": None if self.promised is None else ours <= self.promised,
            "notes": self.notes,
            "differences": self.differences,
        }


def timed(title: str, roads: dict[str, Callable[[], Any]], runs: int) -> tuple[Timed, dict[str, Any]]:
    """Every road in turn, `runs` times; the median of each, and what it answered."""
    taken: dict[str, list[float]] = {name: [] for name in roads}
    answers: dict[str, Any] = {}
    for _ in range(runs):
        for name, road in roads.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                started = time.perf_counter()
                answers[name] = road()
                taken[name].append(time.perf_counter() - started)
    return Timed(title, {name: statistics.median(each) for name, each in taken.items()}), answers


def counts(patients: int) -> dict[str, Any]:
    """Headache days and recorded days before and after of made-up patients."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    clinic = TypicalClinic(PLAN, 0.1)
    drawn = clinic.draw(generator, (patients,))
    before = month_shares(generator, drawn.usual, clinic.day_icc)
    after = month_shares(generator, 0.85 * drawn.usual, clinic.day_icc)
    return {
        "n0": drawn.recorded_before,
        "h0": generator.binomial(drawn.recorded_before, before),
        "n1": drawn.recorded_after,
        "h1": generator.binomial(drawn.recorded_after, after),
    }


def endpoint_table(data: dict[str, Any]) -> pd.DataFrame:
    """The counts as `measure_endpoints` gives them."""
    patients = np.arange(len(data["n0"]))
    sides = [
        pd.DataFrame(
            {
                "patient_id": patients,
                "mode": "diary",
                "period": period,
                "recorded_days": data[f"n{side}"].astype(float),
                "covered": True,
                "headache_days_per_28": 28 * data[f"h{side}"] / data[f"n{side}"],
            }
        )
        for side, period in enumerate(("baseline", "followup"))
    ]
    return pd.concat(sides).sort_values(["patient_id", "period"], ignore_index=True)


def comparison(sizes: Sizes) -> Timed:
    """t, Fieller, responders, Pratt, Hodges–Lehmann and effect sizes, beside a bootstrap of the mean alone."""
    table = endpoint_table(counts(sizes.comparison))
    pairs = oc.pair_by_patient(table, "headache_days_per_28")
    before, after = pairs["baseline"].to_numpy(), pairs["followup"].to_numpy()

    def ours() -> Any:
        change = oc.compare(table, "headache_days_per_28", PLAN)
        wilcoxon_pratt(before, after)
        hodges_lehmann(before, after, 0.95)
        d_av(before, after, 0.95)
        d_z(before, after, 0.95)
        return change

    def scipy_bootstrap() -> Any:
        generator = np.random.Generator(np.random.PCG64(SEED))
        return stats.bootstrap(
            (after - before,), np.mean, n_resamples=sizes.resamples, batch=20, method="percentile", rng=generator
        )  # fmt: skip

    roads = {"outcomes": ours, "scipy bootstrap of the mean change": scipy_bootstrap}
    pingouin = _module("pingouin")
    # Its signed-rank effect size holds every pair of patients at once: 75 GiB for 100,000 of them.
    if pingouin is not None and sizes.comparison <= MOST_FOR_PINGOUIN:
        roads["pingouin t, wilcoxon, effect size"] = lambda: (
            pingouin.ttest(after, before, paired=True),
            pingouin.wilcoxon(after, before),
            pingouin.compute_effsize(after, before, paired=True),
        )
    found, answers = timed(
        f"full comparison of {sizes.comparison:,} patients, with ranks and effect sizes", roads, sizes.runs
    )
    if pingouin is None:
        found.notes.append("pingouin is not installed")
    elif sizes.comparison > MOST_FOR_PINGOUIN:
        found.notes.append(
            f"pingouin is run up to {MOST_FOR_PINGOUIN:,} patients: it holds all pairs of them in memory"
        )
    change = answers["outcomes"].change
    interval = answers["scipy bootstrap of the mean change"].confidence_interval
    width = change.high - change.low
    if max(abs(interval.low - change.low), abs(interval.high - change.high)) > 0.25 * width:
        found.differences.append("the interval of the change")
    return found


def day_weighted(sizes: Sizes) -> Timed:
    """The day-weighted ratio in closed form, beside the same Poisson regression by statsmodels' GEE."""
    data = counts(sizes.comparison)
    roads: dict[str, Callable[[], Any]] = {
        "outcomes": lambda: day_weighted_ratio(data["h0"], data["n0"], data["h1"], data["n1"], 0.95)
    }

    def statsmodels_gee() -> Any:
        n = len(data["n0"])
        groups = np.tile(np.arange(n), 2)
        order = np.argsort(groups, kind="stable")
        headache = np.concatenate([data["h0"], data["h1"]])[order]
        recorded = np.concatenate([data["n0"], data["n1"]])[order]
        design = np.column_stack([np.ones(2 * n), np.repeat([0.0, 1.0], n)[order]])
        model = GEE(headache, design, groups[order], family=Poisson(), offset=np.log(recorded))
        return model.fit()

    roads["statsmodels GEE"] = statsmodels_gee
    found, answers = timed(f"day-weighted ratio of {sizes.comparison:,} patients", roads, sizes.runs)
    if abs(np.log(answers["outcomes"].value) - answers["statsmodels GEE"].params[1]) > 1e-8:
        found.differences.append("the ratio")
    return found


def glmm(sizes: Sizes) -> Timed:
    """The beta-binomial model by quadrature, beside statsmodels' mixed models of the same months."""
    table = months(sizes.glmm, sizes.months)

    def bayes() -> Any:
        # One row per day: the library takes no counts.
        days = table.loc[table.index.repeat(table["recorded_days"])].reset_index(drop=True)
        number = days.groupby(["patient_id", "month"]).cumcount()
        days["headache"] = (number < days["headache_days"]).astype(int)
        model = BinomialBayesMixedGLM.from_formula(
            "headache ~ C(period)", {"patient": "0 + C(patient_id)"}, days
        )
        return model.fit_vb()

    def mixed() -> Any:
        rates = table.assign(r=28 * table["headache_days"] / table["recorded_days"])
        return MixedLM.from_formula("r ~ C(period)", rates, groups="patient_id").fit(method="powell")

    roads: dict[str, Callable[[], Any]] = {
        "outcomes": lambda: beta_binomial_model(table[["patient_id", "period", "recorded_days", "headache_days"]]),
        "statsmodels MixedLM of the rates": mixed,
    }  # fmt: skip
    found, answers = timed(
        f"beta-binomial model of {sizes.glmm:,} patients × {sizes.months} months", roads, 1
    )
    if not answers["outcomes"].usable:
        found.differences.append(f"not converged: {answers['outcomes'].reason}")
    # A dense design of every day: beyond some dozens of patients it takes minutes and gigabytes.
    if sizes.glmm <= SHORT.glmm:
        found.seconds["statsmodels BinomialBayesMixedGLM"] = timed("", {"outcomes": bayes}, 1)[0].seconds[
            "outcomes"
        ]
    else:
        found.notes.append(
            f"statsmodels BinomialBayesMixedGLM is run with --short only ({SHORT.glmm} patients)"
        )
    return found


def months(patients: int, per_patient: int) -> pd.DataFrame:
    """Counts per patient and month, the first half before."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    clinic = TypicalClinic(PLAN, 0.1)
    usual = clinic.draw(generator, (patients,)).usual[:, None]
    after = np.arange(per_patient) >= per_patient / 2
    shares = month_shares(
        generator, np.broadcast_to(usual * np.where(after, 0.85, 1.0), (patients, per_patient)), clinic.day_icc
    )  # fmt: skip
    recorded = generator.integers(20, 29, shares.shape)
    return pd.DataFrame(
        {
            "patient_id": np.repeat(np.arange(patients), per_patient),
            "month": np.tile(np.arange(per_patient), patients),
            "period": np.where(np.tile(after, patients), "followup", "baseline"),
            "recorded_days": recorded.ravel(),
            "headache_days": generator.binomial(recorded, shares).ravel(),
        }
    )


def all_choices(sizes: Sizes) -> Timed:
    """The table of every combination of choices, records read beforehand. No other library has one."""
    records = oc.load_records(dict(simulate_clinic(ClinicTruth(patients=sizes.multiverse, faults=False))))
    found, answers = timed(
        f"multiverse of {sizes.multiverse} patients", {"outcomes": lambda: multiverse(records)}, 1
    )
    found.notes.append(f"{len(answers['outcomes'].to_frame())} rows")
    return found


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


PARTS: dict[str, Callable[[Sizes], Timed]] = {
    "comparison": comparison,
    "day_weighted": day_weighted,
    "glmm": glmm,
    "multiverse": all_choices,
}


def measure(sizes: Sizes, *, full: bool) -> dict[str, Any]:
    """Every part. What is promised is promised at the full sizes."""
    found = {}
    for name, part in PARTS.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        one = part(sizes)
        one.promised = PROMISED[name] if full else None
        found[name] = one.to_dict()
    return {"versions": _versions(), "parts": found}


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in ("outcomes", "numpy", "scipy", "statsmodels", "pandas", "pingouin"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    print(", ".join(f"{name} {one}" for name, one in result["versions"].items()))
    for part in result["parts"].values():
        print(f"\n{part['title']}")
        for name, seconds in part["seconds"].items():
            ratio = part["ratios"].get(name)
            beside = "" if ratio is None else f"   ours / theirs {ratio:.4f}"
            print(f"  {name:36} {seconds:9.4f} s{beside}")
        if part["promised"] is not None:
            print(f"  promised: {part['promised']:g} s, {'held' if part['held'] else 'NOT HELD'}")
        for note in part["notes"]:
            print(f"  {note}")
        for difference in part["differences"]:
            print(f"  DIFFERS: {difference}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. 1 where two roads give different answers; a missed promise is shown, not punished."""
    parser = argparse.ArgumentParser(
        description="Measure the statistics beside scipy, statsmodels and pingouin."
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument(
        "--short", action="store_true", help="small clinics, one run: does it work, is it equal"
    )
    arguments = parser.parse_args(argv)
    result = measure(SHORT if arguments.short else Sizes(), full=not arguments.short)
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if any(part["differences"] for part in result["parts"].values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
