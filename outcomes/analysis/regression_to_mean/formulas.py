"""What formulas say about regression to the mean, given an average from outside: a range, never a correction.

Every change is follow-up − baseline, so a fall that regression alone would give is negative. The published
formulas give the size of the fall. Sources and limits: docs/method.md#regression-to-the-mean.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.special import erfcx, ndtri, stdtr

from outcomes.analysis.estimates import (
    MIN_PAIRS_FOR_P,
    Estimate,
    Sample,
    Values,
    t_quantile,
)
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan

#: Stands beside every range that comes from here.
RANGE_LABEL = "could be explained by regression to the mean"

#: What is said where no average from outside is known.
CANNOT_BE_COMPUTED = "cannot be computed from these records"

NO_EXTERNAL_MEAN = (
    f"{CANNOT_BE_COMPUTED}: no mean of people like these from outside the clinic (external_means); the clinic's "
    "own mean is raised by the same selection and would give a change of 0"
)

_CUTOFF = "cut-off formula (James, Davis, Gardner–Heady)"
_SHRINKAGE = "shrinkage towards the external mean"
_NOT_CUTOFFS = (
    "no_cutoff: no enrolment rule of the plan is a cut-off (at_least_D), so only shrinkage is computed"
)

_WORST_OF = (
    "worst_of: neither formula knows of those who begin in the worst of several months, whose fall is larger"
)

_AT_LEAST = "at_least_"


def cutoff_regression(
    mu: float, sd_between: float, sd_within: float, cutoff: float, screens: int = 1
) -> Estimate:
    """Expected change of people who enter because the mean of `screens` measurements lies above `cutoff`.

    Nobody changes in truth; values are normal around `mu` with `sd_between` between people and `sd_within`
    between measurements of one person, in the unit of the endpoint. The value is 0 or negative:
    −(σ_w²/m)/s · φ(z)/(1 − Φ(z)) with s² = σ_b² + σ_w²/m and z = (cutoff − μ)/s. Undefined where nothing varies.
    James 1973, Davis 1976, Gardner and Heady 1973. Raises PlanError for a negative spread or no screen.
    """
    _need_spread(sd_between, sd_within)
    if screens < 1:
        raise PlanError(
            "screens must be 1 or more: the measurements whose mean was compared with the cut-off."
        )
    noise = sd_within**2 / screens
    spread = math.sqrt(sd_between**2 + noise)
    if spread == 0:
        return Estimate(
            None, None, None, None, _CUTOFF, ("zero_variance: nothing varies in this population",)
        )
    z = (cutoff - mu) / spread
    # φ(z)/(1 − Φ(z)); the scaled complement keeps its digits where Φ(z) is 1 in all but the last. Far below
    # the mean everybody enters and erfcx overflows to infinity, which gives the right 0.
    mills = math.sqrt(2 / math.pi) / float(erfcx(z / math.sqrt(2)))
    # + 0.0: a fall of nothing is 0, not −0.
    return Estimate(-noise / spread * mills + 0.0, None, None, None, _CUTOFF)


def shrinkage_regression(baseline_mean: float, mu: float, reliability: float) -> Estimate:
    """Expected change of a group whose baseline mean is `baseline_mean`: −(1 − reliability)·(baseline mean − μ).

    `reliability` is the correlation of two measurements of an unselected person, 0 to 1. Positive where the
    group began below μ. Raises PlanError for a reliability outside 0 to 1.
    """
    if not 0 <= reliability <= 1:
        raise PlanError("reliability must lie from 0 to 1.")
    # Written so that a reliability of 1 gives 0 and not −0.
    return Estimate((1 - reliability) * (mu - baseline_mean), None, None, None, _SHRINKAGE)


@dataclass(frozen=True)
class FormulaRow:
    """One formula at one external mean. `rule` is the enrolment rule that the cut-off comes from, else None.

    `value` is the expected change, days per 28; spreads in the same unit.
    """

    formula: str
    external_mean: float
    rule: str | None
    sd_between: float
    sd_within: float
    reliability: float
    value: float


@dataclass(frozen=True)
class FormulaRange:
    """Expected changes over the plan's external means, to be shown as a range from `low` to `high`.

    `status` is `computed`, or CANNOT_BE_COMPUTED with the `reason`, and then there are no numbers. `n`
    patients gave the spreads. It is never taken off a change.
    """

    status: str
    reason: str
    label: str
    n: int
    rows: tuple[FormulaRow, ...]
    low: float | None
    high: float | None
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row per formula and external mean, unrounded."""
        columns = list(FormulaRow.__dataclass_fields__)
        return pd.DataFrame([asdict(row) for row in self.rows], columns=columns)


