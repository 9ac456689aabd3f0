"""Values of many groups of patients, one group after the other, with the moments of each group.

The only place where a mean or a variance is worked out. One sample is one group: `Sample`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: 28·h/n rarely comes out exact: differences are rounded to this many places before ties are looked for.
TIE_DECIMALS = 9


def undefined_is_nan() -> np.errstate:
    """What is undefined is NaN, and is given its reason by who asks: no warning on the way."""
    return np.errstate(divide="ignore", invalid="ignore")


@dataclass(frozen=True, eq=False)
class Layout:
    """Where each group lies: group i holds the rows bounds[i] up to bounds[i + 1]. A group may be empty."""

    bounds: Counts

    @classmethod
    def of_sizes(cls, sizes: ArrayLike) -> Layout:
        return cls(np.concatenate(([0], np.cumsum(sizes))).astype(np.int64))

    @classmethod
    def one(cls, rows: int) -> Layout:
        return cls(np.array([0, rows], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @cached_property
    def sizes(self) -> Counts:
        return np.diff(self.bounds)

    def sums(self, values: Values) -> Values:
        """The sum of each group, rounded once (fsum), so that the order of the patients cannot move a digit."""
        listed = values.tolist()
        if len(self) == 1:
            return np.array([math.fsum(listed)])
        return np.array([math.fsum(listed[first:last]) for first, last in pairwise(self.bounds.tolist())])

    def counts(self, flags: Flags) -> Counts:
        """How many rows of each group are flagged."""
        if len(self) == 1:
            return np.array([np.count_nonzero(flags)], dtype=np.int64)
        upto = np.concatenate(([0], np.cumsum(flags, dtype=np.int64)))
        return np.asarray(upto[self.bounds[1:]] - upto[self.bounds[:-1]], dtype=np.int64)

    def spread(self, per_group: Values) -> Values:
        """A value of each group, beside each of its rows."""
        return np.repeat(per_group, self.sizes)

    def kept(self, rows: Flags) -> Layout:
        """The layout of the flagged rows alone: the same groups, of fewer rows."""
        return Layout.of_sizes(self.counts(rows))

    def extremes(self, values: Values) -> tuple[Values, Values]:
        """(least, greatest) of each group, NaN where it is empty."""
        least, greatest = np.full(len(self), np.nan), np.full(len(self), np.nan)
        # Empty groups hold no rows, so those of the others follow each other without a gap.
        if (filled := self.sizes > 0).any():
            first = self.bounds[:-1][filled]
            least[filled] = np.minimum.reduceat(values, first)
            greatest[filled] = np.maximum.reduceat(values, first)
        return least, greatest

    def medians(self, values: Values) -> Values:
        """The median of each group, NaN where it is empty."""
        if len(self) == 1:
            ordered = np.sort(values)
        else:
            ordered = values[np.lexsort((values, np.repeat(np.arange(len(self)), self.sizes)))]
        middles = np.full(len(self), np.nan)
        filled = self.sizes > 0
        first, n = self.bounds[:-1][filled], self.sizes[filled]
        middles[filled] = (ordered[first + (n - 1) // 2] + ordered[first + n // 2]) / 2
        return middles


@dataclass(frozen=True, eq=False)
class Samples:
    """Complete values of every group, in the order of the layout. Each moment is worked out once; NaN: undefined."""

    values: Values
    layout: Layout

    def __post_init__(self) -> None:
        if self.values.shape != (self.layout.bounds[-1],):
            raise ValueError("the values are not one per row of the groups")

    @classmethod
    def of(cls, values: Values | Sample | Samples) -> Samples:
        """As they are; an array or a single sample is one group."""
        if isinstance(values, Samples):
            return values
        return Sample.of(values).alone

    def __len__(self) -> int:
        return len(self.layout)

    @property
    def n(self) -> Counts:
        return self.layout.sizes

    def minus(self, other: Samples) -> Samples:
        """The differences, of samples of the same patients."""
        return Samples(self.values - other.values, self.layout)

    @cached_property
    def means(self) -> Values:
        with undefined_is_nan():
            return self.layout.sums(self.values) / self.n

    @cached_property
    def away(self) -> Values:
        """Each value less the mean of its group."""
        return self.values - self.layout.spread(self.means)

    @cached_property
    def variances(self) -> Values:
        """With n − 1 in the denominator."""
        return self._over_df(np.square(self.away))

    @property
    def sds(self) -> Values:
        return np.sqrt(self.variances)

    def covariances(self, other: Samples) -> Values:
        return self._over_df(self.away * other.away)

    def _over_df(self, products: Values) -> Values:
        with undefined_is_nan():
            return self.layout.sums(products) / np.where(self.n > 1, self.n - 1, np.nan)

    @cached_property
    def rounded(self) -> Values:
        """Values that are equal where what they stand for is: 28·h/n seldom comes out exact."""
        return np.asarray(np.round(self.values, TIE_DECIMALS), dtype=np.float64)

    @cached_property
    def varies(self) -> Flags:
        """Whether a group holds two different values."""
        least, greatest = self.layout.extremes(self.rounded)
        return np.asarray(least < greatest, dtype=np.bool_)

    @cached_property
    def all_zero(self) -> Flags:
        """Whether every value of a group is 0 but for its last digits; so it is for an empty one."""
        return self.layout.counts(self.rounded != 0) == 0

    @cached_property
    def extremes(self) -> tuple[Values, Values]:
        return self.layout.extremes(self.values)

    @property
    def medians(self) -> Values:
        return self.layout.medians(self.values)


@dataclass(frozen=True, eq=False)
class Sample:
    """One group alone, its moments as numbers."""

    values: Values

    @classmethod
    def of(cls, values: Values | Sample) -> Sample:
        return values if isinstance(values, Sample) else cls(np.asarray(values, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def alone(self) -> Samples:
        return Samples(self.values, Layout.one(len(self.values)))

    @property
    def mean(self) -> float:
        return float(self.alone.means[0])

    @property
    def variance(self) -> float:
        """With n − 1 in the denominator."""
        return float(self.alone.variances[0])

    @property
    def sd(self) -> float:
        return math.sqrt(self.variance)

    @property
    def varies(self) -> bool:
        return bool(self.alone.varies[0])

    def covariance(self, other: Sample) -> float:
        return float(self.alone.covariances(other.alone)[0])
