"""How many patients, and how small a change could be seen: planning for a mean change within patients.

Everything here takes the standard deviation of the within-patient change. `sd_of_change_from_days` works it
out from daily probabilities; `smallest_detectable_change` takes the clinic's own.
Formulas and sources: docs/method.md#planning. R values: tests/reference/test_survival_and_planning_against_r.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import nctdtr, stdtrit

from outcomes.analysis.estimates import Estimate, t_quantile
from outcomes.analysis.results import PairedChange
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD

#: More patients than any clinic will have: past them `patients_needed` stops.
MOST_PATIENTS = 10_000_000


def half_width(n: int, sd: float, confidence: float = 0.95) -> float | None:
    """Half the width of the t interval of a mean change of `n` patients; None below two.

    `sd` is the standard deviation of the change, in the unit of the answer. Raises PlanError for a standard
    deviation that is not above 0.
    """
    _check_sd(sd)
    if n < 2:
        return None
    return t_quantile(confidence, n - 1) * sd / math.sqrt(n)


def power_of(n: int, change: float, sd: float, alpha: float = 0.05) -> float | None:
    """Chance that the two-sided paired t test of `n` patients finds a true mean `change` at `alpha`.

    By the noncentral t, both tails counted: a finding of the wrong sign is one too, as in R's
    `power.t.test(strict = TRUE)`. None below two patients. Raises PlanError for a change that is no number,
    sd ≤ 0 or alpha outside 0 to 1.
    """
    _check_sd(sd)
    _check_share("alpha", alpha)
    if math.isnan(change):
        raise PlanError("change must be a number.")
    if n < 2:
        return None
    df, away = n - 1, abs(change) * math.sqrt(n) / sd
    limit = float(stdtrit(df, 1 - alpha / 2))
    return _beyond(limit, df, away)


def patients_needed(change: float, sd: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """The fewest patients with whom a true mean `change` would be found at `alpha` with this `power`.

    Complete pairs: those who will be lost come on top. Raises PlanError for a change of 0, sd ≤ 0, a power
    that is not between alpha and 1, and where more than `MOST_PATIENTS` would be needed.
    """
    _check_power(power, alpha)
    if change == 0:
        raise PlanError("change must not be 0: no number of patients could find it.")

    def enough(n: int) -> bool:
        return (power_of(n, change, sd, alpha) or 0.0) >= power

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_PATIENTS:
            raise PlanError(f"More than {MOST_PATIENTS} patients would be needed.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def detectable_change(n: int, sd: float, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """The smallest true mean change that `n` patients would find at `alpha` with this `power`; None below two.

    A size without a sign, in the unit of `sd`. Raises PlanError as `patients_needed`.
    """
    _check_power(power, alpha)
    _check_sd(sd)
    if n < 2:
        return None

    def found(size: float) -> float:
        return power_of(n, size, 1.0, alpha) or 0.0

    low, high = 0.0, 1.0
    while found(high) < power:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if found(middle) < power else (low, middle)
    return high * sd


def smallest_detectable_change(change: PairedChange, power: float = 0.8) -> Estimate:
    """The smallest true mean change that a comparison like this one would find, from its own n and SD.

    A size without a sign, in the endpoint's unit, at alpha = 1 − the plan's confidence. It says what a next
    group of as many patients could show, and nothing about the change that was found. No interval. Undefined
    below two patients, or where everyone changed by the same. Raises PlanError for a power outside alpha to 1.
    """
    alpha = 1 - change.plan.confidence
    _check_power(power, alpha)
    method = f"noncentral t, power {100 * power:g}%"
    sd = change["change_sd"].value
    if sd is None or change.n < 2:
        note = f"insufficient_n: {change.n} with both periods"
        return Estimate(None, None, None, None, method, (note,))
    if change.change.low is None or sd <= 0:
        note = "zero_variance: every patient changed by the same, so nothing is known of the spread"
        return Estimate(None, None, None, None, method, (note,))
    return Estimate(detectable_change(change.n, sd, power, alpha), None, None, None, method)


def precision_table(
    sd: float,
    sizes: Sequence[int] = (5, 10, 20, 30, 50, 100),
    confidence: float = 0.95,
    power: float = 0.8,
) -> pd.DataFrame:
    """What each number of patients would give: `n`, `half_width`, `detectable_change` (in the unit of `sd`).

    NaN below two patients. alpha is 1 − confidence.
    """
    rows = [
        (n, half_width(n, sd, confidence), detectable_change(n, sd, power, 1 - confidence)) for n in sizes
    ]
    frame = pd.DataFrame(rows, columns=["n", "half_width", "detectable_change"])
    return frame.astype({"n": "int64", "half_width": "float64", "detectable_change": "float64"})


def sample_size_table(
    sd: float,
    changes: Sequence[float] = (1.0, 1.5, 2.0, 3.0, 4.0),
    power: float = 0.8,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """How many patients each true change would need: `change`, `patients_needed`."""
    rows = [(change, patients_needed(change, sd, power, alpha)) for change in changes]
    return pd.DataFrame(rows, columns=["change", "patients_needed"]).astype({"patients_needed": "int64"})


def sd_of_change_from_days(
    chance_before: ArrayLike,
    chance_after: ArrayLike,
    recorded_before: ArrayLike,
    recorded_after: ArrayLike,
    day_correlation: float,
) -> float:
    """SD of the change in headache days per 28, from each patient's chances of a headache on a day.

    The four arrays describe the population planned for, one entry per patient (or one number for all):
    chances 0 to 1, recorded days of each window. `day_correlation` is the correlation of two days of one
    window around the patient's chance (beta-binomial months). Two sources add up: the noise of counting days,
    and how differently the patients change. Chances are the true ones: rates observed in a diary hold the
    noise already and would count it twice. Raises PlanError outside these ranges.
    """
    p0, p1, n0, n1 = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(part, dtype=np.float64))
            for part in (chance_before, chance_after, recorded_before, recorded_after)
        )
    )
    if not p0.size:
        raise PlanError("At least one patient must be given.")
    if not (((p0 >= 0) & (p0 <= 1) & (p1 >= 0) & (p1 <= 1)).all() and 0 <= day_correlation <= 1):
        raise PlanError("Chances and the correlation of days must lie between 0 and 1.")
    if not ((n0 >= 1) & (n1 >= 1)).all():
        raise PlanError("Each window needs at least one recorded day.")
    noise = sum(
        math.fsum(p * (1 - p) * (1 + (n - 1) * day_correlation) / n) / len(p) for p, n in ((p0, n0), (p1, n1))
    )
    moved = p1 - p0
    differing = math.fsum(np.square(moved - math.fsum(moved) / len(moved))) / len(moved)
    return DAYS_PER_PERIOD * math.sqrt(noise + differing)


def ratio_reach(
    n: int, cv_before: float, cv_after: float, correlation: float, confidence: float = 0.95
) -> float | None:
    """By what factor the interval of a rate ratio of `n` patients would reach up and down; None below two.

    1.2 means from ratio/1.2 to ratio·1.2. The coefficients of variation are SD/mean of the endpoint in each
    period, `correlation` that of the periods. Raises PlanError for a coefficient below 0 or a correlation
    outside −1 to 1.
    """
    if not (cv_before >= 0 and cv_after >= 0 and -1 <= correlation <= 1):
        raise PlanError("Coefficients of variation must be 0 or more, the correlation between -1 and 1.")
    if n < 2:
        return None
    variance = cv_before**2 + cv_after**2 - 2 * correlation * cv_before * cv_after
    return math.exp(t_quantile(confidence, n - 1) * math.sqrt(max(0.0, variance) / n))


def _beyond(limit: float, df: int, away: float) -> float:
    """P(|T| ≥ limit) of the noncentral t, away ≥ 0.

    The series behind `nctdtr` ends in NaN where a tail is below its last digit: checked against quadrature, the
    far tail is then below 1e-15 and the near one within 1e-11 of 1.
    """
    near, far = 1 - float(nctdtr(df, away, limit)), float(nctdtr(df, away, -limit))
    return min(
        1.0, (1.0 if math.isnan(near) else max(0.0, near)) + (0.0 if math.isnan(far) else max(0.0, far))
    )


def _check_sd(sd: float) -> None:
    if not sd > 0:
        raise PlanError("sd must be above 0.")


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise PlanError(f"{name} must lie above 0 and below 1.")


def _check_power(power: float, alpha: float) -> None:
    _check_share("alpha", alpha)
    if not alpha < power < 1:
        raise PlanError("power must lie above alpha and below 1.")
