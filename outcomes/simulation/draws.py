"""Random numbers that are the same on every system and with every version of NumPy.

NumPy promises a stable stream for the bit generator, not for its distributions. So only uniform numbers are
drawn, and everything else is an inverse distribution function of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: One stream for each step: turning the knob of one step leaves the draws of the others as they were. New steps
#: come last, since a step's place is part of its seed.
STEPS = (
    "patients",
    "profile",
    "months",
    "headache",
    "recording",
    "details",
    "schedule",
    "sessions",
    "faults",
    "features",
    "attacks",
    "soreness",
    "session details",
    "adverse events",
    "diagnoses",
    "bouts",
    "relapses",
    "preventives",
    "spread",
    "scores",
    "events",
)

_ABOVE_ZERO = 2.0**-54


class Draws:
    """The random numbers of one step."""

    def __init__(self, seed: int, step: str):
        self._generator = np.random.Generator(np.random.PCG64([seed, STEPS.index(step)]))

    def uniform(self, *shape: int) -> Floats:
        """Uniform from 0 to below 1."""
        return self._generator.random(shape)

    def normal(self, *shape: int) -> Floats:
        """Standard normal. A uniform number of exactly 0 would be minus infinity."""
        return special.ndtri(np.maximum(self.uniform(*shape), _ABOVE_ZERO))

    def whole(self, first: int, last: int, size: int) -> Wholes:
        """Whole numbers from `first` to `last`, both included, all equally likely."""
        return first + np.floor(self.uniform(size) * (last - first + 1)).astype(np.int64)

    def pick(self, shares: Sequence[float], size: int) -> Wholes:
        """Positions in `shares`, each as likely as its share."""
        edges = np.cumsum(shares)[:-1]
        return np.searchsorted(edges, self.uniform(size) * sum(shares), side="right")


def exponential(uniform: Floats, median: float) -> Floats:
    """Exponential with that median, from uniform numbers."""
    return -np.log1p(-uniform) * median / np.log(2)


def unbiased_round(values: Floats, uniform: Floats) -> Wholes:
    """Whole numbers whose expectation is `values`: up with a chance of what stands after the point."""
    return np.floor(values + uniform).astype(np.int64)


def beta_quantile(uniform: Floats, mean: Floats, icc: float) -> Floats:
    """A Beta-distributed probability with that mean and variance `icc · mean · (1 − mean)`."""
    total = (1 - icc) / icc
    return special.betaincinv(mean * total, (1 - mean) * total, uniform)


def yes_no(flags: Flags, there: Flags) -> NDArray[Any]:
    """`yes` and `no` as a table holds them, and nothing where nothing is there."""
    words = np.where(flags, "yes", "no").astype(object)
    words[~there] = None
    return words
