"""The rules of states: limits per month, overuse by class, bands of control, and runs of periods.

Values are days per 28; states are 1, 0 and NaN where not known. Sources: docs/method.md#states.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomes.analysis.estimates import TIE_DECIMALS
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan
from outcomes.records.endpoint_catalogue import OVERUSE_FROM_10, OVERUSE_FROM_15

#: Days of an average month, for limits per month that are scaled to 28 days.
DAYS_PER_MONTH = 365.25 / 12

_TOLERANCE = 10.0**-TIE_DECIMALS

#: Days per month from which a class counts as overused (ICHD-3 8.2).
CLASS_LIMITS: dict[str, float] = {
    **dict.fromkeys(OVERUSE_FROM_10, 10.0),
    **dict.fromkeys(OVERUSE_FROM_15, 15.0),
}

#: Several of these classes, none of them overused alone, count together from so many days on (ICHD-3 8.2.6).
SEVERAL_CLASSES = "several_classes"
SEVERAL_LIMIT = 10.0
SEVERAL_ENDPOINT = "overuse_class_days_per_28"

#: Bands of control by days with migraine or moderate or severe headache per month (Sacco 2025).
BANDS = ("freedom", "optimal", "modest", "insufficient")

#: Months of which the bands take the mean.
CONTROL_PERIODS = 3


def month_limit(days: float, plan: AnalysisPlan) -> float:
    """A limit in days per month as days per 28, as `month_limits` says: 15 stays 15, or becomes 13.8."""
    return days if plan.month_limits == "unscaled" else days * DAYS_PER_PERIOD / DAYS_PER_MONTH


def reaches(values: pd.DataFrame, limit: float) -> pd.DataFrame:
    """1 at or above the limit, 0 below it, NaN where there is no value. Exactly the limit reaches it."""
    return (values >= limit - _TOLERANCE).astype("float64").where(values.notna())


def class_endpoint(name: str) -> str:
    """The endpoint that counts the days of a class."""
    return f"{name}_days_per_28"


def overuse_states(values: Mapping[str, pd.DataFrame], plan: AnalysisPlan) -> dict[str, pd.DataFrame]:
    """Per class, for several classes together, and for any of these (`overuse_range`): in the range or not.

    `values` holds the days per 28 of each class, and of all of them together, as frames of the same shape.
    """
    states = {
        name: reaches(values[class_endpoint(name)], month_limit(limit, plan))
        for name, limit in CLASS_LIMITS.items()
    }
    known = values[SEVERAL_ENDPOINT].notna()
    alone = pd.DataFrame(0, index=known.index, columns=known.columns)
    n_classes = alone.copy()
    for name in CLASS_LIMITS:
        alone += (states[name] == 1).astype("int64")
        n_classes += (values[class_endpoint(name)] > 0).astype("int64")
    together = reaches(values[SEVERAL_ENDPOINT], month_limit(SEVERAL_LIMIT, plan))
    several = (together == 1) & (n_classes >= 2) & (alone == 0)
    states[SEVERAL_CLASSES] = several.astype("float64").where(known)
    states["overuse_range"] = (several | (alone > 0)).astype("float64").where(known)
    return states


def band_of(days: pd.DataFrame) -> pd.DataFrame:
    """The band of control for days per month: 0, below 4, 4 to 6, above 6. None where there is no value."""
    edges = (
        ("freedom", days <= _TOLERANCE),
        ("optimal", days < 4 - _TOLERANCE),
        ("modest", days <= 6 + _TOLERANCE),
    )
    bands = pd.DataFrame("insufficient", index=days.index, columns=days.columns, dtype="object")
    for band, below in reversed(edges):
        bands = bands.mask(below, band)
    return bands.where(days.notna(), None)


def run_of(states: pd.DataFrame, length: int) -> pd.Series:
    """Whether a patient was in a state in so many neighbouring columns in a row: 1, 0, or NaN.

    A column is a period, in order of time and without gaps; NaN breaks a run. NaN where no such row of periods is
    known from end to end, so that nothing could have been seen.
    """
    seen = pd.Series(np.nan, index=states.index, dtype="float64")
    for first in range(states.shape[1] - length + 1):
        part = states.iloc[:, first : first + length]
        valid = part.notna().all(axis=1)
        seen = seen.where(~(valid & seen.isna()), 0.0)
        seen = seen.where(~(valid & (part == 1).all(axis=1)), 1.0)
    return seen
