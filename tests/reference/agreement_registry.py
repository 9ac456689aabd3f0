"""Where the R methods are answered: each function registers under the names of the methods it answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from agreement_data import Data

from outcomes.analysis.estimates import Estimate
from outcomes.analysis.models.fitted import FittedModel

Fields = Mapping[str, float | None]
Method = Callable[[Data, str], Fields]

METHODS: dict[str, Method] = {}
Z = 1.959963984540054


def ours(*names: str) -> Callable[[Method], Method]:
    """Register a function under the R methods that it answers."""

    def register(function: Method) -> Method:
        for name in names:
            METHODS[name] = function
        return function

    return register


def error_of(found: Estimate, quantile: float) -> float:
    """The standard error that an interval was made with."""
    assert found.low is not None and found.high is not None
    return (found.high - found.low) / 2 / quantile


def log_error_of(found: Estimate, quantile: float) -> float:
    assert found.low is not None and found.high is not None
    return math.log(found.high / found.low) / 2 / quantile


def log_of(value: float | None) -> float | None:
    return None if value is None else math.log(value)


def terms_of(
    model: FittedModel, names: Mapping[str, str], b: str = "b", se: str = "se"
) -> dict[str, float | None]:
    """Coefficients and errors of several terms under R's names."""
    found: dict[str, float | None] = {}
    for mine, theirs in names.items():
        found[f"{b}.{theirs}"] = model[mine].value
        found[f"{se}.{theirs}"] = model[mine].standard_error
    return found
