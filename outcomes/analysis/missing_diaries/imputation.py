"""Multiple imputation: missing days drawn many times from what the diaries say, and the answers pooled.

Rubin's rules with the degrees of freedom of Barnard and Rubin (1999), as R's `mice::pool.scalar` has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from outcomes.analysis.estimates import TIE_DECIMALS, Estimate, Values, paired_change
from outcomes.analysis.missing_diaries.intervals import NO_ONE, estimate_from
from outcomes.analysis.missing_diaries.posterior import Patterns, draw_rates, fit_rates
from outcomes.analysis.missing_diaries.started import Answer, Started
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: Above this many patients the draws take minutes, and the intervals are narrow without them.
MOST_PATIENTS = 10_000

#: Below this share of the variance coming from missing days the degrees of freedom are those of full data.
_LEAST_LAMBDA = 1e-4

_STREAM = 0x6D697373  # a stream of its own, so that other methods' draws do not move these


@dataclass(frozen=True)
class Pooled:
    """Rubin's rules. `within` and `between` are the two variances, `total` = within + (1 + 1/m)·between; `df` after
    Barnard and Rubin; `increase` the relative increase in variance due to missing days; `missing_information`
    the fraction of missing information."""

    value: float
    within: float
    between: float
    total: float
    df: float
    increase: float
    missing_information: float


def pool(estimates: Sequence[float], variances: Sequence[float], n: float) -> Pooled:
    """Pool m ≥ 2 estimates of a mean of n patients and their variances (squared standard errors).

    df = d·o/(d + o) with l = (1 + 1/m)·between/total, d = (m − 1)/l², o = (c + 1)/(c + 3)·c·(1 − l), c = n − 1.
    `n` may be infinite: then df = d (Rubin 1987). Agrees with R's mice::pool.scalar(…, n = n, k = 1).
    """
    m = len(estimates)
    if m < 2 or len(variances) != m:
        raise ValueError("pooling needs two or more estimates, each with its variance")
    value, within = math.fsum(estimates) / m, math.fsum(variances) / m
    between = math.fsum((each - value) ** 2 for each in estimates) / (m - 1)
    total = within + (1 + 1 / m) * between
    increase = (1 + 1 / m) * between / within if within > 0 else math.inf
    share = max((1 + 1 / m) * between / total if total > 0 else 0.0, _LEAST_LAMBDA)
    df = (m - 1) / share**2
    if math.isfinite(n):
        complete = n - 1
        observed = (complete + 1) / (complete + 3) * complete * (1 - share)
        df = df * observed / (df + observed)
    missing = (increase + 2 / (df + 3)) / (increase + 1) if math.isfinite(increase) else 1.0
    return Pooled(value, within, between, total, df, increase, missing)


@dataclass(frozen=True, eq=False)
class ImputedChanges:
    """Mean change and its variance in every completed data set: imputations × odds × (analysed, all started)."""

    odds: tuple[float, ...]
    means: Values
    variances: Values
    n: tuple[int, int]
    notes: tuple[str, ...]

    def estimate(self, odds: int, who: int, confidence: float) -> Estimate:
        """The pooled change at one of the odds (by position), for those analysed (0) or all started (1)."""
        n, method = self.n[who], _method(len(self.means))
        means, variances = self.means[:, odds, who], self.variances[:, odds, who]
        if n == 1:
            found = Pooled(math.fsum(means) / len(means), 0, 0, 0, 1, 0, 0)
        else:
            found = pool(list(means), list(variances), n)
        missing = f"fraction of missing information {found.missing_information:.2g}"
        notes = (*self.notes, missing)
        return estimate_from(found.value, found.total, found.df, n, confidence, method, notes)


def impute(started: Started, plan: AnalysisPlan) -> ImputedChanges | Estimate:
    """Complete every window `plan.imputations` times and note the mean change, at each of the odds.

    Odds 1 comes first: missing days as the model has them, given what the patient recorded (missing at random).
    At other odds a missing follow-up day has its odds of headache multiplied; the same uniform numbers decide at
    all odds, so that the change can only rise with them. An Estimate without a value says why nothing was drawn.
    """
    if not len(started):
        return Estimate(None, None, None, None, _method(plan.imputations), (NO_ONE,))
    if len(started) > MOST_PATIENTS:
        why = f"not run: more than {MOST_PATIENTS:,} patients; the bounds and the weights (ipw_change) have everyone"
        return Estimate(None, None, None, None, _method(plan.imputations), (why,))
    model = fit_rates(started, plan.quadrature_points)
    if model.problem:
        return Estimate(None, None, None, None, _method(plan.imputations), (model.problem,))
    odds = (1.0, *(each for each in plan.tipping_odds if each != 1.0))
    generator = Generator(PCG64(SeedSequence([plan.seed, _STREAM])))
    patterns = Patterns.of(started)
    drawn = [
        _summaries(
            _completed(started, draw_rates(model.drawn(generator), patterns, generator), odds, generator),
            started,
        )
        for _ in range(plan.imputations)
    ]
    means, variances = (np.array([each[part] for each in drawn]) for part in (0, 1))
    return ImputedChanges(odds, means, variances, (started.n_analysed, len(started)), model.notes)


def imputed_changes(
    started: Started, imputed: ImputedChanges | Estimate, confidence: float
) -> tuple[Answer, ...]:
    """`imputed_change`: the patients analysed. `imputed_change_all_started`: everyone with a valid baseline, the
    whole follow-up window of drop-outs drawn as far as it is missing."""
    return tuple(
        Answer(f"imputed_change{suffix}", pooled_change(started, imputed, 0, who, confidence), n)
        for who, (suffix, n) in enumerate((("", started.n_analysed), ("_all_started", len(started))))
    )


def pooled_change(
    started: Started, imputed: ImputedChanges | Estimate, odds: int, who: int, confidence: float
) -> Estimate:
    """The change at one of the odds (by position), for those analysed (0) or all started (1); the paired t where
    none of their days is missing, so that nothing was drawn."""
    if isinstance(imputed, Estimate):
        return imputed
    patients = (started.only_analysed(), started)[who]
    if not len(patients):
        return Estimate(None, None, None, None, _method(len(imputed.means)), (NO_ONE,))
    if patients.baseline.missing.any() or patients.followup.missing.any():
        return imputed.estimate(odds, who, confidence)
    found = paired_change(patients.baseline.level, patients.followup.level, confidence)
    return replace(found, notes=(*found.notes, "no day is missing: nothing to impute"))


def _method(imputations: int) -> str:
    return f"{imputations} imputations, beta-binomial posterior; Rubin, Barnard–Rubin t"


def _completed(
    started: Started, rates: tuple[Values, Values], odds: tuple[float, ...], generator: Generator
) -> Values:
    """Every patient's change in one completed data set at each of the odds: odds × patients."""
    before, after = started.baseline, started.followup
    drawn_before = generator.binomial(before.missing, rates[0])
    level = DAYS_PER_PERIOD * (before.headache + drawn_before) / before.days
    owner = np.repeat(np.arange(len(started)), after.missing)
    uniform = generator.random(len(owner))
    changes = []
    for each in odds:
        chance = each * rates[1] / (1 - rates[1] + each * rates[1])
        drawn = np.bincount(owner[uniform < chance[owner]], minlength=len(started))
        changes.append(DAYS_PER_PERIOD * (after.headache + drawn) / after.days - level)
    return np.array(changes)


def _summaries(changes: Values, started: Started) -> tuple[Values, Values]:
    """Mean and squared standard error of the change: odds × (analysed, all started). NaN for nobody."""
    means, variances = [], []
    for values in (changes[:, started.analysed], changes):
        n = values.shape[1]
        values = np.round(values, TIE_DECIMALS)
        empty = np.full(len(values), np.nan)
        means.append(values.mean(axis=1) if n else empty)
        variances.append(values.var(axis=1, ddof=1) / n if n > 1 else empty)
    return np.column_stack(means), np.column_stack(variances)
