"""Practitioners side by side, each drawn towards the clinic's mean. Never ranked; fewer than five patients: not shown.

What differs between practitioners here is what their patients recorded, not how well they treat: who sees
whom is not drawn by lot.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from outcomes.analysis.care_units import LEAST_PATIENTS as LEAST_PATIENTS
from outcomes.analysis.estimates import TIE_DECIMALS, Estimate, Values
from outcomes.analysis.models.fitted import Status
from outcomes.analysis.models.formulas import need_columns, need_numbers
from outcomes.analysis.models.random_effects import Estimator, RandomEffects, random_effects
from outcomes.errors import PlanError

#: The outer funnel: three standard errors, as usual in charts of units.
OUTER = 0.998


def _not_causal(units: str) -> str:
    of_what = "in skill" if units == "practitioners" else "in what they do"
    return (
        f"not_allocated: patients are not shared out by lot, so differences between {units} are not differences "
        f"{of_what}"
    )


def _few(units: str) -> str:
    return f"few_{units}: with fewer than five the spread between them is badly known"


@dataclass(frozen=True)
class PractitionerRow:
    """One practitioner: `n` patients, the change recorded, at the clinic's mean baseline, and drawn in.

    `observed` is the plain mean change; `adjusted` the change at the clinic's mean baseline, with variance
    `variance`; `shrunken` is drawn towards the clinic's mean, with `low` and `high`. The funnel limits are those
    within which a practitioner with as many patients is expected; `outside` those of 99.8%.
    """

    practitioner: str
    n: int
    observed: float
    adjusted: float
    variance: float
    shrunken: float
    low: float
    high: float
    funnel_low: float
    funnel_high: float
    outer_low: float
    outer_high: float
    outside: bool


@dataclass(frozen=True)
class PractitionerComparison:
    """The practitioners in the order of their names. `mean` is that over practitioners, not over patients.

    `n` patients stand behind the rows; `n_left_out` lack a period or a practitioner; `suppressed_patients`
    belong to the `suppressed` practitioners with fewer than `least_patients`.
    """

    status: Status
    reason: str
    rows: tuple[PractitionerRow, ...]
    mean: Estimate
    tau_squared: float | None
    slope: float | None
    n: int
    n_left_out: int
    suppressed: int
    suppressed_patients: int
    least_patients: int
    confidence: float
    method: str
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per practitioner shown, unrounded, in the order of their names."""
        columns = list(PractitionerRow.__dataclass_fields__)
        return pd.DataFrame([asdict(row) for row in self.rows], columns=columns)


def compare_practitioners(
    pairs: pd.DataFrame,
    confidence: float = 0.95,
    *,
    practitioner: str = "practitioner_id",
    least_patients: int = LEAST_PATIENTS,
    estimator: Estimator = "paule_mandel",
    units: str = "practitioners",
) -> PractitionerComparison:
    """Mean change per practitioner at the clinic's mean baseline, with shrinkage and funnel limits.

    `pairs` has `baseline`, `followup` and the practitioner, one row per patient (`pair_by_patient` joined with
    `main_practitioner`). The change is regressed on the baseline within practitioners (one slope); v_k = s²/n_k +
    (x̄_k − x̄)²·var(slope), with s² pooled over practitioners, since a variance from five patients is mostly noise.
    Then random effects with Paule–Mandel's τ²; funnel limits μ̂ ± z·√(v_k + τ̂²). `least_patients` cannot be
    lowered below 5. Fewer than two practitioners, or no variation: status and reason, no rows. Sites are compared
    in the same way: name their column in `practitioner`, and call them `units="sites"` in the notes.
    """
    if least_patients < LEAST_PATIENTS:
        raise PlanError(f"least_patients must be {LEAST_PATIENTS} or more.")
    need_columns(pairs, [practitioner])
    need_numbers(pairs, ["baseline", "followup"])
    whole = pairs.dropna(subset=["baseline", "followup", practitioner])
    sizes = whole.groupby(practitioner).size()
    small = sizes[sizes < least_patients]
    shown = whole[~whole[practitioner].isin(small.index)]
    method = f"random effects over {units}, baseline held equal"
    counts = (
        len(shown), len(pairs) - len(whole), len(small), int(small.sum()), least_patients, confidence,
    )  # fmt: skip
    adjusted = _adjusted(shown, practitioner, units)
    if isinstance(adjusted, str):
        nothing = Estimate(None, None, None, None, method, (adjusted,))
        return PractitionerComparison(
            "not_estimable", adjusted, (), nothing, None, None, *counts, method, (_not_causal(units),)
        )
    pooled = random_effects(adjusted.means, adjusted.variances, confidence, estimator)
    rows = _rows(adjusted, pooled, confidence)
    notes = (_not_causal(units), *((_few(units),) if len(rows) < 5 else ()))
    return PractitionerComparison(
        "converged",
        "",
        rows,
        pooled.mean,
        pooled.tau_squared,
        adjusted.slope,
        *counts,
        pooled.mean.method,
        notes,
    )


