"""The whole check: which clinics, which questions, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analysis.periods import split_periods
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.selfcheck.bad_months import bad_month_promises
from outcomes.selfcheck.clinics import OwnClinic, Population, TypicalClinic
from outcomes.selfcheck.intervals import interval_promises
from outcomes.selfcheck.promises import Promise, Verdict, bounded
from outcomes.selfcheck.shares import share_promises

#: Patients per clinic where neither records nor a number are given.
SIZES = (10, 30, 100)

REPLICATES = 6000
BAD_MONTH_CLINICS = 10
MISSING = 0.10

_LEAST_REPLICATES, _MOST_REPLICATES = 100, 1_000_000
_LEAST_N, _MOST_N = 2, 1_000_000
_MOST_MISSING = 0.6


@dataclass(frozen=True)
class SelfCheck:
    """Every promise with what the simulation found. `population` says in words whom it was simulated with."""

    promises: tuple[Promise, ...]
    sizes: tuple[int, ...]
    population: str
    replicates: int
    seed: int
    confidence: float
    notes: tuple[str, ...] = ()

    def with_verdict(self, verdict: Verdict) -> tuple[Promise, ...]:
        return tuple(promise for promise in self.promises if promise.verdict == verdict)

    @property
    def holds(self) -> bool:
        """Whether no promise is broken. Those that the simulation could not settle are no breach."""
        return not self.with_verdict("broken")

    def to_frame(self) -> pd.DataFrame:
        """One row per promise, unrounded."""
        return pd.DataFrame([promise.to_dict() for promise in self.promises])

    def to_dict(self) -> dict[str, Any]:
        return {
            "population": self.population,
            "sizes": list(self.sizes),
            "replicates": self.replicates,
            "seed": self.seed,
            "confidence": self.confidence,
            "holds": self.holds,
            "notes": list(self.notes),
            "promises": [promise.to_dict() for promise in self.promises],
        }

    def summary(self) -> str:
        """One sentence: how many promises hold."""
        counts = {name: len(self.with_verdict(name)) for name in ("held", "not_settled", "broken")}
        text = f"{counts['held']} of {len(self.promises)} promises are held"
        if counts["not_settled"]:
            text += f", {counts['not_settled']} not settled by this many replicates"
        return f"{text}, {counts['broken']} broken."


def selfcheck(
    records: Records | None = None,
    plan: AnalysisPlan | None = None,
    *,
    patients: int | None = None,
    missing: float | None = None,
    replicates: int = REPLICATES,
    bad_month_clinics: int = BAD_MONTH_CLINICS,
    seed: int | None = None,
) -> SelfCheck:
    """Simulate clinics with a planted truth and see whether the default numbers keep their promises.

    With `records`: as many patients as they compare, like those, with their recorded days and their clustering.
    Without: a made-up clinic with a share `missing` of its days not recorded, of `patients` or of 10, 30 and 100.
    `patients` beside records changes the number alone. `replicates` clinics for each coverage, `bad_month_clinics`
    for each way to come in a bad month (these are read as diaries, by the same code as any records). The seed is the
    plan's where none is given.

    Raises PlanError for a request that cannot be met, InvalidRecords where fewer than two patients are compared.
    """
    plan = plan if plan is not None else records.plan if records is not None else AnalysisPlan()
    seed = plan.seed if seed is None else seed
    bounded("replicates", replicates, _LEAST_REPLICATES, _MOST_REPLICATES)
    bounded("bad_month_clinics", bad_month_clinics, 10, 10_000)
    bounded("missing", MISSING if missing is None else missing, 0.0, _MOST_MISSING)
    bounded("seed", seed, 0, 2**63 - 1)
    if patients is not None:
        bounded("patients", patients, _LEAST_N, _MOST_N)
    population, sizes, notes = _whom(records, plan, patients, missing)
    promises: list[Promise] = []
    for n in sizes:
        # Each size has a stream of its own: asking for one size gives what asking for several does.
        generator = np.random.Generator(np.random.PCG64([seed, n, 0]))
        promises += interval_promises(population, n, replicates, plan.confidence, generator)
        generator = np.random.Generator(np.random.PCG64([seed, n, 1]))
        promises += share_promises(n, replicates, plan.confidence, generator)
    generator = np.random.Generator(np.random.PCG64([seed, 0, 2]))
    bad_months, why_not = bad_month_promises(population, plan, bad_month_clinics, generator)
    return SelfCheck(
        promises=(*promises, *bad_months),
        sizes=sizes,
        population=population.described(),
        replicates=replicates,
        seed=seed,
        confidence=plan.confidence,
        notes=(*notes, *why_not),
    )


def _whom(
    records: Records | None, plan: AnalysisPlan, patients: int | None, missing: float | None
) -> tuple[Population, tuple[int, ...], tuple[str, ...]]:
    if records is None:
        sizes = SIZES if patients is None else (patients,)
        return TypicalClinic(plan, MISSING if missing is None else missing), sizes, ()
    own = OwnClinic.of(split_periods(records, plan))
    n = own.n if patients is None else patients
    notes = own.notes
    if missing is not None:
        notes += ("missing_not_used: the recorded days are those of the records",)
    return own, (n,), notes
