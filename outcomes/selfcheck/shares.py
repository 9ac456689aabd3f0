"""Coverage of the intervals of proportions, on average over the proportion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from outcomes.analysis.estimates import Values
from outcomes.analysis.proportions import newcombe_paired, share
from outcomes.selfcheck.clinics import Generator
from outcomes.selfcheck.promises import SHARE_ABOVE, SHARE_BELOW, Promise, share_promise

#: True proportions at which the coverage is worked out: midpoints, so that their mean is that over (0, 1).
_PROPORTIONS = (np.arange(1000) + 0.5) / 1000

#: Above, the exact sum takes longer than it is worth: the interval has long reached its confidence.
_MOST_COUNTED = 20_000


def share_promises(n: int, replicates: int, confidence: float, generator: Generator) -> list[Promise]:
    """Wilson's interval of a proportion (exact), and Newcombe's of a paired difference (random tables)."""
    found = [_paired_difference(n, replicates, confidence, generator)]
    if n <= _MOST_COUNTED:
        found.insert(0, _one_proportion(n, confidence))
    return found


def _one_proportion(n: int, confidence: float) -> Promise:
    intervals = [share(count, n, confidence) for count in range(n + 1)]
    low, high = (np.array([getattr(one, edge) for one in intervals]) for edge in ("low", "high"))
    coverage = np.zeros(len(_PROPORTIONS))
    for count, chance in enumerate(_chances(n)):
        coverage += np.where((low[count] <= _PROPORTIONS) & (high[count] >= _PROPORTIONS), chance, 0.0)
    mean = float(coverage.mean())
    inner = (_PROPORTIONS >= 0.1) & (_PROPORTIONS <= 0.9)
    return Promise(
        question="coverage of a proportion", scenario="every proportion alike", n=n, observed=mean, low=mean,
        high=mean, least=confidence - SHARE_BELOW, most=confidence + SHARE_ABOVE, unit="share", replicates=0,
        note=f"exact; least {coverage[inner].min():.3f} between 10% and 90%, {coverage.min():.3f} anywhere",
    )  # fmt: skip


def _chances(n: int) -> Iterator[Values]:
    """P(count) for count = 0 … n, each at every true proportion."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    log_ways = log_factorial[n] - log_factorial - log_factorial[::-1]
    logs, against = np.log(_PROPORTIONS), np.log1p(-_PROPORTIONS)
    for count in range(n + 1):
        yield np.exp(log_ways[count] + count * logs + (n - count) * against)


def _paired_difference(n: int, replicates: int, confidence: float, generator: Generator) -> Promise:
    """Tables drawn evenly over all tables of chances, then patients from each."""
    chances = generator.dirichlet(np.ones(4), replicates)
    tables = generator.multinomial(n, chances)
    holding = 0
    for (both, before_only, after_only, neither), chance in zip(tables.tolist(), chances, strict=True):
        found = newcombe_paired(both, before_only, after_only, neither, confidence)
        if found.low is not None and found.high is not None:
            holding += found.low <= chance[2] - chance[1] <= found.high
    return share_promise(
        "coverage of a paired difference of proportions", "every table alike", n, holding, replicates,
        confidence - SHARE_BELOW, confidence + SHARE_ABOVE,
    )  # fmt: skip
