"""Shares of patients as they may be shown: from rounded counts, and never of few or of all but few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from outcomes.analysis.proportions import share as share_of
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting.disclosure.means import MeanRules
from outcomes.reporting.disclosure.profile_rules import to_decimals
from outcomes.reporting.disclosure.release import Part
from outcomes.reporting.disclosure.rules import NOT_SHOWN, TOO_FEW
from outcomes.reporting.disclosure.shown import Shown


class ShareRules(MeanRules):
    """Patients out of others."""

    def share(self, statistic: Statistic, topic: str = "", parts: Sequence[Part] | None = None) -> Shown:
        """A share of patients with its interval, in `share` from rounded counts. `parts`: who they are, where known."""
        return self.released(self._share(statistic), statistic, topic, parts)

    def _share(self, statistic: Statistic) -> Shown:
        if self.exact:
            reason = "" if statistic.value is not None else "nobody to count"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        count = statistic.count or 0
        if statistic.n < self.rules.mean or self.is_small(statistic.n) or self.is_small(count):
            return self._hidden(statistic, TOO_FEW)
        # Few of the others is as telling as few: 97 of 100 says that 3 did not.
        if self.is_small(statistic.n - count):
            return replace(self._hidden(statistic, TOO_FEW), count_text=f"all but {self._few}")
        total = self._to_five(statistic.n)
        estimate = share_of(min(self._to_five(count), total), total, statistic.confidence)
        value, low, high = (to_decimals(one, 2) for one in (estimate.value, estimate.low, estimate.high))
        return self._shown(statistic, value, low, high, "")

    def responders(self, change: PairedChange, name: str) -> tuple[Shown, Shown]:
        """Of those evaluable, and of all who started. Both are out of one count of responders: where those who did
        not respond are few, the second would give away what the first hides."""
        evaluable, started = self.share(change[name]), self.share(change[f"{name}_all_started"])
        if not self.exact and evaluable.value is None and started.value is not None:
            started = replace(started, value=None, low=None, high=None, count_text="–", reason=NOT_SHOWN)
        return evaluable, started
