"""What every model gives back: its terms, whether it converged and why not, and the fitted object itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

#: converged: use it. boundary: converged, with a variance at 0. not_converged: the numbers are not to be used.
#: not_estimable: the data cannot carry the model, and there are no numbers. not_run: too large for this method.
Status = Literal["converged", "boundary", "not_converged", "not_estimable", "not_run"]


@dataclass(frozen=True)
class Term:
    """One number of a model. `scale` says what it is: `days per 28`, `log odds`, `odds ratio`, `variance` …

    None is undefined. `df` are the degrees of freedom of the t that `low`, `high` and `p` rest on; None for
    the normal distribution.
    """

    name: str
    value: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    p: float | None
    df: float | None
    scale: str


@dataclass(frozen=True)
class FittedModel:
    """A model after fitting. Never raises for data that cannot carry it: `status` and `reason` say so.

    `n` patients and `n_rows` rows stand behind it, `n_left_out` patients do not. `model` is the fitted object
    (statsmodels' own where statsmodels fitted it) for whoever wants to look further; it is not compared.
    """

    name: str
    status: Status
    reason: str
    terms: tuple[Term, ...]
    n: int
    n_left_out: int
    n_rows: int
    confidence: float
    method: str
    notes: tuple[str, ...] = ()
    log_likelihood: float | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    model: Any = field(default=None, repr=False, compare=False)

    @property
    def usable(self) -> bool:
        """Whether the numbers may be shown."""
        return self.status in ("converged", "boundary")

    def __getitem__(self, name: str) -> Term:
        for term in self.terms:
            if term.name == name:
                return term
        raise KeyError(f"{name}; known: {', '.join(term.name for term in self.terms)}")

    def __contains__(self, name: str) -> bool:
        return any(term.name == name for term in self.terms)

    def to_frame(self) -> pd.DataFrame:
        """One row per term, unrounded."""
        columns = ["name", "value", "standard_error", "low", "high", "p", "df", "scale"]
        frame = pd.DataFrame([asdict(term) for term in self.terms], columns=columns)
        numbers = columns[1:-1]
        frame[numbers] = frame[numbers].astype("float64")
        return frame
