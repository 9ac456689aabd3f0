"""Terms of a model from an estimate and its standard error, and warnings of a library turned into notes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from outcomes.analysis.models.fitted import FittedModel, Status, Term


def wald_term(
    name: str,
    value: float,
    standard_error: float | None,
    confidence: float,
    scale: str,
    df: float | None = None,
) -> Term:
    """A term with the interval value ± quantile · standard error; t with `df`, the normal where it is None.

    Without a usable standard error (None, 0, not finite) the value stands alone.
    """
    if standard_error is None or not math.isfinite(standard_error) or standard_error <= 0:
        return Term(name, value, None, None, None, None, df, scale)
    level = 0.5 + confidence / 2
    quantile = float(ndtri(level) if df is None else stdtrit(df, level))
    against_0 = -abs(value) / standard_error
    p = float(2 * (ndtr(against_0) if df is None else stdtr(df, against_0)))
    half = quantile * standard_error
    return Term(name, value, standard_error, value - half, value + half, p, df, scale)


def as_odds_ratio(term: Term, name: str) -> Term:
    """The same term as an odds ratio: value and interval exponentiated, p and df kept, no standard error."""
    low, high = (None if bound is None else _exp(bound) for bound in (term.low, term.high))
    value = None if term.value is None else _exp(term.value)
    return Term(name, value, None, low, high, term.p, term.df, "odds ratio")


def without_numbers(
    name: str,
    status: Status,
    reason: str,
    confidence: float,
    method: str,
    n: int = 0,
    n_rows: int = 0,
    n_left_out: int = 0,
) -> FittedModel:
    """What is given back where the data cannot carry the model: no terms, and the reason."""
    return FittedModel(name, status, reason, (), n, n_left_out, n_rows, confidence, method)


@contextmanager
def warnings_as_notes(notes: list[str], who: str) -> Iterator[None]:
    """Collect what a library warns about into `notes`, each once, so that no warning scrolls away.

    The kind of the warning is told and not its words, which may quote the data.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        note = f"library_warning: {who}: {warning.category.__name__}"
        if note not in notes:
            notes.append(note)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
