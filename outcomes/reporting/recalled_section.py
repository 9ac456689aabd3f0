"""The report's section on what patients recalled: the same layout as what was recorded, and marked as recalled.

Definitions: docs/method.md#recalled-outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.analysis.results import PairedChange
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.figure_blocks import before_after_block
from outcomes.reporting.page import Block, Notes, Sentence
from outcomes.reporting.tables import changes_block, responders_block
from outcomes.reporting.wording import change_sentence, definitions


def has_responders(change: PairedChange) -> bool:
    """Whether responders are defined for the endpoint."""
    return any(row.statistic.startswith("responders_") for row in change.statistics)


@dataclass(frozen=True)
class RecalledSection:
    """One recall mode beside the headline. `changes` are its endpoints, the primary one first; none hides every block.

    `at_visits`: asked for at visits, and not handed in as summaries. `of_a_month`: of the report's twelve months.
    """

    changes: tuple[PairedChange, ...]
    at_visits: bool
    of_a_month: bool
    disclosure: Disclosure

    def lead(self) -> Block:
        """What patients recalled, in one sentence."""
        return Sentence(change_sentence(self.changes[0], self.disclosure)) if self.changes else Notes(())

    def figure(self) -> Block:
        return before_after_block(self.changes, self.disclosure) if self.changes else Notes(())

    def table(self) -> Block:
        if not self.changes:
            return Notes(())
        caption = "From memory, set against the same memory alone"
        if self.of_a_month and not self.at_visits:
            caption += ". Patients whose first session is not known are in it, whatever the month"
        return changes_block(self.changes, self.disclosure, caption)

    def responders(self) -> Block:
        found = next((change for change in self.changes if has_responders(change)), None)
        return responders_block(found, self.disclosure) if found is not None else Notes(())

    def definitions(self) -> Block:
        """What counts as before and after; the rest is as for the headline."""
        if not self.changes:
            return Notes(())
        return Notes(definitions(self.changes[0], at_visits=self.at_visits)[:-2])
