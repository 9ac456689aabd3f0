"""Many comparisons in a row: blocks of one endpoint, mode and cut each, made into objects one at a time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import pandas as pd

    from outcomes.analysis.results import PairedChange


#: Groups of one cut up to which a text names each of them.
MOST_GROUPS_IN_WORDS = 40


class Block(Sequence["PairedChange"]):
    """Comparisons of one endpoint in one mode, cut by one column."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """One row per group and statistic, in the columns of every table of results."""

    @property
    @abstractmethod
    def groups(self) -> Sequence[str]:
        """The names of the groups, in their order."""

    @property
    def is_told(self) -> bool:
        """Whether a text may name each of them. Beyond, it says how many there are, and where."""
        return len(self) <= MOST_GROUPS_IN_WORDS or self[0].by is None

    @property
    def in_a_word(self) -> str:
        """How many groups there are, of what."""
        first = self[0]
        mode = "" if first.mode == "diary" else f" ({first.mode})"
        return f"{first.endpoint.name}{mode} by {first.by}: {len(self):,} groups"


class Changes(Sequence["PairedChange"]):
    """Comparisons in a fixed order. Those of one endpoint in one mode, cut by one column, are a block.

    A block may hold its groups as columns and make each comparison when it is asked for: what runs through ten
    thousand groups holds one at a time.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(block for block in blocks if len(block))

    @property
    def everyone(self) -> tuple[PairedChange, ...]:
        """The comparisons over everyone, without those in groups."""
        return tuple(change for block in self.blocks if block[0].by is None for change in block)

    def __len__(self) -> int:
        return sum(len(block) for block in self.blocks)

    def __iter__(self) -> Iterator[PairedChange]:
        for block in self.blocks:
            yield from block

    @overload
    def __getitem__(self, place: int) -> PairedChange: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[PairedChange, ...]: ...

    def __getitem__(self, place: int | slice) -> PairedChange | tuple[PairedChange, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(len(self))[place])
        left = range(len(self))[place]
        for block in self.blocks:
            if left < len(block):
                return block[left]
            left -= len(block)
        raise IndexError(place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(len(self))

    def __repr__(self) -> str:
        return f"<{len(self):,} comparisons>"