def formula_range(baseline: Values | Sample, followup: Values | Sample, plan: AnalysisPlan) -> FormulaRange:
    """Both formulas over `plan.external_means`, the cut-off one for every rule `at_least_D` of the plan.

    `baseline` and `followup` are days per 28 of the same patients. The spread within a patient is that of the
    changes, s_D²/2, as if all that differs between patients' changes were fluctuation; the spread between
    patients is what that leaves of the variance of the follow-up, which nobody was selected by.
    """
    before, after = Sample.of(baseline), Sample.of(followup)
    n = len(before)
    if not plan.external_means:
        return FormulaRange(CANNOT_BE_COMPUTED, NO_EXTERNAL_MEAN, RANGE_LABEL, n, (), None, None)
    if n < MIN_PAIRS_FOR_P:
        reason = f"insufficient_n: the spread cannot be told from {n} patients with both periods"
        return FormulaRange(CANNOT_BE_COMPUTED, reason, RANGE_LABEL, n, (), None, None)
    within, between, notes = _spreads(before, after)
    total = within**2 + between**2
    reliability = between**2 / total if total else 1.0
    rows = []
    for mu in plan.external_means:
        found = shrinkage_regression(before.mean, mu, reliability)
        rows.append(_row(found, mu, None, between, within, reliability))
        for rule in (rule for rule in plan.enrolment_rules if rule.startswith(_AT_LEAST)):
            found = cutoff_regression(mu, between, within, float(rule.removeprefix(_AT_LEAST)))
            rows.append(_row(found, mu, rule, between, within, reliability))
    if not any(rule.startswith(_AT_LEAST) for rule in plan.enrolment_rules):
        notes = (*notes, _NOT_CUTOFFS)
    if any(rule.startswith("worst_of_") for rule in plan.enrolment_rules):
        notes = (*notes, _WORST_OF)
    values = [row.value for row in rows]
    return FormulaRange("computed", "", RANGE_LABEL, n, tuple(rows), min(values), max(values), notes)


def _row(
    found: Estimate, mu: float, rule: str | None, between: float, within: float, reliability: float
) -> FormulaRow:
    # Where nothing varies nothing can regress.
    value = 0.0 if found.value is None else found.value
    return FormulaRow(found.method, mu, rule, between, within, reliability, value)


def _spreads(before: Sample, after: Sample) -> tuple[float, float, tuple[str, ...]]:
    """Standard deviations within and between patients, with what there is to say about them."""
    within = Sample(after.values - before.values).variance / 2
    between = after.variance - within
    if between < 0:
        note = (
            "no_spread_between: the changes vary more than patients do; the spread between them is taken as 0"
        )
        return math.sqrt(within), 0.0, (note,)
    return math.sqrt(within), math.sqrt(between), ()


def mee_chua(
    baseline: Values | Sample, followup: Values | Sample, mu: float, confidence: float = 0.95
) -> Estimate:
    """Change at a baseline of exactly μ, where there is nothing to regress from: Mee and Chua (1991).

    The intercept of the straight line of follow-up − μ on baseline − μ, with the t interval and p of n − 2
    degrees of freedom. It rests on μ and on normal values: in a mixture of episodic and chronic patients it
    was −0.46 to −0.69 days where the truth was 0. Undefined below three patients or where the baseline does
    not vary.
    """
    method = "Mee–Chua regression at the external mean"
    before, after = Sample.of(baseline), Sample.of(followup)
    n = len(before)
    if n < 3 or not before.varies:
        return Estimate(
            None, None, None, None, method, ("no_line: fewer than three patients, or one baseline value",)
        )
    slope = before.covariance(after) / before.variance
    value = (after.mean - mu) - slope * (before.mean - mu)
    residuals = Sample(after.values - after.mean - slope * (before.values - before.mean))
    if not residuals.varies:
        return Estimate(value, None, None, None, method, ("zero_variance: all patients lie on the line",))
    mean_square = math.fsum(np.square(residuals.values)) / (n - 2)
    error = math.sqrt(mean_square * (1 / n + (before.mean - mu) ** 2 / (before.variance * (n - 1))))
    half = t_quantile(confidence, n - 2) * error
    p, notes = _two_sided(value / error, n)
    return Estimate(value, value - half, value + half, p, method, notes)