@dataclass(frozen=True, eq=False)
class _Adjusted:
    names: tuple[str, ...]
    sizes: NDArray[np.int64]
    observed: Values
    means: Values
    variances: Values
    slope: float


def _adjusted(shown: pd.DataFrame, practitioner: str, units: str) -> _Adjusted | str:
    """Change at the clinic's mean baseline per practitioner, or why there is none."""
    ordered = shown.sort_values([practitioner, "baseline", "followup"])
    codes, names = pd.factorize(ordered[practitioner], sort=True)
    k = len(names)
    if k < 2:
        return f"insufficient_n: fewer than two {units} with enough patients"
    baseline = ordered["baseline"].to_numpy(np.float64)
    change = ordered["followup"].to_numpy(np.float64) - baseline
    n = np.bincount(codes)
    mean_change = np.bincount(codes, change) / n
    mean_baseline = np.bincount(codes, baseline) / n
    x, y = baseline - mean_baseline[codes], change - mean_change[codes]
    spread = math.fsum(x * x)
    varies = bool(np.round(x, TIE_DECIMALS).any())
    slope = math.fsum(x * y) / spread if varies else 0.0
    df = len(change) - k - int(varies)
    rest = np.round(y - slope * x, TIE_DECIMALS)
    if df < 1 or not rest.any():
        return f"zero_variance: nothing varies within {units} beside the baseline"
    s_squared = math.fsum(rest * rest) / df
    away = mean_baseline - math.fsum(baseline) / len(baseline)
    means = mean_change - slope * away
    variances = s_squared / n + (away**2 * s_squared / spread if varies else 0.0)
    return _Adjusted(
        tuple(map(str, names)), n.astype(np.int64), mean_change, means, np.asarray(variances), slope
    )


def _shrunken_errors(adjusted: _Adjusted, pooled: RandomEffects) -> Values:
    """Standard errors of the shrunken figures with the doubt about τ² in them (Prasad and Rao 1990).

    Without it 95% intervals held the truth in 83 to 95% of simulated clinics of 2 to 20 practitioners.
    """
    total = adjusted.variances + pooled.tau_squared
    tau_variance = 2 * len(total) / math.fsum(1 / total) ** 2
    through_tau = (adjusted.variances / total) ** 2 / total * tau_variance
    errors: Values = np.sqrt(pooled.prediction_errors**2 + 2 * through_tau)
    return errors


def _rows(adjusted: _Adjusted, pooled: RandomEffects, confidence: float) -> tuple[PractitionerRow, ...]:
    z, outer = (float(ndtri(0.5 + level / 2)) for level in (confidence, OUTER))
    mean = pooled.mean.value or 0.0
    errors = _shrunken_errors(adjusted, pooled)
    rows = []
    for i, name in enumerate(adjusted.names):
        spread = math.sqrt(adjusted.variances[i] + pooled.tau_squared)
        here = float(adjusted.means[i])
        rows.append(
            PractitionerRow(
                practitioner=name,
                n=int(adjusted.sizes[i]),
                observed=float(adjusted.observed[i]),
                adjusted=here,
                variance=float(adjusted.variances[i]),
                shrunken=float(pooled.predictions[i]),
                low=float(pooled.predictions[i] - z * errors[i]),
                high=float(pooled.predictions[i] + z * errors[i]),
                funnel_low=mean - z * spread,
                funnel_high=mean + z * spread,
                outer_low=mean - outer * spread,
                outer_high=mean + outer * spread,
                outside=abs(here - mean) > outer * spread,
            )
        )
    return tuple(rows)
