"""Estimates of many groups as columns, and how they are decided: the first rule that fits a group settles it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from outcomes.analysis.samples import Flags, Values

Notes = tuple[str, ...]

#: Notes of the groups a rule settles: the same for all, or of the group at that place.
NotesOf = Notes | Callable[[int], Notes]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval. None means undefined, and a note says why. Never rounded."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    method: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Estimates:
    """One `Estimate` per group. In the columns of numbers NaN means undefined."""

    value: Values
    low: Values
    high: Values
    p: Values
    methods: Sequence[str]
    notes: Sequence[Notes]

    @classmethod
    def of(cls, single: Sequence[Estimate]) -> Estimates:
        """Those worked out one by one, as columns."""
        value, low, high, p = (
            np.array([getattr(one, name) for one in single], dtype=np.float64) for name in _NUMBERS
        )
        return cls(value, low, high, p, [one.method for one in single], [one.notes for one in single])

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, group: int) -> Estimate:
        value, low, high, p = (_number(float(getattr(self, name)[group])) for name in _NUMBERS)
        return Estimate(value, low, high, p, self.methods[group], self.notes[group])

    def with_notes(self, more: Sequence[Notes]) -> Estimates:
        """Further notes after those of each group."""
        return replace(self, notes=[(*own, *other) for own, other in zip(self.notes, more, strict=True)])

    def without_inference(self) -> Estimates:
        """The values alone."""
        nothing = np.full(len(self), np.nan)
        return replace(self, low=nothing, high=nothing, p=nothing)

    def withheld(self, groups: Flags, why: Notes) -> Estimates:
        """Without the numbers of some of the groups, and with this note in place of theirs."""
        value, low, high, p = (np.where(groups, np.nan, getattr(self, name)) for name in _NUMBERS)
        notes = [why if out else own for out, own in zip(groups.tolist(), self.notes, strict=True)]
        return Estimates(value, low, high, p, self.methods, notes)


_NUMBERS = ("value", "low", "high", "p")


def _number(number: float) -> float | None:
    return None if number != number else number


class Deciding:
    """Estimates while they are decided: all undefined at first; each call settles those that it names and that no
    call before it has settled. It reads like the `if … return` of one group."""

    def __init__(self, groups: int, method: str) -> None:
        self.open: NDArray[np.bool_] = np.ones(groups, dtype=np.bool_)
        self._columns = {name: np.full(groups, np.nan) for name in _NUMBERS}
        self._methods = [method] * groups
        self._notes: list[Notes] = [()] * groups

    def settle(
        self,
        where: Flags | bool,
        notes: NotesOf = (),
        *,
        value: Values | float | None = None,
        low: Values | None = None,
        high: Values | None = None,
        p: Values | float | None = None,
    ) -> None:
        """Give the open groups among `where` their numbers, columns over all groups or one number for all."""
        chosen = self.open & where
        if not chosen.any():
            return
        for name, given in zip(_NUMBERS, (value, low, high, p), strict=True):
            if given is not None:
                self._columns[name][chosen] = given[chosen] if isinstance(given, np.ndarray) else given
        if notes:
            for group in np.flatnonzero(chosen).tolist():
                self._notes[group] = notes(group) if callable(notes) else notes
        self.open &= ~chosen

    def settle_one(self, group: int, found: Estimate) -> None:
        """Give one group what was worked out for it alone."""
        for name in _NUMBERS:
            number = getattr(found, name)
            self._columns[name][group] = np.nan if number is None else number
        self._methods[group], self._notes[group] = found.method, found.notes
        self.open[group] = False

    def found(self) -> Estimates:
        value, low, high, p = self._columns.values()
        return Estimates(value, low, high, p, self._methods, self._notes)