def oldham(baseline: Values | Sample, followup: Values | Sample, confidence: float = 0.95) -> Estimate:
    """Correlation of the change with the mean of both periods: Oldham (1962).

    Whether those who had more days changed by more. The correlation with the baseline itself is negative even
    if nothing happens, because the baseline's chance is in both. Interval by Fisher's z (four patients or
    more); p is that of the Pitman–Morgan test. Undefined where change or mean does not vary.
    """
    method = "Oldham correlation of change and mean"
    change, middle = _change_and_mean(baseline, followup)
    n = len(change)
    if n < 3 or not change.varies or not middle.varies:
        return Estimate(None, None, None, None, method, ("too few patients, or no variation",))
    r = _bounded(change.covariance(middle) / math.sqrt(change.variance * middle.variance))
    if abs(r) == 1:
        return Estimate(r, None, None, None, method, ("zero_variance: all patients lie on one line",))
    p, notes = _two_sided(r * math.sqrt((n - 2) / (1 - r * r)), n)
    if n < 4:
        return Estimate(r, None, None, p, method, notes)
    half = float(ndtri(0.5 + confidence / 2)) / math.sqrt(n - 3)
    return Estimate(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), p, method, notes)


def pitman_morgan(baseline: Values | Sample, followup: Values | Sample, confidence: float = 0.95) -> Estimate:
    """Ratio of the variances, follow-up over baseline, of the same patients: Pitman (1939), Morgan (1939).

    Regression to the mean of an unselected group leaves the variance alone; a ratio below 1 is what selection
    of the baseline's low end, or a larger change of those with more days, gives. t with n − 2 degrees of
    freedom; the interval is the set of ratios that the test does not reject. Undefined below three patients or
    where a period does not vary.
    """
    method = "Pitman–Morgan"
    before, after = Sample.of(baseline), Sample.of(followup)
    n = len(before)
    if n < 3 or not before.varies or not after.varies:
        return Estimate(None, None, None, None, method, ("too few patients, or no variation",))
    ratio = after.variance / before.variance
    r = _bounded(before.covariance(after) / math.sqrt(before.variance * after.variance))
    free = (1 - r * r) / (n - 2)
    if free <= 0:
        note = "zero_variance: baseline and follow-up lie on one line"
        return Estimate(ratio, None, None, None, method, (note,))
    p, notes = _two_sided((ratio - 1) / math.sqrt(4 * free * ratio), n)
    k = 1 + 2 * free * t_quantile(confidence, n - 2) ** 2
    root = math.sqrt(k * k - 1)
    # k − root is 1/(k + root), which does not lose its digits.
    return Estimate(ratio, ratio / (k + root), ratio * (k + root), p, method, notes)


def _need_spread(*spreads: float) -> None:
    if not all(math.isfinite(spread) and spread >= 0 for spread in spreads):
        raise PlanError("sd_between and sd_within must be 0 or more.")


def _change_and_mean(baseline: Values | Sample, followup: Values | Sample) -> tuple[Sample, Sample]:
    before, after = Sample.of(baseline).values, Sample.of(followup).values
    return Sample(after - before), Sample((after + before) / 2)


def _bounded(r: float) -> float:
    return min(1.0, max(-1.0, r))


def _two_sided(t: float, n: int) -> tuple[float | None, tuple[str, ...]]:
    """p of t with n − 2 degrees of freedom, and why there is none."""
    if n < MIN_PAIRS_FOR_P:
        return None, (f"insufficient_n: {n} pairs are too few for a p value",)
    return float(2 * stdtr(n - 2, -abs(t))), ()
